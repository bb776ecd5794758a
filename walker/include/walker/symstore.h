/* symstore.h - from an RSDS record to a verified PDB file on a symbol path.
 *
 * The path has the grammar of _NT_SYMBOL_PATH: entries separated by ';', each a plain directory of
 * PDBs, a store (name/key/name below it, flat or two-tier), or "srv*dir*dir" / "cache*dir". URLs
 * are skipped with a remark: nothing here touches a network.
 *
 * Source    docs of the original tools [doc]; layout of real stores [seen]. */
#ifndef WALKER_SYMSTORE_H
#define WALKER_SYMSTORE_H

#include <kdproto/diag.h>
#include <walker/pdb.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Open the PDB of that identity; the first match on the path wins. KD_ERR_NOT_FOUND: diag says which
 * key is wanted, where it belongs, where was looked and, where a PDB of another kernel lay in the
 * way, both identities. On success diag holds what was remarked on the way, or nothing. */
enum kd_status kdw_symstore_open(const char *path, const struct kdw_pdb_id *id,
                                 struct kd_diag *diag, struct kdw_symbols **out);

#ifdef __cplusplus
}
#endif
#endif
