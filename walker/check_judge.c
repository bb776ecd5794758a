/* check_judge.c - from a comparison to a verdict and a finding, and what several checks ask. */
#include "check_parts.h"

#include <stdlib.h>
#include <string.h>

/* F4E1897C-BB5D-5668-F1D8-040F4D8DD344, Microsoft-Windows-Threat-Intelligence [doc] */
const uint8_t kdw_threat_intelligence[16] = {0x7c, 0x89, 0xe1, 0xf4, 0x5d, 0xbb, 0x68, 0x56,
                                             0xf1, 0xd8, 0x04, 0x0f, 0x4d, 0x8d, 0xd3, 0x44};

static const struct kdw_u64 no_value = {.status = KD_ERR_NOT_FOUND};

/* ---- findings ---- */

static bool grow(struct kdw_check_list *list)
{
    size_t room = list->room ? 2 * list->room : 16;
    struct kdw_finding *more = realloc(list->findings, room * sizeof *more);

    if (!more)
        return false;
    list->findings = more;
    list->room = room;
    return true;
}

static void add(struct kdw_checker *c, const struct kdw_subject *subject,
                const struct kdw_finding *said)
{
    struct kdw_check_result *result = &c->out->results[c->check];
    enum kdw_verdict verdict = said->verdict;
    struct kdw_finding *finding;

    if (verdict == KDW_FAIL && c->is_unsettled)
        verdict = KDW_IN_TRANSITION;
    if (verdict > result->verdict)
        result->verdict = verdict;
    if (result->findings++ >= KDW_FINDINGS_KEPT)
        return;
    if (c->out->len == c->out->room && !grow(c->out)) {
        c->status = KD_ERR_NO_MEMORY;
        return;
    }
    finding = &c->out->findings[c->out->len++];
    *finding = *said;
    finding->verdict = verdict;
    finding->check = c->check;
    finding->repeated = c->repeated;
    finding->silo_va = c->silo_va;
    finding->table = subject->table;
    finding->va = subject->va;
    if (!finding->meaning)
        finding->meaning = kdw_checks[c->repeated].meaning;
}

void kdw_check_doubt(struct kdw_checker *c, const struct kdw_subject *subject,
                     enum kdw_verdict verdict, const char *what, const struct kdw_u64 *actual,
                     const char *expected)
{
    const struct kdw_finding finding = {
        .verdict = verdict,
        .what = what,
        .actual = actual ? *actual : no_value,
        .expected = no_value,
        .expected_text = expected,
    };

    add(c, subject, &finding);
}

void kdw_check_inform(struct kdw_checker *c, const struct kdw_subject *subject, const char *what,
                      const struct kdw_u64 *actual, const char *meaning)
{
    const struct kdw_finding finding = {
        .verdict = KDW_INFORMATION,
        .what = what,
        .actual = actual ? *actual : no_value,
        .expected = no_value,
        .meaning = meaning,
    };

    add(c, subject, &finding);
}

/* ---- comparing ---- */

bool kdw_check_has(struct kdw_checker *c, enum kdw_table_id table)
{
    const struct kdw_subject whole = {.table = table};

    if (c->s->tables[table].is_taken)
        return true;
    kdw_check_doubt(c, &whole, KDW_UNREADABLE, "table", NULL, "part of the snapshot");
    return false;
}

bool kdw_check_is_whole(const struct kdw_checker *c, enum kdw_table_id table)
{
    return c->s->tables[table].is_taken && !c->s->tables[table].is_cut && !c->has_loose[table];
}

void kdw_check_needs(const struct kdw_checker *c, struct kdw_subject *subject,
                     enum kdw_table_id table)
{
    if (!kdw_check_is_whole(c, table) && subject->at_worst > KDW_UNREADABLE)
        subject->at_worst = KDW_UNREADABLE;
}

void kdw_check_needs_slots(const struct kdw_checker *c, struct kdw_subject *subject,
                           const struct kdw_etw_state *state)
{
    kdw_check_needs(c, subject, KDW_TABLE_LOGGERS);
    if (state->slots.status != KD_OK && subject->at_worst > KDW_UNREADABLE)
        subject->at_worst = KDW_UNREADABLE;
}

bool kdw_check_has_slots(struct kdw_checker *c, const struct kdw_etw_state *state)
{
    const struct kdw_subject subject = {KDW_TABLE_STATES, state->va, KDW_UNREADABLE};

    struct kdw_rows rows = kdw_rows_of(c, KDW_LOGGERS_OF_STATE, state->va);
    const struct kdw_logger *l;
    bool is_whole = true;

    if (!kdw_check_has(c, KDW_TABLE_LOGGERS))
        return false;
    while ((l = kdw_rows_next(&rows)) != NULL)
        is_whole &=
            l->state.value != KDW_LOGGER_LOST_SLOT && l->state.value != KDW_LOGGER_UNREADABLE;
    if (kdw_check_knows(c, &subject, "slots of loggers", &state->slots) && !is_whole)
        kdw_check_doubt(c, &subject, KDW_UNREADABLE, "slots of loggers", NULL, "all readable");
    return true;
}

bool kdw_check_has_providers(struct kdw_checker *c, const struct kdw_etw_state *state)
{
    const struct kdw_subject subject = {KDW_TABLE_STATES, state->va, KDW_UNREADABLE};
    struct kdw_rows broken = kdw_rows_of(c, KDW_BROKEN_LISTS_OF_OWNER, state->va);

    if (!kdw_check_has(c, KDW_TABLE_PROVIDERS))
        return false;
    if (state->va && kdw_rows_next(&broken))
        kdw_check_doubt(c, &subject, KDW_UNREADABLE, "EtwpGuidHashTable", NULL,
                        "all of its lists readable");
    return true;
}

bool kdw_check_knows(struct kdw_checker *c, const struct kdw_subject *subject, const char *what,
                     const struct kdw_u64 *fact)
{
    if (fact->status != KD_OK && fact->status != KD_ERR_NOT_FOUND)
        kdw_check_doubt(c, subject, KDW_UNREADABLE, what, fact, "readable");
    return fact->status == KD_OK;
}

void kdw_check_equal(struct kdw_checker *c, const struct kdw_subject *subject, const char *what,
                     const struct kdw_u64 *fact, uint64_t expected)
{
    const struct kdw_finding finding = {
        .verdict = subject->at_worst,
        .what = what,
        .actual = *fact,
        .expected = {.status = KD_OK, .value = expected},
    };

    if (!kdw_check_knows(c, subject, what, fact))
        return;
    c->out->results[c->check].judged++;
    if (fact->value != expected)
        add(c, subject, &finding);
}

void kdw_check_that(struct kdw_checker *c, const struct kdw_subject *subject, bool holds,
                    const char *what, const struct kdw_u64 *actual, const char *expected)
{
    c->out->results[c->check].judged++;
    if (!holds)
        kdw_check_doubt(c, subject, subject->at_worst, what, actual, expected);
}

/* What a snapshot says of a list is a text. */
static bool is_damage(const struct kdw_list_walk *list)
{
    const char *problem = list->problem.status == KD_OK ? list->problem.utf8 : "";

    return strcmp(problem, kd_status_text(KD_ERR_MISMATCH)) == 0 ||
           strcmp(problem, kd_status_text(KD_ERR_CYCLE)) == 0;
}

bool kdw_check_lists(struct kdw_checker *c, const struct kdw_subject *subject, uint64_t owner_va,
                     const char *name)
{
    struct kdw_rows rows = kdw_rows_of(c, KDW_BROKEN_LISTS_OF_OWNER, owner_va);
    const struct kdw_list_walk *list;
    bool is_broken = false;

    while ((list = kdw_rows_next(&rows)) != NULL) {
        const struct kdw_subject it = {KDW_TABLE_LISTS, list->va, subject->at_worst};
        enum kdw_verdict verdict = is_damage(list) ? subject->at_worst : KDW_UNREADABLE;

        if (name && !kdw_text_is(&list->name, name))
            continue;
        kdw_check_doubt(c, &it, verdict, "Flink, Blink", &list->end_va,
                        "linked with its neighbours");
        is_broken = true;
    }
    return is_broken;
}

/* ---- subjects ---- */

void kdw_subject_lock(struct kdw_subject *subject, const struct kdw_u64 *lock, uint64_t mask)
{
    enum kdw_verdict verdict = KDW_FAIL;

    if (lock->status == KD_OK)
        verdict = lock->value & mask ? KDW_IN_TRANSITION : KDW_FAIL;
    else if (lock->status != KD_ERR_NOT_FOUND)
        verdict = KDW_UNREADABLE;
    if (verdict < subject->at_worst)
        subject->at_worst = verdict;
}

struct kdw_subject kdw_subject_of_state(const struct kdw_etw_state *state)
{
    struct kdw_subject subject = {KDW_TABLE_STATES, state->va, KDW_FAIL};

    kdw_subject_lock(&subject, &state->start_owner_va, KDW_OWNED);
    return subject;
}

/* Whoever starts a logger holds its state's mutex; what is being stopped is being taken apart. */
struct kdw_subject kdw_subject_of_logger(const struct kdw_checker *c, const struct kdw_logger *l)
{
    const struct kdw_etw_state *state =
        kdw_snapshot_find(c->s, KDW_TABLE_STATES, l->state_va.value);
    struct kdw_subject subject = {KDW_TABLE_LOGGERS, l->va, KDW_FAIL};

    if (state)
        kdw_subject_lock(&subject, &state->start_owner_va, KDW_OWNED);
    kdw_subject_lock(&subject, &l->mutex_owner_va, KDW_OWNED);
    kdw_subject_lock(&subject, &l->lock, KDW_PUSH_LOCK_HELD);
    if (l->state.value == KDW_LOGGER_STOPPING && subject.at_worst == KDW_FAIL)
        subject.at_worst = KDW_IN_TRANSITION;
    return subject;
}

struct kdw_subject kdw_subject_of_provider(const struct kdw_provider *p)
{
    struct kdw_subject subject = {KDW_TABLE_PROVIDERS, p->va, KDW_FAIL};

    kdw_subject_lock(&subject, &p->lock, KDW_PUSH_LOCK_HELD);
    kdw_subject_lock(&subject, &p->lock_owner_va, KDW_OWNED);
    kdw_subject_lock(&subject, &p->bucket_lock, KDW_PUSH_LOCK_HELD);
    return subject;
}

static void lock_by(const struct kdw_checker *c, struct kdw_subject *subject, uint64_t provider_va)
{
    const struct kdw_provider *p = kdw_snapshot_find(c->s, KDW_TABLE_PROVIDERS, provider_va);
    struct kdw_subject provider;

    if (!p)
        return;
    provider = kdw_subject_of_provider(p);
    if (provider.at_worst < subject->at_worst)
        subject->at_worst = provider.at_worst;
}

struct kdw_subject kdw_subject_of_registration(const struct kdw_checker *c,
                                               const struct kdw_registration *r)
{
    struct kdw_subject subject = {KDW_TABLE_REGISTRATIONS, r->va, KDW_FAIL};

    lock_by(c, &subject, r->provider_va.value);
    lock_by(c, &subject, r->listed_group_va.value);
    return subject;
}

/* ---- what several checks ask ---- */

const struct kdw_logger *kdw_logger_in_slot(const struct kdw_checker *c, uint64_t state_va,
                                            uint64_t slot)
{
    struct kdw_rows rows = kdw_rows_of(c, KDW_LOGGERS_OF_SLOT, slot);
    const struct kdw_logger *l;

    while ((l = kdw_rows_next(&rows)) != NULL)
        if (l->state_va.status == KD_OK && l->state_va.value == state_va)
            return l;
    return NULL;
}

bool kdw_logger_is_live(const struct kdw_logger *l)
{
    return l->state.status == KD_OK && l->state.value == KDW_LOGGER_LIVE && l->slot.status == KD_OK;
}

bool kdw_logger_has_flag(const struct kdw_logger *l, unsigned bit)
{
    return l->flags.status == KD_OK && (l->flags.value >> bit & 1);
}

bool kdw_guid_is(const struct kdw_guid *guid, const uint8_t bytes[16])
{
    return guid->status == KD_OK && memcmp(guid->bytes, bytes, 16) == 0;
}

static char lower(char ch)
{
    return ch >= 'A' && ch <= 'Z' ? (char)(ch - 'A' + 'a') : ch;
}

bool kdw_text_is(const struct kdw_text *text, const char *expected)
{
    size_t i = 0;

    if (text->status != KD_OK)
        return false;
    while (expected[i] && lower(text->utf8[i]) == lower(expected[i]))
        i++;
    return text->utf8[i] == expected[i];
}

bool kdw_is_first(const struct kdw_checker *c, enum kdw_table_id table, const void *record,
                  uint64_t va)
{
    return kdw_snapshot_find(c->s, table, va) == record;
}

/* ---- places of code ---- */

static bool is_in(const struct kdw_module_fact *m, uint64_t va)
{
    return m->base_va.status == KD_OK && m->size.status == KD_OK && va >= m->base_va.value &&
           va - m->base_va.value < m->size.value;
}

enum kdw_place kdw_place_of(const struct kdw_checker *c, uint64_t va)
{
    bool is_whole = kdw_check_is_whole(c, KDW_TABLE_MODULES);

    KDW_EACH(c->s, KDW_TABLE_MODULES, struct kdw_module_fact, m)
    {
        if (is_in(m, va))
            return m->base_va.value == c->s->kernel_base_va ? KDW_IN_KERNEL : KDW_IN_MODULE;
        if (m->base_va.status != KD_OK || m->size.status != KD_OK)
            is_whole = false;
    }
    KDW_EACH(c->s, KDW_TABLE_LISTS, struct kdw_list_walk, list)
    if (kdw_text_is(&list->name, "PsLoadedModuleList"))
        is_whole = false;
    return is_whole ? KDW_NOWHERE : KDW_PLACE_UNKNOWN;
}

void kdw_check_code(struct kdw_checker *c, const struct kdw_subject *subject, const char *what,
                    const struct kdw_u64 *pointer, bool in_kernel)
{
    const char *expected = in_kernel ? "in the kernel's image" : "in a loaded module";
    enum kdw_place place;

    if (!kdw_check_knows(c, subject, what, pointer))
        return;
    place = kdw_place_of(c, pointer->value);
    if (place == KDW_PLACE_UNKNOWN)
        kdw_check_doubt(c, subject, KDW_UNREADABLE, what, pointer, expected);
    else
        kdw_check_that(c, subject, place == KDW_IN_KERNEL || (place == KDW_IN_MODULE && !in_kernel),
                       what, pointer, expected);
}
