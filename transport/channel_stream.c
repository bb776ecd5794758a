/*  link_stream --> kd_framer_push, kd_framer_next --> events of the channel
 *  link_stream <-- packets of the session, as they are */
#include "channel.h"

#include "link_stream.h"

#include <inttypes.h>
#include <stdlib.h>

enum {
    READ_MAX = 3944,    /* 4000 less the header of a reply: the most on a serial line [doc] */
    LINE_LEN = 256,     /* on a line of 115200 baud a walk with 1024 takes twice the time: bytes
                           that nobody wants cost more than another turn (measured, with the lab) */
    SECONDS_A_READ = 2, /* on a slow line a larger piece would look like silence */
    BITS_A_BYTE = 10,   /* with start and stop bit */
};

struct channel_stream {
    struct kdt_channel channel; /* first: the verbs get this */
    struct kdt_channel_opts opts;
    enum kdt_link_kind kind;
    char place[KDT_PLACE_TEXT_MAX];
    struct kdt_link_stream *link;
    struct kd_framer *framer;
    bool is_up, was_up;
    uint64_t packets, garbled;
};

static struct channel_stream *stream_of(struct kdt_channel *c)
{
    return (struct channel_stream *)c;
}

static const struct channel_stream *stream_of_const(const struct kdt_channel *c)
{
    return (const struct channel_stream *)c;
}

static void raise_event(struct channel_stream *s, const struct kdt_channel_event *ev)
{
    s->opts.on_event(s->opts.ctx, ev);
}

static void raise_kind(struct channel_stream *s, enum kdt_channel_event_kind kind)
{
    raise_event(s, &(struct kdt_channel_event){.kind = kind});
}

/* --- bytes in --- */

static void take_packets(struct channel_stream *s)
{
    struct kdt_channel_event ev;

    for (;;) {
        ev = (struct kdt_channel_event){.kind = KDT_CHANNEL_PACKET};
        ev.wish = kd_framer_next(s->framer, &ev.packet);
        if (ev.wish == KD_FRAMER_IDLE)
            return;
        if (ev.wish == KD_FRAMER_PACKET) {
            s->packets++;
        } else {
            s->garbled++;
            ev.kind = KDT_CHANNEL_GARBLED;
        }
        raise_event(s, &ev);
    }
}

static void on_bytes(void *ctx, struct kd_span bytes)
{
    struct channel_stream *s = ctx;

    while (bytes.len > 0) {
        size_t taken = kd_framer_push(s->framer, bytes.data, bytes.len, uv_now(s->opts.loop));

        bytes.data += taken;
        bytes.len -= taken;
        take_packets(s);
    }
    if (kd_framer_deadline_ms(s->framer) != KD_NEVER)
        raise_kind(s, KDT_CHANNEL_HEARS);
}

static void on_up(void *ctx)
{
    struct channel_stream *s = ctx;

    s->is_up = s->was_up = true;
    raise_kind(s, KDT_CHANNEL_UP); /* a new boot shows in its first packet */
}

static void on_cut(void *ctx)
{
    struct channel_stream *s = ctx;

    s->is_up = false;
    kd_framer_clear(s->framer);
    raise_kind(s, KDT_CHANNEL_CUT);
}

static void on_over(void *ctx, enum kd_status st, const char *text)
{
    struct channel_stream *s = ctx;
    const struct kdt_channel_event ev = {.kind = KDT_CHANNEL_OVER, .status = st, .text = text};

    s->is_up = false;
    raise_event(s, &ev);
}

/* --- the verbs --- */

static void stream_send(struct kdt_channel *c, struct kd_span bytes)
{
    kdt_link_stream_send(stream_of(c)->link, bytes);
}

static void stream_tick(struct kdt_channel *c)
{
    struct channel_stream *s = stream_of(c);

    if (uv_now(s->opts.loop) >= kd_framer_deadline_ms(s->framer)) {
        kd_framer_tick(s->framer, uv_now(s->opts.loop));
        take_packets(s);
    }
    kdt_link_stream_tick(s->link);
}

static uint64_t stream_deadline_ms(const struct kdt_channel *c)
{
    const struct channel_stream *s = stream_of_const(c);

    return kd_sooner(kd_framer_deadline_ms(s->framer), kdt_link_stream_deadline_ms(s->link));
}

/* A line has no handshake that could be begun anew. */
static bool stream_drop(struct kdt_channel *c)
{
    (void)c;
    return false;
}

static const char *baud_advice(const struct channel_stream *s)
{
    return s->kind == KDT_LINK_SERIAL ? ", and is this its baud rate" : "";
}

static enum kd_status stream_explain(const struct kdt_channel *c, double seconds,
                                     struct kd_diag *diag)
{
    const struct channel_stream *s = stream_of_const(c);
    uint64_t bytes = kdt_link_stream_get_counters(s->link)->bytes_received;

    if (!s->is_up) {
        kdt_link_stream_explain(s->link, diag);
        return kd_diag_add(diag, KD_ERR_TIMEOUT, "no connection %s %g s",
                           s->was_up ? "for" : "within", seconds);
    }
    if (s->packets > 0)
        return kd_diag_set(diag, KD_ERR_TIMEOUT,
                           "a target speaks on %s, but did not halt within %g s: it may hang, or "
                           "not hear what is sent to it",
                           s->place, seconds);
    if (bytes > 0)
        return kd_diag_set(diag, KD_ERR_TIMEOUT,
                           "%" PRIu64 " bytes arrived from %s within %g s, no packet among them: "
                           "does something else speak there%s?",
                           bytes, s->place, seconds,
                           s->kind == KDT_LINK_SERIAL ? ", or at another baud rate" : "");
    return kd_diag_set(diag, KD_ERR_TIMEOUT,
                       "nothing arrived from %s within %g s: is the target's debugging on (bcdedit "
                       "/debug on, /dbgsettings serial), is this the port of its debugport%s?",
                       s->place, seconds, baud_advice(s));
}

static void stream_add_stats(const struct kdt_channel *c, struct kdt_live_stats *stats)
{
    const struct channel_stream *s = stream_of_const(c);
    const struct kdt_link_stream_counters *link = kdt_link_stream_get_counters(s->link);

    stats->bytes_sent = link->bytes_sent;
    stats->bytes_received = link->bytes_received;
    stats->unsent = link->unsent;
    stats->garbled = s->garbled;
}

static void stream_close(struct kdt_channel *c)
{
    struct channel_stream *s = stream_of(c);

    kdt_link_stream_close(s->link);
    kd_framer_destroy(s->framer);
    free(s);
}

/* --- opening --- */

static uint32_t read_max(uint32_t bytes_per_second)
{
    uint32_t most = bytes_per_second * SECONDS_A_READ;

    if (bytes_per_second == 0 || most > READ_MAX)
        return READ_MAX;
    return most < KDT_READ_MIN ? KDT_READ_MIN : most;
}

enum kd_status kdt_channel_stream_open(const struct kdt_channel_opts *opts, struct kd_diag *diag,
                                       struct kdt_channel **out)
{
    static const struct kdt_channel_verbs verbs = {stream_send, stream_tick,    stream_deadline_ms,
                                                   stream_drop, stream_explain, stream_add_stats,
                                                   stream_close};
    struct kdt_link_stream_opts link = {
        .loop = opts->loop,
        .spec = opts->spec,
        .on_up = on_up,
        .on_bytes = on_bytes,
        .on_cut = on_cut,
        .on_over = on_over,
        .recorder = opts->recorder,
    };
    struct channel_stream *s = calloc(1, sizeof *s);
    enum kd_status st;

    if (!s)
        return kd_diag_set(diag, KD_ERR_NO_MEMORY, "out of memory");
    s->channel = (struct kdt_channel){.verbs = &verbs,
                                      .dialect = KD_DIALECT_STREAM,
                                      .line_len = LINE_LEN,
                                      .may_cross_pages = true,
                                      .waiting = KDT_PROGRESS_CONNECTING};
    if (opts->spec->kind == KDT_LINK_SERIAL)
        s->channel.bytes_per_second = opts->spec->baud / BITS_A_BYTE;
    s->channel.read_max = read_max(s->channel.bytes_per_second);
    s->opts = *opts;
    s->opts.spec = NULL; /* borrowed until we return */
    s->kind = opts->spec->kind;
    kdt_target_spec_place(opts->spec, s->place);
    link.ctx = s;
    st = kd_framer_create(&s->framer);
    if (st == KD_OK)
        st = kdt_link_stream_open(&link, diag, &s->link);
    else
        kd_diag_set(diag, st, "%s", kd_status_text(st));
    if (st != KD_OK) {
        stream_close(&s->channel);
        return st;
    }
    *out = &s->channel;
    return KD_OK;
}
