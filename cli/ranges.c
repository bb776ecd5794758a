#include "ranges.h"

#include <stdlib.h>
#include <string.h>

/* The first range that ends at va or behind it, or touches it from below. */
static size_t find(const struct ranges *r, uint64_t va)
{
    size_t low = 0, high = r->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (r->items[middle].last < va && r->items[middle].last + 1 < va)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static int make_room(struct ranges *r)
{
    size_t capacity = r->capacity ? 2 * r->capacity : 64;
    struct range *items;

    if (r->count < r->capacity)
        return 1;
    items = realloc(r->items, capacity * sizeof *items);
    if (!items)
        return 0;
    r->items = items;
    r->capacity = capacity;
    return 1;
}

static uint64_t overlap(const struct range *a, const struct range *b)
{
    uint64_t first = a->first > b->first ? a->first : b->first;
    uint64_t last = a->last < b->last ? a->last : b->last;

    return first <= last ? last - first + 1 : 0;
}

uint64_t ranges_add(struct ranges *r, uint64_t va, uint64_t len)
{
    const uint64_t last = va + len - 1 < va ? UINT64_MAX : va + len - 1;
    const struct range asked = {va, last};
    struct range all = asked;
    uint64_t known = 0;
    size_t at = find(r, va), end;

    if (len == 0)
        return 0;
    for (end = at; end < r->count; end++) {
        const struct range *have = &r->items[end];

        if (have->first > all.last && have->first - 1 > all.last)
            break;
        known += overlap(have, &asked);
        if (have->first < all.first)
            all.first = have->first;
        if (have->last > all.last)
            all.last = have->last;
    }
    if (end == at && !make_room(r))
        return known;
    /* What it met becomes one. */
    memmove(r->items + at + 1, r->items + end, (r->count - end) * sizeof *r->items);
    r->count = r->count - (end - at) + 1;
    r->items[at] = all;
    return known;
}

void ranges_clear(struct ranges *r)
{
    free(r->items);
    *r = (struct ranges){0};
}
