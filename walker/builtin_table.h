/* builtin_table.h - what all candidates of a choice agree on, as kdw_symbols. */
#ifndef WALKER_BUILTIN_TABLE_H
#define WALKER_BUILTIN_TABLE_H

#include "builtin_choice.h"

/* A type is there when all candidates have it, with the fields that they have in one place; of one
 * candidate that is its layout. Landmarks count as symbols where the candidates' addresses are not
 * known. Where the symbols come from is the caller's to say. diag must outlive them. */
enum kd_status kdw_builtin_table(const struct kdw_choice *choice,
                                 const struct kdw_landmark *landmarks, size_t count,
                                 struct kd_diag *diag, struct kdw_symbols **out);

#endif
