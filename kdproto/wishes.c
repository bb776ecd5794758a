/* What a target says and wants of its host unasked: text, files, lines of input.
 *
 *   packet        what it means                                     answer
 *   print         told; a halted target may print, too              -
 *   file wish     it runs; whoever believed it halted is corrected  refused: files are never served
 *   prompt        the same                                          "i", ignore
 *   any other     a trace, a control request, what is newer         -
 *
 * An answer is a send of its own, with an id, an acknowledgement and repetitions. */
#include "session_state.h"

#include <kdproto/debug_io.h>
#include <kdproto/file_io.h>

#include <string.h>

enum { ANSWER_TRIES = 6 };

static void raise_text(struct kd_session *s, enum kd_event_kind kind, struct kd_span text)
{
    struct kd_event ev = {.kind = kind, .u.text = text};

    kd_event_queue_put(&s->events, &ev);
}

/* Data that is neither a stop nor a reply. Only a target that runs, or starts to, asks for
 * anything; prints also come while it answers a request. */
static void heard_running(struct kd_session *s, bool is_sure, uint64_t now_ms)
{
    struct kd_exchange *x = &s->exchange;

    if (!kd_session_is_halted(s))
        kd_session_thaw(s, now_ms); /* the stop that could not be taken is over */
    if (x->sending == KD_SEND_ANSWER)
        kd_exchange_settle(x, now_ms);
    if (s->state == STATE_RESUMING && x->sending == KD_SEND_CONTINUE) {
        kd_exchange_settle(x, now_ms);
        kd_session_continued(s, false, now_ms);
    } else if (kd_session_is_halted(s) && is_sure) { /* somebody else let it go */
        if (s->state == STATE_RESUMING)
            kd_request_forget(s);
        else
            kd_request_fail(s, KD_ERR_INTERRUPTED);
        if (x->sending != KD_SEND_NONE)
            kd_exchange_presume(x);
        kd_session_continued(s, false, now_ms);
    } else if (s->state == STATE_BREAKING && s->escalation == ESCALATE_RESEND) {
        s->escalation = ESCALATE_RESET; /* the next step is b */
    }
}

/* Unacknowledged for six tries means that it was acknowledged and the target went on. */
static void answer(struct kd_session *s, uint16_t type, struct kd_span data, uint64_t now_ms)
{
    struct kd_send send = {
        .kind = KD_SEND_ANSWER, .type = type, .max_tries = ANSWER_TRIES, .data = data};

    if (kd_exchange_is_free(&s->exchange))
        kd_exchange_send(&s->exchange, &send, now_ms);
    else
        kd_exchange_resync(&s->exchange, now_ms); /* the wish is repeated behind that */
}

void kd_wish_file_io(struct kd_session *s, const struct kd_packet *pkt, uint64_t now_ms)
{
    uint8_t request[KD_FILE_IO_HEADER_LEN] = {0}, reply[KD_FILE_IO_HEADER_LEN];
    struct kd_file_io io;

    heard_running(s, true, now_ms);
    if (kd_file_io_decode(pkt->data, pkt->len, &io) != KD_OK) {
        /* Too short, but the target waits: refuse what there is of it. */
        memcpy(request, pkt->data, pkt->len);
        if (kd_file_io_decode(request, sizeof request, &io) != KD_OK)
            return;
    }
    kd_file_io_refuse(&io, reply);
    answer(s, KD_PACKET_FILE_IO, (struct kd_span){reply, sizeof reply}, now_ms);
    raise_text(s, KD_EVENT_FILE_IO, io.path);
}

void kd_wish_debug_io(struct kd_session *s, const struct kd_packet *pkt, uint64_t now_ms)
{
    static const uint8_t ignore[] = {'i'}; /* the harmless answer to "break, ignore, ..." [doc] */
    uint8_t reply[KD_DEBUG_IO_HEADER_LEN + sizeof ignore];
    struct kd_debug_io io;
    size_t len;

    if (kd_debug_io_decode(pkt->data, pkt->len, &io) != KD_OK)
        return;
    heard_running(s, io.kind == KD_DEBUG_IO_GET_STRING, now_ms);
    if (io.kind == KD_DEBUG_IO_PRINT) {
        raise_text(s, KD_EVENT_PRINT, io.text);
        return;
    }
    if (kd_debug_io_answer(&io, (struct kd_span){ignore, sizeof ignore}, reply, sizeof reply,
                           &len) == KD_OK)
        answer(s, KD_PACKET_DEBUG_IO, (struct kd_span){reply, len}, now_ms);
    raise_text(s, KD_EVENT_PROMPT, io.text);
}

void kd_wish_other(struct kd_session *s, uint64_t now_ms)
{
    heard_running(s, false, now_ms);
}
