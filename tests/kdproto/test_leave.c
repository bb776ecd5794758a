/* Taking leave, in every state. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../support/script_target.h"

static const struct kd_session_opts kdnet = {.dialect = KD_DIALECT_KDNET};

static struct script t;

static int linked(void **state)
{
    (void)state;
    script_open(&t, &kdnet);
    kd_session_link_up(t.s, true, t.now_ms);
    (void)script_sent(&t);
    return 0;
}

static int running(void **state)
{
    linked(state);
    script_pass(&t, 1000);
    return 0;
}

/* A b went out. */
static int breaking(void **state)
{
    running(state);
    kd_session_break_in(t.s, t.now_ms);
    (void)script_sent(&t);
    return 0;
}

static int halted(void **state)
{
    (void)state;
    script_open(&t, &kdnet);
    script_halt(&t, &step_stop);
    return 0;
}

static int at_an_int3(void **state)
{
    (void)state;
    script_open(&t, &kdnet);
    script_halt(&t, &break_in_stop);
    return 0;
}

static int closed(void **state)
{
    (void)state;
    script_close(&t);
    return 0;
}

static const char *left(void)
{
    kd_session_leave(t.s, t.now_ms);
    return script_sent(&t);
}

static void leaving_before_there_was_a_link_is_over_at_once(void **state)
{
    (void)state;
    script_open(&t, &kdnet);
    assert_string_equal(left(), "");
    assert_string_equal(script_raised(&t), "LEFT(ok)");
    script_close(&t);
}

static void a_halted_target_without_a_link_is_lost(void **state)
{
    (void)state;
    kd_session_link_down(t.s, KD_ERR_LOST, t.now_ms);
    assert_string_equal(left(), "");
    assert_string_equal(script_raised(&t), "LEFT(target fell silent)");
}

static void a_calm_target_is_left_after_300_ms(void **state)
{
    (void)state;
    assert_string_equal(left(), "");
    script_pass(&t, 299);
    assert_string_equal(script_raised(&t), "");
    script_pass(&t, 1);
    assert_string_equal(script_raised(&t), "LEFT(ok)");
    assert_string_equal(script_sent(&t), "");
    assert_true(kd_session_deadline_ms(t.s) == KD_NEVER);
}

static void a_halted_target_is_continued_and_watched(void **state)
{
    (void)state;
    assert_string_equal(left(), "Continue(80000000)");
    script_ack(&t, 0x80000000);
    script_pass(&t, 299);
    assert_string_equal(script_raised(&t), "");
    script_pass(&t, 1);
    assert_string_equal(script_raised(&t), "LEFT(ok)");
}

static void rip_is_moved_on_leaving_too(void **state)
{
    (void)state;
    left();
    for (uint32_t id = 2; id <= 8; id += 2) {
        script_ack(&t, t.request_id);
        script_reply(&t, id);
        (void)script_sent(&t);
    }
    assert_int_equal(t.request.api, KD_API_CONTINUE);
    script_ack(&t, t.request_id);
    script_pass(&t, 300);
    assert_string_equal(script_raised(&t), "LEFT(ok)");
    assert_int_equal(kd_session_get_counters(t.s)->rip_advances, 1);
}

static void the_outstanding_request_is_cancelled(void **state)
{
    struct kd_manipulate read = script_read(0x1000, 16);

    (void)state;
    script_ask(&t, &read);
    (void)script_sent(&t);
    script_ack(&t, 0x80000000);
    assert_string_equal(left(), "Continue(80000002)");
    assert_string_equal(script_raised(&t), "REPLY(1 cancelled)");
}

static void a_request_that_is_never_acknowledged_holds_the_continue_up_for_a_moment_only(
    void **state)
{
    struct kd_manipulate read = script_read(0x1000, 16);

    (void)state;
    script_ask(&t, &read);
    (void)script_sent(&t);
    assert_string_equal(left(), "");
    script_pass(&t, 999);
    assert_null(strstr(script_sent(&t), "Continue"));
    script_pass(&t, 1);
    assert_string_equal(script_sent(&t), "RESET(80000002) Continue(80000002)");
}

static void a_target_that_answers_nothing_is_left_in_two_seconds_with_six_continues(void **state)
{
    unsigned continues = 0;

    (void)state;
    left();
    for (int i = 0; i < 1999; i++) {
        script_pass(&t, 1);
        continues += strstr(script_sent(&t), "Continue") != NULL;
    }
    assert_int_equal(continues, 6);
    script_pass(&t, 1);
    assert_string_equal(script_raised(&t), "LEFT(ok presumed rip: timed out)");
}

/* Something was repeated, so the link is a bad one. */
static void lose_a_read(void)
{
    struct kd_manipulate read = script_read(0x1000, 16);

    script_ask(&t, &read);
    (void)script_sent(&t);
    script_control(&t, KD_PACKET_RESEND, 0);
    assert_int_equal(kd_session_get_counters(t.s)->retransmissions, 1);
    script_ack(&t, 0x80000000);
    script_reply(&t, 2);
    (void)script_sent(&t);
    (void)script_raised(&t);
}

static void on_a_bad_link_a_target_is_asked_whether_it_stands_after_all(void **state)
{
    (void)state;
    lose_a_read();
    assert_string_equal(left(), "Continue(80000002)");
    script_ack(&t, 0x80000002);
    script_pass(&t, 250);
    assert_string_equal(script_sent(&t), "RESEND RESEND");
    script_stop(&t, 4, &step_stop); /* that ACK was no ACK of the Continue */
    assert_string_equal(script_sent(&t), "ACK(4) Continue(80000004)");
    script_ack(&t, 0x80000004);
    script_pass(&t, 599);
    assert_string_equal(script_raised(&t), "");
    script_pass(&t, 1);
    assert_string_equal(script_raised(&t), "LEFT(ok)");
}

static void a_target_that_stands_and_answers_is_not_given_up(void **state)
{
    (void)state;
    lose_a_read();
    left();
    for (int i = 0; i < 8; i++) { /* it takes eight seconds to make out the Continue */
        script_pass(&t, 500);
        script_control(&t, KD_PACKET_RESEND, 0);
        script_pass(&t, 500);
        assert_non_null(strstr(script_sent(&t), "Continue"));
    }
    assert_string_equal(script_raised(&t), "");
    script_ack(&t, 0x80000002);
    script_pass(&t, 600);
    assert_string_equal(script_raised(&t), "LEFT(ok)");
}

static void what_comes_while_lingering_is_answered_and_prolongs_it(void **state)
{
    (void)state;
    left();
    script_pass(&t, 200);
    script_print(&t, 0, "still here");
    script_pass(&t, 200);
    script_file_io(&t, 2);
    assert_string_equal(script_sent(&t), "ACK(0) ACK(2) FILE_IO(80000000)");
    script_ack(&t, 0x80000000);
    script_pass(&t, 299);
    assert_string_equal(script_raised(&t), "PRINT(still here) FILE_IO(4)");
    script_pass(&t, 1);
    assert_string_equal(script_raised(&t), "LEFT(ok)");
}

static void a_chatty_target_is_left_after_a_second_and_a_half(void **state)
{
    uint64_t start = t.now_ms;

    (void)state;
    left();
    for (uint32_t id = 0; t.now_ms < start + 1400; id += 2) {
        script_pass(&t, 100);
        script_print(&t, id, "x");
        (void)script_raised(&t);
    }
    script_pass(&t, 99);
    assert_string_equal(script_raised(&t), "");
    script_pass(&t, 1);
    assert_string_equal(script_raised(&t), "LEFT(ok)");
}

static void every_stop_while_lingering_is_continued(void **state)
{
    struct script_stop stop = break_in_stop;

    (void)state;
    stop.byte = 0x90;
    left();
    script_stop(&t, 0, &stop);
    assert_string_equal(script_sent(&t), "ACK(0) Continue(80000000)");
    script_ack(&t, 0x80000000);
    script_stop(&t, 2, &step_stop);
    assert_string_equal(script_sent(&t), "ACK(2) Continue(80000002)");
    script_ack(&t, 0x80000002);
    stop = module_stop;
    stop.byte = 0x90;
    script_stop(&t, 4, &stop);
    assert_string_equal(script_sent(&t), "ACK(4) Continue(80000004)");
    script_ack(&t, 0x80000004);
    script_pass(&t, 300);
    assert_string_equal(script_raised(&t), "MODULE(disk.sys) LEFT(ok)");
}

static void a_stop_that_is_pending_when_nothing_is_known_is_continued(void **state)
{
    (void)state;
    left();
    script_stop(&t, 0, &step_stop);
    assert_string_equal(script_sent(&t), "ACK(0) Continue(80000000)");
}

static void a_halt_that_was_asked_for_is_awaited_and_continued(void **state)
{
    (void)state;
    assert_string_equal(left(), "");
    script_pass(&t, 1200);
    assert_string_equal(script_raised(&t), "");
    script_stop(&t, 0, &step_stop);
    assert_string_equal(script_sent(&t), "ACK(0) Continue(80000000)");
    script_ack(&t, 0x80000000);
    script_pass(&t, 300);
    assert_string_equal(script_raised(&t), "LEFT(ok)");
}

static void a_halt_that_does_not_come_is_told(void **state)
{
    (void)state;
    left();
    script_pass(&t, 1299);
    assert_string_equal(script_raised(&t), "");
    script_pass(&t, 1);
    assert_string_equal(script_sent(&t), ""); /* no further b */
    assert_string_equal(script_raised(&t), "LEFT(timed out)");
}

static void breaking_in_that_got_no_further_than_a_resend_is_forgotten(void **state)
{
    (void)state;
    kd_session_break_in(t.s, t.now_ms);
    (void)script_sent(&t);
    left();
    script_pass(&t, 5000);
    assert_string_equal(script_sent(&t), "");
    assert_string_equal(script_raised(&t), "LEFT(ok)");
}

static void leaving_while_resuming_ends_both(void **state)
{
    (void)state;
    kd_session_resume(t.s, t.now_ms);
    (void)script_sent(&t);
    assert_string_equal(left(), "");
    script_ack(&t, 0x80000000);
    assert_string_equal(script_raised(&t), "RESUMED(ok)");
    script_pass(&t, 300);
    assert_string_equal(script_raised(&t), "LEFT(ok)");
}

static void leaving_while_resuming_without_an_answer_ends_both(void **state)
{
    (void)state;
    kd_session_resume(t.s, t.now_ms);
    left();
    script_pass(&t, 2000);
    assert_string_equal(script_raised(&t), "RESUMED(ok presumed) LEFT(ok presumed)");
}

static void a_resynchronisation_does_not_hold_the_continue_up_for_long(void **state)
{
    (void)state;
    script_print(&t, 0x40, "lost sync");
    (void)script_sent(&t);
    assert_string_equal(left(), "");
    script_pass(&t, 999);
    assert_null(strstr(script_sent(&t), "Continue"));
    script_pass(&t, 1);
    assert_non_null(strstr(script_sent(&t), "RESET(80000000) Continue(80000000)"));
}

static void a_stop_at_the_very_end_is_continued_like_any_other(void **state)
{
    (void)state;
    left();
    for (uint32_t id = 0; id < 14; id += 2) { /* it talks, so that we linger */
        script_pass(&t, 200);
        script_print(&t, id, "x");
    }
    (void)script_sent(&t);
    (void)script_raised(&t);
    script_stop(&t, 14, &break_in_stop);
    assert_string_equal(script_sent(&t), "ACK(e) GetContextEx(80000000)");
    script_pass(&t, 2600);
    assert_non_null(strstr(script_sent(&t), "Continue"));
    script_pass(&t, 5000); /* then it was not heard of for long enough */
    assert_string_equal(script_raised(&t), "LEFT(ok presumed rip: timed out)");
}

static void a_link_that_goes_down_ends_the_leaving(void **state)
{
    (void)state;
    left();
    kd_session_link_down(t.s, KD_ERR_LOST, t.now_ms);
    assert_string_equal(script_raised(&t), "LEFT(target fell silent)");
}

static void a_reboot_while_leaving_ends_it_well(void **state)
{
    (void)state;
    left();
    kd_session_link_up(t.s, true, t.now_ms);
    script_pass(&t, 2000);
    assert_string_equal(script_raised(&t), "LEFT(ok)");
}

static void leaving_twice_is_leaving_once(void **state)
{
    (void)state;
    left();
    script_pass(&t, 100);
    left();
    script_pass(&t, 200);
    assert_string_equal(script_raised(&t), "LEFT(ok)");
}

static void a_wish_that_was_taken_back_may_still_halt_it_while_leaving(void **state)
{
    (void)state;
    kd_session_break_off(t.s);
    assert_string_equal(left(), "");
    script_pass(&t, 1000);
    assert_string_equal(script_raised(&t), ""); /* awaited, as any halt that was asked for */
    script_stop(&t, 0, &step_stop);
    assert_string_equal(script_sent(&t), "ACK(0) Continue(80000000)");
    script_ack(&t, 0x80000000);
    script_pass(&t, 300);
    assert_string_equal(script_raised(&t), "LEFT(ok)");
}

static void who_is_leaving_wishes_nothing_more(void **state)
{
    struct kd_manipulate read = script_read(0x1000, 16);
    uint32_t token;

    (void)state;
    left();
    kd_session_break_in(t.s, t.now_ms);
    kd_session_resume(t.s, t.now_ms);
    assert_int_equal(kd_session_request(t.s, &read, t.now_ms, &token), KD_ERR_INTERRUPTED);
    assert_string_equal(script_sent(&t), "");
    assert_string_equal(script_raised(&t), "");
}

static void a_session_that_left_can_be_linked_again(void **state)
{
    (void)state;
    left();
    script_pass(&t, 300);
    (void)script_raised(&t);
    script_print(&t, 0, "too late");
    assert_string_equal(script_sent(&t), "");
    kd_session_link_up(t.s, false, t.now_ms);
    script_stop(&t, 0, &break_in_stop);
    assert_string_equal(script_sent(&t), "RESEND ACK(0)");
    assert_string_equal(script_raised(&t), "HALTED(fffff80300001000)");
}

static void a_target_that_fell_silent_is_still_told_to_continue(void **state)
{
    struct kd_manipulate read = script_read(0x1000, 16);

    (void)state;
    script_ask(&t, &read);
    script_pass(&t, 30000);
    assert_string_equal(script_raised(&t), "REPLY(1 target fell silent) LOST");
    (void)script_sent(&t);
    assert_string_equal(left(), "Continue(80000002)");
    script_pass(&t, 2000);
    assert_string_equal(script_raised(&t), "LEFT(target fell silent presumed)");
}

static void an_answer_on_its_way_is_seen_through(void **state)
{
    unsigned answers = 0;

    (void)state;
    script_file_io(&t, 0);
    assert_string_equal(script_sent(&t), "ACK(0) FILE_IO(80000000)");
    left();
    for (int i = 0; i < 600; i++) {
        script_pass(&t, 1);
        answers += strstr(script_sent(&t), "FILE_IO") != NULL;
    }
    assert_in_range(answers, 3, 5); /* and was not told while it may have been lost each time */
    assert_string_equal(script_raised(&t), "FILE_IO(4)");
    script_ack(&t, 0x80000000);
    script_pass(&t, 600);
    assert_string_equal(script_raised(&t), "LEFT(ok)");
}

static void a_stop_that_could_not_be_taken_is_told(void **state)
{
    (void)state;
    left();
    script_stop(&t, 0x926, &step_stop);
    assert_string_equal(script_sent(&t), "RESET(80000000)");
    script_pass(&t, 1500);
    assert_string_equal(script_raised(&t), "LEFT(timed out)");
}

static void calm_after_a_continue_shows_that_rip_was_moved(void **state)
{
    (void)state;
    left();
    for (int i = 0; i < 3; i++) {
        script_ack(&t, t.request_id);
        script_reply(&t, 2 + 2 * (uint32_t)i);
        (void)script_sent(&t);
    }
    assert_int_equal(t.request.api, KD_API_SET_CONTEXT_EX); /* the last slice; its reply is lost */
    for (int i = 0; i < 2000 && t.request.api != KD_API_CONTINUE; i++) {
        script_pass(&t, 1);
        (void)script_sent(&t);
    }
    assert_int_equal(t.request.api, KD_API_CONTINUE);
    script_ack(&t, t.request_id);
    script_pass(&t, 1000);
    assert_string_equal(script_raised(&t), "LEFT(ok)");
}

int main(void)
{
#define ROW(name, setup) cmocka_unit_test_setup_teardown(name, setup, closed)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(leaving_before_there_was_a_link_is_over_at_once),
        ROW(a_halted_target_without_a_link_is_lost, halted),
        ROW(a_calm_target_is_left_after_300_ms, running),
        ROW(a_halted_target_is_continued_and_watched, halted),
        ROW(rip_is_moved_on_leaving_too, at_an_int3),
        ROW(the_outstanding_request_is_cancelled, halted),
        ROW(a_request_that_is_never_acknowledged_holds_the_continue_up_for_a_moment_only, halted),
        ROW(a_target_that_answers_nothing_is_left_in_two_seconds_with_six_continues, at_an_int3),
        ROW(on_a_bad_link_a_target_is_asked_whether_it_stands_after_all, halted),
        ROW(a_target_that_stands_and_answers_is_not_given_up, halted),
        ROW(what_comes_while_lingering_is_answered_and_prolongs_it, running),
        ROW(a_chatty_target_is_left_after_a_second_and_a_half, running),
        ROW(every_stop_while_lingering_is_continued, running),
        ROW(a_stop_that_is_pending_when_nothing_is_known_is_continued, linked),
        ROW(a_halt_that_was_asked_for_is_awaited_and_continued, breaking),
        ROW(a_halt_that_does_not_come_is_told, breaking),
        ROW(breaking_in_that_got_no_further_than_a_resend_is_forgotten, linked),
        ROW(leaving_while_resuming_ends_both, halted),
        ROW(leaving_while_resuming_without_an_answer_ends_both, halted),
        ROW(a_resynchronisation_does_not_hold_the_continue_up_for_long, halted),
        ROW(a_stop_at_the_very_end_is_continued_like_any_other, running),
        ROW(a_link_that_goes_down_ends_the_leaving, halted),
        ROW(a_reboot_while_leaving_ends_it_well, halted),
        ROW(leaving_twice_is_leaving_once, running),
        ROW(a_wish_that_was_taken_back_may_still_halt_it_while_leaving, breaking),
        ROW(who_is_leaving_wishes_nothing_more, running),
        ROW(a_session_that_left_can_be_linked_again, running),
        ROW(a_target_that_fell_silent_is_still_told_to_continue, halted),
        ROW(an_answer_on_its_way_is_seen_through, running),
        ROW(a_stop_that_could_not_be_taken_is_told, running),
        ROW(calm_after_a_continue_shows_that_rip_was_moved, at_an_int3),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
