#include "forge.h"

#include "random.h"

#include <stdlib.h>
#include <string.h>

/* The shape of a KDNET datagram (kd-protocol.md 1.2): clear header, whole blocks, tag. */
#define HEADER_LEN 6
#define BLOCK_LEN  16
#define TAG_LEN    16

struct datagram {
    size_t len;
    uint8_t bytes[LAB_FORGE_MAX];
};

struct lab_forge {
    uint64_t random;
    enum lab_forge_kind next_kind;
    unsigned first, count; /* a ring: the oldest makes room */
    struct datagram known[LAB_FORGE_MEMORY];
};

const char *lab_forge_kind_name(enum lab_forge_kind kind)
{
    static const char *const names[LAB_FORGE_KINDS] = {
        [LAB_FORGE_FLIPPED] = "flipped",   [LAB_FORGE_TRUNCATED] = "truncated",
        [LAB_FORGE_REPLAYED] = "replayed", [LAB_FORGE_SPLICED] = "spliced",
        [LAB_FORGE_RANDOM] = "random",
    };

    return names[kind];
}

struct lab_forge *lab_forge_create(uint64_t seed)
{
    struct lab_forge *f = calloc(1, sizeof *f);

    if (f)
        f->random = seed;
    return f;
}

void lab_forge_destroy(struct lab_forge *f)
{
    free(f);
}

void lab_forge_forget(struct lab_forge *f)
{
    f->first = f->count = 0;
}

static size_t below(struct lab_forge *f, size_t limit)
{
    return (size_t)(lab_random(&f->random) % limit);
}

static bool is_same(const struct datagram *a, const struct datagram *b)
{
    return a->len == b->len && memcmp(a->bytes, b->bytes, a->len) == 0;
}

void lab_forge_remember(struct lab_forge *f, const uint8_t *datagram, size_t len)
{
    unsigned at = (f->first + f->count) % LAB_FORGE_MEMORY;

    if (len <= HEADER_LEN || len > LAB_FORGE_MAX)
        return; /* nothing that a target or a host would say */
    f->known[at].len = len;
    memcpy(f->known[at].bytes, datagram, len);
    if (f->count < LAB_FORGE_MEMORY)
        f->count++;
    else
        f->first = (f->first + 1) % LAB_FORGE_MEMORY;
}

static const struct datagram *any_known(struct lab_forge *f)
{
    return &f->known[(f->first + below(f, f->count)) % LAB_FORGE_MEMORY];
}

/* ---- the kinds ---- */

static void flip(struct lab_forge *f, struct datagram *d)
{
    d->bytes[below(f, d->len)] ^= (uint8_t)(1u << below(f, 8));
}

/* Every other time whole blocks go, so that the length still looks right. */
static void truncate(struct lab_forge *f, struct datagram *d)
{
    size_t blocks = (d->len - HEADER_LEN) / BLOCK_LEN;

    if (blocks > 1 && below(f, 2) == 0)
        d->len -= BLOCK_LEN * (1 + below(f, blocks - 1));
    else
        d->len = below(f, d->len);
}

/* The rest is another's, and the whole is neither of the two: it is no replay. */
static void splice(struct lab_forge *f, struct datagram *d)
{
    struct datagram begins = *d;
    const struct datagram *rest = any_known(f);
    size_t shorter = begins.len < rest->len ? begins.len : rest->len;
    /* At the header, or somewhere in what is encrypted. */
    size_t cut = below(f, 2) == 0 ? HEADER_LEN : 1 + below(f, shorter - 1);

    *d = *rest;
    memcpy(d->bytes, begins.bytes, cut);
    if (is_same(d, &begins) || is_same(d, rest))
        flip(f, d);
}

static void randomize(struct lab_forge *f, struct datagram *d)
{
    size_t blocks_max = (LAB_FORGE_MAX - HEADER_LEN - TAG_LEN) / BLOCK_LEN;

    d->len = HEADER_LEN + BLOCK_LEN * (1 + below(f, blocks_max)) + TAG_LEN;
    for (size_t i = HEADER_LEN; i < d->len; i++)
        d->bytes[i] = (uint8_t)lab_random(&f->random);
}

bool lab_forge_next(struct lab_forge *f, enum lab_forge_kind *kind, uint8_t out[LAB_FORGE_MAX],
                    size_t *len)
{
    struct datagram d;

    if (f->count < 2)
        return false;
    d = *any_known(f);
    *kind = f->next_kind;
    f->next_kind = (enum lab_forge_kind)((f->next_kind + 1) % LAB_FORGE_KINDS);
    switch (*kind) {
    case LAB_FORGE_FLIPPED:
        flip(f, &d);
        break;
    case LAB_FORGE_TRUNCATED:
        truncate(f, &d);
        break;
    case LAB_FORGE_SPLICED:
        splice(f, &d);
        break;
    case LAB_FORGE_RANDOM:
        randomize(f, &d);
        break;
    case LAB_FORGE_REPLAYED:
    case LAB_FORGE_KINDS:
        break;
    }
    memcpy(out, d.bytes, d.len);
    *len = d.len;
    return true;
}
