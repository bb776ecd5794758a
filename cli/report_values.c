#include "report_values.h"

#include "facts.h"
#include "kernel_time.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- texts ---- */

static bool is_continuation(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

void report_chars(struct text *t, const char *chars)
{
    size_t len = strlen(chars), kept = len;

    if (len > REPORT_VALUE_MAX) {
        kept = REPORT_VALUE_MAX;
        while (kept > 0 && is_continuation(chars[kept])) /* not inside a character */
            kept--;
    }
    text_add(t, "%.*s", (int)kept, chars);
    if (kept < len)
        text_add(t, " ... (%zu bytes more)", len - kept);
}

/* ---- numbers ---- */

bool report_word(const json_t *value, uint64_t *out)
{
    const char *text = json_string_value(value);
    char *end;

    if (!text || strncmp(text, "0x", 2) != 0 || strlen(text) > 18 ||
        strspn(text + 2, "0123456789abcdef") != strlen(text + 2) || !text[2])
        return false;
    *out = strtoull(text + 2, &end, 16);
    return true;
}

const struct kdw_fact *report_fact(unsigned table, const char *name)
{
    if (table >= KDW_TABLES || !name)
        return NULL;
    for (size_t i = 0; i < kdw_snapshot_tables[table].facts_len; i++)
        if (strcmp(kdw_snapshot_tables[table].facts[i].name, name) == 0)
            return &kdw_snapshot_tables[table].facts[i];
    return NULL;
}

/* Addresses are 16 digits, so that they can be searched for as other tools print them. */
static void add_string(struct text *t, const json_t *value, const struct kdw_fact *fact)
{
    uint64_t word;

    if (fact && fact->kind != KDW_FACT_TEXT && report_word(value, &word))
        text_add(t,
                 fact->kind == KDW_FACT_ADDRESS || fact->kind == KDW_FACT_KEY ? "%016" PRIx64
                                                                              : "0x%" PRIx64,
                 word);
    else if (json_string_length(value) == 0)
        text_add(t, "\"\"");
    else
        report_chars(t, json_string_value(value));
}

/* {"unreadable": where, "reason": why} */
static void add_unreadable(struct text *t, const json_t *value)
{
    const char *reason = json_string_value(json_object_get(value, "reason"));

    text_add(t, "%s", fact_unknown(KD_ERR_MALFORMED));
    if (reason) {
        text_add(t, " (");
        report_chars(t, reason);
        text_add(t, ")");
    }
}

void report_value(struct text *t, const json_t *value, const struct kdw_fact *fact)
{
    switch (value ? json_typeof(value) : JSON_NULL) {
    case JSON_STRING:
        add_string(t, value, fact);
        break;
    case JSON_INTEGER:
        text_add(t, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
        break;
    case JSON_REAL:
        text_add(t, "%g", json_real_value(value));
        break;
    case JSON_TRUE:
    case JSON_FALSE:
        text_add(t, "%s", json_is_true(value) ? "yes" : "no");
        break;
    case JSON_OBJECT:
        add_unreadable(t, value);
        break;
    default:
        text_add(t, "%s", fact_unknown(KD_ERR_NOT_FOUND));
        break;
    }
}

/* ---- times ---- */

void report_clock(uint64_t time_100ns, char out[REPORT_CLOCK])
{
    unsigned ms = (unsigned)(time_100ns / 10000 % (24u * 3600 * 1000));

    snprintf(out, REPORT_CLOCK, "%02u:%02u:%02u.%03u", ms / 3600000 % 24, ms / 60000 % 60,
             ms / 1000 % 60, ms % 1000);
}

void report_date(uint64_t time_100ns, char out[REPORT_DATE])
{
    char text[KERNEL_TIME_TEXT];

    if (kernel_time_text(time_100ns, text))
        snprintf(out, REPORT_DATE, "%.10s", text);
    else
        snprintf(out, REPORT_DATE, "?");
}
