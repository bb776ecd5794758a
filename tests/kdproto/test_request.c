/* One request, from the asking to its end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../support/script_target.h"

static const struct kd_session_opts read_only = {.dialect = KD_DIALECT_KDNET};
static const struct kd_session_opts writing = {.dialect = KD_DIALECT_KDNET, .may_alter = true};
static const struct kd_session_opts stream = {.dialect = KD_DIALECT_STREAM};

static struct script t;

static int halted(void **state)
{
    (void)state;
    script_open(&t, &read_only);
    script_halt(&t, &break_in_stop);
    return 0;
}

/* A read was sent, its id is 80000000; the target's next id is 2. */
static int asked(void **state)
{
    struct kd_manipulate read = script_read(0x1000, 16);

    halted(state);
    script_ask(&t, &read);
    (void)script_sent(&t);
    return 0;
}

static int acknowledged(void **state)
{
    asked(state);
    script_ack(&t, 0x80000000);
    return 0;
}

static struct kd_manipulate write_of(const uint8_t *bytes, size_t len)
{
    struct kd_manipulate m = {.api = KD_API_WRITE_VIRTUAL, .data = {bytes, len}};

    m.u.memory.va = 0x5000;
    m.u.memory.count = (uint32_t)len;
    return m;
}

static int may_write(void **state)
{
    (void)state;
    script_open(&t, &writing);
    script_halt(&t, &break_in_stop);
    return 0;
}

static int writing_asked(void **state)
{
    struct kd_manipulate write = write_of((const uint8_t *)"abc", 3);

    may_write(state);
    script_ask(&t, &write);
    (void)script_sent(&t);
    return 0;
}

static int closed(void **state)
{
    (void)state;
    script_close(&t);
    return 0;
}

/* --- refusals --- */

static enum kd_status try_to(uint32_t api)
{
    struct kd_manipulate m = {.api = api};
    uint32_t token = 77;
    enum kd_status st = kd_session_request(t.s, &m, t.now_ms, &token);

    assert_true(st == KD_OK || token == 77);
    return st;
}

static void only_one_request_is_carried_at_a_time(void **state)
{
    (void)state;
    assert_int_equal(try_to(KD_API_GET_VERSION), KD_ERR_BUSY);
    script_ack(&t, 0x80000000);
    assert_int_equal(try_to(KD_API_GET_VERSION), KD_ERR_BUSY);
    script_reply(&t, 2);
    assert_int_equal(try_to(KD_API_GET_VERSION), KD_OK);
}

static void a_target_that_is_not_halted_is_not_asked(void **state)
{
    (void)state;
    kd_session_resume(t.s, t.now_ms);
    assert_int_equal(try_to(KD_API_GET_VERSION), KD_ERR_INTERRUPTED);
    kd_session_link_up(t.s, true, t.now_ms);
    assert_int_equal(try_to(KD_API_GET_VERSION), KD_ERR_INTERRUPTED);
}

static void a_read_only_session_alters_nothing(void **state)
{
    static const uint32_t altering[] = {
        KD_API_WRITE_VIRTUAL,
        KD_API_SET_CONTEXT,
        KD_API_SET_CONTEXT_EX,
        KD_API_WRITE_BREAKPOINT,
        KD_API_RESTORE_BREAKPOINT,
        KD_API_WRITE_CONTROL_SPACE,
        KD_API_READ_IO,
        KD_API_WRITE_IO,
        KD_API_WRITE_PHYSICAL,
        KD_API_WRITE_MSR,
        KD_API_SET_BUS_DATA,
        KD_API_FILL_MEMORY,
        KD_API_SWITCH_PARTITION,
        KD_API_REBOOT,
        KD_API_CAUSE_BUGCHECK,
        KD_API_SWITCH_PROCESSOR,
    };

    (void)state;
    for (size_t i = 0; i < sizeof altering / sizeof altering[0]; i++)
        assert_int_equal(try_to(altering[i]), KD_ERR_READ_ONLY);
    assert_string_equal(script_sent(&t), "");
    assert_int_equal(kd_session_get_counters(t.s)->altering_requests, 0);
}

static void continue_is_not_a_request(void **state)
{
    (void)state;
    assert_int_equal(try_to(KD_API_CONTINUE), KD_ERR_USAGE);
    assert_int_equal(try_to(KD_API_CONTINUE2), KD_ERR_USAGE);
}

static void what_is_obsolete_or_unknown_is_not_sent(void **state)
{
    (void)state;
    assert_int_equal(try_to(KD_API_PAGE_IN), KD_ERR_UNSUPPORTED);
    assert_int_equal(try_to(0x4242), KD_ERR_UNSUPPORTED);
}

static void what_is_too_large_for_a_packet_is_not_sent(void **state)
{
    static const uint8_t bytes[KD_PACKET_DATA_MAX];
    struct kd_manipulate m = write_of(bytes, sizeof bytes);
    uint32_t token;

    (void)state;
    assert_int_equal(kd_session_request(t.s, &m, t.now_ms, &token), KD_ERR_LIMIT);
    m.data.len = sizeof bytes - KD_MANIPULATE_HEADER_LEN;
    assert_int_equal(kd_session_request(t.s, &m, t.now_ms, &token), KD_OK);
    assert_string_equal(script_sent(&t), "WriteVirtualMemory(80000000)");
}

/* --- its answer --- */

static void a_reply_is_acknowledged_and_told(void **state)
{
    const struct kd_session_counters *c = kd_session_get_counters(t.s);
    struct kd_event ev;

    (void)state;
    script_reply(&t, 2);
    assert_string_equal(script_sent(&t), "ACK(2)");
    assert_true(kd_session_next_event(t.s, &ev));
    assert_int_equal(ev.kind, KD_EVENT_REPLY);
    assert_int_equal(ev.u.reply.token, 1);
    assert_int_equal(ev.u.reply.manipulate.status, 0);
    assert_int_equal(ev.u.reply.manipulate.data.len, 16);
    for (unsigned i = 0; i < 16; i++)
        assert_int_equal(ev.u.reply.manipulate.data.data[i], script_byte(0x1000 + i));
    assert_int_equal(c->requests, 1);
    assert_int_equal(c->round_trips, 1);
    assert_int_equal(c->bytes_read, 16);
}

static void a_refusal_is_a_reply_with_the_targets_status(void **state)
{
    (void)state;
    script_refuse(&t, 2, 0xC0000001);
    assert_string_equal(script_raised(&t), "REPLY(1 ok)");
    assert_true(t.last.u.reply.manipulate.status == 0xC0000001);
}

static void a_reply_without_an_acknowledgement_is_one(void **state)
{
    (void)state;
    script_reply(&t, 2);
    assert_string_equal(script_sent(&t), "ACK(2)");
    assert_string_equal(script_raised(&t), "REPLY(1 ok)");
    assert_int_equal(try_to(KD_API_GET_VERSION), KD_OK);
    assert_string_equal(script_sent(&t), "GetVersion64(80000002)");
}

static void a_reply_to_something_else_is_acknowledged_and_dropped(void **state)
{
    (void)state;
    t.request.u.memory.va = 0x9000;
    script_reply(&t, 2);
    assert_string_equal(script_sent(&t), "ACK(2)");
    assert_string_equal(script_raised(&t), "");
    t.request.u.memory.va = 0x1000;
    script_reply(&t, 4);
    assert_string_equal(script_raised(&t), "REPLY(1 ok)");
}

static void the_reply_to_a_dropped_request_is_acknowledged_and_dropped(void **state)
{
    struct kd_manipulate other = script_read(0x2000, 16);

    (void)state;
    kd_session_drop_request(t.s);
    assert_int_equal(script_ask(&t, &other), 2);
    assert_string_equal(script_sent(&t), ""); /* one outstanding packet at a time */
    script_ack(&t, 0x80000000);
    script_reply(&t, 2);
    assert_string_equal(script_sent(&t), "ReadVirtualMemory(80000002) ACK(2)");
    assert_string_equal(script_raised(&t), "");
    script_reply(&t, 4);
    assert_string_equal(script_raised(&t), "REPLY(2 ok)");
}

static void a_dropped_request_is_settled_by_its_reply_too(void **state)
{
    struct kd_manipulate other = script_read(0x2000, 16);

    (void)state;
    kd_session_drop_request(t.s);
    script_ask(&t, &other);
    t.request = script_read(0x1000, 16);
    script_reply(&t, 2);
    assert_string_equal(script_sent(&t), "ACK(2) ReadVirtualMemory(80000002)");
}

static void prints_between_request_and_reply_are_told(void **state)
{
    (void)state;
    script_print(&t, 2, "a"); /* before its acknowledgement */
    script_ack(&t, 0x80000000);
    script_print(&t, 4, "b");
    script_reply(&t, 6);
    assert_string_equal(script_sent(&t), "ACK(2) ACK(4) ACK(6)");
    assert_string_equal(script_raised(&t), "PRINT(a) PRINT(b) REPLY(1 ok)");
}

static void another_stop_interrupts_a_request_that_was_acknowledged(void **state)
{
    (void)state;
    script_stop(&t, 2, &step_stop);
    assert_string_equal(script_sent(&t), "ACK(2)");
    assert_string_equal(script_raised(&t),
                        "REPLY(1 interrupted by the target) HALTED(fffff80300001008)");
}

static void a_stop_that_crosses_a_request_does_not_end_it(void **state)
{
    (void)state;
    script_stop(&t, 2, &step_stop);
    assert_string_equal(script_raised(&t), "HALTED(fffff80300001008)");
    script_control(&t, KD_PACKET_RESEND, 0);
    assert_string_equal(script_sent(&t), "ACK(2) ReadVirtualMemory(80000000)");
    script_ack(&t, 0x80000000);
    script_reply(&t, 4);
    assert_string_equal(script_raised(&t), "REPLY(1 ok)");
}

/* --- lost replies --- */

static void a_reply_that_does_not_come_is_asked_for_and_then_the_ids_are_reset(void **state)
{
    struct kd_manipulate read = script_read(0x1000, 16);

    (void)state;
    script_pass(&t, 100); /* no round trip of zero */
    (void)script_sent(&t);
    kd_session_link_up(t.s, true, t.now_ms);
    script_stop(&t, 0, &break_in_stop);
    script_ask(&t, &read);
    (void)script_sent(&t);
    script_pass(&t, 250);
    script_ack(&t, 0x80000000); /* four times this is the upper bound */
    script_pass(&t, 999);
    assert_string_equal(script_sent(&t), "");
    script_pass(&t, 1);
    assert_string_equal(script_sent(&t), "RESEND");
    script_pass(&t, 1000);
    assert_string_equal(script_sent(&t), "RESEND");
    script_pass(&t, 1000);
    assert_string_equal(script_sent(&t), "RESEND");
    script_pass(&t, 1000);
    assert_string_equal(script_sent(&t), "RESET(80000002)");
}

static void pass_to_the_reset(void)
{
    script_pass(&t, 20 + 40 + 80 + 160); /* the round trip was too short to measure */
    assert_string_equal(script_sent(&t), "RESEND RESEND RESEND RESET(80000002)");
}

static void a_reply_repeated_behind_the_reset_is_taken(void **state)
{
    (void)state;
    pass_to_the_reset();
    script_control(&t, KD_PACKET_RESET, 2);
    script_reply(&t, 2);
    assert_string_equal(script_sent(&t), "ACK(2)");
    assert_string_equal(script_raised(&t), "REPLY(1 ok)");
}

static void a_read_whose_reply_is_gone_is_asked_anew_with_a_new_id(void **state)
{
    (void)state;
    pass_to_the_reset();
    script_control(&t, KD_PACKET_RESET, 4);
    script_pass(&t, 200);
    assert_string_equal(script_sent(&t), "ReadVirtualMemory(80000002)");
    script_ack(&t, 0x80000002);
    script_reply(&t, 4);
    assert_string_equal(script_raised(&t), "REPLY(1 ok)");
    assert_int_equal(kd_session_get_counters(t.s)->requests, 1);
    assert_int_equal(kd_session_get_counters(t.s)->round_trips, 1);
}

static void a_target_that_reports_its_stop_instead_is_asked_anew_at_once(void **state)
{
    (void)state;
    script_stop(&t, 2, &break_in_stop);
    assert_string_equal(script_sent(&t), "ACK(2) ReadVirtualMemory(80000002)");
    assert_string_equal(script_raised(&t), "");
}

static void a_target_that_only_ever_reports_its_stop_is_not_asked_for_ever(void **state)
{
    uint32_t id = 2;

    (void)state;
    for (int i = 0; i < 3; i++, id += 2) {
        script_stop(&t, id, &break_in_stop);
        (void)script_sent(&t);
        script_ack(&t, t.request_id);
    }
    script_stop(&t, id, &break_in_stop);
    assert_string_equal(script_raised(&t), "REPLY(1 interrupted by the target)");
}

static void an_unacknowledged_read_goes_out_behind_what_the_reset_repeats(void **state)
{
    (void)state;
    script_print(&t, 0x40, "lost sync");
    assert_string_equal(script_sent(&t), "RESET(80000000)");
    script_control(&t, KD_PACKET_RESET, 0x40);
    assert_string_equal(script_sent(&t), "");
    script_print(&t, 0x40, "lost sync");
    assert_string_equal(script_sent(&t), "ACK(40) ReadVirtualMemory(80000000)");
}

static void an_unacknowledged_read_does_not_wait_for_ever_for_that(void **state)
{
    (void)state;
    script_print(&t, 0x40, "lost sync");
    script_control(&t, KD_PACKET_RESET, 0x40);
    (void)script_sent(&t);
    script_pass(&t, 300);
    assert_string_equal(script_sent(&t), "ReadVirtualMemory(80000000)");
}

static void a_read_is_tried_ten_times_then_the_ids_are_reset_then_the_target_is_lost(void **state)
{
    (void)state;
    script_pass(&t, 300 + 9 * 500 - 1);
    assert_int_equal(kd_session_get_counters(t.s)->retransmissions, 9);
    (void)script_sent(&t);
    script_pass(&t, 1);
    assert_string_equal(script_sent(&t), "RESET(80000000)");
    script_pass(&t, 5999);
    assert_string_equal(script_raised(&t), "");
    script_pass(&t, 1);
    assert_string_equal(script_raised(&t), "REPLY(1 target fell silent) LOST");
}

static void a_target_that_resets_but_never_acknowledges_is_lost_too(void **state)
{
    (void)state;
    script_pass(&t, 300 + 9 * 500);
    script_control(&t, KD_PACKET_RESET, 2);
    script_pass(&t, 30000);
    assert_string_equal(script_raised(&t), "REPLY(1 target fell silent) LOST");
}

static void a_slow_search_gets_the_whole_second(void **state)
{
    struct kd_manipulate search = {.api = KD_API_SEARCH_MEMORY, .data = {(const uint8_t *)"MZ", 2}};

    (void)state;
    script_ask(&t, &search);
    (void)script_sent(&t);
    script_ack(&t, 0x80000000);
    script_pass(&t, 999);
    assert_string_equal(script_sent(&t), "");
}

/* The exchange that makes a target known to take two seconds for each answer. */
static void answer_after_two_seconds(void)
{
    script_pass(&t, 2000);
    script_control(&t, KD_PACKET_RESET, 2); /* it was asked for, and is done with the reply */
    script_reply(&t, 2);
    (void)script_sent(&t);
    assert_string_equal(script_raised(&t), "REPLY(1 ok)");
}

static void a_target_that_thinks_for_long_is_not_hurried_twice(void **state)
{
    struct kd_manipulate read = script_read(0x2000, 16);

    (void)state;
    answer_after_two_seconds();
    script_ask(&t, &read);
    assert_string_equal(script_sent(&t), "ReadVirtualMemory(80000002)");
    script_ack(&t, 0x80000002);
    script_pass(&t, 3999);
    assert_string_equal(script_sent(&t), "");
    script_pass(&t, 1);
    assert_string_equal(script_sent(&t), "RESEND");
}

static void a_target_that_thinks_for_long_is_left_with_its_rip_moved(void **state)
{
    (void)state;
    answer_after_two_seconds();
    kd_session_leave(t.s, t.now_ms);
    (void)script_sent(&t);
    for (uint32_t id = 4; t.request.api != KD_API_CONTINUE; id += 2) {
        script_ack(&t, t.request_id);
        script_pass(&t, 2000);
        script_reply(&t, id);
        (void)script_sent(&t);
    }
    script_ack(&t, t.request_id);
    script_pass(&t, 1500);
    assert_string_equal(script_raised(&t), "LEFT(ok)");
    assert_int_equal(kd_session_get_counters(t.s)->rip_advances, 1);
}

static void a_stream_waits_three_seconds_for_a_reply(void **state)
{
    struct kd_manipulate read = script_read(0x1000, 16);

    (void)state;
    script_open(&t, &stream);
    script_halt(&t, &break_in_stop);
    script_ask(&t, &read);
    (void)script_sent(&t);
    script_pass(&t, 900);
    script_ack(&t, 0x80800000);
    script_pass(&t, 2999);
    assert_string_equal(script_sent(&t), "");
    script_pass(&t, 1);
    assert_string_equal(script_sent(&t), "RESEND");
    script_close(&t);
}

static void a_silent_stream_is_reset_for_six_seconds_and_then_lost(void **state)
{
    struct kd_manipulate read = script_read(0x1000, 16);

    (void)state;
    script_open(&t, &stream);
    script_halt(&t, &break_in_stop);
    script_ask(&t, &read);
    script_pass(&t, 5 * 1000 + 6 * 1000 - 1);
    assert_string_equal(script_raised(&t), "");
    script_pass(&t, 1);
    assert_string_equal(script_raised(&t), "REPLY(1 target fell silent) LOST");
    assert_int_equal(kd_session_get_counters(t.s)->resets, 21); /* one was for the halt */
    script_close(&t);
}

static void a_halted_target_that_answers_no_reset_is_lost(void **state)
{
    (void)state;
    script_print(&t, 0x40, "lost sync");
    script_pass(&t, 5999);
    assert_string_equal(script_raised(&t), "");
    script_pass(&t, 1);
    assert_string_equal(script_raised(&t), "LOST");
}

/* --- what alters the target --- */

static void a_write_is_repeated_until_it_is_acknowledged(void **state)
{
    (void)state;
    script_pass(&t, 300);
    assert_string_equal(script_sent(&t), "WriteVirtualMemory(80000000)");
    script_ack(&t, 0x80000000);
    script_reply(&t, 2);
    assert_string_equal(script_raised(&t), "REPLY(1 ok)");
    assert_int_equal(kd_session_get_counters(t.s)->altering_requests, 1);
}

static void a_write_whose_reply_is_gone_is_not_asked_anew(void **state)
{
    (void)state;
    script_ack(&t, 0x80000000);
    script_pass(&t, 400);
    script_control(&t, KD_PACKET_RESET, 4);
    (void)script_sent(&t);
    script_pass(&t, 2000);
    assert_string_equal(script_sent(&t), "");
    assert_string_equal(script_raised(&t), "REPLY(1 interrupted by the target)");
}

static void an_unacknowledged_write_fails_when_the_ids_are_reset(void **state)
{
    (void)state;
    script_print(&t, 0x40, "lost sync");
    script_control(&t, KD_PACKET_RESET, 0x40);
    assert_string_equal(script_raised(&t), "REPLY(1 interrupted by the target)");
}

static void what_must_not_happen_twice_is_sent_once(void **state)
{
    struct kd_manipulate out = {.api = KD_API_WRITE_IO};

    (void)state;
    out.u.io.port = 0x80;
    out.u.io.size = 1;
    script_ask(&t, &out);
    assert_string_equal(script_sent(&t), "WriteIoSpace(80000000)");
    script_pass(&t, 299);
    assert_string_equal(script_sent(&t), "");
    script_pass(&t, 1);
    assert_string_equal(script_sent(&t), "RESET(80000000)");
    script_control(&t, KD_PACKET_RESET, 2);
    assert_string_equal(script_sent(&t), "");
    assert_string_equal(script_raised(&t), "REPLY(1 interrupted by the target)");
}

static void switching_processors_ends_with_the_others_stop(void **state)
{
    struct kd_manipulate m = {.api = KD_API_SWITCH_PROCESSOR, .processor = 1};

    (void)state;
    script_ask(&t, &m);
    assert_string_equal(script_sent(&t), "SwitchProcessor(80000000)");
    script_ack(&t, 0x80000000);
    script_stop(&t, 2, &step_stop);
    assert_string_equal(script_raised(&t), "REPLY(1 ok) HALTED(fffff80300001008)");
}

static void a_reboot_is_over_with_its_acknowledgement(void **state)
{
    struct kd_manipulate m = {.api = KD_API_REBOOT};

    (void)state;
    script_ask(&t, &m);
    (void)script_sent(&t);
    script_ack(&t, 0x80000000);
    assert_string_equal(script_raised(&t), "REPLY(1 ok)");
    assert_int_equal(kd_session_run_state(t.s), KD_RUN_RUNNING);
}

int main(void)
{
#define ROW(name, setup) cmocka_unit_test_setup_teardown(name, setup, closed)
    const struct CMUnitTest tests[] = {
        ROW(only_one_request_is_carried_at_a_time, asked),
        ROW(a_target_that_thinks_for_long_is_not_hurried_twice, acknowledged),
        ROW(a_target_that_thinks_for_long_is_left_with_its_rip_moved, acknowledged),
        ROW(a_target_that_is_not_halted_is_not_asked, halted),
        ROW(a_read_only_session_alters_nothing, halted),
        ROW(continue_is_not_a_request, may_write),
        ROW(what_is_obsolete_or_unknown_is_not_sent, may_write),
        ROW(what_is_too_large_for_a_packet_is_not_sent, may_write),
        ROW(a_reply_is_acknowledged_and_told, acknowledged),
        ROW(a_refusal_is_a_reply_with_the_targets_status, acknowledged),
        ROW(a_reply_without_an_acknowledgement_is_one, asked),
        ROW(a_reply_to_something_else_is_acknowledged_and_dropped, acknowledged),
        ROW(the_reply_to_a_dropped_request_is_acknowledged_and_dropped, asked),
        ROW(a_dropped_request_is_settled_by_its_reply_too, asked),
        ROW(prints_between_request_and_reply_are_told, asked),
        ROW(another_stop_interrupts_a_request_that_was_acknowledged, acknowledged),
        ROW(a_stop_that_crosses_a_request_does_not_end_it, asked),
        ROW(a_reply_that_does_not_come_is_asked_for_and_then_the_ids_are_reset, halted),
        ROW(a_reply_repeated_behind_the_reset_is_taken, acknowledged),
        ROW(a_read_whose_reply_is_gone_is_asked_anew_with_a_new_id, acknowledged),
        ROW(a_target_that_reports_its_stop_instead_is_asked_anew_at_once, acknowledged),
        ROW(a_target_that_only_ever_reports_its_stop_is_not_asked_for_ever, acknowledged),
        ROW(an_unacknowledged_read_goes_out_behind_what_the_reset_repeats, asked),
        ROW(an_unacknowledged_read_does_not_wait_for_ever_for_that, asked),
        ROW(a_read_is_tried_ten_times_then_the_ids_are_reset_then_the_target_is_lost, asked),
        ROW(a_target_that_resets_but_never_acknowledges_is_lost_too, asked),
        ROW(a_slow_search_gets_the_whole_second, halted),
        cmocka_unit_test(a_stream_waits_three_seconds_for_a_reply),
        cmocka_unit_test(a_silent_stream_is_reset_for_six_seconds_and_then_lost),
        ROW(a_halted_target_that_answers_no_reset_is_lost, halted),
        ROW(a_write_is_repeated_until_it_is_acknowledged, writing_asked),
        ROW(a_write_whose_reply_is_gone_is_not_asked_anew, writing_asked),
        ROW(an_unacknowledged_write_fails_when_the_ids_are_reset, writing_asked),
        ROW(what_must_not_happen_twice_is_sent_once, may_write),
        ROW(switching_processors_ends_with_the_others_stop, may_write),
        ROW(a_reboot_is_over_with_its_acknowledgement, may_write),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
