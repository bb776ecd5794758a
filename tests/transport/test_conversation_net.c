#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/recorded_scene.h"

static void expect_bytes(struct kd_span s, const char *text)
{
    assert_int_equal(s.len, strlen(text));
    assert_memory_equal(s.data, text, s.len);
}

static void each_datagram_is_what_it_says(void **state)
{
    struct recorded_scene *s = *state;
    struct kdt_record rec;

    scene_control(s, true, 0, NULL, 0);
    scene_link(s);
    scene_bytes(s, true, "b", 1);
    scene_packet(s, false, KD_PACKET_DEBUG_IO, 0, "text", 4);
    scene_open(s);
    rec = scene_next(s, KDT_RECORD_HOST_POKE);
    assert_true(rec.is_from_host && rec.datagram.is_control);
    rec = scene_next(s, KDT_RECORD_POKE);
    assert_false(rec.is_from_host);
    assert_int_equal(rec.datagram.sequence, 3);
    assert_int_equal(rec.datagram.payload.len, KDNET_POKE_LEN);
    assert_int_equal(rec.wire_len, 374);
    rec = scene_next(s, KDT_RECORD_RESPONSE);
    assert_true(rec.is_from_host && rec.status == KD_OK);
    rec = scene_next(s, KDT_RECORD_PING);
    assert_false(rec.is_from_host || rec.datagram.is_control);
    rec = scene_next(s, KDT_RECORD_BREAK_IN);
    assert_true(rec.is_from_host);
    rec = scene_next(s, KDT_RECORD_PACKET);
    assert_int_equal(rec.packet.type, KD_PACKET_DEBUG_IO);
    assert_int_equal(rec.packet.len, 4);
    assert_memory_equal(rec.packet.data, "text", 4);
    assert_int_equal(rec.datagram.payload.len, KD_PACKET_HEADER_LEN + 4);
    scene_expect_end(s);
}

static void what_verifies_but_is_nothing_known_is_shown_as_that(void **state)
{
    struct recorded_scene *s = *state;
    struct kdt_record rec;

    scene_link(s);
    scene_control(s, false, 6, "?", 1);
    scene_control(s, true, 6, "not a response", 14);
    scene_bytes(s, false, "b", 1); /* only a host breaks in */
    scene_bytes(s, true, "c", 1);
    scene_bytes(s, true, "twelve bytes", 12);
    scene_bytes(s, false, "a payload of no known kind", 26);
    scene_bytes(s, false, "", 0);
    scene_open(s);
    for (int i = 0; i < 3; i++)
        assert_int_equal(kdt_recording_next(s->recording, &rec), KD_OK);
    scene_next(s, KDT_RECORD_UNKNOWN);
    expect_bytes(scene_next(s, KDT_RECORD_UNKNOWN).datagram.payload, "not a response");
    for (int i = 0; i < 5; i++)
        scene_next(s, KDT_RECORD_UNKNOWN);
    scene_expect_end(s);
}

static void a_packet_that_makes_no_sense_is_damaged(void **state)
{
    struct recorded_scene *s = *state;
    static const uint8_t wrong_sum[] = "0000\x03\x00\x01\x00\x00\x00\x00\x00\xff\xff\xff\xff!";

    scene_link(s);
    scene_bytes(s, false, wrong_sum, sizeof wrong_sum - 1);
    scene_bytes(s, true, "iiiiiiiiiiiiiiii", 16);
    scene_open(s);
    scene_next(s, KDT_RECORD_POKE);
    scene_next(s, KDT_RECORD_RESPONSE);
    scene_next(s, KDT_RECORD_PING);
    assert_int_equal(scene_next(s, KDT_RECORD_DAMAGED).packet.len, 0);
    scene_next(s, KDT_RECORD_DAMAGED);
    scene_expect_end(s);
    assert_int_equal(scene_counts(s).verified, 5);
}

static void the_header_of_what_cannot_be_opened_is_judged_all_the_same(void **state)
{
    struct recorded_scene *s = *state;
    static const struct {
        uint8_t version, flags;
        size_t len;
        enum kd_status status;
    } cases[] = {
        {4, 1, 54, KD_ERR_AUTH},
        {4, 1, 53, KD_ERR_TRUNCATED},
        {4, 0x80, 54, KD_ERR_MALFORMED},
        {200, 1, 54, KD_ERR_UNSUPPORTED},
        {4, 1, 2054, KD_ERR_LIMIT},
        {4, 0, 54, KD_ERR_AUTH}, /* no control datagram opened yet */
    };
    static uint8_t bytes[2054];

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        memset(bytes, (int)i, sizeof bytes);
        memcpy(bytes, "MDBG", 4);
        bytes[4] = cases[i].version;
        bytes[5] = cases[i].flags;
        scene_datagram(s, &s->target, &s->host, bytes, cases[i].len);
    }
    scene_open(s);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct kdt_record rec = scene_next(s, KDT_RECORD_UNVERIFIED);

        assert_int_equal(rec.status, cases[i].status);
        assert_int_equal(rec.wire_len, cases[i].len);
        assert_int_equal(rec.stop + rec.boot, 0);
    }
    scene_expect_end(s);
}

static void data_before_their_handshake_are_told_from_those_after_it(void **state)
{
    struct recorded_scene *s = *state;

    s->data_key[0] = 1; /* of a handshake that nobody recorded */
    scene_bytes(s, false, "early", 5);
    scene_poke(s);
    scene_bytes(s, false, "early, too", 10);
    scene_link(s);
    scene_open(s);
    assert_int_equal(scene_next(s, KDT_RECORD_UNVERIFIED).status, KD_ERR_NOT_FOUND);
    scene_next(s, KDT_RECORD_POKE);
    assert_int_equal(scene_next(s, KDT_RECORD_UNVERIFIED).status, KD_ERR_NOT_FOUND);
    scene_next(s, KDT_RECORD_POKE);
    scene_next(s, KDT_RECORD_RESPONSE);
    scene_next(s, KDT_RECORD_PING);
    scene_expect_end(s);
}

/* ---- captured twice ---- */

static void what_two_interfaces_saw_is_told_once(void **state)
{
    struct recorded_scene *s = *state;

    scene_poke(s);
    scene_copy_last(s, 1);
    scene_answer_poke(s);
    scene_packet(s, false, KD_PACKET_DEBUG_IO, 0, "text", 4);
    scene_packet(s, true, KD_PACKET_ACKNOWLEDGE, 0, NULL, 0);
    scene_copy_last(s, 3);
    scene_open(s);
    scene_next(s, KDT_RECORD_POKE);
    scene_next(s, KDT_RECORD_RESPONSE);
    assert_false(scene_next(s, KDT_RECORD_PACKET).is_repeat);
    assert_int_equal(scene_next(s, KDT_RECORD_PACKET).number, 5);
    scene_expect_end(s);
    assert_int_equal(scene_counts(s).packets, 8);
    assert_int_equal(scene_counts(s).kdnet, 4);
    assert_int_equal(scene_counts(s).verified, 4);
    assert_int_equal(scene_counts(s).duplicates, 4);
}

static void what_is_said_again_is_no_copy(void **state)
{
    struct recorded_scene *s = *state;

    scene_control(s, true, 0, NULL, 0); /* has no sequence, so each is like the other */
    scene_wait(s, 1000);
    scene_control(s, true, 0, NULL, 0);
    scene_link(s);
    scene_packet(s, false, KD_PACKET_DEBUG_IO, 0, "text", 4);
    scene_packet(s, false, KD_PACKET_DEBUG_IO, 0, "text", 4);
    scene_open(s);
    scene_next(s, KDT_RECORD_HOST_POKE);
    scene_next(s, KDT_RECORD_HOST_POKE);
    assert_false(scene_next_data(s).is_repeat);
    assert_true(scene_next_data(s).is_repeat);
    scene_expect_end(s);
    assert_int_equal(scene_counts(s).duplicates, 0);
}

/* A target never sends one a second time, so somebody else does. */
static void what_was_opened_is_not_heard_once_more_later(void **state)
{
    struct recorded_scene *s = *state;

    scene_link(s);
    scene_packet(s, false, KD_PACKET_DEBUG_IO, 0, "text", 4);
    scene_wait(s, 60000);
    scene_copy_last(s, 4);
    scene_open(s);
    scene_next(s, KDT_RECORD_POKE);
    scene_next(s, KDT_RECORD_RESPONSE);
    scene_next(s, KDT_RECORD_PING);
    scene_next(s, KDT_RECORD_PACKET);
    scene_expect_end(s);
    assert_int_equal(scene_counts(s).duplicates, 4);
}

static void copies_of_what_does_not_open_are_copies_too(void **state)
{
    struct recorded_scene *s = *state;

    scene_link(s);
    scene_copy_last(s, 3);
    assert_int_equal(scene_try_open(s, NULL, s->len), KD_OK);
    for (int i = 0; i < 3; i++)
        assert_int_equal(scene_next(s, KDT_RECORD_UNVERIFIED).status, KD_ERR_USAGE);
    scene_expect_end(s);
    assert_int_equal(scene_counts(s).duplicates, 3);
}

/* One interface damaged it, and its MAC was not hit. */
static void the_whole_copy_of_a_damaged_datagram_counts(void **state)
{
    struct recorded_scene *s = *state;
    size_t before;

    scene_link(s);
    before = s->len;
    scene_packet(s, false, KD_PACKET_DEBUG_IO, 0, "text", 4);
    scene_copy_last(s, 1);
    s->file[before + 16 + 28 + 6] ^= 1; /* behind the headers, the first byte of the ciphertext */
    scene_copy_last(s, 1);
    scene_open(s);
    scene_next(s, KDT_RECORD_POKE);
    scene_next(s, KDT_RECORD_RESPONSE);
    scene_next(s, KDT_RECORD_PING);
    assert_int_equal(scene_next(s, KDT_RECORD_UNVERIFIED).status, KD_ERR_AUTH);
    scene_next(s, KDT_RECORD_PACKET);
    scene_expect_end(s);
    assert_int_equal(scene_counts(s).duplicates, 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, recorded_scene_start, recorded_scene_stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_datagram_is_what_it_says),
        TEST(what_verifies_but_is_nothing_known_is_shown_as_that),
        TEST(a_packet_that_makes_no_sense_is_damaged),
        TEST(the_header_of_what_cannot_be_opened_is_judged_all_the_same),
        TEST(data_before_their_handshake_are_told_from_those_after_it),
        TEST(what_two_interfaces_saw_is_told_once),
        TEST(what_is_said_again_is_no_copy),
        TEST(what_was_opened_is_not_heard_once_more_later),
        TEST(copies_of_what_does_not_open_are_copies_too),
        TEST(the_whole_copy_of_a_damaged_datagram_counts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
