#include "msf.h"

#include "le.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    SUPERBLOCK_LEN = 0x34, /* up to the list of blocks that hold the directory's block list */
    BLOCK_MIN = 512,
    BLOCK_MAX = 65536,
    DIRECTORY = -1, /* in place of a stream number: the directory and its block list */
};
static const uint32_t nil_stream = 0xFFFFFFFF; /* a size that means "deleted", not 4 GiB */

struct assembled { /* a stream put together from scattered blocks */
    struct assembled *next;
    int64_t stream;
    size_t len;
    uint8_t data[];
};

struct kdw_msf {
    const uint8_t *file;
    size_t file_len;
    struct kd_diag *diag;
    uint32_t block_size;
    uint32_t block_count;
    struct kd_span directory; /* stream count, sizes, then each stream's block numbers */
    uint32_t stream_count;
    struct assembled *assembled;
    size_t assembled_len; /* of all of them */
};

struct blocks { /* a run of bytes as the file has it */
    const uint8_t *numbers;
    uint32_t len;
};

static uint64_t blocks_for(const struct kdw_msf *m, uint64_t len)
{
    return (len + m->block_size - 1) / m->block_size;
}

/* Where block number i of the run stands in the file; NULL when it names no block for data: outside
 * the file, the superblock, or one of the two free block maps of each interval. */
static const uint8_t *block_at(const struct kdw_msf *m, const struct blocks *b, uint64_t i)
{
    uint32_t n = le32(b->numbers + 4 * i);
    uint32_t in_interval = n % m->block_size;

    if (n == 0 || n >= m->block_count || in_interval == 1 || in_interval == 2)
        return NULL;
    return m->file + (size_t)n * m->block_size;
}

static enum kd_status damaged_block(const struct kdw_msf *m, int64_t stream, uint64_t i)
{
    if (stream == DIRECTORY)
        return kd_diag_set(m->diag, KD_ERR_MALFORMED,
                           "stream directory: block %" PRIu64 " lies outside the file's data", i);
    return kd_diag_set(m->diag, KD_ERR_MALFORMED,
                       "stream %" PRId64 ": block %" PRIu64 " lies outside the file's data", stream,
                       i);
}

/* The run where it stands, when its blocks follow one another; else data stays NULL. */
static enum kd_status find_contiguous(const struct kdw_msf *m, const struct blocks *b,
                                      int64_t stream, struct kd_span *out)
{
    uint64_t count = blocks_for(m, b->len); /* NOLINT(*CallAndMessage): set with KD_OK */
    const uint8_t *first = m->file; /* an empty run stands anywhere, as long as it is somewhere */
    bool is_contiguous = true;

    for (uint64_t i = 0; i < count; i++) {
        const uint8_t *at = block_at(m, b, i);

        if (!at)
            return damaged_block(m, stream, i);
        if (i == 0)
            first = at;
        else if (at != first + i * m->block_size)
            is_contiguous = false;
    }
    out->data = is_contiguous ? first : NULL;
    out->len = b->len;
    return KD_OK;
}

static enum kd_status assemble(struct kdw_msf *m, const struct blocks *b, int64_t stream,
                               struct kd_span *out)
{
    struct assembled *a;
    size_t done = 0;

    if (b->len > m->file_len - m->assembled_len)
        return kd_diag_set(m->diag, KD_ERR_LIMIT,
                           "stream %" PRId64 ": its scattered streams are larger than the file",
                           stream);
    a = malloc(sizeof *a + b->len);
    if (!a)
        return kd_diag_set(m->diag, KD_ERR_NO_MEMORY, "stream %" PRId64 ": out of memory", stream);
    for (uint64_t i = 0; done < b->len; i++) {
        size_t n = b->len - done;

        if (n > m->block_size)
            n = m->block_size;
        memcpy(a->data + done, block_at(m, b, i), n); /* each was looked at before */
        done += n;
    }
    a->stream = stream;
    a->len = b->len;
    a->next = m->assembled;
    m->assembled = a;
    m->assembled_len += b->len;
    out->data = a->data;
    out->len = a->len;
    return KD_OK;
}

static enum kd_status gather(struct kdw_msf *m, const struct blocks *b, int64_t stream,
                             struct kd_span *out)
{
    struct kd_span s = {NULL, 0};
    enum kd_status st = find_contiguous(m, b, stream, &s);

    if (st == KD_OK && !s.data && s.len > 0)
        st = assemble(m, b, stream, &s);
    if (st == KD_OK)
        *out = s;
    return st;
}

/* What people take for a PDB, and what to say of it. */
static const struct {
    const char *magic;
    size_t len;
    enum kd_status status;
    const char *text; /* NULL: the kind we read */
} kinds[] = {
    {"Microsoft C/C++ MSF 7.00\r\n\x1a"
     "DS\0\0\0",
     32, KD_OK, NULL},
    {"Microsoft C/C++ program database 2.00\r\n\x1a"
     "JG",
     42, KD_ERR_UNSUPPORTED, "a PDB of the old 2.00 format, which is not read"},
    {"BSJB", 4, KD_ERR_UNSUPPORTED, "a portable .NET PDB, which describes no kernel"},
    {"MSCF", 4, KD_ERR_UNSUPPORTED, "compressed (a cabinet): expand it with cabextract or 7z"},
};

static enum kd_status check_magic(const uint8_t *data, size_t len, struct kd_diag *diag)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (len < kinds[i].len || memcmp(data, kinds[i].magic, kinds[i].len) != 0)
            continue;
        return kinds[i].text ? kd_diag_set(diag, kinds[i].status, "%s", kinds[i].text) : KD_OK;
    }
    return kd_diag_set(diag, KD_ERR_MALFORMED, "not a PDB file");
}

static enum kd_status read_superblock(struct kdw_msf *m, uint32_t *directory_len)
{
    struct kd_reader r = kd_reader_of(m->file, m->file_len);

    kd_rd_skip(&r, 32); /* the magic */
    m->block_size = kd_rd_u32(&r);
    kd_rd_skip(&r, 4); /* which free block map is in force: readers need neither */
    m->block_count = kd_rd_u32(&r);
    *directory_len = kd_rd_u32(&r);
    kd_rd_skip(&r, 4);
    if (!kd_reader_ok(&r))
        return kd_diag_set(m->diag, KD_ERR_TRUNCATED, "ends inside the PDB's first header");
    if (m->block_size < BLOCK_MIN || m->block_size > BLOCK_MAX ||
        (m->block_size & (m->block_size - 1)) != 0)
        return kd_diag_set(m->diag, KD_ERR_MALFORMED, "block size %" PRIu32 " is none",
                           m->block_size);
    /* Longer is odd but harmless; shorter means that a copy or a download broke off. */
    if ((uint64_t)m->block_count * m->block_size > m->file_len)
        return kd_diag_set(m->diag, KD_ERR_TRUNCATED,
                           "incomplete: %zu bytes, but %" PRIu64 " by its own header", m->file_len,
                           (uint64_t)m->block_count * m->block_size);
    return KD_OK;
}

/* Two steps: the superblock names the blocks that hold the list of the directory's blocks. */
static enum kd_status read_directory(struct kdw_msf *m, uint32_t directory_len)
{
    uint64_t count = blocks_for(m, directory_len);
    struct blocks b = {m->file + SUPERBLOCK_LEN, 0};
    struct kd_span list;
    enum kd_status st;

    if (count > m->block_count || SUPERBLOCK_LEN + 4 * blocks_for(m, 4 * count) > m->block_size ||
        m->block_count == 0)
        return kd_diag_set(m->diag, KD_ERR_MALFORMED,
                           "stream directory of %" PRIu32 " bytes does not fit the file",
                           directory_len);
    b.len = (uint32_t)(4 * count);
    st = gather(m, &b, DIRECTORY, &list);
    if (st != KD_OK)
        return st;
    b.numbers = list.data;
    b.len = directory_len;
    return gather(m, &b, DIRECTORY, &m->directory);
}

static uint32_t stream_len(const struct kdw_msf *m, uint32_t stream)
{
    uint32_t len = le32(m->directory.data + 4 + 4 * (size_t)stream);

    return len == nil_stream ? 0 : len;
}

/* Where in the directory the block numbers of a stream begin. */
static uint64_t numbers_at(const struct kdw_msf *m, uint32_t stream)
{
    uint64_t at = 4 + 4 * (uint64_t)m->stream_count;

    for (uint32_t i = 0; i < stream; i++)
        at += 4 * blocks_for(m, stream_len(m, i));
    return at;
}

/* After this, every stream's size and block numbers are known to lie inside the directory. */
static enum kd_status check_directory(struct kdw_msf *m)
{
    const struct kd_span *d = &m->directory;

    if (d->len >= 4)
        m->stream_count = le32(d->data);
    if (d->len < 4 || m->stream_count > (d->len - 4) / 4 || numbers_at(m, m->stream_count) > d->len)
        return kd_diag_set(m->diag, KD_ERR_MALFORMED, "stream directory is cut short");
    return KD_OK;
}

enum kd_status kdw_msf_open(const void *data, size_t len, struct kd_diag *diag,
                            struct kdw_msf **out)
{
    struct kdw_msf *m;
    uint32_t directory_len = 0;
    enum kd_status st = check_magic(data, len, diag);

    if (st != KD_OK)
        return st;
    m = calloc(1, sizeof *m);
    if (!m)
        return kd_diag_set(diag, KD_ERR_NO_MEMORY, "out of memory");
    m->file = data;
    m->file_len = len;
    m->diag = diag;
    st = read_superblock(m, &directory_len);
    if (st == KD_OK)
        st = read_directory(m, directory_len);
    if (st == KD_OK)
        st = check_directory(m);
    if (st != KD_OK) {
        kdw_msf_close(m);
        return st;
    }
    *out = m;
    return KD_OK;
}

void kdw_msf_close(struct kdw_msf *m)
{
    if (!m)
        return;
    while (m->assembled) {
        struct assembled *next = m->assembled->next;

        free(m->assembled);
        m->assembled = next;
    }
    free(m);
}

bool kdw_msf_has(const struct kdw_msf *m, uint32_t stream)
{
    return stream != KDW_MSF_NO_STREAM && stream < m->stream_count &&
           le32(m->directory.data + 4 + 4 * (size_t)stream) != nil_stream;
}

static enum kd_status find_stream(const struct kdw_msf *m, uint32_t stream, struct blocks *out)
{
    if (stream == KDW_MSF_NO_STREAM)
        return kd_diag_set(m->diag, KD_ERR_NOT_FOUND, "the file has no such stream");
    if (!kdw_msf_has(m, stream))
        return kd_diag_set(m->diag, KD_ERR_NOT_FOUND, "the file has no stream %" PRIu32, stream);
    out->numbers = m->directory.data + numbers_at(m, stream);
    out->len = stream_len(m, stream);
    return KD_OK;
}

enum kd_status kdw_msf_stream(struct kdw_msf *m, uint32_t stream, struct kd_span *out)
{
    struct blocks b;
    enum kd_status st = find_stream(m, stream, &b);

    if (st != KD_OK)
        return st;
    for (const struct assembled *a = m->assembled; a; a = a->next) {
        if (a->stream == (int64_t)stream) {
            out->data = a->data;
            out->len = a->len;
            return KD_OK;
        }
    }
    return gather(m, &b, stream, out);
}

enum kd_status kdw_msf_read(struct kdw_msf *m, uint32_t stream, uint64_t offset, void *buf,
                            size_t len)
{
    struct blocks b;
    uint8_t *to = buf;
    enum kd_status st = find_stream(m, stream, &b);

    if (st != KD_OK)
        return st;
    if (offset > b.len || len > b.len - offset) /* NOLINT(*UndefinedBinary*): set with KD_OK */
        return kd_diag_set(m->diag, KD_ERR_TRUNCATED,
                           "stream %" PRIu32 " ends after %" PRIu32 " bytes", stream, b.len);
    while (len > 0) {
        const uint8_t *at = block_at(m, &b, offset / m->block_size);
        size_t in_block = (size_t)(offset % m->block_size);
        size_t n = m->block_size - in_block;

        if (!at)
            return damaged_block(m, stream, offset / m->block_size);
        if (n > len)
            n = len;
        memcpy(to, at + in_block, n);
        to += n;
        offset += n;
        len -= n;
    }
    return KD_OK;
}
