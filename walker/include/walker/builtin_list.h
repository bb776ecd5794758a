/* builtin_list.h - which kernels the built-in tables know. */
#ifndef WALKER_BUILTIN_LIST_H
#define WALKER_BUILTIN_LIST_H

#include <walker/pdb_id.h>

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

struct kdw_builtin_entry {
    char version[24];         /* "10.0.18362.535" */
    bool has_pdb;             /* found by the identity of its PDB, with types and addresses; */
    struct kdw_pdb_id pdb;    /* which is this one, its name left empty */
    uint32_t timestamp, size; /* else by its image, with its types */
};

/* All of them, those with a PDB first. False: there are no more. */
bool kdw_builtin_entry_at(size_t i, struct kdw_builtin_entry *out);

#ifdef __cplusplus
}
#endif
#endif
