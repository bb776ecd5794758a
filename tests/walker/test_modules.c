#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/fake_mem.h"

#include <walker/modules.h>

#define HEAD 0xfffff8026e848130u

static const uint64_t entries[] = {0xffffa80faae50100u, 0xffffa80faae51f80u, 0xffffa80faae53000u};

enum { ENTRIES = sizeof entries / sizeof entries[0] };

static void put_entry(struct fake_mem *m, uint64_t va, uint64_t base, const char *name)
{
    char full[64] = "\\SystemRoot\\system32\\";

    strcat(full, name);
    fake_mem_zero(m, va + 16, 0xa0 - 16);
    fake_mem_u64(m, va + 0x30, base);
    fake_mem_u32(m, va + 0x40, 0xab7000);
    fake_mem_unicode(m, va + 0x48, va + 0x10000, full);
    fake_mem_unicode(m, va + 0x58, va + 0x20000, name);
    fake_mem_u32(m, va + 0x78, 0x97bad9);
    fake_mem_u32(m, va + 0x9c, 0x5e2d7a8c);
}

static void make(struct fake_mem *m)
{
    fake_mem_init(m);
    fake_mem_list(m, HEAD, entries, ENTRIES);
    put_entry(m, entries[0], 0xfffff8026e400000, "ntoskrnl.exe");
    put_entry(m, entries[1], 0xfffff8026f000000, "hal.dll");
    put_entry(m, entries[2], 0xfffff80271000000, "kdnet.dll");
}

static void modules_are_listed_with_their_facts(void **state)
{
    struct fake_mem m;
    struct kdw_module_list l;

    (void)state;
    make(&m);
    assert_int_equal(kdw_modules(&m.mem, HEAD, NULL, &l), KD_OK);
    assert_int_equal(l.len, 3);
    assert_int_equal(l.end, KD_OK);
    assert_false(l.has_gaps);
    assert_true(l.modules[0].entry_va == entries[0]);
    assert_true(l.modules[0].base_va.value == 0xfffff8026e400000);
    assert_int_equal(l.modules[0].size.value, 0xab7000);
    assert_int_equal(l.modules[0].checksum.value, 0x97bad9);
    assert_int_equal(l.modules[0].timestamp.value, 0x5e2d7a8c);
    assert_string_equal(l.modules[0].base_name.utf8, "ntoskrnl.exe");
    assert_string_equal(l.modules[0].full_name.utf8, "\\SystemRoot\\system32\\ntoskrnl.exe");
    assert_string_equal(l.modules[2].base_name.utf8, "kdnet.dll");
    kdw_module_list_free(&l);
    fake_mem_deinit(&m);
}

static void a_name_that_is_paged_out_is_a_gap_and_no_more(void **state)
{
    struct fake_mem m;
    struct kdw_module_list l;

    (void)state;
    make(&m);
    fake_mem_unmap(&m, entries[1] + 0x10000, 1);
    assert_int_equal(kdw_modules(&m.mem, HEAD, NULL, &l), KD_OK);
    assert_int_equal(l.len, 3);
    assert_true(l.has_gaps);
    assert_int_equal(l.end, KD_OK);
    assert_int_equal(l.modules[1].full_name.status, KD_ERR_NOT_MAPPED);
    assert_true(l.modules[1].full_name.fault_va == entries[1] + 0x10000);
    assert_string_equal(l.modules[1].base_name.utf8, "hal.dll");
    kdw_module_list_free(&l);
    fake_mem_deinit(&m);
}

static void an_entry_that_ends_in_a_hole_keeps_what_stands_before_it(void **state)
{
    struct fake_mem m;
    struct kdw_module_list l;

    (void)state;
    make(&m);
    fake_mem_unmap(&m, entries[1] + 0x60, 0x40);
    assert_int_equal(kdw_modules(&m.mem, HEAD, NULL, &l), KD_OK);
    assert_int_equal(l.len, 3);
    assert_true(l.has_gaps);
    assert_true(l.modules[1].base_va.value == 0xfffff8026f000000);
    assert_string_equal(l.modules[1].full_name.utf8, "\\SystemRoot\\system32\\hal.dll");
    assert_int_equal(l.modules[1].base_name.status, KD_ERR_NOT_MAPPED);
    assert_true(l.modules[1].base_name.fault_va == entries[1] + 0x60);
    assert_int_equal(l.modules[1].checksum.status, KD_ERR_NOT_MAPPED);
    assert_true(l.modules[1].checksum.fault_va == entries[1] + 0x60);
    kdw_module_list_free(&l);
    fake_mem_deinit(&m);
}

static void of_a_recorded_entry_each_fact_is_known_or_not_by_itself(void **state)
{
    struct fake_mem m;
    struct kdw_module_list l;

    (void)state;
    make(&m);
    m.hole = KD_ERR_NOT_RECORDED;
    fake_mem_unmap(&m, entries[1] + 0x30, 8);
    fake_mem_unmap(&m, entries[1] + 0x48, 16);
    assert_int_equal(kdw_modules(&m.mem, HEAD, NULL, &l), KD_OK);
    assert_int_equal(l.len, 3);
    assert_true(l.has_gaps);
    assert_int_equal(l.modules[1].base_va.status, KD_ERR_NOT_RECORDED);
    assert_true(l.modules[1].base_va.fault_va == entries[1] + 0x30);
    assert_int_equal(l.modules[1].size.value, 0xab7000);
    assert_int_equal(l.modules[1].full_name.status, KD_ERR_NOT_RECORDED);
    assert_true(l.modules[1].full_name.fault_va == entries[1] + 0x48);
    assert_string_equal(l.modules[1].base_name.utf8, "hal.dll");
    assert_int_equal(l.modules[1].timestamp.value, 0x5e2d7a8c);
    kdw_module_list_free(&l);
    fake_mem_deinit(&m);
}

static void a_damaged_list_ends_early_and_says_where(void **state)
{
    struct fake_mem m;
    struct kdw_module_list l;

    (void)state;
    make(&m);
    fake_mem_u64(&m, entries[2], entries[0]);
    assert_int_equal(kdw_modules(&m.mem, HEAD, NULL, &l), KD_OK);
    assert_int_equal(l.len, 3);
    assert_int_equal(l.end, KD_ERR_CYCLE);
    assert_true(l.end_va == entries[0]);
    assert_true(l.has_gaps);
    kdw_module_list_free(&l);

    fake_mem_u64(&m, entries[1], 0xffffffffffffff00u);
    assert_int_equal(kdw_modules(&m.mem, HEAD, NULL, &l), KD_OK);
    assert_int_equal(l.len, 2);
    assert_int_equal(l.end, KD_ERR_NOT_MAPPED);
    assert_true(l.end_va == 0xffffffffffffff00u);
    kdw_module_list_free(&l);
    fake_mem_deinit(&m);
}

static void a_list_that_cannot_be_entered_fails(void **state)
{
    struct fake_mem m;
    struct kd_diag diag = {""};
    struct kdw_module_list l = {.len = 77};

    (void)state;
    make(&m);
    assert_int_equal(kdw_modules(&m.mem, 0, &diag, &l), KD_ERR_NOT_FOUND);
    assert_non_null(strstr(diag.text, "does not say"));
    assert_int_equal(kdw_modules(&m.mem, HEAD + 0x100000, &diag, &l), KD_ERR_NOT_MAPPED);
    assert_string_equal(diag.text, "module list at 0xfffff8026e948130: not mapped");
    assert_int_equal(l.len, 77);
    fake_mem_deinit(&m);
}

static void a_link_lost_in_the_middle_fails_and_frees_what_there_was(void **state)
{
    struct kd_diag diag = {""};
    struct kdw_module_list l = {.len = 77};

    (void)state;
    for (size_t from = 1; from < 14; from++) {
        struct fake_mem m;

        make(&m);
        m.fail_from = from;
        m.fail_with = KD_ERR_LOST;
        m.diag = &diag;
        assert_int_equal(kdw_modules(&m.mem, HEAD, &diag, &l), KD_ERR_LOST);
        assert_string_equal(diag.text, "module list at 0xfffff8026e848130: the source explains: "
                                       "target fell silent");
        assert_int_equal(m.reads, from);
        assert_int_equal(l.len, 77);
        fake_mem_deinit(&m);
    }
}

static void the_first_module_is_read_alone(void **state)
{
    struct fake_mem m;
    struct kd_diag diag = {""};
    struct kdw_module first;

    (void)state;
    make(&m);
    fake_mem_unmap(&m, entries[1], 8); /* the others are not looked at */
    fake_mem_unmap(&m, entries[0] + 0x20000, 2);
    assert_int_equal(kdw_first_module(&m.mem, HEAD, &diag, &first), KD_OK);
    assert_string_equal(diag.text, "");
    assert_true(first.entry_va == entries[0]);
    assert_true(first.base_va.value == 0xfffff8026e400000);
    assert_int_equal(first.size.value, 0xab7000);
    assert_int_equal(first.timestamp.value, 0x5e2d7a8c);
    assert_string_equal(first.full_name.utf8, "\\SystemRoot\\system32\\ntoskrnl.exe");
    assert_int_equal(first.base_name.status, KD_ERR_NOT_MAPPED);
    kdw_module_free(&first);
    fake_mem_deinit(&m);
}

static void where_there_is_no_first_module_it_is_said(void **state)
{
    struct fake_mem m;
    struct kd_diag diag = {""};
    struct kdw_module first = {.entry_va = 77};

    (void)state;
    fake_mem_init(&m);
    assert_int_equal(kdw_first_module(&m.mem, HEAD, &diag, &first), KD_ERR_NOT_MAPPED);
    assert_string_equal(diag.text, "module list at 0xfffff8026e848130: not mapped");
    fake_mem_list(&m, HEAD, NULL, 0);
    assert_int_equal(kdw_first_module(&m.mem, HEAD, &diag, &first), KD_ERR_NOT_FOUND);
    assert_string_equal(diag.text, "module list at 0xfffff8026e848130: not found");
    fake_mem_list(&m, HEAD, entries, 1);
    fake_mem_u64(&m, entries[0] + 8, HEAD + 8); /* leads back to something else */
    assert_int_equal(kdw_first_module(&m.mem, HEAD, &diag, &first), KD_ERR_MISMATCH);
    assert_true(first.entry_va == 77);
    fake_mem_deinit(&m);
}

static void a_list_without_end_is_cut(void **state)
{
    static uint64_t many[KDW_MODULES_MAX + 10];
    struct fake_mem m;
    struct kdw_module_list l;

    (void)state;
    for (size_t i = 0; i < sizeof many / sizeof many[0]; i++)
        many[i] = 0xffffa80000000000u + i * 0x10;
    fake_mem_init(&m);
    fake_mem_list(&m, HEAD, many, sizeof many / sizeof many[0]);
    assert_int_equal(kdw_modules(&m.mem, HEAD, NULL, &l), KD_OK);
    assert_int_equal(l.len, KDW_MODULES_MAX);
    assert_int_equal(l.end, KD_ERR_LIMIT);
    kdw_module_list_free(&l);
    fake_mem_deinit(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(modules_are_listed_with_their_facts),
        cmocka_unit_test(a_name_that_is_paged_out_is_a_gap_and_no_more),
        cmocka_unit_test(an_entry_that_ends_in_a_hole_keeps_what_stands_before_it),
        cmocka_unit_test(of_a_recorded_entry_each_fact_is_known_or_not_by_itself),
        cmocka_unit_test(a_damaged_list_ends_early_and_says_where),
        cmocka_unit_test(a_list_that_cannot_be_entered_fails),
        cmocka_unit_test(a_link_lost_in_the_middle_fails_and_frees_what_there_was),
        cmocka_unit_test(the_first_module_is_read_alone),
        cmocka_unit_test(where_there_is_no_first_module_it_is_said),
        cmocka_unit_test(a_list_without_end_is_cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
