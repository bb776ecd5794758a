/* record_text.h - any record of a snapshot in a line for people: what it is called, and its facts one by one.
 *
 * Where one form for all tables is wanted, as in differences and events; views of one table say more. */
#ifndef CLI_RECORD_TEXT_H
#define CLI_RECORD_TEXT_H

#include "text.h"

#include <walker/snapshot.h>

/* A fact, or what stands in its place (facts.h), at the end of t. Times are told to their last digit. */
void record_fact(struct text *t, const struct kdw_fact *fact, const void *record);
/* What people call it by, beside its address: "716 lsass.exe". Nothing where none of that is known. */
void record_name(struct text *t, enum kdw_table_id table, const void *record);

#endif
