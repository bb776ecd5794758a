#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "layers_keep.h"
#include "support/clean_snapshot.h"

static void what_is_not_its_own_is_left_out(void **state)
{
    struct kdw_registration *r;
    struct kdw_process *p;
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    r = clean_record(&s, KDW_TABLE_REGISTRATIONS, CLEAN_SILOED + CLEAN_REG);
    r->process_va = clean_known(CLEAN_INSIDE);
    p = clean_record(&s, KDW_TABLE_PROCESSES, CLEAN_INSIDE);
    p->parent_pid = clean_known(700);
    layers_keep(&s, CLEAN_INSIDE);
    assert_int_equal(s.tables[KDW_TABLE_PROCESSES].len, 2); /* and its parent */
    assert_non_null(kdw_snapshot_find(&s, KDW_TABLE_PROCESSES, CLEAN_LSASS));
    assert_int_equal(s.tables[KDW_TABLE_JOBS].len, 1);
    assert_non_null(kdw_snapshot_find(&s, KDW_TABLE_JOBS, CLEAN_JOB));
    assert_int_equal(s.tables[KDW_TABLE_SILOS].len, 1);
    assert_int_equal(s.tables[KDW_TABLE_CONSUMERS].len, 1);
    assert_int_equal(s.tables[KDW_TABLE_REGISTRATIONS].len, 1);
    assert_int_equal(s.tables[KDW_TABLE_PROVIDERS].len, 1);
    assert_int_equal(s.tables[KDW_TABLE_ENABLES].len, 1);
    assert_int_equal(s.tables[KDW_TABLE_LOGGERS].len, 1);
    assert_non_null(kdw_snapshot_find(&s, KDW_TABLE_LOGGERS, CLEAN_SILOS));
    kdw_snapshot_free(&s);
}

static void jobs_in_a_circle_end(void **state)
{
    struct kdw_process *p;
    struct kdw_job *job;
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    job = clean_record(&s, KDW_TABLE_JOBS, CLEAN_PLAIN);
    job->parent_va = clean_known(CLEAN_PLAIN);
    p = clean_record(&s, KDW_TABLE_PROCESSES, CLEAN_LSASS);
    p->job_va = clean_known(CLEAN_PLAIN);
    layers_keep(&s, CLEAN_LSASS);
    assert_int_equal(s.tables[KDW_TABLE_JOBS].len, 1);
    assert_int_equal(s.tables[KDW_TABLE_PROCESSES].len, 1);
    kdw_snapshot_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_its_own_is_left_out),
        cmocka_unit_test(jobs_in_a_circle_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
