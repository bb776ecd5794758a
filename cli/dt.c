#include "dt.h"

#include "dt_value.h"

#include <stdlib.h>
#include <string.h>

enum { ROWS_MAX = 16384 }; /* the largest kernel structures have a few hundred fields */

struct collector {
    struct kdw_kernel *k;
    struct dt *dt;
    size_t cap;
    enum kd_status status;
};

static void free_row(struct dt_row *row)
{
    free(row->name);
    free(row->type);
    free(row->value);
}

static enum kd_status add_row(struct collector *c, struct dt_row row)
{
    struct dt *dt = c->dt;

    if (!row.name || !row.type) {
        free_row(&row);
        return KD_ERR_NO_MEMORY;
    }
    if (dt->len == ROWS_MAX) {
        free_row(&row);
        return kd_diag_set(c->k->diag, KD_ERR_LIMIT, "%s has more than %d fields", dt->type_name,
                           ROWS_MAX);
    }
    if (dt->len == c->cap) {
        size_t cap = c->cap ? 2 * c->cap : 32;
        struct dt_row *grown = realloc(dt->rows, cap * sizeof *grown);

        if (!grown) {
            free_row(&row);
            return KD_ERR_NO_MEMORY;
        }
        dt->rows = grown;
        c->cap = cap;
    }
    dt->rows[dt->len++] = row;
    return KD_OK;
}

static char *copy(const char *chars)
{
    struct text t = {0};

    text_add_escaped(&t, chars, strlen(chars));
    return text_take(&t);
}

static bool collect_field(void *ctx, const struct kdw_field *field)
{
    struct collector *c = ctx;
    struct dt_row row = {.offset = field->offset, .name = copy(field->name)};
    struct text t = {0};

    dt_add_type(&t, c->k, field->type);
    row.type = text_take(&t);
    if (c->dt->has_address) {
        struct text value = {0};

        row.status =
            dt_add_value(&value, c->k, field->type, c->dt->va + field->offset, &row.fault_va);
        row.value = text_take(&value);
        if (row.status != KD_OK) {
            free(row.value);
            row.value = NULL;
            c->dt->has_gaps = true;
        }
        if (kdw_ends_walk(row.status))
            c->status = row.status;
    }
    if (c->status == KD_OK)
        c->status = add_row(c, row);
    else
        free_row(&row);
    return c->status == KD_OK;
}

enum kd_status dt_collect(struct kdw_kernel *k, const char *type_name, bool has_address,
                          uint64_t va, struct dt *out)
{
    struct dt dt = {.has_address = has_address, .va = va};
    struct collector c = {.k = k, .dt = &dt, .status = KD_OK};
    kdw_type_id id;
    struct kdw_type type;
    enum kd_status st = kdw_type_by_name(k->symbols, type_name, &id);

    if (st != KD_OK)
        return kd_diag_set(
            k->diag, st,
            "the kernel has no type %s: names are spelled as in C, with their capitals and "
            "underscores",
            type_name);
    st = kdw_type_describe(k->symbols, id, &type);
    if (st != KD_OK)
        return kd_diag_add(k->diag, st, "%s", type_name);
    if (type.kind != KDW_TYPE_STRUCT && type.kind != KDW_TYPE_UNION)
        return kd_diag_set(k->diag, KD_ERR_UNSUPPORTED,
                           "%s is %s, and dt shows structures and unions", type_name,
                           type.kind == KDW_TYPE_ENUM ? "an enumeration" : "something else");
    dt.size = type.size;
    dt.type_name = copy(type_name);
    if (!dt.type_name)
        return KD_ERR_NO_MEMORY;
    st = kdw_type_each_field(k->symbols, id, collect_field, &c);
    if (st == KD_OK)
        st = c.status;
    if (st != KD_OK) {
        dt_free(&dt);
        return kd_diag_add(k->diag, st, "%s", type_name);
    }
    *out = dt;
    return KD_OK;
}

void dt_free(struct dt *dt)
{
    for (size_t i = 0; i < dt->len; i++)
        free_row(&dt->rows[i]);
    free(dt->rows);
    free(dt->type_name);
    *dt = (struct dt){0};
}
