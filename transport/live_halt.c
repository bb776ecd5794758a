#include "live_internal.h"

#include <inttypes.h>

enum {
    /* The session keeps its own time, which is less. */
    RESUME_MS = 7000 + KD_SESSION_SLOW_MS,
    LEAVE_MS = KD_SESSION_LEAVE_MS + 500 + KD_SESSION_SLOW_MS,
    SLOW_MS = 1000,   /* what takes longer is worth a word */
    VERSION_TRIES = 8 /* interrupted so often right after halting: it does not hold still */
};

/* --- attach --- */

/* Time is up: what was seen of a target, and what to look at next. */
static enum kd_status explain_timeout(struct kdt_live *l)
{
    double seconds = l->opts.attach_timeout_ms / 1000.0;
    struct kd_diag diag;
    enum kd_status st;

    if (kd_session_run_state(l->session) == KD_RUN_HALTED)
        return kd_diag_set(l->opts.diag, KD_ERR_TIMEOUT,
                           "the target halted, but did not answer within %g s", seconds);
    st = l->channel->verbs->explain(l->channel, seconds, &diag);
    if (st != KD_ERR_TIMEOUT) /* more time would not help */
        kdt_live_end(l, st, "%s", diag.text);
    return kd_diag_set(l->opts.diag, st, "%s", diag.text);
}

/* A target that stands already says so at once; one that is just being let go on says so when it
 * stands again. A halt that was reported may be over already: a reboot, or a break-in that came twice. */
enum kd_status kdt_live_await_halt(struct kdt_live *l, uint64_t until_ms)
{
    enum kd_status st;

    do {
        l->seen &= ~(unsigned)SEEN_HALTED;
        kd_session_break_in(l->session, kdt_live_now_ms(l)); /* waits for a link if there is none */
        kdt_live_flush(l);
        st = kdt_live_wait(l, SEEN_HALTED, until_ms);
    } while (st == KD_OK && kd_session_run_state(l->session) != KD_RUN_HALTED);
    return st;
}

void kdt_live_begin_reading(struct kdt_live *l)
{
    l->aim_ms = kdt_live_now_ms(l);
    l->resets_at_resume = kd_session_get_counters(l->session)->resets;
    if (l->channel->dialect == KD_DIALECT_STREAM)
        l->progress_ms = l->aim_ms + SLOW_MS;
}

/* Wait for a target, whichever it is, until it stands still and has said what it is. */
static enum kd_status halt(struct kdt_live *l, uint64_t until_ms, struct kd_version *version,
                           struct kd_state_change *stop)
{
    const struct kd_manipulate get_version = {.api = KD_API_GET_VERSION};
    enum kd_status st = KD_ERR_INTERRUPTED;

    l->aim = AIM_HALT;
    l->may_be_halted = l->may_be_halted || l->is_linked;
    l->progress_ms = kdt_live_now_ms(l);
    for (int i = 0; i < VERSION_TRIES && (st == KD_ERR_INTERRUPTED || st == KD_ERR_REBOOTED); i++) {
        st = kdt_live_await_halt(l, until_ms);
        if (st == KD_OK)
            st = kdt_live_request(l, &get_version, until_ms);
        /* The version may be the last thing that was heard of a target before it restarted. */
        if (st == KD_OK && kd_session_run_state(l->session) != KD_RUN_HALTED)
            st = KD_ERR_REBOOTED;
    }
    l->aim = AIM_NONE;
    l->progress_ms = KD_NEVER;
    if (st == KD_ERR_TIMEOUT && l->over == KD_OK)
        return explain_timeout(l);
    if (st == KD_OK && kd_ntstatus_is_failure(l->reply.status))
        st = kd_diag_set(l->opts.diag, KD_ERR_REFUSED, "GetVersion64: NTSTATUS 0x%08" PRIX32,
                         l->reply.status);
    if (st != KD_OK)
        return st;
    kdt_live_progress(l, KDT_PROGRESS_HALTED, kdt_live_now_ms(l) - l->opened_ms);
    kdt_live_begin_reading(l);
    l->version = *version = l->reply.u.version;
    *stop = l->stop;
    return KD_OK;
}

enum kd_status kdt_live_attach(struct kdt_live *l, struct kd_version *version,
                               struct kd_state_change *stop)
{
    enum kd_status st = kdt_live_begin(l);

    if (st != KD_OK)
        return st;
    l->aim_ms = l->was_attached ? kdt_live_now_ms(l) : l->opened_ms;
    st = halt(l, l->aim_ms + l->opts.attach_timeout_ms, version, stop);
    l->was_attached = l->was_attached || st == KD_OK;
    return st;
}

/* --- the next stage --- */

/* Continue the boot debugger, however often it stops, until the stage after it calls. */
static enum kd_status await_new_boot(struct kdt_live *l, uint64_t until_ms)
{
    enum kd_status st = KD_OK;

    l->aim = AIM_NEW_BOOT;
    l->seen &= ~(unsigned)SEEN_NEW_BOOT;
    l->progress_ms = kdt_live_now_ms(l);
    while (st == KD_OK && !(l->seen & SEEN_NEW_BOOT)) {
        l->seen &= ~(unsigned)SEEN_HALTED;
        if (kd_session_run_state(l->session) == KD_RUN_HALTED) {
            kd_session_resume(l->session, kdt_live_now_ms(l));
            kdt_live_flush(l);
        }
        st = kdt_live_wait(l, SEEN_HALTED | SEEN_NEW_BOOT, until_ms);
    }
    l->aim = AIM_NONE;
    l->progress_ms = KD_NEVER;
    if (st == KD_ERR_TIMEOUT && l->over == KD_OK)
        return kd_diag_set(l->opts.diag, st,
                           "the boot debugger was continued, but no later stage called within "
                           "%g s: is debugging of the kernel itself on?",
                           l->opts.attach_timeout_ms / 1000.0);
    return st;
}

/* Whoever speaks next is met as a stranger. */
static void forget_target(struct kdt_live *l)
{
    uint64_t now_ms = kdt_live_now_ms(l);

    if (l->channel->verbs->drop(l->channel)) {
        l->is_linked = false;
        kd_session_link_down(l->session, KD_ERR_LOST, now_ms);
    } else if (l->is_linked) {
        kd_session_link_up(l->session, true, now_ms);
    } else {
        l->is_stranger = true;
    }
}

enum kd_status kdt_live_next_stage(struct kdt_live *l, struct kd_version *version,
                                   struct kd_state_change *stop)
{
    bool was_silent = l->over == KD_ERR_LOST;
    bool is_gone = was_silent || l->over == KD_ERR_REBOOTED; /* before we asked it to go */
    enum kd_status st;
    uint64_t until_ms;

    if (is_gone)
        l->over = KD_OK;
    st = kdt_live_begin(l);
    if (st != KD_OK)
        return st;
    if (was_silent)
        forget_target(l);
    l->aim_ms = kdt_live_now_ms(l);
    until_ms = l->aim_ms + l->opts.attach_timeout_ms;
    if (!is_gone)
        st = await_new_boot(l, until_ms);
    return st == KD_OK ? halt(l, until_ms, version, stop) : st;
}

/* --- letting go --- */

/* What the session knows of the target that was let go, in words where it is not good. */
static enum kd_status resumed(struct kdt_live *l, enum kd_status st, bool *is_presumed)
{
    struct kd_diag *diag = l->opts.diag;

    if (st == KD_OK)
        st = l->resumed_status;
    if (is_presumed)
        *is_presumed = st == KD_OK && l->is_presumed;
    if (st == KD_OK && l->rip_status != KD_OK && l->is_presumed)
        return kd_diag_set(diag, KD_ERR_TIMEOUT,
                           "the target answered nothing when it was to go on: whether it runs is "
                           "not known");
    if (st == KD_OK && l->rip_status != KD_OK)
        return kd_diag_set(diag, l->rip_status,
                           "the target was continued at an int3 that it could not be moved past "
                           "(%s), and may halt there again",
                           kd_status_text(l->rip_status));
    if (st == KD_ERR_LOST && !l->is_linked && l->channel->dialect == KD_DIALECT_STREAM)
        return kd_diag_set(diag, st,
                           "the connection is gone: the target was left as it was, which may be "
                           "halted");
    if (st == KD_ERR_LOST)
        return kd_diag_set(diag, st, "the target is silent: whether it runs is not known");
    if (st == KD_ERR_TIMEOUT)
        return kd_diag_set(diag, st,
                           "the target did not say that it runs: it may still halt, or "
                           "be halted");
    return st == KD_OK ? KD_OK : kd_diag_set(diag, st, "letting it run: %s", kd_status_text(st));
}

enum kd_status kdt_live_resume(struct kdt_live *l, bool *is_presumed)
{
    enum kd_status st = kdt_live_begin(l);

    if (st == KD_OK && l->is_cut)
        st = kdt_live_await_link(l, KD_NEVER);
    if (st != KD_OK)
        return st;
    if (kd_session_run_state(l->session) != KD_RUN_HALTED)
        return kd_diag_set(l->opts.diag, KD_ERR_INTERRUPTED, "the target is not halted");
    kdt_live_progress(l, KDT_PROGRESS_RESUMING, 0);
    l->progress_ms = KD_NEVER;
    l->seen &= ~(unsigned)SEEN_RESUMED;
    l->resets_at_resume = kd_session_get_counters(l->session)->resets;
    kd_session_resume(l->session, kdt_live_now_ms(l));
    kdt_live_flush(l);
    return resumed(l, kdt_live_wait(l, SEEN_RESUMED, kdt_live_now_ms(l) + RESUME_MS), is_presumed);
}

/* One attempt at taking leave, over a channel that is up. */
static enum kd_status leave(struct kdt_live *l)
{
    l->seen &= ~(unsigned)SEEN_LEFT;
    kd_session_leave(l->session, kdt_live_now_ms(l));
    kdt_live_flush(l);
    return kdt_live_wait(l, SEEN_LEFT, kdt_live_now_ms(l) + LEAVE_MS);
}

/* A connection that was cut, now or in the middle of it, gets the time to come back that leaving
 * takes by itself. */
static enum kd_status leave_and_relink(struct kdt_live *l)
{
    uint64_t until_ms = kdt_live_now_ms(l) + KD_SESSION_LEAVE_MS;
    enum kd_status st = KD_OK;

    for (;;) {
        if (l->is_cut && l->may_be_halted)
            (void)kdt_live_wait(l, SEEN_UP, until_ms);
        st = leave(l);
        if (!l->is_cut || !l->may_be_halted || kdt_live_now_ms(l) >= until_ms)
            return st;
    }
}

enum kd_status kdt_live_leave(struct kdt_live *l, bool *is_presumed)
{
    enum kd_status st;

    if (is_presumed)
        *is_presumed = false;
    if (l->has_left)
        return KD_OK;
    l->has_left = true;
    l->aim = AIM_LEAVE; /* from here on neither cancel nor deadline counts */
    l->progress_ms = KD_NEVER;
    if (!l->was_linked)
        return KD_OK; /* nobody was ever asked to halt */
    uv_update_time(&l->loop);
    kdt_live_progress(l, KDT_PROGRESS_RESUMING, 0);
    st = leave_and_relink(l);
    st = resumed(l, st, is_presumed);
    kdt_live_progress(l, KDT_PROGRESS_LEFT, 0);
    return st;
}

void kdt_live_abandon(struct kdt_live *l)
{
    l->has_left = true;
}
