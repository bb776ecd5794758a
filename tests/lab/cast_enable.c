/* cast_enable.c - which providers are enabled for which loggers, and what follows from that. */
#include <string.h>

#include "cast.h"

#define PROPERTY_SILOS 0x400u /* of an enable: for server silos too [doc] */

/* Kernel loggers and those of the security provider get their events otherwise. */
static bool takes_providers(const struct cast_logger *l)
{
    return !l->said->system_index && !(l->said->more & (LOGGER_STOPPING | LOGGER_SECURITY));
}

static struct cast_enable *free_slot(struct cast_provider *p, int logger)
{
    struct cast_enable *found = NULL;

    for (unsigned i = 0; i < CAST_SLOTS; i++) {
        if (p->slots[i].logger == logger)
            return NULL;
        if (p->slots[i].logger == NOBODY && !found)
            found = &p->slots[i];
    }
    return found;
}

static void enable(struct cast *c, struct cast_provider *p, int logger)
{
    static const uint32_t properties[] = {0, 0, 0x1, 0x4, 0x40, 0x41, 0x80, PROPERTY_SILOS};
    static const uint8_t levels[] = {5, 4, 4, 3, 2, 0xff};
    struct cast_enable *slot = free_slot(p, logger);

    if (!slot)
        return;
    slot->logger = logger;
    slot->level = levels[cast_draw(c, 6)];
    slot->property = properties[cast_draw(c, 8)];
    slot->any = cast_draw(c, 3) ? ~(uint64_t)0 >> cast_draw(c, 60) : 0;
    slot->all = cast_draw(c, 8) ? 0 : 1u << cast_draw(c, 16);
    p->enabled++;
}

static void enable_known(struct cast *c, int logger)
{
    const struct cast_logger *l = &c->loggers[logger];

    for (size_t i = 0; i < c->provider_count; i++)
        for (size_t k = 0; k < crowd_provider_count; k++)
            if (c->providers[i].silo == l->silo && crowd_providers[k].logger &&
                strcmp(crowd_providers[k].logger, l->said->name) == 0 &&
                memcmp(&crowd_providers[k].guid, &c->providers[i].guid, 16) == 0)
                enable(c, &c->providers[i], logger);
}

/* Every logger has something to log; some have a lot. */
static void enable_some(struct cast *c, int logger)
{
    uint32_t count = 1 + cast_draw(c, 4) * cast_draw(c, 14);

    while (count > 0) {
        struct cast_provider *p = &c->providers[cast_draw(c, (uint32_t)c->provider_count)];

        if (p->silo != c->loggers[logger].silo || p->type == PROVIDER_NOTIFICATION)
            continue;
        enable(c, p, logger);
        count--;
    }
}

/* A provider that nobody has registered is there because it is enabled for somebody. */
static void enable_lonely(struct cast *c)
{
    for (size_t i = 0; i < c->provider_count; i++) {
        struct cast_provider *p = &c->providers[i];

        while (p->registered + p->enabled == 0) {
            uint32_t logger = cast_draw(c, (uint32_t)c->logger_count);

            if (c->loggers[logger].silo == p->silo && takes_providers(&c->loggers[logger]))
                enable(c, p, (int)logger);
        }
    }
}

/* Disabled for the one who came first: those behind it stay where they are. */
static void leave_gap(struct cast_provider *p)
{
    struct cast_enable *free = &p->slots[p->enabled];

    if (p->enabled == 0 || p->enabled == CAST_SLOTS)
        return;
    *free = p->slots[0];
    p->slots[0] = (struct cast_enable){.logger = NOBODY};
}

/* What all slots come to, as the kernel keeps it [guess: kernel listings]. */
static void sum_up(struct cast_provider *p)
{
    struct cast_enable *all = &p->all;

    all->all = p->enabled ? ~(uint64_t)0 : 0;
    for (unsigned i = 0; i < CAST_SLOTS; i++) {
        const struct cast_enable *slot = &p->slots[i];

        if (slot->logger == NOBODY)
            continue;
        all->level = slot->level > all->level ? slot->level : all->level;
        all->property |= slot->property;
        all->any |= slot->any;
        all->all &= slot->all;
    }
}

/* Which slots of an entry a registration may write for; the kernel may not write to paged memory. */
static uint8_t mask_of(const struct cast *c, int provider, bool is_kernel, uint32_t property)
{
    uint8_t mask = 0;

    for (unsigned i = 0; provider != NOBODY && i < CAST_SLOTS; i++) {
        const struct cast_enable *slot = &c->providers[provider].slots[i];

        if (slot->logger != NOBODY && (slot->property & property) == property &&
            !(is_kernel && c->loggers[slot->logger].said->mode & MODE_PAGED))
            mask |= (uint8_t)(1u << i);
    }
    return mask;
}

void cast_enables(struct cast *c)
{
    for (size_t i = 0; i < c->logger_count; i++) {
        if (!takes_providers(&c->loggers[i]))
            continue;
        enable_known(c, (int)i);
        enable_some(c, (int)i);
    }
    enable_lonely(c);
    for (size_t i = 0; i < c->provider_count; i++) {
        if (i % 16 == 0)
            leave_gap(&c->providers[i]);
        sum_up(&c->providers[i]);
    }
    for (size_t i = 0; i < c->registration_count; i++) {
        struct cast_registration *r = &c->registrations[i];
        const struct cast_provider *p = &c->providers[r->provider];
        bool is_kernel = r->process == NOBODY;

        r->mask = mask_of(c, r->provider, is_kernel, 0);
        r->group_mask = mask_of(c, p->group, is_kernel, 0);
        r->host_mask = mask_of(c, p->host, is_kernel, PROPERTY_SILOS);
    }
}
