#include "event_queue.h"

#include <string.h>

bool kd_event_queue_has_room(const struct kd_event_queue *q)
{
    return q->count <= KD_SESSION_EVENTS_MAX;
}

/* The one span that an event of this kind carries; NULL: none. */
static struct kd_span *span_of(struct kd_event *ev)
{
    switch (ev->kind) {
    case KD_EVENT_HALTED:
    case KD_EVENT_MODULE:
        return &ev->u.halted.path;
    case KD_EVENT_REPLY:
        return &ev->u.reply.manipulate.data;
    case KD_EVENT_PRINT:
    case KD_EVENT_PROMPT:
    case KD_EVENT_FILE_IO:
        return &ev->u.text;
    case KD_EVENT_RESUMED:
    case KD_EVENT_LEFT:
    case KD_EVENT_RESTARTING:
    case KD_EVENT_RESTARTED:
    case KD_EVENT_LOST:
    case KD_EVENT_UNSUPPORTED:
        break;
    }
    return NULL;
}

void kd_event_queue_put(struct kd_event_queue *q, const struct kd_event *ev)
{
    struct kd_event_slot *slot;
    struct kd_span *span;

    if (q->count == KD_EVENT_SLOTS)
        return;
    slot = &q->slots[(q->head + q->count++) % KD_EVENT_SLOTS];
    slot->event = *ev;
    span = span_of(&slot->event);
    if (!span)
        return;
    if (span->len > sizeof slot->bytes)
        span->len = sizeof slot->bytes;
    if (span->len > 0)
        memcpy(slot->bytes, span->data, span->len);
    span->data = slot->bytes;
}

bool kd_event_queue_take(struct kd_event_queue *q, struct kd_event *ev)
{
    if (q->count == 0)
        return false;
    *ev = q->slots[q->head].event;
    q->head = (q->head + 1) % KD_EVENT_SLOTS;
    q->count--;
    return true;
}
