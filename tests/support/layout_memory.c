#include "layout_memory.h"

#include "builtin_table.h"
#include "kernel_image.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BASE      0xfffff80412000000u
#define BLOCK     (BASE + 0x400000) /* the debugger data block */
#define HEAD      (BASE + 0x401000)
#define PROCESSES (BASE + 0x402000)
#define ETW       (BASE + 0x500000) /* EtwpDebuggerData */
#define POINTER   (ETW + 0x8130)    /* EtwpHostSiloState */
#define GLOBALS   (BASE + 0x600000)
#define STATE     0xffffa80faaf3e000u
#define ARRAY     0xffffa80faae71cc0u
#define LOGGERS   0xffffa80fb0000040u
#define PROVIDER  0xffffa80fb1000000u
#define PROCESS   0xffffa80fb2000080u

enum {
    SLOTS = 64,
    FREE = 1,
    FIRST_SLOT = 2,
    LOGGER_APART = 0x10000,
    UNKNOWN_LEN = 0x500,   /* of a logger that the layout does not know, */
    UNKNOWN_STATE = 0x3f8, /* and where it points to its state */
    HEADS = 3,
    LINKS_LEN = 16,
};

uint8_t layout_number(const char *name)
{
    for (uint8_t i = 0; i < kdw_builtin_layout_count; i++)
        if (strcmp(kdw_builtin_names + kdw_builtin_layouts[i].name, name) == 0)
            return i;
    fprintf(stderr, "no layout is called %s\n", name);
    abort();
}

static bool find_field(const struct layout_memory *m, const char *type, const char *path,
                       struct kdw_field *field, uint64_t *size)
{
    struct kdw_type t;
    kdw_type_id id;

    if (kdw_type_by_name(m->symbols, type, &id) != KD_OK ||
        kdw_type_field(m->symbols, id, path, field) != KD_OK ||
        kdw_type_describe(m->symbols, field->type, &t) != KD_OK)
        return false;
    *size = t.size;
    return true;
}

static uint64_t size_of(const struct layout_memory *m, const char *type)
{
    struct kdw_type t = {.size = 0};
    kdw_type_id id;

    if (kdw_type_by_name(m->symbols, type, &id) == KD_OK)
        (void)kdw_type_describe(m->symbols, id, &t);
    return t.size;
}

uint64_t layout_memory_offset(const struct layout_memory *m, const char *type, const char *path)
{
    struct kdw_field field;
    uint64_t size;

    if (find_field(m, type, path, &field, &size))
        return field.offset;
    fprintf(stderr, "no field %s.%s\n", type, path);
    abort();
}

bool layout_memory_put(struct layout_memory *m, const char *type, uint64_t va, const char *path,
                       uint64_t v)
{
    struct kdw_field field;
    uint64_t size;

    if (!find_field(m, type, path, &field, &size))
        return false;
    if (size == 2)
        fake_mem_u16(&m->mem, va + field.offset, (uint16_t)v);
    else if (size == 4)
        fake_mem_u32(&m->mem, va + field.offset, (uint32_t)v);
    else
        fake_mem_u64(&m->mem, va + field.offset, v);
    return true;
}

static void put_logger(struct layout_memory *m, size_t i)
{
    static const char type[] = "_WMI_LOGGER_CONTEXT";
    uint64_t size = size_of(m, type);
    uint64_t va = LOGGERS + i * LOGGER_APART, name_va = va + size;
    uint64_t slot = FIRST_SLOT + 3 * i;

    m->logger_va[i] = va;
    fake_mem_u64(&m->mem, m->array_va + 8 * slot, va);
    fake_mem_zero(&m->mem, va, size ? size : UNKNOWN_LEN);
    if (!layout_memory_put(m, type, va, "SiloState", m->state_va)) {
        fake_mem_u64(&m->mem, va + UNKNOWN_STATE, m->state_va);
        return;
    }
    layout_memory_put(m, type, va, "LoggerId", slot);
    fake_mem_unicode(&m->mem, va + layout_memory_offset(m, type, "LoggerName"), name_va, "NtfsLog");
}

static void put_state(struct layout_memory *m)
{
    static const char type[] = "_ETW_SILODRIVERSTATE";
    struct kdw_field inside;
    uint64_t size;

    m->state_va = STATE;
    m->array_va = ARRAY;
    fake_mem_zero(&m->mem, STATE, size_of(m, type));
    if (find_field(m, type, "WmipLoggerContext", &inside, &size))
        m->array_va = STATE + inside.offset;
    layout_memory_put(m, type, STATE, "EtwpLoggerContext", m->array_va);
    layout_memory_put(m, type, STATE, "MaxLoggers", SLOTS);
    layout_memory_put(m, type, STATE, "EtwpSecurityProviderGuidEntry.SiloState", STATE);
    if (layout_memory_put(m, type, STATE, "SiloGlobals", GLOBALS))
        m->globals_va = GLOBALS;
    for (uint64_t i = 0; i < SLOTS; i++)
        fake_mem_u64(&m->mem, m->array_va + 8 * i, FREE);
    for (size_t i = 0; i < LAYOUT_LOGGERS; i++)
        put_logger(m, i);
}

/* One provider in the fifth bucket; all other lists are empty. */
static void put_providers(struct layout_memory *m)
{
    uint64_t table_va =
        STATE + layout_memory_offset(m, "_ETW_SILODRIVERSTATE", "EtwpGuidHashTable");
    uint64_t bucket_len = size_of(m, "_ETW_HASH_BUCKET");
    uint64_t links_va = PROVIDER + layout_memory_offset(m, "_ETW_GUID_ENTRY", "GuidList");

    for (uint64_t i = 0; i < 64; i++)
        for (uint64_t k = 0; k < HEADS; k++)
            fake_mem_list(&m->mem, table_va + i * bucket_len + k * LINKS_LEN, NULL, 0);
    m->provider_va = PROVIDER;
    fake_mem_zero(&m->mem, PROVIDER, size_of(m, "_ETW_GUID_ENTRY"));
    fake_mem_list(&m->mem, table_va + 5 * bucket_len, &links_va, 1);
    layout_memory_put(m, "_ETW_GUID_ENTRY", PROVIDER, "SiloState", STATE);
}

static void put_process(struct layout_memory *m)
{
    static const char type[] = "_EPROCESS";
    uint64_t links_va;

    if (size_of(m, type) == 0)
        return;
    m->process_va = PROCESS;
    links_va = PROCESS + layout_memory_offset(m, type, "ActiveProcessLinks");
    fake_mem_zero(&m->mem, PROCESS, size_of(m, type));
    layout_memory_put(m, type, PROCESS, "UniqueProcessId", 4);
    fake_mem_write(&m->mem, PROCESS + layout_memory_offset(m, type, "ImageFileName"), "System", 6);
    fake_mem_list(&m->mem, PROCESSES, &links_va, 1);
}

void layout_memory_init(struct layout_memory *m, uint8_t layout)
{
    const struct kdw_choice alone = {.candidates = {{.layout = layout}}, .count = 1};

    memset(m, 0, sizeof *m);
    fake_mem_init(&m->mem);
    if (kdw_builtin_table(&alone, NULL, 0, &m->diag, &m->symbols) != KD_OK)
        abort();
    m->base_va = BASE;
    put_state(m);
    put_providers(m);
    fake_mem_zero(&m->mem, GLOBALS, size_of(m, "_ESERVERSILO_GLOBALS"));
    layout_memory_put(m, "_ESERVERSILO_GLOBALS", GLOBALS, "EtwSiloState", STATE);
    put_process(m);
    kernel_image_put_block(&m->mem, HEAD, BLOCK, BASE, BASE + 0x1000, PROCESSES);
    fake_mem_u16(&m->mem, BLOCK + 0x2a8, (uint16_t)size_of(m, "_EPROCESS"));
    fake_mem_zero(&m->mem, ETW, POINTER - ETW);
    fake_mem_u64(&m->mem, ETW + 0x10, m->array_va);
    m->pointer_va = POINTER;
    fake_mem_u64(&m->mem, POINTER, STATE);
    fake_mem_zero(&m->mem, POINTER + 8, 0x1000);

    m->landmarks[0] = (struct kdw_landmark){"EtwpDebuggerData", ETW - BASE};
    m->landmarks[1] = (struct kdw_landmark){"PsActiveProcessHead", PROCESSES - BASE};
    m->landmarks[2] = (struct kdw_landmark){"KdDebuggerDataBlock", BLOCK - BASE};
    m->facts = (struct kdw_kernel_facts){
        .landmarks = m->landmarks, .landmark_count = 3, .mem = &m->mem.mem, .base_va = BASE};
}

void layout_memory_deinit(struct layout_memory *m)
{
    kdw_symbols_close(m->symbols);
    fake_mem_deinit(&m->mem);
}
