/* A small dump: registers, the thread that was running, drivers, a few blocks of memory by virtual address.
 * Layout, and that blocks overlap and are in no order: a real one of 19041 [seen]. */
#include <string.h>

#include "dump_parts.h"

#define TABLE        DUMP_HEADER /* of offsets */
#define TABLE_LEN    0x80u
#define DRIVER_LEN   0x90u
#define DRIVERS_MAX  256u
#define NAME_LEN_MAX 512u

static uint32_t end_of(const struct dump *d)
{
    return (uint32_t)(d->file.len + 7) / 8 * 8;
}

static void put_field(struct dump *d, uint32_t field, uint32_t value)
{
    dump_put_u32(&d->file, TABLE + field, value);
}

/* A piece of the machine's memory; zeros where there is none. */
static void put_memory_at(struct dump *d, uint32_t at, uint64_t va, uint32_t len)
{
    uint8_t bytes[LAB_PAGE];

    for (uint32_t done = 0, n; done < len; done += n) {
        n = len - done < LAB_PAGE ? len - done : LAB_PAGE;
        memset(bytes, 0, sizeof(bytes));
        lab_memory_read(d->memory, va + done, bytes, n);
        dump_put(&d->file, at + done, bytes, n);
    }
}

/* The same at the end of the file; where that was. */
static uint32_t append(struct dump *d, uint64_t va, uint32_t len)
{
    uint32_t at = end_of(d);

    put_memory_at(d, at, va, len);
    return at;
}

static void put_running_thread(struct dump *d)
{
    const struct lab_machine_info *info = &d->machine->info;
    uint64_t process = get_u64(d->machine, info->thread + kdbg_u16(d, 0x2a0));
    uint32_t stack_len = (uint32_t)(LAB_PAGE - info->stack % LAB_PAGE);

    put_field(d, 0x1c, append(d, info->kprcb[0], kdbg_u16(d, 0x2b0)));
    put_field(d, 0x20, append(d, process, kdbg_u16(d, 0x2a8)));
    put_field(d, 0x24, append(d, info->thread, kdbg_u16(d, 0x2c0)));
    put_field(d, 0x28, append(d, info->stack, stack_len));
    put_field(d, 0x2c, stack_len);
    dump_put_u64(&d->file, TABLE + 0x48, info->stack);
}

/* ---- drivers ---- */

/* What a loader entry has at `va`, as an entry of the list: at 8 an older kernel's loader entry, with less
 * in it. Its name goes to the end of the file: length in characters, text, NUL. */
static void put_driver(struct dump *d, uint32_t at, uint64_t va)
{
    uint32_t name = end_of(d);
    uint32_t name_len = (uint32_t)get_u64(d->machine, va + 0x48) & 0xffff;

    if (name_len > NAME_LEN_MAX)
        name_len = NAME_LEN_MAX;
    dump_put_u32(&d->file, name, name_len / 2);
    put_memory_at(d, name + 4, get_u64(d->machine, va + 0x50), name_len);
    d->file.len = name + 4 + name_len + 2;

    dump_put_u32(&d->file, at, name);
    dump_put_u64(&d->file, at + 8 + 0x30, get_u64(d->machine, va + 0x30)); /* DllBase */
    put_memory_at(d, at + 8 + 0x40, va + 0x40, 4);                         /* SizeOfImage */
    put_memory_at(d, at + 8 + 0x78, va + 0x78, 4);                         /* CheckSum */
    put_memory_at(d, at + 8 + 0x80, va + 0x9c, 4);                         /* TimeDateStamp */
}

static void put_drivers(struct dump *d)
{
    uint64_t head = d->machine->info.module_list, va;
    uint32_t count = 0, list = end_of(d), pool;

    for (va = get_u64(d->machine, head); va != head && va != 0 && count < DRIVERS_MAX;
         va = get_u64(d->machine, va))
        count++;
    pool = list + count * DRIVER_LEN;
    d->file.len = pool;
    va = get_u64(d->machine, head);
    for (uint32_t i = 0; i < count; i++, va = get_u64(d->machine, va))
        put_driver(d, list + i * DRIVER_LEN, va);
    put_field(d, 0x30, list);
    put_field(d, 0x34, count);
    put_field(d, 0x38, pool);
    put_field(d, 0x3c, end_of(d) - pool);
}

/* ---- blocks ---- */

#define BLOCKS_MAX 68u

struct block {
    uint64_t va;
    uint32_t len;
};

/* Processors, the kernel's variables of the crash, its build; what the thread has on its stack, once more
 * and in the middle of it. */
static uint32_t choose_blocks(const struct dump *d, struct block out[BLOCKS_MAX])
{
    const struct lab_machine_info *info = &d->machine->info;
    uint32_t count = 0;

    out[count++] = (struct block){kdbg_u64(d, 0x208), 0x80};
    out[count++] = (struct block){kdbg_u64(d, 0x88), 0x28};
    out[count++] = (struct block){kdbg_u64(d, 0x218), 8 * info->processors};
    out[count++] = (struct block){info->stack + 0x40, 0x40};
    for (uint32_t i = 1; i < info->processors && count < BLOCKS_MAX; i++)
        out[count++] = (struct block){info->kprcb[i], kdbg_u16(d, 0x2b0)};
    return count;
}

static void put_blocks(struct dump *d)
{
    struct block blocks[BLOCKS_MAX];
    uint32_t count = choose_blocks(d, blocks), list = end_of(d);

    d->file.len = list + 16u * count;
    for (uint32_t i = 0; i < count; i++) {
        dump_put_u64(&d->file, list + 16u * i, blocks[i].va);
        dump_put_u32(&d->file, list + 16u * i + 8, append(d, blocks[i].va, blocks[i].len));
        dump_put_u32(&d->file, list + 16u * i + 12, blocks[i].len);
    }
    put_field(d, 0x78, list);
    put_field(d, 0x7c, count);
}

bool dump_write_triage(struct dump *d)
{
    uint32_t at;

    d->file.len = TABLE + TABLE_LEN;
    put_field(d, 0x0c, DUMP_CONTEXT);
    put_field(d, 0x10, DUMP_EXCEPTION);
    put_field(d, 0x44, 0xffffffff); /* TriageOptions */
    put_running_thread(d);
    at = end_of(d); /* not from memory, where it may be encoded */
    dump_put(&d->file, at, d->kdbg, kdbg_len(d));
    put_field(d, 0x70, at);
    put_field(d, 0x74, kdbg_len(d));
    put_drivers(d);
    put_blocks(d);
    at = end_of(d);
    dump_put(&d->file, at, "TRGD", 4);
    put_field(d, 0x08, at);
    put_field(d, 0x04, at + 4);
    dump_put_header(d);
    return true;
}
