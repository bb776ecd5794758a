#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/fake_mem.h"

#include <walker/list.h>

#define HEAD 0xffff800000001000u

static const uint64_t entries[] = {HEAD + 0x100, HEAD + 0x80, HEAD + 0x3000, HEAD + 0x2000};

enum { ENTRIES = sizeof entries / sizeof entries[0], LIMIT = 100 };

static void make(struct fake_mem *m)
{
    fake_mem_init(m);
    fake_mem_list(m, HEAD, entries, ENTRIES);
}

/* Walks it all; returns how many of the expected entries came, in order. */
static size_t walk(struct fake_mem *m, size_t limit, struct kdw_list *l)
{
    uint64_t va;
    size_t n = 0;

    for (kdw_list_begin(l, &m->mem, HEAD, limit); kdw_list_next(l, &va); n++) {
        assert_true(n < ENTRIES);
        assert_true(va == entries[n]);
    }
    assert_false(kdw_list_next(l, &va)); /* and stays at its end */
    return n;
}

static void every_entry_is_given_out_in_order(void **state)
{
    struct fake_mem m;
    struct kdw_list l;

    (void)state;
    make(&m);
    assert_int_equal(walk(&m, LIMIT, &l), ENTRIES);
    assert_int_equal(l.end, KD_OK);
    assert_int_equal(walk(&m, ENTRIES, &l), ENTRIES);
    assert_int_equal(l.end, KD_OK);
    fake_mem_deinit(&m);
}

static void an_empty_list_has_no_entries(void **state)
{
    struct fake_mem m;
    struct kdw_list l;

    (void)state;
    fake_mem_init(&m);
    fake_mem_list(&m, HEAD, NULL, 0);
    assert_int_equal(walk(&m, LIMIT, &l), 0);
    assert_int_equal(l.end, KD_OK);
    fake_mem_deinit(&m);
}

static void an_unreadable_head_ends_it_at_once(void **state)
{
    struct fake_mem m;
    struct kdw_list l;

    (void)state;
    fake_mem_init(&m);
    assert_int_equal(walk(&m, LIMIT, &l), 0);
    assert_int_equal(l.end, KD_ERR_NOT_MAPPED);
    assert_true(l.end_va == HEAD);
    fake_mem_deinit(&m);
}

static void a_list_that_leads_into_itself_is_a_cycle(void **state)
{
    struct kdw_list l;

    (void)state;
    for (size_t back = 0; back < ENTRIES - 1; back++) {
        struct fake_mem m;

        make(&m);
        fake_mem_u64(&m, entries[ENTRIES - 1], entries[back]);
        assert_int_equal(walk(&m, LIMIT, &l), ENTRIES);
        assert_int_equal(l.end, KD_ERR_CYCLE);
        assert_true(l.end_va == entries[back]);
        fake_mem_deinit(&m);
    }
}

static void an_entry_that_leads_to_itself_is_a_cycle(void **state)
{
    struct fake_mem m;
    struct kdw_list l;

    (void)state;
    make(&m);
    fake_mem_u64(&m, entries[1], entries[1]);
    assert_int_equal(walk(&m, LIMIT, &l), 2);
    assert_int_equal(l.end, KD_ERR_CYCLE);
    assert_true(l.end_va == entries[1]);
    fake_mem_deinit(&m);
}

static void an_entry_that_does_not_point_back_is_no_part_of_the_list(void **state)
{
    struct fake_mem m;
    struct kdw_list l;

    (void)state;
    make(&m);
    fake_mem_u64(&m, entries[2] + 8, entries[0]);
    assert_int_equal(walk(&m, LIMIT, &l), 2);
    assert_int_equal(l.end, KD_ERR_MISMATCH);
    assert_true(l.end_va == entries[2]);
    fake_mem_deinit(&m);
}

static void a_head_that_does_not_point_back_is_noticed_at_the_end(void **state)
{
    struct fake_mem m;
    struct kdw_list l;

    (void)state;
    make(&m);
    fake_mem_u64(&m, HEAD + 8, entries[0]);
    assert_int_equal(walk(&m, LIMIT, &l), ENTRIES);
    assert_int_equal(l.end, KD_ERR_MISMATCH);
    assert_true(l.end_va == HEAD);
    fake_mem_deinit(&m);
}

static void an_unreadable_entry_ends_the_list_and_says_where(void **state)
{
    struct fake_mem m;
    struct kdw_list l;

    (void)state;
    make(&m);
    fake_mem_unmap(&m, entries[2], 16);
    assert_int_equal(walk(&m, LIMIT, &l), 2);
    assert_int_equal(l.end, KD_ERR_NOT_MAPPED);
    assert_true(l.end_va == entries[2]);
    fake_mem_deinit(&m);
}

static void from_the_other_end_what_lies_behind_a_hole_is_reached(void **state)
{
    struct fake_mem m;
    struct kdw_list l;
    uint64_t va;

    (void)state;
    make(&m);
    kdw_list_begin_back(&l, &m.mem, HEAD, LIMIT);
    for (size_t i = ENTRIES; i-- > 0;) {
        assert_true(kdw_list_next(&l, &va));
        assert_true(va == entries[i]);
    }
    assert_false(kdw_list_next(&l, &va));
    assert_int_equal(l.end, KD_OK);

    fake_mem_unmap(&m, entries[1], 8);
    kdw_list_begin_back(&l, &m.mem, HEAD, LIMIT);
    while (kdw_list_next(&l, &va))
        assert_true(va == entries[ENTRIES - l.count]);
    assert_int_equal(l.count, 2);
    assert_int_equal(l.end, KD_ERR_NOT_MAPPED);
    assert_true(l.end_va == entries[1]);
    fake_mem_deinit(&m);
}

static void a_list_longer_than_the_limit_is_cut(void **state)
{
    struct fake_mem m;
    struct kdw_list l;

    (void)state;
    make(&m);
    assert_int_equal(walk(&m, 3, &l), 3);
    assert_int_equal(l.end, KD_ERR_LIMIT);
    assert_true(l.end_va == entries[3]);
    fake_mem_deinit(&m);
}

static void a_lost_link_ends_the_list_with_its_status(void **state)
{
    struct fake_mem m;
    struct kdw_list l;

    (void)state;
    make(&m);
    m.fail_from = 3;
    m.fail_with = KD_ERR_LOST;
    assert_int_equal(walk(&m, LIMIT, &l), 1);
    assert_int_equal(l.end, KD_ERR_LOST);
    assert_int_equal(m.reads, 3);
    fake_mem_deinit(&m);
}

/* ---- after a pause ---- */

/* Two entries were given out; then the list has these. */
static void resume(struct fake_mem *m, struct kdw_list *l, const uint64_t *now, size_t len)
{
    uint64_t va;

    make(m);
    kdw_list_begin(l, &m->mem, HEAD, LIMIT);
    assert_true(kdw_list_next(l, &va));
    assert_true(kdw_list_next(l, &va));
    fake_mem_list(m, HEAD, now, len);
}

static void a_place_that_is_still_there_is_gone_on_from(void **state)
{
    const uint64_t now[] = {HEAD + 0x5000, entries[0], entries[1], entries[3], HEAD + 0x6000};
    struct fake_mem m;
    struct kdw_list l;
    uint64_t va;

    (void)state;
    resume(&m, &l, now, 5);
    assert_true(kdw_list_resume(&l));
    assert_true(kdw_list_next(&l, &va));
    assert_true(va == entries[3]);
    assert_true(kdw_list_next(&l, &va));
    assert_true(va == HEAD + 0x6000);
    assert_false(kdw_list_next(&l, &va));
    assert_int_equal(l.end, KD_OK);
    fake_mem_deinit(&m);
}

static void a_place_that_moved_is_none(void **state)
{
    const uint64_t gone[] = {entries[0], entries[2], entries[3]};
    const uint64_t moved[] = {entries[0], entries[2], entries[3], entries[1]};
    const uint64_t other[] = {entries[0], HEAD + 0x5000, entries[1], entries[2]};
    const struct {
        const uint64_t *now;
        size_t len;
    } cases[] = {{gone, 3}, {moved, 4}, {other, 4}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fake_mem m;
        struct kdw_list l;

        resume(&m, &l, cases[i].now, cases[i].len);
        assert_false(kdw_list_resume(&l));
        assert_int_equal(l.end, KD_ERR_MISMATCH);
        assert_true(l.end_va == entries[1]);
        fake_mem_deinit(&m);
    }
}

static void a_place_that_cannot_be_read_is_none(void **state)
{
    struct fake_mem m;
    struct kdw_list l;

    (void)state;
    resume(&m, &l, entries, ENTRIES);
    fake_mem_unmap(&m, entries[1], 16);
    assert_false(kdw_list_resume(&l));
    assert_int_equal(l.end, KD_ERR_NOT_MAPPED);
    fake_mem_deinit(&m);
    for (size_t from = 1; from <= 3; from++) {
        resume(&m, &l, entries, ENTRIES);
        m.fail_with = KD_ERR_INTERRUPTED;
        m.fail_from = m.reads + from;
        assert_false(kdw_list_resume(&l));
        assert_int_equal(l.end, KD_ERR_INTERRUPTED);
        fake_mem_deinit(&m);
    }
}

static void before_its_first_entry_a_list_begins_where_it_does_now(void **state)
{
    struct fake_mem m;
    struct kdw_list l;
    uint64_t va;

    (void)state;
    make(&m);
    kdw_list_begin(&l, &m.mem, HEAD, LIMIT);
    fake_mem_list(&m, HEAD, entries + 2, 2);
    assert_true(kdw_list_resume(&l));
    assert_true(kdw_list_next(&l, &va));
    assert_true(va == entries[2]);
    fake_mem_deinit(&m);
}

static void what_ends_a_walk_ends_it_where_a_cycle_is_looked_for(void **state)
{
    struct fake_mem m;
    struct kdw_list l;
    size_t n = 0;
    uint64_t va;

    (void)state;
    make(&m);
    fake_mem_u64(&m, entries[ENTRIES - 1], entries[0]);
    m.fail_with = KD_ERR_INTERRUPTED;
    m.fail_from =
        1 + ENTRIES + 2; /* the head, the entries, the first again, and what then follows */
    for (kdw_list_begin(&l, &m.mem, HEAD, LIMIT); kdw_list_next(&l, &va);)
        n++;
    assert_int_equal(n, ENTRIES);
    assert_int_equal(l.end, KD_ERR_INTERRUPTED);
    fake_mem_deinit(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_entry_is_given_out_in_order),
        cmocka_unit_test(an_empty_list_has_no_entries),
        cmocka_unit_test(an_unreadable_head_ends_it_at_once),
        cmocka_unit_test(a_list_that_leads_into_itself_is_a_cycle),
        cmocka_unit_test(an_entry_that_leads_to_itself_is_a_cycle),
        cmocka_unit_test(an_entry_that_does_not_point_back_is_no_part_of_the_list),
        cmocka_unit_test(a_head_that_does_not_point_back_is_noticed_at_the_end),
        cmocka_unit_test(an_unreadable_entry_ends_the_list_and_says_where),
        cmocka_unit_test(from_the_other_end_what_lies_behind_a_hole_is_reached),
        cmocka_unit_test(a_list_longer_than_the_limit_is_cut),
        cmocka_unit_test(a_lost_link_ends_the_list_with_its_status),
        cmocka_unit_test(a_place_that_is_still_there_is_gone_on_from),
        cmocka_unit_test(a_place_that_moved_is_none),
        cmocka_unit_test(a_place_that_cannot_be_read_is_none),
        cmocka_unit_test(before_its_first_entry_a_list_begins_where_it_does_now),
        cmocka_unit_test(what_ends_a_walk_ends_it_where_a_cycle_is_looked_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
