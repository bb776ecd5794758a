#include <walker/pe.h>

#include <inttypes.h>

enum {
    DOS_HEADER_LEN = 64,
    DOS_NEW_HEADER = 0x3C, /* e_lfanew */
    FILE_HEADER_LEN = 24,  /* "PE\0\0" and IMAGE_FILE_HEADER */
    PE32_MAGIC = 0x10B,
    PE32_PLUS_MAGIC = 0x20B,
    IMAGE_SIZE = 56, /* in the optional header of either kind */
    CHECKSUM = 64,
    PE32_DIRECTORY_COUNT = 92,
    PE32_PLUS_DIRECTORY_COUNT = 108,
    DEBUG_DIRECTORY = 6, /* its index, and how far it stands behind the first one */
    DEBUG_DIRECTORY_AT = DEBUG_DIRECTORY * 8,
    OPTIONAL_LEN = PE32_PLUS_DIRECTORY_COUNT + 4 + DEBUG_DIRECTORY_AT + 8,

    DEBUG_ENTRY_LEN = 28,
    DEBUG_ENTRIES_MAX = 32, /* real images have up to five */
    DEBUG_TYPE_CODEVIEW = 2,
    RSDS_LEN_MAX = 24 + 1024, /* with the path of a private build */
};
static const uint32_t pe_signature = 0x00004550;

struct image {
    struct kdw_mem *mem;
    uint64_t base_va;
    struct kd_diag *diag;
    uint32_t headers_rva; /* e_lfanew */
    uint16_t optional_len;
    uint32_t debug_rva, debug_len; /* 0: none */
    struct kdw_pe pe;
};

static enum kd_status read_at(struct image *m, uint64_t rva, void *buf, size_t len,
                              const char *what)
{
    uint64_t fault = 0;
    enum kd_status st = kdw_mem_read(m->mem, m->base_va + rva, buf, len, &fault);

    if (kd_is_unreadable(st))
        return kd_diag_set(m->diag, st, "%s: %s at 0x%" PRIx64, what, kd_status_text(st), fault);
    return st == KD_OK ? KD_OK : kdw_explain_read(m->diag, st, "%s", what);
}

static enum kd_status malformed(struct image *m, const char *what)
{
    return kd_diag_set(m->diag, KD_ERR_MALFORMED, "%s", what);
}

static enum kd_status read_file_header(struct image *m)
{
    uint8_t dos[DOS_HEADER_LEN] = {0}, file[FILE_HEADER_LEN] = {0};
    struct kd_reader r = kd_reader_of(dos, sizeof dos);
    enum kd_status st = read_at(m, 0, dos, sizeof dos, "DOS header");

    if (st != KD_OK)
        return st;
    if (dos[0] != 'M' || dos[1] != 'Z')
        return malformed(m, "no image here: it does not begin with MZ");
    kd_rd_seek(&r, DOS_NEW_HEADER);
    m->headers_rva = kd_rd_u32(&r);
    st = read_at(m, m->headers_rva, file, sizeof file, "PE header");
    if (st != KD_OK)
        return st;
    r = kd_reader_of(file, sizeof file);
    if (kd_rd_u32(&r) != pe_signature)
        return malformed(m, "no PE signature where the DOS header points");
    m->pe.machine = kd_rd_u16(&r);
    kd_rd_skip(&r, 2); /* number of sections */
    m->pe.timestamp = kd_rd_u32(&r);
    kd_rd_skip(&r, 8); /* symbol table of object files */
    m->optional_len = kd_rd_u16(&r);
    return KD_OK;
}

/* The optional header up to the debug directory's entry, as much of it as the image says it has. */
static enum kd_status read_optional_header(struct image *m)
{
    uint8_t buf[OPTIONAL_LEN] = {0};
    size_t len = m->optional_len < sizeof buf ? m->optional_len : sizeof buf;
    struct kd_reader r = kd_reader_of(buf, len);
    uint32_t count;
    uint16_t magic;
    enum kd_status st =
        read_at(m, (uint64_t)m->headers_rva + FILE_HEADER_LEN, buf, len, "optional header");

    if (st != KD_OK)
        return st;
    magic = kd_rd_u16(&r);
    kd_rd_seek(&r, IMAGE_SIZE);
    m->pe.image_size = kd_rd_u32(&r);
    kd_rd_seek(&r, CHECKSUM);
    m->pe.checksum = kd_rd_u32(&r);
    kd_rd_seek(&r, magic == PE32_MAGIC ? PE32_DIRECTORY_COUNT : PE32_PLUS_DIRECTORY_COUNT);
    count = kd_rd_u32(&r);
    if (!kd_reader_ok(&r) || (magic != PE32_MAGIC && magic != PE32_PLUS_MAGIC))
        return malformed(m, "optional header of an unknown form");
    if (m->headers_rva >= m->pe.image_size)
        return malformed(m, "headers lie outside the image's own size");
    if (count > DEBUG_DIRECTORY) {
        kd_rd_skip(&r, DEBUG_DIRECTORY_AT);
        m->debug_rva = kd_rd_u32(&r);
        m->debug_len = kd_rd_u32(&r);
        if (!kd_reader_ok(&r))
            m->debug_rva = 0; /* it says more directories than it has room for */
    }
    return KD_OK;
}

static bool is_inside(const struct image *m, uint32_t rva, uint32_t len)
{
    return rva < m->pe.image_size && len <= m->pe.image_size - rva;
}

/* One CodeView record. */
static enum kd_status read_rsds(struct image *m, uint32_t rva, uint32_t len)
{
    uint8_t buf[RSDS_LEN_MAX];
    size_t n = len < sizeof buf ? len : sizeof buf;
    enum kd_status st;

    if (!is_inside(m, rva, len))
        return malformed(m, "RSDS record lies outside the image");
    st = read_at(m, rva, buf, n, "RSDS record");
    if (st != KD_OK)
        return st;
    st = kdw_pdb_id_decode(buf, n, &m->pe.pdb_id);
    if (st == KD_ERR_UNSUPPORTED)
        return kd_diag_set(m->diag, st, "names a PDB of the old 2.00 format (NB10)");
    if (st != KD_OK)
        return kd_diag_set(m->diag, st, "RSDS record at RVA 0x%" PRIx32 ": %s", rva,
                           kd_status_text(st));
    m->pe.has_pdb_id = true;
    return KD_OK;
}

/* All entries: the CodeView one need not be first [seen]. */
static enum kd_status read_debug_directory(struct image *m)
{
    uint8_t buf[DEBUG_ENTRIES_MAX * DEBUG_ENTRY_LEN] = {0};
    size_t len = m->debug_len - m->debug_len % DEBUG_ENTRY_LEN;
    enum kd_status st, first_problem = KD_OK;
    struct kd_reader r;

    if (m->debug_rva == 0 || len == 0)
        return kd_diag_set(m->diag, KD_ERR_NOT_FOUND, "the image has no debug directory");
    if (!is_inside(m, m->debug_rva, m->debug_len))
        return malformed(m, "debug directory lies outside the image");
    if (len > sizeof buf)
        len = sizeof buf;
    st = read_at(m, m->debug_rva, buf, len, "debug directory");
    if (st != KD_OK)
        return st;
    r = kd_reader_of(buf, len);
    while (kd_reader_left(&r) > 0 && !m->pe.has_pdb_id) {
        uint32_t type, size, rva;

        kd_rd_skip(&r, 4 + 4 + 4); /* characteristics, time stamp, version */
        type = kd_rd_u32(&r);
        size = kd_rd_u32(&r);
        rva = kd_rd_u32(&r);
        kd_rd_skip(&r, 4); /* offset in the file */
        if (type != DEBUG_TYPE_CODEVIEW || rva == 0)
            continue; /* RVA 0: in the file only */
        st = read_rsds(m, rva, size);
        if (kdw_ends_walk(st))
            return st;
        if (first_problem == KD_OK)
            first_problem = st;
    }
    if (m->pe.has_pdb_id) {
        kd_diag_clear(m->diag); /* what an entry before it lacked is of no interest */
        return KD_OK;
    }
    if (first_problem != KD_OK)
        return first_problem;
    return kd_diag_set(m->diag, KD_ERR_NOT_FOUND, "the debug directory names no PDB");
}

enum kd_status kdw_pe_read(struct kdw_mem *mem, uint64_t base_va, struct kd_diag *diag,
                           struct kdw_pe *out)
{
    struct image m = {.mem = mem, .base_va = base_va, .diag = diag};
    enum kd_status st = read_file_header(&m);

    if (st == KD_OK)
        st = read_optional_header(&m);
    if (st == KD_OK) {
        st = read_debug_directory(&m);
        if (st != KD_OK && !kdw_ends_walk(st)) {
            kd_diag_add(diag, st, "image at 0x%" PRIx64 ": which PDB it has is not known", base_va);
            st = KD_OK;
        }
    }
    if (st != KD_OK)
        return kd_diag_add(diag, st, "image at 0x%" PRIx64, base_va);
    *out = m.pe;
    return KD_OK;
}
