/* The header of Windows' own dumps, DUMP_HEADER64: what it says, and which layout follows it. */
#include "dump_parts.h"

#include <inttypes.h>
#include <string.h>

enum { /* offsets in the header [seen] */
       MAJOR_VERSION = 0x08,
       DIRECTORY_TABLE_BASE = 0x10,
       PFN_DATA_BASE = 0x18,
       MACHINE = 0x30,
       DEBUGGER_DATA = 0x80,
       CONTEXT = 0x348,
       CONTEXT_FLAGS = CONTEXT + 0x30,
       CONTEXT_RIP = CONTEXT + 0xF8,
       DUMP_TYPE = 0xF98,
       SYSTEM_TIME = 0xFA8,
       SYSTEM_UP_TIME = 0x1030,
       PRODUCT_TYPE = 0x1040,
       ATTRIBUTES = 0x1050,

       VERSION_CHECKED = 0xC,
       MACHINE_AMD64 = 0x8664,
       MACHINE_ARM64 = 0xAA64,
       CONTEXT_AMD64 = 0x100000,
       ATTRIBUTE_ENCRYPTED = 0x100,
       ATTRIBUTE_DECRYPTED = 0x200,
       TYPE_AUTOMATIC = 7,
};

/* The writer fills the page with "PAGE" before it stores anything: a field that reads so was never
 * stored [seen]. */
static uint32_t present32(uint32_t v)
{
    return v == 0x45474150 ? 0 : v;
}

static uint64_t present64(uint64_t v)
{
    return v == 0x4547415045474150u ? 0 : v;
}

/* ---- what the header says ---- */

static uint64_t decode_rip(const uint8_t *header)
{
    struct kd_reader r = kd_reader_of(header, DUMP_HEADER_LEN);
    uint64_t rip, top;
    uint32_t flags;

    kd_rd_seek(&r, CONTEXT_FLAGS);
    flags = present32(kd_rd_u32(&r));
    kd_rd_seek(&r, CONTEXT_RIP);
    rip = kd_rd_u64(&r);
    top = rip >> 47;
    return (flags & CONTEXT_AMD64) && (top == 0 || top == 0x1FFFF) ? rip : 0;
}

/* The first 0x88 bytes. */
static void decode_front(const uint8_t *header, struct kdw_dump_facts *f)
{
    struct kd_reader r = kd_reader_of(header, DUMP_HEADER_LEN);

    kd_rd_seek(&r, MAJOR_VERSION);
    f->is_checked = kd_rd_u32(&r) == VERSION_CHECKED;
    f->build = present32(kd_rd_u32(&r));
    f->dtb = DUMP_DTB(present64(kd_rd_u64(&r)));
    f->pfn_database_va = present64(kd_rd_u64(&r));
    f->module_list_va = present64(kd_rd_u64(&r));
    f->process_list_va = present64(kd_rd_u64(&r));
    kd_rd_skip(&r, 4); /* machine: checked elsewhere */
    f->processor_count = present32(kd_rd_u32(&r));
    f->bugcheck_code = present32(kd_rd_u32(&r));
    f->has_bugcheck = f->bugcheck_code != 0;
    kd_rd_skip(&r, 4);
    for (size_t i = 0; i < 4; i++)
        f->bugcheck_parameters[i] = present64(kd_rd_u64(&r));
    kd_rd_seek(&r, DEBUGGER_DATA);
    f->debugger_data_va = present64(kd_rd_u64(&r));
}

static void decode_back(const uint8_t *header, struct kdw_dump_facts *f)
{
    struct kd_reader r = kd_reader_of(header, DUMP_HEADER_LEN);

    kd_rd_seek(&r, DUMP_TYPE);
    f->dump_type = kd_rd_u32(&r);
    kd_rd_seek(&r, SYSTEM_TIME);
    f->time_100ns = present64(kd_rd_u64(&r));
    kd_rd_seek(&r, SYSTEM_UP_TIME);
    f->uptime_100ns = present64(kd_rd_u64(&r));
    kd_rd_seek(&r, PRODUCT_TYPE);
    f->product_type = present32(kd_rd_u32(&r));
    f->suite_mask = present32(kd_rd_u32(&r));
    f->has_product = f->product_type != 0;
    f->writer_status = present32(kd_rd_u32(&r));
    kd_rd_seek(&r, ATTRIBUTES);
    f->attributes = present32(kd_rd_u32(&r));
}

static enum kd_status check_machine(struct kdw_dump *d, const uint8_t *header)
{
    struct kd_reader r = kd_reader_of(header, DUMP_HEADER_LEN);
    uint32_t machine;

    kd_rd_seek(&r, MACHINE);
    machine = present32(kd_rd_u32(&r));
    if (machine != 0 && machine != MACHINE_AMD64 && machine != MACHINE_ARM64)
        return kd_diag_set(
            d->diag, KD_ERR_UNSUPPORTED,
            "dump of a machine of type 0x%" PRIx32 ", which is neither x64 nor ARM64", machine);
    if (machine == MACHINE_ARM64)
        dump_warn(d, "an ARM64 machine: its page tables are not understood");
    d->facts.machine = (uint16_t)machine;
    return KD_OK;
}

enum kd_status dump_read_header(struct kdw_dump *d, const uint8_t *header)
{
    struct kdw_dump_facts *f = &d->facts;
    enum kd_status st = check_machine(d, header);

    if (st != KD_OK)
        return st;
    decode_front(header, f);
    decode_back(header, f);
    f->has_header = true;
    f->rip = f->machine == MACHINE_ARM64 ? 0 : decode_rip(header);
    /* The list head is a variable of the kernel's. The debugger data block is one too, but QEMU may
     * name a driver's copy of it [doc]. */
    f->kernel_hint_va = f->module_list_va ? f->module_list_va : f->debugger_data_va;
    if ((f->attributes & ATTRIBUTE_ENCRYPTED) && !(f->attributes & ATTRIBUTE_DECRYPTED))
        return kd_diag_set(d->diag, KD_ERR_UNSUPPORTED,
                           "encrypted dump: decrypt it first, with the key that the machine's "
                           "owner has");
    if (f->writer_status != 0)
        dump_warn(d, "its writer met an error: NTSTATUS 0x%08" PRIx32, f->writer_status);
    if (f->attributes & KDW_DUMP_NO_ROOM)
        dump_warn(d, "its writer ran out of room: the highest pages are missing");
    return KD_OK;
}

/* ---- which layout follows ---- */

enum layout { NO_LAYOUT, HEADER_ONLY, RUNS, OLD_BITMAP, BITMAP, RANGES, TRIAGE };

static const struct {
    enum layout layout;
    const char *what;
} types[] = {
    [1] = {RUNS, "complete memory dump"},
    [2] = {OLD_BITMAP, "kernel memory dump of Windows 7 or older"},
    [3] = {HEADER_ONLY, "dump of a header alone"},
    [4] = {TRIAGE, "triage (small) dump"},
    [5] = {BITMAP, "complete memory dump"},
    [6] = {BITMAP, "kernel memory dump"},
    [TYPE_AUTOMATIC] = {BITMAP, "automatic memory dump"},
    [8] = {RANGES, "kernel memory dump of a debugger"},
    [9] = {RANGES, "kernel and user memory dump of a debugger"},
    [10] = {RANGES, "complete memory dump of a debugger"},
};

static enum layout layout_by_type(uint32_t type)
{
    return type < sizeof types / sizeof types[0] ? types[type].layout : NO_LAYOUT;
}

static enum layout layout_by_signature(const struct kdw_dump *d)
{
    const uint8_t *p = d->file.data + DUMP_HEADER_LEN;

    if (d->file.len - DUMP_HEADER_LEN < 12)
        return NO_LAYOUT;
    if ((memcmp(p, "SDMP", 4) == 0 || memcmp(p, "FDMP", 4) == 0) && memcmp(p + 4, "DUMP", 4) == 0)
        return BITMAP;
    if (memcmp(p, "\x40\0\0\0RDMPDUMP", 12) == 0)
        return RANGES;
    return NO_LAYOUT;
}

/* The type says it and the signature behind the header confirms it; where they contradict each other
 * the signature is right [doc]. Runs and triage dumps have none. */
static enum kd_status choose_layout(struct kdw_dump *d, enum layout *out)
{
    uint32_t type = d->facts.dump_type;
    enum layout by_type = layout_by_type(type);
    enum layout by_signature = layout_by_signature(d);

    /* Both bitmaps have the same signature, and no file is known of a type that may have either. */
    if (by_signature == BITMAP && type == TYPE_AUTOMATIC && dump_is_old_bitmap(d))
        by_type = OLD_BITMAP;
    if (by_signature == BITMAP && by_type == OLD_BITMAP)
        by_signature = OLD_BITMAP;
    if (by_signature == NO_LAYOUT && by_type == NO_LAYOUT)
        return kd_diag_set(d->diag, KD_ERR_UNSUPPORTED, "dump of an unknown type, 0x%" PRIx32,
                           type);
    if (by_signature == NO_LAYOUT && by_type == HEADER_ONLY)
        return kd_diag_set(d->diag, KD_ERR_UNSUPPORTED,
                           "dump of a header alone: it holds no memory");
    if (by_signature == NO_LAYOUT && by_type != RUNS && by_type != TRIAGE) {
        if (!dump_runs_fit(d))
            return kd_diag_set(d->diag, KD_ERR_MALFORMED,
                               "dump of type 0x%" PRIx32 ", but what should follow its header is "
                               "not there",
                               type);
        by_signature = RUNS;
    }
    if (by_signature != NO_LAYOUT && by_signature != by_type)
        dump_warn(d,
                  "its type, 0x%" PRIx32 ", and what follows the header disagree: the latter is "
                  "believed",
                  type);
    *out = by_signature != NO_LAYOUT ? by_signature : by_type;
    return KD_OK;
}

static enum kd_status open_layout(struct kdw_dump *d, enum layout layout)
{
    switch (layout) {
    case RUNS:
        d->facts.kind = KDW_DUMP_RUNS;
        return dump_open_runs(d);
    case OLD_BITMAP:
        d->facts.kind = KDW_DUMP_OLD_BITMAP;
        return dump_open_old_bitmap(d);
    case BITMAP:
        d->facts.kind = KDW_DUMP_BITMAP;
        return dump_open_bitmap(d);
    case RANGES:
        d->facts.kind = KDW_DUMP_RANGES;
        return dump_open_ranges(d);
    default:
        d->facts.kind = KDW_DUMP_TRIAGE;
        return dump_open_triage(d);
    }
}

static const char *describe(const struct kdw_dump_facts *f)
{
    if (f->kind == KDW_DUMP_BITMAP && (f->attributes & KDW_DUMP_LIVE))
        return "live kernel dump";
    if (f->kind == KDW_DUMP_BITMAP && (f->attributes & KDW_DUMP_FILTERED))
        return "active memory dump";
    if (layout_by_type(f->dump_type) != NO_LAYOUT)
        return types[f->dump_type].what;
    return "memory dump";
}

enum kd_status dump_open_windows(struct kdw_dump *d)
{
    enum layout layout = NO_LAYOUT;
    enum kd_status st;

    if (d->file.len < DUMP_HEADER_LEN)
        return kd_diag_set(d->diag, KD_ERR_TRUNCATED, "dump that ends inside its header");
    st = dump_read_header(d, d->file.data);
    if (st == KD_OK)
        st = choose_layout(d, &layout);
    if (st == KD_OK)
        st = open_layout(d, layout);
    if (st == KD_OK)
        d->facts.what = describe(&d->facts);
    return st;
}
