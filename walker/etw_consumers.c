#include "etw_walk.h"

#include <walker/list.h>

#include <stdlib.h>

/* Who it is: the process that the consumer's handle belongs to. */
static enum kd_status read_consumer(struct etw_walk *w, struct kdw_consumer *c)
{
    struct kdw_mem *mem = w->k->mem;
    enum kd_status st = kdw_field_u64(mem, &w->consumer, CONSUMER_PROCESS, c->va, &c->process_va);

    if (kdw_etw_note(w, st))
        return st;
    if (st != KD_OK || c->process_va.value == 0) {
        c->process_id = (struct kdw_u64){.status = KD_ERR_NOT_FOUND};
        c->process_name = (struct kdw_text){.status = KD_ERR_NOT_FOUND};
        return KD_OK;
    }
    st = kdw_field_u64(mem, &w->process, PROCESS_ID, c->process_va.value, &c->process_id);
    if (kdw_etw_note(w, st))
        return st;
    st = kdw_field_chars(mem, &w->process, PROCESS_IMAGE_NAME, c->process_va.value,
                         &c->process_name);
    return kdw_etw_note(w, st) ? st : KD_OK;
}

/* Room for one more, zeroed; counted at once so that what it comes to own is freed. */
static struct kdw_consumer *add(struct kdw_logger *l, size_t *room)
{
    if (l->consumers_len == *room) {
        size_t more = *room ? 2 * *room : 4;
        struct kdw_consumer *bigger = realloc(l->consumers, more * sizeof *bigger);

        if (!bigger)
            return NULL;
        l->consumers = bigger;
        *room = more;
    }
    l->consumers[l->consumers_len] = (struct kdw_consumer){0};
    return &l->consumers[l->consumers_len++];
}

enum kd_status kdw_etw_consumers_read(struct etw_walk *w, struct kdw_logger *l)
{
    size_t limit = w->consumers_left < KDW_CONSUMERS_MAX ? w->consumers_left : KDW_CONSUMERS_MAX;
    struct kdw_list list;
    uint64_t links_va;
    size_t room = 0;

    if (!kdw_layout_has(&w->logger, LOGGER_CONSUMERS) ||
        !kdw_layout_has(&w->consumer, CONSUMER_LINKS)) {
        l->consumers_status = KD_ERR_NOT_FOUND;
        return KD_OK;
    }
    kdw_list_begin(&list, w->k->mem, l->va + w->logger.refs[LOGGER_CONSUMERS].offset, limit);
    while (kdw_list_next(&list, &links_va)) {
        struct kdw_consumer *c = add(l, &room);
        enum kd_status st;

        if (!c)
            return KD_ERR_NO_MEMORY;
        c->va = links_va - w->consumer.refs[CONSUMER_LINKS].offset;
        st = read_consumer(w, c);
        if (st != KD_OK)
            return st;
    }
    w->consumers_left -= list.count;
    l->consumers_status = list.end;
    l->consumers_end_va = list.end_va;
    return kdw_etw_note(w, list.end) ? list.end : KD_OK;
}

void kdw_etw_consumers_free(struct kdw_logger *l)
{
    for (size_t i = 0; i < l->consumers_len; i++)
        kdw_text_free(&l->consumers[i].process_name);
    free(l->consumers);
    l->consumers = NULL;
    l->consumers_len = 0;
}
