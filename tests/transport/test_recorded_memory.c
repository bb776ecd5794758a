#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <transport/recorded_memory.h>

#define KERNEL  0xFFFFF80012340000u
#define NO_DATA 0xC0000001u /* STATUS_UNSUCCESSFUL */
#define OTHER   0xC0000005u

static struct kdt_recorded_memory *create(void)
{
    struct kdt_recorded_memory *m = NULL;

    assert_int_equal(kdt_recorded_memory_create(&m), KD_OK);
    assert_non_null(m);
    return m;
}

static void put(struct kdt_recorded_memory *m, uint64_t at, const char *text)
{
    assert_int_equal(kdt_recorded_memory_put(m, at, (const uint8_t *)text, strlen(text)), KD_OK);
}

static void check_read(struct kdt_recorded_memory *m, uint64_t at, size_t len, const char *expected)
{
    uint8_t buf[64];

    memset(buf, '~', sizeof buf);
    assert_int_equal(kdt_recorded_memory_read(m, at, buf, len), strlen(expected));
    assert_memory_equal(buf, expected, strlen(expected));
    assert_int_equal(buf[strlen(expected)], '~'); /* nothing behind */
}

static void check_gap(struct kdt_recorded_memory *m, uint64_t at, size_t max,
                      enum kdt_recorded_gap gap, size_t len, uint32_t status)
{
    uint32_t ntstatus = 1;
    size_t got = 0;

    assert_int_equal(kdt_recorded_memory_gap(m, at, max, &got, &ntstatus), gap);
    assert_int_equal(got, len);
    assert_int_equal(ntstatus, gap == KDT_GAP_REFUSED ? status : 1);
}

static void of_an_empty_memory_nothing_is_known(void **state)
{
    struct kdt_recorded_memory *m = create();

    (void)state;
    check_read(m, KERNEL, 10, "");
    check_read(m, KERNEL, 0, "");
    check_gap(m, KERNEL + 5, 100000, KDT_GAP_UNRECORDED, 100000, 0);
    check_gap(m, UINT64_MAX, 100000, KDT_GAP_UNRECORDED, 1, 0);
    check_gap(m, 0, 0, KDT_GAP_UNRECORDED, 0, 0);
    assert_int_equal(kdt_recorded_memory_bytes(m), 0);
    kdt_recorded_memory_destroy(m);
    kdt_recorded_memory_destroy(NULL);
}

static void bytes_come_back_from_any_place(void **state)
{
    struct kdt_recorded_memory *m = create();

    (void)state;
    put(m, KERNEL + 0x3FE, "across blocks");
    put(m, KERNEL + 0xFFE, "across pages");
    put(m, KERNEL, "");
    check_read(m, KERNEL + 0x3FE, 50, "across blocks");
    check_read(m, KERNEL + 0x402, 2, "ss");
    check_read(m, KERNEL + 0xFFE, 50, "across pages");
    check_read(m, KERNEL + 0x3FD, 50, "");
    check_gap(m, KERNEL, 0x1000, KDT_GAP_UNRECORDED, 0x3FE, 0);
    check_gap(m, KERNEL + 0x3FE, 0x1000, KDT_GAP_NONE, 13, 0);
    check_gap(m, KERNEL + 0x3FE, 5, KDT_GAP_NONE, 5, 0);
    assert_int_equal(kdt_recorded_memory_bytes(m), 13 + 12);
    kdt_recorded_memory_destroy(m);
}

static void later_answers_replace_earlier_ones(void **state)
{
    struct kdt_recorded_memory *m = create();

    (void)state;
    put(m, KERNEL + 60, "abcdefghij");
    put(m, KERNEL + 62, "XYZ");
    put(m, KERNEL + 68, "klmn");
    check_read(m, KERNEL + 60, 50, "abXYZfghklmn");
    assert_int_equal(kdt_recorded_memory_bytes(m), 12);
    kdt_recorded_memory_destroy(m);
}

static void a_refusal_answers_for_the_rest_of_its_page(void **state)
{
    struct kdt_recorded_memory *m = create();

    (void)state;
    put(m, KERNEL + 0x100, "before");
    put(m, KERNEL + 0x800, "behind");
    assert_int_equal(kdt_recorded_memory_refuse(m, KERNEL + 0x3D8, 8, NO_DATA), KD_OK);
    check_gap(m, KERNEL + 0x3D0, 0x1000, KDT_GAP_UNRECORDED, 8, 0);
    check_gap(m, KERNEL + 0x3D8, 0x1000, KDT_GAP_REFUSED, 0x800 - 0x3D8, NO_DATA);
    check_gap(m, KERNEL + 0x3D8, 3, KDT_GAP_REFUSED, 3, NO_DATA);
    check_gap(m, KERNEL + 0x806, 0x2000, KDT_GAP_REFUSED, 0x1000 - 0x806, NO_DATA);
    check_gap(m, KERNEL + 0x1000, 0x100, KDT_GAP_UNRECORDED, 0x100, 0);
    check_read(m, KERNEL + 0x100, 50, "before");
    check_read(m, KERNEL + 0x800, 50, "behind");
    kdt_recorded_memory_destroy(m);
}

static void what_was_refused_is_not_known_any_more(void **state)
{
    struct kdt_recorded_memory *m = create();

    (void)state;
    put(m, KERNEL + 0x1000 - 6, "abcdefghijkl"); /* six in this page, six in the next */
    assert_int_equal(kdt_recorded_memory_refuse(m, KERNEL + 0x1000 - 4, 2, NO_DATA), KD_OK);
    check_read(m, KERNEL + 0x1000 - 6, 50, "ab");
    check_gap(m, KERNEL + 0x1000 - 4, 50, KDT_GAP_REFUSED, 2, NO_DATA);
    check_read(m, KERNEL + 0x1000 - 2, 50, "efghijkl"); /* was not asked for */
    assert_int_equal(kdt_recorded_memory_bytes(m), 10);

    /* What was asked for beyond the page is not what could not be read. */
    assert_int_equal(kdt_recorded_memory_refuse(m, KERNEL + 0x1000 - 4, 100, NO_DATA), KD_OK);
    check_gap(m, KERNEL + 0x1000 - 4, 50, KDT_GAP_REFUSED, 4, NO_DATA);
    check_read(m, KERNEL + 0x1000, 50, "ghijkl");
    assert_int_equal(kdt_recorded_memory_bytes(m), 8);
    kdt_recorded_memory_destroy(m);
}

static void what_is_put_after_a_refusal_is_known_again(void **state)
{
    struct kdt_recorded_memory *m = create();

    (void)state;
    assert_int_equal(kdt_recorded_memory_refuse(m, KERNEL + 0x10, 0x20, NO_DATA), KD_OK);
    put(m, KERNEL + 0x18, "again");
    check_gap(m, KERNEL + 0x10, 50, KDT_GAP_REFUSED, 8, NO_DATA);
    check_read(m, KERNEL + 0x18, 50, "again");
    check_gap(m, KERNEL + 0x1D, 50, KDT_GAP_REFUSED, 50, NO_DATA);
    kdt_recorded_memory_destroy(m);
}

static void of_several_refusals_in_a_page_the_lowest_place_and_the_last_status_count(void **state)
{
    struct kdt_recorded_memory *m = create();

    (void)state;
    assert_int_equal(kdt_recorded_memory_refuse(m, KERNEL + 0x800, 8, NO_DATA), KD_OK);
    assert_int_equal(kdt_recorded_memory_refuse(m, KERNEL + 0x200, 8, NO_DATA), KD_OK);
    assert_int_equal(kdt_recorded_memory_refuse(m, KERNEL + 0x900, 8, OTHER), KD_OK);
    check_gap(m, KERNEL, 0x2000, KDT_GAP_UNRECORDED, 0x200, 0);
    check_gap(m, KERNEL + 0x200, 0x2000, KDT_GAP_REFUSED, 0xE00, OTHER);
    kdt_recorded_memory_destroy(m);
}

static void gaps_go_on_over_pages_while_the_answer_is_the_same(void **state)
{
    struct kdt_recorded_memory *m = create();

    (void)state;
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(kdt_recorded_memory_refuse(m, KERNEL + i * 0x1000, 1, NO_DATA), KD_OK);
    assert_int_equal(kdt_recorded_memory_refuse(m, KERNEL + 0x3000, 1, OTHER), KD_OK);
    check_gap(m, KERNEL + 4, 0x10000, KDT_GAP_REFUSED, 0x3000 - 4, NO_DATA);
    check_gap(m, KERNEL + 0x3000, 0x10000, KDT_GAP_REFUSED, 0x1000, OTHER);
    check_gap(m, KERNEL - 0x3000, 0x10000, KDT_GAP_UNRECORDED, 0x3000, 0);
    kdt_recorded_memory_destroy(m);
}

static void nothing_asked_for_is_nothing_refused(void **state)
{
    struct kdt_recorded_memory *m = create();

    (void)state;
    assert_int_equal(kdt_recorded_memory_refuse(m, KERNEL, 0, NO_DATA), KD_OK);
    check_gap(m, KERNEL, 10, KDT_GAP_UNRECORDED, 10, 0);
    kdt_recorded_memory_destroy(m);
}

static void a_range_that_wraps_ends_at_the_end_of_the_address_space(void **state)
{
    struct kdt_recorded_memory *m = create();

    (void)state;
    put(m, UINT64_MAX - 2, "abcdef");
    check_read(m, UINT64_MAX - 2, 50, "abc");
    check_read(m, UINT64_MAX, 50, "c");
    check_read(m, 0, 50, "");
    check_gap(m, UINT64_MAX - 2, SIZE_MAX, KDT_GAP_NONE, 3, 0);
    check_gap(m, UINT64_MAX - 9, SIZE_MAX, KDT_GAP_UNRECORDED, 7, 0);
    assert_int_equal(kdt_recorded_memory_refuse(m, UINT64_MAX - 1, 100, NO_DATA), KD_OK);
    check_read(m, UINT64_MAX - 2, 50, "a");
    check_gap(m, UINT64_MAX - 1, SIZE_MAX, KDT_GAP_REFUSED, 2, NO_DATA);
    check_gap(m, 0, 10, KDT_GAP_UNRECORDED, 10, 0);
    assert_int_equal(kdt_recorded_memory_bytes(m), 1);
    kdt_recorded_memory_destroy(m);
}

/* Pages at the distances that kernels have them, so many that everything grows several times. */
static void many_pages_are_kept_apart(void **state)
{
    enum { COUNT = 20000 };
    static const uint64_t steps[] = {0x1000, 0x200000, 0x40000000, 0x8000000000};
    struct kdt_recorded_memory *m = create();
    uint8_t buf[8];

    (void)state;
    for (uint64_t i = 0; i < COUNT; i++) {
        uint64_t at = 0xFFFF800000000000u + i / 4 * steps[i % 4] + 0x100 * (i % 4);

        assert_int_equal(kdt_recorded_memory_put(m, at, (const uint8_t *)&i, sizeof i), KD_OK);
    }
    for (uint64_t i = COUNT; i-- > 0;) {
        uint64_t at = 0xFFFF800000000000u + i / 4 * steps[i % 4] + 0x100 * (i % 4);

        assert_int_equal(kdt_recorded_memory_read(m, at, buf, sizeof buf), sizeof buf);
        assert_memory_equal(buf, &i, sizeof i);
    }
    assert_int_equal(kdt_recorded_memory_bytes(m), COUNT * sizeof(uint64_t));
    kdt_recorded_memory_destroy(m);
}

/* The same thing said plainly: four pages, a byte of state for each byte. */
enum { MODEL_LEN = 4 * 0x1000, NEVER = 0x1000 };

struct model {
    uint64_t base;
    bool known[MODEL_LEN];
    uint8_t bytes[MODEL_LEN];
    uint32_t from[4], status[4];
};

static size_t clipped(size_t at, size_t len)
{
    return len < MODEL_LEN - at ? len : MODEL_LEN - at;
}

static void model_refuse(struct model *w, size_t at, size_t len, uint32_t status)
{
    size_t page = at / 0x1000, offset = at % 0x1000;

    for (size_t i = at; i < at + len && i / 0x1000 == page; i++)
        w->known[i] = false;
    if (len && offset < w->from[page])
        w->from[page] = (uint32_t)offset;
    if (len)
        w->status[page] = status;
}

static enum kdt_recorded_gap model_gap(const struct model *w, size_t at, uint32_t *status)
{
    *status = 1;
    if (w->known[at])
        return KDT_GAP_NONE;
    if (at % 0x1000 < w->from[at / 0x1000])
        return KDT_GAP_UNRECORDED;
    *status = w->status[at / 0x1000];
    return KDT_GAP_REFUSED;
}

static void check_against_model(struct kdt_recorded_memory *m, const struct model *w, size_t at,
                                size_t len)
{
    static uint8_t buf[MODEL_LEN];
    uint32_t status, next, got = 1;
    enum kdt_recorded_gap gap = model_gap(w, at, &status);
    size_t known = 0, same = 0, got_len;

    len = clipped(at, len);
    while (known < len && w->known[at + known])
        known++;
    assert_int_equal(kdt_recorded_memory_read(m, w->base + at, buf, len), known);
    assert_memory_equal(buf, w->bytes + at, known);
    while (same < len && model_gap(w, at + same, &next) == gap && next == status)
        same++;
    assert_int_equal(kdt_recorded_memory_gap(m, w->base + at, len, &got_len, &got), gap);
    assert_int_equal(got_len, same);
    assert_int_equal(got, status);
}

static uint64_t seed;

static size_t random_below(size_t limit)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (size_t)((seed >> 33) % limit);
}

/* Small ones mostly; up to more than a page. */
static size_t random_len(void)
{
    static const size_t limits[] = {4, 70, 300, 1500, 6000};

    return random_below(limits[random_below(5)]);
}

static void run_model(uint64_t base)
{
    static struct model w;
    static uint8_t bytes[6000];
    struct kdt_recorded_memory *m = create();
    uint64_t known = 0;

    memset(&w, 0, sizeof w);
    w.base = base;
    for (size_t page = 0; page < 4; page++)
        w.from[page] = NEVER;
    for (unsigned step = 0; step < 4000; step++) {
        size_t at = random_below(MODEL_LEN), len = clipped(at, random_len());

        if (random_below(5) == 0) {
            uint32_t status = random_below(4) ? NO_DATA : OTHER;

            assert_int_equal(kdt_recorded_memory_refuse(m, base + at, len, status), KD_OK);
            model_refuse(&w, at, len, status);
        } else {
            for (size_t i = 0; i < len; i++)
                bytes[i] = (uint8_t)random_below(256);
            assert_int_equal(kdt_recorded_memory_put(m, base + at, bytes, len), KD_OK);
            memcpy(w.bytes + at, bytes, len);
            memset(w.known + at, true, len);
        }
        check_against_model(m, &w, at, len + 100);
        check_against_model(m, &w, random_below(MODEL_LEN), random_len());
    }
    for (size_t i = 0; i < MODEL_LEN; i++)
        known += w.known[i];
    assert_int_equal(kdt_recorded_memory_bytes(m), known);
    kdt_recorded_memory_destroy(m);
}

static void it_does_what_plain_arrays_would_do(void **state)
{
    (void)state;
    for (seed = 1; seed < 4; seed++) {
        uint64_t start = seed;

        run_model(KERNEL);
        run_model(0);
        run_model((uint64_t)0 - MODEL_LEN); /* to the last byte there is */
        seed = start;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_an_empty_memory_nothing_is_known),
        cmocka_unit_test(bytes_come_back_from_any_place),
        cmocka_unit_test(later_answers_replace_earlier_ones),
        cmocka_unit_test(a_refusal_answers_for_the_rest_of_its_page),
        cmocka_unit_test(what_was_refused_is_not_known_any_more),
        cmocka_unit_test(what_is_put_after_a_refusal_is_known_again),
        cmocka_unit_test(of_several_refusals_in_a_page_the_lowest_place_and_the_last_status_count),
        cmocka_unit_test(gaps_go_on_over_pages_while_the_answer_is_the_same),
        cmocka_unit_test(nothing_asked_for_is_nothing_refused),
        cmocka_unit_test(a_range_that_wraps_ends_at_the_end_of_the_address_space),
        cmocka_unit_test(many_pages_are_kept_apart),
        cmocka_unit_test(it_does_what_plain_arrays_would_do),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
