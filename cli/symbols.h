/* symbols.h - the parts of kdwalk symbols that are more than a call of the walker: which, list, export.
 *
 * Private to cmd_symbols.c and the files called symbols_*.c. */
#ifndef CLI_SYMBOLS_H
#define CLI_SYMBOLS_H

#include "cli.h"

#include <walker/kernel.h>

/* "wanted" and "key", as lines or members of a document, which also says where it was found. */
void symbols_print_wanted(const struct kdw_pdb_id *id);

/* ---- which: symbols_which.c ---- */

enum { SYMBOLS_WAYS = 4 };

struct symbols_way {
    bool is_found, is_guess;
    enum kd_status status;
    struct kd_diag origin, remark; /* where they are; what was passed over, or why there are none */
};

struct symbols_which { /* a kernel, and what every way to its symbols leads to */
    struct kdw_target target;
    struct kdw_kernel kernel;
    struct kd_diag headers; /* why they do not name a PDB; or nothing */
    struct symbols_way ways[SYMBOLS_WAYS];
};

/* Take over an open kernel, and what only its memory can tell: whether the built-in tables know it.
 * Neither its memory nor its target is used after that; diag must outlive it. A failure ends the walk,
 * as kdw_ends_walk has it. */
enum kd_status symbols_which_read(struct symbols_which *w, const struct kdw_kernel *kernel,
                                  const struct kdw_symbol_options *options);
/* Every other way. Uses no server. */
void symbols_which_look(struct symbols_which *w, const struct kdw_symbol_options *options);
/* CLI_FAILED, which it says: none of them leads anywhere. */
enum cli_exit symbols_which_print(const struct symbols_which *w,
                                  const struct kdw_symbol_options *options, bool json);

/* ---- list: symbols_list.c ---- */

enum cli_exit symbols_list(struct cli *c);

/* ---- export: symbols_export.c ---- */

/* Write what a walk needs of a PDB to where -o says. id: its name is the PDB's. */
enum cli_exit symbols_export(struct cli *c, struct kdw_symbols *pdb, const struct kdw_pdb_id *id);
/* The same of a PDB file. */
enum cli_exit symbols_export_file(struct cli *c, const char *path);

#endif
