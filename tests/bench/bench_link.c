/* bench_link.c - how fast memory comes over KDNET, against the least that the exchange itself costs.
 *
 * One round measures, one after the other on the same loopback, so that a noisy machine disturbs both:
 *   - kdwalk's live session reading from kdlab, 64 KiB and 1 MiB at a time;
 *   - the bound: two processes that do nothing but exchange the same four datagrams for each KiB (request and
 *     acknowledgement out, acknowledgement and reply back), of the same sizes, sealed and opened in the same way.
 * Printed are the medians over all rounds, and their ratio.
 *
 * Where the two processes run decides more than anything else: on one core a wake-up is a switch, on two it is an
 * interrupt to a sleeping core. The scheduler changes its mind between rounds, so both placements are fixed and
 * measured, each against the bound in the same placement.
 *
 * usage: bench_link KDLAB [ROUNDS] */
#define _GNU_SOURCE /* sched_setaffinity */

#include <kdproto/kdnet_datagram.h>
#include <transport/crypto_openssl.h>
#include <transport/live.h>

#include <arpa/inet.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

#define KEY "1.2.3.4"
#define IMAGE_VA                                                                                   \
    UINT64_C(0xfffff8026e400000) /* the lab's kernel 18362: 10 MiB that are all mapped */

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static double now_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Pin a process (0: this one) to one core. */
static void pin(pid_t process, int core)
{
    cpu_set_t cores;

    CPU_ZERO(&cores);
    CPU_SET(core, &cores);
    if (sched_setaffinity(process, sizeof cores, &cores) < 0)
        die("sched_setaffinity");
}

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
        die("seal");
    if (send(e->fd, sealed, sealed_len, 0) < 0)
        die("send");
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
        die("bind");
    a.sin_port = htons(peer);
    if (connect(fd, (struct sockaddr *)&a, sizeof a) < 0)
        die("connect");
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
        die("fork");
    if (target == 0) {
        struct end e = host;

        pin(0, target_core);
        e.is_host = false;
        e.fd = udp_socket(PORT + 2, PORT + 1);
        serve_bound(&e);
        _exit(0);
    }
    host.fd = udp_socket(PORT + 1, PORT + 2);
    nanosleep(&(struct timespec){.tv_nsec = 50 * 1000 * 1000}, NULL); /* until it listens */
    begin = now_s();
    for (int i = 0; i < requests; i++) {
        send_payload(&host, REQUEST_LEN);
        if (!receive_payload(&host) || !receive_payload(&host))
            die("the bound's exchange broke off");
        send_payload(&host, ACK_LEN);
    }
    end = now_s();
    kill(target, SIGTERM);
    waitpid(target, NULL, 0);
    close(host.fd);
    return end - begin;
}

/* --- kdwalk ------------------------------------------------------------------------------------ */

static pid_t start_lab(const char *kdlab)
{
    char where[32];
    pid_t lab = fork();

    if (lab < 0)
        die("fork");
    if (lab == 0) {
        snprintf(where, sizeof where, "127.0.0.1:%d", PORT);
        if (!freopen("/dev/null", "w", stdout))
            _exit(127);
        execl(kdlab, kdlab, "serve", "--kernel", "18362", "--net", where, "--key", KEY,
              (char *)NULL);
        _exit(127);
    }
    return lab;
}

static double measure_read(struct kdt_live *live, uint8_t *buf, size_t len, int times)
{
    double begin = now_s();

    for (int i = 0; i < times; i++) {
        size_t done;

        if (kdt_live_read_virtual(live, IMAGE_VA, buf, len, &done) != KD_OK) {
            fprintf(stderr, "the read broke off after %zu bytes\n", done);
            exit(1);
        }
    }
    return now_s() - begin;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return x < y ? -1 : x > y;
}

static double median(double *values, int count)
{
    qsort(values, (size_t)count, sizeof *values, by_value);
    return values[count / 2];
}

static void print_row(const char *what, double requests_per_s, double bound)
{
    printf("  %-22s %9.0f requests/s  %7.2f MiB/s  %5.2f of the bound\n", what, requests_per_s,
           requests_per_s / KIB, requests_per_s / bound);
}

struct bench {
    struct kdt_live *live;
    struct kdt_crypto *crypto;
    uint8_t *buf;
    pid_t lab;
    int rounds;
};

static void measure(const struct bench *b, const char *placement, int target_core)
{
    double small[ROUNDS_MAX], large[ROUNDS_MAX], bound[ROUNDS_MAX], bound_rate;

    pin(b->lab, target_core);
    for (int i = 0; i < b->rounds; i++) {
        small[i] = 16 * (SMALL / KIB) / measure_read(b->live, b->buf, SMALL, 16);
        large[i] = LARGE / KIB / measure_read(b->live, b->buf, LARGE, 1);
        bound[i] =
            LARGE / KIB / measure_bound(kdt_crypto_table(b->crypto), LARGE / KIB, target_core);
    }
    bound_rate = median(bound, b->rounds);
    printf("link, %s: reads over KDNET on loopback, 1 KiB a request, medians of %d rounds\n",
           placement, b->rounds);
    print_row("raw exchange (bound)", bound_rate, bound_rate);
    print_row("64 KiB at a time", median(small, b->rounds), bound_rate);
    print_row("1 MiB at a time", median(large, b->rounds), bound_rate);
}

static enum kd_status open_live(struct bench *b, struct kd_diag *diag)
{
    struct kdt_target_spec spec;
    struct kdt_live_opts opts = {.spec = &spec, .attach_timeout_ms = 30000, .diag = diag};
    char text[64];
    enum kd_status st;

    snprintf(text, sizeof text, "net:port=%d,key=%s,bind=127.0.0.1", PORT, KEY);
    st = kdt_target_spec_parse(text, diag, &spec);
    if (st == KD_OK)
        st = kdt_crypto_create(&b->crypto);
    if (st == KD_OK)
        st = kdt_live_open(&opts, &b->live);
    return st;
}

int main(int argc, char **argv)
{
    struct bench b = {.rounds = argc > 2 ? atoi(argv[2]) : ROUNDS, .buf = malloc(LARGE)};
    struct kd_version version;
    struct kd_state_change stop;
    struct kd_diag diag;
    enum kd_status st;

    if (argc < 2 || !b.buf || b.rounds < 1 || b.rounds > ROUNDS_MAX) {
        fprintf(stderr, "usage: bench_link KDLAB [ROUNDS]\n");
        return 2;
    }
    kd_diag_clear(&diag);
    st = open_live(&b, &diag);
    if (st != KD_OK) {
        fprintf(stderr, "%s\n", diag.text);
        return 1;
    }
    b.lab = start_lab(argv[1]);
    st = kdt_live_attach(b.live, &version, &stop);
    if (st == KD_OK) {
        pin(0, 0);
        measure(&b, "both on one core", 0);
        if (sysconf(_SC_NPROCESSORS_ONLN) > 1)
            measure(&b, "a core each", 1);
        kdt_live_leave(b.live, NULL);
    } else {
        fprintf(stderr, "%s\n", diag.text);
    }
    kdt_live_close(b.live);
    kdt_crypto_destroy(b.crypto);
    kill(b.lab, SIGTERM);
    waitpid(b.lab, NULL, 0);
    free(b.buf);
    return st == KD_OK ? 0 : 1;
}
