#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "diff_gaps.h"

#define STATE    UINT64_C(0xffffa80faaf3e000)
#define PROVIDER UINT64_C(0xffffa80fc0468010)
#define VA       UINT64_C(0xffffa80fc0027570)

static struct kdw_u64 number(uint64_t value)
{
    return (struct kdw_u64){.value = value};
}

static void *add(struct kdw_snapshot *s, enum kdw_table_id table, uint64_t va)
{
    void *record = kdw_snapshot_add(s, table, va);

    assert_non_null(record);
    return record;
}

static void break_list(struct kdw_snapshot *s, const char *name, uint64_t owner_va)
{
    struct kdw_list_walk *l = add(s, KDW_TABLE_LISTS, VA);

    l->name.utf8 = malloc(strlen(name) + 1);
    assert_non_null(l->name.utf8);
    strcpy(l->name.utf8, name);
    l->name.status = KD_OK;
    l->owner_va = number(owner_va);
}

static void a_process_is_gone_where_one_list_of_all_was_walked_to_its_end(void **state)
{
    struct kdw_snapshot has = {.build = 1}, lacks = {.build = 1};
    const void *process = add(&has, KDW_TABLE_PROCESSES, VA);
    struct kdw_process *other;

    (void)state;
    assert_true(kdw_diff_may_be_unread(&has, &lacks, KDW_TABLE_PROCESSES, process));
    other = add(&lacks, KDW_TABLE_PROCESSES, VA + 0x1000);
    other->found = number(KDW_FOUND_LIST | KDW_FOUND_SESSION);
    assert_false(kdw_diff_may_be_unread(&has, &lacks, KDW_TABLE_PROCESSES, process));
    break_list(&lacks, "PspCidTable", 0);
    break_list(&lacks, "MmProcessLinks", VA);
    assert_false(kdw_diff_may_be_unread(&has, &lacks, KDW_TABLE_PROCESSES, process));
    break_list(&lacks, "PsActiveProcessHead", 0);
    assert_true(kdw_diff_may_be_unread(&has, &lacks, KDW_TABLE_PROCESSES, process));
    kdw_snapshot_free(&has);
    kdw_snapshot_free(&lacks);
}

static void a_registration_may_be_behind_a_hole_in_its_own_providers_list(void **state)
{
    struct kdw_snapshot has = {.build = 1}, lacks = {.build = 1};
    struct kdw_registration *r = add(&has, KDW_TABLE_REGISTRATIONS, VA);

    (void)state;
    r->provider_va = number(PROVIDER);
    (void)add(&has, KDW_TABLE_PROVIDERS, PROVIDER);
    (void)add(&lacks, KDW_TABLE_PROVIDERS, PROVIDER);
    break_list(&lacks, "RegListHead", PROVIDER + 0x1000);
    assert_false(kdw_diff_may_be_unread(&has, &lacks, KDW_TABLE_REGISTRATIONS, r));
    break_list(&lacks, "RegListHead", PROVIDER);
    assert_true(kdw_diff_may_be_unread(&has, &lacks, KDW_TABLE_REGISTRATIONS, r));
    kdw_snapshot_free(&has);
    kdw_snapshot_free(&lacks);
}

static void what_belongs_to_something_that_may_be_there_may_be_there_too(void **state)
{
    struct kdw_snapshot has = {.build = 1}, lacks = {.build = 1};
    struct kdw_registration *r = add(&has, KDW_TABLE_REGISTRATIONS, VA);
    struct kdw_provider *p = add(&has, KDW_TABLE_PROVIDERS, PROVIDER);

    (void)state;
    r->provider_va = number(PROVIDER);
    p->state_va = number(STATE);
    (void)add(&has, KDW_TABLE_STATES, STATE);
    (void)add(&lacks, KDW_TABLE_STATES, STATE);
    assert_false(kdw_diff_may_be_unread(&has, &lacks, KDW_TABLE_REGISTRATIONS, r));
    break_list(&lacks, "EtwpGuidHashTable", STATE);
    assert_true(kdw_diff_may_be_unread(&has, &lacks, KDW_TABLE_REGISTRATIONS, r));
    kdw_snapshot_free(&has);
    kdw_snapshot_free(&lacks);
}

static void a_logger_may_be_in_an_array_that_nothing_leads_to(void **state)
{
    struct kdw_snapshot has = {.build = 1}, lacks = {.build = 1};
    struct kdw_logger *l = add(&has, KDW_TABLE_LOGGERS, VA);
    struct kdw_etw_state *s = add(&lacks, KDW_TABLE_STATES, STATE);

    (void)state;
    l->state_va = number(STATE);
    s->contexts_va = number(VA);
    assert_false(kdw_diff_may_be_unread(&has, &lacks, KDW_TABLE_LOGGERS, l));
    s->contexts_va.status = KD_ERR_PAGED_OUT;
    assert_true(kdw_diff_may_be_unread(&has, &lacks, KDW_TABLE_LOGGERS, l));
    kdw_snapshot_free(&has);
    kdw_snapshot_free(&lacks);
}

static void a_place_that_could_not_be_read_is_nothing_new(void **state)
{
    struct kdw_snapshot has = {.build = 1}, lacks = {.build = 1};
    struct kdw_logger *l = add(&has, KDW_TABLE_LOGGERS, 0);

    (void)state;
    l->state_va = number(STATE);
    (void)add(&lacks, KDW_TABLE_STATES, STATE);
    assert_false(kdw_diff_may_be_unread(&has, &lacks, KDW_TABLE_LOGGERS, l));
    l->slot_value.status = KD_ERR_NOT_IN_DUMP;
    assert_true(kdw_diff_may_be_unread(&has, &lacks, KDW_TABLE_LOGGERS, l));
    kdw_snapshot_free(&has);
    kdw_snapshot_free(&lacks);
}

static void behind_a_bound_may_be_anything(void **state)
{
    struct kdw_snapshot has = {.build = 1}, lacks = {.build = 1};
    const void *module = add(&has, KDW_TABLE_MODULES, VA);

    (void)state;
    assert_false(kdw_diff_may_be_unread(&has, &lacks, KDW_TABLE_MODULES, module));
    lacks.tables[KDW_TABLE_MODULES].is_cut = true;
    assert_true(kdw_diff_may_be_unread(&has, &lacks, KDW_TABLE_MODULES, module));
    kdw_snapshot_free(&has);
    kdw_snapshot_free(&lacks);
}

static void a_variable_is_missing_where_symbols_do_not_name_it(void **state)
{
    struct kdw_snapshot has = {.build = 1}, lacks = {.build = 1};
    const void *variable = add(&has, KDW_TABLE_VARIABLES, VA);

    (void)state;
    assert_true(kdw_diff_may_be_unread(&has, &lacks, KDW_TABLE_VARIABLES, variable));
    kdw_snapshot_free(&has);
}

static void a_list_that_is_damaged_is_a_difference_and_one_with_a_hole_is_not(void **state)
{
    struct kdw_snapshot has = {.build = 1}, lacks = {.build = 1};
    struct kdw_list_walk *l;

    (void)state;
    break_list(&has, "PspJobList", 0);
    l = has.tables[KDW_TABLE_LISTS].records;
    for (int st = KD_OK + 1; st <= KD_ERR_NO_MEMORY; st++) {
        const char *why = kd_status_text((enum kd_status)st);

        l->problem.status = KD_OK;
        l->problem.utf8 = malloc(strlen(why) + 1);
        assert_non_null(l->problem.utf8);
        strcpy(l->problem.utf8, why);
        assert_int_equal(kdw_diff_may_be_unread(&has, &lacks, KDW_TABLE_LISTS, l),
                         kd_is_unreadable((enum kd_status)st));
        free(l->problem.utf8);
        l->problem = (struct kdw_text){.status = KD_ERR_NOT_FOUND};
    }
    kdw_snapshot_free(&has);
    kdw_snapshot_free(&lacks);
}

static void what_is_told_by_lists_is_doubtful_where_those_broke_off(void **state)
{
    struct kdw_snapshot s = {.build = 1};

    (void)state;
    assert_false(kdw_diff_has_broken_ways(&s, KDW_TABLE_PROCESSES));
    break_list(&s, "RegListHead", PROVIDER);
    assert_false(kdw_diff_has_broken_ways(&s, KDW_TABLE_PROCESSES));
    assert_true(kdw_diff_has_broken_ways(&s, KDW_TABLE_REGISTRATIONS));
    assert_true(kdw_diff_has_broken_ways(&s, KDW_TABLE_STATES));
    break_list(&s, "ProcessListHead", VA);
    assert_true(kdw_diff_has_broken_ways(&s, KDW_TABLE_PROCESSES));
    kdw_snapshot_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_process_is_gone_where_one_list_of_all_was_walked_to_its_end),
        cmocka_unit_test(a_registration_may_be_behind_a_hole_in_its_own_providers_list),
        cmocka_unit_test(what_belongs_to_something_that_may_be_there_may_be_there_too),
        cmocka_unit_test(a_logger_may_be_in_an_array_that_nothing_leads_to),
        cmocka_unit_test(a_place_that_could_not_be_read_is_nothing_new),
        cmocka_unit_test(behind_a_bound_may_be_anything),
        cmocka_unit_test(a_variable_is_missing_where_symbols_do_not_name_it),
        cmocka_unit_test(a_list_that_is_damaged_is_a_difference_and_one_with_a_hole_is_not),
        cmocka_unit_test(what_is_told_by_lists_is_doubtful_where_those_broke_off),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
