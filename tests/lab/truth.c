#include "truth.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* The text of one table's records, as it will be printed. */
struct text {
    char *at;
    size_t len, room, records;
};

struct range {
    uint64_t va, len;
};

struct truth {
    struct text tables[TRUTH_TABLES];
    struct range *needs;
    size_t needs_len, needs_room;
    enum truth_table now;
    bool failed;
};

static const char *const names[TRUTH_TABLES] = {
    [TRUTH_SILOS] = "silos",
    [TRUTH_JOBS] = "jobs",
    [TRUTH_STORAGE] = "storage_slots",
    [TRUTH_MONITORS] = "silo_monitors",
    [TRUTH_SESSIONS] = "sessions",
    [TRUTH_PROCESSES] = "processes",
    [TRUTH_PROCESSORS] = "processors",
    [TRUTH_STATES] = "etw_states",
    [TRUTH_LOGGERS] = "loggers",
    [TRUTH_CONSUMERS] = "consumers",
    [TRUTH_HANDLES] = "consumer_handles",
    [TRUTH_PROVIDERS] = "providers",
    [TRUTH_ENABLES] = "enables",
    [TRUTH_REGISTRATIONS] = "registrations",
    [TRUTH_SECURITY] = "security_loggers",
    [TRUTH_SYSTEM] = "system_loggers",
    [TRUTH_MODULES] = "modules",
};

struct truth *truth_create(void)
{
    return calloc(1, sizeof(struct truth));
}

void truth_destroy(struct truth *t)
{
    for (size_t i = 0; t && i < TRUTH_TABLES; i++)
        free(t->tables[i].at);
    free(t ? t->needs : NULL);
    free(t);
}

bool truth_failed(const struct truth *t)
{
    return t && t->failed;
}

static void add(struct truth *t, const char *format, ...)
{
    struct text *x = &t->tables[t->now];
    va_list args;
    char *more;
    int len;

    va_start(args, format);
    len = vsnprintf(x->at ? x->at + x->len : NULL, x->room - x->len, format, args);
    va_end(args);
    if (len >= 0 && (size_t)len >= x->room - x->len) {
        more = realloc(x->at, 2 * x->room + (size_t)len + 1);
        if (!more) {
            t->failed = true;
            return;
        }
        x->at = more;
        x->room = 2 * x->room + (size_t)len + 1;
        va_start(args, format);
        vsnprintf(x->at + x->len, x->room - x->len, format, args);
        va_end(args);
    }
    x->len += (size_t)len;
}

void tell(struct truth *t, enum truth_table table, uint64_t va)
{
    if (!t)
        return;
    t->now = table;
    t->tables[table].records++;
    add(t, "%s{\"address\": \"0x%016" PRIx64 "\"", t->tables[table].len ? "},\n  " : "\n  ", va);
}

void tell_number(struct truth *t, const char *fact, uint64_t value)
{
    if (t)
        add(t, ", \"%s\": %" PRIu64, fact, value);
}

void tell_signed(struct truth *t, const char *fact, int64_t value)
{
    if (t)
        add(t, ", \"%s\": %" PRId64, fact, value);
}

void tell_word(struct truth *t, const char *fact, uint64_t value)
{
    if (t)
        add(t, ", \"%s\": \"0x%016" PRIx64 "\"", fact, value);
}

/* Days since 1601 as a date: years of 400, 100, 4 and 1, then months from March on. */
static void date_of(uint64_t days, unsigned *year, unsigned *month, unsigned *day)
{
    uint64_t since = days + 584694; /* 1 March of the year 0 */
    uint64_t era = since / 146097, in_era = since % 146097;
    uint64_t years = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
    uint64_t in_year = in_era - (365 * years + years / 4 - years / 100);
    uint64_t from_march = (5 * in_year + 2) / 153;

    *day = (unsigned)(in_year - (153 * from_march + 2) / 5 + 1);
    *month = (unsigned)(from_march < 10 ? from_march + 3 : from_march - 9);
    *year = (unsigned)(years + era * 400 + (*month <= 2));
}

void tell_time(struct truth *t, const char *fact, uint64_t value_100ns)
{
    uint64_t seconds = value_100ns / 10000000;
    unsigned year, month, day;

    if (!t)
        return;
    date_of(seconds / 86400, &year, &month, &day);
    add(t, ", \"%s\": \"%04u-%02u-%02uT%02u:%02u:%02u.%07uZ\"", fact, year, month, day,
        (unsigned)(seconds / 3600 % 24), (unsigned)(seconds / 60 % 60), (unsigned)(seconds % 60),
        (unsigned)(value_100ns % 10000000));
}

void tell_text(struct truth *t, const char *fact, const char *text)
{
    if (!t)
        return;
    if (!text) {
        tell_none(t, fact);
        return;
    }
    add(t, ", \"%s\": \"", fact);
    for (; *text; text++)
        add(t, *text == '\\' || *text == '"' ? "\\%c" : "%c", *text);
    add(t, "\"");
}

void tell_guid(struct truth *t, const char *fact, const uint8_t g[16])
{
    if (t)
        add(t, ", \"%s\": \"%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x\"",
            fact, g[3], g[2], g[1], g[0], g[5], g[4], g[7], g[6], g[8], g[9], g[10], g[11], g[12],
            g[13], g[14], g[15]);
}

void tell_none(struct truth *t, const char *fact)
{
    if (t)
        add(t, ", \"%s\": null", fact);
}

void truth_print(const struct truth *t, FILE *to)
{
    for (size_t i = 0; i < TRUTH_TABLES; i++) {
        const struct text *x = &t->tables[i];

        fprintf(to, "%s\"%s\": [", i == 0 ? "{" : ",\n ", names[i]);
        if (x->len)
            fprintf(to, "%s}", x->at);
        fputs("]", to);
    }
    fputs("}", to);
}

size_t truth_count(const struct truth *t, enum truth_table table)
{
    return t->tables[table].records;
}

const char *truth_name(enum truth_table table)
{
    return names[table];
}

/* ---- what must be read ---- */

void need(struct truth *t, uint64_t va, uint64_t len)
{
    if (!t || len == 0)
        return;
    if (t->needs_len == t->needs_room) {
        size_t room = t->needs_room ? 2 * t->needs_room : 4096;
        struct range *more = realloc(t->needs, room * sizeof(*more));

        if (!more) {
            t->failed = true;
            return;
        }
        t->needs = more;
        t->needs_room = room;
    }
    t->needs[t->needs_len++] = (struct range){va, len};
}

static int by_address(const void *a, const void *b)
{
    const struct range *x = a, *y = b;

    return x->va < y->va ? -1 : x->va > y->va;
}

/* In order, none touching another. */
static void merge(struct truth *t)
{
    size_t len = 0;

    if (t->needs_len == 0)
        return;
    qsort(t->needs, t->needs_len, sizeof(*t->needs), by_address);
    for (size_t i = 1; i < t->needs_len; i++) {
        struct range *last = &t->needs[len], *next = &t->needs[i];
        uint64_t end = next->va + next->len;

        if (next->va > last->va + last->len)
            t->needs[++len] = *next;
        else if (end > last->va + last->len)
            last->len = end - last->va;
    }
    t->needs_len = len + 1;
}

size_t truth_needed_blocks(struct truth *t, uint64_t block)
{
    uint64_t next = 0; /* the first block not counted yet */
    size_t count = 0;

    merge(t);
    for (size_t i = 0; i < t->needs_len; i++) {
        uint64_t first = t->needs[i].va / block;
        uint64_t last = (t->needs[i].va + t->needs[i].len - 1) / block;

        if (first < next)
            first = next;
        if (first <= last)
            count += last - first + 1;
        next = last + 1;
    }
    return count;
}

void truth_print_needs(struct truth *t, FILE *to)
{
    merge(t);
    for (size_t i = 0; i < t->needs_len; i++)
        fprintf(to, "0x%016" PRIx64 " %" PRIu64 "\n", t->needs[i].va, t->needs[i].len);
}
