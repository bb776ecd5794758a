#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tree.h"

static void assert_order(const size_t *parents, size_t len, const struct tree_item *expected)
{
    struct tree_item items[16];

    assert_true(tree_order(parents, len, items));
    for (size_t i = 0; i < len; i++) {
        assert_int_equal(items[i].index, expected[i].index);
        assert_int_equal(items[i].depth, expected[i].depth);
    }
}

static void children_come_after_their_parent(void **state)
{
    const size_t parents[] = {TREE_NONE, 0, TREE_NONE, 1, 0, 2};
    const struct tree_item expected[] = {{0, 0}, {1, 1}, {3, 2}, {4, 1}, {2, 0}, {5, 1}};

    (void)state;
    assert_order(parents, 6, expected);
}

static void a_parent_may_come_later_in_the_table(void **state)
{
    const size_t parents[] = {2, 0, TREE_NONE};
    const struct tree_item expected[] = {{2, 0}, {0, 1}, {1, 2}};

    (void)state;
    assert_order(parents, 3, expected);
}

static void orphans_stand_at_the_top(void **state)
{
    const size_t parents[] = {99, TREE_NONE};
    const struct tree_item expected[] = {{0, 0}, {1, 0}};

    (void)state;
    assert_order(parents, 2, expected);
}

static void circles_are_cut_and_nobody_is_lost(void **state)
{
    const size_t parents[] = {1, 2, 0, 3, 1, TREE_NONE};
    const struct tree_item expected[] = {{5, 0}, {0, 0}, {2, 1}, {1, 2}, {4, 3}, {3, 0}};

    (void)state;
    assert_order(parents, 6, expected);
}

static void a_chain_is_as_deep_as_it_is_long(void **state)
{
    enum { LEN = 20000 };
    size_t *parents = malloc(LEN * sizeof *parents);
    struct tree_item *items = malloc(LEN * sizeof *items);

    (void)state;
    assert_non_null(parents);
    assert_non_null(items);
    for (size_t i = 0; i < LEN; i++)
        parents[i] = i ? i - 1 : TREE_NONE;
    assert_true(tree_order(parents, LEN, items));
    assert_int_equal(items[LEN - 1].depth, LEN - 1);
    free(parents);
    free(items);
}

static void nothing_is_a_tree_as_well(void **state)
{
    (void)state;
    assert_true(tree_order(NULL, 0, NULL));
}

static size_t half_of(const void *ctx, size_t index)
{
    (void)ctx;
    return index == 0 ? TREE_NONE : index / 2;
}

static void parents_can_be_asked_for(void **state)
{
    const struct tree_item expected[] = {{0, 0}, {1, 1}, {2, 2}, {3, 2}};
    struct tree_item *items = tree_make(4, half_of, NULL);

    (void)state;
    assert_non_null(items);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(items[i].index, expected[i].index);
        assert_int_equal(items[i].depth, expected[i].depth);
    }
    free(items);
}

static void without_parents_they_stand_as_they_came(void **state)
{
    struct tree_item *items = tree_make(3, NULL, NULL);

    (void)state;
    assert_non_null(items);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(items[i].index, i);
        assert_int_equal(items[i].depth, 0);
    }
    free(items);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(children_come_after_their_parent),
        cmocka_unit_test(a_parent_may_come_later_in_the_table),
        cmocka_unit_test(orphans_stand_at_the_top),
        cmocka_unit_test(circles_are_cut_and_nobody_is_lost),
        cmocka_unit_test(a_chain_is_as_deep_as_it_is_long),
        cmocka_unit_test(nothing_is_a_tree_as_well),
        cmocka_unit_test(parents_can_be_asked_for),
        cmocka_unit_test(without_parents_they_stand_as_they_came),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
