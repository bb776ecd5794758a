#include "fake_target.h"

#include <kdproto/context_x64.h>
#include <kdproto/kdnet_datagram.h>
#include <kdproto/manipulate.h>
#include <kdproto/packet.h>
#include <kdproto/state_change.h>
#include <transport/crypto_openssl.h>

#include <netinet/in.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

enum {
    POKE_MS = 50,
    RESEND_MS = 100, /* of what the host does not acknowledge; a real one waits 500 [doc] */
    ENDING_MS = 50,  /* until it notices that the test is over */
    FIRST_ID_HALTED = 0x926,
    NTSTATUS_UNSUCCESSFUL = (int)0xC0000001,
};

struct fake_target {
    struct fake_target_opts opts;
    struct fake_target_seen seen;
    uv_thread_t thread;
    atomic_bool is_ending;
    struct kdt_crypto *crypto;
    struct kdnet_key key;
    int fd;

    uint8_t nonce_b;
    uint64_t nonce_a, poke_sequence, next_poke_ms;
    bool is_linked;
    uint8_t data_key[KD_KEY_LEN];
    uint64_t sent_sequence, received_sequence;

    bool is_silent, is_mute;
    bool is_halted, is_kernel, has_printed, is_break_pending;
    uint8_t context[KD_CONTEXT_LEN];

    uint32_t id;            /* of the next packet */
    bool is_unacknowledged; /* the packet below waits for the host's acknowledgement */
    uint8_t packet[KD_PACKET_LEN_MAX];
    size_t packet_len;
    uint64_t resend_ms;
};

uint8_t fake_byte(uint64_t offset)
{
    return (uint8_t)(offset * 167 + (offset >> 8) * 13 + 5);
}

static uint64_t clock_ms(void)
{
    return uv_hrtime() / 1000000;
}

/* --- datagrams out --- */

static void send_datagram(struct fake_target *t, const struct kdnet_datagram *d, const uint8_t *key)
{
    const struct sockaddr_in to = {.sin_family = AF_INET,
                                   .sin_port = htons(t->opts.host_port),
                                   .sin_addr = {htonl(INADDR_LOOPBACK)}};
    uint8_t buf[KDNET_DATAGRAM_MAX];
    size_t len;

    if (t->is_silent)
        return;
    if (kdnet_seal(kdt_crypto_table(t->crypto), &t->key, key, d, buf, sizeof buf, &len) == KD_OK)
        sendto(t->fd, buf, len, 0, (const struct sockaddr *)&to, sizeof to);
}

static void send_data(struct fake_target *t, const uint8_t *payload, size_t len)
{
    const struct kdnet_datagram d = {
        .version = t->opts.version, .sequence = ++t->sent_sequence, .payload = {payload, len}};

    if (t->is_linked)
        send_datagram(t, &d, t->data_key);
}

static void poke(struct fake_target *t)
{
    static const uint8_t mapped[12] = {[10] = 0xFF, 0xFF};
    uint8_t payload[KDNET_POKE_LEN];
    struct kd_writer w = kd_writer_of(payload, sizeof payload);
    const struct kdnet_datagram d = {.version = t->opts.version,
                                     .is_control = true,
                                     .sequence = t->poke_sequence += 3,
                                     .payload = {payload, sizeof payload}};

    kd_wr_u8(&w, 1);
    kd_wr_u8(&w, 1);
    kd_wr_u64(&w, ++t->nonce_a);
    for (int i = 0; i < 24; i++)
        kd_wr_u8(&w, t->nonce_b);
    for (int i = 0; i < 3; i++) { /* target, host, connected host */
        bool is_known = i < 2 || t->is_linked;

        kd_wr_bytes(&w, mapped, sizeof mapped);
        kd_wr_u32(&w, is_known ? 0x0100007F : 0);
        kd_wr_u16be(&w, is_known ? t->opts.host_port : 0);
    }
    kd_wr_zero(&w, sizeof payload - w.pos);
    send_datagram(t, &d, t->key.bytes);
}

/* --- packets out --- */

static void transmit(struct fake_target *t)
{
    send_data(t, t->packet, t->packet_len);
    t->resend_ms = clock_ms() + RESEND_MS;
}

static void send_packet(struct fake_target *t, uint16_t type, const uint8_t *data, size_t len)
{
    const struct kd_packet pkt = {.type = type, .id = t->id, .data = data, .len = len};

    if (kd_packet_encode(&pkt, t->packet, sizeof t->packet, &t->packet_len) != KD_OK)
        abort();
    t->is_unacknowledged = true;
    transmit(t);
}

static void send_control(struct fake_target *t, uint16_t type, uint32_t id)
{
    const struct kd_packet pkt = {.is_control = true, .type = type, .id = id};
    uint8_t buf[KD_PACKET_HEADER_LEN];
    size_t len;

    if (kd_packet_encode(&pkt, buf, sizeof buf, &len) != KD_OK)
        abort();
    send_data(t, buf, len);
}

static bool stands_at_int3(const struct fake_target *t)
{
    return kd_x64_context_rip(t->context) == FAKE_STOP_PC;
}

static void send_stop(struct fake_target *t)
{
    uint8_t buf[KD_STATE_CHANGE_LEN] = {0};
    struct kd_writer w = kd_writer_of(buf, sizeof buf);
    uint64_t pc = kd_x64_context_rip(t->context);

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
    send_packet(t, KD_PACKET_STATE_CHANGE64, buf, sizeof buf);
}

static void halt_at(struct fake_target *t, uint64_t pc)
{
    t->is_halted = true;
    kd_x64_context_set_rip(t->context, pc);
    send_stop(t);
}

static void halt(struct fake_target *t)
{
    halt_at(t, FAKE_STOP_PC);
}

static void print(struct fake_target *t)
{
    uint8_t buf[16 + 6] = {0x30, 0x32, [8] = 6, [16] = 'h', 'e', 'l', 'l', 'o', '\n'};

    t->has_printed = true;
    send_packet(t, KD_PACKET_DEBUG_IO, buf, sizeof buf);
}

/* A new boot, or the next stage of this one: nothing is left but memory and the configured key. */
static void restart(struct fake_target *t)
{
    t->nonce_b++;
    t->is_linked = t->is_halted = t->is_unacknowledged = false;
    t->is_kernel = true;
    t->id = 0;
    t->next_poke_ms = clock_ms();
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
    while (actual < wanted && is_readable(offset + actual))
        kd_wr_u8(&w, fake_byte(offset + actual++));
    kd_wr_patch_u32(&w, 8, actual < wanted ? (uint32_t)NTSTATUS_UNSUCCESSFUL : 0);
    kd_wr_patch_u32(&w, 28, actual);
    send_packet(t, KD_PACKET_STATE_MANIPULATE, reply, w.pos);
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
    send_packet(t, KD_PACKET_STATE_MANIPULATE, reply, KD_MANIPULATE_HEADER_LEN);
}

static void answer_control_space(struct fake_target *t, uint8_t *reply, uint32_t count)
{
    struct kd_writer w = kd_writer_of(reply, KD_PACKET_DATA_MAX);
    uint8_t special[KD_SPECIAL_REGISTERS_LEN] = {[0x11] = 0xB0, 0x1A};

    w.pos = KD_MANIPULATE_HEADER_LEN;
    kd_wr_bytes(&w, special, count < sizeof special ? count : sizeof special);
    kd_wr_patch_u32(&w, 8, 0);
    kd_wr_patch_u32(&w, 28, sizeof special); /* the whole size, also where less was asked [doc] */
    send_packet(t, KD_PACKET_STATE_MANIPULATE, reply, w.pos);
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
    send_packet(t, KD_PACKET_STATE_MANIPULATE, reply, w.pos);
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
    send_packet(t, KD_PACKET_STATE_MANIPULATE, reply, KD_MANIPULATE_HEADER_LEN);
}

static void go(struct fake_target *t)
{
    t->seen.continues++;
    t->is_halted = false;
    if (!t->is_kernel)
        restart(t);
    else if (stands_at_int3(t))
        halt(t); /* the int3 is executed again */
    else if (t->opts.halts_on)
        halt_at(t, kd_x64_context_rip(t->context) + 16);
}

static void refuse(struct fake_target *t, uint8_t *reply, uint32_t api)
{
    struct kd_writer w = kd_writer_of(reply, KD_PACKET_DATA_MAX);

    t->seen.other_altering += kd_api_class(api) != KD_API_READS;
    w.pos = KD_MANIPULATE_HEADER_LEN;
    kd_wr_patch_u32(&w, 8, (uint32_t)NTSTATUS_UNSUCCESSFUL);
    send_packet(t, KD_PACKET_STATE_MANIPULATE, reply, KD_MANIPULATE_HEADER_LEN);
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
    if (is_after(t->opts.reboot_after, t)) {
        t->opts.reboot_after = 0;
        restart(t);
        return;
    }
    send_control(t, KD_PACKET_ACKNOWLEDGE, pkt->id);
    uv_sleep(t->opts.think_ms);
    serve(t, pkt);
}

static void acknowledged(struct fake_target *t)
{
    t->is_unacknowledged = false;
    t->id += 2;
}

static void on_control(struct fake_target *t, const struct kd_packet *pkt)
{
    switch (pkt->type) {
    case KD_PACKET_ACKNOWLEDGE:
        if (t->is_unacknowledged && pkt->id == t->id) {
            acknowledged(t);
            if (t->is_break_pending)
                halt(t); /* the break-in came while it printed */
            t->is_break_pending = false;
        }
        break;
    case KD_PACKET_RESET:
        send_control(t, KD_PACKET_RESET, t->id);
        /* fall through */
    case KD_PACKET_RESEND:
        if (t->is_unacknowledged)
            transmit(t);
        else if (t->is_halted)
            send_stop(t);
        break;
    default:
        break;
    }
}

static void on_break_in(struct fake_target *t)
{
    if (t->opts.never_halts || t->is_halted)
        return;
    t->seen.break_ins++;
    t->is_break_pending = t->is_unacknowledged || (t->opts.prints && !t->has_printed);
    if (t->opts.prints && !t->has_printed)
        print(t);
    else if (!t->is_unacknowledged)
        halt(t);
}

static void on_payload(struct fake_target *t, struct kd_span payload)
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
        send_control(t, KD_PACKET_RESEND, 0);
    } else if (pkt.type == KD_PACKET_STATE_MANIPULATE) {
        on_request(t, &pkt);
    }
}

/* --- datagrams in --- */

static void on_response(struct fake_target *t, const struct kdnet_datagram *d)
{
    static const uint8_t ping[KDNET_PING_LEN] = {[8] = 1, 0, 0, 127};

    if (t->opts.is_deaf || !kdnet_is_response(d->payload.data, d->payload.len) ||
        (d->sequence != t->poke_sequence && d->sequence + 3 != t->poke_sequence) ||
        d->payload.data[2 + 8] != t->nonce_b)
        return;
    if (kdnet_data_key(kdt_crypto_table(t->crypto), &t->key, d->payload.data, t->data_key) != KD_OK)
        return;
    t->seen.handshakes++;
    t->is_linked = true;
    t->sent_sequence = t->received_sequence = 0;
    send_data(t, ping, sizeof ping);
    if (t->is_unacknowledged)
        transmit(t);
}

static void on_datagram(struct fake_target *t, const uint8_t *buf, size_t len)
{
    struct kdnet_datagram d;
    uint8_t plain[KDNET_DATAGRAM_MAX];
    const uint8_t *key;

    if (t->is_silent)
        return;
    if (t->seen.datagrams_dropped < t->opts.drop_first) {
        t->seen.datagrams_dropped++;
        return;
    }
    if (kdnet_peek(buf, len, &d) != KD_OK)
        return;
    key = d.is_control ? t->key.bytes : t->data_key;
    if (kdnet_open(kdt_crypto_table(t->crypto), &t->key, key, buf, len, plain, &d) != KD_OK ||
        !d.from_host)
        return;
    if (d.is_control) {
        on_response(t, &d);
    } else if (t->is_linked && d.sequence > t->received_sequence) {
        t->received_sequence = d.sequence;
        on_payload(t, d.payload);
    }
}

/* --- the thread --- */

static int wait_ms(const struct fake_target *t)
{
    uint64_t now = clock_ms();
    uint64_t due = t->next_poke_ms;

    if (t->is_unacknowledged && t->resend_ms < due)
        due = t->resend_ms;
    if (due > now + ENDING_MS)
        due = now + ENDING_MS;
    return due > now ? (int)(due - now) : 0;
}

static void run(void *arg)
{
    struct fake_target *t = arg;
    uint8_t buf[KDNET_DATAGRAM_MAX];
    struct pollfd wait = {.fd = t->fd, .events = POLLIN};

    while (!atomic_load(&t->is_ending)) {
        if (poll(&wait, 1, wait_ms(t)) > 0) {
            ssize_t len = recv(t->fd, buf, sizeof buf, 0);

            if (len > 0)
                on_datagram(t, buf, (size_t)len);
        }
        if (clock_ms() >= t->next_poke_ms) {
            poke(t);
            t->next_poke_ms = clock_ms() + t->opts.poke_ms;
        }
        if (t->is_unacknowledged && clock_ms() >= t->resend_ms)
            transmit(t);
        if (t->opts.prints_on && t->is_linked && !t->is_halted && !t->is_unacknowledged)
            print(t);
    }
}

struct fake_target *fake_target_start(const struct fake_target_opts *opts)
{
    const struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    struct fake_target *t = calloc(1, sizeof *t);

    if (!t)
        return NULL;
    t->opts = *opts;
    if (!t->opts.version)
        t->opts.version = 5;
    if (!t->opts.poke_ms)
        t->opts.poke_ms = POKE_MS;
    t->is_kernel = !opts->is_boot_debugger;
    t->nonce_b = 0x5A;
    t->nonce_a = 1000;
    t->is_halted = opts->is_halted;
    t->id = opts->is_halted ? FIRST_ID_HALTED : 0;
    kd_x64_context_set_rip(t->context, FAKE_STOP_PC);
    t->seen.has_rip_changed_by_one = true;
    t->fd = socket(AF_INET, SOCK_DGRAM, 0);
    if (t->fd < 0 || bind(t->fd, (const struct sockaddr *)&any, sizeof any) != 0 ||
        kdnet_key_parse(opts->key, strlen(opts->key), NULL, &t->key) != KD_OK ||
        kdt_crypto_create(&t->crypto) != KD_OK || uv_thread_create(&t->thread, run, t) != 0) {
        kdt_crypto_destroy(t->crypto);
        if (t->fd >= 0)
            close(t->fd);
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
    kdt_crypto_destroy(t->crypto);
    close(t->fd);
    free(t);
    return seen;
}
