#include "link_udp.h"

#include <kdproto/kdnet_datagram.h>

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
    SEND_SLOTS = 16, /* more than one session ever has on its way: an answer, an ACK, a request */
    RECEIVE_BUFFER = 4 * 1024 * 1024, /* the system caps it; a target printing at boot is bursty */
};

struct send_slot { /* a datagram that the socket would not take at once */
    uv_udp_send_t request;
    struct kdt_link_udp *link;
    bool is_used;
    size_t len;
    uint8_t bytes[KDNET_DATAGRAM_MAX];
};

struct kdt_link_udp {
    uv_udp_t udp;
    struct kdt_link_udp_opts opts;
    struct kdt_link_udp_counters counters;
    struct send_slot slots[SEND_SLOTS];
    char received[KDNET_DATAGRAM_MAX];
};

/* --- peers: a socket address without the bytes that may differ for the same sender --- */

static_assert(sizeof(struct sockaddr_in6) <= sizeof((struct kdnet_peer *)0)->bytes,
              "a peer holds an IPv6 socket address");

static void peer_of(const struct sockaddr *from, struct kdnet_peer *out)
{
    *out = (struct kdnet_peer){0};
    if (from->sa_family == AF_INET6) {
        struct sockaddr_in6 in6;

        memcpy(&in6, from, sizeof in6);
        in6.sin6_flowinfo = 0;
        memcpy(out->bytes, &in6, sizeof in6);
        out->len = sizeof in6;
    } else {
        struct sockaddr_in in;

        memcpy(&in, from, sizeof in);
        memset(in.sin_zero, 0, sizeof in.sin_zero);
        memcpy(out->bytes, &in, sizeof in);
        out->len = sizeof in;
    }
}

static struct sockaddr_storage address_of(const struct kdnet_peer *peer)
{
    struct sockaddr_storage to;

    memset(&to, 0, sizeof to);
    memcpy(&to, peer->bytes, peer->len);
    return to;
}

/* --- receiving --- */

static void give_buffer(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct kdt_link_udp *l = handle->data;

    (void)suggested;
    *buf = uv_buf_init(l->received, sizeof l->received);
}

static void on_received(uv_udp_t *udp, ssize_t len, const uv_buf_t *buf,
                        const struct sockaddr *from, unsigned flags)
{
    struct kdt_link_udp *l = udp->data;
    struct kdnet_peer peer;

    if (len < 0) {
        l->counters.last_error = (int)len; /* one datagram was lost; the socket lives on */
        return;
    }
    if (!from)
        return; /* nothing more to read for now */
    if (flags & UV_UDP_PARTIAL) {
        l->counters.truncated++;
        return;
    }
    l->counters.datagrams_received++;
    l->counters.bytes_received += (uint64_t)len;
    peer_of(from, &peer);
    l->opts.on_datagram(l->opts.ctx, (struct kd_span){(const uint8_t *)buf->base, (size_t)len},
                        &peer);
}

/* --- sending --- */

static void count_sent(struct kdt_link_udp *l, size_t len)
{
    l->counters.datagrams_sent++;
    l->counters.bytes_sent += len;
}

static void count_unsent(struct kdt_link_udp *l, int error)
{
    l->counters.unsent++;
    l->counters.last_error = error;
}

static void on_sent(uv_udp_send_t *request, int status)
{
    struct send_slot *slot = request->data;

    slot->is_used = false;
    if (status == 0)
        count_sent(slot->link, slot->len);
    else
        count_unsent(slot->link, status);
}

static struct send_slot *free_slot(struct kdt_link_udp *l)
{
    for (size_t i = 0; i < SEND_SLOTS; i++)
        if (!l->slots[i].is_used)
            return &l->slots[i];
    return NULL;
}

/* The socket's buffer is full: wait in line for it, in the order of sending. */
static void send_later(struct kdt_link_udp *l, struct kd_span datagram, const struct sockaddr *to)
{
    struct send_slot *slot = free_slot(l);
    uv_buf_t buf;
    int err;

    if (!slot || datagram.len > sizeof slot->bytes) {
        count_unsent(l, UV_ENOBUFS);
        return;
    }
    memcpy(slot->bytes, datagram.data, datagram.len);
    slot->len = datagram.len;
    slot->link = l;
    slot->request.data = slot;
    buf = uv_buf_init((char *)slot->bytes, (unsigned)slot->len);
    err = uv_udp_send(&slot->request, &l->udp, &buf, 1, to, on_sent);
    if (err)
        count_unsent(l, err);
    slot->is_used = err == 0;
}

void kdt_link_udp_send(struct kdt_link_udp *l, struct kd_span datagram,
                       const struct kdnet_peer *peer)
{
    struct sockaddr_storage to = address_of(peer);
    /* libuv's buffers are not const, but sending does not write to them.
     * NOLINTNEXTLINE(performance-no-int-to-ptr) */
    uv_buf_t buf = uv_buf_init((char *)(uintptr_t)datagram.data, (unsigned)datagram.len);
    int result = uv_udp_try_send(&l->udp, &buf, 1, (const struct sockaddr *)&to);

    if (result >= 0)
        count_sent(l, datagram.len);
    else if (result == UV_EAGAIN)
        send_later(l, datagram, (const struct sockaddr *)&to);
    else
        count_unsent(l, result);
}

/* --- opening and closing --- */

static enum kd_status explain_bind(const struct kdt_link_udp_opts *opts, int err,
                                   struct kd_diag *diag)
{
    switch (err) {
    case UV_EADDRINUSE:
        return kd_diag_set(diag, KD_ERR_BUSY,
                           "port %u is in use: another debugger may be listening on it; end that "
                           "one, or take another port here and in the target's dbgsettings",
                           opts->port);
    case UV_EACCES:
    case UV_EPERM:
        return kd_diag_set(diag, KD_ERR_IO,
                           "no permission to listen on port %u: ports below 1024 need privileges; "
                           "those from 49152 on are meant for this",
                           opts->port);
    case UV_EADDRNOTAVAIL:
    case UV_EINVAL: /* a link-local address without its %interface */
        return kd_diag_set(diag, KD_ERR_IO,
                           "bind= names %s, which no interface of this machine has", opts->bind);
    default:
        return kd_diag_set(diag, KD_ERR_IO, "listening on port %u: %s", opts->port,
                           uv_strerror(err));
    }
}

/* No address: one socket hears both families, IPv4 senders showing as ::ffff:a.b.c.d; where the
 * machine has no IPv6 at all, an IPv4 socket does. The address is never shared (no
 * UV_UDP_REUSEADDR): of two hosts on one port each would hear half of what the target says. */
static int bind_to(struct kdt_link_udp *l)
{
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
    int err;

    if (uv_ip4_addr(l->opts.bind, l->opts.port, &in) == 0)
        return uv_udp_bind(&l->udp, (const struct sockaddr *)&in, 0);
    err = uv_ip6_addr(l->opts.bind[0] ? l->opts.bind : "::", l->opts.port, &in6);
    if (err)
        return err;
    err = uv_udp_bind(&l->udp, (const struct sockaddr *)&in6, 0);
    if (err == UV_EAFNOSUPPORT && !l->opts.bind[0]) {
        uv_ip4_addr("0.0.0.0", l->opts.port, &in);
        err = uv_udp_bind(&l->udp, (const struct sockaddr *)&in, 0);
    }
    return err;
}

enum kd_status kdt_link_udp_open(const struct kdt_link_udp_opts *opts, struct kd_diag *diag,
                                 struct kdt_link_udp **out)
{
    struct kdt_link_udp *l = calloc(1, sizeof *l);
    int wanted = RECEIVE_BUFFER;
    int err;

    if (!l)
        return kd_diag_set(diag, KD_ERR_NO_MEMORY, "out of memory");
    l->opts = *opts;
    err = uv_udp_init(opts->loop, &l->udp);
    if (err) {
        free(l);
        return kd_diag_set(diag, KD_ERR_IO, "creating a socket: %s", uv_strerror(err));
    }
    l->udp.data = l;
    err = bind_to(l);
    if (!err)
        err = uv_udp_recv_start(&l->udp, give_buffer, on_received);
    if (err) {
        kdt_link_udp_close(l);
        return explain_bind(opts, err, diag);
    }
    uv_recv_buffer_size((uv_handle_t *)&l->udp, &wanted); /* less is slower, not wrong */
    *out = l;
    return KD_OK;
}

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

void kdt_link_udp_close(struct kdt_link_udp *l)
{
    if (l)
        uv_close((uv_handle_t *)&l->udp, on_closed);
}

const struct kdt_link_udp_counters *kdt_link_udp_get_counters(const struct kdt_link_udp *l)
{
    return &l->counters;
}
