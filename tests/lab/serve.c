/* A target, a wire that may misbehave, and a link to the host; kdlab serve: the target is a machine. */
#define _GNU_SOURCE /* ppoll, which lets no signal slip; NOLINT(*reserved-identifier): libc named it */
#include "kdlab.h"
#include "random.h"
#include "serve_parts.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

struct serving {
    struct serve_settings settings;
    struct serve_link link;
    struct lab_target *target;
    struct lab_line *to_target, *from_target;
    struct serve_forging forging;
    uint64_t end_us;
};

static uint64_t clock_us(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

/* ---- signals ---- */

static volatile sig_atomic_t end_asked, stats_asked;

static void on_signal(int number)
{
    if (number == SIGUSR1)
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

static int write_stats(struct serving *v)
{
    const struct serve_report report = {
        .settings = &v->settings,
        .target = v->target,
        .link = &v->link,
        .to_target = v->to_target,
        .from_target = v->from_target,
        .forging = &v->forging,
    };

    return serve_write_stats(&report, clock_us());
}

/* ---- the loop ---- */

/* What the target wants to say goes onto the wire. */
static void take_outputs(struct serving *v)
{
    const uint8_t *bytes;
    size_t len;

    while (lab_target_next_output(v->target, &bytes, &len))
        lab_line_put(v->from_target, bytes, len, clock_us());
}

/* What has come to the end of the wire by now, either way. */
static void carry(struct serving *v)
{
    const uint8_t *bytes;
    size_t len;

    while (lab_line_take(v->to_target, clock_us(), &bytes, &len)) {
        if (v->settings.target.carrier == LAB_OVER_KDNET)
            lab_target_datagram(v->target, bytes, len, clock_us());
        else
            lab_target_bytes(v->target, bytes, len, clock_us());
        take_outputs(v);
    }
    while (!serve_forging_lasts(&v->forging) &&
           lab_line_take(v->from_target, clock_us(), &bytes, &len)) {
        v->link.ops->send(&v->link, bytes, len);
        serve_forging_said(&v->forging, bytes, len, clock_us());
    }
}

/* What the host says goes onto the wire, and is answered before the next is looked at; not for ever,
 * for there are deadlines to keep and signals to hear. */
static void receive(struct serving *v)
{
    uint8_t bytes[SERVE_RECEIVE_MAX];
    size_t len;

    for (int i = 0; i < 64 && v->link.ops->receive(&v->link, bytes, &len); i++) {
        serve_forging_heard(&v->forging, bytes, len);
        lab_line_put(v->to_target, bytes, len, clock_us());
        carry(v);
    }
}

static uint64_t earlier(uint64_t a_us, uint64_t b_us)
{
    return a_us < b_us ? a_us : b_us;
}

static uint64_t deadline(const struct serving *v)
{
    uint64_t due_us = earlier(v->end_us, lab_target_deadline(v->target));

    due_us = earlier(due_us, lab_line_deadline(v->to_target));
    if (serve_forging_lasts(&v->forging))
        return earlier(due_us, serve_forging_deadline(&v->forging));
    return earlier(due_us, lab_line_deadline(v->from_target));
}

static void wait_until(const struct serving *v, uint64_t due_us, const sigset_t *while_waiting)
{
    struct pollfd p[] = {
        {.fd = v->link.poll_fd, .events = POLLIN},
        {.fd = v->link.opened_fd, .events = POLLIN},
    };
    uint64_t now_us = clock_us(), wait_us = due_us > now_us ? due_us - now_us : 0;
    struct timespec ts = {.tv_sec = (time_t)(wait_us / 1000000),
                          .tv_nsec = (long)(wait_us % 1000000) * 1000};

    ppoll(p, sizeof p / sizeof *p, due_us == UINT64_MAX ? NULL : &ts, while_waiting);
}

static void greet(const struct serving *v)
{
    if (v->link.ops->greeting)
        printf("kdlab: %s %s ", v->settings.subject, v->link.ops->greeting);
    printf("%s\n", v->link.where);
    fflush(stdout); /* tests wait for this line */
}

static int serve(struct serving *v)
{
    sigset_t while_waiting;

    v->end_us =
        v->settings.time_limit_s ? clock_us() + v->settings.time_limit_s * 1000000 : UINT64_MAX;
    if (write_stats(v) != 0)
        return KDLAB_FAILED; /* better now than after everything */
    catch_signals(&while_waiting);
    prctl(PR_SET_TIMERSLACK, 1); /* a delay of 125 us is one, and not 175 */
    greet(v);
    while (!end_asked && clock_us() < v->end_us) {
        wait_until(v, deadline(v), &while_waiting);
        if (stats_asked) {
            stats_asked = 0;
            write_stats(v);
        }
        receive(v);
        lab_target_tick(v->target, clock_us());
        take_outputs(v);
        serve_forging_tick(&v->forging, &v->link, clock_us());
        carry(v);
    }
    return write_stats(v);
}

/* ---- everything that is there while it serves ---- */

static int open_link(struct serve_settings *s, struct serve_link *l)
{
    switch (s->kind) {
    case SERVE_PIPE:
        return serve_open_pipe(s, l);
    case SERVE_TCP:
        return serve_open_tcp(s, l);
    case SERVE_PTY:
        return serve_open_pty(l);
    case SERVE_NET:
    default:
        return serve_open_net(s, l);
    }
}

/* Each kind of chance has a seed of its own, so that none repeats what another did. */
static struct lab_line *create_line(const struct serve_settings *s, bool is_towards_target,
                                    uint64_t *seeds)
{
    const struct lab_line_options opts = {
        .faults = s->faults,
        .is_stream = s->target.carrier == LAB_OVER_STREAM,
        .is_towards_target = is_towards_target,
        .seed = lab_random(seeds),
    };

    return lab_line_create(&opts);
}

static bool create_parts(struct serving *v)
{
    uint64_t seeds = v->settings.seed;

    v->to_target = create_line(&v->settings, true, &seeds);
    v->from_target = create_line(&v->settings, false, &seeds);
    v->settings.target.seed = v->settings.seed;
    v->target = lab_target_create(&v->settings.target, clock_us());
    return v->to_target && v->from_target && v->target &&
           serve_forging_start(&v->forging, &v->settings, lab_random(&seeds), v->target);
}

static void destroy_parts(struct serving *v)
{
    serve_forging_end(&v->forging);
    lab_target_destroy(v->target);
    lab_line_destroy(v->from_target);
    lab_line_destroy(v->to_target);
}

static uint64_t changing_seed(void)
{
    uint64_t state = clock_us() * 31 + (uint64_t)getpid();

    return lab_random(&state) >> 32; /* short enough to be typed */
}

int serve_target(struct serve_settings *s)
{
    struct serving v = {
        .link = {.poll_fd = -1, .opened_fd = -1, .host_fd = -1, .listener = -1, .other_fd = -1},
    };
    int status;

    if (!s->has_seed)
        s->seed = changing_seed();
    status = open_link(s, &v.link);
    v.settings = *s;
    if (status == 0) {
        status = create_parts(&v) ? serve(&v) : serve_failed("target", "out of memory");
        destroy_parts(&v);
    }
    v.link.ops->close(&v.link);
    return status;
}

int kdlab_serve(int argc, char **argv, const char *kernel_dir)
{
    struct serve_settings s = {.target.version = 5};
    struct lab_machine *machine;
    const char *why = "?";
    int status;

    if (serve_wants_help(argc, argv)) {
        fputs(serve_usage, stdout);
        return 0;
    }
    status = serve_take_settings(&s, SERVE_MACHINE, argc, argv);
    if (status != 0)
        return status;
    machine = lab_machine_create_with(s.subject, kernel_dir, &s.machine, &why);
    if (!machine)
        return serve_failed(s.subject, why);
    lab_machine_page_out(machine, (unsigned)s.page_out, s.machine.seed);
    if (s.header_out)
        lab_machine_page_out_header(machine);
    s.target.machine = machine;
    status = serve_target(&s);
    lab_machine_destroy(machine);
    return status;
}
