/* symbol_table.h - names of one kernel in plain arrays, and kdw_symbols over them.
 *
 * What an ISF file and the built-in tables have in common: both are read into this form, and all
 * questions are answered from it. A type is spelled as a shape ("array of 4 of pointer to _GUID");
 * shapes name the types they are made of, and a name is looked up when somebody asks what it means.
 * So the parts may be filled in any order, and a type that nobody defined is no error until then.
 *
 * Type ids  1 to type_count: types[id - 1]; above: shapes[id - 1 - type_count].
 * Lifetime  Filled by its maker, which says in close how all of it is freed. Arrays and strings
 *           stay where they are from kdw_symbol_table_finish on.
 * Bounds    A shape is made of shapes before it, so that none contains itself. */
#ifndef WALKER_SYMBOL_TABLE_H
#define WALKER_SYMBOL_TABLE_H

#include <kdproto/diag.h>
#include <walker/symbols.h>

struct kdw_table_symbol {
    const char *name;
    uint32_t rva;
    uint32_t order; /* of several with one name the one with the highest counts */
};

struct kdw_table_field {
    const char *name; /* empty: a nameless part, whose members count as those of the whole */
    uint32_t offset;
    uint32_t shape; /* index */
};

struct kdw_table_constant {
    const char *name;
    int64_t value;
};

enum kdw_table_space {
    KDW_SPACE_BASE,
    KDW_SPACE_USER,
    KDW_SPACE_ENUM
}; /* each with its own names */

struct kdw_table_type {
    const char *name;
    enum kdw_table_space space;
    enum kdw_type_kind kind;
    bool is_signed; /* base types */
    uint32_t size;
    uint32_t order;
    uint32_t count;         /* of fields or constants */
    const char *underlying; /* enum: the base type it is kept in */
    union {
        const struct kdw_table_field *fields; /* struct, union: by offset */
        const struct kdw_table_constant *constants;
    } of;
};

struct kdw_table_shape {
    enum kdw_type_kind kind; /* of a base type KDW_TYPE_INT, whatever its name turns out to mean */
    uint8_t bit_position, bit_length;
    uint32_t target;  /* pointer, array, bit field: shape */
    uint32_t count;   /* array */
    const char *name; /* base type, struct, union, enum */
};

struct kdw_table_place {
    uint32_t rva;
    uint32_t symbol; /* index */
};

struct kdw_symbol_table {
    struct kdw_symbols symbols; /* first: it is what users hold */
    struct kd_diag *diag;
    const char *what; /* in messages: "the ISF file has" no such thing */

    struct kdw_table_symbol *by_name; /* sorted */
    size_t symbol_count;
    struct kdw_table_symbol *aliases; /* sorted; names that only stand in where by_name has none */
    size_t alias_count;
    struct kdw_table_type *types; /* sorted by space and name */
    size_t type_count;
    struct kdw_table_shape *shapes;
    size_t shape_count;

    struct kdw_table_place *by_address;        /* made at the first question */
    void (*close)(struct kdw_symbol_table *t); /* frees the parts and the table itself */
};

/* Sort the filled arrays, drop what a later one of the same name replaces, and make it answer. */
void kdw_symbol_table_finish(struct kdw_symbol_table *t);
/* Fields of one type as all sources have them: by offset, whole ones before bits, bits by position. */
void kdw_table_sort_fields(struct kdw_table_field *fields, size_t count,
                           const struct kdw_table_shape *shapes);
/* NULL: there is no such type. */
const struct kdw_table_type *kdw_table_type_named(const struct kdw_symbol_table *t,
                                                  enum kdw_table_space space, const char *name);

#endif
