#include "labels.h"

#include "facts.h"

#include <inttypes.h>
#include <string.h>

enum { JOBS_MAX = 8 }; /* shown of a path; Windows nests far fewer */

void label_silo(struct text *t, const struct kdw_snapshot *s, const struct kdw_u64 *silo_va)
{
    const struct kdw_silo *silo;

    if (silo_va->status != KD_OK) {
        text_add(t, "%s", fact_unknown(silo_va->status));
        return;
    }
    if (silo_va->value == 0) {
        text_add(t, "host");
        return;
    }
    silo = kdw_snapshot_find(s, KDW_TABLE_SILOS, silo_va->value);
    if (silo)
        fact_number(t, &silo->id);
    else
        fact_address(t, silo_va);
}

void label_silo_of_state(struct text *t, const struct kdw_snapshot *s,
                         const struct kdw_u64 *state_va)
{
    const struct kdw_etw_state *state =
        state_va->status == KD_OK ? kdw_snapshot_find(s, KDW_TABLE_STATES, state_va->value) : NULL;

    if (state)
        label_silo(t, s, &state->silo_va);
    else
        fact_address(t, state_va);
}

/* From the job to the outermost, as far as there is room. */
static size_t path_of(const struct kdw_snapshot *s, const struct kdw_u64 *job_va,
                      const struct kdw_u64 *path[JOBS_MAX])
{
    size_t len = 0;

    while (len < JOBS_MAX && (job_va->status != KD_OK || job_va->value != 0)) {
        const struct kdw_job *job =
            job_va->status == KD_OK ? kdw_snapshot_find(s, KDW_TABLE_JOBS, job_va->value) : NULL;

        path[len++] = job ? &job->id : job_va;
        if (!job)
            break;
        job_va = &job->parent_va;
    }
    return len;
}

void label_job_path(struct text *t, const struct kdw_snapshot *s, const struct kdw_u64 *job_va)
{
    const struct kdw_u64 *path[JOBS_MAX];
    size_t len = path_of(s, job_va, path);

    if (len == 0)
        text_add(t, "-");
    if (len == JOBS_MAX)
        text_add(t, ".../"); /* deeper than is shown, or in circles */
    while (len-- > 0) {
        if (path[len]->status == KD_OK && path[len]->value > UINT32_MAX)
            fact_address(t, path[len]); /* it leads to no job */
        else
            fact_number(t, path[len]);
        if (len > 0)
            text_add(t, "/");
    }
}

void label_container(struct text *t, const struct kdw_guid *id)
{
    static const uint8_t none[sizeof id->bytes];

    if (id->status == KD_OK && memcmp(id->bytes, none, sizeof none) == 0)
        text_add(t, "-");
    else
        fact_guid(t, id);
}

const struct kdw_logger *logger_in_slot(const struct kdw_snapshot *s,
                                        const struct kdw_u64 *state_va, const struct kdw_u64 *id)
{
    if (state_va->status != KD_OK || id->status != KD_OK)
        return NULL;
    KDW_EACH(s, KDW_TABLE_LOGGERS, struct kdw_logger, l)
    if (l->slot.value == id->value && l->state_va.status == KD_OK &&
        l->state_va.value == state_va->value && l->va != 0)
        return l;
    return NULL;
}

void label_code(struct text *t, const struct kdw_snapshot *s, const struct kdw_u64 *va)
{
    if (va->status == KD_OK && va->value == 0) {
        text_add(t, "-");
        return;
    }
    KDW_EACH(s, KDW_TABLE_MODULES, struct kdw_module_fact, m)
    {
        if (va->status != KD_OK || m->base_va.status != KD_OK || m->size.status != KD_OK ||
            va->value < m->base_va.value || va->value - m->base_va.value >= m->size.value)
            continue;
        fact_text_short(t, &m->name);
        text_add(t, "+0x%" PRIx64, va->value - m->base_va.value);
        return;
    }
    fact_address(t, va);
}

bool label_list_is_whole(const struct kdw_snapshot *s, const char *name)
{
    KDW_EACH(s, KDW_TABLE_LISTS, struct kdw_list_walk, list)
    if (list->name.status == KD_OK && strcmp(list->name.utf8, name) == 0)
        return false;
    return true;
}

void label_hidden(struct text *t, uint64_t routes, const char *(*name_of)(unsigned bit))
{
    struct kdw_u64 word = {.value = routes};

    text_add(t, "hidden: not on %s; found by ", name_of(0));
    fact_bits(t, &word, name_of);
}

/* Made later than the child, it has only inherited the number. */
static bool can_be_parent(const struct kdw_process *p, const struct kdw_process *child)
{
    if (p == child || p->pid.status != KD_OK || p->pid.value != child->parent_pid.value)
        return false;
    return p->created_100ns.status != KD_OK || child->created_100ns.status != KD_OK ||
           p->created_100ns.value <= child->created_100ns.value;
}

const struct kdw_process *process_parent(const struct kdw_snapshot *s,
                                         const struct kdw_process *child)
{
    const struct kdw_process *found = NULL;

    if (child->parent_pid.status != KD_OK || child->parent_pid.value == 0)
        return NULL;
    KDW_EACH(s, KDW_TABLE_PROCESSES, struct kdw_process, p)
    if (can_be_parent(p, child) && (!found || p->created_100ns.value > found->created_100ns.value))
        found = p;
    return found;
}
