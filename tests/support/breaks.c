#include "support/breaks.h"

#include <assert.h>

static enum kd_status read_in_break(struct kdw_mem *m, uint64_t at, void *buf, size_t len,
                                    uint64_t *fault)
{
    struct breaks *b = (struct breaks *)m;

    if (b->reads >= b->len && (!b->must_end || b->is_inexorable)) {
        *fault = at;
        return KD_ERR_INTERRUPTED;
    }
    b->reads++;
    if (b->reads > b->most)
        b->most = b->reads;
    return kdw_mem_read(b->below, at, buf, len, fault);
}

static enum kd_status pause_walk(void *ctx)
{
    struct breaks *b = ctx;

    b->pauses++;
    b->reads = 0;
    if (b->cache)
        kdw_cache_drop(b->cache);
    if (b->meanwhile && b->changes_left > 0) {
        b->changes_left--;
        b->meanwhile(b->ctx, b->pauses);
    }
    return b->answer;
}

static void begin_unit(void *ctx, bool must_end)
{
    struct breaks *b = ctx;

    b->units++;
    b->held += must_end;
    b->must_end = must_end;
}

void breaks_init(struct breaks *b, struct kdw_kernel *kernel, size_t len, enum breaks_cache cached)
{
    *b = (struct breaks){.mem.read = read_in_break,
                         .kernel = kernel,
                         .below = kernel->mem,
                         .len = len,
                         .changes_left = SIZE_MAX};
    if (cached == CACHED) {
        const struct kdw_cache_opts opts = {
            .below = &b->mem, .line_len = 256, .max_bytes = 1 << 20, .hole_len = 1};
        enum kd_status st = kdw_cache_create(&opts, &b->cache);

        assert(st == KD_OK);
        (void)st;
    }
    kernel->mem = b->cache ? kdw_cache_mem(b->cache) : &b->mem;
}

void breaks_deinit(struct breaks *b)
{
    b->kernel->mem = b->below;
    kdw_cache_destroy(b->cache);
}

struct kdw_snapshot_opts breaks_opts(struct breaks *b, unsigned parts)
{
    return (struct kdw_snapshot_opts){
        .parts = parts, .ctx = b, .pause = pause_walk, .unit = begin_unit};
}
