#include "sim.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <kdproto/framer.h>
#include <kdproto/kdnet.h>

#include "../support/test_crypto.h"
#include "fake_machine.h"

enum {
    ATTACH_MS = 600 * 1000, /* pokes come every 3 s, and two datagrams must arrive */
    REQUEST_MS = 60 * 1000,
    RESUME_MS = 60 * 1000,
    BREAK_MS = 15 * 1000,    /* nobody waits longer for a halt, on any of these links */
    STANDING_MS = 20 * 1000, /* nor does a target stand longer for a few reads */
    PAUSE_MS = 200,          /* between breaks, at the most */
    AFTERMATH_MS = 3000,     /* what is on its way when the host has gone still arrives */
};

static const char key_text[] = "1.2.3.4";

struct sim {
    struct sim_options opts;
    struct sim_result result;
    uint64_t now_us, random;
    struct lab_target *target;
    struct lab_line *to_target, *from_target;

    /* the host */
    struct kd_session *session;
    struct kd_framer *framer;
    struct kdnet *kdnet;
    struct kdnet_peer peer;
    struct test_crypto crypto;
    unsigned halted, replies, resumed, left;
    struct kd_event last;
    uint8_t data[KD_PACKET_DATA_MAX];
};

static void fail(struct sim *s, const char *fmt, ...) KD_PRINTF(2, 3);

static void fail(struct sim *s, const char *fmt, ...)
{
    va_list ap;

    if (s->result.failure[0])
        return;
    va_start(ap, fmt);
    vsnprintf(s->result.failure, sizeof s->result.failure, fmt, ap);
    va_end(ap);
}

static uint64_t now_ms(const struct sim *s)
{
    return s->now_us / 1000;
}

static uint32_t pick(struct sim *s, uint32_t below)
{
    s->random = s->random * 6364136223846793005u + 1442695040888963407u;
    return below ? (uint32_t)(s->random >> 33) % below : 0;
}

static void trace(const struct sim *s, const char *what, const uint8_t *bytes, size_t len)
{
    struct kd_packet pkt;

    if (!s->opts.is_loud)
        return;
    fprintf(stderr, "%8" PRIu64 ".%03u %s %zu:", now_ms(s), (unsigned)(s->now_us % 1000), what,
            len);
    if (len >= KD_PACKET_HEADER_LEN && kd_packet_peek(bytes, KD_PACKET_HEADER_LEN, &pkt) == KD_OK) {
        fprintf(stderr, " type %u id %08" PRIx32 " len %zu", pkt.type, pkt.id, pkt.len);
        if (!pkt.is_control && len > 20)
            fprintf(stderr, " %02x%02x%02x%02x", bytes[19], bytes[18], bytes[17], bytes[16]);
    } else {
        for (size_t i = 0; i < len && i < 24; i++)
            fprintf(stderr, " %02x", bytes[i]);
    }
    fputc('\n', stderr);
}

/* --- the host --- */

static void take_event(struct sim *s, const struct kd_event *ev)
{
    static const char *const names[] = {"HALTED",     "REPLY",     "RESUMED", "LEFT",
                                        "PRINT",      "PROMPT",    "MODULE",  "FILE_IO",
                                        "RESTARTING", "RESTARTED", "LOST",    "UNSUPPORTED"};

    if (s->opts.is_loud)
        fprintf(stderr, "%8" PRIu64 "     event %s\n", now_ms(s), names[ev->kind]);
    switch (ev->kind) {
    case KD_EVENT_HALTED:
        s->halted++;
        break;
    case KD_EVENT_REPLY:
        s->replies++;
        s->last = *ev;
        if (ev->u.reply.manipulate.data.len)
            memcpy(s->data, ev->u.reply.manipulate.data.data, ev->u.reply.manipulate.data.len);
        s->last.u.reply.manipulate.data.data = s->data;
        break;
    case KD_EVENT_RESUMED:
        s->resumed++;
        s->last = *ev;
        break;
    case KD_EVENT_LEFT:
        s->left++;
        s->last = *ev;
        break;
    case KD_EVENT_LOST:
        fail(s, "lost");
        break;
    case KD_EVENT_RESTARTED:
        if (!s->opts.boot)
            fail(s, "restarted");
        break;
    default:
        break;
    }
}

static void take_events(struct sim *s)
{
    struct kd_event ev;

    while (kd_session_next_event(s->session, &ev))
        take_event(s, &ev);
}

static void say(struct sim *s)
{
    struct kd_span out, datagram;
    struct kdnet_peer to;

    while (kd_session_next_output(s->session, &out)) {
        trace(s, "->", out.data, out.len);
        s->result.packets_sent += out.len > 1;
        if (!s->kdnet) {
            lab_line_put(s->to_target, out.data, out.len, s->now_us);
            continue;
        }
        (void)kdnet_send(s->kdnet, out.data, out.len, now_ms(s));
        while (kdnet_next_output(s->kdnet, &datagram, &to))
            lab_line_put(s->to_target, datagram.data, datagram.len, s->now_us);
    }
}

static void take_packet(struct sim *s, const struct kd_packet *pkt)
{
    kd_session_packet(s->session, pkt, now_ms(s));
    say(s);
    take_events(s);
}

static void drain_framer(struct sim *s)
{
    struct kd_packet pkt;

    for (;;) {
        enum kd_framer_result got = kd_framer_next(s->framer, &pkt);

        if (got == KD_FRAMER_IDLE)
            return;
        if (got == KD_FRAMER_PACKET)
            take_packet(s, &pkt);
        else
            kd_session_garbled(s->session, got, now_ms(s));
        say(s);
    }
}

static void hear_stream(struct sim *s, const uint8_t *bytes, size_t len)
{
    while (len > 0) {
        size_t n = kd_framer_push(s->framer, bytes, len, now_ms(s));

        drain_framer(s);
        bytes += n;
        len -= n;
    }
    if (kd_framer_deadline_ms(s->framer) != KD_NEVER)
        kd_session_hears(s->session, now_ms(s));
}

static void take_kdnet_events(struct sim *s)
{
    struct kd_span datagram;
    struct kdnet_peer to;
    struct kdnet_event ev;
    struct kd_packet pkt;

    while (kdnet_next_output(s->kdnet, &datagram, &to))
        lab_line_put(s->to_target, datagram.data, datagram.len, s->now_us);
    while (kdnet_next_event(s->kdnet, &ev)) {
        if (s->opts.is_loud && ev.kind != KDNET_EVENT_PACKET)
            fprintf(stderr, "%8" PRIu64 "     KDNET event %d\n", now_ms(s), ev.kind);
        if (ev.kind == KDNET_EVENT_LINKED)
            kd_session_link_up(s->session, ev.is_new_boot && s->halted > 0, now_ms(s));
        else if (ev.kind == KDNET_EVENT_SILENT)
            kd_session_link_down(s->session, KD_ERR_LOST, now_ms(s));
        else if (ev.kind == KDNET_EVENT_PACKET &&
                 kd_packet_decode(ev.bytes.data, ev.bytes.len, &pkt) == KD_OK) {
            trace(s, "<-", ev.bytes.data, ev.bytes.len);
            take_packet(s, &pkt);
        }
        say(s);
    }
}

static void hear(struct sim *s, const uint8_t *bytes, size_t len)
{
    if (s->kdnet) {
        if (s->opts.is_loud && len > 5 && bytes[5])
            fprintf(stderr, "%8" PRIu64 "     a poke\n", now_ms(s));
        kdnet_receive(s->kdnet, bytes, len, &s->peer, now_ms(s));
        take_kdnet_events(s);
    } else {
        trace(s, "<-", bytes, len);
        hear_stream(s, bytes, len);
    }
}

static void host_tick(struct sim *s)
{
    if (s->framer && now_ms(s) >= kd_framer_deadline_ms(s->framer)) {
        kd_framer_tick(s->framer, now_ms(s));
        drain_framer(s);
    }
    if (s->kdnet && now_ms(s) >= kdnet_deadline_ms(s->kdnet)) {
        kdnet_tick(s->kdnet, now_ms(s));
        take_kdnet_events(s);
    }
    if (now_ms(s) >= kd_session_deadline_ms(s->session))
        kd_session_tick(s->session, now_ms(s));
    say(s);
    take_events(s);
}

static uint64_t host_deadline_us(const struct sim *s)
{
    uint64_t t = kd_session_deadline_ms(s->session);

    if (s->framer)
        t = kd_sooner(t, kd_framer_deadline_ms(s->framer));
    if (s->kdnet)
        t = kd_sooner(t, kdnet_deadline_ms(s->kdnet));
    return t == KD_NEVER ? UINT64_MAX : t * 1000;
}

static void host_start(struct sim *s)
{
    const bool is_stream = s->opts.carrier == LAB_OVER_STREAM;
    struct kd_session_opts session = {.dialect = is_stream ? KD_DIALECT_STREAM : KD_DIALECT_KDNET,
                                      .bytes_per_second = s->opts.bytes_per_second};
    struct kdnet_opts kdnet = {.crypto = &s->crypto.table};
    struct kd_diag diag = {""};

    s->halted = s->replies = s->resumed = s->left = 0;
    s->result.packets_sent = 0;
    if (kd_session_create(&session, &s->session) != KD_OK)
        abort();
    if (is_stream && kd_framer_create(&s->framer) != KD_OK)
        abort();
    if (!is_stream && (kdnet_key_parse(key_text, strlen(key_text), &diag, &kdnet.key) != KD_OK ||
                       kdnet_create(&kdnet, &s->kdnet) != KD_OK))
        abort();
    if (is_stream)
        kd_session_link_up(s->session, false, now_ms(s));
}

static void host_end(struct sim *s)
{
    kd_session_destroy(s->session);
    kd_framer_destroy(s->framer);
    kdnet_destroy(s->kdnet);
    s->session = NULL;
    s->framer = NULL;
    s->kdnet = NULL;
}

/* --- the world --- */

static bool deliver(struct sim *s)
{
    const uint8_t *bytes;
    size_t len;
    bool was_busy = false, is_busy = true;

    while (is_busy) {
        is_busy = false;
        while (lab_target_next_output(s->target, &bytes, &len))
            lab_line_put(s->from_target, bytes, len, s->now_us);
        if (lab_line_take(s->to_target, s->now_us, &bytes, &len)) {
            is_busy = true;
            if (s->opts.carrier == LAB_OVER_STREAM)
                lab_target_bytes(s->target, bytes, len, s->now_us);
            else
                lab_target_datagram(s->target, bytes, len, s->now_us);
            while (lab_target_next_output(s->target, &bytes, &len))
                lab_line_put(s->from_target, bytes, len, s->now_us);
        }
        if (lab_line_take(s->from_target, s->now_us, &bytes, &len)) {
            is_busy = true;
            if (s->session)
                hear(s, bytes, len);
        }
        was_busy = was_busy || is_busy;
    }
    return was_busy;
}

static void step(struct sim *s, uint64_t until_us)
{
    uint64_t due = until_us, t;

    if (deliver(s))
        due = 0; /* somebody may have waited for that */
    if ((t = lab_target_deadline(s->target)) < due)
        due = t;
    if ((t = lab_line_deadline(s->to_target)) < due)
        due = t;
    if ((t = lab_line_deadline(s->from_target)) < due)
        due = t;
    if (s->session && (t = host_deadline_us(s)) < due)
        due = t;
    s->now_us = due > s->now_us ? due : s->now_us + 10; /* work takes time, too */
    lab_target_tick(s->target, s->now_us);
    if (s->session)
        host_tick(s);
}

/* Until the counter has passed value, or time is up. */
static bool run_until(struct sim *s, const unsigned *counter, unsigned value, uint64_t within_ms)
{
    uint64_t end_us = s->now_us + within_ms * 1000;

    while (*counter <= value && s->now_us < end_us && !s->result.failure[0])
        step(s, end_us);
    return *counter > value;
}

static void run_for(struct sim *s, uint64_t ms)
{
    uint64_t end_us = s->now_us + ms * 1000;

    while (s->now_us < end_us)
        step(s, end_us);
}

/* --- what a host does --- */

static void read_some(struct sim *s)
{
    uint32_t len_max = s->opts.reads_len ? s->opts.reads_len : 1024;
    uint32_t len = 1 + pick(s, len_max), token;
    uint64_t va = FAKE_DATA + pick(s, FAKE_DATA_LEN - len);
    struct kd_manipulate m = {.api = KD_API_READ_VIRTUAL, .u.memory = {.va = va, .count = len}};
    struct kd_span got;
    enum kd_status st = kd_session_request(s->session, &m, now_ms(s), &token);

    if (st != KD_OK) {
        fail(s, "read refused: %s", kd_status_text(st));
        return;
    }
    say(s);
    if (!run_until(s, &s->replies, s->replies, REQUEST_MS)) {
        fail(s, "a read is not answered");
        return;
    }
    if (s->last.u.reply.status != KD_OK) {
        fail(s, "read: %s", kd_status_text(s->last.u.reply.status));
        return;
    }
    got = kd_manipulate_read_data(&s->last.u.reply.manipulate, len);
    if (got.len == 0)
        fail(s, "read of nothing at %" PRIx64, va);
    for (size_t i = 0; i < got.len; i++)
        if (got.data[i] != fake_byte(va + i))
            fail(s, "wrong byte at %" PRIx64, va + i);
}

static bool attach(struct sim *s)
{
    unsigned before = s->halted;

    kd_session_break_in(s->session, now_ms(s)); /* halted already, it says so at once */
    say(s);
    take_events(s);
    if (run_until(s, &s->halted, before, ATTACH_MS))
        return true;
    fail(s, "no halt");
    return false;
}

static void let_go(struct sim *s)
{
    kd_session_resume(s->session, now_ms(s));
    say(s);
    if (!run_until(s, &s->resumed, s->resumed, RESUME_MS))
        fail(s, "not resumed");
    else if (s->last.u.resumed.status != KD_OK)
        fail(s, "resumed: %s", kd_status_text(s->last.u.resumed.status));
}

static void read_and_resume(struct sim *s)
{
    uint32_t n = s->opts.reads / 2 + pick(s, s->opts.reads);

    for (uint32_t i = 0; i < n && !s->result.failure[0]; i++) {
        if (kd_session_run_state(s->session) != KD_RUN_HALTED)
            attach(s); /* a module load went on by itself */
        read_some(s);
    }
    if (s->result.failure[0] || pick(s, 3) > 0)
        return;
    let_go(s);
    run_for(s, pick(s, 3000));
    attach(s);
    read_some(s);
}

static void stand(struct sim *s)
{
    uint64_t from = now_ms(s);

    for (uint32_t i = 0; i < s->opts.reads && !s->result.failure[0]; i++)
        read_some(s);
    if (!s->result.failure[0])
        let_go(s);
    if (now_ms(s) - from > s->result.standing_ms)
        s->result.standing_ms = now_ms(s) - from;
    if (s->result.standing_ms > STANDING_MS)
        fail(s, "a stop lasts too long");
}

static void break_once(struct sim *s)
{
    uint64_t from = now_ms(s);
    unsigned before = s->halted;

    kd_session_break_in(s->session, from);
    say(s);
    take_events(s);
    if (!run_until(s, &s->halted, before, BREAK_MS))
        fail(s, "a break takes too long");
    if (now_ms(s) - from > s->result.break_ms)
        s->result.break_ms = now_ms(s) - from;
    if (!s->result.failure[0])
        stand(s);
}

static void stay(struct sim *s)
{
    let_go(s);
    for (uint32_t i = 0; i < s->opts.breaks && !s->result.failure[0]; i++) {
        run_for(s, pick(s, PAUSE_MS));
        break_once(s);
    }
}

/* Whatever halted the target was told, or continued by the session itself, and counted. Not behind a wire
 * that doubles and reorders: there a Continue may let the next stop go as well, and a stop may be told
 * twice. */
static void check_freezes(struct sim *s)
{
    uint64_t here = kd_session_get_counters(s->session)->freezes;
    uint64_t there = lab_target_stats(s->target)->freezes;

    if (here != there && s->opts.faults.dup == 0 && s->opts.faults.reorder == 0)
        fail(s, "the target stood %" PRIu64 " times, of which %" PRIu64 " were counted", there,
             here);
}

static void leave(struct sim *s)
{
    uint64_t from = now_ms(s);

    kd_session_leave(s->session, from);
    say(s);
    if (!run_until(s, &s->left, s->left, REQUEST_MS))
        fail(s, "does not leave");
    s->result.leave_ms = now_ms(s) - from;
}

static void check_aftermath(struct sim *s)
{
    const struct lab_stats *stats = lab_target_stats(s->target);

    if (!lab_target_is_running(s->target))
        fail(s, "the target is left halted (%s)", kd_status_text(s->last.u.resumed.status));
    if (stats->altering)
        fail(s, "%" PRIu64 " altering requests", stats->altering);
}

/* A host that is killed leaves a target in any state, and half a packet in the line. */
static void die(struct sim *s)
{
    static const unsigned never = 0;

    kd_session_break_in(s->session, now_ms(s));
    say(s);
    (void)run_until(s, &never, 0, pick(s, 4000));
    for (uint32_t i = pick(s, 8); i > 0 && kd_session_run_state(s->session) == KD_RUN_HALTED; i--) {
        uint32_t token;
        struct kd_manipulate m = {.api = KD_API_READ_VIRTUAL,
                                  .u.memory = {.va = FAKE_DATA, .count = 1000}};

        if (kd_session_request(s->session, &m, now_ms(s), &token) != KD_OK)
            break;
        say(s);
        (void)run_until(s, &never, 0, pick(s, 40));
    }
    if (pick(s, 4) == 0)
        kd_session_leave(s->session, now_ms(s));
    say(s);
    (void)run_until(s, &never, 0, pick(s, 30));
    host_end(s);
    if (s->opts.carrier == LAB_OVER_STREAM && pick(s, 2)) {
        static const uint8_t half[] = "00002\0\x38";

        lab_line_put(s->to_target, half, sizeof half - 1 - pick(s, 4), s->now_us);
    }
    s->result.failure[0] = '\0'; /* nobody is there to be told */
    run_for(s, pick(s, 3000));
    host_start(s);
}

static void open_world(struct sim *s)
{
    static const uint8_t key[LAB_KEY_LEN] = {[0] = 1, [8] = 2, [16] = 3, [24] = 4};
    const struct lab_target_options target = {
        .machine = NULL,
        .carrier = s->opts.carrier,
        .dialect = s->opts.dialect,
        .retransmit_us = s->opts.retransmit_us,
        .baud = s->opts.faults.baud,
        .version = (uint8_t[]){2, 4, 5}[s->opts.seed % 3],
        .first_id = s->opts.seed % 2 ? 0x926 : 0,
        .boot = s->opts.boot,
        .chatter = s->opts.chatter,
        .seed = s->opts.seed,
        .target = {.address = {[10] = 0xFF, [11] = 0xFF, 10, 0, 0, 2}, .port = 50000},
        .host = {.address = {[10] = 0xFF, [11] = 0xFF, 10, 0, 0, 1}, .port = 50000},
    };
    struct lab_target_options with_key = target;
    struct lab_line_options line = {.faults = s->opts.faults,
                                    .is_stream = s->opts.carrier == LAB_OVER_STREAM,
                                    .is_towards_target = true,
                                    .seed = s->opts.seed * 2 + 1};

    memcpy(with_key.key, key, sizeof key);
    if (s->opts.carrier == LAB_OVER_STREAM)
        with_key.first_id = 0;
    s->target = lab_target_create(&with_key, s->now_us);
    s->to_target = lab_line_create(&line);
    line.is_towards_target = false;
    line.seed++;
    s->from_target = lab_line_create(&line);
    if (!s->target || !s->to_target || !s->from_target)
        abort();
}

struct sim_result sim_run(const struct sim_options *opts)
{
    struct sim s = {.opts = *opts, .random = opts->seed, .peer = {.bytes = {1}, .len = 1}};

    test_crypto_init(&s.crypto);
    open_world(&s);
    host_start(&s);
    if (opts->dies)
        die(&s);
    if (attach(&s)) {
        if (opts->breaks)
            stay(&s);
        else
            read_and_resume(&s);
    }
    if (!s.result.failure[0])
        leave(&s);
    if (!s.result.failure[0] && opts->breaks)
        check_freezes(&s);
    if (opts->is_loud) {
        char *json = lab_target_stats_json(s.target, s.now_us);

        fprintf(stderr, "%s\n", json);
        free(json);
    }
    s.result.ms = now_ms(&s);
    s.result.counters = *kd_session_get_counters(s.session);
    if (!s.result.failure[0]) {
        host_end(&s);
        run_for(&s, AFTERMATH_MS);
        check_aftermath(&s);
    } else {
        host_end(&s);
    }
    lab_target_destroy(s.target);
    lab_line_destroy(s.to_target);
    lab_line_destroy(s.from_target);
    return s.result;
}
