#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "transport/connection.h"

enum {
    TURNS_MAX = 200,
    ROOM = 8 * 1024, /* about what the system takes at once: a queue goes in pieces */
    SENT_MAX = 1024 * 1024,
};

struct pair { /* a connection over one end of a socket pair, and the other end */
    uv_loop_t loop;
    struct kdt_connection *connection;
    int peer;
    uint8_t *sent; /* what the owner was told to be sent */
    size_t sent_len;
    uint8_t came[256];
    size_t came_len;
    size_t sent_before_bytes; /* sent_len when the first bytes came */
    unsigned ends;
    int err;
};

static void on_bytes(void *owner, struct kd_span bytes)
{
    struct pair *p = owner;

    if (p->came_len == 0)
        p->sent_before_bytes = p->sent_len;
    for (size_t i = 0; i < bytes.len; i++)
        p->came[p->came_len++ % sizeof p->came] = bytes.data[i];
}

static void on_sent(void *owner, struct kd_span bytes)
{
    struct pair *p = owner;

    if (bytes.len == 0 || bytes.len > SENT_MAX - p->sent_len)
        abort();
    memcpy(p->sent + p->sent_len, bytes.data, bytes.len);
    p->sent_len += bytes.len;
}

static void on_end(void *owner, int err)
{
    struct pair *p = owner;

    p->ends++;
    p->err = err;
}

static void begin(struct pair *p)
{
    const struct kdt_connection_opts opts = {p, on_bytes, on_sent, on_end};
    const int room = ROOM;
    int fds[2];

    memset(p, 0, sizeof *p);
    p->sent = malloc(SENT_MAX);
    assert_non_null(p->sent);
    uv_loop_init(&p->loop);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
    p->peer = fds[1];
    fcntl(p->peer, F_SETFL, O_NONBLOCK);
    p->connection = kdt_connection_create(&opts);
    assert_non_null(p->connection);
    uv_pipe_init(&p->loop, &p->connection->uv.pipe, 0);
    assert_int_equal(uv_pipe_open(&p->connection->uv.pipe, fds[0]), 0);
    assert_int_equal(kdt_connection_begin(p->connection), 0);
}

static void drop(struct pair *p)
{
    if (p->connection)
        kdt_connection_close(p->connection);
    p->connection = NULL;
}

static void finish(struct pair *p)
{
    drop(p);
    uv_run(&p->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&p->loop), 0); /* nothing of the connection is left in it */
    if (p->peer >= 0)
        close(p->peer);
    free(p->sent);
}

static void turn(struct pair *p)
{
    uv_run(&p->loop, UV_RUN_NOWAIT);
}

static struct kd_span span(const char *text)
{
    return (struct kd_span){(const uint8_t *)text, strlen(text)};
}

/* Send until nothing more is taken. Returns how many bytes were. */
static size_t fill(struct pair *p)
{
    static uint8_t packet[4000];
    size_t taken = 0;

    for (size_t i = 0; i < sizeof packet; i++)
        packet[i] = (uint8_t)(i % 251);
    while (kdt_connection_send(p->connection, (struct kd_span){packet, sizeof packet}))
        taken += sizeof packet;
    return taken;
}

/* What the peer finds, compared with what the owner was told. Returns how much that was by now. */
static size_t drain(struct pair *p, size_t got)
{
    uint8_t buf[4096];
    ssize_t len;

    while ((len = recv(p->peer, buf, sizeof buf, 0)) > 0) {
        for (ssize_t i = 0; i < len; i++)
            assert_int_equal(buf[i], (got + (size_t)i) % 4000 % 251);
        got += (size_t)len;
    }
    return got;
}

/* What was with libuv first, then the first piece of all that had gathered behind it. */
static size_t drain_twice(struct pair *p)
{
    size_t got = drain(p, 0);

    turn(p);
    return drain(p, got);
}

static void bytes_go_both_ways_and_the_owner_is_told(void **state)
{
    struct pair p;
    char buf[16] = "";

    (void)state;
    begin(&p);
    assert_true(kdt_connection_send(p.connection, span("request")));
    assert_int_equal(p.sent_len, 7); /* at once: the system had room */
    assert_memory_equal(p.sent, "request", 7);
    assert_int_equal(recv(p.peer, buf, sizeof buf, 0), 7);
    assert_string_equal(buf, "request");
    assert_int_equal(send(p.peer, "answer", 6, 0), 6);
    turn(&p);
    assert_int_equal(p.came_len, 6);
    assert_memory_equal(p.came, "answer", 6);
    assert_int_equal(p.ends, 0);
    finish(&p);
}

static void what_finds_no_room_is_refused_whole(void **state)
{
    static const uint8_t packet[KDT_CONNECTION_QUEUE_MAX + 1];
    struct pair p;
    size_t taken, got = 0;

    (void)state;
    begin(&p);
    assert_false(kdt_connection_send(p.connection, (struct kd_span){packet, sizeof packet}));
    assert_int_equal(p.sent_len, 0);
    taken = fill(&p);
    assert_in_range(p.sent_len, taken - KDT_CONNECTION_QUEUE_MAX, taken);
    for (int i = 0; i < TURNS_MAX && got < taken; i++) {
        got = drain(&p, got);
        turn(&p);
    }
    assert_int_equal(got, taken);
    assert_int_equal(p.sent_len, taken);
    assert_int_equal(drain(&p, got), got); /* and nothing of what was refused */
    finish(&p);
}

/* The answer to a part is not told before that part. */
static void what_is_sent_piece_by_piece_is_told_before_the_answer_to_it(void **state)
{
    struct pair p;
    size_t taken, before, got;

    (void)state;
    begin(&p);
    taken = fill(&p);
    got = drain_twice(&p);
    turn(&p); /* one more piece */
    before = got;
    got = drain(&p, got);
    assert_true(before < got && got < taken);
    assert_int_equal(send(p.peer, "!", 1, 0), 1);
    for (int i = 0; i < TURNS_MAX && p.came_len == 0; i++)
        turn(&p);
    assert_int_equal(p.came_len, 1);
    assert_true(p.sent_before_bytes >= got);
    finish(&p);
}

/* Neither less nor more: it is what the peer can still read. */
static void who_closes_with_a_full_queue_is_told_what_had_left(void **state)
{
    struct pair p;
    size_t taken, before, got;

    (void)state;
    begin(&p);
    taken = fill(&p);
    got = drain_twice(&p);
    turn(&p); /* one more piece */
    drop(&p);
    before = got;
    got = drain(&p, got);
    assert_true(before < got && got < taken);
    assert_int_equal(p.sent_len, got);
    finish(&p);
    assert_int_equal(p.sent_len, got);
}

static void an_end_is_told_with_its_reason(void **state)
{
    struct pair p;

    (void)state;
    begin(&p);
    assert_int_equal(send(p.peer, "bye", 3, 0), 3);
    close(p.peer);
    p.peer = -1;
    for (int i = 0; i < TURNS_MAX && p.ends == 0; i++)
        turn(&p);
    assert_int_equal(p.ends, 1);
    assert_int_equal(p.err, UV_EOF);
    assert_int_equal(p.came_len, 3);
    finish(&p);
}

static void nothing_is_told_after_closing(void **state)
{
    struct pair p;

    (void)state;
    begin(&p);
    assert_int_equal(send(p.peer, "too late", 8, 0), 8);
    close(p.peer);
    p.peer = -1;
    drop(&p);
    finish(&p);
    assert_int_equal(p.came_len + p.ends + p.sent_len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_go_both_ways_and_the_owner_is_told),
        cmocka_unit_test(what_finds_no_room_is_refused_whole),
        cmocka_unit_test(what_is_sent_piece_by_piece_is_told_before_the_answer_to_it),
        cmocka_unit_test(who_closes_with_a_full_queue_is_told_what_had_left),
        cmocka_unit_test(an_end_is_told_with_its_reason),
        cmocka_unit_test(nothing_is_told_after_closing),
    };

    signal(SIGPIPE, SIG_IGN); /* as live.h wants it */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
