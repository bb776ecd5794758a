/* check_silos.c - silos: whether they are where they can be found, and what they lack beside the host. */
#include "check_parts.h"

enum {
    JOB_IS_SILO = 1 << 30, /* JobFlags [seen] */
    NESTING_MAX = 64       /* of jobs in jobs: the kernel allows far fewer */
};

/* ---- T25 ---- */

/* What the lock of the job list amounts to; only where the list itself is in question. */
static enum kdw_verdict worst_of_list(const struct kdw_checker *c)
{
    struct kdw_subject list = {KDW_TABLE_JOBS, 0, KDW_FAIL};

    KDW_EACH(c->s, KDW_TABLE_VARIABLES, struct kdw_variable, v)
    if (kdw_text_is(&v->name, "PspJobListLock"))
        kdw_subject_lock(&list, &v->value, KDW_PUSH_LOCK_HELD);
    return list.at_worst;
}

/* The nearest job above it that is a silo; 0: none. */
static uint64_t silo_above(const struct kdw_checker *c, const struct kdw_job *job)
{
    uint64_t at = kdw_value(&job->parent_va);

    for (unsigned i = 0; i < NESTING_MAX && at; i++) {
        const struct kdw_job *above = kdw_snapshot_find(c->s, KDW_TABLE_JOBS, at);

        if (!above)
            return 0;
        if (kdw_value(&above->flags) & JOB_IS_SILO)
            return above->va;
        at = kdw_value(&above->parent_va);
    }
    return 0;
}

/* The kernel makes a server silo only of a silo that is in none [guess: kernel listings]. */
static void check_server_silo(struct kdw_checker *c, const struct kdw_job *job)
{
    struct kdw_subject subject = {KDW_TABLE_JOBS, job->va, KDW_FAIL};
    const struct kdw_u64 above = {.status = KD_OK, .value = silo_above(c, job)};

    if (!kdw_check_knows(c, &subject, "ServerSiloGlobals", &job->globals_va) ||
        job->globals_va.value == 0)
        return;
    if (kdw_check_knows(c, &subject, "JobFlags", &job->flags))
        kdw_check_that(c, &subject, (job->flags.value & JOB_IS_SILO) != 0, "JobFlags", &job->flags,
                       "a silo (bit 30), as it has ServerSiloGlobals");
    kdw_check_that(c, &subject, above.value == 0, "ParentJob", &above,
                   "no silo above a server silo");
}

/* One that is being deleted has left the list. */
static void check_listed(struct kdw_checker *c, const struct kdw_job *job,
                         enum kdw_verdict at_worst)
{
    struct kdw_subject subject = {KDW_TABLE_JOBS, job->va, at_worst};

    if (!kdw_check_knows(c, &subject, "JobLinks", &job->found) ||
        (job->pointer_count.status == KD_OK && job->pointer_count.value == 0))
        return;
    if (!kdw_check_is_whole(c, KDW_TABLE_JOBS))
        subject.at_worst = KDW_UNREADABLE;
    kdw_check_that(c, &subject, (job->found.value & KDW_FOUND_LIST) != 0, "JobLinks", NULL,
                   "in PspJobList");
}

static void check_process(struct kdw_checker *c, const struct kdw_process *p)
{
    struct kdw_subject process = {KDW_TABLE_PROCESSES, p->va, KDW_FAIL};

    kdw_subject_lock(&process, &p->job_not_active, KDW_OWNED); /* its job is provisional */
    if (kdw_value(&p->exited_100ns) == 0 && kdw_check_knows(c, &process, "Job", &p->server_silo_va))
        kdw_check_equal(c, &process, "ServerSilo", &p->own_silo_va, p->server_silo_va.value);
}

void kdw_check_silos(struct kdw_checker *c)
{
    struct kdw_subject list = {KDW_TABLE_JOBS, 0, worst_of_list(c)};
    enum kdw_verdict at_worst = list.at_worst;

    if (!kdw_check_has(c, KDW_TABLE_JOBS) || !kdw_check_has(c, KDW_TABLE_PROCESSES))
        return;
    if (kdw_check_lists(c, &list, 0, "PspJobList"))
        at_worst = KDW_UNREADABLE; /* those behind the break are not hidden for that */
    KDW_EACH(c->s, KDW_TABLE_JOBS, struct kdw_job, job)
    {
        check_server_silo(c, job);
        check_listed(c, job, at_worst);
    }
    KDW_EACH(c->s, KDW_TABLE_PROCESSES, struct kdw_process, p)
    check_process(c, p);
}

/* ---- T27 ---- */

static uint64_t count_rows(const struct kdw_checker *c, enum kdw_join_id join, uint64_t state_va)
{
    struct kdw_rows rows = kdw_rows_of(c, join, state_va);
    uint64_t count = 0;

    while (kdw_rows_next(&rows))
        count++;
    return count;
}

/* Neither has to be as in the host. */
void kdw_check_against_host(struct kdw_checker *c, const struct kdw_etw_state *state)
{
    const struct kdw_subject subject = {KDW_TABLE_STATES, state->va, KDW_INFORMATION};
    struct kdw_u64 loggers = {.status = KD_OK}, providers = {.status = KD_OK};

    KDW_EACH(c->s, KDW_TABLE_STATES, struct kdw_etw_state, host)
    {
        if (!kdw_state_is_host(host))
            continue;
        loggers.value = count_rows(c, KDW_LOGGERS_OF_STATE, host->va);
        providers.value = count_rows(c, KDW_PROVIDERS_OF_STATE, host->va);
    }
    if (loggers.value != count_rows(c, KDW_LOGGERS_OF_STATE, state->va))
        kdw_check_inform(c, &subject, "loggers of the host", &loggers,
                         "this silo has another number of loggers than the host");
    if (providers.value != count_rows(c, KDW_PROVIDERS_OF_STATE, state->va))
        kdw_check_inform(c, &subject, "providers of the host", &providers,
                         "this silo has another number of providers than the host");
}
