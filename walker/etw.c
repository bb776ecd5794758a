#include "etw_walk.h"

#include <kdproto/bytes.h>

#include <inttypes.h>
#include <stdlib.h>

enum {
    PAGE_LEN = 4096,
    SLOT_LEN = 8,
    SLOT_FREE = 1,              /* also: bit 0 of a pointer says that the logger is being stopped */
    DEBUGGER_DATA_ARRAY = 0x10, /* in EtwpDebuggerData [guess] */
};

/* The logger array: each slot's value, or why it could not be read. */
struct slots {
    uint64_t va;
    uint32_t len;
    enum kd_status status[KDW_LOGGERS_MAX];
    uint64_t values[KDW_LOGGERS_MAX];
};

/* ---- the routes ---- */

/* A pointer that stands `offset` bytes into a kernel variable. */
static enum kd_status read_global(struct etw_walk *w, const char *symbol, uint64_t offset,
                                  struct kdw_u64 *out)
{
    uint64_t va = 0, value = 0;
    enum kd_status st = kdw_kernel_symbol(w->k, symbol, &va);

    if (st == KD_OK)
        st = kdw_mem_u64(w->k->mem, va + offset, &value);
    else
        kd_diag_clear(w->k->diag); /* one route fewer is no failure */
    *out = (struct kdw_u64){.status = st, .value = value, .fault_va = va + offset};
    return kdw_etw_note(w, st) ? st : KD_OK;
}

static enum kd_status read_silo_globals(struct etw_walk *w, struct kdw_u64 *out)
{
    static const char *const names[] = {"EtwSiloState"};
    struct kdw_field_ref ref;
    struct kdw_layout globals;
    enum kd_status st;

    st = kdw_layout_resolve_optional(w->k, "_ESERVERSILO_GLOBALS", names, 1, &ref, &globals);
    if (st != KD_OK)
        return st;
    if (!ref.exists) {
        *out = (struct kdw_u64){.status = KD_ERR_NOT_FOUND};
        return KD_OK;
    }
    return read_global(w, "PspHostSiloGlobals", ref.offset, out);
}

static enum kd_status read_routes(struct etw_walk *w, struct kdw_etw_routes *r)
{
    enum kd_status st = read_silo_globals(w, &r->by_silo_globals);

    if (st == KD_OK)
        st = read_global(w, "EtwpHostSiloState", 0, &r->by_host_pointer);
    if (st == KD_OK)
        st = read_global(w, "EtwpDebuggerData", DEBUGGER_DATA_ARRAY, &r->logger_array);
    return st;
}

static bool contradict(const struct kdw_u64 *a, const struct kdw_u64 *b)
{
    return a->status == KD_OK && b->status == KD_OK && a->value != b->value;
}

/* ---- the array of a state ---- */

/* Where the state's array is and how long. Older kernels have it inside the state; where MaxLoggers
 * exists it is behind a pointer. */
static enum kd_status locate_array(struct etw_walk *w, uint64_t state_va, struct kdw_u64 *array_va,
                                   struct kdw_u64 *max_loggers, struct slots *s)
{
    enum etw_state_field array = kdw_layout_has(&w->state, STATE_LOGGER_CONTEXT)
                                     ? STATE_LOGGER_CONTEXT
                                     : STATE_WMIP_LOGGER_CONTEXT;
    const struct kdw_field_ref *ref = &w->state.refs[array];
    uint64_t len = 0;
    enum kd_status st;

    if (!ref->exists)
        return kd_diag_set(w->k->diag, KD_ERR_UNSUPPORTED,
                           "_ETW_SILODRIVERSTATE of this kernel has no logger array");
    st = kdw_field_u64(w->k->mem, &w->state, STATE_MAX_LOGGERS, state_va, max_loggers);
    if (st == KD_OK) {
        st = kdw_field_u64(w->k->mem, &w->state, array, state_va, array_va);
        len = max_loggers->value;
    } else if (st == KD_ERR_NOT_FOUND) {
        *array_va = (struct kdw_u64){.status = KD_OK, .value = state_va + ref->offset};
        st = KD_OK;
        len = ref->size / SLOT_LEN;
    }
    if (st != KD_OK)
        return kdw_explain_read(w->k->diag, st, "ETW state at 0x%" PRIx64, state_va);
    if (len == 0) /* the kernel's least is 32: this is no state */
        return kd_diag_set(w->k->diag, KD_ERR_MALFORMED,
                           "ETW state at 0x%" PRIx64 ": its logger array has no slots", state_va);
    s->va = array_va->value;
    s->len = len < KDW_LOGGERS_MAX ? (uint32_t)len : KDW_LOGGERS_MAX;
    return KD_OK;
}

/* The first slot that a hole at `fault` leaves alone: a target has no more of that page, in a
 * recording or a dump the next slot may be known. */
static size_t slot_behind(const struct slots *s, enum kd_status hole, uint64_t fault)
{
    uint64_t last = kd_is_page_unreadable(hole) ? fault | (PAGE_LEN - 1) : fault;

    return (size_t)((last - s->va) / SLOT_LEN + 1);
}

/* Read all slots, going on behind what is missing. */
static enum kd_status read_slots(struct etw_walk *w, struct slots *s)
{
    uint8_t bytes[KDW_LOGGERS_MAX * SLOT_LEN];
    size_t len = (size_t)s->len * SLOT_LEN;
    size_t at = 0;

    while (at < len) {
        uint64_t fault = 0;
        enum kd_status st = kdw_mem_read(w->k->mem, s->va + at, bytes + at, len - at, &fault);
        size_t readable = st == KD_OK ? len : (size_t)(fault - s->va);
        struct kd_reader r = kd_reader_of(bytes, readable);

        if (kdw_ends_walk(st))
            return st;
        kd_rd_seek(&r, at);
        while (kd_reader_left(&r) >= SLOT_LEN) {
            s->values[at / SLOT_LEN] = kd_rd_u64(&r);
            at += SLOT_LEN;
        }
        if (st == KD_OK)
            return KD_OK;
        for (size_t next = slot_behind(s, st, fault); at < len && at / SLOT_LEN < next;
             at += SLOT_LEN)
            s->status[at / SLOT_LEN] = st;
    }
    return KD_OK;
}

static bool knows_any(const struct slots *s)
{
    for (uint32_t i = 0; i < s->len; i++)
        if (s->status[i] == KD_OK)
            return true;
    return false;
}

/* The array of one state: fails where none of it can be read. */
static enum kd_status read_array(struct etw_walk *w, uint64_t state_va, struct kdw_logger_list *l,
                                 struct slots *s)
{
    enum kd_status st;

    *s = (struct slots){0};
    st = locate_array(w, state_va, &l->routes.state_array, &l->max_loggers, s);
    if (st != KD_OK)
        return st;
    st = read_slots(w, s);
    if (st == KD_OK && !knows_any(s))
        st = s->status[0];
    if (st != KD_OK)
        return kdw_explain_read(w->k->diag, st,
                                "logger array at 0x%" PRIx64 " of the ETW state at 0x%" PRIx64,
                                s->va, state_va);
    return KD_OK;
}

static enum kd_status no_route(struct etw_walk *w, const struct kdw_etw_routes *r)
{
    static const char text[] = "neither PspHostSiloGlobals nor EtwpHostSiloState leads to the host "
                               "silo's ETW state";
    bool is_first = kd_is_unreadable(r->by_silo_globals.status);
    const struct kdw_u64 *missing = is_first ? &r->by_silo_globals : &r->by_host_pointer;

    if (!kd_is_unreadable(missing->status))
        return kd_diag_set(w->k->diag, KD_ERR_NOT_FOUND, "%s", text);
    return kd_diag_set(w->k->diag, missing->status, "%s: %s is %s at 0x%" PRIx64, text,
                       is_first ? "the first" : "the second", kd_status_text(missing->status),
                       missing->fault_va);
}

/* The first route that leads to an array. */
static enum kd_status find_array(struct etw_walk *w, struct kdw_logger_list *l, struct slots *s)
{
    struct kdw_etw_routes *r = &l->routes;
    const struct kdw_u64 *const states[] = {&r->by_silo_globals, &r->by_host_pointer};
    enum kd_status st = KD_OK;

    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++) {
        if (states[i]->status != KD_OK || states[i]->value == 0)
            continue;
        if (states[i]->value == r->state_va)
            break; /* tried already */
        r->state_va = states[i]->value;
        st = read_array(w, r->state_va, l, s);
        if (st == KD_OK || kdw_ends_walk(st))
            break;
        w->has_gaps = true;
    }
    r->agree = !contradict(&r->by_silo_globals, &r->by_host_pointer) &&
               !contradict(&r->logger_array, &r->state_array);
    if (r->state_va == 0)
        return no_route(w, r);
    if (st == KD_OK)
        kd_diag_clear(w->k->diag); /* of a route that was tried in vain */
    return st;
}

/* ---- the loggers ---- */

/* The state of a slot that is not free. */
static enum kdw_logger_state state_of(uint64_t slot)
{
    if (slot == 0)
        return KDW_LOGGER_EMPTY_SLOT;
    return slot & SLOT_FREE ? KDW_LOGGER_STOPPING : KDW_LOGGER_LIVE;
}

static enum kd_status read_slot(struct etw_walk *w, struct kdw_logger_list *l, uint32_t slot,
                                uint64_t value)
{
    struct kdw_logger *logger = &l->loggers[l->len++];

    logger->state = state_of(value);
    logger->slot = slot;
    logger->va = value & ~(uint64_t)SLOT_FREE;
    logger->state_va = l->routes.state_va;
    if (logger->state != KDW_LOGGER_EMPTY_SLOT)
        return kdw_etw_logger_read(w, logger);
    logger->id.status = KD_ERR_NOT_FOUND;
    logger->silo_state.status = KD_ERR_NOT_FOUND;
    return KD_OK;
}

static enum kd_status read_loggers(struct etw_walk *w, const struct slots *s,
                                   struct kdw_logger_list *l)
{
    enum kd_status st = KD_OK;

    l->slots = s->len;
    /* NOLINTNEXTLINE(*UnixAPI): an array without slots was refused */
    l->loggers = calloc(s->len, sizeof *l->loggers);
    if (!l->loggers)
        return KD_ERR_NO_MEMORY;
    for (uint32_t i = 0; i < s->len && st == KD_OK; i++) {
        if (s->status[i] != KD_OK) {
            if (l->unreadable_slots++ == 0) {
                l->unreadable_slots_va = s->va + (uint64_t)i * SLOT_LEN;
                l->unreadable_slots_status = s->status[i];
            }
        } else if (s->values[i] == SLOT_FREE) {
            l->free_slots++;
        } else {
            st = read_slot(w, l, i, s->values[i]);
        }
    }
    return st;
}

enum kd_status kdw_loggers_of_host(struct kdw_kernel *k, enum kdw_detail detail,
                                   struct kdw_logger_list *out)
{
    struct kdw_logger_list l = {0};
    struct etw_walk w;
    struct slots s = {0};
    enum kd_status st;

    kd_diag_clear(k->diag);
    st = kdw_etw_begin(&w, k, detail);
    if (st == KD_OK)
        st = read_routes(&w, &l.routes);
    if (st == KD_OK)
        st = find_array(&w, &l, &s);
    if (st == KD_OK)
        st = read_loggers(&w, &s, &l);
    if (st != KD_OK) {
        kdw_logger_list_free(&l);
        return kd_diag_add(k->diag, st, "loggers of the host silo");
    }
    l.has_gaps = w.has_gaps || l.unreadable_slots > 0 ||
                 (l.max_loggers.status == KD_OK && l.max_loggers.value > l.slots);
    *out = l;
    return KD_OK;
}

void kdw_logger_list_free(struct kdw_logger_list *l)
{
    for (size_t i = 0; i < l->len; i++)
        kdw_etw_logger_free(&l->loggers[i]);
    free(l->loggers);
    *l = (struct kdw_logger_list){0};
}
