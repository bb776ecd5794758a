/* builtin_data.h - the built-in tables as they are compiled in: numbers, and one pool of names.
 *
 * tables/builtin_data.c is written by tables/generate.py from the tables beside it. A definition that
 * several kernels share is there once; a layout is a list of definitions, sorted as symbol_table.h
 * wants them. All names are offsets in kdw_builtin_names. */
#ifndef WALKER_BUILTIN_DATA_H
#define WALKER_BUILTIN_DATA_H

#include <stdint.h>

struct kdw_builtin_member { /* a field, or a constant of an enum */
    uint16_t name;
    uint16_t shape; /* index; of a constant 0 */
    uint32_t value; /* offset, or the constant */
};

struct kdw_builtin_type {
    uint16_t name;
    uint8_t space; /* enum kdw_table_space */
    uint8_t kind;  /* enum kdw_type_kind */
    uint8_t is_signed;
    uint16_t first, count; /* members */
    uint32_t size;
};

struct kdw_builtin_shape { /* as struct kdw_table_shape */
    uint8_t kind;
    uint8_t bit_position, bit_length;
    uint16_t name;
    uint16_t target;
    uint32_t count;
};

struct kdw_builtin_layout {
    uint16_t name; /* for people: "18362.720", the build and the first revision that has it */
    uint16_t first, count; /* in kdw_builtin_layout_types */
};

struct kdw_builtin_kernel { /* one whose PDB is known */
    uint8_t guid[16];
    uint32_t age;
    uint16_t build, revision; /* 10.0.build.revision: what people call it */
    uint8_t layout;
};

enum kdw_builtin_confidence {
    KDW_BUILTIN_EXACT,   /* the revision's own types */
    KDW_BUILTIN_BETWEEN, /* those before and after are alike */
    KDW_BUILTIN_NEAREST, /* of the nearest revision known, or chosen by one field's offset */
    KDW_BUILTIN_EITHER,  /* between two that differ: layout or other_layout */
};

struct kdw_builtin_revision { /* one whose image is known */
    uint32_t timestamp, image_size;
    uint16_t build, revision;
    uint8_t layout, other_layout; /* the same but for KDW_BUILTIN_EITHER */
    uint8_t confidence;
};

extern const char *const kdw_builtin_names;
extern const struct kdw_builtin_member kdw_builtin_members[];
extern const struct kdw_builtin_type kdw_builtin_types[];
extern const struct kdw_builtin_shape kdw_builtin_shapes[];
extern const uint16_t kdw_builtin_shape_count;
extern const uint16_t kdw_builtin_layout_types[]; /* indices of types */
extern const struct kdw_builtin_layout kdw_builtin_layouts[];
extern const uint16_t kdw_builtin_layout_count;
extern const struct kdw_builtin_kernel kdw_builtin_kernels[];
extern const uint16_t kdw_builtin_kernel_count;
extern const uint16_t kdw_builtin_symbols[]; /* names */
extern const uint16_t kdw_builtin_symbol_count;
extern const uint32_t kdw_builtin_rvas[]; /* for each kernel, for each symbol; 0: it has none */
extern const struct kdw_builtin_revision kdw_builtin_revisions[];
extern const uint16_t kdw_builtin_revision_count;

#endif
