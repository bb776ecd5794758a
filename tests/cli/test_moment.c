#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "moment.h"
#include "support/capture.h"

static void is_moment(const char *text, enum kdt_moment kind, uint64_t time_ns)
{
    struct moment m = {0};

    assert_true(moment_of_time(text, &m));
    assert_int_equal(m.kind, kind);
    if (m.time_ns != time_ns)
        fail_msg("%s is %llu", text, (unsigned long long)m.time_ns);
}

static void is_refused(bool (*parse)(const char *text, struct moment *out), const char *text)
{
    struct moment m = {.stop = 77};
    struct capture said;
    bool ok;

    capture_begin(&said, CAPTURE_ERR);
    ok = parse(text, &m);
    (void)capture_end(&said);
    if (ok)
        fail_msg("\"%s\" was taken", text);
    assert_non_null(strstr(said.text, "error: --"));
    assert_int_equal(m.stop, 77);
    capture_free(&said);
}

static void seconds_are_counted_from_the_beginning(void **state)
{
    (void)state;
    is_moment("12.5", KDT_MOMENT_OFFSET, UINT64_C(12500000999));
    is_moment("0", KDT_MOMENT_OFFSET, 999);
    is_moment("0.000001", KDT_MOMENT_OFFSET, 1999);
    is_moment("1000000000", KDT_MOMENT_OFFSET, UINT64_C(1000000000000000999));
}

static void more_digits_than_are_shown_are_meant_as_they_are(void **state)
{
    (void)state;
    is_moment("1.000001000", KDT_MOMENT_OFFSET, 1000001000);
    is_moment("1.0000010", KDT_MOMENT_OFFSET, 1000001000);
    is_moment("1.123456789", KDT_MOMENT_OFFSET, 1123456789);
}

static void a_date_is_one_in_utc(void **state)
{
    (void)state;
    is_moment("1970-01-01T00:00:00.0000000Z", KDT_MOMENT_TIME, 0);
    is_moment("2016-01-24T13:37:00.123Z", KDT_MOMENT_TIME, UINT64_C(1453642620123000999));
    is_moment("2016-01-24T13:37:00.123", KDT_MOMENT_TIME, UINT64_C(1453642620123000999));
    is_moment("2016-02-29T23:59:59Z", KDT_MOMENT_TIME, UINT64_C(1456790399000000999));
    is_moment("2000-12-31T00:00:00.0000000Z", KDT_MOMENT_TIME, UINT64_C(978220800000000000));
    is_moment("2500-12-31T23:59:59Z", KDT_MOMENT_TIME, UINT64_C(16756761599000000999));
}

static void what_is_no_time_is_refused(void **state)
{
    static const char *const wrong[] = {
        "",
        "-1",
        "1.",
        ".5",
        "1.2.3",
        "1s",
        " 1",
        "nan",
        "1e3",
        "99999999999",
        "1.1234567890",
        "2016-01-24",
        "2016-01-24T13:37",
        "2016-01-24 13:37:00",
        "2016-01-24T13:37:00+01:00",
        "2016-01-24T13:37:00Zx",
        "2016-01-24T24:00:00",
        "2016-01-24T23:60:00",
        "2016-01-24T23:59:60",
        "2016-13-01T00:00:00",
        "2016-00-01T00:00:00",
        "2016-04-31T00:00:00",
        "2015-02-29T00:00:00",
        "1900-02-28T00:00:00",
        "2501-01-01T00:00:00",
    };

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        is_refused(moment_of_time, wrong[i]);
}

static void a_stop_is_a_number_from_one(void **state)
{
    static const char *const wrong[] = {"", "0", "-1", "+1", "1.0", "x", "1 ", "99999999999"};
    struct moment m = {0};

    (void)state;
    assert_true(moment_of_stop("12", &m));
    assert_int_equal(m.kind, KDT_MOMENT_STOP);
    assert_int_equal(m.stop, 12);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        is_refused(moment_of_stop, wrong[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(seconds_are_counted_from_the_beginning),
        cmocka_unit_test(more_digits_than_are_shown_are_meant_as_they_are),
        cmocka_unit_test(a_date_is_one_in_utc),
        cmocka_unit_test(what_is_no_time_is_refused),
        cmocka_unit_test(a_stop_is_a_number_from_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
