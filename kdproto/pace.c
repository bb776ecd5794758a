#include "pace.h"

enum {
    ACK_FIRST_MS = 300,
    ACK_LATER_MS = 500,
    ACK_STREAM_MS = 1000,
    REPLY_MS = 1000,
    REPLY_STREAM_MS = 3000,
    /* Two endpoints that answer each RESET at once never stop; and one that takes a RESET for part of a
     * longer packet must be given the silence to notice. */
    RESET_MIN_MS = KD_FRAMER_SILENCE_MS + 50,
    RESET_MAX_MS = 1000,
    RESET_ANSWER_LEN = 400, /* two RESETs, and the report of a stop behind them */
    TIMEOUT_MIN_MS = 20,
    DOUBLINGS_MAX = 8,
    SPEED_MIN = 120,         /* no line is slower: 1200 baud */
    SPEED_MAX = 1000 * 1000, /* bytes a second; at more, no packet takes a tick */
};

void kd_pace_init(struct kd_pace *p, const struct kd_session_opts *opts)
{
    *p = (struct kd_pace){.dialect = opts->dialect,
                          .is_told = opts->bytes_per_second != 0,
                          .bytes_per_second = opts->bytes_per_second,
                          .cap_ms = KD_NEVER};
}

void kd_pace_forget(struct kd_pace *p)
{
    p->has_round_trip = false;
    if (!p->is_told)
        p->bytes_per_second = 0;
}

/* --- measuring --- */

void kd_pace_round_trip(struct kd_pace *p, uint64_t took_ms)
{
    if (!p->has_round_trip)
        p->round_trip_x8_ms = took_ms * 8;
    else
        p->round_trip_x8_ms = p->round_trip_x8_ms - p->round_trip_x8_ms / 8 + took_ms;
    p->has_round_trip = true;
}

uint64_t kd_pace_round_trip_ms(const struct kd_pace *p)
{
    return p->has_round_trip ? p->round_trip_x8_ms / 8 : 0;
}

/* The fastest counts: what was slower had to be thought about. */
void kd_pace_arrived(struct kd_pace *p, size_t len, uint64_t took_ms)
{
    const bool is_learning = p->dialect == KD_DIALECT_STREAM && !p->is_told;
    uint64_t speed = took_ms ? (uint64_t)len * 1000 / took_ms : SPEED_MAX;

    if (speed > SPEED_MAX)
        speed = SPEED_MAX;
    if (is_learning && speed >= SPEED_MIN && speed > p->bytes_per_second)
        p->bytes_per_second = (uint32_t)speed;
}

/* --- waiting --- */

uint64_t kd_pace_transfer_ms(const struct kd_pace *p, size_t len)
{
    return p->bytes_per_second ? (uint64_t)len * 1000 / p->bytes_per_second : 0;
}

static uint64_t four_round_trips_ms(const struct kd_pace *p)
{
    uint64_t t = p->round_trip_x8_ms / 2;

    return t > TIMEOUT_MIN_MS ? t : TIMEOUT_MIN_MS;
}

/* bound is for a link of unknown speed. Doubling keeps one stall of the network from being taken
 * for a silent target. */
static uint64_t timeout_ms(const struct kd_pace *p, uint64_t bound, unsigned n, size_t len)
{
    uint64_t t = bound;

    if (p->has_round_trip) {
        t = four_round_trips_ms(p) << (n < DOUBLINGS_MAX ? n : DOUBLINGS_MAX);
        if (t > bound)
            t = bound;
    }
    if (t > p->cap_ms)
        t = p->cap_ms;
    return t + 2 * kd_pace_transfer_ms(p, len);
}

uint64_t kd_pace_ack_ms(const struct kd_pace *p, unsigned n, size_t len)
{
    if (p->dialect == KD_DIALECT_STREAM)
        return timeout_ms(p, ACK_STREAM_MS, n, len);
    return timeout_ms(p, n == 0 ? ACK_FIRST_MS : ACK_LATER_MS, n, 0);
}

uint64_t kd_pace_reply_ms(const struct kd_pace *p, unsigned n, size_t len, bool is_slow)
{
    uint64_t bound = p->dialect == KD_DIALECT_STREAM ? REPLY_STREAM_MS : REPLY_MS;

    return is_slow ? bound + 2 * kd_pace_transfer_ms(p, len) : timeout_ms(p, bound, n, len);
}

uint64_t kd_pace_reset_ms(const struct kd_pace *p)
{
    uint64_t t = p->has_round_trip ? 2 * four_round_trips_ms(p) : RESET_MIN_MS;

    if (t < RESET_MIN_MS)
        t = RESET_MIN_MS;
    if (t > RESET_MAX_MS)
        t = RESET_MAX_MS;
    return t + 2 * kd_pace_transfer_ms(p, RESET_ANSWER_LEN);
}
