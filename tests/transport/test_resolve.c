#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <stdlib.h>
#include <uv.h>

#include "transport/resolve.h"

enum { SLOW_MS = 1500 };

static unsigned searches; /* that have ended */
static uv_sem_t searched;

/* Stands in front of the C library's: one name is known, one is never answered in time. */
int getaddrinfo(const char *host, const char *port, const struct addrinfo *hints,
                struct addrinfo **out)
{
    static struct sockaddr_in6 in6;
    struct addrinfo *found;

    (void)hints;
    if (strcmp(host, "slow.example") == 0)
        uv_sleep(SLOW_MS);
    searches++;
    uv_sem_post(&searched);
    if (strcmp(host, "known.example") != 0)
        return EAI_NONAME;
    in6.sin6_family = AF_INET6;
    in6.sin6_port = htons((uint16_t)strtoul(port, NULL, 10));
    found = calloc(1, sizeof *found);
    if (!found)
        return EAI_MEMORY;
    found->ai_addr = (struct sockaddr *)&in6;
    *out = found;
    return 0;
}

void freeaddrinfo(struct addrinfo *addresses)
{
    free(addresses);
}

struct answer {
    unsigned count;
    int status;
    uint16_t port;
};

static void on_done(void *ctx, int status, struct addrinfo *addresses)
{
    struct answer *a = ctx;

    a->count++;
    a->status = status;
    if (addresses)
        a->port = ntohs(((const struct sockaddr_in6 *)addresses->ai_addr)->sin6_port);
    uv_freeaddrinfo(addresses);
}

static struct answer resolved(const char *host)
{
    struct answer a = {0};
    struct kdt_resolve *r;
    uv_loop_t loop;

    uv_loop_init(&loop);
    assert_int_equal(kdt_resolve_start(&loop, host, 5555, on_done, &a, &r), 0);
    assert_int_equal(a.count, 0); /* not before the loop turns */
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
    return a;
}

static void a_name_that_is_known_leads_to_addresses(void **state)
{
    struct answer a = resolved("known.example");

    (void)state;
    assert_int_equal(a.count, 1);
    assert_int_equal(a.status, 0);
    assert_int_equal(a.port, 5555);
}

static void a_name_that_nobody_has_is_an_error(void **state)
{
    struct answer a = resolved("unknown.example");

    (void)state;
    assert_int_equal(a.count, 1);
    assert_int_equal(a.status, UV_EAI_NONAME);
}

static void a_search_that_was_dropped_is_not_waited_for(void **state)
{
    uint64_t begin = uv_hrtime();
    unsigned before = searches;
    struct answer a = {0};
    struct kdt_resolve *r;
    uv_loop_t loop;

    (void)state;
    while (uv_sem_trywait(&searched) == 0) /* those of the other tests */
        continue;
    uv_loop_init(&loop);
    assert_int_equal(kdt_resolve_start(&loop, "slow.example", 5555, on_done, &a, &r), 0);
    uv_run(&loop, UV_RUN_NOWAIT);
    kdt_resolve_drop(r);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
    assert_true((uv_hrtime() - begin) / 1000000 < SLOW_MS / 2);
    uv_sem_wait(&searched); /* then it ends by itself, and touches nothing that is gone */
    uv_sleep(50);
    assert_int_equal(searches, before + 1);
    assert_int_equal(a.count, 0);
    kdt_resolve_drop(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_that_is_known_leads_to_addresses),
        cmocka_unit_test(a_name_that_nobody_has_is_an_error),
        cmocka_unit_test(a_search_that_was_dropped_is_not_waited_for),
    };

    uv_sem_init(&searched, 0);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
