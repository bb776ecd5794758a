#include <walker/diff.h>

#include "diff_gaps.h"

#include <stdlib.h>
#include <string.h>

enum {
    PARTS = 3,
    PART_LEN = 16, /* of an identity: the longest is a GUID */
    FOUND = 2
};

/* What makes a record the same one in both snapshots, where that is not the address alone. */
struct identity {
    const char *facts[PARTS];
    const char *condition; /* a fact that may say that nothing of the record was read; NULL: none */
    uint64_t unread;       /* a bit for each of its values that does */
    const char *found[FOUND]; /* facts that depend on what else could be read */
};

static const struct identity identities[KDW_TABLES] = {
    [KDW_TABLE_JOBS] = {.facts = {"address", "id"}, .found = {"found"}},
    [KDW_TABLE_SESSIONS] = {.facts = {"id"}}, /* not all have an address */
    [KDW_TABLE_PROCESSES] = {.facts = {"pid", "created"}, .found = {"found"}},
    [KDW_TABLE_LOGGERS] = {.facts = {"etw_state", "slot"},
                           .condition = "condition",
                           .unread = 1 << KDW_LOGGER_UNREADABLE | 1 << KDW_LOGGER_LOST_SLOT},
    [KDW_TABLE_PROVIDERS] = {.facts = {"etw_state", "type", "guid"}},
    [KDW_TABLE_REGISTRATIONS] = {.found = {"provider", "listed_group"}},
    [KDW_TABLE_STATES] = {.found = {"free_slots"}},
};

/* ---- facts ---- */

static enum kd_status status_of(const struct kdw_fact *fact, const void *record)
{
    uint64_t fault_va;

    return kdw_fact_status(fact, record, &fault_va);
}

/* Where the bytes of a known fact are, and how many; a text's end with its NUL. */
static const void *bytes_of(const struct kdw_fact *fact, const void *record, size_t *len)
{
    const void *at = (const uint8_t *)record + fact->offset;

    *len = sizeof(uint64_t);
    switch (fact->kind) {
    case KDW_FACT_KEY:
        return at;
    case KDW_FACT_TEXT:
        *len = strlen(((const struct kdw_text *)at)->utf8) + 1;
        return ((const struct kdw_text *)at)->utf8;
    case KDW_FACT_GUID:
        *len = sizeof((const struct kdw_guid *)at)->bytes;
        return ((const struct kdw_guid *)at)->bytes;
    default:
        return &((const struct kdw_u64 *)at)->value;
    }
}

static bool is_same_value(const struct kdw_fact *fact, const void *a, const void *b)
{
    size_t a_len, b_len;
    const void *x = bytes_of(fact, a, &a_len), *y = bytes_of(fact, b, &b_len);

    return a_len == b_len && memcmp(x, y, a_len) == 0;
}

/* A kernel that has no such thing says so; anything else is a hole. */
static bool is_hole(enum kd_status st)
{
    return st != KD_OK && st != KD_ERR_NOT_FOUND;
}

static const struct kdw_fact *fact_named(const struct kdw_table_info *info, const char *name)
{
    for (size_t i = 0; i < info->facts_len; i++)
        if (strcmp(info->facts[i].name, name) == 0)
            return &info->facts[i];
    return NULL;
}

/* ---- one table ---- */

struct record {
    const void *at;
    size_t index;                  /* in its table */
    uint8_t key[PARTS * PART_LEN]; /* its identity; all of it the address where that is not known */
    bool is_known;                 /* the identity */
    const struct record *other;    /* the same one in the other snapshot; NULL: there is none */
};

struct side {
    const struct kdw_snapshot *of;
    const struct kdw_table *table;
    struct record *records; /* in the table's order */
    struct record **order;  /* in that of keys */
};

struct compare {
    struct kdw_diff *diff;
    const struct kdw_table_info *info;
    enum kdw_table_id id;
    struct kdw_table_diff *tally;
    enum kdw_diff_counters counters;
    const struct kdw_fact *parts[PARTS], *condition;
    uint64_t left_out; /* facts that one side has of no record: bits */
    uint64_t doubtful; /* facts that depend on lists of which some broke off: bits */
    struct side from, to;
};

static uint64_t address_of(const struct compare *c, const struct record *r)
{
    const struct kdw_fact *key = &c->info->facts[0];

    return *(const uint64_t *)(const void *)((const uint8_t *)r->at + key->offset);
}

/* An identity that is not wholly known is none. */
static void identify(const struct compare *c, struct record *r)
{
    r->is_known = true;
    for (size_t i = 0; i < PARTS && c->parts[i]; i++) {
        const void *bytes;
        size_t len;

        if (status_of(c->parts[i], r->at) != KD_OK) {
            r->is_known = false;
            return;
        }
        bytes = bytes_of(c->parts[i], r->at, &len);
        memcpy(r->key + i * PART_LEN, bytes, len);
    }
}

static void key_by_address(const struct compare *c, struct record *r)
{
    uint64_t va = address_of(c, r);

    memset(r->key, 0, sizeof r->key);
    memcpy(r->key, &va, sizeof va);
}

static bool open_side(const struct compare *c, const struct kdw_snapshot *of, struct side *out)
{
    const struct kdw_table *table = &of->tables[c->id];
    const uint8_t *at = table->records;

    *out = (struct side){.of = of, .table = table};
    if (table->len == 0)
        return true;
    out->records = calloc(table->len, sizeof *out->records);
    out->order = calloc(table->len, sizeof *out->order);
    if (!out->records || !out->order)
        return false;
    for (size_t i = 0; i < table->len; i++, at += c->info->record_size) {
        out->records[i] = (struct record){.at = at, .index = i};
        identify(c, &out->records[i]);
    }
    return true;
}

static void close_side(struct side *s)
{
    free(s->records);
    free(s->order);
}

/* ---- which record is which ---- */

static int by_key(const void *a, const void *b)
{
    const struct record *x = *(struct record *const *)a, *y = *(struct record *const *)b;
    int order = memcmp(x->key, y->key, sizeof x->key);

    return order ? order : (x->index > y->index) - (x->index < y->index);
}

/* Those that are still alone, in the order of their keys; only_known: and have an identity. */
static size_t sort_alone(struct side *s, bool only_known)
{
    size_t len = 0;

    for (size_t i = 0; i < s->table->len; i++)
        if (!s->records[i].other && (s->records[i].is_known || !only_known))
            s->order[len++] = &s->records[i];
    if (len)
        qsort(s->order, len, sizeof *s->order, by_key);
    return len;
}

static bool may_be_same(const struct record *a, const struct record *b, bool only_known)
{
    return only_known || !a->is_known || !b->is_known;
}

/* Both sides run through once, side by side. */
static void pair_up(struct compare *c, bool only_known)
{
    size_t from_len = sort_alone(&c->from, only_known), to_len = sort_alone(&c->to, only_known);

    for (size_t i = 0, k = 0; i < from_len && k < to_len;) {
        struct record *a = c->from.order[i], *b = c->to.order[k];
        int order = memcmp(a->key, b->key, sizeof a->key);

        if (order == 0 && may_be_same(a, b, only_known)) {
            a->other = b;
            b->other = a;
        }
        i += order <= 0;
        k += order >= 0;
    }
}

/* By identity; then, where one side does not know it, by address. */
static void pair_records(struct compare *c)
{
    pair_up(c, true);
    for (size_t i = 0; i < c->from.table->len; i++)
        key_by_address(c, &c->from.records[i]);
    for (size_t i = 0; i < c->to.table->len; i++)
        key_by_address(c, &c->to.records[i]);
    pair_up(c, false);
}

/* ---- what differs ---- */

static bool add(struct compare *c, enum kdw_change_kind kind, const void *from, const void *to,
                const struct kdw_fact *fact)
{
    struct kdw_diff *d = c->diff;

    if (d->len == d->room) {
        size_t room = d->room ? 2 * d->room : 64;
        struct kdw_change *bigger = realloc(d->changes, room * sizeof *bigger);

        if (!bigger)
            return false;
        d->changes = bigger;
        d->room = room;
    }
    d->changes[d->len++] = (struct kdw_change){c->id, kind, from, to, fact};
    return true;
}

static bool is_unread(const struct compare *c, const void *record)
{
    const struct kdw_u64 *condition;

    if (!c->condition)
        return false;
    condition = (const void *)((const uint8_t *)record + c->condition->offset);
    return condition->status == KD_OK && condition->value < 64 &&
           (identities[c->id].unread >> condition->value & 1) != 0;
}

enum outcome { SAME, DIFFERENT, NOT_COMPARABLE };

/* Of a record that was not read, what is told beside what is known of its place says just that. */
static enum outcome compare_fact(const struct compare *c, const struct kdw_fact *fact,
                                 const struct record *a, const struct record *b, bool is_read)
{
    enum kd_status from = status_of(fact, a->at), to = status_of(fact, b->at);

    if (is_hole(from) || is_hole(to))
        return NOT_COMPARABLE;
    if (!is_read && (from != to || fact->kind == KDW_FACT_KEY || fact == c->condition))
        return NOT_COMPARABLE;
    if (from != to)
        return DIFFERENT;
    return from != KD_OK || is_same_value(fact, a->at, b->at) ? SAME : DIFFERENT;
}

static bool compare_records(struct compare *c, const struct record *a, const struct record *b)
{
    bool is_read = !is_unread(c, a->at) && !is_unread(c, b->at), has_changed = false;

    for (size_t i = 0; i < c->info->facts_len; i++) {
        const struct kdw_fact *fact = &c->info->facts[i];
        enum outcome outcome;

        if (c->left_out >> i & 1 || (fact->is_counter && c->counters == KDW_DIFF_WITHOUT_COUNTERS))
            continue;
        outcome = compare_fact(c, fact, a, b, is_read);
        if (outcome == DIFFERENT && c->doubtful >> i & 1)
            outcome = NOT_COMPARABLE;
        c->tally->not_comparable += outcome == NOT_COMPARABLE;
        if (outcome != DIFFERENT)
            continue;
        has_changed = true;
        if (!add(c, KDW_CHANGED, a->at, b->at, fact))
            return false;
    }
    c->tally->changed += has_changed;
    return true;
}

static bool add_vanished(struct compare *c, const struct record *r)
{
    if (kdw_diff_may_be_unread(c->from.of, c->to.of, c->id, r->at)) {
        c->tally->not_comparable++;
        return true;
    }
    c->tally->vanished++;
    return add(c, KDW_VANISHED, r->at, NULL, NULL);
}

static bool add_appeared(struct compare *c, const struct record *r)
{
    if (kdw_diff_may_be_unread(c->to.of, c->from.of, c->id, r->at)) {
        c->tally->not_comparable++;
        return true;
    }
    c->tally->appeared++;
    return add(c, KDW_APPEARED, NULL, r->at, NULL);
}

static bool compare_sides(struct compare *c)
{
    bool ok = true;

    for (size_t i = 0; ok && i < c->from.table->len; i++) {
        const struct record *r = &c->from.records[i];

        ok = r->other ? compare_records(c, r, r->other) : add_vanished(c, r);
    }
    for (size_t i = 0; ok && i < c->to.table->len; i++)
        if (!c->to.records[i].other)
            ok = add_appeared(c, &c->to.records[i]);
    return ok;
}

/* ---- tables ---- */

/* Facts that any record has, be it as a hole: bits. */
static uint64_t facts_told(const struct kdw_table_info *info, const struct kdw_table *t)
{
    const uint8_t *record = t->records;
    uint64_t told = 0;

    for (size_t r = 0; r < t->len; r++, record += info->record_size)
        for (size_t i = 0; i < info->facts_len; i++)
            if (status_of(&info->facts[i], record) != KD_ERR_NOT_FOUND)
                told |= UINT64_C(1) << i;
    return told;
}

static void leave_out(struct compare *c, const struct kdw_table *from, const struct kdw_table *to)
{
    uint64_t in_from = facts_told(c->info, from), in_to = facts_told(c->info, to);

    if (from->len == 0 || to->len == 0)
        return; /* nothing is compared, and nothing told by that */
    c->tally->facts_from = in_from & ~in_to;
    c->tally->facts_to = in_to & ~in_from;
    c->left_out = in_from ^ in_to;
}

/* Ways that broke off: then it is no change that something was not found by them. */
static void doubt_found(struct compare *c, const struct identity *identity)
{
    for (size_t i = 0; i < FOUND && identity->found[i]; i++)
        c->doubtful |= UINT64_C(1) << (fact_named(c->info, identity->found[i]) - c->info->facts);
}

static enum kd_status compare_table(struct compare *c, const struct kdw_snapshot *from,
                                    const struct kdw_snapshot *to)
{
    const struct identity *identity = &identities[c->id];
    bool ok;

    for (size_t i = 0; i < PARTS && identity->facts[i]; i++)
        c->parts[i] = fact_named(c->info, identity->facts[i]);
    if (!c->parts[0])
        c->parts[0] = &c->info->facts[0];
    if (identity->condition)
        c->condition = fact_named(c->info, identity->condition);
    if (kdw_diff_has_broken_ways(from, c->id) || kdw_diff_has_broken_ways(to, c->id))
        doubt_found(c, identity);
    leave_out(c, &from->tables[c->id], &to->tables[c->id]);
    ok = open_side(c, from, &c->from);
    ok = open_side(c, to, &c->to) && ok;
    if (ok) {
        pair_records(c);
        ok = compare_sides(c);
    }
    close_side(&c->from);
    close_side(&c->to);
    return ok ? KD_OK : KD_ERR_NO_MEMORY;
}

enum kd_status kdw_diff(const struct kdw_snapshot *from, const struct kdw_snapshot *to,
                        enum kdw_diff_counters counters, struct kdw_diff *out)
{
    struct kdw_diff d = {.len = 0};
    enum kd_status st = KD_OK;

    for (size_t i = 0; i < KDW_TABLES && st == KD_OK; i++) {
        struct compare c = {.diff = &d,
                            .info = &kdw_snapshot_tables[i],
                            .id = (enum kdw_table_id)i,
                            .tally = &d.tables[i],
                            .counters = counters};

        d.tables[i].taken = (from->tables[i].is_taken ? KDW_IN_FROM : 0u) |
                            (to->tables[i].is_taken ? KDW_IN_TO : 0u);
        if (d.tables[i].taken == KDW_IN_BOTH)
            st = compare_table(&c, from, to);
    }
    if (st != KD_OK) {
        kdw_diff_free(&d);
        return st;
    }
    *out = d;
    return KD_OK;
}

void kdw_diff_free(struct kdw_diff *d)
{
    free(d->changes);
    *d = (struct kdw_diff){.len = 0};
}
