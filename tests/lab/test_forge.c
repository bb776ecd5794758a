#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "forge.h"
#include "seal.h"

#define MANY 5000 /* forgeries: each kind a thousand times */

/* What passed in a session: a poke, and data of every size both ways, each from its own direction. */
#define REAL 40
struct real {
    size_t len;
    uint8_t bytes[LAB_DATAGRAM_MAX];
};

struct scene {
    struct lab_seal *seal;
    struct lab_forge *forge;
    struct real real[REAL];
};

static void seal_one(struct scene *s, size_t i)
{
    uint8_t payload[LAB_PAYLOAD_MAX];
    struct lab_message m = {.version = 5,
                            .is_control = i % 8 == 0,
                            .from_host = i % 2 == 1,
                            .sequence = 1 + i,
                            .payload = payload,
                            .len = i * 35};

    memset(payload, (int)i, sizeof payload);
    s->real[i].len = lab_seal_message(s->seal, &m, s->real[i].bytes);
}

static int begin(void **state)
{
    static const uint8_t response[LAB_RESPONSE_LEN] = {1, 2};
    struct scene *s = calloc(1, sizeof *s);
    uint8_t key[LAB_KEY_LEN] = {1};

    assert_non_null(s);
    s->seal = lab_seal_create(key);
    s->forge = lab_forge_create(7);
    assert_non_null(s->seal);
    assert_non_null(s->forge);
    lab_seal_link(s->seal, response);
    for (size_t i = 0; i < REAL; i++)
        seal_one(s, i);
    *state = s;
    return 0;
}

static int end(void **state)
{
    struct scene *s = *state;

    lab_forge_destroy(s->forge);
    lab_seal_destroy(s->seal);
    free(s);
    return 0;
}

static void remember(struct scene *s, size_t first, size_t last)
{
    for (size_t i = first; i <= last; i++)
        lab_forge_remember(s->forge, s->real[i].bytes, s->real[i].len);
}

struct forgery {
    enum lab_forge_kind kind;
    size_t len;
    uint8_t bytes[LAB_FORGE_MAX];
};

static void forge(struct scene *s, struct forgery *out)
{
    assert_true(lab_forge_next(s->forge, &out->kind, out->bytes, &out->len));
    assert_in_range(out->len, 0, LAB_FORGE_MAX);
}

/* The next of this kind. */
static void forge_kind(struct scene *s, enum lab_forge_kind kind, struct forgery *out)
{
    do
        forge(s, out);
    while (out->kind != kind);
}

static bool is_real(const struct scene *s, const struct forgery *f)
{
    for (size_t i = 0; i < REAL; i++)
        if (f->len == s->real[i].len && memcmp(f->bytes, s->real[i].bytes, f->len) == 0)
            return true;
    return false;
}

static bool begins_like_a_real_one(const struct scene *s, const struct forgery *f, size_t len)
{
    for (size_t i = 0; i < REAL; i++)
        if (s->real[i].len > len && memcmp(f->bytes, s->real[i].bytes, len) == 0)
            return true;
    return false;
}

static unsigned bits_between(const uint8_t *a, const uint8_t *b, size_t len)
{
    unsigned bits = 0;

    for (size_t i = 0; i < len; i++)
        for (unsigned differing = a[i] ^ b[i]; differing; differing &= differing - 1)
            bits++;
    return bits;
}

static void nothing_is_forged_before_two_datagrams_are_known(void **state)
{
    struct scene *s = *state;
    struct forgery f;

    assert_false(lab_forge_next(s->forge, &f.kind, f.bytes, &f.len));
    remember(s, 0, 0);
    assert_false(lab_forge_next(s->forge, &f.kind, f.bytes, &f.len));
    remember(s, 1, 1);
    forge(s, &f);
}

static void the_kinds_come_in_rotation(void **state)
{
    struct scene *s = *state;
    struct forgery f;

    remember(s, 0, REAL - 1);
    for (int i = 0; i < 3 * LAB_FORGE_KINDS; i++) {
        forge(s, &f);
        assert_int_equal(f.kind, i % LAB_FORGE_KINDS);
    }
}

static void only_a_replay_can_be_opened(void **state)
{
    struct scene *s = *state;
    struct lab_message m;
    struct forgery f;

    remember(s, 0, REAL - 1);
    for (int i = 0; i < MANY; i++) {
        forge(s, &f);
        assert_int_equal(lab_seal_open(s->seal, f.bytes, f.len, &m) == LAB_GOOD,
                         f.kind == LAB_FORGE_REPLAYED);
        assert_int_equal(is_real(s, &f), f.kind == LAB_FORGE_REPLAYED);
    }
}

static void replays_come_from_both_directions_and_channels(void **state)
{
    struct scene *s = *state;
    unsigned seen[2][2] = {{0}};
    struct lab_message m;
    struct forgery f;

    remember(s, 0, REAL - 1);
    for (int i = 0; i < 200; i++) {
        forge_kind(s, LAB_FORGE_REPLAYED, &f);
        assert_int_equal(lab_seal_open(s->seal, f.bytes, f.len, &m), LAB_GOOD);
        seen[m.from_host][m.is_control]++;
    }
    assert_int_not_equal(seen[0][0], 0);
    assert_int_not_equal(seen[0][1], 0);
    assert_int_not_equal(seen[1][0], 0);
}

static void one_bit_of_a_real_one_is_flipped_anywhere(void **state)
{
    struct scene *s = *state;
    unsigned in_header = 0, in_tag = 0;
    struct forgery f;

    remember(s, 2, 3); /* differ in length */
    for (int i = 0; i < 2000; i++) {
        const struct real *r;

        forge_kind(s, LAB_FORGE_FLIPPED, &f);
        r = f.len == s->real[2].len ? &s->real[2] : &s->real[3];
        assert_int_equal(f.len, r->len);
        assert_int_equal(bits_between(f.bytes, r->bytes, f.len), 1);
        in_header += bits_between(f.bytes, r->bytes, 6);
        in_tag += bits_between(f.bytes + f.len - 16, r->bytes + f.len - 16, 16);
    }
    assert_int_not_equal(in_header, 0);
    assert_int_not_equal(in_tag, 0);
}

static void bytes_are_missing_at_the_end_sometimes_all_sometimes_blocks(void **state)
{
    struct scene *s = *state;
    unsigned empty = 0, whole_blocks = 0;
    struct forgery f;

    remember(s, 0, REAL - 1);
    for (int i = 0; i < 4000; i++) {
        forge_kind(s, LAB_FORGE_TRUNCATED, &f);
        assert_true(begins_like_a_real_one(s, &f, f.len));
        empty += f.len == 0;
        whole_blocks += f.len >= 38 && (f.len - 6) % 16 == 0;
    }
    assert_int_not_equal(empty, 0);
    assert_in_range(whole_blocks, 1000, 3000);
}

static void a_spliced_one_begins_like_one_and_ends_like_another(void **state)
{
    struct scene *s = *state;
    struct forgery f;
    unsigned other_channel = 0;

    remember(s, 0, 1); /* a poke and a host's data: other headers */
    for (int i = 0; i < 1000; i++) {
        forge_kind(s, LAB_FORGE_SPLICED, &f);
        assert_false(is_real(s, &f));
        other_channel += f.len == s->real[1].len && f.bytes[5] == 1 &&
                         memcmp(f.bytes + 6, s->real[1].bytes + 6, f.len - 6) == 0;
    }
    assert_int_not_equal(other_channel, 0); /* data passed off as control */
}

static void random_bytes_have_a_real_header_and_a_possible_length(void **state)
{
    struct scene *s = *state;
    size_t shortest = SIZE_MAX, longest = 0;
    struct forgery f;

    remember(s, 0, REAL - 1);
    for (int i = 0; i < 2000; i++) {
        forge_kind(s, LAB_FORGE_RANDOM, &f);
        assert_true(begins_like_a_real_one(s, &f, 6));
        assert_int_equal((f.len - 6) % 16, 0);
        shortest = f.len < shortest ? f.len : shortest;
        longest = f.len > longest ? f.len : longest;
    }
    assert_int_equal(shortest, 38);
    assert_in_range(longest, 1400, LAB_FORGE_MAX);
}

static void only_the_last_are_remembered(void **state)
{
    struct scene *s = *state;
    struct forgery f;

    remember(s, 0, 0);
    for (int i = 0; i < LAB_FORGE_MEMORY; i++)
        remember(s, 1, 1);
    for (int i = 0; i < 200; i++) {
        forge_kind(s, LAB_FORGE_REPLAYED, &f);
        assert_int_equal(f.len, s->real[1].len);
    }
}

static void what_is_forgotten_is_not_replayed(void **state)
{
    struct scene *s = *state;
    struct forgery f;

    remember(s, 0, 9);
    lab_forge_forget(s->forge);
    assert_false(lab_forge_next(s->forge, &f.kind, f.bytes, &f.len));
    remember(s, 10, 11);
    for (int i = 0; i < 200; i++) {
        forge_kind(s, LAB_FORGE_REPLAYED, &f);
        assert_true(f.len == s->real[10].len || f.len == s->real[11].len);
    }
}

static void what_is_no_datagram_is_not_remembered(void **state)
{
    static const uint8_t bytes[LAB_FORGE_MAX + 1];
    struct scene *s = *state;
    struct forgery f;

    lab_forge_remember(s->forge, bytes, 0);
    lab_forge_remember(s->forge, bytes, 6);
    lab_forge_remember(s->forge, bytes, sizeof bytes);
    assert_false(lab_forge_next(s->forge, &f.kind, f.bytes, &f.len));
    lab_forge_remember(s->forge, bytes, 7); /* garbage on the wire may be as short */
    lab_forge_remember(s->forge, bytes, LAB_FORGE_MAX);
    for (int i = 0; i < 500; i++)
        forge(s, &f);
}

static void the_same_seed_forges_the_same(void **state)
{
    struct scene *s = *state;
    struct lab_forge *same = lab_forge_create(7), *other = lab_forge_create(8), *mine = s->forge;
    struct forgery f, g;
    unsigned differing = 0;

    remember(s, 0, REAL - 1);
    s->forge = same;
    remember(s, 0, REAL - 1);
    s->forge = other;
    remember(s, 0, REAL - 1);
    for (int i = 0; i < 100; i++) {
        s->forge = mine;
        forge(s, &f);
        s->forge = same;
        forge(s, &g);
        assert_int_equal(f.len, g.len);
        assert_memory_equal(f.bytes, g.bytes, f.len);
        s->forge = other;
        forge(s, &g);
        differing += f.len != g.len || memcmp(f.bytes, g.bytes, f.len) != 0;
    }
    s->forge = mine;
    lab_forge_destroy(same);
    lab_forge_destroy(other);
    assert_in_range(differing, 90, 100);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(nothing_is_forged_before_two_datagrams_are_known),
        TEST(the_kinds_come_in_rotation),
        TEST(only_a_replay_can_be_opened),
        TEST(replays_come_from_both_directions_and_channels),
        TEST(one_bit_of_a_real_one_is_flipped_anywhere),
        TEST(bytes_are_missing_at_the_end_sometimes_all_sometimes_blocks),
        TEST(a_spliced_one_begins_like_one_and_ends_like_another),
        TEST(random_bytes_have_a_real_header_and_a_possible_length),
        TEST(only_the_last_are_remembered),
        TEST(what_is_forgotten_is_not_replayed),
        TEST(what_is_no_datagram_is_not_remembered),
        TEST(the_same_seed_forges_the_same),
    };
    return cmocka_run_group_tests_name("lab.test_forge", tests, NULL, NULL);
}
