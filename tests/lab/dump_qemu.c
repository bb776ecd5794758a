/* What QEMU's dump-guest-memory writes: an ELF core with the processors' registers in notes, and segments of
 * physical memory right behind them, wherever that is. Where the guest has QEMU's driver, the Windows header
 * that it prepared is one more note; or that header is made good, and a Windows dump is written. All [doc]. */
#include <stdlib.h>
#include <string.h>

#include "dump_parts.h"

#define PROGRAM_HEADERS 0x40u
#define PROGRAM_HEADER  56u
#define CONTEXT_LEN     0x4d0u

/* Offsets in CONTEXT, and of _KSPECIAL_REGISTERS in public symbols [seen]. */
enum {
    RAX = 0x78,
    RIP = 0xf8,
    FLAGS = 0x44,
    CS = 0x38,
    DS = 0x3a,
    ES = 0x3c,
    FS = 0x3e,
    GS = 0x40,
    SS = 0x42
};
enum {
    CR0 = 0x00,
    CR2 = 0x08,
    CR3 = 0x10,
    CR4 = 0x18,
    IDTR = 0x60,
    GS_BASE = 0xa8,
    GS_SWAP = 0xb0
};

struct processor {
    uint8_t context[CONTEXT_LEN];
    uint8_t special[0xf0];
};

static uint64_t at64(const uint8_t *p)
{
    uint64_t v;

    memcpy(&v, p, sizeof(v));
    return v;
}

static uint32_t at32(const uint8_t *p)
{
    uint32_t v;

    memcpy(&v, p, sizeof(v));
    return v;
}

static uint16_t at16(const uint8_t *p)
{
    uint16_t v;

    memcpy(&v, p, sizeof(v));
    return v;
}

static void set64(uint8_t *p, uint64_t v)
{
    memcpy(p, &v, sizeof(v));
}

static void set32(uint8_t *p, uint32_t v)
{
    memcpy(p, &v, sizeof(v));
}

static void read_processor(const struct dump *d, uint32_t number, struct processor *out)
{
    uint64_t prcb = d->machine->info.kprcb[number];

    memset(out, 0, sizeof(*out));
    lab_memory_read(d->memory, dump_context_va(d, number), out->context, sizeof(out->context));
    lab_memory_read(d->memory, prcb + kdbg_u16(d, 0x2f2), out->special, sizeof(out->special));
}

/* General registers by number: rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi, r8 to r15. */
static uint64_t general(const struct processor *p, size_t number)
{
    return at64(p->context + RAX + 8 * number);
}

/* ---- notes ---- */

static void put_note(struct dump *d, const char *name, uint32_t type, const void *bytes, size_t len)
{
    uint64_t at = d->file.len, name_len = strlen(name) + 1;

    dump_put_u32(&d->file, at, (uint32_t)name_len);
    dump_put_u32(&d->file, at + 4, (uint32_t)len);
    dump_put_u32(&d->file, at + 8, type);
    dump_put(&d->file, at + 12, name, name_len);
    at += 12 + (name_len + 3) / 4 * 4;
    dump_put(&d->file, at, bytes, len);
    d->file.len = at + (len + 3) / 4 * 4;
}

/* What every core has of a thread: struct elf_prstatus of Linux, registers at 112. */
static void put_status(struct dump *d, uint32_t number)
{
    static const uint8_t order[] = {15, 14, 13, 12, 5, 3, 11, 10, 9, 8, 0, 1, 2, 6, 7, 0};
    uint8_t note[336] = {0};
    struct processor p;

    read_processor(d, number, &p);
    set32(note + 32, number + 1);
    for (size_t i = 0; i < sizeof(order); i++)
        set64(note + 112 + 8 * i, general(&p, order[i]));
    set64(note + 240, at64(p.context + RIP));
    set64(note + 248, at16(p.context + CS));
    set64(note + 256, at32(p.context + FLAGS));
    set64(note + 264, general(&p, 4));
    set64(note + 272, at16(p.context + SS));
    put_note(d, "CORE", 1, note, sizeof(note));
}

/* Selector, limit, flags, padding, base. */
static void set_segment(uint8_t *to, uint16_t selector, uint32_t limit, uint64_t base)
{
    set32(to, selector);
    set32(to + 4, limit);
    set64(to + 16, base);
}

/* QEMU's own: struct QEMUCPUState. */
static void put_state(struct dump *d, uint32_t number)
{
    static const uint8_t order[] = {0, 3, 1, 2, 6, 7, 4, 5, 8, 9, 10, 11, 12, 13, 14, 15};
    static const uint8_t segments[] = {CS, DS, ES, FS, GS, SS};
    uint8_t note[0x1b8] = {0}, *at = note + 8;
    struct processor p;

    read_processor(d, number, &p);
    set32(note, 1); /* version */
    set32(note + 4, sizeof(note));
    for (size_t i = 0; i < sizeof(order); i++, at += 8)
        set64(at, general(&p, order[i]));
    set64(at, at64(p.context + RIP));
    set64(at + 8, at32(p.context + FLAGS));
    at += 16;
    for (unsigned i = 0; i < sizeof(segments); i++, at += 24)
        set_segment(at, at16(p.context + segments[i]), 0xffffffff,
                    segments[i] == GS ? at64(p.special + GS_BASE) : 0);
    at += 72; /* ldt, tr, gdt: none in this lab */
    set_segment(at, 0, at16(p.special + IDTR + 6), at64(p.special + IDTR + 8));
    set64(note + 0x188, at64(p.special + CR0));
    set64(note + 0x198, at64(p.special + CR2));
    set64(note + 0x1a0, at64(p.special + CR3));
    set64(note + 0x1a8, at64(p.special + CR4));
    set64(note + 0x1b0, at64(p.special + GS_SWAP));
    put_note(d, "QEMU", 0, note, sizeof(note));
}

static void put_notes(struct dump *d)
{
    uint32_t count = d->machine->info.processors;

    for (uint32_t i = 0; i < count; i++)
        put_status(d, i);
    for (uint32_t i = 0; i < count; i++)
        put_state(d, i);
    if (d->type->is_qemu)
        put_note(d, "VMCOREINFO", 0, d->header, sizeof(d->header));
}

/* ---- the core ---- */

static void put_program_header(struct dump *d, unsigned number, uint32_t type, uint64_t offset,
                               uint64_t pa, uint64_t len)
{
    uint64_t at = PROGRAM_HEADERS + PROGRAM_HEADER * number;

    dump_put_u32(&d->file, at, type);
    dump_put_u64(&d->file, at + 8, offset);
    dump_put_u64(&d->file, at + 24, pa);
    dump_put_u64(&d->file, at + 32, len); /* in the file, and in memory */
    dump_put_u64(&d->file, at + 40, len);
}

static void put_elf_header(struct dump *d, uint16_t program_headers)
{
    uint8_t h[PROGRAM_HEADERS] = "\177ELF\2\1\1"; /* 64 bits, little-endian, version 1 */

    h[0x10] = 4;  /* a core */
    h[0x12] = 62; /* x86-64 */
    h[0x14] = 1;
    set64(h + 0x20, PROGRAM_HEADERS);
    h[0x34] = PROGRAM_HEADERS; /* this header's length */
    h[0x36] = PROGRAM_HEADER;
    memcpy(h + 0x38, &program_headers, sizeof(program_headers));
    dump_put(&d->file, 0, h, sizeof(h));
}

/* The blocks that QEMU's memory map has: below video memory, above it, above the devices. */
bool dump_write_elf(struct dump *d)
{
    const struct lab_run blocks[] = {
        {0, 0xa0},
        {0xc0, LAB_RAM_MIN / LAB_PAGE - 0xc0},
        {0x100000, lab_memory_pages(d->memory) - LAB_RAM_MIN / LAB_PAGE},
    };
    unsigned count = blocks[2].count ? 3 : 2;
    uint64_t notes = PROGRAM_HEADERS + PROGRAM_HEADER * (count + 1);

    put_elf_header(d, (uint16_t)(count + 1));
    d->file.len = notes;
    put_notes(d);
    put_program_header(d, 0, 4, notes, 0, d->file.len - notes);
    for (unsigned i = 0; i < count; i++) {
        uint64_t at = d->file.len, len = blocks[i].count * LAB_PAGE;

        put_program_header(d, i + 1, 1, at, blocks[i].first * LAB_PAGE, len);
        dump_put_pages(d, at, blocks[i].first, blocks[i].count);
    }
    return true;
}

/* ---- with -w ---- */

/* A header of a crash, if there was one, and a block of debugger data that can be read: the kernel's own, or
 * else the driver's copy. */
bool dump_write_win_dmp(struct dump *d)
{
    uint64_t data = kdbg_u64(d, 0x88), code = get_u64(d->machine, data);

    if (d->options->encode)
        dump_header_u64(d, 0x80, d->kdbg_copy_va);
    dump_header_u32(d, 0x38, code ? (uint32_t)code : LIVE_SYSTEM_DUMP);
    for (size_t i = 0; i < 4; i++)
        dump_header_u64(d, 0x40 + 8 * i, get_u64(d->machine, data + 8 + 8 * i));
    return dump_write_runs(d);
}
