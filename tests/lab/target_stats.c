/* What the target was asked, as JSON. */
#include "target_parts.h"

#include <inttypes.h>
#include <jansson.h>

static double ms(uint64_t us)
{
    return (double)us / 1000;
}

static void put(json_t *object, const char *name, uint64_t value)
{
    json_object_set_new(object, name, json_integer((json_int_t)value));
}

static json_t *requests_by_kind(const struct lab_stats *s)
{
    json_t *o = json_object();

    for (size_t i = 0; i < LAB_API_COUNT; i++)
        if (s->by_api[i] > 0)
            put(o, requests_name(i), s->by_api[i]);
    if (s->by_api[LAB_API_COUNT] > 0)
        put(o, "unknown", s->by_api[LAB_API_COUNT]);
    return o;
}

/* A freeze that lasts ends, for the count, now. */
static json_t *freezes(const struct lab_target *t, uint64_t now_us)
{
    const struct lab_stats *s = &t->stats;
    bool lasts = t->phase == LAB_HALTED;
    uint64_t lasting_us = lasts ? now_us - t->halt.since_us : 0;
    json_t *o = json_object(), *each = json_array();

    put(o, "count", s->freezes + lasts);
    json_object_set_new(o, "total_ms", json_real(ms(s->freeze_us + lasting_us)));
    for (uint64_t i = 0; i < s->freezes && i < LAB_FREEZES_MAX; i++)
        json_array_append_new(each, json_real(ms(s->freeze_each_us[i])));
    if (lasts && s->freezes < LAB_FREEZES_MAX)
        json_array_append_new(each, json_real(ms(lasting_us)));
    json_object_set_new(o, "each_ms", each);
    put(o, "rehalts", s->rehalts);
    return o;
}

static json_t *bad_datagrams(const struct lab_stats *s)
{
    json_t *o = json_object();

    for (int i = LAB_GOOD + 1; i < LAB_BAD_KINDS; i++)
        put(o, lab_bad_text((enum lab_bad)i), s->bad_datagrams[i]);
    return o;
}

static json_t *stream_bad(const struct lab_stream_bad *bad)
{
    json_t *o = json_object();

    put(o, "headers", bad->headers);
    put(o, "checksums", bad->checksums);
    put(o, "trailers", bad->trailers);
    put(o, "timeouts", bad->timeouts);
    put(o, "skipped_bytes", bad->skipped);
    put(o, "overrun_bytes", bad->overrun);
    return o;
}

static json_t *link_counts(const struct lab_stats *s)
{
    json_t *o = json_object();

    put(o, "datagrams_received", s->datagrams_received);
    put(o, "datagrams_sent", s->datagrams_sent);
    put(o, "pokes", s->pokes);
    put(o, "handshakes", s->handshakes);
    put(o, "packets_received", s->packets_received);
    put(o, "packets_sent", s->packets_sent);
    put(o, "duplicates", s->duplicates);
    put(o, "break_ins", s->breaks);
    put(o, "retransmissions", s->retransmissions);
    put(o, "resends_sent", s->resends_sent);
    put(o, "resends_received", s->resends_received);
    put(o, "resets_received", s->resets_received);
    put(o, "bad_packets", s->bad_packets);
    put(o, "given_up", s->given_up);
    json_object_set_new(o, "bad_datagrams", bad_datagrams(s));
    json_object_set_new(o, "stream_bad", stream_bad(&s->stream_bad));
    return o;
}

static json_t *file_io(const struct lab_stats *s)
{
    json_t *o = json_object();

    put(o, "asked", s->file_asked);
    put(o, "answered", s->file_answered);
    put(o, "wrong", s->file_wrong);
    return o;
}

/* As far as they are kept. Where the address is, other functions have an index, a number, an offset. */
static json_t *unexpected_requests(const struct lab_stats *s)
{
    json_t *each = json_array();

    for (uint64_t i = 0; i < s->unexpected && i < LAB_UNEXPECTED_MAX; i++) {
        const struct lab_manipulate *m = &s->unexpected_each[i];
        const char *name =
            m->api - LAB_API_FIRST < LAB_API_COUNT ? requests_name(m->api - LAB_API_FIRST) : NULL;
        json_t *o = json_object();

        put(o, "api", m->api);
        json_object_set_new(o, "name", json_string(name ? name : "unknown"));
        put(o, "processor", m->processor);
        json_object_set_new(o, "address", json_sprintf("0x%" PRIx64, m->u.memory.address));
        put(o, "count", m->u.memory.count);
        json_array_append_new(each, o);
    }
    return each;
}

static void add_tape(json_t *o, const struct lab_target *t)
{
    json_object_set_new(o, "recording", json_string(t->opts.tape->name));
    put(o, "unexpected", t->stats.unexpected);
    json_object_set_new(o, "unexpected_requests", unexpected_requests(&t->stats));
    put(o, "lines_asked", t->stats.lines_asked);
    put(o, "lines_answered", t->stats.lines_answered);
}

static const char *const dialects[LAB_DIALECTS] = {
    [LAB_DIALECT_NTKD] = "ntkd",
    [LAB_DIALECT_BOOT] = "boot",
    [LAB_DIALECT_MINIMAL] = "minimal",
};

char *lab_target_stats_json(const struct lab_target *t, uint64_t now_us)
{
    const struct lab_stats *s = &t->stats;
    json_t *o = json_object();
    char *text;

    if (t->opts.tape)
        add_tape(o, t);
    else
        json_object_set_new(o, "kernel", json_string(t->info->name));
    if (t->opts.carrier == LAB_OVER_KDNET)
        put(o, "kdnet_version", t->opts.version);
    else
        json_object_set_new(o, "dialect", json_string(dialects[t->opts.dialect]));
    put(o, "requests_total", s->requests);
    json_object_set_new(o, "requests", requests_by_kind(s));
    put(o, "altering", s->altering);
    put(o, "rip_advances", s->rip_advances);
    put(o, "rip_unchanged_slices", s->rip_unchanged);
    put(o, "bytes_read", s->bytes_read);
    json_object_set_new(o, "freezes", freezes(t, now_us));
    json_object_set_new(o, "left_running", json_boolean(lab_target_is_running(t)));
    json_object_set_new(o, "halted", json_boolean(t->phase == LAB_HALTED));
    put(o, "stages", s->stages);
    put(o, "reboots", s->reboots);
    json_object_set_new(o, "silent", json_boolean(t->is_silent));
    json_object_set_new(o, "file_io", file_io(s));
    put(o, "prints_acked", s->prints_acked);
    json_object_set_new(o, "link", link_counts(s));
    text = json_dumps(o, JSON_INDENT(2) | JSON_REAL_PRECISION(9));
    json_decref(o);
    return text;
}
