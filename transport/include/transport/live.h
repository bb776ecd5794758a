/* live.h - a live session with a target as blocking calls.
 *
 * Joins a channel (KDNET over UDP, or packets in a byte stream over a serial line, a pipe or TCP)
 * and kdproto's session on one libuv loop of its own; each call runs that loop until the answer, an error or a deadline comes.
 *
 * Lifetime  _open to _close. _close takes leave by itself if the caller did not: the last thing a
 *           target hears is a continue.
 * Threads   One session, one thread; only kdt_live_cancel may be called from elsewhere, signal
 *           handlers included.
 * Signals   A program ignores SIGPIPE: libuv writes to connections that the other end may have
 *           closed already.
 * Units     ms: milliseconds of the monotonic clock. va, pa: target addresses. len: bytes.
 * Errors    KD_ERR_TIMEOUT: a deadline passed. KD_ERR_LOST: the target fell silent. KD_ERR_IO: the
 *           connection is gone for good. KD_ERR_REBOOTED: it restarted. KD_ERR_CANCELLED:
 *           kdt_live_cancel. KD_ERR_AUTH: what arrives does not verify with the key.
 *           KD_ERR_UNSUPPORTED: a 32-bit target. Each of
 *           these is final: later calls fail with the same at once, but for _leave and _close, for
 *           _attach after a mere timeout of its own, and for _next_stage after a restart
 *           or silence. What _listen and _break call a timeout of their own is not final either:
 *           see kdt_live_over.
 *           KD_ERR_INTERRUPTED: the target is not halted. Details in the diag given at _open. */
#ifndef TRANSPORT_LIVE_H
#define TRANSPORT_LIVE_H

#include <kdproto/diag.h>
#include <kdproto/session.h>
#include <transport/recorder.h>
#include <transport/target_spec.h>

#ifdef __cplusplus
extern "C" {
#endif

struct kdt_live;

enum kdt_progress_kind {
    KDT_PROGRESS_LISTENING,  /* waiting for a target to call; ms: since when */
    KDT_PROGRESS_CONNECTING, /* streams: waiting for a connection; ms: since when */
    KDT_PROGRESS_POKED,      /* a target called and was answered */
    KDT_PROGRESS_LINKED,     /* packets can be sent */
    KDT_PROGRESS_BREAKING,   /* asked it to halt; ms: since when */
    KDT_PROGRESS_HALTED,
    KDT_PROGRESS_READING,    /* streams, which may be slow: it is halted and read; ms: since when */
    KDT_PROGRESS_BOOT_STAGE, /* it is a boot debugger: let it go on, waiting for the kernel */
    KDT_PROGRESS_RESUMING,
    KDT_PROGRESS_LEFT,
};

struct kdt_live_opts {
    const struct kdt_target_spec *spec; /* borrowed during _open only */
    uint32_t attach_timeout_ms;         /* from _open until the target is halted */
    uint32_t deadline_ms;               /* for the whole session from _open; 0: none */
    uint32_t request_timeout_ms; /* one request, all its repetitions; 0: the default of 10 s */
    struct kd_diag *diag;        /* must outlive the session */
    void *ctx;                   /* handed back to the callbacks; both may be NULL */
    void (*on_progress)(void *ctx, enum kdt_progress_kind kind,
                        uint64_t ms); /* those with a time repeat once a second */
    void (*on_event)(void *ctx, const struct kd_event *ev); /* prints, module loads, file wishes */
    /* A module is loaded or unloaded, which halts a target; the session lets it go on by itself and
     * tells with KD_EVENT_MODULE, but where this returns true: then it is a halt like any other.
     * May call nothing but _stop_listening. NULL: none stays. */
    bool (*stays_at_module)(void *ctx, const struct kd_state_change *load);
    struct kdt_recorder
        *recorder; /* of what goes over the link; may be NULL; outlives the session */
};

struct kdt_live_stats {
    struct kd_session_counters session;
    uint64_t packets_sent, packets_received;     /* of KD, whole ones; not the break-in byte */
    uint64_t datagrams_sent, datagrams_received; /* KDNET's, handshakes included */
    uint64_t bytes_sent, bytes_received;         /* by the link, all together */
    uint64_t unsent;    /* datagrams or packets that the system would not take */
    uint64_t refused;   /* datagrams that were not accepted, all reasons together */
    uint64_t garbled;   /* packets that arrived damaged; KDNET has none, they are refused */
    uint64_t frozen_us; /* all that the target has stood, as kdt_live_frozen_us counts it */
};

/* Listen, or open the port. KD_ERR_BUSY: it is in use; KD_ERR_USAGE: the spec has no key;
 * KD_ERR_NOT_FOUND, KD_ERR_IO. Returns before any target was heard: what connects does so in
 * _attach, and fails there. */
enum kd_status kdt_live_open(const struct kdt_live_opts *opts, struct kdt_live **out);
/* Take leave if that did not happen, close, wipe, free. NULL is fine. */
void kdt_live_close(struct kdt_live *l);

/* Wait for the target, halt it. On success *version and *stop say what it is and why it stands
 * (stop->path is valid until the next halt). A target that is a boot debugger counts as success:
 * see version->major. Again after kdt_live_resume: the timeout counts from the call then. */
enum kd_status kdt_live_attach(struct kdt_live *l, struct kd_version *version,
                               struct kd_state_change *stop);
/* After attaching to a boot debugger, or after a restart: let it go on, attach to the next stage;
 * after KD_ERR_LOST: wait for the target to be there again, as one does whose firmware is busy, who
 * sleeps, or whose cable was pulled; where that was its connection, it is made anew. The timeout is
 * that of attaching, from the call. */
enum kd_status kdt_live_next_stage(struct kdt_live *l, struct kd_version *version,
                                   struct kd_state_change *stop);

/* Up to len bytes of a halted target, split as the link wants it; *done: how many bytes from va on
 * were read, also on failure. KD_ERR_NOT_MAPPED: the byte behind them cannot be read. */
enum kd_status kdt_live_read_virtual(struct kdt_live *l, uint64_t va, void *buf, size_t len,
                                     size_t *done);
enum kd_status kdt_live_read_physical(struct kdt_live *l, uint64_t pa, void *buf, size_t len,
                                      size_t *done);
/* AMD64 control space of one processor; index 2: special registers. *got: bytes that came.
 * KD_ERR_REFUSED: no such processor or index. */
enum kd_status kdt_live_read_control(struct kdt_live *l, uint16_t processor, uint64_t index,
                                     void *buf, size_t len, size_t *got);

/* Let it run and stay attached / let it run and take leave. *is_presumed (may be NULL): no
 * acknowledgement came, which a running target does not owe. _leave may be called in any state, is
 * done at once where no target was ever linked, and takes two seconds and a half at the most, but
 * for a halted target that was slow in answering all the time (see KD_SESSION_SLOW_MS), and for a
 * connection that was cut, which gets two seconds to come back. */
enum kd_status kdt_live_resume(struct kdt_live *l, bool *is_presumed);
enum kd_status kdt_live_leave(struct kdt_live *l, bool *is_presumed);
/* No leave will be taken: a target that stands is left halted, for whoever wants to look at it next. */
void kdt_live_abandon(struct kdt_live *l);

/* Of a target that was let run: hear what it says for so long; 0: what has arrived already. Events go
 * to on_event meanwhile.
 *     KD_OK               it halted by itself, and stands until the next _resume; *stop says why (its
 *                         path is valid until the next halt)
 *     KD_ERR_TIMEOUT      the time is over, and it runs
 *     KD_ERR_INTERRUPTED  _stop_listening was called; it runs
 *     KD_ERR_REBOOTED     it restarted, or a snapshot of it was restored (see kdnet.h); _next_stage
 *     KD_ERR_LOST         the connection was cut; or, on KDNET, where a target calls every three
 *                         seconds, it was silent for ten: it sleeps, or the cable is pulled.
 *                         _next_stage. A stream owes nothing, and mere silence there is none. */
enum kd_status kdt_live_listen(struct kdt_live *l, uint32_t ms, struct kd_state_change *stop);
/* The _listen that is waiting, else the next one, returns at once. For on_event. */
void kdt_live_stop_listening(struct kdt_live *l);
/* Halt it again, as fast as the link allows: its version is asked for only where the link shows signs
 * of a restart. Where it stands already, *stop says why, at once. KD_ERR_TIMEOUT: it is busy, and
 * runs; a halt that comes later is reported by _listen, or taken by the next _break. KD_ERR_LOST:
 * also when it did not halt for half a minute of such breaks. Else as _listen. */
enum kd_status kdt_live_break(struct kdt_live *l, uint32_t timeout_ms,
                              struct kd_state_change *stop);

/* How long the target has stood by now; where it runs, how long its last stop was: from the arrival of
 * its first report until the Continue was acknowledged, or presumed to have arrived; with the time that
 * a link took to come back meanwhile. Microseconds. */
uint64_t kdt_live_frozen_us(const struct kdt_live *l);
/* KD_OK while the session is fit for use; else what ended it, which later calls will say. */
enum kd_status kdt_live_over(const struct kdt_live *l);

/* Every waiting call returns KD_ERR_CANCELLED soon, later ones at once; _leave and _close still
 * work. Safe in signal handlers. */
void kdt_live_cancel(struct kdt_live *l);

/* In which pieces to ask for memory that is kept: a power of two. */
uint32_t kdt_live_line_len(const struct kdt_live *l);

enum kd_run_state kdt_live_run_state(const struct kdt_live *l);
void kdt_live_get_stats(const struct kdt_live *l, struct kdt_live_stats *out);

#ifdef __cplusplus
}
#endif
#endif
