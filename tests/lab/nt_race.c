/* nt_race.c - one kernel caught in the middle of changes: each is half done, and the lock that covers it is held. */
#include "nt_parts.h"

#define STATE(field)   offsetof(struct _ETW_SILODRIVERSTATE, field)
#define ENTRY(field)   offsetof(struct _ETW_GUID_ENTRY, field)
#define CONTEXT(field) offsetof(struct _WMI_LOGGER_CONTEXT, field)
#define PUSH_LOCKED    1u /* held by one, nobody waits [doc] */

#if NT_BUILD < 16299
#define EARLY 1
#else
#define EARLY 0
#endif

/* Whoever does all this: the first thread of the System process. */
static uint64_t culprit(const struct lab_machine *m)
{
    return get_u64(m, m->system_process + offsetof(struct _EPROCESS, ThreadListHead)) -
           offsetof(struct _ETHREAD, ThreadListEntry);
}

/* A provider of the host that has a slot free behind the last one that is in use. */
static const struct cast_provider *enabled_provider(const struct lab_machine *m)
{
    for (size_t i = 0; i < m->cast->provider_count; i++) {
        const struct cast_provider *p = &m->cast->providers[i];

        if (p->silo == 0 && p->enabled > 0 && p->slots[CAST_SLOTS - 1].logger == NOBODY)
            return p;
    }
    return NULL;
}

/* The slot is taken; sum, masks and reference are still to come. */
static void enabling(struct lab_machine *m)
{
    const struct cast_provider *p = enabled_provider(m);
    struct _TRACE_ENABLE_INFO info = {0};

    if (!p)
        return;
    info.IsEnabled = 1;
    info.Level = 0xff;
    info.LoggerId = 4;
    info.EnableProperty = 0x800;
    put(m, p->va + ENTRY(EnableInfo) + (CAST_SLOTS - 1) * sizeof(info), &info, sizeof(info));
    put_u64(m, p->va + ENTRY(Lock), PUSH_LOCKED);
    put_u64(m, p->va + ENTRY(LockOwner), culprit(m));
}

/* Counted, but not in its bucket yet. */
static void adding_provider(struct lab_machine *m)
{
    uint64_t state = m->cast->silos[0].state;

    put_u64(m,
            state + STATE(EtwpGuidHashTable) + 17 * sizeof(struct _ETW_HASH_BUCKET) +
                offsetof(struct _ETW_HASH_BUCKET, BucketLock),
            PUSH_LOCKED);
#if !EARLY
    put_u32(m, state + STATE(EtwpCounters.GuidCount), m->cast->silos[0].guids + 1);
#endif
}

/* Counted, but its slot is still free. */
static void starting_logger(struct lab_machine *m)
{
#if EARLY
    (void)m;
#else
    uint64_t state = m->cast->silos[0].state;
    uint64_t mutex = state + STATE(EtwpStartTraceMutex);

    put_u32(m, mutex + offsetof(struct _KMUTANT, Header.SignalState), 0);
    put_u64(m, mutex + offsetof(struct _KMUTANT, OwnerThread), culprit(m));
    put_u32(m, state + STATE(EtwpCounters.SessionCount), m->cast->silos[0].loggers + 1);
#endif
}

/* Counted, but not in the list yet. */
static void connecting_consumer(struct lab_machine *m)
{
    for (size_t i = 0; i < m->cast->logger_count; i++) {
        const struct cast_logger *l = &m->cast->loggers[i];
        uint64_t mutex = l->va + CONTEXT(LoggerMutex);

        if (l->silo != 0 || l->consumer_count != 1)
            continue;
        put_u32(m, mutex + offsetof(struct _KMUTANT, Header.SignalState), 0);
        put_u64(m, mutex + offsetof(struct _KMUTANT, OwnerThread), culprit(m));
        put_u32(m, l->va + CONTEXT(NumConsumers), 2);
        return;
    }
}

/* The one before it does not know it any more. */
static void ending_job(struct lab_machine *m)
{
    uint64_t links = m->cast->jobs[0].va + offsetof(struct _EJOB, JobLinks);

    if (!NT_RVA_PspJobListLock)
        return; /* then nothing would tell */
    put_u64(m, at_rva(m, NT_RVA_PspJobListLock), PUSH_LOCKED);
    list_remove(m, links);
}

void nt_race(struct lab_machine *m)
{
    enabling(m);
    adding_provider(m);
    starting_logger(m);
    connecting_consumer(m);
    ending_job(m);
}
