/* bench_break.c - what it costs a target to be halted, read and let go by a session that stays attached.
 *
 * KDNET on loopback, each datagram 125 us late, so that a round trip takes 250 us and what the machine adds. Printed
 * are medians over many breaks:
 *   halting    from kdt_live_break to the report of the stop: a round trip, and the target's own time
 *   standing   from the report to the acknowledged Continue, with no reads in between, and with some
 *   a read     what each adds, and how much of that the host computed
 * and what a break of so many requests may take: 1.1 times their round trips and a millisecond. A round trip is what
 * one read takes alone, less what the host computes for it.
 *
 * usage: bench_break KDLAB [BREAKS] */
#define _DEFAULT_SOURCE

#include "bench.h"

#include <kdproto/manipulate.h>
#include <transport/live.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

enum {
    PORT = 50131,
    BREAKS = 200,
    BREAKS_MAX = 10000,
    READS_MAX = 100,
    LEN = 1024,
    BREAK_MS = 10000
};

#define DELAY_MS "0.125"
#define IMAGE_VA UINT64_C(0xfffff8026e400000) /* the lab's kernel 18362 */

struct session {
    struct kdt_live *live;
    struct kd_diag diag;
};

static void need(const struct session *s, enum kd_status st)
{
    if (st != KD_OK)
        bench_fail("bench_break", s->diag.text[0] ? s->diag.text : kd_status_text(st));
}

static pid_t open_session(struct session *s, const char *kdlab)
{
    struct kdt_target_spec spec;
    struct kdt_live_opts opts = {.spec = &spec, .attach_timeout_ms = 30000, .diag = &s->diag};
    struct kd_version version;
    struct kd_state_change stop;
    char text[64];
    pid_t lab;

    snprintf(text, sizeof text, "net:port=%d,key=%s,bind=127.0.0.1", PORT, BENCH_KEY);
    need(s, kdt_target_spec_parse(text, &s->diag, &spec));
    need(s, kdt_live_open(&opts, &s->live));
    lab = bench_start_lab(kdlab, PORT, DELAY_MS);
    need(s, kdt_live_attach(s->live, &version, &stop));
    need(s, kdt_live_resume(s->live, NULL));
    return lab;
}

static double computed_s(void)
{
    struct rusage used;

    getrusage(RUSAGE_SELF, &used);
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
           (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

static uint64_t requests_of(const struct session *s)
{
    struct kdt_live_stats stats;

    kdt_live_get_stats(s->live, &stats);
    return stats.session.requests;
}

struct cost { /* of one break, in us; medians */
    double halting, standing, computed, requests;
};

static struct cost measure(const struct session *s, int breaks, int reads)
{
    static double halting[BREAKS_MAX], standing[BREAKS_MAX];
    uint64_t requests = requests_of(s);
    double computed = computed_s();
    uint8_t buf[LEN];

    for (int i = 0; i < breaks; i++) {
        struct kd_state_change stop;
        double begin = bench_now_s();
        size_t done;

        need(s, kdt_live_break(s->live, BREAK_MS, &stop));
        halting[i] = (bench_now_s() - begin) * 1e6;
        for (int n = 0; n < reads; n++)
            need(s, kdt_live_read_virtual(s->live, IMAGE_VA + (uint64_t)n * LEN, buf, LEN, &done));
        need(s, kdt_live_resume(s->live, NULL));
        standing[i] = (double)kdt_live_frozen_us(s->live);
        if (kdt_live_listen(s->live, 1, &stop) != KD_ERR_TIMEOUT)
            bench_fail("bench_break", "it halted by itself");
    }
    return (struct cost){.halting = bench_median(halting, breaks),
                         .standing = bench_median(standing, breaks),
                         .computed = (computed_s() - computed) * 1e6 / breaks,
                         .requests = (double)(requests_of(s) - requests) / breaks};
}

static void print_row(int reads, const struct cost *c, double round_trip)
{
    double aim = 1.1 * c->requests * round_trip + 1000;

    printf("  %5d %9.1f %9.0f %9.0f %9.0f %9.0f  %s\n", reads, c->requests, c->halting, c->standing,
           c->computed, aim, bench_verdict(c->standing, aim));
}

int main(int argc, char **argv)
{
    static const int reads[] = {0, 10, READS_MAX};
    struct cost cost[3];
    struct session s = {0};
    int breaks = argc > 2 ? atoi(argv[2]) : BREAKS;
    double each, host;
    pid_t lab;

    if (argc < 2 || breaks < 1 || breaks > BREAKS_MAX) {
        fprintf(stderr, "usage: bench_break KDLAB [BREAKS]\n");
        return 2;
    }
    lab = open_session(&s, argv[1]);
    bench_pin(0, 0);
    bench_pin(lab, 0);
    for (int i = 0; i < 3; i++)
        cost[i] = measure(&s, breaks, reads[i]);
    kdt_live_close(s.live);
    bench_stop_lab(lab);
    each = (cost[2].standing - cost[0].standing) / READS_MAX;
    host = (cost[2].computed - cost[0].computed) / READS_MAX;
    printf("break, KDNET on loopback, each datagram " DELAY_MS
           " ms late; medians of %d breaks, in us\n"
           "  a read takes %.0f, of which the host computes %.0f\n"
           "  reads  requests   halting  standing  computed       aim\n",
           breaks, each, host);
    for (int i = 0; i < 3; i++)
        print_row(reads[i], &cost[i], each - host);
    return 0;
}
