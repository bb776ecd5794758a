#include "layers_keep.h"

#include "labels.h"

enum { JOBS_MAX = 64 }; /* in one another: Windows nests far fewer, and a circle ends */

struct keep {
    const struct kdw_snapshot *s;
    uint64_t process_va, parent_va;
    uint64_t jobs[JOBS_MAX];
    size_t jobs_len;
    struct kdw_u64 silo_va, server_silo_va, session_va, session_id;
};

static bool is(const struct kdw_u64 *fact, uint64_t value)
{
    return fact->status == KD_OK && fact->value == value;
}

static void follow_jobs(struct keep *k, const struct kdw_u64 *job_va)
{
    while (k->jobs_len < JOBS_MAX && job_va->status == KD_OK && job_va->value != 0) {
        const struct kdw_job *job = kdw_snapshot_find(k->s, KDW_TABLE_JOBS, job_va->value);

        if (!job)
            return;
        k->jobs[k->jobs_len++] = job->va;
        job_va = &job->parent_va;
    }
}

static bool process_stays(void *ctx, const void *record)
{
    const struct keep *k = ctx;
    uint64_t va = ((const struct kdw_process *)record)->va;

    return va == k->process_va || (k->parent_va && va == k->parent_va);
}

static bool job_stays(void *ctx, const void *record)
{
    const struct keep *k = ctx;

    for (size_t i = 0; i < k->jobs_len; i++)
        if (k->jobs[i] == ((const struct kdw_job *)record)->va)
            return true;
    return false;
}

static bool silo_stays(void *ctx, const void *record)
{
    const struct keep *k = ctx;
    uint64_t va = ((const struct kdw_silo *)record)->va;

    return is(&k->silo_va, va) || is(&k->server_silo_va, va);
}

static bool session_stays(void *ctx, const void *record)
{
    const struct keep *k = ctx;
    const struct kdw_session *session = record;

    return (session->va && is(&k->session_va, session->va)) ||
           (session->id.status == KD_OK && is(&k->session_id, session->id.value));
}

static bool registration_stays(void *ctx, const void *record)
{
    const struct keep *k = ctx;

    return is(&((const struct kdw_registration *)record)->process_va, k->process_va);
}

static bool consumer_stays(void *ctx, const void *record)
{
    const struct keep *k = ctx;

    return is(&((const struct kdw_consumer *)record)->process_va, k->process_va);
}

static bool provider_stays(void *ctx, const void *record)
{
    const struct keep *k = ctx;
    const struct kdw_provider *p = record;

    KDW_EACH(k->s, KDW_TABLE_REGISTRATIONS, struct kdw_registration, r)
    if (is(&r->provider_va, p->va) || is(&r->listed_group_va, p->va))
        return true;
    return false;
}

static bool enable_stays(void *ctx, const void *record)
{
    const struct keep *k = ctx;

    return kdw_snapshot_find(k->s, KDW_TABLE_PROVIDERS,
                             ((const struct kdw_enable *)record)->provider_va.value) != NULL;
}

static bool logger_stays(void *ctx, const void *record)
{
    const struct keep *k = ctx;
    const struct kdw_logger *l = record;

    KDW_EACH(k->s, KDW_TABLE_CONSUMERS, struct kdw_consumer, c)
    if (is(&c->logger_va, l->va))
        return true;
    KDW_EACH(k->s, KDW_TABLE_ENABLES, struct kdw_enable, e)
    {
        const struct kdw_provider *p;

        if (!is(&e->logger_id, l->slot.value))
            continue;
        p = kdw_snapshot_find(k->s, KDW_TABLE_PROVIDERS, e->provider_va.value);
        if (p && is(&p->state_va, l->state_va.value))
            return true;
    }
    return false;
}

static bool none(void *ctx, const void *record)
{
    (void)ctx;
    (void)record;
    return false;
}

void layers_keep(struct kdw_snapshot *s, uint64_t process_va)
{
    static const struct {
        enum kdw_table_id table;
        kdw_keep *keep;
    } steps[] = {
        {KDW_TABLE_PROCESSES, process_stays},
        {KDW_TABLE_JOBS, job_stays},
        {KDW_TABLE_SILOS, silo_stays},
        {KDW_TABLE_SESSIONS, session_stays},
        {KDW_TABLE_STORAGE, none},
        {KDW_TABLE_MONITORS, none},
        {KDW_TABLE_SECURITY, none},
        {KDW_TABLE_SYSTEM, none},
        {KDW_TABLE_CONSUMERS, consumer_stays},
        {KDW_TABLE_REGISTRATIONS, registration_stays},
        {KDW_TABLE_PROVIDERS, provider_stays}, /* of what is left of those before */
        {KDW_TABLE_ENABLES, enable_stays},
        {KDW_TABLE_LOGGERS, logger_stays},
    };
    const struct kdw_process *p = kdw_snapshot_find(s, KDW_TABLE_PROCESSES, process_va);
    const struct kdw_process *parent = process_parent(s, p);
    struct keep k = {
        .s = s,
        .process_va = process_va,
        .parent_va = parent ? parent->va : 0,
        .silo_va = p->silo_va,
        .server_silo_va = p->server_silo_va,
        .session_va = p->session_va,
        .session_id = p->session_id,
    };

    follow_jobs(&k, &p->job_va);
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++)
        kdw_snapshot_filter(s, steps[i].table, &k, steps[i].keep);
}
