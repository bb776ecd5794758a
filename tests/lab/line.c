/* A wire that misbehaves. A packet's way through it:
 *
 *   put    cut       a byte stream into packets: leader, ByteCount, trailer; any other byte alone;
 *                    a packet that stops in the middle is passed on as it is after 100 ms
 *          fate      drawn for each packet from the seed and its number alone
 *          copies    none when dropped, two when doubled; each corrupted and cut short for itself
 *          held      when reordered, until another has passed, or 20 ms; one packet at a time
 *   take   on its way  delayed; on a slow line each byte has its moment */
#include "line.h"

#include <stdlib.h>
#include <string.h>

#include "packets.h"
#include "random.h"

#define SILENCE_US  100000u /* then a packet that was cut off will not be finished */
#define HELD_US     20000u
#define PIECE_US    1000u /* at least, between two pieces of a packet on a slow line */
#define GARBAGE_MAX 32
#define NS_PER_US   1000u
#define BITS_NS     10000000000u /* 10 bits a byte, at one bit a second */
#define BUFFER_MAX  (4u << 20)   /* bytes on their way: minutes of a slow line */

#define DATA_MAX        4096
#define PACKET_TYPE_MAX 11
#define PACKET_MAX      (sizeof(struct lab_header) + DATA_MAX + 1)

struct piece {
    struct piece *next;
    uint64_t from_ns; /* when its first byte starts to arrive */
    size_t len, taken;
    uint8_t bytes[];
};

struct list {
    struct piece *first, *last;
};

struct lab_line {
    struct lab_line_options opts;
    struct lab_line_stats stats;
    uint64_t mixed_seed;

    uint8_t cut[PACKET_MAX]; /* the beginning of a packet */
    size_t cut_len;
    uint64_t cut_until_us;

    struct list held;
    uint64_t held_until_us;

    struct list on_way;
    size_t on_way_bytes;
    uint64_t free_ns;   /* when the line has carried all that is on its way */
    uint64_t taken_us;  /* when a piece was last taken */
    struct piece *done; /* wholly taken: its bytes are the caller's until the next call */
};

/* ---- lists of pieces ---- */

static void append(struct list *l, struct list *more)
{
    if (!more->first)
        return;
    if (l->first)
        l->last->next = more->first;
    else
        l->first = more->first;
    l->last = more->last;
    *more = (struct list){0};
}

static struct piece *pop(struct list *l)
{
    struct piece *p = l->first;

    if (p)
        l->first = p->next;
    return p;
}

static void clear(struct list *l)
{
    struct piece *p;

    while ((p = pop(l)))
        free(p);
}

struct lab_line *lab_line_create(const struct lab_line_options *opts)
{
    struct lab_line *l = calloc(1, sizeof *l);

    if (!l)
        return NULL;
    l->opts = *opts;
    l->mixed_seed = lab_random(&l->opts.seed); /* seeds that are neighbours shall not be alike */
    return l;
}

void lab_line_destroy(struct lab_line *l)
{
    if (!l)
        return;
    clear(&l->held);
    clear(&l->on_way);
    free(l->done);
    free(l);
}

static void forget_done(struct lab_line *l)
{
    free(l->done);
    l->done = NULL;
}

/* ---- on the way ---- */

static uint64_t bytes_ns(const struct lab_line *l, uint64_t count)
{
    return l->opts.faults.baud > 0 ? count * BITS_NS / l->opts.faults.baud : 0;
}

/* When so many of its bytes have arrived. */
static uint64_t arrival_us(const struct lab_line *l, const struct piece *p, size_t count)
{
    return (p->from_ns + bytes_ns(l, count) + NS_PER_US - 1) / NS_PER_US + l->opts.faults.delay_us;
}

static void send(struct lab_line *l, struct list *pieces, uint64_t now_us)
{
    for (struct piece *p = pieces->first; p; p = p->next) {
        uint64_t now_ns = now_us * NS_PER_US;

        p->from_ns = l->free_ns > now_ns ? l->free_ns : now_ns;
        l->free_ns = p->from_ns + bytes_ns(l, p->len);
        l->on_way_bytes += p->len;
    }
    append(&l->on_way, pieces);
}

static void release_held(struct lab_line *l, uint64_t now_us)
{
    send(l, &l->held, now_us);
}

/* ---- faults ---- */

static bool happens(uint64_t *random, double probability)
{
    return (double)(lab_random(random) >> 11) < probability * (double)(UINT64_C(1) << 53);
}

/* A new piece at the end of a list, or NULL: the wire is full, or memory is. */
static struct piece *add(struct lab_line *l, struct list *to, size_t len)
{
    struct piece *p = NULL;
    struct list one;

    if (l->on_way_bytes + len <= BUFFER_MAX)
        p = malloc(sizeof *p + len);
    if (!p) {
        l->stats.overrun++;
        return NULL;
    }
    *p = (struct piece){.len = len};
    one = (struct list){p, p};
    append(to, &one);
    return p;
}

static void add_garbage(struct lab_line *l, struct list *to, uint64_t *random)
{
    size_t len = 1 + (size_t)(lab_random(random) % GARBAGE_MAX);
    struct piece *p = add(l, to, len);

    if (!p)
        return;
    for (size_t i = 0; i < len; i++) {
        do
            p->bytes[i] = (uint8_t)lab_random(random);
        while (l->opts.is_towards_target && p->bytes[i] == LAB_BREAK_IN_BYTE);
    }
    l->stats.garbage++;
}

static void add_copy(struct lab_line *l, struct list *to, const uint8_t *bytes, size_t len,
                     uint64_t *random)
{
    bool is_corrupt = happens(random, l->opts.faults.corrupt);
    bool is_cut = happens(random, l->opts.faults.truncate) && len > 1;
    uint64_t bit = lab_random(random) % (len * 8), missing = lab_random(random);
    struct piece *p = add(l, to, len);

    if (!p)
        return;
    memcpy(p->bytes, bytes, len);
    if (is_corrupt) {
        p->bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        l->stats.corrupted++;
    }
    if (is_cut) {
        p->len -= 1 + (size_t)(missing % (len - 1));
        l->stats.truncated++;
    }
}

/* Fates do not depend on what became of other packets, so that one more packet does not change all
 * that follow: each has numbers of its own, and draws them in the same order. */
static void pass(struct lab_line *l, const uint8_t *bytes, size_t len, uint64_t now_us)
{
    const struct lab_line_faults *f = &l->opts.faults;
    uint64_t random = l->mixed_seed + l->stats.packets++;
    bool is_dropped = happens(&random, f->drop), is_doubled = happens(&random, f->dup);
    bool is_late = happens(&random, f->reorder), has_garbage = happens(&random, f->garbage);
    struct list copies = {0}, garbage = {0};

    random = lab_random(&random);
    l->stats.dropped += is_dropped;
    l->stats.doubled += is_doubled && !is_dropped;
    for (int i = 0; !is_dropped && i <= is_doubled; i++)
        add_copy(l, &copies, bytes, len, &random);
    if (has_garbage)
        add_garbage(l, &garbage, &random);
    send(l, &garbage, now_us);
    if (!copies.first)
        return;
    if (is_late && !l->held.first) {
        l->stats.reordered++;
        append(&l->held, &copies);
        l->held_until_us = now_us + HELD_US;
        return;
    }
    send(l, &copies, now_us);
    release_held(l, now_us);
}

/* ---- packets in a byte stream ---- */

static bool is_leader_byte(uint8_t byte)
{
    return byte == (LAB_LEADER_DATA & 0xFF) || byte == (LAB_LEADER_CONTROL & 0xFF);
}

/* The length of the packet that begins here: 0 when none does, and what is needed to tell as long as
 * that is more than what is there. */
static size_t packet_len(const uint8_t *bytes, size_t len)
{
    struct lab_header h;

    for (size_t i = 0; i < len && i < sizeof h.leader; i++)
        if (!is_leader_byte(bytes[i]) || bytes[i] != bytes[0])
            return 0;
    if (len < sizeof h)
        return sizeof h;
    memcpy(&h, bytes, sizeof h);
    if (h.type == 0 || h.type > PACKET_TYPE_MAX || h.byte_count > DATA_MAX)
        return 0;
    if (h.leader == LAB_LEADER_CONTROL)
        return h.byte_count == 0 ? sizeof h : 0;
    return h.byte_count > 0 ? sizeof h + h.byte_count + 1 : 0;
}

/* Pass on what is complete in the buffer; keep the beginning of a packet. */
static void pass_packets(struct lab_line *l, uint64_t now_us)
{
    size_t at = 0;

    while (at < l->cut_len) {
        size_t len = packet_len(l->cut + at, l->cut_len - at);

        if (len == 0)
            len = 1;
        if (len > l->cut_len - at)
            break;
        pass(l, l->cut + at, len, now_us);
        at += len;
    }
    l->cut_len -= at;
    memmove(l->cut, l->cut + at, l->cut_len);
}

static void pass_unfinished(struct lab_line *l, uint64_t now_us)
{
    pass(l, l->cut, l->cut_len, now_us);
    l->cut_len = 0;
}

static void release_due(struct lab_line *l, uint64_t now_us)
{
    if (l->held.first && now_us >= l->held_until_us)
        release_held(l, l->held_until_us);
}

/* What waited for something to happen that did not, in the order of its times. */
static void keep_time(struct lab_line *l, uint64_t now_us)
{
    if (l->cut_len > 0 && now_us >= l->cut_until_us) {
        release_due(l, l->cut_until_us);
        pass_unfinished(l, l->cut_until_us);
    }
    release_due(l, now_us);
}

/* ---- in and out ---- */

void lab_line_put(struct lab_line *l, const uint8_t *bytes, size_t len, uint64_t now_us)
{
    forget_done(l);
    keep_time(l, now_us);
    l->stats.bytes += len;
    if (!l->opts.is_stream) {
        if (len > 0)
            pass(l, bytes, len, now_us);
        return;
    }
    while (len > 0) {
        size_t n = sizeof l->cut - l->cut_len; /* never 0: a whole packet is passed on at once */

        if (n > len)
            n = len;
        memcpy(l->cut + l->cut_len, bytes, n);
        l->cut_len += n;
        bytes += n;
        len -= n;
        pass_packets(l, now_us);
    }
    l->cut_until_us = now_us + SILENCE_US;
}

/* How many of its bytes are there to be taken. A datagram is there as a whole or not at all. */
static size_t arrived(const struct lab_line *l, const struct piece *p, uint64_t now_us)
{
    size_t low = p->taken, high = p->len;

    if (arrival_us(l, p, p->len) <= now_us)
        return p->len - p->taken;
    if (!l->opts.is_stream || (now_us > l->taken_us && now_us < l->taken_us + PIECE_US))
        return 0;
    while (low + 1 < high) { /* so many have arrived; so many have not */
        size_t middle = low + (high - low) / 2;

        if (arrival_us(l, p, middle) <= now_us)
            low = middle;
        else
            high = middle;
    }
    return low - p->taken;
}

bool lab_line_take(struct lab_line *l, uint64_t now_us, const uint8_t **bytes, size_t *len)
{
    struct piece *p;
    size_t n;

    forget_done(l);
    keep_time(l, now_us);
    p = l->on_way.first;
    n = p ? arrived(l, p, now_us) : 0;
    if (n == 0)
        return false;
    *bytes = p->bytes + p->taken;
    *len = n;
    p->taken += n;
    l->on_way_bytes -= n;
    l->taken_us = now_us;
    if (p->taken == p->len)
        l->done = pop(&l->on_way);
    return true;
}

/* The end of a packet is told at its moment; what comes of it before, now and then. */
static uint64_t next_arrival_us(const struct lab_line *l)
{
    const struct piece *p = l->on_way.first;
    uint64_t end_us, next_us;

    if (!p)
        return UINT64_MAX;
    end_us = arrival_us(l, p, p->len);
    if (!l->opts.is_stream)
        return end_us;
    next_us = arrival_us(l, p, p->taken + 1);
    if (next_us < l->taken_us + PIECE_US)
        next_us = l->taken_us + PIECE_US;
    return next_us < end_us ? next_us : end_us;
}

uint64_t lab_line_deadline(const struct lab_line *l)
{
    uint64_t at_us = next_arrival_us(l);

    if (l->cut_len > 0 && l->cut_until_us < at_us)
        at_us = l->cut_until_us;
    if (l->held.first && l->held_until_us < at_us)
        at_us = l->held_until_us;
    return at_us;
}

const struct lab_line_stats *lab_line_stats(const struct lab_line *l)
{
    return &l->stats;
}
