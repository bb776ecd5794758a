/* symstore.h - from an RSDS record to a verified PDB file on a symbol path.
 *
 * The path has the grammar of _NT_SYMBOL_PATH: entries separated by ';', each a plain directory of
 * PDBs, a store (name/key/name below it, flat or two-tier), "srv*dir*dir*https://..." or
 * "cache*dir". Nothing here touches a network: what asks the servers of a path is handed in. A PDB
 * that one of them has is kept in the first folder that takes it: a store to the left in its chain, a
 * cache to the left, the default store, and for as long as it is open, scratch.
 *
 * Source    docs of the original tools [doc]; layout of real stores [seen]. */
#ifndef WALKER_SYMSTORE_H
#define WALKER_SYMSTORE_H

#include <kdproto/diag.h>
#include <walker/pdb.h>

#ifdef __cplusplus
extern "C" {
#endif

struct kdw_symbol_server { /* what asks the servers of a symbol path */
    void *ctx;
    /* Fetch url into a file called path, in a folder that is there, if kdw_pdb_verify finds it to be
     * the one that is wanted; else leave nothing. KD_ERR_NOT_FOUND: the server does not have it.
     * KD_ERR_CANCELLED and KD_ERR_NO_MEMORY end the search, any other failure leads on. NULL: the
     * network is not to be used, and servers are skipped with a remark. */
    enum kd_status (*fetch)(void *ctx, const char *url, const char *path,
                            const struct kdw_pdb_id *wanted, struct kd_diag *diag);
    const char *default_store; /* for paths that name none; NULL: there is none */
    const char *scratch;       /* a folder for what can be kept nowhere; NULL: there is none */
};

/* Open the PDB of that identity; the first match on the path wins. server: NULL: neither servers
 * nor a default store. KD_ERR_NOT_FOUND: diag says which key is
 * wanted, where it belongs, where was looked and, where a PDB of another kernel lay in the way, both
 * identities. On success diag holds what was remarked on the way, or nothing. */
enum kd_status kdw_symstore_open(const char *path, const struct kdw_symbol_server *server,
                                 const struct kdw_pdb_id *id, struct kd_diag *diag,
                                 struct kdw_symbols **out);
/* Every PDB in the folders of a path, as on_file. KD_ERR_NOT_FOUND: there is no such folder. On success
 * diag holds where was not looked, or nothing. */
typedef void kdw_symstore_on_file(void *ctx, const char *path, const struct kdw_pdb_id *id);
enum kd_status kdw_symstore_list(const char *path, const struct kdw_symbol_server *server,
                                 void *ctx, kdw_symstore_on_file *on_file, struct kd_diag *diag);
/* Is the file the PDB of that identity? KD_ERR_MISMATCH: of another build, and diag says which. */
enum kd_status kdw_pdb_verify(const char *path, const struct kdw_pdb_id *id, struct kd_diag *diag);

#ifdef __cplusplus
}
#endif
#endif
