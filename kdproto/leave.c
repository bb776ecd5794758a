/* Taking leave: the last thing that a target hears is a Continue, and nobody stays behind.
 *
 *   found in           what is done
 *   HALTED, RESUMING   continued, its Rip moved if that takes no longer than a moment; then linger
 *   BREAKING, b sent   the halt is waited for and continued; none within 1.3 s (a report that was
 *                      lost comes again after 500 ms and 1 s): left, and told
 *   otherwise          linger
 *
 *   lingering: what comes is acknowledged and answered, every stop is continued; over when nothing
 *   came for 300 ms, after 1.5 s in any case. On a link that has lost something, the report of a
 *   stop may be lost too: a target repeats it after 500 ms [doc], so calm must last 600 ms there,
 *   and all 1.5 s when a b may still be pending in the target. An answer that a target waits for
 *   (a file wish) is repeated until acknowledged before anything counts as calm.
 *   All of it together: KD_SESSION_LEAVE_MS, unless the target is slow in answering. */
#include "session_state.h"

enum {
    QUIET_MS = 300,
    QUIET_LOSSY_MS = 600,
    LINGER_MS = 1500,
    HALT_WAIT_MS = 1300,
    TIMEOUT_CAP_MS = 150, /* six tries of the Continue within the time that is left */
};

static uint64_t quiet_ms(const struct kd_session *s)
{
    if (s->counters.retransmissions == 0)
        return QUIET_MS;
    return s->may_stray ? LINGER_MS : QUIET_LOSSY_MS;
}

void kd_leave_linger(struct kd_session *s, uint64_t now_ms)
{
    s->quiet_deadline_ms = now_ms + quiet_ms(s);
    s->linger_end_ms = now_ms + LINGER_MS;
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
    s->exchange.pace.cap_ms = TIMEOUT_CAP_MS;
    kd_leave_linger(s, now_ms);
    if (s->state == STATE_HALTED) {
        kd_resume_begin(s, false, now_ms);
    } else if (s->state == STATE_RESUMING) {
        kd_resume_hurry(s, now_ms);
    } else if (s->state == STATE_BREAKING && s->break_ins > 0) {
        s->quiet_deadline_ms = KD_NEVER;
        s->linger_end_ms = now_ms + HALT_WAIT_MS;
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

void kd_leave_tick(struct kd_session *s, uint64_t now_ms)
{
    if (now_ms < kd_leave_deadline_ms(s))
        return;
    if (s->state == STATE_RESUMING) {
        leave_halted(s, now_ms);
        return;
    }
    /* Calm: at an int3 that Rip was not moved past it would have halted again at once. */
    if (now_ms >= s->quiet_deadline_ms && !s->left_presumed)
        s->left_rip_status = KD_OK;
    /* Frozen: a stop was reported that could not be taken, and so not continued. */
    kd_leave_now(s, s->state == STATE_BREAKING || s->is_frozen ? KD_ERR_TIMEOUT : s->left_status);
}

/* Nothing is outstanding that the target may need before it can go on. */
static bool may_be_calm(const struct kd_session *s)
{
    return !s->exchange.is_resyncing && s->exchange.sending != KD_SEND_ANSWER;
}

uint64_t kd_leave_deadline_ms(const struct kd_session *s)
{
    uint64_t t = s->leave_deadline_ms;

    if (!s->is_leaving)
        return KD_NEVER;
    if (s->state == STATE_RESUMING)
        return t;
    if (s->linger_end_ms < t)
        t = s->linger_end_ms;
    if (s->quiet_deadline_ms < t && may_be_calm(s))
        t = s->quiet_deadline_ms;
    return t;
}
