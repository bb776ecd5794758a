/* framer.h - packets in a byte stream: serial line, pipe, TCP.
 *
 *     bytes from the link ---> kd_framer_push ---> kd_framer_next, until KD_FRAMER_IDLE
 *
 * In a stream a data packet ends with a byte 0xAA, a control packet does not. Between packets there
 * may be anything: boot messages, break-in bytes, the rest of a packet whose beginning was lost. A
 * packet begins with four equal leader bytes; when what follows turns out to be no packet, the
 * search goes on behind those four, so a packet hidden in the wreck of another is found. How the
 * bytes were split on their way makes no difference, silence inside a packet does.
 *
 * Does no I/O and reads no clock; holds one packet and no more.
 *
 * Lifetime  The caller owns it from _create to _destroy. A packet borrows its data until the next
 *           call of _push or _clear.
 * Threads   One at a time.
 * Source    Trailer and resynchronising: public target implementations [doc]; how many RESENDs in a
 *           row make a RESET: rule of this project [guess]. */
#ifndef KDPROTO_FRAMER_H
#define KDPROTO_FRAMER_H

#include <kdproto/deadline.h>
#include <kdproto/packet.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    KD_FRAMER_SILENCE_MS = 250, /* inside a packet, longer silence means that the rest was lost */
    KD_FRAMER_RESENDS_MAX = 10, /* wishes for RESEND in a row, with no good packet between them */
};

enum kd_framer_result {
    KD_FRAMER_IDLE,   /* nothing more can be said before more bytes come, or silence */
    KD_FRAMER_PACKET, /* *out is a packet */
    KD_FRAMER_RESEND, /* a packet was damaged: ask for it again; said once for each */
    KD_FRAMER_RESET,  /* RESENDs do not help: start anew */
};

struct kd_framer;

enum kd_status kd_framer_create(struct kd_framer **out);
void kd_framer_destroy(struct kd_framer *f); /* NULL is fine */

/* Take bytes that arrived at now_ms. Returns how many were taken: all, or what fits; the rest is
 * pushed again after _next was idle, and then at least one byte is taken. */
size_t kd_framer_push(struct kd_framer *f, const uint8_t *bytes, size_t len, uint64_t now_ms);
enum kd_framer_result kd_framer_next(struct kd_framer *f, struct kd_packet *out);

/* Silence: call _tick at the deadline, then _next until it is idle. */
void kd_framer_tick(struct kd_framer *f, uint64_t now_ms);
uint64_t kd_framer_deadline_ms(const struct kd_framer *f); /* KD_NEVER: not inside a packet */

/* Forget what is held: the connection that it came over is gone. */
void kd_framer_clear(struct kd_framer *f);

#ifdef __cplusplus
}
#endif
#endif
