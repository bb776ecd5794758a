/* watch_tally.h - the figures of a watch: how often and how long the target stood, what was seen.
 *
 * Freezes are counted in classes about 1 % wide, so that memory does not grow with the days: median and
 * 99 % are the upper ends of their class; the longest is exact. */
#ifndef CLI_WATCH_TALLY_H
#define CLI_WATCH_TALLY_H

#include "watch.h"

enum { WATCH_TALLY_CLASSES = 64 * 64 };

struct watch_tally {
    struct watch_sink sink;
    uint64_t samples, sweeps;
    uint64_t frozen_us, worst_us;
    uint64_t requests, bytes;
    uint64_t changes[KDW_TABLES], verdicts, prints, modules, exceptions, bugchecks, reboots, losses;
    uint64_t begun_ns, last_ns;          /* of the host */
    uint64_t sweep_ns, longest_sweep_ns; /* when the current one began */
    uint64_t last_sweep;
    uint32_t classes[WATCH_TALLY_CLASSES];
};

void watch_tally_init(struct watch_tally *t);
/* So many per mille of the samples froze the target no longer than this. 0 without samples. */
uint64_t watch_tally_freeze_us(const struct watch_tally *t, unsigned per_mille);
/* What sampling could not see, a sentence each: up to max; returns how many. The texts are the tally's
 * until the next call. */
enum { WATCH_UNSEEN_MAX = 4, WATCH_UNSEEN_TEXT = 200 };
size_t watch_tally_unseen(const struct watch_tally *t,
                          char out[WATCH_UNSEEN_MAX][WATCH_UNSEEN_TEXT]);
/* For people, on stdout. */
void watch_tally_print(const struct watch_tally *t);

#endif
