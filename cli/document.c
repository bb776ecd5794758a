#include "document.h"

#include "message.h"
#include "text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_incomplete;
static bool has_items;  /* of the list that is being printed */
static json_t *symbols; /* that were used for what is printed; NULL: none */

void document_put(json_t *object, const char *name, json_t *value)
{
    if (json_object_set_new(object, name, value) != 0)
        is_incomplete = true;
}

void document_add(json_t *list, json_t *value)
{
    if (json_array_append_new(list, value) != 0)
        is_incomplete = true;
}

void document_merge(json_t *object, json_t *members)
{
    if (!members || json_object_update(object, members) != 0)
        is_incomplete = true;
    json_decref(members);
}

json_t *document_word(uint64_t value)
{
    char text[19];

    snprintf(text, sizeof text, "0x%016" PRIx64, value);
    return json_string(text);
}

json_t *document_escaped(const char *chars)
{
    struct text t = {0};
    char *shown;
    json_t *string;

    text_add_escaped(&t, chars, strlen(chars));
    shown = text_take(&t);
    string = shown ? json_string(shown) : NULL;
    free(shown);
    return string;
}

void document_name_symbols(const char *origin, bool is_guess)
{
    json_decref(symbols);
    symbols = NULL;
    if (!origin[0])
        return;
    symbols = json_pack("{s:o, s:b}", "origin", document_escaped(origin), "guess", is_guess);
    if (!symbols)
        is_incomplete = true;
}

/* What could not be put into JSON is missing from it, and must not pass for whole. */
bool document_is_whole(const json_t *value)
{
    bool ok = value && !is_incomplete;

    if (!ok)
        message_output_failed("not all of it could be put into JSON");
    is_incomplete = false;
    return ok;
}

/* JSON takes characters as they are that a terminal obeys, and only texts have any: they become escapes, but
 * for the ends of lines, which are between texts. */
static char *escape(const char *chars)
{
    size_t len = strlen(chars), from = 0, at = 0, code_len;
    struct text t = {0};

    for (; at < len; at += code_len) {
        unsigned code;

        at += text_plain(chars + at, len - at, &code, &code_len);
        if (code_len == 0 || code == '\n')
            continue;
        text_add(&t, "%.*s\\u%04x", (int)(at - from), chars + from, code);
        from = at + code_len;
    }
    text_add(&t, "%s", chars + from);
    return text_take(&t);
}

char *document_text(const json_t *value, size_t flags)
{
    char *raw = json_dumps(value, flags), *text = raw ? escape(raw) : NULL;

    free(raw);
    return text;
}

static void print(const json_t *value, size_t flags, const char *behind)
{
    char *text = document_text(value, flags);

    errno = 0;
    if (!text || fputs(text, stdout) == EOF || fputs(behind, stdout) == EOF)
        message_output_failed(text && errno ? strerror(errno) : kd_status_text(KD_ERR_NO_MEMORY));
    free(text);
}

void document_print(json_t *document)
{
    if (symbols)
        document_put(document, "symbols", json_incref(symbols));
    if (document_is_whole(document))
        print(document, JSON_INDENT(2), "\n");
    json_decref(document);
}

void document_line(json_t *document)
{
    if (document_is_whole(document))
        print(document, JSON_COMPACT, "\n");
    if (fflush(stdout) != 0)
        message_output_failed(strerror(errno));
    json_decref(document);
}

void document_stream_begin(const char *list)
{
    printf("{\"%s\": [", list);
    has_items = false;
}

void document_stream_item(json_t *item)
{
    if (document_is_whole(item)) {
        fputs(has_items ? ",\n" : "\n", stdout);
        print(item, 0, "");
        has_items = true;
    }
    json_decref(item);
}

void document_stream_end(const char *last, json_t *value)
{
    printf("\n], \"%s\": ", last);
    if (document_is_whole(value))
        print(value, JSON_INDENT(2), "");
    else
        fputs("null", stdout);
    if (symbols) {
        fputs(", \"symbols\": ", stdout);
        print(symbols, 0, "");
    }
    fputs("}\n", stdout);
    json_decref(value);
}
