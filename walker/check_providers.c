/* check_providers.c - providers: whether they are where the kernel looks for them, and enabled as they seem. */
#include "check_parts.h"

enum {
    BUCKETS = 64,
    SLOTS_MAX = 64 /* 8, in later kernels 16 [seen]: as many as a word has bits */
};

static bool is_listed(const struct kdw_provider *p)
{
    return p->type.status == KD_OK && p->type.value != KDW_PROVIDER_SECURITY;
}

typedef void check_provider(struct kdw_checker *c, const struct kdw_etw_state *state,
                            const struct kdw_provider *p);

static void each_listed(struct kdw_checker *c, const struct kdw_etw_state *state,
                        check_provider *check)
{
    struct kdw_rows rows = kdw_rows_of(c, KDW_PROVIDERS_OF_STATE, state->va);
    const struct kdw_provider *p;

    if (!kdw_check_has_providers(c, state))
        return;
    while ((p = kdw_rows_next(&rows)) != NULL)
        if (is_listed(p))
            check(c, state, p);
}

/* ---- T6 ---- */

void kdw_check_guid_count(struct kdw_checker *c, const struct kdw_etw_state *state)
{
    struct kdw_subject subject = {KDW_TABLE_STATES, state->va, KDW_FAIL};
    struct kdw_rows rows = kdw_rows_of(c, KDW_PROVIDERS_OF_STATE, state->va);
    struct kdw_rows broken = kdw_rows_of(c, KDW_BROKEN_LISTS_OF_OWNER, state->va);
    const struct kdw_provider *p;
    uint64_t count = 0;

    if (!kdw_check_has(c, KDW_TABLE_PROVIDERS))
        return;
    while ((p = kdw_rows_next(&rows)) != NULL) {
        count += is_listed(p);
        kdw_subject_lock(&subject, &p->bucket_lock, KDW_PUSH_LOCK_HELD);
    }
    kdw_check_needs(c, &subject, KDW_TABLE_PROVIDERS);
    if (kdw_rows_next(&broken))
        subject.at_worst = KDW_UNREADABLE;
    kdw_check_equal(c, &subject, "GuidCount", &state->guid_count, count);
}

/* ---- T7 ---- */

/* The four words of a GUID, put together [guess: kernel listings]. */
static uint64_t bucket_of(const struct kdw_guid *guid)
{
    uint8_t low = 0;

    for (size_t i = 0; i < 16; i += 4)
        low ^= guid->bytes[i];
    return low % BUCKETS;
}

static void check_place(struct kdw_checker *c, const struct kdw_etw_state *state,
                        const struct kdw_provider *p)
{
    struct kdw_subject provider = kdw_subject_of_provider(p);

    if (p->guid.status == KD_OK)
        kdw_check_equal(c, &provider, "bucket", &p->bucket, bucket_of(&p->guid));
    else if (p->guid.status != KD_ERR_NOT_FOUND)
        kdw_check_doubt(c, &provider, KDW_UNREADABLE, "Guid",
                        &(struct kdw_u64){p->guid.status, 0, p->guid.fault_va}, "readable");
    kdw_check_equal(c, &provider, "SiloState", &p->own_state_va, state->va);
}

void kdw_check_buckets(struct kdw_checker *c, const struct kdw_etw_state *state)
{
    struct kdw_subject lists = {KDW_TABLE_STATES, state->va, KDW_FAIL};
    struct kdw_rows rows = kdw_rows_of(c, KDW_PROVIDERS_OF_STATE, state->va);
    const struct kdw_provider *p;

    each_listed(c, state, check_place);
    while ((p = kdw_rows_next(&rows)) != NULL)
        kdw_subject_lock(&lists, &p->bucket_lock, KDW_PUSH_LOCK_HELD);
    (void)kdw_check_lists(c, &lists, state->va, NULL);
}

/* ---- T8 ---- */

struct sum {
    uint64_t enabled, level, property, any, all;
    struct kdw_u64 unknown; /* a fact of a slot that could not be read */
};

static void note_unknown(struct sum *sum, const struct kdw_u64 *fact)
{
    if (fact->status != KD_OK && sum->unknown.status == KD_OK)
        sum->unknown = *fact;
}

static void add_slot(struct sum *sum, const struct kdw_enable *e)
{
    note_unknown(sum, &e->enabled);
    if (e->enabled.status != KD_OK || e->enabled.value == 0)
        return;
    note_unknown(sum, &e->level);
    note_unknown(sum, &e->property);
    note_unknown(sum, &e->any_keyword);
    note_unknown(sum, &e->all_keyword);
    sum->enabled = 1;
    if (e->level.value > sum->level)
        sum->level = e->level.value;
    sum->property |= e->property.value;
    sum->any |= e->any_keyword.value;
    sum->all &= e->all_keyword.value;
}

static struct sum sum_of(const struct kdw_checker *c, const struct kdw_provider *p)
{
    struct kdw_rows rows = kdw_rows_of(c, KDW_ENABLES_OF_PROVIDER, p->va);
    const struct kdw_enable *e;
    struct sum sum = {.all = UINT64_MAX, .unknown = {.status = KD_OK}};

    while ((e = kdw_rows_next(&rows)) != NULL)
        add_slot(&sum, e);
    return sum;
}

/* Of one that is not enabled the rest is left as it may be: what the sum over no slots is, is not
 * known. */
static void check_sum(struct kdw_checker *c, const struct kdw_etw_state *state,
                      const struct kdw_provider *p)
{
    struct kdw_subject provider = kdw_subject_of_provider(p);
    struct sum sum;

    (void)state;
    if (!kdw_is_first(c, KDW_TABLE_PROVIDERS, p, p->va))
        return;
    sum = sum_of(c, p);
    kdw_check_needs(c, &provider, KDW_TABLE_ENABLES);
    if (sum.unknown.status != KD_OK) {
        (void)kdw_check_knows(c, &provider, "EnableInfo", &sum.unknown);
        return;
    }
    if (kdw_check_knows(c, &provider, "ProviderEnableInfo.IsEnabled", &p->enabled))
        kdw_check_that(c, &provider, (p->enabled.value != 0) == (sum.enabled != 0),
                       "ProviderEnableInfo.IsEnabled", &p->enabled, sum.enabled ? "1" : "0");
    if (!sum.enabled)
        return;
    kdw_check_equal(c, &provider, "ProviderEnableInfo.Level", &p->level, sum.level);
    kdw_check_equal(c, &provider, "ProviderEnableInfo.EnableProperty", &p->property, sum.property);
    kdw_check_equal(c, &provider, "ProviderEnableInfo.MatchAnyKeyword", &p->any_keyword, sum.any);
    kdw_check_equal(c, &provider, "ProviderEnableInfo.MatchAllKeyword", &p->all_keyword, sum.all);
}

void kdw_check_sums(struct kdw_checker *c, const struct kdw_etw_state *state)
{
    if (kdw_check_has(c, KDW_TABLE_ENABLES))
        each_listed(c, state, check_sum);
}

/* ---- T9 ---- */

struct holders {      /* who has reason to refer to an entry */
    uint64_t enabled; /* slots, a bit each */
    uint64_t slots, registrations;
    bool are_slots_known;
    uint64_t masks; /* what registrations still believe to be enabled */
};

static uint64_t bits_of(uint64_t word)
{
    uint64_t count = 0;

    for (; word; word &= word - 1)
        count++;
    return count;
}

static struct holders holders_of(const struct kdw_checker *c, const struct kdw_provider *p)
{
    bool is_group = kdw_value(&p->type) == KDW_PROVIDER_GROUP;
    struct kdw_rows enables = kdw_rows_of(c, KDW_ENABLES_OF_PROVIDER, p->va);
    struct kdw_rows registrations = kdw_rows_of(
        c, is_group ? KDW_REGISTRATIONS_OF_GROUP : KDW_REGISTRATIONS_OF_PROVIDER, p->va);
    const struct kdw_enable *e;
    const struct kdw_registration *r;
    struct holders holders = {.are_slots_known = true};

    while ((e = kdw_rows_next(&enables)) != NULL) {
        holders.are_slots_known &= e->enabled.status == KD_OK;
        if (kdw_value(&e->enabled) == 0 || kdw_value(&e->slot) >= SLOTS_MAX)
            continue;
        holders.slots++;
        holders.enabled |= UINT64_C(1) << kdw_value(&e->slot);
    }
    while ((r = kdw_rows_next(&registrations)) != NULL) {
        holders.registrations++;
        holders.masks |= kdw_value(is_group ? &r->group_mask : &r->enable_mask);
    }
    return holders;
}

/* A slot that was zeroed by hand leaves its reference behind, and its bit in the masks. */
static void check_references(struct kdw_checker *c, const struct kdw_etw_state *state,
                             const struct kdw_provider *p)
{
    struct kdw_subject provider = kdw_subject_of_provider(p);
    struct kdw_subject former_slots = provider;
    struct holders holders;
    uint64_t least, former;
    int64_t surplus;

    (void)state;
    if (!kdw_is_first(c, KDW_TABLE_PROVIDERS, p, p->va) ||
        !kdw_check_knows(c, &provider, "RefCount", &p->references))
        return;
    holders = holders_of(c, p);
    least = holders.slots + holders.registrations;
    former = bits_of(holders.masks & ~holders.enabled);
    surplus = (int64_t)(p->references.value - least);
    kdw_check_that(c, &provider, surplus >= 0, "RefCount", &p->references,
                   "the enabled slots and registrations at least");
    kdw_check_needs(c, &former_slots, KDW_TABLE_ENABLES);
    if (!holders.are_slots_known)
        former_slots.at_worst = KDW_UNREADABLE;
    kdw_check_that(c, &former_slots, former == 0 || surplus < 0 || (uint64_t)surplus < former,
                   "RefCount", &p->references,
                   "without those of slots that only masks of registrations still show");
}

void kdw_check_references(struct kdw_checker *c, const struct kdw_etw_state *state)
{
    if (kdw_check_has(c, KDW_TABLE_ENABLES) && kdw_check_has(c, KDW_TABLE_REGISTRATIONS))
        each_listed(c, state, check_references);
}

/* ---- T10 ---- */

static void check_slot(struct kdw_checker *c, const struct kdw_etw_state *state,
                       const struct kdw_provider *p, const struct kdw_enable *e)
{
    struct kdw_subject slot = {KDW_TABLE_ENABLES, e->va, KDW_FAIL};
    const struct kdw_logger *l;

    slot.at_worst = kdw_subject_of_provider(p).at_worst;
    if (!kdw_check_knows(c, &slot, "IsEnabled", &e->enabled) || e->enabled.value == 0 ||
        !kdw_check_knows(c, &slot, "LoggerId", &e->logger_id))
        return;
    l = kdw_logger_in_slot(c, state->va, e->logger_id.value);
    if (l && kdw_subject_of_logger(c, l).at_worst < slot.at_worst)
        slot.at_worst = kdw_subject_of_logger(c, l).at_worst;
    kdw_check_needs_slots(c, &slot, state);
    if (l && l->state.value == KDW_LOGGER_LOST_SLOT)
        slot.at_worst = KDW_UNREADABLE;
    kdw_check_that(c, &slot,
                   l && (kdw_logger_is_live(l) || l->state.value == KDW_LOGGER_UNREADABLE),
                   "LoggerId", &e->logger_id, "of a live logger");
}

static void check_slots(struct kdw_checker *c, const struct kdw_etw_state *state,
                        const struct kdw_provider *p)
{
    struct kdw_rows rows = kdw_rows_of(c, KDW_ENABLES_OF_PROVIDER, p->va);
    const struct kdw_enable *e;

    if (!kdw_is_first(c, KDW_TABLE_PROVIDERS, p, p->va))
        return;
    while ((e = kdw_rows_next(&rows)) != NULL)
        check_slot(c, state, p, e);
}

/* Which loggers of a state some provider is enabled for, a bit each; those of the kernel and of the
 * security provider get their events otherwise. */
struct served {
    uint8_t bits[8192];
};

static void note_served(const struct kdw_checker *c, const struct kdw_provider *p,
                        struct served *served)
{
    struct kdw_rows rows = kdw_rows_of(c, KDW_ENABLES_OF_PROVIDER, p->va);
    const struct kdw_enable *e;

    if (!kdw_is_first(c, KDW_TABLE_PROVIDERS, p, p->va))
        return;
    while ((e = kdw_rows_next(&rows)) != NULL)
        if (kdw_value(&e->enabled) && e->logger_id.status == KD_OK &&
            e->logger_id.value / 8 < sizeof served->bits)
            served->bits[e->logger_id.value / 8] |= (uint8_t)(1u << e->logger_id.value % 8);
}

static void inform_of_unserved(struct kdw_checker *c, const struct kdw_etw_state *state)
{
    struct kdw_rows providers = kdw_rows_of(c, KDW_PROVIDERS_OF_STATE, state->va);
    struct kdw_rows loggers = kdw_rows_of(c, KDW_LOGGERS_OF_STATE, state->va);
    const struct kdw_provider *p;
    const struct kdw_logger *l;
    struct served served = {{0}};

    while ((p = kdw_rows_next(&providers)) != NULL)
        note_served(c, p, &served);
    while ((l = kdw_rows_next(&loggers)) != NULL) {
        const struct kdw_subject logger = {KDW_TABLE_LOGGERS, l->va, KDW_INFORMATION};

        if (kdw_logger_is_live(l) && l->flags.status == KD_OK &&
            !kdw_logger_has_flag(l, KDW_LOGGER_KERNEL_TRACE) &&
            l->slot.value / 8 < sizeof served.bits &&
            !(served.bits[l->slot.value / 8] >> l->slot.value % 8 & 1))
            kdw_check_inform(c, &logger, "providers", NULL,
                             "no provider is enabled for this logger");
    }
}

void kdw_check_enabled_loggers(struct kdw_checker *c, const struct kdw_etw_state *state)
{
    if (!kdw_check_has(c, KDW_TABLE_ENABLES) || !kdw_check_has(c, KDW_TABLE_LOGGERS))
        return;
    each_listed(c, state, check_slots);
    if (kdw_check_is_whole(c, KDW_TABLE_PROVIDERS) && kdw_check_is_whole(c, KDW_TABLE_ENABLES))
        inform_of_unserved(c, state);
}

/* ---- T12 ---- */

static bool is_antimalware(const struct kdw_process *p)
{
    return p->protection.status == KD_OK && (p->protection.value >> 4 & 0xf) == 3 &&
           (p->protection.value & 7) != 0 && kdw_value(&p->exited_100ns) == 0;
}

static bool has_antimalware(const struct kdw_checker *c)
{
    KDW_EACH(c->s, KDW_TABLE_PROCESSES, struct kdw_process, p)
    if (is_antimalware(p))
        return true;
    return false;
}

static bool is_heard(const struct kdw_checker *c, const struct kdw_logger *l)
{
    struct kdw_rows rows = kdw_rows_of(c, KDW_CONSUMERS_OF_LOGGER, l->va);
    const struct kdw_consumer *consumer;

    while ((consumer = kdw_rows_next(&rows)) != NULL) {
        const struct kdw_process *p =
            kdw_snapshot_find(c->s, KDW_TABLE_PROCESSES, kdw_value(&consumer->process_va));

        if (!p || kdw_value(&p->exited_100ns) == 0)
            return true;
    }
    return false;
}

static bool may_be_heard(const struct kdw_checker *c, const struct kdw_logger *l)
{
    struct kdw_rows broken = kdw_rows_of(c, KDW_BROKEN_LISTS_OF_OWNER, l->va);

    return l->state.value == KDW_LOGGER_LOST_SLOT || l->state.value == KDW_LOGGER_UNREADABLE ||
           kdw_rows_next(&broken) != NULL;
}

static bool reaches_a_consumer(const struct kdw_checker *c, const struct kdw_etw_state *state,
                               const struct kdw_provider *p, struct kdw_subject *subject)
{
    struct kdw_rows rows = kdw_rows_of(c, KDW_ENABLES_OF_PROVIDER, p->va);
    const struct kdw_enable *e;

    while ((e = kdw_rows_next(&rows)) != NULL) {
        const struct kdw_logger *l;

        if (e->enabled.status != KD_OK || e->logger_id.status != KD_OK)
            subject->at_worst = KDW_UNREADABLE;
        if (!kdw_value(&e->enabled))
            continue;
        l = kdw_logger_in_slot(c, state->va, kdw_value(&e->logger_id));
        if (l && kdw_logger_is_live(l) && is_heard(c, l))
            return true;
        if (l && may_be_heard(c, l))
            subject->at_worst = KDW_UNREADABLE;
        else if (l && kdw_subject_of_logger(c, l).at_worst < subject->at_worst)
            subject->at_worst = kdw_subject_of_logger(c, l).at_worst;
    }
    return false;
}

static const struct kdw_provider *find_provider(const struct kdw_checker *c,
                                                const struct kdw_etw_state *state,
                                                const uint8_t guid[16])
{
    struct kdw_rows rows = kdw_rows_of(c, KDW_PROVIDERS_OF_STATE, state->va);
    const struct kdw_provider *p;

    while ((p = kdw_rows_next(&rows)) != NULL)
        if (p->type.value == KDW_PROVIDER_TRACE && kdw_guid_is(&p->guid, guid))
            return p;
    return NULL;
}

/* Kernels that write its events have a handle for it. */
static bool kernel_has_handle(const struct kdw_checker *c)
{
    KDW_EACH(c->s, KDW_TABLE_VARIABLES, struct kdw_variable, v)
    if (kdw_text_is(&v->name, "EtwThreatIntProvRegHandle"))
        return true;
    return false;
}

static void check_existence(struct kdw_checker *c, const struct kdw_etw_state *state)
{
    struct kdw_subject subject = {KDW_TABLE_STATES, state->va, KDW_FAIL};
    struct kdw_rows broken = kdw_rows_of(c, KDW_BROKEN_LISTS_OF_OWNER, state->va);

    kdw_check_needs(c, &subject, KDW_TABLE_PROVIDERS);
    KDW_EACH(c->s, KDW_TABLE_PROVIDERS, struct kdw_provider, p)
    if (p->guid.status != KD_OK)
        subject.at_worst = KDW_UNREADABLE; /* it may be this one */
    if (kdw_rows_next(&broken))
        subject.at_worst = KDW_UNREADABLE;
    if (kernel_has_handle(c))
        kdw_check_that(c, &subject, false, "provider Microsoft-Windows-Threat-Intelligence", NULL,
                       "in its bucket");
}

void kdw_check_threat_intelligence(struct kdw_checker *c, const struct kdw_etw_state *state)
{
    const struct kdw_provider *p = find_provider(c, state, kdw_threat_intelligence);
    struct kdw_subject subject;
    bool is_reached;

    if (state->silo_va.value || !kdw_check_has(c, KDW_TABLE_PROVIDERS) ||
        !kdw_check_has(c, KDW_TABLE_PROCESSES) || !kdw_check_has(c, KDW_TABLE_CONSUMERS))
        return; /* the kernel registers it with the host alone */
    if (!p) {
        (void)kdw_check_has_providers(c, state);
        check_existence(c, state);
        return;
    }
    subject = kdw_subject_of_provider(p);
    kdw_check_needs(c, &subject, KDW_TABLE_ENABLES);
    kdw_check_needs_slots(c, &subject, state);
    kdw_check_needs(c, &subject, KDW_TABLE_CONSUMERS);
    is_reached = reaches_a_consumer(c, state, p, &subject);
    kdw_check_that(c, &subject, is_reached || !has_antimalware(c), "EnableInfo", NULL,
                   "enabled for a logger with a consumer, as an antimalware process runs");
}
