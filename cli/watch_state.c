#include "watch_state.h"

#include <stdlib.h>
#include <string.h>

#define BIT(table) (UINT32_C(1) << (table))

/* What is told of: which table by which pass, and who asks for it. */
static const struct {
    unsigned only;
    enum watch_pass pass;
    unsigned parts;
    uint32_t tables;
} subjects[] = {
    {WATCH_LOGGERS, WATCH_PASS_VOLATILE, KDW_PART_LOGGER_DETAILS,
     BIT(KDW_TABLE_STATES) | BIT(KDW_TABLE_LOGGERS) | BIT(KDW_TABLE_CONSUMERS) |
         BIT(KDW_TABLE_SECURITY) | BIT(KDW_TABLE_SYSTEM)},
    {WATCH_PROVIDERS, WATCH_PASS_WHOLE, KDW_PART_PROVIDERS,
     BIT(KDW_TABLE_PROVIDERS) | BIT(KDW_TABLE_ENABLES) | BIT(KDW_TABLE_REGISTRATIONS)},
    {WATCH_SILOS, WATCH_PASS_WHOLE, KDW_PART_SILOS | KDW_PART_JOBS,
     BIT(KDW_TABLE_SILOS) | BIT(KDW_TABLE_JOBS) | BIT(KDW_TABLE_STORAGE) | BIT(KDW_TABLE_MONITORS)},
    {WATCH_PS, WATCH_PASS_WHOLE, KDW_PART_PROCESSES,
     BIT(KDW_TABLE_SESSIONS) | BIT(KDW_TABLE_PROCESSES)},
    {WATCH_CHECKS, WATCH_PASS_WHOLE, KDW_PART_ALL,
     BIT(KDW_TABLE_CPUS) | BIT(KDW_TABLE_HANDLES) | BIT(KDW_TABLE_MODULES) |
         BIT(KDW_TABLE_VARIABLES) | BIT(KDW_TABLE_LISTS)},
};

/* A change that the next pass must agree with. */
struct doubt {
    enum kdw_table_id table;
    const struct kdw_fact *fact; /* NULL: a record that appeared */
    uint64_t va;
    uint64_t value; /* of the fact */
};

struct judged { /* what a check said */
    enum kdw_verdict verdict;
    uint64_t failing; /* which findings failed, told apart */
};

struct check_memory {
    bool is_told, has_last;
    struct judged told, last; /* last: by the pass before */
};

struct kept {
    bool is_there;
    struct watch_read read;
};

struct watch_state {
    unsigned only;
    void *ctx;
    watch_tell *tell;
    struct kept kept[WATCH_PASSES];
    struct doubt *doubts[WATCH_PASSES]; /* of the pass before */
    size_t doubts_len[WATCH_PASSES];
    struct check_memory checks[KDW_CHECKS];
};

/* ---- parts ---- */

unsigned watch_pass_parts(enum watch_pass pass, unsigned only)
{
    unsigned parts = 0;

    for (size_t i = 0; i < sizeof subjects / sizeof subjects[0]; i++)
        if (subjects[i].pass == pass && (subjects[i].only & only))
            parts |= subjects[i].parts;
    return parts;
}

static bool is_told_of(const struct watch_state *s, enum watch_pass pass, enum kdw_table_id table)
{
    for (size_t i = 0; i < sizeof subjects / sizeof subjects[0]; i++)
        if (subjects[i].pass == pass && (subjects[i].only & s->only) &&
            (subjects[i].tables & BIT(table)))
            return true;
    return false;
}

/* ---- what a pass found ---- */

void watch_read_free(struct watch_read *r)
{
    kdw_snapshot_free(&r->snapshot);
    free(r->looks);
    *r = (struct watch_read){0};
}

enum kd_status watch_read_look(struct watch_read *r, const struct watch_when *when)
{
    if (r->looks_len == r->looks_room) {
        size_t room = r->looks_room ? 2 * r->looks_room : 16;
        struct watch_when *looks = realloc(r->looks, room * sizeof *looks);

        if (!looks)
            return KD_ERR_NO_MEMORY;
        r->looks = looks;
        r->looks_room = room;
    }
    r->looks[r->looks_len++] = *when;
    return KD_OK;
}

/* When that record was read. */
static const struct watch_when *time_of(const struct watch_read *r, enum kdw_table_id table,
                                        const void *record)
{
    const struct kdw_table *t = &r->snapshot.tables[table];
    size_t offset = (size_t)((const uint8_t *)record - (const uint8_t *)t->records);
    uint32_t look = t->looks[offset / kdw_snapshot_tables[table].record_size];

    return &r->looks[look < r->looks_len ? look : r->looks_len - 1];
}

/* ---- doubts ---- */

static struct doubt doubt_of(const struct kdw_change *c)
{
    struct doubt d = {.table = c->table, .fact = c->fact};

    memcpy(&d.va, c->to, sizeof d.va); /* every record begins with its address */
    if (c->fact)
        d.value = ((const struct kdw_u64 *)(const void *)((const uint8_t *)c->to + c->fact->offset))
                      ->value;
    return d;
}

static bool was_doubted(const struct watch_state *s, enum watch_pass pass, const struct doubt *d)
{
    for (size_t i = 0; i < s->doubts_len[pass]; i++) {
        const struct doubt *o = &s->doubts[pass][i];

        if (o->table == d->table && o->fact == d->fact && o->va == d->va && o->value == d->value)
            return true;
    }
    return false;
}

/* Of a job or process: it is on the list of all. */
static bool is_listed(const struct kdw_change *c)
{
    if (c->table == KDW_TABLE_JOBS)
        return (((const struct kdw_job *)c->to)->found.value & KDW_FOUND_LIST) != 0;
    if (c->table == KDW_TABLE_PROCESSES)
        return (((const struct kdw_process *)c->to)->found.value & KDW_FOUND_LIST) != 0;
    return true;
}

static bool is_doubtful(const struct kdw_change *c)
{
    switch (c->kind) {
    case KDW_CHANGED:
        return c->fact->is_joined;
    case KDW_APPEARED:
        return !is_listed(c); /* the list may have been read before it came */
    default:
        return false;
    }
}

struct verdict_on_changes { /* which of a difference's changes to hold back */
    struct doubt *doubts;
    size_t len;
};

static bool is_held_back(const struct verdict_on_changes *v, enum kdw_table_id table, uint64_t va)
{
    for (size_t i = 0; i < v->len; i++)
        if (!v->doubts[i].fact && v->doubts[i].table == table && v->doubts[i].va == va)
            return true;
    return false;
}

struct keeping {
    const struct verdict_on_changes *held;
    enum kdw_table_id table;
};

static bool keep_record(void *ctx, const void *record)
{
    const struct keeping *k = ctx;
    uint64_t va;

    memcpy(&va, record, sizeof va);
    return !is_held_back(k->held, k->table, va);
}

/* What is doubted is taken back, so that the next pass differs in it again. */
static void take_back_facts(struct kdw_snapshot *now, const struct kdw_diff *diff,
                            const struct verdict_on_changes *held)
{
    for (size_t i = 0; i < diff->len; i++) {
        const struct kdw_change *c = &diff->changes[i];
        uint8_t *records = now->tables[c->table].records;

        if (c->kind != KDW_CHANGED || !is_doubtful(c))
            continue;
        for (size_t k = 0; k < held->len; k++) {
            struct doubt d = doubt_of(c);

            if (held->doubts[k].fact == d.fact && held->doubts[k].va == d.va)
                memcpy(records + ((const uint8_t *)c->to - records) + c->fact->offset,
                       (const uint8_t *)c->from + c->fact->offset, sizeof(struct kdw_u64));
        }
    }
}

static void take_back_records(struct kdw_snapshot *now, const struct verdict_on_changes *held)
{
    static const enum kdw_table_id tables[] = {KDW_TABLE_JOBS, KDW_TABLE_PROCESSES};

    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        struct keeping k = {held, tables[i]};

        kdw_snapshot_filter(now, tables[i], &k, keep_record);
    }
}

/* ---- changes ---- */

static void tell_change(struct watch_state *s, const struct watch_read *before,
                        const struct watch_read *now, uint64_t sample, const struct kdw_change *c)
{
    struct watch_event e = {.kind = WATCH_CHANGE, .sample = sample, .u.change = *c};

    e.since = c->from ? *time_of(before, c->table, c->from) : before->looks[0];
    e.when = c->to ? *time_of(now, c->table, c->to) : now->looks[now->looks_len - 1];
    s->tell(s->ctx, &e);
}

/* Tells what is certain; the rest goes into *held. */
static enum kd_status tell_changes(struct watch_state *s, enum watch_pass pass, uint64_t sample,
                                   const struct watch_read *now, const struct kdw_diff *diff,
                                   struct verdict_on_changes *held)
{
    bool is_of_one_look = kdw_snapshot_is_of_one_look(&now->snapshot);

    held->doubts = calloc(diff->len + 1, sizeof *held->doubts);
    held->len = 0;
    if (!held->doubts)
        return KD_ERR_NO_MEMORY;
    for (size_t i = 0; i < diff->len; i++) {
        const struct kdw_change *c = &diff->changes[i];

        if (!is_told_of(s, pass, c->table))
            continue;
        if (!is_of_one_look && is_doubtful(c)) {
            struct doubt d = doubt_of(c);

            if (!was_doubted(s, pass, &d)) {
                held->doubts[held->len++] = d;
                continue;
            }
        }
        tell_change(s, &s->kept[pass].read, now, sample, c);
    }
    return KD_OK;
}

static enum kd_status compare(struct watch_state *s, enum watch_pass pass, uint64_t sample,
                              struct watch_read *now)
{
    struct verdict_on_changes held = {0};
    struct kdw_diff diff;
    enum kd_status st =
        kdw_diff(&s->kept[pass].read.snapshot, &now->snapshot, KDW_DIFF_WITHOUT_COUNTERS, &diff);

    if (st != KD_OK)
        return st;
    st = tell_changes(s, pass, sample, now, &diff, &held);
    if (st == KD_OK)
        take_back_facts(&now->snapshot, &diff, &held);
    kdw_diff_free(&diff); /* it points to records that may go now */
    if (st == KD_OK)
        take_back_records(&now->snapshot, &held);
    free(s->doubts[pass]);
    s->doubts[pass] = held.doubts;
    s->doubts_len[pass] = held.len;
    return st;
}

/* ---- checks ---- */

static uint64_t mix(uint64_t hash, uint64_t value)
{
    return (hash ^ value) * UINT64_C(0x100000001b3);
}

/* Findings that fail, told apart by what they are about. Their order is that of the tables. */
static struct judged judge(const struct kdw_check_list *list, unsigned check)
{
    struct judged j = {.verdict = list->results[check].verdict};

    for (size_t i = 0; i < list->len; i++) {
        const struct kdw_finding *f = &list->findings[i];

        if (f->check != check || f->verdict != KDW_FAIL)
            continue;
        j.failing = mix(j.failing + f->repeated, f->va ^ f->silo_va);
        for (const char *c = f->what; *c; c++)
            j.failing = mix(j.failing, (unsigned char)*c);
    }
    return j;
}

static bool is_same(const struct judged *a, const struct judged *b)
{
    return a->verdict == b->verdict && a->failing == b->failing;
}

static bool is_certain(const struct check_memory *m, const struct judged *now, bool is_of_one_look)
{
    if (m->has_last && is_same(&m->last, now))
        return true;
    return is_of_one_look && now->verdict != KDW_IN_TRANSITION;
}

/* In the beginning only what fails is news. */
static bool is_news(const struct check_memory *m, const struct judged *now)
{
    return m->is_told ? !is_same(&m->told, now) : now->verdict == KDW_FAIL;
}

static void tell_verdict(struct watch_state *s, const struct watch_event *head, unsigned check,
                         const struct judged *now)
{
    struct check_memory *m = &s->checks[check];
    struct watch_event e = *head;

    e.u.verdict.check = check;
    e.u.verdict.to = now->verdict;
    e.u.verdict.from = m->is_told ? m->told.verdict : now->verdict;
    if (is_news(m, now))
        s->tell(s->ctx, &e);
    m->is_told = true;
    m->told = *now;
}

static enum kd_status run_checks(struct watch_state *s, uint64_t sample,
                                 const struct watch_read *before, const struct watch_read *now)
{
    bool is_of_one_look = kdw_snapshot_is_of_one_look(&now->snapshot);
    struct kdw_check_list list;
    enum kd_status st = kdw_check_run(&now->snapshot, &list);
    struct watch_event head = {.kind = WATCH_VERDICT, .sample = sample};

    if (st != KD_OK)
        return st;
    head.u.verdict.snapshot = &now->snapshot;
    head.u.verdict.list = &list;
    head.when = now->looks[now->looks_len - 1];
    head.since = before ? before->looks[0] : now->looks[0];
    for (unsigned i = 0; i < KDW_CHECKS; i++) {
        struct judged j = judge(&list, i);

        if (is_certain(&s->checks[i], &j, is_of_one_look))
            tell_verdict(s, &head, i, &j);
        s->checks[i].last = j;
        s->checks[i].has_last = true;
    }
    kdw_check_free(&list);
    return KD_OK;
}

/* So that each record of a snapshot has its age, wherever that goes. */
static enum kd_status note_times(struct watch_read *r)
{
    uint64_t *times;

    if (r->snapshot.looks == 0 || r->looks_len != (size_t)r->snapshot.looks + 1)
        return KD_OK;
    times = malloc(r->looks_len * sizeof *times);
    if (!times)
        return KD_ERR_NO_MEMORY;
    for (size_t i = 0; i < r->looks_len; i++)
        times[i] = r->looks[i].target_100ns;
    r->snapshot.look_times_100ns = times;
    return KD_OK;
}

/* ---- all of it ---- */

enum kd_status watch_state_create(unsigned only, void *ctx, watch_tell *tell,
                                  struct watch_state **out)
{
    struct watch_state *s = calloc(1, sizeof *s);

    if (!s)
        return KD_ERR_NO_MEMORY;
    s->only = only;
    s->ctx = ctx;
    s->tell = tell;
    *out = s;
    return KD_OK;
}

void watch_state_forget(struct watch_state *s)
{
    for (size_t i = 0; i < WATCH_PASSES; i++) {
        watch_read_free(&s->kept[i].read);
        s->kept[i].is_there = false;
        free(s->doubts[i]);
        s->doubts[i] = NULL;
        s->doubts_len[i] = 0;
    }
    memset(s->checks, 0, sizeof s->checks);
}

void watch_state_destroy(struct watch_state *s)
{
    if (!s)
        return;
    watch_state_forget(s);
    free(s);
}

enum kd_status watch_state_take(struct watch_state *s, enum watch_pass pass, uint64_t sample,
                                struct watch_read *read)
{
    struct kept *kept = &s->kept[pass];
    struct watch_read now = *read;
    enum kd_status st = note_times(&now);

    *read = (struct watch_read){0};
    if (st == KD_OK && pass == WATCH_PASS_WHOLE && (s->only & WATCH_CHECKS))
        st = run_checks(s, sample, kept->is_there ? &kept->read : NULL, &now);
    if (st == KD_OK && kept->is_there)
        st = compare(s, pass, sample, &now);
    watch_read_free(&kept->read);
    kept->read = now;
    kept->is_there = true;
    return st;
}

const struct kdw_snapshot *watch_state_known(const struct watch_state *s, enum watch_pass pass)
{
    return s->kept[pass].is_there ? &s->kept[pass].read.snapshot : NULL;
}
