#include "people.h"

#define JOB            "_EJOB"
#define FIELDS(fields) (sizeof(fields) / sizeof((fields)[0]))

/* The first are what silos are told by: all that a list of loggers needs. */
enum { BRIEF_FIELDS = 4 };
static const struct kdw_plan_field job_fields[] = {
    KDW_PLAN_U64("JobFlags", struct kdw_job, flags),
    KDW_PLAN_U64("ServerSiloGlobals", struct kdw_job, globals_va),
    KDW_PLAN_U64("JobId", struct kdw_job, id),
    KDW_PLAN_U64("ParentJob", struct kdw_job, parent_va),
    KDW_PLAN_U64("RootJob", struct kdw_job, root_va),
    KDW_PLAN_U64("LimitFlags", struct kdw_job, limit_flags),
    KDW_PLAN_U64("NestingDepth", struct kdw_job, nesting_depth),
    KDW_PLAN_U64("SessionId", struct kdw_job, session_id),
    KDW_PLAN_U64("ActiveProcesses", struct kdw_job, processes_active),
    KDW_PLAN_U64("TotalProcesses", struct kdw_job, processes_total),
    KDW_PLAN_U64("TotalTerminatedProcesses", struct kdw_job, processes_terminated),
    KDW_PLAN_GUID("ContainerId", struct kdw_job, container_id),
    KDW_PLAN_U64("Storage", struct kdw_job, storage_va),
};

enum kd_status kdw_jobs_plan(struct kdw_walk *w, struct kdw_job_plans *out)
{
    enum kd_status st = kdw_plan_resolve_optional(
        w, JOB, job_fields, kdw_wants_layers(w) ? FIELDS(job_fields) : BRIEF_FIELDS, &out->job);

    if (st == KD_OK)
        st = kdw_object_headers_plan(w, &out->headers);
    if (st == KD_OK)
        st = kdw_type_index_of(w, &out->headers, "PsJobType", &out->type);
    if (st == KD_OK)
        st = kdw_place_resolve(w, "_OBJECT_HEADER", "PointerCount", &out->pointer_count);
    if (st == KD_OK)
        st = kdw_place_resolve(w, JOB, "JobLinks", &out->links);
    return st;
}

bool kdw_is_job(const struct kdw_job_plans *plans, const struct kdw_job *job)
{
    if (plans->type.status == KD_ERR_NOT_FOUND || job->type_index.status == KD_ERR_NOT_FOUND)
        return true; /* these symbols know nothing of headers */
    return plans->type.status == KD_OK && job->type_index.status == KD_OK &&
           job->type_index.value == plans->type.value;
}

static enum kd_status read_job(struct kdw_walk *w, const struct kdw_job_plans *plans,
                               struct kdw_job *job)
{
    enum kd_status st = kdw_object_type_index(w, &plans->headers, job->va, &job->type_index);

    if (st == KD_OK && plans->headers.exist && plans->pointer_count.exists)
        st = kdw_walk_u64(w, job->va - plans->headers.body + plans->pointer_count.offset,
                          &job->pointer_count);
    if (st == KD_OK)
        st = kdw_plan_read(w, &plans->job, job->va, job);
    if (w->s->is_guess && job->globals_va.status == KD_ERR_NOT_FOUND)
        job->globals_va.status =
            KD_ERR_UNSUPPORTED; /* the kernel may have it, these symbols do not */
    return st;
}

/* Whether a way other than the list leads to a job: to what cannot be read it leads to nothing. */
static enum kd_status leads_to_job(struct kdw_walk *w, const struct kdw_job_plans *plans,
                                   uint64_t va, bool *out)
{
    struct kdw_job trial = {.va = va};
    enum kd_status st = kdw_object_type_index(w, &plans->headers, va, &trial.type_index);

    *out = kdw_is_job(plans, &trial);
    return st;
}

/* In no list, and no process is in it: each is evidence, but thousands are damage that leads to more of it. */
enum { STRANGERS_MAX = 256 };

static bool is_stranger(uint64_t found)
{
    return !(found & (KDW_FOUND_LIST | KDW_FOUND_PROCESS));
}

static bool has_room_for_stranger(const struct kdw_snapshot *s)
{
    size_t count = 0;

    KDW_EACH(s, KDW_TABLE_JOBS, struct kdw_job, job)
    count += is_stranger(job->found.value);
    return count < STRANGERS_MAX;
}

enum kd_status kdw_job_note(struct kdw_walk *w, const struct kdw_job_plans *plans, uint64_t va,
                            unsigned found)
{
    struct kdw_job *job = kdw_walk_find(w, KDW_TABLE_JOBS, va);
    bool is_job = found == KDW_FOUND_LIST;
    enum kd_status st = KD_OK;

    if (job) {
        job->found.value |= found;
        return KD_OK;
    }
    if (!is_job && va != 0)
        st = leads_to_job(w, plans, va, &is_job);
    if (st != KD_OK || !is_job)
        return st;
    if (is_stranger(found) && !has_room_for_stranger(w->s)) {
        w->s->tables[KDW_TABLE_JOBS].is_cut = true;
        return KD_OK;
    }
    job = kdw_snapshot_add(w->s, KDW_TABLE_JOBS, va);
    if (!job)
        return w->s->tables[KDW_TABLE_JOBS].is_cut ? KD_OK : KD_ERR_NO_MEMORY;
    job->found = kdw_known(found);
    return read_job(w, plans, job);
}

static enum kd_status note_entry(struct kdw_walk *w, const void *ctx, uint64_t links_va)
{
    const struct kdw_job_plans *plans = ctx;

    return kdw_job_note(w, plans, links_va - plans->links.offset, KDW_FOUND_LIST);
}

enum kd_status kdw_walk_jobs(struct kdw_walk *w)
{
    struct kdw_walk_list list = {.name = "PspJobList"};
    size_t left = kdw_snapshot_tables[KDW_TABLE_JOBS].max;
    struct kdw_job_plans plans;
    enum kd_status st;

    if (!(w->parts & KDW_PART_JOBS))
        return KD_OK;
    w->s->tables[KDW_TABLE_JOBS].is_taken = kdw_wants_layers(w);
    st = kdw_jobs_plan(w, &plans);
    if (st != KD_OK)
        return st;
    st = kdw_walk_symbol(w, list.name, &list.head_va);
    if (st == KD_ERR_NOT_FOUND || (st == KD_OK && !plans.links.exists)) /* one way fewer */
        return kdw_walk_list_end(w, &(struct kdw_list){.end = KD_ERR_NOT_FOUND}, list.name, 0);
    if (st != KD_OK)
        return st;
    return kdw_walk_each(w, &list, &left, note_entry, &plans);
}
