#include "view.h"

#include "grid.h"
#include "print.h"
#include "source.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct work {
    const struct view *view;
    struct kdw_snapshot snapshot;
};

static enum kd_status collect(struct cli *c, struct source *s, void *work)
{
    struct work *w = work;
    struct kdw_snapshot snapshot;
    enum kd_status st = source_snapshot(s, w->view->parts, &snapshot);

    if (st != KD_OK)
        return st;
    if (w->view->narrow)
        st = w->view->narrow(c, &snapshot, w->view->ctx);
    if (st != KD_OK) {
        kdw_snapshot_free(&snapshot);
        return st;
    }
    w->snapshot = snapshot;
    return KD_OK;
}

/* ---- what is missing ---- */

enum { REASONS = 32 }; /* there are fewer; any more would be counted with the last */

struct reasons {
    struct kdw_gap first[REASONS];
    size_t counts[REASONS], len;
};

static void count_gap(void *ctx, const struct kdw_gap *gap)
{
    struct reasons *r = ctx;
    size_t i = 0;

    while (i < r->len && r->first[i].status != gap->status && i + 1 < REASONS)
        i++;
    if (i == r->len) {
        r->first[r->len] = *gap;
        r->counts[r->len++] = 0;
    }
    r->counts[i]++;
}

static void print_reason(const struct kdw_gap *gap, size_t count)
{
    struct text t = {0};

    text_add(&t, "? %s: %zu fact%s", kd_status_text(gap->status), count, count == 1 ? "" : "s");
    text_add(&t, "%s %s of the %s at %016" PRIx64, count == 1 ? ":" : ", the first is",
             gap->fact->name, kdw_snapshot_tables[gap->table].one, gap->record_va);
    if (kd_is_unreadable(gap->status) && gap->fault_va)
        text_add(&t, " (%016" PRIx64 ")", gap->fault_va);
    grid_print_line(text_take(&t), false);
}

static void print_list(const struct kdw_list_walk *list)
{
    struct text t = {0};

    text_add(&t, "? list ");
    if (list->name.status == KD_OK)
        text_add_escaped(&t, list->name.utf8, strlen(list->name.utf8));
    if (list->entries.status == KD_OK)
        text_add(&t, " breaks off after %" PRIu64, list->entries.value);
    if (list->problem.status == KD_OK) {
        text_add(&t, ": ");
        text_add_escaped(&t, list->problem.utf8, strlen(list->problem.utf8));
    }
    if (list->end_va.status == KD_OK)
        text_add(&t, " at %016" PRIx64, list->end_va.value);
    grid_print_line(text_take(&t), false);
}

void view_print_end(const struct kdw_snapshot *s)
{
    struct reasons reasons = {.len = 0};

    kdw_snapshot_gaps(s, &reasons, count_gap);
    for (size_t i = 0; i < reasons.len; i++)
        print_reason(&reasons.first[i], reasons.counts[i]);
    KDW_EACH(s, KDW_TABLE_LISTS, struct kdw_list_walk, list)
    print_list(list);
    for (int i = 0; i < KDW_TABLES; i++)
        if (s->tables[i].is_cut)
            printf("? too many %s to be true: the rest was left out\n",
                   kdw_snapshot_tables[i].name);
}

/* ---- the command ---- */

static bool print(const struct cli *c, void *work)
{
    struct work *w = work;
    bool has_gaps = !kdw_snapshot_is_complete(&w->snapshot);

    if (c->options.json) {
        print_json_snapshot(&w->snapshot);
    } else {
        w->view->print(&w->snapshot, c->options.verbose, w->view->ctx);
        view_print_end(&w->snapshot);
    }
    kdw_snapshot_free(&w->snapshot);
    return has_gaps;
}

enum cli_exit view_run(struct cli *c, const struct view *view)
{
    static const struct source_job job = {SOURCE_KERNEL, collect, print};
    struct work work = {.view = view};

    return source_run(c, &job, &work);
}
