/* report_diff.c - what differs between each snapshot and the next. */
#include "report_parts.h"

#include "facts.h"
#include "record_text.h"

#include <walker/diff.h>

#include <stdlib.h>

enum { ROWS_MAX = 5000 }; /* of all pairs together */

static const char *const kind_names[] = {
    [KDW_APPEARED] = "appeared", [KDW_VANISHED] = "vanished", [KDW_CHANGED] = "changed"};

static void write_values(struct html *h, const struct kdw_change *c)
{
    struct text from = {0}, to = {0};

    html_start(h, "td");
    html_attribute(h, "class", "wrap");
    if (c->fact) {
        record_fact(&from, c->fact, c->from);
        record_fact(&to, c->fact, c->to);
        html_element(h, "code", "fact", c->fact->name);
        html_text(h, " ");
        html_start(h, "span");
        html_attribute(h, "class", "from");
        html_take(h, &from);
        html_end(h, "span");
        html_text(h, " \xe2\x86\x92 ");
        html_start(h, "span");
        html_attribute(h, "class", "to");
        html_take(h, &to);
        html_end(h, "span");
    }
    html_end(h, "td");
}

static void write_change(struct html *h, const struct kdw_snapshot *from,
                         const struct kdw_snapshot *to, const struct kdw_change *c)
{
    const void *record = c->from ? c->from : c->to;
    struct text name = {0}, silo = {0};
    char *label;

    report_silo_of(&silo, c->from ? from : to, c->table, record);
    label = text_take(&silo);
    html_start(h, "tr");
    html_attributef(h, "class", "r-%s", kind_names[c->kind]);
    report_filter(h, kind_names[c->kind], c->table, label);
    html_start(h, "td");
    report_chip(h, "", kind_names[c->kind]);
    html_end(h, "td");
    html_element(h, "td", NULL, kdw_snapshot_tables[c->table].one);
    record_name(&name, c->table, record);
    html_start(h, "td");
    html_start(h, "b");
    html_take(h, &name);
    html_end(h, "b");
    html_text(h, " ");
    record_fact(&name, &kdw_snapshot_tables[c->table].facts[0], record);
    html_start(h, "code");
    html_take(h, &name);
    html_end(h, "code");
    html_end(h, "td");
    write_values(h, c);
    html_end(h, "tr");
    free(label);
}

static void write_title(struct html *h, const struct report_state *from,
                        const struct report_state *to)
{
    struct text t = {0};

    html_start(h, "h3");
    html_text(h, from->source);
    html_text(h, " \xe2\x86\x92 ");
    html_text(h, to->source);
    html_end(h, "h3");
    fact_time(&t, &from->snapshot.time_100ns);
    text_add(&t, " to ");
    fact_time(&t, &to->snapshot.time_100ns);
    if (from->snapshot.kernel_base_va != to->snapshot.kernel_base_va ||
        from->snapshot.build != to->snapshot.build)
        text_add(&t, ". These are two machines, or two boots of one: addresses have nothing in "
                     "common, and most of what follows is that.");
    html_start(h, "p");
    html_attribute(h, "class", "note");
    html_take(h, &t);
    html_end(h, "p");
}

static size_t count_not_comparable(const struct kdw_diff *d)
{
    size_t count = 0;

    for (size_t i = 0; i < KDW_TABLES; i++)
        count += d->tables[i].not_comparable;
    return count;
}

static void write_sums(struct html *h, const struct kdw_diff *d, size_t shown)
{
    size_t not_comparable = count_not_comparable(d);

    report_left_out(h, shown, d->len, "differences");
    if (not_comparable)
        html_elementf(h, "p", "cut", "%zu facts and records could not be compared.",
                      not_comparable);
}

static void write_pair(struct html *h, const struct report_state *from,
                       const struct report_state *to, size_t *rows)
{
    static const char *const columns[] = {"Change", "Of", "What", "Details"};
    const struct kdw_snapshot *a = &from->snapshot, *b = &to->snapshot;
    struct kdw_diff d;
    size_t i = 0;

    if (kdw_diff(a, b, KDW_DIFF_WITHOUT_COUNTERS, &d) != KD_OK) {
        html_fail(h, KD_ERR_NO_MEMORY);
        return;
    }
    write_title(h, from, to);
    if (d.len) {
        report_table_start(h, "diff", "Differences", columns, sizeof columns / sizeof columns[0]);
        for (; i < d.len && report_has_room(h, *rows, ROWS_MAX); i++, ++*rows)
            write_change(h, a, b, &d.changes[i]);
        report_table_end(h);
    } else {
        html_element(h, "p", NULL, "No difference.");
    }
    write_sums(h, &d, i);
    kdw_diff_free(&d);
}

void report_diffs(struct html *h, const struct report *r)
{
    size_t rows = 0;

    if (r->states_len < 2)
        return;
    report_section_start(h, "differences", "Differences between snapshots");
    for (size_t i = 0; i + 1 < r->states_len; i++)
        write_pair(h, &r->states[i], &r->states[i + 1], &rows);
    report_section_end(h);
}
