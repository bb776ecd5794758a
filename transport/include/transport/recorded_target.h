/* recorded_target.h - what a recording tells of its target at one moment: what it was, why it stood
 * still, which of its memory was read until then.
 *
 * One pass over the file. Of several boots, or targets, the last that is fit is taken: of those whose
 * version is known (of an NT kernel, where that is wanted) the one that stood still last. Where no
 * version is known and anything will do, the one that stood still last. What was read in earlier stops
 * of the same boot stays known, until a later answer replaces it.
 *
 * Lifetime  _open to _close.
 * Memory    grows with the distinct bytes that were read, of the boots that may still be taken.
 * Threads   One at a time.
 * Errors    enum kd_status, explained in the diag given at _open. A recording that is cut short or
 *           damaged is used as far as it goes: facts.end says so, and the diag how. */
#ifndef TRANSPORT_RECORDED_TARGET_H
#define TRANSPORT_RECORDED_TARGET_H

#include <kdproto/diag.h>
#include <kdproto/kdnet_key.h>
#include <kdproto/manipulate.h>
#include <kdproto/state_change.h>
#include <transport/recorded_memory.h>
#include <transport/recording.h>

#ifdef __cplusplus
extern "C" {
#endif

struct kdt_recorded_target;

enum kdt_moment { KDT_MOMENT_LAST, KDT_MOMENT_STOP, KDT_MOMENT_TIME, KDT_MOMENT_OFFSET };

struct kdt_recorded_target_opts {
    struct kdt_recording_opts recording;
    enum kdt_moment moment;
    unsigned stop;     /* STOP: the end of that stop */
    uint64_t time_ns;  /* TIME: since 1970; OFFSET: since the first record of the file */
    bool needs_kernel; /* an NT kernel, no boot debugger */
    void *ctx;
    /* Now and then; returning false gives up with KD_ERR_CANCELLED. May be NULL. total 0: unknown. */
    bool (*on_progress)(void *ctx, uint64_t done, uint64_t total);
};

struct kdt_recorded_facts {
    bool has_version;
    struct kd_version version;
    bool has_stop;
    struct kd_state_change stop; /* without its path */
    bool has_dtb;
    uint64_t dtb; /* page-table root of the processor that stopped, where its CR3 was read */
    uint64_t cr4; /* likewise; bit 12: five levels of page tables */
    uint64_t start_ns, moment_ns; /* of the file's first record; of the last that counted */
    unsigned boot, boots;         /* which was taken, of how many until the moment */
    unsigned targets;             /* conversations with a target that was halted */
    uint64_t sealed;              /* KDNET datagrams until then that could not be opened */
    struct kdt_recording_counts counts;
    enum kd_status end; /* KD_OK: the moment or the end of the file; else how the file broke off */
};

/* KD_ERR_NOT_FOUND: no such stop, nothing before that time, or no target in it; KD_ERR_AUTH: nothing
 * verifies with the key; KD_ERR_USAGE: it is of KDNET, and no key was given; KD_ERR_UNSUPPORTED: only a
 * boot debugger, where a kernel is wanted; and what kdt_recording_open says. A recording without the
 * handshake that made its data key: KD_ERR_NOT_FOUND, and says so. */
enum kd_status kdt_recorded_target_open(const struct kdt_recorded_target_opts *opts,
                                        struct kdt_recorded_target **out);
void kdt_recorded_target_close(struct kdt_recorded_target *t); /* NULL is fine */

const struct kdt_recorded_facts *kdt_recorded_target_facts(const struct kdt_recorded_target *t);
const struct kdt_recorded_memory *kdt_recorded_target_virtual(const struct kdt_recorded_target *t);
const struct kdt_recorded_memory *kdt_recorded_target_physical(const struct kdt_recorded_target *t);

#ifdef __cplusplus
}
#endif
#endif
