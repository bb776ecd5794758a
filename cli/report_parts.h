/* report_parts.h - the sections of a report, and what they have in common. */
#ifndef CLI_REPORT_PARTS_H
#define CLI_REPORT_PARTS_H

#include "report.h"

/* What the page can bear: a browser opens that in seconds, and a mail server takes it. */
enum { REPORT_BYTES_MAX = 40 << 20 };

/* ---- common ---- */

void report_section_start(struct html *h, const char *id, const char *title);
void report_section_end(struct html *h);
/* A word with a colour: its kind is its class. */
void report_chip(struct html *h, const char *kind, const char *chars);

/* A table in a box of its own, in which it scrolls where it is too wide. kind: its class. */
void report_table_start(struct html *h, const char *kind, const char *label,
                        const char *const *columns, size_t columns_len);
void report_table_end(struct html *h);
void report_cell(struct html *h, const char *kind, struct text *t);

/* Of a row or an item, behind its html_start: what it is filtered by. table KDW_TABLES, kind NULL,
 * silo NULL or "": nothing. */
void report_filter(struct html *h, const char *kind, unsigned table, const char *silo);

/* May a table have one more row? */
bool report_has_room(const struct html *h, size_t rows, size_t rows_max);
/* "1,000 of 1,234 providers are shown: ..."; nothing where all of them are. */
void report_left_out(struct html *h, size_t shown, size_t all, const char *what);

/* ---- which silo, as label_silo calls it ---- */

/* Of a record; nothing where it belongs to none, or to all. */
void report_silo_of(struct text *t, const struct kdw_snapshot *s, enum kdw_table_id table,
                    const void *record);

/* ---- sections ---- */

void report_page_start(struct html *h, const struct report *r);
void report_page_end(struct html *h);
void report_head(struct html *h, const struct report *r);
void report_summary(struct html *h, const struct report *r);
/* Chooses the events that have rows; before the next two. */
void report_events_choose(struct report_lines *l);
void report_timeline(struct html *h, const struct report_lines *l);
void report_events(struct html *h, struct report *r);
void report_event(struct html *h, struct report *r, const struct report_event *e, size_t number);
void report_checks(struct html *h, const struct report *r);
/* A finding as check.schema.json has it. s: what it is about; NULL: that is not known any more. said: the
 * meaning that stands above it and need not be told again; NULL: none does. */
void report_finding(struct html *h, const struct kdw_snapshot *s, const json_t *finding,
                    const char *said);
void report_loggers(struct html *h, const struct report *r);
void report_picture(struct html *h, const struct kdw_snapshot *s,
                    const struct provider_names *names);
void report_providers(struct html *h, const struct report *r);
void report_tree(struct html *h, const struct kdw_snapshot *s);
void report_diffs(struct html *h, const struct report *r);
void report_gaps(struct html *h, const struct report *r);
void report_inputs(struct html *h, const struct report *r);

#endif
