#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "text.h"

static void assert_escaped(const char *chars, size_t len, const char *want)
{
    struct text t = {0};
    char *got;

    text_add_escaped(&t, chars, len);
    got = text_take(&t);
    assert_string_equal(got, want);
    free(got);
}

static void text_grows_as_it_must(void **state)
{
    struct text t = {0};
    char *got;

    (void)state;
    for (int i = 0; i < 1000; i++)
        text_add(&t, "%04d", i);
    got = text_take(&t);
    assert_int_equal(strlen(got), 4000);
    assert_memory_equal(got + 3996, "0999", 4);
    free(got);
}

static void nothing_added_is_an_empty_text(void **state)
{
    struct text t = {0};
    char *got = text_take(&t);

    (void)state;
    assert_string_equal(got, "");
    free(got);
}

static void control_characters_cannot_reach_a_terminal(void **state)
{
    (void)state;
    assert_escaped("a\033[2Jb", 6, "a\\x1b[2Jb");
    assert_escaped("line\nnext\r", 10, "line\\nnext\\x0d");
    assert_escaped("\0", 1, "\\x00");
    assert_escaped("\x7f", 1, "\\x7f");
    assert_escaped("\xc2\x9b"
                   "1m",
                   4, "\\u009b1m"); /* C1: CSI in one character */
}

static void what_would_disorder_the_line_is_shown_by_number(void **state)
{
    (void)state;
    assert_escaped("a\xe2\x80\xae"
                   "exe.txt",
                   11, "a\\u202eexe.txt");
    assert_escaped("\xe2\x80\xa8\xe2\x80\xa9", 6, "\\u2028\\u2029"); /* separators */
    assert_escaped("\xe2\x80\x8f", 3, "\\u200f");
    assert_escaped("\xe2\x81\xa6\xe2\x81\xa9", 6, "\\u2066\\u2069");
    assert_escaped("\xd8\x9c", 2, "\\u061c");
    assert_escaped("\xe2\x80\xa7\xe2\x81\xaa", 6,
                   "\xe2\x80\xa7\xe2\x81\xaa"); /* their neighbours */
}

static void other_utf8_passes_unchanged(void **state)
{
    (void)state;
    assert_escaped("\xc3\xa4\xe2\x82\xac", 5, "\xc3\xa4\xe2\x82\xac");
    assert_escaped("\xf0\x9f\x92\xbe", 4, "\xf0\x9f\x92\xbe");
    assert_escaped("\xc2\xa0", 2, "\xc2\xa0");
}

/* JSON holds nothing else, and a terminal may take a lone 0x9b for CSI. */
static void what_is_no_utf8_is_shown_by_number(void **state)
{
    (void)state;
    assert_escaped("\x9b"
                   "1m",
                   3, "\\x9b1m");
    assert_escaped("a\xc2", 2, "a\\xc2"); /* cut short */
    assert_escaped("\xe2\x82", 2, "\\xe2\\x82");
    assert_escaped("\xc0\x80", 2, "\\xc0\\x80");          /* overlong */
    assert_escaped("\xed\xa0\x80", 3, "\\xed\\xa0\\x80"); /* a surrogate */
    assert_escaped("\xe2(\xa1", 3, "\\xe2(\\xa1");
    assert_escaped("\xff\xfe", 2, "\\xff\\xfe");
}

static void what_is_plain_ends_before_what_is_not(void **state)
{
    unsigned code = 0;
    size_t len = 0;

    (void)state;
    assert_int_equal(text_plain("a\xc3\xa4\xc2\x9bz", 6, &code, &len), 3);
    assert_int_equal(code, 0x9b);
    assert_int_equal(len, 2);
    assert_int_equal(text_plain("ab\xc3", 3, &code, &len), 2); /* cut short */
    assert_int_equal(code, 0xc3);
    assert_int_equal(len, 1);
    assert_int_equal(text_plain("ab", 2, &code, &len), 2);
    assert_int_equal(len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_grows_as_it_must),
        cmocka_unit_test(nothing_added_is_an_empty_text),
        cmocka_unit_test(control_characters_cannot_reach_a_terminal),
        cmocka_unit_test(what_would_disorder_the_line_is_shown_by_number),
        cmocka_unit_test(other_utf8_passes_unchanged),
        cmocka_unit_test(what_is_no_utf8_is_shown_by_number),
        cmocka_unit_test(what_is_plain_ends_before_what_is_not),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
