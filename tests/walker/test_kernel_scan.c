#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/fake_mem.h"

#include <walker/kernel_scan.h>

#define BASE 0xfffff80700800000u /* at a large page */
enum { PAGE = 0x1000, IMAGE_SIZE = 0x1046000, RSDS = 0x2000, DEBUG = 0x1800, EXPORTS = 0x3000 };

/* Headers as far as they are looked at, an RSDS record, and an export directory. */
static void put_image(struct fake_mem *m, uint64_t base, const char *pdb, const char *exports)
{
    fake_mem_zero(m, base, 0x400);
    fake_mem_write(m, base, "MZ", 2);
    fake_mem_u32(m, base + 0x3C, 0x110);
    fake_mem_write(m, base + 0x110, "PE\0\0", 4);
    fake_mem_u16(m, base + 0x114, 0x8664);
    fake_mem_u16(m, base + 0x124, 0xF0);
    fake_mem_u16(m, base + 0x128, 0x20B);
    fake_mem_u32(m, base + 0x128 + 56, IMAGE_SIZE);
    fake_mem_u32(m, base + 0x128 + 108, 16);
    if (exports) {
        fake_mem_u32(m, base + 0x128 + 112, EXPORTS);
        fake_mem_zero(m, base + EXPORTS, 0x100);
        fake_mem_u32(m, base + EXPORTS + 12, EXPORTS + 0x40);
        fake_mem_write(m, base + EXPORTS + 0x40, exports, strlen(exports) + 1);
    }
    if (pdb) {
        fake_mem_u32(m, base + 0x128 + 112 + 48, DEBUG);
        fake_mem_u32(m, base + 0x128 + 112 + 52, 28);
        fake_mem_zero(m, base + DEBUG, 28);
        fake_mem_u32(m, base + DEBUG + 12, 2);
        fake_mem_u32(m, base + DEBUG + 16, (uint32_t)(24 + strlen(pdb) + 1));
        fake_mem_u32(m, base + DEBUG + 20, RSDS);
        fake_mem_zero(m, base + RSDS, 24);
        fake_mem_write(m, base + RSDS, "RSDS", 4);
        fake_mem_write(m, base + RSDS + 24, pdb, strlen(pdb) + 1);
    }
}

static void finds(struct fake_mem *m, uint64_t inside, uint64_t expected)
{
    struct kd_diag diag = {""};
    uint64_t base = 0;

    assert_int_equal(kdw_kernel_scan(&m->mem, inside, &diag, &base), KD_OK);
    assert_true(base == expected);
    assert_string_equal(diag.text, "");
}

static void finds_none(struct fake_mem *m, uint64_t inside)
{
    struct kd_diag diag = {""};
    uint64_t base = 7;

    assert_int_equal(kdw_kernel_scan(&m->mem, inside, &diag, &base), KD_ERR_NOT_FOUND);
    assert_non_null(strstr(diag.text, "no image of the kernel in the 64 MiB below"));
    assert_true(base == 7);
}

static void the_kernel_is_found_below_a_place_inside_it(void **state)
{
    struct fake_mem m;

    (void)state;
    fake_mem_init(&m);
    put_image(&m, BASE, "ntkrnlmp.pdb", NULL);
    finds(&m, BASE + 0x3f4210, BASE);
    finds(&m, BASE, BASE);
    assert_in_range(m.reads, 1, 100); /* it begins with a large page */
    fake_mem_deinit(&m);
}

static void a_kernel_that_begins_with_a_small_page_is_found(void **state)
{
    struct fake_mem m;

    (void)state;
    fake_mem_init(&m);
    put_image(&m, BASE + 0x13000, "ntoskrnl.pdb", NULL);
    finds(&m, BASE + 0x7f4210, BASE + 0x13000);
    fake_mem_deinit(&m);
}

static void other_images_on_the_way_are_passed(void **state)
{
    struct fake_mem m;

    (void)state;
    fake_mem_init(&m);
    put_image(&m, BASE, "ntkrnlmp.pdb", NULL);
    put_image(&m, BASE + 0x1400000, "hal.pdb", "HAL.dll");
    put_image(&m, BASE + 0x1600000, NULL, "kd.dll");
    fake_mem_write(&m, BASE + 0x1200000, "MZ but nothing more", 19);
    finds(&m, BASE + 0x1700000, BASE);
    fake_mem_deinit(&m);
}

static void the_exported_name_helps_where_the_record_is_missing(void **state)
{
    struct fake_mem m;

    (void)state;
    fake_mem_init(&m);
    put_image(&m, BASE, NULL, "ntoskrnl.exe");
    finds(&m, BASE + 0x3f4210, BASE);
    fake_mem_deinit(&m);
    fake_mem_init(&m);
    put_image(&m, BASE, "ntkrnlmp.pdb", "ntoskrnl.exe");
    fake_mem_unmap(&m, BASE + RSDS, 4);
    finds(&m, BASE + 0x3f4210, BASE);
    fake_mem_deinit(&m);
}

static void exports_that_lead_outside_are_none(void **state)
{
    static const uint64_t places[] = {0x3C, 0x128 + 112, EXPORTS + 12};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct fake_mem m;

        fake_mem_init(&m);
        put_image(&m, BASE, NULL, "ntoskrnl.exe");
        fake_mem_u32(&m, BASE + places[i], 0xFFFFFF00);
        finds_none(&m, BASE + 0x3f4210);
        fake_mem_deinit(&m);
    }
}

static void the_search_has_an_end(void **state)
{
    struct fake_mem m;

    (void)state;
    fake_mem_init(&m);
    put_image(&m, BASE, "ntkrnlmp.pdb", NULL);
    finds_none(&m, BASE + KDW_KERNEL_SCAN_MAX);
    assert_in_range(m.reads, 16000, 17000);
    finds_none(&m, 0x5000);
    fake_mem_deinit(&m);
}

static void what_ends_a_walk_ends_the_search(void **state)
{
    struct fake_mem m;
    uint64_t base;

    (void)state;
    fake_mem_init(&m);
    put_image(&m, BASE, "ntkrnlmp.pdb", NULL);
    m.fail_with = KD_ERR_LOST;
    m.fail_from = 5;
    assert_int_equal(kdw_kernel_scan(&m.mem, BASE + 0x1700000, NULL, &base), KD_ERR_LOST);
    assert_int_equal(m.reads, 5);
    fake_mem_deinit(&m);
}

static void the_first_handler_is_put_together(void **state)
{
    struct kd_diag diag = {""};
    struct fake_mem m;
    uint64_t handler;

    (void)state;
    fake_mem_init(&m);
    fake_mem_u64(&m, 0xfffff80479a00000u, 0x7bbf8e0000104210u);
    fake_mem_u64(&m, 0xfffff80479a00008u, 0x00000000fffff804u);
    assert_int_equal(kdw_first_handler(&m.mem, 0xfffff80479a00000u, &diag, &handler), KD_OK);
    assert_true(handler == 0xfffff8047bbf4210u);
    assert_int_equal(kdw_first_handler(&m.mem, 0x1000, &diag, &handler), KD_ERR_NOT_MAPPED);
    assert_string_equal(diag.text, "interrupt table at 0x1000: not mapped");
    fake_mem_deinit(&m);
}

/* ---- by the list of modules ---- */

#define HEAD  (BASE + 0xc2a2b0)
#define ENTRY 0xffffbd8f10e60000u

static void put_list(struct fake_mem *m)
{
    static const uint64_t entry = ENTRY;

    fake_mem_init(m);
    fake_mem_zero(m, ENTRY, 0xa0);
    fake_mem_list(m, HEAD, &entry, 1);
    fake_mem_u64(m, ENTRY + 0x30, BASE);
    fake_mem_u32(m, ENTRY + 0x40, IMAGE_SIZE);
    fake_mem_unicode(m, ENTRY + 0x58, ENTRY + 0x200, "ntoskrnl.exe");
}

static void is_the_kernels(struct fake_mem *m)
{
    uint64_t base = 0;

    assert_int_equal(kdw_kernel_of_list(&m->mem, HEAD, &base), KD_OK);
    assert_true(base == BASE);
    fake_mem_deinit(m);
}

static void is_not(struct fake_mem *m)
{
    uint64_t base = 7;

    assert_int_equal(kdw_kernel_of_list(&m->mem, HEAD, &base), KD_ERR_NOT_FOUND);
    assert_true(base == 7);
    fake_mem_deinit(m);
}

static void the_list_of_modules_says_where_the_kernel_is(void **state)
{
    struct fake_mem m;

    (void)state;
    put_list(&m);
    is_the_kernels(&m);
    put_list(&m);
    fake_mem_unmap(&m, ENTRY + 0x200, 2); /* its name is not in memory */
    is_the_kernels(&m);
}

static void other_lists_are_told_from_it(void **state)
{
    struct fake_mem m;

    (void)state;
    put_list(&m);
    fake_mem_u64(&m, ENTRY + 8, HEAD + 16); /* somebody's who is on another list */
    is_not(&m);
    put_list(&m);
    fake_mem_list(&m, HEAD, NULL, 0);
    is_not(&m);
    put_list(&m);
    fake_mem_u64(&m, ENTRY + 0x30, BASE + 8); /* no image begins there */
    is_not(&m);
    put_list(&m);
    fake_mem_u64(&m, ENTRY + 0x30, 0x7ff600000000u); /* a program */
    is_not(&m);
    put_list(&m);
    fake_mem_u64(&m, ENTRY + 0x30, BASE + 0x2000000); /* a driver, which the head is not in */
    is_not(&m);
    put_list(&m);
    fake_mem_u32(&m, ENTRY + 0x40, 0xc2a000); /* ends before the head */
    is_not(&m);
    put_list(&m);
    fake_mem_u32(&m, ENTRY + 0x40, 0xfffff000);
    is_not(&m);
    put_list(&m);
    fake_mem_unicode(&m, ENTRY + 0x58, ENTRY + 0x200, "hal.dll");
    is_not(&m);
    put_list(&m);
    fake_mem_unmap(&m, ENTRY + 0x30, 8);
    is_not(&m);
}

static void what_ends_a_walk_ends_the_look_at_a_list(void **state)
{
    struct fake_mem m;
    uint64_t base = 7;

    (void)state;
    put_list(&m);
    m.fail_from = 2;
    m.fail_with = KD_ERR_CANCELLED;
    assert_int_equal(kdw_kernel_of_list(&m.mem, HEAD, &base), KD_ERR_CANCELLED);
    assert_true(base == 7);
    fake_mem_deinit(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_kernel_is_found_below_a_place_inside_it),
        cmocka_unit_test(a_kernel_that_begins_with_a_small_page_is_found),
        cmocka_unit_test(other_images_on_the_way_are_passed),
        cmocka_unit_test(the_exported_name_helps_where_the_record_is_missing),
        cmocka_unit_test(exports_that_lead_outside_are_none),
        cmocka_unit_test(the_search_has_an_end),
        cmocka_unit_test(what_ends_a_walk_ends_the_search),
        cmocka_unit_test(the_first_handler_is_put_together),
        cmocka_unit_test(the_list_of_modules_says_where_the_kernel_is),
        cmocka_unit_test(other_lists_are_told_from_it),
        cmocka_unit_test(what_ends_a_walk_ends_the_look_at_a_list),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
