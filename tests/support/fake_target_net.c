/* The KDNET carrier: pokes, handshakes, datagrams. */
#include "fake_target_parts.h"

#include <kdproto/kdnet_datagram.h>
#include <transport/crypto_openssl.h>

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    POKE_MS = 50,
    FIRST_ID_HALTED = 0x926,
};

struct net {
    struct kdt_crypto *crypto;
    struct kdnet_key key;
    int fd;
    uint8_t nonce_b;
    uint64_t nonce_a, poke_sequence, next_poke_ms;
    bool is_linked;
    uint8_t data_key[KD_KEY_LEN];
    uint64_t sent_sequence, received_sequence;
    struct saved {
        uint64_t nonce_a, poke_sequence, sent_sequence, received_sequence;
        uint8_t data_key[KD_KEY_LEN];
    } saved; /* as a virtual machine's snapshot has it */
};

/* --- datagrams out --- */

static void send_datagram(struct fake_target *t, const struct kdnet_datagram *d, const uint8_t *key)
{
    const struct net *n = t->carried;
    const struct sockaddr_in to = {.sin_family = AF_INET,
                                   .sin_port = htons(t->opts.host_port),
                                   .sin_addr = {htonl(INADDR_LOOPBACK)}};
    uint8_t buf[KDNET_DATAGRAM_MAX];
    size_t len;

    if (t->is_silent)
        return;
    if (kdnet_seal(kdt_crypto_table(n->crypto), &n->key, key, d, buf, sizeof buf, &len) == KD_OK &&
        sendto(n->fd, buf, len, 0, (const struct sockaddr *)&to, sizeof to) > 0)
        fake_said(t, buf, len);
}

static void net_send(struct fake_target *t, const uint8_t *payload, size_t len)
{
    struct net *n = t->carried;
    const struct kdnet_datagram d = {
        .version = t->opts.version, .sequence = ++n->sent_sequence, .payload = {payload, len}};

    if (n->is_linked)
        send_datagram(t, &d, n->data_key);
}

static void poke(struct fake_target *t)
{
    struct net *n = t->carried;
    static const uint8_t mapped[12] = {[10] = 0xFF, 0xFF};
    uint8_t payload[KDNET_POKE_LEN];
    struct kd_writer w = kd_writer_of(payload, sizeof payload);
    const struct kdnet_datagram d = {.version = t->opts.version,
                                     .is_control = true,
                                     .sequence = n->poke_sequence += 3,
                                     .payload = {payload, sizeof payload}};

    kd_wr_u8(&w, 1);
    kd_wr_u8(&w, 1);
    kd_wr_u64(&w, ++n->nonce_a);
    for (int i = 0; i < 24; i++)
        kd_wr_u8(&w, n->nonce_b);
    for (int i = 0; i < 3; i++) { /* target, host, connected host */
        bool is_known = i < 2 || n->is_linked;

        kd_wr_bytes(&w, mapped, sizeof mapped);
        kd_wr_u32(&w, is_known ? 0x0100007F : 0);
        kd_wr_u16be(&w, is_known ? t->opts.host_port : 0);
    }
    kd_wr_zero(&w, sizeof payload - w.pos);
    send_datagram(t, &d, n->key.bytes);
}

/* --- datagrams in --- */

static void on_response(struct fake_target *t, const struct kdnet_datagram *d)
{
    struct net *n = t->carried;
    static const uint8_t ping[KDNET_PING_LEN] = {[8] = 1, 0, 0, 127};

    if (t->opts.is_deaf || !kdnet_is_response(d->payload.data, d->payload.len) ||
        (d->sequence != n->poke_sequence && d->sequence + 3 != n->poke_sequence) ||
        d->payload.data[2 + 8] != n->nonce_b)
        return;
    if (kdnet_data_key(kdt_crypto_table(n->crypto), &n->key, d->payload.data, n->data_key) != KD_OK)
        return;
    t->seen.handshakes++;
    n->is_linked = true;
    n->sent_sequence = n->received_sequence = 0;
    net_send(t, ping, sizeof ping);
    if (t->is_unacknowledged)
        fake_transmit(t);
}

static void on_datagram(struct fake_target *t, const uint8_t *buf, size_t len)
{
    struct net *n = t->carried;
    struct kdnet_datagram d;
    uint8_t plain[KDNET_DATAGRAM_MAX];
    const uint8_t *key;

    if (t->is_silent)
        return;
    if (t->seen.datagrams_dropped < t->opts.drop_first) {
        t->seen.datagrams_dropped++;
        return;
    }
    if (kdnet_peek(buf, len, &d) != KD_OK)
        return;
    key = d.is_control ? n->key.bytes : n->data_key;
    if (kdnet_open(kdt_crypto_table(n->crypto), &n->key, key, buf, len, plain, &d) != KD_OK ||
        !d.from_host)
        return;
    if (d.is_control) {
        on_response(t, &d);
    } else if (n->is_linked && d.sequence > n->received_sequence) {
        n->received_sequence = d.sequence;
        fake_payload(t, d.payload);
    }
}

/* --- the carrier --- */

static bool net_open(struct fake_target *t)
{
    const struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    struct net *n = calloc(1, sizeof *n);

    t->carried = n;
    if (!n)
        return false;
    n->nonce_b = 0x5A;
    n->nonce_a = 1000;
    if (!t->opts.version)
        t->opts.version = 5;
    if (!t->opts.poke_ms)
        t->opts.poke_ms = POKE_MS;
    t->id = t->opts.is_halted ? FIRST_ID_HALTED : 0;
    n->fd = socket(AF_INET, SOCK_DGRAM, 0);
    return n->fd >= 0 && bind(n->fd, (const struct sockaddr *)&any, sizeof any) == 0 &&
           kdnet_key_parse(t->opts.key, strlen(t->opts.key), NULL, &n->key) == KD_OK &&
           kdt_crypto_create(&n->crypto) == KD_OK;
}

static void net_close(struct fake_target *t)
{
    struct net *n = t->carried;

    if (!n)
        return;
    kdt_crypto_destroy(n->crypto);
    if (n->fd >= 0)
        close(n->fd);
    free(n);
}

static int net_fd(const struct fake_target *t)
{
    const struct net *n = t->carried;

    return n->fd;
}

static void net_receive(struct fake_target *t)
{
    const struct net *n = t->carried;
    uint8_t buf[KDNET_DATAGRAM_MAX];
    ssize_t len = recv(n->fd, buf, sizeof buf, 0);

    if (len <= 0)
        return;
    fake_heard(t, buf, (size_t)len);
    on_datagram(t, buf, (size_t)len);
}

static void net_tick(struct fake_target *t)
{
    struct net *n = t->carried;

    if (fake_clock_ms() < n->next_poke_ms)
        return;
    poke(t);
    n->next_poke_ms = fake_clock_ms() + t->opts.poke_ms;
}

static uint64_t net_due_ms(const struct fake_target *t)
{
    const struct net *n = t->carried;

    return n->next_poke_ms;
}

static bool net_is_heard(const struct fake_target *t)
{
    const struct net *n = t->carried;

    return n->is_linked;
}

static uint32_t net_id_after(uint32_t id)
{
    return id + 2;
}

static uint32_t net_ack_of(uint32_t id)
{
    return id;
}

/* A target on KDNET does not look [doc]. */
static bool net_is_expected(struct fake_target *t, uint32_t id)
{
    (void)t;
    (void)id;
    return true;
}

/* A new boot pokes anew, and shakes hands. */
static void net_restart(struct fake_target *t)
{
    struct net *n = t->carried;

    n->nonce_b++;
    n->is_linked = false;
    t->id = 0;
    n->next_poke_ms = fake_clock_ms();
}

static void net_reset(struct fake_target *t)
{
    fake_send_control(t, KD_PACKET_RESET, t->id);
}

static void net_cut(struct fake_target *t)
{
    (void)t; /* there is no connection */
}

static void net_save(struct fake_target *t)
{
    struct net *n = t->carried;

    n->saved = (struct saved){n->nonce_a, n->poke_sequence, n->sent_sequence, n->received_sequence,
                              .data_key = {0}};
    memcpy(n->saved.data_key, n->data_key, sizeof n->data_key);
}

static void net_restore(struct fake_target *t)
{
    struct net *n = t->carried;

    n->nonce_a = n->saved.nonce_a;
    n->poke_sequence = n->saved.poke_sequence;
    n->sent_sequence = n->saved.sent_sequence;
    n->received_sequence = n->saved.received_sequence;
    memcpy(n->data_key, n->saved.data_key, sizeof n->data_key);
}

const struct fake_carrier fake_carrier_net = {
    .open = net_open,
    .close = net_close,
    .fd = net_fd,
    .send = net_send,
    .receive = net_receive,
    .tick = net_tick,
    .due_ms = net_due_ms,
    .is_heard = net_is_heard,
    .id_after = net_id_after,
    .ack_of = net_ack_of,
    .is_expected = net_is_expected,
    .restart = net_restart,
    .reset = net_reset,
    .cut = net_cut,
    .save = net_save,
    .restore = net_restore,
};
