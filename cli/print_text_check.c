/* print_text_check.c - a table of checks with their verdicts, and below it what they found. */
#include "facts.h"
#include "message.h"
#include "print_check.h"
#include "print_text.h"
#include "text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { VERDICT_WIDTH = 14, COLUMNS = 100, STDOUT = 1 };

static const char *colour_of(enum kdw_verdict verdict)
{
    switch (verdict) {
    case KDW_FAIL:
        return "\033[1;31m";
    case KDW_IN_TRANSITION:
    case KDW_UNREADABLE:
        return "\033[33m";
    case KDW_PASS:
        return "\033[32m";
    default:
        return "\033[2m";
    }
}

static void print_verdict(enum kdw_verdict verdict, int width)
{
    const char *text = kdw_verdict_text(verdict);

    if (message_colours(STDOUT))
        printf("%s%s\033[0m%*s", colour_of(verdict), text, width - (int)strlen(text), "");
    else
        printf("%-*s", width, text);
}

/* ---- what a finding is about ---- */

static void print_guid(const struct kdw_guid *g)
{
    const uint8_t *b = g->bytes;

    if (g->status != KD_OK) {
        print_gap(g->status, g->fault_va);
        return;
    }
    printf("%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[3], b[2], b[1],
           b[0], b[5], b[4], b[7], b[6], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]);
}

static const struct kdw_text *name_of(const struct kdw_finding *f, const void *record)
{
    switch (f->table) {
    case KDW_TABLE_LOGGERS:
        return &((const struct kdw_logger *)record)->name;
    case KDW_TABLE_CONSUMERS:
        return &((const struct kdw_consumer *)record)->process_name;
    case KDW_TABLE_PROCESSES:
        return &((const struct kdw_process *)record)->name;
    case KDW_TABLE_VARIABLES:
        return &((const struct kdw_variable *)record)->name;
    case KDW_TABLE_LISTS:
        return &((const struct kdw_list_walk *)record)->name;
    case KDW_TABLE_REGISTRATIONS:
        return &((const struct kdw_registration *)record)->traits_name;
    default:
        return NULL;
    }
}

/* The provider that it is, or belongs to; NULL: none. */
static const struct kdw_provider *provider_of(const struct kdw_snapshot *s,
                                              const struct kdw_finding *f, const void *record)
{
    const struct kdw_u64 *va = NULL;

    if (f->table == KDW_TABLE_PROVIDERS)
        return record;
    if (f->table == KDW_TABLE_ENABLES)
        va = &((const struct kdw_enable *)record)->provider_va;
    if (f->table == KDW_TABLE_REGISTRATIONS)
        va = &((const struct kdw_registration *)record)->provider_va;
    if (!va || va->status != KD_OK)
        return NULL;
    return kdw_snapshot_find(s, KDW_TABLE_PROVIDERS, va->value);
}

static void print_name(const struct kdw_text *name)
{
    struct text t = {0};
    char *chars;

    fact_text_short(&t, name);
    chars = text_take(&t);
    printf("%s ", chars ? chars : "?");
    free(chars);
}

static void print_subject(const struct kdw_snapshot *s, const struct kdw_finding *f)
{
    const void *record = kdw_snapshot_find(s, f->table, f->va);
    const struct kdw_text *name = record ? name_of(f, record) : NULL;
    const struct kdw_provider *p = record ? provider_of(s, f, record) : NULL;

    if (!record) {
        printf("%s", kdw_snapshot_tables[f->table].name);
        return;
    }
    printf("%s ", kdw_snapshot_tables[f->table].one);
    if (name && name->status == KD_OK)
        print_name(name);
    if (p) {
        printf("{");
        print_guid(&p->guid);
        printf("} ");
    }
    printf("at 0x%" PRIx64, f->va);
}

/* ---- findings ---- */

/* A sentence, over as many lines as it takes. */
static void print_wrapped(const char *sentence)
{
    int column = 0;

    for (const char *at = sentence; *at;) {
        size_t len = strcspn(at, " ");

        if (column == 0 || column + 1 + (int)len > COLUMNS)
            column = printf("%s%.*s", "\n    ", (int)len, at) - 1;
        else
            column += printf(" %.*s", (int)len, at);
        at += len + strspn(at + len, " ");
    }
}

static void add_values(struct text *t, const struct kdw_finding *f)
{
    text_add(t, "%s", f->what);
    if (f->actual.status == KD_OK)
        text_add(t, " is 0x%" PRIx64, f->actual.value);
    else if (kd_is_unreadable(f->actual.status))
        text_add(t, " is %s at 0x%" PRIx64, kd_status_text(f->actual.status), f->actual.fault_va);
    else if (f->actual.status != KD_ERR_NOT_FOUND)
        text_add(t, " is %s", kd_status_text(f->actual.status));
    if (f->expected.status == KD_OK)
        text_add(t, ", should be 0x%" PRIx64, f->expected.value);
    else if (f->expected_text)
        text_add(t, ", should be %s", f->expected_text);
}

static void print_text(struct text *t)
{
    char *chars = text_take(t);

    print_wrapped(chars ? chars : "?");
    free(chars);
}

static void print_finding(const struct kdw_snapshot *s, const struct kdw_finding *f)
{
    struct text values = {0}, meaning = {0};

    printf("\n%-4s ", kdw_checks[f->check].id);
    print_verdict(f->verdict, 0);
    printf(": ");
    print_subject(s, f);
    if (f->repeated != f->check)
        printf(" (%s)", kdw_checks[f->repeated].id);
    if (f->silo_va)
        printf("\n    in the silo at 0x%" PRIx64, f->silo_va);
    add_values(&values, f);
    print_text(&values);
    if (f->verdict == KDW_FAIL || f->verdict == KDW_IN_TRANSITION)
        text_add(&meaning, "it would mean: ");
    if (f->verdict != KDW_UNREADABLE && f->verdict != KDW_NOT_APPLICABLE)
        text_add(&meaning, "%s", f->meaning);
    print_text(&meaning);
    printf("\n");
}

static bool is_shown(const struct kdw_finding *f, bool detailed)
{
    return detailed || f->verdict != KDW_INFORMATION;
}

static void print_omitted(const struct kdw_check_list *list, unsigned check)
{
    size_t kept = 0;

    for (size_t i = 0; i < list->len; i++)
        kept += list->findings[i].check == check;
    if (list->results[check].findings > kept)
        printf("\n%-4s and %zu more findings\n", kdw_checks[check].id,
               list->results[check].findings - kept);
}

static void print_findings(const struct kdw_snapshot *s, const struct kdw_check_list *list,
                           bool detailed)
{
    for (size_t i = 0; i < list->len; i++) {
        if (is_shown(&list->findings[i], detailed))
            print_finding(s, &list->findings[i]);
        if (i + 1 == list->len || list->findings[i + 1].check != list->findings[i].check)
            print_omitted(list, list->findings[i].check);
    }
}

/* ---- all of it ---- */

static void print_checks(const struct kdw_check_list *list)
{
    printf("%-4s %-*s %s\n", "ID", VERDICT_WIDTH, "VERDICT", "WHAT SHOULD HOLD");
    for (unsigned i = 0; i < KDW_CHECKS; i++) {
        bool is_absent =
            list->results[i].verdict == KDW_NOT_APPLICABLE && list->results[i].findings == 0;

        printf("%-4s ", kdw_checks[i].id);
        print_verdict(list->results[i].verdict, VERDICT_WIDTH);
        printf(" %s\n", is_absent ? kdw_checks[i].absent : kdw_checks[i].title);
    }
}

static void print_summary(const struct kdw_check_list *list)
{
    size_t information = 0;

    for (size_t i = 0; i < list->len; i++)
        information += list->findings[i].verdict == KDW_INFORMATION;
    printf("\n%zu failed, %zu in transition, %zu unreadable, %zu not applicable, %zu passed",
           kdw_check_count(list, KDW_FAIL), kdw_check_count(list, KDW_IN_TRANSITION),
           kdw_check_count(list, KDW_UNREADABLE), kdw_check_count(list, KDW_NOT_APPLICABLE),
           kdw_check_count(list, KDW_PASS));
    if (information)
        printf("; %zu remarks", information);
    printf("\n");
}

void print_text_check(const struct kdw_snapshot *s, const struct kdw_check_list *list,
                      bool detailed)
{
    print_checks(list);
    print_findings(s, list, detailed);
    print_summary(list);
}
