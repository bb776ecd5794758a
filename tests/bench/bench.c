#define _GNU_SOURCE /* sched_setaffinity, mkstemp */

#include "bench.h"

#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
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

struct bench_file bench_temp_file(void)
{
    const char *folder = getenv("TMPDIR");
    struct bench_file f;
    char name[1024];
    int fd;

    snprintf(name, sizeof name, "%s/kdwalk-bench-XXXXXX", folder ? folder : "/tmp");
    fd = mkstemp(name);
    if (fd < 0)
        bench_die(name);
    unlink(name);
    snprintf(f.path, sizeof f.path, "/proc/self/fd/%d", fd);
    return f;
}

void bench_pin(pid_t process, int core)
{
    cpu_set_t cores;

    CPU_ZERO(&cores);
    CPU_SET(core, &cores);
    if (sched_setaffinity(process, sizeof cores, &cores) < 0)
        bench_die("sched_setaffinity");
}

pid_t bench_start_lab(const char *kdlab, uint16_t port)
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
              (char *)NULL);
        _exit(127);
    }
    return lab;
}

void bench_stop_lab(pid_t lab)
{
    kill(lab, SIGTERM);
    waitpid(lab, NULL, 0);
}
