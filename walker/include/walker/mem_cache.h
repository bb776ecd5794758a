/* mem_cache.h - target memory kept until the target runs again.
 *
 * KD is stop-and-wait: a walk costs its number of requests times the round trip. So a miss fetches
 * whole aligned lines, neighbouring misses become one read, and neither bytes nor holes are asked
 * for twice. Where a line cannot be read to its end, exactly what is wanted of the rest is asked for;
 * only what then fails is remembered as a hole, to the end that hole_len gives it.
 *
 * Lifetime  The source below must outlive the cache; the cache's kdw_mem lives inside it.
 * Bounds    max_bytes of lines; when full, everything is dropped and reading goes on.
 * Errors    What kd_is_unreadable names is remembered, and which it was; any other failure is passed
 *           on as it is. */
#ifndef WALKER_MEM_CACHE_H
#define WALKER_MEM_CACHE_H

#include <walker/mem.h>

#ifdef __cplusplus
extern "C" {
#endif

struct kdw_cache;

enum { KDW_CACHE_LINES_MIN = 8 }; /* a smaller cache would drop what it is about to serve */

struct kdw_cache_opts {
    struct kdw_mem *below;
    /* Power of two, 64..4096: what one request of the link carries, 1024 on KDNET. */
    uint32_t line_len;
    size_t max_bytes; /* at least KDW_CACHE_LINES_MIN lines */
    /* Power of two, 1..4096: what is missing together. A live target maps pages, so the rest of one
     * is as unreadable as the byte that failed; a replayed session may hold any bytes. */
    uint32_t hole_len;
};

/* KD_ERR_USAGE for sizes outside those bounds, KD_ERR_NO_MEMORY. */
enum kd_status kdw_cache_create(const struct kdw_cache_opts *opts, struct kdw_cache **out);
void kdw_cache_destroy(struct kdw_cache *c); /* NULL is fine */
struct kdw_mem *kdw_cache_mem(struct kdw_cache *c);
/* The target runs: nothing that is known stays true. */
void kdw_cache_drop(struct kdw_cache *c);

#ifdef __cplusplus
}
#endif
#endif
