/* bench.h - what the measurements share: clock, statistics, processes, cores, a lab to measure against. All
 * of it ends the program when it fails: a measurement that went wrong is none. */
#ifndef BENCH_H
#define BENCH_H

#include <stdint.h>
#include <sys/types.h>

double bench_now_s(void);                       /* monotonic */
double bench_median(double *values, int count); /* sorts them */

_Noreturn void bench_die(const char *what); /* with errno */
_Noreturn void bench_fail(const char *what, const char *why);

/* An empty file that goes away with this process, however it ends: it has no name, and the path is that
 * of its descriptor, which programs started from here have as well. */
struct bench_file {
    char path[32];
};
struct bench_file bench_temp_file(void);
/* The same in memory, where the system has a folder for that and there is so much room in it. */
struct bench_file bench_memory_file(uint64_t room);

/* What a start costs: each run is a process of its own, so that it finds nothing done before. Peak
 * memory is all that the process had resident, mapped files included. */
struct bench_runs {
    double median_s, fastest_s, peak_mib;
};
/* work returns the seconds that count. */
struct bench_runs bench_run_apart(int count, double (*work)(void *ctx), void *ctx);
/* A program from its start to its end, without its output. Its status must be 0. */
struct bench_runs bench_run_program(int count, const char *const *argv);
/* "ok", or what stands out. */
const char *bench_verdict(double value, double aim);

/* Pin a process (0: this one) to one core. */
void bench_pin(pid_t process, int core);

/* Kernel 18362 over KDNET, calling 127.0.0.1:port; each datagram arrives delay_ms later ("0": at once). */
#define BENCH_KEY "1.2.3.4"
pid_t bench_start_lab(const char *kdlab, uint16_t port, const char *delay_ms);
void bench_stop_lab(pid_t lab);

#endif
