/* report_gaps.c - what is not known, and why: unreadable facts, lists that broke off, what sampling cannot see. */
#include "report_parts.h"
#include "report_values.h"

#include "facts.h"
#include "record_text.h"

#include <inttypes.h>
#include <string.h>

enum { ROWS_MAX = 1000, LISTS_MAX = 200, UNSEEN_MAX = 100 };

struct gaps {
    struct html *h;
    const struct kdw_snapshot *s;
    size_t rows;
};

static void write_gap(void *ctx, const struct kdw_gap *gap)
{
    struct gaps *g = ctx;
    struct html *h = g->h;
    const void *record = kdw_snapshot_find(g->s, gap->table, gap->record_va);
    struct text name = {0}, silo = {0};
    char *label;

    if (!report_has_room(h, g->rows, ROWS_MAX))
        return;
    g->rows++;
    if (record) {
        record_name(&name, gap->table, record);
        report_silo_of(&silo, g->s, gap->table, record);
    }
    label = text_take(&silo);
    html_start(h, "tr");
    report_filter(h, NULL, gap->table, label);
    html_element(h, "td", NULL, kdw_snapshot_tables[gap->table].one);
    report_cell(h, NULL, &name);
    html_elementf(h, "td", "hex", "%016" PRIx64, gap->record_va);
    html_element(h, "td", NULL, gap->fact->name);
    html_element(h, "td", NULL, kd_status_text(gap->status));
    if (kd_is_unreadable(gap->status) && gap->fault_va)
        html_elementf(h, "td", "hex", "%016" PRIx64, gap->fault_va);
    else
        html_element(h, "td", NULL, "");
    html_end(h, "tr");
    free(label);
}

static void write_facts(struct html *h, const struct kdw_snapshot *s)
{
    static const char *const columns[] = {"Of", "Name", "Address", "Fact", "Why", "Where"};
    struct gaps g = {h, s, 0};
    size_t all = kdw_snapshot_gaps(s, NULL, NULL);

    if (!all)
        return;
    html_element(h, "h3", NULL, "Facts that could not be read");
    report_table_start(h, "gaps", "Facts that could not be read", columns,
                       sizeof columns / sizeof columns[0]);
    kdw_snapshot_gaps(s, &g, write_gap);
    report_table_end(h);
    report_left_out(h, g.rows, all, "gaps");
}

static void write_list(struct html *h, const struct kdw_list_walk *list)
{
    struct text t = {0};

    html_start(h, "tr");
    report_filter(h, NULL, KDW_TABLE_LISTS, NULL);
    fact_text(&t, &list->name);
    report_cell(h, NULL, &t);
    html_elementf(h, "td", "hex", "%016" PRIx64, list->va);
    fact_number(&t, &list->entries);
    report_cell(h, "num", &t);
    fact_text(&t, &list->problem);
    report_cell(h, NULL, &t);
    fact_address(&t, &list->end_va);
    report_cell(h, "hex", &t);
    html_end(h, "tr");
}

static void write_lists(struct html *h, const struct kdw_snapshot *s)
{
    static const char *const columns[] = {"List", "Head at", "Entries until then", "Why", "Where"};
    size_t rows = 0, all = s->tables[KDW_TABLE_LISTS].len;

    if (!all)
        return;
    html_element(h, "h3", NULL, "Lists that break off");
    report_table_start(h, "lists", "Lists that break off", columns,
                       sizeof columns / sizeof columns[0]);
    KDW_EACH(s, KDW_TABLE_LISTS, struct kdw_list_walk, list)
    if (report_has_room(h, rows, LISTS_MAX)) {
        write_list(h, list);
        rows++;
    }
    report_table_end(h);
    report_left_out(h, rows, all, "lists");
}

static void write_cuts(struct html *h, const struct kdw_snapshot *s)
{
    for (int i = 0; i < KDW_TABLES; i++)
        if (s->tables[i].is_cut)
            html_elementf(h, "p", "cut",
                          "Too many %s to be true: the rest was left out of the snapshot.",
                          kdw_snapshot_tables[i].name);
}

/* What watch said of its own sampling. */
static size_t write_unseen(struct html *h, const struct report_lines_file *f)
{
    const json_t *unseen = json_object_get(f->end, "unseen");
    size_t len = json_array_size(unseen);

    for (size_t i = 0; i < len && i < UNSEEN_MAX; i++) {
        const char *chars = json_string_value(json_array_get(unseen, i));
        struct text t = {0};

        report_chars(&t, chars ? chars : "?");
        html_start(h, "p");
        html_attribute(h, "class", "cut");
        html_take(h, &t);
        html_end(h, "p");
    }
    report_left_out(h, len < UNSEEN_MAX ? len : UNSEEN_MAX, len, "remarks on what was not seen");
    return len;
}

void report_gaps(struct html *h, const struct report *r)
{
    const struct kdw_snapshot *s = report_last(r);
    size_t unseen = 0;

    report_section_start(h, "gaps", "What is not known");
    if (s && kdw_snapshot_is_complete(s))
        html_element(h, "p", "note", "Nothing of the snapshot is missing.");
    if (s) {
        write_cuts(h, s);
        write_lists(h, s);
        write_facts(h, s);
    } else {
        html_element(
            h, "p", "note",
            "There is no snapshot among the inputs, so nothing is told of the state of the "
            "machine.");
    }
    for (size_t i = 0; i < r->lines.files_len; i++)
        unseen += write_unseen(h, &r->lines.files[i]);
    if (r->lines.files_len && !unseen)
        html_element(h, "p", "note",
                     "Changes that came and went between two samples are in no event.");
    report_section_end(h);
}
