#include "support/dump_build.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { PAGE = 0x1000, HEADER = 0x2000 };

/* ---- bytes ---- */

void dump_build_free(struct dump_build *b)
{
    free(b->data);
    *b = (struct dump_build){0};
}

void dump_build_resize(struct dump_build *b, size_t len)
{
    if (len > b->cap) {
        b->cap = 2 * len;
        b->data = realloc(b->data, b->cap);
        assert(b->data);
    }
    if (len > b->len)
        memset(b->data + b->len, 0, len - b->len);
    b->len = len;
}

void dump_build_bytes(struct dump_build *b, uint64_t at, const void *bytes, size_t len)
{
    if (at + len > b->len)
        dump_build_resize(b, (size_t)at + len);
    if (len > 0)
        memcpy(b->data + at, bytes, len);
}

static void write_le(struct dump_build *b, uint64_t at, uint64_t v, size_t len)
{
    uint8_t bytes[8];

    for (size_t i = 0; i < len; i++)
        bytes[i] = (uint8_t)(v >> 8 * i);
    dump_build_bytes(b, at, bytes, len);
}

void dump_build_u16(struct dump_build *b, uint64_t at, uint16_t v)
{
    write_le(b, at, v, 2);
}

void dump_build_u32(struct dump_build *b, uint64_t at, uint32_t v)
{
    write_le(b, at, v, 4);
}

void dump_build_u64(struct dump_build *b, uint64_t at, uint64_t v)
{
    write_le(b, at, v, 8);
}

uint64_t dump_build_word(uint64_t pa)
{
    return pa ^ 0xA5C3000000000000u;
}

void dump_build_memory(struct dump_build *b, uint64_t at, uint64_t pa, uint64_t len)
{
    for (uint64_t i = 0; i < len; i++) {
        uint8_t byte = (uint8_t)(dump_build_word((pa + i) & ~(uint64_t)7) >> 8 * ((pa + i) % 8));

        dump_build_bytes(b, at + i, &byte, 1);
    }
}

/* ---- Windows' header, and what follows ---- */

void dump_build_header(struct dump_build *b, uint32_t type)
{
    for (uint64_t at = 0; at < HEADER; at += 4)
        dump_build_bytes(b, at, "PAGE", 4);
    dump_build_bytes(b, 0, "PAGEDU64", 8);
    dump_build_u32(b, 0x08, 0xF);
    dump_build_u32(b, 0x0C, DUMP_BUILD_BUILD);
    dump_build_u64(b, 0x10, DUMP_BUILD_DTB | 2);
    dump_build_u64(b, 0x18, 0xfffff8047c6fc500u);
    dump_build_u64(b, 0x20, DUMP_BUILD_MODULE_LIST);
    dump_build_u64(b, 0x28, DUMP_BUILD_PROCESS_LIST);
    dump_build_u32(b, 0x30, 0x8664);
    dump_build_u32(b, 0x34, 4);
    dump_build_u32(b, 0x38, DUMP_BUILD_BUGCHECK);
    for (uint64_t i = 0; i < 4; i++)
        dump_build_u64(b, 0x40 + 8 * i, 0x1111111111111111u * (i + 1));
    dump_build_u64(b, 0x80, DUMP_BUILD_DEBUGGER);
    dump_build_u32(b, 0x348 + 0x30, 0x10001F);
    dump_build_u64(b, 0x348 + 0xF8, DUMP_BUILD_RIP);
    dump_build_u32(b, 0xF98, type);
    dump_build_u64(b, 0xFA8, 0x01d707f23dbb3399u);
    dump_build_u64(b, 0x1030, 0x23bc1e9);
    dump_build_u32(b, 0x1040, 1);
    dump_build_u32(b, 0x1044, 0x110);
    dump_build_u32(b, 0x1048, 0);
}

void dump_build_runs(struct dump_build *b, const struct dump_build_range *runs, size_t count)
{
    uint64_t pages = 0;

    assert(count <= 43);
    dump_build_u32(b, 0x88, (uint32_t)count);
    for (size_t i = 0; i < count; i++) {
        dump_build_u64(b, 0x98 + 16 * i, runs[i].base);
        dump_build_u64(b, 0xA0 + 16 * i, runs[i].count);
        dump_build_memory(b, HEADER + PAGE * pages, PAGE * runs[i].base, PAGE * runs[i].count);
        pages += runs[i].count;
    }
    dump_build_u64(b, 0x90, pages);
}

/* The bits at `at`, and the pages from first_page on. */
static void put_bitmap(struct dump_build *b, uint64_t at, uint64_t first_page, const uint64_t *pfns,
                       size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint64_t byte_at = at + pfns[i] / 8;
        uint8_t byte;

        if (byte_at >= b->len)
            dump_build_resize(b, (size_t)byte_at + 1);
        byte = (uint8_t)(b->data[byte_at] | 1u << pfns[i] % 8);
        dump_build_bytes(b, byte_at, &byte, 1);
        dump_build_memory(b, first_page + PAGE * i, PAGE * pfns[i], PAGE);
    }
}

static uint64_t page_up(uint64_t at)
{
    return (at + PAGE - 1) / PAGE * PAGE;
}

void dump_build_bitmap(struct dump_build *b, const char *signature, uint64_t bits,
                       const uint64_t *pfns, size_t count)
{
    uint64_t first_page = page_up(0x2038 + (bits + 7) / 8);

    dump_build_resize(b, (size_t)first_page);
    dump_build_bytes(b, HEADER, signature, 4);
    dump_build_bytes(b, HEADER + 4, "DUMP", 4);
    dump_build_u64(b, 0x2020, first_page);
    dump_build_u64(b, 0x2028, count);
    dump_build_u64(b, 0x2030, bits);
    put_bitmap(b, 0x2038, first_page, pfns, count);
}

void dump_build_old_bitmap(struct dump_build *b, uint32_t bits, const uint64_t *pfns, size_t count)
{
    uint64_t first_page = page_up(0x2028 + (bits + 7) / 8);

    dump_build_resize(b, (size_t)first_page);
    dump_build_bytes(b, HEADER, "SDMPDUMP", 8);
    dump_build_u32(b, 0x200C, (uint32_t)first_page);
    dump_build_u32(b, 0x2010, bits);
    dump_build_u32(b, 0x2014, (uint32_t)count);
    dump_build_u32(b, 0x2018, bits);
    dump_build_u64(b, 0x2020, 0xfffffa8012345678u); /* a pointer of the writer's */
    put_bitmap(b, 0x2028, first_page, pfns, count);
}

void dump_build_ranges(struct dump_build *b, const struct dump_build_range *ranges, size_t count,
                       uint64_t table_len)
{
    uint64_t first_page = 0x2030 + table_len, pages = 0;

    assert(16 * count <= table_len);
    dump_build_resize(b, (size_t)first_page);
    dump_build_bytes(b, HEADER, "\x40\0\0\0RDMPDUMP", 12);
    dump_build_u64(b, 0x2010, first_page - 0x2020);
    dump_build_u64(b, 0x2018, first_page);
    dump_build_u32(b, 0x2020, (uint32_t)count);
    for (size_t i = 0; i < count; i++) {
        dump_build_u64(b, 0x2030 + 16 * i, ranges[i].base);
        dump_build_u64(b, 0x2038 + 16 * i, ranges[i].count);
        dump_build_memory(b, first_page + PAGE * pages, PAGE * ranges[i].base,
                          PAGE * ranges[i].count);
        pages += ranges[i].count;
    }
    dump_build_u64(b, 0x2028, pages);
}

/* ---- triage ---- */

enum { /* where the parts stand in the file */
       TRIAGE_DEBUGGER = 0x2100,
       TRIAGE_STACK = 0x2480,
       TRIAGE_DRIVERS = 0x2500,
       TRIAGE_NAMES = 0x2700,
       TRIAGE_TABLE = 0x2800,
       TRIAGE_MEMORY = 0x2900,
       TRIAGE_END = 0x2A00,
};

static void put_name(struct dump_build *b, uint64_t at, const char *text)
{
    dump_build_u32(b, at, (uint32_t)strlen(text));
    for (size_t i = 0; text[i]; i++)
        dump_build_u16(b, at + 4 + 2 * i, (uint8_t)text[i]);
}

static void put_driver(struct dump_build *b, unsigned i, uint64_t base, uint32_t size,
                       const char *name)
{
    uint64_t at = TRIAGE_DRIVERS + 0x90 * i, name_at = TRIAGE_NAMES + 0x60 * i;

    dump_build_u32(b, at, (uint32_t)name_at);
    dump_build_u64(b, at + 0x38, base);
    dump_build_u32(b, at + 0x48, size);
    dump_build_u32(b, at + 0x80, 0xa50000 + i);
    dump_build_u32(b, at + 0x88, 0x0d8333e0 + i);
    put_name(b, name_at, name);
}

static void put_block(struct dump_build *b, unsigned i, uint64_t va, uint32_t at, uint32_t len)
{
    dump_build_u64(b, TRIAGE_TABLE + 16 * i, va);
    dump_build_u32(b, TRIAGE_TABLE + 16 * i + 8, at);
    dump_build_u32(b, TRIAGE_TABLE + 16 * i + 12, len);
    dump_build_memory(b, at, va, len);
}

void dump_build_triage(struct dump_build *b)
{
    dump_build_header(b, 4);
    dump_build_resize(b, TRIAGE_END);
    dump_build_u32(b, 0x2004, TRIAGE_END + 4);
    dump_build_u32(b, 0x2008, TRIAGE_END);
    dump_build_bytes(b, TRIAGE_END, "TRGD", 4);
    dump_build_u32(b, 0x2028, TRIAGE_STACK);
    dump_build_u32(b, 0x202C, 64);
    dump_build_u64(b, 0x2048, DUMP_BUILD_STACK);
    dump_build_memory(b, TRIAGE_STACK, DUMP_BUILD_STACK, 64);
    dump_build_u32(b, 0x2070, TRIAGE_DEBUGGER);
    dump_build_u32(b, 0x2074, 0x380);
    dump_build_bytes(b, TRIAGE_DEBUGGER + 0x10, "KDBG", 4);
    dump_build_u32(b, TRIAGE_DEBUGGER + 0x14, 0x380);
    dump_build_u64(b, TRIAGE_DEBUGGER + 0x18, DUMP_BUILD_KERNEL);
    dump_build_u32(b, 0x2030, TRIAGE_DRIVERS);
    dump_build_u32(b, 0x2034, 2);
    put_driver(b, 0, DUMP_BUILD_KERNEL, 0x1046000, "\\SystemRoot\\system32\\ntoskrnl.exe");
    put_driver(b, 1, 0xfffff80479440000u, 0x6000, "hal.dll");
    dump_build_u32(b, 0x2078, TRIAGE_TABLE);
    dump_build_u32(b, 0x207C, 3);
    put_block(b, 0, DUMP_BUILD_BLOCKS + 0x18, TRIAGE_MEMORY + 0x40, 24);
    put_block(b, 1, DUMP_BUILD_BLOCKS, TRIAGE_MEMORY + 0x20, 16);
    put_block(b, 2, DUMP_BUILD_BLOCKS + 0x10, TRIAGE_MEMORY, 16);
}

/* ---- other kinds ---- */

void dump_build_note(struct dump_build *notes, const char *name, const void *bytes, size_t len)
{
    size_t at = notes->len;
    size_t name_len = strlen(name) + 1;
    size_t note_at = at + 12 + (name_len + 3) / 4 * 4;

    dump_build_u32(notes, at, (uint32_t)name_len);
    dump_build_u32(notes, at + 4, (uint32_t)len);
    dump_build_u32(notes, at + 8, 0);
    dump_build_bytes(notes, at + 12, name, name_len);
    dump_build_bytes(notes, note_at, bytes, len);
    dump_build_resize(notes, note_at + (len + 3) / 4 * 4);
}

void dump_build_processor(struct dump_build *notes, uint64_t rip, uint64_t gs_base, uint64_t idt_va,
                          uint64_t cr3, uint64_t cr4)
{
    struct dump_build cpu = {0};

    dump_build_u32(&cpu, 0, 1);
    dump_build_u32(&cpu, 4, 0x1B8);
    dump_build_u64(&cpu, 0x88, rip);
    dump_build_u64(&cpu, 0x98 + 4 * 24 + 16, gs_base);
    dump_build_u64(&cpu, 0x98 + 9 * 24 + 16, idt_va);
    dump_build_u64(&cpu, 0x188 + 3 * 8, cr3);
    dump_build_u64(&cpu, 0x188 + 4 * 8, cr4);
    dump_build_resize(&cpu, 0x1B8);
    dump_build_note(notes, "QEMU", cpu.data, cpu.len);
    dump_build_free(&cpu);
}

static void put_segment(struct dump_build *b, size_t i, uint32_t type, uint64_t offset, uint64_t pa,
                        uint64_t len)
{
    uint64_t at = 0x40 + 56 * i;

    dump_build_u32(b, at, type);
    dump_build_u64(b, at + 8, offset);
    dump_build_u64(b, at + 24, pa);
    dump_build_u64(b, at + 32, len);
    dump_build_u64(b, at + 40, len);
}

void dump_build_elf(struct dump_build *b, const struct dump_build *notes,
                    const struct dump_build_segment *segments, size_t count)
{
    uint64_t at = 0x40 + 56 * (count + 1);

    dump_build_bytes(b, 0,
                     "\x7f"
                     "ELF\x02\x01\x01",
                     7);
    dump_build_u16(b, 0x10, 4);
    dump_build_u16(b, 0x12, 62);
    dump_build_u64(b, 0x20, 0x40);
    dump_build_u16(b, 0x36, 56);
    dump_build_u16(b, 0x38, (uint16_t)(count + 1));
    put_segment(b, 0, 4, at, 0, notes->len);
    dump_build_bytes(b, at, notes->data, notes->len);
    at += notes->len;
    for (size_t i = 0; i < count; i++) {
        put_segment(b, i + 1, 1, at, segments[i].pa, segments[i].len);
        dump_build_memory(b, at, segments[i].pa, segments[i].len);
        at += segments[i].len;
    }
}

void dump_build_lime(struct dump_build *b, uint64_t first, uint64_t last)
{
    uint64_t at = b->len;

    dump_build_bytes(b, at, "EMiL", 4);
    dump_build_u32(b, at + 4, 1);
    dump_build_u64(b, at + 8, first);
    dump_build_u64(b, at + 16, last);
    dump_build_u64(b, at + 24, 0);
    dump_build_memory(b, at + 32, first, last - first + 1);
}

void dump_build_low_stub(struct dump_build *b, uint64_t at, uint64_t pa, uint64_t kernel_va,
                         uint64_t root_pa)
{
    dump_build_u64(b, at + pa, 0x00000001000642E9u);
    dump_build_u64(b, at + pa + 0x70, kernel_va);
    dump_build_u64(b, at + pa + 0xA0, root_pa);
}

void dump_build_root(struct dump_build *b, uint64_t at, uint64_t pa)
{
    static const uint64_t kernel_entries[] = {256, 310, 400, 480, 495, 511};

    for (uint64_t i = 0; i < 512; i++)
        dump_build_u64(b, at + pa + 8 * i, 0);
    for (size_t i = 0; i < sizeof kernel_entries / sizeof kernel_entries[0]; i++)
        dump_build_u64(b, at + pa + 8 * kernel_entries[i], 0x7000 + 0x1000 * i + 0x63);
    dump_build_u64(b, at + pa + 8 * 493, pa | 0x8000000000000063u);
}
