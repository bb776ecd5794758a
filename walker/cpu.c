/* cpu.c - each processor's registers that protect, as the kernel saved them when it was stopped.
 *
 * They stand in its _KPRCB. A kernel saves them on every processor when it enters its debugger or
 * crashes; in a snapshot of a machine that just ran they are as old as its last stop, or zero.
 *
 * Source    Places of the special registers: a build 9600 kernel on the wire [seen], public symbols of
 *           18362, 19041 and 22000 [seen]. When they are saved: public kernel listings [guess]. */
#include "etw_parts.h"

#include <walker/debugger_data.h>

enum { POINTER_LEN = 8 };

/* Of ProcessorState.SpecialRegisters. EFER is not among them. */
static const struct {
    uint64_t offset;
    size_t member;
} registers[] = {
    {0x00, offsetof(struct kdw_cpu, cr0)},  {0x10, offsetof(struct kdw_cpu, cr3)},
    {0x18, offsetof(struct kdw_cpu, cr4)},  {0xa0, offsetof(struct kdw_cpu, cr8)},
    {0xd8, offsetof(struct kdw_cpu, xcr0)},
};

struct cpu_plan { /* offsets in a _KPRCB */
    uint64_t number, special;
    bool exists;
};

static enum kd_status ask_symbols(struct kdw_walk *w, struct cpu_plan *out)
{
    bool has_number = false, has_special = false;
    enum kd_status st = kdw_walk_offset(w, "_KPRCB", "Number", &out->number, &has_number);

    if (st == KD_OK)
        st = kdw_walk_offset(w, "_KPRCB", "ProcessorState.SpecialRegisters", &out->special,
                             &has_special);
    out->exists = has_number && has_special;
    return st;
}

/* Symbols of a few types alone lack it; the debugger data block has it for debuggers without any. */
static enum kd_status ask_block(struct kdw_walk *w, struct cpu_plan *out)
{
    uint64_t va = w->k->target->debugger_data_va;
    struct kdw_debugger_data block;
    enum kd_status st = va ? KD_OK : kdw_walk_symbol(w, "KdDebuggerDataBlock", &va);

    if (st == KD_OK)
        st = kdw_debugger_data_read(w->k->mem, va, NULL, w->k->diag, &block);
    if (kdw_ends_walk(st))
        return st;
    kd_diag_clear(w->k->diag);
    out->exists = st == KD_OK && block.prcb_special_registers != 0;
    if (out->exists) {
        out->number = block.prcb_number;
        out->special = block.prcb_special_registers;
    }
    return KD_OK;
}

static enum kd_status read_cpu(struct kdw_walk *w, const struct cpu_plan *plan, struct kdw_cpu *cpu)
{
    enum kd_status st = kdw_walk_u32(w, cpu->va + plan->number, &cpu->number);

    for (size_t i = 0; i < sizeof registers / sizeof registers[0] && st == KD_OK; i++) {
        void *fact = (uint8_t *)cpu + registers[i].member;

        st = kdw_walk_u64(w, cpu->va + plan->special + registers[i].offset, fact);
    }
    return st;
}

/* How many there are says the target; else the first place that is 0. */
static enum kd_status read_cpus(struct kdw_walk *w, const struct cpu_plan *plan, uint64_t block_va)
{
    uint32_t count = w->k->target->processor_count;
    enum kd_status st = KD_OK;

    if (count == 0 || count > KDW_PROCESSORS_MAX)
        count = KDW_PROCESSORS_MAX;
    for (uint32_t i = 0; i < count && st == KD_OK; i++) {
        struct kdw_cpu *cpu;
        struct kdw_u64 va;

        st = kdw_walk_u64(w, block_va + (uint64_t)POINTER_LEN * i, &va);
        if (st != KD_OK || (va.status == KD_OK && va.value == 0))
            return st;
        cpu = kdw_snapshot_add(w->s, KDW_TABLE_CPUS, va.value);
        if (!cpu)
            return KD_ERR_NO_MEMORY;
        if (va.status == KD_OK && plan->exists)
            st = read_cpu(w, plan, cpu);
        else if (va.status != KD_OK)
            cpu->number = va; /* of one that is there, and no more is known */
    }
    return st;
}

enum kd_status kdw_walk_cpus(struct kdw_walk *w)
{
    struct cpu_plan plan = {.exists = false};
    uint64_t block_va;
    enum kd_status st;

    if (!(w->parts & KDW_PART_CPUS))
        return KD_OK;
    w->s->tables[KDW_TABLE_CPUS].is_taken = true;
    st = kdw_walk_symbol(w, "KiProcessorBlock", &block_va);
    if (st != KD_OK)
        return st == KD_ERR_NOT_FOUND ? KD_OK : st;
    st = ask_symbols(w, &plan);
    if (st == KD_OK && !plan.exists)
        st = ask_block(w, &plan);
    return st == KD_OK ? read_cpus(w, &plan, block_va) : st;
}
