#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/fake_mem.h"
#include "support/kernel_image.h"

#include <walker/ram.h>

#define BASE     UINT64_C(0xfffff8026e400000)
#define HEAD     (BASE + 0x440000)
#define BLOCK    (BASE + 0x441000)
#define VARIABLE (BASE + 0x442000)
#define RUNS     UINT64_C(0xffffa80fb0000ff8) /* over the end of its page */

struct machine {
    struct fake_mem kernel, physical;
    struct kdw_target target;
    struct kd_diag diag;
    struct kdw_ram ram;
};

static void put_runs(struct machine *m, uint32_t count, const uint64_t (*runs)[2], size_t len)
{
    fake_mem_u32(&m->kernel, RUNS, count);
    fake_mem_u64(&m->kernel, RUNS + 8, 1234); /* NumberOfPages: nobody needs it */
    for (size_t i = 0; i < len; i++) {
        fake_mem_u64(&m->kernel, RUNS + 16 + 16 * i, runs[i][0]);
        fake_mem_u64(&m->kernel, RUNS + 24 + 16 * i, runs[i][1]);
    }
}

static int setup(void **state)
{
    static const uint64_t runs[][2] = {{0x1, 0x9e}, {0x100, 0x10}, {0x110, 0x10}, {0x100000, 8}};
    static struct machine m;

    memset(&m, 0, sizeof m);
    fake_mem_init(&m.kernel);
    fake_mem_init(&m.physical);
    m.target = (struct kdw_target){.kernel_base_va = BASE, .debugger_data_list_va = HEAD};
    kernel_image_put_block(&m.kernel, HEAD, BLOCK, BASE, BASE + 0x448130, BASE + 0x437bc0);
    fake_mem_u64(&m.kernel, BLOCK + 0x270, VARIABLE);
    fake_mem_u64(&m.kernel, VARIABLE, RUNS);
    put_runs(&m, 4, runs, 4);
    *state = &m;
    return 0;
}

static int teardown(void **state)
{
    struct machine *m = *state;

    fake_mem_deinit(&m->kernel);
    fake_mem_deinit(&m->physical);
    return 0;
}

static enum kd_status init(struct machine *m)
{
    return kdw_ram_init(&m->ram, &m->physical.mem, &m->kernel.mem, &m->target, &m->diag);
}

static void memory_is_read_and_nothing_else(void **state)
{
    struct machine *m = *state;
    uint8_t buf[32];
    uint64_t fault = 0;

    assert_int_equal(init(m), KD_OK);
    assert_true(kdw_ram_end_pa(&m->ram) == 0x100008000);
    fake_mem_zero(&m->physical, 0x9e000, 0x3000); /* the second page is a device's */
    assert_int_equal(kdw_mem_read(kdw_ram_mem(&m->ram), 0x9eff0, buf, 16, NULL), KD_OK);
    assert_int_equal(kdw_mem_read(kdw_ram_mem(&m->ram), 0x9eff0, buf, 32, &fault),
                     KD_ERR_NOT_MEMORY);
    assert_true(fault == 0x9f000);
    m->physical.reads = 0;
    assert_int_equal(kdw_mem_read(kdw_ram_mem(&m->ram), 0x9f000, buf, 1, &fault),
                     KD_ERR_NOT_MEMORY);
    assert_int_equal(kdw_mem_read(kdw_ram_mem(&m->ram), 0, buf, 1, &fault), KD_ERR_NOT_MEMORY);
    assert_int_equal(kdw_mem_read(kdw_ram_mem(&m->ram), UINT64_MAX - 31, buf, 32, &fault),
                     KD_ERR_NOT_MEMORY);
    assert_int_equal(kdw_mem_read(kdw_ram_mem(&m->ram), 0x100008000, buf, 1, &fault),
                     KD_ERR_NOT_MEMORY);
    assert_int_equal(m->physical.reads, 0);
}

static void runs_that_meet_are_read_across(void **state)
{
    struct machine *m = *state;
    uint8_t buf[32];
    uint64_t fault = 0;

    assert_int_equal(init(m), KD_OK);
    fake_mem_zero(&m->physical, 0x10f000, 0x1010);
    assert_int_equal(kdw_mem_read(kdw_ram_mem(&m->ram), 0x10fff0, buf, 32, NULL), KD_OK);
    fake_mem_unmap(&m->physical, 0x110008, 1);
    assert_int_equal(kdw_mem_read(kdw_ram_mem(&m->ram), 0x10fff0, buf, 32, &fault),
                     KD_ERR_NOT_MAPPED);
    assert_true(fault == 0x110008);
}

static void says(struct machine *m, enum kd_status st, const char *why)
{
    assert_int_equal(init(m), st);
    assert_non_null(strstr(m->diag.text, "where the machine has memory (MmPhysicalMemoryBlock): "));
    assert_non_null(strstr(m->diag.text, why));
}

static void runs_that_cannot_be_are_refused(void **state)
{
    static const uint64_t bad[][2][2] = {
        {{0x100, 0x10}, {0x10f, 1}},                /* overlap */
        {{0x100, 0x10}, {0x50, 1}},                 /* not in order */
        {{0x100, 0x10}, {0x200, 0}},                /* of nothing */
        {{0x100, 0x10}, {UINT64_C(1) << 40, 1}},    /* beyond 52 bits */
        {{0x100, 0x10}, {0x200, UINT64_MAX}},       /* likewise, and wrapping around */
        {{UINT64_MAX, UINT64_MAX}, {0x200, 0x100}}, /* */
    };
    struct machine *m = *state;

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        put_runs(m, 2, bad[i], 2);
        says(m, KD_ERR_MALFORMED, "malformed");
    }
    put_runs(m, 0, NULL, 0);
    says(m, KD_ERR_MALFORMED, "malformed");
    put_runs(m, KDW_RAM_RUNS_MAX + 1, NULL, 0);
    says(m, KD_ERR_LIMIT, "limit reached");
    put_runs(m, UINT32_MAX, NULL, 0);
    says(m, KD_ERR_LIMIT, "limit reached");
}

static void a_kernel_that_does_not_say_is_no_guess(void **state)
{
    struct machine *m = *state;

    fake_mem_u64(&m->kernel, VARIABLE, 0x1234);
    says(m, KD_ERR_NOT_MAPPED, "not mapped");
    fake_mem_unmap(&m->kernel, VARIABLE, 8);
    says(m, KD_ERR_NOT_MAPPED, "not mapped");
    fake_mem_u64(&m->kernel, BLOCK + 0x270, 0);
    says(m, KD_ERR_NOT_FOUND, "not found");
    m->target.debugger_data_list_va = 0;
    says(m, KD_ERR_NOT_FOUND, "not found");
}

static void a_lost_link_is_passed_on(void **state)
{
    struct machine *m = *state;

    m->kernel.fail_from = 1;
    m->kernel.fail_with = KD_ERR_LOST;
    assert_int_equal(init(m), KD_ERR_LOST);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(memory_is_read_and_nothing_else), TEST(runs_that_meet_are_read_across),
        TEST(runs_that_cannot_be_are_refused), TEST(a_kernel_that_does_not_say_is_no_guess),
        TEST(a_lost_link_is_passed_on),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
