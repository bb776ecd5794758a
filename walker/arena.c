#include "arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_LEN = 65536 };

struct kdw_arena_block {
    struct kdw_arena_block *older;
    size_t used, len;
    alignas(max_align_t) unsigned char bytes[];
};

/* A block with room for size bytes at a multiple of alignment. What is large gets one of its own. */
static struct kdw_arena_block *block_for(struct kdw_arena *a, size_t size, size_t alignment)
{
    struct kdw_arena_block *b = a->blocks;
    size_t len = size < BLOCK_LEN ? BLOCK_LEN : size;

    if (b) {
        b->used += (alignment - b->used % alignment) % alignment;
        if (b->used <= b->len && size <= b->len - b->used)
            return b;
    }
    if (len > SIZE_MAX - sizeof *b)
        return NULL;
    b = calloc(1, sizeof *b + len);
    if (!b)
        return NULL;
    b->len = len;
    b->older = a->blocks;
    a->blocks = b;
    return b;
}

static void *take(struct kdw_arena *a, size_t size, size_t alignment)
{
    struct kdw_arena_block *b = block_for(a, size, alignment);

    if (!b)
        return NULL;
    b->used += size;
    return b->bytes + b->used - size;
}

void *kdw_arena_alloc(struct kdw_arena *a, size_t size)
{
    return take(a, size, alignof(max_align_t));
}

char *kdw_arena_text(struct kdw_arena *a, const char *text, size_t len)
{
    char *copy = len < SIZE_MAX ? take(a, len + 1, 1) : NULL;

    if (copy)
        memcpy(copy, text, len);
    return copy;
}

void kdw_arena_free(struct kdw_arena *a)
{
    while (a->blocks) {
        struct kdw_arena_block *b = a->blocks;

        a->blocks = b->older;
        free(b);
    }
}
