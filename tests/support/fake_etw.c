#include "support/fake_etw.h"

#include <assert.h>
#include <string.h>

/* Layouts from public symbols [seen]. */

static const struct fake_field state_14393[] = {
    {"WmipLoggerContext", 0x390, FAKE_POINTERS(64)},
    {0},
};
static const struct fake_field logger_14393[] = {
    {"LoggerId", 0x0, FAKE_UINT(4)},
    {"BufferSize", 0x4, FAKE_UINT(4)},
    {"LoggerMode", 0xc, FAKE_UINT(4)},
    {"LoggerStatus", 0x38, FAKE_INT(4)},
    {"LoggerName", 0x88, FAKE_STRUCT(16)},
    {"LogFileName", 0x98, FAKE_STRUCT(16)},
    {"FlushTimer", 0xd0, FAKE_UINT(4)},
    {"MinimumBuffers", 0xe0, FAKE_UINT(4)},
    {"BuffersAvailable", 0xe4, FAKE_INT(4)},
    {"NumberOfBuffers", 0xe8, FAKE_INT(4)},
    {"MaximumBuffers", 0xec, FAKE_UINT(4)},
    {"EventsLost", 0xf0, FAKE_UINT(4)},
    {"BuffersWritten", 0xf8, FAKE_UINT(4)},
    {"LogBuffersLost", 0xfc, FAKE_UINT(4)},
    {"RealTimeBuffersDelivered", 0x100, FAKE_UINT(4)},
    {"RealTimeBuffersLost", 0x104, FAKE_UINT(4)},
    {"CollectionOn", 0x140, FAKE_INT(4)},
    {"Consumers", 0x148, FAKE_STRUCT(16)},
    {"NumConsumers", 0x158, FAKE_UINT(4)},
    {"Flags", 0x330, FAKE_UINT(4)},
    {"SiloState", 0x388, FAKE_POINTER},
    {0},
};
static const struct fake_field consumer_14393[] = {
    {"Links", 0x0, FAKE_STRUCT(16)},
    {"ProcessObject", 0x18, FAKE_POINTER},
    {0},
};
static const struct fake_field process_14393[] = {
    {"UniqueProcessId", 0x2e8, FAKE_POINTER},
    {"ImageFileName", 0x450, FAKE_CHARS(15)},
    {0},
};
static const struct fake_field globals_14393[] = {
    {"EtwSiloState", 0x350, FAKE_POINTER},
    {0},
};
static const struct fake_type types_14393[] = {
    {"_ETW_SILODRIVERSTATE", 0x13a8, state_14393},    {"_WMI_LOGGER_CONTEXT", 0x440, logger_14393},
    {"_ETW_REALTIME_CONSUMER", 0xa0, consumer_14393}, {"_EPROCESS", 0x7c8, process_14393},
    {"_ESERVERSILO_GLOBALS", 0x430, globals_14393},   {0},
};

static const struct fake_field state_18362[] = {
    {"MaxLoggers", 0x10, FAKE_UINT(4)},
    {"EtwpLoggerContext", 0x1b0, FAKE_POINTER},
    {0},
};
static const struct fake_field logger_18362[] = {
    {"LoggerId", 0x0, FAKE_UINT(4)},
    {"BufferSize", 0x4, FAKE_UINT(4)},
    {"LoggerMode", 0xc, FAKE_UINT(4)},
    {"LoggerStatus", 0x38, FAKE_INT(4)},
    {"LoggerName", 0x98, FAKE_STRUCT(16)},
    {"LogFileName", 0xa8, FAKE_STRUCT(16)},
    {"FlushTimer", 0xe0, FAKE_UINT(4)},
    {"MinimumBuffers", 0xf0, FAKE_UINT(4)},
    {"BuffersAvailable", 0xf4, FAKE_INT(4)},
    {"NumberOfBuffers", 0xf8, FAKE_INT(4)},
    {"MaximumBuffers", 0xfc, FAKE_UINT(4)},
    {"EventsLost", 0x100, FAKE_UINT(4)},
    {"BuffersWritten", 0x108, FAKE_UINT(4)},
    {"LogBuffersLost", 0x10c, FAKE_UINT(4)},
    {"RealTimeBuffersDelivered", 0x110, FAKE_UINT(4)},
    {"RealTimeBuffersLost", 0x114, FAKE_UINT(4)},
    {"CollectionOn", 0x150, FAKE_INT(4)},
    {"Consumers", 0x158, FAKE_STRUCT(16)},
    {"NumConsumers", 0x168, FAKE_UINT(4)},
    {"Flags", 0x340, FAKE_UINT(4)},
    {"SiloState", 0x458, FAKE_POINTER},
    {0},
};
static const struct fake_field consumer_18362[] = {
    {"Links", 0x0, FAKE_STRUCT(16)},
    {"ProcessObject", 0x18, FAKE_POINTER},
    {0},
};
static const struct fake_field process_18362[] = {
    {"UniqueProcessId", 0x2e8, FAKE_POINTER},
    {"ImageFileName", 0x450, FAKE_CHARS(15)},
    {0},
};
static const struct fake_field globals_18362[] = {
    {"EtwSiloState", 0x360, FAKE_POINTER},
    {0},
};
static const struct fake_type types_18362[] = {
    {"_ETW_SILODRIVERSTATE", 0x11f8, state_18362},    {"_WMI_LOGGER_CONTEXT", 0x540, logger_18362},
    {"_ETW_REALTIME_CONSUMER", 0xa0, consumer_18362}, {"_EPROCESS", 0x880, process_18362},
    {"_ESERVERSILO_GLOBALS", 0x480, globals_18362},   {0},
};

static const struct fake_field state_22000[] = {
    {"MaxLoggers", 0x10, FAKE_UINT(4)},
    {"EtwpLoggerContext", 0x1c8, FAKE_POINTER},
    {0},
};
static const struct fake_field logger_22000[] = {
    {"LoggerId", 0x0, FAKE_UINT(4)},
    {"BufferSize", 0x4, FAKE_UINT(4)},
    {"LoggerMode", 0xc, FAKE_UINT(4)},
    {"LoggerStatus", 0x28, FAKE_INT(4)},
    {"LoggerName", 0x88, FAKE_STRUCT(16)},
    {"LogFileName", 0x98, FAKE_STRUCT(16)},
    {"FlushTimer", 0xd0, FAKE_UINT(4)},
    {"MinimumBuffers", 0xe0, FAKE_UINT(4)},
    {"BuffersAvailable", 0xe4, FAKE_INT(4)},
    {"NumberOfBuffers", 0xe8, FAKE_INT(4)},
    {"MaximumBuffers", 0xec, FAKE_UINT(4)},
    {"EventsLost", 0xf0, FAKE_UINT(4)},
    {"BuffersWritten", 0xf8, FAKE_UINT(4)},
    {"LogBuffersLost", 0xfc, FAKE_UINT(4)},
    {"RealTimeBuffersDelivered", 0x100, FAKE_UINT(4)},
    {"RealTimeBuffersLost", 0x104, FAKE_UINT(4)},
    {"CollectionOn", 0x140, FAKE_INT(4)},
    {"Consumers", 0x148, FAKE_STRUCT(16)},
    {"NumConsumers", 0x158, FAKE_UINT(4)},
    {"Flags", 0x330, FAKE_UINT(4)},
    {"SiloState", 0x448, FAKE_POINTER},
    {0},
};
static const struct fake_field consumer_22000[] = {
    {"Links", 0x0, FAKE_STRUCT(16)},
    {"ProcessObject", 0x18, FAKE_POINTER},
    {0},
};
static const struct fake_field process_22000[] = {
    {"UniqueProcessId", 0x440, FAKE_POINTER},
    {"ImageFileName", 0x5a8, FAKE_CHARS(15)},
    {0},
};
static const struct fake_field globals_22000[] = {
    {"EtwSiloState", 0x360, FAKE_POINTER},
    {0},
};
static const struct fake_type types_22000[] = {
    {"_ETW_SILODRIVERSTATE", 0x1238, state_22000},    {"_WMI_LOGGER_CONTEXT", 0x540, logger_22000},
    {"_ETW_REALTIME_CONSUMER", 0xa0, consumer_22000}, {"_EPROCESS", 0xb80, process_22000},
    {"_ESERVERSILO_GLOBALS", 0x560, globals_22000},   {0},
};

/* Of 10.0.14393.4583, 10.0.18362.535 and 10.0.22000.1936 [seen]. */
static const struct fake_symbol variables_14393[] = {
    {"PsLoadedModuleList", 0x304060},
    {"PspHostSiloGlobals", 0x3bc500},
    {"EtwpHostSiloState", 0x2fa080},
    {"EtwpDebuggerData", 0x2f1f48},
    {0},
};
static const struct fake_symbol variables_18362[] = {
    {"PsLoadedModuleList", 0x448130},
    {"PspHostSiloGlobals", 0x58e540},
    {"EtwpHostSiloState", 0x573008},
    {"EtwpDebuggerData", 0x42be08},
    {0},
};
static const struct fake_symbol variables_22000[] = {
    {"PsLoadedModuleList", 0xc29b20},
    {"PspHostSiloGlobals", 0xd32580},
    {"EtwpHostSiloState", 0xd05008},
    {"EtwpDebuggerData", 0xc0b188},
    {0},
};
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

static const struct {
    const struct fake_type *types;
    const struct fake_symbol *variables;
} builds[] = {
    [FAKE_14393] = {types_14393, variables_14393},
    [FAKE_18362] = {types_18362, variables_18362},
    [FAKE_22000] = {types_22000, variables_22000},
};

#define BASE_VA  0xfffff8026e400000u
#define STATE_VA 0xffffa80faaf3e000u
#define ARRAY_VA 0xffffa80faae71cc0u

static const struct fake_type *find_type(const struct fake_etw *e, const char *type)
{
    for (const struct fake_type *t = builds[e->build].types; t->name; t++)
        if (strcmp(t->name, type) == 0)
            return t;
    assert(!"no such type");
    return NULL;
}

static const struct fake_field *find_field(const struct fake_etw *e, const char *type,
                                           const char *field)
{
    for (const struct fake_field *f = find_type(e, type)->fields; f->name; f++)
        if (strcmp(f->name, field) == 0)
            return f;
    assert(!"no such field");
    return NULL;
}

uint64_t fake_etw_offset(const struct fake_etw *e, const char *type, const char *field)
{
    return find_field(e, type, field)->offset;
}

uint64_t fake_etw_size(const struct fake_etw *e, const char *type)
{
    return find_type(e, type)->size;
}

uint64_t fake_etw_global(const struct fake_etw *e, const char *name)
{
    for (const struct fake_symbol *v = builds[e->build].variables; v->name; v++)
        if (strcmp(v->name, name) == 0)
            return e->kernel.base_va + v->rva;
    assert(!"no such variable");
    return 0;
}

void fake_etw_put(struct fake_etw *e, const char *type, uint64_t va, const char *field, uint64_t v)
{
    const struct fake_field *f = find_field(e, type, field);

    if (f->type == FAKE_POINTER)
        fake_mem_u64(&e->mem, va + f->offset, v);
    else
        fake_mem_u32(&e->mem, va + f->offset, (uint32_t)v);
}

void fake_etw_put_text(struct fake_etw *e, const char *type, uint64_t va, const char *field,
                       uint64_t text_va, const char *text)
{
    fake_mem_unicode(&e->mem, va + fake_etw_offset(e, type, field), text_va, text);
}

void fake_etw_init(struct fake_etw *e, enum fake_etw_build build, uint32_t slots)
{
    memset(e, 0, sizeof *e);
    fake_mem_init(&e->mem);
    fake_symbols_init(&e->symbols, builds[build].types, builds[build].variables);
    e->build = build;
    e->kernel = (struct kdw_kernel){.mem = &e->mem.mem, .target = &e->target, .diag = &e->diag};
    e->kernel.base_va = e->target.kernel_base_va = BASE_VA;
    e->kernel.symbols = &e->symbols.symbols;

    e->state_va = STATE_VA;
    fake_mem_zero(&e->mem, STATE_VA, fake_etw_size(e, "_ETW_SILODRIVERSTATE"));
    if (build == FAKE_14393) {
        slots = 64;
        e->array_va = STATE_VA + fake_etw_offset(e, "_ETW_SILODRIVERSTATE", "WmipLoggerContext");
    } else {
        e->array_va = ARRAY_VA;
        fake_etw_put(e, "_ETW_SILODRIVERSTATE", STATE_VA, "MaxLoggers", slots);
        fake_etw_put(e, "_ETW_SILODRIVERSTATE", STATE_VA, "EtwpLoggerContext", e->array_va);
    }
    for (uint32_t i = 0; i < slots; i++)
        fake_etw_slot(e, i, 1);
    fake_etw_put(e, "_ESERVERSILO_GLOBALS", fake_etw_global(e, "PspHostSiloGlobals"),
                 "EtwSiloState", STATE_VA);
    fake_mem_u64(&e->mem, fake_etw_global(e, "EtwpHostSiloState"), STATE_VA);
    fake_mem_u64(&e->mem, fake_etw_global(e, "EtwpDebuggerData") + 0x10, e->array_va);
}

void fake_etw_deinit(struct fake_etw *e)
{
    fake_mem_deinit(&e->mem);
}

void fake_etw_slot(struct fake_etw *e, uint32_t slot, uint64_t value)
{
    fake_mem_u64(&e->mem, e->array_va + 8u * slot, value);
}

void fake_etw_logger(struct fake_etw *e, uint32_t slot, uint64_t va, const char *name)
{
    static const char *const type = "_WMI_LOGGER_CONTEXT";
    uint64_t size = fake_etw_size(e, type);

    fake_etw_slot(e, slot, va);
    fake_mem_zero(&e->mem, va, size);
    fake_etw_put(e, type, va, "LoggerId", slot);
    fake_etw_put(e, type, va, "SiloState", e->state_va);
    fake_etw_put(e, type, va, "CollectionOn", 1);
    fake_etw_put_text(e, type, va, "LoggerName", va + size, name);
    fake_etw_consumers(e, va, NULL, 0);
}

void fake_etw_consumers(struct fake_etw *e, uint64_t logger_va, const uint64_t *consumers,
                        size_t len)
{
    static const char *const type = "_ETW_REALTIME_CONSUMER";

    for (size_t i = 0; i < len; i++) {
        uint64_t process_va = consumers[i] + 0x100000;

        fake_mem_zero(&e->mem, consumers[i], fake_etw_size(e, type));
        fake_etw_put(e, type, consumers[i], "ProcessObject", process_va);
        fake_etw_process(e, process_va, 0x100 + 4 * i, "svchost.exe");
    }
    fake_etw_put(e, "_WMI_LOGGER_CONTEXT", logger_va, "NumConsumers", len);
    fake_mem_list(&e->mem, logger_va + fake_etw_offset(e, "_WMI_LOGGER_CONTEXT", "Consumers"),
                  consumers, len); /* Links come first in a consumer */
}

void fake_etw_process(struct fake_etw *e, uint64_t va, uint64_t id, const char *image)
{
    fake_mem_zero(&e->mem, va, fake_etw_size(e, "_EPROCESS"));
    fake_etw_put(e, "_EPROCESS", va, "UniqueProcessId", id);
    fake_mem_write(&e->mem, va + fake_etw_offset(e, "_EPROCESS", "ImageFileName"), image,
                   strlen(image));
}
