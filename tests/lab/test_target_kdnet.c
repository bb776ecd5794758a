/* Pokes, handshake and datagrams of a target: kd-protocol.md 1 and 5.6. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "plain_host.h"

#define POKE_US (3 * SECOND_US)

static struct plain_host h;
static const struct lab_target_options plain;

static int stop(void **state)
{
    (void)state;
    host_stop(&h);
    return 0;
}

/* ---- pokes ---- */

static void the_first_poke_comes_at_once_and_says_who_is_there(void **state)
{
    static const uint8_t v4_mapped[12] = {[10] = 0xFF, [11] = 0xFF};
    static const uint8_t zero[256];
    const uint8_t *p;

    (void)state;
    host_start(&h, &plain);
    host_wait(&h, 0);
    assert_int_equal(h.poke_sequence, 3);
    p = host_expect_poke(&h)->payload;
    assert_memory_equal(p, "\1\1", 2);
    assert_memory_equal(p + 34, v4_mapped, 12);
    assert_memory_equal(p + 46, "\xC0\xA8\x02\x48\xC7\xA7", 6); /* 192.168.2.72, 51111 big-endian */
    assert_memory_equal(p + 52, v4_mapped, 12);
    assert_memory_equal(p + 64, "\xC0\xA8\x02\x01\xC3\x50", 6);
    assert_memory_equal(p + 70, v4_mapped, 12); /* connected to nobody: ::ffff:0.0.0.0, port 0 */
    assert_memory_equal(p + 82, zero, 6);
    assert_memory_equal(p + 88, zero, 256);
    host_expect_silence(&h);
}

static void pokes_come_every_three_seconds_with_sequence_3_and_nonce_1_more(void **state)
{
    uint8_t first[LAB_POKE_LEN];

    (void)state;
    host_start(&h, &plain);
    host_wait(&h, 0);
    memcpy(first, host_expect_poke(&h)->payload, sizeof first);
    for (uint64_t i = 1; i <= 5; i++) {
        host_wait(&h, POKE_US - 1);
        host_expect_silence(&h);
        host_wait(&h, 1);
        host_expect_poke(&h);
        assert_int_equal(h.poke_sequence, 3 + 3 * i);
        assert_true(get64(h.poke + 2) == get64(first + 2) + i);
        assert_memory_equal(h.poke + 10, first + 10, sizeof first - 10); /* all else stays */
    }
}

static void pokes_go_on_while_halted_and_name_the_host(void **state)
{
    (void)state;
    host_start(&h, &plain);
    host_link(&h);
    host_halt(&h, 0);
    host_wait(&h, POKE_US);
    host_expect_poke(&h);
    assert_memory_equal(h.poke + 82, "\xC0\xA8\x02\x01\xC3\x50", 6);
    assert_int_equal(h.poke_sequence, 6);
    host_expect_silence(&h); /* heard already: no ping */
}

static void an_empty_control_datagram_asks_for_a_poke(void **state)
{
    const struct lab_message m = {.version = 4, .is_control = true, .from_host = true};

    (void)state;
    host_start(&h, &plain);
    host_wait(&h, 0);
    host_expect_poke(&h);
    host_raw(&h, &m);
    host_expect_poke(&h);
    assert_int_equal(h.poke_sequence, 6);
    host_wait(&h, POKE_US - 1);
    host_expect_silence(&h);
}

/* ---- handshake ---- */

/* A response to the last poke with one thing changed; true when the target took it. */
static bool takes_response(uint64_t sequence, size_t len, size_t flip_at)
{
    uint8_t response[LAB_RESPONSE_LEN + 1] = {1, 2};
    const struct lab_message m = {.version = 4,
                                  .is_control = true,
                                  .from_host = true,
                                  .sequence = sequence,
                                  .payload = response,
                                  .len = len};
    uint8_t datagram[LAB_DATAGRAM_MAX];
    uint64_t before = host_stats(&h)->handshakes;
    size_t datagram_len;

    memcpy(response + 2, h.poke + 2, 32);
    response[flip_at] ^= 0x40;
    datagram_len = lab_seal_message(h.seal, &m, datagram);
    lab_target_datagram(h.target, datagram, datagram_len, h.now_us);
    return host_stats(&h)->handshakes > before;
}

static void a_response_must_fit_the_poke(void **state)
{
    (void)state;
    host_start(&h, &plain);
    host_wait(&h, 2 * POKE_US);
    assert_int_equal(h.poke_sequence, 9);
    assert_false(takes_response(9, LAB_RESPONSE_LEN, 0));  /* type */
    assert_false(takes_response(9, LAB_RESPONSE_LEN, 1));  /* subtype */
    assert_false(takes_response(9, LAB_RESPONSE_LEN, 10)); /* nonce B */
    assert_false(takes_response(9, LAB_RESPONSE_LEN, 33)); /* nonce B */
    assert_false(takes_response(9, LAB_RESPONSE_LEN - 1, 40));
    assert_false(takes_response(9, LAB_RESPONSE_LEN + 1, 40));
    assert_false(takes_response(3, LAB_RESPONSE_LEN, 40)); /* two pokes old */
    assert_false(takes_response(12, LAB_RESPONSE_LEN, 40));
    assert_int_equal(host_stats(&h)->bad_datagrams[LAB_BAD_RESPONSE], 8);
    assert_true(takes_response(9, LAB_RESPONSE_LEN, 40));
    assert_true(takes_response(6, LAB_RESPONSE_LEN, 40)); /* one poke old */
    assert_true(takes_response(9, LAB_RESPONSE_LEN, 2));  /* nonce A is not compared */
}

static void the_ping_is_the_first_datagram_and_repeated_until_the_host_speaks(void **state)
{
    const struct heard *ping;

    (void)state;
    host_start(&h, &plain);
    host_wait(&h, 0);
    host_expect_poke(&h);
    host_answer_poke(&h, 7);
    ping = host_take(&h);
    assert_int_equal(ping->sequence, 1);
    assert_int_equal(ping->len, 12);
    assert_int_equal(get64(ping->payload), 0);
    host_wait(&h, POKE_US);
    host_expect_poke(&h);
    host_expect_ping(&h);
    host_control(&h, RESEND, 0); /* running: ignored, but heard */
    host_wait(&h, POKE_US);
    host_expect_poke(&h);
    host_expect_silence(&h);
}

static void a_new_response_starts_both_sequences_again_and_keeps_the_ids(void **state)
{
    (void)state;
    host_start(&h, &plain);
    host_link(&h);
    host_halt(&h, 0);
    host_ask(&h, HOST_ASKS_VERSION, NULL, 0, 2, NULL);
    host_wait(&h, POKE_US);
    host_expect_poke(&h);
    host_answer_poke(&h, 2);
    assert_int_equal(host_take(&h)->sequence, 1);
    assert_int_equal(h.sequence, 0);
    host_ask(&h, HOST_ASKS_VERSION, NULL, 0, 4, NULL);
    assert_int_equal(host_stats(&h)->handshakes, 2);
}

static void what_was_pending_follows_the_ping(void **state)
{
    (void)state;
    host_start(&h, &plain);
    host_link(&h);
    host_break_in(&h);
    host_expect_data(&h, STATE_CHANGE, 0, NULL);
    host_answer_poke(&h, 9); /* a new host process, which knows nothing of it */
    host_expect_ping(&h);
    host_expect_data(&h, STATE_CHANGE, 0, NULL);
}

/* ---- datagrams ---- */

static void bad_datagrams_change_nothing_and_are_never_answered(void **state)
{
    const uint8_t break_in = 'b';
    struct lab_message m = {
        .version = 4, .from_host = true, .sequence = 1, .payload = &break_in, .len = 1};
    uint8_t datagram[LAB_DATAGRAM_MAX];
    size_t len;

    (void)state;
    host_start(&h, &plain);
    host_link(&h);
    m.from_host = false;
    host_raw(&h, &m);
    m.from_host = true;
    m.version = 5;
    host_raw(&h, &m);
    m.version = 4;
    len = lab_seal_message(h.seal, &m, datagram);
    for (size_t bit = 0; bit < 8 * len; bit++) {
        datagram[bit / 8] ^= (uint8_t)(1 << bit % 8);
        lab_target_datagram(h.target, datagram, len, h.now_us);
        datagram[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    for (size_t n = 0; n < len; n++)
        lab_target_datagram(h.target, datagram, n, h.now_us);
    host_wait(&h, SECOND_US);
    host_expect_silence(&h);
    assert_true(lab_target_is_running(h.target));
    assert_int_equal(host_stats(&h)->bad_datagrams[LAB_BAD_DIRECTION], 1);
    assert_int_equal(host_stats(&h)->bad_datagrams[LAB_GOOD], 1); /* the response */
    lab_target_datagram(h.target, datagram, len, h.now_us);       /* it was good all the time */
    assert_false(lab_target_is_running(h.target));
}

static void a_sequence_is_heard_only_once_and_never_goes_back(void **state)
{
    const uint8_t break_in = 'b';
    struct lab_message m = {
        .version = 4, .from_host = true, .sequence = 5, .payload = &break_in, .len = 1};

    (void)state;
    host_start(&h, &plain);
    host_link(&h);
    host_raw(&h, &m);
    host_raw(&h, &m);
    m.sequence = 4;
    host_raw(&h, &m);
    assert_int_equal(host_stats(&h)->breaks, 1);
    assert_int_equal(host_stats(&h)->bad_datagrams[LAB_BAD_REPLAY], 2);
    m.sequence = 9; /* a gap is a loss */
    host_raw(&h, &m);
    assert_int_equal(host_stats(&h)->breaks, 2);
}

static void every_datagram_of_the_target_has_the_next_sequence(void **state)
{
    uint64_t expected = 2; /* the ping was 1 */
    const struct heard *in;

    (void)state;
    host_start(&h, &plain);
    host_link(&h);
    host_break_in(&h);
    host_wait(&h, 2 * SECOND_US);
    host_control(&h, RESEND, 0);
    host_control(&h, RESET, 0x80000000);
    while ((in = host_take(&h)))
        assert_int_equal(in->sequence, expected++);
    assert_int_equal(expected, 10); /* 1 + 4 repeated in time, 1 RESENT, RESET and 1 more */
}

#define TEST(name) cmocka_unit_test_teardown(name, stop)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(the_first_poke_comes_at_once_and_says_who_is_there),
        TEST(pokes_come_every_three_seconds_with_sequence_3_and_nonce_1_more),
        TEST(pokes_go_on_while_halted_and_name_the_host),
        TEST(an_empty_control_datagram_asks_for_a_poke),
        TEST(a_response_must_fit_the_poke),
        TEST(the_ping_is_the_first_datagram_and_repeated_until_the_host_speaks),
        TEST(a_new_response_starts_both_sequences_again_and_keeps_the_ids),
        TEST(what_was_pending_follows_the_ping),
        TEST(bad_datagrams_change_nothing_and_are_never_answered),
        TEST(a_sequence_is_heard_only_once_and_never_goes_back),
        TEST(every_datagram_of_the_target_has_the_next_sequence),
    };
    return cmocka_run_group_tests_name("lab.test_target_kdnet", tests, NULL, NULL);
}
