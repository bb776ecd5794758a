#include "plain_host.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define KEY_TEXT "1.2.3.4"

/* ---- little-endian ---- */

static uint64_t get(const uint8_t *p, int n)
{
    uint64_t v = 0;

    while (n-- > 0)
        v = v << 8 | p[n];
    return v;
}

static void put(uint8_t *p, uint64_t v, int n)
{
    for (int i = 0; i < n; i++)
        p[i] = (uint8_t)(v >> (8 * i));
}

uint16_t get16(const uint8_t *p)
{
    return (uint16_t)get(p, 2);
}

uint32_t get32(const uint8_t *p)
{
    return (uint32_t)get(p, 4);
}

uint64_t get64(const uint8_t *p)
{
    return get(p, 8);
}

void put32(uint8_t *p, uint32_t v)
{
    put(p, v, 4);
}

void put64(uint8_t *p, uint64_t v)
{
    put(p, v, 8);
}

static uint32_t sum(const uint8_t *p, size_t len)
{
    uint32_t s = 0;

    while (len-- > 0)
        s += *p++;
    return s;
}

/* ---- start and time ---- */

static void open_datagram(struct plain_host *h, const uint8_t *bytes, size_t len, struct heard *in)
{
    struct lab_message m;

    assert_int_equal(lab_seal_open(h->seal, bytes, len, &m), LAB_GOOD);
    assert_false(m.from_host);
    in->is_control = m.is_control;
    in->sequence = m.sequence;
    in->len = m.len;
    memcpy(in->payload, m.payload, m.len);
    if (m.is_control) {
        assert_int_equal(m.len, LAB_POKE_LEN);
        memcpy(h->poke, m.payload, m.len);
        h->poke_sequence = m.sequence;
    }
}

/* Move what the target wants to send into the inbox. */
static void collect(struct plain_host *h)
{
    const uint8_t *bytes;
    size_t len;

    while (lab_target_next_output(h->target, &bytes, &len)) {
        struct heard *in = &h->inbox[(h->first + h->count) % HOST_INBOX];

        assert_true(h->count < HOST_INBOX);
        *in = (struct heard){.len = len};
        assert_true(len <= sizeof in->payload);
        if (h->is_stream)
            memcpy(in->payload, bytes, len);
        else
            open_datagram(h, bytes, len, in);
        h->count++;
    }
}

void host_start(struct plain_host *h, const struct lab_target_options *opts)
{
    static const struct lab_endpoint target = {
        .address = {[10] = 0xFF, [11] = 0xFF, [12] = 192, 168, 2, 72}, .port = 51111};
    static const struct lab_endpoint host = {
        .address = {[10] = 0xFF, [11] = 0xFF, [12] = 192, 168, 2, 1}, .port = 50000};
    struct lab_target_options o = *opts;

    memset(h, 0, sizeof *h);
    h->is_stream = opts->carrier == LAB_OVER_STREAM;
    h->id = h->is_stream ? 0x80800000 : 0x80000000;
    h->now_us = 1000 * (uint64_t)SECOND_US;
    o.target = target;
    o.host = host;
    if (o.version == 0)
        o.version = 4;
    h->version = o.version;
    assert_true(lab_key_parse(KEY_TEXT, o.key));
    h->seal = lab_seal_create(o.key);
    assert_non_null(h->seal);
    h->target = lab_target_create(&o, h->now_us);
    assert_non_null(h->target);
    collect(h);
}

void host_stop(struct plain_host *h)
{
    lab_target_destroy(h->target);
    lab_seal_destroy(h->seal);
}

const struct lab_stats *host_stats(const struct plain_host *h)
{
    return lab_target_stats(h->target);
}

void host_wait(struct plain_host *h, uint64_t us)
{
    uint64_t until_us = h->now_us + us;
    uint64_t due_us;
    int ticks = 0;

    while ((due_us = lab_target_deadline(h->target)) <= until_us) {
        if (due_us > h->now_us)
            h->now_us = due_us;
        lab_target_tick(h->target, h->now_us);
        collect(h);
        assert_true(++ticks < 10000); /* a tick that is due makes progress */
    }
    h->now_us = until_us;
}

/* ---- saying ---- */

void host_bytes(struct plain_host *h, const void *bytes, size_t len)
{
    lab_target_bytes(h->target, bytes, len, h->now_us);
    collect(h);
}

void host_raw(struct plain_host *h, const struct lab_message *m)
{
    uint8_t out[LAB_DATAGRAM_MAX];
    size_t len = lab_seal_message(h->seal, m, out);

    lab_target_datagram(h->target, out, len, h->now_us);
    collect(h);
}

void host_answer_poke(struct plain_host *h, uint8_t random)
{
    uint8_t response[LAB_RESPONSE_LEN] = {1, 2};
    uint8_t out[LAB_DATAGRAM_MAX];
    struct lab_message m = {.version = h->version,
                            .is_control = true,
                            .from_host = true,
                            .sequence = h->poke_sequence,
                            .payload = response,
                            .len = sizeof response};
    size_t len;

    memcpy(response + 2, h->poke + 2, 32);
    memset(response + 34, random, 32);
    len = lab_seal_message(h->seal, &m, out);
    lab_seal_link(h->seal, response);
    h->sequence = 0;
    lab_target_datagram(h->target, out, len, h->now_us);
    collect(h);
}

void host_payload(struct plain_host *h, const void *payload, size_t len)
{
    struct lab_message m = {
        .version = h->version, .from_host = true, .payload = payload, .len = len};

    if (h->is_stream) {
        host_bytes(h, payload, len);
        return;
    }
    m.sequence = ++h->sequence;
    host_raw(h, &m);
}

void host_break_in(struct plain_host *h)
{
    host_payload(h, "b", 1);
}

static size_t build(uint8_t *out, uint32_t leader, uint16_t type, uint32_t id, const void *data,
                    size_t len)
{
    put(out, leader, 4);
    put(out + 4, type, 2);
    put(out + 6, len, 2);
    put(out + 8, id, 4);
    if (len > 0)
        memcpy(out + 16, data, len);
    put(out + 12, sum(out + 16, len), 4);
    return 16 + len;
}

void host_control(struct plain_host *h, uint16_t type, uint32_t id)
{
    uint8_t packet[16];

    host_payload(h, packet, build(packet, 0x69696969, type, id, NULL, 0));
}

void host_data(struct plain_host *h, uint16_t type, uint32_t id, const void *data, size_t len)
{
    uint8_t packet[HOST_PACKET_MAX];
    size_t n = build(packet, 0x30303030, type, id, data, len);

    if (h->is_stream)
        packet[n++] = 0xAA;
    host_payload(h, packet, n);
}

void host_request(struct plain_host *h, const uint8_t *header, const void *data, size_t len)
{
    uint8_t request[4096];

    memcpy(request, header, 56);
    if (len > 0)
        memcpy(request + 56, data, len);
    host_data(h, MANIPULATE, h->id, request, 56 + len);
}

/* ---- hearing ---- */

const struct heard *host_take(struct plain_host *h)
{
    const struct heard *in = &h->inbox[h->first];

    if (h->count == 0)
        return NULL;
    h->first = (h->first + 1) % HOST_INBOX;
    h->count--;
    return in;
}

void host_expect_silence(struct plain_host *h)
{
    assert_int_equal(h->count, 0);
}

const struct heard *host_expect_poke(struct plain_host *h)
{
    const struct heard *in = host_take(h);

    assert_non_null(in);
    assert_true(in->is_control);
    return in;
}

void host_expect_ping(struct plain_host *h)
{
    const struct heard *in = host_take(h);

    assert_non_null(in);
    assert_false(in->is_control);
    assert_int_equal(in->len, 12);
    assert_memory_equal(in->payload + 8, "\x01\x02\xA8\xC0", 4);
}

void host_expect_control(struct plain_host *h, uint16_t type, uint32_t id)
{
    const struct heard *in = host_take(h);

    assert_non_null(in);
    assert_false(in->is_control);
    assert_int_equal(in->len, 16);
    assert_int_equal(get32(in->payload), 0x69696969);
    assert_int_equal(get16(in->payload + 4), type);
    assert_int_equal(get16(in->payload + 6), 0);
    assert_int_equal(get32(in->payload + 8), id);
    assert_int_equal(get32(in->payload + 12), 0);
}

const uint8_t *host_expect_data(struct plain_host *h, uint16_t type, uint32_t id, size_t *len)
{
    const struct heard *in = host_take(h);
    size_t n;

    assert_non_null(in);
    assert_false(in->is_control);
    assert_true(in->len > 16);
    n = in->len - 16;
    if (h->is_stream)
        assert_int_equal(in->payload[16 + --n], 0xAA);
    assert_int_equal(get32(in->payload), 0x30303030);
    assert_int_equal(get16(in->payload + 4), type);
    assert_int_equal(get16(in->payload + 6), n);
    assert_int_equal(get32(in->payload + 8), id);
    assert_int_equal(get32(in->payload + 12), sum(in->payload + 16, n));
    if (len)
        *len = n;
    return in->payload + 16;
}

void host_expect_text(struct plain_host *h, const char *text)
{
    const struct heard *in = host_take(h);

    assert_non_null(in);
    assert_int_equal(in->len, strlen(text));
    assert_memory_equal(in->payload, text, in->len);
}

/* As a host acknowledges it: over a stream without the sync bit. */
static void acknowledge(struct plain_host *h, uint32_t id)
{
    host_control(h, ACKNOWLEDGE, h->is_stream ? id & ~0x800u : id);
}

void host_accept(struct plain_host *h, uint16_t type, uint32_t id)
{
    host_expect_data(h, type, id, NULL);
    acknowledge(h, id);
}

/* ---- both ---- */

const uint8_t HOST_ASKS_VERSION[56] = {GET_VERSION & 0xFF, GET_VERSION >> 8};

static void advance(struct plain_host *h)
{
    h->id = h->is_stream ? h->id ^ 1 : h->id + 2;
}

void host_link(struct plain_host *h)
{
    host_wait(h, 0);
    host_expect_poke(h);
    host_answer_poke(h, 1);
    host_expect_ping(h);
}

void host_halt(struct plain_host *h, uint32_t id)
{
    host_break_in(h);
    host_accept(h, STATE_CHANGE, id);
    host_expect_silence(h);
}

const uint8_t *host_ask(struct plain_host *h, const uint8_t *header, const void *data, size_t len,
                        uint32_t reply_id, size_t *reply_len)
{
    const uint8_t *reply;
    size_t n;

    host_request(h, header, data, len);
    host_expect_control(h, ACKNOWLEDGE, h->id);
    reply = host_expect_data(h, MANIPULATE, reply_id, &n);
    assert_true(n >= 56);
    assert_int_equal(get32(reply), get32(header));
    advance(h);
    acknowledge(h, reply_id);
    host_expect_silence(h);
    if (reply_len)
        *reply_len = n;
    return reply;
}

void host_get_context(struct plain_host *h, uint8_t context[CONTEXT_LEN], uint32_t reply_id)
{
    uint8_t header[56] = {0};
    size_t len;
    const uint8_t *reply;

    put32(header, GET_CONTEXT);
    reply = host_ask(h, header, NULL, 0, reply_id, &len);
    assert_int_equal(get32(reply + 8), 0);
    assert_int_equal(len, 56 + CONTEXT_LEN);
    memcpy(context, reply + 56, CONTEXT_LEN);
}

void host_advance_rip(struct plain_host *h, uint8_t context[CONTEXT_LEN], uint32_t reply_id)
{
    uint8_t header[56] = {0};
    const uint8_t *reply;

    put32(header, SET_CONTEXT);
    put64(context + 0xF8, get64(context + 0xF8) + 1);
    reply = host_ask(h, header, context, CONTEXT_LEN, reply_id, NULL);
    assert_int_equal(get32(reply + 8), 0);
}

void host_continue(struct plain_host *h)
{
    uint8_t header[56] = {0};

    put32(header, CONTINUE);
    put32(header + 16, 0x00010002);
    host_request(h, header, NULL, 0);
    host_expect_control(h, ACKNOWLEDGE, h->id);
    advance(h);
}
