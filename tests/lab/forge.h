/* forge.h - datagrams that no target and no host has sent: what an attacker can make who sees all
 * traffic but does not have the key.
 *
 * Real datagrams of both directions go in, the last LAB_FORGE_MEMORY are remembered; forged ones come
 * out, the kinds in rotation. None of them is valid and new: a replay is one that has been on the wire
 * before, all others break what the MAC covers. No I/O; the same seed and inputs give the same
 * forgeries.
 *
 * Lifetime  The caller owns a forge from _create to _destroy. */
#ifndef LAB_FORGE_H
#define LAB_FORGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LAB_FORGE_MEMORY 64
#define LAB_FORGE_MAX    1504 /* bytes of a datagram; longer ones are not remembered */

enum lab_forge_kind {
    LAB_FORGE_FLIPPED,   /* one bit of a real one, from either direction */
    LAB_FORGE_TRUNCATED, /* a real one without its end, down to nothing at all */
    LAB_FORGE_REPLAYED,  /* a real one as it was: the target's again, or the host's own reflected */
    LAB_FORGE_SPLICED, /* the beginning of one real one, the rest of another, and never a whole one */
    LAB_FORGE_RANDOM, /* a real header; random bytes, as many as a datagram may have */
    LAB_FORGE_KINDS
};
const char *lab_forge_kind_name(enum lab_forge_kind kind); /* as the statistics name it */

struct lab_forge;

struct lab_forge *lab_forge_create(uint64_t seed); /* NULL: out of memory */
void lab_forge_destroy(struct lab_forge *f);       /* NULL is fine */

void lab_forge_remember(struct lab_forge *f, const uint8_t *datagram, size_t len);
/* The target has booted again: a poke of the boot before would pass for that of yet another boot. */
void lab_forge_forget(struct lab_forge *f);

/* The next forgery. False: not two datagrams are known yet. */
bool lab_forge_next(struct lab_forge *f, enum lab_forge_kind *kind, uint8_t out[LAB_FORGE_MAX],
                    size_t *len);

#endif
