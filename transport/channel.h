/* channel.h - packets to a target and from it, whatever carries them. Private to this room.
 *
 *     channel_net.c      KDNET: packets in datagrams; the target calls, handshakes come and go
 *     channel_stream.c   packets in a byte stream: serial line, pipe, TCP
 *
 * The session above knows this interface only. A channel turns what its link brings into events,
 * one at a time, from within the loop's callbacks and its own _tick; inside an event it may be
 * sent to, but not closed.
 *
 * Lifetime  The caller's from _open to _close; what the loop still holds then frees itself there.
 * Threads   Those of the loop: one.
 * Errors    Opening explains in diag. Sending does not fail: a packet may be lost anywhere, and the
 *           session repeats what matters. */
#ifndef TRANSPORT_CHANNEL_H
#define TRANSPORT_CHANNEL_H

#include <transport/live.h>

#include <uv.h>

enum { KDT_READ_MIN = 512 }; /* with less, headers and turns are most of the time */

enum kdt_channel_event_kind {
    KDT_CHANNEL_CALLED, /* a target is there, and was answered */
    KDT_CHANNEL_UP,     /* packets can be sent from now on; again after each _SILENT and _CUT, and
                           on KDNET at each handshake */
    KDT_CHANNEL_SILENT, /* nothing can be sent until the target calls again */
    KDT_CHANNEL_CUT,    /* the connection is gone, and is being made anew */
    KDT_CHANNEL_OVER,   /* for good: status and text say why */
    KDT_CHANNEL_PACKET,
    KDT_CHANNEL_GARBLED, /* a packet arrived damaged */
    KDT_CHANNEL_HEARS,   /* bytes of a packet that is not complete yet arrived */
};

struct kdt_channel_event {
    enum kdt_channel_event_kind kind;
    bool is_new_boot;           /* UP: not the target that was there before, or not its boot */
    struct kd_packet packet;    /* PACKET; borrowed during the event */
    enum kd_framer_result wish; /* GARBLED: what to ask the target for */
    enum kd_status status;      /* OVER */
    const char *text;           /* OVER; borrowed during the event */
};

struct kdt_channel_opts {
    uv_loop_t *loop;                    /* outlives the channel */
    const struct kdt_target_spec *spec; /* borrowed during _open only */
    void *ctx;
    void (*on_event)(void *ctx, const struct kdt_channel_event *ev);
    struct kdt_recorder *recorder; /* may be NULL; outlives the channel */
};

struct kdt_channel;

struct kdt_channel_verbs {
    /* One KD packet as the session put it out, or the break-in byte. */
    void (*send)(struct kdt_channel *c, struct kd_span bytes);
    void (*tick)(struct kdt_channel *c);
    uint64_t (*deadline_ms)(const struct kdt_channel *c); /* call tick then; KD_NEVER: none */
    /* The target does not answer: whatever calls next is welcome. True: until then the channel is
     * down. */
    bool (*drop)(struct kdt_channel *c);
    /* No target was halted within that time: what was seen of one, and what to look at next.
     * Returns KD_ERR_TIMEOUT, or what turned out to be the reason. */
    enum kd_status (*explain)(const struct kdt_channel *c, double seconds, struct kd_diag *diag);
    /* Its share: everything but .session and the counts of packets. */
    void (*add_stats)(const struct kdt_channel *c, struct kdt_live_stats *stats);
    void (*close)(struct kdt_channel *c);
};

/* What is the same for as long as it lives; the kinds begin with it. */
struct kdt_channel {
    const struct kdt_channel_verbs *verbs;
    enum kd_dialect dialect;
    uint32_t bytes_per_second;      /* 0: it does not matter */
    uint32_t read_max;              /* memory that one reply carries */
    uint32_t line_len;              /* see kdt_live_line_len */
    bool may_cross_pages;           /* reads may; else a piece ends at its page's end */
    enum kdt_progress_kind waiting; /* what to report while it is not up */
};

enum kd_status kdt_channel_net_open(const struct kdt_channel_opts *opts, struct kd_diag *diag,
                                    struct kdt_channel **out);
enum kd_status kdt_channel_stream_open(const struct kdt_channel_opts *opts, struct kd_diag *diag,
                                       struct kdt_channel **out);

#endif
