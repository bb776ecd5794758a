/* check_consumers.c - who listens to a logger: by its count, by its list, and by the handles of processes. */
#include "check_parts.h"

enum { /* Flags of _ETW_REALTIME_CONSUMER [seen]: it is on its way out */
       CONSUMER_SHUT_DOWN = 1 << 0,
       CONSUMER_DISCONNECTED = 1 << 2
};

static bool is_leaving(const struct kdw_consumer *consumer)
{
    return (kdw_value(&consumer->flags) & (CONSUMER_SHUT_DOWN | CONSUMER_DISCONNECTED)) != 0;
}

static void check_process(struct kdw_checker *c, const struct kdw_subject *subject,
                          const struct kdw_consumer *consumer)
{
    struct kdw_subject it = *subject;
    const struct kdw_process *p;

    if (!kdw_check_knows(c, &it, "ProcessObject", &consumer->process_va))
        return;
    p = kdw_snapshot_find(c->s, KDW_TABLE_PROCESSES, consumer->process_va.value);
    if (!kdw_check_is_whole(c, KDW_TABLE_PROCESSES) || (p && p->found.status != KD_OK))
        it.at_worst = KDW_UNREADABLE;
    KDW_EACH(c->s, KDW_TABLE_LISTS, struct kdw_list_walk, list)
    if (kdw_text_is(&list->name, "PsActiveProcessHead"))
        it.at_worst = KDW_UNREADABLE;
    kdw_check_that(c, &it, p && (p->found.value & KDW_FOUND_LIST), "ProcessObject",
                   &consumer->process_va, "in the list of processes");
}

/* Handle tables that could not be read may hold it. */
static void check_handle(struct kdw_checker *c, const struct kdw_subject *subject,
                         const struct kdw_consumer *consumer)
{
    struct kdw_subject it = *subject;
    struct kdw_rows rows = kdw_rows_of(c, KDW_HANDLES_OF_CONSUMER, consumer->va);
    const struct kdw_process *p =
        kdw_snapshot_find(c->s, KDW_TABLE_PROCESSES, kdw_value(&consumer->process_va));

    if (!c->s->tables[KDW_TABLE_HANDLES].is_taken || !p || kdw_value(&p->exited_100ns))
        return;
    if (kdw_rows_next(&rows)) {
        kdw_check_that(c, &it, true, "handle", NULL, NULL);
        return;
    }
    if (!kdw_value(&p->handle_table_va) || c->s->tables[KDW_TABLE_LISTS].len ||
        !kdw_check_is_whole(c, KDW_TABLE_HANDLES))
        it.at_worst = KDW_UNREADABLE;
    KDW_EACH(c->s, KDW_TABLE_HANDLES, struct kdw_consumer_handle, h)
    if (h->object_va.status != KD_OK)
        it.at_worst = KDW_UNREADABLE;
    kdw_check_that(c, &it, false, "handle", NULL, "one to the consumer in its process");
}

static void check_consumer(struct kdw_checker *c, const struct kdw_logger *l,
                           const struct kdw_consumer *consumer)
{
    struct kdw_subject subject = kdw_subject_of_logger(c, l);

    subject.table = KDW_TABLE_CONSUMERS;
    subject.va = consumer->va;
    if (is_leaving(consumer) && subject.at_worst == KDW_FAIL)
        subject.at_worst = KDW_IN_TRANSITION;
    kdw_check_equal(c, &subject, "LoggerId", &consumer->logger_id, l->slot.value);
    check_process(c, &subject, consumer);
    check_handle(c, &subject, consumer);
}

/* One that is being connected may be counted already, or not yet. */
static void check_count(struct kdw_checker *c, const struct kdw_logger *l, uint64_t count)
{
    struct kdw_subject logger = kdw_subject_of_logger(c, l);

    kdw_check_needs(c, &logger, KDW_TABLE_CONSUMERS);
    kdw_subject_lock(&logger, &l->transition_consumer_va, KDW_OWNED);
    if (!kdw_check_lists(c, &logger, l->va, NULL))
        kdw_check_equal(c, &logger, "NumConsumers", &l->consumers, count);
}

static void check_logger(struct kdw_checker *c, const struct kdw_logger *l)
{
    struct kdw_rows rows = kdw_rows_of(c, KDW_CONSUMERS_OF_LOGGER, l->va);
    const struct kdw_consumer *consumer;
    uint64_t count = 0;

    while ((consumer = kdw_rows_next(&rows)) != NULL) {
        check_consumer(c, l, consumer);
        count++;
    }
    check_count(c, l, count);
}

/* The second view: a consumer that its process holds open, but no logger lists. */
static void check_orphan(struct kdw_checker *c, const struct kdw_etw_state *state,
                         const struct kdw_consumer_handle *h)
{
    struct kdw_subject handle = {KDW_TABLE_HANDLES, h->va, KDW_FAIL};
    const struct kdw_process *p =
        kdw_snapshot_find(c->s, KDW_TABLE_PROCESSES, kdw_value(&h->process_va));
    bool is_whole = kdw_check_is_whole(c, KDW_TABLE_CONSUMERS);

    if (p && kdw_value(&p->server_silo_va) != state->silo_va.value)
        return; /* another silo's */
    if (!p && state->silo_va.value)
        return;
    if (!kdw_check_knows(c, &handle, "object", &h->object_va))
        return;
    KDW_EACH(c->s, KDW_TABLE_LOGGERS, struct kdw_logger, l)
    {
        if (l->transition_consumer_va.status == KD_OK &&
            l->transition_consumer_va.value == h->object_va.value)
            return; /* being connected */
        if (l->state.value == KDW_LOGGER_UNREADABLE || l->state.value == KDW_LOGGER_LOST_SLOT)
            is_whole = false;
    }
    if (!is_whole || c->s->tables[KDW_TABLE_LISTS].len)
        handle.at_worst = KDW_UNREADABLE;
    kdw_check_that(c, &handle,
                   kdw_snapshot_find(c->s, KDW_TABLE_CONSUMERS, h->object_va.value) != NULL,
                   "object", &h->object_va, "in the list of a logger's consumers");
}

void kdw_check_consumers(struct kdw_checker *c, const struct kdw_etw_state *state)
{
    struct kdw_rows rows = kdw_rows_of(c, KDW_LOGGERS_OF_STATE, state->va);
    const struct kdw_logger *l;

    if (!kdw_check_has_slots(c, state) || !kdw_check_has(c, KDW_TABLE_CONSUMERS) ||
        !kdw_check_has(c, KDW_TABLE_PROCESSES) || !kdw_check_has(c, KDW_TABLE_HANDLES))
        return;
    while ((l = kdw_rows_next(&rows)) != NULL)
        if (kdw_logger_is_live(l))
            check_logger(c, l);
    KDW_EACH(c->s, KDW_TABLE_HANDLES, struct kdw_consumer_handle, h)
    check_orphan(c, state, h);
}
