#include "durations.h"

#include <stdio.h>
#include <stdlib.h>

static bool has_room(struct durations *d)
{
    size_t capacity = d->capacity ? d->capacity * 2 : 256;
    float *grown;

    if (d->kept < d->capacity)
        return true;
    if (capacity > SIZE_MAX / 2 / sizeof *grown)
        return false;
    grown = realloc(d->kept_ns, capacity * sizeof *grown);
    if (!grown)
        return false;
    d->kept_ns = grown;
    d->capacity = capacity;
    return true;
}

void durations_add(struct durations *d, uint64_t ns)
{
    if (ns > INT64_MAX) /* 292 years: times that make no sense */
        ns = INT64_MAX;
    d->count++;
    d->total_ns = d->total_ns > UINT64_MAX - ns ? UINT64_MAX : d->total_ns + ns;
    if (ns > d->longest_ns)
        d->longest_ns = ns;
    if (has_room(d))
        d->kept_ns[d->kept++] = (float)ns;
}

static int ascending(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;

    return (x > y) - (x < y);
}

uint64_t durations_percentile(struct durations *d, unsigned percent)
{
    size_t rank; /* from 1 */
    uint64_t ns;

    if (d->kept == 0)
        return 0;
    qsort(d->kept_ns, d->kept, sizeof *d->kept_ns, ascending);
    rank = d->kept / 100 * percent + (d->kept % 100 * percent + 99) / 100;
    ns = (uint64_t)d->kept_ns[rank > 0 ? rank - 1 : 0];
    return ns < d->longest_ns ? ns : d->longest_ns; /* which was not rounded */
}

bool durations_are_whole(const struct durations *d)
{
    return d->kept == d->count;
}

void durations_clear(struct durations *d)
{
    free(d->kept_ns);
    *d = (struct durations){0};
}

const char *duration_text(uint64_t ns, char out[DURATION_TEXT_MAX])
{
    double t = (double)ns;

    if (t < 9.95e3)
        snprintf(out, DURATION_TEXT_MAX, "%.1f us", t / 1e3);
    else if (t < 999.5e3)
        snprintf(out, DURATION_TEXT_MAX, "%.0f us", t / 1e3);
    else if (t < 999.995e6)
        snprintf(out, DURATION_TEXT_MAX, "%.2f ms", t / 1e6);
    else
        snprintf(out, DURATION_TEXT_MAX, "%.3f s", t / 1e9);
    return out;
}
