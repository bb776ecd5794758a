#include "text.h"

#include <walker/text.h>

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool reserve(struct text *t, size_t more)
{
    size_t cap = t->cap ? t->cap : 64;
    char *grown;

    if (t->failed)
        return false;
    while (cap - t->len <= more) {
        if (cap > SIZE_MAX / 2) {
            t->failed = true;
            return false;
        }
        cap *= 2;
    }
    if (cap == t->cap)
        return true;
    grown = realloc(t->chars, cap);
    if (!grown) {
        t->failed = true;
        return false;
    }
    t->chars = grown;
    t->cap = cap;
    return true;
}

void text_add(struct text *t, const char *fmt, ...)
{
    va_list ap;
    int n;

    va_start(ap, fmt);
    /* NOLINTNEXTLINE(*valist*): it is initialised in the line before */
    n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    if (n < 0 || !reserve(t, (size_t)n))
        return;
    va_start(ap, fmt);
    /* NOLINTNEXTLINE(*valist*): it is initialised in the line before */
    vsnprintf(t->chars + t->len, t->cap - t->len, fmt, ap);
    va_end(ap);
    t->len += (size_t)n;
}

static unsigned code_point(const unsigned char *p, size_t n)
{
    unsigned code = n == 1 ? p[0] : p[0] & (0x7fu >> n);

    for (size_t i = 1; i < n; i++)
        code = code << 6 | (p[i] & 0x3fu);
    return code;
}

/* It breaks the line, or makes what follows show in another order. */
static bool is_unruly(unsigned code)
{
    return code == 0x61c || code == 0x200e || code == 0x200f ||
           (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}

/* C1 among them: CSI in one character. */
static bool is_control(unsigned code)
{
    return code < 0x20 || (code >= 0x7f && code < 0xa0);
}

size_t text_plain(const char *chars, size_t len, unsigned *code, size_t *code_len)
{
    const unsigned char *p = (const unsigned char *)chars;
    size_t at = 0;

    while (at < len) {
        size_t n;

        if (p[at] >= 0x20 && p[at] < 0x7f) { /* most are */
            at++;
            continue;
        }
        n = kdw_utf8_len(p + at, len - at);
        *code = n ? code_point(p + at, n) : p[at];
        *code_len = n ? n : 1;
        if (n == 0 || is_control(*code) || is_unruly(*code))
            return at;
        at += n;
    }
    *code = 0;
    *code_len = 0;
    return at;
}

void text_add_escaped(struct text *t, const char *chars, size_t len)
{
    while (len > 0) {
        unsigned code;
        size_t code_len, plain = text_plain(chars, len, &code, &code_len);

        text_add(t, "%.*s", (int)plain, chars);
        if (code_len == 1)
            text_add(t, code == '\n' ? "\\n" : "\\x%02x", code);
        else if (code_len > 1)
            text_add(t, "\\u%04x", code);
        chars += plain + code_len;
        len -= plain + code_len;
    }
}

char *text_take(struct text *t)
{
    char *chars = t->chars;

    if (t->failed) {
        free(chars);
        chars = NULL;
    } else if (!chars) {
        chars = calloc(1, 1);
    }
    *t = (struct text){0};
    return chars;
}
