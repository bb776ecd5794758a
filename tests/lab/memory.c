#include "memory.h"

#include <stdlib.h>
#include <string.h>

#define LOW_PAGES   (LAB_RAM_MIN / LAB_PAGE)
#define HIGH_START  0x100000u /* 4 GiB */
#define STRIDE      0x2c6c5u  /* odd: goes round all pages before any comes again */
#define ENTRIES     512u
#define FRAME       LAB_ENTRY_FRAME
#define PRESENT     0x1u
#define TABLE_FLAGS 0x63u               /* present, writable, accessed, dirty */
#define PAGE_FLAGS  0x8000000000000163u /* and global, no execute */
#define USER_FLAGS  0x8000000000000067u /* not global, for programs too */
#define USER        0x4u
#define SPACES_MAX  256u
#define SYSTEM_HALF (ENTRIES / 2)
#define LARGE_FIRST 0x4000u /* page number; nothing else lies in the large page */

struct lab_memory {
    uint8_t **page; /* by page number; NULL: never written, reads as zeros */
    uint64_t pages, used;
    unsigned self_slot;
    uint64_t space[SPACES_MAX]; /* top tables, by address */
    unsigned spaces;
    bool failed;
};

static uint64_t *table_at(const struct lab_memory *m, uint64_t pa)
{
    return (uint64_t *)(void *)m->page[(pa & FRAME) / LAB_PAGE];
}

static uint8_t *bytes_of_page(struct lab_memory *m, uint64_t number)
{
    if (!m->page[number])
        m->page[number] = calloc(1, LAB_PAGE);
    if (!m->page[number])
        m->failed = true;
    return m->page[number];
}

/* A page of zeros; 0 when there is none left. */
static uint64_t new_page(struct lab_memory *m)
{
    uint64_t number;

    do { /* the first megabyte is not ordinary memory */
        if (++m->used >= m->pages)
            return m->failed = true, 0;
        number = m->used * STRIDE % m->pages;
    } while (number < 0x100 || number / ENTRIES == LARGE_FIRST / ENTRIES);
    if (number >= LOW_PAGES)
        number += HIGH_START - LOW_PAGES;
    return bytes_of_page(m, number) ? number * LAB_PAGE : 0;
}

struct lab_memory *lab_memory_create(unsigned self_slot, uint64_t ram)
{
    struct lab_memory *m = calloc(1, sizeof(*m));

    if (!m)
        return NULL;
    m->self_slot = self_slot;
    m->pages = ram / LAB_PAGE;
    m->page = calloc((size_t)lab_memory_end(m), sizeof(*m->page));
    if (!m->page || !lab_memory_add_space(m)) {
        lab_memory_destroy(m);
        return NULL;
    }
    return m;
}

void lab_memory_destroy(struct lab_memory *m)
{
    if (!m)
        return;
    for (uint64_t i = 0; m->page && i < lab_memory_end(m); i++)
        free(m->page[i]);
    free(m->page);
    free(m);
}

bool lab_memory_failed(const struct lab_memory *m)
{
    return m->failed;
}

uint64_t lab_memory_cr3(const struct lab_memory *m)
{
    return m->space[0];
}

uint64_t lab_memory_add_space(struct lab_memory *m)
{
    uint64_t top;

    if (m->spaces == SPACES_MAX)
        return m->failed = true, 0;
    top = new_page(m);
    if (!top)
        return 0;
    if (m->spaces > 0)
        memcpy(table_at(m, top) + SYSTEM_HALF, table_at(m, m->space[0]) + SYSTEM_HALF,
               SYSTEM_HALF * sizeof(uint64_t));
    table_at(m, top)[m->self_slot] = top | TABLE_FLAGS;
    m->space[m->spaces++] = top;
    return top;
}

uint64_t lab_memory_add_shadow(struct lab_memory *m, uint64_t cr3)
{
    uint64_t top = new_page(m);

    if (top)
        memcpy(table_at(m, top), table_at(m, cr3), SYSTEM_HALF * sizeof(uint64_t));
    return top;
}

uint64_t lab_memory_pte_base(const struct lab_memory *m)
{
    return 0xffff000000000000u | (uint64_t)m->self_slot << 39;
}

uint64_t lab_memory_pages(const struct lab_memory *m)
{
    return m->pages;
}

uint64_t lab_memory_end(const struct lab_memory *m)
{
    return m->pages > LOW_PAGES ? m->pages - LOW_PAGES + HIGH_START : m->pages;
}

size_t lab_memory_runs(const struct lab_memory *m, struct lab_run out[LAB_RUNS_MAX])
{
    out[0] = (struct lab_run){0x1, 0x9e}; /* the first megabyte without its holes */
    out[1] = (struct lab_run){0x100, LOW_PAGES - 0x100};
    out[2] = (struct lab_run){HIGH_START, m->pages - LOW_PAGES};
    return out[2].count > 0 ? 3 : 2;
}

static bool is_memory(const struct lab_memory *m, uint64_t number)
{
    return number < LOW_PAGES || (number >= HIGH_START && number < lab_memory_end(m));
}

const uint8_t *lab_memory_page(const struct lab_memory *m, uint64_t number)
{
    return is_memory(m, number) ? m->page[number] : NULL;
}

static unsigned index_of(uint64_t va, int level)
{
    return (unsigned)(va >> (12 + 9 * level)) % ENTRIES;
}

static void show_in_all_spaces(struct lab_memory *m, unsigned index, uint64_t entry)
{
    for (unsigned i = 0; i < m->spaces; i++)
        table_at(m, m->space[i])[index] = entry;
}

/* The entry of this level on the way to va in the space of this top table, making the tables above when
 * asked; NULL: there is none. */
static uint64_t *entry_of_level(const struct lab_memory *m, uint64_t top, uint64_t va, int last,
                                struct lab_memory *to_grow)
{
    uint64_t table = top;

    if (va >> 47 != 0 && va >> 47 != 0x1ffff) /* not canonical */
        return NULL;
    for (int level = 3; level > last; level--) {
        uint64_t *entry = table_at(m, table) + index_of(va, level);

        if (!(*entry & PRESENT)) {
            uint64_t lower = to_grow ? new_page(to_grow) : 0;

            if (!lower)
                return NULL;
            *entry = lower | TABLE_FLAGS | (va >> 63 ? 0 : USER);
            if (level == 3 && index_of(va, 3) >= SYSTEM_HALF)
                show_in_all_spaces(to_grow, index_of(va, 3), *entry);
        }
        if (level == 1 && (*entry & LAB_ENTRY_LARGE))
            return NULL;
        table = *entry & FRAME;
    }
    return table_at(m, table) + index_of(va, last);
}

/* The same of the one that maps va's page. */
static uint64_t *entry_in(const struct lab_memory *m, uint64_t top, uint64_t va,
                          struct lab_memory *to_grow)
{
    return entry_of_level(m, top, va, 0, to_grow);
}

static uint64_t *entry_of(const struct lab_memory *m, uint64_t va, struct lab_memory *to_grow)
{
    return entry_in(m, m->space[0], va, to_grow);
}

void lab_memory_map(struct lab_memory *m, uint64_t va, size_t len)
{
    uint64_t first = va / LAB_PAGE, last = (va + len - 1) / LAB_PAGE;

    for (uint64_t n = first; len > 0 && n <= last; n++) {
        uint64_t *entry = entry_of(m, n * LAB_PAGE, m);
        uint64_t page;

        if (!entry)
            return;
        if (*entry & PRESENT)
            continue;
        page = new_page(m);
        if (page)
            *entry = page | PAGE_FLAGS;
    }
}

void lab_memory_unmap(struct lab_memory *m, uint64_t va, size_t len)
{
    uint64_t first = va / LAB_PAGE, last = (va + len - 1) / LAB_PAGE;

    for (uint64_t n = first; len > 0 && n <= last; n++) {
        uint64_t *entry = entry_of(m, n * LAB_PAGE, NULL);

        if (entry)
            *entry = 0; /* the page itself keeps its content, as a freed one does */
    }
}

/* The bytes at va up to the end of its page; NULL: not mapped. */
static uint8_t *bytes_at(const struct lab_memory *m, uint64_t va)
{
    const uint64_t *entry = entry_of(m, va, NULL);

    if (!entry || !(*entry & PRESENT))
        return NULL;
    return m->page[(*entry & FRAME) / LAB_PAGE] + va % LAB_PAGE;
}

bool lab_memory_is_mapped(const struct lab_memory *m, uint64_t va)
{
    return bytes_at(m, va) != NULL;
}

static size_t up_to_page_end(uint64_t address, size_t len)
{
    size_t left = LAB_PAGE - address % LAB_PAGE;

    return len < left ? len : left;
}

void lab_memory_write(struct lab_memory *m, uint64_t va, const void *bytes, size_t len)
{
    const uint8_t *from = bytes;

    lab_memory_map(m, va, len);
    while (len > 0 && !m->failed) {
        size_t n = up_to_page_end(va, len);

        memcpy(bytes_at(m, va), from, n);
        va += n, from += n, len -= n;
    }
}

void lab_memory_write_user(struct lab_memory *m, uint64_t cr3, uint64_t va, const void *bytes,
                           size_t len)
{
    uint64_t *entry = entry_in(m, cr3, va, m), page;

    if (!entry || va >> 63 || len > LAB_PAGE - va % LAB_PAGE)
        return;
    page = *entry & PRESENT ? *entry & FRAME : new_page(m);
    if (!page)
        return;
    *entry = page | USER_FLAGS;
    memcpy(m->page[page / LAB_PAGE] + va % LAB_PAGE, bytes, len);
}

void lab_memory_share(struct lab_memory *m, uint64_t cr3, uint64_t va, uint64_t system_va)
{
    uint64_t *entry = entry_in(m, cr3, va, m);
    const uint64_t *shared = entry_of(m, system_va, NULL);

    if (entry && shared)
        *entry = (*shared & FRAME) | USER_FLAGS;
}

uint64_t *lab_memory_user_entry(struct lab_memory *m, uint64_t cr3, uint64_t va)
{
    return va >> 63 ? NULL : entry_in(m, cr3, va, m);
}

uint64_t lab_memory_map_large(struct lab_memory *m, uint64_t cr3, uint64_t va)
{
    uint64_t *entry = va >> 63 ? NULL : entry_of_level(m, cr3, va, 1, m);
    uint64_t page = (uint64_t)LARGE_FIRST * LAB_PAGE;

    if (entry)
        *entry = page | USER_FLAGS | LAB_ENTRY_LARGE;
    return page;
}

void lab_memory_write_physical(struct lab_memory *m, uint64_t pa, const void *bytes, size_t len)
{
    const uint8_t *from = bytes;

    while (len > 0 && is_memory(m, pa / LAB_PAGE)) {
        size_t n = up_to_page_end(pa, len);
        uint8_t *to = bytes_of_page(m, pa / LAB_PAGE);

        if (!to)
            return;
        memcpy(to + pa % LAB_PAGE, from, n);
        pa += n, from += n, len -= n;
    }
}

struct visit {
    struct lab_memory *m;
    lab_entry_fn *fn;
    void *ctx;
};

static void visit_table(const struct visit *v, uint64_t table, unsigned level, uint64_t va,
                        unsigned first, unsigned end)
{
    for (unsigned i = first; i < end; i++) {
        uint64_t *entry = table_at(v->m, table) + i, lower = *entry & FRAME;
        uint64_t at = va | (uint64_t)i << (12 + 9 * level);

        if (!(*entry & PRESENT))
            continue;
        if (level == 3 && i >= SYSTEM_HALF)
            at |= 0xffff000000000000u;
        v->fn(v->ctx, at, level, entry);
        if (level == 1 && (*entry & LAB_ENTRY_LARGE))
            continue;
        if (level > 0 && lower != table)
            visit_table(v, lower, level - 1, at, 0, ENTRIES);
    }
}

void lab_memory_visit(struct lab_memory *m, lab_entry_fn *fn, void *ctx)
{
    const struct visit v = {m, fn, ctx};

    visit_table(&v, m->space[0], 3, 0, 0, ENTRIES);
    for (unsigned i = 1; i < m->spaces; i++) { /* what is not in all of them */
        visit_table(&v, m->space[i], 3, 0, 0, SYSTEM_HALF);
        visit_table(&v, m->space[i], 3, 0, m->self_slot, m->self_slot + 1);
    }
}

size_t lab_memory_read(const struct lab_memory *m, uint64_t va, void *buf, size_t len)
{
    uint8_t *to = buf;
    size_t done = 0;

    while (done < len) {
        size_t n = up_to_page_end(va + done, len - done);
        const uint8_t *from = bytes_at(m, va + done);

        if (!from)
            break;
        memcpy(to + done, from, n);
        done += n;
    }
    return done;
}

size_t lab_memory_read_physical(const struct lab_memory *m, uint64_t pa, void *buf, size_t len)
{
    uint8_t *to = buf;
    size_t done = 0;

    while (done < len && is_memory(m, (pa + done) / LAB_PAGE)) {
        size_t n = up_to_page_end(pa + done, len - done);
        const uint8_t *from = m->page[(pa + done) / LAB_PAGE];

        if (from)
            memcpy(to + done, from + (pa + done) % LAB_PAGE, n);
        else
            memset(to + done, 0, n);
        done += n;
    }
    return done;
}
