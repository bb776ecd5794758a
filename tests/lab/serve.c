/* kdlab serve: the target on a UDP socket of its own. */
#define _GNU_SOURCE /* ppoll, which waits for a datagram, a deadline or a signal without a race */
#include "kdlab.h"

#include "target.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static const char usage[] =
    "usage: kdlab serve --kernel NAME --net HOST:PORT (--key KEY | --key-file FILE) [OPTION]...\n"
    "\n"
    "Pokes HOST:PORT over KDNET until SIGTERM or SIGINT, and does what it is asked.\n"
    "\n"
    "  --kernel NAME        14393, 18362, 19041, 22000\n"
    "  --net HOST:PORT      where the host listens; IPv6 as [::1]:50000\n"
    "  --key W.X.Y.Z        the key, or --key-file FILE with the key as its first line\n"
    "  --kdnet-version N    2, 4 or 5 (default 5)\n"
    "  --first-id N         first packet id; not 0: the kernel has spoken to a host before\n"
    "  --boot               start in the boot debugger, then become the kernel\n"
    "  --chatter            print between request and reply, load a module after each resume\n"
    "  --reboot-after N     reboot once, after N requests\n"
    "  --silent-after N     fall silent for ever after N requests\n"
    "  --time-limit S       end after S seconds\n"
    "  --stats FILE         write counts as JSON at the end, and at each SIGUSR1\n"
    "  --seed N             of all that looks random (default: differs each time)\n"
    "\n"
    "  kdlab serve --kernel 18362 --net 127.0.0.1:50000 --key 1.2.3.4 --stats lab.json &\n"
    "  kdwalk loggers -k net:port=50000,key=1.2.3.4 -y STORE\n";

struct settings {
    const char *kernel, *net, *key, *key_file, *stats;
    uint64_t time_limit_s;
    struct lab_target_options target;
};

static int failed(const char *what, const char *why)
{
    fprintf(stderr, "kdlab serve: %s: %s\n", what, why);
    return KDLAB_FAILED;
}

/* ---- options ---- */

enum {
    O_KERNEL = 1,
    O_NET,
    O_KEY,
    O_KEY_FILE,
    O_VERSION,
    O_FIRST_ID,
    O_BOOT,
    O_CHATTER,
    O_REBOOT,
    O_SILENT,
    O_LIMIT,
    O_STATS,
    O_SEED
};

static const struct option long_options[] = {
    {"kernel", required_argument, NULL, O_KERNEL},
    {"net", required_argument, NULL, O_NET},
    {"key", required_argument, NULL, O_KEY},
    {"key-file", required_argument, NULL, O_KEY_FILE},
    {"kdnet-version", required_argument, NULL, O_VERSION},
    {"first-id", required_argument, NULL, O_FIRST_ID},
    {"boot", no_argument, NULL, O_BOOT},
    {"chatter", no_argument, NULL, O_CHATTER},
    {"reboot-after", required_argument, NULL, O_REBOOT},
    {"silent-after", required_argument, NULL, O_SILENT},
    {"time-limit", required_argument, NULL, O_LIMIT},
    {"stats", required_argument, NULL, O_STATS},
    {"seed", required_argument, NULL, O_SEED},
    {NULL, 0, NULL, 0},
};

/* Which of long_options has this value; for messages. */
static const char *option_name(int value)
{
    return long_options[value - 1].name;
}

static bool number(int option, const char *text, uint64_t min, uint64_t max, uint64_t *out)
{
    char *end;
    unsigned long long value;

    errno = 0;
    value = strtoull(text, &end, 0);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno || value < min || value > max) {
        fprintf(stderr,
                "kdlab serve: --%s %s: a number from %" PRIu64 " to %" PRIu64 " is wanted\n",
                option_name(option), text, min, max);
        return false;
    }
    *out = value;
    return true;
}

static bool take_option(struct settings *s, int option, const char *text)
{
    uint64_t value;

    switch (option) {
    case O_KERNEL:
        s->kernel = text;
        return true;
    case O_NET:
        s->net = text;
        return true;
    case O_KEY:
        s->key = text;
        return true;
    case O_KEY_FILE:
        s->key_file = text;
        return true;
    case O_STATS:
        s->stats = text;
        return true;
    case O_BOOT:
        s->target.boot = true;
        return true;
    case O_CHATTER:
        s->target.chatter = true;
        return true;
    case O_REBOOT:
        return number(option, text, 1, UINT64_MAX, &s->target.reboot_after);
    case O_SILENT:
        return number(option, text, 1, UINT64_MAX, &s->target.silent_after);
    case O_LIMIT:
        return number(option, text, 1, 1000000, &s->time_limit_s);
    case O_SEED:
        return number(option, text, 0, UINT64_MAX, &s->target.seed);
    case O_FIRST_ID:
        if (!number(option, text, 0, 0x7FFFFFFE, &value))
            return false;
        s->target.first_id = (uint32_t)value;
        return true;
    case O_VERSION:
        if (!number(option, text, 2, 5, &value))
            return false;
        s->target.version = (uint8_t)value;
        return true;
    default:
        return false; /* getopt has said why */
    }
}

static bool read_key_file(const char *path, char *line, size_t size)
{
    FILE *f = fopen(path, "r");
    bool ok;

    if (!f)
        return false;
    errno = 0;
    ok = fgets(line, (int)size, f) != NULL;
    fclose(f);
    if (ok)
        line[strcspn(line, " \t\r\n")] = '\0';
    return ok;
}

static int take_key(struct settings *s)
{
    char line[128];

    if (!s->key == !s->key_file)
        return failed("key", "give either --key or --key-file");
    if (s->key_file && !read_key_file(s->key_file, line, sizeof line))
        return failed(s->key_file, errno ? strerror(errno) : "is empty");
    if (!lab_key_parse(s->key_file ? line : s->key, s->target.key))
        return failed("key", "not a key: four words of 0-9 and a-z, at most 64 bits each, not all "
                             "zero, joined by dots");
    return 0;
}

static int take_settings(struct settings *s, int argc, char **argv)
{
    static char name[] = "kdlab serve"; /* how getopt begins its messages */
    int option;

    argv[0] = name;
    while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1)
        if (!take_option(s, option, optarg))
            return KDLAB_FAILED;
    if (optind < argc)
        return failed(argv[optind], "not an option; kdlab serve --help");
    if (!s->kernel || !s->net)
        return failed(s->kernel ? "--net" : "--kernel", "is missing; kdlab serve --help");
    if (s->target.version == 3)
        return failed("--kdnet-version 3", "never seen; 2, 4 and 5 are");
    return take_key(s);
}

/* ---- the socket ---- */

/* "HOST:PORT" or "[HOST]:PORT", cut in place. */
static bool cut_host_port(char *text, char **host, char **port)
{
    char *colon = strrchr(text, ':');

    if (!colon || colon == text || colon[1] == '\0')
        return false;
    *colon = '\0';
    *port = colon + 1;
    *host = text;
    if (text[0] != '[')
        return strchr(text, ':') == NULL; /* an IPv6 address needs its brackets */
    if (colon[-1] != ']')
        return false;
    colon[-1] = '\0';
    *host = text + 1;
    return **host != '\0';
}

static bool is_port(const char *text)
{
    char *end;
    unsigned long value = strtoul(text, &end, 10);

    return text[0] >= '0' && text[0] <= '9' && *end == '\0' && value >= 1 && value <= 65535;
}

static struct lab_endpoint endpoint_of(const struct sockaddr_storage *sa)
{
    struct lab_endpoint e = {.address = {[10] = 0xFF, [11] = 0xFF}};

    if (sa->ss_family == AF_INET6) {
        struct sockaddr_in6 in6;

        memcpy(&in6, sa, sizeof in6);
        memcpy(e.address, &in6.sin6_addr, 16);
        e.port = ntohs(in6.sin6_port);
    } else {
        struct sockaddr_in in4;

        memcpy(&in4, sa, sizeof in4);
        memcpy(e.address + 12, &in4.sin_addr, 4);
        e.port = ntohs(in4.sin_port);
    }
    return e;
}

/* A connected socket: hears nobody but the host, as a real target does (1.1), and knows its own end. */
static int connect_to(const struct addrinfo *ai, struct lab_target_options *opts)
{
    struct sockaddr_storage own = {0}, peer = {0};
    socklen_t own_len = sizeof own;
    int fd = socket(ai->ai_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return -1;
    if (connect(fd, ai->ai_addr, ai->ai_addrlen) != 0 ||
        getsockname(fd, (struct sockaddr *)&own, &own_len) != 0) {
        close(fd);
        return -1;
    }
    memcpy(&peer, ai->ai_addr, ai->ai_addrlen);
    opts->target = endpoint_of(&own);
    opts->host = endpoint_of(&peer);
    return fd;
}

static int open_socket(const struct settings *s, struct lab_target_options *opts, int *fd)
{
    struct addrinfo hints = {.ai_socktype = SOCK_DGRAM}, *list;
    char text[300], *host, *port;
    int err;

    if (strlen(s->net) >= sizeof text)
        return failed("--net", "too long");
    strcpy(text, s->net);
    if (!cut_host_port(text, &host, &port) || !is_port(port))
        return failed(s->net, "HOST:PORT is wanted; an IPv6 address in brackets");
    err = getaddrinfo(host, port, &hints, &list);
    if (err)
        return failed(s->net, gai_strerror(err));
    *fd = connect_to(list, opts);
    freeaddrinfo(list);
    return *fd >= 0 ? 0 : failed(s->net, strerror(errno));
}

/* ---- statistics ---- */

/* Beside its place first, so that a reader never sees half of it. */
static int write_stats(const struct settings *s, const struct lab_target *t, uint64_t now_us)
{
    char temporary[4096];
    char *json;
    FILE *f;
    bool ok;

    if (!s->stats)
        return 0;
    if (snprintf(temporary, sizeof temporary, "%s.new", s->stats) >= (int)sizeof temporary)
        return failed("--stats", "too long");
    f = fopen(temporary, "w");
    if (!f)
        return failed(temporary, strerror(errno));
    json = lab_target_stats_json(t, now_us);
    ok = json && fprintf(f, "%s\n", json) > 0;
    free(json);
    if (fclose(f) != 0 || !ok || rename(temporary, s->stats) != 0)
        return failed(s->stats, strerror(errno));
    return 0;
}

/* ---- the loop ---- */

static volatile sig_atomic_t end_asked, stats_asked;

static void on_signal(int number_)
{
    if (number_ == SIGUSR1)
        stats_asked = 1;
    else
        end_asked = 1;
}

/* Signals are blocked but while ppoll waits, so none is lost between a check and the wait. */
static void catch_signals(sigset_t *while_waiting)
{
    static const int signals[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1};
    struct sigaction action = {.sa_handler = on_signal};
    sigset_t ours;

    sigemptyset(&ours);
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        sigaddset(&ours, signals[i]);
        sigaction(signals[i], &action, NULL);
    }
    sigprocmask(SIG_BLOCK, &ours, while_waiting);
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        sigdelset(while_waiting, signals[i]);
}

static uint64_t clock_us(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

/* A host that does not listen yet answers with ICMP errors; to a target they are silence. */
static void send_outputs(struct lab_target *t, int fd)
{
    const uint8_t *bytes;
    size_t len;

    while (lab_target_next_output(t, &bytes, &len))
        (void)!send(fd, bytes, len, 0);
}

/* What has arrived, each answered before the next is looked at; not for ever, for there are pokes to
 * send and signals to hear. */
static void receive(struct lab_target *t, int fd)
{
    uint8_t datagram[2048];
    ssize_t n;

    for (int i = 0; i < 64; i++) {
        n = recv(fd, datagram, sizeof datagram, 0);
        if (n < 0 && errno != ECONNREFUSED)
            return;
        if (n < 0)
            continue;
        lab_target_datagram(t, datagram, (size_t)n, clock_us());
        send_outputs(t, fd);
    }
}

static void wait_for(int fd, uint64_t until_us, const sigset_t *while_waiting)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    uint64_t now_us = clock_us(), wait_us = until_us > now_us ? until_us - now_us : 0;
    struct timespec ts = {.tv_sec = (time_t)(wait_us / 1000000),
                          .tv_nsec = (long)(wait_us % 1000000) * 1000};

    ppoll(&p, 1, until_us == UINT64_MAX ? NULL : &ts, while_waiting);
}

static int serve(const struct settings *s, struct lab_target *t, int fd)
{
    uint64_t end_us = s->time_limit_s ? clock_us() + s->time_limit_s * 1000000 : UINT64_MAX;
    sigset_t while_waiting;

    if (write_stats(s, t, clock_us()) != 0)
        return KDLAB_FAILED; /* better now than after everything */
    catch_signals(&while_waiting);
    printf("kdlab: %s pokes %s\n", s->kernel, s->net);
    fflush(stdout); /* tests wait for this line */
    while (!end_asked && clock_us() < end_us) {
        uint64_t due_us = lab_target_deadline(t);

        wait_for(fd, due_us < end_us ? due_us : end_us, &while_waiting);
        if (stats_asked) {
            stats_asked = 0;
            write_stats(s, t, clock_us());
        }
        receive(t, fd);
        lab_target_tick(t, clock_us());
        send_outputs(t, fd);
    }
    return write_stats(s, t, clock_us());
}

int kdlab_serve(int argc, char **argv, const char *kernel_dir)
{
    struct settings s = {.target = {.version = 5, .seed = clock_us() * 31 + (uint64_t)getpid()}};
    struct lab_machine *machine;
    struct lab_target *t;
    const char *why = "?";
    int fd, status;

    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--help") == 0) {
            fputs(usage, stdout);
            return 0;
        }
    status = take_settings(&s, argc, argv);
    if (status == 0)
        status = open_socket(&s, &s.target, &fd);
    if (status != 0)
        return status;
    machine = lab_machine_create(s.kernel, kernel_dir, &why);
    if (!machine) {
        close(fd);
        return failed(s.kernel, why);
    }
    s.target.machine = machine;
    t = lab_target_create(&s.target, clock_us());
    status = t ? serve(&s, t, fd) : failed("target", "out of memory");
    lab_target_destroy(t);
    lab_machine_destroy(machine);
    close(fd);
    return status;
}
