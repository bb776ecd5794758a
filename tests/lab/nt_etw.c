/* nt_etw.c - the ETW states of one kernel: the host's, and one for each server silo. */
#include "nt_parts.h"

#define STATE(field) offsetof(struct _ETW_SILODRIVERSTATE, field)
#define ENTRY(field) offsetof(struct _ETW_GUID_ENTRY, field)
#define FREE_SLOT    1 /* [guess: kernel listings], first slots of both analyses [seen] */
#define CACHE_LINE   0x40u

/* Two generations: 64 slots within the state, or MaxLoggers behind a pointer. */
#if NT_BUILD < 16299
#define CONTEXTS_INSIDE 1
#else
#define CONTEXTS_INSIDE 0
#endif

/* 54849625-5478-4994-A5BA-3E3B0328C30D, Microsoft-Windows-Security-Auditing */
static const struct _GUID security_auditing = {
    0x54849625, 0x5478, 0x4994, {0xa5, 0xba, 0x3e, 0x3b, 0x03, 0x28, 0xc3, 0x0d}};

static bool is_host(const struct cast_silo *s)
{
    return s->job == NOBODY;
}

static uint32_t max_loggers(const struct lab_machine *m, const struct cast_silo *s)
{
    if (CONTEXTS_INSIDE)
        return 64;
    return is_host(s) ? m->scene->max_loggers : m->cast->shape.silo_slots;
}

static void arrays(struct lab_machine *m, struct cast_silo *s)
{
#if CONTEXTS_INSIDE
    (void)m;
    s->rundowns = s->state + STATE(EtwpLoggerRundown);
    s->contexts = s->state + STATE(WmipLoggerContext);
#else /* one allocation */
    uint32_t count = max_loggers(m, s);

    s->rundowns = is_host(s) ? m->scene->etw_arrays : pool_alloc(m, 16 * count, "Etwa");
    s->contexts = s->rundowns + 8 * count;
    if (is_host(s)) {
        lab_memory_map(m->memory, s->rundowns, 16 * count);
        pool_header(m, s->rundowns, 16 * count, "Etwa");
    }
    put_u32(m, s->state + STATE(MaxLoggers), count);
    put_u64(m, s->state + STATE(EtwpLoggerRundown), s->rundowns);
    put_u64(m, s->state + STATE(EtwpLoggerContext), s->contexts);
#endif
}

static struct cast_logger *logger_in(const struct lab_machine *m, int silo, uint32_t slot)
{
    for (size_t i = 0; i < m->cast->logger_count; i++)
        if (m->cast->loggers[i].silo == silo && m->cast->loggers[i].said->id == slot)
            return &m->cast->loggers[i];
    return NULL;
}

/* Counts twice each reference that somebody holds; 1: its end has begun [guess: kernel listings]. */
static uint64_t rundown_value(const struct cast_logger *l, uint32_t processor)
{
    if (!l)
        return 0;
    if (l->said->more & LOGGER_STOPPING)
        return 1;
    return processor == 0 ? 2 * l->references : 0;
}

/* One count a processor, each in a cache line of its own. */
static uint64_t rundown_object(struct lab_machine *m, uint64_t at, const struct cast_logger *l)
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
    for (uint32_t i = 0; i < m->scene->processors; i++)
        put_u64(m, refs + i * CACHE_LINE, rundown_value(l, i));
    return at;
}

static void loggers(struct lab_machine *m, int silo)
{
    const struct cast_silo *s = &m->cast->silos[silo];

    for (uint32_t i = 0; i < max_loggers(m, s); i++) {
        struct cast_logger *l = logger_in(m, silo, i);
        uint64_t at = is_host(s) && i == 0 ? m->scene->etw_rundown : 0;

        at = rundown_object(m, at, l);
        put_u64(m, s->rundowns + 8 * i, at);
        put_u64(m, s->contexts + 8 * i, FREE_SLOT);
        if (!l)
            continue;
        l->rundown = at;
        nt_logger(m, l);
        put_u64(m, s->contexts + 8 * i, l->va | ((l->said->more & LOGGER_STOPPING) != 0));
    }
}

/* ---- the security provider ---- */

static void tell_security(const struct lab_machine *m, const struct cast_silo *s,
                          const struct _ETW_GUID_ENTRY *entry, unsigned k)
{
    const struct _TRACE_ENABLE_INFO *info = &entry->EnableInfo[k];

    tell(m->truth, TRUTH_SECURITY, s->state + STATE(EtwpSecurityLoggers) + 2 * k);
    tell_word(m->truth, "etw_state", s->state);
    tell_number(m->truth, "slot", k);
    tell_number(m->truth, "logger_id", info->LoggerId);
    nt_tell_enable(m, s->state + STATE(EtwpSecurityProviderGuidEntry), k, info);
}

/* One slot for each security logger, with all that the provider has: how many. */
static uint8_t security_enables(struct lab_machine *m, int silo, struct _ETW_GUID_ENTRY *entry)
{
    const struct cast_silo *s = &m->cast->silos[silo];
    unsigned k = 0;

    for (size_t i = 0; i < m->cast->logger_count; i++) {
        const struct cast_logger *l = &m->cast->loggers[i];

        if (l->silo != silo || !(l->said->more & LOGGER_SECURITY))
            continue;
        entry->EnableInfo[k] = entry->ProviderEnableInfo;
        entry->EnableInfo[k].LoggerId = l->said->id;
        put(m, s->state + STATE(EtwpSecurityLoggers) + 2 * k, &l->said->id, 2);
        tell_security(m, s, entry, k++);
    }
    return (uint8_t)k;
}

/* The entry that is part of the state, and in no list. */
static uint8_t security_provider(struct lab_machine *m, int silo)
{
    const struct cast_silo *s = &m->cast->silos[silo];
    uint64_t va = s->state + STATE(EtwpSecurityProviderGuidEntry);
    struct _ETW_GUID_ENTRY entry = {0};
    struct _TRACE_ENABLE_INFO *info = &entry.ProviderEnableInfo;
    uint8_t count, mask;

    info->IsEnabled = 1;
    info->Level = 0xff;
    info->EnableProperty = 0x40;
    info->MatchAnyKeyword = ~(U8B)0;
    count = security_enables(m, silo, &entry);
    mask = (uint8_t)((1u << count) - 1);
    entry.Guid = security_auditing;
    entry.RefCount = 1 + count;
    entry.SiloState = target_pointer(s->state);
    put(m, va, &entry, sizeof(entry));
    list_init(m, va + ENTRY(RegListHead));
    list_init(m, va + ENTRY(GuidList));
#if NT_BUILD >= 19041
    list_init(m, va + ENTRY(SiloGuidList));
#endif
    put(m, s->state + STATE(EtwpSecurityProviderEnableMask), &mask, 1);
    put_u32(m, s->state + STATE(EtwpSecurityProviderPID), s->security_pid);
    nt_tell_provider(m, s->state, va, 0, TYPE_SECURITY, &entry);
    return mask;
}

/* ---- kernel loggers ---- */

#if CONTEXTS_INSIDE /* one table for all */
#define SYSTEM_TABLE(m, s)  at_rva(m, NT_RVA_EtwpSystemLogger)
#define SYSTEM_ACTIVE(m, s) at_rva(m, NT_RVA_EtwpActiveSystemLoggers)
#define SYSTEM_MASKS(m, s)  at_rva(m, NT_RVA_EtwpGroupMasks)
#define SYSTEM_ALL(m, s)    at_rva(m, NT_RVA_PerfGlobalGroupMask)
#else
#define SYSTEM_TABLE(m, s)  ((s)->state + STATE(SystemLoggerSettings.EtwpSystemLogger))
#define SYSTEM_ACTIVE(m, s) ((s)->state + STATE(SystemLoggerSettings.EtwpActiveSystemLoggers))
#define SYSTEM_MASKS(m, s)  ((s)->state + STATE(SystemLoggerSettings.EtwpGroupMasks))
#define SYSTEM_ALL(m, s)    ((s)->state + STATE(SystemLoggerSettings.SiloGlobalGroupMask))
#endif
#define GROUPS 8u

/* Classes of events, by index of their logger: processes, threads, images, disks, the network; and
 * what the circular one is for: context switches, interrupts, page faults [doc]. */
static const uint32_t groups_of[2][GROUPS] = {{0x00010307, 0x4}, {0x00000073, 0x1000c, 0x20}};

static void tell_system(const struct lab_machine *m, const struct cast_silo *s, unsigned index,
                        const uint8_t entry[2], const uint32_t groups[GROUPS])
{
    static const char *const names[GROUPS] = {"group0", "group1", "group2", "group3",
                                              "group4", "group5", "group6", "group7"};

    tell(m->truth, TRUTH_SYSTEM, SYSTEM_TABLE(m, s) + 2 * index);
    tell_word(m->truth, "etw_state", s->state);
    tell_number(m->truth, "index", index);
    tell_number(m->truth, "logger_id", entry[0]);
    tell_number(m->truth, "clock_type", entry[1]);
    for (unsigned i = 0; i < GROUPS; i++)
        tell_word(m->truth, names[i], groups[i]);
}

/* Which index is whose; returns the bitmap of them. */
static uint32_t system_loggers(struct lab_machine *m, int silo)
{
    const struct cast_silo *s = &m->cast->silos[silo];
    uint32_t bitmap = 0, all[GROUPS] = {0};

    for (size_t i = 0; i < m->cast->logger_count; i++) {
        const struct lab_logger *l = m->cast->loggers[i].said;
        unsigned index = (unsigned)l->system_index - 1;
        uint8_t entry[2] = {(uint8_t)l->id, 1}; /* LoggerId, ClockType */
        const uint32_t *groups = groups_of[index % 2];

        if (m->cast->loggers[i].silo != silo || !l->system_index)
            continue;
        bitmap |= 1u << index;
        put(m, SYSTEM_TABLE(m, s) + 2 * index, entry, sizeof(entry));
        put(m, SYSTEM_MASKS(m, s) + index * sizeof(all), groups, sizeof(all));
        for (unsigned k = 0; k < GROUPS; k++)
            all[k] |= groups[k];
        tell_system(m, s, index, entry, groups);
    }
    if (bitmap) {
        put(m, SYSTEM_ALL(m, s), all, sizeof(all));
        put(m, at_rva(m, NT_RVA_PerfGlobalGroupMask), all, sizeof(all));
    }
    if (is_host(s) || !CONTEXTS_INSIDE)
        put_u32(m, SYSTEM_ACTIVE(m, s), bitmap);
    return bitmap;
}

/* ---- the rest of a state ---- */

static void guid_table(struct lab_machine *m, const struct cast_silo *s)
{
    for (uint32_t bucket = 0; bucket < 64; bucket++)
        for (uint32_t kind = 0; kind < 3; kind++)
            list_init(m, s->state + STATE(EtwpGuidHashTable) +
                             bucket * sizeof(struct _ETW_HASH_BUCKET) +
                             kind * sizeof(struct _LIST_ENTRY));
}

#if !CONTEXTS_INSIDE
static void processor_blocks(struct lab_machine *m, const struct cast_silo *s)
{
    size_t len = m->scene->processors * sizeof(struct _ETW_SILO_TRACING_BLOCK);
    uint64_t blocks = is_host(s) ? m->scene->etw_blocks : 0;
    uint32_t count = max_loggers(m, s);

    if (!blocks)
        blocks = pool_alloc(m, len, "Etwp");
    for (uint32_t i = 0; i < m->scene->processors; i++) {
        struct _ETW_SILO_TRACING_BLOCK b = {0};

        b.ProcessorBuffers = target_pointer(pool_alloc(m, 8 * count, "Etwp"));
        b.EventsLoggedCount = target_pointer(pool_alloc(m, 8 * count, "Etwp"));
        put(m, blocks + i * sizeof(b), &b, sizeof(b));
    }
    put_u64(m, s->state + STATE(ProcessorBlocks), blocks);
}

/* What only newer kernels keep in the state. */
static void newer_fields(struct lab_machine *m, const struct cast_silo *s)
{
    uint64_t mutex = s->state + STATE(EtwpStartTraceMutex);
    struct _KMUTANT free_mutex = {0};

    free_mutex.Header.Type = TYPE_MUTANT;
    free_mutex.Header.SignalState = 1;
    put(m, mutex, &free_mutex, sizeof(free_mutex));
    list_init(m, mutex + offsetof(struct _KMUTANT, Header.WaitListHead));
    put_u64(m, s->state + STATE(Silo), is_host(s) ? 0 : m->cast->jobs[s->job].va);
    put_u64(m, s->state + STATE(SiloGlobals), s->globals);
    put_u32(m, s->state + STATE(EtwpCounters.GuidCount), s->guids);
    put_u32(m, s->state + STATE(EtwpCounters.SessionCount), s->loggers);
    processor_blocks(m, s);
    if (!is_host(s))
        return;
    put_u64(m, s->state + STATE(LogfileBytesWritten), m->scene->bytes_written);
#if NT_BUILD < 22000
    put_u64(m, s->state + STATE(ContainerRestoreWnfSubscription), m->scene->etw_subscription);
#else
    put_u64(m, s->state + STATE(ContainerStateWnfSubscription), m->scene->etw_subscription);
#endif
}
#endif

/* What only newer kernels keep there; older ones have no such thing. */
static void tell_newer(const struct lab_machine *m, const struct cast_silo *s)
{
    struct truth *t = m->truth;
#if CONTEXTS_INSIDE
    static const char *const facts[] = {
        "own_silo",   "own_globals",    "max_loggers", "guid_count",   "session_count",
        "pool_paged", "pool_nonpaged",  "start_owner", "partition_id", "bytes_written",
        "parent_id",  "partition_type", "qpc_offset"};

    (void)s;
    for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++)
        tell_none(t, facts[i]);
#else
    static const uint8_t no_guid[16];

    tell_word(t, "own_silo", is_host(s) ? 0 : m->cast->jobs[s->job].va);
    tell_word(t, "own_globals", s->globals);
    tell_number(t, "max_loggers", max_loggers(m, s));
    tell_number(t, "guid_count", s->guids);
    tell_number(t, "session_count", s->loggers);
    tell_number(t, "pool_paged", 0);
    tell_number(t, "pool_nonpaged", 0);
    tell_number(t, "bytes_written", is_host(s) ? m->scene->bytes_written : 0);
    tell_word(t, "start_owner", 0);
    tell_guid(t, "partition_id", no_guid);
    tell_guid(t, "parent_id", no_guid);
    tell_number(t, "partition_type", 0);
    tell_number(t, "qpc_offset", 0);
#endif
    tell_none(t, "partition_name");
}

/* Only the host's has more than one route to it. */
static void tell_routes(const struct lab_machine *m, const struct cast_silo *s)
{
    tell_word(m->truth, "by_silo_globals", s->state);
    if (is_host(s)) {
        tell_word(m->truth, "by_host_pointer", s->state);
        tell_word(m->truth, "by_debugger_data", s->contexts);
    } else {
        tell_none(m->truth, "by_host_pointer");
        tell_none(m->truth, "by_debugger_data");
    }
}

static void tell_state(const struct lab_machine *m, const struct cast_silo *s, uint8_t mask,
                       uint32_t active)
{
    struct truth *t = m->truth;

    tell(t, TRUTH_STATES, s->state);
    tell_word(t, "silo", is_host(s) ? 0 : m->cast->jobs[s->job].va);
    tell_routes(m, s);
    tell_word(t, "contexts", s->contexts);
    tell_word(t, "rundowns", s->rundowns);
    tell_number(t, "slots", max_loggers(m, s));
    tell_number(t, "free_slots", max_loggers(m, s) - s->loggers);
    tell_number(t, "shutdown", 0);
    tell_number(t, "security_pid", s->security_pid);
    tell_word(t, "security_mask", mask);
    if (is_host(s) || !CONTEXTS_INSIDE)
        tell_word(t, "active_system_loggers", active);
    else
        tell_none(t, "active_system_loggers");
    tell_newer(m, s);
}

static void new_state(struct lab_machine *m, int silo)
{
    struct cast_silo *s = &m->cast->silos[silo];
    uint32_t active;
    uint8_t mask;

    if (is_host(s)) {
        s->globals = at_rva(m, NT_RVA_PspHostSiloGlobals);
        s->state = m->scene->etw_state;
        lab_memory_map(m->memory, s->state, sizeof(struct _ETW_SILODRIVERSTATE));
    } else {
        s->state = pool_alloc(m, sizeof(struct _ETW_SILODRIVERSTATE), "Etwa");
    }
    arrays(m, s);
    loggers(m, silo);
    mask = security_provider(m, silo);
    active = system_loggers(m, silo);
    guid_table(m, s);
#if !CONTEXTS_INSIDE
    newer_fields(m, s);
#endif
    tell_state(m, s, mask, active);
}

void nt_etw(struct lab_machine *m)
{
    /* what precedes the two addresses in EtwpDebuggerData: sizes, as tools look for them [doc] */
    static const uint16_t debugger_data[] = {0x082c, 0x3804, 0x000c};

    for (size_t i = 0; i < m->cast->silo_count; i++)
        new_state(m, (int)i);
    nt_silos(m);
    nt_providers(m);
    put(m, at_rva(m, NT_RVA_SecurityProviderGuid), &security_auditing, sizeof(security_auditing));
    put_u64(m, at_rva(m, NT_RVA_EtwpHostSiloState), m->cast->silos[0].state);
    put(m, at_rva(m, NT_RVA_EtwpDebuggerData), debugger_data, sizeof(debugger_data));
    put_u64(m, at_rva(m, NT_RVA_EtwpDebuggerData) + 0x10, m->cast->silos[0].contexts);
    nt_tell_processes(m);
    nt_needs(m);
}
