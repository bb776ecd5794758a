#include "etw_parts.h"

#define FIELDS(table) (sizeof(table) / sizeof((table)[0]))

static const struct kdw_plan_field consumer_fields[] = {
    KDW_PLAN_U64("ProcessObject", struct kdw_consumer, process_va),
    KDW_PLAN_U64("LoggerId", struct kdw_consumer, logger_id),
    KDW_PLAN_U64("Flags", struct kdw_consumer, flags),
    KDW_PLAN_U64("BuffersLost", struct kdw_consumer, buffers_lost),
    KDW_PLAN_U64("SiloState", struct kdw_consumer, own_state_va),
};

/* Of the process, so that a list of loggers need not list all processes. */
static const struct kdw_plan_field pid_fields[] = {
    KDW_PLAN_U64("UniqueProcessId", struct kdw_consumer, pid),
};
static const struct kdw_plan_field name_fields[] = {
    KDW_PLAN_CHARS("ImageFileName", struct kdw_consumer, process_name),
};

enum kd_status kdw_consumers_plan(struct kdw_walk *w, struct kdw_consumer_plans *out)
{
    bool has_head = false, has_links = false;
    enum kd_status st;

    st = kdw_plan_resolve_optional(w, "_ETW_REALTIME_CONSUMER", consumer_fields,
                                   FIELDS(consumer_fields), &out->consumer);
    if (st == KD_OK)
        st = kdw_plan_resolve_optional(w, "_EPROCESS", pid_fields, FIELDS(pid_fields), &out->pid);
    if (st == KD_OK)
        st = kdw_plan_resolve_optional(w, "_EPROCESS", name_fields, FIELDS(name_fields),
                                       &out->process_name);
    if (st == KD_OK)
        st = kdw_walk_offset(w, "_WMI_LOGGER_CONTEXT", "Consumers", &out->head, &has_head);
    if (st == KD_OK)
        st = kdw_walk_offset(w, "_ETW_REALTIME_CONSUMER", "Links", &out->links, &has_links);
    out->exist = has_head && has_links;
    return st;
}

/* A process that keeps its place and its id keeps its name. */
static enum kd_status read_process(struct kdw_walk *w, const struct kdw_consumer_plans *plans,
                                   struct kdw_consumer *c)
{
    const struct kdw_consumer *before = kdw_walk_before(w, KDW_TABLE_CONSUMERS, c->va);
    enum kd_status st = kdw_plan_read(w, &plans->pid, c->process_va.value, c);

    if (st != KD_OK)
        return st;
    if (before && kdw_is_same_known(&before->process_va, &c->process_va) &&
        kdw_is_same_known(&before->pid, &c->pid) &&
        kdw_walk_keeps(&before->process_name, &c->process_name, &st))
        return st;
    return kdw_plan_read(w, &plans->process_name, c->process_va.value, c);
}

static enum kd_status read_consumer(struct kdw_walk *w, const struct kdw_consumer_plans *plans,
                                    struct kdw_consumer *c)
{
    enum kd_status st = kdw_plan_read(w, &plans->consumer, c->va, c);

    if (st == KD_OK && kdw_is_set(&c->process_va))
        st = read_process(w, plans, c);
    return st;
}

struct consumers {
    const struct kdw_consumer_plans *plans;
    uint64_t logger_va;
};

static enum kd_status note_consumer(struct kdw_walk *w, const void *ctx, uint64_t links_va)
{
    const struct consumers *of = ctx;
    struct kdw_consumer *c =
        kdw_snapshot_add(w->s, KDW_TABLE_CONSUMERS, links_va - of->plans->links);

    if (!c)
        return w->s->tables[KDW_TABLE_CONSUMERS].is_cut ? KD_OK : KD_ERR_NO_MEMORY;
    c->logger_va = kdw_known(of->logger_va);
    return read_consumer(w, of->plans, c);
}

enum kd_status kdw_consumers_read(struct kdw_walk *w, const struct kdw_consumer_plans *plans,
                                  uint64_t logger_va)
{
    const struct kdw_walk_list list = {.head_va = logger_va + plans->head,
                                       .name = "Consumers",
                                       .owner_va = logger_va,
                                       .back = KDW_BACK_NEVER};
    const struct consumers of = {plans, logger_va};
    size_t left =
        kdw_snapshot_tables[KDW_TABLE_CONSUMERS].max - w->s->tables[KDW_TABLE_CONSUMERS].len;
    size_t limit = left < KDW_CONSUMERS_MAX ? left : KDW_CONSUMERS_MAX;

    return plans->exist ? kdw_walk_each(w, &list, &limit, note_consumer, &of) : KD_OK;
}
