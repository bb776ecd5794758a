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
    struct kdnet_peer to;
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
    struct kdt_endpoint peer, local; /* the last that were recorded */
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

/* --- the recorder --- */

static const uint8_t any_ipv4[16] = {[10] = 0xFF, 0xFF}, any_ipv6[16];

static struct kdt_endpoint endpoint_of(const struct sockaddr_storage *address)
{
    struct kdt_endpoint e;
    struct sockaddr_in in;
    struct sockaddr_in6 in6;

    if (address->ss_family == AF_INET6) {
        memcpy(&in6, address, sizeof in6);
        memcpy(e.ip, &in6.sin6_addr, sizeof e.ip);
        e.port = ntohs(in6.sin6_port);
    } else {
        memcpy(&in, address, sizeof in);
        memcpy(e.ip, any_ipv4, sizeof e.ip);
        memcpy(e.ip + 12, &in.sin_addr, 4);
        e.port = ntohs(in.sin_port);
    }
    return e;
}

static bool is_any(const struct kdt_endpoint *e)
{
    return memcmp(e->ip, any_ipv4, sizeof e->ip) == 0 || memcmp(e->ip, any_ipv6, sizeof e->ip) == 0;
}

static struct kdt_endpoint name_of(const uv_udp_t *udp)
{
    struct sockaddr_storage address;
    int len = sizeof address;

    memset(&address, 0, sizeof address); /* what it stays should this fail: 0.0.0.0 */
    uv_udp_getsockname(udp, (struct sockaddr *)&address, &len);
    return endpoint_of(&address);
}

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

/* Which address of this machine the way to `to` begins at: a connected socket knows. Nothing is
 * sent for that. Left as it is where there is no way. */
static void ask_route(uv_loop_t *loop, const struct sockaddr_storage *to, uint8_t ip[16])
{
    uv_udp_t *udp = malloc(sizeof *udp);

    if (!udp || uv_udp_init(loop, udp) != 0) {
        free(udp);
        return;
    }
    udp->data = udp;
    if (uv_udp_connect(udp, (const struct sockaddr *)to) == 0)
        memcpy(ip, name_of(udp).ip, 16);
    uv_close((uv_handle_t *)udp, on_closed);
}

/* Both ends of a datagram. Where the socket listens on every address, the system is asked for the
 * one that this peer sees, once for each peer that speaks after another. */
static void find_ends(struct kdt_link_udp *l, const struct kdnet_peer *peer)
{
    struct sockaddr_storage address = address_of(peer);
    struct kdt_endpoint e = endpoint_of(&address);
    bool is_ipv4 = memcmp(e.ip, any_ipv4, 12) == 0;

    if (e.port == l->peer.port && memcmp(e.ip, l->peer.ip, sizeof e.ip) == 0)
        return;
    l->peer = e;
    l->local = name_of(&l->udp);
    if (!is_any(&l->local))
        return;
    memcpy(l->local.ip, is_ipv4 ? any_ipv4 : any_ipv6, sizeof l->local.ip);
    ask_route(l->opts.loop, &address, l->local.ip);
}

static void record_received(struct kdt_link_udp *l, const struct kdnet_peer *from,
                            struct kd_span datagram)
{
    if (!l->opts.recorder)
        return;
    find_ends(l, from);
    kdt_recorder_datagram(l->opts.recorder, &l->peer, &l->local, datagram);
}

static void record_sent(struct kdt_link_udp *l, const struct kdnet_peer *to,
                        struct kd_span datagram)
{
    if (!l->opts.recorder)
        return;
    find_ends(l, to);
    kdt_recorder_datagram(l->opts.recorder, &l->local, &l->peer, datagram);
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
    struct kd_span datagram;
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
    datagram = (struct kd_span){(const uint8_t *)buf->base, (size_t)len};
    peer_of(from, &peer);
    record_received(l, &peer, datagram);
    l->opts.on_datagram(l->opts.ctx, datagram, &peer);
}

/* --- sending --- */

static void sent(struct kdt_link_udp *l, struct kd_span datagram, const struct kdnet_peer *to)
{
    l->counters.datagrams_sent++;
    l->counters.bytes_sent += datagram.len;
    record_sent(l, to, datagram);
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
        sent(slot->link, (struct kd_span){slot->bytes, slot->len}, &slot->to);
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
static void send_later(struct kdt_link_udp *l, struct kd_span datagram,
                       const struct kdnet_peer *peer, const struct sockaddr *to)
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
    slot->to = *peer;
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
        sent(l, datagram, peer);
    else if (result == UV_EAGAIN)
        send_later(l, datagram, peer, (const struct sockaddr *)&to);
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

void kdt_link_udp_close(struct kdt_link_udp *l)
{
    if (l)
        uv_close((uv_handle_t *)&l->udp, on_closed);
}

const struct kdt_link_udp_counters *kdt_link_udp_get_counters(const struct kdt_link_udp *l)
{
    return &l->counters;
}
