#include "pdb_members.h"

#include <string.h>

enum {
    FIRST_RECORD = 0x1000, /* type indices below are simple types */
    DEPTH_MAX = 32,
    CONTINUATIONS_MAX = 64,
    ENTRIES_MAX = 65536, /* of one walk; the largest kernel structures have some hundreds */
    BASES_MAX = 256,     /* looked into during one walk; C structures have none */
};

/* Simple types: the low byte of the index says what, bits 8 to 10 whether it is a pointer to it. */
static const struct simple {
    uint8_t code;
    uint8_t kind; /* enum kdw_type_kind */
    bool is_signed;
    uint8_t size;
} simples[] = {
    {0x03, KDW_TYPE_VOID, false, 0},     {0x08, KDW_TYPE_INT, true, 4}, /* HRESULT */
    {0x10, KDW_TYPE_CHAR, true, 1},      {0x20, KDW_TYPE_CHAR, false, 1},
    {0x70, KDW_TYPE_CHAR, true, 1},  /* plain char, signed on x64 Windows */
    {0x7C, KDW_TYPE_CHAR, false, 1}, /* char8_t */
    {0x68, KDW_TYPE_INT, true, 1},       {0x69, KDW_TYPE_INT, false, 1},
    {0x11, KDW_TYPE_INT, true, 2},       {0x21, KDW_TYPE_INT, false, 2},
    {0x72, KDW_TYPE_INT, true, 2},       {0x73, KDW_TYPE_INT, false, 2},
    {0x71, KDW_TYPE_WCHAR, false, 2},    {0x7A, KDW_TYPE_WCHAR, false, 2}, /* char16_t */
    {0x7B, KDW_TYPE_INT, false, 4},                                        /* char32_t */
    {0x12, KDW_TYPE_INT, true, 4},       {0x22, KDW_TYPE_INT, false, 4},
    {0x74, KDW_TYPE_INT, true, 4},       {0x75, KDW_TYPE_INT, false, 4},
    {0x13, KDW_TYPE_INT, true, 8},       {0x23, KDW_TYPE_INT, false, 8},
    {0x76, KDW_TYPE_INT, true, 8},       {0x77, KDW_TYPE_INT, false, 8},
    {0x14, KDW_TYPE_INT, true, 16},      {0x24, KDW_TYPE_INT, false, 16},
    {0x78, KDW_TYPE_INT, true, 16},      {0x79, KDW_TYPE_INT, false, 16},
    {0x30, KDW_TYPE_BOOL, false, 1},     {0x31, KDW_TYPE_BOOL, false, 2},
    {0x32, KDW_TYPE_BOOL, false, 4},     {0x33, KDW_TYPE_BOOL, false, 8},
    {0x46, KDW_TYPE_FLOAT, true, 2},     {0x40, KDW_TYPE_FLOAT, true, 4},
    {0x45, KDW_TYPE_FLOAT, true, 4},     {0x44, KDW_TYPE_FLOAT, true, 6},
    {0x41, KDW_TYPE_FLOAT, true, 8},     {0x42, KDW_TYPE_FLOAT, true, 10},
    {0x43, KDW_TYPE_FLOAT, true, 16},    {0x50, KDW_TYPE_UNKNOWN, false, 8}, /* complex numbers */
    {0x51, KDW_TYPE_UNKNOWN, false, 16}, {0x52, KDW_TYPE_UNKNOWN, false, 20},
    {0x53, KDW_TYPE_UNKNOWN, false, 32},
};

static void describe_simple(kdw_type_id type, struct kdw_type *out)
{
    unsigned mode = type >> 8;

    if (mode != 0) {
        out->kind = KDW_TYPE_POINTER;
        /* Near and far pointers of 16-bit code: nothing here has them, so their size is left out. */
        out->size = mode == 6 ? 8 : mode == 4 ? 4 : 0;
        out->target = type & 0xFF;
        return;
    }
    for (size_t i = 0; i < sizeof simples / sizeof simples[0]; i++) {
        if (simples[i].code == type) {
            out->kind = (enum kdw_type_kind)simples[i].kind;
            out->is_signed = simples[i].is_signed;
            out->size = simples[i].size;
            return;
        }
    }
}

/* The definition in place of a forward reference, where the file has one. */
static enum kd_status complete(struct kdw_types *t, kdw_type_id *type, struct kdw_record *rec)
{
    struct kdw_record definition;
    struct kdw_udt u;
    kdw_type_id found;
    enum kd_status st;

    if (!kdw_udt_decode(rec, &u) || !(u.properties & KDW_UDT_FORWARD))
        return KD_OK;
    st = kdw_types_definition(t, &u, &found);
    if (st == KD_OK)
        st = kdw_types_record(t, found, &definition);
    if (st == KD_OK) {
        *type = found;
        *rec = definition;
    }
    return st == KD_ERR_NO_MEMORY ? st : KD_OK;
}

/* Modifiers, aliases and forward references seen through: the type that is meant and its record,
 * except for simple types, which have none. */
static enum kd_status see_through(struct kdw_types *t, kdw_type_id *type, struct kdw_record *rec)
{
    for (unsigned depth = 0; depth < DEPTH_MAX; depth++) {
        struct kd_reader r;
        enum kd_status st;

        if (*type < FIRST_RECORD)
            return KD_OK;
        st = kdw_types_record(t, *type, rec);
        if (st != KD_OK)
            return st;
        if (rec->leaf != LF_MODIFIER && rec->leaf != LF_ALIAS)
            return complete(t, type, rec);
        r = rec->body;
        *type = kd_rd_u32(&r);
        if (!kd_reader_ok(&r))
            return KD_ERR_MALFORMED;
    }
    return KD_ERR_CYCLE;
}

static uint64_t pointer_size(uint32_t attributes)
{
    uint32_t size = attributes >> 13 & 0x3F;

    if (size != 0)
        return size;
    switch (attributes & 0x1F) { /* old tools leave the size out: the kind tells */
    case 0x0C:
        return 8;
    case 0x0A:
        return 4;
    default:
        return 0;
    }
}

static enum kd_status describe(struct kdw_types *t, kdw_type_id type, unsigned depth,
                               struct kdw_type *out);

static enum kd_status describe_array(struct kdw_types *t, struct kd_reader r, unsigned depth,
                                     struct kdw_type *out)
{
    struct kdw_type element;
    kdw_type_id target = kd_rd_u32(&r);
    uint64_t size;
    enum kd_status st;

    kd_rd_skip(&r, 4); /* type of the index */
    size = kdw_rd_size(&r);
    if (!kd_reader_ok(&r))
        return KD_OK;
    st = describe(t, target, depth + 1, &element);
    if (st != KD_OK)
        return st;
    out->kind = KDW_TYPE_ARRAY;
    out->size = size;
    out->target = target;
    if (element.size != 0 && size % element.size == 0)
        out->count = size / element.size;
    return KD_OK;
}

static enum kd_status describe_bitfield(struct kdw_types *t, struct kd_reader r, unsigned depth,
                                        struct kdw_type *out)
{
    struct kdw_type base;
    kdw_type_id target = kd_rd_u32(&r);
    uint8_t length = kd_rd_u8(&r);
    uint8_t position = kd_rd_u8(&r);
    enum kd_status st;

    if (!kd_reader_ok(&r))
        return KD_OK;
    st = describe(t, target, depth + 1, &base);
    if (st != KD_OK)
        return st;
    if (length == 0 || (uint64_t)position + length > 8 * base.size)
        return KD_OK; /* outside the integer it is part of */
    out->kind = KDW_TYPE_BITFIELD;
    out->is_signed = base.is_signed;
    out->size = base.size;
    out->target = target;
    out->bit_position = position;
    out->bit_length = length;
    return KD_OK;
}

static enum kd_status describe_udt(struct kdw_types *t, const struct kdw_record *rec,
                                   unsigned depth, struct kdw_type *out)
{
    struct kdw_type underlying;
    struct kdw_udt u;
    enum kd_status st;

    if (!kdw_udt_decode(rec, &u))
        return KD_OK;
    out->name = u.name;
    out->size = u.size;
    if (u.leaf != LF_ENUM) {
        out->kind = u.leaf == LF_UNION || u.leaf == LF_UNION2 ? KDW_TYPE_UNION : KDW_TYPE_STRUCT;
        return KD_OK;
    }
    st = describe(t, u.underlying, depth + 1, &underlying);
    if (st != KD_OK)
        return st;
    out->kind = KDW_TYPE_ENUM;
    out->size = underlying.size;
    out->is_signed = underlying.is_signed;
    out->target = u.underlying;
    return KD_OK;
}

static enum kd_status describe_record(struct kdw_types *t, const struct kdw_record *rec,
                                      unsigned depth, struct kdw_type *out)
{
    struct kd_reader r = rec->body;

    switch (rec->leaf) {
    case LF_POINTER:
        out->target = kd_rd_u32(&r);
        out->size = pointer_size(kd_rd_u32(&r));
        out->kind = kd_reader_ok(&r) ? KDW_TYPE_POINTER : KDW_TYPE_UNKNOWN;
        return KD_OK;
    case LF_ARRAY:
        return describe_array(t, r, depth, out);
    case LF_BITFIELD:
        return describe_bitfield(t, r, depth, out);
    case LF_PROCEDURE:
    case LF_MFUNCTION:
        out->kind = KDW_TYPE_FUNCTION;
        return KD_OK;
    default:
        return describe_udt(t, rec, depth, out);
    }
}

static enum kd_status describe(struct kdw_types *t, kdw_type_id type, unsigned depth,
                               struct kdw_type *out)
{
    struct kdw_type d = {.kind = KDW_TYPE_UNKNOWN};
    struct kdw_record rec;
    enum kd_status st = depth < DEPTH_MAX ? see_through(t, &type, &rec) : KD_ERR_CYCLE;

    if (st == KD_OK && type < FIRST_RECORD)
        describe_simple(type, &d);
    else if (st == KD_OK)
        st = describe_record(t, &rec, depth, &d);
    if (st == KD_ERR_NO_MEMORY || st == KD_ERR_CYCLE)
        return st; /* a part of itself: all that contain it are unknown */
    *out = d;      /* other damage leaves this one unknown, and its size to those around it */
    return KD_OK;
}

enum kd_status kdw_types_describe(struct kdw_types *t, kdw_type_id type, struct kdw_type *out)
{
    const struct kdw_type unknown = {.kind = KDW_TYPE_UNKNOWN};
    enum kd_status st = describe(t, type, 0, out);

    if (st == KD_ERR_CYCLE) {
        *out = unknown;
        return KD_OK;
    }
    return st;
}

struct list { /* a field list being read, continuations included */
    struct kdw_types *t;
    kdw_type_id id;
    kdw_type_id next; /* the list that continues this one; 0: none so far */
    unsigned continuations;
    struct kd_reader r;
};

struct entry {
    uint16_t leaf;
    const char *name; /* NULL for a base */
    kdw_type_id type;
    uint64_t offset;
    struct kdw_number value; /* of an enum constant */
};

static enum kd_status list_open(struct list *l, kdw_type_id id)
{
    struct kdw_record rec;
    enum kd_status st = kdw_types_record(l->t, id, &rec);

    if (st == KD_ERR_NOT_FOUND || (st == KD_OK && rec.leaf != LF_FIELDLIST))
        return KD_ERR_MALFORMED;
    if (st != KD_OK)
        return st;
    l->id = id;
    l->next = 0;
    l->r = rec.body;
    return KD_OK;
}

/* Continuations have lower indices than what they continue [seen], which also rules out cycles. */
static enum kd_status list_continue(struct list *l)
{
    if (l->next >= l->id)
        return KD_ERR_MALFORMED;
    if (++l->continuations > CONTINUATIONS_MAX)
        return KD_ERR_LIMIT;
    return list_open(l, l->next);
}

/* Between entries there may be bytes 0xF1 to 0xFF, whose low half says how far to go on. */
static void skip_padding(struct kd_reader *r)
{
    while (kd_reader_left(r) > 0 && r->data[r->pos] >= 0xF0) {
        uint8_t n = r->data[r->pos] & 0x0F;

        kd_rd_skip(r, n ? n : 1); /* 0xF0 is damage, and must not hold us here */
    }
}

static void decode_method(struct kd_reader *r)
{
    unsigned kind = kd_rd_u16(r) >> 2 & 7;

    kd_rd_skip(r, 4);
    if (kind == 4 || kind == 6) /* introduces a virtual function: its place in the table */
        kd_rd_skip(r, 4);
    (void)kdw_rd_string(r);
}

/* One entry. Its leaf stands at l->r; false for one of unknown length. */
static bool decode_entry(struct list *l, struct entry *e)
{
    struct kd_reader *r = &l->r;

    memset(e, 0, sizeof *e);
    e->leaf = kd_rd_u16(r);
    switch (e->leaf) {
    case LF_MEMBER:
        kd_rd_skip(r, 2);
        e->type = kd_rd_u32(r);
        e->offset = kdw_rd_size(r);
        e->name = kdw_rd_string(r);
        return true;
    case LF_BCLASS:
    case LF_BINTERFACE:
        kd_rd_skip(r, 2);
        e->type = kd_rd_u32(r);
        e->offset = kdw_rd_size(r);
        return true;
    case LF_ENUMERATE:
        kd_rd_skip(r, 2);
        e->value = kdw_rd_number(r);
        e->name = kdw_rd_string(r);
        return true;
    case LF_INDEX:
        kd_rd_skip(r, 2);
        if (l->next != 0)
            r->failed = true; /* two continuations: which one comes first? */
        l->next = kd_rd_u32(r);
        return true;
    case LF_VBCLASS:
    case LF_IVBCLASS:
        kd_rd_skip(r, 2 + 4 + 4);
        (void)kdw_rd_number(r);
        (void)kdw_rd_number(r);
        return true;
    case LF_STMEMBER:
    case LF_NESTTYPE:
    case LF_NESTTYPEEX:
    case LF_METHOD:
    case LF_FRIENDFCN:
        kd_rd_skip(r, 2 + 4);
        (void)kdw_rd_string(r);
        return true;
    case LF_ONEMETHOD:
        decode_method(r);
        return true;
    case LF_VFUNCTAB:
    case LF_FRIENDCLS:
        kd_rd_skip(r, 2 + 4);
        return true;
    case LF_VFUNCOFF:
        kd_rd_skip(r, 2 + 4 + 4);
        return true;
    default:
        return false;
    }
}

/* The next entry; e->leaf 0 at the end. */
static enum kd_status list_next(struct list *l, struct entry *e)
{
    skip_padding(&l->r);
    while (kd_reader_ok(&l->r) && kd_reader_left(&l->r) == 0) {
        enum kd_status st;

        if (l->next == 0) {
            e->leaf = 0;
            return KD_OK;
        }
        st = list_continue(l);
        if (st != KD_OK)
            return st;
        skip_padding(&l->r);
    }
    if (!decode_entry(l, e))
        return kd_reader_ok(&l->r) ? KD_ERR_UNSUPPORTED : KD_ERR_MALFORMED;
    return kd_reader_ok(&l->r) ? KD_OK : KD_ERR_MALFORMED;
}

struct walk {
    struct kdw_types *t;
    kdw_field_visit *visit;
    void *ctx;
    unsigned entries, bases;
    bool is_stopped;        /* by the visitor */
    enum kd_status problem; /* with a base: the members beside it are still good */
};

static enum kd_status walk_members(struct walk *w, kdw_type_id type, uint64_t at, unsigned depth);

/* Members of a base, or of a member without a name, count as the structure's own. */
static enum kd_status walk_into(struct walk *w, const struct entry *e, uint64_t at, unsigned depth)
{
    enum kd_status st;

    if (depth + 1 >= DEPTH_MAX || ++w->bases > BASES_MAX)
        return KD_ERR_LIMIT;
    st = walk_members(w, e->type, at + e->offset, depth + 1);
    if (st == KD_ERR_LIMIT || st == KD_ERR_NO_MEMORY)
        return st;
    if (st != KD_OK && w->problem == KD_OK && e->leaf != LF_MEMBER)
        w->problem = st;
    return KD_OK;
}

static enum kd_status walk_entry(struct walk *w, const struct entry *e, uint64_t at, unsigned depth)
{
    struct kdw_field f;

    if (++w->entries > ENTRIES_MAX)
        return KD_ERR_LIMIT;
    if (e->leaf == LF_BCLASS || e->leaf == LF_BINTERFACE ||
        (e->leaf == LF_MEMBER && e->name[0] == '\0'))
        return walk_into(w, e, at, depth);
    if (e->leaf != LF_MEMBER)
        return KD_OK;
    f.name = e->name;
    f.offset = at + e->offset;
    f.type = e->type;
    w->is_stopped = !w->visit(w->ctx, &f);
    return KD_OK;
}

/* The definition of a struct, union or enum; KD_ERR_NOT_FOUND when type is none, or has none. */
static enum kd_status find_udt(struct kdw_types *t, kdw_type_id type, struct kdw_udt *out)
{
    struct kdw_record rec;
    enum kd_status st = see_through(t, &type, &rec);

    if (st != KD_OK)
        return st;
    if (type < FIRST_RECORD || !kdw_udt_decode(&rec, out) || out->properties & KDW_UDT_FORWARD)
        return KD_ERR_NOT_FOUND;
    return KD_OK;
}

static enum kd_status walk_members(struct walk *w, kdw_type_id type, uint64_t at, unsigned depth)
{
    struct list l = {.t = w->t};
    struct kdw_udt u;
    enum kd_status st = find_udt(w->t, type, &u);

    if (st != KD_OK)
        return st;
    if (u.leaf == LF_ENUM)
        return KD_ERR_NOT_FOUND;
    if (u.fields == 0)
        return KD_OK; /* an empty structure */
    st = list_open(&l, u.fields);
    while (st == KD_OK && !w->is_stopped) {
        struct entry e;

        st = list_next(&l, &e);
        if (st == KD_OK && e.leaf == 0)
            break;
        if (st == KD_OK)
            st = walk_entry(w, &e, at, depth);
    }
    return st;
}

enum kd_status kdw_types_each_field(struct kdw_types *t, kdw_type_id type, kdw_field_visit *visit,
                                    void *ctx)
{
    struct walk w = {.t = t, .visit = visit, .ctx = ctx};
    enum kd_status st = walk_members(&w, type, 0, 0);

    if (w.is_stopped)
        return KD_OK;
    return st == KD_OK ? w.problem : st;
}

struct by_name {
    const char *name;
    bool is_found;
    struct kdw_field field;
};

static bool stop_at_name(void *ctx, const struct kdw_field *f)
{
    struct by_name *b = ctx;

    if (strcmp(f->name, b->name) != 0)
        return true;
    b->is_found = true;
    b->field = *f;
    return false;
}

enum kd_status kdw_types_field(struct kdw_types *t, kdw_type_id type, const char *name,
                               struct kdw_field *out)
{
    struct by_name b = {.name = name};
    enum kd_status st = kdw_types_each_field(t, type, stop_at_name, &b);

    if (!b.is_found)
        return st == KD_OK ? KD_ERR_NOT_FOUND : st;
    *out = b.field;
    return KD_OK;
}

/* Linkers write 0x80000000 of a 4-byte enum with a sign or without: what counts is what is stored. */
static int64_t as_stored(uint64_t bits, const struct kdw_type *type)
{
    unsigned spare = type->size > 0 && type->size < 8 ? 64 - 8 * (unsigned)type->size : 0;
    uint64_t value = bits << spare >> spare;
    uint64_t sign = 1ull << (63 - spare);

    return (int64_t)(type->is_signed ? (value ^ sign) - sign : value);
}

enum kd_status kdw_types_each_constant(struct kdw_types *t, kdw_type_id type,
                                       kdw_constant_visit *visit, void *ctx)
{
    struct list l = {.t = t};
    struct kdw_type as;
    struct kdw_udt u;
    enum kd_status st = find_udt(t, type, &u);

    if (st == KD_OK && (u.leaf != LF_ENUM || u.fields == 0))
        st = KD_ERR_NOT_FOUND;
    if (st == KD_OK)
        st = kdw_types_describe(t, type, &as);
    if (st == KD_OK)
        st = list_open(&l, u.fields);
    while (st == KD_OK) {
        struct entry e;

        st = list_next(&l, &e);
        if (st == KD_OK && e.leaf == 0)
            break;
        if (st == KD_OK && e.leaf == LF_ENUMERATE && e.value.is_integer &&
            !visit(ctx, e.name, as_stored(e.value.bits, &as)))
            break;
    }
    return st;
}

struct by_value {
    int64_t value;
    const char *name; /* NULL: not found yet */
};

static bool stop_at_value(void *ctx, const char *name, int64_t value)
{
    struct by_value *b = ctx;

    if (value == b->value)
        b->name = name;
    return !b->name;
}

enum kd_status kdw_types_enum_name(struct kdw_types *t, kdw_type_id type, int64_t value,
                                   const char **name)
{
    struct by_value b = {0};
    struct kdw_type as;
    enum kd_status st = kdw_types_describe(t, type, &as);

    if (st != KD_OK)
        return st;
    b.value = as_stored((uint64_t)value, &as);
    st = kdw_types_each_constant(t, type, stop_at_value, &b);
    if (st == KD_OK && !b.name)
        st = KD_ERR_NOT_FOUND;
    if (st == KD_OK)
        *name = b.name;
    return st;
}
