#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/fake_mem.h"

#include <walker/text.h>

#define STRING 0xffff800000001000u
#define BUFFER 0xffff800000005000u

/* The UTF-16 units, as a string of `len` bytes, become `expected`. */
static void becomes(const uint16_t *units, size_t len, const char *expected)
{
    struct fake_mem m;
    struct kdw_text t;

    fake_mem_init(&m);
    fake_mem_unicode(&m, STRING, BUFFER, "");
    fake_mem_u16(&m, STRING, (uint16_t)len);
    for (size_t i = 0; i < (len + 1) / 2; i++)
        fake_mem_u16(&m, BUFFER + 2 * i, units[i]);
    assert_int_equal(kdw_unicode_read(&m.mem, STRING, &t), KD_OK);
    assert_int_equal(t.status, KD_OK);
    assert_string_equal(t.utf8, expected);
    kdw_text_free(&t);
    assert_null(t.utf8);
    fake_mem_deinit(&m);
}

static void characters_of_every_length_are_converted(void **state)
{
    (void)state;
    becomes((const uint16_t[]){'N', 'T'}, 4, "NT");
    becomes((const uint16_t[]){0x7f, 0x80, 0x7ff, 0x800}, 8, "\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80");
    becomes((const uint16_t[]){0xffff, 0xd7ff, 0xe000}, 6, "\xef\xbf\xbf\xed\x9f\xbf\xee\x80\x80");
    becomes((const uint16_t[]){0xd800, 0xdc00, 0xdbff, 0xdfff}, 8,
            "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf");
}

static void unpaired_surrogates_are_replaced(void **state)
{
    (void)state;
    becomes((const uint16_t[]){'a', 0xd800, 'b'}, 6,
            "a\xef\xbf\xbd"
            "b");
    becomes((const uint16_t[]){0xdc00, 'b'}, 4,
            "\xef\xbf\xbd"
            "b");
    becomes((const uint16_t[]){'a', 0xd800}, 4, "a\xef\xbf\xbd");
    becomes((const uint16_t[]){0xd800, 0xd801, 0xdc01}, 6, "\xef\xbf\xbd\xf0\x90\x90\x81");
}

static void half_a_character_at_the_end_is_replaced(void **state)
{
    (void)state;
    becomes((const uint16_t[]){'a', 'b'}, 3, "a\xef\xbf\xbd");
    becomes((const uint16_t[]){'a'}, 1, "\xef\xbf\xbd");
    becomes((const uint16_t[]){0xd800, 0xdc00}, 3, "\xef\xbf\xbd\xef\xbf\xbd");
}

static void a_nul_inside_is_replaced_and_one_at_the_end_dropped(void **state)
{
    (void)state;
    becomes((const uint16_t[]){'a', 0, 'b'}, 6,
            "a\xef\xbf\xbd"
            "b");
    becomes((const uint16_t[]){'a', 0}, 4, "a");
    becomes((const uint16_t[]){'a', 0, 0}, 6, "a\xef\xbf\xbd");
}

static void control_characters_are_kept(void **state)
{
    (void)state;
    becomes((const uint16_t[]){0x1b, '[', '2', 'J', '\n'}, 10, "\x1b[2J\n");
}

static void an_empty_string_needs_no_buffer(void **state)
{
    struct fake_mem m;
    struct kdw_text t;

    (void)state;
    fake_mem_init(&m);
    fake_mem_zero(&m, STRING, 16);
    assert_int_equal(kdw_unicode_read(&m.mem, STRING, &t), KD_OK);
    assert_string_equal(t.utf8, "");
    assert_int_equal(m.reads, 1);
    kdw_text_free(&t);
    fake_mem_deinit(&m);
}

static void a_string_that_cannot_be_read_says_where(void **state)
{
    struct fake_mem m;
    struct kdw_text t;

    (void)state;
    fake_mem_init(&m);
    assert_int_equal(kdw_unicode_read(&m.mem, STRING, &t), KD_ERR_NOT_MAPPED);
    assert_int_equal(t.status, KD_ERR_NOT_MAPPED);
    assert_true(t.fault_va == STRING);
    assert_null(t.utf8);

    fake_mem_unicode(&m, STRING, BUFFER, "a name");
    fake_mem_unmap(&m, BUFFER + 10, 1);
    assert_int_equal(kdw_unicode_read(&m.mem, STRING, &t), KD_ERR_NOT_MAPPED);
    assert_true(t.fault_va == BUFFER + 10);
    assert_null(t.utf8);
    fake_mem_deinit(&m);
}

static void a_length_beyond_reason_is_not_followed(void **state)
{
    struct fake_mem m;
    struct kdw_text t;

    (void)state;
    fake_mem_init(&m);
    fake_mem_unicode(&m, STRING, BUFFER, "");
    fake_mem_u16(&m, STRING, KDW_UNICODE_MAX + 1);
    fake_mem_zero(&m, BUFFER, 65536);
    assert_int_equal(kdw_unicode_read(&m.mem, STRING, &t), KD_ERR_LIMIT);
    assert_int_equal(m.reads, 1);
    fake_mem_u16(&m, STRING, KDW_UNICODE_MAX);
    assert_int_equal(kdw_unicode_read(&m.mem, STRING, &t), KD_OK);
    assert_int_equal(strlen(t.utf8), (KDW_UNICODE_MAX / 2 - 1) * 3);
    kdw_text_free(&t);
    fake_mem_deinit(&m);
}

static void a_buffer_at_the_end_of_the_address_space_fails_cleanly(void **state)
{
    struct fake_mem m;
    struct kdw_text t;

    (void)state;
    fake_mem_init(&m);
    fake_mem_unicode(&m, STRING, BUFFER, "abcd");
    fake_mem_u64(&m, STRING + 8, UINT64_MAX - 3);
    assert_int_equal(kdw_unicode_read(&m.mem, STRING, &t), KD_ERR_NOT_MAPPED);
    assert_true(t.fault_va == UINT64_MAX - 3);
    fake_mem_deinit(&m);
}

static void characters_end_at_their_nul_or_their_bound(void **state)
{
    struct fake_mem m;
    struct kdw_text t;

    (void)state;
    fake_mem_init(&m);
    fake_mem_write(&m, BUFFER,
                   "lsass.exe\0junk\xe9"
                   "end",
                   19);
    assert_int_equal(kdw_chars_read(&m.mem, BUFFER, 15, &t), KD_OK);
    assert_string_equal(t.utf8, "lsass.exe");
    kdw_text_free(&t);
    assert_int_equal(kdw_chars_read(&m.mem, BUFFER, 3, &t), KD_OK);
    assert_string_equal(t.utf8, "lsa");
    kdw_text_free(&t);
    assert_int_equal(kdw_chars_read(&m.mem, BUFFER + 10, 8, &t), KD_OK);
    assert_string_equal(t.utf8, "junk\xef\xbf\xbd"
                                "end");
    kdw_text_free(&t);
    fake_mem_deinit(&m);
}

static void characters_before_a_hole_count_only_when_they_end_there(void **state)
{
    struct fake_mem m;
    struct kdw_text t;

    (void)state;
    fake_mem_init(&m);
    fake_mem_write(&m, BUFFER + 0xff0, "18362.1", 8); /* ends before the page does */
    assert_int_equal(kdw_chars_read(&m.mem, BUFFER + 0xff0, KDW_CHARS_MAX, &t), KD_OK);
    assert_string_equal(t.utf8, "18362.1");
    kdw_text_free(&t);
    fake_mem_write(&m, BUFFER + 0xff0, "0123456789abcdef", 16);
    assert_int_equal(kdw_chars_read(&m.mem, BUFFER + 0xff0, KDW_CHARS_MAX, &t), KD_ERR_NOT_MAPPED);
    assert_true(t.fault_va == BUFFER + 0x1000);
    m.hole = KD_ERR_NOT_RECORDED;
    assert_int_equal(kdw_chars_read(&m.mem, BUFFER + 0xff0, KDW_CHARS_MAX, &t),
                     KD_ERR_NOT_RECORDED);
    fake_mem_deinit(&m);
}

static void a_lost_link_is_passed_on(void **state)
{
    struct fake_mem m;
    struct kdw_text t;

    (void)state;
    fake_mem_init(&m);
    fake_mem_unicode(&m, STRING, BUFFER, "abc");
    m.fail_from = 2;
    m.fail_with = KD_ERR_TIMEOUT;
    assert_int_equal(kdw_unicode_read(&m.mem, STRING, &t), KD_ERR_TIMEOUT);
    assert_null(t.utf8);
    assert_int_equal(kdw_chars_read(&m.mem, BUFFER, 4, &t), KD_ERR_TIMEOUT);
    assert_null(t.utf8);
    fake_mem_deinit(&m);
}

static void utf16_at_hand_needs_no_memory(void **state)
{
    static const uint8_t units[] = {'a', 0, 0xe4, 0};
    struct kdw_text t;

    (void)state;
    assert_int_equal(kdw_utf16_text(units, sizeof units, &t), KD_OK);
    assert_string_equal(t.utf8, "a\xc3\xa4");
    kdw_text_free(&t);
    assert_int_equal(kdw_utf16_text(units, 0, &t), KD_OK);
    assert_string_equal(t.utf8, "");
    kdw_text_free(&t);
}

static void characters_have_the_length_that_utf8_gives_them(void **state)
{
    static const struct {
        const char *bytes;
        size_t left, len;
    } cases[] = {
        {"a", 1, 1},
        {"", 1, 1}, /* NUL is a character like others */
        {"a", 0, 0},
        {"\xc3\xa4", 2, 2},
        {"\xe2\x82\xac", 3, 3},
        {"\xf4\x8f\xbf\xbf", 4, 4},
        {"\xe2\x82\xac", 2, 0},     /* cut short */
        {"\xc0\x80", 2, 0},         /* overlong */
        {"\xe0\x9f\xbf", 3, 0},     /* overlong */
        {"\xed\xa0\x80", 3, 0},     /* a surrogate */
        {"\xf4\x90\x80\x80", 4, 0}, /* past the last one */
        {"\xff", 1, 0},
        {"\x80", 1, 0},
        {"\xe2(\xac", 3, 0},
        {"\xe2\x82(", 3, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(kdw_utf8_len((const uint8_t *)cases[i].bytes, cases[i].left),
                         cases[i].len);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(characters_of_every_length_are_converted),
        cmocka_unit_test(unpaired_surrogates_are_replaced),
        cmocka_unit_test(half_a_character_at_the_end_is_replaced),
        cmocka_unit_test(a_nul_inside_is_replaced_and_one_at_the_end_dropped),
        cmocka_unit_test(control_characters_are_kept),
        cmocka_unit_test(an_empty_string_needs_no_buffer),
        cmocka_unit_test(a_string_that_cannot_be_read_says_where),
        cmocka_unit_test(a_length_beyond_reason_is_not_followed),
        cmocka_unit_test(a_buffer_at_the_end_of_the_address_space_fails_cleanly),
        cmocka_unit_test(characters_end_at_their_nul_or_their_bound),
        cmocka_unit_test(characters_before_a_hole_count_only_when_they_end_there),
        cmocka_unit_test(a_lost_link_is_passed_on),
        cmocka_unit_test(utf16_at_hand_needs_no_memory),
        cmocka_unit_test(characters_have_the_length_that_utf8_gives_them),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
