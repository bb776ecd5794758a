#include "walk.h"

#include <kdproto/bytes.h>

#include <stdlib.h>
#include <string.h>

enum {
    GUID_LEN = 16,
    /* Between two fields that are fetched together. No cache has shorter lines, so what lies between
     * never fills one. */
    GAP_MAX = 256,
    STRETCH_MAX = 4096,
};

/* ---- plans ---- */

/* By offset, without those that are not read from memory. */
static size_t sort_fields(const struct kdw_plan *p, const struct kdw_field_ref *sorted[])
{
    size_t len = 0;

    for (size_t i = 0; i < p->layout.len; i++) {
        const struct kdw_field_ref *ref = &p->refs[i];
        size_t at = len;

        if (!ref->exists || p->fields[i].as == KDW_AS_PLACE)
            continue;
        for (; at > 0 && sorted[at - 1]->offset > ref->offset; at--)
            sorted[at] = sorted[at - 1];
        sorted[at] = ref;
        len++;
    }
    return len;
}

static void find_stretches(struct kdw_plan *p)
{
    const struct kdw_field_ref *sorted[KDW_PLAN_MAX];
    size_t len = sort_fields(p, sorted);

    p->stretches_len = 0;
    for (size_t i = 0; i < len; i++) {
        const struct kdw_field_ref *ref = sorted[i];
        struct kdw_plan_stretch *s = p->stretches_len ? &p->stretches[p->stretches_len - 1] : NULL;
        uint64_t end = ref->offset + ref->size;

        if (s && ref->offset <= s->offset + s->len + GAP_MAX && end - s->offset <= STRETCH_MAX) {
            s->len = end - s->offset > s->len ? end - s->offset : s->len;
            s->fields++;
        } else {
            p->stretches[p->stretches_len++] = (struct kdw_plan_stretch){ref->offset, ref->size, 1};
        }
    }
}

static void begin_plan(const struct kdw_plan_field *fields, size_t len, struct kdw_plan *out)
{
    out->fields = fields;
    for (size_t i = 0; i < len; i++)
        out->names[i] = fields[i].name;
}

/* kdw_layout_resolve, or _optional. */
typedef enum kd_status resolve_layout(struct kdw_kernel *k, const char *type_name,
                                      const char *const *names, size_t len,
                                      struct kdw_field_ref *refs, struct kdw_layout *out);

static enum kd_status resolve_plan(struct kdw_walk *w, resolve_layout *resolve, const char *type,
                                   const struct kdw_plan_field *fields, size_t len,
                                   struct kdw_plan *out)
{
    enum kd_status st;

    if (len > KDW_PLAN_MAX)
        return KD_ERR_LIMIT;
    begin_plan(fields, len, out);
    st = resolve(w->k, type, out->names, len, out->refs, &out->layout);
    if (st == KD_OK)
        find_stretches(out);
    return st;
}

enum kd_status kdw_plan_resolve(struct kdw_walk *w, const char *type,
                                const struct kdw_plan_field *fields, size_t len,
                                struct kdw_plan *out)
{
    return resolve_plan(w, kdw_layout_resolve, type, fields, len, out);
}

enum kd_status kdw_plan_resolve_optional(struct kdw_walk *w, const char *type,
                                         const struct kdw_plan_field *fields, size_t len,
                                         struct kdw_plan *out)
{
    return resolve_plan(w, kdw_layout_resolve_optional, type, fields, len, out);
}

static enum kd_status read_guid(struct kdw_mem *mem, uint64_t va, struct kdw_guid *out)
{
    out->status = kdw_mem_read(mem, va, out->bytes, GUID_LEN, &out->fault_va);
    return out->status;
}

static enum kd_status read_field(struct kdw_mem *mem, const struct kdw_plan *p, size_t i,
                                 uint64_t va, void *at)
{
    switch (p->fields[i].as) {
    case KDW_AS_U64:
        return kdw_field_u64(mem, &p->layout, i, va, at);
    case KDW_AS_UNICODE:
        kdw_text_free(at);
        return kdw_field_unicode(mem, &p->layout, i, va, at);
    case KDW_AS_CHARS:
        kdw_text_free(at);
        return kdw_field_chars(mem, &p->layout, i, va, at);
    case KDW_AS_GUID:
        return read_guid(mem, va + p->refs[i].offset, at);
    case KDW_AS_PLACE:
        *(struct kdw_u64 *)at = kdw_known(va + p->refs[i].offset);
        return KD_OK;
    }
    return KD_OK;
}

/* Into the cache. What is missing is found out again where it is wanted. */
static enum kd_status fetch_stretches(struct kdw_walk *w, const struct kdw_plan *plan, uint64_t va)
{
    for (size_t i = 0; i < plan->stretches_len; i++) {
        const struct kdw_plan_stretch *s = &plan->stretches[i];
        uint8_t bytes[STRETCH_MAX];
        enum kd_status st;

        if (s->fields == 1 || s->len > sizeof bytes)
            continue;
        st = kdw_mem_read(w->k->mem, va + s->offset, bytes, (size_t)s->len, NULL);
        if (kdw_ends_walk(st))
            return st;
    }
    return KD_OK;
}

enum kd_status kdw_plan_read(struct kdw_walk *w, const struct kdw_plan *plan, uint64_t va,
                             void *record)
{
    enum kd_status fetched = fetch_stretches(w, plan, va);

    if (fetched != KD_OK)
        return fetched;
    for (size_t i = 0; i < plan->layout.len; i++) {
        enum kd_status st;

        if (!plan->refs[i].exists)
            continue;
        st = read_field(w->k->mem, plan, i, va, (uint8_t *)record + plan->fields[i].at);
        if (kdw_ends_walk(st))
            return st;
    }
    return KD_OK;
}

static bool is_same(const struct kdw_plan_field *f, const void *a, const void *b)
{
    const struct kdw_guid *guid_a = a, *guid_b = b;
    const struct kdw_u64 *number_a = a, *number_b = b;

    if (f->as == KDW_AS_GUID)
        return guid_a->status == guid_b->status &&
               memcmp(guid_a->bytes, guid_b->bytes, GUID_LEN) == 0;
    return number_a->status == number_b->status && number_a->value == number_b->value;
}

/* The field of a plan that goes there; its number, or that of fields when there is none. */
static size_t field_at(const struct kdw_plan *plan, size_t at)
{
    size_t i = 0;

    while (i < plan->layout.len && plan->fields[i].at != at)
        i++;
    return i;
}

enum kd_status kdw_walk_is_still(struct kdw_walk *w, enum kdw_table_id table, size_t i,
                                 const struct kdw_plan *plan, uint64_t va, const size_t *at,
                                 size_t len, bool *out)
{
    const struct kdw_table *t = &w->s->tables[table];
    const uint8_t *record =
        (const uint8_t *)t->records + i * kdw_snapshot_tables[table].record_size;

    *out = true;
    for (size_t n = 0; n < len && *out && t->looks[i] != w->s->looks; n++) {
        union {
            struct kdw_u64 number;
            struct kdw_guid guid;
        } now = {0};
        size_t field = field_at(plan, at[n]);
        enum kd_status st;

        if (field == plan->layout.len || !plan->refs[field].exists)
            continue;
        st = read_field(w->k->mem, plan, field, va, &now);
        if (kdw_ends_walk(st))
            return st;
        *out = is_same(&plan->fields[field], record + at[n], &now);
    }
    return KD_OK;
}

/* ---- single values ---- */

static enum kd_status read_integer(struct kdw_walk *w, uint64_t va, size_t len, struct kdw_u64 *out)
{
    uint8_t bytes[8] = {0};
    uint64_t fault = 0;
    struct kd_reader r = kd_reader_of(bytes, sizeof bytes);
    enum kd_status st = kdw_mem_read(w->k->mem, va, bytes, len, &fault);

    *out = (struct kdw_u64){.status = st, .fault_va = fault};
    if (st == KD_OK)
        *out = kdw_known(kd_rd_u64(&r));
    return kdw_ends_walk(st) ? st : KD_OK;
}

enum kd_status kdw_walk_u64(struct kdw_walk *w, uint64_t va, struct kdw_u64 *out)
{
    return read_integer(w, va, 8, out);
}

enum kd_status kdw_walk_u32(struct kdw_walk *w, uint64_t va, struct kdw_u64 *out)
{
    return read_integer(w, va, 4, out);
}

enum kd_status kdw_walk_u16(struct kdw_walk *w, uint64_t va, struct kdw_u64 *out)
{
    return read_integer(w, va, 2, out);
}

enum kd_status kdw_walk_u8(struct kdw_walk *w, uint64_t va, struct kdw_u64 *out)
{
    return read_integer(w, va, 1, out);
}

enum kd_status kdw_walk_offset(struct kdw_walk *w, const char *type, const char *field,
                               uint64_t *offset, bool *exists)
{
    struct kdw_field_ref ref;
    struct kdw_layout layout;
    enum kd_status st = kdw_layout_resolve_optional(w->k, type, &field, 1, &ref, &layout);

    if (st != KD_OK)
        return st;
    *offset = ref.offset;
    *exists = ref.exists;
    return KD_OK;
}

enum kd_status kdw_walk_symbol(struct kdw_walk *w, const char *name, uint64_t *va)
{
    enum kd_status st = kdw_kernel_symbol(w->k, name, va);

    if (st == KD_ERR_NOT_FOUND)
        kd_diag_clear(w->k->diag);
    return st;
}

struct variable {
    const char *name;
    struct kdw_u64 *out;
};

static enum kd_status read_variable(struct kdw_walk *w, void *arg)
{
    const struct variable *v = arg;
    uint64_t va;
    enum kd_status st = kdw_walk_symbol(w, v->name, &va);

    if (st == KD_OK)
        return kdw_walk_u64(w, va, v->out);
    *v->out = (struct kdw_u64){.status = st};
    return kdw_ends_walk(st) ? st : KD_OK;
}

enum kd_status kdw_walk_variable(struct kdw_walk *w, const char *name, struct kdw_u64 *out)
{
    struct variable v = {name, out};

    return kdw_walk_unit(w, read_variable, &v);
}

/* ---- what records are filled with beside memory ---- */

enum kd_status kdw_walk_text(const char *text, struct kdw_text *out)
{
    size_t len = strlen(text) + 1;
    char *copy = malloc(len);

    if (!copy)
        return KD_ERR_NO_MEMORY;
    memcpy(copy, text, len);
    *out = (struct kdw_text){.status = KD_OK, .utf8 = copy};
    return KD_OK;
}

const void *kdw_walk_before(const struct kdw_walk *w, enum kdw_table_id table, uint64_t va)
{
    return w->opts.before ? kdw_snapshot_find(w->opts.before, table, va) : NULL;
}

bool kdw_walk_keeps(const struct kdw_text *before, struct kdw_text *out, enum kd_status *st)
{
    if (!before || before->status != KD_OK)
        return false;
    *st = kdw_walk_text(before->utf8, out);
    return true;
}

enum kd_status kdw_walk_list_end(struct kdw_walk *w, const struct kdw_list *list, const char *name,
                                 uint64_t owner_va)
{
    if (list->end == KD_OK || kdw_ends_walk(list->end))
        return list->end;
    return kdw_walk_list_tell(w, list, name, owner_va);
}

enum kd_status kdw_walk_list_tell(struct kdw_walk *w, const struct kdw_list *list, const char *name,
                                  uint64_t owner_va)
{
    struct kdw_list_walk *record;
    enum kd_status st;

    record = kdw_snapshot_add(w->s, KDW_TABLE_LISTS, list->head_va);
    if (!record)
        return w->s->tables[KDW_TABLE_LISTS].is_cut ? KD_OK : KD_ERR_NO_MEMORY;
    record->owner_va = kdw_known(owner_va);
    record->entries = kdw_known(list->count);
    if (list->head_va != 0) /* else nobody knows where it begins */
        record->end_va = kdw_known(list->end_va);
    st = kdw_walk_text(name, &record->name);
    return st == KD_OK ? kdw_walk_text(kd_status_text(list->end), &record->problem) : st;
}
