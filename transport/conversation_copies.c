#include "conversation.h"

#include <string.h>

static uint64_t mac_of(struct kd_span datagram)
{
    uint64_t mac = 0;

    if (datagram.len >= KD_IV_LEN)
        memcpy(&mac, datagram.data + datagram.len - KD_IV_LEN, sizeof mac);
    return mac;
}

/* The bits of a MAC are as good as random, so any of them spread. */
static size_t set_of(uint64_t mac)
{
    return mac % KDT_COPIES_SETS;
}

static bool is_near(uint64_t a_ns, uint64_t b_ns)
{
    return (a_ns < b_ns ? b_ns - a_ns : a_ns - b_ns) < KDT_COPIES_WITHIN_NS;
}

const struct kdt_copies_entry *kdt_copies_find(const struct kdt_copies *c, struct kd_span datagram,
                                               uint64_t time_ns)
{
    uint64_t mac = mac_of(datagram);
    const struct kdt_copies_entry *set = c->entries[set_of(mac)];

    for (size_t i = 0; mac != 0 && i < KDT_COPIES_WAYS; i++)
        if (set[i].mac == mac && is_near(set[i].time_ns, time_ns))
            return &set[i];
    return NULL;
}

void kdt_copies_note(struct kdt_copies *c, struct kd_span datagram, uint64_t time_ns,
                     bool is_verified)
{
    uint64_t mac = mac_of(datagram);
    struct kdt_copies_entry *set = c->entries[set_of(mac)];

    memmove(&set[1], &set[0], (KDT_COPIES_WAYS - 1) * sizeof set[0]);
    set[0] = (struct kdt_copies_entry){mac, time_ns, is_verified};
}
