/* dump_check.h - what tests of dumps ask again and again.
 *
 * A file is given to the reader in a block of exactly its size, so that a sanitizer sees the first
 * byte read beyond it. What does not hold fails the running test. */
#ifndef TESTS_SUPPORT_DUMP_CHECK_H
#define TESTS_SUPPORT_DUMP_CHECK_H

#include "support/dump_build.h"

#include <walker/dump.h>

struct dump_opened {
    uint8_t *file;
    struct kd_diag diag;
    struct kdw_dump *dump;
    const struct kdw_dump_facts *facts;
};

void dump_open_ok(struct dump_opened *o, const struct dump_build *b);
void dump_done(struct dump_opened *o);
/* It is refused with this status, and an explanation that has this text in it. */
void dump_is_refused(const struct dump_build *b, enum kd_status status, const char *text);

/* The memory there is its own (dump_build_word): len bytes from an 8-aligned address. */
void dump_has(struct dump_opened *o, uint64_t at, size_t len);
/* A read of len bytes fails with this status at `fault`. */
void dump_fails(struct dump_opened *o, uint64_t at, size_t len, enum kd_status status,
                uint64_t fault);
void dump_has_pages(struct dump_opened *o, const uint64_t *pfns, size_t count);
/* One of its warnings, or the only one, has this text in it. */
void dump_warns(const struct dump_opened *o, const char *text);
void dump_warns_nothing(const struct dump_opened *o);

/* Cut short at `count` places all over the file it is opened or refused, and where opened every
 * read ends in one of the statuses of a dump; nothing worse happens. */
void dump_stands_cuts(const struct dump_build *b, size_t count);

#endif
