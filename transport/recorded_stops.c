#include <transport/recorded_stops.h>

#include "recorded_boot.h"
#include "recording_stream.h"

#include <kdproto/debug_io.h>
#include <kdproto/file_io.h>

#include <stdlib.h>
#include <string.h>

enum { TOLD_AT_ONCE = 3 }; /* of one record: a stop is over, a restart, and what it says itself */

/* The stop that a conversation is in. */
struct talk {
    bool is_wanted; /* a break-in was sent, and no stop has followed yet */
    bool is_standing;
    bool was_asked;  /* anything but what letting it go takes */
    bool was_let_go; /* a Continue was said, with this id */
    uint32_t continue_id;
    bool goes; /* and the same stop was not told again since */
    struct kdt_recorded_stop stop;
    uint8_t path[KD_PACKET_DATA_MAX];
    struct kdt_recorded_boot *heard; /* in this stop */

    unsigned restarts; /* as kdt_record.restarts */
    bool has_version;
    struct kd_version version;
};

struct kdt_recorded_stops {
    struct kd_diag *diag;
    struct kdt_recording *recording;
    struct talk talks[KDT_CONVERSATIONS_MAX];
    struct kdt_told told[TOLD_AT_ONCE];
    unsigned told_head, told_count;
    struct kdt_recorded_boot *told_heard; /* of the stop that is told */
    enum kd_status end;                   /* KD_OK: there is more */
};

static struct kdt_told *tell(struct kdt_recorded_stops *s, enum kd_event_kind kind,
                             uint64_t time_ns, unsigned conversation)
{
    struct kdt_told *told = &s->told[s->told_count++];

    *told = (struct kdt_told){
        .time_ns = time_ns, .conversation = conversation, .event = {.kind = kind}};
    return told;
}

/* --- a stop, from its first report to its end --- */

static enum kd_status begin_stop(struct talk *t, const struct kdt_record *rec)
{
    const struct kd_state_change *change = &rec->state_change;
    enum kd_status st = kdt_recorded_boot_create(&t->heard);

    if (st != KD_OK)
        return st;
    t->is_standing = true;
    t->was_asked = t->was_let_go = t->goes = false;
    t->stop = (struct kdt_recorded_stop){
        .number = rec->stop, .change = *change, .begin_ns = rec->time_ns, .end_ns = rec->time_ns};
    t->stop.was_wanted = t->is_wanted;
    t->is_wanted = false;
    if (change->path.len)
        memcpy(t->path, change->path.data, change->path.len);
    t->stop.change.path.data = t->path;
    kdt_recorded_boot_stop(t->heard, change);
    t->heard->has_version = t->has_version;
    t->heard->version = t->version;
    return KD_OK;
}

static enum kd_event_kind kind_of(const struct talk *t)
{
    if (t->was_asked || t->stop.change.kind != KD_STATE_LOAD_SYMBOLS)
        return KD_EVENT_HALTED;
    return kd_state_change_is_farewell(&t->stop.change) ? KD_EVENT_RESTARTING : KD_EVENT_MODULE;
}

/* One for each record, or for each conversation at the end: so told_heard is free. */
static void end_stop(struct kdt_recorded_stops *s, unsigned conversation)
{
    struct talk *t = &s->talks[conversation];
    struct kdt_told *told = tell(s, kind_of(t), t->stop.begin_ns, conversation);

    t->is_standing = false;
    told->stop = t->stop;
    told->stop.is_over = t->was_let_go;
    told->stop.has_version = t->heard->has_version;
    told->stop.version = t->heard->version;
    told->stop.has_dtb = t->heard->has_dtb;
    told->stop.dtb = t->heard->dtb;
    told->stop.cr4 = t->heard->cr4;
    told->stop.virt = t->heard->virt;
    told->stop.phys = t->heard->phys;
    told->event.u.halted = t->stop.change;
    t->has_version = t->heard->has_version;
    t->version = t->heard->version;
    s->told_heard = t->heard;
    t->heard = NULL;
}

/* --- what is said in it --- */

static bool is_continue(uint32_t api)
{
    return api == KD_API_CONTINUE || api == KD_API_CONTINUE2;
}

/* What a session sends to let a target go: the Rip rule's requests, and Continue. */
static bool is_of_letting_go(uint32_t api)
{
    return is_continue(api) || api == KD_API_GET_CONTEXT || api == KD_API_GET_CONTEXT_EX ||
           api == KD_API_SET_CONTEXT || api == KD_API_SET_CONTEXT_EX;
}

static void hear_request(struct talk *t, const struct kdt_record *rec)
{
    t->stop.requests += !rec->is_repeat;
    t->was_asked = t->was_asked || !is_of_letting_go(rec->manipulate.api);
    t->stop.end_ns = rec->time_ns;
    if (is_continue(rec->manipulate.api)) {
        t->was_let_go = t->goes = true;
        t->continue_id = rec->packet.id;
    }
}

static enum kd_status hear_reply(struct talk *t, const struct kdt_record *rec)
{
    const struct kd_manipulate *m = &rec->manipulate;

    if (rec->is_repeat)
        return KD_OK;
    t->stop.round_trips += rec->is_answer;
    if (m->api == KD_API_READ_VIRTUAL || m->api == KD_API_READ_PHYSICAL)
        t->stop.bytes_read += kd_manipulate_read_data(m, m->u.memory.count).len;
    if (m->api == KD_API_GET_VERSION && !kd_ntstatus_is_failure(m->status))
        t->stop.is_version_new = true;
    return kdt_recorded_boot_reply(t->heard, m);
}

/* Does it show that the Continue arrived? A late reply, or the same stop once more, does not; nor does
 * what asks for something again. */
static bool shows_that_it_runs(const struct talk *t, const struct kdt_record *rec)
{
    const struct kd_packet *p = &rec->packet;

    if (rec->is_new_stop)
        return true;
    if (p->is_control)
        return t->was_let_go && p->type == KD_PACKET_ACKNOWLEDGE && p->id == t->continue_id;
    return t->goes && !rec->has_manipulate && !rec->has_state_change;
}

/* Of a conversation whose target stands, as far as anybody knows. */
static enum kd_status hear_standing(struct kdt_recorded_stops *s, const struct kdt_record *rec)
{
    struct talk *t = &s->talks[rec->conversation];

    t->stop.boot = rec->boot;
    if (rec->is_from_host) {
        if (rec->has_manipulate)
            hear_request(t, rec);
        return KD_OK;
    }
    if (shows_that_it_runs(t, rec)) {
        if (t->goes)
            t->stop.end_ns = rec->time_ns;
        end_stop(s, rec->conversation);
        return KD_OK;
    }
    if (rec->has_state_change)
        t->goes = false; /* the Continue was lost, or has crossed it */
    return rec->has_manipulate ? hear_reply(t, rec) : KD_OK;
}

/* --- what the target says unasked --- */

static void hear_text(struct kdt_recorded_stops *s, const struct kdt_record *rec)
{
    const struct kd_packet *p = &rec->packet;
    struct kd_debug_io io;
    struct kd_file_io file;

    if (rec->is_from_host || rec->is_repeat || p->is_control)
        return;
    if (p->type == KD_PACKET_DEBUG_IO && kd_debug_io_decode(p->data, p->len, &io) == KD_OK)
        tell(s, io.kind == KD_DEBUG_IO_PRINT ? KD_EVENT_PRINT : KD_EVENT_PROMPT, rec->time_ns,
             rec->conversation)
            ->event.u.text = io.text;
    else if (p->type == KD_PACKET_FILE_IO && kd_file_io_decode(p->data, p->len, &file) == KD_OK)
        tell(s, KD_EVENT_FILE_IO, rec->time_ns, rec->conversation)->event.u.text = file.path;
}

static enum kd_status hear(struct kdt_recorded_stops *s, const struct kdt_record *rec)
{
    struct talk *t;
    enum kd_status st = KD_OK;

    if (rec->kind == KDT_RECORD_UNVERIFIED || rec->kind == KDT_RECORD_DAMAGED)
        return KD_OK;
    t = &s->talks[rec->conversation];
    if (rec->restarts != t->restarts) {
        if (t->is_standing)
            end_stop(s, rec->conversation);
        t->restarts = rec->restarts;
        t->has_version = false;
        tell(s, KD_EVENT_RESTARTED, rec->time_ns, rec->conversation);
    }
    t->is_wanted = t->is_wanted || rec->kind == KDT_RECORD_BREAK_IN;
    if (rec->kind != KDT_RECORD_PACKET)
        return KD_OK;
    if (t->is_standing)
        st = hear_standing(s, rec);
    if (st == KD_OK && rec->is_new_stop)
        st = begin_stop(t, rec);
    if (st == KD_OK)
        hear_text(s, rec);
    return st;
}

/* --- one after the other --- */

/* The recording ends: stops that are not over are told, one at a time. */
static void end_a_stop(struct kdt_recorded_stops *s)
{
    for (unsigned i = 0; i < KDT_CONVERSATIONS_MAX; i++) {
        if (s->talks[i].is_standing) {
            end_stop(s, i);
            return;
        }
    }
}

/* Until something is to be told, or all is. */
static void read_on(struct kdt_recorded_stops *s)
{
    struct kdt_record rec;

    while (s->end == KD_OK && s->told_count == 0) {
        s->end = kdt_recording_next(s->recording, &rec);
        if (s->end == KD_OK)
            s->end = hear(s, &rec);
    }
    if (s->end == KD_ERR_NO_MEMORY)
        kd_diag_set(s->diag, s->end, "%s", kd_status_text(s->end));
    else if (s->told_count == 0)
        end_a_stop(s);
}

enum kd_status kdt_recorded_stops_next(struct kdt_recorded_stops *s, struct kdt_told *out)
{
    if (s->told_head == s->told_count) {
        s->told_head = s->told_count = 0;
        kdt_recorded_boot_destroy(s->told_heard);
        s->told_heard = NULL;
        read_on(s);
    }
    if (s->told_head == s->told_count)
        return s->end;
    *out = s->told[s->told_head++];
    return KD_OK;
}

/* --- from the start --- */

/* Takes the recording over, also on failure. */
static enum kd_status stops_of(struct kdt_recording *recording, struct kd_diag *diag,
                               struct kdt_recorded_stops **out)
{
    struct kdt_recorded_stops *s = calloc(1, sizeof *s);

    if (!s) {
        kdt_recording_close(recording);
        return kd_diag_set(diag, KD_ERR_NO_MEMORY, "%s", kd_status_text(KD_ERR_NO_MEMORY));
    }
    s->diag = diag;
    s->recording = recording;
    *out = s;
    return KD_OK;
}

enum kd_status kdt_recorded_stops_open(const struct kdt_recording_opts *opts,
                                       struct kdt_recorded_stops **out)
{
    struct kdt_recording *recording;
    enum kd_status st = kdt_recording_open(opts, &recording);

    return st == KD_OK ? stops_of(recording, opts->diag, out) : st;
}

enum kd_status kdt_recorded_stops_open_stream(FILE *stream, const struct kdt_recording_opts *opts,
                                              struct kdt_recorded_stops **out)
{
    struct kdt_recording *recording;
    enum kd_status st = kdt_recording_open_stream(stream, opts, &recording);

    return st == KD_OK ? stops_of(recording, opts->diag, out) : st;
}

void kdt_recorded_stops_close(struct kdt_recorded_stops *s)
{
    if (!s)
        return;
    for (unsigned i = 0; i < KDT_CONVERSATIONS_MAX; i++)
        kdt_recorded_boot_destroy(s->talks[i].heard);
    kdt_recorded_boot_destroy(s->told_heard);
    kdt_recording_close(s->recording);
    free(s);
}

const struct kdt_recording *kdt_recorded_stops_recording(const struct kdt_recorded_stops *s)
{
    return s->recording;
}
