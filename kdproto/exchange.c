/* What a packet does, by kind of link. "expected" is rx_id, "outstanding" our un-ACKed packet.
 *
 *   packet                       KDNET                            stream
 *   ACK(id of the outstanding)   done, tx id += 2                 done, tx id ^= 1
 *   ACK(other)                   ignored                          ignored
 *   RESEND                       outstanding again, else ignored  same
 *   RESET, after one of ours     expected := its id               both ids := first
 *   RESET, that once more        same                             unsure of our id until a reply comes
 *   RESET, unasked               same, answered once, outstanding again
 *   data, expected id            ACK, expected += 2, hand on      ACK, expected ^= 1, hand on
 *   data, the very one before    ACK, drop                        ACK, drop
 *   data, first behind a RESET   as any other                     its id is the expected one
 *   data, other in bit 0         resynchronise                    resynchronise
 *   data, any other id           resynchronise                    doubt.h: RESEND, twice: as above
 *   data with the sync bit       -                                the same: the target restarted
 *   data while resynchronising   dropped, not acknowledged: it comes again afterwards
 *
 *   timers: pace.c
 */
#include "exchange.h"

#include <assert.h>
#include <string.h>

enum {
    ASKED_AGAIN_MAX = 30, /* who will never take a packet, for its size say, asks for ever */
    CONTINUE_DOUBLINGS = 2,
    SETTLE_MS = 100,  /* a target that repeats something behind a RESET does it at once [seen] */
    SETTLE_LEN = 300, /* a stop's report */
};

/* --- outputs --- */

/* What finds no room is lost, as on the wire; then the timers of one end or the other repeat it. */
static void put_out(struct kd_exchange *x, int kind, uint32_t id)
{
    struct kd_output *out;

    if (x->output_count == KD_OUTPUTS_MAX)
        return;
    out = &x->outputs[(x->output_head + x->output_count++) % KD_OUTPUTS_MAX];
    out->kind = kind;
    out->id = id;
}

static struct kd_output *find_out(struct kd_exchange *x, int kind)
{
    for (unsigned i = 0; i < x->output_count; i++) {
        struct kd_output *out = &x->outputs[(x->output_head + i) % KD_OUTPUTS_MAX];

        if ((int)out->kind == kind)
            return out;
    }
    return NULL;
}

static void encode(struct kd_exchange *x, const struct kd_output *out, struct kd_span *bytes)
{
    struct kd_packet pkt = {.is_control = true, .id = out->id};
    size_t len;
    enum kd_status st;

    if (out->kind == KD_OUT_BREAK_IN) {
        x->encoded[0] = KD_BREAKIN;
        *bytes = (struct kd_span){x->encoded, 1};
        return;
    }
    if (out->kind == KD_OUT_DATA) {
        pkt.is_control = false;
        pkt.type = x->send_type;
        pkt.id = x->tx_id;
        pkt.data = x->send_data;
        pkt.len = x->send_len;
    } else {
        pkt.type = out->kind == KD_OUT_ACK      ? KD_PACKET_ACKNOWLEDGE
                   : out->kind == KD_OUT_RESEND ? KD_PACKET_RESEND
                                                : KD_PACKET_RESET;
    }
    st = kd_packet_encode(&pkt, x->encoded, KD_PACKET_LEN_MAX, &len);
    assert(st == KD_OK); /* sizes were checked when it was taken */
    (void)st;
    if (out->kind == KD_OUT_DATA && x->dialect == KD_DIALECT_STREAM)
        x->encoded[len++] = KD_TRAILER;
    *bytes = (struct kd_span){x->encoded, len};
}

bool kd_exchange_next_output(struct kd_exchange *x, struct kd_span *bytes)
{
    while (x->output_count > 0) {
        struct kd_output out = x->outputs[x->output_head];

        x->output_head = (x->output_head + 1) % KD_OUTPUTS_MAX;
        x->output_count--;
        if (out.kind == KD_OUT_NOTHING)
            continue;
        encode(x, &out, bytes);
        return true;
    }
    return false;
}

void kd_exchange_break_in(struct kd_exchange *x)
{
    put_out(x, KD_OUT_BREAK_IN, 0);
}

void kd_exchange_resend(struct kd_exchange *x)
{
    x->was_report_asked = true;
    x->counters->resends++;
    put_out(x, KD_OUT_RESEND, 0);
}

/* --- the outstanding packet --- */

/* Only packets sent once are measured: of others nobody knows which copy was acknowledged. */
static void measure(struct kd_exchange *x, uint64_t now_ms)
{
    if (!x->is_repeated && now_ms >= x->sent_ms)
        kd_pace_round_trip(&x->pace, now_ms - x->sent_ms);
}

/* A Continue that is acknowledged in vain is the most frequent loss of whoever lets a target go again and
 * again, and it stands if it was the Continue: it is repeated sooner. Not over a stream, where a target
 * that takes it for part of a longer packet must be given the silence to notice. */
static uint64_t ack_timeout_ms(const struct kd_exchange *x)
{
    unsigned n = x->tries > 0 ? x->tries - 1 : 0;

    if (x->sending == KD_SEND_CONTINUE && x->dialect == KD_DIALECT_KDNET && n > CONTINUE_DOUBLINGS)
        n = CONTINUE_DOUBLINGS;
    return kd_pace_ack_ms(&x->pace, n, KD_PACKET_HEADER_LEN + x->send_len + 1);
}

static uint32_t id_after(const struct kd_exchange *x, uint32_t id)
{
    return x->dialect == KD_DIALECT_KDNET ? id + 2 : id ^ 1;
}

static void put_out_data(struct kd_exchange *x, uint64_t now_ms)
{
    x->is_held = false;
    x->send_deadline_ms = now_ms + ack_timeout_ms(x);
    if (!find_out(x, KD_OUT_DATA))
        put_out(x, KD_OUT_DATA, 0);
}

static void repeat(struct kd_exchange *x, uint64_t now_ms)
{
    x->is_repeated = true;
    x->counters->retransmissions++;
    put_out_data(x, now_ms);
}

bool kd_exchange_is_free(const struct kd_exchange *x)
{
    return x->sending == KD_SEND_NONE && !x->is_resyncing && !x->needs_reset &&
           x->settle_deadline_ms == KD_NEVER;
}

void kd_exchange_send(struct kd_exchange *x, const struct kd_send *send, uint64_t now_ms)
{
    assert(kd_exchange_is_free(x) && send->data.len <= KD_PACKET_DATA_MAX);
    x->sending = send->kind;
    x->send_type = send->type;
    x->send_len = send->data.len;
    memcpy(x->send_data, send->data.data, send->data.len);
    x->tries = 1;
    x->max_tries = send->max_tries;
    x->asked_again = 0;
    x->is_repeated = false;
    x->sent_ms = now_ms;
    put_out_data(x, now_ms);
}

/* Nothing is outstanding; a copy that has not gone out yet need not. */
static void release(struct kd_exchange *x)
{
    struct kd_output *out = find_out(x, KD_OUT_DATA);

    if (out)
        out->kind = KD_OUT_NOTHING;
    x->sending = KD_SEND_NONE;
}

void kd_exchange_settle(struct kd_exchange *x, uint64_t now_ms)
{
    measure(x, now_ms);
    x->recovered += x->is_repeated;
    release(x);
    x->tx_id = id_after(x, x->tx_id);
}

void kd_exchange_presume(struct kd_exchange *x)
{
    release(x);
    x->tx_id = id_after(x, x->tx_id);
    x->needs_reset = x->dialect == KD_DIALECT_STREAM; /* KDNET targets do not check ids [doc] */
}

void kd_exchange_withdraw(struct kd_exchange *x)
{
    release(x);
}

void kd_exchange_abandon(struct kd_exchange *x, uint64_t now_ms)
{
    if (x->sending != KD_SEND_NONE)
        x->tx_id = id_after(x, x->tx_id);
    release(x);
    x->is_resyncing = x->needs_reset = false;
    x->settle_deadline_ms = KD_NEVER;
    kd_exchange_reset(x, now_ms); /* not waited for: it arrives before what is sent next */
    if (x->dialect == KD_DIALECT_STREAM)
        x->tx_id = x->rx_id = (uint32_t)KD_FIRST_ID_STREAM;
}

void kd_exchange_hears(struct kd_exchange *x, uint64_t now_ms)
{
    if (x->send_deadline_ms < now_ms + KD_FRAMER_SILENCE_MS)
        x->send_deadline_ms = now_ms + KD_FRAMER_SILENCE_MS;
}

/* --- RESET --- */

void kd_exchange_reset(struct kd_exchange *x, uint64_t now_ms)
{
    x->is_reset_unanswered = true;
    x->was_reset_sent = true;
    x->was_report_asked = true;
    x->reset_sent_ms = now_ms;
    x->counters->resets++;
    put_out(x, KD_OUT_RESET, x->dialect == KD_DIALECT_KDNET ? x->tx_id : 0);
}

void kd_exchange_resync(struct kd_exchange *x, uint64_t now_ms)
{
    if (x->is_resyncing)
        return;
    x->is_resyncing = true;
    x->resets_tried = 1;
    /* One that went out before may have met a target that ran, and ignored it. */
    if (!x->is_reset_unanswered || now_ms - x->reset_sent_ms >= KD_RESET_HEARD_MS)
        kd_exchange_reset(x, now_ms);
    x->resync_deadline_ms = x->reset_sent_ms + kd_pace_reset_ms(&x->pace);
}

static enum kd_receipt take_reset(struct kd_exchange *x, const struct kd_packet *pkt,
                                  uint64_t now_ms)
{
    bool was_resyncing = x->is_resyncing;
    bool is_copy = !x->is_reset_unanswered && x->was_reset_sent &&
                   now_ms - x->reset_sent_ms < KD_RESET_ANSWERED_MS;
    bool is_answer = x->is_reset_unanswered || is_copy;

    if (is_copy && x->dialect == KD_DIALECT_STREAM) {
        /* Was the answer doubled on its way, or our RESET, and the target began anew once more? */
        x->is_unsure = true;
        return KD_RECEIPT_NOTHING;
    }
    if (x->dialect == KD_DIALECT_KDNET) {
        /* Said before our ACK of the last packet was seen: that one may come again, or the next. */
        x->was_reset_to_last = x->last.is_known && x->last.id == pkt->id;
        x->rx_id = x->was_reset_to_last ? pkt->id + 2 : pkt->id;
    } else { /* its id is noise [doc] */
        x->tx_id = x->rx_id = (uint32_t)KD_FIRST_ID_STREAM;
        x->last.is_known = false;
        x->doubt_deadline_ms = KD_NEVER;
    }
    x->is_resyncing = x->is_reset_unanswered = x->needs_reset = x->is_unsure = false;
    if (!is_answer) {
        kd_exchange_reset(x, now_ms);
        x->is_reset_unanswered = false; /* an answer is not answered */
        if (x->sending != KD_SEND_NONE)
            repeat(x, now_ms);
        return KD_RECEIPT_NOTHING;
    }
    if (x->sending != KD_SEND_NONE) { /* what the target repeats now comes first */
        x->tries = 1;
        x->is_repeated = true;
        x->is_held = true;
        x->send_deadline_ms = now_ms + ack_timeout_ms(x);
    } else if (was_resyncing) {
        x->settle_deadline_ms = now_ms + SETTLE_MS + kd_pace_transfer_ms(&x->pace, SETTLE_LEN);
    }
    return was_resyncing ? KD_RECEIPT_RESYNCED : KD_RECEIPT_NOTHING;
}

/* --- packets in --- */

static enum kd_receipt take_ack(struct kd_exchange *x, const struct kd_packet *pkt, uint64_t now_ms,
                                enum kd_send_kind *acked)
{
    if (x->sending == KD_SEND_NONE || pkt->id != x->tx_id)
        return KD_RECEIPT_NOTHING; /* it acknowledges a copy of something that is done */
    *acked = x->sending;
    kd_exchange_settle(x, now_ms);
    return KD_RECEIPT_ACKED;
}

/* While ids disagree the outstanding packet waits; but for a Continue, which needs no reply, and
 * whose repetition a running target ignores. */
static bool is_paused(const struct kd_exchange *x)
{
    return x->is_resyncing && x->sending != KD_SEND_CONTINUE;
}

static enum kd_receipt take_resend(struct kd_exchange *x, uint64_t now_ms)
{
    if (x->sending == KD_SEND_NONE || is_paused(x))
        return KD_RECEIPT_NOTHING;
    if (++x->asked_again > ASKED_AGAIN_MAX)
        return KD_RECEIPT_UNWANTED;
    x->tries = 1; /* who asks for it is there, and has not got it */
    repeat(x, now_ms);
    return KD_RECEIPT_NOTHING;
}

/* Acknowledge a data packet; behind that goes what a RESET exchange held back. */
static void acknowledge(struct kd_exchange *x, uint32_t id, uint64_t now_ms)
{
    x->settle_deadline_ms = KD_NEVER;
    put_out(x, KD_OUT_ACK, id & ~(x->dialect == KD_DIALECT_STREAM ? (uint32_t)KD_SYNC_BIT : 0u));
    if (x->sending != KD_SEND_NONE && x->is_held)
        repeat(x, now_ms);
}

static enum kd_receipt take_kdnet(struct kd_exchange *x, const struct kd_packet *pkt,
                                  uint64_t now_ms)
{
    bool is_before = x->last.is_known && pkt->id == x->last.id && pkt->id == x->rx_id - 2;

    if (is_before && kd_sight_is(&x->last, pkt)) {
        acknowledge(x, pkt->id, now_ms);
        return KD_RECEIPT_AGAIN;
    }
    if (pkt->id != x->rx_id && !(is_before && x->was_reset_to_last)) {
        kd_exchange_resync(x, now_ms);
        return KD_RECEIPT_NOTHING;
    }
    x->rx_id = pkt->id + 2;
    x->was_reset_to_last = false;
    kd_sight_take(&x->last, pkt);
    acknowledge(x, pkt->id, now_ms);
    return KD_RECEIPT_NEW;
}

void kd_exchange_expect_hello(struct kd_exchange *x, const struct kd_packet *pkt)
{
    kd_sight_take(&x->doubt.odd, pkt);
    x->doubt.since_ms = 0;
}

/* The target has just started, whatever was expected. Our own tx id means nothing to it, so RESET comes
 * before we send. */
static enum kd_receipt take_hello(struct kd_exchange *x, const struct kd_packet *pkt,
                                  uint64_t now_ms)
{
    bool was_heard = x->last.is_known;

    x->rx_id = (pkt->id & ~(uint32_t)KD_SYNC_BIT) ^ 1;
    x->needs_reset = true;
    kd_sight_take(&x->last, pkt);
    if (was_heard)
        release(x); /* whoever was to receive it is gone */
    acknowledge(x, pkt->id, now_ms);
    return was_heard ? KD_RECEIPT_RESTARTED : KD_RECEIPT_NEW;
}

/* Does what no checksum covers fit what is known? The two ids that a target uses in turn differ in
 * their lowest bit alone; with which it begins behind a RESET is its own matter. */
static bool is_odd(const struct kd_exchange *x, const struct kd_packet *pkt)
{
    const uint32_t rx_id = x->last.is_known ? x->rx_id : (uint32_t)KD_FIRST_ID_STREAM;

    if (!kd_doubt_fits_type(pkt) || (pkt->id & KD_SYNC_BIT && x->last.is_known))
        return true;
    return (pkt->id & ~(KD_SYNC_BIT | 1u)) != (rx_id & ~1u);
}

/* True: it does not fit, and is not believed yet. It is asked for again at once, for most are damaged and
 * the next will fit; where the same comes back, not before it can be believed: a target answers each
 * RESEND within microseconds. */
static bool is_doubted(struct kd_exchange *x, const struct kd_packet *pkt, uint64_t now_ms)
{
    if (!is_odd(x, pkt))
        return false;
    switch (kd_doubt_take(&x->doubt, pkt, now_ms)) {
    case KD_DOUBTED:
        kd_exchange_resend(x);
        return true;
    case KD_TOO_SOON:
        x->doubt_deadline_ms = kd_doubt_until_ms(&x->doubt);
        return true;
    case KD_BELIEVED:
        break;
    }
    return false;
}

static enum kd_receipt take_stream(struct kd_exchange *x, const struct kd_packet *pkt,
                                   uint64_t now_ms)
{
    if (kd_sight_is(&x->last, pkt)) {
        acknowledge(x, pkt->id, now_ms);
        return KD_RECEIPT_AGAIN;
    }
    if (is_doubted(x, pkt, now_ms))
        return KD_RECEIPT_NOTHING;
    x->doubt_deadline_ms = KD_NEVER;
    if (pkt->id & KD_SYNC_BIT)
        return take_hello(x, pkt, now_ms);
    if (x->last.is_known && pkt->id != x->rx_id) {
        kd_exchange_resync(x, now_ms);
        return KD_RECEIPT_NOTHING;
    }
    x->rx_id = pkt->id ^ 1;
    kd_sight_take(&x->last, pkt);
    acknowledge(x, pkt->id, now_ms);
    return KD_RECEIPT_NEW;
}

enum kd_receipt kd_exchange_packet(struct kd_exchange *x, const struct kd_packet *pkt,
                                   uint64_t now_ms, enum kd_send_kind *acked)
{
    if (pkt->is_control) {
        switch (pkt->type) {
        case KD_PACKET_ACKNOWLEDGE:
            return take_ack(x, pkt, now_ms, acked);
        case KD_PACKET_RESEND:
            return take_resend(x, now_ms);
        case KD_PACKET_RESET:
            return take_reset(x, pkt, now_ms);
        default:
            return KD_RECEIPT_NOTHING;
        }
    }
    if (x->is_resyncing)
        return KD_RECEIPT_NOTHING;
    return x->dialect == KD_DIALECT_KDNET ? take_kdnet(x, pkt, now_ms)
                                          : take_stream(x, pkt, now_ms);
}

/* --- time --- */

static enum kd_expiry resync_tick(struct kd_exchange *x, uint64_t now_ms)
{
    if (!x->is_resyncing || now_ms < x->resync_deadline_ms)
        return KD_EXPIRY_NOTHING;
    if (x->resets_tried >= KD_RESET_TRIES) {
        x->is_resyncing = false;
        x->send_deadline_ms = now_ms;
        return KD_EXPIRY_RESETS;
    }
    x->resets_tried++;
    kd_exchange_reset(x, now_ms);
    x->resync_deadline_ms = now_ms + kd_pace_reset_ms(&x->pace);
    return KD_EXPIRY_NOTHING;
}

enum kd_expiry kd_exchange_tick(struct kd_exchange *x, uint64_t now_ms)
{
    enum kd_expiry expiry = resync_tick(x, now_ms);

    if (now_ms >= x->settle_deadline_ms)
        x->settle_deadline_ms = KD_NEVER;
    if (now_ms >= x->doubt_deadline_ms) {
        x->doubt_deadline_ms = KD_NEVER;
        kd_exchange_resend(x);
    }
    if (expiry != KD_EXPIRY_NOTHING || x->sending == KD_SEND_NONE || is_paused(x) ||
        now_ms < x->send_deadline_ms)
        return expiry;
    if (x->tries >= x->max_tries)
        return KD_EXPIRY_TRIES;
    x->tries++;
    repeat(x, now_ms);
    return KD_EXPIRY_NOTHING;
}

uint64_t kd_exchange_deadline_ms(const struct kd_exchange *x)
{
    uint64_t t = x->is_resyncing ? x->resync_deadline_ms : x->settle_deadline_ms;

    t = kd_sooner(t, x->doubt_deadline_ms);
    if (x->sending != KD_SEND_NONE && !is_paused(x) && x->send_deadline_ms < t)
        t = x->send_deadline_ms;
    return t;
}

/* --- from the start --- */

void kd_exchange_init(struct kd_exchange *x, const struct kd_session_opts *opts,
                      struct kd_session_counters *counters)
{
    memset(x, 0, sizeof *x);
    x->dialect = opts->dialect;
    x->counters = counters;
    kd_pace_init(&x->pace, opts);
    kd_exchange_restart(x);
}

void kd_exchange_restart(struct kd_exchange *x)
{
    bool is_kdnet = x->dialect == KD_DIALECT_KDNET;

    x->tx_id = is_kdnet ? (uint32_t)KD_FIRST_TX_KDNET : (uint32_t)KD_FIRST_ID_STREAM;
    x->rx_id = is_kdnet ? 0 : (uint32_t)KD_FIRST_ID_STREAM;
    x->last.is_known = false;
    release(x);
    x->is_resyncing = x->is_reset_unanswered = x->needs_reset = x->was_reset_sent = false;
    x->is_unsure = x->doubt.odd.is_known = false;
    x->settle_deadline_ms = x->doubt_deadline_ms = KD_NEVER;
    x->was_report_asked = false;
    kd_pace_forget(&x->pace);
    x->output_count = 0;
}

void kd_exchange_relink(struct kd_exchange *x, uint64_t now_ms)
{
    x->output_count = 0;
    x->is_reset_unanswered = x->was_reset_sent = false;
    x->settle_deadline_ms = x->doubt_deadline_ms = KD_NEVER;
    if (x->is_resyncing) {
        x->is_resyncing = false;
        kd_exchange_resync(x, now_ms);
    }
    if (x->dialect == KD_DIALECT_STREAM)
        x->needs_reset = true; /* nobody knows what was lost meanwhile */
    x->tries = 1;
    x->send_deadline_ms = now_ms;
}
