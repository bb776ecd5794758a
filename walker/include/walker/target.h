/* target.h - what a memory source knows beside memory, as plain facts.
 *
 * Filled by whoever opened the source (cli/source.c for a live session); each fact may be unknown,
 * which a zero says. The walker never asks where they came from.
 *
 * Source    GetVersion64 and the state change of a live target [seen]. */
#ifndef WALKER_TARGET_H
#define WALKER_TARGET_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct kdw_target {
    uint16_t machine; /* 0x8664: AMD64 */
    uint16_t build;   /* 18362; for people only, nothing is decided by it */
    bool is_checked;  /* a checked build of the kernel */
    bool is_mp;
    bool is_kernel; /* the NT kernel, not a boot debugger or hypervisor */
    uint32_t processor_count; /* 0: unknown */
    uint64_t kernel_base_va;
    uint64_t module_list_va;        /* PsLoadedModuleList */
    uint64_t debugger_data_list_va; /* list head before KDDEBUGGER_DATA64 */
    uint64_t dtb;                   /* page-table root: physical address */
};

#ifdef __cplusplus
}
#endif
#endif
