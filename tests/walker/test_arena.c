#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "arena.h"

static void what_is_given_out_stays_and_does_not_overlap(void **state)
{
    struct kdw_arena a = {NULL};
    char *texts[5000];
    uint64_t *numbers[5000];

    (void)state;
    for (size_t i = 0; i < 5000; i++) {
        char text[32];

        memset(text, 'a' + (int)(i % 26), sizeof text);
        texts[i] = kdw_arena_text(&a, text, 1 + i % 31);
        numbers[i] = kdw_arena_alloc(&a, sizeof *numbers[i]);
        assert_non_null(texts[i]);
        assert_non_null(numbers[i]);
        assert_int_equal((uintptr_t)numbers[i] % sizeof *numbers[i], 0);
        assert_int_equal(*numbers[i], 0);
        *numbers[i] = i;
    }
    for (size_t i = 0; i < 5000; i++) {
        assert_int_equal(*numbers[i], i);
        assert_int_equal(strlen(texts[i]), 1 + i % 31);
        assert_int_equal(texts[i][i % 31], 'a' + (int)(i % 26));
    }
    kdw_arena_free(&a);
    assert_null(a.blocks);
    kdw_arena_free(&a);
}

static void large_things_and_nothing_fit_as_well(void **state)
{
    struct kdw_arena a = {NULL};
    char *small, *large;

    (void)state;
    assert_non_null(kdw_arena_alloc(&a, 0));
    small = kdw_arena_text(&a, "", 0);
    large = kdw_arena_alloc(&a, 1 << 20);
    assert_non_null(large);
    memset(large, 1, 1 << 20);
    assert_string_equal(small, "");
    kdw_arena_free(&a);
}

static void more_than_there_can_be_is_refused(void **state)
{
    struct kdw_arena a = {NULL};

    (void)state;
    assert_null(kdw_arena_alloc(&a, SIZE_MAX));
    assert_null(kdw_arena_text(&a, "", SIZE_MAX));
    kdw_arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_given_out_stays_and_does_not_overlap),
        cmocka_unit_test(large_things_and_nothing_fit_as_well),
        cmocka_unit_test(more_than_there_can_be_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
