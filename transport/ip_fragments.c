#include "ip_fragments.h"

#include <stdlib.h>
#include <string.h>

enum {
    UNIT = 8, /* offsets count in these, and all fragments but the last are multiples of it */
    DATAGRAM_MAX = 65535,
    UNITS_MAX = (DATAGRAM_MAX + UNIT - 1) / UNIT,
};

/* One datagram. It stays for a while when it is complete: a packet that was captured twice, by two
 * cards, must not begin another one. */
struct datagram {
    struct kdt_fragment first; /* that came: whose it is. Without its bytes */
    uint64_t begun_ns;
    uint64_t serial;        /* which was begun first; 0: the place is free */
    uint8_t protocol;       /* of the fragment at offset 0, which may come last */
    uint32_t fragments;     /* taken */
    uint32_t len;           /* 0 until the last fragment says it */
    uint32_t held, highest; /* units that are there; the end of what is there, in bytes */
    uint8_t has[UNITS_MAX / 8 + 1];
    uint8_t bytes[UNITS_MAX * UNIT];
};

struct kdt_fragments {
    struct datagram *places[KDT_FRAGMENTED_MAX]; /* NULL: not needed so far */
    uint64_t serial, incomplete;
};

enum kd_status kdt_fragments_create(struct kdt_fragments **out)
{
    struct kdt_fragments *t = calloc(1, sizeof *t);

    if (!t)
        return KD_ERR_NO_MEMORY;
    *out = t;
    return KD_OK;
}

void kdt_fragments_destroy(struct kdt_fragments *t)
{
    if (!t)
        return;
    for (size_t i = 0; i < KDT_FRAGMENTED_MAX; i++)
        free(t->places[i]);
    free(t);
}

static bool is_complete(const struct datagram *d)
{
    return d->len && d->held == (d->len + UNIT - 1) / UNIT;
}

static bool belongs(const struct datagram *d, const struct kdt_fragment *f, uint64_t time_ns)
{
    /* Captures of several cards are not quite in order: the distance counts, not its direction. */
    const uint64_t away = time_ns > d->begun_ns ? time_ns - d->begun_ns : d->begun_ns - time_ns;

    return d->serial && d->first.id == f->id && away <= KDT_FRAGMENT_LIFE_NS &&
           memcmp(d->first.from, f->from, sizeof f->from) == 0 &&
           memcmp(d->first.to, f->to, sizeof f->to) == 0;
}

/* Is it a copy of what went into a complete datagram? */
static bool is_copy(const struct datagram *d, const struct kdt_fragment *f)
{
    const size_t end = f->offset + f->bytes.len;

    return is_complete(d) && end <= d->len && f->is_last == (end == d->len) &&
           memcmp(d->bytes + f->offset, f->bytes.data, f->bytes.len) == 0;
}

/* The place to give away: a free one, else what is complete, else the oldest. */
static size_t place_for_another(const struct kdt_fragments *t)
{
    size_t best = 0;

    for (size_t i = 0; i < KDT_FRAGMENTED_MAX; i++) {
        const struct datagram *d = t->places[i], *other = t->places[best];

        if (!d)
            return i;
        if (is_complete(d) != is_complete(other) ? is_complete(d) : d->serial < other->serial)
            best = i;
    }
    return best;
}

static void begin(struct kdt_fragments *t, struct datagram *d, const struct kdt_fragment *f,
                  uint64_t time_ns)
{
    memset(d, 0, offsetof(struct datagram, bytes));
    d->first = *f;
    d->first.bytes = (struct kd_span){NULL, 0};
    d->begun_ns = time_ns;
    d->serial = ++t->serial;
}

/* The datagram that f is a part of; begun, where there is none. NULL: no memory. */
static struct datagram *datagram_of(struct kdt_fragments *t, const struct kdt_fragment *f,
                                    uint64_t time_ns)
{
    size_t at;

    for (size_t i = 0; i < KDT_FRAGMENTED_MAX && t->places[i]; i++) {
        struct datagram *d = t->places[i];

        if (!belongs(d, f, time_ns))
            continue;
        if (is_complete(d) && !is_copy(d, f))
            begin(t, d, f, time_ns); /* the identification came around */
        return d;
    }
    at = place_for_another(t);
    if (!t->places[at])
        t->places[at] = malloc(sizeof *t->places[at]);
    if (t->places[at])
        begin(t, t->places[at], f, time_ns);
    return t->places[at];
}

/* What is not there yet; returns whether that was anything. */
static bool take(struct datagram *d, const struct kdt_fragment *f)
{
    const uint32_t held = d->held;

    for (size_t done = 0; done < f->bytes.len; done += UNIT) {
        const size_t at = f->offset + done, unit = at / UNIT, left = f->bytes.len - done;

        if (d->has[unit / 8] >> unit % 8 & 1)
            continue;
        d->has[unit / 8] |= (uint8_t)(1u << unit % 8);
        memcpy(d->bytes + at, f->bytes.data + done, left < UNIT ? left : UNIT);
        d->held++;
    }
    return d->held > held;
}

/* Could any datagram have it? */
static bool is_possible(const struct kdt_fragment *f)
{
    return f->bytes.len > 0 && f->offset % UNIT == 0 && f->offset <= DATAGRAM_MAX &&
           f->bytes.len <= DATAGRAM_MAX - f->offset && (f->is_last || f->bytes.len % UNIT == 0);
}

/* Does it agree with what is known of this datagram's end? */
static bool fits(const struct datagram *d, const struct kdt_fragment *f)
{
    const size_t end = f->offset + f->bytes.len;

    if (d->len)
        return f->is_last ? end == d->len : end < d->len;
    return !f->is_last || end >= d->highest;
}

/* Take over what f adds. False: it adds nothing. */
static bool add(struct datagram *d, const struct kdt_fragment *f)
{
    const uint32_t end = f->offset + (uint32_t)f->bytes.len;
    const bool is_head = f->offset == 0 && !(d->has[0] & 1);
    const bool is_end = f->is_last && !d->len;

    if (!take(d, f) && !is_end)
        return false;
    d->fragments++;
    if (is_head)
        d->protocol = f->protocol;
    if (is_end)
        d->len = end;
    if (d->highest < end)
        d->highest = end;
    return true;
}

enum kd_status kdt_fragments_add(struct kdt_fragments *t, const struct kdt_fragment *f,
                                 uint64_t time_ns, uint8_t *protocol, struct kd_span *whole)
{
    struct datagram *d;

    if (!is_possible(f))
        return KD_ERR_MALFORMED;
    d = datagram_of(t, f, time_ns);
    if (!d)
        return KD_ERR_NO_MEMORY;
    if (is_complete(d))
        return KD_ERR_TRUNCATED; /* a copy */
    if (!fits(d, f))
        return KD_ERR_MALFORMED;
    if (add(d, f))
        t->incomplete++;
    if (!is_complete(d))
        return KD_ERR_TRUNCATED;
    t->incomplete -= d->fragments;
    *protocol = d->protocol;
    *whole = (struct kd_span){d->bytes, d->len};
    return KD_OK;
}

uint64_t kdt_fragments_incomplete(const struct kdt_fragments *t)
{
    return t->incomplete;
}
