#define _GNU_SOURCE /* sched_setaffinity, mkstemp, wait4 */

#include "bench.h"

#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

void bench_die(const char *what)
{
    perror(what);
    exit(1);
}

void bench_fail(const char *what, const char *why)
{
    fprintf(stderr, "%s: %s\n", what, why);
    exit(1);
}

double bench_now_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

double bench_median(double *values, int count)
{
    qsort(values, (size_t)count, sizeof *values, by_value);
    return values[count / 2];
}

static struct bench_file temp_file_in(const char *folder)
{
    struct bench_file f;
    char name[1024];
    int fd;

    snprintf(name, sizeof name, "%s/kdwalk-bench-XXXXXX", folder);
    fd = mkstemp(name);
    if (fd < 0)
        bench_die(name);
    unlink(name);
    snprintf(f.path, sizeof f.path, "/proc/self/fd/%d", fd);
    return f;
}

struct bench_file bench_temp_file(void)
{
    const char *folder = getenv("TMPDIR");

    return temp_file_in(folder ? folder : "/tmp");
}

struct bench_file bench_memory_file(uint64_t room)
{
    static const char folder[] = "/dev/shm";
    struct statvfs s;

    if (statvfs(folder, &s) == 0 && (uint64_t)s.f_bavail * s.f_frsize >= room)
        return temp_file_in(folder);
    return bench_temp_file();
}

/* ---- processes ---- */

static pid_t fork_or_die(void)
{
    pid_t child;

    fflush(NULL); /* what waits here is not to be written twice */
    child = fork();
    if (child < 0)
        bench_die("fork");
    return child;
}

static double wait_for(pid_t child, const char *what)
{
    struct rusage used;
    int status;

    if (wait4(child, &status, 0, &used) < 0)
        bench_die("wait4");
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        bench_fail(what, "it failed");
    return (double)used.ru_maxrss / 1024;
}

static void take_run(struct bench_runs *runs, double *seconds, int i, double s, double mib)
{
    seconds[i] = s;
    runs->peak_mib = mib > runs->peak_mib ? mib : runs->peak_mib;
}

static void conclude(struct bench_runs *runs, double *seconds, int count)
{
    runs->median_s = bench_median(seconds, count);
    runs->fastest_s = seconds[0];
    free(seconds);
}

static double *room_for(int count)
{
    double *seconds = calloc((size_t)count, sizeof *seconds);

    if (!seconds)
        bench_die("calloc");
    return seconds;
}

struct bench_runs bench_run_apart(int count, double (*work)(void *ctx), void *ctx)
{
    struct bench_runs runs = {0};
    double *seconds = room_for(count);

    for (int i = 0; i < count; i++) {
        double s, mib;
        int ends[2];
        pid_t child;

        if (pipe(ends) < 0)
            bench_die("pipe");
        child = fork_or_die();
        if (child == 0) {
            s = work(ctx);
            _exit(write(ends[1], &s, sizeof s) == sizeof s ? 0 : 1);
        }
        close(ends[1]);
        mib = wait_for(child, "a run");
        if (read(ends[0], &s, sizeof s) != sizeof s)
            bench_die("read");
        close(ends[0]);
        take_run(&runs, seconds, i, s, mib);
    }
    conclude(&runs, seconds, count);
    return runs;
}

struct bench_runs bench_run_program(int count, const char *const *argv)
{
    struct bench_runs runs = {0};
    double *seconds = room_for(count);

    for (int i = 0; i < count; i++) {
        double start = bench_now_s(), mib;
        pid_t child = fork_or_die();

        if (child == 0) {
            if (!freopen("/dev/null", "w", stdout) || !freopen("/dev/null", "w", stderr))
                _exit(127);
            execv(argv[0], (char *const *)(uintptr_t)argv); /* it changes none of them */
            _exit(127);
        }
        mib = wait_for(child, argv[0]);
        take_run(&runs, seconds, i, bench_now_s() - start, mib);
    }
    conclude(&runs, seconds, count);
    return runs;
}

const char *bench_verdict(double value, double aim)
{
    return value < aim ? "ok" : "MISSED";
}

/* ---- cores, the lab ---- */

void bench_pin(pid_t process, int core)
{
    cpu_set_t cores;

    CPU_ZERO(&cores);
    CPU_SET(core, &cores);
    if (sched_setaffinity(process, sizeof cores, &cores) < 0)
        bench_die("sched_setaffinity");
}

pid_t bench_start_lab(const char *kdlab, uint16_t port, const char *delay_ms)
{
    char where[32];
    pid_t lab = fork();

    if (lab < 0)
        bench_die("fork");
    if (lab == 0) {
        prctl(PR_SET_PDEATHSIG, SIGTERM); /* also when this program fails */
        snprintf(where, sizeof where, "127.0.0.1:%d", port);
        if (!freopen("/dev/null", "w", stdout))
            _exit(127);
        execl(kdlab, kdlab, "serve", "--kernel", "18362", "--net", where, "--key", BENCH_KEY,
              "--delay", delay_ms, (char *)NULL);
        _exit(127);
    }
    return lab;
}

void bench_stop_lab(pid_t lab)
{
    kill(lab, SIGTERM);
    waitpid(lab, NULL, 0);
}
