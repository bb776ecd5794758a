/* builtin_structures.h - layouts and addresses that a target's memory tells. */
#ifndef WALKER_BUILTIN_STRUCTURES_H
#define WALKER_BUILTIN_STRUCTURES_H

#include "builtin_choice.h"

enum { KDW_FOUND_MAX = 2 };

struct kdw_found { /* variables of the kernel */
    struct kdw_landmark all[KDW_FOUND_MAX];
    size_t count;
};

/* Hold the candidates' layouts against facts->mem, all layouts where there is no candidate yet. What
 * fits better than the rest remains. Where nothing does, *choice stays as it is. Fails with what ends a
 * walk, and KD_ERR_NO_MEMORY. */
enum kd_status kdw_builtin_look(const struct kdw_kernel_facts *facts, struct kdw_choice *choice,
                                struct kdw_found *found);

#endif
