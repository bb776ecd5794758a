/* Packet ids and acknowledgements of a target: kd-protocol.md 2.6-2.8 and 5.6. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "plain_host.h"

#define POKE_US (3 * SECOND_US)
#define ACK_US  (SECOND_US / 2)

static struct plain_host h;
static const struct lab_target_options plain;

static int stop(void **state)
{
    (void)state;
    host_stop(&h);
    return 0;
}

static void ids_start_at_zero_or_where_the_kernel_stands_and_step_by_two(void **state)
{
    const struct lab_target_options opts = {.first_id = 0x926};

    (void)state;
    host_start(&h, &opts);
    host_link(&h);
    host_halt(&h, 0x926);
    host_ask(&h, HOST_ASKS_VERSION, NULL, 0, 0x928, NULL);
    host_ask(&h, HOST_ASKS_VERSION, NULL, 0, 0x92A, NULL);
}

static void an_unacknowledged_halt_is_repeated_for_ever_with_its_id(void **state)
{
    (void)state;
    host_start(&h, &plain);
    host_link(&h);
    host_break_in(&h);
    host_expect_data(&h, STATE_CHANGE, 0, NULL);
    for (int i = 0; i < 50; i++) {
        host_wait(&h, ACK_US);
        while (h.inbox[h.first].is_control)
            host_take(&h);
        host_expect_data(&h, STATE_CHANGE, 0, NULL);
        host_control(&h, ACKNOWLEDGE, 2); /* of something else */
    }
    assert_int_equal(host_stats(&h)->retransmissions, 50);
    host_control(&h, ACKNOWLEDGE, 0);
    host_wait(&h, SECOND_US);
    host_expect_silence(&h);
}

static void a_reply_is_repeated_until_acknowledged(void **state)
{
    (void)state;
    host_start(&h, &plain);
    host_link(&h);
    host_halt(&h, 0);
    host_request(&h, HOST_ASKS_VERSION, NULL, 0);
    host_expect_control(&h, ACKNOWLEDGE, 0x80000000);
    host_expect_data(&h, MANIPULATE, 2, NULL);
    host_wait(&h, ACK_US);
    host_expect_data(&h, MANIPULATE, 2, NULL);
    host_control(&h, ACKNOWLEDGE, 2);
    host_wait(&h, ACK_US);
    host_expect_silence(&h);
}

static void how_soon_it_is_repeated_can_be_chosen(void **state)
{
    const struct lab_target_options opts = {.retransmit_us = 20000};

    (void)state;
    host_start(&h, &opts);
    host_link(&h);
    host_break_in(&h);
    host_expect_data(&h, STATE_CHANGE, 0, NULL);
    host_wait(&h, 19999);
    host_expect_silence(&h);
    host_wait(&h, 1);
    host_accept(&h, STATE_CHANGE, 0);
    host_wait(&h, SECOND_US);
    host_expect_silence(&h);
}

static void a_print_is_given_up_after_three_tries_or_twenty_once_a_host_was_heard(void **state)
{
    const struct lab_target_options opts = {.boot = true};
    uint64_t before;

    (void)state;
    host_start(&h, &opts);
    host_link(&h);
    host_wait(&h, 60 * (uint64_t)SECOND_US); /* unheard, a boot debugger waits */
    assert_int_equal(host_stats(&h)->given_up, 0);
    host_payload(&h, "x", 1); /* heard: its greeting, then its module and files are given up */
    before = host_stats(&h)->retransmissions;
    h.count = 0;
    host_wait(&h, 21 * ACK_US);
    assert_int_equal(host_stats(&h)->given_up, 1);
    assert_in_range(host_stats(&h)->retransmissions - before, 0, 22);
    assert_int_equal(host_stats(&h)->stages, 2); /* nobody is there: on to the kernel, silently */
    h.count = 0;
    host_wait(&h, POKE_US);
    host_expect_poke(&h);
}

static void the_expected_host_packet_in_place_of_an_ack_means_resend_and_counts_as_ack(void **state)
{
    (void)state;
    host_start(&h, &plain);
    host_link(&h);
    host_break_in(&h);
    host_expect_data(&h, STATE_CHANGE, 0, NULL);
    host_request(&h, HOST_ASKS_VERSION, NULL, 0); /* without having acknowledged */
    host_expect_control(&h, RESEND, 0);
    host_expect_silence(&h);
    assert_int_equal(host_stats(&h)->requests, 0);
    host_ask(&h, HOST_ASKS_VERSION, NULL, 0, 2, NULL); /* the same again */
    assert_int_equal(host_stats(&h)->requests, 1);
}

static void another_host_packet_in_place_of_an_ack_is_acknowledged_and_lost(void **state)
{
    (void)state;
    host_start(&h, &plain);
    host_link(&h);
    host_break_in(&h);
    host_expect_data(&h, STATE_CHANGE, 0, NULL);
    h.id = 0x80000004;
    host_request(&h, HOST_ASKS_VERSION, NULL, 0);
    host_expect_control(&h, ACKNOWLEDGE, 0x80000004);
    host_expect_data(&h, STATE_CHANGE, 0, NULL);
    host_expect_silence(&h);
    assert_int_equal(host_stats(&h)->requests, 0);
}

static void the_loss_recovery_of_the_capture_happens_again(void **state)
{
    size_t len;

    /* C4#195-206: our ACK of a reply is lost, and so is the second reply. */
    (void)state;
    host_start(&h, &plain);
    host_link(&h);
    host_halt(&h, 0);
    host_request(&h, HOST_ASKS_VERSION, NULL, 0);
    host_expect_control(&h, ACKNOWLEDGE, h.id);
    host_expect_data(&h, MANIPULATE, 2, NULL); /* lost */
    h.id += 2;
    host_request(&h, HOST_ASKS_VERSION, NULL, 0); /* #197, the same request anew */
    host_expect_control(&h, RESEND, 0);           /* #198 */
    host_request(&h, HOST_ASKS_VERSION, NULL, 0); /* #199 */
    host_expect_control(&h, ACKNOWLEDGE, h.id);
    host_expect_data(&h, MANIPULATE, 4, NULL); /* #201, not what the host expects */
    h.id += 2;
    host_control(&h, RESET, h.id);     /* #202 */
    host_expect_control(&h, RESET, 4); /* #203 */
    host_expect_data(&h, MANIPULATE, 4, &len);
    host_control(&h, ACKNOWLEDGE, 4);
    host_ask(&h, HOST_ASKS_VERSION, NULL, 0, 6, NULL);
}

static void reset_of_a_halt_pending_is_answered_and_repeats_it(void **state)
{
    const struct lab_target_options opts = {.first_id = 0x926};

    (void)state;
    host_start(&h, &opts);
    host_link(&h);
    host_break_in(&h);
    host_expect_data(&h, STATE_CHANGE, 0x926, NULL); /* V20 */
    host_control(&h, RESET, 0x80000000);             /* V21 */
    host_expect_control(&h, RESET, 0x926);           /* V22 */
    host_expect_data(&h, STATE_CHANGE, 0x926, NULL);
    host_expect_silence(&h);
}

static void reset_adopts_the_id_that_the_host_will_use(void **state)
{
    (void)state;
    host_start(&h, &plain);
    host_link(&h);
    host_break_in(&h);
    h.id = 0x80000700;
    host_control(&h, RESET, h.id);
    h.count = 0;
    host_request(&h, HOST_ASKS_VERSION, NULL, 0); /* now the expected one: taken for an ACK */
    host_expect_control(&h, RESEND, 0);
    host_expect_silence(&h);
}

static void asked_again_while_idle_a_halted_target_says_its_state_anew(void **state)
{
    uint8_t first[240];

    (void)state;
    host_start(&h, &plain);
    host_link(&h);
    host_break_in(&h);
    memcpy(first, host_expect_data(&h, STATE_CHANGE, 0, NULL), sizeof first);
    host_control(&h, ACKNOWLEDGE, 0);
    host_control(&h, RESEND, 0);
    assert_memory_equal(host_expect_data(&h, STATE_CHANGE, 2, NULL), first, sizeof first);
    host_control(&h, ACKNOWLEDGE, 2);
    host_control(&h, RESET, 0x80000000);
    host_expect_control(&h, RESET, 4);
    assert_memory_equal(host_expect_data(&h, STATE_CHANGE, 4, NULL), first, sizeof first);
}

static void ids_of_requests_are_not_checked_and_repeats_are_executed_again(void **state)
{
    (void)state;
    host_start(&h, &plain);
    host_link(&h);
    host_halt(&h, 0);
    h.id = 0x80000ABC;
    host_ask(&h, HOST_ASKS_VERSION, NULL, 0, 2, NULL);
    h.id -= 2; /* the host did not get our ACK and says it again */
    host_ask(&h, HOST_ASKS_VERSION, NULL, 0, 4, NULL);
    assert_int_equal(host_stats(&h)->requests, 2);
}

static void packets_that_make_no_sense_are_answered_with_resend(void **state)
{
    uint8_t p[LAB_PAYLOAD_MAX] = {0};

    (void)state;
    host_start(&h, &plain);
    host_link(&h);
    host_halt(&h, 0);
    put32(p, 0x31313131); /* leader */
    host_payload(&h, p, 16);
    host_expect_control(&h, RESEND, 0);
    put32(p, 0x30303030);
    put32(p + 4, 2 | 56u << 16); /* says 56 bytes, has 55 */
    host_payload(&h, p, 16 + 55);
    host_expect_control(&h, RESEND, 0);
    put32(p + 12, 1); /* checksum */
    host_payload(&h, p, 16 + 56);
    host_expect_control(&h, RESEND, 0);
    host_payload(&h, p, 15);
    host_expect_control(&h, RESEND, 0);
    host_payload(&h, p, 0);
    host_expect_control(&h, RESEND, 0);
    host_data(&h, MANIPULATE, h.id, p, 55); /* too short a request */
    host_expect_control(&h, RESEND, 0);
    host_data(&h, FILE_IO, h.id, p, 64); /* nobody asked */
    host_expect_control(&h, RESEND, 0);
    host_control(&h, 12, 0);
    host_expect_control(&h, RESEND, 0);
    host_expect_silence(&h);
    assert_int_equal(host_stats(&h)->bad_packets, 8);
    assert_int_equal(host_stats(&h)->requests, 0);
}

static void assert_limit(uint8_t version, size_t limit)
{
    const struct lab_target_options opts = {.version = version};
    static const uint8_t data[LAB_PAYLOAD_MAX];

    host_start(&h, &opts);
    host_link(&h);
    host_halt(&h, 0);
    host_request(&h, HOST_ASKS_VERSION, data, limit - 56 + 1);
    host_expect_control(&h, RESEND, 0);
    host_expect_silence(&h);
    host_ask(&h, HOST_ASKS_VERSION, data, limit - 56, 2, NULL);
    host_stop(&h);
}

static void packets_above_the_limit_of_the_version_are_refused(void **state)
{
    (void)state;
    assert_limit(2, 0x580);
    assert_limit(4, 0x580);
    assert_limit(5, 0x480);
}

#define TEST(name) cmocka_unit_test_teardown(name, stop)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(ids_start_at_zero_or_where_the_kernel_stands_and_step_by_two),
        TEST(an_unacknowledged_halt_is_repeated_for_ever_with_its_id),
        TEST(a_reply_is_repeated_until_acknowledged),
        TEST(how_soon_it_is_repeated_can_be_chosen),
        TEST(a_print_is_given_up_after_three_tries_or_twenty_once_a_host_was_heard),
        TEST(the_expected_host_packet_in_place_of_an_ack_means_resend_and_counts_as_ack),
        TEST(another_host_packet_in_place_of_an_ack_is_acknowledged_and_lost),
        TEST(the_loss_recovery_of_the_capture_happens_again),
        TEST(reset_of_a_halt_pending_is_answered_and_repeats_it),
        TEST(reset_adopts_the_id_that_the_host_will_use),
        TEST(asked_again_while_idle_a_halted_target_says_its_state_anew),
        TEST(ids_of_requests_are_not_checked_and_repeats_are_executed_again),
        TEST(packets_that_make_no_sense_are_answered_with_resend),
        cmocka_unit_test(packets_above_the_limit_of_the_version_are_refused),
    };
    return cmocka_run_group_tests_name("lab.test_target_link", tests, NULL, NULL);
}
