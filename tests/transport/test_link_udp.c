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

struct end { /* one side, and what came to it */
    struct kdt_link_udp *link;
    unsigned count;
    uint8_t last[KDNET_DATAGRAM_MAX];
    size_t last_len;
    struct kdnet_peer from;
    bool answers; /* sends what it gets back to where it came from */
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
    struct kdt_link_udp_opts opts = {loop, bind, port, e, on_datagram};

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
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
