#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <walker/diff.h>

#include "support/made_snapshot.h"

#define STATE UINT64_C(0xffffa80faaf3e000)
#define VA    UINT64_C(0xffffa80fc0027570)

static struct kdw_u64 number(uint64_t value)
{
    return (struct kdw_u64){.value = value};
}

static struct kdw_u64 paged_out(void)
{
    return (struct kdw_u64){.status = KD_ERR_PAGED_OUT, .fault_va = VA};
}

static struct kdw_text text(const char *chars)
{
    char *copy = malloc(strlen(chars) + 1);

    assert_non_null(copy);
    strcpy(copy, chars);
    return (struct kdw_text){.utf8 = copy};
}

struct scene {
    struct kdw_snapshot from, to;
    struct kdw_diff diff;
};

/* All tables were looked at, and are empty. */
static void begin(struct scene *sc)
{
    *sc = (struct scene){.diff = {.len = 0}};
    for (size_t i = 0; i < KDW_TABLES; i++)
        sc->from.tables[i].is_taken = sc->to.tables[i].is_taken = true;
}

static struct kdw_process *add_process(struct kdw_snapshot *s, uint64_t va, uint64_t pid,
                                       uint64_t created)
{
    struct kdw_process *p = kdw_snapshot_add(s, KDW_TABLE_PROCESSES, va);

    assert_non_null(p);
    p->pid = number(pid);
    p->created_100ns = number(created);
    p->found = number(KDW_FOUND_LIST);
    return p;
}

static struct kdw_logger *add_logger(struct kdw_snapshot *s, uint64_t va, uint64_t slot)
{
    struct kdw_logger *l = kdw_snapshot_add(s, KDW_TABLE_LOGGERS, va);

    assert_non_null(l);
    l->state_va = number(STATE);
    l->slot = number(slot);
    l->state = number(KDW_LOGGER_LIVE);
    return l;
}

static const struct kdw_table_diff *compare(struct scene *sc, enum kdw_table_id table)
{
    assert_int_equal(kdw_diff(&sc->from, &sc->to, KDW_DIFF_WITHOUT_COUNTERS, &sc->diff), KD_OK);
    return &sc->diff.tables[table];
}

static void end(struct scene *sc)
{
    kdw_diff_free(&sc->diff);
    kdw_snapshot_free(&sc->from);
    kdw_snapshot_free(&sc->to);
}

static void assert_tally(const struct kdw_table_diff *t, size_t appeared, size_t vanished,
                         size_t changed, size_t not_comparable)
{
    assert_int_equal(t->appeared, appeared);
    assert_int_equal(t->vanished, vanished);
    assert_int_equal(t->changed, changed);
    assert_int_equal(t->not_comparable, not_comparable);
}

/* ---- facts ---- */

static void a_snapshot_does_not_differ_from_itself(void **state)
{
    struct kdw_snapshot s;
    struct kdw_diff d;

    (void)state;
    made_snapshot(&s, 9);
    assert_int_equal(kdw_diff(&s, &s, KDW_DIFF_WITH_COUNTERS, &d), KD_OK);
    assert_int_equal(d.len, 0);
    for (size_t i = 0; i < KDW_TABLES; i++)
        assert_int_equal(d.tables[i].taken, s.tables[i].is_taken ? KDW_IN_BOTH : 0);
    kdw_diff_free(&d);
    kdw_snapshot_free(&s);
}

static void each_fact_of_each_table_is_compared(void **state)
{
    (void)state;
    for (size_t t = 0; t < KDW_TABLES; t++) {
        const struct kdw_table_info *info = &kdw_snapshot_tables[t];

        assert_true(info->facts_len <= 64); /* one bit each */
        for (size_t f = 1; f < info->facts_len; f++) {
            struct scene sc;
            uint8_t *a, *b;
            size_t at = info->facts[f].offset;

            if (info->facts[f].kind == KDW_FACT_TEXT || info->facts[f].kind == KDW_FACT_GUID)
                continue;
            begin(&sc);
            add_process(&sc.from, 0, 1, 1); /* by which it shows that lists were walked */
            add_process(&sc.to, 0, 1, 1);
            a = kdw_snapshot_add(&sc.from, (enum kdw_table_id)t, VA);
            b = kdw_snapshot_add(&sc.to, (enum kdw_table_id)t, VA);
            assert_true(a && b);
            *(struct kdw_u64 *)(void *)(a + at) = number(7);
            *(struct kdw_u64 *)(void *)(b + at) = number(8);
            assert_int_equal(kdw_diff(&sc.from, &sc.to, KDW_DIFF_WITH_COUNTERS, &sc.diff), KD_OK);
            assert_true(sc.diff.len >=
                        1); /* a change, or another record where it is its identity */
            end(&sc);
        }
    }
}

static void a_change_says_which_fact_of_which_records(void **state)
{
    struct scene sc;
    const struct kdw_process *a, *b;

    (void)state;
    begin(&sc);
    add_process(&sc.from, VA, 700, 5)->protection = number(0x41);
    add_process(&sc.to, VA, 700, 5)->protection = number(0);
    assert_tally(compare(&sc, KDW_TABLE_PROCESSES), 0, 0, 1, 0);
    assert_int_equal(sc.diff.len, 1);
    assert_int_equal(sc.diff.changes[0].kind, KDW_CHANGED);
    assert_string_equal(sc.diff.changes[0].fact->name, "protection");
    a = sc.diff.changes[0].from;
    b = sc.diff.changes[0].to;
    assert_int_equal(a->protection.value, 0x41);
    assert_int_equal(b->protection.value, 0);
    end(&sc);
}

static void texts_and_guids_are_compared_by_what_they_say(void **state)
{
    struct scene sc;
    struct kdw_job *a, *b;

    (void)state;
    begin(&sc);
    add_process(&sc.from, VA, 4, 1)->name = text("System");
    add_process(&sc.to, VA, 4, 1)->name = text("Systen");
    add_process(&sc.from, VA + 0x1000, 8, 1)->name = text("same");
    add_process(&sc.to, VA + 0x1000, 8, 1)->name = text("same");
    a = kdw_snapshot_add(&sc.from, KDW_TABLE_JOBS, VA);
    b = kdw_snapshot_add(&sc.to, KDW_TABLE_JOBS, VA);
    assert_true(a && b);
    a->container_id = (struct kdw_guid){.bytes = {1, 2}};
    b->container_id = (struct kdw_guid){.bytes = {1, 3}};
    assert_tally(compare(&sc, KDW_TABLE_PROCESSES), 0, 0, 1, 0);
    assert_tally(&sc.diff.tables[KDW_TABLE_JOBS], 0, 0, 1, 0);
    end(&sc);
}

static void counters_are_compared_only_when_asked_for(void **state)
{
    struct scene sc;

    (void)state;
    begin(&sc);
    add_logger(&sc.from, VA, 3)->buffers_written = number(1);
    add_logger(&sc.to, VA, 3)->buffers_written = number(2);
    assert_tally(compare(&sc, KDW_TABLE_LOGGERS), 0, 0, 0, 0);
    assert_int_equal(kdw_diff(&sc.from, &sc.to, KDW_DIFF_WITH_COUNTERS, &sc.diff), KD_OK);
    assert_tally(&sc.diff.tables[KDW_TABLE_LOGGERS], 0, 0, 1, 0);
    end(&sc);
}

static void what_is_unreadable_on_either_side_is_counted_and_is_no_change(void **state)
{
    struct scene sc;

    (void)state;
    begin(&sc);
    add_process(&sc.from, VA, 4, 1)->protection = number(0x72);
    add_process(&sc.to, VA, 4, 1)->protection = paged_out();
    add_process(&sc.from, VA + 0x1000, 8, 1)->dtb = paged_out();
    add_process(&sc.to, VA + 0x1000, 8, 1)->dtb = paged_out();
    assert_tally(compare(&sc, KDW_TABLE_PROCESSES), 0, 0, 0, 2);
    assert_int_equal(sc.diff.len, 0);
    end(&sc);
}

/* ---- identity ---- */

static void a_process_at_an_address_that_was_used_again_is_another_one(void **state)
{
    struct scene sc;

    (void)state;
    begin(&sc);
    add_process(&sc.from, VA, 700, 5);
    add_process(&sc.to, VA, 700, 6);
    assert_tally(compare(&sc, KDW_TABLE_PROCESSES), 1, 1, 0, 0);
    assert_int_equal(sc.diff.changes[0].kind, KDW_VANISHED);
    assert_int_equal(sc.diff.changes[1].kind, KDW_APPEARED);
    end(&sc);
}

static void a_provider_whose_entry_was_made_anew_is_the_same_one(void **state)
{
    struct scene sc;

    (void)state;
    begin(&sc);
    for (int i = 0; i < 2; i++) {
        struct kdw_provider *p =
            kdw_snapshot_add(i ? &sc.to : &sc.from, KDW_TABLE_PROVIDERS, VA + 0x1000 * (uint64_t)i);

        assert_non_null(p);
        p->state_va = number(STATE);
        p->type = number(KDW_PROVIDER_TRACE);
        p->guid = (struct kdw_guid){.bytes = {9}};
    }
    assert_tally(compare(&sc, KDW_TABLE_PROVIDERS), 0, 0, 1, 0);
    assert_int_equal(sc.diff.changes[0].fact->kind, KDW_FACT_KEY);
    end(&sc);
}

static void a_logger_is_known_by_its_place(void **state)
{
    struct scene sc;

    (void)state;
    begin(&sc);
    add_logger(&sc.from, VA, 3)->name = text("Eventlog-Security");
    add_logger(&sc.to, VA, 3)->name = text("another");
    add_logger(&sc.from, VA + 0x1000, 4);
    add_logger(&sc.to, VA + 0x1000, 5);
    assert_tally(compare(&sc, KDW_TABLE_LOGGERS), 1, 1, 1, 0);
    end(&sc);
}

static void where_an_identity_cannot_be_read_the_address_is_one(void **state)
{
    struct scene sc;

    (void)state;
    begin(&sc);
    add_process(&sc.from, VA, 700, 5);
    add_process(&sc.to, VA, 0, 5)->pid = paged_out();
    assert_tally(compare(&sc, KDW_TABLE_PROCESSES), 0, 0, 0, 1);
    end(&sc);
}

static void of_several_with_one_identity_each_has_one_partner(void **state)
{
    struct scene sc;

    (void)state;
    begin(&sc);
    for (uint64_t i = 0; i < 3; i++)
        add_logger(&sc.from, VA + 0x1000 * i, 3);
    for (uint64_t i = 0; i < 2; i++)
        add_logger(&sc.to, VA + 0x1000 * i, 3);
    assert_tally(compare(&sc, KDW_TABLE_LOGGERS), 0, 1, 0, 0);
    assert_ptr_equal(sc.diff.changes[0].from,
                     (struct kdw_logger *)sc.from.tables[KDW_TABLE_LOGGERS].records + 2);
    end(&sc);
}

static void a_logger_that_was_not_read_has_neither_changed_nor_gone(void **state)
{
    struct scene sc;
    struct kdw_logger *l;

    (void)state;
    begin(&sc);
    add_logger(&sc.from, VA, 3)->name = text("Eventlog-Security");
    l = add_logger(&sc.to, VA, 3);
    l->state = number(KDW_LOGGER_UNREADABLE);
    assert_int_equal(compare(&sc, KDW_TABLE_LOGGERS)->changed, 0);
    assert_int_equal(sc.diff.len, 0);
    assert_true(sc.diff.tables[KDW_TABLE_LOGGERS].not_comparable > 0);
    end(&sc);
}

/* ---- what is in one only ---- */

static void a_table_of_one_snapshot_is_named_and_not_compared(void **state)
{
    struct scene sc;

    (void)state;
    begin(&sc);
    add_process(&sc.from, VA, 4, 1);
    sc.to.tables[KDW_TABLE_PROCESSES].is_taken = false;
    assert_int_equal(compare(&sc, KDW_TABLE_PROCESSES)->taken, KDW_IN_FROM);
    assert_int_equal(sc.diff.len, 0);
    end(&sc);
}

static void a_fact_that_one_snapshot_has_of_no_record_is_named_and_not_compared(void **state)
{
    struct scene sc;
    const struct kdw_table_diff *t;

    (void)state;
    begin(&sc);
    add_logger(&sc.from, VA, 3);
    add_logger(&sc.to, VA, 3)->name = text("Eventlog-Security");
    t = compare(&sc, KDW_TABLE_LOGGERS);
    assert_tally(t, 0, 0, 0, 0);
    assert_int_equal(t->facts_from, 0);
    assert_int_equal(t->facts_to, 1 << 7);
    assert_string_equal(kdw_snapshot_tables[KDW_TABLE_LOGGERS].facts[7].name, "name");
    end(&sc);
}

static void a_fact_that_some_records_have_may_come_and_go(void **state)
{
    struct scene sc;

    (void)state;
    begin(&sc);
    add_process(&sc.from, VA, 4, 1);
    add_process(&sc.to, VA, 4, 1)->package = text("S-1-15-2-1");
    add_process(&sc.from, VA + 0x1000, 8, 1)->package = text("S-1-15-2-2");
    assert_tally(compare(&sc, KDW_TABLE_PROCESSES), 0, 1, 1, 0);
    end(&sc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_snapshot_does_not_differ_from_itself),
        cmocka_unit_test(each_fact_of_each_table_is_compared),
        cmocka_unit_test(a_change_says_which_fact_of_which_records),
        cmocka_unit_test(texts_and_guids_are_compared_by_what_they_say),
        cmocka_unit_test(counters_are_compared_only_when_asked_for),
        cmocka_unit_test(what_is_unreadable_on_either_side_is_counted_and_is_no_change),
        cmocka_unit_test(a_process_at_an_address_that_was_used_again_is_another_one),
        cmocka_unit_test(a_provider_whose_entry_was_made_anew_is_the_same_one),
        cmocka_unit_test(a_logger_is_known_by_its_place),
        cmocka_unit_test(where_an_identity_cannot_be_read_the_address_is_one),
        cmocka_unit_test(of_several_with_one_identity_each_has_one_partner),
        cmocka_unit_test(a_logger_that_was_not_read_has_neither_changed_nor_gone),
        cmocka_unit_test(a_table_of_one_snapshot_is_named_and_not_compared),
        cmocka_unit_test(a_fact_that_one_snapshot_has_of_no_record_is_named_and_not_compared),
        cmocka_unit_test(a_fact_that_some_records_have_may_come_and_go),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
