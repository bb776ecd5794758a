/* nt_thread.c - threads of one kernel, and the table that all ids of processes and threads are in. */
#include "nt_parts.h"

#define RUNNING 2
#define WAITING 5

/* Processes and threads share one space of ids, and one table of handles: an entry points to the object
 * itself, not to its header [guess: public listings]. */
void nt_ids_init(struct lab_machine *m)
{
    nt_handles_init(m, &m->ids, 0, 0);
    put_u64(m, at_rva(m, NT_RVA_PspCidTable), m->ids.va);
}

void nt_id(struct lab_machine *m, uint32_t id, uint64_t object)
{
    nt_handle_set(m, &m->ids, id, object, 0);
}

static uint32_t next_id(struct lab_machine *m)
{
    do
        m->next_thread_id += 4;
    while (m->next_thread_id % 1024 == 0 || cast_process(m->cast, m->next_thread_id));
    return m->next_thread_id;
}

static void count_thread(struct lab_machine *m, uint64_t process)
{
    for (size_t i = 0; i < m->cast->process_count; i++) {
        struct cast_process *p = &m->cast->processes[i];

        if (p->va == process)
            put_u32(m, process + offsetof(struct _EPROCESS, ActiveThreads), ++p->threads_made);
    }
}

uint64_t nt_thread(struct lab_machine *m, uint64_t process, uint64_t at, uint64_t stack_base)
{
    uint64_t va = at ? at : nt_object(m, sizeof(struct _ETHREAD), INDEX_THREAD, "Thre");
    uint64_t pid = get_u64(m, process + offsetof(struct _EPROCESS, UniqueProcessId));
    uint32_t id = pid ? next_id(m) : 0;
    struct _ETHREAD t = {0};

    t.Tcb.Header.Type = TYPE_THREAD;
    t.Tcb.Process = target_pointer(process);
    t.Tcb.ApcState.Process = target_pointer(process);
    t.Tcb.State = stack_base ? RUNNING : WAITING;
    if (stack_base) {
        t.Tcb.InitialStack = target_pointer(stack_base);
        t.Tcb.StackBase = target_pointer(stack_base);
        t.Tcb.StackLimit = target_pointer(stack_base - KERNEL_STACK);
        t.Tcb.KernelStack = target_pointer(stack_base - 0x100);
    }
    t.Cid.UniqueProcess = target_pointer(pid);
    t.Cid.UniqueThread = target_pointer(id);
    t.CreateTime.QuadPart = (I8B)get_u64(m, process + offsetof(struct _EPROCESS, CreateTime));
    put(m, va, &t, sizeof(t));
    list_init(m, va + offsetof(struct _ETHREAD, Tcb.Header.WaitListHead));
    list_append(m, process + offsetof(struct _EPROCESS, Pcb.ThreadListHead),
                va + offsetof(struct _ETHREAD, Tcb.ThreadListEntry));
    list_append(m, process + offsetof(struct _EPROCESS, ThreadListHead),
                va + offsetof(struct _ETHREAD, ThreadListEntry));
    if (id)
        nt_id(m, id, va);
    count_thread(m, process);
    return va;
}
