#include "model_target.h"

#include "script_target.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include <kdproto/context_x64.h>
#include <kdproto/manipulate.h>
#include <kdproto/state_change.h>

enum { RESEND_MS = 500 };

uint32_t model_random(struct model *m, uint32_t below)
{
    m->seed = m->seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(m->seed >> 33) % below;
}

bool model_chance(struct model *m, unsigned percent)
{
    return percent > 0 && model_random(m, 100) < percent;
}

void model_init(struct model *m, uint64_t seed)
{
    memset(m, 0, sizeof *m);
    m->seed = seed * 2654435761u + 1;
    m->is_running = true;
    m->expected_id = 0x80000000;
    for (size_t i = 0; i < sizeof m->context; i++)
        m->context[i] = (uint8_t)i;
}

/* --- out --- */

static void enqueue(struct model *m, const struct model_packet *p)
{
    unsigned copies = model_chance(m, m->loss_percent) ? 0 : 1;

    if (copies && model_chance(m, m->double_percent))
        copies = 2;
    while (copies-- > 0 && m->queue_count < MODEL_QUEUE_MAX)
        m->queue[(m->queue_head + m->queue_count++) % MODEL_QUEUE_MAX] = *p;
}

static void control(struct model *m, uint16_t type, uint32_t id)
{
    struct kd_packet pkt = {.is_control = true, .type = type, .id = id};
    struct model_packet p;

    assert_int_equal(kd_packet_encode(&pkt, p.bytes, sizeof p.bytes, &p.len), KD_OK);
    enqueue(m, &p);
}

static void repeat(struct model *m)
{
    m->resend_ms = m->now_ms + RESEND_MS;
    enqueue(m, &m->pending);
}

static void send(struct model *m, uint16_t type, const uint8_t *data, size_t len)
{
    struct kd_packet pkt = {.type = type, .id = m->tx_id, .data = data, .len = len};

    assert_int_equal(
        kd_packet_encode(&pkt, m->pending.bytes, sizeof m->pending.bytes, &m->pending.len), KD_OK);
    m->is_pending = true;
    repeat(m);
}

static void report(struct model *m)
{
    send(m, KD_PACKET_STATE_CHANGE64, m->stop, m->stop_len);
}

static void halt(struct model *m, const struct script_stop *stop)
{
    struct script_stop numbered = *stop;

    numbered.noise = ++m->halts; /* no two stops report the very same */
    m->is_running = false;
    m->is_at_int3 = stop->byte == 0xCC;
    m->pc = stop->pc;
    kd_x64_context_set_rip(m->context, stop->pc);
    memcpy(m->context_at_stop, m->context, sizeof m->context);
    m->stop_len = script_encode_stop(&numbered, m->stop);
    report(m);
}

/* --- requests --- */

static void note_context(struct model *m)
{
    uint64_t rip = kd_x64_context_rip(m->context);

    kd_x64_context_set_rip(m->context_at_stop, rip);
    if (rip == m->pc + 1 && m->is_at_int3 &&
        memcmp(m->context, m->context_at_stop, sizeof m->context) == 0)
        m->altered++;
    else
        m->forbidden++;
}

static void resume(struct model *m)
{
    m->is_running = true;
    if (m->is_at_int3 && kd_x64_context_rip(m->context) == m->pc) {
        struct script_stop again = break_in_stop;

        again.pc = m->pc;
        halt(m, &again);
    } else if (m->is_break_pending) {
        m->is_break_pending = false;
        halt(m, &break_in_stop);
    }
}

static void get_context(struct model *m, struct kd_manipulate *r)
{
    uint32_t at = r->u.context.offset, n = r->u.context.count;

    if (m->lacks_context_ex || at > KD_CONTEXT_LEN || n > KD_CONTEXT_LEN - at) {
        r->status = 0xC0000001;
        return;
    }
    if (n > 700) /* it may give less than asked */
        n = 700;
    r->u.context.copied = n;
    r->data = (struct kd_span){m->context + at, n};
}

static void set_context(struct model *m, struct kd_manipulate *r)
{
    uint32_t at = r->api == KD_API_SET_CONTEXT ? 0 : r->u.context.offset;

    assert_true(at <= KD_CONTEXT_LEN && r->data.len <= KD_CONTEXT_LEN - at);
    memcpy(m->context + at, r->data.data, r->data.len);
    r->u.context.copied = (uint32_t)r->data.len;
    r->data.len = 0;
    note_context(m);
}

static void execute(struct model *m, const struct kd_packet *pkt)
{
    static uint8_t bytes[KD_PACKET_DATA_MAX];
    uint8_t buf[KD_PACKET_DATA_MAX];
    struct kd_manipulate r;
    size_t len;

    assert_int_equal(kd_manipulate_decode(pkt->data, pkt->len, false, &r), KD_OK);
    switch (r.api) {
    case KD_API_CONTINUE:
        resume(m);
        return;
    case KD_API_READ_VIRTUAL:
        for (uint32_t i = 0; i < r.u.memory.count; i++)
            bytes[i] = script_byte(r.u.memory.va + i);
        r.u.memory.actual = r.u.memory.count;
        r.data = (struct kd_span){bytes, r.u.memory.count};
        break;
    case KD_API_GET_CONTEXT:
        r.data = (struct kd_span){m->context, sizeof m->context};
        break;
    case KD_API_GET_CONTEXT_EX:
        get_context(m, &r);
        break;
    case KD_API_SET_CONTEXT:
    case KD_API_SET_CONTEXT_EX:
        set_context(m, &r);
        break;
    default:
        m->forbidden++;
        return;
    }
    assert_int_equal(kd_manipulate_encode(&r, buf, sizeof buf, &len), KD_OK);
    send(m, KD_PACKET_STATE_MANIPULATE, buf, len);
}

/* --- in --- */

static bool is_continue(const struct kd_packet *pkt)
{
    return pkt->data[0] == (KD_API_CONTINUE & 0xFF) && pkt->data[1] == KD_API_CONTINUE >> 8;
}

static void print_first(struct model *m, const struct kd_packet *request)
{
    static const uint8_t print[] = {0x30, 0x32, 0, 0, 0, 0, 0,   0,   4,   0,
                                    0,    0,    0, 0, 0, 0, 't', 'i', 'c', 'k'};

    assert_int_equal(
        kd_packet_encode(request, m->deferred.bytes, sizeof m->deferred.bytes, &m->deferred.len),
        KD_OK);
    m->is_deferred = true;
    send(m, KD_PACKET_DEBUG_IO, print, sizeof print);
}

/* What was sent last has arrived, as far as the target knows. */
static void settled(struct model *m)
{
    struct kd_packet pkt;

    m->is_pending = false;
    m->tx_id += 2;
    if (!m->is_deferred)
        return;
    m->is_deferred = false;
    assert_int_equal(kd_packet_decode(m->deferred.bytes, m->deferred.len, &pkt), KD_OK);
    execute(m, &pkt);
}

static void while_waiting(struct model *m, const struct kd_packet *pkt)
{
    if (!pkt->is_control) {
        if (pkt->id == m->expected_id) {
            control(m, KD_PACKET_RESEND, 0);
            settled(m);
        } else {
            control(m, KD_PACKET_ACKNOWLEDGE, pkt->id);
            repeat(m);
        }
        return;
    }
    if (pkt->type == KD_PACKET_ACKNOWLEDGE) {
        if (pkt->id == m->tx_id)
            settled(m);
        return;
    }
    if (pkt->type == KD_PACKET_RESET) {
        m->expected_id = pkt->id;
        control(m, KD_PACKET_RESET, m->tx_id);
    }
    repeat(m);
}

static void while_idle(struct model *m, const struct kd_packet *pkt)
{
    if (!pkt->is_control) {
        control(m, KD_PACKET_ACKNOWLEDGE, pkt->id);
        m->expected_id = pkt->id + 2;
        /* What continues has nothing to say before. */
        if (!is_continue(pkt) && model_chance(m, m->print_percent)) {
            print_first(m, pkt);
            return;
        }
        execute(m, pkt);
    } else if (pkt->type == KD_PACKET_RESEND) {
        report(m);
    } else if (pkt->type == KD_PACKET_RESET) {
        m->expected_id = pkt->id;
        control(m, KD_PACKET_RESET, m->tx_id);
        report(m);
    }
}

static void hear(struct model *m, struct kd_span bytes)
{
    struct kd_packet pkt;

    if (bytes.len == 1) {
        if (m->is_running && !m->is_pending)
            halt(m, &break_in_stop);
        else
            m->is_break_pending = true;
        return;
    }
    assert_int_equal(kd_packet_decode(bytes.data, bytes.len, &pkt), KD_OK);
    if (m->is_pending)
        while_waiting(m, &pkt);
    else if (!m->is_running)
        while_idle(m, &pkt);
    if (m->is_running && !m->is_pending && m->is_break_pending) {
        m->is_break_pending = false;
        halt(m, &break_in_stop);
    }
}

void model_hears(struct model *m, struct kd_span bytes)
{
    if (model_chance(m, m->loss_percent))
        return;
    hear(m, bytes);
    if (bytes.len > 1 && model_chance(m, m->double_percent)) /* two breaks are two stops */
        hear(m, bytes);
    if (m->is_running && !m->is_pending && model_chance(m, m->module_percent))
        halt(m, &module_stop);
}

bool model_says(struct model *m, struct kd_span *bytes)
{
    struct model_packet *p = &m->queue[m->queue_head];

    if (m->queue_count == 0)
        return false;
    m->queue_head = (m->queue_head + 1) % MODEL_QUEUE_MAX;
    m->queue_count--;
    *bytes = (struct kd_span){p->bytes, p->len};
    return true;
}

void model_tick(struct model *m, uint64_t now_ms)
{
    m->now_ms = now_ms;
    if (m->is_pending && now_ms >= m->resend_ms)
        repeat(m);
}

uint64_t model_deadline_ms(const struct model *m)
{
    return m->is_pending ? m->resend_ms : KD_NEVER;
}
