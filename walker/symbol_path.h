/* symbol_path.h - the grammar of a symbol path: which places to look at, in which order.
 *
 * Entries stand between ';'. "srv*a*b", "symsrv*symsrv.dll*a*b" and "cache*a" name stores, an http or
 * https URL a server, anything else a folder. An empty part stands for the default store, "srv*"
 * alone for that and the public server. What cannot be looked at from here comes out as a place too,
 * with the reason.
 *
 * Lifetime  Borrows the path and the default store's.
 * Source    Documentation of the original tools [doc]. */
#ifndef WALKER_SYMBOL_PATH_H
#define WALKER_SYMBOL_PATH_H

#include <stdbool.h>
#include <stddef.h>

#define KDW_PUBLIC_SERVER "https://msdl.microsoft.com/download/symbols"

enum { KDW_PLACE_MAX = 4096 }; /* with its NUL: what systems let a path be, or less */

enum kdw_place_kind {
    KDW_PLACE_STORE,  /* <name>/<key>/<name> below it */
    KDW_PLACE_FOLDER, /* PDBs right in it; a store if it says so itself */
    KDW_PLACE_SERVER, /* a store behind a URL */
    KDW_PLACE_SKIPPED,
};

struct kdw_place {
    enum kdw_place_kind kind;
    char text[KDW_PLACE_MAX]; /* cut short where it is skipped for its length */
    const char *why;          /* of one that is skipped */
    unsigned entry;           /* which of the path's; those of one number are a chain */
    bool is_cache;            /* of all the entries that follow */
};

struct kdw_symbol_path {
    const char *entry; /* what is still to be read */
    const char *chain; /* within an entry of several stores: the next one; else NULL */
    const char *chain_end;
    unsigned entries; /* so far */
    bool is_cache;    /* the chain */
    const char *default_store;
};

/* default_store: a folder; NULL: there is none. */
struct kdw_symbol_path kdw_symbol_path_of(const char *text, const char *default_store);
/* What may be shown of it: of a URL no password. */
const char *kdw_place_shown(const struct kdw_place *place);
/* False at the end. */
bool kdw_symbol_path_next(struct kdw_symbol_path *p, struct kdw_place *out);

#endif
