#include "symbol_table.h"

#include <stdlib.h>
#include <string.h>

enum {
    DEPTH_MAX = 32,     /* nameless parts within nameless parts; shapes of shapes */
    VISITS_MAX = 65536, /* fields of one walk; the largest kernel structures have some hundreds */
};

static struct kdw_symbol_table *table_of(struct kdw_symbols *s)
{
    return (struct kdw_symbol_table *)s;
}

/* ---- sorting ---- */

static int by_name(const void *a, const void *b)
{
    const struct kdw_table_symbol *x = a, *y = b;
    int order = strcmp(x->name, y->name);

    return order != 0 ? order : (x->order > y->order) - (x->order < y->order);
}

static int compare_names(enum kdw_table_space space, const char *name,
                         const struct kdw_table_type *type)
{
    if (space != type->space)
        return space < type->space ? -1 : 1;
    return strcmp(name, type->name);
}

static int by_space_and_name(const void *a, const void *b)
{
    const struct kdw_table_type *x = a, *y = b;
    int order = compare_names(x->space, x->name, y);

    return order != 0 ? order : (x->order > y->order) - (x->order < y->order);
}

static int by_address(const void *a, const void *b)
{
    const struct kdw_table_place *x = a, *y = b;

    if (x->rva != y->rva)
        return x->rva < y->rva ? -1 : 1;
    return (x->symbol > y->symbol) - (x->symbol < y->symbol);
}

static size_t sort_symbols(struct kdw_table_symbol *symbols, size_t count)
{
    size_t kept = 0;

    if (count > 0)
        qsort(symbols, count, sizeof *symbols, by_name);
    for (size_t i = 0; i < count; i++)
        if (i + 1 == count || strcmp(symbols[i].name, symbols[i + 1].name) != 0)
            symbols[kept++] = symbols[i];
    return kept;
}

static size_t sort_types(struct kdw_table_type *types, size_t count)
{
    size_t kept = 0;

    if (count > 0)
        qsort(types, count, sizeof *types, by_space_and_name);
    for (size_t i = 0; i < count; i++)
        if (i + 1 == count || compare_names(types[i].space, types[i].name, &types[i + 1]) != 0)
            types[kept++] = types[i];
    return kept;
}

/* Both sources have lost the order of declaration, and keep names in that of the alphabet. */
static int compare_fields(const struct kdw_table_field *a, const struct kdw_table_field *b,
                          const struct kdw_table_shape *shapes)
{
    const struct kdw_table_shape *x = &shapes[a->shape], *y = &shapes[b->shape];
    bool has_bits = x->kind == KDW_TYPE_BITFIELD;

    if (a->offset != b->offset)
        return a->offset < b->offset ? -1 : 1;
    if (has_bits != (y->kind == KDW_TYPE_BITFIELD))
        return has_bits ? 1 : -1;
    if (has_bits && x->bit_position != y->bit_position)
        return x->bit_position < y->bit_position ? -1 : 1;
    return strcmp(a->name, b->name);
}

static void sift_down(struct kdw_table_field *fields, size_t root, size_t count,
                      const struct kdw_table_shape *shapes)
{
    for (size_t child = 2 * root + 1; child < count; child = 2 * root + 1) {
        struct kdw_table_field swapped = fields[root];

        if (child + 1 < count && compare_fields(&fields[child], &fields[child + 1], shapes) < 0)
            child++;
        if (compare_fields(&fields[root], &fields[child], shapes) >= 0)
            return;
        fields[root] = fields[child];
        fields[child] = swapped;
        root = child;
    }
}

/* A heap sort: qsort has no place for the shapes, and a damaged file no bound on the fields. */
void kdw_table_sort_fields(struct kdw_table_field *fields, size_t count,
                           const struct kdw_table_shape *shapes)
{
    for (size_t root = count / 2; root-- > 0;)
        sift_down(fields, root, count, shapes);
    for (size_t end = count; end-- > 1;) {
        struct kdw_table_field largest = fields[0];

        fields[0] = fields[end];
        fields[end] = largest;
        sift_down(fields, 0, end, shapes);
    }
}

/* ---- symbols ---- */

static const struct kdw_table_symbol *find_symbol(const struct kdw_table_symbol *symbols,
                                                  size_t count, const char *name)
{
    size_t low = 0, high = count;

    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int order = strcmp(name, symbols[mid].name);

        if (order == 0)
            return &symbols[mid];
        if (order < 0)
            high = mid;
        else
            low = mid + 1;
    }
    return NULL;
}

static enum kd_status table_symbol(struct kdw_symbols *s, const char *name, uint64_t *rva)
{
    struct kdw_symbol_table *t = table_of(s);
    const struct kdw_table_symbol *found = find_symbol(t->by_name, t->symbol_count, name);

    if (!found)
        found = find_symbol(t->aliases, t->alias_count, name);
    if (!found)
        return kd_diag_set(t->diag, KD_ERR_NOT_FOUND, "%s no symbol %s", t->what, name);
    *rva = found->rva;
    return KD_OK;
}

static enum kd_status open_places(struct kdw_symbol_table *t)
{
    if (t->by_address || t->symbol_count == 0)
        return KD_OK;
    t->by_address = malloc(t->symbol_count * sizeof *t->by_address);
    if (!t->by_address)
        return KD_ERR_NO_MEMORY;
    for (size_t i = 0; i < t->symbol_count; i++)
        t->by_address[i] = (struct kdw_table_place){t->by_name[i].rva, (uint32_t)i};
    qsort(t->by_address, t->symbol_count, sizeof *t->by_address, by_address);
    return KD_OK;
}

static enum kd_status table_symbol_near(struct kdw_symbols *s, uint64_t rva, const char **name,
                                        uint64_t *name_rva)
{
    struct kdw_symbol_table *t = table_of(s);
    size_t low = 0, high = t->symbol_count;
    enum kd_status st = open_places(t);

    if (st != KD_OK)
        return st;
    while (low < high) { /* one past the last one at or below rva */
        size_t mid = low + (high - low) / 2;

        if (t->by_address[mid].rva <= rva)
            low = mid + 1;
        else
            high = mid;
    }
    if (low == 0)
        return KD_ERR_NOT_FOUND;
    low--;
    while (low > 0 && t->by_address[low - 1].rva == t->by_address[low].rva)
        low--; /* several at one place, as when equal functions are folded: the first of them */
    *name = t->by_name[t->by_address[low].symbol].name;
    *name_rva = t->by_address[low].rva;
    return KD_OK;
}

/* ---- types ---- */

const struct kdw_table_type *kdw_table_type_named(const struct kdw_symbol_table *t,
                                                  enum kdw_table_space space, const char *name)
{
    size_t low = 0, high = t->type_count;

    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int order = compare_names(space, name, &t->types[mid]);

        if (order == 0)
            return &t->types[mid];
        if (order < 0)
            high = mid;
        else
            low = mid + 1;
    }
    return NULL;
}

static kdw_type_id id_of_type(const struct kdw_symbol_table *t, const struct kdw_table_type *type)
{
    return type ? (kdw_type_id)(type - t->types) + 1 : 0;
}

static kdw_type_id id_of_shape(const struct kdw_symbol_table *t, uint32_t shape)
{
    return (kdw_type_id)t->type_count + shape + 1;
}

static const struct kdw_table_shape *shape_of(const struct kdw_symbol_table *t, kdw_type_id id)
{
    if (id <= t->type_count || id - 1 - t->type_count >= t->shape_count)
        return NULL;
    return &t->shapes[id - 1 - t->type_count];
}

static enum kdw_table_space space_of(enum kdw_type_kind kind)
{
    switch (kind) {
    case KDW_TYPE_STRUCT:
    case KDW_TYPE_UNION:
        return KDW_SPACE_USER;
    case KDW_TYPE_ENUM:
        return KDW_SPACE_ENUM;
    default:
        return KDW_SPACE_BASE;
    }
}

/* The definition that an id stands for, by itself or by name. NULL: it is none, or has none. */
static const struct kdw_table_type *definition_of(const struct kdw_symbol_table *t, kdw_type_id id)
{
    const struct kdw_table_shape *shape = shape_of(t, id);

    if (id != 0 && id <= t->type_count)
        return &t->types[id - 1];
    return shape && shape->name ? kdw_table_type_named(t, space_of(shape->kind), shape->name)
                                : NULL;
}

static enum kd_status table_type(struct kdw_symbols *s, const char *name, kdw_type_id *out)
{
    struct kdw_symbol_table *t = table_of(s);
    const struct kdw_table_type *type = kdw_table_type_named(t, KDW_SPACE_USER, name);

    if (!type)
        type = kdw_table_type_named(t, KDW_SPACE_ENUM, name);
    if (!type)
        return kd_diag_set(t->diag, KD_ERR_NOT_FOUND, "%s no type %s", t->what, name);
    *out = id_of_type(t, type);
    return KD_OK;
}

/* Types without a tag have names that only say which one of the file they are. */
static const char *tag_of(const char *name)
{
    if (strncmp(name, "__unnamed_", 10) == 0 || strncmp(name, "<unnamed-", 9) == 0)
        return "<unnamed-tag>";
    if (strncmp(name, "__anonymous_", 12) == 0)
        return "<anonymous-tag>";
    return name;
}

static void describe_definition(const struct kdw_symbol_table *t, const struct kdw_table_type *type,
                                struct kdw_type *out)
{
    const struct kdw_table_type *underlying;

    out->kind = type->kind;
    out->size = type->size;
    out->is_signed = type->is_signed;
    if (type->space == KDW_SPACE_BASE)
        return;
    out->name = tag_of(type->name);
    if (type->space != KDW_SPACE_ENUM)
        return;
    underlying = kdw_table_type_named(t, KDW_SPACE_BASE, type->underlying);
    out->target = id_of_type(t, underlying);
    out->is_signed = underlying && underlying->is_signed;
}

static void describe(const struct kdw_symbol_table *t, kdw_type_id id, unsigned depth,
                     struct kdw_type *out);

static void describe_shape(const struct kdw_symbol_table *t, const struct kdw_table_shape *shape,
                           unsigned depth, struct kdw_type *out)
{
    const struct kdw_table_type *pointer;
    struct kdw_type target;

    switch (shape->kind) {
    case KDW_TYPE_POINTER:
        pointer = kdw_table_type_named(t, KDW_SPACE_BASE, "pointer");
        out->size = pointer ? pointer->size : 8;
        break;
    case KDW_TYPE_ARRAY:
        describe(t, id_of_shape(t, shape->target), depth + 1, &target);
        out->count = shape->count;
        if (target.size <= UINT64_MAX / (shape->count ? shape->count : 1))
            out->size = shape->count * target.size;
        break;
    case KDW_TYPE_BITFIELD:
        describe(t, id_of_shape(t, shape->target), depth + 1, &target);
        if (shape->bit_length == 0 ||
            (uint64_t)shape->bit_position + shape->bit_length > 8 * target.size)
            return; /* outside the integer it is part of: unknown */
        out->size = target.size;
        out->is_signed = target.is_signed;
        out->bit_position = shape->bit_position;
        out->bit_length = shape->bit_length;
        break;
    case KDW_TYPE_STRUCT:
    case KDW_TYPE_UNION:
    case KDW_TYPE_ENUM:
        out->name = tag_of(shape->name); /* nobody defined it: of unknown size */
        break;
    case KDW_TYPE_FUNCTION:
        break;
    default:
        return; /* a base type that nobody defined */
    }
    out->kind = shape->kind;
    if (shape->kind == KDW_TYPE_POINTER || shape->kind == KDW_TYPE_ARRAY ||
        shape->kind == KDW_TYPE_BITFIELD)
        out->target = id_of_shape(t, shape->target);
}

static void describe(const struct kdw_symbol_table *t, kdw_type_id id, unsigned depth,
                     struct kdw_type *out)
{
    const struct kdw_table_type *type = definition_of(t, id);
    const struct kdw_table_shape *shape = shape_of(t, id);

    *out = (struct kdw_type){.kind = KDW_TYPE_UNKNOWN};
    if (type)
        describe_definition(t, type, out);
    else if (shape && depth < DEPTH_MAX)
        describe_shape(t, shape, depth, out);
}

static enum kd_status table_describe(struct kdw_symbols *s, kdw_type_id type, struct kdw_type *out)
{
    describe(table_of(s), type, 0, out);
    return KD_OK;
}

/* ---- members ---- */

struct walk {
    const struct kdw_symbol_table *t;
    kdw_field_visit *visit;
    void *ctx;
    size_t visits;
};

/* False: the visitor has enough, or *st says what is wrong. */
static bool walk_fields(struct walk *w, kdw_type_id id, uint64_t outer, unsigned depth,
                        enum kd_status *st)
{
    const struct kdw_table_type *type = definition_of(w->t, id);
    bool goes_on = true;

    if (!type || type->space != KDW_SPACE_USER)
        return true;
    for (size_t i = 0; i < type->count && goes_on; i++) {
        const struct kdw_table_field *f = &type->of.fields[i];
        struct kdw_field out = {f->name, outer + f->offset, id_of_shape(w->t, f->shape)};

        if (++w->visits > VISITS_MAX || depth > DEPTH_MAX) {
            *st = KD_ERR_LIMIT;
            return false;
        }
        goes_on = f->name[0] == '\0' ? walk_fields(w, out.type, out.offset, depth + 1, st)
                                     : w->visit(w->ctx, &out);
    }
    return goes_on;
}

static enum kd_status table_each_field(struct kdw_symbols *s, kdw_type_id type,
                                       kdw_field_visit *visit, void *ctx)
{
    struct walk w = {table_of(s), visit, ctx, 0};
    enum kd_status st = KD_OK;

    (void)walk_fields(&w, type, 0, 0, &st);
    return st;
}

struct wanted {
    const char *name;
    bool is_found;
    struct kdw_field field;
};

static bool is_wanted(void *ctx, const struct kdw_field *field)
{
    struct wanted *w = ctx;

    if (strcmp(field->name, w->name) != 0)
        return true;
    w->is_found = true;
    w->field = *field;
    return false;
}

static enum kd_status table_field(struct kdw_symbols *s, kdw_type_id type, const char *name,
                                  struct kdw_field *out)
{
    struct kdw_symbol_table *t = table_of(s);
    struct wanted w = {.name = name};
    enum kd_status st = table_each_field(s, type, is_wanted, &w);

    if (st != KD_OK)
        return kd_diag_set(t->diag, st, "member %s: its type has too many", name);
    if (!w.is_found)
        return kd_diag_set(t->diag, KD_ERR_NOT_FOUND, "%s no member %s there", t->what, name);
    *out = w.field;
    return KD_OK;
}

static enum kd_status table_enum_name(struct kdw_symbols *s, kdw_type_id type, int64_t value,
                                      const char **name)
{
    struct kdw_symbol_table *t = table_of(s);
    const struct kdw_table_type *definition = definition_of(t, type);

    if (definition && definition->space == KDW_SPACE_ENUM) {
        for (size_t i = 0; i < definition->count; i++) {
            if (definition->of.constants[i].value == value) {
                *name = definition->of.constants[i].name;
                return KD_OK;
            }
        }
    }
    return kd_diag_set(t->diag, KD_ERR_NOT_FOUND, "%s no name for that value", t->what);
}

static enum kd_status table_each_constant(struct kdw_symbols *s, kdw_type_id type,
                                          kdw_constant_visit *visit, void *ctx)
{
    struct kdw_symbol_table *t = table_of(s);
    const struct kdw_table_type *definition = definition_of(t, type);
    bool goes_on = true;

    if (!definition || definition->space != KDW_SPACE_ENUM || definition->count == 0)
        return kd_diag_set(t->diag, KD_ERR_NOT_FOUND, "%s no constants there", t->what);
    for (size_t i = 0; i < definition->count && goes_on; i++)
        goes_on = visit(ctx, definition->of.constants[i].name, definition->of.constants[i].value);
    return KD_OK;
}

static void table_close(struct kdw_symbols *s)
{
    struct kdw_symbol_table *t = table_of(s);

    free(t->by_address);
    t->close(t);
}

static const struct kdw_symbols_ops table_ops = {
    .symbol = table_symbol,
    .symbol_near = table_symbol_near,
    .type = table_type,
    .describe = table_describe,
    .field = table_field,
    .each_field = table_each_field,
    .enum_name = table_enum_name,
    .each_constant = table_each_constant,
    .close = table_close,
};

void kdw_symbol_table_finish(struct kdw_symbol_table *t)
{
    t->symbol_count = sort_symbols(t->by_name, t->symbol_count);
    t->alias_count = sort_symbols(t->aliases, t->alias_count);
    t->type_count = sort_types(t->types, t->type_count);
    t->symbols.ops = &table_ops;
}
