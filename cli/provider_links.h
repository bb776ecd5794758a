/* provider_links.h - which records of a snapshot belong to which provider, found without looking at all. */
#ifndef CLI_PROVIDER_LINKS_H
#define CLI_PROVIDER_LINKS_H

#include <walker/snapshot.h>

struct provider_link {
    uint64_t provider_va;
    const void *record;
};

struct provider_links { /* sorted by provider, then as in the table */
    struct provider_link *items;
    size_t len;
};

/* What enables them: struct kdw_enable. False, here and below: no memory. */
bool provider_links_enables(const struct kdw_snapshot *s, struct provider_links *out);
/* Who has registered them: struct kdw_registration; a group has those that are in it. */
bool provider_links_registrations(const struct kdw_snapshot *s, struct provider_links *out);
void provider_links_free(struct provider_links *links);

/* Those of one provider, and how many. */
const struct provider_link *provider_links_of(const struct provider_links *links,
                                              uint64_t provider_va, size_t *count);
/* What a provider calls itself in one of its registrations; NULL: it does not. */
const struct kdw_text *provider_links_own_name(const struct provider_links *registrations,
                                               const struct kdw_provider *p);

#endif
