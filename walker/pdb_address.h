/* pdb_address.h - where in the image a symbol is: section and offset to RVA.
 *
 * Images that were reordered after linking (32-bit kernels up to Windows 7) carry a map from old to
 * new addresses (OMAP); ignoring it would give wrong addresses without a sign of it.
 *
 * Lifetime  Borrows the container's bytes.
 * Source    Format owner's published source [doc]; section headers of real PDBs [seen]; OMAP: no
 *           sample, several readers agree [doc]. */
#ifndef WALKER_PDB_ADDRESS_H
#define WALKER_PDB_ADDRESS_H

#include "msf.h"

struct kdw_seg_offset { /* as symbol records have it; segment 1 is the first section */
    uint16_t segment;
    uint32_t offset;
};

struct kdw_pdb_sections {
    struct kd_span headers; /* of the image, or from before reordering when there is an OMAP */
    struct kd_span omap;    /* sorted pairs {from RVA, to RVA}; empty: not reordered */
};

/* The three streams of the debug header; KDW_MSF_NO_STREAM where absent. If only one of the last
 * two is there, nothing can be translated: the image's own sections are used and diag says so. */
struct kdw_section_streams {
    uint16_t sections, omap_from_source, original_sections;
};

/* KD_ERR_MALFORMED: an OMAP that is not sorted; its addresses are refused rather than guessed. */
enum kd_status kdw_pdb_sections_open(struct kdw_msf *msf, const struct kdw_section_streams *streams,
                                     struct kd_diag *diag, struct kdw_pdb_sections *out);
/* How many sections there are; where the n-th begins, from 1 on, is the address {n, 0}. */
size_t kdw_pdb_section_count(const struct kdw_pdb_sections *s);
/* KD_ERR_NOT_FOUND: absolute, made up by the linker, or dropped when the image was reordered. */
enum kd_status kdw_pdb_rva(const struct kdw_pdb_sections *s, struct kdw_seg_offset at,
                           uint64_t *rva);

#endif
