/* pdb_types.h - the type records of a PDB (TPI stream): by index, and by name.
 *
 * What a record says is read in pdb_members.c. Records are found by walking on from marks that the
 * file has about every 8 KiB; names through the hash value that the file keeps for each type. A
 * forward reference is never found by its name, only a complete definition.
 *
 * Lifetime  Borrows the container's bytes; names point into them.
 * Bounds    The one table that may be made has an entry a type, and the file has at least 4 bytes a
 *           type.
 * Source    Format owner's published source [doc], real PDBs [seen]. */
#ifndef WALKER_PDB_TYPES_H
#define WALKER_PDB_TYPES_H

#include "msf.h"
#include "pdb_leaf.h"

#include <walker/symbols.h>

struct kdw_types {
    struct kd_span records;
    uint32_t first, end; /* the type indices there are: [first, end) */
    const uint8_t
        *hashes; /* a u32 a type, already reduced; NULL: names are looked for everywhere */
    uint32_t hash_buckets;
    const uint8_t *marks; /* pairs {type index, offset in records}; NULL: none that make sense */
    size_t mark_count;
    size_t walked;     /* records stepped over so far */
    uint32_t *offsets; /* of every type, made once walking has cost as much as making it */
};

struct kdw_record {
    uint16_t leaf;
    struct kd_reader body; /* after the leaf */
};

struct kdw_udt { /* a struct, class, union or enum */
    uint16_t leaf;
    uint16_t properties;    /* KDW_UDT_... */
    kdw_type_id fields;     /* its LF_FIELDLIST */
    kdw_type_id underlying; /* enum: its integer */
    uint64_t size;          /* struct, union */
    const char *name;
    const char *unique_name; /* NULL: none */
};

enum kd_status kdw_types_open(struct kdw_msf *msf, struct kd_diag *diag, struct kdw_types *out);
void kdw_types_close(struct kdw_types *t);

/* The record of a type. KD_ERR_NOT_FOUND: no such index; KD_ERR_TRUNCATED: the records end before
 * it. */
enum kd_status kdw_types_record(struct kdw_types *t, kdw_type_id type, struct kdw_record *out);
/* False when the record is none, or damaged. */
bool kdw_udt_decode(const struct kdw_record *rec, struct kdw_udt *out);
/* The complete definition of that name; of several the largest, of equally large ones the last. */
enum kd_status kdw_types_find(struct kdw_types *t, const char *name, kdw_type_id *out);
/* The definition that a forward reference stands for. */
enum kd_status kdw_types_definition(struct kdw_types *t, const struct kdw_udt *forward,
                                    kdw_type_id *out);

/* A zero-terminated string inside a record; NULL, and the reader failed, when there is none. */
const char *kdw_rd_string(struct kd_reader *r);

struct kdw_number {  /* CodeView's numbers of variable length */
    bool is_integer; /* false: a real, a string, or more than 64 bits */
    bool is_negative;
    uint64_t bits; /* two's complement */
};
/* Reads over any of the kinds there are; the reader fails on a kind that is not known. */
struct kdw_number kdw_rd_number(struct kd_reader *r);
/* A size or an offset: the reader fails unless it is one, below 4 GiB. */
uint64_t kdw_rd_size(struct kd_reader *r);

#endif
