/* pdb_members.h - what the type records of a PDB say: kinds, sizes, members, enum constants.
 *
 * The functions behind kdw_type_describe, _field, _each_field, _enum_name and _each_constant
 * for a PDB.
 *
 * Bounds    Types within types at most 32 deep; LF_INDEX continuations at most 64; 65536 entries
 *           and 256 bases a walk, so that a hostile file costs a bounded time.
 * Errors    A damaged list yields what stands before the damage, then its status.
 * Source    Format owner's published source [doc], real PDBs [seen]. */
#ifndef WALKER_PDB_MEMBERS_H
#define WALKER_PDB_MEMBERS_H

#include "pdb_types.h"

/* Never fails on damage, which yields KDW_TYPE_UNKNOWN; KD_ERR_NO_MEMORY only. */
enum kd_status kdw_types_describe(struct kdw_types *t, kdw_type_id type, struct kdw_type *out);
enum kd_status kdw_types_each_field(struct kdw_types *t, kdw_type_id type, kdw_field_visit *visit,
                                    void *ctx);
enum kd_status kdw_types_field(struct kdw_types *t, kdw_type_id type, const char *name,
                               struct kdw_field *out);
enum kd_status kdw_types_enum_name(struct kdw_types *t, kdw_type_id type, int64_t value,
                                   const char **name);
enum kd_status kdw_types_each_constant(struct kdw_types *t, kdw_type_id type,
                                       kdw_constant_visit *visit, void *ctx);

#endif
