#include "etw_parts.h"

#define STATE          "_ETW_SILODRIVERSTATE"
#define FIELDS(fields) (sizeof(fields) / sizeof((fields)[0]))

enum {
    BUCKETS_MAX = 256, /* 64 since there are any */
    TYPES = 3,         /* lists of a bucket: KDW_PROVIDER_TRACE, _NOTIFICATION, _GROUP */
    LIST_HEAD_LEN = 16,
    SLOTS_MAX = 64, /* of one provider: 8, in later kernels 16 */
    SLOT_LEN_MAX = 64,
};

static const struct kdw_plan_field entry_fields[] = {
    KDW_PLAN_U64("RefCount", struct kdw_provider, references),
    KDW_PLAN_GUID("Guid", struct kdw_provider, guid),
    KDW_PLAN_U64("SecurityDescriptor", struct kdw_provider, descriptor_va),
    KDW_PLAN_U64("ProviderEnableInfo.IsEnabled", struct kdw_provider, enabled),
    KDW_PLAN_U64("ProviderEnableInfo.Level", struct kdw_provider, level),
    KDW_PLAN_U64("ProviderEnableInfo.EnableProperty", struct kdw_provider, property),
    KDW_PLAN_U64("ProviderEnableInfo.MatchAnyKeyword", struct kdw_provider, any_keyword),
    KDW_PLAN_U64("ProviderEnableInfo.MatchAllKeyword", struct kdw_provider, all_keyword),
    KDW_PLAN_U64("FilterData", struct kdw_provider, filter_va),
    KDW_PLAN_U64("SiloState", struct kdw_provider, own_state_va),
    KDW_PLAN_U64("HostEntry", struct kdw_provider, host_entry_va),
    KDW_PLAN_U64("Lock", struct kdw_provider, lock),
    KDW_PLAN_U64("LockOwner", struct kdw_provider, lock_owner_va),
};

static const struct kdw_plan_field slot_fields[] = {
    KDW_PLAN_U64("IsEnabled", struct kdw_enable, enabled),
    KDW_PLAN_U64("Level", struct kdw_enable, level),
    KDW_PLAN_U64("LoggerId", struct kdw_enable, logger_id),
    KDW_PLAN_U64("EnableProperty", struct kdw_enable, property),
    KDW_PLAN_U64("MatchAnyKeyword", struct kdw_enable, any_keyword),
    KDW_PLAN_U64("MatchAllKeyword", struct kdw_enable, all_keyword),
};

struct provider_plans {
    struct kdw_plan entry, slot;
    uint64_t links, slots_at; /* in an entry */
    size_t slots;
    uint64_t table, security;  /* in a state: the buckets, the entry that is in none */
    uint64_t heads, lock, len; /* of a bucket */
    size_t buckets;
    bool has_security;
};

/* ---- plans ---- */

/* A field that is an array of `type`: where it is, and how many; 0: this kernel has no such thing. */
static enum kd_status locate_array(struct kdw_walk *w, const char *owner, const char *field,
                                   uint64_t element_len, uint64_t *offset, size_t *len)
{
    struct kdw_field_ref ref;
    struct kdw_layout layout;
    enum kd_status st = kdw_layout_resolve_optional(w->k, owner, &field, 1, &ref, &layout);

    *offset = ref.offset;
    *len = st == KD_OK && ref.exists && element_len ? (size_t)(ref.size / element_len) : 0;
    return st;
}

static enum kd_status resolve_buckets(struct kdw_walk *w, struct provider_plans *out)
{
    static const char *const names[] = {"ListHead", "BucketLock"};
    struct kdw_field_ref refs[FIELDS(names)];
    struct kdw_layout bucket;
    enum kd_status st =
        kdw_layout_resolve_optional(w->k, "_ETW_HASH_BUCKET", names, FIELDS(names), refs, &bucket);

    if (st != KD_OK)
        return st;
    out->heads = refs[0].offset;
    out->lock = refs[1].offset;
    out->len = bucket.size;
    st = locate_array(w, STATE, "EtwpGuidHashTable", bucket.size, &out->table, &out->buckets);
    if (!refs[0].exists || !refs[1].exists || refs[0].size < TYPES * LIST_HEAD_LEN)
        out->buckets = 0;
    if (out->buckets > BUCKETS_MAX)
        out->buckets = BUCKETS_MAX;
    return st;
}

static enum kd_status resolve_slots(struct kdw_walk *w, struct provider_plans *out)
{
    enum kd_status st = kdw_plan_resolve_optional(w, "_TRACE_ENABLE_INFO", slot_fields,
                                                  FIELDS(slot_fields), &out->slot);

    if (st == KD_OK)
        st = locate_array(w, "_ETW_GUID_ENTRY", "EnableInfo", out->slot.layout.size, &out->slots_at,
                          &out->slots);
    if (out->slots > SLOTS_MAX || out->slot.layout.size > SLOT_LEN_MAX)
        out->slots = 0;
    return st;
}

static enum kd_status resolve(struct kdw_walk *w, struct provider_plans *out)
{
    bool has_links = false;
    enum kd_status st = kdw_plan_resolve_optional(w, "_ETW_GUID_ENTRY", entry_fields,
                                                  FIELDS(entry_fields), &out->entry);

    if (st == KD_OK)
        st = kdw_walk_offset(w, "_ETW_GUID_ENTRY", "GuidList", &out->links, &has_links);
    if (st == KD_OK)
        st = kdw_walk_offset(w, STATE, "EtwpSecurityProviderGuidEntry", &out->security,
                             &out->has_security);
    if (st == KD_OK)
        st = resolve_slots(w, out);
    if (st == KD_OK)
        st = resolve_buckets(w, out);
    if (!has_links)
        out->buckets = 0;
    return st;
}

/* ---- one provider ---- */

static bool is_all_zero(const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (bytes[i])
            return false;
    return true;
}

/* A slot that nobody ever used is no record; one that cannot be read may be in use. */
static enum kd_status read_slot(struct kdw_walk *w, const struct provider_plans *plans,
                                uint64_t provider_va, size_t i)
{
    uint8_t bytes[SLOT_LEN_MAX];
    size_t len = (size_t)plans->slot.layout.size;
    uint64_t va = provider_va + plans->slots_at + i * len;
    struct kdw_enable *record;
    enum kd_status st = kdw_mem_read(w->k->mem, va, bytes, len, NULL);

    if (kdw_ends_walk(st))
        return st;
    if (st == KD_OK && is_all_zero(bytes, len))
        return KD_OK;
    record = kdw_snapshot_add(w->s, KDW_TABLE_ENABLES, va);
    if (!record)
        return w->s->tables[KDW_TABLE_ENABLES].is_cut ? KD_OK : KD_ERR_NO_MEMORY;
    record->provider_va = kdw_known(provider_va);
    record->slot = kdw_known(i);
    return kdw_plan_read(w, &plans->slot, va, record);
}

/* `found` says where it was found; the rest is what it says itself. */
static enum kd_status add_provider(struct kdw_walk *w, const struct provider_plans *plans,
                                   uint64_t va, const struct kdw_provider *found)
{
    struct kdw_provider *p = kdw_snapshot_add(w->s, KDW_TABLE_PROVIDERS, va);
    enum kd_status st;

    if (!p)
        return w->s->tables[KDW_TABLE_PROVIDERS].is_cut ? KD_OK : KD_ERR_NO_MEMORY;
    p->state_va = found->state_va;
    p->type = found->type;
    p->bucket = found->bucket;
    p->bucket_lock = found->bucket_lock;
    st = kdw_plan_read(w, &plans->entry, va, p);
    for (size_t i = 0; i < plans->slots && st == KD_OK; i++)
        st = read_slot(w, plans, va, i);
    return st;
}

/* ---- the providers of a state ---- */

struct place { /* where providers are found */
    const struct provider_plans *plans;
    size_t state; /* its number */
    struct kdw_provider found;
    uint64_t va; /* of the bucket, of the entry that is in none */
};

static enum kd_status state_is_there(struct kdw_walk *w, const void *owner, bool *out)
{
    const struct place *at = owner;

    return kdw_state_is_there(w, at->state, out);
}

/* A unit. */
static enum kd_status add_security(struct kdw_walk *w, void *arg)
{
    const struct place *at = arg;
    bool is_there = false;
    enum kd_status st = kdw_state_is_there(w, at->state, &is_there);

    return st == KD_OK && is_there ? add_provider(w, at->plans, at->va, &at->found) : st;
}

/* A unit. */
static enum kd_status read_bucket_lock(struct kdw_walk *w, void *arg)
{
    struct place *at = arg;

    return kdw_walk_u64(w, at->va + at->plans->lock, &at->found.bucket_lock);
}

static bool is_in_same_list(const struct kdw_provider *a, const struct kdw_provider *b)
{
    return a->state_va.value == b->state_va.value && a->type.value == b->type.value &&
           a->bucket.value == b->bucket.value;
}

/* One that moved within its list during a pause, or is met from its other end, was met before. */
static enum kd_status note_provider(struct kdw_walk *w, const void *ctx, uint64_t links_va)
{
    const struct place *at = ctx;
    uint64_t va = links_va - at->plans->links;
    const struct kdw_provider *p = kdw_snapshot_find(w->s, KDW_TABLE_PROVIDERS, va);

    return p && is_in_same_list(p, &at->found) ? KD_OK : add_provider(w, at->plans, va, &at->found);
}

static enum kd_status read_list(struct kdw_walk *w, const struct place *at)
{
    const struct kdw_walk_list list = {.head_va = at->va + at->plans->heads +
                                                  at->found.type.value * LIST_HEAD_LEN,
                                       .name = "EtwpGuidHashTable",
                                       .owner_va = at->found.state_va.value,
                                       .back = KDW_BACK_FROM_HOLES,
                                       .is_there = state_is_there,
                                       .owner = at};
    size_t left =
        kdw_snapshot_tables[KDW_TABLE_PROVIDERS].max - w->s->tables[KDW_TABLE_PROVIDERS].len;

    return kdw_walk_each(w, &list, &left, note_provider, at);
}

static enum kd_status read_bucket(struct kdw_walk *w, struct place *at)
{
    enum kd_status st = kdw_walk_unit(w, read_bucket_lock, at);

    for (unsigned type = 0; type < TYPES && st == KD_OK; type++) {
        at->found.type = kdw_known(type);
        st = read_list(w, at);
    }
    return st;
}

static enum kd_status read_providers(struct kdw_walk *w, const struct provider_plans *plans,
                                     size_t state)
{
    uint64_t va = ((struct kdw_etw_state *)w->s->tables[KDW_TABLE_STATES].records)[state].va;
    struct place at = {.plans = plans,
                       .state = state,
                       .found = {.state_va = kdw_known(va),
                                 .type = kdw_known(KDW_PROVIDER_SECURITY),
                                 .bucket.status = KD_ERR_NOT_FOUND,
                                 .bucket_lock.status = KD_ERR_NOT_FOUND},
                       .va = va + plans->security};
    enum kd_status st = KD_OK;

    if (va == 0)
        return KD_OK;
    if (plans->has_security)
        st = kdw_walk_unit(w, add_security, &at);
    for (size_t i = 0; i < plans->buckets && st == KD_OK; i++) {
        at.found.bucket = kdw_known(i);
        at.va = va + plans->table + i * plans->len;
        st = read_bucket(w, &at);
    }
    return st;
}

enum kd_status kdw_walk_providers(struct kdw_walk *w)
{
    const struct kdw_table *states = &w->s->tables[KDW_TABLE_STATES];
    struct provider_plans plans;
    enum kd_status st;

    if (!(w->parts & KDW_PART_PROVIDERS))
        return KD_OK;
    w->s->tables[KDW_TABLE_PROVIDERS].is_taken = true;
    w->s->tables[KDW_TABLE_ENABLES].is_taken = true;
    w->s->tables[KDW_TABLE_REGISTRATIONS].is_taken = true;
    st = resolve(w, &plans);
    for (size_t *i = &w->followed.states_with_providers; *i < states->len && st == KD_OK; ++*i)
        st = read_providers(w, &plans, *i);
    return st == KD_OK ? kdw_registrations_read(w) : st;
}
