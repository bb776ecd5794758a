#include "hostile_thin.h"

#include <stdlib.h>
#include <string.h>

enum { ONE_OF = 8 };

/* Every eighth stays, and what is in no list. */
static bool is_left_out(const struct kdw_snapshot *s, const struct kdw_provider *p)
{
    size_t number =
        (size_t)(p - (const struct kdw_provider *)s->tables[KDW_TABLE_PROVIDERS].records);

    return number % ONE_OF != 0 && p->type.value != KDW_PROVIDER_SECURITY;
}

static bool links_of(struct kdw_kernel *kernel, uint64_t *offset)
{
    struct kdw_field field;
    kdw_type_id type;

    if (kdw_type_by_name(kernel->symbols, "_ETW_GUID_ENTRY", &type) != KD_OK ||
        kdw_type_field(kernel->symbols, type, "GuidList", &field) != KD_OK)
        return false;
    *offset = field.offset;
    return true;
}

enum mark { STAYS = 1 << 0, IS_LEFT_OUT = 1 << 1 };

/* Marks the range that va is in: ranges that touch are one, and may hold several structures. */
static void mark(const struct hostile_places *all, uint8_t *marks, uint64_t va, enum mark how)
{
    size_t low = 0, high = all->needed_len;

    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;

        if (all->needed[middle].va <= va)
            low = middle;
        else
            high = middle;
    }
    if (va >= all->needed[low].va && va - all->needed[low].va < all->needed[low].len)
        marks[low] |= (uint8_t)how;
}

static void mark_all(const struct kdw_snapshot *s, const struct hostile_places *all, uint8_t *marks)
{
    KDW_EACH(s, KDW_TABLE_PROVIDERS, struct kdw_provider, p)
    mark(all, marks, p->va, is_left_out(s, p) ? IS_LEFT_OUT : STAYS);
    KDW_EACH(s, KDW_TABLE_REGISTRATIONS, struct kdw_registration, r)
    {
        const struct kdw_provider *p =
            kdw_snapshot_find(s, KDW_TABLE_PROVIDERS, r->provider_va.value);

        mark(all, marks, r->va, p && is_left_out(s, p) ? IS_LEFT_OUT : STAYS);
    }
}

bool hostile_thin_find(struct kdw_kernel *kernel, const struct kdw_snapshot *whole,
                       const struct hostile_places *all, struct hostile_thin *out)
{
    uint8_t *marks = calloc(all->needed_len, 1);
    uint64_t offset;
    bool ok;

    *out = (struct hostile_thin){.places = *all};
    out->links = calloc(whole->tables[KDW_TABLE_PROVIDERS].len + 1, sizeof *out->links);
    out->places.needed = calloc(all->needed_len, sizeof *out->places.needed);
    out->places.needed_len = 0;
    ok = marks && out->links && out->places.needed && links_of(kernel, &offset);
    if (ok)
        mark_all(whole, all, marks);
    KDW_EACH(whole, KDW_TABLE_PROVIDERS, struct kdw_provider, p)
    if (ok && is_left_out(whole, p))
        out->links[out->len++] = p->va + offset;
    for (size_t i = 0; ok && i < all->needed_len; i++)
        if (marks[i] != IS_LEFT_OUT)
            out->places.needed[out->places.needed_len++] = all->needed[i];
    free(marks);
    return ok;
}

void hostile_thin_free(struct hostile_thin *thin)
{
    free(thin->links);
    hostile_places_free(&thin->places);
    *thin = (struct hostile_thin){NULL, 0, {0}};
}

void hostile_thin_apply(struct hostile_memory *m, const struct hostile_thin *thin)
{
    for (size_t i = 0; i < thin->len; i++) {
        uint64_t next, before;

        if (!hostile_memory_u64(m, thin->links[i], &next) ||
            !hostile_memory_u64(m, thin->links[i] + 8, &before))
            continue;
        hostile_memory_write_u64(m, before, next);
        hostile_memory_write_u64(m, next + 8, before);
    }
}
