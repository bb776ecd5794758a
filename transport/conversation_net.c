#include "conversation.h"

#include <kdproto/kdnet_tap.h>

#include <stdlib.h>

struct kdt_net_talk {
    struct kdnet_tap *tap; /* NULL: no key */
    struct kdt_copies copies;
};

enum kd_status kdt_net_talk_create(const struct kd_crypto *crypto, const struct kdnet_key *key,
                                   struct kdt_net_talk **out)
{
    struct kdt_net_talk *t = calloc(1, sizeof *t);

    if (!t)
        return KD_ERR_NO_MEMORY;
    if (key && kdnet_tap_create(crypto, key, &t->tap) != KD_OK) {
        free(t);
        return KD_ERR_NO_MEMORY;
    }
    *out = t;
    return KD_OK;
}

void kdt_net_talk_destroy(struct kdt_net_talk *t)
{
    if (!t)
        return;
    kdnet_tap_destroy(t->tap);
    free(t);
}

static enum kdt_record_kind control_kind(const struct kdnet_datagram *d)
{
    struct kd_span p = d->payload;
    struct kdnet_poke poke;

    if (d->from_host && kdnet_is_response(p.data, p.len))
        return KDT_RECORD_RESPONSE;
    if (d->from_host && p.len == 0)
        return KDT_RECORD_HOST_POKE;
    if (!d->from_host && kdnet_poke_decode(p.data, p.len, &poke) == KD_OK)
        return KDT_RECORD_POKE;
    return KDT_RECORD_UNKNOWN;
}

/* Both leaders are one byte, four times. */
static bool begins_as_packet(struct kd_span p)
{
    return p.len >= KD_PACKET_HEADER_LEN && (p.data[0] == '0' || p.data[0] == 'i') &&
           p.data[1] == p.data[0] && p.data[2] == p.data[0] && p.data[3] == p.data[0];
}

static enum kdt_record_kind data_kind(const struct kdnet_datagram *d, struct kd_packet *packet)
{
    struct kd_span p = d->payload;

    if (begins_as_packet(p))
        return kd_packet_decode(p.data, p.len, packet) == KD_OK ? KDT_RECORD_PACKET
                                                                : KDT_RECORD_DAMAGED;
    if (d->from_host && p.len == 1 && p.data[0] == KD_BREAKIN)
        return KDT_RECORD_BREAK_IN;
    if (!d->from_host && p.len == KDNET_PING_LEN)
        return KDT_RECORD_PING;
    return KDT_RECORD_UNKNOWN;
}

static enum kdt_copies_kind copies_kind(const struct kdt_record *rec)
{
    if (rec->status != KD_OK)
        return KDT_COPIES_UNOPENED;
    return rec->kind == KDT_RECORD_HOST_POKE ? KDT_COPIES_RECURRING : KDT_COPIES_UNIQUE;
}

static void fill_in(const struct kdnet_datagram *opened, struct kdt_record *out)
{
    out->datagram = *opened;
    out->is_from_host = opened->from_host;
    out->kind = opened->is_control ? control_kind(opened) : data_kind(opened, &out->packet);
}

bool kdt_net_talk_hear(struct kdt_net_talk *t, const struct kdt_datagram *d, struct kdt_record *out)
{
    const struct kdt_copies_entry *before = kdt_copies_find(&t->copies, d->payload, d->time_ns);
    struct kdnet_datagram opened = {0};
    enum kd_status st = KD_ERR_USAGE;

    if (before && before->kind != KDT_COPIES_UNOPENED)
        return false;
    if (t->tap)
        st = kdnet_tap_open(t->tap, d->payload.data, d->payload.len, &opened);
    if (before && st != KD_OK)
        return false;

    *out = (struct kdt_record){
        .kind = KDT_RECORD_UNVERIFIED,
        .number = d->number,
        .time_ns = d->time_ns,
        .status = st,
        .wire_len = d->payload.len,
    };
    if (st == KD_OK)
        fill_in(&opened, out);
    kdt_copies_note(&t->copies, d->payload, d->time_ns, copies_kind(out));
    return true;
}
