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
 * Lifetime  A layout borrows the table and the storage it was given.
 * Errors    A field that the symbols lack is no failure of _resolve: reading it yields
 * KD_ERR_NOT_FOUND. */
#ifndef WALKER_OBJECT_H
#define WALKER_OBJECT_H

#include <walker/kernel.h>
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

enum kd_status kdw_layout_resolve(struct kdw_kernel *k, const char *type_name,
                                  const char *const *names, size_t len, struct kdw_field_ref *refs,
                                  struct kdw_layout *out);
bool kdw_layout_has(const struct kdw_layout *l, size_t field);

/* An integer, pointer, enum or bit field of at most 8 bytes; signed ones are sign-extended. */
enum kd_status kdw_field_u64(struct kdw_mem *mem, const struct kdw_layout *l, size_t field,
                             uint64_t object_va, struct kdw_u64 *out);
/* A _UNICODE_STRING field; at most 32 KiB, which is the most its 16-bit length can say. */
enum kd_status kdw_field_unicode(struct kdw_mem *mem, const struct kdw_layout *l, size_t field,
                                 uint64_t object_va, struct kdw_text *out);
void kdw_text_free(struct kdw_text *t);

/* The _UNICODE_STRING at va; shared with code that has no symbols yet. */
enum kd_status kdw_unicode_read(struct kdw_mem *mem, uint64_t va, struct kdw_text *out);

#ifdef __cplusplus
}
#endif
#endif
