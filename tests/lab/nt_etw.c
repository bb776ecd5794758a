/* nt_etw.c - the host silo of one kernel and its ETW state. */
#include "nt_parts.h"

#define STATE(field)  offsetof(struct _ETW_SILODRIVERSTATE, field)
#define GLOBAL(field) offsetof(struct _ESERVERSILO_GLOBALS, field)
#define FREE_SLOT     1 /* [guess: kernel listings], first slots of both analyses [seen] */
#define PENDING       0x103
#define CACHE_LINE    0x40u

/* Two generations: 64 slots within the state, or MaxLoggers behind a pointer. */
#if NT_BUILD < 16299
#define CONTEXTS_INSIDE 1
#else
#define CONTEXTS_INSIDE 0
#endif

struct arrays {
    uint64_t rundown, contexts;
    uint32_t count;
};

/* 54849625-5478-4994-A5BA-3E3B0328C30D, Microsoft-Windows-Security-Auditing */
static const struct _GUID security_auditing = {
    0x54849625, 0x5478, 0x4994, {0xa5, 0xba, 0x3e, 0x3b, 0x03, 0x28, 0xc3, 0x0d}};

static struct arrays arrays_of(struct lab_machine *m)
{
    const struct lab_scene *scene = m->scene;
    struct arrays a = {.count = scene->max_loggers};

#if CONTEXTS_INSIDE
    a.rundown = m->etw_state + STATE(EtwpLoggerRundown);
    a.contexts = m->etw_state + STATE(WmipLoggerContext);
#else /* one allocation */
    a.rundown = scene->etw_arrays;
    a.contexts = a.rundown + 8 * a.count;
    lab_memory_map(m->memory, a.rundown, 16 * a.count);
    pool_header(m, a.rundown, 16 * a.count, "Etwa");
    put_u32(m, m->etw_state + STATE(MaxLoggers), a.count);
    put_u64(m, m->etw_state + STATE(EtwpLoggerRundown), a.rundown);
    put_u64(m, m->etw_state + STATE(EtwpLoggerContext), a.contexts);
#endif
    return a;
}

/* One reference count a processor, each in a cache line of its own; all of them 0: not in use. */
static uint64_t rundown_object(struct lab_machine *m, uint64_t at)
{
    struct _EX_RUNDOWN_REF_CACHE_AWARE r = {0};
    uint64_t refs = pool_alloc(m, m->scene->processors * CACHE_LINE, "Etwc");

    if (!at)
        at = pool_alloc(m, sizeof(r), "Etwc");
    r.RunRefs = target_pointer(refs);
    r.PoolToFree = target_pointer(refs);
    r.RunRefSize = CACHE_LINE;
    r.Number = m->scene->processors;
    put(m, at, &r, sizeof(r));
    return at;
}

static void loggers(struct lab_machine *m, const struct arrays *a)
{
    for (uint32_t i = 0; i < a->count; i++) {
        put_u64(m, a->rundown + 8 * i, rundown_object(m, i == 0 ? m->scene->etw_rundown : 0));
        put_u64(m, a->contexts + 8 * i, FREE_SLOT);
    }
    for (size_t i = 0; i < m->scene->logger_count; i++) {
        const struct lab_logger *l = &m->scene->loggers[i];
        uint64_t va = nt_logger(m, l);

        put_u64(m, a->contexts + 8 * l->id, va | ((l->more & LOGGER_STOPPING) != 0));
    }
}

static void security_loggers(struct lab_machine *m)
{
    struct _TRACE_ENABLE_INFO info = {0};
    uint64_t entry = m->etw_state + STATE(EtwpSecurityProviderGuidEntry);
    uint8_t mask = 0;
    unsigned k = 0;

    info.IsEnabled = 1;
    info.Level = 0xff;
    info.EnableProperty = 0x40;
    info.MatchAnyKeyword = ~(U8B)0;
    for (size_t i = 0; i < m->scene->logger_count; i++) {
        uint16_t id = m->scene->loggers[i].id;

        if (!(m->scene->loggers[i].more & LOGGER_SECURITY))
            continue;
        info.LoggerId = id;
        put(m, entry + offsetof(struct _ETW_GUID_ENTRY, EnableInfo) + k * sizeof(info), &info,
            sizeof(info));
        put(m, m->etw_state + STATE(EtwpSecurityLoggers) + 2 * k, &id, 2);
        mask |= (uint8_t)(1u << k++);
    }
    info.LoggerId = 0;
    put(m, entry + offsetof(struct _ETW_GUID_ENTRY, ProviderEnableInfo), &info, sizeof(info));
    put(m, entry + offsetof(struct _ETW_GUID_ENTRY, Guid), &security_auditing,
        sizeof(security_auditing));
    put_u64(m, entry + offsetof(struct _ETW_GUID_ENTRY, RefCount), 1 + k);
    put_u64(m, entry + offsetof(struct _ETW_GUID_ENTRY, SiloState), m->etw_state);
    list_init(m, entry + offsetof(struct _ETW_GUID_ENTRY, RegListHead));
    list_init(m, entry + offsetof(struct _ETW_GUID_ENTRY, GuidList));
    put(m, at_rva(m, NT_RVA_SecurityProviderGuid), &security_auditing, sizeof(security_auditing));
    put(m, m->etw_state + STATE(EtwpSecurityProviderEnableMask), &mask, 1);
    put_u32(m, m->etw_state + STATE(EtwpSecurityProviderPID), m->scene->security_pid);
}

/* Kernel loggers: which index is whose. */
static void system_loggers(struct lab_machine *m)
{
#if CONTEXTS_INSIDE
    uint64_t table = at_rva(m, NT_RVA_EtwpSystemLogger);
    uint64_t active = at_rva(m, NT_RVA_EtwpActiveSystemLoggers);
#else
    uint64_t table = m->etw_state + STATE(SystemLoggerSettings.EtwpSystemLogger);
    uint64_t active = m->etw_state + STATE(SystemLoggerSettings.EtwpActiveSystemLoggers);
    uint64_t masks = m->etw_state + STATE(SystemLoggerSettings.EtwpGroupMasks);
    uint64_t all = m->etw_state + STATE(SystemLoggerSettings.SiloGlobalGroupMask);
#endif
    uint32_t bitmap = 0;

    for (size_t i = 0; i < m->scene->logger_count; i++) {
        const struct lab_logger *l = &m->scene->loggers[i];
        unsigned index = (unsigned)l->system_index - 1;
        uint8_t entry[2] = {(uint8_t)l->id, 1}; /* LoggerId, ClockType */

        if (!l->system_index)
            continue;
        bitmap |= 1u << index;
        put(m, table + 2 * index, entry, sizeof(entry));
#if !CONTEXTS_INSIDE
        put_u32(m, masks + index * sizeof(struct _PERFINFO_GROUPMASK), 0x3); /* process, thread */
        put_u32(m, all, 0x3);
#endif
    }
    put_u32(m, active, bitmap);
}

static void guid_table(struct lab_machine *m)
{
    for (uint32_t bucket = 0; bucket < 64; bucket++)
        for (uint32_t kind = 0; kind < 3; kind++)
            list_init(m, m->etw_state + STATE(EtwpGuidHashTable) +
                             bucket * sizeof(struct _ETW_HASH_BUCKET) +
                             kind * sizeof(struct _LIST_ENTRY));
}

#if !CONTEXTS_INSIDE
static void processor_blocks(struct lab_machine *m, uint32_t max_loggers)
{
    size_t len = m->scene->processors * sizeof(struct _ETW_SILO_TRACING_BLOCK);
    uint64_t blocks = m->scene->etw_blocks;

    if (!blocks)
        blocks = pool_alloc(m, len, "Etwp");
    for (uint32_t i = 0; i < m->scene->processors; i++) {
        struct _ETW_SILO_TRACING_BLOCK b = {0};

        b.ProcessorBuffers = target_pointer(pool_alloc(m, 8 * max_loggers, "Etwp"));
        b.EventsLoggedCount = target_pointer(pool_alloc(m, 8 * max_loggers, "Etwp"));
        put(m, blocks + i * sizeof(b), &b, sizeof(b));
    }
    put_u64(m, m->etw_state + STATE(ProcessorBlocks), blocks);
}

/* What only newer kernels keep in the state. */
static void newer_fields(struct lab_machine *m)
{
    uint64_t mutex = m->etw_state + STATE(EtwpStartTraceMutex);
    struct _KMUTANT free_mutex = {0};

    free_mutex.Header.Type = TYPE_MUTANT;
    free_mutex.Header.SignalState = 1;
    put(m, mutex, &free_mutex, sizeof(free_mutex));
    list_init(m, mutex + offsetof(struct _KMUTANT, Header.WaitListHead));
    put_u64(m, m->etw_state + STATE(SiloGlobals), at_rva(m, NT_RVA_PspHostSiloGlobals));
    put_u64(m, m->etw_state + STATE(LogfileBytesWritten), m->scene->bytes_written);
    put_u32(m, m->etw_state + STATE(EtwpCounters.SessionCount), (uint32_t)m->scene->logger_count);
    processor_blocks(m, m->scene->max_loggers);
#if NT_BUILD < 22000
    put_u64(m, m->etw_state + STATE(ContainerRestoreWnfSubscription), m->scene->etw_subscription);
#else
    put_u64(m, m->etw_state + STATE(ContainerStateWnfSubscription), m->scene->etw_subscription);
#endif
}
#endif

static void silo_globals(struct lab_machine *m)
{
    uint64_t globals = at_rva(m, NT_RVA_PspHostSiloGlobals);
    struct _SILO_USER_SHARED_DATA shared = {0};

    shared.ActiveConsoleId = 1;
    shared.NtProductType = (enum _NT_PRODUCT_TYPE)m->scene->product;
    shared.SuiteMask = m->scene->suite;
#if CONTEXTS_INSIDE
    put(m, globals + GLOBAL(UserSharedData), &shared, sizeof(shared));
#else
    uint64_t at = pool_alloc(m, sizeof(shared), "SilG");

    put(m, at, &shared, sizeof(shared));
    put_text(m, at + offsetof(struct _SILO_USER_SHARED_DATA, NtSystemRoot), "C:\\Windows");
    put_u64(m, globals + GLOBAL(UserSharedData), at);
    put_string(m, globals + GLOBAL(NtSystemRoot), "\\SystemRoot", "SilG");
#endif
    put_u64(m, globals + GLOBAL(EtwSiloState), m->etw_state);
    put_u32(m, globals + GLOBAL(State), SERVERSILO_STARTED);
    put_u32(m, globals + GLOBAL(ExitStatus), PENDING);
}

void nt_etw(struct lab_machine *m)
{
    /* what precedes the two addresses in EtwpDebuggerData: sizes, as tools look for them [doc] */
    static const uint16_t debugger_data[] = {0x082c, 0x3804, 0x000c};
    struct arrays a;

    m->etw_state = m->scene->etw_state;
    lab_memory_map(m->memory, m->etw_state, sizeof(struct _ETW_SILODRIVERSTATE));
    a = arrays_of(m);
    loggers(m, &a);
    security_loggers(m);
    system_loggers(m);
    guid_table(m);
#if !CONTEXTS_INSIDE
    newer_fields(m);
#endif
    silo_globals(m);
    put_u64(m, at_rva(m, NT_RVA_EtwpHostSiloState), m->etw_state);
    put(m, at_rva(m, NT_RVA_EtwpDebuggerData), debugger_data, sizeof(debugger_data));
    put_u64(m, at_rva(m, NT_RVA_EtwpDebuggerData) + 0x10, a.contexts);
}
