/* target.h - what a memory source knows beside memory, as plain facts.
 *
 * Filled by whoever opened the source (cli/source.c for a live session); each fact may be unknown,
 * which a zero says. The walker never asks where they came from.
 *
 * Source    GetVersion64 and the state change of a live target [seen]; dump.h. */
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
    bool is_kernel;           /* the NT kernel, not a boot debugger or hypervisor */
    uint32_t processor_count; /* 0: unknown */
    uint64_t kernel_base_va;
    uint64_t module_list_va;        /* PsLoadedModuleList */
    uint64_t debugger_data_list_va; /* list head before KDDEBUGGER_DATA64 */
    uint64_t dtb;                   /* page-table root: physical address */

    /* What a dump's header or debugger data says. Of times and product memory knows better, where it
     * has them. */
    uint64_t process_list_va;  /* PsActiveProcessHead */
    uint64_t debugger_data_va; /* KDDEBUGGER_DATA64, be it KdDebuggerDataBlock or a copy of it */
    uint64_t build_lab_va;     /* NtBuildLab: characters */
    uint64_t time_100ns;       /* since 1601, UTC */
    uint64_t uptime_100ns;
    uint32_t product_type, suite_mask; /* the second is known where the first is */
    bool has_bugcheck;
    uint32_t bugcheck_code; /* see bugcheck.h */
    uint64_t bugcheck_parameters[4];
};

#ifdef __cplusplus
}
#endif
#endif
