/* object.h - "field F of structure T at VA", by name.
 *
 * A walker module declares once, in a table, which fields it wants of which type; resolving the
 * table against a kernel's symbols says which exist. That is how kernel generations are told apart.
 *
 *     enum { LOGGER_ID, LOGGER_SILO_STATE, LOGGER_FIELDS };
 *     static const char *const logger_names[LOGGER_FIELDS] = {"LoggerId", "SiloState"};
 *
 *     kdw_layout_resolve(k, "_WMI_LOGGER_CONTEXT", logger_names, LOGGER_FIELDS, refs, &layout);
 *     kdw_field_u64(k->mem, &layout, LOGGER_ID, logger_va, &id);
 *
 * Lifetime  A layout borrows the table and the storage it was given; an object what it was loaded
 *           with.
 * Errors    A field that the symbols lack is no failure of _resolve: reading it yields
 *           KD_ERR_NOT_FOUND. */
#ifndef WALKER_OBJECT_H
#define WALKER_OBJECT_H

#include <walker/kernel.h>
#include <walker/stretch.h>
#include <walker/text.h>
#include <walker/value.h>

#ifdef __cplusplus
extern "C" {
#endif

struct kdw_field_ref {
    bool exists;
    uint8_t bit_length; /* 0: not a bit field */
    uint8_t bit_position;
    bool is_signed;
    uint64_t offset;
    uint64_t size;
    kdw_type_id type;
};

struct kdw_layout {
    const char *type_name;
    uint64_t size; /* of the whole type */
    const char *const *names;
    struct kdw_field_ref *refs;
    size_t len;
};

/* KD_ERR_NOT_FOUND: the symbols have no such type; diag names it. */
enum kd_status kdw_layout_resolve(struct kdw_kernel *k, const char *type_name,
                                  const char *const *names, size_t len, struct kdw_field_ref *refs,
                                  struct kdw_layout *out);
/* The same for a type that a kernel may lack: then no field exists. */
enum kd_status kdw_layout_resolve_optional(struct kdw_kernel *k, const char *type_name,
                                           const char *const *names, size_t len,
                                           struct kdw_field_ref *refs, struct kdw_layout *out);
bool kdw_layout_has(const struct kdw_layout *l, size_t field);

/* One field, read by itself. All of them fill *out in every case and return its status.
 *
 * _u64: an integer, pointer, enum, bit field or anything else of 1, 2, 4 or 8 bytes
 * (_LARGE_INTEGER); signed ones are sign-extended. Other sizes: KD_ERR_UNSUPPORTED. */
enum kd_status kdw_field_u64(struct kdw_mem *mem, const struct kdw_layout *l, size_t field,
                             uint64_t object_va, struct kdw_u64 *out);
/* A _UNICODE_STRING field. */
enum kd_status kdw_field_unicode(struct kdw_mem *mem, const struct kdw_layout *l, size_t field,
                                 uint64_t object_va, struct kdw_text *out);
/* A character array field, up to its NUL or its end: ImageFileName. */
enum kd_status kdw_field_chars(struct kdw_mem *mem, const struct kdw_layout *l, size_t field,
                               uint64_t object_va, struct kdw_text *out);

/* Many fields of one object: everything from the start of the first to the end of the last is
 * copied in one read. What a hole in it means is in stretch.h. */
struct kdw_object {
    const struct kdw_layout *layout;
    uint64_t first;             /* offset of the first byte copied */
    struct kdw_stretch stretch; /* owns its bytes */
};

enum { KDW_OBJECT_MAX = 16384 }; /* the largest type in use has 0x1238 bytes */

/* Fails (nothing to free) with KD_ERR_LIMIT, KD_ERR_NO_MEMORY and what ends a walk; a hole is no
 * failure. */
enum kd_status kdw_object_load(struct kdw_mem *mem, const struct kdw_layout *l, uint64_t object_va,
                               struct kdw_object *out);
void kdw_object_free(struct kdw_object *o);
/* As the kdw_field_ functions; of a string the characters are read from mem. */
enum kd_status kdw_object_u64(const struct kdw_object *o, size_t field, struct kdw_u64 *out);
enum kd_status kdw_object_unicode(const struct kdw_object *o, size_t field, struct kdw_mem *mem,
                                  struct kdw_text *out);

#ifdef __cplusplus
}
#endif
#endif
