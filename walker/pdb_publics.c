#include "pdb_publics.h"

#include "le.h"
#include "pdb_hash.h"

#include <inttypes.h>
#include <string.h>

enum {
    PSGSI_HEADER_LEN = 28,
    GSI_BUCKETS = 4096,
    GSI_ENTRY_LEN = 8,
    GSI_MEMORY_ENTRY_LEN = 12, /* buckets count in the writer's own 32-bit entries [doc] */
    BITMAP_LEN = KDW_GSI_BITMAP_WORDS * 4,

    S_PUB32_ST = 0x1009, /* name with a length in front, as old tools wrote it */
    S_LDATA32 = 0x110C,
    S_GDATA32 = 0x110D,
    S_PUB32 = 0x110E,
};
static const uint32_t gsi_signature = 0xFFFFFFFF;
static const uint32_t gsi_version = 0xEFFE0000 + 19990810;

static unsigned bits_set(uint32_t v)
{
    unsigned n = 0;

    for (; v != 0; v &= v - 1)
        n++;
    return n;
}

/* The table of a GSI stream, or the one inside PSGSI. One of another form or with sizes that
 * contradict each other is left unusable: entries stays NULL. (PDBs made for the shortest link have
 * 0x3FFFF buckets; their bitmap alone is larger than any table of 4096, so they fail here too.) */
static void read_table(struct kd_span table, struct kdw_gsi *out)
{
    struct kd_reader r = kd_reader_of(table.data, table.len);
    bool is_known = kd_rd_u32(&r) == gsi_signature && kd_rd_u32(&r) == gsi_version;
    uint32_t entries_len = kd_rd_u32(&r);
    uint32_t buckets_len = kd_rd_u32(&r);
    struct kd_span entries = kd_rd_span(&r, entries_len);
    struct kd_span buckets = kd_rd_span(&r, buckets_len);
    struct kdw_gsi g = {0};
    uint32_t set = 0;

    if (!is_known || !kd_reader_ok(&r) || entries_len % GSI_ENTRY_LEN != 0 ||
        buckets_len < BITMAP_LEN)
        return;
    for (size_t i = 0; i < KDW_GSI_BITMAP_WORDS; i++) {
        g.set_below[i] = (uint16_t)set;
        set += bits_set(le32(buckets.data + 4 * i));
    }
    if (buckets_len != BITMAP_LEN + 4 * set)
        return;
    g.entries = entries.data;
    g.entry_count = entries_len / GSI_ENTRY_LEN;
    g.bitmap = buckets.data;
    g.buckets = buckets.data + BITMAP_LEN;
    g.bucket_count = set;
    *out = g;
}

static enum kd_status read_publics(struct kdw_msf *msf, uint16_t stream, struct kd_diag *diag,
                                   struct kdw_pdb_publics *out)
{
    struct kd_span psgsi, table;
    struct kd_reader r;
    uint32_t table_len, map_len;
    enum kd_status st = kdw_msf_stream(msf, stream, &psgsi);

    if (st != KD_OK)
        return st;
    r = kd_reader_of(psgsi.data, psgsi.len);
    table_len = kd_rd_u32(&r);
    map_len = kd_rd_u32(&r);
    kd_rd_skip(&r, PSGSI_HEADER_LEN - 8); /* thunks and sections of incremental links */
    table = kd_rd_span(&r, table_len);
    out->address_map = kd_rd_span(&r, map_len);
    if (!kd_reader_ok(&r))
        return kd_diag_set(diag, KD_ERR_TRUNCATED, "the stream ends inside its tables");
    read_table(table, &out->publics);
    return KD_OK;
}

enum kd_status kdw_pdb_publics_open(struct kdw_msf *msf, const struct kdw_symbol_streams *streams,
                                    struct kd_diag *diag, struct kdw_pdb_publics *out)
{
    struct kdw_pdb_publics p = {0};
    enum kd_status st = kdw_msf_stream(msf, streams->records, &p.records);

    if (st != KD_OK)
        return kd_diag_add(diag, st, "symbol records");
    st = read_publics(msf, streams->publics, diag, &p);
    if (st != KD_OK)
        return kd_diag_add(diag, st, "public symbols");
    if (kdw_msf_has(msf, streams->globals)) {
        struct kd_span gsi = {NULL, 0};

        /* Damage here costs only what publics lack; a search that needs it says so. */
        st = kdw_msf_stream(msf, streams->globals, &gsi);
        p.has_globals = st != KD_OK || gsi.len > 0;
        read_table(gsi, &p.globals);
    }
    *out = p;
    return KD_OK;
}

enum record { RECORD_DAMAGED, RECORD_OTHER, RECORD_HIT };

/* Does the name at r, which ends the record, equal the wanted one? */
static enum record compare_name(struct kd_reader *r, bool has_length, const char *name,
                                size_t name_len)
{
    size_t room = has_length ? kd_rd_u8(r) : kd_reader_left(r);
    struct kd_span text = kd_rd_span(r, room);
    const uint8_t *end;
    size_t len = room;

    if (!kd_reader_ok(r))
        return RECORD_DAMAGED;
    if (!has_length) {
        end = room ? memchr(text.data, '\0', room) : NULL;
        if (!end)
            return RECORD_DAMAGED;
        len = (size_t)(end - text.data);
    }
    return len == name_len && memcmp(text.data, name, len) == 0 ? RECORD_HIT : RECORD_OTHER;
}

/* The record at offset, up to its name, which ends it: r stands there. References to module symbols,
 * constants and thread-locals have a name too, but no address in the image. */
static enum record open_record(const struct kdw_pdb_publics *p, uint32_t offset, uint16_t *kind,
                               struct kdw_seg_offset *at, struct kd_reader *r)
{
    struct kd_reader all = kd_reader_of(p->records.data, p->records.len);
    struct kd_span body;

    kd_rd_seek(&all, offset);
    body = kd_rd_span(&all, kd_rd_u16(&all));
    *r = kd_reader_of(body.data, body.len);
    *kind = kd_rd_u16(r);
    if (!kd_reader_ok(&all) || !kd_reader_ok(r))
        return RECORD_DAMAGED;
    if (*kind != S_PUB32 && *kind != S_PUB32_ST && *kind != S_GDATA32 && *kind != S_LDATA32)
        return RECORD_OTHER;
    kd_rd_skip(r, 4); /* flags, or the type */
    at->offset = kd_rd_u32(r);
    at->segment = kd_rd_u16(r);
    return RECORD_HIT;
}

/* The record at offset: is it an address of that name? */
static enum record look_at(const struct kdw_pdb_publics *p, uint32_t offset, const char *name,
                           size_t name_len, struct kdw_seg_offset *out)
{
    struct kdw_seg_offset at;
    struct kd_reader r;
    uint16_t kind;
    enum record answer = open_record(p, offset, &kind, &at, &r);

    if (answer == RECORD_HIT)
        answer = compare_name(&r, kind == S_PUB32_ST, name, name_len);
    if (answer == RECORD_HIT)
        *out = at;
    return answer;
}

/* The entries of one bucket: [*first, *end). False when they make no sense. */
static bool bucket_range(const struct kdw_gsi *g, uint32_t bucket, uint32_t *first, uint32_t *end)
{
    uint32_t word = le32(g->bitmap + (size_t)(bucket / 32) * 4);
    uint32_t below = g->set_below[bucket / 32] + bits_set(word & ((1u << bucket % 32) - 1));
    uint32_t start, stop = g->entry_count;

    *first = *end = 0;
    if (!(word >> bucket % 32 & 1))
        return true; /* an empty bucket */
    start = le32(g->buckets + 4 * (size_t)below);
    if (below + 1 < g->bucket_count) {
        uint32_t next = le32(g->buckets + 4 * ((size_t)below + 1));

        if (next % GSI_MEMORY_ENTRY_LEN != 0)
            return false;
        stop = next / GSI_MEMORY_ENTRY_LEN;
    }
    if (start % GSI_MEMORY_ENTRY_LEN != 0)
        return false;
    *first = start / GSI_MEMORY_ENTRY_LEN;
    *end = stop;
    return *first <= stop && stop <= g->entry_count;
}

/* KD_ERR_MALFORMED: the name may be there, but the table is damaged where it would stand. */
static enum kd_status find_by_hash(const struct kdw_pdb_publics *p, const struct kdw_gsi *g,
                                   const char *name, size_t name_len, struct kdw_seg_offset *out)
{
    enum kd_status if_not = KD_ERR_NOT_FOUND;
    uint32_t first, end;

    if (!g->entries || !bucket_range(g, kdw_pdb_hash(name, name_len) % GSI_BUCKETS, &first, &end))
        return KD_ERR_MALFORMED;
    for (uint32_t i = first; i < end; i++) {
        uint32_t offset_plus_1 = le32(g->entries + (size_t)i * GSI_ENTRY_LEN);
        enum record answer = offset_plus_1 == 0
                                 ? RECORD_DAMAGED
                                 : look_at(p, offset_plus_1 - 1, name, name_len, out);

        if (answer == RECORD_HIT)
            return KD_OK;
        if (answer == RECORD_DAMAGED)
            if_not = KD_ERR_MALFORMED;
    }
    return if_not;
}

size_t kdw_pdb_publics_count(const struct kdw_pdb_publics *p)
{
    return p->address_map.len / 4;
}

uint32_t kdw_pdb_publics_record(const struct kdw_pdb_publics *p, size_t i)
{
    return le32(p->address_map.data + 4 * i);
}

enum kd_status kdw_pdb_publics_read(const struct kdw_pdb_publics *p, uint32_t record,
                                    const char **name, struct kdw_seg_offset *at)
{
    struct kdw_seg_offset found;
    struct kd_reader r;
    struct kd_span text;
    uint16_t kind;

    if (open_record(p, record, &kind, &found, &r) != RECORD_HIT || kind == S_PUB32_ST)
        return KD_ERR_NOT_FOUND;
    text = kd_rd_span(&r, kd_reader_left(&r));
    if (text.len == 0 || !memchr(text.data, '\0', text.len))
        return KD_ERR_NOT_FOUND;
    *name = (const char *)text.data;
    *at = found;
    return KD_OK;
}

static enum kd_status find_by_scan(const struct kdw_pdb_publics *p, const char *name,
                                   size_t name_len, struct kdw_seg_offset *out)
{
    enum kd_status if_not = KD_ERR_NOT_FOUND;

    for (size_t i = 0; i < kdw_pdb_publics_count(p); i++) {
        enum record answer = look_at(p, kdw_pdb_publics_record(p, i), name, name_len, out);

        if (answer == RECORD_HIT)
            return KD_OK;
        if (answer == RECORD_DAMAGED)
            if_not = KD_ERR_MALFORMED;
    }
    return if_not;
}

enum kd_status kdw_pdb_publics_find(const struct kdw_pdb_publics *p, const char *name,
                                    struct kdw_seg_offset *out)
{
    size_t name_len = strlen(name);
    enum kd_status publics, globals = KD_ERR_NOT_FOUND;

    publics = find_by_hash(p, &p->publics, name, name_len, out);
    if (publics == KD_ERR_MALFORMED)
        publics = find_by_scan(p, name, name_len, out);
    if (publics == KD_OK)
        return KD_OK;
    if (p->has_globals)
        globals = find_by_hash(p, &p->globals, name, name_len, out);
    return globals == KD_ERR_NOT_FOUND ? publics : globals;
}
