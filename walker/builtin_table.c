#include "builtin_table.h"

#include "arena.h"
#include "symbol_table.h"

#include <stdlib.h>
#include <string.h>

struct builtin {
    struct kdw_symbol_table table; /* first */
    struct kdw_arena arena;        /* everything that the table points to, but for the names */
};

static void builtin_close(struct kdw_symbol_table *t)
{
    struct builtin *b = (struct builtin *)t;

    kdw_arena_free(&b->arena);
    free(b);
}

static const char *name_of(uint16_t offset)
{
    return kdw_builtin_names + offset;
}

/* ---- types that all candidates have ---- */

static const struct kdw_builtin_type *type_of(uint8_t layout, size_t i)
{
    const struct kdw_builtin_layout *l = &kdw_builtin_layouts[layout];

    return i < l->count ? &kdw_builtin_types[kdw_builtin_layout_types[l->first + i]] : NULL;
}

/* The definition that a layout has under the name of another one's. */
static const struct kdw_builtin_type *same_name(uint8_t layout, const struct kdw_builtin_type *type)
{
    const struct kdw_builtin_type *found;

    for (size_t i = 0; (found = type_of(layout, i)) != NULL; i++)
        if (found->space == type->space && found->name == type->name)
            return found;
    return NULL;
}

static bool has_member(const struct kdw_builtin_type *type, const struct kdw_builtin_member *wanted)
{
    for (size_t i = 0; i < type->count; i++) {
        const struct kdw_builtin_member *m = &kdw_builtin_members[type->first + i];

        if (m->name == wanted->name && m->shape == wanted->shape && m->value == wanted->value)
            return true;
    }
    return false;
}

static bool all_have_member(const struct kdw_choice *c, const struct kdw_builtin_type *type,
                            const struct kdw_builtin_member *m)
{
    for (size_t i = 1; i < c->count; i++) {
        const struct kdw_builtin_type *other = same_name(c->candidates[i].layout, type);

        if (other != type && !has_member(other, m))
            return false;
    }
    return true;
}

/* What all candidates say of a type of the first one's; false: one of them has nothing of the kind.
 * A size on which they differ is unknown, which 0 says. */
static bool agree_on_type(const struct kdw_choice *c, const struct kdw_builtin_type *type,
                          struct kdw_table_type *out)
{
    *out = (struct kdw_table_type){
        .name = name_of(type->name),
        .space = (enum kdw_table_space)type->space,
        .kind = (enum kdw_type_kind)type->kind,
        .is_signed = type->is_signed,
        .size = type->size,
        .underlying = "int", /* of every enum of the tables [seen] */
    };
    for (size_t i = 1; i < c->count; i++) {
        const struct kdw_builtin_type *other = same_name(c->candidates[i].layout, type);

        if (!other || other->kind != type->kind)
            return false;
        if (other->size != type->size)
            out->size = 0;
    }
    return true;
}

static bool take_fields(struct builtin *b, const struct kdw_choice *c,
                        const struct kdw_builtin_type *type, struct kdw_table_type *out)
{
    struct kdw_table_field *fields = kdw_arena_alloc(&b->arena, type->count * sizeof *fields);

    if (!fields)
        return false;
    for (size_t i = 0; i < type->count; i++) {
        const struct kdw_builtin_member *m = &kdw_builtin_members[type->first + i];

        if (all_have_member(c, type, m))
            fields[out->count++] = (struct kdw_table_field){name_of(m->name), m->value, m->shape};
    }
    out->of.fields = fields;
    return true;
}

static bool take_constants(struct builtin *b, const struct kdw_choice *c,
                           const struct kdw_builtin_type *type, struct kdw_table_type *out)
{
    struct kdw_table_constant *constants =
        kdw_arena_alloc(&b->arena, type->count * sizeof *constants);

    if (!constants)
        return false;
    for (size_t i = 0; i < type->count; i++) {
        const struct kdw_builtin_member *m = &kdw_builtin_members[type->first + i];

        if (all_have_member(c, type, m))
            constants[out->count++] = (struct kdw_table_constant){name_of(m->name), m->value};
    }
    out->of.constants = constants;
    return true;
}

static bool take_types(struct builtin *b, const struct kdw_choice *c)
{
    uint8_t layout = c->candidates[0].layout;
    const struct kdw_builtin_type *type;

    b->table.types =
        kdw_arena_alloc(&b->arena, kdw_builtin_layouts[layout].count * sizeof *b->table.types);
    if (!b->table.types)
        return false;
    for (size_t i = 0; (type = type_of(layout, i)) != NULL; i++) {
        struct kdw_table_type *out = &b->table.types[b->table.type_count];

        if (!agree_on_type(c, type, out))
            continue;
        if (!(type->space == KDW_SPACE_ENUM ? take_constants : take_fields)(b, c, type, out))
            return false;
        b->table.type_count++;
    }
    return true;
}

static bool take_shapes(struct builtin *b)
{
    b->table.shape_count = kdw_builtin_shape_count;
    b->table.shapes = kdw_arena_alloc(&b->arena, kdw_builtin_shape_count * sizeof *b->table.shapes);
    if (!b->table.shapes)
        return false;
    for (size_t i = 0; i < kdw_builtin_shape_count; i++) {
        const struct kdw_builtin_shape *s = &kdw_builtin_shapes[i];

        b->table.shapes[i] = (struct kdw_table_shape){
            .kind = (enum kdw_type_kind)s->kind,
            .bit_position = s->bit_position,
            .bit_length = s->bit_length,
            .target = s->target,
            .count = s->count,
            .name = s->name ? name_of(s->name) : NULL,
        };
    }
    return true;
}

/* ---- symbols that all candidates have in one place ---- */

static uint32_t agreed_rva(const struct kdw_choice *c, size_t symbol)
{
    uint32_t rva = 0;

    for (size_t i = 0; i < c->count; i++) {
        const struct kdw_builtin_kernel *k = c->candidates[i].kernel;
        uint32_t own = k ? kdw_builtin_rva(k, symbol) : 0;

        if (own == 0 || (i > 0 && own != rva))
            return 0;
        rva = own;
    }
    return rva;
}

/* What the target names itself comes first: of several with one name the last one counts. */
static bool take_symbols(struct builtin *b, const struct kdw_choice *c,
                         const struct kdw_landmark *landmarks, size_t count)
{
    struct kdw_symbol_table *t = &b->table;

    t->by_name =
        kdw_arena_alloc(&b->arena, (count + kdw_builtin_symbol_count) * sizeof *t->by_name);
    if (!t->by_name)
        return false;
    for (size_t i = 0; i < count; i++)
        if (landmarks[i].rva <= UINT32_MAX)
            t->by_name[t->symbol_count++] = (struct kdw_table_symbol){
                .name = landmarks[i].name, .rva = (uint32_t)landmarks[i].rva};
    for (size_t i = 0; i < kdw_builtin_symbol_count; i++) {
        uint32_t rva = agreed_rva(c, i);

        if (rva != 0)
            t->by_name[t->symbol_count++] = (struct kdw_table_symbol){
                .name = name_of(kdw_builtin_symbols[i]), .rva = rva, .order = 1};
    }
    return true;
}

enum kd_status kdw_builtin_table(const struct kdw_choice *choice,
                                 const struct kdw_landmark *landmarks, size_t count,
                                 struct kd_diag *diag, struct kdw_symbols **out)
{
    struct builtin *b = calloc(1, sizeof *b);

    if (!b)
        return kd_diag_set(diag, KD_ERR_NO_MEMORY, "out of memory");
    b->table.diag = diag;
    b->table.what = "the built-in tables have";
    b->table.close = builtin_close;
    if (!take_types(b, choice) || !take_shapes(b) || !take_symbols(b, choice, landmarks, count)) {
        builtin_close(&b->table);
        return kd_diag_set(diag, KD_ERR_NO_MEMORY, "out of memory");
    }
    kdw_symbol_table_finish(&b->table);
    *out = &b->table.symbols;
    return KD_OK;
}
