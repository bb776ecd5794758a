/* report_recording.c - the time line of a recording, in the lines that watch would have written of it. */
#include "document.h"
#include "kernel_time.h"
#include "report_input.h"
#include "text.h"

#include <kdproto/debug_io.h>
#include <transport/recording.h>

#include <inttypes.h>
#include <stdlib.h>

#define UNIX_EPOCH_100NS UINT64_C(116444736000000000)

struct stop { /* in which a conversation stands */
    bool is_open;
    uint64_t begun_ns;
    uint64_t requests, bytes;
    const char *reason;
};

struct telling {
    FILE *out;
    struct stop stops[KDT_CONVERSATIONS_MAX];
    unsigned restarts[KDT_CONVERSATIONS_MAX];
    uint64_t stops_len;
    bool failed; /* to be written */
};

/* ---- lines ---- */

static json_t *line_of(const char *event, uint64_t time_ns)
{
    char text[KERNEL_TIME_TEXT];
    json_t *o = json_object();

    document_put(o, "event", json_string(event));
    if (kernel_time_text(time_ns / 100 + UNIX_EPOCH_100NS, text))
        document_put(o, "time", json_string(text));
    return o;
}

/* Frees it. */
static void tell(struct telling *t, json_t *line)
{
    t->failed |= !line || json_dumpf(line, t->out, JSON_COMPACT) != 0 || putc('\n', t->out) == EOF;
    json_decref(line);
}

/* Bytes as the target sent them: what is no UTF-8 is escaped. */
static json_t *chars_of(struct kd_span bytes)
{
    struct text t = {0};
    char *chars;
    json_t *value;

    text_add_escaped(&t, (const char *)bytes.data, bytes.len);
    chars = text_take(&t);
    value = chars ? json_string(chars) : NULL;
    free(chars);
    return value;
}

/* ---- stops ---- */

static void tell_module(struct telling *t, const struct kdt_record *rec)
{
    const struct kd_state_change *sc = &rec->state_change;
    json_t *line = line_of("module", rec->time_ns);

    document_put(line, "name", chars_of(sc->path));
    document_put(line, "base", document_word(sc->image_base_va));
    document_put(line, "size", json_integer(sc->image_size));
    document_put(line, "unloaded", json_boolean(sc->is_unload));
    tell(t, line);
}

static void tell_exception(struct telling *t, const struct kdt_record *rec)
{
    const struct kd_state_change *sc = &rec->state_change;
    json_t *line = line_of("exception", rec->time_ns);

    document_put(line, "code", document_word(sc->exception_code));
    document_put(line, "address", document_word(sc->exception_va));
    document_put(line, "first_chance", json_boolean(sc->is_first_chance));
    document_put(line, "processor", json_integer(sc->processor));
    tell(t, line);
}

/* A break-in is reported as a breakpoint [seen]: not an event of the target's own. */
static const char *tell_reason(struct telling *t, const struct kdt_record *rec)
{
    if (rec->state_change.kind == KD_STATE_LOAD_SYMBOLS) {
        if (!kd_state_change_is_farewell(&rec->state_change))
            tell_module(t, rec);
        return "module";
    }
    if (rec->state_change.kind != KD_STATE_EXCEPTION ||
        rec->state_change.exception_code == KD_STATUS_BREAKPOINT)
        return "every";
    tell_exception(t, rec);
    return "exception";
}

static void begin_stop(struct telling *t, struct stop *stop, const struct kdt_record *rec)
{
    *stop = (struct stop){.is_open = true, .begun_ns = rec->time_ns, .reason = tell_reason(t, rec)};
}

/* The time is that of its beginning, and so is its place among the others. */
static void end_stop(struct telling *t, struct stop *stop, uint64_t time_ns)
{
    uint64_t frozen_ns = time_ns > stop->begun_ns ? time_ns - stop->begun_ns : 0;
    json_t *line = line_of("sample", stop->begun_ns);

    document_put(line, "number", json_integer((json_int_t)++t->stops_len));
    document_put(line, "reason", json_string(stop->reason));
    document_put(line, "frozen_us", json_integer((json_int_t)(frozen_ns / 1000)));
    document_put(line, "requests", json_integer((json_int_t)stop->requests));
    document_put(line, "bytes", json_integer((json_int_t)stop->bytes));
    tell(t, line);
    stop->is_open = false;
}

/* ---- records ---- */

static void tell_print(struct telling *t, const struct kdt_record *rec)
{
    struct kd_debug_io io;
    json_t *line;

    if (kd_debug_io_decode(rec->packet.data, rec->packet.len, &io) != KD_OK ||
        io.kind != KD_DEBUG_IO_PRINT)
        return;
    while (io.text.len > 0 &&
           (io.text.data[io.text.len - 1] == '\n' || io.text.data[io.text.len - 1] == '\r'))
        io.text.len--; /* a line is a line */
    line = line_of("print", rec->time_ns);
    document_put(line, "text", chars_of(io.text));
    tell(t, line);
}

static void tell_boot(struct telling *t, const struct kdt_record *rec)
{
    const struct kd_version *v = &rec->manipulate.u.version;
    json_t *line = line_of("attached", rec->time_ns);

    document_put(line, "build", json_integer(v->minor));
    document_put(line, "kernel_base", document_word(v->kernel_base_va));
    tell(t, line);
}

static void count(struct stop *stop, const struct kdt_record *rec)
{
    if (!rec->has_manipulate)
        return;
    stop->requests += rec->is_from_host && !rec->is_repeat;
    if (rec->is_answer)
        stop->bytes += kd_manipulate_read_data(&rec->manipulate, UINT32_MAX).len;
}

static void take(struct telling *t, const struct kdt_record *rec)
{
    struct stop *stop = &t->stops[rec->conversation];

    if (rec->restarts != t->restarts[rec->conversation]) {
        t->restarts[rec->conversation] = rec->restarts;
        tell(t, line_of("reboot", rec->time_ns));
    }
    if (rec->is_new_boot)
        tell_boot(t, rec);
    if (rec->is_new_stop)
        begin_stop(t, stop, rec);
    count(stop, rec);
    if (rec->ends_stop && stop->is_open)
        end_stop(t, stop, rec->time_ns);
    if (rec->kind == KDT_RECORD_PACKET && rec->packet.type == KD_PACKET_DEBUG_IO &&
        !rec->is_from_host && !rec->is_repeat)
        tell_print(t, rec);
}

/* However it breaks off: whoever takes the snapshot of it says so. */
static void walk(struct telling *t, struct kdt_recording *recording)
{
    struct kdt_record rec;
    uint64_t last_ns = 0;

    while (!t->failed && kdt_recording_next(recording, &rec) == KD_OK) {
        last_ns = rec.time_ns > last_ns ? rec.time_ns : last_ns;
        if (rec.kind != KDT_RECORD_UNVERIFIED)
            take(t, &rec);
    }
    if (last_ns)
        tell(t, line_of("end", last_ns));
}

enum kd_status report_add_recording(struct report *r, const char *path, const struct kdnet_key *key,
                                    struct kd_diag *diag)
{
    const struct kdt_recording_opts opts = {path, key, diag};
    struct telling *t = calloc(1, sizeof *t);
    struct kdt_recording *recording = NULL;
    enum kd_status st = t ? kdt_recording_open(&opts, &recording) : KD_ERR_NO_MEMORY;

    if (st == KD_OK && !(t->out = tmpfile()))
        st = kd_diag_set(diag, KD_ERR_IO, "%s: there is no room for its events", path);
    if (st == KD_OK) {
        walk(t, recording);
        if (fflush(t->out) != 0 || t->failed) {
            fclose(t->out);
            st = kd_diag_set(diag, KD_ERR_IO, "%s: there is no room for its events", path);
        } else {
            rewind(t->out);
            st = report_lines_add(&r->lines, t->out, path, diag);
        }
    }
    kdt_recording_close(recording);
    free(t);
    return st;
}
