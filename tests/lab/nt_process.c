/* nt_process.c - processes and threads of one kernel. */
#include "nt_parts.h"

/* Object type indexes and the way a header hides them: public listings of 1607 and newer [guess]. */
enum { INDEX_JOB = 6, INDEX_PROCESS = 7, INDEX_THREAD = 8 };
#define HEADER_COOKIE 0xa7u

static uint64_t object_alloc(struct lab_machine *m, size_t len, unsigned type, const char tag[4])
{
    const size_t body = offsetof(struct _OBJECT_HEADER, Body);
    uint64_t va = pool_alloc(m, body + len, tag);
    struct _OBJECT_HEADER header = {0};

    header.PointerCount = 0x8001;
    header.HandleCount = 1;
    header.TypeIndex = (U1B)(type ^ (va >> 8) ^ HEADER_COOKIE);
    header.InfoMask = 0;
    put(m, va, &header, body);
    return va + body;
}

static void object_type(struct lab_machine *m, const char *name, unsigned index, uint32_t variable)
{
    struct _OBJECT_TYPE type = {0};
    uint64_t va = pool_alloc(m, sizeof(type), "ObjT");

    type.Index = (U1B)index;
    put(m, va, &type, sizeof(type));
    put_string(m, va + offsetof(struct _OBJECT_TYPE, Name), name, "ObNm");
    list_init(m, va + offsetof(struct _OBJECT_TYPE, TypeList));
    put_u64(m, at_rva(m, NT_RVA_ObTypeIndexTable) + 8 * index, va);
    if (variable)
        put_u64(m, at_rva(m, variable), va);
}

static uint64_t created(const struct lab_machine *m, uint32_t pid)
{
    return m->scene->time_100ns - m->scene->uptime_100ns + (uint64_t)pid * 61000;
}

/* What a program has in memory, of the little that is here: its environment block, and the page that all
 * share with the kernel. Where the image is: in the block at 0x10 [doc]. */
static uint64_t user_half(struct lab_machine *m, uint64_t cr3, uint32_t pid)
{
    uint64_t peb = 0x2f1a000000 + pid * 0x1000u;
    uint64_t image = 0x7ff600000000 + pid * 0x10000u;

    lab_memory_write_user(m->memory, cr3, peb + 0x10, &image, sizeof(image));
    lab_memory_map(m->memory, SHARED_DATA, LAB_PAGE);
    lab_memory_share(m->memory, cr3, 0x7ffe0000, SHARED_DATA);
    return peb;
}

/* Everything but its lists: what a process is called and whose it is. */
static void fill_process(struct lab_machine *m, uint64_t va, const struct lab_process *p,
                         uint64_t cr3)
{
    struct _EPROCESS e = {0};
    size_t len = strlen(p->image);

    e.Pcb.Header.Type = TYPE_PROCESS;
    e.Pcb.Header.Size = (U1B)(sizeof(struct _KPROCESS) / 4); /* as the kernel cuts it */
    e.Pcb.DirectoryTableBase = cr3;
    e.UniqueProcessId = target_pointer(p->pid);
    e.InheritedFromUniqueProcessId = target_pointer(p->parent);
    e.CreateTime.QuadPart = (I8B)created(m, p->pid);
    e.ExitStatus = 0x103; /* pending */
    e.Protection.Level = p->protection;
    e.SequenceNumber = p->pid;
    if (cr3 != m->info.cr3)
        e.Peb = target_pointer(user_half(m, cr3, p->pid));
    memcpy(e.ImageFileName, p->image, len < sizeof(e.ImageFileName) - 1 ? len : 14);
    put(m, va, &e, sizeof(e));
    list_init(m, va + offsetof(struct _EPROCESS, Pcb.Header.WaitListHead));
    list_init(m, va + offsetof(struct _EPROCESS, Pcb.ThreadListHead));
    list_init(m, va + offsetof(struct _EPROCESS, Pcb.ProfileListHead));
    list_init(m, va + offsetof(struct _EPROCESS, ThreadListHead));
}

static void image_path(struct lab_machine *m, uint64_t process, const char *image)
{
    static const char folder[] = "\\Device\\HarddiskVolume2\\Windows\\System32\\";
    uint64_t info = pool_alloc(m, sizeof(struct _OBJECT_NAME_INFORMATION), "SeOn");
    char path[128] = "";

    if (strstr(image, ".exe")) {
        strcat(path, folder);
        strncat(path, image, sizeof(path) - sizeof(folder));
    }
    put_string(m, info, path, "SeOn");
    put_u64(m, process + offsetof(struct _EPROCESS, SeAuditProcessCreationInfo.ImageFileName),
            info);
}

static uint64_t new_process(struct lab_machine *m, const struct lab_process *p, uint64_t cr3)
{
    uint64_t va = object_alloc(m, sizeof(struct _EPROCESS), INDEX_PROCESS, "Proc");

    fill_process(m, va, p, cr3);
    image_path(m, va, p->image);
    list_append(m, at_rva(m, NT_RVA_PsActiveProcessHead),
                va + offsetof(struct _EPROCESS, ActiveProcessLinks));
    return va;
}

uint64_t nt_thread(struct lab_machine *m, uint64_t process, uint64_t at, uint64_t stack_base)
{
    uint64_t va = at ? at : object_alloc(m, sizeof(struct _ETHREAD), INDEX_THREAD, "Thre");
    uint64_t pid = get_u64(m, process + offsetof(struct _EPROCESS, UniqueProcessId));
    struct _ETHREAD t = {0};

    m->next_thread_id += 4;
    t.Tcb.Header.Type = TYPE_THREAD;
    t.Tcb.Process = target_pointer(process);
    t.Tcb.ApcState.Process = target_pointer(process);
    t.Tcb.State = stack_base ? 2 : 5; /* running, waiting */
    if (stack_base) {
        t.Tcb.InitialStack = target_pointer(stack_base);
        t.Tcb.StackBase = target_pointer(stack_base);
        t.Tcb.StackLimit = target_pointer(stack_base - KERNEL_STACK);
        t.Tcb.KernelStack = target_pointer(stack_base - 0x100);
    }
    t.Cid.UniqueProcess = target_pointer(pid);
    t.Cid.UniqueThread = target_pointer(pid ? m->next_thread_id : 0);
    t.CreateTime.QuadPart = (I8B)created(m, m->next_thread_id);
    put(m, va, &t, sizeof(t));
    list_init(m, va + offsetof(struct _ETHREAD, Tcb.Header.WaitListHead));
    list_append(m, process + offsetof(struct _EPROCESS, Pcb.ThreadListHead),
                va + offsetof(struct _ETHREAD, Tcb.ThreadListEntry));
    list_append(m, process + offsetof(struct _EPROCESS, ThreadListHead),
                va + offsetof(struct _ETHREAD, ThreadListEntry));
    return va;
}

void nt_processes(struct lab_machine *m)
{
    static const struct lab_process idle = {0, 0, "Idle", 0};

    put_u32(m, at_rva(m, NT_RVA_ObHeaderCookie), HEADER_COOKIE);
    object_type(m, "Job", INDEX_JOB, NT_RVA_PsJobType);
    object_type(m, "Process", INDEX_PROCESS, NT_RVA_PsProcessType);
    object_type(m, "Thread", INDEX_THREAD, 0);

    list_init(m, at_rva(m, NT_RVA_PsActiveProcessHead));
    fill_process(m, at_rva(m, NT_RVA_KiInitialProcess), &idle, m->info.cr3);
    put_u64(m, at_rva(m, NT_RVA_PsIdleProcess), at_rva(m, NT_RVA_KiInitialProcess));
    for (size_t i = 0; i < m->scene->process_count && i < LAB_PROCESSES_MAX; i++)
        m->process[i] = new_process(m, &m->scene->processes[i],
                                    i == 0 ? m->info.cr3 : lab_memory_add_space(m->memory));
    m->system_process = m->process[0];
    put_u64(m, at_rva(m, NT_RVA_PsInitialSystemProcess), m->system_process);
}
