#include <walker/symbols.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MEMBER_NAME_MAX = 256 }; /* one part of a dotted path; longer ones are no kernel's */

enum kd_status kdw_symbol(struct kdw_symbols *s, const char *name, uint64_t *rva)
{
    return s->ops->symbol(s, name, rva);
}

enum kd_status kdw_symbol_near(struct kdw_symbols *s, uint64_t rva, const char **name,
                               uint64_t *name_rva)
{
    return s->ops->symbol_near(s, rva, name, name_rva);
}

enum kd_status kdw_type_by_name(struct kdw_symbols *s, const char *name, kdw_type_id *out)
{
    return s->ops->type(s, name, out);
}

enum kd_status kdw_type_describe(struct kdw_symbols *s, kdw_type_id type, struct kdw_type *out)
{
    return s->ops->describe(s, type, out);
}

/* The part of a dotted path up to the next dot, as a string of its own; false when it cannot be a
 * name. */
static bool take_part(const char **path, char part[MEMBER_NAME_MAX])
{
    size_t n = strcspn(*path, ".");

    if (n == 0 || n >= MEMBER_NAME_MAX)
        return false;
    memcpy(part, *path, n);
    part[n] = '\0';
    *path += n;
    return true;
}

enum kd_status kdw_type_field(struct kdw_symbols *s, kdw_type_id type, const char *path,
                              struct kdw_field *out)
{
    char part[MEMBER_NAME_MAX];
    uint64_t outer = 0;

    for (;;) {
        struct kdw_field f;
        enum kd_status st;

        if (!take_part(&path, part))
            return KD_ERR_NOT_FOUND;
        st = s->ops->field(s, type, part, &f);
        if (st != KD_OK)
            return st;
        f.offset += outer;
        if (*path == '\0') {
            *out = f;
            return KD_OK;
        }
        path++; /* the dot */
        outer = f.offset;
        type = f.type;
    }
}

enum kd_status kdw_type_each_field(struct kdw_symbols *s, kdw_type_id type, kdw_field_visit *visit,
                                   void *ctx)
{
    return s->ops->each_field(s, type, visit, ctx);
}

enum kd_status kdw_type_enum_name(struct kdw_symbols *s, kdw_type_id type, int64_t value,
                                  const char **name)
{
    return s->ops->enum_name(s, type, value, name);
}

enum kd_status kdw_type_each_constant(struct kdw_symbols *s, kdw_type_id type,
                                      kdw_constant_visit *visit, void *ctx)
{
    return s->ops->each_constant(s, type, visit, ctx);
}

void kdw_symbols_close(struct kdw_symbols *s)
{
    if (!s)
        return;
    free(s->origin);
    s->ops->close(s);
}

const char *kdw_symbols_origin(const struct kdw_symbols *s)
{
    return s->origin ? s->origin : "";
}

bool kdw_symbols_is_guess(const struct kdw_symbols *s)
{
    return s->is_guess;
}

void kdw_symbols_set_origin(struct kdw_symbols *s, const char *fmt, ...)
{
    va_list ap;
    char *text;
    int len;

    va_start(ap, fmt);
    len = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    text = len >= 0 ? malloc((size_t)len + 1) : NULL;
    if (!text)
        return;
    va_start(ap, fmt);
    vsnprintf(text, (size_t)len + 1, fmt, ap);
    va_end(ap);
    free(s->origin);
    s->origin = text;
}
