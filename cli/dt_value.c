#include "dt_value.h"

#include <walker/object.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { CHARS_MAX = 256 }; /* a character array shows that much of itself */

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
    enum kd_status st = read_integer(p, va, type->size, &v);

    if (st != KD_OK)
        return st;
    if (kdw_type_enum_name(p->k->symbols, id, sign_extended(v, type->size), &name) != KD_OK) {
        add_unsigned(t, v);
        text_add(t, " (No matching name)");
        return KD_OK;
    }
    if (type->is_signed)
        text_add(t, "%" PRId64 " ( ", sign_extended(v, type->size));
    else
        text_add(t, "%" PRIu64 " ( ", v);
    text_add_escaped(t, name, strlen(name));
    text_add(t, " )");
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
    dt_add_tag(t, type);
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
    enum kd_status st = read_integer(p, va, type->size, &v);

    if (st != KD_OK)
        return st;
    if (v == 0) {
        text_add(t, "(null)");
        return KD_OK;
    }
    add_address(t, v);
    if (kdw_type_describe(p->k->symbols, type->target, &target) != KD_OK)
        return KD_OK;
    if (target.kind == KDW_TYPE_POINTER && depth < DT_NESTING_MAX) {
        struct place there = *p;

        text_add(t, "  -> ");
        if (add_pointer(t, &there, &target, v, depth + 1) != KD_OK)
            text_add(t,
                     "????????`????????"); /* the pointer itself was read: no gap of this field */
    } else if (target.kind != KDW_TYPE_FUNCTION) {
        text_add(t, " ");
        dt_add_type(t, p->k, type->target);
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

static enum kd_status add_wide_characters(struct text *t, struct place *p, uint64_t count,
                                          uint64_t va)
{
    uint8_t units[2 * CHARS_MAX];
    size_t len = count < CHARS_MAX ? 2 * (size_t)count : sizeof units;
    struct kdw_text string;
    size_t used = 0;
    enum kd_status st = read_at(p, va, units, len);

    if (st != KD_OK)
        return st;
    while (used < len && (units[used] || units[used + 1]))
        used += 2;
    st = kdw_utf16_text(units, used, &string);
    if (st != KD_OK)
        return st;
    text_add(t, " \"");
    text_add_escaped(t, string.utf8, strlen(string.utf8));
    text_add(t, "\"");
    kdw_text_free(&string);
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
        dt_add_tag(t, &element);
        return KD_OK;
    }
    if (element.kind == KDW_TYPE_CHAR)
        return add_characters(t, p, type->count, va);
    if (element.kind == KDW_TYPE_WCHAR)
        return add_wide_characters(t, p, type->count, va);
    return add_value(t, p, type->target, va, depth + 1);
}

static enum kd_status add_value(struct text *t, struct place *p, kdw_type_id id, uint64_t va,
                                int depth)
{
    struct kdw_type type;
    enum kd_status st = kdw_type_describe(p->k->symbols, id, &type);

    if (st != KD_OK)
        return st;
    if (depth > DT_NESTING_MAX)
        return KD_ERR_LIMIT;
    switch (type.kind) {
    case KDW_TYPE_INT:
        if (type.size > sizeof(uint64_t))
            break;
        return add_integer(t, p, &type, va);
    case KDW_TYPE_CHAR:
    case KDW_TYPE_WCHAR:
    case KDW_TYPE_BOOL:
        return add_integer(t, p, &type, va);
    case KDW_TYPE_FLOAT:
        if (type.size != sizeof(float) && type.size != sizeof(double))
            break;
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
    dt_add_type(t, p->k, id); /* no value to show: its type stands for it */
    return KD_OK;
}

enum kd_status dt_add_value(struct text *t, struct kdw_kernel *k, kdw_type_id id, uint64_t va,
                            uint64_t *fault_va)
{
    struct place place = {k, 0};
    enum kd_status st = add_value(t, &place, id, va, 0);

    if (st != KD_OK)
        *fault_va = place.fault_va;
    return st;
}
