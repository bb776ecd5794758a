/* state_change.h - what a target reports unasked when it halts (packet type 7).
 *
 * Lifetime  path and the instruction bytes: path borrows from the packet, the rest is copied.
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
    KD_STATE_CHANGE_LEN = 240, /* fixed part; a tail may follow */
    KD_STATUS_BREAKPOINT = (int)0x80000003,
    KD_STATUS_SINGLE_STEP = (int)0x80000004,
};

struct kd_state_change {
    uint32_t kind; /* enum kd_state_kind; the alternate-form bit 0x10000 is masked off */
    uint16_t processor;
    uint32_t processor_count;
    uint64_t thread_va;
    uint64_t pc_va;

    /* exception */
    uint32_t exception_code;
    uint64_t exception_va;
    bool is_first_chance;

    /* load symbols */
    uint64_t image_base_va; /* all ones with is_unload: the target is about to restart or leave this
                               stage */
    uint64_t process_id;
    uint32_t image_checksum;
    uint32_t image_size;
    bool is_unload;
    struct kd_span path; /* without its NUL; empty when none was sent */

    /* AMD64 control report */
    uint64_t dr6, dr7;
    uint32_t eflags;
    uint16_t code_len; /* bytes of code[] that are valid */
    uint8_t code[16];  /* at pc_va; may show the target's own breakpoint bytes */
};

enum kd_status kd_state_change_decode(const uint8_t *buf, size_t len, struct kd_state_change *out);

/* The stop says goodbye: an unload of everything, sent before a reboot or a change of boot stage.
 */
bool kd_state_change_is_farewell(const struct kd_state_change *sc);

#ifdef __cplusplus
}
#endif
#endif
