/* report_loggers.c - the loggers of every silo: what each is, who feeds it and who hears it. */
#include "report_parts.h"

#include "facts.h"
#include "labels.h"

#include <walker/etw_names.h>

#include <inttypes.h>
#include <stdlib.h>

enum { ROWS_MAX = 4096 };

/* ---- cells ---- */

static bool has_context(const struct kdw_logger *l)
{
    return l->state.value == KDW_LOGGER_LIVE || l->state.value == KDW_LOGGER_STOPPING;
}

static const char *condition_of(const struct kdw_logger *l)
{
    switch (l->state.value) {
    case KDW_LOGGER_LIVE:
        return l->collection_on.status == KD_OK && !l->collection_on.value ? "off" : "on";
    case KDW_LOGGER_STOPPING:
        return "stopping";
    case KDW_LOGGER_EMPTY_SLOT:
        return "empty slot";
    default:
        return "unreadable";
    }
}

static const char *class_of(const struct kdw_logger *l)
{
    if (l->state.value == KDW_LOGGER_LIVE)
        return "k-pass";
    return l->state.value == KDW_LOGGER_STOPPING ? "k-transition" : "k-unreadable";
}

static const char *mode_name(unsigned bit)
{
    return bit < 32 ? kdw_logger_mode_name(bit) : NULL;
}

/* Each provider that is enabled for it counts once, in whatever slots. */
static size_t count_providers(const struct kdw_snapshot *s, const struct kdw_logger *l)
{
    size_t count = 0;

    KDW_EACH(s, KDW_TABLE_ENABLES, struct kdw_enable, e)
    {
        const struct kdw_provider *p;

        if (e->enabled.status != KD_OK || !e->enabled.value || e->logger_id.status != KD_OK ||
            e->logger_id.value != l->slot.value || e->provider_va.status != KD_OK)
            continue;
        p = kdw_snapshot_find(s, KDW_TABLE_PROVIDERS, e->provider_va.value);
        count += p && p->state_va.status == KD_OK && p->state_va.value == l->state_va.value;
    }
    return count;
}

static void write_hearers(struct html *h, const struct kdw_snapshot *s, const struct kdw_logger *l)
{
    const char *separator = "";
    struct text t = {0};

    KDW_EACH(s, KDW_TABLE_CONSUMERS, struct kdw_consumer, c)
    {
        if (c->logger_va.status != KD_OK || c->logger_va.value != l->va)
            continue;
        text_add(&t, "%s", separator);
        fact_text(&t, &c->process_name);
        text_add(&t, " ");
        fact_number(&t, &c->pid);
        separator = ", ";
    }
    if (l->file.status == KD_OK && l->file.utf8[0]) {
        text_add(&t, "%s", separator);
        fact_text(&t, &l->file);
    }
    report_cell(h, "wrap", &t);
}

static void write_buffers(struct html *h, const struct kdw_logger *l)
{
    struct text t = {0};

    fact_number(&t, &l->buffers);
    text_add(&t, " \xc3\x97 ");
    if (l->buffer_size.status == KD_OK)
        text_add(&t, "%" PRIu64 " KiB", l->buffer_size.value / 1024);
    else
        fact_number(&t, &l->buffer_size);
    report_cell(h, "num", &t);
}

static void write_lost(struct html *h, const struct kdw_logger *l)
{
    bool has_lost = l->events_lost.status == KD_OK && l->events_lost.value != 0;
    struct text t = {0};

    fact_number(&t, &l->events_lost);
    report_cell(h, has_lost ? "num warn" : "num", &t);
}

static void write_details(struct html *h, const struct kdw_snapshot *s, const struct kdw_logger *l)
{
    struct text t = {0};

    fact_bits(&t, &l->mode, mode_name);
    report_cell(h, "wrap small", &t);
    html_elementf(h, "td", "num", "%zu", count_providers(s, l));
    write_hearers(h, s, l);
    write_buffers(h, l);
    fact_number(&t, &l->buffers_written);
    report_cell(h, "num", &t);
    write_lost(h, l);
}

/* ---- rows ---- */

static void write_logger(struct html *h, const struct kdw_snapshot *s, const struct kdw_logger *l)
{
    struct text t = {0};
    char *silo;

    report_silo_of(&t, s, KDW_TABLE_LOGGERS, l);
    silo = text_take(&t);
    html_start(h, "tr");
    report_filter(h, NULL, KDW_TABLE_LOGGERS, silo);
    html_element(h, "td", NULL, silo ? silo : "");
    fact_hex(&t, &l->slot);
    report_cell(h, "num", &t);
    fact_text(&t, &l->name);
    html_start(h, "td");
    html_start(h, "b");
    html_take(h, &t);
    html_end(h, "b");
    if (l->va)
        html_elementf(h, "code", "below", "%016" PRIx64, l->va);
    html_end(h, "td");
    html_start(h, "td");
    report_chip(h, class_of(l), condition_of(l));
    html_end(h, "td");
    if (has_context(l))
        write_details(h, s, l);
    html_end(h, "tr");
    free(silo);
}

void report_loggers(struct html *h, const struct report *r)
{
    static const char *const columns[] = {"Silo",    "Slot",      "Logger",         "State",
                                          "Mode",    "Providers", "Heard by, file", "Buffers",
                                          "Written", "Lost"};
    const struct kdw_snapshot *s = report_last(r);
    size_t rows = 0;

    if (!s || !s->tables[KDW_TABLE_LOGGERS].is_taken)
        return;
    report_section_start(h, "loggers", "Loggers and what feeds them");
    report_picture(h, s, &r->providers);
    report_table_start(h, "loggers", "Loggers", columns, sizeof columns / sizeof columns[0]);
    KDW_EACH(s, KDW_TABLE_LOGGERS, struct kdw_logger, l)
    if (report_has_room(h, rows, ROWS_MAX)) {
        write_logger(h, s, l);
        rows++;
    }
    report_table_end(h);
    report_left_out(h, rows, s->tables[KDW_TABLE_LOGGERS].len, "loggers");
    report_section_end(h);
}
