#include "connection.h"

#include <stdlib.h>
#include <string.h>

struct kdt_connection *kdt_connection_create(const struct kdt_connection_opts *opts)
{
    struct kdt_connection *c = calloc(1, sizeof *c);

    if (!c)
        return NULL;
    c->opts = *opts;
    c->uv.handle.data = c;
    c->connecting.data = c;
    c->writing.data = c;
    return c;
}

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

/* --- sending --- */

/* libuv writes a queue piece by piece, and calls back when all of it is gone. The answer to the
 * first piece may be here by then. */
static void tell_sent(struct kdt_connection *c)
{
    size_t left = uv_stream_get_write_queue_size(&c->uv.stream);
    size_t told = c->told;

    if (c->in_flight <= told + left)
        return;
    c->told = c->in_flight - left;
    c->opts.on_sent(c->opts.owner,
                    (struct kd_span){(const uint8_t *)c->queue + told, c->told - told});
}

static void write_queue(struct kdt_connection *c);

static void on_written(uv_write_t *request, int status)
{
    struct kdt_connection *c = request->data;

    if (!c->opts.owner)
        return;
    if (status == 0)
        tell_sent(c);
    c->queued -= c->in_flight; /* after an error too: that the connection is gone, reading tells */
    memmove(c->queue, c->queue + c->in_flight, c->queued);
    c->in_flight = c->told = 0;
    if (status == 0)
        write_queue(c);
    else
        c->queued = 0;
}

static void write_queue(struct kdt_connection *c)
{
    uv_buf_t buf = uv_buf_init(c->queue, (unsigned)c->queued);

    if (c->queued == 0 || c->in_flight > 0)
        return;
    if (uv_write(&c->writing, &c->uv.stream, &buf, 1, on_written) != 0) {
        c->queued = 0;
        return;
    }
    c->in_flight = c->queued;
    tell_sent(c); /* libuv begins at once */
}

/* How much of it the system takes at once. */
static size_t write_now(struct kdt_connection *c, struct kd_span bytes)
{
    /* libuv's buffers are not const, but sending does not write to them.
     * NOLINTNEXTLINE(performance-no-int-to-ptr) */
    uv_buf_t buf = uv_buf_init((char *)(uintptr_t)bytes.data, (unsigned)bytes.len);
    int result = c->queued ? 0 : uv_try_write(&c->uv.stream, &buf, 1);

    return result > 0 ? (size_t)result : 0;
}

bool kdt_connection_send(struct kdt_connection *c, struct kd_span bytes)
{
    size_t done;

    if (bytes.len > sizeof c->queue - c->queued)
        return false;
    done = write_now(c, bytes);
    if (done > 0)
        c->opts.on_sent(c->opts.owner, (struct kd_span){bytes.data, done});
    if (done == bytes.len)
        return true;
    memcpy(c->queue + c->queued, bytes.data + done, bytes.len - done);
    c->queued += bytes.len - done;
    write_queue(c);
    return true;
}

/* --- receiving --- */

static void give_buffer(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct kdt_connection *c = handle->data;

    (void)suggested;
    *buf = uv_buf_init(c->received, sizeof c->received);
}

static void on_read(uv_stream_t *stream, ssize_t len, const uv_buf_t *buf)
{
    struct kdt_connection *c = stream->data;

    if (!c->opts.owner || len == 0)
        return;
    tell_sent(c);
    if (len < 0)
        c->opts.on_end(c->opts.owner, (int)len);
    else
        c->opts.on_bytes(c->opts.owner, (struct kd_span){(const uint8_t *)buf->base, (size_t)len});
}

int kdt_connection_begin(struct kdt_connection *c)
{
    return uv_read_start(&c->uv.stream, give_buffer, on_read);
}

void kdt_connection_close(struct kdt_connection *c)
{
    tell_sent(c);
    c->opts.owner = NULL;
    uv_close(&c->uv.handle, on_closed);
}
