#include "live_internal.h"

static enum kd_status begin(struct kdt_live *l)
{
    enum kd_status st = kdt_live_begin(l);

    if (st != KD_OK || !l->is_cut)
        return st;
    return kd_diag_set(l->opts.diag, kdt_live_end(l, KD_ERR_LOST, "the connection was cut"), "%s",
                       l->reason.text);
}

static bool is_halted(const struct kdt_live *l)
{
    return kd_session_run_state(l->session) == KD_RUN_HALTED;
}

/* It stands. Over a stream the report of a new boot says both: that, and that it restarted. */
static enum kd_status stands(struct kdt_live *l, struct kd_state_change *stop)
{
    enum kd_status st = kdt_live_begin(l);

    if (st != KD_OK)
        return st;
    kdt_live_begin_reading(l);
    *stop = l->stop;
    return KD_OK;
}

/* --- listening --- */

void kdt_live_stop_listening(struct kdt_live *l)
{
    l->seen |= SEEN_ENOUGH;
}

/* A stop may be over by the time that the call gets to it: then it is no halt. */
static enum kd_status wait_for_stop(struct kdt_live *l, uint64_t until_ms)
{
    enum kd_status st = KD_OK;

    while (st == KD_OK && !is_halted(l) && !(l->seen & SEEN_ENOUGH)) {
        l->seen &= ~(unsigned)SEEN_HALTED;
        st = kdt_live_wait(l, SEEN_HALTED | SEEN_ENOUGH, until_ms);
    }
    return st;
}

enum kd_status kdt_live_listen(struct kdt_live *l, uint32_t ms, struct kd_state_change *stop)
{
    enum kd_status st = begin(l);

    if (st != KD_OK)
        return st;
    l->aim = AIM_STAY;
    st = wait_for_stop(l, kdt_live_now_ms(l) + ms);
    l->aim = AIM_NONE;
    l->seen &= ~(unsigned)SEEN_ENOUGH;
    if (st == KD_ERR_TIMEOUT && l->over == KD_OK)
        return kd_diag_set(l->opts.diag, st, "nothing halted it");
    if (st != KD_OK)
        return st;
    if (!is_halted(l))
        return kd_diag_set(l->opts.diag, KD_ERR_INTERRUPTED, "enough was heard");
    return stands(l, stop);
}

/* --- halting it again --- */

static bool is_same_kernel(const struct kd_version *a, const struct kd_version *b)
{
    return a->major == b->major && a->minor == b->minor && a->kernel_base_va == b->kernel_base_va &&
           a->module_list_va == b->module_list_va;
}

/* A restart shows by itself: on KDNET in the next call, over a stream in its first packet. Where that
 * packet was lost, or a virtual machine was set back to an earlier boot, all that shows is that ids did
 * not fit and a RESET was needed; then the target is asked who it is. */
static enum kd_status confirm_kernel(struct kdt_live *l, uint64_t until_ms)
{
    const struct kd_manipulate get_version = {.api = KD_API_GET_VERSION};
    enum kd_status st;

    if (kd_session_get_counters(l->session)->resets == l->resets_at_resume)
        return KD_OK;
    st = kdt_live_request(l, &get_version, until_ms);
    if (st != KD_OK || is_same_kernel(&l->reply.u.version, &l->version))
        return st;
    return kd_diag_set(l->opts.diag, kdt_live_end(l, KD_ERR_REBOOTED, "the target restarted"),
                       "the target restarted: its kernel is another, or elsewhere");
}

static enum kd_status halt_again(struct kdt_live *l, uint64_t until_ms)
{
    enum kd_status st;

    do {
        st = kdt_live_await_halt(l, until_ms);
        if (st == KD_OK)
            st = confirm_kernel(l, until_ms);
    } while (st == KD_ERR_INTERRUPTED && kdt_live_now_ms(l) < until_ms); /* it went on meanwhile */
    return st == KD_ERR_INTERRUPTED ? KD_ERR_TIMEOUT : st;
}

enum kd_status kdt_live_break(struct kdt_live *l, uint32_t timeout_ms, struct kd_state_change *stop)
{
    enum kd_status st = begin(l);

    if (st != KD_OK)
        return st;
    l->aim = AIM_STAY;
    l->may_be_halted = true;
    st = halt_again(l, kdt_live_now_ms(l) + timeout_ms);
    l->aim = AIM_NONE;
    if (st == KD_ERR_TIMEOUT && l->over == KD_OK) {
        kd_session_break_off(l->session);
        return kd_diag_set(l->opts.diag, st, "the target did not halt within %g s",
                           timeout_ms / 1000.0);
    }
    return st == KD_OK ? stands(l, stop) : st;
}
