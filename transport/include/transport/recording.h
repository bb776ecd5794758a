/* recording.h - a recorded session, or several, packet by packet.
 *
 *     capture file --> UDP datagrams --> one conversation for each pair of ends --> records
 *                                         KDNET: opened with the key
 *                                         a wrapped stream (recorder.h): cut into packets
 *
 * Each record is one thing that one end said: a KD packet, a break-in, a call of KDNET, or what could
 * not be understood. What it means in its conversation is said with it: whether it repeats an earlier
 * packet, which request a reply answers, which halt of the target it belongs to, in which boot.
 *
 * Stops      The halts of all targets in the file, numbered from 1 in the order in which they came. A
 *            state change that is said again is the same stop. A stop lasts until a Continue.
 * Boots      What is known of a target is void once it restarts or enters its next boot stage. A boot
 *            begins with the first GetVersion64 reply of a conversation, and with each later one that
 *            follows a sign of a restart: KDNET's handshake with a new part B, or a lower part A (a
 *            snapshot), a stream's first packet id with the sync bit after ones without it; or that
 *            names another kernel base, module list, version, build or machine. Numbered from 1 over the
 *            file; 0: before any. Between the sign, which may be damage, and the reply the number is
 *            still that of the boot before.
 * Memory     does not grow with the file.
 *
 * Lifetime   _open to _close, which wipes keys; what a record points to is valid until the next call.
 * Threads    One at a time.
 * Errors     enum kd_status, explained in the diag given at _open.
 * Source     As kdnet_tap.h, framer.h, manipulate.h say. */
#ifndef TRANSPORT_RECORDING_H
#define TRANSPORT_RECORDING_H

#include <kdproto/diag.h>
#include <kdproto/kdnet_datagram.h>
#include <kdproto/kdnet_key.h>
#include <kdproto/manipulate.h>
#include <kdproto/packet.h>
#include <kdproto/state_change.h>
#include <transport/endpoint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct kdt_recording;

enum kdt_record_kind {
    KDT_RECORD_PACKET,    /* a KD packet */
    KDT_RECORD_BREAK_IN,  /* the byte that asks a target to halt */
    KDT_RECORD_PING,      /* KDNET: a target's first data datagram */
    KDT_RECORD_POKE,      /* KDNET: a target calls */
    KDT_RECORD_RESPONSE,  /* KDNET: a host answers a call */
    KDT_RECORD_HOST_POKE, /* KDNET: a host asks to be called */
    KDT_RECORD_UNKNOWN,   /* KDNET: it verified, but is nothing that is known */
    KDT_RECORD_DAMAGED, /* what begins as a packet and is none. Noise between packets is not told */
    KDT_RECORD_UNVERIFIED, /* KDNET: it could not be opened; status says why: KD_ERR_AUTH (the key, or
                              damage), KD_ERR_NOT_FOUND (the handshake that made its data key is not in
                              the recording), KD_ERR_USAGE (no key was given), else as kdnet_open */
};

struct kdt_record { /* NOLINT(*Padding): in the order in which it is explained */
    enum kdt_record_kind kind;
    uint64_t number;       /* of the packet in the file that it ended in, from 1 */
    uint64_t time_ns;      /* since 1970, UTC, of that packet */
    unsigned conversation; /* which pair of ends, from 0 */
    bool is_stream;
    bool is_from_host;     /* not of UNVERIFIED */
    enum kd_status status; /* UNVERIFIED */

    /* KDNET, what was opened: version, sequence, channel and payload. Zero for streams. */
    struct kdnet_datagram datagram;
    /* Bytes of it in the file: the datagram, or the packet with its trailer. 0 where a stream is
     * DAMAGED. */
    size_t wire_len;

    /* PACKET */
    struct kd_packet packet;
    /* This end said the same data packet before, and nothing new since. The id is the same; a stream's
     * id may be another behind a RESET. */
    bool is_repeat;
    bool has_manipulate; /* a request or a reply that could be decoded */
    struct kd_manipulate manipulate;
    bool is_answer;    /* the first reply to the last request of this conversation */
    uint64_t asked_ns; /* is_answer: when that request was sent first, if it was asked again */
    bool has_state_change;
    struct kd_state_change state_change;
    /* has_state_change, and it is neither one said again nor what SwitchProcessor asked for. */
    bool is_new_stop;
    /* A Continue, Continue2, Reboot or bugcheck request, the first that ended it. Where it was lost, and
     * the state change is said again, the stop goes on. */
    bool ends_stop;

    unsigned stop; /* in which the conversation stands: 0: it runs, or has not been seen halted. The
                      Continue that ends a stop still belongs to it. */
    unsigned boot;
    bool is_new_boot;  /* the GetVersion64 reply that begins one */
    unsigned restarts; /* signs of a restart in this conversation so far: what comes under another
                          number is of another target memory, whatever `boot` is yet */
};

struct kdt_recording_opts {
    const char *path;
    const struct kdnet_key *key; /* copied; NULL: none, which streams do not need */
    struct kd_diag *diag;        /* outlives the recording */
};

/* As kdt_capture_open; KD_ERR_NO_MEMORY, KD_ERR_IO (cryptography). */
enum kd_status kdt_recording_open(const struct kdt_recording_opts *opts,
                                  struct kdt_recording **out);
void kdt_recording_close(struct kdt_recording *r); /* NULL is fine */

/* KD_ERR_NOT_FOUND: the end. KD_ERR_TRUNCATED: the file ends inside a packet; KD_ERR_MALFORMED,
 * KD_ERR_IO, KD_ERR_UNSUPPORTED (another link type): it is damaged there, or cannot be read on.
 * KD_ERR_LIMIT: more conversations than KDT_CONVERSATIONS_MAX. All of these are the end: the answer
 * stays. */
enum kd_status kdt_recording_next(struct kdt_recording *r, struct kdt_record *out);

enum { KDT_CONVERSATIONS_MAX = 64 };

struct kdt_recording_counts { /* so far */
    uint64_t packets;         /* of the file */
    uint64_t not_udp; /* of them, that held no whole UDP datagram: other protocols, damage */
    uint64_t cut;     /* of those, that whoever captured them had cut short (a snapshot length) */
    uint64_t other;   /* UDP datagrams of something else */
    uint64_t incomplete; /* fragments of datagrams whose rest is not in the file */
    uint64_t duplicates; /* of KDNET, captured twice, as by two interfaces; they make no records */
    uint64_t kdnet;      /* datagrams of KDNET, duplicates not among them */
    uint64_t verified;   /* of those */
    uint64_t keyless;    /* of the others: no key was given */
    uint64_t without_handshake; /* of the others: nor is what made their data key in the file */
    uint64_t stream_bytes;      /* of wrapped streams */
    unsigned conversations, stops, boots;
};
void kdt_recording_get_counts(const struct kdt_recording *r, struct kdt_recording_counts *out);
/* For whoever read all of it and found no target that was halted: KD_ERR_USAGE (no key was given),
 * KD_ERR_AUTH (nothing verifies), or KD_ERR_NOT_FOUND, and the reason in words. */
enum { KDT_WHY_NOTHING_MAX = 160 };
enum kd_status kdt_recording_why_nothing(const struct kdt_recording *r,
                                         char text[KDT_WHY_NOTHING_MAX]);
/* The ends of a conversation that a record named. Which is which is sure once something of it was
 * opened; until then the one who spoke first is taken for the target. */
void kdt_recording_ends(const struct kdt_recording *r, unsigned conversation,
                        struct kdt_endpoint *host, struct kdt_endpoint *target);
/* How much of the file was read. total 0: unknown (a pipe). */
void kdt_recording_position(const struct kdt_recording *r, uint64_t *done, uint64_t *total);

#ifdef __cplusplus
}
#endif
#endif
