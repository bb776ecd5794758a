/* mem.h - one readable address space of the target.
 *
 * Everything the walker learns comes through this: a live session, a recording, a dump, a test.
 * Sources stack: live under kdw_cache, ranges or a dump directly, fake_mem in tests.
 *
 * Lifetime  Whoever made the source owns it; users borrow.
 * Threads   One at a time. */
#ifndef WALKER_MEM_H
#define WALKER_MEM_H

#include <kdproto/diag.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct kdw_mem {
    /* Read exactly len bytes, or fail and say in *fault which address could not be read: everything
     * before it was read and stands in buf. What kd_is_unreadable names is the ordinary failure,
     * KD_ERR_NOT_MAPPED where nothing better is known; the statuses of a link (KD_ERR_TIMEOUT,
     * _LOST, _REBOOTED, _CANCELLED) mean that no further read will do better; a source that knows
     * more of those explains it in the diag that its user reads. */
    enum kd_status (*read)(struct kdw_mem *m, uint64_t at, void *buf, size_t len, uint64_t *fault);
};

/* As m->read; fault may be NULL and is always inside what was asked. len 0 succeeds; a range that
 * wraps around fails at its start. */
enum kd_status kdw_mem_read(struct kdw_mem *m, uint64_t at, void *buf, size_t len, uint64_t *fault);
enum kd_status kdw_mem_u64(struct kdw_mem *m, uint64_t at, uint64_t *out);

/* Whether a walk is over: the link is gone, the user has had enough, there is no memory left. False
 * for KD_OK and for what concerns one place only (not mapped, damaged, no such field): a walk notes
 * it and goes on. */
bool kdw_ends_walk(enum kd_status st);

/* A read failed: say of what. Where that ends a walk, the phrase goes in front of what the source
 * said; else it starts a new explanation, and the status text follows. Returns st. */
enum kd_status kdw_explain_read(struct kd_diag *diag, enum kd_status st, const char *fmt, ...)
    KD_PRINTF(3, 4);

#ifdef __cplusplus
}
#endif
#endif
