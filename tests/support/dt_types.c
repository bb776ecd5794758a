#include "support/dt_types.h"

#include <string.h>

static const struct kdw_type types[TYPES] = {
    [UINT4] = {.kind = KDW_TYPE_INT, .size = 4},
    [UINT2] = {.kind = KDW_TYPE_INT, .size = 2},
    [INT4] = {.kind = KDW_TYPE_INT, .size = 4, .is_signed = true},
    [UCHAR] = {.kind = KDW_TYPE_CHAR, .size = 1},
    [CHAR] = {.kind = KDW_TYPE_CHAR, .size = 1, .is_signed = true},
    [PTR_STRUCT] = {.kind = KDW_TYPE_POINTER, .size = 8, .target = STRUCT},
    [PTR_PTR] = {.kind = KDW_TYPE_POINTER, .size = 8, .target = PTR_STRUCT},
    [ARRAY_U2] = {.kind = KDW_TYPE_ARRAY, .size = 16, .target = UINT2, .count = 8},
    [ARRAY_PTR] = {.kind = KDW_TYPE_ARRAY, .size = 512, .target = PTR_STRUCT, .count = 64},
    [ARRAY_STRUCT] = {.kind = KDW_TYPE_ARRAY, .size = 64, .target = STRUCT, .count = 64},
    [ARRAY_UCHAR] = {.kind = KDW_TYPE_ARRAY, .size = 15, .target = UCHAR, .count = 15},
    [STRUCT] = {.kind = KDW_TYPE_STRUCT, .size = 64, .name = "_THING"},
    [LIST] = {.kind = KDW_TYPE_STRUCT, .size = 16, .name = "_LIST_ENTRY"},
    [GUID] = {.kind = KDW_TYPE_STRUCT, .size = 16, .name = "_GUID"},
    [LARGE] = {.kind = KDW_TYPE_UNION, .size = 8, .name = "_LARGE_INTEGER"},
    [UNICODE] = {.kind = KDW_TYPE_STRUCT, .size = 16, .name = "_UNICODE_STRING"},
    [ENUM] =
        {.kind = KDW_TYPE_ENUM, .size = 4, .is_signed = true, .name = "_STATE", .target = INT4},
    [BITS] =
        {.kind = KDW_TYPE_BITFIELD, .size = 4, .target = UINT4, .bit_position = 3, .bit_length = 3},
    [FUNCTION] = {.kind = KDW_TYPE_FUNCTION},
    [PTR_FUNCTION] = {.kind = KDW_TYPE_POINTER, .size = 8, .target = FUNCTION},
    [PTR_VOID] = {.kind = KDW_TYPE_POINTER, .size = 8, .target = VOID},
    [VOID] = {.kind = KDW_TYPE_VOID},
    [INT16] = {.kind = KDW_TYPE_INT, .size = 16, .is_signed = true},
    [WCHAR] = {.kind = KDW_TYPE_WCHAR, .size = 2},
    [ARRAY_WCHAR] = {.kind = KDW_TYPE_ARRAY, .size = 520, .target = WCHAR, .count = 260},
    [ARRAY_CHAR] = {.kind = KDW_TYPE_ARRAY, .size = 4, .target = CHAR, .count = 4},
    [ARRAY_ARRAY] = {.kind = KDW_TYPE_ARRAY, .size = 48, .target = ARRAY_U2, .count = 3},
    [ARRAY_FUNCTION] = {.kind = KDW_TYPE_ARRAY, .size = 224, .target = PTR_FUNCTION, .count = 28},
    [BOOL] = {.kind = KDW_TYPE_BOOL, .size = 1},
    [FLOAT] = {.kind = KDW_TYPE_FLOAT, .size = 4, .is_signed = true},
    [DOUBLE] = {.kind = KDW_TYPE_FLOAT, .size = 8, .is_signed = true},
    [LONG_DOUBLE] = {.kind = KDW_TYPE_FLOAT, .size = 10, .is_signed = true},
    [PTR32] = {.kind = KDW_TYPE_POINTER, .size = 4, .target = VOID},
    [PTR_WCHAR] = {.kind = KDW_TYPE_POINTER, .size = 8, .target = WCHAR},
    [UNNAMED] = {.kind = KDW_TYPE_UNION, .size = 8, .name = "<unnamed-tag>"},
    [UNKNOWN_TAG] = {.kind = KDW_TYPE_STRUCT, .size = 8, .name = "\xff\033[m"},
    [UNSIGNED_ENUM] = {.kind = KDW_TYPE_ENUM, .size = 4, .name = "_FLAGS", .target = UINT4},
    [EMPTY_ARRAY] = {.kind = KDW_TYPE_ARRAY, .size = 0, .target = UINT4},
    [SELF_POINTER] = {.kind = KDW_TYPE_POINTER, .size = 8, .target = SELF_POINTER},
};

static enum kd_status find_type(struct kdw_symbols *s, const char *name, kdw_type_id *out)
{
    (void)s;
    if (strcmp(name, "_THING") == 0)
        *out = STRUCT;
    else if (strcmp(name, "_STATE") == 0)
        *out = ENUM;
    else
        return KD_ERR_NOT_FOUND;
    return KD_OK;
}

static enum kd_status describe(struct kdw_symbols *s, kdw_type_id id, struct kdw_type *out)
{
    (void)s;
    if (id == NONE || id >= TYPES)
        return KD_ERR_NOT_FOUND;
    *out = types[id];
    return KD_OK;
}

static enum kd_status each_field(struct kdw_symbols *s, kdw_type_id id, kdw_field_visit *visit,
                                 void *ctx)
{
    (void)id;
    visit(ctx, &((struct one_field *)s)->field);
    return KD_OK;
}

static enum kd_status enum_name(struct kdw_symbols *s, kdw_type_id id, int64_t value,
                                const char **name)
{
    (void)s;
    if (value == 1)
        *name = "STARTED";
    else if (value == (id == ENUM ? -7 : INT32_MIN))
        *name = "LOWEST";
    else
        return KD_ERR_NOT_FOUND;
    return KD_OK;
}

static const struct kdw_symbols_ops ops = {
    .type = find_type, .describe = describe, .each_field = each_field, .enum_name = enum_name};

struct one_field one_field(const char *name, uint64_t offset, kdw_type_id type)
{
    struct one_field f = {{.ops = &ops}, {name, offset, type}};

    return f;
}
