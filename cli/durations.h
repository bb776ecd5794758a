/* durations.h - how long something took, many times over: together, as a rule, at worst.
 *
 * Each duration is kept, in 4 bytes, so that the figures are those of all of them and not of a
 * sample; with 24 significant bits, which is more than is ever printed.
 *
 * Lifetime  Begins as {0}; durations_clear frees what it holds.
 * Units     Nanoseconds.
 * Errors    Out of memory a duration counts, but is not kept; durations_are_whole says so. */
#ifndef CLI_DURATIONS_H
#define CLI_DURATIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct durations {
    uint64_t count, total_ns, longest_ns;
    float *kept_ns;
    size_t kept, capacity;
};

void durations_add(struct durations *d, uint64_t ns);
/* The smallest of them that `percent` of all do not exceed: 50 is the median. 0: there are none.
 * Sorts them. */
uint64_t durations_percentile(struct durations *d, unsigned percent);
bool durations_are_whole(const struct durations *d);
void durations_clear(struct durations *d);

enum { DURATION_TEXT_MAX = 32 };
/* "46 us", "1.25 ms", "12.042 s"; returns out. */
const char *duration_text(uint64_t ns, char out[DURATION_TEXT_MAX]);

#endif
