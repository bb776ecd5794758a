/* ranges.h - which addresses were read already: a set of ranges, kept sorted and joined.
 *
 * Lifetime  Begins as {0}; ranges_clear frees what it holds and leaves it empty.
 * Errors    Out of memory a range is not remembered: bytes of it count as new when they come again. */
#ifndef CLI_RANGES_H
#define CLI_RANGES_H

#include <stddef.h>
#include <stdint.h>

struct range {
    uint64_t first, last; /* both inside, so that the end of the address space is no special case */
};

struct ranges {
    struct range *items; /* ascending, no two touch */
    size_t count, capacity;
};

/* Returns how many of the len bytes at va were in it before. len 0: none. */
uint64_t ranges_add(struct ranges *r, uint64_t va, uint64_t len);
void ranges_clear(struct ranges *r);

#endif
