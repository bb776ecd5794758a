/* symbols.h - names of one kernel image: where its variables are, how its types are laid out.
 *
 * One interface with several sources behind it: a PDB (pdb.h), an ISF file (isf.h), built-in tables
 * (builtin.h). All answers are those of the source; nothing depends on a build number, and a source
 * that had to guess which kernel it is asked about says so.
 *
 * Lifetime  Owned by the opener, ended by kdw_symbols_close. Names (const char *) live as long.
 * Threads   One at a time: lookups may fill lazy tables.
 * Errors    KD_ERR_NOT_FOUND: the file has no such symbol, type, member or constant. Anything else:
 *           it is damaged (KD_ERR_MALFORMED, _TRUNCATED, _UNSUPPORTED, _CYCLE, _LIMIT), and what was
 *           asked for may or may not be there. */
#ifndef WALKER_SYMBOLS_H
#define WALKER_SYMBOLS_H

#include <kdproto/diag.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef uint32_t kdw_type_id; /* valid within one kdw_symbols; 0: no type */

enum kdw_type_kind {
    KDW_TYPE_UNKNOWN, /* damaged or not handled: size may still be known */
    KDW_TYPE_VOID,
    KDW_TYPE_INT,   /* is_signed, size 1, 2, 4, 8, 16; also HRESULT and long */
    KDW_TYPE_CHAR,  /* char, signed char, unsigned char: shown with its character */
    KDW_TYPE_WCHAR, /* 2 bytes */
    KDW_TYPE_BOOL,
    KDW_TYPE_FLOAT,
    KDW_TYPE_POINTER,  /* target: what it points to */
    KDW_TYPE_ARRAY,    /* target: element; count */
    KDW_TYPE_STRUCT,   /* name, size; also classes */
    KDW_TYPE_UNION,    /* name, size */
    KDW_TYPE_ENUM,     /* name; target: underlying integer */
    KDW_TYPE_BITFIELD, /* target: the integer it lives in; bit_position, bit_length */
    KDW_TYPE_FUNCTION,
};

struct kdw_type {
    enum kdw_type_kind kind;
    bool is_signed;
    uint64_t size;    /* bytes; 0 when unknown */
    const char *name; /* struct, union, enum: its tag; others: NULL */
    kdw_type_id target;
    uint64_t count;
    uint8_t bit_position, bit_length;
};

struct kdw_field {
    const char *name;
    uint64_t offset; /* bytes from the start of the type that was asked: members of bases and of
                        nameless parts count as its own */
    kdw_type_id type;
};

/* Return false to stop. */
typedef bool kdw_field_visit(void *ctx, const struct kdw_field *field);
typedef bool kdw_constant_visit(void *ctx, const char *name, int64_t value);

struct kdw_symbols;
struct kdw_symbols_ops {
    enum kd_status (*symbol)(struct kdw_symbols *s, const char *name, uint64_t *rva);
    enum kd_status (*symbol_near)(struct kdw_symbols *s, uint64_t rva, const char **name,
                                  uint64_t *name_rva);
    enum kd_status (*type)(struct kdw_symbols *s, const char *name, kdw_type_id *out);
    enum kd_status (*describe)(struct kdw_symbols *s, kdw_type_id type, struct kdw_type *out);
    enum kd_status (*field)(struct kdw_symbols *s, kdw_type_id type, const char *name,
                            struct kdw_field *out);
    enum kd_status (*each_field)(struct kdw_symbols *s, kdw_type_id type, kdw_field_visit *visit,
                                 void *ctx);
    enum kd_status (*enum_name)(struct kdw_symbols *s, kdw_type_id type, int64_t value,
                                const char **name);
    enum kd_status (*each_constant)(struct kdw_symbols *s, kdw_type_id type,
                                    kdw_constant_visit *visit, void *ctx);
    void (*close)(struct kdw_symbols *s);
};

struct kdw_symbols { /* embedded first in each source's own struct */
    const struct kdw_symbols_ops *ops;
    char *origin; /* from malloc, freed by kdw_symbols_close; NULL: nothing is known */
    bool is_guess;
};

/* Where they are from, for people: "PDB /srv/symbols/ntkrnlmp.pdb". Never NULL. */
const char *kdw_symbols_origin(const struct kdw_symbols *s);
/* They may be those of another kernel, or not quite this one's: to be said wherever they are used.
 * The origin says how they were come by. */
bool kdw_symbols_is_guess(const struct kdw_symbols *s);

enum kd_status kdw_symbol(struct kdw_symbols *s, const char *name, uint64_t *rva);
/* The symbol at rva, or the nearest below it in its section, and where that is. How large it is, nobody
 * says: what lies far behind it need not be a part of it. */
enum kd_status kdw_symbol_near(struct kdw_symbols *s, uint64_t rva, const char **name,
                               uint64_t *name_rva);
/* A complete struct, union or enum by its tag: "_ETW_SILODRIVERSTATE". Of several the largest: some
 * of a kernel's structures are also there cut short, as drivers may see them. */
enum kd_status kdw_type_by_name(struct kdw_symbols *s, const char *name, kdw_type_id *out);
/* Modifiers (const, volatile) and forward references are seen through. What makes no sense is
 * KDW_TYPE_UNKNOWN, not a failure. */
enum kd_status kdw_type_describe(struct kdw_symbols *s, kdw_type_id type, struct kdw_type *out);
/* One member by name; dots lead into members of struct type ("u1.Wow64", "Tcb.Header"). */
enum kd_status kdw_type_field(struct kdw_symbols *s, kdw_type_id type, const char *path,
                              struct kdw_field *out);
/* All members in order of declaration, as the file has them; of a damaged list those before the
 * damage, then a failure. */
enum kd_status kdw_type_each_field(struct kdw_symbols *s, kdw_type_id type, kdw_field_visit *visit,
                                   void *ctx);
enum kd_status kdw_type_enum_name(struct kdw_symbols *s, kdw_type_id type, int64_t value,
                                  const char **name);
/* All constants of an enum; KD_ERR_NOT_FOUND: it is none, or has none. */
enum kd_status kdw_type_each_constant(struct kdw_symbols *s, kdw_type_id type,
                                      kdw_constant_visit *visit, void *ctx);
void kdw_symbols_close(struct kdw_symbols *s); /* NULL is fine */

/* For sources. Without memory for it the origin stays unknown. */
void kdw_symbols_set_origin(struct kdw_symbols *s, const char *fmt, ...) KD_PRINTF(2, 3);

#ifdef __cplusplus
}
#endif
#endif
