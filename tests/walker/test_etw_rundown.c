#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "etw_parts.h"
#include "support/fake_kernel.h"

#define RUNDOWN "_EX_RUNDOWN_REF_CACHE_AWARE"
#define VA      UINT64_C(0xffffa80fb0001000)
#define COUNTS  UINT64_C(0xffffa80fb0002f80)

static void make(struct fake_kernel *k, const uint64_t *counts, uint64_t number, uint64_t stride)
{
    fake_kernel_init(k, "18362");
    fake_kernel_zero(k, RUNDOWN, VA);
    fake_kernel_put(k, RUNDOWN, VA, "RunRefs", COUNTS);
    fake_kernel_put(k, RUNDOWN, VA, "RunRefSize", stride);
    fake_kernel_put(k, RUNDOWN, VA, "Number", number);
    for (uint64_t i = 0; counts && i < number; i++)
        fake_mem_u64(&k->mem, COUNTS + i * stride, counts[i]);
}

static struct kdw_u64 count(struct fake_kernel *k)
{
    struct kdw_walk w = {.k = &k->kernel};
    struct kdw_u64 references = {.status = KD_ERR_NOT_FOUND};
    struct kdw_rundown_plan plan;

    assert_int_equal(kdw_rundown_resolve(&w, &plan), KD_OK);
    assert_int_equal(kdw_rundown_count(&w, &plan, VA, &references), KD_OK);
    return references;
}

static void references_are_half_the_sum_over_all_processors(void **state)
{
    /* taken on one processor, given back on another: below zero there */
    static const uint64_t counts[] = {2, 0, 8, (uint64_t)-4};
    struct fake_kernel k;
    struct kdw_u64 references;

    (void)state;
    make(&k, counts, 4, 64);
    references = count(&k);
    assert_int_equal(references.status, KD_OK);
    assert_int_equal(references.value, 3);
    fake_kernel_deinit(&k);
}

static void a_rundown_that_has_begun_has_no_count(void **state)
{
    static const uint64_t counts[] = {0, 0xffffa80fb0003001};
    struct fake_kernel k;

    (void)state;
    make(&k, counts, 2, 128);
    assert_int_equal(count(&k).status, KD_ERR_NOT_FOUND);
    fake_kernel_deinit(&k);
}

static void numbers_beyond_reason_are_refused(void **state)
{
    static const struct {
        uint64_t number, stride;
    } bad[] = {{0, 64}, {2049, 64}, {0xffffffff, 64}, {4, 0}, {4, 4}, {4, 0xffffffff}};

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct fake_kernel k;

        make(&k, NULL, bad[i].number, bad[i].stride);
        assert_int_equal(count(&k).status, KD_ERR_MALFORMED);
        fake_kernel_deinit(&k);
    }
}

static void what_cannot_be_read_says_where(void **state)
{
    static const uint64_t counts[] = {2, 2, 2, 2};
    struct fake_kernel k;
    struct kdw_u64 references;

    (void)state;
    make(&k, counts, 4, 64);
    fake_mem_unmap(&k.mem, COUNTS + 0x80, 0x1000);
    references = count(&k);
    assert_int_equal(references.status, KD_ERR_NOT_MAPPED);
    assert_true(references.fault_va == COUNTS + 0x80);
    fake_mem_unmap(&k.mem, VA, 0x1000);
    references = count(&k);
    assert_int_equal(references.status, KD_ERR_NOT_MAPPED);
    assert_true(references.fault_va == VA);
    fake_kernel_deinit(&k);
}

static void a_lost_link_ends_it(void **state)
{
    static const uint64_t counts[] = {2, 2};
    struct fake_kernel k;

    (void)state;
    make(&k, counts, 2, 64);
    for (size_t from = 1; from <= 4; from++) {
        struct kdw_walk w = {.k = &k.kernel};
        struct kdw_rundown_plan plan;
        struct kdw_u64 references;

        fake_mem_reset_counts(&k.mem);
        k.mem.fail_from = from;
        k.mem.fail_with = KD_ERR_LOST;
        assert_int_equal(kdw_rundown_resolve(&w, &plan), KD_OK);
        assert_int_equal(kdw_rundown_count(&w, &plan, VA, &references), KD_ERR_LOST);
    }
    fake_kernel_deinit(&k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(references_are_half_the_sum_over_all_processors),
        cmocka_unit_test(a_rundown_that_has_begun_has_no_count),
        cmocka_unit_test(numbers_beyond_reason_are_refused),
        cmocka_unit_test(what_cannot_be_read_says_where),
        cmocka_unit_test(a_lost_link_ends_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
