/* conversation.h - two ends that talk to each other in a recording. Private to this room.
 *
 *     a datagram --+--> conversation_net.c     KDNET: is it a copy; opened, what it is
 *                  |      conversation_copies.c
 *                  +--> conversation_stream.c  a wrapped stream: cut into packets
 *                            |
 *                            v  a record
 *                       conversation_story.c   what it means: repeats, answers, stops, boots
 *
 * Each of the parts is used by recording.c alone and knows nothing of the others. They fill in records
 * as recording.h describes them, each its own members.
 *
 * Errors    Only what makes a part can fail: KD_ERR_NO_MEMORY. */
#ifndef TRANSPORT_CONVERSATION_H
#define TRANSPORT_CONVERSATION_H

#include <transport/capture_file.h>
#include <transport/recording.h>

/* ---- conversation_copies.c: what was captured twice ----
 *
 * A datagram that two interfaces saw, or a mirrored port, stands in the file twice. Its first ciphertext
 * and its MAC tell a copy from something said again: together they depend on the key and on all of the
 * content, which holds a sequence number that is used once under a key. So what was opened and comes
 * again is a copy however late, be it that somebody without the key sends it once more; only a host's
 * poke has no sequence, and of what was not opened nothing is known. */
enum {
    KDT_COPIES_WINDOW =
        4096, /* so many datagrams may lie between copies: interfaces are written to a
                                 file in batches */
    KDT_COPIES_HEADS = 8192,
};
#define KDT_COPIES_WITHIN_NS 1000000000u /* of those that may be said again */

enum kdt_copies_kind {
    KDT_COPIES_UNOPENED,
    KDT_COPIES_RECURRING, /* opened, and may be said again */
    KDT_COPIES_UNIQUE,    /* opened, and holds a sequence */
};

struct kdt_copies { /* begins as zeros */
    struct kdt_copies_entry {
        uint64_t mark;    /* of the datagram */
        uint64_t time_ns; /* of the packet */
        uint32_t before;  /* the one before it that has the same head */
        enum kdt_copies_kind kind;
    } entries[KDT_COPIES_WINDOW];     /* a ring */
    uint32_t heads[KDT_COPIES_HEADS]; /* by bits of the mark: the newest. Counted from 1; 0: none */
    uint32_t count;
};

/* The entry of a datagram that was noted, within the time around time_ns if it may be said again; or
 * NULL. */
const struct kdt_copies_entry *kdt_copies_find(const struct kdt_copies *c, struct kd_span datagram,
                                               uint64_t time_ns);
void kdt_copies_note(struct kdt_copies *c, struct kd_span datagram, uint64_t time_ns,
                     enum kdt_copies_kind kind);

/* ---- conversation_net.c: datagrams of KDNET ---- */

struct kdt_net_talk;

/* crypto and key: NULL without a key. */
enum kd_status kdt_net_talk_create(const struct kd_crypto *crypto, const struct kdnet_key *key,
                                   struct kdt_net_talk **out);
void kdt_net_talk_destroy(struct kdt_net_talk *t); /* NULL is fine; wipes keys */
/* False: a copy of one before. */
bool kdt_net_talk_hear(struct kdt_net_talk *t, const struct kdt_datagram *d,
                       struct kdt_record *out);

/* ---- conversation_stream.c: the bytes of a stream ---- */

struct kdt_stream_talk;

enum kd_status kdt_stream_talk_create(struct kdt_stream_talk **out);
void kdt_stream_talk_destroy(struct kdt_stream_talk *t); /* NULL is fine */
/* Take the bytes of d, which stay the caller's until _next was false. */
void kdt_stream_talk_hear(struct kdt_stream_talk *t, const struct kdt_datagram *d,
                          bool is_from_host);
/* The next record that they complete. */
bool kdt_stream_talk_next(struct kdt_stream_talk *t, struct kdt_record *out);

/* ---- conversation_story.c: what it means ---- */

struct kdt_said { /* the last data packet of one end */
    bool is_any;
    bool is_before_reset; /* a RESET came since: a stream's ids began anew */
    uint16_t type;
    uint32_t id;
    size_t len;
    uint8_t bytes[KD_PACKET_DATA_MAX];
};

struct kdt_story {           /* begins as zeros */
    struct kdt_said said[2]; /* by the target, by the host */

    bool is_asked;              /* a request waits for its reply */
    struct kd_manipulate asked; /* without its data */
    uint64_t asked_ns;

    unsigned stop; /* the last one, 0: none yet */
    bool is_standing;
    bool was_let_go;   /* a Continue was seen in this stop, whatever became of it */
    bool is_switching; /* to another processor: the next state change is of the same stop */
    struct kd_state_change change; /* the last one, without its path */

    unsigned boot; /* 0: none yet */
    struct kd_version version;
    bool is_restarted; /* since version was told */
    unsigned restarts; /* how often */
    bool is_under_way; /* a stream's target has said something without the sync bit */
    bool has_nonce;    /* KDNET: a response was seen */
    uint64_t nonce_a;  /* that it echoed */
    uint8_t nonce_b[KDNET_NONCE_B_LEN];
};

/* Complete a record with what it means, and count stops and boots. */
void kdt_story_tell(struct kdt_story *s, struct kdt_recording_counts *counts,
                    struct kdt_record *rec);

#endif
