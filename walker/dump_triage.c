/* Triage dumps: a few blocks of memory by virtual address, and a list of drivers. No page of physical
 * memory, no page tables. */
#include "dump_parts.h"

#include "le.h"

#include <walker/text.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { /* offsets in the file, of u32 offsets in the file unless said otherwise [seen] */
       VALID_OFFSET = 0x2008,
       SIZE_OF_CALL_STACK = 0x202C,
       CALL_STACK_OFFSET = 0x2028,
       DRIVER_LIST_OFFSET = 0x2030,
       TOP_OF_STACK = 0x2048, /* an address, u64 */
       DATA_PAGE = 0x2060,    /* an address, u64; then offset and size */
       DEBUGGER_DATA = 0x2070,
       DATA_BLOCKS = 0x2078,

       BLOCK_LEN = 16,
       DRIVER_LEN = 0x90,
       DRIVER_ENTRY = 8, /* behind the name's offset: a loader entry of an older layout [seen] */
       DRIVER_BASE = DRIVER_ENTRY + 0x30,
       DRIVER_SIZE = DRIVER_ENTRY + 0x40,
       DRIVER_CHECK_SUM = DRIVER_ENTRY + 0x78,
       DRIVER_TIME = DRIVER_ENTRY + 0x80,
       NAME_CHARS_MAX = 512, /* as long as a module's name may be in memory */
};

/* How many of `count` entries at `offset` are inside the file: all or, of a table that is not, none. */
static uint32_t table_count(struct kdw_dump *d, const char *what, uint64_t offset, uint32_t count,
                            uint32_t entry_len)
{
    if (offset <= d->file.len && count <= (d->file.len - offset) / entry_len)
        return count;
    dump_warn(d, "its table of %s lies outside the file, and is left out", what);
    return 0;
}

/* ---- memory ---- */

static enum kd_status add_block(struct kdw_dump *d, struct dump_extents *x, uint64_t va,
                                uint32_t offset, uint32_t len)
{
    return va != 0 && offset != 0 ? dump_extents_add(d, x, va, len, offset) : KD_OK;
}

static enum kd_status add_data_blocks(struct kdw_dump *d, struct dump_extents *x)
{
    struct kd_reader r = dump_reader(d, DATA_BLOCKS);
    uint32_t offset = kd_rd_u32(&r);
    uint32_t count = table_count(d, "memory blocks", offset, kd_rd_u32(&r), BLOCK_LEN);
    enum kd_status st = KD_OK;

    r = dump_reader(d, offset);
    for (uint32_t i = 0; st == KD_OK && i < count; i++) {
        uint64_t va = kd_rd_u64(&r);
        uint32_t at = kd_rd_u32(&r);
        uint32_t len = kd_rd_u32(&r);

        st = add_block(d, x, va, at, len);
    }
    return st;
}

/* What has a place of its own in the header: the stack, one page, the debugger data. */
static enum kd_status add_named_blocks(struct kdw_dump *d, struct dump_extents *x)
{
    struct kd_reader r = dump_reader(d, CALL_STACK_OFFSET);
    uint32_t offset = kd_rd_u32(&r), len = kd_rd_u32(&r);
    uint64_t va;
    enum kd_status st;

    kd_rd_seek(&r, TOP_OF_STACK);
    st = add_block(d, x, kd_rd_u64(&r), offset, len);
    kd_rd_seek(&r, DATA_PAGE);
    va = kd_rd_u64(&r);
    offset = kd_rd_u32(&r);
    len = kd_rd_u32(&r);
    if (st == KD_OK)
        st = add_block(d, x, va, offset, len);
    kd_rd_seek(&r, DEBUGGER_DATA);
    offset = kd_rd_u32(&r);
    len = kd_rd_u32(&r);
    if (st == KD_OK)
        st = add_block(d, x, d->facts.debugger_data_va, offset, len);
    return st;
}

static void check_end(struct kdw_dump *d)
{
    struct kd_reader r = dump_reader(d, VALID_OFFSET);
    struct kd_span tag;

    kd_rd_seek(&r, kd_rd_u32(&r));
    tag = kd_rd_span(&r, 4);
    if (tag.len != 4)
        dump_warn(d, "ends before its end mark: a part of it is missing");
    else if (memcmp(tag.data, "TRGD", 4) != 0)
        dump_warn(d, "has no end mark: it may not have been written to its end");
}

enum kd_status dump_open_triage(struct kdw_dump *d)
{
    struct dump_extents *x = NULL;
    struct kd_reader r = dump_reader(d, DATA_BLOCKS);
    enum kd_status st;

    kd_rd_skip(&r, 8);
    if (!kd_reader_ok(&r))
        return kd_diag_set(d->diag, KD_ERR_TRUNCATED, "triage dump that ends inside its header");
    st = dump_extents_create(d, &x);
    if (st == KD_OK)
        st = add_data_blocks(d, x);
    if (st == KD_OK)
        st = add_named_blocks(d, x);
    if (st != KD_OK)
        return st;
    (void)dump_extents_finish(d, x); /* blocks of one memory may overlap [doc] */
    r = dump_reader(d, DRIVER_LIST_OFFSET);
    d->drivers.offset = kd_rd_u32(&r);
    d->drivers.count = table_count(d, "drivers", d->drivers.offset, kd_rd_u32(&r), DRIVER_LEN);
    check_end(d);
    return KD_OK;
}

/* ---- drivers ---- */

/* A count of characters, then these. */
static enum kd_status read_name(const struct kdw_dump *d, uint32_t offset, struct kdw_text *out)
{
    struct kd_reader r = dump_reader(d, offset);
    uint32_t chars = kd_rd_u32(&r);
    struct kd_span utf16 = {NULL, 0};

    if (chars <= NAME_CHARS_MAX)
        utf16 = kd_rd_span(&r, 2 * (size_t)chars);
    if (utf16.data)
        return kdw_utf16_text(utf16.data, utf16.len, out);
    *out = (struct kdw_text){.status = chars > NAME_CHARS_MAX ? KD_ERR_LIMIT : KD_ERR_TRUNCATED};
    return out->status;
}

/* The part behind the last backslash: what the loader's own entry has as its base name. */
static void take_base_name(const struct kdw_text *full, struct kdw_text *out)
{
    const char *last = full->utf8 ? strrchr(full->utf8, '\\') : NULL;
    const char *name = last ? last + 1 : full->utf8;

    *out = (struct kdw_text){.status = full->status};
    if (!name)
        return;
    out->utf8 = malloc(strlen(name) + 1);
    if (out->utf8)
        memcpy(out->utf8, name, strlen(name) + 1);
    else
        out->status = KD_ERR_NO_MEMORY;
}

/* Drivers are inside the file, as was seen to when it was opened. */
static const uint8_t *driver_at(const struct kdw_dump *d, uint32_t i)
{
    return d->file.data + d->drivers.offset + (size_t)i * DRIVER_LEN;
}

static uint64_t base_of(const uint8_t *entry)
{
    return le32(entry + DRIVER_BASE) | (uint64_t)le32(entry + DRIVER_BASE + 4) << 32;
}

uint64_t dump_first_driver_va(const struct kdw_dump *d)
{
    return d->drivers.count > 0 ? base_of(driver_at(d, 0)) : 0;
}

static void read_driver(const struct kdw_dump *d, uint32_t i, struct kdw_module *m)
{
    const uint8_t *entry = driver_at(d, i);

    m->base_va.value = base_of(entry);
    m->size.value = le32(entry + DRIVER_SIZE);
    m->checksum.value = le32(entry + DRIVER_CHECK_SUM);
    m->timestamp.value = le32(entry + DRIVER_TIME);
    (void)read_name(d, le32(entry), &m->full_name);
    take_base_name(&m->full_name, &m->base_name);
}

enum kd_status kdw_dump_modules(struct kdw_dump *d, struct kdw_module_list *out)
{
    struct kdw_module_list list = {0};
    uint32_t count = d->drivers.count;

    if (count == 0)
        return kd_diag_set(d->diag, KD_ERR_NOT_FOUND, "%s without a list of drivers",
                           d->facts.what);
    if (count > KDW_MODULES_MAX) {
        count = KDW_MODULES_MAX;
        list.end = KD_ERR_LIMIT;
        list.has_gaps = true;
    }
    list.modules = calloc(count, sizeof *list.modules);
    if (!list.modules)
        return kd_diag_set(d->diag, KD_ERR_NO_MEMORY, "out of memory");
    for (; list.len < count; list.len++) {
        struct kdw_module *m = &list.modules[list.len];

        read_driver(d, (uint32_t)list.len, m);
        if (m->full_name.status == KD_ERR_NO_MEMORY || m->base_name.status == KD_ERR_NO_MEMORY) {
            list.len++; /* it may have one of the two */
            kdw_module_list_free(&list);
            return kd_diag_set(d->diag, KD_ERR_NO_MEMORY, "out of memory");
        }
        list.has_gaps = list.has_gaps || m->full_name.status != KD_OK;
    }
    *out = list;
    return KD_OK;
}
