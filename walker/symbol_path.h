/* symbol_path.h - the grammar of a symbol path: which places to look at, in which order.
 *
 * Entries stand between ';'. "srv*a*b", "symsrv*symsrv.dll*a*b" and "cache*a" name stores, anything
 * else a folder. What cannot be looked at from here comes out as a place too, with the reason.
 *
 * Lifetime  Borrows the path.
 * Source    Documentation of the original tools [doc]. */
#ifndef WALKER_SYMBOL_PATH_H
#define WALKER_SYMBOL_PATH_H

#include <stdbool.h>
#include <stddef.h>

enum { KDW_PLACE_MAX = 4096 }; /* with its NUL: what systems let a path be, or less */

enum kdw_place_kind {
    KDW_PLACE_STORE,  /* <name>/<key>/<name> below it */
    KDW_PLACE_FOLDER, /* PDBs right in it; a store if it says so itself */
    KDW_PLACE_SKIPPED,
};

struct kdw_place {
    enum kdw_place_kind kind;
    char text[KDW_PLACE_MAX]; /* cut short where it is skipped for its length */
    const char *why;          /* of one that is skipped */
};

struct kdw_symbol_path {
    const char *entry; /* what is still to be read */
    const char *chain; /* within an entry of several stores: the next one; else NULL */
    const char *chain_end;
};

struct kdw_symbol_path kdw_symbol_path_of(const char *text);
/* False at the end. */
bool kdw_symbol_path_next(struct kdw_symbol_path *p, struct kdw_place *out);

#endif
