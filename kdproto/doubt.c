#include "doubt.h"

#include <kdproto/bytes.h>

enum {
    DOUBT_MS = 10, /* less than any target waits before it repeats itself [doc] */
    API_MASK = 0xFF00,
};

void kd_sight_take(struct kd_sight *s, const struct kd_packet *pkt)
{
    s->is_known = true;
    s->id = pkt->id;
    s->type = pkt->type;
    s->len = pkt->len;
    s->checksum = kd_checksum(pkt->data, pkt->len);
}

bool kd_sight_is(const struct kd_sight *s, const struct kd_packet *pkt)
{
    return s->is_known && pkt->id == s->id && pkt->type == s->type && pkt->len == s->len &&
           kd_checksum(pkt->data, pkt->len) == s->checksum;
}

/* The first word is a number out of a range that each type has of its own [seen]. */
bool kd_doubt_fits_type(const struct kd_packet *pkt)
{
    struct kd_reader r = kd_reader_of(pkt->data, pkt->len);
    uint32_t range = kd_rd_u32(&r) & API_MASK;

    switch (pkt->type) {
    case KD_PACKET_STATE_CHANGE32:
    case KD_PACKET_STATE_CHANGE64:
        return range == 0x3000;
    case KD_PACKET_STATE_MANIPULATE:
        return range == 0x3100;
    case KD_PACKET_DEBUG_IO:
        return range == 0x3200;
    case KD_PACKET_FILE_IO:
        return range == 0x3400;
    default: /* nobody has seen one: all that can be said is that it is none of those above */
        return range != 0x3000 && range != 0x3100 && range != 0x3200 && range != 0x3400;
    }
}

enum kd_belief kd_doubt_take(struct kd_doubt *d, const struct kd_packet *pkt, uint64_t now_ms)
{
    if (kd_sight_is(&d->odd, pkt))
        return now_ms >= kd_doubt_until_ms(d) ? KD_BELIEVED : KD_TOO_SOON;
    kd_sight_take(&d->odd, pkt);
    d->since_ms = now_ms;
    return KD_DOUBTED;
}

uint64_t kd_doubt_until_ms(const struct kd_doubt *d)
{
    return d->since_ms + DOUBT_MS;
}
