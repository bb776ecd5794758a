#include "hostile_views.h"

#include "diff_print.h"
#include "document.h"
#include "layers_keep.h"
#include "message.h"
#include "print.h"
#include "print_check.h"
#include "random.h"
#include "snapshot_load.h"
#include "view.h"
#include "views.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { VIEWS_MAX = 64 };

static const struct provider_names no_names = {NULL, 0};

/* ---- one command after the other ---- */

static void silos(const struct hostile_views *v)
{
    view_silos(v->s, false);
    view_print_end(v->s);
}

static void silos_v(const struct hostile_views *v)
{
    view_silos(v->s, true);
}

static void jobs(const struct hostile_views *v)
{
    view_jobs(v->s, false, false);
}

static void jobs_v(const struct hostile_views *v)
{
    view_jobs(v->s, true, false);
}

static void jobs_tree(const struct hostile_views *v)
{
    view_jobs(v->s, false, true);
}

static void sessions(const struct hostile_views *v)
{
    view_sessions(v->s, false);
}

static void sessions_v(const struct hostile_views *v)
{
    view_sessions(v->s, true);
}

static void ps(const struct hostile_views *v)
{
    view_processes(v->s, false, false);
}

static void ps_v(const struct hostile_views *v)
{
    view_processes(v->s, true, false);
}

static void ps_tree(const struct hostile_views *v)
{
    view_processes(v->s, false, true);
}

static void cpu(const struct hostile_views *v)
{
    view_cpus(v->s, false);
}

static void cpu_v(const struct hostile_views *v)
{
    view_cpus(v->s, true);
}

static void loggers(const struct hostile_views *v)
{
    print_text_loggers(v->s, false);
}

static void loggers_v(const struct hostile_views *v)
{
    print_text_loggers(v->s, true);
}

static void providers(const struct hostile_views *v)
{
    view_providers(v->s, &no_names, false, false);
}

static void providers_details(const struct hostile_views *v)
{
    view_providers(v->s, &no_names, false, true);
}

static void providers_v(const struct hostile_views *v)
{
    view_providers(v->s, &no_names, true, true);
}

static const struct kdw_process *any_process(const struct hostile_views *v, uint64_t number)
{
    const struct kdw_table *t = &v->s->tables[KDW_TABLE_PROCESSES];
    uint64_t random = v->seed + number;

    return t->len ? (const struct kdw_process *)t->records + lab_random(&random) % t->len : NULL;
}

static void layers(const struct hostile_views *v)
{
    for (uint64_t i = 0; i < 3 && any_process(v, i); i++)
        view_layers(v->s, &no_names, false, any_process(v, i)->va);
}

static void layers_v(const struct hostile_views *v)
{
    if (any_process(v, 3))
        view_layers(v->s, &no_names, true, any_process(v, 3)->va);
}

static void check_as(const struct hostile_views *v,
                     void (*print)(const struct kdw_snapshot *s, const struct kdw_check_list *list))
{
    struct kdw_check_list list;

    if (kdw_check_run(v->s, &list) != KD_OK) {
        message_output_failed("no memory");
        return;
    }
    print(v->s, &list);
    kdw_check_free(&list);
}

static void check_plain(const struct kdw_snapshot *s, const struct kdw_check_list *list)
{
    print_text_check(s, list, false);
}

static void check_detailed(const struct kdw_snapshot *s, const struct kdw_check_list *list)
{
    print_text_check(s, list, true);
}

static void check_document(const struct kdw_snapshot *s, const struct kdw_check_list *list)
{
    document_print(check_json(s, list));
}

static void check(const struct hostile_views *v)
{
    check_as(v, check_plain);
}

static void check_v(const struct hostile_views *v)
{
    check_as(v, check_detailed);
}

static void check_in_json(const struct hostile_views *v)
{
    check_as(v, check_document);
}

static void diff_as(const struct hostile_views *v, enum kdw_diff_counters counters,
                    void (*print)(const struct diff_side *from, const struct diff_side *to,
                                  const struct kdw_diff *diff))
{
    const struct diff_side from = {"before.json", *v->clean}, to = {"after.json", *v->s};
    struct kdw_diff diff;

    if (kdw_diff(v->clean, v->s, counters, &diff) != KD_OK) {
        message_output_failed("no memory");
        return;
    }
    print(&from, &to, &diff);
    kdw_diff_free(&diff);
}

static void diff_plain(const struct diff_side *from, const struct diff_side *to,
                       const struct kdw_diff *d)
{
    print_text_diff(from, to, d, false);
}

static void diff_wide(const struct diff_side *from, const struct diff_side *to,
                      const struct kdw_diff *d)
{
    print_text_diff(from, to, d, true);
}

static void diff(const struct hostile_views *v)
{
    diff_as(v, KDW_DIFF_WITHOUT_COUNTERS, diff_plain);
}

static void diff_v(const struct hostile_views *v)
{
    diff_as(v, KDW_DIFF_WITH_COUNTERS, diff_wide);
}

static void diff_in_json(const struct hostile_views *v)
{
    diff_as(v, KDW_DIFF_WITH_COUNTERS, print_json_diff);
}

static void snapshot(const struct hostile_views *v)
{
    print_json_snapshot(v->s);
}

static const struct view_of_all {
    const char *name;
    enum hostile_form form;
    void (*show)(const struct hostile_views *v);
} views[] = {
    {"silos", HOSTILE_LINES, silos},
    {"silos -v", HOSTILE_WIDE, silos_v},
    {"jobs", HOSTILE_LINES, jobs},
    {"jobs -v", HOSTILE_WIDE, jobs_v},
    {"jobs --tree", HOSTILE_LINES, jobs_tree},
    {"sessions", HOSTILE_LINES, sessions},
    {"sessions -v", HOSTILE_WIDE, sessions_v},
    {"ps", HOSTILE_LINES, ps},
    {"ps -v", HOSTILE_WIDE, ps_v},
    {"ps --tree", HOSTILE_LINES, ps_tree},
    {"cpu", HOSTILE_LINES, cpu},
    {"cpu -v", HOSTILE_WIDE, cpu_v},
    {"loggers", HOSTILE_WIDE, loggers},
    {"loggers -v", HOSTILE_WIDE, loggers_v},
    {"providers", HOSTILE_LINES, providers},
    {"providers NAME", HOSTILE_LINES, providers_details},
    {"providers -v", HOSTILE_WIDE, providers_v},
    {"layers", HOSTILE_LINES, layers},
    {"layers -v", HOSTILE_WIDE, layers_v},
    {"check", HOSTILE_WIDE, check},
    {"check -v", HOSTILE_WIDE, check_v},
    {"check --json", HOSTILE_JSON, check_in_json},
    {"diff", HOSTILE_LINES, diff},
    {"diff -v", HOSTILE_WIDE, diff_v},
    {"diff --json", HOSTILE_JSON, diff_in_json},
};

/* ---- shown and judged ---- */

static struct hostile_view_cost costs[VIEWS_MAX + 1];

const struct hostile_view_cost *hostile_view_costs(void)
{
    return costs;
}

double hostile_cpu_seconds(void)
{
    return (double)clock() / CLOCKS_PER_SEC;
}

void hostile_note_cost(const char *name, double seconds, size_t len)
{
    struct hostile_view_cost *c = costs;

    while (c->name && c->name != name)
        c++;
    c->name = name;
    c->seconds += seconds;
    if (seconds > c->most_seconds)
        c->most_seconds = seconds;
    if (len > c->most_len)
        c->most_len = len;
}

static bool blame(struct hostile_views *v, const char *view)
{
    v->failed = view;
    return false;
}

/* Show it; the text is there until the next one. */
static bool run_view(struct hostile_views *v, const struct view_of_all *view, const char **text,
                     size_t *len)
{
    double begun = hostile_cpu_seconds(), seconds;

    *v->doing = view->name;
    hostile_output_begin();
    view->show(v);
    *text = hostile_output_end(len);
    seconds = hostile_cpu_seconds() - begun;
    hostile_note_cost(view->name, seconds, *len);
    if (seconds + v->walk_seconds > HOSTILE_SECONDS) {
        snprintf(v->why, sizeof v->why, "it took %.1f s, %.1f of them to walk",
                 seconds + v->walk_seconds, v->walk_seconds);
        return blame(v, view->name);
    }
    if (message_output_has_failed()) {
        snprintf(v->why, sizeof v->why, "the output could not be made");
        return blame(v, view->name);
    }
    return true;
}

/* ---- a snapshot in a file ---- */

/* What was read back is what was written. */
static bool is_same(struct hostile_views *v, const struct kdw_snapshot *again)
{
    struct kdw_diff d;
    bool is_equal;

    if (kdw_diff(v->s, again, KDW_DIFF_WITH_COUNTERS, &d) != KD_OK)
        return false;
    is_equal = d.len == 0;
    if (!is_equal)
        snprintf(v->why, sizeof v->why, "%zu facts are not read back, the first of table %s: %s",
                 d.len, kdw_snapshot_tables[d.changes[0].table].name,
                 d.changes[0].fact ? d.changes[0].fact->name : "a record");
    kdw_diff_free(&d);
    return is_equal;
}

static void layers_of_what_is_kept(const struct hostile_views *v)
{
    const struct kdw_process *p = any_process(v, 4);
    uint64_t va = p ? p->va : 0;

    if (!p)
        return;
    layers_keep(v->read_back, va);
    view_layers(v->read_back, &no_names, true, va);
    view_print_end(v->read_back);
}

/* Snapshot, and from what is read back the command that leaves out most. */
static bool run_document(struct hostile_views *v)
{
    static const struct view_of_all document = {"snapshot", HOSTILE_WIDE, snapshot};
    static const struct view_of_all kept = {"layers, kept", HOSTILE_WIDE, layers_of_what_is_kept};
    struct hostile_views own = *v;
    struct kdw_snapshot again;
    struct kd_diag diag = {{0}};
    const char *text;
    double begun;
    size_t len;
    bool ok;

    if (!run_view(v, &document, &text, &len))
        return false;
    if (!hostile_output_is_fit(text, len, document.form, v->why))
        return blame(v, document.name);
    *v->doing = "reading a snapshot";
    begun = hostile_cpu_seconds();
    if (snapshot_parse(text, len, &diag, &again) != KD_OK) {
        snprintf(v->why, sizeof v->why, "%.150s", diag.text);
        return blame(v, *v->doing);
    }
    hostile_note_cost(*v->doing, hostile_cpu_seconds() - begun, len);
    ok = is_same(v, &again) || blame(v, *v->doing);
    own.s = own.read_back = &again;
    if (ok && (!run_view(&own, &kept, &text, &len) ||
               !hostile_output_is_fit(text, len, kept.form, own.why))) {
        *v = own;
        ok = blame(v, kept.name);
    }
    kdw_snapshot_free(&again);
    return ok;
}

bool hostile_views_run(struct hostile_views *v)
{
    for (size_t i = 0; i < sizeof views / sizeof views[0]; i++) {
        const char *text;
        size_t len;

        if (!run_view(v, &views[i], &text, &len))
            return false;
        if (!hostile_output_is_fit(text, len, views[i].form, v->why))
            return blame(v, views[i].name);
    }
    return run_document(v);
}
