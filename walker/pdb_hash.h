/* pdb_hash.h - the hash under which a PDB files its names.
 *
 * Source    Published source of the format's owner [doc]; values of known names in real files
 *           [seen]. */
#ifndef WALKER_PDB_HASH_H
#define WALKER_PDB_HASH_H

#include <stddef.h>
#include <stdint.h>

/* Before it is reduced to a number of buckets. ASCII letters hash alike in both cases. */
uint32_t kdw_pdb_hash(const char *name, size_t len);

#endif
