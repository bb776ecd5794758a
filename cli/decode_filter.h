/* decode_filter.h - which records `decode --only` shows. */
#ifndef CLI_DECODE_FILTER_H
#define CLI_DECODE_FILTER_H

#include "describe.h"

struct decode_filter {
    unsigned chosen; /* a bit for each row of the table in decode_filter.c; 0: everything */
};

/* "reads,prints": any of them. False: a message was printed, which names all there are. */
bool decode_filter_parse(const char *text, struct decode_filter *out);
bool decode_filter_shows(const struct decode_filter *f, const struct kdt_record *record);
/* What there is to choose from, for the help of the command: on stdout. */
void decode_filter_help(void);

#endif
