#include "diff_gaps.h"

#include <string.h>

enum { LISTS = 3, MORE = 4 };

/* By which lists processes are found, and with them the jobs and sessions that they name. */
#define PROCESS_LISTS  "PsActiveProcessHead", "MmProcessLinks", "PspCidTable"
#define PROCESS_WALKED KDW_FOUND_LIST, KDW_FOUND_MEMORY, KDW_FOUND_CID

/* How records of a table are reached. */
struct way {
    const char *lists[LISTS]; /* each has all of them; or, of its parent, leads to them */
    unsigned walked[LISTS];   /* KDW_FOUND_..., which processes have where that list was walked */
    const char *parent;       /* fact: the record that they belong to; NULL: they do to none */
    enum kdw_table_id table;  /* of the parent */
    const char *pointer;      /* the parent's fact that leads to them; NULL: it needs none */
    const char *content;      /* of a place in an array: what stands there */
    const char *more[MORE];   /* lists by which they are found besides */
    bool is_by_symbols;       /* records are there where the symbols name them */
    bool is_for_all;          /* where that could not be read, the places behind are not told */
};

static const struct way ways[KDW_TABLES] = {
    [KDW_TABLE_JOBS] = {.lists = {"PspJobList"}, .more = {PROCESS_LISTS, "ProcessListHead"}},
    [KDW_TABLE_PROCESSES] = {.lists = {PROCESS_LISTS},
                             .walked = {PROCESS_WALKED},
                             .more = {"ProcessList", "ProcessListHead", "Consumers"}},
    [KDW_TABLE_SESSIONS] = {.lists = {PROCESS_LISTS}, .walked = {PROCESS_WALKED}},
    [KDW_TABLE_MODULES] = {.lists = {"PsLoadedModuleList"}},
    [KDW_TABLE_VARIABLES] = {.is_by_symbols = true},
    [KDW_TABLE_SILOS] = {.parent = "address", .table = KDW_TABLE_JOBS, .pointer = "flags"},
    [KDW_TABLE_STORAGE] = {.parent = "silo",
                           .table = KDW_TABLE_JOBS,
                           .pointer = "storage",
                           .content = "object",
                           .is_for_all = true},
    [KDW_TABLE_MONITORS] = {.lists = {"PspSiloMonitorList"}},
    [KDW_TABLE_STATES] = {.parent = "silo", .table = KDW_TABLE_SILOS, .pointer = "etw_state"},
    [KDW_TABLE_LOGGERS] = {.parent = "etw_state",
                           .table = KDW_TABLE_STATES,
                           .pointer = "contexts",
                           .content = "slot_value"},
    [KDW_TABLE_CONSUMERS] = {.lists = {"Consumers"},
                             .parent = "logger",
                             .table = KDW_TABLE_LOGGERS,
                             .pointer = "id"},
    [KDW_TABLE_HANDLES] = {.lists = {"ObjectTable"},
                           .parent = "process",
                           .table = KDW_TABLE_PROCESSES,
                           .pointer = "handle_table"},
    [KDW_TABLE_PROVIDERS] = {.lists = {"EtwpGuidHashTable"},
                             .parent = "etw_state",
                             .table = KDW_TABLE_STATES},
    [KDW_TABLE_ENABLES] = {.parent = "provider",
                           .table = KDW_TABLE_PROVIDERS,
                           .pointer = "enabled",
                           .content = "logger_id"},
    [KDW_TABLE_REGISTRATIONS] = {.lists = {"RegListHead"},
                                 .more = {"EtwpGuidHashTable"},
                                 .parent = "provider",
                                 .table = KDW_TABLE_PROVIDERS},
    [KDW_TABLE_SECURITY] = {.parent = "etw_state",
                            .table = KDW_TABLE_STATES,
                            .content = "logger_id"},
    [KDW_TABLE_SYSTEM] = {.parent = "etw_state", .table = KDW_TABLE_STATES, .content = "logger_id"},
};

/* ---- lists ---- */

static bool is_named(const struct kdw_list_walk *list, const char *name)
{
    return list->name.status == KD_OK && strcmp(list->name.utf8, name) == 0;
}

static bool is_broken(const struct kdw_snapshot *s, const char *name)
{
    KDW_EACH(s, KDW_TABLE_LISTS, struct kdw_list_walk, list)
    if (is_named(list, name))
        return true;
    return false;
}

static bool is_broken_of(const struct kdw_snapshot *s, const char *name, uint64_t owner_va)
{
    KDW_EACH(s, KDW_TABLE_LISTS, struct kdw_list_walk, list)
    if (is_named(list, name) && list->owner_va.status == KD_OK && list->owner_va.value == owner_va)
        return true;
    return false;
}

/* A list that nothing led to has not broken off. There is a process at all times. */
static bool was_walked(const struct kdw_snapshot *s, unsigned found)
{
    KDW_EACH(s, KDW_TABLE_PROCESSES, struct kdw_process, p)
    if (p->found.status == KD_OK && p->found.value & found)
        return true;
    return found == 0;
}

/* One that was walked to its end would have shown what is there. */
static bool are_all_broken(const struct kdw_snapshot *s, const struct way *way)
{
    for (size_t i = 0; i < LISTS && way->lists[i]; i++)
        if (!is_broken(s, way->lists[i]) && was_walked(s, way->walked[i]))
            return false;
    return way->lists[0] != NULL;
}

/* It broke off where nothing more could be read, and not because it is damaged. */
static bool ends_in_a_hole(const struct kdw_list_walk *list)
{
    for (int st = KD_OK + 1; list->problem.status == KD_OK && st <= KD_ERR_NO_MEMORY; st++)
        if (kd_is_unreadable((enum kd_status)st) &&
            strcmp(list->problem.utf8, kd_status_text((enum kd_status)st)) == 0)
            return true;
    return false;
}

/* ---- facts ---- */

/* A number or an address. */
static struct kdw_u64 fact_in(enum kdw_table_id table, const void *record, const char *name)
{
    const struct kdw_table_info *info = &kdw_snapshot_tables[table];
    const struct kdw_fact *fact = info->facts;
    const void *at;

    while (strcmp(fact->name, name) != 0) /* names are those of the table above */
        fact++;
    at = (const uint8_t *)record + fact->offset;
    if (fact->kind == KDW_FACT_KEY)
        return (struct kdw_u64){.value = *(const uint64_t *)at};
    return *(const struct kdw_u64 *)at;
}

/* ---- arrays ---- */

static bool is_hole(enum kdw_table_id table, const void *record)
{
    const char *content = ways[table].content;

    return content && kd_is_unreadable(fact_in(table, record, content).status);
}

/* Some place of an array could not be read. Of which array, does not matter: a page holds many. */
static bool has_holes(const struct kdw_snapshot *s, enum kdw_table_id table)
{
    const struct kdw_table *t = &s->tables[table];
    const uint8_t *record = t->records;

    for (size_t i = 0; i < t->len; i++, record += kdw_snapshot_tables[table].record_size)
        if (is_hole(table, record))
            return true;
    return false;
}

/* ---- parents ---- */

/* The parent is there, and so is the way from it. */
static bool leads_on(const struct kdw_snapshot *s, const struct way *way, const void *parent,
                     uint64_t parent_va)
{
    if (way->pointer && kd_is_unreadable(fact_in(way->table, parent, way->pointer).status))
        return false;
    return !way->lists[0] || !is_broken_of(s, way->lists[0], parent_va);
}

/* Parents have parents; which are whose is written above, and does not lead in a circle. */
bool kdw_diff_may_be_unread(const struct kdw_snapshot *has, const struct kdw_snapshot *lacks,
                            enum kdw_table_id table, const void *record)
{
    const struct way *way = &ways[table];
    struct kdw_u64 parent_va;
    const void *parent;

    if (lacks->tables[table].is_cut || way->is_by_symbols || is_hole(table, record) ||
        (way->is_for_all && has_holes(lacks, table)))
        return true;
    if (table == KDW_TABLE_LISTS)
        return ends_in_a_hole(record);
    if (!way->parent)
        return are_all_broken(lacks, way);
    parent_va = fact_in(table, record, way->parent);
    if (parent_va.status != KD_OK)
        return kd_is_unreadable(parent_va.status);
    parent = kdw_snapshot_find(lacks, way->table, parent_va.value);
    if (parent)
        return !leads_on(lacks, way, parent, parent_va.value);
    parent = kdw_snapshot_find(has, way->table, parent_va.value);
    return parent &&
           (has_holes(lacks, way->table) || kdw_diff_may_be_unread(has, lacks, way->table, parent));
}

bool kdw_diff_has_broken_ways(const struct kdw_snapshot *s, enum kdw_table_id table)
{
    const struct way *way = &ways[table];

    if (!way->lists[0]) /* what depends on no list depends on all that was read */
        return !kdw_snapshot_is_complete(s);
    for (size_t i = 0; i < LISTS && way->lists[i]; i++)
        if (is_broken(s, way->lists[i]))
            return true;
    for (size_t i = 0; i < MORE && way->more[i]; i++)
        if (is_broken(s, way->more[i]))
            return true;
    return false;
}
