#include "isf_text.h"

struct isf_text isf_text_of(const char *text, size_t len, struct kd_diag *diag)
{
    return (struct isf_text){.diag = diag, .begin = text, .at = text, .end = text + len};
}

enum kd_status isf_text_no_memory(struct isf_text *t)
{
    return kd_diag_set(t->diag, KD_ERR_NO_MEMORY, "out of memory");
}

enum kd_status isf_text_malformed(struct isf_text *t, const char *what)
{
    return kd_diag_set(t->diag, KD_ERR_MALFORMED, "%s at byte %zu of the ISF text", what,
                       (size_t)(t->at - t->begin));
}

static void skip_blanks(struct isf_text *t)
{
    while (t->at < t->end && (*t->at == ' ' || *t->at == '\n' || *t->at == '\r' || *t->at == '\t'))
        t->at++;
}

static bool take_mark(struct isf_text *t, char mark)
{
    skip_blanks(t);
    if (t->at == t->end || *t->at != mark)
        return false;
    t->at++;
    return true;
}

static enum kd_status missing(struct isf_text *t, const char *what)
{
    if (t->at == t->end)
        return kd_diag_set(t->diag, KD_ERR_TRUNCATED, "the ISF text ends too early");
    return isf_text_malformed(t, what);
}

enum kd_status isf_text_value(struct isf_text *t, json_t **out)
{
    json_error_t error;
    size_t len;
    json_t *value;

    skip_blanks(t);
    len = (size_t)(t->end - t->at);
    value = json_loadb(t->at, len < KDW_ISF_VALUE_MAX ? len : KDW_ISF_VALUE_MAX,
                       JSON_DECODE_ANY | JSON_DISABLE_EOF_CHECK, &error);
    if (value) {
        t->at += error.position; /* how much of it was used */
        *out = value;
        return KD_OK;
    }
    switch (json_error_code(&error)) {
    case json_error_out_of_memory:
        return isf_text_no_memory(t);
    case json_error_premature_end_of_input:
        if (len > KDW_ISF_VALUE_MAX)
            return kd_diag_set(t->diag, KD_ERR_LIMIT, "a value of more than %d KiB",
                               KDW_ISF_VALUE_MAX >> 10);
        t->at = t->end;
        return missing(t, "");
    case json_error_stack_overflow:
        return kd_diag_set(t->diag, KD_ERR_LIMIT, "a value of too many levels");
    default:
        return isf_text_malformed(t, "no JSON");
    }
}

enum kd_status isf_text_members(struct isf_text *t, isf_take_member *take, void *ctx)
{
    bool is_more;

    if (!take_mark(t, '{'))
        return missing(t, "no object");
    if (take_mark(t, '}'))
        return KD_OK;
    do {
        json_t *name;
        enum kd_status st = isf_text_value(t, &name);

        if (st != KD_OK)
            return st;
        if (!json_is_string(name))
            st = isf_text_malformed(t, "something other than a name");
        else if (!take_mark(t, ':'))
            st = missing(t, "a name without a value");
        else
            st = take(ctx, json_string_value(name));
        json_decref(name);
        if (st != KD_OK)
            return st;
        is_more = take_mark(t, ',');
    } while (is_more);
    return take_mark(t, '}') ? KD_OK : missing(t, "an object without its end");
}

enum kd_status isf_text_end(struct isf_text *t)
{
    skip_blanks(t);
    return t->at == t->end ? KD_OK : isf_text_malformed(t, "something behind the end");
}

/* ---- members of a value ---- */

bool isf_integer(const json_t *object, const char *name, json_int_t low, json_int_t high,
                 json_int_t *out)
{
    const json_t *value = json_object_get(object, name);

    if (!json_is_integer(value) || json_integer_value(value) < low ||
        json_integer_value(value) > high)
        return false;
    *out = json_integer_value(value);
    return true;
}

bool isf_u32(const json_t *object, const char *name, uint32_t *out)
{
    json_int_t value;
    bool is_there = isf_integer(object, name, 0, UINT32_MAX, &value);

    if (is_there)
        *out = (uint32_t)value;
    return is_there;
}

const char *isf_string(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name)); /* NULL where it is something else */
}
