#include "support/pdb_build.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_TYPE = 0x1000, GSI_BUCKETS = 4096 };

void pdb_put(struct pdb_buf *buf, const void *data, size_t len)
{
    if (len > buf->cap - buf->len) {
        buf->cap = 2 * (buf->len + len);
        buf->data = realloc(buf->data, buf->cap);
        assert(buf->data);
    }
    if (len > 0)
        memcpy(buf->data + buf->len, data, len);
    buf->len += len;
}

static void put8(struct pdb_buf *buf, uint8_t v)
{
    pdb_put(buf, &v, 1);
}

void pdb_put16(struct pdb_buf *buf, uint16_t v)
{
    put8(buf, (uint8_t)v);
    put8(buf, (uint8_t)(v >> 8));
}

void pdb_put32(struct pdb_buf *buf, uint32_t v)
{
    pdb_put16(buf, (uint16_t)v);
    pdb_put16(buf, (uint16_t)(v >> 16));
}

static void put_string(struct pdb_buf *buf, const char *text)
{
    pdb_put(buf, text, strlen(text) + 1);
}

static void set32(struct pdb_buf *buf, size_t at, uint32_t v)
{
    assert(at + 4 <= buf->len);
    for (size_t i = 0; i < 4; i++)
        buf->data[at + i] = (uint8_t)(v >> 8 * i);
}

static uint32_t get32(const struct pdb_buf *buf, size_t at)
{
    const uint8_t *p = buf->data + at;

    assert(at + 4 <= buf->len);
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* Numbers below 0x8000 stand for themselves, others follow a tag. */
static void put_number(struct pdb_buf *buf, int64_t v)
{
    if (v >= 0 && v < 0x8000) {
        pdb_put16(buf, (uint16_t)v);
    } else if (v >= INT32_MIN && v < 0) {
        pdb_put16(buf, 0x8003);
        pdb_put32(buf, (uint32_t)v);
    } else if (v >= 0 && v <= UINT32_MAX) {
        pdb_put16(buf, 0x8004);
        pdb_put32(buf, (uint32_t)v);
    } else {
        pdb_put16(buf, 0x8009);
        pdb_put32(buf, (uint32_t)v);
        pdb_put32(buf, (uint32_t)((uint64_t)v >> 32));
    }
}

static uint32_t hash_bytes(const uint8_t *p, size_t n)
{
    uint32_t h = 0;

    for (size_t i = 0; i < n / 4 * 4; i++)
        h ^= (uint32_t)p[i] << 8 * (i % 4);
    if (n % 4 >= 2)
        h ^= (uint32_t)p[n / 4 * 4] ^ (uint32_t)p[n / 4 * 4 + 1] << 8;
    if (n % 2)
        h ^= p[n - 1];
    h |= 0x20202020;
    h ^= h >> 11;
    h ^= h >> 16;
    return h;
}

uint32_t pdb_build_hash(const char *name)
{
    return hash_bytes((const uint8_t *)name, strlen(name));
}

static uint32_t crc32_of(const uint8_t *p, size_t n)
{
    uint32_t crc = 0;

    for (size_t i = 0; i < n; i++) {
        crc ^= p[i];
        for (int k = 0; k < 8; k++)
            crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320 : 0);
    }
    return crc;
}

struct pdb_build *pdb_build_create(void)
{
    struct pdb_build *b = calloc(1, sizeof *b);

    assert(b);
    for (size_t i = 0; i < sizeof b->guid; i++)
        b->guid[i] = (uint8_t)(0x10 + i);
    b->info_age = b->dbi_age = 1;
    b->block_size = 512;
    b->mark_every = 256;
    b->hash_buckets = 0x3FFFF;
    return b;
}

void pdb_build_destroy(struct pdb_build *b)
{
    struct pdb_buf *described[] = {&b->types,    &b->type_offsets, &b->type_hashes,
                                   &b->records,  &b->publics,      &b->globals,
                                   &b->sections, &b->omap,         &b->original_sections};

    for (size_t i = 0; i < sizeof described / sizeof described[0]; i++)
        free(described[i]->data);
    for (size_t i = 0; i < PDB_STREAMS; i++) {
        free(b->streams[i].data);
        free(b->blocks[i].data);
    }
    free(b);
}

static uint32_t type_count(const struct pdb_build *b)
{
    return (uint32_t)(b->type_offsets.len / 4);
}

/* A record, padded to 4; name is what the file files it under, NULL: under its CRC. */
static uint32_t add_type(struct pdb_build *b, uint16_t leaf, const void *body, size_t len,
                         const char *name)
{
    size_t at = b->types.len;
    size_t padding = (4 - (4 + len) % 4) % 4;

    assert(2 + len + padding <= UINT16_MAX);
    pdb_put16(&b->types, (uint16_t)(2 + len + padding));
    pdb_put16(&b->types, leaf);
    pdb_put(&b->types, body, len);
    for (size_t i = padding; i > 0; i--)
        put8(&b->types, (uint8_t)(0xF0 + i));
    pdb_put32(&b->type_offsets, (uint32_t)at);
    pdb_put32(&b->type_hashes,
              name ? pdb_build_hash(name) : crc32_of(b->types.data + at, b->types.len - at));
    return FIRST_TYPE + type_count(b) - 1;
}

uint32_t pdb_build_record(struct pdb_build *b, uint16_t leaf, const void *body, size_t len)
{
    return add_type(b, leaf, body, len, NULL);
}

static void put_member(struct pdb_buf *body, const struct pdb_member *m)
{
    pdb_put16(body, m->leaf);
    pdb_put16(body, m->leaf == 0x1404 ? 0 : 3); /* LF_INDEX pads here, all else is public */
    if (m->leaf != 0x1502)
        pdb_put32(body, m->type);
    if (m->leaf == 0x150D || m->leaf == 0x1400 || m->leaf == 0x1502)
        put_number(body, m->value);
    if (m->name)
        put_string(body, m->name);
    for (size_t i = (4 - body->len % 4) % 4; i > 0; i--)
        put8(body, (uint8_t)(0xF0 + i));
}

uint32_t pdb_build_fields(struct pdb_build *b, const struct pdb_member *members, size_t count)
{
    struct pdb_buf body = {0};
    uint32_t type;

    for (size_t i = 0; i < count; i++)
        put_member(&body, &members[i]);
    type = add_type(b, 0x1203, body.data, body.len, NULL);
    free(body.data);
    return type;
}

/* What the wider records are for: a count that 16 bits do not hold. */
enum { LATE_MEMBER_COUNT = 70000 };

uint32_t pdb_build_udt(struct pdb_build *b, uint16_t leaf, uint16_t properties, const char *name,
                       const char *unique_name, uint32_t size, uint32_t fields)
{
    bool is_anonymous = strstr(name, "<unnamed-") || strcmp(name, "__unnamed") == 0;
    bool is_scoped = (properties & 0x100) != 0 && unique_name;
    struct pdb_buf body = {0};
    uint32_t type;

    if (unique_name)
        properties |= 0x200;
    if (leaf >= 0x1608 && leaf <= 0x160B) { /* LF_CLASS2, _STRUCTURE2, _UNION2, _INTERFACE2 */
        pdb_put32(&body, properties);
        pdb_put32(&body, fields);
        if (leaf != 0x160A) {
            pdb_put32(&body, 0);
            pdb_put32(&body, 0);
        }
        put_number(&body, LATE_MEMBER_COUNT);
    } else {
        pdb_put16(&body, 0); /* member count */
        pdb_put16(&body, properties);
        pdb_put32(&body,
                  leaf == 0x1507 ? size : fields); /* an enum's underlying type comes first */
        if (leaf == 0x1507)
            pdb_put32(&body, fields);
        if (leaf != 0x1507 && leaf != 0x1506) {
            pdb_put32(&body, 0);
            pdb_put32(&body, 0);
        }
    }
    if (leaf != 0x1507)
        put_number(&body, size);
    put_string(&body, name);
    if (unique_name)
        put_string(&body, unique_name);
    type = add_type(b, leaf, body.data, body.len,
                    (properties & 0x80) || is_anonymous ? NULL
                    : is_scoped                         ? unique_name
                                                        : name);
    free(body.data);
    return type;
}

uint32_t pdb_build_struct(struct pdb_build *b, const char *name, uint32_t size, uint32_t fields)
{
    return pdb_build_udt(b, 0x1505, 0, name, NULL, size, fields);
}

uint32_t pdb_build_enum(struct pdb_build *b, const char *name, uint32_t underlying, uint32_t fields)
{
    return pdb_build_udt(b, 0x1507, 0, name, NULL, underlying, fields);
}

uint32_t pdb_build_forward(struct pdb_build *b, const char *name)
{
    return pdb_build_udt(b, 0x1505, 0x80, name, NULL, 0, 0);
}

uint32_t pdb_build_pointer(struct pdb_build *b, uint32_t to)
{
    struct pdb_buf body = {0};
    uint32_t type;

    pdb_put32(&body, to);
    pdb_put32(&body, 0x1000C); /* 64-bit */
    type = add_type(b, 0x1002, body.data, body.len, NULL);
    free(body.data);
    return type;
}

uint32_t pdb_build_array(struct pdb_build *b, uint32_t element, uint32_t bytes)
{
    struct pdb_buf body = {0};
    uint32_t type;

    pdb_put32(&body, element);
    pdb_put32(&body, 0x23);
    put_number(&body, bytes);
    put_string(&body, "");
    type = add_type(b, 0x1503, body.data, body.len, NULL);
    free(body.data);
    return type;
}

uint32_t pdb_build_bitfield(struct pdb_build *b, uint32_t base, uint8_t length, uint8_t position)
{
    struct pdb_buf body = {0};
    uint32_t type;

    pdb_put32(&body, base);
    put8(&body, length);
    put8(&body, position);
    type = add_type(b, 0x1205, body.data, body.len, NULL);
    free(body.data);
    return type;
}

uint32_t pdb_build_modifier(struct pdb_build *b, uint32_t of)
{
    struct pdb_buf body = {0};
    uint32_t type;

    pdb_put32(&body, of);
    pdb_put16(&body, 1); /* const */
    type = add_type(b, 0x1001, body.data, body.len, NULL);
    free(body.data);
    return type;
}

void pdb_build_set_hash(struct pdb_build *b, uint32_t type, uint32_t value)
{
    set32(&b->type_hashes, 4 * (size_t)(type - FIRST_TYPE), value);
}

static uint32_t add_symbol(struct pdb_build *b, uint16_t kind, const char *name, uint16_t segment,
                           uint32_t offset)
{
    size_t at = b->records.len;
    size_t len = 2 + 4 + 4 + 2 + strlen(name) + 1;
    size_t padding = (4 - (2 + len) % 4) % 4;

    pdb_put16(&b->records, (uint16_t)(len + padding));
    pdb_put16(&b->records, kind);
    pdb_put32(&b->records, 0); /* flags, or the type */
    pdb_put32(&b->records, offset);
    pdb_put16(&b->records, segment);
    put_string(&b->records, name);
    for (size_t i = 0; i < padding; i++)
        put8(&b->records, 0);
    return (uint32_t)at;
}

void pdb_build_public(struct pdb_build *b, const char *name, uint16_t segment, uint32_t offset)
{
    pdb_put32(&b->publics, add_symbol(b, 0x110E, name, segment, offset));
}

void pdb_build_global(struct pdb_build *b, uint16_t kind, const char *name, uint16_t segment,
                      uint32_t offset)
{
    pdb_put32(&b->globals, add_symbol(b, kind, name, segment, offset));
}

static void put_section(struct pdb_buf *to, uint32_t rva)
{
    pdb_put(to, ".section", 8);
    pdb_put32(to, 0x1000); /* virtual size */
    pdb_put32(to, rva);
    for (size_t i = 0; i < 24; i++)
        put8(to, 0);
}

void pdb_build_section(struct pdb_build *b, uint32_t rva)
{
    put_section(&b->sections, rva);
}

void pdb_build_original_section(struct pdb_build *b, uint32_t rva)
{
    put_section(&b->original_sections, rva);
}

void pdb_build_omap(struct pdb_build *b, uint32_t from, uint32_t to)
{
    pdb_put32(&b->omap, from);
    pdb_put32(&b->omap, to);
}

static void write_info(const struct pdb_build *b, struct pdb_buf *to)
{
    pdb_put32(to, 20000404);
    pdb_put32(to, 0x5EED5EED); /* signature */
    pdb_put32(to, b->info_age);
    pdb_put(to, b->guid, sizeof b->guid);
    for (size_t i = 0; i < 6; i++) /* no named streams, no features */
        pdb_put32(to, 0);
}

/* The hash stream: a value a type, then where types begin about every mark_every bytes. */
static void write_tpi(const struct pdb_build *b, struct pdb_buf *to, struct pdb_buf *hashes)
{
    uint32_t hashes_len, next_mark = 0;

    for (uint32_t i = 0; i < type_count(b); i++)
        pdb_put32(hashes, get32(&b->type_hashes, 4 * (size_t)i) % b->hash_buckets);
    hashes_len = (uint32_t)hashes->len;
    for (uint32_t i = 0; b->mark_every && i < type_count(b); i++) {
        uint32_t at = get32(&b->type_offsets, 4 * (size_t)i);

        if (at < next_mark)
            continue;
        pdb_put32(hashes, FIRST_TYPE + i);
        pdb_put32(hashes, at);
        next_mark = at + b->mark_every;
    }
    pdb_put32(to, 20040203);
    pdb_put32(to, 56);
    pdb_put32(to, FIRST_TYPE);
    pdb_put32(to, FIRST_TYPE + type_count(b));
    pdb_put32(to, (uint32_t)b->types.len);
    pdb_put16(to, b->is_absent[PDB_TPI_HASH] ? 0xFFFF : PDB_TPI_HASH);
    pdb_put16(to, 0xFFFF);
    pdb_put32(to, 4);
    pdb_put32(to, b->hash_buckets);
    pdb_put32(to, 0);
    pdb_put32(to, hashes_len);
    pdb_put32(to, hashes_len);
    pdb_put32(to, (uint32_t)hashes->len - hashes_len);
    pdb_put32(to, (uint32_t)hashes->len);
    pdb_put32(to, 0);
    pdb_put(to, b->types.data, b->types.len);
}

static void write_dbi(const struct pdb_build *b, struct pdb_buf *to)
{
    pdb_put32(to, 0xFFFFFFFF);
    pdb_put32(to, 19990903);
    pdb_put32(to, b->dbi_age);
    pdb_put16(to, PDB_GSI);
    pdb_put16(to, 0);
    pdb_put16(to, PDB_PSGSI);
    pdb_put16(to, 0);
    pdb_put16(to, PDB_RECORDS);
    pdb_put16(to, 0);
    pdb_put32(to, 8); /* modules: of some length, so that skipping it matters */
    for (size_t i = 0; i < 5; i++)
        pdb_put32(to, 0);
    pdb_put32(to, 22); /* debug header */
    pdb_put32(to, 4);  /* EC */
    pdb_put16(to, 0);
    pdb_put16(to, 0x8664);
    pdb_put32(to, 0);
    for (size_t i = 0; i < 3; i++)
        pdb_put32(to, 0xABABABAB); /* modules and EC */
    for (uint16_t i = 0; i < 11; i++) {
        uint16_t stream = i == 5 ? PDB_SECTIONS : 0xFFFF;

        if (b->has_omap && (i == 4 || i == 10))
            stream = i == 4 ? PDB_OMAP : PDB_ORIGINAL_SECTIONS;
        pdb_put16(to, stream);
    }
}

static const char *symbol_name(const struct pdb_build *b, uint32_t at)
{
    return (const char *)b->records.data + at + 14;
}

/* A hash table over the records whose offsets stand in `which`. */
static void write_table(const struct pdb_build *b, const struct pdb_buf *which, struct pdb_buf *to)
{
    uint32_t bitmap[129] = {0};
    struct pdb_buf starts = {0}, entries = {0};

    for (uint32_t bucket = 0; bucket < GSI_BUCKETS; bucket++) {
        uint32_t start = (uint32_t)(entries.len / 8);

        for (size_t i = 0; i < which->len; i += 4) {
            uint32_t at = get32(which, i);

            if (pdb_build_hash(symbol_name(b, at)) % GSI_BUCKETS != bucket)
                continue;
            pdb_put32(&entries, at + 1);
            pdb_put32(&entries, 1);
        }
        if (entries.len / 8 == start)
            continue;
        bitmap[bucket / 32] |= 1u << bucket % 32;
        pdb_put32(&starts, 12 * start);
    }
    pdb_put32(to, 0xFFFFFFFF);
    pdb_put32(to, 0xEFFE0000 + 19990810);
    pdb_put32(to, (uint32_t)entries.len);
    pdb_put32(to, (uint32_t)(sizeof bitmap + starts.len));
    pdb_put(to, entries.data, entries.len);
    for (size_t i = 0; i < 129; i++)
        pdb_put32(to, bitmap[i]);
    pdb_put(to, starts.data, starts.len);
    free(starts.data);
    free(entries.data);
}

static void write_psgsi(const struct pdb_build *b, struct pdb_buf *to)
{
    struct pdb_buf table = {0};

    write_table(b, &b->publics, &table);
    pdb_put32(to, (uint32_t)table.len);
    pdb_put32(to, (uint32_t)b->publics.len);
    for (size_t i = 0; i < 5; i++)
        pdb_put32(to, 0);
    pdb_put(to, table.data, table.len);
    pdb_put(to, b->publics.data, b->publics.len); /* a test adds them in order of address */
    free(table.data);
}

static void write_streams(struct pdb_build *b)
{
    for (size_t i = 0; i < PDB_STREAMS; i++)
        b->streams[i].len = 0;
    write_info(b, &b->streams[PDB_INFO]);
    write_tpi(b, &b->streams[PDB_TPI], &b->streams[PDB_TPI_HASH]);
    write_dbi(b, &b->streams[PDB_DBI]);
    write_table(b, &b->globals, &b->streams[PDB_GSI]);
    write_psgsi(b, &b->streams[PDB_PSGSI]);
    pdb_put(&b->streams[PDB_RECORDS], b->records.data, b->records.len);
    pdb_put(&b->streams[PDB_SECTIONS], b->sections.data, b->sections.len);
    pdb_put(&b->streams[PDB_OMAP], b->omap.data, b->omap.len);
    pdb_put(&b->streams[PDB_ORIGINAL_SECTIONS], b->original_sections.data,
            b->original_sections.len);
}

struct layout {
    const struct pdb_build *b;
    struct pdb_buf file;
};

/* Room for len bytes; the numbers of the blocks taken are appended to *numbers. */
static void take_blocks(struct layout *l, size_t len, struct pdb_buf *numbers)
{
    uint32_t size = l->b->block_size;
    size_t first = numbers->len;

    for (size_t taken = 0; taken < len; taken += size) {
        uint32_t n = (uint32_t)(l->file.len / size);

        for (; n % size == 1 || n % size == 2; n++) /* free block maps */
            for (uint32_t i = 0; i < size; i++)
                put8(&l->file, 0xFF);
        pdb_put32(numbers, n);
        for (uint32_t i = 0; i < size; i++)
            put8(&l->file, 0);
    }
    for (size_t i = first, k = numbers->len; l->b->is_scattered && i + 4 < k; i += 4) {
        uint32_t a, z;

        k -= 4;
        a = get32(numbers, i);
        z = get32(numbers, k);
        set32(numbers, i, z);
        set32(numbers, k, a);
    }
}

static void fill_blocks(struct layout *l, const struct pdb_buf *data, const struct pdb_buf *numbers)
{
    uint32_t size = l->b->block_size;

    for (size_t at = 0; at < data->len; at += size) {
        size_t n = data->len - at < size ? data->len - at : size;

        memcpy(l->file.data + (size_t)get32(numbers, at / size * 4) * size, data->data + at, n);
    }
}

static void write_directory(struct pdb_build *b, struct pdb_buf *to)
{
    pdb_put32(to, PDB_STREAMS);
    for (size_t i = 0; i < PDB_STREAMS; i++)
        pdb_put32(to, b->is_absent[i] ? 0xFFFFFFFF : (uint32_t)b->streams[i].len);
    for (size_t i = 0; i < PDB_STREAMS; i++)
        if (!b->is_absent[i])
            pdb_put(to, b->blocks[i].data, b->blocks[i].len);
}

uint8_t *pdb_build_file(struct pdb_build *b, size_t *len)
{
    static const char magic[32] = "Microsoft C/C++ MSF 7.00\r\n\x1a"
                                  "DS";
    struct layout l = {b, {0}};
    struct pdb_buf directory = {0}, directory_blocks = {0}, list_blocks = {0}, super = {0};

    write_streams(b);
    pdb_put(&l.file, magic, sizeof magic);
    while (l.file.len < b->block_size)
        put8(&l.file, 0);
    for (size_t i = 0; i < PDB_STREAMS; i++) {
        b->blocks[i].len = 0;
        take_blocks(&l, b->streams[i].len, &b->blocks[i]);
        fill_blocks(&l, &b->streams[i], &b->blocks[i]);
    }
    write_directory(b, &directory);
    take_blocks(&l, directory.len, &directory_blocks);
    fill_blocks(&l, &directory, &directory_blocks);
    take_blocks(&l, directory_blocks.len, &list_blocks);
    fill_blocks(&l, &directory_blocks, &list_blocks);
    pdb_put32(&super, b->block_size);
    pdb_put32(&super, 1);
    pdb_put32(&super, (uint32_t)(l.file.len / b->block_size));
    pdb_put32(&super, (uint32_t)directory.len);
    pdb_put32(&super, 0);
    pdb_put(&super, list_blocks.data, list_blocks.len);
    assert(sizeof magic + super.len <= b->block_size);
    memcpy(l.file.data + sizeof magic, super.data, super.len);
    free(directory.data);
    free(directory_blocks.data);
    free(list_blocks.data);
    free(super.data);
    *len = l.file.len;
    return l.file.data;
}

size_t pdb_build_at(const struct pdb_build *b, enum pdb_stream stream, size_t offset)
{
    size_t block = get32(&b->blocks[stream], offset / b->block_size * 4);

    assert(offset < b->streams[stream].len);
    return block * b->block_size + offset % b->block_size;
}

void pdb_build_poke16(const struct pdb_build *b, uint8_t *file, enum pdb_stream stream,
                      size_t offset, uint16_t v)
{
    for (size_t i = 0; i < 2; i++)
        file[pdb_build_at(b, stream, offset + i)] = (uint8_t)(v >> 8 * i);
}

void pdb_build_poke32(const struct pdb_build *b, uint8_t *file, enum pdb_stream stream,
                      size_t offset, uint32_t v)
{
    for (size_t i = 0; i < 4; i++)
        file[pdb_build_at(b, stream, offset + i)] = (uint8_t)(v >> 8 * i);
}
