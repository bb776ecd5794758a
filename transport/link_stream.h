/* link_stream.h - bytes to and from a target: one connection at a time. Private to this room.
 *
 *     serial    opened with the link
 *     pipe, TCP connected to; with `reconnect` again and again, 100 ms to 2 s apart, else once
 *     server    listened on instead: one peer at a time, a second one is turned away; one that
 *               goes without a word was none
 *
 *     (open) --> on_up --> on_bytes ... --> on_cut (reconnect) --> on_up --> ...
 *                                      \--> on_over
 *
 * Lifetime  The caller's from _open to _close; what the loop still holds frees itself there.
 * Threads   Those of the loop: one.
 * Errors    Opening explains in diag what shows at once: a port, or a name to listen on. What shows
 *           later comes with on_over. Sending does not fail: what finds no room is dropped whole
 *           and counted, and the protocol above repeats it. */
#ifndef TRANSPORT_LINK_STREAM_H
#define TRANSPORT_LINK_STREAM_H

#include <kdproto/bytes.h>
#include <kdproto/diag.h>
#include <transport/recorder.h>
#include <transport/target_spec.h>

#include <uv.h>

struct kdt_link_stream;

struct kdt_link_stream_opts {
    uv_loop_t *loop;                    /* outlives the link */
    const struct kdt_target_spec *spec; /* borrowed during _open only; not of kind KDT_LINK_NET */
    void *ctx;
    void (*on_up)(void *ctx);
    void (*on_bytes)(void *ctx, struct kd_span bytes);
    void (*on_cut)(void *ctx); /* it is gone, and will be made anew */
    void (*on_over)(void *ctx, enum kd_status st, const char *text); /* it is gone for good */
    struct kdt_recorder *recorder; /* may be NULL; outlives the link */
};

struct kdt_link_stream_counters {
    uint64_t bytes_sent, bytes_received;
    uint64_t unsent; /* packets that found no room, or no connection */
};

enum kd_status kdt_link_stream_open(const struct kdt_link_stream_opts *opts, struct kd_diag *diag,
                                    struct kdt_link_stream **out);
void kdt_link_stream_close(struct kdt_link_stream *l); /* NULL is fine */

void kdt_link_stream_send(struct kdt_link_stream *l, struct kd_span packet);

/* Connecting happens here: call _tick when the deadline has passed. KD_NEVER: none. */
void kdt_link_stream_tick(struct kdt_link_stream *l);
uint64_t kdt_link_stream_deadline_ms(const struct kdt_link_stream *l);

/* Not up: why not, as far as is known, and what to do. */
enum kd_status kdt_link_stream_explain(const struct kdt_link_stream *l, struct kd_diag *diag);
const struct kdt_link_stream_counters *kdt_link_stream_get_counters(
    const struct kdt_link_stream *l);

#endif
