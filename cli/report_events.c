/* report_events.c - every event as a row, in the order of time; and how long the target was frozen. */
#include "report_parts.h"
#include "report_values.h"

#include "durations.h"

#include <inttypes.h>
#include <string.h>

/* Rows of a page that still opens at once; of 100,000 events the most telling are shown. */
enum { ROWS_MAX = 20000, RANKS = 3 };

/* What goes first where not all can be shown: 0 what ends or judges, 1 what changed, 2 what was printed. */
static int rank_of(const struct report_event *e)
{
    switch (e->kind) {
    case REPORT_APPEARED:
    case REPORT_VANISHED:
    case REPORT_CHANGED:
    case REPORT_MODULE:
        return 1;
    case REPORT_PRINT:
        return 2;
    default:
        return 0;
    }
}

/* Samples are bars of the time line, and figures; a row for each would bury the rest. */
static bool has_row(const struct report_event *e)
{
    return e->kind != REPORT_SAMPLE;
}

void report_events_choose(struct report_lines *l)
{
    size_t left = ROWS_MAX;

    for (int rank = 0; rank < RANKS; rank++) {
        for (size_t i = 0; i < l->len && left > 0; i++) {
            struct report_event *e = &l->events[i];

            if (!has_row(e) || rank_of(e) != rank)
                continue;
            e->is_shown = true;
            left--;
        }
    }
}

/* ---- freezes ---- */

static void add_freezes(const struct report_lines *l, struct durations *d)
{
    for (size_t i = 0; i < l->len; i++)
        if (l->events[i].kind == REPORT_SAMPLE)
            durations_add(d, l->events[i].value * 1000);
}

static void write_freezes(struct html *h, const struct report_lines *l)
{
    char median[DURATION_TEXT_MAX], most[DURATION_TEXT_MAX], worst[DURATION_TEXT_MAX],
        sum[DURATION_TEXT_MAX];
    struct durations d = {0};

    add_freezes(l, &d);
    if (d.count)
        html_elementf(h, "p", "note",
                      "%" PRIu64
                      " samples: the target was frozen for %s at the median, 99 %% were no "
                      "longer than %s, the longest %s; %s together.",
                      d.count, duration_text(durations_percentile(&d, 50), median),
                      duration_text(durations_percentile(&d, 99), most),
                      duration_text(d.longest_ns, worst), duration_text(d.total_ns, sum));
    durations_clear(&d);
}

/* ---- the table ---- */

enum { COLUMNS = 4 };

static void write_day(struct html *h, const char *date)
{
    html_start(h, "tr");
    html_attribute(h, "class", "day");
    html_start(h, "th");
    html_attributef(h, "colspan", "%d", COLUMNS);
    html_attribute(h, "scope", "rowgroup");
    html_text(h, date);
    html_end(h, "th");
    html_end(h, "tr");
}

/* How many rows were written. */
static size_t write_rows(struct html *h, struct report *r)
{
    char day[REPORT_DATE] = "", date[REPORT_DATE];
    size_t rows = 0;

    for (size_t i = 0; i < r->lines.len && report_has_room(h, rows, ROWS_MAX); i++) {
        const struct report_event *e = &r->lines.events[i];

        if (!e->is_shown)
            continue;
        report_date(e->time_100ns, date);
        if (strcmp(day, date) != 0)
            write_day(h, date);
        memcpy(day, date, sizeof day);
        report_event(h, r, e, i + 1);
        rows++;
    }
    return rows;
}

void report_events(struct html *h, struct report *r)
{
    static const char *const columns[COLUMNS] = {"Time (UTC)", "Event", "What", "Details"};
    size_t rows, all = 0;

    if (!r->lines.len)
        return;
    for (size_t i = 0; i < r->lines.len; i++)
        all += has_row(&r->lines.events[i]);
    report_section_start(h, "events", "Events");
    write_freezes(h, &r->lines);
    html_element(
        h, "p", "note",
        "What is found by comparing two samples happened between them: at the time given, or "
        "up to as many seconds earlier as stand behind it.");
    report_table_start(h, "events", "Events", columns, COLUMNS);
    rows = write_rows(h, r);
    report_table_end(h);
    report_left_out(h, rows, all, "events");
    report_section_end(h);
}
