/* session.h - one debugging session with one target: the host's state machine.
 *
 * Packets and time go in; bytes to send and events come out. It keeps packet ids, acknowledges,
 * resends and resets; finds out whether the target runs or is halted; carries one request at a
 * time; answers what a target asks (file I/O, prompts); lets it go on again the way a real one
 * needs it (Rip past a foreign int3). Does no I/O and reads no clock. It cannot tell a datagram
 * link from a byte stream but for the dialect.
 *
 * Lifetime  The caller owns a session from _create to _destroy. Spans and events borrow from it and
 *           are valid until the next call that takes it as non-const.
 * Bounds    Nothing is allocated after _create. A data packet that arrives while more than
 *           KD_SESSION_EVENTS_MAX events wait to be pulled is not acknowledged: the target repeats
 *           it. Outputs beyond a few dozen are dropped as if the wire had lost them.
 * Threads   One session, one thread at a time; no hidden global state.
 * Units     now_ms: any monotonic millisecond count. len: bytes. *_va: target virtual address.
 * Errors    enum kd_status. Outputs come last and are untouched on failure.
 * Source    Ids, ACK, RESEND, RESET on KDNET: whole WinDbg sessions [seen]; serial [doc]; the order
 *           of escalation at attach and the timers are rules of this project [guess]. */
#ifndef KDPROTO_SESSION_H
#define KDPROTO_SESSION_H

#include <kdproto/deadline.h>
#include <kdproto/framer.h>
#include <kdproto/manipulate.h>
#include <kdproto/packet.h>
#include <kdproto/state_change.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    KD_SESSION_LEAVE_MS = 2000, /* from kd_session_leave to KD_EVENT_LEFT, ordinarily */
    KD_SESSION_SLOW_MS = 15000, /* at the most on top: for a slow target, or one on a bad link that
                                   stands and is still heard of */
    KD_SESSION_EVENTS_MAX = 24,
};

struct kd_session;

enum kd_dialect {
    KD_DIALECT_KDNET,  /* ids from 0 / 0x80000000 in steps of 2, RESET carries an id */
    KD_DIALECT_STREAM, /* serial, pipe, TCP: ids toggle bit 0, trailing 0xAA, sync bit */
};

struct kd_session_opts {
    enum kd_dialect dialect;
    bool may_alter; /* else requests that alter the target are refused with KD_ERR_READ_ONLY */
    uint32_t bytes_per_second; /* of a slow line, so that its timers allow for it: 11520 at 115200
                                  baud; 0: the line's speed does not matter */
    /* Does a load-symbols stop that the session would continue by itself stay? Then it is
     * KD_EVENT_HALTED like any other stop. Asked from within the session: it may not call it. NULL:
     * none does. */
    bool (*stays_at_module)(void *ctx, const struct kd_state_change *load);
    void *ctx; /* handed back to stays_at_module */
};

/* Unknown: also while it is being continued. */
enum kd_run_state { KD_RUN_UNKNOWN, KD_RUN_RUNNING, KD_RUN_HALTED };

enum kd_event_kind {
    KD_EVENT_HALTED,  /* u.halted; after kd_session_break_in, or by the target itself */
    KD_EVENT_REPLY,   /* u.reply: the request with that token is over, well or badly */
    KD_EVENT_RESUMED, /* u.resumed: after kd_session_resume, the target runs */
    KD_EVENT_LEFT,    /* u.resumed: after kd_session_leave, the link can be closed */
    KD_EVENT_PRINT,   /* u.text: debug output, not NUL-terminated, any bytes */
    KD_EVENT_PROMPT,  /* u.text: the target asked for a line; it was answered already */
    KD_EVENT_MODULE,  /* u.halted: a load-symbols stop that was continued by itself */
    KD_EVENT_FILE_IO, /* u.text: UTF-16LE path of a file that the target wanted; refused already */
    KD_EVENT_RESTARTING,  /* the target leaves this stage: expect a new handshake, or its hello */
    KD_EVENT_RESTARTED,   /* stream: it began anew; what was known of it is void */
    KD_EVENT_LOST,        /* tries are exhausted: the target does not answer */
    KD_EVENT_UNSUPPORTED, /* a 32-bit target halted: its reports are not understood */
};

struct kd_event {
    enum kd_event_kind kind;
    union {
        struct kd_state_change halted;
        struct {
            uint32_t token;
            enum kd_status status; /* KD_OK: a reply came, see its NTSTATUS; else why none will */
            struct kd_manipulate manipulate; /* zero where the acknowledgement is all that comes */
        } reply;
        struct {
            /* KD_OK: acknowledged, seen running, or presumed so. KD_ERR_LOST: the target was silent
             * before already. KD_ERR_TIMEOUT (leaving): a halt was asked for and did not come in
             * time. KD_ERR_REBOOTED. KD_ERR_INTERRUPTED: there was nothing to resume. */
            enum kd_status status;
            bool is_presumed; /* six tries without an answer: a running target ignores them */
            /* Not KD_OK: at an int3, Rip could not be moved past it, for this reason; the target
             * was continued all the same and may halt there again. */
            enum kd_status rip_status;
        } resumed;
        struct kd_span text;
    } u;
};

struct kd_session_counters {
    uint64_t requests; /* manipulate requests first sent (Continue and the Rip rule's included) */
    uint64_t requests_by_api[KD_API_COUNT]; /* the same, by api - KD_API_FIRST */
    uint64_t retransmissions;               /* data packets sent again */
    uint64_t round_trips; /* requests whose reply (or, where none comes, acknowledgement) arrived */
    uint64_t bytes_read;  /* memory bytes in replies that were believed */
    uint64_t resets, resends;   /* sent by us */
    uint64_t altering_requests; /* of class ALTERS, or RUNS but for Continue; not the Rip rule's */
    uint64_t rip_advances;      /* times that the Rip rule moved Rip past an int3 */
    uint64_t freezes;           /* stops of every kind, those continued by themselves included */
    /* Summed from each stop's first report, also one that could not be taken before a RESET, until
     * its Continue was acknowledged or presumed. */
    uint64_t frozen_ms;
};

enum kd_status kd_session_create(const struct kd_session_opts *opts, struct kd_session **out);
void kd_session_destroy(struct kd_session *s); /* NULL is fine */

/* The link carries packets from now on. is_new_boot: the target's ids start anew, and what was
 * outstanding with it before fails with KD_ERR_REBOOTED; else all goes on where it was, and ids
 * that do not fit lead to a RESET. A wish to break in is kept in both cases. */
void kd_session_link_up(struct kd_session *s, bool is_new_boot, uint64_t now_ms);
/* The link carries nothing any more: what is outstanding fails with st. */
void kd_session_link_down(struct kd_session *s, enum kd_status st, uint64_t now_ms);

void kd_session_packet(struct kd_session *s, const struct kd_packet *pkt, uint64_t now_ms);
/* Streams only. A packet arrived damaged (KD_FRAMER_RESEND), or many did (KD_FRAMER_RESET). */
void kd_session_garbled(struct kd_session *s, enum kd_framer_result wish, uint64_t now_ms);
/* Streams only. Bytes of a packet that is not complete yet arrived: who is speaking is not silent,
 * so no timer of ours runs out before the packet can be there. */
void kd_session_hears(struct kd_session *s, uint64_t now_ms);
void kd_session_tick(struct kd_session *s, uint64_t now_ms);
uint64_t kd_session_deadline_ms(const struct kd_session *s); /* call _tick then; KD_NEVER: none */
/* One KD packet (with its trailer in the stream dialect), or the break-in byte. */
bool kd_session_next_output(struct kd_session *s, struct kd_span *bytes);
bool kd_session_next_event(struct kd_session *s, struct kd_event *ev);

enum kd_run_state kd_session_run_state(const struct kd_session *s);
/* A stop was reported, and no Continue of it was acknowledged or presumed yet: what frozen_ms
 * counts. */
bool kd_session_is_frozen(const struct kd_session *s);
const struct kd_session_counters *kd_session_get_counters(const struct kd_session *s);

/* Wish the target halted: escalates from RESEND over RESET to break-in bytes until KD_EVENT_HALTED
 * (at once when it is halted already). Needs a link, or waits for one. */
void kd_session_break_in(struct kd_session *s, uint64_t now_ms);
/* Wish that no more: nothing more is sent for it. A halt that comes all the same, of what was sent
 * already, is a KD_EVENT_HALTED; the next wish counts on from there towards KD_EVENT_LOST. */
void kd_session_break_off(struct kd_session *s);

/* Ask a halted target. Refused with KD_ERR_BUSY (one is outstanding), KD_ERR_INTERRUPTED (not
 * halted, or about to be continued), KD_ERR_READ_ONLY, KD_ERR_LIMIT (too large for one packet),
 * KD_ERR_UNSUPPORTED (no layout known, or never to be sent), KD_ERR_USAGE (Continue is not sent
 * this way: see _resume). The data is copied. The answer is a KD_EVENT_REPLY with the same token.
 * A read is repeated until it is answered or dropped: how long to wait is the caller's matter. */
enum kd_status kd_session_request(struct kd_session *s, const struct kd_manipulate *request,
                                  uint64_t now_ms, uint32_t *token);
/* Forget the outstanding request, without an event; its reply, when it comes, is acknowledged and
 * dropped. */
void kd_session_drop_request(struct kd_session *s);

/* Let a halted target run: Rip past an int3 that is not ours, then Continue, repeated until
 * acknowledged. Ends with KD_EVENT_RESUMED. An outstanding request fails with KD_ERR_CANCELLED.
 * Takes back a wish to break in; ignored while leaving. */
void kd_session_resume(struct kd_session *s, uint64_t now_ms);

/* Take leave in any state: a halt that is pending is awaited for a moment and continued, stray
 * break-ins are undone, the link is watched until it is calm. Ends with KD_EVENT_LEFT, mostly within
 * two seconds: see KD_SESSION_SLOW_MS. An outstanding request fails with KD_ERR_CANCELLED. */
void kd_session_leave(struct kd_session *s, uint64_t now_ms);

#ifdef __cplusplus
}
#endif
#endif
