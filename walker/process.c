#include "handle_table.h"
#include "people.h"

#define PROCESS        "_EPROCESS"
#define FIELDS(fields) (sizeof(fields) / sizeof((fields)[0]))
#define FAST_REF_COUNT UINT64_C(0xf) /* in the low bits of a pointer to a token [doc] */

enum {
    DISPATCHER_PROCESS = 3, /* DISPATCHER_HEADER.Type [doc] */
    IDS_MAX = 1 << 18,      /* entries of PspCidTable: no machine has so many threads [guess] */
};

static const struct kdw_plan_field process_fields[] = {
    KDW_PLAN_U64("Pcb.DirectoryTableBase", struct kdw_process, dtb),
    KDW_PLAN_U64("UniqueProcessId", struct kdw_process, pid),
    KDW_PLAN_U64("InheritedFromUniqueProcessId", struct kdw_process, parent_pid),
    KDW_PLAN_CHARS("ImageFileName", struct kdw_process, name),
    KDW_PLAN_U64("CreateTime", struct kdw_process, created_100ns),
    KDW_PLAN_U64("ExitTime", struct kdw_process, exited_100ns),
    KDW_PLAN_U64("ExitStatus", struct kdw_process, exit_status),
    KDW_PLAN_U64("Flags", struct kdw_process, flags),
    KDW_PLAN_U64("Flags2", struct kdw_process, flags2),
    KDW_PLAN_U64("Flags3", struct kdw_process, flags3),
    KDW_PLAN_U64("JobNotReallyActive", struct kdw_process, job_not_active),
    KDW_PLAN_U64("Job", struct kdw_process, job_va),
    KDW_PLAN_U64("ServerSilo", struct kdw_process, own_silo_va),
    KDW_PLAN_U64("Session", struct kdw_process, session_va),
    KDW_PLAN_U64("Protection", struct kdw_process, protection),
    KDW_PLAN_U64("SignatureLevel", struct kdw_process, signature_level),
    KDW_PLAN_U64("SectionSignatureLevel", struct kdw_process, section_signature_level),
    KDW_PLAN_U64("Peb", struct kdw_process, peb_va),
    KDW_PLAN_U64("WoW64Process", struct kdw_process, wow64_va),
    KDW_PLAN_U64("ObjectTable", struct kdw_process, handle_table_va),
    KDW_PLAN_U64("MitigationFlags", struct kdw_process, mitigation_flags),
    KDW_PLAN_U64("MitigationFlags2", struct kdw_process, mitigation_flags2),
    KDW_PLAN_U64("ActiveThreads", struct kdw_process, threads),
    KDW_PLAN_U64("Token", struct kdw_process, token_va),
};

struct pointer {
    struct kdw_u64 va;
};
static const struct kdw_plan_field kind_fields[] = {
    KDW_PLAN_U64("Pcb.Header.Type", struct pointer, va),
};
static const struct kdw_plan_field path_fields[] = {
    KDW_PLAN_U64("SeAuditProcessCreationInfo.ImageFileName", struct pointer, va),
};

enum kd_status kdw_processes_plan(struct kdw_walk *w, struct kdw_process_plans *out)
{
    enum kd_status st =
        kdw_plan_resolve(w, PROCESS, process_fields, FIELDS(process_fields), &out->process);

    if (st == KD_OK)
        st = kdw_plan_resolve(w, PROCESS, kind_fields, FIELDS(kind_fields), &out->kind);
    if (st == KD_OK)
        st = kdw_plan_resolve(w, PROCESS, path_fields, FIELDS(path_fields), &out->path);
    if (st == KD_OK)
        st = kdw_token_plan(w, &out->token);
    if (st == KD_OK)
        st = kdw_session_plan(w, &out->session);
    if (st == KD_OK)
        st = kdw_object_headers_plan(w, &out->headers);
    return st == KD_OK ? kdw_type_index_of(w, &out->headers, "PsProcessType", &out->type) : st;
}

/* ---- one process ---- */

/* The same process in the snapshot before: an id and a time of creation are not given out twice. */
static const struct kdw_process *find_before(const struct kdw_walk *w, const struct kdw_process *p)
{
    const struct kdw_process *before = kdw_walk_before(w, KDW_TABLE_PROCESSES, p->va);

    return before && kdw_is_same_known(&before->pid, &p->pid) &&
                   kdw_is_same_known(&before->created_100ns, &p->created_100ns)
               ? before
               : NULL;
}

/* A _UNICODE_STRING behind a pointer; of the kernel's own processes it is empty. It is made once, for
 * whoever audits, with the process. */
static enum kd_status read_path(struct kdw_walk *w, const struct kdw_process_plans *plans,
                                const struct kdw_process *before, struct kdw_process *p)
{
    struct pointer name = {{KD_ERR_NOT_FOUND, 0, 0}};
    enum kd_status st = KD_OK;

    if (kdw_walk_keeps(before ? &before->path : NULL, &p->path, &st))
        return st;
    st = kdw_plan_read(w, &plans->path, p->va, &name);
    if (st != KD_OK)
        return st;
    p->path = (struct kdw_text){.status = name.va.status, .fault_va = name.va.fault_va};
    if (name.va.status != KD_OK)
        return KD_OK;
    p->path.status = KD_ERR_NOT_FOUND;
    if (name.va.value == 0)
        return KD_OK;
    st = kdw_unicode_read(w->k->mem, name.va.value, &p->path);
    return kdw_ends_walk(st) ? st : KD_OK;
}

static enum kd_status read_process(struct kdw_walk *w, const struct kdw_process_plans *plans,
                                   struct kdw_process *p)
{
    const struct kdw_process *before;
    enum kd_status st = kdw_plan_read(w, &plans->process, p->va, p);

    if (st != KD_OK)
        return st;
    p->token_va.value &= ~FAST_REF_COUNT;
    before = find_before(w, p);
    st = read_path(w, plans, before, p);
    if (st == KD_OK && kdw_is_set(&p->token_va))
        st = kdw_token_read(w, &plans->token, before, p);
    return st == KD_OK ? kdw_session_note(w, &plans->session, p) : st;
}

/* Whether a way other than the list leads to a process: both that its header says, and that the
 * kernel's scheduler would. */
static enum kd_status leads_to_process(struct kdw_walk *w, const struct kdw_process_plans *plans,
                                       uint64_t va, bool *out)
{
    struct pointer kind = {{KD_ERR_NOT_FOUND, 0, 0}};
    struct kdw_u64 type;
    enum kd_status st = kdw_object_type_index(w, &plans->headers, va, &type);

    if (st == KD_OK)
        st = kdw_plan_read(w, &plans->kind, va, &kind);
    *out =
        !kd_is_unreadable(type.status) && !kd_is_unreadable(kind.va.status) &&
        (type.status != KD_OK || plans->type.status != KD_OK || type.value == plans->type.value) &&
        (kind.va.status != KD_OK || kind.va.value == DISPATCHER_PROCESS);
    return st;
}

enum kd_status kdw_process_note(struct kdw_walk *w, const struct kdw_process_plans *plans,
                                uint64_t va, unsigned found)
{
    struct kdw_process *p = kdw_walk_find(w, KDW_TABLE_PROCESSES, va);
    bool is_process = found == KDW_FOUND_LIST;
    enum kd_status st = KD_OK;

    if (p) {
        p->found.value |= found;
        return KD_OK;
    }
    if (!is_process && va != 0)
        st = leads_to_process(w, plans, va, &is_process);
    if (st != KD_OK || !is_process)
        return st;
    p = kdw_snapshot_add(w->s, KDW_TABLE_PROCESSES, va);
    if (!p)
        return w->s->tables[KDW_TABLE_PROCESSES].is_cut ? KD_OK : KD_ERR_NO_MEMORY;
    p->found = kdw_known(found);
    return read_process(w, plans, p);
}

/* ---- lists of processes ---- */

struct membership {
    const struct kdw_process_plans *plans;
    uint64_t links; /* offset */
    unsigned found;
};

static enum kd_status note_entry(struct kdw_walk *w, const void *ctx, uint64_t links_va)
{
    const struct membership *m = ctx;

    return kdw_process_note(w, m->plans, links_va - m->links, m->found);
}

enum kd_status kdw_process_list_walk(struct kdw_walk *w, const struct kdw_process_plans *plans,
                                     const struct kdw_process_list *list, size_t *left)
{
    struct membership m = {.plans = plans, .found = list->found};
    struct kdw_place links;
    enum kd_status st = kdw_place_resolve(w, PROCESS, list->links, &links);

    m.links = links.offset;
    return st == KD_OK && links.exists ? kdw_walk_each(w, &list->list, left, note_entry, &m) : st;
}

static enum kd_status walk_active(struct kdw_walk *w, const struct kdw_process_plans *plans)
{
    struct kdw_process_list list = {
        .list.name = "PsActiveProcessHead", .links = "ActiveProcessLinks", .found = KDW_FOUND_LIST};
    size_t left = kdw_snapshot_tables[KDW_TABLE_PROCESSES].max;
    enum kd_status st = kdw_walk_symbol(w, list.list.name, &list.list.head_va);

    if (st == KD_ERR_NOT_FOUND && w->k->target->process_list_va) {
        list.list.head_va = w->k->target->process_list_va;
        st = KD_OK;
    }
    if (st != KD_OK)
        return st == KD_ERR_NOT_FOUND ? KD_OK : st;
    return kdw_process_list_walk(w, plans, &list, &left);
}

struct system {
    const struct kdw_process_plans *plans;
    uint64_t va;
};

/* A unit. */
static enum kd_status note_system(struct kdw_walk *w, void *arg)
{
    const struct system *system = arg;

    return kdw_process_note(w, system->plans, system->va, KDW_FOUND_MEMORY);
}

/* The memory manager's list: few symbols say where its head is, so it is walked as a ring, from the
 * System process to itself. Its head, which is no process, is one of those that are passed. */
static enum kd_status walk_memory(struct kdw_walk *w, const struct kdw_process_plans *plans)
{
    struct kdw_process_list list = {
        .list.name = "MmProcessLinks", .links = "MmProcessLinks", .found = KDW_FOUND_MEMORY};
    size_t left = kdw_snapshot_tables[KDW_TABLE_PROCESSES].max;
    struct kdw_place links;
    struct kdw_u64 system;
    enum kd_status st = kdw_place_resolve(w, PROCESS, list.links, &links);

    if (st == KD_OK)
        st = kdw_walk_variable(w, "PsInitialSystemProcess", &system);
    if (st != KD_OK || !links.exists || !kdw_is_set(&system))
        return st;
    list.list.head_va = system.value + links.offset;
    list.list.owner_va = system.value;
    st = kdw_walk_unit(w, note_system, &(struct system){plans, system.value});
    return st == KD_OK ? kdw_process_list_walk(w, plans, &list, &left) : st;
}

/* The table of ids has threads as well. */
static enum kd_status note_id(struct kdw_walk *w, const void *ctx, struct kdw_handle_table *table,
                              const struct kdw_handle *handle)
{
    const struct kdw_process_plans *plans = ctx;
    struct kdw_u64 type;
    enum kd_status st = kdw_object_type_index(w, &plans->headers, handle->pointer_va, &type);

    if (type.status != KD_OK)
        kdw_handle_table_hole(table, type.status, type.fault_va);
    if (st != KD_OK || type.status != KD_OK || type.value != plans->type.value)
        return st;
    return kdw_process_note(w, plans, handle->pointer_va, KDW_FOUND_CID);
}

static enum kd_status walk_ids(struct kdw_walk *w, const struct kdw_process_plans *plans)
{
    struct kdw_walk_list table = {.name = "PspCidTable"};
    size_t left = IDS_MAX;
    struct kdw_handle_plan plan;
    struct kdw_u64 table_va;
    enum kd_status st = kdw_walk_variable(w, table.name, &table_va);

    if (st == KD_OK)
        st = kdw_handle_plan_resolve(w, &plan);
    if (st != KD_OK || !kdw_is_set(&table_va) || plans->type.status != KD_OK)
        return st;
    table.head_va = table_va.value;
    return kdw_handle_table_each(w, &plan, &table, &left, note_id, plans);
}

enum kd_status kdw_walk_processes(struct kdw_walk *w)
{
    struct kdw_process_plans plans;
    enum kd_status st;

    if (!(w->parts & KDW_PART_PROCESSES))
        return KD_OK;
    w->s->tables[KDW_TABLE_PROCESSES].is_taken = true;
    w->s->tables[KDW_TABLE_SESSIONS].is_taken = true;
    st = kdw_processes_plan(w, &plans);
    if (st == KD_OK)
        st = walk_active(w, &plans);
    if (st == KD_OK)
        st = walk_memory(w, &plans);
    return st == KD_OK ? walk_ids(w, &plans) : st;
}
