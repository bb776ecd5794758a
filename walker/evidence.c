/* evidence.c - what checks want beside the rest: loaded modules, and the kernel's variables that somebody
 * who wants to hide would change.
 *
 * Source    Names: public symbols of 180 kernels [seen]; lengths of arrays: the distance to what lies behind
 *           them in three of those [seen]; what they are for: public descriptions of attacks [doc]. */
#include "walk.h"

#include <walker/modules.h>

enum {
    POINTER_LEN = 8,
    HAL_ENTRIES =
        64, /* of a table whose type the symbols lack; the shortest that was seen has 148 */
    HAL_ENTRIES_MAX = 256,
};

enum variable_kind {
    POINTER, /* or another word of 8 bytes */
    CODE     /* a function: only where it is */
};

static const struct variable {
    const char *name;
    enum variable_kind kind;
    size_t count; /* an array of so many */
} variables[] = {
    {"EtwThreatIntProvRegHandle", POINTER, 1},
    {"EtwKernelProvRegHandle", POINTER, 1},
    {"EtwApiCallsProvRegHandle", POINTER, 1},
    {"EtwAppCompatProvRegHandle", POINTER, 1},
    {"EtwCVEAuditProvRegHandle", POINTER, 1},
    {"EtwLpacProvRegHandle", POINTER, 1},
    {"EtwSecurityMitigationsRegHandle", POINTER, 1},
    {"EtwAdminlessProvRegHandle", POINTER, 1},
    {"EtwCpuStarvationProvRegHandle", POINTER, 1},
    {"EtwpEventTracingProvRegHandle", POINTER, 1},
    {"EtwpPsProvRegHandle", POINTER, 1},
    {"EtwpFileProvRegHandle", POINTER, 1},
    {"EtwpNetProvRegHandle", POINTER, 1},
    {"EtwpDiskProvRegHandle", POINTER, 1},
    {"EtwpMemoryProvRegHandle", POINTER, 1},
    {"EtwpRegTraceHandle", POINTER, 1},
    {"EtwpDiskIoNotifyRoutines", POINTER, 2},
    {"EtwpFileIoNotifyRoutines", POINTER, 4},
    {"EtwpGetSystemTime", CODE, 1},
    {"EtwpGetPerfCounter", CODE, 1},
    {"EtwpGetCycleCount", CODE, 1},
    {"EtwpGetHostPerfCounter", CODE, 1},
    {"PspJobListLock", POINTER, 1},
};

/* ---- variables ---- */

/* A unit. */
static enum kd_status add_variable(struct kdw_walk *w, void *arg)
{
    const struct variable *v = arg;
    uint64_t va = 0;
    enum kd_status st = kdw_walk_symbol(w, v->name, &va);

    for (size_t i = 0; i < v->count && st == KD_OK; i++) {
        uint64_t entry_va = va + (uint64_t)POINTER_LEN * i;
        struct kdw_variable *record = kdw_snapshot_add(w->s, KDW_TABLE_VARIABLES, entry_va);

        if (!record)
            return w->s->tables[KDW_TABLE_VARIABLES].is_cut ? KD_OK : KD_ERR_NO_MEMORY;
        record->index = kdw_known(i);
        st = kdw_walk_text(v->name, &record->name);
        if (st == KD_OK && v->kind == POINTER)
            st = kdw_walk_u64(w, entry_va, &record->value);
    }
    return st == KD_ERR_NOT_FOUND ? KD_OK : st;
}

/* Its version, and functions: how many differs from kernel to kernel. */
static enum kd_status add_hal_table(struct kdw_walk *w)
{
    struct variable table = {"HalPrivateDispatchTable", POINTER, HAL_ENTRIES};
    struct kdw_layout layout;
    enum kd_status st =
        kdw_layout_resolve_optional(w->k, "HAL_PRIVATE_DISPATCH", NULL, 0, NULL, &layout);

    if (st != KD_OK)
        return st;
    if (layout.size)
        table.count = (size_t)(layout.size / POINTER_LEN);
    if (table.count > HAL_ENTRIES_MAX)
        table.count = HAL_ENTRIES_MAX;
    return kdw_walk_unit(w, add_variable, &table);
}

static enum kd_status add_variables(struct kdw_walk *w)
{
    enum kd_status st = add_hal_table(w);

    for (size_t i = 0; i < sizeof variables / sizeof variables[0] && st == KD_OK; i++) {
        struct variable v = variables[i];

        st = kdw_walk_unit(w, add_variable, &v);
    }
    return st;
}

/* ---- modules ---- */

/* Its texts become the record's. */
static enum kd_status add_module(struct kdw_walk *w, struct kdw_module *m)
{
    struct kdw_module_fact *record = kdw_snapshot_add(w->s, KDW_TABLE_MODULES, m->entry_va);

    if (!record)
        return w->s->tables[KDW_TABLE_MODULES].is_cut ? KD_OK : KD_ERR_NO_MEMORY;
    record->base_va = m->base_va;
    record->size = m->size;
    record->name = m->base_name;
    record->path = m->full_name;
    m->base_name.utf8 = m->full_name.utf8 = NULL;
    return KD_OK;
}

/* The loader writes an entry once: the same one with the same image has the same names. */
static bool keep_names(const void *ctx, struct kdw_module *m, enum kd_status *st)
{
    const struct kdw_module_fact *before = kdw_walk_before(ctx, KDW_TABLE_MODULES, m->entry_va);

    if (!before || !kdw_is_same_known(&before->base_va, &m->base_va) ||
        !kdw_is_same_known(&before->size, &m->size) || before->path.status != KD_OK ||
        !kdw_walk_keeps(&before->name, &m->base_name, st))
        return false;
    if (*st == KD_OK)
        (void)kdw_walk_keeps(&before->path, &m->full_name, st);
    return true;
}

static enum kd_status note_module(struct kdw_walk *w, const void *ctx, uint64_t entry_va)
{
    struct kdw_module m = {0};
    enum kd_status st = KD_OK;

    (void)ctx;
    if (kdw_snapshot_find(w->s, KDW_TABLE_MODULES, entry_va))
        return KD_OK;
    st = kdw_module_read(w->k->mem, entry_va, keep_names, w, &m);
    if (st == KD_OK)
        st = add_module(w, &m);
    kdw_module_free(&m);
    return st;
}

static enum kd_status add_modules(struct kdw_walk *w)
{
    struct kdw_walk_list list = {.head_va = w->k->target->module_list_va,
                                 .name = "PsLoadedModuleList",
                                 .back = KDW_BACK_NEVER};
    size_t left = KDW_MODULES_MAX;
    enum kd_status st = KD_OK;

    if (list.head_va == 0)
        st = kdw_walk_symbol(w, list.name, &list.head_va);
    if (st == KD_ERR_NOT_FOUND)
        return kdw_walk_list_end(w, &(struct kdw_list){.end = st}, list.name, 0);
    return st == KD_OK ? kdw_walk_each(w, &list, &left, note_module, NULL) : st;
}

enum kd_status kdw_walk_evidence(struct kdw_walk *w)
{
    enum kd_status st;

    if (!(w->parts & KDW_PART_EVIDENCE))
        return KD_OK;
    w->s->tables[KDW_TABLE_MODULES].is_taken = true;
    w->s->tables[KDW_TABLE_VARIABLES].is_taken = true;
    st = add_modules(w);
    return st == KD_OK ? add_variables(w) : st;
}
