#include "dt.h"

#include "text.h"

#include <walker/object.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    ROWS_MAX = 16384, /* the largest kernel structures have a few hundred fields */
    NESTING_MAX = 8,  /* arrays of pointers to pointers ...: enough for any of them */
    CHARS_MAX = 256,  /* a character array shows that much of itself */
    VALUE_MAX = 16,   /* bytes of the largest plain value */
};

struct collector {
    struct kdw_kernel *k;
    struct dt *dt;
    size_t cap;
    enum kd_status status;
};

/* An address as WinDbg writes it: two halves and a backtick. */
static void add_address(struct text *t, uint64_t va)
{
    text_add(t, "0x%08" PRIx32 "`%08" PRIx32, (uint32_t)(va >> 32), (uint32_t)va);
}

static uint64_t little_endian(const uint8_t *bytes, size_t len)
{
    uint64_t v = 0;

    for (size_t i = len < 8 ? len : 8; i-- > 0;)
        v = v << 8 | bytes[i];
    return v;
}

static int64_t sign_extended(uint64_t v, uint64_t size)
{
    unsigned shift = size < 8 ? 64 - (unsigned)size * 8 : 0;

    return (int64_t)(v << shift) >> shift;
}

/* --- types -------------------------------------------------------------------------------------
 */

static void add_int_name(struct text *t, const struct kdw_type *type)
{
    text_add(t, "%s%" PRIu64 "B", type->is_signed ? "Int" : "Uint", type->size);
}

static void add_type_name(struct text *t, struct kdw_kernel *k, kdw_type_id id, int depth)
{
    struct kdw_type type;

    if (depth > NESTING_MAX || kdw_type_describe(k->symbols, id, &type) != KD_OK) {
        text_add(t, "?");
        return;
    }
    switch (type.kind) {
    case KDW_TYPE_UNKNOWN:
        text_add(t, "?");
        break;
    case KDW_TYPE_VOID:
        text_add(t, "Void");
        break;
    case KDW_TYPE_INT:
        add_int_name(t, &type);
        break;
    case KDW_TYPE_CHAR:
        text_add(t, type.is_signed ? "Char" : "UChar");
        break;
    case KDW_TYPE_WCHAR:
        text_add(t, "Wchar");
        break;
    case KDW_TYPE_BOOL:
        text_add(t, "Bool");
        break;
    case KDW_TYPE_FLOAT:
        text_add(t, type.size == 4 ? "Float" : "Double");
        break;
    case KDW_TYPE_FUNCTION:
        text_add(t, "function");
        break;
    case KDW_TYPE_STRUCT:
    case KDW_TYPE_UNION:
    case KDW_TYPE_ENUM:
        text_add(t, "%s", type.name ? type.name : "?");
        break;
    case KDW_TYPE_POINTER:
        text_add(t, "Ptr64 ");
        add_type_name(t, k, type.target, depth + 1);
        break;
    case KDW_TYPE_ARRAY:
        text_add(t, "[%" PRIu64 "] ", type.count);
        add_type_name(t, k, type.target, depth + 1);
        break;
    case KDW_TYPE_BITFIELD:
        text_add(t, "Pos %u, %u Bit%s", type.bit_position, type.bit_length,
                 type.bit_length == 1 ? "" : "s");
        break;
    }
}

/* --- values ------------------------------------------------------------------------------------
 */

struct place { /* where a value stands, and what became of reading it */
    struct kdw_kernel *k;
    uint64_t fault_va;
};

static enum kd_status read_at(struct place *p, uint64_t va, void *buf, size_t len)
{
    return kdw_mem_read(p->k->mem, va, buf, len, &p->fault_va);
}

static enum kd_status read_integer(struct place *p, uint64_t va, uint64_t size, uint64_t *out)
{
    uint8_t bytes[8];
    enum kd_status st;

    if (size == 0 || size > sizeof bytes)
        return KD_ERR_UNSUPPORTED;
    st = read_at(p, va, bytes, (size_t)size);
    if (st == KD_OK)
        *out = little_endian(bytes, (size_t)size);
    return st;
}

static void add_unsigned(struct text *t, uint64_t v)
{
    text_add(t, v < 10 ? "%" PRIu64 : "0x%" PRIx64, v);
}

static void add_character(struct text *t, const struct kdw_type *type, uint64_t v)
{
    bool is_printable = v >= 0x20 && v < 0x7f;

    if (v == 0)
        text_add(t, "0 ''");
    else if (type->is_signed)
        text_add(t, "0n%" PRId64 " '%.*s'", sign_extended(v, 1), is_printable,
                 (char[]){(char)v, 0});
    else
        text_add(t, "0x%" PRIx64 " '%.*s'", v, is_printable, (char[]){(char)v, 0});
}

static enum kd_status add_integer(struct text *t, struct place *p, const struct kdw_type *type,
                                  uint64_t va)
{
    uint64_t v;
    enum kd_status st = read_integer(p, va, type->size, &v);

    if (st != KD_OK)
        return st;
    if (type->kind == KDW_TYPE_CHAR)
        add_character(t, type, v);
    else if (type->is_signed)
        text_add(t, "0n%" PRId64, sign_extended(v, type->size));
    else
        add_unsigned(t, v);
    return KD_OK;
}

static enum kd_status add_float(struct text *t, struct place *p, const struct kdw_type *type,
                                uint64_t va)
{
    uint64_t v;
    double wide;
    float narrow;
    enum kd_status st = read_integer(p, va, type->size, &v);

    if (st != KD_OK)
        return st;
    if (type->size == sizeof narrow) {
        uint32_t half = (uint32_t)v;

        memcpy(&narrow, &half, sizeof narrow);
        wide = (double)narrow;
    } else {
        memcpy(&wide, &v, sizeof wide);
    }
    text_add(t, "%g", wide);
    return KD_OK;
}

static enum kd_status add_bits(struct text *t, struct place *p, const struct kdw_type *type,
                               uint64_t va)
{
    struct kdw_type base;
    uint64_t v;
    enum kd_status st = kdw_type_describe(p->k->symbols, type->target, &base);

    if (st == KD_OK)
        st = read_integer(p, va, base.size, &v);
    if (st != KD_OK)
        return st;
    text_add(t, "0y");
    for (unsigned bit = type->bit_length; bit-- > 0;) {
        unsigned at = type->bit_position + bit;

        text_add(t, "%d", at < 64 && (v >> at & 1));
    }
    return KD_OK;
}

static enum kd_status add_enum(struct text *t, struct place *p, kdw_type_id id,
                               const struct kdw_type *type, uint64_t va)
{
    const char *name;
    uint64_t v;
    int64_t number;
    enum kd_status st = read_integer(p, va, type->size, &v);

    if (st != KD_OK)
        return st;
    number = sign_extended(v, type->size);
    if (kdw_type_enum_name(p->k->symbols, id, number, &name) != KD_OK)
        name = "No matching name";
    text_add(t, "%" PRId64 " ( %s )", number, name);
    return KD_OK;
}

static enum kd_status add_guid(struct text *t, struct place *p, uint64_t va)
{
    uint8_t g[16];
    enum kd_status st = read_at(p, va, g, sizeof g);

    if (st != KD_OK)
        return st;
    text_add(t, "_GUID {%08" PRIx64 "-%04" PRIx64 "-%04" PRIx64 "-%02x%02x-", little_endian(g, 4),
             little_endian(g + 4, 2), little_endian(g + 6, 2), g[8], g[9]);
    for (size_t i = 10; i < sizeof g; i++)
        text_add(t, "%02x", g[i]);
    text_add(t, "}");
    return KD_OK;
}

static enum kd_status add_list_entry(struct text *t, struct place *p, uint64_t va)
{
    uint64_t flink, blink;
    enum kd_status st = read_integer(p, va, 8, &flink);

    if (st == KD_OK)
        st = read_integer(p, va + 8, 8, &blink);
    if (st != KD_OK)
        return st;
    text_add(t, "_LIST_ENTRY [ ");
    add_address(t, flink);
    text_add(t, " - ");
    add_address(t, blink);
    text_add(t, " ]");
    return KD_OK;
}

static enum kd_status add_unicode_string(struct text *t, struct place *p, uint64_t va)
{
    struct kdw_text string;
    enum kd_status st = kdw_unicode_read(p->k->mem, va, &string);

    if (st != KD_OK) {
        p->fault_va = string.fault_va;
        return st;
    }
    text_add(t, "_UNICODE_STRING \"");
    text_add_escaped(t, string.utf8, strlen(string.utf8));
    text_add(t, "\"");
    kdw_text_free(&string);
    return KD_OK;
}

static enum kd_status add_structure(struct text *t, struct place *p, const struct kdw_type *type,
                                    uint64_t va)
{
    const char *name = type->name ? type->name : "?";
    uint64_t v;
    enum kd_status st;

    if (strcmp(name, "_GUID") == 0)
        return add_guid(t, p, va);
    if (strcmp(name, "_LIST_ENTRY") == 0)
        return add_list_entry(t, p, va);
    if (strcmp(name, "_UNICODE_STRING") == 0)
        return add_unicode_string(t, p, va);
    if (strcmp(name, "_LARGE_INTEGER") == 0 || strcmp(name, "_ULARGE_INTEGER") == 0) {
        st = read_integer(p, va, 8, &v);
        if (st == KD_OK)
            text_add(t, "%s 0x%" PRIx64, name, v);
        return st;
    }
    text_add(t, "%s", name);
    return KD_OK;
}

static enum kd_status add_value(struct text *t, struct place *p, kdw_type_id id, uint64_t va,
                                int depth);

/* A pointer, and, where it leads to another pointer, what that one holds. */
static enum kd_status add_pointer(struct text *t, struct place *p, const struct kdw_type *type,
                                  uint64_t va, int depth)
{
    struct kdw_type target;
    uint64_t v;
    enum kd_status st = read_integer(p, va, 8, &v);

    if (st != KD_OK)
        return st;
    if (v == 0) {
        text_add(t, "(null)");
        return KD_OK;
    }
    add_address(t, v);
    if (kdw_type_describe(p->k->symbols, type->target, &target) != KD_OK)
        return KD_OK;
    if (target.kind == KDW_TYPE_POINTER && depth < NESTING_MAX) {
        struct place there = *p;

        text_add(t, "  -> ");
        if (add_pointer(t, &there, &target, v, depth + 1) != KD_OK)
            text_add(t,
                     "????????`????????"); /* the pointer itself was read: no gap of this field */
    } else if (target.kind != KDW_TYPE_FUNCTION) {
        text_add(t, " ");
        add_type_name(t, p->k, type->target, 0);
    }
    return KD_OK;
}

static enum kd_status add_characters(struct text *t, struct place *p, uint64_t count, uint64_t va)
{
    char chars[CHARS_MAX];
    size_t len = count < sizeof chars ? (size_t)count : sizeof chars;
    enum kd_status st = read_at(p, va, chars, len);
    const char *end;

    if (st != KD_OK)
        return st;
    end = memchr(chars, '\0', len);
    text_add(t, " \"");
    text_add_escaped(t, chars, end ? (size_t)(end - chars) : len);
    text_add(t, "\"");
    return KD_OK;
}

static enum kd_status add_array(struct text *t, struct place *p, const struct kdw_type *type,
                                uint64_t va, int depth)
{
    struct kdw_type element;

    text_add(t, "[%" PRIu64 "] ", type->count);
    if (type->count == 0)
        return KD_OK;
    if (kdw_type_describe(p->k->symbols, type->target, &element) != KD_OK)
        return KD_OK;
    if (element.kind == KDW_TYPE_STRUCT || element.kind == KDW_TYPE_UNION) {
        text_add(t, "%s", element.name ? element.name : "?");
        return KD_OK;
    }
    if (element.kind == KDW_TYPE_CHAR)
        return add_characters(t, p, type->count, va);
    return add_value(t, p, type->target, va, depth + 1);
}

static enum kd_status add_value(struct text *t, struct place *p, kdw_type_id id, uint64_t va,
                                int depth)
{
    struct kdw_type type;
    enum kd_status st = kdw_type_describe(p->k->symbols, id, &type);

    if (st != KD_OK)
        return st;
    if (depth > NESTING_MAX)
        return KD_ERR_LIMIT;
    switch (type.kind) {
    case KDW_TYPE_INT:
        if (type.size > VALUE_MAX / 2)
            break;
        return add_integer(t, p, &type, va);
    case KDW_TYPE_CHAR:
    case KDW_TYPE_WCHAR:
    case KDW_TYPE_BOOL:
        return add_integer(t, p, &type, va);
    case KDW_TYPE_FLOAT:
        return add_float(t, p, &type, va);
    case KDW_TYPE_POINTER:
        return add_pointer(t, p, &type, va, depth);
    case KDW_TYPE_ARRAY:
        return add_array(t, p, &type, va, depth);
    case KDW_TYPE_STRUCT:
    case KDW_TYPE_UNION:
        return add_structure(t, p, &type, va);
    case KDW_TYPE_ENUM:
        return add_enum(t, p, id, &type, va);
    case KDW_TYPE_BITFIELD:
        return add_bits(t, p, &type, va);
    case KDW_TYPE_UNKNOWN:
    case KDW_TYPE_VOID:
    case KDW_TYPE_FUNCTION:
        break;
    }
    add_type_name(t, p->k, id, 0); /* no value to show: its type stands for it */
    return KD_OK;
}

/* --- rows --------------------------------------------------------------------------------------
 */

static void free_row(struct dt_row *row)
{
    free(row->name);
    free(row->type);
    free(row->value);
}

static enum kd_status add_row(struct collector *c, struct dt_row row)
{
    struct dt *dt = c->dt;

    if (!row.name || !row.type) {
        free_row(&row);
        return KD_ERR_NO_MEMORY;
    }
    if (dt->len == ROWS_MAX) {
        free_row(&row);
        return kd_diag_set(c->k->diag, KD_ERR_LIMIT, "%s has more than %d fields", dt->type_name,
                           ROWS_MAX);
    }
    if (dt->len == c->cap) {
        size_t cap = c->cap ? 2 * c->cap : 32;
        struct dt_row *grown = realloc(dt->rows, cap * sizeof *grown);

        if (!grown) {
            free_row(&row);
            return KD_ERR_NO_MEMORY;
        }
        dt->rows = grown;
        c->cap = cap;
    }
    dt->rows[dt->len++] = row;
    return KD_OK;
}

static char *copy(const char *chars)
{
    struct text t = {0};

    text_add(&t, "%s", chars);
    return text_take(&t);
}

static bool collect_field(void *ctx, const struct kdw_field *field)
{
    struct collector *c = ctx;
    struct dt_row row = {.offset = field->offset, .name = copy(field->name)};
    struct text t = {0};

    add_type_name(&t, c->k, field->type, 0);
    row.type = text_take(&t);
    if (c->dt->has_address) {
        struct place place = {c->k, 0};
        struct text value = {0};

        row.status = add_value(&value, &place, field->type, c->dt->va + field->offset, 0);
        row.fault_va = place.fault_va;
        row.value = text_take(&value);
        if (row.status != KD_OK) {
            free(row.value);
            row.value = NULL;
            c->dt->has_gaps = true;
        }
        if (kdw_ends_walk(row.status))
            c->status = row.status;
    }
    if (c->status == KD_OK)
        c->status = add_row(c, row);
    else
        free_row(&row);
    return c->status == KD_OK;
}

enum kd_status dt_collect(struct kdw_kernel *k, const char *type_name, bool has_address,
                          uint64_t va, struct dt *out)
{
    struct dt dt = {.has_address = has_address, .va = va};
    struct collector c = {.k = k, .dt = &dt, .status = KD_OK};
    kdw_type_id id;
    struct kdw_type type;
    enum kd_status st = kdw_type_by_name(k->symbols, type_name, &id);

    if (st != KD_OK)
        return kd_diag_set(k->diag, st, "the symbols know no type %s", type_name);
    st = kdw_type_describe(k->symbols, id, &type);
    if (st != KD_OK)
        return kd_diag_add(k->diag, st, "%s", type_name);
    if (type.kind != KDW_TYPE_STRUCT && type.kind != KDW_TYPE_UNION)
        return kd_diag_set(k->diag, KD_ERR_UNSUPPORTED, "%s is no structure or union", type_name);
    dt.size = type.size;
    dt.type_name = copy(type_name);
    if (!dt.type_name)
        return KD_ERR_NO_MEMORY;
    st = kdw_type_each_field(k->symbols, id, collect_field, &c);
    if (st == KD_OK)
        st = c.status;
    if (st != KD_OK) {
        dt_free(&dt);
        return kd_diag_add(k->diag, st, "%s", type_name);
    }
    *out = dt;
    return KD_OK;
}

void dt_free(struct dt *dt)
{
    for (size_t i = 0; i < dt->len; i++)
        free_row(&dt->rows[i]);
    free(dt->rows);
    free(dt->type_name);
    *dt = (struct dt){0};
}
