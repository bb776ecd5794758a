/* report_head.c - what the page is about: the machine, its symbols, the figures that matter, and the inputs. */
#include "report_parts.h"
#include "report_values.h"

#include "durations.h"
#include "facts.h"

#include <inttypes.h>
#include <string.h>

/* ---- the machine ---- */

static const struct report_lines_file *first_begun(const struct report *r)
{
    for (size_t i = 0; i < r->lines.files_len; i++)
        if (r->lines.files[i].begin)
            return &r->lines.files[i];
    return NULL;
}

static void write_pair(struct html *h, const char *label, struct text *t)
{
    html_start(h, "div");
    html_element(h, "dt", NULL, label);
    html_start(h, "dd");
    html_take(h, t);
    html_end(h, "dd");
    html_end(h, "div");
}

static void write_symbols(struct html *h, const char *origin, bool is_guess)
{
    html_start(h, "div");
    html_element(h, "dt", NULL, "Symbols");
    html_start(h, "dd");
    html_text(h, origin);
    if (is_guess) {
        html_text(h, " ");
        report_chip(h, "k-transition", "a guess");
        html_element(
            h, "span", "note",
            " They are those of a kernel much like this one: what looks odd may be theirs.");
    }
    html_end(h, "dd");
    html_end(h, "div");
}

static void write_snapshot(struct html *h, const struct kdw_snapshot *s)
{
    struct text t = {0};

    text_add(&t, "%016" PRIx64, s->kernel_base_va);
    write_pair(h, "Kernel at", &t);
    fact_time(&t, &s->time_100ns);
    write_pair(h, "Time of the target", &t);
    write_symbols(h, s->symbols ? s->symbols : "unknown", s->is_guess);
}

static void write_begin(struct html *h, const json_t *begin)
{
    const json_t *symbols = json_object_get(begin, "symbols");
    const char *origin = json_string_value(json_object_get(symbols, "origin"));
    struct text t = {0};

    report_value(&t, json_object_get(begin, "kernel_base"), NULL);
    write_pair(h, "Kernel at", &t);
    write_symbols(h, origin ? origin : "unknown", json_is_true(json_object_get(symbols, "guess")));
}

static void write_observed(struct html *h, const struct report_lines *l)
{
    char from[REPORT_CLOCK], to[REPORT_CLOCK], date[REPORT_DATE];
    struct text t = {0};

    if (!l->len)
        return;
    report_date(l->events[0].time_100ns, date);
    report_clock(l->events[0].time_100ns, from);
    report_clock(l->events[l->len - 1].time_100ns, to);
    text_add(&t, "%s %.8s to %.8s", date, from, to);
    write_pair(h, "Watched", &t);
}

void report_head(struct html *h, const struct report *r)
{
    const struct kdw_snapshot *s = report_last(r);
    const struct report_lines_file *begun = first_begun(r);
    struct text build = {0};

    if (s)
        text_add(&build, "%u", s->build);
    else if (begun)
        report_value(&build, json_object_get(begun->begin, "build"), NULL);
    html_start(h, "header");
    html_element(h, "p", "brand", "kdwalk report");
    html_start(h, "h1");
    html_text(h, build.len ? "Windows kernel, build " : "Windows kernel");
    html_take(h, &build);
    html_end(h, "h1");
    html_start(h, "dl");
    html_attribute(h, "class", "machine");
    if (s)
        write_snapshot(h, s);
    else if (begun)
        write_begin(h, begun->begin);
    write_observed(h, &r->lines);
    html_end(h, "dl");
    html_end(h, "header");
}

/* ---- figures ---- */

static void write_tile(struct html *h, const char *kind, const char *section, const char *figure,
                       const char *what)
{
    html_start(h, "li");
    html_attribute(h, "class", kind);
    html_start(h, "a");
    html_attributef(h, "href", "#%s", section);
    html_element(h, "b", NULL, figure);
    html_element(h, "span", NULL, what);
    html_end(h, "a");
    html_end(h, "li");
}

static void write_count(struct html *h, const char *kind, const char *section, size_t count,
                        const char *what)
{
    char figure[24];

    snprintf(figure, sizeof figure, "%zu", count);
    write_tile(h, kind, section, figure, what);
}

static size_t count_enabled(const struct kdw_snapshot *s)
{
    size_t count = 0;

    KDW_EACH(s, KDW_TABLE_PROVIDERS, struct kdw_provider, p)
    count += p->enabled.status == KD_OK && p->enabled.value != 0;
    return count;
}

static size_t count_live(const struct kdw_snapshot *s)
{
    size_t count = 0;

    KDW_EACH(s, KDW_TABLE_LOGGERS, struct kdw_logger, l)
    count += l->state.value == KDW_LOGGER_LIVE;
    return count;
}

static void write_state(struct html *h, const struct report *r, const struct kdw_snapshot *s)
{
    size_t failed = kdw_check_count(&r->checks, KDW_FAIL);
    size_t moving = kdw_check_count(&r->checks, KDW_IN_TRANSITION);
    size_t unread = kdw_check_count(&r->checks, KDW_UNREADABLE);

    write_count(h,
                failed   ? "k-fail"
                : unread ? ""
                         : "k-pass",
                "checks", failed, failed == 1 ? "check failed" : "checks failed");
    if (unread)
        write_count(h, "k-unreadable", "checks", unread,
                    unread == 1 ? "check unreadable" : "checks unreadable");
    if (moving)
        write_count(h, "k-transition", "checks", moving, "in transition");
    write_count(h, "", "loggers", count_live(s), "live loggers");
    write_count(h, "", "providers", count_enabled(s), "providers enabled");
    write_count(h, "", "tree", s->tables[KDW_TABLE_SILOS].len, "silos, with the host");
    write_count(h, "", "tree", s->tables[KDW_TABLE_PROCESSES].len, "processes");
    write_count(h, kdw_snapshot_is_complete(s) ? "" : "k-unreadable", "gaps",
                kdw_snapshot_gaps(s, NULL, NULL) + s->tables[KDW_TABLE_LISTS].len, "gaps");
}

static void write_watched(struct html *h, const struct report_lines *l)
{
    char worst[DURATION_TEXT_MAX];
    uint64_t longest_us = 0;
    size_t samples = 0;

    for (size_t i = 0; i < l->len; i++) {
        const struct report_event *e = &l->events[i];

        if (e->kind != REPORT_SAMPLE)
            continue;
        samples++;
        longest_us = e->value > longest_us ? e->value : longest_us;
    }
    write_count(h, "", "events", l->len - samples, "events");
    if (samples)
        write_tile(h, "", "timeline", duration_text(longest_us * 1000, worst), "longest freeze");
}

void report_summary(struct html *h, const struct report *r)
{
    const struct kdw_snapshot *s = report_last(r);

    report_section_start(h, "summary", "Summary");
    html_start(h, "ul");
    html_attribute(h, "class", "tiles");
    if (s)
        write_state(h, r, s);
    if (r->lines.len)
        write_watched(h, &r->lines);
    html_end(h, "ul");
    if (s && r->states_len > 1)
        html_elementf(h, "p", "note", "State, checks and gaps are those of the last snapshot, %s.",
                      r->states[r->states_len - 1].source);
    report_section_end(h);
}

/* ---- inputs ---- */

static void add_problems(struct text *t, const struct report_lines_file *f)
{
    if (f->damaged)
        text_add(t, "%" PRIu64 " damaged line%s, the first is line %" PRIu64, f->damaged,
                 f->damaged == 1 ? "" : "s", f->damaged_line);
    if (f->unknown) {
        text_add(t, "%s%" PRIu64 " of kinds that this version does not know, as ",
                 t->len ? "; " : "", f->unknown);
        text_add_escaped(t, f->unknown_kind, strlen(f->unknown_kind));
    }
    if (f->is_cut)
        text_add(t, "%sthe last line was cut short", t->len ? "; " : "");
    if (!f->end)
        text_add(t, "%sit has no end: watch was still running, or was ended by force",
                 t->len ? "; " : "");
}

static void write_input(struct html *h, const char *name, const char *kind, struct text *holds,
                        struct text *lacks)
{
    html_start(h, "tr");
    html_element(h, "td", "wrap", name);
    html_element(h, "td", NULL, kind);
    report_cell(h, NULL, holds);
    report_cell(h, "wrap", lacks);
    html_end(h, "tr");
}

static void write_inputs(struct html *h, const struct report *r)
{
    struct text holds = {0}, lacks = {0};

    for (size_t i = 0; i < r->states_len; i++) {
        const struct kdw_snapshot *s = &r->states[i].snapshot;

        fact_time(&holds, &s->time_100ns);
        text_add(&lacks, "%s", kdw_snapshot_is_complete(s) ? "-" : "see what is not known");
        write_input(h, r->states[i].source, "snapshot", &holds, &lacks);
    }
    for (size_t i = 0; i < r->lines.files_len; i++) {
        const struct report_lines_file *f = &r->lines.files[i];

        text_add(&holds, "%" PRIu64 " events in %" PRIu64 " lines", f->events, f->lines);
        add_problems(&lacks, f);
        if (!lacks.len)
            text_add(&lacks, "-");
        write_input(h, f->name, "events", &holds, &lacks);
    }
}

void report_inputs(struct html *h, const struct report *r)
{
    static const char *const columns[] = {"Input", "Kind", "Holds", "Lacks"};

    report_section_start(h, "inputs", "Inputs");
    report_table_start(h, "inputs", "Inputs", columns, sizeof columns / sizeof columns[0]);
    write_inputs(h, r);
    report_table_end(h);
    if (r->lines.left_out)
        html_elementf(h, "p", "cut",
                      "%" PRIu64 " events beyond the first %d of the inputs were left "
                      "out.",
                      r->lines.left_out, REPORT_EVENTS_MAX);
    if (r->remarks.failed)
        html_fail(h, KD_ERR_NO_MEMORY);
    else if (r->remarks.len)
        html_element(h, "p", "cut", r->remarks.chars);
    report_section_end(h);
}
