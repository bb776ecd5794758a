#include "diff_print.h"

#include "facts.h"
#include "grid.h"
#include "record_text.h"
#include "text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- a table ---- */

static void add_row(struct grid *g, const struct kdw_change *c)
{
    static const char *const marks[] = {
        [KDW_APPEARED] = "+", [KDW_VANISHED] = "-", [KDW_CHANGED] = "~"};
    const void *record = c->from ? c->from : c->to;
    const struct kdw_fact *key = &kdw_snapshot_tables[c->table].facts[0];

    text_add(grid_cell(g), "%s", marks[c->kind]);
    record_fact(grid_cell(g), key, record);
    record_name(grid_cell(g), c->table, record);
    if (!c->fact) {
        for (int i = 0; i < 3; i++)
            (void)grid_cell(g);
        return;
    }
    text_add(grid_cell(g), "%s", c->fact->name);
    record_fact(grid_cell(g), c->fact, c->from);
    record_fact(grid_cell(g), c->fact, c->to);
}

static void add_count(struct text *t, size_t count, const char *what)
{
    if (count)
        text_add(t, "%s%zu %s", t->len ? ", " : "", count, what);
}

/* "1 appeared, 2 changed"; nothing where nothing did. */
static void add_counts(struct text *t, const struct kdw_table_diff *d)
{
    add_count(t, d->appeared, "appeared");
    add_count(t, d->vanished, "vanished");
    add_count(t, d->changed, "changed");
    add_count(t, d->not_comparable, "not comparable");
}

static void print_counts(const struct kdw_table_info *info, const struct kdw_table_diff *d)
{
    struct text counts = {0}, line = {0};
    char *chars;

    add_counts(&counts, d);
    chars = text_take(&counts);
    text_add(&line, "%s: %s", info->name, chars ? chars : "");
    line.failed |= !chars;
    grid_print_line(text_take(&line), false);
    free(chars);
}

static void print_changes(const struct kdw_diff *diff, enum kdw_table_id table, bool is_wide,
                          size_t *next)
{
    const struct grid_column columns[] = {{"", GRID_LEFT},
                                          {"address", GRID_LEFT},
                                          {kdw_snapshot_tables[table].one, GRID_FLEXIBLE},
                                          {"fact", GRID_LEFT},
                                          {"from", GRID_LEFT},
                                          {"to", GRID_LEFT}};
    struct grid g;

    grid_begin(&g, columns, sizeof columns / sizeof columns[0], is_wide);
    for (; *next < diff->len && diff->changes[*next].table == table; (*next)++)
        add_row(&g, &diff->changes[*next]);
    grid_print(&g);
}

/* ---- what was not compared ---- */

static void print_facts_of(const struct kdw_table_info *info, uint64_t bits, const char *whose,
                           bool is_wide)
{
    struct text t = {0};

    if (!bits)
        return;
    text_add(&t, "%s: not compared, for %s alone has them:", info->name, whose);
    for (size_t i = 0; i < info->facts_len; i++)
        if (bits >> i & 1)
            text_add(&t, " %s", info->facts[i].name);
    grid_print_line(text_take(&t), is_wide);
}

static void print_tables_of(const struct kdw_diff *diff, unsigned taken, const char *whose,
                            bool is_wide)
{
    struct text t = {0};

    for (size_t i = 0; i < KDW_TABLES; i++)
        if (diff->tables[i].taken == taken)
            text_add(&t, "%s %s", t.len ? "," : "", kdw_snapshot_tables[i].name);
    if (t.len || t.failed) {
        char *names = text_take(&t);
        struct text line = {0};

        text_add(&line, "not compared, for %s alone has them:%s", whose, names ? names : "");
        line.failed |= !names;
        free(names);
        grid_print_line(text_take(&line), is_wide);
    }
}

/* ---- all of it ---- */

static void print_head(const char *which, const struct diff_side *s, bool is_wide)
{
    const struct kdw_snapshot *of = &s->snapshot;
    struct text t = {0};

    text_add(&t, "%-4s  build %u, kernel at %016" PRIx64 ", ", which, of->build,
             of->kernel_base_va);
    fact_time(&t, &of->time_100ns);
    text_add(&t, ": ");
    text_add_escaped(&t, s->file, strlen(s->file));
    grid_print_line(text_take(&t), is_wide);
}

static void print_table(const struct kdw_diff *diff, enum kdw_table_id table, bool is_wide,
                        size_t *next)
{
    if (*next == diff->len || diff->changes[*next].table != table)
        return;
    putchar('\n');
    print_counts(&kdw_snapshot_tables[table], &diff->tables[table]);
    print_changes(diff, table, is_wide, next);
}

static bool has_changes(const struct kdw_table_diff *t)
{
    return t->appeared || t->vanished || t->changed;
}

static void print_left_out(const struct kdw_diff *diff, bool is_wide)
{
    for (size_t i = 0; i < KDW_TABLES; i++) {
        const struct kdw_table_info *info = &kdw_snapshot_tables[i];
        const struct kdw_table_diff *t = &diff->tables[i];

        if (t->not_comparable && !has_changes(t))
            print_counts(info, t);
        print_facts_of(info, t->facts_from, "from", is_wide);
        print_facts_of(info, t->facts_to, "to", is_wide);
    }
    print_tables_of(diff, KDW_IN_FROM, "from", is_wide);
    print_tables_of(diff, KDW_IN_TO, "to", is_wide);
}

static void print_sum(const struct kdw_diff *diff)
{
    struct kdw_table_diff sum = {.taken = KDW_IN_BOTH};
    struct text t = {0};

    for (size_t i = 0; i < KDW_TABLES; i++) {
        sum.appeared += diff->tables[i].appeared;
        sum.vanished += diff->tables[i].vanished;
        sum.changed += diff->tables[i].changed;
        sum.not_comparable += diff->tables[i].not_comparable;
    }
    putchar('\n');
    if (!diff->len)
        text_add(&t, "no difference");
    add_counts(&t, &sum);
    grid_print_line(text_take(&t), false);
}

void print_text_diff(const struct diff_side *from, const struct diff_side *to,
                     const struct kdw_diff *diff, bool is_wide)
{
    size_t next = 0;

    print_head("from", from, is_wide);
    print_head("to", to, is_wide);
    for (size_t i = 0; i < KDW_TABLES; i++)
        print_table(diff, (enum kdw_table_id)i, is_wide, &next);
    print_sum(diff);
    print_left_out(diff, is_wide);
}
