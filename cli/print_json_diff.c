/* print_json_diff.c - facts and records are taken out of the documents of both snapshots: one form for all. */
#include "diff_print.h"

#include "document.h"
#include "snapshot_json.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>

struct side {
    const struct diff_side *of;
    json_t *document; /* of its snapshot */
};

static json_t *head_of(const struct side *s)
{
    static const char *const members[] = {"build", "kernel_base", "time", "symbols", "complete"};
    json_t *o = json_object();

    document_put(o, "file", document_escaped(s->of->file));
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++)
        document_put(o, members[i], json_incref(json_object_get(s->document, members[i])));
    return o;
}

/* A record as its own snapshot tells it: their lists have one order. */
static json_t *record_of(const struct side *s, enum kdw_table_id table, const void *record)
{
    const struct kdw_table_info *info = &kdw_snapshot_tables[table];
    const uint8_t *first = s->of->snapshot.tables[table].records;
    size_t index = (size_t)((const uint8_t *)record - first) / info->record_size;
    const json_t *tables = json_object_get(s->document, "tables");

    return json_array_get(json_object_get(tables, info->name), index);
}

static json_t *fact_of(json_t *record, const char *name)
{
    return json_incref(json_object_get(record, name));
}

/* All facts of one record that changed: they stand together. Returns how many. */
static size_t add_changed(json_t *list, const struct side *from, const struct side *to,
                          const struct kdw_change *c, size_t left)
{
    json_t *a = record_of(from, c->table, c->from), *b = record_of(to, c->table, c->to);
    const char *key = kdw_snapshot_tables[c->table].facts[0].name;
    json_t *facts = json_object();
    size_t len = 0;

    for (; len < left && c[len].fact && c[len].from == c->from; len++)
        document_put(facts, c[len].fact->name,
                     json_pack("{s:o, s:o}", "from", fact_of(a, c[len].fact->name), "to",
                               fact_of(b, c[len].fact->name)));
    document_add(list, json_pack("{s:o, s:o, s:o}", "from", fact_of(a, key), "to", fact_of(b, key),
                                 "facts", facts));
    return len;
}

static json_t *names_of_facts(const struct kdw_table_info *info, uint64_t bits)
{
    json_t *names = json_array();

    for (size_t i = 0; i < info->facts_len; i++)
        if (bits >> i & 1)
            document_add(names, json_string(info->facts[i].name));
    return names;
}

/* Consumes the changes of that table, which are the next. */
static json_t *table_of(const struct side *from, const struct side *to, const struct kdw_diff *diff,
                        enum kdw_table_id table, size_t *next)
{
    const struct kdw_table_diff *t = &diff->tables[table];
    const struct kdw_table_info *info = &kdw_snapshot_tables[table];
    json_t *appeared = json_array(), *vanished = json_array(), *changed = json_array();

    while (*next < diff->len && diff->changes[*next].table == table) {
        const struct kdw_change *c = &diff->changes[*next];

        if (c->kind == KDW_CHANGED) {
            *next += add_changed(changed, from, to, c, diff->len - *next);
            continue;
        }
        if (c->kind == KDW_APPEARED)
            document_add(appeared, json_incref(record_of(to, table, c->to)));
        else
            document_add(vanished, json_incref(record_of(from, table, c->from)));
        (*next)++;
    }
    return json_pack("{s:o, s:o, s:o, s:I, s:o, s:o}", "appeared", appeared, "vanished", vanished,
                     "changed", changed, "not_comparable", (json_int_t)t->not_comparable,
                     "only_from", names_of_facts(info, t->facts_from), "only_to",
                     names_of_facts(info, t->facts_to));
}

static json_t *tables_of(const struct side *from, const struct side *to,
                         const struct kdw_diff *diff)
{
    json_t *tables = json_object();
    size_t next = 0;

    for (size_t i = 0; i < KDW_TABLES; i++)
        if (diff->tables[i].taken == KDW_IN_BOTH)
            document_put(tables, kdw_snapshot_tables[i].name,
                         table_of(from, to, diff, (enum kdw_table_id)i, &next));
    return tables;
}

static json_t *tables_in(const struct kdw_diff *diff, unsigned taken)
{
    json_t *names = json_array();

    for (size_t i = 0; i < KDW_TABLES; i++)
        if (diff->tables[i].taken == taken)
            document_add(names, json_string(kdw_snapshot_tables[i].name));
    return names;
}

json_t *diff_json(const struct diff_side *from, const struct diff_side *to,
                  const struct kdw_diff *diff)
{
    struct side a = {from, snapshot_json(&from->snapshot)};
    struct side b = {to, snapshot_json(&to->snapshot)};
    json_t *document = NULL;

    if (a.document && b.document)
        document = json_pack("{s:s, s:i, s:o, s:o, s:o, s:o, s:o}", "schema", DIFF_SCHEMA,
                             "version", DIFF_VERSION, "from", head_of(&a), "to", head_of(&b),
                             "tables", tables_of(&a, &b, diff), "only_from",
                             tables_in(diff, KDW_IN_FROM), "only_to", tables_in(diff, KDW_IN_TO));
    json_decref(a.document);
    json_decref(b.document);
    return document;
}

void print_json_diff(const struct diff_side *from, const struct diff_side *to,
                     const struct kdw_diff *diff)
{
    document_print(diff_json(from, to, diff));
}
