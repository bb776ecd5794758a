/* isf.h - a Volatility 3 symbol file (ISF), .json or .json.xz, as kdw_symbols.
 *
 * Read once, whole: 35,000 symbols and 1,500 types of a kernel take 4 MiB and the file is closed
 * again. It is made from a PDB and bears its identity.
 *
 * Against a PDB: the order of declaration is lost, so members come by offset; the few names that
 * the converter dropped are missing; types without a tag are "<unnamed-tag>" here as there.
 *
 * Source    Schema 6 and its traps: converted files of real kernels [seen]. */
#ifndef WALKER_ISF_H
#define WALKER_ISF_H

#include <kdproto/diag.h>
#include <walker/pdb_id.h>
#include <walker/symbols.h>

#ifdef __cplusplus
extern "C" {
#endif

/* KD_ERR_IO (cannot be opened), KD_ERR_UNSUPPORTED (compressed otherwise, another version, not of a
 * PDB; a build without the libraries for it), KD_ERR_MALFORMED, KD_ERR_TRUNCATED, KD_ERR_LIMIT. diag
 * is kept for later calls and must outlive the symbols. */
enum kd_status kdw_isf_open(const char *path, struct kd_diag *diag, struct kdw_symbols **out);
/* The same from bytes that the caller may free afterwards: tests and fuzzing. */
enum kd_status kdw_isf_open_bytes(const void *data, size_t len, struct kd_diag *diag,
                                  struct kdw_symbols **out);
/* Of the PDB that it was made from. */
void kdw_isf_identity(const struct kdw_symbols *isf, struct kdw_pdb_id *out);

#ifdef __cplusplus
}
#endif
#endif
