/* dt_value.h - a type's name and a value's text, as dt shows them; private to cli/dt*.c.
 *
 * Source    Values: dt listings of two published analyses [seen]; what they do not show follows
 *           public listings of WinDbg's dt [doc]. */
#ifndef CLI_DT_VALUE_H
#define CLI_DT_VALUE_H

#include "text.h"

#include <walker/kernel.h>

enum { DT_NESTING_MAX = 8 }; /* arrays of pointers to pointers ...: enough for any of them */

/* "Uint4B", "Ptr64 _EPROCESS", "[8] Uint2B", "Pos 3, 1 Bit". */
void dt_add_type(struct text *t, struct kdw_kernel *k, kdw_type_id id);
/* "_EPROCESS". */
void dt_add_tag(struct text *t, const struct kdw_type *type);
/* The value of that type at va. On failure *fault_va is what could not be read, and t holds the
 * beginning at most. */
enum kd_status dt_add_value(struct text *t, struct kdw_kernel *k, kdw_type_id id, uint64_t va,
                            uint64_t *fault_va);

#endif
