/* nt_needs.c - which bytes of one kernel somebody must read who wants to know all that is told of it: the fields
 * that facts and lists are made of, no more of what is around them. */
#include "nt_parts.h"

struct field {
    uint16_t at, len;
};
#define FIELD(type, name)                                                                          \
    {                                                                                              \
        (uint16_t) offsetof(struct type, name), (uint16_t)sizeof(((struct type *)0)->name)         \
    }
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void need_fields(const struct lab_machine *m, uint64_t va, const struct field *fields,
                        size_t count)
{
    for (size_t i = 0; i < count; i++)
        need(m->truth, va + fields[i].at, fields[i].len);
}

/* A UNICODE_STRING and its text. */
static void need_string(const struct lab_machine *m, uint64_t va)
{
    need(m->truth, va, sizeof(struct _UNICODE_STRING));
    need(m->truth, get_u64(m, va + offsetof(struct _UNICODE_STRING, Buffer)),
         get_u64(m, va) & 0xffff);
}

/* How an object says of what type it is. */
static void need_type(const struct lab_machine *m, uint64_t object)
{
    need(m->truth,
         object - offsetof(struct _OBJECT_HEADER, Body) +
             offsetof(struct _OBJECT_HEADER, TypeIndex),
         1);
}

/* All entries have to be looked at. */
static void need_handles(const struct lab_machine *m, const struct cast_handles *h)
{
    if (!h->va)
        return;
    need(m->truth, h->va + offsetof(struct _HANDLE_TABLE, TableCode), 8);
    for (unsigned i = 0; i < CAST_LEAVES_MAX && h->leaf[i]; i++) {
        need(m->truth, h->leaf[i], LAB_PAGE);
        if (h->directory)
            need(m->truth, h->directory + 8 * i, 8);
    }
}

/* ---- processes ---- */

static const struct field process_fields[] = {
    FIELD(_EPROCESS, Pcb.DirectoryTableBase),
    FIELD(_EPROCESS, UniqueProcessId),
    FIELD(_EPROCESS, ActiveProcessLinks),
    FIELD(_EPROCESS, Flags2),
    FIELD(_EPROCESS, Flags),
    FIELD(_EPROCESS, CreateTime),
    FIELD(_EPROCESS, SessionProcessLinks),
    FIELD(_EPROCESS, Token),
    FIELD(_EPROCESS, Job),
    FIELD(_EPROCESS, InheritedFromUniqueProcessId),
    FIELD(_EPROCESS, Peb),
    FIELD(_EPROCESS, Session),
    FIELD(_EPROCESS, ObjectTable),
    FIELD(_EPROCESS, WoW64Process),
    FIELD(_EPROCESS, ImageFileName),
    FIELD(_EPROCESS, SeAuditProcessCreationInfo),
    FIELD(_EPROCESS, JobLinks),
    FIELD(_EPROCESS, ActiveThreads),
    FIELD(_EPROCESS, MmProcessLinks),
    FIELD(_EPROCESS, ExitStatus),
    FIELD(_EPROCESS, ExitTime),
    FIELD(_EPROCESS, SignatureLevel),
    FIELD(_EPROCESS, SectionSignatureLevel),
    FIELD(_EPROCESS, Protection),
    FIELD(_EPROCESS, Flags3),
#if NT_BUILD >= 17763
    FIELD(_EPROCESS, ServerSilo),
    FIELD(_EPROCESS, MitigationFlags),
    FIELD(_EPROCESS, MitigationFlags2),
#endif
};

static const struct field token_fields[] = {
    FIELD(_TOKEN, SessionId),  FIELD(_TOKEN, UserAndGroupCount),   FIELD(_TOKEN, UserAndGroups),
    FIELD(_TOKEN, TokenFlags), FIELD(_TOKEN, IntegrityLevelIndex), FIELD(_TOKEN, MandatoryPolicy),
    FIELD(_TOKEN, Package),    FIELD(_TOKEN, CapabilityCount),     FIELD(_TOKEN, TrustLevelSid),
};

static void need_sid(const struct lab_machine *m, uint64_t va, const struct cast_sid *sid)
{
    if (va)
        need(m->truth, va, 8 + 4u * sid->count);
}

/* User and label: who is in the array of groups, first and last. */
static void need_token(const struct lab_machine *m, const struct cast_token *t)
{
    const struct cast_sid label = {16, 1, {0}};
    uint64_t array = get_u64(m, t->va + offsetof(struct _TOKEN, UserAndGroups));
    uint32_t index = (uint32_t)get_u64(m, t->va + offsetof(struct _TOKEN, IntegrityLevelIndex));

    need_fields(m, t->va, token_fields, COUNT(token_fields));
    need(m->truth, array, 8);
    need_sid(m, get_u64(m, array), &t->user);
    if (index != 0xffffffff) {
        uint64_t entry = array + index * sizeof(struct _SID_AND_ATTRIBUTES);

        need(m->truth, entry, 8);
        need_sid(m, get_u64(m, entry), &label);
    }
    need_sid(m, get_u64(m, t->va + offsetof(struct _TOKEN, Package)), &t->package);
    need_sid(m, get_u64(m, t->va + offsetof(struct _TOKEN, TrustLevelSid)), &t->trust);
}

static void need_threads(const struct lab_machine *m, uint64_t process)
{
    uint64_t head = process + offsetof(struct _EPROCESS, ThreadListHead);

    for (uint64_t at = get_u64(m, head); at != head; at = get_u64(m, at))
        need_type(m, at - offsetof(struct _ETHREAD, ThreadListEntry));
}

static void need_processes(const struct lab_machine *m)
{
    need_handles(m, &m->ids);
    for (size_t i = 0; i < m->cast->process_count; i++) {
        const struct cast_process *p = &m->cast->processes[i];

        need_type(m, p->va);
        need_fields(m, p->va, process_fields, COUNT(process_fields));
        need_string(m, get_u64(m, p->va + offsetof(struct _EPROCESS, SeAuditProcessCreationInfo)));
        need_token(m, &p->token);
        need_handles(m, &p->handles);
        need_threads(m, p->va); /* they are in the table of ids, too, and have to be told apart */
    }
}

/* ---- sessions, jobs, silos ---- */

static const struct field session_fields[] = {
    FIELD(_MM_SESSION_SPACE, SessionId),
    FIELD(_MM_SESSION_SPACE, ProcessReferenceToSession),
    FIELD(_MM_SESSION_SPACE, ProcessList),
    FIELD(_MM_SESSION_SPACE, CreateTime),
};

static const struct field job_fields[] = {
    FIELD(_EJOB, JobLinks),        FIELD(_EJOB, ProcessListHead),
    FIELD(_EJOB, TotalProcesses),  FIELD(_EJOB, ActiveProcesses),
    FIELD(_EJOB, LimitFlags),      FIELD(_EJOB, TotalTerminatedProcesses),
    FIELD(_EJOB, SessionId),       FIELD(_EJOB, NestingDepth),
    FIELD(_EJOB, SiblingJobLinks), FIELD(_EJOB, ChildJobListHead),
    FIELD(_EJOB, ParentJob),       FIELD(_EJOB, RootJob),
    FIELD(_EJOB, JobId),           FIELD(_EJOB, ContainerId),
    FIELD(_EJOB, Storage),         FIELD(_EJOB, ServerSiloGlobals),
    FIELD(_EJOB, JobFlags),
};

static const struct field globals_fields[] = {
    FIELD(_ESERVERSILO_GLOBALS, EtwSiloState),   FIELD(_ESERVERSILO_GLOBALS, Storage),
    FIELD(_ESERVERSILO_GLOBALS, State),          FIELD(_ESERVERSILO_GLOBALS, ExitStatus),
#if NT_BUILD >= 16299
    FIELD(_ESERVERSILO_GLOBALS, UserSharedData),
#endif
};

static void need_storage(const struct lab_machine *m, uint64_t va)
{
    uint64_t more = va ? get_u64(m, va + 0x200) : 0;

    need(m->truth, va, va ? 0x208 : 0);
    need(m->truth, more, more ? 0x1000 : 0);
}

static void need_globals(const struct lab_machine *m, const struct cast_silo *s)
{
    uint64_t shared = s->globals + offsetof(struct _ESERVERSILO_GLOBALS, UserSharedData);

    need_fields(m, s->globals, globals_fields, COUNT(globals_fields));
    need_string(m, s->globals + offsetof(struct _ESERVERSILO_GLOBALS, SiloRootDirectoryName));
#if NT_BUILD >= 16299
    need_string(m, s->globals + offsetof(struct _ESERVERSILO_GLOBALS, NtSystemRoot));
    shared = get_u64(m, shared);
#endif
    need(m->truth, shared, 8); /* ServiceSessionId, ActiveConsoleId */
    need_storage(m, get_u64(m, s->globals + offsetof(struct _ESERVERSILO_GLOBALS, Storage)));
}

static void need_jobs(const struct lab_machine *m)
{
    uint64_t head = at_rva(m, NT_RVA_PspSiloMonitorList);

    need(m->truth, at_rva(m, NT_RVA_PspJobList), 16);
    need(m->truth, head, 16);
    for (uint64_t at = get_u64(m, head); at != head; at = get_u64(m, at)) {
        need(m->truth, at, 0x28);
        need_string(m, at + 0x28);
    }
    for (size_t i = 0; i < m->cast->session_count; i++)
        need_fields(m, m->cast->sessions[i].va, session_fields, COUNT(session_fields));
    for (size_t i = 0; i < m->cast->job_count; i++) {
        uint64_t va = m->cast->jobs[i].va;

        need_type(m, va);
        need(m->truth, va - offsetof(struct _OBJECT_HEADER, Body), 8); /* PointerCount */
        need_fields(m, va, job_fields, COUNT(job_fields));
        need_storage(m, get_u64(m, va + offsetof(struct _EJOB, Storage)));
    }
    for (size_t i = 0; i < m->cast->silo_count; i++)
        need_globals(m, &m->cast->silos[i]);
}

/* ---- tracing ---- */

static const struct field logger_fields[] = {
    {0, offsetof(struct _WMI_LOGGER_CONTEXT, GlobalList)}, /* all before its buffers */
    FIELD(_WMI_LOGGER_CONTEXT, LoggerName),
    FIELD(_WMI_LOGGER_CONTEXT, LogFileName),
    FIELD(_WMI_LOGGER_CONTEXT, LogFilePattern),
    FIELD(_WMI_LOGGER_CONTEXT, NewLogFileName),
    FIELD(_WMI_LOGGER_CONTEXT, ClockType),
    FIELD(_WMI_LOGGER_CONTEXT, FlushTimer),
    FIELD(_WMI_LOGGER_CONTEXT, BuffersAvailable),
    FIELD(_WMI_LOGGER_CONTEXT, NumberOfBuffers),
    FIELD(_WMI_LOGGER_CONTEXT, MaximumBuffers),
    FIELD(_WMI_LOGGER_CONTEXT, EventsLost),
    FIELD(_WMI_LOGGER_CONTEXT, PeakBuffersCount),
    FIELD(_WMI_LOGGER_CONTEXT, BuffersWritten),
    FIELD(_WMI_LOGGER_CONTEXT, LogBuffersLost),
    FIELD(_WMI_LOGGER_CONTEXT, RealTimeBuffersDelivered),
    FIELD(_WMI_LOGGER_CONTEXT, RealTimeBuffersLost),
    FIELD(_WMI_LOGGER_CONTEXT, RealtimeLogfileName),
    FIELD(_WMI_LOGGER_CONTEXT, PoolType),
    FIELD(_WMI_LOGGER_CONTEXT, CollectionOn),
    FIELD(_WMI_LOGGER_CONTEXT, Consumers),
    FIELD(_WMI_LOGGER_CONTEXT, NumConsumers),
    FIELD(_WMI_LOGGER_CONTEXT, TransitionConsumer),
    FIELD(_WMI_LOGGER_CONTEXT, StartTime),
    FIELD(_WMI_LOGGER_CONTEXT, LoggerMutex.OwnerThread),
    FIELD(_WMI_LOGGER_CONTEXT, LoggerLock),
    FIELD(_WMI_LOGGER_CONTEXT, Flags),
    FIELD(_WMI_LOGGER_CONTEXT, SiloState),
};

static const struct field consumer_fields[] = {
    FIELD(_ETW_REALTIME_CONSUMER, Links),       FIELD(_ETW_REALTIME_CONSUMER, ProcessObject),
    FIELD(_ETW_REALTIME_CONSUMER, BuffersLost), FIELD(_ETW_REALTIME_CONSUMER, LoggerId),
    FIELD(_ETW_REALTIME_CONSUMER, Flags),       FIELD(_ETW_REALTIME_CONSUMER, SiloState),
};

static void need_logger(const struct lab_machine *m, const struct cast_logger *l)
{
    uint64_t head = l->va + offsetof(struct _WMI_LOGGER_CONTEXT, Consumers), at;
    uint64_t refs = get_u64(m, l->rundown + offsetof(struct _EX_RUNDOWN_REF_CACHE_AWARE, RunRefs));

    need_fields(m, l->va, logger_fields, COUNT(logger_fields));
    need_string(m, l->va + offsetof(struct _WMI_LOGGER_CONTEXT, LoggerName));
    if (!(l->said->more & LOGGER_FILE_PAGED))
        need_string(m, l->va + offsetof(struct _WMI_LOGGER_CONTEXT, LogFileName));
    for (at = get_u64(m, head); at != head; at = get_u64(m, at)) {
        need_type(m, at);
        need_fields(m, at, consumer_fields, COUNT(consumer_fields));
    }
    need(m->truth, l->rundown, sizeof(struct _EX_RUNDOWN_REF_CACHE_AWARE));
    for (uint32_t i = 0; i < m->scene->processors; i++)
        need(m->truth, refs + 0x40u * i, 8);
}

static void need_traits(const struct lab_machine *m, const struct cast_provider *p)
{
    if (p->traits_va)
        need(m->truth, p->traits_va + offsetof(struct _ETW_PROVIDER_TRAITS, Traits),
             2 + strlen(p->traits) + 1);
}

static void need_tracing(const struct lab_machine *m)
{
    const struct cast *c = m->cast;

    for (size_t i = 0; i < c->silo_count; i++) { /* in its state, little is not of interest */
        uint32_t slots = i == 0 ? m->scene->max_loggers : c->shape.silo_slots;

        need(m->truth, c->silos[i].state, sizeof(struct _ETW_SILODRIVERSTATE));
        need(m->truth, c->silos[i].contexts, 8u * slots);
        need(m->truth, c->silos[i].rundowns, 8u * slots);
    }
    for (size_t i = 0; i < c->logger_count; i++)
        need_logger(m, &c->loggers[i]);
    for (size_t i = 0; i < c->provider_count; i++) {
        need(m->truth, c->providers[i].va, sizeof(struct _ETW_GUID_ENTRY));
        need_traits(m, &c->providers[i]);
    }
    for (size_t i = 0; i < c->registration_count; i++) {
        need(m->truth, c->registrations[i].va, sizeof(struct _ETW_REG_ENTRY));
        if (c->registrations[i].process != NOBODY)
            need_type(m, c->registrations[i].va);
    }
}

/* ---- the rest ---- */

static const struct field module_fields[] = {
    FIELD(_KLDR_DATA_TABLE_ENTRY, InLoadOrderLinks), FIELD(_KLDR_DATA_TABLE_ENTRY, DllBase),
    FIELD(_KLDR_DATA_TABLE_ENTRY, SizeOfImage),      FIELD(_KLDR_DATA_TABLE_ENTRY, FullDllName),
    FIELD(_KLDR_DATA_TABLE_ENTRY, BaseDllName),
};

void nt_needs(struct lab_machine *m)
{
    uint64_t head = m->info.module_list;

    if (!m->truth)
        return;
    need_processes(m);
    need_jobs(m);
    need_tracing(m);
    need(m->truth, head, 16);
    for (uint64_t at = get_u64(m, head); at != head; at = get_u64(m, at)) {
        need_fields(m, at, module_fields, COUNT(module_fields));
        need_string(m, at + offsetof(struct _KLDR_DATA_TABLE_ENTRY, FullDllName));
        need_string(m, at + offsetof(struct _KLDR_DATA_TABLE_ENTRY, BaseDllName));
    }
    for (uint32_t i = 0; i < m->scene->processors; i++) /* CR0 to CR4, CR8, XCR0 */
        need(m->truth, m->info.kprcb[i] + offsetof(struct _KPRCB, ProcessorState.SpecialRegisters),
             sizeof(struct _KSPECIAL_REGISTERS));
    need(m->truth, at_rva(m, NT_RVA_KiProcessorBlock), 8u * m->scene->processors);
    need(m->truth, at_rva(m, NT_RVA_HalPrivateDispatchTable), 0x200);
    need(m->truth, at_rva(m, NT_RVA_EtwpDiskIoNotifyRoutines), 0x10);
    need(m->truth, at_rva(m, NT_RVA_EtwpFileIoNotifyRoutines), 0x20);
}
