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

static size_t parent_of(const void *ctx, size_t index)
{
    const struct kdw_snapshot *s = ctx;
    const struct kdw_process *parent = process_parent(s, &processes_of(s)[index]);

    return parent ? (size_t)(parent - processes_of(s)) : TREE_NONE;
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

static void add_mark(struct grid *g, const struct kdw_process *p, uint64_t routes)
{
    struct kdw_u64 lacks = {.value = routes & ~p->found.value};

    if (p->found.status != KD_OK)
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
    struct tree_item *items =
        tree_make(s->tables[KDW_TABLE_PROCESSES].len, is_tree ? parent_of : NULL, s);
    uint64_t routes = common_routes(s);
    bool is_list_whole = label_list_is_whole(s, "PsActiveProcessHead");
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
        if (is_list_whole)
            add_mark(&g, p, routes);
    }
    grid_print(&g);
    free(items);
}
