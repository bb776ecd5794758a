#include "dump.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dump_parts.h"

#define MANUALLY_INITIATED_CRASH 0xe2u
#define ALL_IN_USE               (PAGE_TABLE | PAGE_SYSTEM | PAGE_USER)
#define KERNEL_IN_USE            (PAGE_TABLE | PAGE_SYSTEM)

static const struct dump_type types[] = {
    {.name = "full",
     .about = "Windows, all memory in runs (type 1)",
     .write = dump_write_runs,
     .windows_type = 1,
     .bugcheck = MANUALLY_INITIATED_CRASH},
    {.name = "bitmap",
     .about = "Windows, all memory by a bitmap (type 5)",
     .write = dump_write_bitmap,
     .windows_type = 5,
     .signature = "FDMP",
     .has_page_list = true,
     .bugcheck = MANUALLY_INITIATED_CRASH},
    {.name = "active",
     .about = "Windows, pages in use (type 5, filtered)",
     .write = dump_write_bitmap,
     .windows_type = 5,
     .attributes = 0x40,
     .signature = "FDMP",
     .content = ALL_IN_USE,
     .has_page_list = true,
     .bugcheck = MANUALLY_INITIATED_CRASH},
    {.name = "kernel",
     .about = "Windows, the kernel's pages and all page tables (type 6)",
     .write = dump_write_bitmap,
     .windows_type = 6,
     .signature = "SDMP",
     .content = KERNEL_IN_USE,
     .has_page_list = true,
     .bugcheck = MANUALLY_INITIATED_CRASH},
    {.name = "live",
     .about = "the same, of a machine that runs on",
     .write = dump_write_bitmap,
     .windows_type = 6,
     .attributes = 0x10,
     .signature = "SDMP",
     .content = KERNEL_IN_USE,
     .has_page_list = true,
     .bugcheck = LIVE_SYSTEM_DUMP},
    {.name = "summary",
     .about = "the kernel's pages as Windows 7 wrote them (type 2)",
     .write = dump_write_old_bitmap,
     .windows_type = 2,
     .signature = "SDMP",
     .content = KERNEL_IN_USE,
     .has_page_list = true,
     .bugcheck = MANUALLY_INITIATED_CRASH},
    {.name = "ranges",
     .about = "a debugger's .dump /f (type 10)",
     .write = dump_write_ranges,
     .windows_type = 10,
     .has_page_list = true},
    {.name = "triage",
     .about = "Windows, small: no memory but a few blocks (type 4)",
     .write = dump_write_triage,
     .windows_type = 4,
     .bugcheck = MANUALLY_INITIATED_CRASH},
    {.name = "raw", .about = "an image of memory, nothing else", .write = dump_write_raw},
    {.name = "lime", .about = "ranges of memory as LiME has them", .write = dump_write_lime},
    {.name = "elf", .about = "QEMU's dump-guest-memory", .write = dump_write_elf},
    {.name = "elf-win",
     .about = "the same of a guest whose driver gives QEMU a Windows header",
     .write = dump_write_elf,
     .windows_type = 1,
     .is_qemu = true},
    {.name = "win-dmp",
     .about = "QEMU's dump-guest-memory -w",
     .write = dump_write_win_dmp,
     .windows_type = 1,
     .is_qemu = true},
};
#define TYPES (sizeof(types) / sizeof(types[0]))

const char *lab_dump_type(size_t i, const char **about)
{
    if (i >= TYPES)
        return NULL;
    *about = types[i].about;
    return types[i].name;
}

uint64_t kdbg_u64(const struct dump *d, size_t at)
{
    uint64_t v;

    memcpy(&v, d->kdbg + at, sizeof(v));
    return v;
}

uint16_t kdbg_u16(const struct dump *d, size_t at)
{
    uint16_t v;

    memcpy(&v, d->kdbg + at, sizeof(v));
    return v;
}

uint32_t kdbg_len(const struct dump *d)
{
    return (uint32_t)(kdbg_u64(d, 0x10) >> 32);
}

/* ---- made ready ---- */

static bool refuse(struct dump *d, const char *why)
{
    d->why = why;
    return false;
}

static bool choose_type(struct dump *d)
{
    for (size_t i = 0; i < TYPES; i++)
        if (strcmp(types[i].name, d->options->type) == 0)
            d->type = &types[i];
    if (!d->type)
        return refuse(d, "no such type of dump");
    if (d->options->leave_out > 0 && !d->type->has_page_list)
        return refuse(d, "a dump of this type cannot be without some pages");
    if (d->options->page_out + d->options->transition + d->options->leave_out > 100)
        return refuse(d, "more than 100 percent of the pages");
    return true;
}

/* The block as it was before anything happened to it. */
static bool read_debugger_data(struct dump *d)
{
    d->kdbg_va = get_u64(d->machine, d->machine->info.debugger_data_list);
    lab_memory_read(d->memory, d->kdbg_va, d->kdbg, 0x18);
    if (kdbg_len(d) > sizeof(d->kdbg))
        return refuse(d, "the debugger data block is too long");
    lab_memory_read(d->memory, d->kdbg_va, d->kdbg, kdbg_len(d));
    return true;
}

/* QEMU's driver asks its kernel for the block, and gets it plain. It lies in the driver's own memory. */
static void copy_debugger_data(struct dump *d)
{
    d->kdbg_copy_va = d->machine->info.kernel_base - 0x6000000;
    put(d->machine, d->kdbg_copy_va, d->kdbg, kdbg_len(d));
}

static bool make_ready(struct dump *d)
{
    const struct lab_dump_options *o = d->options;

    if (!choose_type(d) || !read_debugger_data(d))
        return false;
    d->bugcheck = o->has_bugcheck ? o->bugcheck : d->type->bugcheck;
    /* a live dump gives itself a code; the machine does not stop */
    if (d->bugcheck != 0 && d->bugcheck != LIVE_SYSTEM_DUMP)
        d->machine->parts->crash(d->machine, d->bugcheck, o->parameters);
    if (d->type->is_qemu)
        copy_debugger_data(d);
    if (o->encode)
        d->machine->parts->encode(d->machine);
    dump_make_header(d);
    if (!dump_take_stock(d) || !dump_decide_fates(d))
        return false;
    return !lab_memory_failed(d->memory) || refuse(d, "out of memory");
}

/* ---- written ---- */

static bool write_file(struct dump *d, const char *path)
{
    const char *wrong = dump_file_create(&d->file, path);
    bool ok;

    if (wrong)
        return refuse(d, wrong);
    ok = d->type->write(d);
    if (!dump_file_finish(&d->file) && ok)
        ok = refuse(d, strerror(d->file.error));
    if (!ok)
        remove(path);
    return ok;
}

bool lab_dump_write(struct lab_machine *m, const struct lab_dump_options *o, const char *path,
                    const char **why)
{
    struct dump *d = calloc(1, sizeof(*d));
    const char *unused;
    bool ok;

    if (!why)
        why = &unused;
    if (!d) {
        *why = "out of memory";
        return false;
    }
    d->machine = m;
    d->memory = m->memory;
    d->options = o;
    ok = make_ready(d) && write_file(d, path);
    if (!ok)
        *why = d->why;
    free(d->pages);
    free(d);
    return ok;
}
