/* The rows of exchange.c's table, seen through a session: what it takes, what it sends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../support/script_target.h"

static const struct kd_session_opts kdnet = {.dialect = KD_DIALECT_KDNET};
static const struct kd_session_opts stream = {.dialect = KD_DIALECT_STREAM};

static struct script t;

static int linked(void **state)
{
    (void)state;
    script_open(&t, &kdnet);
    kd_session_link_up(t.s, true, t.now_ms);
    (void)script_sent(&t);
    return 0;
}

static int halted(void **state)
{
    (void)state;
    script_open(&t, &kdnet);
    script_halt(&t, &break_in_stop);
    return 0;
}

/* Halted, and a read is on its way; ids 80000000 and, of the target's packets, 2 next. */
static int asked(void **state)
{
    struct kd_manipulate read = script_read(0x1000, 16);

    halted(state);
    script_ask(&t, &read);
    (void)script_sent(&t);
    return 0;
}

static int stream_linked(void **state)
{
    (void)state;
    script_open(&t, &stream);
    kd_session_link_up(t.s, true, t.now_ms);
    return 0;
}

static int stream_halted(void **state)
{
    (void)state;
    script_open(&t, &stream);
    script_halt(&t, &break_in_stop);
    return 0;
}

static int closed(void **state)
{
    (void)state;
    script_close(&t);
    return 0;
}

/* --- ids and acknowledgements --- */

static void a_packet_with_the_expected_id_is_acknowledged_and_the_next_one_expected(void **state)
{
    (void)state;
    script_print(&t, 0, "a");
    script_print(&t, 2, "b");
    script_print(&t, 4, "c");
    assert_string_equal(script_sent(&t), "ACK(0) ACK(2) ACK(4)");
    assert_string_equal(script_raised(&t), "PRINT(a) PRINT(b) PRINT(c)");
}

static void the_packet_before_is_acknowledged_again_and_dropped(void **state)
{
    (void)state;
    script_print(&t, 0, "a");
    script_print(&t, 0, "a");
    assert_string_equal(script_sent(&t), "ACK(0) ACK(0)");
    assert_string_equal(script_raised(&t), "PRINT(a)");
}

static void any_other_id_leads_to_a_reset_and_no_acknowledgement(void **state)
{
    (void)state;
    script_print(&t, 0x926, "a");
    assert_string_equal(script_sent(&t), "RESET(80000000)");
    script_print(&t, 0x926, "a"); /* before the target's RESET */
    assert_string_equal(script_sent(&t), "");
    assert_string_equal(script_raised(&t), "");
    script_control(&t, KD_PACKET_RESET, 0x926);
    script_print(&t, 0x926, "a");
    assert_string_equal(script_sent(&t), "ACK(926)");
    assert_string_equal(script_raised(&t), "PRINT(a)");
}

static void requests_take_ids_in_steps_of_two(void **state)
{
    struct kd_manipulate read = script_read(0x1000, 16);
    uint32_t id = 0x80000000;

    (void)state;
    for (int i = 0; i < 3; i++, id += 2) {
        script_ask(&t, &read);
        (void)script_sent(&t);
        assert_int_equal(t.request_id, id);
        script_ack(&t, id);
        script_reply(&t, (uint32_t)i * 2 + 2);
    }
}

static void the_acknowledgement_goes_out_before_the_next_request_and_with_it(void **state)
{
    struct kd_manipulate read = script_read(0x2000, 16);

    (void)state;
    script_ack(&t, 0x80000000);
    script_reply(&t, 2);
    script_ask(&t, &read);
    assert_string_equal(script_sent(&t), "ACK(2) ReadVirtualMemory(80000002)");
}

static void an_acknowledgement_of_something_else_is_ignored(void **state)
{
    (void)state;
    script_ack(&t, 0x7FFFFFFE);
    script_ack(&t, 0x80000002);
    script_pass(&t, 300);
    assert_string_equal(script_sent(&t), "ReadVirtualMemory(80000000)");
}

/* --- RESEND --- */

static void resend_repeats_what_is_outstanding_with_its_id(void **state)
{
    (void)state;
    script_control(&t, KD_PACKET_RESEND, 0);
    assert_string_equal(script_sent(&t), "ReadVirtualMemory(80000000)");
    assert_int_equal(kd_session_get_counters(t.s)->retransmissions, 1);
}

static void resend_with_nothing_outstanding_is_ignored(void **state)
{
    (void)state;
    script_ack(&t, 0x80000000);
    script_control(&t, KD_PACKET_RESEND, 0);
    assert_string_equal(script_sent(&t), "");
}

static void a_target_that_asks_for_ever_for_the_same_packet_is_refused_it(void **state)
{
    (void)state;
    for (int i = 0; i < 30; i++) {
        script_control(&t, KD_PACKET_RESEND, 0);
        assert_string_equal(script_sent(&t), "ReadVirtualMemory(80000000)");
    }
    script_control(&t, KD_PACKET_RESEND, 0);
    assert_string_equal(script_sent(&t), "");
    assert_string_equal(script_raised(&t), "REPLY(1 limit reached)");
}

/* --- RESET --- */

static void an_unasked_reset_is_adopted_answered_once_and_what_is_outstanding_repeated(void **state)
{
    (void)state;
    script_control(&t, KD_PACKET_RESET, 0x40);
    assert_string_equal(script_sent(&t), "RESET(80000000) ReadVirtualMemory(80000000)");
    script_ack(&t, 0x80000000);
    script_reply(&t, 0x40);
    assert_string_equal(script_sent(&t), "ACK(40)");
    assert_string_equal(script_raised(&t), "REPLY(1 ok)");
}

static void two_ends_that_answer_each_reset_do_not_go_on_for_ever(void **state)
{
    (void)state;
    script_control(&t, KD_PACKET_RESET, 0x40);
    assert_string_equal(script_sent(&t), "RESET(80000000)");
    for (int i = 0; i < 5; i++) {
        script_control(&t, KD_PACKET_RESET, 0x40);
        assert_string_equal(script_sent(&t), "");
    }
    script_pass(&t, 1000); /* a second later it is news again */
    script_control(&t, KD_PACKET_RESET, 0x40);
    assert_string_equal(script_sent(&t), "RESET(80000000)");
}

static void the_answer_to_our_reset_is_not_answered(void **state)
{
    (void)state;
    script_print(&t, 0x926, "a");
    (void)script_sent(&t);
    script_control(&t, KD_PACKET_RESET, 0x926);
    assert_string_equal(script_sent(&t), "");
}

static void a_reset_is_repeated_each_300_ms_twenty_times_at_most(void **state)
{
    (void)state;
    script_print(&t, 0x926, "a");
    assert_string_equal(script_sent(&t), "RESET(80000000)");
    for (int i = 0; i < 19; i++) {
        script_pass(&t, 299);
        assert_string_equal(script_sent(&t), "");
        script_pass(&t, 1);
        assert_string_equal(script_sent(&t), "RESET(80000000)");
    }
    script_pass(&t, 60000);
    assert_string_equal(script_sent(&t), "");
    assert_int_equal(kd_session_get_counters(t.s)->resets, 20);
}

static void a_reset_that_overtook_our_acknowledgement_delivers_nothing_twice(void **state)
{
    (void)state;
    kd_session_break_in(t.s, t.now_ms);
    script_pass(&t, 300); /* RESEND, then RESEND and RESET */
    script_print(&t, 0, "a");
    script_control(&t, KD_PACKET_RESET, 0); /* said before it saw our ACK */
    script_print(&t, 0, "a");
    script_print(&t, 2, "b");
    assert_string_equal(script_sent(&t), "RESEND RESEND RESET(80000000) ACK(0) ACK(0) ACK(2)");
    assert_string_equal(script_raised(&t), "PRINT(a) PRINT(b)");
}

static void a_target_whose_ids_began_anew_is_believed_after_a_reset(void **state)
{
    (void)state;
    script_print(&t, 0, "a");
    script_control(&t, KD_PACKET_RESET, 0);
    script_print(&t, 0, "another");
    script_print(&t, 2, "c");
    assert_string_equal(script_raised(&t), "PRINT(a) PRINT(another) PRINT(c)");
}

/* What the capture of a WinDbg session shows: the reply with id 60 was lost, so was our ACK. */
static void a_lost_reply_is_recovered_as_in_the_capture(void **state)
{
    struct kd_manipulate context = {.api = KD_API_GET_CONTEXT}, control = {0};

    (void)state;
    script_ask(&t, &context);
    assert_string_equal(script_sent(&t), "GetContext(80000000)");
    script_ack(&t, 0x80000000);
    kd_session_drop_request(t.s); /* its caller is out of patience; the reply, id 2, was lost */
    script_ask(&t, &context);
    assert_string_equal(script_sent(&t), "GetContext(80000002)");
    script_control(&t, KD_PACKET_RESEND, 0); /* it waited for the ACK of 2, and gives that up */
    assert_string_equal(script_sent(&t), "GetContext(80000002)");
    script_ack(&t, 0x80000002);
    script_reply(&t, 4); /* expected: 2 */
    assert_string_equal(script_sent(&t), "RESET(80000004)");
    script_control(&t, KD_PACKET_RESET, 4);
    script_reply(&t, 4);
    assert_string_equal(script_sent(&t), "ACK(4)");
    assert_string_equal(script_raised(&t), "REPLY(2 ok)");
    control.api = KD_API_READ_CONTROL_SPACE;
    script_ask(&t, &control);
    assert_string_equal(script_sent(&t), "ReadControlSpace(80000004)");
}

/* --- timers --- */

static void an_unacknowledged_packet_is_repeated_after_300_and_then_each_500_ms(void **state)
{
    (void)state;
    script_pass(&t, 299);
    assert_string_equal(script_sent(&t), "");
    script_pass(&t, 1);
    assert_string_equal(script_sent(&t), "ReadVirtualMemory(80000000)");
    script_pass(&t, 499);
    assert_string_equal(script_sent(&t), "");
    script_pass(&t, 1);
    assert_string_equal(script_sent(&t), "ReadVirtualMemory(80000000)");
}

static void a_measured_round_trip_shortens_the_timers(void **state)
{
    struct kd_manipulate read = script_read(0x1000, 16);

    (void)state;
    t.now_ms += 10;
    script_ack(&t, 0x80000000);
    script_reply(&t, 2);
    script_ask(&t, &read);
    (void)script_sent(&t);
    script_pass(&t, 39);
    assert_string_equal(script_sent(&t), "");
    script_pass(&t, 1); /* four times ten */
    assert_string_equal(script_sent(&t), "ReadVirtualMemory(80000002)");
    script_pass(&t, 79);
    assert_string_equal(script_sent(&t), "");
    script_pass(&t, 1);
    assert_string_equal(script_sent(&t), "ReadVirtualMemory(80000002)");
}

static void no_timer_is_shorter_than_20_ms(void **state)
{
    struct kd_manipulate read = script_read(0x1000, 16);

    (void)state;
    script_ack(&t, 0x80000000);
    script_reply(&t, 2);
    script_ask(&t, &read);
    (void)script_sent(&t);
    script_pass(&t, 19);
    assert_string_equal(script_sent(&t), "");
    script_pass(&t, 1);
    assert_string_equal(script_sent(&t), "ReadVirtualMemory(80000002)");
}

static void a_repeated_packet_measures_nothing(void **state)
{
    struct kd_manipulate read = script_read(0x1000, 16);

    (void)state;
    script_pass(&t, 300);
    script_ack(&t, 0x80000000);
    script_reply(&t, 2);
    script_ask(&t, &read);
    (void)script_sent(&t);
    script_pass(&t, 299);
    assert_string_equal(script_sent(&t), "");
}

/* --- streams --- */

static void stream_ids_toggle_their_lowest_bit(void **state)
{
    struct kd_manipulate read = script_read(0x1000, 16);

    (void)state;
    for (uint32_t i = 0; i < 4; i++) {
        script_ask(&t, &read);
        (void)script_sent(&t);
        assert_int_equal(t.request_id, 0x80800000 | (i & 1));
        script_ack(&t, t.request_id);
        script_reply(&t, 0x80800001 ^ (i & 1));
        assert_string_equal(script_sent(&t), i & 1 ? "ACK(80800000)" : "ACK(80800001)");
    }
}

static void a_stream_packet_that_comes_twice_is_acknowledged_and_dropped(void **state)
{
    (void)state;
    script_print(&t, 0x80800001, "a");
    script_print(&t, 0x80800001, "a");
    assert_string_equal(script_sent(&t), "ACK(80800001) ACK(80800001)");
    assert_string_equal(script_raised(&t), "PRINT(a)");
}

static void ids_that_disagree_on_a_stream_lead_to_a_reset(void **state)
{
    (void)state;
    script_print(&t, 0x80800001, "a");
    script_print(&t, 0x80800001, "b"); /* not what was taken: acknowledged, it would be lost */
    assert_string_equal(script_sent(&t), "ACK(80800001) RESET(0)");
    script_control(&t, KD_PACKET_RESET, 0xDEADBEEF);
    script_print(&t, 0x80800000, "b");
    assert_string_equal(script_sent(&t), "ACK(80800000)");
    assert_string_equal(script_raised(&t), "PRINT(a) PRINT(b)");
}

static void behind_a_reset_a_stream_target_may_begin_with_either_id(void **state)
{
    (void)state;
    kd_session_break_in(t.s, t.now_ms);
    script_control(&t, KD_PACKET_RESET, 0xDEADBEEF);
    script_print(&t, 0x80800001, "a");
    script_print(&t, 0x80800000, "b");
    assert_string_equal(script_sent(&t), "RESET(0) ACK(80800001) ACK(80800000)");
    assert_string_equal(script_raised(&t), "PRINT(a) PRINT(b)");
}

static void an_id_that_cannot_be_is_damage(void **state)
{
    (void)state;
    script_print(&t, 0x80A00001, "a"); /* no checksum covers it */
    assert_string_equal(script_sent(&t), "RESEND");
    script_print(&t, 0x80800001, "a");
    assert_string_equal(script_sent(&t), "ACK(80800001)");
    assert_string_equal(script_raised(&t), "PRINT(a)");
}

static void a_sync_bit_in_the_middle_is_believed_when_it_comes_twice(void **state)
{
    (void)state;
    script_print(&t, 0x80800801, "a"); /* one flipped bit */
    assert_string_equal(script_sent(&t), "RESEND");
    script_print(&t, 0x80800001, "a");
    assert_string_equal(script_raised(&t), "PRINT(a)");
    (void)script_sent(&t);
    script_print(&t, 0x80800800, "new boot");
    script_print(&t, 0x80800800, "new boot"); /* a copy that the link made proves nothing */
    assert_string_equal(script_sent(&t), "RESEND");
    script_pass(&t, 10);
    assert_string_equal(script_sent(&t), "RESEND");
    script_print(&t, 0x80800800, "new boot");
    assert_string_equal(script_sent(&t), "ACK(80800000)");
    assert_string_equal(script_raised(&t), "RESTARTED PRINT(new boot)");
}

static void a_target_that_answers_each_resend_at_once_is_asked_twice_and_no_more(void **state)
{
    (void)state;
    for (int i = 0; i < 500; i++)
        script_print(&t, 0x80800800, "new boot");
    assert_string_equal(script_sent(&t), "RESEND");
    script_pass(&t, 10);
    assert_string_equal(script_sent(&t), "RESEND");
    script_pass(&t, 1000);
    assert_string_equal(script_sent(&t), "");
}

static void a_doubled_reset_changes_no_ids(void **state)
{
    struct kd_manipulate read = script_read(0x1000, 16);

    (void)state;
    kd_session_garbled(t.s, KD_FRAMER_RESET, t.now_ms);
    script_control(&t, KD_PACKET_RESET, 0xDEADBEEF);
    script_ask(&t, &read);
    assert_string_equal(script_sent(&t), "RESET(0) ReadVirtualMemory(80800000)");
    script_ack(&t, 0x80800000);
    script_reply(&t, 0x80800000);
    script_control(&t, KD_PACKET_RESET, 0xDEADBEEF);
    script_ask(&t, &read);
    assert_string_equal(script_sent(&t), "ACK(80800000) ReadVirtualMemory(80800001)");
}

static void damage_is_complained_about(void **state)
{
    (void)state;
    kd_session_garbled(t.s, KD_FRAMER_RESEND, t.now_ms);
    assert_string_equal(script_sent(&t), "RESEND");
    kd_session_garbled(t.s, KD_FRAMER_RESET, t.now_ms);
    assert_string_equal(script_sent(&t), "RESET(0)");
    kd_session_link_down(t.s, KD_ERR_LOST, t.now_ms);
    kd_session_garbled(t.s, KD_FRAMER_RESEND, t.now_ms);
    assert_string_equal(script_sent(&t), "");
}

static void bytes_under_way_hold_the_repetition_up(void **state)
{
    struct kd_manipulate read = script_read(0x1000, 16);

    (void)state;
    script_ask(&t, &read);
    (void)script_sent(&t);
    script_pass(&t, 900);
    kd_session_hears(t.s, t.now_ms);
    script_pass(&t, 249);
    assert_string_equal(script_sent(&t), "");
    script_pass(&t, 1);
    assert_string_equal(script_sent(&t), "ReadVirtualMemory(80800000)");
}

static void the_sync_bit_is_cleared_in_the_acknowledgement(void **state)
{
    (void)state;
    script_print(&t, 0x80800800, "boot");
    assert_string_equal(script_sent(&t), "ACK(80800000)");
    script_print(&t, 0x80800800, "boot"); /* our ACK was lost */
    assert_string_equal(script_sent(&t), "ACK(80800000)");
    script_print(&t, 0x80800001, "more");
    assert_string_equal(script_sent(&t), "ACK(80800001)");
    assert_string_equal(script_raised(&t), "PRINT(boot) PRINT(more)");
}

static void a_stream_reset_brings_both_ids_back_to_the_first_and_repeats(void **state)
{
    struct kd_manipulate read = script_read(0x1000, 16);

    (void)state;
    script_pass(&t, 1000); /* since the RESET of our own */
    script_ask(&t, &read);
    (void)script_sent(&t);
    script_ack(&t, 0x80800000);
    script_reply(&t, 0x80800001);
    script_ask(&t, &read);
    assert_string_equal(script_sent(&t), "ACK(80800001) ReadVirtualMemory(80800001)");
    script_control(&t, KD_PACKET_RESET, 0x0005F863); /* its id is noise */
    assert_string_equal(script_sent(&t), "RESET(0) ReadVirtualMemory(80800000)");
    script_print(&t, 0x80800000, "a");
    assert_string_equal(script_sent(&t), "ACK(80800000)");
}

static void stream_timers_allow_for_a_slow_line(void **state)
{
    struct kd_session_opts slow = {.dialect = KD_DIALECT_STREAM, .bytes_per_second = 960};
    struct kd_manipulate read = script_read(0x1000, 16);

    (void)state;
    script_open(&t, &slow);
    script_halt(&t, &break_in_stop);
    script_ask(&t, &read);
    (void)script_sent(&t);
    script_pass(&t, 1000 + 2 * 76 - 1); /* 73 bytes */
    assert_string_equal(script_sent(&t), "");
    script_pass(&t, 1);
    assert_string_equal(script_sent(&t), "ReadVirtualMemory(80800000)");
    script_close(&t);
}

static void a_stream_request_is_tried_five_times_before_a_reset(void **state)
{
    struct kd_manipulate read = script_read(0x1000, 16);

    (void)state;
    script_ask(&t, &read);
    script_pass(&t, 4999);
    (void)script_sent(&t);
    assert_int_equal(kd_session_get_counters(t.s)->retransmissions, 4);
    script_pass(&t, 1);
    assert_string_equal(script_sent(&t), "RESET(0)");
}

int main(void)
{
#define ROW(name, setup) cmocka_unit_test_setup_teardown(name, setup, closed)
    const struct CMUnitTest tests[] = {
        ROW(a_packet_with_the_expected_id_is_acknowledged_and_the_next_one_expected, linked),
        ROW(the_packet_before_is_acknowledged_again_and_dropped, linked),
        ROW(any_other_id_leads_to_a_reset_and_no_acknowledgement, linked),
        ROW(requests_take_ids_in_steps_of_two, halted),
        ROW(the_acknowledgement_goes_out_before_the_next_request_and_with_it, asked),
        ROW(an_acknowledgement_of_something_else_is_ignored, asked),
        ROW(resend_repeats_what_is_outstanding_with_its_id, asked),
        ROW(resend_with_nothing_outstanding_is_ignored, asked),
        ROW(a_target_that_asks_for_ever_for_the_same_packet_is_refused_it, asked),
        ROW(an_unasked_reset_is_adopted_answered_once_and_what_is_outstanding_repeated, asked),
        ROW(two_ends_that_answer_each_reset_do_not_go_on_for_ever, linked),
        ROW(the_answer_to_our_reset_is_not_answered, linked),
        ROW(a_reset_is_repeated_each_300_ms_twenty_times_at_most, linked),
        ROW(a_reset_that_overtook_our_acknowledgement_delivers_nothing_twice, linked),
        ROW(a_target_whose_ids_began_anew_is_believed_after_a_reset, linked),
        ROW(a_lost_reply_is_recovered_as_in_the_capture, halted),
        ROW(an_unacknowledged_packet_is_repeated_after_300_and_then_each_500_ms, asked),
        ROW(a_measured_round_trip_shortens_the_timers, asked),
        ROW(no_timer_is_shorter_than_20_ms, asked),
        ROW(a_repeated_packet_measures_nothing, asked),
        ROW(stream_ids_toggle_their_lowest_bit, stream_halted),
        ROW(a_stream_packet_that_comes_twice_is_acknowledged_and_dropped, stream_halted),
        ROW(ids_that_disagree_on_a_stream_lead_to_a_reset, stream_halted),
        ROW(behind_a_reset_a_stream_target_may_begin_with_either_id, stream_linked),
        ROW(an_id_that_cannot_be_is_damage, stream_halted),
        ROW(a_sync_bit_in_the_middle_is_believed_when_it_comes_twice, stream_halted),
        ROW(a_target_that_answers_each_resend_at_once_is_asked_twice_and_no_more, stream_halted),
        ROW(a_doubled_reset_changes_no_ids, stream_halted),
        ROW(damage_is_complained_about, stream_halted),
        ROW(bytes_under_way_hold_the_repetition_up, stream_halted),
        ROW(the_sync_bit_is_cleared_in_the_acknowledgement, stream_linked),
        ROW(a_stream_reset_brings_both_ids_back_to_the_first_and_repeats, stream_halted),
        cmocka_unit_test(stream_timers_allow_for_a_slow_line),
        ROW(a_stream_request_is_tried_five_times_before_a_reset, stream_halted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
