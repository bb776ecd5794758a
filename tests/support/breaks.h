/* breaks.h - a machine that is halted for a few reads only, and changes in between.
 *
 *     breaks_init(&b, &k.kernel, 7, CACHED);
 *     b.meanwhile = process_ends;
 *     opts = breaks_opts(&b, KDW_PART_ALL);
 *
 * Lifetime  breaks_init to breaks_deinit, which puts the kernel's own memory back. */
#ifndef TESTS_SUPPORT_BREAKS_H
#define TESTS_SUPPORT_BREAKS_H

#include <walker/mem_cache.h>
#include <walker/snapshot.h>

enum breaks_cache { UNCACHED, CACHED };

struct breaks {
    struct kdw_mem mem; /* first */
    struct kdw_kernel *kernel;
    struct kdw_mem *below;
    struct kdw_cache *cache;
    size_t len;   /* reads of a break */
    size_t reads; /* of this one */
    size_t most;  /* in one */
    size_t pauses, units, held;
    bool must_end;       /* this unit */
    bool is_inexorable;  /* interrupts all the same */
    size_t changes_left; /* how often meanwhile is still called */

    void (*meanwhile)(void *ctx, size_t pause); /* pauses count from 1 */
    void *ctx;
    enum kd_status answer; /* of a pause */
};

/* From now on the kernel is read in breaks of so many reads. */
void breaks_init(struct breaks *b, struct kdw_kernel *kernel, size_t len, enum breaks_cache cached);
void breaks_deinit(struct breaks *b);
struct kdw_snapshot_opts breaks_opts(struct breaks *b, unsigned parts);

#endif
