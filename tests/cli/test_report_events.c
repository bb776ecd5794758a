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

static const char *events_of(struct report *r, struct page *p, const char *lines)
{
    page_report(r, NULL, lines);
    page_begin(p);
    report_events(&p->html, r);
    return page_end(p);
}

static void each_event_has_a_row_and_each_day_a_line(void **state)
{
    struct report r;
    struct page p;
    const char *text =
        events_of(&r, &p,
                  "{\"event\":\"mark\",\"time\":\"2026-11-24T23:59:59.000Z\",\"text\":\"a\"}\n"
                  "{\"event\":\"mark\",\"time\":\"2026-11-25T00:00:01.000Z\",\"text\":\"b\"}\n"
                  "{\"event\":\"mark\",\"time\":\"2026-11-25T00:00:02.000Z\",\"text\":\"c\"}\n");

    (void)state;
    assert_int_equal(page_count(text, "class=\"r-mark\""), 3);
    assert_int_equal(page_count(text, "class=\"day\""), 2);
    assert_true(strstr(text, "2026-11-24") < strstr(text, "23:59:59.000"));
    assert_true(strstr(text, "2026-11-25") < strstr(text, "00:00:01.000"));
    page_free(&p);
    report_free(&r);
}

static void samples_are_figures_and_no_rows(void **state)
{
    struct report r;
    struct page p;
    const char *text =
        events_of(&r, &p,
                  "{\"event\":\"sample\"," AT("20.000") ",\"frozen_us\":8000}\n"
                                                        "{\"event\":\"sample\"," AT(
                                                            "21.000") ",\"frozen_us\":12000}\n"
                                                                      "{\"event\":\"reboot\"," AT(
                                                                          "22.000") "}\n");

    (void)state;
    assert_int_equal(page_count(text, "class=\"r-"), 1);
    assert_true(page_has(text, "2 samples: the target was frozen for 8.00 ms at the median"));
    assert_true(page_has(text, "the longest 12.00 ms; 20.00 ms together"));
    page_free(&p);
    report_free(&r);
}

/* Of more than there is room for, what ends or judges is shown first, prints last. */
static void the_most_telling_events_are_shown(void **state)
{
    struct text lines = {0};
    struct report r;
    struct page p;
    const char *text;
    char *chars;
    enum { PRINTS = 15000, CHANGES = 10000 };

    (void)state;
    for (int i = 0; i < PRINTS; i++)
        text_add(&lines, "{\"event\":\"print\"," AT("22.000") ",\"text\":\"a\"}\n");
    for (int i = 0; i < CHANGES; i++)
        text_add(&lines,
                 "{\"event\":\"changed\"," AT("23.000") ",\"table\":\"jobs\",\"fact\":\"id\"}\n");
    text_add(&lines, "{\"event\":\"reboot\"," AT("24.000") "}\n");
    chars = text_take(&lines);
    text = events_of(&r, &p, chars);
    assert_int_equal(page_count(text, "class=\"r-reboot\""), 1);
    assert_int_equal(page_count(text, "class=\"r-changed\""), CHANGES);
    assert_int_equal(page_count(text, "class=\"r-print\""), 20000 - CHANGES - 1);
    assert_true(page_count(text, "<p class=\"cut\">20000 of 25001 events are shown") == 1);
    page_free(&p);
    report_free(&r);
    free(chars);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_event_has_a_row_and_each_day_a_line),
        cmocka_unit_test(samples_are_figures_and_no_rows),
        cmocka_unit_test(the_most_telling_events_are_shown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
