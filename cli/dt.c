#include "dt.h"

#include "dt_value.h"

#include <stdlib.h>
#include <string.h>

enum { FIELDS_MAX = 16384 }; /* the largest kernel structures have a few hundred */

/* ---- the fields, in their order ---- */

struct placed_field {
    struct kdw_field field;
    bool is_bits;
    uint8_t bit_position;
    size_t number; /* in the order of the symbols */
};

struct field_list {
    struct kdw_kernel *k;
    const char *type_name;
    struct placed_field *fields;
    size_t len, cap;
    enum kd_status status;
};

static enum kd_status make_room(struct field_list *l)
{
    size_t cap = l->cap ? 2 * l->cap : 32;
    struct placed_field *grown;

    if (l->len == FIELDS_MAX)
        return kd_diag_set(l->k->diag, KD_ERR_LIMIT, "%s has more than %d fields", l->type_name,
                           FIELDS_MAX);
    if (l->len < l->cap)
        return KD_OK;
    grown = realloc(l->fields, cap * sizeof *grown);
    if (!grown)
        return KD_ERR_NO_MEMORY;
    l->fields = grown;
    l->cap = cap;
    return KD_OK;
}

static bool take_field(void *ctx, const struct kdw_field *field)
{
    struct field_list *l = ctx;
    struct placed_field placed = {.field = *field, .number = l->len};
    struct kdw_type type;

    l->status = make_room(l);
    if (l->status != KD_OK)
        return false;
    if (kdw_type_describe(l->k->symbols, field->type, &type) == KD_OK) {
        placed.is_bits = type.kind == KDW_TYPE_BITFIELD;
        placed.bit_position = type.bit_position;
    }
    l->fields[l->len++] = placed;
    return true;
}

/* As they lie in memory; what shares a place: the whole, its bits, and each by name. A PDB knows the
 * order of declaration as well, in which members of unions come twice, but other symbols do not: a
 * structure is to look the same with all. */
static int compare_places(const void *a, const void *b)
{
    const struct placed_field *x = a, *y = b;
    int order;

    if (x->field.offset != y->field.offset)
        return x->field.offset < y->field.offset ? -1 : 1;
    if (x->is_bits != y->is_bits)
        return x->is_bits ? 1 : -1;
    if (x->bit_position != y->bit_position)
        return x->bit_position < y->bit_position ? -1 : 1;
    order = strcmp(x->field.name, y->field.name);
    return order != 0 ? order : (x->number > y->number) - (x->number < y->number);
}

/* The caller frees l->fields, whatever comes of it. */
static enum kd_status list_fields(struct field_list *l, kdw_type_id type)
{
    enum kd_status st = kdw_type_each_field(l->k->symbols, type, take_field, l);

    if (st == KD_OK)
        st = l->status;
    if (st == KD_OK && l->len > 0)
        qsort(l->fields, l->len, sizeof *l->fields, compare_places);
    return st;
}

/* ---- rows of them ---- */

static void free_row(struct dt_row *row)
{
    free(row->name);
    free(row->type);
    free(row->value);
}

static char *copy(const char *chars)
{
    struct text t = {0};

    text_add_escaped(&t, chars, strlen(chars));
    return text_take(&t);
}

static enum kd_status read_value(struct kdw_kernel *k, const struct dt *dt,
                                 const struct kdw_field *field, struct dt_row *row)
{
    struct text value = {0};

    row->status = dt_add_value(&value, k, field->type, dt->va + field->offset, &row->fault_va);
    row->value = text_take(&value);
    if (row->status == KD_OK)
        return row->value ? KD_OK : KD_ERR_NO_MEMORY;
    free(row->value);
    row->value = NULL;
    return kdw_ends_walk(row->status) ? row->status : KD_OK;
}

static enum kd_status add_row(struct kdw_kernel *k, const struct kdw_field *field, struct dt *dt)
{
    struct dt_row row = {.offset = field->offset, .name = copy(field->name)};
    struct text t = {0};
    enum kd_status st = KD_OK;

    dt_add_type(&t, k, field->type);
    row.type = text_take(&t);
    if (!row.name || !row.type)
        st = KD_ERR_NO_MEMORY;
    if (st == KD_OK && dt->has_address)
        st = read_value(k, dt, field, &row);
    if (st != KD_OK) {
        free_row(&row);
        return st;
    }
    dt->has_gaps = dt->has_gaps || row.status != KD_OK;
    dt->rows[dt->len++] = row;
    return KD_OK;
}

static enum kd_status add_rows(struct kdw_kernel *k, kdw_type_id type, struct dt *dt)
{
    struct field_list l = {.k = k, .type_name = dt->type_name};
    enum kd_status st = list_fields(&l, type);

    if (st == KD_OK && l.len > 0) {
        dt->rows = malloc(l.len * sizeof *dt->rows);
        st = dt->rows ? KD_OK : KD_ERR_NO_MEMORY;
    }
    for (size_t i = 0; i < l.len && st == KD_OK; i++)
        st = add_row(k, &l.fields[i].field, dt);
    free(l.fields);
    return st;
}

enum kd_status dt_collect(struct kdw_kernel *k, const char *type_name, bool has_address,
                          uint64_t va, struct dt *out)
{
    struct dt dt = {.has_address = has_address, .va = va};
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
    st = add_rows(k, id, &dt);
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
