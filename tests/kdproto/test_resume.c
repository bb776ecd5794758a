/* Letting a halted target run: the Rip rule and Continue. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <kdproto/context_x64.h>

#include "../support/script_target.h"

static const struct kd_session_opts kdnet = {.dialect = KD_DIALECT_KDNET};
static const struct kd_session_opts writing = {.dialect = KD_DIALECT_KDNET, .may_alter = true};
static const struct kd_session_opts stream = {.dialect = KD_DIALECT_STREAM};

static struct script t;
static uint8_t context_before[KD_CONTEXT_LEN];

static void halt_at(const struct script_stop *stop)
{
    script_open(&t, &kdnet);
    for (size_t i = 0; i < sizeof t.context; i++)
        t.context[i] = (uint8_t)(i * 7);
    script_halt(&t, stop);
    memcpy(context_before, t.context, sizeof t.context);
}

static int at_an_int3(void **state)
{
    (void)state;
    halt_at(&break_in_stop);
    return 0;
}

static int at_a_step(void **state)
{
    (void)state;
    halt_at(&step_stop);
    return 0;
}

static int closed(void **state)
{
    (void)state;
    script_close(&t);
    return 0;
}

static const char *resumed(void)
{
    kd_session_resume(t.s, t.now_ms);
    return script_sent(&t);
}

/* Acknowledge the last request and answer it with the target's packet id. */
static const char *answer(uint32_t id)
{
    script_ack(&t, t.request_id);
    script_reply(&t, id);
    return script_sent(&t);
}

/* --- the Rip rule --- */

static void rip_is_moved_past_an_int3_in_slices_of_the_whole_context(void **state)
{
    (void)state;
    assert_string_equal(resumed(), "GetContextEx(80000000)");
    assert_int_equal(t.request.u.context.offset, 0);
    assert_int_equal(t.request.u.context.count, 1024);
    assert_string_equal(answer(2), "ACK(2) GetContextEx(80000002)");
    assert_int_equal(t.request.u.context.offset, 1024);
    assert_int_equal(t.request.u.context.count, 208);
    assert_string_equal(answer(4), "ACK(4) SetContextEx(80000004)");
    assert_int_equal(t.request.u.context.offset, 0);
    assert_int_equal(t.request.data.len, 1024);
    assert_string_equal(answer(6), "ACK(6) SetContextEx(80000006)");
    assert_int_equal(t.request.u.context.offset, 1024);
    assert_int_equal(t.request.data.len, 208);
    assert_string_equal(answer(8), "ACK(8) Continue(80000008)");
    assert_int_equal(t.request.u.go.status, 0x00010002);
    script_ack(&t, 0x80000008);
    assert_string_equal(script_raised(&t), "RESUMED(ok)");
    assert_int_equal(kd_session_run_state(t.s), KD_RUN_RUNNING);
    kd_x64_context_set_rip(context_before, break_in_stop.pc + 1);
    assert_memory_equal(t.context, context_before, sizeof t.context); /* Rip alone */
}

static void the_rip_rules_requests_are_counted_apart(void **state)
{
    const struct kd_session_counters *c = kd_session_get_counters(t.s);

    (void)state;
    resumed();
    for (uint32_t id = 2; id <= 8; id += 2)
        answer(id);
    script_ack(&t, 0x80000008);
    assert_int_equal(c->rip_advances, 1);
    assert_int_equal(c->altering_requests, 0);
    assert_int_equal(c->requests, 5);
    assert_int_equal(c->round_trips, 5);
    assert_int_equal(c->bytes_read, 0);
}

static void slices_go_on_from_what_was_copied(void **state)
{
    struct kd_manipulate m;
    uint8_t buf[KD_PACKET_DATA_MAX];
    size_t len;

    (void)state;
    resumed();
    m = t.request;
    m.u.context.copied = 700;
    m.data = (struct kd_span){t.context, 700};
    assert_int_equal(kd_manipulate_encode(&m, buf, sizeof buf, &len), KD_OK);
    script_ack(&t, 0x80000000);
    script_data(&t, KD_PACKET_STATE_MANIPULATE, 2, buf, len);
    assert_string_equal(script_sent(&t), "ACK(2) GetContextEx(80000002)");
    assert_int_equal(t.request.u.context.offset, 700);
    assert_int_equal(t.request.u.context.count, 532);
}

static void a_target_without_context_slices_is_asked_for_the_whole_and_never_again(void **state)
{
    (void)state;
    resumed();
    script_ack(&t, 0x80000000);
    script_refuse(&t, 2, 0xC0000001);
    assert_string_equal(script_sent(&t), "ACK(2) GetContext(80000002)");
    assert_string_equal(answer(4), "ACK(4) SetContext(80000004)");
    assert_int_equal(t.request.data.len, KD_CONTEXT_LEN);
    assert_true(t.request.u.context_flags == kd_x64_context_flags(t.context));
    assert_string_equal(answer(6), "ACK(6) Continue(80000006)");
    script_ack(&t, 0x80000006);
    kd_x64_context_set_rip(context_before, break_in_stop.pc + 1);
    assert_memory_equal(t.context, context_before, sizeof t.context);
    (void)script_raised(&t);
    script_stop(&t, 8, &break_in_stop);
    (void)script_sent(&t);
    assert_string_equal(resumed(), "GetContext(80000008)");
}

static void a_new_boot_stage_is_asked_for_slices_again(void **state)
{
    (void)state;
    resumed();
    script_ack(&t, 0x80000000);
    script_refuse(&t, 2, 0xC0000001);
    kd_session_link_up(t.s, true, t.now_ms);
    assert_string_equal(script_raised(&t), "RESUMED(target restarted)");
    script_stop(&t, 0, &break_in_stop);
    (void)script_sent(&t);
    assert_string_equal(resumed(), "GetContextEx(80000000)");
}

static void other_failures_of_slices_lead_to_the_whole_too(void **state)
{
    (void)state;
    resumed();
    answer(2);
    script_ack(&t, 0x80000002);
    script_refuse(&t, 4, 0xC000000D);
    assert_string_equal(script_sent(&t), "ACK(4) GetContext(80000004)");
}

static void where_no_int3_stands_nothing_is_moved(void **state)
{
    (void)state;
    assert_string_equal(resumed(), "Continue(80000000)");
    script_ack(&t, 0x80000000);
    assert_string_equal(script_raised(&t), "RESUMED(ok)");
    assert_int_equal(kd_session_get_counters(t.s)->rip_advances, 0);
}

static void a_breakpoint_whose_byte_is_no_int3_is_left_alone(void **state)
{
    struct script_stop stop = break_in_stop;

    (void)state;
    stop.byte = 0x90;
    halt_at(&stop);
    assert_string_equal(resumed(), "Continue(80000000)");
    script_close(&t);
}

static void another_exception_at_an_int3_is_left_alone(void **state)
{
    struct script_stop stop = step_stop;

    (void)state;
    stop.byte = 0xCC;
    halt_at(&stop);
    assert_string_equal(resumed(), "Continue(80000000)");
    script_close(&t);
}

static void our_own_breakpoint_is_not_stepped_over(void **state)
{
    struct kd_manipulate set = {.api = KD_API_WRITE_BREAKPOINT}, clear = {0};

    (void)state;
    script_open(&t, &writing);
    script_halt(&t, &break_in_stop);
    set.u.breakpoint.va = break_in_stop.pc;
    script_ask(&t, &set);
    (void)script_sent(&t);
    script_ack(&t, 0x80000000);
    t.request.u.breakpoint.handle = 5;
    script_reply(&t, 2);
    (void)script_sent(&t);
    assert_string_equal(resumed(), "Continue(80000002)");
    script_ack(&t, 0x80000002);
    script_stop(&t, 4, &break_in_stop);
    clear.api = KD_API_RESTORE_BREAKPOINT;
    clear.u.breakpoint.handle = 5;
    script_ask(&t, &clear);
    (void)script_sent(&t);
    answer(6);
    assert_string_equal(resumed(), "GetContextEx(80000006)");
    script_close(&t);
}

static void a_rip_that_is_elsewhere_is_not_touched(void **state)
{
    (void)state;
    kd_x64_context_set_rip(t.context, 0x1234);
    resumed();
    answer(2);
    assert_string_equal(answer(4), "ACK(4) Continue(80000004)");
    script_ack(&t, 0x80000004);
    assert_string_equal(script_raised(&t), "RESUMED(ok rip: does not match)");
}

static void a_rip_that_is_past_it_already_is_fine(void **state)
{
    (void)state;
    kd_x64_context_set_rip(t.context, break_in_stop.pc + 1);
    resumed();
    answer(2);
    assert_string_equal(answer(4), "ACK(4) Continue(80000004)");
    script_ack(&t, 0x80000004);
    assert_string_equal(script_raised(&t), "RESUMED(ok)");
    assert_int_equal(kd_session_get_counters(t.s)->rip_advances, 0);
}

static void a_context_that_cannot_be_had_does_not_keep_the_target(void **state)
{
    (void)state;
    resumed();
    script_ack(&t, 0x80000000);
    script_refuse(&t, 2, 0xC0000001);
    (void)script_sent(&t);
    script_ack(&t, 0x80000002);
    script_refuse(&t, 4, 0xC0000001);
    assert_string_equal(script_sent(&t), "ACK(4) Continue(80000004)");
    script_ack(&t, 0x80000004);
    assert_string_equal(script_raised(&t), "RESUMED(ok rip: refused by the target)");
}

static void a_context_that_cannot_be_set_does_not_keep_the_target(void **state)
{
    (void)state;
    resumed();
    answer(2);
    answer(4);
    script_ack(&t, 0x80000004);
    script_refuse(&t, 6, 0xC000000D);
    assert_string_equal(script_sent(&t), "ACK(6) Continue(80000006)");
    script_ack(&t, 0x80000006);
    assert_string_equal(script_raised(&t), "RESUMED(ok rip: refused by the target)");
}

/* Whether it was set nobody knows: the context is read again, and says so. */
static void a_set_that_was_interrupted_is_looked_after(void **state)
{
    (void)state;
    resumed();
    answer(2);
    assert_string_equal(answer(4), "ACK(4) SetContextEx(80000004)");
    script_print(&t, 0x40, "lost sync");
    script_control(&t, KD_PACKET_RESET, 0x40);
    assert_string_equal(script_sent(&t), "RESET(80000004) GetContextEx(80000004)");
}

static void no_answer_does_not_keep_the_target_longer_than_three_seconds(void **state)
{
    (void)state;
    resumed();
    script_pass(&t, 2999);
    (void)script_sent(&t);
    script_pass(&t, 1);
    assert_string_equal(script_sent(&t), "RESET(80000002) Continue(80000002)");
    script_ack(&t, 0x80000002);
    assert_string_equal(script_raised(&t), "RESUMED(ok rip: timed out)");
}

static void a_module_stop_at_an_int3_is_stepped_over_too(void **state)
{
    (void)state;
    halt_at(&module_stop);
    assert_string_equal(resumed(), "GetContextEx(80000000)");
    script_close(&t);
}

/* --- Continue --- */

static void continue_is_tried_six_times_and_then_presumed(void **state)
{
    (void)state;
    resumed();
    for (int i = 0; i < 5; i++) {
        script_pass(&t, i == 0 ? 300 : 500);
        assert_string_equal(script_sent(&t), "Continue(80000000)");
    }
    assert_string_equal(script_raised(&t), "");
    script_pass(&t, 500);
    assert_string_equal(script_sent(&t), "");
    assert_string_equal(script_raised(&t), "RESUMED(ok presumed)");
    assert_int_equal(kd_session_run_state(t.s), KD_RUN_RUNNING);
    assert_int_equal(kd_session_get_counters(t.s)->frozen_ms, 300 + 5 * 500);
}

static void on_a_quick_link_that_takes_no_half_second(void **state)
{
    (void)state;
    resumed();
    script_ack(&t, 0x80000000); /* now its round trip is known */
    script_stop(&t, 2, &step_stop);
    kd_session_resume(t.s, t.now_ms);
    (void)script_raised(&t);
    script_pass(&t, 379);
    assert_string_equal(script_raised(&t), "");
    script_pass(&t, 1);
    assert_string_equal(script_raised(&t), "RESUMED(ok presumed)");
}

static void a_target_that_is_presumed_to_run_is_looked_after_for_a_while(void **state)
{
    (void)state;
    resumed();
    script_pass(&t, 300 + 5 * 500);
    assert_string_equal(script_raised(&t), "RESUMED(ok presumed)");
    (void)script_sent(&t);
    script_pass(&t, 60000);
    assert_string_equal(script_sent(&t), "RESEND RESEND RESEND RESEND RESEND RESEND");
}

static void a_target_that_stands_after_all_is_continued_again(void **state)
{
    (void)state;
    resumed();
    script_pass(&t, 300 + 5 * 500 + 50);
    (void)script_sent(&t);
    script_stop(&t, 0, &step_stop); /* what the RESEND brought */
    assert_string_equal(script_sent(&t), "ACK(0) Continue(80000002)");
    script_ack(&t, 0x80000002);
    assert_string_equal(script_raised(&t), "RESUMED(ok presumed)");
    assert_int_equal(kd_session_get_counters(t.s)->frozen_ms, 300 + 5 * 500 + 50);
    script_pass(&t, 60000);
    assert_string_equal(script_sent(&t), "");
}

static void resend_repeats_a_continue(void **state)
{
    (void)state;
    resumed();
    script_control(&t, KD_PACKET_RESEND, 0);
    assert_string_equal(script_sent(&t), "Continue(80000000)");
}

static void a_print_is_an_acknowledgement_of_a_continue(void **state)
{
    (void)state;
    resumed();
    script_print(&t, 2, "on my way");
    assert_string_equal(script_sent(&t), "ACK(2)");
    assert_string_equal(script_raised(&t), "RESUMED(ok) PRINT(on my way)");
}

static void a_file_wish_is_an_acknowledgement_of_a_continue(void **state)
{
    (void)state;
    resumed();
    script_file_io(&t, 2);
    assert_string_equal(script_sent(&t), "ACK(2) FILE_IO(80000002)");
    assert_string_equal(script_raised(&t), "RESUMED(ok) FILE_IO(4)");
}

static void another_stop_is_an_acknowledgement_of_a_continue(void **state)
{
    (void)state;
    resumed();
    script_stop(&t, 2, &break_in_stop);
    assert_string_equal(script_sent(&t), "ACK(2)");
    assert_string_equal(script_raised(&t), "RESUMED(ok) HALTED(fffff80300001000)");
}

static void the_same_stop_that_we_asked_to_hear_again_is_none(void **state)
{
    struct kd_manipulate read = script_read(0x1000, 16);

    (void)state;
    script_ask(&t, &read);
    (void)script_sent(&t);
    script_ack(&t, 0x80000000);
    script_pass(&t, 20); /* a RESEND goes out; the reply was on its way */
    script_reply(&t, 2);
    assert_string_equal(script_sent(&t), "RESEND ACK(2)");
    assert_string_equal(resumed(), "Continue(80000002)");
    script_stop(&t, 4, &step_stop); /* what it says to the RESEND */
    assert_string_equal(script_sent(&t), "ACK(4)");
    script_control(&t, KD_PACKET_RESEND, 0);
    assert_string_equal(script_sent(&t), "Continue(80000002)");
    script_ack(&t, 0x80000002);
    assert_string_equal(script_raised(&t), "REPLY(1 ok) RESUMED(ok)");
}

static void a_reply_after_the_acknowledgement_shows_that_the_target_does_not_run(void **state)
{
    struct kd_manipulate read = script_read(0x1000, 16);

    (void)state;
    script_ask(&t, &read);
    (void)script_sent(&t);
    script_ack(&t, 0x80000000);
    script_reply(&t, 2); /* our ACK of it is lost */
    (void)script_sent(&t);
    resumed();
    script_ack(&t, 0x80000002); /* it takes the Continue for something else */
    t.request = read;
    script_reply(&t, 2);
    assert_string_equal(script_sent(&t), "ACK(2) Continue(80000004)");
    script_ack(&t, 0x80000004);
    assert_string_equal(script_raised(&t), "REPLY(1 ok) RESUMED(ok)");
}

static void a_request_that_is_outstanding_is_cancelled(void **state)
{
    struct kd_manipulate read = script_read(0x1000, 16);

    (void)state;
    script_ask(&t, &read);
    script_ack(&t, 0x80000000);
    (void)script_sent(&t);
    assert_string_equal(resumed(), "Continue(80000002)");
    assert_string_equal(script_raised(&t), "REPLY(1 cancelled)");
    t.request = read;
    script_reply(&t, 2);
    script_control(&t, KD_PACKET_RESEND, 0); /* it waited for the ACK of that */
    assert_string_equal(script_sent(&t), "ACK(2) Continue(80000002)");
}

static void a_continue_waits_for_the_acknowledgement_of_what_is_on_its_way(void **state)
{
    struct kd_manipulate read = script_read(0x1000, 16);

    (void)state;
    script_ask(&t, &read);
    (void)script_sent(&t);
    assert_string_equal(resumed(), "");
    script_ack(&t, 0x80000000);
    assert_string_equal(script_sent(&t), "Continue(80000002)");
}

static void a_wish_to_break_in_while_resuming_is_kept(void **state)
{
    (void)state;
    resumed();
    kd_session_break_in(t.s, t.now_ms);
    assert_string_equal(script_sent(&t), "");
    script_ack(&t, 0x80000000);
    assert_string_equal(script_raised(&t), "RESUMED(ok)");
    assert_string_equal(script_sent(&t), "b");
}

static void resuming_what_runs_is_over_at_once(void **state)
{
    (void)state;
    resumed();
    script_ack(&t, 0x80000000);
    assert_string_equal(script_raised(&t), "RESUMED(ok)");
    assert_string_equal(resumed(), "");
    assert_string_equal(script_raised(&t), "RESUMED(ok)");
}

static void resuming_what_nobody_knows_of_is_refused(void **state)
{
    (void)state;
    script_open(&t, &kdnet);
    kd_session_resume(t.s, t.now_ms);
    assert_string_equal(script_raised(&t), "RESUMED(interrupted by the target)");
    script_close(&t);
}

static void resuming_takes_back_a_wish_to_break_in_and_the_halt_that_comes_of_it(void **state)
{
    (void)state;
    resumed();
    script_ack(&t, 0x80000000);
    kd_session_break_in(t.s, t.now_ms);
    assert_string_equal(script_sent(&t), "b");
    kd_session_resume(t.s, t.now_ms);
    assert_string_equal(script_raised(&t), "RESUMED(ok) RESUMED(ok)");
    script_stop(&t, 2, &break_in_stop);
    assert_string_equal(script_sent(&t), "ACK(2) GetContextEx(80000002)");
    assert_string_equal(script_raised(&t), "");
}

static void a_link_that_goes_down_ends_the_resuming(void **state)
{
    (void)state;
    resumed();
    kd_session_link_down(t.s, KD_ERR_LOST, t.now_ms);
    assert_string_equal(script_raised(&t), "RESUMED(target fell silent)");
    kd_session_link_up(t.s, false, t.now_ms); /* and stands where it stood */
    assert_int_equal(kd_session_run_state(t.s), KD_RUN_HALTED);
}

static void a_target_that_was_silent_before_is_not_presumed_to_run(void **state)
{
    struct kd_manipulate read = script_read(0x1000, 16);

    (void)state;
    script_ask(&t, &read);
    script_pass(&t, 30000);
    assert_string_equal(script_raised(&t), "REPLY(1 target fell silent) LOST");
    (void)script_sent(&t);
    assert_string_equal(resumed(), "Continue(80000002)");
    script_pass(&t, 10000);
    assert_string_equal(script_raised(&t), "RESUMED(target fell silent presumed)");
}

/* A target that began anew between our RESET and the Continue takes it for a repetition, and
 * acknowledges it as one. */
static void a_continue_that_may_have_passed_for_a_repetition_is_said_again(void **state)
{
    (void)state;
    script_open(&t, &stream);
    script_halt(&t, &step_stop);
    kd_session_garbled(t.s, KD_FRAMER_RESET, t.now_ms);
    script_control(&t, KD_PACKET_RESET, 0);
    script_control(&t, KD_PACKET_RESET, 0); /* doubled on its way, or said twice? */
    (void)script_sent(&t);
    assert_string_equal(resumed(), "Continue(80800000)");
    script_ack(&t, 0x80800000);
    assert_string_equal(script_sent(&t), "Continue(80800001)");
    script_ack(&t, 0x80800001);
    assert_string_equal(script_sent(&t), "");
    assert_string_equal(script_raised(&t), "RESUMED(ok)");
    script_close(&t);
}

static void a_stream_that_lost_its_ids_is_reset_before_the_continue(void **state)
{
    (void)state;
    script_open(&t, &stream);
    script_halt(&t, &step_stop);
    kd_session_link_up(t.s, false, t.now_ms);
    (void)script_sent(&t);
    assert_string_equal(resumed(), "RESET(0)");
    script_control(&t, KD_PACKET_RESET, 0);
    script_pass(&t, 99); /* it may repeat something behind the exchange */
    assert_string_equal(script_sent(&t), "");
    script_pass(&t, 1);
    assert_string_equal(script_sent(&t), "Continue(80800000)");
    script_ack(&t, 0x80800000);
    assert_string_equal(script_raised(&t), "RESUMED(ok)");
    script_close(&t);
}

int main(void)
{
#define ROW(name, setup) cmocka_unit_test_setup_teardown(name, setup, closed)
    const struct CMUnitTest tests[] = {
        ROW(rip_is_moved_past_an_int3_in_slices_of_the_whole_context, at_an_int3),
        ROW(the_rip_rules_requests_are_counted_apart, at_an_int3),
        ROW(slices_go_on_from_what_was_copied, at_an_int3),
        ROW(a_target_without_context_slices_is_asked_for_the_whole_and_never_again, at_an_int3),
        ROW(a_new_boot_stage_is_asked_for_slices_again, at_an_int3),
        ROW(other_failures_of_slices_lead_to_the_whole_too, at_an_int3),
        ROW(where_no_int3_stands_nothing_is_moved, at_a_step),
        cmocka_unit_test(a_breakpoint_whose_byte_is_no_int3_is_left_alone),
        cmocka_unit_test(another_exception_at_an_int3_is_left_alone),
        cmocka_unit_test(our_own_breakpoint_is_not_stepped_over),
        ROW(a_rip_that_is_elsewhere_is_not_touched, at_an_int3),
        ROW(a_rip_that_is_past_it_already_is_fine, at_an_int3),
        ROW(a_context_that_cannot_be_had_does_not_keep_the_target, at_an_int3),
        ROW(a_context_that_cannot_be_set_does_not_keep_the_target, at_an_int3),
        ROW(a_set_that_was_interrupted_is_looked_after, at_an_int3),
        ROW(no_answer_does_not_keep_the_target_longer_than_three_seconds, at_an_int3),
        cmocka_unit_test(a_module_stop_at_an_int3_is_stepped_over_too),
        ROW(continue_is_tried_six_times_and_then_presumed, at_a_step),
        ROW(on_a_quick_link_that_takes_no_half_second, at_a_step),
        ROW(a_target_that_is_presumed_to_run_is_looked_after_for_a_while, at_a_step),
        ROW(a_target_that_stands_after_all_is_continued_again, at_a_step),
        ROW(resend_repeats_a_continue, at_a_step),
        ROW(a_print_is_an_acknowledgement_of_a_continue, at_a_step),
        ROW(a_file_wish_is_an_acknowledgement_of_a_continue, at_a_step),
        ROW(another_stop_is_an_acknowledgement_of_a_continue, at_a_step),
        ROW(the_same_stop_that_we_asked_to_hear_again_is_none, at_a_step),
        ROW(a_reply_after_the_acknowledgement_shows_that_the_target_does_not_run, at_a_step),
        ROW(a_request_that_is_outstanding_is_cancelled, at_a_step),
        ROW(a_continue_waits_for_the_acknowledgement_of_what_is_on_its_way, at_a_step),
        ROW(a_wish_to_break_in_while_resuming_is_kept, at_a_step),
        ROW(resuming_what_runs_is_over_at_once, at_a_step),
        cmocka_unit_test(resuming_what_nobody_knows_of_is_refused),
        ROW(resuming_takes_back_a_wish_to_break_in_and_the_halt_that_comes_of_it, at_a_step),
        ROW(a_link_that_goes_down_ends_the_resuming, at_a_step),
        ROW(a_target_that_was_silent_before_is_not_presumed_to_run, at_a_step),
        cmocka_unit_test(a_continue_that_may_have_passed_for_a_repetition_is_said_again),
        cmocka_unit_test(a_stream_that_lost_its_ids_is_reset_before_the_continue),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
