#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/dump_check.h"

enum { PAGE = 0x1000, METADATA_LEN = 0x2010, FIRST_PAGE = 0x2018, PAGES = 0x2028, ENTRY = 0x2030 };

static const struct dump_build_range three[] = {{16, 2}, {1, 3}, {0x80000, 1}};
static const uint64_t pfns[] = {1, 2, 3, 16, 17, 0x80000};

static void make(struct dump_build *b, uint32_t type, uint64_t table_len)
{
    *b = (struct dump_build){0};
    dump_build_header(b, type);
    dump_build_ranges(b, three, 3, table_len);
}

static void ranges_are_read_of_each_type(void **state)
{
    (void)state;
    for (uint32_t type = 8; type <= 10; type++) {
        struct dump_opened o;
        struct dump_build b;

        make(&b, type, 3 * 16);
        dump_open_ok(&o, &b);
        assert_int_equal(o.facts->kind, KDW_DUMP_RANGES);
        assert_non_null(strstr(o.facts->what, "of a debugger"));
        dump_has_pages(&o, pfns, 6);
        dump_fails(&o, 4 * PAGE, 8, KD_ERR_NOT_IN_DUMP, 4 * PAGE);
        assert_true(o.facts->pages_total == 6 && o.facts->physical_end == 0x80001000);
        dump_warns_nothing(&o);
        dump_done(&o);
        dump_build_free(&b);
    }
}

/* What stands behind the entries is no range: of types 8 and 9 zeros say so, of 0xA the pages. */
static void a_table_may_be_longer_than_its_entries(void **state)
{
    (void)state;
    for (uint32_t type = 8; type <= 10; type++) {
        struct dump_opened o;
        struct dump_build b;

        make(&b, type, 6 * 16);
        dump_build_u64(&b, ENTRY + 5 * 16, 0x1234567);
        dump_build_u64(&b, ENTRY + 5 * 16 + 8, 1);
        dump_open_ok(&o, &b);
        dump_has_pages(&o, pfns, 6);
        assert_true(o.facts->pages_total == 6);
        dump_done(&o);
        dump_build_free(&b);
    }
}

static void entries_end_where_the_pages_begin(void **state)
{
    struct dump_opened o;
    struct dump_build b;

    (void)state;
    make(&b, 8, 3 * 16); /* no zeros behind them: the first page is no entry */
    dump_open_ok(&o, &b);
    assert_true(o.facts->pages_total == 6);
    dump_done(&o);
    dump_build_free(&b);
}

static void a_sum_that_is_wrong_is_warned_of(void **state)
{
    struct dump_opened o;
    struct dump_build b;

    (void)state;
    make(&b, 10, 3 * 16);
    dump_build_u64(&b, PAGES, 100);
    dump_build_u64(&b, METADATA_LEN, 100);
    dump_open_ok(&o, &b);
    dump_warns(&o, "header says 100 pages, its ranges 6");
    dump_warns(&o, "disagree");
    dump_has_pages(&o, pfns, 6);
    dump_done(&o);
    dump_build_free(&b);
}

static void ranges_that_make_no_sense_are_refused(void **state)
{
    struct dump_build b;

    (void)state;
    make(&b, 10, 3 * 16);
    dump_build_u64(&b, ENTRY + 24, (uint64_t)1 << 52);
    dump_is_refused(&b, KD_ERR_MALFORMED, "range 1 goes past the end of physical memory");
    dump_build_u64(&b, ENTRY + 16, 0); /* all of physical memory, behind two pages of it */
    dump_build_u64(&b, ENTRY + 24, (uint64_t)1 << 40);
    dump_is_refused(&b, KD_ERR_MALFORMED, "range 1 goes past the end of physical memory");
    dump_build_u64(&b, FIRST_PAGE, 0x2020);
    dump_is_refused(&b, KD_ERR_MALFORMED, "inside its header");
    dump_build_u64(&b, FIRST_PAGE, b.len + 1);
    dump_is_refused(&b, KD_ERR_TRUNCATED, "inside its table of ranges");
    dump_build_free(&b);
}

static void ranges_that_overlap_are_warned_of(void **state)
{
    struct dump_opened o;
    struct dump_build b;

    (void)state;
    make(&b, 10, 3 * 16);
    dump_build_u64(&b, ENTRY, 2); /* what is page 16's and 17's is said to be 2's and 3's as well */
    dump_open_ok(&o, &b);
    dump_warns(&o, "overlap");
    dump_has_pages(&o, pfns, 3); /* the range that begins lower */
    dump_done(&o);
    dump_build_free(&b);
}

static void it_may_be_cut_anywhere(void **state)
{
    struct dump_build b;

    (void)state;
    make(&b, 10, 16 * 16);
    dump_stands_cuts(&b, 200);
    dump_build_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranges_are_read_of_each_type),
        cmocka_unit_test(a_table_may_be_longer_than_its_entries),
        cmocka_unit_test(entries_end_where_the_pages_begin),
        cmocka_unit_test(a_sum_that_is_wrong_is_warned_of),
        cmocka_unit_test(ranges_that_make_no_sense_are_refused),
        cmocka_unit_test(ranges_that_overlap_are_warned_of),
        cmocka_unit_test(it_may_be_cut_anywhere),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
