/* isf_store.h - from an RSDS record to a verified ISF file in a list of folders.
 *
 * The list has entries separated by ';'. Each is a folder that has the file in it, or under
 * "<PDB name>", "windows/<PDB name>" or "symbols/windows/<PDB name>", as the converter's users keep
 * them; or it is the file itself. The file is called <GUID>-<age in decimal>.json, or .json.xz.
 *
 * Source    Volatility 3's folders and file names: real files [seen]. */
#ifndef WALKER_ISF_STORE_H
#define WALKER_ISF_STORE_H

#include <walker/isf.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { KDW_ISF_NAME_MAX = KDW_PDB_GUID_MAX + 16 };
/* "616A94E33A4827B451B0E19C14C03792-1.json" */
void kdw_isf_file_name(const struct kdw_pdb_id *id, char name[KDW_ISF_NAME_MAX]);

/* Open the ISF file of that identity; the first match wins, and a file of another kernel is passed
 * over whatever its name. KD_ERR_NOT_FOUND: diag says what is wanted, and what lay in the way. On
 * success diag holds what was remarked on the way, or nothing. */
enum kd_status kdw_isf_store_open(const char *folders, const struct kdw_pdb_id *id,
                                  struct kd_diag *diag, struct kdw_symbols **out);

/* id: as the file's name has it, without a name of its own. */
typedef void kdw_isf_on_file(void *ctx, const char *path, const struct kdw_pdb_id *id);
/* Every file in these folders that is called as an ISF file is, unopened: whose it is, its name
 * says. A folder may be absent. On success diag holds what was skipped, or nothing. */
enum kd_status kdw_isf_store_list(const char *folders, void *ctx, kdw_isf_on_file *on_file,
                                  struct kd_diag *diag);

#ifdef __cplusplus
}
#endif
#endif
