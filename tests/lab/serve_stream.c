/* Serial lines: a unix socket or TCP, where one host at a time is connected and others wait, as a
 * virtual machine's serial port does it; and a pseudo-terminal.
 *
 * A serial line knows nothing of connecting: the target is not told who comes and goes, and what it
 * says to nobody is lost. What a host does not read stays in the kernel's buffer, and is lost when that
 * is full, as in the buffer of a serial port. */
#define _GNU_SOURCE /* accept4, ptsname_r; NOLINT(*reserved-identifier): libc named it */
#include "kdlab.h"
#include "serve_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

#define UNREAD_MAX 32768 /* bytes: what a socket keeps for a host that does not read */

/* ---- sockets ---- */

static void host_has_gone(struct serve_link *l)
{
    close(l->host_fd);
    l->host_fd = -1;
    l->poll_fd = l->listener; /* the next one, who may have waited for this */
}

static bool accept_host(struct serve_link *l)
{
    int size = UNREAD_MAX, yes = 1;

    l->host_fd = accept4(l->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (l->host_fd < 0)
        return false;
    setsockopt(l->host_fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    setsockopt(l->host_fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes); /* fails on unix sockets */
    l->connections++;
    l->poll_fd = l->host_fd;
    return true;
}

static bool receive_socket(struct serve_link *l, uint8_t buf[SERVE_RECEIVE_MAX], size_t *len)
{
    ssize_t n;

    if (l->host_fd < 0 && !accept_host(l))
        return false;
    n = recv(l->host_fd, buf, SERVE_RECEIVE_MAX, 0);
    if (n > 0) {
        *len = (size_t)n;
        return true;
    }
    if (n == 0 || (errno != EAGAIN && errno != EINTR))
        host_has_gone(l);
    return false;
}

static void send_socket(struct serve_link *l, const uint8_t *bytes, size_t len)
{
    ssize_t n = l->host_fd < 0 ? -1 : send(l->host_fd, bytes, len, MSG_NOSIGNAL);

    l->bytes_lost += len - (n > 0 ? (size_t)n : 0);
}

static void close_socket(struct serve_link *l)
{
    if (l->host_fd >= 0)
        close(l->host_fd);
    if (l->listener >= 0)
        close(l->listener);
    if (l->path)
        unlink(l->path);
}

static bool listen_at(struct serve_link *l, const struct sockaddr *address, socklen_t len)
{
    int yes = 1;

    l->listener = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    l->poll_fd = l->listener;
    return l->listener >= 0 &&
           setsockopt(l->listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) == 0 &&
           bind(l->listener, address, len) == 0 && listen(l->listener, 8) == 0;
}

/* Nobody listens at a socket file whose owner was killed; it would be in the way. */
static bool remove_if_stale(const struct sockaddr_un *address)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    bool is_stale = fd >= 0 &&
                    connect(fd, (const struct sockaddr *)address, sizeof *address) != 0 &&
                    errno == ECONNREFUSED;

    if (fd >= 0)
        close(fd);
    return is_stale && unlink(address->sun_path) == 0;
}

/* Room for a socket at this path; 0, or an exit status after a line on stderr. */
static int make_way(const struct sockaddr_un *address)
{
    struct stat there;

    if (lstat(address->sun_path, &there) != 0)
        return 0; /* bind will say what else is wrong */
    if (!S_ISSOCK(there.st_mode))
        return serve_failed(address->sun_path, "is there already, and is no socket");
    if (!remove_if_stale(address))
        return serve_failed(address->sun_path, "is in use");
    return 0;
}

int serve_open_pipe(const struct serve_settings *s, struct serve_link *l)
{
    static const struct serve_link_ops ops = {
        .name = "pipe",
        .greeting = "listens on",
        .receive = receive_socket,
        .send = send_socket,
        .close = close_socket,
    };
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    l->ops = &ops;
    if (s->where[0] == '\0' || strlen(s->where) >= sizeof address.sun_path)
        return serve_failed("--pipe", "a path of 1 to 107 bytes is wanted");
    snprintf(address.sun_path, sizeof address.sun_path, "%s", s->where);
    snprintf(l->where, sizeof l->where, "%s", s->where);
    if (make_way(&address) != 0)
        return KDLAB_FAILED;
    if (!listen_at(l, (struct sockaddr *)&address, sizeof address))
        return serve_failed(s->where, strerror(errno));
    l->path = s->where;
    return 0;
}

/* Where it really listens: the port may have been chosen by the kernel. */
static bool name_own_end(struct serve_link *l)
{
    struct sockaddr_storage own = {0};
    socklen_t len = sizeof own;
    char host[128], port[8];

    if (getsockname(l->listener, (struct sockaddr *)&own, &len) != 0 ||
        getnameinfo((struct sockaddr *)&own, len, host, sizeof host, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0)
        return false;
    snprintf(l->where, sizeof l->where, own.ss_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host,
             port);
    return true;
}

int serve_open_tcp(const struct serve_settings *s, struct serve_link *l)
{
    static const struct serve_link_ops ops = {
        .name = "tcp",
        .greeting = "listens on",
        .receive = receive_socket,
        .send = send_socket,
        .close = close_socket,
    };
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE}, *list;
    struct serve_place place;
    int err;

    l->ops = &ops;
    if (!serve_cut_place(s->where, 0, &place))
        return serve_failed(s->where, "ADDR:PORT is wanted; an IPv6 address in brackets");
    err = getaddrinfo(place.host, place.port, &hints, &list);
    if (err)
        return serve_failed(s->where, gai_strerror(err));
    err = listen_at(l, list->ai_addr, list->ai_addrlen) && name_own_end(l) ? 0 : errno;
    freeaddrinfo(list);
    return err ? serve_failed(s->where, strerror(err)) : 0;
}

/* ---- the pseudo-terminal ---- */

/* The master reads EIO while nobody has the slave open, and hears of an opening through inotify. What a
 * host has left unread would be the first that the next one reads. */
static void terminal_was_closed(struct serve_link *l)
{
    int slave_fd;

    if (!l->has_host)
        return;
    l->has_host = false;
    l->poll_fd = -1; /* or it would report a hangup until somebody comes */
    slave_fd = open(l->where, O_RDWR | O_NOCTTY | O_CLOEXEC);
    tcflush(l->host_fd, TCOFLUSH); /* on its way to the slave */
    tcflush(slave_fd, TCIFLUSH);   /* and there */
    close(slave_fd);
}

static void terminal_is_open(struct serve_link *l)
{
    if (l->has_host)
        return;
    l->has_host = true;
    l->poll_fd = l->host_fd;
    l->connections++;
}

static bool receive_pty(struct serve_link *l, uint8_t buf[SERVE_RECEIVE_MAX], size_t *len)
{
    ssize_t n;

    while (read(l->opened_fd, buf, SERVE_RECEIVE_MAX) > 0)
        ; /* it wakes us, that is all: whether it is still open the master knows */
    n = read(l->host_fd, buf, SERVE_RECEIVE_MAX);
    if (n < 0 && errno == EIO)
        terminal_was_closed(l);
    else
        terminal_is_open(l);
    if (n <= 0)
        return false;
    *len = (size_t)n;
    return true;
}

static void send_pty(struct serve_link *l, const uint8_t *bytes, size_t len)
{
    ssize_t n = l->has_host ? write(l->host_fd, bytes, len) : -1;

    l->bytes_lost += len - (n > 0 ? (size_t)n : 0);
}

static void close_pty(struct serve_link *l)
{
    if (l->host_fd >= 0)
        close(l->host_fd);
    if (l->opened_fd >= 0)
        close(l->opened_fd);
}

/* Nothing is echoed, no byte means anything; stays so while the master is open. */
static bool make_raw(const char *slave)
{
    int fd = open(slave, O_RDWR | O_NOCTTY | O_CLOEXEC);
    struct termios raw;
    bool ok = fd >= 0 && tcgetattr(fd, &raw) == 0;

    if (ok) {
        cfmakeraw(&raw);
        ok = tcsetattr(fd, TCSANOW, &raw) == 0;
    }
    if (fd >= 0)
        close(fd);
    return ok;
}

static bool open_pair(struct serve_link *l)
{
    l->host_fd = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (l->host_fd < 0 || grantpt(l->host_fd) != 0 || unlockpt(l->host_fd) != 0 ||
        ptsname_r(l->host_fd, l->where, sizeof l->where) != 0 || !make_raw(l->where))
        return false;
    l->opened_fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    return l->opened_fd >= 0 && inotify_add_watch(l->opened_fd, l->where, IN_OPEN) >= 0;
}

int serve_open_pty(struct serve_link *l)
{
    static const struct serve_link_ops ops = {
        .name = "pty",
        .receive = receive_pty,
        .send = send_pty,
        .close = close_pty,
    };

    l->ops = &ops;
    return open_pair(l) ? 0 : serve_failed("--pty", strerror(errno));
}
