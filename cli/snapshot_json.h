/* snapshot_json.h - a snapshot as a JSON document, one schema for all commands.
 *
 *     {"schema": "kdwalk-snapshot", "version": 1,
 *      "build": 18362, "kernel_base": "0xfffff8026e400000", "time": "2019-12-10T08:45:12.1234567Z",
 *      "symbols": {"origin": "PDB /srv/symbols/ntkrnlmp.pdb", "guess": false},
 *      "complete": false,
 *      "tables": {"loggers": [{"address": "0xffffa80faafd39c0", "slot": 2, ...}, ...], ...},
 *      "cut": [],
 *      "gaps": [{"table": "loggers", "record": "0xffffa80faafd39c0", "fact": "file",
 *                "reason": "paged out", "address": "0xffff..."}, ...],
 *      "gaps_omitted": 0}
 *
 * Tables     only those that were looked at; which facts a record has: kdw_snapshot_tables. "cut" names
 *            those that had more records than their bound.
 * Facts      addresses and words of bits are text, "0x" and 16 digits, because JSON's numbers end at
 *            2^53. Counts, ids and other numbers are numbers, up to that; beyond it, as only damage
 *            makes them, they are text of the same form (negative ones in two's complement). Texts are
 *            text, GUIDs as usual, times ISO 8601 in UTC (beyond the year 9999 such numbers in text).
 * Unknown    null: this kernel has no such thing, or it does not apply. {"unreadable": "0x...",
 *            "reason": "paged out"}: it could not be read, where, and why; without an address
 *            where the reason is not one place. "gaps" lists these once more, as many
 *            as SNAPSHOT_GAPS_MAX; "gaps_omitted" is how many there are beyond.
 * Looks      of a snapshot that was read in several breaks: "looks" has the target's time of each, and for
 *            every record of a table, in their order, the number of the look in which it was read.
 * Version    grows when a fact changes its name or meaning; new facts and tables do not count.
 *            snapshot.schema.json says the same to programs. */
#ifndef CLI_SNAPSHOT_JSON_H
#define CLI_SNAPSHOT_JSON_H

#include <jansson.h>
#include <walker/snapshot.h>

#define SNAPSHOT_SCHEMA  "kdwalk-snapshot"
#define SNAPSHOT_VERSION 1
/* The largest number that every reader of JSON has exactly. */
#define SNAPSHOT_NUMBER_MAX INT64_C(9007199254740991)

/* Each gap is told where its fact should be. That they are told once more is for convenience, and a hostile
 * kernel could make millions. */
enum { SNAPSHOT_GAPS_MAX = 8192 };

/* NULL, or not whole (document.h): there was no memory for it. */
json_t *snapshot_json(const struct kdw_snapshot *s);
/* What it says before its tables: which kernel it is of, when, by which symbols, and whether all is there. */
json_t *snapshot_json_head(const struct kdw_snapshot *s);
/* A record of it, and one of a record's facts. */
json_t *snapshot_json_record(enum kdw_table_id table, const void *record);
json_t *snapshot_json_fact(const struct kdw_fact *fact, const void *record);

#endif
