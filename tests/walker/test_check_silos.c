/* Silos tampered with. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/clean_snapshot.h"

#define RECORD(type, table, va) ((struct type *)clean_record(&s, KDW_TABLE_##table, va))
#define ALSO(t)                 (UINT64_C(1) << (t))

static void a_job_that_is_not_listed_fails(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    RECORD(kdw_job, JOBS, CLEAN_JOB)->found = clean_known(KDW_FOUND_PROCESS);
    clean_assert(&s, 25, KDW_FAIL, 0);
}

static void a_job_that_is_being_deleted_need_not_be(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    RECORD(kdw_job, JOBS, CLEAN_PLAIN)->found = clean_known(KDW_FOUND_PROCESS);
    RECORD(kdw_job, JOBS, CLEAN_PLAIN)->pointer_count = clean_known(0);
    clean_assert(&s, 25, KDW_PASS, 0);
}

static void a_job_leaves_the_list_under_its_lock(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    RECORD(kdw_job, JOBS, CLEAN_PLAIN)->found = clean_known(KDW_FOUND_PROCESS);
    clean_variable(&s, "PspJobListLock", 0)->value = clean_known(1);
    clean_assert(&s, 25, KDW_IN_TRANSITION, 0);
}

static void a_damaged_list_fails(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    clean_broken_list(&s, "PspJobList", 0, KD_ERR_MISMATCH);
    clean_assert(&s, 25, KDW_FAIL, 0);
}

static void a_damaged_list_under_its_lock_is_in_transition(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    clean_broken_list(&s, "PspJobList", 0, KD_ERR_MISMATCH);
    clean_variable(&s, "PspJobListLock", 0)->value = clean_known(1);
    clean_assert(&s, 25, KDW_IN_TRANSITION, 0);
}

static void behind_a_break_jobs_are_not_hidden(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    RECORD(kdw_job, JOBS, CLEAN_PLAIN)->found = clean_known(KDW_FOUND_PROCESS);
    clean_broken_list(&s, "PspJobList", 0, KD_ERR_NOT_MAPPED);
    clean_assert(&s, 25, KDW_UNREADABLE, 0);
}

static void globals_without_a_silo_fail(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    RECORD(kdw_job, JOBS, CLEAN_JOB)->flags = clean_known(0);
    clean_assert(&s, 25, KDW_FAIL, 0);
}

static void a_server_silo_in_a_silo_fails(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    RECORD(kdw_job, JOBS, CLEAN_PLAIN)->flags = clean_known(1 << 30);
    RECORD(kdw_job, JOBS, CLEAN_JOB)->parent_va = clean_known(CLEAN_PLAIN);
    clean_assert(&s, 25, KDW_FAIL, 0);
}

static void parents_in_a_circle_end(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    RECORD(kdw_job, JOBS, CLEAN_JOB)->parent_va = clean_known(CLEAN_PLAIN);
    RECORD(kdw_job, JOBS, CLEAN_PLAIN)->parent_va = clean_known(CLEAN_PLAIN);
    clean_assert(&s, 25, KDW_PASS, 0);
}

static void a_process_that_names_another_silo_fails(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    RECORD(kdw_process, PROCESSES, CLEAN_INSIDE)->own_silo_va = clean_known(0);
    clean_assert(&s, 25, KDW_FAIL, 0);
}

static void a_process_whose_job_is_provisional_is_in_transition(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    RECORD(kdw_process, PROCESSES, CLEAN_INSIDE)->own_silo_va = clean_known(0);
    RECORD(kdw_process, PROCESSES, CLEAN_INSIDE)->job_not_active = clean_known(1);
    clean_assert(&s, 25, KDW_IN_TRANSITION, 0);
}

static void a_cleared_sum_of_a_silo_fails_for_the_silo_alone(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    RECORD(kdw_provider, PROVIDERS, CLEAN_SILOED)->enabled = clean_known(0);
    clean_assert(&s, 27, KDW_FAIL, 0);
}

static void a_lock_of_a_silo_is_looked_at_too(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    RECORD(kdw_provider, PROVIDERS, CLEAN_SILOED)->enabled = clean_known(0);
    RECORD(kdw_provider, PROVIDERS, CLEAN_SILOED)->lock = clean_known(1);
    clean_assert(&s, 27, KDW_IN_TRANSITION, 0);
}

static void a_paused_logger_of_a_silo_fails_for_the_silo_alone(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    RECORD(kdw_logger, LOGGERS, CLEAN_SILOS)->collection_on = clean_known(0);
    clean_assert(&s, 27, KDW_FAIL, 0);
}

static void a_stolen_role_in_a_silo_fails_for_the_silo_alone(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    RECORD(kdw_etw_state, STATES, CLEAN_SILO)->security_pid = clean_known(700);
    clean_assert(&s, 27, KDW_FAIL, 0);
}

static void a_kernel_without_server_silos_has_none_to_check(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    clean_remove(&s, KDW_TABLE_STATES, CLEAN_SILO);
    clean_assert(&s, 27, KDW_NOT_APPLICABLE, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_job_that_is_not_listed_fails),
        cmocka_unit_test(a_job_that_is_being_deleted_need_not_be),
        cmocka_unit_test(a_job_leaves_the_list_under_its_lock),
        cmocka_unit_test(a_damaged_list_fails),
        cmocka_unit_test(a_damaged_list_under_its_lock_is_in_transition),
        cmocka_unit_test(behind_a_break_jobs_are_not_hidden),
        cmocka_unit_test(globals_without_a_silo_fail),
        cmocka_unit_test(a_server_silo_in_a_silo_fails),
        cmocka_unit_test(parents_in_a_circle_end),
        cmocka_unit_test(a_process_that_names_another_silo_fails),
        cmocka_unit_test(a_process_whose_job_is_provisional_is_in_transition),
        cmocka_unit_test(a_cleared_sum_of_a_silo_fails_for_the_silo_alone),
        cmocka_unit_test(a_lock_of_a_silo_is_looked_at_too),
        cmocka_unit_test(a_paused_logger_of_a_silo_fails_for_the_silo_alone),
        cmocka_unit_test(a_stolen_role_in_a_silo_fails_for_the_silo_alone),
        cmocka_unit_test(a_kernel_without_server_silos_has_none_to_check),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
