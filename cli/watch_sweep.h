/* watch_sweep.h - when a watched target is halted, what is read then, and when it is let go.
 *
 * One walk of everything is spread over as many breaks as the freeze budget makes of it: the walker stays
 * sequential code, and its pause (snapshot.h) is where the target is let run, listened to and halted
 * again. Each break begins with what is volatile; where that alone takes several, the rest gets as
 * many.
 *
 *     break 1            break 2            break 3
 *     volatile, A, B     volatile, C, D     volatile, E: the sweep is complete
 *
 * Budget    Counts from the halt. A structure that would go beyond it is left for the next break; one that
 *           does not even fit into a break of its own is read to its end. So the walk gets on.
 * Repeats   What is decided while the target stands depends on memory and on which reads were refused, never
 *           on the clock: a recording of a watch leads the same way.
 * Manners   The target runs at least as long as it stood. Nothing is printed, compared or written
 *           while it stands. */
#ifndef CLI_WATCH_SWEEP_H
#define CLI_WATCH_SWEEP_H

#include "source_watch.h"
#include "watch_state.h"
#include "watch_trigger.h"

enum watch_after { /* a bugcheck */
                   WATCH_AFTER_GO,
                   WATCH_AFTER_STAY
};

enum watch_wish { /* of who watches */
                  WATCH_GO_ON,
                  WATCH_PAUSE, /* no more samples until another wish; the target runs */
                  WATCH_NOW,   /* a sample at once */
                  WATCH_ENOUGH
};

enum watch_found { WATCH_FOUND_VOLATILE, WATCH_FOUND_WHOLE, WATCH_FOUND_CRASH };

struct watch_sweep_opts {
    unsigned only;
    uint32_t every_ms;
    uint32_t freeze_budget_ms;
    uint64_t count;  /* samples; 0: no end */
    uint32_t for_ms; /* 0: no end */
    const struct watch_trigger *trigger;
    enum watch_after after_bugcheck;
    void *ctx;
    watch_tell *tell;
    /* All that a pass found, when it was completed: after its events. The snapshot is valid until the next
     * one of its kind. */
    void (*found)(void *ctx, enum watch_found what, const struct watch_when *when,
                  const struct kdw_snapshot *s);
    /* Asked ten times a second while the target runs. NULL: nobody has wishes. */
    enum watch_wish (*wish)(void *ctx);
};

struct watch_sweep;

enum kd_status watch_sweep_create(const struct watch_sweep_opts *opts, struct watch_sweep **out);
void watch_sweep_destroy(struct watch_sweep *w); /* NULL is fine */

/* Watch one boot of the target, which stands; again after it came back. KD_OK: what was to be watched was, or
 * a bugcheck ended it. Otherwise as a source that is watched. */
enum kd_status watch_sweep_run(struct watch_sweep *w, struct source *s);

#endif
