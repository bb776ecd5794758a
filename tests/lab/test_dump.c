/* Files of a machine's memory, of every type: where pages stand, and what the headers say. */
#define _XOPEN_SOURCE 700
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dumped.h"
#include "table_walk.h"

#define PAGE        0x1000u
#define SHARED_DATA 0xfffff78000000000u
#define PAGES       0x80000u /* of 2 GiB */
#define FILL        0x45474150u

enum { TABLE = 1, SYSTEM = 2, USER = 4 };

/* Each type of a file with physical memory, and which pages it is to have; 0: all of the memory. */
static const struct {
    const char *name;
    unsigned content;
} memory_types[] = {
    {"full", 0},
    {"bitmap", 0},
    {"active", TABLE | SYSTEM | USER},
    {"kernel", TABLE | SYSTEM},
    {"live", TABLE | SYSTEM},
    {"summary", TABLE | SYSTEM},
    {"ranges", 0},
    {"raw", 0},
    {"lime", 0},
    {"elf", 0},
    {"win-dmp", 0},
};
#define TYPES (sizeof memory_types / sizeof *memory_types)

static const struct numbers {
    const char *name;
    uint16_t build;
    uint64_t base;
    /* RVAs */
    uint32_t module_list, process_head, kdbg, pfn_database, bugcheck_data, bugcheck_ex, handler;
    uint32_t process_links, process_id; /* _EPROCESS */
    uint32_t product, suite;
} kernels[] = {
    {"14393", 14393, 0xfffff803c381d000, 0x3081a0, 0x302550, 0x2f3a40, 0x4344d8, 0x30f210, 0x1414e0,
     0x14be00, 0x2f0, 0x2e8, 3, 0x110},
    {"18362", 18362, 0xfffff8026e400000, 0x448130, 0x438b40, 0x4265e0, 0x574468, 0x44f1a0, 0x1c14e0,
     0x1cbe00, 0x2f0, 0x2e8, 1, 0x110},
    {"19041", 19041, 0xfffff80563a00000, 0xc2a2b0, 0xc1e0a0, 0xc00b20, 0xcfc508, 0xc2b340, 0x3fbca0,
     0x407f00, 0x448, 0x440, 1, 0x110},
    {"22000", 22000, 0xfffff80742000000, 0xc29b20, 0xc1bf00, 0xc02190, 0xd069a0, 0xc2bcc0, 0x41d460,
     0x42a200, 0x448, 0x440, 1, 0x110},
};
#define KERNELS (sizeof kernels / sizeof *kernels)

static uint64_t machine_u64(const struct dumped *d, uint64_t va)
{
    uint64_t v = 0;

    assert_int_equal(lab_machine_read_virtual(d->machine, va, &v, 8), 8);
    return v;
}

/* ---- where pages stand ---- */

static void note_use(void *ctx, unsigned level, uint64_t va, uint64_t pa)
{
    uint8_t *use = ctx;

    assert_true(pa / PAGE < PAGES);
    use[pa / PAGE] |= (uint8_t)(level > 0 ? TABLE : va >> 63 ? SYSTEM : USER);
}

/* What each page is for, by the page tables of the system and of every process. */
static uint8_t *uses_of(const struct dumped *d, const struct numbers *n)
{
    uint8_t *use = calloc(PAGES, 1);
    uint64_t head = n->base + n->process_head;

    assert_non_null(use);
    table_walk(d->machine, d->info->cr3, note_use, use);
    for (uint64_t at = machine_u64(d, head); at != head; at = machine_u64(d, at))
        table_walk(d->machine, machine_u64(d, at - n->process_links + 0x28), note_use, use);
    use[1] |= SYSTEM; /* what a processor begins with; nothing maps it here */
    return use;
}

static void check_page(const struct dumped *d, unsigned content, const uint8_t *use,
                       uint64_t number)
{
    static const uint8_t zeros[PAGE];
    uint64_t at = dumped_page(d, number);
    uint8_t page[PAGE];

    assert_int_equal(lab_machine_read_physical(d->machine, number * PAGE, page, PAGE), PAGE);
    if (content != 0 && !(use[number] & content)) {
        assert_true(at == DUMPED_NOT);
        return;
    }
    if (at == DUMPED_NOT)
        fail_msg("page 0x%" PRIx64 " is missing", number);
    /* zeros twice are compared where they are cheap to find */
    if (memcmp(page, zeros, PAGE) != 0 || number % 64 == 0)
        assert_memory_equal(d->file + at, page, PAGE);
}

/* Through the page tables in the file: modules, the kernel's image, the debugger data, the times. */
static void check_addresses(const struct dumped *d, const struct numbers *n)
{
    uint64_t head = n->base + n->module_list, entry = dumped_u64_at_va(d, head);

    assert_int_equal(dumped_u64_at_va(d, entry + 0x30), n->base);
    assert_int_equal(dumped_u64_at_va(d, entry + 8), head);
    assert_int_equal((uint16_t)dumped_u64_at_va(d, n->base), 0x5a4d);
    assert_int_equal((uint32_t)dumped_u64_at_va(d, n->base + n->kdbg + 0x10), 0x4742444b);
    assert_int_equal((uint32_t)dumped_u64_at_va(d, SHARED_DATA + 0x26c), 10);
    assert_true(dumped_va(d, 0x7ffe0000) == DUMPED_NOT); /* of programs, and none is running */
}

static void every_page_stands_where_its_format_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < KERNELS * TYPES; i++) {
        const struct numbers *n = &kernels[i / TYPES];
        unsigned content = memory_types[i % TYPES].content;
        struct dumped d =
            dumped_make(n->name, (struct lab_dump_options){.type = memory_types[i % TYPES].name});
        uint8_t *use = uses_of(&d, n);
        size_t in_use = 0;

        for (uint64_t number = 1; number < PAGES; number++) {
            if (number == 0x9f)
                number = 0x100;
            if (use[number] || number % 256 == 1)
                check_page(&d, content, use, number);
            in_use += use[number] != 0;
        }
        assert_true(in_use > 2000);
        assert_true(d.blocks * 512 < (in_use + 64) * PAGE * 21 / 10); /* else it has no holes */
        check_addresses(&d, n);
        free(use);
        dumped_end(&d);
    }
}

static void what_is_no_memory_is_in_no_run(void **state)
{
    (void)state;
    for (size_t i = 0; i < TYPES; i++) {
        struct dumped d =
            dumped_make("18362", (struct lab_dump_options){.type = memory_types[i].name});

        assert_true(dumped_page(&d, PAGES) == DUMPED_NOT);
        assert_true(dumped_page(&d, 0x100000) == DUMPED_NOT);
        if (strcmp(memory_types[i].name, "raw") != 0) /* zeros there */
            assert_true(dumped_page(&d, 0xa0) == DUMPED_NOT);
        dumped_end(&d);
    }
}

/* A program's page: its tables are in a kernel dump, the page is not. */
static void user_pages_are_in_active_dumps_only(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct dumped d =
            dumped_make("19041", (struct lab_dump_options){.type = i ? "active" : "kernel"});
        const struct numbers *n = &kernels[2];
        uint64_t at = dumped_u64_at_va(&d, n->base + n->process_head), root, entry;

        while (machine_u64(&d, at - n->process_links + n->process_id) != 724) /* lsass */
            at = dumped_u64_at_va(&d, at);
        root = dumped_u64_at_va(&d, at - n->process_links + 0x28);
        entry = root | 1;
        for (int shift = 39; shift >= 12; shift -= 9) {
            uint64_t table = dumped_page(&d, (entry & 0x000ffffffffff000) / PAGE);

            entry = dumped_u64(&d, table + 8 * ((0x2f1a000000u + 724 * PAGE) >> shift & 0x1ff));
            assert_int_equal(entry & 5, 5); /* present, for programs */
        }
        at = dumped_page(&d, (entry & 0x000ffffffffff000) / PAGE);
        if (i == 0)
            assert_true(at == DUMPED_NOT);
        else
            assert_int_equal(dumped_u64(&d, at + 0x10), 0x7ff600000000 + 724 * 0x10000);
        dumped_end(&d);
    }
}

/* ---- headers ---- */

static const struct {
    const char *name;
    uint32_t type, attributes, bugcheck;
    const char *signature;
} headers[] = {
    {"full", 1, FILL, 0xe2, NULL},
    {"bitmap", 5, FILL, 0xe2, "FDMPDUMP"},
    {"active", 5, 0x40, 0xe2, "FDMPDUMP"},
    {"kernel", 6, FILL, 0xe2, "SDMPDUMP"},
    {"live", 6, 0x10, 0x161, "SDMPDUMP"},
    {"summary", 2, FILL, 0xe2, "SDMPDUMP"},
    {"ranges", 10, FILL, 0, "\x40\0\0\0RDMP"},
    {"triage", 4, FILL, 0xe2, NULL},
    {"win-dmp", 1, FILL, 0x161, NULL},
};

static void check_header(const struct dumped *d, const struct numbers *n, size_t type)
{
    bool is_triage = headers[type].type == 4;

    assert_memory_equal(d->file, "PAGEDU64", 8);
    assert_int_equal(dumped_u32(d, 0x08), 0xf);
    assert_int_equal(dumped_u32(d, 0x0c), n->build);
    assert_int_equal(dumped_u64(d, 0x10), d->info->cr3);
    assert_int_equal(dumped_u64(d, 0x18), n->base + n->pfn_database);
    assert_int_equal(dumped_u64(d, 0x20), n->base + n->module_list);
    assert_int_equal(dumped_u64(d, 0x28), n->base + n->process_head);
    assert_int_equal(dumped_u32(d, 0x30), 0x8664);
    assert_int_equal(dumped_u32(d, 0x34), d->info->processors);
    assert_int_equal(dumped_u32(d, 0x38), headers[type].bugcheck);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(dumped_u64(d, 0x40 + 8 * i), 0);
    assert_int_equal(dumped_u32(d, 0x60), FILL); /* VersionUser */
    assert_int_equal(dumped_u64(d, 0x80), n->base + n->kdbg);
    assert_int_equal(dumped_u32(d, 0x88), is_triage ? FILL : 2);
    if (!is_triage)
        assert_int_equal(dumped_u64(d, 0x90), 0x9e + 0x7ff00);
    assert_int_equal(dumped_u32(d, 0xf98), headers[type].type);
    assert_int_equal(dumped_u64(d, 0xfa0), d->len);
    assert_int_equal(dumped_u64(d, 0xfa8), machine_u64(d, SHARED_DATA + 0x14));
    assert_int_equal(dumped_u32(d, 0xfb0), FILL); /* Comment */
    assert_int_equal(dumped_u64(d, 0x1030), machine_u64(d, SHARED_DATA + 8));
    assert_int_equal(dumped_u32(d, 0x1038), is_triage ? 0xc7f : FILL);
    assert_int_equal(dumped_u32(d, 0x1040), n->product);
    assert_int_equal(dumped_u32(d, 0x1044), n->suite);
    assert_int_equal(dumped_u32(d, 0x1048), 0);
    assert_int_equal(dumped_u32(d, 0x1050), headers[type].attributes);
    assert_int_equal(dumped_u32(d, 0x1054), n->build < 22000 ? FILL : 0);
    if (headers[type].signature)
        assert_memory_equal(d->file + 0x2000, headers[type].signature, 8);
}

/* CONTEXT and EXCEPTION_RECORD64 of the processor that stopped. */
static void check_registers(const struct dumped *d, const struct numbers *n, size_t type)
{
    bool crashed = headers[type].bugcheck == 0xe2;
    uint64_t rip = crashed ? n->base + n->bugcheck_ex : d->info->break_in_pc;

    assert_int_equal(dumped_u32(d, 0x348 + 0x30) & 0x100000, 0x100000);
    assert_int_equal(dumped_u64(d, 0x348 + 0x98), d->info->stack);
    assert_int_equal(dumped_u64(d, 0x348 + 0xf8), rip);
    assert_int_equal(dumped_u64(d, 0x348 + 0x80), crashed ? 0xe2 : 0);
    assert_int_equal(dumped_u32(d, 0xf00), 0x80000003);
    assert_int_equal(dumped_u64(d, 0xf10), rip);
    assert_int_equal(machine_u64(d, n->base + n->bugcheck_data), crashed ? 0xe2 : 0);
}

static void headers_say_what_the_machine_is(void **state)
{
    const size_t types = sizeof headers / sizeof *headers;

    (void)state;
    for (size_t i = 0; i < KERNELS * types; i++) {
        struct dumped d = dumped_make(kernels[i / types].name,
                                      (struct lab_dump_options){.type = headers[i % types].name});

        check_header(&d, &kernels[i / types], i % types);
        check_registers(&d, &kernels[i / types], i % types);
        dumped_end(&d);
    }
}

static void bitmaps_count_their_bits(void **state)
{
    static const char *const types[] = {"bitmap", "kernel", "summary"};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct dumped d = dumped_make("14393", (struct lab_dump_options){.type = types[i]});
        bool is_old = i == 2;
        uint64_t bits = is_old ? dumped_u32(&d, 0x2010) : dumped_u64(&d, 0x2030);
        uint64_t present = is_old ? dumped_u32(&d, 0x2014) : dumped_u64(&d, 0x2028);
        uint64_t first = is_old ? dumped_u32(&d, 0x200c) : dumped_u64(&d, 0x2020), set = 0;

        assert_int_equal(bits, PAGES);
        for (uint64_t n = 0; n < bits; n++)
            set += d.file[(is_old ? 0x2028 : 0x2038) + n / 8] >> n % 8 & 1;
        assert_int_equal(set, present);
        assert_int_equal(first % PAGE, 0);
        assert_int_equal(d.len, first + present * PAGE);
        assert_int_equal(dumped_u32(&d, 0x2008), i == 0 ? 3 : 1);
        if (is_old)
            assert_int_equal(dumped_u32(&d, 0x2018), bits);
        dumped_end(&d);
    }
}

static void more_memory_begins_at_4_gib(void **state)
{
    static const char *const types[] = {"full", "bitmap", "active", "ranges", "raw", "lime", "elf"};
    const uint64_t ram = UINT64_C(16) << 30;

    (void)state;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        struct dumped d =
            dumped_make_with("18362", (struct lab_dump_options){.type = types[i]}, ram);
        uint64_t list = dumped_u64_at_va(&d, kernels[1].base + kernels[1].module_list);
        bool has_all = strcmp(types[i], "active") != 0;

        assert_int_equal(dumped_u64_at_va(&d, list + 0x30), kernels[1].base);
        if (has_all) {
            assert_true(d.len >= ram - PAGE * 0x100);
            assert_true(dumped_page(&d, 0x100000) != DUMPED_NOT);
            assert_true(dumped_page(&d, 0x47ffff) != DUMPED_NOT);
        }
        assert_true(dumped_page(&d, 0x480000) == DUMPED_NOT);
        if (strcmp(types[i], "raw") != 0)
            assert_true(dumped_page(&d, 0x80000) == DUMPED_NOT);
        if (i < 4) {
            assert_int_equal(dumped_u32(&d, 0x88), 3);
            assert_int_equal(dumped_u64(&d, 0x90), 0x9e + 0x7ff00 + 0x380000);
        }
        assert_int_equal((uint32_t)dumped_u64_at_va(&d, SHARED_DATA + 0x2e8), 0x400000);
        assert_true(d.blocks * 512 < 64 << 20);
        dumped_end(&d);
    }
}

/* ---- what is not a header of Windows' ---- */

static void low_memory_names_the_kernel_and_its_tables(void **state)
{
    (void)state;
    for (size_t i = 0; i < KERNELS; i++) {
        struct dumped d = dumped_make(kernels[i].name, (struct lab_dump_options){.type = "raw"});
        uint64_t entry = dumped_u64(&d, 0x1070);

        assert_true(d.len == UINT64_C(2) << 30);
        assert_true((dumped_u64(&d, 0x1000) & 0xffffffffffff00ff) == 0x00000001000600e9);
        assert_true((entry & 0xfffff80000000003) == 0xfffff80000000000);
        assert_true(entry > kernels[i].base && entry < kernels[i].base + d.info->kernel_size);
        assert_int_equal(dumped_u64(&d, 0x10a0), d.info->cr3);
        assert_true((d.info->cr3 & 0xffffff0000000fff) == 0);
        dumped_end(&d);
    }
}

static void interrupt_tables_lead_into_the_kernel(void **state)
{
    (void)state;
    for (size_t i = 0; i < KERNELS; i++) {
        struct dumped d = dumped_make(kernels[i].name, (struct lab_dump_options){.type = "elf"});
        uint32_t len;

        for (uint32_t p = 0; p < d.info->processors; p++) {
            uint64_t note = dumped_note(&d, "QEMU", p, &len);
            uint64_t idt = dumped_u64(&d, note + 0x180), gate = dumped_u64_at_va(&d, idt);
            uint64_t handler =
                (gate & 0xffff) | (gate >> 32 & 0xffff0000) | dumped_u64_at_va(&d, idt + 8) << 32;

            assert_int_equal(handler, kernels[i].base + kernels[i].handler);
            assert_int_equal(gate >> 40 & 0xff, 0x8e);
            assert_int_equal(idt, machine_u64(&d, d.info->kpcr[p] + 0x38));
        }
        dumped_end(&d);
    }
}

static void cores_note_every_processor(void **state)
{
    (void)state;
    for (size_t i = 0; i < KERNELS; i++) {
        struct dumped d = dumped_make(kernels[i].name, (struct lab_dump_options){.type = "elf"});
        uint32_t len;

        assert_memory_equal(d.file, "\177ELF\2\1\1", 7);
        assert_int_equal(dumped_u16(&d, 0x10), 4);
        assert_int_equal(dumped_u16(&d, 0x12), 62);
        assert_int_equal(dumped_u16(&d, 0x36), 56);
        for (uint32_t p = 0; p < d.info->processors; p++) {
            uint64_t note = dumped_note(&d, "QEMU", p, &len);

            assert_int_equal(len, 0x1b8);
            assert_int_equal(dumped_u32(&d, note), 1);
            assert_int_equal(dumped_u32(&d, note + 4), len);
            assert_int_equal(dumped_u64(&d, note + 0x88), d.info->break_in_pc);
            assert_int_equal(dumped_u32(&d, note + 0x98), 0x10);             /* cs */
            assert_int_equal(dumped_u64(&d, note + 0x108), d.info->kpcr[p]); /* gs */
            assert_int_equal(dumped_u64(&d, note + 0x188), 0x80050033);
            assert_int_equal(dumped_u64(&d, note + 0x1a0), d.info->cr3);
            assert_int_equal(dumped_u64(&d, note + 0x1a8), d.info->cr4);
            assert_int_equal(dumped_u64(&d, note + 0x1b0), 0); /* kernel_gs_base: no program */
            note = dumped_note(&d, "CORE", p, &len);
            assert_int_equal(len, 336);
            assert_int_equal(dumped_u32(&d, note + 32), p + 1);
            assert_int_equal(dumped_u64(&d, note + 240), d.info->break_in_pc);
        }
        assert_int_equal(dumped_u64(&d, dumped_note(&d, "QEMU", 0, &len) + 0x38), d.info->stack);
        assert_true(dumped_note(&d, "QEMU", d.info->processors, &len) == DUMPED_NOT);
        assert_true(dumped_note(&d, "VMCOREINFO", 0, &len) == DUMPED_NOT);
        dumped_end(&d);
    }
}

static void a_guests_driver_adds_its_header(void **state)
{
    (void)state;
    for (size_t i = 0; i < KERNELS; i++) {
        struct dumped d =
            dumped_make(kernels[i].name, (struct lab_dump_options){.type = "elf-win"});
        uint32_t len;
        uint64_t note = dumped_note(&d, "VMCOREINFO", 0, &len), copy = dumped_u64(&d, note + 0x40);

        assert_int_equal(len, 0x2000);
        assert_memory_equal(d.file + note, "PAGEDU64", 8);
        assert_int_equal(dumped_u32(&d, note + 0x38), FILL); /* BugCheckCode */
        assert_int_equal(dumped_u64(&d, note + 0x10), d.info->cr3);
        assert_int_equal(dumped_u64(&d, note + 0x80), kernels[i].base + kernels[i].kdbg);
        assert_int_equal(dumped_u32(&d, note + 0xf98), 1);
        assert_int_equal(dumped_u32(&d, note + 0xfa0), FILL); /* QEMU knows */
        assert_int_equal((uint32_t)dumped_u64_at_va(&d, copy + 0x10), 0x4742444b);
        assert_int_equal(dumped_u64_at_va(&d, copy + 0x18), kernels[i].base);
        assert_true(dumped_note(&d, "QEMU", 0, &len) != DUMPED_NOT);
        dumped_end(&d);
    }
}

/* ---- what cannot be done ---- */

static void refuse(struct lab_dump_options options, const char *path, const char *named)
{
    struct lab_machine *m = lab_machine_create("14393", LAB_KERNEL_DIR, NULL);
    const char *why = "";

    assert_non_null(m);
    assert_false(lab_dump_write(m, &options, path, &why));
    if (!strstr(why, named))
        fail_msg("\"%s\" does not say \"%s\"", why, named);
    assert_false(lab_dump_write(m, &options, path, NULL));
    lab_machine_destroy(m);
}

static void what_cannot_be_written_is_said(void **state)
{
    char dir[] = "/tmp/lab-dump-XXXXXX", path[64];

    (void)state;
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/dump", dir);
    refuse((struct lab_dump_options){.type = "minidump"}, path, "no such type");
    refuse((struct lab_dump_options){.type = "full", .leave_out = 1}, path, "without some pages");
    refuse((struct lab_dump_options){.type = "kernel", .page_out = 60, .leave_out = 41}, path,
           "100 percent");
    refuse((struct lab_dump_options){.type = "kernel", .swizzle = true}, path, "older");
    refuse((struct lab_dump_options){.type = "triage"}, dir, "directory");
    assert_int_equal(access(path, F_OK), -1);
    /* what is no regular file stays as it is */
    assert_int_equal(mkfifo(path, 0600), 0);
    refuse((struct lab_dump_options){.type = "triage"}, path, "");
    assert_int_equal(access(path, F_OK), 0);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(dir), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_page_stands_where_its_format_says),
        cmocka_unit_test(what_is_no_memory_is_in_no_run),
        cmocka_unit_test(user_pages_are_in_active_dumps_only),
        cmocka_unit_test(headers_say_what_the_machine_is),
        cmocka_unit_test(bitmaps_count_their_bits),
        cmocka_unit_test(more_memory_begins_at_4_gib),
        cmocka_unit_test(low_memory_names_the_kernel_and_its_tables),
        cmocka_unit_test(interrupt_tables_lead_into_the_kernel),
        cmocka_unit_test(cores_note_every_processor),
        cmocka_unit_test(a_guests_driver_adds_its_header),
        cmocka_unit_test(what_cannot_be_written_is_said),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
