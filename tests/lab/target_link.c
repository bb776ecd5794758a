/* KD packets as the target's side handles them: kd-protocol.md 2.5-2.8.
 *
 *                      KDNET                   stream: ntkd, boot         stream: minimal
 *   first id           0, or where it stands   0x80800800 (sync bit)      0x80800001
 *   next id            + 2                     bit 0 toggles              bit 0 toggles
 *   host's first id    0x80000000              0x80800000                 0x80800000
 *   ACK carries        the id                  the id, no sync bit        the same
 *   host repeats       executed again          ACK, dropped               ACK, dropped
 *   own packet         repeated until its ACK  repeated until its ACK     sent once, next id at once
 *   RESEND             last word again         last word again            last packet again
 *   RESET              adopts the host's id,   both ids to 0x80800000,    only with id 0: host's id to
 *                      answers its own next,   answers noise,             the start, answers 0xDEADBEEF,
 *                      last word again         last word again            print, state change
 *   RESET, running     not heard               not heard                  the same; halts
 *   0x62, halted       remembered              remembered, and            state change
 *                                              last word again
 *   host unheard       3 tries                 20 tries; boot: for ever   -
 *   nobody ACKs        20 tries, id stands     20 tries, ids anew         -
 *
 * The last word is the packet that awaits its ACK, else the state change or question that the target
 * stands at. The column of minimal, and of ntkd what the document does not say, is [guess].
 *
 * All but minimal are stop-and-wait: of the packets queued only the first is on its way, under tx_id,
 * until it is acknowledged. While one is, what the host may say is the same everywhere (2.7) [guess]:
 *
 *   expected data      RESEND; not listened to, but taken for the ACK
 *   other data         ACK, dropped; own packet again
 *   no packet          RESEND */
#include "target_parts.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define KDNET_HOST_FIRST_ID 0x80000000u
#define STREAM_FIRST_ID     0x80800000u
#define MINIMAL_RESET_ID    0xDEADBEEFu
#define STREAM_DATA_MAX     4000 /* 3.8; a stub takes and sends more */
#define STREAM_READ_MAX     (STREAM_DATA_MAX - sizeof(struct lab_manipulate))
#define MINIMAL_READ_MAX    (LAB_DATA_MAX - sizeof(struct lab_manipulate))

static void reset_kdnet(struct lab_target *t, uint32_t id);
static void reset_ntkd(struct lab_target *t, uint32_t id);
static void reset_minimal(struct lab_target *t, uint32_t id);

static const struct link_rules kdnet_rules = {
    .tx_first = 0,
    .rx_first = KDNET_HOST_FIRST_ID,
    .read_max = 1024,
    .awaits_ack = true,
    .keeps_break_in = true,
    .reads_in_part = true,
    .tries_unheard = 3,
    .tries_heard = 20,
    .on_reset = reset_kdnet,
};

#define NTKD_RULES                                                                                 \
    .tx_first = STREAM_FIRST_ID | LAB_SYNC_BIT, .rx_first = STREAM_FIRST_ID,                       \
    .data_max = STREAM_DATA_MAX, .read_max = STREAM_READ_MAX, .toggles_ids = true,                 \
    .drops_repeats = true, .awaits_ack = true, .keeps_break_in = true, .answers_break_in = true,   \
    .reads_in_part = true, .tries_heard = 20, .on_reset = reset_ntkd

static const struct link_rules dialects[LAB_DIALECTS] = {
    [LAB_DIALECT_NTKD] = {NTKD_RULES, .tries_unheard = 20},
    [LAB_DIALECT_BOOT] = {NTKD_RULES, .tries_unheard = UINT_MAX, .waits_at_boot = true},
    [LAB_DIALECT_MINIMAL] =
        {
            .tx_first = STREAM_FIRST_ID ^ 1,
            .rx_first = STREAM_FIRST_ID,
            .data_max = LAB_DATA_MAX,
            .read_max = MINIMAL_READ_MAX,
            .toggles_ids = true,
            .drops_repeats = true,
            .hears_reset = true,
            .answers_break_in = true,
            .on_reset = reset_minimal,
        },
};

const struct link_rules *link_rules_of(const struct lab_target_options *opts)
{
    return opts->carrier == LAB_OVER_KDNET ? &kdnet_rules : &dialects[opts->dialect];
}

static uint32_t next_id(const struct lab_target *t, uint32_t id)
{
    return t->rules->toggles_ids ? (id & ~LAB_SYNC_BIT) ^ 1 : id + 2;
}

static uint32_t last_id(const struct lab_target *t, uint32_t id)
{
    return t->rules->toggles_ids ? id ^ 1 : id - 2;
}

/* An id as it is compared and acknowledged. */
static uint32_t plain_id(const struct lab_target *t, uint32_t id)
{
    return t->rules->toggles_ids ? id & ~LAB_SYNC_BIT : id;
}

/* first_id: 0, or a number of the last host's session where this kernel stands. */
void link_start_stage(struct lab_target *t, uint32_t first_id)
{
    t->tx_id = first_id == 0           ? t->rules->tx_first
               : t->rules->toggles_ids ? STREAM_FIRST_ID | (first_id & 1)
                                       : first_id;
    t->rx_id = t->rules->rx_first;
    t->queue_first = t->queue_count = 0;
    t->sent_last = NULL;
    t->tries = 0;
    t->resend_at_us = UINT64_MAX;
}

bool link_is_idle(const struct lab_target *t)
{
    return t->queue_count == 0;
}

bool link_is_deaf(const struct lab_target *t)
{
    return t->phase == LAB_RUNNING && link_is_idle(t) && !t->rules->hears_reset;
}

uint32_t link_data_max(const struct lab_target *t)
{
    if (t->rules->data_max > 0)
        return t->rules->data_max;
    return t->opts.version == 5 ? 0x480 : 0x580; /* 1.15 [guess] */
}

uint32_t link_sum(const uint8_t *bytes, size_t len)
{
    uint32_t sum = 0;

    for (size_t i = 0; i < len; i++)
        sum += bytes[i];
    return sum;
}

/* ---- sending ---- */

static void send(struct lab_target *t, const uint8_t *packet, size_t len)
{
    t->stats.packets_sent++;
    if (t->opts.carrier == LAB_OVER_STREAM)
        stream_send(t, packet, len);
    else
        net_send(t, packet, len);
}

static void send_control(struct lab_target *t, enum lab_packet_type type, uint32_t id)
{
    struct lab_header h = {.leader = LAB_LEADER_CONTROL, .type = (uint16_t)type, .id = id};
    uint8_t bytes[sizeof h];

    memcpy(bytes, &h, sizeof h);
    send(t, bytes, sizeof bytes);
}

void link_refuse(struct lab_target *t)
{
    t->stats.bad_packets++;
    t->stats.resends_sent++;
    send_control(t, LAB_PACKET_RESEND, 0);
}

static void acknowledge(struct lab_target *t, uint32_t id)
{
    send_control(t, LAB_PACKET_ACKNOWLEDGE, plain_id(t, id));
}

void link_accept(struct lab_target *t, uint32_t id)
{
    acknowledge(t, id);
    t->rx_id = next_id(t, t->rx_id);
}

static uint64_t ack_wait_us(const struct lab_target *t)
{
    return t->opts.retransmit_us > 0 ? t->opts.retransmit_us : LAB_ACK_WAIT_US;
}

/* When all that was said is out. On a serial line that takes its time, and a target waits for it. */
static uint64_t spoken_us(const struct lab_target *t)
{
    return t->opts.carrier == LAB_OVER_STREAM ? stream_spoken_us(t) : t->now_us;
}

static void transmit(struct lab_target *t)
{
    struct lab_packet *p = &t->queue[t->queue_first];

    memcpy(p->bytes + offsetof(struct lab_header, id), &t->tx_id, sizeof t->tx_id);
    send(t, p->bytes, p->len);
    t->sent_last = p;
    t->resend_at_us = t->is_linked ? spoken_us(t) + ack_wait_us(t) : UINT64_MAX;
}

void link_transmit_again(struct lab_target *t)
{
    if (link_is_idle(t))
        return;
    t->tries = 0;
    transmit(t);
}

struct lab_packet *link_slot(struct lab_target *t)
{
    if (t->queue_count == LAB_QUEUE_MAX)
        abort(); /* only a reply behind a print ever waits */
    return &t->queue[(t->queue_first + t->queue_count) % LAB_QUEUE_MAX];
}

uint8_t *link_data(struct lab_packet *p)
{
    return p->bytes + sizeof(struct lab_header);
}

/* The first of the queue is done with; the next goes out under this id. */
static void forget_first(struct lab_target *t, uint32_t id)
{
    t->tx_id = id;
    t->queue_first = (t->queue_first + 1) % LAB_QUEUE_MAX;
    t->queue_count--;
    t->tries = 0;
    t->resend_at_us = UINT64_MAX;
    if (!link_is_idle(t))
        transmit(t);
}

void link_queue(struct lab_target *t, struct lab_packet *p, enum lab_packet_type type,
                size_t data_len, enum lab_patience patience)
{
    struct lab_header h = {.leader = LAB_LEADER_DATA,
                           .type = (uint16_t)type,
                           .byte_count = (uint16_t)data_len,
                           .checksum = link_sum(link_data(p), data_len)};

    memcpy(p->bytes, &h, sizeof h);
    p->len = sizeof h + data_len;
    p->type = type;
    p->patience = patience;
    if (t->queue_count++ > 0)
        return; /* until the one before it is acknowledged */
    t->tries = 0;
    transmit(t);
    if (!t->rules->awaits_ack)
        forget_first(t, next_id(t, t->tx_id));
}

static void acknowledged(struct lab_target *t)
{
    t->host_gone = false;
    forget_first(t, next_id(t, t->tx_id));
    run_on(t);
}

/* On KDNET the next packet goes out under the id of the one that nobody acknowledged; over a stream
 * whoever listens next is told that everything begins anew [guess]. */
static void give_up(struct lab_target *t)
{
    enum lab_patience patience = t->queue[t->queue_first].patience;

    t->stats.given_up++;
    t->rx_id = t->rules->toggles_ids ? t->rules->rx_first : t->rx_id;
    forget_first(t, t->rules->toggles_ids ? t->rules->tx_first : t->tx_id);
    run_given_up(t, patience);
}

/* Patience is a time: who repeats sooner, as a test may want it, tries more often. */
static uint64_t tries_max(const struct lab_target *t)
{
    uint64_t tries = t->was_heard ? t->rules->tries_heard : t->rules->tries_unheard;

    if (!t->was_heard && (t->is_boot || t->opts.tape))
        return UINT64_MAX; /* as a boot debugger waits [guess]; a tape is not played to nobody */
    if (ack_wait_us(t) < LAB_ACK_WAIT_US)
        tries = tries * LAB_ACK_WAIT_US / ack_wait_us(t);
    return tries;
}

void link_tick(struct lab_target *t)
{
    if (t->now_us < t->resend_at_us)
        return;
    if (t->queue[t->queue_first].patience != LAB_REPEATS_FOR_EVER && ++t->tries >= tries_max(t)) {
        give_up(t);
        return;
    }
    t->stats.retransmissions++;
    transmit(t);
}

/* ---- receiving ---- */

static bool is_well_formed(const struct lab_target *t, const uint8_t *payload, size_t len,
                           struct lab_header *h)
{
    if (len < sizeof *h)
        return false;
    memcpy(h, payload, sizeof *h);
    if (h->leader == LAB_LEADER_CONTROL)
        return h->byte_count == 0 && len == sizeof *h;
    return h->leader == LAB_LEADER_DATA && h->byte_count == len - sizeof *h &&
           h->byte_count <= link_data_max(t) &&
           h->checksum == link_sum(payload + sizeof *h, h->byte_count);
}

/* How often it spoke to nobody does not count against the host that has come. */
void link_heard(struct lab_target *t)
{
    if (!t->was_heard)
        t->tries = 0;
    t->was_heard = true;
}

/* RESEND, and RESET once the ids are exchanged, both ask for the last word again. */
void link_say_again(struct lab_target *t)
{
    if (link_is_idle(t)) {
        run_say_again(t);
        return;
    }
    t->stats.retransmissions++;
    transmit(t); /* costs no try (2.8) */
}

/* Who awaits no ACK remembers what it sent last, and that is all it can repeat. */
static void on_resend(struct lab_target *t)
{
    t->stats.resends_received++;
    if (t->rules->awaits_ack || !t->sent_last) {
        link_say_again(t);
        return;
    }
    t->stats.retransmissions++;
    send(t, t->sent_last->bytes, t->sent_last->len);
}

static void reset_kdnet(struct lab_target *t, uint32_t id)
{
    t->rx_id = id;
    send_control(t, LAB_PACKET_RESET, t->tx_id);
    link_say_again(t);
}

static void reset_ntkd(struct lab_target *t, uint32_t id)
{
    (void)id;
    t->rx_id = t->tx_id = STREAM_FIRST_ID;
    send_control(t, LAB_PACKET_RESET, (uint32_t)target_random(t));
    link_say_again(t);
}

/* Its own ids go on; the print has one of the two parities, and the state change the other. */
static void reset_minimal(struct lab_target *t, uint32_t id)
{
    if (id != 0)
        return;
    t->rx_id = STREAM_FIRST_ID;
    send_control(t, LAB_PACKET_RESET, MINIMAL_RESET_ID);
    run_greet(t);
}

static void on_control(struct lab_target *t, const struct lab_header *h)
{
    switch (h->type) {
    case LAB_PACKET_ACKNOWLEDGE:
        if (link_is_idle(t) || h->id != plain_id(t, t->tx_id))
            break;
        if (t->queue[t->queue_first].type == LAB_PACKET_DEBUG_IO)
            t->stats.prints_acked++;
        acknowledged(t);
        break;
    case LAB_PACKET_RESEND:
        on_resend(t);
        break;
    case LAB_PACKET_RESET:
        t->stats.resets_received++;
        t->rules->on_reset(t, h->id);
        break;
    default:
        link_refuse(t);
    }
}

/* Host data while our own packet awaits its acknowledgement (2.7). */
static void on_crossing(struct lab_target *t, const struct lab_header *h)
{
    if (plain_id(t, h->id) == t->rx_id) {
        /* The host has gone on, so it must have heard us; what it said was not listened to. */
        t->stats.resends_sent++;
        send_control(t, LAB_PACKET_RESEND, 0);
        acknowledged(t);
    } else {
        t->stats.duplicates++;
        acknowledge(t, h->id);
        t->stats.retransmissions++;
        transmit(t);
    }
}

/* KDNET targets take any request, whatever its id, and tell only answers from their repeats [guess]. */
static bool is_repeat(const struct lab_target *t, const struct lab_header *h)
{
    if (t->rules->drops_repeats)
        return plain_id(t, h->id) != t->rx_id;
    return h->type != LAB_PACKET_MANIPULATE && h->id == last_id(t, t->rx_id);
}

static void on_data(struct lab_target *t, const struct lab_header *h, const uint8_t *data)
{
    bool is_request = h->type == LAB_PACKET_MANIPULATE;

    if (is_repeat(t, h)) {
        t->stats.duplicates++;
        acknowledge(t, h->id); /* again: the first one was lost */
    } else if (t->phase == LAB_AWAITING_ANSWER && h->type == t->question.type) {
        run_answer(t, h->id, data, h->byte_count);
    } else if (t->phase == LAB_HALTED && is_request &&
               h->byte_count >= sizeof(struct lab_manipulate)) {
        requests_handle(t, h->id, data, h->byte_count);
    } else {
        link_refuse(t);
    }
}

void link_packet(struct lab_target *t, const struct lab_header *h, const uint8_t *data)
{
    bool is_control = h->leader == LAB_LEADER_CONTROL;

    link_heard(t);
    t->stats.packets_received++;
    if (t->phase == LAB_RUNNING && link_is_idle(t) && !(is_control && h->type == LAB_PACKET_RESET))
        return; /* who hears while it runs hears RESET alone */
    if (is_control)
        on_control(t, h);
    else if (!link_is_idle(t))
        on_crossing(t, h);
    else
        on_data(t, h, data);
}

void link_payload(struct lab_target *t, const uint8_t *payload, size_t len)
{
    struct lab_header h;

    if (len == 1 && payload[0] == LAB_BREAK_IN_BYTE)
        run_break_in(t);
    else if (link_is_deaf(t))
        return; /* a running target polls for the break-in byte and drops the rest */
    else if (!is_well_formed(t, payload, len, &h))
        link_refuse(t);
    else
        link_packet(t, &h, payload + sizeof h);
}
