/* hidden.c - from jobs, processes and sessions to each other: who is in no list is found by who knows them.
 *
 * What is found leads on: a process to its job, that to its parent, that to the processes in it. So it
 * is gone through in the order in which it was found until nothing is left; each job, process and
 * session once, and of all lists together no more entries than a table has room for. */
#include "etw_parts.h"
#include "people.h"

#define JOB            "_EJOB"
#define FIELDS(fields) (sizeof(fields) / sizeof((fields)[0]))

enum { ANCESTORS_MAX = 256, POINTER_LEN = 8 }; /* NestingDepth is one byte */

struct trail {
    struct kdw_job_plans job;
    struct kdw_process_plans process;
    struct kdw_consumer_plans consumer;
    struct kdw_place children, siblings, members, ancestors;
    struct kdw_plan ancestor_count;
    bool has_processes; /* they were asked for */
};

struct count {
    struct kdw_u64 value;
};
static const struct kdw_plan_field ancestor_fields[] = {
    KDW_PLAN_U64("AncestorCount", struct count, value),
};

static enum kd_status resolve(struct kdw_walk *w, struct trail *out)
{
    enum kd_status st = kdw_jobs_plan(w, &out->job);

    out->has_processes = (w->parts & KDW_PART_PROCESSES) != 0;
    if (st == KD_OK)
        st = kdw_place_resolve(w, JOB, "ChildJobListHead", &out->children);
    if (st == KD_OK)
        st = kdw_place_resolve(w, JOB, "SiblingJobLinks", &out->siblings);
    if (st == KD_OK)
        st = kdw_place_resolve(w, JOB, "ProcessListHead", &out->members);
    if (st == KD_OK)
        st = kdw_place_resolve(w, JOB, "Ancestors", &out->ancestors);
    if (st == KD_OK)
        st = kdw_plan_resolve_optional(w, JOB, ancestor_fields, 1, &out->ancestor_count);
    if (st == KD_OK)
        st = kdw_consumers_plan(w, &out->consumer);
    return st == KD_OK && out->has_processes ? kdw_processes_plan(w, &out->process) : st;
}

/* ---- from a job ---- */

static uint64_t job_va(const struct kdw_walk *w, size_t i)
{
    return ((const struct kdw_job *)w->s->tables[KDW_TABLE_JOBS].records)[i].va;
}

static enum kd_status note_pointer(struct kdw_walk *w, const struct trail *t,
                                   const struct kdw_u64 *pointer, unsigned found)
{
    return pointer->status == KD_OK ? kdw_job_note(w, &t->job, pointer->value, found) : KD_OK;
}

static enum kd_status note_child(struct kdw_walk *w, const void *ctx, uint64_t links_va)
{
    const struct trail *t = ctx;

    return kdw_job_note(w, &t->job, links_va - t->siblings.offset, KDW_FOUND_TREE);
}

struct from { /* a record that something is followed from */
    const struct trail *t;
    size_t i; /* its number */
};

/* What a job leads to, it leads to as long as it is the same. */
static enum kd_status job_is_there(struct kdw_walk *w, const void *owner, bool *out)
{
    static const size_t members[] = {
        offsetof(struct kdw_job, id), offsetof(struct kdw_job, parent_va),
        offsetof(struct kdw_job, root_va), offsetof(struct kdw_job, nesting_depth)};
    const struct from *job = owner;

    return kdw_walk_is_still(w, KDW_TABLE_JOBS, job->i, &job->t->job.job, job_va(w, job->i),
                             members, FIELDS(members), out);
}

static enum kd_status follow_children(struct kdw_walk *w, const struct from *job)
{
    const struct trail *t = job->t;
    uint64_t va = job_va(w, job->i);
    const struct kdw_walk_list list = {.head_va = va + t->children.offset,
                                       .name = "ChildJobListHead",
                                       .owner_va = va,
                                       .is_there = job_is_there,
                                       .owner = job};

    if (!t->children.exists || !t->siblings.exists)
        return KD_OK;
    return kdw_walk_each(w, &list, &w->followed.children_left, note_child, t);
}

/* An array of pointers to those above it; the same field is used for something else where there are
 * none [guess]. */
static enum kd_status follow_ancestors(struct kdw_walk *w, const struct trail *t, uint64_t va)
{
    struct count count = {{KD_ERR_NOT_FOUND, 0, 0}};
    struct kdw_u64 array, job;
    enum kd_status st = kdw_plan_read(w, &t->ancestor_count, va, &count);

    if (st != KD_OK || !t->ancestors.exists || !kdw_is_set(&count.value))
        return st;
    st = kdw_walk_u64(w, va + t->ancestors.offset, &array);
    for (size_t i = 0; i < ANCESTORS_MAX && i < count.value.value && st == KD_OK; i++) {
        if (!kdw_is_set(&array))
            return KD_OK;
        st = kdw_walk_u64(w, array.value + POINTER_LEN * i, &job);
        if (st != KD_OK || job.status != KD_OK)
            return st;
        st = note_pointer(w, t, &job, KDW_FOUND_TREE);
    }
    return st;
}

static enum kd_status follow_members(struct kdw_walk *w, const struct from *job)
{
    const struct trail *t = job->t;
    uint64_t va = job_va(w, job->i);
    const struct kdw_process_list list = {
        .list = {.head_va = va + t->members.offset,
                 .name = "ProcessListHead",
                 .owner_va = va,
                 .is_there = job_is_there,
                 .owner = job},
        .links = "JobLinks",
        .found = KDW_FOUND_JOB,
    };

    if (!t->has_processes || !t->members.exists)
        return KD_OK;
    return kdw_process_list_walk(w, &t->process, &list, &w->followed.members_left);
}

/* A unit. */
static enum kd_status follow_pointers(struct kdw_walk *w, void *arg)
{
    const struct from *from = arg;
    const struct kdw_job job = ((struct kdw_job *)w->s->tables[KDW_TABLE_JOBS].records)[from->i];
    bool is_there = false;
    enum kd_status st = job_is_there(w, from, &is_there);

    if (st != KD_OK || !is_there)
        return st;
    st = note_pointer(w, from->t, &job.parent_va, KDW_FOUND_TREE);
    if (st == KD_OK && job.root_va.value != job.va)
        st = note_pointer(w, from->t, &job.root_va, KDW_FOUND_TREE);
    return st == KD_OK ? follow_ancestors(w, from->t, job.va) : st;
}

static enum kd_status follow_job(struct kdw_walk *w, const struct trail *t, size_t i)
{
    struct from from = {t, i};
    enum kd_status st;

    if (!kdw_is_job(&t->job, (const struct kdw_job *)w->s->tables[KDW_TABLE_JOBS].records + i))
        return KD_OK; /* whoever put it into the list: nothing in it means anything */
    st = kdw_walk_unit(w, follow_pointers, &from);
    if (st == KD_OK)
        st = follow_children(w, &from);
    return st == KD_OK ? follow_members(w, &from) : st;
}

/* ---- from a process, from a session ---- */

/* A unit. */
static enum kd_status follow_process(struct kdw_walk *w, void *arg)
{
    static const size_t members[] = {
        offsetof(struct kdw_process, pid), offsetof(struct kdw_process, created_100ns),
        offsetof(struct kdw_process, job_va), offsetof(struct kdw_process, own_silo_va)};
    const struct from *from = arg;
    const struct kdw_process p =
        ((struct kdw_process *)w->s->tables[KDW_TABLE_PROCESSES].records)[from->i];
    bool is_there = false;
    enum kd_status st =
        kdw_walk_is_still(w, KDW_TABLE_PROCESSES, from->i, &from->t->process.process, p.va, members,
                          FIELDS(members), &is_there);

    if (st == KD_OK && is_there)
        st = note_pointer(w, from->t, &p.job_va, KDW_FOUND_PROCESS);
    return st == KD_OK && is_there ? note_pointer(w, from->t, &p.own_silo_va, KDW_FOUND_SILO) : st;
}

static enum kd_status session_is_there(struct kdw_walk *w, const void *owner, bool *out)
{
    static const size_t members[] = {offsetof(struct kdw_session, id),
                                     offsetof(struct kdw_session, created_100ns)};
    const struct from *from = owner;
    const struct kdw_session *s =
        (const struct kdw_session *)w->s->tables[KDW_TABLE_SESSIONS].records + from->i;

    return kdw_walk_is_still(w, KDW_TABLE_SESSIONS, from->i, &from->t->process.session.session,
                             s->va, members, FIELDS(members), out);
}

static enum kd_status follow_session(struct kdw_walk *w, const struct trail *t, size_t i)
{
    const struct from from = {t, i};
    uint64_t va = ((struct kdw_session *)w->s->tables[KDW_TABLE_SESSIONS].records)[i].va;
    const struct kdw_process_list list = {
        .list = {.head_va = va + t->process.session.processes.offset,
                 .name = "ProcessList",
                 .owner_va = va,
                 .is_there = session_is_there,
                 .owner = &from},
        .links = "SessionProcessLinks",
        .found = KDW_FOUND_SESSION,
    };

    if (!t->process.session.processes.exists)
        return KD_OK;
    return kdw_process_list_walk(w, &t->process, &list, &w->followed.sessions_left);
}

static enum kd_status follow_all(struct kdw_walk *w, const struct trail *t)
{
    const struct kdw_table *tables = w->s->tables;
    struct kdw_followed *f = &w->followed;
    enum kd_status st = KD_OK;

    while (st == KD_OK) {
        if (f->processes < tables[KDW_TABLE_PROCESSES].len)
            st = kdw_walk_unit(w, follow_process, &(struct from){t, f->processes++});
        else if (f->sessions < tables[KDW_TABLE_SESSIONS].len)
            st = follow_session(w, t, f->sessions++);
        else if (f->jobs < tables[KDW_TABLE_JOBS].len)
            st = follow_job(w, t, f->jobs++);
        else
            break;
    }
    return st;
}

enum kd_status kdw_walk_hidden(struct kdw_walk *w)
{
    const size_t processes_max = kdw_snapshot_tables[KDW_TABLE_PROCESSES].max;
    struct trail t;
    enum kd_status st;

    if (!kdw_wants_layers(w))
        return KD_OK;
    w->followed.children_left = kdw_snapshot_tables[KDW_TABLE_JOBS].max;
    w->followed.members_left = w->followed.sessions_left = processes_max;
    st = resolve(w, &t);
    return st == KD_OK ? follow_all(w, &t) : st;
}

/* ---- from what traces ---- */

/* A unit. */
static enum kd_status follow_state(struct kdw_walk *w, void *arg)
{
    const struct from *from = arg;
    const struct kdw_etw_state *state =
        (const struct kdw_etw_state *)w->s->tables[KDW_TABLE_STATES].records + from->i;
    bool is_there = false;
    enum kd_status st = kdw_state_is_there(w, from->i, &is_there);

    return st == KD_OK && is_there ? note_pointer(w, from->t, &state->own_silo_va, KDW_FOUND_SILO)
                                   : st;
}

/* A unit. */
static enum kd_status follow_consumer(struct kdw_walk *w, void *arg)
{
    static const size_t members[] = {offsetof(struct kdw_consumer, process_va),
                                     offsetof(struct kdw_consumer, logger_id)};
    const struct from *from = arg;
    const struct kdw_consumer *c =
        (const struct kdw_consumer *)w->s->tables[KDW_TABLE_CONSUMERS].records + from->i;
    bool is_there = false;
    enum kd_status st;

    if (c->process_va.status != KD_OK)
        return KD_OK;
    st = kdw_walk_is_still(w, KDW_TABLE_CONSUMERS, from->i, &from->t->consumer.consumer, c->va,
                           members, FIELDS(members), &is_there);
    return st == KD_OK && is_there
               ? kdw_process_note(w, &from->t->process, c->process_va.value, KDW_FOUND_CONSUMER)
               : st;
}

static enum kd_status follow_each(struct kdw_walk *w, const struct trail *t,
                                  enum kdw_table_id table, size_t *followed, kdw_unit *follow)
{
    enum kd_status st = KD_OK;

    for (; *followed < w->s->tables[table].len && st == KD_OK; ++*followed)
        st = kdw_walk_unit(w, follow, &(struct from){t, *followed});
    return st;
}

enum kd_status kdw_walk_hidden_by_etw(struct kdw_walk *w)
{
    struct trail t;
    enum kd_status st;

    if (!kdw_wants_layers(w))
        return KD_OK;
    st = resolve(w, &t);
    if (st == KD_OK)
        st = follow_each(w, &t, KDW_TABLE_STATES, &w->followed.states, follow_state);
    if (st == KD_OK && t.has_processes)
        st = follow_each(w, &t, KDW_TABLE_CONSUMERS, &w->followed.consumers, follow_consumer);
    if (st == KD_OK)
        st = follow_all(w, &t);
    return st == KD_OK ? kdw_walk_silos(w) : st;
}
