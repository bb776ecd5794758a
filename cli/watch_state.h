/* watch_state.h - what is known of a watched target, and what a new look at it changes about that.
 *
 * Two passes feed it: the volatile one, and the one of everything. Each is compared with the one of its
 * kind before it, and each change is told once.
 *
 * Over several breaks  a pass sees things at different times. Facts of one record are of one break, so they
 *           are told at once. What was concluded from several records (in whose lists something was
 *           found, what a check says) may never have been so: it is told when the next pass agrees.
 * Checks    A change under way ("in transition") is no news unless it lasts; what fails at the beginning is.
 * Lifetime  A snapshot that was taken over is held until the next of its kind. */
#ifndef CLI_WATCH_STATE_H
#define CLI_WATCH_STATE_H

#include "watch.h"

enum watch_pass { WATCH_PASS_VOLATILE, WATCH_PASS_WHOLE, WATCH_PASSES };

/* What a pass has to read. */
unsigned watch_pass_parts(enum watch_pass pass, unsigned only);

struct watch_read { /* what a pass found */
    struct kdw_snapshot snapshot;
    struct watch_when *looks; /* when the target stood still for each of its looks */
    size_t looks_len, looks_room;
};

void watch_read_free(struct watch_read *r);
/* Another look begins. KD_ERR_NO_MEMORY. */
enum kd_status watch_read_look(struct watch_read *r, const struct watch_when *when);

struct watch_state;

typedef void watch_tell(void *ctx, const struct watch_event *e);

enum kd_status watch_state_create(unsigned only, void *ctx, watch_tell *tell,
                                  struct watch_state **out);
void watch_state_destroy(struct watch_state *s); /* NULL is fine */

/* A pass was completed in that sample: takes it over, whatever happens, and says what is new.
 * KD_ERR_NO_MEMORY. */
enum kd_status watch_state_take(struct watch_state *s, enum watch_pass pass, uint64_t sample,
                                struct watch_read *read);
/* Another boot: nothing that was known holds. */
void watch_state_forget(struct watch_state *s);
/* What the pass found last; NULL: nothing yet. */
const struct kdw_snapshot *watch_state_known(const struct watch_state *s, enum watch_pass pass);

#endif
