/* isf_write.h - what a walk needs of a kernel's symbols, as a small Volatility 3 symbol file (ISF).
 *
 * The types and variables of walk_names.h, as far as the symbols have them, and the types that those
 * contain: 300 KB for a real kernel, whose PDB has 10 MB. What is only pointed to is named and not
 * defined. isf.h reads it back with the same answers, and so does Volatility 3 what is in it.
 *
 * Against the symbols that it is made of: members of nameless parts are those of the whole, as they
 * are asked for anyway; members of a type that nobody understands are missing; "int" is "long".
 *
 * Source    Schema 6: converted files of real kernels [seen]. */
#ifndef WALKER_ISF_WRITE_H
#define WALKER_ISF_WRITE_H

#include <kdproto/diag.h>
#include <walker/pdb_id.h>
#include <walker/symbols.h>

#ifdef __cplusplus
extern "C" {
#endif

struct kdw_isf_metadata {
    struct kdw_pdb_id pdb;
    uint16_t machine;             /* as image headers number it */
    const char *producer_version; /* of kdwalk */
};

struct kdw_isf_counts { /* of what was written */
    size_t types, symbols;
};

/* The text of such a file, from malloc and without an end of line; len: without its NUL. Whatever the
 * symbols answer that are damaged: diag says which type it was. KD_ERR_LIMIT: more, or larger types
 * than any kernel has. KD_ERR_UNSUPPORTED in a build without the library for it. */
enum kd_status kdw_isf_write(struct kdw_symbols *symbols, const struct kdw_isf_metadata *metadata,
                             struct kd_diag *diag, char **text, size_t *len,
                             struct kdw_isf_counts *counts);

#ifdef __cplusplus
}
#endif
#endif
