/* fuzz_walk.c - everything that a snapshot has, modules and system facts, of memory that makes no sense.
 *
 * The input is the target's memory: every address falls somewhere into it, so that any pointer in
 * it leads on, except for holes that its first bytes choose. The first byte also chooses the
 * layout, a brief list or all parts, whether a cache stands between, and whether the link is lost. */
#include "support/fake_kernel.h"

#include <walker/mem_cache.h>
#include <walker/modules.h>
#include <walker/snapshot.h>
#include <walker/system.h>

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    HEADER_LEN = 2,
    BLOCK_LEN = 512, /* mapped or not as a whole */
    LEN_MAX = 2048,  /* of one read, then comes a hole: long texts take time and are all alike */
    /* Far above what the walker's own bounds allow at once; a walk beyond it has no end. */
    READS_MAX = 8 * 1000 * 1000,
    /* Where most inputs lose their link: what a walk does after that much, it has done before.
     * One input in sixteen goes on, to prove that the walk ends by itself. */
    READS_BEFORE_LOSS = 300,
    BYTES_BEFORE_LOSS = 32 * 1024,
    READS_AFTER_LOSS = 8, /* a lost link ends every walk at once */
    GOES_ON = 0x3c,       /* bits of the first byte, all set */
};

struct image {
    struct kdw_mem mem; /* first */
    const uint8_t *bytes;
    size_t len;
    uint8_t holes;
    size_t reads, bytes_read;
    size_t reads_lost; /* since the link was lost */
    bool goes_on;
};

static enum kd_status image_read(struct kdw_mem *mem, uint64_t at, void *buf, size_t len,
                                 uint64_t *fault)
{
    struct image *m = (struct image *)mem;
    uint8_t *out = buf;

    m->bytes_read += len;
    if (++m->reads > READS_MAX)
        abort();
    if (!m->goes_on && (m->reads > READS_BEFORE_LOSS || m->bytes_read > BYTES_BEFORE_LOSS)) {
        if (++m->reads_lost > READS_AFTER_LOSS)
            abort();
        return KD_ERR_LOST;
    }
    for (size_t done = 0, n; done < len; done += n) {
        uint64_t va = at + done;
        size_t offset = (size_t)(va % m->len);

        if (done >= LEN_MAX || (va / BLOCK_LEN) % 256 < m->holes) {
            *fault = va;
            return KD_ERR_NOT_MAPPED;
        }
        n = BLOCK_LEN - (size_t)(va % BLOCK_LEN);
        if (n > m->len - offset)
            n = m->len - offset;
        if (n > len - done)
            n = len - done;
        memcpy(out + done, m->bytes + offset, n);
    }
    return KD_OK;
}

/* Symbols of each layout, made once. */
static struct fake_kernel *kernel_of(uint8_t choice)
{
    static const char *const builds[] = {"14393", "18362", "22000"};
    static struct fake_kernel kernels[3];
    struct fake_kernel *k = &kernels[choice % 3];

    if (!k->kernel.symbols)
        fake_kernel_init(k, builds[choice % 3]);
    return k;
}

static void walk(struct kdw_mem *mem, struct fake_kernel *k, unsigned parts)
{
    struct kdw_kernel kernel = k->kernel; /* its memory is not used */
    struct kdw_target target = k->target;
    struct kdw_snapshot snapshot;
    struct kdw_module_list modules;
    struct kdw_system system;

    kernel.mem = mem;
    kernel.target = &target;
    target.debugger_data_list_va = fake_kernel_global(k, "EtwpDebuggerData");
    if (kdw_snapshot_take(&kernel, parts, &snapshot) == KD_OK) {
        (void)kdw_snapshot_gaps(&snapshot, NULL, NULL);
        kdw_snapshot_free(&snapshot);
    }
    if (kdw_modules(mem, fake_kernel_global(k, "PsLoadedModuleList"), &k->diag, &modules) == KD_OK)
        kdw_module_list_free(&modules);
    if (kdw_system_read(mem, &target, &k->diag, &system) == KD_OK)
        kdw_system_free(&system);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct image m = {.mem = {image_read}};
    struct kdw_cache_opts opts = {&m.mem, 1024, 256 * 1024, 4096};
    struct kdw_cache *cache = NULL;
    unsigned parts;

    if (size <= HEADER_LEN)
        return 0;
    parts = data[0] & 0x40 ? KDW_PART_ALL : KDW_PART_LOGGERS;
    m.holes = data[1];
    m.goes_on = (data[0] & GOES_ON) == GOES_ON;
    m.bytes = data + HEADER_LEN;
    m.len = size - HEADER_LEN;
    if (data[0] & 0x80 && kdw_cache_create(&opts, &cache) != KD_OK)
        return 0;
    walk(cache ? kdw_cache_mem(cache) : &m.mem, kernel_of(data[0]), parts);
    kdw_cache_destroy(cache);
    return 0;
}
