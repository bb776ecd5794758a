/* nt_job.c - the jobs of one kernel, whether silos or not. */
#include "nt_parts.h"

#define JOB(field) offsetof(struct _EJOB, field)

static uint64_t job_at(const struct lab_machine *m, int job)
{
    return job == NOBODY ? 0 : m->cast->jobs[job].va;
}

/* Those above it, from its parent on. */
static uint64_t ancestors(struct lab_machine *m, const struct cast_job *j)
{
    uint64_t array = pool_alloc(m, 8 * j->depth, "Job "), at = array;

    for (int up = j->parent; up != NOBODY; up = m->cast->jobs[up].parent, at += 8)
        put_u64(m, at, job_at(m, up));
    return array;
}

static uint32_t flags(const struct cast_job *j)
{
    struct _EJOB job = {0};

    job.UILimits = j->said->ui_restrictions != 0;
    job.JobFrozen = j->said->is_frozen;
    job.Silo = j->said->kind != JOB_PLAIN;
    job.DisallowNewProcesses = j->said->is_frozen;
#if NT_BUILD >= 17763
    job.ContainerTelemetryIdSet = j->said->kind == JOB_SERVER_SILO;
#endif
    return job.JobFlags;
}

static void limits(const struct cast_job *j, struct _EJOB *job)
{
    job->LimitFlags = job->EffectiveLimitFlags = j->said->limits;
    job->ActiveProcessLimit = j->said->most_processes;
    job->ProcessMemoryLimit = job->EffectiveProcessMemoryLimit = j->said->process_memory / LAB_PAGE;
    job->JobMemoryLimit = j->said->job_memory / LAB_PAGE;
    job->UIRestrictionsClass = j->said->ui_restrictions;
    job->EffectiveFreezeCount = j->said->is_frozen;
    job->SchedulingClass = job->EffectiveSchedulingClass = 5;
    job->PriorityClass = job->EffectivePriorityClass = 2;
}

static void fill(struct lab_machine *m, const struct cast_job *j, struct _EJOB *job)
{
    job->Event.Header.Type = TYPE_EVENT;
    limits(j, job);
    job->TotalProcesses = j->total;
    job->ActiveProcesses = job->ShadowActiveProcessCount = j->active;
    job->TotalTerminatedProcesses = 0; /* by a limit of the job: nobody was */
    job->SessionId = m->cast->sessions[j->session].id;
    job->NestingDepth = (U1B)j->depth;
    job->ParentJob = target_pointer(job_at(m, j->parent));
    job->RootJob = target_pointer(j->parent == NOBODY ? j->va : job_at(m, j->root));
    job->AncestorCount = j->depth;
    if (j->depth)
        job->Ancestors = target_pointer(ancestors(m, j));
    job->JobId = j->id;
    job->SequenceNumber = j->id;
    job->JobFlags = flags(j);
    memcpy(&job->ContainerId, &j->container, sizeof(job->ContainerId));
#if NT_BUILD < 16299
    if (j->silo && j->said->kind != JOB_SERVER_SILO)
        job->ParentSilo = target_pointer(job_at(m, m->cast->silos[j->silo].job));
#else
    memcpy(&job->ContainerTelemetryId, &j->container, sizeof(job->ContainerTelemetryId));
#endif
}

static void lists(struct lab_machine *m, const struct cast_job *j)
{
    static const size_t heads[] = {JOB(Event.Header.WaitListHead), JOB(ProcessListHead),
                                   JOB(ChildJobListHead), JOB(SiblingJobLinks),
                                   JOB(IteratorListHead)};

    for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++)
        list_init(m, j->va + heads[i]);
    if (j->parent != NOBODY)
        list_append(m, job_at(m, j->parent) + JOB(ChildJobListHead), j->va + JOB(SiblingJobLinks));
    list_append(m, at_rva(m, NT_RVA_PspJobList), j->va + JOB(JobLinks));
}

static void tell_job(const struct lab_machine *m, const struct cast_job *j, const struct _EJOB *job)
{
    struct truth *t = m->truth;

    tell(t, TRUTH_JOBS, j->va);
    tell_number(t, "id", j->id);
    tell_number(t, "pointer_count", OBJECT_POINTERS);
    tell_number(t, "type_index", INDEX_JOB);
    tell_word(t, "flags", job->JobFlags);
    tell_word(t, "limit_flags", job->LimitFlags);
    tell_word(t, "parent", job_at(m, j->parent));
    tell_word(t, "root", job_at(m, j->root));
    tell_number(t, "nesting_depth", j->depth);
    tell_number(t, "session_id", job->SessionId);
    tell_number(t, "processes_active", j->active);
    tell_number(t, "processes_total", j->total);
    tell_number(t, "processes_terminated", 0);
    tell_guid(t, "container_id", (const uint8_t *)&j->container);
    tell_word(t, "globals", (uintptr_t)job->ServerSiloGlobals);
    tell_word(t, "storage", (uintptr_t)job->Storage);
}

void nt_jobs(struct lab_machine *m)
{
    list_init(m, at_rva(m, NT_RVA_PspJobList));
    for (size_t i = 0; i < m->cast->job_count; i++) {
        struct cast_job *j = &m->cast->jobs[i];
        struct _EJOB job = {0};

        j->va = j->said->name ? nt_object_named(m, sizeof(job), INDEX_JOB, "Job ", j->said->name)
                              : nt_object(m, sizeof(job), INDEX_JOB, "Job ");
        fill(m, j, &job);
        nt_silo_of_job(m, (int)i, &job);
        put(m, j->va, &job, sizeof(job));
        lists(m, j);
        tell_job(m, j, &job);
    }
}

void nt_job_join(struct lab_machine *m, int job, uint64_t process)
{
    list_append(m, job_at(m, job) + JOB(ProcessListHead),
                process + offsetof(struct _EPROCESS, JobLinks));
}
