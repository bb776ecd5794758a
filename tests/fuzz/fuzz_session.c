/* A session and whatever may happen to it: packets that are well-formed but make no sense, time in
 * steps of any size, every call its caller has, outputs and events fetched or left lying.
 *
 * Two bytes choose what happens next: the first says what, the second how. What must hold at each
 * moment: outputs are one break-in byte or one valid packet, queues are bounded, a tick moves each
 * deadline, a read-only session sends nothing that alters the target but Rip, and KD_EVENT_LEFT
 * comes in time (of a target that thinks for long, later). */
#include <kdproto/debug_io.h>
#include <kdproto/file_io.h>
#include <kdproto/session.h>

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct world {
    struct kd_session *s;
    enum kd_dialect dialect;
    bool may_alter;
    uint64_t now_ms;
    const uint8_t *in;
    size_t left;
    bool is_leaving;
    uint64_t leave_ms;
    uint32_t last_request_id;
    struct kd_manipulate last_request; /* without data */
};

static void must(bool holds)
{
    if (!holds)
        abort();
}

static uint8_t next(struct world *w)
{
    if (w->left == 0)
        return 0;
    w->left--;
    return *w->in++;
}

/* --- what the session says --- */

static void check_request(struct world *w, const struct kd_packet *pkt)
{
    struct kd_manipulate m;

    must(kd_manipulate_decode(pkt->data, pkt->len, false, &m) == KD_OK);
    switch (kd_api_class(m.api)) {
    case KD_API_READS:
        break;
    case KD_API_ALTERS:
        must(m.api == KD_API_SET_CONTEXT || m.api == KD_API_SET_CONTEXT_EX || w->may_alter);
        break;
    case KD_API_RUNS:
        must(w->may_alter || m.api == KD_API_CONTINUE);
        must(m.api != KD_API_CONTINUE || m.u.go.status == KD_CONTINUE_STATUS);
        break;
    case KD_API_FORBIDDEN:
        abort();
    }
    w->last_request_id = pkt->id;
    w->last_request = m;
    w->last_request.data.len = 0;
}

static void fetch_outputs(struct world *w)
{
    struct kd_span out;
    struct kd_packet pkt;
    unsigned n = 0;

    while (kd_session_next_output(w->s, &out)) {
        must(++n <= 64);
        if (out.len == 1) {
            must(out.data[0] == KD_BREAKIN);
            continue;
        }
        if (w->dialect == KD_DIALECT_STREAM && out.data[0] == '0') {
            must(out.data[out.len - 1] == KD_TRAILER);
            out.len--;
        }
        must(kd_packet_decode(out.data, out.len, &pkt) == KD_OK);
        if (pkt.type == KD_PACKET_STATE_MANIPULATE)
            check_request(w, &pkt);
    }
}

static void fetch_events(struct world *w)
{
    struct kd_event ev;
    unsigned n = 0;

    while (kd_session_next_event(w->s, &ev)) {
        must(++n <= 64);
        if (ev.kind == KD_EVENT_LEFT) {
            must(w->is_leaving);
            must(w->now_ms - w->leave_ms <= KD_SESSION_LEAVE_MS + KD_SESSION_SLOW_MS);
            w->is_leaving = false;
        }
    }
}

/* --- what happens to it --- */

static void pass_until(struct world *w, uint64_t end)
{
    fetch_events(w); /* so that each is seen at the time it was raised */
    for (;;) {
        uint64_t due = kd_session_deadline_ms(w->s);

        if (due > end)
            break;
        if (due > w->now_ms)
            w->now_ms = due;
        for (unsigned i = 0; kd_session_deadline_ms(w->s) <= w->now_ms; i++) {
            must(i < 16);
            kd_session_tick(w->s, w->now_ms);
        }
        fetch_outputs(w);
        fetch_events(w);
    }
    w->now_ms = end;
}

static uint32_t some_id(struct world *w)
{
    uint8_t how = next(w);

    switch (how & 3) {
    case 0:
        return w->last_request_id;
    case 1:
        return (uint32_t)(how >> 2) * 2;
    case 2:
        return 0x80800000u | (how >> 2 & 1) | (how & 0x80 ? 0x800u : 0u);
    default:
        return 0x80000000u + (uint32_t)(how >> 2) * 2;
    }
}

static void say_control(struct world *w, uint16_t type)
{
    struct kd_packet pkt = {.is_control = true, .type = type, .id = some_id(w)};

    kd_session_packet(w->s, &pkt, w->now_ms);
}

static void say_data(struct world *w, uint16_t type, const uint8_t *bytes, size_t len)
{
    struct kd_packet pkt = {.type = type, .id = some_id(w), .data = bytes, .len = len};

    kd_session_packet(w->s, &pkt, w->now_ms);
}

static void say_stop(struct world *w)
{
    uint8_t bytes[KD_STATE_CHANGE_LEN] = {0}, how = next(w);

    bytes[0] = 0x30 + (how & 3);
    bytes[1] = 0x30;
    bytes[24] = how >> 2 & 7; /* where */
    bytes[32] = 3;            /* breakpoint */
    bytes[35] = 0x80;
    bytes[212] = 16;
    bytes[216] = how & 0x20 ? 0xCC : 0x90;
    if (how & 0x40)
        memset(bytes + 40, 0xFF, 8); /* goes away */
    bytes[64] = how >> 6 & 1;
    say_data(w, KD_PACKET_STATE_CHANGE64, bytes, how == 0xFF ? 10 : sizeof bytes);
}

static void say_reply(struct world *w)
{
    static uint8_t buf[KD_PACKET_DATA_MAX], context[KD_CONTEXT_LEN];
    struct kd_manipulate m = w->last_request;
    uint8_t how = next(w);
    size_t len;

    if (m.api == 0)
        return;
    m.status = how & 1 ? 0xC0000001 : 0;
    m.data = (struct kd_span){context, how & 2 ? KD_CONTEXT_LEN : (size_t)how};
    memset(context + 0xF8, 0, 8);
    context[0xF8] = how >> 2 & 7;
    if (m.api == KD_API_GET_CONTEXT_EX || m.api == KD_API_SET_CONTEXT_EX)
        m.u.context.copied = how & 4 ? 0xFFFFFFFFu : how & 8 ? m.u.context.count : how;
    if (m.api == KD_API_READ_VIRTUAL)
        m.u.memory.actual = how & 4 ? 0xFFFFFFFFu : how;
    if (kd_manipulate_encode(&m, buf, sizeof buf, &len) == KD_OK)
        say_data(w, KD_PACKET_STATE_MANIPULATE, buf, len);
}

static void say_something(struct world *w)
{
    uint8_t bytes[96] = {0}, how = next(w);

    memset(bytes, how, sizeof bytes);
    bytes[0] = 0x30 + (how & 3);
    bytes[1] = how & 4 ? 0x32 : 0x34;
    bytes[2] = bytes[3] = 0;
    say_data(w, how >> 3 & 15, bytes, how & 0x80 ? sizeof bytes : how >> 1);
}

static void ask(struct world *w)
{
    static const uint32_t apis[] = {
        KD_API_READ_VIRTUAL, KD_API_GET_VERSION,   KD_API_GET_CONTEXT, KD_API_SEARCH_MEMORY,
        KD_API_CONTINUE,     KD_API_WRITE_VIRTUAL, KD_API_REBOOT,      0x1234};
    struct kd_manipulate m = {.api = apis[next(w) & 7]};
    uint32_t token;

    m.u.memory.count = m.api == KD_API_READ_VIRTUAL ? 64 : 0;
    (void)kd_session_request(w->s, &m, w->now_ms, &token);
}

static void leave(struct world *w)
{
    fetch_events(w); /* it may have left already */
    if (!w->is_leaving) {
        w->is_leaving = true;
        w->leave_ms = w->now_ms;
    }
    kd_session_leave(w->s, w->now_ms);
}

static void happen(struct world *w)
{
    static const uint16_t pass_ms[] = {1, 19, 20, 150, 299, 300, 1000, 5000};

    const uint8_t what = next(w);

    if (what >= 252) { /* twelve times all of the others */
        kd_session_break_off(w->s);
        return;
    }
    switch (what % 21) {
    case 0:
        say_control(w, KD_PACKET_ACKNOWLEDGE);
        break;
    case 1:
        say_control(w, KD_PACKET_RESEND);
        break;
    case 2:
        say_control(w, KD_PACKET_RESET);
        break;
    case 3:
        say_control(w, next(w));
        break;
    case 4:
    case 5:
        say_stop(w);
        break;
    case 6:
    case 7:
        say_reply(w);
        break;
    case 8:
        say_something(w);
        break;
    case 9:
        kd_session_break_in(w->s, w->now_ms);
        break;
    case 10:
        ask(w);
        break;
    case 11:
        kd_session_drop_request(w->s);
        break;
    case 12:
        kd_session_resume(w->s, w->now_ms);
        break;
    case 13:
        leave(w);
        break;
    case 14:
        kd_session_link_up(w->s, next(w) & 1, w->now_ms);
        break;
    case 15:
        kd_session_link_down(w->s, KD_ERR_LOST, w->now_ms);
        break;
    case 16:
        fetch_outputs(w);
        break;
    case 17:
        fetch_events(w);
        break;
    case 18:
        pass_until(w, w->now_ms + pass_ms[next(w) & 7]);
        break;
    case 19:
        if (w->dialect == KD_DIALECT_STREAM)
            kd_session_garbled(w->s, next(w) & 1 ? KD_FRAMER_RESET : KD_FRAMER_RESEND, w->now_ms);
        break;
    case 20:
        if (w->dialect == KD_DIALECT_STREAM)
            kd_session_hears(w->s, w->now_ms);
        break;
    }
}

static bool stays_if_odd(void *ctx, const struct kd_state_change *load)
{
    (void)ctx;
    return load->image_checksum & 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct world w = {.in = data, .left = size, .now_ms = 1000};
    struct kd_session_opts opts = {0};

    if (size == 0)
        return 0;
    opts.dialect = w.dialect = data[0] & 1 ? KD_DIALECT_STREAM : KD_DIALECT_KDNET;
    opts.may_alter = w.may_alter = data[0] & 2;
    opts.bytes_per_second = data[0] & 4 ? 11520 : 0;
    opts.stays_at_module = data[0] & 8 ? stays_if_odd : NULL;
    (void)next(&w);
    must(kd_session_create(&opts, &w.s) == KD_OK);
    kd_session_link_up(w.s, true, w.now_ms);
    while (w.left > 0)
        happen(&w);
    fetch_outputs(&w);
    fetch_events(&w);
    if (!w.is_leaving)
        leave(&w);
    pass_until(&w, w.leave_ms + KD_SESSION_LEAVE_MS + KD_SESSION_SLOW_MS);
    fetch_events(&w);
    must(!w.is_leaving);
    must(w.may_alter || kd_session_get_counters(w.s)->altering_requests == 0);
    kd_session_destroy(w.s);
    return 0;
}
