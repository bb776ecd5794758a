#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "kdnet_scene.h"

const struct kdnet_address scene_somebody = {{[10] = 0xFF, 0xFF, 10, 0, 0, 1}, 50000};
const struct kdnet_address scene_nobody = {{[10] = 0xFF, 0xFF}, 0};

int scene_start(void **state)
{
    static struct scene s;
    struct kdnet_opts opts = {&s.crypto.table, {{0}}};

    memset(&s, 0, sizeof s);
    test_crypto_init(&s.crypto);
    assert_int_equal(kdnet_key_parse("k.d.n.et", 8, NULL, &s.key), KD_OK);
    opts.key = s.key;
    assert_int_equal(kdnet_create(&opts, &s.host), KD_OK);
    s.target = (struct target){.version = 4,
                               .peer = {{10, 0, 0, 2, 0xC3, 0x50}, 6},
                               .poke = {.nonce_a = 1000, .nonce_b = {0xB0, 0x07, 1}},
                               .poke_sequence = 3};
    s.target.poke.connected = scene_nobody;
    s.now_ms = 100000;
    *state = &s;
    return 0;
}

int scene_stop(void **state)
{
    struct scene *s = *state;

    kdnet_destroy(s->host);
    return 0;
}

struct datagram target_seals(struct scene *s, const uint8_t *aes_key,
                             const struct kdnet_datagram *d)
{
    struct datagram out = {.peer = s->target.peer};

    assert_int_equal(
        kdnet_seal(&s->crypto.table, &s->key, aes_key, d, out.bytes, sizeof out.bytes, &out.len),
        KD_OK);
    return out;
}

static void write_address(struct kd_writer *w, const struct kdnet_address *a)
{
    kd_wr_bytes(w, a->ip, sizeof a->ip);
    kd_wr_u16be(w, a->port);
}

struct datagram target_poke(struct scene *s)
{
    struct target *t = &s->target;
    uint8_t payload[KDNET_POKE_LEN];
    struct kd_writer w = kd_writer_of(payload, sizeof payload);
    const struct kdnet_datagram d = {
        t->version, true, false, t->poke_sequence, {payload, sizeof payload}};

    kd_wr_u8(&w, 1);
    kd_wr_u8(&w, 1);
    kd_wr_u64(&w, t->poke.nonce_a);
    kd_wr_bytes(&w, t->poke.nonce_b, sizeof t->poke.nonce_b);
    write_address(&w, &t->poke.target);
    write_address(&w, &t->poke.host);
    write_address(&w, &t->poke.connected);
    kd_wr_zero(&w, sizeof payload - w.pos);
    assert_true(kd_writer_ok(&w));
    return target_seals(s, s->key.bytes, &d);
}

struct datagram target_next_poke(struct scene *s)
{
    s->now_ms += 3000;
    s->target.poke.nonce_a++;
    s->target.poke_sequence += 3;
    return target_poke(s);
}

void target_reboots(struct scene *s)
{
    s->target.poke.nonce_b[3]++;
    s->target.poke.nonce_a = 77;
    s->target.poke_sequence = 3;
    s->target.poke.connected = scene_nobody;
}

bool target_takes(struct scene *s, struct datagram response)
{
    struct target *t = &s->target;
    uint8_t plain[KDNET_DATAGRAM_MAX];
    struct kdnet_datagram d;

    assert_int_equal(kdnet_open(&s->crypto.table, &s->key, s->key.bytes, response.bytes,
                                response.len, plain, &d),
                     KD_OK);
    assert_true(d.is_control && d.from_host);
    assert_int_equal(d.version, t->version);
    assert_true(kdnet_is_response(d.payload.data, d.payload.len));
    if (d.sequence != t->poke_sequence && d.sequence != t->poke_sequence - 3)
        return false;
    if (memcmp(d.payload.data + 10, t->poke.nonce_b, sizeof t->poke.nonce_b) != 0)
        return false;
    assert_int_equal(kdnet_data_key(&s->crypto.table, &s->key, d.payload.data, t->data_key), KD_OK);
    t->sent_sequence = t->received_sequence = 0;
    t->poke.connected = scene_somebody;
    return true;
}

struct datagram target_sends(struct scene *s, const void *payload, size_t len)
{
    const struct kdnet_datagram d = {
        s->target.version, false, false, ++s->target.sent_sequence, {payload, len}};

    return target_seals(s, s->target.data_key, &d);
}

struct datagram target_ping(struct scene *s)
{
    static const uint8_t payload[KDNET_PING_LEN] = {[8] = 1, 0, 0, 10};

    return target_sends(s, payload, sizeof payload);
}

struct datagram target_says(struct scene *s, const char *words)
{
    return target_sends(s, words, strlen(words));
}

void host_receives(struct scene *s, struct datagram d)
{
    kdnet_receive(s->host, d.bytes, d.len, &d.peer, s->now_ms);
}

bool host_output(struct scene *s, struct datagram *out)
{
    struct kd_span bytes;

    if (!kdnet_next_output(s->host, &bytes, &out->peer))
        return false;
    memcpy(out->bytes, bytes.data, bytes.len);
    out->len = bytes.len;
    return true;
}

struct kdnet_event expect_event(struct scene *s, enum kdnet_event_kind kind)
{
    struct kdnet_event ev;

    assert_true(kdnet_next_event(s->host, &ev));
    assert_int_equal(ev.kind, kind);
    return ev;
}

void expect_quiet(struct scene *s)
{
    struct kdnet_event ev;
    struct datagram out;

    assert_false(kdnet_next_event(s->host, &ev));
    assert_false(host_output(s, &out));
}

void expect_packet(struct scene *s, const char *words)
{
    struct kdnet_event ev = expect_event(s, KDNET_EVENT_PACKET);

    assert_int_equal(ev.bytes.len, strlen(words));
    assert_memory_equal(ev.bytes.data, words, ev.bytes.len);
}

void expect_linked(struct scene *s, bool is_new_boot)
{
    struct kdnet_event ev = expect_event(s, KDNET_EVENT_LINKED);

    assert_int_equal(ev.is_new_boot, is_new_boot);
    assert_int_equal(ev.version, s->target.version);
}

struct datagram expect_response(struct scene *s)
{
    struct datagram out;

    assert_true(host_output(s, &out));
    assert_int_equal(out.len, 358);
    return out;
}

struct datagram expect_first_response(struct scene *s)
{
    expect_event(s, KDNET_EVENT_POKED);
    return expect_response(s);
}

void expect_sent(struct scene *s, const char *words)
{
    struct target *t = &s->target;
    uint8_t plain[KDNET_DATAGRAM_MAX];
    struct kdnet_datagram d;
    struct datagram out;

    assert_true(host_output(s, &out));
    assert_int_equal(out.peer.len, t->peer.len);
    assert_memory_equal(out.peer.bytes, t->peer.bytes, t->peer.len);
    assert_int_equal(
        kdnet_open(&s->crypto.table, &s->key, t->data_key, out.bytes, out.len, plain, &d), KD_OK);
    assert_true(d.from_host && !d.is_control);
    assert_int_equal(d.version, t->version);
    assert_true(d.sequence == t->received_sequence + 1);
    t->received_sequence = d.sequence;
    assert_int_equal(d.payload.len, strlen(words));
    assert_memory_equal(d.payload.data, words, d.payload.len);
}

void host_says(struct scene *s, const char *words)
{
    assert_int_equal(kdnet_send(s->host, (const uint8_t *)words, strlen(words), s->now_ms), KD_OK);
}

void expect_alive(struct scene *s)
{
    host_receives(s, target_says(s, "a packet"));
    expect_packet(s, "a packet");
    host_says(s, "a request");
    expect_sent(s, "a request");
    expect_quiet(s);
}

void link_up(struct scene *s)
{
    host_receives(s, target_poke(s));
    assert_true(target_takes(s, expect_first_response(s)));
    host_receives(s, target_ping(s));
    expect_linked(s, true);
    expect_quiet(s);
}

void link_again(struct scene *s, struct datagram call, bool is_new_boot)
{
    struct datagram d;

    host_receives(s, call);
    d = expect_response(s);
    expect_quiet(s);
    assert_true(target_takes(s, d));
    host_receives(s, target_ping(s));
    expect_linked(s, is_new_boot);
    expect_alive(s);
}

void expect_ignored(struct scene *s, struct datagram d)
{
    host_receives(s, d);
    expect_quiet(s);
}

const struct kdnet_counters *counters(const struct scene *s)
{
    return kdnet_get_counters(s->host);
}
