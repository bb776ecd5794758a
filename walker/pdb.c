#include <walker/pdb.h>

#include "map.h"
#include "msf.h"
#include "pdb_address.h"
#include "pdb_members.h"
#include "pdb_near.h"
#include "pdb_publics.h"
#include "pdb_types.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    INFO_STREAM = 1,
    DBI_STREAM = 3,
    INFO_HEADER_LEN = 28,
    DBI_HEADER_LEN = 64,
    DEBUG_STREAMS_MAX = 11, /* of the optional debug header: as many as we have a use for */
    DEBUG_OMAP_FROM_SOURCE = 4,
    DEBUG_SECTIONS = 5,
    DEBUG_ORIGINAL_SECTIONS = 10,
};

struct pdb {
    struct kdw_symbols symbols; /* first: it is what users hold */
    struct kd_diag *diag;
    struct kdw_map map; /* empty when the bytes are the caller's */
    struct kdw_msf *msf;
    struct kdw_pdb_id id;
    uint16_t machine;
    struct kdw_symbol_streams symbol_streams;
    struct kdw_section_streams section_streams;

    /* opened on first use, each for itself: damage to one costs only what needs it */
    bool has_types, has_publics, has_sections, has_near;
    struct kdw_types types;
    struct kdw_pdb_publics publics;
    struct kdw_pdb_sections sections;
    struct kdw_pdb_near near_names; /* plain "near" is a keyword of old on Windows */
};

static struct pdb *pdb_of(struct kdw_symbols *s)
{
    return (struct pdb *)s;
}

/* A stream that every PDB has is missing: damage, and not the "no such name" users ask about. */
static enum kd_status stream_status(enum kd_status st)
{
    return st == KD_ERR_NOT_FOUND ? KD_ERR_MALFORMED : st;
}

static enum kd_status open_types(struct pdb *p)
{
    enum kd_status st = KD_OK;

    if (!p->has_types) {
        st = kdw_types_open(p->msf, p->diag, &p->types);
        p->has_types = st == KD_OK;
    }
    return stream_status(st);
}

static enum kd_status open_symbols(struct pdb *p)
{
    enum kd_status st = KD_OK;

    if (!p->has_publics) {
        st = kdw_pdb_publics_open(p->msf, &p->symbol_streams, p->diag, &p->publics);
        p->has_publics = st == KD_OK;
    }
    if (st == KD_OK && !p->has_sections) {
        st = kdw_pdb_sections_open(p->msf, &p->section_streams, p->diag, &p->sections);
        p->has_sections = st == KD_OK;
    }
    return stream_status(st);
}

static enum kd_status pdb_symbol(struct kdw_symbols *s, const char *name, uint64_t *rva)
{
    struct pdb *p = pdb_of(s);
    struct kdw_seg_offset at;
    enum kd_status st = open_symbols(p);

    if (st != KD_OK)
        return kd_diag_add(p->diag, st, "symbol %s", name);
    st = kdw_pdb_publics_find(&p->publics, name, &at);
    if (st == KD_ERR_NOT_FOUND)
        return kd_diag_set(p->diag, st, "the PDB has no symbol %s", name);
    if (st != KD_OK)
        return kd_diag_set(p->diag, st, "symbol %s: the PDB's symbol tables are damaged", name);
    st = kdw_pdb_rva(&p->sections, at, rva);
    if (st != KD_OK)
        return kd_diag_set(p->diag, st, "symbol %s has no address in the image", name);
    return KD_OK;
}

static enum kd_status pdb_symbol_near(struct kdw_symbols *s, uint64_t rva, const char **name,
                                      uint64_t *name_rva)
{
    struct pdb *p = pdb_of(s);
    enum kd_status st = open_symbols(p);

    if (st == KD_OK && !p->has_near) {
        st = kdw_pdb_near_open(&p->publics, &p->sections, &p->near_names);
        p->has_near = st == KD_OK;
    }
    return st == KD_OK ? kdw_pdb_near_find(&p->near_names, &p->publics, rva, name, name_rva) : st;
}

static enum kd_status pdb_type(struct kdw_symbols *s, const char *name, kdw_type_id *out)
{
    struct pdb *p = pdb_of(s);
    enum kd_status st = open_types(p);

    if (st != KD_OK)
        return kd_diag_add(p->diag, st, "type %s", name);
    st = kdw_types_find(&p->types, name, out);
    if (st == KD_ERR_NOT_FOUND)
        return kd_diag_set(p->diag, st, "the PDB has no type %s", name);
    if (st != KD_OK)
        return kd_diag_set(p->diag, st, "type %s: the PDB's types are damaged: %s", name,
                           kd_status_text(st));
    return KD_OK;
}

static enum kd_status pdb_describe(struct kdw_symbols *s, kdw_type_id type, struct kdw_type *out)
{
    struct pdb *p = pdb_of(s);
    enum kd_status st = open_types(p);

    return st == KD_OK ? kdw_types_describe(&p->types, type, out) : st;
}

/* The same text for all that can go wrong with members, whichever way they were asked for. */
static enum kd_status explain_type(struct pdb *p, enum kd_status st, kdw_type_id type,
                                   const char *what)
{
    if (st == KD_OK)
        return KD_OK;
    return kd_diag_set(p->diag, st, "type 0x%" PRIx32 " of the PDB: %s: %s", type, what,
                       kd_status_text(st));
}

static enum kd_status pdb_field(struct kdw_symbols *s, kdw_type_id type, const char *name,
                                struct kdw_field *out)
{
    struct pdb *p = pdb_of(s);
    enum kd_status st = open_types(p);

    if (st != KD_OK)
        return st;
    return explain_type(p, kdw_types_field(&p->types, type, name, out), type, name);
}

static enum kd_status pdb_each_field(struct kdw_symbols *s, kdw_type_id type,
                                     kdw_field_visit *visit, void *ctx)
{
    struct pdb *p = pdb_of(s);
    enum kd_status st = open_types(p);

    if (st != KD_OK)
        return st;
    return explain_type(p, kdw_types_each_field(&p->types, type, visit, ctx), type, "members");
}

static enum kd_status pdb_enum_name(struct kdw_symbols *s, kdw_type_id type, int64_t value,
                                    const char **name)
{
    struct pdb *p = pdb_of(s);
    enum kd_status st = open_types(p);

    if (st != KD_OK)
        return st;
    st = kdw_types_enum_name(&p->types, type, value, name);
    return explain_type(p, st, type, "enum constant");
}

static enum kd_status pdb_each_constant(struct kdw_symbols *s, kdw_type_id type,
                                        kdw_constant_visit *visit, void *ctx)
{
    struct pdb *p = pdb_of(s);
    enum kd_status st = open_types(p);

    if (st != KD_OK)
        return st;
    st = kdw_types_each_constant(&p->types, type, visit, ctx);
    return explain_type(p, st, type, "enum constants");
}

static void pdb_close(struct kdw_symbols *s)
{
    struct pdb *p = pdb_of(s);

    kdw_types_close(&p->types);
    kdw_pdb_near_close(&p->near_names);
    kdw_msf_close(p->msf);
    kdw_map_close(&p->map);
    free(p);
}

static const struct kdw_symbols_ops pdb_ops = {
    .symbol = pdb_symbol,
    .symbol_near = pdb_symbol_near,
    .type = pdb_type,
    .describe = pdb_describe,
    .field = pdb_field,
    .each_field = pdb_each_field,
    .enum_name = pdb_enum_name,
    .each_constant = pdb_each_constant,
    .close = pdb_close,
};

/* The info stream's GUID, and its age for want of the DBI stream's. */
static enum kd_status read_info(struct pdb *p)
{
    uint8_t buf[INFO_HEADER_LEN] = {0};
    struct kd_reader r = kd_reader_of(buf, sizeof buf);
    enum kd_status st = kdw_msf_read(p->msf, INFO_STREAM, 0, buf, sizeof buf);

    if (st != KD_OK)
        return kd_diag_add(p->diag, st, "PDB identity");
    kd_rd_skip(&r, 4 + 4); /* version, signature */
    p->id.age = kd_rd_u32(&r);
    kd_rd_copy(&r, p->id.guid, sizeof p->id.guid);
    return KD_OK;
}

/* Stream numbers out of the optional debug header, which has as many as its writer knew of. */
static enum kd_status read_debug_header(struct pdb *p, uint64_t at, uint32_t len)
{
    uint8_t buf[2 * DEBUG_STREAMS_MAX] = {0};
    uint16_t streams[DEBUG_STREAMS_MAX];
    size_t n = len < sizeof buf ? len : sizeof buf;
    struct kd_reader r = kd_reader_of(buf, n);
    enum kd_status st = kdw_msf_read(p->msf, DBI_STREAM, at, buf, n);

    if (st != KD_OK)
        return kd_diag_add(p->diag, st, "debug header");
    for (size_t i = 0; i < DEBUG_STREAMS_MAX; i++)
        streams[i] = kd_reader_left(&r) >= 2 ? kd_rd_u16(&r) : KDW_MSF_NO_STREAM;
    p->section_streams.sections = streams[DEBUG_SECTIONS];
    p->section_streams.omap_from_source = streams[DEBUG_OMAP_FROM_SOURCE];
    p->section_streams.original_sections = streams[DEBUG_ORIGINAL_SECTIONS];
    return KD_OK;
}

static enum kd_status read_dbi(struct pdb *p)
{
    uint8_t buf[DBI_HEADER_LEN] = {0};
    struct kd_reader r = kd_reader_of(buf, sizeof buf);
    uint64_t debug_at = DBI_HEADER_LEN;
    uint32_t sizes[7], age;
    enum kd_status st = kdw_msf_read(p->msf, DBI_STREAM, 0, buf, sizeof buf);

    if (st != KD_OK)
        return kd_diag_add(p->diag, st, "DBI stream");
    if (kd_rd_u32(&r) != 0xFFFFFFFF)
        return kd_diag_set(p->diag, KD_ERR_UNSUPPORTED, "DBI stream of an older form");
    kd_rd_skip(&r, 4);
    age = kd_rd_u32(&r);
    if (age != 0)
        p->id.age = age; /* the one images bear; tools that add to a PDB raise the other */
    p->symbol_streams.globals = kd_rd_u16(&r);
    kd_rd_skip(&r, 2);
    p->symbol_streams.publics = kd_rd_u16(&r);
    kd_rd_skip(&r, 2);
    p->symbol_streams.records = kd_rd_u16(&r);
    kd_rd_skip(&r, 2);
    for (size_t i = 0; i < 5; i++) /* modules, contributions, section map, sources, type servers */
        sizes[i] = kd_rd_u32(&r);
    kd_rd_skip(&r, 4);        /* index of the MFC type server */
    sizes[6] = kd_rd_u32(&r); /* the debug header, */
    sizes[5] = kd_rd_u32(&r); /* listed before the EC part, but behind it in the data */
    kd_rd_skip(&r, 2);        /* flags */
    p->machine = kd_rd_u16(&r);
    for (size_t i = 0; i < 7; i++) {
        if (sizes[i] > INT32_MAX)
            return kd_diag_set(p->diag, KD_ERR_MALFORMED, "DBI stream: a part of negative size");
        if (i < 6)
            debug_at += sizes[i];
    }
    return read_debug_header(p, debug_at, sizes[6]);
}

static enum kd_status open_pdb(const void *data, size_t len, struct kd_diag *diag, struct pdb **out)
{
    struct pdb *p = calloc(1, sizeof *p);
    enum kd_status st;

    if (!p)
        return kd_diag_set(diag, KD_ERR_NO_MEMORY, "out of memory");
    p->symbols.ops = &pdb_ops;
    p->diag = diag;
    st = kdw_msf_open(data, len, diag, &p->msf);
    if (st == KD_OK)
        st = read_info(p);
    if (st == KD_OK)
        st = read_dbi(p);
    if (st != KD_OK) {
        pdb_close(&p->symbols);
        return stream_status(st);
    }
    *out = p;
    return KD_OK;
}

enum kd_status kdw_pdb_open_bytes(const void *data, size_t len, struct kd_diag *diag,
                                  struct kdw_symbols **out)
{
    struct pdb *p;
    enum kd_status st = open_pdb(data, len, diag, &p);

    if (st == KD_OK)
        *out = &p->symbols; /* NOLINT(*uninitialized*): KD_OK came with it */
    return st;
}

enum kd_status kdw_pdb_open(const char *path, struct kd_diag *diag, struct kdw_symbols **out)
{
    struct kdw_map map;
    struct pdb *p;
    enum kd_status st = kdw_map_open(path, diag, &map);

    if (st != KD_OK)
        return st == KD_ERR_NOT_FOUND ? KD_ERR_IO : st; /* "not found" is for what is inside */
    st = open_pdb(map.data, map.len, diag, &p);
    if (st != KD_OK) {
        kdw_map_close(&map);
        return kd_diag_add(diag, st, "%s", path);
    }
    p->map = map; /* NOLINT(*NullDereference): KD_OK came with it */
    kdw_symbols_set_origin(&p->symbols, "PDB %s", path);
    *out = &p->symbols;
    return KD_OK;
}

uint16_t kdw_pdb_machine(const struct kdw_symbols *pdb)
{
    return ((const struct pdb *)pdb)->machine;
}

void kdw_pdb_identity(const struct kdw_symbols *pdb, struct kdw_pdb_id *out)
{
    *out = ((const struct pdb *)pdb)->id;
}
