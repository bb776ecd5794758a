/* doubt.h - packets of a byte stream whose header may be damaged. Private.
 *
 * The checksum of a packet covers its data alone. One flipped bit in the header can make a restart of
 * the target out of a reply, or lose a packet by acknowledging it as another. So a header that does
 * not fit what is known is believed when it comes twice, and the second time late enough not to be a
 * copy that the link made: damage does not repeat itself, a target does.
 *
 * Source    What may be flipped: the layout of the header [seen]; how long to doubt: rule of this
 *           project [guess]. */
#ifndef KDPROTO_DOUBT_H
#define KDPROTO_DOUBT_H

#include <kdproto/packet.h>

/* A packet that was seen, to be known again. */
struct kd_sight {
    bool is_known;
    uint32_t id, checksum;
    uint16_t type;
    size_t len;
};

void kd_sight_take(struct kd_sight *s, const struct kd_packet *pkt);
bool kd_sight_is(const struct kd_sight *s, const struct kd_packet *pkt);

struct kd_doubt {
    struct kd_sight odd; /* came once so far */
    uint64_t since_ms;
};

/* Do the data begin as those of this type do? */
bool kd_doubt_fits_type(const struct kd_packet *pkt);

enum kd_belief {
    KD_DOUBTED,  /* it came for the first time */
    KD_TOO_SOON, /* the same once more, before kd_doubt_until_ms: perhaps a copy */
    KD_BELIEVED, /* the same once more, later than that */
};
/* This one does not fit. */
enum kd_belief kd_doubt_take(struct kd_doubt *d, const struct kd_packet *pkt, uint64_t now_ms);
uint64_t kd_doubt_until_ms(const struct kd_doubt *d);

#endif
