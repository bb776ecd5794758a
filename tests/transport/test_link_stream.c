#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <kdproto/deadline.h>

#include "support/tape.h"
#include "transport/link_stream.h"

enum { PATIENCE_MS = 5000 };

struct end { /* the link, and what it said */
    uv_loop_t loop;
    struct kdt_link_stream *link;
    struct temp_dir dir;
    char path[128]; /* of a socket in it */
    unsigned ups, cuts, overs;
    size_t len;
    uint8_t bytes[256];
    enum kd_status over;
    char text[KD_DIAG_MAX];
    struct kdt_recorder *recorder;
};

static void on_up(void *ctx)
{
    struct end *e = ctx;

    e->ups++;
}

static void on_bytes(void *ctx, struct kd_span bytes)
{
    struct end *e = ctx;

    for (size_t i = 0; i < bytes.len; i++)
        e->bytes[e->len++ % sizeof e->bytes] = bytes.data[i];
}

static void on_cut(void *ctx)
{
    struct end *e = ctx;

    e->cuts++;
}

static void on_over(void *ctx, enum kd_status st, const char *text)
{
    struct end *e = ctx;

    e->overs++;
    e->over = st;
    snprintf(e->text, sizeof e->text, "%s", text);
}

static void begin(struct end *e)
{
    memset(e, 0, sizeof *e);
    uv_loop_init(&e->loop);
    temp_dir_create(&e->dir);
    snprintf(e->path, sizeof e->path, "%s", temp_dir_path(&e->dir, "s"));
}

static enum kd_status open_text(struct end *e, const char *text, struct kd_diag *diag)
{
    struct kdt_target_spec spec;
    struct kdt_link_stream_opts opts = {.loop = &e->loop,
                                        .spec = &spec,
                                        .ctx = e,
                                        .on_up = on_up,
                                        .on_bytes = on_bytes,
                                        .on_cut = on_cut,
                                        .on_over = on_over,
                                        .recorder = e->recorder};

    if (kdt_target_spec_parse(text, diag, &spec) != KD_OK)
        fail_msg("%s: %s", text, diag->text);
    return kdt_link_stream_open(&opts, diag, &e->link);
}

static void open_pipe(struct end *e, const char *options)
{
    char text[256];
    struct kd_diag diag;

    snprintf(text, sizeof text, "com:pipe,port=%s%s", e->path, options);
    if (open_text(e, text, &diag) != KD_OK)
        fail_msg("%s", diag.text);
}

static void finish(struct end *e)
{
    kdt_link_stream_close(e->link);
    uv_run(&e->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&e->loop), 0); /* nothing of the link is left in it */
    temp_dir_remove(&e->dir);
}

static void nothing(uv_timer_t *timer)
{
    (void)timer;
}

/* Turn the loop until that count is reached, or patience ends. */
static void await_for(struct end *e, const unsigned *count, unsigned wanted, unsigned patience_ms)
{
    uint64_t until_ms;
    uv_timer_t tick;

    uv_update_time(&e->loop);
    until_ms = uv_now(&e->loop) + patience_ms;
    uv_timer_init(&e->loop, &tick);
    uv_timer_start(&tick, nothing, 5, 5);
    while (*count < wanted && uv_now(&e->loop) < until_ms) {
        kdt_link_stream_tick(e->link);
        uv_run(&e->loop, UV_RUN_ONCE);
    }
    uv_close((uv_handle_t *)&tick, NULL);
    uv_run(&e->loop, UV_RUN_NOWAIT);
}

static void await(struct end *e, const unsigned *count, unsigned wanted)
{
    await_for(e, count, wanted, PATIENCE_MS);
    if (*count < wanted)
        fail_msg("waited in vain: \"%s\"", e->text);
}

static void turn_for(struct end *e, unsigned ms)
{
    const unsigned never = 0;

    await_for(e, &never, 1, ms);
}

static void await_bytes(struct end *e, size_t wanted)
{
    for (unsigned i = 0; i < 200 && e->len < wanted; i++)
        turn_for(e, 10);
    assert_int_equal(e->len, wanted);
}

static struct kd_span span(const char *text)
{
    return (struct kd_span){(const uint8_t *)text, strlen(text)};
}

/* --- the other end --- */

static struct sockaddr_un address_of(const char *path)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};

    strcpy(to.sun_path, path); /* NOLINT(*strcpy): it is short */
    return to;
}

static int listen_at(const char *path)
{
    const struct sockaddr_un at = address_of(path);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    unlink(path);
    assert_int_equal(bind(fd, (const struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(fd, 4), 0);
    return fd;
}

static int connect_at(const char *path)
{
    const struct sockaddr_un to = address_of(path);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    if (connect(fd, (const struct sockaddr *)&to, sizeof to) == 0)
        return fd;
    close(fd);
    return -1;
}

static int accept_on(int listening)
{
    int fd = accept(listening, NULL, NULL);

    assert_true(fd >= 0);
    return fd;
}

static void check_read(int fd, const char *expected)
{
    char buf[64] = "";

    assert_int_equal(recv(fd, buf, sizeof buf, 0), strlen(expected));
    assert_string_equal(buf, expected);
}

static int tcp_listener(uint16_t *port)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof in;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    assert_int_equal(bind(fd, (const struct sockaddr *)&in, sizeof in), 0);
    assert_int_equal(listen(fd, 4), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&in, &len), 0);
    *port = ntohs(in.sin_port);
    return fd;
}

/* --- connecting --- */

static void bytes_go_both_ways_over_a_pipe(void **state)
{
    struct end e;
    int listening, peer;

    (void)state;
    begin(&e);
    listening = listen_at(e.path);
    open_pipe(&e, "");
    assert_int_equal(e.ups, 0); /* nothing happens before the loop turns */
    await(&e, &e.ups, 1);
    peer = accept_on(listening);
    kdt_link_stream_send(e.link, span("to the target"));
    check_read(peer, "to the target");
    assert_int_equal(send(peer, "from it", 7, 0), 7);
    await_bytes(&e, 7);
    assert_memory_equal(e.bytes, "from it", 7);
    assert_int_equal(kdt_link_stream_get_counters(e.link)->bytes_sent, 13);
    assert_int_equal(kdt_link_stream_get_counters(e.link)->bytes_received, 7);
    assert_true(kdt_link_stream_deadline_ms(e.link) == KD_NEVER);
    finish(&e);
    assert_int_equal(recv(peer, e.bytes, 1, 0), 0); /* closed */
    close(peer);
    close(listening);
}

static void what_passes_is_recorded_in_order_with_its_direction(void **state)
{
    struct tape t;
    struct end e;
    int listening, peer;

    (void)state;
    tape_begin(&t);
    begin(&e);
    e.recorder = t.recorder;
    listening = listen_at(e.path);
    open_pipe(&e, ",reconnect");
    kdt_link_stream_send(e.link, span("too early, and not sent"));
    for (unsigned i = 1; i <= 2; i++) { /* connections come and go, the recording goes on */
        await(&e, &e.ups, i);
        peer = accept_on(listening);
        kdt_link_stream_send(e.link, span("ask"));
        check_read(peer, "ask");
        assert_int_equal(send(peer, "answer", 6, 0), 6);
        await_bytes(&e, (size_t)i * 6);
        close(peer);
        await(&e, &e.cuts, i);
    }
    finish(&e);
    close(listening);
    tape_read(&t);
    assert_string_equal(tape_turns(&t, 0, TAPE_STREAM_HOST), "HTHT");
    assert_int_equal(t.len, 18);
    assert_memory_equal(t.bytes,
                        "askanswer"
                        "askanswer",
                        18);
    tape_end(&t);
}

static void check_tcp(const char *host)
{
    struct kd_diag diag;
    char text[64];
    struct end e;
    uint16_t port;
    int peer, listening = tcp_listener(&port);

    begin(&e);
    snprintf(text, sizeof text, "com:ipport=%u,port=%s", port, host);
    assert_int_equal(open_text(&e, text, &diag), KD_OK);
    await(&e, &e.ups, 1);
    peer = accept_on(listening);
    kdt_link_stream_send(e.link, span("over TCP"));
    check_read(peer, "over TCP");
    finish(&e);
    close(peer);
    close(listening);
}

static void a_host_is_found_by_address_and_by_name(void **state)
{
    (void)state;
    check_tcp("127.0.0.1");
    check_tcp("localhost"); /* which may be ::1 as well, where nobody listens */
}

static void what_refuses_is_told_at_once_with_advice(void **state)
{
    struct kd_diag diag;
    char text[64];
    struct end e;
    uint16_t port;
    int listening = tcp_listener(&port);

    (void)state;
    close(listening);
    begin(&e);
    snprintf(text, sizeof text, "com:ipport=%u,port=127.0.0.1", port);
    assert_int_equal(open_text(&e, text, &diag), KD_OK);
    await(&e, &e.overs, 1);
    assert_int_equal(e.over, KD_ERR_IO);
    assert_non_null(strstr(e.text, "refuses the connection"));
    assert_non_null(strstr(e.text, "reconnect"));
    turn_for(&e, 300);
    assert_int_equal(e.overs, 1); /* said once, and not tried again */
    kdt_link_stream_send(e.link, span("nobody is there"));
    assert_int_equal(kdt_link_stream_get_counters(e.link)->unsent, 1);
    finish(&e);
}

static void a_socket_that_nobody_listens_on_is_told_from_one_that_is_not_there(void **state)
{
    struct end e;

    (void)state;
    begin(&e);
    open_pipe(&e, "");
    await(&e, &e.overs, 1);
    assert_int_equal(e.over, KD_ERR_NOT_FOUND);
    assert_non_null(strstr(e.text, "there is no "));
    finish(&e);

    begin(&e);
    close(listen_at(e.path));
    open_pipe(&e, "");
    await(&e, &e.overs, 1);
    assert_int_equal(e.over, KD_ERR_IO);
    assert_non_null(strstr(e.text, "nobody listens on "));
    finish(&e);
}

static void a_name_that_nobody_has_is_told(void **state)
{
    struct kd_diag diag;
    struct end e;

    (void)state;
    begin(&e);
    assert_int_equal(open_text(&e, "com:ipport=5,port=no-such-host.invalid", &diag), KD_OK);
    await(&e, &e.overs, 1);
    assert_non_null(strstr(e.text, "no-such-host.invalid"));
    finish(&e);
}

static void a_link_is_closed_while_it_connects_or_looks_for_a_host(void **state)
{
    static const char *const texts[] = {
        "com:ipport=9,port=localhost", "com:ipport=9,port=192.0.2.1",
        "com:pipe,port=/no/such/socket", "com:pipe,port=/no/such/socket,reconnect"};

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct kd_diag diag;
        struct end e;

        begin(&e);
        assert_int_equal(open_text(&e, texts[i], &diag), KD_OK);
        kdt_link_stream_tick(e.link);
        finish(&e);
        assert_int_equal(e.ups + e.cuts + e.overs, 0); /* nothing is said to who went */
    }
}

/* --- connections that end --- */

static void an_end_is_told_once(void **state)
{
    struct end e;
    int listening, peer;

    (void)state;
    begin(&e);
    listening = listen_at(e.path);
    open_pipe(&e, "");
    await(&e, &e.ups, 1);
    peer = accept_on(listening);
    assert_int_equal(send(peer, "last words", 10, 0), 10);
    close(peer);
    await(&e, &e.overs, 1);
    assert_int_equal(e.over, KD_ERR_IO);
    assert_non_null(strstr(e.text, "closed the connection"));
    assert_memory_equal(e.bytes, "last words", 10);
    turn_for(&e, 300);
    assert_int_equal(e.ups, 1);
    assert_int_equal(e.overs, 1);
    finish(&e);
    close(listening);
}

static void a_connection_is_made_anew_as_often_as_it_ends(void **state)
{
    struct end e;
    int listening;

    (void)state;
    begin(&e);
    listening = listen_at(e.path);
    open_pipe(&e, ",reconnect");
    for (unsigned i = 1; i <= 3; i++) {
        int peer;

        await(&e, &e.ups, i);
        peer = accept_on(listening);
        kdt_link_stream_send(e.link, span("hello"));
        check_read(peer, "hello");
        close(peer);
        await(&e, &e.cuts, i);
    }
    assert_int_equal(e.overs, 0);
    finish(&e);
    close(listening);
}

static void a_peer_that_is_not_there_is_tried_less_and_less_often(void **state)
{
    struct kd_diag diag;
    struct end e;
    uint64_t last_ms = 0, longest_ms = 0;
    unsigned tries = 0;

    (void)state;
    begin(&e);
    open_pipe(&e, ",reconnect");
    for (uint64_t until_ms = uv_now(&e.loop) + 3500; uv_now(&e.loop) < until_ms;) {
        uint64_t due_ms = kdt_link_stream_deadline_ms(e.link);

        if (due_ms != KD_NEVER && due_ms != last_ms) {
            if (tries++ && due_ms - last_ms > longest_ms)
                longest_ms = due_ms - last_ms;
            last_ms = due_ms;
        }
        turn_for(&e, 5);
    }
    assert_in_range(tries, 4, 8); /* at 0, 100, 300, 700, 1500 and 3100 ms */
    assert_true(longest_ms >= 1500);
    assert_int_equal(e.overs, 0);
    kdt_link_stream_explain(e.link, &diag);
    assert_non_null(strstr(diag.text, "there is no "));
    finish(&e);
}

/* --- a slow reader --- */

static void what_finds_no_room_is_dropped_whole_and_counted(void **state)
{
    static uint8_t packet[4000];
    const struct kdt_link_stream_counters *c;
    struct end e;
    size_t got = 0, wanted;
    int listening, peer;

    (void)state;
    begin(&e);
    listening = listen_at(e.path);
    open_pipe(&e, "");
    await(&e, &e.ups, 1);
    peer = accept_on(listening);
    for (size_t i = 0; i < sizeof packet; i++)
        packet[i] = (uint8_t)(i % 251);
    c = kdt_link_stream_get_counters(e.link);
    for (unsigned i = 0; i < 1000; i++) /* 4 MB, more than any socket holds */
        kdt_link_stream_send(e.link, (struct kd_span){packet, sizeof packet});
    assert_in_range(c->unsent, 500, 999);
    wanted = (1000 - (size_t)c->unsent) * sizeof packet;
    fcntl(peer, F_SETFL, O_NONBLOCK);
    for (unsigned idle = 0; got < wanted && idle < 200;) {
        uint8_t buf[4096];
        ssize_t n = recv(peer, buf, sizeof buf, 0);

        for (ssize_t i = 0; i < n; i++) /* whole packets only, in order */
            assert_int_equal(buf[i], packet[(got + (size_t)i) % sizeof packet]);
        got += n > 0 ? (size_t)n : 0;
        idle = n > 0 ? 0 : idle + 1;
        turn_for(&e, 1);
    }
    assert_int_equal(got, wanted);
    assert_int_equal(c->bytes_sent, wanted);
    kdt_link_stream_send(e.link, span("there is room again"));
    turn_for(&e, 5);
    assert_int_equal(recv(peer, e.bytes, sizeof e.bytes, 0), 19);
    finish(&e);
    close(peer);
    close(listening);
}

static void closing_with_a_full_queue_is_no_harm(void **state)
{
    static const uint8_t packet[4000];
    struct end e;
    int listening, peer;

    (void)state;
    begin(&e);
    listening = listen_at(e.path);
    open_pipe(&e, "");
    await(&e, &e.ups, 1);
    peer = accept_on(listening);
    for (unsigned i = 0; i < 200; i++)
        kdt_link_stream_send(e.link, (struct kd_span){packet, sizeof packet});
    finish(&e);
    close(peer);
    close(listening);
}

static void sending_to_a_peer_that_has_gone_kills_nobody(void **state)
{
    struct end e;
    int listening;

    (void)state;
    begin(&e);
    listening = listen_at(e.path);
    open_pipe(&e, "");
    await(&e, &e.ups, 1);
    close(accept_on(listening));
    kdt_link_stream_send(e.link, span("into the void"));
    kdt_link_stream_send(e.link, span("once more"));
    await(&e, &e.overs, 1);
    finish(&e);
    close(listening);
}

/* --- listening --- */

static void a_server_takes_one_peer_at_a_time(void **state)
{
    struct end e;
    struct stat about;
    char byte;
    int first, second;

    (void)state;
    begin(&e);
    open_pipe(&e, ",server,reconnect");
    assert_int_equal(stat(e.path, &about), 0);
    assert_int_equal(about.st_mode & 0077, 0); /* ours alone */
    first = connect_at(e.path);
    await(&e, &e.ups, 1);
    second = connect_at(e.path);
    turn_for(&e, 50);
    assert_int_equal(recv(second, &byte, 1, 0), 0); /* turned away */
    close(second);
    assert_int_equal(send(first, "first", 5, 0), 5);
    await_bytes(&e, 5);
    close(first);
    await(&e, &e.cuts, 1);
    second = connect_at(e.path);
    await(&e, &e.ups, 2);
    kdt_link_stream_send(e.link, span("welcome"));
    check_read(second, "welcome");
    close(second);
    finish(&e);
    assert_int_equal(stat(e.path, &about), -1); /* its name went with it */
}

static void a_server_whose_peer_goes_is_over_unless_it_may_come_again(void **state)
{
    struct end e;
    int peer;

    (void)state;
    begin(&e);
    open_pipe(&e, ",server");
    peer = connect_at(e.path);
    await(&e, &e.ups, 1);
    assert_int_equal(send(peer, "a word", 6, 0), 6);
    close(peer);
    await(&e, &e.overs, 1);
    peer = connect_at(e.path);
    turn_for(&e, 50);
    assert_int_equal(e.ups, 1);
    close(peer);
    finish(&e);
}

static void a_server_outlasts_whoever_only_looks_whether_it_is_there(void **state)
{
    struct kdt_link_stream *first;
    struct kd_diag diag;
    char text[256];
    struct end e;
    int peer;

    (void)state;
    begin(&e);
    open_pipe(&e, ",server");
    first = e.link;
    snprintf(text, sizeof text, "com:pipe,port=%s,server", e.path);
    assert_int_equal(open_text(&e, text, &diag), KD_ERR_BUSY); /* it had to look */
    e.link = first;
    await(&e, &e.cuts, 1);
    assert_int_equal(e.overs, 0);
    peer = connect_at(e.path);
    await(&e, &e.ups, 2);
    assert_int_equal(send(peer, "target", 6, 0), 6);
    await_bytes(&e, 6);
    close(peer);
    finish(&e);
}

static void a_peer_that_hangs_up_each_time_is_told_from_one_that_is_silent(void **state)
{
    struct kd_diag diag;
    struct end e;
    int listening;

    (void)state;
    begin(&e);
    listening = listen_at(e.path);
    open_pipe(&e, ",reconnect");
    for (unsigned i = 1; i <= 2; i++) {
        await(&e, &e.ups, i);
        kdt_link_stream_send(e.link, span("unread")); /* makes it a reset */
        close(accept_on(listening));
        await(&e, &e.cuts, i);
    }
    kdt_link_stream_explain(e.link, &diag);
    assert_non_null(strstr(diag.text, "closes each connection"));
    finish(&e);
    close(listening);
}

static void a_name_in_use_is_refused(void **state)
{
    struct kd_diag diag;
    char text[256];
    struct end e;
    int listening;

    (void)state;
    begin(&e);
    listening = listen_at(e.path);
    snprintf(text, sizeof text, "com:pipe,port=%s,server", e.path);
    assert_int_equal(open_text(&e, text, &diag), KD_ERR_BUSY);
    assert_non_null(strstr(diag.text, "another process listens"));
    assert_null(e.link);
    close(listening);
    finish(&e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_go_both_ways_over_a_pipe),
        cmocka_unit_test(what_passes_is_recorded_in_order_with_its_direction),
        cmocka_unit_test(a_host_is_found_by_address_and_by_name),
        cmocka_unit_test(what_refuses_is_told_at_once_with_advice),
        cmocka_unit_test(a_socket_that_nobody_listens_on_is_told_from_one_that_is_not_there),
        cmocka_unit_test(a_name_that_nobody_has_is_told),
        cmocka_unit_test(a_link_is_closed_while_it_connects_or_looks_for_a_host),
        cmocka_unit_test(an_end_is_told_once),
        cmocka_unit_test(a_connection_is_made_anew_as_often_as_it_ends),
        cmocka_unit_test(a_peer_that_is_not_there_is_tried_less_and_less_often),
        cmocka_unit_test(what_finds_no_room_is_dropped_whole_and_counted),
        cmocka_unit_test(closing_with_a_full_queue_is_no_harm),
        cmocka_unit_test(sending_to_a_peer_that_has_gone_kills_nobody),
        cmocka_unit_test(a_server_takes_one_peer_at_a_time),
        cmocka_unit_test(a_server_whose_peer_goes_is_over_unless_it_may_come_again),
        cmocka_unit_test(a_server_outlasts_whoever_only_looks_whether_it_is_there),
        cmocka_unit_test(a_peer_that_hangs_up_each_time_is_told_from_one_that_is_silent),
        cmocka_unit_test(a_name_in_use_is_refused),
    };

    signal(SIGPIPE, SIG_IGN); /* as live.h wants it */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
