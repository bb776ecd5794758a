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
#include "support/page.h"

static const char *page_of(struct kdw_snapshot *s, struct page *p)
{
    struct report r;
    const char *text;

    page_report(&r, s, s ? NULL : "{\"event\":\"reboot\",\"time\":\"2026-11-24T03:41:21.000Z\"}\n");
    page_begin(p);
    report_page_start(&p->html, &r);
    report_page_end(&p->html);
    text = page_end(p);
    report_free(&r);
    return text;
}

static void nothing_may_run_or_be_fetched_but_what_is_in_it(void **state)
{
    struct kdw_snapshot s;
    struct page p;
    const char *text;

    (void)state;
    clean_snapshot(&s);
    text = page_of(&s, &p);
    assert_true(page_has(text, "content=\"default-src &#39;none&#39;; style-src &#39;sha256-"));
    assert_int_equal(page_count(text, "&#39;sha256-"), 2);
    assert_int_equal(page_count(text, "unsafe-inline"), 0);
    assert_int_equal(page_count(text, "http:"), 0);
    assert_int_equal(page_count(text, "https:"), 0);
    assert_int_equal(page_count(text, "url("), 0);
    assert_int_equal(page_count(text, "@import"), 0);
    page_free(&p);
}

/* That the policy has their hashes, a browser checks: tests/e2e/test_report.py. */
static void style_and_script_stand_as_they_were_written(void **state)
{
    struct kdw_snapshot s;
    struct page p;
    const char *style, *script;

    (void)state;
    clean_snapshot(&s);
    style = strstr(page_of(&s, &p), "<style>");
    assert_non_null(style);
    assert_memory_equal(style + strlen("<style>"), report_css, report_css_len);
    script = strstr(style, "<script>");
    assert_non_null(script);
    assert_memory_equal(script + strlen("<script>"), report_js, report_js_len);
    page_free(&p);
}

static void the_way_leads_to_the_sections_that_there_are(void **state)
{
    struct kdw_snapshot s;
    struct page p;
    const char *text;

    (void)state;
    clean_snapshot(&s);
    text = page_of(&s, &p);
    assert_true(page_has(text, "<title>kdwalk report: build 19041</title>"));
    assert_true(page_has(text, "href=\"#checks\""));
    assert_int_equal(page_count(text, "href=\"#events\""), 0);
    page_free(&p);
    text = page_of(NULL, &p);
    assert_true(page_has(text, "href=\"#events\""));
    assert_int_equal(page_count(text, "href=\"#checks\""), 0);
    page_free(&p);
}

static void the_search_waits_for_the_script(void **state)
{
    struct kdw_snapshot s;
    struct page p;

    (void)state;
    clean_snapshot(&s);
    assert_true(page_has(page_of(&s, &p), "<div id=\"search\" role=\"search\" hidden=\"\">"));
    page_free(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_may_run_or_be_fetched_but_what_is_in_it),
        cmocka_unit_test(style_and_script_stand_as_they_were_written),
        cmocka_unit_test(the_way_leads_to_the_sections_that_there_are),
        cmocka_unit_test(the_search_waits_for_the_script),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
