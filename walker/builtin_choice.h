/* builtin_choice.h - which of the tables' kernels a target runs, from what it says of itself. */
#ifndef WALKER_BUILTIN_CHOICE_H
#define WALKER_BUILTIN_CHOICE_H

#include "builtin_data.h"

#include <walker/builtin.h>

enum {
    KDW_CANDIDATES_MAX = 16, /* with the same landmarks; of the tables' kernels up to 5 */
    KDW_CHOICE_TEXT_MAX = 512,
};

enum kdw_choice_way {
    KDW_BY_PDB,
    KDW_BY_IMAGE,
    KDW_BY_LANDMARKS,
    KDW_BY_STRUCTURES, /* candidates are layouts: their builds are not known */
};

struct kdw_candidate {
    const struct kdw_builtin_kernel *kernel; /* NULL: no addresses are known */
    uint16_t build, revision;
    uint8_t layout;
    enum kdw_builtin_confidence confidence; /* that the layout is this kernel's */
};

struct kdw_choice {
    enum kdw_choice_way way;
    struct kdw_candidate candidates[KDW_CANDIDATES_MAX];
    size_t count;
    unsigned seen;            /* enum kdw_probe_structure: those that agree with the candidates */
    bool has_found_addresses; /* by these structures */
};

/* By all ways but structures. False: none, or too many to be of use. */
bool kdw_builtin_choose(const struct kdw_kernel_facts *facts, struct kdw_choice *out);
/* Anything but one kernel, known by an identity, with its very own types. */
bool kdw_choice_is_guess(const struct kdw_choice *c);
/* "10.0.18362.535, by the identity of its PDB" */
void kdw_choice_text(const struct kdw_choice *c, const struct kdw_kernel_facts *facts,
                     char text[KDW_CHOICE_TEXT_MAX]);
/* Where a kernel has a symbol of the tables; 0: it has none. */
uint32_t kdw_builtin_rva(const struct kdw_builtin_kernel *k, size_t symbol);

#endif
