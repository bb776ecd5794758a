/* hidden.c - from jobs, processes and sessions to each other: who is in no list is found by who knows them.
 *
 * What is found leads on: a process to its job, that to its parent, that to the processes in it. So it
 * is gone through in the order in which it was found until nothing is left; each job, process and
 * session once, and of all lists together no more entries than a table has room for. */
#include "people.h"

#define JOB     "_EJOB"
#define SESSION "_MM_SESSION_SPACE"

enum { ANCESTORS_MAX = 256, POINTER_LEN = 8 }; /* NestingDepth is one byte */

struct trail {
    struct kdw_job_plans job;
    struct kdw_process_plans process;
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
    return st == KD_OK && out->has_processes ? kdw_processes_plan(w, &out->process) : st;
}

/* ---- from a job ---- */

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

static enum kd_status follow_children(struct kdw_walk *w, const struct trail *t, uint64_t va)
{
    const struct kdw_people_list list = {va + t->children.offset, "ChildJobListHead", va};

    if (!t->children.exists || !t->siblings.exists)
        return KD_OK;
    return kdw_people_each(w, &list, &w->followed.children_left, note_child, t);
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

static enum kd_status follow_members(struct kdw_walk *w, const struct trail *t, uint64_t va)
{
    const struct kdw_process_list list = {
        .list = {va + t->members.offset, "ProcessListHead", va},
        .links = "JobLinks",
        .found = KDW_FOUND_JOB,
    };

    if (!t->has_processes || !t->members.exists)
        return KD_OK;
    return kdw_process_list_walk(w, &t->process, &list, &w->followed.members_left);
}

static enum kd_status follow_job(struct kdw_walk *w, const struct trail *t, size_t i)
{
    const struct kdw_job job = ((struct kdw_job *)w->s->tables[KDW_TABLE_JOBS].records)[i];
    enum kd_status st = KD_OK;

    if (!kdw_is_job(&t->job, &job))
        return KD_OK; /* whoever put it into the list: nothing in it means anything */
    st = note_pointer(w, t, &job.parent_va, KDW_FOUND_TREE);
    if (st == KD_OK && job.root_va.value != job.va)
        st = note_pointer(w, t, &job.root_va, KDW_FOUND_TREE);
    if (st == KD_OK)
        st = follow_ancestors(w, t, job.va);
    if (st == KD_OK)
        st = follow_children(w, t, job.va);
    return st == KD_OK ? follow_members(w, t, job.va) : st;
}

/* ---- from a process, from a session ---- */

static enum kd_status follow_process(struct kdw_walk *w, const struct trail *t, size_t i)
{
    const struct kdw_process p =
        ((struct kdw_process *)w->s->tables[KDW_TABLE_PROCESSES].records)[i];
    enum kd_status st = note_pointer(w, t, &p.job_va, KDW_FOUND_PROCESS);

    return st == KD_OK ? note_pointer(w, t, &p.own_silo_va, KDW_FOUND_SILO) : st;
}

static enum kd_status follow_session(struct kdw_walk *w, const struct trail *t, size_t i)
{
    uint64_t va = ((struct kdw_session *)w->s->tables[KDW_TABLE_SESSIONS].records)[i].va;
    const struct kdw_process_list list = {
        .list = {va + t->process.session.processes.offset, "ProcessList", va},
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
            st = follow_process(w, t, f->processes++);
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

static enum kd_status follow_states(struct kdw_walk *w, const struct trail *t)
{
    const struct kdw_table *table = &w->s->tables[KDW_TABLE_STATES];
    enum kd_status st = KD_OK;

    for (size_t *i = &w->followed.states; *i < table->len && st == KD_OK; ++*i) {
        const struct kdw_etw_state *state = (const struct kdw_etw_state *)table->records + *i;

        st = note_pointer(w, t, &state->own_silo_va, KDW_FOUND_SILO);
    }
    return st;
}

static enum kd_status follow_consumers(struct kdw_walk *w, const struct trail *t)
{
    const struct kdw_table *table = &w->s->tables[KDW_TABLE_CONSUMERS];
    enum kd_status st = KD_OK;

    for (size_t *i = &w->followed.consumers; *i < table->len && st == KD_OK; ++*i) {
        const struct kdw_consumer *c = (const struct kdw_consumer *)table->records + *i;

        if (t->has_processes && c->process_va.status == KD_OK)
            st = kdw_process_note(w, &t->process, c->process_va.value, KDW_FOUND_CONSUMER);
    }
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
        st = follow_states(w, &t);
    if (st == KD_OK)
        st = follow_consumers(w, &t);
    if (st == KD_OK)
        st = follow_all(w, &t);
    return st == KD_OK ? kdw_walk_silos(w) : st;
}
