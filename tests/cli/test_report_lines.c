#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "report_lines.h"
#include "support/page.h"

#define BEGIN                                                                                      \
    "{\"event\":\"begin\",\"time\":\"2026-11-24T03:41:20.000Z\",\"schema\":\"kdwalk-watch\","      \
    "\"version\":1}\n"
#define SAMPLE                                                                                     \
    "{\"event\":\"sample\",\"time\":\"2026-11-24T03:41:21.500Z\",\"number\":1,\"frozen_us\":8200}" \
    "\n"
#define CHANGED                                                                                    \
    "{\"event\":\"changed\",\"time\":\"2026-11-24T03:41:21.000Z\",\"table\":\"loggers\",\"fact\":" \
    "\"slot\"}\n"
#define FAILED "{\"event\":\"verdict\",\"time\":\"2026-11-24T03:41:22Z\",\"check\":\"T8\"}\n"

static void lines_of_all_files_are_one_time_line(void **state)
{
    struct report_lines l = {0};
    struct kd_diag diag = {{0}};
    json_t *line;

    (void)state;
    assert_int_equal(page_add_lines(&l, "a", SAMPLE BEGIN, &diag), KD_OK);
    assert_int_equal(page_add_lines(&l, "b", "\n" CHANGED "  \r\n", &diag), KD_OK);
    report_lines_sort(&l);
    assert_int_equal(l.len, 3);
    assert_int_equal(l.events[0].kind, REPORT_BEGIN);
    assert_int_equal(l.events[1].kind, REPORT_CHANGED);
    assert_int_equal(l.events[1].table, KDW_TABLE_LOGGERS);
    assert_int_equal(l.events[1].file, 1);
    assert_int_equal(l.events[2].kind, REPORT_SAMPLE);
    assert_int_equal(l.events[2].value, 8200);
    assert_int_equal(l.events[2].table, KDW_TABLES);
    line = report_lines_read(&l, &l.events[1]);
    assert_string_equal(json_string_value(json_object_get(line, "fact")), "slot");
    json_decref(line);
    line = report_lines_read(&l, &l.events[2]);
    assert_int_equal(json_integer_value(json_object_get(line, "number")), 1);
    json_decref(line);
    assert_non_null(l.files[0].begin);
    assert_null(l.files[0].end);
    report_lines_free(&l);
}

static void bad_lines_are_counted_and_the_rest_is_kept(void **state)
{
    struct report_lines l = {0};
    struct kd_diag diag = {{0}};
    const struct report_lines_file *f;

    (void)state;
    assert_int_equal(
        page_add_lines(&l, "a",
                       SAMPLE "{\"event\":\"sam\n"
                              "[1]\n"
                              "\xff\xfe\n"
                              "{\"event\":\"sample\",\"time\":\"yesterday\"}\n"
                              "{\"event\":\"eclipse\",\"time\":\"2026-11-24T03:41:21.000Z\"}\n"
                              "{\"event\":\"later still\"}\n" CHANGED FAILED,
                       &diag),
        KD_OK);
    f = &l.files[0];
    assert_int_equal(f->lines, 9);
    assert_int_equal(f->events, 2);
    assert_int_equal(l.len, 2);
    assert_int_equal(f->damaged, 5); /* the last has a time without a fraction */
    assert_int_equal(f->damaged_line, 2);
    assert_int_equal(f->unknown, 2);
    assert_string_equal(f->unknown_kind, "eclipse");
    assert_false(f->is_cut);
    report_lines_free(&l);
}

static void a_last_line_that_was_cut_short_is_told(void **state)
{
    static const char whole[] = SAMPLE CHANGED;

    (void)state;
    for (size_t len = 1; len < sizeof whole; len++) {
        struct report_lines l = {0};
        struct kd_diag diag = {{0}};
        char text[sizeof whole];
        size_t first = sizeof SAMPLE - 1;

        memcpy(text, whole, len);
        text[len] = '\0';
        assert_int_equal(page_add_lines(&l, "a", text, &diag), KD_OK);
        /* without its line end alone a line is whole */
        assert_int_equal(l.len, (len + 1 >= first) + (len + 2 >= sizeof whole));
        assert_int_equal(l.files[0].is_cut,
                         len + 1 != first && len != first && len + 2 < sizeof whole);
        assert_int_equal(l.files[0].damaged, 0);
        report_lines_free(&l);
    }
}

static void a_line_beyond_reason_is_damaged(void **state)
{
    size_t len = REPORT_LINE_MAX + 100;
    char *text = malloc(len + sizeof SAMPLE + 1);
    struct report_lines l = {0};
    struct kd_diag diag = {{0}};

    (void)state;
    assert_non_null(text);
    memset(text, 'x', len);
    memcpy(text + len, "\n" SAMPLE, sizeof SAMPLE + 1);
    assert_int_equal(page_add_lines(&l, "a", text, &diag), KD_OK);
    assert_int_equal(l.files[0].damaged, 1);
    assert_int_equal(l.len, 1);
    assert_true(l.line_room <= 2 * REPORT_LINE_MAX);
    report_lines_free(&l);
    free(text);
}

static void a_later_version_is_refused(void **state)
{
    struct report_lines l = {0};
    struct kd_diag diag = {{0}};

    (void)state;
    assert_int_equal(
        page_add_lines(
            &l, "new.jsonl",
            "{\"event\":\"begin\",\"time\":\"2026-11-24T03:41:20.000Z\",\"version\":2}\n", &diag),
        KD_ERR_UNSUPPORTED);
    assert_string_equal(diag.text,
                        "new.jsonl: events of version 2, which a later kdwalk wrote: this "
                        "one knows up to 1");
    report_lines_free(&l);
}

static void more_files_than_there_is_room_for_are_refused(void **state)
{
    struct report_lines l = {0};
    struct kd_diag diag = {{0}};

    (void)state;
    for (int i = 0; i < REPORT_FILES_MAX; i++)
        assert_int_equal(page_add_lines(&l, "a", SAMPLE, &diag), KD_OK);
    assert_int_equal(page_add_lines(&l, "a", SAMPLE, &diag), KD_ERR_LIMIT);
    assert_int_equal(l.len, REPORT_FILES_MAX);
    report_lines_free(&l);
}

static void a_file_is_known_by_its_lines(void **state)
{
    static const struct {
        const char *text;
        bool are;
    } files[] = {{BEGIN, true},
                 {"half of a li\n" SAMPLE, true},
                 {"", false},
                 {"{\n}\n", false},
                 {"{\"schema\": \"kdwalk-snapshot\"}\n", false}};

    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        FILE *f = tmpfile();

        assert_non_null(f);
        assert_int_not_equal(fputs(files[i].text, f), EOF);
        rewind(f);
        assert_int_equal(report_lines_are(f), files[i].are);
        assert_int_equal(ftell(f), 0);
        fclose(f);
    }
}

static void a_time_has_up_to_seven_digits(void **state)
{
    static const char *const wrong[] = {"2026-11-24T03:41:24Z",          "2026-11-24T03:41:24.Z",
                                        "2026-11-24T03:41:24.12345678Z", "2026-11-24T03:41:24.1",
                                        "2026-13-24T03:41:24.1Z",        ""};
    json_t *value = json_string("2019-12-10T08:45:12.123Z");
    uint64_t time = 0;

    (void)state;
    assert_true(report_time_parse(value, &time));
    assert_int_equal(time, UINT64_C(132204411121230000));
    json_decref(value);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        value = json_string(wrong[i]);
        assert_false(report_time_parse(value, &time));
        json_decref(value);
    }
    assert_false(report_time_parse(NULL, &time));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_of_all_files_are_one_time_line),
        cmocka_unit_test(bad_lines_are_counted_and_the_rest_is_kept),
        cmocka_unit_test(a_last_line_that_was_cut_short_is_told),
        cmocka_unit_test(a_line_beyond_reason_is_damaged),
        cmocka_unit_test(a_later_version_is_refused),
        cmocka_unit_test(more_files_than_there_is_room_for_are_refused),
        cmocka_unit_test(a_file_is_known_by_its_lines),
        cmocka_unit_test(a_time_has_up_to_seven_digits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
