/* lab_recording.h - a recording of any size, made in one process.
 *
 * The lab's target halts, says its version, and is then read over and over by a host that says no more
 * than it must. What passes between the two is written by kdt_recorder, as kdwalk's -w does. All that is
 * read lies in one region, so distinct bytes stay the same however long the recording grows. The
 * target's time is simulated; times in the file are those of its writing.
 *
 * Errors  End the program. */
#ifndef BENCH_LAB_RECORDING_H
#define BENCH_LAB_RECORDING_H

#include "seal.h"
#include "target.h"

#define LAB_RECORDING_REGION 0x800000u /* of the kernel's image, from its base on */

struct lab_recording_opts {
    const char *path;
    enum lab_carrier carrier;
    uint32_t read_len;
    uint64_t file_len; /* at least */
    uint8_t key[LAB_KEY_LEN];
};

struct lab_recording {
    uint64_t packets, file_len;
    uint8_t data_key[LAB_KEY_LEN]; /* of KDNET */
};

struct lab_recording lab_recording_make(const struct lab_recording_opts *opts);

#endif
