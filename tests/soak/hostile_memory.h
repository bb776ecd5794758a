/* hostile_memory.h - the memory of a lab machine, and over it what somebody hostile made of it.
 *
 * Pages are copied when they are first looked at or written to; the machine itself is never changed, and
 * _restore brings it all back. Pages may be made where the machine has none, as a hostile kernel could, and
 * be taken away.
 *
 * Lifetime  _create to _destroy; the machine must outlive it.
 * Errors    Without memory of our own the program ends: it is a test. */
#ifndef HOSTILE_MEMORY_H
#define HOSTILE_MEMORY_H

#include <walker/mem.h>

#include "machine.h"

enum { HOSTILE_PAGE = 4096 };

struct hostile_memory;

struct hostile_memory *hostile_memory_create(const struct lab_machine *machine);
void hostile_memory_destroy(struct hostile_memory *m);

/* As the walker sees it. */
struct kdw_mem *hostile_memory_mem(struct hostile_memory *m);
/* A word as it is now; false: it cannot be read. */
bool hostile_memory_u64(struct hostile_memory *m, uint64_t va, uint64_t *out);

/* As much of it as there are pages for. */
void hostile_memory_write(struct hostile_memory *m, uint64_t va, const void *bytes, size_t len);
void hostile_memory_write_u64(struct hostile_memory *m, uint64_t va, uint64_t value);
/* A page of zeros where there is none; one that is there stays as it is. */
void hostile_memory_make(struct hostile_memory *m, uint64_t va);
/* Nobody can read the page of va any more, for this reason. */
void hostile_memory_remove(struct hostile_memory *m, uint64_t va, enum kd_status why);
/* All of that never was. */
void hostile_memory_restore(struct hostile_memory *m);

#endif
