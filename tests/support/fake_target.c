#include "fake_target_parts.h"

#include <kdproto/manipulate.h>
#include <kdproto/state_change.h>

#include <poll.h>
#include <stdlib.h>
#include <string.h>

enum {
    RESEND_MS = 100, /* of what the host does not acknowledge; a real one waits 500 [doc] */
    ENDING_MS = 50,  /* until it notices that the test is over */
    LARGEST = 4000 - KD_MANIPULATE_HEADER_LEN, /* what a reply holds */
    NTSTATUS_UNSUCCESSFUL = (int)0xC0000001,
};

uint8_t fake_byte(uint64_t offset)
{
    return (uint8_t)(offset * 167 + (offset >> 8) * 13 + 5);
}

uint64_t fake_clock_ms(void)
{
    return uv_hrtime() / 1000000;
}

/* --- what passed --- */

static void keep(uint8_t *kept, size_t *kept_len, const void *bytes, size_t len)
{
    if (len > FAKE_WIRE_MAX - *kept_len)
        abort();
    memcpy(kept + *kept_len, bytes, len);
    *kept_len += len;
}

void fake_heard(struct fake_target *t, const void *bytes, size_t len)
{
    if (t->opts.wire)
        keep(t->opts.wire->heard, &t->opts.wire->heard_len, bytes, len);
}

void fake_said(struct fake_target *t, const void *bytes, size_t len)
{
    if (t->opts.wire)
        keep(t->opts.wire->said, &t->opts.wire->said_len, bytes, len);
}

/* --- packets out --- */

void fake_transmit(struct fake_target *t)
{
    t->carrier->send(t, t->packet, t->packet_len);
    t->resend_ms = fake_clock_ms() + RESEND_MS;
}

void fake_send_packet(struct fake_target *t, uint16_t type, const uint8_t *data, size_t len)
{
    const struct kd_packet pkt = {.type = type, .id = t->id, .data = data, .len = len};

    if (kd_packet_encode(&pkt, t->packet, sizeof t->packet, &t->packet_len) != KD_OK)
        abort();
    t->is_unacknowledged = true;
    fake_transmit(t);
}

void fake_send_control(struct fake_target *t, uint16_t type, uint32_t id)
{
    const struct kd_packet pkt = {.is_control = true, .type = type, .id = id};
    uint8_t buf[KD_PACKET_HEADER_LEN];
    size_t len;

    if (kd_packet_encode(&pkt, buf, sizeof buf, &len) != KD_OK)
        abort();
    t->carrier->send(t, buf, len);
}

static bool stands_at_int3(const struct fake_target *t)
{
    return kd_x64_context_rip(t->context) == FAKE_STOP_PC;
}

static void send_module(struct fake_target *t)
{
    static const char path[] = FAKE_MODULE;
    uint8_t buf[KD_STATE_CHANGE_LEN + sizeof path] = {0};
    struct kd_writer w = kd_writer_of(buf, sizeof buf);

    kd_wr_u32(&w, KD_STATE_LOAD_SYMBOLS);
    kd_wr_zero(&w, 20);
    kd_wr_u64(&w, kd_x64_context_rip(t->context));
    kd_wr_u32(&w, sizeof path);
    kd_wr_zero(&w, 4);
    kd_wr_u64(&w, FAKE_MODULE_BASE);
    kd_wr_zero(&w, KD_STATE_CHANGE_LEN - w.pos);
    kd_wr_bytes(&w, path, sizeof path);
    fake_send_packet(t, KD_PACKET_STATE_CHANGE64, buf, sizeof buf);
}

static void send_stop(struct fake_target *t)
{
    uint8_t buf[KD_STATE_CHANGE_LEN] = {0};
    struct kd_writer w = kd_writer_of(buf, sizeof buf);
    uint64_t pc = kd_x64_context_rip(t->context);

    if (t->is_at_module) {
        send_module(t);
        return;
    }
    kd_wr_u32(&w, KD_STATE_EXCEPTION);
    kd_wr_u32(&w, 0); /* processor 0 */
    kd_wr_u32(&w, 2); /* of 2 */
    kd_wr_zero(&w, 4 + 8);
    kd_wr_u64(&w, pc);
    kd_wr_u32(&w, (uint32_t)(stands_at_int3(t) ? KD_STATUS_BREAKPOINT : KD_STATUS_SINGLE_STEP));
    kd_wr_zero(&w, 12);
    kd_wr_u64(&w, pc);
    kd_wr_zero(&w, 184 - w.pos);
    kd_wr_u32(&w, 1); /* first chance */
    kd_wr_zero(&w, 212 - w.pos);
    kd_wr_u16(&w, 2); /* instruction bytes */
    kd_wr_u16(&w, 3);
    kd_wr_u16(&w, stands_at_int3(t) ? 0xC3CC : 0xC390); /* int3 or nop, ret */
    kd_wr_zero(&w, sizeof buf - w.pos);
    fake_send_packet(t, KD_PACKET_STATE_CHANGE64, buf, sizeof buf);
}

void fake_halt_at(struct fake_target *t, uint64_t pc)
{
    t->is_halted = true;
    kd_x64_context_set_rip(t->context, pc);
    send_stop(t);
}

static void halt(struct fake_target *t)
{
    fake_halt_at(t, FAKE_STOP_PC);
}

void fake_print(struct fake_target *t)
{
    uint8_t buf[16 + 6] = {0x30, 0x32, [8] = 6, [16] = 'h', 'e', 'l', 'l', 'o', '\n'};

    t->has_printed = true;
    fake_send_packet(t, KD_PACKET_DEBUG_IO, buf, sizeof buf);
}

/* A new boot, or the next stage of this one: nothing is left but memory and the configured key. */
void fake_restart(struct fake_target *t)
{
    t->is_halted = t->is_at_module = t->is_unacknowledged = false;
    t->is_kernel = true;
    t->carrier->restart(t);
    if (t->carrier->announces_itself)
        halt(t);
}

/* --- requests --- */

static bool is_readable(uint64_t offset)
{
    return offset < FAKE_LEN && offset / FAKE_PAGE != FAKE_HOLE / FAKE_PAGE;
}

/* As much as is there from that offset on; memory replies keep the request's header. */
static void answer_read(struct fake_target *t, uint8_t *reply, uint64_t offset, uint32_t count)
{
    struct kd_writer w = kd_writer_of(reply, KD_PACKET_DATA_MAX);
    uint32_t wanted = t->opts.clamp && count > t->opts.clamp ? t->opts.clamp : count;
    uint32_t actual = 0;

    t->seen.reads++;
    w.pos = KD_MANIPULATE_HEADER_LEN;
    if (count > LARGEST || (t->opts.refuses_over && count > t->opts.refuses_over))
        wanted = 0;
    while (actual < wanted && is_readable(offset + actual))
        kd_wr_u8(&w, fake_byte(offset + actual++));
    if (t->opts.is_all_or_nothing && actual < count)
        w.pos -= actual, actual = 0;
    kd_wr_patch_u32(&w, 8, actual < wanted || actual == 0 ? (uint32_t)NTSTATUS_UNSUCCESSFUL : 0);
    kd_wr_patch_u32(&w, 28, actual);
    fake_send_packet(t, KD_PACKET_STATE_MANIPULATE, reply, w.pos);
}

static void answer_version(struct fake_target *t, uint8_t *reply)
{
    struct kd_writer w = kd_writer_of(reply, KD_PACKET_DATA_MAX);

    w.pos = 16;
    kd_wr_u16(&w, t->is_kernel ? 0x000F : 0x040F);
    kd_wr_u16(&w, FAKE_BUILD);
    kd_wr_u8(&w, 6);
    kd_wr_u8(&w, 2);
    kd_wr_u16(&w, 0x47);
    kd_wr_u16(&w, 0x8664);
    kd_wr_u32(&w, 0x0031030C);
    kd_wr_u16(&w, 0);
    kd_wr_u64(&w, FAKE_KERNEL_BASE);
    kd_wr_u64(&w, FAKE_VA);
    kd_wr_u64(&w, t->is_kernel ? FAKE_VA + 0x100 : 0);
    kd_wr_patch_u32(&w, 8, 0);
    fake_send_packet(t, KD_PACKET_STATE_MANIPULATE, reply, KD_MANIPULATE_HEADER_LEN);
}

static void answer_control_space(struct fake_target *t, uint8_t *reply, uint32_t count)
{
    struct kd_writer w = kd_writer_of(reply, KD_PACKET_DATA_MAX);
    uint8_t special[KD_SPECIAL_REGISTERS_LEN] = {[0x11] = 0xB0, 0x1A};

    w.pos = KD_MANIPULATE_HEADER_LEN;
    kd_wr_bytes(&w, special, count < sizeof special ? count : sizeof special);
    kd_wr_patch_u32(&w, 8, 0);
    kd_wr_patch_u32(&w, 28, sizeof special); /* the whole size, also where less was asked [doc] */
    fake_send_packet(t, KD_PACKET_STATE_MANIPULATE, reply, w.pos);
}

static void answer_get_context(struct fake_target *t, uint8_t *reply, bool is_ex, uint32_t offset,
                               uint32_t count)
{
    struct kd_writer w = kd_writer_of(reply, KD_PACKET_DATA_MAX);
    uint32_t left = offset < sizeof t->context ? (uint32_t)sizeof t->context - offset : 0;

    if (!is_ex || count > left)
        count = left;
    w.pos = KD_MANIPULATE_HEADER_LEN;
    kd_wr_bytes(&w, t->context + offset, count);
    kd_wr_patch_u32(&w, 8, 0);
    if (is_ex)
        kd_wr_patch_u32(&w, 24, count);
    fake_send_packet(t, KD_PACKET_STATE_MANIPULATE, reply, w.pos);
}

static void answer_set_context(struct fake_target *t, uint8_t *reply, uint32_t offset,
                               struct kd_span data)
{
    struct kd_writer w = kd_writer_of(reply, KD_PACKET_DATA_MAX);
    uint8_t after[KD_CONTEXT_LEN], allowed[KD_CONTEXT_LEN];

    t->seen.contexts_set++;
    memcpy(after, t->context, sizeof after);
    if (offset <= sizeof after && data.len <= sizeof after - offset)
        memcpy(after + offset, data.data, data.len);
    memcpy(allowed, t->context, sizeof allowed);
    kd_x64_context_set_rip(allowed, kd_x64_context_rip(t->context) + 1);
    if (memcmp(after, t->context, sizeof after) != 0)
        t->seen.has_rip_changed_by_one = memcmp(after, allowed, sizeof after) == 0;
    memcpy(t->context, after, sizeof after);
    w.pos = KD_MANIPULATE_HEADER_LEN;
    kd_wr_patch_u32(&w, 8, 0);
    kd_wr_patch_u32(&w, 24, (uint32_t)data.len);
    fake_send_packet(t, KD_PACKET_STATE_MANIPULATE, reply, KD_MANIPULATE_HEADER_LEN);
}

static void go(struct fake_target *t)
{
    t->seen.continues++;
    t->is_halted = t->is_at_module = false;
    if (!t->is_kernel)
        fake_restart(t);
    else if (stands_at_int3(t))
        halt(t); /* the int3 is executed again */
    else if (t->opts.halts_on)
        fake_halt_at(t, kd_x64_context_rip(t->context) + 16);
}

static void refuse(struct fake_target *t, uint8_t *reply, uint32_t api)
{
    struct kd_writer w = kd_writer_of(reply, KD_PACKET_DATA_MAX);

    t->seen.other_altering += kd_api_class(api) != KD_API_READS;
    w.pos = KD_MANIPULATE_HEADER_LEN;
    kd_wr_patch_u32(&w, 8, (uint32_t)NTSTATUS_UNSUCCESSFUL);
    fake_send_packet(t, KD_PACKET_STATE_MANIPULATE, reply, KD_MANIPULATE_HEADER_LEN);
}

static void serve(struct fake_target *t, const struct kd_packet *pkt)
{
    uint8_t reply[KD_PACKET_DATA_MAX] = {0};
    struct kd_manipulate m;

    if (kd_manipulate_decode(pkt->data, pkt->len, false, &m) != KD_OK)
        return;
    memcpy(reply, pkt->data, KD_MANIPULATE_HEADER_LEN);
    switch (m.api) {
    case KD_API_READ_VIRTUAL:
        answer_read(t, reply, m.u.memory.va - FAKE_VA, m.u.memory.count);
        break;
    case KD_API_READ_PHYSICAL:
        answer_read(t, reply, m.u.memory.va - FAKE_PA, m.u.memory.count);
        break;
    case KD_API_READ_CONTROL_SPACE:
        if (m.u.memory.va == KD_X64_CONTROL_SPECIAL && m.processor < 2)
            answer_control_space(t, reply, m.u.memory.count);
        else
            refuse(t, reply, m.api);
        break;
    case KD_API_GET_VERSION:
        answer_version(t, reply);
        break;
    case KD_API_GET_CONTEXT:
        answer_get_context(t, reply, false, 0, 0);
        break;
    case KD_API_GET_CONTEXT_EX:
        answer_get_context(t, reply, true, m.u.context.offset, m.u.context.count);
        break;
    case KD_API_SET_CONTEXT:
        answer_set_context(t, reply, 0, m.data);
        break;
    case KD_API_SET_CONTEXT_EX:
        answer_set_context(t, reply, m.u.context.offset, m.data);
        break;
    case KD_API_CONTINUE:
        go(t);
        break;
    default:
        refuse(t, reply, m.api);
        break;
    }
}

/* --- packets in --- */

static bool is_after(unsigned limit, const struct fake_target *t)
{
    return limit && t->seen.requests > limit;
}

static void on_request(struct fake_target *t, const struct kd_packet *pkt)
{
    t->seen.requests++;
    if (is_after(t->opts.silent_after, t))
        t->is_silent = true;
    if (is_after(t->opts.mute_after, t))
        t->is_mute = true;
    if (t->is_silent || t->is_mute || t->opts.answers_nothing)
        return;
    if (is_after(t->opts.cut_after, t)) {
        t->opts.cut_after = 0;
        t->carrier->cut(t);
        return;
    }
    if (is_after(t->opts.reboot_after, t)) {
        t->opts.reboot_after = 0;
        fake_restart(t);
        return;
    }
    fake_send_control(t, KD_PACKET_ACKNOWLEDGE, pkt->id);
    uv_sleep(t->opts.think_ms);
    serve(t, pkt);
}

static void acknowledged(struct fake_target *t)
{
    t->is_unacknowledged = false;
    t->id = t->carrier->id_after(t->id);
}

static void on_control(struct fake_target *t, const struct kd_packet *pkt)
{
    switch (pkt->type) {
    case KD_PACKET_ACKNOWLEDGE:
        if (t->is_unacknowledged && pkt->id == t->carrier->ack_of(t->id)) {
            acknowledged(t);
            if (t->is_break_pending)
                halt(t); /* the break-in came while it printed */
            t->is_break_pending = false;
        }
        break;
    case KD_PACKET_RESET:
        t->carrier->reset(t);
        /* fall through */
    case KD_PACKET_RESEND:
        if (t->is_unacknowledged)
            fake_transmit(t);
        else if (t->is_halted)
            send_stop(t);
        break;
    default:
        break;
    }
}

static void on_break_in(struct fake_target *t)
{
    if (t->is_halted)
        return;
    if (t->opts.never_halts) {
        t->is_break_missed = true; /* until it takes notice again */
        return;
    }
    t->seen.break_ins++;
    t->is_break_pending = t->is_unacknowledged || (t->opts.prints && !t->has_printed);
    if (t->opts.prints && !t->has_printed)
        fake_print(t);
    else if (!t->is_unacknowledged)
        halt(t);
}

static bool is_too_much(const struct fake_target *t, const struct kd_packet *pkt)
{
    struct kd_manipulate m;

    return t->opts.resends_over && kd_manipulate_decode(pkt->data, pkt->len, false, &m) == KD_OK &&
           m.api == KD_API_READ_VIRTUAL && m.u.memory.count > t->opts.resends_over;
}

void fake_payload(struct fake_target *t, struct kd_span payload)
{
    struct kd_packet pkt;

    if (t->is_mute)
        return;
    if (payload.len == 1 && payload.data[0] == KD_BREAKIN) {
        on_break_in(t);
        return;
    }
    if (kd_packet_decode(payload.data, payload.len, &pkt) != KD_OK)
        return;
    if (!t->is_halted && !t->is_unacknowledged)
        return; /* running: it looks for break-ins only */
    if (pkt.is_control) {
        on_control(t, &pkt);
    } else if (t->is_unacknowledged) { /* crossed: ask again, take ours for acknowledged */
        acknowledged(t);
        fake_send_control(t, KD_PACKET_RESEND, 0);
    } else if (is_too_much(t, &pkt)) {
        fake_send_control(t, KD_PACKET_RESEND, 0);
    } else if (!t->carrier->is_expected(t, pkt.id)) {
        fake_send_control(t, KD_PACKET_ACKNOWLEDGE, pkt.id);
    } else if (pkt.type == KD_PACKET_STATE_MANIPULATE) {
        on_request(t, &pkt);
    }
}

/* --- the thread --- */

static int wait_ms(const struct fake_target *t)
{
    uint64_t now = fake_clock_ms();
    uint64_t due = t->carrier->due_ms(t);

    if (t->is_unacknowledged && t->resend_ms < due)
        due = t->resend_ms;
    if (due > now + ENDING_MS)
        due = now + ENDING_MS;
    return due > now ? (int)(due - now) : 0;
}

static void run(void *arg)
{
    struct fake_target *t = arg;

    while (!atomic_load(&t->is_ending)) {
        struct pollfd wait = {.fd = t->carrier->fd(t), .events = POLLIN};

        if (poll(&wait, 1, wait_ms(t)) > 0)
            t->carrier->receive(t);
        t->carrier->tick(t);
        fake_do(t);
        if (t->is_unacknowledged && fake_clock_ms() >= t->resend_ms)
            fake_transmit(t);
        if (t->opts.prints_on && t->carrier->is_heard(t) && !t->is_halted && !t->is_unacknowledged)
            fake_print(t);
    }
}

struct fake_target *fake_target_start(const struct fake_target_opts *opts)
{
    struct fake_target *t = calloc(1, sizeof *t);

    if (!t)
        return NULL;
    t->opts = *opts;
    t->carrier = opts->path ? &fake_carrier_stream : &fake_carrier_net;
    t->is_kernel = !opts->is_boot_debugger;
    t->is_halted = opts->is_halted;
    kd_x64_context_set_rip(t->context, FAKE_STOP_PC);
    t->seen.has_rip_changed_by_one = true;
    if (!t->carrier->open(t) || uv_thread_create(&t->thread, run, t) != 0) {
        t->carrier->close(t);
        free(t);
        return NULL;
    }
    return t;
}

struct fake_target_seen fake_target_stop(struct fake_target *t)
{
    struct fake_target_seen seen;

    atomic_store(&t->is_ending, true);
    uv_thread_join(&t->thread);
    seen = t->seen;
    seen.is_running = !t->is_halted;
    t->carrier->close(t);
    free(t);
    return seen;
}
