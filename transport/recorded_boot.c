#include "recorded_boot.h"

#include <kdproto/context_x64.h>

#include <stdlib.h>

enum { MACHINE_AMD64 = 0x8664 };

enum kd_status kdt_recorded_boot_create(struct kdt_recorded_boot **out)
{
    struct kdt_recorded_boot *b = calloc(1, sizeof *b);

    if (!b || kdt_recorded_memory_create(&b->virt) != KD_OK ||
        kdt_recorded_memory_create(&b->phys) != KD_OK) {
        kdt_recorded_boot_destroy(b);
        return KD_ERR_NO_MEMORY;
    }
    *out = b;
    return KD_OK;
}

void kdt_recorded_boot_destroy(struct kdt_recorded_boot *b)
{
    if (!b)
        return;
    kdt_recorded_memory_destroy(b->virt);
    kdt_recorded_memory_destroy(b->phys);
    free(b);
}

void kdt_recorded_boot_stop(struct kdt_recorded_boot *b, const struct kd_state_change *stop)
{
    b->has_stop = true;
    b->stop = *stop;
    b->stop.path = (struct kd_span){0}; /* it points into the packet */
    b->has_dtb = false;                 /* perhaps another process is the current one now */
}

/* What came is known. An answer of nothing, or one that names an error, says that the byte behind
 * what came cannot be read; a live session understands it likewise (live_read.c). */
static enum kd_status hear_memory(struct kdt_recorded_memory *memory, const struct kd_manipulate *m)
{
    uint64_t va = m->u.memory.va;
    uint32_t count = m->u.memory.count;
    struct kd_span bytes = kd_manipulate_read_data(m, count);
    enum kd_status st = KD_OK;

    if (bytes.len > 0)
        st = kdt_recorded_memory_put(memory, va, bytes.data, bytes.len);
    if (st != KD_OK || bytes.len == count || bytes.len > UINT64_MAX - va)
        return st;
    if (bytes.len > 0 && !kd_ntstatus_is_failure(m->status))
        return KD_OK; /* the target's buffer was full */
    return kdt_recorded_memory_refuse(memory, va + bytes.len, count - bytes.len, m->status);
}

static void hear_control_space(struct kdt_recorded_boot *b, const struct kd_manipulate *m)
{
    struct kd_span bytes = kd_manipulate_read_data(m, m->u.memory.count);
    struct kd_x64_special special;

    if (b->version.machine != MACHINE_AMD64 || m->u.memory.va != KD_X64_CONTROL_SPECIAL ||
        !b->has_stop || m->processor != b->stop.processor)
        return;
    if (kd_x64_special_decode(bytes.data, bytes.len, &special) != KD_OK)
        return;
    b->has_dtb = true;
    b->dtb = kd_dtb_of_cr3(special.cr3);
    b->cr4 = special.cr4;
}

enum kd_status kdt_recorded_boot_reply(struct kdt_recorded_boot *b, const struct kd_manipulate *m)
{
    switch (m->api) {
    case KD_API_READ_VIRTUAL:
        return hear_memory(b->virt, m);
    case KD_API_READ_PHYSICAL:
        return hear_memory(b->phys, m);
    case KD_API_READ_CONTROL_SPACE:
        hear_control_space(b, m);
        return KD_OK;
    case KD_API_GET_VERSION:
        if (!kd_ntstatus_is_failure(m->status)) {
            b->has_version = true;
            b->version = m->u.version;
        }
        return KD_OK;
    default: /* tells nothing that is kept */
        return KD_OK;
    }
}
