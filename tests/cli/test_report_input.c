#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "report_input.h"
#include "snapshot_json.h"
#include "support/clean_snapshot.h"
#include "support/page.h"
#include "support/temp_dir.h"

#define EVENT "{\"event\":\"reboot\",\"time\":\"2026-11-24T03:41:23.000Z\"}\n"

static void files_are_known_by_what_is_in_them(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
        enum report_input_kind kind;
    } files[] = {
        {"  {\n\"schema\": \"kdwalk-snapshot\"}", 30, REPORT_INPUT_SNAPSHOT},
        {EVENT, sizeof EVENT - 1, REPORT_INPUT_EVENTS},
        {"cut off\"}\n" EVENT, sizeof EVENT + 9, REPORT_INPUT_EVENTS},
        {"\x0a\x0d\x0d\x0a and more", 13, REPORT_INPUT_RECORDING},
        {"\xd4\xc3\xb2\xa1", 4, REPORT_INPUT_RECORDING},
        {"\xa1\xb2\x3c\x4d", 4, REPORT_INPUT_RECORDING},
        {"PAGEDU64", 8, REPORT_INPUT_MEMORY},
        {"", 0, REPORT_INPUT_MEMORY},
    };
    struct temp_dir dir;

    (void)state;
    temp_dir_create(&dir);
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        enum report_input_kind kind;
        struct kd_diag diag = {{0}};
        FILE *f = NULL;

        temp_dir_write(&dir, "any.name", files[i].bytes, files[i].len);
        assert_int_equal(report_input_open(temp_dir_path(&dir, "any.name"), &diag, &f, &kind),
                         KD_OK);
        assert_int_equal(kind, files[i].kind);
        assert_int_equal(ftell(f), 0);
        fclose(f);
    }
    temp_dir_remove(&dir);
}

static void what_is_not_there_is_named(void **state)
{
    enum report_input_kind kind;
    struct kd_diag diag = {{0}};
    FILE *f = NULL;

    (void)state;
    assert_int_equal(report_input_open("/nowhere/at.all", &diag, &f, &kind), KD_ERR_IO);
    assert_non_null(strstr(diag.text, "/nowhere/at.all: "));
    assert_null(f);
}

static struct kdw_snapshot *at_time(struct kdw_snapshot *s, uint16_t build, uint64_t time)
{
    clean_snapshot(s);
    s->build = build;
    s->time_100ns = time ? clean_known(time) : (struct kdw_u64){.status = KD_ERR_NOT_FOUND};
    return s;
}

static void snapshots_are_put_in_the_order_of_time(void **state)
{
    struct kd_diag diag = {{0}};
    struct report r = {.states_len = 0};
    struct kdw_snapshot s;

    (void)state;
    assert_int_equal(report_add_snapshot(&r, "b", at_time(&s, 2, 200), &diag), KD_OK);
    assert_int_equal(report_add_snapshot(&r, "none", at_time(&s, 4, 0), &diag), KD_OK);
    assert_int_equal(report_add_snapshot(&r, "c", at_time(&s, 3, 300), &diag), KD_OK);
    assert_int_equal(report_add_snapshot(&r, "a", at_time(&s, 1, 100), &diag), KD_OK);
    assert_int_equal(report_settle(&r, &diag), KD_OK);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(r.states[i].snapshot.build, i + 1);
    assert_string_equal(r.states[3].source, "none");
    assert_int_equal(kdw_check_count(&r.checks, KDW_FAIL), 0);
    assert_false(report_has_gaps(&r));
    report_free(&r);
}

static void more_snapshots_than_there_is_room_for_are_refused(void **state)
{
    struct kd_diag diag = {{0}};
    struct report r = {.states_len = 0};
    struct kdw_snapshot s;

    (void)state;
    for (int i = 0; i < REPORT_STATES_MAX; i++) {
        s = (struct kdw_snapshot){.build = 1};
        assert_int_equal(report_add_snapshot(&r, "a", &s, &diag), KD_OK);
    }
    clean_snapshot(&s);
    assert_int_equal(report_add_snapshot(&r, "last.json", &s, &diag), KD_ERR_LIMIT);
    assert_string_equal(diag.text, "last.json: more than 100 snapshots");
    report_free(&r);
}

static void a_document_becomes_a_snapshot_and_others_are_named(void **state)
{
    struct kd_diag diag = {{0}};
    struct report r = {.states_len = 0};
    struct kdw_snapshot s;
    FILE *f = tmpfile();
    json_t *document;

    (void)state;
    assert_non_null(f);
    clean_snapshot(&s);
    document = snapshot_json(&s);
    kdw_snapshot_free(&s);
    assert_int_equal(json_dumpf(document, f, 0), 0);
    json_decref(document);
    rewind(f);
    assert_int_equal(report_add_document(&r, f, "a.json", &diag), KD_OK);
    assert_int_equal(report_last(&r)->build, 19041);
    f = tmpfile();
    assert_non_null(f);
    assert_int_equal(report_add_document(&r, f, "b.json", &diag), KD_ERR_MALFORMED);
    assert_non_null(strstr(diag.text, "b.json: no JSON"));
    report_free(&r);
}

static void nothing_at_all_is_an_error(void **state)
{
    struct kd_diag diag = {{0}};
    struct report r = {.states_len = 0};

    (void)state;
    assert_int_equal(page_add_lines(&r.lines, "empty", "", &diag), KD_OK);
    assert_int_equal(report_settle(&r, &diag), KD_ERR_NOT_FOUND);
    assert_string_equal(diag.text, "the inputs hold neither a snapshot nor an event");
    report_free(&r);
}

static void what_inputs_lack_are_gaps(void **state)
{
    static const char *const lines[] = {EVENT "what\n", EVENT "{\"event\":\"new\"}\n",
                                        EVENT "{\"ev"};

    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        struct report r;

        page_report(&r, NULL, lines[i]);
        assert_true(report_has_gaps(&r));
        report_free(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_are_known_by_what_is_in_them),
        cmocka_unit_test(what_is_not_there_is_named),
        cmocka_unit_test(snapshots_are_put_in_the_order_of_time),
        cmocka_unit_test(more_snapshots_than_there_is_room_for_are_refused),
        cmocka_unit_test(a_document_becomes_a_snapshot_and_others_are_named),
        cmocka_unit_test(nothing_at_all_is_an_error),
        cmocka_unit_test(what_inputs_lack_are_gaps),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
