/* view_providers.c - the providers: a line for each, or all that is known of them. */
#include "facts.h"
#include "grid.h"
#include "labels.h"
#include "message.h"
#include "provider_links.h"
#include "views.h"

#include <walker/etw_names.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct view_of_providers {
    const struct kdw_snapshot *s;
    const struct provider_names *names;
    struct provider_links enables, registrations;
    bool is_verbose;
};

/* ---- names ---- */

/* False: nobody has named it, and nothing was added. */
static bool add_name(struct text *t, const struct view_of_providers *v,
                     const struct kdw_provider *p)
{
    const char *name = p->guid.status == KD_OK ? provider_name(v->names, p->guid.bytes) : NULL;
    const struct kdw_text *own = name ? NULL : provider_links_own_name(&v->registrations, p);

    if (name)
        text_add_escaped(t, name, strlen(name));
    else if (own)
        fact_text(t, own);
    return name || own;
}

static void add_name_or_guid(struct text *t, const struct view_of_providers *v,
                             const struct kdw_provider *p)
{
    if (!add_name(t, v, p))
        fact_guid(t, &p->guid);
}

static bool is_enabled(const struct kdw_enable *e)
{
    return e->enabled.status == KD_OK && e->enabled.value != 0;
}

/* ---- a line for each ---- */

static void add_loggers(struct text *t, const struct view_of_providers *v,
                        const struct kdw_provider *p)
{
    size_t count;
    const struct provider_link *links = provider_links_of(&v->enables, p->va, &count);
    const char *separator = "";

    for (size_t i = 0; i < count; i++) {
        const struct kdw_enable *e = links[i].record;

        if (!is_enabled(e))
            continue;
        text_add(t, "%s", separator);
        fact_hex(t, &e->logger_id);
        separator = " ";
    }
    if (!separator[0])
        text_add(t, "-");
}

static void print_list(const struct view_of_providers *v)
{
    static const struct grid_column columns[] = {
        {"provider", GRID_FLEXIBLE}, {"type", GRID_LEFT},    {"silo", GRID_RIGHT},
        {"regs", GRID_RIGHT},        {"loggers", GRID_LEFT},
    };
    struct grid g;

    grid_begin(&g, columns, sizeof columns / sizeof columns[0], v->is_verbose);
    KDW_EACH(v->s, KDW_TABLE_PROVIDERS, struct kdw_provider, p)
    {
        size_t count;

        provider_links_of(&v->registrations, p->va, &count);
        add_name_or_guid(grid_cell(&g), v, p);
        fact_name(grid_cell(&g), &p->type, kdw_provider_type_name);
        label_silo_of_state(grid_cell(&g), v->s, &p->state_va);
        text_add(grid_cell(&g), "%zu", count);
        add_loggers(grid_cell(&g), v, p);
    }
    grid_print(&g);
}

/* ---- all of one ---- */

static void print_head(const struct view_of_providers *v, const struct kdw_provider *p)
{
    struct text t = {0};

    fact_guid(&t, &p->guid);
    text_add(&t, "  ");
    if (!add_name(&t, v, p))
        text_add(&t, "(nobody has named it)");
    grid_print_line(text_take(&t), v->is_verbose);
    text_add(&t, "    ");
    fact_name(&t, &p->type, kdw_provider_type_name);
    text_add(&t, " provider of ");
    label_silo_of_state(&t, v->s, &p->state_va);
    text_add(&t, ", entry %016" PRIx64 ", bucket ", p->va);
    fact_number(&t, &p->bucket);
    text_add(&t, ", references ");
    fact_number(&t, &p->references);
    grid_print_line(text_take(&t), v->is_verbose);
}

static void print_sum(const struct view_of_providers *v, const struct kdw_provider *p)
{
    struct text t = {0};
    bool is_known = p->enabled.status == KD_OK;

    text_add(&t, "    %s", !is_known ? "?" : p->enabled.value ? "enabled: level " : "not enabled");
    if (is_known && p->enabled.value) {
        fact_number(&t, &p->level);
        text_add(&t, ", any keyword ");
        fact_hex(&t, &p->any_keyword);
        text_add(&t, ", all ");
        fact_hex(&t, &p->all_keyword);
        text_add(&t, "; ");
        fact_bits(&t, &p->property, kdw_enable_property_name);
    }
    grid_print_line(text_take(&t), v->is_verbose);
}

static void add_enable(struct grid *g, const struct view_of_providers *v,
                       const struct kdw_provider *p, const struct kdw_enable *e)
{
    const struct kdw_logger *logger = logger_in_slot(v->s, &p->state_va, &e->logger_id);

    fact_number(grid_cell(g), &e->slot);
    fact_hex(grid_cell(g), &e->logger_id);
    if (logger)
        fact_text_short(grid_cell(g), &logger->name);
    else
        text_add(grid_cell(g), "(no such logger)");
    if (is_enabled(e))
        fact_number(grid_cell(g), &e->level);
    else
        text_add(grid_cell(g), "%s", e->enabled.status == KD_OK ? "off" : "?");
    fact_hex(grid_cell(g), &e->any_keyword);
    fact_hex(grid_cell(g), &e->all_keyword);
    if (e->property.status != KD_OK || e->property.value != 0)
        fact_bits(grid_remark(g), &e->property, kdw_enable_property_name);
}

static void print_enables(const struct view_of_providers *v, const struct kdw_provider *p)
{
    static const struct grid_column columns[] = {
        {"slot", GRID_RIGHT},  {"logger", GRID_LEFT},      {"name", GRID_FLEXIBLE},
        {"level", GRID_RIGHT}, {"any keyword", GRID_LEFT}, {"all keyword", GRID_LEFT},
    };
    size_t count;
    const struct provider_link *links = provider_links_of(&v->enables, p->va, &count);
    struct grid g;

    grid_begin(&g, columns, sizeof columns / sizeof columns[0], v->is_verbose);
    for (size_t i = 0; i < count; i++)
        add_enable(&g, v, p, links[i].record);
    grid_print(&g);
}

/* A user one has a process, a kernel one a driver. */
static void add_owner(struct grid *g, const struct view_of_providers *v,
                      const struct kdw_registration *r)
{
    bool is_kernel = r->flags.status == KD_OK && (r->flags.value & 1);

    fact_number(grid_cell(g), &r->pid);
    if (is_kernel && r->callback_va.status == KD_OK && r->callback_va.value == 0)
        text_add(grid_cell(g), "(kernel, without a callback)");
    else if (is_kernel)
        label_code(grid_cell(g), v->s, &r->callback_va);
    else
        fact_text(grid_cell(g), &r->process_name);
}

static void add_registration(struct grid *g, const struct view_of_providers *v,
                             const struct kdw_registration *r)
{
    add_owner(g, v, r);
    fact_number(grid_cell(g), &r->index);
    fact_hex(grid_cell(g), &r->enable_mask);
    fact_hex(grid_cell(g), &r->group_mask);
    text_add(grid_cell(g), "%016" PRIx64, r->va);
    fact_bits(grid_cell(g), &r->flags, kdw_registration_flag_name);
    if (v->is_verbose) {
        struct text *t = grid_remark(g);

        text_add(t, "callback ");
        fact_address(t, &r->callback_va);
        text_add(t, ", context ");
        fact_address(t, &r->context_va);
        text_add(t, ", host masks ");
        fact_hex(t, &r->host_mask);
        text_add(t, " ");
        fact_hex(t, &r->host_group_mask);
        text_add(t, ", calls itself ");
        fact_text(t, &r->traits_name);
    }
}

static void print_registrations(const struct view_of_providers *v, const struct kdw_provider *p)
{
    static const struct grid_column columns[] = {
        {"pid", GRID_RIGHT},      {"process or driver", GRID_LEFT},
        {"index", GRID_RIGHT},    {"slots", GRID_LEFT},
        {"groups", GRID_LEFT},    {"registration", GRID_LEFT},
        {"flags", GRID_FLEXIBLE},
    };
    size_t count;
    const struct provider_link *links = provider_links_of(&v->registrations, p->va, &count);
    struct grid g;

    grid_begin(&g, columns, sizeof columns / sizeof columns[0], v->is_verbose);
    for (size_t i = 0; i < count; i++)
        add_registration(&g, v, links[i].record);
    grid_print(&g);
}

static void print_details(const struct view_of_providers *v)
{
    const char *separator = "";

    KDW_EACH(v->s, KDW_TABLE_PROVIDERS, struct kdw_provider, p)
    {
        fputs(separator, stdout);
        print_head(v, p);
        print_sum(v, p);
        print_enables(v, p);
        print_registrations(v, p);
        separator = "\n";
    }
}

void view_providers(const struct kdw_snapshot *s, const struct provider_names *names,
                    bool is_verbose, bool has_details)
{
    struct view_of_providers v = {.s = s, .names = names, .is_verbose = is_verbose};

    if (!provider_links_enables(s, &v.enables) ||
        !provider_links_registrations(s, &v.registrations))
        message_output_failed("out of memory");
    else if (s->tables[KDW_TABLE_PROVIDERS].len == 0)
        printf("(no provider)\n");
    else if (has_details)
        print_details(&v);
    else
        print_list(&v);
    provider_links_free(&v.enables);
    provider_links_free(&v.registrations);
}
