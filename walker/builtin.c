#include <walker/builtin.h>

#include "builtin_structures.h"
#include "builtin_table.h"

#include <stdlib.h>
#include <string.h>

static bool has_addresses(const struct kdw_choice *c)
{
    for (size_t i = 0; i < c->count; i++)
        if (c->candidates[i].kernel)
            return true;
    return false;
}

/* What the target names itself, then what was found in its memory. NULL: no memory. */
static struct kdw_landmark *join(const struct kdw_kernel_facts *facts,
                                 const struct kdw_found *found)
{
    struct kdw_landmark *all = calloc(facts->landmark_count + KDW_FOUND_MAX, sizeof *all);

    if (!all)
        return NULL;
    if (facts->landmark_count > 0)
        memcpy(all, facts->landmarks, facts->landmark_count * sizeof *all);
    memcpy(all + facts->landmark_count, found->all, sizeof found->all);
    return all;
}

enum kd_status kdw_builtin_open(const struct kdw_kernel_facts *facts, struct kd_diag *diag,
                                struct kdw_symbols **out)
{
    char text[KDW_CHOICE_TEXT_MAX];
    struct kdw_choice choice = {.way = KDW_BY_STRUCTURES};
    struct kdw_found found = {.count = 0};
    struct kdw_landmark *landmarks;
    struct kdw_symbols *symbols;
    enum kd_status st = KD_OK;

    (void)kdw_builtin_choose(facts, &choice);
    if (facts->mem && !has_addresses(&choice))
        st = kdw_builtin_look(facts, &choice, &found);
    if (st != KD_OK)
        return kdw_explain_read(diag, st, "structures of the kernel");
    if (choice.count == 0)
        return kd_diag_set(diag, KD_ERR_NOT_FOUND, "the built-in tables do not know this kernel%s",
                           facts->mem ? ", nor do structures in its memory fit them" : "");
    landmarks = join(facts, &found);
    if (!landmarks)
        return kd_diag_set(diag, KD_ERR_NO_MEMORY, "out of memory");
    st = kdw_builtin_table(&choice, landmarks, facts->landmark_count + found.count, diag, &symbols);
    free(landmarks);
    if (st != KD_OK)
        return st;
    kdw_choice_text(&choice, facts, text);
    kdw_symbols_set_origin(symbols, "built-in tables of %s", text);
    symbols->is_guess = kdw_choice_is_guess(&choice);
    *out = symbols;
    return KD_OK;
}
