/* builtin.h - the built-in tables as kdw_symbols: kernels that can be walked with no symbol file.
 *
 * 180 kernels of 14393 to 22000 and Server 2022 with their types and 57 addresses, found by the
 * identity of their PDB; 1,228 revisions of 14393 to 26100 with their types, found by time stamp and
 * size of their image. Never by a build number: updates moved fields within a build.
 *
 * Where a kernel says neither, it is guessed by its landmarks: variables whose address the target
 * itself names. All kernels that have two or more of them in the very places, and none elsewhere,
 * are taken together, and only what they agree on is answered.
 *
 * A kernel that none of this tells is looked at: which of the layouts fit the structures in its
 * memory? Those that do, and of which no other explains more of them, are taken together in the same
 * way; at least two structures that lie apart must agree. So are addresses found where the tables have
 * types alone. Memory can lie: a guess it stays.
 *
 * The types are those that a walk needs, some of them with the fields that it needs only; what a
 * field's type is called is always known, what is in it not always.
 *
 * Source    tables/README.md. */
#ifndef WALKER_BUILTIN_H
#define WALKER_BUILTIN_H

#include <kdproto/diag.h>
#include <walker/mem.h>
#include <walker/pdb_id.h>
#include <walker/symbols.h>

#ifdef __cplusplus
extern "C" {
#endif

struct kdw_landmark { /* a variable of the kernel */
    const char *name; /* in static storage */
    uint64_t rva;
};

struct kdw_kernel_facts { /* what can be known of a kernel without symbols; 0 and NULL: it is not */
    const struct kdw_pdb_id *pdb_id;
    uint32_t timestamp, image_size; /* of its headers */
    const struct kdw_landmark *landmarks;
    size_t landmark_count;
    /* Where to look for structures of a kernel that all this does not tell; NULL: nowhere. */
    struct kdw_mem *mem;
    uint64_t base_va; /* of its image */
};

/* KD_ERR_NOT_FOUND: none of the tables' kernels, or what ends a walk of facts->mem, which is not used
 * any more once this returns. The landmarks count as symbols where the tables have none. diag is kept
 * for later calls and must outlive the symbols. */
enum kd_status kdw_builtin_open(const struct kdw_kernel_facts *facts, struct kd_diag *diag,
                                struct kdw_symbols **out);

#ifdef __cplusplus
}
#endif
#endif
