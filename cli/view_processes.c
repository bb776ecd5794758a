/* view_processes.c - the processes, one after the other or each below the one that made it. */
#include "facts.h"
#include "grid.h"
#include "labels.h"
#include "message.h"
#include "process_text.h"
#include "tree.h"
#include "views.h"

#include <walker/layer_names.h>

#include <inttypes.h>
#include <stdlib.h>

enum { DEPTH_MAX = 8 }; /* that is shown by indenting */

static const struct kdw_process *processes_of(const struct kdw_snapshot *s)
{
    return s->tables[KDW_TABLE_PROCESSES].records;
}

/* ---- order ---- */

static size_t parent_of(const struct kdw_snapshot *s, const struct kdw_process *p)
{
    const struct kdw_process *parent = process_parent(s, p);

    return parent ? (size_t)(parent - processes_of(s)) : TREE_NONE;
}

/* NULL: no memory. */
static struct tree_item *order(const struct kdw_snapshot *s, bool is_tree)
{
    size_t len = s->tables[KDW_TABLE_PROCESSES].len;
    size_t *parents = calloc(len + 1, sizeof *parents);
    struct tree_item *items = calloc(len + 1, sizeof *items);
    bool is_done = parents && items;

    for (size_t i = 0; i < len && is_done; i++)
        parents[i] = is_tree ? parent_of(s, &processes_of(s)[i]) : TREE_NONE;
    is_done = is_done && tree_order(parents, len, items);
    free(parents);
    if (is_done)
        return items;
    free(items);
    return NULL;
}

/* ---- one process ---- */

static void add_restrictions(struct text *t, const struct kdw_process *p)
{
    if (process_has_exited(p)) {
        text_add(t, "exited ");
        fact_time(t, &p->exited_100ns);
        return;
    }
    if (process_is_contained(p))
        text_add(t, "AppContainer, ");
    process_restrictions(t, p);
}

static void add_cells(struct grid *g, const struct kdw_snapshot *s, const struct kdw_process *p,
                      unsigned depth)
{
    struct text *name;

    fact_number(grid_cell(g), &p->pid);
    name = grid_cell(g);
    text_add(name, "%*s", (int)(depth < DEPTH_MAX ? depth : DEPTH_MAX), "");
    fact_text(name, &p->name);
    fact_number(grid_cell(g), &p->parent_pid);
    label_silo(grid_cell(g), s, &p->silo_va);
    label_job_path(grid_cell(g), s, &p->job_va);
    fact_number(grid_cell(g), &p->session_id);
    process_protection(grid_cell(g), p);
    process_integrity(grid_cell(g), p);
    add_restrictions(grid_cell(g), p);
}

static void add_details(struct grid *g, const struct kdw_process *p)
{
    struct text *t = grid_remark(g);

    text_add(t, "%016" PRIx64 " ", p->va);
    fact_text(t, &p->path);
    t = grid_remark(g);
    text_add(t, "created ");
    fact_time(t, &p->created_100ns);
    text_add(t, ", exited ");
    fact_time(t, &p->exited_100ns);
    text_add(t, ", threads ");
    fact_number(t, &p->threads);
    text_add(t, ", found by ");
    fact_bits(t, &p->found, kdw_process_route_name);
    t = grid_remark(g);
    text_add(t, "user ");
    fact_text(t, &p->user);
    text_add(t, ", policy ");
    fact_bits(t, &p->policy, kdw_token_policy_name);
    text_add(t, ", trust ");
    fact_text(t, &p->trust_level);
    text_add(t, ", package ");
    fact_text(t, &p->package);
    t = grid_remark(g);
    text_add(t, "mitigations ");
    process_mitigations(t, p);
}

/* ---- lists compared ---- */

/* Routes on which every process is that lives, of those by which any was found at all. */
static uint64_t common_routes(const struct kdw_snapshot *s)
{
    uint64_t routes = 0;

    KDW_EACH(s, KDW_TABLE_PROCESSES, struct kdw_process, p)
    if (p->found.status == KD_OK)
        routes |= p->found.value;
    return routes & (KDW_FOUND_LIST | KDW_FOUND_MEMORY | KDW_FOUND_CID);
}

static void add_mark(struct grid *g, const struct kdw_snapshot *s, const struct kdw_process *p,
                     uint64_t routes)
{
    struct kdw_u64 lacks = {.value = routes & ~p->found.value};

    if (p->found.status != KD_OK || !label_list_is_whole(s, "PsActiveProcessHead"))
        return;
    if (!(p->found.value & KDW_FOUND_LIST)) {
        label_hidden(grid_remark(g), p->found.value, kdw_process_route_name);
    } else if (lacks.value && !process_has_exited(p)) {
        struct text *t = grid_remark(g);

        text_add(t, "not found by ");
        fact_bits(t, &lacks, kdw_process_route_name);
    }
}

void view_processes(const struct kdw_snapshot *s, bool is_verbose, bool is_tree)
{
    static const struct grid_column columns[] = {
        {"pid", GRID_RIGHT},       {"name", GRID_LEFT},      {"parent", GRID_RIGHT},
        {"silo", GRID_RIGHT},      {"job", GRID_LEFT},       {"sess", GRID_RIGHT},
        {"protection", GRID_LEFT}, {"integrity", GRID_LEFT}, {"restrictions", GRID_FLEXIBLE},
    };
    struct tree_item *items = order(s, is_tree);
    uint64_t routes = common_routes(s);
    struct grid g;

    if (!items) {
        message_output_failed("out of memory");
        return;
    }
    grid_begin(&g, columns, sizeof columns / sizeof columns[0], is_verbose);
    for (size_t i = 0; i < s->tables[KDW_TABLE_PROCESSES].len; i++) {
        const struct kdw_process *p = &processes_of(s)[items[i].index];

        add_cells(&g, s, p, items[i].depth);
        if (is_verbose)
            add_details(&g, p);
        add_mark(&g, s, p, routes);
    }
    grid_print(&g);
    free(items);
}
