#include <walker/object.h>

#include <kdproto/bytes.h>

#include <stdlib.h>

/* ---- which fields there are ---- */

static enum kd_status resolve_field(struct kdw_symbols *s, kdw_type_id type, const char *name,
                                    struct kdw_field_ref *out)
{
    struct kdw_field_ref ref = {.exists = true};
    struct kdw_field field;
    struct kdw_type t, whole;
    enum kd_status st;

    st = kdw_type_field(s, type, name, &field);
    if (st == KD_ERR_NOT_FOUND) {
        *out = (struct kdw_field_ref){0};
        return KD_OK;
    }
    if (st == KD_OK)
        st = kdw_type_describe(s, field.type, &t);
    if (st != KD_OK)
        return st;
    whole = t;
    if (t.kind == KDW_TYPE_BITFIELD || t.kind == KDW_TYPE_ENUM) {
        st = kdw_type_describe(s, t.target, &whole);
        if (st != KD_OK)
            return st;
    }
    if (t.kind == KDW_TYPE_BITFIELD) {
        if (t.bit_length == 0 || t.bit_position + t.bit_length > 8 * whole.size)
            return KD_ERR_MALFORMED;
        ref.bit_length = t.bit_length;
        ref.bit_position = t.bit_position;
    }
    ref.offset = field.offset;
    ref.size = whole.size;
    ref.is_signed = whole.is_signed;
    ref.type = field.type;
    *out = ref;
    return KD_OK;
}

enum kd_status kdw_layout_resolve(struct kdw_kernel *k, const char *type_name,
                                  const char *const *names, size_t len, struct kdw_field_ref *refs,
                                  struct kdw_layout *out)
{
    kdw_type_id type;
    struct kdw_type t;
    enum kd_status st;

    st = kdw_type_by_name(k->symbols, type_name, &type);
    if (st == KD_OK)
        st = kdw_type_describe(k->symbols, type, &t);
    if (st != KD_OK)
        return kd_diag_set(k->diag, st, "type %s in the kernel's symbols: %s", type_name,
                           kd_status_text(st));
    for (size_t i = 0; i < len; i++) {
        st = resolve_field(k->symbols, type, names[i], &refs[i]);
        if (st != KD_OK)
            return kd_diag_set(k->diag, st, "field %s.%s in the kernel's symbols: %s", type_name,
                               names[i], kd_status_text(st));
    }
    kd_diag_clear(k->diag); /* of what was said about fields that this kernel lacks */
    *out = (struct kdw_layout){type_name, t.size, names, refs, len};
    return KD_OK;
}

enum kd_status kdw_layout_resolve_optional(struct kdw_kernel *k, const char *type_name,
                                           const char *const *names, size_t len,
                                           struct kdw_field_ref *refs, struct kdw_layout *out)
{
    enum kd_status st = kdw_layout_resolve(k, type_name, names, len, refs, out);

    if (st != KD_ERR_NOT_FOUND)
        return st;
    kd_diag_clear(k->diag);
    for (size_t i = 0; i < len; i++)
        refs[i] = (struct kdw_field_ref){0};
    *out = (struct kdw_layout){type_name, 0, names, refs, len};
    return KD_OK;
}

bool kdw_layout_has(const struct kdw_layout *l, size_t field)
{
    return l->refs[field].exists;
}

/* ---- values ---- */

static bool is_integer_size(uint64_t size)
{
    return size == 1 || size == 2 || size == 4 || size == 8;
}

/* The integer in ref->size bytes: little-endian, its bits cut out, its sign extended. */
static uint64_t decode_u64(const struct kdw_field_ref *ref, const uint8_t *bytes)
{
    unsigned width = ref->bit_length ? ref->bit_length : (unsigned)(8 * ref->size);
    uint64_t v = 0;

    for (size_t i = (size_t)ref->size; i-- > 0;)
        v = v << 8 |
            bytes[i]; /* NOLINT(*NullDereference): locate answered KD_OK, so they are there */
    v >>= ref->bit_position;
    if (width < 64) {
        uint64_t sign = (uint64_t)1 << (width - 1);

        v &= ((uint64_t)1 << width) - 1;
        if (ref->is_signed)
            v = (v ^ sign) - sign;
    }
    return v;
}

static enum kd_status no_u64(struct kdw_u64 *out, enum kd_status st, uint64_t fault_va)
{
    *out = (struct kdw_u64){.status = st, .fault_va = fault_va};
    return st;
}

static enum kd_status no_text(struct kdw_text *out, enum kd_status st, uint64_t fault_va)
{
    *out = (struct kdw_text){.status = st, .fault_va = fault_va};
    return st;
}

static enum kd_status u64_of(const struct kdw_field_ref *ref, const uint8_t *bytes,
                             struct kdw_u64 *out)
{
    *out = (struct kdw_u64){.status = KD_OK, .value = decode_u64(ref, bytes)};
    return KD_OK;
}

/* ---- one field, read by itself ---- */

enum kd_status kdw_field_u64(struct kdw_mem *mem, const struct kdw_layout *l, size_t field,
                             uint64_t object_va, struct kdw_u64 *out)
{
    const struct kdw_field_ref *ref = &l->refs[field];
    uint8_t bytes[8];
    uint64_t fault = 0;
    enum kd_status st;

    if (!ref->exists)
        return no_u64(out, KD_ERR_NOT_FOUND, 0);
    if (!is_integer_size(ref->size))
        return no_u64(out, KD_ERR_UNSUPPORTED, 0);
    st = kdw_mem_read(mem, object_va + ref->offset, bytes, (size_t)ref->size, &fault);
    if (st != KD_OK)
        return no_u64(out, st, fault);
    return u64_of(ref, bytes, out);
}

enum kd_status kdw_field_unicode(struct kdw_mem *mem, const struct kdw_layout *l, size_t field,
                                 uint64_t object_va, struct kdw_text *out)
{
    const struct kdw_field_ref *ref = &l->refs[field];

    if (!ref->exists)
        return no_text(out, KD_ERR_NOT_FOUND, 0);
    if (ref->size != KDW_UNICODE_LEN)
        return no_text(out, KD_ERR_UNSUPPORTED, 0);
    return kdw_unicode_read(mem, object_va + ref->offset, out);
}

enum kd_status kdw_field_chars(struct kdw_mem *mem, const struct kdw_layout *l, size_t field,
                               uint64_t object_va, struct kdw_text *out)
{
    const struct kdw_field_ref *ref = &l->refs[field];

    if (!ref->exists)
        return no_text(out, KD_ERR_NOT_FOUND, 0);
    return kdw_chars_read(mem, object_va + ref->offset,
                          ref->size < KDW_CHARS_MAX ? (size_t)ref->size : KDW_CHARS_MAX, out);
}

/* ---- many fields of one object ---- */

/* The bytes from the first field's start to the last one's end. */
static bool span_of(const struct kdw_layout *l, uint64_t *first, uint64_t *len)
{
    uint64_t low = UINT64_MAX, high = 0;

    for (size_t i = 0; i < l->len; i++) {
        const struct kdw_field_ref *ref = &l->refs[i];

        if (!ref->exists)
            continue;
        if (ref->offset > KDW_OBJECT_MAX || ref->size > KDW_OBJECT_MAX)
            return false;
        if (ref->offset < low)
            low = ref->offset;
        if (ref->offset + ref->size > high)
            high = ref->offset + ref->size;
    }
    *first = high > 0 ? low : 0;
    *len = high - *first;
    return *len <= KDW_OBJECT_MAX;
}

enum kd_status kdw_object_load(struct kdw_mem *mem, const struct kdw_layout *l, uint64_t object_va,
                               struct kdw_object *out)
{
    struct kdw_object o = {.layout = l};
    uint8_t *bytes;
    uint64_t len;
    enum kd_status st;

    if (!span_of(l, &o.first, &len))
        return KD_ERR_LIMIT;
    bytes = malloc(len ? (size_t)len : 1);
    if (!bytes)
        return KD_ERR_NO_MEMORY;
    st = kdw_stretch_read(mem, object_va + o.first, bytes, (size_t)len, &o.stretch);
    if (st != KD_OK) {
        free(bytes);
        return st;
    }
    *out = o;
    return KD_OK;
}

void kdw_object_free(struct kdw_object *o)
{
    free(o->stretch.bytes);
    o->stretch.bytes = NULL;
}

/* The field's bytes, or why they are not there. */
static enum kd_status locate(const struct kdw_object *o, const struct kdw_field_ref *ref,
                             const uint8_t **bytes, uint64_t *fault_va)
{
    if (!ref->exists)
        return KD_ERR_NOT_FOUND;
    return kdw_stretch_part(&o->stretch, (size_t)(ref->offset - o->first), (size_t)ref->size, bytes,
                            fault_va);
}

enum kd_status kdw_object_u64(const struct kdw_object *o, size_t field, struct kdw_u64 *out)
{
    const struct kdw_field_ref *ref = &o->layout->refs[field];
    const uint8_t *bytes = NULL;
    uint64_t fault = 0;
    enum kd_status st = locate(o, ref, &bytes, &fault);

    if (st != KD_OK)
        return no_u64(out, st, fault);
    if (!is_integer_size(ref->size))
        return no_u64(out, KD_ERR_UNSUPPORTED, 0);
    return u64_of(ref, bytes, out);
}

enum kd_status kdw_object_unicode(const struct kdw_object *o, size_t field, struct kdw_mem *mem,
                                  struct kdw_text *out)
{
    const struct kdw_field_ref *ref = &o->layout->refs[field];
    const uint8_t *bytes = NULL;
    uint64_t fault = 0;
    enum kd_status st = locate(o, ref, &bytes, &fault);

    if (st != KD_OK)
        return no_text(out, st, fault);
    if (ref->size != KDW_UNICODE_LEN)
        return no_text(out, KD_ERR_UNSUPPORTED, 0);
    return kdw_unicode_of(mem, bytes, out);
}
