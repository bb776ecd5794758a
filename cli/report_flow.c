#include "report_flow.h"

#include "labels.h"

#include <walker/known_providers.h>

#include <stdlib.h>
#include <string.h>

struct making {
    const struct kdw_snapshot *s;
    struct flow_logger *loggers; /* of each in the table, in its order */
    struct flow_source *sources; /* at first one for each provider that feeds a logger */
    size_t sources_len;
    struct flow_hearer *hearers;
    size_t hearers_len;
    size_t *hearer_of; /* of each consumer in the table */
    struct provider_links enables;
};

static const struct kdw_logger *loggers_of(const struct kdw_snapshot *s)
{
    return s->tables[KDW_TABLE_LOGGERS].records;
}

static struct flow_logger *entry_of(const struct making *m, const struct kdw_logger *l)
{
    return &m->loggers[l - loggers_of(m->s)];
}

/* ---- sources ---- */

/* Sorted in, once. */
static void add_logger(struct flow_source *source, const struct kdw_logger *l)
{
    size_t at = 0;

    while (at < source->loggers_len && source->loggers[at] < l)
        at++;
    if (source->loggers_len == FLOW_LOGGERS_MAX ||
        (at < source->loggers_len && source->loggers[at] == l))
        return;
    memmove(&source->loggers[at + 1], &source->loggers[at],
            (source->loggers_len - at) * sizeof source->loggers[0]);
    source->loggers[at] = l;
    source->loggers_len++;
}

static void add_provider(struct making *m, const struct kdw_provider *p)
{
    struct flow_source source = {.providers = 1, .named = {p}};
    size_t count;
    const struct provider_link *links = provider_links_of(&m->enables, p->va, &count);

    for (size_t i = 0; i < count; i++) {
        const struct kdw_enable *e = links[i].record;
        const struct kdw_logger *l = e->enabled.status == KD_OK && e->enabled.value
                                         ? logger_in_slot(m->s, &p->state_va, &e->logger_id)
                                         : NULL;

        if (l)
            add_logger(&source, l);
    }
    for (size_t i = 0; i < source.loggers_len; i++)
        entry_of(m, source.loggers[i])->providers++;
    if (source.loggers_len)
        m->sources[m->sources_len++] = source;
}

static bool is_known(const struct kdw_provider *p)
{
    return p && p->guid.status == KD_OK && kdw_known_provider_name(p->guid.bytes);
}

static int by_loggers(const void *x, const void *y)
{
    const struct flow_source *a = x, *b = y;

    for (size_t i = 0; i < a->loggers_len && i < b->loggers_len; i++)
        if (a->loggers[i] != b->loggers[i])
            return a->loggers[i] < b->loggers[i] ? -1 : 1;
    if (a->loggers_len != b->loggers_len)
        return a->loggers_len < b->loggers_len ? -1 : 1;
    if (is_known(a->named[0]) != is_known(b->named[0])) /* which can be called by a name */
        return is_known(a->named[0]) ? -1 : 1;
    return a->named[0] < b->named[0] ? -1 : a->named[0] > b->named[0];
}

static bool is_same_set(const struct flow_source *a, const struct flow_source *b)
{
    return a->loggers_len == b->loggers_len &&
           memcmp(a->loggers, b->loggers, a->loggers_len * sizeof a->loggers[0]) == 0;
}

/* Those that feed the same become one. */
static void join_sources(struct making *m)
{
    size_t len = 0;

    if (m->sources_len)
        qsort(m->sources, m->sources_len, sizeof *m->sources, by_loggers);
    for (size_t i = 0; i < m->sources_len; i++) {
        struct flow_source *last = len ? &m->sources[len - 1] : NULL;

        if (!last || !is_same_set(last, &m->sources[i])) {
            m->sources[len++] = m->sources[i];
            continue;
        }
        if (last->providers < FLOW_NAMED_MAX)
            last->named[last->providers] = m->sources[i].named[0];
        last->providers++;
    }
    m->sources_len = len;
}

/* What the kernel itself writes. */
static void add_system(struct making *m)
{
    KDW_EACH(m->s, KDW_TABLE_SYSTEM, struct kdw_system_logger, system)
    {
        const struct kdw_logger *l = logger_in_slot(m->s, &system->state_va, &system->logger_id);
        struct flow_source source = {.system = system};

        if (!l)
            continue;
        add_logger(&source, l);
        entry_of(m, l)->providers++;
        m->sources[m->sources_len++] = source;
    }
}

/* ---- hearers ---- */

static bool is_same_hearer(const struct flow_hearer *a, const struct kdw_consumer *c)
{
    return a->consumer && a->consumer->process_va.status == KD_OK &&
           c->process_va.status == KD_OK && a->consumer->process_va.value == c->process_va.value;
}

static bool hears(const struct kdw_consumer *c, const struct kdw_logger *l)
{
    return c->logger_va.status == KD_OK && c->logger_va.value == l->va;
}

static bool has_file(const struct kdw_logger *l)
{
    return l->file.status == KD_OK && l->file.utf8[0];
}

/* The one that it is, or a new one. */
static size_t hearer_of(struct making *m, const struct kdw_consumer *c)
{
    size_t i = 0;

    while (i < m->hearers_len && !is_same_hearer(&m->hearers[i], c))
        i++;
    if (i == m->hearers_len)
        m->hearers[m->hearers_len++] = (struct flow_hearer){.consumer = c};
    return i;
}

static void add_hearers(struct making *m)
{
    size_t number = 0;

    KDW_EACH(m->s, KDW_TABLE_CONSUMERS, struct kdw_consumer, c)
    {
        const struct kdw_logger *l =
            c->logger_va.status == KD_OK
                ? kdw_snapshot_find(m->s, KDW_TABLE_LOGGERS, c->logger_va.value)
                : NULL;

        if (l) {
            entry_of(m, l)->hearers++;
            m->hearer_of[number] = hearer_of(m, c);
        }
        number++;
    }
    KDW_EACH(m->s, KDW_TABLE_LOGGERS, struct kdw_logger, l)
    if (has_file(l)) {
        entry_of(m, l)->hearers++;
        m->hearers[m->hearers_len++] = (struct flow_hearer){.file_of = l};
    }
}

/* ---- what is kept ---- */

static size_t degree(const struct flow_logger *l)
{
    return l->providers + l->hearers;
}

static int by_degree(const void *x, const void *y)
{
    const struct flow_logger *a = x, *b = y;

    if (degree(a) != degree(b))
        return degree(a) > degree(b) ? -1 : 1;
    return a->logger < b->logger ? -1 : a->logger > b->logger;
}

static int by_place(const void *x, const void *y)
{
    const struct flow_logger *a = x, *b = y;

    return a->logger < b->logger ? -1 : a->logger > b->logger;
}

static void keep_loggers(const struct making *m, struct flow *f)
{
    size_t len = m->s->tables[KDW_TABLE_LOGGERS].len;

    qsort(m->loggers, len, sizeof *m->loggers, by_degree);
    for (size_t i = 0; i < len && degree(&m->loggers[i]); i++) {
        f->all_loggers++;
        if (f->loggers_len < FLOW_MAX)
            f->loggers[f->loggers_len++] = m->loggers[i];
    }
    qsort(f->loggers, f->loggers_len, sizeof f->loggers[0], by_place);
}

/* FLOW_MAX: it is not kept. */
static size_t kept_logger(const struct flow *f, const struct kdw_logger *l)
{
    for (size_t i = 0; i < f->loggers_len; i++)
        if (f->loggers[i].logger == l)
            return i;
    return FLOW_MAX;
}

static bool reaches(const struct flow *f, const struct flow_source *source)
{
    for (size_t i = 0; i < source->loggers_len; i++)
        if (kept_logger(f, source->loggers[i]) < FLOW_MAX)
            return true;
    return false;
}

/* Kernel events first, then by the number of providers. */
static int by_size(const void *x, const void *y)
{
    const struct flow_source *a = x, *b = y;

    if ((a->system != NULL) != (b->system != NULL))
        return a->system ? -1 : 1;
    if (a->providers != b->providers)
        return a->providers > b->providers ? -1 : 1;
    return by_loggers(a, b);
}

/* Beside what they feed: by the middle of it. */
static double middle_of(const struct flow *f, const struct flow_source *source)
{
    double sum = 0, count = 0;

    for (size_t i = 0; i < source->loggers_len; i++) {
        size_t kept = kept_logger(f, source->loggers[i]);

        if (kept < FLOW_MAX) {
            sum += (double)kept;
            count++;
        }
    }
    return count > 0 ? sum / count : 0;
}

static void sort_by_middle(struct flow *f)
{
    for (size_t i = 1; i < f->sources_len; i++)
        for (size_t j = i; j > 0; j--) {
            struct flow_source other = f->sources[j - 1];

            if (middle_of(f, &other) <= middle_of(f, &f->sources[j]))
                break;
            f->sources[j - 1] = f->sources[j];
            f->sources[j] = other;
        }
}

static bool is_kept(const struct flow *f, const struct flow_source *source)
{
    for (size_t i = 0; i < f->sources_len; i++)
        if (is_same_set(&f->sources[i], source) && f->sources[i].system == source->system)
            return true;
    return false;
}

static bool feeds(const struct flow_source *source, const struct kdw_logger *l)
{
    for (size_t i = 0; i < source->loggers_len; i++)
        if (source->loggers[i] == l)
            return true;
    return false;
}

/* Of each logger the largest, so that none stands there as if nobody fed it; then the others. */
static void choose_sources(const struct making *m, struct flow *f)
{
    for (size_t l = 0; l < f->loggers_len; l++) {
        size_t i = 0;

        while (i < m->sources_len && !feeds(&m->sources[i], f->loggers[l].logger))
            i++;
        if (i < m->sources_len && f->sources_len < FLOW_MAX && !is_kept(f, &m->sources[i]))
            f->sources[f->sources_len++] = m->sources[i];
    }
    for (size_t i = 0; i < m->sources_len && f->sources_len < FLOW_MAX; i++)
        if (reaches(f, &m->sources[i]) && !is_kept(f, &m->sources[i]))
            f->sources[f->sources_len++] = m->sources[i];
}

static void keep_sources(const struct making *m, struct flow *f)
{
    if (m->sources_len)
        qsort(m->sources, m->sources_len, sizeof *m->sources, by_size);
    f->all_sources = m->sources_len;
    choose_sources(m, f);
    sort_by_middle(f);
    for (size_t i = 0; i < f->sources_len; i++)
        for (size_t k = 0; k < f->sources[i].loggers_len; k++) {
            size_t logger = kept_logger(f, f->sources[i].loggers[k]);

            if (logger < FLOW_MAX)
                f->fed[f->fed_len++] = (struct flow_edge){logger, i};
        }
}

static size_t find_hearer(const struct flow *f, const struct flow_hearer *hearer)
{
    size_t i = 0;

    while (i < f->hearers_len &&
           (f->hearers[i].consumer != hearer->consumer || f->hearers[i].file_of != hearer->file_of))
        i++;
    return i;
}

static bool has_edge(const struct flow *f, size_t logger, size_t other)
{
    for (size_t i = 0; i < f->heard_len; i++)
        if (f->heard[i].logger == logger && f->heard[i].other == other)
            return true;
    return false;
}

static void keep_hearer(struct flow *f, size_t logger, const struct flow_hearer *hearer)
{
    size_t at = find_hearer(f, hearer);

    if (at == FLOW_MAX || has_edge(f, logger, at))
        return;
    if (at == f->hearers_len)
        f->hearers[f->hearers_len++] = *hearer;
    f->heard[f->heard_len++] = (struct flow_edge){logger, at};
}

/* In the order of the loggers that they hear. */
static void keep_hearers(const struct making *m, struct flow *f)
{
    f->all_hearers = m->hearers_len;
    for (size_t i = 0; i < f->loggers_len; i++) {
        const struct kdw_logger *l = f->loggers[i].logger;
        size_t number = 0;

        KDW_EACH(m->s, KDW_TABLE_CONSUMERS, struct kdw_consumer, c)
        {
            if (hears(c, l))
                keep_hearer(f, i, &m->hearers[m->hearer_of[number]]);
            number++;
        }
        if (has_file(l))
            keep_hearer(f, i, &(struct flow_hearer){.file_of = l});
    }
}

/* ---- all of it ---- */

static void make(struct making *m, struct flow *f)
{
    KDW_EACH(m->s, KDW_TABLE_LOGGERS, struct kdw_logger, l)
    entry_of(m, l)->logger = l;
    KDW_EACH(m->s, KDW_TABLE_PROVIDERS, struct kdw_provider, p)
    add_provider(m, p);
    join_sources(m);
    add_system(m);
    add_hearers(m);
    keep_loggers(m, f);
    keep_sources(m, f);
    keep_hearers(m, f);
}

bool flow_make(const struct kdw_snapshot *s, struct flow *out)
{
    struct making m = {.s = s};
    bool has_links = provider_links_enables(s, &m.enables), is_made;

    *out = (struct flow){.sources_len = 0};
    m.loggers = calloc(s->tables[KDW_TABLE_LOGGERS].len + 1, sizeof *m.loggers);
    m.sources = calloc(s->tables[KDW_TABLE_PROVIDERS].len + s->tables[KDW_TABLE_SYSTEM].len + 1,
                       sizeof *m.sources);
    m.hearers = calloc(s->tables[KDW_TABLE_CONSUMERS].len + s->tables[KDW_TABLE_LOGGERS].len + 1,
                       sizeof *m.hearers);
    m.hearer_of = calloc(s->tables[KDW_TABLE_CONSUMERS].len + 1, sizeof *m.hearer_of);
    is_made = has_links && m.loggers && m.sources && m.hearers && m.hearer_of;
    if (is_made)
        make(&m, out);
    free(m.loggers);
    free(m.sources);
    free(m.hearers);
    free(m.hearer_of);
    provider_links_free(&m.enables);
    return is_made;
}
