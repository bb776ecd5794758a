/* context_x64.h - the registers of an AMD64 processor: CONTEXT and control space.
 *
 * A CONTEXT is handled as the bytes that came: the host reads a field or two and must send the rest
 * back unchanged. ContextFlags and the like keep the names that they have in the WDK.
 *
 * Source    CONTEXT and special registers: offsets and values [seen]; control space 0, 1, 3 [doc].
 */
#ifndef KDPROTO_CONTEXT_X64_H
#define KDPROTO_CONTEXT_X64_H

#include <kdproto/manipulate.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What ReadControlSpace takes as its index; the request's processor says whose it is. */
enum kd_x64_control_space {
    KD_X64_CONTROL_KPCR = 0,    /* address, 8 bytes */
    KD_X64_CONTROL_KPRCB = 1,   /* address, 8 bytes */
    KD_X64_CONTROL_SPECIAL = 2, /* special registers, KD_SPECIAL_REGISTERS_LEN bytes */
    KD_X64_CONTROL_KTHREAD = 3, /* address of the current one, 8 bytes */
};

/* ContextFlags: which parts of the CONTEXT are there. */
uint32_t kd_x64_context_flags(const uint8_t context[KD_CONTEXT_LEN]);

/* The program counter. */
uint64_t kd_x64_context_rip(const uint8_t context[KD_CONTEXT_LEN]);
void kd_x64_context_set_rip(uint8_t context[KD_CONTEXT_LEN], uint64_t rip);

struct kd_x64_table { /* gdtr, idtr */
    uint16_t limit;
    uint64_t base_va;
};

struct kd_x64_special {
    uint64_t cr0, cr2, cr3, cr4, cr8;
    uint64_t dr[4], dr6, dr7; /* the real ones: in a CONTEXT they are zero [seen] */
    struct kd_x64_table gdtr, idtr;
    uint16_t tr, ldtr;
    uint32_t mxcsr;
    uint64_t debug_control;
    uint64_t last_branch_to, last_branch_from, last_exception_to, last_exception_from;
    uint64_t gs_base, gs_swap;
    uint64_t star, lstar, cstar, syscall_mask;
    uint64_t xcr0;
};

/* Newer kernels may send more: bytes behind are not looked at. KD_ERR_TRUNCATED when there are
 * fewer. */
enum kd_status kd_x64_special_decode(const uint8_t *buf, size_t len, struct kd_x64_special *out);

/* The physical address of the top page table: without PCID and the bits above the frame. */
uint64_t kd_dtb_of_cr3(uint64_t cr3);

#ifdef __cplusplus
}
#endif
#endif
