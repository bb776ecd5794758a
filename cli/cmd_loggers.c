#include "cli.h"
#include "message.h"
#include "print.h"
#include "source.h"

#include <inttypes.h>
#include <stdio.h>

enum { ROUTE_TEXT = 40 };

/* ---- the routes to the host's state ---- */

static const char *route(const struct kdw_u64 *v, char text[ROUTE_TEXT])
{
    if (v->status == KD_OK)
        snprintf(text, ROUTE_TEXT, "0x%" PRIx64, v->value);
    else
        snprintf(text, ROUTE_TEXT, "nothing (%s)", kd_status_text(v->status));
    return text;
}

static bool contradict(const struct kdw_u64 *a, const struct kdw_u64 *b)
{
    return a->status == KD_OK && b->status == KD_OK && a->value != b->value;
}

/* True: all that could be read say the same. */
static bool agree(const struct kdw_etw_state *host)
{
    return !contradict(&host->by_silo_globals, &host->by_host_pointer) &&
           !contradict(&host->by_debugger_data, &host->contexts_va);
}

static void warn_of_routes(const struct kdw_etw_state *host)
{
    char globals[ROUTE_TEXT], pointer[ROUTE_TEXT], array[ROUTE_TEXT], own_array[ROUTE_TEXT];

    message_warning("the routes to the host silo's ETW state disagree: PspHostSiloGlobals says %s, "
                    "EtwpHostSiloState %s; the logger array is at %s by EtwpDebuggerData, at %s by "
                    "the state itself",
                    route(&host->by_silo_globals, globals), route(&host->by_host_pointer, pointer),
                    route(&host->by_debugger_data, array), route(&host->contexts_va, own_array));
}

/* ---- is there anything to list? ---- */

static enum kd_status no_route(struct kd_diag *diag, const struct kdw_etw_state *host)
{
    static const char text[] = "neither PspHostSiloGlobals nor EtwpHostSiloState leads to the host "
                               "silo's ETW state";
    bool is_first = kd_is_unreadable(host->by_silo_globals.status);
    const struct kdw_u64 *missing = is_first ? &host->by_silo_globals : &host->by_host_pointer;

    if (!kd_is_unreadable(missing->status))
        return kd_diag_set(diag, KD_ERR_NOT_FOUND, "%s", text);
    return kd_diag_set(diag, missing->status, "%s: %s is %s at 0x%" PRIx64, text,
                       is_first ? "the first" : "the second", kd_status_text(missing->status),
                       missing->fault_va);
}

/* Slots are lost where they cannot be read; NULL: some are known. */
static const struct kdw_u64 *all_slots_lost(const struct kdw_snapshot *s,
                                            const struct kdw_etw_state *state)
{
    const struct kdw_u64 *first = NULL;

    if (state->free_slots.status == KD_OK && state->free_slots.value > 0)
        return NULL;
    KDW_EACH(s, KDW_TABLE_LOGGERS, struct kdw_logger, l)
    {
        if (l->state_va.value != state->va)
            continue;
        if (l->slot_value.status == KD_OK)
            return NULL;
        if (!first)
            first = &l->slot_value;
    }
    return first;
}

/* A list without a single slot of the host is no list. */
static enum kd_status require_host(struct kd_diag *diag, const struct kdw_snapshot *s,
                                   const struct kdw_etw_state *host)
{
    const struct kdw_u64 *lost = all_slots_lost(s, host);

    enum kd_status st = KD_OK;

    if (host->va == 0)
        st = no_route(diag, host);
    else if (host->slots.status != KD_OK)
        st = kd_diag_set(diag, host->slots.status, "ETW state at 0x%" PRIx64 ": %s", host->va,
                         kd_status_text(host->slots.status));
    else if (host->slots.value == 0) /* the kernel's least is 32: this is no state */
        st = kd_diag_set(diag, KD_ERR_MALFORMED,
                         "ETW state at 0x%" PRIx64 ": its logger array has no slots", host->va);
    else if (lost)
        st = kd_diag_set(diag, lost->status,
                         "logger array at 0x%" PRIx64 " of the ETW state at 0x%" PRIx64 ": %s",
                         host->contexts_va.value, host->va, kd_status_text(lost->status));
    return st == KD_OK ? st : kd_diag_add(diag, st, "loggers of the host silo");
}

/* ---- one silo only ---- */

static bool is_of_silo(void *ctx, const void *record)
{
    return ((const struct kdw_etw_state *)record)->silo_va.value == *(const uint64_t *)ctx;
}

/* Records of these begin alike: address, then the state that they belong to. */
static bool has_its_state(void *ctx, const void *record)
{
    const struct kdw_logger *l = record;

    return kdw_snapshot_find(ctx, KDW_TABLE_STATES, l->state_va.value) != NULL;
}

static bool has_its_logger(void *ctx, const void *record)
{
    const struct kdw_consumer *c = record;

    return kdw_snapshot_find(ctx, KDW_TABLE_LOGGERS, c->logger_va.value) != NULL;
}

static bool belongs_to_a_logger(void *ctx, const void *record)
{
    const struct kdw_list_walk *list = record;

    return kdw_snapshot_find(ctx, KDW_TABLE_LOGGERS, list->owner_va.value) != NULL;
}

_Static_assert(offsetof(struct kdw_security_logger, state_va) ==
                       offsetof(struct kdw_logger, state_va) &&
                   offsetof(struct kdw_system_logger, state_va) ==
                       offsetof(struct kdw_logger, state_va),
               "has_its_state takes all three");

static enum kd_status keep_silo(struct cli *c, struct kdw_snapshot *s)
{
    uint64_t silo_va = 0;
    enum kd_status st;

    if (c->options.silo.kind == SILO_ALL)
        return KD_OK;
    st = silo_choice_find(&c->options.silo, s, &c->diag, &silo_va);
    if (st != KD_OK)
        return st;
    kdw_snapshot_filter(s, KDW_TABLE_STATES, &silo_va, is_of_silo);
    kdw_snapshot_filter(s, KDW_TABLE_LOGGERS, s, has_its_state);
    kdw_snapshot_filter(s, KDW_TABLE_SECURITY, s, has_its_state);
    kdw_snapshot_filter(s, KDW_TABLE_SYSTEM, s, has_its_state);
    kdw_snapshot_filter(s, KDW_TABLE_CONSUMERS, s, has_its_logger);
    kdw_snapshot_filter(s, KDW_TABLE_LISTS, s, belongs_to_a_logger);
    return KD_OK;
}

/* ---- the command ---- */

static const struct kdw_etw_state *host_of(const struct kdw_snapshot *s)
{
    KDW_EACH(s, KDW_TABLE_STATES, struct kdw_etw_state, state)
    if (state->silo_va.value == 0)
        return state;
    return NULL;
}

static enum kd_status collect(struct cli *c, struct source *s, void *work)
{
    unsigned parts = c->options.verbose ? KDW_PART_LOGGER_DETAILS : KDW_PART_LOGGERS;
    struct kdw_snapshot snapshot;
    enum kd_status st = source_snapshot(s, parts, &snapshot);

    if (st != KD_OK)
        return st;
    st = require_host(&c->diag, &snapshot, host_of(&snapshot));
    if (st == KD_OK)
        st = keep_silo(c, &snapshot);
    if (st != KD_OK) {
        kdw_snapshot_free(&snapshot);
        return st;
    }
    *(struct kdw_snapshot *)work = snapshot;
    return KD_OK;
}

/* Loggers that nobody sees would be taken for none. */
static void warn_of_silos(const struct kdw_snapshot *s)
{
    KDW_EACH(s, KDW_TABLE_JOBS, struct kdw_job, job)
    if (job->globals_va.status == KD_ERR_UNSUPPORTED) {
        message_warning("loggers of server silos are not listed: the symbols do not say which jobs "
                        "are silos; try -y with those of this kernel");
        return;
    }
    KDW_EACH(s, KDW_TABLE_LISTS, struct kdw_list_walk, list)
    if (list->owner_va.value == 0 && list->problem.status == KD_OK) {
        message_warning("loggers of server silos may be missing: the list %s breaks off: %s",
                        list->name.status == KD_OK ? list->name.utf8 : "of jobs",
                        list->problem.utf8);
        return;
    }
}

static bool print(const struct cli *c, void *work)
{
    struct kdw_snapshot *s = work;
    const struct kdw_etw_state *host = host_of(s);
    bool has_gaps = !kdw_snapshot_is_complete(s);

    if (c->options.json)
        print_json_snapshot(s);
    else
        print_text_loggers(s, c->options.verbose);
    warn_of_silos(s);
    if (host && !agree(host)) {
        warn_of_routes(host);
        has_gaps = true;
    }
    kdw_snapshot_free(s);
    return has_gaps;
}

enum cli_exit cmd_loggers(struct cli *c)
{
    static const struct source_job job = {SOURCE_KERNEL, collect, print};
    struct kdw_snapshot snapshot;

    return source_run(c, &job, &snapshot);
}
