/* nt_fate.c - what befalls one kernel before its memory becomes a file, as far as it stands in the kernel's
 * own variables. */
#include "nt_parts.h"

/* The code and its four parameters; the first processor in KeBugCheckEx, with its arguments. */
void nt_crash(struct lab_machine *m, uint32_t code, const uint64_t parameters[4])
{
    uint64_t data = at_rva(m, NT_RVA_KiBugCheckData);
    uint64_t va = m->info.kprcb[0] + offsetof(struct _KPRCB, ProcessorState.ContextFrame);
    struct _CONTEXT context;

    put_u64(m, data, code);
    put(m, data + 8, parameters, 4 * sizeof(parameters[0]));
    if (lab_memory_read(m->memory, va, &context, sizeof(context)) != sizeof(context))
        return;
    context.Rip = at_rva(m, NT_RVA_KeBugCheckEx);
    context.Rcx = code;
    context.Rdx = parameters[0];
    context.R8 = parameters[1];
    context.R9 = parameters[2];
    put(m, va, &context, sizeof(context));
}

static uint64_t swap_bytes(uint64_t v)
{
    uint64_t out = 0;

    for (unsigned i = 0; i < 64; i += 8)
        out |= (v >> i & 0xff) << (56 - i);
    return out;
}

static uint64_t rotate_right(uint64_t v, unsigned n)
{
    return n == 0 ? v : v >> n | v << (64 - n);
}

/* Backwards what a debugger does to decode it [doc]. */
void nt_encode(struct lab_machine *m)
{
    static const uint8_t yes = 1;
    uint64_t block = at_rva(m, NT_RVA_KdDebuggerDataBlock);
    uint64_t encoded = at_rva(m, NT_RVA_KdpDataBlockEncoded);
    uint64_t never = get_u64(m, at_rva(m, NT_RVA_KiWaitNever));
    uint64_t always = get_u64(m, at_rva(m, NT_RVA_KiWaitAlways));
    uint64_t end = block + (get_u64(m, block + 0x10) >> 32); /* its length is behind the tag */

    for (uint64_t at = block; at < end; at += 8) {
        uint64_t turned = encoded ^ swap_bytes(get_u64(m, at) ^ always);

        put_u64(m, at, never ^ rotate_right(turned, never & 63));
    }
    put(m, encoded, &yes, 1);
    put(m, at_rva(m, NT_RVA_KdpBootedNodebug), &yes, 1);
}

bool nt_swizzle(struct lab_machine *m, uint64_t mask)
{
    if (!NT_RVA_MiState)
        return false;
    put_u64(m,
            at_rva(m, NT_RVA_MiState) +
                offsetof(struct _MI_SYSTEM_INFORMATION, Hardware.InvalidPteMask),
            mask);
    return true;
}
