#include "support/hex.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static unsigned digit(char c)
{
    static const char lower[] = "0123456789abcdef";
    static const char upper[] = "0123456789ABCDEF";
    const char *at;

    if ((at = strchr(lower, c)))
        return (unsigned)(at - lower);
    if ((at = strchr(upper, c)))
        return (unsigned)(at - upper);
    fail_msg("'%c' is no hex digit", c);
    return 0;
}

size_t hex_decode(const char *text, uint8_t *out, size_t cap)
{
    size_t n = 0;

    while (*text) {
        if (*text == ' ') {
            text++;
            continue;
        }
        if (!text[1])
            fail_msg("half a byte at the end");
        if (n == cap)
            fail_msg("more than %zu bytes", cap);
        out[n++] = (uint8_t)(digit(text[0]) << 4 | digit(text[1]));
        text += 2;
    }
    return n;
}
