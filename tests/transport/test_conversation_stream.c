#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/recorded_scene.h"

static int start_stream(void **state)
{
    int failed = recorded_scene_start(state);

    ((struct recorded_scene *)*state)->is_stream = true;
    return failed;
}

/* A packet as it stands on a line. */
struct wired {
    uint8_t bytes[64];
    size_t len;
};

static struct wired wire(uint16_t type, uint32_t id, const char *text)
{
    struct wired w;
    const struct kd_packet p = {.is_control = type == KD_PACKET_RESET,
                                .type = type,
                                .id = id,
                                .data = (const uint8_t *)text,
                                .len = strlen(text)};

    assert_int_equal(kd_packet_encode(&p, w.bytes, sizeof w.bytes - 1, &w.len), KD_OK);
    if (!p.is_control)
        w.bytes[w.len++] = KD_TRAILER;
    return w;
}

static void expect_text(struct recorded_scene *s, uint64_t number, bool from_host, const char *text)
{
    struct kdt_record rec = scene_next(s, KDT_RECORD_PACKET);

    assert_int_equal(rec.number, number);
    assert_true(rec.is_stream && rec.is_from_host == from_host);
    assert_int_equal(rec.packet.len, strlen(text));
    assert_memory_equal(rec.packet.data, text, rec.packet.len);
    assert_int_equal(rec.wire_len, KD_PACKET_HEADER_LEN + strlen(text) + 1);
}

static void packets_come_out_of_both_directions(void **state)
{
    struct recorded_scene *s = *state;
    struct kdt_record rec;

    scene_packet(s, false, KD_PACKET_DEBUG_IO, 0x80800800, "hello", 5);
    scene_packet(s, true, KD_PACKET_ACKNOWLEDGE, 0x80800000, NULL, 0);
    scene_packet(s, true, KD_PACKET_DEBUG_IO, 0x80800000, "yes", 3);
    assert_int_equal(scene_try_open(s, NULL, s->len), KD_OK); /* without a key */
    expect_text(s, 1, false, "hello");
    rec = scene_next(s, KDT_RECORD_PACKET);
    assert_true(rec.is_from_host && rec.packet.type == KD_PACKET_ACKNOWLEDGE);
    assert_int_equal(rec.wire_len, KD_PACKET_HEADER_LEN);
    assert_int_equal(rec.datagram.payload.len + rec.datagram.version, 0);
    expect_text(s, 3, true, "yes");
    scene_expect_end(s);
    assert_int_equal(scene_counts(s).kdnet, 0);
    assert_int_equal(scene_counts(s).stream_bytes, 22 + 16 + 20);
}

static void how_the_bytes_were_split_makes_no_difference(void **state)
{
    struct recorded_scene *s = *state;
    struct wired a = wire(KD_PACKET_DEBUG_IO, 0x80800000, "first");
    struct wired b = wire(KD_PACKET_DEBUG_IO, 0x80800001, "second");
    uint8_t both[128];

    memcpy(both, a.bytes, a.len);
    memcpy(both + a.len, b.bytes, b.len);
    for (size_t i = 0; i < a.len; i++) /* byte by byte, the other direction in between */
        scene_bytes(s, false, a.bytes + i, 1);
    scene_bytes(s, true, b.bytes, 3);
    scene_bytes(s, false, b.bytes, b.len);
    scene_bytes(s, true, b.bytes + 3, b.len - 3);
    scene_bytes(s, false, both, a.len + b.len); /* two at once */
    scene_open(s);
    expect_text(s, a.len, false, "first");
    expect_text(s, a.len + 2, false, "second");
    expect_text(s, a.len + 3, true, "second");
    expect_text(s, a.len + 4, false, "first");
    expect_text(s, a.len + 4, false, "second");
    scene_expect_end(s);
}

static void a_chunk_of_many_packets_is_larger_than_what_a_framer_holds(void **state)
{
    struct recorded_scene *s = *state;
    static uint8_t chunk[60000];
    struct wired w;
    size_t len = 0;
    unsigned packets = 0, seen = 0;
    struct kdt_record rec;

    for (; len + sizeof w.bytes < sizeof chunk; packets++) {
        w = wire(KD_PACKET_DEBUG_IO, 0x80800000 + packets % 2, "some text");
        memcpy(chunk + len, w.bytes, w.len);
        len += w.len;
    }
    scene_bytes(s, false, chunk, len);
    scene_open(s);
    while (kdt_recording_next(s->recording, &rec) == KD_OK) {
        assert_int_equal(rec.kind, KDT_RECORD_PACKET);
        assert_int_equal(rec.packet.id, 0x80800000 + seen++ % 2);
    }
    assert_int_equal(seen, packets);
}

static void a_break_in_is_the_hosts_lone_byte_between_packets(void **state)
{
    struct recorded_scene *s = *state;
    struct wired w = wire(KD_PACKET_DEBUG_IO, 0x80800000, "bbb");
    struct kdt_record rec;

    scene_bytes(s, true, "b", 1);
    scene_bytes(s, true, w.bytes, w.len - 4);
    scene_bytes(s, true, "b", 1); /* of the packet's data */
    scene_bytes(s, true, w.bytes + w.len - 3, 3);
    scene_bytes(s, false, "b", 1); /* targets do not break in */
    scene_bytes(s, true, "x", 1);
    scene_bytes(s, true, "b", 1);
    scene_open(s);
    rec = scene_next(s, KDT_RECORD_BREAK_IN);
    assert_true(rec.is_from_host && rec.wire_len == 1 && rec.number == 1);
    expect_text(s, 4, true, "bbb");
    assert_int_equal(scene_next(s, KDT_RECORD_BREAK_IN).number, 7);
    scene_expect_end(s);
}

static void a_damaged_packet_is_told_and_the_next_one_found(void **state)
{
    struct recorded_scene *s = *state;
    struct wired w = wire(KD_PACKET_DEBUG_IO, 0x80800000, "text");
    struct kdt_record rec;

    scene_bytes(s, false, "boot messages are no damage\r\n", 29);
    w.bytes[17] ^= 1;
    scene_bytes(s, false, w.bytes, w.len);
    w.bytes[17] ^= 1;
    scene_bytes(s, false, w.bytes, w.len);
    scene_open(s);
    rec = scene_next(s, KDT_RECORD_DAMAGED);
    assert_true(rec.number == 2 && rec.is_stream && !rec.is_from_host);
    expect_text(s, 3, false, "text");
    scene_expect_end(s);
}

/* The line was silent for long, so what the first packet lacks will not come. */
static void silence_inside_a_packet_ends_it(void **state)
{
    struct recorded_scene *s = *state;
    struct wired w = wire(KD_PACKET_DEBUG_IO, 0x80800000, "text");

    scene_bytes(s, false, w.bytes, w.len - 2);
    scene_wait(s, 300);
    scene_bytes(s, false, w.bytes, w.len);
    scene_open(s);
    assert_int_equal(scene_next(s, KDT_RECORD_DAMAGED).number, 2);
    expect_text(s, 2, false, "text");
    scene_expect_end(s);
}

static void what_is_said_twice_in_a_stream_was_said_twice(void **state)
{
    struct recorded_scene *s = *state;

    scene_packet(s, false, KD_PACKET_DEBUG_IO, 0x80800000, "text", 4);
    scene_copy_last(s, 1);
    scene_open(s);
    assert_false(scene_next(s, KDT_RECORD_PACKET).is_repeat);
    assert_true(scene_next(s, KDT_RECORD_PACKET).is_repeat);
    assert_int_equal(scene_counts(s).duplicates, 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, start_stream, recorded_scene_stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(packets_come_out_of_both_directions),
        TEST(how_the_bytes_were_split_makes_no_difference),
        TEST(a_chunk_of_many_packets_is_larger_than_what_a_framer_holds),
        TEST(a_break_in_is_the_hosts_lone_byte_between_packets),
        TEST(a_damaged_packet_is_told_and_the_next_one_found),
        TEST(silence_inside_a_packet_ends_it),
        TEST(what_is_said_twice_in_a_stream_was_said_twice),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
