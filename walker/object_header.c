#include "object_header.h"

enum { BYTE = 0xff };

/* A unit. */
static enum kd_status read_cookie(struct kdw_walk *w, void *arg)
{
    uint64_t va = 0;
    enum kd_status st = kdw_walk_symbol(w, "ObHeaderCookie", &va);

    return st == KD_OK ? kdw_walk_u8(w, va, arg) : st;
}

enum kd_status kdw_object_headers_plan(struct kdw_walk *w, struct kdw_object_headers *out)
{
    struct kdw_object_headers h = {.cookie.status = KD_ERR_NOT_FOUND};
    bool has_body = false, has_type_index = false, has_index = false;
    enum kd_status st;

    st = kdw_walk_offset(w, "_OBJECT_HEADER", "Body", &h.body, &has_body);
    if (st == KD_OK)
        st = kdw_walk_offset(w, "_OBJECT_HEADER", "TypeIndex", &h.type_index, &has_type_index);
    if (st == KD_OK)
        st = kdw_walk_offset(w, "_OBJECT_TYPE", "Index", &h.index, &has_index);
    if (st == KD_OK)
        st = kdw_walk_unit(w, read_cookie, &h.cookie);
    if (st != KD_OK && st != KD_ERR_NOT_FOUND)
        return st;
    h.exist = has_body && has_type_index && has_index && h.cookie.status != KD_ERR_NOT_FOUND;
    *out = h;
    return KD_OK;
}

enum kd_status kdw_object_type_index(struct kdw_walk *w, const struct kdw_object_headers *headers,
                                     uint64_t va, struct kdw_u64 *out)
{
    uint64_t header_va = va - headers->body;
    enum kd_status st;

    *out = headers->cookie;
    if (!headers->exist) {
        *out = (struct kdw_u64){.status = KD_ERR_NOT_FOUND};
        return KD_OK;
    }
    if (headers->cookie.status != KD_OK)
        return KD_OK;
    st = kdw_walk_u8(w, header_va + headers->type_index, out);
    if (out->status == KD_OK)
        out->value ^= (header_va >> 8 & BYTE) ^ headers->cookie.value;
    return st;
}

struct type_index {
    const struct kdw_object_headers *headers;
    const char *variable;
    struct kdw_u64 *out;
};

/* A unit. */
static enum kd_status read_type_index(struct kdw_walk *w, void *arg)
{
    const struct type_index *type = arg;
    enum kd_status st = kdw_walk_variable(w, type->variable, type->out);

    if (!type->headers->exist)
        *type->out = (struct kdw_u64){.status = KD_ERR_NOT_FOUND};
    if (st != KD_OK || type->out->status != KD_OK)
        return st;
    return kdw_walk_u8(w, type->out->value + type->headers->index, type->out);
}

enum kd_status kdw_type_index_of(struct kdw_walk *w, const struct kdw_object_headers *headers,
                                 const char *variable, struct kdw_u64 *out)
{
    struct type_index type = {headers, variable, out};

    return kdw_walk_unit(w, read_type_index, &type);
}
