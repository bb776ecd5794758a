/* The security log and the kernel loggers tampered with. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/clean_snapshot.h"

#define RECORD(type, table, va) ((struct type *)clean_record(&s, KDW_TABLE_##table, va))
#define ALSO(t)                 (UINT64_C(1) << (t))

static void a_cleared_mask_fails(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    RECORD(kdw_etw_state, STATES, CLEAN_HOST)->security_mask = clean_known(0);
    clean_assert(&s, 15, KDW_FAIL, 0);
}

static void a_mask_with_a_bit_more_fails(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    RECORD(kdw_etw_state, STATES, CLEAN_HOST)->security_mask = clean_known(3);
    clean_assert(&s, 15, KDW_FAIL, 0);
}

static void another_first_logger_fails(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    RECORD(kdw_security_logger, SECURITY, CLEAN_HOST + 0xfb8)->logger_id = clean_known(4);
    clean_assert(&s, 15, KDW_FAIL, 0);
}

static void no_first_logger_fails(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    clean_remove(&s, KDW_TABLE_SECURITY, CLEAN_HOST + 0xfb8);
    clean_assert(&s, 15, KDW_FAIL, 0);
}

static void a_slot_that_is_not_enabled_fails(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    clean_remove(&s, KDW_TABLE_ENABLES, CLEAN_EMBEDDED + 0x70);
    clean_assert(&s, 15, KDW_FAIL, 0);
}

static void a_slot_with_a_lower_level_fails(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    RECORD(kdw_enable, ENABLES, CLEAN_EMBEDDED + 0x70)->level = clean_known(1);
    clean_assert(&s, 15, KDW_FAIL, 0);
}

static void a_slot_without_keywords_fails(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    RECORD(kdw_enable, ENABLES, CLEAN_EMBEDDED + 0x70)->any_keyword = clean_known(0);
    clean_assert(&s, 15, KDW_FAIL, 0);
}

static void a_slot_for_another_logger_fails(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    RECORD(kdw_enable, ENABLES, CLEAN_EMBEDDED + 0x70)->logger_id = clean_known(4);
    clean_assert(&s, 15, KDW_FAIL, 0);
}

static void a_logger_that_is_not_marked_fails(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    RECORD(kdw_logger, LOGGERS, CLEAN_SECURITY)->flags = clean_known(0xe);
    clean_assert(&s, 15, KDW_FAIL, 0);
}

static void a_logger_that_is_marked_and_not_listed_fails(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    RECORD(kdw_logger, LOGGERS, CLEAN_OTHER)->flags = clean_known(0x4006);
    clean_assert(&s, 15, KDW_FAIL, 0);
}

static void a_security_logger_is_stopped_under_its_mutex(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    RECORD(kdw_etw_state, STATES, CLEAN_HOST)->security_mask = clean_known(0);
    RECORD(kdw_etw_state, STATES, CLEAN_HOST)->start_owner_va = clean_known(CLEAN_NOWHERE);
    clean_assert(&s, 15, KDW_IN_TRANSITION, 0);
}

static void another_process_as_security_provider_fails(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    RECORD(kdw_etw_state, STATES, CLEAN_HOST)->security_pid = clean_known(2936);
    clean_assert(&s, 16, KDW_FAIL, 0);
}

static void no_such_process_fails(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    RECORD(kdw_etw_state, STATES, CLEAN_HOST)->security_pid = clean_known(4711);
    clean_assert(&s, 16, KDW_FAIL, 0);
}

static void the_lsass_of_a_silo_is_not_the_hosts(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    RECORD(kdw_etw_state, STATES, CLEAN_HOST)->security_pid = clean_known(11900);
    clean_assert(&s, 16, KDW_FAIL, 0);
}

static void nobody_registered_is_no_failure(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    RECORD(kdw_etw_state, STATES, CLEAN_HOST)->security_pid = clean_known(0);
    clean_assert(&s, 16, KDW_NOT_APPLICABLE, 0);
}

static void a_process_whose_name_cannot_be_read_may_be_it(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    RECORD(kdw_process, PROCESSES, CLEAN_LSASS)->name.status = KD_ERR_PAGED_OUT;
    clean_assert(&s, 16, KDW_UNREADABLE, 0);
}

static void a_cleared_bitmap_fails(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    RECORD(kdw_etw_state, STATES, CLEAN_HOST)->active_system_loggers = clean_known(0);
    clean_assert(&s, 17, KDW_FAIL, 0);
}

static void a_bit_for_nobody_fails(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    RECORD(kdw_etw_state, STATES, CLEAN_HOST)->active_system_loggers = clean_known(6);
    clean_assert(&s, 17, KDW_FAIL, 0);
}

static void an_entry_that_is_gone_fails(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    clean_remove(&s, KDW_TABLE_SYSTEM, CLEAN_HOST + 0x104e);
    clean_assert(&s, 17, KDW_FAIL, 0);
}

static void an_entry_for_another_logger_fails(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    RECORD(kdw_system_logger, SYSTEM, CLEAN_HOST + 0x104e)->logger_id = clean_known(5);
    clean_assert(&s, 17, KDW_FAIL, 0);
}

static void a_logger_with_another_index_fails(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    RECORD(kdw_logger, LOGGERS, CLEAN_CIRCULAR)->flags = clean_known(0x20026);
    clean_assert(&s, 17, KDW_FAIL, 0);
}

static void a_logger_that_lost_its_mark_fails(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    RECORD(kdw_logger, LOGGERS, CLEAN_CIRCULAR)->flags = clean_known(0x10006);
    clean_assert(&s, 17, KDW_FAIL, 0);
}

static void groups_that_were_cleared_fail(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    RECORD(kdw_system_logger, SYSTEM, CLEAN_HOST + 0x104e)->groups[1] = clean_known(0);
    clean_assert(&s, 17, KDW_FAIL, 0);
}

static void a_kernel_logger_is_started_under_its_mutex(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    RECORD(kdw_etw_state, STATES, CLEAN_HOST)->active_system_loggers = clean_known(0);
    RECORD(kdw_etw_state, STATES, CLEAN_HOST)->start_owner_va = clean_known(CLEAN_NOWHERE);
    clean_assert(&s, 17, KDW_IN_TRANSITION, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cleared_mask_fails),
        cmocka_unit_test(a_mask_with_a_bit_more_fails),
        cmocka_unit_test(another_first_logger_fails),
        cmocka_unit_test(no_first_logger_fails),
        cmocka_unit_test(a_slot_that_is_not_enabled_fails),
        cmocka_unit_test(a_slot_with_a_lower_level_fails),
        cmocka_unit_test(a_slot_without_keywords_fails),
        cmocka_unit_test(a_slot_for_another_logger_fails),
        cmocka_unit_test(a_logger_that_is_not_marked_fails),
        cmocka_unit_test(a_logger_that_is_marked_and_not_listed_fails),
        cmocka_unit_test(a_security_logger_is_stopped_under_its_mutex),
        cmocka_unit_test(another_process_as_security_provider_fails),
        cmocka_unit_test(no_such_process_fails),
        cmocka_unit_test(the_lsass_of_a_silo_is_not_the_hosts),
        cmocka_unit_test(nobody_registered_is_no_failure),
        cmocka_unit_test(a_process_whose_name_cannot_be_read_may_be_it),
        cmocka_unit_test(a_cleared_bitmap_fails),
        cmocka_unit_test(a_bit_for_nobody_fails),
        cmocka_unit_test(an_entry_that_is_gone_fails),
        cmocka_unit_test(an_entry_for_another_logger_fails),
        cmocka_unit_test(a_logger_with_another_index_fails),
        cmocka_unit_test(a_logger_that_lost_its_mark_fails),
        cmocka_unit_test(groups_that_were_cleared_fail),
        cmocka_unit_test(a_kernel_logger_is_started_under_its_mutex),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
