/* Bad days by the thousand. Without arguments: KDWALK_SIM_SEEDS seeds of each case (a small sample by
 * default; `./dev soak sim` asks for more). With a case's name and a seed: that one run, each packet on
 * stderr. */
#include "sim.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SEEDS = 40 };

#define STREAM .carrier = LAB_OVER_STREAM
#define KDNET  .carrier = LAB_OVER_KDNET
#define QUICK  .reads = 20, .retransmit_us = 20000 /* as the soak's matrix has it */
#define REAL   .reads = 10                         /* a target repeats after 500 ms */
#define STAYS  .breaks = 20, .reads = 2            /* and repeats after 500 ms */
#define EVERY                                                                                      \
    .faults = {                                                                                    \
        .drop = 0.1, .dup = 0.1, .reorder = 0.1, .corrupt = 0.1, .truncate = 0.1, .garbage = 0.1}

static const struct {
    const char *name;
    struct sim_options options;
} cases[] = {
    {"stream", {STREAM, QUICK, .reads_len = 3944}},
    {"stream-boot", {STREAM, QUICK, .dialect = LAB_DIALECT_BOOT}},
    {"stream-minimal", {STREAM, QUICK, .dialect = LAB_DIALECT_MINIMAL}},
    {"stream-chatter", {STREAM, QUICK, .chatter = true}},
    {"stream-drop", {STREAM, QUICK, .faults = {.drop = 0.3}}},
    {"stream-dup", {STREAM, QUICK, .faults = {.dup = 0.3}}},
    {"stream-reorder", {STREAM, QUICK, .faults = {.reorder = 0.3}}},
    {"stream-corrupt", {STREAM, QUICK, .faults = {.corrupt = 0.3}}},
    {"stream-truncate", {STREAM, QUICK, .faults = {.truncate = 0.3}}},
    {"stream-garbage", {STREAM, QUICK, .faults = {.garbage = 0.3}}},
    {"stream-all", {STREAM, QUICK, EVERY}},
    {"stream-all-large", {STREAM, QUICK, EVERY, .reads_len = 3944}},
    {"stream-all-chatter", {STREAM, QUICK, EVERY, .chatter = true}},
    {"stream-all-boot", {STREAM, QUICK, EVERY, .dialect = LAB_DIALECT_BOOT}},
    {"stream-all-minimal", {STREAM, QUICK, EVERY, .dialect = LAB_DIALECT_MINIMAL}},
    {"stream-all-real", {STREAM, REAL, EVERY}},
    {"stream-dies", {STREAM, REAL, .dies = true}},
    {"stream-dies-all", {STREAM, QUICK, EVERY, .dies = true}},
    {"stream-115200", {STREAM, REAL, .faults = {.baud = 115200}, .bytes_per_second = 11520}},
    {"stream-115200-untold", {STREAM, REAL, .faults = {.baud = 115200}, .reads_len = 3944}},
    {"stream-9600", {STREAM, REAL, .faults = {.baud = 9600}, .bytes_per_second = 960}},
    {"stream-far", {STREAM, REAL, .faults = {.delay_us = 150000}}},
    {"kdnet", {KDNET, QUICK}},
    {"kdnet-chatter", {KDNET, QUICK, .chatter = true}},
    {"kdnet-drop", {KDNET, QUICK, .faults = {.drop = 0.3}}},
    {"kdnet-dup", {KDNET, QUICK, .faults = {.dup = 0.3}}},
    {"kdnet-reorder", {KDNET, QUICK, .faults = {.reorder = 0.3}}},
    {"kdnet-corrupt", {KDNET, QUICK, .faults = {.corrupt = 0.3}}},
    {"kdnet-truncate", {KDNET, QUICK, .faults = {.truncate = 0.3}}},
    {"kdnet-garbage", {KDNET, QUICK, .faults = {.garbage = 0.3}}},
    {"kdnet-all", {KDNET, QUICK, EVERY}},
    {"kdnet-all-real", {KDNET, REAL, EVERY}},
    {"kdnet-dies", {KDNET, REAL, .dies = true}},
    {"kdnet-dies-all", {KDNET, QUICK, EVERY, .dies = true}},
    {"kdnet-far", {KDNET, REAL, .faults = {.delay_us = 150000}}},
    {"stream-stays", {STREAM, STAYS}},
    {"stream-stays-drop", {STREAM, STAYS, .faults = {.drop = 0.1}}},
    {"stream-stays-corrupt", {STREAM, STAYS, .faults = {.corrupt = 0.1}}},
    {"stream-stays-all", {STREAM, STAYS, EVERY}},
    {"stream-stays-chatter", {STREAM, STAYS, .chatter = true}},
    {"stream-stays-115200", {STREAM, STAYS, .faults = {.baud = 115200}, .bytes_per_second = 11520}},
    {"kdnet-stays", {KDNET, STAYS}},
    {"kdnet-stays-drop", {KDNET, STAYS, .faults = {.drop = 0.1}}},
    {"kdnet-stays-all", {KDNET, STAYS, EVERY}},
    {"kdnet-stays-chatter", {KDNET, STAYS, .chatter = true}},
    {"kdnet-stays-far", {KDNET, STAYS, .faults = {.delay_us = 150000}}},
};

enum { CASES = sizeof cases / sizeof *cases };

static unsigned run_case(size_t i, uint64_t seeds)
{
    uint64_t longest_ms = 0, longest_leave_ms = 0, longest_break_ms = 0, longest_standing_ms = 0;
    unsigned failed = 0;

    for (uint64_t seed = 1; seed <= seeds; seed++) {
        struct sim_options options = cases[i].options;
        struct sim_result result;

        options.seed = seed;
        result = sim_run(&options);
        if (result.failure[0]) {
            fprintf(stderr, "%s seed %" PRIu64 ": %s\n", cases[i].name, seed, result.failure);
            failed++;
        }
        if (result.ms > longest_ms)
            longest_ms = result.ms;
        if (result.leave_ms > longest_leave_ms)
            longest_leave_ms = result.leave_ms;
        if (result.break_ms > longest_break_ms)
            longest_break_ms = result.break_ms;
        if (result.standing_ms > longest_standing_ms)
            longest_standing_ms = result.standing_ms;
    }
    printf("%-22s %6" PRIu64 " runs  %4u failed  longest %7.1f s, leaving %5.2f s\n", cases[i].name,
           seeds, failed, (double)longest_ms / 1000, (double)longest_leave_ms / 1000);
    if (cases[i].options.breaks)
        printf("%34u breaks each: longest %5.2f s, longest stop %5.2f s\n",
               (unsigned)cases[i].options.breaks, (double)longest_break_ms / 1000,
               (double)longest_standing_ms / 1000);
    return failed;
}

static int run_loudly(const char *name, uint64_t seed)
{
    for (size_t i = 0; i < CASES; i++) {
        struct sim_options options = cases[i].options;
        struct sim_result result;

        if (strcmp(cases[i].name, name) != 0)
            continue;
        options.seed = seed;
        options.is_loud = true;
        result = sim_run(&options);
        printf("%s seed %" PRIu64 ": %s\n", name, seed,
               result.failure[0] ? result.failure : "sound");
        return result.failure[0] != '\0';
    }
    fprintf(stderr, "there is no case '%s'\n", name);
    return 2;
}

int main(int argc, char **argv)
{
    const char *wanted = getenv("KDWALK_SIM_SEEDS");
    uint64_t seeds = wanted ? strtoull(wanted, NULL, 10) : SEEDS;
    unsigned failed = 0;

    if (argc == 3)
        return run_loudly(argv[1], strtoull(argv[2], NULL, 10));
    for (size_t i = 0; i < CASES; i++)
        failed += run_case(i, seeds);
    return failed ? 1 : 0;
}
