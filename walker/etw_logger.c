#include "etw_walk.h"

/* Two fields, read each by itself: they lie a line or more apart, and a brief list needs nothing
 * between them. */
static enum kd_status read_brief(struct etw_walk *w, struct kdw_logger *l)
{
    enum kd_status st = kdw_field_u64(w->k->mem, &w->logger, LOGGER_ID, l->va, &l->id);

    if (kdw_etw_note(w, st))
        return st;
    if (kd_is_page_unreadable(st)) { /* the page is missing, so its other field is as well */
        l->silo_state = l->id;
    } else {
        st = kdw_field_u64(w->k->mem, &w->logger, LOGGER_SILO_STATE, l->va, &l->silo_state);
        if (kdw_etw_note(w, st))
            return st;
    }
    if (kd_is_unreadable(l->id.status) && kd_is_unreadable(l->silo_state.status))
        l->state = KDW_LOGGER_UNREADABLE;
    return KD_OK;
}

/* True: one of them at least is known. */
static bool read_numbers(struct etw_walk *w, const struct kdw_object *o, struct kdw_logger *l)
{
    struct kdw_u64 *const numbers[LOGGER_FIELDS] = {
        [LOGGER_ID] = &l->id,
        [LOGGER_SILO_STATE] = &l->silo_state,
        [LOGGER_MODE] = &l->mode,
        [LOGGER_FLAGS] = &l->flags,
        [LOGGER_BUFFER_SIZE] = &l->buffer_size,
        [LOGGER_BUFFERS] = &l->buffers,
        [LOGGER_BUFFERS_AVAILABLE] = &l->buffers_available,
        [LOGGER_MINIMUM_BUFFERS] = &l->minimum_buffers,
        [LOGGER_MAXIMUM_BUFFERS] = &l->maximum_buffers,
        [LOGGER_BUFFERS_WRITTEN] = &l->buffers_written,
        [LOGGER_EVENTS_LOST] = &l->events_lost,
        [LOGGER_LOG_BUFFERS_LOST] = &l->log_buffers_lost,
        [LOGGER_REALTIME_BUFFERS_DELIVERED] = &l->realtime_buffers_delivered,
        [LOGGER_REALTIME_BUFFERS_LOST] = &l->realtime_buffers_lost,
        [LOGGER_FLUSH_TIMER] = &l->flush_timer,
        [LOGGER_STATUS] = &l->logger_status,
        [LOGGER_COLLECTION_ON] = &l->collection_on,
        [LOGGER_NUM_CONSUMERS] = &l->consumer_count,
    };

    bool is_any_known = false;

    for (size_t i = 0; i < LOGGER_FIELDS; i++) {
        if (!numbers[i])
            continue;
        (void)kdw_etw_note(w, kdw_object_u64(o, i, numbers[i]));
        is_any_known = is_any_known || numbers[i]->status == KD_OK;
    }
    return is_any_known;
}

static enum kd_status read_details(struct etw_walk *w, struct kdw_logger *l)
{
    struct kdw_object o;
    enum kd_status st = kdw_object_load(w->k->mem, &w->logger, l->va, &o);

    if (st == KD_ERR_LIMIT)
        return kd_diag_set(w->k->diag, st,
                           "_WMI_LOGGER_CONTEXT: its fields lie too far apart to be true");
    if (st != KD_OK)
        return st;
    if (!read_numbers(w, &o, l) && kd_is_unreadable(l->id.status)) {
        l->state = KDW_LOGGER_UNREADABLE;
        kdw_object_free(&o);
        return KD_OK;
    }
    l->has_details = true;
    st = kdw_object_unicode(&o, LOGGER_NAME, w->k->mem, &l->name);
    if (!kdw_etw_note(w, st)) {
        st = kdw_object_unicode(&o, LOGGER_FILE, w->k->mem, &l->log_file);
        (void)kdw_etw_note(w, st);
    }
    kdw_object_free(&o);
    return kdw_ends_walk(st) ? st : kdw_etw_consumers_read(w, l);
}

enum kd_status kdw_etw_logger_read(struct etw_walk *w, struct kdw_logger *l)
{
    return w->detail == KDW_DETAILED ? read_details(w, l) : read_brief(w, l);
}

void kdw_etw_logger_free(struct kdw_logger *l)
{
    kdw_text_free(&l->name);
    kdw_text_free(&l->log_file);
    kdw_etw_consumers_free(l);
}
