#include "dump_parts.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- which format ---- */

static const struct {
    const char *magic;
    size_t len;
    enum kd_status (*open)(struct kdw_dump *d);
    enum kd_status status;
    const char *refusal; /* where there is no open: what it is and what to do */
} formats[] = {
#define OPENS(magic, open)                                                                         \
    {                                                                                              \
        magic, sizeof magic - 1, open, KD_OK, NULL                                                 \
    }
#define REFUSED(magic, status, text)                                                               \
    {                                                                                              \
        magic, sizeof magic - 1, NULL, status, text                                                \
    }
#define NOT_READ(magic, text) REFUSED(magic, KD_ERR_UNSUPPORTED, text)
#define PACKED(magic, what)   NOT_READ(magic, what ": unpack it first")
    OPENS("PAGEDU64", dump_open_windows),
    NOT_READ("PAGEDUMP", "dump of a 32-bit kernel, which is not supported"),
    REFUSED("PAGE", KD_ERR_MALFORMED,
            "incomplete dump: its header was begun, but the dump never written; take another one"),
    NOT_READ("MDMP", "minidump of a process: it holds nothing of the kernel"),
    OPENS("\x7F"
          "ELF\x02",
          dump_open_elf),
    NOT_READ("\x7F"
             "ELF",
             "ELF file of a 32-bit machine, which is not supported"),
    NOT_READ("KDUMP   ", "kdump-compressed image: dump again without compression (QEMU: "
                         "dump-guest-memory without -z, -l, -s; or with -w)"),
    NOT_READ("DISKDUMP", "diskdump image: dump again without compression (QEMU: dump-guest-memory "
                         "without -z, -l, -s; or with -w)"),
    OPENS("EMiL", dump_open_lime),
#define VMWARE                                                                                     \
    "VMware's state of a machine: open the .vmem file next to it, or convert it with vmss2core"
    NOT_READ("\xD0\xBE\xD2\xBE", VMWARE),
    NOT_READ("\xD2\xBE\xD2\xBE", VMWARE),
    NOT_READ("\xD3\xBE\xD3\xBE", VMWARE),
    NOT_READ("\xD1\xBA\xD1\xBA", VMWARE),
    NOT_READ("QEVM", "QEMU's saved machine: restore it and use dump-guest-memory"),
    NOT_READ("\x7F"
             "VirtualBox SavedState",
             "VirtualBox's saved machine: restore it and use "
             "debugvm dumpvmcore"),
#define HIBERNATION "hibernation file: convert it to a raw image first"
    NOT_READ("HIBR", HIBERNATION),
    NOT_READ("hibr", HIBERNATION),
    NOT_READ("WAKE", HIBERNATION),
    NOT_READ("wake", HIBERNATION),
    NOT_READ("RSTR", HIBERNATION),
    PACKED("MSCF", "cabinet"),
    PACKED("PK\3\4", "zip archive"),
    PACKED("\x1F\x8B", "gzip file"),
    PACKED("\x28\xB5\x2F\xFD", "zstd file"),
    PACKED("\x37\x7A\xBC\xAF", "7z archive"),
    PACKED("\xFD"
           "7zXZ",
           "xz file"),
};

static enum kd_status open_by_content(struct kdw_dump *d)
{
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        if (d->file.len < formats[i].len ||
            memcmp(d->file.data, formats[i].magic, formats[i].len) != 0)
            continue;
        if (formats[i].open)
            return formats[i].open(d);
        return kd_diag_set(d->diag, formats[i].status, "%s", formats[i].refusal);
    }
    if (d->file.len == 0)
        return kd_diag_set(d->diag, KD_ERR_UNSUPPORTED, "empty file");
    if (d->file.len % DUMP_PAGE_LEN != 0)
        return kd_diag_set(d->diag, KD_ERR_UNSUPPORTED,
                           "no dump of a known kind, and no raw image: those are of whole pages");
    return dump_open_raw(d);
}

/* ---- reading ---- */

static enum kd_status read_dump(struct kdw_mem *m, uint64_t at, void *buf, size_t len,
                                uint64_t *fault)
{
    struct kdw_dump *d = (struct kdw_dump *)m;
    uint8_t *to = buf;

    while (len > 0) {
        struct dump_place place;
        uint64_t n;

        *fault = at;
        if (!d->index->find(d->index, at, &place))
            return KD_ERR_NOT_IN_DUMP;
        if (place.offset >= d->file.len)
            return KD_ERR_CUT_OFF;
        n = d->file.len - place.offset;
        if (n > place.len)
            n = place.len;
        if (n > len)
            n = len;
        if (d->map.data)
            kdw_map_touch(&d->map, &d->pieces, place.offset, &n);
        memcpy(to, d->file.data + place.offset, (size_t)n);
        to += n;
        at += n;
        len -= (size_t)n;
    }
    return KD_OK;
}

struct kd_reader dump_reader(const struct kdw_dump *d, uint64_t offset)
{
    struct kd_reader r = kd_reader_of(d->file.data, d->file.len);

    kd_rd_seek(&r, offset <= d->file.len ? (size_t)offset : SIZE_MAX);
    return r;
}

/* ---- facts ---- */

void dump_warn(struct kdw_dump *d, const char *fmt, ...)
{
    va_list ap;

    if (d->facts.warning_count == KDW_DUMP_WARNINGS_MAX)
        return; /* who has read eight knows */
    va_start(ap, fmt);
    /* NOLINTNEXTLINE(*valist*): it is initialised in the line before */
    vsnprintf(d->facts.warnings[d->facts.warning_count++], KDW_DUMP_WARNING_LEN, fmt, ap);
    va_end(ap);
}

static void conclude(struct kdw_dump *d)
{
    struct kdw_dump_facts *f = &d->facts;
    const struct dump_index *x = d->index;
    struct dump_place place;

    f->pages_total = x->pages_total;
    f->pages_present = x->pages_present;
    if (f->kind == KDW_DUMP_TRIAGE)
        return;
    f->physical_end = x->end;
    if (x->pages_present < x->pages_total)
        dump_warn(d, "cut short: %" PRIu64 " of %" PRIu64 " pages present", x->pages_present,
                  x->pages_total);
    if (f->dtb != 0 && (!x->find(x, f->dtb, &place) || place.offset >= d->file.len))
        dump_warn(d, "its page-table root, 0x%" PRIx64 ", is not in the dump", f->dtb);
}

/* map: whose bytes these are, {NULL, 0} for the caller's; taken over on success. */
static enum kd_status open_mapped(struct kd_span file, struct kdw_map map, struct kd_diag *diag,
                                  struct kdw_dump **out)
{
    struct kdw_dump *d = calloc(1, sizeof *d);
    enum kd_status st;

    if (!d)
        return kd_diag_set(diag, KD_ERR_NO_MEMORY, "out of memory");
    d->mem.read = read_dump;
    d->map = map;
    d->file = file;
    d->diag = diag;
    st = open_by_content(d);
    if (st != KD_OK) {
        d->map = (struct kdw_map){NULL, 0};
        kdw_dump_close(d);
        return st;
    }
    conclude(d);
    kd_diag_clear(diag);
    *out = d;
    return KD_OK;
}

enum kd_status kdw_dump_open_bytes(const void *data, size_t len, struct kd_diag *diag,
                                   struct kdw_dump **out)
{
    return open_mapped((struct kd_span){data, len}, (struct kdw_map){NULL, 0}, diag, out);
}

enum kd_status kdw_dump_open(const char *path, struct kd_diag *diag, struct kdw_dump **out)
{
    struct kdw_map map;
    enum kd_status st = kdw_map_open(path, diag, &map);

    if (st != KD_OK)
        return st;
    st = open_mapped((struct kd_span){map.data, map.len}, map, diag, out);
    if (st != KD_OK) {
        kdw_map_close(&map);
        return kd_diag_add(diag, st, "%s", path);
    }
    kdw_map_read_nothing_ahead(&map); /* from here on pages, by pieces */
    return KD_OK;
}

void kdw_dump_close(struct kdw_dump *d)
{
    if (!d)
        return;
    if (d->index)
        d->index->destroy(d->index);
    kdw_map_close(&d->map);
    free(d);
}

const struct kdw_dump_facts *kdw_dump_facts(const struct kdw_dump *d)
{
    return &d->facts;
}

struct kdw_target kdw_dump_target(const struct kdw_dump *d)
{
    const struct kdw_dump_facts *f = &d->facts;

    return (struct kdw_target){
        .machine = f->machine,
        .build = (uint16_t)f->build,
        .is_checked = f->is_checked,
        .is_mp = f->processor_count > 1,
        .is_kernel = true,
        .processor_count = f->processor_count,
        .kernel_base_va = dump_first_driver_va(d),
        .module_list_va = f->module_list_va,
        .dtb = f->dtb,
    };
}

struct kdw_mem *kdw_dump_physical(struct kdw_dump *d)
{
    return d->facts.kind == KDW_DUMP_TRIAGE ? NULL : &d->mem;
}

struct kdw_mem *kdw_dump_virtual(struct kdw_dump *d)
{
    return d->facts.kind == KDW_DUMP_TRIAGE ? &d->mem : NULL;
}
