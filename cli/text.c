#include "text.h"

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
    n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    if (n < 0 || !reserve(t, (size_t)n))
        return;
    va_start(ap, fmt);
    vsnprintf(t->chars + t->len, t->cap - t->len, fmt, ap);
    va_end(ap);
    t->len += (size_t)n;
}

void text_add_escaped(struct text *t, const char *chars, size_t len)
{
    const unsigned char *at = (const unsigned char *)chars;

    for (size_t i = 0; i < len; i++) {
        bool is_c1 = at[i] == 0xc2 && i + 1 < len && at[i + 1] >= 0x80 && at[i + 1] < 0xa0;

        if (at[i] == '\n')
            text_add(t, "\\n");
        else if (at[i] < 0x20 || at[i] == 0x7f)
            text_add(t, "\\x%02x", at[i]);
        else if (is_c1)
            text_add(t, "\\u%04x", at[++i]);
        else
            text_add(t, "%c", at[i]);
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
