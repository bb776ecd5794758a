#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "provider_choice.h"
#include "support/clean_snapshot.h"

static const struct provider_names none = {NULL, 0};

static size_t len(const struct kdw_snapshot *s, enum kdw_table_id table)
{
    return s->tables[table].len;
}

static void all_stay_where_nothing_is_chosen(void **state)
{
    struct provider_choice all = {.names = &none};
    struct kdw_snapshot s;
    size_t before;

    (void)state;
    clean_snapshot(&s);
    before = len(&s, KDW_TABLE_PROVIDERS);
    assert_int_equal(provider_choice_keep(&all, &s, NULL), KD_OK);
    assert_int_equal(len(&s, KDW_TABLE_PROVIDERS), before);
    kdw_snapshot_free(&s);
}

static void one_is_named_by_guid_name_or_part(void **state)
{
    static const char *const names[] = {"f4e1897c-bb5d-5668-f1d8-040f4d8dd344",
                                        "{F4E1897C-BB5D-5668-F1D8-040F4D8DD344}",
                                        "microsoft-windows-threat-intelligence", "Threat"};

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct provider_choice choice = {.name = names[i], .names = &none};
        struct kd_diag diag = {{0}};
        struct kdw_snapshot s;

        clean_snapshot(&s);
        assert_int_equal(provider_choice_keep(&choice, &s, &diag), KD_OK);
        assert_int_equal(len(&s, KDW_TABLE_PROVIDERS), 1);
        assert_non_null(kdw_snapshot_find(&s, KDW_TABLE_PROVIDERS, CLEAN_THREATS));
        assert_int_equal(len(&s, KDW_TABLE_ENABLES), 1);
        assert_int_equal(len(&s, KDW_TABLE_REGISTRATIONS), 1);
        assert_int_equal(len(&s, KDW_TABLE_LOGGERS), 1);
        assert_non_null(kdw_snapshot_find(&s, KDW_TABLE_LOGGERS, CLEAN_DEFENDER));
        assert_int_equal(len(&s, KDW_TABLE_CONSUMERS), 1);
        kdw_snapshot_free(&s);
    }
}

static void what_it_calls_itself_is_a_name_too(void **state)
{
    struct provider_choice choice = {.name = "Contoso.Thing", .names = &none};
    struct kd_diag diag = {{0}};
    struct kdw_registration *r;
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    r = clean_record(&s, KDW_TABLE_REGISTRATIONS, CLEAN_MEMBER + CLEAN_REG);
    clean_rename(&r->traits_name, "Contoso.Thing");
    assert_int_equal(provider_choice_keep(&choice, &s, &diag), KD_OK);
    assert_int_equal(len(&s, KDW_TABLE_PROVIDERS), 1);
    assert_non_null(kdw_snapshot_find(&s, KDW_TABLE_PROVIDERS, CLEAN_MEMBER));
    kdw_snapshot_free(&s);
}

static void a_wrong_or_ambiguous_name_is_an_error(void **state)
{
    static const struct {
        const char *name, *says;
        enum kd_status st;
    } wrong[] = {
        {"Nobody", "there is no provider called 'Nobody'", KD_ERR_NOT_FOUND},
        {"00000000-0000-0000-0000-00000000abcd", "no provider with the GUID", KD_ERR_NOT_FOUND},
        {"Microsoft-Windows", "several providers are called", KD_ERR_USAGE},
    };

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct provider_choice choice = {.name = wrong[i].name, .names = &none};
        struct kd_diag diag = {{0}};
        struct kdw_snapshot s;

        clean_snapshot(&s);
        assert_int_equal(provider_choice_keep(&choice, &s, &diag), wrong[i].st);
        assert_non_null(strstr(diag.text, wrong[i].says));
        kdw_snapshot_free(&s);
    }
}

static void loggers_processes_and_silos_choose_theirs(void **state)
{
    struct provider_choice choice = {.names = &none, .has_logger = true, .logger_id = 3};
    struct kdw_registration *r;
    struct kdw_snapshot s;
    struct kd_diag diag = {{0}};

    (void)state;
    clean_snapshot(&s);
    assert_int_equal(provider_choice_keep(&choice, &s, &diag), KD_OK);
    assert_int_equal(len(&s, KDW_TABLE_PROVIDERS), 3); /* both security ones and the silo's */
    kdw_snapshot_free(&s);

    clean_snapshot(&s);
    choice.silo = (struct silo_choice){SILO_BY_ADDRESS, CLEAN_JOB};
    assert_int_equal(provider_choice_keep(&choice, &s, &diag), KD_OK);
    assert_int_equal(len(&s, KDW_TABLE_PROVIDERS), 2);
    kdw_snapshot_free(&s);

    clean_snapshot(&s);
    choice = (struct provider_choice){.names = &none, .has_process = true, .process_pid = 700};
    r = clean_record(&s, KDW_TABLE_REGISTRATIONS, CLEAN_MEMBER + CLEAN_REG);
    r->pid = clean_known(700);
    assert_int_equal(provider_choice_keep(&choice, &s, &diag), KD_OK);
    assert_int_equal(len(&s, KDW_TABLE_PROVIDERS), 2); /* and its group */
    kdw_snapshot_free(&s);
}

static void a_process_is_named_as_well(void **state)
{
    struct provider_choice choice = {
        .names = &none, .has_process = true, .process_name = "MSMPENG.exe"};
    struct kdw_registration *r;
    struct kdw_snapshot s;
    struct kd_diag diag = {{0}};

    (void)state;
    clean_snapshot(&s);
    r = clean_record(&s, KDW_TABLE_REGISTRATIONS, CLEAN_MEMBER + CLEAN_REG);
    r->process_va = clean_known(CLEAN_MSMPENG);
    r->pid = clean_known(4); /* of another: the name is what counts */
    assert_int_equal(provider_choice_keep(&choice, &s, &diag), KD_OK);
    assert_int_equal(len(&s, KDW_TABLE_PROVIDERS), 2);
    assert_int_equal(len(&s, KDW_TABLE_PROCESSES), 1);
    assert_non_null(kdw_snapshot_find(&s, KDW_TABLE_PROCESSES, CLEAN_MSMPENG));
    kdw_snapshot_free(&s);

    clean_snapshot(&s);
    choice.process_name = "lsass.exe";
    assert_int_equal(provider_choice_keep(&choice, &s, &diag), KD_ERR_USAGE);
    assert_non_null(strstr(diag.text, "2 processes are called 'lsass.exe'"));
    choice.process_name = "nobody.exe";
    assert_int_equal(provider_choice_keep(&choice, &s, &diag), KD_ERR_NOT_FOUND);
    kdw_snapshot_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_stay_where_nothing_is_chosen),
        cmocka_unit_test(one_is_named_by_guid_name_or_part),
        cmocka_unit_test(what_it_calls_itself_is_a_name_too),
        cmocka_unit_test(a_wrong_or_ambiguous_name_is_an_error),
        cmocka_unit_test(loggers_processes_and_silos_choose_theirs),
        cmocka_unit_test(a_process_is_named_as_well),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
