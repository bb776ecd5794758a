/* lab_kernel.h - a kernel of the lab with its own PDB, walked in memory that a test changes.
 *
 * Lifetime  lab_kernel_begin to lab_kernel_end. */
#ifndef TESTS_SUPPORT_LAB_KERNEL_H
#define TESTS_SUPPORT_LAB_KERNEL_H

#include "hostile_memory.h"

#include <walker/kernel.h>

enum { LAB_KERNELS = 4 };
extern const char *const lab_kernel_names[LAB_KERNELS];

struct lab_kernel {
    struct lab_machine *machine;
    struct hostile_memory *memory; /* _restore undoes what a test did */
    struct kdw_target target;
    struct kd_diag diag;
    struct kdw_kernel kernel;
};

void lab_kernel_begin(struct lab_kernel *l, const char *name);
void lab_kernel_end(struct lab_kernel *l);

/* Where a field is; false: this kernel has no such thing. */
bool lab_kernel_field(struct lab_kernel *l, const char *type, uint64_t va, const char *field,
                      uint64_t *field_va);
/* A pointer or word that must be there. */
uint64_t lab_kernel_u64(struct lab_kernel *l, uint64_t va);
size_t lab_kernel_size(struct lab_kernel *l, const char *type);
/* Take an entry out of a list, as the kernel does: its own links stay. field: NULL: they come first. */
void lab_kernel_unlink(struct lab_kernel *l, const char *type, uint64_t va, const char *field);
/* Somebody else has the memory now. */
void lab_kernel_overwrite(struct lab_kernel *l, uint64_t va, size_t len);

#endif
