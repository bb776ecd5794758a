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

static void the_machine_is_told_and_a_guess_is_marked(void **state)
{
    struct kdw_snapshot s;
    struct report r;
    struct page p;
    const char *text;

    (void)state;
    clean_snapshot(&s);
    s.is_guess = true;
    page_report(&r, &s, NULL);
    page_begin(&p);
    report_head(&p.html, &r);
    text = page_end(&p);
    assert_true(page_has(text, "<h1>Windows kernel, build 19041</h1>"));
    assert_true(page_has(text, "<dd>fffff80000000000</dd>"));
    assert_true(page_has(text, "a guess"));
    page_free(&p);
    report_free(&r);
}

static void without_a_snapshot_the_events_tell(void **state)
{
    struct report r;
    struct page p;
    const char *text;

    (void)state;
    page_report(
        &r, NULL,
        "{\"event\":\"begin\"," AT(
            "20.000") ",\"version\":1,\"build\":18362,\"kernel_base\":"
                      "\"0xfffff8026e400000\",\"symbols\":{\"origin\":\"PDB\",\"guess\":false}}\n"
                      "{\"event\":\"reboot\"," AT("23.000") "}\n");
    page_begin(&p);
    report_head(&p.html, &r);
    text = page_end(&p);
    assert_true(page_has(text, "build 18362</h1>"));
    assert_true(page_has(text, "2026-11-24 03:41:20 to 03:41:23"));
    page_free(&p);
    report_free(&r);
}

static void figures_are_those_of_the_snapshot_and_the_events(void **state)
{
    struct kdw_snapshot s;
    struct report r;
    struct page p;
    const char *text;

    (void)state;
    clean_snapshot(&s);
    ((struct kdw_logger *)clean_record(&s, KDW_TABLE_LOGGERS, CLEAN_OTHER))->id = clean_known(99);
    page_report(&r, &s,
                "{\"event\":\"sample\"," AT("20.000") ",\"frozen_us\":8000}\n"
                                                      "{\"event\":\"sample\"," AT(
                                                          "20.500") ",\"frozen_us\":9500}\n"
                                                                    "{\"event\":\"reboot\"," AT(
                                                                        "23.000") "}\n");
    page_begin(&p);
    report_summary(&p.html, &r);
    text = page_end(&p);
    assert_true(
        page_has(text, "<li class=\"k-fail\"><a href=\"#checks\"><b>1</b><span>check failed</span>"
                       "</a></li>") ||
        page_has(text, "<b>1</b><span>check failed</span>"));
    assert_true(page_has(text, "<b>5</b><span>live loggers</span>"));
    assert_true(page_has(text, "<b>3</b><span>processes</span>"));
    assert_true(page_has(text, "<b>1</b><span>events</span>"));
    assert_true(page_has(text, "<b>9.50 ms</b><span>longest freeze</span>"));
    page_free(&p);
    report_free(&r);
}

static void inputs_say_what_they_lack(void **state)
{
    struct report r;
    struct page p;
    const char *text;

    (void)state;
    page_report(&r, NULL,
                "{\"event\":\"reboot\"," AT("23.000") "}\n"
                                                      "what?\n"
                                                      "{\"event\":\"eclipse\"}\n"
                                                      "{\"event\":\"reb");
    text_add(&r.remarks, "Of x.pcap no snapshot could be taken");
    r.lines.left_out = 12;
    page_begin(&p);
    report_inputs(&p.html, &r);
    text = page_end(&p);
    assert_true(page_has(text, "<td>1 events in 4 lines</td>"));
    assert_true(
        page_has(text, "1 damaged line, the first is line 2; 1 of kinds that this version does not "
                       "know, as eclipse; the last line was cut short; it has no end"));
    assert_true(page_has(text, "12 events beyond the first 1048576"));
    assert_true(page_has(text, "Of x.pcap no snapshot could be taken"));
    page_free(&p);
    report_free(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_machine_is_told_and_a_guess_is_marked),
        cmocka_unit_test(without_a_snapshot_the_events_tell),
        cmocka_unit_test(figures_are_those_of_the_snapshot_and_the_events),
        cmocka_unit_test(inputs_say_what_they_lack),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
