#include "memory.h"

#include <stdlib.h>
#include <string.h>

#define PAGES       0x80000u /* 2 GiB */
#define STRIDE      0x2c6c5u /* odd: page numbers go round all of PAGES before they repeat */
#define ENTRIES     512u
#define FRAME       0x000ffffffffff000u
#define PRESENT     0x1u
#define TABLE_FLAGS 0x63u               /* present, writable, accessed, dirty */
#define PAGE_FLAGS  0x8000000000000163u /* and global, no execute */
#define SPACES_MAX  64u
#define SYSTEM_HALF (ENTRIES / 2)

struct lab_memory {
    uint8_t *page[PAGES]; /* by page number; NULL: never written, reads as zeros */
    uint32_t used;
    unsigned self_slot;
    uint64_t space[SPACES_MAX]; /* top tables, by address */
    unsigned spaces;
    bool failed;
};

static uint64_t *table_at(const struct lab_memory *m, uint64_t pa)
{
    return (uint64_t *)(void *)m->page[(pa & FRAME) / LAB_PAGE];
}

/* A page of zeros; 0 when there is none left. */
static uint64_t new_page(struct lab_memory *m)
{
    uint32_t number;
    uint8_t *bytes;

    do { /* the first megabyte is not ordinary memory */
        if (++m->used >= PAGES)
            return m->failed = true, 0;
        number = (uint32_t)((uint64_t)m->used * STRIDE % PAGES);
    } while (number < 0x100);
    bytes = calloc(1, LAB_PAGE);
    if (!bytes)
        return m->failed = true, 0;
    m->page[number] = bytes;
    return (uint64_t)number * LAB_PAGE;
}

struct lab_memory *lab_memory_create(unsigned self_slot)
{
    struct lab_memory *m = calloc(1, sizeof(*m));

    if (!m)
        return NULL;
    m->self_slot = self_slot;
    if (!lab_memory_add_space(m)) {
        lab_memory_destroy(m);
        return NULL;
    }
    return m;
}

void lab_memory_destroy(struct lab_memory *m)
{
    if (!m)
        return;
    for (uint32_t i = 0; i < PAGES; i++)
        free(m->page[i]);
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

uint64_t lab_memory_pte_base(const struct lab_memory *m)
{
    return 0xffff000000000000u | (uint64_t)m->self_slot << 39;
}

uint64_t lab_memory_pages(const struct lab_memory *m)
{
    (void)m;
    return PAGES;
}

static unsigned index_of(uint64_t va, int level)
{
    return (unsigned)(va >> (12 + 9 * level)) % ENTRIES;
}

/* The entry that maps va's page, making the tables on the way when asked; NULL: there is none. */
static uint64_t *entry_of(const struct lab_memory *m, uint64_t va, struct lab_memory *to_grow)
{
    uint64_t table = m->space[0];

    if (va >> 47 != 0 && va >> 47 != 0x1ffff) /* not canonical */
        return NULL;
    for (int level = 3; level > 0; level--) {
        uint64_t *entry = table_at(m, table) + index_of(va, level);

        if (!(*entry & PRESENT)) {
            uint64_t lower = to_grow ? new_page(to_grow) : 0;

            if (!lower)
                return NULL;
            *entry = lower | TABLE_FLAGS;
            for (unsigned i = 1; level == 3 && i < m->spaces; i++)
                table_at(m, m->space[i])[index_of(va, 3)] = *entry;
        }
        table = *entry & FRAME;
    }
    return table_at(m, table) + index_of(va, 0);
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

    while (done < len && (pa + done) / LAB_PAGE < PAGES) {
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
