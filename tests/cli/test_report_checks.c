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

static const char *checks_of(struct kdw_snapshot *s, struct report *r, struct page *p)
{
    page_report(r, s, NULL);
    page_begin(p);
    report_checks(&p->html, r);
    return page_end(p);
}

static void what_failed_comes_first_with_its_evidence(void **state)
{
    struct kdw_snapshot s;
    struct report r;
    struct page p;
    const char *text, *failed;

    (void)state;
    clean_snapshot(&s);
    ((struct kdw_logger *)clean_record(&s, KDW_TABLE_LOGGERS, CLEAN_OTHER))->id = clean_known(99);
    text = checks_of(&s, &r, &p);
    failed = strstr(text, "data-k=\"fail\" open=\"\"");
    assert_non_null(failed);
    assert_true(failed < strstr(text, "data-k=\"pass\""));
    assert_int_equal(page_count(text, "<details class=\"check item\""), KDW_CHECKS);
    assert_true(page_has(failed, "<b>5 DiagLog</b>"));
    assert_true(page_has(failed, " is <code>0x63</code>, should be <code>0x5</code>"));
    page_free(&p);
    report_free(&r);
}

static void on_a_clean_machine_nothing_is_open(void **state)
{
    struct kdw_snapshot s;
    struct report r;
    struct page p;
    const char *text;

    (void)state;
    clean_snapshot(&s);
    text = checks_of(&s, &r, &p);
    assert_true(page_has(text, "<p class=\"note\">0 failed, 0 in transition"));
    assert_int_equal(page_count(text, " open="), 0);
    page_free(&p);
    report_free(&r);
}

static void a_finding_names_the_provider_that_it_is_about(void **state)
{
    struct kdw_snapshot s;
    struct report r;
    struct page p;
    const char *text;

    (void)state;
    clean_snapshot(&s);
    ((struct kdw_enable *)clean_record(&s, KDW_TABLE_ENABLES, CLEAN_THREATS + 0x70))->logger_id =
        clean_known(9);
    text = checks_of(&s, &r, &p);
    assert_true(page_has(text, "of provider f4e1897c-bb5d-5668-f1d8-040f4d8dd344, "
                               "Microsoft-Windows-Threat-Intelligence,"));
    page_free(&p);
    report_free(&r);
}

static void findings_that_were_not_kept_are_counted(void **state)
{
    struct kdw_snapshot s;
    struct report r;
    struct page p;
    const char *text;

    (void)state;
    clean_snapshot(&s);
    for (uint64_t i = 0; i < KDW_FINDINGS_KEPT + 50; i++) {
        struct kdw_variable *v =
            kdw_snapshot_add(&s, KDW_TABLE_VARIABLES, CLEAN_KERNEL + 0x900000 + 8 * i);

        assert_non_null(v);
        clean_rename(&v->name, "HalPrivateDispatchTable");
        v->name.status = KD_OK;
        v->index = clean_known(10 + i);
        v->value = clean_known(CLEAN_NOWHERE);
    }
    text = checks_of(&s, &r, &p);
    assert_true(page_has(text, "And 50 more findings like these."));
    page_free(&p);
    report_free(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_failed_comes_first_with_its_evidence),
        cmocka_unit_test(on_a_clean_machine_nothing_is_open),
        cmocka_unit_test(a_finding_names_the_provider_that_it_is_about),
        cmocka_unit_test(findings_that_were_not_kept_are_counted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
