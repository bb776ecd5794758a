#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kernel_time.h"

static const struct {
    uint64_t time_100ns;
    const char *text;
} known[] = {
    {0, "1601-01-01T00:00:00.0000000Z"},
    {1, "1601-01-01T00:00:00.0000001Z"},
    {UINT64_C(116444736000000000), "1970-01-01T00:00:00.0000000Z"}, /* the Unix epoch [doc] */
    {UINT64_C(125963423999999999), "2000-02-29T23:59:59.9999999Z"},
    {UINT64_C(132204031121234567), "2019-12-09T22:11:52.1234567Z"},
    {UINT64_C(253717919990000000), "2404-12-31T23:59:59.0000000Z"},
    {UINT64_C(2650467743999999999), "9999-12-31T23:59:59.9999999Z"},
};

static void times_are_written_and_read_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        char text[KERNEL_TIME_TEXT];
        uint64_t back = 77;

        assert_true(kernel_time_text(known[i].time_100ns, text));
        assert_string_equal(text, known[i].text);
        assert_true(kernel_time_parse(text, &back));
        assert_true(back == known[i].time_100ns);
    }
}

static void every_day_of_four_centuries_comes_back(void **state)
{
    (void)state;
    for (uint64_t day = 0; day < 146097 + 366; day++) {
        uint64_t time = day * 24 * 3600 * 10000000, back;
        char text[KERNEL_TIME_TEXT];

        assert_true(kernel_time_text(time, text));
        assert_true(kernel_time_parse(text, &back));
        assert_true(back == time);
    }
}

static void what_lies_beyond_the_year_9999_is_not_written(void **state)
{
    char text[KERNEL_TIME_TEXT] = "untouched";

    (void)state;
    assert_false(kernel_time_text(UINT64_C(2650467744000000000), text));
    assert_false(kernel_time_text(UINT64_MAX, text));
    assert_string_equal(text, "untouched");
}

static void what_is_no_time_is_refused(void **state)
{
    static const char *const bad[] = {
        "",
        "2019-12-09",
        "2019-12-09T22:11:52.1234567",
        "2019-12-09T22:11:52.1234567ZZ",
        "2019-12-09 22:11:52.1234567Z",
        "2019-12-09T22:11:52.123456Z",
        "1600-12-31T00:00:00.0000000Z",
        "2019-13-01T00:00:00.0000000Z",
        "2019-00-01T00:00:00.0000000Z",
        "2019-02-29T00:00:00.0000000Z",
        "2019-04-31T00:00:00.0000000Z",
        "2019-01-00T00:00:00.0000000Z",
        "2019-12-32T00:00:00.0000000Z",
        "2019-01-01T24:00:00.0000000Z",
        "2019-01-01T00:60:00.0000000Z",
        "2019-01-01T00:00:60.0000000Z",
        "-019-01-01T00:00:00.0000000Z",
    };
    uint64_t out = 77;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(kernel_time_parse(bad[i], &out));
    assert_int_equal(out, 77);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_are_written_and_read_back),
        cmocka_unit_test(every_day_of_four_centuries_comes_back),
        cmocka_unit_test(what_lies_beyond_the_year_9999_is_not_written),
        cmocka_unit_test(what_is_no_time_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
