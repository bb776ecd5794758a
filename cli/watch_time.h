/* watch_time.h - the host's time in events: nanoseconds since 1970, and as text.
 *
 * "2026-11-24T14:03:12.345Z"; the text ends at milliseconds, which is what a break takes. */
#ifndef CLI_WATCH_TIME_H
#define CLI_WATCH_TIME_H

#include <stdint.h>

enum { WATCH_TIME_TEXT = 25 }; /* with its NUL */

/* Beyond the year 9999 it is "?". */
void watch_time_text(uint64_t host_ns, char text[WATCH_TIME_TEXT]);

#endif
