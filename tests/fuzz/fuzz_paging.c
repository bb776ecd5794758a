/* Any bytes as physical memory from 0 on, the root and the addresses taken from them as well. Every
 * translation must end, be explained, and be the same again; what is read must be what stands where
 * the translation says. */
#include <stdlib.h>
#include <string.h>

#include <kdproto/bytes.h>
#include <walker/paging.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

enum { ADDRESSES_MAX = 16, READ_LEN = 9000 };

struct memory {
    struct kdw_mem mem; /* first */
    const uint8_t *bytes;
    size_t len;
};

static enum kd_status read_memory(struct kdw_mem *m, uint64_t at, void *buf, size_t len,
                                  uint64_t *fault)
{
    const struct memory *memory = (const struct memory *)m;
    size_t there = at < memory->len ? memory->len - (size_t)at : 0;
    size_t n = len < there ? len : there;

    if (n > 0)
        memcpy(buf, memory->bytes + at, n);
    if (n == len)
        return KD_OK;
    *fault = at + n;
    return KD_ERR_NOT_IN_DUMP;
}

static void check(bool holds)
{
    if (!holds)
        abort();
}

static void check_address(struct kdw_paging *p, const struct memory *memory, uint64_t va)
{
    uint8_t buf[READ_LEN], byte = 0;
    struct kdw_translation t, again;
    char text[KDW_TRANSLATION_TEXT_MAX];
    uint64_t fault = 0;
    enum kd_status st = kdw_paging_translate(p, va, &t);

    kdw_translation_text(&t, text);
    check(text[0] != '\0' && t.level >= 1 && t.level <= 5);
    check(st == t.status && (st == KD_OK || kd_is_unreadable(st)));
    check(kdw_paging_translate(p, va, &again) == st && again.pa == t.pa);
    if (st == KD_OK && t.pa < memory->len) {
        check(kdw_mem_read(kdw_paging_mem(p), va, &byte, 1, NULL) == KD_OK);
        check(byte == memory->bytes[t.pa]);
    }
    st = kdw_mem_read(kdw_paging_mem(p), va, buf, sizeof buf, &fault);
    check(st == KD_OK || (fault - va < sizeof buf && kd_is_unreadable(st)));
    if (st != KD_OK && va <= UINT64_MAX - sizeof buf) /* it is the very byte that cannot be read */
        check(kdw_mem_read(kdw_paging_mem(p), fault, &byte, 1, NULL) != KD_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct kd_reader r = kd_reader_of(bytes, len);
    struct kdw_paging_opts opts = {.rules = kdw_pte_rules_default()};
    struct memory memory = {{read_memory}, NULL, 0};
    struct kdw_paging *p = NULL;
    uint64_t addresses[ADDRESSES_MAX];
    uint8_t count;

    opts.levels = kd_rd_u8(&r) & 1 ? 5 : 4;
    opts.dtb = (uint64_t)kd_rd_u8(&r) << 12;
    opts.rules.highest_pfn = kd_rd_u8(&r);
    opts.rules.knows_swizzle_mask = kd_rd_u8(&r) & 1;
    opts.rules.swizzle_mask = (uint64_t)kd_rd_u8(&r) << 40;
    count = kd_rd_u8(&r) % ADDRESSES_MAX;
    for (size_t i = 0; i < count; i++)
        addresses[i] = kd_rd_u64(&r);
    if (!kd_reader_ok(&r))
        return 0;
    memory.len = kd_reader_left(&r);
    memory.bytes = bytes + (len - memory.len);
    opts.physical = &memory.mem;
    if (kdw_paging_create(&opts, &p) != KD_OK)
        abort();
    for (size_t i = 0; i < count; i++)
        check_address(p, &memory, addresses[i]);
    kdw_paging_destroy(p);
    return 0;
}
