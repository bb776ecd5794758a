/* report_lines.h - what watch wrote, a JSON object a line, of any number of files as one time line.
 *
 * Each line is read twice: once to know when it was and of what kind, and again when it is shown. So
 * memory holds 32 bytes of an event, whatever it tells.
 *
 * Order     By time of the host; at the same time as they were given and written.
 * Bad lines (damaged, of a kind that is not known: a later version may have more) are counted, and
 *           told with their file; so is a last line that was cut short.
 * Bounds    REPORT_EVENTS_MAX events are kept, the rest are counted; a line of more than REPORT_LINE_MAX is
 *           damaged.
 * Lifetime  report_lines_free ends it, and closes the files.
 * Errors    KD_ERR_NO_MEMORY, KD_ERR_IO, KD_ERR_LIMIT (too many files), KD_ERR_UNSUPPORTED (of a later
 *           version), with a diag. */
#ifndef CLI_REPORT_LINES_H
#define CLI_REPORT_LINES_H

#include <kdproto/diag.h>
#include <walker/snapshot.h>

#include <jansson.h>
#include <stdio.h>

enum {
    REPORT_EVENTS_MAX = 1 << 20, /* an hour of ten changes a second is 36,000 */
    REPORT_LINE_MAX = 1 << 20,   /* a verdict with all findings that are kept has a tenth of that */
    REPORT_FILES_MAX = 64,
    REPORT_NAME_MAX = 32,
};

enum report_event_kind {
    REPORT_BEGIN,
    REPORT_SAMPLE,
    REPORT_APPEARED,
    REPORT_VANISHED,
    REPORT_CHANGED,
    REPORT_VERDICT,
    REPORT_PRINT,
    REPORT_MODULE,
    REPORT_EXCEPTION,
    REPORT_BUGCHECK,
    REPORT_REBOOT,
    REPORT_LOST,
    REPORT_ATTACHED,
    REPORT_SNAPSHOT,
    REPORT_MARK,
    REPORT_END,
    REPORT_EVENT_KINDS
};

struct report_event {
    uint64_t time_100ns; /* of the host, since 1601 */
    uint64_t offset;     /* in its file */
    uint64_t value;      /* SAMPLE: microseconds frozen. 1: VERDICT: to "fail"; MODULE: unloaded */
    uint16_t file;
    uint8_t kind;  /* enum report_event_kind */
    uint8_t table; /* enum kdw_table_id of what is about a record; else KDW_TABLES */
    bool is_shown; /* by report_events_choose: it has a row of its own */
};

struct report_lines_file {
    FILE *file;
    char *name; /* as the user calls it */
    uint64_t lines, events, damaged, unknown;
    uint64_t damaged_line;              /* the first, from 1 */
    char unknown_kind[REPORT_NAME_MAX]; /* the first */
    bool is_cut;                        /* the last line */
    json_t *begin, *end;                /* its first and last of these events; NULL: none */
};

struct report_lines { /* begins as {0} */
    struct report_lines_file *files;
    size_t files_len;
    struct report_event *events;
    size_t len, room;
    uint64_t left_out; /* beyond EVENTS_MAX */
    char *line;
    size_t line_room;
};

/* "appeared", as "event" of a line has it. */
const char *report_event_name(enum report_event_kind kind);
/* Is that the beginning of such a file? It is rewound. */
bool report_lines_are(FILE *file);
/* Takes the file, whatever happens; it must be one that can be read twice. */
enum kd_status report_lines_add(struct report_lines *l, FILE *file, const char *name,
                                struct kd_diag *diag);
/* After the last file. */
void report_lines_sort(struct report_lines *l);
/* The line of an event, for the caller to give back; NULL: it cannot be read again. */
json_t *report_lines_read(struct report_lines *l, const struct report_event *event);
void report_lines_free(struct report_lines *l);

/* A time as events have it, "2026-11-24T03:41:24.123Z", with up to 7 digits. False: it is none. */
bool report_time_parse(const json_t *value, uint64_t *time_100ns);

#endif
