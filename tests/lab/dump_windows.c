/* What follows Windows' header in dumps of physical memory [doc]. */
#include <stdlib.h>
#include <string.h>

#include "dump_parts.h"

static uint64_t whole_pages(uint64_t len)
{
    return (len + LAB_PAGE - 1) / LAB_PAGE * LAB_PAGE;
}

/* Everything, run after run. */
bool dump_write_runs(struct dump *d)
{
    struct lab_run run = {0};
    uint64_t at = DUMP_HEADER;

    for (; dump_next_run(d, &run); at += run.count * LAB_PAGE)
        dump_put_pages(d, at, run.first, run.count);
    dump_put_header(d);
    return true;
}

/* ---- bitmaps ---- */

/* The pages that the file has, from `first_page` on, and a bit for each at `bits_at`; their number. */
static bool put_bitmap(struct dump *d, uint64_t bits_at, uint64_t first_page, uint64_t *present)
{
    size_t len = (size_t)(lab_memory_end(d->memory) + 7) / 8;
    uint8_t *bits = calloc(len, 1);
    struct lab_run run = {0};

    if (!bits) {
        d->why = "out of memory";
        return false;
    }
    for (*present = 0; dump_next_run(d, &run); *present += run.count) {
        for (uint64_t n = run.first; n < run.first + run.count; n++)
            bits[n / 8] |= (uint8_t)(1u << n % 8);
        dump_put_pages(d, first_page + *present * LAB_PAGE, run.first, run.count);
    }
    dump_put(&d->file, bits_at, bits, len);
    free(bits);
    return true;
}

static void put_signature(struct dump *d, const char *signature)
{
    dump_put(&d->file, DUMP_HEADER, signature, 4);
    dump_put(&d->file, DUMP_HEADER + 4, "DUMP", 4);
    dump_put_u32(&d->file, DUMP_HEADER + 8, d->type->content == 0 ? 3 : 1); /* user pages too? */
}

bool dump_write_bitmap(struct dump *d)
{
    uint64_t bits = lab_memory_end(d->memory), present;
    uint64_t first_page = whole_pages(DUMP_HEADER + 0x38 + (bits + 7) / 8);

    if (!put_bitmap(d, DUMP_HEADER + 0x38, first_page, &present))
        return false;
    put_signature(d, d->type->signature);
    dump_put_u64(&d->file, DUMP_HEADER + 0x20, first_page);
    dump_put_u64(&d->file, DUMP_HEADER + 0x28, present);
    dump_put_u64(&d->file, DUMP_HEADER + 0x30, bits);
    dump_put_header(d);
    return true;
}

bool dump_write_old_bitmap(struct dump *d)
{
    uint64_t bits = lab_memory_end(d->memory), present;
    uint64_t first_page = whole_pages(DUMP_HEADER + 0x28 + (bits + 7) / 8);

    if (!put_bitmap(d, DUMP_HEADER + 0x28, first_page, &present))
        return false;
    put_signature(d, d->type->signature);
    dump_put_u32(&d->file, DUMP_HEADER + 0x0c, (uint32_t)first_page);
    dump_put_u32(&d->file, DUMP_HEADER + 0x10, (uint32_t)bits);
    dump_put_u32(&d->file, DUMP_HEADER + 0x14, (uint32_t)present);
    dump_put_u32(&d->file, DUMP_HEADER + 0x18, (uint32_t)bits);
    dump_put_header(d);
    return true;
}

/* ---- ranges ---- */

bool dump_write_ranges(struct dump *d)
{
    struct lab_run run = {0};
    uint64_t ranges = 0, pages = 0, first_page, at;

    for (; dump_next_run(d, &run); ranges++)
        pages += run.count;
    first_page = whole_pages(DUMP_HEADER + 0x30 + 16 * ranges);
    at = first_page;
    run = (struct lab_run){0};
    for (uint64_t i = 0; dump_next_run(d, &run); i++, at += run.count * LAB_PAGE) {
        dump_put_u64(&d->file, DUMP_HEADER + 0x30 + 16 * i, run.first);
        dump_put_u64(&d->file, DUMP_HEADER + 0x38 + 16 * i, run.count);
        dump_put_pages(d, at, run.first, run.count);
    }
    dump_put(&d->file, DUMP_HEADER, "\x40\0\0\0RDMPDUMP", 12);
    dump_put_u64(&d->file, DUMP_HEADER + 0x10, first_page - 0x2020);
    dump_put_u64(&d->file, DUMP_HEADER + 0x18, first_page);
    dump_put_u32(&d->file, DUMP_HEADER + 0x20, (uint32_t)ranges);
    dump_put_u64(&d->file, DUMP_HEADER + 0x28, pages);
    dump_put_header(d);
    return true;
}
