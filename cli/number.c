#include "number.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { SYMBOL_MAX = 512 };

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

bool number_address(const char *text, uint64_t *out)
{
    uint64_t v = 0;
    int digits = 0;

    if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X'))
        text += 2;
    for (; *text; text++) {
        if (*text == '`' && digits > 0)
            continue;
        if (hex_digit(*text) < 0 || ++digits > 16)
            return false;
        v = v << 4 | (uint64_t)hex_digit(*text);
    }
    if (digits == 0)
        return false;
    *out = v;
    return true;
}

bool number_length(const char *text, uint64_t *out)
{
    bool is_hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
    uint64_t unit = 1;
    char *end;
    uint64_t v;

    if (!isdigit((unsigned char)text[0]))
        return false;
    errno = 0;
    v = strtoull(text, &end, is_hex ? 16 : 10);
    if (errno)
        return false;
    if (*end == 'K' || *end == 'k')
        unit = 1024;
    else if (*end == 'M' || *end == 'm')
        unit = 1024 * 1024;
    if (unit != 1)
        end++;
    if (*end || v > UINT64_MAX / unit)
        return false;
    *out = v * unit;
    return true;
}

bool number_is_symbol(const char *text)
{
    uint64_t ignored;

    return !number_address(text, &ignored);
}

const char *number_without_module(const char *text)
{
    return strncmp(text, "nt!", 3) == 0 ? text + 3 : text;
}

enum kd_status number_symbol(struct kdw_kernel *k, const char *text, uint64_t *out)
{
    const char *start = number_without_module(text);
    const char *plus = strchr(start, '+');
    size_t len = plus ? (size_t)(plus - start) : strlen(start);
    char name[SYMBOL_MAX];
    uint64_t offset = 0;
    uint64_t va;
    enum kd_status st;

    if (len == 0 || len >= sizeof name)
        return kd_diag_set(k->diag, KD_ERR_USAGE, "'%s' is neither an address nor a symbol", text);
    memcpy(name, start, len);
    name[len] = '\0';
    if (plus && !number_address(plus + 1, &offset))
        return kd_diag_set(k->diag, KD_ERR_USAGE, "'%s': the offset must be hexadecimal", text);
    st = kdw_kernel_symbol(k, name, &va);
    if (st != KD_OK)
        return kd_diag_set(
            k->diag, st, "'%s' is no hexadecimal address, and the symbols know no %s", text, name);
    *out = va + offset;
    return KD_OK;
}
