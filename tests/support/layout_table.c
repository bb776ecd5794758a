#include "layout_table.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { FIRST_ADDRESS = 5 }; /* column of kernels.csv */

static const struct base {
    const char *name;
    enum kdw_type_kind kind;
    bool is_signed;
    uint64_t size;
} bases[] = {
    {"unsigned char", KDW_TYPE_CHAR, false, 1},
    {"char", KDW_TYPE_CHAR, true, 1},
    {"unsigned short", KDW_TYPE_INT, false, 2},
    {"short", KDW_TYPE_INT, true, 2},
    {"unsigned long", KDW_TYPE_INT, false, 4},
    {"long", KDW_TYPE_INT, true, 4},
    {"unsigned int", KDW_TYPE_INT, false, 4},
    {"int", KDW_TYPE_INT, true, 4},
    {"unsigned long long", KDW_TYPE_INT, false, 8},
    {"long long", KDW_TYPE_INT, true, 8},
    {"HRESULT", KDW_TYPE_INT, true, 4},
    {"wchar", KDW_TYPE_WCHAR, false, 2},
    {"wchar_t", KDW_TYPE_WCHAR, false, 2},
    {"double", KDW_TYPE_FLOAT, true, 8},
    {"void", KDW_TYPE_VOID, false, 0},
};

static const struct base *base_named(const char *name)
{
    for (size_t i = 0; i < sizeof bases / sizeof bases[0]; i++)
        if (strcmp(bases[i].name, name) == 0)
            return &bases[i];
    return NULL;
}

static bool is_unnamed(const struct kdw_type *t)
{
    return t->name &&
           (strcmp(t->name, "<unnamed-tag>") == 0 || strcmp(t->name, "<anonymous-tag>") == 0);
}

/* The last `count` characters cut off. */
static void shorten(char *text, size_t count)
{
    text[strlen(text) - count] = '\0';
}

/* Does a type read as a table spells it? text is used up. */
static bool type_reads(struct kdw_symbols *s, kdw_type_id id, char *text)
{
    char *bracket = strchr(text, '[');
    const struct base *base;
    struct kdw_type t;

    if (kdw_type_describe(s, id, &t) != KD_OK)
        return false;
    if (bracket) { /* the first dimension is the outermost */
        uint64_t count = strtoull(bracket + 1, &bracket, 10);

        if (t.kind != KDW_TYPE_ARRAY || t.count != count)
            return false;
        memmove(strchr(text, '['), bracket + 1, strlen(bracket + 1) + 1);
        return type_reads(s, t.target, text);
    }
    if (text[strlen(text) - 1] == '*') {
        shorten(text, 1);
        return t.kind == KDW_TYPE_POINTER && t.size == 8 && type_reads(s, t.target, text);
    }
    if (strcmp(text, "fnptr") == 0)
        return t.kind == KDW_TYPE_POINTER && kdw_type_describe(s, t.target, &t) == KD_OK &&
               t.kind == KDW_TYPE_FUNCTION;
    if (strchr(text, ':')) /* struct:8 */
        return is_unnamed(&t) && (t.kind == KDW_TYPE_UNION) == (text[0] == 'u') &&
               t.size == strtoull(strchr(text, ':') + 1, NULL, 16);
    base = base_named(text);
    if (base)
        return t.kind == base->kind && t.is_signed == base->is_signed && t.size == base->size;
    return t.name && strcmp(t.name, text) == 0;
}

static bool field_agrees(struct kdw_symbols *s, const struct kdw_field *f, const struct csv *row)
{
    const char *spelled = csv_text(row, "field_type");
    struct kdw_type t;
    char text[256];

    snprintf(text, sizeof text, "%s", spelled);
    if (f->offset != csv_number(row, "offset") || kdw_type_describe(s, f->type, &t) != KD_OK)
        return false;
    if (spelled[0] == '\0' || strcmp(spelled, "struct") == 0)
        return t.kind == KDW_TYPE_UNKNOWN; /* the table does not know either */
    if (csv_text(row, "bit_size")[0] == '\0')
        return t.kind != KDW_TYPE_BITFIELD && type_reads(s, f->type, text);
    return t.kind == KDW_TYPE_BITFIELD && t.bit_position == csv_number(row, "bit_offset") &&
           t.bit_length == csv_number(row, "bit_size") && type_reads(s, t.target, text);
}

/* One line; true: the symbols have the field. */
static bool check_line(struct kdw_symbols *s, const char *path, const struct csv *row,
                       bool may_lack)
{
    const char *type_name = csv_text(row, "type"), *field_name = csv_text(row, "field");
    uint64_t size = csv_number(row, "size");
    struct kdw_field f;
    struct kdw_type t;
    kdw_type_id type;
    enum kd_status st = kdw_type_by_name(s, type_name, &type);

    if (size == 0) /* opaque */
        return false;
    if (st == KD_OK)
        st = kdw_type_describe(s, type, &t);
    if (st == KD_OK && t.size != size && !(may_lack && t.size == 0))
        fail_msg("%s: %s has 0x%" PRIx64 " bytes", path, type_name, t.size);
    if (st == KD_OK)
        st = kdw_type_field(s, type, field_name, &f);
    if (st == KD_ERR_NOT_FOUND && may_lack)
        return false;
    if (st != KD_OK)
        fail_msg("%s: no %s.%s", path, type_name, field_name);
    if (!field_agrees(s, &f, row))
        fail_msg("%s: %s.%s at 0x%" PRIx64 " is not %s at %s", path, type_name, field_name,
                 f.offset, csv_text(row, "field_type"), csv_text(row, "offset"));
    return true;
}

static size_t check_file(struct kdw_symbols *s, const char *path, bool may_lack)
{
    struct csv row;
    size_t fields = 0;

    if (!csv_open(&row, path))
        return 0;
    while (csv_next(&row))
        fields += check_line(s, path, &row, may_lack);
    csv_close(&row);
    return fields;
}

size_t layout_table_check(struct kdw_symbols *s, const char *path)
{
    return check_file(s, path, false);
}

size_t layout_table_check_partly(struct kdw_symbols *s, const char *path)
{
    return check_file(s, path, true);
}

size_t layout_table_check_addresses(struct kdw_symbols *s, const struct csv *kernels)
{
    size_t count = 0;

    for (size_t i = FIRST_ADDRESS; i < kernels->columns; i++) {
        uint64_t rva = 0;

        if (kernels->cells[i][0] == '\0')
            continue;
        if (kdw_symbol(s, kernels->names[i], &rva) != KD_OK ||
            rva != strtoull(kernels->cells[i], NULL, 16))
            fail_msg("%s: %s is at 0x%" PRIx64 ", not at %s", kernels->cells[0], kernels->names[i],
                     rva, kernels->cells[i]);
        count++;
    }
    return count;
}
