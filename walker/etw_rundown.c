#include "etw_parts.h"

#include <kdproto/bytes.h>

#include <stdlib.h>

/* A cache-aware rundown reference: a count for each processor, each in a cache line of its own. Whoever
 * takes a reference adds 2 to that of the processor it runs on, and may give it back on another: one
 * count alone may be below zero, their sum is not. Bit 0 set: no more are given, and the count is gone
 * [guess: kernel listings]. */

enum {
    COUNT_LEN = 8,
    STRIDE_MAX = 256, /* cache lines have 64 or 128 bytes */
    ENDED = 1,
};

struct rundown { /* _EX_RUNDOWN_REF_CACHE_AWARE */
    struct kdw_u64 counts_va, stride, number;
};

static const struct kdw_plan_field fields[] = {
    KDW_PLAN_U64("RunRefs", struct rundown, counts_va),
    KDW_PLAN_U64("RunRefSize", struct rundown, stride),
    KDW_PLAN_U64("Number", struct rundown, number),
};

enum kd_status kdw_rundown_resolve(struct kdw_walk *w, struct kdw_rundown_plan *out)
{
    return kdw_plan_resolve_optional(w, "_EX_RUNDOWN_REF_CACHE_AWARE", fields,
                                     sizeof fields / sizeof fields[0], &out->plan);
}

static bool is_known(const struct kdw_u64 *fact, struct kdw_u64 *out)
{
    if (fact->status != KD_OK)
        *out = *fact;
    return fact->status == KD_OK;
}

/* The counts, which lie together, in one read. */
static enum kd_status sum(struct kdw_walk *w, const struct rundown *r, struct kdw_u64 *out)
{
    size_t stride = (size_t)r->stride.value, number = (size_t)r->number.value;
    size_t len = (number - 1) * stride + COUNT_LEN;
    uint8_t *bytes = malloc(len);
    uint64_t total = 0, ended = 0, fault = 0;
    enum kd_status st;

    if (!bytes)
        return KD_ERR_NO_MEMORY;
    st = kdw_mem_read(w->k->mem, r->counts_va.value, bytes, len, &fault);
    for (size_t i = 0; i < number && st == KD_OK; i++) {
        struct kd_reader reader = kd_reader_of(bytes + i * stride, COUNT_LEN);
        uint64_t count = kd_rd_u64(&reader);

        total += count;
        ended |= count & ENDED;
    }
    free(bytes);
    *out = (struct kdw_u64){.status = st, .fault_va = fault};
    if (st == KD_OK)
        *out = ended ? (struct kdw_u64){.status = KD_ERR_NOT_FOUND} : kdw_known(total / 2);
    return kdw_ends_walk(st) ? st : KD_OK;
}

enum kd_status kdw_rundown_count(struct kdw_walk *w, const struct kdw_rundown_plan *plan,
                                 uint64_t va, struct kdw_u64 *out)
{
    struct rundown r = {
        {KD_ERR_NOT_FOUND, 0, 0}, {KD_ERR_NOT_FOUND, 0, 0}, {KD_ERR_NOT_FOUND, 0, 0}};
    enum kd_status st = kdw_plan_read(w, &plan->plan, va, &r);

    if (st != KD_OK)
        return st;
    if (!is_known(&r.counts_va, out) || !is_known(&r.stride, out) || !is_known(&r.number, out))
        return KD_OK;
    if (r.number.value == 0 || r.number.value > KDW_PROCESSORS_MAX || r.stride.value < COUNT_LEN ||
        r.stride.value > STRIDE_MAX) {
        *out = (struct kdw_u64){.status = KD_ERR_MALFORMED};
        return KD_OK;
    }
    return sum(w, &r, out);
}
