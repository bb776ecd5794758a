#include "etw_parts.h"
#include "handle_set.h"
#include "handle_table.h"
#include "object_header.h"

#define FIELDS(fields) (sizeof(fields) / sizeof((fields)[0]))

/* The second view of who reads events while they happen: a consumer is an object, and a process needs a
 * handle to it. One that was taken out of its logger's list is still here. */

enum {
    /* Entries of all tables together, in use or not: twice what a busy server has. */
    ENTRIES_MAX = 1 << 19,
    /* And headers of what they lead to, which are a read each at worst. What is left over is told; the next walk
     * knows again what this one looked at, and gets further. */
    HEADERS_MAX = 1 << 16,
    ENTRY_REST =
        8, /* offset in an entry of what is not the pointer: the access that it grants [doc] */
};

/* By which a process is still the same, with the same handles. */
static const struct kdw_plan_field process_fields[] = {
    KDW_PLAN_U64("UniqueProcessId", struct kdw_process, pid),
    KDW_PLAN_U64("CreateTime", struct kdw_process, created_100ns),
    KDW_PLAN_U64("ObjectTable", struct kdw_process, handle_table_va),
};

struct handle_plans {
    struct kdw_handle_plan table;
    struct kdw_plan process;
    struct kdw_object_headers headers;
    struct kdw_u64 consumer;   /* index of the type */
    size_t left, headers_left; /* entries and headers that may still be looked at */
};

static enum kd_status resolve(struct kdw_walk *w, struct handle_plans *out)
{
    enum kd_status st = kdw_handle_plan_resolve(w, &out->table);

    if (st == KD_OK)
        st = kdw_plan_resolve_optional(w, "_EPROCESS", process_fields, FIELDS(process_fields),
                                       &out->process);
    if (st == KD_OK)
        st = kdw_object_headers_plan(w, &out->headers);
    if (st == KD_OK)
        st =
            kdw_type_index_of(w, &out->headers, "EtwpRealTimeConnectionObjectType", &out->consumer);
    out->left = ENTRIES_MAX;
    out->headers_left = HEADERS_MAX;
    return st;
}

/* What makes a handle the same as in an earlier walk. */
static enum kd_status identify(struct kdw_walk *w, const struct handle_plans *plans,
                               const struct kdw_handle *h, struct kdw_handle_key *out)
{
    struct kdw_u64 rest = {.value = 0};
    enum kd_status st = KD_OK;

    if (plans->table.entry.size >= ENTRY_REST + sizeof rest.value)
        st = kdw_walk_u64(w, h->entry_va + ENTRY_REST, &rest);
    *out = (struct kdw_handle_key){h->entry_va, h->pointer_va, rest.value};
    return st;
}

/* Of what its header says. One that cannot be read may be a consumer's, and is looked at again next time. */
static enum kd_status read_header(struct kdw_walk *w, const struct handle_plans *plans,
                                  struct kdw_handle_table *table, const struct kdw_handle_key *key,
                                  bool *out)
{
    struct kdw_u64 type;
    enum kd_status st =
        kdw_object_type_index(w, &plans->headers, key->pointer_va + plans->headers.body, &type);

    *out = type.status == KD_OK && type.value == plans->consumer.value;
    if (st != KD_OK || *out)
        return st;
    if (type.status == KD_OK)
        return kdw_handle_set_add(&w->s->handles, key);
    kdw_handle_table_hole(table, type.status, type.fault_va);
    return KD_OK;
}

/* One that a logger lists is a consumer, one that was none before is none. */
static enum kd_status is_consumer(struct kdw_walk *w, struct handle_plans *plans,
                                  struct kdw_handle_table *table, const struct kdw_handle *h,
                                  bool *out)
{
    struct kdw_handle_key key;
    enum kd_status st;

    *out = kdw_snapshot_find(w->s, KDW_TABLE_CONSUMERS, h->pointer_va + plans->headers.body);
    if (*out)
        return KD_OK;
    st = identify(w, plans, h, &key);
    if (st != KD_OK)
        return st;
    if (w->opts.before && kdw_handle_set_has(&w->opts.before->handles, &key))
        return kdw_handle_set_add(&w->s->handles, &key);
    if (plans->headers_left == 0) {
        kdw_handle_table_hole(table, KD_ERR_LIMIT, h->entry_va);
        w->s->tables[KDW_TABLE_HANDLES].is_cut = true;
        return KD_OK;
    }
    st = read_header(w, plans, table, &key, out);
    plans->headers_left -= st == KD_OK;
    return st;
}

/* The process that a table is followed from. */
struct owner {
    struct handle_plans *plans;
    size_t i; /* its number */
};

static const struct kdw_process *process_of(const struct kdw_walk *w, const struct owner *owner)
{
    return (const struct kdw_process *)w->s->tables[KDW_TABLE_PROCESSES].records + owner->i;
}

static enum kd_status process_is_there(struct kdw_walk *w, const void *ctx, bool *out)
{
    static const size_t members[] = {offsetof(struct kdw_process, pid),
                                     offsetof(struct kdw_process, created_100ns),
                                     offsetof(struct kdw_process, handle_table_va)};
    const struct owner *owner = ctx;

    return kdw_walk_is_still(w, KDW_TABLE_PROCESSES, owner->i, &owner->plans->process,
                             process_of(w, owner)->va, members, FIELDS(members), out);
}

static enum kd_status add(struct kdw_walk *w, const struct kdw_handle *h, uint64_t process_va,
                          uint64_t object_va)
{
    struct kdw_consumer_handle *record = kdw_snapshot_add(w->s, KDW_TABLE_HANDLES, h->entry_va);

    if (!record)
        return w->s->tables[KDW_TABLE_HANDLES].is_cut ? KD_OK : KD_ERR_NO_MEMORY;
    record->process_va = kdw_known(process_va);
    record->handle = kdw_known(h->handle);
    record->object_va = kdw_known(object_va);
    return KD_OK;
}

static enum kd_status note_handle(struct kdw_walk *w, const void *ctx,
                                  struct kdw_handle_table *table, const struct kdw_handle *h)
{
    const struct owner *owner = ctx;
    uint64_t object_va = h->pointer_va + owner->plans->headers.body;
    bool is_one = false;
    enum kd_status st = is_consumer(w, owner->plans, table, h, &is_one);

    return st == KD_OK && is_one ? add(w, h, process_of(w, owner)->va, object_va) : st;
}

static enum kd_status read_handles(struct kdw_walk *w, struct handle_plans *plans, size_t i)
{
    const struct owner owner = {plans, i};
    const struct kdw_process *p = process_of(w, &owner);
    const struct kdw_walk_list table = {.head_va = p->handle_table_va.value,
                                        .name = "ObjectTable",
                                        .owner_va = p->va,
                                        .is_there = process_is_there,
                                        .owner = &owner};

    if (!kdw_is_set(&p->handle_table_va))
        return KD_OK;
    return kdw_handle_table_each(w, &plans->table, &table, &plans->left, note_handle, &owner);
}

enum kd_status kdw_walk_handles(struct kdw_walk *w)
{
    struct handle_plans plans;
    enum kd_status st;

    if (!(w->parts & KDW_PART_EVIDENCE) || !w->s->tables[KDW_TABLE_PROCESSES].is_taken)
        return KD_OK;
    st = resolve(w, &plans);
    if (st != KD_OK || !plans.table.exists || plans.consumer.status != KD_OK)
        return st; /* nobody can tell which handles they are */
    w->s->tables[KDW_TABLE_HANDLES].is_taken = true;
    for (size_t i = 0; i < w->s->tables[KDW_TABLE_PROCESSES].len && st == KD_OK; i++)
        st = read_handles(w, &plans, i);
    return st;
}
