#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "people.h"
#include "support/fake_people.h"

#define HEAD  UINT64_C(0xffffd18000001000)
#define OWNER UINT64_C(0xffffd18000001800)

enum { ENTRIES = 5, ENTRY_LEN = 0x2000 };

static uint64_t entry(size_t i)
{
    return UINT64_C(0xffffd18001000000) + ENTRY_LEN * i;
}

struct scene {
    struct fake_people p;
    struct kdw_snapshot s;
    struct kdw_walk w;
    size_t left;
    uint64_t noted[2 * ENTRIES];
    size_t len;
};

static struct scene *the_scene; /* note functions get const contexts */

static enum kd_status note(struct kdw_walk *w, const void *ctx, uint64_t links_va)
{
    struct scene *c = the_scene;

    assert_ptr_equal(ctx, c);
    assert_ptr_equal(w, &c->w);
    assert_true(c->len < 2 * ENTRIES);
    c->noted[c->len++] = links_va;
    return KD_OK;
}

static void begin(struct scene *c)
{
    uint64_t entries[ENTRIES];

    memset(c, 0, sizeof *c);
    the_scene = c;
    fake_people_init(&c->p, "18362");
    c->w = (struct kdw_walk){.k = &c->p.k.kernel, .s = &c->s};
    c->left = 100;
    for (size_t i = 0; i < ENTRIES; i++)
        entries[i] = entry(i);
    fake_mem_list(&c->p.k.mem, HEAD, entries, ENTRIES);
}

static void each(struct scene *c)
{
    const struct kdw_people_list list = {HEAD, "Entries", OWNER};

    assert_int_equal(kdw_people_each(&c->w, &list, &c->left, note, c), KD_OK);
}

static void end(struct scene *c)
{
    kdw_snapshot_free(&c->s);
    fake_people_deinit(&c->p);
}

static void a_list_is_walked_once_from_its_beginning(void **state)
{
    struct scene c;

    (void)state;
    begin(&c);
    each(&c);
    assert_int_equal(c.len, ENTRIES);
    for (size_t i = 0; i < ENTRIES; i++)
        assert_true(c.noted[i] == entry(i));
    assert_int_equal(c.left, 100 - ENTRIES);
    assert_int_equal(c.s.tables[KDW_TABLE_LISTS].len, 0);
    end(&c);
}

static void what_lies_behind_a_hole_is_found_from_the_other_end(void **state)
{
    const struct kdw_list_walk *list;
    struct scene c;

    (void)state;
    begin(&c);
    fake_mem_unmap(&c.p.k.mem, entry(2), 16);
    each(&c);
    assert_int_equal(c.len, ENTRIES - 1);
    assert_true(c.noted[1] == entry(1));
    assert_true(c.noted[2] == entry(4));
    assert_true(c.noted[3] == entry(3));
    assert_int_equal(c.left, 100 - (ENTRIES - 1));
    assert_int_equal(c.s.tables[KDW_TABLE_LISTS].len, 1);
    list = c.s.tables[KDW_TABLE_LISTS].records;
    assert_string_equal(list->name.utf8, "Entries");
    assert_true(list->va == HEAD);
    assert_true(list->owner_va.value == OWNER);
    assert_true(list->end_va.value == entry(2));
    end(&c);
}

static void both_ways_together_end_at_the_bound(void **state)
{
    struct scene c;

    (void)state;
    begin(&c);
    c.left = 3;
    each(&c);
    assert_int_equal(c.len, 3);
    assert_int_equal(c.left, 0);
    assert_int_equal(c.s.tables[KDW_TABLE_LISTS].len, 1);
    end(&c);
}

static void a_link_that_is_lost_ends_it(void **state)
{
    const struct kdw_people_list list = {HEAD, "Entries", OWNER};
    struct scene c;

    (void)state;
    for (size_t from = 1; from <= 4; from++) {
        begin(&c);
        c.p.k.mem.fail_with = KD_ERR_LOST;
        c.p.k.mem.fail_from = from;
        assert_int_equal(kdw_people_each(&c.w, &list, &c.left, note, &c), KD_ERR_LOST);
        end(&c);
    }
}

static void a_record_is_found_to_be_changed(void **state)
{
    struct kdw_job *job;
    struct scene c;

    (void)state;
    begin(&c);
    for (size_t i = 0; i < ENTRIES; i++)
        assert_non_null(kdw_snapshot_add(&c.s, KDW_TABLE_JOBS, entry(i)));
    job = kdw_walk_find(&c.w, KDW_TABLE_JOBS, entry(3));
    assert_true(job->va == entry(3));
    assert_ptr_equal(job, (struct kdw_job *)c.s.tables[KDW_TABLE_JOBS].records + 3);
    assert_null(kdw_walk_find(&c.w, KDW_TABLE_JOBS, HEAD));
    assert_null(kdw_walk_find(&c.w, KDW_TABLE_PROCESSES, entry(3)));
    end(&c);
}

static void a_field_that_symbols_lack_has_no_place(void **state)
{
    struct kdw_place place;
    struct scene c;

    (void)state;
    begin(&c);
    assert_int_equal(kdw_place_resolve(&c.w, "_EJOB", "JobLinks", &place), KD_OK);
    assert_true(place.exists);
    assert_int_equal(place.offset, 0x18);
    assert_int_equal(kdw_place_resolve(&c.w, "_EJOB", "Nonsense", &place), KD_OK);
    assert_false(place.exists);
    end(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_list_is_walked_once_from_its_beginning),
        cmocka_unit_test(what_lies_behind_a_hole_is_found_from_the_other_end),
        cmocka_unit_test(both_ways_together_end_at_the_bound),
        cmocka_unit_test(a_link_that_is_lost_ends_it),
        cmocka_unit_test(a_record_is_found_to_be_changed),
        cmocka_unit_test(a_field_that_symbols_lack_has_no_place),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
