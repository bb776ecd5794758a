#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <kdproto/kdnet_datagram.h>

#include "support/free_port.h"
#include "support/tape.h"
#include "transport/link_udp.h"

enum { PATIENCE_MS = 5000 };

/* Stands in front of the C library's, for machines that were booted without IPv6. */
static bool lacks_ipv6;

int socket(int domain, int type, int protocol)
{
    if (lacks_ipv6 && domain == AF_INET6) {
        errno = EAFNOSUPPORT;
        return -1;
    }
    return (int)syscall(SYS_socket, domain, type, protocol);
}

/* Likewise, for a socket whose buffer is full. */
static bool is_full;

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
    if (is_full) {
        errno = EAGAIN;
        return -1;
    }
    return syscall(SYS_sendmsg, fd, message, flags);
}

struct end { /* one side, and what came to it */
    struct kdt_link_udp *link;
    unsigned count;
    uint8_t last[KDNET_DATAGRAM_MAX];
    size_t last_len;
    struct kdnet_peer from;
    bool answers; /* sends what it gets back to where it came from */
    struct kdt_recorder *recorder;
};

static void on_datagram(void *ctx, struct kd_span datagram, const struct kdnet_peer *from)
{
    struct end *e = ctx;

    e->count++;
    e->last_len = datagram.len;
    memcpy(e->last, datagram.data, datagram.len);
    e->from = *from;
    if (e->answers)
        kdt_link_udp_send(e->link, datagram, from);
}

static enum kd_status open_end(uv_loop_t *loop, struct end *e, const char *bind, uint16_t port,
                               struct kd_diag *diag)
{
    struct kdt_link_udp_opts opts = {loop, bind, port, e, on_datagram, e->recorder};

    kd_diag_clear(diag);
    return kdt_link_udp_open(&opts, diag, &e->link);
}

static struct kdnet_peer peer_at(const char *ip, uint16_t port)
{
    struct kdnet_peer peer = {.len = sizeof(struct sockaddr_in)};
    struct sockaddr_in in;

    uv_ip4_addr(ip, port, &in);
    memcpy(peer.bytes, &in, sizeof in);
    return peer;
}

static struct kdnet_peer peer_at6(const char *ip, uint16_t port)
{
    struct kdnet_peer peer = {.len = sizeof(struct sockaddr_in6)};
    struct sockaddr_in6 in6;

    uv_ip6_addr(ip, port, &in6);
    memcpy(peer.bytes, &in6, sizeof in6);
    return peer;
}

static void nothing(uv_timer_t *timer)
{
    (void)timer;
}

/* Turn the loop until that many datagrams came, or patience ends. */
static void await(uv_loop_t *loop, const unsigned *count, unsigned wanted)
{
    uint64_t until = uv_now(loop) + PATIENCE_MS;
    uv_timer_t tick; /* keeps a turn from waiting for ever */

    uv_timer_init(loop, &tick);
    uv_timer_start(&tick, nothing, 10, 10);
    while (*count < wanted && uv_now(loop) < until)
        uv_run(loop, UV_RUN_ONCE);
    uv_close((uv_handle_t *)&tick, NULL);
    uv_run(loop, UV_RUN_NOWAIT);
}

static void finish(uv_loop_t *loop, struct end *a, struct end *b)
{
    kdt_link_udp_close(a ? a->link : NULL);
    kdt_link_udp_close(b ? b->link : NULL);
    uv_run(loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(loop), 0); /* nothing of the links is left in it */
}

static struct kd_span span(const char *text)
{
    return (struct kd_span){(const uint8_t *)text, strlen(text)};
}

static void a_link_without_an_address_hears_ipv4_and_answers(void **state)
{
    uv_loop_t loop;
    struct end host = {.answers = true}, target = {0};
    uint16_t host_port = free_port(), target_port = free_port();
    struct kdnet_peer to = peer_at("127.0.0.1", host_port);
    struct kd_diag diag;

    (void)state;
    uv_loop_init(&loop);
    assert_int_equal(open_end(&loop, &host, "", host_port, &diag), KD_OK);
    assert_int_equal(open_end(&loop, &target, "127.0.0.1", target_port, &diag), KD_OK);
    kdt_link_udp_send(target.link, span("poke"), &to);
    await(&loop, &target.count, 1);
    assert_int_equal(host.count, 1);
    assert_int_equal(target.count, 1);
    assert_int_equal(target.last_len, 4);
    assert_memory_equal(target.last, "poke", 4);
    assert_int_equal(target.from.len, to.len);
    assert_memory_equal(target.from.bytes, to.bytes, sizeof to.bytes);
    assert_int_equal(kdt_link_udp_get_counters(host.link)->datagrams_received, 1);
    assert_int_equal(kdt_link_udp_get_counters(host.link)->datagrams_sent, 1);
    assert_int_equal(kdt_link_udp_get_counters(host.link)->bytes_sent, 4);
    finish(&loop, &host, &target);
}

static void a_link_without_an_address_hears_ipv6_and_answers(void **state)
{
    uv_loop_t loop;
    struct end host = {.answers = true}, target = {0};
    uint16_t host_port = free_port(), target_port = free_port();
    struct kdnet_peer to = peer_at6("::1", host_port);
    struct kd_diag diag;
    bool has_ipv6;

    (void)state;
    uv_loop_init(&loop);
    has_ipv6 = open_end(&loop, &target, "::1", target_port, &diag) == KD_OK;
    if (has_ipv6) {
        assert_int_equal(open_end(&loop, &host, "", host_port, &diag), KD_OK);
        kdt_link_udp_send(target.link, span("poke"), &to);
        await(&loop, &target.count, 1);
        assert_int_equal(target.count, 1);
        assert_memory_equal(target.from.bytes, to.bytes, sizeof to.bytes);
    }
    finish(&loop, &target, has_ipv6 ? &host : NULL);
    if (!has_ipv6) {
        print_message("skipped: this machine has no ::1\n");
        skip();
    }
}

static void a_machine_without_ipv6_is_listened_on_over_ipv4(void **state)
{
    uv_loop_t loop;
    struct end host = {.answers = true}, target = {0};
    uint16_t host_port = free_port(), target_port = free_port();
    struct kdnet_peer to = peer_at("127.0.0.1", host_port);
    struct kd_diag diag;

    (void)state;
    uv_loop_init(&loop);
    lacks_ipv6 = true;
    assert_int_equal(open_end(&loop, &host, "", host_port, &diag), KD_OK);
    lacks_ipv6 = false;
    assert_int_equal(open_end(&loop, &target, "127.0.0.1", target_port, &diag), KD_OK);
    kdt_link_udp_send(target.link, span("poke"), &to);
    await(&loop, &target.count, 1);
    assert_int_equal(target.count, 1);
    assert_int_equal(host.from.len, sizeof(struct sockaddr_in));
    finish(&loop, &host, &target);
}

static void the_same_sender_is_the_same_peer_each_time(void **state)
{
    uv_loop_t loop;
    struct end host = {0}, target = {0};
    uint16_t host_port = free_port(), target_port = free_port();
    struct kdnet_peer to = peer_at("127.0.0.1", host_port), first;
    struct kd_diag diag;

    (void)state;
    uv_loop_init(&loop);
    assert_int_equal(open_end(&loop, &host, "", host_port, &diag), KD_OK);
    assert_int_equal(open_end(&loop, &target, "127.0.0.1", target_port, &diag), KD_OK);
    kdt_link_udp_send(target.link, span("a"), &to);
    await(&loop, &host.count, 1);
    first = host.from;
    kdt_link_udp_send(target.link, span(""), &to);
    await(&loop, &host.count, 2);
    assert_int_equal(host.count, 2);
    assert_int_equal(host.last_len, 0); /* an empty datagram is a datagram */
    assert_int_equal(host.from.len, first.len);
    assert_memory_equal(host.from.bytes, first.bytes, sizeof first.bytes);
    finish(&loop, &host, &target);
}

static void a_port_in_use_is_refused_with_advice(void **state)
{
    static const char *const addresses[] = {"", "0.0.0.0", "127.0.0.1"};
    uv_loop_t loop;
    struct end first = {0};
    uint16_t port = free_port();
    struct kd_diag diag;

    (void)state;
    uv_loop_init(&loop);
    assert_int_equal(open_end(&loop, &first, "", port, &diag), KD_OK);
    for (size_t i = 0; i < 3; i++) {
        struct end second = {0};
        char expected[64];

        assert_int_equal(open_end(&loop, &second, addresses[i], port, &diag), KD_ERR_BUSY);
        snprintf(expected, sizeof expected, "port %u is in use: ", port);
        assert_memory_equal(diag.text, expected, strlen(expected));
        assert_null(second.link);
    }
    finish(&loop, &first, NULL);
}

static void an_address_of_another_machine_is_refused(void **state)
{
    uv_loop_t loop;
    struct end e = {0};
    struct kd_diag diag;

    (void)state;
    uv_loop_init(&loop);
    assert_int_equal(open_end(&loop, &e, "192.0.2.1", free_port(), &diag), KD_ERR_IO);
    assert_non_null(strstr(diag.text, "192.0.2.1"));
    assert_int_equal(open_end(&loop, &e, "fe80::1%none", free_port(), &diag), KD_ERR_IO);
    finish(&loop, NULL, NULL);
}

static void a_datagram_longer_than_the_buffer_is_dropped_and_counted(void **state)
{
    static char longer[KDNET_DATAGRAM_MAX + 1];
    uv_loop_t loop;
    struct end host = {0}, target = {0};
    uint16_t host_port = free_port(), target_port = free_port();
    struct kdnet_peer to = peer_at("127.0.0.1", host_port);
    struct kd_diag diag;

    (void)state;
    uv_loop_init(&loop);
    assert_int_equal(open_end(&loop, &host, "", host_port, &diag), KD_OK);
    assert_int_equal(open_end(&loop, &target, "127.0.0.1", target_port, &diag), KD_OK);
    kdt_link_udp_send(target.link, (struct kd_span){(uint8_t *)longer, sizeof longer}, &to);
    kdt_link_udp_send(target.link, (struct kd_span){(uint8_t *)longer, sizeof longer - 1}, &to);
    await(&loop, &host.count, 1);
    assert_int_equal(host.count, 1);
    assert_int_equal(host.last_len, KDNET_DATAGRAM_MAX);
    assert_int_equal(kdt_link_udp_get_counters(host.link)->truncated, 1);
    finish(&loop, &host, &target);
}

static void a_datagram_that_the_system_refuses_is_counted(void **state)
{
    static char huge[70000];
    uv_loop_t loop;
    struct end e = {0};
    struct kdnet_peer to = peer_at("127.0.0.1", 9);
    struct kd_diag diag;

    (void)state;
    uv_loop_init(&loop);
    assert_int_equal(open_end(&loop, &e, "127.0.0.1", free_port(), &diag), KD_OK);
    kdt_link_udp_send(e.link, (struct kd_span){(uint8_t *)huge, sizeof huge}, &to);
    assert_int_equal(kdt_link_udp_get_counters(e.link)->unsent, 1);
    assert_int_equal(kdt_link_udp_get_counters(e.link)->last_error, UV_EMSGSIZE);
    assert_int_equal(kdt_link_udp_get_counters(e.link)->datagrams_sent, 0);
    finish(&loop, &e, NULL);
}

/* --- recording --- */

static void check_recorded(const struct taped *d, const struct kdt_endpoint *from,
                           const struct kdt_endpoint *to, const char *text)
{
    assert_memory_equal(d->from.ip, from->ip, sizeof from->ip);
    assert_memory_equal(d->to.ip, to->ip, sizeof to->ip);
    assert_int_equal(d->from.port, from->port);
    assert_int_equal(d->to.port, to->port);
    assert_int_equal(d->len, strlen(text));
    assert_memory_equal(d->bytes, text, d->len);
}

/* A target at that address calls a host that is bound to `bind`, and is answered. */
static void check_ends(const char *bind, const uint8_t ip[16], struct kdnet_peer to,
                       const char *target_bind)
{
    uv_loop_t loop;
    struct end host = {.answers = true}, target = {0};
    struct kdt_endpoint here = {.port = free_port()}, there = {.port = free_port()};
    uint16_t port = htons(here.port);
    struct kd_diag diag;
    struct tape t;

    tape_begin(&t);
    memcpy(to.bytes + 2, &port, sizeof port);
    memcpy(here.ip, ip, 16);
    memcpy(there.ip, ip, 16);
    uv_loop_init(&loop);
    host.recorder = t.recorder;
    assert_int_equal(open_end(&loop, &host, bind, here.port, &diag), KD_OK);
    assert_int_equal(open_end(&loop, &target, target_bind, there.port, &diag), KD_OK);
    kdt_link_udp_send(target.link, span("poke"), &to);
    await(&loop, &target.count, 1);
    kdt_link_udp_send(target.link, span("and again"), &to);
    await(&loop, &target.count, 2);
    finish(&loop, &host, &target);
    tape_read(&t);
    assert_int_equal(t.count, 4);
    check_recorded(&t.all[0], &there, &here, "poke");
    check_recorded(&t.all[1], &here, &there, "poke");
    check_recorded(&t.all[2], &there, &here, "and again");
    check_recorded(&t.all[3], &here, &there, "and again");
    tape_end(&t);
}

static const uint8_t loopback4[16] = {[10] = 0xFF, 0xFF, 127, 0, 0, 1};

static void what_passes_is_recorded_between_its_true_ends(void **state)
{
    (void)state;
    check_ends("127.0.0.1", loopback4, peer_at("127.0.0.1", 0), "127.0.0.1");
}

static void a_link_without_an_address_records_the_one_that_its_peer_sees(void **state)
{
    (void)state;
    check_ends("", loopback4, peer_at("127.0.0.1", 0), "127.0.0.1");
    check_ends("0.0.0.0", loopback4, peer_at("127.0.0.1", 0), "127.0.0.1");
    lacks_ipv6 = true;
    check_ends("", loopback4, peer_at("127.0.0.1", 0), "127.0.0.1");
    lacks_ipv6 = false;
}

static void ends_over_ipv6_are_recorded_likewise(void **state)
{
    static const uint8_t loopback6[16] = {[15] = 1};
    struct end e = {0};
    struct kd_diag diag;
    uv_loop_t loop;
    bool has_ipv6;

    (void)state;
    uv_loop_init(&loop);
    has_ipv6 = open_end(&loop, &e, "::1", free_port(), &diag) == KD_OK;
    finish(&loop, &e, NULL);
    if (!has_ipv6) {
        print_message("skipped: this machine has no ::1\n");
        skip();
    }
    check_ends("", loopback6, peer_at6("::1", 0), "::1");
    check_ends("::1", loopback6, peer_at6("::1", 0), "::1");
}

/* Two peers in turn, and a socket that has an address of its own for each. */
static void each_peer_has_its_own_ends(void **state)
{
    static const char *const addresses[] = {"127.0.0.1", "127.0.0.2", "127.0.0.1"};
    uv_loop_t loop;
    struct end host = {0};
    uint16_t port = free_port();
    struct kdnet_peer to = peer_at("127.0.0.1", port);
    struct kd_diag diag;
    struct tape t;

    (void)state;
    tape_begin(&t);
    uv_loop_init(&loop);
    host.recorder = t.recorder;
    assert_int_equal(open_end(&loop, &host, "", port, &diag), KD_OK);
    for (unsigned i = 0; i < 3; i++) {
        struct end peer = {0};

        assert_int_equal(open_end(&loop, &peer, addresses[i], free_port(), &diag), KD_OK);
        kdt_link_udp_send(peer.link, span("who am I"), &to);
        await(&loop, &host.count, i + 1);
        kdt_link_udp_close(peer.link);
    }
    finish(&loop, &host, NULL);
    tape_read(&t);
    assert_int_equal(t.count, 3);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(t.all[i].from.ip[15], i == 1 ? 2 : 1);
        assert_int_equal(t.all[i].to.ip[12], 127);
        assert_int_equal(t.all[i].to.port, port);
    }
    tape_end(&t);
}

static void what_the_system_refuses_is_not_recorded(void **state)
{
    static char huge[70000];
    uv_loop_t loop;
    struct end e = {0};
    struct kdnet_peer to = peer_at("127.0.0.1", 9);
    struct kd_diag diag;
    struct tape t;

    (void)state;
    tape_begin(&t);
    uv_loop_init(&loop);
    e.recorder = t.recorder;
    assert_int_equal(open_end(&loop, &e, "127.0.0.1", free_port(), &diag), KD_OK);
    kdt_link_udp_send(e.link, (struct kd_span){(uint8_t *)huge, sizeof huge}, &to);
    kdt_link_udp_send(e.link, span("goes out"), &to);
    assert_int_equal(kdt_link_udp_get_counters(e.link)->unsent, 1);
    finish(&loop, &e, NULL);
    tape_read(&t);
    assert_int_equal(t.count, 1);
    assert_int_equal(t.all[0].len, 8);
    tape_end(&t);
}

/* When the socket takes nothing for a while: some wait in line, the rest is dropped. What arrives is
 * what stands in the file. */
static void what_waits_for_the_socket_is_recorded_once_it_went_out(void **state)
{
    enum { COUNT = 20, SLOTS = 16 };
    uv_loop_t loop;
    struct end host = {0}, target = {0};
    uint16_t port = free_port();
    struct kdnet_peer to = peer_at("127.0.0.1", port);
    const struct kdt_link_udp_counters *c;
    struct kd_diag diag;
    struct tape t;

    (void)state;
    tape_begin(&t);
    uv_loop_init(&loop);
    host.recorder = t.recorder;
    assert_int_equal(open_end(&loop, &host, "127.0.0.1", free_port(), &diag), KD_OK);
    assert_int_equal(open_end(&loop, &target, "127.0.0.1", port, &diag), KD_OK);
    c = kdt_link_udp_get_counters(host.link);
    is_full = true;
    for (unsigned i = 0; i < COUNT; i++)
        kdt_link_udp_send(host.link, (struct kd_span){(const uint8_t[]){(uint8_t)i}, 1}, &to);
    is_full = false;
    assert_int_equal(c->datagrams_sent, 0);
    assert_int_equal(c->unsent, COUNT - SLOTS);
    tape_read(&t);
    assert_int_equal(t.count, 0);
    await(&loop, &target.count, SLOTS);
    assert_int_equal(target.count, SLOTS);
    assert_int_equal(c->datagrams_sent, SLOTS);
    finish(&loop, &host, &target);
    tape_read(&t);
    assert_int_equal(t.count, SLOTS);
    for (unsigned i = 0; i < SLOTS; i++) {
        assert_int_equal(t.all[i].to.port, port);
        assert_int_equal(t.all[i].bytes[0], i);
    }
    tape_end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_link_without_an_address_hears_ipv4_and_answers),
        cmocka_unit_test(a_link_without_an_address_hears_ipv6_and_answers),
        cmocka_unit_test(a_machine_without_ipv6_is_listened_on_over_ipv4),
        cmocka_unit_test(the_same_sender_is_the_same_peer_each_time),
        cmocka_unit_test(a_port_in_use_is_refused_with_advice),
        cmocka_unit_test(an_address_of_another_machine_is_refused),
        cmocka_unit_test(a_datagram_longer_than_the_buffer_is_dropped_and_counted),
        cmocka_unit_test(a_datagram_that_the_system_refuses_is_counted),
        cmocka_unit_test(what_passes_is_recorded_between_its_true_ends),
        cmocka_unit_test(a_link_without_an_address_records_the_one_that_its_peer_sees),
        cmocka_unit_test(ends_over_ipv6_are_recorded_likewise),
        cmocka_unit_test(each_peer_has_its_own_ends),
        cmocka_unit_test(what_the_system_refuses_is_not_recorded),
        cmocka_unit_test(what_waits_for_the_socket_is_recorded_once_it_went_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
