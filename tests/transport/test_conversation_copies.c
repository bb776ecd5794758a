#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "transport/conversation.h"

enum { DATAGRAM_LEN = 54 };
#define SECOND 1000000000u

struct datagram {
    uint8_t bytes[DATAGRAM_LEN];
};

/* As different as MACs are: each one a step of a generator with a long period. */
static struct datagram datagram_number(uint64_t n)
{
    struct datagram d = {{0}};
    uint64_t mac = (n + 1) * UINT64_C(0x9e3779b97f4a7c15);

    mac ^= mac >> 29;
    memcpy(d.bytes + DATAGRAM_LEN - KD_IV_LEN, &mac, sizeof mac);
    return d;
}

/* Marks that differ, but not in the bits that spread them. */
static struct datagram datagram_with_mac(uint64_t mac)
{
    struct datagram d = {{0}};

    memcpy(d.bytes + DATAGRAM_LEN - KD_IV_LEN, &mac, sizeof mac);
    return d;
}

static struct kd_span span_of(const struct datagram *d)
{
    return (struct kd_span){d->bytes, sizeof d->bytes};
}

static int create(void **state)
{
    *state = calloc(1, sizeof(struct kdt_copies));
    return *state ? 0 : -1;
}

static int destroy(void **state)
{
    free(*state);
    return 0;
}

static void what_was_noted_is_found_with_what_became_of_it(void **state)
{
    struct kdt_copies *c = *state;
    struct datagram good = datagram_number(1), bad = datagram_number(2), none = datagram_number(3);

    kdt_copies_note(c, span_of(&good), 5, KDT_COPIES_UNIQUE);
    kdt_copies_note(c, span_of(&bad), 6, KDT_COPIES_UNOPENED);
    assert_int_equal(kdt_copies_find(c, span_of(&good), 7)->kind, KDT_COPIES_UNIQUE);
    assert_int_equal(kdt_copies_find(c, span_of(&bad), 7)->kind, KDT_COPIES_UNOPENED);
    assert_null(kdt_copies_find(c, span_of(&none), 7));
}

static void after_a_second_what_may_recur_is_no_copy(void **state)
{
    const enum kdt_copies_kind kinds[] = {KDT_COPIES_UNOPENED, KDT_COPIES_RECURRING};
    struct kdt_copies *c = *state;

    for (size_t i = 0; i < 2; i++) {
        struct datagram d = datagram_number(i);

        kdt_copies_note(c, span_of(&d), 10 * (uint64_t)SECOND, kinds[i]);
        assert_non_null(kdt_copies_find(c, span_of(&d), 11 * (uint64_t)SECOND - 1));
        assert_null(kdt_copies_find(c, span_of(&d), 11 * (uint64_t)SECOND));
        /* the second interface's clock may be behind */
        assert_non_null(kdt_copies_find(c, span_of(&d), 9 * (uint64_t)SECOND + 1));
        assert_null(kdt_copies_find(c, span_of(&d), 9 * (uint64_t)SECOND));
    }
}

static void what_is_said_once_is_a_copy_at_any_time(void **state)
{
    struct kdt_copies *c = *state;
    struct datagram d = datagram_number(1);

    kdt_copies_note(c, span_of(&d), 10 * (uint64_t)SECOND, KDT_COPIES_UNIQUE);
    assert_non_null(kdt_copies_find(c, span_of(&d), 0));
    assert_non_null(kdt_copies_find(c, span_of(&d), UINT64_MAX));
}

/* The MAC covers the plaintext: the same said under a new key has the same. */
static void the_same_under_another_key_is_no_copy(void **state)
{
    struct kdt_copies *c = *state;
    struct datagram a = datagram_number(1), b = a;

    b.bytes[6] ^= 0x40;
    kdt_copies_note(c, span_of(&a), 5, KDT_COPIES_UNIQUE);
    assert_null(kdt_copies_find(c, span_of(&b), 6));
}

static void each_datagram_of_the_window_is_found_and_none_before_it(void **state)
{
    struct kdt_copies *c = *state;

    for (uint64_t n = 0; n < 5 * KDT_COPIES_WINDOW; n++) {
        uint64_t oldest = n < KDT_COPIES_WINDOW ? 0 : n - KDT_COPIES_WINDOW + 1;
        struct datagram d = datagram_number(n);

        kdt_copies_note(c, span_of(&d), n, KDT_COPIES_UNIQUE);
        d = datagram_number(oldest);
        assert_int_equal(kdt_copies_find(c, span_of(&d), n)->time_ns, oldest);
        d = datagram_number(oldest - 1);
        assert_null(kdt_copies_find(c, span_of(&d), n));
    }
}

static void datagrams_that_share_a_head_are_told_apart(void **state)
{
    struct kdt_copies *c = *state;

    for (uint64_t n = 1; n <= 2 * KDT_COPIES_WINDOW; n++) {
        struct datagram d = datagram_with_mac(n * KDT_COPIES_HEADS);

        kdt_copies_note(c, span_of(&d), n, n % 2 ? KDT_COPIES_UNIQUE : KDT_COPIES_RECURRING);
        if (n % 100 == 0) /* the chain is as long as the window */
            for (uint64_t k = n < KDT_COPIES_WINDOW ? 1 : n - KDT_COPIES_WINDOW + 1; k <= n;
                 k += 97) {
                d = datagram_with_mac(k * KDT_COPIES_HEADS);
                assert_int_equal(kdt_copies_find(c, span_of(&d), n)->kind,
                                 k % 2 ? KDT_COPIES_UNIQUE : KDT_COPIES_RECURRING);
            }
    }
}

static void what_has_no_mark_is_no_copy(void **state)
{
    struct kdt_copies *c = *state;
    const uint8_t zeros[DATAGRAM_LEN] = {0};
    const struct kd_span spans[] = {{zeros, sizeof zeros}, {zeros, 4}};

    for (size_t i = 0; i < 2; i++) {
        kdt_copies_note(c, spans[i], 5, KDT_COPIES_UNIQUE);
        assert_null(kdt_copies_find(c, spans[i], 5));
    }
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, create, destroy)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_was_noted_is_found_with_what_became_of_it),
        TEST(after_a_second_what_may_recur_is_no_copy),
        TEST(what_is_said_once_is_a_copy_at_any_time),
        TEST(the_same_under_another_key_is_no_copy),
        TEST(each_datagram_of_the_window_is_found_and_none_before_it),
        TEST(datagrams_that_share_a_head_are_told_apart),
        TEST(what_has_no_mark_is_no_copy),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
