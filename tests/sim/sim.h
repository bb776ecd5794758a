/* sim.h - the host's protocol against the lab's target over a wire that misbehaves, in time that does
 * not pass.
 *
 *     session --- framer or KDNET --- lab_line --> lab_target (a machine of a few pages)
 *                                 <-- lab_line ---
 *
 * One run attaches, reads, lets the target go for a while or not, perhaps loses its host half-way and
 * attaches a second one, and takes leave; or it stays, and halts the target again and again. Whatever the
 * wire did, each byte read must be right, nothing may be altered, and the target must run in the end. A
 * run of minutes takes milliseconds, and the same options give the same run, so a fault found among
 * thousands can be looked at.
 *
 * Sits above both sides on purpose: the two share no code, so that one misreading cannot hide in both. */
#ifndef TESTS_SIM_H
#define TESTS_SIM_H

#include <kdproto/session.h>

#include "line.h"
#include "target.h"

struct sim_options {
    enum lab_carrier carrier;
    enum lab_dialect dialect; /* over a stream */
    struct lab_line_faults faults;
    bool chatter, boot;
    bool dies;       /* the first host ends without a word, anywhere */
    uint32_t breaks; /* stay, and halt it so often: each within a deadline, none of them untold */
    uint32_t reads;  /* about so many; where it stays, of each break */
    uint32_t reads_len; /* of so many bytes at the most; 0: 1024 */
    uint64_t retransmit_us;
    uint32_t bytes_per_second; /* what the session is told of the line's speed */
    uint64_t seed;
    bool is_loud; /* every packet on stderr */
};

struct sim_result {
    char failure[160];              /* empty: none */
    uint64_t ms;                    /* how long it took, as the machine would have it */
    uint64_t leave_ms;              /* of that, taking leave */
    uint64_t break_ms, standing_ms; /* staying: the longest wait for a halt, the longest stop */
    struct kd_session_counters counters; /* of the last host */
    uint64_t packets_sent;               /* by it: break-in bytes apart */
};

struct sim_result sim_run(const struct sim_options *opts);

#endif
