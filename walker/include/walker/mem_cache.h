/* mem_cache.h - target memory kept until the target runs again.
 *
 * KD is stop-and-wait: a walk costs its number of requests times the round trip. So a miss fetches
 * whole aligned lines, neighbouring misses become one read, and neither bytes nor holes are asked
 * for twice.
 *
 * Lifetime  The source below must outlive the cache; the cache's kdw_mem lives inside it.
 * Bounds    max_bytes of lines; when full, everything is dropped and reading goes on. */
#ifndef WALKER_MEM_CACHE_H
#define WALKER_MEM_CACHE_H

#include <walker/mem.h>

#ifdef __cplusplus
extern "C" {
#endif

struct kdw_cache;

struct kdw_cache_opts {
    struct kdw_mem *below;
    uint32_t
        line_len; /* power of two, 64..4096: what one request of the link carries, 1024 on KDNET */
    size_t max_bytes;
};

enum kd_status kdw_cache_create(const struct kdw_cache_opts *opts, struct kdw_cache **out);
void kdw_cache_destroy(struct kdw_cache *c); /* NULL is fine */
struct kdw_mem *kdw_cache_mem(struct kdw_cache *c);
/* The target runs: nothing that is known stays true. */
void kdw_cache_drop(struct kdw_cache *c);

#ifdef __cplusplus
}
#endif
#endif
