/* report_values.h - what stands in a line of events, as people read it. */
#ifndef CLI_REPORT_VALUES_H
#define CLI_REPORT_VALUES_H

#include "text.h"

#include <walker/snapshot.h>

#include <jansson.h>

enum {
    REPORT_CLOCK = 13,      /* "03:41:24.123" with its NUL */
    REPORT_VALUE_MAX = 400, /* characters of a value that are shown; paths have fewer */
};

/* A value as a snapshot's document has it, at the end of t. fact: which it is, where that is known;
 * NULL: it is not. What is not known stands as in facts.h, with its reason; what is longer than
 * REPORT_VALUE_MAX is cut, and says so. */
void report_value(struct text *t, const json_t *value, const struct kdw_fact *fact);
/* The fact of that name; NULL: there is none. table KDW_TABLES: none either. */
const struct kdw_fact *report_fact(unsigned table, const char *name);
/* "0x0000000000000041". False: it is no such text. */
bool report_word(const json_t *value, uint64_t *out);
/* The characters of a text, cut likewise; not escaped yet. */
void report_chars(struct text *t, const char *chars);

/* The time of day, to the millisecond. */
void report_clock(uint64_t time_100ns, char out[REPORT_CLOCK]);
/* "2019-12-10", with its NUL; of a time that has no date, "?". */
enum { REPORT_DATE = 11 };
void report_date(uint64_t time_100ns, char out[REPORT_DATE]);

#endif
