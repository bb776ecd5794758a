/* watch_time.h - the host's time in events: nanoseconds since 1970, and as text.
 *
 * "2026-11-24T14:03:12.345Z"; the text ends at milliseconds, which is what a break takes. */
#ifndef CLI_WATCH_TIME_H
#define CLI_WATCH_TIME_H

#include <stdint.h>

enum { WATCH_TIME_TEXT = 25, WATCH_CLOCK_TEXT = 13 }; /* with their NUL */

/* Beyond the year 9999 it is "?". */
void watch_time_text(uint64_t host_ns, char text[WATCH_TIME_TEXT]);
/* Of that the time of day: "14:03:12.345". */
void watch_clock_text(uint64_t host_ns, char text[WATCH_CLOCK_TEXT]);

#endif
