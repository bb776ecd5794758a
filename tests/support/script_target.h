/* script_target.h - one session under test, and the target's part played line by line.
 *
 * What the session sends is turned into text, one word for each packet, so that a test reads as a
 * conversation:
 *
 *     script_stop(&t, 0x926, &break_in);
 *     assert_string_equal(script_sent(&t), "RESET(80000000)");
 *
 * Words: ACK(id) RESEND RESET(id) b; requests by their name and id: ReadVirtualMemory(80000002);
 * answers: FILE_IO(id) DEBUG_IO(id). On a byte stream the trailer is checked and left out.
 * Events: HALTED(pc) REPLY(token status) RESUMED(status) with " presumed" and " rip: status" where
 * that is so, LEFT(...) likewise, PRINT(text) PROMPT(text) MODULE(path) FILE_IO(bytes) RESTARTING
 * LOST UNSUPPORTED.
 *
 * Lifetime  script_open to script_close; texts until the next call of the same function. */
#ifndef TESTS_SUPPORT_SCRIPT_TARGET_H
#define TESTS_SUPPORT_SCRIPT_TARGET_H

#include <stdbool.h>
#include <stdint.h>

#include <kdproto/session.h>

struct script {
    struct kd_session *s;
    bool is_stream;
    uint64_t now_ms;
    char sent[1024], raised[1024];
    struct kd_manipulate request; /* the last one that the session sent */
    uint32_t request_id;
    uint8_t request_data[KD_PACKET_DATA_MAX];
    uint8_t answer[KD_PACKET_DATA_MAX]; /* the last FILE_IO or DEBUG_IO that it sent */
    size_t answer_len;
    struct kd_event last;            /* raised last; its spans are not valid */
    uint8_t context[KD_CONTEXT_LEN]; /* the target's, whose Rip SetContext changes */
};

void script_open(struct script *t, const struct kd_session_opts *opts);
void script_close(struct script *t);

const char *script_sent(struct script *t);   /* since the last time */
const char *script_raised(struct script *t); /* since the last time */
/* Let time pass, ticking whenever the session wants it; what is due at the end is done. */
void script_pass(struct script *t, uint64_t ms);

/* --- what the target sends --- */
struct script_stop {
    uint32_t kind; /* enum kd_state_kind */
    uint32_t code; /* of an exception */
    uint64_t pc;
    uint8_t byte; /* at pc */
    const char *path;
    uint64_t base;
    bool is_unload;
    uint32_t noise; /* something that makes two stops differ: Dr6 */
};
extern const struct script_stop break_in_stop, module_stop, farewell_stop, step_stop;
size_t script_encode_stop(const struct script_stop *stop, uint8_t *buf);

void script_control(struct script *t, uint16_t type, uint32_t id);
void script_data(struct script *t, uint16_t type, uint32_t id, const void *data, size_t len);
void script_ack(struct script *t, uint32_t id);
void script_stop(struct script *t, uint32_t id, const struct script_stop *stop);
void script_print(struct script *t, uint32_t id, const char *text);
void script_prompt(struct script *t, uint32_t id, const char *text);
void script_file_io(struct script *t, uint32_t id);
/* The reply to the last request: reads yield bytes made from the address; contexts come and go. */
void script_reply(struct script *t, uint32_t id);
void script_refuse(struct script *t, uint32_t id, uint32_t ntstatus);
uint8_t script_byte(uint64_t va);

/* --- from the start to where most tests begin; what was sent and raised is forgotten --- */
void script_halt(struct script *t, const struct script_stop *stop); /* linked; target id 0 */
struct kd_manipulate script_read(uint64_t va, uint32_t len);
uint32_t script_ask(struct script *t, const struct kd_manipulate *m); /* its token */

#endif
