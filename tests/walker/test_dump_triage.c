#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/dump_check.h"

#include <stdio.h>
#include <stdlib.h>

#include <walker/debugger_data.h>
#include <walker/pe.h>
#include <walker/text.h>

enum {
    VALID_OFFSET = 0x2008,
    DRIVER_LIST = 0x2030,
    DATA_PAGE = 0x2060,
    DATA_BLOCKS = 0x2078,
    FIRST_DRIVER = 0x2500,
    FIRST_NAME = 0x2700,
    FIRST_BLOCK = 0x2800,
};

static void make(struct dump_build *b)
{
    *b = (struct dump_build){0};
    dump_build_triage(b);
}

static void blocks_are_read_by_address_across_their_borders(void **state)
{
    struct dump_opened o;
    struct dump_build b;

    (void)state;
    make(&b);
    dump_open_ok(&o, &b);
    assert_int_equal(o.facts->kind, KDW_DUMP_TRIAGE);
    assert_string_equal(o.facts->what, "triage (small) dump");
    assert_null(kdw_dump_physical(o.dump));
    assert_non_null(kdw_dump_virtual(o.dump));
    assert_true(o.facts->physical_end == 0);
    dump_has(&o, DUMP_BUILD_BLOCKS, 0x30); /* three blocks, two of which overlap */
    dump_has(&o, DUMP_BUILD_BLOCKS + 0xC, 0x10);
    dump_fails(&o, DUMP_BUILD_BLOCKS, 0x31, KD_ERR_NOT_IN_DUMP, DUMP_BUILD_BLOCKS + 0x30);
    dump_fails(&o, DUMP_BUILD_BLOCKS - 1, 2, KD_ERR_NOT_IN_DUMP, DUMP_BUILD_BLOCKS - 1);
    dump_fails(&o, 0x1000, 8, KD_ERR_NOT_IN_DUMP, 0x1000);
    dump_fails(&o, 0, 8, KD_ERR_NOT_IN_DUMP, 0);
    dump_warns_nothing(&o);
    dump_done(&o);
    dump_build_free(&b);
}

static void what_the_header_places_is_memory_as_well(void **state)
{
    struct kdw_debugger_data data;
    struct dump_opened o;
    struct dump_build b;

    (void)state;
    make(&b);
    dump_build_u64(&b, DATA_PAGE, 0xfffff80500000000u);
    dump_build_u32(&b, DATA_PAGE + 8, (uint32_t)b.len);
    dump_build_u32(&b, DATA_PAGE + 12, 0x1000);
    dump_build_memory(&b, b.len, 0xfffff80500000000u, 0x1000);
    dump_open_ok(&o, &b);
    dump_has(&o, DUMP_BUILD_STACK, 64);
    dump_has(&o, 0xfffff80500000000u, 0x1000);
    assert_int_equal(
        kdw_debugger_data_read(kdw_dump_virtual(o.dump), DUMP_BUILD_DEBUGGER, NULL, &o.diag, &data),
        KD_OK);
    assert_true(data.kernel_base_va == DUMP_BUILD_KERNEL);
    dump_done(&o);
    dump_build_free(&b);
}

static void the_drivers_are_its_modules(void **state)
{
    struct kdw_module_list l;
    struct dump_opened o;
    struct dump_build b;

    (void)state;
    make(&b);
    dump_open_ok(&o, &b);
    assert_int_equal(kdw_dump_modules(o.dump, &l), KD_OK);
    assert_int_equal(l.len, 2);
    assert_false(l.has_gaps);
    assert_true(l.modules[0].base_va.value == DUMP_BUILD_KERNEL);
    assert_int_equal(l.modules[0].size.value, 0x1046000);
    assert_int_equal(l.modules[0].checksum.value, 0xa50000);
    assert_int_equal(l.modules[0].timestamp.value, 0x0d8333e0);
    assert_string_equal(l.modules[0].full_name.utf8, "\\SystemRoot\\system32\\ntoskrnl.exe");
    assert_string_equal(l.modules[0].base_name.utf8, "ntoskrnl.exe");
    assert_string_equal(l.modules[1].base_name.utf8, "hal.dll");
    assert_true(kdw_dump_target(o.dump).kernel_base_va == DUMP_BUILD_KERNEL);
    kdw_module_list_free(&l);
    dump_done(&o);
    dump_build_free(&b);
}

static void a_name_outside_the_file_is_a_gap(void **state)
{
    struct kdw_module_list l;
    struct dump_opened o;
    struct dump_build b;

    (void)state;
    make(&b);
    dump_build_u32(&b, FIRST_DRIVER, 0xFFFFFFF0);
    dump_build_u32(&b, FIRST_NAME + 0x60, 600); /* characters, too many though they are there */
    dump_build_resize(&b, 0x3000);
    dump_open_ok(&o, &b);
    assert_int_equal(kdw_dump_modules(o.dump, &l), KD_OK);
    assert_true(l.has_gaps);
    assert_int_equal(l.modules[0].full_name.status, KD_ERR_TRUNCATED);
    assert_int_equal(l.modules[0].base_name.status, KD_ERR_TRUNCATED);
    assert_int_equal(l.modules[1].full_name.status, KD_ERR_LIMIT);
    assert_true(l.modules[0].base_va.value == DUMP_BUILD_KERNEL);
    kdw_module_list_free(&l);
    dump_done(&o);
    dump_build_free(&b);
}

/* Offset 0 says that a part is absent, though its address may be there. */
static void what_has_no_place_in_the_file_is_absent(void **state)
{
    struct dump_opened o;
    struct dump_build b;

    (void)state;
    make(&b);
    dump_build_u64(&b, DATA_PAGE, 0xfffff80500000000u);
    dump_build_u32(&b, DATA_PAGE + 12, 0x1000);
    dump_open_ok(&o, &b);
    dump_fails(&o, 0xfffff80500000000u, 8, KD_ERR_NOT_IN_DUMP, 0xfffff80500000000u);
    dump_done(&o);
    dump_build_free(&b);
}

static void tables_outside_the_file_are_left_out(void **state)
{
    struct kdw_module_list l;
    struct dump_opened o;
    struct dump_build b;

    (void)state;
    make(&b);
    dump_build_u32(&b, DATA_BLOCKS + 4, 0x10000000);
    dump_build_u32(&b, DRIVER_LIST, 0xFFFFFF00);
    dump_open_ok(&o, &b);
    dump_warns(&o, "table of memory blocks lies outside the file");
    dump_warns(&o, "table of drivers lies outside the file");
    dump_fails(&o, DUMP_BUILD_BLOCKS, 1, KD_ERR_NOT_IN_DUMP, DUMP_BUILD_BLOCKS);
    dump_has(&o, DUMP_BUILD_STACK, 64);
    assert_int_equal(kdw_dump_modules(o.dump, &l), KD_ERR_NOT_FOUND);
    assert_non_null(strstr(o.diag.text, "triage (small) dump without a list of drivers"));
    dump_done(&o);
    dump_build_free(&b);
}

static void blocks_behind_the_end_are_cut_off(void **state)
{
    struct dump_opened o;
    struct dump_build b;

    (void)state;
    make(&b);
    dump_build_u32(&b, FIRST_BLOCK + 16 + 8, (uint32_t)b.len - 4);
    dump_open_ok(&o, &b);
    dump_fails(&o, DUMP_BUILD_BLOCKS, 16, KD_ERR_CUT_OFF, DUMP_BUILD_BLOCKS + 4);
    dump_done(&o);
    dump_build_free(&b);
}

static void a_missing_end_is_warned_of(void **state)
{
    struct dump_opened o;
    struct dump_build b;

    (void)state;
    make(&b);
    dump_build_resize(&b, b.len - 1);
    dump_open_ok(&o, &b);
    dump_warns(&o, "ends before its end mark");
    dump_done(&o);
    dump_build_u32(&b, VALID_OFFSET, 0x2100);
    dump_open_ok(&o, &b);
    dump_warns(&o, "has no end mark");
    dump_done(&o);
    dump_build_free(&b);
}

static void it_may_be_cut_anywhere(void **state)
{
    struct dump_build b;

    (void)state;
    make(&b);
    dump_stands_cuts(&b, 400);
    dump_build_free(&b);
}

static void other_dumps_have_no_list_of_drivers(void **state)
{
    static const struct dump_build_range run = {0, 2};
    struct kdw_module_list l;
    struct dump_opened o;
    struct dump_build b = {0};

    (void)state;
    dump_build_header(&b, 1);
    dump_build_runs(&b, &run, 1);
    dump_open_ok(&o, &b);
    assert_int_equal(kdw_dump_modules(o.dump, &l), KD_ERR_NOT_FOUND);
    assert_non_null(strstr(o.diag.text, "complete memory dump without a list of drivers"));
    dump_done(&o);
    dump_build_free(&b);
}

/* ---- a real one ---- */

static void check_real_facts(const struct kdw_dump_facts *f)
{
    assert_int_equal(f->kind, KDW_DUMP_TRIAGE);
    assert_int_equal(f->build, 19041);
    assert_int_equal(f->machine, 0x8664);
    assert_int_equal(f->processor_count, 16);
    assert_true(f->dtb == 0x1ad000);
    assert_true(f->module_list_va == 0xfffff8047c62a390u);
    assert_true(f->debugger_data_va == 0xfffff8047c600b20u);
    assert_int_equal(f->bugcheck_code, 0x1000007e);
    assert_true(f->bugcheck_parameters[0] == 0xffffffffc0000005u);
    assert_true(f->bugcheck_parameters[3] == 0xffff850429891720u);
    assert_true(f->time_100ns == 0x01d707f23dbb3399u && f->uptime_100ns == 0x23bc1e9);
    assert_int_equal(f->product_type, 1);
    assert_int_equal(f->suite_mask, 0x110);
    assert_true(f->rip == 0xfffff8048b58334cu);
    assert_int_equal(f->attributes, 0);
    assert_int_equal(f->warning_count, 0);
}

static void check_real_modules(struct kdw_dump *d)
{
    struct kdw_module_list l;

    assert_int_equal(kdw_dump_modules(d, &l), KD_OK);
    assert_int_equal(l.len, 0x97);
    assert_false(l.has_gaps);
    assert_string_equal(l.modules[0].base_name.utf8, "ntoskrnl.exe");
    assert_true(l.modules[0].base_va.value == 0xfffff8047ba00000u);
    assert_int_equal(l.modules[0].timestamp.value, 0x0d8333e6);
    assert_string_equal(l.modules[3].full_name.utf8, "\\SystemRoot\\System32\\drivers\\CLFS.SYS");
    assert_int_equal(l.modules[3].size.value, 0x6a000);
    for (size_t i = 0; i < l.len; i++)
        assert_true(l.modules[i].base_name.utf8[0] != '\0' && l.modules[i].size.value > 0);
    kdw_module_list_free(&l);
}

/* Where the debugger data says: the build lab; and the headers of the kernel's image. */
static void check_real_memory(struct kdw_dump *d, struct kd_diag *diag)
{
    struct kdw_mem *mem = kdw_dump_virtual(d);
    struct kdw_debugger_data data;
    struct kdw_text lab;
    struct kdw_pe pe;

    assert_int_equal(
        kdw_debugger_data_read(mem, kdw_dump_facts(d)->debugger_data_va, NULL, diag, &data), KD_OK);
    assert_false(data.was_encoded);
    assert_int_equal(data.len, 0x380);
    assert_true(data.kernel_base_va == 0xfffff8047ba00000u);
    assert_true(data.module_list_va == kdw_dump_facts(d)->module_list_va);
    assert_true(data.process_list_va == kdw_dump_facts(d)->process_list_va);
    assert_int_equal(data.etwp_debugger_data_va - data.kernel_base_va, 0xc10d58); /* 19041.804's */
    assert_int_equal(kdw_chars_read(mem, data.build_lab_va, KDW_CHARS_MAX, &lab), KD_OK);
    assert_string_equal(lab.utf8, "19041.1.amd64fre.vb_release.191206-1406");
    kdw_text_free(&lab);
    assert_int_equal(kdw_pe_read(mem, data.kernel_base_va, diag, &pe), KD_OK);
    assert_int_equal(pe.timestamp, 0x0d8333e6);
    assert_int_equal(pe.image_size, 0x1046000);
}

static void a_real_dump_says_what_it_holds(void **state)
{
    const char *path = KDWALK_TEST_DATA "/dumps/triage_x64.dmp";
    struct kd_diag diag = {""};
    struct kdw_dump *d;
    enum kd_status st = kdw_dump_open(path, &diag, &d);

    (void)state;
    if (st == KD_ERR_NOT_FOUND) {
        print_message("no %s: not tested\n", path);
        skip();
    }
    assert_int_equal(st, KD_OK);
    check_real_facts(kdw_dump_facts(d));
    check_real_modules(d);
    check_real_memory(d, &diag);
    kdw_dump_close(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_are_read_by_address_across_their_borders),
        cmocka_unit_test(what_the_header_places_is_memory_as_well),
        cmocka_unit_test(the_drivers_are_its_modules),
        cmocka_unit_test(a_name_outside_the_file_is_a_gap),
        cmocka_unit_test(what_has_no_place_in_the_file_is_absent),
        cmocka_unit_test(tables_outside_the_file_are_left_out),
        cmocka_unit_test(blocks_behind_the_end_are_cut_off),
        cmocka_unit_test(a_missing_end_is_warned_of),
        cmocka_unit_test(it_may_be_cut_anywhere),
        cmocka_unit_test(other_dumps_have_no_list_of_drivers),
        cmocka_unit_test(a_real_dump_says_what_it_holds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
