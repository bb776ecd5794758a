/* line.h - one direction of a wire, and what happens on bad days: packets are lost, doubled, swapped,
 * damaged, cut short, held up, or arrive between garbage; and on a slow line each byte takes its time.
 *
 * Knows packets as far as it must to damage them one by one; does no I/O and reads no clock. The same
 * seed and the same packets give the same faults: the n-th packet's depend on nothing but seed and n.
 *
 * Lifetime  The caller owns a line from _create to _destroy. What _take hands out lives until the next
 *           call that takes the line as non-const.
 * Units     now_us: any monotonic count of microseconds. P: a probability, 0 to 1, for each packet. */
#ifndef LAB_LINE_H
#define LAB_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lab_line_faults {
    double drop; /* it never arrives */
    double dup;  /* it arrives twice, each copy corrupted or cut short for itself */
    /* It arrives behind the one that follows it (20 ms later, if none does). One that comes while
     * another is held up is not held up itself. */
    double reorder;
    double corrupt;  /* one bit of one byte is flipped */
    double truncate; /* bytes are missing at its end */
    /* 1 to 32 bytes come before it, also if it is dropped; a datagram of their own where packets are
     * datagrams; towards a target never 0x62, which would break in. */
    double garbage;
    uint64_t delay_us;
    uint32_t baud; /* 10 bits a byte; 0: as fast as it goes */
};

struct lab_line_options {
    struct lab_line_faults faults;
    bool is_stream; /* packets in a byte stream; else each packet is a datagram */
    bool is_towards_target;
    uint64_t seed;
};

struct lab_line_stats {
    uint64_t packets,
        bytes; /* as they were put in; a byte between packets is a packet of its own */
    uint64_t dropped, doubled, reordered, corrupted, truncated, garbage;
    uint64_t overrun; /* pieces lost because more than 4 MiB were on their way */
};

struct lab_line;

struct lab_line *lab_line_create(const struct lab_line_options *opts); /* NULL: out of memory */
void lab_line_destroy(struct lab_line *l);                             /* NULL is fine */

/* Datagrams: one. A stream: any number of bytes, split in any way; the line finds the packets. */
void lab_line_put(struct lab_line *l, const uint8_t *bytes, size_t len, uint64_t now_us);
/* The next piece that has arrived by now. False: nothing yet. A datagram at a time, or some bytes. To
 * be called until false after each put and at each deadline. */
bool lab_line_take(struct lab_line *l, uint64_t now_us, const uint8_t **bytes, size_t *len);
/* When the next arrives; UINT64_MAX: none is on its way. */
uint64_t lab_line_deadline(const struct lab_line *l);

const struct lab_line_stats *lab_line_stats(const struct lab_line *l);

#endif
