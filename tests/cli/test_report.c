#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "report_assets.h"
#include "report_parts.h"
#include "support/clean_snapshot.h"
#include "support/made_snapshot.h"
#include "support/page.h"

#define AT(second) "\"time\":\"2026-11-24T03:41:" second "Z\",\"target_time\":null"

static void anything_makes_a_sound_page(void **state)
{
    (void)state;
    for (size_t records = 0; records < 40; records += 13) {
        struct kdw_snapshot s;
        struct report r;
        struct page p;

        made_snapshot(&s, records);
        page_report(&r, &s, NULL);
        page_begin(&p);
        report_write(&p.html, &r);
        page_end(&p);
        page_free(&p);
        report_free(&r);
    }
}

/* Every "#place" that the page leads to is there, and each place is there once. */
static void ways_within_the_page_lead_somewhere(void **state)
{
    struct kdw_snapshot s;
    struct report r;
    struct page p;
    const char *text;

    (void)state;
    clean_snapshot(&s);
    page_report(&r, &s,
                "{\"event\":\"mark\"," AT("21.000") ",\"text\":\"here\"}\n"
                                                    "{\"event\":\"sample\"," AT(
                                                        "22.000") ",\"frozen_us\":8000}\n"
                                                                  "{\"event\":\"reboot\"," AT(
                                                                      "23.000") "}\n");
    page_begin(&p);
    report_write(&p.html, &r);
    text = page_end(&p);
    assert_true(page_count(text, " href=\"#") > 10);
    for (const char *at = text; (at = strstr(at, " href=\"#"));) {
        char id[64];
        size_t len;

        at += strlen(" href=\"#");
        len = strcspn(at, "\"");
        assert_true(len < 40);
        snprintf(id, sizeof id, " id=\"%.*s\"", (int)len, at);
        assert_true(page_has(text, id));
        assert_int_equal(page_count(text, id), 1);
    }
    page_free(&p);
    report_free(&r);
}

static void a_page_without_a_snapshot_says_so(void **state)
{
    struct report r;
    struct page p;
    const char *text;

    (void)state;
    page_report(&r, NULL, "{\"event\":\"mark\"," AT("21.000") ",\"text\":\"here\"}\n");
    assert_null(report_last(&r));
    page_begin(&p);
    report_write(&p.html, &r);
    text = page_end(&p);
    assert_true(page_has(text, "There is no snapshot among the inputs"));
    assert_int_equal(page_count(text, "id=\"checks\""), 0);
    page_free(&p);
    report_free(&r);
}

static void names_of_the_target_never_become_markup(void **state)
{
    static const char bad[] = "</td><script>alert(1)</script>\x1b[2J\xe2\x80\xae\xff\"'&";
    struct kdw_snapshot s;
    struct report r;
    struct page p;
    const char *text;

    (void)state;
    clean_snapshot(&s);
    clean_rename(&((struct kdw_process *)clean_record(&s, KDW_TABLE_PROCESSES, CLEAN_LSASS))->name,
                 bad);
    clean_rename(&((struct kdw_logger *)clean_record(&s, KDW_TABLE_LOGGERS, CLEAN_OTHER))->name,
                 bad);
    clean_rename(&clean_variable(&s, "PspJobListLock", 0)->name, bad);
    page_report(
        &r, &s,
        "{\"event\":\"appeared\"," AT(
            "21.000") ",\"table\":\"jobs\",\"address\":\"<b>\","
                      "\"name\":\"<script>alert(2)</script>\",\"record\":{\"<i>\":\"<i>\"}}\n"
                      "{\"event\":\"print\"," AT("21.000") ",\"text\":\"<script>alert(3)\"}\n");
    page_begin(&p);
    report_write(&p.html, &r);
    text = page_end(&p);
    assert_int_equal(page_count(text, "<script"), 1);
    assert_true(page_has(text, "&lt;script&gt;alert(1)"));
    assert_true(page_has(text, "&lt;script&gt;alert(2)"));
    assert_true(page_has(text, "&lt;script&gt;alert(3)"));
    page_free(&p);
    report_free(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(anything_makes_a_sound_page),
        cmocka_unit_test(ways_within_the_page_lead_somewhere),
        cmocka_unit_test(a_page_without_a_snapshot_says_so),
        cmocka_unit_test(names_of_the_target_never_become_markup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
