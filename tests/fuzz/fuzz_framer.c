/* Any bytes as a stream, in two different splittings: the same packets and wishes must come out. */
#include <stdlib.h>
#include <string.h>

#include <kdproto/framer.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* assert, but also in builds that leave assertions out: it is all that this program is for. */
static void require(bool holds)
{
    if (!holds)
        abort();
}

/* All that came out, mixed into one number (FNV-1a). */
struct outcome {
    uint64_t mix;
    size_t count;
};

static void mix(struct outcome *o, const void *data, size_t len)
{
    const uint8_t *at = data;

    for (size_t i = 0; i < len; i++)
        o->mix = (o->mix ^ at[i]) * 0x100000001b3u;
}

/* True: there may be more. */
static bool take_one(struct kd_framer *f, struct outcome *o)
{
    struct kd_packet pkt;
    enum kd_framer_result result = kd_framer_next(f, &pkt);

    if (result == KD_FRAMER_IDLE)
        return false;
    o->count++;
    mix(o, &result, sizeof result);
    if (result == KD_FRAMER_PACKET) {
        require(pkt.is_control ? pkt.len == 0 : pkt.len > 0);
        mix(o, &pkt.type, sizeof pkt.type);
        mix(o, &pkt.id, sizeof pkt.id);
        mix(o, pkt.data, pkt.len);
    }
    return true;
}

static void take_all(struct kd_framer *f, struct outcome *o, size_t pushed)
{
    size_t before = o->count;

    while (take_one(f, o))
        /* A wish or a packet uses up a leader at least. */
        require(o->count - before <= (pushed + KD_PACKET_LEN_MAX) / 4);
}

static void push(struct kd_framer *f, const uint8_t *bytes, size_t len, struct outcome *o)
{
    while (len > 0) {
        size_t taken = kd_framer_push(f, bytes, len, 0);

        require(taken > 0 && taken <= len);
        bytes += taken;
        len -= taken;
        take_all(f, o, taken);
    }
}

/* Pieces of at most max bytes, of lengths that seed decides; max 0: in one piece. */
static struct outcome run(const uint8_t *bytes, size_t len, size_t max, uint32_t seed)
{
    struct outcome o = {0xcbf29ce484222325u, 0};
    struct kd_framer *f;

    if (kd_framer_create(&f) != KD_OK)
        abort();
    while (len > 0) {
        size_t n = len;

        seed = seed * 1664525u + 1013904223u;
        if (max > 0 && n > 1 + (seed >> 16) % max)
            n = 1 + (seed >> 16) % max;
        push(f, bytes, n, &o);
        bytes += n;
        len -= n;
    }
    /* Silence at the end: whatever is held is given up, and then nothing is waited for. */
    kd_framer_tick(f, KD_FRAMER_SILENCE_MS);
    take_all(f, &o, 0);
    require(kd_framer_deadline_ms(f) == KD_NEVER);
    kd_framer_destroy(f);
    return o;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct outcome whole = run(bytes, len, 0, 0);
    struct outcome pieces = run(bytes, len, 1 + len / 4, (uint32_t)len + (len ? bytes[0] : 0));
    struct outcome single = run(bytes, len, 1, 0);

    require(whole.mix == pieces.mix && whole.count == pieces.count);
    require(whole.mix == single.mix && whole.count == single.count);
    return 0;
}
