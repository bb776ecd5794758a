/* report_picture.c - the flow of events as a picture: sources on the left, loggers in the middle, who hears them on the
 * right. */
#include "report_flow.h"
#include "report_parts.h"

#include "facts.h"
#include "labels.h"

#include <walker/etw_names.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    WIDTH = 1200,
    BOX_HEIGHT = 34,
    PITCH = 40,
    TOP = 30, /* room for the columns' titles */
    SOURCE_WIDTH = 340,
    LOGGER_X = 470,
    LOGGER_WIDTH = 290,
    HEARER_X = 900,
    HEARER_WIDTH = WIDTH - HEARER_X - 1,
};

struct picture {
    struct html *h;
    const struct kdw_snapshot *s;
    const struct provider_names *names;
    struct provider_links registrations;
    struct flow flow;
    unsigned height;
};

/* A column stands in the middle of the height. */
static unsigned y_of(const struct picture *p, size_t index, size_t len)
{
    return TOP + (p->height - TOP - (unsigned)len * PITCH) / 2 + (unsigned)index * PITCH;
}

/* ---- boxes ---- */

/* What is longer is cut, and whole in the title. */
static void write_line(struct html *h, unsigned x, unsigned y, unsigned room, const char *kind,
                       const char *chars)
{
    size_t len = strlen(chars), at = 0;
    unsigned letters = 2; /* the margins are as wide */
    struct text t = {0};

    while (at < len && letters < room) {
        do
            at++;
        while (((unsigned char)chars[at] & 0xc0) == 0x80);
        letters++;
    }
    text_add(&t, "%.*s%s", (int)at, chars, at < len ? "\xe2\x80\xa6" : "");
    html_start(h, "text");
    html_attributef(h, "x", "%u", x + 8);
    html_attributef(h, "y", "%u", y);
    html_attribute(h, "class", kind);
    html_take(h, &t);
    html_end(h, "text");
}

/* Frees both lines. */
static void write_box(const struct picture *p, char side, size_t index, const char *kind,
                      unsigned x, unsigned y, unsigned width, struct text *first,
                      struct text *second)
{
    char *above = text_take(first), *below = text_take(second);
    struct html *h = p->h;

    if (above && below) {
        html_start(h, "g");
        html_attributef(h, "class", "node %s", kind);
        html_attributef(h, "data-n", "%c%zu", side, index);
        html_elementf(h, "title", NULL, "%s: %s", above, below);
        html_start(h, "rect");
        html_attributef(h, "x", "%u", x);
        html_attributef(h, "y", "%u", y);
        html_attributef(h, "width", "%u", width);
        html_attributef(h, "height", "%d", BOX_HEIGHT);
        html_attribute(h, "rx", "4");
        html_end(h, "rect");
        write_line(h, x, y + 14, width * 3 / 26, "line1", above);
        write_line(h, x, y + 28, width * 3 / 20, "line2", below);
        html_end(h, "g");
    } else {
        html_fail(h, KD_ERR_NO_MEMORY);
    }
    free(above);
    free(below);
}

/* "Microsoft-Windows-" says nothing where nearly all begin so. */
static void add_provider_name(struct text *t, const struct picture *p,
                              const struct kdw_provider *provider)
{
    static const char common[] = "Microsoft-Windows-";
    const char *name =
        provider->guid.status == KD_OK ? provider_name(p->names, provider->guid.bytes) : NULL;
    const struct kdw_text *own = provider_links_own_name(&p->registrations, provider);

    if (name)
        text_add(t, "%s",
                 strncmp(name, common, sizeof common - 1) == 0 ? name + sizeof common - 1 : name);
    else if (own)
        fact_text(t, own);
    else
        fact_guid(t, &provider->guid);
}

static void add_groups(struct text *t, const struct kdw_system_logger *system)
{
    const char *separator = "";

    for (unsigned word = 0; word < 8; word++)
        for (unsigned bit = 0; bit < 32; bit++) {
            const struct kdw_u64 *groups = &system->groups[word];
            const char *name = kdw_event_group_name(word, bit);

            if (groups->status != KD_OK || !(groups->value >> bit & 1))
                continue;
            if (name)
                text_add(t, "%s%s", separator, name);
            else
                text_add(t, "%s%u:0x%" PRIx32, separator, word, UINT32_C(1) << bit);
            separator = ", ";
        }
}

static void write_source(const struct picture *p, size_t i)
{
    const struct flow_source *source = &p->flow.sources[i];
    struct text first = {0}, second = {0};

    if (source->system) {
        text_add(&first, "Kernel events");
        add_groups(&second, source->system);
    } else {
        text_add(&first, "%zu provider%s", source->providers, source->providers == 1 ? "" : "s");
        for (size_t n = 0; n < source->providers && n < FLOW_NAMED_MAX; n++) {
            text_add(&second, "%s", n ? ", " : "");
            add_provider_name(&second, p, source->named[n]);
        }
        if (source->providers > FLOW_NAMED_MAX)
            text_add(&second, ", ...");
    }
    write_box(p, 's', i, source->system ? "kernel" : "source", 1, y_of(p, i, p->flow.sources_len),
              SOURCE_WIDTH, &first, &second);
}

static void write_logger(const struct picture *p, size_t i)
{
    const struct kdw_logger *l = p->flow.loggers[i].logger;
    bool has_lost = l->events_lost.status == KD_OK && l->events_lost.value;
    struct text first = {0}, second = {0};

    fact_text(&first, &l->name);
    fact_hex(&second, &l->slot);
    text_add(&second, ", silo ");
    report_silo_of(&second, p->s, KDW_TABLE_LOGGERS, l);
    text_add(&second, ", %zu in", p->flow.loggers[i].providers);
    if (has_lost)
        text_add(&second, ", %" PRIu64 " events lost", l->events_lost.value);
    write_box(p, 'l', i, has_lost ? "logger lossy" : "logger", LOGGER_X,
              y_of(p, i, p->flow.loggers_len), LOGGER_WIDTH, &first, &second);
}

static const char *file_name(const char *path)
{
    const char *last = strrchr(path, '\\');

    return last && last[1] ? last + 1 : path;
}

static void write_hearer(const struct picture *p, size_t i)
{
    const struct flow_hearer *hearer = &p->flow.hearers[i];
    struct text first = {0}, second = {0};

    if (hearer->consumer) {
        fact_text(&first, &hearer->consumer->process_name);
        text_add(&second, "pid ");
        fact_number(&second, &hearer->consumer->pid);
    } else {
        text_add(&first, "%s", file_name(hearer->file_of->file.utf8));
        fact_text(&second, &hearer->file_of->file);
    }
    write_box(p, 'h', i, hearer->consumer ? "hearer" : "file", HEARER_X,
              y_of(p, i, p->flow.hearers_len), HEARER_WIDTH, &first, &second);
}

/* ---- lines between them ---- */

static void write_edge(struct html *h, unsigned x1, unsigned y1, unsigned x2, unsigned y2,
                       char from, size_t from_index, char to, size_t to_index, size_t weight)
{
    unsigned middle = (x1 + x2) / 2, width = 1;

    for (; weight > 3 && width < 6; weight /= 3)
        width++;
    html_start(h, "path");
    html_attributef(h, "d", "M%u %uC%u %u %u %u %u %u", x1, y1, middle, y1, middle, y2, x2, y2);
    html_attributef(h, "stroke-width", "%u", width);
    html_attributef(h, "data-a", "%c%zu", from, from_index);
    html_attributef(h, "data-b", "%c%zu", to, to_index);
    html_end(h, "path");
}

static void write_edges(const struct picture *p)
{
    const struct flow *f = &p->flow;
    unsigned half = BOX_HEIGHT / 2;

    html_start(p->h, "g");
    html_attribute(p->h, "class", "edges");
    for (size_t i = 0; i < f->fed_len; i++)
        write_edge(p->h, SOURCE_WIDTH + 1, y_of(p, f->fed[i].other, f->sources_len) + half,
                   LOGGER_X, y_of(p, f->fed[i].logger, f->loggers_len) + half, 's', f->fed[i].other,
                   'l', f->fed[i].logger, f->sources[f->fed[i].other].providers);
    for (size_t i = 0; i < f->heard_len; i++)
        write_edge(p->h, LOGGER_X + LOGGER_WIDTH,
                   y_of(p, f->heard[i].logger, f->loggers_len) + half, HEARER_X,
                   y_of(p, f->heard[i].other, f->hearers_len) + half, 'l', f->heard[i].logger, 'h',
                   f->heard[i].other, 1);
    html_end(p->h, "g");
}

/* ---- all of it ---- */

static void write_titles(const struct picture *p)
{
    static const struct {
        unsigned x;
        const char *chars;
    } titles[] = {{1, "What feeds them"}, {LOGGER_X, "Loggers"}, {HEARER_X, "Who hears them"}};

    for (size_t i = 0; i < sizeof titles / sizeof titles[0]; i++) {
        html_start(p->h, "text");
        html_attributef(p->h, "x", "%u", titles[i].x);
        html_attribute(p->h, "y", "14");
        html_attribute(p->h, "class", "column");
        html_text(p->h, titles[i].chars);
        html_end(p->h, "text");
    }
}

static void draw(struct picture *p)
{
    const struct flow *f = &p->flow;
    size_t rows = f->loggers_len;
    struct html *h = p->h;

    rows = rows > f->sources_len ? rows : f->sources_len;
    rows = rows > f->hearers_len ? rows : f->hearers_len;
    p->height = TOP + (unsigned)rows * PITCH;
    html_start(h, "div");
    html_attribute(h, "class", "scroll flow");
    html_attribute(h, "role", "region");
    html_attribute(h, "tabindex", "0");
    html_attribute(h, "aria-label", "Which providers feed which loggers, and who hears them");
    html_start(h, "svg");
    html_attributef(h, "width", "%d", WIDTH);
    html_attributef(h, "height", "%u", p->height);
    html_attributef(h, "viewBox", "0 0 %d %u", WIDTH, p->height);
    write_titles(p);
    write_edges(p);
    for (size_t i = 0; i < f->sources_len; i++)
        write_source(p, i);
    for (size_t i = 0; i < f->loggers_len; i++)
        write_logger(p, i);
    for (size_t i = 0; i < f->hearers_len; i++)
        write_hearer(p, i);
    html_end(h, "svg");
    html_end(h, "div");
}

static void write_note(const struct picture *p)
{
    const struct flow *f = &p->flow;

    html_elementf(p->h, "p", "note",
                  "Drawn: %zu of %zu sources, %zu of %zu loggers that are fed or heard, %zu of %zu "
                  "who hear them, the most connected first; the tables below have all. Providers "
                  "that feed the same loggers are one source.",
                  f->sources_len, f->all_sources, f->loggers_len, f->all_loggers, f->hearers_len,
                  f->all_hearers);
}

void report_picture(struct html *h, const struct kdw_snapshot *s,
                    const struct provider_names *names)
{
    struct picture *p = calloc(1, sizeof *p);

    if (p)
        *p = (struct picture){.h = h, .s = s, .names = names};
    if (!p || !flow_make(s, &p->flow) || !provider_links_registrations(s, &p->registrations)) {
        html_fail(h, KD_ERR_NO_MEMORY);
    } else if (p->flow.loggers_len) {
        write_note(p);
        draw(p);
    }
    if (p)
        provider_links_free(&p->registrations);
    free(p);
}
