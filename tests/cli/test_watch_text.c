#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/capture.h"
#include "support/clean_snapshot.h"
#include "watch_text.h"

#define HOST_NS UINT64_C(1795788192345678901)

static struct kd_span span(const char *chars)
{
    return (struct kd_span){(const uint8_t *)chars, strlen(chars)};
}

static struct watch_event event(enum watch_kind kind)
{
    return (struct watch_event){
        .kind = kind, .when = {HOST_NS, 0}, .since = {HOST_NS - UINT64_C(1000000000), 0}};
}

static void assert_told(const struct watch_event *e, bool is_verbose, const char *expected)
{
    struct watch_text t;
    struct capture out;

    watch_text_init(&t, is_verbose);
    capture_begin(&out, CAPTURE_OUT);
    t.sink.tell(&t.sink, e);
    (void)capture_end(&out);
    assert_string_equal(out.text, expected);
    capture_free(&out);
}

static const struct kdw_fact *protection(void)
{
    const struct kdw_table_info *info = &kdw_snapshot_tables[KDW_TABLE_PROCESSES];
    size_t i = 0;

    while (strcmp(info->facts[i].name, "protection") != 0)
        i++;
    return &info->facts[i];
}

static void a_change_is_a_line(void **state)
{
    char name[] = "lsass.exe";
    struct kdw_process from = {.va = CLEAN_LSASS, .pid.value = 716, .name.utf8 = name}, to = from;
    struct watch_event e = event(WATCH_CHANGE);

    (void)state;
    from.protection.value = 0x41;
    e.u.change = (struct kdw_change){KDW_TABLE_PROCESSES, KDW_CHANGED, &from, &to, protection()};
    assert_told(&e, false,
                "14:03:12.345  ~ process 716 lsass.exe at ffffa80fd0001000: protection 0x41 -> "
                "0x0\n");
    e.u.change = (struct kdw_change){KDW_TABLE_PROCESSES, KDW_VANISHED, &from, NULL, NULL};
    assert_told(&e, true,
                "14:03:12.345  - process 716 lsass.exe at ffffa80fd0001000  (not yet at "
                "14:03:11.345)\n");
}

static void samples_are_for_who_asks(void **state)
{
    struct watch_event e = event(WATCH_SAMPLE);

    (void)state;
    e.u.sample = (struct watch_sample){12, WATCH_ON_PRINT, 14250, 55, 50000, 60, 80, 3};
    assert_told(&e, false, "");
    assert_told(&e, true,
                "14:03:12.345    sample 12 (print): frozen 14.2 ms, 55 requests, 60 structures of "
                "80, sweep 3\n");
}

static void a_verdict_names_what_fails(void **state)
{
    struct watch_event e = event(WATCH_VERDICT);
    struct kdw_check_list list;
    struct kdw_snapshot s;
    struct watch_text t;
    struct capture out;

    (void)state;
    clean_snapshot(&s);
    ((struct kdw_etw_state *)clean_record(&s, KDW_TABLE_STATES, CLEAN_HOST))->shutdown =
        clean_known(1);
    assert_int_equal(kdw_check_run(&s, &list), KD_OK);
    e.u.verdict = (struct watch_verdict){25, KDW_PASS, KDW_FAIL, &s, &list};
    watch_text_init(&t, false);
    capture_begin(&out, CAPTURE_OUT);
    t.sink.tell(&t.sink, &e);
    (void)capture_end(&out);
    assert_ptr_equal(strstr(out.text, "14:03:12.345  ! T26 fail, was pass: "), out.text);
    assert_non_null(strstr(out.text, "at ffffa80faa000000: EtwpShutdownInProgress is 0x1"));
    capture_free(&out);
    kdw_check_free(&list);
    kdw_snapshot_free(&s);
}

static void what_the_target_says_is_told_line_by_line(void **state)
{
    struct watch_event e = event(WATCH_PRINT);

    (void)state;
    e.u.text = span("one\r\ntwo\x1b[2J\n");
    assert_told(&e, false, "14:03:12.345    print: one\n14:03:12.345    print: two\\x1b[2J\n");
    e = event(WATCH_MODULE);
    e.u.stop = (struct kd_state_change){
        .path = span("\\evil.sys"), .image_base_va = CLEAN_DRIVER, .image_size = 0x4000};
    assert_told(&e, false,
                "14:03:12.345    module loaded: \\evil.sys at fffff80002000000, 0x4000 bytes\n");
    e = event(WATCH_EXCEPTION);
    e.u.stop = (struct kd_state_change){.exception_code = KD_STATUS_BREAKPOINT,
                                        .exception_va = CLEAN_KERNEL,
                                        .is_first_chance = true};
    assert_told(&e, false,
                "14:03:12.345  ! exception 0x80000003 STATUS_BREAKPOINT at fffff80000000000, first "
                "chance, processor 0\n");
    e = event(WATCH_BUGCHECK);
    e.u.bugcheck = (struct watch_bugcheck){0x7e, {1, 0, 0, 0}};
    assert_told(&e, false,
                "14:03:12.345  ! bugcheck 0x7e SYSTEM_THREAD_EXCEPTION_NOT_HANDLED "
                "(0000000000000001, 0000000000000000, 0000000000000000, 0000000000000000)\n");
}

static void the_target_comes_and_goes(void **state)
{
    const struct kdw_target target = {.build = 18362, .kernel_base_va = CLEAN_KERNEL};
    struct watch_event e = event(WATCH_LOST);

    (void)state;
    e.u.text = span("silent");
    assert_told(&e, false, "14:03:12.345  ! the target does not answer: silent\n");
    e = event(WATCH_REBOOT);
    assert_told(&e, false, "14:03:12.345  ! the target restarted\n");
    e = event(WATCH_ATTACHED);
    e.u.target = (struct watch_target){&target, "built-in", true};
    assert_told(&e, false,
                "14:03:12.345    it is there again: build 18362, kernel at fffff80000000000, "
                "symbols: built-in (a guess)\n");
}

static void who_watches_may_note_something(void **state)
{
    struct watch_event e = event(WATCH_MARK);

    (void)state;
    assert_told(&e, false, "14:03:12.345  * mark\n");
    e.u.text = span("now\x1b[2J");
    assert_told(&e, false, "14:03:12.345  * mark: now\\x1b[2J\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_change_is_a_line),
        cmocka_unit_test(samples_are_for_who_asks),
        cmocka_unit_test(a_verdict_names_what_fails),
        cmocka_unit_test(what_the_target_says_is_told_line_by_line),
        cmocka_unit_test(the_target_comes_and_goes),
        cmocka_unit_test(who_watches_may_note_something),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
