#include "support/fake_symbols.h"

#include <string.h>

/* Named types are numbered from 1; field types have a kind in their upper byte. */
enum { FIRST_FIELD_TYPE = 1 << 24 };

static struct fake_symbols *self(struct kdw_symbols *s)
{
    return (struct fake_symbols *)s;
}

static enum kd_status symbol(struct kdw_symbols *s, const char *name, uint64_t *rva)
{
    for (const struct fake_symbol *v = self(s)->variables; v->name; v++) {
        if (strcmp(v->name, name) == 0) {
            *rva = v->rva;
            return KD_OK;
        }
    }
    return KD_ERR_NOT_FOUND;
}

static enum kd_status symbol_near(struct kdw_symbols *s, uint64_t rva, const char **name,
                                  uint64_t *name_rva)
{
    const struct fake_symbol *best = NULL;

    for (const struct fake_symbol *v = self(s)->variables; v->name; v++)
        if (v->rva <= rva && (!best || v->rva > best->rva))
            best = v;
    if (!best)
        return KD_ERR_NOT_FOUND;
    *name = best->name;
    *name_rva = best->rva;
    return KD_OK;
}

static enum kd_status type(struct kdw_symbols *s, const char *name, kdw_type_id *out)
{
    const struct fake_type *types = self(s)->types;

    for (kdw_type_id i = 0; types[i].name; i++) {
        if (strcmp(types[i].name, name) == 0) {
            *out = i + 1;
            return KD_OK;
        }
    }
    return KD_ERR_NOT_FOUND;
}

static void describe_field_type(kdw_type_id id, struct kdw_type *t)
{
    static const enum kdw_type_kind kinds[] = {
        KDW_TYPE_UNKNOWN, KDW_TYPE_INT,    KDW_TYPE_INT,  KDW_TYPE_POINTER,  KDW_TYPE_ARRAY,
        KDW_TYPE_ARRAY,   KDW_TYPE_STRUCT, KDW_TYPE_ENUM, KDW_TYPE_BITFIELD, KDW_TYPE_BITFIELD};
    unsigned kind = id >> 24;
    unsigned a = id >> 8 & 0xffff;
    unsigned b = id & 0xff;

    t->kind = kinds[kind];
    t->size = b;
    if (t->kind == KDW_TYPE_INT)
        t->is_signed = kind == 2;
    if (t->kind == KDW_TYPE_ARRAY) {
        t->count = a;
        t->size = (uint64_t)a * b;
        t->target = kind == 4 ? FAKE_POINTER : FAKE_UINT(1);
    }
    if (t->kind == KDW_TYPE_STRUCT)
        t->size = a;
    if (t->kind == KDW_TYPE_ENUM)
        t->target = FAKE_UINT(4);
    if (t->kind == KDW_TYPE_BITFIELD) {
        t->size = 4;
        t->bit_position = (uint8_t)a;
        t->bit_length = (uint8_t)b;
        t->target = kind == 8 ? FAKE_UINT(4) : FAKE_INT(4);
    }
}

static enum kd_status describe(struct kdw_symbols *s, kdw_type_id id, struct kdw_type *out)
{
    struct kdw_type t = {0};

    if (id >= FIRST_FIELD_TYPE) {
        describe_field_type(id, &t);
    } else {
        t.kind = KDW_TYPE_STRUCT;
        t.name = self(s)->types[id - 1].name;
        t.size = self(s)->types[id - 1].size;
    }
    *out = t;
    return KD_OK;
}

static enum kd_status field(struct kdw_symbols *s, kdw_type_id id, const char *name,
                            struct kdw_field *out)
{
    if (id >= FIRST_FIELD_TYPE)
        return KD_ERR_NOT_FOUND;
    for (const struct fake_field *f = self(s)->types[id - 1].fields; f->name; f++) {
        if (strcmp(f->name, name) == 0) {
            *out = (struct kdw_field){f->name, f->offset, f->type};
            return KD_OK;
        }
    }
    return KD_ERR_NOT_FOUND;
}

static enum kd_status each_field(struct kdw_symbols *s, kdw_type_id id, kdw_field_visit *visit,
                                 void *ctx)
{
    if (id >= FIRST_FIELD_TYPE)
        return KD_OK;
    for (const struct fake_field *f = self(s)->types[id - 1].fields; f->name; f++) {
        struct kdw_field found = {f->name, f->offset, f->type};

        if (!visit(ctx, &found))
            break;
    }
    return KD_OK;
}

static enum kd_status enum_name(struct kdw_symbols *s, kdw_type_id id, int64_t value,
                                const char **name)
{
    (void)s, (void)id, (void)value, (void)name;
    return KD_ERR_NOT_FOUND;
}

static enum kd_status each_constant(struct kdw_symbols *s, kdw_type_id id,
                                    kdw_constant_visit *visit, void *ctx)
{
    (void)s, (void)id, (void)visit, (void)ctx;
    return KD_ERR_NOT_FOUND;
}

static void close_symbols(struct kdw_symbols *s)
{
    self(s)->closed++;
}

void fake_symbols_init(struct fake_symbols *s, const struct fake_type *types,
                       const struct fake_symbol *variables)
{
    static const struct kdw_symbols_ops ops = {symbol,    symbol_near,   type,
                                               describe,  field,         each_field,
                                               enum_name, each_constant, close_symbols};

    *s = (struct fake_symbols){.symbols.ops = &ops, .types = types, .variables = variables};
}
