#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/fake_mem.h"

#define AT 0xffff800000001000u

static void nothing_is_read_without_asking(void **state)
{
    struct fake_mem m;

    (void)state;
    fake_mem_init(&m);
    assert_int_equal(kdw_mem_read(&m.mem, AT, NULL, 0, NULL), KD_OK);
    assert_int_equal(m.reads, 0);
    fake_mem_deinit(&m);
}

static void a_range_that_wraps_around_fails_at_its_start(void **state)
{
    struct fake_mem m;
    uint8_t buf[16];
    uint64_t fault = 0;

    (void)state;
    fake_mem_init(&m);
    assert_int_equal(kdw_mem_read(&m.mem, UINT64_MAX - 7, buf, 9, &fault), KD_ERR_NOT_MAPPED);
    assert_true(fault == UINT64_MAX - 7);
    assert_int_equal(m.reads, 0);
    fake_mem_u64(&m, UINT64_MAX - 7, 5);
    assert_int_equal(kdw_mem_read(&m.mem, UINT64_MAX - 7, buf, 8, &fault), KD_OK);
    fake_mem_deinit(&m);
}

static void integers_are_read_low_byte_first(void **state)
{
    struct fake_mem m;
    uint64_t v = 7;

    (void)state;
    fake_mem_init(&m);
    fake_mem_write(&m, AT, "\x08\x07\x06\x05\x04\x03\x02\x01", 8);
    assert_int_equal(kdw_mem_u64(&m.mem, AT, &v), KD_OK);
    assert_true(v == 0x0102030405060708u);
    fake_mem_deinit(&m);
}

static void a_failed_read_leaves_the_integer_alone(void **state)
{
    struct fake_mem m;
    uint64_t v = 7;

    (void)state;
    fake_mem_init(&m);
    fake_mem_zero(&m, AT, 7);
    fake_mem_unmap(&m, AT + 7, 1);
    assert_int_equal(kdw_mem_u64(&m.mem, AT, &v), KD_ERR_NOT_MAPPED);
    assert_true(v == 7);
    fake_mem_deinit(&m);
}

static uint64_t told_fault;

static enum kd_status lying_read(struct kdw_mem *m, uint64_t at, void *buf, size_t len,
                                 uint64_t *fault)
{
    (void)m, (void)at;
    memset(buf, 0x55, len);
    *fault = told_fault;
    return KD_ERR_NOT_MAPPED;
}

static void a_fault_outside_of_what_was_asked_is_taken_to_be_its_start(void **state)
{
    struct kdw_mem liar = {lying_read};
    uint8_t buf[16];
    uint64_t fault = 0;

    (void)state;
    told_fault = AT + 16;
    assert_int_equal(kdw_mem_read(&liar, AT, buf, 16, &fault), KD_ERR_NOT_MAPPED);
    assert_true(fault == AT);
    told_fault = AT - 1;
    assert_int_equal(kdw_mem_read(&liar, AT, buf, 16, &fault), KD_ERR_NOT_MAPPED);
    assert_true(fault == AT);
    told_fault = AT + 15;
    assert_int_equal(kdw_mem_read(&liar, AT, buf, 16, &fault), KD_ERR_NOT_MAPPED);
    assert_true(fault == AT + 15);
}

static void a_hole_does_not_end_a_walk_and_a_lost_link_does(void **state)
{
    static const enum kd_status ends[] = {KD_ERR_TIMEOUT,     KD_ERR_LOST,      KD_ERR_REBOOTED,
                                          KD_ERR_INTERRUPTED, KD_ERR_CANCELLED, KD_ERR_IO,
                                          KD_ERR_NO_MEMORY,   KD_ERR_AUTH,      KD_ERR_USAGE};
    static const enum kd_status goes_on[] = {
        KD_OK,           KD_ERR_NOT_MAPPED, KD_ERR_NOT_FOUND,    KD_ERR_LIMIT,     KD_ERR_CYCLE,
        KD_ERR_MISMATCH, KD_ERR_MALFORMED,  KD_ERR_NOT_RECORDED, KD_ERR_PAGED_OUT, KD_ERR_CUT_OFF};

    (void)state;
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
        assert_true(kdw_ends_walk(ends[i]));
    for (size_t i = 0; i < sizeof goes_on / sizeof goes_on[0]; i++)
        assert_false(kdw_ends_walk(goes_on[i]));
}

static void what_the_source_said_is_kept_where_it_ends_a_walk(void **state)
{
    struct kd_diag diag;

    (void)state;
    kd_diag_set(&diag, KD_OK, "the deadline has passed");
    assert_int_equal(kdw_explain_read(&diag, KD_ERR_TIMEOUT, "list at 0x%x", 16), KD_ERR_TIMEOUT);
    assert_string_equal(diag.text, "list at 0x10: the deadline has passed");
    kd_diag_clear(&diag);
    assert_int_equal(kdw_explain_read(&diag, KD_ERR_LOST, "list"), KD_ERR_LOST);
    assert_string_equal(diag.text, "list: target fell silent");
    /* of a hole it may be the word on another one */
    kd_diag_set(&diag, KD_OK, "not mapped at 0x1234");
    assert_int_equal(kdw_explain_read(&diag, KD_ERR_MALFORMED, "list"), KD_ERR_MALFORMED);
    assert_string_equal(diag.text, "list: malformed");
    assert_int_equal(kdw_explain_read(NULL, KD_ERR_LOST, "list"), KD_ERR_LOST);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_read_without_asking),
        cmocka_unit_test(a_range_that_wraps_around_fails_at_its_start),
        cmocka_unit_test(integers_are_read_low_byte_first),
        cmocka_unit_test(a_failed_read_leaves_the_integer_alone),
        cmocka_unit_test(a_fault_outside_of_what_was_asked_is_taken_to_be_its_start),
        cmocka_unit_test(a_hole_does_not_end_a_walk_and_a_lost_link_does),
        cmocka_unit_test(what_the_source_said_is_kept_where_it_ends_a_walk),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
