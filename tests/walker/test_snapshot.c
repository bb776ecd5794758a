#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "walk.h"

#include <stdlib.h>
#include <string.h>

#define VA 0xffffa80faaf3e000u

static char *copy(const char *text)
{
    size_t len = strlen(text) + 1;
    char *mine = malloc(len);

    assert_non_null(mine);
    memcpy(mine, text, len);
    return mine;
}

static void a_new_record_knows_its_address_and_nothing_else(void **state)
{
    struct kdw_snapshot s = {0};
    struct kdw_process *p = kdw_snapshot_add(&s, KDW_TABLE_PROCESSES, VA);

    (void)state;
    assert_non_null(p);
    assert_true(p->va == VA);
    assert_int_equal(p->pid.status, KD_ERR_NOT_FOUND);
    assert_int_equal(p->name.status, KD_ERR_NOT_FOUND);
    assert_null(p->name.utf8);
    assert_int_equal(kdw_snapshot_gaps(&s, NULL, NULL), 0);
    kdw_snapshot_free(&s);
}

static void records_are_found_by_address_and_keep_their_order(void **state)
{
    enum { COUNT = 1000 };
    struct kdw_snapshot s = {0};
    uint64_t expected = 0;

    (void)state;
    for (uint64_t i = 0; i < COUNT; i++) {
        struct kdw_job *job = kdw_snapshot_add(&s, KDW_TABLE_JOBS, VA + 0x640 * i);

        assert_non_null(job);
        job->id = (struct kdw_u64){.status = KD_OK, .value = i};
    }
    for (uint64_t i = 0; i < COUNT; i++) {
        const struct kdw_job *job = kdw_snapshot_find(&s, KDW_TABLE_JOBS, VA + 0x640 * i);

        assert_non_null(job);
        assert_int_equal(job->id.value, i);
    }
    assert_null(kdw_snapshot_find(&s, KDW_TABLE_JOBS, VA + 1));
    assert_null(kdw_snapshot_find(&s, KDW_TABLE_SILOS, VA));
    KDW_EACH(&s, KDW_TABLE_JOBS, struct kdw_job, job)
    assert_int_equal(job->id.value, expected++);
    assert_int_equal(expected, COUNT);
    kdw_snapshot_free(&s);
}

static void of_two_records_with_one_address_the_first_is_found(void **state)
{
    struct kdw_snapshot s = {0};

    (void)state;
    for (uint64_t i = 0; i < 40; i++) {
        struct kdw_logger *l = kdw_snapshot_add(&s, KDW_TABLE_LOGGERS, VA + 0x40 * (i / 2));

        assert_non_null(l);
        l->slot = (struct kdw_u64){.status = KD_OK, .value = i};
    }
    for (uint64_t i = 0; i < 20; i++) {
        const struct kdw_logger *l = kdw_snapshot_find(&s, KDW_TABLE_LOGGERS, VA + 0x40 * i);

        assert_non_null(l);
        assert_int_equal(l->slot.value, 2 * i);
    }
    kdw_snapshot_free(&s);
}

/* Some are evidence; without end they would be the same ones again and again. */
static void of_one_address_there_are_only_so_many(void **state)
{
    struct kdw_snapshot s = {0};
    struct kdw_table *t = &s.tables[KDW_TABLE_LOGGERS];
    struct kdw_snapshot_mark mark;

    (void)state;
    for (size_t i = 0; i < KDW_REPEATED_MAX; i++)
        assert_non_null(kdw_snapshot_add(&s, KDW_TABLE_LOGGERS, VA));
    mark = kdw_snapshot_mark(&s);
    assert_non_null(kdw_snapshot_add(&s, KDW_TABLE_LOGGERS, VA));
    assert_null(kdw_snapshot_add(&s, KDW_TABLE_LOGGERS, VA));
    assert_true(t->is_cut);
    kdw_snapshot_rewind(&s, &mark);
    assert_non_null(kdw_snapshot_add(&s, KDW_TABLE_LOGGERS, VA));
    assert_null(kdw_snapshot_add(&s, KDW_TABLE_LOGGERS, VA));
    for (size_t i = 0; i < KDW_REPEATED_MAX;
         i++) { /* of others, and of those that have none, any */
        assert_non_null(kdw_snapshot_add(&s, KDW_TABLE_LOGGERS, VA + 0x40 * (i + 1)));
        assert_non_null(kdw_snapshot_add(&s, KDW_TABLE_LOGGERS, 0));
    }
    assert_null(kdw_snapshot_add(&s, KDW_TABLE_LOGGERS, VA + 0x40));
    kdw_snapshot_free(&s);
}

static void a_full_table_says_that_there_was_more(void **state)
{
    const size_t max = kdw_snapshot_tables[KDW_TABLE_MONITORS].max;
    struct kdw_snapshot s = {0};

    (void)state;
    for (size_t i = 0; i < max; i++)
        assert_non_null(kdw_snapshot_add(&s, KDW_TABLE_MONITORS, VA + 0x40 * i));
    assert_false(s.tables[KDW_TABLE_MONITORS].is_cut);
    assert_null(kdw_snapshot_add(&s, KDW_TABLE_MONITORS, VA - 0x40));
    assert_true(s.tables[KDW_TABLE_MONITORS].is_cut);
    assert_int_equal(s.tables[KDW_TABLE_MONITORS].len, max);
    kdw_snapshot_free(&s);
}

static void note(void *ctx, const struct kdw_gap *gap)
{
    struct kdw_gap *last = ctx;

    *last = *gap;
}

static void what_could_not_be_read_is_a_gap_and_what_does_not_exist_is_none(void **state)
{
    struct kdw_snapshot s = {0};
    struct kdw_gap gap = {.status = KD_OK};
    struct kdw_process *p = kdw_snapshot_add(&s, KDW_TABLE_PROCESSES, VA);

    (void)state;
    assert_non_null(p);
    p->name = (struct kdw_text){.status = KD_OK, .utf8 = copy("lsass.exe")};
    p->user = (struct kdw_text){.status = KD_ERR_PAGED_OUT, .fault_va = VA + 0x4b8};
    assert_int_equal(kdw_snapshot_gaps(&s, &gap, note), 1);
    assert_int_equal(gap.table, KDW_TABLE_PROCESSES);
    assert_string_equal(gap.fact->name, "user");
    assert_true(gap.record_va == VA);
    assert_true(gap.fault_va == VA + 0x4b8);
    assert_int_equal(gap.status, KD_ERR_PAGED_OUT);
    p->integrity = (struct kdw_u64){.status = KD_ERR_NOT_MAPPED, .fault_va = 8};
    assert_int_equal(kdw_snapshot_gaps(&s, NULL, NULL), 2);
    kdw_snapshot_free(&s);
    assert_null(s.tables[KDW_TABLE_PROCESSES].records);
}

static bool is_even(void *ctx, const void *record)
{
    (*(size_t *)ctx)++;
    return ((const struct kdw_consumer *)record)->pid.value % 2 == 0;
}

static void what_is_not_kept_is_gone_and_the_rest_is_found(void **state)
{
    struct kdw_snapshot s = {0};
    size_t asked = 0;

    (void)state;
    kdw_snapshot_filter(&s, KDW_TABLE_CONSUMERS, &asked, is_even);
    for (uint64_t i = 0; i < 40; i++) {
        struct kdw_consumer *c = kdw_snapshot_add(&s, KDW_TABLE_CONSUMERS, VA + 0x40 * i);

        assert_non_null(c);
        c->pid = (struct kdw_u64){.status = KD_OK, .value = i};
        c->process_name = (struct kdw_text){.status = KD_OK, .utf8 = copy("x")};
    }
    kdw_snapshot_filter(&s, KDW_TABLE_CONSUMERS, &asked, is_even);
    assert_int_equal(asked, 40);
    assert_int_equal(s.tables[KDW_TABLE_CONSUMERS].len, 20);
    for (uint64_t i = 0; i < 40; i++) {
        const struct kdw_consumer *c = kdw_snapshot_find(&s, KDW_TABLE_CONSUMERS, VA + 0x40 * i);

        assert_true((c != NULL) == (i % 2 == 0));
        if (c)
            assert_int_equal(c->pid.value, i);
    }
    assert_non_null(kdw_snapshot_add(&s, KDW_TABLE_CONSUMERS, VA - 0x40));
    kdw_snapshot_free(&s);
}

static void it_is_complete_without_gaps_cuts_and_broken_lists(void **state)
{
    struct kdw_snapshot s = {0};
    struct kdw_job *job = kdw_snapshot_add(&s, KDW_TABLE_JOBS, VA);

    (void)state;
    assert_non_null(job);
    assert_true(kdw_snapshot_is_complete(&s));
    job->id.status = KD_ERR_NOT_MAPPED;
    assert_false(kdw_snapshot_is_complete(&s));
    job->id.status = KD_OK;
    s.tables[KDW_TABLE_CPUS].is_cut = true;
    assert_false(kdw_snapshot_is_complete(&s));
    s.tables[KDW_TABLE_CPUS].is_cut = false;
    assert_true(kdw_snapshot_is_complete(&s));
    assert_non_null(kdw_snapshot_add(&s, KDW_TABLE_LISTS, VA));
    assert_false(kdw_snapshot_is_complete(&s));
    kdw_snapshot_free(&s);
}

static void back_at_a_mark_it_is_as_it_was(void **state)
{
    const struct kdw_table *jobs;
    struct kdw_snapshot_mark mark;
    struct kdw_snapshot s = {0};

    (void)state;
    jobs = &s.tables[KDW_TABLE_JOBS];
    for (uint64_t i = 0; i < 10; i++)
        assert_non_null(kdw_snapshot_add(&s, KDW_TABLE_JOBS, VA + 0x10 * i));
    mark = kdw_snapshot_mark(&s);
    s.looks = 1;
    for (uint64_t i = 0; i < 500; i++) { /* the index grows; some addresses are there already */
        struct kdw_process *p = kdw_snapshot_add(&s, KDW_TABLE_PROCESSES, VA + 0x10 * i);

        assert_non_null(kdw_snapshot_add(&s, KDW_TABLE_JOBS, VA + 0x10 * i));
        assert_non_null(p);
        p->name = (struct kdw_text){.status = KD_OK, .utf8 = copy("text")};
        assert_int_equal(s.tables[KDW_TABLE_PROCESSES].looks[i], 1);
    }
    s.tables[KDW_TABLE_PROCESSES].is_cut = true;
    kdw_snapshot_rewind(&s, &mark);
    assert_int_equal(jobs->len, 10);
    assert_int_equal(s.tables[KDW_TABLE_PROCESSES].len, 0);
    assert_false(s.tables[KDW_TABLE_PROCESSES].is_cut);
    for (uint64_t i = 0; i < 500; i++) {
        const void *job = kdw_snapshot_find(&s, KDW_TABLE_JOBS, VA + 0x10 * i);

        assert_null(kdw_snapshot_find(&s, KDW_TABLE_PROCESSES, VA + 0x10 * i));
        assert_true(job == (i < 10 ? (const struct kdw_job *)jobs->records + i : NULL));
    }
    assert_non_null(kdw_snapshot_add(&s, KDW_TABLE_JOBS, VA + 0x10 * 11));
    assert_non_null(kdw_snapshot_find(&s, KDW_TABLE_JOBS, VA + 0x10 * 11));
    assert_int_equal(jobs->looks[9], 0);
    assert_int_equal(jobs->looks[10], 1);
    kdw_snapshot_free(&s);
}

static bool is_at_an_even_place(void *ctx, const void *record)
{
    const struct kdw_job *job = record;

    (void)ctx;
    return job->va % 0x20 == 0;
}

static void a_record_that_is_kept_keeps_its_look(void **state)
{
    struct kdw_snapshot s = {0};

    (void)state;
    for (uint64_t i = 0; i < 4; i++) {
        s.looks = (uint32_t)i;
        assert_non_null(kdw_snapshot_add(&s, KDW_TABLE_JOBS, VA + 0x10 * (i + 1)));
    }
    kdw_snapshot_filter(&s, KDW_TABLE_JOBS, NULL, is_at_an_even_place);
    assert_int_equal(s.tables[KDW_TABLE_JOBS].len, 2);
    assert_int_equal(s.tables[KDW_TABLE_JOBS].looks[0], 1);
    assert_int_equal(s.tables[KDW_TABLE_JOBS].looks[1], 3);
    kdw_snapshot_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_record_knows_its_address_and_nothing_else),
        cmocka_unit_test(records_are_found_by_address_and_keep_their_order),
        cmocka_unit_test(of_two_records_with_one_address_the_first_is_found),
        cmocka_unit_test(of_one_address_there_are_only_so_many),
        cmocka_unit_test(a_full_table_says_that_there_was_more),
        cmocka_unit_test(what_could_not_be_read_is_a_gap_and_what_does_not_exist_is_none),
        cmocka_unit_test(what_is_not_kept_is_gone_and_the_rest_is_found),
        cmocka_unit_test(it_is_complete_without_gaps_cuts_and_broken_lists),
        cmocka_unit_test(back_at_a_mark_it_is_as_it_was),
        cmocka_unit_test(a_record_that_is_kept_keeps_its_look),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
