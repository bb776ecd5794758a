#include "provider_links.h"

#include <stdlib.h>

static bool make_room(struct provider_links *links, size_t len)
{
    *links = (struct provider_links){.items = calloc(len + 1, sizeof *links->items)};
    return links->items != NULL;
}

static void add(struct provider_links *links, const struct kdw_u64 *provider_va, const void *record)
{
    if (provider_va->status == KD_OK && provider_va->value != 0)
        links->items[links->len++] = (struct provider_link){provider_va->value, record};
}

/* Records of one table lie one behind the other. */
static int by_provider(const void *a, const void *b)
{
    const struct provider_link *x = a, *y = b;

    if (x->provider_va != y->provider_va)
        return x->provider_va < y->provider_va ? -1 : 1;
    return ((const char *)x->record > (const char *)y->record) -
           ((const char *)x->record < (const char *)y->record);
}

bool provider_links_enables(const struct kdw_snapshot *s, struct provider_links *out)
{
    if (!make_room(out, s->tables[KDW_TABLE_ENABLES].len))
        return false;
    KDW_EACH(s, KDW_TABLE_ENABLES, struct kdw_enable, e)
    add(out, &e->provider_va, e);
    qsort(out->items, out->len, sizeof *out->items, by_provider);
    return true;
}

bool provider_links_registrations(const struct kdw_snapshot *s, struct provider_links *out)
{
    if (!make_room(out, 2 * s->tables[KDW_TABLE_REGISTRATIONS].len))
        return false;
    KDW_EACH(s, KDW_TABLE_REGISTRATIONS, struct kdw_registration, r)
    {
        add(out, &r->provider_va, r);
        add(out, &r->listed_group_va, r);
    }
    qsort(out->items, out->len, sizeof *out->items, by_provider);
    return true;
}

void provider_links_free(struct provider_links *links)
{
    free(links->items);
    *links = (struct provider_links){NULL, 0};
}

const struct provider_link *provider_links_of(const struct provider_links *links,
                                              uint64_t provider_va, size_t *count)
{
    size_t from = 0, to = links->len, end;

    while (from < to) {
        size_t middle = from + (to - from) / 2;

        if (links->items[middle].provider_va < provider_va)
            from = middle + 1;
        else
            to = middle;
    }
    for (end = from; end < links->len && links->items[end].provider_va == provider_va;)
        end++;
    *count = end - from;
    return &links->items[from];
}

const struct kdw_text *provider_links_own_name(const struct provider_links *registrations,
                                               const struct kdw_provider *p)
{
    size_t count;
    const struct provider_link *links = provider_links_of(registrations, p->va, &count);

    for (size_t i = 0; i < count; i++) {
        const struct kdw_registration *r = links[i].record;

        if (r->provider_va.value == p->va && r->traits_name.status == KD_OK &&
            r->traits_name.utf8[0])
            return &r->traits_name;
    }
    return NULL;
}
