/* The header of Windows' dumps, DUMP_HEADER64: layout [doc], what a kernel leaves unfilled [seen]. */
#include <string.h>

#include "dump_parts.h"

#define CONTEXT_LEN 0x4d0u

void dump_header_u32(struct dump *d, size_t at, uint32_t value)
{
    memcpy(d->header + at, &value, sizeof(value));
}

void dump_header_u64(struct dump *d, size_t at, uint64_t value)
{
    memcpy(d->header + at, &value, sizeof(value));
}

uint64_t dump_context_va(const struct dump *d, uint32_t processor)
{
    return get_u64(d->machine, d->machine->info.kprcb[processor] + kdbg_u16(d, 0x338));
}

static void put_memory(struct dump *d)
{
    struct lab_run runs[LAB_RUNS_MAX];
    size_t count = lab_memory_runs(d->memory, runs);
    uint64_t pages = 0;

    for (size_t i = 0; i < count; i++) {
        dump_header_u64(d, 0x98 + 16 * i, runs[i].first);
        dump_header_u64(d, 0xa0 + 16 * i, runs[i].count);
        pages += runs[i].count;
    }
    dump_header_u32(d, 0x88, (uint32_t)count);
    dump_header_u64(d, 0x90, pages);
}

/* What stopped the machine. A guest's driver has nothing to say of that, and leaves there where it keeps
 * its own copy of the debugger data [doc]; that the code stays unfilled is a [guess]. */
static void put_bugcheck(struct dump *d)
{
    if (d->type->is_qemu) {
        dump_header_u64(d, 0x40, d->kdbg_copy_va);
        return;
    }
    dump_header_u32(d, 0x38, d->bugcheck);
    for (size_t i = 0; i < 4; i++)
        dump_header_u64(d, 0x40 + 8 * i, d->options->has_bugcheck ? d->options->parameters[i] : 0);
}

static void put_registers(struct dump *d)
{
    uint64_t rip;

    memset(d->header + DUMP_CONTEXT, 0, CONTEXT_LEN);
    lab_memory_read(d->memory, dump_context_va(d, 0), d->header + DUMP_CONTEXT, CONTEXT_LEN);
    memcpy(&rip, d->header + DUMP_CONTEXT + 0xf8, sizeof(rip));
    memset(d->header + DUMP_EXCEPTION, 0, 0x98);
    dump_header_u32(d, DUMP_EXCEPTION, 0x80000003); /* what wrote the dump broke in for it [seen] */
    dump_header_u64(d, DUMP_EXCEPTION + 0x10, rip);
}

/* KSYSTEM_TIME of the page that all programs see. */
static uint64_t shared_time(const struct dump *d, uint64_t at)
{
    return get_u64(d->machine, SHARED_DATA + at);
}

static uint32_t shared_u32(const struct dump *d, uint64_t at)
{
    return (uint32_t)get_u64(d->machine, SHARED_DATA + at);
}

void dump_make_header(struct dump *d)
{
    const struct lab_machine_info *info = &d->machine->info;

    for (size_t at = 0; at < sizeof(d->header); at += 4)
        memcpy(d->header + at, "PAGE", 4);
    memcpy(d->header + 4, "DU64", 4);
    dump_header_u32(d, 0x08, 0xf); /* a free build */
    dump_header_u32(d, 0x0c, info->build);
    dump_header_u64(d, 0x10, info->cr3);
    dump_header_u64(d, 0x18, kdbg_u64(d, 0xc0)); /* of the variable */
    dump_header_u64(d, 0x20, info->module_list);
    dump_header_u64(d, 0x28, kdbg_u64(d, 0x50));
    dump_header_u32(d, 0x30, 0x8664);
    dump_header_u32(d, 0x34, info->processors);
    put_bugcheck(d);
    dump_header_u64(d, 0x80, d->kdbg_va);
    if (d->type->windows_type != 4) /* a triage dump describes no memory */
        put_memory(d);
    put_registers(d);
    dump_header_u32(d, 0xf98, d->type->windows_type);
    dump_header_u64(d, 0xfa8, shared_time(d, 0x14));
    dump_header_u64(d, 0x1030, shared_time(d, 0x08));
    dump_header_u32(d, 0x1040, shared_u32(d, 0x264));
    dump_header_u32(d, 0x1044, shared_u32(d, 0x2d0));
    dump_header_u32(d, 0x1048, 0); /* WriterStatus */
    if (d->type->attributes)
        dump_header_u32(d, 0x1050, d->type->attributes);
    if (info->build >= 22000) /* older ones leave it unfilled */
        dump_header_u32(d, 0x1054, shared_u32(d, 0x2c4));
}

void dump_put_header(struct dump *d)
{
    dump_header_u64(d, 0xfa0, d->file.len); /* RequiredDumpSpace */
    if (d->type->windows_type == 4)
        dump_header_u32(d, 0x1038,
                        0xc7f); /* MiniDumpFields: all but Mm, data page, broken driver */
    dump_put(&d->file, 0, d->header, sizeof(d->header));
}
