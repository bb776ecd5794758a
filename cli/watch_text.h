/* watch_text.h - events of a watch as lines of text: the time, a sign, what happened.
 *
 *     14:03:12.345  + logger 18 DiagLog at ffff8d0e41c2a040
 *     14:03:12.345  ~ process 716 lsass.exe at ffff8d0e3f1d2080: protection 0x41 -> 0x0
 *     14:03:12.345  ! T8 fail, was pass: enabled providers have a sum
 *     14:03:12.345  * mark: the driver was installed
 *
 * Times are those of the host, UTC: of a change, when it was noticed. */
#ifndef CLI_WATCH_TEXT_H
#define CLI_WATCH_TEXT_H

#include "watch.h"

struct watch_text {
    struct watch_sink sink;
    bool is_verbose; /* samples, and when a change had not happened yet */
};

void watch_text_init(struct watch_text *t, bool is_verbose);

/* The lines of an event one by one, for who shows them elsewhere. */
struct watch_line {
    uint64_t host_ns;
    char sign;         /* '\0': it goes on with the line before it */
    const char *chars; /* what stands behind the sign: nothing that a terminal obeys */
};
typedef void watch_on_line(void *ctx, const struct watch_line *line);
void watch_text_lines(const struct watch_event *e, bool is_verbose, void *ctx,
                      watch_on_line *on_line);

#endif
