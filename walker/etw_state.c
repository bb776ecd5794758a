#include "etw_parts.h"

#include <walker/text.h>

#define STATE          "_ETW_SILODRIVERSTATE"
#define FIELDS(fields) (sizeof(fields) / sizeof((fields)[0]))

enum {
    SLOT_LEN = 8,
    DEBUGGER_DATA_ARRAY = 0x10, /* in EtwpDebuggerData: the address of the host's array [doc] */
};

/* ---- what a state says ---- */

static const struct kdw_plan_field state_fields[] = {
    KDW_PLAN_U64("Silo", struct kdw_etw_state, own_silo_va),
    KDW_PLAN_U64("SiloGlobals", struct kdw_etw_state, own_globals_va),
    KDW_PLAN_U64("EtwpSecurityProviderEnableMask", struct kdw_etw_state, security_mask),
    KDW_PLAN_U64("EtwpShutdownInProgress", struct kdw_etw_state, shutdown),
    KDW_PLAN_U64("EtwpSecurityProviderPID", struct kdw_etw_state, security_pid),
    KDW_PLAN_U64("EtwpCounters.GuidCount", struct kdw_etw_state, guid_count),
    KDW_PLAN_U64("EtwpCounters.SessionCount", struct kdw_etw_state, session_count),
    KDW_PLAN_U64("LogfileBytesWritten", struct kdw_etw_state, bytes_written),
    KDW_PLAN_GUID("PartitionId", struct kdw_etw_state, partition_id),
    KDW_PLAN_GUID("ParentId", struct kdw_etw_state, parent_id),
    KDW_PLAN_U64("QpcOffsetFromRoot", struct kdw_etw_state, qpc_offset),
    KDW_PLAN_U64("PartitionType", struct kdw_etw_state, partition_type),
    KDW_PLAN_U64("SystemLoggerSettings.EtwpActiveSystemLoggers", struct kdw_etw_state,
                 active_system_loggers),
    KDW_PLAN_U64("EtwpStartTraceMutex.OwnerThread", struct kdw_etw_state, start_owner_va),
};

/* The arrays: behind pointers, with their length; or, in older kernels, inside. */
static const struct kdw_plan_field pointer_fields[] = {
    KDW_PLAN_U64("EtwpLoggerContext", struct kdw_etw_state, contexts_va),
    KDW_PLAN_U64("EtwpLoggerRundown", struct kdw_etw_state, rundowns_va),
    KDW_PLAN_U64("MaxLoggers", struct kdw_etw_state, max_loggers),
};
static const struct kdw_plan_field inside_fields[] = {
    KDW_PLAN_PLACE("WmipLoggerContext", struct kdw_etw_state, contexts_va),
    KDW_PLAN_PLACE("EtwpLoggerRundown", struct kdw_etw_state, rundowns_va),
};

struct state_plans {
    struct kdw_plan arrays, state;
    bool wants_all;
};

static enum kd_status resolve(struct kdw_walk *w, struct state_plans *out)
{
    enum kd_status st;

    out->wants_all =
        (w->parts & (KDW_PART_LOGGER_DETAILS | KDW_PART_PROVIDERS | KDW_PART_EVIDENCE));
    st = kdw_plan_resolve(w, STATE, state_fields, FIELDS(state_fields), &out->state);
    if (st == KD_OK)
        st = kdw_plan_resolve(w, STATE, pointer_fields, FIELDS(pointer_fields), &out->arrays);
    if (st == KD_OK && !kdw_layout_has(&out->arrays.layout, 0))
        st = kdw_plan_resolve(w, STATE, inside_fields, FIELDS(inside_fields), &out->arrays);
    if (st == KD_OK && !kdw_layout_has(&out->arrays.layout, 0))
        st = kd_diag_set(w->k->diag, KD_ERR_UNSUPPORTED,
                         STATE " of this kernel has no logger array");
    return st;
}

/* Where the arrays are, and how many slots of them are walked: none where that is not known. */
static enum kd_status read_arrays(struct kdw_walk *w, const struct state_plans *plans,
                                  struct kdw_etw_state *state)
{
    bool is_inside = plans->arrays.fields == inside_fields;
    enum kd_status st = kdw_plan_read(w, &plans->arrays, state->va, state);

    if (st != KD_OK)
        return st;
    state->slots =
        is_inside ? kdw_known(plans->arrays.refs[0].size / SLOT_LEN) : state->max_loggers;
    if (state->contexts_va.status != KD_OK)
        state->slots = state->contexts_va;
    if (state->slots.status == KD_OK && state->slots.value > KDW_LOGGERS_MAX) {
        state->slots.value = KDW_LOGGERS_MAX;
        w->s->tables[KDW_TABLE_LOGGERS].is_cut = true;
    }
    return KD_OK;
}

/* PoolUsage: one count for each kind of pool, numbered as POOL_TYPE is [guess]. */
static enum kd_status read_pool_usage(struct kdw_walk *w, struct kdw_etw_state *state)
{
    uint64_t offset = 0;
    bool exists = false;
    enum kd_status st = kdw_walk_offset(w, STATE, "EtwpCounters.PoolUsage", &offset, &exists);

    if (st != KD_OK || !exists)
        return st;
    st = kdw_walk_u32(w, state->va + offset, &state->pool_nonpaged);
    return st == KD_OK ? kdw_walk_u32(w, state->va + offset + 4, &state->pool_paged) : st;
}

/* Characters, and how many: PartitionName, PartitionNameSize. */
static enum kd_status read_partition_name(struct kdw_walk *w, struct kdw_etw_state *state)
{
    struct {
        struct kdw_u64 name_va, size;
    } at = {{KD_ERR_NOT_FOUND, 0, 0}, {KD_ERR_NOT_FOUND, 0, 0}};
    const struct kdw_plan_field fields[] = {
        {"PartitionName", KDW_AS_U64, 0},
        {"PartitionNameSize", KDW_AS_U64, sizeof at.name_va},
    };
    struct kdw_plan plan;
    enum kd_status st = kdw_plan_resolve(w, STATE, fields, FIELDS(fields), &plan);

    if (st == KD_OK)
        st = kdw_plan_read(w, &plan, state->va, &at);
    if (st != KD_OK)
        return st;
    if (at.name_va.status != KD_OK)
        state->partition_name =
            (struct kdw_text){.status = at.name_va.status, .fault_va = at.name_va.fault_va};
    if (!kdw_is_set(&at.name_va) || !kdw_is_set(&at.size))
        return KD_OK;
    st = kdw_chars_read(w->k->mem, at.name_va.value, (size_t)at.size.value, &state->partition_name);
    return kdw_ends_walk(st) ? st : KD_OK;
}

static enum kd_status read_active(struct kdw_walk *w, struct kdw_etw_state *state)
{
    uint64_t va = 0;
    enum kd_status st;

    if (state->active_system_loggers.status != KD_ERR_NOT_FOUND || kdw_is_set(&state->silo_va))
        return KD_OK;
    st = kdw_walk_symbol(w, "EtwpActiveSystemLoggers", &va); /* older kernels */
    if (st != KD_OK)
        return st == KD_ERR_NOT_FOUND ? KD_OK : st;
    return kdw_walk_u32(w, va, &state->active_system_loggers);
}

static enum kd_status read_facts(struct kdw_walk *w, const struct state_plans *plans,
                                 struct kdw_etw_state *state)
{
    uint64_t va = state->va;
    bool is_host = !kdw_is_set(&state->silo_va);
    enum kd_status st = kdw_plan_read(w, &plans->state, va, state);

    if (st == KD_OK)
        st = read_pool_usage(w, state);
    if (st == KD_OK)
        st = read_partition_name(w, state);
    if (st == KD_OK)
        st = read_active(w, state);
    return st == KD_OK ? kdw_etw_tables_read(w, va, is_host) : st;
}

/* A state that somebody pointed to; routes: by which. Once is enough. */
static enum kd_status add_state(struct kdw_walk *w, const struct state_plans *plans, uint64_t va,
                                const struct kdw_etw_state *routes)
{
    struct kdw_etw_state *state;
    enum kd_status st;

    if (va && kdw_snapshot_find(w->s, KDW_TABLE_STATES, va))
        return KD_OK;
    state = kdw_snapshot_add(w->s, KDW_TABLE_STATES, va);
    if (!state)
        return w->s->tables[KDW_TABLE_STATES].is_cut ? KD_OK : KD_ERR_NO_MEMORY;
    state->silo_va = routes->silo_va;
    state->by_silo_globals = routes->by_silo_globals;
    state->by_host_pointer = routes->by_host_pointer;
    state->by_debugger_data = routes->by_debugger_data;
    if (va == 0)
        return KD_OK;
    st = read_arrays(w, plans, state);
    return st == KD_OK && plans->wants_all ? read_facts(w, plans, state) : st;
}

/* ---- the host's ---- */

/* A pointer that stands `offset` bytes into a kernel variable. */
static enum kd_status read_global(struct kdw_walk *w, const char *symbol, uint64_t offset,
                                  struct kdw_u64 *out)
{
    uint64_t va = 0;
    enum kd_status st = kdw_walk_symbol(w, symbol, &va);

    if (st == KD_OK)
        return kdw_walk_u64(w, va + offset, out);
    *out = (struct kdw_u64){.status = st}; /* one route fewer is no failure */
    return kdw_ends_walk(st) ? st : KD_OK;
}

static enum kd_status read_routes(struct kdw_walk *w, struct kdw_etw_state *r)
{
    uint64_t offset = 0;
    bool exists = false;
    enum kd_status st;

    r->silo_va = kdw_known(0);
    r->by_silo_globals.status = KD_ERR_NOT_FOUND;
    st = kdw_walk_offset(w, "_ESERVERSILO_GLOBALS", "EtwSiloState", &offset, &exists);
    if (st == KD_OK && exists)
        st = read_global(w, "PspHostSiloGlobals", offset, &r->by_silo_globals);
    if (st == KD_OK)
        st = read_global(w, "EtwpHostSiloState", 0, &r->by_host_pointer);
    if (st == KD_OK)
        st = read_global(w, "EtwpDebuggerData", DEBUGGER_DATA_ARRAY, &r->by_debugger_data);
    return st;
}

static enum kd_status leads_to_slots(struct kdw_walk *w, const struct state_plans *plans,
                                     uint64_t va, bool *out)
{
    struct kdw_etw_state trial = {.va = va};
    struct kdw_slots slots;
    enum kd_status st = read_arrays(w, plans, &trial);

    *out = false;
    if (st != KD_OK || !kdw_is_set(&trial.slots))
        return st;
    st = kdw_slots_read(w, trial.contexts_va.value, (uint32_t)trial.slots.value, &slots);
    *out = st == KD_OK && kdw_slots_know_any(&slots);
    return st;
}

/* A unit. The first route that leads to slots; else the first that leads anywhere, whose facts then say
 * why it was in vain. */
static enum kd_status add_host(struct kdw_walk *w, void *arg)
{
    const struct state_plans *plans = arg;
    struct kdw_etw_state routes = {0};
    const struct kdw_u64 *const ways[] = {&routes.by_silo_globals, &routes.by_host_pointer};
    uint64_t va = 0;
    bool is_found = false;
    enum kd_status st = read_routes(w, &routes);

    for (size_t i = 0; i < FIELDS(ways) && st == KD_OK && !is_found; i++) {
        if (!kdw_is_set(ways[i]))
            continue;
        st = leads_to_slots(w, plans, ways[i]->value, &is_found);
        if (va == 0 || is_found)
            va = ways[i]->value;
    }
    return st == KD_OK ? add_state(w, plans, va, &routes) : st;
}

/* ---- a silo's ---- */

/* Whether a silo of another look has still this state. */
static enum kd_status silo_has_state(struct kdw_walk *w, const struct kdw_silo *silo, uint64_t va,
                                     bool *out)
{
    struct kdw_u64 now;
    uint64_t offset = 0;
    bool exists = false;
    enum kd_status st;

    *out = false;
    st = kdw_walk_offset(w, "_ESERVERSILO_GLOBALS", "EtwSiloState", &offset, &exists);
    if (st != KD_OK || !exists)
        return st;
    st = kdw_walk_u64(w, silo->globals_va.value + offset, &now);
    *out = st == KD_OK && now.status == KD_OK && now.value == va;
    return st;
}

enum kd_status kdw_state_is_there(struct kdw_walk *w, size_t i, bool *out)
{
    const struct kdw_table *t = &w->s->tables[KDW_TABLE_STATES];
    const struct kdw_etw_state *state = (const struct kdw_etw_state *)t->records + i;
    const struct kdw_silo *silo;

    *out = true;
    if (t->looks[i] == w->s->looks || !kdw_is_set(&state->silo_va))
        return KD_OK; /* the host does not go */
    silo = kdw_snapshot_find(w->s, KDW_TABLE_SILOS, state->silo_va.value);
    return silo ? silo_has_state(w, silo, state->va, out) : KD_OK;
}

struct silo_state { /* the unit of one */
    const struct state_plans *plans;
    size_t silo; /* its number */
};

static enum kd_status add_server_silo(struct kdw_walk *w, void *arg)
{
    const struct silo_state *unit = arg;
    const struct kdw_table *t = &w->s->tables[KDW_TABLE_SILOS];
    const struct kdw_silo *silo = (const struct kdw_silo *)t->records + unit->silo;
    const struct kdw_etw_state routes = {
        .silo_va = kdw_known(silo->va),
        .by_silo_globals = silo->etw_state_va,
        .by_host_pointer.status = KD_ERR_NOT_FOUND,
        .by_debugger_data.status = KD_ERR_NOT_FOUND,
    };
    bool is_there = true;
    enum kd_status st = KD_OK;

    if (silo->va == 0 || !kdw_is_set(&silo->etw_state_va))
        return KD_OK; /* the host, an app silo, or one that has none yet */
    if (t->looks[unit->silo] != w->s->looks)
        st = silo_has_state(w, silo, silo->etw_state_va.value, &is_there);
    return st == KD_OK && is_there ? add_state(w, unit->plans, silo->etw_state_va.value, &routes)
                                   : st;
}

/* ---- all of them ---- */

static enum kd_status add_server_silos(struct kdw_walk *w, const struct state_plans *plans)
{
    struct silo_state unit = {.plans = plans};
    enum kd_status st = KD_OK;

    for (; unit.silo < w->s->tables[KDW_TABLE_SILOS].len && st == KD_OK; unit.silo++)
        st = kdw_walk_unit(w, add_server_silo, &unit);
    return st;
}

enum kd_status kdw_walk_states(struct kdw_walk *w)
{
    struct state_plans plans;
    enum kd_status st;

    if (!(w->parts & (KDW_PART_LOGGERS | KDW_PART_PROVIDERS)))
        return KD_OK;
    w->s->tables[KDW_TABLE_STATES].is_taken = true;
    st = resolve(w, &plans);
    if (st != KD_OK)
        return st;
    w->s->tables[KDW_TABLE_SECURITY].is_taken = plans.wants_all;
    w->s->tables[KDW_TABLE_SYSTEM].is_taken = plans.wants_all;
    if (w->s->tables[KDW_TABLE_STATES].len == 0)
        st = kdw_walk_unit(w, add_host, &plans);
    return st == KD_OK ? add_server_silos(w, &plans) : st;
}
