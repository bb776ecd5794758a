#include "report.h"

#include "report_parts.h"

#include <stdlib.h>

const struct kdw_snapshot *report_last(const struct report *r)
{
    return r->states_len ? &r->states[r->states_len - 1].snapshot : NULL;
}

void report_write(struct html *h, struct report *r)
{
    report_events_choose(&r->lines);
    report_page_start(h, r);
    report_summary(h, r);
    report_timeline(h, &r->lines);
    report_checks(h, r);
    report_loggers(h, r);
    report_tree(h, report_last(r));
    report_diffs(h, r);
    report_events(h, r);
    report_providers(h, r);
    report_gaps(h, r);
    report_inputs(h, r);
    report_page_end(h);
}

void report_free(struct report *r)
{
    for (size_t i = 0; i < r->states_len; i++) {
        free(r->states[i].source);
        kdw_snapshot_free(&r->states[i].snapshot);
    }
    free(r->states);
    report_lines_free(&r->lines);
    kdw_check_free(&r->checks);
    provider_names_free(&r->providers);
    free(text_take(&r->remarks));
    *r = (struct report){.states_len = 0};
}
