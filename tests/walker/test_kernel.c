#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/fake_mem.h"
#include "support/fake_symbols.h"
#include "support/kernel_image.h"

#include <walker/kernel.h>

#define BASE 0xfffff8026e400000u

static const struct fake_type types[] = {{0}};
static const struct fake_symbol variables[] = {
    {"PsLoadedModuleList", 0x448130}, {"PspHostSiloGlobals", 0x58e540}, {0}};

static const struct kdw_target target = {.kernel_base_va = BASE, .module_list_va = BASE + 0x448130};

static const struct kernel_image image = {
    .timestamp = 0x5e2d7a8c,
    .image_size = 0xab7000,
    .pdb_guid = "616A94E33A4827B451B0E19C14C03792",
};

static void a_kernel_is_opened_by_its_headers(void **state)
{
    struct fake_mem m;
    struct kd_diag diag = {""};
    struct kdw_kernel k;

    (void)state;
    fake_mem_init(&m);
    kernel_image_put(&m, BASE, &image);
    assert_int_equal(kdw_kernel_open(&m.mem, &target, &diag, &k), KD_OK);
    assert_true(k.base_va == BASE);
    assert_int_equal(k.pe.machine, 0x8664);
    assert_int_equal(k.pe.timestamp, 0x5e2d7a8c);
    assert_true(k.pe.has_pdb_id);
    assert_string_equal(k.pe.pdb_id.name, "ntkrnlmp.pdb");
    assert_null(k.symbols);
    kdw_kernel_close(&k);
    fake_mem_deinit(&m);
}

static void an_unknown_base_or_one_without_an_image_is_said(void **state)
{
    const struct kdw_target nowhere = {0};
    struct fake_mem m;
    struct kd_diag diag = {""};
    struct kdw_kernel k;

    (void)state;
    fake_mem_init(&m);
    assert_int_equal(kdw_kernel_open(&m.mem, &nowhere, &diag, &k), KD_ERR_NOT_FOUND);
    assert_non_null(strstr(diag.text, "does not say"));
    fake_mem_zero(&m, BASE, 0x1000);
    assert_int_equal(kdw_kernel_open(&m.mem, &target, &diag, &k), KD_ERR_MALFORMED);
    assert_non_null(strstr(diag.text, "kernel: image at 0xfffff8026e400000: "));
    fake_mem_deinit(&m);
}

static void a_kernel_whose_headers_are_paged_out_is_opened_without(void **state)
{
    struct fake_mem m;
    struct kd_diag diag = {""};
    struct kdw_kernel k;

    (void)state;
    fake_mem_init(&m);
    assert_int_equal(kdw_kernel_open(&m.mem, &target, &diag, &k), KD_OK);
    assert_string_equal(diag.text, "kernel: image at 0xfffff8026e400000: DOS header: not mapped at "
                                   "0xfffff8026e400000");
    assert_true(k.base_va == BASE);
    assert_false(k.pe.has_pdb_id);
    assert_int_equal(k.pe.timestamp, 0);
    kdw_kernel_close(&k);
    fake_mem_deinit(&m);
}

static void put_first_module(struct fake_mem *m, uint64_t base_va)
{
    static const uint64_t entry = 0xffffa80faae50100u;

    fake_mem_list(m, target.module_list_va, &entry, 1);
    fake_mem_zero(m, entry + 16, 0xa0 - 16);
    fake_mem_u64(m, entry + 0x30, base_va);
    fake_mem_u32(m, entry + 0x40, 0xab6000);
    fake_mem_u32(m, entry + 0x78, 0x1d55d8);
    fake_mem_u32(m, entry + 0x9c, 0x12dcb470);
}

static void the_list_of_modules_knows_a_kernel_whose_headers_are_paged_out(void **state)
{
    struct fake_mem m;
    struct kd_diag diag = {""};
    struct kdw_kernel k;

    (void)state;
    fake_mem_init(&m);
    put_first_module(&m, BASE);
    assert_int_equal(kdw_kernel_open(&m.mem, &target, &diag, &k), KD_OK);
    assert_non_null(strstr(diag.text, "DOS header: not mapped")); /* and why no PDB is known */
    assert_false(k.pe.has_pdb_id);
    assert_int_equal(k.pe.timestamp, 0x12dcb470);
    assert_int_equal(k.pe.image_size, 0xab6000);
    assert_int_equal(k.pe.checksum, 0x1d55d8);
    kdw_kernel_close(&k);

    kernel_image_put(&m, BASE, &image); /* the headers themselves are believed more */
    assert_int_equal(kdw_kernel_open(&m.mem, &target, &diag, &k), KD_OK);
    assert_int_equal(k.pe.timestamp, 0x5e2d7a8c);
    assert_int_equal(k.pe.image_size, 0xab7000);
    kdw_kernel_close(&k);
    fake_mem_deinit(&m);
}

static void a_list_that_begins_with_another_image_says_nothing(void **state)
{
    const struct kdw_target silent = {.kernel_base_va = BASE};
    const uint64_t entry = 0xffffa80faae50100u;
    struct fake_mem m;
    struct kd_diag diag = {""};
    struct kdw_kernel k;

    (void)state;
    fake_mem_init(&m);
    put_first_module(&m, BASE + 0x1000);
    assert_int_equal(kdw_kernel_open(&m.mem, &target, &diag, &k), KD_OK);
    assert_int_equal(k.pe.timestamp, 0);
    put_first_module(&m, BASE);
    assert_int_equal(kdw_kernel_open(&m.mem, &silent, &diag, &k), KD_OK);
    assert_int_equal(k.pe.timestamp, 0);
    fake_mem_unmap(&m, entry + 0x9c, 4);
    assert_int_equal(kdw_kernel_open(&m.mem, &target, &diag, &k), KD_OK);
    assert_int_equal(k.pe.image_size, 0); /* half an identity is none */
    fake_mem_deinit(&m);
}

static void a_link_lost_while_the_list_is_read_is_told(void **state)
{
    struct fake_mem m;
    struct kd_diag diag = {""};
    struct kdw_kernel k = {.base_va = 77};

    (void)state;
    fake_mem_init(&m);
    put_first_module(&m, BASE);
    m.fail_from = 2; /* behind the headers */
    m.fail_with = KD_ERR_LOST;
    assert_int_equal(kdw_kernel_open(&m.mem, &target, &diag, &k), KD_ERR_LOST);
    assert_true(k.base_va == 77);
    fake_mem_deinit(&m);
}

static void symbols_that_fit_are_used_and_closed_with_the_kernel(void **state)
{
    struct fake_symbols first, second;
    struct kdw_kernel k = {.target = &target, .base_va = BASE};
    uint64_t va = 0;

    (void)state;
    fake_symbols_init(&first, types, variables);
    fake_symbols_init(&second, types, variables);
    assert_int_equal(kdw_kernel_use_symbols(&k, &first.symbols), KD_OK);
    assert_int_equal(kdw_kernel_symbol(&k, "PspHostSiloGlobals", &va), KD_OK);
    assert_true(va == BASE + 0x58e540);
    assert_int_equal(kdw_kernel_use_symbols(&k, &second.symbols), KD_OK);
    assert_int_equal(first.closed, 1);
    kdw_kernel_close(&k);
    assert_int_equal(second.closed, 1);
    kdw_kernel_close(&k);
    assert_int_equal(second.closed, 1);
}

static void symbols_of_another_kernel_are_refused_with_both_addresses(void **state)
{
    static const struct fake_symbol others[] = {{"PsLoadedModuleList", 0x448140}, {0}};
    static const struct fake_symbol none[] = {{0}};
    struct fake_symbols s;
    struct kd_diag diag = {""};
    struct kdw_kernel k = {.target = &target, .diag = &diag, .base_va = BASE};

    (void)state;
    fake_symbols_init(&s, types, others);
    assert_int_equal(kdw_kernel_use_symbols(&k, &s.symbols), KD_ERR_MISMATCH);
    assert_non_null(strstr(diag.text, "0xfffff8026e848140"));
    assert_non_null(strstr(diag.text, "0xfffff8026e848130"));
    assert_null(k.symbols);
    assert_int_equal(s.closed, 0); /* still the caller's */
    s.variables = none;
    assert_int_equal(kdw_kernel_use_symbols(&k, &s.symbols), KD_ERR_NOT_FOUND);
    assert_non_null(strstr(diag.text, "PsLoadedModuleList"));
}

static void a_target_that_does_not_name_its_module_list_cannot_be_checked(void **state)
{
    const struct kdw_target silent = {.kernel_base_va = BASE};
    struct fake_symbols s;
    struct kdw_kernel k = {.target = &silent, .base_va = BASE};

    (void)state;
    fake_symbols_init(&s, types, variables);
    assert_int_equal(kdw_kernel_use_symbols(&k, &s.symbols), KD_OK);
    kdw_kernel_close(&k);
}

static void a_variable_that_is_missing_is_named(void **state)
{
    struct fake_symbols s;
    struct kd_diag diag = {""};
    struct kdw_kernel k = {.target = &target, .diag = &diag, .base_va = BASE};
    uint64_t va = 7;

    (void)state;
    fake_symbols_init(&s, types, variables);
    assert_int_equal(kdw_kernel_use_symbols(&k, &s.symbols), KD_OK);
    assert_int_equal(kdw_kernel_symbol(&k, "EtwpNoSuchThing", &va), KD_ERR_NOT_FOUND);
    assert_string_equal(diag.text, "EtwpNoSuchThing in the kernel's symbols: not found");
    assert_int_equal(va, 7);
    kdw_kernel_close(&k);
}

static void an_address_inside_the_image_has_a_name(void **state)
{
    struct fake_symbols s;
    struct kdw_kernel k = {.target = &target, .base_va = BASE, .pe = {.image_size = 0xab7000}};
    const char *name = NULL;
    uint64_t offset = 7;

    (void)state;
    fake_symbols_init(&s, types, variables);
    assert_int_equal(kdw_kernel_use_symbols(&k, &s.symbols), KD_OK);
    assert_int_equal(kdw_kernel_symbol_near(&k, BASE + 0x58e540, &name, &offset), KD_OK);
    assert_string_equal(name, "PspHostSiloGlobals");
    assert_int_equal(offset, 0);
    assert_int_equal(kdw_kernel_symbol_near(&k, BASE + 0xab6fff, &name, &offset), KD_OK);
    assert_int_equal(offset, 0xab6fff - 0x58e540);
    assert_int_equal(kdw_kernel_symbol_near(&k, BASE + 0xab7000, &name, &offset), KD_ERR_NOT_FOUND);
    assert_int_equal(kdw_kernel_symbol_near(&k, BASE - 1, &name, &offset), KD_ERR_NOT_FOUND);
    assert_int_equal(kdw_kernel_symbol_near(&k, BASE + 1, &name, &offset), KD_ERR_NOT_FOUND);
    assert_int_equal(offset, 0xab6fff - 0x58e540);
    kdw_kernel_close(&k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_kernel_is_opened_by_its_headers),
        cmocka_unit_test(an_unknown_base_or_one_without_an_image_is_said),
        cmocka_unit_test(a_kernel_whose_headers_are_paged_out_is_opened_without),
        cmocka_unit_test(the_list_of_modules_knows_a_kernel_whose_headers_are_paged_out),
        cmocka_unit_test(a_list_that_begins_with_another_image_says_nothing),
        cmocka_unit_test(a_link_lost_while_the_list_is_read_is_told),
        cmocka_unit_test(symbols_that_fit_are_used_and_closed_with_the_kernel),
        cmocka_unit_test(symbols_of_another_kernel_are_refused_with_both_addresses),
        cmocka_unit_test(a_target_that_does_not_name_its_module_list_cannot_be_checked),
        cmocka_unit_test(a_variable_that_is_missing_is_named),
        cmocka_unit_test(an_address_inside_the_image_has_a_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
