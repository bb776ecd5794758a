/* state_change.h - what a target reports unasked when it halts (packet type 7).
 *
 * Whoever reports this is frozen until the host lets it go, so only a missing fixed part is an
 * error. A kind newer than ours leaves its own fields zero; counts beyond their maximum count as
 * zero; a path that is cut short is handed out as far as it is there; bytes behind are not looked
 * at.
 *
 * Lifetime  path borrows from the packet, the rest is copied.
 * Source    Exceptions and load-symbols with AMD64 control report [seen]; command string [doc]. */
#ifndef KDPROTO_STATE_CHANGE_H
#define KDPROTO_STATE_CHANGE_H

#include <kdproto/bytes.h>
#include <kdproto/status.h>

#ifdef __cplusplus
extern "C" {
#endif

enum kd_state_kind {
    KD_STATE_EXCEPTION = 0x3030,
    KD_STATE_LOAD_SYMBOLS = 0x3031,
    KD_STATE_COMMAND_STRING = 0x3032,
};

enum {
    KD_STATE_CHANGE_LEN = 240,        /* fixed part; a tail may follow */
    KD_EXCEPTION_PARAMETERS_MAX = 15, /* places in the packet */
};

/* Exception codes, as in exception_code. */
#define KD_STATUS_BREAKPOINT  0x80000003u
#define KD_STATUS_SINGLE_STEP 0x80000004u

struct kd_state_change {
    uint32_t kind; /* enum kd_state_kind; the alternate-form bit 0x10000 is masked off */
    uint16_t processor;
    uint32_t processor_count;
    uint64_t thread_va;
    uint64_t pc_va;

    /* exception */
    uint32_t exception_code;
    uint32_t exception_flags;
    uint64_t exception_va;
    uint32_t parameter_count;
    uint64_t parameters[KD_EXCEPTION_PARAMETERS_MAX];
    bool is_first_chance;

    /* load symbols */
    uint64_t image_base_va; /* all ones with is_unload: see kd_state_change_is_farewell */
    uint64_t process_id;
    uint32_t image_checksum;
    uint32_t image_size;
    bool is_unload;
    struct kd_span path; /* without its NUL; empty when none was sent */

    /* AMD64 control report */
    uint64_t dr6, dr7;
    uint32_t eflags;
    uint16_t report_flags;
    uint16_t code_len;       /* bytes of code[] that are valid */
    uint8_t code[16];        /* at pc_va; may show the target's own breakpoint bytes */
    uint16_t cs, ds, es, fs; /* valid with bit 0 of report_flags */
};

/* KD_ERR_TRUNCATED when the fixed part is not there. */
enum kd_status kd_state_change_decode(const uint8_t *buf, size_t len, struct kd_state_change *out);

/* The stop says goodbye: an unload of everything, sent before a reboot or a change of boot stage.
 */
bool kd_state_change_is_farewell(const struct kd_state_change *sc);

#ifdef __cplusplus
}
#endif
#endif
