#include <walker/isf_write.h>
#include <walker/walk_names.h>

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum {
    DEPTH_MAX = 32,    /* pointers to arrays to ...: as many as isf_json.c reads */
    TYPES_MAX = 16384, /* a real kernel has 1,500 in all, of which 250 are written */
    KEY_MAX = 32,      /* of a type without a name */
    PARTS_MAX = 65536, /* members, what they are made of, constants; a real kernel has 10,000 */
};

/* A type that is named somewhere and not defined yet. */
struct wanted {
    const char *key; /* the document's own; what it is defined under */
    kdw_type_id type;
};

struct writer {
    struct kdw_symbols *symbols;
    struct kd_diag *diag;
    json_t *document, *bases, *types, *enums, *variables; /* the last four belong to the first */
    struct wanted *wanted;                                /* all that there ever were, in order */
    size_t wanted_count, wanted_cap;
    size_t parts; /* so far */
    enum kd_status failure;
};

/* False from the first failure on: everything that adds to the document says whether it goes on. */
static bool fail(struct writer *w, enum kd_status st)
{
    if (w->failure == KD_OK)
        w->failure = st;
    return false;
}

static bool no_memory(struct writer *w)
{
    if (w->failure == KD_OK)
        kd_diag_set(w->diag, KD_ERR_NO_MEMORY, "out of memory");
    return fail(w, KD_ERR_NO_MEMORY);
}

/* A small file may have many types share one long list: what is made of it has a bound of its own. */
static bool count_part(struct writer *w)
{
    if (++w->parts <= PARTS_MAX)
        return true;
    return fail(w, kd_diag_set(w->diag, KD_ERR_LIMIT, "more than %d members and what they are of",
                               PARTS_MAX));
}

/* value: whose reference is taken over; NULL where it could not be made. */
static bool put(struct writer *w, json_t *object, const char *name, json_t *value)
{
    json_t *text;

    if (json_object_set_new(object, name, value) == 0)
        return true;
    text = json_string(name); /* a name out of a file may be no UTF-8, which JSON is */
    json_decref(text);
    if (value && !text)
        return fail(w, kd_diag_set(w->diag, KD_ERR_MALFORMED, "a name that is no text"));
    return no_memory(w);
}

/* ---- what types are called ---- */

/* A base type by what it is: who made the symbols may have called it otherwise. The document defines
 * those that are used. */
struct base {
    const char *name, *kind;
    enum kdw_type_kind of;
    bool is_signed;
    uint8_t size;
};

static const struct base bases[] = {
    {"void", "void", KDW_TYPE_VOID, false, 0},
    {"char", "char", KDW_TYPE_CHAR, true, 1},
    {"unsigned char", "char", KDW_TYPE_CHAR, false, 1},
    {"wchar", "int", KDW_TYPE_WCHAR, false, 2},
    {"__int8", "int", KDW_TYPE_INT, true, 1},
    {"unsigned __int8", "int", KDW_TYPE_INT, false, 1},
    {"short", "int", KDW_TYPE_INT, true, 2},
    {"unsigned short", "int", KDW_TYPE_INT, false, 2},
    {"long", "int", KDW_TYPE_INT, true, 4},
    {"unsigned long", "int", KDW_TYPE_INT, false, 4},
    {"long long", "int", KDW_TYPE_INT, true, 8},
    {"unsigned long long", "int", KDW_TYPE_INT, false, 8},
    {"__int128", "int", KDW_TYPE_INT, true, 16},
    {"unsigned __int128", "int", KDW_TYPE_INT, false, 16},
    {"bool", "bool", KDW_TYPE_BOOL, false, 1},
    {"bool16", "bool", KDW_TYPE_BOOL, false, 2},
    {"bool32", "bool", KDW_TYPE_BOOL, false, 4},
    {"bool64", "bool", KDW_TYPE_BOOL, false, 8},
    {"f16", "float", KDW_TYPE_FLOAT, true, 2},
    {"f32", "float", KDW_TYPE_FLOAT, true, 4},
    {"f48", "float", KDW_TYPE_FLOAT, true, 6},
    {"double", "float", KDW_TYPE_FLOAT, true, 8},
    {"f80", "float", KDW_TYPE_FLOAT, true, 10},
    {"f128", "float", KDW_TYPE_FLOAT, true, 16},
};

static const struct base *base_of(const struct kdw_type *t)
{
    for (size_t i = 0; i < sizeof bases / sizeof bases[0]; i++)
        if (bases[i].of == t->kind && bases[i].size == t->size &&
            bases[i].is_signed == t->is_signed)
            return &bases[i];
    return NULL;
}

static bool define_base(struct writer *w, const char *name, const char *kind, bool is_signed,
                        uint8_t size)
{
    if (json_object_get(w->bases, name))
        return true;
    return put(w, w->bases, name,
               json_pack("{s:s, s:s, s:b, s:i}", "endian", "little", "kind", kind, "signed",
                         (int)is_signed, "size", (int)size));
}

/* Types without a tag are told apart by their number, and read back as what they are called here. */
static const char *key_of(const struct kdw_type *t, kdw_type_id type, char made[KEY_MAX])
{
    if (strcmp(t->name, "<unnamed-tag>") != 0 && strcmp(t->name, "<anonymous-tag>") != 0)
        return t->name;
    snprintf(made, KEY_MAX, "%s_%" PRIx32, t->name[1] == 'u' ? "__unnamed" : "__anonymous", type);
    return made;
}

/* ---- types that are yet to be defined ---- */

static json_t *section_of(const struct writer *w, const struct kdw_type *t)
{
    return t->kind == KDW_TYPE_ENUM ? w->enums : w->types;
}

static bool make_room(struct writer *w)
{
    size_t cap = w->wanted_cap ? 2 * w->wanted_cap : 256;
    struct wanted *larger;

    if (w->wanted_count < w->wanted_cap)
        return true;
    larger = realloc(w->wanted, cap * sizeof *larger);
    if (!larger)
        return no_memory(w);
    w->wanted = larger;
    w->wanted_cap = cap;
    return true;
}

/* What has no definition is named only. Null stands in the document until there is one. */
static bool want(struct writer *w, const char *key, kdw_type_id type, const struct kdw_type *t)
{
    json_t *section = section_of(w, t);

    if (t->size == 0 || json_object_get(section, key))
        return true;
    if (w->wanted_count == TYPES_MAX)
        return fail(w, kd_diag_set(w->diag, KD_ERR_LIMIT, "more than %d types", TYPES_MAX));
    if (!make_room(w) || !put(w, section, key, json_null()))
        return false;
    w->wanted[w->wanted_count++] =
        (struct wanted){json_object_iter_key(json_object_iter_at(section, key)), type};
    return true;
}

/* ---- types as members, elements and targets ---- */

static json_t *spell(struct writer *w, kdw_type_id type, unsigned depth, bool is_contained);

/* NULL: it has none, which is said unless there is nothing to say. */
static json_t *spell_base(struct writer *w, const struct kdw_type *t)
{
    const struct base *b = base_of(t);

    if (!b || !define_base(w, b->name, b->kind, b->is_signed, b->size))
        return NULL;
    return json_pack("{s:s, s:s}", "kind", "base", "name", b->name);
}

/* Pointers are not of one size where 32-bit code is described: such a one is the number in it. */
static json_t *spell_pointer(struct writer *w, const struct kdw_type *t, unsigned depth)
{
    const struct kdw_type number = {.kind = KDW_TYPE_INT, .size = t->size};
    const struct kdw_type nothing = {.kind = KDW_TYPE_VOID};
    json_t *target;

    if (t->size != 8)
        return spell_base(w, &number);
    target = spell(w, t->target, depth + 1, false);
    if (!target && w->failure == KD_OK)
        target = spell_base(w, &nothing);
    return json_pack("{s:s, s:o}", "kind", "pointer", "subtype", target);
}

static json_t *spell_named(struct writer *w, kdw_type_id type, const struct kdw_type *t,
                           bool is_contained)
{
    const char *kind = t->kind == KDW_TYPE_ENUM    ? "enum"
                       : t->kind == KDW_TYPE_UNION ? "union"
                                                   : "struct";
    char made[KEY_MAX];
    const char *key = key_of(t, type, made);

    /* Nothing but its definition says what an unnamed type or a number of an enum's is. */
    if ((is_contained || key == made || t->kind == KDW_TYPE_ENUM) && !want(w, key, type, t))
        return NULL;
    return json_pack("{s:s, s:s}", "kind", kind, "name", key);
}

/* NULL: w->failure, or nobody understands the type. */
static json_t *spell(struct writer *w, kdw_type_id type, unsigned depth, bool is_contained)
{
    struct kdw_type t;
    enum kd_status st;

    if (!count_part(w))
        return NULL;
    st = kdw_type_describe(w->symbols, type, &t);
    if (depth == DEPTH_MAX)
        st = kd_diag_set(w->diag, KD_ERR_LIMIT, "a type of more than %d levels", DEPTH_MAX);
    if (st != KD_OK) {
        fail(w, st);
        return NULL;
    }
    switch (t.kind) {
    case KDW_TYPE_UNKNOWN:
        return NULL;
    case KDW_TYPE_POINTER:
        return spell_pointer(w, &t, depth);
    case KDW_TYPE_ARRAY:
        return json_pack("{s:s, s:I, s:o}", "kind", "array", "count", (json_int_t)t.count,
                         "subtype", spell(w, t.target, depth + 1, is_contained));
    case KDW_TYPE_BITFIELD:
        return json_pack("{s:s, s:i, s:i, s:o}", "kind", "bitfield", "bit_length",
                         (int)t.bit_length, "bit_position", (int)t.bit_position, "type",
                         spell(w, t.target, depth + 1, true));
    case KDW_TYPE_STRUCT:
    case KDW_TYPE_UNION:
    case KDW_TYPE_ENUM:
        return spell_named(w, type, &t, is_contained);
    case KDW_TYPE_FUNCTION:
        return json_pack("{s:s}", "kind", "function");
    default:
        return spell_base(w, &t);
    }
}

/* ---- definitions ---- */

struct members {
    struct writer *w;
    json_t *of;
};

/* Of two with one name the first is the one that is found by it. */
static bool put_field(void *ctx, const struct kdw_field *f)
{
    struct members *m = ctx;
    json_t *type;

    if (json_object_get(m->of, f->name))
        return count_part(m->w);
    if (f->offset > UINT32_MAX) /* which no reader takes */
        return fail(m->w, kd_diag_set(m->w->diag, KD_ERR_LIMIT, "a member beyond 4 GiB"));
    type = spell(m->w, f->type, 0, true);
    if (!type)
        return m->w->failure == KD_OK;
    return put(m->w, m->of, f->name,
               json_pack("{s:I, s:o}", "offset", (json_int_t)f->offset, "type", type));
}

static bool put_constant(void *ctx, const char *name, int64_t value)
{
    struct members *m = ctx;

    return count_part(m->w) && put(m->w, m->of, name, json_integer(value));
}

static bool define_struct(struct writer *w, const struct wanted *wanted, const struct kdw_type *t)
{
    struct members m = {w, json_object()};
    enum kd_status st =
        m.of ? kdw_type_each_field(w->symbols, wanted->type, put_field, &m) : KD_ERR_NO_MEMORY;

    if (st == KD_OK)
        st = w->failure;
    if (st != KD_OK) {
        json_decref(m.of);
        return fail(w, st);
    }
    return put(w, w->types, wanted->key,
               json_pack("{s:o, s:s, s:I}", "fields", m.of, "kind",
                         t->kind == KDW_TYPE_UNION ? "union" : "struct", "size",
                         (json_int_t)t->size));
}

/* An enum may have no constants; it is a number all the same. */
static bool define_enum(struct writer *w, const struct wanted *wanted, const struct kdw_type *t)
{
    const struct kdw_type number = {
        .kind = KDW_TYPE_INT, .size = t->size, .is_signed = t->is_signed};
    const struct base *b = base_of(&number);
    struct members m = {w, json_object()};
    enum kd_status st = !b     ? KD_ERR_MALFORMED
                        : m.of ? kdw_type_each_constant(w->symbols, wanted->type, put_constant, &m)
                               : KD_ERR_NO_MEMORY;

    if (st == KD_ERR_NOT_FOUND)
        st = KD_OK;
    if (st == KD_OK)
        st = w->failure;
    if (st != KD_OK) {
        json_decref(m.of);
        return fail(w, st);
    }
    return define_base(w, b->name, b->kind, b->is_signed, b->size) &&
           put(w, w->enums, wanted->key,
               json_pack("{s:s, s:o, s:I}", "base", b->name, "constants", m.of, "size",
                         (json_int_t)t->size));
}

static bool define(struct writer *w, struct wanted wanted)
{
    struct kdw_type t;
    enum kd_status st = kdw_type_describe(w->symbols, wanted.type, &t);
    bool is_ok = st == KD_OK
                     ? (t.kind == KDW_TYPE_ENUM ? define_enum : define_struct)(w, &wanted, &t)
                     : fail(w, st);

    if (!is_ok)
        kd_diag_add(w->diag, w->failure, "%s", wanted.key);
    return is_ok;
}

/* ---- all of it ---- */

static bool want_by_name(void *ctx, const char *name)
{
    struct writer *w = ctx;
    struct kdw_type t;
    kdw_type_id type;
    enum kd_status st = kdw_type_by_name(w->symbols, name, &type);

    if (st == KD_ERR_NOT_FOUND)
        return true;
    if (st == KD_OK)
        st = kdw_type_describe(w->symbols, type, &t);
    return st == KD_OK ? want(w, name, type, &t) : fail(w, st);
}

static bool put_symbol(void *ctx, const char *name)
{
    struct writer *w = ctx;
    uint64_t rva = 0;
    enum kd_status st = kdw_symbol(w->symbols, name, &rva);

    if (st == KD_ERR_NOT_FOUND)
        return true;
    if (st != KD_OK)
        return fail(w, st);
    return put(w, w->variables, name, json_pack("{s:I}", "address", (json_int_t)rva));
}

static json_t *describe_file(const struct kdw_isf_metadata *m)
{
    char guid[KDW_PDB_GUID_MAX];

    kdw_pdb_id_guid(&m->pdb, guid);
    return json_pack("{s:s, s:{s:s, s:s}, s:{s:{s:s, s:I, s:s, s:i}}}", "format", "6.1.0",
                     "producer", "name", "kdwalk", "version", m->producer_version, "windows", "pdb",
                     "GUID", guid, "age", (json_int_t)m->pdb.age, "database", m->pdb.name,
                     "machine_type", (int)m->machine);
}

static bool begin(struct writer *w, const struct kdw_isf_metadata *metadata)
{
    w->bases = json_object();
    w->types = json_object();
    w->enums = json_object();
    w->variables = json_object();
    w->document =
        json_pack("{s:o, s:o, s:o, s:o, s:o}", "metadata", describe_file(metadata), "base_types",
                  w->bases, "user_types", w->types, "enums", w->enums, "symbols", w->variables);
    return w->document ? define_base(w, "pointer", "int", false, 8) : no_memory(w);
}

static bool fill(struct writer *w)
{
    kdw_walk_each_symbol_name(put_symbol, w);
    kdw_walk_each_type_name(want_by_name, w);
    for (size_t i = 0; i < w->wanted_count && w->failure == KD_OK; i++)
        define(w, w->wanted[i]);
    return w->failure == KD_OK;
}

enum kd_status kdw_isf_write(struct kdw_symbols *symbols, const struct kdw_isf_metadata *metadata,
                             struct kd_diag *diag, char **text, size_t *len,
                             struct kdw_isf_counts *counts)
{
    struct writer w = {.symbols = symbols, .diag = diag};
    char *made = begin(&w, metadata) && fill(&w)
                     ? json_dumps(w.document, JSON_COMPACT | JSON_SORT_KEYS)
                     : NULL;

    if (made) {
        *text = made;
        *len = strlen(made);
        *counts = (struct kdw_isf_counts){w.wanted_count, json_object_size(w.variables)};
        kd_diag_clear(diag); /* of what was asked for and is not there */
    } else {
        no_memory(&w); /* unless it was something else */
    }
    json_decref(w.document);
    free(w.wanted);
    return w.failure;
}
