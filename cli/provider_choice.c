#include "provider_choice.h"

#include "facts.h"
#include "process_choice.h"
#include "provider_links.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct keep {
    const struct provider_choice *choice;
    struct kdw_snapshot *s;
    struct provider_links enables, registrations;
    bool has_guid, has_silo;
    uint8_t guid[16];
    uint64_t silo_va, process_va;
};

/* ---- names ---- */

static bool begins_so(const char *text, const char *part)
{
    for (; *part; text++, part++)
        if (tolower((unsigned char)*text) != tolower((unsigned char)*part))
            return false;
    return true;
}

static bool contains(const char *text, const char *part)
{
    for (; *text; text++)
        if (begins_so(text, part))
            return true;
    return false;
}

enum match { MATCH_NONE, MATCH_PART, MATCH_WHOLE };

static enum match match_text(const char *text, const char *name)
{
    if (!text || !contains(text, name))
        return MATCH_NONE;
    return strlen(text) == strlen(name) ? MATCH_WHOLE : MATCH_PART;
}

/* By what others call it, or by what it calls itself. */
static enum match match(const struct keep *k, const struct kdw_provider *p)
{
    const char *name = k->choice->name;
    enum match best = match_text(provider_name(k->choice->names, p->guid.bytes), name);
    size_t count;
    const struct provider_link *links = provider_links_of(&k->registrations, p->va, &count);

    for (size_t i = 0; i < count && best != MATCH_WHOLE; i++) {
        const struct kdw_registration *r = links[i].record;
        enum match own = r->provider_va.value == p->va && r->traits_name.status == KD_OK
                             ? match_text(r->traits_name.utf8, name)
                             : MATCH_NONE;

        best = own > best ? own : best;
    }
    return best;
}

/* The one that is called so; if none is, the one that has it as a part. */
struct found {
    enum match best;
    bool is_ambiguous;
    uint8_t guid[16], other[16];
};

static void consider(struct found *found, enum match match, const uint8_t guid[16])
{
    if (match > found->best) {
        found->best = match;
        found->is_ambiguous = false;
        memcpy(found->guid, guid, 16);
    } else if (match && match == found->best && memcmp(found->guid, guid, 16) != 0) {
        found->is_ambiguous = true;
        memcpy(found->other, guid, 16);
    }
}

static enum kd_status choose_by_name(struct keep *k, struct kd_diag *diag)
{
    struct found found = {.best = MATCH_NONE};
    char guid[GUID_TEXT], other[GUID_TEXT];

    KDW_EACH(k->s, KDW_TABLE_PROVIDERS, struct kdw_provider, p)
    if (p->guid.status == KD_OK)
        consider(&found, match(k, p), p->guid.bytes);
    if (found.best == MATCH_NONE)
        return kd_diag_set(diag, KD_ERR_NOT_FOUND, "there is no provider called '%s'",
                           k->choice->name);
    if (found.is_ambiguous) {
        guid_text(found.guid, guid);
        guid_text(found.other, other);
        return kd_diag_set(diag, KD_ERR_USAGE,
                           "several providers are called '%s', as %s and %s: name one in full, or "
                           "by its GUID",
                           k->choice->name, guid, other);
    }
    memcpy(k->guid, found.guid, sizeof k->guid);
    k->has_guid = true;
    return KD_OK;
}

static enum kd_status choose_by_guid(struct keep *k, struct kd_diag *diag)
{
    k->has_guid = true;
    KDW_EACH(k->s, KDW_TABLE_PROVIDERS, struct kdw_provider, p)
    if (p->guid.status == KD_OK && memcmp(p->guid.bytes, k->guid, sizeof k->guid) == 0)
        return KD_OK;
    return kd_diag_set(diag, KD_ERR_NOT_FOUND, "there is no provider with the GUID %s",
                       k->choice->name);
}

static enum kd_status choose(struct keep *k, struct kd_diag *diag)
{
    const char *name = k->choice->name;
    enum kd_status st = KD_OK;

    if (k->choice->silo.kind != SILO_ALL) {
        k->has_silo = true;
        st = silo_choice_find(&k->choice->silo, k->s, diag, &k->silo_va);
    }
    if (st == KD_OK && k->choice->process_name)
        st = process_choice_find(k->choice->process_name, k->s, diag, &k->process_va);
    if (st != KD_OK || !name)
        return st;
    return guid_parse(name, strlen(name), k->guid) ? choose_by_guid(k, diag)
                                                   : choose_by_name(k, diag);
}

/* ---- what stays ---- */

static bool is_of_silo(const struct keep *k, const struct kdw_provider *p)
{
    const struct kdw_etw_state *state =
        kdw_snapshot_find(k->s, KDW_TABLE_STATES, p->state_va.value);

    return state && state->silo_va.status == KD_OK && state->silo_va.value == k->silo_va;
}

static bool is_of_logger(const struct keep *k, const struct kdw_provider *p)
{
    size_t count;
    const struct provider_link *links = provider_links_of(&k->enables, p->va, &count);

    for (size_t i = 0; i < count; i++) {
        const struct kdw_enable *e = links[i].record;

        if (e->enabled.status == KD_OK && e->enabled.value && e->logger_id.status == KD_OK &&
            e->logger_id.value == k->choice->logger_id)
            return true;
    }
    return false;
}

static bool is_by_process(const struct keep *k, const struct kdw_registration *r)
{
    if (k->choice->process_name)
        return r->process_va.status == KD_OK && r->process_va.value == k->process_va;
    return r->pid.status == KD_OK && r->pid.value == k->choice->process_pid;
}

static bool is_of_process(const struct keep *k, const struct kdw_provider *p)
{
    size_t count;
    const struct provider_link *links = provider_links_of(&k->registrations, p->va, &count);

    for (size_t i = 0; i < count; i++)
        if (is_by_process(k, links[i].record))
            return true;
    return false;
}

static bool stays(void *ctx, const void *record)
{
    const struct keep *k = ctx;
    const struct kdw_provider *p = record;

    if (k->has_guid &&
        (p->guid.status != KD_OK || memcmp(p->guid.bytes, k->guid, sizeof k->guid) != 0))
        return false;
    return (!k->has_silo || is_of_silo(k, p)) && (!k->choice->has_logger || is_of_logger(k, p)) &&
           (!k->choice->has_process || is_of_process(k, p));
}

static bool is_kept(const struct kdw_snapshot *s, const struct kdw_u64 *provider_va)
{
    return provider_va->status == KD_OK &&
           kdw_snapshot_find(s, KDW_TABLE_PROVIDERS, provider_va->value) != NULL;
}

static bool enable_stays(void *ctx, const void *record)
{
    return is_kept(ctx, &((const struct kdw_enable *)record)->provider_va);
}

static bool registration_stays(void *ctx, const void *record)
{
    const struct kdw_registration *r = record;

    return is_kept(ctx, &r->provider_va) || is_kept(ctx, &r->listed_group_va);
}

/* A logger that one of them is enabled for. */
static bool logger_stays(void *ctx, const void *record)
{
    const struct kdw_snapshot *s = ctx;
    const struct kdw_logger *l = record;

    KDW_EACH(s, KDW_TABLE_ENABLES, struct kdw_enable, e)
    {
        const struct kdw_provider *p;

        if (e->logger_id.status != KD_OK || e->logger_id.value != l->slot.value)
            continue;
        p = kdw_snapshot_find(s, KDW_TABLE_PROVIDERS, e->provider_va.value);
        if (p && p->state_va.value == l->state_va.value)
            return true;
    }
    return false;
}

static bool consumer_stays(void *ctx, const void *record)
{
    const struct kdw_consumer *c = record;

    return kdw_snapshot_find(ctx, KDW_TABLE_LOGGERS, c->logger_va.value) != NULL;
}

/* Of those that its name was looked up in. */
static bool process_stays(void *ctx, const void *record)
{
    return ((const struct kdw_process *)record)->va == ((const struct keep *)ctx)->process_va;
}

static bool none(void *ctx, const void *record)
{
    (void)ctx;
    (void)record;
    return false;
}

static void leave_out(struct keep *k)
{
    struct kdw_snapshot *s = k->s;

    kdw_snapshot_filter(s, KDW_TABLE_PROVIDERS, k, stays);
    kdw_snapshot_filter(s, KDW_TABLE_ENABLES, s, enable_stays);
    kdw_snapshot_filter(s, KDW_TABLE_REGISTRATIONS, s, registration_stays);
    kdw_snapshot_filter(s, KDW_TABLE_LOGGERS, s, logger_stays);
    kdw_snapshot_filter(s, KDW_TABLE_CONSUMERS, s, consumer_stays);
    kdw_snapshot_filter(s, KDW_TABLE_PROCESSES, k, process_stays);
    kdw_snapshot_filter(s, KDW_TABLE_SESSIONS, NULL, none);
}

static bool is_of_all(const struct provider_choice *c)
{
    return !c->name && c->silo.kind == SILO_ALL && !c->has_logger && !c->has_process;
}

enum kd_status provider_choice_keep(const struct provider_choice *choice, struct kdw_snapshot *s,
                                    struct kd_diag *diag)
{
    struct keep k = {.choice = choice, .s = s};
    enum kd_status st = KD_OK;

    if (is_of_all(choice))
        return KD_OK;
    if (!provider_links_enables(s, &k.enables) ||
        !provider_links_registrations(s, &k.registrations))
        st = kd_diag_set(diag, KD_ERR_NO_MEMORY, "out of memory");
    if (st == KD_OK)
        st = choose(&k, diag);
    if (st == KD_OK)
        leave_out(&k);
    provider_links_free(&k.enables);
    provider_links_free(&k.registrations);
    return st;
}
