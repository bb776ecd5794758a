/* view_silos.c - the host and its silos, and the drivers that are told of them. */
#include "facts.h"
#include "grid.h"
#include "labels.h"
#include "views.h"

#include <walker/layer_names.h>

#include <inttypes.h>
#include <stdio.h>

static bool lives(const struct kdw_process *p)
{
    return p->exited_100ns.status != KD_OK || p->exited_100ns.value == 0;
}

/* Of a server silo, and of the host, those in its app silos count as well. */
static bool is_in(const struct kdw_process *p, const struct kdw_silo *silo)
{
    const struct kdw_u64 *own = silo->kind.status == KD_OK && silo->kind.value == KDW_SILO_APP
                                    ? &p->silo_va
                                    : &p->server_silo_va;

    return own->status == KD_OK && own->value == silo->va;
}

static size_t count_processes(const struct kdw_snapshot *s, const struct kdw_silo *silo)
{
    size_t count = 0;

    KDW_EACH(s, KDW_TABLE_PROCESSES, struct kdw_process, p)
    count += lives(p) && is_in(p, silo);
    return count;
}

static void add_cells(struct grid *g, const struct kdw_snapshot *s, const struct kdw_silo *silo)
{
    struct kdw_u64 va = {.value = silo->va};
    struct text *sessions;

    label_silo(grid_cell(g), s, &va);
    fact_name(grid_cell(g), &silo->kind, kdw_silo_kind_name);
    fact_name(grid_cell(g), &silo->state, kdw_silo_state_name);
    sessions = grid_cell(g);
    fact_number(sessions, &silo->service_session);
    text_add(sessions, "/");
    fact_number(sessions, &silo->console_session);
    text_add(grid_cell(g), "%zu", count_processes(s, silo));
    label_container(grid_cell(g), &silo->container_id);
    fact_text(grid_cell(g), &silo->root_directory);
}

static void add_labelled(struct text *t, const char *label, const struct kdw_u64 *va)
{
    if (va->status == KD_ERR_NOT_FOUND || (va->status == KD_OK && va->value == 0))
        return;
    text_add(t, "%s%s ", t->len ? ", " : "", label);
    fact_address(t, va);
}

static void add_places(struct grid *g, const struct kdw_silo *silo)
{
    struct kdw_u64 va = {.value = silo->va};
    struct text *t = grid_remark(g);

    add_labelled(t, "job", &va);
    add_labelled(t, "globals", &silo->globals_va);
    add_labelled(t, "ETW", &silo->etw_state_va);
}

static void add_details(struct grid *g, const struct kdw_snapshot *s, const struct kdw_silo *silo)
{
    struct text *t = grid_remark(g);

    text_add(t, "system root ");
    fact_text(t, &silo->system_root);
    text_add(t, ", exit status ");
    fact_hex(t, &silo->exit_status);
    text_add(t, ", in silo ");
    if (silo->va)
        label_silo(t, s, &silo->parent_va);
    else
        text_add(t, "-");
}

static void add_mark(struct grid *g, const struct kdw_snapshot *s, const struct kdw_silo *silo)
{
    const struct kdw_job *job = kdw_snapshot_find(s, KDW_TABLE_JOBS, silo->va);

    if (silo->va && job && job->found.status == KD_OK && !(job->found.value & KDW_FOUND_LIST) &&
        label_list_is_whole(s, "PspJobList"))
        label_hidden(grid_remark(g), job->found.value, kdw_job_route_name);
}

static void print_silos(const struct kdw_snapshot *s, bool is_verbose)
{
    static const struct grid_column columns[] = {
        {"silo", GRID_RIGHT},    {"kind", GRID_LEFT},       {"state", GRID_LEFT},
        {"sessions", GRID_LEFT}, {"processes", GRID_RIGHT}, {"container", GRID_LEFT},
        {"root", GRID_FLEXIBLE},
    };
    struct grid g;

    grid_begin(&g, columns, sizeof columns / sizeof columns[0], is_verbose);
    KDW_EACH(s, KDW_TABLE_SILOS, struct kdw_silo, silo)
    {
        add_cells(&g, s, silo);
        add_places(&g, silo);
        if (is_verbose)
            add_details(&g, s, silo);
        add_mark(&g, s, silo);
    }
    grid_print(&g);
}

static void print_monitors(const struct kdw_snapshot *s, bool is_verbose)
{
    static const struct grid_column columns[] = {
        {"monitor", GRID_LEFT},    {"slot", GRID_RIGHT},      {"at creation", GRID_LEFT},
        {"at the end", GRID_LEFT}, {"driver", GRID_FLEXIBLE},
    };
    struct grid g;

    grid_begin(&g, columns, sizeof columns / sizeof columns[0], is_verbose);
    KDW_EACH(s, KDW_TABLE_MONITORS, struct kdw_monitor, m)
    {
        text_add(grid_cell(&g), "%016" PRIx64, m->va);
        fact_number(grid_cell(&g), &m->slot);
        label_code(grid_cell(&g), s, &m->create_va);
        label_code(grid_cell(&g), s, &m->terminate_va);
        fact_text(grid_cell(&g), &m->name);
    }
    grid_print(&g);
}

static void print_storage(const struct kdw_snapshot *s)
{
    static const struct grid_column columns[] = {
        {"silo", GRID_RIGHT}, {"slot", GRID_RIGHT}, {"object", GRID_LEFT}};
    struct grid g;

    grid_begin(&g, columns, sizeof columns / sizeof columns[0], true);
    KDW_EACH(s, KDW_TABLE_STORAGE, struct kdw_storage_slot, slot)
    {
        label_silo(grid_cell(&g), s, &slot->silo_va);
        fact_number(grid_cell(&g), &slot->slot);
        fact_address(grid_cell(&g), &slot->object_va);
    }
    grid_print(&g);
}

void view_silos(const struct kdw_snapshot *s, bool is_verbose)
{
    print_silos(s, is_verbose);
    if (s->tables[KDW_TABLE_MONITORS].len) {
        printf("\n");
        print_monitors(s, is_verbose);
    }
    if (is_verbose && s->tables[KDW_TABLE_STORAGE].len) {
        printf("\n");
        print_storage(s);
    }
}
