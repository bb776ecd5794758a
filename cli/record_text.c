#include "record_text.h"

#include "facts.h"
#include "kernel_time.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { NAMES = 2 };

/* What people call a record by, beside its address. */
static const char *const names_of[KDW_TABLES][NAMES] = {
    [KDW_TABLE_SILOS] = {"id"},
    [KDW_TABLE_JOBS] = {"id"},
    [KDW_TABLE_STORAGE] = {"slot"},
    [KDW_TABLE_MONITORS] = {"slot", "name"},
    [KDW_TABLE_SESSIONS] = {"id"},
    [KDW_TABLE_PROCESSES] = {"pid", "name"},
    [KDW_TABLE_CPUS] = {"number"},
    [KDW_TABLE_STATES] = {"partition_name"},
    [KDW_TABLE_LOGGERS] = {"slot", "name"},
    [KDW_TABLE_CONSUMERS] = {"pid", "process_name"},
    [KDW_TABLE_HANDLES] = {"handle"},
    [KDW_TABLE_PROVIDERS] = {"guid"},
    [KDW_TABLE_ENABLES] = {"slot", "logger_id"},
    [KDW_TABLE_REGISTRATIONS] = {"pid", "traits_name"},
    [KDW_TABLE_SECURITY] = {"slot", "logger_id"},
    [KDW_TABLE_SYSTEM] = {"index", "logger_id"},
    [KDW_TABLE_MODULES] = {"name"},
    [KDW_TABLE_VARIABLES] = {"name", "index"},
    [KDW_TABLE_LISTS] = {"name", "problem"},
};

/* ---- facts ---- */

/* To the last digit: fact_time ends at seconds, and two times may differ behind them. */
static void add_time(struct text *t, const struct kdw_u64 *v)
{
    char time[KERNEL_TIME_TEXT];

    if (v->status == KD_OK && v->value != 0 && kernel_time_text(v->value, time))
        text_add(t, "%s", time);
    else
        fact_time(t, v);
}

/* A text that is empty is one: fact_text has a dash for it, as for one that is not there. */
static void add_text(struct text *t, const struct kdw_text *v)
{
    if (v->status == KD_OK && v->utf8[0] == '\0')
        text_add(t, "\"\"");
    else
        fact_text(t, v);
}

void record_fact(struct text *t, const struct kdw_fact *fact, const void *record)
{
    const void *at = (const uint8_t *)record + fact->offset;

    switch (fact->kind) {
    case KDW_FACT_KEY:
        text_add(t, "%016" PRIx64, *(const uint64_t *)at);
        break;
    case KDW_FACT_ADDRESS:
        fact_address(t, at);
        break;
    case KDW_FACT_NUMBER:
    case KDW_FACT_SIGNED:
        fact_number(t, at);
        break;
    case KDW_FACT_WORD:
        fact_hex(t, at);
        break;
    case KDW_FACT_TIME:
        add_time(t, at);
        break;
    case KDW_FACT_TEXT:
        add_text(t, at);
        break;
    case KDW_FACT_GUID:
        fact_guid(t, at);
        break;
    }
}

static void add_to_name(struct text *t, const struct kdw_fact *fact, const void *record)
{
    const struct kdw_text *text = (const void *)((const uint8_t *)record + fact->offset);

    if (fact->kind == KDW_FACT_TEXT && text->status == KD_OK && text->utf8[0])
        fact_text_short(t, text);
    else
        record_fact(t, fact, record);
}

void record_name(struct text *t, enum kdw_table_id table, const void *record)
{
    const struct kdw_table_info *info = &kdw_snapshot_tables[table];

    for (size_t n = 0; n < NAMES && names_of[table][n]; n++) {
        for (size_t i = 0; i < info->facts_len; i++) {
            struct text value = {0};
            char *chars;

            if (strcmp(info->facts[i].name, names_of[table][n]) != 0)
                continue;
            add_to_name(&value, &info->facts[i], record);
            chars = text_take(&value);
            if (!chars)
                t->failed = true;
            else if (strcmp(chars, "-") != 0 && strcmp(chars, "?") != 0)
                text_add(t, "%s%s", t->len ? " " : "", chars);
            free(chars);
        }
    }
}
