/* Loggers tampered with. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/clean_snapshot.h"

#define RECORD(type, table, va) ((struct type *)clean_record(&s, KDW_TABLE_##table, va))
#define ALSO(t)                 (UINT64_C(1) << (t))

static void add_clocks(struct kdw_snapshot *s)
{
    static const char *const names[] = {"EtwpGetSystemTime", "EtwpGetPerfCounter",
                                        "EtwpGetCycleCount", "EtwpGetHostPerfCounter"};

    for (size_t i = 0; i < 4; i++) {
        struct kdw_variable *v =
            kdw_snapshot_add(s, KDW_TABLE_VARIABLES, CLEAN_KERNEL + 0x100 + 0x10 * i);

        assert_non_null(v);
        clean_rename(&v->name, names[i]);
    }
}

static void add_lost_slot(struct kdw_snapshot *s)
{
    struct kdw_logger *l = kdw_snapshot_add(s, KDW_TABLE_LOGGERS, 0);

    assert_non_null(l);
    l->state_va = clean_known(CLEAN_HOST);
    l->slot = clean_known(5);
    l->slot_value = clean_unreadable();
    l->state = clean_known(KDW_LOGGER_LOST_SLOT);
}

static void a_clock_elsewhere_fails(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    RECORD(kdw_logger, LOGGERS, CLEAN_OTHER)->get_cpu_clock = clean_known(CLEAN_NOWHERE);
    clean_assert(&s, 1, KDW_FAIL, 0);
}

static void where_clocks_are_numbers_the_kernels_code_is_none(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    RECORD(kdw_logger, LOGGERS, CLEAN_OTHER)->get_cpu_clock = clean_known(CLEAN_KERNEL + 0x100);
    clean_assert(&s, 1, KDW_FAIL, 0);
}

static void a_clock_is_not_judged_while_the_loggers_mutex_is_held(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    RECORD(kdw_logger, LOGGERS, CLEAN_OTHER)->get_cpu_clock = clean_known(CLEAN_NOWHERE);
    RECORD(kdw_logger, LOGGERS, CLEAN_OTHER)->mutex_owner_va = clean_known(CLEAN_NOWHERE);
    clean_assert(&s, 1, KDW_IN_TRANSITION, 0);
}

static void where_clocks_are_code_it_is_the_kernels_own(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    KDW_EACH(&s, KDW_TABLE_LOGGERS, struct kdw_logger, l)
    RECORD(kdw_logger, LOGGERS, l->va)->get_cpu_clock = clean_known(CLEAN_KERNEL + 0x100);
    clean_assert(&s, 1, KDW_PASS, 0);
}

static void where_clocks_are_code_a_driver_is_none(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    KDW_EACH(&s, KDW_TABLE_LOGGERS, struct kdw_logger, l)
    RECORD(kdw_logger, LOGGERS, l->va)->get_cpu_clock = clean_known(CLEAN_DRIVER + 0x100);
    clean_assert(&s, 1, KDW_FAIL, 0);
}

static void where_all_clocks_are_known_it_is_one_of_them(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    add_clocks(&s);
    KDW_EACH(&s, KDW_TABLE_LOGGERS, struct kdw_logger, l)
    RECORD(kdw_logger, LOGGERS, l->va)->get_cpu_clock = clean_known(CLEAN_KERNEL + 0x110);
    clean_assert(&s, 1, KDW_PASS, 0);
}

static void where_all_clocks_are_known_other_code_of_the_kernel_fails(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    add_clocks(&s);
    KDW_EACH(&s, KDW_TABLE_LOGGERS, struct kdw_logger, l)
    RECORD(kdw_logger, LOGGERS, l->va)->get_cpu_clock = clean_known(CLEAN_KERNEL + 0x118);
    clean_assert(&s, 1, KDW_FAIL, 0);
}

static void an_id_that_is_not_the_slot_fails(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    RECORD(kdw_logger, LOGGERS, CLEAN_OTHER)->id = clean_known(9);
    clean_assert(&s, 3, KDW_FAIL, 0);
}

static void a_logger_of_another_state_fails(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    RECORD(kdw_logger, LOGGERS, CLEAN_OTHER)->own_state_va = clean_known(CLEAN_SILO);
    clean_assert(&s, 3, KDW_FAIL, 0);
}

static void a_name_that_stayed_behind_fails(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    RECORD(kdw_logger, LOGGERS, CLEAN_OTHER)->name_va = clean_known(CLEAN_NOWHERE);
    clean_assert(&s, 3, KDW_FAIL, 0);
}

static void a_slot_of_zero_fails(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    RECORD(kdw_logger, LOGGERS, CLEAN_OTHER)->state = clean_known(KDW_LOGGER_EMPTY_SLOT);
    RECORD(kdw_logger, LOGGERS, CLEAN_OTHER)->slot_value = clean_known(0);
    clean_assert(&s, 3, KDW_FAIL, ALSO(5) | ALSO(10));
}

static void a_logger_that_is_being_stopped_is_in_transition(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    RECORD(kdw_logger, LOGGERS, CLEAN_OTHER)->state = clean_known(KDW_LOGGER_STOPPING);
    RECORD(kdw_logger, LOGGERS, CLEAN_OTHER)->id = clean_known(9);
    clean_assert(&s, 3, KDW_IN_TRANSITION, 0);
}

static void an_array_that_does_not_follow_the_other_fails(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    RECORD(kdw_etw_state, STATES, CLEAN_HOST)->contexts_va = clean_known(CLEAN_NOWHERE);
    RECORD(kdw_etw_state, STATES, CLEAN_HOST)->by_debugger_data = clean_known(CLEAN_NOWHERE);
    clean_assert(&s, 4, KDW_FAIL, 0);
}

static void an_array_in_the_state_is_not_judged(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    KDW_EACH(&s, KDW_TABLE_STATES, struct kdw_etw_state, it)
    RECORD(kdw_etw_state, STATES, it->va)->max_loggers.status = KD_ERR_NOT_FOUND;
    clean_assert(&s, 4, KDW_NOT_APPLICABLE, 0);
}

static void a_logger_that_left_its_slot_is_missed(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    clean_remove(&s, KDW_TABLE_LOGGERS, CLEAN_OTHER);
    clean_assert(&s, 5, KDW_FAIL, ALSO(10));
}

static void a_logger_that_is_being_started_is_counted_before_it_is_there(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    RECORD(kdw_etw_state, STATES, CLEAN_HOST)->session_count = clean_known(5);
    RECORD(kdw_etw_state, STATES, CLEAN_HOST)->start_owner_va = clean_known(CLEAN_NOWHERE);
    clean_assert(&s, 5, KDW_IN_TRANSITION, 0);
}

static void a_logger_may_be_in_a_slot_that_cannot_be_read(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    clean_remove(&s, KDW_TABLE_LOGGERS, CLEAN_OTHER);
    add_lost_slot(&s);
    clean_assert(&s, 5, KDW_UNREADABLE, 0);
}

static void where_nothing_is_counted_nothing_is_missed(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    KDW_EACH(&s, KDW_TABLE_STATES, struct kdw_etw_state, it)
    RECORD(kdw_etw_state, STATES, it->va)->session_count.status = KD_ERR_NOT_FOUND;
    clean_remove(&s, KDW_TABLE_LOGGERS, CLEAN_OTHER);
    clean_assert(&s, 5, KDW_NOT_APPLICABLE, ALSO(10));
}

static void a_logger_that_collects_nothing_fails(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    RECORD(kdw_logger, LOGGERS, CLEAN_OTHER)->collection_on = clean_known(0);
    clean_assert(&s, 18, KDW_FAIL, 0);
}

static void a_logger_that_takes_no_more_providers_fails(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    RECORD(kdw_logger, LOGGERS, CLEAN_OTHER)->flags = clean_known(0x46);
    clean_assert(&s, 18, KDW_FAIL, 0);
}

static void a_logger_with_a_failure_fails(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    RECORD(kdw_logger, LOGGERS, CLEAN_OTHER)->status = clean_known((uint64_t)INT64_C(-1073741823));
    clean_assert(&s, 18, KDW_FAIL, 0);
}

static void a_paused_logger_whose_lock_is_held_is_in_transition(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    RECORD(kdw_logger, LOGGERS, CLEAN_OTHER)->collection_on = clean_known(0);
    RECORD(kdw_logger, LOGGERS, CLEAN_OTHER)->lock = clean_known(1);
    clean_assert(&s, 18, KDW_IN_TRANSITION, 0);
}

static void without_the_security_log_it_fails(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    clean_rename(&RECORD(kdw_logger, LOGGERS, CLEAN_SECURITY)->name, "Another");
    clean_assert(&s, 20, KDW_FAIL, 0);
}

static void the_security_log_may_have_a_name_that_cannot_be_read(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    clean_rename(&RECORD(kdw_logger, LOGGERS, CLEAN_SECURITY)->name, "Another");
    RECORD(kdw_logger, LOGGERS, CLEAN_OTHER)->name.status = KD_ERR_PAGED_OUT;
    clean_assert(&s, 20, KDW_UNREADABLE, 0);
}

static void other_logs_may_be_missing(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    clean_rename(&RECORD(kdw_logger, LOGGERS, CLEAN_DEFENDER)->name, "Another");
    clean_assert(&s, 20, KDW_PASS, 0);
}

static void a_callback_can_be_shown_and_not_judged(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    RECORD(kdw_logger, LOGGERS, CLEAN_OTHER)->callback_context_va = clean_known(CLEAN_NOWHERE);
    clean_assert(&s, 21, KDW_NOT_APPLICABLE, 0);
}

static void fewer_buffers_than_needed_fail(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    RECORD(kdw_logger, LOGGERS, CLEAN_OTHER)->maximum_buffers = clean_known(1);
    clean_assert(&s, 23, KDW_FAIL, 0);
}

static void a_flush_timer_of_more_than_a_day_fails(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    RECORD(kdw_logger, LOGGERS, CLEAN_OTHER)->flush_timer = clean_known(86401);
    clean_assert(&s, 23, KDW_FAIL, 0);
}

static void a_flush_timer_in_milliseconds_is_no_day(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    RECORD(kdw_logger, LOGGERS, CLEAN_OTHER)->flush_timer = clean_known(86401);
    RECORD(kdw_logger, LOGGERS, CLEAN_OTHER)->mode = clean_known(0x110);
    clean_assert(&s, 23, KDW_PASS, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_clock_elsewhere_fails),
        cmocka_unit_test(where_clocks_are_numbers_the_kernels_code_is_none),
        cmocka_unit_test(a_clock_is_not_judged_while_the_loggers_mutex_is_held),
        cmocka_unit_test(where_clocks_are_code_it_is_the_kernels_own),
        cmocka_unit_test(where_clocks_are_code_a_driver_is_none),
        cmocka_unit_test(where_all_clocks_are_known_it_is_one_of_them),
        cmocka_unit_test(where_all_clocks_are_known_other_code_of_the_kernel_fails),
        cmocka_unit_test(an_id_that_is_not_the_slot_fails),
        cmocka_unit_test(a_logger_of_another_state_fails),
        cmocka_unit_test(a_name_that_stayed_behind_fails),
        cmocka_unit_test(a_slot_of_zero_fails),
        cmocka_unit_test(a_logger_that_is_being_stopped_is_in_transition),
        cmocka_unit_test(an_array_that_does_not_follow_the_other_fails),
        cmocka_unit_test(an_array_in_the_state_is_not_judged),
        cmocka_unit_test(a_logger_that_left_its_slot_is_missed),
        cmocka_unit_test(a_logger_that_is_being_started_is_counted_before_it_is_there),
        cmocka_unit_test(a_logger_may_be_in_a_slot_that_cannot_be_read),
        cmocka_unit_test(where_nothing_is_counted_nothing_is_missed),
        cmocka_unit_test(a_logger_that_collects_nothing_fails),
        cmocka_unit_test(a_logger_that_takes_no_more_providers_fails),
        cmocka_unit_test(a_logger_with_a_failure_fails),
        cmocka_unit_test(a_paused_logger_whose_lock_is_held_is_in_transition),
        cmocka_unit_test(without_the_security_log_it_fails),
        cmocka_unit_test(the_security_log_may_have_a_name_that_cannot_be_read),
        cmocka_unit_test(other_logs_may_be_missing),
        cmocka_unit_test(a_callback_can_be_shown_and_not_judged),
        cmocka_unit_test(fewer_buffers_than_needed_fail),
        cmocka_unit_test(a_flush_timer_of_more_than_a_day_fails),
        cmocka_unit_test(a_flush_timer_in_milliseconds_is_no_day),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
