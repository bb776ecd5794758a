#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <kdproto/framer.h>

#include "support/feed.h"
#include "support/hex.h"

#define RESET_PACKET "6969696906000000 0000000000000000"
#define ACK_PACKET   "6969696904000000 0000808000000000"
#define DATA_PACKET  "3030303003000300 0000808026010000 616263 aa"
/* The read request of a serial line that the protocol notes construct: 73 bytes. */
#define READ_PACKET                                                                                \
    "3030303002003800 0000808045050000"                                                            \
    "30310000000000000000000000000000"                                                             \
    "0080c16b02f8ffff4000000000000000"                                                             \
    "00000000000000000000000000000000"                                                             \
    "0000000000000000 aa"

/* What each of them says when it comes out. */
#define RESET_LINE "type 6 id 0 len 0 sum 0\n"
#define ACK_LINE   "type 4 id 80800000 len 0 sum 0\n"
#define DATA_LINE  "type 3 id 80800000 len 3 sum 126\n"
#define READ_LINE  "type 2 id 80800000 len 56 sum 545\n"

struct wire {
    struct kd_framer *framer;
    struct feed_log log;
};

static int plug_in(void **state)
{
    struct wire *w = calloc(1, sizeof *w);

    assert_non_null(w);
    assert_int_equal(kd_framer_create(&w->framer), KD_OK);
    *state = w;
    return 0;
}

static int unplug(void **state)
{
    struct wire *w = *state;

    kd_framer_destroy(w->framer);
    free(w);
    return 0;
}

/* Writes down all that the framer has to say. */
static void listen(struct kd_framer *f, struct feed_log *log)
{
    struct kd_packet pkt;

    for (;;) {
        switch (kd_framer_next(f, &pkt)) {
        case KD_FRAMER_IDLE:
            return;
        case KD_FRAMER_PACKET:
            feed_say(log, "type %u id %x len %zu sum %x\n", (unsigned)pkt.type, (unsigned)pkt.id,
                     pkt.len, (unsigned)kd_checksum(pkt.data, pkt.len));
            break;
        case KD_FRAMER_RESEND:
            feed_say(log, "resend\n");
            break;
        case KD_FRAMER_RESET:
            feed_say(log, "reset\n");
            break;
        }
    }
}

static void push_all(struct kd_framer *f, const uint8_t *bytes, size_t len, uint64_t now_ms,
                     struct feed_log *log)
{
    do {
        size_t taken = kd_framer_push(f, bytes, len, now_ms);

        assert_true(taken > 0 || len == 0);
        bytes += taken;
        len -= taken;
        listen(f, log);
    } while (len > 0);
}

static void send(struct wire *w, const char *hex, uint64_t now_ms)
{
    uint8_t bytes[2048];
    size_t len = hex_decode(hex, bytes, sizeof bytes);

    push_all(w->framer, bytes, len, now_ms, &w->log);
}

static void fall_silent(struct wire *w, uint64_t now_ms)
{
    kd_framer_tick(w->framer, now_ms);
    listen(w->framer, &w->log);
}

/* What came out since the last look. */
static void expect(struct wire *w, const char *lines)
{
    assert_string_equal(w->log.text, lines);
    w->log.len = 0;
    w->log.text[0] = '\0';
}

static void packets_come_out_as_they_went_in(void **state)
{
    struct wire *w = *state;

    send(w, RESET_PACKET DATA_PACKET ACK_PACKET READ_PACKET DATA_PACKET, 0);
    expect(w, RESET_LINE DATA_LINE ACK_LINE READ_LINE DATA_LINE);
}

static void a_packet_keeps_its_data_until_the_next_push(void **state)
{
    struct wire *w = *state;
    uint8_t bytes[64];
    size_t len = hex_decode(DATA_PACKET RESET_PACKET, bytes, sizeof bytes);
    struct kd_packet data, reset;

    assert_int_equal(kd_framer_push(w->framer, bytes, len, 0), len);
    assert_int_equal(kd_framer_next(w->framer, &data), KD_FRAMER_PACKET);
    assert_int_equal(kd_framer_next(w->framer, &reset), KD_FRAMER_PACKET);
    assert_int_equal(kd_framer_next(w->framer, &reset), KD_FRAMER_IDLE);
    assert_memory_equal(data.data, "abc", 3);
}

static void anything_between_packets_is_skipped(void **state)
{
    struct wire *w = *state;

    send(w, "62 aa 00 ff 303030 aa 6969 3069", 0);
    send(w, DATA_PACKET "62" RESET_PACKET "626262" ACK_PACKET "aaaa" DATA_PACKET, 0);
    expect(w, DATA_LINE RESET_LINE ACK_LINE DATA_LINE);
}

static void of_a_longer_run_the_last_four_are_the_leader(void **state)
{
    struct wire *w = *state;

    send(w, "30" DATA_PACKET "6969696969" RESET_PACKET "303030303030303030" READ_PACKET, 0);
    expect(w, DATA_LINE RESET_LINE READ_LINE);
    send(w, "696969" DATA_PACKET "30303030" RESET_PACKET, 0);
    expect(w, DATA_LINE "resend\n" RESET_LINE);
}

static void an_implausible_header_asks_for_one_resend(void **state)
{
    static const char *const headers[] = {
        "30303030 0000 0300 00000000 00000000", /* type 0 */
        "30303030 0c00 0300 00000000 00000000", /* type 12 */
        "30303030 0300 0000 00000000 00000000", /* data packet without data */
        "30303030 0300 0110 00000000 00000000", /* 4097 bytes */
        "30303030 0400 0300 00000000 00000000", /* acknowledgement as data */
        "69696969 0300 0000 00000000 00000000", /* debug I/O as control */
        "69696969 0600 0100 00000000 00000000", /* control packet with data */
    };
    struct wire *w = *state;

    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
        send(w, headers[i], 0);
        expect(w, "resend\n");
        send(w, ACK_PACKET, 0);
        expect(w, ACK_LINE);
    }
}

static void a_packet_inside_a_wrong_header_is_found(void **state)
{
    struct wire *w = *state;

    send(w, "30303030 ffff" RESET_PACKET, 0);
    expect(w, "resend\n" RESET_LINE);
    send(w, "30303030 0300 0000 000000" DATA_PACKET, 0);
    expect(w, "resend\n" DATA_LINE);
}

static void a_wrong_checksum_asks_for_one_resend(void **state)
{
    struct wire *w = *state;

    send(w, "3030303003000300 0000808026010000 616264 aa" ACK_PACKET, 0);
    expect(w, "resend\n" ACK_LINE);
}

static void a_missing_trailer_asks_for_one_resend(void **state)
{
    struct wire *w = *state;

    send(w, "3030303003000300 0000808026010000 616263 ab" ACK_PACKET, 0);
    expect(w, "resend\n" ACK_LINE);
}

static void the_packet_that_a_damaged_one_swallowed_is_found(void **state)
{
    struct wire *w = *state;

    /* Ten bytes were lost: the next two packets seem to be its data. */
    send(w, "3030303003002000 0000808026010000 6162" DATA_PACKET RESET_PACKET DATA_PACKET, 0);
    expect(w, "resend\n" DATA_LINE RESET_LINE DATA_LINE);
}

static void damage_inside_the_wreck_of_a_packet_is_the_same_damage(void **state)
{
    struct wire *w = *state;

    /* Wrong checksum; its data hold two leaders that begin nothing. */
    send(w, "3030303003002800 0000808000000000", 0);
    send(w, "30303030ffff00000000000000000000 69696969ffff00000000000000000000 6162636465666768 aa",
         0);
    send(w, ACK_PACKET, 0);
    expect(w, "resend\n" ACK_LINE);
    /* What is damaged behind is damage of its own. */
    send(w, "3030303003000100 0000808000000000 61 aa", 0);
    expect(w, "resend\n");
}

static void silence_inside_data_asks_for_a_resend(void **state)
{
    struct wire *w = *state;

    send(w, "3030303003000300 0000808026010000 61", 1000);
    assert_int_equal(kd_framer_deadline_ms(w->framer), 1250);
    fall_silent(w, 1249);
    expect(w, "");
    fall_silent(w, 1250);
    expect(w, "resend\n");
    assert_true(kd_framer_deadline_ms(w->framer) == KD_NEVER);
    send(w, "6263aa" ACK_PACKET, 1300);
    expect(w, ACK_LINE);
}

static void silence_inside_a_header_drops_it(void **state)
{
    struct wire *w = *state;

    send(w, "3030303003000300", 1000);
    assert_int_equal(kd_framer_deadline_ms(w->framer), 1250);
    fall_silent(w, 1250);
    expect(w, "");
    send(w, "0000808026010000 616263 aa" ACK_PACKET, 1251);
    expect(w, ACK_LINE);
}

static void silence_that_nobody_ticked_is_seen_by_the_next_push(void **state)
{
    struct wire *w = *state;

    send(w, "3030303003000300 0000808026010000 61", 1000);
    send(w, "6263aa" DATA_PACKET, 1250);
    expect(w, "resend\n" DATA_LINE);
}

static void what_a_torn_packet_swallowed_is_found_at_the_silence(void **state)
{
    struct wire *w = *state;

    send(w, "3030303003000001 0000808000000000 6162" ACK_PACKET DATA_PACKET, 1000);
    expect(w, "");
    fall_silent(w, 1250);
    expect(w, "resend\n" ACK_LINE DATA_LINE);
}

static void a_packet_that_begins_after_a_pause_ends_the_one_that_was_cut_short(void **state)
{
    struct wire *w = *state;

    send(w, "3030303003000001 0000808000000000 6162", 1000);
    send(w, DATA_PACKET, 1004); /* no pause: it may be inside */
    expect(w, "");
    send(w, DATA_PACKET, 1009);
    expect(w, "resend\n" DATA_LINE DATA_LINE);
}

static void data_that_go_on_after_a_pause_are_waited_for(void **state)
{
    struct wire *w = *state;

    send(w, "3030303003000300 0000808026010000 61", 1000);
    send(w, "62 63aa", 1200);
    expect(w, DATA_LINE);
}

static void damage_after_the_silence_is_damage_of_its_own(void **state)
{
    struct wire *w = *state;

    send(w, "3030303003000001 0000808000000000 6162", 1000);
    fall_silent(w, 1250);
    send(w, "3030303003000100 0000808000000000 61 aa", 1250);
    expect(w, "resend\nresend\n");
}

static void a_slow_line_is_no_silence(void **state)
{
    struct wire *w = *state;
    uint8_t bytes[128];
    size_t len = hex_decode(READ_PACKET, bytes, sizeof bytes);

    for (size_t i = 0; i < len; i++)
        push_all(w->framer, bytes + i, 1, 249 * i, &w->log);
    expect(w, READ_LINE);
}

static void silence_between_packets_or_leader_bytes_loses_nothing(void **state)
{
    struct wire *w = *state;

    assert_true(kd_framer_deadline_ms(w->framer) == KD_NEVER);
    send(w, DATA_PACKET "62 3030", 1000);
    expect(w, DATA_LINE);
    assert_true(kd_framer_deadline_ms(w->framer) == KD_NEVER);
    fall_silent(w, 5000);
    send(w, "3030 03000300 0000808026010000 616263 aa", 9000);
    expect(w, DATA_LINE);
}

static void a_clock_that_steps_back_is_no_silence(void **state)
{
    struct wire *w = *state;

    send(w, "3030303003000300 0000808026010000 61", 1000);
    send(w, "6263aa", 10);
    expect(w, DATA_LINE);
}

static void ten_resends_in_a_row_end_in_a_reset(void **state)
{
    struct wire *w = *state;

    for (int i = 0; i < 10; i++)
        send(w, "3030303003000100 0000808000000000 61 aa", 0);
    expect(w, "resend\nresend\nresend\nresend\nresend\nresend\nresend\nresend\nresend\nresend\n");
    send(w, "3030303003000100 0000808000000000 61 aa", 0);
    expect(w, "reset\n");
    send(w, "3030303003000100 0000808000000000 61 aa", 0);
    expect(w, "resend\n");
}

static void a_good_packet_ends_the_row_of_resends(void **state)
{
    struct wire *w = *state;

    for (int i = 0; i < 9; i++)
        send(w, "3030303003000100 0000808000000000 61 aa", 0);
    send(w, ACK_PACKET, 0);
    w->log.len = 0;
    for (int i = 0; i < 10; i++)
        send(w, "3030303003000100 0000808000000000 61 aa", 0);
    assert_null(strstr(w->log.text, "reset\n"));
}

static void what_was_held_is_forgotten_when_told_so(void **state)
{
    struct wire *w = *state;

    send(w, "3030303003000300 0000808026010000 61", 1000);
    kd_framer_clear(w->framer);
    assert_true(kd_framer_deadline_ms(w->framer) == KD_NEVER);
    send(w, "6263aa" RESET_PACKET, 1001);
    expect(w, RESET_LINE);
}

/* One packet with as many data as there can be, its trailer behind it. */
static size_t largest_packet(uint8_t *out)
{
    static uint8_t data[KD_PACKET_DATA_MAX];
    const struct kd_packet pkt = {false, KD_PACKET_FILE_IO, 1, data, sizeof data};
    size_t len;

    memset(data, '0', sizeof data); /* the worst data: all of it looks like leaders */
    assert_int_equal(kd_packet_encode(&pkt, out, KD_PACKET_LEN_MAX, &len), KD_OK);
    out[len] = KD_TRAILER;
    return len + 1;
}

static void the_largest_packets_fit_and_what_does_not_is_pushed_again(void **state)
{
    static uint8_t bytes[3 * (KD_PACKET_LEN_MAX + 1)];
    struct wire *w = *state;
    size_t len = 0;

    for (int i = 0; i < 3; i++)
        len += largest_packet(bytes + len);
    assert_true(kd_framer_push(w->framer, bytes, len, 0) < len);
    kd_framer_clear(w->framer);
    push_all(w->framer, bytes, len, 0, &w->log);
    expect(w, "type 11 id 1 len 4096 sum 30000\n"
              "type 11 id 1 len 4096 sum 30000\n"
              "type 11 id 1 len 4096 sum 30000\n");
}

static void a_full_framer_still_takes_a_byte(void **state)
{
    static uint8_t bytes[KD_PACKET_LEN_MAX + 1];
    struct wire *w = *state;
    size_t len = largest_packet(bytes);

    bytes[len - 1] = 0; /* no trailer: a full buffer, and all of it wreckage */
    push_all(w->framer, bytes, len, 0, &w->log);
    expect(w, "resend\n");
    send(w, ACK_PACKET, 0);
    expect(w, ACK_LINE);
}

static void run(void *ctx, const struct kd_span *parts, size_t count, struct feed_log *log)
{
    struct kd_framer *f;

    (void)ctx;
    assert_int_equal(kd_framer_create(&f), KD_OK);
    for (size_t i = 0; i < count; i++)
        push_all(f, parts[i].data, parts[i].len, 0, log);
    kd_framer_destroy(f);
}

static void the_split_of_the_bytes_makes_no_difference(void **state)
{
    static const char stream[] = "62 303030" DATA_PACKET                 /* noise, a longer run */
                                 "30303030 ffff" RESET_PACKET            /* inside a wrong header */
                                 "3030303003001000 0000808026"           /* lost bytes */
        ACK_PACKET READ_PACKET "3030303003000100 0000808000000000 61 aa" /* checksum */
                                 "6969696969 6969" ACK_PACKET "aa" READ_PACKET
                                 "3030303003000300 0000808026010000 61"; /* not finished */
    uint8_t bytes[512];
    size_t len = hex_decode(stream, bytes, sizeof bytes);

    (void)state;
    feed_splits_agree(run, NULL, bytes, len);
}

#define WIRE_TEST(name) cmocka_unit_test_setup_teardown(name, plug_in, unplug)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WIRE_TEST(packets_come_out_as_they_went_in),
        WIRE_TEST(a_packet_keeps_its_data_until_the_next_push),
        WIRE_TEST(anything_between_packets_is_skipped),
        WIRE_TEST(of_a_longer_run_the_last_four_are_the_leader),
        WIRE_TEST(an_implausible_header_asks_for_one_resend),
        WIRE_TEST(a_packet_inside_a_wrong_header_is_found),
        WIRE_TEST(a_wrong_checksum_asks_for_one_resend),
        WIRE_TEST(a_missing_trailer_asks_for_one_resend),
        WIRE_TEST(the_packet_that_a_damaged_one_swallowed_is_found),
        WIRE_TEST(damage_inside_the_wreck_of_a_packet_is_the_same_damage),
        WIRE_TEST(silence_inside_data_asks_for_a_resend),
        WIRE_TEST(silence_inside_a_header_drops_it),
        WIRE_TEST(silence_that_nobody_ticked_is_seen_by_the_next_push),
        WIRE_TEST(what_a_torn_packet_swallowed_is_found_at_the_silence),
        WIRE_TEST(a_packet_that_begins_after_a_pause_ends_the_one_that_was_cut_short),
        WIRE_TEST(data_that_go_on_after_a_pause_are_waited_for),
        WIRE_TEST(damage_after_the_silence_is_damage_of_its_own),
        WIRE_TEST(a_slow_line_is_no_silence),
        WIRE_TEST(silence_between_packets_or_leader_bytes_loses_nothing),
        WIRE_TEST(a_clock_that_steps_back_is_no_silence),
        WIRE_TEST(ten_resends_in_a_row_end_in_a_reset),
        WIRE_TEST(a_good_packet_ends_the_row_of_resends),
        WIRE_TEST(what_was_held_is_forgotten_when_told_so),
        WIRE_TEST(the_largest_packets_fit_and_what_does_not_is_pushed_again),
        WIRE_TEST(a_full_framer_still_takes_a_byte),
        cmocka_unit_test(the_split_of_the_bytes_makes_no_difference),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
