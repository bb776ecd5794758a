/* moment.h - a moment of a recording as people write it.
 *
 * Of a time with a fraction of up to six digits the whole microsecond is meant, for decode shows no
 * more of it. */
#ifndef CLI_MOMENT_H
#define CLI_MOMENT_H

#include <transport/recorded_target.h>

#include <stdbool.h>
#include <stdint.h>

struct moment {
    enum kdt_moment kind; /* zero: the end of the recording */
    unsigned stop;
    uint64_t time_ns; /* since the beginning, or since 1970, as kind says */
};

/* Both print a message where the text is none. */
bool moment_of_stop(const char *text, struct moment *out); /* "3" */
/* "12.5": seconds since the beginning; "2016-01-24T13:37:00.123Z": UTC, with or without the Z. */
bool moment_of_time(const char *text, struct moment *out);

#endif
