/* replay.h - the target of a recording, as it plays once more for another host.
 *
 * What it said unasked comes in the order of the recording, without repeats; what it was asked is
 * answered as it was then. How packets travel, when a halt ends, and what becomes of requests that would
 * alter the target is the caller's matter: nothing here waits, and after _open nothing is read.
 *
 *     next --> NOTE      say it, ask for the next
 *          --> QUESTION  say it, wait for the host's answer, ask for the next
 *          --> STOP      say it, answer what is asked until Continue, ask for the next
 *          --> BOOT      the target restarted: ids and handshake begin anew, memory is another
 *          --> KD_ERR_NOT_FOUND: it runs on and says nothing; a break-in halts it at stop_again
 *
 * At a stop, memory is what was read until the end of that stop, in the same boot; else what was read
 * there later; else what was refused. Of other answers the one of this stop counts, else that of the
 * nearest stop of the boot. Where several were given in one stop it is the first, as the halt found
 * things.
 *
 * Order      Several targets in a file play one after the other, each from its beginning. What was said
 *            between a request and its reply comes when the target runs again. Waiting times are not
 *            kept.
 * Bounds     Memory: what the target said and answered, without repetition.
 * Lifetime   _open to _close; what is said is valid until then.
 * Threads    One at a time.
 * Errors     enum kd_status, explained in the diag given at _open; how a file that is played all the same
 *            broke off stands there as well.
 * Source     As recording.h, recorded_memory.h. */
#ifndef TRANSPORT_REPLAY_H
#define TRANSPORT_REPLAY_H

#include <kdproto/manipulate.h>
#include <transport/recording.h>

#ifdef __cplusplus
extern "C" {
#endif

struct kdt_replay;

/* KD_ERR_USAGE: it is of KDNET, and no key was given; KD_ERR_AUTH: nothing verifies with the key;
 * KD_ERR_NOT_FOUND: no target in it that halted, or not the handshake that made its data key; and what
 * recording.h says. A file that breaks off is played as far as it goes: see facts.end. */
enum kd_status kdt_replay_open(const struct kdt_recording_opts *opts, struct kdt_replay **out);
void kdt_replay_close(struct kdt_replay *r); /* NULL is fine */

struct kdt_replay_facts {
    uint8_t kdnet_version; /* of the first target; 0: it was recorded on a stream */
    size_t boots, stops;
    enum kd_status end; /* KD_OK, or how the file broke off */
};
const struct kdt_replay_facts *kdt_replay_facts(const struct kdt_replay *r);

/* ---- what it says unasked ---- */

enum kdt_said_kind {
    KDT_SAID_NOTE,     /* a print or the like: wants its acknowledgement */
    KDT_SAID_QUESTION, /* for a line or a file: wants a packet of the same type */
    KDT_SAID_STOP,     /* a state change, at least its fixed part */
    KDT_SAID_BOOT,     /* no packet */
};

struct kdt_said {
    enum kdt_said_kind kind;
    uint16_t type;       /* enum kd_packet_type */
    struct kd_span data; /* of the packet */
    bool
        awaits_halt; /* STOP: the host had asked for it; all else comes by itself as the target runs */
};

/* KD_ERR_NOT_FOUND: nothing more; KD_ERR_NO_MEMORY. */
enum kd_status kdt_replay_next(struct kdt_replay *r, struct kdt_said *out);

/* Halted again behind the end, where the last stop was that was no farewell, with all memory of its boot.
 * A host has broken in, so it is told that, and no module load. As often as is wanted. */
void kdt_replay_stop_again(struct kdt_replay *r, struct kdt_said *out);

/* ---- what it answers in the stop that was said last ---- */

/* The answer to a request that reads, with at most max bytes of data, which is valid until the next call
 * of this function. KD_OK: that is what it said, a refusal maybe. KD_ERR_NOT_RECORDED: nobody asked for
 * that. KD_ERR_LIMIT: the answer does not fit and cannot be cut. */
enum kd_status kdt_replay_answer(struct kdt_replay *r, const struct kd_manipulate *request,
                                 size_t max, struct kd_manipulate *out);

/* The CONTEXT of a processor, put together if it was fetched in slices; false: it was not. Where it is that
 * of another stop the program counter is of this one. */
bool kdt_replay_context(const struct kdt_replay *r, uint16_t processor,
                        uint8_t out[KD_CONTEXT_LEN]);
/* Did it refuse GetContextEx? */
bool kdt_replay_lacks_context_ex(const struct kdt_replay *r);

#ifdef __cplusplus
}
#endif
#endif
