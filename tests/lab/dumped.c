#define _XOPEN_SOURCE 700
#include "dumped.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAGE 0x1000u

struct dumped dumped_make_with(const char *kernel, struct lab_dump_options options, uint64_t ram)
{
    struct dumped d = {0};
    const char *why = "";
    struct stat s;
    void *file;
    char path[64];
    int fd;

    /* in memory where that can be: some disks take seconds to forget a file full of holes */
    snprintf(path, sizeof path, "%s/lab-dump-XXXXXX",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    fd = mkstemp(path);
    assert_true(fd >= 0);
    d.machine = lab_machine_create_with(kernel, LAB_KERNEL_DIR,
                                        &(struct lab_machine_options){.ram = ram}, &why);
    if (!d.machine || !lab_dump_write(d.machine, &options, path, &why)) {
        unlink(path);
        fail_msg("%s, %s: %s", kernel, options.type, why);
    }
    assert_int_equal(fstat(fd, &s), 0);
    file = mmap(NULL, (size_t)s.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    assert_true(file != MAP_FAILED);
    unlink(path);
    close(fd);
    d.info = lab_machine_info(d.machine);
    d.file = file;
    d.len = (size_t)s.st_size;
    d.blocks = (uint64_t)s.st_blocks;
    return d;
}

struct dumped dumped_make(const char *kernel, struct lab_dump_options options)
{
    return dumped_make_with(kernel, options, UINT64_C(2) << 30);
}

void dumped_end(struct dumped *d)
{
    munmap((void *)(uintptr_t)d->file, d->len);
    lab_machine_destroy(d->machine);
}

static void read_at(const struct dumped *d, uint64_t at, void *out, size_t len)
{
    if (at > d->len || len > d->len - at)
        fail_msg("0x%" PRIx64 " is behind the end of the file", at);
    memcpy(out, d->file + at, len);
}

uint16_t dumped_u16(const struct dumped *d, uint64_t at)
{
    uint16_t v;

    read_at(d, at, &v, sizeof v);
    return v;
}

uint32_t dumped_u32(const struct dumped *d, uint64_t at)
{
    uint32_t v;

    read_at(d, at, &v, sizeof v);
    return v;
}

uint64_t dumped_u64(const struct dumped *d, uint64_t at)
{
    uint64_t v;

    read_at(d, at, &v, sizeof v);
    return v;
}

/* ---- pages ---- */

static uint64_t page_in_runs(const struct dumped *d, uint64_t table, uint64_t count, uint64_t at,
                             uint64_t number)
{
    for (uint64_t i = 0; i < count; i++) {
        uint64_t first = dumped_u64(d, table + 16 * i), len = dumped_u64(d, table + 16 * i + 8);

        if (number - first < len)
            return at + (number - first) * PAGE;
        at += len * PAGE;
    }
    return DUMPED_NOT;
}

static unsigned ones(uint64_t v)
{
    v -= v >> 1 & 0x5555555555555555;
    v = (v & 0x3333333333333333) + (v >> 2 & 0x3333333333333333);
    return (unsigned)(((v + (v >> 4)) & 0x0f0f0f0f0f0f0f0f) * 0x0101010101010101 >> 56);
}

static uint64_t page_in_bitmap(const struct dumped *d, uint64_t bitmap, uint64_t bits,
                               uint64_t first_page, uint64_t number)
{
    uint64_t before = 0, word;

    assert_true(bitmap + (bits + 7) / 8 <= first_page && first_page <= d->len);
    if (number >= bits || !(d->file[bitmap + number / 8] >> number % 8 & 1))
        return DUMPED_NOT;
    for (uint64_t i = 0; i < number / 64; i++)
        before += ones(dumped_u64(d, bitmap + 8 * i));
    word = dumped_u64(d, bitmap + number / 64 * 8);
    return first_page + (before + ones(word & ((UINT64_C(1) << number % 64) - 1))) * PAGE;
}

static uint64_t page_in_windows_dump(const struct dumped *d, uint64_t number)
{
    switch (dumped_u32(d, 0xf98)) {
    case 1:
        return page_in_runs(d, 0x98, dumped_u32(d, 0x88), 0x2000, number);
    case 2:
        return page_in_bitmap(d, 0x2028, dumped_u32(d, 0x2010), dumped_u32(d, 0x200c), number);
    case 5:
    case 6:
        return page_in_bitmap(d, 0x2038, dumped_u64(d, 0x2030), dumped_u64(d, 0x2020), number);
    case 10:
        return page_in_runs(d, 0x2030, dumped_u32(d, 0x2020), dumped_u64(d, 0x2018), number);
    default:
        return DUMPED_NOT;
    }
}

static uint64_t page_in_lime(const struct dumped *d, uint64_t number)
{
    for (uint64_t at = 0; at < d->len;) {
        uint64_t first = dumped_u64(d, at + 8), last = dumped_u64(d, at + 16);

        assert_memory_equal(d->file + at, "EMiL\1\0\0\0", 8);
        assert_true(last % PAGE == PAGE - 1);
        if (number * PAGE >= first && number * PAGE <= last)
            return at + 32 + (number * PAGE - first);
        at += 32 + (last - first + 1);
    }
    return DUMPED_NOT;
}

static uint64_t page_in_elf(const struct dumped *d, uint64_t number)
{
    uint64_t header = dumped_u64(d, 0x20);

    for (unsigned i = dumped_u16(d, 0x38); i > 0; i--, header += 56) {
        uint64_t pa = dumped_u64(d, header + 24), len = dumped_u64(d, header + 32);

        if (dumped_u32(d, header) == 1 && number * PAGE - pa < len)
            return dumped_u64(d, header + 8) + (number * PAGE - pa);
    }
    return DUMPED_NOT;
}

uint64_t dumped_page(const struct dumped *d, uint64_t number)
{
    uint64_t at = number * PAGE;

    if (memcmp(d->file, "PAGEDU64", 8) == 0)
        at = page_in_windows_dump(d, number);
    else if (memcmp(d->file, "EMiL", 4) == 0)
        at = page_in_lime(d, number);
    else if (memcmp(d->file, "\177ELF\2", 5) == 0)
        at = page_in_elf(d, number);
    else if (at >= d->len)
        at = DUMPED_NOT;
    assert_true(at == DUMPED_NOT || at + PAGE <= d->len);
    return at;
}

/* ---- virtual addresses ---- */

uint64_t dumped_entry(const struct dumped *d, uint64_t va)
{
    uint64_t entry = d->info->cr3 | 1;

    for (int shift = 39; shift >= 12 && (entry & 1); shift -= 9) {
        uint64_t table = dumped_page(d, (entry & 0x000ffffffffff000) / PAGE);

        assert_true(table != DUMPED_NOT);
        entry = dumped_u64(d, table + 8 * (va >> shift & 0x1ff));
    }
    return entry;
}

uint64_t dumped_va(const struct dumped *d, uint64_t va)
{
    uint64_t entry = dumped_entry(d, va), page = DUMPED_NOT;

    if (entry & 1)
        page = dumped_page(d, (entry & 0x000ffffffffff000) / PAGE);
    return page == DUMPED_NOT ? page : page + va % PAGE;
}

uint64_t dumped_u64_at_va(const struct dumped *d, uint64_t va)
{
    uint64_t at = dumped_va(d, va);

    if (at == DUMPED_NOT)
        fail_msg("0x%" PRIx64 " is not in the file", va);
    return dumped_u64(d, at);
}

uint64_t dumped_note(const struct dumped *d, const char *name, unsigned n, uint32_t *len)
{
    uint64_t header = dumped_u64(d, 0x20), at = dumped_u64(d, header + 8);
    uint64_t end = at + dumped_u64(d, header + 32);

    assert_int_equal(dumped_u32(d, header), 4);
    while (at < end) {
        uint32_t name_len = dumped_u32(d, at);
        uint64_t bytes = at + 12 + (name_len + 3ull) / 4 * 4;

        *len = dumped_u32(d, at + 4);
        if (strcmp((const char *)d->file + at + 12, name) == 0 && n-- == 0)
            return bytes;
        at = bytes + (*len + 3ull) / 4 * 4;
    }
    assert_true(at == end);
    return DUMPED_NOT;
}
