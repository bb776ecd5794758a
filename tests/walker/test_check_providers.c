/* Providers tampered with. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/clean_snapshot.h"

#define RECORD(type, table, va) ((struct type *)clean_record(&s, KDW_TABLE_##table, va))
#define ALSO(t)                 (UINT64_C(1) << (t))

static void a_provider_that_is_not_in_its_list_is_missed(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    clean_remove(&s, KDW_TABLE_PROVIDERS, CLEAN_MEMBER);
    clean_assert(&s, 6, KDW_FAIL, 0);
}

static void a_provider_that_is_being_added_is_counted_before_it_is_there(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    RECORD(kdw_etw_state, STATES, CLEAN_HOST)->guid_count = clean_known(4);
    RECORD(kdw_provider, PROVIDERS, CLEAN_GROUP)->bucket_lock = clean_known(1);
    clean_assert(&s, 6, KDW_IN_TRANSITION, 0);
}

static void behind_a_break_in_a_list_providers_may_be(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    clean_remove(&s, KDW_TABLE_PROVIDERS, CLEAN_MEMBER);
    clean_broken_list(&s, "EtwpGuidHashTable", CLEAN_HOST, KD_ERR_NOT_MAPPED);
    clean_assert(&s, 6, KDW_UNREADABLE, 0);
}

static void a_provider_in_another_bucket_fails(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    RECORD(kdw_provider, PROVIDERS, CLEAN_MEMBER)->bucket = clean_known(7);
    clean_assert(&s, 7, KDW_FAIL, 0);
}

static void a_provider_of_another_state_fails(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    RECORD(kdw_provider, PROVIDERS, CLEAN_MEMBER)->own_state_va = clean_known(CLEAN_SILO);
    clean_assert(&s, 7, KDW_FAIL, 0);
}

static void a_damaged_list_of_providers_fails(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    clean_broken_list(&s, "EtwpGuidHashTable", CLEAN_HOST, KD_ERR_MISMATCH);
    clean_assert(&s, 7, KDW_FAIL, 0);
}

static void a_provider_is_moved_under_its_lock(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    RECORD(kdw_provider, PROVIDERS, CLEAN_MEMBER)->bucket = clean_known(7);
    RECORD(kdw_provider, PROVIDERS, CLEAN_MEMBER)->bucket_lock = clean_known(1);
    clean_assert(&s, 7, KDW_IN_TRANSITION, 0);
}

static void a_cleared_sum_fails(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    RECORD(kdw_provider, PROVIDERS, CLEAN_THREATS)->enabled = clean_known(0);
    clean_assert(&s, 8, KDW_FAIL, 0);
}

static void a_sum_with_a_lower_level_fails(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    RECORD(kdw_provider, PROVIDERS, CLEAN_THREATS)->level = clean_known(4);
    clean_assert(&s, 8, KDW_FAIL, 0);
}

static void a_sum_without_a_property_fails(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    RECORD(kdw_provider, PROVIDERS, CLEAN_THREATS)->property = clean_known(0);
    clean_assert(&s, 8, KDW_FAIL, 0);
}

static void a_sum_without_keywords_fails(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    RECORD(kdw_provider, PROVIDERS, CLEAN_THREATS)->any_keyword = clean_known(0);
    clean_assert(&s, 8, KDW_FAIL, 0);
}

static void a_sum_with_a_keyword_that_must_be_fails(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    RECORD(kdw_provider, PROVIDERS, CLEAN_THREATS)->all_keyword = clean_known(1);
    clean_assert(&s, 8, KDW_FAIL, 0);
}

static void a_sum_over_no_slots_is_not_enabled(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    RECORD(kdw_provider, PROVIDERS, CLEAN_MEMBER)->enabled = clean_known(1);
    clean_assert(&s, 8, KDW_FAIL, 0);
}

static void a_sum_that_is_being_made_is_in_transition(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    RECORD(kdw_provider, PROVIDERS, CLEAN_THREATS)->enabled = clean_known(0);
    RECORD(kdw_provider, PROVIDERS, CLEAN_THREATS)->lock = clean_known(1);
    clean_assert(&s, 8, KDW_IN_TRANSITION, 0);
}

static void whoever_owns_the_lock_is_making_it(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    RECORD(kdw_provider, PROVIDERS, CLEAN_THREATS)->level = clean_known(0);
    RECORD(kdw_provider, PROVIDERS, CLEAN_THREATS)->lock_owner_va = clean_known(CLEAN_NOWHERE);
    clean_assert(&s, 8, KDW_IN_TRANSITION, 0);
}

static void a_slot_that_cannot_be_read_may_make_up_for_it(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    RECORD(kdw_enable, ENABLES, CLEAN_THREATS + 0x70)->level = clean_unreadable();
    RECORD(kdw_provider, PROVIDERS, CLEAN_THREATS)->level = clean_known(0xff);
    clean_assert(&s, 8, KDW_UNREADABLE, 0);
}

static void too_few_references_fail(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    RECORD(kdw_provider, PROVIDERS, CLEAN_THREATS)->references = clean_known(1);
    clean_assert(&s, 9, KDW_FAIL, 0);
}

static void references_of_slots_that_were_zeroed_fail(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    clean_remove(&s, KDW_TABLE_ENABLES, CLEAN_THREATS + 0x70);
    RECORD(kdw_provider, PROVIDERS, CLEAN_THREATS)->enabled = clean_known(0);
    clean_assert(&s, 9, KDW_FAIL, ALSO(12));
}

static void a_reference_more_without_such_a_slot_passes(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    RECORD(kdw_provider, PROVIDERS, CLEAN_THREATS)->references = clean_known(3);
    clean_assert(&s, 9, KDW_PASS, 0);
}

static void references_that_are_being_counted_are_in_transition(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    RECORD(kdw_provider, PROVIDERS, CLEAN_THREATS)->references = clean_known(1);
    RECORD(kdw_provider, PROVIDERS, CLEAN_THREATS)->lock = clean_known(1);
    clean_assert(&s, 9, KDW_IN_TRANSITION, 0);
}

static void a_slot_for_nobody_fails(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    RECORD(kdw_enable, ENABLES, CLEAN_THREATS + 0x70)->logger_id = clean_known(0x3e);
    clean_assert(&s, 10, KDW_FAIL, ALSO(12)); /* nobody hears it either */
}

static void a_slot_for_a_logger_that_is_being_stopped_is_in_transition(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    RECORD(kdw_logger, LOGGERS, CLEAN_OTHER)->state = clean_known(KDW_LOGGER_STOPPING);
    clean_assert(&s, 10, KDW_IN_TRANSITION, 0);
}

static void without_threat_intelligence_it_fails(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    clean_remove(&s, KDW_TABLE_PROVIDERS, CLEAN_THREATS);
    clean_assert(&s, 12, KDW_FAIL, ALSO(6) | ALSO(11));
}

static void kernels_without_its_handle_need_not_have_it(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    clean_remove(&s, KDW_TABLE_PROVIDERS, CLEAN_THREATS);
    clean_rename(&clean_variable(&s, "EtwThreatIntProvRegHandle", 0)->name, "Another");
    clean_assert(&s, 12, KDW_NOT_APPLICABLE, ALSO(6));
}

static void threat_intelligence_that_is_off_fails(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    RECORD(kdw_enable, ENABLES, CLEAN_THREATS + 0x70)->enabled = clean_known(0);
    RECORD(kdw_provider, PROVIDERS, CLEAN_THREATS)->enabled = clean_known(0);
    RECORD(kdw_provider, PROVIDERS, CLEAN_THREATS)->references = clean_known(1);
    RECORD(kdw_registration, REGISTRATIONS, CLEAN_THREATS + CLEAN_REG)->enable_mask =
        clean_known(0);
    clean_assert(&s, 12, KDW_FAIL, 0);
}

static void it_may_be_off_where_no_antimalware_runs(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    RECORD(kdw_enable, ENABLES, CLEAN_THREATS + 0x70)->enabled = clean_known(0);
    RECORD(kdw_provider, PROVIDERS, CLEAN_THREATS)->enabled = clean_known(0);
    RECORD(kdw_provider, PROVIDERS, CLEAN_THREATS)->references = clean_known(1);
    RECORD(kdw_registration, REGISTRATIONS, CLEAN_THREATS + CLEAN_REG)->enable_mask =
        clean_known(0);
    RECORD(kdw_process, PROCESSES, CLEAN_MSMPENG)->protection = clean_known(0x41);
    clean_assert(&s, 12, KDW_PASS, 0);
}

static void threat_intelligence_that_nobody_hears_fails(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    clean_remove(&s, KDW_TABLE_CONSUMERS, CLEAN_DEFENDER + CLEAN_CONSUMER);
    clean_remove(&s, KDW_TABLE_HANDLES, CLEAN_DEFENDER + CLEAN_HANDLE);
    RECORD(kdw_logger, LOGGERS, CLEAN_DEFENDER)->consumers = clean_known(0);
    clean_assert(&s, 12, KDW_FAIL, 0);
}

static void behind_a_break_somebody_may_hear_threat_intelligence(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    clean_remove(&s, KDW_TABLE_CONSUMERS, CLEAN_DEFENDER + CLEAN_CONSUMER);
    clean_broken_list(&s, "Consumers", CLEAN_DEFENDER, KD_ERR_PAGED_OUT);
    clean_assert(&s, 12, KDW_UNREADABLE, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_provider_that_is_not_in_its_list_is_missed),
        cmocka_unit_test(a_provider_that_is_being_added_is_counted_before_it_is_there),
        cmocka_unit_test(behind_a_break_in_a_list_providers_may_be),
        cmocka_unit_test(a_provider_in_another_bucket_fails),
        cmocka_unit_test(a_provider_of_another_state_fails),
        cmocka_unit_test(a_damaged_list_of_providers_fails),
        cmocka_unit_test(a_provider_is_moved_under_its_lock),
        cmocka_unit_test(a_cleared_sum_fails),
        cmocka_unit_test(a_sum_with_a_lower_level_fails),
        cmocka_unit_test(a_sum_without_a_property_fails),
        cmocka_unit_test(a_sum_without_keywords_fails),
        cmocka_unit_test(a_sum_with_a_keyword_that_must_be_fails),
        cmocka_unit_test(a_sum_over_no_slots_is_not_enabled),
        cmocka_unit_test(a_sum_that_is_being_made_is_in_transition),
        cmocka_unit_test(whoever_owns_the_lock_is_making_it),
        cmocka_unit_test(a_slot_that_cannot_be_read_may_make_up_for_it),
        cmocka_unit_test(too_few_references_fail),
        cmocka_unit_test(references_of_slots_that_were_zeroed_fail),
        cmocka_unit_test(a_reference_more_without_such_a_slot_passes),
        cmocka_unit_test(references_that_are_being_counted_are_in_transition),
        cmocka_unit_test(a_slot_for_nobody_fails),
        cmocka_unit_test(a_slot_for_a_logger_that_is_being_stopped_is_in_transition),
        cmocka_unit_test(without_threat_intelligence_it_fails),
        cmocka_unit_test(kernels_without_its_handle_need_not_have_it),
        cmocka_unit_test(threat_intelligence_that_is_off_fails),
        cmocka_unit_test(it_may_be_off_where_no_antimalware_runs),
        cmocka_unit_test(threat_intelligence_that_nobody_hears_fails),
        cmocka_unit_test(behind_a_break_somebody_may_hear_threat_intelligence),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
