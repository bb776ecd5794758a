/* Letting a halted target run.
 *
 *   step     answer                                 next
 *   (start)  no foreign int3 at the stop's PC       GO
 *   (start)  one                                    GET_EX, or GET if that is known to be unknown
 *   GET_EX   bytes, more missing                    GET_EX
 *   GET_EX   refused, or no bytes                   GET
 *   GET_EX   the last bytes: Rip is the stop's PC   SET_EX, with Rip + 1
 *   GET      the CONTEXT: Rip is the stop's PC      SET, with Rip + 1
 *   GET*     Rip is PC + 1 already                  GO
 *   GET*     any other Rip, refused, no answer      GO, and the event says why
 *   SET_EX   bytes taken, more missing              SET_EX
 *   SET*     all taken                              GO
 *   SET*     interrupted                            GET* again, once: it may have been done
 *   SET*     refused, no answer                     GO, and the event says why
 *   any      patience over                          GO, and the event says why
 *   GO       ACK; or what only a running target     the target runs
 *            sends
 *   GO       six tries (leaving over a bad link:    presumed running: that one ignores them
 *            twelve)
 *
 * The Rip rule: a processor that is continued at an int3 executes it again and halts again, so
 * whoever did not put it there steps over it; the whole CONTEXT goes back as it came but for Rip
 * [seen]. */
#include "session_state.h"

#include <kdproto/context_x64.h>

#include <assert.h>

#define INT3                0xCC
#define STATUS_UNSUCCESSFUL 0xC0000001u /* also what an unknown request is answered with [seen] */

enum {
    SLICE_MAX = 1024, /* a whole CONTEXT is more than newer targets take in one packet [doc] */
    CONTINUE_TRIES = 6,
    CONTINUE_TRIES_LOSSY = 12, /* leaving, on a link that has lost something: all six may be lost,
                                  and nobody will look again */
    ATTEMPTS = 2,
    PATIENCE_MS = 3000,
    PATIENCE_LEAVING_MS = 1000, /* so that all six tries fit before KD_SESSION_LEAVE_MS is over */
    PATIENCE_LOSSY_MS = 2000,   /* on top */
};

static bool is_ours(const struct kd_session *s, uint64_t va)
{
    for (unsigned i = 0; i < BREAKPOINTS_MAX; i++)
        if (s->breakpoint_va[i] != 0 && s->breakpoint_va[i] == va)
            return true;
    return false;
}

static bool stands_at_foreign_int3(const struct kd_session *s)
{
    const struct kd_state_change *stop = &s->stop;
    bool is_break =
        stop->kind == KD_STATE_EXCEPTION && stop->exception_code == KD_STATUS_BREAKPOINT;

    if (!is_break && stop->kind != KD_STATE_LOAD_SYMBOLS)
        return false;
    return stop->code_len > 0 && stop->code[0] == INT3 && !is_ours(s, stop->pc_va);
}

/* --- asking --- */

static void go(struct kd_session *s, enum kd_status rip_status)
{
    s->resume.rip_status = rip_status;
    s->resume.step = RESUME_GO;
}

static void ask(struct kd_session *s, struct kd_manipulate *m)
{
    enum kd_status st;

    m->processor = s->stop.processor;
    st = kd_request_put(s, m, true);
    if (st != KD_OK)
        go(s, st);
}

static uint32_t slice_len(const struct resume *r)
{
    uint32_t left = KD_CONTEXT_LEN - r->done;

    return left < SLICE_MAX ? left : SLICE_MAX;
}

static void get_slice(struct kd_session *s)
{
    struct kd_manipulate m = {.api = KD_API_GET_CONTEXT_EX};

    s->resume.step = RESUME_GET_EX;
    m.u.context.offset = s->resume.done;
    m.u.context.count = slice_len(&s->resume);
    ask(s, &m);
}

static void get_whole(struct kd_session *s)
{
    struct kd_manipulate m = {.api = KD_API_GET_CONTEXT};

    s->resume.step = RESUME_GET;
    ask(s, &m);
}

static void set_slice(struct kd_session *s)
{
    struct resume *r = &s->resume;
    struct kd_manipulate m = {.api = KD_API_SET_CONTEXT_EX};

    r->step = RESUME_SET_EX;
    m.u.context.offset = r->done;
    m.u.context.count = slice_len(r);
    m.data = (struct kd_span){r->context + r->done, slice_len(r)};
    ask(s, &m);
}

static void set_whole(struct kd_session *s)
{
    struct resume *r = &s->resume;
    struct kd_manipulate m = {.api = KD_API_SET_CONTEXT};

    r->step = RESUME_SET;
    m.u.context_flags = kd_x64_context_flags(r->context);
    m.data = (struct kd_span){r->context, KD_CONTEXT_LEN};
    ask(s, &m);
}

static void get_context(struct kd_session *s)
{
    s->resume.done = 0;
    if (s->lacks_context_ex)
        get_whole(s);
    else
        get_slice(s);
}

/* --- answers --- */

static void advance_rip(struct kd_session *s)
{
    struct resume *r = &s->resume;
    uint64_t rip = kd_x64_context_rip(r->context);

    if (rip != s->stop.pc_va) {
        go(s, rip == s->stop.pc_va + 1 ? KD_OK : KD_ERR_MISMATCH);
        return;
    }
    kd_x64_context_set_rip(r->context, rip + 1);
    r->done = 0;
    if (r->step == RESUME_GET_EX)
        set_slice(s);
    else
        set_whole(s);
}

static void got_slice(struct kd_session *s, const struct kd_manipulate *reply)
{
    struct resume *r = &s->resume;
    struct kd_span bytes = kd_manipulate_read_data(reply, slice_len(r));

    if (kd_ntstatus_is_failure(reply->status) || bytes.len == 0) {
        if (reply->status == STATUS_UNSUCCESSFUL && r->done == 0)
            s->lacks_context_ex = true;
        get_whole(s);
        return;
    }
    for (size_t i = 0; i < bytes.len; i++)
        r->context[r->done + i] = bytes.data[i];
    r->done += (uint32_t)bytes.len;
    if (r->done < KD_CONTEXT_LEN)
        get_slice(s);
    else
        advance_rip(s);
}

static void got_whole(struct kd_session *s, const struct kd_manipulate *reply)
{
    struct kd_span bytes = kd_manipulate_read_data(reply, KD_CONTEXT_LEN);

    if (kd_ntstatus_is_failure(reply->status)) {
        go(s, KD_ERR_REFUSED);
        return;
    }
    if (bytes.len < KD_CONTEXT_LEN) {
        go(s, KD_ERR_TRUNCATED);
        return;
    }
    for (size_t i = 0; i < KD_CONTEXT_LEN; i++)
        s->resume.context[i] = bytes.data[i];
    advance_rip(s);
}

static void was_set(struct kd_session *s, const struct kd_manipulate *reply)
{
    struct resume *r = &s->resume;
    uint32_t taken = r->step == RESUME_SET ? KD_CONTEXT_LEN : reply->u.context.copied;

    if (kd_ntstatus_is_failure(reply->status) || taken == 0) {
        go(s, KD_ERR_REFUSED);
        return;
    }
    if (r->step == RESUME_SET_EX && taken > slice_len(r))
        taken = slice_len(r);
    r->done += taken;
    if (r->done < KD_CONTEXT_LEN) {
        set_slice(s);
        return;
    }
    s->counters.rip_advances++;
    go(s, KD_OK);
}

void kd_resume_answer(struct kd_session *s, enum kd_status st, const struct kd_manipulate *reply)
{
    struct resume *r = &s->resume;

    if (st == KD_ERR_INTERRUPTED && ++r->attempts < ATTEMPTS) {
        get_context(s);
        return;
    }
    if (st != KD_OK) {
        go(s, st);
        return;
    }
    switch (r->step) {
    case RESUME_GET_EX:
        got_slice(s, reply);
        break;
    case RESUME_GET:
        got_whole(s, reply);
        break;
    case RESUME_SET_EX:
    case RESUME_SET:
        was_set(s, reply);
        break;
    case RESUME_GO: /* forgotten before it was answered */
        break;
    }
}

/* --- Continue --- */

void kd_resume_send(struct kd_session *s, uint64_t now_ms)
{
    struct kd_manipulate m = {.api = KD_API_CONTINUE, .processor = s->stop.processor};
    uint8_t buf[KD_MANIPULATE_HEADER_LEN];
    struct kd_send send = {.kind = KD_SEND_CONTINUE, .type = KD_PACKET_STATE_MANIPULATE};
    enum kd_status st;

    if (s->resume.step != RESUME_GO)
        return;
    m.u.go.status = KD_CONTINUE_STATUS;
    send.max_tries = CONTINUE_TRIES;
    if (s->is_leaving && kd_session_is_lossy(s) && !s->is_lost)
        send.max_tries = CONTINUE_TRIES_LOSSY;
    st = kd_manipulate_encode(&m, buf, sizeof buf, &send.data.len);
    assert(st == KD_OK);
    (void)st;
    send.data.data = buf;
    kd_request_count(s, m.api);
    s->resume.was_sent = true;
    s->resume.patience_ms = KD_NEVER;
    kd_exchange_send(&s->exchange, &send, now_ms);
}

/* For moving Rip; then it is continued, moved or not. */
static uint64_t patience_ms(const struct kd_session *s)
{
    return (s->is_leaving ? PATIENCE_LEAVING_MS : PATIENCE_MS) + kd_session_slowness_ms(s) +
           (kd_session_is_lossy(s) ? PATIENCE_LOSSY_MS : 0);
}

static void enter(struct kd_session *s, bool is_asked, uint64_t now_ms)
{
    struct resume *r = &s->resume;

    s->state = STATE_RESUMING;
    r->step = RESUME_GO;
    r->is_asked = is_asked;
    r->is_repeated = r->was_sent = false;
    r->attempts = 0;
    r->rip_status = KD_OK;
    r->patience_ms = now_ms + patience_ms(s);
}

void kd_resume_begin(struct kd_session *s, bool is_asked, uint64_t now_ms)
{
    enter(s, is_asked, now_ms);
    if (stands_at_foreign_int3(s))
        get_context(s);
}

/* A reply, or a stop reported once more, after Continue was acknowledged: the target took it for
 * something else and dropped it. A running target ignores the repetition, so it does no harm. */
void kd_resume_repeat(struct kd_session *s, uint64_t now_ms)
{
    enter(s, false, now_ms);
    s->resume.is_repeated = true;
    kd_session_never_thawed(s);
}

void kd_resume_hurry(struct kd_session *s, uint64_t now_ms)
{
    if (s->resume.patience_ms != KD_NEVER)
        s->resume.patience_ms = now_ms + patience_ms(s);
}

void kd_resume_now(struct kd_session *s, uint64_t now_ms)
{
    if (s->resume.was_sent)
        return;
    if (s->resume.step != RESUME_GO) {
        kd_request_forget(s);
        go(s, KD_ERR_TIMEOUT);
    }
    kd_exchange_abandon(&s->exchange, now_ms);
    kd_resume_send(s, now_ms);
}

void kd_resume_tick(struct kd_session *s, uint64_t now_ms)
{
    if (now_ms >= kd_resume_deadline_ms(s))
        kd_resume_now(s, now_ms);
}

uint64_t kd_resume_deadline_ms(const struct kd_session *s)
{
    return s->state == STATE_RESUMING ? s->resume.patience_ms : KD_NEVER;
}
