#include <walker/walk_names.h>

#include "builtin_data.h"
#include "symbol_table.h"

/* What paging.c, pte.c, cpu.c and evidence.c learn from symbols; no kernel's built-in table has it. */
static const char *const more_types[] = {"_MI_SYSTEM_INFORMATION", "_MMPTE_PROTOTYPE",
                                         "_MMPTE_SOFTWARE", "_MMPTE_TRANSITION",
                                         "HAL_PRIVATE_DISPATCH"};
static const char *const more_symbols[] = {"MiState",   "EtwpGetHostPerfCounter", "KiKvaShadow",
                                           "MmPteBase", "PspJobListLock",         "VslVsmEnabled"};

enum { NAMES = UINT16_MAX + 1 }; /* places in the tables' pool of names */

struct names {
    kdw_name_visit *visit;
    void *ctx;
    uint8_t seen[NAMES / 8]; /* a bit for each name that was visited */
    bool is_over;
};

static void visit_once(struct names *n, uint16_t name)
{
    uint8_t bit = (uint8_t)(1u << (name & 7));

    if (n->is_over || (n->seen[name >> 3] & bit))
        return;
    n->seen[name >> 3] |= bit;
    n->is_over = !n->visit(n->ctx, kdw_builtin_names + name);
}

static void visit_layout(struct names *n, uint8_t layout)
{
    const struct kdw_builtin_layout *l = &kdw_builtin_layouts[layout];

    for (size_t i = 0; i < l->count; i++) {
        const struct kdw_builtin_type *type =
            &kdw_builtin_types[kdw_builtin_layout_types[l->first + i]];

        if (type->space != KDW_SPACE_BASE)
            visit_once(n, type->name);
    }
}

void kdw_walk_each_type_name(kdw_name_visit *visit, void *ctx)
{
    struct names n = {.visit = visit, .ctx = ctx};

    for (size_t i = 0; i < kdw_builtin_kernel_count; i++)
        visit_layout(&n, kdw_builtin_kernels[i].layout);
    for (size_t i = 0; i < kdw_builtin_revision_count; i++)
        visit_layout(&n, kdw_builtin_revisions[i].layout);
    for (size_t i = 0; i < sizeof more_types / sizeof more_types[0] && !n.is_over; i++)
        n.is_over = !visit(ctx, more_types[i]);
}

void kdw_walk_each_symbol_name(kdw_name_visit *visit, void *ctx)
{
    bool goes_on = true;

    for (size_t i = 0; i < kdw_builtin_symbol_count && goes_on; i++)
        goes_on = visit(ctx, kdw_builtin_names + kdw_builtin_symbols[i]);
    for (size_t i = 0; i < sizeof more_symbols / sizeof more_symbols[0] && goes_on; i++)
        goes_on = visit(ctx, more_symbols[i]);
}
