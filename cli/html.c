#include "html.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* ---- bytes ---- */

void html_fail(struct html *h, enum kd_status st)
{
    if (h->status == KD_OK) {
        h->status = st;
        h->io_errno = errno;
    }
}

static void flush(struct html *h)
{
    errno = 0;
    if (h->status == KD_OK && h->used && fwrite(h->buffer, 1, h->used, h->out) != h->used)
        html_fail(h, KD_ERR_IO);
    h->used = 0;
}

static void put(struct html *h, const char *chars, size_t len)
{
    h->len += len;
    while (len > 0) {
        size_t n = sizeof h->buffer - h->used;

        n = n < len ? n : len;
        memcpy(h->buffer + h->used, chars, n);
        h->used += n;
        chars += n;
        len -= n;
        if (h->used == sizeof h->buffer)
            flush(h);
    }
}

static void put_text(struct html *h, const char *chars)
{
    put(h, chars, strlen(chars));
}

static const char *entity_of(char c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    default:
        return "&#39;";
    }
}

static void put_escaped(struct html *h, const char *chars)
{
    while (*chars) {
        size_t plain = strcspn(chars, "&<>\"'");

        put(h, chars, plain);
        chars += plain;
        if (*chars)
            put_text(h, entity_of(*chars++));
    }
}

static bool is_plain(const char *chars)
{
    for (; *chars; chars++)
        if (*chars < 0x20 || *chars > 0x7e) /* char may be signed or not: either way out of range */
            return false;
    return true;
}

/* Out of whoever's hands: first what a reader should not obey, then what is markup. */
static void put_foreign(struct html *h, const char *chars)
{
    struct text t = {0};
    char *shown;

    if (is_plain(chars)) { /* as most are */
        put_escaped(h, chars);
        return;
    }
    text_add_escaped(&t, chars, strlen(chars));
    shown = text_take(&t);
    if (shown)
        put_escaped(h, shown);
    else
        html_fail(h, KD_ERR_NO_MEMORY);
    free(shown);
}

/* ---- the page ---- */

void html_begin(struct html *h, FILE *out)
{
    h->out = out;
    h->status = KD_OK;
    h->io_errno = 0;
    h->len = 0;
    h->is_tag_open = false;
    h->depth = 0;
    h->used = 0;
    put_text(h, "<!DOCTYPE html>\n");
}

enum kd_status html_finish(struct html *h)
{
    assert(h->depth == 0);
    put_text(h, "\n");
    flush(h);
    errno = h->io_errno;
    return h->status;
}

/* ---- elements ---- */

static bool is_name(const char *name)
{
    for (const char *c = name; *c; c++) /* SVG has capitals in some */
        if (!(*c >= 'a' && *c <= 'z') && !(*c >= 'A' && *c <= 'Z') && *c != '-' &&
            !(c > name && *c >= '0' && *c <= '9'))
            return false;
    return name[0] != '\0';
}

/* Elements that have no content, and no end. */
static bool is_void(const char *name)
{
    return strcmp(name, "meta") == 0 || strcmp(name, "input") == 0 || strcmp(name, "br") == 0 ||
           strcmp(name, "col") == 0;
}

/* A line of its own makes a page that people can read as well. */
static bool is_block(const char *name)
{
    static const char *const blocks[] = {"html",  "head",    "body",    "header", "main", "footer",
                                         "nav",   "section", "h2",      "h3",     "ul",   "ol",
                                         "li",    "table",   "thead",   "tbody",  "tr",   "p",
                                         "style", "script",  "details", "svg",    "dl",   "div"};

    for (size_t i = 0; i < sizeof blocks / sizeof blocks[0]; i++)
        if (strcmp(blocks[i], name) == 0)
            return true;
    return false;
}

static void close_tag(struct html *h)
{
    if (h->is_tag_open)
        put(h, ">", 1);
    h->is_tag_open = false;
}

void html_start(struct html *h, const char *name)
{
    assert(is_name(name) && h->depth < HTML_DEPTH);
    close_tag(h);
    if (is_block(name))
        put(h, "\n", 1);
    put(h, "<", 1);
    put_text(h, name);
    h->is_tag_open = true;
    h->open[h->depth++] = name;
}

void html_end(struct html *h, const char *name)
{
    assert(h->depth > 0 && strcmp(h->open[h->depth - 1], name) == 0);
    close_tag(h);
    h->depth--;
    if (is_void(name))
        return;
    put(h, "</", 2);
    put_text(h, name);
    put(h, ">", 1);
}

/* Nothing that a page can be made to fetch, or to run, by. */
static bool is_harmless(const char *name, const char *value)
{
    if (!is_name(name) || strncmp(name, "on", 2) == 0)
        return false;
    if (strcmp(name, "href") == 0)
        return value[0] == '#';
    return strcmp(name, "src") != 0 && strcmp(name, "style") != 0 && strcmp(name, "action") != 0 &&
           strcmp(name, "formaction") != 0 && strcmp(name, "srcdoc") != 0;
}

void html_attribute(struct html *h, const char *name, const char *value)
{
    assert(h->is_tag_open && is_harmless(name, value));
    put(h, " ", 1);
    put_text(h, name);
    put_text(h, "=\"");
    put_foreign(h, value);
    put(h, "\"", 1);
}

/* ---- texts ---- */

void html_text(struct html *h, const char *chars)
{
    close_tag(h);
    put_foreign(h, chars);
}

static bool format(struct html *h, const char *fmt, va_list ap, char **out)
{
    va_list again;
    int n;

    va_copy(again, ap);
    n = vsnprintf(NULL, 0, fmt, again);
    va_end(again);
    *out = n < 0 ? NULL : malloc((size_t)n + 1);
    if (!*out)
        html_fail(h, KD_ERR_NO_MEMORY);
    else
        vsnprintf(*out, (size_t)n + 1, fmt, ap);
    return *out != NULL;
}

void html_textf(struct html *h, const char *fmt, ...)
{
    va_list ap;
    char *chars;

    va_start(ap, fmt);
    if (format(h, fmt, ap, &chars)) {
        html_text(h, chars);
        free(chars);
    }
    va_end(ap);
}

void html_attributef(struct html *h, const char *name, const char *fmt, ...)
{
    va_list ap;
    char *chars;

    va_start(ap, fmt);
    if (format(h, fmt, ap, &chars)) {
        html_attribute(h, name, chars);
        free(chars);
    }
    va_end(ap);
}

void html_take(struct html *h, struct text *t)
{
    char *chars = text_take(t);

    if (chars)
        html_text(h, chars);
    else
        html_fail(h, KD_ERR_NO_MEMORY);
    free(chars);
}

void html_take_attribute(struct html *h, const char *name, struct text *t)
{
    char *chars = text_take(t);

    if (chars)
        html_attribute(h, name, chars);
    else
        html_fail(h, KD_ERR_NO_MEMORY);
    free(chars);
}

static void start_of(struct html *h, const char *name, const char *kind)
{
    html_start(h, name);
    if (kind)
        html_attribute(h, "class", kind);
}

void html_element(struct html *h, const char *name, const char *kind, const char *chars)
{
    start_of(h, name, kind);
    html_text(h, chars);
    html_end(h, name);
}

void html_elementf(struct html *h, const char *name, const char *kind, const char *fmt, ...)
{
    va_list ap;
    char *chars;

    va_start(ap, fmt);
    if (format(h, fmt, ap, &chars)) {
        html_element(h, name, kind, chars);
        free(chars);
    }
    va_end(ap);
}

void html_raw(struct html *h, const char *chars, size_t len)
{
    close_tag(h);
    put(h, chars, len);
}
