/* kernel.h - the NT kernel of a target: where it is, which one it is, its symbols.
 *
 * kernel.c opens it and asks its symbols, kernel_symbols.c finds them.
 *
 * Lifetime  The caller owns it from _open to _close; mem, target and diag are borrowed and must
 *           outlive it; its symbols are its own.
 * Source    Kernel base from GetVersion64 [seen]; headers and RSDS as in pe.h. */
#ifndef WALKER_KERNEL_H
#define WALKER_KERNEL_H

#include <kdproto/diag.h>
#include <walker/mem.h>
#include <walker/pe.h>
#include <walker/symbols.h>
#include <walker/target.h>

#ifdef __cplusplus
extern "C" {
#endif

struct kdw_kernel {
    struct kdw_mem *mem;
    const struct kdw_target *target;
    struct kd_diag *diag;
    uint64_t base_va;
    /* Headers and identity. Where they cannot be read: what the list of modules knows of them, and
     * zero where it cannot be read either. */
    struct kdw_pe pe;
    struct kdw_symbols *symbols; /* NULL until found */
};

enum { /* kinds of symbols */
       KDW_SYMBOLS_PDB = 1 << 0,
       KDW_SYMBOLS_ISF = 1 << 1,
       KDW_SYMBOLS_BUILTIN = 1 << 2,
       KDW_SYMBOLS_ANY = (1 << 3) - 1,
};

struct kdw_symbol_server; /* symstore.h */

struct kdw_symbol_options {
    unsigned kinds;                         /* KDW_SYMBOLS_..., which may be used */
    const char *symbol_path;                /* for PDBs, see symstore.h */
    const struct kdw_symbol_server *server; /* for the URLs on it; NULL: no network is used */
    const char *isf_first; /* folders, see isf_store.h, that the user named: before any PDB */
    const char *isf_last;  /* those where such files are usually kept: after it; NULL: none */
};

/* Read headers and identity. Headers that cannot be read are no failure, and diag says so: a target
 * may page them out. Time stamp and size are then those in the list of modules. */
enum kd_status kdw_kernel_open(struct kdw_mem *mem, const struct kdw_target *target,
                               struct kd_diag *diag, struct kdw_kernel *out);
/* Find its symbols and use them: an ISF file of isf_first, a PDB, an ISF file of isf_last, built-in
 * tables; the first that there is. kdw_symbols_origin(k->symbols) says which it was, and
 * kdw_symbols_is_guess whether anybody had to guess. KD_ERR_NOT_FOUND: diag says what is wanted. On
 * success diag holds what was remarked on the way, or nothing. */
enum kd_status kdw_kernel_load_symbols(struct kdw_kernel *k,
                                       const struct kdw_symbol_options *options);
/* Use symbols that came from elsewhere, after a check against the running image: PsLoadedModuleList
 * must be where the target says, else KD_ERR_MISMATCH. They belong to k on success only. */
enum kd_status kdw_kernel_use_symbols(struct kdw_kernel *k, struct kdw_symbols *symbols);
void kdw_kernel_close(struct kdw_kernel *k);

/* Address of a kernel variable. KD_ERR_NOT_FOUND where the symbols lack it; diag names it. */
enum kd_status kdw_kernel_symbol(struct kdw_kernel *k, const char *name, uint64_t *va);
/* The other way round: the symbol at va, or the nearest below, and how far below. KD_ERR_NOT_FOUND:
 * outside the image, or nothing there has a name. Reads no memory. */
enum kd_status kdw_kernel_symbol_near(struct kdw_kernel *k, uint64_t va, const char **name,
                                      uint64_t *offset);

#ifdef __cplusplus
}
#endif
#endif
