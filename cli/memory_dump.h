/* memory_dump.h - a stretch of target memory with its gaps, and why each of them is one.
 *
 * Lifetime  memory_dump_create to memory_dump_free.
 * Bounds    Two bytes for each byte, and MEMORY_REASONS_MAX reasons: beyond that a refusal loses its
 *           status. */
#ifndef CLI_MEMORY_DUMP_H
#define CLI_MEMORY_DUMP_H

#include <kdproto/status.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct memory_gap { /* bytes that are missing for one reason */
    size_t len;
    enum kd_status status;
    bool is_refusal; /* a recorded one: the target's, with this NTSTATUS */
    uint32_t ntstatus;
};

enum {
    MEMORY_REASONS_MAX = 250, /* a target knows two or three */
    MEMORY_GAP_TEXT = 64,
};

struct memory_dump {
    uint64_t va;
    size_t len;
    uint8_t *bytes; /* 0 where they are missing */
    uint8_t *why;   /* of each byte: 0 where it is known, else 1 + its reason */
    struct memory_gap reasons[MEMORY_REASONS_MAX]; /* their len plays no part */
    size_t reasons_len;
};

/* All of it known, and 0. False: out of memory. */
bool memory_dump_create(struct memory_dump *d, size_t len);
void memory_dump_free(struct memory_dump *d);
void memory_dump_clear(struct memory_dump *d); /* as it was after _create */

/* gap->len bytes from the one at offset `at` on are missing. */
void memory_dump_miss(struct memory_dump *d, size_t at, const struct memory_gap *gap);
/* Why the byte at offset `at` is missing; NULL: it is known. *run: for how many from there on that is
 * so. */
const struct memory_gap *memory_dump_gap(const struct memory_dump *d, size_t at, size_t *run);
bool memory_dump_has_gaps(const struct memory_dump *d);

/* "not mapped", "refused by the target with status 0xc0000001" */
const char *memory_gap_text(const struct memory_gap *gap, char text[MEMORY_GAP_TEXT]);

#endif
