/* object_header.h - what stands before an object: of what type it is; private to the walker.
 *
 * A header does not say its type's index plainly: it is the exclusive or of the index, a byte of the
 * header's own address and a byte that is drawn at boot. Types themselves are objects that know their
 * index, and variables point to some of them.
 *
 * Source    Fields: public symbols [seen]. How the index is hidden: public kernel listings [guess]. */
#ifndef WALKER_OBJECT_HEADER_H
#define WALKER_OBJECT_HEADER_H

#include "walk.h"

struct kdw_object_headers {
    uint64_t body;         /* offset of an object in what begins with its header */
    uint64_t type_index;   /* offset in a header */
    uint64_t index;        /* offset in a type */
    struct kdw_u64 cookie; /* ObHeaderCookie */
    bool exist;            /* the symbols have all of this */
};

/* Fails with what ends a walk. */
enum kd_status kdw_object_headers_plan(struct kdw_walk *w, struct kdw_object_headers *out);
/* Of the object at va: its type's index. KD_ERR_NOT_FOUND: the symbols do not tell. Fails as above. */
enum kd_status kdw_object_type_index(struct kdw_walk *w, const struct kdw_object_headers *headers,
                                     uint64_t va, struct kdw_u64 *out);
/* Of the type that a variable points to, "PsJobType", its index. As above. */
enum kd_status kdw_type_index_of(struct kdw_walk *w, const struct kdw_object_headers *headers,
                                 const char *variable, struct kdw_u64 *out);

#endif
