/* table_walk.h - page tables read the way a processor reads them, for tests: nothing of memory.c is used. */
#ifndef LAB_TABLE_WALK_H
#define LAB_TABLE_WALK_H

#include <stdint.h>

struct lab_machine;

/* The root (level 4), each table below it (3 to 1) and each page (0). */
typedef void table_walk_fn(void *ctx, unsigned level, uint64_t va, uint64_t pa);
void table_walk(const struct lab_machine *m, uint64_t root, table_walk_fn *found, void *ctx);

#endif
