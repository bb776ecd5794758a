/* html.h - an HTML page, written as it comes; whatever is put into it stays text.
 *
 *     html_begin(&h, file);
 *     html_start(&h, "p");
 *     html_attribute(&h, "class", "note");
 *     html_text(&h, name);              // <p class="note">&lt;script&gt;
 *     html_end(&h, "p");
 *     st = html_finish(&h);
 *
 * Texts      are the target's, as likely as not: what is markup is escaped, and so is what no terminal
 *            and no reader should obey (text.h): control characters, those that reorder a line, bytes
 *            that are no UTF-8. html_raw alone takes markup, and only the program's own.
 * Structure  Elements are closed in the order in which they were opened, attributes come first, and
 *            their names are the program's; none of them can fetch or run anything: no "src", no
 *            "style", no "on...", and a "href" leads to a place of the page. A mistake is an assertion.
 * Memory     Does not grow with the page.
 * Errors     are kept until html_finish: KD_ERR_IO (errno is then as the write left it),
 *            KD_ERR_NO_MEMORY. */
#ifndef CLI_HTML_H
#define CLI_HTML_H

#include "text.h"

#include <kdproto/status.h>

#include <stdint.h>
#include <stdio.h>

enum { HTML_DEPTH = 96, HTML_BUFFER = 1 << 16 };

struct html {
    FILE *out; /* borrowed; may be unbuffered */
    enum kd_status status;
    int io_errno;
    uint64_t len;     /* bytes of the page so far */
    bool is_tag_open; /* attributes may follow */
    size_t depth;
    const char *open[HTML_DEPTH]; /* borrowed: names are constants */
    size_t used;
    char buffer[HTML_BUFFER];
};

void html_begin(struct html *h, FILE *out);
/* Everything must be closed. */
enum kd_status html_finish(struct html *h);
/* What whoever makes the page met. The first counts. */
void html_fail(struct html *h, enum kd_status st);

void html_start(struct html *h, const char *name);
void html_end(struct html *h, const char *name);
/* Behind html_start. */
void html_attribute(struct html *h, const char *name, const char *value);
void html_attributef(struct html *h, const char *name, const char *fmt, ...) KD_PRINTF(3, 4);

void html_text(struct html *h, const char *chars);
void html_textf(struct html *h, const char *fmt, ...) KD_PRINTF(2, 3);
/* A text that was put together, which is freed; memory that ran out for it is an error here. */
void html_take(struct html *h, struct text *t);
void html_take_attribute(struct html *h, const char *name, struct text *t);

/* <name class="kind">text</name>; kind NULL: without one. */
void html_element(struct html *h, const char *name, const char *kind, const char *chars);
void html_elementf(struct html *h, const char *name, const char *kind, const char *fmt, ...)
    KD_PRINTF(4, 5);
/* The program's own: style sheets, scripts. */
void html_raw(struct html *h, const char *chars, size_t len);

#endif
