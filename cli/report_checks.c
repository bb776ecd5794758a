/* report_checks.c - each check with its verdict, and what it found as evidence. */
#include "report_parts.h"
#include "report_values.h"

#include "document.h"
#include "facts.h"
#include "labels.h"
#include "print_check.h"
#include "record_text.h"

#include <walker/known_providers.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- a finding ---- */

static const char *chars_in(const json_t *object, const char *name)
{
    const char *chars = json_string_value(json_object_get(object, name));

    return chars ? chars : "";
}

/* KDW_TABLES: no such table. */
static unsigned table_named(const char *name)
{
    unsigned table = 0;

    while (table < KDW_TABLES && strcmp(kdw_snapshot_tables[table].name, name) != 0)
        table++;
    return table;
}

/* The provider that it belongs to; NULL: to none. */
static const struct kdw_provider *provider_of(const struct kdw_snapshot *s, enum kdw_table_id table,
                                              const void *record)
{
    const struct kdw_u64 *va = NULL;

    if (table == KDW_TABLE_ENABLES)
        va = &((const struct kdw_enable *)record)->provider_va;
    if (table == KDW_TABLE_REGISTRATIONS)
        va = &((const struct kdw_registration *)record)->provider_va;
    return va && va->status == KD_OK ? kdw_snapshot_find(s, KDW_TABLE_PROVIDERS, va->value) : NULL;
}

static void write_names(struct html *h, const struct kdw_snapshot *s, enum kdw_table_id table,
                        const void *record)
{
    const struct kdw_provider *p = provider_of(s, table, record);
    struct text name = {0};

    record_name(&name, table, record);
    html_start(h, "b");
    html_take(h, &name);
    html_end(h, "b");
    html_text(h, " ");
    if (p) {
        html_text(h, "of provider ");
        fact_guid(&name, &p->guid);
        if (p->guid.status == KD_OK && kdw_known_provider_name(p->guid.bytes))
            text_add(&name, ", %s,", kdw_known_provider_name(p->guid.bytes));
        html_take(h, &name);
        html_text(h, " ");
    }
}

static void write_subject(struct html *h, const struct kdw_snapshot *s, const json_t *finding)
{
    unsigned table = table_named(chars_in(finding, "table"));
    const void *record = NULL;
    uint64_t va = 0;

    if (table == KDW_TABLES) {
        html_element(h, "b", NULL, chars_in(finding, "table"));
        return;
    }
    if (report_word(json_object_get(finding, "address"), &va) && va && s)
        record = kdw_snapshot_find(s, (enum kdw_table_id)table, va);
    html_element(h, "span", "of",
                 va ? kdw_snapshot_tables[table].one : kdw_snapshot_tables[table].name);
    html_text(h, " ");
    if (record)
        write_names(h, s, (enum kdw_table_id)table, record);
    if (va)
        html_elementf(h, "code", NULL, "%016" PRIx64, va);
}

static void write_value(struct html *h, const char *label, const json_t *value)
{
    static const struct kdw_fact word = {.name = "", .kind = KDW_FACT_WORD};
    struct text t = {0};

    if (!value || json_is_null(value))
        return;
    report_value(&t, value, &word);
    html_text(h, label);
    html_start(h, "code");
    html_take(h, &t);
    html_end(h, "code");
}

static void write_silo(struct html *h, const struct kdw_snapshot *s, const json_t *finding)
{
    struct kdw_u64 va = {.status = KD_OK};
    struct text t = {0};

    if (!report_word(json_object_get(finding, "silo"), &va.value) || !va.value || !s)
        return;
    text_add(&t, " in silo ");
    label_silo(&t, s, &va);
    html_take(h, &t);
}

void report_finding(struct html *h, const struct kdw_snapshot *s, const json_t *finding,
                    const char *said)
{
    const char *verdict = chars_in(finding, "verdict");

    html_start(h, "li");
    report_chip(h, strcmp(verdict, "fail") == 0 ? "k-fail" : "k-other", verdict);
    html_text(h, " ");
    write_subject(h, s, finding);
    write_silo(h, s, finding);
    html_start(h, "p");
    html_element(h, "code", "fact", chars_in(finding, "field"));
    write_value(h, " is ", json_object_get(finding, "actual"));
    write_value(h, ", should be ", json_object_get(finding, "expected"));
    html_end(h, "p");
    if (!said || strcmp(said, chars_in(finding, "meaning")) != 0)
        html_element(h, "p", "meaning", chars_in(finding, "meaning"));
    html_end(h, "li");
}

/* ---- a check ---- */

static const char *class_of(enum kdw_verdict verdict)
{
    switch (verdict) {
    case KDW_FAIL:
        return "k-fail";
    case KDW_IN_TRANSITION:
        return "k-transition";
    case KDW_UNREADABLE:
        return "k-unreadable";
    case KDW_PASS:
        return "k-pass";
    default:
        return "k-other";
    }
}

static void write_findings(struct html *h, const struct report *r, const json_t *check,
                           const char *said)
{
    const json_t *findings = json_object_get(check, "findings");
    size_t len = json_array_size(findings);
    json_int_t omitted = json_integer_value(json_object_get(check, "omitted"));

    if (!len)
        return;
    html_start(h, "ul");
    html_attribute(h, "class", "findings");
    for (size_t i = 0; i < len; i++)
        report_finding(h, report_last(r), json_array_get(findings, i), said);
    html_end(h, "ul");
    if (omitted > 0)
        html_elementf(h, "p", "cut", "And %" JSON_INTEGER_FORMAT " more findings like these.",
                      omitted);
}

static void write_check(struct html *h, const struct report *r, unsigned check, const json_t *json)
{
    const struct kdw_check_result *result = &r->checks.results[check];
    bool is_absent = result->verdict == KDW_NOT_APPLICABLE && result->findings == 0;
    bool is_open = result->verdict == KDW_FAIL || result->verdict == KDW_IN_TRANSITION;

    html_start(h, "details");
    html_attribute(h, "class", "check item");
    html_attributef(h, "id", "check-%s", kdw_checks[check].id);
    report_filter(h, kdw_verdict_text(result->verdict), KDW_TABLES, NULL);
    if (is_open)
        html_attribute(h, "open", "");
    html_start(h, "summary");
    html_element(h, "b", "id", kdw_checks[check].id);
    report_chip(h, class_of(result->verdict), kdw_verdict_text(result->verdict));
    html_element(h, "span", "title",
                 is_absent ? kdw_checks[check].absent : kdw_checks[check].title);
    if (result->findings)
        html_elementf(h, "span", "count", "%zu finding%s", result->findings,
                      result->findings == 1 ? "" : "s");
    html_end(h, "summary");
    html_elementf(h, "p", "note", "Comparisons: %zu. %s %s.", result->judged,
                  is_open ? "What it would mean:" : "What it would mean if it failed:",
                  kdw_checks[check].meaning);
    write_findings(h, r, json, kdw_checks[check].meaning);
    html_end(h, "details");
}

/* What outweighs comes first; among the same the order is theirs. */
static void write_all(struct html *h, const struct report *r, const json_t *checks)
{
    for (int verdict = KDW_FAIL; verdict >= KDW_INFORMATION; verdict--)
        for (unsigned i = 0; i < KDW_CHECKS; i++)
            if (r->checks.results[i].verdict == (enum kdw_verdict)verdict)
                write_check(h, r, i, json_array_get(checks, i));
}

void report_checks(struct html *h, const struct report *r)
{
    const struct kdw_snapshot *s = report_last(r);
    json_t *document;

    if (!s)
        return;
    document = check_json(s, &r->checks);
    if (!document_is_whole(document))
        html_fail(h, KD_ERR_NO_MEMORY);
    report_section_start(h, "checks", "Checks");
    html_elementf(
        h, "p", "note",
        "%zu failed, %zu in transition, %zu unreadable, %zu not applicable, %zu passed.",
        kdw_check_count(&r->checks, KDW_FAIL), kdw_check_count(&r->checks, KDW_IN_TRANSITION),
        kdw_check_count(&r->checks, KDW_UNREADABLE),
        kdw_check_count(&r->checks, KDW_NOT_APPLICABLE), kdw_check_count(&r->checks, KDW_PASS));
    write_all(h, r, json_object_get(document, "checks"));
    report_section_end(h);
    json_decref(document);
}
