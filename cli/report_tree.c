/* report_tree.c - silos, the jobs in them and the processes in those, as a tree of lists that fold. */
#include "report_parts.h"

#include "facts.h"
#include "labels.h"
#include "process_text.h"
#include "tree.h"

#include <walker/layer_names.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    DEPTH_MAX = 16, /* Windows nests a few; what is deeper, as only damage is, stands beside */
    ROWS_MAX = 10000,
};

enum node_kind { NODE_SILO, NODE_JOB, NODE_PROCESS };

struct node {
    enum node_kind kind;
    const void *record;
    size_t below; /* how many processes */
};

struct tree {
    const struct kdw_snapshot *s;
    struct node *nodes; /* silos as in their table, then jobs that are none, then processes */
    size_t len;
    size_t host;       /* TREE_NONE: it was not found */
    size_t *job_nodes; /* by index in the table of jobs */
};

/* ---- what is what ---- */

static void add_nodes(struct tree *t)
{
    const struct kdw_job *jobs = t->s->tables[KDW_TABLE_JOBS].records;

    t->host = TREE_NONE;
    KDW_EACH(t->s, KDW_TABLE_SILOS, struct kdw_silo, silo)
    {
        if (silo->va == 0 && t->host == TREE_NONE)
            t->host = t->len;
        t->nodes[t->len++] = (struct node){NODE_SILO, silo, 0};
    }
    for (size_t i = 0; i < t->s->tables[KDW_TABLE_JOBS].len; i++) {
        const struct kdw_silo *silo = kdw_snapshot_find(t->s, KDW_TABLE_SILOS, jobs[i].va);

        if (silo) { /* the same thing: it stands as a silo */
            t->job_nodes[i] =
                (size_t)(silo - (const struct kdw_silo *)t->s->tables[KDW_TABLE_SILOS].records);
            continue;
        }
        t->job_nodes[i] = t->len;
        t->nodes[t->len++] = (struct node){NODE_JOB, &jobs[i], 0};
    }
    KDW_EACH(t->s, KDW_TABLE_PROCESSES, struct kdw_process, p)
    t->nodes[t->len++] = (struct node){NODE_PROCESS, p, 0};
}

/* ---- what is in what ---- */

static size_t node_of_job(const struct tree *t, const struct kdw_u64 *va)
{
    const struct kdw_job *job = va->status == KD_OK && va->value
                                    ? kdw_snapshot_find(t->s, KDW_TABLE_JOBS, va->value)
                                    : NULL;

    if (!job)
        return TREE_NONE;
    return t->job_nodes[job - (const struct kdw_job *)t->s->tables[KDW_TABLE_JOBS].records];
}

static size_t node_of_silo(const struct tree *t, const struct kdw_u64 *va)
{
    const struct kdw_silo *silo =
        va->status == KD_OK ? kdw_snapshot_find(t->s, KDW_TABLE_SILOS, va->value) : NULL;

    if (!silo)
        return t->host;
    return (size_t)(silo - (const struct kdw_silo *)t->s->tables[KDW_TABLE_SILOS].records);
}

static size_t or_else(size_t node, size_t other)
{
    return node != TREE_NONE ? node : other;
}

static size_t parent_of_silo(const struct tree *t, const struct kdw_silo *silo)
{
    const struct kdw_job *job;

    if (silo->va == 0)
        return TREE_NONE;
    job = kdw_snapshot_find(t->s, KDW_TABLE_JOBS, silo->va);
    return or_else(job ? node_of_job(t, &job->parent_va) : TREE_NONE,
                   node_of_silo(t, &silo->parent_va));
}

static size_t parent_of(const void *ctx, size_t index)
{
    const struct tree *t = ctx;
    const struct node *n = &t->nodes[index];
    const struct kdw_process *p = n->record;
    size_t parent;

    switch (n->kind) {
    case NODE_SILO:
        parent = parent_of_silo(t, n->record);
        break;
    case NODE_JOB:
        parent = or_else(node_of_job(t, &((const struct kdw_job *)n->record)->parent_va), t->host);
        break;
    default:
        parent = or_else(node_of_job(t, &p->job_va), node_of_silo(t, &p->silo_va));
        break;
    }
    return parent == index ? TREE_NONE : parent;
}

/* What stands behind an item and deeper is in it. */
static void count_processes(struct tree *t, const struct tree_item *items)
{
    size_t path[DEPTH_MAX] = {0};

    for (size_t i = 0; i < t->len; i++) {
        unsigned depth = items[i].depth < DEPTH_MAX ? items[i].depth : DEPTH_MAX - 1;

        if (t->nodes[items[i].index].kind != NODE_PROCESS) {
            path[depth] = items[i].index;
            continue;
        }
        for (unsigned d = 0; d < depth; d++)
            t->nodes[path[d]].below++;
    }
}

/* ---- items ---- */

static void write_fact(struct html *h, const char *label, struct text *t)
{
    html_element(h, "dt", NULL, label);
    html_start(h, "dd");
    html_take(h, t);
    html_end(h, "dd");
}

static void write_name(struct html *h, const struct kdw_text *name)
{
    struct text t = {0};

    fact_text(&t, name);
    html_start(h, "b");
    html_take(h, &t);
    html_end(h, "b");
}

static void write_chip_of(struct html *h, const char *kind, struct text *t)
{
    html_start(h, "span");
    html_attributef(h, "class", "chip %s", kind);
    html_take(h, t);
    html_end(h, "span");
}

/* Nothing where there is nothing to be told. */
static void write_note(struct html *h, struct text *t)
{
    char *chars = text_take(t);

    if (!chars)
        html_fail(h, KD_ERR_NO_MEMORY);
    else if (chars[0] && strcmp(chars, "-") != 0)
        html_element(h, "span", "note", chars);
    free(chars);
}

static void write_process_facts(struct html *h, const struct kdw_snapshot *s,
                                const struct kdw_process *p)
{
    const struct kdw_process *parent = process_parent(s, p);
    struct text t = {0};

    html_start(h, "dl");
    html_attribute(h, "class", "facts");
    text_add(&t, "%016" PRIx64, p->va);
    write_fact(h, "address", &t);
    fact_text(&t, &p->path);
    write_fact(h, "path", &t);
    fact_number(&t, &p->parent_pid);
    if (parent) {
        text_add(&t, " ");
        fact_text(&t, &parent->name);
    }
    write_fact(h, "parent", &t);
    fact_time(&t, &p->created_100ns);
    write_fact(h, "created", &t);
    fact_number(&t, &p->session_id);
    write_fact(h, "session", &t);
    fact_text(&t, &p->user);
    write_fact(h, "user", &t);
    fact_bits(&t, &p->policy, kdw_token_policy_name);
    write_fact(h, "token policy", &t);
    process_mitigations(&t, p);
    write_fact(h, "mitigations", &t);
    fact_bits(&t, &p->found, kdw_process_route_name);
    write_fact(h, "found by", &t);
    html_end(h, "dl");
}

static bool is_hidden(const struct kdw_snapshot *s, const struct kdw_u64 *found, const char *list)
{
    return found->status == KD_OK && !(found->value & KDW_FOUND_LIST) &&
           label_list_is_whole(s, list);
}

static void write_process_marks(struct html *h, const struct kdw_snapshot *s,
                                const struct kdw_process *p)
{
    struct text t = {0};

    if (p->protection.status != KD_OK || p->protection.value) {
        process_protection(&t, p);
        write_chip_of(h, "k-protected", &t);
    }
    process_integrity(&t, p);
    write_chip_of(h, "k-integrity", &t);
    if (process_is_contained(p))
        report_chip(h, "k-contained", "AppContainer");
    if (process_has_exited(p))
        report_chip(h, "k-other", "exited");
    if (is_hidden(s, &p->found, "PsActiveProcessHead"))
        report_chip(h, "k-fail", "hidden");
    process_restrictions(&t, p);
    write_note(h, &t);
}

static void write_process(struct html *h, const struct kdw_snapshot *s, const struct kdw_process *p)
{
    struct text t = {0};

    html_start(h, "details");
    html_start(h, "summary");
    fact_number(&t, &p->pid);
    html_start(h, "span");
    html_attribute(h, "class", "pid");
    html_take(h, &t);
    html_end(h, "span");
    html_text(h, " ");
    write_name(h, &p->name);
    write_process_marks(h, s, p);
    html_end(h, "summary");
    write_process_facts(h, s, p);
    html_end(h, "details");
}

static void write_silo(struct html *h, const struct kdw_snapshot *s, const struct kdw_silo *silo)
{
    struct kdw_u64 va = {.value = silo->va};
    struct text t = {0};

    if (silo->va) {
        fact_name(&t, &silo->kind, kdw_silo_kind_name);
        text_add(&t, " silo ");
    }
    label_silo(&t, s, &va);
    html_start(h, "b");
    html_take(h, &t);
    html_end(h, "b");
    if (silo->state.status != KD_ERR_NOT_FOUND) { /* as of an app silo */
        fact_name(&t, &silo->state, kdw_silo_state_name);
        write_chip_of(h, "k-other", &t);
    }
    if (silo->va && silo->root_directory.status != KD_ERR_NOT_FOUND) {
        text_add(&t, "container ");
        label_container(&t, &silo->container_id);
        text_add(&t, ", root ");
        fact_text(&t, &silo->root_directory);
    }
    write_note(h, &t);
}

static void write_job(struct html *h, const struct kdw_snapshot *s, const struct kdw_job *job)
{
    struct text t = {0};

    text_add(&t, "job ");
    fact_number(&t, &job->id);
    html_start(h, "b");
    html_take(h, &t);
    html_end(h, "b");
    if (is_hidden(s, &job->found, "PspJobList"))
        report_chip(h, "k-fail", "hidden");
    text_add(&t, "%016" PRIx64 ", session ", job->va);
    fact_number(&t, &job->session_id);
    if (job->flags.status != KD_OK || job->flags.value) {
        text_add(&t, ", ");
        fact_bits(&t, &job->flags, kdw_job_flag_name);
    }
    write_note(h, &t);
}

static void filter_by(struct html *h, const struct kdw_snapshot *s, const struct node *n)
{
    static const enum kdw_table_id tables[] = {KDW_TABLE_SILOS, KDW_TABLE_JOBS,
                                               KDW_TABLE_PROCESSES};
    struct text t = {0};
    char *silo;

    report_silo_of(&t, s, tables[n->kind], n->record);
    silo = text_take(&t);
    report_filter(h, NULL, tables[n->kind], silo);
    free(silo);
}

static unsigned depth_of(const struct tree_item *item)
{
    return item->depth < DEPTH_MAX ? item->depth : DEPTH_MAX - 1;
}

/* ---- all of it ---- */

struct writing {
    struct html *h;
    const struct tree *t;
    const struct tree_item *items;
    size_t at; /* the next item */
};

static void write_level(struct writing *w, unsigned depth);

/* A silo or a job, with all that is in it. */
static void write_branch(struct writing *w, const struct node *n, unsigned depth)
{
    bool has_more = w->at < w->t->len && depth_of(&w->items[w->at]) > depth;
    struct html *h = w->h;

    html_start(h, has_more ? "details" : "div");
    if (has_more) {
        html_attribute(h, "open", "");
        html_start(h, "summary");
    }
    if (n->kind == NODE_SILO)
        write_silo(h, w->t->s, n->record);
    else
        write_job(h, w->t->s, n->record);
    html_elementf(h, "span", "count", "%zu process%s", n->below, n->below == 1 ? "" : "es");
    if (has_more) {
        html_end(h, "summary");
        write_level(w, depth + 1);
    }
    html_end(h, has_more ? "details" : "div");
}

/* As deep as DEPTH_MAX, and no deeper. */
static void write_level(struct writing *w, unsigned depth)
{
    html_start(w->h, "ul");
    if (depth == 0)
        html_attribute(w->h, "class", "tree");
    while (w->at < w->t->len && depth_of(&w->items[w->at]) == depth &&
           report_has_room(w->h, w->at, ROWS_MAX)) {
        const struct node *n = &w->t->nodes[w->items[w->at++].index];

        html_start(w->h, "li");
        html_attribute(w->h, "class", "item");
        filter_by(w->h, w->t->s, n);
        if (n->kind == NODE_PROCESS)
            write_process(w->h, w->t->s, n->record);
        else
            write_branch(w, n, depth);
        html_end(w->h, "li");
    }
    html_end(w->h, "ul");
}

static void write_tree(struct html *h, struct tree *t)
{
    struct tree_item *items;
    struct writing w = {.h = h, .t = t};

    add_nodes(t);
    items = tree_make(t->len, parent_of, t);
    if (!items) {
        html_fail(h, KD_ERR_NO_MEMORY);
        return;
    }
    count_processes(t, items);
    w.items = items;
    write_level(&w, 0);
    report_left_out(h, w.at, t->len, "silos, jobs and processes");
    free(items);
}

void report_tree(struct html *h, const struct kdw_snapshot *s)
{
    struct tree t = {.s = s};

    if (!s)
        return;
    t.nodes = calloc(s->tables[KDW_TABLE_SILOS].len + s->tables[KDW_TABLE_JOBS].len +
                         s->tables[KDW_TABLE_PROCESSES].len + 1,
                     sizeof *t.nodes);
    t.job_nodes = calloc(s->tables[KDW_TABLE_JOBS].len + 1, sizeof *t.job_nodes);
    report_section_start(h, "tree", "Silos, jobs, processes");
    if (t.nodes && t.job_nodes)
        write_tree(h, &t);
    else
        html_fail(h, KD_ERR_NO_MEMORY);
    report_section_end(h);
    free(t.nodes);
    free(t.job_nodes);
}
