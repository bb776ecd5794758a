/* process_find.h - one process of a kernel, by its id or its name, and where its page tables are.
 *
 * Looked for on the list of active processes, from its head on.
 *
 *     kdw_process_by_name(&kernel, "lsass.exe", &process);
 *     opts.dtb = process.dtb; kdw_paging_create(&opts, &space);
 *
 * Bounds    KDW_PROCESSES_MAX processes are looked at.
 * Errors    KD_ERR_NOT_FOUND: there is none, or not before the list breaks off; KD_ERR_USAGE: several have that
 *           name; what kd_is_unreadable names: the process is there, its page-table root is not. diag
 *           explains. On success diag holds what makes the answer less sure, or nothing.
 * Source    _EPROCESS, _KPROCESS.DirectoryTableBase, PsActiveProcessHead: public symbols [seen]. That
 *           the root named there shows user and kernel space alike, also where programs run on tables of
 *           their own (KVA shadow) [doc]. */
#ifndef WALKER_PROCESS_FIND_H
#define WALKER_PROCESS_FIND_H

#include <walker/kernel.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    KDW_PROCESSES_MAX =
        65536, /* a kernel's ids are multiples of 4; ten thousand processes are many */
    KDW_PROCESS_NAME_KEPT = 14, /* characters of a name that the kernel keeps */
};

struct kdw_found_process {
    uint64_t va; /* of its _EPROCESS */
    uint64_t id;
    uint64_t dtb; /* as DirectoryTableBase has it */
};

/* k must have its symbols. */
enum kd_status kdw_process_by_id(struct kdw_kernel *k, uint64_t id, struct kdw_found_process *out);
/* Upper and lower case are the same. Of longer names those first characters count that the kernel
 * keeps. */
enum kd_status kdw_process_by_name(struct kdw_kernel *k, const char *name,
                                   struct kdw_found_process *out);

#ifdef __cplusplus
}
#endif
#endif
