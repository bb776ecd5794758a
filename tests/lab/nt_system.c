/* nt_system.c - what one kernel says of itself: shared data, processors, debugger data, variables. */
#include "nt_parts.h"

const struct nt_parts nt_kernel = {nt_system, nt_processes, nt_etw,    nt_user,   nt_tamper,
                                   nt_race,   nt_crash,     nt_encode, nt_swizzle};

static struct _KSYSTEM_TIME system_time(uint64_t t)
{
    return (struct _KSYSTEM_TIME){(U4B)t, (I4B)(t >> 32), (I4B)(t >> 32)};
}

#define PF_NX_ENABLED 12 /* [doc] */

static void shared_data(struct lab_machine *m)
{
    const struct lab_scene *scene = m->scene;
    struct _KUSER_SHARED_DATA k = {0};

    k.InterruptTime = system_time(scene->uptime_100ns);
    k.SystemTime = system_time(scene->time_100ns);
    k.TimeZoneBias = system_time((uint64_t)scene->zone_bias_100ns);
    k.TickCountMultiplier = 0x0fa00000; /* 15.625 ms */
    k.TickCountQuad = scene->uptime_100ns / 156250;
    k.ImageNumberLow = k.ImageNumberHigh = 0x8664;
    k.NtBuildNumber = NT_BUILD;
    k.NtMajorVersion = 10;
    k.NtProductType = (enum _NT_PRODUCT_TYPE)scene->product;
    k.ProductTypeIsValid = 1;
    k.NativeProcessorArchitecture = 9;
    k.SuiteMask = scene->suite;
    k.KdDebuggerEnabled = 3; /* enabled, and a debugger is there */
    k.ActiveConsoleId = 1;
    k.NumberOfPhysicalPages = (U4B)lab_memory_pages(m->memory);
    k.QpcFrequency = 10000000;
    k.ActiveProcessorCount = scene->processors;
    k.UnparkedProcessorCount = (U2B)scene->processors;
    k.ActiveGroupCount = 1;
    k.LargePageMinimum = 0x200000;
    k.NXSupportPolicy = 2; /* for the system's own and who wants it */
    k.ProcessorFeatures[PF_NX_ENABLED] = 1;
    put(m, SHARED_DATA, &k, sizeof(k));
    put_text(m, SHARED_DATA + offsetof(struct _KUSER_SHARED_DATA, NtSystemRoot), "C:\\Windows");
}

#define INTERRUPTS 0xe000u /* behind the KPCR: its interrupt table */

/* Of 256 interrupts the first is enough to find the kernel by. */
static void interrupt_table(struct lab_machine *m, uint64_t at)
{
    uint64_t handler = at_rva(m, NT_RVA_KiDivideErrorFault);
    uint8_t table[0x1000] = {0};

    memcpy(table, &handler, 2);
    memcpy(table + 2, (uint8_t[]){0x10, 0, 0, 0x8e}, 4); /* kernel code, interrupt gate [doc] */
    memcpy(table + 6, (uint8_t *)&handler + 2, 6);
    put(m, at, table, sizeof(table));
}

/* Registers of a processor that idles, as the debugger finds them. */
static void processor_state(const struct lab_machine *m, struct _KPCR *pcr, uint64_t at,
                            uint64_t stack)
{
    struct _KSPECIAL_REGISTERS *special = &pcr->Prcb.ProcessorState.SpecialRegisters;
    struct _CONTEXT *context = &pcr->Prcb.ProcessorState.ContextFrame;

    special->Cr0 = 0x80050033;
    special->Cr3 = m->info.cr3;
    special->Cr4 = m->scene->cr4;
    special->KernelDr6 = 0xffff0ff0;
    special->KernelDr7 = 0x400;
    special->Idtr.Limit = 0xfff;
    special->Idtr.Base = target_pointer(at + INTERRUPTS);
    special->MsrGsBase = at;
    special->Xcr0 = 7;
    context->ContextFlags = 0x10001b;
    context->MxCsr = 0x1f80;
    context->SegCs = 0x10;
    context->SegSs = 0x18;
    context->SegDs = context->SegEs = context->SegGs = 0x2b;
    context->SegFs = 0x53;
    context->EFlags = 0x202;
    context->Rsp = stack - 0x100;
    context->Rip = m->info.break_in_pc;
}

static void tell_processor(const struct lab_machine *m, uint64_t va, const struct _KPRCB *prcb)
{
    const struct _KSPECIAL_REGISTERS *special = &prcb->ProcessorState.SpecialRegisters;
    struct truth *t = m->truth;

    tell(t, TRUTH_PROCESSORS, va);
    tell_number(t, "number", prcb->Number);
    tell_word(t, "cr0", special->Cr0);
    tell_number(t, "cr3", special->Cr3);
    tell_word(t, "cr4", special->Cr4);
    tell_word(t, "cr8", special->Cr8);
    tell_word(t, "xcr0", special->Xcr0);
}

static void processor(struct lab_machine *m, uint32_t number)
{
    uint64_t at = m->info.kernel_base - 0x4000000 + number * 0x10000u;
    uint64_t stack = m->info.kernel_base - 0x2000000 + (number + 1) * 0x10000u;
    uint64_t prcb = at + offsetof(struct _KPCR, Prcb);
    struct _KPCR pcr = {0};
    uint64_t thread;

    lab_memory_map(m->memory, stack - KERNEL_STACK, KERNEL_STACK);
    thread = nt_thread(m, at_rva(m, NT_RVA_KiInitialProcess),
                       number == 0 ? at_rva(m, NT_RVA_KiInitialThread) : 0, stack);
    interrupt_table(m, at + INTERRUPTS);
    pcr.Self = target_pointer(at);
    pcr.IdtBase = target_pointer(at + INTERRUPTS);
    pcr.CurrentPrcb = target_pointer(prcb);
    pcr.MajorVersion = pcr.MinorVersion = 1;
    pcr.KdVersionBlock = target_pointer(at_rva(m, NT_RVA_KdVersionBlock));
    pcr.Prcb.MxCsr = 0x1f80;
    pcr.Prcb.LegacyNumber = (U1B)number;
    pcr.Prcb.Number = number;
    pcr.Prcb.InitialApicId = number;
    pcr.Prcb.GroupIndex = (U1B)number;
    pcr.Prcb.CurrentThread = pcr.Prcb.IdleThread = target_pointer(thread);
    pcr.Prcb.RspBase = stack;
    pcr.Prcb.MajorVersion = pcr.Prcb.MinorVersion = 1;
    pcr.Prcb.CpuType = 6;
    pcr.Prcb.MHz = 2400;
    pcr.Prcb.KernelDirectoryTableBase = m->info.cr3;
    memcpy(pcr.Prcb.VendorString, "GenuineIntel", 12);
    pcr.Prcb.Context = target_pointer(prcb + offsetof(struct _KPRCB, ProcessorState.ContextFrame));
    processor_state(m, &pcr, at, stack);
    put(m, at, &pcr, sizeof(pcr));

    tell_processor(m, prcb, &pcr.Prcb);

    put_u64(m, at_rva(m, NT_RVA_KiProcessorBlock) + 8 * number, prcb);
    m->info.kpcr[number] = at;
    m->info.kprcb[number] = prcb;
    if (number == 0) {
        m->info.thread = thread;
        m->info.stack = stack - 0x100;
    }
}

/* KDDEBUGGER_DATA64: offsets of a build 9600 kernel [seen], PteBase [doc]. */
#define KDBG_SIZE 0x368u

static const struct {
    uint16_t at;
    uint32_t rva;
} kdbg_variables[] = {
    {0x020, NT_RVA_DbgBreakPointWithStatus},
    {0x038, NT_RVA_KiCallUserMode},
    {0x048, NT_RVA_PsLoadedModuleList},
    {0x050, NT_RVA_PsActiveProcessHead},
    {0x058, NT_RVA_PspCidTable},
    {0x060, NT_RVA_ExpSystemResourcesList},
    {0x080, NT_RVA_KeBugCheckCallbackListHead},
    {0x088, NT_RVA_KiBugCheckData},
    {0x098, NT_RVA_ObpRootDirectoryObject},
    {0x0a0, NT_RVA_ObpTypeObjectType},
    {0x0c0, NT_RVA_MmPfnDatabase},
    {0x1b8, NT_RVA_PoolTrackTable},
    {0x1c8, NT_RVA_MmHighestUserAddress},
    {0x1d0, NT_RVA_MmSystemRangeStart},
    {0x1d8, NT_RVA_MmUserProbeAddress},
    {0x1e0, NT_RVA_KdPrintDefaultCircularBuffer},
    {0x208, NT_RVA_NtBuildLab},
    {0x218, NT_RVA_KiProcessorBlock},
    {0x220, NT_RVA_MmUnloadedDrivers},
    {0x228, NT_RVA_MmLastUnloadedDriver},
    {0x268, NT_RVA_CmNtCSDVersion},
    {0x270, NT_RVA_MmPhysicalMemoryBlock},
    {0x2c8, NT_RVA_KdPrintCircularBuffer},
    {0x2d0, NT_RVA_KdPrintBufferSize},
    {0x2d8, NT_RVA_KeLoaderBlock},
    {0x330, NT_RVA_EtwpDebuggerData},
};

static const struct {
    uint16_t at, value;
} kdbg_offsets[] = {
    {0x036, 1}, /* PaeEnabled */
    {0x298, offsetof(struct _KTHREAD, NextProcessor)},
    {0x29a, offsetof(struct _KTHREAD, Teb)},
    {0x29c, offsetof(struct _KTHREAD, KernelStack)},
    {0x29e, offsetof(struct _KTHREAD, InitialStack)},
    {0x2a0, offsetof(struct _KTHREAD, ApcState.Process)},
    {0x2a2, offsetof(struct _KTHREAD, State)},
    {0x2a8, sizeof(struct _EPROCESS)},
    {0x2aa, offsetof(struct _EPROCESS, Peb)},
    {0x2ac, offsetof(struct _EPROCESS, InheritedFromUniqueProcessId)},
    {0x2ae, offsetof(struct _EPROCESS, Pcb.DirectoryTableBase)},
    {0x2b0, sizeof(struct _KPRCB)},
    {0x2b4, offsetof(struct _KPRCB, CurrentThread)},
    {0x2b6, offsetof(struct _KPRCB, MHz)},
    {0x2b8, offsetof(struct _KPRCB, CpuType)},
    {0x2ba, offsetof(struct _KPRCB, VendorString)},
    {0x2bc, offsetof(struct _KPRCB, ProcessorState.ContextFrame)},
    {0x2be, offsetof(struct _KPRCB, Number)},
    {0x2c0, sizeof(struct _ETHREAD)},
    {0x2e0, sizeof(struct _KPCR)},
    {0x2e2, offsetof(struct _KPCR, Self)},
    {0x2e4, offsetof(struct _KPCR, CurrentPrcb)},
    {0x2e6, offsetof(struct _KPCR, Prcb)},
    {0x2f2, offsetof(struct _KPRCB, ProcessorState.SpecialRegisters)},
    {0x2f4, 0x00}, /* Gdt: R0 data, R0 code, ... */
    {0x2f6, 0x10},
    {0x2f8, 0x18},
    {0x2fa, 0x33},
    {0x2fc, 0x2b},
    {0x2fe, 0x50},
    {0x302, 0x40},
    {0x338, offsetof(struct _KPRCB, Context)},
    {0x340, offsetof(struct _KTHREAD, StackLimit)},
    {0x344, offsetof(struct _KTHREAD, StackBase)},
    {0x34c, offsetof(struct _ETHREAD, IrpList)},
    {0x350, offsetof(struct _KPRCB, IdleThread)},
    {0x35c, offsetof(struct _KTHREAD, WaitReason)},
};

static void debugger_data(struct lab_machine *m)
{
    uint64_t block = at_rva(m, NT_RVA_KdDebuggerDataBlock);
    uint64_t head = at_rva(m, NT_RVA_KdpDebuggerDataListHead);

    list_init(m, head);
    list_append(m, head, block);
    put(m, block + 0x10, "KDBG", 4);
    put_u32(m, block + 0x14, KDBG_SIZE);
    put_u64(m, block + 0x18, m->info.kernel_base);
    for (size_t i = 0; i < sizeof(kdbg_variables) / sizeof(kdbg_variables[0]); i++)
        if (kdbg_variables[i].rva)
            put_u64(m, block + kdbg_variables[i].at, at_rva(m, kdbg_variables[i].rva));
    for (size_t i = 0; i < sizeof(kdbg_offsets) / sizeof(kdbg_offsets[0]); i++)
        put(m, block + kdbg_offsets[i].at, &kdbg_offsets[i].value, 2);
    put_u64(m, block + 0x138, LAB_PAGE);
    put_u64(m, block + 0x360, lab_memory_pte_base(m->memory));
    m->info.debugger_data_list = head;
}

static void version_block(struct lab_machine *m)
{
    struct _DBGKD_GET_VERSION64 v = {0};

    v.MajorVersion = 0xf;
    v.MinorVersion = NT_BUILD;
    v.ProtocolVersion = 6;
    v.KdSecondaryVersion = 2;
    v.Flags = 0x7; /* MP, debugger data, 64 bits */
    v.MachineType = 0x8664;
    v.MaxPacketType = 0xc;
    v.MaxStateChange = 3;
    v.MaxManipulate = 0x31;
    v.KernBase = m->info.kernel_base;
    v.PsLoadedModuleList = m->info.module_list;
    v.DebuggerDataList = m->info.debugger_data_list;
    put(m, at_rva(m, NT_RVA_KdVersionBlock), &v, sizeof(v));
}

static void physical_memory(struct lab_machine *m)
{
    struct lab_run runs[LAB_RUNS_MAX];
    uint32_t count = (uint32_t)lab_memory_runs(m->memory, runs);
    uint64_t va = pool_alloc(m, 0x10 + 0x10 * count, "MmPh"), pages = 0;

    for (uint32_t i = 0; i < count; i++) {
        put_u64(m, va + 0x10 + 0x10 * i, runs[i].first);
        put_u64(m, va + 0x18 + 0x10 * i, runs[i].count);
        pages += runs[i].count;
    }
    put_u32(m, va, count);
    put_u64(m, va + 0x08, pages);
    put_u64(m, at_rva(m, NT_RVA_MmPhysicalMemoryBlock), va);
}

static void put_ansi(struct lab_machine *m, uint32_t rva, const char *text)
{
    put(m, at_rva(m, rva), text, strlen(text) + 1);
}

static void variables(struct lab_machine *m)
{
    static const uint8_t one = 1;

    put_ansi(m, NT_RVA_NtBuildLab, m->scene->build_lab);
    put_ansi(m, NT_RVA_NtBuildLabEx, m->scene->build_lab_ex);
    put_u32(m, at_rva(m, NT_RVA_NtBuildNumber), 0xf0000000u | NT_BUILD);
    put_u32(m, at_rva(m, NT_RVA_KeNumberProcessors), m->scene->processors);
    put_u64(m, at_rva(m, NT_RVA_MmSystemRangeStart), 0xffff800000000000);
    put_u64(m, at_rva(m, NT_RVA_MmHighestUserAddress), 0x7ffffffeffff);
    put_u64(m, at_rva(m, NT_RVA_MmUserProbeAddress), 0x7fffffff0000);
    put_u64(m, at_rva(m, NT_RVA_MmPfnDatabase), 0xfffffa8000000000);
    put_u64(m, at_rva(m, NT_RVA_MmPteBase), lab_memory_pte_base(m->memory));
    put_u64(m, at_rva(m, NT_RVA_KdPrintCircularBuffer),
            at_rva(m, NT_RVA_KdPrintDefaultCircularBuffer));
    put_u64(m, at_rva(m, NT_RVA_KdPrintWritePointer),
            at_rva(m, NT_RVA_KdPrintDefaultCircularBuffer));
    put_u32(m, at_rva(m, NT_RVA_KdPrintBufferSize), 0x1000);
    put_u32(m, at_rva(m, NT_RVA_KeTimeIncrement), 156250);
    put_u64(m, at_rva(m, NT_RVA_KiWaitNever), 0x9a37000000000000 | m->scene->time_100ns);
    put_u64(m, at_rva(m, NT_RVA_KiWaitAlways), 0x53d1000000000000 ^ m->scene->uptime_100ns * 77);
    put(m, at_rva(m, NT_RVA_KdDebuggerEnabled), &one, 1);
    put(m, at_rva(m, NT_RVA_KiKvaShadow), &m->scene->has_shadow_tables, 1);
    put(m, at_rva(m, NT_RVA_VslVsmEnabled), &m->scene->has_secure_mode, 1);
    list_init(m, at_rva(m, NT_RVA_ExpSystemResourcesList));
    list_init(m, at_rva(m, NT_RVA_KeBugCheckCallbackListHead));
}

void nt_system(struct lab_machine *m)
{
    m->info.cr4 = m->scene->cr4;
    m->info.module_list = at_rva(m, NT_RVA_PsLoadedModuleList);
    m->info.break_in_pc = at_rva(m, NT_RVA_DbgBreakPointWithStatus);
    m->info.load_symbols_pc = at_rva(m, NT_RVA_DebugService2) + 4; /* behind its int 2dh */
    shared_data(m);
    for (uint32_t i = 0; i < m->scene->processors; i++)
        processor(m, i);
    debugger_data(m);
    version_block(m);
    physical_memory(m);
    variables(m);
    nt_modules(m);
    nt_code(m);
    /* INIT: given back after boot */
    lab_memory_unmap(m->memory, at_rva(m, NT_SIZE_OF_IMAGE - 0x10000), 0x10000);
}
