#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "facts.h"

#include <walker/layer_names.h>

static const struct kdw_u64 absent = {.status = KD_ERR_NOT_FOUND};
static const struct kdw_u64 lost = {.status = KD_ERR_PAGED_OUT, .fault_va = 0x1000};

static struct kdw_u64 known(uint64_t value)
{
    return (struct kdw_u64){.status = KD_OK, .value = value};
}

/* What was added to t, which is empty again. */
static void assert_text(struct text *t, const char *expected)
{
    char *text = text_take(t);

    assert_non_null(text);
    assert_string_equal(text, expected);
    free(text);
}

static void numbers_are_signed_words_are_not(void **state)
{
    struct kdw_u64 minus = known(UINT64_MAX), word = known(0xd01);
    struct text t = {0};

    (void)state;
    fact_number(&t, &minus);
    assert_text(&t, "-1");
    fact_hex(&t, &word);
    assert_text(&t, "0xd01");
    fact_address(&t, &word);
    assert_text(&t, "0000000000000d01");
}

static void the_unknown_differs_from_what_is_not_there(void **state)
{
    struct kdw_guid guid = {.status = KD_ERR_NOT_FOUND};
    struct kdw_text text = {.status = KD_ERR_NOT_MAPPED};
    struct text t = {0};

    (void)state;
    fact_number(&t, &absent);
    fact_number(&t, &lost);
    fact_hex(&t, &absent);
    fact_hex(&t, &lost);
    fact_time(&t, &lost);
    fact_bits(&t, &absent, kdw_job_flag_name);
    fact_bits(&t, &lost, kdw_job_flag_name);
    fact_guid(&t, &guid);
    fact_text(&t, &text);
    assert_text(&t, "-?-?"
                    "?-?-?");
}

static void times_are_to_the_second(void **state)
{
    struct kdw_u64 time = known(UINT64_C(132204195121234567)), none = known(0);
    struct kdw_u64 beyond = known(UINT64_MAX);
    struct text t = {0};

    (void)state;
    fact_time(&t, &time);
    assert_text(&t, "2019-12-10 02:45:12");
    fact_time(&t, &none);
    assert_text(&t, "-");
    fact_time(&t, &beyond);
    assert_text(&t, "0xffffffffffffffff");
}

static void bits_have_names_as_far_as_there_are_some(void **state)
{
    struct kdw_u64 flags = known(UINT64_C(0x100000220)), none = known(0);
    struct text t = {0};

    (void)state;
    fact_bits(&t, &flags, kdw_job_flag_name);
    assert_text(&t, "CpuRateControlActive, JobFrozen, 0x100000000");
    fact_bits(&t, &none, kdw_job_flag_name);
    assert_text(&t, "-");
}

static void a_number_without_a_name_stays_one(void **state)
{
    struct kdw_u64 started = known(1), odd = known(77);
    struct text t = {0};

    (void)state;
    fact_name(&t, &started, kdw_silo_state_name);
    assert_text(&t, "started");
    fact_name(&t, &odd, kdw_silo_state_name);
    assert_text(&t, "0x4d");
    fact_name(&t, &lost, kdw_silo_state_name);
    assert_text(&t, "?");
}

static void guids_are_written_as_usual(void **state)
{
    struct kdw_guid guid = {.bytes = {0xd6, 0x2c, 0xfb, 0x22, 0x7b, 0x0e, 0x2b, 0x42, 0xa0, 0xc7,
                                      0x2f, 0xad, 0x1f, 0xd0, 0xe7, 0x16}};
    struct text t = {0};

    (void)state;
    fact_guid(&t, &guid);
    assert_text(&t, "22fb2cd6-0e7b-422b-a0c7-2fad1fd0e716");
}

static void texts_of_the_target_are_escaped(void **state)
{
    char evil[] = "a\x1b[2Jb", empty[] = "";
    struct kdw_text text = {.utf8 = evil}, none = {.utf8 = empty};
    struct text t = {0};

    (void)state;
    fact_text(&t, &text);
    assert_text(&t, "a\\x1b[2Jb");
    fact_text(&t, &none);
    assert_text(&t, "-");
}

/* 80 characters, be they one byte or three, or without width. */
static void what_others_refer_to_is_told_in_short(void **state)
{
    char plain[82], marks[2 * 81 + 1];
    struct kdw_text text = {.utf8 = plain}, lost_text = {.status = KD_ERR_PAGED_OUT};
    struct text t = {0};

    (void)state;
    memset(plain, 'a', sizeof plain);
    plain[80] = '\0';
    fact_text_short(&t, &text);
    assert_text(&t, plain);
    memcpy(plain + 80, "b", 2);
    fact_text_short(&t, &text);
    assert_int_equal(t.len, 80 + 3);
    assert_memory_equal(t.chars + 79, "a\xe2\x80\xa6", 5);
    free(text_take(&t));
    for (size_t i = 0; i < 81; i++)
        memcpy(marks + 2 * i, "\xcc\x81", 3);
    text.utf8 = marks;
    fact_text_short(&t, &text);
    assert_int_equal(t.len, 2 * 80 + 3);
    free(text_take(&t));
    fact_text_short(&t, &lost_text);
    assert_text(&t, "?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_signed_words_are_not),
        cmocka_unit_test(the_unknown_differs_from_what_is_not_there),
        cmocka_unit_test(times_are_to_the_second),
        cmocka_unit_test(bits_have_names_as_far_as_there_are_some),
        cmocka_unit_test(a_number_without_a_name_stays_one),
        cmocka_unit_test(guids_are_written_as_usual),
        cmocka_unit_test(texts_of_the_target_are_escaped),
        cmocka_unit_test(what_others_refer_to_is_told_in_short),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
