#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/capture.h"
#include "support/clean_snapshot.h"
#include "watch_json.h"

#define HOST_NS      UINT64_C(1795788192345678901)
#define TARGET_100NS UINT64_C(132204411121234567)

static struct kd_span span(const char *chars)
{
    return (struct kd_span){(const uint8_t *)chars, strlen(chars)};
}

static struct watch_event event(enum watch_kind kind)
{
    return (struct watch_event){
        .kind = kind,
        .when = {HOST_NS, TARGET_100NS},
        .since = {HOST_NS - UINT64_C(1000000000), 0},
        .sample = 12,
    };
}

static json_t *told(const struct watch_event *e)
{
    struct watch_json j;
    json_t *o;

    watch_json_init(&j, WATCH_LOGGERS | WATCH_CHECKS, 1000, 50);
    o = watch_json_event(&j, e);
    assert_non_null(o);
    return o;
}

/* All members are those that the schema's event of that name requires, and the other way round. */
static void assert_as_described(const json_t *o)
{
    json_t *schema = json_load_file(KDWALK_WATCH_SCHEMA, 0, NULL), *of, *required, *name;
    size_t i;

    assert_non_null(schema);
    of = json_object_get(json_object_get(schema, "$defs"),
                         json_string_value(json_object_get(o, "event")));
    required = json_object_get(of, "required");
    assert_true(json_is_array(required));
    assert_int_equal(json_object_size(o), json_array_size(required));
    json_array_foreach(required, i, name)
        assert_non_null(json_object_get(o, json_string_value(name)));
    json_decref(schema);
}

/* Consumes o. */
static void assert_told(json_t *o, const char *event, const char *member, const char *expected)
{
    const json_t *value = json_object_get(o, member);

    assert_as_described(o);
    assert_string_equal(json_string_value(json_object_get(o, "event")), event);
    assert_string_equal(json_string_value(json_object_get(o, "time")), "2026-11-27T14:03:12.345Z");
    assert_string_equal(json_string_value(json_object_get(o, "target_time")),
                        "2019-12-10T08:45:12.1234567Z");
    assert_string_equal(json_string_value(value), expected);
    json_decref(o);
}

static void targets_come_and_go(void **state)
{
    const struct kdw_target target = {.build = 18362, .kernel_base_va = CLEAN_KERNEL};
    struct watch_event e = event(WATCH_BEGIN);

    (void)state;
    e.u.target = (struct watch_target){&target, "PDB a.pdb", false};
    assert_told(told(&e), "begin", "schema", "kdwalk-watch");
    e.kind = WATCH_ATTACHED;
    assert_told(told(&e), "attached", "kernel_base", "0xfffff80000000000");
    e = event(WATCH_REBOOT);
    assert_told(told(&e), "reboot", "event", "reboot");
    e = event(WATCH_LOST);
    e.u.text = span("silent");
    assert_told(told(&e), "lost", "reason", "silent");
}

static void a_sample_says_what_it_cost_and_how_much_it_saw(void **state)
{
    struct watch_event e = event(WATCH_SAMPLE);
    json_t *o;

    (void)state;
    e.u.sample =
        (struct watch_sample){12, WATCH_EVERY, 14250, 55, 50000, .units = 60, .all_units = 80, 3};
    o = told(&e);
    assert_true(json_real_value(json_object_get(o, "covered")) == 0.75);
    assert_int_equal(json_integer_value(json_object_get(o, "frozen_us")), 14250);
    assert_told(o, "sample", "reason", "every");
    e.u.sample.all_units = 0;
    o = told(&e);
    assert_true(json_is_null(json_object_get(o, "covered")));
    json_decref(o);
}

static void changes_have_the_facts_of_a_snapshot(void **state)
{
    const struct kdw_table_info *info = &kdw_snapshot_tables[KDW_TABLE_PROCESSES];
    struct watch_event e = event(WATCH_CHANGE);
    struct kdw_snapshot s;
    struct kdw_process *p;
    json_t *o;

    (void)state;
    clean_snapshot(&s);
    p = clean_record(&s, KDW_TABLE_PROCESSES, CLEAN_LSASS);
    e.u.change = (struct kdw_change){KDW_TABLE_PROCESSES, KDW_APPEARED, NULL, p, NULL};
    o = told(&e);
    assert_int_equal(json_object_size(json_object_get(o, "record")), info->facts_len);
    assert_told(o, "appeared", "table", "processes");
    e.u.change = (struct kdw_change){KDW_TABLE_PROCESSES, KDW_VANISHED, p, NULL, NULL};
    assert_told(told(&e), "vanished", "address", "0xffffa80fd0001000");
    e.u.change = (struct kdw_change){KDW_TABLE_PROCESSES, KDW_CHANGED, p, p, &info->facts[0]};
    assert_told(told(&e), "changed", "to", "0xffffa80fd0001000");
    kdw_snapshot_free(&s);
}

static void a_verdict_has_its_findings(void **state)
{
    struct watch_event e = event(WATCH_VERDICT);
    struct kdw_check_list list;
    struct kdw_snapshot s;
    json_t *o;

    (void)state;
    clean_snapshot(&s);
    ((struct kdw_etw_state *)clean_record(&s, KDW_TABLE_STATES, CLEAN_HOST))->shutdown =
        clean_known(1);
    assert_int_equal(kdw_check_run(&s, &list), KD_OK);
    e.u.verdict = (struct watch_verdict){25, KDW_PASS, KDW_FAIL, &s, &list};
    o = told(&e);
    assert_int_equal(json_array_size(json_object_get(o, "findings")), 1);
    assert_string_equal(json_string_value(json_object_get(o, "from")), "pass");
    assert_told(o, "verdict", "check", "T26");
    kdw_check_free(&list);
    kdw_snapshot_free(&s);
}

static void what_the_target_says_is_escaped(void **state)
{
    struct watch_event e = event(WATCH_PRINT);
    const uint8_t odd[] = {'a', 0x1b, 0xff, 'z'};

    (void)state;
    e.u.text = (struct kd_span){odd, sizeof odd};
    assert_told(told(&e), "print", "text", "a\\x1b\\xffz");
    e = event(WATCH_MODULE);
    e.u.stop = (struct kd_state_change){.path = span("\\evil.sys"), .image_base_va = 7};
    assert_told(told(&e), "module", "base", "0x0000000000000007");
    e = event(WATCH_EXCEPTION);
    e.u.stop = (struct kd_state_change){.exception_code = KD_STATUS_BREAKPOINT};
    assert_told(told(&e), "exception", "code", "0x0000000080000003");
    e = event(WATCH_BUGCHECK);
    e.u.bugcheck = (struct watch_bugcheck){0x7e, {1, 2, 3, 4}};
    assert_told(told(&e), "bugcheck", "name", "SYSTEM_THREAD_EXCEPTION_NOT_HANDLED");
    e = event(WATCH_SAVED);
    e.u.text = span("a.json");
    assert_told(told(&e), "snapshot", "file", "a.json");
    e.kind = WATCH_MARK;
    assert_told(told(&e), "mark", "text", "a.json");
}

static void each_event_is_a_line(void **state)
{
    struct watch_event e = event(WATCH_REBOOT);
    struct watch_tally tally;
    struct watch_json j;
    struct capture out;
    json_t *end;

    (void)state;
    watch_json_init(&j, WATCH_ALL, 1000, 50);
    watch_tally_init(&tally);
    tally.sink.tell(&tally.sink, &e);
    capture_begin(&out, CAPTURE_OUT);
    j.sink.tell(&j.sink, &e);
    watch_json_end(&tally);
    (void)capture_end(&out);
    assert_ptr_equal(strstr(out.text, "{\"event\":\"reboot\",\"time\":\"2026-11-27T14:03:12.345Z\","
                                      "\"target_time\":\"2019-12-10T08:45:12.1234567Z\"}\n{"),
                     out.text);
    end = json_loads(strchr(out.text, '\n'), 0, NULL);
    assert_non_null(end);
    assert_as_described(end);
    json_decref(end);
    capture_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(targets_come_and_go),
        cmocka_unit_test(a_sample_says_what_it_cost_and_how_much_it_saw),
        cmocka_unit_test(changes_have_the_facts_of_a_snapshot),
        cmocka_unit_test(a_verdict_has_its_findings),
        cmocka_unit_test(what_the_target_says_is_escaped),
        cmocka_unit_test(each_event_is_a_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
