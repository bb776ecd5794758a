/* link_udp.h - datagrams to and from targets: one listening UDP socket. Private to this room.
 *
 * A target calls the host, so this end only binds and listens; whom to answer is what a datagram
 * came from.
 *
 * Lifetime  The caller's from _open to _close; libuv's from then on, until its loop has run the
 *           close callback, which frees it.
 * Threads   Those of the loop: one.
 * Errors    Opening explains in diag. Sending does not fail: a datagram may be lost anywhere, and
 *           the protocol above repeats what matters. What went wrong is counted. */
#ifndef TRANSPORT_LINK_UDP_H
#define TRANSPORT_LINK_UDP_H

#include <kdproto/bytes.h>
#include <kdproto/diag.h>
#include <kdproto/kdnet.h>
#include <transport/recorder.h>

#include <uv.h>

struct kdt_link_udp;

struct kdt_link_udp_opts {
    uv_loop_t *loop;  /* outlives the link */
    const char *bind; /* numeric address; empty: every address of both families */
    uint16_t port;
    void *ctx;
    void (*on_datagram)(void *ctx, struct kd_span datagram, const struct kdnet_peer *from);
    struct kdt_recorder *recorder; /* may be NULL; outlives the link's closing */
};

struct kdt_link_udp_counters {
    uint64_t datagrams_sent, bytes_sent;
    uint64_t datagrams_received, bytes_received;
    uint64_t unsent;    /* refused by the system, or the queue was full */
    uint64_t truncated; /* longer than any datagram of KDNET; dropped */
    int last_error;     /* libuv's, of the last that was refused; 0: none ever was */
};

enum kd_status kdt_link_udp_open(const struct kdt_link_udp_opts *opts, struct kd_diag *diag,
                                 struct kdt_link_udp **out);
void kdt_link_udp_close(struct kdt_link_udp *l); /* NULL is fine */
void kdt_link_udp_send(struct kdt_link_udp *l, struct kd_span datagram,
                       const struct kdnet_peer *to);
const struct kdt_link_udp_counters *kdt_link_udp_get_counters(const struct kdt_link_udp *l);

#endif
