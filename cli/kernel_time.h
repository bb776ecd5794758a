/* kernel_time.h - a time as Windows counts it, 100 ns since 1601, and as people and programs write it:
 * "2019-12-10T08:45:12.1234567Z". */
#ifndef CLI_KERNEL_TIME_H
#define CLI_KERNEL_TIME_H

#include <stdbool.h>
#include <stdint.h>

enum { KERNEL_TIME_TEXT = 29 }; /* with its NUL */

/* False: it is beyond the year 9999, and nothing is written. */
bool kernel_time_text(uint64_t time_100ns, char text[KERNEL_TIME_TEXT]);
/* The other way round, all of its characters; false: it is none. */
bool kernel_time_parse(const char *text, uint64_t *out);

#endif
