/* check_registrations.c - who writes events: registrations, and the kernel's own handles to them. */
#include "check_parts.h"

enum { /* Flags of _ETW_REG_ENTRY [seen] */
       REG_KERNEL = 1 << 0,
       REG_CLOSED = 1 << 6,
       REG_INSERTED = 1 << 7,
       MODE_PAGED = 0x1000000 /* LoggerMode: USE_PAGED_MEMORY [doc] */
};

static bool is_kernel(const struct kdw_registration *r)
{
    return (kdw_value(&r->flags) & REG_KERNEL) != 0;
}

/* ---- T11 ---- */

/* Which provider the kernel registers for which variable: public lists of provider names [doc]. */
static const struct {
    const char *variable;
    uint8_t guid[16]; /* as in memory */
} handles[] = {
    {"EtwThreatIntProvRegHandle",
     {0x7c, 0x89, 0xe1, 0xf4, 0x5d, 0xbb, 0x68, 0x56, 0xf1, 0xd8, 0x04, 0x0f, 0x4d, 0x8d, 0xd3,
      0x44}},
    {"EtwKernelProvRegHandle",
     {0xb7, 0xa8, 0x8c, 0xa6, 0x4f, 0x00, 0xb6, 0xd7, 0xa6, 0x98, 0x07, 0xe2, 0xde, 0x0f, 0x1f,
      0x5d}},
    {"EtwApiCallsProvRegHandle",
     {0x1c, 0x84, 0x2a, 0xe0, 0xa3, 0x75, 0xa7, 0x4f, 0xaf, 0xc8, 0xae, 0x09, 0xcf, 0x9b, 0x7f,
      0x23}},
    {"EtwpPsProvRegHandle",
     {0xd6, 0x2c, 0xfb, 0x22, 0x7b, 0x0e, 0x2b, 0x42, 0xa0, 0xc7, 0x2f, 0xad, 0x1f, 0xd0, 0xe7,
      0x16}},
    {"EtwpFileProvRegHandle",
     {0x27, 0x89, 0xd0, 0xed, 0xc4, 0x9c, 0x65, 0x4e, 0xb9, 0x70, 0xc2, 0x56, 0x0f, 0xb5, 0xc2,
      0x89}},
    {"EtwpNetProvRegHandle",
     {0x49, 0x2a, 0xd4, 0x7d, 0x29, 0x53, 0x32, 0x48, 0x8d, 0xfd, 0x43, 0xd9, 0x79, 0x15, 0x3a,
      0x88}},
    {"EtwpDiskProvRegHandle",
     {0x9a, 0xe6, 0xbd, 0xc7, 0xe0, 0xe1, 0x77, 0x41, 0xb6, 0xef, 0x28, 0x3a, 0xd1, 0x52, 0x52,
      0x71}},
    {"EtwpMemoryProvRegHandle",
     {0xf7, 0x3e, 0xd9, 0xd1, 0xf2, 0xe1, 0x45, 0x4f, 0x99, 0x43, 0x03, 0xd2, 0x45, 0xfe, 0x6c,
      0x00}},
    {"EtwpEventTracingProvRegHandle",
     {0x37, 0xec, 0x75, 0xb6, 0xb6, 0xbd, 0x48, 0x46, 0xbc, 0x92, 0xf3, 0xfd, 0xc7, 0x4d, 0x3c,
      0xa2}},
    {"EtwpRegTraceHandle",
     {0x03, 0x4f, 0xeb, 0x70, 0xde, 0xc1, 0x73, 0x4f, 0xa0, 0x51, 0x33, 0xd1, 0x3d, 0x54, 0x13,
      0xbd}},
    {"EtwCVEAuditProvRegHandle",
     {0x0d, 0x2a, 0xa6, 0x85, 0x17, 0x7e, 0x5f, 0x48, 0x9d, 0x4f, 0x74, 0x9a, 0x28, 0x71, 0x93,
      0xa6}},
    {"EtwLpacProvRegHandle",
     {0xe5, 0xc9, 0xee, 0x45, 0x1b, 0x4a, 0x46, 0x54, 0x7a, 0xd8, 0xa4, 0xab, 0x13, 0x13, 0xc4,
      0x37}},
    {"EtwAppCompatProvRegHandle",
     {0xc1, 0xad, 0xa1, 0x16, 0x7f, 0x9b, 0xd9, 0x4c, 0x94, 0xb3, 0xd8, 0x29, 0x6a, 0xb1, 0xb1,
      0x30}},
    {"EtwSecurityMitigationsRegHandle",
     {0x92, 0x03, 0xe1, 0xfa, 0xaf, 0xf0, 0xc0, 0x4a, 0xb8, 0xff, 0x9f, 0x4d, 0x92, 0x0c, 0x3c,
      0xdf}},
    {"EtwAdminlessProvRegHandle",
     {0x62, 0x69, 0x21, 0xea, 0x7b, 0x87, 0x73, 0x5b, 0xf7, 0xc5, 0x8a, 0xef, 0x53, 0x75, 0x95,
      0x9e}},
};

/* NULL: it is no handle whose provider is known. */
static const uint8_t *guid_for(const struct kdw_variable *v)
{
    for (size_t i = 0; i < sizeof handles / sizeof handles[0]; i++)
        if (kdw_text_is(&v->name, handles[i].variable))
            return handles[i].guid;
    return NULL;
}

/* Lists that broke off may have ended before it. */
static bool are_all_registrations_known(const struct kdw_checker *c)
{
    return kdw_check_is_whole(c, KDW_TABLE_PROVIDERS) &&
           kdw_check_is_whole(c, KDW_TABLE_REGISTRATIONS) && c->s->tables[KDW_TABLE_LISTS].len == 0;
}

static void check_handle(struct kdw_checker *c, const struct kdw_etw_state *state,
                         const struct kdw_variable *v, const uint8_t guid[16])
{
    struct kdw_subject handle = {KDW_TABLE_VARIABLES, v->va, KDW_FAIL};
    const struct kdw_registration *r;
    const struct kdw_provider *p;

    if (!kdw_check_knows(c, &handle, "handle", &v->value))
        return;
    r = kdw_snapshot_find(c->s, KDW_TABLE_REGISTRATIONS, v->value.value);
    if (!r && v->value.value && !are_all_registrations_known(c))
        handle.at_worst = KDW_UNREADABLE;
    kdw_check_that(c, &handle, r != NULL, "handle", &v->value,
                   "a registration that is in its list");
    if (!r)
        return;
    handle.at_worst = kdw_subject_of_registration(c, r).at_worst;
    if (kdw_check_knows(c, &handle, "Flags", &r->flags))
        kdw_check_that(c, &handle, is_kernel(r) && (r->flags.value & REG_INSERTED), "Flags",
                       &r->flags, "those of an inserted kernel registration");
    if (!kdw_check_knows(c, &handle, "GuidEntry", &r->own_provider_va))
        return;
    p = kdw_snapshot_find(c->s, KDW_TABLE_PROVIDERS, r->own_provider_va.value);
    if (p && (p->guid.status != KD_OK || p->state_va.status != KD_OK))
        return; /* T7 says so */
    kdw_check_that(c, &handle, p && kdw_guid_is(&p->guid, guid) && p->state_va.value == state->va,
                   "GuidEntry", &r->own_provider_va, "the entry of its own GUID, in its bucket");
}

void kdw_check_handles(struct kdw_checker *c, const struct kdw_etw_state *state)
{
    if (state->silo_va.value || !kdw_check_has(c, KDW_TABLE_VARIABLES) ||
        !kdw_check_has(c, KDW_TABLE_REGISTRATIONS))
        return; /* they are the host's */
    KDW_EACH(c->s, KDW_TABLE_VARIABLES, struct kdw_variable, v)
    {
        const uint8_t *guid = guid_for(v);

        if (guid)
            check_handle(c, state, v, guid);
    }
}

/* ---- T13 ---- */

/* The slots of an entry for which the kernel may write: their loggers do not use paged memory. *known:
 * false: some could not be judged. */
static uint64_t writable_slots(const struct kdw_checker *c, const struct kdw_etw_state *state,
                               uint64_t provider_va)
{
    struct kdw_rows rows = kdw_rows_of(c, KDW_ENABLES_OF_PROVIDER, provider_va);
    const struct kdw_enable *e;
    uint64_t mask = 0;

    while ((e = kdw_rows_next(&rows)) != NULL) {
        const struct kdw_logger *l;

        if (!kdw_value(&e->enabled) || e->logger_id.status != KD_OK || e->slot.status != KD_OK ||
            e->slot.value >= 64)
            continue;
        l = kdw_logger_in_slot(c, state->va, e->logger_id.value);
        if (l && kdw_logger_is_live(l) && l->mode.status == KD_OK && !(l->mode.value & MODE_PAGED))
            mask |= UINT64_C(1) << kdw_value(&e->slot);
    }
    return mask;
}

static void check_mask(struct kdw_checker *c, const struct kdw_registration *r, const char *what,
                       const struct kdw_u64 *mask, uint64_t wanted)
{
    struct kdw_subject registration = kdw_subject_of_registration(c, r);
    struct kdw_u64 missing = *mask;

    if (wanted == 0 || !is_kernel(r) || !kdw_check_knows(c, &registration, what, mask))
        return;
    missing.value = mask->value & wanted;
    if (missing.value == wanted) /* bits beside those do no harm */
        kdw_check_that(c, &registration, true, what, NULL, NULL);
    else
        kdw_check_equal(c, &registration, what, mask, mask->value | wanted);
}

static void check_masks(struct kdw_checker *c, const struct kdw_etw_state *state,
                        const struct kdw_provider *p)
{
    uint64_t wanted = writable_slots(c, state, p->va);
    bool is_group = p->type.value == KDW_PROVIDER_GROUP;
    struct kdw_rows rows = kdw_rows_of(
        c, is_group ? KDW_REGISTRATIONS_OF_GROUP : KDW_REGISTRATIONS_OF_PROVIDER, p->va);
    const struct kdw_registration *r;

    while ((r = kdw_rows_next(&rows)) != NULL)
        check_mask(c, r, is_group ? "GroupEnableMask" : "EnableMask",
                   is_group ? &r->group_mask : &r->enable_mask, wanted);
}

/* Of programs' registrations the masks say who has the right to write for whom as well: those cannot be
 * judged. */
void kdw_check_masks(struct kdw_checker *c, const struct kdw_etw_state *state)
{
    struct kdw_rows rows = kdw_rows_of(c, KDW_PROVIDERS_OF_STATE, state->va);
    const struct kdw_provider *p;

    if (!kdw_check_has_providers(c, state) || !kdw_check_has(c, KDW_TABLE_REGISTRATIONS) ||
        !kdw_check_has(c, KDW_TABLE_ENABLES) || !kdw_check_has(c, KDW_TABLE_LOGGERS))
        return;
    while ((p = kdw_rows_next(&rows)) != NULL)
        if (kdw_is_first(c, KDW_TABLE_PROVIDERS, p, p->va))
            check_masks(c, state, p);
}

/* ---- T14 ---- */

/* In a program's the callback is an address of the program's own. */
static void check_callback(struct kdw_checker *c, const struct kdw_registration *r)
{
    struct kdw_subject registration = kdw_subject_of_registration(c, r);

    if (!is_kernel(r) || !kdw_check_knows(c, &registration, "Callback", &r->callback_va))
        return;
    if (r->callback_va.value)
        kdw_check_code(c, &registration, "Callback", &r->callback_va, false);
    else
        kdw_check_that(c, &registration, true, "Callback", NULL, NULL);
}

static void check_registration(struct kdw_checker *c, const struct kdw_registration *r)
{
    struct kdw_subject registration = kdw_subject_of_registration(c, r);

    if (kdw_check_knows(c, &registration, "Flags", &r->flags))
        kdw_check_that(c, &registration,
                       (r->flags.value & (REG_INSERTED | REG_CLOSED)) == REG_INSERTED, "Flags",
                       &r->flags, "inserted (bit 7), not closed (bit 6)");
    if (r->provider_va.status == KD_OK && r->provider_va.value)
        kdw_check_equal(c, &registration, "GuidEntry", &r->own_provider_va, r->provider_va.value);
    if (r->listed_group_va.status == KD_OK && r->listed_group_va.value)
        kdw_check_equal(c, &registration, "GroupEntry", &r->group_va, r->listed_group_va.value);
    check_callback(c, r);
}

static void check_list(struct kdw_checker *c, const struct kdw_provider *p, bool is_group)
{
    struct kdw_subject provider = kdw_subject_of_provider(p);
    struct kdw_rows rows = kdw_rows_of(
        c, is_group ? KDW_REGISTRATIONS_OF_GROUP : KDW_REGISTRATIONS_OF_PROVIDER, p->va);
    const struct kdw_registration *r;

    (void)kdw_check_lists(c, &provider, p->va, NULL);
    while ((r = kdw_rows_next(&rows)) != NULL)
        if (!is_group || !kdw_value(&r->provider_va)) /* else found under its own entry too */
            check_registration(c, r);
}

void kdw_check_registrations(struct kdw_checker *c, const struct kdw_etw_state *state)
{
    struct kdw_rows rows = kdw_rows_of(c, KDW_PROVIDERS_OF_STATE, state->va);
    const struct kdw_provider *p;

    if (!kdw_check_has_providers(c, state) || !kdw_check_has(c, KDW_TABLE_REGISTRATIONS) ||
        !kdw_check_has(c, KDW_TABLE_MODULES))
        return;
    while ((p = kdw_rows_next(&rows)) != NULL)
        if (kdw_is_first(c, KDW_TABLE_PROVIDERS, p, p->va))
            check_list(c, p, p->type.value == KDW_PROVIDER_GROUP);
}
