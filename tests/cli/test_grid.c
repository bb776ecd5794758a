#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "grid.h"
#include "support/capture.h"
#include "support/lines.h"

static const struct grid_column columns[] = {
    {"id", GRID_RIGHT}, {"name", GRID_LEFT}, {"what it is", GRID_FLEXIBLE}};

static void add_row(struct grid *g, const char *id, const char *name, const char *what)
{
    text_add(grid_cell(g), "%s", id);
    text_add(grid_cell(g), "%s", name);
    text_add(grid_cell(g), "%s", what);
}

static void fill(char *out, size_t len, char with)
{
    memset(out, with, len);
    out[len] = '\0';
}

static void columns_are_aligned_below_a_header(void **state)
{
    struct capture c;
    struct grid g;

    (void)state;
    capture_begin(&c, CAPTURE_OUT);
    grid_begin(&g, columns, 3, false);
    add_row(&g, "7", "seven", "odd");
    text_add(grid_remark(&g), "and prime");
    add_row(&g, "1024", "two to the ten", "");
    grid_print(&g);
    assert_string_equal(capture_end(&c), "  id  name            what it is\n"
                                         "   7  seven           odd\n"
                                         "    and prime\n"
                                         "1024  two to the ten\n");
    capture_free(&c);
}

static void a_table_without_rows_is_nothing(void **state)
{
    struct capture c;
    struct grid g;

    (void)state;
    capture_begin(&c, CAPTURE_OUT);
    grid_begin(&g, columns, 3, false);
    grid_print(&g);
    assert_string_equal(capture_end(&c), "");
    capture_free(&c);
}

static void what_is_too_long_is_cut_in_the_flexible_column(void **state)
{
    char what[300];
    struct capture c;
    struct grid g;
    const char *text;

    (void)state;
    fill(what, sizeof what - 1, 'w');
    capture_begin(&c, CAPTURE_OUT);
    grid_begin(&g, columns, 3, false);
    add_row(&g, "1", "whole", what);
    text_add(grid_remark(&g), "%s", what);
    grid_print(&g);
    text = capture_end(&c);
    assert_int_equal(lines_longest(text), GRID_WIDTH);
    assert_non_null(strstr(text, " 1  whole  www"));
    assert_non_null(strstr(text, "w\xe2\x80\xa6\n    www"));
    assert_int_equal(lines_count(text), 3);
    capture_free(&c);
}

static void a_wide_one_cuts_nothing(void **state)
{
    char what[300];
    struct capture c;
    struct grid g;

    (void)state;
    fill(what, sizeof what - 1, 'w');
    capture_begin(&c, CAPTURE_OUT);
    grid_begin(&g, columns, 3, true);
    add_row(&g, "1", "whole", what);
    grid_print(&g);
    assert_non_null(strstr(capture_end(&c), what));
    capture_free(&c);
}

static void huge_numbers_do_not_make_lines_longer(void **state)
{
    char digits[250];
    struct capture c;
    struct grid g;

    (void)state;
    fill(digits, sizeof digits - 1, '9');
    capture_begin(&c, CAPTURE_OUT);
    grid_begin(&g, columns, 3, false);
    add_row(&g, digits, digits, "short");
    add_row(&g, "1", "2", digits);
    grid_print(&g);
    assert_int_equal(lines_longest(capture_end(&c)), GRID_WIDTH);
    capture_free(&c);
}

static void characters_count_as_the_columns_that_they_take(void **state)
{
    (void)state;
    assert_int_equal(grid_columns("abc"), 3);
    assert_int_equal(grid_columns("\xc3\xa4\xc3\xb6"), 2);         /* umlauts */
    assert_int_equal(grid_columns("\xe6\xbc\xa2\xe5\xad\x97"), 4); /* two ideographs */
    assert_int_equal(grid_columns("e\xcc\x81"), 1);                /* a combining accent */
    assert_int_equal(grid_columns("\xf0\x9f\x98\x80"), 2);         /* a face */
}

static void a_cut_falls_between_characters(void **state)
{
    char name[303];
    struct capture c;
    struct text t = {0};
    const char *text;

    (void)state;
    for (size_t i = 0; i + 3 < sizeof name; i += 3)
        memcpy(name + i, "\xe6\xbc\xa2", 4);
    text_add(&t, "%s", name);
    capture_begin(&c, CAPTURE_OUT);
    grid_print_line(text_take(&t), false);
    text = capture_end(&c);
    assert_int_equal(strlen(text), 3 * 49 + strlen("\xe2\x80\xa6\n"));
    capture_free(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_are_aligned_below_a_header),
        cmocka_unit_test(a_table_without_rows_is_nothing),
        cmocka_unit_test(what_is_too_long_is_cut_in_the_flexible_column),
        cmocka_unit_test(a_wide_one_cuts_nothing),
        cmocka_unit_test(huge_numbers_do_not_make_lines_longer),
        cmocka_unit_test(characters_count_as_the_columns_that_they_take),
        cmocka_unit_test(a_cut_falls_between_characters),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
