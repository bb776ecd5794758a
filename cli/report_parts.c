#include "report_parts.h"

#include "labels.h"

#include <stdio.h>
#include <stdlib.h>

void report_section_start(struct html *h, const char *id, const char *title)
{
    html_start(h, "section");
    html_attribute(h, "id", id);
    html_attributef(h, "aria-labelledby", "%s-title", id);
    html_start(h, "h2");
    html_attributef(h, "id", "%s-title", id);
    html_text(h, title);
    html_end(h, "h2");
}

void report_section_end(struct html *h)
{
    html_end(h, "section");
}

void report_chip(struct html *h, const char *kind, const char *chars)
{
    html_start(h, "span");
    html_attributef(h, "class", "chip %s", kind);
    html_text(h, chars);
    html_end(h, "span");
}

/* ---- tables ---- */

void report_table_start(struct html *h, const char *kind, const char *label,
                        const char *const *columns, size_t columns_len)
{
    html_start(h, "div"); /* it can be scrolled by keys, too */
    html_attribute(h, "class", "scroll");
    html_attribute(h, "role", "region");
    html_attribute(h, "tabindex", "0");
    html_attribute(h, "aria-label", label);
    html_start(h, "table");
    html_attribute(h, "class", kind);
    html_start(h, "thead");
    html_start(h, "tr");
    for (size_t i = 0; i < columns_len; i++) {
        html_start(h, "th");
        html_attribute(h, "scope", "col");
        html_text(h, columns[i]);
        html_end(h, "th");
    }
    html_end(h, "tr");
    html_end(h, "thead");
    html_start(h, "tbody");
}

void report_table_end(struct html *h)
{
    html_end(h, "tbody");
    html_end(h, "table");
    html_end(h, "div");
}

void report_cell(struct html *h, const char *kind, struct text *t)
{
    html_start(h, "td");
    if (kind)
        html_attribute(h, "class", kind);
    html_take(h, t);
    html_end(h, "td");
}

void report_filter(struct html *h, const char *kind, unsigned table, const char *silo)
{
    if (kind)
        html_attribute(h, "data-k", kind);
    if (table < KDW_TABLES)
        html_attribute(h, "data-t", kdw_snapshot_tables[table].name);
    if (silo && silo[0])
        html_attribute(h, "data-s", silo);
}

bool report_has_room(const struct html *h, size_t rows, size_t rows_max)
{
    return rows < rows_max && h->len < REPORT_BYTES_MAX;
}

void report_left_out(struct html *h, size_t shown, size_t all, const char *what)
{
    if (shown < all)
        html_elementf(h, "p", "cut",
                      "%zu of %zu %s are shown: a page with all of them would not "
                      "open. The inputs have the rest.",
                      shown, all, what);
}

/* ---- silos ---- */

static void add_silo_of_state(struct text *t, const struct kdw_snapshot *s,
                              const struct kdw_u64 *state_va)
{
    if (state_va->status == KD_OK && kdw_snapshot_find(s, KDW_TABLE_STATES, state_va->value))
        label_silo_of_state(t, s, state_va);
}

static void add_silo_of(struct text *t, const struct kdw_snapshot *s, enum kdw_table_id table,
                        const struct kdw_u64 *va)
{
    const void *record = va->status == KD_OK ? kdw_snapshot_find(s, table, va->value) : NULL;

    if (record)
        report_silo_of(t, s, table, record);
}

void report_silo_of(struct text *t, const struct kdw_snapshot *s, enum kdw_table_id table,
                    const void *record)
{
    const struct kdw_u64 own = {.value = *(const uint64_t *)record};

    switch (table) { /* each leads to another table, that of a state or a silo in the end */
    case KDW_TABLE_SILOS:
        label_silo(t, s, &own);
        break;
    case KDW_TABLE_PROCESSES:
        if (((const struct kdw_process *)record)->silo_va.status == KD_OK)
            label_silo(t, s, &((const struct kdw_process *)record)->silo_va);
        break;
    case KDW_TABLE_STATES:
        add_silo_of_state(t, s, &own);
        break;
    case KDW_TABLE_LOGGERS:
        add_silo_of_state(t, s, &((const struct kdw_logger *)record)->state_va);
        break;
    case KDW_TABLE_PROVIDERS:
        add_silo_of_state(t, s, &((const struct kdw_provider *)record)->state_va);
        break;
    case KDW_TABLE_SECURITY:
        add_silo_of_state(t, s, &((const struct kdw_security_logger *)record)->state_va);
        break;
    case KDW_TABLE_SYSTEM:
        add_silo_of_state(t, s, &((const struct kdw_system_logger *)record)->state_va);
        break;
    case KDW_TABLE_CONSUMERS:
        add_silo_of(t, s, KDW_TABLE_LOGGERS, &((const struct kdw_consumer *)record)->logger_va);
        break;
    case KDW_TABLE_ENABLES:
        add_silo_of(t, s, KDW_TABLE_PROVIDERS, &((const struct kdw_enable *)record)->provider_va);
        break;
    case KDW_TABLE_REGISTRATIONS:
        add_silo_of(t, s, KDW_TABLE_PROVIDERS,
                    &((const struct kdw_registration *)record)->provider_va);
        break;
    default:
        break;
    }
}
