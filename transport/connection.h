/* connection.h - one connection as a stream of libuv's: what comes over it, and what waits to be
 * sent. Private to this room; link_stream.c makes them, one after the other.
 *
 * Whoever creates one initialises its handle and connects it, then begins it. Sending never waits:
 * what the system does not take at once is queued.
 *
 * Lifetime  The caller's from _create to _close; then libuv's, until its loop has run the close
 *           callback, which frees it. After _close the owner hears nothing more of it.
 * Threads   Those of the loop: one. */
#ifndef TRANSPORT_CONNECTION_H
#define TRANSPORT_CONNECTION_H

#include "stream_handle.h"

#include <kdproto/bytes.h>

enum { KDT_CONNECTION_QUEUE_MAX = 64 * 1024 }; /* more than any session ever has on its way */

struct kdt_connection_opts {
    void *owner;
    void (*on_bytes)(void *owner, struct kd_span bytes); /* came */
    void (*on_sent)(void *owner, struct kd_span bytes);  /* are the system's now, in true order with
                                                            those that came */
    void (*on_end)(void *owner, int err); /* libuv's; of one that was begun. To be closed then */
};

struct kdt_connection {
    struct kdt_connection_opts opts; /* owner NULL: nobody's any more; gone when it is closed */
    union kdt_stream_handle uv;      /* the data of it and of the request is the connection */
    uv_connect_t connecting;

    uv_write_t writing; /* connection.c's own from here on */
    size_t queued;      /* bytes in the queue */
    size_t in_flight;   /* of these, with libuv */
    size_t told;        /* of these, what the owner was told to be sent */
    char queue[KDT_CONNECTION_QUEUE_MAX];
    char received[16 * 1024];
};

/* NULL: no memory. */
struct kdt_connection *kdt_connection_create(const struct kdt_connection_opts *opts);
/* The handle has been initialised. */
void kdt_connection_close(struct kdt_connection *c);

/* It is connected: read it. Returns an error of libuv's, or 0. */
int kdt_connection_begin(struct kdt_connection *c);
/* All of it or, where the queue is full, nothing: false. */
bool kdt_connection_send(struct kdt_connection *c, struct kd_span bytes);

#endif
