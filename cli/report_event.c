/* report_event.c - one event as a row: when, what kind, of what, and what there is to know. */
#include "report_parts.h"
#include "report_values.h"

#include "labels.h"
#include "ntstatus.h"
#include "record_text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { FINDINGS_MAX = 20 }; /* of a verdict; the section of the checks has the rest */

struct row {
    struct html *h;
    struct report *r;
    const struct report_event *e;
    json_t *line;
};

static json_t *member(const struct row *row, const char *name)
{
    return json_object_get(row->line, name);
}

static const char *chars_of(const struct row *row, const char *name)
{
    const char *chars = json_string_value(member(row, name));

    return chars ? chars : "";
}

static void add_member(struct text *t, const struct row *row, const char *label, const char *name,
                       const char *unit)
{
    const json_t *value = member(row, name);

    if (!value || json_is_null(value))
        return;
    text_add(t, "%s%s", t->len ? ", " : "", label);
    report_value(t, value, NULL);
    text_add(t, "%s", unit);
}

/* ---- which silo ---- */

/* What the record itself says: of a vanished one no snapshot may know more. */
static void add_silo_of_facts(struct text *t, const struct kdw_snapshot *s, const json_t *record)
{
    struct kdw_u64 va = {.status = KD_OK};

    if (report_word(json_object_get(record, "silo"), &va.value))
        label_silo(t, s, &va);
    else if (report_word(json_object_get(record, "etw_state"), &va.value) &&
             kdw_snapshot_find(s, KDW_TABLE_STATES, va.value))
        label_silo_of_state(t, s, &va);
}

/* The newest snapshot that has the record tells where it belongs. */
static void add_silo(struct text *t, const struct row *row)
{
    const struct report *r = row->r;
    const struct kdw_snapshot *s = report_last(r);
    uint64_t va;

    if (!s || row->e->table >= KDW_TABLES)
        return;
    add_silo_of_facts(t, s, member(row, "record"));
    if (t->len || !report_word(member(row, "address"), &va))
        return;
    for (size_t i = r->states_len; i-- > 0 && !t->len;) {
        const struct kdw_snapshot *other = &r->states[i].snapshot;
        const void *record = kdw_snapshot_find(other, (enum kdw_table_id)row->e->table, va);

        if (record)
            report_silo_of(t, other, (enum kdw_table_id)row->e->table, record);
    }
}

/* ---- what ---- */

static void write_subject(const struct row *row)
{
    struct html *h = row->h;
    const char *name = chars_of(row, "name");
    uint64_t va;

    if (row->e->table >= KDW_TABLES) {
        html_text(h, name);
        return;
    }
    html_element(h, "span", "of", kdw_snapshot_tables[row->e->table].one);
    html_text(h, " ");
    if (name[0]) {
        struct text t = {0};

        report_chars(&t, name);
        html_start(h, "b");
        html_take(h, &t);
        html_end(h, "b");
        html_text(h, " ");
    }
    if (report_word(member(row, "address"), &va))
        html_elementf(h, "code", NULL, "%016" PRIx64, va);
}

static void write_what(const struct row *row)
{
    struct html *h = row->h;
    const char *what = NULL;

    switch (row->e->kind) {
    case REPORT_VERDICT:
        html_element(h, "b", NULL, chars_of(row, "check"));
        html_textf(h, " %s", chars_of(row, "title"));
        return;
    case REPORT_SNAPSHOT:
        what = "file";
        break;
    case REPORT_MARK:
        what = "text";
        break;
    default:
        write_subject(row);
        return;
    }
    html_text(h, chars_of(row, what));
}

/* ---- details ---- */

/* Facts that this kernel does not have tell nothing. */
static void write_facts(const struct row *row)
{
    json_t *record = member(row, "record");
    struct html *h = row->h;
    const char *name;
    json_t *value;

    if (!json_is_object(record))
        return;
    html_start(h, "details");
    html_element(h, "summary", NULL, "facts");
    html_start(h, "dl");
    html_attribute(h, "class", "facts");
    json_object_foreach(record, name, value)
    {
        struct text t = {0};

        if (json_is_null(value))
            continue;
        report_value(&t, value, report_fact(row->e->table, name));
        html_element(h, "dt", NULL, name);
        html_start(h, "dd");
        html_take(h, &t);
        html_end(h, "dd");
    }
    html_end(h, "dl");
    html_end(h, "details");
}

static void write_from_to(const struct row *row, const struct kdw_fact *fact)
{
    struct html *h = row->h;
    struct text from = {0}, to = {0};

    report_value(&from, member(row, "from"), fact);
    report_value(&to, member(row, "to"), fact);
    html_start(h, "span");
    html_attribute(h, "class", "from");
    html_take(h, &from);
    html_end(h, "span");
    html_text(h, " \xe2\x86\x92 ");
    html_start(h, "span");
    html_attribute(h, "class", "to");
    html_take(h, &to);
    html_end(h, "span");
}

static void write_change(const struct row *row)
{
    html_element(row->h, "code", "fact", chars_of(row, "fact"));
    html_text(row->h, " ");
    write_from_to(row, report_fact(row->e->table, chars_of(row, "fact")));
}

static void write_verdict(const struct row *row)
{
    const json_t *findings = member(row, "findings");
    size_t len = json_array_size(findings);
    struct html *h = row->h;

    write_from_to(row, NULL);
    if (!len)
        return;
    html_start(h, "details");
    html_elementf(h, "summary", NULL, "%zu finding%s", len, len == 1 ? "" : "s");
    html_start(h, "ul");
    html_attribute(h, "class", "findings");
    for (size_t i = 0; i < len && i < FINDINGS_MAX; i++)
        report_finding(h, report_last(row->r), json_array_get(findings, i), NULL);
    html_end(h, "ul");
    report_left_out(h, len < FINDINGS_MAX ? len : FINDINGS_MAX, len, "findings");
    html_end(h, "details");
}

static void write_print(const struct row *row)
{
    const char *chars = chars_of(row, "text");
    struct text t = {0};
    char *line;

    report_chars(&t, chars);
    line = text_take(&t);
    if (!line) {
        html_fail(row->h, KD_ERR_NO_MEMORY);
        return;
    }
    for (size_t len = strlen(line); len > 0 && (line[len - 1] == '\n' || line[len - 1] == '\r');)
        line[--len] = '\0'; /* of which nearly each has one */
    html_element(row->h, "samp", NULL, line);
    free(line);
}

static void write_module(const struct row *row)
{
    struct text t = {0};

    text_add(&t, "%s", json_is_true(member(row, "unloaded")) ? "unloaded" : "loaded");
    add_member(&t, row, "base ", "base", "");
    add_member(&t, row, "", "size", " bytes");
    html_take(row->h, &t);
}

static void write_exception(const struct row *row)
{
    struct text t = {0};
    json_t *first = member(row, "first_chance");
    uint64_t code;

    if (report_word(member(row, "code"), &code) && code <= UINT32_MAX)
        ntstatus_add(&t, (uint32_t)code);
    else
        add_member(&t, row, "", "code", "");
    add_member(&t, row, "at ", "address", "");
    if (json_is_boolean(first))
        text_add(&t, ", %s chance", json_is_true(first) ? "first" : "second");
    add_member(&t, row, "processor ", "processor", "");
    html_take(row->h, &t);
}

static void write_bugcheck(const struct row *row)
{
    const json_t *parameters = member(row, "parameters");
    struct text t = {0};

    add_member(&t, row, "", "code", "");
    for (size_t i = 0; i < json_array_size(parameters) && i < 4; i++) {
        text_add(&t, "%s", i ? ", " : "; parameters ");
        report_value(&t, json_array_get(parameters, i), NULL);
    }
    html_take(row->h, &t);
}

static void write_plain(const struct row *row)
{
    struct text t = {0};

    add_member(&t, row, "build ", "build", "");
    add_member(&t, row, "kernel at ", "kernel_base", "");
    add_member(&t, row, "a sample every ", "every_ms", " ms");
    add_member(&t, row, "to freeze at most ", "freeze_budget_ms", " ms");
    add_member(&t, row, "", "reason", "");
    add_member(&t, row, "", "samples", " samples");
    add_member(&t, row, "", "sweeps", " sweeps");
    add_member(&t, row, "", "requests", " requests");
    add_member(&t, row, "", "bytes", " bytes");
    html_take(row->h, &t);
}

static void write_details(const struct row *row)
{
    if (!row->line) {
        html_text(row->h, "(the input cannot be read again)");
        return;
    }
    switch (row->e->kind) {
    case REPORT_APPEARED:
    case REPORT_VANISHED:
        write_facts(row);
        break;
    case REPORT_CHANGED:
        write_change(row);
        break;
    case REPORT_VERDICT:
        write_verdict(row);
        break;
    case REPORT_PRINT:
        write_print(row);
        break;
    case REPORT_MODULE:
        write_module(row);
        break;
    case REPORT_EXCEPTION:
        write_exception(row);
        break;
    case REPORT_BUGCHECK:
        write_bugcheck(row);
        break;
    default:
        write_plain(row);
        break;
    }
}

/* ---- the row ---- */

/* Sampling sees a change between two looks: the time is that of the later one, and the first was so long before. */
static void write_time(const struct row *row)
{
    struct html *h = row->h;
    char clock[REPORT_CLOCK];
    const char *target = chars_of(row, "target_time");
    uint64_t since;

    report_clock(row->e->time_100ns, clock);
    html_start(h, "time");
    if (target[0])
        html_attributef(h, "title", "by the target's clock: %s", target);
    html_text(h, clock);
    html_end(h, "time");
    if (report_time_parse(member(row, "since"), &since) && since <= row->e->time_100ns)
        html_elementf(h, "span", "since", " \xe2\x88\x92%.3f s",
                      (double)(row->e->time_100ns - since) / 1e7);
}

static void write_row(const struct row *row)
{
    struct html *h = row->h;
    const char *kind = report_event_name((enum report_event_kind)row->e->kind);

    html_start(h, "td");
    write_time(row);
    html_end(h, "td");
    html_start(h, "td");
    report_chip(h, row->e->kind == REPORT_VERDICT && row->e->value ? "k-fail" : "", kind);
    html_end(h, "td");
    html_start(h, "td");
    write_what(row);
    html_end(h, "td");
    html_start(h, "td");
    write_details(row);
    html_end(h, "td");
}

void report_event(struct html *h, struct report *r, const struct report_event *e, size_t number)
{
    struct row row = {h, r, e, report_lines_read(&r->lines, e)};
    const char *kind = report_event_name((enum report_event_kind)e->kind);
    struct text silo = {0};
    char *label;

    add_silo(&silo, &row);
    label = text_take(&silo);
    html_start(h, "tr");
    html_attributef(h, "id", "e%zu", number);
    html_attributef(h, "class", "r-%s", kind);
    report_filter(h, kind, e->table, label);
    write_row(&row);
    html_end(h, "tr");
    free(label);
    json_decref(row.line);
}
