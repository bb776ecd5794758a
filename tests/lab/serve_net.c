/* KDNET's link: a UDP socket that is connected to the host, and another one for an attacker. */
#define _GNU_SOURCE /* SOCK_NONBLOCK, SOCK_CLOEXEC; NOLINT(*reserved-identifier): libc named it */
#include "kdlab.h"
#include "serve_parts.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

bool serve_cut_place(const char *text, unsigned long min_port, struct serve_place *out)
{
    char *colon, *end;
    unsigned long port;

    if (snprintf(out->text, sizeof out->text, "%s", text) >= (int)sizeof out->text)
        return false;
    colon = strrchr(out->text, ':');
    if (!colon || colon == out->text || colon[1] < '0' || colon[1] > '9')
        return false;
    port = strtoul(colon + 1, &end, 10);
    if (*end != '\0' || port < min_port || port > 65535)
        return false;
    *colon = '\0';
    out->port = colon + 1;
    out->host = out->text;
    if (out->text[0] != '[')
        return strchr(out->text, ':') == NULL; /* an IPv6 address needs its brackets */
    if (colon[-1] != ']')
        return false;
    colon[-1] = '\0';
    out->host = out->text + 1;
    return out->host[0] != '\0';
}

static struct lab_endpoint endpoint_of(const struct sockaddr_storage *sa)
{
    struct lab_endpoint e = {.address = {[10] = 0xFF, [11] = 0xFF}};

    if (sa->ss_family == AF_INET6) {
        struct sockaddr_in6 in6;

        memcpy(&in6, sa, sizeof in6);
        memcpy(e.address, &in6.sin6_addr, 16);
        e.port = ntohs(in6.sin6_port);
    } else {
        struct sockaddr_in in4;

        memcpy(&in4, sa, sizeof in4);
        memcpy(e.address + 12, &in4.sin_addr, 4);
        e.port = ntohs(in4.sin_port);
    }
    return e;
}

/* A connected socket: hears nobody but the host, as a real target does (1.1), and knows its own end. */
static int connect_to(const struct addrinfo *ai)
{
    int fd = socket(ai->ai_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd >= 0 && connect(fd, ai->ai_addr, ai->ai_addrlen) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static bool connect_both(struct serve_link *l, const struct addrinfo *ai,
                         struct lab_target_options *opts)
{
    struct sockaddr_storage own = {0}, peer = {0};
    socklen_t own_len = sizeof own;

    l->host_fd = l->poll_fd = connect_to(ai);
    l->other_fd = connect_to(ai);
    if (l->host_fd < 0 || l->other_fd < 0 ||
        getsockname(l->host_fd, (struct sockaddr *)&own, &own_len) != 0)
        return false;
    memcpy(&peer, ai->ai_addr, ai->ai_addrlen);
    opts->target = endpoint_of(&own);
    opts->host = endpoint_of(&peer);
    return true;
}

/* A host that does not listen yet answers with ICMP errors, which sockets report as refusals; to a
 * target they are silence. */
static bool receive_net(struct serve_link *l, uint8_t buf[SERVE_RECEIVE_MAX], size_t *len)
{
    for (int refusals = 0; refusals < 64; refusals++) {
        ssize_t n = recv(l->host_fd, buf, SERVE_RECEIVE_MAX, 0);

        if (n >= 0) {
            *len = (size_t)n;
            return true;
        }
        if (errno != ECONNREFUSED)
            return false;
    }
    return false;
}

static void send_net(struct serve_link *l, const uint8_t *bytes, size_t len)
{
    if (send(l->host_fd, bytes, len, 0) < 0)
        l->bytes_lost += len;
}

bool serve_net_inject(struct serve_link *l, bool from_other, const uint8_t *bytes, size_t len)
{
    return send(from_other ? l->other_fd : l->host_fd, bytes, len, 0) >= 0;
}

uint64_t serve_net_answers(struct serve_link *l)
{
    uint8_t byte;

    while (recv(l->other_fd, &byte, 1, 0) >= 0)
        l->answers++;
    return l->answers;
}

static void close_net(struct serve_link *l)
{
    if (l->host_fd >= 0)
        close(l->host_fd);
    if (l->other_fd >= 0)
        close(l->other_fd);
}

int serve_open_net(struct serve_settings *s, struct serve_link *l)
{
    static const struct serve_link_ops ops = {
        .name = "net",
        .greeting = "pokes",
        .receive = receive_net,
        .send = send_net,
        .close = close_net,
    };
    struct addrinfo hints = {.ai_socktype = SOCK_DGRAM}, *list;
    struct serve_place place;
    int err;

    l->ops = &ops;
    if (!serve_cut_place(s->where, 1, &place))
        return serve_failed(s->where, "HOST:PORT is wanted; an IPv6 address in brackets");
    snprintf(l->where, sizeof l->where, "%s", s->where);
    err = getaddrinfo(place.host, place.port, &hints, &list);
    if (err)
        return serve_failed(s->where, gai_strerror(err));
    err = connect_both(l, list, &s->target) ? 0 : serve_failed(s->where, strerror(errno));
    freeaddrinfo(list);
    return err;
}
