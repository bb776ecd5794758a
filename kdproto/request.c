/* One request at a time.
 *
 *   phase   input                          what happens                            next
 *   QUEUED  the exchange is free           send                                    SENT
 *   SENT    ACK                            wait for the reply; none due: over      ACKED, -
 *   SENT    its reply                      implicit ACK, over                      -
 *   SENT    tries exhausted                RESET, thrice; then lost                SENT, -
 *   SENT    ids agree again                reads: repeated; others: over, failed   SENT, -
 *   ACKED   its reply                      over                                    -
 *   ACKED   another reply                  stale: dropped                          ACKED
 *   ACKED   another stop                   over, interrupted                       -
 *   ACKED   the same stop once more        the reply is lost: reads asked anew     QUEUED
 *   ACKED   time                           RESEND 3 times, then RESET              ACKED
 *   ACKED   ids agree again                the reply may come again: wait          ACKED
 *   ACKED   time, after that               reads asked anew; others: over, failed  QUEUED, -
 *
 * A reply that was pending comes again behind the RESET exchange [seen], which is why an
 * acknowledged request waits once more before it is asked anew. What alters the target is never
 * asked anew: it may have been done, and its caller can look. */
#include "session_state.h"

#include <assert.h>
#include <string.h>

enum {
    TRIES_KDNET = 10,
    TRIES_STREAM = 5,
    RESENDS = 3,
    RESYNCS = 3, /* each answered by the target: it is there, and the link is bad */
    REPORTS = 3, /* a target that answers all we ask with its stop is not asked for ever */
};

static bool is_read(const struct request *r)
{
    return kd_api_class(r->asked.api) == KD_API_READS;
}

/* Doing it twice does the same as doing it once: no ACK, no harm in repeating it. */
static bool is_repeatable(uint32_t api)
{
    switch (api) {
    case KD_API_READ_IO:
    case KD_API_WRITE_IO:
    case KD_API_READ_IO_EXTENDED:
    case KD_API_WRITE_IO_EXTENDED:
    case KD_API_WRITE_MSR:
    case KD_API_SET_BUS_DATA:
    case KD_API_REBOOT:
    case KD_API_CAUSE_BUGCHECK:
    case KD_API_SWITCH_PROCESSOR:
        return false;
    default:
        return true;
    }
}

enum kd_status kd_request_put(struct kd_session *s, const struct kd_manipulate *m, bool is_own)
{
    struct request *r = &s->request;
    size_t len;
    enum kd_status st = kd_manipulate_encode(m, r->payload, sizeof r->payload, &len);

    if (st != KD_OK)
        return st;
    r->phase = REQUEST_QUEUED;
    r->is_own = is_own;
    r->was_sent = false;
    r->asked = *m;
    r->asked.data = (struct kd_span){NULL, 0};
    r->len = len;
    r->resends = r->resyncs = r->reports = 0;
    r->was_resynced = false;
    return KD_OK;
}

void kd_request_count(struct kd_session *s, uint32_t api)
{
    assert(api >= KD_API_FIRST && api - KD_API_FIRST < KD_API_COUNT); /* it was encoded */
    s->counters.requests++;
    s->counters.requests_by_api[api - KD_API_FIRST]++;
}

static void count(struct kd_session *s)
{
    const struct request *r = &s->request;

    if (r->was_sent) {
        s->counters.retransmissions++;
        return;
    }
    kd_request_count(s, r->asked.api);
    if (!r->is_own && !is_read(r))
        s->counters.altering_requests++;
}

void kd_request_send(struct kd_session *s, uint64_t now_ms)
{
    struct request *r = &s->request;
    struct kd_send send = {
        .kind = KD_SEND_REQUEST, .type = KD_PACKET_STATE_MANIPULATE, .data = {r->payload, r->len}};

    send.max_tries = s->exchange.dialect == KD_DIALECT_STREAM ? TRIES_STREAM : TRIES_KDNET;
    if (!is_repeatable(r->asked.api))
        send.max_tries = 1;
    count(s);
    r->phase = REQUEST_SENT;
    r->was_sent = true;
    r->resends = 0;
    r->was_resynced = false;
    kd_exchange_send(&s->exchange, &send, now_ms);
}

/* --- its end --- */

static void note_breakpoint(struct kd_session *s, const struct kd_manipulate *reply)
{
    uint32_t handle = reply->u.breakpoint.handle;

    if (reply->status != 0 || handle < 1 || handle > BREAKPOINTS_MAX)
        return;
    if (reply->api == KD_API_WRITE_BREAKPOINT)
        s->breakpoint_va[handle - 1] = reply->u.breakpoint.va;
    else if (reply->api == KD_API_RESTORE_BREAKPOINT)
        s->breakpoint_va[handle - 1] = 0;
}

static void finish(struct kd_session *s, enum kd_status st, const struct kd_manipulate *reply)
{
    struct request *r = &s->request;
    struct kd_event ev = {.kind = KD_EVENT_REPLY};

    r->phase = REQUEST_NONE;
    if (st == KD_OK)
        s->counters.round_trips++;
    if (r->is_own) {
        kd_resume_answer(s, st, reply);
        return;
    }
    ev.u.reply.token = r->token;
    ev.u.reply.status = st;
    if (reply) {
        ev.u.reply.manipulate = *reply;
        note_breakpoint(s, reply);
        if (reply->api == KD_API_READ_VIRTUAL || reply->api == KD_API_READ_PHYSICAL)
            s->counters.bytes_read += kd_manipulate_read_data(reply, r->asked.u.memory.count).len;
    }
    kd_event_queue_put(&s->events, &ev);
}

void kd_request_forget(struct kd_session *s)
{
    if (s->request.phase == REQUEST_SENT && s->exchange.sending == KD_SEND_REQUEST)
        s->exchange.sending = KD_SEND_ORPHAN;
    s->request.phase = REQUEST_NONE;
}

void kd_request_fail(struct kd_session *s, enum kd_status st)
{
    if (s->request.phase == REQUEST_NONE)
        return;
    kd_request_forget(s);
    finish(s, st, NULL);
}

void kd_request_cancelled(struct kd_session *s)
{
    if (!s->request.is_own)
        kd_request_fail(s, KD_ERR_CANCELLED);
}

static void ask_anew(struct kd_session *s)
{
    s->request.phase = REQUEST_QUEUED;
}

/* --- inputs --- */

/* The bytes of a packet that carries so much data behind its manipulate header. */
static size_t reply_len(const struct kd_manipulate *asked)
{
    size_t data = 0;

    switch (asked->api) {
    case KD_API_READ_VIRTUAL:
    case KD_API_READ_PHYSICAL:
    case KD_API_READ_CONTROL_SPACE:
        data = asked->u.memory.count;
        break;
    case KD_API_GET_CONTEXT:
    case KD_API_GET_CONTEXT_EX:
        data = KD_CONTEXT_LEN;
        break;
    default:
        break;
    }
    if (data > KD_PACKET_DATA_MAX - KD_MANIPULATE_HEADER_LEN)
        data = KD_PACKET_DATA_MAX - KD_MANIPULATE_HEADER_LEN;
    return KD_PACKET_HEADER_LEN + KD_MANIPULATE_HEADER_LEN + data + 1;
}

static void wait_for_reply(struct kd_session *s, uint64_t now_ms)
{
    struct request *r = &s->request;
    bool is_slow = r->asked.api == KD_API_SEARCH_MEMORY || r->asked.api == KD_API_FILL_MEMORY ||
                   !kd_api_has_reply(r->asked.api);
    uint64_t timeout_ms =
        kd_pace_reply_ms(&s->exchange.pace, r->resends, reply_len(&r->asked), is_slow);

    if (timeout_ms < 2 * s->thinking_ms)
        timeout_ms = 2 * s->thinking_ms;
    r->phase = REQUEST_ACKED;
    r->reply_deadline_ms = now_ms + timeout_ms;
}

/* A link's speed shows in acknowledgements; a target that acknowledges at once may still take its
 * time. The least counts: more may be a reply that was lost. */
static void measure_reply(struct kd_session *s, const struct kd_packet *pkt, uint64_t now_ms)
{
    uint64_t took_ms = now_ms - s->request.acked_ms;

    if (s->request.resends == 0 && !s->request.was_resynced)
        kd_pace_arrived(&s->exchange.pace, KD_PACKET_HEADER_LEN + pkt->len + 1, took_ms);
    if (s->thinking_ms == 0 || took_ms < s->thinking_ms)
        s->thinking_ms = took_ms > 0 ? took_ms : 1;
}

void kd_request_acked(struct kd_session *s, uint64_t now_ms)
{
    struct request *r = &s->request;

    r->acked_ms = now_ms;
    if (kd_api_has_reply(r->asked.api) || r->asked.api == KD_API_SWITCH_PROCESSOR) {
        wait_for_reply(s, now_ms); /* of SwitchProcessor: the other processor's stop */
        return;
    }
    finish(s, KD_OK, NULL);
    if (kd_api_class(r->asked.api) == KD_API_RUNS)
        kd_session_continued(s, false, now_ms);
}

bool kd_request_reply(struct kd_session *s, const struct kd_packet *pkt, uint64_t now_ms)
{
    struct request *r = &s->request;
    struct kd_exchange *x = &s->exchange;
    struct kd_manipulate reply, orphan;

    if (kd_manipulate_decode(pkt->data, pkt->len, true, &reply) != KD_OK)
        return false;
    if (x->sending == KD_SEND_ORPHAN &&
        kd_manipulate_decode(x->send_data, x->send_len, false, &orphan) == KD_OK &&
        kd_manipulate_answers(&reply, &orphan)) {
        kd_exchange_settle(x, now_ms);
        return true;
    }
    if ((r->phase != REQUEST_SENT && r->phase != REQUEST_ACKED) ||
        !kd_api_has_reply(r->asked.api) || !kd_manipulate_answers(&reply, &r->asked))
        return false;
    if (r->phase == REQUEST_SENT)
        kd_exchange_settle(x, now_ms);
    else
        measure_reply(s, pkt, now_ms);
    x->is_unsure = false; /* it was not taken for a repetition */
    finish(s, KD_OK, &reply);
    return true;
}

void kd_request_reported(struct kd_session *s, bool is_same_stop)
{
    struct request *r = &s->request;

    if (r->phase != REQUEST_ACKED)
        return; /* it crossed our request, which is still valid */
    if (r->asked.api == KD_API_SWITCH_PROCESSOR)
        finish(s, KD_OK, NULL);
    else if (is_same_stop && is_read(r) && r->reports++ < REPORTS)
        ask_anew(s);
    else
        kd_request_fail(s, KD_ERR_INTERRUPTED);
}

void kd_request_resynced(struct kd_session *s, uint64_t now_ms)
{
    struct request *r = &s->request;

    if (r->phase == REQUEST_ACKED) {
        r->was_resynced = true;
        wait_for_reply(s, now_ms);
    } else if (r->phase == REQUEST_SENT && !is_read(r)) {
        kd_exchange_withdraw(&s->exchange);
        kd_request_fail(s, KD_ERR_INTERRUPTED);
    }
}

void kd_request_unacknowledged(struct kd_session *s, uint64_t now_ms)
{
    if (s->request.resyncs++ < RESYNCS)
        kd_exchange_resync(&s->exchange, now_ms);
    else
        kd_session_lost(s);
}

void kd_request_hears(struct kd_session *s, uint64_t now_ms)
{
    struct request *r = &s->request;

    if (r->phase == REQUEST_ACKED && r->reply_deadline_ms < now_ms + KD_FRAMER_SILENCE_MS)
        r->reply_deadline_ms = now_ms + KD_FRAMER_SILENCE_MS;
}

void kd_request_tick(struct kd_session *s, uint64_t now_ms)
{
    struct request *r = &s->request;

    if (now_ms < kd_request_deadline_ms(s))
        return;
    if (r->was_resynced) {
        if (is_read(r))
            ask_anew(s);
        else
            kd_request_fail(s, KD_ERR_INTERRUPTED);
    } else if (r->resends < RESENDS && kd_api_has_reply(r->asked.api)) {
        r->resends++;
        kd_exchange_resend(&s->exchange);
        wait_for_reply(s, now_ms);
    } else {
        kd_exchange_resync(&s->exchange, now_ms);
    }
}

uint64_t kd_request_deadline_ms(const struct kd_session *s)
{
    if (s->request.phase != REQUEST_ACKED || s->exchange.is_resyncing)
        return KD_NEVER;
    return s->request.reply_deadline_ms;
}
