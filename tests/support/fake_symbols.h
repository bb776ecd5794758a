/* fake_symbols.h - symbols typed into a test: types with their fields, variables with their RVAs.
 *
 *     static const struct fake_field state_fields[] = {{"MaxLoggers", 0x10, FAKE_UINT(4)}, ...};
 *
 * Lifetime  The tables are borrowed; the kdw_symbols is inside and needs no closing. */
#ifndef TESTS_SUPPORT_FAKE_SYMBOLS_H
#define TESTS_SUPPORT_FAKE_SYMBOLS_H

#include <walker/symbols.h>

/* What a field is, packed into its type id: kind, then up to three small numbers. */
#define FAKE_TYPE(kind, a, b) ((kdw_type_id)(kind) << 24 | (kdw_type_id)(a) << 8 | (kdw_type_id)(b))
#define FAKE_UINT(size)       FAKE_TYPE(1, 0, size)
#define FAKE_INT(size)        FAKE_TYPE(2, 0, size)
#define FAKE_POINTER          FAKE_TYPE(3, 0, 8)
#define FAKE_POINTERS(count)  FAKE_TYPE(4, count, 8)
#define FAKE_CHARS(count)     FAKE_TYPE(5, count, 1)
#define FAKE_STRUCT(size)     FAKE_TYPE(6, size, 0)
#define FAKE_ENUM             FAKE_TYPE(7, 0, 4)
/* A bit field of a 4-byte integer, unsigned or signed. */
#define FAKE_BITS(position, length)  FAKE_TYPE(8, position, length)
#define FAKE_SBITS(position, length) FAKE_TYPE(9, position, length)

struct fake_field {
    const char *name; /* NULL ends a table */
    uint64_t offset;
    kdw_type_id type;
};

struct fake_type {
    const char *name; /* NULL ends a table */
    uint64_t size;
    const struct fake_field *fields;
};

struct fake_symbol {
    const char *name; /* NULL ends a table */
    uint64_t rva;
};

struct fake_symbols {
    struct kdw_symbols symbols; /* first */
    const struct fake_type *types;
    const struct fake_symbol *variables;
    size_t closed; /* how often _close was called */
};

void fake_symbols_init(struct fake_symbols *s, const struct fake_type *types,
                       const struct fake_symbol *variables);

#endif
