#include <walker/debugger_data.h>

#include <kdproto/bytes.h>

#include <inttypes.h>

enum {
    TAG = 0x10,
    HEADER_LEN = 0x18, /* list links, tag, length */
    LEN_MIN = 0x300,   /* Windows 7's is 0x340, today's 0x380 [doc] */
    LEN_MAX = 0x1000,
    TAG_KDBG = 0x4742444b,

    KERN_BASE = 0x18,
    PS_LOADED_MODULE_LIST = 0x48,
    PS_ACTIVE_PROCESS_HEAD = 0x50,
    PSP_CID_TABLE = 0x58,
    KI_BUGCHECK_DATA = 0x88,
    MM_PFN_DATABASE = 0xC0,
    NT_BUILD_LAB = 0x208,
    KI_PROCESSOR_BLOCK = 0x218,
    MM_PHYSICAL_MEMORY_BLOCK = 0x270,
    SIZE_EPROCESS = 0x2A8, /* [doc]; of a 19041 [seen] */
    OFFSET_PRCB_NUMBER = 0x2BE,
    OFFSET_PRCB_SPECIAL_REGISTERS = 0x2F2,
    /* The last address before OffsetPrcbContext at 0x338, by the order of fields [doc]; a 19041.804
     * has its own EtwpDebuggerData there [seen]. */
    ETWP_DEBUGGER_DATA = 0x330,
    PTE_BASE = 0x360,
};

struct keys { /* values */
    uint64_t wait_never, wait_always, encoded_va;
};

static uint64_t swap_bytes(uint64_t v)
{
    v = (v & 0x00FF00FF00FF00FFu) << 8 | (v >> 8 & 0x00FF00FF00FF00FFu);
    v = (v & 0x0000FFFF0000FFFFu) << 16 | (v >> 16 & 0x0000FFFF0000FFFFu);
    return v << 32 | v >> 32;
}

static uint64_t rotate_left(uint64_t v, unsigned n)
{
    return n == 0 ? v : v << n | v >> (64 - n);
}

static void decode(uint8_t *bytes, size_t len, const struct keys *k)
{
    struct kd_reader r = kd_reader_of(bytes, len);
    struct kd_writer w = kd_writer_of(bytes, len); /* always behind the reader */

    while (kd_reader_left(&r) >= 8) {
        uint64_t turned = rotate_left(kd_rd_u64(&r) ^ k->wait_never, k->wait_never & 63);

        kd_wr_u64(&w, k->wait_always ^ swap_bytes(k->encoded_va ^ turned));
    }
}

/* The length that a header states; 0: it is none. */
static uint32_t stated_len(const uint8_t *header)
{
    struct kd_reader r = kd_reader_of(header, HEADER_LEN);
    uint32_t tag, len;

    kd_rd_seek(&r, TAG);
    tag = kd_rd_u32(&r);
    len = kd_rd_u32(&r);
    return tag == TAG_KDBG && len >= LEN_MIN && len <= LEN_MAX && len % 8 == 0 ? len : 0;
}

static enum kd_status read_keys(struct kdw_mem *mem, const struct kdw_debugger_keys *vas,
                                struct keys *out)
{
    enum kd_status st = kdw_mem_u64(mem, vas->wait_never_va, &out->wait_never);

    if (st == KD_OK)
        st = kdw_mem_u64(mem, vas->wait_always_va, &out->wait_always);
    out->encoded_va = vas->encoded_va;
    return st;
}

/* What a block of `len` bytes has at `offset`. */
static uint64_t field(const uint8_t *bytes, size_t len, size_t offset)
{
    struct kd_reader r = kd_reader_of(bytes, len);

    kd_rd_seek(&r, offset);
    return kd_rd_u64(&r); /* 0 behind its end */
}

static struct kdw_debugger_data fields_of(const uint8_t *bytes, uint32_t len)
{
    return (struct kdw_debugger_data){
        .len = len,
        .kernel_base_va = field(bytes, len, KERN_BASE),
        .module_list_va = field(bytes, len, PS_LOADED_MODULE_LIST),
        .process_list_va = field(bytes, len, PS_ACTIVE_PROCESS_HEAD),
        .cid_table_va = field(bytes, len, PSP_CID_TABLE),
        .bugcheck_va = field(bytes, len, KI_BUGCHECK_DATA),
        .pfn_database_va = field(bytes, len, MM_PFN_DATABASE),
        .physical_memory_va = field(bytes, len, MM_PHYSICAL_MEMORY_BLOCK),
        .build_lab_va = field(bytes, len, NT_BUILD_LAB),
        .processor_block_va = field(bytes, len, KI_PROCESSOR_BLOCK),
        .process_len = (uint16_t)field(bytes, len, SIZE_EPROCESS),
        .prcb_number = (uint16_t)field(bytes, len, OFFSET_PRCB_NUMBER),
        .prcb_special_registers = (uint16_t)field(bytes, len, OFFSET_PRCB_SPECIAL_REGISTERS),
        .etwp_debugger_data_va = field(bytes, len, ETWP_DEBUGGER_DATA),
        .pte_base = field(bytes, len, PTE_BASE),
    };
}

static enum kd_status read_block(struct kdw_mem *mem, uint64_t va, uint32_t len,
                                 const struct keys *keys, struct kdw_debugger_data *out)
{
    uint8_t bytes[LEN_MAX];
    enum kd_status st = kdw_mem_read(mem, va, bytes, len, NULL);

    if (st != KD_OK)
        return st;
    if (keys)
        decode(bytes, len, keys);
    *out = fields_of(bytes, len);
    out->was_encoded = keys != NULL;
    return KD_OK;
}

enum kd_status kdw_debugger_data_read(struct kdw_mem *mem, uint64_t va,
                                      const struct kdw_debugger_keys *keys, struct kd_diag *diag,
                                      struct kdw_debugger_data *out)
{
    uint8_t header[HEADER_LEN] = {0};
    struct keys values = {0};
    uint32_t len = 0;
    bool is_encoded = false;
    enum kd_status st = kdw_mem_read(mem, va, header, sizeof header, NULL);

    if (st == KD_OK) {
        len = stated_len(header);
        is_encoded = len == 0 && keys;
    }
    if (is_encoded) {
        st = read_keys(mem, keys, &values);
        decode(header, sizeof header, &values);
        len = stated_len(header);
    }
    if (st == KD_OK)
        st = len != 0 ? read_block(mem, va, len, is_encoded ? &values : NULL, out)
                      : KD_ERR_NOT_FOUND;
    if (st == KD_ERR_NOT_FOUND)
        return kd_diag_set(diag, st,
                           "debugger data block at 0x%" PRIx64 ": not there, or encoded%s", va,
                           keys ? " with other keys" : "");
    return st == KD_OK ? KD_OK
                       : kdw_explain_read(diag, st, "debugger data block at 0x%" PRIx64, va);
}
