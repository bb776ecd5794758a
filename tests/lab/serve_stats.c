/* What happened on the wire and at the target, as JSON. */
#include "kdlab.h"
#include "serve_parts.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void put(json_t *object, const char *name, uint64_t value)
{
    json_object_set_new(object, name, json_integer((json_int_t)value));
}

static json_t *line_counts(const struct lab_line *l)
{
    const struct lab_line_stats *s = lab_line_stats(l);
    json_t *o = json_object();

    put(o, "packets", s->packets);
    put(o, "bytes", s->bytes);
    put(o, "dropped", s->dropped);
    put(o, "doubled", s->doubled);
    put(o, "reordered", s->reordered);
    put(o, "corrupted", s->corrupted);
    put(o, "truncated", s->truncated);
    put(o, "garbage", s->garbage);
    put(o, "overrun", s->overrun);
    return o;
}

static json_t *both_lines(const struct serve_report *r)
{
    json_t *o = json_object();

    json_object_set_new(o, "to_target", line_counts(r->to_target));
    json_object_set_new(o, "from_target", line_counts(r->from_target));
    return o;
}

static json_t *forged_by_kind(const struct serve_forging *f)
{
    json_t *o = json_object();

    for (int kind = 0; kind < LAB_FORGE_KINDS; kind++)
        put(o, lab_forge_kind_name((enum lab_forge_kind)kind), f->by_kind[kind]);
    return o;
}

static void add_link(json_t *link, struct serve_link *l)
{
    json_object_set_new(link, "kind", json_string(l->ops->name));
    put(link, "connections", l->connections);
    put(link, "bytes_lost", l->bytes_lost);
}

/* What the target says of itself, and what only its surroundings know. */
static char *report_text(const struct serve_report *r, uint64_t now_us)
{
    char *target_text = lab_target_stats_json(r->target, now_us), *text;
    json_t *o = target_text ? json_loads(target_text, 0, NULL) : NULL;

    free(target_text);
    add_link(json_object_get(o, "link"), r->link);
    json_object_set_new(o, "line", both_lines(r));
    put(o, "forged", r->forging->sent);
    json_object_set_new(o, "forged_by_kind", forged_by_kind(r->forging));
    put(o, "forged_from_another_socket", r->forging->from_other);
    put(o, "forged_answered", serve_net_answers(r->link));
    put(o, "seed", r->settings->seed);
    text = json_dumps(o, JSON_INDENT(2) | JSON_REAL_PRECISION(9));
    json_decref(o);
    return text;
}

int serve_write_stats(const struct serve_report *r, uint64_t now_us)
{
    const char *path = r->settings->stats;
    char temporary[4096];
    char *json;
    FILE *f;
    bool ok;

    if (!path)
        return 0;
    if (snprintf(temporary, sizeof temporary, "%s.new", path) >= (int)sizeof temporary)
        return serve_failed("--stats", "too long");
    f = fopen(temporary, "w");
    if (!f)
        return serve_failed(temporary, strerror(errno));
    json = report_text(r, now_us);
    ok = json && fprintf(f, "%s\n", json) > 0;
    free(json);
    if (fclose(f) != 0 || !ok || rename(temporary, path) != 0)
        return serve_failed(path, strerror(errno));
    return 0;
}
