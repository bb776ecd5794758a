#include "kdnet_poke.h"

#include <string.h>

enum {
    RISES_AFTER_SNAPSHOT = 2,
    SEQUENCE_STEP = 3, /* from one poke to the next, while part A rises by one [seen] */
};

struct kdnet_trail kdnet_trail_of(const struct kdnet_poke *poke, uint64_t sequence)
{
    struct kdnet_trail t = {0};

    memcpy(t.nonce_b, poke->nonce_b, sizeof t.nonce_b);
    t.first_a = t.last_a = poke->nonce_a;
    t.last_sequence = sequence;
    return t;
}

void kdnet_trail_confirm(struct kdnet_trail *t)
{
    t->back_count = 0;
}

/* Before its first handshake a target writes ::ffff:0.0.0.0, port 0 [seen]. */
static bool is_nobody(const struct kdnet_address *a)
{
    static const uint8_t zero[4];

    return a->port == 0 && memcmp(a->ip + 12, zero, sizeof zero) == 0;
}

/* Is it one of the session's pokes, or one that the same boot sent before the session? Part A
 * starts anywhere and counts modulo 2^64, so distances are compared, not values. */
static bool is_past(const struct kdnet_trail *t, uint64_t nonce_a, uint64_t sequence)
{
    bool is_within = nonce_a - t->first_a <= t->last_a - t->first_a;
    bool is_in_step = t->last_sequence - sequence == SEQUENCE_STEP * (t->last_a - nonce_a);

    return is_within || is_in_step;
}

/* Do pokes rise again from the point that they fell back to? */
static bool rises_after_step_back(struct kdnet_trail *t, uint64_t sequence)
{
    if (t->back_count > 0 && sequence == t->back_sequence)
        return false;
    if (t->back_count == 0 || sequence < t->back_sequence)
        t->back_count = 1;
    else if (t->back_count <= RISES_AFTER_SNAPSHOT)
        t->back_count++;
    t->back_sequence = sequence;
    return t->back_count > RISES_AFTER_SNAPSHOT;
}

enum kdnet_poke_meaning kdnet_trail_judge(struct kdnet_trail *t, const struct kdnet_poke *poke,
                                          uint64_t sequence, bool is_silent)
{
    if (memcmp(t->nonce_b, poke->nonce_b, sizeof t->nonce_b) != 0)
        return KDNET_POKE_CALL;
    if (sequence == t->last_sequence && poke->nonce_a == t->last_a)
        return KDNET_POKE_STALE;
    if (sequence > t->last_sequence) {
        if (is_nobody(&poke->connected))
            return KDNET_POKE_CALL;
        t->last_sequence = sequence;
        t->last_a = poke->nonce_a;
        kdnet_trail_confirm(t);
        return KDNET_POKE_ALIVE;
    }
    if (!is_past(t, poke->nonce_a, sequence))
        return KDNET_POKE_CALL;
    return rises_after_step_back(t, sequence) || is_silent ? KDNET_POKE_CALL : KDNET_POKE_STALE;
}
