/* Small dumps, read by the offsets of a real one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "dumped.h"

#define TABLE 0x2000u

static const char *const kernels[] = {"14393", "18362", "19041", "22000"};
#define KERNELS (sizeof kernels / sizeof *kernels)

static struct dumped triage(size_t kernel)
{
    return dumped_make(kernels[kernel], (struct lab_dump_options){.type = "triage"});
}

/* What the file has at `at` is what the machine has at va. */
static void same_bytes(const struct dumped *d, uint64_t at, uint64_t va, size_t len)
{
    uint8_t *bytes = malloc(len);

    assert_non_null(bytes);
    assert_true(at >= TABLE + 0x80 && len <= d->len - at);
    assert_int_equal(lab_machine_read_virtual(d->machine, va, bytes, len), len);
    assert_memory_equal(d->file + at, bytes, len);
    free(bytes);
}

static uint64_t machine_u64(const struct dumped *d, uint64_t va)
{
    uint64_t v = 0;

    assert_int_equal(lab_machine_read_virtual(d->machine, va, &v, 8), 8);
    return v;
}

static void it_ends_with_its_mark(void **state)
{
    (void)state;
    for (size_t i = 0; i < KERNELS; i++) {
        struct dumped d = triage(i);

        assert_int_equal(dumped_u32(&d, 0xf98), 4);
        assert_int_equal(dumped_u32(&d, TABLE + 4), d.len);
        assert_int_equal(dumped_u32(&d, TABLE + 8), d.len - 4);
        assert_memory_equal(d.file + d.len - 4, "TRGD", 4);
        assert_int_equal(dumped_u32(&d, TABLE + 0x0c), 0x348);
        assert_int_equal(dumped_u32(&d, TABLE + 0x10), 0xf00);
        assert_true(d.len < 1 << 20);
        dumped_end(&d);
    }
}

static void it_holds_the_thread_that_ran(void **state)
{
    static const uint32_t prcb_len[] = {0x8f00, 0x8f00, 0xaf00, 0xbf00};

    (void)state;
    for (size_t i = 0; i < KERNELS; i++) {
        struct dumped d = triage(i);
        uint32_t stack_len = dumped_u32(&d, TABLE + 0x2c);
        uint64_t process = dumped_u32(&d, TABLE + 0x20);

        same_bytes(&d, dumped_u32(&d, TABLE + 0x1c), d.info->kprcb[0], prcb_len[i]);
        same_bytes(&d, dumped_u32(&d, TABLE + 0x24), d.info->thread, 0x400);
        assert_int_equal(dumped_u64(&d, TABLE + 0x48), d.info->stack);
        assert_int_equal(stack_len, 0x100);
        same_bytes(&d, dumped_u32(&d, TABLE + 0x28), d.info->stack, stack_len);
        assert_int_equal(dumped_u64(&d, process + 0x28), d.info->cr3); /* DirectoryTableBase */
        dumped_end(&d);
    }
}

static void it_lists_the_drivers_that_are_loaded(void **state)
{
    (void)state;
    for (size_t i = 0; i < KERNELS; i++) {
        struct dumped d = triage(i);
        uint32_t at = dumped_u32(&d, TABLE + 0x30), count = dumped_u32(&d, TABLE + 0x34);
        uint32_t pool = dumped_u32(&d, TABLE + 0x38), pool_len = dumped_u32(&d, TABLE + 0x3c);
        uint64_t head = d.info->module_list, va = machine_u64(&d, head);

        assert_true(count >= 12);
        for (uint32_t n = 0; n < count; n++, at += 0x90, va = machine_u64(&d, va)) {
            uint32_t name = dumped_u32(&d, at), len = dumped_u32(&d, name);

            assert_true(va != head);
            assert_in_range(name, pool, pool + pool_len - 4);
            assert_int_equal(2 * len, machine_u64(&d, va + 0x48) & 0xffff);
            same_bytes(&d, name + 4, machine_u64(&d, va + 0x50), 2 * len);
            assert_int_equal(dumped_u16(&d, name + 4 + 2 * len), 0);
            assert_int_equal(dumped_u64(&d, at + 0x38), machine_u64(&d, va + 0x30));
            assert_int_equal(dumped_u32(&d, at + 0x48), (uint32_t)machine_u64(&d, va + 0x40));
            assert_int_equal(dumped_u32(&d, at + 0x80), (uint32_t)machine_u64(&d, va + 0x78));
            assert_int_equal(dumped_u32(&d, at + 0x88), machine_u64(&d, va + 0x98) >> 32);
        }
        assert_true(va == head);
        dumped_end(&d);
    }
}

/* The block of debugger data is not among them, and is plain even where the machine's is encoded. */
static void it_holds_blocks_of_memory_and_the_debugger_data(void **state)
{
    (void)state;
    for (size_t i = 0; i < KERNELS; i++) {
        struct dumped d =
            dumped_make(kernels[i], (struct lab_dump_options){.type = "triage", .encode = true});
        uint32_t at = dumped_u32(&d, TABLE + 0x78), count = dumped_u32(&d, TABLE + 0x7c);
        uint32_t kdbg = dumped_u32(&d, TABLE + 0x70), inside_stack = 0;

        assert_true(count >= 4);
        for (uint32_t n = 0; n < count; n++, at += 16) {
            uint64_t va = dumped_u64(&d, at);

            same_bytes(&d, dumped_u32(&d, at + 8), va, dumped_u32(&d, at + 12));
            inside_stack += va > d.info->stack && va < d.info->stack + 0x100;
        }
        assert_int_equal(inside_stack, 1); /* overlaps the stack */
        assert_memory_equal(d.file + kdbg + 0x10, "KDBG", 4);
        assert_int_equal(dumped_u32(&d, kdbg + 0x14), dumped_u32(&d, TABLE + 0x74));
        assert_int_equal(dumped_u64(&d, kdbg + 0x18), d.info->kernel_base);
        dumped_end(&d);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_ends_with_its_mark),
        cmocka_unit_test(it_holds_the_thread_that_ran),
        cmocka_unit_test(it_lists_the_drivers_that_are_loaded),
        cmocka_unit_test(it_holds_blocks_of_memory_and_the_debugger_data),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
