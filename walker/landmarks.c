#include "landmarks.h"

#include <walker/debugger_data.h>

enum {
    IMAGE_LEN_MAX = 64 << 20, /* the largest kernel has 18 MiB [seen] */
    BLOCKS_MAX = 8, /* other parts of the kernel may have registered theirs in the same list */
};

static void add(struct kdw_landmarks *l, const struct kdw_target *target, const char *name,
                uint64_t va)
{
    if (va <= target->kernel_base_va || va - target->kernel_base_va >= IMAGE_LEN_MAX)
        return; /* not known, or not in the image */
    l->all[l->count++] = (struct kdw_landmark){name, va - target->kernel_base_va};
}

static enum kd_status read_own(struct kdw_mem *mem, const struct kdw_target *target, uint64_t at,
                               struct kdw_debugger_data *out)
{
    struct kdw_debugger_data block;
    enum kd_status st = kdw_debugger_data_read(mem, at, NULL, NULL, &block);

    if (st == KD_OK && block.kernel_base_va != target->kernel_base_va)
        return KD_ERR_NOT_FOUND;
    if (st == KD_OK)
        *out = block;
    return st;
}

/* The kernel's own block on the list of such blocks, which is the first one [seen]. */
static enum kd_status find_block(struct kdw_mem *mem, const struct kdw_target *target,
                                 uint64_t *block_va, struct kdw_debugger_data *out)
{
    uint64_t at = target->debugger_data_list_va;

    for (int i = 0; i < BLOCKS_MAX; i++) {
        enum kd_status st = kdw_mem_u64(mem, at, &at); /* Flink */

        if (st == KD_OK && at == target->debugger_data_list_va)
            return KD_ERR_NOT_FOUND;
        if (st == KD_OK)
            st = read_own(mem, target, at, out);
        if (st == KD_OK)
            *block_va = at;
        if (st != KD_ERR_NOT_FOUND)
            return st;
    }
    return KD_ERR_NOT_FOUND;
}

enum kd_status kdw_landmarks_read(struct kdw_mem *mem, const struct kdw_target *target,
                                  struct kdw_landmarks *out)
{
    struct kdw_landmarks l = {.count = 0};
    struct kdw_debugger_data block = {0};
    uint64_t block_va = target->debugger_data_va; /* where it is, even if it is encoded there */
    enum kd_status st = KD_ERR_NOT_FOUND;

    if (target->debugger_data_list_va != 0)
        st = find_block(mem, target, &block_va, &block);
    if (st != KD_OK && !kdw_ends_walk(st) && block_va != 0)
        st = read_own(mem, target, block_va, &block);
    if (kdw_ends_walk(st))
        return st;
    add(&l, target, "PsLoadedModuleList",
        target->module_list_va ? target->module_list_va : block.module_list_va);
    add(&l, target, "KdDebuggerDataBlock", block_va);
    add(&l, target, "PsActiveProcessHead",
        target->process_list_va ? target->process_list_va : block.process_list_va);
    add(&l, target, "PspCidTable", block.cid_table_va);
    add(&l, target, "NtBuildLab", block.build_lab_va);
    add(&l, target, "KiProcessorBlock", block.processor_block_va);
    add(&l, target, "EtwpDebuggerData", block.etwp_debugger_data_va);
    add(&l, target, "MmPhysicalMemoryBlock", block.physical_memory_va);
    *out = l;
    return KD_OK;
}
