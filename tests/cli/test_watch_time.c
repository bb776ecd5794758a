#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "watch_time.h"

static void the_hosts_time_ends_at_milliseconds(void **state)
{
    char text[WATCH_TIME_TEXT];

    (void)state;
    watch_time_text(0, text);
    assert_string_equal(text, "1970-01-01T00:00:00.000Z");
    watch_time_text(UINT64_C(1795788192345678901), text);
    assert_string_equal(text, "2026-11-27T14:03:12.345Z");
}

static void of_a_day_the_clock_is_enough(void **state)
{
    char text[WATCH_CLOCK_TEXT];

    (void)state;
    watch_clock_text(UINT64_C(1795788192345678901), text);
    assert_string_equal(text, "14:03:12.345");
    watch_clock_text(UINT64_MAX, text); /* in the year 2554 */
    assert_string_equal(text, "23:34:33.709");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_hosts_time_ends_at_milliseconds),
        cmocka_unit_test(of_a_day_the_clock_is_enough),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
