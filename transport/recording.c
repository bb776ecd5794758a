#include <transport/recording.h>

#include "capture_stream.h"
#include "conversation.h"
#include "recording_stream.h"
#include "stream_wrap.h"

#include <transport/crypto_openssl.h>

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct conversation {
    struct kdt_endpoint host, target;
    bool is_direction_sure; /* else the one who spoke first is taken for the target, for it calls */
    struct kdt_net_talk *net; /* one of the two */
    struct kdt_stream_talk *stream;
    struct kdt_story story;
};

struct kdt_recording {
    struct kd_diag *diag;
    struct kdt_capture *capture;
    struct kdt_crypto *crypto; /* NULL: no key */
    struct kdnet_key key;
    struct conversation *conversations[KDT_CONVERSATIONS_MAX];
    struct kdt_recording_counts counts;
    unsigned speaking;  /* in which the last datagram was */
    enum kd_status end; /* KD_OK: not reached yet */
};

/* ---- open and close ---- */

static enum kd_status take_key(struct kdt_recording *r, const struct kdnet_key *key)
{
    enum kd_status st;

    if (!key)
        return KD_OK;
    r->key = *key;
    st = kdt_crypto_create(&r->crypto);
    return st == KD_OK ? KD_OK : kd_diag_set(r->diag, st, "cryptography: %s", kd_status_text(st));
}

static enum kd_status recording_of(struct kdt_capture *capture,
                                   const struct kdt_recording_opts *opts,
                                   struct kdt_recording **out)
{
    struct kdt_recording *r = calloc(1, sizeof *r);
    enum kd_status st;

    if (!r) {
        kdt_capture_close(capture);
        return kd_diag_set(opts->diag, KD_ERR_NO_MEMORY, "out of memory");
    }
    r->diag = opts->diag;
    r->capture = capture;
    st = take_key(r, opts->key);
    if (st == KD_OK)
        *out = r;
    else
        kdt_recording_close(r);
    return st;
}

enum kd_status kdt_recording_open(const struct kdt_recording_opts *opts, struct kdt_recording **out)
{
    struct kdt_capture *capture;
    enum kd_status st = kdt_capture_open(opts->path, opts->diag, &capture);

    return st == KD_OK ? recording_of(capture, opts, out) : st;
}

enum kd_status kdt_recording_open_stream(FILE *stream, const struct kdt_recording_opts *opts,
                                         struct kdt_recording **out)
{
    struct kdt_capture *capture;
    enum kd_status st = kdt_capture_open_stream(stream, opts->diag, &capture);

    return st == KD_OK ? recording_of(capture, opts, out) : st;
}

static void destroy_conversation(struct conversation *c)
{
    if (!c)
        return;
    kdt_stream_talk_destroy(c->stream);
    kdt_net_talk_destroy(c->net);
    free(c);
}

void kdt_recording_close(struct kdt_recording *r)
{
    if (!r)
        return;
    for (unsigned i = 0; i < r->counts.conversations; i++)
        destroy_conversation(r->conversations[i]);
    kdt_crypto_destroy(r->crypto);
    kdt_capture_close(r->capture);
    kdt_wipe(&r->key, sizeof r->key);
    free(r);
}

/* ---- which conversation a datagram belongs to ---- */

static bool is_same_end(const struct kdt_endpoint *a, const struct kdt_endpoint *b)
{
    return a->port == b->port && memcmp(a->ip, b->ip, sizeof a->ip) == 0;
}

/* Is it between these two, whoever said it? */
static bool is_between(const struct kdt_datagram *d, const struct kdt_endpoint *a,
                       const struct kdt_endpoint *b)
{
    return (is_same_end(&d->from, a) && is_same_end(&d->to, b)) ||
           (is_same_end(&d->from, b) && is_same_end(&d->to, a));
}

static bool is_wrapped_stream(const struct kdt_datagram *d)
{
    return is_between(d, &kdt_wrapped_host, &kdt_wrapped_target);
}

static bool is_kdnet(const struct kdt_datagram *d)
{
    return kdnet_has_magic(d->payload.data, d->payload.len);
}

static enum kd_status create_talk(struct kdt_recording *r, struct conversation *c,
                                  const struct kdt_datagram *d)
{
    c->host = d->to;
    c->target = d->from;
    if (!is_wrapped_stream(d))
        return kdt_net_talk_create(r->crypto ? kdt_crypto_table(r->crypto) : NULL,
                                   r->crypto ? &r->key : NULL, &c->net);
    c->host = kdt_wrapped_host;
    c->target = kdt_wrapped_target;
    c->is_direction_sure = true;
    return kdt_stream_talk_create(&c->stream);
}

static enum kd_status begin_conversation(struct kdt_recording *r, const struct kdt_datagram *d)
{
    struct conversation *c;

    if (r->counts.conversations == KDT_CONVERSATIONS_MAX)
        return kd_diag_set(r->diag, KD_ERR_LIMIT,
                           "after packet %" PRIu64 ": more than %d pairs of ends talk in it",
                           d->number - 1, KDT_CONVERSATIONS_MAX);
    c = calloc(1, sizeof *c);
    if (!c || create_talk(r, c, d) != KD_OK) {
        free(c);
        return kd_diag_set(r->diag, KD_ERR_NO_MEMORY, "out of memory");
    }
    r->speaking = r->counts.conversations++;
    r->conversations[r->speaking] = c;
    return KD_OK;
}

/* Sets r->speaking. */
static enum kd_status find_conversation(struct kdt_recording *r, const struct kdt_datagram *d)
{
    for (unsigned i = 0; i < r->counts.conversations; i++) {
        unsigned n = (r->speaking + i) % r->counts.conversations; /* mostly the same as before */
        const struct conversation *c = r->conversations[n];

        if (is_between(d, &c->host, &c->target)) {
            r->speaking = n;
            return KD_OK;
        }
    }
    return begin_conversation(r, d);
}

/* ---- records ---- */

/* Only what was opened tells which end is which. */
static void learn_direction(struct conversation *c, const struct kdt_datagram *d,
                            const struct kdt_record *rec)
{
    if (c->is_direction_sure || rec->status != KD_OK)
        return;
    c->host = rec->is_from_host ? d->from : d->to;
    c->target = rec->is_from_host ? d->to : d->from;
    c->is_direction_sure = true;
}

/* False: no record comes of it. */
static bool hear_net(struct kdt_recording *r, const struct kdt_datagram *d, struct kdt_record *out)
{
    struct conversation *c = r->conversations[r->speaking];

    if (!kdt_net_talk_hear(c->net, d, out)) {
        r->counts.duplicates++;
        return false;
    }
    r->counts.kdnet++;
    r->counts.verified += out->status == KD_OK;
    r->counts.keyless += out->status == KD_ERR_USAGE;
    r->counts.without_handshake += out->status == KD_ERR_NOT_FOUND;
    learn_direction(c, d, out);
    return true;
}

/* The records of a stream's bytes are fetched by say_on. */
static void hear_stream(struct kdt_recording *r, const struct kdt_datagram *d)
{
    struct conversation *c = r->conversations[r->speaking];

    r->counts.stream_bytes += d->payload.len;
    kdt_stream_talk_hear(c->stream, d, is_same_end(&d->from, &kdt_wrapped_host));
}

/* Does the stream that spoke last have more to say? */
static bool say_on(struct kdt_recording *r, struct kdt_record *out)
{
    const struct conversation *c = r->conversations[r->speaking];

    return c && c->stream && kdt_stream_talk_next(c->stream, out);
}

/* The next datagram of the file. *is_record: it made one. */
static enum kd_status hear(struct kdt_recording *r, struct kdt_record *out, bool *is_record)
{
    struct kdt_datagram d;
    bool is_stream;
    enum kd_status st = kdt_capture_next(r->capture, &d);

    *is_record = false;
    if (st != KD_OK)
        return st;
    is_stream = is_wrapped_stream(&d);
    if (!is_stream && !is_kdnet(&d)) {
        r->counts.other++;
        return KD_OK;
    }
    st = find_conversation(r, &d);
    if (st != KD_OK)
        return st;
    if (is_stream)
        hear_stream(r, &d);
    else
        *is_record = hear_net(r, &d, out);
    return KD_OK;
}

enum kd_status kdt_recording_next(struct kdt_recording *r, struct kdt_record *out)
{
    bool is_record = false;

    while (!is_record && r->end == KD_OK) {
        is_record = say_on(r, out);
        if (!is_record)
            r->end = hear(r, out, &is_record);
    }
    if (!is_record)
        return r->end;
    out->conversation = r->speaking;
    kdt_story_tell(&r->conversations[r->speaking]->story, &r->counts, out);
    return KD_OK;
}

/* ---- what it amounts to ---- */

void kdt_recording_get_counts(const struct kdt_recording *r, struct kdt_recording_counts *out)
{
    *out = r->counts;
    out->packets = kdt_capture_packets(r->capture);
    out->not_udp = kdt_capture_skipped(r->capture);
    out->cut = kdt_capture_cut(r->capture);
    out->incomplete = kdt_capture_incomplete(r->capture);
}

enum kd_status kdt_recording_why_nothing(const struct kdt_recording *r,
                                         char text[KDT_WHY_NOTHING_MAX])
{
    struct kdt_recording_counts c;
    enum kd_status st = KD_ERR_NOT_FOUND;

    kdt_recording_get_counts(r, &c);
    if (c.conversations == 0 && c.cut == 0) {
        snprintf(text, KDT_WHY_NOTHING_MAX, "neither KDNET nor a recorded stream is in it");
    } else if (c.keyless > 0) {
        st = KD_ERR_USAGE;
        snprintf(text, KDT_WHY_NOTHING_MAX, "it is of KDNET, and no key was given");
    } else if (c.verified == 0 && c.kdnet > c.without_handshake) {
        st = KD_ERR_AUTH;
        snprintf(text, KDT_WHY_NOTHING_MAX, "nothing in it verifies with this key");
    } else if (c.cut > 0) {
        snprintf(text, KDT_WHY_NOTHING_MAX,
                 "%" PRIu64 " of its packets were cut short when captured, and the others tell of "
                 "no target",
                 c.cut);
    } else if (c.without_handshake > 0) {
        snprintf(text, KDT_WHY_NOTHING_MAX,
                 "the handshake that made its data key is not in it, so what was sealed with that "
                 "cannot be opened (datagrams: %" PRIu64 ")",
                 c.without_handshake);
    } else {
        snprintf(text, KDT_WHY_NOTHING_MAX, "no target that was halted is in it");
    }
    return st;
}

void kdt_recording_ends(const struct kdt_recording *r, unsigned conversation,
                        struct kdt_endpoint *host, struct kdt_endpoint *target)
{
    assert(conversation < r->counts.conversations);
    *host = r->conversations[conversation]->host;
    *target = r->conversations[conversation]->target;
}

void kdt_recording_position(const struct kdt_recording *r, uint64_t *done, uint64_t *total)
{
    kdt_capture_position(r->capture, done, total);
}
