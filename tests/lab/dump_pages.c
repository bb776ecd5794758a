/* What each page of a machine's memory is for, and what becomes of those that hold pool. */
#include <stdlib.h>
#include <string.h>

#include "dump_parts.h"
#include "random.h"

/* InvalidPteMask on Intel's processors of a common kind [doc]. */
#define SWIZZLE_MASK 0x200000000000u

static void note_use(void *ctx, uint64_t va, unsigned level, uint64_t *entry)
{
    struct dump *d = ctx;
    bool is_large = level == 1 && (*entry & LAB_ENTRY_LARGE);
    uint8_t use = level > 0 && !is_large ? PAGE_TABLE : va >> 63 ? PAGE_SYSTEM : PAGE_USER;

    for (uint64_t i = 0; i < (is_large ? LAB_LARGE_PAGE / LAB_PAGE : 1); i++)
        d->pages[(*entry & LAB_ENTRY_FRAME) / LAB_PAGE + i] |= use;
}

bool dump_take_stock(struct dump *d)
{
    d->pages = calloc((size_t)lab_memory_end(d->memory), 1);
    if (!d->pages) {
        d->why = "out of memory";
        return false;
    }
    lab_memory_visit(d->memory, note_use, d);
    d->pages[LAB_START_BLOCK / LAB_PAGE] |= PAGE_SYSTEM; /* no address of its own in this lab */
    return true;
}

/* ---- fates ---- */

struct lots {
    struct dump *d;
    uint64_t random;
    uint64_t mask; /* 0: nothing is flipped */
};

/* As the kernel hides where an entry would lead: the bits are flipped, unless they are set already, of
 * which then another bit tells [doc]. */
static uint64_t swizzled(const struct lots *l, uint64_t entry)
{
    return entry & l->mask ? entry | LAB_ENTRY_NOT_SWIZZLED : entry | l->mask;
}

/* Nothing but its content was in the page, which somebody else has now. */
static void page_out(struct lots *l, uint64_t *entry)
{
    uint64_t frame = *entry & LAB_ENTRY_FRAME, where = lab_random(&l->random);
    uint8_t other[LAB_PAGE];

    memset(other, 0xee, sizeof(other));
    lab_memory_write_physical(l->d->memory, frame, other, sizeof(other));
    l->d->pages[frame / LAB_PAGE] = 0;
    /* one of two page files; the second stands for compressed memory; not its first page */
    *entry = swizzled(l, LAB_ENTRY_PAGED_OUT(where >> 62 & 2, where % 0x40000 + 1));
}

static void draw_lot(void *ctx, uint64_t va, unsigned level, uint64_t *entry)
{
    struct lots *l = ctx;
    const struct lab_dump_options *o = l->d->options;
    uint64_t frame = *entry & LAB_ENTRY_FRAME, lot;

    if (level > 0 || !(va >> 63))
        return;
    if (va == l->d->machine->info.kernel_base && o->header_out)
        page_out(l, entry);
    if (va >= LAB_POOL_END)
        return;
    lot = lab_random(&l->random) % 100;
    if (lot < o->page_out)
        page_out(l, entry);
    else if (lot < o->page_out + o->transition)
        *entry = swizzled(l, frame | LAB_ENTRY_TRANSITION | LAB_ENTRY_READ_WRITE);
    else if (lot < o->page_out + o->transition + o->leave_out)
        l->d->pages[frame / LAB_PAGE] |= PAGE_LEFT_OUT;
}

bool dump_decide_fates(struct dump *d)
{
    struct lots lots = {.d = d, .random = d->options->seed};

    if (d->options->swizzle) {
        lots.mask = SWIZZLE_MASK;
        if (!d->machine->parts->swizzle(d->machine, lots.mask)) {
            d->why = "this kernel is older than the flipping of entries";
            return false;
        }
    }
    lab_memory_visit(d->memory, draw_lot, &lots);
    return true;
}

/* ---- what the file has ---- */

bool dump_has_page(const struct dump *d, uint64_t number)
{
    uint8_t use = d->pages[number];

    return !(use & PAGE_LEFT_OUT) && (d->type->content == 0 || (use & d->type->content));
}

bool dump_next_run(const struct dump *d, struct lab_run *run)
{
    struct lab_run runs[LAB_RUNS_MAX];
    size_t count = lab_memory_runs(d->memory, runs);
    uint64_t from = run->first + run->count;

    for (size_t i = 0; i < count; i++) {
        uint64_t end = runs[i].first + runs[i].count;
        uint64_t first = from > runs[i].first ? from : runs[i].first, behind;

        while (first < end && !dump_has_page(d, first))
            first++;
        for (behind = first; behind < end && dump_has_page(d, behind); behind++)
            ;
        if (behind > first) {
            *run = (struct lab_run){first, behind - first};
            return true;
        }
    }
    return false;
}

void dump_put_pages(struct dump *d, uint64_t at, uint64_t number, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        const uint8_t *page = lab_memory_page(d->memory, number + i);

        if (page)
            dump_put(&d->file, at + i * LAB_PAGE, page, LAB_PAGE);
    }
    if (at + count * LAB_PAGE > d->file.len)
        d->file.len = at + count * LAB_PAGE;
}
