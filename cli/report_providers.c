/* report_providers.c - the providers: those that feed a logger first, then those that are idle. */
#include "report_parts.h"

#include "facts.h"
#include "labels.h"
#include "provider_links.h"

#include <walker/etw_names.h>

#include <stdlib.h>
#include <string.h>

enum {
    ROWS_MAX = 4000,
    NAMED_MAX = 6, /* of who has registered one; the rest are counted */
};

struct providers {
    struct html *h;
    const struct kdw_snapshot *s;
    const struct provider_names *names;
    struct provider_links enables, registrations;
};

static bool is_enabled(const struct kdw_enable *e)
{
    return e->enabled.status == KD_OK && e->enabled.value != 0;
}

static bool feeds(const struct providers *v, const struct kdw_provider *p)
{
    size_t count;
    const struct provider_link *links = provider_links_of(&v->enables, p->va, &count);

    for (size_t i = 0; i < count; i++)
        if (is_enabled(links[i].record))
            return true;
    return false;
}

/* ---- cells ---- */

static void write_name(const struct providers *v, const struct kdw_provider *p)
{
    const char *name = p->guid.status == KD_OK ? provider_name(v->names, p->guid.bytes) : NULL;
    const struct kdw_text *own = name ? NULL : provider_links_own_name(&v->registrations, p);
    struct text guid = {0}, called = {0};

    fact_guid(&guid, &p->guid);
    if (own)
        fact_text(&called, own);
    html_start(v->h, "td");
    if (name || own) {
        html_start(v->h, "b");
        if (name)
            html_text(v->h, name);
        else
            html_take(v->h, &called);
        html_end(v->h, "b");
    }
    html_start(v->h, "code");
    html_attribute(v->h, "class", name || own ? "below" : "guid");
    html_take(v->h, &guid);
    html_end(v->h, "code");
    html_end(v->h, "td");
}

static void write_loggers(const struct providers *v, const struct kdw_provider *p)
{
    size_t count;
    const struct provider_link *links = provider_links_of(&v->enables, p->va, &count);
    const char *separator = "";
    struct text t = {0};

    for (size_t i = 0; i < count; i++) {
        const struct kdw_enable *e = links[i].record;
        const struct kdw_logger *l = logger_in_slot(v->s, &p->state_va, &e->logger_id);

        if (!is_enabled(e))
            continue;
        text_add(&t, "%s", separator);
        fact_hex(&t, &e->logger_id);
        text_add(&t, " ");
        if (l)
            fact_text(&t, &l->name);
        else
            text_add(&t, "(no such logger)");
        text_add(&t, ", level ");
        fact_number(&t, &e->level);
        text_add(&t, ", keywords ");
        fact_hex(&t, &e->any_keyword);
        separator = "; ";
    }
    report_cell(v->h, "wrap", &t);
}

static void write_registered(const struct providers *v, const struct kdw_provider *p)
{
    size_t count;
    const struct provider_link *links = provider_links_of(&v->registrations, p->va, &count);
    struct text t = {0};

    for (size_t i = 0; i < count && i < NAMED_MAX; i++) {
        const struct kdw_registration *r = links[i].record;
        bool is_kernel = r->flags.status == KD_OK && (r->flags.value & 1);

        text_add(&t, "%s", i ? ", " : "");
        if (is_kernel) {
            label_code(&t, v->s, &r->callback_va);
            continue;
        }
        fact_text(&t, &r->process_name);
        text_add(&t, " ");
        fact_number(&t, &r->pid);
    }
    if (count > NAMED_MAX)
        text_add(&t, " and %zu more", count - NAMED_MAX);
    report_cell(v->h, "wrap", &t);
}

/* ---- rows ---- */

static void write_provider(const struct providers *v, const struct kdw_provider *p)
{
    struct text t = {0};
    char *silo;

    report_silo_of(&t, v->s, KDW_TABLE_PROVIDERS, p);
    silo = text_take(&t);
    html_start(v->h, "tr");
    report_filter(v->h, NULL, KDW_TABLE_PROVIDERS, silo);
    html_element(v->h, "td", NULL, silo ? silo : "");
    write_name(v, p);
    fact_name(&t, &p->type, kdw_provider_type_name);
    report_cell(v->h, NULL, &t);
    write_loggers(v, p);
    write_registered(v, p);
    html_end(v->h, "tr");
    free(silo);
}

static size_t write_those(const struct providers *v, bool that_feed, size_t rows)
{
    KDW_EACH(v->s, KDW_TABLE_PROVIDERS, struct kdw_provider, p)
    if (feeds(v, p) == that_feed && report_has_room(v->h, rows, ROWS_MAX)) {
        write_provider(v, p);
        rows++;
    }
    return rows;
}

static void write_table(const struct providers *v)
{
    static const char *const columns[] = {"Silo", "Provider", "Type", "Enabled for",
                                          "Registered by"};
    size_t rows;

    report_table_start(v->h, "providers", "Providers", columns, sizeof columns / sizeof columns[0]);
    rows = write_those(v, true, 0);
    rows = write_those(v, false, rows);
    report_table_end(v->h);
    report_left_out(v->h, rows, v->s->tables[KDW_TABLE_PROVIDERS].len, "providers");
}

void report_providers(struct html *h, const struct report *r)
{
    struct providers v = {.h = h, .s = report_last(r), .names = &r->providers};

    if (!v.s || !v.s->tables[KDW_TABLE_PROVIDERS].is_taken)
        return;
    report_section_start(h, "providers", "Providers");
    if (provider_links_enables(v.s, &v.enables) &&
        provider_links_registrations(v.s, &v.registrations))
        write_table(&v);
    else
        html_fail(h, KD_ERR_NO_MEMORY);
    provider_links_free(&v.enables);
    provider_links_free(&v.registrations);
    report_section_end(h);
}
