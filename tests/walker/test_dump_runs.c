#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/dump_check.h"

enum { PAGE = 0x1000, NUMBER_OF_RUNS = 0x88, NUMBER_OF_PAGES = 0x90, RUN = 0x98 };

static const struct dump_build_range two[] = {{1, 3}, {8, 2}};

static void make(struct dump_build *b, const struct dump_build_range *runs, size_t count)
{
    *b = (struct dump_build){0};
    dump_build_header(b, 1);
    dump_build_runs(b, runs, count);
}

static void pages_follow_in_the_order_of_the_runs(void **state)
{
    struct dump_opened o;
    struct dump_build b;

    (void)state;
    make(&b, two, 2);
    dump_open_ok(&o, &b);
    assert_int_equal(o.facts->kind, KDW_DUMP_RUNS);
    assert_string_equal(o.facts->what, "complete memory dump");
    dump_has(&o, 1 * PAGE, 3 * PAGE);
    dump_has(&o, 8 * PAGE, 2 * PAGE);
    dump_has(&o, 8 * PAGE + 0x123, 0x1456);
    dump_fails(&o, 0, 16, KD_ERR_NOT_IN_DUMP, 0);
    dump_fails(&o, 4 * PAGE, 16, KD_ERR_NOT_IN_DUMP, 4 * PAGE);
    dump_fails(&o, 3 * PAGE + 8, 2 * PAGE, KD_ERR_NOT_IN_DUMP, 4 * PAGE);
    dump_fails(&o, 10 * PAGE - 4, 8, KD_ERR_NOT_IN_DUMP, 10 * PAGE);
    dump_fails(&o, UINT64_MAX - 7, 8, KD_ERR_NOT_IN_DUMP, UINT64_MAX - 7);
    assert_true(o.facts->pages_total == 5 && o.facts->pages_present == 5);
    assert_true(o.facts->physical_end == 10 * PAGE);
    dump_warns_nothing(&o);
    dump_done(&o);
    dump_build_free(&b);
}

static void runs_that_do_not_ascend_are_found(void **state)
{
    static const struct dump_build_range runs[] = {{20, 2}, {1, 3}, {9, 1}};
    static const uint64_t pfns[] = {1, 2, 3, 9, 20, 21};
    struct dump_opened o;
    struct dump_build b;

    (void)state;
    make(&b, runs, 3);
    dump_open_ok(&o, &b);
    dump_has_pages(&o, pfns, 6);
    assert_true(o.facts->physical_end == 22 * PAGE);
    dump_warns_nothing(&o);
    dump_done(&o);
    dump_build_free(&b);
}

/* What the first run has of a page is there in the second one too, spoilt. */
static void of_runs_that_overlap_the_first_is_believed(const struct dump_build_range *runs,
                                                       size_t count, uint64_t spoilt,
                                                       uint64_t spoilt_len)
{
    static const uint8_t rubbish[2 * PAGE] = {0xEE};
    struct dump_opened o;
    struct dump_build b;

    make(&b, runs, count);
    dump_build_bytes(&b, spoilt, rubbish, (size_t)spoilt_len);
    dump_open_ok(&o, &b);
    dump_has(&o, PAGE, 8 * PAGE);
    dump_fails(&o, 9 * PAGE, 1, KD_ERR_NOT_IN_DUMP, 9 * PAGE);
    dump_warns(&o, "overlap");
    dump_done(&o);
    dump_build_free(&b);
}

static void of_two_runs_that_overlap_the_first_is_believed(void **state)
{
    static const struct dump_build_range ascending[] = {{1, 5}, {4, 5}};
    static const struct dump_build_range descending[] = {{4, 5}, {1, 5}};
    static const struct dump_build_range inside[] = {{1, 8}, {4, 2}};
    static const struct dump_build_range around[] = {{4, 2}, {1, 8}};

    (void)state;
    of_runs_that_overlap_the_first_is_believed(ascending, 2, 0x2000 + 5 * PAGE, 2 * PAGE);
    of_runs_that_overlap_the_first_is_believed(descending, 2, 0x2000 + 8 * PAGE, 2 * PAGE);
    of_runs_that_overlap_the_first_is_believed(inside, 2, 0x2000 + 8 * PAGE, 2 * PAGE);
    of_runs_that_overlap_the_first_is_believed(around, 2, 0x2000 + 5 * PAGE, 2 * PAGE);
}

static void a_run_of_no_pages_is_in_nobodys_way(void **state)
{
    static const struct dump_build_range runs[] = {{3, 0}, {1, 5}, {20, 1}};
    struct dump_opened o;
    struct dump_build b;

    (void)state;
    make(&b, runs, 3);
    dump_open_ok(&o, &b);
    dump_has(&o, PAGE, 5 * PAGE);
    dump_has(&o, 20 * PAGE, PAGE);
    dump_warns_nothing(&o);
    dump_done(&o);
    dump_build_free(&b);
}

static void a_sum_that_is_wrong_is_warned_of(void **state)
{
    struct dump_opened o;
    struct dump_build b;

    (void)state;
    make(&b, two, 2);
    dump_build_u64(&b, NUMBER_OF_PAGES, 77);
    dump_open_ok(&o, &b);
    dump_warns(&o, "header says 77 pages, its runs 5, which are believed");
    dump_has(&o, 8 * PAGE, 2 * PAGE);
    dump_done(&o);
    dump_build_free(&b);
}

static void a_file_that_is_cut_short_has_what_is_before_its_end(void **state)
{
    struct dump_opened o;
    struct dump_build b;

    (void)state;
    make(&b, two, 2);
    dump_build_resize(&b, b.len - PAGE - 8);
    dump_open_ok(&o, &b);
    dump_warns(&o, "cut short: 3 of 5 pages present");
    assert_true(o.facts->pages_total == 5 && o.facts->pages_present == 3);
    dump_has(&o, 8 * PAGE, PAGE - 8);
    dump_fails(&o, 8 * PAGE, PAGE, KD_ERR_CUT_OFF, 9 * PAGE - 8);
    dump_fails(&o, 9 * PAGE, 1, KD_ERR_CUT_OFF, 9 * PAGE);
    dump_fails(&o, 10 * PAGE, 1, KD_ERR_NOT_IN_DUMP, 10 * PAGE);
    dump_done(&o);
    dump_build_free(&b);
}

static void a_longer_file_is_normal(void **state)
{
    struct dump_opened o;
    struct dump_build b;

    (void)state;
    make(&b, two, 2);
    dump_build_resize(&b, b.len + 12345);
    dump_open_ok(&o, &b);
    dump_warns_nothing(&o);
    dump_done(&o);
    dump_build_free(&b);
}

static void forty_three_runs_are_read_and_no_more_believed(void **state)
{
    struct dump_build_range runs[43];
    struct dump_opened o;
    struct dump_build b;

    (void)state;
    for (uint64_t i = 0; i < 43; i++)
        runs[i] = (struct dump_build_range){1 + 2 * i, 1};
    make(&b, runs, 43);
    dump_open_ok(&o, &b);
    for (size_t i = 0; i < 43; i++)
        dump_has(&o, PAGE * runs[i].base, PAGE);
    dump_warns_nothing(&o);
    dump_done(&o);
    dump_build_u32(&b, NUMBER_OF_RUNS, 4000000000u);
    dump_open_ok(&o, &b);
    dump_warns(&o, "4000000000 runs");
    assert_true(o.facts->pages_total == 43);
    dump_done(&o);
    dump_build_free(&b);
}

static void runs_that_make_no_sense_are_refused(void **state)
{
    struct dump_build b;

    (void)state;
    make(&b, two, 2);
    dump_build_u64(&b, RUN + 16, UINT64_MAX);
    dump_is_refused(&b, KD_ERR_MALFORMED, "run 1 goes past the end of physical memory");
    dump_build_u64(&b, RUN + 16, 8);
    dump_build_u64(&b, RUN + 24, (uint64_t)1 << 40);
    dump_is_refused(&b, KD_ERR_MALFORMED, "run 1 goes past");
    dump_build_u32(&b, NUMBER_OF_RUNS, 0x45474150);
    dump_is_refused(&b, KD_ERR_MALFORMED, "describes no memory");
    dump_build_u32(&b, NUMBER_OF_RUNS, 0);
    dump_is_refused(&b, KD_ERR_MALFORMED, "describes no memory");
    dump_build_free(&b);
}

static void it_may_be_cut_anywhere(void **state)
{
    struct dump_build b;

    (void)state;
    make(&b, two, 2);
    dump_stands_cuts(&b, 200);
    dump_build_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pages_follow_in_the_order_of_the_runs),
        cmocka_unit_test(runs_that_do_not_ascend_are_found),
        cmocka_unit_test(of_two_runs_that_overlap_the_first_is_believed),
        cmocka_unit_test(a_run_of_no_pages_is_in_nobodys_way),
        cmocka_unit_test(a_sum_that_is_wrong_is_warned_of),
        cmocka_unit_test(a_file_that_is_cut_short_has_what_is_before_its_end),
        cmocka_unit_test(a_longer_file_is_normal),
        cmocka_unit_test(forty_three_runs_are_read_and_no_more_believed),
        cmocka_unit_test(runs_that_make_no_sense_are_refused),
        cmocka_unit_test(it_may_be_cut_anywhere),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
