/* The session by state and input; what one request or one resume does is in its own file.
 *
 *   input           LINKED          RUNNING         BREAKING           HALTED          RESUMING
 *   stop            HALTED          HALTED          HALTED             replaces (a)    HALTED (b)
 *   load symbols    HALTED          goes on, MODULE (c) (g)            replaces (a)    goes on (b)
 *   farewell        goes on, RESTARTING             same               same            same (b)
 *   print           PRINT           PRINT           PRINT (d)          PRINT           runs (e)
 *   file wish,      refused or      same            same (d)           RUNNING, its    runs (e)
 *     prompt        answered                                           request over
 *   reply           stale           Continue again  stale              the request's   stale
 *   time            RUNNING         looks (h)       escalates          -               resume.c
 *   break_in        BREAKING        BREAKING, b     -                  HALTED again    afterwards
 *   resume          interrupted     resumed         RUNNING, resumed   RESUMING        -
 *   break_off       -               -               RUNNING or LINKED  -               -
 *   leave           leave.c in every state
 *   lost            LINKED          RUNNING         LINKED             HALTED (f)      Continue
 *
 *   (a) the very same stop once more is a report that our RESEND or RESET asked for: dropped
 *   (b) while the Continue is unacknowledged; the same stop once more may have crossed it: dropped
 *   (c) before a b was sent it is as good a halt as any; after that the halt is still to come, so
 *       the target goes on (MODULE) and BREAKING stays
 *   (d) and nothing more need be found out: the next step is b
 *   (e) only a running target says that, so the Continue has arrived
 *   (f) as far as anybody knows: leaving still tries to continue it
 *   (g) or HALTED, where stays_at_module says so
 *   (h) where it is only presumed to run: a RESEND now and then, for a while */
#include "session_state.h"

#include <stdlib.h>
#include <string.h>

enum {
    LINKED_QUIET_MS = 1000, /* a halted target would have answered our RESEND */
    RIP_REQUESTS = 5,       /* a CONTEXT in two slices, there and back, and one more */
    RIP_REQUESTS_MS = 1000, /* allowed for them anyway */
};

enum kd_status kd_session_create(const struct kd_session_opts *opts, struct kd_session **out)
{
    struct kd_session *s = calloc(1, sizeof *s);

    if (!s)
        return KD_ERR_NO_MEMORY;
    s->may_alter = opts->may_alter;
    s->stays_at_module = opts->stays_at_module;
    s->ctx = opts->ctx;
    kd_exchange_init(&s->exchange, opts, &s->counters);
    *out = s;
    return KD_OK;
}

void kd_session_destroy(struct kd_session *s)
{
    free(s);
}

bool kd_session_is_halted(const struct kd_session *s)
{
    return s->state == STATE_HALTED || s->state == STATE_RESUMING;
}

uint64_t kd_session_slowness_ms(const struct kd_session *s)
{
    uint64_t each_ms = s->thinking_ms + kd_pace_round_trip_ms(&s->exchange.pace);
    uint64_t needed_ms =
        RIP_REQUESTS * each_ms + 3 * kd_pace_transfer_ms(&s->exchange.pace, KD_CONTEXT_LEN);

    if (needed_ms <= RIP_REQUESTS_MS)
        return 0;
    needed_ms -= RIP_REQUESTS_MS;
    return needed_ms < KD_SESSION_SLOW_MS ? needed_ms : KD_SESSION_SLOW_MS;
}

bool kd_session_is_lossy(const struct kd_session *s)
{
    return s->exchange.recovered > 0;
}

/* --- events and the link --- */

void kd_session_raise(struct kd_session *s, enum kd_event_kind kind)
{
    struct kd_event ev = {.kind = kind};

    if (kind == KD_EVENT_HALTED || kind == KD_EVENT_MODULE)
        ev.u.halted = s->stop;
    kd_event_queue_put(&s->events, &ev);
}

void kd_session_raise_resumed(struct kd_session *s, enum kd_status st, bool is_presumed,
                              enum kd_status rip_status)
{
    struct kd_event ev = {.kind = KD_EVENT_RESUMED};

    ev.u.resumed.status = st;
    ev.u.resumed.is_presumed = is_presumed;
    ev.u.resumed.rip_status = rip_status;
    kd_event_queue_put(&s->events, &ev);
}

void kd_session_pump(struct kd_session *s, uint64_t now_ms)
{
    bool has_request = s->request.phase == REQUEST_QUEUED;

    if (!s->is_up || (!has_request && s->state != STATE_RESUMING))
        return;
    if (kd_exchange_is_free(&s->exchange)) {
        if (has_request)
            kd_request_send(s, now_ms);
        else
            kd_resume_send(s, now_ms);
    } else if (s->exchange.needs_reset && s->exchange.sending == KD_SEND_NONE) {
        kd_exchange_resync(&s->exchange, now_ms);
    }
}

/* --- packets --- */

/* Only a target that stands says that: it took the Continue that it acknowledged for something
 * else. */
static void stands_still(struct kd_session *s, uint64_t now_ms)
{
    if (s->state != STATE_RUNNING || s->repeats_left == 0)
        return;
    s->repeats_left--;
    kd_resume_repeat(s, now_ms);
}

static void take_new(struct kd_session *s, const struct kd_packet *pkt, uint64_t now_ms)
{
    if (s->state == STATE_LINKED && s->step_deadline_ms != KD_NEVER)
        s->step_deadline_ms = now_ms + LINKED_QUIET_MS;
    switch (pkt->type) {
    case KD_PACKET_STATE_CHANGE64:
        kd_halt_take_stop(s, pkt, now_ms);
        break;
    case KD_PACKET_STATE_MANIPULATE:
        if (!kd_request_reply(s, pkt, now_ms))
            stands_still(s, now_ms);
        break;
    case KD_PACKET_DEBUG_IO:
        kd_wish_debug_io(s, pkt, now_ms);
        break;
    case KD_PACKET_FILE_IO:
        kd_wish_file_io(s, pkt, now_ms);
        break;
    case KD_PACKET_STATE_CHANGE32:
        kd_session_raise(s, KD_EVENT_UNSUPPORTED);
        break;
    default: /* trace, control requests, what is newer than us: acknowledged, no use for it */
        kd_wish_other(s, now_ms);
        break;
    }
}

static void take_again(struct kd_session *s, const struct kd_packet *pkt, uint64_t now_ms)
{
    bool is_stop = pkt->type == KD_PACKET_STATE_CHANGE64;

    if (is_stop && s->state == STATE_BREAKING && s->stop_len > 0 && !s->is_leaving)
        kd_halt_still_stands(s);
    else if (is_stop || pkt->type == KD_PACKET_STATE_MANIPULATE)
        stands_still(s, now_ms);
}

/* A stream's target acknowledges a repetition without obeying it. Where our id may have been that of
 * a packet before, a second Continue under the other id is none; who runs already ignores it. */
static void continue_acked(struct kd_session *s, uint64_t now_ms)
{
    bool is_unsure = s->exchange.is_unsure;

    s->exchange.is_unsure = s->exchange.needs_reset = false;
    kd_session_continued(s, false, now_ms);
    if (is_unsure)
        stands_still(s, now_ms);
}

static void acked(struct kd_session *s, enum kd_send_kind kind, uint64_t now_ms)
{
    if (kind == KD_SEND_REQUEST) {
        kd_request_acked(s, now_ms);
    } else if (kind == KD_SEND_CONTINUE) {
        s->counters.round_trips++;
        continue_acked(s, now_ms);
    }
}

/* What the target asks for again and again it will never take: it is too large for it. */
static void unwanted(struct kd_session *s, uint64_t now_ms)
{
    enum kd_send_kind kind = s->exchange.sending;

    kd_exchange_presume(&s->exchange);
    if (kind == KD_SEND_REQUEST) {
        kd_request_fail(s, KD_ERR_LIMIT);
    } else if (kind == KD_SEND_CONTINUE) {
        s->is_lost = true;
        kd_session_continued(s, true, now_ms);
    }
}

/* A stream's target that started anew: what we knew of it is void. */
static void forget_target(struct kd_session *s, uint64_t now_ms)
{
    bool was_asked = s->state == STATE_RESUMING && s->resume.is_asked;

    if (s->state == STATE_RESUMING)
        kd_request_forget(s);
    else
        kd_request_fail(s, KD_ERR_REBOOTED);
    kd_session_thaw(s, now_ms);
    if (was_asked)
        kd_session_raise_resumed(s, KD_ERR_REBOOTED, false, KD_OK);
    s->state = STATE_LINKED;
    s->step_deadline_ms = KD_NEVER;
    s->break_ins = 0;
    s->lacks_context_ex = s->may_stray = s->is_lost = false;
    s->repeats_left = 0;
    s->thinking_ms = 0;
    memset(s->breakpoint_va, 0, sizeof s->breakpoint_va);
    if (s->is_leaving)
        kd_leave_linger(s, now_ms);
}

void kd_session_restarted(struct kd_session *s, uint64_t now_ms)
{
    forget_target(s, now_ms);
    kd_session_raise(s, KD_EVENT_RESTARTED);
    if (s->wants_halt)
        kd_halt_start(s, ESCALATE_RESEND, now_ms);
}

/* Data that was not taken comes again. */
static void not_taken(struct kd_session *s, const struct kd_packet *pkt, uint64_t now_ms)
{
    if (!pkt->is_control && pkt->type == KD_PACKET_STATE_CHANGE64 && !kd_session_is_halted(s))
        kd_session_freeze(s, now_ms);
}

void kd_session_packet(struct kd_session *s, const struct kd_packet *pkt, uint64_t now_ms)
{
    enum kd_send_kind kind = KD_SEND_NONE;

    if (!s->is_up || pkt->len > KD_PACKET_DATA_MAX)
        return;
    if (!pkt->is_control && !kd_event_queue_has_room(&s->events)) {
        not_taken(s, pkt, now_ms);
        return;
    }
    if (kd_halt_is_of_new_boot(s, pkt))
        kd_exchange_expect_hello(&s->exchange, pkt);
    s->is_lost = false;
    s->heard_ms = now_ms;
    if (pkt->is_control || pkt->type == KD_PACKET_STATE_MANIPULATE)
        s->answered_ms = now_ms;
    if (!pkt->is_control)
        kd_leave_heard(s, now_ms);
    switch (kd_exchange_packet(&s->exchange, pkt, now_ms, &kind)) {
    case KD_RECEIPT_NOTHING:
        not_taken(s, pkt, now_ms);
        break;
    case KD_RECEIPT_RESTARTED:
        kd_session_restarted(s, now_ms);
        take_new(s, pkt, now_ms);
        break;
    case KD_RECEIPT_NEW:
        take_new(s, pkt, now_ms);
        break;
    case KD_RECEIPT_AGAIN:
        take_again(s, pkt, now_ms);
        break;
    case KD_RECEIPT_ACKED:
        acked(s, kind, now_ms);
        break;
    case KD_RECEIPT_UNWANTED:
        unwanted(s, now_ms);
        break;
    case KD_RECEIPT_RESYNCED:
        kd_request_resynced(s, now_ms);
        break;
    }
    kd_session_pump(s, now_ms);
}

void kd_session_garbled(struct kd_session *s, enum kd_framer_result wish, uint64_t now_ms)
{
    if (!s->is_up)
        return;
    if (wish == KD_FRAMER_RESET)
        kd_exchange_reset(&s->exchange, now_ms);
    else if (wish == KD_FRAMER_RESEND)
        kd_exchange_resend(&s->exchange);
}

void kd_session_hears(struct kd_session *s, uint64_t now_ms)
{
    if (!s->is_up)
        return;
    kd_exchange_hears(&s->exchange, now_ms);
    kd_request_hears(s, now_ms);
    kd_leave_heard(s, now_ms);
}

/* --- time --- */

void kd_session_lost(struct kd_session *s)
{
    if (s->exchange.sending == KD_SEND_REQUEST || s->exchange.sending == KD_SEND_ORPHAN)
        kd_exchange_presume(&s->exchange);
    s->is_lost = true;
    kd_request_fail(s, KD_ERR_LOST);
    if (s->state == STATE_RESUMING)
        return; /* the Continue is tried all the same, and says how it went */
    if (s->state == STATE_BREAKING) {
        s->wants_halt = false;
        s->break_ins = 0;
        s->state = STATE_LINKED;
        s->step_deadline_ms = KD_NEVER;
    }
    kd_session_raise(s, KD_EVENT_LOST);
}

static void tries_exhausted(struct kd_session *s, uint64_t now_ms)
{
    switch (s->exchange.sending) {
    case KD_SEND_REQUEST:
        kd_request_unacknowledged(s, now_ms);
        break;
    case KD_SEND_CONTINUE:
        kd_exchange_presume(&s->exchange);
        kd_session_continued(s, true, now_ms);
        break;
    case KD_SEND_ANSWER:
        kd_exchange_presume(&s->exchange);
        break;
    case KD_SEND_ORPHAN:
        kd_exchange_abandon(&s->exchange, now_ms);
        break;
    case KD_SEND_NONE:
        break;
    }
}

static void exchange_tick(struct kd_session *s, uint64_t now_ms)
{
    switch (kd_exchange_tick(&s->exchange, now_ms)) {
    case KD_EXPIRY_NOTHING:
        break;
    case KD_EXPIRY_TRIES:
        tries_exhausted(s, now_ms);
        break;
    case KD_EXPIRY_RESETS:
        /* A target that runs answers no RESET; one that is halted must. */
        if (kd_session_is_halted(s) && s->exchange.sending != KD_SEND_CONTINUE)
            kd_session_lost(s);
        break;
    }
}

static uint64_t step_deadline_ms(const struct kd_session *s)
{
    if (s->state == STATE_LINKED)
        return s->step_deadline_ms;
    if ((s->state == STATE_BREAKING || s->state == STATE_RUNNING) && !s->is_leaving)
        return s->step_deadline_ms;
    return KD_NEVER;
}

static void believe_running(struct kd_session *s)
{
    s->state = STATE_RUNNING;
    s->step_deadline_ms = KD_NEVER;
}

void kd_session_tick(struct kd_session *s, uint64_t now_ms)
{
    if (!s->is_up)
        return;
    exchange_tick(s, now_ms);
    kd_request_tick(s, now_ms);
    kd_resume_tick(s, now_ms);
    if (now_ms >= step_deadline_ms(s)) {
        if (s->state == STATE_BREAKING)
            kd_halt_escalate(s, now_ms);
        else if (s->state == STATE_RUNNING)
            kd_halt_look_after(s, now_ms);
        else
            believe_running(s);
    }
    kd_leave_tick(s, now_ms);
    kd_session_pump(s, now_ms);
}

uint64_t kd_session_deadline_ms(const struct kd_session *s)
{
    uint64_t t;

    if (!s->is_up)
        return KD_NEVER;
    t = kd_sooner(kd_exchange_deadline_ms(&s->exchange), kd_request_deadline_ms(s));
    t = kd_sooner(t, kd_sooner(kd_resume_deadline_ms(s), kd_leave_deadline_ms(s)));
    return kd_sooner(t, step_deadline_ms(s));
}

/* --- the link --- */

/* The target still stands, or stands again, as far as anybody knows. */
static void relink_halted(struct kd_session *s, uint64_t now_ms)
{
    if (!s->is_frozen) {
        s->is_frozen = true;
        s->frozen_since_ms = now_ms;
    }
    if (s->wants_halt && s->state == STATE_HALTED) {
        s->wants_halt = false;
        kd_session_raise(s, KD_EVENT_HALTED);
    }
}

void kd_session_link_up(struct kd_session *s, bool is_new_boot, uint64_t now_ms)
{
    bool is_kdnet = s->exchange.dialect == KD_DIALECT_KDNET;

    if (is_new_boot) {
        forget_target(s, now_ms);
        kd_exchange_restart(&s->exchange);
    } else {
        kd_exchange_relink(&s->exchange, now_ms);
    }
    s->is_up = true;
    s->is_lost = false;
    if (kd_session_is_halted(s)) {
        relink_halted(s, now_ms);
    } else if (s->wants_halt) {
        kd_halt_start(s, ESCALATE_RESEND, now_ms); /* a RESEND on KDNET too */
    } else if (s->state != STATE_RUNNING) {
        s->state = STATE_LINKED;
        s->step_deadline_ms = is_kdnet ? now_ms + LINKED_QUIET_MS : KD_NEVER;
    }
    if (is_kdnet && s->state != STATE_BREAKING)
        kd_exchange_resend(&s->exchange);
    kd_session_pump(s, now_ms);
}

void kd_session_link_down(struct kd_session *s, enum kd_status st, uint64_t now_ms)
{
    bool was_resuming = s->state == STATE_RESUMING;

    if (!s->is_up)
        return;
    s->is_up = false;
    kd_session_thaw(s, now_ms);
    if (was_resuming) {
        kd_request_forget(s);
        if (s->resume.is_asked)
            kd_session_raise_resumed(s, st, false, s->resume.rip_status);
        s->state = STATE_HALTED; /* as far as anybody knows */
    } else {
        kd_request_fail(s, st);
    }
    if (s->exchange.sending != KD_SEND_NONE)
        kd_exchange_presume(&s->exchange);
    if (s->is_leaving)
        kd_leave_now(s, st);
}

/* --- the caller's wishes --- */

static bool is_continue(uint32_t api)
{
    return api == KD_API_CONTINUE || api == KD_API_CONTINUE2;
}

enum kd_status kd_session_request(struct kd_session *s, const struct kd_manipulate *request,
                                  uint64_t now_ms, uint32_t *token)
{
    enum kd_api_class class = kd_api_class(request->api);
    enum kd_status st;

    if (is_continue(request->api))
        return KD_ERR_USAGE;
    if (class == KD_API_FORBIDDEN)
        return KD_ERR_UNSUPPORTED;
    if (class != KD_API_READS && !s->may_alter)
        return KD_ERR_READ_ONLY;
    if (s->state != STATE_HALTED || !s->is_up)
        return KD_ERR_INTERRUPTED;
    if (s->request.phase != REQUEST_NONE || !kd_event_queue_has_room(&s->events))
        return KD_ERR_BUSY;
    st = kd_request_put(s, request, false);
    if (st != KD_OK)
        return st;
    *token = s->request.token = ++s->last_token;
    kd_session_pump(s, now_ms);
    return KD_OK;
}

void kd_session_drop_request(struct kd_session *s)
{
    if (!s->request.is_own)
        kd_request_forget(s);
}

void kd_session_resume(struct kd_session *s, uint64_t now_ms)
{
    if (s->is_leaving)
        return;
    if (s->is_up && s->state == STATE_HALTED) {
        kd_request_cancelled(s);
        kd_resume_begin(s, true, now_ms);
    } else if (s->is_up && s->state == STATE_RESUMING) {
        s->wants_halt = false;
        s->resume.is_asked = true;
    } else {
        bool is_running = s->state == STATE_RUNNING || s->state == STATE_BREAKING;

        if (s->state == STATE_BREAKING) {
            s->may_stray = s->break_ins > 0;
            s->stray_pc_va = 0;
            s->stray_until_ms = KD_NEVER;
            s->state = s->break_ins > 0 ? STATE_RUNNING : STATE_LINKED;
            s->break_ins = 0;
            s->step_deadline_ms = KD_NEVER;
        }
        s->wants_halt = false;
        kd_session_raise_resumed(s, s->is_up && is_running ? KD_OK : KD_ERR_INTERRUPTED, false,
                                 KD_OK);
    }
    kd_session_pump(s, now_ms);
}

/* --- what comes out --- */

bool kd_session_next_output(struct kd_session *s, struct kd_span *bytes)
{
    return kd_exchange_next_output(&s->exchange, bytes);
}

bool kd_session_next_event(struct kd_session *s, struct kd_event *ev)
{
    return kd_event_queue_take(&s->events, ev);
}

enum kd_run_state kd_session_run_state(const struct kd_session *s)
{
    if (!s->is_up)
        return KD_RUN_UNKNOWN;
    if (s->state == STATE_HALTED)
        return KD_RUN_HALTED;
    return s->state == STATE_RUNNING ? KD_RUN_RUNNING : KD_RUN_UNKNOWN;
}

bool kd_session_is_frozen(const struct kd_session *s)
{
    return s->is_frozen;
}

const struct kd_session_counters *kd_session_get_counters(const struct kd_session *s)
{
    return &s->counters;
}
