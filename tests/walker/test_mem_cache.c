#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/fake_mem.h"

#include <walker/mem_cache.h>

#define AT 0xffff800000010000u

enum { LINE = 1024, MAPPED = 16 * 1024 };

static enum kd_status (*below_read)(struct kdw_mem *m, uint64_t at, void *buf, size_t len,
                                    uint64_t *fault);

struct fixture {
    struct fake_mem below;
    struct kdw_cache *cache;
    struct kdw_mem *mem;
    uint8_t bytes[MAPPED]; /* what stands at AT */
};

static struct fixture *setup_with_holes(size_t max_bytes, uint32_t hole_len)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct kdw_cache_opts opts = {NULL, LINE, max_bytes, hole_len};

    assert_non_null(f);
    fake_mem_init(&f->below);
    f->below.split = LINE;
    for (size_t i = 0; i < sizeof f->bytes; i++)
        f->bytes[i] = (uint8_t)(i * 7 + i / 256);
    fake_mem_write(&f->below, AT, f->bytes, sizeof f->bytes);
    opts.below = &f->below.mem;
    assert_int_equal(kdw_cache_create(&opts, &f->cache), KD_OK);
    f->mem = kdw_cache_mem(f->cache);
    return f;
}

/* Any byte may be missing by itself. */
static struct fixture *setup(size_t max_bytes)
{
    return setup_with_holes(max_bytes, 1);
}

static void teardown(struct fixture *f)
{
    kdw_cache_destroy(f->cache);
    fake_mem_deinit(&f->below);
    free(f);
}

/* Bytes [from, from + len) read through the cache are those below. */
static void reads_well(struct fixture *f, size_t from, size_t len)
{
    uint8_t buf[MAPPED];

    assert_int_equal(kdw_mem_read(f->mem, AT + from, buf, len, NULL), KD_OK);
    assert_memory_equal(buf, f->bytes + from, len);
}

/* They fail at offset `hole`, after what stands before it. */
static void fails_at(struct fixture *f, size_t from, size_t len, size_t hole)
{
    uint8_t buf[MAPPED];
    uint64_t fault = 0;

    assert_int_equal(kdw_mem_read(f->mem, AT + from, buf, len, &fault), KD_ERR_NOT_MAPPED);
    assert_true(fault == AT + hole);
    assert_memory_equal(buf, f->bytes + from, hole - from);
}

static void a_miss_fetches_whole_lines_and_a_hit_nothing(void **state)
{
    struct fixture *f = setup(1 << 20);

    (void)state;
    reads_well(f, 1500, 8);
    assert_int_equal(f->below.reads, 1);
    assert_true(f->below.last_at == AT + LINE);
    assert_int_equal(f->below.last_len, LINE);
    reads_well(f, LINE, LINE);
    reads_well(f, 2 * LINE - 1, 1);
    assert_int_equal(f->below.reads, 1);
    teardown(f);
}

static void neighbouring_misses_become_one_read(void **state)
{
    struct fixture *f = setup(1 << 20);

    (void)state;
    reads_well(f, 100, 5000);
    assert_int_equal(f->below.reads, 1);
    assert_true(f->below.last_at == AT);
    assert_int_equal(f->below.last_len, 5 * LINE);
    teardown(f);
}

static void lines_that_are_held_are_not_part_of_a_run(void **state)
{
    struct fixture *f = setup(1 << 20);

    (void)state;
    reads_well(f, 2 * LINE, 1);
    reads_well(f, 0, 6 * LINE);
    assert_int_equal(f->below.reads, 3); /* that line, two before it, three after it */
    assert_int_equal(f->below.bytes, 6 * LINE);
    teardown(f);
}

static void a_hole_is_asked_for_once(void **state)
{
    struct fixture *f = setup(1 << 20);
    size_t reads;

    (void)state;
    fails_at(f, MAPPED, 8, MAPPED);
    reads = f->below.reads;
    fails_at(f, MAPPED, 8, MAPPED);
    fails_at(f, MAPPED - 8, 16, MAPPED);
    fails_at(f, MAPPED, 1, MAPPED);
    assert_int_equal(f->below.reads, reads + 1); /* the line before the hole */
    teardown(f);
}

static void a_run_into_a_hole_keeps_what_stands_before_it(void **state)
{
    struct fixture *f = setup(1 << 20);

    (void)state;
    fails_at(f, MAPPED - 3000, 4000, MAPPED);
    assert_int_equal(f->below.reads, 2); /* the run, and what was wanted of the line that failed */
    reads_well(f, MAPPED - 3 * LINE, 3 * LINE);
    assert_int_equal(f->below.reads, 2);
    teardown(f);
}

static void a_line_that_breaks_off_behind_what_is_wanted_serves_it(void **state)
{
    struct fixture *f = setup(1 << 20);

    (void)state;
    fake_mem_unmap(&f->below, AT + 700, 100);
    reads_well(f, 600, 100);
    assert_int_equal(f->below.reads, 1);
    reads_well(f, 0, 700);
    assert_int_equal(f->below.reads, 1);
    fails_at(f, 690, 20, 700);
    fails_at(f, 690, 20, 700);
    assert_int_equal(f->below.reads, 2);
    teardown(f);
}

static void what_is_wanted_behind_a_hole_is_asked_for_by_itself(void **state)
{
    struct fixture *f = setup(1 << 20);

    (void)state;
    fake_mem_unmap(&f->below, AT + 700, 100);
    reads_well(f, 900, 20);
    assert_int_equal(f->below.reads, 2);
    assert_true(f->below.last_at == AT + 900);
    assert_int_equal(f->below.last_len, 20);
    reads_well(f, 905, 10);
    assert_int_equal(f->below.reads, 2);
    fails_at(f, 750, 100, 750);
    assert_int_equal(f->below.reads, 3);
    fails_at(f, 750, 200, 750);
    assert_int_equal(f->below.reads, 3);
    reads_well(f, 880, 60); /* 20 unknown, 20 held, 20 unknown */
    assert_int_equal(f->below.reads, 5);
    teardown(f);
}

/* Of a target that can tell only whether it has all of what it is asked for. */
static enum kd_status read_all_or_nothing(struct kdw_mem *m, uint64_t at, void *buf, size_t len,
                                          uint64_t *fault)
{
    struct fake_mem *below = (struct fake_mem *)m;
    uint64_t inside;
    enum kd_status st;

    below->mem.read = below_read;
    st = kdw_mem_read(&below->mem, at, buf, len, &inside);
    below->mem.read = read_all_or_nothing;
    if (st != KD_OK)
        *fault = at;
    return st;
}

static void a_refused_line_does_not_hide_what_is_wanted_of_it(void **state)
{
    struct fixture *f = setup_with_holes(1 << 20, 4096);

    (void)state;
    below_read = f->below.mem.read;
    f->below.mem.read = read_all_or_nothing;
    fake_mem_unmap(&f->below, AT + 700, 100);
    reads_well(f, 0, 8);
    reads_well(f, 900, 20);
    reads_well(f, 0, 700);
    fails_at(f, 750, 8, 750);
    fails_at(f, 760, 8, 760);
    reads_well(f, 900, 20); /* known before the hole was, and not forgotten for it */
    teardown(f);
}

static void a_hole_keeps_its_reason(void **state)
{
    struct fixture *f = setup_with_holes(1 << 20, 1);
    uint8_t buf[8];
    uint64_t fault = 0;

    (void)state;
    fake_mem_unmap(&f->below, AT + 700, 100);
    f->below.hole = KD_ERR_NOT_RECORDED;
    assert_int_equal(kdw_mem_read(f->mem, AT + 700, buf, 8, &fault), KD_ERR_NOT_RECORDED);
    f->below.hole = KD_ERR_PAGED_OUT;
    assert_int_equal(kdw_mem_read(f->mem, AT + 716, buf, 8, &fault), KD_ERR_PAGED_OUT);
    f->below.hole = KD_ERR_NOT_MAPPED;
    assert_int_equal(kdw_mem_read(f->mem, AT + 708, buf, 8, &fault), KD_ERR_NOT_MAPPED);
    assert_int_equal(kdw_mem_read(f->mem, AT + 716, buf, 8, &fault), KD_ERR_PAGED_OUT);
    assert_int_equal(kdw_mem_read(f->mem, AT + 700, buf, 8, &fault), KD_ERR_NOT_RECORDED);
    assert_true(fault == AT + 700);
    teardown(f);
}

static void a_missing_page_is_asked_for_once_a_line_whatever_is_wanted_of_it(void **state)
{
    struct fixture *f = setup_with_holes(1 << 20, 4096);

    (void)state;
    fake_mem_unmap(&f->below, AT + 4096, 4096);
    for (size_t at = 4096; at < 4096 + LINE; at += 40)
        fails_at(f, at, 8, at);
    assert_int_equal(f->below.reads, 2); /* as a line, then exactly */
    fails_at(f, 4096 + LINE, 8, 4096 + LINE);
    assert_int_equal(f->below.reads, 4);
    reads_well(f, 8192, 8); /* the next page is another matter */
    teardown(f);
}

static void a_line_that_breaks_off_is_a_hole_from_there_on(void **state)
{
    struct fixture *f = setup_with_holes(1 << 20, 4096);

    (void)state;
    fake_mem_unmap(&f->below, AT + 512, LINE - 512);
    reads_well(f, 100, 412);
    fails_at(f, 500, 100, 512);
    fails_at(f, 900, 8, 900);
    assert_int_equal(f->below.reads, 2);
    teardown(f);
}

static void failures_of_the_link_pass_through_and_are_not_remembered(void **state)
{
    static const enum kd_status failures[] = {KD_ERR_TIMEOUT, KD_ERR_LOST, KD_ERR_REBOOTED,
                                              KD_ERR_CANCELLED};
    struct fixture *f = setup(1 << 20);
    uint8_t buf[8];

    (void)state;
    for (size_t i = 0; i < sizeof failures / sizeof failures[0]; i++) {
        fake_mem_reset_counts(&f->below);
        f->below.fail_from = 1;
        f->below.fail_with = failures[i];
        assert_int_equal(kdw_mem_read(f->mem, AT + i * LINE, buf, 8, NULL), failures[i]);
        assert_int_equal(f->below.reads, 1);
        f->below.fail_with = KD_OK;
        reads_well(f, i * LINE, 8);
        assert_int_equal(f->below.reads, 2);
    }
    teardown(f);
}

static void a_link_that_fails_in_a_ragged_line_leaves_it_unknown(void **state)
{
    struct fixture *f = setup(1 << 20);
    uint8_t buf[8];

    (void)state;
    fake_mem_unmap(&f->below, AT, 1);
    f->below.fail_from = 2; /* the line itself is tried first */
    f->below.fail_with = KD_ERR_LOST;
    assert_int_equal(kdw_mem_read(f->mem, AT + 100, buf, 8, NULL), KD_ERR_LOST);
    f->below.fail_with = KD_OK;
    reads_well(f, 100, 8);
    teardown(f);
}

static void dropping_forgets_bytes_and_holes(void **state)
{
    struct fixture *f = setup(1 << 20);

    (void)state;
    reads_well(f, 0, 8);
    fails_at(f, MAPPED, 8, MAPPED);
    kdw_cache_drop(f->cache);
    f->bytes[0] ^= 0xff;
    fake_mem_write(&f->below, AT, f->bytes, 1);
    fake_mem_zero(&f->below, AT + MAPPED, 8);
    reads_well(f, 0, 8);
    assert_int_equal(kdw_mem_read(f->mem, AT + MAPPED, (uint8_t[8]){0}, 8, NULL), KD_OK);
    teardown(f);
}

static void a_full_cache_starts_anew_and_still_reads_right(void **state)
{
    struct fixture *f = setup(KDW_CACHE_LINES_MIN * LINE);

    (void)state;
    fake_mem_unmap(&f->below, AT + 5000, 3);
    for (size_t round = 0; round < 3; round++) {
        reads_well(f, 0, 5000);
        fails_at(f, 4990, 20, 5000);
        reads_well(f, 5003, MAPPED - 5003);
        for (size_t at = 6000; at + 300 < MAPPED; at += 300)
            reads_well(f, at, 300);
    }
    teardown(f);
}

static void memory_can_be_read_to_its_last_byte(void **state)
{
    struct fixture *f = setup(1 << 20);
    uint8_t buf[2000];
    uint8_t last = 0;

    (void)state;
    fake_mem_zero(&f->below, UINT64_MAX - 4095, 4095);
    fake_mem_write(&f->below, UINT64_MAX, "z", 1);
    assert_int_equal(kdw_mem_read(f->mem, UINT64_MAX - 1999, buf, 2000, NULL), KD_OK);
    assert_int_equal(buf[1999], 'z');
    assert_int_equal(kdw_mem_read(f->mem, UINT64_MAX, &last, 1, NULL), KD_OK);
    assert_int_equal(last, 'z');
    teardown(f);
}

static void any_order_of_reads_gives_what_stands_below(void **state)
{
    struct fixture *f = setup(KDW_CACHE_LINES_MIN * LINE);
    uint32_t seed = 12345;

    (void)state;
    for (size_t i = 0; i < 40; i++)
        fake_mem_unmap(&f->below, AT + i * 397, i % 3);
    for (size_t i = 0; i < 3000; i++) {
        uint8_t got[3000], want[3000];
        uint64_t got_fault = 0, want_fault = 0;
        size_t from, len;

        seed = seed * 1664525 + 1013904223;
        from = seed >> 8 & (MAPPED - 1);
        seed = seed * 1664525 + 1013904223;
        len = (seed >> 8) % (i % 10 == 0 ? sizeof got : 40);
        assert_int_equal(kdw_mem_read(f->mem, AT + from, got, len, &got_fault),
                         kdw_mem_read(&f->below.mem, AT + from, want, len, &want_fault));
        assert_true(got_fault == want_fault);
        assert_memory_equal(got, want, want_fault ? (size_t)(want_fault - AT - from) : len);
    }
    teardown(f);
}

static void sizes_that_make_no_sense_are_refused(void **state)
{
    struct fake_mem below;
    struct kdw_cache *cache = NULL;
    const struct kdw_cache_opts bad[] = {
        {NULL, 1024, 1 << 20, 1},          {&below.mem, 0, 1 << 20, 1},
        {&below.mem, 32, 1 << 20, 1},      {&below.mem, 1000, 1 << 20, 1},
        {&below.mem, 8192, 1 << 20, 1},    {&below.mem, 1024, 8 * 1024 - 1, 1},
        {&below.mem, 1024, 1 << 20, 0},    {&below.mem, 1024, 1 << 20, 3},
        {&below.mem, 1024, 1 << 20, 8192},
    };

    (void)state;
    fake_mem_init(&below);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(kdw_cache_create(&bad[i], &cache), KD_ERR_USAGE);
    assert_null(cache);
    kdw_cache_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_miss_fetches_whole_lines_and_a_hit_nothing),
        cmocka_unit_test(neighbouring_misses_become_one_read),
        cmocka_unit_test(lines_that_are_held_are_not_part_of_a_run),
        cmocka_unit_test(a_hole_is_asked_for_once),
        cmocka_unit_test(a_run_into_a_hole_keeps_what_stands_before_it),
        cmocka_unit_test(a_line_that_breaks_off_behind_what_is_wanted_serves_it),
        cmocka_unit_test(what_is_wanted_behind_a_hole_is_asked_for_by_itself),
        cmocka_unit_test(a_refused_line_does_not_hide_what_is_wanted_of_it),
        cmocka_unit_test(a_hole_keeps_its_reason),
        cmocka_unit_test(a_missing_page_is_asked_for_once_a_line_whatever_is_wanted_of_it),
        cmocka_unit_test(a_line_that_breaks_off_is_a_hole_from_there_on),
        cmocka_unit_test(failures_of_the_link_pass_through_and_are_not_remembered),
        cmocka_unit_test(a_link_that_fails_in_a_ragged_line_leaves_it_unknown),
        cmocka_unit_test(dropping_forgets_bytes_and_holes),
        cmocka_unit_test(a_full_cache_starts_anew_and_still_reads_right),
        cmocka_unit_test(memory_can_be_read_to_its_last_byte),
        cmocka_unit_test(any_order_of_reads_gives_what_stands_below),
        cmocka_unit_test(sizes_that_make_no_sense_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
