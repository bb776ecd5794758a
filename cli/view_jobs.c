/* view_jobs.c - the jobs, one after the other or each below the one that it is in. */
#include "facts.h"
#include "grid.h"
#include "labels.h"
#include "message.h"
#include "tree.h"
#include "views.h"

#include <walker/layer_names.h>

#include <inttypes.h>
#include <stdlib.h>

enum { DEPTH_MAX = 8 }; /* that is shown by indenting */

static const struct kdw_job *jobs_of(const struct kdw_snapshot *s)
{
    return s->tables[KDW_TABLE_JOBS].records;
}

/* ---- order ---- */

static size_t parent_of(const void *ctx, size_t index)
{
    const struct kdw_snapshot *s = ctx;
    const struct kdw_job *job = &jobs_of(s)[index];
    const struct kdw_job *parent = job->parent_va.status == KD_OK && job->parent_va.value
                                       ? kdw_snapshot_find(s, KDW_TABLE_JOBS, job->parent_va.value)
                                       : NULL;

    return parent ? (size_t)(parent - jobs_of(s)) : TREE_NONE;
}

/* ---- one job ---- */

static void label_kind(struct text *t, const struct kdw_snapshot *s, const struct kdw_job *job)
{
    const struct kdw_silo *silo = kdw_snapshot_find(s, KDW_TABLE_SILOS, job->va);

    if (!silo)
        text_add(t, "%s", job->flags.status == KD_OK ? "job" : fact_unknown(job->flags.status));
    else if (silo->kind.status == KD_OK && kdw_silo_kind_name(silo->kind.value))
        text_add(t, "%s silo", kdw_silo_kind_name(silo->kind.value));
    else
        text_add(t, "silo");
}

/* What JobFlags say beside Silo, which is told as the kind. */
static void label_flags(struct text *t, const struct kdw_job *job)
{
    struct kdw_u64 flags = job->flags;

    flags.value &= ~(UINT64_C(1) << 30);
    fact_bits(t, &flags, kdw_job_flag_name);
}

static void add_cells(struct grid *g, const struct kdw_snapshot *s, const struct kdw_job *job,
                      unsigned depth)
{
    struct text *id = grid_cell(g);

    text_add(id, "%*s", 2 * (int)(depth < DEPTH_MAX ? depth : DEPTH_MAX), "");
    fact_number(id, &job->id);
    label_job_path(grid_cell(g), s, &job->parent_va);
    label_kind(grid_cell(g), s, job);
    fact_number(grid_cell(g), &job->session_id);
    fact_number(grid_cell(g), &job->processes_active);
    fact_number(grid_cell(g), &job->processes_total);
    fact_number(grid_cell(g), &job->processes_terminated);
    text_add(grid_cell(g), "%016" PRIx64, job->va);
    label_flags(grid_cell(g), job);
}

static void add_details(struct grid *g, const struct kdw_job *job)
{
    struct text *t = grid_remark(g);

    text_add(t, "limits ");
    fact_hex(t, &job->limit_flags);
    text_add(t, ", depth ");
    fact_number(t, &job->nesting_depth);
    text_add(t, ", references ");
    fact_number(t, &job->pointer_count);
    text_add(t, ", container ");
    label_container(t, &job->container_id);
    text_add(t, ", found by ");
    fact_bits(t, &job->found, kdw_job_route_name);
}

/* Reached by one way only: either nothing else leads to it, or somebody took it off the list. */
static void add_mark(struct grid *g, const struct kdw_job *job)
{
    uint64_t found = job->found.value;

    if (job->found.status != KD_OK)
        return;
    if (!(found & KDW_FOUND_LIST))
        label_hidden(grid_remark(g), found, kdw_job_route_name);
    else if (found == KDW_FOUND_LIST)
        text_add(grid_remark(g), "found by PspJobList alone");
}

void view_jobs(const struct kdw_snapshot *s, bool is_verbose, bool is_tree)
{
    static const struct grid_column columns[] = {
        {"job", GRID_LEFT},      {"inside", GRID_LEFT},  {"kind", GRID_LEFT},
        {"session", GRID_RIGHT}, {"active", GRID_RIGHT}, {"total", GRID_RIGHT},
        {"killed", GRID_RIGHT},  {"address", GRID_LEFT}, {"flags", GRID_FLEXIBLE},
    };
    struct tree_item *items =
        tree_make(s->tables[KDW_TABLE_JOBS].len, is_tree ? parent_of : NULL, s);
    bool is_list_whole = label_list_is_whole(s, "PspJobList");
    struct grid g;

    if (!items) {
        message_output_failed("out of memory");
        return;
    }
    grid_begin(&g, columns, sizeof columns / sizeof columns[0], is_verbose);
    for (size_t i = 0; i < s->tables[KDW_TABLE_JOBS].len; i++) {
        const struct kdw_job *job = &jobs_of(s)[items[i].index];

        add_cells(&g, s, job, items[i].depth);
        if (is_verbose)
            add_details(&g, job);
        if (is_list_whole)
            add_mark(&g, job);
    }
    grid_print(&g);
    free(items);
}
