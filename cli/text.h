/* text.h - text that grows: for values whose length is known only when they are written. */
#ifndef CLI_TEXT_H
#define CLI_TEXT_H

#include <kdproto/diag.h>

#include <stdbool.h>
#include <stddef.h>

struct text {
    char *chars; /* NUL-terminated once anything was added; NULL before */
    size_t len, cap;
    bool failed; /* out of memory: sticky, ask once at the end */
};

void text_add(struct text *t, const char *fmt, ...) KD_PRINTF(2, 3);
/* Text of the target's making, as UTF-8 that no terminal obeys: control characters, those that break
 * or reorder a line, and bytes that are no UTF-8, as escapes. */
void text_add_escaped(struct text *t, const char *chars, size_t len);
/* How many bytes from the start on no terminal obeys. The character that stands behind them is `code`, of
 * code_len bytes: one of a single byte may be no UTF-8, and 0 bytes is the end. */
size_t text_plain(const char *chars, size_t len, unsigned *code, size_t *code_len);
/* The text, now the caller's to free; "" when nothing was added; NULL when memory ran out. */
char *text_take(struct text *t);

#endif
