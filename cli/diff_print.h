/* diff_print.h - a difference of two snapshots, for people and for programs.
 *
 *     {"schema": "kdwalk-diff", "version": 1,
 *      "from": {"file": "before.json", "build": 18362, "kernel_base": "0xfffff8026e400000",
 *               "time": "2019-12-10T08:45:12.1234567Z", "symbols": {...}, "complete": true},
 *      "to": {...},
 *      "tables": {"processes": {
 *          "appeared": [{"address": "0xffffa80fc013b040", "pid": 1284, ...}, ...],
 *          "vanished": [...],
 *          "changed": [{"from": "0xffffa80fc013b040", "to": "0xffffa80fc013b040",
 *                       "facts": {"protection": {"from": "0x0000000000000041",
 *                                                "to": "0x0000000000000000"}, ...}}, ...],
 *          "not_comparable": 0, "only_from": [], "only_to": []}, ...},
 *      "only_from": [], "only_to": ["processors"]}
 *
 * Records, facts  have the form of snapshot_json.h; those that appeared or vanished are whole.
 * Tables          that were taken in both are all there, changed or not; "only_from" and "only_to" name
 *                 those of one snapshot alone, and within a table the facts that one has of no record.
 * Counters        are there when they were compared.
 * Version         grows when a member changes its name or meaning. */
#ifndef CLI_DIFF_PRINT_H
#define CLI_DIFF_PRINT_H

#include <walker/diff.h>

#include <jansson.h>

#define DIFF_SCHEMA  "kdwalk-diff"
#define DIFF_VERSION 1

struct diff_side {
    const char *file; /* as the user calls it */
    struct kdw_snapshot snapshot;
};

/* Lines of at most 100 columns, a change each; is_wide: nothing is cut. */
void print_text_diff(const struct diff_side *from, const struct diff_side *to,
                     const struct kdw_diff *diff, bool is_wide);
void print_json_diff(const struct diff_side *from, const struct diff_side *to,
                     const struct kdw_diff *diff);
/* What that prints. NULL, or not whole (document.h): there was no memory for it. */
json_t *diff_json(const struct diff_side *from, const struct diff_side *to,
                  const struct kdw_diff *diff);

#endif
