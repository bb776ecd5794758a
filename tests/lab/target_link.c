/* KD packets as the target's side of KDNET handles them: kd-protocol.md 2.6-2.8.
 *
 * The target is stop-and-wait: of the packets queued only the first is on its way, under tx_id, until
 * it is acknowledged. While one is, the table of 2.7 rules what the host may say. */
#include "target_parts.h"

#include <stdlib.h>
#include <string.h>

#define HOST_FIRST_ID 0x80000000u
#define ID_STEP       2

void link_start_stage(struct lab_target *t, uint32_t first_id)
{
    t->tx_id = first_id;
    t->rx_id = HOST_FIRST_ID;
    t->queue_first = t->queue_count = 0;
    t->tries = 0;
    t->resend_at_us = UINT64_MAX;
}

bool link_is_idle(const struct lab_target *t)
{
    return t->queue_count == 0;
}

uint32_t link_data_max(const struct lab_target *t)
{
    return t->opts.version == 5 ? 0x480 : 0x580; /* 1.15 [guess] */
}

static uint32_t sum_of(const uint8_t *bytes, size_t len)
{
    uint32_t sum = 0;

    for (size_t i = 0; i < len; i++)
        sum += bytes[i];
    return sum;
}

/* ---- sending ---- */

static void send_control(struct lab_target *t, enum lab_packet_type type, uint32_t id)
{
    struct lab_header h = {.leader = LAB_LEADER_CONTROL, .type = (uint16_t)type, .id = id};
    uint8_t bytes[sizeof h];

    memcpy(bytes, &h, sizeof h);
    kdnet_send(t, bytes, sizeof bytes);
}

void link_refuse(struct lab_target *t)
{
    t->stats.bad_packets++;
    t->stats.resends_sent++;
    send_control(t, LAB_PACKET_RESEND, 0);
}

static void acknowledge(struct lab_target *t, uint32_t id)
{
    send_control(t, LAB_PACKET_ACKNOWLEDGE, id);
}

/* Ids of requests are not compared with what is expected: what is well-formed is taken (2.6) [guess]. */
void link_accept(struct lab_target *t, uint32_t id)
{
    acknowledge(t, id);
    t->rx_id += ID_STEP;
}

static void transmit(struct lab_target *t)
{
    struct lab_packet *p = &t->queue[t->queue_first];

    memcpy(p->bytes + offsetof(struct lab_header, id), &t->tx_id, sizeof t->tx_id);
    kdnet_send(t, p->bytes, p->len);
    t->resend_at_us = t->is_linked ? t->now_us + LAB_ACK_WAIT_US : UINT64_MAX;
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

void link_queue(struct lab_target *t, struct lab_packet *p, enum lab_packet_type type,
                size_t data_len, enum lab_patience patience)
{
    struct lab_header h = {.leader = LAB_LEADER_DATA,
                           .type = (uint16_t)type,
                           .byte_count = (uint16_t)data_len,
                           .checksum = sum_of(link_data(p), data_len)};

    memcpy(p->bytes, &h, sizeof h);
    p->len = sizeof h + data_len;
    p->type = type;
    p->patience = patience;
    if (t->queue_count++ == 0) {
        t->tries = 0;
        transmit(t);
    }
}

static void forget_first(struct lab_target *t)
{
    t->queue_first = (t->queue_first + 1) % LAB_QUEUE_MAX;
    t->queue_count--;
    t->tries = 0;
    t->resend_at_us = UINT64_MAX;
    if (!link_is_idle(t))
        transmit(t);
}

static void acknowledged(struct lab_target *t)
{
    t->tx_id += ID_STEP;
    t->host_gone = false;
    forget_first(t);
    run_on(t);
}

/* The next packet goes out under the id of the one that nobody acknowledged. */
static void give_up(struct lab_target *t)
{
    enum lab_patience patience = t->queue[t->queue_first].patience;

    t->stats.given_up++;
    forget_first(t);
    run_given_up(t, patience);
}

void link_tick(struct lab_target *t)
{
    unsigned tries_max = t->was_heard ? LAB_TRIES_HEARD : LAB_TRIES_UNHEARD;

    if (t->now_us < t->resend_at_us)
        return;
    if (!t->was_heard && t->is_boot)
        tries_max = UINT32_MAX; /* a boot debugger waits for its host [guess] */
    if (t->queue[t->queue_first].patience != LAB_REPEATS_FOR_EVER && ++t->tries >= tries_max) {
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
           h->checksum == sum_of(payload + sizeof *h, h->byte_count);
}

/* RESEND, and RESET once the ids are exchanged, both ask for the last word again. */
static void say_again(struct lab_target *t)
{
    if (link_is_idle(t)) {
        run_say_again(t);
        return;
    }
    t->stats.retransmissions++;
    transmit(t); /* costs no try (2.8) */
}

static void on_control(struct lab_target *t, const struct lab_header *h)
{
    switch (h->type) {
    case LAB_PACKET_ACKNOWLEDGE:
        if (link_is_idle(t) || h->id != t->tx_id)
            break;
        if (t->queue[t->queue_first].type == LAB_PACKET_DEBUG_IO)
            t->stats.prints_acked++;
        acknowledged(t);
        break;
    case LAB_PACKET_RESEND:
        t->stats.resends_received++;
        say_again(t);
        break;
    case LAB_PACKET_RESET:
        t->stats.resets_received++;
        t->rx_id = h->id;
        send_control(t, LAB_PACKET_RESET, t->tx_id);
        say_again(t);
        break;
    default:
        link_refuse(t);
    }
}

/* Host data while our own packet awaits its acknowledgement (2.7). */
static void on_crossing(struct lab_target *t, const struct lab_header *h)
{
    if (h->id == t->rx_id) {
        /* The host has gone on, so it must have heard us; what it said was not listened to. */
        t->stats.resends_sent++;
        send_control(t, LAB_PACKET_RESEND, 0);
        acknowledged(t);
    } else {
        acknowledge(t, h->id);
        t->stats.retransmissions++;
        transmit(t);
    }
}

static void on_data(struct lab_target *t, const struct lab_header *h, const uint8_t *data)
{
    bool is_request = h->type == LAB_PACKET_MANIPULATE;

    if (!is_request && h->id == t->rx_id - ID_STEP)
        acknowledge(t, h->id); /* an answer repeated, because our ACK was lost */
    else if (t->phase == LAB_AWAITING_FILE && h->type == LAB_PACKET_FILE_IO)
        run_file_answer(t, h->id, data, h->byte_count);
    else if (t->phase == LAB_HALTED && is_request && h->byte_count >= sizeof(struct lab_manipulate))
        requests_handle(t, h->id, data, h->byte_count);
    else
        link_refuse(t);
}

void link_payload(struct lab_target *t, const uint8_t *payload, size_t len)
{
    struct lab_header h;

    if (len == 1 && payload[0] == LAB_BREAK_IN_BYTE)
        run_break_in(t);
    else if (t->phase == LAB_RUNNING && link_is_idle(t))
        return; /* a running target polls for the break-in byte and drops the rest */
    else if (!is_well_formed(t, payload, len, &h))
        link_refuse(t);
    else if (h.leader == LAB_LEADER_CONTROL)
        on_control(t, &h);
    else if (!link_is_idle(t))
        on_crossing(t, &h);
    else
        on_data(t, &h, payload + sizeof h);
}
