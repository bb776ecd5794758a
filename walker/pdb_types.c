#include "pdb_types.h"

#include "le.h"
#include "pdb_hash.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    TPI_STREAM = 2,
    TPI_HEADER_LEN = 56,
    FIRST_TYPE = 0x1000, /* indices below are simple types */
    HASH_KEY_LEN = 4,    /* files of the 1990s have 2 */
    MARK_LEN = 8,
    RECORD_MIN = 4, /* length and leaf */
};
static const uint32_t no_offset = UINT32_MAX;

struct tpi_header {
    uint32_t header_len, first, end, records_len;
    uint16_t hash_stream;
    uint32_t hash_key_len, hash_buckets;
    uint32_t hashes_at, hashes_len;
    uint32_t marks_at, marks_len;
};

static bool decode_header(struct kd_span tpi, struct tpi_header *h)
{
    struct kd_reader r = kd_reader_of(tpi.data, tpi.len);

    kd_rd_skip(&r, 4); /* version: one layout since 2004 */
    h->header_len = kd_rd_u32(&r);
    h->first = kd_rd_u32(&r);
    h->end = kd_rd_u32(&r);
    h->records_len = kd_rd_u32(&r);
    h->hash_stream = kd_rd_u16(&r);
    kd_rd_skip(&r, 2); /* a second hash stream, never seen */
    h->hash_key_len = kd_rd_u32(&r);
    h->hash_buckets = kd_rd_u32(&r);
    h->hashes_at = kd_rd_u32(&r);
    h->hashes_len = kd_rd_u32(&r);
    h->marks_at = kd_rd_u32(&r);
    h->marks_len = kd_rd_u32(&r);
    return kd_reader_ok(&r);
}

static bool marks_make_sense(const struct kdw_types *t)
{
    if (t->mark_count == 0 || le32(t->marks) != t->first || le32(t->marks + 4) != 0)
        return false;
    for (size_t i = 0; i < t->mark_count; i++) {
        const uint8_t *mark = t->marks + i * MARK_LEN;

        if (le32(mark) >= t->end || le32(mark + 4) >= t->records.len)
            return false;
        if (i > 0 && (le32(mark) <= le32(mark - 8) || le32(mark + 4) <= le32(mark - 4)))
            return false;
    }
    return true;
}

/* Both tables only make things faster: without them there is a slower way to the same answer. */
static void take_hash_stream(struct kdw_msf *msf, const struct tpi_header *h, struct kdw_types *t)
{
    struct kd_span s;
    struct kd_reader r;

    if (!kdw_msf_has(msf, h->hash_stream) || kdw_msf_stream(msf, h->hash_stream, &s) != KD_OK)
        return;
    r = kd_reader_of(s.data, s.len);
    kd_rd_seek(&r, h->hashes_at);
    if (h->hash_key_len == HASH_KEY_LEN && h->hash_buckets != 0 &&
        h->hashes_len / HASH_KEY_LEN == h->end - h->first && h->hashes_len % HASH_KEY_LEN == 0) {
        t->hashes = kd_rd_span(&r, h->hashes_len).data;
        t->hash_buckets = h->hash_buckets;
    }
    r = kd_reader_of(s.data, s.len);
    kd_rd_seek(&r, h->marks_at);
    t->marks = kd_rd_span(&r, h->marks_len).data;
    t->mark_count = t->marks ? h->marks_len / MARK_LEN : 0;
    if (!marks_make_sense(t))
        t->marks = NULL;
}

enum kd_status kdw_types_open(struct kdw_msf *msf, struct kd_diag *diag, struct kdw_types *out)
{
    struct kdw_types t = {0};
    struct tpi_header h;
    struct kd_span tpi;
    enum kd_status st = kdw_msf_stream(msf, TPI_STREAM, &tpi);

    if (st != KD_OK)
        return kd_diag_add(diag, st, "types");
    if (!decode_header(tpi, &h) || h.header_len < TPI_HEADER_LEN || h.header_len > tpi.len ||
        h.records_len > tpi.len - h.header_len)
        return kd_diag_set(diag, KD_ERR_TRUNCATED, "types: the stream ends inside its records");
    if (h.first < FIRST_TYPE || h.end < h.first || h.end - h.first > h.records_len / RECORD_MIN)
        return kd_diag_set(diag, KD_ERR_MALFORMED,
                           "types: indices 0x%" PRIx32 " to 0x%" PRIx32 " in %" PRIu32 " bytes",
                           h.first, h.end, h.records_len);
    t.records.data = tpi.data + h.header_len;
    t.records.len = h.records_len;
    t.first = h.first;
    t.end = h.end;
    take_hash_stream(msf, &h, &t);
    *out = t;
    return KD_OK;
}

void kdw_types_close(struct kdw_types *t)
{
    free(t->offsets);
    t->offsets = NULL;
}

/* From one record to the next; false at a record that leads nowhere or past the end. */
static bool step(const struct kdw_types *t, uint32_t *at)
{
    size_t left = t->records.len - *at; /* *at never passes the end */
    uint32_t len;

    if (left < RECORD_MIN)
        return false;
    len = le16(t->records.data + *at);
    if (len < 2 || len > left - 2)
        return false;
    *at += 2 + len;
    return true;
}

static enum kd_status make_offsets(struct kdw_types *t)
{
    size_t count = t->end - t->first;
    uint32_t at = 0;
    bool is_whole = true;

    t->offsets = malloc(count * sizeof *t->offsets);
    if (!t->offsets)
        return KD_ERR_NO_MEMORY;
    for (size_t i = 0; i < count; i++) {
        t->offsets[i] = is_whole ? at : no_offset;
        if (is_whole)
            is_whole = step(t, &at);
    }
    return KD_OK;
}

/* The last mark at or below type, which marks_make_sense has shown to exist. */
static size_t mark_below(const struct kdw_types *t, kdw_type_id type)
{
    size_t low = 0, high = t->mark_count;

    while (high - low > 1) {
        size_t mid = low + (high - low) / 2;

        if (le32(t->marks + mid * MARK_LEN) <= type)
            low = mid;
        else
            high = mid;
    }
    return low;
}

/* From the mark below a type past it to the next mark, which must be met exactly: a mark that lies
 * would give the wrong record, and with it a wrong "no such type". */
static bool walk_from_mark(struct kdw_types *t, kdw_type_id type, uint32_t *out)
{
    size_t i = mark_below(t, type);
    const uint8_t *mark = t->marks + i * MARK_LEN;
    bool is_last = i + 1 == t->mark_count;
    kdw_type_id stop = is_last ? t->end : le32(mark + MARK_LEN);
    uint32_t at = le32(mark + 4);

    for (kdw_type_id k = le32(mark); k < stop; k++, t->walked++) {
        if (k == type)
            *out = at;
        if (!step(t, &at))
            return false;
    }
    return at == (is_last ? t->records.len : le32(mark + MARK_LEN + 4));
}

static enum kd_status offset_of(struct kdw_types *t, kdw_type_id type, uint32_t *out)
{
    /* Few look-ups walk from marks; many pay for a table, so that no file makes them costly. */
    if (!t->offsets && t->marks && t->walked <= t->end - t->first && walk_from_mark(t, type, out))
        return KD_OK;
    if (!t->offsets) {
        enum kd_status st = make_offsets(t);

        if (st != KD_OK)
            return st;
    }
    *out = t->offsets[type - t->first];
    return *out == no_offset ? KD_ERR_TRUNCATED : KD_OK;
}

static bool record_at(const struct kdw_types *t, uint32_t at, struct kdw_record *out)
{
    uint32_t next = at;

    if (!step(t, &next))
        return false;
    out->body = kd_reader_of(t->records.data + at + 2, next - at - 2);
    out->leaf = kd_rd_u16(&out->body);
    return true;
}

enum kd_status kdw_types_record(struct kdw_types *t, kdw_type_id type, struct kdw_record *out)
{
    uint32_t at = 0;
    enum kd_status st;

    if (type < t->first || type >= t->end)
        return KD_ERR_NOT_FOUND;
    st = offset_of(t, type, &at);
    if (st != KD_OK)
        return st;
    return record_at(t, at, out) ? KD_OK : KD_ERR_TRUNCATED;
}

const char *kdw_rd_string(struct kd_reader *r)
{
    size_t left = kd_reader_left(r);
    const uint8_t *start = left ? r->data + r->pos : NULL;
    const uint8_t *end = left ? memchr(start, '\0', left) : NULL;

    if (!end) {
        r->failed = true;
        return NULL;
    }
    kd_rd_skip(r, (size_t)(end - start) + 1);
    return (const char *)start;
}

static struct kdw_number integer(uint64_t bits, bool is_negative)
{
    struct kdw_number n = {true, is_negative, bits};

    return n;
}

static struct kdw_number signed_integer(int64_t v)
{
    return integer((uint64_t)v, v < 0);
}

static struct kdw_number no_integer(struct kd_reader *r, size_t len)
{
    struct kdw_number n = {false, false, 0};

    kd_rd_skip(r, len);
    return n;
}

struct kdw_number kdw_rd_number(struct kd_reader *r)
{
    uint16_t tag = kd_rd_u16(r);

    if (tag < 0x8000)
        return integer(tag, false);
    switch (tag) {
    case 0x8000:
        return signed_integer((int8_t)kd_rd_u8(r));
    case 0x8001:
        return signed_integer((int16_t)kd_rd_u16(r));
    case 0x8002:
        return integer(kd_rd_u16(r), false);
    case 0x8003:
        return signed_integer((int32_t)kd_rd_u32(r));
    case 0x8004:
        return integer(kd_rd_u32(r), false);
    case 0x8009:
        return signed_integer((int64_t)kd_rd_u64(r));
    case 0x800A:
        return integer(kd_rd_u64(r), false);
    case 0x801C: /* real, 2 bytes */
        return no_integer(r, 2);
    case 0x8005: /* real, 4 bytes */
        return no_integer(r, 4);
    case 0x800B: /* real, 6 bytes */
        return no_integer(r, 6);
    case 0x8006: /* real, 8 bytes */
    case 0x801A: /* date */
        return no_integer(r, 8);
    case 0x8007: /* real, 10 bytes */
        return no_integer(r, 10);
    case 0x8008: /* real, 16 bytes */
    case 0x8017: /* 128-bit integers */
    case 0x8018:
    case 0x8019: /* decimal */
        return no_integer(r, 16);
    case 0x8010: /* bytes with a length in front */
        return no_integer(r, kd_rd_u16(r));
    case 0x801B: /* text */
        (void)kdw_rd_string(r);
        return no_integer(r, 0);
    default:
        r->failed = true; /* its length is not known */
        return no_integer(r, 0);
    }
}

uint64_t kdw_rd_size(struct kd_reader *r)
{
    struct kdw_number n = kdw_rd_number(r);

    if (!n.is_integer || n.is_negative || n.bits > UINT32_MAX)
        r->failed = true;
    return kd_reader_ok(r) ? n.bits : 0;
}

bool kdw_udt_decode(const struct kdw_record *rec, struct kdw_udt *out)
{
    struct kd_reader r = rec->body;
    struct kdw_udt u = {0};

    u.leaf = rec->leaf;
    switch (rec->leaf) {
    case LF_CLASS:
    case LF_STRUCTURE:
    case LF_INTERFACE:
        kd_rd_skip(&r, 2); /* member count, which nothing relies on */
        u.properties = kd_rd_u16(&r);
        u.fields = kd_rd_u32(&r);
        kd_rd_skip(&r, 8); /* derived from, shape of the virtual table */
        u.size = kdw_rd_size(&r);
        break;
    case LF_CLASS2:
    case LF_STRUCTURE2:
    case LF_INTERFACE2:
        u.properties = (uint16_t)kd_rd_u32(&r);
        u.fields = kd_rd_u32(&r);
        kd_rd_skip(&r, 8);       /* as above */
        (void)kdw_rd_number(&r); /* the count, which 16 bits need no longer hold */
        u.size = kdw_rd_size(&r);
        break;
    case LF_UNION2:
        u.properties = (uint16_t)kd_rd_u32(&r);
        u.fields = kd_rd_u32(&r);
        (void)kdw_rd_number(&r);
        u.size = kdw_rd_size(&r);
        break;
    case LF_UNION:
        kd_rd_skip(&r, 2);
        u.properties = kd_rd_u16(&r);
        u.fields = kd_rd_u32(&r);
        u.size = kdw_rd_size(&r);
        break;
    case LF_ENUM:
        kd_rd_skip(&r, 2);
        u.properties = kd_rd_u16(&r);
        u.underlying = kd_rd_u32(&r);
        u.fields = kd_rd_u32(&r);
        break;
    default:
        return false;
    }
    u.name = kdw_rd_string(&r);
    if (u.properties & KDW_UDT_HAS_UNIQUE_NAME)
        u.unique_name = kdw_rd_string(&r);
    if (!kd_reader_ok(&r))
        return false;
    *out = u;
    return true;
}

/* Compilers give types without a tag one of these, alone or behind the scope they stand in. */
static bool is_anonymous(const char *name)
{
    static const char *const tags[] = {"<unnamed-tag>", "__unnamed"};
    size_t len = strlen(name);

    for (size_t i = 0; i < sizeof tags / sizeof tags[0]; i++) {
        size_t n = strlen(tags[i]);

        if (len >= n && strcmp(name + len - n, tags[i]) == 0 &&
            (len == n || (len >= n + 2 && memcmp(name + len - n - 2, "::", 2) == 0)))
            return true;
    }
    return false;
}

/* What a type is filed under: its name; one in a function's scope, whose name may stand for
 * something else elsewhere, its unique name. NULL: nothing leads to it but its index. */
static const char *filing_name(const struct kdw_udt *u)
{
    if (is_anonymous(u->name))
        return NULL;
    return u->properties & KDW_UDT_SCOPED ? u->unique_name : u->name;
}

/* The best definition so far. Kernels have some structures twice: as drivers may see them, cut
 * short, and whole (_KPRCB) [doc]. The whole one is wanted; of equals the one the linker saw last. */
struct best {
    kdw_type_id type; /* 0: none yet */
    uint64_t size;
};

/* A complete definition of that name, and better than what was found before? Called with rising
 * type indices. */
static void consider(struct best *best, kdw_type_id type, const struct kdw_record *rec,
                     const char *name)
{
    const char *filed;
    struct kdw_udt u;

    if (!kdw_udt_decode(rec, &u) || u.properties & KDW_UDT_FORWARD)
        return;
    filed = filing_name(&u);
    if (!filed || strcmp(filed, name) != 0 || (best->type != 0 && u.size < best->size))
        return;
    best->type = type;
    best->size = u.size;
}

static enum kd_status find_by_hash(struct kdw_types *t, const char *name, kdw_type_id *out)
{
    uint32_t wanted = kdw_pdb_hash(name, strlen(name)) % t->hash_buckets;
    enum kd_status if_not = KD_ERR_NOT_FOUND;
    struct best best = {0};

    for (uint32_t i = 0; i < t->end - t->first; i++) {
        struct kdw_record rec;
        enum kd_status st;

        if (le32(t->hashes + HASH_KEY_LEN * (size_t)i) != wanted)
            continue;
        st = kdw_types_record(t, t->first + i, &rec);
        if (st == KD_ERR_NO_MEMORY)
            return st;
        if (st != KD_OK)
            if_not = st; /* it may have been the one */
        else
            consider(&best, t->first + i, &rec, name);
    }
    if (best.type == 0)
        return if_not;
    *out = best.type;
    return KD_OK;
}

static enum kd_status find_by_scan(struct kdw_types *t, const char *name, kdw_type_id *out)
{
    struct best best = {0};
    uint32_t at = 0;
    bool is_whole = true;

    for (kdw_type_id i = t->first; i < t->end && is_whole; i++) {
        struct kdw_record rec;

        is_whole = record_at(t, at, &rec);
        if (is_whole)
            consider(&best, i, &rec, name);
        if (is_whole)
            (void)step(t, &at);
    }
    if (best.type == 0)
        return is_whole ? KD_ERR_NOT_FOUND : KD_ERR_TRUNCATED;
    *out = best.type;
    return KD_OK;
}

enum kd_status kdw_types_find(struct kdw_types *t, const char *name, kdw_type_id *out)
{
    return t->hashes ? find_by_hash(t, name, out) : find_by_scan(t, name, out);
}

enum kd_status kdw_types_definition(struct kdw_types *t, const struct kdw_udt *forward,
                                    kdw_type_id *out)
{
    const char *name = filing_name(forward);

    return name ? kdw_types_find(t, name, out) : KD_ERR_NOT_FOUND;
}
