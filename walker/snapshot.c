#include "handle_set.h"
#include "walk.h"

#include <stdlib.h>
#include <string.h>

/* ---- facts of any kind ---- */

static void init_record(const struct kdw_table_info *info, uint8_t *record, uint64_t va)
{
    memset(record, 0, info->record_size);
    for (size_t i = 0; i < info->facts_len; i++) {
        uint8_t *at = record + info->facts[i].offset;

        switch (info->facts[i].kind) {
        case KDW_FACT_KEY:
            *(uint64_t *)(void *)at = va;
            break;
        case KDW_FACT_TEXT:
            ((struct kdw_text *)(void *)at)->status = KD_ERR_NOT_FOUND;
            break;
        case KDW_FACT_GUID:
            ((struct kdw_guid *)(void *)at)->status = KD_ERR_NOT_FOUND;
            break;
        default:
            ((struct kdw_u64 *)(void *)at)->status = KD_ERR_NOT_FOUND;
            break;
        }
    }
}

static void free_texts(const struct kdw_table_info *info, uint8_t *record)
{
    for (size_t i = 0; i < info->facts_len; i++)
        if (info->facts[i].kind == KDW_FACT_TEXT)
            kdw_text_free((struct kdw_text *)(void *)(record + info->facts[i].offset));
}

enum kd_status kdw_fact_status(const struct kdw_fact *fact, const void *record, uint64_t *fault_va)
{
    const void *at = (const uint8_t *)record + fact->offset;

    switch (fact->kind) {
    case KDW_FACT_KEY:
        return KD_OK;
    case KDW_FACT_TEXT:
        *fault_va = ((const struct kdw_text *)at)->fault_va;
        return ((const struct kdw_text *)at)->status;
    case KDW_FACT_GUID:
        *fault_va = ((const struct kdw_guid *)at)->fault_va;
        return ((const struct kdw_guid *)at)->status;
    default:
        *fault_va = ((const struct kdw_u64 *)at)->fault_va;
        return ((const struct kdw_u64 *)at)->status;
    }
}

/* ---- records ---- */

static uint64_t key_of(const struct kdw_table_info *info, const void *record)
{
    return *(const uint64_t *)(const void *)((const uint8_t *)record + info->facts[0].offset);
}

static void *record_at(const struct kdw_table_info *info, const struct kdw_table *t, size_t i)
{
    return (uint8_t *)t->records + i * info->record_size;
}

/* Where va is in the index, or would be. Records are found 8 bytes apart or more: the low bits say
 * little, and the multiplier spreads the rest. */
static size_t place_of(const struct kdw_table_info *info, const struct kdw_table *t, uint64_t va)
{
    size_t at = (size_t)((va * UINT64_C(0x9e3779b97f4a7c15)) >> 32) & (t->index_len - 1);

    while (t->index[at] && key_of(info, record_at(info, t, t->index[at] - 1)) != va)
        at = (at + 1) & (t->index_len - 1);
    return at;
}

static void fill_index(const struct kdw_table_info *info, struct kdw_table *t)
{
    memset(t->index, 0, t->index_len * sizeof *t->index);
    t->repeated = 0;
    for (size_t i = 0; i < t->len; i++) {
        uint64_t va = key_of(info, record_at(info, t, i));
        size_t at = place_of(info, t, va);

        if (!t->index[at]) /* of several with one address the first */
            t->index[at] = (uint32_t)i + 1;
        else
            t->repeated += va != 0;
    }
}

/* At most half full: looking for what is not there ends soon. */
static bool grow_index(const struct kdw_table_info *info, struct kdw_table *t)
{
    size_t len = 2 * t->room;
    uint32_t *bigger = calloc(len, sizeof *bigger);

    if (!bigger)
        return false;
    free(t->index);
    t->index = bigger;
    t->index_len = len;
    fill_index(info, t);
    return true;
}

static bool grow(const struct kdw_table_info *info, struct kdw_table *t)
{
    size_t room = t->room ? 2 * t->room : 16;
    void *bigger = realloc(t->records, room * info->record_size);
    uint32_t *looks;

    if (!bigger)
        return false;
    t->records = bigger;
    looks = realloc(t->looks, room * sizeof *looks);
    if (!looks)
        return false;
    t->looks = looks;
    t->room = room;
    return grow_index(info, t);
}

void *kdw_snapshot_add(struct kdw_snapshot *s, enum kdw_table_id table, uint64_t va)
{
    const struct kdw_table_info *info = &kdw_snapshot_tables[table];
    struct kdw_table *t = &s->tables[table];
    bool is_repeated;
    uint8_t *record;
    size_t at;

    if (t->len == t->room && t->len < info->max && !grow(info, t))
        return NULL;
    at = place_of(info, t, va);
    is_repeated = t->index[at] != 0 && va != 0;
    if (t->len == info->max || (is_repeated && t->repeated == KDW_REPEATED_MAX)) {
        t->is_cut = true;
        return NULL;
    }
    record = record_at(info, t, t->len);
    t->looks[t->len++] = s->looks;
    t->repeated += is_repeated;
    init_record(info, record, va);
    if (!t->index[at])
        t->index[at] = (uint32_t)t->len;
    return record;
}

const void *kdw_snapshot_find(const struct kdw_snapshot *s, enum kdw_table_id table, uint64_t va)
{
    const struct kdw_table_info *info = &kdw_snapshot_tables[table];
    const struct kdw_table *t = &s->tables[table];
    size_t at;

    if (!t->index)
        return NULL;
    at = place_of(info, t, va);
    return t->index[at] ? record_at(info, t, t->index[at] - 1) : NULL;
}

void kdw_snapshot_filter(struct kdw_snapshot *s, enum kdw_table_id table, void *ctx, kdw_keep *keep)
{
    const struct kdw_table_info *info = &kdw_snapshot_tables[table];
    struct kdw_table *t = &s->tables[table];
    size_t kept = 0;

    for (size_t i = 0; i < t->len; i++) {
        uint8_t *record = record_at(info, t, i);

        if (!keep(ctx, record)) {
            free_texts(info, record);
        } else {
            memmove(record_at(info, t, kept), record, info->record_size);
            t->looks[kept++] = t->looks[i];
        }
    }
    t->len = kept;
    if (t->index)
        fill_index(info, t);
}

/* ---- back to where it was ---- */

struct kdw_snapshot_mark kdw_snapshot_mark(const struct kdw_snapshot *s)
{
    struct kdw_snapshot_mark mark;

    for (size_t i = 0; i < KDW_TABLES; i++) {
        mark.len[i] = s->tables[i].len;
        mark.is_cut[i] = s->tables[i].is_cut;
    }
    return mark;
}

/* The last record, which is the last that was put into the index as well: nobody was put aside for it. */
static void drop_last(const struct kdw_table_info *info, struct kdw_table *t)
{
    uint8_t *record = record_at(info, t, t->len - 1);
    size_t at = place_of(info, t, key_of(info, record));

    if (t->index[at] == t->len)
        t->index[at] = 0;
    else
        t->repeated -= key_of(info, record) != 0;
    free_texts(info, record);
    t->len--;
}

void kdw_snapshot_rewind(struct kdw_snapshot *s, const struct kdw_snapshot_mark *mark)
{
    for (size_t i = 0; i < KDW_TABLES; i++) {
        struct kdw_table *t = &s->tables[i];

        while (t->len > mark->len[i])
            drop_last(&kdw_snapshot_tables[i], t);
        t->is_cut = mark->is_cut[i];
    }
}

void kdw_snapshot_free(struct kdw_snapshot *s)
{
    for (size_t i = 0; i < KDW_TABLES; i++) {
        const struct kdw_table_info *info = &kdw_snapshot_tables[i];
        struct kdw_table *t = &s->tables[i];

        for (size_t r = 0; r < t->len; r++)
            free_texts(info, record_at(info, t, r));
        free(t->records);
        free(t->looks);
        free(t->index);
    }
    kdw_handle_set_free(&s->handles);
    free(s->look_times_100ns);
    free(s->symbols);
    *s = (struct kdw_snapshot){0};
}

/* ---- gaps ---- */

size_t kdw_snapshot_gaps(const struct kdw_snapshot *s, void *ctx, kdw_on_gap *on_gap)
{
    size_t count = 0;

    for (size_t i = 0; i < KDW_TABLES; i++) {
        const struct kdw_table_info *info = &kdw_snapshot_tables[i];
        const struct kdw_table *t = &s->tables[i];

        for (size_t r = 0; r < t->len; r++) {
            const uint8_t *record = record_at(info, t, r);

            for (size_t f = 0; f < info->facts_len; f++) {
                struct kdw_gap gap = {.table = (enum kdw_table_id)i, .fact = &info->facts[f]};

                gap.status = kdw_fact_status(gap.fact, record, &gap.fault_va);
                if (gap.status == KD_OK || gap.status == KD_ERR_NOT_FOUND)
                    continue;
                gap.record_va = key_of(info, record);
                count++;
                if (on_gap)
                    on_gap(ctx, &gap);
            }
        }
    }
    return count;
}

bool kdw_snapshot_is_of_one_look(const struct kdw_snapshot *s)
{
    return s->looks == 0;
}

bool kdw_snapshot_is_complete(const struct kdw_snapshot *s)
{
    for (size_t i = 0; i < KDW_TABLES; i++)
        if (s->tables[i].is_cut)
            return false;
    return s->tables[KDW_TABLE_LISTS].len == 0 && kdw_snapshot_gaps(s, NULL, NULL) == 0;
}
