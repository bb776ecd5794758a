#include "resolve.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

enum { HOST_MAX = 256 };

/* Belongs to the loop and to the thread, and goes with the last of them. */
struct kdt_resolve {
    uv_mutex_t lock;
    unsigned owners;
    bool is_dropped; /* the loop is not to be told any more */
    uv_async_t done;
    uv_thread_t thread;
    kdt_resolved *on_done;
    void *ctx;
    char host[HOST_MAX], port[8];
    int status;
    struct addrinfo *addresses; /* of a search that is done and was not fetched */
};

static void leave(struct kdt_resolve *r)
{
    bool is_last;

    uv_mutex_lock(&r->lock);
    is_last = --r->owners == 0;
    uv_mutex_unlock(&r->lock);
    if (!is_last)
        return;
    uv_freeaddrinfo(r->addresses);
    uv_mutex_destroy(&r->lock);
    free(r);
}

/* Without a callback libuv's resolver works at once, in the thread that calls it. */
static void search(void *arg)
{
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct kdt_resolve *r = arg;
    uv_getaddrinfo_t request = {.addrinfo = NULL};
    uv_loop_t loop;
    int status = uv_loop_init(&loop);

    if (status == 0) {
        status = uv_getaddrinfo(&loop, &request, NULL, r->host, r->port, &hints);
        uv_loop_close(&loop);
    }
    uv_mutex_lock(&r->lock);
    r->status = status;
    r->addresses = request.addrinfo;
    if (!r->is_dropped)
        uv_async_send(&r->done);
    uv_mutex_unlock(&r->lock);
    leave(r);
}

static void on_closed(uv_handle_t *handle)
{
    leave(handle->data);
}

static void on_searched(uv_async_t *done)
{
    struct kdt_resolve *r = done->data;
    struct addrinfo *addresses = r->addresses;

    uv_thread_join(&r->thread); /* it has nothing left to do */
    r->addresses = NULL;
    uv_close((uv_handle_t *)done, on_closed);
    r->on_done(r->ctx, r->status, addresses);
}

int kdt_resolve_start(uv_loop_t *loop, const char *host, uint16_t port, kdt_resolved *on_done,
                      void *ctx, struct kdt_resolve **out)
{
    struct kdt_resolve *r = calloc(1, sizeof *r);
    int err;

    if (!r)
        return UV_ENOMEM;
    err = uv_mutex_init(&r->lock);
    if (err) {
        free(r);
        return err;
    }
    snprintf(r->host, sizeof r->host, "%s", host);
    snprintf(r->port, sizeof r->port, "%u", port);
    r->on_done = on_done;
    r->ctx = ctx;
    r->owners = 1;
    err = uv_async_init(loop, &r->done, on_searched);
    if (err) {
        leave(r);
        return err;
    }
    r->done.data = r;
    r->owners = 2;
    err = uv_thread_create(&r->thread, search, r);
    if (err) {
        r->owners = 1;
        uv_close((uv_handle_t *)&r->done, on_closed);
        return err;
    }
    *out = r;
    return 0;
}

void kdt_resolve_drop(struct kdt_resolve *r)
{
    if (!r)
        return;
    uv_mutex_lock(&r->lock);
    r->is_dropped = true;
    uv_mutex_unlock(&r->lock);
    uv_close((uv_handle_t *)&r->done, on_closed);
}
