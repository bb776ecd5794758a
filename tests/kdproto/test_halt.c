/* Getting a target to halt, and what its stops mean. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../support/script_target.h"

static const struct kd_session_opts kdnet = {.dialect = KD_DIALECT_KDNET};
static const struct kd_session_opts stream = {.dialect = KD_DIALECT_STREAM};

static struct script t;

static int breaking(void **state)
{
    (void)state;
    script_open(&t, &kdnet);
    kd_session_link_up(t.s, true, t.now_ms);
    (void)script_sent(&t);
    kd_session_break_in(t.s, t.now_ms);
    return 0;
}

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
    assert_int_equal(kd_session_run_state(t.s), KD_RUN_RUNNING);
    return 0;
}

static int halted(void **state)
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

/* --- the escalation --- */

static void breaking_in_escalates_from_resend_over_reset_to_break_in_bytes(void **state)
{
    (void)state;
    assert_string_equal(script_sent(&t), "RESEND");
    script_pass(&t, 299);
    assert_string_equal(script_sent(&t), "");
    script_pass(&t, 1);
    assert_string_equal(script_sent(&t), "RESEND RESET(80000000)");
    script_pass(&t, 300);
    assert_string_equal(script_sent(&t), "b");
    script_pass(&t, 1499);
    assert_string_equal(script_sent(&t), "");
    script_pass(&t, 1);
    assert_string_equal(script_sent(&t), "b RESET(80000000)");
    script_pass(&t, 1500);
    assert_string_equal(script_sent(&t), "b RESET(80000000)");
}

static void a_stream_is_reset_twice_before_the_break_in_byte(void **state)
{
    (void)state;
    script_open(&t, &stream);
    kd_session_link_up(t.s, true, t.now_ms);
    kd_session_break_in(t.s, t.now_ms);
    assert_string_equal(script_sent(&t), "RESET(0)");
    script_pass(&t, 500);
    assert_string_equal(script_sent(&t), "RESET(0)");
    script_pass(&t, 500);
    assert_string_equal(script_sent(&t), "b");
    script_pass(&t, 1500);
    assert_string_equal(script_sent(&t), "b RESET(0)");
    script_close(&t);
}

/* The order in which a published session of an old target went. */
static void a_stream_target_may_report_before_it_answers_the_reset(void **state)
{
    struct kd_manipulate read = script_read(0x1000, 16);

    (void)state;
    script_open(&t, &stream);
    kd_session_link_up(t.s, true, t.now_ms);
    kd_session_break_in(t.s, t.now_ms);
    script_stop(&t, 0x80800800, &break_in_stop);
    script_control(&t, KD_PACKET_RESET, 0x0005F863);
    script_stop(&t, 0x80800000, &break_in_stop);
    assert_string_equal(script_sent(&t), "RESET(0) ACK(80800000) ACK(80800000)");
    assert_string_equal(script_raised(&t), "HALTED(fffff80300001000)");
    script_ask(&t, &read);
    assert_string_equal(script_sent(&t), "ReadVirtualMemory(80800000)");
    script_close(&t);
}

static void a_target_known_to_run_gets_the_break_in_byte_at_once(void **state)
{
    (void)state;
    kd_session_break_in(t.s, t.now_ms);
    assert_string_equal(script_sent(&t), "b");
    script_stop(&t, 0, &break_in_stop);
    assert_string_equal(script_sent(&t), "ACK(0)");
    assert_string_equal(script_raised(&t), "HALTED(fffff80300001000)");
}

static void any_stop_on_the_way_is_the_halt(void **state)
{
    (void)state;
    script_stop(&t, 0, &module_stop);
    assert_string_equal(script_sent(&t), "RESEND ACK(0)");
    assert_string_equal(script_raised(&t), "HALTED(fffff80300001500)");
    script_pass(&t, 60000);
    assert_string_equal(script_sent(&t), "");
}

static void a_stop_with_ids_of_another_session_is_the_halt_after_a_reset(void **state)
{
    (void)state;
    script_stop(&t, 0x926, &break_in_stop);
    assert_string_equal(script_sent(&t), "RESEND RESET(80000000)");
    script_control(&t, KD_PACKET_RESET, 0x926);
    script_stop(&t, 0x926, &break_in_stop);
    assert_string_equal(script_sent(&t), "ACK(926)");
    assert_string_equal(script_raised(&t), "HALTED(fffff80300001000)");
}

static void a_print_on_the_way_makes_the_break_in_byte_the_next_step(void **state)
{
    (void)state;
    script_print(&t, 0, "busy");
    assert_string_equal(script_sent(&t), "RESEND ACK(0)");
    script_pass(&t, 300);
    assert_string_equal(script_sent(&t), "b");
}

static void data_is_taken_while_a_reset_sent_on_suspicion_is_unanswered(void **state)
{
    (void)state;
    script_pass(&t, 300);
    script_stop(&t, 0, &break_in_stop);
    assert_string_equal(script_sent(&t), "RESEND RESEND RESET(80000000) ACK(0)");
    assert_string_equal(script_raised(&t), "HALTED(fffff80300001000)");
}

static void resets_without_an_answer_make_the_break_in_byte_worth_a_try(void **state)
{
    (void)state;
    script_print(&t, 0x926, "who is that");
    assert_string_equal(script_sent(&t), "RESEND RESET(80000000)");
    script_pass(&t, 2099);
    assert_null(strchr(script_sent(&t), 'b'));
    script_pass(&t, 300);
    assert_non_null(strchr(script_sent(&t), 'b'));
}

static void twenty_break_in_bytes_without_a_halt_are_reported(void **state)
{
    uint64_t end = t.now_ms + 40000;
    unsigned count = 0;

    (void)state;
    while (t.now_ms < end) {
        script_pass(&t, 100);
        count += strchr(script_sent(&t), 'b') != NULL;
    }
    assert_int_equal(count, 20);
    assert_string_equal(script_raised(&t), "LOST");
    script_stop(&t, 0, &break_in_stop); /* better late */
    assert_string_equal(script_raised(&t), "HALTED(fffff80300001000)");
}

static void breaking_in_twice_is_breaking_in_once(void **state)
{
    (void)state;
    kd_session_break_in(t.s, t.now_ms);
    assert_string_equal(script_sent(&t), "RESEND");
}

static void a_target_halted_already_is_reported_again_without_a_packet(void **state)
{
    (void)state;
    kd_session_break_in(t.s, t.now_ms);
    assert_string_equal(script_sent(&t), "");
    assert_string_equal(script_raised(&t), "HALTED(fffff80300001000)");
}

/* --- stops --- */

static void a_stop_nobody_asked_for_is_a_halt(void **state)
{
    (void)state;
    script_stop(&t, 0, &module_stop);
    assert_string_equal(script_sent(&t), "ACK(0)");
    assert_string_equal(script_raised(&t), "HALTED(fffff80300001500)");
}

static void a_running_target_that_breaks_by_itself_is_halted(void **state)
{
    (void)state;
    script_stop(&t, 0, &step_stop);
    assert_string_equal(script_sent(&t), "ACK(0)");
    assert_string_equal(script_raised(&t), "HALTED(fffff80300001008)");
    assert_int_equal(t.last.u.halted.exception_code, KD_STATUS_SINGLE_STEP);
}

static void a_stop_too_short_to_read_is_a_halt_all_the_same(void **state)
{
    static const uint8_t bytes[] = {0x30, 0x30, 0, 0};

    (void)state;
    script_data(&t, KD_PACKET_STATE_CHANGE64, 0, bytes, sizeof bytes);
    assert_string_equal(script_sent(&t), "ACK(0)");
    assert_string_equal(script_raised(&t), "HALTED(0)");
}

/* Rip is moved and Continue acknowledged; id: the target's next. */
static void play_resume(uint32_t id)
{
    while (t.request.api != KD_API_CONTINUE) {
        script_ack(&t, t.request_id);
        script_reply(&t, id);
        id += 2;
        (void)script_sent(&t);
    }
    script_ack(&t, t.request_id);
    t.request.api = 0;
}

static void a_running_target_that_loads_a_module_goes_on_by_itself(void **state)
{
    struct script_stop quiet = module_stop;

    (void)state;
    quiet.byte = 0x90;
    script_stop(&t, 0, &quiet);
    assert_string_equal(script_sent(&t), "ACK(0) Continue(80000000)");
    script_ack(&t, 0x80000000);
    assert_string_equal(script_raised(&t), "MODULE(disk.sys)");
    assert_int_equal(kd_session_run_state(t.s), KD_RUN_RUNNING);
}

static void a_module_at_an_int3_goes_on_with_rip_behind_it(void **state)
{
    (void)state;
    script_stop(&t, 0, &module_stop);
    assert_string_equal(script_sent(&t), "ACK(0) GetContextEx(80000000)");
    play_resume(2);
    assert_int_equal(kd_session_run_state(t.s), KD_RUN_RUNNING);
    assert_int_equal(kd_session_get_counters(t.s)->rip_advances, 1);
}

static void a_module_after_the_break_in_byte_goes_on_and_the_halt_is_still_awaited(void **state)
{
    struct script_stop quiet = module_stop;

    (void)state;
    quiet.byte = 0x90;
    script_pass(&t, 600);
    assert_string_equal(script_sent(&t), "RESEND RESEND RESET(80000000) b");
    script_stop(&t, 0, &quiet);
    assert_string_equal(script_sent(&t), "ACK(0) Continue(80000000)");
    script_ack(&t, 0x80000000);
    assert_string_equal(script_raised(&t), "MODULE(disk.sys)");
    script_stop(&t, 2, &break_in_stop);
    assert_string_equal(script_raised(&t), "HALTED(fffff80300001000)");
}

static void the_break_in_byte_is_repeated_after_a_module(void **state)
{
    struct script_stop quiet = module_stop;

    (void)state;
    quiet.byte = 0x90;
    script_pass(&t, 600);
    script_stop(&t, 0, &quiet);
    script_ack(&t, 0x80000000);
    (void)script_sent(&t);
    script_pass(&t, 1500);
    assert_string_equal(script_sent(&t), "RESEND RESEND RESEND RESEND b RESET(80000002)");
}

static void a_farewell_is_continued_and_told(void **state)
{
    (void)state;
    script_stop(&t, 0, &farewell_stop);
    assert_string_equal(script_sent(&t), "ACK(0) Continue(80000000)");
    assert_int_equal(t.request.u.go.status, KD_CONTINUE_STATUS);
    assert_string_equal(script_raised(&t), "RESTARTING");
}

static void a_farewell_leaves_the_wish_to_break_in_for_the_next_stage(void **state)
{
    (void)state;
    script_stop(&t, 0, &farewell_stop);
    script_ack(&t, 0x80000000);
    assert_string_equal(script_raised(&t), "RESTARTING");
    kd_session_link_up(t.s, true, t.now_ms);
    (void)script_sent(&t);
    script_pass(&t, 300);
    assert_string_equal(script_sent(&t), "RESEND RESET(80000000)");
}

static void a_stop_repeated_with_its_id_is_acknowledged_and_dropped(void **state)
{
    (void)state;
    script_stop(&t, 0, &break_in_stop);
    assert_string_equal(script_sent(&t), "ACK(0)");
    assert_string_equal(script_raised(&t), "");
}

static void a_stop_reported_again_under_a_new_id_is_acknowledged_and_dropped(void **state)
{
    (void)state;
    script_stop(&t, 2, &break_in_stop);
    assert_string_equal(script_sent(&t), "ACK(2)");
    assert_string_equal(script_raised(&t), "");
}

static void another_stop_replaces_the_one_in_force(void **state)
{
    (void)state;
    script_stop(&t, 2, &step_stop);
    assert_string_equal(script_sent(&t), "ACK(2)");
    assert_string_equal(script_raised(&t), "HALTED(fffff80300001008)");
    assert_int_equal(kd_session_get_counters(t.s)->freezes, 1);
}

static void prints_while_halted_are_told(void **state)
{
    (void)state;
    script_print(&t, 2, "hello");
    assert_string_equal(script_sent(&t), "ACK(2)");
    assert_string_equal(script_raised(&t), "PRINT(hello)");
    assert_int_equal(kd_session_run_state(t.s), KD_RUN_HALTED);
}

/* --- a break-in too many --- */

static void one_halt_by_a_break_in_byte_too_many_is_continued_and_no_other(void **state)
{
    struct script_stop stop = break_in_stop;

    (void)state;
    stop.byte = 0x90; /* so that no Rip is moved */
    script_pass(&t, 600 + 1500);
    script_stop(&t, 0, &stop);
    kd_session_resume(t.s, t.now_ms);
    script_ack(&t, 0x80000000);
    (void)script_sent(&t);
    assert_string_equal(script_raised(&t), "HALTED(fffff80300001000) RESUMED(ok)");
    script_stop(&t, 2, &stop);
    assert_string_equal(script_sent(&t), "ACK(2) Continue(80000002)");
    script_ack(&t, 0x80000002);
    assert_string_equal(script_raised(&t), "");
    script_stop(&t, 4, &stop);
    assert_string_equal(script_sent(&t), "ACK(4)");
    assert_string_equal(script_raised(&t), "HALTED(fffff80300001000)");
}

static void after_a_single_break_in_byte_every_halt_is_real(void **state)
{
    struct script_stop stop = break_in_stop;

    (void)state;
    stop.byte = 0x90;
    script_pass(&t, 600);
    script_stop(&t, 0, &stop);
    kd_session_resume(t.s, t.now_ms);
    script_ack(&t, 0x80000000);
    (void)script_raised(&t);
    script_stop(&t, 2, &stop);
    assert_string_equal(script_raised(&t), "HALTED(fffff80300001000)");
}

/* --- what it costs --- */

static void freezes_are_counted_and_their_time_is_summed(void **state)
{
    struct script_stop stop = step_stop;

    (void)state;
    for (uint32_t i = 0; i < 3; i++) {
        script_stop(&t, i * 2, &stop);
        t.now_ms += 100;
        kd_session_resume(t.s, t.now_ms);
        t.now_ms += 7;
        script_ack(&t, 0x80000000 + i * 2);
        t.now_ms += 1000;
    }
    assert_int_equal(kd_session_get_counters(t.s)->freezes, 3);
    assert_int_equal(kd_session_get_counters(t.s)->frozen_ms, 3 * 107);
}

static void a_freeze_begins_with_the_first_report_though_it_could_not_be_taken_yet(void **state)
{
    struct script_stop stop = step_stop;

    (void)state;
    script_stop(&t, 0x926, &stop); /* ids of another session: dropped until the RESET exchange */
    assert_int_equal(kd_session_get_counters(t.s)->freezes, 1);
    t.now_ms += 500;
    script_control(&t, KD_PACKET_RESET, 0x926);
    script_stop(&t, 0x926, &stop);
    t.now_ms += 100;
    kd_session_resume(t.s, t.now_ms);
    t.now_ms += 7;
    script_ack(&t, 0x80000000);
    assert_int_equal(kd_session_get_counters(t.s)->freezes, 1);
    assert_int_equal(kd_session_get_counters(t.s)->frozen_ms, 607);
}

static void a_freeze_begins_with_a_report_that_found_no_room(void **state)
{
    struct script_stop stop = step_stop;
    uint32_t id = 0;

    (void)state;
    for (; id <= 2 * KD_SESSION_EVENTS_MAX; id += 2)
        script_print(&t, id, "x");
    (void)script_sent(&t);
    script_stop(&t, id, &stop);
    assert_string_equal(script_sent(&t), "");
    (void)script_raised(&t);
    t.now_ms += 500;
    script_stop(&t, id, &stop);
    kd_session_resume(t.s, t.now_ms);
    script_ack(&t, 0x80000000);
    assert_int_equal(kd_session_get_counters(t.s)->freezes, 1);
    assert_int_equal(kd_session_get_counters(t.s)->frozen_ms, 500);
}

static void a_freeze_is_over_when_the_target_is_heard_to_run(void **state)
{
    (void)state;
    script_stop(&t, 0x926, &step_stop);
    t.now_ms += 100;
    script_control(&t, KD_PACKET_RESET, 0x928); /* somebody else took it, and let it go */
    script_print(&t, 0x928, "on my way");
    t.now_ms += 1000;
    script_stop(&t, 0x92A, &step_stop);
    assert_int_equal(kd_session_get_counters(t.s)->freezes, 2);
    assert_int_equal(kd_session_get_counters(t.s)->frozen_ms, 100);
}

static void a_continue_that_was_not_obeyed_ends_no_freeze(void **state)
{
    struct script_stop stop = step_stop;

    (void)state;
    script_stop(&t, 0, &stop);
    t.now_ms += 100;
    kd_session_resume(t.s, t.now_ms);
    script_ack(&t, 0x80000000);
    t.now_ms += 500;
    script_stop(&t, 0, &stop); /* our ACK was lost: it waits for that one still */
    assert_true(kd_session_is_frozen(t.s));
    t.now_ms += 1;
    script_ack(&t, 0x80000002);
    assert_false(kd_session_is_frozen(t.s));
    assert_int_equal(kd_session_get_counters(t.s)->freezes, 1);
    assert_int_equal(kd_session_get_counters(t.s)->frozen_ms, 601);
}

/* Halted once and let go, over a link that is known to be quick. */
static int known(void **state)
{
    struct script_stop stop = break_in_stop;

    (void)state;
    stop.byte = 0x90;
    script_open(&t, &kdnet);
    script_halt(&t, &stop);
    kd_session_resume(t.s, t.now_ms);
    script_ack(&t, 0x80000000);
    (void)script_sent(&t);
    (void)script_raised(&t);
    return 0;
}

static void a_report_that_is_late_on_a_quick_link_is_asked_for(void **state)
{
    (void)state;
    kd_session_break_in(t.s, t.now_ms);
    script_pass(&t, 49);
    assert_string_equal(script_sent(&t), "b");
    script_pass(&t, 1);
    assert_string_equal(script_sent(&t), "RESEND");
    script_pass(&t, 300);
    assert_string_equal(script_sent(&t), "RESEND RESEND");
    script_pass(&t, 150);
    assert_string_equal(script_sent(&t), "b RESET(80000002)");
    script_pass(&t, 1499);
    assert_null(strchr(script_sent(&t), 'b'));
    script_pass(&t, 1);
    assert_string_equal(script_sent(&t), "b RESET(80000002)");
    script_stop(&t, 2, &break_in_stop);
    assert_string_equal(script_raised(&t), "HALTED(fffff80300001000)");
    script_pass(&t, 60000);
    assert_string_equal(script_sent(&t), "ACK(2)");
}

static void a_target_that_was_only_presumed_to_run_is_found_standing(void **state)
{
    struct script_stop stop = break_in_stop;

    (void)state;
    stop.byte = 0x90;
    kd_session_break_in(t.s, t.now_ms);
    (void)script_sent(&t);
    script_stop(&t, 0,
                &stop); /* the one that was continued; its ACK was taken for that of the Continue */
    assert_string_equal(script_sent(&t), "ACK(0)");
    assert_string_equal(script_raised(&t), "HALTED(fffff80300001000)");
    assert_int_equal(kd_session_get_counters(t.s)->freezes, 1);
    kd_session_resume(t.s, t.now_ms);
    script_ack(&t, 0x80000002);
    assert_string_equal(script_raised(&t), "RESUMED(ok)");
    script_stop(&t, 2, &stop); /* the b was pending */
    assert_string_equal(script_raised(&t), "");
}

/* A bugcheck halts where a b does: what comes long after the Continue is no stray. */
static void a_stray_that_does_not_come_soon_is_none(void **state)
{
    struct script_stop stop = break_in_stop;

    (void)state;
    stop.byte = 0x90;
    script_pass(&t, 600 + 1500);
    script_stop(&t, 0, &stop);
    kd_session_resume(t.s, t.now_ms);
    script_ack(&t, 0x80000000);
    (void)script_raised(&t);
    script_pass(&t, 2001);
    script_stop(&t, 2, &stop);
    assert_string_equal(script_raised(&t), "HALTED(fffff80300001000)");
}

/* --- a wish taken back --- */

static void a_halt_that_comes_after_all_is_told(void **state)
{
    (void)state;
    kd_session_break_in(t.s, t.now_ms);
    kd_session_break_off(t.s);
    assert_int_equal(kd_session_run_state(t.s), KD_RUN_RUNNING);
    assert_string_equal(script_sent(&t), "b");
    script_pass(&t, 60000);
    assert_string_equal(script_sent(&t), "");
    assert_string_equal(script_raised(&t), "");
    script_stop(&t, 0, &break_in_stop);
    assert_string_equal(script_raised(&t), "HALTED(fffff80300001000)");
}

static void a_wish_taken_back_before_a_b_leaves_nothing(void **state)
{
    (void)state;
    kd_session_break_off(t.s);
    assert_int_equal(kd_session_run_state(t.s), KD_RUN_UNKNOWN);
    assert_string_equal(script_sent(&t), "RESEND");
    script_pass(&t, 60000);
    assert_string_equal(script_sent(&t), "");
}

static void of_two_wishes_that_both_sent_a_b_one_halt_is_too_many(void **state)
{
    struct script_stop stop = break_in_stop;

    (void)state;
    stop.byte = 0x90;
    kd_session_break_in(t.s, t.now_ms);
    kd_session_break_off(t.s);
    kd_session_break_in(t.s, t.now_ms);
    assert_string_equal(script_sent(&t), "b b RESET(80000000)");
    script_stop(&t, 0, &stop);
    kd_session_resume(t.s, t.now_ms);
    script_ack(&t, 0x80000000);
    assert_string_equal(script_raised(&t), "HALTED(fffff80300001000) RESUMED(ok)");
    script_stop(&t, 2, &stop);
    assert_string_equal(script_raised(&t), "");
}

static void wishes_taken_back_again_and_again_are_reported_in_the_end(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++) {
        kd_session_break_in(t.s, t.now_ms);
        script_pass(&t, 100);
        assert_string_equal(script_raised(&t), "");
        if (i < 19)
            kd_session_break_off(t.s);
    }
    script_pass(&t, 1400);
    assert_string_equal(script_raised(&t), "LOST");
}

/* --- modules that stay --- */

static bool is_disk(void *ctx, const struct kd_state_change *load)
{
    *(unsigned *)ctx += 1;
    return load->path.len == 8 && memcmp(load->path.data, "disk.sys", 8) == 0;
}

static unsigned asked;

static int choosy(void **state)
{
    const struct kd_session_opts opts = {
        .dialect = KD_DIALECT_KDNET, .stays_at_module = is_disk, .ctx = &asked};

    (void)state;
    asked = 0;
    script_open(&t, &opts);
    kd_session_link_up(t.s, true, t.now_ms);
    script_pass(&t, 1000);
    (void)script_sent(&t);
    return 0;
}

static void a_module_that_is_to_stay_is_a_halt(void **state)
{
    struct script_stop quiet = module_stop;

    (void)state;
    quiet.byte = 0x90;
    script_stop(&t, 0, &quiet);
    assert_string_equal(script_sent(&t), "ACK(0)");
    assert_string_equal(script_raised(&t), "HALTED(fffff80300001500)");
    kd_session_resume(t.s, t.now_ms);
    script_ack(&t, 0x80000000);
    assert_int_equal(kd_session_run_state(t.s), KD_RUN_RUNNING);
}

static void any_other_module_goes_on(void **state)
{
    struct script_stop quiet = module_stop;

    (void)state;
    quiet.byte = 0x90;
    quiet.path = "other.sys";
    script_stop(&t, 0, &quiet);
    assert_int_equal(asked, 1);
    assert_string_equal(script_sent(&t), "ACK(0) Continue(80000000)");
    assert_string_equal(script_raised(&t), "MODULE(other.sys)");
}

/* The b is still pending in it then: one halt that nobody wants. */
static void a_module_that_stays_is_the_halt_that_was_wished_for(void **state)
{
    struct script_stop quiet = module_stop;

    (void)state;
    quiet.byte = 0x90;
    kd_session_break_in(t.s, t.now_ms);
    script_stop(&t, 0, &quiet);
    kd_session_resume(t.s, t.now_ms);
    script_ack(&t, 0x80000000);
    assert_string_equal(script_raised(&t), "HALTED(fffff80300001500) RESUMED(ok)");
    (void)script_sent(&t);
    quiet = break_in_stop;
    quiet.byte = 0x90;
    script_stop(&t, 2, &quiet);
    assert_string_equal(script_sent(&t), "ACK(2) Continue(80000002)");
    assert_string_equal(script_raised(&t), "");
}

static void no_module_stays_with_who_leaves(void **state)
{
    struct script_stop quiet = module_stop;

    (void)state;
    quiet.byte = 0x90;
    kd_session_leave(t.s, t.now_ms);
    script_stop(&t, 0, &quiet);
    assert_int_equal(asked, 0);
    assert_string_equal(script_sent(&t), "ACK(0) Continue(80000000)");
}

int main(void)
{
#define ROW(name, setup) cmocka_unit_test_setup_teardown(name, setup, closed)
    const struct CMUnitTest tests[] = {
        ROW(breaking_in_escalates_from_resend_over_reset_to_break_in_bytes, breaking),
        cmocka_unit_test(a_stream_is_reset_twice_before_the_break_in_byte),
        cmocka_unit_test(a_stream_target_may_report_before_it_answers_the_reset),
        ROW(a_target_known_to_run_gets_the_break_in_byte_at_once, running),
        ROW(any_stop_on_the_way_is_the_halt, breaking),
        ROW(a_stop_with_ids_of_another_session_is_the_halt_after_a_reset, breaking),
        ROW(a_print_on_the_way_makes_the_break_in_byte_the_next_step, breaking),
        ROW(data_is_taken_while_a_reset_sent_on_suspicion_is_unanswered, breaking),
        ROW(resets_without_an_answer_make_the_break_in_byte_worth_a_try, breaking),
        ROW(twenty_break_in_bytes_without_a_halt_are_reported, breaking),
        ROW(breaking_in_twice_is_breaking_in_once, breaking),
        ROW(a_target_halted_already_is_reported_again_without_a_packet, halted),
        ROW(a_stop_nobody_asked_for_is_a_halt, linked),
        ROW(a_running_target_that_breaks_by_itself_is_halted, running),
        ROW(a_stop_too_short_to_read_is_a_halt_all_the_same, running),
        ROW(a_running_target_that_loads_a_module_goes_on_by_itself, running),
        ROW(a_module_at_an_int3_goes_on_with_rip_behind_it, running),
        ROW(a_module_after_the_break_in_byte_goes_on_and_the_halt_is_still_awaited, breaking),
        ROW(the_break_in_byte_is_repeated_after_a_module, breaking),
        ROW(a_farewell_is_continued_and_told, running),
        ROW(a_farewell_leaves_the_wish_to_break_in_for_the_next_stage, breaking),
        ROW(a_stop_repeated_with_its_id_is_acknowledged_and_dropped, halted),
        ROW(a_stop_reported_again_under_a_new_id_is_acknowledged_and_dropped, halted),
        ROW(another_stop_replaces_the_one_in_force, halted),
        ROW(prints_while_halted_are_told, halted),
        ROW(one_halt_by_a_break_in_byte_too_many_is_continued_and_no_other, breaking),
        ROW(after_a_single_break_in_byte_every_halt_is_real, breaking),
        ROW(a_report_that_is_late_on_a_quick_link_is_asked_for, known),
        ROW(a_target_that_was_only_presumed_to_run_is_found_standing, known),
        ROW(a_stray_that_does_not_come_soon_is_none, breaking),
        ROW(a_halt_that_comes_after_all_is_told, running),
        ROW(a_wish_taken_back_before_a_b_leaves_nothing, breaking),
        ROW(of_two_wishes_that_both_sent_a_b_one_halt_is_too_many, running),
        ROW(wishes_taken_back_again_and_again_are_reported_in_the_end, running),
        ROW(a_module_that_is_to_stay_is_a_halt, choosy),
        ROW(any_other_module_goes_on, choosy),
        ROW(a_module_that_stays_is_the_halt_that_was_wished_for, choosy),
        ROW(no_module_stays_with_who_leaves, choosy),
        ROW(freezes_are_counted_and_their_time_is_summed, running),
        ROW(a_freeze_begins_with_the_first_report_though_it_could_not_be_taken_yet, breaking),
        ROW(a_freeze_begins_with_a_report_that_found_no_room, running),
        ROW(a_freeze_is_over_when_the_target_is_heard_to_run, breaking),
        ROW(a_continue_that_was_not_obeyed_ends_no_freeze, running),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
