#include "snapshot_load.h"

#include "kernel_time.h"
#include "snapshot_json.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    FILE_MAX = 256 << 20, /* all tables full of facts have less, but for texts beyond reason */
    TEXT_MAX = 3 * 8192,  /* UTF-8 of the longest text that a walk follows (walker/text.h) */
    WORD_LEN = 18,        /* "0x" and 16 digits */
};

struct load {
    struct kd_diag *diag;
    struct kdw_snapshot s;
};

/* ---- texts of a form ---- */

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool parse_word(const json_t *value, uint64_t *out)
{
    const char *text = json_string_value(value);
    uint64_t v = 0;

    if (!text || json_string_length(value) != WORD_LEN || text[0] != '0' || text[1] != 'x')
        return false;
    for (text += 2; *text; text++) {
        if (hex_digit(*text) < 0)
            return false;
        v = v << 4 | (uint64_t)hex_digit(*text);
    }
    *out = v;
    return true;
}

static bool parse_number(const json_t *value, int64_t min, uint64_t *out)
{
    json_int_t v = json_integer_value(value);

    if (!json_is_integer(value))
        return parse_word(value, out);
    if (v < min || v > SNAPSHOT_NUMBER_MAX)
        return false;
    *out = (uint64_t)v;
    return true;
}

static bool parse_time(const json_t *value, uint64_t *out)
{
    return json_is_string(value) &&
           (kernel_time_parse(json_string_value(value), out) || parse_word(value, out));
}

/* Digits in the order of the text, and the bytes that they are in memory. */
static bool parse_guid(const json_t *value, uint8_t bytes[16])
{
    static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    static const uint8_t place[16] = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};
    const char *text = json_string_value(value);
    uint8_t parsed[16] = {0};
    size_t digits = 0;

    if (!text || json_string_length(value) != sizeof form - 1)
        return false;
    for (size_t i = 0; form[i]; i++) {
        int digit = hex_digit(text[i]);

        if (form[i] == '-' ? text[i] != '-' : digit < 0)
            return false;
        if (form[i] == '-')
            continue;
        parsed[place[digits / 2]] = (uint8_t)(parsed[place[digits / 2]] << 4 | digit);
        digits++;
    }
    memcpy(bytes, parsed, sizeof parsed);
    return true;
}

/* ---- what is not known ---- */

static bool parse_reason(const json_t *value, enum kd_status *out)
{
    const char *text = json_string_value(value);

    for (int st = KD_OK + 1; text && st <= KD_ERR_NO_MEMORY; st++) {
        if (st != KD_ERR_NOT_FOUND && strcmp(text, kd_status_text((enum kd_status)st)) == 0) {
            *out = (enum kd_status)st;
            return true;
        }
    }
    return false;
}

/* {"unreadable": where or null, "reason": why}. A reason that is no place has none. */
static bool parse_missing(const json_t *value, enum kd_status *st, uint64_t *fault_va)
{
    const json_t *where = json_object_get(value, "unreadable");
    uint64_t va = 0;

    if (!where || !(json_is_null(where) || parse_word(where, &va)) ||
        !parse_reason(json_object_get(value, "reason"), st))
        return false;
    *fault_va = kd_is_unreadable(*st) ? va : 0;
    return true;
}

/* ---- facts ---- */

static bool parse_integer(enum kdw_fact_kind kind, const json_t *value, uint64_t *out)
{
    switch (kind) {
    case KDW_FACT_NUMBER:
        return parse_number(value, 0, out);
    case KDW_FACT_SIGNED:
        return parse_number(value, -SNAPSHOT_NUMBER_MAX, out);
    case KDW_FACT_TIME:
        return parse_time(value, out);
    default:
        return parse_word(value, out);
    }
}

static enum kd_status load_integer(enum kdw_fact_kind kind, const json_t *value,
                                   struct kdw_u64 *out)
{
    struct kdw_u64 v = {.status = KD_OK};

    if (!parse_integer(kind, value, &v.value) && !parse_missing(value, &v.status, &v.fault_va))
        return KD_ERR_MALFORMED;
    *out = v;
    return KD_OK;
}

static enum kd_status load_text(const json_t *value, struct kdw_text *out)
{
    struct kdw_text t = {.status = KD_OK};
    size_t len = json_string_length(value);

    if (!json_is_string(value)) {
        if (!parse_missing(value, &t.status, &t.fault_va))
            return KD_ERR_MALFORMED;
    } else if (len > TEXT_MAX) {
        return KD_ERR_LIMIT;
    } else {
        t.utf8 = malloc(len + 1);
        if (!t.utf8)
            return KD_ERR_NO_MEMORY;
        memcpy(t.utf8, json_string_value(value), len + 1);
    }
    *out = t;
    return KD_OK;
}

static enum kd_status load_guid(const json_t *value, struct kdw_guid *out)
{
    struct kdw_guid g = {.status = KD_OK};

    if (!parse_guid(value, g.bytes) && !parse_missing(value, &g.status, &g.fault_va))
        return KD_ERR_MALFORMED;
    *out = g;
    return KD_OK;
}

static enum kd_status load_fact(const struct kdw_fact *fact, const json_t *value, void *record)
{
    void *at = (uint8_t *)record + fact->offset;

    if (!value || json_is_null(value)) /* a record begins with facts that do not exist */
        return KD_OK;
    switch (fact->kind) {
    case KDW_FACT_TEXT:
        return load_text(value, at);
    case KDW_FACT_GUID:
        return load_guid(value, at);
    default:
        return load_integer(fact->kind, value, at);
    }
}

/* ---- tables ---- */

static enum kd_status blame(struct load *l, enum kd_status st, const struct kdw_table_info *info,
                            size_t i, const char *fact)
{
    return kd_diag_set(l->diag, st, "%s[%zu]%s%s: %s", info->name, i, fact ? "." : "",
                       fact ? fact : "", kd_status_text(st));
}

static enum kd_status load_record(struct load *l, enum kdw_table_id table, size_t i,
                                  const json_t *value)
{
    const struct kdw_table_info *info = &kdw_snapshot_tables[table];
    uint64_t va = 0;
    void *record;

    if (!json_is_object(value))
        return blame(l, KD_ERR_MALFORMED, info, i, NULL);
    if (!parse_word(json_object_get(value, info->facts[0].name), &va))
        return blame(l, KD_ERR_MALFORMED, info, i, info->facts[0].name);
    record = kdw_snapshot_add(&l->s, table, va);
    if (!record)
        return blame(l, l->s.tables[table].is_cut ? KD_ERR_LIMIT : KD_ERR_NO_MEMORY, info, i, NULL);
    for (size_t f = 1; f < info->facts_len; f++) {
        const struct kdw_fact *fact = &info->facts[f];
        enum kd_status st = load_fact(fact, json_object_get(value, fact->name), record);

        if (st != KD_OK)
            return blame(l, st, info, i, fact->name);
    }
    return KD_OK;
}

static enum kd_status load_table(struct load *l, enum kdw_table_id table, const json_t *value)
{
    enum kd_status st = KD_OK;

    if (!value)
        return KD_OK;
    if (!json_is_array(value))
        return kd_diag_set(l->diag, KD_ERR_MALFORMED, "%s: no list",
                           kdw_snapshot_tables[table].name);
    l->s.tables[table].is_taken = true;
    for (size_t i = 0; i < json_array_size(value) && st == KD_OK; i++)
        st = load_record(l, table, i, json_array_get(value, i));
    return st;
}

static enum kd_status load_tables(struct load *l, const json_t *document)
{
    const json_t *tables = json_object_get(document, "tables");
    enum kd_status st = KD_OK;

    if (!json_is_object(tables))
        return kd_diag_set(l->diag, KD_ERR_MALFORMED, "it has no tables");
    for (size_t i = 0; i < KDW_TABLES && st == KD_OK; i++)
        st = load_table(l, (enum kdw_table_id)i,
                        json_object_get(tables, kdw_snapshot_tables[i].name));
    return st;
}

static void load_cut(struct load *l, const json_t *document)
{
    const json_t *cut = json_object_get(document, "cut");

    for (size_t i = 0; i < json_array_size(cut); i++) {
        const char *name = json_string_value(json_array_get(cut, i));

        for (size_t t = 0; name && t < KDW_TABLES; t++)
            if (strcmp(name, kdw_snapshot_tables[t].name) == 0)
                l->s.tables[t].is_cut = true;
    }
}

/* ---- the document ---- */

static enum kd_status check_schema(struct load *l, const json_t *document)
{
    const char *schema = json_string_value(json_object_get(document, "schema"));
    json_int_t version = json_integer_value(json_object_get(document, "version"));

    if (!schema || strcmp(schema, SNAPSHOT_SCHEMA) != 0 || version < 1)
        return kd_diag_set(l->diag, KD_ERR_MALFORMED, "this is no snapshot of kdwalk's");
    if (version > SNAPSHOT_VERSION)
        return kd_diag_set(l->diag, KD_ERR_UNSUPPORTED,
                           "a snapshot of version %" JSON_INTEGER_FORMAT
                           ", which a later kdwalk made: this one knows up to %d",
                           version, SNAPSHOT_VERSION);
    return KD_OK;
}

static enum kd_status load_head(struct load *l, const json_t *document)
{
    const json_t *symbols = json_object_get(document, "symbols");
    const json_t *time = json_object_get(document, "time");
    json_int_t build = json_integer_value(json_object_get(document, "build"));
    struct kdw_text origin = {.utf8 = NULL};
    enum kd_status st = KD_OK;

    l->s.time_100ns.status = KD_ERR_NOT_FOUND;
    if (build < 0 || build > UINT16_MAX ||
        !parse_word(json_object_get(document, "kernel_base"), &l->s.kernel_base_va))
        return kd_diag_set(l->diag, KD_ERR_MALFORMED, "build or kernel_base is none");
    l->s.build = (uint16_t)build;
    if (time && !json_is_null(time))
        st = load_integer(KDW_FACT_TIME, time, &l->s.time_100ns);
    if (st != KD_OK)
        return kd_diag_set(l->diag, st, "time is none");
    if (json_is_string(json_object_get(symbols, "origin")))
        st = load_text(json_object_get(symbols, "origin"), &origin);
    l->s.symbols = origin.utf8;
    l->s.is_guess = json_is_true(json_object_get(symbols, "guess"));
    return st == KD_OK ? KD_OK : kd_diag_set(l->diag, st, "symbols.origin: %s", kd_status_text(st));
}

enum kd_status snapshot_parse(const char *text, size_t len, struct kd_diag *diag,
                              struct kdw_snapshot *out)
{
    struct load l = {.diag = diag};
    json_error_t error;
    json_t *document = json_loadb(text, len, JSON_REJECT_DUPLICATES, &error);
    enum kd_status st;

    if (!document)
        return kd_diag_set(diag, KD_ERR_MALFORMED, "no JSON: line %d: %s", error.line, error.text);
    st = check_schema(&l, document);
    if (st == KD_OK)
        st = load_head(&l, document);
    if (st == KD_OK)
        st = load_tables(&l, document);
    if (st == KD_OK)
        load_cut(&l, document);
    json_decref(document);
    if (st != KD_OK) {
        kdw_snapshot_free(&l.s);
        return st;
    }
    *out = l.s;
    return KD_OK;
}

/* ---- files ---- */

/* A pipe has no size: it is read until it ends. */
static enum kd_status read_all(FILE *f, struct kd_diag *diag, char **text, size_t *len)
{
    size_t room = 1 << 16, got = 0;
    char *bytes = malloc(room);

    while (bytes) {
        char *bigger;

        got += fread(bytes + got, 1, room - got, f);
        if (got < room || room > FILE_MAX)
            break;
        room *= 2;
        bigger = realloc(bytes, room);
        if (!bigger)
            free(bytes);
        bytes = bigger;
    }
    if (!bytes)
        return KD_ERR_NO_MEMORY;
    if (ferror(f) || got > FILE_MAX) {
        free(bytes);
        return ferror(f) ? kd_diag_set(diag, KD_ERR_IO, "cannot be read")
                         : kd_diag_set(diag, KD_ERR_LIMIT, "larger than %d bytes", FILE_MAX);
    }
    *text = bytes;
    *len = got;
    return KD_OK;
}

enum kd_status snapshot_read(FILE *file, struct kd_diag *diag, struct kdw_snapshot *out)
{
    char *text = NULL;
    size_t len = 0;
    enum kd_status st = read_all(file, diag, &text, &len);

    if (st == KD_OK)
        st = snapshot_parse(text, len, diag, out);
    free(text);
    return st;
}

enum kd_status snapshot_load(const char *path, struct kd_diag *diag, struct kdw_snapshot *out)
{
    FILE *f = fopen(path, "rb");
    enum kd_status st;

    if (!f)
        return kd_diag_set(diag, KD_ERR_IO, "%s: %s", path, strerror(errno));
    st = snapshot_read(f, diag, out);
    fclose(f);
    return st == KD_OK ? KD_OK : kd_diag_add(diag, st, "%s", path);
}
