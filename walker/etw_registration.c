#include "etw_parts.h"

#include <walker/text.h>

#define ENTRY          "_ETW_REG_ENTRY"
#define FIELDS(fields) (sizeof(fields) / sizeof((fields)[0]))

/* What a provider says of itself begins with the length of all of it, two bytes, and its name, which
 * ends with a NUL [doc]. */
enum { TRAITS_LEN = 2 };

static const struct kdw_plan_field entry_fields[] = {
    KDW_PLAN_U64("GuidEntry", struct kdw_registration, own_provider_va),
    KDW_PLAN_U64("GroupEntry", struct kdw_registration, group_va),
    KDW_PLAN_U64("Callback", struct kdw_registration, callback_va),
    KDW_PLAN_U64("Index", struct kdw_registration, index),
    KDW_PLAN_U64("Flags", struct kdw_registration, flags),
    KDW_PLAN_U64("EnableMask", struct kdw_registration, enable_mask),
    KDW_PLAN_U64("GroupEnableMask", struct kdw_registration, group_mask),
    KDW_PLAN_U64("HostEnableMask", struct kdw_registration, host_mask),
    KDW_PLAN_U64("HostGroupEnableMask", struct kdw_registration, host_group_mask),
};

/* A program and the kernel's own code share places: of a program's registration, `process_va` holds
 * and a slot for replies stands in place of `session_id`. */
struct owner {
    struct kdw_u64 is_user, process_va, context_va, session_id, traits_va;
};

static const struct kdw_plan_field owner_fields[] = {
    KDW_PLAN_U64("DbgUserRegistration", struct owner, is_user),
    KDW_PLAN_U64("Process", struct owner, process_va),
    KDW_PLAN_U64("CallbackContext", struct owner, context_va),
    KDW_PLAN_U64("SessionId", struct owner, session_id),
    KDW_PLAN_U64("Traits", struct owner, traits_va),
};

static const struct kdw_plan_field pid_fields[] = {
    KDW_PLAN_U64("UniqueProcessId", struct kdw_registration, pid),
};
static const struct kdw_plan_field name_fields[] = {
    KDW_PLAN_CHARS("ImageFileName", struct kdw_registration, process_name),
};

/* By which a provider is still the same. */
static const struct kdw_plan_field provider_fields[] = {
    KDW_PLAN_GUID("Guid", struct kdw_provider, guid),
    KDW_PLAN_U64("SiloState", struct kdw_provider, own_state_va),
};

struct registration_plans {
    struct kdw_plan entry, owner, pid, process_name, provider;
    uint64_t head;               /* in a provider */
    uint64_t links, group_links; /* in a registration */
    uint64_t traits;             /* in what it says of itself */
    bool exist, has_traits;
};

static enum kd_status resolve(struct kdw_walk *w, struct registration_plans *out)
{
    bool has_head = false, has_links = false, has_group_links = false;
    enum kd_status st;

    st = kdw_plan_resolve_optional(w, ENTRY, entry_fields, FIELDS(entry_fields), &out->entry);
    if (st == KD_OK)
        st = kdw_plan_resolve_optional(w, ENTRY, owner_fields, FIELDS(owner_fields), &out->owner);
    if (st == KD_OK)
        st = kdw_plan_resolve_optional(w, "_EPROCESS", pid_fields, FIELDS(pid_fields), &out->pid);
    if (st == KD_OK)
        st = kdw_plan_resolve_optional(w, "_EPROCESS", name_fields, FIELDS(name_fields),
                                       &out->process_name);
    if (st == KD_OK)
        st = kdw_plan_resolve_optional(w, "_ETW_GUID_ENTRY", provider_fields,
                                       FIELDS(provider_fields), &out->provider);
    if (st == KD_OK)
        st = kdw_walk_offset(w, "_ETW_GUID_ENTRY", "RegListHead", &out->head, &has_head);
    if (st == KD_OK)
        st = kdw_walk_offset(w, ENTRY, "RegList", &out->links, &has_links);
    if (st == KD_OK)
        st = kdw_walk_offset(w, ENTRY, "GroupRegList", &out->group_links, &has_group_links);
    if (st == KD_OK)
        st = kdw_walk_offset(w, "_ETW_PROVIDER_TRAITS", "Traits", &out->traits, &out->has_traits);
    out->exist = has_head && has_links && has_group_links;
    return st;
}

/* ---- one registration ---- */

/* The same registration in the snapshot before. An address may be used again, but hardly for the same provider,
 * callback and number [guess]. */
static const struct kdw_registration *find_before(const struct kdw_walk *w,
                                                  const struct kdw_registration *r)
{
    const struct kdw_registration *before = kdw_walk_before(w, KDW_TABLE_REGISTRATIONS, r->va);

    return before && kdw_is_same_known(&before->own_provider_va, &r->own_provider_va) &&
                   kdw_is_same_known(&before->callback_va, &r->callback_va) &&
                   kdw_is_same_known(&before->index, &r->index)
               ? before
               : NULL;
}

/* What a provider says of itself it says once. */
static enum kd_status read_traits(struct kdw_walk *w, const struct registration_plans *plans,
                                  const struct kdw_registration *before,
                                  const struct kdw_u64 *traits_va, struct kdw_text *out)
{
    enum kd_status st = KD_OK;

    if (kd_is_unreadable(traits_va->status))
        *out = (struct kdw_text){.status = traits_va->status, .fault_va = traits_va->fault_va};
    if (!plans->has_traits || !kdw_is_set(traits_va) ||
        kdw_walk_keeps(before ? &before->traits_name : NULL, out, &st))
        return st;
    st = kdw_chars_read(w->k->mem, traits_va->value + plans->traits + TRAITS_LEN, KDW_CHARS_MAX,
                        out);
    return kdw_ends_walk(st) ? st : KD_OK;
}

/* A process that keeps its place and its id keeps its name. */
static enum kd_status read_process(struct kdw_walk *w, const struct registration_plans *plans,
                                   const struct kdw_registration *before,
                                   struct kdw_registration *r)
{
    enum kd_status st = kdw_plan_read(w, &plans->pid, r->process_va.value, r);

    if (st != KD_OK)
        return st;
    if (before && kdw_is_same_known(&before->process_va, &r->process_va) &&
        kdw_is_same_known(&before->pid, &r->pid) &&
        kdw_walk_keeps(&before->process_name, &r->process_name, &st))
        return st;
    return kdw_plan_read(w, &plans->process_name, r->process_va.value, r);
}

static enum kd_status read_owner(struct kdw_walk *w, const struct registration_plans *plans,
                                 struct kdw_registration *r)
{
    const struct kdw_u64 none = {.status = KD_ERR_NOT_FOUND};
    const struct kdw_registration *before = find_before(w, r);
    struct owner o = {none, none, none, none, none};
    enum kd_status st = kdw_plan_read(w, &plans->owner, r->va, &o);

    if (st == KD_OK)
        st = read_traits(w, plans, before, &o.traits_va, &r->traits_name);
    if (st != KD_OK)
        return st;
    if (o.is_user.status != KD_OK) {
        r->process_va = r->context_va = o.is_user;
        return KD_OK;
    }
    if (!o.is_user.value) {
        r->context_va = o.context_va;
        r->session_id = o.session_id;
        return KD_OK;
    }
    r->process_va = o.process_va;
    return kdw_is_set(&r->process_va) ? read_process(w, plans, before, r) : KD_OK;
}

static enum kd_status add(struct kdw_walk *w, const struct registration_plans *plans, uint64_t va,
                          uint64_t provider_va, uint64_t group_va)
{
    struct kdw_registration *r = kdw_snapshot_add(w->s, KDW_TABLE_REGISTRATIONS, va);
    enum kd_status st;

    if (!r)
        return w->s->tables[KDW_TABLE_REGISTRATIONS].is_cut ? KD_OK : KD_ERR_NO_MEMORY;
    r->provider_va = kdw_known(provider_va);
    r->listed_group_va = kdw_known(group_va);
    st = kdw_plan_read(w, &plans->entry, va, r);
    return st == KD_OK ? read_owner(w, plans, r) : st;
}

/* ---- those of a provider, and of a group of providers ---- */

static struct kdw_registration *find(struct kdw_snapshot *s, uint64_t va)
{
    struct kdw_registration *records = s->tables[KDW_TABLE_REGISTRATIONS].records;
    const struct kdw_registration *r = kdw_snapshot_find(s, KDW_TABLE_REGISTRATIONS, va);

    return r ? records + (r - records) : NULL;
}

struct place { /* where registrations are found */
    const struct registration_plans *plans;
    size_t provider; /* its number */
    uint64_t provider_va;
};

/* One that moved within its list during a pause, or is met from its other end, was met before. */
static enum kd_status note_registration(struct kdw_walk *w, const void *ctx, uint64_t links_va)
{
    const struct place *at = ctx;
    uint64_t va = links_va - at->plans->links;
    const struct kdw_registration *r = find(w->s, va);

    return r && r->provider_va.value == at->provider_va ? KD_OK
                                                        : add(w, at->plans, va, at->provider_va, 0);
}

/* It should have been met in its provider's list. */
static enum kd_status note_member(struct kdw_walk *w, const void *ctx, uint64_t links_va)
{
    const struct place *at = ctx;
    uint64_t va = links_va - at->plans->group_links;
    struct kdw_registration *r = find(w->s, va);

    if (r && r->listed_group_va.value == at->provider_va)
        return KD_OK;
    if (!r || r->listed_group_va.value)
        return add(w, at->plans, va, 0, at->provider_va);
    r->listed_group_va = kdw_known(at->provider_va);
    return KD_OK;
}

static enum kd_status provider_is_there(struct kdw_walk *w, const void *owner, bool *out)
{
    static const size_t members[] = {offsetof(struct kdw_provider, guid),
                                     offsetof(struct kdw_provider, own_state_va)};
    const struct place *at = owner;

    return kdw_walk_is_still(w, KDW_TABLE_PROVIDERS, at->provider, &at->plans->provider,
                             at->provider_va, members, FIELDS(members), out);
}

/* What lies behind an entry that cannot be read is reached from the other end, and ends there as well. */
static enum kd_status read_list(struct kdw_walk *w, const struct registration_plans *plans,
                                size_t i, bool groups)
{
    const struct kdw_provider *p =
        (const struct kdw_provider *)w->s->tables[KDW_TABLE_PROVIDERS].records + i;
    const struct place at = {plans, i, p->va};
    const struct kdw_walk_list list = {.head_va = p->va + plans->head,
                                       .name = "RegListHead",
                                       .owner_va = p->va,
                                       .back = KDW_BACK_FROM_HOLES,
                                       .is_there = provider_is_there,
                                       .owner = &at};

    size_t left = 2 * kdw_snapshot_tables[KDW_TABLE_REGISTRATIONS].max - /* in provider and group */
                  w->followed.registrations;
    size_t rest = left;
    enum kd_status st;

    if ((p->type.value == KDW_PROVIDER_GROUP) != groups)
        return KD_OK;
    st = kdw_walk_each(w, &list, &rest, groups ? note_member : note_registration, &at);
    w->followed.registrations += left - rest;
    return st;
}

enum kd_status kdw_registrations_read(struct kdw_walk *w)
{
    const struct kdw_table *providers = &w->s->tables[KDW_TABLE_PROVIDERS];
    struct registration_plans plans;
    enum kd_status st = resolve(w, &plans);

    for (int groups = 0; groups < 2 && plans.exist; groups++) /* which come second */
        for (size_t i = w->followed.providers; i < providers->len && st == KD_OK; i++)
            st = read_list(w, &plans, i, groups);
    w->followed.providers = providers->len;
    return st;
}
