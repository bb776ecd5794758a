#include "snapshot_json.h"

#include "document.h"
#include "kernel_time.h"
#include "text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- facts ---- */

static json_t *missing(enum kd_status st, uint64_t fault_va)
{
    if (st == KD_ERR_NOT_FOUND)
        return json_null();
    if (kd_is_unreadable(st))
        return json_pack("{s:o, s:s}", "unreadable", document_word(fault_va), "reason",
                         kd_status_text(st));
    return json_pack("{s:n, s:s}", "unreadable", "reason", kd_status_text(st));
}

static json_t *number(uint64_t value)
{
    return value <= SNAPSHOT_NUMBER_MAX ? json_integer((json_int_t)value) : document_word(value);
}

static json_t *signed_number(uint64_t value)
{
    int64_t v = (int64_t)value;

    return v >= -SNAPSHOT_NUMBER_MAX && v <= SNAPSHOT_NUMBER_MAX ? json_integer(v)
                                                                 : document_word(value);
}

static json_t *time_text(uint64_t value)
{
    char text[KERNEL_TIME_TEXT];

    return kernel_time_text(value, text) ? json_string(text) : document_word(value);
}

static json_t *integer(enum kdw_fact_kind kind, const struct kdw_u64 *v)
{
    if (v->status != KD_OK)
        return missing(v->status, v->fault_va);
    switch (kind) {
    case KDW_FACT_NUMBER:
        return number(v->value);
    case KDW_FACT_SIGNED:
        return signed_number(v->value);
    case KDW_FACT_TIME:
        return time_text(v->value);
    default:
        return document_word(v->value);
    }
}

static json_t *guid(const struct kdw_guid *g)
{
    const uint8_t *b = g->bytes;
    char text[37];

    if (g->status != KD_OK)
        return missing(g->status, g->fault_va);
    snprintf(text, sizeof text,
             "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[3], b[2],
             b[1], b[0], b[5], b[4], b[7], b[6], b[8], b[9], b[10], b[11], b[12], b[13], b[14],
             b[15]);
    return json_string(text);
}

json_t *snapshot_json_fact(const struct kdw_fact *fact, const void *record)
{
    const void *at = (const uint8_t *)record + fact->offset;

    switch (fact->kind) {
    case KDW_FACT_KEY:
        return document_word(*(const uint64_t *)at);
    case KDW_FACT_TEXT: {
        const struct kdw_text *t = at;

        return t->status == KD_OK ? json_string(t->utf8) : missing(t->status, t->fault_va);
    }
    case KDW_FACT_GUID:
        return guid(at);
    default:
        return integer(fact->kind, at);
    }
}

/* ---- tables ---- */

json_t *snapshot_json_record(enum kdw_table_id table, const void *record)
{
    const struct kdw_table_info *info = &kdw_snapshot_tables[table];
    json_t *o = json_object();

    for (size_t i = 0; i < info->facts_len; i++)
        document_put(o, info->facts[i].name, snapshot_json_fact(&info->facts[i], record));
    return o;
}

static json_t *table_of(const struct kdw_snapshot *s, enum kdw_table_id table)
{
    const struct kdw_table_info *info = &kdw_snapshot_tables[table];
    const struct kdw_table *t = &s->tables[table];
    json_t *list = json_array();

    for (size_t i = 0; i < t->len; i++)
        document_add(
            list, snapshot_json_record(table, (const uint8_t *)t->records + i * info->record_size));
    return list;
}

struct gaps {
    json_t *list;
    size_t omitted;
};

static void add_gap(void *ctx, const struct kdw_gap *gap)
{
    struct gaps *gaps = ctx;
    bool is_a_place = kd_is_unreadable(gap->status);

    if (json_array_size(gaps->list) >= SNAPSHOT_GAPS_MAX) {
        gaps->omitted++;
        return;
    }
    document_add(gaps->list, json_pack("{s:s, s:o, s:s, s:s, s:o}", "table",
                                       kdw_snapshot_tables[gap->table].name, "record",
                                       document_word(gap->record_va), "fact", gap->fact->name,
                                       "reason", kd_status_text(gap->status), "address",
                                       is_a_place ? document_word(gap->fault_va) : json_null()));
}

/* The name of a file need not be UTF-8. */
static json_t *symbols_of(const struct kdw_snapshot *s)
{
    const char *text = s->symbols ? s->symbols : "";
    json_t *origin = json_string(text);

    return json_pack("{s:o, s:b}", "origin", origin ? origin : document_escaped(text), "guess",
                     s->is_guess);
}

json_t *snapshot_json_head(const struct kdw_snapshot *s)
{
    return json_pack("{s:i, s:o, s:o, s:o, s:b}", "build", s->build, "kernel_base",
                     document_word(s->kernel_base_va), "time",
                     integer(KDW_FACT_TIME, &s->time_100ns), "symbols", symbols_of(s), "complete",
                     kdw_snapshot_is_complete(s));
}

static json_t *looks_of(const struct kdw_snapshot *s)
{
    json_t *times = json_array(), *records = json_object();

    for (uint32_t i = 0; i <= s->looks; i++)
        document_add(times, time_text(s->look_times_100ns[i]));
    for (size_t i = 0; i < KDW_TABLES; i++) {
        const struct kdw_table *t = &s->tables[i];
        json_t *list;

        if (!t->is_taken)
            continue;
        list = json_array();
        for (size_t r = 0; r < t->len; r++)
            document_add(list, json_integer(t->looks[r]));
        document_put(records, kdw_snapshot_tables[i].name, list);
    }
    return json_pack("{s:o, s:o}", "times", times, "records", records);
}

json_t *snapshot_json(const struct kdw_snapshot *s)
{
    json_t *o = json_pack("{s:s, s:i}", "schema", SNAPSHOT_SCHEMA, "version", SNAPSHOT_VERSION);
    json_t *head = snapshot_json_head(s), *tables = json_object(), *cut = json_array();
    struct gaps gaps = {.list = json_array()};

    for (size_t i = 0; i < KDW_TABLES; i++) {
        const struct kdw_table_info *info = &kdw_snapshot_tables[i];
        const struct kdw_table *t = &s->tables[i];

        if (t->is_taken)
            document_put(tables, info->name, table_of(s, (enum kdw_table_id)i));
        if (t->is_cut)
            document_add(cut, json_string(info->name));
    }
    (void)kdw_snapshot_gaps(s, &gaps, add_gap);
    document_merge(o, head);
    document_put(o, "tables", tables);
    document_put(o, "cut", cut);
    document_put(o, "gaps", gaps.list);
    document_put(o, "gaps_omitted", json_integer((json_int_t)gaps.omitted));
    if (s->look_times_100ns)
        document_put(o, "looks", looks_of(s));
    return o;
}
