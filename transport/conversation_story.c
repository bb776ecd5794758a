#include "conversation.h"

#include <string.h>

enum { NONCE_AT = 2 }; /* in a response: what it echoes of the poke */
#define SYNC_BIT      0x800u
#define SYNC_FIRST_ID 0x80800800u /* of a target that has just begun: first id and sync bit [doc] */

/* What was known of the target is void. */
static void restart(struct kdt_story *s)
{
    s->is_restarted = true;
    s->restarts++;
    s->is_under_way = false;
    s->is_standing = s->is_switching = false;
    s->is_asked = false;
    s->said[0].is_any = s->said[1].is_any = false;
}

/* A host answers a poke: under the same part B, which counts on, it is still the same target in the
 * same stage. One that counts from further back is a snapshot, restored. */
static void hear_response(struct kdt_story *s, struct kd_span payload)
{
    struct kd_reader r = kd_reader_of(payload.data, payload.len);
    uint8_t nonce_b[KDNET_NONCE_B_LEN];
    uint64_t nonce_a;

    kd_rd_seek(&r, NONCE_AT);
    nonce_a = kd_rd_u64(&r);
    kd_rd_copy(&r, nonce_b, sizeof nonce_b);
    if (s->has_nonce && (nonce_a < s->nonce_a || memcmp(nonce_b, s->nonce_b, sizeof nonce_b) != 0))
        restart(s);
    s->has_nonce = true;
    s->nonce_a = nonce_a;
    memcpy(s->nonce_b, nonce_b, sizeof nonce_b);
}

/* The sync bit stands in what a stream's target says first after it began, until a RESET; so it tells
 * of a restart once there was something without it. It must be the very first id, and not on a reply,
 * for nobody has asked anything yet: headers have no checksum. */
static void watch_sync_bit(struct kdt_story *s, const struct kd_packet *p)
{
    if (p->id != SYNC_FIRST_ID)
        s->is_under_way = true;
    else if (s->is_under_way && p->type != KD_PACKET_STATE_MANIPULATE)
        restart(s);
}

static bool is_same_text(const struct kdt_said *last, const struct kd_packet *p)
{
    return last->is_any && last->type == p->type && last->len == p->len &&
           (p->len == 0 || memcmp(last->bytes, p->data, p->len) == 0);
}

/* A repetition keeps its id; but a stream's ids begin anew with a RESET, and lose the sync bit. */
static bool is_same_id(const struct kdt_said *last, const struct kd_packet *p, bool is_stream)
{
    if (last->id == p->id)
        return true;
    return is_stream && (last->is_before_reset || last->id == (p->id | SYNC_BIT));
}

static void remember(struct kdt_said *last, const struct kd_packet *p)
{
    last->is_any = true;
    last->is_before_reset = false;
    last->type = p->type;
    last->id = p->id;
    last->len = p->len;
    if (p->len)
        memcpy(last->bytes, p->data, p->len);
}

/* ---- stops ---- */

static bool is_new_stop(const struct kdt_story *s, const struct kdt_record *rec)
{
    const struct kd_state_change *sc = &rec->state_change;

    if (s->stop == 0)
        return true;
    if (rec->is_repeat || s->is_switching)
        return false;
    if (!s->is_standing || s->was_let_go)
        return true;
    /* Said again under another id, or the Continue in between was not captured. */
    return sc->kind != s->change.kind || sc->pc_va != s->change.pc_va ||
           sc->thread_va != s->change.thread_va;
}

/* A state change that is repeated after the Continue says that the Continue did not arrive. */
static void hear_state_change(struct kdt_story *s, struct kdt_recording_counts *counts,
                              struct kdt_record *rec)
{
    rec->has_state_change =
        kd_state_change_decode(rec->packet.data, rec->packet.len, &rec->state_change) == KD_OK;
    if (!rec->has_state_change)
        return;
    rec->is_new_stop = is_new_stop(s, rec);
    if (rec->is_new_stop) {
        s->stop = ++counts->stops;
        s->was_let_go = false;
    }
    s->is_standing = true;
    s->is_switching = false;
    s->change = rec->state_change;
    s->change.path = (struct kd_span){0};
}

static bool lets_go(uint32_t api)
{
    return api == KD_API_CONTINUE || api == KD_API_CONTINUE2 || api == KD_API_REBOOT ||
           api == KD_API_CAUSE_BUGCHECK;
}

/* ---- boots ---- */

static bool is_same_kernel(const struct kd_version *a, const struct kd_version *b)
{
    return a->kernel_base_va == b->kernel_base_va && a->module_list_va == b->module_list_va &&
           a->major == b->major && a->minor == b->minor && a->machine == b->machine;
}

static void hear_version(struct kdt_story *s, struct kdt_recording_counts *counts,
                         struct kdt_record *rec)
{
    const struct kd_version *v = &rec->manipulate.u.version;

    rec->is_new_boot = s->boot == 0 || s->is_restarted || !is_same_kernel(v, &s->version);
    if (rec->is_new_boot)
        s->boot = ++counts->boots;
    s->is_restarted = false;
    s->version = *v;
}

/* ---- requests and their answers ---- */

static void hear_request(struct kdt_story *s, struct kdt_record *rec, bool is_same_text)
{
    const struct kd_manipulate *m = &rec->manipulate;

    if (lets_go(m->api)) {
        rec->ends_stop = s->is_standing;
        s->is_standing = false;
        s->was_let_go = true;
        s->is_asked = false;
        return;
    }
    if (rec->is_repeat)
        return;
    if (m->api == KD_API_SWITCH_PROCESSOR) {
        s->is_switching = s->is_standing;
        s->is_asked = false;
        return;
    }
    /* Asked again under a new id, because no reply came: its time is that of the first. */
    if (!(s->is_asked && is_same_text))
        s->asked_ns = rec->time_ns;
    s->is_asked = true;
    s->asked = *m;
    s->asked.data = (struct kd_span){0};
}

static void hear_reply(struct kdt_story *s, struct kdt_recording_counts *counts,
                       struct kdt_record *rec)
{
    const struct kd_manipulate *m = &rec->manipulate;

    if (rec->is_repeat)
        return;
    if (s->is_asked && kd_manipulate_answers(m, &s->asked)) {
        rec->is_answer = true;
        rec->asked_ns = s->asked_ns;
        s->is_asked = false;
    }
    if (m->api == KD_API_GET_VERSION && !kd_ntstatus_is_failure(m->status))
        hear_version(s, counts, rec);
}

static void hear_manipulate(struct kdt_story *s, struct kdt_recording_counts *counts,
                            struct kdt_record *rec, bool is_same_text)
{
    rec->has_manipulate = kd_manipulate_decode(rec->packet.data, rec->packet.len,
                                               !rec->is_from_host, &rec->manipulate) == KD_OK;
    if (!rec->has_manipulate)
        return;
    if (rec->is_from_host)
        hear_request(s, rec, is_same_text);
    else
        hear_reply(s, counts, rec);
}

static void hear_data(struct kdt_story *s, struct kdt_recording_counts *counts,
                      struct kdt_record *rec)
{
    const struct kd_packet *p = &rec->packet;
    struct kdt_said *last = &s->said[rec->is_from_host];
    bool same = is_same_text(last, p);

    rec->is_repeat = same && is_same_id(last, p, rec->is_stream);
    remember(last, p);
    if (p->type == KD_PACKET_STATE_MANIPULATE)
        hear_manipulate(s, counts, rec, same);
    else if (p->type == KD_PACKET_STATE_CHANGE64 && !rec->is_from_host)
        hear_state_change(s, counts, rec);
}

static void hear_packet(struct kdt_story *s, struct kdt_recording_counts *counts,
                        struct kdt_record *rec)
{
    const struct kd_packet *p = &rec->packet;

    if (!p->is_control)
        hear_data(s, counts, rec);
    else if (p->type == KD_PACKET_RESET)
        s->said[0].is_before_reset = s->said[1].is_before_reset = true;
}

void kdt_story_tell(struct kdt_story *s, struct kdt_recording_counts *counts,
                    struct kdt_record *rec)
{
    bool is_packet = rec->kind == KDT_RECORD_PACKET;
    bool was_standing;

    if (rec->kind == KDT_RECORD_RESPONSE)
        hear_response(s, rec->datagram.payload);
    else if (is_packet && rec->is_stream && !rec->is_from_host && !rec->packet.is_control)
        watch_sync_bit(s, &rec->packet);
    was_standing = s->is_standing;
    if (is_packet)
        hear_packet(s, counts, rec);
    rec->stop = was_standing || s->is_standing ? s->stop : 0;
    rec->boot = s->boot;
    rec->restarts = s->restarts;
}
