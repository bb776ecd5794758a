#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <walker/walk_names.h>

#include "support/csv.h"

enum { NAMES_MAX = 512, FIRST_ADDRESS = 5 /* column of kernels.csv */, BEYOND_TABLES = 6 };

struct names {
    const char *all[NAMES_MAX];
    size_t count, limit;
};

static bool keep(void *ctx, const char *name)
{
    struct names *n = ctx;

    assert_true(n->count < NAMES_MAX);
    n->all[n->count++] = name;
    return n->count != n->limit;
}

static bool has(const struct names *n, const char *name)
{
    size_t found = 0;

    for (size_t i = 0; i < n->count; i++)
        found += strcmp(n->all[i], name) == 0;
    if (found > 1)
        fail_msg("%s is there %zu times", name, found);
    return found == 1;
}

static void every_type_of_every_layout_is_named_once(void **state)
{
    static const char *const layouts[] = {"14393", "17763-r4499", "18362", "19041-r1826",
                                          "20348", "22000-r795",  "22621", "26100"};
    struct names n = {.count = 0};

    (void)state;
    kdw_walk_each_type_name(keep, &n);
    for (size_t i = 0; i < sizeof layouts / sizeof layouts[0]; i++) {
        struct csv rows;
        char path[512];

        snprintf(path, sizeof path, KDWALK_TABLES "/layouts/%s.csv", layouts[i]);
        assert_true(csv_open(&rows, path));
        while (csv_next(&rows))
            if (csv_number(&rows, "size") != 0 && !has(&n, csv_text(&rows, "type")))
                fail_msg("%s: %s is not named", path, csv_text(&rows, "type"));
        csv_close(&rows);
    }
    assert_true(has(&n, "_ETW_GUID_TYPE")); /* an enumeration */
    assert_false(has(&n, "unsigned long"));
}

static void every_variable_of_the_tables_is_named_once(void **state)
{
    struct names n = {.count = 0};
    struct csv kernels;

    (void)state;
    kdw_walk_each_symbol_name(keep, &n);
    assert_true(csv_open(&kernels, KDWALK_TABLES "/kernels.csv"));
    assert_true(csv_next(&kernels));
    for (size_t i = FIRST_ADDRESS; i < kernels.columns; i++)
        assert_true(has(&n, kernels.names[i]));
    assert_int_equal(n.count, kernels.columns - FIRST_ADDRESS + BEYOND_TABLES);
    csv_close(&kernels);
}

static void what_no_table_has_is_named_too(void **state)
{
    struct names types = {.count = 0}, symbols = {.count = 0};

    (void)state;
    kdw_walk_each_type_name(keep, &types);
    kdw_walk_each_symbol_name(keep, &symbols);
    assert_true(has(&types, "_MMPTE_SOFTWARE") && has(&types, "_MMPTE_TRANSITION"));
    assert_true(has(&types, "_MMPTE_PROTOTYPE") && has(&types, "_MI_SYSTEM_INFORMATION"));
    assert_true(has(&symbols, "MiState"));
    assert_true(has(&types, "HAL_PRIVATE_DISPATCH"));
    assert_true(has(&symbols, "KiKvaShadow") && has(&symbols, "VslVsmEnabled"));
    assert_true(has(&symbols, "MmPteBase"));
}

static void a_visitor_that_has_enough_is_asked_no_more(void **state)
{
    (void)state;
    for (size_t limit = 1; limit < 58; limit += 28) { /* there are 58 variables, and more types */
        struct names types = {.limit = limit}, symbols = {.limit = limit};

        kdw_walk_each_type_name(keep, &types);
        kdw_walk_each_symbol_name(keep, &symbols);
        assert_int_equal(types.count, limit);
        assert_int_equal(symbols.count, limit);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_of_every_layout_is_named_once),
        cmocka_unit_test(every_variable_of_the_tables_is_named_once),
        cmocka_unit_test(what_no_table_has_is_named_too),
        cmocka_unit_test(a_visitor_that_has_enough_is_asked_no_more),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
