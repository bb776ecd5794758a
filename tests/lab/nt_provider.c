/* nt_provider.c - providers of one kernel, what enables them, and who has registered them. */
#include "nt_parts.h"

#define ENTRY(field)  offsetof(struct _ETW_GUID_ENTRY, field)
#define REG(field)    offsetof(struct _ETW_REG_ENTRY, field)
#define BUCKETS       64u
#define REG_ACCESS    0x804u /* of a handle to a registration [guess] */
#define TRAIT_GROUP   1u     /* a trait: the GUID of a group [doc] */
#define HAS_HOST_MASK (NT_BUILD >= 19041)

static const uint32_t handle_variables[HANDLES] = {
    [HANDLE_THREAT_INT] = NT_RVA_EtwThreatIntProvRegHandle,
    [HANDLE_GENERAL] = NT_RVA_EtwKernelProvRegHandle,
    [HANDLE_API_CALLS] = NT_RVA_EtwApiCallsProvRegHandle,
    [HANDLE_APP_COMPAT] = NT_RVA_EtwAppCompatProvRegHandle,
    [HANDLE_CVE_AUDIT] = NT_RVA_EtwCVEAuditProvRegHandle,
    [HANDLE_LPAC] = NT_RVA_EtwLpacProvRegHandle,
    [HANDLE_MITIGATIONS] = NT_RVA_EtwSecurityMitigationsRegHandle,
    [HANDLE_ADMINLESS] = NT_RVA_EtwAdminlessProvRegHandle,
    [HANDLE_EVENT_TRACING] = NT_RVA_EtwpEventTracingProvRegHandle,
    [HANDLE_PROCESS] = NT_RVA_EtwpPsProvRegHandle,
    [HANDLE_FILE] = NT_RVA_EtwpFileProvRegHandle,
    [HANDLE_NET] = NT_RVA_EtwpNetProvRegHandle,
    [HANDLE_DISK] = NT_RVA_EtwpDiskProvRegHandle,
    [HANDLE_MEMORY] = NT_RVA_EtwpMemoryProvRegHandle,
    [HANDLE_REGISTRY] = NT_RVA_EtwpRegTraceHandle,
    [HANDLE_CPU_STARVATION] = NT_RVA_EtwCpuStarvationProvRegHandle,
};

static uint64_t provider_at(const struct lab_machine *m, int provider)
{
    return provider == NOBODY ? 0 : m->cast->providers[provider].va;
}

/* ---- entries ---- */

/* The four words of a GUID, put together [guess: kernel listings]. */
static uint32_t bucket_of(const struct lab_guid *guid)
{
    uint32_t words[4];

    memcpy(words, guid, sizeof(words));
    return (words[0] ^ words[1] ^ words[2] ^ words[3]) % BUCKETS;
}

static struct _TRACE_ENABLE_INFO info_of(const struct lab_machine *m, const struct cast_enable *e,
                                         bool is_enabled)
{
    struct _TRACE_ENABLE_INFO info = {0};

    info.IsEnabled = is_enabled;
    info.Level = e->level;
    info.EnableProperty = e->property;
    info.MatchAnyKeyword = e->any;
    info.MatchAllKeyword = e->all;
    if (is_enabled && e->logger != NOBODY)
        info.LoggerId = m->cast->loggers[e->logger].said->id;
    return info;
}

void nt_tell_enable(const struct lab_machine *m, uint64_t entry, unsigned slot,
                    const struct _TRACE_ENABLE_INFO *info)
{
    struct truth *t = m->truth;

    tell(t, TRUTH_ENABLES, entry + ENTRY(EnableInfo) + slot * sizeof(*info));
    tell_word(t, "provider", entry);
    tell_number(t, "slot", slot);
    tell_number(t, "enabled", info->IsEnabled);
    tell_number(t, "level", info->Level);
    tell_number(t, "logger_id", info->LoggerId);
    tell_word(t, "property", info->EnableProperty);
    tell_word(t, "any_keyword", info->MatchAnyKeyword);
    tell_word(t, "all_keyword", info->MatchAllKeyword);
}

void nt_tell_provider(const struct lab_machine *m, uint64_t state, uint64_t va, uint32_t bucket,
                      unsigned type, const struct _ETW_GUID_ENTRY *e)
{
    const struct _TRACE_ENABLE_INFO *all = &e->ProviderEnableInfo;
    struct truth *t = m->truth;

    tell(t, TRUTH_PROVIDERS, va);
    tell_word(t, "etw_state", state);
    tell_number(t, "type", type);
    if (type == TYPE_SECURITY) { /* it is in no bucket */
        tell_none(t, "bucket");
        tell_none(t, "bucket_lock");
    } else {
        tell_number(t, "bucket", bucket);
        tell_word(t, "bucket_lock", 0);
    }
    tell_guid(t, "guid", (const uint8_t *)&e->Guid);
    tell_number(t, "references", (U8B)e->RefCount);
    tell_word(t, "own_etw_state", state);
#if HAS_HOST_MASK
    tell_word(t, "host_entry", (uintptr_t)e->HostEntry);
#else
    tell_none(t, "host_entry");
#endif
    tell_number(t, "enabled", all->IsEnabled);
    tell_number(t, "level", all->Level);
    tell_word(t, "property", all->EnableProperty);
    tell_word(t, "any_keyword", all->MatchAnyKeyword);
    tell_word(t, "all_keyword", all->MatchAllKeyword);
    tell_word(t, "lock", 0);
    tell_word(t, "lock_owner", 0);
    tell_word(t, "filter", 0);
    tell_word(t, "descriptor", (uintptr_t)e->SecurityDescriptor);
}

static void put_lists(struct lab_machine *m, const struct cast_provider *p, uint64_t state)
{
    uint64_t head = state + offsetof(struct _ETW_SILODRIVERSTATE, EtwpGuidHashTable) +
                    bucket_of(&p->guid) * sizeof(struct _ETW_HASH_BUCKET) +
                    p->type * sizeof(struct _LIST_ENTRY);

    list_append(m, head, p->va + ENTRY(GuidList));
    list_init(m, p->va + ENTRY(RegListHead));
#if HAS_HOST_MASK
    list_init(m, p->va + ENTRY(SiloGuidList));
    if (p->host != NOBODY)
        list_append(m, provider_at(m, p->host) + ENTRY(SiloGuidList), p->va + ENTRY(SiloGuidList));
#endif
}

static void entry(struct lab_machine *m, struct cast_provider *p, uint64_t descriptor)
{
    uint64_t state = m->cast->silos[p->silo].state;
    struct _ETW_GUID_ENTRY e = {0};

    p->va = pool_alloc(m, sizeof(e), "EtwG");
    e.RefCount = p->enabled + p->registered;
    memcpy(&e.Guid, &p->guid, sizeof(e.Guid));
    e.SecurityDescriptor = target_pointer(descriptor);
    e.ProviderEnableInfo = info_of(m, &p->all, p->enabled > 0);
    e.ProviderEnableInfo.LoggerId = 0; /* nobody keeps that up */
    for (unsigned i = 0; i < CAST_SLOTS; i++)
        e.EnableInfo[i] = info_of(m, &p->slots[i], p->slots[i].logger != NOBODY);
    e.SiloState = target_pointer(state);
#if HAS_HOST_MASK
    e.HostEntry = target_pointer(provider_at(m, p->host));
#endif
    put(m, p->va, &e, sizeof(e));
    put_lists(m, p, state);
    nt_tell_provider(m, state, p->va, bucket_of(&p->guid), p->type, &e);
    for (unsigned i = 0; i < CAST_SLOTS; i++)
        if (p->slots[i].logger != NOBODY)
            nt_tell_enable(m, p->va, i, &e.EnableInfo[i]);
}

/* ---- registrations ---- */

/* What a provider says of itself: the size of all, its name, and the group that it is in [doc]. */
static uint64_t traits_of(struct lab_machine *m, struct cast_provider *p)
{
    const size_t at = offsetof(struct _ETW_PROVIDER_TRAITS, Traits);
    size_t name = strlen(p->traits) + 1, all = 2 + name + (p->group == NOBODY ? 0 : 2 + 1 + 16);
    uint8_t traits[2 + sizeof(p->traits) + 2 + 1 + 16] = {(uint8_t)all};

    if (p->traits_va || !p->traits[0])
        return p->traits_va;
    memcpy(traits + 2, p->traits, name);
    if (p->group != NOBODY) {
        traits[2 + name] = 2 + 1 + 16;
        traits[2 + name + 2] = TRAIT_GROUP;
        memcpy(traits + 2 + name + 3, &m->cast->providers[p->group].guid, 16);
    }
    p->traits_va = pool_alloc(m, at + all, "EtwT");
    put_u32(m, p->traits_va + offsetof(struct _ETW_PROVIDER_TRAITS, ReferenceCount), p->registered);
    put(m, p->traits_va + at, traits, all);
    return p->traits_va;
}

static void masks(const struct cast_registration *r, struct _ETW_REG_ENTRY *e)
{
    e->EnableMask = r->mask;
    e->GroupEnableMask = r->group_mask;
#if HAS_HOST_MASK
    e->HostEnableMask = r->host_mask;
    e->HostGroupEnableMask = r->host_group_mask;
#endif
}

/* The kernel's are plain pool, whose address is the handle; half of them are called back. */
static void kernel_registration(struct lab_machine *m, struct cast_registration *r,
                                struct _ETW_REG_ENTRY *e)
{
    const struct lab_module *module = r->module == NOBODY ? NULL : &m->cast->modules[r->module];
    uint64_t code = module ? module->base + 0x2000 : m->info.kernel_base + 0x1000;
    uint32_t number = (uint32_t)r->provider * 0x20 % 0x2000;

    r->va = pool_alloc(m, sizeof(*e), "EtwR");
    e->DbgKernelRegistration = 1;
    e->Caller = target_pointer(code + number + 0x10);
    e->Callback = target_pointer(r->provider % 2 ? code + number : 0);
}

/* Those of programs are objects; they are called back in their own memory. */
static void user_registration(struct lab_machine *m, struct cast_registration *r,
                              struct _ETW_REG_ENTRY *e)
{
    struct cast_process *p = &m->cast->processes[r->process];

    r->va = nt_object(m, sizeof(*e), INDEX_ETW_REGISTRATION, "EtwR");
    e->DbgUserRegistration = 1;
    e->Process = target_pointer(p->va);
    e->Callback = target_pointer(0x7ffb10000000 + (uint64_t)r->provider * 0x1a30);
    nt_handle_add(m, &p->handles, r->va, REG_ACCESS, NULL);
}

/* Where a program's registration has room for replies, a kernel's has its session. */
static void tell_owner(const struct lab_machine *m, const struct cast_registration *r,
                       const struct _ETW_REG_ENTRY *e)
{
    struct truth *t = m->truth;

    if (r->process == NOBODY) {
        tell_none(t, "process");
        tell_none(t, "pid");
        tell_none(t, "process_name");
        tell_word(t, "context", 0);
        tell_number(t, "session_id", e->SessionId);
        return;
    }
    tell_word(t, "process", m->cast->processes[r->process].va);
    tell_number(t, "pid", m->cast->processes[r->process].pid);
    nt_tell_process_name(m, "process_name", &m->cast->processes[r->process]);
    tell_none(t, "context");
    tell_none(t, "session_id");
}

static void tell_registration(const struct lab_machine *m, const struct cast_registration *r,
                              const struct _ETW_REG_ENTRY *e)
{
    const struct cast_provider *p = &m->cast->providers[r->provider];
    struct truth *t = m->truth;

    tell(t, TRUTH_REGISTRATIONS, r->va);
    tell_word(t, "provider", p->va);
    tell_word(t, "listed_group", provider_at(m, p->group));
    tell_word(t, "own_provider", p->va);
    tell_word(t, "group", provider_at(m, p->group));
    tell_word(t, "flags", e->Flags);
    tell_number(t, "index", r->index);
    tell_word(t, "enable_mask", r->mask);
    tell_word(t, "group_mask", r->group_mask);
#if HAS_HOST_MASK
    tell_word(t, "host_mask", r->host_mask);
    tell_word(t, "host_group_mask", r->host_group_mask);
#else
    tell_none(t, "host_mask");
    tell_none(t, "host_group_mask");
#endif
    tell_word(t, "callback", (uintptr_t)e->Callback);
    tell_text(t, "traits_name", p->traits[0] ? p->traits : NULL);
    tell_owner(m, r, e);
}

static void registration(struct lab_machine *m, struct cast_registration *r)
{
    struct cast_provider *p = &m->cast->providers[r->provider];
    struct _ETW_REG_ENTRY e = {0};

    if (r->process == NOBODY)
        kernel_registration(m, r, &e);
    else
        user_registration(m, r, &e);
    e.GuidEntry = target_pointer(p->va);
    e.GroupEntry = target_pointer(provider_at(m, p->group));
    e.Index = r->index;
    e.DbgModernRegistration = e.DbgInserted = 1;
    e.Traits = target_pointer(traits_of(m, p));
    masks(r, &e);
    put(m, r->va, &e, sizeof(e));
    list_append(m, p->va + ENTRY(RegListHead), r->va + REG(RegList));
    if (p->group != NOBODY)
        list_append(m, provider_at(m, p->group) + ENTRY(RegListHead), r->va + REG(GroupRegList));
    else
        list_init(m, r->va + REG(GroupRegList));
    tell_registration(m, r, &e);
    if (p->handle && handle_variables[p->handle])
        put_u64(m, at_rva(m, handle_variables[p->handle]), r->va);
}

/* One for all, in self-relative form, without lists: everybody may do everything [doc]. */
static uint64_t new_descriptor(struct lab_machine *m)
{
    static const uint8_t descriptor[20] = {1, 0, 0x00, 0x80};
    uint64_t va = pool_alloc(m, sizeof(descriptor), "SeSd");

    put(m, va, descriptor, sizeof(descriptor));
    return va;
}

void nt_providers(struct lab_machine *m)
{
    uint64_t descriptor = new_descriptor(m);

    for (size_t i = 0; i < m->cast->provider_count; i++)
        entry(m, &m->cast->providers[i], i % 3 ? 0 : descriptor);
    for (size_t i = 0; i < m->cast->registration_count; i++)
        registration(m, &m->cast->registrations[i]);
}
