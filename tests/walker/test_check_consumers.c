/* Consumers tampered with. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/clean_snapshot.h"

#define RECORD(type, table, va) ((struct type *)clean_record(&s, KDW_TABLE_##table, va))
#define ALSO(t)                 (UINT64_C(1) << (t))

static void a_consumer_that_is_not_listed_fails(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    clean_remove(&s, KDW_TABLE_CONSUMERS, CLEAN_DEFENDER + CLEAN_CONSUMER);
    clean_assert(&s, 19, KDW_FAIL, ALSO(12));
}

static void a_consumer_that_is_not_counted_either_has_its_handle(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    clean_remove(&s, KDW_TABLE_CONSUMERS, CLEAN_SECURITY + CLEAN_CONSUMER);
    RECORD(kdw_logger, LOGGERS, CLEAN_SECURITY)->consumers = clean_known(0);
    clean_assert(&s, 19, KDW_FAIL, 0);
}

static void a_consumer_that_is_being_connected_is_in_transition(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    RECORD(kdw_logger, LOGGERS, CLEAN_DEFENDER)->consumers = clean_known(2);
    RECORD(kdw_logger, LOGGERS, CLEAN_DEFENDER)->mutex_owner_va = clean_known(CLEAN_NOWHERE);
    clean_assert(&s, 19, KDW_IN_TRANSITION, 0);
}

static void one_that_is_on_its_way_is_in_transition(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    RECORD(kdw_logger, LOGGERS, CLEAN_DEFENDER)->consumers = clean_known(2);
    RECORD(kdw_logger, LOGGERS, CLEAN_DEFENDER)->transition_consumer_va =
        clean_known(CLEAN_NOWHERE);
    clean_assert(&s, 19, KDW_IN_TRANSITION, 0);
}

static void a_consumer_of_another_logger_fails(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    RECORD(kdw_consumer, CONSUMERS, CLEAN_DEFENDER + CLEAN_CONSUMER)->logger_id = clean_known(9);
    clean_assert(&s, 19, KDW_FAIL, 0);
}

static void a_consumer_of_no_process_fails(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    RECORD(kdw_consumer, CONSUMERS, CLEAN_DEFENDER + CLEAN_CONSUMER)->process_va =
        clean_known(CLEAN_NOWHERE);
    clean_assert(&s, 19, KDW_FAIL, 0);
}

static void a_consumer_of_a_hidden_process_fails(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    RECORD(kdw_process, PROCESSES, CLEAN_MSMPENG)->found = clean_known(KDW_FOUND_CID);
    clean_assert(&s, 19, KDW_FAIL, 0);
}

static void behind_a_break_in_the_list_of_processes_it_may_be(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    RECORD(kdw_process, PROCESSES, CLEAN_MSMPENG)->found = clean_known(KDW_FOUND_CID);
    clean_broken_list(&s, "PsActiveProcessHead", 0, KD_ERR_NOT_MAPPED);
    clean_assert(&s, 19, KDW_UNREADABLE, 0);
}

static void a_consumer_that_nobody_has_opened_fails(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    clean_remove(&s, KDW_TABLE_HANDLES, CLEAN_DEFENDER + CLEAN_HANDLE);
    clean_assert(&s, 19, KDW_FAIL, 0);
}

static void a_consumer_that_is_leaving_is_in_transition(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    clean_remove(&s, KDW_TABLE_HANDLES, CLEAN_DEFENDER + CLEAN_HANDLE);
    RECORD(kdw_consumer, CONSUMERS, CLEAN_DEFENDER + CLEAN_CONSUMER)->flags = clean_known(1);
    clean_assert(&s, 19, KDW_IN_TRANSITION, 0);
}

static void a_handle_that_cannot_be_read_may_be_it(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    RECORD(kdw_consumer_handle, HANDLES, CLEAN_DEFENDER + CLEAN_HANDLE)->object_va =
        clean_unreadable();
    clean_assert(&s, 19, KDW_UNREADABLE, 0);
}

static void a_list_of_consumers_that_is_damaged_fails(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    clean_broken_list(&s, "Consumers", CLEAN_DEFENDER, KD_ERR_MISMATCH);
    clean_assert(&s, 19, KDW_FAIL, 0);
}

static void a_list_of_consumers_that_cannot_be_read_does_not(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    clean_broken_list(&s, "Consumers", CLEAN_DEFENDER, KD_ERR_NOT_MAPPED);
    RECORD(kdw_logger, LOGGERS, CLEAN_DEFENDER)->consumers = clean_known(3);
    clean_assert(&s, 19, KDW_UNREADABLE, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_consumer_that_is_not_listed_fails),
        cmocka_unit_test(a_consumer_that_is_not_counted_either_has_its_handle),
        cmocka_unit_test(a_consumer_that_is_being_connected_is_in_transition),
        cmocka_unit_test(one_that_is_on_its_way_is_in_transition),
        cmocka_unit_test(a_consumer_of_another_logger_fails),
        cmocka_unit_test(a_consumer_of_no_process_fails),
        cmocka_unit_test(a_consumer_of_a_hidden_process_fails),
        cmocka_unit_test(behind_a_break_in_the_list_of_processes_it_may_be),
        cmocka_unit_test(a_consumer_that_nobody_has_opened_fails),
        cmocka_unit_test(a_consumer_that_is_leaving_is_in_transition),
        cmocka_unit_test(a_handle_that_cannot_be_read_may_be_it),
        cmocka_unit_test(a_list_of_consumers_that_is_damaged_fails),
        cmocka_unit_test(a_list_of_consumers_that_cannot_be_read_does_not),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
