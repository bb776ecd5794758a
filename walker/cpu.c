/* cpu.c - each processor's registers that protect, as the kernel saved them when it was stopped.
 *
 * They stand in its _KPRCB. A kernel saves them on every processor when it enters its debugger or
 * crashes; in a snapshot of a machine that just ran they are as old as its last stop, or zero.
 *
 * EFER is not among them, and a debugger can read it of one processor only. Whether NX is on is seen by
 * what the kernel does: with NX off the bit of an entry that says so is reserved, and whoever used the
 * page would fault [doc]. So one page of the kernel's that has it proves it for all that run there.
 *
 * Source    Places of the special registers: a build 9600 kernel on the wire [seen], public symbols of
 *           18362, 19041 and 22000 [seen]. When they are saved: public kernel listings [guess]. Page-table
 *           entries seen from MmPteBase on: public descriptions [doc]. */
#include "etw_parts.h"

#include <walker/debugger_data.h>

enum { POINTER_LEN = 8, ENTRY_LEN = 8, PAGE = 4096 };

/* Of ProcessorState.SpecialRegisters. */
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

/* A unit. Symbols of a few types alone lack it; the debugger data block has it, for debuggers without. */
static enum kd_status ask_block(struct kdw_walk *w, void *arg)
{
    struct cpu_plan *out = arg;
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

/* ---- what is so for all of them ---- */

enum { LEVELS_MAX = 5 };
#define ENTRY_PRESENT UINT64_C(1)
#define ENTRY_LARGE   (UINT64_C(1) << 7)
#define ENTRY_NX      (UINT64_C(1) << 63)

/* The tables are pages as well: the entries of all pages stand in a row from base on, and so do those
 * of these, in the same row. How many levels there are shows in which bits of base are free. Fills in
 * where the entries on the way to va are, the lowest first; 0: that is no such base. */
static size_t locate_entries(uint64_t base, uint64_t va, uint64_t entries_va[LEVELS_MAX])
{
    const size_t levels = base >> 47 == 0x1ffff ? 4 : 5;
    const unsigned bits = levels == 4 ? 48 : 57;

    if (!(base >> 63) || (base & ((UINT64_C(1) << (bits - 9)) - 1)) != 0)
        return 0;
    for (size_t i = 0; i < levels; i++) {
        va = base + (va & ((UINT64_C(1) << bits) - 1)) / PAGE * ENTRY_LEN;
        entries_va[i] = va;
    }
    return levels;
}

/* By the page of the System process: objects are in pool that nobody may execute [doc]. */
static enum kd_status read_nx(struct kdw_walk *w, struct kdw_u64 *nx)
{
    uint64_t entries_va[LEVELS_MAX];
    struct kdw_u64 base, object_va, entry;
    size_t level;
    enum kd_status st = kdw_walk_variable(w, "MmPteBase", &base);

    if (st == KD_OK)
        st = kdw_walk_variable(w, "PsInitialSystemProcess", &object_va);
    if (st != KD_OK || !kdw_is_set(&base) || !kdw_is_set(&object_va))
        return st;
    level = locate_entries(base.value, object_va.value, entries_va);
    while (level-- > 0) {
        st = kdw_walk_u64(w, entries_va[level], &entry);
        if (st != KD_OK || entry.status != KD_OK || !(entry.value & ENTRY_PRESENT))
            return st;
        if (entry.value & ENTRY_NX) {
            *nx = kdw_known(1);
            return KD_OK;
        }
        if (level > 0 && (entry.value & ENTRY_LARGE))
            return KD_OK; /* there is no table below */
    }
    return KD_OK;
}

static enum kd_status read_flag(struct kdw_walk *w, const char *name, struct kdw_u64 *out)
{
    uint64_t va;
    enum kd_status st = kdw_walk_symbol(w, name, &va);

    if (st != KD_OK)
        return st == KD_ERR_NOT_FOUND ? KD_OK : st;
    return kdw_walk_u8(w, va, out);
}

/* A unit. */
static enum kd_status read_common(struct kdw_walk *w, void *arg)
{
    struct kdw_cpu *common = arg;
    enum kd_status st = read_nx(w, &common->nx);

    if (st == KD_OK)
        st = read_flag(w, "KiKvaShadow", &common->kva_shadow);
    return st == KD_OK ? read_flag(w, "VslVsmEnabled", &common->vsm_enabled) : st;
}

/* ---- all of them ---- */

struct processor { /* the unit of one */
    const struct cpu_plan *plan;
    const struct kdw_cpu *common;
    uint64_t block_va; /* KiProcessorBlock */
    uint32_t i;
    bool is_there;
};

static enum kd_status add_cpu(struct kdw_walk *w, void *arg)
{
    struct processor *unit = arg;
    struct kdw_cpu *cpu;
    struct kdw_u64 va;
    enum kd_status st = kdw_walk_u64(w, unit->block_va + (uint64_t)POINTER_LEN * unit->i, &va);

    unit->is_there = va.status != KD_OK || va.value != 0;
    if (st != KD_OK || !unit->is_there)
        return st;
    cpu = kdw_snapshot_add(w->s, KDW_TABLE_CPUS, va.value);
    if (!cpu)
        return w->s->tables[KDW_TABLE_CPUS].is_cut ? KD_OK : KD_ERR_NO_MEMORY;
    cpu->nx = unit->common->nx;
    cpu->kva_shadow = unit->common->kva_shadow;
    cpu->vsm_enabled = unit->common->vsm_enabled;
    if (va.status == KD_OK && unit->plan->exists)
        return read_cpu(w, unit->plan, cpu);
    if (va.status != KD_OK)
        cpu->number = va; /* of one that is there, and no more is known */
    return KD_OK;
}

/* How many there are says the target; else the first place that is 0. */
static enum kd_status read_cpus(struct kdw_walk *w, const struct cpu_plan *plan, uint64_t block_va)
{
    static const struct kdw_u64 unknown = {.status = KD_ERR_NOT_FOUND};
    struct kdw_cpu common = {.nx = unknown, .kva_shadow = unknown, .vsm_enabled = unknown};
    struct processor unit = {
        .plan = plan, .common = &common, .block_va = block_va, .is_there = true};
    uint32_t count = w->k->target->processor_count;
    enum kd_status st = kdw_walk_unit(w, read_common, &common);

    if (count == 0 || count > KDW_PROCESSORS_MAX)
        count = KDW_PROCESSORS_MAX;
    for (; unit.i < count && unit.is_there && st == KD_OK; unit.i++)
        st = kdw_walk_unit(w, add_cpu, &unit);
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
        st = kdw_walk_unit(w, ask_block, &plan);
    return st == KD_OK ? read_cpus(w, &plan, block_va) : st;
}
