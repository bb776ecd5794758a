#include "pdb_near.h"

#include <stdlib.h>

struct kdw_pdb_near_entry {
    uint32_t rva;
    uint32_t record_plus_1; /* 0: a section begins here, and what lies below is none of its names */
};

/* Where a section begins comes before the symbols there. */
static int by_address(const void *a, const void *b)
{
    const struct kdw_pdb_near_entry *x = a, *y = b;

    if (x->rva != y->rva)
        return x->rva < y->rva ? -1 : 1;
    return (x->record_plus_1 > y->record_plus_1) - (x->record_plus_1 < y->record_plus_1);
}

static void add(struct kdw_pdb_near *n, const struct kdw_pdb_sections *sections,
                struct kdw_seg_offset at, uint32_t record_plus_1)
{
    uint64_t rva;

    if (kdw_pdb_rva(sections, at, &rva) == KD_OK && rva <= UINT32_MAX)
        n->entries[n->len++] = (struct kdw_pdb_near_entry){(uint32_t)rva, record_plus_1};
}

enum kd_status kdw_pdb_near_open(const struct kdw_pdb_publics *p,
                                 const struct kdw_pdb_sections *sections, struct kdw_pdb_near *out)
{
    /* Of a reordered image the sections are those from before: they say nothing of places in it. */
    size_t section_count = sections->omap.len ? 0 : kdw_pdb_section_count(sections);
    struct kdw_pdb_near n = {NULL, 0};

    /* Both counts come from the file's length, so their sum is bounded by it. */
    n.entries = calloc(kdw_pdb_publics_count(p) + section_count + 1, sizeof *n.entries);
    if (!n.entries)
        return KD_ERR_NO_MEMORY;
    for (size_t i = 1; i <= section_count && i <= UINT16_MAX; i++)
        add(&n, sections, (struct kdw_seg_offset){(uint16_t)i, 0}, 0);
    for (size_t i = 0; i < kdw_pdb_publics_count(p); i++) {
        uint32_t record = kdw_pdb_publics_record(p, i);
        struct kdw_seg_offset at;
        const char *name;

        if (record < UINT32_MAX && kdw_pdb_publics_read(p, record, &name, &at) == KD_OK)
            add(&n, sections, at, record + 1);
    }
    qsort(n.entries, n.len, sizeof *n.entries, by_address);
    *out = n;
    return KD_OK;
}

void kdw_pdb_near_close(struct kdw_pdb_near *n)
{
    free(n->entries);
    *n = (struct kdw_pdb_near){NULL, 0};
}

/* One past the last entry at or below rva. */
static size_t end_below(const struct kdw_pdb_near *n, uint64_t rva)
{
    size_t low = 0, high = n->len;

    while (low < high) {
        size_t mid = low + (high - low) / 2;

        if (n->entries[mid].rva <= rva)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

enum kd_status kdw_pdb_near_find(const struct kdw_pdb_near *n, const struct kdw_pdb_publics *p,
                                 uint64_t rva, const char **name, uint64_t *name_rva)
{
    size_t i = end_below(n, rva);
    struct kdw_seg_offset at;
    enum kd_status st;

    if (i == 0 || n->entries[--i].record_plus_1 == 0)
        return KD_ERR_NOT_FOUND;
    while (i > 0 && n->entries[i - 1].rva == n->entries[i].rva &&
           n->entries[i - 1].record_plus_1 != 0)
        i--; /* several at one place, as when equal functions are folded: the first of them */
    st = kdw_pdb_publics_read(p, n->entries[i].record_plus_1 - 1, name, &at);
    if (st == KD_OK)
        *name_rva = n->entries[i].rva;
    return st;
}
