/* nt_tamper.c - what somebody changes in one kernel who does not want to be seen: one way for each check that is
 * to find it, which has the same name. */
#include "nt_parts.h"

#define STATE(field)   offsetof(struct _ETW_SILODRIVERSTATE, field)
#define ENTRY(field)   offsetof(struct _ETW_GUID_ENTRY, field)
#define REG(field)     offsetof(struct _ETW_REG_ENTRY, field)
#define CONTEXT(field) offsetof(struct _WMI_LOGGER_CONTEXT, field)

/* Two generations, as in nt_etw.c. */
#if NT_BUILD < 16299
#define CONTEXTS_INSIDE 1
#else
#define CONTEXTS_INSIDE 0
#endif

#define THREAT_INTELLIGENCE 0xf4e1897cu /* first words of GUIDs */
#define KERNEL_PROCESS      0x22fb2cd6u
#define RPC                 0x6ad52b32u

static void put_u8(struct lab_machine *m, uint64_t va, uint8_t value)
{
    put(m, va, &value, 1);
}

/* Memory in which code may be, of no module. */
static uint64_t nowhere(struct lab_machine *m)
{
    return pool_alloc(m, 0x100, "None");
}

static const struct cast_silo *host(const struct lab_machine *m)
{
    return &m->cast->silos[0];
}

static const struct cast_provider *provider(const struct lab_machine *m, int silo,
                                            uint32_t first_word)
{
    for (size_t i = 0; i < m->cast->provider_count; i++)
        if (m->cast->providers[i].silo == silo && m->cast->providers[i].guid.a == first_word)
            return &m->cast->providers[i];
    return NULL;
}

/* One that nothing depends on: no variable, no group, no server silo. */
static const struct cast_provider *plain_provider(const struct lab_machine *m)
{
    const struct cast *c = m->cast;

    for (size_t i = 0; i < c->provider_count; i++) {
        const struct cast_provider *p = &c->providers[i];
        bool is_plain = p->type == PROVIDER_TRACE && !p->handle && p->group == NOBODY;

        for (size_t k = i; is_plain && k < c->provider_count; k++)
            is_plain = c->providers[k].host != (int)i;
        if (is_plain)
            return p;
    }
    return NULL;
}

static const struct cast_registration *kernel_registration(const struct lab_machine *m,
                                                           const struct cast_provider *p)
{
    for (size_t i = 0; i < m->cast->registration_count; i++) {
        const struct cast_registration *r = &m->cast->registrations[i];

        if (r->process == NOBODY && &m->cast->providers[r->provider] == p)
            return r;
    }
    return NULL;
}

static const struct cast_logger *logger(const struct lab_machine *m, const char *name)
{
    for (size_t i = 0; i < m->cast->logger_count; i++)
        if (m->cast->loggers[i].silo == 0 && strcmp(m->cast->loggers[i].said->name, name) == 0)
            return &m->cast->loggers[i];
    return NULL;
}

/* A logger that nobody listens to and that has no part in anything. */
static const struct cast_logger *plain_logger(const struct lab_machine *m)
{
    return logger(m, "DiagLog");
}

static uint64_t slot_of(const struct lab_machine *m, const struct cast_logger *l)
{
    return m->cast->silos[l->silo].contexts + 8u * l->said->id;
}

/* ---- loggers ---- */

static bool clock_leads_elsewhere(struct lab_machine *m)
{
    put_u64(m, plain_logger(m)->va + CONTEXT(GetCpuClock), nowhere(m));
    return true;
}

static bool hal_leads_elsewhere(struct lab_machine *m)
{
    put_u64(m, at_rva(m, NT_RVA_HalPrivateDispatchTable) + 8 * 20, nowhere(m));
    return true;
}

/* A copy stands in the slot; the name stayed behind. */
static bool context_is_forged(struct lab_machine *m)
{
    const struct cast_logger *l = plain_logger(m);
    uint64_t name = pool_alloc(m, 0x40, "EtwL");

    put_text(m, name, l->said->name);
    put_u64(m, l->va + CONTEXT(LoggerName.Buffer), name);
    return true;
}

static bool array_is_redirected(struct lab_machine *m)
{
#if CONTEXTS_INSIDE
    (void)m;
    return false;
#else
    uint64_t copy = pool_alloc(m, 8 * m->scene->max_loggers, "Etwa");

    for (uint32_t i = 0; i < m->scene->max_loggers; i++)
        put_u64(m, copy + 8 * i, get_u64(m, host(m)->contexts + 8 * i));
    put_u64(m, host(m)->state + STATE(EtwpLoggerContext), copy);
    put_u64(m, at_rva(m, NT_RVA_EtwpDebuggerData) + 0x10, copy);
    return true;
#endif
}

static bool slot_says_free(struct lab_machine *m)
{
    put_u64(m, slot_of(m, plain_logger(m)), 1);
    return !CONTEXTS_INSIDE; /* which counts nothing */
}

static bool logger_is_paused(struct lab_machine *m)
{
    put_u32(m, plain_logger(m)->va + CONTEXT(CollectionOn), 0);
    return true;
}

static bool consumer_is_unlinked(struct lab_machine *m)
{
    uint64_t head = logger(m, "UBPM")->va + CONTEXT(Consumers);

    list_remove(m, get_u64(m, head));
    return true;
}

/* Stopped as the kernel does it. */
static bool security_log_is_stopped(struct lab_machine *m)
{
    const struct cast_logger *l = logger(m, "Eventlog-Security");
    uint64_t state = host(m)->state, entry = state + STATE(EtwpSecurityProviderGuidEntry);
    struct _TRACE_ENABLE_INFO none = {0};

    put_u64(m, slot_of(m, l), 1);
    put(m, state + STATE(EtwpSecurityLoggers), &none, 2);
    put(m, entry + ENTRY(EnableInfo), &none, sizeof(none));
    put_u8(m, state + STATE(EtwpSecurityProviderEnableMask), 0x2);
    put_u64(m, entry + ENTRY(RefCount), get_u64(m, entry + ENTRY(RefCount)) - 1);
#if !CONTEXTS_INSIDE
    put_u32(m, state + STATE(EtwpCounters.SessionCount), host(m)->loggers - 1);
#endif
    return true;
}

/* What newer kernels call for each event. Types say nothing of what it leads to. */
static bool events_are_handed_on(struct lab_machine *m)
{
#if CONTEXTS_INSIDE
    (void)m;
    return false;
#else
    uint64_t context = pool_alloc(m, 0x40, "None");

    put_u64(m, context, nowhere(m));
    put_u64(m, plain_logger(m)->va + CONTEXT(CallbackContext), context);
    return true;
#endif
}

static bool routine_leads_elsewhere(struct lab_machine *m)
{
    put_u64(m, at_rva(m, NT_RVA_EtwpFileIoNotifyRoutines) + 8, nowhere(m));
    return true;
}

static bool logger_is_starved(struct lab_machine *m)
{
    put_u32(m, plain_logger(m)->va + CONTEXT(MaximumBuffers), 1);
    return true;
}

/* ---- providers ---- */

static bool entry_is_unlinked(struct lab_machine *m)
{
    list_remove(m, plain_provider(m)->va + ENTRY(GuidList));
    return !CONTEXTS_INSIDE; /* which counts nothing */
}

static bool entry_is_moved(struct lab_machine *m)
{
    uint64_t entry = plain_provider(m)->va + ENTRY(GuidList);
    uint64_t head = get_u64(m, entry), table = host(m)->state + STATE(EtwpGuidHashTable);
    const uint64_t size = sizeof(struct _ETW_HASH_BUCKET);

    while (head < table || head >= table + 64 * size)
        head = get_u64(m, head);
    list_remove(m, entry);
    list_append(m, table + ((head - table) / size + 1) % 64 * size, entry);
    return true;
}

static bool sum_is_cleared(struct lab_machine *m)
{
    put_u32(m, provider(m, 0, THREAT_INTELLIGENCE)->va + ENTRY(ProviderEnableInfo.IsEnabled), 0);
    return true;
}

static bool sum_of_a_silo_is_cleared(struct lab_machine *m)
{
    for (size_t i = 0; i < m->cast->provider_count; i++) {
        const struct cast_provider *p = &m->cast->providers[i];

        if (p->silo == 0 || p->enabled == 0)
            continue;
        put_u32(m, p->va + ENTRY(ProviderEnableInfo.IsEnabled), 0);
        return true;
    }
    return false;
}

static void clear_slots(struct lab_machine *m, const struct cast_provider *p)
{
    struct _TRACE_ENABLE_INFO none[CAST_SLOTS] = {{0}};

    put(m, p->va + ENTRY(EnableInfo), none, sizeof(none));
    put(m, p->va + ENTRY(ProviderEnableInfo), none, sizeof(none[0]));
}

/* Nobody is told, so references and masks stay. */
static bool slots_are_zeroed(struct lab_machine *m)
{
    clear_slots(m, provider(m, 0, RPC));
    return true;
}

/* As the kernel does it: all that counts on it agrees. */
static bool threats_are_disabled(struct lab_machine *m)
{
    const struct cast_provider *p = provider(m, 0, THREAT_INTELLIGENCE);

    clear_slots(m, p);
    put_u64(m, p->va + ENTRY(RefCount), p->registered);
    put_u8(m, kernel_registration(m, p)->va + REG(EnableMask), 0);
    return true;
}

static bool slot_is_for_nobody(struct lab_machine *m)
{
    const struct cast_provider *p = provider(m, 0, RPC);
    uint64_t slots = p->va + ENTRY(EnableInfo);
    static const uint16_t nobody = 0x3e; /* no scene has such a logger */

    for (unsigned i = 0; i < CAST_SLOTS; i++) {
        if (p->slots[i].logger == NOBODY)
            continue;
        put(m,
            slots + i * sizeof(struct _TRACE_ENABLE_INFO) +
                offsetof(struct _TRACE_ENABLE_INFO, LoggerId),
            &nobody, sizeof(nobody));
        return true;
    }
    return false;
}

static bool handle_is_zeroed(struct lab_machine *m)
{
    put_u64(m, at_rva(m, NT_RVA_EtwpPsProvRegHandle), 0);
    return true;
}

static bool mask_is_zeroed(struct lab_machine *m)
{
    const struct cast_provider *p = provider(m, 0, THREAT_INTELLIGENCE);

    put_u8(m, kernel_registration(m, p)->va + REG(EnableMask), 0);
    return true;
}

static bool callback_leads_elsewhere(struct lab_machine *m)
{
    const struct cast_provider *p = provider(m, 0, KERNEL_PROCESS);

    put_u64(m, kernel_registration(m, p)->va + REG(Callback), nowhere(m));
    return true;
}

/* ---- states ---- */

static bool security_mask_is_cleared(struct lab_machine *m)
{
    put_u8(m, host(m)->state + STATE(EtwpSecurityProviderEnableMask), 0x2);
    return true;
}

static bool security_provider_is_another(struct lab_machine *m)
{
    for (size_t i = 0; i < m->cast->process_count; i++)
        if (strcmp(m->cast->processes[i].image, "explorer.exe") == 0)
            put_u32(m, host(m)->state + STATE(EtwpSecurityProviderPID), m->cast->processes[i].pid);
    return true;
}

/* One bit is the other way round: where there is no kernel logger, there seems to be one. */
static bool active_system_loggers_differ(struct lab_machine *m)
{
#if CONTEXTS_INSIDE
    put_u32(m, at_rva(m, NT_RVA_EtwpActiveSystemLoggers), 0x2);
#else
    put_u32(m, host(m)->state + STATE(SystemLoggerSettings.EtwpActiveSystemLoggers), 0);
#endif
    return true;
}

static bool state_is_another(struct lab_machine *m)
{
    uint64_t copy = pool_alloc(m, sizeof(struct _ETW_SILODRIVERSTATE), "Etwa");

    for (uint64_t at = 0; at + 8 <= sizeof(struct _ETW_SILODRIVERSTATE); at += 8)
        put_u64(m, copy + at, get_u64(m, host(m)->state + at));
    put_u64(m, at_rva(m, NT_RVA_EtwpHostSiloState), copy);
    return true;
}

static bool silo_is_unlinked(struct lab_machine *m)
{
    int job = m->cast->silos[m->cast->silo_count - 1].job;

    if (job == NOBODY)
        return false;
    list_remove(m, m->cast->jobs[job].va + offsetof(struct _EJOB, JobLinks));
    return true;
}

static bool shutdown_is_faked(struct lab_machine *m)
{
    put_u8(m, host(m)->state + STATE(EtwpShutdownInProgress), 1);
    return true;
}

/* false: this kernel has nothing that could be changed like that. */
static bool (*const ways[LAB_TAMPERS])(struct lab_machine *m) = {
    clock_leads_elsewhere,
    hal_leads_elsewhere,
    context_is_forged,
    array_is_redirected,
    slot_says_free,
    entry_is_unlinked,
    entry_is_moved,
    sum_is_cleared,
    slots_are_zeroed,
    slot_is_for_nobody,
    handle_is_zeroed,
    threats_are_disabled,
    mask_is_zeroed,
    callback_leads_elsewhere,
    security_mask_is_cleared,
    security_provider_is_another,
    active_system_loggers_differ,
    logger_is_paused,
    consumer_is_unlinked,
    security_log_is_stopped,
    events_are_handed_on,
    routine_leads_elsewhere,
    logger_is_starved,
    state_is_another,
    silo_is_unlinked,
    shutdown_is_faked,
    sum_of_a_silo_is_cleared,
};

bool nt_tamper(struct lab_machine *m, unsigned number)
{
    return number >= 1 && number <= LAB_TAMPERS && ways[number - 1](m);
}
