/* print_json_diff.c - facts and records in the form that a snapshot's document has. */
#include "diff_print.h"

#include "document.h"
#include "snapshot_json.h"

static json_t *head_of(const struct diff_side *side)
{
    json_t *o = json_object();

    document_put(o, "file", document_escaped(side->file));
    document_merge(o, snapshot_json_head(&side->snapshot));
    return o;
}

static json_t *key_of(const struct kdw_table_info *info, const void *record)
{
    return snapshot_json_fact(&info->facts[0], record);
}

/* All facts of one record that changed: they stand together. Returns how many. */
static size_t add_changed(json_t *list, const struct kdw_change *c, size_t left)
{
    const struct kdw_table_info *info = &kdw_snapshot_tables[c->table];
    json_t *facts = json_object();
    size_t len = 0;

    for (; len < left && c[len].fact && c[len].from == c->from; len++)
        document_put(facts, c[len].fact->name,
                     json_pack("{s:o, s:o}", "from", snapshot_json_fact(c[len].fact, c->from), "to",
                               snapshot_json_fact(c[len].fact, c->to)));
    document_add(list, json_pack("{s:o, s:o, s:o}", "from", key_of(info, c->from), "to",
                                 key_of(info, c->to), "facts", facts));
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
static json_t *table_of(const struct kdw_diff *diff, enum kdw_table_id table, size_t *next)
{
    const struct kdw_table_diff *t = &diff->tables[table];
    const struct kdw_table_info *info = &kdw_snapshot_tables[table];
    json_t *appeared = json_array(), *vanished = json_array(), *changed = json_array();

    while (*next < diff->len && diff->changes[*next].table == table) {
        const struct kdw_change *c = &diff->changes[*next];

        if (c->kind == KDW_CHANGED) {
            *next += add_changed(changed, c, diff->len - *next);
            continue;
        }
        if (c->kind == KDW_APPEARED)
            document_add(appeared, snapshot_json_record(table, c->to));
        else
            document_add(vanished, snapshot_json_record(table, c->from));
        (*next)++;
    }
    return json_pack("{s:o, s:o, s:o, s:I, s:o, s:o}", "appeared", appeared, "vanished", vanished,
                     "changed", changed, "not_comparable", (json_int_t)t->not_comparable,
                     "only_from", names_of_facts(info, t->facts_from), "only_to",
                     names_of_facts(info, t->facts_to));
}

static json_t *tables_of(const struct kdw_diff *diff)
{
    json_t *tables = json_object();
    size_t next = 0;

    for (size_t i = 0; i < KDW_TABLES; i++)
        if (diff->tables[i].taken == KDW_IN_BOTH)
            document_put(tables, kdw_snapshot_tables[i].name,
                         table_of(diff, (enum kdw_table_id)i, &next));
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
    return json_pack("{s:s, s:i, s:o, s:o, s:o, s:o, s:o}", "schema", DIFF_SCHEMA, "version",
                     DIFF_VERSION, "from", head_of(from), "to", head_of(to), "tables",
                     tables_of(diff), "only_from", tables_in(diff, KDW_IN_FROM), "only_to",
                     tables_in(diff, KDW_IN_TO));
}

void print_json_diff(const struct diff_side *from, const struct diff_side *to,
                     const struct kdw_diff *diff)
{
    document_print(diff_json(from, to, diff));
}
