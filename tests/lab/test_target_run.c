/* Running, halted, booting: kd-protocol.md 3.1, 3.6, 3.11 and 5.6. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fake_machine.h"
#include "plain_host.h"

static struct plain_host h;
static const struct lab_target_options plain;

static int stop(void **state)
{
    (void)state;
    host_stop(&h);
    return 0;
}

/* ---- running and halted ---- */

static void a_running_target_ignores_all_but_the_break_in(void **state)
{
    (void)state;
    host_start(&h, &plain);
    host_link(&h);
    host_control(&h, RESET, 0x80000000);
    host_control(&h, RESEND, 0);
    host_control(&h, ACKNOWLEDGE, 0);
    host_request(&h, HOST_ASKS_VERSION, NULL, 0);
    host_payload(&h, "garbage", 7);
    host_payload(&h, "bb", 2);
    host_expect_silence(&h);
    assert_true(lab_target_is_running(h.target));
    host_break_in(&h);
    host_expect_data(&h, STATE_CHANGE, 0, NULL);
    assert_false(lab_target_is_running(h.target));
}

static void a_break_in_is_reported_as_an_exception_at_the_int3(void **state)
{
    const uint8_t *d;
    size_t len;

    (void)state;
    host_start(&h, &plain);
    host_link(&h);
    host_break_in(&h);
    d = host_expect_data(&h, STATE_CHANGE, 0, &len);
    assert_int_equal(len, 240);
    assert_int_equal(get32(d), 0x3030);
    assert_int_equal(get16(d + 6), 0);
    assert_int_equal(get32(d + 8), 2);
    assert_true(get64(d + 24) == FAKE_BREAK_PC);
    assert_int_equal(get32(d + 32), 0x80000003);
    assert_true(get64(d + 48) == FAKE_BREAK_PC);
    assert_int_equal(get32(d + 56), 1);
    assert_int_equal(get32(d + 184), 1);
    assert_int_equal(get32(d + 192), 0xFFFF0FF0);
    assert_int_equal(get32(d + 200), 0x400);
    assert_int_equal(get32(d + 208), 0x202);
    assert_int_equal(get16(d + 212), 16);
    assert_memory_equal(d + 216, "\xCC\xC3", 2);
    assert_int_equal(get16(d + 232), 0x10);
    assert_int_equal(get16(d + 238), 0x53);
}

static uint8_t context[CONTEXT_LEN]; /* as fetched in the halt at hand */

static void continued_behind_the_int3_it_runs(void **state)
{
    (void)state;
    host_start(&h, &plain);
    host_link(&h);
    host_halt(&h, 0);
    host_wait(&h, SECOND_US);
    host_get_context(&h, context, 2);
    assert_true(get64(context + 0xF8) == FAKE_BREAK_PC);
    host_advance_rip(&h, context, 4);
    host_continue(&h);
    host_expect_silence(&h);
    assert_true(lab_target_is_running(h.target));
    assert_int_equal(host_stats(&h)->rip_advances, 1);
    assert_int_equal(host_stats(&h)->altering, 0);
    assert_int_equal(host_stats(&h)->freezes, 1);
    assert_int_equal(host_stats(&h)->freeze_us, SECOND_US);
}

static void continued_at_the_int3_it_halts_again_at_once(void **state)
{
    (void)state;
    host_start(&h, &plain);
    host_link(&h);
    host_halt(&h, 0);
    host_continue(&h);
    host_expect_data(&h, STATE_CHANGE, 2, NULL);
    assert_false(lab_target_is_running(h.target));
    assert_int_equal(host_stats(&h)->rehalts, 1);
}

static void a_break_in_while_halted_halts_again_after_the_continue(void **state)
{
    (void)state;
    host_start(&h, &plain);
    host_link(&h);
    host_halt(&h, 0);
    host_break_in(&h);
    host_expect_silence(&h);
    host_get_context(&h, context, 2);
    host_advance_rip(&h, context, 4);
    host_continue(&h);
    host_expect_data(&h, STATE_CHANGE, 6, NULL);
    assert_int_equal(host_stats(&h)->rehalts, 0);
}

static void a_repeated_continue_finds_a_running_target_deaf(void **state)
{
    uint8_t again[56] = {0};

    (void)state;
    host_start(&h, &plain);
    host_link(&h);
    host_halt(&h, 0);
    host_get_context(&h, context, 2);
    host_advance_rip(&h, context, 4);
    host_continue(&h);
    h.id -= 2; /* our ACK was lost, so it comes again */
    put32(again, CONTINUE);
    put32(again + 16, 0x00010002);
    host_request(&h, again, NULL, 0);
    host_expect_silence(&h);
    assert_int_equal(host_stats(&h)->by_api[CONTINUE - LAB_API_FIRST], 1);
}
/* ---- what it says unasked ---- */

static void continue_behind_int3(uint32_t reply_id)
{
    host_get_context(&h, context, reply_id);
    host_advance_rip(&h, context, reply_id + 2);
    host_continue(&h);
}

/* Expect the file request under id and answer it, one byte changed (64: one byte less). */
static void answer_file(uint32_t id, size_t damage)
{
    uint8_t answer[64];
    size_t len;
    const uint8_t *d = host_expect_data(&h, FILE_IO, id, &len);

    assert_true(len > 64 && len % 2 == 0);
    assert_int_equal(get32(d), 0x3430);
    assert_int_equal(get32(d + 4), 0);
    assert_int_equal(get32(d + 8), 0x120089);
    assert_int_equal(get32(d + 16), 1);
    assert_int_equal(d[64], '\\');
    assert_int_equal(get16(d + len - 2), 0);
    memcpy(answer, d, sizeof answer);
    put32(answer + 4, 0xC000000F);
    if (damage < sizeof answer)
        answer[damage] ^= 1;
    host_control(&h, ACKNOWLEDGE, id);
    host_data(&h, FILE_IO, h.id, answer, damage == 64 ? 63 : 64);
    host_expect_control(&h, ACKNOWLEDGE, h.id);
    h.id += 2;
}

#define UNDAMAGED 99

static void a_booting_machine_speaks_waits_and_becomes_the_kernel(void **state)
{
    const struct lab_target_options opts = {.boot = true};
    uint8_t nonce_b[24];
    const uint8_t *d;
    uint32_t id = 6;
    size_t len;

    (void)state;
    host_start(&h, &opts);
    host_link(&h);
    memcpy(nonce_b, h.poke + 10, sizeof nonce_b);
    d = host_expect_data(&h, DEBUG_IO, 0, &len); /* it was pending */
    assert_int_equal(len, 16 + 30);
    assert_memory_equal(d + 16, "BD: Boot Debugger Initialized\n", 30);
    host_control(&h, RESEND, 0);
    host_accept(&h, DEBUG_IO, 0);

    d = host_expect_data(&h, STATE_CHANGE, 2, &len);
    assert_int_equal(len, 240 + 12);
    assert_int_equal(get32(d), 0x3031);
    assert_int_equal(get32(d + 8), 1);
    assert_true(get64(d + 16) == 0);
    assert_true(get64(d + 24) == 0xA79685);
    assert_int_equal(get32(d + 32), 12);
    assert_true(get64(d + 40) == 0x96F000);
    assert_true(get64(d + 48) == UINT64_MAX);
    assert_int_equal(get32(d + 56), 0x149E3F);
    assert_int_equal(get32(d + 60), 0x17D000);
    assert_int_equal(d[64], 0);
    assert_memory_equal(d + 216, "\xCC\xC3\xCC", 3);
    assert_string_equal((const char *)d + 240, "winload.efi");
    host_control(&h, ACKNOWLEDGE, 2);
    d = host_ask(&h, HOST_ASKS_VERSION, NULL, 0, 4, NULL);
    assert_int_equal(get16(d + 16), 0x040F);
    assert_true(get64(d + 48) == 0); /* no debugger data: not the kernel */
    continue_behind_int3(6);
    id = 10;

    for (int i = 0; i < 3; i++, id += 2)
        answer_file(id, UNDAMAGED);
    host_accept(&h, DEBUG_IO, id);
    id += 2;
    for (int i = 0; i < 2; i++, id += 2)
        answer_file(id, UNDAMAGED);
    host_accept(&h, DEBUG_IO, id);
    id += 2;

    d = host_expect_data(&h, STATE_CHANGE, id, &len); /* farewell */
    assert_int_equal(len, 240);
    assert_int_equal(get32(d), 0x3031);
    assert_int_equal(get32(d + 32), 0);
    assert_true(get64(d + 40) == UINT64_MAX);
    assert_int_equal(d[64], 1);
    assert_int_not_equal(d[216], 0xCC);
    host_control(&h, ACKNOWLEDGE, id);
    host_continue(&h);

    host_wait(&h, 0); /* the kernel: a session of its own */
    host_expect_poke(&h);
    assert_int_equal(h.poke_sequence, 3);
    assert_memory_not_equal(h.poke + 10, nonce_b, sizeof nonce_b);
    h.id = 0x80000000;
    host_answer_poke(&h, 3);
    host_expect_ping(&h);
    host_accept(&h, DEBUG_IO, 0);
    d = host_expect_data(&h, STATE_CHANGE, 2, &len);
    assert_true(get64(d + 24) == FAKE_MODULE_PC);
    assert_true(get64(d + 40) == FAKE_KERNEL_BASE);
    assert_string_equal((const char *)d + 240, "\\SystemRoot\\system32\\ntoskrnl.exe");
    host_control(&h, ACKNOWLEDGE, 2);
    continue_behind_int3(4);
    host_expect_silence(&h);
    assert_true(lab_target_is_running(h.target));
    assert_int_equal(host_stats(&h)->file_asked, 5);
    assert_int_equal(host_stats(&h)->file_answered, 5);
    assert_int_equal(host_stats(&h)->altering, 0);
    assert_int_equal(host_stats(&h)->prints_acked, 4);
}

static void start_until_first_file(void)
{
    const struct lab_target_options opts = {.boot = true};

    host_start(&h, &opts);
    host_link(&h);
    host_accept(&h, DEBUG_IO, 0);
    host_accept(&h, STATE_CHANGE, 2);
    continue_behind_int3(4);
}

static void a_wrong_file_answer_is_counted_and_the_boot_stands_still(void **state)
{
    static const size_t damages[] = {0, 4, 8, 36, 63, 64};

    (void)state;
    for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
        start_until_first_file();
        answer_file(8, damages[i]);
        host_expect_silence(&h);
        assert_int_equal(host_stats(&h)->file_wrong, 1);
        assert_int_equal(host_stats(&h)->file_answered, 0);
        host_control(&h, RESEND, 0); /* asks again, and a right answer goes on */
        answer_file(10, UNDAMAGED);
        host_expect_data(&h, FILE_IO, 12, NULL);
        host_stop(&h);
    }
}

static void a_repeated_file_answer_is_acknowledged_and_dropped(void **state)
{
    static const uint8_t any[64];

    (void)state;
    start_until_first_file();
    answer_file(8, UNDAMAGED);
    host_expect_data(&h, FILE_IO, 10, NULL);
    host_control(&h, ACKNOWLEDGE, 10);
    host_data(&h, FILE_IO, h.id - 2, any, sizeof any); /* our ACK was lost */
    host_expect_control(&h, ACKNOWLEDGE, h.id - 2);
    host_expect_silence(&h);
    assert_int_equal(host_stats(&h)->file_wrong, 0);
}

static void a_break_in_while_booting_halts_the_boot_debugger_after_the_module(void **state)
{
    const struct lab_target_options opts = {.boot = true};
    const uint8_t *d;

    (void)state;
    host_start(&h, &opts);
    host_link(&h);
    host_break_in(&h);
    host_accept(&h, DEBUG_IO, 0);
    d = host_expect_data(&h, STATE_CHANGE, 2, NULL);
    assert_int_equal(get32(d), 0x3030);
    assert_int_equal(get32(d + 32), 0x80000003);
    assert_true(get64(d + 24) == get64(d + 48) + 1); /* the boot debugger's address is one less */
    assert_int_equal(d[216], 0xCC);
    host_control(&h, ACKNOWLEDGE, 2);
    continue_behind_int3(4);
    d = host_expect_data(&h, STATE_CHANGE, 8, NULL);
    assert_int_equal(get32(d), 0x3031);
}

static void chatter_comes_between_request_and_reply_and_after_a_resume(void **state)
{
    const struct lab_target_options opts = {.chatter = true};
    uint8_t set_context[56] = {0};
    const uint8_t *d;

    (void)state;
    host_start(&h, &opts);
    host_link(&h);
    host_halt(&h, 0);
    host_get_context(&h, context, 2);
    host_advance_rip(&h, context, 4);
    host_request(&h, HOST_ASKS_VERSION, NULL, 0);
    host_expect_control(&h, ACKNOWLEDGE, h.id);
    h.id += 2;
    host_expect_data(&h, DEBUG_IO, 6, NULL);
    host_expect_silence(&h); /* the reply waits for the print's ACK */
    host_control(&h, ACKNOWLEDGE, 6);
    host_expect_data(&h, MANIPULATE, 8, NULL);
    host_control(&h, ACKNOWLEDGE, 8);
    host_continue(&h);
    host_accept(&h, DEBUG_IO, 10);
    d = host_expect_data(&h, STATE_CHANGE, 12, NULL);
    assert_int_equal(get32(d), 0x3031);
    assert_true(get64(d + 24) == FAKE_MODULE_PC);
    host_control(&h, ACKNOWLEDGE, 12);
    host_get_context(&h, context, 14);
    put32(set_context, SET_CONTEXT);
    put64(context + 0xF8, FAKE_MODULE_PC + 1);
    host_request(&h, set_context, context, CONTEXT_LEN);
    host_expect_control(&h, ACKNOWLEDGE, h.id);
    h.id += 2;
    host_accept(&h, DEBUG_IO, 16); /* every third request */
    host_accept(&h, MANIPULATE, 18);
    host_continue(&h);
    host_expect_silence(&h);
    assert_true(lab_target_is_running(h.target));
    assert_int_equal(host_stats(&h)->freezes, 2);
    assert_int_equal(host_stats(&h)->altering, 0);
}

/* The bytes between the fields that 3.1 lists, of a load-symbols state change. */
static const size_t module_pads[] = {12, 36, 65, 100, 191};

static void what_no_field_uses_holds_garbage_and_version_5_flags_its_state(void **state)
{
    const struct lab_target_options opts = {.boot = true, .version = 5, .seed = 4711};
    uint8_t garbage = 0;
    const uint8_t *d;

    (void)state;
    host_start(&h, &opts);
    host_link(&h);
    d = host_expect_data(&h, DEBUG_IO, 0, NULL);
    assert_int_not_equal(get32(d + 12), 0);
    host_control(&h, ACKNOWLEDGE, 0);
    d = host_expect_data(&h, STATE_CHANGE, 2, NULL);
    assert_int_equal(get32(d), 0x13031);
    for (size_t i = 0; i < sizeof module_pads / sizeof *module_pads; i++)
        garbage |= d[module_pads[i]];
    assert_int_not_equal(garbage, 0);
    assert_int_equal(get32(d + 32), 12);
}

static void reboot_after_n_requests_starts_everything_anew_once(void **state)
{
    const struct lab_target_options opts = {.reboot_after = 2, .first_id = 0x100};
    uint8_t nonce_b[24];

    (void)state;
    host_start(&h, &opts);
    host_link(&h);
    memcpy(nonce_b, h.poke + 10, sizeof nonce_b);
    host_halt(&h, 0x100);
    host_ask(&h, HOST_ASKS_VERSION, NULL, 0, 0x102, NULL);
    host_request(&h, HOST_ASKS_VERSION, NULL, 0);
    host_expect_control(&h, ACKNOWLEDGE, h.id);
    host_expect_data(&h, MANIPULATE, 0x104, NULL);
    assert_true(lab_target_is_running(h.target));
    host_control(&h, ACKNOWLEDGE, 0x104); /* nobody there who knows the key */
    host_wait(&h, 0);
    host_expect_poke(&h);
    assert_int_equal(h.poke_sequence, 3);
    assert_memory_not_equal(h.poke + 10, nonce_b, sizeof nonce_b);
    assert_int_equal(get32(h.poke + 82), 0);
    host_answer_poke(&h, 5);
    host_expect_ping(&h);
    h.id = 0x80000000;
    host_halt(&h, 0);
    host_ask(&h, HOST_ASKS_VERSION, NULL, 0, 2, NULL);
    host_ask(&h, HOST_ASKS_VERSION, NULL, 0, 4, NULL);
    assert_int_equal(host_stats(&h)->reboots, 1);
    assert_int_equal(host_stats(&h)->bad_datagrams[LAB_BAD_NO_DATA_KEY], 1);
}

static void silent_after_n_requests_it_says_and_hears_nothing(void **state)
{
    const struct lab_target_options opts = {.silent_after = 1};

    (void)state;
    host_start(&h, &opts);
    host_link(&h);
    host_halt(&h, 0);
    host_ask(&h, HOST_ASKS_VERSION, NULL, 0, 2, NULL);
    host_request(&h, HOST_ASKS_VERSION, NULL, 0);
    host_wait(&h, 60 * (uint64_t)SECOND_US);
    host_expect_silence(&h);
    assert_false(lab_target_is_running(h.target));
    assert_int_equal(host_stats(&h)->requests, 1);
}

#define TEST(name) cmocka_unit_test_teardown(name, stop)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(a_running_target_ignores_all_but_the_break_in),
        TEST(a_break_in_is_reported_as_an_exception_at_the_int3),
        TEST(continued_behind_the_int3_it_runs),
        TEST(continued_at_the_int3_it_halts_again_at_once),
        TEST(a_break_in_while_halted_halts_again_after_the_continue),
        TEST(a_repeated_continue_finds_a_running_target_deaf),
        TEST(a_booting_machine_speaks_waits_and_becomes_the_kernel),
        cmocka_unit_test(a_wrong_file_answer_is_counted_and_the_boot_stands_still),
        TEST(a_repeated_file_answer_is_acknowledged_and_dropped),
        TEST(a_break_in_while_booting_halts_the_boot_debugger_after_the_module),
        TEST(chatter_comes_between_request_and_reply_and_after_a_resume),
        TEST(what_no_field_uses_holds_garbage_and_version_5_flags_its_state),
        TEST(reboot_after_n_requests_starts_everything_anew_once),
        TEST(silent_after_n_requests_it_says_and_hears_nothing),
    };
    return cmocka_run_group_tests_name("lab.test_target_run", tests, NULL, NULL);
}
