#include "dump_parts.h"

#include <stdlib.h>

/* 96 MiB of them. The most that honest files have are the ranges of a kernel dump, some hundred
 * thousand on a large machine [guess]. */
enum { EXTENTS_MAX = 1 << 22 };

struct extent {
    uint64_t at, len, offset;
};

struct dump_extents {
    struct dump_index index; /* first */
    struct extent *extents;
    size_t count, cap;
    bool is_sorted; /* so far */
};

static const struct extent *last_below(const struct dump_extents *x, uint64_t at)
{
    size_t low = 0, high = x->count;

    while (low < high) { /* all before low begin at or below at, none from high on */
        size_t middle = low + (high - low) / 2;

        if (x->extents[middle].at <= at)
            low = middle + 1;
        else
            high = middle;
    }
    return low > 0 ? &x->extents[low - 1] : NULL;
}

static bool find_extent(const struct dump_index *index, uint64_t at, struct dump_place *out)
{
    const struct extent *e = last_below((const struct dump_extents *)index, at);

    if (!e || at - e->at >= e->len)
        return false;
    out->offset = e->offset + (at - e->at);
    out->len = e->len - (at - e->at);
    return true;
}

static bool next_extent(const struct dump_index *index, uint64_t at, uint64_t *found)
{
    const struct dump_extents *x = (const struct dump_extents *)index;
    const struct extent *e = last_below(x, at);

    if (e && at - e->at < e->len) {
        *found = at;
        return true;
    }
    e = e ? e + 1 : x->extents;
    if (!e || e == x->extents + x->count)
        return false;
    *found = e->at;
    return true;
}

static void destroy_extents(struct dump_index *index)
{
    struct dump_extents *x = (struct dump_extents *)index;

    free(x->extents);
    free(x);
}

enum kd_status dump_extents_create(struct kdw_dump *d, struct dump_extents **out)
{
    struct dump_extents *x = calloc(1, sizeof *x);

    if (!x)
        return kd_diag_set(d->diag, KD_ERR_NO_MEMORY, "out of memory");
    x->index.find = find_extent;
    x->index.next = next_extent;
    x->index.destroy = destroy_extents;
    x->is_sorted = true;
    d->index = &x->index;
    *out = x;
    return KD_OK;
}

static enum kd_status make_room(struct kdw_dump *d, struct dump_extents *x)
{
    size_t cap = x->cap ? 2 * x->cap : 64;
    struct extent *bigger;

    if (x->count < x->cap)
        return KD_OK;
    if (x->cap == EXTENTS_MAX)
        return kd_diag_set(d->diag, KD_ERR_LIMIT, "its memory is in more than %d pieces",
                           EXTENTS_MAX);
    bigger = realloc(x->extents, cap * sizeof *bigger);
    if (!bigger)
        return kd_diag_set(d->diag, KD_ERR_NO_MEMORY, "out of memory");
    x->extents = bigger;
    x->cap = cap;
    return KD_OK;
}

enum kd_status dump_extents_add(struct kdw_dump *d, struct dump_extents *x, uint64_t at,
                                uint64_t len, uint64_t offset)
{
    struct extent *last = x->count > 0 ? &x->extents[x->count - 1] : NULL;
    enum kd_status st;

    if (len == 0)
        return KD_OK;
    if (len > UINT64_MAX - at || len > UINT64_MAX - offset)
        return kd_diag_set(d->diag, KD_ERR_MALFORMED,
                           "a piece of its memory goes past the highest address");
    if (last && at - last->at == last->len && offset - last->offset == last->len) {
        last->len += len; /* it goes on where the last one ended */
        return KD_OK;
    }
    st = make_room(d, x);
    if (st != KD_OK)
        return st;
    if (x->count > 0 && at <= x->extents[x->count - 1].at)
        x->is_sorted = false;
    x->extents[x->count++] = (struct extent){at, len, offset};
    return KD_OK;
}

static int by_address(const void *a, const void *b)
{
    const struct extent *x = a, *y = b;

    if (x->at != y->at)
        return x->at < y->at ? -1 : 1;
    return (x->len < y->len) - (x->len > y->len); /* the longer one first */
}

/* Cut away what an earlier one has. */
static bool remove_overlaps(struct dump_extents *x)
{
    uint64_t end = 0;
    size_t kept = 0;
    bool was_clean = true;

    for (size_t i = 0; i < x->count; i++) {
        struct extent e = x->extents[i];

        if (e.at < end) {
            uint64_t covered = end - e.at < e.len ? end - e.at : e.len;

            was_clean = false;
            e.at += covered;
            e.offset += covered;
            e.len -= covered;
        }
        if (e.len == 0)
            continue;
        end = e.at + e.len;
        x->extents[kept++] = e;
    }
    x->count = kept;
    return was_clean;
}

static uint64_t inside(const struct extent *e, uint64_t file_len)
{
    uint64_t there = e->offset < file_len ? file_len - e->offset : 0;

    return there < e->len ? there : e->len;
}

bool dump_extents_finish(struct kdw_dump *d, struct dump_extents *x)
{
    bool was_clean;

    if (!x->is_sorted)
        qsort(x->extents, x->count, sizeof *x->extents, by_address);
    was_clean = remove_overlaps(x);
    for (size_t i = 0; i < x->count; i++) {
        const struct extent *e = &x->extents[i];

        x->index.pages_total += e->len / DUMP_PAGE_LEN;
        x->index.pages_present += inside(e, d->file.len) / DUMP_PAGE_LEN;
        x->index.end = e->at + e->len;
    }
    return was_clean;
}
