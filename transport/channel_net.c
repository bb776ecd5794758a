/*  link_udp --> kdnet_receive --> kdnet_next_event --> events of the channel
 *  link_udp <-- kdnet_send    <-- packets of the session */
#include "channel.h"

#include "link_udp.h"
#include <kdproto/kdnet.h>
#include <transport/crypto_openssl.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    READ_MAX = 1024, /* fits the smaller packets of newer targets, headers included [doc] */
    /* Anybody can send datagrams that do not verify, and a bad link can damage some: a target that
     * has the key calls every 3 s [seen], so it is given the time to be heard before the key is
     * said to be wrong. */
    WRONG_KEY_MS = 10000,
};

struct channel_net {
    struct kdt_channel channel; /* first: the verbs get this */
    struct kdt_channel_opts opts;
    uint16_t port;
    struct kdt_link_udp *link;
    struct kdt_crypto *crypto;
    struct kdnet *kdnet;

    bool is_linked, was_linked, was_poked, was_silent;
    uint8_t version;       /* of KDNET */
    uint64_t wrong_key_ms; /* when calls that do not verify mean that the key is wrong; KD_NEVER */
    uint64_t bad_packets;
};

static struct channel_net *net_of(struct kdt_channel *c)
{
    return (struct channel_net *)c;
}

static const struct channel_net *net_of_const(const struct kdt_channel *c)
{
    return (const struct channel_net *)c;
}

static void raise_event(struct channel_net *n, const struct kdt_channel_event *ev)
{
    n->opts.on_event(n->opts.ctx, ev);
}

/* --- out --- */

static void send_datagrams(struct channel_net *n)
{
    struct kd_span datagram;
    struct kdnet_peer to;

    while (kdnet_next_output(n->kdnet, &datagram, &to))
        kdt_link_udp_send(n->link, datagram, &to);
}

static void net_send(struct kdt_channel *c, struct kd_span bytes)
{
    struct channel_net *n = net_of(c);

    /* What cannot be sent now is as good as lost on the way. */
    (void)kdnet_send(n->kdnet, bytes.data, bytes.len, uv_now(n->opts.loop));
    send_datagrams(n);
}

/* --- in --- */

static void on_linked(struct channel_net *n, const struct kdnet_event *ev)
{
    /* The first target that is met here may have been running, or halted, for days: only between
     * two handshakes does a new boot mean that packet ids start anew. */
    const struct kdt_channel_event up = {.kind = KDT_CHANNEL_UP,
                                         .is_new_boot = ev->is_new_boot && n->was_linked};

    n->version = ev->version;
    n->is_linked = n->was_linked = true;
    raise_event(n, &up);
}

static void on_payload(struct channel_net *n, struct kd_span bytes)
{
    struct kdt_channel_event ev = {.kind = KDT_CHANNEL_PACKET};

    if (kd_packet_decode(bytes.data, bytes.len, &ev.packet) == KD_OK)
        raise_event(n, &ev);
    else
        n->bad_packets++;
}

static void on_kdnet_event(struct channel_net *n, const struct kdnet_event *ev)
{
    switch (ev->kind) {
    case KDNET_EVENT_POKED:
        n->was_poked = true;
        n->wrong_key_ms = KD_NEVER;
        n->version = ev->version;
        raise_event(n, &(struct kdt_channel_event){.kind = KDT_CHANNEL_CALLED});
        break;
    case KDNET_EVENT_LINKED:
        on_linked(n, ev);
        break;
    case KDNET_EVENT_PACKET:
        on_payload(n, ev->bytes);
        break;
    case KDNET_EVENT_BAD_KEY:
        n->wrong_key_ms = uv_now(n->opts.loop) + WRONG_KEY_MS;
        break;
    case KDNET_EVENT_SILENT:
        n->is_linked = false;
        n->was_silent = true;
        raise_event(n, &(struct kdt_channel_event){.kind = KDT_CHANNEL_SILENT});
        break;
    case KDNET_EVENT_NO_SESSION:
        n->version = ev->version;
        break;
    }
}

static void take_kdnet_events(struct channel_net *n)
{
    struct kdnet_event ev;

    send_datagrams(n); /* an answer to a poke */
    while (kdnet_next_event(n->kdnet, &ev))
        on_kdnet_event(n, &ev);
}

static void on_datagram(void *ctx, struct kd_span datagram, const struct kdnet_peer *from)
{
    struct channel_net *n = ctx;

    kdnet_receive(n->kdnet, datagram.data, datagram.len, from, uv_now(n->opts.loop));
    take_kdnet_events(n);
}

/* --- time --- */

static enum kd_status explain_wrong_key(const struct channel_net *n, struct kd_diag *diag)
{
    return kd_diag_set(diag, KD_ERR_AUTH,
                       "datagrams arrive on port %u but do not verify with this key: the key or "
                       "the KDNET version is wrong",
                       n->port);
}

static void net_tick(struct kdt_channel *c)
{
    struct channel_net *n = net_of(c);
    uint64_t now_ms = uv_now(n->opts.loop);

    if (now_ms >= kdnet_deadline_ms(n->kdnet)) {
        kdnet_tick(n->kdnet, now_ms);
        take_kdnet_events(n);
    }
    if (now_ms >= n->wrong_key_ms) {
        struct kd_diag diag;
        struct kdt_channel_event ev = {.kind = KDT_CHANNEL_OVER, .text = diag.text};

        n->wrong_key_ms = KD_NEVER;
        ev.status = explain_wrong_key(n, &diag);
        raise_event(n, &ev);
    }
}

static uint64_t net_deadline_ms(const struct kdt_channel *c)
{
    const struct channel_net *n = net_of_const(c);

    return kd_sooner(kdnet_deadline_ms(n->kdnet), n->wrong_key_ms);
}

static bool net_drop(struct kdt_channel *c)
{
    struct channel_net *n = net_of(c);

    n->is_linked = false;
    kdnet_drop_session(n->kdnet);
    return true;
}

/* --- what there is to say --- */

/* Where an answer of ours did not even leave this machine, that is the thing to know. */
static void add_send_error(const struct channel_net *n, struct kd_diag *diag)
{
    const struct kdt_link_udp_counters *c = kdt_link_udp_get_counters(n->link);

    if (c->unsent)
        kd_diag_add(diag, KD_ERR_IO, "sending failed (%s)", uv_strerror(c->last_error));
}

static enum kd_status net_explain(const struct kdt_channel *c, double seconds, struct kd_diag *diag)
{
    const struct channel_net *n = net_of_const(c);
    const struct kdnet_counters *counters = kdnet_get_counters(n->kdnet);
    enum kd_status st = KD_ERR_TIMEOUT;

    if (n->was_linked && n->was_silent && !n->is_linked)
        return kd_diag_set(diag, st,
                           "a target was there, but fell silent and did not call again within "
                           "%g s",
                           seconds);
    if (n->was_linked)
        return kd_diag_set(diag, st,
                           "the target is linked, but did not halt within %g s: it may "
                           "hang, or another debugger may be answering it",
                           seconds);
    if (n->was_poked) {
        kd_diag_set(diag, st,
                    "a target calls on port %u (KDNET version %u) and was answered, but nothing it "
                    "sends shows that an answer arrived: a firewall may stop what this machine "
                    "sends%s",
                    n->port, n->version,
                    kdnet_version_is_known(n->version)
                        ? ""
                        : ", or this version of KDNET differs from 2, 4 and 5, which are known");
        add_send_error(n, diag);
        return st;
    }
    if (counters->bad_mac > 0) /* too few for KDNET_EVENT_BAD_KEY, but nothing else came */
        return explain_wrong_key(n, diag);
    if (counters->received > 0)
        return kd_diag_set(diag, st,
                           "%" PRIu64 " datagrams arrived on port %u within %g s, none of "
                           "them KDNET: something else sends to this port",
                           counters->received, n->port, seconds);
    return kd_diag_set(diag, st,
                       "no target called on port %u within %g s: is its debugging on, do "
                       "hostip and port of its bcdedit /dbgsettings name this machine and this "
                       "port, and does a firewall let UDP through?",
                       n->port, seconds);
}

static void net_add_stats(const struct kdt_channel *c, struct kdt_live_stats *stats)
{
    const struct channel_net *n = net_of_const(c);
    const struct kdt_link_udp_counters *link = kdt_link_udp_get_counters(n->link);
    const struct kdnet_counters *kdnet = kdnet_get_counters(n->kdnet);

    stats->datagrams_sent = link->datagrams_sent;
    stats->datagrams_received = link->datagrams_received;
    stats->bytes_sent = link->bytes_sent;
    stats->bytes_received = link->bytes_received;
    stats->unsent = link->unsent;
    stats->refused = link->truncated + n->bad_packets + kdnet->bad_length + kdnet->bad_header +
                     kdnet->bad_mac + kdnet->bad_direction + kdnet->replayed + kdnet->foreign_peer +
                     kdnet->unexpected + kdnet->overflow + kdnet->crypto_failed;
}

/* --- opening and closing --- */

static void net_close(struct kdt_channel *c)
{
    struct channel_net *n = net_of(c);

    kdt_link_udp_close(n->link);
    kdnet_destroy(n->kdnet); /* before its primitives */
    kdt_crypto_destroy(n->crypto);
    free(n);
}

static enum kd_status create_kdnet(struct channel_net *n, const struct kdnet_key *key,
                                   struct kd_diag *diag)
{
    struct kdnet_opts kdnet = {.key = *key};
    enum kd_status st = kdt_crypto_create(&n->crypto);

    if (st == KD_OK) {
        kdnet.crypto = kdt_crypto_table(n->crypto);
        st = kdnet_create(&kdnet, &n->kdnet);
    }
    kdt_wipe(&kdnet, sizeof kdnet);
    return st == KD_OK ? KD_OK : kd_diag_set(diag, st, "KDNET: %s", kd_status_text(st));
}

enum kd_status kdt_channel_net_open(const struct kdt_channel_opts *opts, struct kd_diag *diag,
                                    struct kdt_channel **out)
{
    static const struct kdt_channel_verbs verbs = {
        net_send, net_tick, net_deadline_ms, net_drop, net_explain, net_add_stats, net_close};
    struct kdt_link_udp_opts link = {
        .loop = opts->loop,
        .bind = opts->spec->bind,
        .port = opts->spec->port,
        .on_datagram = on_datagram,
        .recorder = opts->recorder,
    };
    struct channel_net *n;
    enum kd_status st;

    if (!opts->spec->has_key)
        return kd_diag_set(diag, KD_ERR_USAGE, "key= is missing");
    n = calloc(1, sizeof *n);
    if (!n)
        return kd_diag_set(diag, KD_ERR_NO_MEMORY, "out of memory");
    n->channel = (struct kdt_channel){.verbs = &verbs,
                                      .dialect = KD_DIALECT_KDNET,
                                      .read_max = READ_MAX,
                                      .line_len = READ_MAX, /* less would cost a turn as well */
                                      .waiting = KDT_PROGRESS_LISTENING};
    n->opts = *opts;
    n->opts.spec = NULL; /* borrowed until we return */
    n->port = opts->spec->port;
    n->wrong_key_ms = KD_NEVER;
    link.ctx = n;
    st = create_kdnet(n, &opts->spec->key, diag);
    if (st == KD_OK)
        st = kdt_link_udp_open(&link, diag, &n->link);
    if (st != KD_OK) {
        net_close(&n->channel);
        return st;
    }
    *out = &n->channel;
    return KD_OK;
}
