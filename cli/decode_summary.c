#include "decode_summary.h"

#include <assert.h>

static enum decode_from side_of(const struct kdt_record *rec)
{
    if (rec->kind == KDT_RECORD_UNVERIFIED)
        return DECODE_FROM_UNKNOWN;
    return rec->is_from_host ? DECODE_FROM_HOST : DECODE_FROM_TARGET;
}

static void count_unverified(struct decode_summary *s, const struct kdt_record *rec)
{
    if (rec->status == KD_ERR_AUTH)
        s->not_opened_key++;
    else if (rec->status == KD_ERR_NOT_FOUND)
        s->not_opened_handshake++;
    else if (rec->status == KD_ERR_USAGE)
        s->not_opened_no_key++;
    else
        s->not_opened_other++;
}

static struct decode_api *api_of(struct decode_summary *s, uint32_t api)
{
    if (!kd_api_name(api)) /* numbers in the gaps of the table included */
        return &s->other_apis;
    return &s->apis[api - KD_API_FIRST];
}

static void count_manipulate(struct decode_summary *s, const struct kdt_record *rec)
{
    const struct kd_manipulate *m = &rec->manipulate;
    struct decode_api *api = api_of(s, m->api);

    if (rec->is_from_host && !rec->is_repeat)
        api->requests++;
    if (!rec->is_answer)
        return;
    if (kd_ntstatus_is_failure(m->status))
        api->failed++;
    api->bytes += kd_manipulate_read_data(m, UINT32_MAX).len;
    if (rec->time_ns >= rec->asked_ns) /* captures need not be in order of time */
        durations_add(&s->round_trips, rec->time_ns - rec->asked_ns);
}

static void end_freeze(struct decode_summary *s, struct decode_conversation *c, uint64_t time_ns)
{
    durations_add(&s->freezes, time_ns > c->stop_ns ? time_ns - c->stop_ns : 0);
    c->stop = 0;
}

static void count_stop(struct decode_summary *s, struct decode_conversation *c,
                       const struct kdt_record *rec)
{
    if (rec->is_new_stop) {
        if (c->stop != 0)
            s->freezes_without_end++;
        c->stop = rec->stop;
        c->stop_ns = rec->time_ns;
    } else if (rec->ends_stop && c->stop != 0) {
        end_freeze(s, c, rec->time_ns);
    }
}

static void note_boot(struct decode_summary *s, const struct kdt_record *rec)
{
    if (s->boots_len < DECODE_BOOTS_MAX)
        s->boots[s->boots_len++] =
            (struct decode_boot){rec->conversation, rec->time_ns, rec->manipulate.u.version};
}

void decode_summary_add(struct decode_summary *s, const struct kdt_record *rec)
{
    struct decode_side *side = &s->sides[side_of(rec)];
    struct decode_conversation *c = &s->conversations[rec->conversation];

    assert(rec->conversation < KDT_CONVERSATIONS_MAX);
    if (!s->has_records)
        s->first_ns = s->last_ns = rec->time_ns;
    s->has_records = true;
    if (rec->time_ns > s->last_ns)
        s->last_ns = rec->time_ns;
    side->records++;
    side->wire_bytes += rec->wire_len;
    side->repeated += rec->is_repeat;
    side->kinds[describe_kind(rec)]++;
    c->records++;
    c->is_stream = rec->is_stream;
    if (rec->kind == KDT_RECORD_UNVERIFIED) {
        count_unverified(s, rec);
        return;
    }
    if (!rec->is_stream) {
        c->version = rec->datagram.version;
        s->opened_data += !rec->datagram.is_control;
    }
    if (rec->has_manipulate)
        count_manipulate(s, rec);
    if (rec->is_new_boot)
        note_boot(s, rec);
    count_stop(s, c, rec);
}

void decode_summary_end(struct decode_summary *s)
{
    for (unsigned i = 0; i < KDT_CONVERSATIONS_MAX; i++) {
        if (s->conversations[i].stop != 0)
            s->freezes_without_end++;
        s->conversations[i].stop = 0;
    }
}

void decode_summary_clear(struct decode_summary *s)
{
    durations_clear(&s->round_trips);
    durations_clear(&s->freezes);
    *s = (struct decode_summary){0};
}

uint64_t decode_summary_kind(const struct decode_summary *s, enum describe_kind kind)
{
    uint64_t n = 0;

    for (int from = 0; from < DECODE_FROMS; from++)
        n += s->sides[from].kinds[kind];
    return n;
}
