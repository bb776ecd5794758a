#include "handle_set.h"

#include <stdlib.h>

enum { PLACES_FIRST = 1024 }; /* a power of two */

/* Where the entry is, or would be. */
static struct kdw_handle_key *place_of(const struct kdw_handle_set *set, uint64_t entry_va)
{
    size_t at = (size_t)((entry_va * UINT64_C(0x9e3779b97f4a7c15)) >> 32) & (set->places - 1);

    while (set->keys[at].entry_va && set->keys[at].entry_va != entry_va)
        at = (at + 1) & (set->places - 1);
    return &set->keys[at];
}

bool kdw_handle_set_has(const struct kdw_handle_set *set, const struct kdw_handle_key *key)
{
    const struct kdw_handle_key *k;

    if (set->len == 0 || key->entry_va == 0)
        return false;
    k = place_of(set, key->entry_va);
    return k->entry_va == key->entry_va && k->pointer_va == key->pointer_va && k->rest == key->rest;
}

/* At most half full: looking for what is not there ends soon. */
static bool grow(struct kdw_handle_set *set)
{
    struct kdw_handle_set bigger = {.places = set->places ? 2 * set->places : PLACES_FIRST,
                                    .len = set->len};

    bigger.keys = calloc(bigger.places, sizeof *bigger.keys);
    if (!bigger.keys)
        return false;
    for (size_t i = 0; i < set->places; i++)
        if (set->keys[i].entry_va)
            *place_of(&bigger, set->keys[i].entry_va) = set->keys[i];
    free(set->keys);
    *set = bigger;
    return true;
}

enum kd_status kdw_handle_set_add(struct kdw_handle_set *set, const struct kdw_handle_key *key)
{
    struct kdw_handle_key *k;

    if (key->entry_va == 0)
        return KD_OK; /* no place that anything can have */
    if (2 * set->len >= set->places && !grow(set))
        return KD_ERR_NO_MEMORY;
    k = place_of(set, key->entry_va);
    set->len += k->entry_va == 0;
    *k = *key;
    return KD_OK;
}

void kdw_handle_set_free(struct kdw_handle_set *set)
{
    free(set->keys);
    *set = (struct kdw_handle_set){0};
}
