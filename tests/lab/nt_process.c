/* nt_process.c - the processes of one kernel, and the lists that they are in. */
#include <stdio.h>

#include "nt_parts.h"

#define PROCESS(field) offsetof(struct _EPROCESS, field)
#define PENDING        0x103
#define BUSY_HANDLE    0x3f8 /* with that many handles a second page is near */
#define NO_SHADOW      1     /* UserDirectoryTableBase of those without [guess] */
#define TOKEN_COUNTS   0xf /* in the low bits of a pointer to a token: references taken in advance */

static uint64_t image_base(const struct cast_process *p)
{
    return 0x7ff600000000 + p->pid * 0x10000u;
}

/* What a program has in memory, of the little that is here: its environment block, and the page that all
 * share with the kernel. Where the image is: in the block at 0x10 [doc]. */
static uint64_t user_half(struct lab_machine *m, const struct cast_process *p)
{
    uint64_t peb = 0x2f1a000000 + p->pid * 0x1000u, image = image_base(p);

    lab_memory_write_user(m->memory, p->cr3, peb + 0x10, &image, sizeof(image));
    lab_memory_map(m->memory, SHARED_DATA, LAB_PAGE);
    lab_memory_share(m->memory, p->cr3, 0x7ffe0000, SHARED_DATA);
    return peb;
}

static bool is_program(const struct lab_machine *m, const struct cast_process *p)
{
    return p->cr3 != m->info.cr3 && !(p->more & PROCESS_MINIMAL) && !p->exited;
}

static void life(const struct cast_process *p, struct _EPROCESS *e)
{
    e->CreateTime.QuadPart = (I8B)p->created;
    e->ExitTime.QuadPart = (I8B)p->exited;
    e->ExitStatus = p->exited ? 0 : PENDING;
    e->ImageNotifyDone = 1;
    e->ProcessExiting = e->ProcessDelete = e->ProcessRundown = p->exited != 0;
    e->Minimal = (p->more & PROCESS_MINIMAL) != 0;
}

static uint64_t silo_at(const struct lab_machine *m, const struct cast_process *p)
{
    return p->silo ? m->cast->jobs[m->cast->silos[p->silo].job].va : 0;
}

/* Which layers of protection it is in. */
static void layers(const struct lab_machine *m, const struct cast_process *p, struct _EPROCESS *e)
{
    e->Protection.Level = p->protection;
    e->SignatureLevel = p->signature;
    e->SectionSignatureLevel = p->section_signature;
    e->Token.Value = p->token.va ? p->token.va | TOKEN_COUNTS : 0;
    if (p->session != NOBODY)
        e->Session = target_pointer(m->cast->sessions[p->session].va);
    if (p->job != NOBODY)
        e->Job = target_pointer(m->cast->jobs[p->job].va);
#if NT_BUILD >= 17763
    e->ServerSilo = target_pointer(silo_at(m, p));
    e->MitigationFlags = p->mitigations;
#endif
}

/* Everything but its lists. */
static void fill(struct lab_machine *m, uint64_t va, const struct cast_process *p,
                 struct _EPROCESS *e)
{
    size_t len = strlen(p->image);

    e->Pcb.Header.Type = TYPE_PROCESS;
    e->Pcb.Header.Size = (U1B)(sizeof(struct _KPROCESS) / 4); /* as the kernel cuts it */
    e->Pcb.DirectoryTableBase = p->cr3;
    e->UniqueProcessId = target_pointer(p->pid);
    e->InheritedFromUniqueProcessId = target_pointer(p->parent);
    e->SequenceNumber = p->pid;
    e->ObjectTable = target_pointer(p->handles.va);
    life(p, e);
    layers(m, p, e);
    if (is_program(m, p)) {
        e->Peb = target_pointer(user_half(m, p));
        e->SectionBaseAddress = target_pointer(image_base(p));
    }
    memcpy(e->ImageFileName, p->image,
           len < sizeof(e->ImageFileName) - 1 ? len : sizeof(e->ImageFileName) - 1);
    e->Pcb.UserDirectoryTableBase = m->scene->has_shadow_tables && e->Peb
                                        ? lab_memory_add_shadow(m->memory, p->cr3)
                                        : NO_SHADOW;
    put(m, va, e, sizeof(*e));
    list_init(m, va + PROCESS(Pcb.Header.WaitListHead));
    list_init(m, va + PROCESS(Pcb.ThreadListHead));
    list_init(m, va + PROCESS(Pcb.ProfileListHead));
    list_init(m, va + PROCESS(ThreadListHead));
    list_init(m, va + PROCESS(JobLinks));
    list_init(m, va + PROCESS(SessionProcessLinks));
}

static void put_path(struct lab_machine *m, const struct cast_process *p)
{
    uint64_t info = pool_alloc(m, sizeof(struct _OBJECT_NAME_INFORMATION), "SeOn");

    put_string(m, info, p->path, "SeOn");
    put_u64(m, p->va + PROCESS(SeAuditProcessCreationInfo.ImageFileName), info);
}

/* The memory manager's list: its head has no symbol of its own. In 14393 nothing says where it stands. */
static uint64_t memory_list(struct lab_machine *m)
{
    if (!m->memory_list)
        m->memory_list = NT_RVA_MiState
                             ? at_rva(m, NT_RVA_MiState) +
                                   offsetof(struct _MI_SYSTEM_INFORMATION, Processes.ProcessList)
                             : pool_alloc(m, sizeof(struct _LIST_ENTRY), "MmPr");
    return m->memory_list;
}

static void join_lists(struct lab_machine *m, const struct cast_process *p)
{
    list_append(m, at_rva(m, NT_RVA_PsActiveProcessHead), p->va + PROCESS(ActiveProcessLinks));
    list_append(m, memory_list(m), p->va + PROCESS(MmProcessLinks));
    if (p->session != NOBODY)
        list_append(
            m, m->cast->sessions[p->session].va + offsetof(struct _MM_SESSION_SPACE, ProcessList),
            p->va + PROCESS(SessionProcessLinks));
    if (p->job != NOBODY && !p->exited)
        nt_job_join(m, p->job, p->va);
    nt_id(m, p->pid, p->va);
}

/* Who has ended has neither handles nor memory any more. */
static void new_process(struct lab_machine *m, struct cast_process *p)
{
    struct _EPROCESS e = {0};

    p->va = nt_object(m, sizeof(e), INDEX_PROCESS, "Proc");
    p->cr3 = p->pid == SYSTEM_PID ? m->info.cr3 : lab_memory_add_space(m->memory);
    nt_token(m, p);
    if (!p->exited)
        nt_handles_init(m, &p->handles, p->pid, p->va);
    if (strcmp(p->image, "MsMpEng.exe") == 0)
        p->handles.next = BUSY_HANDLE;
    fill(m, p->va, p, &e);
    put_path(m, p);
    join_lists(m, p);
    p->peb = (uintptr_t)e.Peb;
    p->flags[0] = e.Flags;
    p->flags[1] = e.Flags2;
    p->flags[2] = e.Flags3;
    for (uint32_t i = 0; i < p->threads; i++)
        nt_thread(m, p->va, 0, 0);
}

void nt_processes(struct lab_machine *m)
{
    struct cast_process idle = {.image = "Idle", .session = NOBODY, .job = NOBODY};
    struct _EPROCESS e = {0};

    nt_object_types(m);
    if (NT_RVA_HandleTableListHead)
        list_init(m, at_rva(m, NT_RVA_HandleTableListHead));
    list_init(m, at_rva(m, NT_RVA_PsActiveProcessHead));
    list_init(m, memory_list(m));
    nt_ids_init(m);
    idle.cr3 = m->info.cr3;
    fill(m, at_rva(m, NT_RVA_KiInitialProcess), &idle, &e);
    put_u64(m, at_rva(m, NT_RVA_PsIdleProcess), at_rva(m, NT_RVA_KiInitialProcess));
    nt_sessions(m);
    nt_jobs(m);
    for (size_t i = 0; i < m->cast->process_count; i++)
        new_process(m, &m->cast->processes[i]);
    m->system_process = m->cast->processes[0].va;
    put_u64(m, at_rva(m, NT_RVA_PsInitialSystemProcess), m->system_process);
}

/* ---- told ---- */

static void sid_text(const struct cast_sid *s, char out[160])
{
    int len = snprintf(out, 160, "S-1-%u", s->authority);

    for (uint8_t i = 0; i < s->count; i++)
        len += snprintf(out + len, 160 - (size_t)len, "-%u", s->sub[i]);
}

static void tell_sid(struct truth *t, const char *fact, const struct cast_sid *s)
{
    char text[160];

    sid_text(s, text);
    tell_text(t, fact, s->count ? text : NULL);
}

static void tell_token(struct truth *t, const struct lab_machine *m, const struct cast_process *p)
{
    const struct cast_token *k = &p->token;

    tell_word(t, "token", k->va);
    tell_sid(t, "user", &k->user);
    if (k->integrity == CAST_NO_LABEL)
        tell_none(t, "integrity");
    else
        tell_word(t, "integrity", k->integrity);
    tell_word(t, "policy", k->policy);
    tell_word(t, "token_flags", k->flags);
    tell_number(t, "token_session", p->session == NOBODY ? 0 : m->cast->sessions[p->session].id);
    tell_sid(t, "package", &k->package);
    tell_number(t, "capabilities", k->capabilities);
    tell_sid(t, "trust_level", &k->trust);
}

/* The nearest job upwards that is a silo of any kind. */
static uint64_t nearest_silo(const struct lab_machine *m, const struct cast_process *p)
{
    for (int j = p->job; j != NOBODY; j = m->cast->jobs[j].parent)
        if (m->cast->jobs[j].said->kind != JOB_PLAIN)
            return m->cast->jobs[j].va;
    return 0;
}

static void tell_layers(struct truth *t, const struct lab_machine *m, const struct cast_process *p)
{
    const struct cast_session *s = p->session == NOBODY ? NULL : &m->cast->sessions[p->session];

    tell_number(t, "job_not_active", 0);
    tell_word(t, "job", p->job == NOBODY ? 0 : m->cast->jobs[p->job].va);
    tell_word(t, "silo", nearest_silo(m, p));
    tell_word(t, "server_silo", silo_at(m, p));
#if NT_BUILD >= 17763
    tell_word(t, "own_silo", silo_at(m, p));
    tell_word(t, "mitigation_flags", p->mitigations);
    tell_word(t, "mitigation_flags2", 0);
#else
    tell_none(t, "own_silo");
    tell_none(t, "mitigation_flags");
    tell_none(t, "mitigation_flags2");
#endif
    tell_word(t, "session", s ? s->va : 0);
    if (s)
        tell_number(t, "session_id", s->id);
    else
        tell_none(t, "session_id");
    tell_word(t, "protection", p->protection);
    tell_number(t, "signature_level", p->signature);
    tell_number(t, "section_signature_level", p->section_signature);
    tell_token(t, m, p);
}

void nt_tell_process_name(const struct lab_machine *m, const char *fact,
                          const struct cast_process *p)
{
    char name[15]; /* as much as ImageFileName has of it, with its end */

    snprintf(name, sizeof(name), "%s", p->image);
    tell_text(m->truth, fact, name);
}

void nt_tell_processes(const struct lab_machine *m)
{
    struct truth *t = m->truth;

    for (const struct cast_process *p = m->cast->processes;
         t && p < m->cast->processes + m->cast->process_count; p++) {
        tell(t, TRUTH_PROCESSES, p->va);
        tell_number(t, "pid", p->pid);
        tell_number(t, "parent_pid", p->parent);
        nt_tell_process_name(m, "name", p);
        tell_text(t, "path", p->path);
        tell_time(t, "created", p->created);
        tell_time(t, "exited", p->exited);
        tell_signed(t, "exit_status", p->exited ? 0 : PENDING);
        tell_word(t, "flags", p->flags[0]);
        tell_word(t, "flags2", p->flags[1]);
        tell_word(t, "flags3", p->flags[2]);
        tell_number(t, "dtb", p->cr3);
        tell_word(t, "peb", p->peb);
        tell_word(t, "wow64", 0);
        tell_word(t, "handle_table", p->handles.va);
        tell_number(t, "threads", p->threads_made);
        tell_layers(t, m, p);
    }
}
