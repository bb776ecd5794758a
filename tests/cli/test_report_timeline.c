#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "report_parts.h"
#include "support/clean_snapshot.h"
#include "support/page.h"

#define AT(second) "\"time\":\"2026-11-24T03:41:" second "Z\",\"target_time\":null"

static const char *timeline_of(struct report *r, struct page *p, const char *lines)
{
    page_report(r, NULL, lines);
    page_begin(p);
    report_timeline(&p->html, &r->lines);
    return page_end(p);
}

static void lanes_are_those_that_something_happened_in(void **state)
{
    struct report r;
    struct page p;
    const char *text = timeline_of(
        &r, &p,
        "{\"event\":\"begin\"," AT(
            "20.000") ",\"version\":1,\"freeze_budget_ms\":50}\n"
                      "{\"event\":\"sample\"," AT(
                          "20.000") ",\"frozen_us\":8000}\n"
                                    "{\"event\":\"sample\"," AT(
                                        "21.000") ",\"frozen_us\":50001}\n"
                                                  "{\"event\":\"print\"," AT(
                                                      "22.000") ",\"text\":\"a\"}\n"
                                                                "{\"event\":\"appeared\"," AT(
                                                                    "23.000") ",\"table\":"
                                                                              "\"consumers\"}\n"
                                                                              "{\"event\":"
                                                                              "\"vanished\"," AT(
                                                                                  "23.000") ",\"tab"
                                                                                            "le\":"
                                                                                            "\"enab"
                                                                                            "les\"}"
                                                                                            "\n"
                                                                                            "{\"eve"
                                                                                            "nt\":"
                                                                                            "\"chan"
                                                                                            "ged\""
                                                                                            "," AT(
                                                                                                "23"
                                                                                                ".0"
                                                                                                "0"
                                                                                                "0") ",\"table\":\"jobs\"}\n"
                                                                                                     "{\"event\":\"verdict\"," AT(
                                                                                                         "24.000") ",\"to\":\"fail\"}\n"
                                                                                                                   "{\"event\":\"verdict\"," AT(
                                                                                                                       "25.000") ",\"to\":\"pass\"}\n"
                                                                                                                                 "{\"event\":\"module\"," AT(
                                                                                                                                     "26.000") ",\"unloaded\":true}\n"
                                                                                                                                               "{\"event\":\"bugcheck\"," AT(
                                                                                                                                                   "30.000") "}\n");

    (void)state;
    assert_true(page_has(text, "03:41:20.000 to 03:41:30.000 UTC"));
    assert_true(page_has(text, "aria-label=\"Freezes: 2 in all\""));
    assert_int_equal(page_count(text, "class=\"m-sample\""), 1);
    assert_int_equal(page_count(text, "class=\"m-over\""), 1);
    assert_true(page_has(text, "<title>03:41:21.000: 1 break, the longest 50.00 ms</title>"));
    assert_true(page_has(text, "aria-label=\"Loggers: 1 in all\""));
    assert_true(page_has(text, "aria-label=\"Providers: 1 in all\""));
    assert_true(page_has(text, "aria-label=\"Silos, jobs: 1 in all\""));
    assert_true(page_has(text, "class=\"m-fail\""));
    assert_true(page_has(text, "class=\"m-pass\""));
    assert_true(page_has(text, "class=\"m-bugcheck\" x=\"99.50%\""));
    assert_int_equal(page_count(text, "aria-label=\"Processes"), 0);
    page_free(&p);
    report_free(&r);
}

static void what_happened_at_once_is_one_mark(void **state)
{
    struct text lines = {0};
    struct report r;
    struct page p;
    const char *text;
    char *chars;

    (void)state;
    for (int i = 0; i < 100; i++)
        text_add(&lines, "{\"event\":\"print\"," AT("22.000") ",\"text\":\"a\"}\n");
    chars = text_take(&lines);
    text = timeline_of(&r, &p, chars);
    assert_int_equal(page_count(text, "<rect"), 1);
    assert_true(
        page_has(text, "<a href=\"#e1\" tabindex=\"-1\"><rect class=\"m-print\" x=\"0.00%\""));
    assert_true(page_has(text, "<title>03:41:22.000: 100 print</title>"));
    page_free(&p);
    report_free(&r);
    free(chars);
}

static void the_axis_has_few_ticks_at_round_times(void **state)
{
    static const struct {
        const char *last, *tick;
    } spans[] = {{"20.000", "03:41:20.001"}, {"20.900", "03:41:20.200"}, {"45.000", "03:41:25<"}};

    (void)state;
    for (size_t i = 0; i < sizeof spans / sizeof spans[0]; i++) {
        struct text lines = {0};
        struct report r;
        struct page p;
        const char *text;
        char *chars;

        text_add(&lines, "{\"event\":\"reboot\"," AT("20.000") "}\n");
        text_add(&lines, "{\"event\":\"reboot\",\"time\":\"2026-11-24T03:41:%sZ\"}\n",
                 spans[i].last);
        chars = text_take(&lines);
        text = timeline_of(&r, &p, chars);
        assert_true(page_has(text, spans[i].tick));
        assert_in_range(page_count(text, "<line"), 2, 7);
        page_free(&p);
        report_free(&r);
        free(chars);
    }
}

static void a_span_of_ages_has_an_axis_too(void **state)
{
    struct report r;
    struct page p;
    const char *text = timeline_of(&r, &p,
                                   "{\"event\":\"reboot\",\"time\":\"1601-01-01T00:00:00.0Z\"}\n"
                                   "{\"event\":\"reboot\",\"time\":\"9999-12-31T23:59:59.9Z\"}\n");

    (void)state;
    assert_in_range(page_count(text, "<line"), 2, 8);
    page_free(&p);
    report_free(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lanes_are_those_that_something_happened_in),
        cmocka_unit_test(what_happened_at_once_is_one_mark),
        cmocka_unit_test(the_axis_has_few_ticks_at_round_times),
        cmocka_unit_test(a_span_of_ages_has_an_axis_too),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
