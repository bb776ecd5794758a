/* dt_types.h - symbols with a single structure, _THING, that has a single field of any type.
 *
 * Lifetime  The kdw_symbols is inside and needs no closing. */
#ifndef TESTS_SUPPORT_DT_TYPES_H
#define TESTS_SUPPORT_DT_TYPES_H

#include <walker/symbols.h>

/* The types, numbered by hand: the index is the type id. */
enum {
    NONE,
    UINT4,
    UINT2,
    INT4,
    UCHAR,
    CHAR,
    PTR_STRUCT,
    PTR_PTR,
    ARRAY_U2,
    ARRAY_PTR,
    ARRAY_STRUCT,
    ARRAY_UCHAR,
    STRUCT,
    LIST,
    GUID,
    LARGE,
    UNICODE,
    ENUM,
    BITS,
    FUNCTION,
    PTR_FUNCTION,
    PTR_VOID,
    VOID,
    INT16,
    WCHAR,
    ARRAY_WCHAR,
    ARRAY_CHAR,
    ARRAY_ARRAY,
    ARRAY_FUNCTION,
    BOOL,
    FLOAT,
    DOUBLE,
    LONG_DOUBLE,
    PTR32,
    PTR_WCHAR,
    UNNAMED,
    UNKNOWN_TAG,
    UNSIGNED_ENUM,
    EMPTY_ARRAY,
    SELF_POINTER,
    TYPES
};

struct one_field {
    struct kdw_symbols symbols; /* first */
    struct kdw_field field;
};

struct one_field one_field(const char *name, uint64_t offset, kdw_type_id type);

#endif
