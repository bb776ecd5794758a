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

static const struct kdw_plan_field process_fields[] = {
    KDW_PLAN_U64("UniqueProcessId", struct kdw_registration, pid),
    KDW_PLAN_CHARS("ImageFileName", struct kdw_registration, process_name),
};

struct registration_plans {
    struct kdw_plan entry, owner, process;
    uint64_t head;               /* in a provider */
    uint64_t links, group_links; /* in a registration */
    uint64_t traits;             /* in what it says of itself */
    bool exist, has_traits;
    size_t left; /* entries of lists that may still be walked, of all providers together */
};

static enum kd_status resolve(struct kdw_walk *w, struct registration_plans *out)
{
    bool has_head = false, has_links = false, has_group_links = false;
    enum kd_status st;

    st = kdw_plan_resolve_optional(w, ENTRY, entry_fields, FIELDS(entry_fields), &out->entry);
    if (st == KD_OK)
        st = kdw_plan_resolve_optional(w, ENTRY, owner_fields, FIELDS(owner_fields), &out->owner);
    if (st == KD_OK)
        st = kdw_plan_resolve_optional(w, "_EPROCESS", process_fields, FIELDS(process_fields),
                                       &out->process);
    if (st == KD_OK)
        st = kdw_walk_offset(w, "_ETW_GUID_ENTRY", "RegListHead", &out->head, &has_head);
    if (st == KD_OK)
        st = kdw_walk_offset(w, ENTRY, "RegList", &out->links, &has_links);
    if (st == KD_OK)
        st = kdw_walk_offset(w, ENTRY, "GroupRegList", &out->group_links, &has_group_links);
    if (st == KD_OK)
        st = kdw_walk_offset(w, "_ETW_PROVIDER_TRAITS", "Traits", &out->traits, &out->has_traits);
    out->exist = has_head && has_links && has_group_links;
    out->left = 2 * kdw_snapshot_tables[KDW_TABLE_REGISTRATIONS].max - /* provider and group */
                w->followed.registrations;
    return st;
}

/* ---- one registration ---- */

static enum kd_status read_traits(struct kdw_walk *w, const struct registration_plans *plans,
                                  const struct kdw_u64 *traits_va, struct kdw_text *out)
{
    enum kd_status st;

    if (kd_is_unreadable(traits_va->status))
        *out = (struct kdw_text){.status = traits_va->status, .fault_va = traits_va->fault_va};
    if (!plans->has_traits || !kdw_is_set(traits_va))
        return KD_OK;
    st = kdw_chars_read(w->k->mem, traits_va->value + plans->traits + TRAITS_LEN, KDW_CHARS_MAX,
                        out);
    return kdw_ends_walk(st) ? st : KD_OK;
}

static enum kd_status read_owner(struct kdw_walk *w, const struct registration_plans *plans,
                                 struct kdw_registration *r)
{
    const struct kdw_u64 none = {.status = KD_ERR_NOT_FOUND};
    struct owner o = {none, none, none, none, none};
    enum kd_status st = kdw_plan_read(w, &plans->owner, r->va, &o);

    if (st == KD_OK)
        st = read_traits(w, plans, &o.traits_va, &r->traits_name);
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
    return kdw_is_set(&r->process_va) ? kdw_plan_read(w, &plans->process, r->process_va.value, r)
                                      : KD_OK;
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

/* It should have been met in its provider's list. */
static enum kd_status note_group(struct kdw_walk *w, const struct registration_plans *plans,
                                 uint64_t va, uint64_t group_va)
{
    struct kdw_registration *r = find(w->s, va);

    if (!r || r->listed_group_va.value)
        return add(w, plans, va, 0, group_va);
    r->listed_group_va = kdw_known(group_va);
    return KD_OK;
}

static enum kd_status read_entries(struct kdw_walk *w, struct registration_plans *plans,
                                   struct kdw_list *list, const struct kdw_provider *p)
{
    bool is_group = p->type.value == KDW_PROVIDER_GROUP;
    uint64_t links_va;

    while (kdw_list_next(list, &links_va)) {
        enum kd_status st;

        if (is_group)
            st = note_group(w, plans, links_va - plans->group_links, p->va);
        else
            st = add(w, plans, links_va - plans->links, p->va, 0);
        if (st != KD_OK)
            return st;
    }
    plans->left -= list->count;
    w->followed.registrations += list->count;
    return kdw_ends_walk(list->end) ? list->end : KD_OK;
}

/* What lies behind an entry that cannot be read is reached from the other end, and ends there as well. */
static enum kd_status read_list(struct kdw_walk *w, struct registration_plans *plans,
                                const struct kdw_provider *p)
{
    uint64_t head_va = p->va + plans->head;
    struct kdw_list list, back;
    enum kd_status st;

    kdw_list_begin(&list, w->k->mem, head_va, plans->left);
    st = read_entries(w, plans, &list, p);
    if (st == KD_OK && kd_is_unreadable(list.end)) {
        kdw_list_begin_back(&back, w->k->mem, head_va, plans->left);
        st = read_entries(w, plans, &back, p);
    }
    return st == KD_OK ? kdw_walk_list_end(w, &list, "RegListHead", p->va) : st;
}

enum kd_status kdw_registrations_read(struct kdw_walk *w)
{
    const struct kdw_table *providers = &w->s->tables[KDW_TABLE_PROVIDERS];
    struct registration_plans plans;
    enum kd_status st = resolve(w, &plans);

    for (int groups = 0; groups < 2; groups++) /* which come second */
        for (size_t i = w->followed.providers; i < providers->len && st == KD_OK; i++) {
            const struct kdw_provider *p = (const struct kdw_provider *)providers->records + i;

            if (plans.exist && (p->type.value == KDW_PROVIDER_GROUP) == groups)
                st = read_list(w, &plans, p);
        }
    w->followed.providers = providers->len;
    return st;
}
