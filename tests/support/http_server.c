#define _POSIX_C_SOURCE 200809L

#include "support/http_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { REQUESTS_MAX = 16, REQUEST_MAX = 2048 };

struct http_server {
    struct http_answer answers[REQUESTS_MAX]; /* a test may end while one is given */
    size_t answer_count;
    int listening;
    unsigned port;
    pthread_t thread;
    pthread_mutex_t lock;
    bool is_ending;
    size_t count;
    char requests[REQUESTS_MAX][REQUEST_MAX];
};

static void require(bool holds, const char *what)
{
    if (holds)
        return;
    perror(what);
    abort();
}

static void read_request(int fd, char request[REQUEST_MAX])
{
    size_t have = 0;

    while (have < REQUEST_MAX - 1 && !strstr(request, "\r\n\r\n")) {
        ssize_t n = read(fd, request + have, REQUEST_MAX - 1 - have);

        if (n <= 0)
            return;
        have += (size_t)n;
        request[have] = '\0';
    }
}

/* The other side may hang up at any time. */
static void send_all(int fd, const void *data, size_t len)
{
    const char *at = data;

    while (len > 0) {
        ssize_t n = send(fd, at, len, MSG_NOSIGNAL);

        if (n <= 0)
            return;
        at += n;
        len -= (size_t)n;
    }
}

static void send_head(const struct http_server *s, int fd, const char *head)
{
    for (; *head != '\0'; head++) {
        char port[16];

        if (*head == '\n') {
            send_all(fd, "\r\n", 2);
        } else if (head[0] == '%' && head[1] == 'u') {
            snprintf(port, sizeof port, "%u", s->port);
            send_all(fd, port, strlen(port));
            head++;
        } else {
            send_all(fd, head, 1);
        }
    }
    send_all(fd, "\r\n\r\n", 4);
}

static void answer(const struct http_server *s, int fd, const struct http_answer *a)
{
    const struct timespec silence = {a->silent_ms / 1000, (long)(a->silent_ms % 1000) * 1000000};

    send_head(s, fd, a->head);
    send_all(fd, a->body, a->len);
    if (a->silent_ms)
        nanosleep(&silence, NULL);
}

static void *serve(void *ctx)
{
    struct http_server *s = ctx;

    for (;;) {
        int fd = accept(s->listening, NULL, NULL);
        char request[REQUEST_MAX] = "";
        size_t i;

        require(fd >= 0, "accept");
        pthread_mutex_lock(&s->lock);
        if (s->is_ending) {
            pthread_mutex_unlock(&s->lock);
            close(fd);
            return NULL;
        }
        pthread_mutex_unlock(&s->lock);
        read_request(fd, request);
        pthread_mutex_lock(&s->lock);
        i = s->count++;
        require(i < REQUESTS_MAX, "too many requests");
        memcpy(s->requests[i], request, sizeof request);
        pthread_mutex_unlock(&s->lock);
        if (i < s->answer_count)
            answer(s, fd, &s->answers[i]);
        close(fd);
    }
}

static struct sockaddr_in loopback(unsigned port)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};

    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return a;
}

struct http_server *http_server_start(const struct http_answer *answers, size_t count)
{
    struct http_server *s = calloc(1, sizeof *s);
    struct sockaddr_in a = loopback(0);
    socklen_t len = sizeof a;

    require(s != NULL, "calloc");
    require(count <= REQUESTS_MAX, "too many answers");
    memcpy(s->answers, answers, count * sizeof *answers);
    s->answer_count = count;
    s->listening = socket(AF_INET, SOCK_STREAM, 0);
    require(s->listening >= 0, "socket");
    require(bind(s->listening, (struct sockaddr *)&a, sizeof a) == 0, "bind");
    require(listen(s->listening, 8) == 0, "listen");
    require(getsockname(s->listening, (struct sockaddr *)&a, &len) == 0, "getsockname");
    s->port = ntohs(a.sin_port);
    require(pthread_mutex_init(&s->lock, NULL) == 0, "pthread_mutex_init");
    require(pthread_create(&s->thread, NULL, serve, s) == 0, "pthread_create");
    return s;
}

void http_server_stop(struct http_server *s)
{
    struct sockaddr_in a = loopback(s->port);
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    pthread_mutex_lock(&s->lock);
    s->is_ending = true;
    pthread_mutex_unlock(&s->lock);
    require(connect(fd, (struct sockaddr *)&a, sizeof a) == 0, "connect"); /* wakes it up */
    pthread_join(s->thread, NULL);
    close(fd);
    close(s->listening);
    pthread_mutex_destroy(&s->lock);
    free(s);
}

unsigned http_server_port(const struct http_server *s)
{
    return s->port;
}

size_t http_server_count(struct http_server *s)
{
    size_t count;

    pthread_mutex_lock(&s->lock);
    count = s->count;
    pthread_mutex_unlock(&s->lock);
    return count;
}

const char *http_server_request(struct http_server *s, size_t i)
{
    require(i < http_server_count(s), "no such request");
    return s->requests[i]; /* written before it was counted */
}
