/* KDNET as the target speaks it: kd-protocol.md section 1. */
#include "target_parts.h"

#include <string.h>

#define TYPE_KDNET    1
#define SUBTYPE_POKE  1
#define SUBTYPE_REPLY 2
#define POKE_STEP     3 /* a poke's sequence seems to count seconds [seen] */

/* Offsets in a poke (1.7) and in the response (1.8). */
enum {
    POKE_NONCE_A = 2,
    POKE_NONCE_B = 10,
    POKE_TARGET = 34,
    POKE_HOST = 52,
    POKE_CONNECTED = 70,
    POKE_INFO = 88,
    RESPONSE_NONCE_B = 10,
    RESPONSE_INFO = 66,
    INFO_LEN = 256,
};

void kdnet_start_stage(struct lab_target *t)
{
    t->stream.due_us = UINT64_MAX;
    lab_seal_unlink(t->seal);
    t->is_linked = false;
    t->is_heard = false;
    t->poke_at_us = t->now_us;
    t->poke_sequence = 0;
    t->nonce_a = target_random(t);
    for (size_t i = 0; i < sizeof t->nonce_b; i += 8) {
        uint64_t r = target_random(t);

        memcpy(t->nonce_b + i, &r, sizeof r);
    }
    memset(t->info_block, 0, sizeof t->info_block);
}

/* ---- sending ---- */

static void output(struct lab_target *t, const struct lab_message *m)
{
    struct lab_output *o = target_output(t);

    o->len = lab_seal_message(t->seal, m, o->bytes);
    t->stats.datagrams_sent++;
}

void net_send(struct lab_target *t, const uint8_t *payload, size_t len)
{
    struct lab_message m = {.version = t->opts.version, .payload = payload, .len = len};

    if (!t->is_linked)
        return;                    /* kept by whoever retransmits it */
    m.sequence = ++t->tx_sequence; /* every datagram, repeated or not, has its own */
    output(t, &m);
}

static void put_port(uint8_t *out, uint16_t port)
{
    out[0] = (uint8_t)(port >> 8); /* the one big-endian field besides the sequence */
    out[1] = (uint8_t)port;
}

static void put_endpoint(uint8_t *out, const struct lab_endpoint *e)
{
    memcpy(out, e->address, sizeof e->address);
    put_port(out + sizeof e->address, e->port);
}

/* "Unused" to the KD layer: tells which host datagram came last, and wakes the host (1.10). */
static void send_ping(struct lab_target *t)
{
    uint8_t ping[12];

    memcpy(ping, &t->rx_sequence, 8);
    for (int i = 0; i < 4; i++)
        ping[8 + i] = t->opts.host.address[15 - i];
    net_send(t, ping, sizeof ping);
}

void kdnet_poke(struct lab_target *t)
{
    static const struct lab_endpoint nobody = {.address = {[10] = 0xFF, [11] = 0xFF}};
    uint8_t poke[LAB_POKE_LEN] = {TYPE_KDNET, SUBTYPE_POKE};
    struct lab_message m = {
        .version = t->opts.version, .is_control = true, .payload = poke, .len = sizeof poke};

    t->poke_sequence += POKE_STEP;
    t->nonce_a++;
    memcpy(poke + POKE_NONCE_A, &t->nonce_a, sizeof t->nonce_a);
    memcpy(poke + POKE_NONCE_B, t->nonce_b, sizeof t->nonce_b);
    put_endpoint(poke + POKE_TARGET, &t->opts.target);
    put_endpoint(poke + POKE_HOST, &t->opts.host);
    put_endpoint(poke + POKE_CONNECTED, t->is_linked ? &t->opts.host : &nobody);
    memcpy(poke + POKE_INFO, t->info_block, INFO_LEN);
    m.sequence = t->poke_sequence;
    output(t, &m);
    t->stats.pokes++;
    t->poke_at_us = t->now_us + LAB_POKE_PERIOD_US;
    if (t->is_linked && !t->is_heard)
        send_ping(t);
}

/* ---- receiving ---- */

/* 1.8: what the target checks of a response. */
static bool accepts_response(const struct lab_target *t, const struct lab_message *m)
{
    return m->len == LAB_RESPONSE_LEN && m->payload[0] == TYPE_KDNET &&
           m->payload[1] == SUBTYPE_REPLY &&
           (m->sequence == t->poke_sequence || m->sequence + POKE_STEP == t->poke_sequence) &&
           memcmp(m->payload + RESPONSE_NONCE_B, t->nonce_b, sizeof t->nonce_b) == 0;
}

static enum lab_bad on_control(struct lab_target *t, const struct lab_message *m)
{
    if (m->len == 0) { /* a host that asks to be poked at once (1.9) [guess] */
        kdnet_poke(t);
        return LAB_GOOD;
    }
    if (!accepts_response(t, m))
        return LAB_BAD_RESPONSE;
    lab_seal_link(t->seal, m->payload);
    memcpy(t->info_block, m->payload + RESPONSE_INFO, INFO_LEN);
    t->is_linked = true;
    t->is_heard = false;
    t->host_gone = false;
    t->tx_sequence = 0;
    t->rx_sequence = 0;
    t->stats.handshakes++;
    send_ping(t);
    link_transmit_again(t); /* what was pending follows at once [seen] */
    return LAB_GOOD;
}

static enum lab_bad on_data(struct lab_target *t, const struct lab_message *m)
{
    if (m->sequence <= t->rx_sequence)
        return LAB_BAD_REPLAY;
    t->rx_sequence = m->sequence;
    t->is_heard = true;
    link_heard(t);
    link_payload(t, m->payload, m->len);
    return LAB_GOOD;
}

static enum lab_bad take(struct lab_target *t, const uint8_t *bytes, size_t len)
{
    struct lab_message m;
    enum lab_bad bad = lab_seal_open(t->seal, bytes, len, &m);

    if (bad != LAB_GOOD)
        return bad;
    if (m.version != t->opts.version)
        return LAB_BAD_VERSION;
    if (!m.from_host)
        return LAB_BAD_DIRECTION;
    return m.is_control ? on_control(t, &m) : on_data(t, &m);
}

/* A bad datagram is counted and otherwise did not happen. */
void kdnet_datagram(struct lab_target *t, const uint8_t *bytes, size_t len)
{
    t->stats.datagrams_received++;
    t->stats.bad_datagrams[take(t, bytes, len)]++;
}
