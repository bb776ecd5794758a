/* Registers of the simulated processors: plausible, repeatable, and consistent where two views of the
 * same register exist (Rip and PC, GsBase and KPCR, Cr3). Values of the boot debugger are those of the
 * version-4 capture [seen]. */
#include "target_parts.h"

#include <string.h>

#define EFLAGS_KERNEL 0x202
#define EFLAGS_BOOT   0x006
#define DR7_IDLE      0x400
#define MXCSR_DEFAULT 0x1F80
#define EFER_VALUE    0xD01 /* SCE, LME, LMA, NXE */

#define MSR_APIC_BASE  0x1B
#define MSR_PAT        0x277
#define MSR_EFER       0xC0000080
#define MSR_STAR       0xC0000081
#define MSR_LSTAR      0xC0000082
#define MSR_CSTAR      0xC0000083
#define MSR_FMASK      0xC0000084
#define MSR_FS_BASE    0xC0000100
#define MSR_GS_BASE    0xC0000101
#define MSR_KERNEL_GS  0xC0000102
#define STAR_VALUE     0x0023001000000000
#define FMASK_VALUE    0x4700
#define SYSCALL_OFFSET 0x1C0000 /* where the kernel's system call entry might be */

static uint64_t dr6_of(const struct lab_target *t)
{
    return t->is_boot ? 0xFFFE0FF0 : 0xFFFF0FF0;
}

/* The context of a processor that is not at the halt's PC: somewhere in the kernel's code. */
void registers_context(const struct lab_target *t, uint16_t processor, struct lab_context *out)
{
    struct lab_context c = {
        .flags = 0x10001F,
        .mxcsr = MXCSR_DEFAULT,
        .cs = 0x10,
        .ds = 0x2B,
        .es = 0x2B,
        .fs = 0x53,
        .gs = 0x2B,
        .ss = 0x18,
        .eflags = EFLAGS_KERNEL,
        .rcx = 1,
        .rax = processor,
        .rbx = t->info->kprcb[processor],
        .rsp = t->info->stack,
        .rbp = t->info->stack + 0x40,
        .rsi = t->info->thread,
        .rip = t->info->kernel_base + 0x1000,
    };

    if (t->is_boot) {
        c.flags = 0x10001B;
        c.ds = c.es = c.fs = c.gs = c.ss = 0x30;
        c.eflags = EFLAGS_BOOT;
        c.rbx = c.rsi = 0;
        c.rsp = 0x1A3F40;
        c.rbp = 0x1A3F80;
    }
    for (size_t i = 0; i < 8; i++)
        c.r8_to_r15[i] = 0x1000 * (i + 8) + processor;
    c.fxsave[0] = 0x7F; /* FPU control word 0x27F */
    c.fxsave[1] = 0x02;
    memcpy(c.fxsave + 0x18, &c.mxcsr, sizeof c.mxcsr);
    *out = c;
}

void registers_report(const struct lab_target *t, const struct lab_context *context,
                      struct lab_control_report *out)
{
    *out = (struct lab_control_report){
        .dr6 = dr6_of(t),
        .dr7 = DR7_IDLE,
        .eflags = context->eflags,
        .report_flags = t->is_boot ? 1 : 3,
        .cs = context->cs,
        .ds = context->ds,
        .es = context->es,
        .fs = context->fs,
    };
    out->instruction_count =
        (uint16_t)stage_read(t, context->rip, out->instructions, sizeof out->instructions);
}

static uint64_t read_pointer(const struct lab_target *t, uint64_t va)
{
    uint64_t value = 0;

    return stage_read(t, va, &value, sizeof value) == sizeof value ? value : 0;
}

static struct lab_special_registers special_of_boot(void)
{
    return (struct lab_special_registers){
        .cr0 = 0x80000013,
        .cr3 = 0x1AB000,
        .cr4 = 0x40668,
        .gdtr = {.limit = 0x7F, .base = 0x1A9000},
        .mxcsr = MXCSR_DEFAULT,
        .xcr0 = 7,
    };
}

static struct lab_special_registers special_of_kernel(const struct lab_target *t,
                                                      uint16_t processor)
{
    uint64_t kpcr = t->info->kpcr[processor];

    return (struct lab_special_registers){
        .cr0 = 0x80050033,
        .cr3 = t->info->cr3,
        .cr4 = t->info->cr4,
        .gdtr = {.limit = 0x57, .base = read_pointer(t, kpcr)},
        .idtr = {.limit = 0xFFF, .base = read_pointer(t, kpcr + 0x38)},
        .tr = 0x40,
        .mxcsr = MXCSR_DEFAULT,
        .cr8 = 0xF,
        .gs_base = kpcr,
        .star = STAR_VALUE,
        .lstar = t->info->kernel_base + SYSCALL_OFFSET,
        .cstar = t->info->kernel_base + SYSCALL_OFFSET + 0x400,
        .syscall_mask = FMASK_VALUE,
        .xcr0 = 7,
    };
}

static size_t put_special(const struct lab_target *t, uint16_t processor, uint8_t *out)
{
    struct lab_special_registers s =
        t->is_boot ? special_of_boot() : special_of_kernel(t, processor);

    s.dr6 = dr6_of(t);
    s.dr7 = DR7_IDLE;
    memcpy(out, &s, sizeof s);
    return sizeof s;
}

static size_t put_pointer(uint64_t value, uint8_t *out)
{
    memcpy(out, &value, sizeof value);
    return sizeof value;
}

/* Returns how many bytes the index has; 0: no such index. */
size_t registers_control_space(const struct lab_target *t, uint16_t processor, uint64_t index,
                               uint8_t out[sizeof(struct lab_special_registers)])
{
    uint64_t thread;

    if (index == 2)
        return put_special(t, processor, out);
    if (t->is_boot)
        return 0; /* no KPCR there; nobody was seen asking */
    switch (index) {
    case 0:
        return put_pointer(t->info->kpcr[processor], out);
    case 1:
        return put_pointer(t->info->kprcb[processor], out);
    case 3:
        thread = read_pointer(t, t->info->kprcb[processor] + 8); /* KPRCB.CurrentThread [seen] */
        return put_pointer(thread ? thread : t->info->thread, out);
    default:
        return 0;
    }
}

bool registers_msr(const struct lab_target *t, uint16_t processor, uint32_t number, uint64_t *out)
{
    if (t->is_boot)
        return false;
    switch (number) {
    case MSR_APIC_BASE:
        *out = processor == 0 ? 0xFEE00900 : 0xFEE00800;
        return true;
    case MSR_PAT:
        *out = 0x0007010600070106;
        return true;
    case MSR_EFER:
        *out = EFER_VALUE;
        return true;
    case MSR_STAR:
        *out = STAR_VALUE;
        return true;
    case MSR_LSTAR:
        *out = t->info->kernel_base + SYSCALL_OFFSET;
        return true;
    case MSR_CSTAR:
        *out = t->info->kernel_base + SYSCALL_OFFSET + 0x400;
        return true;
    case MSR_FMASK:
        *out = FMASK_VALUE;
        return true;
    case MSR_GS_BASE:
        *out = t->info->kpcr[processor];
        return true;
    case MSR_FS_BASE:
    case MSR_KERNEL_GS:
        *out = 0;
        return true;
    default:
        return false;
    }
}
