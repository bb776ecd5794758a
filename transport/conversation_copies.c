#include "conversation.h"

#include <string.h>

enum { CIPHERTEXT_AT = 6 }; /* behind what stands in clear */

/* 0: it is too short to be told from others. */
static uint64_t mark_of(struct kd_span datagram)
{
    uint64_t cipher, mac;

    if (datagram.len < KDNET_DATAGRAM_MIN)
        return 0;
    memcpy(&cipher, datagram.data + CIPHERTEXT_AT, sizeof cipher);
    memcpy(&mac, datagram.data + datagram.len - KD_IV_LEN, sizeof mac);
    return cipher ^ mac;
}

/* Both are as good as random, so any bits of them spread. */
static size_t head_of(uint64_t mark)
{
    return mark % KDT_COPIES_HEADS;
}

static bool is_near(uint64_t a_ns, uint64_t b_ns)
{
    return (a_ns < b_ns ? b_ns - a_ns : a_ns - b_ns) < KDT_COPIES_WITHIN_NS;
}

/* Numbers go down along a chain, so it ends where the ring has overwritten it. */
const struct kdt_copies_entry *kdt_copies_find(const struct kdt_copies *c, struct kd_span datagram,
                                               uint64_t time_ns)
{
    uint64_t mark = mark_of(datagram);
    uint32_t n = mark ? c->heads[head_of(mark)] : 0;

    while (n != 0 && c->count - n < KDT_COPIES_WINDOW) {
        const struct kdt_copies_entry *e = &c->entries[n % KDT_COPIES_WINDOW];

        if (e->mark == mark && (e->kind == KDT_COPIES_UNIQUE || is_near(e->time_ns, time_ns)))
            return e;
        n = e->before;
    }
    return NULL;
}

void kdt_copies_note(struct kdt_copies *c, struct kd_span datagram, uint64_t time_ns,
                     enum kdt_copies_kind kind)
{
    uint64_t mark = mark_of(datagram);
    uint32_t *head = &c->heads[head_of(mark)];

    if (!mark)
        return;
    c->count++;
    c->entries[c->count % KDT_COPIES_WINDOW] =
        (struct kdt_copies_entry){mark, time_ns, *head, kind};
    *head = c->count;
}
