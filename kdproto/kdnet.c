/* What a datagram does once it has verified; one that has not is counted, and that is all.
 *
 *   what arrives                    without a session       with a session
 *   poke                            answer: an offer        by kdnet_poke.h: answer, alive, drop
 *   data under the session's key    -                       PACKET
 *   data under an offer's key       LINKED, PACKET          LINKED, PACKET; the old key is wiped
 *   anything else                   counted                 counted
 *   KDNET_SILENCE_MS of nothing     -                       SILENT, no session any more */
#include <kdproto/kdnet.h>

#include "kdnet_poke.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
    /* Two: a target takes an answer to its current poke or to the one before [doc], so an answer
     * that was lost, late or only seemed lost is still worth listening for. */
    OFFERS_MAX = 2,
    OFFERS_UNHEARD_MAX = 2, /* this many in vain, and the user hears of it at the next */
    EVENTS_PER_CALL = 2,    /* LINKED and PACKET */
    SPARE_OUTPUTS = 1,      /* kept free of packets, so that a poke can always be answered */
};

/* One data key, offered or in use, with the counters that belong to it. */
struct channel {
    bool is_open;
    uint8_t version;
    uint8_t key[KD_KEY_LEN];
    uint64_t received_sequence; /* the last that was accepted */
    uint64_t sent_sequence;
    struct kdnet_peer peer;
    struct kdnet_poke poke; /* the one that was answered */
    uint64_t poke_sequence;
};

struct event_slot {
    struct kdnet_event event;
    uint8_t plain[KDNET_DATAGRAM_MAX]; /* a datagram is opened straight into its event */
};

struct output_slot {
    struct kdnet_peer to;
    size_t len;
    uint8_t bytes[KDNET_DATAGRAM_MAX];
};

struct kdnet {
    const struct kd_crypto *crypto;
    struct kdnet_key key;

    struct channel live;               /* the session */
    struct channel offers[OFFERS_MAX]; /* the newest first */
    unsigned offers_unheard;           /* made without a session */
    uint64_t heard_ms;                 /* the session's last sign of life */

    bool had_session;
    struct kdnet_trail trail; /* of the session, or of the last one */

    bool has_answered;
    struct kdnet_poke answered; /* no poke is answered twice */
    uint64_t answered_sequence;

    bool knows_key; /* a control datagram passed once */
    unsigned bad_control;

    size_t event_head, event_count;
    struct event_slot events[KDNET_QUEUE_MAX];
    size_t output_head, output_count;
    struct output_slot outputs[KDNET_QUEUE_MAX];
    struct kdnet_counters counters;
};

enum kd_status kdnet_create(const struct kdnet_opts *opts, struct kdnet **out)
{
    struct kdnet *k = calloc(1, sizeof *k);

    if (!k)
        return KD_ERR_NO_MEMORY;
    k->crypto = opts->crypto;
    k->key = opts->key;
    *out = k;
    return KD_OK;
}

void kdnet_destroy(struct kdnet *k)
{
    const struct kd_crypto *crypto;

    if (!k)
        return;
    crypto = k->crypto;
    crypto->wipe(crypto->self, k, sizeof *k); /* keys, and what was said under them */
    free(k);
}

/* ---- queues ---- */

/* The slot of the event that will be pushed after `ahead` others. */
static struct event_slot *event_slot(struct kdnet *k, size_t ahead)
{
    return &k->events[(k->event_head + k->event_count + ahead) % KDNET_QUEUE_MAX];
}

static struct kdnet_event *push_event(struct kdnet *k, enum kdnet_event_kind kind, uint8_t version)
{
    struct kdnet_event *ev = &event_slot(k, 0)->event;

    assert(k->event_count < KDNET_QUEUE_MAX);
    *ev = (struct kdnet_event){.kind = kind, .version = version};
    k->event_count++;
    return ev;
}

bool kdnet_next_event(struct kdnet *k, struct kdnet_event *ev)
{
    if (k->event_count == 0)
        return false;
    *ev = k->events[k->event_head].event;
    k->event_head = (k->event_head + 1) % KDNET_QUEUE_MAX;
    k->event_count--;
    return true;
}

/* Seal into the next free output; it counts only once it is whole. */
static enum kd_status push_output(struct kdnet *k, const uint8_t aes_key[KD_KEY_LEN],
                                  const struct kdnet_datagram *d, const struct kdnet_peer *to)
{
    struct output_slot *slot = &k->outputs[(k->output_head + k->output_count) % KDNET_QUEUE_MAX];
    enum kd_status st =
        kdnet_seal(k->crypto, &k->key, aes_key, d, slot->bytes, sizeof slot->bytes, &slot->len);

    if (st != KD_OK)
        return st;
    slot->to = *to;
    k->output_count++;
    return KD_OK;
}

bool kdnet_next_output(struct kdnet *k, struct kd_span *datagram, struct kdnet_peer *to)
{
    const struct output_slot *slot = &k->outputs[k->output_head];

    if (k->output_count == 0)
        return false;
    *datagram = (struct kd_span){slot->bytes, slot->len};
    *to = slot->to;
    k->output_head = (k->output_head + 1) % KDNET_QUEUE_MAX;
    k->output_count--;
    return true;
}

/* ---- sessions ---- */

static void close_channel(struct kdnet *k, struct channel *c)
{
    k->crypto->wipe(k->crypto->self, c, sizeof *c);
    c->is_open = false;
}

static bool is_same_peer(const struct kdnet_peer *a, const struct kdnet_peer *b)
{
    return a->len == b->len && memcmp(a->bytes, b->bytes, a->len) == 0;
}

static bool has_been_silent_for(const struct kdnet *k, uint64_t ms, uint64_t now_ms)
{
    return now_ms >= k->heard_ms && now_ms - k->heard_ms >= ms;
}

void kdnet_drop_session(struct kdnet *k)
{
    close_channel(k, &k->live);
}

void kdnet_tick(struct kdnet *k, uint64_t now_ms)
{
    if (now_ms < kdnet_deadline_ms(k))
        return;
    push_event(k, KDNET_EVENT_SILENT, k->live.version);
    kdnet_drop_session(k);
}

uint64_t kdnet_deadline_ms(const struct kdnet *k)
{
    return k->live.is_open ? k->heard_ms + KDNET_SILENCE_MS : KD_NEVER;
}

/* Is it the same target as in the session before, no more than pokes later? Another part B is another
 * boot; pokes that count from further back come from a boot that kept its part B, or from a machine
 * whose snapshot was restored. */
static bool is_continued(const struct kdnet *k, const struct channel *offer)
{
    return k->had_session &&
           memcmp(k->trail.nonce_b, offer->poke.nonce_b, sizeof k->trail.nonce_b) == 0 &&
           offer->poke_sequence > k->trail.last_sequence;
}

/* The target took this offer: it is the session now. Whatever is older is over. A newer offer to
 * the same target may yet be taken: when a first datagram is lost, the next poke is answered
 * although the answer before had arrived, and the target then moves on to the newer key. */
static void take_offer(struct kdnet *k, size_t taken)
{
    bool is_new_boot = !is_continued(k, &k->offers[taken]);

    close_channel(k, &k->live);
    k->live = k->offers[taken];
    for (size_t i = 0; i < OFFERS_MAX; i++)
        if (i >= taken || !is_same_peer(&k->offers[i].peer, &k->live.peer))
            close_channel(k, &k->offers[i]);
    k->had_session = true;
    k->trail = kdnet_trail_of(&k->live.poke, k->live.poke_sequence);
    k->offers_unheard = 0;
    push_event(k, KDNET_EVENT_LINKED, k->live.version)->is_new_boot = is_new_boot;
}

/* ---- pokes ---- */

static bool was_answered(const struct kdnet *k, const struct kdnet_poke *poke, uint64_t sequence)
{
    return k->has_answered && sequence == k->answered_sequence &&
           memcmp(poke->nonce, k->answered.nonce, sizeof poke->nonce) == 0;
}

/* Queue the response and work out the key that it makes. */
static enum kd_status make_offer(struct kdnet *k, struct channel *offer)
{
    uint8_t host_random[32];
    uint8_t response[KDNET_RESPONSE_LEN];
    const struct kdnet_datagram d = {
        .version = offer->version,
        .is_control = true,
        .from_host = true,
        .sequence = offer->poke_sequence,
        .payload = {response, sizeof response},
    };
    enum kd_status st = k->crypto->random(k->crypto->self, host_random, sizeof host_random);

    if (st == KD_OK) {
        kdnet_response_encode(&offer->poke, host_random, response);
        st = kdnet_data_key(k->crypto, &k->key, response, offer->key);
    }
    if (st == KD_OK)
        st = push_output(k, k->key.bytes, &d, &offer->peer);
    k->crypto->wipe(k->crypto->self, host_random, sizeof host_random);
    k->crypto->wipe(k->crypto->self, response, sizeof response); /* with the key it makes the key */
    return st;
}

static void tell_of_offer(struct kdnet *k, uint8_t version)
{
    if (k->live.is_open)
        return;
    if (k->offers_unheard == 0)
        push_event(k, KDNET_EVENT_POKED, version);
    else if (k->offers_unheard == OFFERS_UNHEARD_MAX)
        push_event(k, KDNET_EVENT_NO_SESSION, version);
    if (k->offers_unheard <= OFFERS_UNHEARD_MAX)
        k->offers_unheard++;
}

static void answer(struct kdnet *k, const struct kdnet_datagram *d, const struct kdnet_poke *poke,
                   const struct kdnet_peer *from)
{
    struct channel offer = {.is_open = true,
                            .version = d->version,
                            .peer = *from,
                            .poke = *poke,
                            .poke_sequence = d->sequence};

    if (was_answered(k, poke, d->sequence)) {
        k->counters.replayed++;
    } else if (k->output_count == KDNET_QUEUE_MAX) {
        k->counters.overflow++;
    } else if (make_offer(k, &offer) != KD_OK) {
        k->counters.crypto_failed++; /* the next poke comes in three seconds */
    } else {
        close_channel(k, &k->offers[OFFERS_MAX - 1]);
        memmove(&k->offers[1], &k->offers[0], (OFFERS_MAX - 1) * sizeof k->offers[0]);
        k->offers[0] = offer;
        k->has_answered = true;
        k->answered = *poke;
        k->answered_sequence = d->sequence;
        k->counters.responses++;
        tell_of_offer(k, d->version);
    }
    close_channel(k, &offer);
}

static void receive_poke(struct kdnet *k, const struct kdnet_datagram *d,
                         const struct kdnet_peer *from, uint64_t now_ms)
{
    struct kdnet_poke poke;
    enum kdnet_poke_meaning meaning = KDNET_POKE_CALL;

    if (kdnet_poke_decode(d->payload.data, d->payload.len, &poke) != KD_OK) {
        k->counters.unexpected++;
        return;
    }
    k->counters.pokes++;
    if (!kdnet_version_is_known(d->version))
        k->counters.unknown_version++;
    if (k->live.is_open && is_same_peer(from, &k->live.peer)) {
        meaning = kdnet_trail_judge(&k->trail, &poke, d->sequence,
                                    has_been_silent_for(k, KDNET_SNAPSHOT_MS, now_ms));
    } else if (k->live.is_open && !has_been_silent_for(k, KDNET_SILENCE_MS, now_ms)) {
        k->counters.foreign_peer++; /* another target with our key and port, or a new address */
        return;
    }

    switch (meaning) {
    case KDNET_POKE_CALL:
        answer(k, d, &poke, from);
        break;
    case KDNET_POKE_ALIVE:
        k->heard_ms = now_ms;
        break;
    case KDNET_POKE_STALE:
        k->counters.replayed++;
        break;
    }
}

/* ---- datagrams in ---- */

static void count_closed(struct kdnet *k, enum kd_status st)
{
    switch (st) {
    case KD_ERR_TRUNCATED:
    case KD_ERR_LIMIT:
        k->counters.bad_length++;
        break;
    case KD_ERR_AUTH:
        k->counters.bad_mac++;
        break;
    case KD_ERR_IO:
        k->counters.crypto_failed++;
        break;
    default:
        k->counters.bad_header++;
        break;
    }
}

static void note_bad_control(struct kdnet *k, uint8_t version)
{
    if (k->knows_key || k->bad_control == KDNET_BAD_KEY_TRIES)
        return;
    if (++k->bad_control == KDNET_BAD_KEY_TRIES)
        push_event(k, KDNET_EVENT_BAD_KEY, version);
}

static void receive_control(struct kdnet *k, const uint8_t *datagram, size_t len, uint8_t version,
                            const struct kdnet_peer *from, uint64_t now_ms)
{
    struct kdnet_datagram d;
    enum kd_status st =
        kdnet_open(k->crypto, &k->key, k->key.bytes, datagram, len, event_slot(k, 0)->plain, &d);

    if (st != KD_OK) {
        count_closed(k, st);
        if (st == KD_ERR_AUTH)
            note_bad_control(k, version);
        return;
    }
    k->knows_key = true;
    if (d.from_host)
        k->counters.bad_direction++;
    else
        receive_poke(k, &d, from, now_ms);
}

/* A verified datagram of this channel: is it the target's, and new? */
static bool is_acceptable(struct kdnet *k, const struct channel *c, const struct kdnet_datagram *d,
                          const struct kdnet_peer *from)
{
    if (d->from_host)
        k->counters.bad_direction++;
    else if (!is_same_peer(from, &c->peer))
        k->counters.foreign_peer++;
    else if (d->sequence <= c->received_sequence)
        k->counters.replayed++;
    else
        return true;
    return false;
}

static void accept_data(struct kdnet *k, const struct kdnet_datagram *d, uint64_t now_ms)
{
    k->live.received_sequence = d->sequence;
    k->heard_ms = now_ms;
    kdnet_trail_confirm(&k->trail);
    /* The ping says nothing that its arrival does not say, and no KD packet is as short. */
    if (d->payload.len != KDNET_PING_LEN)
        push_event(k, KDNET_EVENT_PACKET, d->version)->bytes = d->payload;
}

static void receive_data(struct kdnet *k, const uint8_t *datagram, size_t len,
                         const struct kdnet_peer *from, uint64_t now_ms)
{
    struct channel *const channels[] = {&k->live, &k->offers[0], &k->offers[1]};
    enum kd_status st = KD_ERR_NOT_FOUND;
    struct kdnet_datagram d;

    for (size_t i = 0; i < 1 + OFFERS_MAX; i++) {
        bool is_offer = i > 0;

        if (!channels[i]->is_open)
            continue;
        st = kdnet_open(k->crypto, &k->key, channels[i]->key, datagram, len,
                        event_slot(k, is_offer)->plain, &d); /* an offer's LINKED goes before it */
        if (st == KD_OK && is_acceptable(k, channels[i], &d, from)) {
            if (is_offer)
                take_offer(k, i - 1);
            accept_data(k, &d, now_ms);
        }
        if (st != KD_ERR_AUTH)
            break;
    }
    if (st == KD_ERR_NOT_FOUND)
        k->counters.unexpected++;
    else if (st != KD_OK)
        count_closed(k, st);
}

void kdnet_receive(struct kdnet *k, const uint8_t *datagram, size_t len,
                   const struct kdnet_peer *from, uint64_t now_ms)
{
    struct kdnet_datagram d;
    enum kd_status st = kdnet_peek(datagram, len, &d);

    assert(from->len <= sizeof from->bytes);
    k->counters.received++;
    if (st != KD_OK)
        count_closed(k, st);
    else if (k->event_count + EVENTS_PER_CALL >= KDNET_QUEUE_MAX) /* one more for kdnet_tick */
        k->counters.overflow++;
    else if (d.is_control)
        receive_control(k, datagram, len, d.version, from, now_ms);
    else
        receive_data(k, datagram, len, from, now_ms);
}

/* ---- datagrams out ---- */

enum kd_status kdnet_send(struct kdnet *k, const uint8_t *payload, size_t len, uint64_t now_ms)
{
    const struct kdnet_datagram d = {
        .version = k->live.version,
        .from_host = true,
        .sequence = k->live.sent_sequence + 1,
        .payload = {payload, len},
    };
    enum kd_status st;

    (void)now_ms; /* that we speak is no sign of the target's life */
    if (!k->live.is_open)
        return KD_ERR_LOST;
    if (k->output_count + SPARE_OUTPUTS >= KDNET_QUEUE_MAX)
        return KD_ERR_BUSY;
    st = push_output(k, k->live.key, &d, &k->live.peer);
    if (st != KD_OK)
        return st;
    k->live.sent_sequence++;
    k->counters.sent++;
    return KD_OK;
}

const struct kdnet_counters *kdnet_get_counters(const struct kdnet *k)
{
    return &k->counters;
}
