#include <walker/stretch.h>

#include <assert.h>

enum kd_status kdw_stretch_read(struct kdw_mem *mem, uint64_t va, uint8_t *bytes, size_t len,
                                struct kdw_stretch *out)
{
    struct kdw_stretch s = {.mem = mem, .va = va, .bytes = bytes, .len = len, .got = len};

    s.status = kdw_mem_read(mem, va, bytes, len, &s.fault_va);
    if (kdw_ends_walk(s.status))
        return s.status;
    if (s.status != KD_OK)
        s.got = (size_t)(s.fault_va - va);
    *out = s;
    return KD_OK;
}

enum kd_status kdw_stretch_part(const struct kdw_stretch *s, size_t offset, size_t len,
                                const uint8_t **at, uint64_t *fault_va)
{
    uint64_t fault = s->fault_va;
    enum kd_status st = s->status;

    assert(offset <= s->len && len <= s->len - offset);
    if (offset + len <= s->got)
        st = KD_OK;
    else if (!kd_is_page_unreadable(st))
        st = kdw_mem_read(s->mem, s->va + offset, s->bytes + offset, len, &fault);
    if (st != KD_OK) {
        *fault_va = fault;
        return st;
    }
    *at = s->bytes + offset;
    return KD_OK;
}
