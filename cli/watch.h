/* watch.h - what happens while a target is watched, as events, and who hears of them.
 *
 *     watch_sweep      halts the target, walks as far as a break may last, lets it run, listens
 *       |   what it read
 *     watch_state      keeps what is known, compares, says what appeared, vanished, changed
 *       |   events
 *     watch_sink       text, JSON lines, the figures at the end, saved snapshots
 *
 * Sample    One break: the target is halted, read and let run. It has a number, from 1.
 * Sweep     Once through all that is watched. One that does not fit into a break goes over several; what is
 *           volatile (loggers, their consumers, security and system loggers) is read anew in each of them.
 * Windows   A change was noticed at `when` and had not happened at `since`: both are moments at which the
 *           very record was read, or the list that it is not in.
 * Times     of the host: nanoseconds since 1970, UTC; of the target: 100 ns since 1601, UTC, 0: unknown.
 * Lifetime  An event borrows everything; it is valid during the call that tells it. */
#ifndef CLI_WATCH_H
#define CLI_WATCH_H

#include <kdproto/state_change.h>
#include <walker/check.h>
#include <walker/diff.h>

enum watch_only { /* what is watched: bits */
                  WATCH_LOGGERS = 1 << 0,
                  WATCH_PROVIDERS = 1 << 1,
                  WATCH_SILOS = 1 << 2,
                  WATCH_PS = 1 << 3,
                  WATCH_CHECKS = 1 << 4,
                  WATCH_ALL = (1 << 5) - 1
};

struct watch_when {
    uint64_t host_ns;
    uint64_t target_100ns;
};

enum watch_reason {              /* why a sample was taken */
                    WATCH_FIRST, /* of this boot */
                    WATCH_EVERY, /* its time had come */
                    WATCH_ON_MODULE,
                    WATCH_ON_PRINT,
                    WATCH_ON_EXCEPTION,
                    WATCH_ON_BUGCHECK
};

struct watch_sample {
    uint64_t number;
    enum watch_reason reason;
    uint64_t frozen_us;
    uint64_t requests, bytes;  /* read meanwhile */
    uint64_t units, all_units; /* structures read; how many a whole sweep has, 0: not known yet */
    uint64_t sweep;            /* the one that it belongs to, from 1 */
};

enum watch_kind {
    WATCH_BEGIN, /* u.target: watching begins, of this kernel */
    WATCH_SAMPLE,
    WATCH_CHANGE,
    WATCH_VERDICT,
    WATCH_PRINT,
    WATCH_MODULE,
    WATCH_EXCEPTION,
    WATCH_BUGCHECK,
    WATCH_REBOOT,   /* the target restarted */
    WATCH_LOST,     /* it does not answer; u.text: why */
    WATCH_ATTACHED, /* u.target: after one of those two it is there again */
    WATCH_SAVED,    /* u.text: a snapshot, in this file */
    WATCH_MARK,     /* u.text: what who watches noted here; may be empty */
};

struct watch_target {
    const struct kdw_target *target;
    const char *symbols; /* where they are from */
    bool is_guess;
};

struct watch_verdict {
    unsigned check;
    enum kdw_verdict from, to;
    const struct kdw_snapshot *snapshot;
    const struct kdw_check_list *list;
};

struct watch_bugcheck {
    uint32_t code;
    uint64_t parameters[4];
};

struct watch_event {
    enum watch_kind kind;
    struct watch_when when;
    struct watch_when since; /* of changes and verdicts */
    uint64_t sample;         /* of changes and verdicts */
    union {
        struct watch_target target;
        struct watch_sample sample;
        struct kdw_change change;
        struct watch_verdict verdict;
        struct kd_span text; /* of the target, or of ours */
        struct kd_state_change stop;
        struct watch_bugcheck bugcheck;
    } u;
};

struct watch_sink {
    void (*tell)(struct watch_sink *sink, const struct watch_event *e);
};

#endif
