#include "etw_parts.h"

#define STATE "_ETW_SILODRIVERSTATE"

/* Both tables are short: what lies beyond these is damage. */
enum {
    SECURITY_LOGGERS_MAX = 32, /* 8, in later kernels 16 */
    SECURITY_LOGGER_LEN = 2,
    SYSTEM_LOGGERS = 8,
    SYSTEM_LOGGER_LEN = 2, /* {LoggerId, ClockType}, a byte each */
    MASKS_MAX = 32,        /* 9 or 10 */
    MASK_WORDS = 8,
    MASK_LEN = 4 * MASK_WORDS,
};

/* ---- security loggers ---- */

static enum kd_status add_security(struct kdw_walk *w, uint64_t state_va, uint64_t va,
                                   uint64_t slot, const struct kdw_u64 *id)
{
    struct kdw_security_logger *record;

    if (id->status == KD_OK && id->value == 0)
        return KD_OK;
    record = kdw_snapshot_add(w->s, KDW_TABLE_SECURITY, va);
    if (!record)
        return w->s->tables[KDW_TABLE_SECURITY].is_cut ? KD_OK : KD_ERR_NO_MEMORY;
    record->state_va = kdw_known(state_va);
    record->slot = kdw_known(slot);
    record->logger_id = *id;
    return KD_OK;
}

static enum kd_status read_security(struct kdw_walk *w, uint64_t state_va)
{
    static const char *const name = "EtwpSecurityLoggers";
    struct kdw_field_ref ref;
    struct kdw_layout layout;
    enum kd_status st = kdw_layout_resolve_optional(w->k, STATE, &name, 1, &ref, &layout);

    for (uint64_t i = 0; st == KD_OK && ref.exists && i < SECURITY_LOGGERS_MAX &&
                         (i + 1) * SECURITY_LOGGER_LEN <= ref.size;
         i++) {
        uint64_t va = state_va + ref.offset + i * SECURITY_LOGGER_LEN;
        struct kdw_u64 id;

        st = kdw_walk_u16(w, va, &id);
        if (st == KD_OK)
            st = add_security(w, state_va, va, i, &id);
    }
    return st;
}

/* ---- system loggers ---- */

struct system_table { /* where it is; newer kernels have it in the state, older ones in variables */
    uint64_t loggers_va, active_va, masks_va; /* 0: this kernel has no such thing */
    uint64_t masks;
};

static enum kd_status locate_in_state(struct kdw_walk *w, uint64_t state_va,
                                      struct system_table *out)
{
    enum { LOGGERS, ACTIVE, MASKS, FIELDS };
    static const char *const names[FIELDS] = {
        [LOGGERS] = "SystemLoggerSettings.EtwpSystemLogger",
        [ACTIVE] = "SystemLoggerSettings.EtwpActiveSystemLoggers",
        [MASKS] = "SystemLoggerSettings.EtwpGroupMasks",
    };
    struct kdw_field_ref refs[FIELDS];
    struct kdw_layout layout;
    enum kd_status st = kdw_layout_resolve_optional(w->k, STATE, names, FIELDS, refs, &layout);

    if (st != KD_OK || !refs[LOGGERS].exists)
        return st;
    out->loggers_va = state_va + refs[LOGGERS].offset;
    if (refs[ACTIVE].exists)
        out->active_va = state_va + refs[ACTIVE].offset;
    if (refs[MASKS].exists) {
        out->masks_va = state_va + refs[MASKS].offset;
        out->masks = refs[MASKS].size / MASK_LEN;
    }
    return KD_OK;
}

static enum kd_status locate_variable(struct kdw_walk *w, const char *name, uint64_t *va)
{
    enum kd_status st = kdw_walk_symbol(w, name, va);

    if (st != KD_ERR_NOT_FOUND)
        return st;
    *va = 0;
    return KD_OK;
}

static enum kd_status locate(struct kdw_walk *w, uint64_t state_va, bool is_host,
                             struct system_table *out)
{
    enum kd_status st = locate_in_state(w, state_va, out);

    if (st != KD_OK || out->loggers_va || !is_host)
        return st;
    st = locate_variable(w, "EtwpSystemLogger", &out->loggers_va);
    if (st == KD_OK)
        st = locate_variable(w, "EtwpActiveSystemLoggers", &out->active_va);
    if (st == KD_OK)
        st = locate_variable(w, "EtwpGroupMasks", &out->masks_va);
    out->masks = SYSTEM_LOGGERS; /* one each at least */
    return st;
}

static enum kd_status read_groups(struct kdw_walk *w, uint64_t va, struct kdw_system_logger *record)
{
    enum kd_status st = KD_OK;

    for (size_t i = 0; i < MASK_WORDS && st == KD_OK; i++)
        st = kdw_walk_u32(w, va + 4 * i, &record->groups[i]);
    return st;
}

/* Entry i, if it has a logger or its bit among the active ones. */
static enum kd_status read_system_logger(struct kdw_walk *w, const struct system_table *t,
                                         uint64_t state_va, uint64_t i,
                                         const struct kdw_u64 *active)
{
    bool is_active = active->status == KD_OK && (active->value >> i & 1);
    uint64_t va = t->loggers_va + i * SYSTEM_LOGGER_LEN;
    struct kdw_system_logger *record;
    struct kdw_u64 id, clock;
    enum kd_status st = kdw_walk_u8(w, va, &id);

    if (st == KD_OK)
        st = kdw_walk_u8(w, va + 1, &clock);
    if (st != KD_OK || (id.status == KD_OK && id.value == 0 && !is_active))
        return st;
    record = kdw_snapshot_add(w->s, KDW_TABLE_SYSTEM, va);
    if (!record)
        return w->s->tables[KDW_TABLE_SYSTEM].is_cut ? KD_OK : KD_ERR_NO_MEMORY;
    record->state_va = kdw_known(state_va);
    record->index = kdw_known(i);
    record->logger_id = id;
    record->clock_type = clock;
    return t->masks_va && i < t->masks ? read_groups(w, t->masks_va + i * MASK_LEN, record) : KD_OK;
}

static enum kd_status read_system(struct kdw_walk *w, uint64_t state_va, bool is_host)
{
    struct system_table t = {0};
    struct kdw_u64 active = {.status = KD_ERR_NOT_FOUND};
    enum kd_status st = locate(w, state_va, is_host, &t);

    if (st == KD_OK && t.active_va)
        st = kdw_walk_u32(w, t.active_va, &active);
    for (uint64_t i = 0; i < SYSTEM_LOGGERS && st == KD_OK && t.loggers_va; i++)
        st = read_system_logger(w, &t, state_va, i, &active);
    return st;
}

enum kd_status kdw_etw_tables_read(struct kdw_walk *w, uint64_t state_va, bool is_host)
{
    enum kd_status st = read_security(w, state_va);

    return st == KD_OK ? read_system(w, state_va, is_host) : st;
}
