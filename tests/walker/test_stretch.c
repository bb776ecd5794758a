#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/fake_mem.h"

#include <walker/stretch.h>

#define AT 0xffff800000010ff0u

enum { LEN = 32 };

static const char content[LEN + 1] = "0123456789abcdefghijklmnopqrstuv";

struct fixture {
    struct fake_mem mem;
    uint8_t bytes[LEN];
    struct kdw_stretch s;
};

/* Bytes 8 and 9 are missing. */
static void setup(struct fixture *f, enum kd_status hole)
{
    fake_mem_init(&f->mem);
    f->mem.hole = hole;
    fake_mem_write(&f->mem, AT, content, LEN);
    fake_mem_unmap(&f->mem, AT + 8, 2);
    memset(f->bytes, 0, sizeof f->bytes);
    assert_int_equal(kdw_stretch_read(&f->mem.mem, AT, f->bytes, LEN, &f->s), KD_OK);
}

static void is_known(const struct fixture *f, size_t offset, size_t len)
{
    const uint8_t *at = NULL;
    uint64_t fault = 77;

    assert_int_equal(kdw_stretch_part(&f->s, offset, len, &at, &fault), KD_OK);
    assert_memory_equal(at, content + offset, len);
    assert_true(fault == 77);
}

static void is_missing(const struct fixture *f, size_t offset, size_t len, enum kd_status why,
                       uint64_t where)
{
    const uint8_t *at = NULL;
    uint64_t fault = 0;

    assert_int_equal(kdw_stretch_part(&f->s, offset, len, &at, &fault), why);
    assert_true(fault == where);
    assert_null(at);
}

static void a_stretch_without_holes_costs_one_read(void **state)
{
    struct fixture f;

    (void)state;
    fake_mem_init(&f.mem);
    fake_mem_write(&f.mem, AT, content, LEN);
    assert_int_equal(kdw_stretch_read(&f.mem.mem, AT, f.bytes, LEN, &f.s), KD_OK);
    is_known(&f, 0, LEN);
    is_known(&f, 31, 1);
    is_known(&f, 32, 0);
    assert_int_equal(f.mem.reads, 1);
    fake_mem_deinit(&f.mem);
}

static void what_a_target_refuses_hides_what_lies_behind_it(void **state)
{
    struct fixture f;

    (void)state;
    setup(&f, KD_ERR_NOT_MAPPED);
    is_known(&f, 0, 8);
    is_missing(&f, 6, 4, KD_ERR_NOT_MAPPED, AT + 8);
    is_missing(&f, 16, 4, KD_ERR_NOT_MAPPED, AT + 8);
    assert_int_equal(f.mem.reads, 1);
    fake_mem_deinit(&f.mem);
}

static void what_was_not_recorded_or_dumped_hides_nothing(void **state)
{
    static const enum kd_status holes[] = {KD_ERR_NOT_RECORDED, KD_ERR_NOT_IN_DUMP};

    (void)state;
    for (size_t i = 0; i < sizeof holes / sizeof holes[0]; i++) {
        struct fixture f;

        setup(&f, holes[i]);
        is_known(&f, 0, 8);
        is_known(&f, 10, 22);
        is_known(&f, 16, 4);
        is_missing(&f, 6, 4, holes[i], AT + 8);
        is_missing(&f, 9, 4, holes[i], AT + 9);
        fake_mem_deinit(&f.mem);
    }
}

static void what_ends_a_walk_is_passed_on(void **state)
{
    struct fixture f;
    const uint8_t *at = NULL;
    uint64_t fault;

    (void)state;
    setup(&f, KD_ERR_NOT_RECORDED);
    f.mem.fail_from = 1;
    f.mem.fail_with = KD_ERR_CANCELLED;
    assert_int_equal(kdw_stretch_part(&f.s, 16, 4, &at, &fault), KD_ERR_CANCELLED);
    assert_int_equal(kdw_stretch_read(&f.mem.mem, AT, f.bytes, LEN, &f.s), KD_ERR_CANCELLED);
    fake_mem_deinit(&f.mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stretch_without_holes_costs_one_read),
        cmocka_unit_test(what_a_target_refuses_hides_what_lies_behind_it),
        cmocka_unit_test(what_was_not_recorded_or_dumped_hides_nothing),
        cmocka_unit_test(what_ends_a_walk_is_passed_on),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
