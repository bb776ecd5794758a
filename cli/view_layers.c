/* view_layers.c - one process, through all the layers that protect a Windows kernel, and who logs it. */
#include "cpu_text.h"
#include "facts.h"
#include "grid.h"
#include "labels.h"
#include "message.h"
#include "process_text.h"
#include "provider_links.h"
#include "views.h"

#include <walker/layer_names.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    INDENT = 15,   /* where facts stand */
    LINES_MAX = 4, /* of one fact, unless all is wanted: it all fits a screen */
    SLOTS = 16,    /* of a provider, at most */
    JOBS_MAX = 8,  /* as label_job_path shows */
};

struct layers {
    const struct kdw_snapshot *s;
    const struct provider_names *names;
    const struct kdw_process *p;
    bool is_verbose;
};

/* ---- lines ---- */

static struct text begin(const char *label)
{
    struct text t = {0};

    text_add(&t, "%-*s", INDENT, label);
    return t;
}

/* How much of it stands on one line: up to the last comma or semicolon that fits; all, when all does. */
static size_t fitting(const char *text, size_t room)
{
    size_t last = 0, columns = 0, i;

    for (i = 0; text[i]; i++) {
        columns += ((unsigned char)text[i] & 0xc0) != 0x80;
        if (columns > room && last)
            return last;
        if ((text[i] == ',' || text[i] == ';') && text[i + 1] == ' ' && columns <= room)
            last = i + 1;
    }
    return i;
}

static void print_part(const char *text, size_t len, bool is_first)
{
    struct text part = {0};

    text_add(&part, "%*s%.*s", is_first ? 0 : INDENT, "", (int)len, text);
    grid_print_line(text_take(&part), false);
}

/* Print it over as many lines as it takes; what is too much even then is cut. */
static void end(const struct layers *v, struct text *t)
{
    char *text = text_take(t);
    const char *at = text;

    if (text_is_lost(text))
        return;
    if (v->is_verbose)
        printf("%s\n", text);
    for (int line = 0; *at && !v->is_verbose; line++) {
        bool is_last = line + 1 == LINES_MAX;
        size_t len = is_last ? strlen(at) : fitting(at, GRID_WIDTH - (line ? INDENT : 0));

        print_part(at, len, line == 0);
        at += len;
        at += *at == ' ';
    }
    free(text);
}

/* ---- the process ---- */

static void print_head(const struct layers *v)
{
    const struct kdw_process *parent = process_parent(v->s, v->p);
    struct text t = {0};

    fact_text(&t, &v->p->name);
    text_add(&t, ", pid ");
    fact_number(&t, &v->p->pid);
    text_add(&t, ", _EPROCESS %016" PRIx64, v->p->va);
    end(v, &t);
    t = begin("  path");
    fact_text(&t, &v->p->path);
    end(v, &t);
    t = begin("  created");
    fact_time(&t, &v->p->created_100ns);
    text_add(&t, ", exited ");
    fact_time(&t, &v->p->exited_100ns);
    text_add(&t, ", threads ");
    fact_number(&t, &v->p->threads);
    end(v, &t);
    t = begin("  parent");
    fact_number(&t, &v->p->parent_pid);
    text_add(&t, " ");
    if (parent)
        fact_text(&t, &parent->name);
    else
        text_add(&t, "(gone)");
    end(v, &t);
    t = begin("  found by");
    fact_bits(&t, &v->p->found, kdw_process_route_name);
    if (v->p->found.status == KD_OK && !(v->p->found.value & KDW_FOUND_LIST))
        text_add(&t, ": hidden, for it is not on PsActiveProcessHead");
    end(v, &t);
}

/* ---- layers 1 to 3: silo, job, session ---- */

static void print_silo(const struct layers *v, const char *label, const struct kdw_u64 *silo_va)
{
    const struct kdw_silo *silo =
        silo_va->status == KD_OK ? kdw_snapshot_find(v->s, KDW_TABLE_SILOS, silo_va->value) : NULL;
    struct text t = begin(label);

    label_silo(&t, v->s, silo_va);
    if (silo) {
        text_add(&t, ": ");
        fact_name(&t, &silo->kind, kdw_silo_kind_name);
        text_add(&t, " silo");
    }
    if (silo && (silo->kind.status != KD_OK || silo->kind.value != KDW_SILO_APP)) {
        text_add(&t, ", ");
        fact_name(&t, &silo->state, kdw_silo_state_name);
        text_add(&t, ", container ");
        label_container(&t, &silo->container_id);
        text_add(&t, ", root ");
        fact_text(&t, &silo->root_directory);
        text_add(&t, ", ETW state ");
        fact_address(&t, &silo->etw_state_va);
    }
    end(v, &t);
}

static void print_silos(const struct layers *v)
{
    const struct kdw_process *p = v->p;

    print_silo(v, "1 silo", &p->silo_va);
    if (p->silo_va.status != KD_OK || p->server_silo_va.status != KD_OK ||
        p->silo_va.value != p->server_silo_va.value)
        print_silo(v, "  server silo", &p->server_silo_va);
    if (p->own_silo_va.status == KD_OK && p->server_silo_va.status == KD_OK &&
        p->own_silo_va.value != p->server_silo_va.value) {
        struct text t = begin("");

        text_add(&t, "the process itself says another: ");
        label_silo(&t, v->s, &p->own_silo_va);
        end(v, &t);
    }
}

static void print_job(const struct layers *v, const struct kdw_job *job)
{
    struct text t = begin("");

    text_add(&t, "job ");
    fact_number(&t, &job->id);
    text_add(&t, " at %016" PRIx64 ", processes ", job->va);
    fact_number(&t, &job->processes_active);
    text_add(&t, ", limits ");
    fact_hex(&t, &job->limit_flags);
    text_add(&t, ", flags ");
    fact_bits(&t, &job->flags, kdw_job_flag_name);
    end(v, &t);
}

static void print_jobs(const struct layers *v)
{
    const struct kdw_u64 *job_va = &v->p->job_va;
    struct text t = begin("2 job");

    label_job_path(&t, v->s, job_va);
    if (v->p->job_not_active.status == KD_OK && v->p->job_not_active.value)
        text_add(&t, " (not in force yet)");
    end(v, &t);
    for (int i = 0; i < JOBS_MAX && job_va->status == KD_OK && job_va->value; i++) {
        const struct kdw_job *job = kdw_snapshot_find(v->s, KDW_TABLE_JOBS, job_va->value);

        if (!job)
            break;
        print_job(v, job);
        job_va = &job->parent_va;
    }
}

static void print_session(const struct layers *v)
{
    struct text t = begin("3 session");

    fact_number(&t, &v->p->session_id);
    text_add(&t, ", of the token ");
    fact_number(&t, &v->p->token_session);
    KDW_EACH(v->s, KDW_TABLE_SESSIONS, struct kdw_session, session)
    {
        text_add(&t, ", created ");
        fact_time(&t, &session->created_100ns);
        text_add(&t, ", processes ");
        fact_number(&t, &session->processes);
        break; /* it is in one */
    }
    end(v, &t);
}

/* ---- layers 4 to 7: protection, integrity, restrictions, processors ---- */

static void print_protection(const struct layers *v)
{
    struct text t = begin("4 protection");

    process_protection(&t, v->p);
    text_add(&t, ", image signed ");
    fact_name(&t, &v->p->signature_level, kdw_signing_level_name);
    text_add(&t, ", what it loads ");
    fact_name(&t, &v->p->section_signature_level, kdw_signing_level_name);
    text_add(&t, ", trust label ");
    fact_text(&t, &v->p->trust_level);
    end(v, &t);
}

static void print_token(const struct layers *v)
{
    struct text t = begin("5 integrity");

    process_integrity(&t, v->p);
    text_add(&t, ", policy ");
    fact_bits(&t, &v->p->policy, kdw_token_policy_name);
    text_add(&t, ", user ");
    fact_text(&t, &v->p->user);
    end(v, &t);
    t = begin("  AppContainer");
    if (v->p->package.status == KD_ERR_NOT_FOUND) {
        text_add(&t, "no");
    } else {
        fact_text(&t, &v->p->package);
        text_add(&t, ", capabilities ");
        fact_number(&t, &v->p->capabilities);
    }
    end(v, &t);
}

static void print_restrictions(const struct layers *v)
{
    struct text t = begin("6 API");

    process_restrictions(&t, v->p);
    end(v, &t);
    t = begin("  mitigations");
    process_mitigations(&t, v->p);
    end(v, &t);
}

/* "SMEP on", "SMEP on (3 of 4)", "SMEP ?". */
static void add_feature(struct text *t, const struct layers *v,
                        const struct kdw_cpu_feature *feature)
{
    size_t count = 0, on = 0;
    const char *state = "-";

    KDW_EACH(v->s, KDW_TABLE_CPUS, struct kdw_cpu, cpu)
    {
        const char *own = cpu_feature_state(cpu, feature);

        on += strcmp(own, "on") == 0;
        if (count++ == 0 || strcmp(own, "on") == 0)
            state = own;
    }
    text_add(t, ", %s %s", feature->name, state);
    if (on && on < count)
        text_add(t, " (%zu of %zu)", on, count);
}

static void print_cpus(const struct layers *v)
{
    struct text t = begin("7 CPU");

    text_add(&t, "processors %zu", v->s->tables[KDW_TABLE_CPUS].len);
    for (size_t i = 0; i < kdw_cpu_features_len; i++)
        add_feature(&t, v, &kdw_cpu_features[i]);
    end(v, &t);
    t = begin("  KVA shadow");
    cpu_kva_shadow(&t, v->s);
    end(v, &t);
    t = begin("  VBS");
    cpu_vsm(&t, v->s);
    end(v, &t);
}

/* ---- who logs it ---- */

static void add_logger(struct text *t, const struct kdw_logger *logger, const struct kdw_u64 *id)
{
    fact_hex(t, id);
    text_add(t, " ");
    if (logger)
        fact_text_short(t, &logger->name);
    else
        text_add(t, "(no such logger)");
}

static void print_consumed(const struct layers *v)
{
    struct text t = begin("consumes");
    const char *separator = "";

    KDW_EACH(v->s, KDW_TABLE_CONSUMERS, struct kdw_consumer, c)
    {
        text_add(&t, "%s", separator);
        add_logger(&t, kdw_snapshot_find(v->s, KDW_TABLE_LOGGERS, c->logger_va.value),
                   &c->logger_id);
        separator = ", ";
    }
    if (!separator[0])
        text_add(&t, "no logger");
    end(v, &t);
}

static void add_provider(struct text *t, const struct layers *v, const struct kdw_registration *r)
{
    const struct kdw_provider *p =
        r->provider_va.status == KD_OK
            ? kdw_snapshot_find(v->s, KDW_TABLE_PROVIDERS, r->provider_va.value)
            : NULL;
    const char *name = p && p->guid.status == KD_OK ? provider_name(v->names, p->guid.bytes) : NULL;

    if (name)
        text_add_escaped(t, name, strlen(name));
    else if (r->traits_name.status == KD_OK && r->traits_name.utf8[0])
        fact_text(t, &r->traits_name);
    else if (p)
        fact_guid(t, &p->guid);
    else
        text_add(t, "?");
}

static void print_registered(const struct layers *v)
{
    struct text t = begin("registers");
    size_t len = v->s->tables[KDW_TABLE_REGISTRATIONS].len;
    const char *separator = ": ";

    text_add(&t, "%zu provider%s", len, len == 1 ? "" : "s");
    KDW_EACH(v->s, KDW_TABLE_REGISTRATIONS, struct kdw_registration, r)
    {
        text_add(&t, "%s", separator);
        add_provider(&t, v, r);
        separator = ", ";
    }
    end(v, &t);
}

/* What its providers write by one slot of one of them, and to whom. */
struct stream {
    uint64_t state_va, logger_id;
    size_t writers; /* registrations */
};

struct streams {
    struct stream *items;
    size_t len;
};

/* For each slot of a provider, how many registrations may write by it: a provider's own, and those of its group. */
static void count_writers(const struct provider_links *registrations, uint64_t provider_va,
                          size_t writers[SLOTS])
{
    size_t count;
    const struct provider_link *links = provider_links_of(registrations, provider_va, &count);

    memset(writers, 0, SLOTS * sizeof *writers);
    for (size_t i = 0; i < count; i++) {
        const struct kdw_registration *r = links[i].record;
        const struct kdw_u64 *mask =
            r->provider_va.value != provider_va ? &r->group_mask : &r->enable_mask;

        for (unsigned slot = 0; slot < SLOTS && mask->status == KD_OK; slot++)
            writers[slot] += mask->value >> slot & 1;
    }
}

static void add_stream(struct streams *out, const struct layers *v, const struct kdw_enable *e,
                       const size_t writers[SLOTS])
{
    const struct kdw_provider *p =
        kdw_snapshot_find(v->s, KDW_TABLE_PROVIDERS, e->provider_va.value);

    if (!p || e->enabled.status != KD_OK || !e->enabled.value || e->logger_id.status != KD_OK ||
        e->slot.status != KD_OK || e->slot.value >= SLOTS || writers[e->slot.value] == 0)
        return;
    out->items[out->len++] =
        (struct stream){p->state_va.value, e->logger_id.value, writers[e->slot.value]};
}

/* Provider by provider: a hostile kernel can have many slots and registrations for one. */
static bool find_streams(const struct layers *v, const struct provider_links *registrations,
                         struct streams *out)
{
    struct provider_links enables;
    size_t writers[SLOTS];
    bool ok = provider_links_enables(v->s, &enables);

    *out = (struct streams){.items = ok ? calloc(enables.len + 1, sizeof *out->items) : NULL};
    for (size_t i = 0; out->items && i < enables.len; i++) {
        if (i == 0 || enables.items[i].provider_va != enables.items[i - 1].provider_va)
            count_writers(registrations, enables.items[i].provider_va, writers);
        add_stream(out, v, enables.items[i].record, writers);
    }
    provider_links_free(&enables);
    return out->items != NULL;
}

static void print_loggers(const struct layers *v, const struct streams *streams)
{
    struct text t = begin("is logged by");
    const char *separator = "";

    KDW_EACH(v->s, KDW_TABLE_LOGGERS, struct kdw_logger, l)
    {
        size_t writers = 0;

        for (size_t i = 0; i < streams->len; i++)
            if (streams->items[i].logger_id == l->slot.value &&
                streams->items[i].state_va == l->state_va.value)
                writers += streams->items[i].writers;
        if (writers == 0)
            continue;
        text_add(&t, "%s", separator);
        add_logger(&t, l, &l->slot);
        text_add(&t, " (%zu)", writers);
        separator = ", ";
    }
    if (!separator[0])
        text_add(&t, "none of its own providers is enabled");
    end(v, &t);
}

void view_layers(const struct kdw_snapshot *s, const struct provider_names *names, bool is_verbose,
                 uint64_t process_va)
{
    struct layers v = {s, names, kdw_snapshot_find(s, KDW_TABLE_PROCESSES, process_va), is_verbose};
    struct provider_links registrations;
    struct streams streams = {NULL, 0};

    if (!v.p || !provider_links_registrations(s, &registrations)) {
        message_output_failed("out of memory");
        return;
    }
    print_head(&v);
    print_silos(&v);
    print_jobs(&v);
    print_session(&v);
    print_protection(&v);
    print_token(&v);
    print_restrictions(&v);
    print_cpus(&v);
    print_consumed(&v);
    print_registered(&v);
    if (find_streams(&v, &registrations, &streams))
        print_loggers(&v, &streams);
    else
        message_output_failed("out of memory");
    free(streams.items);
    provider_links_free(&registrations);
}
