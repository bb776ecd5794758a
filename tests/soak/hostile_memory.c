#include "hostile_memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SLOTS_FIRST = 1 << 12 };

struct page {
    uint64_t number;   /* of the page; 0: the slot is free */
    uint8_t *clean;    /* as the machine has it; NULL: it has none */
    uint8_t *mutated;  /* instead; NULL: nothing was written to it */
    enum kd_status st; /* not KD_OK: it was taken away */
    bool is_touched;   /* something is to be restored */
};

struct hostile_memory {
    struct kdw_mem mem;
    const struct lab_machine *machine;
    struct page *pages; /* by number: the first free slot from its place on */
    size_t pages_len, slots;
    uint64_t *touched; /* numbers */
    size_t touched_len, touched_room;
};

static void *must(void *memory)
{
    if (memory)
        return memory;
    perror("hostile");
    abort();
}

/* ---- pages ---- */

static size_t place_of(const struct hostile_memory *m, uint64_t number)
{
    size_t at = (size_t)(number * UINT64_C(0x9e3779b97f4a7c15) >> 32) & (m->slots - 1);

    while (m->pages[at].number && m->pages[at].number != number)
        at = (at + 1) & (m->slots - 1);
    return at;
}

static void grow(struct hostile_memory *m)
{
    struct page *old = m->pages;
    size_t old_slots = m->slots;

    m->slots = old_slots ? 2 * old_slots : SLOTS_FIRST;
    m->pages = must(calloc(m->slots, sizeof *m->pages));
    for (size_t i = 0; i < old_slots; i++)
        if (old[i].number)
            m->pages[place_of(m, old[i].number)] = old[i];
    free(old);
}

static struct page *add_page(struct hostile_memory *m, uint64_t number)
{
    struct page *page;

    if (2 * m->pages_len >= m->slots)
        grow(m);
    page = &m->pages[place_of(m, number)];
    *page = (struct page){.number = number};
    m->pages_len++;
    return page;
}

/* NULL: neither the machine nor a mutation has it. Of those nothing is kept, for there is no end of them. */
static struct page *page_of(struct hostile_memory *m, uint64_t va)
{
    uint64_t number = va / HOSTILE_PAGE;
    struct page *page = &m->pages[place_of(m, number)];
    uint8_t bytes[HOSTILE_PAGE];

    if (page->number || number == 0)
        return page->number ? page : NULL;
    if (lab_machine_read_virtual(m->machine, number * HOSTILE_PAGE, bytes, sizeof bytes) !=
        sizeof bytes)
        return NULL;
    page = add_page(m, number);
    page->clean = must(malloc(HOSTILE_PAGE));
    memcpy(page->clean, bytes, sizeof bytes);
    return page;
}

static const uint8_t *bytes_of(const struct page *page)
{
    return page->mutated ? page->mutated : page->clean;
}

static void touch(struct hostile_memory *m, struct page *page)
{
    if (page->is_touched)
        return;
    page->is_touched = true;
    if (m->touched_len == m->touched_room) {
        m->touched_room = m->touched_room ? 2 * m->touched_room : 256;
        m->touched = must(realloc(m->touched, m->touched_room * sizeof *m->touched));
    }
    m->touched[m->touched_len++] = page->number;
}

/* ---- reading ---- */

static enum kd_status read_memory(struct kdw_mem *mem, uint64_t at, void *buf, size_t len,
                                  uint64_t *fault)
{
    struct hostile_memory *m = (struct hostile_memory *)(void *)mem;
    uint8_t *to = buf;

    while (len > 0) {
        const struct page *page = page_of(m, at);
        size_t offset = (size_t)(at % HOSTILE_PAGE), part = HOSTILE_PAGE - offset;
        const uint8_t *bytes = page ? bytes_of(page) : NULL;

        if (!bytes || page->st != KD_OK) {
            *fault = at;
            return page && page->st != KD_OK ? page->st : KD_ERR_NOT_MAPPED;
        }
        part = part < len ? part : len;
        memcpy(to, bytes + offset, part);
        to += part;
        at += part;
        len -= part;
    }
    return KD_OK;
}

struct kdw_mem *hostile_memory_mem(struct hostile_memory *m)
{
    return &m->mem;
}

bool hostile_memory_u64(struct hostile_memory *m, uint64_t va, uint64_t *out)
{
    return kdw_mem_u64(&m->mem, va, out) == KD_OK;
}

/* ---- changing ---- */

/* Its bytes, to be changed. */
static uint8_t *mutable_bytes(struct hostile_memory *m, struct page *page)
{
    touch(m, page);
    if (!page->mutated) {
        page->mutated = must(calloc(1, HOSTILE_PAGE));
        if (page->clean)
            memcpy(page->mutated, page->clean, HOSTILE_PAGE);
    }
    return page->mutated;
}

void hostile_memory_make(struct hostile_memory *m, uint64_t va)
{
    struct page *page = page_of(m, va);

    if (!page)
        page = add_page(m, va / HOSTILE_PAGE);
    if (!bytes_of(page))
        (void)mutable_bytes(m, page);
}

void hostile_memory_write(struct hostile_memory *m, uint64_t va, const void *bytes, size_t len)
{
    const uint8_t *from = bytes;

    while (len > 0) {
        struct page *page = page_of(m, va);
        size_t offset = (size_t)(va % HOSTILE_PAGE), part = HOSTILE_PAGE - offset;

        part = part < len ? part : len;
        if (page)
            memcpy(mutable_bytes(m, page) + offset, from, part);
        from += part;
        va += part;
        len -= part;
    }
}

void hostile_memory_write_u64(struct hostile_memory *m, uint64_t va, uint64_t value)
{
    uint8_t bytes[8];

    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(value >> 8 * i);
    hostile_memory_write(m, va, bytes, sizeof bytes);
}

void hostile_memory_remove(struct hostile_memory *m, uint64_t va, enum kd_status why)
{
    struct page *page = page_of(m, va);

    if (!page)
        return;
    touch(m, page);
    page->st = why;
}

void hostile_memory_restore(struct hostile_memory *m)
{
    for (size_t i = 0; i < m->touched_len; i++) {
        struct page *page = &m->pages[place_of(m, m->touched[i])];

        free(page->mutated);
        page->mutated = NULL;
        page->st = KD_OK;
        page->is_touched = false;
    }
    m->touched_len = 0;
}

/* ---- all of it ---- */

struct hostile_memory *hostile_memory_create(const struct lab_machine *machine)
{
    struct hostile_memory *m = must(calloc(1, sizeof *m));

    m->mem.read = read_memory;
    m->machine = machine;
    grow(m);
    return m;
}

void hostile_memory_destroy(struct hostile_memory *m)
{
    if (!m)
        return;
    hostile_memory_restore(m);
    for (size_t i = 0; i < m->slots; i++)
        free(m->pages[i].clean);
    free(m->pages);
    free(m->touched);
    free(m);
}
