/* A target on a byte stream: kd-protocol.md 2.3-2.10 and 5.6, and the serial vectors of section 6. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "../support/hex.h"
#include "fake_machine.h"
#include "plain_host.h"
#include "random.h"

#define ACK_US      (SECOND_US / 2)
#define ID_0        0x80800000u
#define ID_1        0x80800001u
#define ID_SYNC     0x80800800u
#define BOOT_TEXT   "\x1b[2J\x1b[01;01HLab BIOS (version 1.0)\r\nBooting from Hard Disk...\r\n"
#define KERNEL_PATH "\\SystemRoot\\system32\\ntoskrnl.exe"

static struct plain_host h;
static const struct lab_target_options ntkd = {.carrier = LAB_OVER_STREAM, .version = 4};
static const struct lab_target_options boot = {
    .carrier = LAB_OVER_STREAM, .dialect = LAB_DIALECT_BOOT, .version = 4};
static const struct lab_target_options minimal = {
    .carrier = LAB_OVER_STREAM, .dialect = LAB_DIALECT_MINIMAL, .version = 4};

static int stop(void **state)
{
    (void)state;
    host_stop(&h);
    return 0;
}

/* Halted by a break-in, which is acknowledged: the target's next id is ID_1. */
static void start_halted(void)
{
    host_start(&h, &ntkd);
    host_halt(&h, ID_SYNC);
}

static void say(const char *hex)
{
    uint8_t bytes[128];

    host_bytes(&h, bytes, hex_decode(hex, bytes, sizeof bytes));
}

/* A control packet whose id does not matter; returns the id. */
static uint32_t expect_reset(void)
{
    const struct heard *in = host_take(&h);

    assert_non_null(in);
    assert_int_equal(in->len, 16);
    assert_memory_equal(in->payload, "iiii\x06\0\0\0", 8);
    return get32(in->payload + 8);
}

static const uint8_t *expect_kernel_loaded(uint32_t id)
{
    size_t len;
    const uint8_t *d = host_expect_data(&h, STATE_CHANGE, id, &len);

    assert_int_equal(get32(d) & 0xFFFF, 0x3031);
    assert_true(get64(d + 40) == FAKE_KERNEL_BASE);
    assert_int_equal(len, 240 + sizeof KERNEL_PATH);
    assert_string_equal((const char *)d + 240, KERNEL_PATH);
    return d;
}

static const struct lab_stream_bad *bad(void)
{
    return &host_stats(&h)->stream_bad;
}

/* ---- the vectors of section 6 ---- */

#define V_RESET "69696969 0600 0000 00000000 00000000"
#define V_ACK   "69696969 0400 0000 00008080 00000000"
#define V_READ                                                                                     \
    "30303030 0200 3800 00008080 45050000 3031000000000000 0000000000000000 0080c16b02f8ffff"      \
    "40000000 00000000 0000000000000000 0000000000000000 0000000000000000 aa"

static void the_serial_vectors_are_understood_and_answered_as_the_rules_say(void **state)
{
    static const uint8_t request[17] = {0x30, 0x31};
    const uint8_t *d;
    size_t len;

    (void)state;
    host_start(&h, &ntkd);
    host_break_in(&h);
    host_expect_data(&h, STATE_CHANGE, ID_SYNC, NULL);
    say(V_ACK); /* of ID_SYNC */
    say(V_READ);
    host_expect_control(&h, ACKNOWLEDGE, ID_0);
    d = host_expect_data(&h, MANIPULATE, ID_1, &len);
    assert_int_equal(len, 56); /* nothing there */
    assert_memory_equal(d, request, 8);
    assert_int_equal(get32(d + 8), 0xC0000001);
    assert_true(get64(d + 16) == 0xFFFFF8026BC18000);
    say(V_RESET);
    expect_reset();
    host_expect_data(&h, MANIPULATE, ID_0, NULL);
    assert_int_equal(host_stats(&h)->resets_received, 1);
}

/* ---- ids ---- */

static void the_first_packet_has_the_sync_bit_and_ids_toggle(void **state)
{
    (void)state;
    start_halted();
    host_ask(&h, HOST_ASKS_VERSION, NULL, 0, ID_1, NULL);
    host_ask(&h, HOST_ASKS_VERSION, NULL, 0, ID_0, NULL);
    host_ask(&h, HOST_ASKS_VERSION, NULL, 0, ID_1, NULL);
}

static void a_kernel_that_spoke_to_a_host_before_goes_on_without_the_sync_bit(void **state)
{
    const struct lab_target_options opts = {.carrier = LAB_OVER_STREAM, .first_id = 0x927};

    (void)state;
    host_start(&h, &opts);
    host_halt(&h, ID_1);
    host_ask(&h, HOST_ASKS_VERSION, NULL, 0, ID_0, NULL);
}

static void an_ack_with_the_sync_bit_is_of_nothing(void **state)
{
    (void)state;
    host_start(&h, &ntkd);
    host_break_in(&h);
    host_expect_data(&h, STATE_CHANGE, ID_SYNC, NULL);
    host_control(&h, ACKNOWLEDGE, ID_SYNC);
    host_wait(&h, ACK_US);
    host_expect_data(&h, STATE_CHANGE, ID_SYNC, NULL);
    host_control(&h, ACKNOWLEDGE, ID_0);
    host_wait(&h, SECOND_US);
    host_expect_silence(&h);
}

static void a_repeated_request_is_acknowledged_but_not_executed_again(void **state)
{
    (void)state;
    start_halted();
    host_ask(&h, HOST_ASKS_VERSION, NULL, 0, ID_1, NULL);
    h.id ^= 1; /* our ACK was lost: the host says it again */
    host_request(&h, HOST_ASKS_VERSION, NULL, 0);
    host_expect_control(&h, ACKNOWLEDGE, ID_0);
    host_expect_silence(&h);
    assert_int_equal(host_stats(&h)->requests, 1);
    assert_int_equal(host_stats(&h)->duplicates, 1);
    h.id ^= 1;
    host_ask(&h, HOST_ASKS_VERSION, NULL, 0, ID_0, NULL);
    assert_int_equal(host_stats(&h)->requests, 2);
}

/* ---- RESET, RESEND ---- */

static void reset_takes_both_ids_to_the_start_without_sync_bit_and_repeats_the_halt(void **state)
{
    uint32_t noise[2];

    (void)state;
    host_start(&h, &ntkd);
    host_break_in(&h);
    host_expect_data(&h, STATE_CHANGE, ID_SYNC, NULL); /* as the published session has it: */
    host_control(&h, RESET, 0);
    noise[0] = expect_reset();
    host_accept(&h, STATE_CHANGE, ID_0);
    host_ask(&h, HOST_ASKS_VERSION, NULL, 0, ID_1, NULL);
    host_control(&h, RESET, 4711); /* whatever its id, and while nothing is outstanding */
    noise[1] = expect_reset();
    host_accept(&h, STATE_CHANGE, ID_0);
    h.id = ID_0;
    host_ask(&h, HOST_ASKS_VERSION, NULL, 0, ID_1, NULL);
    assert_int_not_equal(noise[0], noise[1]);
    assert_int_equal(host_stats(&h)->resets_received, 2);
}

static void reset_repeats_a_reply_that_is_outstanding(void **state)
{
    (void)state;
    start_halted();
    host_request(&h, HOST_ASKS_VERSION, NULL, 0);
    host_expect_control(&h, ACKNOWLEDGE, ID_0);
    host_expect_data(&h, MANIPULATE, ID_1, NULL);
    host_control(&h, RESET, 0);
    expect_reset();
    host_accept(&h, MANIPULATE, ID_0);
    h.id = ID_0;
    host_ask(&h, HOST_ASKS_VERSION, NULL, 0, ID_1, NULL);
}

static void resend_repeats_what_is_outstanding_or_the_halt(void **state)
{
    uint8_t first[240];

    (void)state;
    host_start(&h, &ntkd);
    host_break_in(&h);
    memcpy(first, host_expect_data(&h, STATE_CHANGE, ID_SYNC, NULL), sizeof first);
    host_control(&h, RESEND, 0);
    assert_memory_equal(host_expect_data(&h, STATE_CHANGE, ID_SYNC, NULL), first, sizeof first);
    host_control(&h, ACKNOWLEDGE, ID_0);
    host_control(&h, RESEND, 0);
    assert_memory_equal(host_expect_data(&h, STATE_CHANGE, ID_1, NULL), first, sizeof first);
}

static void a_running_target_hears_nothing_but_the_break_in_byte(void **state)
{
    (void)state;
    host_start(&h, &ntkd);
    host_control(&h, RESET, 0);
    host_control(&h, RESEND, 0);
    host_control(&h, ACKNOWLEDGE, ID_0);
    host_request(&h, HOST_ASKS_VERSION, NULL, 0);
    host_bytes(&h, "0000iiii garage", 15);
    host_wait(&h, SECOND_US);
    host_expect_silence(&h);
    assert_true(lab_target_is_running(h.target));
    assert_int_equal(host_stats(&h)->packets_received, 0);
    host_bytes(&h, "0000b", 5); /* wherever it finds it */
    host_accept(&h, STATE_CHANGE, ID_SYNC);
    host_ask(&h, HOST_ASKS_VERSION, NULL, 0, ID_1, NULL);
}

static uint8_t context[CONTEXT_LEN];

static void a_break_in_while_halted_is_remembered_and_repeats_the_last_word(void **state)
{
    (void)state;
    start_halted();
    host_break_in(&h);
    host_accept(&h, STATE_CHANGE, ID_1);
    host_request(&h, HOST_ASKS_VERSION, NULL, 0);
    host_expect_control(&h, ACKNOWLEDGE, ID_0);
    host_expect_data(&h, MANIPULATE, ID_0, NULL);
    host_break_in(&h);
    host_accept(&h, MANIPULATE, ID_0);
    h.id ^= 1;
    host_get_context(&h, context, ID_1);
    host_advance_rip(&h, context, ID_0);
    host_continue(&h);
    host_expect_data(&h, STATE_CHANGE, ID_1, NULL);
    assert_false(lab_target_is_running(h.target));
    assert_int_equal(host_stats(&h)->rehalts, 0);
}

static void continued_behind_the_int3_it_runs_and_halts_again_under_the_next_id(void **state)
{
    (void)state;
    start_halted();
    host_get_context(&h, context, ID_1);
    host_advance_rip(&h, context, ID_0);
    host_continue(&h);
    host_expect_silence(&h);
    assert_true(lab_target_is_running(h.target));
    host_halt(&h, ID_1);
    assert_int_equal(host_stats(&h)->altering, 0);
}

/* ---- acknowledgements ---- */

static void what_is_not_acknowledged_is_repeated(void **state)
{
    struct lab_target_options opts = ntkd;

    (void)state;
    host_start(&h, &opts);
    host_break_in(&h);
    for (int i = 0; i < 50; i++) {
        host_expect_data(&h, STATE_CHANGE, ID_SYNC, NULL);
        host_expect_silence(&h);
        host_wait(&h, ACK_US);
    }
    host_stop(&h);
    opts.retransmit_us = 20000;
    host_start(&h, &opts);
    host_break_in(&h);
    host_wait(&h, 19999);
    host_expect_data(&h, STATE_CHANGE, ID_SYNC, NULL);
    host_expect_silence(&h);
    host_wait(&h, 1);
    host_accept(&h, STATE_CHANGE, ID_SYNC);
    host_wait(&h, SECOND_US);
    host_expect_silence(&h);
    assert_int_equal(host_stats(&h)->retransmissions, 1);
}

static void a_packet_on_a_slow_line_is_waited_for_from_its_end(void **state)
{
    struct lab_target_options opts = ntkd;

    (void)state;
    opts.baud = 2570; /* one second for a state change */
    host_start(&h, &opts);
    host_break_in(&h);
    host_expect_data(&h, STATE_CHANGE, ID_SYNC, NULL);
    host_wait(&h, SECOND_US + ACK_US - 1);
    host_expect_silence(&h);
    host_wait(&h, 1);
    host_expect_data(&h, STATE_CHANGE, ID_SYNC, NULL);
    host_control(&h, RESEND, 0); /* while it speaks: said behind it */
    host_expect_data(&h, STATE_CHANGE, ID_SYNC, NULL);
    host_wait(&h, 2 * SECOND_US + ACK_US - 1);
    host_expect_silence(&h);
    host_wait(&h, 1);
    host_accept(&h, STATE_CHANGE, ID_SYNC);
}

static void the_expected_request_in_place_of_an_ack_means_resend_and_counts_as_ack(void **state)
{
    (void)state;
    host_start(&h, &ntkd);
    host_break_in(&h);
    host_expect_data(&h, STATE_CHANGE, ID_SYNC, NULL);
    host_request(&h, HOST_ASKS_VERSION, NULL, 0);
    host_expect_control(&h, RESEND, 0);
    host_expect_silence(&h);
    host_ask(&h, HOST_ASKS_VERSION, NULL, 0, ID_1, NULL);
    assert_int_equal(host_stats(&h)->requests, 1);
}

static void an_old_request_in_place_of_an_ack_is_acknowledged_and_dropped(void **state)
{
    (void)state;
    start_halted();
    host_request(&h, HOST_ASKS_VERSION, NULL, 0);
    host_expect_control(&h, ACKNOWLEDGE, ID_0);
    host_expect_data(&h, MANIPULATE, ID_1, NULL);
    host_request(&h, HOST_ASKS_VERSION, NULL, 0); /* neither ACK nor reply arrived */
    host_expect_control(&h, ACKNOWLEDGE, ID_0);
    host_expect_data(&h, MANIPULATE, ID_1, NULL);
    host_expect_silence(&h);
    assert_int_equal(host_stats(&h)->requests, 1);
}

static void a_module_that_nobody_acknowledges_is_given_up_and_ids_start_anew(void **state)
{
    const struct lab_target_options opts = {
        .carrier = LAB_OVER_STREAM, .version = 4, .reboot_after = 1};

    (void)state;
    host_start(&h, &opts);
    host_halt(&h, ID_SYNC);
    host_request(&h, HOST_ASKS_VERSION, NULL, 0);
    host_wait(&h, 19 * (uint64_t)ACK_US);
    assert_false(lab_target_is_running(h.target));
    host_wait(&h, ACK_US);
    assert_true(lab_target_is_running(h.target));
    assert_int_equal(host_stats(&h)->given_up, 1);
    h.count = 0;
    h.id = ID_0;
    host_halt(&h, ID_SYNC);
    host_ask(&h, HOST_ASKS_VERSION, NULL, 0, ID_1, NULL);
}

static void who_repeats_sooner_gives_up_no_sooner(void **state)
{
    const struct lab_target_options opts = {
        .carrier = LAB_OVER_STREAM, .version = 4, .reboot_after = 1, .retransmit_us = 50000};

    (void)state;
    host_start(&h, &opts);
    host_halt(&h, ID_SYNC);
    host_request(&h, HOST_ASKS_VERSION, NULL, 0);
    host_wait(&h, 20 * (uint64_t)ACK_US - 1);
    assert_int_equal(host_stats(&h)->given_up, 0);
    host_wait(&h, 1);
    assert_int_equal(host_stats(&h)->given_up, 1);
}

/* ---- packets in a stream ---- */

/* An ACK, a request, its repetition and a break-in, with garbage in front of each. */
static size_t conversation(uint8_t *out)
{
    static const char text[] =
        "3030 69 00 ff 6969 " V_ACK "303030 aa " V_READ "30 69696930 3030 " V_READ "aa 62";

    return hex_decode(text, out, 512);
}

static void assert_conversation(size_t split)
{
    uint8_t bytes[512];
    size_t len = conversation(bytes);

    host_start(&h, &ntkd);
    host_break_in(&h);
    host_expect_data(&h, STATE_CHANGE, ID_SYNC, NULL);
    if (split == 0)
        for (size_t i = 0; i < len; i++)
            host_bytes(&h, bytes + i, 1);
    host_bytes(&h, bytes, split);
    if (split > 0)
        host_bytes(&h, bytes + split, len - split);
    host_expect_control(&h, ACKNOWLEDGE, ID_0);
    host_expect_data(&h, MANIPULATE, ID_1, NULL);
    host_expect_control(&h, ACKNOWLEDGE, ID_0);
    host_expect_data(&h, MANIPULATE, ID_1, NULL); /* for the repetition */
    host_expect_data(&h, MANIPULATE, ID_1, NULL); /* for the break-in */
    host_expect_silence(&h);
    assert_int_equal(host_stats(&h)->requests, 1);
    assert_int_equal(host_stats(&h)->breaks, 2);
    assert_int_equal(bad()->skipped, 7 + 4 + 7 + 1);
    assert_int_equal(host_stats(&h)->bad_packets, 0);
    host_stop(&h);
}

static void garbage_between_packets_is_skipped_however_the_bytes_are_split(void **state)
{
    uint8_t bytes[512];

    (void)state;
    for (size_t split = 0; split <= conversation(bytes); split++)
        assert_conversation(split);
}

static void a_leader_may_be_the_end_of_a_longer_run(void **state)
{
    (void)state;
    start_halted();
    say("3030303030 " V_READ);
    host_expect_control(&h, ACKNOWLEDGE, ID_0);
    host_accept(&h, MANIPULATE, ID_1);
    say("69696969 " V_RESET);
    expect_reset();
    host_expect_data(&h, STATE_CHANGE, ID_0, NULL);
    assert_int_equal(bad()->headers, 0);
}

static void a_packet_that_begins_inside_a_wrong_header_is_found_after_one_resend(void **state)
{
    (void)state;
    start_halted();
    say("30303030 0200 " V_READ); /* a leader without an end */
    host_expect_control(&h, RESEND, 0);
    host_expect_control(&h, ACKNOWLEDGE, ID_0);
    host_accept(&h, MANIPULATE, ID_1);
    host_expect_silence(&h);
    assert_int_equal(bad()->headers, 1);
    assert_int_equal(bad()->skipped, 6);
}

static void headers_that_cannot_be_are_refused(void **state)
{
    static const char *const headers[] = {
        "69696969 0000 0000 00000000 00000000", /* no type 0 */
        "69696969 0c00 0000 00000000 00000000", /* nor 12 */
        "69696969 0400 0100 00000000 00000000", /* control packets have no data */
        "30303030 0200 0000 00008080 00000000", /* and data packets have */
        "30303030 0200 a10f 00008080 00000000", /* at most 4000 bytes */
    };

    (void)state;
    start_halted();
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        say(headers[i]);
        host_expect_control(&h, RESEND, 0);
        host_expect_silence(&h);
        assert_int_equal(bad()->headers, i + 1);
    }
}

static void a_wrong_checksum_or_trailer_is_answered_with_resend(void **state)
{
    uint8_t packet[73];

    (void)state;
    start_halted();
    assert_int_equal(hex_decode(V_READ, packet, sizeof packet), sizeof packet);
    packet[12] ^= 1;
    host_bytes(&h, packet, sizeof packet);
    host_expect_control(&h, RESEND, 0);
    packet[12] ^= 1;
    packet[72] ^= 1;
    host_bytes(&h, packet, sizeof packet);
    host_expect_control(&h, RESEND, 0);
    packet[72] ^= 1;
    packet[40] ^= 1;
    host_bytes(&h, packet, sizeof packet);
    host_expect_control(&h, RESEND, 0);
    assert_int_equal(bad()->checksums, 2);
    assert_int_equal(bad()->trailers, 1);
    assert_int_equal(host_stats(&h)->requests, 0);
    packet[40] ^= 1;
    host_bytes(&h, packet, sizeof packet);
    host_expect_control(&h, ACKNOWLEDGE, ID_0);
    host_accept(&h, MANIPULATE, ID_1);
}

static void a_packet_that_stops_is_dropped_after_250_ms_a_body_with_resend(void **state)
{
    uint8_t packet[73];

    (void)state;
    start_halted();
    hex_decode(V_READ, packet, sizeof packet);
    for (size_t len = 4; len < sizeof packet; len++) {
        host_bytes(&h, packet, 3);
        host_wait(&h, SECOND_US); /* no leader yet: nothing waits */
        host_bytes(&h, packet + 3, len - 3);
        host_wait(&h, 249999);
        host_expect_silence(&h);
        host_wait(&h, 1);
        if (len >= 16)
            host_expect_control(&h, RESEND, 0);
        host_expect_silence(&h);
    }
    assert_int_equal(bad()->timeouts, sizeof packet - 4);
    host_bytes(&h, packet, 20); /* and when the rest comes late, it is none */
    h.now_us += 250000;
    host_bytes(&h, packet + 20, sizeof packet - 20);
    host_expect_control(&h, RESEND, 0);
    host_expect_silence(&h);
    assert_int_equal(host_stats(&h)->requests, 0);
}

static void more_than_can_be_answered_at_once_is_not_heard(void **state)
{
    static uint8_t resets[16 * 1000];

    (void)state;
    start_halted();
    for (size_t i = 0; i < 1000; i++)
        hex_decode(V_RESET, resets + (size_t)16 * i, 16);
    host_bytes(&h, resets, sizeof resets);
    assert_in_range(h.count, 10, 40);
    assert_in_range(bad()->overrun, sizeof resets - (size_t)16 * 40, sizeof resets);
    h.count = 0;
    host_control(&h, RESET, 0);
    expect_reset();
    host_expect_data(&h, STATE_CHANGE, ID_0, NULL);
}

/* Known packets, some with a flipped bit or cut short, and bytes that are anything. */
static void say_something(uint64_t *random)
{
    static const char *const known[] = {V_RESET, V_ACK, (V_READ), "62", "30303030", "69696969"};
    uint8_t bytes[80];
    size_t len = hex_decode(known[lab_random(random) % 6], bytes, sizeof bytes);
    uint64_t fate = lab_random(random);

    if (fate % 4 == 0)
        bytes[fate / 4 % len] ^= (uint8_t)(1u << (fate / 1024 % 8));
    if (fate % 5 == 0)
        len = 1 + (size_t)(fate / 4096 % len);
    if (fate % 7 == 0)
        for (size_t i = 0; i < len; i++)
            bytes[i] = (uint8_t)lab_random(random);
    host_bytes(&h, bytes, len);
    host_wait(&h, fate % 11 == 0 ? 300000 : fate % 2000);
    h.count = 0;
}

static void whatever_it_heard_a_target_can_be_reset_and_asked(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 60; seed++) {
        struct lab_target_options opts = ntkd;
        uint64_t random = seed;

        opts.dialect = (enum lab_dialect)(seed % LAB_DIALECTS);
        opts.chatter = seed % 2;
        host_start(&h, &opts);
        for (int i = 0; i < 200; i++)
            say_something(&random);
        host_wait(&h, SECOND_US); /* a packet that was cut short is over */
        host_break_in(&h);
        h.count = 0;
        host_control(&h, RESET, 0);
        expect_reset();
        assert_true(h.count > 0);
        assert_false(lab_target_is_running(h.target));
        host_stop(&h);
    }
}

/* ---- what is counted ---- */

static const char *text_of(json_t *o, const char *name)
{
    return json_string_value(json_object_get(o, name));
}

static json_int_t number_of(json_t *o, const char *name)
{
    return json_integer_value(json_object_get(o, name));
}

static void statistics_name_the_dialect_and_what_was_wrong_on_the_stream(void **state)
{
    json_t *o, *link, *stream;
    char *text;

    (void)state;
    start_halted();
    say("ff " V_READ);
    host_control(&h, ACKNOWLEDGE, ID_1);
    say(V_READ); /* a repeat */
    say("30303030 0200 0100 01008080 00000000 00 00");
    text = lab_target_stats_json(h.target, h.now_us);
    o = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    free(text);
    assert_non_null(o);
    link = json_object_get(o, "link");
    stream = json_object_get(link, "stream_bad");
    assert_string_equal(text_of(o, "dialect"), "ntkd");
    assert_null(json_object_get(o, "kdnet_version"));
    assert_int_equal(number_of(link, "packets_received"), 4);
    assert_int_equal(number_of(link, "packets_sent"), 5);
    assert_int_equal(number_of(link, "duplicates"), 1);
    assert_int_equal(number_of(stream, "skipped_bytes"), 1);
    assert_int_equal(number_of(stream, "trailers"), 1);
    assert_int_equal(number_of(stream, "checksums"), 0);
    json_decref(o);
}

/* ---- large packets ---- */

static const uint8_t *read_memory(uint64_t va, uint32_t count, uint32_t reply_id, size_t *len)
{
    uint8_t request[56] = {0};

    put32(request, READ_VIRTUAL);
    put64(request + 16, va);
    put32(request + 24, count);
    return host_ask(&h, request, NULL, 0, reply_id, len);
}

static void assert_read(uint64_t va, uint32_t count, uint32_t reply_id, uint32_t expected)
{
    size_t len;
    const uint8_t *d = read_memory(va, count, reply_id, &len);

    assert_int_equal(len, 56 + expected);
    assert_int_equal(get32(d + 28), expected);
    for (uint32_t i = 0; i < expected; i++)
        assert_int_equal(d[56 + i], fake_byte(va + i));
}

static void a_reply_carries_up_to_4000_bytes_and_memory_up_to_a_hole(void **state)
{
    (void)state;
    start_halted();
    assert_read(FAKE_DATA + 0x800, 3944, ID_1, 3944);
    assert_read(FAKE_DATA, 4096, ID_0, 3944);
    assert_read(FAKE_DATA + FAKE_DATA_LEN - 100, 1000, ID_1, 100);
}

/* ---- a target that waits at boot ---- */

static void the_boot_dialect_repeats_its_greeting_until_a_host_comes_then_is_a_kernel(void **state)
{
    (void)state;
    host_start(&h, &boot);
    for (int i = 0; i < 200; i++) {
        host_expect_data(&h, DEBUG_IO, ID_SYNC, NULL);
        host_expect_silence(&h);
        host_wait(&h, ACK_US);
    }
    assert_int_equal(host_stats(&h)->given_up, 0);
    host_take(&h);
    host_control(&h, RESET, 0);
    expect_reset();
    host_accept(&h, DEBUG_IO, ID_0);
    expect_kernel_loaded(ID_1);
    host_control(&h, ACKNOWLEDGE, ID_1);
    host_get_context(&h, context, ID_0);
    host_advance_rip(&h, context, ID_1);
    host_continue(&h);
    host_expect_silence(&h);
    assert_true(lab_target_is_running(h.target));
    host_halt(&h, ID_0);
}

static void a_host_that_was_heard_at_boot_is_given_all_tries(void **state)
{
    (void)state;
    host_start(&h, &boot);
    host_wait(&h, 50 * (uint64_t)ACK_US);
    h.count = 0;
    host_control(&h, RESEND, 0);
    host_wait(&h, 19 * (uint64_t)ACK_US);
    assert_int_equal(host_stats(&h)->given_up, 0);
    host_wait(&h, ACK_US);
    assert_int_equal(host_stats(&h)->given_up, 1);
    assert_true(lab_target_is_running(h.target));
}

static void continue_behind_int3(uint32_t id)
{
    host_get_context(&h, context, id);
    host_advance_rip(&h, context, id ^ 1);
    host_continue(&h);
}

static void answer_file(uint32_t id)
{
    uint8_t answer[64];

    memcpy(answer, host_expect_data(&h, FILE_IO, id, NULL), sizeof answer);
    put32(answer + 4, 0xC000000F);
    host_control(&h, ACKNOWLEDGE, id);
    host_data(&h, FILE_IO, h.id, answer, sizeof answer);
    host_expect_control(&h, ACKNOWLEDGE, h.id);
    h.id ^= 1;
}

static void after_the_boot_debugger_the_kernel_begins_with_its_sync_bit(void **state)
{
    const struct lab_target_options opts = {.carrier = LAB_OVER_STREAM, .version = 4, .boot = true};
    uint32_t id = ID_1;

    (void)state;
    host_start(&h, &opts);
    host_wait(&h, 60 * (uint64_t)SECOND_US); /* it waits for its host */
    h.count = 1;
    host_accept(&h, DEBUG_IO, ID_SYNC);
    host_accept(&h, STATE_CHANGE, id);
    continue_behind_int3(ID_0);
    id = ID_0;
    for (int i = 0; i < 3; i++, id ^= 1)
        answer_file(id);
    host_accept(&h, DEBUG_IO, id);
    id ^= 1;
    for (int i = 0; i < 2; i++, id ^= 1)
        answer_file(id);
    host_accept(&h, DEBUG_IO, id);
    host_accept(&h, STATE_CHANGE, id ^ 1); /* farewell */
    host_continue(&h);
    host_accept(&h, DEBUG_IO, ID_SYNC); /* the kernel */
    expect_kernel_loaded(ID_1);
    assert_int_equal(host_stats(&h)->stages, 2);
    assert_int_equal(host_stats(&h)->file_answered, 5);
}

static void a_repeated_file_answer_is_acknowledged_and_dropped(void **state)
{
    const struct lab_target_options opts = {.carrier = LAB_OVER_STREAM, .version = 4, .boot = true};
    static const uint8_t any[64];

    (void)state;
    host_start(&h, &opts);
    host_accept(&h, DEBUG_IO, ID_SYNC);
    host_accept(&h, STATE_CHANGE, ID_1);
    continue_behind_int3(ID_0);
    answer_file(ID_0);
    host_accept(&h, FILE_IO, ID_1);
    host_data(&h, FILE_IO, h.id ^ 1, any, sizeof any);
    host_expect_control(&h, ACKNOWLEDGE, h.id ^ 1);
    host_expect_silence(&h);
    assert_int_equal(host_stats(&h)->file_wrong, 0);
}

/* ---- reboot and silence ---- */

static void a_reboot_prints_and_the_new_kernel_stops_under_the_sync_bit(void **state)
{
    const struct lab_target_options opts = {
        .carrier = LAB_OVER_STREAM, .version = 4, .reboot_after = 2};

    (void)state;
    host_start(&h, &opts);
    host_halt(&h, ID_SYNC);
    host_ask(&h, HOST_ASKS_VERSION, NULL, 0, ID_1, NULL);
    host_request(&h, HOST_ASKS_VERSION, NULL, 0);
    host_expect_control(&h, ACKNOWLEDGE, h.id);
    host_expect_data(&h, MANIPULATE, ID_0, NULL);
    host_expect_text(&h, BOOT_TEXT);
    expect_kernel_loaded(ID_SYNC);
    host_wait(&h, ACK_US);
    expect_kernel_loaded(ID_SYNC);
    host_control(&h, ACKNOWLEDGE, ID_0);
    h.id = ID_0;
    host_ask(&h, HOST_ASKS_VERSION, NULL, 0, ID_1, NULL);
    host_ask(&h, HOST_ASKS_VERSION, NULL, 0, ID_0, NULL);
    assert_int_equal(host_stats(&h)->reboots, 1);
}

static void a_machine_that_waits_at_boot_does_so_after_a_reboot(void **state)
{
    struct lab_target_options opts = boot;

    (void)state;
    opts.reboot_after = 1;
    host_start(&h, &opts);
    host_accept(&h, DEBUG_IO, ID_SYNC);
    expect_kernel_loaded(ID_1);
    host_control(&h, ACKNOWLEDGE, ID_1);
    host_request(&h, HOST_ASKS_VERSION, NULL, 0);
    host_expect_control(&h, ACKNOWLEDGE, h.id);
    host_expect_data(&h, MANIPULATE, ID_0, NULL);
    host_expect_text(&h, BOOT_TEXT);
    host_wait(&h, 60 * (uint64_t)SECOND_US);
    h.count = 1;
    host_accept(&h, DEBUG_IO, ID_SYNC);
    expect_kernel_loaded(ID_1);
}

static void silent_after_n_requests_it_says_and_hears_nothing(void **state)
{
    const struct lab_target_options opts = {
        .carrier = LAB_OVER_STREAM, .version = 4, .silent_after = 1};

    (void)state;
    host_start(&h, &opts);
    host_halt(&h, ID_SYNC);
    host_ask(&h, HOST_ASKS_VERSION, NULL, 0, ID_1, NULL);
    host_request(&h, HOST_ASKS_VERSION, NULL, 0);
    host_control(&h, RESET, 0);
    host_bytes(&h, "0000", 4);
    host_wait(&h, 60 * (uint64_t)SECOND_US);
    host_expect_silence(&h);
    assert_true(lab_target_deadline(h.target) == UINT64_MAX);
    assert_int_equal(host_stats(&h)->requests, 1);
}

/* ---- the minimal dialect ---- */

static void start_minimal(void)
{
    host_start(&h, &minimal);
    host_halt(&h, ID_1);
}

static void a_stub_starts_at_the_odd_id_and_toggles(void **state)
{
    (void)state;
    start_minimal();
    host_ask(&h, HOST_ASKS_VERSION, NULL, 0, ID_0, NULL);
    host_ask(&h, HOST_ASKS_VERSION, NULL, 0, ID_1, NULL);
}

static void a_stub_honours_a_reset_with_id_0_alone(void **state)
{
    (void)state;
    start_minimal();
    host_control(&h, RESET, ID_0);
    host_wait(&h, SECOND_US);
    host_expect_silence(&h);
    host_control(&h, RESET, 0);
    host_expect_control(&h, RESET, 0xDEADBEEF);
    host_accept(&h, DEBUG_IO, ID_0);
    host_accept(&h, STATE_CHANGE, ID_1);
    host_ask(&h, HOST_ASKS_VERSION, NULL, 0, ID_0, NULL);
    host_control(&h, RESET, 0);
    host_expect_control(&h, RESET, 0xDEADBEEF);
    host_accept(&h, DEBUG_IO, ID_1);
    host_accept(&h, STATE_CHANGE, ID_0);
    h.id = ID_0;
    host_ask(&h, HOST_ASKS_VERSION, NULL, 0, ID_1, NULL);
    assert_int_equal(host_stats(&h)->requests, 2);
}

static void a_reset_halts_a_running_stub(void **state)
{
    (void)state;
    host_start(&h, &minimal);
    host_request(&h, HOST_ASKS_VERSION, NULL, 0); /* but nothing else does */
    host_control(&h, RESEND, 0);
    host_expect_silence(&h);
    host_control(&h, RESET, 0);
    host_expect_control(&h, RESET, 0xDEADBEEF);
    host_expect_data(&h, DEBUG_IO, ID_1, NULL);
    host_expect_data(&h, STATE_CHANGE, ID_0, NULL);
    assert_false(lab_target_is_running(h.target));
}

static void a_stub_repeats_nothing_by_itself_and_its_last_packet_when_asked(void **state)
{
    (void)state;
    host_start(&h, &minimal);
    host_break_in(&h);
    host_expect_data(&h, STATE_CHANGE, ID_1, NULL);
    host_wait(&h, 60 * (uint64_t)SECOND_US);
    host_expect_silence(&h);
    host_control(&h, RESEND, 0);
    host_expect_data(&h, STATE_CHANGE, ID_1, NULL);
    host_request(&h, HOST_ASKS_VERSION, NULL, 0); /* it does not mind a missing ACK */
    host_expect_control(&h, ACKNOWLEDGE, ID_0);
    host_expect_data(&h, MANIPULATE, ID_0, NULL);
    host_request(&h, HOST_ASKS_VERSION, NULL, 0); /* a repetition: only its ACK */
    host_expect_control(&h, ACKNOWLEDGE, ID_0);
    host_expect_silence(&h);
    host_control(&h, RESEND, 0);
    host_expect_data(&h, MANIPULATE, ID_0, NULL);
    assert_int_equal(host_stats(&h)->requests, 1);
    assert_int_equal(host_stats(&h)->retransmissions, 2);
    assert_true(lab_target_deadline(h.target) == UINT64_MAX);
}

static void a_halted_stub_answers_a_break_in_and_forgets_it(void **state)
{
    (void)state;
    start_minimal();
    host_break_in(&h);
    host_accept(&h, STATE_CHANGE, ID_0);
    host_get_context(&h, context, ID_1);
    host_advance_rip(&h, context, ID_0);
    host_continue(&h);
    host_expect_silence(&h);
    assert_true(lab_target_is_running(h.target));
}

static void a_stub_reads_all_that_was_asked_or_nothing(void **state)
{
    (void)state;
    start_minimal();
    assert_read(FAKE_DATA, 4040, ID_0, 4040);
    assert_read(FAKE_DATA + FAKE_DATA_LEN - 100, 101, ID_1, 0);
    assert_read(FAKE_DATA + FAKE_DATA_LEN - 100, 100, ID_0, 100);
}

static void a_chattering_stub_says_print_and_reply_at_once(void **state)
{
    struct lab_target_options opts = minimal;

    (void)state;
    opts.chatter = true;
    host_start(&h, &opts);
    host_halt(&h, ID_1);
    host_ask(&h, HOST_ASKS_VERSION, NULL, 0, ID_0, NULL);
    host_ask(&h, HOST_ASKS_VERSION, NULL, 0, ID_1, NULL);
    host_request(&h, HOST_ASKS_VERSION, NULL, 0);
    host_expect_control(&h, ACKNOWLEDGE, ID_0);
    host_expect_data(&h, DEBUG_IO, ID_0, NULL);
    host_expect_data(&h, MANIPULATE, ID_1, NULL);
    host_expect_silence(&h);
}

#define TEST(name) cmocka_unit_test_teardown(name, stop)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(the_serial_vectors_are_understood_and_answered_as_the_rules_say),
        TEST(the_first_packet_has_the_sync_bit_and_ids_toggle),
        TEST(a_kernel_that_spoke_to_a_host_before_goes_on_without_the_sync_bit),
        TEST(an_ack_with_the_sync_bit_is_of_nothing),
        TEST(a_repeated_request_is_acknowledged_but_not_executed_again),
        TEST(reset_takes_both_ids_to_the_start_without_sync_bit_and_repeats_the_halt),
        TEST(reset_repeats_a_reply_that_is_outstanding),
        TEST(resend_repeats_what_is_outstanding_or_the_halt),
        TEST(a_running_target_hears_nothing_but_the_break_in_byte),
        TEST(a_break_in_while_halted_is_remembered_and_repeats_the_last_word),
        TEST(continued_behind_the_int3_it_runs_and_halts_again_under_the_next_id),
        TEST(what_is_not_acknowledged_is_repeated),
        TEST(a_packet_on_a_slow_line_is_waited_for_from_its_end),
        TEST(the_expected_request_in_place_of_an_ack_means_resend_and_counts_as_ack),
        TEST(an_old_request_in_place_of_an_ack_is_acknowledged_and_dropped),
        TEST(a_module_that_nobody_acknowledges_is_given_up_and_ids_start_anew),
        TEST(who_repeats_sooner_gives_up_no_sooner),
        cmocka_unit_test(garbage_between_packets_is_skipped_however_the_bytes_are_split),
        TEST(a_leader_may_be_the_end_of_a_longer_run),
        TEST(a_packet_that_begins_inside_a_wrong_header_is_found_after_one_resend),
        TEST(headers_that_cannot_be_are_refused),
        TEST(a_wrong_checksum_or_trailer_is_answered_with_resend),
        TEST(a_packet_that_stops_is_dropped_after_250_ms_a_body_with_resend),
        TEST(more_than_can_be_answered_at_once_is_not_heard),
        cmocka_unit_test(whatever_it_heard_a_target_can_be_reset_and_asked),
        TEST(statistics_name_the_dialect_and_what_was_wrong_on_the_stream),
        TEST(a_reply_carries_up_to_4000_bytes_and_memory_up_to_a_hole),
        TEST(the_boot_dialect_repeats_its_greeting_until_a_host_comes_then_is_a_kernel),
        TEST(a_host_that_was_heard_at_boot_is_given_all_tries),
        TEST(after_the_boot_debugger_the_kernel_begins_with_its_sync_bit),
        TEST(a_repeated_file_answer_is_acknowledged_and_dropped),
        TEST(a_reboot_prints_and_the_new_kernel_stops_under_the_sync_bit),
        TEST(a_machine_that_waits_at_boot_does_so_after_a_reboot),
        TEST(silent_after_n_requests_it_says_and_hears_nothing),
        TEST(a_stub_starts_at_the_odd_id_and_toggles),
        TEST(a_stub_honours_a_reset_with_id_0_alone),
        TEST(a_reset_halts_a_running_stub),
        TEST(a_stub_repeats_nothing_by_itself_and_its_last_packet_when_asked),
        TEST(a_halted_stub_answers_a_break_in_and_forgets_it),
        TEST(a_stub_reads_all_that_was_asked_or_nothing),
        TEST(a_chattering_stub_says_print_and_reply_at_once),
    };
    return cmocka_run_group_tests_name("lab.test_target_stream", tests, NULL, NULL);
}
