#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/capture.h"
#include "support/clean_snapshot.h"
#include "support/lines.h"
#include "views.h"

static void make(struct kdw_snapshot *s)
{
    struct kdw_job *outer, *inner;

    clean_snapshot(s);
    outer = clean_record(s, KDW_TABLE_JOBS, CLEAN_JOB);
    outer->id = clean_known(136);
    outer->found = clean_known(KDW_FOUND_LIST | KDW_FOUND_PROCESS);
    outer->flags = clean_known(1u << 30 | 1u << 31);
    outer->processes_active = clean_known(11);
    inner = clean_record(s, KDW_TABLE_JOBS, CLEAN_PLAIN);
    inner->id = clean_known(7);
    inner->parent_va = clean_known(CLEAN_JOB);
    inner->session_id = clean_unreadable();
    inner->found = clean_known(KDW_FOUND_PROCESS);
}

static void a_tree_shows_jobs_below_theirs(void **state)
{
    struct kdw_snapshot s;
    struct capture c;
    const char *text;

    (void)state;
    make(&s);
    capture_begin(&c, CAPTURE_OUT);
    view_jobs(&s, false, true);
    text = capture_end(&c);
    assert_true(lines_have(text, "136  -       server silo        -      11      -       -  "
                                 "ffffa80fac000000  ContainerTelemetryIdSet"));
    assert_true(lines_have(text, "  7  136     job                ?       -      -       -  "
                                 "ffffa80fac001000  -"));
    assert_true(lines_have(text, "    hidden: not on PspJobList; found by a process's Job"));
    capture_free(&c);
    kdw_snapshot_free(&s);
}

static void what_only_the_list_has_is_marked(void **state)
{
    struct kdw_snapshot s;
    struct kdw_job *job;
    struct capture c;

    (void)state;
    make(&s);
    job = clean_record(&s, KDW_TABLE_JOBS, CLEAN_PLAIN);
    job->found = clean_known(KDW_FOUND_LIST);
    capture_begin(&c, CAPTURE_OUT);
    view_jobs(&s, false, false);
    assert_true(lines_have(capture_end(&c), "    found by PspJobList alone"));
    capture_free(&c);
    kdw_snapshot_free(&s);
}

static void jobs_in_a_circle_are_all_there(void **state)
{
    struct kdw_snapshot s;
    struct kdw_job *job;
    struct capture c;
    const char *text;

    (void)state;
    make(&s);
    job = clean_record(&s, KDW_TABLE_JOBS, CLEAN_JOB);
    job->parent_va = clean_known(CLEAN_PLAIN);
    capture_begin(&c, CAPTURE_OUT);
    view_jobs(&s, true, true);
    text = capture_end(&c);
    assert_non_null(strstr(text, "\n136 "));
    assert_non_null(strstr(text, "\n  7 "));
    capture_free(&c);
    kdw_snapshot_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tree_shows_jobs_below_theirs),
        cmocka_unit_test(what_only_the_list_has_is_marked),
        cmocka_unit_test(jobs_in_a_circle_are_all_there),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
