#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "handle_set.h"

#define LEAF UINT64_C(0xffffa80fb0100000)

static struct kdw_handle_key key(uint64_t i)
{
    return (struct kdw_handle_key){LEAF + 16 * i, UINT64_C(0xffffa80fb1000200) + 0x40 * i, i % 3};
}

static void what_was_put_in_is_in_and_nothing_else(void **state)
{
    struct kdw_handle_set set = {0};

    (void)state;
    for (uint64_t i = 0; i < 5000; i += 2) {
        struct kdw_handle_key k = key(i);

        assert_false(kdw_handle_set_has(&set, &k));
        assert_int_equal(kdw_handle_set_add(&set, &k), KD_OK);
        assert_int_equal(kdw_handle_set_add(&set, &k), KD_OK);
    }
    assert_int_equal(set.len, 2500);
    for (uint64_t i = 0; i < 5000; i++) {
        struct kdw_handle_key k = key(i);

        assert_true(kdw_handle_set_has(&set, &k) == (i % 2 == 0));
    }
    kdw_handle_set_free(&set);
}

static void an_entry_that_differs_in_anything_is_another(void **state)
{
    struct kdw_handle_key k = key(7), other = k;
    struct kdw_handle_set set = {0};

    (void)state;
    assert_int_equal(kdw_handle_set_add(&set, &k), KD_OK);
    other.pointer_va += 0x10;
    assert_false(kdw_handle_set_has(&set, &other));
    other = k;
    other.rest ^= 1;
    assert_false(kdw_handle_set_has(&set, &other));
    assert_int_equal(kdw_handle_set_add(&set, &other), KD_OK); /* instead of the first */
    assert_true(kdw_handle_set_has(&set, &other));
    assert_false(kdw_handle_set_has(&set, &k));
    assert_int_equal(set.len, 1);
    kdw_handle_set_free(&set);
}

static void no_handle_is_at_zero(void **state)
{
    const struct kdw_handle_key k = {0, 1, 2};
    struct kdw_handle_set set = {0};

    (void)state;
    assert_int_equal(kdw_handle_set_add(&set, &k), KD_OK);
    assert_false(kdw_handle_set_has(&set, &k));
    assert_int_equal(set.len, 0);
    kdw_handle_set_free(&set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_put_in_is_in_and_nothing_else),
        cmocka_unit_test(an_entry_that_differs_in_anything_is_another),
        cmocka_unit_test(no_handle_is_at_zero),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
