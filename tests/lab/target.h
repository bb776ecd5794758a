/* target.h - a machine that is being debugged, over KDNET or a byte stream, as a state machine
 * without I/O.
 *
 * Datagrams or bytes, and time, go in; datagrams or packets, and the next deadline, come out. The rules are those of
 * kd-protocol.md 5.6 and what it names, read from the target's side.
 *
 *   target.c            one life: boot, input, time, output
 *   target_kdnet.c      pokes, handshake, sealed datagrams
 *   target_stream.c     packets in a byte stream: serial line, pipe, TCP
 *   target_link.c       KD packets: ids, ACK, RESEND, RESET, retransmission
 *   target_run.c        running or halted; break-in, stages, what is said unasked
 *   target_stage.c      who is debugged: the boot debugger or the kernel; what it says while it boots
 *   target_requests.c   what a halted target is asked
 *   target_registers.c  what it answers about its processors
 *   target_tape.c       says and answers what a recording has instead of a machine
 *   target_stats.c      what it was asked, counted, as JSON
 *
 * Lifetime  The caller owns a target from _create to _destroy; machine or tape must outlive it. An output
 *           borrows from the target until the next call that takes it as non-const.
 * Units     now_us: any monotonic count of microseconds. */
#ifndef LAB_TARGET_H
#define LAB_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "machine.h"
#include "packets.h"
#include "seal.h"
#include "tape.h"

struct lab_endpoint {
    uint8_t address[16]; /* IPv4 as ::ffff:a.b.c.d */
    uint16_t port;
};

enum lab_carrier { LAB_OVER_KDNET, LAB_OVER_STREAM };

/* Id and RESET behaviour on a byte stream, as different targets show it (2.5, 2.7-2.9); target_link.c
 * has the table. */
enum lab_dialect {
    LAB_DIALECT_NTKD, /* an NT kernel: sync bit, noise as RESET id, repeats what is not acknowledged */
    LAB_DIALECT_BOOT, /* the same, waiting at boot: a pending packet, repeated until a host answers */
    LAB_DIALECT_MINIMAL, /* a stub: ids from 0x80800001, RESET with 0xDEADBEEF and only for id 0,
                            never repeats anything by itself, no reads in part */
    LAB_DIALECTS
};

struct lab_target_options {
    const struct lab_machine *machine; /* or: */
    const struct lab_tape *tape;
    enum lab_carrier carrier;
    enum lab_dialect dialect; /* over a stream */
    /* Of its serial line: what it says takes that long, and only then does it wait for an answer; the
     * bytes themselves come out at once. 0: no time. */
    uint32_t baud;
    /* Until an unacknowledged packet is repeated; 0: as real ones. To give up takes as long as ever. */
    uint64_t retransmit_us;
    uint8_t key[LAB_KEY_LEN];
    uint8_t version; /* KDNET version: 2, 4 or 5; over a stream only the quirks of its age */
    struct lab_endpoint target, host; /* what a poke says of the two ends */
    uint32_t first_id;                /* not 0: this kernel has spoken to a host before */
    bool boot;                        /* start as the boot debugger, become the kernel */
    bool chatter;                     /* print between request and reply, load modules on resume */
    uint64_t reboot_after;            /* requests, 0: never. Once. */
    uint64_t silent_after;            /* requests, 0: never */
    uint64_t seed;                    /* of all that looks random */
};

#define LAB_API_FIRST      0x3130u
#define LAB_API_COUNT      0x31u
#define LAB_FREEZES_MAX    1000 /* lengths kept; all are counted */
#define LAB_UNEXPECTED_MAX 20   /* requests kept; all are counted */

/* What was wrong in a byte stream (2.10). */
struct lab_stream_bad {
    uint64_t headers, checksums, trailers; /* each answered with RESEND */
    uint64_t timeouts;                     /* no byte for 250 ms in the middle of a packet */
    uint64_t skipped;                      /* bytes between packets that belong to none */
    uint64_t overrun; /* bytes that came while more was to be said than anybody had taken */
};

struct lab_stats {
    uint64_t requests;                  /* executed; one that was executed twice counts twice */
    uint64_t by_api[LAB_API_COUNT + 1]; /* the last: unknown numbers */
    uint64_t altering;                  /* those that a session for reading may not send (3.6) */
    uint64_t rip_advances;  /* the SetContext(Ex) it may send: Rip + 1 at an int3, nothing else */
    uint64_t rip_unchanged; /* slices of such a SetContextEx that hold no part of Rip */
    uint64_t bytes_read;    /* memory, virtual and physical */
    uint64_t freezes;       /* that have ended */
    uint64_t freeze_us;
    uint64_t freeze_each_us[LAB_FREEZES_MAX];
    uint64_t rehalts; /* continued at an int3 with Rip unchanged */
    uint64_t breaks;  /* break-in bytes */
    uint64_t retransmissions;
    uint64_t resends_sent, resends_received;
    uint64_t resets_received;
    uint64_t bad_packets;                    /* KD packets answered with RESEND */
    uint64_t packets_received, packets_sent; /* KD packets, well-formed ones */
    uint64_t duplicates; /* host packets that had been taken already: acknowledged and dropped */
    struct lab_stream_bad stream_bad;
    uint64_t bad_datagrams[LAB_BAD_KINDS];
    uint64_t datagrams_received, datagrams_sent;
    uint64_t pokes, handshakes;
    uint64_t stages; /* boot debugger and kernel count each */
    uint64_t reboots;
    uint64_t file_asked, file_answered, file_wrong;
    uint64_t lines_asked, lines_answered;
    uint64_t prints_acked;
    uint64_t given_up;   /* prints, module loads, file requests that no host acknowledged */
    uint64_t unexpected; /* requests whose answer is not on the tape */
    struct lab_manipulate unexpected_each[LAB_UNEXPECTED_MAX]; /* the first of them */
};

struct lab_target;

struct lab_target *lab_target_create(const struct lab_target_options *opts, uint64_t now_us);
void lab_target_destroy(struct lab_target *t); /* NULL is fine */

/* KDNET: one datagram. Stream: any number of bytes, split in any way. */
void lab_target_datagram(struct lab_target *t, const uint8_t *bytes, size_t len, uint64_t now_us);
void lab_target_bytes(struct lab_target *t, const uint8_t *bytes, size_t len, uint64_t now_us);
void lab_target_tick(struct lab_target *t, uint64_t now_us);
uint64_t lab_target_deadline(const struct lab_target *t); /* when _tick is due; UINT64_MAX: never */

/* Take the next datagram, packet or (stream) piece of text to send; false: nothing left. To be drained after every input and tick. */
bool lab_target_next_output(struct lab_target *t, const uint8_t **bytes, size_t *len);

/* Is the target running, with nothing said to it that will halt it? */
bool lab_target_is_running(const struct lab_target *t);

const struct lab_stats *lab_target_stats(const struct lab_target *t);
char *lab_target_stats_json(const struct lab_target *t, uint64_t now_us); /* for free() */

#endif
