/* session_state.h - what the files of the session share. Private.
 *
 *   session.c   the public face: states, packets, time, the link
 *   wishes.c    what the target says and wants unasked
 *   halt.c      breaking in, and what a stop means
 *   request.c   one manipulate request, from the caller or from the Rip rule, until it is over
 *   resume.c    letting a halted target run
 *   leave.c     taking leave
 *
 * All of them act on one struct kd_session and put packets into its exchange. */
#ifndef KDPROTO_SESSION_STATE_H
#define KDPROTO_SESSION_STATE_H

#include "event_queue.h"
#include "exchange.h"

enum state {
    STATE_LINKED, /* nobody knows whether the target runs; also when it was lost */
    STATE_RUNNING,
    STATE_BREAKING, /* a halt is wished for: the escalation goes on until one comes */
    STATE_HALTED,
    STATE_RESUMING, /* still halted: the Rip rule, then Continue until it is acknowledged */
};

enum escalation { ESCALATE_RESEND, ESCALATE_RESET, ESCALATE_BREAK_IN };

enum request_phase {
    REQUEST_NONE,
    REQUEST_QUEUED, /* waits for the exchange to be free */
    REQUEST_SENT,   /* not acknowledged */
    REQUEST_ACKED,  /* its reply is missing */
};

struct request {
    enum request_phase phase;
    bool is_own;                /* the Rip rule's */
    bool was_sent;              /* once at least */
    uint32_t token;             /* the caller's */
    struct kd_manipulate asked; /* without data */
    uint8_t payload[KD_PACKET_DATA_MAX];
    size_t len;
    unsigned resends;  /* asked for the reply that did not come */
    bool was_resynced; /* after that: the last wait before it is asked anew */
    unsigned resyncs;  /* because it was never acknowledged */
    unsigned reports;  /* the target said instead that it stands where it stood */
    uint64_t acked_ms, reply_deadline_ms;
};

enum resume_step {
    RESUME_GET_EX, /* GetContextEx, slice by slice */
    RESUME_GET,    /* GetContext, where the other is not known */
    RESUME_SET_EX,
    RESUME_SET,
    RESUME_GO, /* Continue */
};

struct resume {
    enum resume_step step;
    bool is_asked;        /* by the caller, who gets KD_EVENT_RESUMED */
    bool is_repeated;     /* the target was thought to run, and does not: nothing new to tell */
    bool was_sent;        /* the Continue, once at least */
    unsigned attempts;    /* at moving Rip */
    uint64_t patience_ms; /* then Continue, Rip moved or not */
    enum kd_status rip_status;
    uint8_t context[KD_CONTEXT_LEN];
    uint32_t done; /* bytes of it that came or went */
};

enum { BREAKPOINTS_MAX = 32 }; /* handles are 1..32 [doc] */

struct kd_session { /* NOLINT(*Padding): there is one, in the order of its subjects */
    bool may_alter;
    bool (*stays_at_module)(void *ctx, const struct kd_state_change *load); /* may be NULL */
    void *ctx;
    bool is_up;
    uint64_t heard_ms;    /* the last packet */
    uint64_t answered_ms; /* the last one that reacted to something of ours */
    bool is_lost;         /* tries were exhausted, and nothing came since */
    enum state state;
    struct kd_exchange exchange;
    struct kd_event_queue events;
    struct kd_session_counters counters;

    /* the stop in force: HALTED and RESUMING */
    struct kd_state_change stop;
    uint8_t stop_path[KD_PACKET_DATA_MAX];
    uint32_t stop_checksum; /* with the length: is a report the same one once more? */
    size_t stop_len;
    bool is_frozen; /* also by a stop that was seen, but could not be taken yet */
    uint64_t frozen_since_ms, thawed_ms;

    /* breaking in */
    bool wants_halt; /* also while RESUMING: begins when that is done */
    enum escalation escalation;
    unsigned break_ins; /* b sent since the target stood last; RUNNING: the wish was taken back */
    uint64_t break_in_due_ms;  /* the next b */
    unsigned probes;           /* RESENDs since the last one, or since it was presumed to run */
    uint64_t step_deadline_ms; /* LINKED: believed running then; BREAKING: the next escalation;
                                  RUNNING: when to look whether it does */
    bool may_stray;            /* a break-in may be pending in the target that nobody wants */
    uint64_t stray_pc_va;
    uint64_t stray_until_ms; /* one that is pending shows as soon as the target runs */

    struct request request;
    uint32_t last_token;
    uint64_t thinking_ms; /* the least between a request's ACK and its reply so far; 0: unknown */
    struct resume resume;
    bool lacks_context_ex;                   /* the target does not know GetContextEx */
    unsigned repeats_left;                   /* of a Continue that was dropped by the target */
    uint64_t breakpoint_va[BREAKPOINTS_MAX]; /* ours, by handle; 0: none */

    /* leaving */
    bool is_leaving;
    uint64_t leave_begin_ms, leave_deadline_ms, linger_end_ms, quiet_deadline_ms, probe_deadline_ms;
    enum kd_status left_status;
    bool left_presumed;
    enum kd_status left_rip_status;
};

/* session.c */
void kd_session_raise(struct kd_session *s, enum kd_event_kind kind);
void kd_session_raise_resumed(struct kd_session *s, enum kd_status st, bool is_presumed,
                              enum kd_status rip_status);
void kd_session_pump(struct kd_session *s,
                     uint64_t now_ms); /* send what waits, if the link is free */
void kd_session_lost(struct kd_session *s);
void kd_session_restarted(struct kd_session *s, uint64_t now_ms); /* a stream's target began anew */
bool kd_session_is_halted(const struct kd_session *s);            /* HALTED or RESUMING */
/* What the requests that move Rip take longer with a target that is slow or far away. */
uint64_t kd_session_slowness_ms(const struct kd_session *s);
bool kd_session_is_lossy(
    const struct kd_session
        *s); /* what was lost arrived later: it is not the target that is dead */

/* wishes.c: data packets that are neither a stop nor a reply */
void kd_wish_file_io(struct kd_session *s, const struct kd_packet *pkt, uint64_t now_ms);
void kd_wish_debug_io(struct kd_session *s, const struct kd_packet *pkt, uint64_t now_ms);
void kd_wish_other(struct kd_session *s, uint64_t now_ms);

/* halt.c */
void kd_halt_start(struct kd_session *s, enum escalation from, uint64_t now_ms);
void kd_halt_escalate(struct kd_session *s, uint64_t now_ms);
void kd_halt_take_stop(struct kd_session *s, const struct kd_packet *pkt, uint64_t now_ms);
void kd_halt_still_stands(struct kd_session *s);                /* BREAKING: at the stop before */
void kd_halt_look_after(struct kd_session *s, uint64_t now_ms); /* RUNNING, presumably */
/* Does a stream's target that stood say that it stands elsewhere, with ids from the start? */
bool kd_halt_is_of_new_boot(const struct kd_session *s, const struct kd_packet *pkt);
void kd_session_continued(struct kd_session *s, bool is_presumed, uint64_t now_ms);
/* A stop was seen, whether or not it could be taken: the target stands, and since when counts. */
void kd_session_freeze(struct kd_session *s, uint64_t now_ms);
void kd_session_thaw(struct kd_session *s, uint64_t now_ms);
void kd_session_never_thawed(struct kd_session *s); /* the last thaw was none */

/* request.c */
enum kd_status kd_request_put(struct kd_session *s, const struct kd_manipulate *m, bool is_own);
void kd_request_count(struct kd_session *s, uint32_t api);   /* one more that is first sent */
void kd_request_send(struct kd_session *s, uint64_t now_ms); /* the queued one */
void kd_request_acked(struct kd_session *s, uint64_t now_ms);
void kd_request_resynced(struct kd_session *s, uint64_t now_ms);
void kd_request_reported(struct kd_session *s, bool is_same_stop);
void kd_request_unacknowledged(struct kd_session *s, uint64_t now_ms);
/* True: the packet answered something of ours. */
bool kd_request_reply(struct kd_session *s, const struct kd_packet *pkt, uint64_t now_ms);
void kd_request_fail(struct kd_session *s, enum kd_status st); /* if there is one */
void kd_request_forget(struct kd_session *s);
void kd_request_cancelled(struct kd_session *s); /* the caller's, not the Rip rule's */
void kd_request_hears(struct kd_session *s, uint64_t now_ms);
void kd_request_tick(struct kd_session *s, uint64_t now_ms);
uint64_t kd_request_deadline_ms(const struct kd_session *s);

/* resume.c */
void kd_resume_begin(struct kd_session *s, bool is_asked, uint64_t now_ms);
void kd_resume_hurry(struct kd_session *s, uint64_t now_ms); /* leaving: no patience left */
void kd_resume_repeat(struct kd_session *s, uint64_t now_ms);
void kd_resume_answer(struct kd_session *s, enum kd_status st, const struct kd_manipulate *reply);
void kd_resume_send(struct kd_session *s, uint64_t now_ms); /* the Continue, if its turn has come */
void kd_resume_now(struct kd_session *s, uint64_t now_ms);  /* no more asking: Continue */
void kd_resume_tick(struct kd_session *s, uint64_t now_ms);
uint64_t kd_resume_deadline_ms(const struct kd_session *s);

/* leave.c */
void kd_leave_linger(struct kd_session *s, uint64_t now_ms);
void kd_leave_heard(struct kd_session *s, uint64_t now_ms);
void kd_leave_now(struct kd_session *s, enum kd_status st);
void kd_leave_tick(struct kd_session *s, uint64_t now_ms);
uint64_t kd_leave_deadline_ms(const struct kd_session *s);

#endif
