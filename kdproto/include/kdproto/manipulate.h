/* manipulate.h - requests to a halted target, and its replies (packet type 2).
 *
 * A request and its reply share one 56-byte header: the number of the function, a status, a 40-byte
 * union whose shape depends on the function, then data. One struct describes both directions.
 *
 * Lifetime  Data spans borrow: from the caller when encoding, from the packet when decoding.
 * Units     va: target virtual address; pa: physical; len, count: bytes.
 * Source    Numbers and layouts [seen] in traffic: ReadVirtual, Get/SetContext, GetContextEx,
 *           Read/WriteControlSpace, RestoreBreakPoint, Continue, Continue2, GetVersion64. All
 *           others: public target implementations [doc]. Safety classes: rule of this project. */
#ifndef KDPROTO_MANIPULATE_H
#define KDPROTO_MANIPULATE_H

#include <kdproto/bytes.h>
#include <kdproto/status.h>

#ifdef __cplusplus
extern "C" {
#endif

enum kd_api {
    KD_API_READ_VIRTUAL = 0x3130,
    KD_API_WRITE_VIRTUAL = 0x3131,
    KD_API_GET_CONTEXT = 0x3132,
    KD_API_SET_CONTEXT = 0x3133,
    KD_API_WRITE_BREAKPOINT = 0x3134,
    KD_API_RESTORE_BREAKPOINT = 0x3135,
    KD_API_CONTINUE = 0x3136,
    KD_API_READ_CONTROL_SPACE = 0x3137,
    KD_API_WRITE_CONTROL_SPACE = 0x3138,
    KD_API_READ_IO = 0x3139,
    KD_API_WRITE_IO = 0x313A,
    KD_API_REBOOT = 0x313B,
    KD_API_CONTINUE2 = 0x313C,
    KD_API_READ_PHYSICAL = 0x313D,
    KD_API_WRITE_PHYSICAL = 0x313E,
    KD_API_QUERY_SPECIAL_CALLS = 0x313F,
    KD_API_SET_SPECIAL_CALL = 0x3140,
    KD_API_CLEAR_SPECIAL_CALLS = 0x3141,
    KD_API_SET_INTERNAL_BREAKPOINT = 0x3142,
    KD_API_GET_INTERNAL_BREAKPOINT = 0x3143,
    KD_API_READ_IO_EXTENDED = 0x3144,
    KD_API_WRITE_IO_EXTENDED = 0x3145,
    KD_API_GET_VERSION = 0x3146,
    KD_API_WRITE_BREAKPOINT_EX = 0x3147,
    KD_API_RESTORE_BREAKPOINT_EX = 0x3148,
    KD_API_CAUSE_BUGCHECK = 0x3149,
    KD_API_SWITCH_PROCESSOR = 0x3150,
    KD_API_PAGE_IN = 0x3151,
    KD_API_READ_MSR = 0x3152,
    KD_API_WRITE_MSR = 0x3153,
    KD_API_OLD_VLM_1 = 0x3154,
    KD_API_OLD_VLM_2 = 0x3155,
    KD_API_SEARCH_MEMORY = 0x3156,
    KD_API_GET_BUS_DATA = 0x3157,
    KD_API_SET_BUS_DATA = 0x3158,
    KD_API_CHECK_LOW_MEMORY = 0x3159,
    KD_API_CLEAR_ALL_INTERNAL_BREAKPOINTS = 0x315A,
    KD_API_FILL_MEMORY = 0x315B,
    KD_API_QUERY_MEMORY = 0x315C,
    KD_API_SWITCH_PARTITION = 0x315D,
    KD_API_WRITE_CUSTOM_BREAKPOINT = 0x315E,
    KD_API_GET_CONTEXT_EX = 0x315F,
    KD_API_SET_CONTEXT_EX = 0x3160,
};

/* All of them, gaps included: tables by api are indexed with api - KD_API_FIRST. */
enum {
    KD_API_FIRST = KD_API_READ_VIRTUAL,
    KD_API_COUNT = KD_API_SET_CONTEXT_EX - KD_API_FIRST + 1
};

/* What a request does to the target, and so who may send it and whether it may be repeated. */
enum kd_api_class {
    KD_API_READS,    /* no effect on the target's state */
    KD_API_ALTERS,   /* memory, registers, devices */
    KD_API_RUNS,     /* ends or redirects the halt: Continue, SwitchProcessor, Reboot, bugcheck */
    KD_API_FORBIDDEN /* obsolete or uncertain: never sent */
};

enum {
    KD_MANIPULATE_HEADER_LEN = 56,
    KD_VERSION_LEN = 40,
    KD_CONTEXT_LEN = 1232, /* AMD64 CONTEXT [seen] */
    KD_SPECIAL_REGISTERS_LEN = 224,
    KD_CONTINUE_STATUS = 0x00010002, /* DBG_CONTINUE [seen] */
};

struct kd_version { /* GetVersion64 [seen] */
    uint16_t major; /* low byte: 0xF free, 0xC checked; bits 8..14: kind of target, 0: NT kernel */
    uint16_t minor; /* build number */
    uint8_t protocol;
    uint8_t secondary;
    uint16_t flags;
    uint16_t machine; /* 0x8664: AMD64 */
    uint8_t max_packet_type;
    uint8_t max_state_change;
    uint8_t max_manipulate;
    uint8_t simulation;
    uint64_t kernel_base_va;
    uint64_t module_list_va;        /* PsLoadedModuleList */
    uint64_t debugger_data_list_va; /* head of a list of KDDEBUGGER_DATA64; 0 in boot debuggers */
};

struct kd_manipulate {
    uint32_t api;
    uint16_t processor_level; /* 0 in our requests */
    uint16_t processor;       /* the CPU it is about */
    uint32_t status;          /* NTSTATUS; 0 in our requests */
    union {
        struct { /* read/write virtual, physical, control space (va is the index there) */
            uint64_t va;
            uint32_t count;
            uint32_t actual; /* replies; in physical requests the caching kind */
        } memory;
        uint32_t context_flags; /* set context; targets go by the CONTEXT in the data */
        struct {                /* get/set context ex */
            uint32_t offset;
            uint32_t count;
            uint32_t copied;
        } context;
        struct { /* continue, continue2 */
            uint32_t status;
            uint32_t trace;
            uint64_t dr7;
            uint64_t symbol_start_va;
            uint64_t symbol_end_va;
        } go;
        struct { /* write/restore breakpoint */
            uint64_t va;
            uint32_t handle;
        } breakpoint;
        struct {
            uint32_t msr;
            uint64_t value;
        } msr;
        struct {
            uint64_t start_va; /* in a reply: where it was found */
            uint64_t len;
            uint32_t pattern_len;
        } search;
        struct {
            uint64_t va;
            uint32_t address_space;
            uint32_t flags;
        } query;
        struct {
            uint64_t va;
            uint32_t len;
            uint16_t flags;
            uint16_t pattern_len;
        } fill;
        struct { /* read/write I/O space, also extended */
            uint64_t port;
            uint32_t size;
            uint32_t value;
            uint32_t interface_type;
            uint32_t bus;
            uint32_t address_space;
        } io;
        struct {
            uint32_t type;
            uint32_t bus;
            uint32_t slot;
            uint32_t offset;
            uint32_t len;
        } bus;
        uint32_t partition;
        struct kd_version version; /* replies */
    } u;
    struct kd_span data;
};

/* cap must hold the header and the data: KD_ERR_LIMIT otherwise; KD_ERR_UNSUPPORTED for an api
 * whose layout is not known. The union bytes that an api does not use are zero. */
enum kd_status kd_manipulate_encode(const struct kd_manipulate *m, uint8_t *buf, size_t cap,
                                    size_t *len);

/* A packet's data, in either direction: where the two differ (GetVersion) is_reply decides. Numbers
 * without a layout decode to header and data with a zero union. KD_ERR_TRUNCATED is the only error:
 * counts are handed on as they came, see kd_manipulate_read_data. */
enum kd_status kd_manipulate_decode(const uint8_t *buf, size_t len, bool is_reply,
                                    struct kd_manipulate *out);

/* Is this the reply to that request: same function, same processor and same identifying fields
 * (address, index, offset, number), all of which a target repeats [seen]. A reply that does not
 * match is a stale one. */
bool kd_manipulate_answers(const struct kd_manipulate *reply, const struct kd_manipulate *request);

/* The bytes of a reply that can be believed: the least of what it claims to have read, what is
 * there, and what was requested. Of memory, control space, contexts and bus data; of all other
 * replies nothing. */
struct kd_span kd_manipulate_read_data(const struct kd_manipulate *reply, uint32_t requested);

/* The two highest bits say error: whatever the number is, the request was not done. Warnings, such as
 * "no match", are answers. */
bool kd_ntstatus_is_failure(uint32_t ntstatus);

/* Is it the NT kernel that answers, no boot debugger and no hypervisor? */
bool kd_version_is_nt_kernel(const struct kd_version *v);

enum kd_api_class kd_api_class(uint32_t api);
bool kd_api_has_reply(uint32_t api);   /* else the acknowledgement is all that comes */
const char *kd_api_name(uint32_t api); /* "ReadVirtualMemory"; NULL for an unknown number */

#ifdef __cplusplus
}
#endif
#endif
