/* modules.h - the kernel's list of loaded modules.
 *
 * Lifetime  The list owns its entries; kdw_module_list_free ends it.
 * Bounds    KDW_MODULES_MAX entries, cycles noticed, Blink checked.
 * Source    _KLDR_DATA_TABLE_ENTRY offsets, fixed because they are needed before any symbols: a
 *           8.1 kernel on the wire, public symbols of 18362, 19041 and 22000 [seen]. */
#ifndef WALKER_MODULES_H
#define WALKER_MODULES_H

#include <kdproto/diag.h>
#include <walker/mem.h>
#include <walker/value.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { KDW_MODULES_MAX = 4096 };

struct kdw_module {
    uint64_t entry_va;
    struct kdw_u64 base_va, size, checksum;
    struct kdw_u64 timestamp; /* the image's, a key rather than a date */
    struct kdw_text base_name, full_name;
};

struct kdw_module_list {
    struct kdw_module *modules;
    size_t len;
    enum kd_status end; /* as kdw_list.end: why the list stops early, at end_va */
    uint64_t end_va;
    bool has_gaps; /* the end, or part of an entry, could not be read */
};

/* The first module alone, which is the kernel [seen]: its entry is read and no other. KD_ERR_NOT_FOUND:
 * there is none. The caller frees it. */
enum kd_status kdw_first_module(struct kdw_mem *mem, uint64_t list_head_va, struct kd_diag *diag,
                                struct kdw_module *out);
/* Whether the names of a module, of which all else is known by now, are known as well: then it fills them in, and
 * *st says how that went. */
typedef bool kdw_keep_names(const void *ctx, struct kdw_module *m, enum kd_status *st);
/* The module whose entry is at va, into one that was zero; keep: NULL: its names are read. Fails with what ends a
 * walk only; the caller frees it even then. */
enum kd_status kdw_module_read(struct kdw_mem *mem, uint64_t va, kdw_keep_names *keep,
                               const void *ctx, struct kdw_module *m);
void kdw_module_free(struct kdw_module *m);

/* Fails only when the list cannot be entered at all (and with what ends a walk). */
enum kd_status kdw_modules(struct kdw_mem *mem, uint64_t list_head_va, struct kd_diag *diag,
                           struct kdw_module_list *out);
void kdw_module_list_free(struct kdw_module_list *l);

#ifdef __cplusplus
}
#endif
#endif
