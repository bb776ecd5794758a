/* resolve.h - a host's name into addresses, in a thread that need not be waited for. Private.
 *
 * libuv's own resolver can be neither stopped nor left behind once it runs: closing the loop, and
 * even the end of the process, would wait for a name server that does not answer. Here nobody waits
 * for a search that was dropped: the process may end, or the thread does by itself.
 *
 * Lifetime  _start to the call of on_done, or to _drop, whichever is first.
 * Threads   The loop's, but for the one that is started. */
#ifndef TRANSPORT_RESOLVE_H
#define TRANSPORT_RESOLVE_H

#include <stdint.h>
#include <uv.h>

struct kdt_resolve;

/* status: libuv's; addresses: to be freed with uv_freeaddrinfo, NULL on failure. */
typedef void kdt_resolved(void *ctx, int status, struct addrinfo *addresses);

/* Returns 0, or libuv's error. */
int kdt_resolve_start(uv_loop_t *loop, const char *host, uint16_t port, kdt_resolved *on_done,
                      void *ctx, struct kdt_resolve **out);
void kdt_resolve_drop(struct kdt_resolve *r); /* NULL is fine */

#endif
