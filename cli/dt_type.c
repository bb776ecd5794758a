#include "dt_value.h"

#include <inttypes.h>
#include <string.h>

/* What compilers and converters call a type without a tag: "<unnamed-tag>", "<anonymous-tag>",
 * "_X::<unnamed-type-u>" [seen], "__unnamed_1f3a" [doc]. */
static bool is_made_up(const char *tag)
{
    static const char unnamed[] = "__unnamed";

    return tag[0] == '<' || strstr(tag, "::<") || strncmp(tag, unnamed, sizeof unnamed - 1) == 0;
}

void dt_add_tag(struct text *t, const struct kdw_type *type)
{
    if (type->name && is_made_up(type->name))
        text_add(t, "<unnamed-tag>");
    else if (type->name)
        text_add_escaped(t, type->name, strlen(type->name));
    else
        text_add(t, "?");
}

static void add_int_name(struct text *t, const struct kdw_type *type)
{
    text_add(t, "%s%" PRIu64 "B", type->is_signed ? "Int" : "Uint", type->size);
}

static void add_float_name(struct text *t, const struct kdw_type *type)
{
    if (type->size == sizeof(float))
        text_add(t, "Float");
    else if (type->size == sizeof(double))
        text_add(t, "Double");
    else
        text_add(t, "Float%" PRIu64 "B", type->size); /* no kernel structure has these */
}

static void add_type(struct text *t, struct kdw_kernel *k, kdw_type_id id, int depth)
{
    struct kdw_type type;

    if (depth > DT_NESTING_MAX || kdw_type_describe(k->symbols, id, &type) != KD_OK) {
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
        add_float_name(t, &type);
        break;
    case KDW_TYPE_FUNCTION:
        text_add(t, "function");
        break;
    case KDW_TYPE_STRUCT:
    case KDW_TYPE_UNION:
    case KDW_TYPE_ENUM:
        dt_add_tag(t, &type);
        break;
    case KDW_TYPE_POINTER:
        text_add(t, "Ptr%" PRIu64 " ", 8 * type.size);
        add_type(t, k, type.target, depth + 1);
        break;
    case KDW_TYPE_ARRAY:
        text_add(t, "[%" PRIu64 "] ", type.count);
        add_type(t, k, type.target, depth + 1);
        break;
    case KDW_TYPE_BITFIELD:
        text_add(t, "Pos %u, %u Bit%s", type.bit_position, type.bit_length,
                 type.bit_length == 1 ? "" : "s");
        break;
    }
}

void dt_add_type(struct text *t, struct kdw_kernel *k, kdw_type_id id)
{
    add_type(t, k, id, 0);
}
