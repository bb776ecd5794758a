#include "../../cli/ranges.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void what_is_new_was_not_there(void **state)
{
    struct ranges r = {0};

    (void)state;
    assert_int_equal(ranges_add(&r, 0x1000, 0x100), 0);
    assert_int_equal(ranges_add(&r, 0x3000, 0x100), 0);
    assert_int_equal(ranges_add(&r, 0x2000, 0), 0);
    assert_int_equal(r.count, 2);
    ranges_clear(&r);
    assert_int_equal(r.count, 0);
}

static void neighbours_become_one(void **state)
{
    struct ranges r = {0};

    (void)state;
    ranges_add(&r, 0x1000, 0x100);
    ranges_add(&r, 0x1200, 0x100);
    assert_int_equal(ranges_add(&r, 0x1100, 0x100), 0);
    assert_int_equal(r.count, 1);
    assert_int_equal(ranges_add(&r, 0x1000, 0x300), 0x300);
    ranges_clear(&r);
}

static void only_what_was_there_counts(void **state)
{
    struct ranges r = {0};

    (void)state;
    ranges_add(&r, 0x1000, 0x10);
    ranges_add(&r, 0x1020, 0x10);
    ranges_add(&r, 0x1040, 0x10);
    assert_int_equal(ranges_add(&r, 0x1008, 0x40), 0x8 + 0x10 + 0x8);
    assert_int_equal(r.count, 1);
    assert_int_equal(ranges_add(&r, 0x1000, 0x50), 0x50);
    ranges_clear(&r);
}

static void the_ends_of_the_address_space_are_addresses_like_others(void **state)
{
    struct ranges r = {0};

    (void)state;
    assert_int_equal(ranges_add(&r, UINT64_MAX - 15, 16), 0);
    assert_int_equal(ranges_add(&r, 0, 16), 0);
    assert_int_equal(r.count, 2);
    assert_int_equal(ranges_add(&r, UINT64_MAX - 3, 100), 4); /* it ends there */
    assert_int_equal(ranges_add(&r, 0, 1), 1);
    ranges_clear(&r);
}

/* Against a plain map of bytes. */
static void a_thousand_random_ranges_are_counted_right(void **state)
{
    static unsigned char was_read[4096];
    struct ranges r = {0};
    uint64_t random = 1;

    (void)state;
    memset(was_read, 0, sizeof was_read);
    for (int i = 0; i < 1000; i++) {
        uint64_t va, len, known = 0;

        random = random * 6364136223846793005u + 1442695040888963407u;
        va = (random >> 33) % 4096;
        len = (random >> 50) % 40;
        if (va + len > sizeof was_read)
            len = sizeof was_read - va;
        for (uint64_t at = va; at < va + len; at++) {
            known += was_read[at];
            was_read[at] = 1;
        }
        assert_int_equal(ranges_add(&r, 0x10000 + va, len), known);
        for (size_t k = 1; k < r.count; k++)
            assert_true(r.items[k - 1].last + 1 < r.items[k].first);
    }
    ranges_clear(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_new_was_not_there),
        cmocka_unit_test(neighbours_become_one),
        cmocka_unit_test(only_what_was_there_counts),
        cmocka_unit_test(the_ends_of_the_address_space_are_addresses_like_others),
        cmocka_unit_test(a_thousand_random_ranges_are_counted_right),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
