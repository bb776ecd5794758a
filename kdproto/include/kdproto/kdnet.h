/* kdnet.h - the host's end of KDNET: pokes answered, data keys agreed, datagrams in and out.
 *
 * The target calls, the host answers: nothing can be sent before the first poke was verified. Each
 * boot stage of the target (boot manager, loader, kernel) makes a new handshake, and so does a
 * reboot.
 *
 *     datagram from the link ---> kdnet_receive ---> events: LINKED, PACKET, ...
 *     KD packet to send      ---> kdnet_send    ---> kdnet_next_output ---> datagram for the link
 *
 * A datagram that does not verify, or verifies but is out of turn, changes nothing but a counter
 * and is never answered. A call for a new session leaves the old one in use until a datagram
 * verifies under the new key, so old recordings played back do no harm.
 *
 * Does no I/O and reads no clock; time comes in as now_ms, any monotonic millisecond count.
 *
 * Lifetime  The caller owns it from _create to _destroy, which wipes every key. Outputs and events
 *           are borrowed until the next call that takes it as non-const.
 * Bounds    At most KDNET_QUEUE_MAX events and as many outputs wait to be taken; take them after
 *           every call. What would not fit is dropped like a datagram lost on the wire.
 * Threads   One at a time.
 * Source    Handshake and counters: a whole WinDbg session of version 4, a short one of version 2
 *           [seen]; acceptance rules of targets [doc]; replay rules of this project follow from
 *           both [guess]. */
#ifndef KDPROTO_KDNET_H
#define KDPROTO_KDNET_H

#include <kdproto/crypto.h>
#include <kdproto/deadline.h>
#include <kdproto/kdnet_datagram.h>
#include <kdproto/kdnet_key.h>

#ifdef __cplusplus
extern "C" {
#endif

struct kdnet;

/* A socket address, compared and handed back as bytes: kdproto does not look inside. */
struct kdnet_peer {
    uint8_t bytes[32];
    uint8_t len;
};

struct kdnet_opts {
    const struct kd_crypto *crypto; /* must outlive the object */
    struct kdnet_key key;           /* copied; the caller wipes its own */
};

enum kd_status kdnet_create(const struct kdnet_opts *opts, struct kdnet **out);
void kdnet_destroy(struct kdnet *k); /* NULL is fine */

enum kdnet_event_kind {
    KDNET_EVENT_POKED,      /* without a session, a first valid poke was answered: the target is
                               there */
    KDNET_EVENT_LINKED,     /* a datagram verified under a new data key: packets can be sent. Comes
                               again, over a session that lives, at each later handshake */
    KDNET_EVENT_PACKET,     /* bytes: the payload of a data datagram: one KD packet */
    KDNET_EVENT_BAD_KEY,    /* KDNET_BAD_KEY_TRIES control datagrams failed their HMAC, and none
                               ever passed; said once */
    KDNET_EVENT_SILENT,     /* linked, and nothing valid for KDNET_SILENCE_MS: not linked any more,
                               the next poke is answered */
    KDNET_EVENT_NO_SESSION, /* pokes are answered, but nothing verifies under the answers' keys:
                               version says which KDNET version the target speaks */
};

enum {
    KDNET_SILENCE_MS = 10000,
    KDNET_BAD_KEY_TRIES = 3,
    KDNET_QUEUE_MAX = 16,
};

struct kdnet_event {
    enum kdnet_event_kind kind;
    bool is_new_boot; /* LINKED: the poke does not continue the session before it, if there was one:
                         its part B differs, or it counts from further back (a restored snapshot) */
    uint8_t version;  /* of the target's datagrams; see kdnet_version_is_known */
    struct kd_span bytes;
};

struct kdnet_counters {       /* since _create */
    uint64_t received;        /* every datagram handed in; those below are among them */
    uint64_t pokes;           /* that verified, whatever was made of them */
    uint64_t bad_length;      /* dropped: too short, too long, not whole cipher blocks */
    uint64_t bad_header;      /* dropped: magic, version, flags, padding */
    uint64_t bad_mac;         /* dropped: no key of ours opens it */
    uint64_t bad_direction;   /* dropped: from a host; a reflection of our own */
    uint64_t replayed;        /* dropped: a sequence that was used, or a poke that was answered */
    uint64_t foreign_peer;    /* dropped: verified, but not from the session's address */
    uint64_t unexpected;      /* dropped: data before any key was agreed; control but no poke */
    uint64_t overflow;        /* dropped: nobody took events or outputs */
    uint64_t crypto_failed;   /* dropped: a primitive failed us */
    uint64_t unknown_version; /* pokes of a version that nobody has met yet */
    uint64_t responses, sent; /* answers to pokes; data datagrams */
};

void kdnet_receive(struct kdnet *k, const uint8_t *datagram, size_t len,
                   const struct kdnet_peer *from, uint64_t now_ms);
/* Seal one payload (a KD packet, or the break-in byte). KD_ERR_LOST while not linked. KD_ERR_LIMIT:
 * too large for a datagram. KD_ERR_BUSY: take the outputs first. */
enum kd_status kdnet_send(struct kdnet *k, const uint8_t *payload, size_t len, uint64_t now_ms);
void kdnet_tick(struct kdnet *k, uint64_t now_ms);
uint64_t kdnet_deadline_ms(const struct kdnet *k); /* call kdnet_tick then; KD_NEVER: none */
bool kdnet_next_output(struct kdnet *k, struct kd_span *datagram, struct kdnet_peer *to);
bool kdnet_next_event(struct kdnet *k, struct kdnet_event *ev);

/* The requests of a session that is believed alive time out for good: answer the next poke. */
void kdnet_drop_session(struct kdnet *k);
const struct kdnet_counters *kdnet_get_counters(const struct kdnet *k);

#ifdef __cplusplus
}
#endif
#endif
