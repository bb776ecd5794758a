/* hostile_thin.h - the same machine with an eighth of its providers: all that the rest adds to most images is time.
 *
 * They are taken out of their lists, as somebody would who hides them. */
#ifndef HOSTILE_THIN_H
#define HOSTILE_THIN_H

#include "hostile_mutate.h"

#include <walker/snapshot.h>

struct hostile_thin {
    uint64_t *links; /* of providers that are left out */
    size_t len;
    struct hostile_places places; /* where it still matters */
};

/* all: the places of the whole machine; whole: what a walk finds there. False: they cannot be told. */
bool hostile_thin_find(struct kdw_kernel *kernel, const struct kdw_snapshot *whole,
                       const struct hostile_places *all, struct hostile_thin *out);
void hostile_thin_free(struct hostile_thin *thin);
/* Before any mutation. */
void hostile_thin_apply(struct hostile_memory *m, const struct hostile_thin *thin);

#endif
