#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "transport/ip_fragments.h"

#define UDP    17
#define SECOND 1000000000u
#define MORE   KD_ERR_TRUNCATED

static int begin(void **state)
{
    struct kdt_fragments *t = NULL;

    if (kdt_fragments_create(&t) != KD_OK)
        return -1;
    *state = t;
    return 0;
}

static int end(void **state)
{
    kdt_fragments_destroy(*state);
    return 0;
}

/* What a datagram holds, from a to z and again. */
static const uint8_t *letters(void)
{
    static uint8_t all[65536];

    for (size_t i = 0; i < sizeof all; i++)
        all[i] = (uint8_t)('a' + i % 26);
    return all;
}

static struct kdt_fragment part(uint32_t id, uint32_t offset, size_t len, bool is_last)
{
    return (struct kdt_fragment){
        .from = {[15] = 1},
        .to = {[15] = 2},
        .id = id,
        .protocol = UDP,
        .is_last = is_last,
        .offset = offset,
        .bytes = {letters() + offset, len},
    };
}

/* Added from a block of exactly its size; what completes it must be the first letters. */
static enum kd_status add_at(struct kdt_fragments *t, struct kdt_fragment f, uint64_t time_ns,
                             size_t whole_len)
{
    uint8_t *exact = test_malloc(f.bytes.len + !f.bytes.len), protocol = 0;
    struct kd_span whole = {NULL, 0};
    enum kd_status st;

    memcpy(exact, f.bytes.data, f.bytes.len);
    f.bytes.data = exact;
    st = kdt_fragments_add(t, &f, time_ns, &protocol, &whole);
    test_free(exact);
    if (st == KD_OK) {
        assert_int_equal(whole.len, whole_len);
        assert_memory_equal(whole.data, letters(), whole_len);
        assert_int_equal(protocol, UDP);
    }
    return st;
}

static enum kd_status add(struct kdt_fragments *t, struct kdt_fragment f, size_t whole_len)
{
    return add_at(t, f, SECOND, whole_len);
}

static void fragments_in_order_are_put_together(void **state)
{
    assert_int_equal(add(*state, part(1, 0, 1480, false), 0), MORE);
    assert_int_equal(add(*state, part(1, 1480, 1480, false), 0), MORE);
    assert_int_equal(kdt_fragments_incomplete(*state), 2);
    assert_int_equal(add(*state, part(1, 2960, 33, true), 2993), KD_OK);
    assert_int_equal(kdt_fragments_incomplete(*state), 0);
}

static void fragments_in_any_order_are_put_together(void **state)
{
    static const struct {
        uint32_t offset;
        size_t len;
    } parts[] = {{0, 8}, {8, 24}, {32, 16}, {48, 3}};
    static const uint8_t orders[][4] = {{3, 2, 1, 0}, {1, 3, 0, 2}, {0, 3, 2, 1}, {2, 0, 1, 3}};

    for (uint32_t o = 0; o < sizeof orders / sizeof *orders; o++)
        for (size_t i = 0; i < 4; i++) {
            unsigned p = orders[o][i];
            struct kdt_fragment f = part(o, parts[p].offset, parts[p].len, p == 3);

            assert_int_equal(add(*state, f, 51), i == 3 ? KD_OK : MORE);
        }
    assert_int_equal(kdt_fragments_incomplete(*state), 0);
}

static void a_datagram_may_have_64_kib(void **state)
{
    assert_int_equal(add(*state, part(1, 0, 65528, false), 0), MORE);
    assert_int_equal(add(*state, part(1, 65528, 7, true), 65535), KD_OK);
}

static void the_ends_and_the_identification_say_whose_it_is(void **state)
{
    struct kdt_fragment of_another[3] = {part(1, 8, 5, true), part(1, 8, 5, true),
                                         part(0x10001, 8, 5, true)};

    of_another[0].from[0] = 1;
    of_another[1].to[0] = 1;
    assert_int_equal(add(*state, part(1, 0, 8, false), 0), MORE);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(add(*state, of_another[i], 0), MORE);
    assert_int_equal(kdt_fragments_incomplete(*state), 4);
    assert_int_equal(add(*state, part(1, 8, 5, true), 13), KD_OK);
    assert_int_equal(kdt_fragments_incomplete(*state), 3);
}

static void copies_are_passed_over(void **state)
{
    assert_int_equal(add(*state, part(1, 0, 8, false), 0), MORE);
    assert_int_equal(add(*state, part(1, 0, 8, false), 0), MORE);
    assert_int_equal(kdt_fragments_incomplete(*state), 1);
    assert_int_equal(add(*state, part(1, 8, 5, true), 13), KD_OK);
    /* The other card's copies arrive when it is complete: they begin nothing. */
    assert_int_equal(add(*state, part(1, 0, 8, false), 0), MORE);
    assert_int_equal(add(*state, part(1, 8, 5, true), 0), MORE);
    assert_int_equal(kdt_fragments_incomplete(*state), 0);
}

static void an_identification_that_comes_around_begins_anew(void **state)
{
    struct kdt_fragment other = part(1, 0, 8, false);

    assert_int_equal(add(*state, part(1, 0, 8, false), 0), MORE);
    assert_int_equal(add(*state, part(1, 8, 5, true), 13), KD_OK);
    other.bytes.data += 26; /* the same letters, from elsewhere */
    assert_int_equal(add(*state, other, 0), MORE);
    assert_int_equal(kdt_fragments_incomplete(*state), 0); /* a copy */
    other.bytes.data += 1;
    assert_int_equal(add(*state, other, 0), MORE);
    assert_int_equal(kdt_fragments_incomplete(*state), 1);

    assert_int_equal(add(*state, part(2, 0, 8, false), 0), MORE);
    assert_int_equal(add(*state, part(2, 8, 8, true), 16), KD_OK);
    /* The same bytes, but here they are not the end. */
    assert_int_equal(add(*state, part(2, 8, 8, false), 0), MORE);
    assert_int_equal(kdt_fragments_incomplete(*state), 2);
}

static void what_is_too_far_away_in_time_does_not_belong(void **state)
{
    const uint64_t at = 100 * (uint64_t)SECOND;

    assert_int_equal(add_at(*state, part(1, 0, 8, false), at, 0), MORE);
    assert_int_equal(add_at(*state, part(1, 8, 5, true), at + 31 * (uint64_t)SECOND, 0), MORE);
    assert_int_equal(kdt_fragments_incomplete(*state), 2);

    assert_int_equal(add_at(*state, part(2, 0, 8, false), at, 0), MORE);
    assert_int_equal(add_at(*state, part(2, 8, 5, true), at - SECOND, 13),
                     KD_OK); /* not in order */
}

static void where_fragments_overlap_what_came_first_stays(void **state)
{
    struct kdt_fragment false_one = part(1, 8, 24, false);

    false_one.bytes.data += 1;
    assert_int_equal(add(*state, part(1, 0, 16, false), 0), MORE);
    assert_int_equal(add(*state, part(1, 24, 8, false), 0), MORE);
    assert_int_equal(add(*state, part(1, 8, 24, false), 0), MORE); /* the gap between is new */
    assert_int_equal(add(*state, false_one, 0), MORE);
    assert_int_equal(kdt_fragments_incomplete(*state), 3);
    assert_int_equal(add(*state, part(1, 32, 2, true), 34), KD_OK);
}

static void the_first_fragment_says_what_the_datagram_holds(void **state)
{
    struct kdt_fragment last = part(1, 8, 5, true), again = part(1, 0, 24, false);

    last.protocol = 60;
    again.protocol = 61; /* a second first one, which even has something new */
    assert_int_equal(add(*state, last, 0), MORE);
    assert_int_equal(add(*state, part(1, 0, 8, false), 13), KD_OK);

    again.id = 2;
    assert_int_equal(add(*state, part(2, 0, 8, false), 0), MORE);
    assert_int_equal(add(*state, again, 0), MORE);
    assert_int_equal(add(*state, part(2, 24, 1, true), 25), KD_OK);
}

static void an_end_that_comes_last_may_bring_nothing_but_itself(void **state)
{
    assert_int_equal(add(*state, part(1, 0, 16, false), 0), MORE);
    assert_int_equal(add(*state, part(1, 8, 8, true), 16), KD_OK);
}

static void fragments_that_no_datagram_can_have_are_refused(void **state)
{
    const struct kdt_fragment impossible[] = {
        part(1, 0, 0, false),                         /* empty */
        part(1, 8, 0, true),                          /* likewise */
        part(1, 0, 12, false),                        /* not in eights, though more is to come */
        part(1, 65528, 8, true),                      /* 65536 bytes */
        part(1, 65528, 8, false), part(1, 4, 4, true) /* begins within a unit */
    };
    struct kdt_fragment far_away = part(1, 0, 8, true);

    for (size_t i = 0; i < sizeof impossible / sizeof *impossible; i++)
        assert_int_equal(add(*state, impossible[i], 0), KD_ERR_MALFORMED);
    far_away.offset = UINT32_MAX - 7;
    assert_int_equal(add(*state, far_away, 0), KD_ERR_MALFORMED);
    assert_int_equal(kdt_fragments_incomplete(*state), 0);
}

static void fragments_that_contradict_the_end_are_refused(void **state)
{
    assert_int_equal(add(*state, part(1, 16, 5, true), 0), MORE);
    assert_int_equal(add(*state, part(1, 16, 8, false), 0), KD_ERR_MALFORMED); /* beyond the end */
    assert_int_equal(add(*state, part(1, 24, 8, false), 0), KD_ERR_MALFORMED);
    assert_int_equal(add(*state, part(1, 24, 1, true), 0), KD_ERR_MALFORMED); /* another end */
    assert_int_equal(add(*state, part(1, 8, 5, true), 0), KD_ERR_MALFORMED);
    assert_int_equal(add(*state, part(1, 0, 16, false), 21), KD_OK); /* nothing was lost by that */

    assert_int_equal(add(*state, part(2, 16, 8, false), 0), MORE);
    assert_int_equal(add(*state, part(2, 8, 5, true), 0),
                     KD_ERR_MALFORMED); /* before what is there */
    assert_int_equal(add(*state, part(2, 16, 5, true), 0), KD_ERR_MALFORMED);
}

static void one_too_many_drops_the_oldest(void **state)
{
    for (uint32_t id = 0; id < KDT_FRAGMENTED_MAX + 1; id++)
        assert_int_equal(add(*state, part(id, 0, 8, false), 0), MORE);
    assert_int_equal(kdt_fragments_incomplete(*state), KDT_FRAGMENTED_MAX + 1);
    /* The first is gone; the end of it drops the second, and so on. The last ones are all there. */
    for (uint32_t id = 2; id < KDT_FRAGMENTED_MAX + 1; id++)
        assert_int_equal(add(*state, part(id, 8, 5, true), 13), KD_OK);
    assert_int_equal(add(*state, part(0, 8, 5, true), 0), MORE);
    assert_int_equal(kdt_fragments_incomplete(*state), 3);
}

static void what_is_complete_goes_before_what_is_not(void **state)
{
    assert_int_equal(add(*state, part(1000, 0, 8, false), 0), MORE);
    for (uint32_t id = 0; id < 3 * KDT_FRAGMENTED_MAX; id++) {
        assert_int_equal(add(*state, part(id, 0, 8, false), 0), MORE);
        assert_int_equal(add(*state, part(id, 8, 5, true), 13), KD_OK);
    }
    assert_int_equal(add(*state, part(1000, 8, 5, true), 13), KD_OK);
}

/* Any cuts in any order, copies among them, several datagrams at once: all come out. */
static void datagrams_cut_anyhow_come_out_whole(void **state)
{
    enum { AT_ONCE = 16, UNITS = 40, LAST_LEN = 5 };

    srand(1);
    for (uint32_t round = 0; round < 20; round++) {
        unsigned complete = 0;

        for (unsigned i = 0; i < 20000 && complete < AT_ONCE; i++) {
            uint32_t id = round * AT_ONCE + (uint32_t)rand() % AT_ONCE;
            uint32_t first = (uint32_t)rand() % UNITS, units = 1 + (uint32_t)rand() % 4;
            bool is_last = first + units >= UNITS;
            size_t len = is_last ? (UNITS - 1 - first) * 8 + LAST_LEN : units * 8;
            enum kd_status st =
                add(*state, part(id, first * 8, len, is_last), (UNITS - 1) * 8 + LAST_LEN);

            assert_true(st == KD_OK || st == MORE);
            complete += st == KD_OK;
        }
        assert_int_equal(complete, AT_ONCE);
    }
    assert_int_equal(kdt_fragments_incomplete(*state), 0);
}

#define WITH_TABLE(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_TABLE(fragments_in_order_are_put_together),
        WITH_TABLE(fragments_in_any_order_are_put_together),
        WITH_TABLE(a_datagram_may_have_64_kib),
        WITH_TABLE(the_ends_and_the_identification_say_whose_it_is),
        WITH_TABLE(copies_are_passed_over),
        WITH_TABLE(an_identification_that_comes_around_begins_anew),
        WITH_TABLE(what_is_too_far_away_in_time_does_not_belong),
        WITH_TABLE(where_fragments_overlap_what_came_first_stays),
        WITH_TABLE(the_first_fragment_says_what_the_datagram_holds),
        WITH_TABLE(an_end_that_comes_last_may_bring_nothing_but_itself),
        WITH_TABLE(fragments_that_no_datagram_can_have_are_refused),
        WITH_TABLE(fragments_that_contradict_the_end_are_refused),
        WITH_TABLE(one_too_many_drops_the_oldest),
        WITH_TABLE(what_is_complete_goes_before_what_is_not),
        WITH_TABLE(datagrams_cut_anyhow_come_out_whole),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
