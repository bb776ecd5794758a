#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "people.h"
#include "support/fake_people.h"

#define HEAD UINT64_C(0xffffd18000001000)

enum { ENTRIES = 5, ENTRY_LEN = 0x2000 };

static uint64_t entry(size_t i)
{
    return UINT64_C(0xffffd18001000000) + ENTRY_LEN * i;
}

struct scene {
    struct fake_people p;
    struct kdw_snapshot s;
    struct kdw_walk w;
};

static void begin(struct scene *c)
{
    memset(c, 0, sizeof *c);
    fake_people_init(&c->p, "18362");
    c->w = (struct kdw_walk){.k = &c->p.k.kernel, .s = &c->s};
}

static void end(struct scene *c)
{
    kdw_snapshot_free(&c->s);
    fake_people_deinit(&c->p);
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
        cmocka_unit_test(a_record_is_found_to_be_changed),
        cmocka_unit_test(a_field_that_symbols_lack_has_no_place),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
