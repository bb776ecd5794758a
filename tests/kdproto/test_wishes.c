/* What a target says and wants unasked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../support/script_target.h"

static const struct kd_session_opts kdnet = {.dialect = KD_DIALECT_KDNET};

static void prints_are_acknowledged_and_told(void **state)
{
    struct script t;

    (void)state;
    script_open(&t, &kdnet);
    kd_session_link_up(t.s, true, t.now_ms);
    script_print(&t, 0, "hello");
    assert_string_equal(script_sent(&t), "RESEND ACK(0)");
    assert_string_equal(script_raised(&t), "PRINT(hello)");
    script_print(&t, 0, "hello"); /* our ACK was lost */
    assert_string_equal(script_sent(&t), "ACK(0)");
    assert_string_equal(script_raised(&t), "");
    script_close(&t);
}

static void files_are_refused_in_a_send_of_their_own(void **state)
{
    struct script t;

    (void)state;
    script_open(&t, &kdnet);
    kd_session_link_up(t.s, true, t.now_ms);
    (void)script_sent(&t);
    script_file_io(&t, 0);
    assert_string_equal(script_sent(&t), "ACK(0) FILE_IO(80000000)");
    assert_int_equal(t.answer_len, 64);
    assert_int_equal(t.answer[4], 0x0F); /* C000000F */
    assert_int_equal(t.answer[7], 0xC0);
    assert_string_equal(script_raised(&t), "FILE_IO(4)");
    script_pass(&t, 300);
    assert_string_equal(script_sent(&t), "FILE_IO(80000000)");
    script_ack(&t, 0x80000000);
    script_file_io(&t, 2);
    assert_string_equal(script_sent(&t), "ACK(2) FILE_IO(80000002)");
    script_close(&t);
}

static void an_answer_that_is_never_acknowledged_reached_a_target_that_went_on(void **state)
{
    struct script t;

    (void)state;
    script_open(&t, &kdnet);
    kd_session_link_up(t.s, true, t.now_ms);
    script_file_io(&t, 0);
    script_pass(&t, 10000);
    assert_string_equal(script_raised(&t), "FILE_IO(4)");
    (void)script_sent(&t);
    script_file_io(&t, 2);
    assert_string_equal(script_sent(&t), "ACK(2) FILE_IO(80000002)");
    script_close(&t);
}

static void data_from_the_target_acknowledges_an_answer(void **state)
{
    struct script t;

    (void)state;
    script_open(&t, &kdnet);
    kd_session_link_up(t.s, true, t.now_ms);
    script_file_io(&t, 0);
    script_file_io(&t, 2);
    assert_string_equal(script_sent(&t), "RESEND ACK(0) ACK(2) FILE_IO(80000002)");
    script_close(&t);
}

static void a_file_wish_cut_short_is_refused_all_the_same(void **state)
{
    static const uint8_t wish[] = {0x30, 0x34, 0, 0, 0, 0};
    struct script t;

    (void)state;
    script_open(&t, &kdnet);
    kd_session_link_up(t.s, true, t.now_ms);
    script_data(&t, KD_PACKET_FILE_IO, 0, wish, sizeof wish);
    assert_string_equal(script_sent(&t), "RESEND ACK(0) FILE_IO(80000000)");
    assert_int_equal(t.answer_len, 64);
    script_close(&t);
}

static void prompts_are_answered_with_ignore(void **state)
{
    struct script t;

    (void)state;
    script_open(&t, &kdnet);
    kd_session_link_up(t.s, true, t.now_ms);
    script_prompt(&t, 0, "Break?");
    assert_string_equal(script_sent(&t), "RESEND ACK(0) DEBUG_IO(80000000)");
    assert_int_equal(t.answer_len, 17);
    assert_int_equal(t.answer[16], 'i');
    assert_string_equal(script_raised(&t), "PROMPT(Break?)");
    script_close(&t);
}

static void a_halted_target_that_wants_a_file_was_let_go_by_somebody_else(void **state)
{
    struct script t;
    struct kd_manipulate read = script_read(0x1000, 16);

    (void)state;
    script_open(&t, &kdnet);
    script_halt(&t, &break_in_stop);
    script_ask(&t, &read);
    (void)script_sent(&t);
    script_file_io(&t, 2);
    assert_string_equal(script_sent(&t), "ACK(2) FILE_IO(80000002)");
    assert_string_equal(script_raised(&t), "REPLY(1 interrupted by the target) FILE_IO(4)");
    assert_int_equal(kd_session_run_state(t.s), KD_RUN_RUNNING);
    script_close(&t);
}

static void what_has_no_use_for_us_is_acknowledged(void **state)
{
    static const uint8_t noise[20] = {0};
    static const uint16_t types[] = {KD_PACKET_TRACE_IO, KD_PACKET_CONTROL_REQUEST, 12, 999};
    struct script t;

    (void)state;
    script_open(&t, &kdnet);
    kd_session_link_up(t.s, true, t.now_ms);
    (void)script_sent(&t);
    for (uint32_t i = 0; i < 4; i++)
        script_data(&t, types[i], i * 2, noise, sizeof noise);
    script_control(&t, 77, 5);
    assert_string_equal(script_sent(&t), "ACK(0) ACK(2) ACK(4) ACK(6)");
    assert_string_equal(script_raised(&t), "");
    script_data(&t, KD_PACKET_STATE_CHANGE32, 8, noise, sizeof noise);
    assert_string_equal(script_raised(&t), "UNSUPPORTED");
    script_close(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prints_are_acknowledged_and_told),
        cmocka_unit_test(files_are_refused_in_a_send_of_their_own),
        cmocka_unit_test(an_answer_that_is_never_acknowledged_reached_a_target_that_went_on),
        cmocka_unit_test(data_from_the_target_acknowledges_an_answer),
        cmocka_unit_test(a_file_wish_cut_short_is_refused_all_the_same),
        cmocka_unit_test(prompts_are_answered_with_ignore),
        cmocka_unit_test(a_halted_target_that_wants_a_file_was_let_go_by_somebody_else),
        cmocka_unit_test(what_has_no_use_for_us_is_acknowledged),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
