/* KD packets in a byte stream as the target's side takes them: kd-protocol.md 2.1, 2.3 and 2.10.
 *
 *   deaf      0x62                  halts; a running target polls for that byte and drops all others,
 *                                   whatever packet they may be a part of [guess]
 *   hunting   0x30, 0x69            four of a kind in a row are a leader
 *             0x62                  break-in
 *             other                 skipped
 *   header    its leader once more  the run was longer: its last four bytes count
 *             12 bytes              checked; wrong: RESEND, hunting on from the second leader byte
 *   body      data and trailer      checked; wrong: RESEND; right: a packet for target_link.c
 *   both      250 ms without a byte hunting; in a body with RESEND */
#include "target_parts.h"

#include <string.h>

#define BYTE_WAIT_US    250000u
#define BITS_US         10000000u /* 10 bits a byte, at one bit a second */
#define LEADER_LEN      4
#define PACKET_TYPE_MAX 11

static void hunt_anew(struct lab_stream *s)
{
    s->run = 0;
    s->have = 0;
    s->due_us = UINT64_MAX;
}

void stream_start_stage(struct lab_target *t)
{
    hunt_anew(&t->stream);
    t->poke_at_us = UINT64_MAX;
    t->is_linked = true; /* a wire is always there, whoever listens at its end */
}

/* ---- sending ---- */

static void output(struct lab_target *t, const void *bytes, size_t len, bool has_trailer)
{
    struct lab_output *o = target_output(t);

    memcpy(o->bytes, bytes, len);
    o->len = len;
    if (has_trailer)
        o->bytes[o->len++] = LAB_TRAILER;
    t->stream.spoken_us = stream_spoken_us(t);
    if (t->opts.baud > 0)
        t->stream.spoken_us += o->len * BITS_US / t->opts.baud;
}

uint64_t stream_spoken_us(const struct lab_target *t)
{
    return t->stream.spoken_us > t->now_us ? t->stream.spoken_us : t->now_us;
}

void stream_send(struct lab_target *t, const uint8_t *packet, size_t len)
{
    output(t, packet, len, packet[0] == (LAB_LEADER_DATA & 0xFF));
}

void stream_boot_text(struct lab_target *t)
{
    static const char text[] = "\x1b[2J\x1b[01;01HLab BIOS (version 1.0)\r\n"
                               "Booting from Hard Disk...\r\n";

    output(t, text, sizeof text - 1, false);
}

/* ---- receiving ---- */

static void hunt(struct lab_target *t, uint8_t byte)
{
    struct lab_stream *s = &t->stream;
    bool is_leader = byte == (LAB_LEADER_DATA & 0xFF) || byte == (LAB_LEADER_CONTROL & 0xFF);

    if (!is_leader || byte != s->run_byte) {
        t->stats.stream_bad.skipped += s->run;
        s->run = 0;
    }
    if (byte == LAB_BREAK_IN_BYTE) {
        run_break_in(t);
    } else if (!is_leader) {
        t->stats.stream_bad.skipped++;
    } else {
        s->run_byte = byte;
        if (++s->run < LEADER_LEN)
            return;
        memset(s->bytes, byte, LEADER_LEN);
        s->run = 0;
        s->have = LEADER_LEN;
        s->need = sizeof(struct lab_header);
        s->due_us = t->now_us + BYTE_WAIT_US;
    }
}

static void push(struct lab_target *t, uint8_t byte);

/* A leader may begin inside of what was taken for a header. */
static void scan_header_again(struct lab_target *t)
{
    uint8_t again[sizeof(struct lab_header) - 1];

    memcpy(again, t->stream.bytes + 1, sizeof again);
    hunt_anew(&t->stream);
    t->stats.stream_bad.skipped++;
    for (size_t i = 0; i < sizeof again; i++)
        push(t, again[i]);
}

static void take_header(struct lab_target *t)
{
    struct lab_stream *s = &t->stream;
    struct lab_header h;
    bool is_control;

    memcpy(&h, s->bytes, sizeof h);
    is_control = h.leader == LAB_LEADER_CONTROL;
    if (h.type == 0 || h.type > PACKET_TYPE_MAX || is_control != (h.byte_count == 0) ||
        h.byte_count > link_data_max(t)) {
        t->stats.stream_bad.headers++;
        link_refuse(t);
        scan_header_again(t);
    } else if (is_control) {
        hunt_anew(s);
        link_packet(t, &h, NULL);
    } else {
        s->need = sizeof h + h.byte_count + 1;
    }
}

static void take_body(struct lab_target *t)
{
    struct lab_stream *s = &t->stream;
    const uint8_t *data = s->bytes + sizeof(struct lab_header);
    struct lab_header h;

    memcpy(&h, s->bytes, sizeof h);
    hunt_anew(s);
    if (data[h.byte_count] != LAB_TRAILER) {
        t->stats.stream_bad.trailers++;
        link_refuse(t);
    } else if (h.checksum != link_sum(data, h.byte_count)) {
        t->stats.stream_bad.checksums++;
        link_refuse(t);
    } else {
        link_packet(t, &h, data);
    }
}

static void push(struct lab_target *t, uint8_t byte)
{
    struct lab_stream *s = &t->stream;

    if (link_is_deaf(t)) {
        hunt_anew(s);
        if (byte == LAB_BREAK_IN_BYTE)
            run_break_in(t);
        return;
    }
    if (s->have == 0) {
        hunt(t, byte);
        return;
    }
    s->due_us = t->now_us + BYTE_WAIT_US;
    if (s->have == LEADER_LEN && byte == s->bytes[0]) {
        t->stats.stream_bad.skipped++;
        return;
    }
    s->bytes[s->have++] = byte;
    if (s->have < s->need)
        return;
    if (s->need == sizeof(struct lab_header))
        take_header(t);
    else
        take_body(t);
}

/* Who says much at once is heard as far as there is room for answers: a real one hears nothing at all
 * while it speaks. */
void stream_bytes(struct lab_target *t, const uint8_t *bytes, size_t len)
{
    stream_tick(t);
    for (size_t i = 0; i < len; i++) {
        if (t->is_silent)
            return;
        if (t->output_count > LAB_OUTPUT_MAX - LAB_OUTPUT_BURST) {
            t->stats.stream_bad.overrun += len - i;
            return;
        }
        push(t, bytes[i]);
    }
}

void stream_tick(struct lab_target *t)
{
    struct lab_stream *s = &t->stream;
    bool is_body = s->have >= sizeof(struct lab_header);

    if (t->is_silent || t->now_us < s->due_us)
        return;
    t->stats.stream_bad.timeouts++;
    t->stats.stream_bad.skipped += s->have;
    hunt_anew(s);
    if (is_body && !link_is_deaf(t))
        link_refuse(t);
}
