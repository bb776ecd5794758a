#include "isf_json.h"

#include "isf_text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    DEPTH_MAX = 32, /* types within types; real ones: 5 [seen] */
    BASES_MAX = 32, /* base types whose shape is shared; real files have 16 [seen] */
    FORMAT_OLDEST = 4,
    FORMAT_NEWEST = 6,
};

struct parser {
    struct kdw_isf *isf;
    struct isf_text text;
    size_t symbol_cap, alias_cap, type_cap, shape_cap;
    uint32_t bases[BASES_MAX]; /* shapes */
    size_t base_count;
    bool has_id;
};

/* ---- growing what is found ---- */

/* Room for one more; false: no memory. */
static bool make_room(void **array, size_t count, size_t *cap, size_t element_len)
{
    size_t wanted = *cap == 0 ? 256 : *cap * 2;
    void *larger;

    if (count < *cap)
        return true;
    larger = realloc(*array, wanted * element_len);
    if (!larger)
        return false;
    *array = larger;
    *cap = wanted;
    return true;
}

static enum kd_status copy_text(struct parser *p, const char *text, const char **out)
{
    *out = kdw_arena_text(&p->isf->arena, text, strlen(text));
    return *out ? KD_OK : isf_text_no_memory(&p->text);
}

static enum kd_status add_symbol(struct parser *p, struct kdw_table_symbol **symbols, size_t *count,
                                 size_t *cap, const char *name, uint32_t rva)
{
    void *array = *symbols;
    struct kdw_table_symbol symbol = {.rva = rva, .order = (uint32_t)*count};
    enum kd_status st = copy_text(p, name, &symbol.name);

    if (st != KD_OK)
        return st;
    if (!make_room(&array, *count, cap, sizeof symbol))
        return isf_text_no_memory(&p->text);
    *symbols = array;
    (*symbols)[(*count)++] = symbol;
    return KD_OK;
}

static enum kd_status add_type(struct parser *p, const char *name, struct kdw_table_type *type)
{
    struct kdw_symbol_table *t = &p->isf->table;
    void *array = t->types;
    enum kd_status st = copy_text(p, name, &type->name);

    if (st != KD_OK)
        return st;
    if (!make_room(&array, t->type_count, &p->type_cap, sizeof *type))
        return isf_text_no_memory(&p->text);
    t->types = array;
    type->order = (uint32_t)t->type_count;
    t->types[t->type_count++] = *type;
    return KD_OK;
}

static enum kd_status add_shape(struct parser *p, const struct kdw_table_shape *shape,
                                uint32_t *out)
{
    struct kdw_symbol_table *t = &p->isf->table;
    void *array = t->shapes;

    if (!make_room(&array, t->shape_count, &p->shape_cap, sizeof *shape))
        return isf_text_no_memory(&p->text);
    t->shapes = array;
    *out = (uint32_t)t->shape_count;
    t->shapes[t->shape_count++] = *shape;
    return KD_OK;
}

/* ---- types ---- */

static enum kd_status take_shape(struct parser *p, const json_t *d, unsigned depth, uint32_t *out);

/* Half of all fields are of some base type: each has one shape, however often it is named. */
static enum kd_status take_base(struct parser *p, const char *name, uint32_t *out)
{
    struct kdw_table_shape shape = {.kind = KDW_TYPE_INT};
    enum kd_status st;

    for (size_t i = 0; i < p->base_count; i++) {
        if (strcmp(p->isf->table.shapes[p->bases[i]].name, name) == 0) {
            *out = p->bases[i];
            return KD_OK;
        }
    }
    st = copy_text(p, name, &shape.name);
    if (st == KD_OK)
        st = add_shape(p, &shape, out);
    if (st == KD_OK && p->base_count < BASES_MAX)
        p->bases[p->base_count++] = *out;
    return st;
}

static enum kd_status take_named(struct parser *p, const json_t *d, enum kdw_type_kind kind,
                                 uint32_t *out)
{
    struct kdw_table_shape shape = {.kind = kind};
    const char *name = isf_string(d, "name");
    enum kd_status st;

    if (!name)
        return isf_text_malformed(&p->text, "a type without its name");
    if (kind == KDW_TYPE_INT)
        return take_base(p, name, out);
    st = copy_text(p, name, &shape.name);
    return st == KD_OK ? add_shape(p, &shape, out) : st;
}

/* A type that is made of another one. */
static enum kd_status take_compound(struct parser *p, const json_t *d, enum kdw_type_kind kind,
                                    unsigned depth, uint32_t *out)
{
    struct kdw_table_shape shape = {.kind = kind};
    const char *inner = kind == KDW_TYPE_BITFIELD ? "type" : "subtype";
    json_int_t length = 0, position = 0;
    enum kd_status st;

    if (kind == KDW_TYPE_ARRAY && !isf_u32(d, "count", &shape.count))
        return isf_text_malformed(&p->text, "an array without its count");
    if (kind == KDW_TYPE_BITFIELD && (!isf_integer(d, "bit_length", 0, UINT8_MAX, &length) ||
                                      !isf_integer(d, "bit_position", 0, UINT8_MAX, &position)))
        return isf_text_malformed(&p->text, "a bit field without its place");
    shape.bit_length = (uint8_t)length;
    shape.bit_position = (uint8_t)position;
    st = take_shape(p, json_object_get(d, inner), depth + 1, &shape.target);
    return st == KD_OK ? add_shape(p, &shape, out) : st;
}

/* How a field, an element or a pointer's target is typed. */
static enum kd_status take_shape(struct parser *p, const json_t *d, unsigned depth, uint32_t *out)
{
    static const struct {
        const char *name;
        enum kdw_type_kind kind;
    } kinds[] = {{"base", KDW_TYPE_INT},         {"struct", KDW_TYPE_STRUCT},
                 {"class", KDW_TYPE_STRUCT},     {"union", KDW_TYPE_UNION},
                 {"enum", KDW_TYPE_ENUM},        {"pointer", KDW_TYPE_POINTER},
                 {"array", KDW_TYPE_ARRAY},      {"bitfield", KDW_TYPE_BITFIELD},
                 {"function", KDW_TYPE_FUNCTION}};
    struct kdw_table_shape shape = {.kind = KDW_TYPE_UNKNOWN};
    const char *name = isf_string(d, "kind");

    if (depth > DEPTH_MAX)
        return kd_diag_set(p->text.diag, KD_ERR_LIMIT, "a type of more than %d levels", DEPTH_MAX);
    if (!name)
        return isf_text_malformed(&p->text, "a type that does not say what it is");
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strcmp(kinds[i].name, name) == 0)
            shape.kind = kinds[i].kind;
    switch (shape.kind) {
    case KDW_TYPE_INT:
    case KDW_TYPE_STRUCT:
    case KDW_TYPE_UNION:
    case KDW_TYPE_ENUM:
        return take_named(p, d, shape.kind, out);
    case KDW_TYPE_POINTER:
    case KDW_TYPE_ARRAY:
    case KDW_TYPE_BITFIELD:
        return take_compound(p, d, shape.kind, depth, out);
    default: /* a function, or what a later schema may have */
        return add_shape(p, &shape, out);
    }
}

static enum kd_status take_field(struct parser *p, const char *name, const json_t *d,
                                 struct kdw_table_field *out)
{
    bool is_nameless = json_is_true(json_object_get(d, "anonymous"));

    if (!isf_u32(d, "offset", &out->offset))
        return isf_text_malformed(&p->text, "a field without its offset");
    if (is_nameless)
        out->name = "";
    else if (copy_text(p, name, &out->name) != KD_OK)
        return KD_ERR_NO_MEMORY;
    return take_shape(p, json_object_get(d, "type"), 0, &out->shape);
}

static enum kd_status take_fields(struct parser *p, json_t *members, struct kdw_table_type *type)
{
    size_t count = json_object_size(members); /* of what was parsed: no more than its text has */
    struct kdw_table_field *fields = kdw_arena_alloc(&p->isf->arena, count * sizeof *fields);
    const char *name;
    json_t *d;

    if (!fields)
        return isf_text_no_memory(&p->text);
    json_object_foreach(members, name, d)
    {
        enum kd_status st = take_field(p, name, d, &fields[type->count]);

        if (st != KD_OK)
            return st;
        type->count++;
    }
    kdw_table_sort_fields(fields, count, p->isf->table.shapes);
    type->of.fields = fields;
    return KD_OK;
}

static enum kd_status take_user_type(struct parser *p, const char *name, json_t *d)
{
    struct kdw_table_type type = {.space = KDW_SPACE_USER, .kind = KDW_TYPE_STRUCT};
    const char *kind = isf_string(d, "kind");
    json_t *members = json_object_get(d, "fields");
    enum kd_status st;

    if (!kind || !json_is_object(members) || !isf_u32(d, "size", &type.size))
        return isf_text_malformed(&p->text, "no user type");
    if (strcmp(kind, "union") == 0)
        type.kind = KDW_TYPE_UNION;
    st = take_fields(p, members, &type);
    return st == KD_OK ? add_type(p, name, &type) : st;
}

static enum kd_status take_constants(struct parser *p, json_t *constants,
                                     struct kdw_table_type *type)
{
    struct kdw_table_constant *all =
        kdw_arena_alloc(&p->isf->arena, json_object_size(constants) * sizeof *all);
    const char *name;
    json_t *value;

    if (!all)
        return isf_text_no_memory(&p->text);
    json_object_foreach(constants, name, value)
    {
        if (!json_is_integer(value))
            return isf_text_malformed(&p->text, "a constant that is no whole number");
        if (copy_text(p, name, &all[type->count].name) != KD_OK)
            return KD_ERR_NO_MEMORY;
        all[type->count++].value = json_integer_value(value);
    }
    type->of.constants = all;
    return KD_OK;
}

static enum kd_status take_enum(struct parser *p, const char *name, json_t *d)
{
    struct kdw_table_type type = {.space = KDW_SPACE_ENUM, .kind = KDW_TYPE_ENUM};
    const char *base = isf_string(d, "base");
    json_t *constants = json_object_get(d, "constants");
    enum kd_status st;

    if (!base || !json_is_object(constants) || !isf_u32(d, "size", &type.size))
        return isf_text_malformed(&p->text, "no enumeration");
    st = take_constants(p, constants, &type);
    if (st == KD_OK)
        st = copy_text(p, base, &type.underlying);
    return st == KD_OK ? add_type(p, name, &type) : st;
}

/* HRESULT is signed and wchar is not, whatever the converter says of them [seen][doc]. */
static enum kd_status take_base_type(struct parser *p, const char *name, json_t *d)
{
    struct kdw_table_type type = {.space = KDW_SPACE_BASE, .kind = KDW_TYPE_UNKNOWN};
    const char *kind = isf_string(d, "kind");

    if (!kind || !isf_u32(d, "size", &type.size))
        return isf_text_malformed(&p->text, "no base type");
    type.is_signed = json_is_true(json_object_get(d, "signed"));
    if (strcmp(kind, "int") == 0)
        type.kind = KDW_TYPE_INT;
    else if (strcmp(kind, "char") == 0)
        type.kind = KDW_TYPE_CHAR;
    else if (strcmp(kind, "bool") == 0)
        type.kind = KDW_TYPE_BOOL;
    else if (strcmp(kind, "float") == 0)
        type.kind = KDW_TYPE_FLOAT;
    else if (strcmp(kind, "void") == 0)
        type.kind = KDW_TYPE_VOID;
    if (strcmp(name, "wchar") == 0)
        type.kind = KDW_TYPE_WCHAR;
    if (type.kind == KDW_TYPE_WCHAR || type.kind == KDW_TYPE_VOID)
        type.is_signed = false;
    if (strcmp(name, "HRESULT") == 0)
        type.is_signed = true;
    return add_type(p, name, &type);
}

/* ---- symbols ---- */

/* The converter takes one '_', '@' or 0x7F off the front of a name, and "@N" off its end, and then
 * says what it was in linkage_name. Where that made two names equal, a shortened one gives way. */
static enum kd_status take_symbol(struct parser *p, const char *name, json_t *d)
{
    struct kdw_symbol_table *t = &p->isf->table;
    const char *linkage_name = isf_string(d, "linkage_name");
    uint32_t rva;
    enum kd_status st;

    if (!isf_u32(d, "address", &rva))
        return isf_text_malformed(&p->text, "a symbol without its address in the image");
    st = add_symbol(p, &t->by_name, &t->symbol_count, &p->symbol_cap,
                    linkage_name ? linkage_name : name, rva);
    if (st == KD_OK && linkage_name)
        st = add_symbol(p, &t->aliases, &t->alias_count, &p->alias_cap, name, rva);
    return st;
}

/* ---- the file ---- */

static enum kd_status take_metadata(struct parser *p)
{
    const json_t *pdb;
    const char *format, *guid, *name;
    json_int_t age;
    json_t *d;
    enum kd_status st = isf_text_value(&p->text, &d);

    if (st != KD_OK)
        return st;
    format = isf_string(d, "format");
    pdb = json_object_get(json_object_get(d, "windows"), "pdb");
    guid = isf_string(pdb, "GUID");
    name = isf_string(pdb, "database");
    if (!format || format[0] < '0' + FORMAT_OLDEST || format[0] > '0' + FORMAT_NEWEST ||
        format[1] != '.')
        st = kd_diag_set(p->text.diag, KD_ERR_UNSUPPORTED,
                         "an ISF file of another version than %d to %d", FORMAT_OLDEST,
                         FORMAT_NEWEST);
    else if (!pdb)
        st = kd_diag_set(p->text.diag, KD_ERR_UNSUPPORTED,
                         "an ISF file that was not made from a PDB");
    else if (!guid || !kdw_pdb_guid_parse(guid, p->isf->id.guid) ||
             !isf_integer(pdb, "age", 0, UINT32_MAX, &age) || !name || !kdw_pdb_name_is_safe(name))
        st = isf_text_malformed(&p->text, "a PDB without its identity");
    if (st == KD_OK) {
        p->isf->id.age = (uint32_t)age;
        memcpy(p->isf->id.name, name, strlen(name) + 1);
        p->has_id = true;
    }
    json_decref(d);
    return st;
}

struct section {
    const char *name;
    enum kd_status (*take)(struct parser *p, const char *name, json_t *d);
};

struct entries {
    struct parser *p;
    const struct section *section;
};

static enum kd_status take_entry(void *ctx, const char *name)
{
    struct entries *e = ctx;
    json_t *d;
    enum kd_status st = isf_text_value(&e->p->text, &d);

    if (st != KD_OK)
        return st;
    st = e->section->take(e->p, name, d);
    json_decref(d);
    return st;
}

static enum kd_status take_section(void *ctx, const char *name)
{
    static const struct section sections[] = {{"base_types", take_base_type},
                                              {"enums", take_enum},
                                              {"symbols", take_symbol},
                                              {"user_types", take_user_type}};
    struct parser *p = ctx;
    json_t *unknown;
    enum kd_status st;

    if (strcmp(name, "metadata") == 0)
        return take_metadata(p);
    for (size_t i = 0; i < sizeof sections / sizeof sections[0]; i++) {
        struct entries e = {p, &sections[i]};

        if (strcmp(name, sections[i].name) == 0)
            return isf_text_members(&p->text, take_entry, &e);
    }
    st = isf_text_value(&p->text, &unknown);
    if (st == KD_OK)
        json_decref(unknown);
    return st;
}

enum kd_status kdw_isf_parse(const char *text, size_t len, struct kdw_isf *out)
{
    struct parser p = {.isf = out, .text = isf_text_of(text, len, out->table.diag)};
    enum kd_status st = isf_text_members(&p.text, take_section, &p);

    if (st == KD_OK)
        st = isf_text_end(&p.text);
    if (st != KD_OK)
        return st;
    if (!p.has_id)
        return kd_diag_set(out->table.diag, KD_ERR_MALFORMED, "no ISF file: it has no metadata");
    kdw_symbol_table_finish(&out->table);
    return KD_OK;
}
