#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "report_input.h"
#include "report_parts.h"
#include "support/clean_snapshot.h"
#include "support/page.h"

static const char *diff_of(struct report *r, struct page *p, struct kdw_snapshot *from,
                           struct kdw_snapshot *to)
{
    struct kd_diag diag = {{0}};

    *r = (struct report){.states_len = 0};
    assert_int_equal(report_add_snapshot(r, "before.json", from, &diag), KD_OK);
    assert_int_equal(report_add_snapshot(r, "after.json", to, &diag), KD_OK);
    assert_int_equal(report_settle(r, &diag), KD_OK);
    page_begin(p);
    report_diffs(&p->html, r);
    return page_end(p);
}

static void what_differs_is_a_row_each(void **state)
{
    struct kdw_snapshot a, b;
    struct report r;
    struct page p;
    const char *text;

    (void)state;
    clean_snapshot(&a);
    clean_snapshot(&b);
    ((struct kdw_process *)clean_record(&b, KDW_TABLE_PROCESSES, CLEAN_LSASS))->protection =
        clean_known(0);
    clean_remove(&b, KDW_TABLE_JOBS, CLEAN_PLAIN);
    text = diff_of(&r, &p, &a, &b);
    assert_true(page_has(text, "<h3>before.json \xe2\x86\x92 after.json</h3>"));
    assert_int_equal(page_count(text, "<tr class=\"r-"), 2);
    assert_true(page_has(
        text, "<tr class=\"r-changed\" data-k=\"changed\" data-t=\"processes\" data-s=\"host\">"));
    assert_true(page_has(text, "<b>700 lsass.exe</b>"));
    assert_true(page_has(text,
                         "<code class=\"fact\">protection</code> <span class=\"from\">0x41</span> "
                         "\xe2\x86\x92 <span class=\"to\">0x0</span>"));
    assert_true(page_has(text, "<tr class=\"r-vanished\" data-k=\"vanished\" data-t=\"jobs\""));
    page_free(&p);
    report_free(&r);
}

static void the_same_twice_has_no_difference(void **state)
{
    struct kdw_snapshot a, b;
    struct report r;
    struct page p;

    (void)state;
    clean_snapshot(&a);
    clean_snapshot(&b);
    assert_true(page_has(diff_of(&r, &p, &a, &b), "<p>No difference.</p>"));
    page_free(&p);
    report_free(&r);
}

static void what_cannot_be_compared_is_counted_and_other_boots_are_told(void **state)
{
    struct kdw_snapshot a, b;
    struct report r;
    struct page p;
    const char *text;

    (void)state;
    clean_snapshot(&a);
    clean_snapshot(&b);
    b.kernel_base_va += 0x1000;
    ((struct kdw_process *)clean_record(&b, KDW_TABLE_PROCESSES, CLEAN_LSASS))->protection =
        clean_unreadable();
    text = diff_of(&r, &p, &a, &b);
    assert_true(page_has(text, "1 facts and records could not be compared."));
    assert_true(page_has(text, "These are two machines, or two boots of one"));
    page_free(&p);
    report_free(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_differs_is_a_row_each),
        cmocka_unit_test(the_same_twice_has_no_difference),
        cmocka_unit_test(what_cannot_be_compared_is_counted_and_other_boots_are_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
