#include "memory_dump.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool memory_dump_create(struct memory_dump *d, size_t len)
{
    *d = (struct memory_dump){.len = len, .bytes = calloc(len, 1), .why = calloc(len, 1)};
    if (d->bytes && d->why)
        return true;
    memory_dump_free(d);
    return false;
}

void memory_dump_free(struct memory_dump *d)
{
    free(d->bytes);
    free(d->why);
    d->bytes = d->why = NULL;
}

void memory_dump_clear(struct memory_dump *d)
{
    memset(d->bytes, 0, d->len);
    memset(d->why, 0, d->len);
    d->reasons_len = 0;
}

static bool is_same_reason(const struct memory_gap *a, const struct memory_gap *b)
{
    return a->status == b->status && a->is_refusal == b->is_refusal && a->ntstatus == b->ntstatus;
}

/* Its place among the reasons; the last one that there is room for stands for all others. */
static size_t place_of(struct memory_dump *d, const struct memory_gap *gap)
{
    size_t i = 0;

    while (i < d->reasons_len && !is_same_reason(&d->reasons[i], gap))
        i++;
    if (i < d->reasons_len)
        return i;
    if (i == MEMORY_REASONS_MAX)
        return MEMORY_REASONS_MAX - 1;
    d->reasons[i] = *gap;
    if (i == MEMORY_REASONS_MAX - 1)
        d->reasons[i] = (struct memory_gap){.status = gap->status};
    d->reasons_len++;
    return i;
}

void memory_dump_miss(struct memory_dump *d, size_t at, const struct memory_gap *gap)
{
    memset(d->bytes + at, 0, gap->len);
    memset(d->why + at, (int)(1 + place_of(d, gap)), gap->len);
}

const struct memory_gap *memory_dump_gap(const struct memory_dump *d, size_t at, size_t *run)
{
    size_t end = at + 1;

    while (end < d->len && d->why[end] == d->why[at])
        end++;
    *run = end - at;
    return d->why[at] ? &d->reasons[d->why[at] - 1] : NULL;
}

bool memory_dump_has_gaps(const struct memory_dump *d)
{
    return d->reasons_len > 0;
}

const char *memory_gap_text(const struct memory_gap *gap, char text[MEMORY_GAP_TEXT])
{
    if (gap->is_refusal)
        snprintf(text, MEMORY_GAP_TEXT, "refused by the target with status 0x%08" PRIx32,
                 gap->ntstatus);
    else
        snprintf(text, MEMORY_GAP_TEXT, "%s", kd_status_text(gap->status));
    return text;
}
