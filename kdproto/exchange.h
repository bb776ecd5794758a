/* exchange.h - KD packets one after the other, reliably: ids, ACK, RESEND, RESET, timers. Private.
 *
 * Sits between the session, which knows what a packet means, and the link. It acknowledges what
 * arrives before anybody looks at it, keeps the one packet that is outstanding and repeats it, and
 * brings the two ends' ids together again when they differ. Whether the target runs is not its
 * business.
 *
 * Lifetime  Lives inside the session. Outputs are borrowed until the next call.
 * Threads   One at a time.
 * Source    KDNET: a whole WinDbg session [seen]; stream: public target implementations [doc];
 *           timers and bounds: rules of this project [guess]. */
#ifndef KDPROTO_EXCHANGE_H
#define KDPROTO_EXCHANGE_H

#include "doubt.h"
#include "pace.h"

#include <kdproto/packet.h>
#include <kdproto/session.h>

enum {
    KD_FIRST_TX_KDNET = (int)0x80000000,  /* then +2 for each accepted packet [seen] */
    KD_FIRST_ID_STREAM = (int)0x80800000, /* both ends; then bit 0 toggles [doc] */
    KD_SYNC_BIT = 0x800, /* in the first packet of a stream target that has just started [doc] */
    KD_RESET_TRIES = 20, /* five seconds on a link that is known to be quick */
    KD_RESET_ANSWERED_MS = 1000, /* one that comes so soon after ours is the answer, or its copy */
    KD_RESET_HEARD_MS = 100,     /* a halted target's answer to one would be here by now */
    KD_OUTPUTS_MAX = 32,
};

/* What the one outstanding packet is; the exchange only carries it along. */
enum kd_send_kind {
    KD_SEND_NONE,
    KD_SEND_REQUEST,
    KD_SEND_ORPHAN, /* a request that its caller has forgotten */
    KD_SEND_ANSWER, /* to a file wish or a prompt */
    KD_SEND_CONTINUE,
};

struct kd_send {
    enum kd_send_kind kind;
    uint16_t type;
    unsigned max_tries;
    struct kd_span data; /* copied */
};

/* What a packet meant to the exchange. */
enum kd_receipt {
    KD_RECEIPT_NOTHING,   /* nobody else need know */
    KD_RECEIPT_NEW,       /* data, acknowledged: handle it */
    KD_RECEIPT_RESTARTED, /* the same, and the target began anew: what was before is void */
    KD_RECEIPT_AGAIN,     /* data seen before, acknowledged again */
    KD_RECEIPT_ACKED,     /* what was outstanding has arrived */
    KD_RECEIPT_UNWANTED,  /* what is outstanding was asked for again, more often than sensible */
    KD_RECEIPT_RESYNCED,  /* the RESET that we asked for: ids agree again */
};

enum kd_expiry {
    KD_EXPIRY_NOTHING,
    KD_EXPIRY_TRIES,  /* the outstanding packet was sent max_tries times; it waits for a decision */
    KD_EXPIRY_RESETS, /* no RESET came back; the resynchronisation was given up */
};

struct kd_output {
    enum {
        KD_OUT_ACK,
        KD_OUT_RESEND,
        KD_OUT_RESET,
        KD_OUT_DATA,
        KD_OUT_BREAK_IN,
        KD_OUT_NOTHING
    } kind;
    uint32_t id;
};

struct kd_exchange {
    enum kd_dialect dialect;
    struct kd_pace pace;
    struct kd_session_counters *counters;
    uint32_t tx_id; /* of the outstanding packet, else of the next one */
    uint32_t rx_id; /* expected next */

    struct kd_sight last;       /* the last data packet that was handed on */
    struct kd_doubt doubt;      /* stream: about packets whose header may be damaged */
    uint64_t doubt_deadline_ms; /* when to ask for one of those again */

    /* the outstanding packet */
    enum kd_send_kind sending;
    uint16_t send_type;
    size_t send_len;
    uint8_t send_data[KD_PACKET_DATA_MAX];
    unsigned tries, max_tries, asked_again;
    bool is_repeated;
    uint64_t recovered; /* packets that had to be repeated, and arrived then */
    bool is_held;       /* a RESET was exchanged: goes out behind what the target repeats now */
    uint64_t sent_ms, send_deadline_ms;

    /* RESET */
    bool is_resyncing;        /* target data is dropped unacknowledged until its RESET comes */
    bool is_reset_unanswered; /* so the next one is the answer, and is not answered */
    bool needs_reset;         /* our next packet must not go out before a RESET exchange */
    bool is_unsure;           /* stream: a packet of ours may pass for one that was there before */
    bool was_reset_sent;
    bool was_reset_to_last;
    bool was_report_asked; /* a RESEND or RESET went out: a halted target may report again */
    unsigned resets_tried;
    uint64_t reset_sent_ms, resync_deadline_ms;
    uint64_t
        settle_deadline_ms; /* behind a RESET the target repeats itself first; KD_NEVER: it did */

    struct kd_output outputs[KD_OUTPUTS_MAX];
    unsigned output_head, output_count;
    uint8_t encoded[KD_PACKET_LEN_MAX + 1];
};

void kd_exchange_init(struct kd_exchange *x, const struct kd_session_opts *opts,
                      struct kd_session_counters *counters);
/* The target began anew: first ids, nothing outstanding, nothing to send. */
void kd_exchange_restart(struct kd_exchange *x);
/* The link carries packets again, to the same target: repeat soon what is outstanding. */
void kd_exchange_relink(struct kd_exchange *x, uint64_t now_ms);

/* This packet, which says that a stream's target began anew, is no damage: it is believed at once. */
void kd_exchange_expect_hello(struct kd_exchange *x, const struct kd_packet *pkt);

/* *acked, written with KD_RECEIPT_ACKED only: what kind of packet arrived. */
enum kd_receipt kd_exchange_packet(struct kd_exchange *x, const struct kd_packet *pkt,
                                   uint64_t now_ms, enum kd_send_kind *acked);
enum kd_expiry kd_exchange_tick(struct kd_exchange *x, uint64_t now_ms);
uint64_t kd_exchange_deadline_ms(const struct kd_exchange *x);
bool kd_exchange_next_output(struct kd_exchange *x, struct kd_span *bytes);

/* Nothing is outstanding and the ids are believed to agree. */
bool kd_exchange_is_free(const struct kd_exchange *x);
void kd_exchange_send(struct kd_exchange *x, const struct kd_send *send, uint64_t now_ms);
/* Something else proved that the outstanding packet arrived. */
void kd_exchange_settle(struct kd_exchange *x, uint64_t now_ms);
/* No answer came, but it is believed to have arrived: a running target acknowledges nothing. */
void kd_exchange_presume(struct kd_exchange *x);
/* Take the outstanding packet back right after a RESET exchange, which made its id free again. */
void kd_exchange_withdraw(struct kd_exchange *x);
/* Give the outstanding packet up. Its id is never used for another packet: an acknowledgement that
 * is still on its way would be taken for that one's. */
void kd_exchange_abandon(struct kd_exchange *x, uint64_t now_ms);

/* Bytes are arriving: the outstanding packet is not repeated before they can have become one. */
void kd_exchange_hears(struct kd_exchange *x, uint64_t now_ms);

void kd_exchange_break_in(struct kd_exchange *x);
void kd_exchange_resend(struct kd_exchange *x);
/* A RESET on suspicion: a running target ignores it, so data is taken as before. */
void kd_exchange_reset(struct kd_exchange *x, uint64_t now_ms);
/* Ids differ: RESET until the target's comes. */
void kd_exchange_resync(struct kd_exchange *x, uint64_t now_ms);

#endif
