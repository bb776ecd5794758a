#include "cast.h"

#include <stdlib.h>
#include <string.h>

#include "random.h"

uint32_t cast_draw(struct cast *c, uint32_t n)
{
    return (uint32_t)(lab_random(&c->random) % n);
}

/* Version 4, as whoever makes one up writes it. */
struct lab_guid cast_draw_guid(struct cast *c)
{
    uint64_t low = lab_random(&c->random), high = lab_random(&c->random);
    struct lab_guid g = {
        (uint32_t)low, (uint16_t)(low >> 32), (uint16_t)((low >> 48 & 0xfff) | 0x4000), {0}};

    memcpy(g.d, &high, sizeof(g.d));
    g.d[0] = (uint8_t)((g.d[0] & 0x3f) | 0x80);
    return g;
}

const struct cast_process *cast_process(const struct cast *c, uint32_t pid)
{
    for (size_t i = 0; i < c->process_count; i++)
        if (c->processes[i].pid == pid)
            return &c->processes[i];
    return NULL;
}

int cast_silo_of(enum crowd_place place)
{
    return place == PLACE_SILO_1 ? 1 : place == PLACE_SILO_2 ? 2 : 0;
}

bool cast_has_place(const struct cast *c, enum crowd_place place)
{
    return cast_silo_of(place) <= (int)c->shape.server_silos;
}

static struct cast_shape draw_shape(struct cast *c)
{
    static const uint32_t slots[] = {32, 64, 80, 128};

    return (struct cast_shape){
        .server_silos = cast_draw(c, 3),
        .silo_slots = slots[cast_draw(c, 4)],
        .host_providers = 300 + cast_draw(c, 1100),
        .silo_providers = 20 + cast_draw(c, 60),
        .registrations = 1000 + cast_draw(c, 1500),
    };
}

static void add_modules(struct cast *c, const struct lab_module *modules, size_t count,
                        uint64_t *next)
{
    for (size_t i = 0; i < count && c->module_count < CAST_MODULES_MAX; i++) {
        struct lab_module *module = &c->modules[c->module_count++];

        *module = modules[i];
        if (module->base)
            continue;
        module->base = *next;
        *next += (module->size + 0xffff) & ~0xffffu;
    }
}

struct cast *cast_create(const struct lab_scene *scene, uint64_t seed)
{
    struct cast *c = calloc(1, sizeof(*c));
    uint64_t next = scene->drivers;

    if (!c)
        return NULL;
    c->scene = scene;
    c->random = seed + scene->build;
    c->shape = seed == CAST_USUAL ? (struct cast_shape){true, 2, 64, 880, 60, 1500} : draw_shape(c);
    add_modules(c, scene->modules, scene->module_count, &next);
    add_modules(c, crowd_modules, crowd_module_count, &next);
    cast_people(c);
    cast_loggers(c);
    cast_providers(c);
    cast_enables(c);
    return c;
}

void cast_destroy(struct cast *c)
{
    free(c);
}
