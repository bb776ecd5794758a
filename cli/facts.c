#include "facts.h"

#include "kernel_time.h"
#include "message.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define ELLIPSIS "\xe2\x80\xa6"

enum { SHORT_CHARACTERS = 80 };

const char *fact_unknown(enum kd_status st)
{
    return st == KD_ERR_NOT_FOUND ? "-" : "?";
}

static bool is_known(struct text *t, enum kd_status st)
{
    if (st != KD_OK)
        text_add(t, "%s", fact_unknown(st));
    return st == KD_OK;
}

void fact_number(struct text *t, const struct kdw_u64 *v)
{
    if (is_known(t, v->status))
        text_add(t, "%" PRId64, (int64_t)v->value); /* signed fields come sign-extended */
}

void fact_hex(struct text *t, const struct kdw_u64 *v)
{
    if (is_known(t, v->status))
        text_add(t, "0x%" PRIx64, v->value);
}

void fact_address(struct text *t, const struct kdw_u64 *v)
{
    if (is_known(t, v->status))
        text_add(t, "%016" PRIx64, v->value);
}

void fact_time(struct text *t, const struct kdw_u64 *v)
{
    char time[KERNEL_TIME_TEXT];

    if (!is_known(t, v->status))
        return;
    if (v->value == 0)
        text_add(t, "-");
    else if (kernel_time_text(v->value, time)) /* 2019-12-10T08:45:12.1234567Z */
        text_add(t, "%.10s %.8s", time, time + 11);
    else
        text_add(t, "0x%" PRIx64, v->value);
}

void guid_text(const uint8_t b[16], char out[GUID_TEXT])
{
    snprintf(out, GUID_TEXT, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
             b[3], b[2], b[1], b[0], b[5], b[4], b[7], b[6], b[8], b[9], b[10], b[11], b[12], b[13],
             b[14], b[15]);
}

void fact_guid(struct text *t, const struct kdw_guid *v)
{
    char guid[GUID_TEXT];

    if (!is_known(t, v->status))
        return;
    guid_text(v->bytes, guid);
    text_add(t, "%s", guid);
}

void fact_text(struct text *t, const struct kdw_text *v)
{
    if (!is_known(t, v->status))
        return;
    if (v->utf8[0])
        text_add_escaped(t, v->utf8, strlen(v->utf8));
    else
        text_add(t, "-");
}

void fact_text_short(struct text *t, const struct kdw_text *v)
{
    size_t len = 0;

    for (size_t i = 0; v->status == KD_OK && i < SHORT_CHARACTERS && v->utf8[len]; i++)
        do
            len++;
        while (((unsigned char)v->utf8[len] & 0xc0) == 0x80);
    if (v->status != KD_OK || v->utf8[len] == '\0') {
        fact_text(t, v);
        return;
    }
    text_add_escaped(t, v->utf8, len);
    text_add(t, ELLIPSIS);
}

void fact_name(struct text *t, const struct kdw_u64 *v, const char *(*name_of)(uint64_t value))
{
    const char *name = v->status == KD_OK ? name_of(v->value) : NULL;

    if (name)
        text_add(t, "%s", name);
    else
        fact_hex(t, v);
}

void fact_bits(struct text *t, const struct kdw_u64 *v, const char *(*name_of)(unsigned bit))
{
    const char *separator = "";
    uint64_t nameless = 0;

    if (!is_known(t, v->status))
        return;
    for (unsigned bit = 0; bit < 64; bit++) {
        const char *name = v->value >> bit & 1 ? name_of(bit) : NULL;

        if (!(v->value >> bit & 1))
            continue;
        if (!name) {
            nameless |= UINT64_C(1) << bit;
            continue;
        }
        text_add(t, "%s%s", separator, name);
        separator = ", ";
    }
    if (nameless)
        text_add(t, "%s0x%" PRIx64, separator, nameless);
    else if (v->value == 0)
        text_add(t, "-");
}

bool text_is_lost(const char *taken)
{
    if (!taken)
        message_output_failed("out of memory");
    return !taken;
}
