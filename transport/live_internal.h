/* live_internal.h - what the files of a live session share.
 *
 *     live.c         open, close, cancel; the counters
 *     live_loop.c    the loop: packets in and out, events, waiting with deadlines
 *     live_halt.c    the target's state: attach, next stage, resume, leave
 *     live_listen.c  staying attached to a target that runs: listen, break
 *     live_read.c    one request and its reply; memory and control space made of such
 *
 * Events set bits in `seen`; a call clears the bits that it is about to wait for, acts, and waits.
 * What ends a session - lost, rebooted, cancelled, too late - is kept in `over` with its reason, so
 * that each later call can answer with it without asking a target that does not answer. */
#ifndef TRANSPORT_LIVE_INTERNAL_H
#define TRANSPORT_LIVE_INTERNAL_H

#include <transport/live.h>

#include "channel.h"
#include <kdproto/packet.h>

#include <stdatomic.h>
#include <uv.h>

enum live_seen {
    SEEN_HALTED = 1 << 0,
    SEEN_REPLY = 1 << 1,
    SEEN_RESUMED = 1 << 2,
    SEEN_LEFT = 1 << 3,
    SEEN_NEW_BOOT = 1 << 4,
    SEEN_UP = 1 << 5,
    SEEN_ENOUGH = 1 << 6, /* the caller's wish: no more listening */
};

/* What the session is doing; it decides what an event means. */
enum live_aim {
    AIM_NONE,     /* between calls, or a request: a new boot or silence is the end */
    AIM_STAY,     /* listening, or halting it again: the same, and a cut as well */
    AIM_HALT,     /* attaching: whatever calls is welcome, and is asked to halt */
    AIM_NEW_BOOT, /* a boot debugger was continued: its next stage is awaited */
    AIM_LEAVE,    /* nothing matters any more but the last continue */
};

struct kdt_live {
    struct kdt_live_opts opts;
    atomic_bool is_cancelled;

    uv_loop_t loop;
    uv_timer_t timer;
    uv_async_t waker;
    uint64_t armed_ms; /* when the timer goes off; KD_NEVER: it does not */
    struct kdt_channel *channel;
    struct kd_session *session;

    enum live_aim aim;
    enum kd_status over; /* KD_OK while the session is fit for use */
    struct kd_diag reason;
    bool has_left;

    /* the link's story, for progress and for what to say when time is up */
    uint64_t opened_ms, linked_ms, aim_ms;
    uint64_t deadline_ms, progress_ms;
    bool is_linked, was_linked, was_attached;
    bool is_cut;        /* not linked, and the channel is making the connection anew */
    bool is_stranger;   /* whoever speaks over the next connection: nothing is known of it */
    bool may_be_halted; /* a halt was asked for or came, and no resume since went well */
    uint64_t cut_ms;    /* since when it is cut, or was: a connection proves itself by a packet */

    unsigned seen; /* enum live_seen */
    struct kd_state_change stop;
    uint8_t stop_path[KD_PACKET_DATA_MAX];
    uint32_t token; /* of the request that is waited for */
    enum kd_status reply_status;
    struct kd_manipulate reply; /* its data points into reply_data */
    uint8_t reply_data[KD_PACKET_DATA_MAX];
    enum kd_status resumed_status, rip_status;
    bool is_presumed;

    /* the target's stops; ns: of the monotonic clock */
    struct kd_version version; /* as it was when it was attached to */
    uint64_t resets_at_resume; /* more since then, and it may have restarted unseen */
    uint64_t freezes;          /* of the session's counter, as far as it was looked at */
    bool is_frozen;
    uint64_t froze_ns, thawed_ns, frozen_ns; /* the last stop; all that came before it */

    uint32_t read_piece;  /* memory that one reply carries, as far as is known */
    uint32_t read_proven; /* a read of so much has been answered, or surely would be */
    uint64_t packets_sent, packets_received;
};

uint64_t kdt_live_now_ms(struct kdt_live *l);

/* Every call begins here: the clock is brought up to date; a session that is over says so. */
enum kd_status kdt_live_begin(struct kdt_live *l);

/* The session is over, for this reason; the first reason stays. */
enum kd_status kdt_live_end(struct kdt_live *l, enum kd_status st, const char *fmt, ...)
    KD_PRINTF(3, 4);

/* Carry what the session wants to say to the wire, and what it wants to tell into `seen`. To be
 * called after everything that is done to the session. */
void kdt_live_flush(struct kdt_live *l);

/* Look whether a stop began or ended, at this time. To be called with each thing that is told to the
 * session, after it. */
void kdt_live_note_freeze(struct kdt_live *l, uint64_t at_ns);

/* The channel's handler. */
void kdt_live_on_channel(void *ctx, const struct kdt_channel_event *ev);

/* Turn the loop until one of these bits is seen. KD_ERR_TIMEOUT, without a text: until_ms passed;
 * else the reason why the session is over. */
enum kd_status kdt_live_wait(struct kdt_live *l, unsigned wanted, uint64_t until_ms);

/* Ask a linked target to halt, or one that links until then, and wait for its stop. KD_ERR_TIMEOUT,
 * without a text: until_ms passed. */
enum kd_status kdt_live_await_halt(struct kdt_live *l, uint64_t until_ms);
/* It stands, and is read from here on. */
void kdt_live_begin_reading(struct kdt_live *l);

/* The channel was cut: wait until it is up again. KD_ERR_LOST: it does not come back.
 * KD_ERR_TIMEOUT, without a text: until_ms passed. */
enum kd_status kdt_live_await_link(struct kdt_live *l, uint64_t until_ms);

void kdt_live_progress(struct kdt_live *l, enum kdt_progress_kind kind, uint64_t ms);

/* Ask a halted target and wait for the reply, which is in l->reply then; a connection that is cut
 * meanwhile is waited for, and a read then asked again. KD_ERR_INTERRUPTED: it is
 * not halted, or changed its state meanwhile. KD_ERR_TIMEOUT while the session is not over, without
 * a text: until_ms passed, which may be KD_NEVER. A request's own timeout ends the session. */
enum kd_status kdt_live_request(struct kdt_live *l, const struct kd_manipulate *request,
                                uint64_t until_ms);

#endif
