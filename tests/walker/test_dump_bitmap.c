#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/dump_check.h"

enum { PAGE = 0x1000, FIRST_PAGE = 0x2020, PRESENT = 0x2028, BITS = 0x2030, BITMAP = 0x2038 };

static const uint64_t pfns[] = {0, 1, 5, 63, 64, 511, 512, 513, 1023, 1024, 1700, 2050};
enum { COUNT = sizeof pfns / sizeof pfns[0], PFNS = 2051 };

static void make(struct dump_build *b, uint32_t type)
{
    *b = (struct dump_build){0};
    dump_build_header(b, type);
    if (type == 2)
        dump_build_old_bitmap(b, PFNS, pfns, COUNT);
    else
        dump_build_bitmap(b, "SDMP", PFNS, pfns, COUNT);
}

static void each_page_of_the_bitmap_is_where_its_rank_says(void **state)
{
    struct dump_opened o;
    struct dump_build b;

    (void)state;
    make(&b, 6);
    dump_open_ok(&o, &b);
    assert_int_equal(o.facts->kind, KDW_DUMP_BITMAP);
    assert_string_equal(o.facts->what, "kernel memory dump");
    dump_has_pages(&o, pfns, COUNT);
    dump_has(&o, 63 * PAGE + 0xFF0, 0x20); /* over a border of words */
    dump_has(&o, 511 * PAGE, 3 * PAGE);    /* over one of the table's blocks */
    for (uint64_t pfn = 0, i = 0; pfn < PFNS + 100; pfn++) {
        if (i < COUNT && pfns[i] == pfn)
            i++;
        else
            dump_fails(&o, PAGE * pfn + 9, 1, KD_ERR_NOT_IN_DUMP, PAGE * pfn + 9);
    }
    dump_fails(&o, 1 * PAGE, 2 * PAGE, KD_ERR_NOT_IN_DUMP, 2 * PAGE);
    dump_fails(&o, (uint64_t)1 << 62, 8, KD_ERR_NOT_IN_DUMP, (uint64_t)1 << 62);
    assert_true(o.facts->physical_end == (uint64_t)PFNS * PAGE);
    assert_true(o.facts->pages_total == COUNT && o.facts->pages_present == COUNT);
    dump_warns_nothing(&o);
    dump_done(&o);
    dump_build_free(&b);
}

static void both_signatures_stand_with_both_types(void **state)
{
    static const char *const signatures[] = {"SDMP", "FDMP"};

    (void)state;
    for (size_t i = 0; i < 2; i++)
        for (uint32_t type = 5; type <= 6; type++) {
            struct dump_opened o;
            struct dump_build b = {0};

            dump_build_header(&b, type);
            dump_build_bitmap(&b, signatures[i], PFNS, pfns, COUNT);
            dump_open_ok(&o, &b);
            dump_has_pages(&o, pfns, COUNT);
            dump_warns_nothing(&o);
            dump_done(&o);
            dump_build_free(&b);
        }
}

static void the_bitmap_of_windows_7_has_a_header_of_its_own(void **state)
{
    struct dump_opened o;
    struct dump_build b;

    (void)state;
    make(&b, 2);
    dump_open_ok(&o, &b);
    assert_int_equal(o.facts->kind, KDW_DUMP_OLD_BITMAP);
    dump_has_pages(&o, pfns, COUNT);
    dump_warns_nothing(&o);
    dump_stands_cuts(&b, 100);
    dump_done(&o);
    dump_build_free(&b);
}

static void an_automatic_dump_has_either_bitmap(void **state)
{
    struct dump_opened o;
    struct dump_build b;

    (void)state;
    make(&b, 7);
    dump_open_ok(&o, &b);
    assert_int_equal(o.facts->kind, KDW_DUMP_BITMAP);
    assert_string_equal(o.facts->what, "automatic memory dump");
    dump_has_pages(&o, pfns, COUNT);
    dump_done(&o);
    dump_build_free(&b);
    make(&b, 2);
    dump_build_u32(&b, 0xF98, 7);
    dump_open_ok(&o, &b);
    assert_int_equal(o.facts->kind, KDW_DUMP_OLD_BITMAP);
    dump_has_pages(&o, pfns, COUNT);
    dump_done(&o);
    dump_build_free(&b);
}

/* 2051 = 8 * 256 + 3: the last byte holds three, and the page of the last of them is read. */
static void bits_behind_the_last_are_no_pages(void **state)
{
    static const uint8_t all = 0xFF;
    struct dump_opened o;
    struct dump_build b;

    (void)state;
    make(&b, 6);
    dump_build_bytes(&b, BITMAP + 256, &all, 1);
    dump_build_u64(&b, PRESENT, COUNT + 2);
    dump_open_ok(&o, &b);
    assert_true(o.facts->pages_total == COUNT + 2); /* 2048 and 2049 */
    assert_true(o.facts->physical_end == (uint64_t)PFNS * PAGE);
    dump_fails(&o, (uint64_t)2051 * PAGE, 1, KD_ERR_NOT_IN_DUMP, (uint64_t)2051 * PAGE);
    dump_done(&o);
    dump_build_free(&b);
}

static void a_count_that_is_wrong_is_warned_of(void **state)
{
    struct dump_opened o;
    struct dump_build b;

    (void)state;
    make(&b, 6);
    dump_build_u64(&b, PRESENT, 13);
    dump_open_ok(&o, &b);
    dump_warns(&o, "header says 13 pages, its bitmap 12, which is believed");
    dump_has_pages(&o, pfns, COUNT);
    dump_done(&o);
    dump_build_free(&b);
}

static void a_file_that_is_cut_short_has_what_is_before_its_end(void **state)
{
    struct dump_opened o;
    struct dump_build b;

    (void)state;
    make(&b, 6);
    dump_build_resize(&b, b.len - 3 * PAGE - 1);
    dump_open_ok(&o, &b);
    dump_warns(&o, "cut short: 8 of 12 pages present");
    dump_has_pages(&o, pfns, 8);
    dump_has(&o, 1023 * PAGE, PAGE - 1);
    dump_fails(&o, 1023 * PAGE, PAGE, KD_ERR_CUT_OFF, 1024 * PAGE - 1);
    dump_fails(&o, 1024 * PAGE, 8, KD_ERR_CUT_OFF, 1024 * PAGE);
    dump_fails(&o, 1025 * PAGE, 8, KD_ERR_NOT_IN_DUMP, 1025 * PAGE);
    dump_done(&o);
    dump_build_free(&b);
}

static void a_bitmap_that_does_not_fit_is_refused(void **state)
{
    struct dump_build b;

    (void)state;
    make(&b, 6);
    dump_build_u64(&b, BITS, UINT64_MAX);
    dump_is_refused(&b, KD_ERR_MALFORMED, "does not fit before the first page");
    dump_build_u64(&b, BITS, 8 * (0x3000 - BITMAP) + 1);
    dump_is_refused(&b, KD_ERR_MALFORMED, "does not fit before the first page");
    dump_build_u64(&b, BITS, PFNS);
    dump_build_u64(&b, FIRST_PAGE, 0x2037);
    dump_is_refused(&b, KD_ERR_MALFORMED, "does not fit before the first page");
    dump_build_u64(&b, FIRST_PAGE, UINT64_MAX);
    dump_is_refused(&b, KD_ERR_TRUNCATED, "ends before its first page");
    dump_build_u64(&b, FIRST_PAGE, b.len + 1);
    dump_is_refused(&b, KD_ERR_TRUNCATED, "ends before its first page");
    dump_build_resize(&b, 0x2037);
    dump_is_refused(&b, KD_ERR_TRUNCATED, "inside the header of its bitmap");
    dump_build_free(&b);
}

static void an_empty_bitmap_still_says_how_much_memory_there_was(void **state)
{
    struct dump_opened o;
    struct dump_build b = {0};

    (void)state;
    dump_build_header(&b, 6);
    dump_build_bitmap(&b, "SDMP", 100, NULL, 0);
    dump_open_ok(&o, &b);
    assert_true(o.facts->physical_end == 100 * PAGE && o.facts->pages_total == 0);
    dump_fails(&o, 0, 1, KD_ERR_NOT_IN_DUMP, 0);
    dump_done(&o);
    dump_build_free(&b);
}

static void it_may_be_cut_anywhere(void **state)
{
    struct dump_build b;

    (void)state;
    make(&b, 6);
    dump_stands_cuts(&b, 200);
    dump_build_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_page_of_the_bitmap_is_where_its_rank_says),
        cmocka_unit_test(both_signatures_stand_with_both_types),
        cmocka_unit_test(the_bitmap_of_windows_7_has_a_header_of_its_own),
        cmocka_unit_test(an_automatic_dump_has_either_bitmap),
        cmocka_unit_test(bits_behind_the_last_are_no_pages),
        cmocka_unit_test(a_count_that_is_wrong_is_warned_of),
        cmocka_unit_test(a_file_that_is_cut_short_has_what_is_before_its_end),
        cmocka_unit_test(a_bitmap_that_does_not_fit_is_refused),
        cmocka_unit_test(an_empty_bitmap_still_says_how_much_memory_there_was),
        cmocka_unit_test(it_may_be_cut_anywhere),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
