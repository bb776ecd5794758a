/* Getting a target to halt, and what its stops mean.
 *
 *   BREAKING escalates     KDNET                      stream
 *   at first               RESEND, 300 ms             RESET, 500 ms
 *   then                   RESEND, RESET, 300 ms      RESET, 500 ms
 *   then, 20 times         b (from the second on with RESET), 1.5 s
 *
 * because nobody can tell at first whether a target runs, waits for an acknowledgement, waits for
 * a request, or waits with ids of a session before ours. Known to run: b at once.
 *
 * A report that is lost comes again after half a second, in which the target stands for nothing. So on
 * a link whose round trips are known, RESEND follows the b after 50, 150 and 350 ms, which a target that
 * runs ignores; and where that brought nothing, it is the first b that was lost: the second goes out
 * after 500 ms. */
#include "session_state.h"

#include <string.h>

enum {
    STEP_KDNET_MS = 300,
    STEP_STREAM_MS = 500,
    BREAK_IN_MS = 1500,
    SECOND_BREAK_IN_MS = 500, /* on a link whose round trips are known */
    PROBE_MS = 50,            /* then twice as long, and so on */
    BREAK_INS = 20,
    BREAK_IN_AT_RESET = 8, /* unanswered RESETs that make a running target likely */
    LOOKS = 6,             /* whether a target that is presumed to run does: within three seconds */
    REPEATS = 3,           /* of a Continue that was acknowledged, yet not obeyed */
    STRAY_MS = 2000,       /* after a Continue; reports that are lost come again meanwhile. What
                              halts later at the same place, as a bugcheck does, is no stray */
};

/* --- breaking in --- */

/* Until the next b. No probe comes sooner than its answer could. */
static void wait_for_halt(struct kd_session *s, uint64_t now_ms)
{
    const struct kd_pace *pace = &s->exchange.pace;
    uint64_t probe_ms = kd_pace_ack_ms(pace, 0, KD_STATE_CHANGE_LEN);

    if (probe_ms < PROBE_MS)
        probe_ms = PROBE_MS;
    s->step_deadline_ms = s->break_in_due_ms;
    if (pace->has_round_trip)
        s->step_deadline_ms = kd_sooner(s->break_in_due_ms, now_ms + (probe_ms << s->probes));
}

static void send_break_in(struct kd_session *s, uint64_t now_ms)
{
    bool is_quick = s->break_ins == 0 && s->exchange.pace.has_round_trip;

    kd_exchange_break_in(&s->exchange);
    if (s->break_ins > 0 && !s->exchange.is_resyncing)
        kd_exchange_reset(&s->exchange, now_ms);
    s->break_ins++;
    s->escalation = ESCALATE_BREAK_IN;
    s->probes = 0;
    s->break_in_due_ms = now_ms + (is_quick ? SECOND_BREAK_IN_MS : BREAK_IN_MS);
    wait_for_halt(s, now_ms);
}

static void probe(struct kd_session *s, uint64_t now_ms)
{
    if (!s->exchange.is_resyncing)
        kd_exchange_resend(&s->exchange);
    s->probes++;
    wait_for_halt(s, now_ms);
}

void kd_halt_start(struct kd_session *s, enum escalation from, uint64_t now_ms)
{
    s->state = STATE_BREAKING;
    if (from != ESCALATE_BREAK_IN)
        s->break_ins = 0;
    s->may_stray = false;
    s->escalation = from;
    if (from == ESCALATE_BREAK_IN) {
        send_break_in(s, now_ms);
    } else if (s->exchange.dialect == KD_DIALECT_KDNET) {
        kd_exchange_resend(&s->exchange);
        s->step_deadline_ms = now_ms + STEP_KDNET_MS;
    } else {
        kd_exchange_reset(&s->exchange, now_ms);
        s->step_deadline_ms = now_ms + STEP_STREAM_MS;
    }
}

void kd_halt_escalate(struct kd_session *s, uint64_t now_ms)
{
    struct kd_exchange *x = &s->exchange;
    uint64_t step_ms = s->exchange.dialect == KD_DIALECT_KDNET ? STEP_KDNET_MS : STEP_STREAM_MS;
    bool may_be_answered = x->is_resyncing && x->resets_tried < BREAK_IN_AT_RESET;

    if (s->escalation == ESCALATE_BREAK_IN && now_ms < s->break_in_due_ms) {
        probe(s, now_ms);
    } else if (s->escalation == ESCALATE_BREAK_IN && s->break_ins >= BREAK_INS) {
        kd_session_lost(s);
    } else if (s->escalation != ESCALATE_BREAK_IN && may_be_answered) {
        s->step_deadline_ms = now_ms + step_ms; /* what its packet is shows after the exchange */
    } else if (s->escalation != ESCALATE_RESEND || x->is_resyncing) {
        send_break_in(s, now_ms);
    } else {
        if (s->exchange.dialect == KD_DIALECT_KDNET)
            kd_exchange_resend(x);
        kd_exchange_reset(x, now_ms);
        s->escalation = ESCALATE_RESET;
        s->step_deadline_ms = now_ms + step_ms;
    }
}

void kd_session_break_in(struct kd_session *s, uint64_t now_ms)
{
    if (s->is_leaving)
        return;
    if (s->state == STATE_HALTED && s->is_up) {
        kd_session_raise(s, KD_EVENT_HALTED);
        return;
    }
    if (s->wants_halt)
        return;
    s->wants_halt = true;
    if (!s->is_up || s->state == STATE_RESUMING) {
        s->break_ins = 0;
        return; /* when there is a link, when it runs */
    }
    kd_halt_start(s, s->state == STATE_RUNNING ? ESCALATE_BREAK_IN : ESCALATE_RESEND, now_ms);
}

void kd_session_break_off(struct kd_session *s)
{
    if (s->is_leaving)
        return;
    s->wants_halt = false;
    if (s->state != STATE_BREAKING)
        return;
    s->state = s->break_ins > 0 ? STATE_RUNNING : STATE_LINKED;
    s->step_deadline_ms = KD_NEVER;
}

/* --- stops --- */

void kd_session_freeze(struct kd_session *s, uint64_t now_ms)
{
    if (s->is_frozen)
        return;
    s->is_frozen = true;
    s->frozen_since_ms = now_ms;
    s->counters.freezes++;
}

void kd_session_thaw(struct kd_session *s, uint64_t now_ms)
{
    if (!s->is_frozen)
        return;
    s->counters.frozen_ms += now_ms - s->frozen_since_ms;
    s->is_frozen = false;
    s->thawed_ms = now_ms;
}

void kd_session_never_thawed(struct kd_session *s)
{
    s->is_frozen = true;
    s->frozen_since_ms = s->thawed_ms;
}

static void keep_stop(struct kd_session *s, const struct kd_packet *pkt)
{
    memset(&s->stop, 0, sizeof s->stop);
    if (kd_state_change_decode(pkt->data, pkt->len, &s->stop) != KD_OK)
        memset(&s->stop, 0, sizeof s->stop); /* it is halted all the same */
    if (s->stop.path.len > 0)
        memcpy(s->stop_path, s->stop.path.data, s->stop.path.len);
    s->stop.path.data = s->stop_path;
    s->stop_checksum = kd_checksum(pkt->data, pkt->len);
    s->stop_len = pkt->len;
}

static bool is_same_stop(const struct kd_session *s, const struct kd_packet *pkt)
{
    return kd_session_is_halted(s) && pkt->len == s->stop_len &&
           kd_checksum(pkt->data, pkt->len) == s->stop_checksum;
}

static bool is_breakpoint(const struct kd_state_change *stop)
{
    return stop->kind == KD_STATE_EXCEPTION && stop->exception_code == KD_STATUS_BREAKPOINT;
}

/* A b that arrived when the target stood already makes it halt once more after it was continued:
 * at the same place as for the one that was wanted. */
static bool is_stray(struct kd_session *s, uint64_t now_ms)
{
    bool is_it = s->may_stray && now_ms <= s->stray_until_ms &&
                 (s->stray_pc_va == 0 || s->stray_pc_va == s->stop.pc_va);

    if (!is_breakpoint(&s->stop))
        return false; /* it is still to come */
    s->may_stray = false;
    return is_it;
}

static void halted(struct kd_session *s)
{
    bool took_break_in = is_breakpoint(&s->stop);

    if (s->state == STATE_BREAKING || s->break_ins > 0) {
        s->may_stray = s->break_ins > (took_break_in ? 1u : 0u);
        s->stray_pc_va = took_break_in ? s->stop.pc_va : 0;
        s->break_ins = 0;
    }
    s->wants_halt = false;
    s->state = STATE_HALTED;
    kd_session_raise(s, KD_EVENT_HALTED);
}

static bool stays_at_module(const struct kd_session *s)
{
    return !s->is_leaving && s->stays_at_module && s->stays_at_module(s->ctx, &s->stop);
}

/* The target stands at s->stop, and stood nowhere before. */
static void stopped(struct kd_session *s, uint64_t now_ms)
{
    bool is_module = s->stop.kind == KD_STATE_LOAD_SYMBOLS;
    bool is_coming = s->state == STATE_BREAKING && s->break_ins > 0; /* another halt */
    bool is_unwanted = s->state == STATE_RUNNING && is_stray(s, now_ms);
    bool may_go_on = is_module && (s->state == STATE_RUNNING || is_coming || s->is_leaving);

    kd_session_freeze(s, now_ms);
    if (kd_state_change_is_farewell(&s->stop)) {
        kd_session_raise(s, KD_EVENT_RESTARTING);
        kd_resume_begin(s, false, now_ms);
    } else if (may_go_on && !stays_at_module(s)) {
        kd_session_raise(s, KD_EVENT_MODULE);
        kd_resume_begin(s, false, now_ms);
    } else if (s->is_leaving || is_unwanted) {
        kd_resume_begin(s, false, now_ms);
    } else {
        halted(s);
    }
}

/* The stop that was continued is told once more: the Continue was dropped, or lost and presumed to have
 * arrived. That is as good a halt as any; the b is still pending in it. */
void kd_halt_still_stands(struct kd_session *s)
{
    kd_session_never_thawed(s);
    s->may_stray = s->break_ins > 0;
    s->stray_pc_va = 0;
    s->break_ins = 0;
    s->state = STATE_RUNNING;
    halted(s);
}

/* A target that stands goes nowhere by itself. Over a stream, where no handshake tells of a new boot, a
 * stop with the sync bit shows one, and so does a loaded module, when that hello was lost: our ACK of
 * something else may have passed for that of the hello. */
bool kd_halt_is_of_new_boot(const struct kd_session *s, const struct kd_packet *pkt)
{
    return s->state == STATE_HALTED && s->exchange.dialect == KD_DIALECT_STREAM &&
           !pkt->is_control && pkt->type == KD_PACKET_STATE_CHANGE64 && pkt->id & KD_SYNC_BIT &&
           !is_same_stop(s, pkt);
}

static bool is_module_of_new_boot(const struct kd_session *s)
{
    return s->exchange.dialect == KD_DIALECT_STREAM && s->stop.kind == KD_STATE_LOAD_SYMBOLS;
}

void kd_halt_take_stop(struct kd_session *s, const struct kd_packet *pkt, uint64_t now_ms)
{
    bool is_same = is_same_stop(s, pkt);
    bool was_asked = s->resume.is_asked;

    if (s->exchange.sending == KD_SEND_ANSWER)
        kd_exchange_settle(&s->exchange, now_ms);
    if (s->state == STATE_RESUMING && s->exchange.sending == KD_SEND_CONTINUE) {
        if (is_same && s->exchange.was_report_asked)
            return; /* the Continue is repeated until it is acknowledged */
        kd_exchange_settle(&s->exchange, now_ms);
        kd_session_continued(s, false, now_ms);
    }
    if (!kd_session_is_halted(s)) {
        keep_stop(s, pkt);
        stopped(s, now_ms);
    } else if (is_same) {
        kd_request_reported(s, true);
    } else if (s->state == STATE_RESUMING) { /* it is the new one that it is to leave */
        kd_request_forget(s);
        keep_stop(s, pkt);
        kd_resume_begin(s, was_asked, now_ms);
    } else {
        keep_stop(s, pkt);
        if (is_module_of_new_boot(s)) {
            kd_session_restarted(s, now_ms);
            stopped(s, now_ms);
            return;
        }
        kd_request_reported(s, false);
        kd_session_raise(s, KD_EVENT_HALTED);
    }
}

/* --- it runs --- */

/* It is presumed to. One that stands after all answers a RESEND with its stop, and is continued again. */
static void look_after(struct kd_session *s, uint64_t now_ms)
{
    s->probes = 0;
    s->step_deadline_ms = now_ms + PROBE_MS;
}

void kd_halt_look_after(struct kd_session *s, uint64_t now_ms)
{
    if (!s->exchange.is_resyncing)
        kd_exchange_resend(&s->exchange);
    s->probes++;
    s->step_deadline_ms = s->probes < LOOKS ? now_ms + ((uint64_t)PROBE_MS << s->probes) : KD_NEVER;
}

void kd_session_continued(struct kd_session *s, bool is_presumed, uint64_t now_ms)
{
    bool was_resuming = s->state == STATE_RESUMING;
    enum kd_status st = is_presumed && s->is_lost ? KD_ERR_LOST : KD_OK;

    kd_session_thaw(s, now_ms);
    s->state = STATE_RUNNING;
    s->step_deadline_ms = KD_NEVER;
    s->exchange.was_report_asked = false;
    if (is_presumed)
        look_after(s, now_ms);
    if (was_resuming && !s->resume.is_repeated)
        s->repeats_left = REPEATS;
    if (was_resuming)
        s->stray_until_ms = now_ms + STRAY_MS;
    if (was_resuming && s->resume.is_asked)
        kd_session_raise_resumed(s, st, is_presumed, s->resume.rip_status);
    if (s->is_leaving) {
        s->left_status = st;
        s->left_presumed = is_presumed;
        if (was_resuming)
            s->left_rip_status = s->resume.rip_status;
        kd_leave_linger(s, now_ms);
    } else if (s->wants_halt && s->break_ins > 0) {
        s->state = STATE_BREAKING; /* a module came first */
        s->break_in_due_ms = now_ms + BREAK_IN_MS;
        wait_for_halt(s, now_ms);
    } else if (s->wants_halt) {
        kd_halt_start(s, ESCALATE_BREAK_IN, now_ms);
    }
}
