#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "report_values.h"

static void expect(const char *json, const struct kdw_fact *fact, const char *expected)
{
    json_t *value = json_loads(json, JSON_DECODE_ANY, NULL);
    struct text t = {0};
    char *chars;

    assert_non_null(value);
    report_value(&t, value, fact);
    chars = text_take(&t);
    assert_string_equal(chars, expected);
    free(chars);
    json_decref(value);
}

static void values_stand_as_people_read_them(void **state)
{
    const struct kdw_fact *word = report_fact(KDW_TABLE_PROCESSES, "protection");
    const struct kdw_fact *address = report_fact(KDW_TABLE_PROCESSES, "job");
    const struct kdw_fact *text = report_fact(KDW_TABLE_PROCESSES, "name");

    (void)state;
    expect("\"0x0000000000000041\"", word, "0x41");
    expect("\"0xffffa80fb0002000\"", address, "ffffa80fb0002000");
    expect("\"0x0000000000000041\"", text, "0x0000000000000041"); /* as a file may be called */
    expect("\"0x41 or so\"", word, "0x41 or so");
    expect("\"\"", text, "\"\"");
    expect("17", NULL, "17");
    expect("-3", NULL, "-3");
    expect("0.5", NULL, "0.5");
    expect("true", NULL, "yes");
    expect("[1]", NULL, "-");
}

static void what_is_not_known_says_why(void **state)
{
    (void)state;
    expect("null", NULL, "-");
    expect("{\"unreadable\": \"0x0000000000000010\", \"reason\": \"paged out\"}", NULL,
           "? (paged out)");
    expect("{\"unreadable\": 1}", NULL, "?");
}

static void what_is_long_is_cut_between_characters(void **state)
{
    char long_text[2 * REPORT_VALUE_MAX + 8], *chars;
    struct text t = {0};

    (void)state;
    memset(long_text, 'a', sizeof long_text);
    memcpy(long_text + REPORT_VALUE_MAX - 1, "\xc3\xa9", 2);
    long_text[2 * REPORT_VALUE_MAX] = '\0';
    report_chars(&t, long_text);
    chars = text_take(&t);
    assert_non_null(strstr(chars, "aaa ... (401 bytes more)"));
    assert_int_equal(strspn(chars, "a"), REPORT_VALUE_MAX - 1);
    free(chars);
}

static void facts_are_found_by_name(void **state)
{
    (void)state;
    assert_string_equal(report_fact(KDW_TABLE_LOGGERS, "slot")->name, "slot");
    assert_null(report_fact(KDW_TABLE_LOGGERS, "sloth"));
    assert_null(report_fact(KDW_TABLE_LOGGERS, NULL));
    assert_null(report_fact(KDW_TABLES, "slot"));
}

static void a_word_is_0x_and_digits(void **state)
{
    static const char *const wrong[] = {"", "0x", "12", "0xg", "0x12 ", "0x00000000000000001"};
    uint64_t out = 7;

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        json_t *value = json_string(wrong[i]);

        assert_false(report_word(value, &out));
        json_decref(value);
    }
    assert_false(report_word(NULL, &out));
    assert_int_equal(out, 7);
}

static void times_are_told_to_the_millisecond(void **state)
{
    char clock[REPORT_CLOCK], date[REPORT_DATE];
    uint64_t time = UINT64_C(132204411121234567); /* 2019-12-10T08:45:12.1234567Z */

    (void)state;
    report_clock(time, clock);
    assert_string_equal(clock, "08:45:12.123");
    report_date(time, date);
    assert_string_equal(date, "2019-12-10");
    report_date(UINT64_MAX, date);
    assert_string_equal(date, "?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_stand_as_people_read_them),
        cmocka_unit_test(what_is_not_known_says_why),
        cmocka_unit_test(what_is_long_is_cut_between_characters),
        cmocka_unit_test(facts_are_found_by_name),
        cmocka_unit_test(a_word_is_0x_and_digits),
        cmocka_unit_test(times_are_told_to_the_millisecond),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
