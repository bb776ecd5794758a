#include <kdproto/context_x64.h>

/* Offsets into a CONTEXT. */
enum { CONTEXT_FLAGS_AT = 0x30, RIP_AT = 0xF8 };

uint32_t kd_x64_context_flags(const uint8_t context[KD_CONTEXT_LEN])
{
    struct kd_reader r = kd_reader_of(context, KD_CONTEXT_LEN);

    kd_rd_seek(&r, CONTEXT_FLAGS_AT);
    return kd_rd_u32(&r);
}

uint64_t kd_x64_context_rip(const uint8_t context[KD_CONTEXT_LEN])
{
    struct kd_reader r = kd_reader_of(context, KD_CONTEXT_LEN);

    kd_rd_seek(&r, RIP_AT);
    return kd_rd_u64(&r);
}

void kd_x64_context_set_rip(uint8_t context[KD_CONTEXT_LEN], uint64_t rip)
{
    struct kd_writer w = kd_writer_of(context + RIP_AT, sizeof rip);

    kd_wr_u64(&w, rip);
}

static struct kd_x64_table read_table(struct kd_reader *r)
{
    struct kd_x64_table table;

    kd_rd_skip(r, 6);
    table.limit = kd_rd_u16(r);
    table.base_va = kd_rd_u64(r);
    return table;
}

enum kd_status kd_x64_special_decode(const uint8_t *buf, size_t len, struct kd_x64_special *out)
{
    struct kd_reader r = kd_reader_of(buf, len);
    struct kd_x64_special s;

    s.cr0 = kd_rd_u64(&r);
    s.cr2 = kd_rd_u64(&r);
    s.cr3 = kd_rd_u64(&r);
    s.cr4 = kd_rd_u64(&r);
    for (size_t i = 0; i < 4; i++)
        s.dr[i] = kd_rd_u64(&r);
    s.dr6 = kd_rd_u64(&r);
    s.dr7 = kd_rd_u64(&r);
    s.gdtr = read_table(&r);
    s.idtr = read_table(&r);
    s.tr = kd_rd_u16(&r);
    s.ldtr = kd_rd_u16(&r);
    s.mxcsr = kd_rd_u32(&r);
    s.debug_control = kd_rd_u64(&r);
    s.last_branch_to = kd_rd_u64(&r);
    s.last_branch_from = kd_rd_u64(&r);
    s.last_exception_to = kd_rd_u64(&r);
    s.last_exception_from = kd_rd_u64(&r);
    s.cr8 = kd_rd_u64(&r);
    s.gs_base = kd_rd_u64(&r);
    s.gs_swap = kd_rd_u64(&r);
    s.star = kd_rd_u64(&r);
    s.lstar = kd_rd_u64(&r);
    s.cstar = kd_rd_u64(&r);
    s.syscall_mask = kd_rd_u64(&r);
    s.xcr0 = kd_rd_u64(&r);
    if (!kd_reader_ok(&r))
        return KD_ERR_TRUNCATED;
    *out = s;
    return KD_OK;
}

uint64_t kd_dtb_of_cr3(uint64_t cr3)
{
    return cr3 & 0x000FFFFFFFFFF000u;
}
