/* ip_fragments.h - IP datagrams put together again from the fragments that a capture holds.
 *
 * Fragments may come in any order, twice, or never; where two disagree, what came first stays. A
 * fragment that continues what was begun more than KDT_FRAGMENT_LIFE_NS away belongs to something
 * else: 16 bits of identification come around.
 *
 * Bounds    KDT_FRAGMENTED_MAX datagrams of 64 KiB; one more drops the oldest.
 * Lifetime  _create to _destroy. What was put together is valid until the next call of _add.
 * Threads   One at a time.
 * Source    RFC 791, 3.2; RFC 8200, 4.5 [doc]. */
#ifndef TRANSPORT_IP_FRAGMENTS_H
#define TRANSPORT_IP_FRAGMENTS_H

#include <kdproto/bytes.h>
#include <kdproto/status.h>

enum { KDT_FRAGMENTED_MAX = 64 };
#define KDT_FRAGMENT_LIFE_NS 30000000000u /* as Linux waits; RFC 8200 has 60 s, RFC 791 15 */

struct kdt_fragment {
    uint8_t from[16], to[16]; /* IPv4 as ::ffff:a.b.c.d */
    uint32_t id;              /* 16 bits in IPv4 */
    uint8_t protocol;         /* what the datagram holds; of IPv6 the first fragment's counts */
    bool is_last;
    uint32_t offset; /* of its bytes in the datagram's; a multiple of 8 */
    struct kd_span bytes;
};

struct kdt_fragments;

enum kd_status kdt_fragments_create(struct kdt_fragments **out); /* KD_ERR_NO_MEMORY */
void kdt_fragments_destroy(struct kdt_fragments *t);             /* NULL is fine */

/* KD_OK: *whole is the datagram that f completed. KD_ERR_TRUNCATED: more is to come.
 * KD_ERR_MALFORMED: no datagram can have that fragment. KD_ERR_NO_MEMORY. */
enum kd_status kdt_fragments_add(struct kdt_fragments *t, const struct kdt_fragment *f,
                                 uint64_t time_ns, uint8_t *protocol, struct kd_span *whole);
/* Fragments so far, copies left out, of datagrams that have not been completed. */
uint64_t kdt_fragments_incomplete(const struct kdt_fragments *t);

#endif
