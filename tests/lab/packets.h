/* packets.h - what KD packets look like in the memory of a machine that is being debugged.
 *
 * The target's view: structures as a kernel would declare them, moved in and out of datagrams by
 * memcpy. No field needs packing: the protocol was these structures before it was a protocol, and the
 * assertions below pin every offset that kd-protocol.md gives. (kdproto reads the same bytes field by
 * field; two techniques, two readings.) Facts: kd-protocol.md sections 2-4; [seen] in its captures
 * unless marked. */
#ifndef LAB_PACKETS_H
#define LAB_PACKETS_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the lab moves structures as they lie in memory, so it needs a little-endian machine"
#endif

#define LAB_LEADER_DATA    0x30303030u
#define LAB_LEADER_CONTROL 0x69696969u
#define LAB_BREAK_IN_BYTE  0x62
#define LAB_TRAILER        0xAA   /* behind each data packet in a byte stream */
#define LAB_SYNC_BIT       0x800u /* in an id in a byte stream: its sender starts anew */

enum lab_packet_type {
    LAB_PACKET_MANIPULATE = 2,
    LAB_PACKET_DEBUG_IO = 3,
    LAB_PACKET_ACKNOWLEDGE = 4,
    LAB_PACKET_RESEND = 5,
    LAB_PACKET_RESET = 6,
    LAB_PACKET_STATE_CHANGE64 = 7,
    LAB_PACKET_FILE_IO = 11,
    /* 9 (trace) and 10 (control request) are only ever repeated from a recording */
};

struct lab_header {
    uint32_t leader;
    uint16_t type;
    uint16_t byte_count;
    uint32_t id;
    uint32_t checksum; /* sum of the data bytes; 0 in control packets */
};
static_assert(sizeof(struct lab_header) == 16, "KD header");

/* ---- requests and replies ---- */

#define LAB_STATUS_SUCCESS         0u
#define LAB_STATUS_BREAKPOINT      0x80000003u
#define LAB_STATUS_WAKE_DEBUGGER   0x80000007u /* of a processor that was switched to [guess] */
#define LAB_STATUS_NO_MORE_ENTRIES 0x8000001Au
#define LAB_STATUS_UNSUCCESSFUL    0xC0000001u
#define LAB_STATUS_INVALID_HANDLE  0xC0000008u /* of a file that was never opened */
#define LAB_STATUS_NO_SUCH_DEVICE  0xC000000Eu /* unknown MSR [guess] */
#define LAB_STATUS_NO_SUCH_FILE    0xC000000Fu
#define LAB_DBG_CONTINUE           0x00010002u

struct lab_manipulate {
    uint32_t api;
    uint16_t processor_level;
    uint16_t processor;
    uint32_t status;
    uint32_t pad;
    union {
        uint8_t bytes[40];
        struct {
            uint64_t address;
            uint32_t count;
            uint32_t actual;
        } memory; /* control space too: its address is the index */
        struct {
            uint32_t offset;
            uint32_t count;
            uint32_t copied;
        } context_ex;
        struct {
            uint32_t status;
        } go_on;
        struct {
            uint32_t number;
            uint32_t low;
            uint32_t high;
        } msr;
        struct {
            uint64_t address; /* start in the request, what was found in the reply */
            uint64_t length;
            uint32_t pattern_length;
        } search;
        struct {
            uint64_t address;
            uint64_t reserved;
            uint32_t address_space;
            uint32_t flags;
        } query;
        struct {
            uint16_t major;
            uint16_t minor; /* the build number */
            uint8_t protocol;
            uint8_t secondary;
            uint16_t flags;
            uint16_t machine;
            uint8_t max_packet_type;
            uint8_t max_state_change;
            uint8_t max_manipulate;
            uint8_t simulation;
            uint16_t unused;
            uint64_t kernel_base;
            uint64_t module_list;
            uint64_t debugger_data_list;
        } version;
    } u;
};
static_assert(sizeof(struct lab_manipulate) == 56, "manipulate header");
static_assert(offsetof(struct lab_manipulate, u.memory.actual) == 28, "memory");
static_assert(offsetof(struct lab_manipulate, u.context_ex.copied) == 24, "context ex");
static_assert(offsetof(struct lab_manipulate, u.search.pattern_length) == 32, "search");
static_assert(offsetof(struct lab_manipulate, u.query.flags) == 36, "query");
static_assert(offsetof(struct lab_manipulate, u.version.machine) == 24, "version");
static_assert(offsetof(struct lab_manipulate, u.version.kernel_base) == 32, "version");
static_assert(offsetof(struct lab_manipulate, u.version.debugger_data_list) == 48, "version");

/* ---- what the target says unasked ---- */

#define LAB_STATE_EXCEPTION    0x3030u
#define LAB_STATE_LOAD_SYMBOLS 0x3031u
#define LAB_STATE_ALTERNATE    0x10000u /* a flag that some targets add to the state [guess] */

struct lab_control_report {
    uint64_t dr6, dr7;
    uint32_t eflags;
    uint16_t instruction_count;
    uint16_t report_flags;
    uint8_t instructions[16];
    uint16_t cs, ds, es, fs;
};

struct lab_state_change {
    uint32_t new_state;
    uint16_t processor_level;
    uint16_t processor;
    uint32_t processors;
    uint32_t pad;
    uint64_t thread;
    uint64_t pc;
    union {
        uint8_t bytes[160];
        struct {
            uint32_t code;
            uint32_t flags;
            uint64_t record;
            uint64_t address;
            uint32_t parameters;
            uint32_t pad1;
            uint64_t information[15];
            uint32_t first_chance;
            uint32_t pad2;
        } exception;
        struct {
            uint32_t path_length; /* with its NUL */
            uint32_t pad;
            uint64_t base;
            uint64_t process_id;
            uint32_t checksum;
            uint32_t size;
            uint8_t unload;
        } module;
    } u;
    struct lab_control_report report;
};
static_assert(sizeof(struct lab_state_change) == 240, "state change");
static_assert(offsetof(struct lab_state_change, pc) == 24, "state change");
static_assert(offsetof(struct lab_state_change, u.exception.address) == 48, "exception");
static_assert(offsetof(struct lab_state_change, u.exception.information) == 64, "exception");
static_assert(offsetof(struct lab_state_change, u.exception.first_chance) == 184, "exception");
static_assert(offsetof(struct lab_state_change, u.module.base) == 40, "load symbols");
static_assert(offsetof(struct lab_state_change, u.module.unload) == 64, "load symbols");
static_assert(offsetof(struct lab_state_change, report) == 192, "control report");
static_assert(offsetof(struct lab_state_change, report.instructions) == 216, "control report");
static_assert(offsetof(struct lab_state_change, report.cs) == 232, "control report");

#define LAB_DEBUG_IO_PRINT      0x3230u
#define LAB_DEBUG_IO_GET_STRING 0x3231u

struct lab_debug_io {
    uint32_t api;
    uint16_t processor_level;
    uint16_t processor;
    uint32_t length;
    uint32_t unused; /* garbage in a print */
};
static_assert(sizeof(struct lab_debug_io) == 16, "debug I/O");

#define LAB_FILE_CREATE 0x3430u

struct lab_file_create {
    uint32_t api;
    uint32_t status;
    uint32_t access;
    uint32_t attributes;
    uint32_t share;
    uint32_t disposition;
    uint32_t options;
    uint32_t pad;
    uint64_t handle;
    uint64_t length;
    uint8_t unused[16]; /* stack garbage, to be echoed */
};
static_assert(sizeof(struct lab_file_create) == 64, "file I/O");
static_assert(offsetof(struct lab_file_create, handle) == 32, "file I/O");

/* ---- registers ---- */

struct lab_context {
    uint64_t home[6];
    uint32_t flags;
    uint32_t mxcsr;
    uint16_t cs, ds, es, fs, gs, ss;
    uint32_t eflags;
    uint64_t dr[4], dr6, dr7;
    uint64_t rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi, r8_to_r15[8];
    uint64_t rip;
    uint8_t fxsave[512];
    uint8_t vector[26][16];
    uint64_t vector_control, debug_control;
    uint64_t last_branch[4];
};
static_assert(sizeof(struct lab_context) == 1232, "CONTEXT");
static_assert(offsetof(struct lab_context, eflags) == 0x44, "CONTEXT");
static_assert(offsetof(struct lab_context, rax) == 0x78, "CONTEXT");
static_assert(offsetof(struct lab_context, rsp) == 0x98, "CONTEXT");
static_assert(offsetof(struct lab_context, rip) == 0xF8, "CONTEXT");
static_assert(offsetof(struct lab_context, vector_control) == 0x4A0, "CONTEXT");

struct lab_table_register {
    uint16_t pad[3];
    uint16_t limit;
    uint64_t base;
};

struct lab_special_registers {
    uint64_t cr0, cr2, cr3, cr4;
    uint64_t dr[4], dr6, dr7;
    struct lab_table_register gdtr, idtr;
    uint16_t tr, ldtr;
    uint32_t mxcsr;
    uint64_t debug_control;
    uint64_t last_branch[4];
    uint64_t cr8;
    uint64_t gs_base, gs_swap;
    uint64_t star, lstar, cstar, syscall_mask;
    uint64_t xcr0;
};
static_assert(sizeof(struct lab_special_registers) == 0xE0, "special registers");
static_assert(offsetof(struct lab_special_registers, gdtr.base) == 0x58, "special registers");
static_assert(offsetof(struct lab_special_registers, tr) == 0x70, "special registers");
static_assert(offsetof(struct lab_special_registers, cr8) == 0xA0, "special registers");
static_assert(offsetof(struct lab_special_registers, gs_base) == 0xA8, "special registers");
static_assert(offsetof(struct lab_special_registers, xcr0) == 0xD8, "special registers");

#endif
