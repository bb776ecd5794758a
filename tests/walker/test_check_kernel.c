/* What leads the kernel tampered with. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/clean_snapshot.h"

#define RECORD(type, table, va) ((struct type *)clean_record(&s, KDW_TABLE_##table, va))
#define ALSO(t)                 (UINT64_C(1) << (t))

static void a_function_of_the_hal_elsewhere_fails(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    clean_variable(&s, "HalPrivateDispatchTable", 1)->value = clean_known(CLEAN_NOWHERE);
    clean_assert(&s, 2, KDW_FAIL, 0);
}

static void its_version_leads_nowhere_and_is_no_function(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    clean_variable(&s, "HalPrivateDispatchTable", 0)->value = clean_known(0x77);
    clean_assert(&s, 2, KDW_PASS, 0);
}

static void modules_that_are_not_known_may_have_it(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    clean_variable(&s, "HalPrivateDispatchTable", 1)->value = clean_known(CLEAN_NOWHERE);
    s.tables[KDW_TABLE_MODULES].is_cut = true;
    clean_assert(&s, 2, KDW_UNREADABLE, 0);
}

static void a_routine_for_files_elsewhere_fails(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    clean_variable(&s, "EtwpFileIoNotifyRoutines", 3)->value = clean_known(CLEAN_NOWHERE);
    clean_assert(&s, 22, KDW_FAIL, 0);
}

static void a_routine_for_disks_in_a_driver_fails(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    clean_variable(&s, "EtwpDiskIoNotifyRoutines", 0)->value = clean_known(CLEAN_DRIVER + 8);
    clean_assert(&s, 22, KDW_FAIL, 0);
}

static void a_routine_that_is_not_there_is_no_failure(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    clean_variable(&s, "EtwpDiskIoNotifyRoutines", 0)->value = clean_known(0);
    clean_assert(&s, 22, KDW_PASS, 0);
}

static void another_state_by_the_pointer_fails(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    RECORD(kdw_etw_state, STATES, CLEAN_HOST)->by_host_pointer = clean_known(CLEAN_NOWHERE);
    clean_assert(&s, 24, KDW_FAIL, 0);
}

static void another_state_by_the_globals_fails(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    RECORD(kdw_etw_state, STATES, CLEAN_HOST)->by_silo_globals = clean_known(CLEAN_NOWHERE);
    clean_assert(&s, 24, KDW_FAIL, 0);
}

static void another_array_by_the_debuggers_data_fails(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    RECORD(kdw_etw_state, STATES, CLEAN_HOST)->by_debugger_data = clean_known(CLEAN_NOWHERE);
    clean_assert(&s, 24, KDW_FAIL, 0);
}

static void a_state_that_names_another_silo_fails(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    RECORD(kdw_etw_state, STATES, CLEAN_SILO)->own_silo_va = clean_known(0);
    clean_assert(&s, 24, KDW_FAIL, 0);
}

static void a_state_that_names_other_globals_fails(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    RECORD(kdw_etw_state, STATES, CLEAN_SILO)->own_globals_va = clean_known(CLEAN_NOWHERE);
    clean_assert(&s, 24, KDW_FAIL, 0);
}

static void a_shutdown_that_is_none_fails(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    RECORD(kdw_etw_state, STATES, CLEAN_HOST)->shutdown = clean_known(1);
    clean_assert(&s, 26, KDW_FAIL, 0);
}

static void the_shutdown_of_a_silo_fails_too(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    RECORD(kdw_etw_state, STATES, CLEAN_SILO)->shutdown = clean_known(1);
    clean_assert(&s, 26, KDW_FAIL, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_function_of_the_hal_elsewhere_fails),
        cmocka_unit_test(its_version_leads_nowhere_and_is_no_function),
        cmocka_unit_test(modules_that_are_not_known_may_have_it),
        cmocka_unit_test(a_routine_for_files_elsewhere_fails),
        cmocka_unit_test(a_routine_for_disks_in_a_driver_fails),
        cmocka_unit_test(a_routine_that_is_not_there_is_no_failure),
        cmocka_unit_test(another_state_by_the_pointer_fails),
        cmocka_unit_test(another_state_by_the_globals_fails),
        cmocka_unit_test(another_array_by_the_debuggers_data_fails),
        cmocka_unit_test(a_state_that_names_another_silo_fails),
        cmocka_unit_test(a_state_that_names_other_globals_fails),
        cmocka_unit_test(a_shutdown_that_is_none_fails),
        cmocka_unit_test(the_shutdown_of_a_silo_fails_too),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
