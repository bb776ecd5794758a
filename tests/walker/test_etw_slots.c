#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "etw_parts.h"
#include "support/fake_kernel.h"

#define ARRAY UINT64_C(0xffffa80faae71cc0) /* 0xcc0 into a page: 104 slots are in the first one */

struct fixture {
    struct fake_kernel k;
    struct kdw_walk w;
    struct kdw_slots slots;
};

static void begin(struct fixture *f, uint32_t len)
{
    fake_kernel_init(&f->k, "18362");
    f->w = (struct kdw_walk){.k = &f->k.kernel};
    for (uint32_t i = 0; i < len; i++)
        fake_mem_u64(&f->k.mem, ARRAY + 8u * i, 0x1000 + i);
}

static void assert_known(const struct fixture *f, uint32_t from, uint32_t to)
{
    for (uint32_t i = from; i < to; i++) {
        assert_int_equal(f->slots.values[i].status, KD_OK);
        assert_int_equal(f->slots.values[i].value, 0x1000 + i);
    }
}

static void assert_lost(const struct fixture *f, uint32_t from, uint32_t to, enum kd_status why)
{
    for (uint32_t i = from; i < to; i++) {
        assert_int_equal(f->slots.values[i].status, why);
        assert_true(f->slots.values[i].fault_va == ARRAY + 8u * i);
    }
}

static void a_whole_array_takes_one_read(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f, KDW_LOGGERS_MAX);
    assert_int_equal(kdw_slots_read(&f.w, ARRAY, KDW_LOGGERS_MAX, &f.slots), KD_OK);
    assert_known(&f, 0, KDW_LOGGERS_MAX);
    assert_int_equal(f.k.mem.reads, 1);
    assert_true(kdw_slots_know_any(&f.slots));
    fake_kernel_deinit(&f.k);
}

static void of_a_live_target_the_rest_of_the_page_is_lost_and_no_more(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f, 256);
    fake_mem_unmap(&f.k.mem, ARRAY + 10 * 8 + 4, 1);
    assert_int_equal(kdw_slots_read(&f.w, ARRAY, 256, &f.slots), KD_OK);
    assert_known(&f, 0, 10);
    assert_lost(&f, 10, 104, KD_ERR_NOT_MAPPED);
    assert_known(&f, 104, 256);
    assert_int_equal(f.k.mem.reads, 2);
    fake_kernel_deinit(&f.k);
}

static void of_a_recording_only_what_the_hole_touches_is_lost(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f, 64);
    f.k.mem.hole = KD_ERR_NOT_RECORDED;
    fake_mem_unmap(&f.k.mem, ARRAY + 4 * 8 + 7, 2);
    assert_int_equal(kdw_slots_read(&f.w, ARRAY, 64, &f.slots), KD_OK);
    assert_known(&f, 0, 4);
    assert_lost(&f, 4, 6, KD_ERR_NOT_RECORDED);
    assert_known(&f, 6, 64);
    fake_kernel_deinit(&f.k);
}

static void nothing_known_is_said(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f, 0);
    assert_int_equal(kdw_slots_read(&f.w, ARRAY, 64, &f.slots), KD_OK);
    assert_lost(&f, 0, 64, KD_ERR_NOT_MAPPED);
    assert_false(kdw_slots_know_any(&f.slots));
    fake_kernel_deinit(&f.k);
}

static void an_array_at_the_end_of_the_address_space_ends(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f, 0);
    assert_int_equal(kdw_slots_read(&f.w, UINT64_MAX - 7, 64, &f.slots), KD_OK);
    assert_int_equal(f.slots.len, 64);
    assert_false(kdw_slots_know_any(&f.slots));
    fake_kernel_deinit(&f.k);
}

static void a_lost_link_ends_it(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f, 64);
    f.k.mem.fail_from = 1;
    f.k.mem.fail_with = KD_ERR_LOST;
    assert_int_equal(kdw_slots_read(&f.w, ARRAY, 64, &f.slots), KD_ERR_LOST);
    fake_kernel_deinit(&f.k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_array_takes_one_read),
        cmocka_unit_test(of_a_live_target_the_rest_of_the_page_is_lost_and_no_more),
        cmocka_unit_test(of_a_recording_only_what_the_hole_touches_is_lost),
        cmocka_unit_test(nothing_known_is_said),
        cmocka_unit_test(an_array_at_the_end_of_the_address_space_ends),
        cmocka_unit_test(a_lost_link_ends_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
