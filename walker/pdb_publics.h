/* pdb_publics.h - symbols of a PDB by name, through the file's own hash tables.
 *
 * Public symbols (PSGSI) first, then globals (GSI), which only private PDBs fill. Where the table of
 * publics is damaged or of an older form, all publics are looked through instead (AddrMap).
 *
 * Lifetime  Borrows the container's bytes.
 * Source    Format owner's published source [doc], real PDBs [seen]. */
#ifndef WALKER_PDB_PUBLICS_H
#define WALKER_PDB_PUBLICS_H

#include "msf.h"
#include "pdb_address.h"

enum { KDW_GSI_BITMAP_WORDS = 129 }; /* 4096 buckets and one for free entries, a bit each */

struct kdw_gsi { /* one hash table: from a name's bucket to records in the symbol stream */
    const uint8_t *entries; /* NULL: no usable table */
    uint32_t entry_count;
    const uint8_t *bitmap;
    const uint8_t *buckets; /* one a bit that is set */
    uint32_t bucket_count;
    uint16_t set_below[KDW_GSI_BITMAP_WORDS]; /* bits set in all words before this one */
};

struct kdw_pdb_publics {
    struct kd_span records; /* the symbol record stream */
    struct kdw_gsi publics, globals;
    bool has_globals;           /* there is a GSI, usable or not */
    struct kd_span address_map; /* offsets of all publics' records */
};

struct kdw_symbol_streams {
    uint16_t globals, publics, records;
};

enum kd_status kdw_pdb_publics_open(struct kdw_msf *msf, const struct kdw_symbol_streams *streams,
                                    struct kd_diag *diag, struct kdw_pdb_publics *out);
/* Exactly that name. KD_ERR_NOT_FOUND; KD_ERR_MALFORMED: not found, but not all could be looked at.
 */
enum kd_status kdw_pdb_publics_find(const struct kdw_pdb_publics *p, const char *name,
                                    struct kdw_seg_offset *out);

/* The public symbols one by one: the i-th of count, ascending by section and offset. */
size_t kdw_pdb_publics_count(const struct kdw_pdb_publics *p);
uint32_t kdw_pdb_publics_record(const struct kdw_pdb_publics *p, size_t i);
/* What a record says. KD_ERR_NOT_FOUND: it is damaged, no address, or of old tools, whose names have no
 * end of their own. */
enum kd_status kdw_pdb_publics_read(const struct kdw_pdb_publics *p, uint32_t record,
                                    const char **name, struct kdw_seg_offset *at);

#endif
