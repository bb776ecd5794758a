/* When datagrams are forged. Behind each of the target's data datagrams comes a burst of forged ones,
 * in slices between which the socket is served, and as fast as a host can look at them: what its socket
 * buffer has no room for would prove nothing. */
#include "serve_parts.h"

#define BURST      8000 /* a million then fits into the 150 requests of a walk, twice */
#define SLICE      64   /* fits into a socket buffer */
#define SLICE_US   320  /* 200000 datagrams a second */
#define BREATHE_US 5000 /* behind a burst, so that the next real datagram finds the buffer empty */

#define FLAGS_AT     5 /* of a datagram's header */
#define FLAG_CONTROL 1

bool serve_forging_start(struct serve_forging *f, const struct serve_settings *s, uint64_t seed,
                         const struct lab_target *t)
{
    *f = (struct serve_forging){.left = s->forge, .target = t, .next_slice_us = UINT64_MAX};
    if (s->forge > 0)
        f->forge = lab_forge_create(seed);
    return s->forge == 0 || f->forge;
}

void serve_forging_end(struct serve_forging *f)
{
    lab_forge_destroy(f->forge);
}

static void remember(struct serve_forging *f, const uint8_t *datagram, size_t len)
{
    uint64_t stage = lab_target_stats(f->target)->stages;

    if (stage != f->stage)
        lab_forge_forget(f->forge);
    f->stage = stage;
    lab_forge_remember(f->forge, datagram, len);
}

void serve_forging_heard(struct serve_forging *f, const uint8_t *datagram, size_t len)
{
    if (f->forge)
        remember(f, datagram, len);
}

void serve_forging_said(struct serve_forging *f, const uint8_t *datagram, size_t len,
                        uint64_t now_us)
{
    if (!f->forge)
        return;
    remember(f, datagram, len);
    if (f->left == 0 || len <= FLAGS_AT || datagram[FLAGS_AT] & FLAG_CONTROL)
        return; /* a poke: no sign of a session */
    f->burst_left = f->left < BURST ? f->left : BURST;
    f->next_slice_us = now_us;
}

bool serve_forging_lasts(const struct serve_forging *f)
{
    return f->next_slice_us != UINT64_MAX;
}

uint64_t serve_forging_deadline(const struct serve_forging *f)
{
    return f->next_slice_us;
}

/* Every kind comes from the target's own address, and then from another one. */
static bool forge_one(struct serve_forging *f, struct serve_link *l)
{
    bool from_other = f->sent / LAB_FORGE_KINDS % 2 == 1;
    uint8_t datagram[LAB_FORGE_MAX];
    enum lab_forge_kind kind;
    size_t len;

    if (!lab_forge_next(f->forge, &kind, datagram, &len) ||
        !serve_net_inject(l, from_other, datagram, len))
        return false;
    f->by_kind[kind]++;
    f->sent++;
    f->from_other += from_other;
    f->left--;
    f->burst_left--;
    return true;
}

void serve_forging_tick(struct serve_forging *f, struct serve_link *l, uint64_t now_us)
{
    if (now_us < f->next_slice_us)
        return;
    if (f->burst_left == 0) {
        f->next_slice_us = UINT64_MAX;
        return;
    }
    for (int i = 0; i < SLICE && f->burst_left > 0; i++)
        if (!forge_one(f, l))
            f->burst_left = 0; /* the host has gone */
    f->next_slice_us = now_us + (f->burst_left > 0 ? SLICE_US : BREATHE_US);
}
