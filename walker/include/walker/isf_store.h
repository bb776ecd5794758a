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

/* Open the ISF file of that identity; the first match wins, and a file of another kernel is passed
 * over whatever its name. KD_ERR_NOT_FOUND: diag says what is wanted, and what lay in the way. On
 * success diag holds what was remarked on the way, or nothing. */
enum kd_status kdw_isf_store_open(const char *folders, const struct kdw_pdb_id *id,
                                  struct kd_diag *diag, struct kdw_symbols **out);

#ifdef __cplusplus
}
#endif
#endif
