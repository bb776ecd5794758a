/* report_timeline.c - when things happened, as a picture: a lane for each kind of thing, time from left to right.
 *
 * A lane is divided into bins, and a mark stands for all that happened in one: a page has some thousand marks
 * at most, however much happened. Places are per cent of the lane's width, so that it fits every screen
 * while marks and letters keep their size. */
#include "report_parts.h"
#include "report_values.h"

#include "durations.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define SECOND UINT64_C(10000000) /* in 100 ns */

enum {
    BINS = 400,
    TICKS_MAX = 6, /* that a narrow screen has room for */
    LANE_HEIGHT = 32,
    MARK_HEIGHT = 8,
    MARK_WIDTH = 3,
    FREEZE_DECADES = 5, /* of the scale: 10 us to 1 s */
};

enum lane {
    LANE_MACHINE,
    LANE_FREEZES,
    LANE_PRINTS,
    LANE_MODULES,
    LANE_FAULTS,
    LANE_CHECKS,
    LANE_LOGGERS,
    LANE_PROVIDERS,
    LANE_PROCESSES,
    LANE_SILOS,
    LANE_OTHER,
    LANES
};

static const char *const lane_names[LANES] = {
    [LANE_MACHINE] = "Machine",   [LANE_FREEZES] = "Freezes",     [LANE_PRINTS] = "Prints",
    [LANE_MODULES] = "Modules",   [LANE_FAULTS] = "Exceptions",   [LANE_CHECKS] = "Checks",
    [LANE_LOGGERS] = "Loggers",   [LANE_PROVIDERS] = "Providers", [LANE_PROCESSES] = "Processes",
    [LANE_SILOS] = "Silos, jobs", [LANE_OTHER] = "Other",
};

/* Where in a lane a mark stands, from the top: what comes, what changes, what goes. */
enum row { ROW_COMES, ROW_CHANGES, ROW_GOES, ROWS };

struct bin {
    uint32_t count;
    uint32_t first; /* event that has a row; + 1, 0: none has */
    uint64_t value; /* the greatest */
    uint64_t time_100ns;
    const char *kind; /* of the last: its class */
};

struct timeline {
    const struct report_lines *l;
    uint64_t from, to;
    struct bin bins[LANES][ROWS][BINS];
};

/* ---- what goes where ---- */

static enum lane lane_of_table(uint8_t table)
{
    switch (table) {
    case KDW_TABLE_STATES:
    case KDW_TABLE_LOGGERS:
    case KDW_TABLE_CONSUMERS:
    case KDW_TABLE_HANDLES:
    case KDW_TABLE_SECURITY:
    case KDW_TABLE_SYSTEM:
        return LANE_LOGGERS;
    case KDW_TABLE_PROVIDERS:
    case KDW_TABLE_ENABLES:
    case KDW_TABLE_REGISTRATIONS:
        return LANE_PROVIDERS;
    case KDW_TABLE_PROCESSES:
        return LANE_PROCESSES;
    case KDW_TABLE_SILOS:
    case KDW_TABLE_JOBS:
    case KDW_TABLE_STORAGE:
    case KDW_TABLE_MONITORS:
    case KDW_TABLE_SESSIONS:
        return LANE_SILOS;
    case KDW_TABLE_MODULES:
        return LANE_MODULES;
    default:
        return LANE_OTHER;
    }
}

static enum lane lane_of(const struct report_event *e)
{
    switch (e->kind) {
    case REPORT_SAMPLE:
        return LANE_FREEZES;
    case REPORT_APPEARED:
    case REPORT_VANISHED:
    case REPORT_CHANGED:
        return lane_of_table(e->table);
    case REPORT_VERDICT:
        return LANE_CHECKS;
    case REPORT_PRINT:
        return LANE_PRINTS;
    case REPORT_MODULE:
        return LANE_MODULES;
    case REPORT_EXCEPTION:
    case REPORT_BUGCHECK:
        return LANE_FAULTS;
    default:
        return LANE_MACHINE;
    }
}

static enum row row_of(const struct report_event *e)
{
    switch (e->kind) {
    case REPORT_APPEARED:
    case REPORT_ATTACHED:
        return ROW_COMES;
    case REPORT_VANISHED:
    case REPORT_LOST:
    case REPORT_REBOOT:
        return ROW_GOES;
    case REPORT_MODULE:
        return e->value ? ROW_GOES : ROW_COMES;
    default:
        return ROW_CHANGES;
    }
}

static uint64_t budget_us(const struct report_lines *l, const struct report_event *e)
{
    const json_t *begin = l->files[e->file].begin;
    json_int_t ms = json_integer_value(json_object_get(begin, "freeze_budget_ms"));

    return ms > 0 ? (uint64_t)ms * 1000 : UINT64_MAX;
}

static const char *mark_of(const struct report_lines *l, const struct report_event *e)
{
    if (e->kind == REPORT_SAMPLE)
        return e->value > budget_us(l, e) ? "over" : "sample";
    if (e->kind == REPORT_VERDICT)
        return e->value ? "fail" : "pass";
    return report_event_name((enum report_event_kind)e->kind);
}

static size_t bin_of(const struct timeline *t, uint64_t time)
{
    return (size_t)((double)(time - t->from) / (double)(t->to - t->from) * (BINS - 1));
}

static void fill(struct timeline *t)
{
    for (size_t i = 0; i < t->l->len; i++) {
        const struct report_event *e = &t->l->events[i];
        struct bin *b = &t->bins[lane_of(e)][row_of(e)][bin_of(t, e->time_100ns)];

        if (b->count++ == 0)
            b->time_100ns = e->time_100ns;
        if (e->is_shown && !b->first)
            b->first = (uint32_t)i + 1;
        if (b->count == 1 || e->value >= b->value) { /* what is worst gives the mark its colour */
            b->value = e->value;
            b->kind = mark_of(t->l, e);
        }
    }
}

/* ---- a lane ---- */

static void add_title(struct html *h, enum lane lane, const struct bin *b)
{
    char clock[REPORT_CLOCK], worst[DURATION_TEXT_MAX];

    report_clock(b->time_100ns, clock);
    if (lane == LANE_FREEZES)
        html_elementf(h, "title", NULL, "%s: %" PRIu32 " break%s, the longest %s", clock, b->count,
                      b->count == 1 ? "" : "s", duration_text(b->value * 1000, worst));
    else
        html_elementf(h, "title", NULL, "%s: %" PRIu32 " %s", clock, b->count, b->kind);
}

/* Of a lane's height, by the order of magnitude. */
static unsigned freeze_height(uint64_t us)
{
    unsigned height = 2;
    double scale = 10;

    for (int decade = 0; decade < FREEZE_DECADES && (double)us > scale; decade++, scale *= 10) {
        double part = (double)us / scale >= 10 ? 1 : ((double)us / scale - 1) / 9;

        height += (unsigned)(part * (LANE_HEIGHT - 4) / FREEZE_DECADES);
    }
    return height;
}

/* Many in one bin are darker than few; by orders of magnitude, of at most `most` in one of the row's. */
static double opacity_of(uint32_t count, uint32_t most)
{
    double part = 1;

    for (; most > count && part > 0.4; most /= 2)
        part -= 0.1;
    return part;
}

static void draw_mark(struct html *h, enum lane lane, int row, size_t bin, const struct bin *b,
                      uint32_t most)
{
    unsigned height = lane == LANE_FREEZES ? freeze_height(b->value) : MARK_HEIGHT;
    unsigned y = lane == LANE_FREEZES ? LANE_HEIGHT - 2 - height : 2 + 10 * (unsigned)row;

    if (b->first) {
        html_start(h, "a");
        html_attributef(h, "href", "#e%" PRIu32, b->first);
        html_attribute(h, "tabindex", "-1"); /* the table has them all for who goes by keys */
    }
    html_start(h, "rect");
    html_attributef(h, "class", "m-%s", b->kind);
    html_attributef(h, "x", "%.2f%%", (double)bin * 99.5 / (BINS - 1));
    html_attributef(h, "y", "%u", y);
    html_attributef(h, "width", "%d", MARK_WIDTH);
    html_attributef(h, "height", "%u", height);
    if (lane != LANE_FREEZES)
        html_attributef(h, "fill-opacity", "%.1f", opacity_of(b->count, most));
    add_title(h, lane, b);
    html_end(h, "rect");
    if (b->first)
        html_end(h, "a");
}

static size_t count_of(const struct timeline *t, enum lane lane, int row)
{
    size_t count = 0;

    for (size_t i = 0; i < BINS; i++)
        count += t->bins[lane][row][i].count;
    return count;
}

static void draw_row(struct html *h, const struct timeline *t, enum lane lane, int row)
{
    const struct bin *bins = t->bins[lane][row];
    uint32_t most = 0;

    for (size_t i = 0; i < BINS; i++)
        most = bins[i].count > most ? bins[i].count : most;
    for (size_t i = 0; i < BINS; i++)
        if (bins[i].count)
            draw_mark(h, lane, row, i, &bins[i], most);
}

static void draw_lane(struct html *h, const struct timeline *t, enum lane lane)
{
    size_t all = 0;

    for (int row = 0; row < ROWS; row++)
        all += count_of(t, lane, row);
    if (all == 0)
        return;
    html_start(h, "div");
    html_attribute(h, "class", "lane");
    html_start(h, "div");
    html_attribute(h, "class", "lane-name");
    html_element(h, "span", NULL, lane_names[lane]);
    html_elementf(h, "span", "count", "%zu", all);
    html_end(h, "div");
    html_start(h, "svg");
    html_attribute(h, "role", "img");
    html_attributef(h, "aria-label", "%s: %zu in all", lane_names[lane], all);
    html_attributef(h, "height", "%d", LANE_HEIGHT);
    html_attribute(h, "width", "100%");
    for (int row = 0; row < ROWS; row++)
        draw_row(h, t, lane, row);
    html_end(h, "svg");
    html_end(h, "div");
}

/* ---- the axis ---- */

static uint64_t tick_of(uint64_t span)
{
    static const uint32_t steps_ms[] = {
        1,    2,     5,     10,    20,    50,     100,    200,    500,    1000,    2000,
        5000, 10000, 15000, 30000, 60000, 120000, 300000, 600000, 900000, 1800000, 3600000};
    uint64_t step = 0;

    for (size_t i = 0; i < sizeof steps_ms / sizeof steps_ms[0]; i++) {
        step = steps_ms[i] * (SECOND / 1000);
        if (span / step <= TICKS_MAX)
            return step;
    }
    while (span / step > TICKS_MAX)
        step *= 2;
    return step;
}

static void draw_axis(struct html *h, const struct timeline *t)
{
    uint64_t step = tick_of(t->to - t->from);
    bool is_odd = false; /* every other one is left out of a narrow screen */
    int characters = step % SECOND ? REPORT_CLOCK - 1 : 8; /* whole seconds need no milliseconds */

    html_start(h, "div");
    html_attribute(h, "class", "lane axis");
    html_element(h, "div", "lane-name", "");
    html_start(h, "svg");
    html_attribute(h, "aria-hidden", "true");
    html_attribute(h, "height", "22");
    html_attribute(h, "width", "100%");
    for (uint64_t at = (t->from + step - 1) / step * step; at <= t->to;
         at += step, is_odd = !is_odd) {
        double x = (double)(at - t->from) / (double)(t->to - t->from) * 99.5;
        char clock[REPORT_CLOCK];

        report_clock(at, clock);
        html_start(h, "line");
        html_attributef(h, "x1", "%.2f%%", x);
        html_attributef(h, "x2", "%.2f%%", x);
        html_attribute(h, "y1", "0");
        html_attribute(h, "y2", "5");
        html_end(h, "line");
        html_start(h, "text");
        html_attributef(h, "x", "%.2f%%", x);
        html_attribute(h, "y", "17");
        html_attribute(h, "class", is_odd ? "odd" : "even");
        html_attribute(h, "text-anchor", x < 8 ? "start" : x > 92 ? "end" : "middle");
        html_textf(h, "%.*s", characters, clock);
        html_end(h, "text");
    }
    html_end(h, "svg");
    html_end(h, "div");
}

/* ---- all of it ---- */

static void draw_key(struct html *h)
{
    static const struct {
        const char *kind, *text;
    } keys[] = {{"appeared", "appeared"},  {"changed", "changed"},
                {"vanished", "vanished"},  {"fail", "a check fails"},
                {"sample", "time frozen"}, {"over", "beyond the budget"}};

    html_start(h, "p");
    html_attribute(h, "class", "key");
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        html_start(h, "span");
        html_start(h, "i");
        html_attributef(h, "class", "k-%s", keys[i].kind);
        html_end(h, "i");
        html_text(h, keys[i].text);
        html_end(h, "span");
    }
    html_end(h, "p");
}

static void draw(struct html *h, const struct timeline *t)
{
    char from[REPORT_CLOCK], to[REPORT_CLOCK], date[REPORT_DATE];

    report_clock(t->from, from);
    report_clock(t->l->events[t->l->len - 1].time_100ns, to);
    report_date(t->from, date);
    report_section_start(h, "timeline", "Time line");
    html_elementf(h, "p", "note", "%s, %s to %s UTC, by the clock of the host.", date, from, to);
    draw_key(h);
    html_start(h, "div");
    html_attribute(h, "class", "lanes");
    for (int lane = 0; lane < LANES; lane++)
        draw_lane(h, t, (enum lane)lane);
    draw_axis(h, t);
    html_end(h, "div");
    report_section_end(h);
}

void report_timeline(struct html *h, const struct report_lines *l)
{
    struct timeline *t;

    if (!l->len)
        return;
    t = calloc(1, sizeof *t);
    if (!t) {
        html_fail(h, KD_ERR_NO_MEMORY);
        return;
    }
    t->l = l;
    t->from = l->events[0].time_100ns;
    t->to = l->events[l->len - 1].time_100ns;
    if (t->to - t->from < SECOND / 1000)
        t->to = t->from + SECOND / 1000;
    fill(t);
    draw(h, t);
    free(t);
}
