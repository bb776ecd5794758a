#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "durations.h"

static void of_none_there_are_no_figures(void **state)
{
    struct durations d = {0};

    (void)state;
    assert_int_equal(durations_percentile(&d, 50), 0);
    assert_true(durations_are_whole(&d));
    durations_clear(&d);
}

static void of_one_all_figures_are_that(void **state)
{
    struct durations d = {0};

    (void)state;
    durations_add(&d, 46000);
    assert_int_equal(durations_percentile(&d, 0), 46000);
    assert_int_equal(durations_percentile(&d, 50), 46000);
    assert_int_equal(durations_percentile(&d, 99), 46000);
    assert_int_equal(d.longest_ns, 46000);
    durations_clear(&d);
}

/* 1 to n in an order that is none, for every n up to 1000: the p-th percentile is the value of rank
 * p * n / 100, rounded up. */
static void percentiles_are_those_of_all_of_them(void **state)
{
    (void)state;
    for (unsigned n = 1; n <= 1000; n += n < 210 ? 1 : 79) {
        struct durations d = {0};

        for (unsigned i = 0; i < n; i++)
            durations_add(&d, (uint64_t)i * 1009 % n + 1); /* 1009 is prime and above n */
        assert_int_equal(durations_percentile(&d, 50), (n + 1) / 2);
        assert_int_equal(durations_percentile(&d, 99), (n * 99 + 99) / 100);
        assert_int_equal(durations_percentile(&d, 100), n);
        assert_int_equal(d.count, n);
        assert_int_equal(d.total_ns, (uint64_t)n * (n + 1) / 2);
        assert_int_equal(d.longest_ns, n);
        durations_clear(&d);
    }
}

static void long_ones_keep_seven_digits(void **state)
{
    struct durations d = {0};
    uint64_t hour = UINT64_C(3600) * 1000 * 1000 * 1000, median;

    (void)state;
    durations_add(&d, hour);
    median = durations_percentile(&d, 50);
    assert_true(median > hour - hour / 10000000 && median < hour + hour / 10000000);
    assert_int_equal(d.longest_ns, hour);
    durations_clear(&d);
}

static void rounding_makes_none_longer_than_the_longest(void **state)
{
    struct durations d = {0};

    (void)state;
    durations_add(&d, UINT64_C(1287930623000)); /* as a float: 1287930642432 */
    assert_int_equal(durations_percentile(&d, 99), UINT64_C(1287930623000));
    durations_clear(&d);
}

static void times_that_make_no_sense_do_no_harm(void **state)
{
    struct durations d = {0};

    (void)state;
    for (int i = 0; i < 3; i++)
        durations_add(&d, UINT64_MAX);
    assert_true(d.total_ns == UINT64_MAX);
    assert_true(durations_percentile(&d, 50) >= INT64_MAX);
    durations_clear(&d);
}

static void shows(uint64_t ns, const char *want)
{
    char text[DURATION_TEXT_MAX];

    assert_string_equal(duration_text(ns, text), want);
}

static void the_unit_fits_the_length(void **state)
{
    (void)state;
    shows(0, "0.0 us");
    shows(9940, "9.9 us");
    shows(9960, "10 us");
    shows(46000, "46 us");
    shows(999499, "999 us");
    shows(999501, "1.00 ms");
    shows(15785812, "15.79 ms");
    shows(999996000, "1.000 s");
    shows(UINT64_C(1289050000000), "1289.050 s");
    shows(UINT64_MAX, "18446744073.710 s");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_none_there_are_no_figures),
        cmocka_unit_test(of_one_all_figures_are_that),
        cmocka_unit_test(percentiles_are_those_of_all_of_them),
        cmocka_unit_test(long_ones_keep_seven_digits),
        cmocka_unit_test(rounding_makes_none_longer_than_the_longest),
        cmocka_unit_test(times_that_make_no_sense_do_no_harm),
        cmocka_unit_test(the_unit_fits_the_length),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
