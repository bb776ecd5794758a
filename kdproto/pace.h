/* pace.h - how long to wait for the other end. Private.
 *
 * The protocol notes give times for a link of unknown speed; they are upper bounds. Once round trips
 * were measured, waiting takes four of them, and each further try twice as long as the one before.
 * On a slow line, the time that the bytes themselves take comes on top: from the speed that the
 * caller knows, or from the fastest reply so far.
 *
 * Threads   Those of the exchange that it lives in.
 * Source    Bounds and factors: rules of this project, within what targets are known to do [guess]. */
#ifndef KDPROTO_PACE_H
#define KDPROTO_PACE_H

#include <kdproto/session.h>

struct kd_pace {
    enum kd_dialect dialect;
    bool is_told;              /* its speed, by the caller: a serial line gets no faster */
    uint32_t bytes_per_second; /* told or learnt; 0: nothing known */
    bool has_round_trip;
    uint64_t round_trip_x8_ms; /* smoothed, times eight */
    uint64_t cap_ms;           /* nothing but bytes takes longer; KD_NEVER: no cap */
};

void kd_pace_init(struct kd_pace *p, const struct kd_session_opts *opts);
void kd_pace_forget(struct kd_pace *p); /* another target: its round trips are its own */

/* A packet sent once was acknowledged after took_ms. */
void kd_pace_round_trip(struct kd_pace *p, uint64_t took_ms);
/* len bytes, and the thinking before them, took took_ms: the line is that fast at least. */
void kd_pace_arrived(struct kd_pace *p, size_t len, uint64_t took_ms);

uint64_t kd_pace_round_trip_ms(const struct kd_pace *p); /* 0: not known */

/* Until the n-th try (from 0) of a packet of len bytes is repeated. */
uint64_t kd_pace_ack_ms(const struct kd_pace *p, unsigned n, size_t len);
/* Until the n-th RESEND for a reply of about len bytes. is_slow: its answer takes computing. */
uint64_t kd_pace_reply_ms(const struct kd_pace *p, unsigned n, size_t len, bool is_slow);
/* Between a RESET and the next. */
uint64_t kd_pace_reset_ms(const struct kd_pace *p);
/* What len bytes take; 0 where that does not matter or is not known. */
uint64_t kd_pace_transfer_ms(const struct kd_pace *p, size_t len);

#endif
