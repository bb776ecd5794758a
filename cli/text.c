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

/* Of three bytes of UTF-8. */
static unsigned code_point(const unsigned char *p)
{
    return (p[0] & 0x0fu) << 12 | (p[1] & 0x3fu) << 6 | (p[2] & 0x3fu);
}

/* It breaks the line, or makes what follows show in another order. */
static bool is_unruly(unsigned code)
{
    return code == 0x200e || code == 0x200f || (code >= 0x2028 && code <= 0x202e) ||
           (code >= 0x2066 && code <= 0x2069);
}

void text_add_escaped(struct text *t, const char *chars, size_t len)
{
    const unsigned char *p = (const unsigned char *)chars;
    size_t n;

    for (; len > 0; p += n, len -= n) {
        n = kdw_utf8_len(p, len);
        if (n == 0 || (n == 1 && (*p < 0x20 || *p == 0x7f))) {
            text_add(t, *p == '\n' ? "\\n" : "\\x%02x", *p);
            n = 1;
        } else if (n == 2 && p[0] == 0xc2 && p[1] < 0xa0) {
            text_add(t, "\\u%04x", p[1]); /* C1: CSI in one character */
        } else if (n == 3 && is_unruly(code_point(p))) {
            text_add(t, "\\u%04x", code_point(p));
        } else {
            text_add(t, "%.*s", (int)n, (const char *)p);
        }
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
