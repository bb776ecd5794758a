#include "watch_json.h"

#include "document.h"
#include "kernel_time.h"
#include "message.h"
#include "print_check.h"
#include "record_text.h"
#include "snapshot_json.h"
#include "text.h"
#include "watch_time.h"

#include <walker/bugcheck.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const reasons[] = {
    [WATCH_FIRST] = "first",
    [WATCH_EVERY] = "every",
    [WATCH_ON_MODULE] = "module",
    [WATCH_ON_PRINT] = "print",
    [WATCH_ON_EXCEPTION] = "exception",
    [WATCH_ON_BUGCHECK] = "bugcheck",
};

/* ---- values ---- */

static json_t *host_time(uint64_t host_ns)
{
    char text[WATCH_TIME_TEXT];

    watch_time_text(host_ns, text);
    return json_string(text);
}

static json_t *target_time(uint64_t time_100ns)
{
    char text[KERNEL_TIME_TEXT];

    return time_100ns && kernel_time_text(time_100ns, text) ? json_string(text) : json_null();
}

static json_t *number(uint64_t value)
{
    return json_integer((json_int_t)value);
}

/* What the target says need be no UTF-8: it is told as people read it. */
static json_t *escaped(struct kd_span bytes)
{
    struct text t = {0};
    char *chars;
    json_t *string;

    text_add_escaped(&t, (const char *)bytes.data, bytes.len);
    chars = text_take(&t);
    string = chars ? json_string(chars) : NULL;
    free(chars);
    return string;
}

static json_t *name_of(enum kdw_table_id table, const void *record)
{
    struct text t = {0};
    char *chars;
    json_t *string;

    record_name(&t, table, record);
    chars = text_take(&t);
    string = chars ? json_string(chars) : NULL;
    free(chars);
    return string;
}

/* ---- events ---- */

static json_t *begin(const char *event, const struct watch_event *e)
{
    return json_pack("{s:s, s:o, s:o}", "event", event, "time", host_time(e->when.host_ns),
                     "target_time", target_time(e->when.target_100ns));
}

static json_t *names_of(unsigned only)
{
    static const char *const names[] = {"loggers", "providers", "silos", "ps", "checks"};
    json_t *list = json_array();

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (only >> i & 1)
            document_add(list, json_string(names[i]));
    return list;
}

static void put_target(json_t *o, const struct watch_target *t)
{
    document_put(o, "build", number(t->target->build));
    document_put(o, "kernel_base", document_word(t->target->kernel_base_va));
    document_put(
        o, "symbols",
        json_pack("{s:o, s:b}", "origin", document_escaped(t->symbols), "guess", t->is_guess));
}

static json_t *begin_of(const struct watch_json *j, const struct watch_event *e)
{
    json_t *o = begin("begin", e);

    document_put(o, "schema", json_string(WATCH_SCHEMA));
    document_put(o, "version", json_integer(WATCH_VERSION));
    put_target(o, &e->u.target);
    document_put(o, "every_ms", number(j->every_ms));
    document_put(o, "freeze_budget_ms", number(j->freeze_budget_ms));
    document_put(o, "only", names_of(j->only));
    return o;
}

static json_t *attached_of(const struct watch_event *e)
{
    json_t *o = begin("attached", e);

    put_target(o, &e->u.target);
    return o;
}

static json_t *sample_of(const struct watch_event *e)
{
    const struct watch_sample *s = &e->u.sample;
    double covered = s->all_units ? (double)s->units / (double)s->all_units : 0;
    json_t *o = begin("sample", e);

    document_put(o, "number", number(s->number));
    document_put(o, "reason", json_string(reasons[s->reason]));
    document_put(o, "frozen_us", number(s->frozen_us));
    document_put(o, "requests", number(s->requests));
    document_put(o, "bytes", number(s->bytes));
    document_put(o, "covered", s->all_units ? json_real(covered > 1 ? 1 : covered) : json_null());
    document_put(o, "sweep", number(s->sweep));
    return o;
}

static void put_window(json_t *o, const struct watch_event *e)
{
    document_put(o, "sample", number(e->sample));
    document_put(o, "since", host_time(e->since.host_ns));
}

static json_t *change_of(const struct watch_event *e)
{
    static const char *const kinds[] = {
        [KDW_APPEARED] = "appeared", [KDW_VANISHED] = "vanished", [KDW_CHANGED] = "changed"};
    const struct kdw_change *c = &e->u.change;
    const struct kdw_table_info *info = &kdw_snapshot_tables[c->table];
    const void *record = c->from ? c->from : c->to;
    json_t *o = begin(kinds[c->kind], e);

    put_window(o, e);
    document_put(o, "table", json_string(info->name));
    document_put(o, "address", snapshot_json_fact(&info->facts[0], record));
    document_put(o, "name", name_of(c->table, record));
    if (!c->fact) {
        document_put(o, "record", snapshot_json_record(c->table, record));
        return o;
    }
    document_put(o, "fact", json_string(c->fact->name));
    document_put(o, "from", snapshot_json_fact(c->fact, c->from));
    document_put(o, "to", snapshot_json_fact(c->fact, c->to));
    return o;
}

static json_t *verdict_of(const struct watch_event *e)
{
    const struct watch_verdict *v = &e->u.verdict;
    json_t *o = begin("verdict", e), *check = check_json_one(v->list, v->check);

    put_window(o, e);
    document_put(o, "check", json_string(kdw_checks[v->check].id));
    document_put(o, "title", json_string(kdw_checks[v->check].title));
    document_put(o, "from", json_string(kdw_verdict_text(v->from)));
    document_put(o, "to", json_string(kdw_verdict_text(v->to)));
    document_put(o, "findings", json_incref(json_object_get(check, "findings")));
    json_decref(check);
    return o;
}

static json_t *text_of(const char *event, const char *member, const struct watch_event *e)
{
    json_t *o = begin(event, e);

    document_put(o, member, escaped(e->u.text));
    return o;
}

static json_t *module_of(const struct watch_event *e)
{
    const struct kd_state_change *stop = &e->u.stop;
    json_t *o = begin("module", e);

    document_put(o, "name", escaped(stop->path));
    document_put(o, "base", document_word(stop->image_base_va));
    document_put(o, "size", number(stop->image_size));
    document_put(o, "unloaded", json_boolean(stop->is_unload));
    return o;
}

static json_t *exception_of(const struct watch_event *e)
{
    const struct kd_state_change *stop = &e->u.stop;
    json_t *o = begin("exception", e);

    document_put(o, "code", document_word(stop->exception_code));
    document_put(o, "address", document_word(stop->exception_va));
    document_put(o, "first_chance", json_boolean(stop->is_first_chance));
    document_put(o, "processor", number(stop->processor));
    return o;
}

static json_t *bugcheck_of(const struct watch_event *e)
{
    const struct watch_bugcheck *b = &e->u.bugcheck;
    const char *name = kdw_bugcheck_name(b->code);
    json_t *o = begin("bugcheck", e), *parameters = json_array();

    for (size_t i = 0; i < 4; i++)
        document_add(parameters, document_word(b->parameters[i]));
    document_put(o, "code", document_word(b->code));
    document_put(o, "name", name ? json_string(name) : json_null());
    document_put(o, "parameters", parameters);
    return o;
}

json_t *watch_json_event(const struct watch_json *j, const struct watch_event *e)
{
    switch (e->kind) {
    case WATCH_BEGIN:
        return begin_of(j, e);
    case WATCH_SAMPLE:
        return sample_of(e);
    case WATCH_CHANGE:
        return change_of(e);
    case WATCH_VERDICT:
        return verdict_of(e);
    case WATCH_PRINT:
        return text_of("print", "text", e);
    case WATCH_MODULE:
        return module_of(e);
    case WATCH_EXCEPTION:
        return exception_of(e);
    case WATCH_BUGCHECK:
        return bugcheck_of(e);
    case WATCH_REBOOT:
        return begin("reboot", e);
    case WATCH_LOST:
        return text_of("lost", "reason", e);
    case WATCH_ATTACHED:
        return attached_of(e);
    case WATCH_SAVED:
        return text_of("snapshot", "file", e);
    case WATCH_MARK:
        return text_of("mark", "text", e);
    }
    return NULL;
}

/* ---- lines ---- */

static void tell(struct watch_sink *sink, const struct watch_event *e)
{
    document_line(watch_json_event((const struct watch_json *)sink, e));
}

void watch_json_init(struct watch_json *j, unsigned only, uint32_t every_ms,
                     uint32_t freeze_budget_ms)
{
    *j = (struct watch_json){{tell}, only, every_ms, freeze_budget_ms};
}

static json_t *events_of(const struct watch_tally *t)
{
    json_t *o = json_object();

    for (size_t i = 0; i < KDW_TABLES; i++)
        if (t->changes[i])
            document_put(o, kdw_snapshot_tables[i].name, number(t->changes[i]));
    return o;
}

void watch_json_end(const struct watch_tally *t)
{
    char unseen[WATCH_UNSEEN_MAX][WATCH_UNSEEN_TEXT];
    size_t len = watch_tally_unseen(t, unseen);
    json_t *texts = json_array();

    for (size_t i = 0; i < len; i++)
        document_add(texts, json_string(unseen[i]));
    document_line(json_pack("{s:s, s:o, s:n, s:o, s:o, s:{s:o, s:o, s:o, s:o}, s:o, s:o, s:o, s:o}",
                            "event", "end", "time", host_time(t->last_ns), "target_time", "samples",
                            number(t->samples), "sweeps", number(t->sweeps), "frozen_us", "median",
                            number(watch_tally_freeze_us(t, 500)), "p99",
                            number(watch_tally_freeze_us(t, 990)), "worst", number(t->worst_us),
                            "total", number(t->frozen_us), "requests", number(t->requests), "bytes",
                            number(t->bytes), "events", events_of(t), "unseen", texts));
}
