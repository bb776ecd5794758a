/* isf_json.h - the JSON text of an ISF file into a symbol table.
 *
 * The two outer levels are walked (isf_text.h); each value in them, a symbol or a whole type, is parsed by
 * the library, taken over and dropped. So the cost is that of the largest value instead of the whole
 * document's, some 40 MB for a real one.
 *
 * Bounds    isf_text.h's; 32 types within types.
 * Source    Schema 6 and its traps: the converter's files for real kernels [seen]. */
#ifndef WALKER_ISF_JSON_H
#define WALKER_ISF_JSON_H

#include "arena.h"
#include "symbol_table.h"

#include <walker/pdb_id.h>

struct kdw_isf {
    struct kdw_symbol_table table; /* first: its arrays, and those of shapes, are from malloc */
    struct kdw_arena arena;        /* names, fields, constants */
    struct kdw_pdb_id id;
};

/* Fills *out, whose diag is set and the rest zero; on failure what is in there is to be freed as
 * well. KD_ERR_TRUNCATED, KD_ERR_MALFORMED, KD_ERR_UNSUPPORTED, KD_ERR_LIMIT, KD_ERR_NO_MEMORY. */
enum kd_status kdw_isf_parse(const char *text, size_t len, struct kdw_isf *out);

#endif
