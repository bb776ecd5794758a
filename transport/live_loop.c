/*  channel --> kd_session_packet, _garbled, ...  --> kd_session_next_event --> seen, reply, stop
 *  channel <-- kd_session_next_output            <-- kd_session_request, _resume, ...
 *
 *  Everything left of `seen` happens inside a turn of the loop, in the channel's event: a reply's
 *  acknowledgement is on the wire before the call that waits for the reply returns, and the next
 *  request follows it without another turn in between. */
#include "live_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { PROGRESS_MS = 1000 };

uint64_t kdt_live_now_ms(struct kdt_live *l)
{
    return uv_now(&l->loop);
}

void kdt_live_progress(struct kdt_live *l, enum kdt_progress_kind kind, uint64_t ms)
{
    if (l->opts.on_progress)
        l->opts.on_progress(l->opts.ctx, kind, ms);
}

/* --- the end of a session --- */

enum kd_status kdt_live_end(struct kdt_live *l, enum kd_status st, const char *fmt, ...)
{
    va_list ap;

    if (l->over == KD_OK && l->aim != AIM_LEAVE) {
        l->over = st;
        va_start(ap, fmt);
        /* NOLINTNEXTLINE(*valist*): it is initialised in the line before */
        vsnprintf(l->reason.text, sizeof l->reason.text, fmt, ap);
        va_end(ap);
    }
    return st;
}

static enum kd_status say_over(struct kdt_live *l)
{
    return l->over == KD_OK ? KD_OK : kd_diag_set(l->opts.diag, l->over, "%s", l->reason.text);
}

static void check_limits(struct kdt_live *l)
{
    if (atomic_load(&l->is_cancelled))
        kdt_live_end(l, KD_ERR_CANCELLED, "cancelled");
    else if (kdt_live_now_ms(l) >= l->deadline_ms)
        kdt_live_end(l, KD_ERR_TIMEOUT, "the deadline of %g s has passed",
                     l->opts.deadline_ms / 1000.0);
}

enum kd_status kdt_live_begin(struct kdt_live *l)
{
    uv_update_time(&l->loop); /* the caller may have computed for a while */
    if (l->has_left)
        return kd_diag_set(l->opts.diag, KD_ERR_USAGE, "the session has been left");
    check_limits(l);
    return say_over(l);
}

/* --- out --- */

static void send_packets(struct kdt_live *l)
{
    struct kd_span bytes;

    while (kd_session_next_output(l->session, &bytes)) {
        l->packets_sent += bytes.len > 1; /* the break-in byte is no packet */
        l->channel->verbs->send(l->channel, bytes);
    }
}

/* --- in: what the session has to tell --- */

static void on_halted(struct kdt_live *l, const struct kd_state_change *stop)
{
    size_t len = stop->path.len < sizeof l->stop_path ? stop->path.len : sizeof l->stop_path;

    l->may_be_halted = true;
    l->stop = *stop;
    if (len)
        memcpy(l->stop_path, stop->path.data, len);
    l->stop.path = (struct kd_span){l->stop_path, len};
    l->seen |= SEEN_HALTED;
}

static void on_reply(struct kdt_live *l, const struct kd_event *ev)
{
    size_t len = ev->u.reply.manipulate.data.len;

    if (ev->u.reply.token != l->token)
        return; /* of a request that was given up */
    l->seen |= SEEN_REPLY;
    l->reply_status = ev->u.reply.status;
    if (l->reply_status != KD_OK)
        return;
    l->reply = ev->u.reply.manipulate;
    if (len > sizeof l->reply_data)
        len = sizeof l->reply_data;
    if (len)
        memcpy(l->reply_data, l->reply.data.data, len);
    l->reply.data = (struct kd_span){l->reply_data, len};
}

static void on_resumed(struct kdt_live *l, const struct kd_event *ev)
{
    l->seen |= ev->kind == KD_EVENT_LEFT ? SEEN_LEFT : SEEN_RESUMED;
    l->resumed_status = ev->u.resumed.status;
    if (l->resumed_status == KD_OK)
        l->may_be_halted = false;
    l->rip_status = ev->u.resumed.rip_status;
    l->is_presumed = ev->u.resumed.is_presumed;
}

/* The target may be there, but it answers nothing. While it is sought it may have lost our key, so
 * its next call is answered; once it stood, the key is all that a last continue could be sent with.
 */
static void on_lost(struct kdt_live *l)
{
    bool is_sought = l->aim == AIM_HALT || l->aim == AIM_NEW_BOOT;

    if (!is_sought || kd_session_run_state(l->session) == KD_RUN_HALTED) {
        kdt_live_end(l, KD_ERR_LOST, "target stopped answering");
        return;
    }
    if (l->channel->verbs->drop(l->channel)) {
        l->is_linked = false;
        kd_session_link_down(l->session, KD_ERR_LOST, kdt_live_now_ms(l));
    }
    if (l->aim == AIM_HALT)
        kd_session_break_in(l->session, kdt_live_now_ms(l)); /* all over again */
}

/* Does a new boot, or silence, end the session? */
static bool is_final(const struct kdt_live *l)
{
    return l->aim == AIM_NONE || l->aim == AIM_STAY;
}

/* What was known of the target is void; between calls, or during a request, that is the end. */
static void on_new_boot(struct kdt_live *l)
{
    l->seen = (l->seen | SEEN_NEW_BOOT) & ~(unsigned)SEEN_HALTED;
    if (is_final(l))
        kdt_live_end(l, KD_ERR_REBOOTED, "the target restarted");
}

static void on_session_event(struct kdt_live *l, const struct kd_event *ev)
{
    switch (ev->kind) {
    case KD_EVENT_HALTED:
        on_halted(l, &ev->u.halted);
        break;
    case KD_EVENT_REPLY:
        on_reply(l, ev);
        break;
    case KD_EVENT_RESUMED:
    case KD_EVENT_LEFT:
        on_resumed(l, ev);
        break;
    case KD_EVENT_LOST:
        on_lost(l);
        break;
    case KD_EVENT_UNSUPPORTED:
        kdt_live_end(l, KD_ERR_UNSUPPORTED,
                     "the target is a 32-bit one: its reports are not understood");
        break;
    case KD_EVENT_RESTARTED:
        on_new_boot(l);
        break;
    case KD_EVENT_PRINT: /* from here on the caller's matter alone */
    case KD_EVENT_PROMPT:
    case KD_EVENT_MODULE:
    case KD_EVENT_FILE_IO:
    case KD_EVENT_RESTARTING:
        if (l->opts.on_event)
            l->opts.on_event(l->opts.ctx, ev);
        break;
    }
}

void kdt_live_flush(struct kdt_live *l)
{
    struct kd_event ev;

    send_packets(l); /* acknowledgements first: a target waits for them, a print does not */
    while (kd_session_next_event(l->session, &ev)) {
        on_session_event(l, &ev);
        send_packets(l);
    }
}

void kdt_live_note_freeze(struct kdt_live *l, uint64_t at_ns)
{
    uint64_t freezes = kd_session_get_counters(l->session)->freezes;
    bool is_frozen = kd_session_is_frozen(l->session);

    if (freezes != l->freezes) { /* a new one, which ends the last in any case */
        l->frozen_ns += (l->is_frozen ? at_ns : l->thawed_ns) - l->froze_ns;
        l->froze_ns = l->thawed_ns = at_ns;
        l->freezes = freezes;
        l->is_frozen = true;
    }
    if (l->is_frozen && !is_frozen)
        l->thawed_ns = at_ns;
    l->is_frozen = is_frozen; /* again, without a new one: what was taken for its end was none */
}

/* --- in: the channel --- */

static void on_up(struct kdt_live *l, bool is_new_boot)
{
    uint64_t now = kdt_live_now_ms(l);

    l->is_linked = l->was_linked = true;
    l->is_cut = false;
    l->linked_ms = now;
    l->seen |= SEEN_UP;
    if (l->aim == AIM_HALT)
        l->may_be_halted = true; /* soon: it is asked to */
    kdt_live_progress(l, KDT_PROGRESS_LINKED, now - l->opened_ms);
    is_new_boot = is_new_boot || l->is_stranger;
    l->is_stranger = false;
    kd_session_link_up(l->session, is_new_boot, now);
    if (is_new_boot)
        on_new_boot(l);
}

static void on_silent(struct kdt_live *l)
{
    l->is_linked = false;
    kd_session_link_down(l->session, KD_ERR_LOST, kdt_live_now_ms(l));
    if (is_final(l))
        kdt_live_end(l, KD_ERR_LOST, "target stopped answering");
}

static void on_cut(struct kdt_live *l)
{
    l->is_linked = false;
    l->is_cut = true;
    l->seen &= ~(unsigned)SEEN_UP;
    if (l->cut_ms == KD_NEVER)
        l->cut_ms = kdt_live_now_ms(l);
    kd_session_link_down(l->session, KD_ERR_LOST, kdt_live_now_ms(l));
    if (l->aim == AIM_STAY)
        kdt_live_end(l, KD_ERR_LOST, "the connection was cut");
}

void kdt_live_on_channel(void *ctx, const struct kdt_channel_event *ev)
{
    struct kdt_live *l = ctx;
    uint64_t now = kdt_live_now_ms(l), arrived_ns = uv_hrtime();

    switch (ev->kind) {
    case KDT_CHANNEL_CALLED:
        kdt_live_progress(l, KDT_PROGRESS_POKED, now - l->opened_ms);
        break;
    case KDT_CHANNEL_UP:
        on_up(l, ev->is_new_boot);
        break;
    case KDT_CHANNEL_SILENT:
        on_silent(l);
        break;
    case KDT_CHANNEL_CUT:
        on_cut(l);
        break;
    case KDT_CHANNEL_OVER:
        l->is_linked = l->is_cut = false;
        kd_session_link_down(l->session, ev->status, now);
        kdt_live_end(l, ev->status, "%s", ev->text);
        break;
    case KDT_CHANNEL_PACKET:
        l->packets_received++;
        l->cut_ms = KD_NEVER;
        kd_session_packet(l->session, &ev->packet, now);
        break;
    case KDT_CHANNEL_GARBLED:
        kd_session_garbled(l->session, ev->wish, now);
        break;
    case KDT_CHANNEL_HEARS:
        kd_session_hears(l->session, now);
        break;
    }
    kdt_live_note_freeze(l, arrived_ns);
    kdt_live_flush(l);
}

/* --- waiting --- */

/* libuv runs timers before it polls: without the stop, a timer that is due already would leave a
 * poll behind it that nothing ends. */
static void on_timer(uv_timer_t *timer)
{
    struct kdt_live *l = timer->data;

    l->armed_ms = KD_NEVER;
    uv_stop(&l->loop);
}

/* A request moves every deadline, so the timer is only touched when it would go off too late; when
 * it goes off too early, a turn was for nothing. */
static void arm_timer(struct kdt_live *l, uint64_t until_ms)
{
    uint64_t now = kdt_live_now_ms(l);
    uint64_t due = kd_sooner(until_ms, l->deadline_ms);

    due = kd_sooner(due, l->channel->verbs->deadline_ms(l->channel));
    due = kd_sooner(due, kd_session_deadline_ms(l->session));
    due = kd_sooner(due, l->progress_ms);
    if (due >= l->armed_ms)
        return;
    uv_timer_start(&l->timer, on_timer, due > now ? due - now : 0, 0);
    l->armed_ms = due;
}

static void repeat_progress(struct kdt_live *l)
{
    uint64_t now = kdt_live_now_ms(l);

    if (now < l->progress_ms)
        return;
    l->progress_ms = now + PROGRESS_MS;
    if (l->is_cut)
        kdt_live_progress(l, l->channel->waiting, now - l->cut_ms);
    else if (l->aim == AIM_NEW_BOOT)
        kdt_live_progress(l, KDT_PROGRESS_BOOT_STAGE, now - l->aim_ms);
    else if (!l->is_linked)
        kdt_live_progress(l, l->channel->waiting, now - l->aim_ms);
    else if (l->aim == AIM_HALT)
        kdt_live_progress(l, KDT_PROGRESS_BREAKING, now - l->linked_ms);
    else if (l->aim == AIM_NONE)
        kdt_live_progress(l, KDT_PROGRESS_READING, now - l->aim_ms);
}

/* What has arrived is read before the clock is shown to anybody: after a long pause of the caller
 * the target's calls are waiting in the socket, and it was not silent at all. */
static void turn(struct kdt_live *l, uint64_t until_ms)
{
    uint64_t now;

    arm_timer(l, until_ms);
    uv_run(&l->loop, UV_RUN_ONCE);
    now = kdt_live_now_ms(l);
    if (now >= l->channel->verbs->deadline_ms(l->channel))
        l->channel->verbs->tick(l->channel);
    if (now >= kd_session_deadline_ms(l->session)) {
        kd_session_tick(l->session, now);
        kdt_live_note_freeze(l, uv_hrtime());
        kdt_live_flush(l);
    }
    repeat_progress(l);
}

enum kd_status kdt_live_wait(struct kdt_live *l, unsigned wanted, uint64_t until_ms)
{
    bool is_late = false;

    while (!(l->seen & wanted)) {
        check_limits(l);
        if (l->over != KD_OK && l->aim != AIM_LEAVE)
            return say_over(l);
        if (is_late)
            return KD_ERR_TIMEOUT;
        is_late = kdt_live_now_ms(l) >= until_ms; /* what has arrived by then is looked at */
        turn(l, until_ms);
    }
    return KD_OK;
}

enum kd_status kdt_live_await_link(struct kdt_live *l, uint64_t until_ms)
{
    uint64_t patience_ms = l->cut_ms + l->opts.attach_timeout_ms;
    struct kd_diag diag;
    enum kd_status st = kdt_live_wait(l, SEEN_UP, kd_sooner(patience_ms, until_ms));

    if (st != KD_ERR_TIMEOUT || l->over != KD_OK || until_ms <= patience_ms)
        return st;
    l->channel->verbs->explain(l->channel, l->opts.attach_timeout_ms / 1000.0, &diag);
    return kd_diag_set(l->opts.diag, kdt_live_end(l, KD_ERR_LOST, "%s", diag.text), "%s",
                       diag.text);
}
