/* deadline.h - when a state machine without a clock wants to be called again.
 *
 * Each of them (framer, KDNET, session) has a _deadline_ms that names the point in time of its next
 * _tick, and each may have none. Whoever drives several waits for the sooner one.
 *
 * Units     Milliseconds of any monotonic count, the same one for all that are driven together. */
#ifndef KDPROTO_DEADLINE_H
#define KDPROTO_DEADLINE_H

#include <stdint.h>

#define KD_NEVER UINT64_MAX /* a deadline that does not exist: later than any other */

static inline uint64_t kd_sooner(uint64_t a_ms, uint64_t b_ms)
{
    return a_ms < b_ms ? a_ms : b_ms;
}

#endif
