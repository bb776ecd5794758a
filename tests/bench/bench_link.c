/* bench_link.c - how fast memory comes over KDNET, against the least that the exchange itself costs.
 *
 * One round measures, one after the other on the same loopback, so that a noisy machine disturbs both:
 *   - kdwalk's live session reading from kdlab, 64 KiB and 1 MiB at a time, and recorded (-w);
 *   - the bound: two processes that do nothing but exchange the same four datagrams for each KiB (request and
 *     acknowledgement out, acknowledgement and reply back), of the same sizes, sealed and opened in the same way.
 * Printed are the medians over all rounds, and their ratio.
 *
 * Where the two processes run decides more than anything else: on one core a wake-up is a switch, on two it is an
 * interrupt to a sleeping core. The scheduler changes its mind between rounds, so both placements are fixed and
 * measured, each against the bound in the same placement.
 *
 * usage: bench_link KDLAB [ROUNDS] */
#define _DEFAULT_SOURCE

#include "bench.h"

#include <kdproto/kdnet_datagram.h>
#include <transport/crypto_openssl.h>
#include <transport/live.h>
#include <transport/recorder.h>

#include <arpa/inet.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    PORT = 50117,
    KIB = 1024,
    SMALL = 64 * KIB,
    LARGE = 1024 * KIB,
    ROUNDS = 9,
    ROUNDS_MAX = 99,
    REQUEST_LEN = 16 + 56,     /* KD payloads: header and manipulate header, */
    REPLY_LEN = 16 + 56 + KIB, /* and a KiB of memory, */
    ACK_LEN = 16,              /* and a control packet */
};

#define IMAGE_VA                                                                                   \
    UINT64_C(0xfffff8026e400000) /* the lab's kernel 18362: 10 MiB that are all mapped */

/* --- the bound --------------------------------------------------------------------------------- */

struct end {
    int fd;
    const struct kd_crypto *crypto;
    struct kdnet_key key;
    uint8_t data_key[KD_KEY_LEN];
    uint64_t sequence;
    bool is_host;
};

static void send_payload(struct end *e, size_t len)
{
    static const uint8_t payload[REPLY_LEN];
    struct kdnet_datagram d = {.version = 5,
                               .from_host = e->is_host,
                               .sequence = ++e->sequence,
                               .payload = {payload, len}};
    uint8_t sealed[KDNET_DATAGRAM_MAX];
    size_t sealed_len;

    if (kdnet_seal(e->crypto, &e->key, e->data_key, &d, sealed, sizeof sealed, &sealed_len) !=
        KD_OK)
        bench_die("seal");
    if (send(e->fd, sealed, sealed_len, 0) < 0)
        bench_die("send");
}

static bool receive_payload(struct end *e)
{
    uint8_t sealed[KDNET_DATAGRAM_MAX], plain[KDNET_DATAGRAM_MAX];
    struct kdnet_datagram d;
    ssize_t n = recv(e->fd, sealed, sizeof sealed, 0);

    return n > 0 &&
           kdnet_open(e->crypto, &e->key, e->data_key, sealed, (size_t)n, plain, &d) == KD_OK;
}

static int udp_socket(uint16_t port, uint16_t peer)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct timeval patience = {.tv_sec = 2};
    int fd = socket(AF_INET, SOCK_DGRAM, 0);

    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof a) < 0)
        bench_die("bind");
    a.sin_port = htons(peer);
    if (connect(fd, (struct sockaddr *)&a, sizeof a) < 0)
        bench_die("connect");
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    return fd;
}

static void serve_bound(struct end *e)
{
    while (receive_payload(e)) { /* the request */
        send_payload(e, ACK_LEN);
        send_payload(e, REPLY_LEN);
        if (!receive_payload(e)) /* the acknowledgement */
            return;
    }
}

/* Seconds for that many requests, one after the other. */
static double measure_bound(const struct kd_crypto *crypto, int requests, int target_core)
{
    struct end host = {.crypto = crypto, .key.bytes = {1}, .is_host = true};
    double begin, end;
    pid_t target;

    target = fork();
    if (target < 0)
        bench_die("fork");
    if (target == 0) {
        struct end e = host;

        bench_pin(0, target_core);
        e.is_host = false;
        e.fd = udp_socket(PORT + 2, PORT + 1);
        serve_bound(&e);
        _exit(0);
    }
    host.fd = udp_socket(PORT + 1, PORT + 2);
    nanosleep(&(struct timespec){.tv_nsec = 50 * 1000 * 1000}, NULL); /* until it listens */
    begin = bench_now_s();
    for (int i = 0; i < requests; i++) {
        send_payload(&host, REQUEST_LEN);
        if (!receive_payload(&host) || !receive_payload(&host))
            bench_die("the bound's exchange broke off");
        send_payload(&host, ACK_LEN);
    }
    end = bench_now_s();
    kill(target, SIGTERM);
    waitpid(target, NULL, 0);
    close(host.fd);
    return end - begin;
}

/* --- kdwalk ------------------------------------------------------------------------------------ */

struct session { /* a lab, and kdwalk's end of a session with it */
    pid_t lab;
    struct kdt_live *live;
    struct kdt_recorder *recorder; /* or NULL */
    struct kd_diag diag;
};

static void need(enum kd_status st, const struct kd_diag *diag)
{
    if (st != KD_OK)
        bench_fail("bench_link", diag->text[0] ? diag->text : kd_status_text(st));
}

static void open_session(struct session *s, const char *kdlab, uint16_t port)
{
    struct kdt_target_spec spec;
    struct kdt_live_opts opts = {
        .spec = &spec, .attach_timeout_ms = 30000, .diag = &s->diag, .recorder = s->recorder};
    struct kd_version version;
    struct kd_state_change stop;
    char text[64];

    snprintf(text, sizeof text, "net:port=%d,key=%s,bind=127.0.0.1", port, BENCH_KEY);
    need(kdt_target_spec_parse(text, &s->diag, &spec), &s->diag);
    need(kdt_live_open(&opts, &s->live), &s->diag);
    s->lab = bench_start_lab(kdlab, port, "0");
    need(kdt_live_attach(s->live, &version, &stop), &s->diag);
}

static void close_session(struct session *s)
{
    kdt_live_leave(s->live, NULL);
    kdt_live_close(s->live);
    bench_stop_lab(s->lab);
    kdt_recorder_destroy(s->recorder);
}

static struct kdt_recorder *create_recorder(struct kd_diag *diag)
{
    const struct bench_file file = bench_temp_file();
    const struct kdt_recorder_opts opts = {.path = file.path};
    struct kdt_recorder *recorder = NULL;

    need(kdt_recorder_create(&opts, diag, &recorder), diag);
    return recorder;
}

/* Seconds for one request. */
static double measure_read(const struct session *s, uint8_t *buf, size_t len, int times)
{
    double begin = bench_now_s();

    for (int i = 0; i < times; i++) {
        size_t done;

        need(kdt_live_read_virtual(s->live, IMAGE_VA, buf, len, &done), &s->diag);
    }
    return (bench_now_s() - begin) / (double)(len / KIB) / times;
}

static void print_row(const char *what, double requests_per_s, double bound)
{
    printf("  %-22s %9.0f requests/s  %7.2f MiB/s  %5.2f of the bound\n", what, requests_per_s,
           requests_per_s / KIB, requests_per_s / bound);
}

struct bench {
    struct session plain, recorded;
    struct kdt_crypto *crypto;
    uint8_t *buf;
    int rounds;
};

static void measure(const struct bench *b, const char *placement, int target_core)
{
    double small[ROUNDS_MAX], large[ROUNDS_MAX], recorded[ROUNDS_MAX], bound[ROUNDS_MAX];
    double bound_rate;

    bench_pin(b->plain.lab, target_core);
    bench_pin(b->recorded.lab, target_core);
    for (int i = 0; i < b->rounds; i++) {
        small[i] = 1 / measure_read(&b->plain, b->buf, SMALL, 16);
        recorded[i] = 1 / measure_read(&b->recorded, b->buf, SMALL, 16);
        large[i] = 1 / measure_read(&b->plain, b->buf, LARGE, 1);
        bound[i] =
            LARGE / KIB / measure_bound(kdt_crypto_table(b->crypto), LARGE / KIB, target_core);
    }
    bound_rate = bench_median(bound, b->rounds);
    printf("link, %s: reads over KDNET on loopback, 1 KiB a request, medians of %d rounds\n",
           placement, b->rounds);
    print_row("raw exchange (bound)", bound_rate, bound_rate);
    print_row("64 KiB at a time", bench_median(small, b->rounds), bound_rate);
    print_row("the same, recorded", bench_median(recorded, b->rounds), bound_rate);
    print_row("1 MiB at a time", bench_median(large, b->rounds), bound_rate);
}

int main(int argc, char **argv)
{
    struct bench b = {.rounds = argc > 2 ? atoi(argv[2]) : ROUNDS, .buf = malloc(LARGE)};

    if (argc < 2 || !b.buf || b.rounds < 1 || b.rounds > ROUNDS_MAX) {
        fprintf(stderr, "usage: bench_link KDLAB [ROUNDS]\n");
        return 2;
    }
    if (kdt_crypto_create(&b.crypto) != KD_OK)
        bench_fail("bench_link", "no crypto");
    b.recorded.recorder = create_recorder(&b.recorded.diag);
    open_session(&b.plain, argv[1], PORT);
    open_session(&b.recorded, argv[1], PORT + 3);
    bench_pin(0, 0);
    measure(&b, "both on one core", 0);
    if (sysconf(_SC_NPROCESSORS_ONLN) > 1)
        measure(&b, "a core each", 1);
    close_session(&b.plain);
    close_session(&b.recorded);
    kdt_crypto_destroy(b.crypto);
    free(b.buf);
    return 0;
}
