/* facts.h - facts of a snapshot as people read them.
 *
 * What could not be read is "?" in its place; why, is told below all of them (view.h). What this kernel
 * does not have is "-". */
#ifndef CLI_FACTS_H
#define CLI_FACTS_H

#include "text.h"

#include <walker/value.h>

enum { GUID_TEXT = 37 }; /* with its NUL */

/* What stands in the place of a fact that is not known. */
const char *fact_unknown(enum kd_status st);

/* Known facts, or what stands in their place, at the end of t. */
void fact_number(struct text *t, const struct kdw_u64 *v);
void fact_hex(struct text *t, const struct kdw_u64 *v);     /* 0x1b */
void fact_address(struct text *t, const struct kdw_u64 *v); /* 16 digits */
/* "2018-06-22 11:04:38"; zero, which is no time: "-". */
void fact_time(struct text *t, const struct kdw_u64 *v);
void fact_guid(struct text *t, const struct kdw_guid *v);
/* Escaped; an empty text: "-". */
void fact_text(struct text *t, const struct kdw_text *v);
/* Its first characters, more than names have: where others refer to something by its name, which may be longer
 * than all else that is told of them. */
void fact_text_short(struct text *t, const struct kdw_text *v);
/* A number that has names, as in "started"; without one it stays a number. */
void fact_name(struct text *t, const struct kdw_u64 *v, const char *(*name_of)(uint64_t value));
/* The names of the bits that are set, separated by ", "; bits without a name, together, as 0x...;
 * "-" when there is neither. */
void fact_bits(struct text *t, const struct kdw_u64 *v, const char *(*name_of)(unsigned bit));

void guid_text(const uint8_t bytes[16], char out[GUID_TEXT]);
/* Some memory ran out: then it is said, and that the output is not whole. NULL is what text_take gives. */
bool text_is_lost(const char *taken);

#endif
