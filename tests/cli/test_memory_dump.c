#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "memory_dump.h"

enum { LEN = 600 };

static int setup(void **state)
{
    static struct memory_dump d;

    *state = &d;
    return memory_dump_create(&d, LEN) ? 0 : -1;
}

static int teardown(void **state)
{
    memory_dump_free(*state);
    return 0;
}

static struct memory_gap refused(size_t len, uint32_t ntstatus)
{
    return (struct memory_gap){len, KD_ERR_NOT_MAPPED, true, ntstatus};
}

static void at_first_all_is_known(void **state)
{
    struct memory_dump *d = *state;
    size_t run;

    assert_false(memory_dump_has_gaps(d));
    assert_null(memory_dump_gap(d, 0, &run));
    assert_int_equal(run, LEN);
    assert_null(memory_dump_gap(d, LEN - 1, &run));
    assert_int_equal(run, 1);
}

static void gaps_of_one_reason_that_touch_are_one(void **state)
{
    struct memory_dump *d = *state;
    const struct memory_gap hole = {.len = 10, .status = KD_ERR_NOT_MAPPED};
    const struct memory_gap other = {.len = 5, .status = KD_ERR_NOT_RECORDED};
    const struct memory_gap *gap;
    size_t run;

    memset(d->bytes, 7, LEN);
    memory_dump_miss(d, 20, &hole);
    memory_dump_miss(d, 30, &hole);
    memory_dump_miss(d, 40, &other);
    assert_true(memory_dump_has_gaps(d));
    assert_null(memory_dump_gap(d, 0, &run));
    assert_int_equal(run, 20);
    gap = memory_dump_gap(d, 20, &run);
    assert_non_null(gap);
    assert_int_equal(gap->status, KD_ERR_NOT_MAPPED);
    assert_int_equal(run, 20);
    gap = memory_dump_gap(d, 41, &run);
    assert_non_null(gap);
    assert_int_equal(gap->status, KD_ERR_NOT_RECORDED);
    assert_int_equal(run, 4);
    assert_int_equal(d->bytes[19], 7);
    assert_int_equal(d->bytes[20], 0);
    assert_int_equal(d->bytes[44], 0);
    memory_dump_clear(d);
    at_first_all_is_known(state);
}

static void more_reasons_than_there_is_room_for_lose_their_status(void **state)
{
    struct memory_dump *d = *state;
    const struct memory_gap *gap;
    size_t run;

    for (uint32_t i = 0; i < LEN / 2; i++) {
        struct memory_gap one = refused(1, 0xC0000000 + i);

        memory_dump_miss(d, 2 * i, &one);
    }
    gap = memory_dump_gap(d, 2 * 100, &run);
    assert_int_equal(gap->ntstatus, 0xC0000000 + 100);
    gap = memory_dump_gap(d, LEN - 2, &run);
    assert_int_equal(run, 1);
    assert_int_equal(gap->status, KD_ERR_NOT_MAPPED);
    assert_false(gap->is_refusal);
}

static void a_reason_is_said_in_words(void **state)
{
    char text[MEMORY_GAP_TEXT];
    struct memory_gap gap = refused(1, 0xC0000001);

    (void)state;
    assert_string_equal(memory_gap_text(&gap, text),
                        "refused by the target with status 0xc0000001");
    gap.is_refusal = false;
    assert_string_equal(memory_gap_text(&gap, text), "not mapped");
    gap.status = KD_ERR_NOT_RECORDED;
    assert_string_equal(memory_gap_text(&gap, text), "not in the recording");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(at_first_all_is_known),
        TEST(gaps_of_one_reason_that_touch_are_one),
        TEST(more_reasons_than_there_is_room_for_lose_their_status),
        TEST(a_reason_is_said_in_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
