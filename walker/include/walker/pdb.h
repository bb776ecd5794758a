/* pdb.h - a Microsoft PDB 7.00 file as kdw_symbols.
 *
 * The file is mapped, not read. Symbols are found through the file's own hash table, types through
 * its hash values; no full scan, nothing copied but what is not contiguous.
 *
 * Lifetime  kdw_symbols_close ends it and unmaps the file.
 * Source    Container and streams: the format owner's published source and real files [doc][seen].
 */
#ifndef WALKER_PDB_H
#define WALKER_PDB_H

#include <kdproto/diag.h>
#include <walker/pdb_id.h>
#include <walker/symbols.h>

#ifdef __cplusplus
extern "C" {
#endif

/* KD_ERR_IO (cannot be opened), KD_ERR_UNSUPPORTED (PDB 2.0, portable PDB, compressed),
 * KD_ERR_MALFORMED, KD_ERR_TRUNCATED. diag is kept for later calls and must outlive the symbols. */
enum kd_status kdw_pdb_open(const char *path, struct kd_diag *diag, struct kdw_symbols **out);
/* The same over bytes that the caller keeps: tests and fuzzing. */
enum kd_status kdw_pdb_open_bytes(const void *data, size_t len, struct kd_diag *diag,
                                  struct kdw_symbols **out);
/* What the file says of itself; name is left empty. The age is the DBI stream's, or the info
 * stream's where that is 0. */
void kdw_pdb_identity(const struct kdw_symbols *pdb, struct kdw_pdb_id *out);
/* What its image runs on, as image headers number it: 0x8664 for x64. */
uint16_t kdw_pdb_machine(const struct kdw_symbols *pdb);

#ifdef __cplusplus
}
#endif
#endif
