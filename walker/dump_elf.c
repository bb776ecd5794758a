/* ELF64 cores of hypervisors: QEMU's dump-guest-memory, VirtualBox's dumpvmcore. Segments say which
 * physical memory stands where. QEMU's notes hold the processors' registers, and the header of a
 * Windows dump where the guest runs a driver that made one. */
#include "dump_parts.h"

#include <inttypes.h>
#include <string.h>

enum {
    /* ELF header, program header, section header [doc] */
    DATA_ENCODING = 5,
    LITTLE_ENDIAN_DATA = 1,
    FILE_TYPE = 0x10,
    TYPE_CORE = 4,
    MACHINE_X86_64 = 62,
    PROGRAM_HEADERS = 0x20,
    PROGRAM_HEADER_LEN = 56,
    ENTRY_SIZES = 0x36,
    SECTION_INFO = 0x2C,
    MANY_SEGMENTS = 0xFFFF, /* their number is in the first section header */
    SEGMENT_LOAD = 1,
    SEGMENT_NOTE = 4,

    /* a processor as QEMU describes it [doc] */
    CPU_RIP = 0x88,
    CPU_GS_BASE = 0x108,
    CPU_IDT_BASE = 0x180,
    CPU_CR3 = 0x1A0, /* cr4 behind it */
};

struct elf {
    uint64_t headers; /* where the program headers stand */
    uint64_t count;
    uint64_t entry_len;
};

struct segment {
    uint32_t type;
    uint64_t offset, pa, len;
};

struct processors {      /* what of them is of use */
    uint64_t notes_left; /* bytes: segments that share their notes would be read for ever */
    uint32_t count;
    uint64_t rip, cr4, idt_va; /* of the first */
    uint64_t any_cr3;
    uint64_t kernel_cr3; /* of one that runs kernel code: it maps all of the kernel */
};

/* ---- headers ---- */

static enum kd_status check_kind(const struct kdw_dump *d)
{
    struct kd_reader r = dump_reader(d, FILE_TYPE);
    uint16_t type = kd_rd_u16(&r), machine = kd_rd_u16(&r);

    if (!kd_reader_ok(&r))
        return kd_diag_set(d->diag, KD_ERR_TRUNCATED, "ELF file that ends inside its header");
    if (type != TYPE_CORE)
        return kd_diag_set(d->diag, KD_ERR_UNSUPPORTED, "ELF file that is no core: a program?");
    if (d->file.data[DATA_ENCODING] != LITTLE_ENDIAN_DATA || machine != MACHINE_X86_64)
        return kd_diag_set(d->diag, KD_ERR_UNSUPPORTED,
                           "ELF core of another machine than x86-64 (%u)", machine);
    return KD_OK;
}

static enum kd_status read_elf(const struct kdw_dump *d, struct elf *out)
{
    struct kd_reader r = dump_reader(d, PROGRAM_HEADERS);
    struct elf elf = {0};
    uint64_t sections;

    elf.headers = kd_rd_u64(&r);
    sections = kd_rd_u64(&r);
    kd_rd_seek(&r, ENTRY_SIZES);
    elf.entry_len = kd_rd_u16(&r);
    elf.count = kd_rd_u16(&r);
    if (elf.count == MANY_SEGMENTS) {
        r = dump_reader(d, sections);
        kd_rd_skip(&r, SECTION_INFO);
        elf.count = kd_rd_u32(&r);
    }
    if (!kd_reader_ok(&r) || elf.headers > d->file.len ||
        (elf.entry_len > 0 && elf.count > (d->file.len - elf.headers) / elf.entry_len))
        return kd_diag_set(d->diag, KD_ERR_TRUNCATED, "ELF core that ends inside its headers");
    if (elf.count == 0)
        return kd_diag_set(d->diag, KD_ERR_UNSUPPORTED,
                           "ELF core without segments: Xen keeps memory in sections, which are "
                           "not read; convert it to a raw image");
    if (elf.entry_len < PROGRAM_HEADER_LEN)
        return kd_diag_set(d->diag, KD_ERR_MALFORMED, "ELF core with program headers too short");
    *out = elf;
    return KD_OK;
}

/* i is below elf->count, so that the header is inside the file. */
static struct segment read_segment(const struct kdw_dump *d, const struct elf *elf, uint64_t i)
{
    struct kd_reader r = dump_reader(d, elf->headers + i * elf->entry_len);
    struct segment s = {0};

    s.type = kd_rd_u32(&r);
    kd_rd_skip(&r, 4); /* flags */
    s.offset = kd_rd_u64(&r);
    kd_rd_skip(&r, 8); /* virtual address */
    s.pa = kd_rd_u64(&r);
    s.len = kd_rd_u64(&r); /* in the file; what is missing of the memory's was filtered out */
    return s;
}

/* ---- notes ---- */

static void read_processor(struct kd_span note, struct processors *cpus)
{
    struct kd_reader r = kd_reader_of(note.data, note.len);
    uint64_t rip, gs_base, idt_va, cr3, cr4;

    kd_rd_seek(&r, CPU_RIP);
    rip = kd_rd_u64(&r);
    kd_rd_seek(&r, CPU_GS_BASE);
    gs_base = kd_rd_u64(&r);
    kd_rd_seek(&r, CPU_IDT_BASE);
    idt_va = kd_rd_u64(&r);
    kd_rd_seek(&r, CPU_CR3);
    cr3 = DUMP_DTB(kd_rd_u64(&r));
    cr4 = kd_rd_u64(&r);
    if (!kd_reader_ok(&r))
        return; /* of another layout */
    if (cpus->count++ == 0) {
        cpus->rip = rip;
        cpus->cr4 = cr4;
        cpus->idt_va = idt_va;
        cpus->any_cr3 = cr3;
    }
    if (cpus->kernel_cr3 == 0 && gs_base >> 63)
        cpus->kernel_cr3 = cr3;
}

/* A driver of QEMU's guest leaves a Windows header in this note. It has no bugcheck in it: the first
 * parameter is where the driver keeps its own, decoded copy of the debugger data [doc]. */
static enum kd_status read_guest_header(struct kdw_dump *d, struct kd_span note)
{
    struct kdw_dump_facts *f = &d->facts;
    enum kd_status st;

    if (note.len < DUMP_HEADER_LEN || memcmp(note.data, "PAGEDU64", 8) != 0 || f->has_header)
        return KD_OK;
    st = dump_read_header(d, note.data);
    if (st == KD_OK && !f->has_bugcheck)
        f->debugger_data_copy_va = f->bugcheck_parameters[0];
    return st;
}

static bool is_named(struct kd_span name, const char *text)
{
    return name.len == strlen(text) + 1 && memcmp(name.data, text, name.len) == 0;
}

static enum kd_status read_notes(struct kdw_dump *d, const struct segment *s,
                                 struct processors *cpus)
{
    uint64_t room = s->offset < d->file.len ? d->file.len - s->offset : 0;
    uint64_t notes_len = s->len < room ? s->len : room;
    struct kd_reader r = kd_reader_of(d->file.data + d->file.len - room, (size_t)notes_len);
    enum kd_status st = KD_OK;

    if (notes_len > cpus->notes_left)
        return kd_diag_set(d->diag, KD_ERR_LIMIT, "ELF core with more notes than the file is long");
    cpus->notes_left -= notes_len;
    while (st == KD_OK && kd_reader_left(&r) > 0) {
        uint32_t name_len = kd_rd_u32(&r), len = kd_rd_u32(&r);
        struct kd_span name, note;

        kd_rd_skip(&r, 4); /* type */
        name = kd_rd_span(&r, name_len);
        kd_rd_skip(&r, (4 - name_len % 4) % 4);
        note = kd_rd_span(&r, len);
        if (!kd_reader_ok(&r)) {
            dump_warn(d, "its notes are cut short");
            break;
        }
        if (kd_reader_left(&r) > 0)
            kd_rd_skip(&r, (4 - len % 4) % 4);
        if (is_named(name, "QEMU"))
            read_processor(note, cpus);
        else if (is_named(name, "VMCOREINFO"))
            st = read_guest_header(d, note);
    }
    return st;
}

/* ---- both together ---- */

static enum kd_status read_segments(struct kdw_dump *d, const struct elf *elf,
                                    struct dump_extents *x, struct processors *cpus)
{
    enum kd_status st = KD_OK;

    for (uint64_t i = 0; st == KD_OK && i < elf->count; i++) {
        struct segment s = read_segment(d, elf, i);

        if (s.type == SEGMENT_LOAD)
            st = dump_extents_add(d, x, s.pa, s.len, s.offset);
        else if (s.type == SEGMENT_NOTE)
            st = read_notes(d, &s, cpus);
    }
    if (st == KD_OK && !dump_extents_finish(d, x))
        dump_warn(d, "segments of memory overlap");
    return st;
}

/* Which page tables map the kernel: those of the system, which the header or low memory names, and of
 * a processor in kernel code. One that runs a program may have tables without the kernel. */
static void choose_root(struct kdw_dump *d, const struct processors *cpus)
{
    if (d->facts.dtb == 0)
        d->facts.dtb = cpus->kernel_cr3;
    dump_use_low_stub(d);
    if (d->facts.dtb == 0 && cpus->any_cr3 != 0) {
        d->facts.dtb = cpus->any_cr3;
        dump_warn(d, "no processor was in the kernel: its page tables may not map all of it");
    }
}

enum kd_status dump_open_elf(struct kdw_dump *d)
{
    struct processors cpus = {.notes_left = d->file.len};
    struct dump_extents *x = NULL;
    struct elf elf = {0};
    enum kd_status st = check_kind(d);

    d->facts.kind = KDW_DUMP_ELF;
    if (st == KD_OK)
        st = read_elf(d, &elf);
    if (st == KD_OK)
        st = dump_extents_create(d, &x);
    if (st == KD_OK)
        st = read_segments(d, &elf, x, &cpus);
    if (st != KD_OK)
        return st;
    d->facts.what = d->facts.has_header ? "ELF core with a Windows dump header" : "ELF core";
    d->facts.machine = 0x8664;
    d->facts.rip = cpus.rip;
    d->facts.cr4 = cpus.cr4;
    d->facts.idt_va = cpus.idt_va;
    if (d->facts.processor_count == 0)
        d->facts.processor_count = cpus.count;
    choose_root(d, &cpus);
    return KD_OK;
}
