/* The list of checks, and running them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <walker/text.h>

#include "support/clean_snapshot.h"

static void a_clean_kernel_passes_all_checks(void **state)
{
    struct kdw_snapshot s;
    struct clean_verdicts v;

    (void)state;
    clean_snapshot(&s);
    clean_judge(&s, &v);
    for (unsigned i = 0; i < KDW_CHECKS; i++)
        if (v.list.results[i].verdict != KDW_PASS)
            fail_msg("T%u is %s", i + 1, kdw_verdict_text(v.list.results[i].verdict));
    for (size_t i = 0; i < v.list.len; i++)
        assert_int_equal(v.list.findings[i].verdict, KDW_INFORMATION);
    assert_int_equal(kdw_check_count(&v.list, KDW_PASS), KDW_CHECKS);
    kdw_check_free(&v.list);
}

static void each_check_has_its_number_and_its_texts(void **state)
{
    (void)state;
    for (unsigned i = 0; i < KDW_CHECKS; i++) {
        char id[8];

        snprintf(id, sizeof id, "T%u", i + 1);
        assert_string_equal(kdw_checks[i].id, id);
        assert_true(strlen(kdw_checks[i].title) > 0 && strlen(kdw_checks[i].title) <= 76);
        assert_non_null(kdw_checks[i].meaning);
        assert_non_null(kdw_checks[i].absent);
    }
    for (unsigned v = KDW_INFORMATION; v <= KDW_FAIL; v++)
        assert_non_null(kdw_verdict_text((enum kdw_verdict)v));
}

static void counts_say_that_their_start_is_not_confirmed(void **state)
{
    (void)state;
    assert_non_null(strstr(kdw_checks[4].meaning, "no clean machine has confirmed"));
    assert_non_null(strstr(kdw_checks[5].meaning, "no clean machine has confirmed"));
    assert_non_null(strstr(kdw_checks[8].meaning, "no clean machine has confirmed"));
}

static void tables_that_nobody_looked_at_are_unreadable(void **state)
{
    struct kdw_snapshot s = {.build = 19041};
    struct clean_verdicts v;

    (void)state;
    clean_judge(&s, &v);
    assert_int_equal(kdw_check_count(&v.list, KDW_UNREADABLE), KDW_CHECKS);
    kdw_check_free(&v.list);
}

static void what_a_kernel_does_not_have_is_not_applicable(void **state)
{
    struct kdw_snapshot s = {.build = 19041};
    struct clean_verdicts v;

    (void)state;
    for (size_t i = 0; i < KDW_TABLES; i++)
        s.tables[i].is_taken = true;
    clean_judge(&s, &v);
    assert_int_equal(kdw_check_count(&v.list, KDW_NOT_APPLICABLE), KDW_CHECKS);
    assert_int_equal(v.list.len, 0);
    kdw_check_free(&v.list);
}

static void hide(const struct kdw_fact *fact, void *record)
{
    void *at = (uint8_t *)record + fact->offset;

    if (fact->kind == KDW_FACT_GUID) {
        ((struct kdw_guid *)at)->status = KD_ERR_PAGED_OUT;
    } else if (fact->kind == KDW_FACT_TEXT) {
        kdw_text_free(at);
        *(struct kdw_text *)at = (struct kdw_text){.status = KD_ERR_PAGED_OUT};
    } else {
        *(struct kdw_u64 *)at = clean_unreadable();
    }
}

static size_t count_failures(struct kdw_snapshot *s, const char *table, const char *fact)
{
    struct clean_verdicts v;
    size_t count = 0;

    clean_judge(s, &v);
    for (unsigned i = 0; i < KDW_CHECKS; i++) {
        if (v.list.results[i].verdict != KDW_FAIL)
            continue;
        print_message("T%u fails for %s.%s\n", i + 1, table, fact);
        count++;
    }
    kdw_check_free(&v.list);
    return count;
}

/* Each fact in turn, of all records of its table, then of the first alone. */
static void no_fact_that_cannot_be_read_fails_a_check(void **state)
{
    size_t failures = 0;

    (void)state;
    for (size_t t = 0; t < KDW_TABLES; t++) {
        const struct kdw_table_info *info = &kdw_snapshot_tables[t];

        for (size_t f = 2; f < 2 * info->facts_len; f++) {
            struct kdw_snapshot s;
            size_t records;

            clean_snapshot(&s);
            records = f % 2 ? s.tables[t].len : s.tables[t].len > 0;
            for (size_t r = 0; r < records; r++)
                hide(&info->facts[f / 2], (uint8_t *)s.tables[t].records + r * info->record_size);
            failures += count_failures(&s, info->name, info->facts[f / 2].name);
        }
    }
    assert_int_equal(failures, 0);
}

/* Each table cut: what is missing may be where it ought to be. */
static void no_table_that_was_cut_fails_a_check(void **state)
{
    (void)state;
    for (size_t t = 0; t < KDW_TABLES; t++) {
        struct kdw_snapshot s;

        clean_snapshot(&s);
        s.tables[t].is_cut = true;
        clean_assert(&s, 0, KDW_PASS, 0);
    }
}

static void of_many_findings_the_first_are_kept_and_all_are_counted(void **state)
{
    struct kdw_snapshot s;
    struct clean_verdicts v;

    (void)state;
    clean_snapshot(&s);
    for (uint64_t i = 0; i < 1000; i++) {
        struct kdw_job *job = kdw_snapshot_add(&s, KDW_TABLE_JOBS, CLEAN_PLAIN + 0x1000 * (i + 1));

        assert_non_null(job);
        job->found = clean_known(KDW_FOUND_PROCESS);
    }
    clean_judge(&s, &v);
    assert_int_equal(v.list.results[24].verdict, KDW_FAIL);
    assert_int_equal(v.list.results[24].findings, 1000);
    assert_true(v.list.len < KDW_FINDINGS_KEPT + 50);
    kdw_check_free(&v.list);
}

static void findings_say_where_and_what_and_what_it_would_mean(void **state)
{
    struct kdw_snapshot s;
    struct clean_verdicts v;
    const struct kdw_finding *f = NULL;

    (void)state;
    clean_snapshot(&s);
    ((struct kdw_logger *)clean_record(&s, KDW_TABLE_LOGGERS, CLEAN_SILOS))->collection_on =
        clean_known(0);
    clean_judge(&s, &v);
    for (size_t i = 0; i < v.list.len; i++)
        if (v.list.findings[i].verdict == KDW_FAIL)
            f = &v.list.findings[i];
    assert_non_null(f);
    assert_int_equal(f->check, 26);    /* T27, */
    assert_int_equal(f->repeated, 17); /* which repeats T18 */
    assert_int_equal(f->silo_va, CLEAN_JOB);
    assert_int_equal(f->table, KDW_TABLE_LOGGERS);
    assert_int_equal(f->va, CLEAN_SILOS);
    assert_string_equal(f->what, "CollectionOn");
    assert_int_equal(f->actual.value, 0);
    assert_int_equal(f->expected.value, 1);
    assert_string_equal(f->meaning, kdw_checks[17].meaning);
    kdw_check_free(&v.list);
}

/* A silo that starts or ends is not judged by what a running one is. */
static void a_silo_that_is_torn_down_is_in_transition(void **state)
{
    struct kdw_snapshot s;

    (void)state;
    clean_snapshot(&s);
    ((struct kdw_silo *)clean_record(&s, KDW_TABLE_SILOS, CLEAN_JOB))->state = clean_known(3);
    ((struct kdw_etw_state *)clean_record(&s, KDW_TABLE_STATES, CLEAN_SILO))->security_mask =
        clean_known(0);
    clean_assert(&s, 27, KDW_IN_TRANSITION, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_clean_kernel_passes_all_checks),
        cmocka_unit_test(each_check_has_its_number_and_its_texts),
        cmocka_unit_test(counts_say_that_their_start_is_not_confirmed),
        cmocka_unit_test(tables_that_nobody_looked_at_are_unreadable),
        cmocka_unit_test(what_a_kernel_does_not_have_is_not_applicable),
        cmocka_unit_test(no_fact_that_cannot_be_read_fails_a_check),
        cmocka_unit_test(no_table_that_was_cut_fails_a_check),
        cmocka_unit_test(of_many_findings_the_first_are_kept_and_all_are_counted),
        cmocka_unit_test(findings_say_where_and_what_and_what_it_would_mean),
        cmocka_unit_test(a_silo_that_is_torn_down_is_in_transition),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
