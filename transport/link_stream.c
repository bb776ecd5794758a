#include "link_stream.h"

#include "connection.h"
#include "pipe.h"
#include "resolve.h"
#include "serial.h"
#include <kdproto/deadline.h>

#include <stdlib.h>
#include <string.h>

enum {
    RETRY_FIRST_MS = 100,
    RETRY_MAX_MS = 2000,
    BACKLOG = 4,
};

struct listener {
    uv_pipe_t pipe;
    struct kdt_link_stream *link;
};

struct kdt_link_stream {
    struct kdt_link_stream_opts opts;
    struct kdt_target_spec spec;
    char place[KDT_PLACE_TEXT_MAX]; /* for messages */
    struct kdt_link_stream_counters counters;

    struct kdt_connection *connection; /* or the attempt at one; NULL: none */
    struct listener *listener;
    struct kdt_resolve *resolving;
    struct addrinfo *addresses;          /* of the host's name */
    const struct addrinfo *next_address; /* the one to try next; NULL: none is left */
    struct kdt_serial *serial;

    bool is_up, is_over;
    uint64_t due_ms;  /* connect, or say that the port is open */
    unsigned wait_ms; /* before the next attempt */
    int last_error;   /* libuv's, of the last attempt or connection; 0: none failed */
};

static uint64_t now_ms(const struct kdt_link_stream *l)
{
    return uv_now(l->opts.loop);
}

/* --- connections come and go --- */

/* The current connection, if there is one: it is not ours any more. */
static void drop_connection(struct kdt_link_stream *l)
{
    kdt_serial_close(l->serial);
    l->serial = NULL;
    if (l->connection)
        kdt_connection_close(l->connection);
    l->connection = NULL;
    l->is_up = false;
}

static void over(struct kdt_link_stream *l, enum kd_status st, const char *text)
{
    l->is_over = true;
    l->due_ms = KD_NEVER;
    l->opts.on_over(l->opts.ctx, st, text);
}

static void retry_later(struct kdt_link_stream *l)
{
    if (l->listener)
        return; /* the peer comes by itself */
    l->due_ms = now_ms(l) + l->wait_ms;
    l->wait_ms = l->wait_ms < RETRY_MAX_MS / 2 ? l->wait_ms * 2 : RETRY_MAX_MS;
}

static void forget_addresses(struct kdt_link_stream *l)
{
    uv_freeaddrinfo(l->addresses); /* NULL is fine */
    l->addresses = NULL;
    l->next_address = NULL;
}

static void failed(struct kdt_link_stream *l, int err)
{
    struct kd_diag diag;
    enum kd_status st;

    drop_connection(l);
    forget_addresses(l);
    l->last_error = err;
    if (l->spec.reconnect) {
        retry_later(l);
        return;
    }
    st = kdt_link_stream_explain(l, &diag);
    over(l, st, diag.text);
}

/* Who connected and went without a word was no target: another process that wants to listen on the
 * same name, and looks whether somebody does, for one. */
static bool may_come_back(const struct kdt_link_stream *l)
{
    return l->spec.reconnect || (l->listener && l->counters.bytes_received == 0);
}

/* It was up, and is not any more. */
static void cut(struct kdt_link_stream *l, int err)
{
    struct kd_diag diag;

    drop_connection(l);
    if (err == UV_ECONNRESET) /* closed as well, with something of ours unread */
        err = UV_EOF;
    l->last_error = err;
    if (may_come_back(l)) {
        retry_later(l);
        l->opts.on_cut(l->opts.ctx);
        return;
    }
    if (l->spec.kind == KDT_LINK_SERIAL)
        kd_diag_set(&diag, KD_ERR_IO,
                    "%s is gone (%s): was an adapter unplugged, or did the virtual machine end?",
                    l->place, uv_strerror(err));
    else if (err == UV_EOF)
        kd_diag_set(&diag, KD_ERR_IO, "the other end of %s closed the connection%s", l->place,
                    l->counters.bytes_received
                        ? " (with reconnect behind it, it is made anew)"
                        : " and had said nothing: does another debugger use it, or is it no "
                          "serial port?");
    else
        kd_diag_set(&diag, KD_ERR_IO, "the connection to %s broke: %s", l->place, uv_strerror(err));
    over(l, KD_ERR_IO, diag.text); /* not KD_ERR_LOST: nobody need wait for it to come back */
}

/* --- a connection --- */

static void on_bytes(void *owner, struct kd_span bytes)
{
    struct kdt_link_stream *l = owner;

    l->wait_ms = RETRY_FIRST_MS; /* who speaks is no peer that turns us away */
    l->counters.bytes_received += bytes.len;
    if (l->opts.recorder)
        kdt_recorder_bytes(l->opts.recorder, false, bytes);
    l->opts.on_bytes(l->opts.ctx, bytes);
}

static void on_sent(void *owner, struct kd_span bytes)
{
    struct kdt_link_stream *l = owner;

    l->counters.bytes_sent += bytes.len;
    if (l->opts.recorder)
        kdt_recorder_bytes(l->opts.recorder, true, bytes);
}

static void on_end(void *owner, int err)
{
    cut(owner, err);
}

/* NULL: no memory. */
static struct kdt_connection *new_connection(struct kdt_link_stream *l)
{
    const struct kdt_connection_opts opts = {l, on_bytes, on_sent, on_end};

    return kdt_connection_create(&opts);
}

static void up(struct kdt_link_stream *l)
{
    int err = kdt_connection_begin(l->connection);

    forget_addresses(l);
    if (err) {
        failed(l, err);
        return;
    }
    l->is_up = true;
    l->last_error = 0;
    l->opts.on_up(l->opts.ctx);
}

void kdt_link_stream_send(struct kdt_link_stream *l, struct kd_span packet)
{
    if (!l->is_up || !kdt_connection_send(l->connection, packet))
        l->counters.unsent++;
}

/* --- connecting --- */

static void connect_next(struct kdt_link_stream *l);

/* One address of a host: it may have others. */
static void attempt_failed(struct kdt_link_stream *l, int err)
{
    drop_connection(l);
    if (l->next_address)
        connect_next(l);
    else
        failed(l, err);
}

static void on_connected(uv_connect_t *request, int status)
{
    const struct kdt_connection *c = request->data;
    struct kdt_link_stream *l = c->opts.owner;

    if (!l)
        return;
    if (status == 0)
        up(l);
    else
        attempt_failed(l, status);
}

static void connect_tcp(struct kdt_link_stream *l, const struct sockaddr *to)
{
    struct kdt_connection *c = new_connection(l);
    int err;

    l->connection = c;
    if (!c) {
        failed(l, UV_ENOMEM);
        return;
    }
    uv_tcp_init(l->opts.loop, &c->uv.tcp);
    uv_tcp_nodelay(&c->uv.tcp, 1); /* each packet is waited for by the other end */
    err = uv_tcp_connect(&c->connecting, &c->uv.tcp, to, on_connected);
    if (err)
        attempt_failed(l, err);
}

static void connect_next(struct kdt_link_stream *l)
{
    const struct addrinfo *address = l->next_address;

    l->next_address = address->ai_next;
    connect_tcp(l, address->ai_addr);
}

static void on_resolved(void *ctx, int status, struct addrinfo *addresses)
{
    struct kdt_link_stream *l = ctx;

    l->resolving = NULL;
    if (status != 0) {
        failed(l, status);
        return;
    }
    l->addresses = addresses;
    l->next_address = addresses;
    connect_next(l);
}

static void resolve(struct kdt_link_stream *l)
{
    int err =
        kdt_resolve_start(l->opts.loop, l->spec.place, l->spec.port, on_resolved, l, &l->resolving);

    if (err)
        failed(l, err);
}

static void connect_pipe(struct kdt_link_stream *l)
{
    struct kdt_connection *c = new_connection(l);

    l->connection = c;
    if (!c) {
        failed(l, UV_ENOMEM);
        return;
    }
    uv_pipe_init(l->opts.loop, &c->uv.pipe, 0);
    uv_pipe_connect(&c->connecting, &c->uv.pipe, l->spec.place, on_connected);
}

static void connect_to(struct kdt_link_stream *l)
{
    struct sockaddr_in in;
    struct sockaddr_in6 in6;

    if (l->spec.kind == KDT_LINK_PIPE)
        connect_pipe(l);
    else if (uv_ip4_addr(l->spec.place, l->spec.port, &in) == 0)
        connect_tcp(l, (const struct sockaddr *)&in);
    else if (uv_ip6_addr(l->spec.place, l->spec.port, &in6) == 0)
        connect_tcp(l, (const struct sockaddr *)&in6);
    else
        resolve(l);
}

void kdt_link_stream_tick(struct kdt_link_stream *l)
{
    if (now_ms(l) < l->due_ms)
        return;
    l->due_ms = KD_NEVER;
    if (l->connection)
        up(l); /* a port, which was opened with the link */
    else
        connect_to(l);
}

uint64_t kdt_link_stream_deadline_ms(const struct kdt_link_stream *l)
{
    return l->due_ms;
}

/* --- what there is to say --- */

static const char *advice(const struct kdt_link_stream *l)
{
    if (l->spec.reconnect)
        return "";
    return " (with reconnect behind it, it is waited for)";
}

static enum kd_status explain_pipe(const struct kdt_link_stream *l, struct kd_diag *diag)
{
    switch (l->last_error) {
    case UV_ENOENT:
        return kd_diag_set(diag, KD_ERR_NOT_FOUND,
                           "there is no %s: does the virtual machine run, and is its serial port a "
                           "socket of that name that listens (QEMU: -chardev "
                           "socket,id=kd,path=%s,server=on,wait=off -serial chardev:kd)?%s",
                           l->place, l->place, advice(l));
    case UV_ECONNREFUSED:
        return kd_diag_set(diag, KD_ERR_IO,
                           "nobody listens on %s: the virtual machine that made it has ended, or "
                           "it is no socket%s",
                           l->place, advice(l));
    case UV_EACCES:
    case UV_EPERM:
        return kd_diag_set(diag, KD_ERR_IO,
                           "no permission to connect to %s: it belongs to whoever runs the virtual "
                           "machine",
                           l->place);
    default:
        return kd_diag_set(diag, KD_ERR_IO, "connecting to %s: %s%s", l->place,
                           uv_strerror(l->last_error), advice(l));
    }
}

static enum kd_status explain_tcp(const struct kdt_link_stream *l, struct kd_diag *diag)
{
    switch (l->last_error) {
    case UV_ECONNREFUSED:
        return kd_diag_set(diag, KD_ERR_IO,
                           "%s refuses the connection: does the virtual machine run, and is its "
                           "serial port a TCP port that listens (QEMU: -serial "
                           "tcp:ADDRESS:%u,server=on,wait=off)?%s",
                           l->place, l->spec.port, advice(l));
    case UV_EAI_NONAME:
    case UV_EAI_NODATA:
        return kd_diag_set(diag, KD_ERR_NOT_FOUND,
                           "no host is called %s: is the name right? Its address will do as well",
                           l->spec.place);
    default:
        return kd_diag_set(diag, KD_ERR_IO, "connecting to %s: %s%s", l->place,
                           uv_strerror(l->last_error), advice(l));
    }
}

enum kd_status kdt_link_stream_explain(const struct kdt_link_stream *l, struct kd_diag *diag)
{
    if (l->listener)
        return kd_diag_set(
            diag, KD_ERR_TIMEOUT,
            "nobody connected to %s to stay: does the virtual machine run, and is "
            "its serial port a socket that connects to that name (QEMU: server=off)?",
            l->place);
    if (l->last_error == 0)
        return kd_diag_set(diag, KD_ERR_TIMEOUT, "%s did not answer", l->place);
    if (l->last_error == UV_EOF)
        return kd_diag_set(diag, KD_ERR_LOST,
                           "the other end of %s closes each connection: does another debugger use "
                           "it, or is it no serial port?",
                           l->place);
    return l->spec.kind == KDT_LINK_PIPE ? explain_pipe(l, diag) : explain_tcp(l, diag);
}

const struct kdt_link_stream_counters *kdt_link_stream_get_counters(const struct kdt_link_stream *l)
{
    return &l->counters;
}

/* --- listening --- */

static void on_peer(uv_stream_t *server, int status)
{
    struct kdt_link_stream *l = ((struct listener *)server->data)->link;
    struct kdt_connection *c = status == 0 ? new_connection(l) : NULL;

    if (!c)
        return; /* whoever it is may try again */
    uv_pipe_init(l->opts.loop, &c->uv.pipe, 0);
    if (uv_accept(server, &c->uv.stream) != 0 || l->connection || l->is_over) {
        kdt_connection_close(c); /* a target has one debugger, and a debugger one target */
        return;
    }
    l->connection = c;
    up(l);
}

static enum kd_status listen_on(struct kdt_link_stream *l, struct kd_diag *diag)
{
    struct listener *listener = calloc(1, sizeof *listener);
    enum kd_status st;
    int err;

    if (!listener)
        return kd_diag_set(diag, KD_ERR_NO_MEMORY, "out of memory");
    uv_pipe_init(l->opts.loop, &listener->pipe, 0);
    listener->pipe.data = listener;
    listener->link = l;
    l->listener = listener;
    st = kdt_pipe_bind(&listener->pipe, l->spec.place, diag);
    if (st != KD_OK)
        return st;
    err = uv_listen((uv_stream_t *)&listener->pipe, BACKLOG, on_peer);
    return err ? kd_diag_set(diag, KD_ERR_IO, "listening on %s: %s", l->place, uv_strerror(err))
               : KD_OK;
}

/* --- opening and closing --- */

static enum kd_status open_port(struct kdt_link_stream *l, struct kd_diag *diag)
{
    struct kdt_connection *c = new_connection(l);

    if (!c)
        return kd_diag_set(diag, KD_ERR_NO_MEMORY, "out of memory");
    l->connection = c;
    l->due_ms = now_ms(l);
    return kdt_serial_open(l->spec.place, l->spec.baud, l->opts.loop, &c->uv, diag, &l->serial);
}

enum kd_status kdt_link_stream_open(const struct kdt_link_stream_opts *opts, struct kd_diag *diag,
                                    struct kdt_link_stream **out)
{
    struct kdt_link_stream *l = calloc(1, sizeof *l);
    enum kd_status st = KD_OK;

    if (!l)
        return kd_diag_set(diag, KD_ERR_NO_MEMORY, "out of memory");
    l->opts = *opts;
    l->opts.spec = NULL; /* borrowed until we return */
    l->spec = *opts->spec;
    kdt_target_spec_place(&l->spec, l->place);
    l->wait_ms = RETRY_FIRST_MS;
    l->due_ms = KD_NEVER;
    if (l->spec.kind == KDT_LINK_SERIAL)
        st = open_port(l, diag);
    else if (l->spec.is_server)
        st = listen_on(l, diag);
    else
        l->due_ms = now_ms(l);
    if (st != KD_OK) {
        kdt_link_stream_close(l);
        return st;
    }
    *out = l;
    return KD_OK;
}

static void on_listener_closed(uv_handle_t *handle)
{
    free(handle->data);
}

void kdt_link_stream_close(struct kdt_link_stream *l)
{
    if (!l)
        return;
    drop_connection(l);
    if (l->listener)
        uv_close((uv_handle_t *)&l->listener->pipe, on_listener_closed); /* its name goes as well */
    kdt_resolve_drop(l->resolving);
    forget_addresses(l);
    free(l);
}
