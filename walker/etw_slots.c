#include "etw_parts.h"

#include <kdproto/bytes.h>

enum { PAGE_LEN = 4096, SLOT_LEN = 8 };

static uint64_t slot_va(const struct kdw_slots *s, size_t slot)
{
    return s->va + SLOT_LEN * slot;
}

/* The first slot that a hole at `fault` leaves alone: a target has no more of that page, in a
 * recording or a dump the next slot may be known. */
static size_t slot_behind(const struct kdw_slots *s, enum kd_status hole, uint64_t fault)
{
    uint64_t last = kd_is_page_unreadable(hole) ? fault | (PAGE_LEN - 1) : fault;

    return (size_t)((last - s->va) / SLOT_LEN + 1);
}

static size_t take_known(struct kdw_slots *s, size_t slot, const uint8_t *bytes, size_t readable)
{
    struct kd_reader r = kd_reader_of(bytes, readable);

    kd_rd_seek(&r, slot * SLOT_LEN);
    while (kd_reader_left(&r) >= SLOT_LEN)
        s->values[slot++] = kdw_known(kd_rd_u64(&r));
    return slot;
}

enum kd_status kdw_slots_read(struct kdw_walk *w, uint64_t va, uint32_t len, struct kdw_slots *out)
{
    uint8_t bytes[KDW_LOGGERS_MAX * SLOT_LEN];
    size_t slot = 0;

    out->va = va;
    out->len = len;
    while (slot < len) {
        size_t at = slot * SLOT_LEN, end = (size_t)len * SLOT_LEN;
        uint64_t fault = 0;
        enum kd_status st = kdw_mem_read(w->k->mem, va + at, bytes + at, end - at, &fault);

        if (kdw_ends_walk(st))
            return st;
        slot = take_known(out, slot, bytes, st == KD_OK ? end : (size_t)(fault - va));
        if (st == KD_OK)
            return KD_OK;
        for (size_t behind = slot_behind(out, st, fault); slot < len && slot < behind; slot++)
            out->values[slot] = (struct kdw_u64){.status = st, .fault_va = slot_va(out, slot)};
    }
    return KD_OK;
}

bool kdw_slots_know_any(const struct kdw_slots *s)
{
    for (uint32_t i = 0; i < s->len; i++)
        if (s->values[i].status == KD_OK)
            return true;
    return false;
}
