#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "landmarks.h"
#include "support/fake_mem.h"
#include "support/kernel_image.h"

#define BASE  0xfffff8026e400000u
#define HEAD  (BASE + 0x440000)
#define BLOCK (BASE + 0x441000)

static const struct kdw_target target = {
    .kernel_base_va = BASE, .module_list_va = BASE + 0x448130, .debugger_data_list_va = HEAD};

static uint64_t rva_of(const struct kdw_landmarks *l, const char *name)
{
    for (size_t i = 0; i < l->count; i++)
        if (strcmp(l->all[i].name, name) == 0)
            return l->all[i].rva;
    return 0;
}

static void the_debugger_data_block_adds_to_what_the_target_says(void **state)
{
    struct kdw_landmarks l;
    struct fake_mem m;

    (void)state;
    fake_mem_init(&m);
    kernel_image_put_block(&m, HEAD, BLOCK, BASE, BASE + 0x448130, BASE + 0x437bc0);
    fake_mem_u64(&m, BLOCK + 0x58, BASE + 0x555);
    fake_mem_u64(&m, BLOCK + 0x208, BASE + 0x666);
    fake_mem_u64(&m, BLOCK + 0x218, BASE + 0x777);
    fake_mem_u64(&m, BLOCK + 0x270, BASE + 0x999);
    fake_mem_u64(&m, BLOCK + 0x330, BASE + 0x888);
    assert_int_equal(kdw_landmarks_read(&m.mem, &target, &l), KD_OK);
    assert_int_equal(l.count, 8);
    assert_int_equal(rva_of(&l, "PsLoadedModuleList"), 0x448130);
    assert_int_equal(rva_of(&l, "KdDebuggerDataBlock"), 0x441000);
    assert_int_equal(rva_of(&l, "PsActiveProcessHead"), 0x437bc0);
    assert_int_equal(rva_of(&l, "PspCidTable"), 0x555);
    assert_int_equal(rva_of(&l, "NtBuildLab"), 0x666);
    assert_int_equal(rva_of(&l, "KiProcessorBlock"), 0x777);
    assert_int_equal(rva_of(&l, "EtwpDebuggerData"), 0x888);
    assert_int_equal(rva_of(&l, "MmPhysicalMemoryBlock"), 0x999);
    fake_mem_deinit(&m);
}

static void what_cannot_be_read_leaves_what_the_target_says(void **state)
{
    struct kdw_landmarks l;
    struct fake_mem m;

    (void)state;
    fake_mem_init(&m);
    assert_int_equal(kdw_landmarks_read(&m.mem, &target, &l), KD_OK);
    assert_int_equal(l.count, 1);
    kernel_image_put_block(&m, HEAD, BLOCK, BASE + 0x1000, BASE + 1, BASE + 1); /* another's */
    assert_int_equal(kdw_landmarks_read(&m.mem, &target, &l), KD_OK);
    assert_int_equal(l.count, 1);
    assert_int_equal(rva_of(&l, "PsLoadedModuleList"), 0x448130);
    fake_mem_deinit(&m);
}

/* A dump's header names the block, and nobody the list. */
static void the_block_that_a_header_names_is_read_as_well(void **state)
{
    const struct kdw_target named = {.kernel_base_va = BASE, .debugger_data_va = BLOCK};
    struct kdw_landmarks l;
    struct fake_mem m;

    (void)state;
    fake_mem_init(&m);
    kernel_image_put_block(&m, HEAD, BLOCK, BASE, BASE + 0x448130, BASE + 0x437bc0);
    assert_int_equal(kdw_landmarks_read(&m.mem, &named, &l), KD_OK);
    assert_int_equal(l.count, 3);
    assert_int_equal(rva_of(&l, "PsLoadedModuleList"), 0x448130);
    assert_int_equal(rva_of(&l, "KdDebuggerDataBlock"), 0x441000);
    assert_int_equal(rva_of(&l, "PsActiveProcessHead"), 0x437bc0);
    fake_mem_deinit(&m);
}

static void what_a_header_names_counts_where_the_block_is_encoded(void **state)
{
    const struct kdw_target named = {.kernel_base_va = BASE,
                                     .module_list_va = BASE + 0x448130,
                                     .process_list_va = BASE + 0x437bc0,
                                     .debugger_data_list_va = HEAD,
                                     .debugger_data_va = BLOCK};
    struct kdw_landmarks l;
    struct fake_mem m;

    (void)state;
    fake_mem_init(&m);
    kernel_image_put_block(&m, HEAD, BLOCK, BASE, BASE + 1, BASE + 1);
    fake_mem_u64(&m, BLOCK + 0x10, 0x5a7d21c0f3e49b86u);
    assert_int_equal(kdw_landmarks_read(&m.mem, &named, &l), KD_OK);
    assert_int_equal(l.count, 3);
    assert_int_equal(rva_of(&l, "PsLoadedModuleList"), 0x448130);
    assert_int_equal(rva_of(&l, "KdDebuggerDataBlock"), 0x441000);
    assert_int_equal(rva_of(&l, "PsActiveProcessHead"), 0x437bc0);
    fake_mem_deinit(&m);
}

static void a_copy_of_the_block_is_read_and_no_landmark(void **state)
{
    const uint64_t copy_va = BASE - 0x6000000;
    const struct kdw_target named = {
        .kernel_base_va = BASE, .debugger_data_list_va = HEAD, .debugger_data_va = copy_va};
    struct kdw_landmarks l;
    struct fake_mem m;

    (void)state;
    fake_mem_init(&m);
    kernel_image_put_block(&m, HEAD, copy_va, BASE, BASE + 0x448130, BASE + 0x437bc0);
    fake_mem_u64(&m, HEAD, BLOCK); /* the list has the block itself, which cannot be read */
    assert_int_equal(kdw_landmarks_read(&m.mem, &named, &l), KD_OK);
    assert_int_equal(l.count, 2);
    assert_int_equal(rva_of(&l, "PsLoadedModuleList"), 0x448130);
    assert_int_equal(rva_of(&l, "PsActiveProcessHead"), 0x437bc0);
    fake_mem_deinit(&m);
}

static void a_target_that_says_nothing_has_no_landmarks(void **state)
{
    const struct kdw_target silent = {.kernel_base_va = BASE};
    struct kdw_landmarks l;
    struct fake_mem m;

    (void)state;
    fake_mem_init(&m);
    assert_int_equal(kdw_landmarks_read(&m.mem, &silent, &l), KD_OK);
    assert_int_equal(l.count, 0);
    assert_int_equal(m.reads, 0);
    fake_mem_deinit(&m);
}

static void addresses_outside_the_image_are_none(void **state)
{
    struct kdw_landmarks l;
    struct fake_mem m;

    (void)state;
    fake_mem_init(&m);
    kernel_image_put_block(&m, HEAD, BLOCK, BASE, BASE + 0x448130, BASE - 8);
    fake_mem_u64(&m, BLOCK + 0x58, BASE + (64u << 20));
    assert_int_equal(kdw_landmarks_read(&m.mem, &target, &l), KD_OK);
    assert_int_equal(l.count, 2);
    fake_mem_deinit(&m);
}

static void a_list_that_leads_nowhere_ends(void **state)
{
    struct kdw_landmarks l;
    struct fake_mem m;

    (void)state;
    fake_mem_init(&m);
    fake_mem_u64(&m, HEAD, HEAD + 0x100);
    fake_mem_zero(&m, HEAD + 0x100, 0x100);
    fake_mem_u64(&m, HEAD + 0x100, HEAD + 0x100); /* to itself, and never back */
    assert_int_equal(kdw_landmarks_read(&m.mem, &target, &l), KD_OK);
    assert_int_equal(l.count, 1);
    fake_mem_deinit(&m);
}

static void what_ends_a_walk_ends_this(void **state)
{
    struct kdw_landmarks l = {.count = 99};
    struct fake_mem m;

    (void)state;
    fake_mem_init(&m);
    m.fail_from = 1;
    m.fail_with = KD_ERR_CANCELLED;
    assert_int_equal(kdw_landmarks_read(&m.mem, &target, &l), KD_ERR_CANCELLED);
    assert_int_equal(l.count, 99);
    fake_mem_deinit(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_debugger_data_block_adds_to_what_the_target_says),
        cmocka_unit_test(what_cannot_be_read_leaves_what_the_target_says),
        cmocka_unit_test(the_block_that_a_header_names_is_read_as_well),
        cmocka_unit_test(what_a_header_names_counts_where_the_block_is_encoded),
        cmocka_unit_test(a_copy_of_the_block_is_read_and_no_landmark),
        cmocka_unit_test(a_target_that_says_nothing_has_no_landmarks),
        cmocka_unit_test(addresses_outside_the_image_are_none),
        cmocka_unit_test(a_list_that_leads_nowhere_ends),
        cmocka_unit_test(what_ends_a_walk_ends_this),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
