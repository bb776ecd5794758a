#include <walker/text.h>

#include <kdproto/bytes.h>

#include <stdlib.h>

enum { REPLACEMENT = 0xfffd };

void kdw_text_free(struct kdw_text *t)
{
    free(t->utf8);
    t->utf8 = NULL;
}

static enum kd_status fail(struct kdw_text *out, enum kd_status st, uint64_t fault_va)
{
    *out = (struct kdw_text){.status = st, .fault_va = fault_va};
    return st;
}

static enum kd_status succeed(struct kdw_text *out, char *utf8)
{
    *out = (struct kdw_text){.status = KD_OK, .utf8 = utf8};
    return KD_OK;
}

/* c is no surrogate and below 0x110000. */
static char *put_utf8(char *p, uint32_t c)
{
    if (c < 0x80) {
        *p++ = (char)c;
        return p;
    }
    if (c < 0x800) {
        *p++ = (char)(0xc0 | c >> 6);
    } else {
        if (c < 0x10000) {
            *p++ = (char)(0xe0 | c >> 12);
        } else {
            *p++ = (char)(0xf0 | c >> 18);
            *p++ = (char)(0x80 | (c >> 12 & 0x3f));
        }
        *p++ = (char)(0x80 | (c >> 6 & 0x3f));
    }
    *p++ = (char)(0x80 | (c & 0x3f));
    return p;
}

static bool is_high_surrogate(uint32_t unit)
{
    return (unit & 0xfc00) == 0xd800;
}

static bool is_low_surrogate(uint32_t unit)
{
    return (unit & 0xfc00) == 0xdc00;
}

/* The next character; what cannot be one, or would end a C string, is replaced. */
static uint32_t take_utf16(struct kd_reader *r)
{
    uint32_t unit = kd_rd_u16(r);

    if (is_high_surrogate(unit) && kd_reader_left(r) >= 2) {
        struct kd_reader ahead = *r;
        uint32_t low = kd_rd_u16(&ahead);

        if (is_low_surrogate(low)) {
            *r = ahead;
            return 0x10000 + ((unit & 0x3ff) << 10 | (low & 0x3ff));
        }
    }
    if (unit == 0 || is_high_surrogate(unit) || is_low_surrogate(unit))
        return REPLACEMENT;
    return unit;
}

enum kd_status kdw_utf16_text(const uint8_t *bytes, size_t len, struct kdw_text *out)
{
    struct kd_reader r;
    char *utf8, *p;

    if (len >= 2 && len % 2 == 0 && bytes[len - 2] == 0 && bytes[len - 1] == 0)
        len -= 2;
    r = kd_reader_of(bytes, len);
    utf8 = malloc((len / 2 + 1) * 3 + 1); /* no unit takes more than three bytes */
    if (!utf8)
        return fail(out, KD_ERR_NO_MEMORY, 0);
    p = utf8;
    while (kd_reader_left(&r) >= 2)
        p = put_utf8(p, take_utf16(&r));
    if (kd_reader_left(&r) > 0)
        p = put_utf8(p, REPLACEMENT);
    *p = '\0';
    return succeed(out, utf8);
}

enum kd_status kdw_unicode_of(struct kdw_mem *mem, const uint8_t *string, struct kdw_text *out)
{
    struct kd_reader r = kd_reader_of(string, KDW_UNICODE_LEN);
    uint8_t bytes[KDW_UNICODE_MAX];
    size_t len = kd_rd_u16(&r);
    uint64_t buffer_va, fault = 0;
    enum kd_status st;

    kd_rd_seek(&r, 8);
    buffer_va = kd_rd_u64(&r);
    if (len > sizeof bytes)
        return fail(out, KD_ERR_LIMIT, 0);
    st = kdw_mem_read(mem, buffer_va, bytes, len, &fault);
    if (st != KD_OK)
        return fail(out, st, fault);
    return kdw_utf16_text(bytes, len, out);
}

enum kd_status kdw_unicode_read(struct kdw_mem *mem, uint64_t va, struct kdw_text *out)
{
    uint8_t string[KDW_UNICODE_LEN];
    uint64_t fault = 0;
    enum kd_status st = kdw_mem_read(mem, va, string, sizeof string, &fault);

    if (st != KD_OK)
        return fail(out, st, fault);
    return kdw_unicode_of(mem, string, out);
}

static enum kd_status convert_chars(const uint8_t *bytes, size_t len, struct kdw_text *out)
{
    char *utf8 = malloc(len * 3 + 1);
    char *p = utf8;

    if (!utf8)
        return fail(out, KD_ERR_NO_MEMORY, 0);
    for (size_t i = 0; i < len; i++)
        p = put_utf8(p, bytes[i] < 0x80 ? bytes[i] : REPLACEMENT);
    *p = '\0';
    return succeed(out, utf8);
}

enum kd_status kdw_chars_read(struct kdw_mem *mem, uint64_t va, size_t max, struct kdw_text *out)
{
    uint8_t bytes[KDW_CHARS_MAX];
    uint64_t fault = va;
    size_t got, len = 0;
    enum kd_status st;

    if (max > sizeof bytes)
        max = sizeof bytes;
    st = kdw_mem_read(mem, va, bytes, max, &fault);
    if (st != KD_OK && !kd_is_unreadable(st))
        return fail(out, st, fault);
    got = st == KD_OK ? max : (size_t)(fault - va);
    while (len < got && bytes[len] != 0)
        len++;
    if (len == got && got < max)
        return fail(out, st, fault); /* the hole begins before the text ends */
    return convert_chars(bytes, len, out);
}

size_t kdw_utf8_len(const uint8_t *p, size_t left)
{
    static const struct {
        uint8_t first_low, first_high, second_low, second_high;
        size_t len;
    } forms[] = {
        {0x00, 0x7f, 0x00, 0xff, 1}, {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
        {0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
        {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
    };

    for (size_t i = 0; i < sizeof forms / sizeof forms[0] && left > 0; i++) {
        if (p[0] < forms[i].first_low || p[0] > forms[i].first_high)
            continue;
        if (forms[i].len > left)
            return 0;
        if (forms[i].len > 1 && (p[1] < forms[i].second_low || p[1] > forms[i].second_high))
            return 0;
        for (size_t k = 2; k < forms[i].len; k++)
            if (p[k] < 0x80 || p[k] > 0xbf)
                return 0;
        return forms[i].len;
    }
    return 0;
}
