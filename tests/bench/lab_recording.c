#include "lab_recording.h"

#include "bench.h"
#include "machine.h"
#include "packets.h"

#include <string.h>

#include <transport/recorder.h>

enum {
    STEP_US = 50,            /* from one packet to the next */
    FRAME_LEN = 16 + 20 + 8, /* in the file, before each datagram: of pcap, IPv4, UDP */
    FILE_HEADER_LEN = 24,
    VERSION = 4,
};

static const struct kdt_endpoint target_end = {.ip = {[10] = 0xFF, [11] = 0xFF, 10, 0, 0, 2},
                                               .port = 51111};
static const struct kdt_endpoint host_end = {.ip = {[10] = 0xFF, [11] = 0xFF, 10, 0, 0, 1},
                                             .port = 50000};

struct maker {
    const struct lab_recording_opts *opts;
    struct lab_recording made;
    struct kdt_recorder *recorder;
    struct lab_machine *machine;
    struct lab_target *target;
    uint64_t now_us;

    /* the host */
    struct lab_seal *seal; /* KDNET */
    uint64_t sequence;     /* of its last datagram */
    uint32_t id;           /* of its next packet */

    /* what it heard and has not reacted to */
    bool was_poked, was_told;
    struct lab_message poke;
    uint8_t poke_payload[LAB_POKE_LEN];
    struct lab_header told; /* a data packet */
};

static bool is_stream(const struct maker *m)
{
    return m->opts->carrier == LAB_OVER_STREAM;
}

/* ---- recording ---- */

static void failed(void *ctx, const char *reason)
{
    const struct maker *m = ctx;

    bench_fail(m->opts->path, reason);
}

static void record(struct maker *m, bool from_host, const uint8_t *bytes, size_t len)
{
    struct kd_span span = {bytes, len};

    if (is_stream(m))
        kdt_recorder_bytes(m->recorder, from_host, span);
    else
        kdt_recorder_datagram(m->recorder, from_host ? &host_end : &target_end,
                              from_host ? &target_end : &host_end, span);
    m->made.packets++;
    m->made.file_len += FRAME_LEN + len;
}

/* ---- the host hears ---- */

static void hear_payload(struct maker *m, const uint8_t *payload, size_t len)
{
    struct lab_header h;

    if (len < sizeof h)
        return;
    memcpy(&h, payload, sizeof h);
    if (h.leader == LAB_LEADER_DATA) {
        m->told = h;
        m->was_told = true;
    }
}

static void hear_datagram(struct maker *m, const uint8_t *bytes, size_t len)
{
    struct lab_message message;

    if (lab_seal_open(m->seal, bytes, len, &message) != LAB_GOOD)
        bench_fail("the lab's target", "said what cannot be opened");
    if (!message.is_control) {
        hear_payload(m, message.payload, message.len);
        return;
    }
    m->poke = message;
    memcpy(m->poke_payload, message.payload, sizeof m->poke_payload);
    m->was_poked = true;
}

static void hear(struct maker *m)
{
    const uint8_t *bytes;
    size_t len;

    while (lab_target_next_output(m->target, &bytes, &len)) {
        record(m, false, bytes, len);
        if (is_stream(m))
            hear_payload(m, bytes, len);
        else
            hear_datagram(m, bytes, len);
    }
}

/* ---- the host speaks ---- */

static void send(struct maker *m, const uint8_t *bytes, size_t len)
{
    record(m, true, bytes, len);
    m->now_us += STEP_US;
    if (is_stream(m))
        lab_target_bytes(m->target, bytes, len, m->now_us);
    else
        lab_target_datagram(m->target, bytes, len, m->now_us);
    hear(m);
}

static void send_payload(struct maker *m, const uint8_t *payload, size_t len)
{
    struct lab_message message = {
        .version = VERSION, .from_host = true, .payload = payload, .len = len};
    uint8_t sealed[LAB_DATAGRAM_MAX];

    if (is_stream(m)) {
        send(m, payload, len);
        return;
    }
    message.sequence = ++m->sequence;
    len = lab_seal_message(m->seal, &message, sealed);
    send(m, sealed, len);
}

/* As a host acknowledges it: over a stream without the sync bit. */
static void acknowledge(struct maker *m)
{
    struct lab_header h = {.leader = LAB_LEADER_CONTROL,
                           .type = LAB_PACKET_ACKNOWLEDGE,
                           .id = is_stream(m) ? m->told.id & ~LAB_SYNC_BIT : m->told.id};
    uint8_t bytes[sizeof h];

    if (!m->was_told)
        bench_fail("the lab's target", "does not answer");
    m->was_told = false;
    memcpy(bytes, &h, sizeof h);
    send_payload(m, bytes, sizeof bytes);
}

static void request(struct maker *m, const struct lab_manipulate *what)
{
    struct lab_header h = {.leader = LAB_LEADER_DATA,
                           .type = LAB_PACKET_MANIPULATE,
                           .byte_count = sizeof *what,
                           .id = m->id};
    uint8_t bytes[sizeof h + sizeof *what + 1];
    uint8_t *data = bytes + sizeof h;

    memcpy(data, what, sizeof *what);
    for (size_t i = 0; i < sizeof *what; i++)
        h.checksum += data[i];
    memcpy(bytes, &h, sizeof h);
    bytes[sizeof bytes - 1] = LAB_TRAILER;
    send_payload(m, bytes, sizeof bytes - !is_stream(m));
    m->id = is_stream(m) ? m->id ^ 1 : m->id + 2;
    acknowledge(m);
}

/* ---- a session ---- */

static void link_up(struct maker *m)
{
    uint8_t response[LAB_RESPONSE_LEN] = {1, 2}, sealed[LAB_DATAGRAM_MAX];
    struct lab_message message;
    size_t len;

    lab_target_tick(m->target, m->now_us);
    hear(m);
    if (!m->was_poked)
        bench_fail("the lab's target", "does not call");
    memcpy(response + 2, m->poke_payload + 2, 32); /* its nonce; the host's own may be anything */
    message = m->poke;
    message.from_host = true;
    message.payload = response;
    message.len = sizeof response;
    len = lab_seal_message(m->seal, &message, sealed);
    lab_seal_link(m->seal, response);
    memcpy(m->made.data_key, lab_seal_data_key(m->seal), LAB_KEY_LEN);
    send(m, sealed, len);
}

static void halt(struct maker *m)
{
    static const uint8_t break_in = LAB_BREAK_IN_BYTE;

    send_payload(m, &break_in, sizeof break_in);
    acknowledge(m);
    request(m, &(struct lab_manipulate){.api = 0x3146}); /* GetVersion64 */
}

static void read_region(struct maker *m)
{
    struct lab_manipulate read = {.api = 0x3130}; /* ReadVirtualMemory */
    uint64_t base = lab_machine_info(m->machine)->kernel_base;

    read.u.memory.count = m->opts->read_len;
    for (uint64_t at = 0; m->made.file_len < m->opts->file_len; at += read.u.memory.count) {
        read.u.memory.address = base + at % (LAB_RECORDING_REGION - read.u.memory.count + 1);
        request(m, &read);
    }
}

static struct lab_target *create_target(const struct maker *m)
{
    struct lab_target_options o = {.machine = m->machine,
                                   .carrier = m->opts->carrier,
                                   .version = VERSION,
                                   .target.port = target_end.port,
                                   .host.port = host_end.port};

    memcpy(o.key, m->opts->key, sizeof o.key);
    memcpy(o.target.address, target_end.ip, sizeof o.target.address);
    memcpy(o.host.address, host_end.ip, sizeof o.host.address);
    return lab_target_create(&o, m->now_us);
}

static void open_maker(struct maker *m)
{
    struct kdt_recorder_opts recorder = {.path = m->opts->path, .ctx = m, .on_failed = failed};
    struct kd_diag diag;
    const char *why = NULL;

    kd_diag_clear(&diag);
    if (kdt_recorder_create(&recorder, &diag, &m->recorder) != KD_OK)
        bench_fail(m->opts->path, diag.text);
    m->machine = lab_machine_create("18362", LAB_KERNEL_DIR, &why);
    if (!m->machine)
        bench_fail("the lab's machine", why);
    m->target = create_target(m);
    m->seal = lab_seal_create(m->opts->key);
    if (!m->target || !m->seal)
        bench_fail("the lab's target", "no memory");
}

struct lab_recording lab_recording_make(const struct lab_recording_opts *opts)
{
    struct maker m = {.opts = opts,
                      .made.file_len = FILE_HEADER_LEN,
                      .now_us = 1000000,
                      .id = opts->carrier == LAB_OVER_STREAM ? 0x80800000u : 0x80000000u};

    open_maker(&m);
    if (!is_stream(&m))
        link_up(&m);
    halt(&m);
    read_region(&m);
    lab_target_destroy(m.target);
    lab_seal_destroy(m.seal);
    lab_machine_destroy(m.machine);
    kdt_recorder_destroy(m.recorder);
    return m.made;
}
