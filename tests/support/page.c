#include "support/page.h"

#include "report_input.h"
#include "report_parts.h"

#include <walker/text.h>

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH = 200, NAME = 32 };

/* ---- soundness ---- */

struct scan {
    const char *at;
    char open[DEPTH][NAME];
    size_t depth;
};

static void fail(const struct scan *s, const char *why)
{
    fprintf(stderr, "page: %s before: %.80s\n", why, s->at);
    abort();
}

static void check_characters(const char *text)
{
    const struct scan here = {.at = text};
    size_t left = strlen(text);

    for (size_t n; left > 0; text += n, left -= n) {
        n = kdw_utf8_len((const uint8_t *)text, left);
        if (n == 0 || (n == 1 && (unsigned char)*text < 0x20 && *text != '\n') || *text == 0x7f)
            fail(&here, "what is no text");
    }
}

static void take_name(struct scan *s, char name[NAME])
{
    size_t len = strcspn(s->at, " \n>");

    if (len == 0 || len >= NAME)
        fail(s, "no name");
    memcpy(name, s->at, len);
    name[len] = '\0';
    s->at += len;
}

/* name="value", where the value has nothing that ends it early. */
static void skip_attribute(struct scan *s)
{
    size_t name = strcspn(s->at, "=<>\" \n");

    if (strncmp(s->at, "on", 2) == 0 || strncmp(s->at, "src", 3) == 0 ||
        strncmp(s->at, "style=", 6) == 0)
        fail(s, "an attribute that does something");
    if (strncmp(s->at, "href=", 5) == 0 && s->at[6] != '#')
        fail(s, "a way out of the page");
    s->at += name;
    if (name == 0 || strncmp(s->at, "=\"", 2) != 0)
        fail(s, "no attribute");
    s->at += 2;
    s->at += strcspn(s->at, "\"<>");
    if (*s->at != '"')
        fail(s, "an attribute that does not end");
    s->at++;
}

static bool is_void(const char *name)
{
    return strcmp(name, "meta") == 0 || strcmp(name, "input") == 0;
}

/* What stands in them is no markup. */
static void skip_raw(struct scan *s, const char *name)
{
    char end[NAME + 4];
    const char *found;

    if (strcmp(name, "style") != 0 && strcmp(name, "script") != 0)
        return;
    snprintf(end, sizeof end, "</%s>", name);
    found = strstr(s->at, end);
    if (!found)
        fail(s, "it does not end");
    s->at = found;
}

static void take_start(struct scan *s)
{
    char name[NAME];

    take_name(s, name);
    while (*s->at == ' ') {
        s->at++;
        skip_attribute(s);
    }
    if (*s->at != '>')
        fail(s, "a tag that does not end");
    s->at++;
    if (is_void(name))
        return;
    if (s->depth == DEPTH)
        fail(s, "too deep");
    memcpy(s->open[s->depth++], name, NAME);
    skip_raw(s, name);
}

static void take_end(struct scan *s)
{
    char name[NAME];

    take_name(s, name);
    if (s->depth == 0 || strcmp(s->open[s->depth - 1], name) != 0)
        fail(s, "the wrong end");
    s->depth--;
    s->at++;
}

static void check(const char *text)
{
    struct scan s = {.at = text};

    check_characters(text);
    if (strncmp(s.at, "<!DOCTYPE html>\n", 16) != 0)
        fail(&s, "no page");
    s.at += 16;
    while (*s.at) {
        s.at += strcspn(s.at, "<>");
        if (*s.at == '>')
            fail(&s, "markup");
        if (*s.at == '<' && s.at[1] == '/') {
            s.at += 2;
            take_end(&s);
        } else if (*s.at == '<') {
            s.at++;
            take_start(&s);
        }
    }
    if (s.depth)
        fail(&s, "something is open");
}

/* ---- the page ---- */

void page_begin(struct page *p)
{
    p->file = tmpfile();
    p->text = NULL;
    assert(p->file);
    html_begin(&p->html, p->file);
}

const char *page_end(struct page *p)
{
    enum kd_status st = html_finish(&p->html);
    long len = ftell(p->file);

    assert(st == KD_OK && len >= 0 && (uint64_t)len == p->html.len);
    p->len = (size_t)len;
    p->text = malloc(p->len + 1);
    assert(p->text);
    rewind(p->file);
    len = (long)fread(p->text, 1, p->len, p->file);
    assert((size_t)len == p->len);
    p->text[p->len] = '\0';
    check(p->text);
    return p->text;
}

void page_free(struct page *p)
{
    fclose(p->file);
    free(p->text);
}

bool page_has(const char *text, const char *part)
{
    if (strstr(text, part))
        return true;
    fprintf(stderr, "no \"%s\" in:\n%s\n", part, text);
    return false;
}

size_t page_count(const char *text, const char *part)
{
    size_t count = 0;

    while ((text = strstr(text, part))) {
        count++;
        text += strlen(part);
    }
    return count;
}

/* ---- what it is made of ---- */

enum kd_status page_add_lines(struct report_lines *l, const char *name, const char *lines,
                              struct kd_diag *diag)
{
    FILE *f = tmpfile();
    size_t n;

    assert(f);
    n = fwrite(lines, 1, strlen(lines), f);
    assert(n == strlen(lines));
    rewind(f);
    return report_lines_add(l, f, name, diag);
}

void page_report(struct report *r, struct kdw_snapshot *s, const char *lines)
{
    struct kd_diag diag = {{0}};
    enum kd_status st = KD_OK;

    *r = (struct report){.states_len = 0};
    if (s)
        st = report_add_snapshot(r, "made.json", s, &diag);
    if (st == KD_OK && lines)
        st = page_add_lines(&r->lines, "made.jsonl", lines, &diag);
    if (st == KD_OK)
        st = report_settle(r, &diag);
    assert(st == KD_OK);
    report_events_choose(&r->lines);
}
