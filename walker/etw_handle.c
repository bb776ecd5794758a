#include "etw_parts.h"
#include "handle_table.h"
#include "object_header.h"

#define FIELDS(fields) (sizeof(fields) / sizeof((fields)[0]))

/* The second view of who reads events while they happen: a consumer is an object, and a process needs a
 * handle to it. One that was taken out of its logger's list is still here. */

/* Entries of all tables together, in use or not: twice what a busy server has. */
enum { ENTRIES_MAX = 1 << 19 };

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
    struct kdw_u64 consumer; /* index of the type */
    size_t left;             /* entries that may still be looked at */
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
    return st;
}

/* A header that cannot be read may be a consumer's; one that a logger lists is. */
static enum kd_status is_consumer(struct kdw_walk *w, const struct handle_plans *plans,
                                  struct kdw_handle_table *table, uint64_t object_va, bool *out)
{
    struct kdw_u64 type;
    enum kd_status st;

    *out = kdw_snapshot_find(w->s, KDW_TABLE_CONSUMERS, object_va) != NULL;
    if (*out)
        return KD_OK;
    st = kdw_object_type_index(w, &plans->headers, object_va, &type);
    if (st != KD_OK)
        return st;
    if (type.status != KD_OK)
        kdw_handle_table_hole(table, type.status, type.fault_va);
    *out = type.status == KD_OK && type.value == plans->consumer.value;
    return KD_OK;
}

/* The process that a table is followed from. */
struct owner {
    const struct handle_plans *plans;
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
    enum kd_status st = is_consumer(w, owner->plans, table, object_va, &is_one);

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
