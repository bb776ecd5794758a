#include "number.h"

#include "message.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

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
        unit = UINT64_C(1024) * 1024;
    if (unit != 1)
        end++;
    if (*end || v > UINT64_MAX / unit)
        return false;
    *out = v * unit;
    return true;
}

const char *number_kernel_name(const char *text)
{
    const char *mark = strchr(text, '!');
    const char *name = mark ? mark + 1 : text;

    if (mark && (mark - text != 2 || strncmp(text, "nt", 2) != 0)) {
        message_error("'%s': only the kernel's own names are known, as in nt!%s", text,
                      *name ? name : "NAME");
        return NULL;
    }
    if (*name == '\0' || strlen(name) >= NUMBER_NAME_MAX) {
        message_error("'%s' is no name", text);
        return NULL;
    }
    return name;
}

bool number_place(const char *text, struct number_place *out)
{
    struct number_place place = {0};
    const char *name, *plus;
    size_t len;

    if (number_address(text, &place.va)) {
        *out = place;
        return true;
    }
    name = number_kernel_name(text);
    if (!name)
        return false;
    place.is_symbol = true;
    plus = strchr(name, '+');
    len = plus ? (size_t)(plus - name) : strlen(name);
    memcpy(place.symbol, name, len);
    if (len == 0) {
        message_error("'%s' is neither a hexadecimal address nor a symbol", text);
        return false;
    }
    if (plus && !number_address(plus + 1, &place.offset)) {
        message_error("'%s': what stands behind + must be hexadecimal", text);
        return false;
    }
    *out = place;
    return true;
}

enum kd_status number_resolve(struct kdw_kernel *k, const struct number_place *place, uint64_t *out)
{
    uint64_t va = place->va;
    enum kd_status st;

    if (place->is_symbol) {
        st = kdw_kernel_symbol(k, place->symbol, &va);
        if (st == KD_ERR_NOT_FOUND)
            return kd_diag_set(k->diag, st,
                               "'%s' is no hexadecimal address, and the kernel has no symbol of "
                               "that name",
                               place->symbol);
        if (st != KD_OK)
            return st;
        va += place->offset;
    }
    *out = va;
    return KD_OK;
}
