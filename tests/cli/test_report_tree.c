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

static const char *tree_of(const struct kdw_snapshot *s, struct page *p)
{
    page_begin(p);
    report_tree(&p->html, s);
    return page_end(p);
}

static void processes_stand_in_their_silo(void **state)
{
    struct kdw_snapshot s;
    struct page p;
    const char *text, *silo, *inside;

    (void)state;
    clean_snapshot(&s);
    ((struct kdw_silo *)clean_record(&s, KDW_TABLE_SILOS, CLEAN_JOB))->id = clean_known(136);
    text = tree_of(&s, &p);
    assert_true(page_has(text, "<b>host</b>"));
    silo = strstr(text, "<b>server silo 136</b>");
    assert_non_null(silo);
    assert_true(page_has(silo, "<span class=\"count\">1 process</span>"));
    inside = strstr(silo, "<span class=\"pid\">11900</span> <b>lsass.exe</b>");
    assert_non_null(inside);
    assert_int_equal(page_count(text, "data-t=\"processes\""), 3);
    assert_int_equal(page_count(text, "data-t=\"jobs\""), 1); /* the other is the silo */
    assert_true(page_has(text, "data-t=\"processes\" data-s=\"136\""));
    assert_true(page_has(text, "<span class=\"count\">3 processes</span>"));
    assert_true(page_has(text, "<span class=\"chip k-protected\">Lsa-Light</span>"));
    page_free(&p);
    kdw_snapshot_free(&s);
}

static void who_is_off_the_list_is_marked(void **state)
{
    struct kdw_snapshot s;
    struct page p;
    const char *text;

    (void)state;
    clean_snapshot(&s);
    ((struct kdw_process *)clean_record(&s, KDW_TABLE_PROCESSES, CLEAN_MSMPENG))->found =
        clean_known(KDW_FOUND_CID);
    ((struct kdw_job *)clean_record(&s, KDW_TABLE_JOBS, CLEAN_PLAIN))->found =
        clean_known(KDW_FOUND_PROCESS);
    text = tree_of(&s, &p);
    assert_int_equal(page_count(text, "<span class=\"chip k-fail\">hidden</span>"), 2);
    page_free(&p);
    clean_broken_list(&s, "PsActiveProcessHead", CLEAN_NOWHERE, KD_ERR_PAGED_OUT);
    text = tree_of(&s, &p); /* who is not on half a list is not hidden */
    assert_int_equal(page_count(text, "<span class=\"chip k-fail\">hidden</span>"), 1);
    page_free(&p);
    kdw_snapshot_free(&s);
}

/* Each in the one before, and the first in the last: as deep as a page can bear, and everybody once. */
static void jobs_in_circles_and_deep_ones_end(void **state)
{
    enum { JOBS = 200 };

    (void)state;
    for (int is_circle = 0; is_circle < 2; is_circle++) {
        struct kdw_snapshot s;
        struct page p;

        clean_snapshot(&s);
        for (uint64_t i = 0; i < JOBS; i++) {
            struct kdw_job *job = kdw_snapshot_add(&s, KDW_TABLE_JOBS, 0x100000 + 0x1000 * i);

            assert_non_null(job);
            job->id = clean_known(1000 + i);
            job->parent_va =
                clean_known(i || is_circle ? 0x100000 + 0x1000 * ((i + JOBS - 1) % JOBS) : 0);
        }
        ((struct kdw_process *)clean_record(&s, KDW_TABLE_PROCESSES, CLEAN_LSASS))->job_va =
            clean_known(0x100000 + 0x1000 * (JOBS - 1));
        assert_int_equal(page_count(tree_of(&s, &p), "<b>job 1"), JOBS);
        page_free(&p);
        kdw_snapshot_free(&s);
    }
}

static void without_a_host_nobody_is_lost(void **state)
{
    struct kdw_snapshot s;
    struct page p;

    (void)state;
    clean_snapshot(&s);
    clean_remove(&s, KDW_TABLE_SILOS, 0);
    clean_remove(&s, KDW_TABLE_SILOS, CLEAN_JOB);
    assert_int_equal(page_count(tree_of(&s, &p), "data-t=\"processes\""), 3);
    page_free(&p);
    kdw_snapshot_free(&s);
}

static void where_nothing_is_there_is_no_tree(void **state)
{
    struct kdw_snapshot s = {.build = 19041};
    struct page p;

    (void)state;
    assert_int_equal(page_count(tree_of(&s, &p), "<li"), 0);
    page_free(&p);
    assert_int_equal(page_count(tree_of(NULL, &p), "<section"), 0);
    page_free(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(processes_stand_in_their_silo),
        cmocka_unit_test(who_is_off_the_list_is_marked),
        cmocka_unit_test(jobs_in_circles_and_deep_ones_end),
        cmocka_unit_test(without_a_host_nobody_is_lost),
        cmocka_unit_test(where_nothing_is_there_is_no_tree),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
