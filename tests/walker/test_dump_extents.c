#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dump_parts.h"
#include "support/dump_check.h"

/* An index by itself: a dump that is nothing but extents, over a file of that length. */
static void begin(struct kdw_dump *d, struct kd_diag *diag, size_t file_len,
                  struct dump_extents **x)
{
    memset(d, 0, sizeof *d);
    d->file.len = file_len;
    d->diag = diag;
    assert_int_equal(dump_extents_create(d, x), KD_OK);
}

static void has(const struct kdw_dump *d, uint64_t at, uint64_t offset, uint64_t len)
{
    struct dump_place place = {0, 0};

    assert_true(d->index->find(d->index, at, &place));
    assert_true(place.offset == offset && place.len == len);
}

static void lacks(const struct kdw_dump *d, uint64_t at)
{
    struct dump_place place;

    assert_false(d->index->find(d->index, at, &place));
}

static void next_is(const struct kdw_dump *d, uint64_t at, uint64_t expected)
{
    uint64_t found = 0;

    assert_true(d->index->next(d->index, at, &found));
    assert_true(found == expected);
}

static void places_are_found_in_any_order_of_adding(void **state)
{
    struct dump_extents *x;
    struct kd_diag diag;
    struct kdw_dump d;
    uint64_t found;

    (void)state;
    begin(&d, &diag, 0x10000, &x);
    assert_int_equal(dump_extents_add(&d, x, 0x5000, 0x2000, 0x100), KD_OK);
    assert_int_equal(dump_extents_add(&d, x, 0x1000, 0x1000, 0x8000), KD_OK);
    assert_int_equal(dump_extents_add(&d, x, 0x9000, 0x10, 0xF000), KD_OK);
    assert_true(dump_extents_finish(&d, x));
    has(&d, 0x1000, 0x8000, 0x1000);
    has(&d, 0x1FFF, 0x8FFF, 1);
    has(&d, 0x5008, 0x108, 0x1FF8);
    has(&d, 0x900F, 0xF00F, 1);
    lacks(&d, 0);
    lacks(&d, 0x2000);
    lacks(&d, 0x7000);
    lacks(&d, 0x9010);
    lacks(&d, UINT64_MAX);
    next_is(&d, 0, 0x1000);
    next_is(&d, 0x1234, 0x1234);
    next_is(&d, 0x2000, 0x5000);
    next_is(&d, 0x7000, 0x9000);
    assert_false(d.index->next(d.index, 0x9010, &found));
    assert_true(d.index->end == 0x9010);
    d.index->destroy(d.index);
}

static void what_goes_on_is_one(void **state)
{
    struct dump_extents *x;
    struct kd_diag diag;
    struct kdw_dump d;

    (void)state;
    begin(&d, &diag, 0x10000, &x);
    assert_int_equal(dump_extents_add(&d, x, 0x1000, 0x1000, 0x2000), KD_OK);
    assert_int_equal(dump_extents_add(&d, x, 0x2000, 0x1000, 0x3000), KD_OK);
    assert_int_equal(dump_extents_add(&d, x, 0x3000, 0x1000, 0x5000), KD_OK); /* elsewhere */
    assert_int_equal(dump_extents_add(&d, x, 0x5000, 0x1000, 0x6000), KD_OK); /* not next */
    assert_true(dump_extents_finish(&d, x));
    has(&d, 0x1000, 0x2000, 0x2000);
    has(&d, 0x3000, 0x5000, 0x1000);
    has(&d, 0x5000, 0x6000, 0x1000);
    d.index->destroy(d.index);
}

/* Whatever overlaps whatever: what any of them covers is found, and in one that covers it. */
static void overlaps_lose_nothing(void **state)
{
    uint32_t random = 7;

    (void)state;
    for (int round = 0; round < 200; round++) {
        uint64_t at[6], len[6];
        struct dump_extents *x;
        struct kd_diag diag;
        struct kdw_dump d;

        begin(&d, &diag, 0x100000, &x);
        for (size_t i = 0; i < 6; i++) {
            random = random * 1664525u + 1013904223u;
            at[i] = random >> 8 & 63;
            len[i] = random >> 20 & 31;
            assert_int_equal(dump_extents_add(&d, x, at[i], len[i], 0x1000 * (i + 1)), KD_OK);
        }
        (void)dump_extents_finish(&d, x);
        for (uint64_t p = 0; p < 128; p++) {
            struct dump_place place;
            bool is_found = d.index->find(d.index, p, &place), is_covered = false;

            for (size_t i = 0; i < 6; i++)
                is_covered = is_covered || (p >= at[i] && p - at[i] < len[i]);
            assert_int_equal(is_found, is_covered);
            if (is_found) {
                size_t i = (size_t)(place.offset / 0x1000) - 1;

                assert_true(at[i] + place.offset % 0x1000 == p);
                assert_true(p + place.len <= at[i] + len[i]);
            }
        }
        d.index->destroy(d.index);
    }
}

static void overlaps_are_said(void **state)
{
    struct dump_extents *x;
    struct kd_diag diag;
    struct kdw_dump d;

    (void)state;
    begin(&d, &diag, 0x10000, &x);
    assert_int_equal(dump_extents_add(&d, x, 0x1000, 0x1000, 0), KD_OK);
    assert_int_equal(dump_extents_add(&d, x, 0x1000, 0x2000, 0x4000), KD_OK);
    assert_false(dump_extents_finish(&d, x));
    has(&d, 0x1000, 0x4000, 0x2000); /* the longer */
    d.index->destroy(d.index);
}

static void pages_inside_the_file_are_counted(void **state)
{
    struct dump_extents *x;
    struct kd_diag diag;
    struct kdw_dump d;

    (void)state;
    begin(&d, &diag, 0x5800, &x);
    assert_int_equal(dump_extents_add(&d, x, 0, 0x2000, 0x1000), KD_OK);
    assert_int_equal(dump_extents_add(&d, x, 0x8000, 0x3000, 0x4000), KD_OK);
    assert_int_equal(dump_extents_add(&d, x, 0x20000, 0x3000, UINT64_MAX - 0x3000), KD_OK);
    assert_true(dump_extents_finish(&d, x));
    assert_true(d.index->pages_total == 8);
    assert_true(d.index->pages_present == 3);
    d.index->destroy(d.index);
}

static void what_would_wrap_around_is_refused(void **state)
{
    struct dump_extents *x;
    struct kd_diag diag = {""};
    struct kdw_dump d;

    (void)state;
    begin(&d, &diag, 0x10000, &x);
    assert_int_equal(dump_extents_add(&d, x, UINT64_MAX - 1, 1, 0), KD_OK);
    assert_int_equal(dump_extents_add(&d, x, UINT64_MAX - 1, 2, 0), KD_ERR_MALFORMED);
    assert_int_equal(dump_extents_add(&d, x, 0, 2, UINT64_MAX - 1), KD_ERR_MALFORMED);
    assert_non_null(strstr(diag.text, "highest address"));
    assert_int_equal(dump_extents_add(&d, x, UINT64_MAX, 0, UINT64_MAX), KD_OK); /* nothing */
    d.index->destroy(d.index);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(places_are_found_in_any_order_of_adding),
        cmocka_unit_test(what_goes_on_is_one),
        cmocka_unit_test(overlaps_lose_nothing),
        cmocka_unit_test(overlaps_are_said),
        cmocka_unit_test(pages_inside_the_file_are_counted),
        cmocka_unit_test(what_would_wrap_around_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
