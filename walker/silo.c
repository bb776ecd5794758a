#include "people.h"

#define GLOBALS        "_ESERVERSILO_GLOBALS"
#define SHARED         "_SILO_USER_SHARED_DATA"
#define FIELDS(fields) (sizeof(fields) / sizeof((fields)[0]))

enum {
    JOB_IS_SILO = 1 << 30, /* JobFlags [seen] */
    SILO_STARTED = 1,      /* State; see snapshot.h */
    POINTER_LEN = 8,
    DEEP_MAX = 256, /* jobs above a process: NestingDepth is one byte */
};

/* The first is all that a list of loggers needs. */
enum { BRIEF_FIELDS = 1 };
static const struct kdw_plan_field globals_fields[] = {
    KDW_PLAN_U64("EtwSiloState", struct kdw_silo, etw_state_va),
    KDW_PLAN_U64("State", struct kdw_silo, state),
    KDW_PLAN_U64("ExitStatus", struct kdw_silo, exit_status),
};
static const struct kdw_plan_field text_fields[] = {
    KDW_PLAN_UNICODE("SiloRootDirectoryName", struct kdw_silo, root_directory),
    KDW_PLAN_UNICODE("NtSystemRoot", struct kdw_silo, system_root),
};
/* What makes a job this silo. */
static const struct kdw_plan_field job_fields[] = {
    KDW_PLAN_U64("JobId", struct kdw_job, id),
    KDW_PLAN_U64("ServerSiloGlobals", struct kdw_job, globals_va),
};
static const size_t job_members[] = {offsetof(struct kdw_job, id),
                                     offsetof(struct kdw_job, globals_va)};
static const struct kdw_plan_field shared_fields[] = {
    KDW_PLAN_U64("ServiceSessionId", struct kdw_silo, service_session),
    KDW_PLAN_U64("ActiveConsoleId", struct kdw_silo, console_session),
};

struct silo_plans {
    struct kdw_plan globals, texts, shared, job;
    struct kdw_field_ref shared_data; /* inside the globals, or in newer kernels a pointer */
    struct kdw_place storage;
    bool wants_all;
};

static enum kd_status resolve(struct kdw_walk *w, struct silo_plans *out)
{
    static const char *const names[] = {"UserSharedData"};
    struct kdw_layout layout;
    enum kd_status st;

    out->wants_all = kdw_wants_layers(w);
    st = kdw_plan_resolve_optional(w, GLOBALS, globals_fields,
                                   out->wants_all ? FIELDS(globals_fields) : BRIEF_FIELDS,
                                   &out->globals);
    if (st == KD_OK)
        st = kdw_plan_resolve_optional(w, GLOBALS, text_fields, FIELDS(text_fields), &out->texts);
    if (st == KD_OK)
        st = kdw_plan_resolve_optional(w, SHARED, shared_fields, FIELDS(shared_fields),
                                       &out->shared);
    if (st == KD_OK)
        st = kdw_plan_resolve_optional(w, "_EJOB", job_fields, FIELDS(job_fields), &out->job);
    if (st == KD_OK)
        st = kdw_layout_resolve_optional(w->k, GLOBALS, names, 1, &out->shared_data, &layout);
    return st == KD_OK ? kdw_place_resolve(w, GLOBALS, "Storage", &out->storage) : st;
}

/* ---- what a silo's globals say ---- */

static enum kd_status read_shared(struct kdw_walk *w, const struct silo_plans *plans,
                                  struct kdw_silo *silo)
{
    struct kdw_u64 va = kdw_known(silo->globals_va.value + plans->shared_data.offset);
    enum kd_status st = KD_OK;

    if (!plans->shared_data.exists)
        return KD_OK;
    if (plans->shared_data.size == POINTER_LEN)
        st = kdw_walk_u64(w, va.value, &va);
    if (st == KD_OK && kdw_is_set(&va))
        return kdw_plan_read(w, &plans->shared, va.value, silo);
    silo->service_session = silo->console_session = va;
    if (va.status == KD_OK) /* it has none yet, or no more */
        silo->service_session.status = silo->console_session.status = KD_ERR_NOT_FOUND;
    return st;
}

/* Where its files are, a silo is told before it is started, and once: while it begins they are read again. */
static enum kd_status read_texts(struct kdw_walk *w, const struct silo_plans *plans,
                                 struct kdw_silo *silo)
{
    const struct kdw_silo *before = kdw_walk_before(w, KDW_TABLE_SILOS, silo->va);
    enum kd_status st = KD_OK;

    if (before && kdw_is_same_known(&before->id, &silo->id) &&
        kdw_is_same_known(&before->globals_va, &silo->globals_va) &&
        before->system_root.status == KD_OK && before->state.status == KD_OK &&
        before->state.value == SILO_STARTED &&
        kdw_walk_keeps(&before->root_directory, &silo->root_directory, &st)) {
        if (st == KD_OK)
            (void)kdw_walk_keeps(&before->system_root, &silo->system_root, &st);
        return st;
    }
    return kdw_plan_read(w, &plans->texts, silo->globals_va.value, silo);
}

static enum kd_status read_globals(struct kdw_walk *w, const struct silo_plans *plans,
                                   struct kdw_silo *silo)
{
    enum kd_status st;

    if (!kdw_is_set(&silo->globals_va))
        return KD_OK;
    st = kdw_plan_read(w, &plans->globals, silo->globals_va.value, silo);
    if (st == KD_OK && plans->wants_all)
        st = read_texts(w, plans, silo);
    return st == KD_OK && plans->wants_all ? read_shared(w, plans, silo) : st;
}

static struct kdw_silo *add_silo(struct kdw_walk *w, uint64_t va, enum kdw_silo_kind kind)
{
    struct kdw_silo *silo = kdw_snapshot_add(w->s, KDW_TABLE_SILOS, va);

    if (silo)
        silo->kind = kdw_known(kind);
    return silo;
}

static enum kd_status not_added(const struct kdw_walk *w)
{
    return w->s->tables[KDW_TABLE_SILOS].is_cut ? KD_OK : KD_ERR_NO_MEMORY;
}

/* ---- the host ---- */

/* A unit. */
static enum kd_status add_host(struct kdw_walk *w, void *arg)
{
    const struct silo_plans *plans = arg;
    struct kdw_silo *silo = add_silo(w, 0, KDW_SILO_HOST);
    struct kdw_u64 storage;
    uint64_t va;
    enum kd_status st;

    if (!silo)
        return not_added(w);
    silo->id = kdw_known(0); /* [guess] */
    silo->parent_va = kdw_known(0);
    silo->container_id.status = KD_OK; /* of zeros: it is in no container */
    st = kdw_walk_symbol(w, "PspHostSiloGlobals", &va);
    if (st != KD_OK)
        return st == KD_ERR_NOT_FOUND ? KD_OK : st;
    silo->globals_va = kdw_known(va);
    st = read_globals(w, plans, silo);
    if (st != KD_OK || !plans->wants_all || !plans->storage.exists)
        return st;
    st = kdw_walk_u64(w, va + plans->storage.offset, &storage);
    return st == KD_OK && kdw_is_set(&storage) ? kdw_storage_read(w, 0, storage.value) : st;
}

/* ---- jobs that are silos ---- */

/* The kernel passes over jobs that nobody holds any more. */
static bool is_silo(const struct kdw_job *job)
{
    if (job->pointer_count.status == KD_OK && job->pointer_count.value == 0)
        return false;
    return (job->flags.status == KD_OK && (job->flags.value & JOB_IS_SILO)) ||
           kdw_is_set(&job->globals_va);
}

static bool is_server_silo(const struct kdw_job *job)
{
    return kdw_is_set(&job->globals_va);
}

/* The nearest from a job upwards for which `is` holds: its address, 0 where there is none, or why that
 * is not known. */
static struct kdw_u64 nearest(const struct kdw_snapshot *s, struct kdw_u64 job_va,
                              bool (*is)(const struct kdw_job *job))
{
    for (size_t i = 0; i < DEEP_MAX && kdw_is_set(&job_va); i++) {
        const struct kdw_job *job = kdw_snapshot_find(s, KDW_TABLE_JOBS, job_va.value);

        if (!job)
            return (struct kdw_u64){.status = KD_ERR_MALFORMED, .fault_va = job_va.value};
        if (is(job))
            return job_va;
        if (job->flags.status != KD_OK || job->globals_va.status != KD_OK)
            return job->flags.status != KD_OK ? job->flags : job->globals_va;
        job_va = job->parent_va;
    }
    if (kdw_is_set(&job_va))
        return (struct kdw_u64){.status = KD_ERR_CYCLE, .fault_va = job_va.value};
    return job_va;
}

static enum kd_status add_job(struct kdw_walk *w, const struct silo_plans *plans,
                              const struct kdw_job *job)
{
    struct kdw_silo *silo =
        add_silo(w, job->va, is_server_silo(job) ? KDW_SILO_SERVER : KDW_SILO_APP);
    enum kd_status st;

    if (!silo)
        return not_added(w);
    silo->id = job->id;
    silo->globals_va = job->globals_va;
    silo->container_id = job->container_id;
    st = read_globals(w, plans, silo);
    if (st != KD_OK || !plans->wants_all)
        return st;
    silo->parent_va = nearest(w->s, job->parent_va, is_silo);
    return kdw_is_set(&job->storage_va) ? kdw_storage_read(w, job->va, job->storage_va.value) : st;
}

struct silo_job { /* the unit of one */
    const struct silo_plans *plans;
    size_t job; /* its number */
};

static enum kd_status add_silo_of_job(struct kdw_walk *w, void *arg)
{
    const struct silo_job *unit = arg;
    const struct kdw_job *job =
        (const struct kdw_job *)w->s->tables[KDW_TABLE_JOBS].records + unit->job;
    bool is_there = false;
    enum kd_status st;

    if (!is_silo(job) || kdw_snapshot_find(w->s, KDW_TABLE_SILOS, job->va))
        return KD_OK;
    st = kdw_walk_is_still(w, KDW_TABLE_JOBS, unit->job, &unit->plans->job, job->va, job_members,
                           FIELDS(job_members), &is_there);
    return st == KD_OK && is_there ? add_job(w, unit->plans, job) : st;
}

enum kd_status kdw_walk_silos(struct kdw_walk *w)
{
    struct silo_plans plans;
    struct silo_job unit = {.plans = &plans};
    enum kd_status st;

    if (!(w->parts & KDW_PART_SILOS))
        return KD_OK;
    w->s->tables[KDW_TABLE_SILOS].is_taken = kdw_wants_layers(w);
    w->s->tables[KDW_TABLE_STORAGE].is_taken = kdw_wants_layers(w);
    st = resolve(w, &plans);
    if (st == KD_OK && w->s->tables[KDW_TABLE_SILOS].len == 0)
        st = kdw_walk_unit(w, add_host, &plans);
    for (; unit.job < w->s->tables[KDW_TABLE_JOBS].len && st == KD_OK; unit.job++)
        st = kdw_walk_unit(w, add_silo_of_job, &unit);
    return st;
}

enum kd_status kdw_walk_places(struct kdw_walk *w)
{
    struct kdw_table *t = &w->s->tables[KDW_TABLE_PROCESSES];

    for (size_t i = 0; i < t->len; i++) {
        struct kdw_process *p = (struct kdw_process *)t->records + i;

        p->silo_va = nearest(w->s, p->job_va, is_silo);
        p->server_silo_va = nearest(w->s, p->job_va, is_server_silo);
    }
    return KD_OK;
}
