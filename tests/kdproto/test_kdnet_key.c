#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <kdproto/kdnet_key.h>

#include "support/hex.h"

static void expect_key(const char *text, const char *hex)
{
    struct kdnet_key key;
    struct kd_diag diag;
    uint8_t expected[KD_KEY_LEN];

    assert_int_equal(hex_decode(hex, expected, sizeof expected), KD_KEY_LEN);
    assert_int_equal(kdnet_key_parse(text, strlen(text), &diag, &key), KD_OK);
    assert_memory_equal(key.bytes, expected, KD_KEY_LEN);
}

/* Refused for this reason, without a word of the key in it, and nothing was written. */
static void expect_refused(const char *text, const char *reason)
{
    struct kdnet_key key, before;
    struct kd_diag diag;

    memset(&key, 0x5A, sizeof key);
    before = key;
    kd_diag_clear(&diag);
    assert_int_equal(kdnet_key_parse(text, strlen(text), &diag, &key), KD_ERR_USAGE);
    assert_string_equal(diag.text, reason);
    assert_memory_equal(&key, &before, sizeof key);
    assert_int_equal(kdnet_key_parse(text, strlen(text), NULL, &key), KD_ERR_USAGE);
}

static void words_are_base_36_and_stored_little_endian(void **state)
{
    (void)state;
    expect_key("1.1.1.1", "0100000000000000010000000000000001000000000000000100000000000000");
    expect_key("8.8.8.8", "0800000000000000080000000000000008000000000000000800000000000000");
    expect_key("1.2.3.4", "0100000000000000020000000000000003000000000000000400000000000000");
    expect_key("z.10.zz.3w5e11264sgsf",
               "230000000000000024000000000000000f05000000000000ffffffffffffffff");
}

static void leading_zeros_are_fine_up_to_13_digits(void **state)
{
    (void)state;
    expect_key("00000000000a1.k3y.w0rd.0",
               "6901000000000000ce65000000000000d9cb1600000000000000000000000000");
    expect_refused("000000000000a1.1.1.1", "key: word 1 has more than 13 digits");
}

static void capital_letters_mean_the_same(void **state)
{
    (void)state;
    expect_key("Z.10.zZ.3W5E11264SGSF",
               "230000000000000024000000000000000f05000000000000ffffffffffffffff");
}

static void a_word_that_exceeds_64_bits_is_refused(void **state)
{
    (void)state;
    expect_refused("3w5e11264sgsg.1.1.1", "key: word 1 does not fit in 64 bits");
    expect_refused("zzzzzzzzzzzzz.1.1.1", "key: word 1 does not fit in 64 bits");
    expect_refused("1.1.1.3w5e11264sgsg", "key: word 4 does not fit in 64 bits");
}

static void it_takes_exactly_four_words(void **state)
{
    (void)state;
    expect_refused("1", "key: 1 of 4 words separated by dots");
    expect_refused("1.1.1", "key: 3 of 4 words separated by dots");
    expect_refused("1.1.1.1.1", "key: more than 4 words");
    expect_refused("1.1.1.1.", "key: more than 4 words");
}

static void an_empty_word_is_refused(void **state)
{
    (void)state;
    expect_refused("", "key: word 1 is empty");
    expect_refused(".1.1.1", "key: word 1 is empty");
    expect_refused("1..1.1", "key: word 2 is empty");
    expect_refused("1.1.1.", "key: word 4 is empty");
}

static void other_characters_are_refused(void **state)
{
    (void)state;
    expect_refused("1.1.1.-", "key: word 4 has a character other than 0-9 and a-z");
    expect_refused(" 1.1.1.1", "key: word 1 has a character other than 0-9 and a-z");
    expect_refused("1.1.1.1\n", "key: word 4 has a character other than 0-9 and a-z");
    expect_refused("1.\xC3\xA4.1.1", "key: word 2 has a character other than 0-9 and a-z");
}

static void a_key_of_zeros_is_refused(void **state)
{
    (void)state;
    expect_refused("0.0.0.0", "key: all four words are zero");
    expect_refused("0000.0.00.0", "key: all four words are zero");
}

static void the_text_ends_where_its_length_says(void **state)
{
    struct kdnet_key key;

    (void)state;
    assert_int_equal(kdnet_key_parse("1.2.3.4.5", 7, NULL, &key), KD_OK);
    assert_int_equal(key.bytes[24], 4);
    assert_int_equal(kdnet_key_parse("1.2.3.4", 5, NULL, &key), KD_ERR_USAGE);
    assert_int_equal(kdnet_key_parse("1\0.1.1.1", 8, NULL, &key), KD_ERR_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_base_36_and_stored_little_endian),
        cmocka_unit_test(leading_zeros_are_fine_up_to_13_digits),
        cmocka_unit_test(capital_letters_mean_the_same),
        cmocka_unit_test(a_word_that_exceeds_64_bits_is_refused),
        cmocka_unit_test(it_takes_exactly_four_words),
        cmocka_unit_test(an_empty_word_is_refused),
        cmocka_unit_test(other_characters_are_refused),
        cmocka_unit_test(a_key_of_zeros_is_refused),
        cmocka_unit_test(the_text_ends_where_its_length_says),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
