/* The misbehaving wire: each fault alone, all together, and nothing at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "line.h"

#define MANY     2000
#define OUT_MAX  ((size_t)1 << 20)
#define PACKET_0 73 /* length of a request below */

static struct lab_line *l;
static uint64_t now_us = 5000000;

static uint8_t out[OUT_MAX]; /* what arrived, end to end */
static size_t out_len;
static size_t pieces; /* in how many pieces */

static int stop(void **state)
{
    (void)state;
    lab_line_destroy(l);
    return 0;
}

static void start(const struct lab_line_options *opts)
{
    l = lab_line_create(opts);
    assert_non_null(l);
    out_len = pieces = 0;
}

static void collect(void)
{
    const uint8_t *bytes;
    size_t len;

    while (lab_line_take(l, now_us, &bytes, &len)) {
        assert_true(len > 0 && len <= OUT_MAX - out_len);
        memcpy(out + out_len, bytes, len);
        out_len += len;
        pieces++;
    }
}

/* Let time pass, as a loop does that sleeps until the next deadline. */
static void wait_us(uint64_t us)
{
    uint64_t until_us = now_us + us, due_us;
    int turns = 0;

    collect();
    while ((due_us = lab_line_deadline(l)) <= until_us) {
        assert_true(due_us >= now_us);
        now_us = due_us;
        collect();
        assert_true(++turns < 100000);
    }
    now_us = until_us;
}

static void put(const void *bytes, size_t len)
{
    lab_line_put(l, bytes, len, now_us);
    collect();
}

/* Packet n of a session: a request, an ACK, a request, ... each with its number in the id. */
static size_t packet(uint8_t *p, uint32_t n)
{
    bool is_data = n % 2 == 0;
    size_t len = is_data ? PACKET_0 : 16;

    memset(p, 0, len);
    memset(p, is_data ? 0x30 : 0x69, 4);
    p[4] = is_data ? 2 : 4;
    p[6] = is_data ? 56 : 0;
    memcpy(p + 8, &n, sizeof n);
    if (is_data)
        p[72] = 0xAA;
    return len;
}

static void put_packets(uint32_t count, uint64_t every_us)
{
    for (uint32_t n = 0; n < count; n++) {
        uint8_t p[PACKET_0];
        size_t len = packet(p, n);

        put(p, len);
        wait_us(every_us);
    }
    wait_us(1000000);
}

static const struct lab_line_stats *stats(void)
{
    return lab_line_stats(l);
}

/* ---- a good day ---- */

static void a_perfect_line_passes_everything_at_once_in_order(void **state)
{
    const struct lab_line_options opts = {.is_stream = true};
    uint8_t all[3 * PACKET_0];
    size_t len = 0;

    (void)state;
    start(&opts);
    for (uint32_t n = 0; n < 4; n++)
        len += packet(all + len, n);
    put(all, len);
    assert_int_equal(pieces, 4);
    assert_int_equal(out_len, len);
    assert_memory_equal(out, all, len);
    assert_int_equal(stats()->packets, 4);
    assert_int_equal(stats()->bytes, len);
    assert_true(lab_line_deadline(l) == UINT64_MAX);
}

static void packets_are_found_however_the_bytes_are_split(void **state)
{
    static const uint8_t odd[] = "b\0\x69\x69\x30\x30\x30\xAA garbage\xFFi";
    const struct lab_line_options opts = {.is_stream = true};
    uint8_t all[512];
    size_t len;

    (void)state;
    memcpy(all, odd, sizeof odd - 1);
    len = sizeof odd - 1;
    for (uint32_t n = 0; n < 4; n++)
        len += packet(all + len, n);
    all[len++] = 'b';
    for (size_t split = 0; split <= len; split++) {
        start(&opts);
        put(all, split);
        put(all + split, len - split);
        assert_int_equal(out_len, len);
        assert_memory_equal(out, all, len);
        assert_int_equal(stats()->packets, sizeof odd - 1 + 4 + 1); /* odd bytes each alone */
        lab_line_destroy(l);
    }
    start(&opts);
    for (size_t i = 0; i < len; i++)
        put(all + i, 1);
    assert_memory_equal(out, all, len);
    assert_int_equal(stats()->packets, sizeof odd - 1 + 4 + 1);
}

static void a_packet_that_stops_is_passed_on_after_100_ms_of_silence(void **state)
{
    const struct lab_line_options opts = {.is_stream = true, .is_towards_target = true};
    uint8_t p[PACKET_0];

    (void)state;
    start(&opts);
    packet(p, 0);
    for (size_t len = 1; len < sizeof p; len++) {
        put(p, len);
        wait_us(99999);
        assert_int_equal(out_len, 0);
        wait_us(1);
        assert_int_equal(out_len, len);
        assert_memory_equal(out, p, len);
        out_len = 0;
    }
    put(p, 40); /* what comes in time belongs to it */
    wait_us(99999);
    put(p + 40, sizeof p - 40);
    assert_int_equal(out_len, sizeof p);
    assert_int_equal(stats()->packets, sizeof p);
}

static void headers_that_cannot_be_do_not_hold_the_line_up(void **state)
{
    static const uint8_t odd[][16] = {
        "0000\0\0\x38",   "0000\x0c\0\x38", "0000\x02\0\0", "0000\x02\0\x01\x10",
        "iiii\x06\0\x01", "iiii\xff",       "0000\xff\xff",
    };
    const struct lab_line_options opts = {.is_stream = true};

    (void)state;
    start(&opts);
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        put(odd[i], 16);
        assert_int_equal(out_len, 16 * (i + 1));
    }
}

static void datagrams_keep_their_edges(void **state)
{
    const struct lab_line_options opts = {0};

    (void)state;
    start(&opts);
    lab_line_put(l, (const uint8_t *)"0000", 4, now_us);
    lab_line_put(l, (const uint8_t *)"x", 1, now_us);
    lab_line_put(l, (const uint8_t *)"", 0, now_us);
    collect();
    assert_int_equal(pieces, 2);
    assert_int_equal(out_len, 5);
    assert_int_equal(stats()->packets, 2);
}

/* ---- each fault alone ---- */

#define P 0.3

static void assert_roughly(uint64_t count, double expected)
{
    assert_true((double)count > 0.88 * expected && (double)count < 1.12 * expected);
}

static void start_with(struct lab_line_faults faults, bool is_stream)
{
    const struct lab_line_options opts = {
        .faults = faults, .is_stream = is_stream, .is_towards_target = true, .seed = 1};

    start(&opts);
}

/* How often each of MANY packets arrived undamaged, as ids at their place say. */
static void count_arrivals(uint8_t times[MANY])
{
    memset(times, 0, MANY);
    for (size_t at = 0; at < out_len;) {
        uint8_t p[PACKET_0];
        uint32_t n;
        size_t len;

        memcpy(&n, out + at + 8, sizeof n);
        assert_true(n < MANY);
        len = packet(p, n);
        assert_memory_equal(out + at, p, len);
        at += len;
        times[n]++;
    }
}

static uint64_t how_many(const uint8_t times[MANY], uint8_t wanted)
{
    uint64_t count = 0;

    for (size_t n = 0; n < MANY; n++)
        count += times[n] == wanted;
    return count;
}

static void drop_loses_packets_whole(void **state)
{
    uint8_t times[MANY];

    (void)state;
    start_with((struct lab_line_faults){.drop = P}, true);
    put_packets(MANY, 100);
    count_arrivals(times);
    assert_roughly(stats()->dropped, MANY * P);
    assert_int_equal(how_many(times, 0), stats()->dropped);
    assert_int_equal(how_many(times, 1), MANY - stats()->dropped);
    assert_int_equal(stats()->packets, MANY);
}

static void dup_brings_packets_twice(void **state)
{
    uint8_t times[MANY];

    (void)state;
    start_with((struct lab_line_faults){.dup = P}, true);
    put_packets(MANY, 100);
    count_arrivals(times);
    assert_roughly(stats()->doubled, MANY * P);
    assert_int_equal(how_many(times, 2), stats()->doubled);
    assert_int_equal(how_many(times, 1), MANY - stats()->doubled);
}

static void reorder_brings_a_packet_behind_the_next_and_loses_none(void **state)
{
    uint8_t times[MANY];
    uint64_t late = 0;

    (void)state;
    start_with((struct lab_line_faults){.reorder = P}, true);
    put_packets(MANY, 100);
    count_arrivals(times);
    assert_int_equal(how_many(times, 1), MANY);
    assert_roughly(stats()->reordered, MANY * P / (1 + P)); /* one at a time */
    for (size_t at = 0, last = 0; at < out_len;) {
        uint8_t p[PACKET_0];
        uint32_t n;

        memcpy(&n, out + at + 8, sizeof n);
        assert_true(n + 1 >= last); /* by one place */
        late += n < last;
        last = n;
        at += packet(p, n);
    }
    assert_in_range(late, stats()->reordered - 1, stats()->reordered); /* the last: by time */
}

static void a_packet_without_a_follower_is_held_20_ms(void **state)
{
    uint8_t p[PACKET_0];
    size_t len = packet(p, 0);

    (void)state;
    start_with((struct lab_line_faults){.reorder = 1}, true);
    put(p, len);
    wait_us(19999);
    assert_int_equal(out_len, 0);
    wait_us(1);
    assert_int_equal(out_len, len);
    assert_true(lab_line_deadline(l) == UINT64_MAX);
}

static unsigned bits_that_differ(const uint8_t *a, const uint8_t *b, size_t len, size_t *where)
{
    unsigned count = 0;

    for (size_t i = 0; i < len; i++)
        for (unsigned x = a[i] ^ b[i]; x; x &= x - 1) {
            count++;
            *where = i;
        }
    return count;
}

static void corrupt_flips_one_bit_anywhere(void **state)
{
    uint64_t damaged = 0, places[PACKET_0] = {0};

    (void)state;
    start_with((struct lab_line_faults){.corrupt = P}, true);
    for (uint32_t n = 0; n < MANY; n++) {
        uint8_t p[PACKET_0];
        size_t where = 0, len = packet(p, 2 * n);
        unsigned bits;

        out_len = 0;
        put(p, len);
        assert_int_equal(out_len, len);
        bits = bits_that_differ(out, p, len, &where);
        assert_true(bits <= 1);
        damaged += bits;
        places[where] += bits;
    }
    assert_int_equal(stats()->corrupted, damaged);
    assert_roughly(damaged, MANY * P);
    for (size_t i = 0; i < PACKET_0; i++) /* header, data and trailer alike */
        assert_in_range(places[i], 1, 40);
}

static void truncate_takes_bytes_from_the_end_and_leaves_one_at_least(void **state)
{
    uint64_t cut = 0, shortest = PACKET_0, longest = 0;

    (void)state;
    start_with((struct lab_line_faults){.truncate = P}, true);
    for (uint32_t n = 0; n < MANY; n++) {
        uint8_t p[PACKET_0];
        size_t len = packet(p, 2 * n);

        out_len = 0;
        put(p, len);
        assert_memory_equal(out, p, out_len);
        if (out_len == len)
            continue;
        cut++;
        shortest = out_len < shortest ? out_len : shortest;
        longest = out_len > longest ? out_len : longest;
    }
    assert_int_equal(stats()->truncated, cut);
    assert_roughly(cut, MANY * P);
    assert_int_equal(shortest, 1);
    assert_int_equal(longest, PACKET_0 - 1);
    put("b", 1); /* of one byte nothing can be missing */
    assert_int_equal(out[out_len - 1], 'b');
}

static void garbage_comes_before_packets_and_never_breaks_in(void **state)
{
    uint64_t more = 0, leaders = 0;
    size_t longest = 0;

    (void)state;
    start_with((struct lab_line_faults){.garbage = P}, true);
    for (uint32_t n = 0; n < MANY; n++) {
        uint8_t p[PACKET_0];
        size_t len = packet(p, n), before;

        out_len = 0;
        put(p, len);
        assert_true(out_len >= len);
        before = out_len - len;
        assert_memory_equal(out + before, p, len);
        more += before > 0;
        longest = before > longest ? before : longest;
        for (size_t i = 0; i < before; i++) {
            assert_int_not_equal(out[i], 0x62);
            leaders += out[i] == 0x30 || out[i] == 0x69;
        }
    }
    assert_int_equal(stats()->garbage, more);
    assert_roughly(more, MANY * P);
    assert_int_equal(longest, 32);
    assert_true(leaders > 0);
}

static void garbage_between_datagrams_is_a_datagram(void **state)
{
    (void)state;
    start_with((struct lab_line_faults){.garbage = 1, .drop = 0.5}, false);
    put_packets(100, 100);
    assert_int_equal(stats()->garbage, 100);
    assert_int_equal(pieces, 200 - stats()->dropped);
}

static void a_doubled_packet_may_have_one_damaged_copy(void **state)
{
    uint64_t unlike = 0;

    (void)state;
    start_with((struct lab_line_faults){.dup = 1, .corrupt = 0.5}, false);
    for (uint32_t n = 0; n < 100; n++) {
        uint8_t p[PACKET_0];
        size_t len = packet(p, n);

        out_len = 0;
        put(p, len);
        assert_int_equal(out_len, 2 * len);
        unlike += (memcmp(out, p, len) == 0) != (memcmp(out + len, p, len) == 0);
    }
    assert_in_range(unlike, 30, 70);
}

static void a_break_in_byte_is_a_packet_that_may_be_lost_or_doubled(void **state)
{
    (void)state;
    start_with((struct lab_line_faults){.drop = P, .dup = P}, true);
    for (int i = 0; i < MANY; i++)
        put("b", 1);
    assert_int_equal(stats()->packets, MANY);
    assert_roughly(stats()->dropped, MANY * P);
    assert_roughly(stats()->doubled, MANY * P * (1 - P));
    assert_int_equal(out_len, MANY - stats()->dropped + stats()->doubled);
}

/* ---- the same again ---- */

static const struct lab_line_faults everything = {.drop = 0.1,
                                                  .dup = 0.1,
                                                  .reorder = 0.1,
                                                  .corrupt = 0.1,
                                                  .truncate = 0.1,
                                                  .garbage = 0.1,
                                                  .delay_us = 300,
                                                  .baud = 921600};

static void the_same_seed_gives_the_same_bytes_and_another_seed_others(void **state)
{
    static uint8_t first[OUT_MAX];
    struct lab_line_options opts = {.faults = everything, .is_stream = true, .seed = 77};
    size_t first_len;

    (void)state;
    start(&opts);
    put_packets(MANY, 700);
    first_len = out_len;
    memcpy(first, out, out_len);
    lab_line_destroy(l);
    start(&opts);
    put_packets(MANY, 700);
    assert_int_equal(out_len, first_len);
    assert_memory_equal(out, first, out_len);
    lab_line_destroy(l);
    opts.seed = 78;
    start(&opts);
    put_packets(MANY, 700);
    assert_true(out_len != first_len || memcmp(out, first, out_len) != 0);
}

/* ---- time ---- */

static void delay_moves_everything_by_the_same_time(void **state)
{
    uint8_t p[PACKET_0];

    (void)state;
    start_with((struct lab_line_faults){.delay_us = 5000}, true);
    put(p, packet(p, 0));
    wait_us(2000);
    put(p, packet(p, 1));
    wait_us(2999);
    assert_int_equal(out_len, 0);
    wait_us(1);
    assert_int_equal(out_len, PACKET_0);
    wait_us(1999);
    assert_int_equal(out_len, PACKET_0);
    wait_us(1);
    assert_int_equal(out_len, PACKET_0 + 16);
}

static void a_slow_line_takes_ten_bits_a_byte_and_tells_the_end_of_a_packet_at_its_time(
    void **state)
{
    uint8_t p[PACKET_0];
    size_t len = packet(p, 0);
    uint64_t start_us = now_us, end_us = start_us + 6337; /* 730 bits at 115200, upwards */

    (void)state;
    start_with((struct lab_line_faults){.baud = 115200}, true);
    put(p, len);
    assert_int_equal(out_len, 0);
    wait_us(86);
    assert_int_equal(out_len, 0);
    wait_us(1);
    assert_int_equal(out_len, 1);
    wait_us(3000);
    assert_in_range(out_len, 24, 36); /* a piece a millisecond */
    assert_in_range(pieces, 4, 5);
    wait_us(end_us - 1 - now_us);
    assert_true(out_len < len);
    wait_us(1);
    assert_int_equal(out_len, len);
    assert_memory_equal(out, p, len);
    assert_in_range(pieces, 6, 9);
}

static void a_slow_line_is_taken_as_long_as_its_bytes_need_whatever_the_packets(void **state)
{
    uint64_t start_us = now_us;
    size_t len = 0;

    (void)state;
    start_with((struct lab_line_faults){.baud = 9600, .delay_us = 50}, true);
    for (uint32_t n = 0; n < 40; n++) {
        uint8_t p[PACKET_0];
        size_t n_len = packet(p, n);

        put(p, n_len);
        len += n_len;
    }
    while (out_len < len) {
        assert_true(lab_line_deadline(l) != UINT64_MAX);
        wait_us(lab_line_deadline(l) - now_us);
    }
    assert_int_equal(now_us - start_us, (len * 10 * 1000000 + 9599) / 9600 + 50);
}

static void a_caller_that_comes_late_gets_what_has_arrived(void **state)
{
    uint8_t p[PACKET_0];

    (void)state;
    start_with((struct lab_line_faults){.baud = 115200}, true);
    lab_line_put(l, p, packet(p, 0), now_us);
    lab_line_put(l, p, packet(p, 2), now_us);
    now_us += 7000; /* 80 bytes */
    collect();
    assert_int_equal(out_len, 80);
    assert_int_equal(pieces, 2);
    now_us += SIZE_MAX / 2000;
    collect();
    assert_int_equal(out_len, 2 * PACKET_0);
}

static void datagrams_on_a_slow_line_arrive_whole(void **state)
{
    uint8_t p[PACKET_0];

    (void)state;
    start_with((struct lab_line_faults){.baud = 115200}, false);
    put(p, packet(p, 0));
    wait_us(6336);
    assert_int_equal(out_len, 0);
    wait_us(1);
    assert_int_equal(out_len, PACKET_0);
    assert_int_equal(pieces, 1);
}

static void more_than_4_mib_on_the_way_is_lost_and_counted(void **state)
{
    uint8_t p[PACKET_0];
    size_t len = packet(p, 0);
    uint32_t fit = (4u << 20) / PACKET_0;

    (void)state;
    start_with((struct lab_line_faults){.baud = 110}, true);
    for (uint32_t n = 0; n < fit + 10; n++)
        lab_line_put(l, p, len, now_us);
    assert_int_equal(stats()->overrun, 10);
}

#define TEST(name) cmocka_unit_test_teardown(name, stop)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(a_perfect_line_passes_everything_at_once_in_order),
        TEST(packets_are_found_however_the_bytes_are_split),
        TEST(a_packet_that_stops_is_passed_on_after_100_ms_of_silence),
        TEST(headers_that_cannot_be_do_not_hold_the_line_up),
        TEST(datagrams_keep_their_edges),
        TEST(drop_loses_packets_whole),
        TEST(dup_brings_packets_twice),
        TEST(reorder_brings_a_packet_behind_the_next_and_loses_none),
        TEST(a_packet_without_a_follower_is_held_20_ms),
        TEST(corrupt_flips_one_bit_anywhere),
        TEST(truncate_takes_bytes_from_the_end_and_leaves_one_at_least),
        TEST(garbage_comes_before_packets_and_never_breaks_in),
        TEST(garbage_between_datagrams_is_a_datagram),
        TEST(a_doubled_packet_may_have_one_damaged_copy),
        TEST(a_break_in_byte_is_a_packet_that_may_be_lost_or_doubled),
        TEST(the_same_seed_gives_the_same_bytes_and_another_seed_others),
        TEST(delay_moves_everything_by_the_same_time),
        TEST(a_slow_line_takes_ten_bits_a_byte_and_tells_the_end_of_a_packet_at_its_time),
        TEST(a_slow_line_is_taken_as_long_as_its_bytes_need_whatever_the_packets),
        TEST(a_caller_that_comes_late_gets_what_has_arrived),
        TEST(datagrams_on_a_slow_line_arrive_whole),
        TEST(more_than_4_mib_on_the_way_is_lost_and_counted),
    };
    return cmocka_run_group_tests_name("lab.test_line", tests, NULL, NULL);
}
