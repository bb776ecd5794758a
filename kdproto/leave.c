/* Taking leave: the last thing that a target hears is a Continue, and nobody stays behind.
 *
 *   found in           what is done
 *   HALTED, RESUMING   continued, its Rip moved if that takes no longer than a moment; then linger
 *   b sent, no halt    the halt is waited for and continued; none within 1.3 s (a report that was
 *                      lost comes again after 500 ms and 1 s): left, and told
 *   otherwise          linger
 *
 *   lingering: what comes is acknowledged and answered, every stop is continued; over when nothing
 *   came for 300 ms, after 1.5 s in any case. On a link that has lost something, the report of a
 *   stop may be lost too, or the Continue, its ACK being that of something else: calm must last
 *   longer there, all 1.5 s when a b may still be pending in the target, and meanwhile the target
 *   is asked again and again to repeat what it said last, which one that runs ignores. An answer
 *   that a target waits for (a file wish) is repeated until acknowledged before anything counts
 *   as calm.
 *
 *   All of it together: KD_SESSION_LEAVE_MS; on a slow or bad link KD_SESSION_SLOW_MS more, for a
 *   target that is known to stand. */
#include "session_state.h"

enum {
    QUIET_MS = 300,
    QUIET_LOSSY_MS = 600,
    LINGER_MS = 1500,
    HALT_WAIT_MS = 1300,
    HALT_WAIT_LOSSY_MS = 3000,
    PROBE_MS = 100,
    ALIVE_MS = 4000, /* a target that answered something within that time is there */
    HEARD_MORE_MS = 3000,
    /* Six tries of the Continue within the time that is left; and on a stream, a target that takes
     * one of them for part of a longer packet must be given the silence to notice. */
    TIMEOUT_CAP_MS = 150,
    TIMEOUT_CAP_STREAM_MS = KD_FRAMER_SILENCE_MS + 50,
};

static uint64_t quiet_ms(const struct kd_session *s)
{
    if (!kd_session_is_lossy(s))
        return QUIET_MS;
    return s->may_stray ? LINGER_MS : QUIET_LOSSY_MS;
}

void kd_leave_linger(struct kd_session *s, uint64_t now_ms)
{
    s->quiet_deadline_ms = now_ms + quiet_ms(s);
    s->linger_end_ms = now_ms + LINGER_MS;
    s->probe_deadline_ms = kd_session_is_lossy(s) ? now_ms + PROBE_MS : KD_NEVER;
}

void kd_leave_heard(struct kd_session *s, uint64_t now_ms)
{
    if (s->is_leaving && s->quiet_deadline_ms != KD_NEVER)
        s->quiet_deadline_ms = now_ms + quiet_ms(s);
}

void kd_leave_now(struct kd_session *s, enum kd_status st)
{
    struct kd_event ev = {.kind = KD_EVENT_LEFT};

    ev.u.resumed.status = st;
    ev.u.resumed.is_presumed = s->left_presumed;
    ev.u.resumed.rip_status = s->left_rip_status;
    kd_event_queue_put(&s->events, &ev);
    s->is_leaving = false;
    s->is_up = false; /* inert until the next link; what is put out already may still go */
    s->wants_halt = false;
    s->exchange.pace.cap_ms = KD_NEVER;
}

void kd_session_leave(struct kd_session *s, uint64_t now_ms)
{
    if (s->is_leaving)
        return;
    kd_request_cancelled(s);
    s->is_leaving = true;
    s->left_status = KD_OK;
    s->left_presumed = false;
    s->left_rip_status = KD_OK;
    if (!s->is_up) {
        kd_leave_now(s, kd_session_is_halted(s) ? KD_ERR_LOST : KD_OK);
        return;
    }
    s->leave_deadline_ms = now_ms + KD_SESSION_LEAVE_MS + kd_session_slowness_ms(s);
    s->leave_begin_ms = now_ms;
    s->exchange.pace.cap_ms =
        s->exchange.dialect == KD_DIALECT_STREAM ? TIMEOUT_CAP_STREAM_MS : TIMEOUT_CAP_MS;
    kd_leave_linger(s, now_ms);
    if (s->state == STATE_HALTED) {
        kd_resume_begin(s, false, now_ms);
    } else if (s->state == STATE_RESUMING) {
        kd_resume_hurry(s, now_ms);
    } else if (s->break_ins > 0) { /* also where the wish was taken back: the halt may yet come */
        s->state = STATE_BREAKING;
        s->quiet_deadline_ms = KD_NEVER;
        s->linger_end_ms = now_ms + (kd_session_is_lossy(s) ? HALT_WAIT_LOSSY_MS : HALT_WAIT_MS);
    } else if (s->state == STATE_BREAKING) {
        s->state = STATE_LINKED;
    }
    s->wants_halt = false;
    kd_session_pump(s, now_ms);
}

/* The time is over with the target halted, or a Continue unanswered: one more on suspicion. */
static void leave_halted(struct kd_session *s, uint64_t now_ms)
{
    enum kd_status st = s->is_lost ? KD_ERR_LOST : KD_OK;

    kd_resume_now(s, now_ms);
    if (s->resume.is_asked)
        kd_session_raise_resumed(s, st, true, s->resume.rip_status);
    s->left_presumed = true;
    s->left_rip_status = s->resume.rip_status;
    kd_session_thaw(s, now_ms);
    s->state = STATE_RUNNING;
    kd_leave_now(s, st);
}

/* Nothing is outstanding that the target may need before it can go on. */
static bool may_be_calm(const struct kd_session *s)
{
    return !s->exchange.is_resyncing && s->exchange.sending != KD_SEND_ANSWER;
}

/* No longer than that in any case. */
static uint64_t leave_end_ms(const struct kd_session *s)
{
    return s->leave_begin_ms + KD_SESSION_LEAVE_MS +
           (kd_session_is_lossy(s) ? KD_SESSION_SLOW_MS : kd_session_slowness_ms(s));
}

static uint64_t leave_due_ms(const struct kd_session *s)
{
    uint64_t t = kd_sooner(s->linger_end_ms, leave_end_ms(s));

    if (s->state == STATE_RESUMING)
        return s->leave_deadline_ms;
    return may_be_calm(s) ? kd_sooner(t, s->quiet_deadline_ms) : t;
}

static uint64_t probe_due_ms(const struct kd_session *s)
{
    return s->state == STATE_RESUMING ? KD_NEVER : s->probe_deadline_ms;
}

/* Who stands and still answers is not given up; who only repeats itself, as one does that cannot make
 * out what we say, gets a little longer. */
static bool may_go_on(struct kd_session *s, uint64_t now_ms)
{
    uint64_t end_ms = leave_end_ms(s);
    uint64_t alive_ms = s->answered_ms;

    if (now_ms - s->answered_ms > ALIVE_MS && kd_session_is_lossy(s)) {
        end_ms = kd_sooner(end_ms, s->leave_begin_ms + KD_SESSION_LEAVE_MS + HEARD_MORE_MS);
        alive_ms = s->heard_ms;
    }
    if (now_ms - alive_ms > ALIVE_MS || now_ms >= end_ms)
        return false;
    s->leave_deadline_ms = kd_sooner(alive_ms + ALIVE_MS + 1, end_ms);
    return true;
}

static void probe(struct kd_session *s, uint64_t now_ms)
{
    s->probe_deadline_ms = now_ms + PROBE_MS;
    if (kd_exchange_is_free(&s->exchange))
        kd_exchange_resend(&s->exchange);
}

void kd_leave_tick(struct kd_session *s, uint64_t now_ms)
{
    if (!s->is_leaving)
        return;
    if (now_ms >= probe_due_ms(s))
        probe(s, now_ms);
    if (now_ms < leave_due_ms(s))
        return;
    if (s->state == STATE_RESUMING) {
        if (!may_go_on(s, now_ms))
            leave_halted(s, now_ms);
        return;
    }
    /* Calm: at an int3 that Rip was not moved past it would have halted again at once. */
    if (now_ms >= s->quiet_deadline_ms && !s->left_presumed)
        s->left_rip_status = KD_OK;
    /* Frozen: a stop was reported that could not be taken, and so not continued. */
    kd_leave_now(s, s->state == STATE_BREAKING || s->is_frozen ? KD_ERR_TIMEOUT : s->left_status);
}

uint64_t kd_leave_deadline_ms(const struct kd_session *s)
{
    return s->is_leaving ? kd_sooner(leave_due_ms(s), probe_due_ms(s)) : KD_NEVER;
}
