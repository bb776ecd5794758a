#include "support/fake_etw.h"

#include <assert.h>
#include <string.h>

#define STATE    "_ETW_SILODRIVERSTATE"
#define LOGGER   "_WMI_LOGGER_CONTEXT"
#define CONSUMER "_ETW_REALTIME_CONSUMER"
#define RUNDOWN  "_EX_RUNDOWN_REF_CACHE_AWARE"
#define BUCKET   "_ETW_HASH_BUCKET"
#define PROVIDER "_ETW_GUID_ENTRY"
#define ENTRY    "_ETW_REG_ENTRY"

#define STATE_VA UINT64_C(0xffffa80faaf3e000)
#define ARRAY_VA UINT64_C(0xffffa80faae71cc0)

enum { SLOT_LEN = 8, SLOT_FREE = 1, PROCESSORS = 2, STRIDE = 64, RUNDOWNS = 0x1000000 };
enum { BUCKETS = 64, TYPES = 3, LIST_HEAD_LEN = 16 };

const char *const fake_etw_builds[3] = {"14393", "18362", "22000"};

const uint64_t fake_etw_published[FAKE_ETW_PUBLISHED] = {
    [0x02] = 0xffffa80faafd39c0, [0x03] = 0xffffa80faafce9c0, [0x04] = 0xffffa80faae69a40,
    [0x05] = 0xffffa80fb888e9c0, [0x06] = 0xffffa80faafd49c0, [0x07] = 0xffffa80faafd59c0,
    [0x08] = 0xffffa80fab1b5a00, [0x09] = 0xffffa80fab05c9c0, [0x0a] = 0xffffa80fab05d9c0,
    [0x0b] = 0xffffa80fab05e9c0, [0x0c] = 0xffffa80faafcd9c0, [0x0d] = 0xffffa80faaf3d9c0,
    [0x0e] = 0xffffa80faaf3c9c0, [0x0f] = 0xffffa80faee939c0, [0x10] = 0xffffa80faaf3a9c0,
    [0x11] = 0xffffa80faaf329c0, [0x12] = 0xffffa80faaf319c0, [0x13] = 0xffffa80faaf309c0,
    [0x14] = 0xffffa80faaf35a00, [0x15] = 0xffffa80faaf409c0, [0x16] = 0xffffa80fab4e3a00,
    [0x17] = 0xffffa80fab1b69c0, [0x18] = 0xffffa80fb9bf39c0, [0x19] = 0xffffa80fb03e4a00,
    [0x1a] = 0xffffa80fb94e4a00, [0x1b] = 0xffffa80fb7de4a00, [0x1c] = 0xffffa80faed10040,
    [0x1d] = 0xffffa80fb8ee59c0, [0x1e] = 0xffffa80fb0224a00, [0x1f] = 0xffffa80fb8f2b9c0,
    [0x20] = 0xffffa80fb88a19c0, [0x21] = 0xffffa80fb7f77040, [0x23] = 0xffffa80fb85c2a00,
};

/* ---- states ---- */

static void put_rundowns(struct fake_etw *e, const struct fake_state *state, uint64_t array_va)
{
    for (uint32_t i = 0; i < state->slots; i++)
        fake_mem_u64(&e->k.mem, array_va + (uint64_t)SLOT_LEN * i, fake_etw_rundown(state, i));
}

static void no_providers(struct fake_etw *e, const struct fake_state *state)
{
    uint64_t security =
        state->va + fake_kernel_offset(&e->k, STATE, "EtwpSecurityProviderGuidEntry");

    for (size_t i = 0; i < BUCKETS * TYPES; i++)
        fake_etw_providers(e, state, i / TYPES, i % TYPES, NULL, 0);
    fake_kernel_put(&e->k, PROVIDER, security, "SiloState", state->va);
    fake_etw_registrations(e, security, NULL, 0);
}

void fake_etw_state(struct fake_etw *e, uint64_t va, uint64_t array_va, uint32_t slots,
                    struct fake_state *out)
{
    bool is_inside = !fake_kernel_has(&e->k, STATE, "MaxLoggers");
    uint64_t rundowns_va = array_va - (uint64_t)SLOT_LEN * slots; /* one allocation */

    fake_kernel_zero(&e->k, STATE, va);
    if (is_inside) {
        slots = 64;
        array_va = va + fake_kernel_offset(&e->k, STATE, "WmipLoggerContext");
        rundowns_va = va + fake_kernel_offset(&e->k, STATE, "EtwpLoggerRundown");
    } else {
        fake_kernel_put(&e->k, STATE, va, "MaxLoggers", slots);
        fake_kernel_put(&e->k, STATE, va, "EtwpLoggerContext", array_va);
        fake_kernel_put(&e->k, STATE, va, "EtwpLoggerRundown", rundowns_va);
    }
    *out = (struct fake_state){.va = va, .array_va = array_va, .slots = slots};
    for (uint32_t i = 0; i < slots; i++)
        fake_etw_slot(e, out, i, SLOT_FREE);
    put_rundowns(e, out, rundowns_va);
    no_providers(e, out);
}

void fake_etw_init(struct fake_etw *e, const char *build, uint32_t slots)
{
    struct fake_kernel *k = &e->k;

    fake_kernel_init(k, build);
    fake_etw_state(e, STATE_VA, ARRAY_VA, slots, &e->host);
    fake_kernel_put(k, "_ESERVERSILO_GLOBALS", fake_kernel_global(k, "PspHostSiloGlobals"),
                    "EtwSiloState", STATE_VA);
    fake_mem_u64(&k->mem, fake_kernel_global(k, "EtwpHostSiloState"), STATE_VA);
    fake_mem_list(&k->mem, fake_kernel_global(k, "PspJobList"), NULL, 0);
    fake_mem_u64(&k->mem, fake_kernel_global(k, "EtwpDebuggerData") + 0x10, e->host.array_va);
    if (!fake_kernel_has(k, STATE, "SystemLoggerSettings")) {
        fake_mem_zero(&k->mem, fake_kernel_global(k, "EtwpSystemLogger"), 16);
        fake_mem_zero(&k->mem, fake_kernel_global(k, "EtwpActiveSystemLoggers"), 4);
        fake_mem_zero(&k->mem, fake_kernel_global(k, "EtwpGroupMasks"), 8 * 32);
    }
}

void fake_etw_deinit(struct fake_etw *e)
{
    fake_kernel_deinit(&e->k);
}

void fake_etw_slot(struct fake_etw *e, const struct fake_state *state, uint32_t slot,
                   uint64_t value)
{
    fake_mem_u64(&e->k.mem, state->array_va + (uint64_t)SLOT_LEN * slot, value);
}

uint64_t fake_etw_rundown(const struct fake_state *state, uint32_t slot)
{
    return state->va + RUNDOWNS + 0x100u * slot;
}

/* ---- loggers ---- */

void fake_etw_logger(struct fake_etw *e, const struct fake_state *state, uint32_t slot, uint64_t va,
                     const char *name)
{
    uint64_t rundown = fake_etw_rundown(state, slot);

    fake_etw_slot(e, state, slot, va);
    fake_kernel_zero(&e->k, LOGGER, va);
    fake_kernel_put(&e->k, LOGGER, va, "LoggerId", slot);
    fake_kernel_put(&e->k, LOGGER, va, "SiloState", state->va);
    fake_kernel_put(&e->k, LOGGER, va, "CollectionOn", 1);
    fake_kernel_put_text(&e->k, LOGGER, va, "LoggerName", va + fake_kernel_size(&e->k, LOGGER),
                         name);
    fake_etw_consumers(e, va, NULL, 0);
    fake_kernel_zero(&e->k, RUNDOWN, rundown);
    fake_kernel_put(&e->k, RUNDOWN, rundown, "RunRefs", rundown + STRIDE);
    fake_kernel_put(&e->k, RUNDOWN, rundown, "RunRefSize", STRIDE);
    fake_kernel_put(&e->k, RUNDOWN, rundown, "Number", PROCESSORS);
    fake_mem_zero(&e->k.mem, rundown + STRIDE, STRIDE * PROCESSORS);
}

void fake_etw_consumers(struct fake_etw *e, uint64_t logger_va, const uint64_t *consumers,
                        size_t len)
{
    for (size_t i = 0; i < len; i++) {
        uint64_t process_va = consumers[i] + 0x100000;

        fake_kernel_zero(&e->k, CONSUMER, consumers[i]);
        fake_kernel_put(&e->k, CONSUMER, consumers[i], "ProcessObject", process_va);
        fake_etw_process(e, process_va, 0x100 + 4 * i, "svchost.exe");
    }
    fake_kernel_put(&e->k, LOGGER, logger_va, "NumConsumers", len);
    fake_mem_list(&e->k.mem, logger_va + fake_kernel_offset(&e->k, LOGGER, "Consumers"), consumers,
                  len); /* Links come first in a consumer */
}

void fake_etw_process(struct fake_etw *e, uint64_t va, uint64_t id, const char *image)
{
    fake_kernel_put(&e->k, "_EPROCESS", va, "UniqueProcessId", id);
    fake_kernel_put_chars(&e->k, "_EPROCESS", va, "ImageFileName", image);
}

/* ---- providers ---- */

void fake_etw_providers(struct fake_etw *e, const struct fake_state *state, size_t bucket,
                        size_t type, const uint64_t *providers, size_t len)
{
    uint64_t table = state->va + fake_kernel_offset(&e->k, STATE, "EtwpGuidHashTable");

    for (size_t i = 0; i < len; i++) {
        fake_kernel_zero(&e->k, PROVIDER, providers[i]);
        fake_kernel_put(&e->k, PROVIDER, providers[i], "SiloState", state->va);
        fake_etw_registrations(e, providers[i], NULL, 0);
    }
    fake_mem_list(&e->k.mem,
                  table + bucket * fake_kernel_size(&e->k, BUCKET) + type * LIST_HEAD_LEN,
                  providers, len); /* GuidList comes first in a provider */
}

void fake_etw_registrations(struct fake_etw *e, uint64_t provider_va, const uint64_t *registrations,
                            size_t len)
{
    for (size_t i = 0; i < len; i++) {
        fake_kernel_zero(&e->k, ENTRY, registrations[i]);
        fake_kernel_put(&e->k, ENTRY, registrations[i], "GuidEntry", provider_va);
    }
    fake_mem_list(&e->k.mem, provider_va + fake_kernel_offset(&e->k, PROVIDER, "RegListHead"),
                  registrations, len); /* RegList comes first in a registration */
}

void fake_etw_group(struct fake_etw *e, uint64_t group_va, const uint64_t *registrations,
                    size_t len)
{
    uint64_t links[16];

    assert(len <= sizeof links / sizeof links[0]);
    for (size_t i = 0; i < len; i++) {
        fake_kernel_put(&e->k, ENTRY, registrations[i], "GroupEntry", group_va);
        links[i] = registrations[i] + fake_kernel_offset(&e->k, ENTRY, "GroupRegList");
    }
    fake_mem_list(&e->k.mem, group_va + fake_kernel_offset(&e->k, PROVIDER, "RegListHead"), links,
                  len);
}

/* ---- what was found ---- */

void fake_etw_take(struct fake_etw *e, unsigned parts, struct kdw_snapshot *s)
{
    enum kd_status st = kdw_snapshot_take(&e->k.kernel, parts, s);

    assert(st == KD_OK && e->k.diag.text[0] == '\0');
    (void)st;
}

const struct kdw_etw_state *fake_etw_host(const struct kdw_snapshot *s)
{
    assert(s->tables[KDW_TABLE_STATES].len > 0);
    return s->tables[KDW_TABLE_STATES].records;
}

const struct kdw_logger *fake_etw_loggers(const struct kdw_snapshot *s, size_t expected_len)
{
    assert(s->tables[KDW_TABLE_LOGGERS].len == expected_len);
    (void)expected_len;
    return s->tables[KDW_TABLE_LOGGERS].records;
}

const struct kdw_consumer *fake_etw_consumers_of(const struct kdw_snapshot *s, size_t expected_len)
{
    assert(s->tables[KDW_TABLE_CONSUMERS].len == expected_len);
    (void)expected_len;
    return s->tables[KDW_TABLE_CONSUMERS].records;
}
