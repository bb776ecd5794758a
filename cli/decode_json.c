/* decode_json.c - a recorded session for programs: {"records": [...], "summary": {...}}.
 *
 * A member is there when it says something. In each record:
 *
 *     all               number, time_ns (since 1970), seconds (since the first), conversation, link,
 *                       kind, wire_bytes, text; words: a print, a prompt, a path; from, stop, boot
 *     KDNET             version, channel, sequence
 *     packets           type, id, repeated
 *     requests, replies api, processor, address, length, done, ntstatus, round_trip_ns, ends_stop
 *     versions          target, build, machine, base, module_list, debugger_data, new_boot
 *     stops             new_stop, state, processor, processors, pc, exception, base, size, unload */
#include "decode_print.h"

#include "document.h"

#include <kdproto/file_io.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static json_t *number(uint64_t v)
{
    return json_integer((json_int_t)v);
}

/* ids, NTSTATUS, exception codes: as everybody writes them */
static json_t *code(uint32_t v)
{
    char text[11];

    snprintf(text, sizeof text, "0x%08" PRIx32, v);
    return json_string(text);
}

/* NULL, which document_put notices, when memory ran out. */
static json_t *taken(struct text *t)
{
    char *chars = text_take(t);
    json_t *value = chars ? json_string(chars) : NULL;

    free(chars);
    return value;
}

/* --- records ----------------------------------------------------------------------------------- */

static void put_datagram(json_t *o, const struct kdt_record *rec)
{
    if (rec->is_stream || rec->kind == KDT_RECORD_UNVERIFIED)
        return;
    document_put(o, "version", number(rec->datagram.version));
    document_put(o, "channel", json_string(rec->datagram.is_control ? "control" : "data"));
    document_put(o, "sequence", number(rec->datagram.sequence));
}

static void put_packet(json_t *o, const struct kdt_record *rec)
{
    const char *type = kd_packet_type_name(rec->packet.type);

    document_put(o, "type", type ? json_string(type) : number(rec->packet.type));
    document_put(o, "id", code(rec->packet.id));
    if (rec->is_repeat)
        document_put(o, "repeated", json_true());
    if (rec->packet.type == KD_PACKET_FILE_IO && rec->is_from_host &&
        rec->packet.len >= KD_FILE_IO_HEADER_LEN) {
        struct kd_reader r = kd_reader_of(rec->packet.data, rec->packet.len);

        kd_rd_skip(&r, 4); /* the function */
        document_put(o, "ntstatus", code(kd_rd_u32(&r)));
    }
}

static void put_memory(json_t *o, const struct kdt_record *rec)
{
    const struct kd_manipulate *m = &rec->manipulate;

    document_put(o, "address", document_word(m->u.memory.va));
    document_put(o, "length", number(m->u.memory.count));
    if (!rec->is_from_host)
        document_put(o, "done", number(kd_manipulate_read_data(m, m->u.memory.count).len));
}

static void put_version(json_t *o, const struct kd_version *v)
{
    document_put(o, "target", json_string(describe_version_kind(v)));
    document_put(o, "build", number(v->minor));
    document_put(o, "machine", number(v->machine));
    document_put(o, "base", document_word(v->kernel_base_va));
    document_put(o, "module_list", document_word(v->module_list_va));
    document_put(o, "debugger_data", document_word(v->debugger_data_list_va));
}

static void put_manipulate(json_t *o, const struct kdt_record *rec)
{
    const struct kd_manipulate *m = &rec->manipulate;
    const char *api = kd_api_name(m->api);

    document_put(o, "api", api ? json_string(api) : number(m->api));
    document_put(o, "processor", number(m->processor));
    if (m->api == KD_API_READ_VIRTUAL || m->api == KD_API_READ_PHYSICAL)
        put_memory(o, rec);
    if (m->api == KD_API_GET_VERSION && !rec->is_from_host)
        put_version(o, &m->u.version);
    if (!rec->is_from_host)
        document_put(o, "ntstatus", code(m->status));
    if (rec->is_answer && rec->time_ns >= rec->asked_ns)
        document_put(o, "round_trip_ns", number(rec->time_ns - rec->asked_ns));
    if (rec->ends_stop)
        document_put(o, "ends_stop", json_true());
    if (rec->is_new_boot)
        document_put(o, "new_boot", json_true());
}

static void put_state_change(json_t *o, const struct kdt_record *rec)
{
    const struct kd_state_change *sc = &rec->state_change;

    document_put(o, "state", code(sc->kind));
    document_put(o, "new_stop", json_boolean(rec->is_new_stop));
    document_put(o, "processor", number(sc->processor));
    document_put(o, "processors", number(sc->processor_count));
    document_put(o, "pc", document_word(sc->pc_va));
    if (sc->kind == KD_STATE_EXCEPTION)
        document_put(o, "exception", code(sc->exception_code));
    if (sc->kind == KD_STATE_LOAD_SYMBOLS) {
        document_put(o, "base", document_word(sc->image_base_va));
        document_put(o, "size", number(sc->image_size));
        document_put(o, "unload", json_boolean(sc->is_unload));
    }
}

static json_t *record_object(const struct kdt_record *rec, uint64_t first_ns,
                             struct describe_names *names)
{
    json_t *o = json_pack(
        "{s:I, s:I, s:f, s:I, s:s, s:s, s:I}", "number", (json_int_t)rec->number, "time_ns",
        (json_int_t)rec->time_ns, "seconds", (double)(int64_t)(rec->time_ns - first_ns) / 1e9,
        "conversation", (json_int_t)rec->conversation + 1, "link",
        rec->is_stream ? "stream" : "kdnet", "kind", describe_kind_label(describe_kind(rec)),
        "wire_bytes", (json_int_t)rec->wire_len);
    struct description what;

    if (rec->kind != KDT_RECORD_UNVERIFIED)
        document_put(o, "from", json_string(rec->is_from_host ? "host" : "target"));
    put_datagram(o, rec);
    if (rec->kind == KDT_RECORD_PACKET)
        put_packet(o, rec);
    if (rec->has_manipulate)
        put_manipulate(o, rec);
    if (rec->has_state_change)
        put_state_change(o, rec);
    if (rec->stop)
        document_put(o, "stop", number(rec->stop));
    if (rec->boot)
        document_put(o, "boot", number(rec->boot));
    describe_record(rec, names, &what);
    document_put(o, "text", taken(&what.meaning));
    if (what.words.len)
        document_put(o, "words", taken(&what.words));
    describe_free(&what);
    return o;
}

void decode_json_begin(void)
{
    document_stream_begin("records");
}

void decode_json_record(const struct kdt_record *rec, uint64_t first_ns,
                        struct describe_names *names)
{
    document_stream_item(record_object(rec, first_ns, names));
}

/* --- summary ----------------------------------------------------------------------------------- */

static json_t *endpoint(const struct kdt_endpoint *e)
{
    struct text t = {0};

    describe_endpoint(e, &t);
    return taken(&t);
}

static json_t *conversations(const struct decode_summary *s)
{
    json_t *list = json_array();

    for (unsigned i = 0; i < s->counts.conversations; i++) {
        const struct decode_conversation *c = &s->conversations[i];
        json_t *o = json_pack("{s:s, s:I}", "link", c->is_stream ? "stream" : "kdnet", "records",
                              (json_int_t)c->records);

        if (!c->is_stream) {
            document_put(o, "version", number(c->version));
            document_put(o, "host", endpoint(&c->host));
            document_put(o, "target", endpoint(&c->target));
        }
        document_add(list, o);
    }
    return list;
}

static json_t *boots(const struct decode_summary *s)
{
    json_t *list = json_array();

    for (unsigned i = 0; i < s->boots_len; i++) {
        const struct decode_boot *b = &s->boots[i];
        json_t *o = json_pack("{s:I, s:I}", "conversation", (json_int_t)b->conversation + 1,
                              "time_ns", (json_int_t)b->time_ns);

        put_version(o, &b->version);
        document_add(list, o);
    }
    return list;
}

static json_t *side(const struct decode_side *side)
{
    json_t *kinds = json_object();

    for (int kind = 0; kind < DESCRIBE_UNVERIFIED; kind++)
        if (side->kinds[kind])
            document_put(kinds, describe_kind_plural(kind), number(side->kinds[kind]));
    return json_pack("{s:I, s:I, s:I, s:o}", "records", (json_int_t)side->records, "wire_bytes",
                     (json_int_t)side->wire_bytes, "repeated", (json_int_t)side->repeated, "kinds",
                     kinds);
}

static void put_api(json_t *o, const char *name, const struct decode_api *api)
{
    if (api->requests || api->failed || api->bytes)
        document_put(o, name,
                     json_pack("{s:I, s:I, s:I}", "requests", (json_int_t)api->requests, "failed",
                               (json_int_t)api->failed, "bytes", (json_int_t)api->bytes));
}

static json_t *apis(const struct decode_summary *s)
{
    json_t *o = json_object();

    for (uint32_t i = 0; i < KD_API_COUNT; i++)
        put_api(o, kd_api_name(KD_API_FIRST + i), &s->apis[i]);
    put_api(o, "other", &s->other_apis);
    return o;
}

static json_t *durations(struct durations *d)
{
    return json_pack("{s:I, s:I, s:I, s:I, s:I}", "number", (json_int_t)d->count, "median_ns",
                     (json_int_t)durations_percentile(d, 50), "p99_ns",
                     (json_int_t)durations_percentile(d, 99), "longest_ns",
                     (json_int_t)d->longest_ns, "total_ns", (json_int_t)d->total_ns);
}

void decode_json_summary(struct decode_summary *s)
{
    const struct kdt_recording_counts *n = &s->counts;
    json_t *freezes = durations(&s->freezes);
    json_t *o = json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "packets",
                          (json_int_t)n->packets, "kdnet", (json_int_t)n->kdnet, "verified",
                          (json_int_t)n->verified, "stream_bytes", (json_int_t)n->stream_bytes,
                          "duplicates", (json_int_t)n->duplicates, "other", (json_int_t)n->other,
                          "incomplete", (json_int_t)n->incomplete, "not_udp",
                          (json_int_t)n->not_udp, "cut", (json_int_t)n->cut);

    document_put(o, "not_verified",
                 json_pack("{s:I, s:I, s:I, s:I}", "key", (json_int_t)s->not_opened_key,
                           "handshake", (json_int_t)s->not_opened_handshake, "no_key",
                           (json_int_t)s->not_opened_no_key, "other",
                           (json_int_t)s->not_opened_other));
    document_put(o, "first_ns", number(s->first_ns));
    document_put(o, "last_ns", number(s->last_ns));
    document_put(o, "conversations", conversations(s));
    document_put(o, "boots", boots(s));
    document_put(o, "boot_count", number(n->boots));
    document_put(o, "stops", number(n->stops));
    document_put(o, "from_target", side(&s->sides[DECODE_FROM_TARGET]));
    document_put(o, "from_host", side(&s->sides[DECODE_FROM_HOST]));
    document_put(o, "requests", apis(s));
    document_put(o, "round_trips", durations(&s->round_trips));
    document_put(freezes, "without_end", number(s->freezes_without_end));
    document_put(o, "freezes", freezes);
    document_stream_end("summary", o);
}
