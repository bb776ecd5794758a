#include "conversation.h"

#include <kdproto/framer.h>

#include <stdlib.h>

struct kdt_stream_talk {
    struct kd_framer *framers[2]; /* of the target's bytes, of the host's */

    /* What is being cut into packets now. */
    uint64_t number, time_ns;
    bool is_from_host;
    bool is_break_in; /* which is all that it is, and has not been told */
    struct kd_span left;
};

enum kd_status kdt_stream_talk_create(struct kdt_stream_talk **out)
{
    struct kdt_stream_talk *t = calloc(1, sizeof *t);

    if (!t)
        return KD_ERR_NO_MEMORY;
    if (kd_framer_create(&t->framers[0]) != KD_OK || kd_framer_create(&t->framers[1]) != KD_OK) {
        kdt_stream_talk_destroy(t);
        return KD_ERR_NO_MEMORY;
    }
    *out = t;
    return KD_OK;
}

void kdt_stream_talk_destroy(struct kdt_stream_talk *t)
{
    if (!t)
        return;
    kd_framer_destroy(t->framers[1]);
    kd_framer_destroy(t->framers[0]);
    free(t);
}

/* The byte means something only where no packet is under way. Hosts write it by itself. */
static bool is_break_in(const struct kd_framer *f, struct kd_span bytes)
{
    return bytes.len == 1 && bytes.data[0] == KD_BREAKIN && kd_framer_deadline_ms(f) == KD_NEVER;
}

void kdt_stream_talk_hear(struct kdt_stream_talk *t, const struct kdt_datagram *d,
                          bool is_from_host)
{
    t->number = d->number;
    t->time_ns = d->time_ns;
    t->is_from_host = is_from_host;
    t->left = d->payload;
    t->is_break_in = is_from_host && is_break_in(t->framers[1], d->payload);
}

static void fill_in(const struct kdt_stream_talk *t, enum kdt_record_kind kind,
                    struct kdt_record *out)
{
    *out = (struct kdt_record){
        .kind = kind,
        .number = t->number,
        .time_ns = t->time_ns,
        .is_stream = true,
        .is_from_host = t->is_from_host,
    };
}

/* What the host's own receiver would have asked to be said again was damaged. */
static void fill_in_framed(const struct kdt_stream_talk *t, enum kd_framer_result result,
                           const struct kd_packet *packet, struct kdt_record *out)
{
    if (result != KD_FRAMER_PACKET) {
        fill_in(t, KDT_RECORD_DAMAGED, out);
        return;
    }
    fill_in(t, KDT_RECORD_PACKET, out);
    out->packet = *packet;
    out->wire_len = KD_PACKET_HEADER_LEN + packet->len + (packet->is_control ? 0 : 1);
}

bool kdt_stream_talk_next(struct kdt_stream_talk *t, struct kdt_record *out)
{
    struct kd_framer *f = t->framers[t->is_from_host];

    if (t->is_break_in) {
        t->is_break_in = false;
        fill_in(t, KDT_RECORD_BREAK_IN, out);
        out->wire_len = 1;
        return true;
    }
    for (;;) {
        struct kd_packet packet;
        enum kd_framer_result result = kd_framer_next(f, &packet);
        size_t taken;

        if (result != KD_FRAMER_IDLE) {
            fill_in_framed(t, result, &packet, out);
            return true;
        }
        if (t->left.len == 0)
            return false;
        taken = kd_framer_push(f, t->left.data, t->left.len, t->time_ns / 1000000);
        t->left.data += taken;
        t->left.len -= taken;
    }
}
