#include "script_target.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <kdproto/context_x64.h>
#include <kdproto/debug_io.h>
#include <kdproto/file_io.h>

#define PC 0xFFFFF80300001000u

const struct script_stop break_in_stop = {
    KD_STATE_EXCEPTION, KD_STATUS_BREAKPOINT, PC, 0xCC, NULL, 0, false, 0};
const struct script_stop module_stop = {KD_STATE_LOAD_SYMBOLS, 0,     PC + 0x500, 0xCC, "disk.sys",
                                        0xFFFFF80400000000u,   false, 0};
const struct script_stop farewell_stop = {
    KD_STATE_LOAD_SYMBOLS, 0, PC + 0x500, 0x90, NULL, UINT64_MAX, true, 0};
const struct script_stop step_stop = {
    KD_STATE_EXCEPTION, KD_STATUS_SINGLE_STEP, PC + 8, 0x90, NULL, 0, false, 0};

static const char *status_name(enum kd_status st)
{
    return st == KD_OK ? "ok" : kd_status_text(st);
}

static void add(char *text, size_t size, const char *word)
{
    size_t len = strlen(text);

    snprintf(text + len, size - len, "%s%s", len ? " " : "", word);
}

void script_open(struct script *t, const struct kd_session_opts *opts)
{
    memset(t, 0, sizeof *t);
    t->is_stream = opts->dialect == KD_DIALECT_STREAM;
    t->now_ms = 1000;
    kd_x64_context_set_rip(t->context, PC);
    assert_int_equal(kd_session_create(opts, &t->s), KD_OK);
}

void script_close(struct script *t)
{
    kd_session_destroy(t->s);
}

/* --- what the session sends --- */

static void note_data(struct script *t, const struct kd_packet *pkt, char *word, size_t size)
{
    if (pkt->type != KD_PACKET_STATE_MANIPULATE) {
        memcpy(t->answer, pkt->data, pkt->len);
        t->answer_len = pkt->len;
        snprintf(word, size, "%s(%x)", kd_packet_type_name(pkt->type), pkt->id);
        return;
    }
    assert_int_equal(kd_manipulate_decode(pkt->data, pkt->len, false, &t->request), KD_OK);
    memcpy(t->request_data, t->request.data.data, t->request.data.len);
    t->request.data.data = t->request_data;
    t->request_id = pkt->id;
    snprintf(word, size, "%s(%x)", kd_api_name(t->request.api), pkt->id);
}

static void note_output(struct script *t, struct kd_span bytes, char *word, size_t size)
{
    struct kd_packet pkt;
    size_t len = bytes.len;

    if (len == 1) {
        assert_int_equal(bytes.data[0], KD_BREAKIN);
        snprintf(word, size, "b");
        return;
    }
    if (t->is_stream && bytes.data[0] == '0') {
        assert_int_equal(bytes.data[len - 1], KD_TRAILER);
        len--;
    }
    assert_int_equal(kd_packet_decode(bytes.data, len, &pkt), KD_OK);
    if (!pkt.is_control)
        note_data(t, &pkt, word, size);
    else if (pkt.type == KD_PACKET_RESEND)
        snprintf(word, size, "RESEND");
    else
        snprintf(word, size, "%s(%x)", pkt.type == KD_PACKET_RESET ? "RESET" : "ACK", pkt.id);
}

const char *script_sent(struct script *t)
{
    struct kd_span bytes;
    char word[96];

    t->sent[0] = '\0';
    while (kd_session_next_output(t->s, &bytes)) {
        note_output(t, bytes, word, sizeof word);
        add(t->sent, sizeof t->sent, word);
    }
    return t->sent;
}

static void describe_resumed(const struct kd_event *ev, const char *name, char *word, size_t size)
{
    snprintf(word, size, "%s(%s%s%s%s)", name, status_name(ev->u.resumed.status),
             ev->u.resumed.is_presumed ? " presumed" : "",
             ev->u.resumed.rip_status != KD_OK ? " rip: " : "",
             ev->u.resumed.rip_status != KD_OK ? status_name(ev->u.resumed.rip_status) : "");
}

static void describe_event(const struct kd_event *ev, char *word, size_t size)
{
    switch (ev->kind) {
    case KD_EVENT_HALTED:
        snprintf(word, size, "HALTED(%llx)", (unsigned long long)ev->u.halted.pc_va);
        break;
    case KD_EVENT_REPLY:
        snprintf(word, size, "REPLY(%u %s)", ev->u.reply.token, status_name(ev->u.reply.status));
        break;
    case KD_EVENT_RESUMED:
        describe_resumed(ev, "RESUMED", word, size);
        break;
    case KD_EVENT_LEFT:
        describe_resumed(ev, "LEFT", word, size);
        break;
    case KD_EVENT_PRINT:
    case KD_EVENT_PROMPT:
        snprintf(word, size, "%s(%.*s)", ev->kind == KD_EVENT_PRINT ? "PRINT" : "PROMPT",
                 (int)ev->u.text.len, (const char *)ev->u.text.data);
        break;
    case KD_EVENT_MODULE:
        snprintf(word, size, "MODULE(%.*s)", (int)ev->u.halted.path.len,
                 (const char *)ev->u.halted.path.data);
        break;
    case KD_EVENT_FILE_IO:
        snprintf(word, size, "FILE_IO(%zu)", ev->u.text.len);
        break;
    case KD_EVENT_RESTARTING:
        snprintf(word, size, "RESTARTING");
        break;
    case KD_EVENT_RESTARTED:
        snprintf(word, size, "RESTARTED");
        break;
    case KD_EVENT_LOST:
        snprintf(word, size, "LOST");
        break;
    case KD_EVENT_UNSUPPORTED:
        snprintf(word, size, "UNSUPPORTED");
        break;
    }
}

const char *script_raised(struct script *t)
{
    char word[96] = "";

    t->raised[0] = '\0';
    while (kd_session_next_event(t->s, &t->last)) {
        describe_event(&t->last, word, sizeof word);
        add(t->raised, sizeof t->raised, word);
    }
    return t->raised;
}

void script_pass(struct script *t, uint64_t ms)
{
    uint64_t end = t->now_ms + ms;

    for (unsigned spins = 0;; spins++) {
        uint64_t due = kd_session_deadline_ms(t->s);

        if (due > end)
            break;
        assert_true(spins < 1000); /* a deadline that a tick does not move */
        if (due > t->now_ms)
            t->now_ms = due;
        kd_session_tick(t->s, t->now_ms);
    }
    t->now_ms = end;
}

/* --- what the target sends --- */

void script_control(struct script *t, uint16_t type, uint32_t id)
{
    struct kd_packet pkt = {.is_control = true, .type = type, .id = id};

    kd_session_packet(t->s, &pkt, t->now_ms);
}

void script_data(struct script *t, uint16_t type, uint32_t id, const void *data, size_t len)
{
    struct kd_packet pkt = {.type = type, .id = id, .data = data, .len = len};

    kd_session_packet(t->s, &pkt, t->now_ms);
}

void script_ack(struct script *t, uint32_t id)
{
    script_control(t, KD_PACKET_ACKNOWLEDGE, id);
}

size_t script_encode_stop(const struct script_stop *stop, uint8_t *buf)
{
    struct kd_writer w = kd_writer_of(buf, KD_PACKET_DATA_MAX);
    size_t path_len = stop->path ? strlen(stop->path) + 1 : 0;

    kd_wr_u32(&w, stop->kind);
    kd_wr_zero(&w, 4);
    kd_wr_u32(&w, 1); /* processors */
    kd_wr_zero(&w, 4);
    kd_wr_u64(&w, 0xFFFFF80300777000u);
    kd_wr_u64(&w, stop->pc);
    if (stop->kind == KD_STATE_LOAD_SYMBOLS) {
        kd_wr_u32(&w, (uint32_t)path_len);
        kd_wr_u32(&w, 0xFFFFF801); /* padding is noise [seen] */
        kd_wr_u64(&w, stop->base);
        kd_wr_zero(&w, 16);
        kd_wr_u8(&w, stop->is_unload);
    } else {
        kd_wr_u32(&w, stop->code);
        kd_wr_zero(&w, 12);
        kd_wr_u64(&w, stop->pc);
    }
    kd_wr_zero(&w, 192 - w.pos);
    kd_wr_u64(&w, stop->noise);
    kd_wr_u64(&w, 0x400);
    kd_wr_u32(&w, 0x202);
    kd_wr_u16(&w, 16);
    kd_wr_u16(&w, 3);
    kd_wr_u8(&w, stop->byte);
    kd_wr_zero(&w, 240 - w.pos);
    kd_wr_bytes(&w, stop->path, path_len);
    assert_true(kd_writer_ok(&w));
    return w.pos;
}

void script_stop(struct script *t, uint32_t id, const struct script_stop *stop)
{
    uint8_t buf[KD_PACKET_DATA_MAX];

    kd_x64_context_set_rip(t->context, stop->pc);
    script_data(t, KD_PACKET_STATE_CHANGE64, id, buf, script_encode_stop(stop, buf));
}

static void debug_io(struct script *t, uint32_t id, uint32_t api, const char *text)
{
    uint8_t buf[256];
    struct kd_writer w = kd_writer_of(buf, sizeof buf);

    kd_wr_u32(&w, api);
    kd_wr_zero(&w, 4);
    kd_wr_u32(&w, (uint32_t)strlen(text));
    kd_wr_u32(&w, 0x7FF); /* the longest answer; noise in prints [seen] */
    kd_wr_bytes(&w, text, strlen(text));
    script_data(t, KD_PACKET_DEBUG_IO, id, buf, w.pos);
}

void script_print(struct script *t, uint32_t id, const char *text)
{
    debug_io(t, id, KD_DEBUG_IO_PRINT, text);
}

void script_prompt(struct script *t, uint32_t id, const char *text)
{
    debug_io(t, id, KD_DEBUG_IO_GET_STRING, text);
}

void script_file_io(struct script *t, uint32_t id)
{
    uint8_t buf[KD_FILE_IO_HEADER_LEN + 6];
    struct kd_writer w = kd_writer_of(buf, sizeof buf);

    kd_wr_u32(&w, KD_FILE_IO_CREATE);
    kd_wr_zero(&w, 4);
    kd_wr_u32(&w, 0x00120089);
    kd_wr_zero(&w, KD_FILE_IO_HEADER_LEN - 12);
    kd_wr_bytes(&w, "a\0b\0\0\0", 6);
    script_data(t, KD_PACKET_FILE_IO, id, buf, w.pos);
}

uint8_t script_byte(uint64_t va)
{
    return (uint8_t)(va * 31 + (va >> 8));
}

static void send_reply(struct script *t, uint32_t id, struct kd_manipulate *m)
{
    uint8_t buf[KD_PACKET_DATA_MAX];
    size_t len;

    assert_int_equal(kd_manipulate_encode(m, buf, sizeof buf, &len), KD_OK);
    script_data(t, KD_PACKET_STATE_MANIPULATE, id, buf, len);
}

void script_refuse(struct script *t, uint32_t id, uint32_t ntstatus)
{
    struct kd_manipulate m = t->request;

    m.status = ntstatus;
    m.data.len = 0;
    send_reply(t, id, &m);
}

void script_reply(struct script *t, uint32_t id)
{
    struct kd_manipulate m = t->request;
    uint8_t bytes[KD_CONTEXT_LEN] = {0};

    m.data = (struct kd_span){bytes, 0};
    switch (m.api) {
    case KD_API_READ_VIRTUAL:
    case KD_API_READ_PHYSICAL:
        m.u.memory.actual = m.u.memory.count;
        m.data.len = m.u.memory.count;
        for (size_t i = 0; i < m.data.len; i++)
            bytes[i] = script_byte(m.u.memory.va + i);
        break;
    case KD_API_GET_CONTEXT:
        memcpy(bytes, t->context, m.data.len = KD_CONTEXT_LEN);
        break;
    case KD_API_GET_CONTEXT_EX:
        m.u.context.copied = m.u.context.count;
        m.data.len = m.u.context.count;
        memcpy(bytes, t->context + m.u.context.offset, m.data.len);
        break;
    case KD_API_SET_CONTEXT:
        assert_int_equal(t->request.data.len, KD_CONTEXT_LEN);
        memcpy(t->context, t->request.data.data, KD_CONTEXT_LEN);
        break;
    case KD_API_SET_CONTEXT_EX:
        assert_int_equal(t->request.data.len, m.u.context.count);
        m.u.context.copied = m.u.context.count;
        memcpy(t->context + m.u.context.offset, t->request.data.data, m.u.context.count);
        break;
    default:
        break;
    }
    send_reply(t, id, &m);
}

/* --- beginnings --- */

void script_halt(struct script *t, const struct script_stop *stop)
{
    kd_session_link_up(t->s, true, t->now_ms);
    kd_session_break_in(t->s, t->now_ms);
    if (t->is_stream) {
        script_control(t, KD_PACKET_RESET, 0);
        script_stop(t, 0x80800000, stop);
    } else {
        script_stop(t, 0, stop);
    }
    (void)script_sent(t);
    (void)script_raised(t);
    assert_int_equal(kd_session_run_state(t->s), KD_RUN_HALTED);
}

struct kd_manipulate script_read(uint64_t va, uint32_t len)
{
    struct kd_manipulate m = {.api = KD_API_READ_VIRTUAL};

    m.u.memory.va = va;
    m.u.memory.count = len;
    return m;
}

uint32_t script_ask(struct script *t, const struct kd_manipulate *m)
{
    uint32_t token = 0;

    assert_int_equal(kd_session_request(t->s, m, t->now_ms, &token), KD_OK);
    return token;
}
