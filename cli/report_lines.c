#include "report_lines.h"

#include "kernel_time.h"
#include "watch_json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    LOOK_AT = 16, /* lines, before a file is taken for something else */
    FRACTION_DIGITS = 7,
};

static const char *const kind_names[REPORT_EVENT_KINDS] = {
    [REPORT_BEGIN] = "begin",         [REPORT_SAMPLE] = "sample",
    [REPORT_APPEARED] = "appeared",   [REPORT_VANISHED] = "vanished",
    [REPORT_CHANGED] = "changed",     [REPORT_VERDICT] = "verdict",
    [REPORT_PRINT] = "print",         [REPORT_MODULE] = "module",
    [REPORT_EXCEPTION] = "exception", [REPORT_BUGCHECK] = "bugcheck",
    [REPORT_REBOOT] = "reboot",       [REPORT_LOST] = "lost",
    [REPORT_ATTACHED] = "attached",   [REPORT_SNAPSHOT] = "snapshot",
    [REPORT_MARK] = "mark",           [REPORT_END] = "end",
};

const char *report_event_name(enum report_event_kind kind)
{
    return kind_names[kind];
}

/* ---- lines ---- */

enum line_end { LINE_WHOLE, LINE_LAST, LINE_LONG, LINE_NONE, LINE_NO_MEMORY };

static bool make_room(struct report_lines *l, size_t len)
{
    size_t room = l->line_room ? l->line_room : 4096;
    char *bigger;

    if (len < l->line_room)
        return true;
    while (room <= len)
        room *= 2;
    bigger = realloc(l->line, room);
    if (!bigger)
        return false;
    l->line = bigger;
    l->line_room = room;
    return true;
}

/* Of a line that is too long nothing is kept, but it is read to its end. *read counts all bytes. */
static enum line_end next_line(struct report_lines *l, FILE *f, size_t *len, uint64_t *read)
{
    bool is_long = false;
    int c;

    *len = 0;
    while ((c = getc(f)) != EOF) {
        ++*read;
        if (c == '\n')
            return is_long ? LINE_LONG : LINE_WHOLE;
        is_long |= *len == REPORT_LINE_MAX;
        if (is_long)
            continue;
        if (!make_room(l, *len))
            return LINE_NO_MEMORY;
        l->line[(*len)++] = (char)c;
    }
    if (is_long)
        return LINE_LONG;
    return *len ? LINE_LAST : LINE_NONE;
}

static bool is_blank(const char *line, size_t len)
{
    while (len > 0 && (line[len - 1] == ' ' || line[len - 1] == '\r' || line[len - 1] == '\t'))
        len--;
    return len == 0;
}

/* NULL: damaged. */
static json_t *event_of(const char *line, size_t len)
{
    json_t *event = json_loadb(line, len, 0, NULL);

    if (event && json_is_string(json_object_get(event, "event")))
        return event;
    json_decref(event);
    return NULL;
}

bool report_lines_are(FILE *file)
{
    struct report_lines l = {0};
    uint64_t read = 0;
    bool found = false;
    size_t len;

    for (int i = 0; i < LOOK_AT && !found; i++) {
        enum line_end end = next_line(&l, file, &len, &read);
        json_t *event;

        if (end != LINE_WHOLE && end != LINE_LAST)
            break;
        event = event_of(l.line, len);
        found = event != NULL;
        json_decref(event);
    }
    rewind(file);
    free(l.line);
    return found;
}

/* ---- events ---- */

bool report_time_parse(const json_t *value, uint64_t *time_100ns)
{
    const char *text = json_string_value(value);
    char whole[KERNEL_TIME_TEXT];
    size_t seconds = sizeof "2026-11-24T03:41:24" - 1, digits;

    if (!text || strlen(text) <= seconds || text[seconds] != '.')
        return false;
    digits = strspn(text + seconds + 1, "0123456789");
    if (digits < 1 || digits > FRACTION_DIGITS || strcmp(text + seconds + 1 + digits, "Z") != 0)
        return false;
    memcpy(whole, text, seconds + 1 + digits);
    memset(whole + seconds + 1 + digits, '0', FRACTION_DIGITS - digits);
    memcpy(whole + seconds + 1 + FRACTION_DIGITS, "Z", 2);
    return kernel_time_parse(whole, time_100ns);
}

static int kind_of(const json_t *event)
{
    const char *name = json_string_value(json_object_get(event, "event"));
    int kind = 0;

    while (kind < REPORT_EVENT_KINDS && strcmp(name, kind_names[kind]) != 0)
        kind++;
    return kind;
}

static uint8_t table_of(const json_t *event)
{
    const char *name = json_string_value(json_object_get(event, "table"));
    uint8_t table = 0;

    while (name && table < KDW_TABLES && strcmp(name, kdw_snapshot_tables[table].name) != 0)
        table++;
    return name ? table : KDW_TABLES;
}

static uint64_t value_of(int kind, const json_t *event)
{
    json_int_t frozen_us = json_integer_value(json_object_get(event, "frozen_us"));
    const char *to = json_string_value(json_object_get(event, "to"));

    if (kind == REPORT_MODULE)
        return json_is_true(json_object_get(event, "unloaded"));
    if (kind == REPORT_SAMPLE)
        return frozen_us > 0 ? (uint64_t)frozen_us : 0;
    return kind == REPORT_VERDICT && to && strcmp(to, "fail") == 0;
}

static bool add_event(struct report_lines *l, const struct report_event *event)
{
    size_t room = l->room ? 2 * l->room : 1024;
    struct report_event *bigger;

    if (l->len == REPORT_EVENTS_MAX) {
        l->left_out++;
        return true;
    }
    if (l->len == l->room) {
        bigger = realloc(l->events, room * sizeof *bigger);
        if (!bigger)
            return false;
        l->events = bigger;
        l->room = room;
    }
    l->events[l->len++] = *event;
    return true;
}

/* ---- files ---- */

struct adding {
    struct report_lines *l;
    struct report_lines_file *file;
    struct kd_diag *diag;
    uint64_t offset; /* of the line */
};

static void count_damage(struct report_lines_file *f)
{
    if (f->damaged++ == 0)
        f->damaged_line = f->lines;
}

static void count_unknown(struct report_lines_file *f, const json_t *event)
{
    if (f->unknown++ == 0)
        strncat(f->unknown_kind, json_string_value(json_object_get(event, "event")),
                sizeof f->unknown_kind - 1);
}

static enum kd_status check_version(const struct adding *a, const json_t *begin)
{
    json_int_t version = json_integer_value(json_object_get(begin, "version"));

    if (version > WATCH_VERSION)
        return kd_diag_set(a->diag, KD_ERR_UNSUPPORTED,
                           "%s: events of version %" JSON_INTEGER_FORMAT
                           ", which a later kdwalk wrote: this one knows up to %d",
                           a->file->name, version, WATCH_VERSION);
    return KD_OK;
}

static enum kd_status keep_ends(const struct adding *a, int kind, json_t *event)
{
    struct report_lines_file *f = a->file;

    if (kind == REPORT_BEGIN && !f->begin)
        f->begin = json_incref(event);
    if (kind == REPORT_END) {
        json_decref(f->end);
        f->end = json_incref(event);
    }
    return kind == REPORT_BEGIN ? check_version(a, event) : KD_OK;
}

static enum kd_status add_known(const struct adding *a, int kind, json_t *event)
{
    struct report_event e = {
        .offset = a->offset,
        .value = value_of(kind, event),
        .file = (uint16_t)(a->file - a->l->files),
        .kind = (uint8_t)kind,
        .table = table_of(event),
    };

    if (!report_time_parse(json_object_get(event, "time"), &e.time_100ns)) {
        count_damage(a->file);
        return KD_OK;
    }
    a->file->events++;
    if (!add_event(a->l, &e))
        return KD_ERR_NO_MEMORY;
    return keep_ends(a, kind, event);
}

static enum kd_status add_line(const struct adding *a, size_t len, enum line_end end)
{
    json_t *event = end == LINE_LONG ? NULL : event_of(a->l->line, len);
    enum kd_status st = KD_OK;
    int kind;

    if (!event && end == LINE_LAST) {
        a->file->is_cut = true;
        return KD_OK;
    }
    if (!event) {
        count_damage(a->file);
        return KD_OK;
    }
    kind = kind_of(event);
    if (kind == REPORT_EVENT_KINDS)
        count_unknown(a->file, event);
    else
        st = add_known(a, kind, event);
    json_decref(event);
    return st;
}

static enum kd_status add_lines(struct adding *a)
{
    FILE *f = a->file->file;
    uint64_t read = 0;
    enum kd_status st = KD_OK;
    enum line_end end;
    size_t len;

    while (st == KD_OK && (end = next_line(a->l, f, &len, &read)) != LINE_NONE) {
        if (end == LINE_NO_MEMORY)
            return KD_ERR_NO_MEMORY;
        a->file->lines++;
        if (end == LINE_LONG || !is_blank(a->l->line, len))
            st = add_line(a, len, end);
        a->offset = read;
    }
    if (ferror(f))
        return kd_diag_set(a->diag, KD_ERR_IO, "%s: cannot be read", a->file->name);
    return st;
}

static enum kd_status add_file(struct report_lines *l, FILE *file, const char *name,
                               struct kd_diag *diag)
{
    struct report_lines_file *f;

    if (!l->files)
        l->files = calloc(REPORT_FILES_MAX, sizeof *l->files);
    if (!l->files)
        return KD_ERR_NO_MEMORY;
    if (l->files_len == REPORT_FILES_MAX)
        return kd_diag_set(diag, KD_ERR_LIMIT, "more than %d files of events", REPORT_FILES_MAX);
    f = &l->files[l->files_len];
    f->name = malloc(strlen(name) + 1);
    if (!f->name)
        return KD_ERR_NO_MEMORY;
    strcpy(f->name, name);
    f->file = file;
    l->files_len++;
    return KD_OK;
}

enum kd_status report_lines_add(struct report_lines *l, FILE *file, const char *name,
                                struct kd_diag *diag)
{
    enum kd_status st = add_file(l, file, name, diag);
    struct adding a = {.l = l, .diag = diag};

    if (st != KD_OK) {
        fclose(file);
        return st;
    }
    a.file = &l->files[l->files_len - 1];
    return add_lines(&a);
}

static int by_time(const void *x, const void *y)
{
    const struct report_event *a = x, *b = y;

    if (a->time_100ns != b->time_100ns)
        return a->time_100ns < b->time_100ns ? -1 : 1;
    if (a->file != b->file)
        return a->file < b->file ? -1 : 1;
    return (a->offset > b->offset) - (a->offset < b->offset);
}

void report_lines_sort(struct report_lines *l)
{
    if (l->len)
        qsort(l->events, l->len, sizeof *l->events, by_time);
}

json_t *report_lines_read(struct report_lines *l, const struct report_event *event)
{
    FILE *f = l->files[event->file].file;
    uint64_t read = 0;
    size_t len;

    clearerr(f);
    if (fseek(f, (long)event->offset, SEEK_SET) != 0)
        return NULL;
    switch (next_line(l, f, &len, &read)) {
    case LINE_WHOLE:
    case LINE_LAST:
        return event_of(l->line, len);
    default:
        return NULL;
    }
}

void report_lines_free(struct report_lines *l)
{
    for (size_t i = 0; i < l->files_len; i++) {
        struct report_lines_file *f = &l->files[i];

        fclose(f->file);
        free(f->name);
        json_decref(f->begin);
        json_decref(f->end);
    }
    free(l->files);
    free(l->events);
    free(l->line);
    *l = (struct report_lines){0};
}
