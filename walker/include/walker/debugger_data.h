/* debugger_data.h - the kernel's debugger data block, KDDEBUGGER_DATA64 ("KDBG"), plain or encoded.
 *
 * A kernel that was booted without debugging encodes its block, and decodes it when it crashes or a
 * live dump is taken. So dumps and debugged machines hold it plain, images of others do not; what
 * is needed to decode it, symbols tell. All that is in it can be had by symbols as well: it is a
 * shortcut and a cross-check.
 *
 * Errors    What kd_is_unreadable names; KD_ERR_NOT_FOUND: no block here, plain or encoded with these
 *           keys. diag says of what and where.
 * Source    Fields: wdbgexts.h [doc], a triage dump of 19041 [seen]. The code: published analyses that
 *           agree [doc]. */
#ifndef WALKER_DEBUGGER_DATA_H
#define WALKER_DEBUGGER_DATA_H

#include <kdproto/diag.h>
#include <walker/mem.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Addresses of the kernel's variables of these names. */
struct kdw_debugger_keys {
    uint64_t wait_never_va;  /* KiWaitNever */
    uint64_t wait_always_va; /* KiWaitAlways */
    uint64_t encoded_va;     /* KdpDataBlockEncoded; the address itself is a key */
};

/* Most are addresses of variables, to be read once more; 0: this block is too short to have it. */
struct kdw_debugger_data {
    uint32_t len;
    bool was_encoded;
    uint64_t kernel_base_va;         /* KernBase */
    uint64_t module_list_va;         /* PsLoadedModuleList */
    uint64_t process_list_va;        /* PsActiveProcessHead */
    uint64_t cid_table_va;           /* of PspCidTable */
    uint64_t bugcheck_va;            /* KiBugcheckData: code and four parameters, u64 each */
    uint64_t pfn_database_va;        /* of MmPfnDatabase */
    uint64_t physical_memory_va;     /* of MmPhysicalMemoryBlock, see ram.h */
    uint64_t build_lab_va;           /* NtBuildLab: characters */
    uint64_t processor_block_va;     /* KiProcessorBlock: addresses of PRCBs */
    uint16_t process_len;            /* of an _EPROCESS */
    uint16_t prcb_number;            /* offsets in a PRCB: of its Number */
    uint16_t prcb_special_registers; /* ProcessorState.SpecialRegisters */
    uint64_t etwp_debugger_data_va;  /* EtwpDebuggerData: behind 16 bytes, the array of loggers */
    uint64_t pte_base;               /* the value: where page tables are addresses */
};

/* keys NULL: only a plain block is read. */
enum kd_status kdw_debugger_data_read(struct kdw_mem *mem, uint64_t va,
                                      const struct kdw_debugger_keys *keys, struct kd_diag *diag,
                                      struct kdw_debugger_data *out);

#ifdef __cplusplus
}
#endif
#endif
