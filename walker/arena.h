/* arena.h - many small things that live and end together.
 *
 * Lifetime  What was given out stays where it is until kdw_arena_free. {NULL} is an empty arena. */
#ifndef WALKER_ARENA_H
#define WALKER_ARENA_H

#include <stddef.h>

struct kdw_arena {
    struct kdw_arena_block *blocks; /* newest first */
};

/* Zeroed, and aligned for anything; NULL: no memory. */
void *kdw_arena_alloc(struct kdw_arena *a, size_t size);
/* A copy of text[0..len), with a NUL behind it; NULL: no memory. */
char *kdw_arena_text(struct kdw_arena *a, const char *text, size_t len);
void kdw_arena_free(struct kdw_arena *a);

#endif
