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

static const char *gaps_of(struct report *r, struct page *p, struct kdw_snapshot *s,
                           const char *lines)
{
    page_report(r, s, lines);
    page_begin(p);
    report_gaps(&p->html, r);
    return page_end(p);
}

static void what_could_not_be_read_is_listed_with_its_reason(void **state)
{
    struct kdw_snapshot s;
    struct report r;
    struct page p;
    const char *text;

    (void)state;
    clean_snapshot(&s);
    ((struct kdw_logger *)clean_record(&s, KDW_TABLE_LOGGERS, CLEAN_OTHER))->mode =
        clean_unreadable();
    clean_broken_list(&s, "PspJobList", CLEAN_NOWHERE, KD_ERR_PAGED_OUT);
    s.tables[KDW_TABLE_JOBS].is_cut = true;
    text = gaps_of(&r, &p, &s, NULL);
    assert_true(page_has(text, "<tr data-t=\"loggers\" data-s=\"host\">"));
    assert_true(page_has(text,
                         "<td>logger</td><td>5 DiagLog</td><td class=\"hex\">ffffa80fb0005000</td>"
                         "<td>mode</td><td>not mapped</td>"));
    assert_true(page_has(text, "<td>PspJobList</td>"));
    assert_true(page_has(text, "Too many jobs to be true: the rest"));
    page_free(&p);
    report_free(&r);
}

static void where_nothing_is_missing_that_is_said(void **state)
{
    struct kdw_snapshot s;
    struct report r;
    struct page p;

    (void)state;
    clean_snapshot(&s);
    assert_true(page_has(gaps_of(&r, &p, &s, NULL), "Nothing of the snapshot is missing."));
    page_free(&p);
    report_free(&r);
}

static void what_sampling_cannot_see_is_told(void **state)
{
    struct report r;
    struct page p;
    const char *text =
        gaps_of(&r, &p, NULL,
                "{\"event\":\"end\"," AT("23.000") ",\"unseen\":[\"what <came> and went\",7]}\n");

    (void)state;
    assert_true(page_has(text, "<p class=\"cut\">what &lt;came&gt; and went</p>"));
    page_free(&p);
    report_free(&r);
    text = gaps_of(&r, &p, NULL, "{\"event\":\"reboot\"," AT("23.000") "}\n");
    assert_true(page_has(text, "came and went between two samples are in no event"));
    page_free(&p);
    report_free(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_could_not_be_read_is_listed_with_its_reason),
        cmocka_unit_test(where_nothing_is_missing_that_is_said),
        cmocka_unit_test(what_sampling_cannot_see_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
