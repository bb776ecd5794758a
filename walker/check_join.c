/* check_join.c - records by what they belong to, so that no check goes through a table once for each record
 * of another: a hostile kernel could make that last for ever. */
#include "check_parts.h"

#include <stdlib.h>

#define KEY(table, record, member)                                                                 \
    {                                                                                              \
        table, offsetof(struct record, member)                                                     \
    }

static const struct {
    enum kdw_table_id table;
    size_t key_at;
} joins[KDW_JOINS] = {
    [KDW_LOGGERS_OF_STATE] = KEY(KDW_TABLE_LOGGERS, kdw_logger, state_va),
    [KDW_LOGGERS_OF_SLOT] = KEY(KDW_TABLE_LOGGERS, kdw_logger, slot),
    [KDW_PROVIDERS_OF_STATE] = KEY(KDW_TABLE_PROVIDERS, kdw_provider, state_va),
    [KDW_SECURITY_OF_STATE] = KEY(KDW_TABLE_SECURITY, kdw_security_logger, state_va),
    [KDW_SYSTEM_OF_STATE] = KEY(KDW_TABLE_SYSTEM, kdw_system_logger, state_va),
    [KDW_ENABLES_OF_PROVIDER] = KEY(KDW_TABLE_ENABLES, kdw_enable, provider_va),
    [KDW_REGISTRATIONS_OF_PROVIDER] = KEY(KDW_TABLE_REGISTRATIONS, kdw_registration, provider_va),
    [KDW_REGISTRATIONS_OF_GROUP] = KEY(KDW_TABLE_REGISTRATIONS, kdw_registration, listed_group_va),
    [KDW_CONSUMERS_OF_LOGGER] = KEY(KDW_TABLE_CONSUMERS, kdw_consumer, logger_va),
    [KDW_HANDLES_OF_CONSUMER] = KEY(KDW_TABLE_HANDLES, kdw_consumer_handle, object_va),
    [KDW_PROCESSES_OF_PID] = KEY(KDW_TABLE_PROCESSES, kdw_process, pid),
    [KDW_BROKEN_LISTS_OF_OWNER] = KEY(KDW_TABLE_LISTS, kdw_list_walk, owner_va),
};

/* What a record is nothing without, beside what it belongs to. */
static const struct {
    enum kdw_table_id table;
    size_t at;
} needed[] = {
    KEY(KDW_TABLE_LOGGERS, kdw_logger, state),
    KEY(KDW_TABLE_PROVIDERS, kdw_provider, type),
    KEY(KDW_TABLE_ENABLES, kdw_enable, slot),
    KEY(KDW_TABLE_SECURITY, kdw_security_logger, slot),
    KEY(KDW_TABLE_SYSTEM, kdw_system_logger, index),
};

static int by_key(const void *a, const void *b)
{
    const struct kdw_joined *x = a, *y = b;

    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
    return x->number < y->number ? -1 : x->number > y->number;
}

static enum kd_status make(struct kdw_checker *c, enum kdw_join_id id)
{
    const struct kdw_table *t = &c->s->tables[joins[id].table];
    struct kdw_join *out = &c->joins[id];
    size_t record_size = kdw_snapshot_tables[joins[id].table].record_size;

    if (t->len == 0)
        return KD_OK;
    out->rows = calloc(t->len, sizeof *out->rows);
    if (!out->rows)
        return KD_ERR_NO_MEMORY;
    for (size_t i = 0; i < t->len; i++) {
        const uint8_t *record = (const uint8_t *)t->records + i * record_size;
        const struct kdw_u64 *key = (const void *)(record + joins[id].key_at);

        if (key->status == KD_OK)
            out->rows[out->len++] = (struct kdw_joined){key->value, (uint32_t)i};
        else if (key->status != KD_ERR_NOT_FOUND)
            c->has_loose[joins[id].table] = true;
    }
    qsort(out->rows, out->len, sizeof *out->rows, by_key);
    return KD_OK;
}

static void note_loose(struct kdw_checker *c, enum kdw_table_id table, size_t at)
{
    const struct kdw_table *t = &c->s->tables[table];

    for (size_t i = 0; i < t->len; i++) {
        const uint8_t *record =
            (const uint8_t *)t->records + i * kdw_snapshot_tables[table].record_size;

        if (((const struct kdw_u64 *)(const void *)(record + at))->status != KD_OK)
            c->has_loose[table] = true;
    }
}

enum kd_status kdw_joins_make(struct kdw_checker *c)
{
    enum kd_status st = KD_OK;

    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++)
        note_loose(c, needed[i].table, needed[i].at);

    for (unsigned i = 0; i < KDW_JOINS && st == KD_OK; i++)
        st = make(c, (enum kdw_join_id)i);
    return st;
}

void kdw_joins_free(struct kdw_checker *c)
{
    for (unsigned i = 0; i < KDW_JOINS; i++) {
        free(c->joins[i].rows);
        c->joins[i] = (struct kdw_join){0};
    }
}

struct kdw_rows kdw_rows_of(const struct kdw_checker *c, enum kdw_join_id id, uint64_t key)
{
    const struct kdw_join *join = &c->joins[id];
    size_t low = 0, high = join->len;

    while (low < high) { /* the first that is not before the key */
        size_t middle = low + (high - low) / 2;

        if (join->rows[middle].key < key)
            low = middle + 1;
        else
            high = middle;
    }
    return (struct kdw_rows){
        .at = join->rows ? join->rows + low : NULL,
        .end = join->rows ? join->rows + join->len : NULL,
        .key = key,
        .records = c->s->tables[joins[id].table].records,
        .record_size = kdw_snapshot_tables[joins[id].table].record_size,
    };
}

const void *kdw_rows_next(struct kdw_rows *rows)
{
    if (rows->at == rows->end || rows->at->key != rows->key)
        return NULL;
    return rows->records + rows->at++->number * rows->record_size;
}
