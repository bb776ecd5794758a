/* event_queue.h - events on their way to the caller, in order, with the bytes they point at.
 * Private.
 *
 * Bounded: what the target says is refused while too many events wait (the session then leaves its
 * packet unacknowledged, and the target repeats it); the slots that remain are for what the
 * caller's own calls and the timers raise.
 *
 * Lifetime  Lives inside the session. A pulled event borrows until the next call. */
#ifndef KDPROTO_EVENT_QUEUE_H
#define KDPROTO_EVENT_QUEUE_H

#include <kdproto/session.h>

enum { KD_EVENT_SLOTS = 32 };

struct kd_event_slot {
    struct kd_event event;
    uint8_t bytes[KD_PACKET_DATA_MAX]; /* what its span points at */
};

struct kd_event_queue {
    struct kd_event_slot slots[KD_EVENT_SLOTS];
    unsigned head, count;
};

bool kd_event_queue_has_room(const struct kd_event_queue *q); /* for what a packet may raise */
/* Copies the event and the bytes of its span. Dropped when every slot is taken. */
void kd_event_queue_put(struct kd_event_queue *q, const struct kd_event *ev);
bool kd_event_queue_take(struct kd_event_queue *q, struct kd_event *ev);

#endif
