/* recorded_stops.h - a recorded session stop by stop, as the session that was recorded heard it.
 *
 *     kdt_recording_next   packets --> recorded_stops --> prints, restarts, whole stops in their order
 *
 * What a live session tells with events is told with the same events: see session.h. A stop is told
 * once it is over, with all that was read in it and nothing else: memory changes from one stop to the
 * next, so bytes of two do not belong together (recorded_target.h is for those who want all that is
 * known at one moment). A print that came while the target stood is told before that stop.
 *
 *     KD_EVENT_HALTED      a stop; told.stop says more
 *     KD_EVENT_MODULE      a load-symbols stop in which nothing was asked; told.stop as well
 *     KD_EVENT_RESTARTING  a farewell, likewise
 *     KD_EVENT_RESTARTED   a sign of a restart, or that a snapshot was restored: KDNET's too
 *     KD_EVENT_PRINT, KD_EVENT_PROMPT, KD_EVENT_FILE_IO
 *
 * A stop in which nothing was asked is also one that the session continued by itself because nobody
 * wanted it, a break-in too many: of such a session tells nothing.
 *
 * Lifetime  _open to _close; what is told is valid until the next call.
 * Memory    what was read in the stops that are not told yet: one for each conversation.
 * Threads   One at a time.
 * Errors    enum kd_status, explained in the diag given at _open. */
#ifndef TRANSPORT_RECORDED_STOPS_H
#define TRANSPORT_RECORDED_STOPS_H

#include <kdproto/session.h>
#include <transport/recorded_memory.h>
#include <transport/recording.h>

#ifdef __cplusplus
extern "C" {
#endif

struct kdt_recorded_stops;

struct kdt_recorded_stop {
    unsigned number; /* as kdt_record.stop */
    unsigned boot;   /* as kdt_record.boot, at its end */
    struct kd_state_change change;
    uint64_t begin_ns; /* since 1970: its first report */
    /* The acknowledgement of its Continue, or the next best sign that it is over. */
    uint64_t end_ns;
    bool
        was_wanted; /* a break-in had been sent since it was last let go; else it halted by itself */
    bool is_over;   /* else the recording, the link or the target's life ended in it */
    bool has_version;    /* of its boot, asked for in this stop or an earlier one */
    bool is_version_new; /* asked for in this one */
    struct kd_version version;
    bool has_dtb; /* page-table root of the processor that stopped, where its CR3 was read */
    uint64_t dtb, cr4;
    uint64_t requests; /* of the host, repetitions not counted; Continue and the Rip rule's too */
    uint64_t round_trips; /* of those, that were answered */
    uint64_t bytes_read;  /* that answers to reads carried */
    /* What was read in it, and what could not be. */
    const struct kdt_recorded_memory *virt, *phys;
};

struct kdt_told {
    uint64_t time_ns;      /* since 1970; of a stop: when it began */
    unsigned conversation; /* as kdt_record.conversation */
    struct kd_event event;
    struct kdt_recorded_stop stop; /* HALTED, MODULE, RESTARTING; else zero */
};

/* As kdt_recording_open. */
enum kd_status kdt_recorded_stops_open(const struct kdt_recording_opts *opts,
                                       struct kdt_recorded_stops **out);
void kdt_recorded_stops_close(struct kdt_recorded_stops *s); /* NULL is fine */

/* The next thing that is told. The end, and how the file breaks off, as kdt_recording_next; before that
 * the stops are told in which it ends. KD_ERR_NO_MEMORY is an end as well. */
enum kd_status kdt_recorded_stops_next(struct kdt_recorded_stops *s, struct kdt_told *out);

/* The recording below: its counts, its position, why nothing was in it. */
const struct kdt_recording *kdt_recorded_stops_recording(const struct kdt_recorded_stops *s);

#ifdef __cplusplus
}
#endif
#endif
