/* Registrations tampered with. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/clean_snapshot.h"

#define RECORD(type, table, va) ((struct type *)clean_record(&s, KDW_TABLE_##table, va))
#define ALSO(t)                 (UINT64_C(1) << (t))

static void a_handle_of_zero_fails(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    clean_variable(&s, "EtwThreatIntProvRegHandle", 0)->value = clean_known(0);
    clean_assert(&s, 11, KDW_FAIL, 0);
}

static void a_handle_that_leads_elsewhere_fails(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    clean_variable(&s, "EtwThreatIntProvRegHandle", 0)->value = clean_known(CLEAN_NOWHERE);
    clean_assert(&s, 11, KDW_FAIL, 0);
}

static void a_handle_to_anothers_registration_fails(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    clean_variable(&s, "EtwThreatIntProvRegHandle", 0)->value =
        clean_known(CLEAN_MEMBER + CLEAN_REG);
    clean_assert(&s, 11, KDW_FAIL, 0);
}

static void a_handle_to_a_programs_registration_fails(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    RECORD(kdw_registration, REGISTRATIONS, CLEAN_THREATS + CLEAN_REG)->flags = clean_known(0xa2);
    clean_assert(&s, 11, KDW_FAIL, 0);
}

static void a_handle_may_lead_behind_a_break_in_a_list(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    clean_variable(&s, "EtwThreatIntProvRegHandle", 0)->value = clean_known(CLEAN_NOWHERE);
    clean_broken_list(&s, "RegListHead", CLEAN_GROUP, KD_ERR_NOT_MAPPED);
    clean_assert(&s, 11, KDW_UNREADABLE, 0);
}

static void kernels_without_handles_are_not_judged(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    clean_rename(&clean_variable(&s, "EtwThreatIntProvRegHandle", 0)->name, "Another");
    clean_assert(&s, 11, KDW_NOT_APPLICABLE, 0);
}

static void a_zeroed_mask_fails(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    RECORD(kdw_registration, REGISTRATIONS, CLEAN_THREATS + CLEAN_REG)->enable_mask =
        clean_known(0);
    clean_assert(&s, 13, KDW_FAIL, 0);
}

static void a_zeroed_group_mask_fails(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    RECORD(kdw_registration, REGISTRATIONS, CLEAN_MEMBER + CLEAN_REG)->group_mask = clean_known(0);
    clean_assert(&s, 13, KDW_FAIL, 0);
}

static void the_kernel_may_not_write_to_paged_memory(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    RECORD(kdw_registration, REGISTRATIONS, CLEAN_THREATS + CLEAN_REG)->enable_mask =
        clean_known(0);
    RECORD(kdw_logger, LOGGERS, CLEAN_DEFENDER)->mode = clean_known(0x1000100);
    clean_assert(&s, 13, KDW_PASS, 0);
}

static void a_program_may_have_no_right_to_write(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    RECORD(kdw_registration, REGISTRATIONS, CLEAN_MEMBER + CLEAN_REG)->flags = clean_known(0xa2);
    RECORD(kdw_registration, REGISTRATIONS, CLEAN_MEMBER + CLEAN_REG)->group_mask = clean_known(0);
    clean_assert(&s, 13, KDW_PASS, 0);
}

static void a_mask_that_is_being_made_is_in_transition(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    RECORD(kdw_registration, REGISTRATIONS, CLEAN_THREATS + CLEAN_REG)->enable_mask =
        clean_known(0);
    RECORD(kdw_provider, PROVIDERS, CLEAN_THREATS)->lock = clean_known(1);
    clean_assert(&s, 13, KDW_IN_TRANSITION, 0);
}

static void a_callback_elsewhere_fails(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    RECORD(kdw_registration, REGISTRATIONS, CLEAN_THREATS + CLEAN_REG)->callback_va =
        clean_known(CLEAN_NOWHERE);
    clean_assert(&s, 14, KDW_FAIL, 0);
}

static void nobody_need_be_called_back(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    RECORD(kdw_registration, REGISTRATIONS, CLEAN_THREATS + CLEAN_REG)->callback_va =
        clean_known(0);
    clean_assert(&s, 14, KDW_PASS, 0);
}

static void a_programs_callback_is_its_own(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    RECORD(kdw_registration, REGISTRATIONS, CLEAN_MEMBER + CLEAN_REG)->flags = clean_known(0xa2);
    RECORD(kdw_registration, REGISTRATIONS, CLEAN_MEMBER + CLEAN_REG)->callback_va =
        clean_known(0x7ffb10000000);
    clean_assert(&s, 14, KDW_PASS, 0);
}

static void a_callback_may_be_in_a_module_that_is_not_known(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    RECORD(kdw_registration, REGISTRATIONS, CLEAN_THREATS + CLEAN_REG)->callback_va =
        clean_known(CLEAN_NOWHERE);
    clean_broken_list(&s, "PsLoadedModuleList", 0, KD_ERR_NOT_MAPPED);
    clean_assert(&s, 14, KDW_UNREADABLE, 0);
}

static void a_closed_registration_fails(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    RECORD(kdw_registration, REGISTRATIONS, CLEAN_THREATS + CLEAN_REG)->flags = clean_known(0xe1);
    clean_assert(&s, 14, KDW_FAIL, 0);
}

static void a_registration_that_is_not_inserted_fails(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    RECORD(kdw_registration, REGISTRATIONS, CLEAN_MEMBER + CLEAN_REG)->flags = clean_known(0x21);
    clean_assert(&s, 14, KDW_FAIL, 0);
}

static void a_registration_of_another_entry_fails(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    RECORD(kdw_registration, REGISTRATIONS, CLEAN_MEMBER + CLEAN_REG)->own_provider_va =
        clean_known(CLEAN_GROUP);
    clean_assert(&s, 14, KDW_FAIL, 0);
}

static void a_registration_of_another_group_fails(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    RECORD(kdw_registration, REGISTRATIONS, CLEAN_MEMBER + CLEAN_REG)->group_va =
        clean_known(CLEAN_MEMBER);
    clean_assert(&s, 14, KDW_FAIL, 0);
}

static void a_damaged_list_of_registrations_fails(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    clean_broken_list(&s, "RegListHead", CLEAN_GROUP, KD_ERR_CYCLE);
    clean_assert(&s, 14, KDW_FAIL, 0);
}

static void registrations_change_under_their_entrys_lock(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    RECORD(kdw_registration, REGISTRATIONS, CLEAN_THREATS + CLEAN_REG)->flags = clean_known(0xe1);
    RECORD(kdw_provider, PROVIDERS, CLEAN_THREATS)->lock = clean_known(1);
    clean_assert(&s, 14, KDW_IN_TRANSITION, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_handle_of_zero_fails),
        cmocka_unit_test(a_handle_that_leads_elsewhere_fails),
        cmocka_unit_test(a_handle_to_anothers_registration_fails),
        cmocka_unit_test(a_handle_to_a_programs_registration_fails),
        cmocka_unit_test(a_handle_may_lead_behind_a_break_in_a_list),
        cmocka_unit_test(kernels_without_handles_are_not_judged),
        cmocka_unit_test(a_zeroed_mask_fails),
        cmocka_unit_test(a_zeroed_group_mask_fails),
        cmocka_unit_test(the_kernel_may_not_write_to_paged_memory),
        cmocka_unit_test(a_program_may_have_no_right_to_write),
        cmocka_unit_test(a_mask_that_is_being_made_is_in_transition),
        cmocka_unit_test(a_callback_elsewhere_fails),
        cmocka_unit_test(nobody_need_be_called_back),
        cmocka_unit_test(a_programs_callback_is_its_own),
        cmocka_unit_test(a_callback_may_be_in_a_module_that_is_not_known),
        cmocka_unit_test(a_closed_registration_fails),
        cmocka_unit_test(a_registration_that_is_not_inserted_fails),
        cmocka_unit_test(a_registration_of_another_entry_fails),
        cmocka_unit_test(a_registration_of_another_group_fails),
        cmocka_unit_test(a_damaged_list_of_registrations_fails),
        cmocka_unit_test(registrations_change_under_their_entrys_lock),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
