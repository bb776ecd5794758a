/* ram.h - of a live machine's physical addresses those that are memory, and no others.
 *
 * Behind the rest are devices, whose registers may do something when they are read, or nothing, and a
 * machine may hang on it. Page tables lead there: drivers map their devices, programs what drivers
 * give them, and what is no page table leads anywhere.
 *
 * Lifetime  Filled by _init, no _deinit; `physical` must outlive it.
 * Errors    Of reads: KD_ERR_NOT_MEMORY, and what `physical` answers.
 * Source    KDDEBUGGER_DATA64.MmPhysicalMemoryBlock, _PHYSICAL_MEMORY_DESCRIPTOR [doc]; that devices
 *           suffer from reads [guess]. */
#ifndef WALKER_RAM_H
#define WALKER_RAM_H

#include <walker/mem.h>
#include <walker/target.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { KDW_RAM_RUNS_MAX = 256 }; /* firmware leaves machines some ten to thirty */

struct kdw_ram_run { /* physical addresses; the end is the first one behind */
    uint64_t start_pa, end_pa;
};

struct kdw_ram {
    struct kdw_mem mem; /* first: the read function gets this */
    struct kdw_mem *physical;
    struct kdw_ram_run runs[KDW_RAM_RUNS_MAX]; /* in ascending order */
    size_t len;
};

/* By what the kernel says of its machine: its debugger data block leads there. kernel_mem is its
 * virtual memory. KD_ERR_NOT_FOUND: it does not say; KD_ERR_MALFORMED, KD_ERR_LIMIT: what it says cannot
 * be; diag explains. */
enum kd_status kdw_ram_init(struct kdw_ram *ram, struct kdw_mem *physical,
                            struct kdw_mem *kernel_mem, const struct kdw_target *target,
                            struct kd_diag *diag);
struct kdw_mem *kdw_ram_mem(struct kdw_ram *ram);
/* Behind the last of it. */
uint64_t kdw_ram_end_pa(const struct kdw_ram *ram);

#ifdef __cplusplus
}
#endif
#endif
