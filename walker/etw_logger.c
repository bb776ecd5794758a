#include "etw_parts.h"

#define LOGGER         "_WMI_LOGGER_CONTEXT"
#define FIELDS(fields) (sizeof(fields) / sizeof((fields)[0]))

/* Bit 0 of a slot is all that the kernel looks at: alone it means free, on a pointer that the logger is
 * being stopped, until its thread frees it [guess: kernel listings]. */
enum { SLOT_FREE = 1 };

/* The first two are what a brief list needs. */
enum { BRIEF_FIELDS = 2 };
static const struct kdw_plan_field logger_fields[] = {
    KDW_PLAN_U64("LoggerId", struct kdw_logger, id),
    KDW_PLAN_U64("SiloState", struct kdw_logger, own_state_va),
    KDW_PLAN_U64("BufferSize", struct kdw_logger, buffer_size),
    KDW_PLAN_U64("LoggerMode", struct kdw_logger, mode),
    KDW_PLAN_U64("AcceptNewEvents", struct kdw_logger, accept_new_events),
    KDW_PLAN_U64("GetCpuClock", struct kdw_logger, get_cpu_clock),
    KDW_PLAN_U64("LoggerThread", struct kdw_logger, thread_va),
    KDW_PLAN_U64("LoggerStatus", struct kdw_logger, status),
    KDW_PLAN_UNICODE("LoggerName", struct kdw_logger, name),
    KDW_PLAN_U64("LoggerName.Buffer", struct kdw_logger, name_va),
    KDW_PLAN_UNICODE("LogFileName", struct kdw_logger, file),
    KDW_PLAN_UNICODE("LogFilePattern", struct kdw_logger, file_pattern),
    KDW_PLAN_UNICODE("NewLogFileName", struct kdw_logger, new_file),
    KDW_PLAN_U64("ClockType", struct kdw_logger, clock_type),
    KDW_PLAN_U64("FlushTimer", struct kdw_logger, flush_timer),
    KDW_PLAN_U64("MinimumBuffers", struct kdw_logger, minimum_buffers),
    KDW_PLAN_U64("BuffersAvailable", struct kdw_logger, buffers_available),
    KDW_PLAN_U64("NumberOfBuffers", struct kdw_logger, buffers),
    KDW_PLAN_U64("MaximumBuffers", struct kdw_logger, maximum_buffers),
    KDW_PLAN_U64("EventsLost", struct kdw_logger, events_lost),
    KDW_PLAN_U64("PeakBuffersCount", struct kdw_logger, peak_buffers),
    KDW_PLAN_U64("BuffersWritten", struct kdw_logger, buffers_written),
    KDW_PLAN_U64("LogBuffersLost", struct kdw_logger, log_buffers_lost),
    KDW_PLAN_U64("RealTimeBuffersDelivered", struct kdw_logger, realtime_buffers_delivered),
    KDW_PLAN_U64("RealTimeBuffersLost", struct kdw_logger, realtime_buffers_lost),
    KDW_PLAN_U64("PoolType", struct kdw_logger, pool_type),
    KDW_PLAN_U64("CollectionOn", struct kdw_logger, collection_on),
    KDW_PLAN_U64("NumConsumers", struct kdw_logger, consumers),
    KDW_PLAN_U64("TransitionConsumer", struct kdw_logger, transition_consumer_va),
    KDW_PLAN_UNICODE("RealtimeLogfileName", struct kdw_logger, realtime_file),
    KDW_PLAN_U64("LoggerMutex.OwnerThread", struct kdw_logger, mutex_owner_va),
    KDW_PLAN_U64("LoggerLock", struct kdw_logger, lock),
    KDW_PLAN_U64("StartTime", struct kdw_logger, started_100ns),
    KDW_PLAN_U64("Flags", struct kdw_logger, flags),
    KDW_PLAN_U64("CallbackContext", struct kdw_logger, callback_context_va),
};

struct logger_plans {
    struct kdw_plan logger;
    struct kdw_consumer_plans consumers;
    struct kdw_rundown_plan rundown;
    bool wants_details;
};

static enum kd_status resolve(struct kdw_walk *w, struct logger_plans *out)
{
    enum kd_status st;

    out->wants_details = (w->parts & KDW_PART_LOGGER_DETAILS) != 0;
    st = kdw_plan_resolve(w, LOGGER, logger_fields,
                          out->wants_details ? FIELDS(logger_fields) : BRIEF_FIELDS, &out->logger);
    if (st != KD_OK || !out->wants_details)
        return st;
    st = kdw_consumers_plan(w, &out->consumers);
    return st == KD_OK ? kdw_rundown_resolve(w, &out->rundown) : st;
}

/* ---- one logger ---- */

static enum kdw_logger_state state_of(const struct kdw_u64 *slot)
{
    if (slot->status != KD_OK)
        return KDW_LOGGER_LOST_SLOT;
    if (slot->value == 0)
        return KDW_LOGGER_EMPTY_SLOT;
    return slot->value & SLOT_FREE ? KDW_LOGGER_STOPPING : KDW_LOGGER_LIVE;
}

static bool knows_any_number(const struct kdw_plan *plan, const struct kdw_logger *l)
{
    for (size_t i = 0; i < plan->layout.len; i++) {
        const void *fact = (const uint8_t *)l + plan->fields[i].at;

        if (plan->fields[i].as == KDW_AS_U64 && ((const struct kdw_u64 *)fact)->status == KD_OK)
            return true;
    }
    return false;
}

/* Of a context that cannot be read its first facts say so for all. */
static void forget_details(const struct kdw_plan *plan, struct kdw_logger *l)
{
    for (size_t i = BRIEF_FIELDS; i < plan->layout.len; i++) {
        void *fact = (uint8_t *)l + plan->fields[i].at;

        if (plan->fields[i].as == KDW_AS_UNICODE) {
            kdw_text_free(fact);
            *(struct kdw_text *)fact = (struct kdw_text){.status = KD_ERR_NOT_FOUND};
        } else {
            *(struct kdw_u64 *)fact = (struct kdw_u64){.status = KD_ERR_NOT_FOUND};
        }
    }
}

static enum kd_status read_context(struct kdw_walk *w, const struct logger_plans *plans,
                                   struct kdw_logger *l)
{
    enum kd_status st = kdw_plan_read(w, &plans->logger, l->va, l);

    if (st != KD_OK)
        return st;
    if (kd_is_unreadable(l->id.status) && !knows_any_number(&plans->logger, l)) {
        l->state = kdw_known(KDW_LOGGER_UNREADABLE);
        forget_details(&plans->logger, l);
        return KD_OK;
    }
    return plans->wants_details ? kdw_consumers_read(w, &plans->consumers, l->va) : KD_OK;
}

static enum kd_status read_references(struct kdw_walk *w, const struct logger_plans *plans,
                                      const struct kdw_slots *rundowns, struct kdw_logger *l)
{
    size_t slot = (size_t)l->slot.value;

    if (slot >= rundowns->len)
        return KD_OK; /* where the array is, is not known; the state says why */
    l->rundown_va = rundowns->values[slot];
    if (l->rundown_va.status != KD_OK)
        l->references = l->rundown_va;
    if (!kdw_is_set(&l->rundown_va))
        return KD_OK;
    return kdw_rundown_count(w, &plans->rundown, l->rundown_va.value, &l->references);
}

/* What slot i holds, which is something. */
static enum kd_status read_slot(struct kdw_walk *w, const struct logger_plans *plans,
                                uint64_t state_va, uint32_t i, const struct kdw_u64 *value,
                                const struct kdw_slots *rundowns)
{
    enum kdw_logger_state state = state_of(value);
    struct kdw_logger *l =
        kdw_snapshot_add(w->s, KDW_TABLE_LOGGERS, value->value & ~(uint64_t)SLOT_FREE);
    enum kd_status st;

    if (!l)
        return w->s->tables[KDW_TABLE_LOGGERS].is_cut ? KD_OK : KD_ERR_NO_MEMORY;
    l->state_va = kdw_known(state_va);
    l->slot = kdw_known(i);
    l->slot_value = *value;
    l->state = kdw_known(state);
    if (state == KDW_LOGGER_EMPTY_SLOT || state == KDW_LOGGER_LOST_SLOT)
        return KD_OK;
    st = read_context(w, plans, l);
    return st == KD_OK && plans->wants_details ? read_references(w, plans, rundowns, l) : st;
}

/* ---- the loggers of a state ---- */

struct array { /* of loggers */
    const struct logger_plans *plans;
    size_t state; /* its number */
    uint32_t slot;
    bool is_there, has_slots, is_free;
    uint32_t look; /* in which the slots were read */
    struct kdw_slots contexts, rundowns;
};

static struct kdw_etw_state *state_of_array(struct kdw_walk *w, const struct array *a)
{
    return (struct kdw_etw_state *)w->s->tables[KDW_TABLE_STATES].records + a->state;
}

/* Once a look: a slot and what it leads to must be of the same. */
static enum kd_status read_slots(struct kdw_walk *w, struct array *a)
{
    const struct kdw_etw_state *state = state_of_array(w, a);
    uint32_t len = (uint32_t)state->slots.value;
    enum kd_status st;

    if (a->has_slots && a->look == w->s->looks)
        return KD_OK;
    st = kdw_state_is_there(w, a->state, &a->is_there);
    if (st != KD_OK || !a->is_there)
        return st;
    st = kdw_slots_read(w, state->contexts_va.value, len, &a->contexts);
    if (st == KD_OK && a->plans->wants_details && kdw_is_set(&state->rundowns_va))
        st = kdw_slots_read(w, state->rundowns_va.value, len, &a->rundowns);
    a->has_slots = st == KD_OK;
    a->look = w->s->looks;
    return st;
}

/* A unit: a slot, the logger in it, and its consumers. */
static enum kd_status read_logger(struct kdw_walk *w, void *arg)
{
    struct array *a = arg;
    const struct kdw_u64 *slot = &a->contexts.values[a->slot];
    enum kd_status st = read_slots(w, a);

    a->is_free = st == KD_OK && a->is_there && slot->status == KD_OK && slot->value == SLOT_FREE;
    if (st != KD_OK || !a->is_there || a->is_free)
        return st;
    return read_slot(w, a->plans, state_of_array(w, a)->va, a->slot, slot, &a->rundowns);
}

static enum kd_status read_loggers(struct kdw_walk *w, const struct logger_plans *plans,
                                   size_t state)
{
    struct array a = {.plans = plans, .state = state, .is_there = true};
    uint64_t len = state_of_array(w, &a)->slots.value;
    uint64_t free_slots = 0;
    enum kd_status st = KD_OK;

    if (!kdw_is_set(&state_of_array(w, &a)->slots))
        return KD_OK;
    for (; a.slot < len && a.is_there && st == KD_OK; a.slot++) {
        st = kdw_walk_unit(w, read_logger, &a);
        free_slots += a.is_free;
    }
    if (a.is_there) /* else nobody counted them all */
        state_of_array(w, &a)->free_slots = kdw_known(free_slots);
    return st;
}

enum kd_status kdw_walk_loggers(struct kdw_walk *w)
{
    const struct kdw_table *states = &w->s->tables[KDW_TABLE_STATES];
    struct logger_plans plans;
    enum kd_status st;

    if (!(w->parts & KDW_PART_LOGGERS))
        return KD_OK;
    st = resolve(w, &plans);
    w->s->tables[KDW_TABLE_LOGGERS].is_taken = true;
    w->s->tables[KDW_TABLE_CONSUMERS].is_taken = plans.wants_details;
    for (size_t *i = &w->followed.states_with_loggers; *i < states->len && st == KD_OK; ++*i)
        st = read_loggers(w, &plans, *i);
    return st;
}
