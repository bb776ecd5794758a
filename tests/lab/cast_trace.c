/* cast_trace.c - who logs, and to whom. */
#include <stdio.h>
#include <string.h>

#include "cast.h"

static int index_of(const struct cast *c, const struct cast_process *p)
{
    return p ? (int)(p - c->processes) : NOBODY;
}

static struct cast_logger *add_logger(struct cast *c, int silo, const struct lab_logger *said)
{
    struct cast_logger *l = &c->loggers[c->logger_count];

    if (c->logger_count == CAST_LOGGERS_MAX)
        return NULL;
    c->logger_count++;
    c->silos[silo].loggers++;
    l->said = said;
    l->silo = silo;
    l->references = said->more & LOGGER_STOPPING ? 0 : cast_draw(c, 3);
    return l;
}

static void add_consumer(struct cast_logger *l, int process)
{
    if (process != NOBODY)
        l->consumers[l->consumer_count++] = process;
}

/* The first of that image in a silo. */
static const struct cast_process *process_called(const struct cast *c, int silo, const char *image)
{
    for (size_t i = 0; i < c->process_count; i++)
        if (c->processes[i].silo == silo && strcmp(c->processes[i].image, image) == 0)
            return &c->processes[i];
    return NULL;
}

/* In unusual shapes some do not log; but these are in every tale of tampering. */
static bool is_absent(struct cast *c, const struct lab_logger *said)
{
    static const char *const kept[] = {"DefenderApiLogger", "DiagLog", "UBPM"};

    if (c->shape.is_usual || said->system_index || said->more & LOGGER_SECURITY)
        return false;
    for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
        if (strcmp(kept[i], said->name) == 0)
            return false;
    return cast_draw(c, 5) == 0;
}

void cast_loggers(struct cast *c)
{
    for (size_t i = 0; i < c->scene->logger_count; i++) {
        const struct lab_logger *said = &c->scene->loggers[i];
        struct cast_logger *l = is_absent(c, said) ? NULL : add_logger(c, 0, said);

        for (unsigned k = 0; l && k < 3 && said->consumers[k]; k++)
            add_consumer(l, index_of(c, cast_process(c, said->consumers[k])));
    }
    for (size_t i = 0; i < crowd_logger_count; i++) {
        const struct crowd_logger *said = &crowd_loggers[i];
        int silo = cast_silo_of(said->place);
        struct cast_logger *l =
            cast_has_place(c, said->place) ? add_logger(c, silo, &said->logger) : NULL;

        if (l && said->consumer)
            add_consumer(l, index_of(c, process_called(c, silo, said->consumer)));
    }
}

/* ---- providers ---- */

#define GROUPS        20u
#define NOTIFICATIONS 60u
#define PERCENT(c, n) (cast_draw(c, 100) < (n))

static bool is_program(const struct cast_process *p)
{
    return p->pid != 4 && !p->exited && !(p->more & PROCESS_MINIMAL);
}

static int add_provider(struct cast *c, int silo, enum cast_provider_type type,
                        const struct lab_guid *guid)
{
    struct cast_provider *p = &c->providers[c->provider_count];

    if (c->provider_count == CAST_PROVIDERS_MAX)
        return NOBODY;
    *p = (struct cast_provider){.guid = *guid, .type = type, .silo = silo};
    p->host = p->group = NOBODY;
    for (unsigned i = 0; i < CAST_SLOTS; i++)
        p->slots[i].logger = NOBODY;
    c->silos[silo].guids++;
    return (int)c->provider_count++;
}

static void add_registration(struct cast *c, int provider, int process, int module)
{
    struct cast_registration *r = &c->registrations[c->registration_count];

    if (provider == NOBODY || c->registration_count == CAST_REGISTRATIONS_MAX)
        return;
    c->registration_count++;
    *r = (struct cast_registration){.provider = provider, .process = process, .module = module};
    if (process != NOBODY)
        r->index = c->processes[process].registrations++;
    c->providers[provider].registered++;
    if (c->providers[provider].group != NOBODY)
        c->providers[c->providers[provider].group].registered++;
}

static int module_called(const struct cast *c, const char *name)
{
    for (size_t i = 0; i < c->module_count; i++)
        if (strcmp(c->modules[i].name, name) == 0)
            return (int)i;
    return NOBODY;
}

/* All whom a known provider names. */
static void register_known(struct cast *c, int provider, const char *who)
{
    int module = module_called(c, who);

    if (strcmp(who, "nt") == 0 || module != NOBODY) {
        add_registration(c, provider, NOBODY, module);
        return;
    }
    for (size_t i = 0; i < c->process_count; i++) {
        const struct cast_process *p = &c->processes[i];

        if (p->silo == c->providers[provider].silo && is_program(p) &&
            (*who == '*' || strcmp(p->image, who) == 0))
            add_registration(c, provider, (int)i, NOBODY);
    }
}

static int draw_process(struct cast *c, int silo)
{
    for (;;) {
        uint32_t i = cast_draw(c, (uint32_t)c->process_count);

        if (c->processes[i].silo == silo && is_program(&c->processes[i]))
            return (int)i;
    }
}

/* A driver whose code is there to be looked at. */
static int draw_module(struct cast *c)
{
    for (;;) {
        uint32_t i = cast_draw(c, (uint32_t)c->module_count);

        if (!c->modules[i].is_paged_out)
            return (int)i;
    }
}

/* One that nobody outside knows; some say themselves what they are called, and some of these are in groups. */
static void made_up(struct cast *c, int silo, enum cast_provider_type type)
{
    struct lab_guid guid = cast_draw_guid(c);
    int number = add_provider(c, silo, type, &guid);
    struct cast_provider *p = &c->providers[number];

    if (number == NOBODY || type == PROVIDER_GROUP)
        return;
    if (type == PROVIDER_TRACE && PERCENT(c, 25)) {
        snprintf(p->traits, sizeof(p->traits), "Microsoft.Windows.Component%04d", number);
        if (PERCENT(c, 40))
            p->group = (int)cast_draw(c, GROUPS); /* they come first */
    }
    if (type == PROVIDER_TRACE && PERCENT(c, 15))
        add_registration(c, number, NOBODY, draw_module(c));
    else if (!PERCENT(c, 8)) /* some are enabled before anybody has registered them */
        add_registration(c, number, draw_process(c, silo), NOBODY);
}

static void host_providers(struct cast *c)
{
    for (unsigned i = 0; i < GROUPS; i++)
        made_up(c, 0, PROVIDER_GROUP);
    for (size_t i = 0; i < crowd_provider_count; i++) {
        int provider = add_provider(c, 0, PROVIDER_TRACE, &crowd_providers[i].guid);

        c->providers[provider].handle = crowd_providers[i].handle;
        register_known(c, provider, crowd_providers[i].who);
    }
    for (unsigned i = 0; i < NOTIFICATIONS; i++)
        made_up(c, 0, PROVIDER_NOTIFICATION);
    while (c->provider_count < c->shape.host_providers)
        made_up(c, 0, PROVIDER_TRACE);
}

/* A server silo has an entry of its own for each GUID that something in it has registered; the host has
 * one of the same, too. */
static void silo_providers(struct cast *c, int silo)
{
    size_t first = c->provider_count;

    for (unsigned host = GROUPS; c->provider_count < first + c->shape.silo_providers; host += 3) {
        int provider = add_provider(c, silo, c->providers[host].type, &c->providers[host].guid);
        size_t known = host - GROUPS;

        if (provider == NOBODY)
            return;
        c->providers[provider].host = (int)host;
        if (known < crowd_provider_count && *crowd_providers[known].who == '*')
            register_known(c, provider, "*");
        else
            add_registration(c, provider, draw_process(c, silo), NOBODY);
    }
}

void cast_providers(struct cast *c)
{
    host_providers(c);
    for (size_t i = 1; i < c->silo_count; i++)
        silo_providers(c, (int)i);
    while (c->registration_count < c->shape.registrations) { /* more of the same, by others */
        uint32_t i = GROUPS + cast_draw(c, (uint32_t)c->provider_count - GROUPS);

        if (!c->providers[i].handle)
            add_registration(c, (int)i, draw_process(c, c->providers[i].silo), NOBODY);
    }
}
