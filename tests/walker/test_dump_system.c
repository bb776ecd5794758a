#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/dump_check.h"
#include "support/fake_symbols.h"
#include "support/page_tables.h"

#include <walker/dump_system.h>

/* A machine with a kernel of a few pages, in a virtual space that the test writes and in files of
 * several kinds that it is copied to. */
#define SHARED 0xfffff78000000000u
#define BASE   0xfffff80700800000u
#define ENTRY  0xffff850429891000u /* of the kernel in the list of modules */
enum {
    PAGE = 0x1000,
    PAGES_MAX = 64,
    HEADER = 0x2000, /* of the file */
    IMAGE_SIZE = 0x10000,

    /* in the image */
    RSDS = 0x1000,
    KEYS = 0x2000,
    LIST = 0x3000, /* PsLoadedModuleList */
    BLOCK = 0x4000,
    BUGCHECK = 0x5000,
    LAB = 0x5100,
    HEADS = 0x5200, /* of the list of debugger data blocks */
    ENCODED = 0x5888,

    RVA_NEVER = KEYS,
    RVA_ALWAYS = KEYS + 8,
};
#define NEVER  0x1122334455667788u
#define ALWAYS 0x99AABBCCDDEEFF00u

static const uint64_t mapped[] = {SHARED,      BASE,         BASE + RSDS,     BASE + KEYS,
                                  BASE + LIST, BASE + BLOCK, BASE + BUGCHECK, ENTRY};

struct machine {
    struct fake_mem virtual;
    struct page_tables tables;
    struct dump_build file;
    struct dump_opened opened;
    struct kdw_dump_system system;
};

/* ---- what is in its memory ---- */

static void put_image(struct fake_mem *m)
{
    fake_mem_write(m, BASE, "MZ", 2);
    fake_mem_u32(m, BASE + 0x3C, 0x110);
    fake_mem_write(m, BASE + 0x110, "PE\0\0", 4);
    fake_mem_u16(m, BASE + 0x114, 0x8664);
    fake_mem_u16(m, BASE + 0x124, 0xF0);
    fake_mem_u16(m, BASE + 0x128, 0x20B);
    fake_mem_u32(m, BASE + 0x128 + 56, IMAGE_SIZE);
    fake_mem_u32(m, BASE + 0x128 + 108, 16);
    fake_mem_u32(m, BASE + 0x128 + 112 + 48, 0x800);
    fake_mem_u32(m, BASE + 0x128 + 112 + 52, 28);
    fake_mem_u32(m, BASE + 0x800 + 12, 2);
    fake_mem_u32(m, BASE + 0x800 + 16, 24 + sizeof "ntkrnlmp.pdb");
    fake_mem_u32(m, BASE + 0x800 + 20, RSDS);
    fake_mem_write(m, BASE + RSDS, "RSDS", 4);
    fake_mem_write(m, BASE + RSDS + 24, "ntkrnlmp.pdb", sizeof "ntkrnlmp.pdb");
}

static void put_system(struct fake_mem *m)
{
    static const uint64_t entry = ENTRY, block = BASE + BLOCK;

    fake_mem_u32(m, SHARED + 0x260, 19041);
    fake_mem_u32(m, SHARED + 0x26c, 10);
    fake_mem_u32(m, SHARED + 0x3c0, 8);
    fake_mem_list(m, BASE + LIST, &entry, 1);
    fake_mem_u64(m, ENTRY + 0x30, BASE);
    fake_mem_u32(m, ENTRY + 0x40, IMAGE_SIZE);
    fake_mem_unicode(m, ENTRY + 0x58, ENTRY + 0x200, "ntoskrnl.exe");
    fake_mem_u64(m, BASE + RVA_NEVER, NEVER);
    fake_mem_u64(m, BASE + RVA_ALWAYS, ALWAYS);
    fake_mem_list(m, BASE + HEADS, &block, 1);
    fake_mem_write(m, BASE + BLOCK + 0x10, "KDBG", 4);
    fake_mem_u32(m, BASE + BLOCK + 0x14, 0x380);
    fake_mem_u64(m, BASE + BLOCK + 0x18, BASE);
    fake_mem_u64(m, BASE + BLOCK + 0x48, BASE + LIST);
    fake_mem_u64(m, BASE + BLOCK + 0x88, BASE + BUGCHECK);
    fake_mem_u64(m, BASE + BLOCK + 0x208, BASE + LAB);
}

static uint64_t swapped(uint64_t v)
{
    uint64_t out = 0;

    for (int i = 0; i < 8; i++)
        out = out << 8 | (v >> 8 * i & 0xff);
    return out;
}

/* As a kernel does that was booted without debugging: the way back of what the reader does. */
static void encode_block(struct machine *m)
{
    for (uint64_t at = BASE + BLOCK; at < BASE + BLOCK + 0x380; at += 8) {
        const unsigned turn = NEVER & 63;
        uint64_t v = 0;

        assert_int_equal(kdw_mem_u64(&m->virtual.mem, at, &v), KD_OK);
        v = swapped(v ^ ALWAYS) ^ (BASE + ENCODED);
        v = v >> turn | v << (64 - turn);
        fake_mem_u64(&m->virtual, at, v ^ NEVER);
    }
}

static void make(struct machine *m)
{
    *m = (struct machine){0};
    fake_mem_init(&m->virtual);
    for (size_t i = 0; i < sizeof mapped / sizeof mapped[0]; i++)
        fake_mem_zero(&m->virtual, mapped[i], PAGE);
    put_image(&m->virtual);
    put_system(&m->virtual);
    page_tables_init(&m->tables, 4);
    m->tables.next_pa = 0x10000; /* behind what starts a processor */
}

static void unmake(struct machine *m)
{
    kdw_dump_system_deinit(&m->system);
    if (m->opened.dump)
        dump_done(&m->opened);
    dump_build_free(&m->file);
    page_tables_deinit(&m->tables);
    fake_mem_deinit(&m->virtual);
}

/* ---- files ---- */

/* All of it to physical memory, which begins at `at` in the file. */
static void write_memory(struct machine *m, uint64_t at)
{
    uint8_t page[PAGE];

    for (size_t i = 0; i < sizeof mapped / sizeof mapped[0]; i++) {
        uint64_t pa = 0x30000 + PAGE * (uint64_t)i;

        assert_int_equal(kdw_mem_read(&m->virtual.mem, mapped[i], page, PAGE, NULL), KD_OK);
        fake_mem_write(&m->tables.physical, pa, page, PAGE);
        page_tables_put(&m->tables, mapped[i], 1, pa | ON);
    }
    assert_true(m->tables.next_pa <= 0x30000);
    dump_build_resize(&m->file, at + PAGES_MAX * PAGE);
    for (uint64_t pa = 0; pa < PAGES_MAX * PAGE; pa += PAGE)
        if (kdw_mem_read(&m->tables.physical.mem, pa, page, PAGE, NULL) == KD_OK)
            dump_build_bytes(&m->file, at + pa, page, PAGE);
}

/* A complete dump whose header names these; 0: left out. */
static void write_dump(struct machine *m, uint64_t dtb, uint64_t list_va, uint64_t block_va)
{
    static const struct dump_build_range all = {0, PAGES_MAX};

    dump_build_header(&m->file, 1);
    dump_build_runs(&m->file, &all, 1);
    dump_build_u64(&m->file, 0x10, dtb);
    dump_build_u64(&m->file, 0x20, list_va);
    dump_build_u64(&m->file, 0x80, block_va);
    write_memory(m, HEADER);
}

/* The top table as it looks on a machine: leads to itself, and to more of the kernel. */
static void make_root_plausible(struct machine *m)
{
    static const uint64_t more[] = {300, 350, 400, 450};

    page_tables_put(&m->tables, (uint64_t)0xFFFF << 48 | (uint64_t)493 << 39, 4,
                    m->tables.root_pa | ON);
    for (size_t i = 0; i < sizeof more / sizeof more[0]; i++)
        page_tables_put(&m->tables, (uint64_t)0xFFFF << 48 | more[i] << 39, 4, 0x3f000 | ON);
}

static enum kd_status find(struct machine *m)
{
    dump_open_ok(&m->opened, &m->file);
    return kdw_dump_system_find(m->opened.dump, &m->opened.diag, &m->system);
}

static void found(struct machine *m)
{
    uint64_t magic = 0;

    assert_int_equal(find(m), KD_OK);
    assert_string_equal(m->opened.diag.text, "");
    assert_true(m->system.target.kernel_base_va == BASE);
    assert_int_equal(m->system.target.machine, 0x8664);
    assert_true(m->system.target.is_kernel);
    assert_true(m->system.target.dtb == m->tables.root_pa);
    assert_int_equal(kdw_mem_u64(m->system.mem, BASE, &magic), KD_OK);
    assert_int_equal(magic & 0xffff, 'M' | 'Z' << 8);
}

static void not_found(struct machine *m, const char *says)
{
    assert_int_equal(find(m), KD_ERR_NOT_FOUND);
    if (!strstr(m->opened.diag.text, says))
        fail_msg("no \"%s\" in: %s", says, m->opened.diag.text);
    assert_null(m->system.paging);
}

/* ---- symbols ---- */

static const struct fake_symbol all_symbols[] = {{"PsLoadedModuleList", LIST},
                                                 {"NtBuildLab", LAB},
                                                 {"KdDebuggerDataBlock", BLOCK},
                                                 {"KiWaitNever", RVA_NEVER},
                                                 {"KiWaitAlways", RVA_ALWAYS},
                                                 {"KdpDataBlockEncoded", ENCODED},
                                                 {NULL, 0}};
static const struct fake_symbol few_symbols[] = {{"PsLoadedModuleList", LIST}, {NULL, 0}};
static const struct fake_type no_types[] = {{NULL, 0, NULL}};

static void learn(struct machine *m, const struct fake_symbol *variables)
{
    struct fake_symbols symbols;
    struct kdw_kernel k = {.mem = m->system.mem,
                           .target = &m->system.target,
                           .diag = &m->opened.diag,
                           .base_va = m->system.target.kernel_base_va,
                           .symbols = &symbols.symbols};

    fake_symbols_init(&symbols, no_types, variables);
    assert_int_equal(kdw_dump_system_learn(&m->system, &k), KD_OK);
    assert_string_equal(m->opened.diag.text, "");
}

/* ---- what the header names ---- */

static void a_header_and_its_debugger_data_say_it_all(void **state)
{
    struct machine m;

    (void)state;
    make(&m);
    write_dump(&m, m.tables.root_pa | 2, BASE + LIST, BASE + BLOCK);
    dump_build_u64(&m.file, 0xFA8, 132218151973380000); /* times, product */
    dump_build_u64(&m.file, 0x1030, 37470000);
    dump_build_u32(&m.file, 0x1040, 3);
    dump_build_u32(&m.file, 0x1044, 0x110);
    found(&m);
    assert_true(kdw_dump_system_is_complete(&m.system));
    assert_true(m.system.target.module_list_va == BASE + LIST);
    assert_true(m.system.target.build_lab_va == BASE + LAB);
    assert_true(m.system.target.debugger_data_list_va == BASE + HEADS);
    assert_true(m.system.target.debugger_data_va == BASE + BLOCK);
    assert_int_equal(m.system.target.build, DUMP_BUILD_BUILD);
    assert_true(m.system.target.time_100ns == 132218151973380000);
    assert_true(m.system.target.uptime_100ns == 37470000);
    assert_int_equal(m.system.target.product_type, 3);
    assert_int_equal(m.system.target.suite_mask, 0x110);
    assert_true(m.system.target.has_bugcheck);
    assert_int_equal(m.system.target.bugcheck_code, DUMP_BUILD_BUGCHECK);
    unmake(&m);
}

static void without_debugger_data_the_first_module_is_the_kernel(void **state)
{
    struct machine m;

    (void)state;
    make(&m);
    encode_block(&m);
    write_dump(&m, m.tables.root_pa, BASE + LIST, BASE + BLOCK);
    dump_build_u64(&m.file, 0x28, BASE + KEYS); /* of processes */
    found(&m);
    assert_false(kdw_dump_system_is_complete(&m.system));
    assert_true(m.system.target.process_list_va == BASE + KEYS);
    assert_true(m.system.target.debugger_data_va == BASE + BLOCK); /* encoded, but there */
    learn(&m, all_symbols);
    assert_true(kdw_dump_system_is_complete(&m.system));
    assert_true(m.system.target.build_lab_va == BASE + LAB);
    assert_true(m.system.target.debugger_data_list_va == 0); /* a search would not know it again */
    unmake(&m);
}

static void a_block_of_another_kernel_is_not_believed(void **state)
{
    struct machine m;

    (void)state;
    make(&m);
    encode_block(&m);
    fake_mem_u64(&m.virtual, BASE + BLOCK + 0x18, 0x1234); /* its base, encoded */
    write_dump(&m, m.tables.root_pa, BASE + LIST, BASE + BLOCK);
    found(&m);
    learn(&m, few_symbols);
    assert_true(m.system.target.module_list_va == BASE + LIST);
    assert_false(kdw_dump_system_is_complete(&m.system));
    learn(&m, all_symbols); /* not by the block, then by the symbol */
    assert_true(kdw_dump_system_is_complete(&m.system));
    unmake(&m);
}

static void a_root_that_the_header_lacks_is_searched(void **state)
{
    static const uint64_t named[] = {0, 0x3f000, 0x7000000}; /* none, empty, not in the dump */

    (void)state;
    for (size_t i = 0; i < sizeof named / sizeof named[0]; i++) {
        struct machine m;

        make(&m);
        make_root_plausible(&m);
        write_dump(&m, named[i], BASE + LIST, BASE + BLOCK);
        found(&m);
        unmake(&m);
    }
}

static void five_levels_are_noticed(void **state)
{
    struct machine m;

    (void)state;
    make(&m);
    page_tables_deinit(&m.tables);
    page_tables_init(&m.tables, 5);
    m.tables.next_pa = 0x10000;
    write_dump(&m, m.tables.root_pa, BASE + LIST, BASE + BLOCK);
    found(&m);
    unmake(&m);
}

/* ---- what names nothing ---- */

static void in_a_raw_image_the_kernel_is_found_by_itself(void **state)
{
    struct machine m;

    (void)state;
    make(&m);
    fake_mem_u64(&m.virtual, BASE + BUGCHECK, 0x7E);
    fake_mem_u64(&m.virtual, BASE + BUGCHECK + 32, 0xffff850429891720u);
    encode_block(&m);
    write_memory(&m, 0);
    dump_build_low_stub(&m.file, 0, 0x8000, BASE + KEYS, m.tables.root_pa);
    found(&m);
    assert_int_equal(m.system.target.build, 19041);
    assert_int_equal(m.system.target.processor_count, 8);
    assert_true(m.system.target.is_mp);
    assert_false(m.system.target.has_bugcheck); /* not yet */
    assert_false(kdw_dump_system_is_complete(&m.system));
    learn(&m, all_symbols);
    assert_true(m.system.target.module_list_va == BASE + LIST);
    assert_true(m.system.target.build_lab_va == BASE + LAB);
    assert_true(m.system.target.has_bugcheck);
    assert_int_equal(m.system.target.bugcheck_code, 0x7E);
    assert_true(m.system.target.bugcheck_parameters[3] == 0xffff850429891720u);
    unmake(&m);
}

static void a_plain_block_in_an_image_needs_no_symbols(void **state)
{
    struct machine m;

    (void)state;
    make(&m);
    write_memory(&m, 0);
    dump_build_low_stub(&m.file, 0, 0x8000, BASE + KEYS, m.tables.root_pa);
    found(&m);
    assert_true(kdw_dump_system_is_complete(&m.system));
    assert_true(m.system.target.module_list_va == BASE + LIST);
    unmake(&m);
}

static void by_it_a_kernel_is_found_whose_headers_are_gone(void **state)
{
    struct machine m;

    (void)state;
    make(&m);
    fake_mem_zero(&m.virtual, BASE, 2);                             /* no "MZ" */
    fake_mem_write(&m.virtual, BASE + BUGCHECK + 0x800, "KDBG", 4); /* and no block */
    write_memory(&m, 0);
    dump_build_low_stub(&m.file, 0, 0x8000, BASE + BUGCHECK, m.tables.root_pa);
    assert_int_equal(find(&m), KD_OK);
    assert_true(m.system.target.kernel_base_va == BASE);
    assert_true(kdw_dump_system_is_complete(&m.system));
    unmake(&m);
}

static void and_by_the_list_of_its_modules_where_the_block_is_encoded(void **state)
{
    static const uint64_t inside[] = {BASE + BUGCHECK, BASE + KEYS, BASE + LIST + 8};

    (void)state;
    for (size_t i = 0; i < sizeof inside / sizeof inside[0]; i++) {
        struct machine m;

        make(&m);
        fake_mem_zero(&m.virtual, BASE, 2);
        encode_block(&m);
        write_memory(&m, 0);
        dump_build_low_stub(&m.file, 0, 0x8000, inside[i] & ~(uint64_t)3, m.tables.root_pa);
        assert_int_equal(find(&m), KD_OK);
        assert_true(m.system.target.kernel_base_va == BASE);
        assert_true(m.system.target.module_list_va == BASE + LIST);
        assert_true(m.system.target.debugger_data_va == 0);
        assert_false(kdw_dump_system_is_complete(&m.system));
        learn(&m, all_symbols);
        assert_true(kdw_dump_system_is_complete(&m.system));
        unmake(&m);
    }
}

static void a_list_whose_head_two_pages_share_is_found(void **state)
{
    static const uint64_t entry = ENTRY, head = BASE + BLOCK - 8;
    struct machine m;

    (void)state;
    make(&m);
    fake_mem_zero(&m.virtual, BASE, 2);
    for (uint64_t i = 0; i < 0x380; i += 8) /* encoded */
        fake_mem_u64(&m.virtual, BASE + BLOCK + i, 0x5a7d21c0f3e49b86u);
    fake_mem_list(&m.virtual, head, &entry, 1);
    write_memory(&m, 0);
    dump_build_low_stub(&m.file, 0, 0x8000, BASE + KEYS, m.tables.root_pa);
    assert_int_equal(find(&m), KD_OK);
    assert_true(m.system.target.kernel_base_va == BASE);
    assert_true(m.system.target.module_list_va == head);
    unmake(&m);
}

static void a_processor_knows_where_the_kernel_is_too(void **state)
{
    const struct dump_build_segment all = {0, PAGES_MAX * PAGE};
    const uint64_t handler = BASE + KEYS, idt_va = BASE + BUGCHECK + 0x900;
    struct dump_build notes = {0};
    struct machine m;

    (void)state;
    make(&m);
    fake_mem_zero(&m.virtual, BASE, 2);
    encode_block(&m);
    fake_mem_u16(&m.virtual, idt_va, (uint16_t)handler);
    fake_mem_u16(&m.virtual, idt_va + 6, (uint16_t)(handler >> 16));
    fake_mem_u32(&m.virtual, idt_va + 8, (uint32_t)(handler >> 32));
    dump_build_processor(&notes, 0x7ff612340000u, 0xfffff80700001000u, idt_va, m.tables.root_pa,
                         0x506f8);
    dump_build_elf(&m.file, &notes, &all, 1);
    write_memory(&m, m.file.len - PAGES_MAX * PAGE);
    assert_int_equal(find(&m), KD_OK);
    assert_true(m.system.target.kernel_base_va == BASE);
    assert_true(m.system.target.module_list_va == BASE + LIST);
    unmake(&m);
    dump_build_free(&notes);
}

static void an_elf_core_knows_where_its_processors_were(void **state)
{
    const struct dump_build_segment all = {0, PAGES_MAX * PAGE};
    struct dump_build notes = {0};
    struct machine m;

    (void)state;
    make(&m);
    dump_build_processor(&notes, BASE + KEYS, 0xfffff80700001000u, 0, m.tables.root_pa, 0x506f8);
    dump_build_elf(&m.file, &notes, &all, 1);
    write_memory(&m, m.file.len - PAGES_MAX * PAGE);
    found(&m);
    assert_int_equal(m.system.target.processor_count, 1);
    unmake(&m);
    dump_build_free(&notes);
}

static void memory_of_something_else_is_told_from_windows(void **state)
{
    struct machine m;

    (void)state;
    make(&m);
    dump_build_resize(&m.file, 16 * PAGE);
    not_found(&m, "raw memory image: no page tables of a system");
    unmake(&m);

    make(&m); /* page tables and shared data, but no kernel */
    make_root_plausible(&m);
    fake_mem_zero(&m.virtual, BASE, 0x400);
    encode_block(&m);
    fake_mem_u64(&m.virtual, ENTRY + 8, ENTRY);
    write_memory(&m, 0);
    dump_build_low_stub(&m.file, 0, 0x8000, BASE + KEYS, m.tables.root_pa);
    not_found(&m, "raw memory image: page tables in it lead to Windows, but nothing there says");
    unmake(&m);

    make(&m); /* page tables, which lead to none of all this */
    make_root_plausible(&m);
    fake_mem_zero(&m.virtual, BASE, 0x400);
    fake_mem_zero(&m.virtual, SHARED, 0x400);
    encode_block(&m);
    fake_mem_u64(&m.virtual, ENTRY + 8, ENTRY);
    write_memory(&m, 0);
    dump_build_low_stub(&m.file, 0, 0x8000, BASE + KEYS, m.tables.root_pa);
    not_found(&m, "raw memory image: no page tables in it lead to a Windows kernel");
    unmake(&m);
}

static void roots_that_lead_nowhere_are_not_tried_for_ever(void **state)
{
    enum { ROOTS = 70, SELF = 493, FIRST = PAGES_MAX * PAGE };
    struct machine m;

    (void)state;
    make(&m);
    dump_build_resize(&m.file, FIRST + ROOTS * PAGE);
    for (uint64_t pa = FIRST; pa < FIRST + ROOTS * PAGE; pa += PAGE) {
        dump_build_u64(&m.file, pa + SELF * 8, pa | ON);
        for (uint64_t i = 256; i < 264; i++)
            dump_build_u64(&m.file, pa + i * 8, 0x1000 | ON);
    }
    not_found(&m, "none of the first 64 page tables");
    unmake(&m);
}

static void page_tables_of_arm64_are_refused(void **state)
{
    struct machine m;

    (void)state;
    make(&m);
    write_dump(&m, m.tables.root_pa, BASE + LIST, BASE + BLOCK);
    dump_build_u32(&m.file, 0x30, 0xAA64);
    assert_int_equal(find(&m), KD_ERR_UNSUPPORTED);
    assert_non_null(strstr(m.opened.diag.text, "of an ARM64 machine"));
    unmake(&m);
}

static void a_triage_dump_is_what_its_header_says(void **state)
{
    struct machine m;

    (void)state;
    make(&m);
    dump_build_triage(&m.file);
    assert_int_equal(find(&m), KD_OK);
    assert_null(m.system.paging);
    assert_true(m.system.mem == kdw_dump_virtual(m.opened.dump));
    assert_true(m.system.target.kernel_base_va == DUMP_BUILD_KERNEL);
    assert_true(m.system.target.module_list_va == DUMP_BUILD_MODULE_LIST);
    assert_int_equal(m.system.target.bugcheck_code, DUMP_BUILD_BUGCHECK);
    unmake(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_header_and_its_debugger_data_say_it_all),
        cmocka_unit_test(without_debugger_data_the_first_module_is_the_kernel),
        cmocka_unit_test(a_block_of_another_kernel_is_not_believed),
        cmocka_unit_test(a_root_that_the_header_lacks_is_searched),
        cmocka_unit_test(roots_that_lead_nowhere_are_not_tried_for_ever),
        cmocka_unit_test(five_levels_are_noticed),
        cmocka_unit_test(in_a_raw_image_the_kernel_is_found_by_itself),
        cmocka_unit_test(a_plain_block_in_an_image_needs_no_symbols),
        cmocka_unit_test(by_it_a_kernel_is_found_whose_headers_are_gone),
        cmocka_unit_test(and_by_the_list_of_its_modules_where_the_block_is_encoded),
        cmocka_unit_test(a_list_whose_head_two_pages_share_is_found),
        cmocka_unit_test(a_processor_knows_where_the_kernel_is_too),
        cmocka_unit_test(an_elf_core_knows_where_its_processors_were),
        cmocka_unit_test(memory_of_something_else_is_told_from_windows),
        cmocka_unit_test(page_tables_of_arm64_are_refused),
        cmocka_unit_test(a_triage_dump_is_what_its_header_says),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
