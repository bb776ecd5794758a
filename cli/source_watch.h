/* source_watch.h - a source whose target is let go and halted again, for commands that stay with it.
 *
 * Live targets, and recordings of them, which play the same breaks again. All of it between a source's
 * opening and its leave (source.h); memory, and so a kernel that was opened on it, stays the same one,
 * but what is read anew after each halt.
 *
 *     stands --let_go--> runs --listen--> stands, by itself
 *       ^                 |      `------> runs, the time is over
 *       `------catch------'
 *
 * Errors    As live.h. KD_ERR_TIMEOUT of _listen: it runs, and nothing is wrong. KD_ERR_CANCELLED: also when the
 *           command's deadline has come. A recording ends with
 *           KD_ERR_NOT_FOUND. */
#ifndef CLI_SOURCE_WATCH_H
#define CLI_SOURCE_WATCH_H

#include "source.h"

#include <kdproto/state_change.h>

struct source_hearing { /* what the target says while it runs */
    void *ctx;
    bool (*on_print)(void *ctx, struct kd_span text); /* true: it is to stand still at once */
    bool (*stays_at_module)(void *ctx, const struct kd_state_change *load);
    void (*on_module)(void *ctx, const struct kd_state_change *load); /* that it went on after */
};

struct source_cost { /* since the source was opened */
    uint64_t frozen_us;
    uint64_t requests;
    uint64_t bytes; /* of memory */
};

/* KD_ERR_UNSUPPORTED: a dump stands still for ever. hearing is borrowed until the source
 * is closed. */
enum kd_status source_watch(struct source *s, const struct source_hearing *hearing);
enum kd_status source_let_go(struct source *s);
/* KD_OK: it halted by itself, as *stop says. KD_ERR_INTERRUPTED: on_print wished so; it runs. */
enum kd_status source_listen(struct source *s, uint32_t ms, struct kd_state_change *stop);
/* KD_ERR_BUSY: it did not halt in time; it runs, and may halt later. */
enum kd_status source_catch(struct source *s);
/* After it restarted or fell silent, with that status: until it stands again. It may be another boot. */
enum kd_status source_return(struct source *s, enum kd_status st);
/* The target stays as it is when the source is closed: halted. */
void source_abandon(struct source *s);

/* Reads that cost a request fail with KD_ERR_INTERRUPTED once it has stood for so long; 0: none does. Of a
 * recording: those of what was not read in this break. */
void source_limit(struct source *s, uint64_t freeze_us);
void source_get_cost(const struct source *s, struct source_cost *out);
/* Now; in a recording, then. Nanoseconds since 1970. */
uint64_t source_time_ns(const struct source *s);

#endif
