#include "walk.h"

#include <walker/system.h>

#include <stdlib.h>
#include <string.h>

/* What a part cannot do without, from the top down: once through the table is enough. */
static const struct {
    unsigned part, needs;
} needs[] = {
    {KDW_PART_LOGGER_DETAILS, KDW_PART_LOGGERS},
    {KDW_PART_LOGGERS, KDW_PART_SILOS},
    {KDW_PART_PROVIDERS, KDW_PART_SILOS},
    {KDW_PART_PROCESSES, KDW_PART_SILOS},
    {KDW_PART_SILOS, KDW_PART_JOBS},
};

/* A silo that only tracing led to traces as well, and that may lead to more. */
static enum kd_status walk_states_found_late(struct kdw_walk *w)
{
    const struct kdw_table *states = &w->s->tables[KDW_TABLE_STATES];
    enum kd_status st = KD_OK;

    for (size_t len = 0; st == KD_OK && states->len != len;) {
        len = states->len;
        st = kdw_walk_hidden_by_etw(w);
        if (st == KD_OK)
            st = kdw_walk_states(w);
        if (st == KD_OK)
            st = kdw_walk_loggers(w);
        if (st == KD_OK)
            st = kdw_walk_providers(w);
    }
    return st;
}

/* In the order of walk.h: each uses what those before it found. */
static const struct {
    enum kd_status (*walk)(struct kdw_walk *w);
    const char *what;
} steps[] = {
    {kdw_walk_jobs, "jobs"},
    {kdw_walk_processes, "processes"},
    {kdw_walk_hidden, "jobs and processes"},
    {kdw_walk_silos, "silos"},
    {kdw_walk_monitors, "silo monitors"},
    {kdw_walk_states, "ETW states"},
    {kdw_walk_loggers, "loggers"},
    {kdw_walk_providers, "providers"},
    {walk_states_found_late, "silos found by tracing"},
    {kdw_walk_places, "silos of processes"},
    {kdw_walk_cpus, "processors"},
    {kdw_walk_evidence, "modules and variables"},
    {kdw_walk_handles, "consumer handles"},
};

static unsigned with_needs(unsigned parts)
{
    for (size_t i = 0; i < sizeof needs / sizeof needs[0]; i++)
        if (parts & needs[i].part)
            parts |= needs[i].needs;
    return parts;
}

/* Where nobody knows the list of jobs, as with symbols that are guessed, processes lead to them. */
static enum kd_status replace_job_list(struct kdw_walk *w)
{
    uint64_t va;
    enum kd_status st;

    if (!(w->parts & KDW_PART_JOBS))
        return KD_OK;
    st = kdw_walk_symbol(w, "PspJobList", &va);
    if (st == KD_ERR_NOT_FOUND) {
        w->asked |= KDW_PART_PROCESSES;
        w->parts |= KDW_PART_PROCESSES;
        return KD_OK;
    }
    return st;
}

/* A unit. */
static enum kd_status read_time(struct kdw_walk *w, void *arg)
{
    (void)arg;
    return kdw_system_time(w->k->mem, w->k->target, &w->s->time_100ns);
}

static enum kd_status begin(struct kdw_walk *w)
{
    const char *origin = kdw_symbols_origin(w->k->symbols);
    struct kdw_snapshot *s = w->s;

    s->build = w->k->target->build;
    s->kernel_base_va = w->k->base_va;
    s->is_guess = kdw_symbols_is_guess(w->k->symbols);
    s->tables[KDW_TABLE_LISTS].is_taken = true;
    s->symbols = malloc(strlen(origin) + 1);
    if (!s->symbols)
        return KD_ERR_NO_MEMORY;
    memcpy(s->symbols, origin, strlen(origin) + 1);
    return kdw_walk_unit(w, read_time, NULL);
}

enum kd_status kdw_snapshot_take(struct kdw_kernel *k, unsigned parts, struct kdw_snapshot *out)
{
    const struct kdw_snapshot_opts opts = {.parts = parts};

    return kdw_snapshot_take_with(k, &opts, out);
}

enum kd_status kdw_snapshot_take_with(struct kdw_kernel *k, const struct kdw_snapshot_opts *opts,
                                      struct kdw_snapshot *out)
{
    struct kdw_snapshot s = {0};
    struct kdw_walk w = {
        .k = k,
        .s = &s,
        .parts = with_needs(opts->parts),
        .asked = opts->parts,
        .opts = *opts,
    };
    const char *what = "snapshot";
    enum kd_status st;

    kd_diag_clear(k->diag);
    st = begin(&w);
    if (st == KD_OK)
        st = replace_job_list(&w);
    for (size_t i = 0; i < sizeof steps / sizeof steps[0] && st == KD_OK; i++) {
        what = steps[i].what;
        st = steps[i].walk(&w);
        kdw_snapshot_bound_texts(&s);
    }
    if (st != KD_OK) {
        kdw_snapshot_free(&s);
        return kd_diag_add(k->diag, st, "%s", what);
    }
    kd_diag_clear(k->diag); /* of what was missing on the way; the facts say it */
    *out = s;
    return KD_OK;
}
