/* report.h - a page about a machine: one or several snapshots, and what was seen happening between them.
 *
 *     report_input.h  files and targets --> struct report
 *     report.c        struct report --> one self-contained page, a section for each report_*.c
 *
 * The page is static: everything that it tells is in it as text, tables and pictures in SVG, so that it
 * can be read without scripts, printed and kept. The script only searches and filters; nothing is ever
 * fetched, which the page's own policy forbids as well.
 *
 * Bounds    The page must open: tables end at a number of rows of their own, the sum of all at
 *           REPORT_BYTES_MAX, and both say what was left out. */
#ifndef CLI_REPORT_H
#define CLI_REPORT_H

#include "html.h"
#include "provider_names.h"
#include "report_lines.h"

#include <walker/check.h>

enum { REPORT_STATES_MAX = 100 }; /* snapshots */

struct report_state {
    char *source; /* as the user calls it */
    struct kdw_snapshot snapshot;
};

struct report {                  /* begins as {0} */
    struct report_state *states; /* by time, those without one last */
    size_t states_len;
    struct report_lines lines;
    struct kdw_check_list checks; /* of the last snapshot, if there is one */
    struct provider_names providers;
    struct text remarks; /* sentences: what could not be told of an input */
};

/* NULL: there is no snapshot. */
const struct kdw_snapshot *report_last(const struct report *r);
/* The page, from <!DOCTYPE to the last byte; html_finish is left to the caller. */
void report_write(struct html *h, struct report *r);
void report_free(struct report *r);

#endif
