/* pdb_near.h - from an address back to a name: the public symbol at it, or the nearest below.
 *
 * Lifetime  Begins as {0}; _close frees it. Borrows the container's bytes.
 * Source    Address map: offsets of all publics' records [doc][seen]. It is sorted by the address
 *           before a reordering, so it is sorted again here, by RVA. */
#ifndef WALKER_PDB_NEAR_H
#define WALKER_PDB_NEAR_H

#include "pdb_publics.h"

struct kdw_pdb_near {
    struct kdw_pdb_near_entry
        *entries; /* ascending by RVA, of publics at one RVA the first in the file */
    size_t len;
};

/* KD_ERR_NO_MEMORY. Records that make no sense are left out. */
enum kd_status kdw_pdb_near_open(const struct kdw_pdb_publics *p,
                                 const struct kdw_pdb_sections *sections, struct kdw_pdb_near *out);
void kdw_pdb_near_close(struct kdw_pdb_near *n);

/* p: the one it was made of. KD_ERR_NOT_FOUND: nothing at or below rva in its section. */
enum kd_status kdw_pdb_near_find(const struct kdw_pdb_near *n, const struct kdw_pdb_publics *p,
                                 uint64_t rva, const char **name, uint64_t *name_rva);

#endif
