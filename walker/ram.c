#include <walker/ram.h>

#include "landmarks.h"

#include <kdproto/bytes.h>

#include <inttypes.h>
#include <string.h>

enum {
    HEADER_LEN = 16, /* NumberOfRuns, NumberOfPages at 8 */
    RUN_LEN = 16,    /* BasePage, PageCount */
    PAGE_SHIFT = 12,
};
static const uint64_t pages_max = UINT64_C(1) << 40; /* an address has 52 bits */

/* ---- which memory there is ---- */

/* The variable, by what the target says of itself: no symbols are needed. */
static enum kd_status find_block(struct kdw_mem *mem, const struct kdw_target *target,
                                 uint64_t *block_va)
{
    struct kdw_landmarks known;
    enum kd_status st = kdw_landmarks_read(mem, target, &known);

    for (size_t i = 0; st == KD_OK && i < known.count; i++)
        if (strcmp(known.all[i].name, "MmPhysicalMemoryBlock") == 0)
            return kdw_mem_u64(mem, target->kernel_base_va + known.all[i].rva, block_va);
    return st == KD_OK ? KD_ERR_NOT_FOUND : st;
}

static enum kd_status decode_run(struct kd_reader *r, uint64_t from_pa, struct kdw_ram_run *out)
{
    uint64_t first = kd_rd_u64(r), count = kd_rd_u64(r);

    if (count == 0 || first >= pages_max || count > pages_max - first ||
        first << PAGE_SHIFT < from_pa)
        return KD_ERR_MALFORMED;
    *out = (struct kdw_ram_run){first << PAGE_SHIFT, (first + count) << PAGE_SHIFT};
    return KD_OK;
}

static enum kd_status read_runs(struct kdw_mem *mem, uint64_t block_va, struct kdw_ram *ram)
{
    uint8_t bytes[HEADER_LEN + KDW_RAM_RUNS_MAX * RUN_LEN] = {0};
    struct kd_reader r = kd_reader_of(bytes, sizeof bytes);
    enum kd_status st = kdw_mem_read(mem, block_va, bytes, HEADER_LEN, NULL);
    uint32_t count = kd_rd_u32(&r);

    if (st != KD_OK)
        return st;
    if (count == 0)
        return KD_ERR_MALFORMED;
    if (count > KDW_RAM_RUNS_MAX)
        return KD_ERR_LIMIT;
    st =
        kdw_mem_read(mem, block_va + HEADER_LEN, bytes + HEADER_LEN, (size_t)count * RUN_LEN, NULL);
    kd_rd_seek(&r, HEADER_LEN);
    for (ram->len = 0; st == KD_OK && ram->len < count; ram->len += st == KD_OK)
        st = decode_run(&r, ram->len ? ram->runs[ram->len - 1].end_pa : 0, &ram->runs[ram->len]);
    return st;
}

/* ---- reading ---- */

/* The run that holds pa; NULL: none does. */
static const struct kdw_ram_run *run_at(const struct kdw_ram *ram, uint64_t pa)
{
    for (size_t i = 0; i < ram->len; i++)
        if (pa >= ram->runs[i].start_pa && pa < ram->runs[i].end_pa)
            return &ram->runs[i];
    return NULL;
}

static enum kd_status read_ram(struct kdw_mem *m, uint64_t at, void *buf, size_t len,
                               uint64_t *fault)
{
    struct kdw_ram *ram = (struct kdw_ram *)m;
    size_t done = 0;

    while (done < len) {
        const struct kdw_ram_run *run = run_at(ram, at + done);
        uint64_t left = run ? run->end_pa - (at + done) : 0;
        size_t n = left < len - done ? (size_t)left : len - done;
        enum kd_status st = KD_ERR_NOT_MEMORY;

        *fault = at + done;
        if (run)
            st = kdw_mem_read(ram->physical, at + done, (uint8_t *)buf + done, n, fault);
        if (st != KD_OK)
            return st;
        done += n;
    }
    return KD_OK;
}

/* ---- life ---- */

enum kd_status kdw_ram_init(struct kdw_ram *ram, struct kdw_mem *physical,
                            struct kdw_mem *kernel_mem, const struct kdw_target *target,
                            struct kd_diag *diag)
{
    uint64_t block_va = 0;
    enum kd_status st = find_block(kernel_mem, target, &block_va);

    if (st == KD_OK)
        st = read_runs(kernel_mem, block_va, ram);
    if (st != KD_OK)
        return kdw_explain_read(diag, st, "where the machine has memory (MmPhysicalMemoryBlock)");
    ram->mem.read = read_ram;
    ram->physical = physical;
    return KD_OK;
}

struct kdw_mem *kdw_ram_mem(struct kdw_ram *ram)
{
    return &ram->mem;
}

uint64_t kdw_ram_end_pa(const struct kdw_ram *ram)
{
    return ram->runs[ram->len - 1].end_pa;
}
