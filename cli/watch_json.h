/* watch_json.h - events of a watch as JSON, one object a line; watch.schema.json describes them.
 *
 *     {"event": "changed", "time": "2026-11-24T14:03:12.345Z", "target_time": "2026-...0123456Z",
 *      "sample": 12, "since": "2026-11-24T14:03:11.345Z", "table": "processes",
 *      "address": "0xffff8d0e3f1d2080", "name": "716 lsass.exe", "fact": "protection",
 *      "from": "0x0000000000000041", "to": "0x0000000000000000"}
 *
 * Records, facts  as in a snapshot (snapshot_json.h); findings as in check.schema.json.
 * Version         grows when a member changes its name or meaning; new events and members do not count. */
#ifndef CLI_WATCH_JSON_H
#define CLI_WATCH_JSON_H

#include "watch.h"
#include "watch_tally.h"

#include <jansson.h>

#define WATCH_SCHEMA  "kdwalk-watch"
#define WATCH_VERSION 1

struct watch_json {
    struct watch_sink sink;
    unsigned only; /* of the options: "begin" tells them */
    uint32_t every_ms, freeze_budget_ms;
};

void watch_json_init(struct watch_json *j, unsigned only, uint32_t every_ms,
                     uint32_t freeze_budget_ms);
/* One line of it. NULL, or not whole (document.h): there was no memory for it. */
json_t *watch_json_event(const struct watch_json *j, const struct watch_event *e);
/* The last line: "end". */
void watch_json_end(const struct watch_tally *tally);

#endif
