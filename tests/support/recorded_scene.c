#define _POSIX_C_SOURCE 200809L /* fmemopen */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support/recorded_scene.h"
#include "transport/recording_stream.h"
#include "transport/stream_wrap.h"

enum {
    FILE_HEADER_LEN = 24,
    RECORD_HEADER_LEN = 16,
    LINK_TYPE_RAW = 101,
    SNAPLEN = 65535,
};
#define MAGIC_NANOSECONDS 0xa1b23c4du
#define START_NS          UINT64_C(1700000000000000000)

static struct kd_writer writer_at_end(struct recorded_scene *s)
{
    return kd_writer_of(s->file + s->len, sizeof s->file - s->len);
}

static void written(struct recorded_scene *s, const struct kd_writer *w)
{
    assert_true(kd_writer_ok(w));
    s->len += w->pos;
}

static void write_file_header(struct recorded_scene *s)
{
    struct kd_writer w = writer_at_end(s);

    kd_wr_u32(&w, MAGIC_NANOSECONDS);
    kd_wr_u16(&w, 2);
    kd_wr_u16(&w, 4);
    kd_wr_zero(&w, 8);
    kd_wr_u32(&w, SNAPLEN);
    kd_wr_u32(&w, LINK_TYPE_RAW);
    written(s, &w);
}

int recorded_scene_start(void **state)
{
    static struct recorded_scene s;

    memset(&s, 0, sizeof s);
    test_crypto_init(&s.crypto);
    assert_int_equal(kdnet_key_parse(RECORDED_SCENE_KEY, strlen(RECORDED_SCENE_KEY), NULL, &s.key),
                     KD_OK);
    s.host = scene_end(1, 50000);
    s.target = scene_end(2, 50000);
    s.poke = (struct kdnet_poke){.nonce_a = 1000, .nonce_b = {0xB0, 0x07, 1}};
    s.time_ns = START_NS;
    write_file_header(&s);
    *state = &s;
    return 0;
}

int recorded_scene_stop(void **state)
{
    struct recorded_scene *s = *state;

    kdt_recording_close(s->recording);
    s->recording = NULL;
    return 0;
}

/* ---- packets of the file ---- */

struct kdt_endpoint scene_end(uint8_t last_byte, uint16_t port)
{
    return (struct kdt_endpoint){{[10] = 0xff, 0xff, 10, 0, 0, last_byte}, port};
}

void scene_wait(struct recorded_scene *s, uint64_t ms)
{
    s->time_ns += ms * 1000000;
}

static void write_ip_udp(struct kd_writer *w, const struct kdt_endpoint *from,
                         const struct kdt_endpoint *to, size_t payload_len)
{
    kd_wr_u8(w, 0x45);
    kd_wr_u8(w, 0);
    kd_wr_u16be(w, (uint16_t)(28 + payload_len));
    kd_wr_zero(w, 4); /* identification, fragment */
    kd_wr_u8(w, 16);
    kd_wr_u8(w, 17);
    kd_wr_zero(w, 2);
    kd_wr_bytes(w, from->ip + 12, 4);
    kd_wr_bytes(w, to->ip + 12, 4);
    kd_wr_u16be(w, from->port);
    kd_wr_u16be(w, to->port);
    kd_wr_u16be(w, (uint16_t)(8 + payload_len));
    kd_wr_zero(w, 2);
}

void scene_datagram(struct recorded_scene *s, const struct kdt_endpoint *from,
                    const struct kdt_endpoint *to, const void *payload, size_t len)
{
    struct kd_writer w = writer_at_end(s);

    kd_wr_u32(&w, (uint32_t)(s->time_ns / 1000000000));
    kd_wr_u32(&w, (uint32_t)(s->time_ns % 1000000000));
    kd_wr_u32(&w, (uint32_t)(28 + len));
    kd_wr_u32(&w, (uint32_t)(28 + len));
    write_ip_udp(&w, from, to, len);
    kd_wr_bytes(&w, payload, len);
    written(s, &w);
    s->time_ns += 1000000;
}

static size_t record_len(const struct recorded_scene *s, size_t at)
{
    struct kd_reader r = kd_reader_of(s->file + at, s->len - at);

    kd_rd_skip(&r, 8);
    return RECORD_HEADER_LEN + kd_rd_u32(&r);
}

void scene_copy_last(struct recorded_scene *s, unsigned n)
{
    unsigned count = 0;
    size_t end = s->len;
    size_t at;

    for (at = FILE_HEADER_LEN; at < end; at += record_len(s, at))
        count++;
    assert_true(count >= n);
    for (at = FILE_HEADER_LEN; count > n; count--)
        at += record_len(s, at);
    for (; at < end; at += record_len(s, at)) {
        struct kd_writer w = writer_at_end(s);

        kd_wr_u32(&w, (uint32_t)(s->time_ns / 1000000000));
        kd_wr_u32(&w, (uint32_t)(s->time_ns % 1000000000));
        kd_wr_bytes(&w, s->file + at + 8, record_len(s, at) - 8);
        written(s, &w);
    }
}

/* ---- KDNET ---- */

static void seal(struct recorded_scene *s, const uint8_t *aes_key, const struct kdnet_datagram *d)
{
    uint8_t sealed[KDNET_DATAGRAM_MAX];
    size_t len;

    assert_int_equal(kdnet_seal(&s->crypto.table, &s->key, aes_key, d, sealed, sizeof sealed, &len),
                     KD_OK);
    if (d->from_host)
        scene_datagram(s, &s->host, &s->target, sealed, len);
    else
        scene_datagram(s, &s->target, &s->host, sealed, len);
}

void scene_control(struct recorded_scene *s, bool from_host, uint64_t sequence, const void *payload,
                   size_t len)
{
    const struct kdnet_datagram d = {4, true, from_host, sequence, {payload, len}};

    seal(s, s->key.bytes, &d);
}

void scene_poke(struct recorded_scene *s)
{
    uint8_t payload[KDNET_POKE_LEN];
    struct kd_writer w = kd_writer_of(payload, sizeof payload);

    s->poke.nonce_a++;
    s->poke_sequence += 3;
    kd_wr_u8(&w, 1);
    kd_wr_u8(&w, 1);
    kd_wr_u64(&w, s->poke.nonce_a);
    kd_wr_bytes(&w, s->poke.nonce_b, sizeof s->poke.nonce_b);
    memcpy(s->poke.nonce, payload + 2, sizeof s->poke.nonce);
    kd_wr_zero(&w, sizeof payload - w.pos);
    assert_true(kd_writer_ok(&w));
    scene_control(s, false, s->poke_sequence, payload, sizeof payload);
}

void scene_answer_poke(struct recorded_scene *s)
{
    uint8_t payload[KDNET_RESPONSE_LEN];
    uint8_t random[32];

    assert_int_equal(s->crypto.table.random(s->crypto.table.self, random, sizeof random), KD_OK);
    kdnet_response_encode(&s->poke, random, payload);
    assert_int_equal(kdnet_data_key(&s->crypto.table, &s->key, payload, s->data_key), KD_OK);
    s->sequence[0] = s->sequence[1] = 0;
    scene_control(s, true, s->poke_sequence, payload, sizeof payload);
}

void scene_link(struct recorded_scene *s)
{
    static const uint8_t ping[KDNET_PING_LEN] = {[8] = 1, 0, 0, 10};

    scene_poke(s);
    scene_answer_poke(s);
    scene_bytes(s, false, ping, sizeof ping);
}

/* ---- what is said ---- */

void scene_bytes(struct recorded_scene *s, bool from_host, const void *bytes, size_t len)
{
    if (!s->is_stream) {
        const struct kdnet_datagram d = {
            4, false, from_host, ++s->sequence[from_host], {bytes, len}};

        seal(s, s->data_key, &d);
    } else if (from_host) {
        scene_datagram(s, &kdt_wrapped_host, &kdt_wrapped_target, bytes, len);
    } else {
        scene_datagram(s, &kdt_wrapped_target, &kdt_wrapped_host, bytes, len);
    }
}

void scene_packet(struct recorded_scene *s, bool from_host, uint16_t type, uint32_t id,
                  const void *data, size_t len)
{
    uint8_t bytes[KD_PACKET_LEN_MAX + 1];
    struct kd_packet p = {.type = type, .id = id, .data = data, .len = len};
    size_t packet_len;

    p.is_control =
        type == KD_PACKET_ACKNOWLEDGE || type == KD_PACKET_RESEND || type == KD_PACKET_RESET;
    assert_int_equal(kd_packet_encode(&p, bytes, sizeof bytes - 1, &packet_len), KD_OK);
    if (s->is_stream && !p.is_control)
        bytes[packet_len++] = KD_TRAILER;
    scene_bytes(s, from_host, bytes, packet_len);
}

void scene_state(struct recorded_scene *s, uint32_t id, uint32_t kind, uint64_t pc_va)
{
    uint8_t data[KD_STATE_CHANGE_LEN];
    struct kd_writer w = kd_writer_of(data, sizeof data);

    kd_wr_u32(&w, kind);
    kd_wr_zero(&w, 4);
    kd_wr_u32(&w, 1); /* processors */
    kd_wr_zero(&w, 4);
    kd_wr_u64(&w, 0x7ead);
    kd_wr_u64(&w, pc_va);
    kd_wr_zero(&w, sizeof data - w.pos);
    scene_packet(s, false, KD_PACKET_STATE_CHANGE64, id, data, sizeof data);
}

static void scene_manipulate(struct recorded_scene *s, bool from_host, uint32_t id,
                             const struct kd_manipulate *m)
{
    uint8_t data[KD_PACKET_DATA_MAX];
    size_t len;

    assert_int_equal(kd_manipulate_encode(m, data, sizeof data, &len), KD_OK);
    scene_packet(s, from_host, KD_PACKET_STATE_MANIPULATE, id, data, len);
}

void scene_asks(struct recorded_scene *s, uint32_t id, const struct kd_manipulate *m)
{
    scene_manipulate(s, true, id, m);
}

void scene_answers(struct recorded_scene *s, uint32_t id, const struct kd_manipulate *m)
{
    scene_manipulate(s, false, id, m);
}

struct kd_manipulate scene_of(uint32_t api)
{
    return (struct kd_manipulate){.api = api};
}

struct kd_manipulate scene_read(uint64_t va, uint32_t count, uint32_t actual, const void *data)
{
    struct kd_manipulate m = scene_of(KD_API_READ_VIRTUAL);

    m.u.memory.va = va;
    m.u.memory.count = count;
    m.u.memory.actual = actual;
    m.data = (struct kd_span){data, data ? actual : 0};
    return m;
}

struct kd_manipulate scene_version(uint16_t build, uint64_t kernel_base_va)
{
    struct kd_manipulate m = scene_of(KD_API_GET_VERSION);

    m.u.version = (struct kd_version){
        .major = 15, .minor = build, .machine = 0x8664, .kernel_base_va = kernel_base_va};
    return m;
}

/* ---- reading back ---- */

enum kd_status scene_try_open(struct recorded_scene *s, const struct kdnet_key *key, size_t len)
{
    const struct kdt_recording_opts opts = {NULL, key, &s->diag};
    FILE *f = fmemopen(s->file, len, "rb");

    assert_non_null(f);
    kd_diag_clear(&s->diag);
    kdt_recording_close(s->recording);
    s->recording = NULL;
    return kdt_recording_open_stream(f, &opts, &s->recording);
}

void scene_open(struct recorded_scene *s)
{
    assert_int_equal(scene_try_open(s, &s->key, s->len), KD_OK);
}

struct kdt_record scene_next(struct recorded_scene *s, enum kdt_record_kind kind)
{
    struct kdt_record rec;

    assert_int_equal(kdt_recording_next(s->recording, &rec), KD_OK);
    assert_int_equal(rec.kind, kind);
    return rec;
}

static bool is_chatter(const struct kdt_record *rec)
{
    return rec->kind == KDT_RECORD_PING || rec->kind == KDT_RECORD_POKE ||
           rec->kind == KDT_RECORD_RESPONSE ||
           (rec->kind == KDT_RECORD_PACKET && rec->packet.is_control);
}

struct kdt_record scene_next_data(struct recorded_scene *s)
{
    struct kdt_record rec;

    do
        assert_int_equal(kdt_recording_next(s->recording, &rec), KD_OK);
    while (is_chatter(&rec));
    return rec;
}

void scene_expect_end(struct recorded_scene *s)
{
    struct kdt_record rec;

    assert_int_equal(kdt_recording_next(s->recording, &rec), KD_ERR_NOT_FOUND);
    assert_int_equal(kdt_recording_next(s->recording, &rec), KD_ERR_NOT_FOUND);
}

struct kdt_recording_counts scene_counts(const struct recorded_scene *s)
{
    struct kdt_recording_counts counts;

    kdt_recording_get_counts(s->recording, &counts);
    return counts;
}
