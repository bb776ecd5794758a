/*  bytes of a link --> IP and UDP headers made for them --> pcap_dump --> one write(2)
 *
 *  The headers are the least that readers of captures ask for: addresses, ports, lengths, right
 *  checksums. Everything else about them (identification, hops) is of this file alone. */
#include <transport/recorder.h>

#include "stream_wrap.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    PROTOCOL_UDP = 17,
    HOPS = 64, /* the usual number */
    IPV4_LEN = 20,
    IPV6_LEN = 40,
    UDP_LEN = 8,
    PAYLOAD_MAX = 65535 - IPV4_LEN - UDP_LEN, /* IPv6 would carry 20 more */
    PACKET_MAX = IPV6_LEN + UDP_LEN + PAYLOAD_MAX,
    SNAPLEN = 262144,         /* what readers are told to be ready for; tcpdump's own */
    FILE_BUFFER = 128 * 1024, /* more than any packet, so that each is written at once */
};

struct kdt_recorder {
    void *ctx;
    void (*on_failed)(void *ctx, const char *reason);
    pcap_t *pcap;          /* says what kind of file it is; nothing is captured with it */
    pcap_dumper_t *dumper; /* NULL: it has failed */
    uint16_t packets; /* their IPv4 identification: a repetition is no copy of the same packet */
    uint8_t packet[PACKET_MAX];
    char file_buffer[FILE_BUFFER];
};

/* --- headers --- */

/* The Internet checksum's sum, not yet folded: 32 bits hold that of 64 KiB. */
static uint32_t add_words(uint32_t sum, const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i + 1 < len; i += 2)
        sum += (uint32_t)(bytes[i] << 8 | bytes[i + 1]);
    if (len % 2)
        sum += (uint32_t)(bytes[len - 1] << 8);
    return sum;
}

static void put_checksum(uint8_t *at, uint32_t sum)
{
    while (sum > 0xFFFF)
        sum = (sum >> 16) + (sum & 0xFFFF);
    sum = ~sum & 0xFFFF;
    at[0] = (uint8_t)(sum >> 8);
    at[1] = (uint8_t)sum;
}

static void put_ipv4(struct kd_writer *w, const struct kdt_endpoint *from,
                     const struct kdt_endpoint *to, size_t payload_len, uint16_t id)
{
    kd_wr_u8(w, 0x45); /* version 4, a header of 5 words */
    kd_wr_u8(w, 0);
    kd_wr_u16be(w, (uint16_t)(IPV4_LEN + UDP_LEN + payload_len));
    kd_wr_u16be(w, id);
    kd_wr_u16be(w, 0x4000); /* not to be fragmented: a datagram here may be longer than a frame */
    kd_wr_u8(w, HOPS);
    kd_wr_u8(w, PROTOCOL_UDP);
    kd_wr_u16be(w, 0); /* checksum, below */
    kd_wr_bytes(w, from->ip + 12, 4);
    kd_wr_bytes(w, to->ip + 12, 4);
    put_checksum(w->data + 10, add_words(0, w->data, IPV4_LEN));
}

static void put_ipv6(struct kd_writer *w, const struct kdt_endpoint *from,
                     const struct kdt_endpoint *to, size_t payload_len)
{
    kd_wr_u8(w, 0x60); /* version 6 */
    kd_wr_zero(w, 3);
    kd_wr_u16be(w, (uint16_t)(UDP_LEN + payload_len));
    kd_wr_u8(w, PROTOCOL_UDP);
    kd_wr_u8(w, HOPS);
    kd_wr_bytes(w, from->ip, sizeof from->ip);
    kd_wr_bytes(w, to->ip, sizeof to->ip);
}

static void put_udp(struct kd_writer *w, const struct kdt_endpoint *from,
                    const struct kdt_endpoint *to, struct kd_span payload)
{
    kd_wr_u16be(w, from->port);
    kd_wr_u16be(w, to->port);
    kd_wr_u16be(w, (uint16_t)(UDP_LEN + payload.len));
    kd_wr_u16be(w, 0); /* checksum: none */
    if (payload.len)
        kd_wr_bytes(w, payload.data, payload.len);
}

/* IPv6 wants one. It is that of both addresses, protocol and length as well. */
static void put_udp_checksum(uint8_t *packet, size_t len)
{
    size_t udp_len = len - IPV6_LEN;
    uint32_t sum = add_words(PROTOCOL_UDP + (uint32_t)udp_len, packet + 8, 32);
    uint8_t *at = packet + IPV6_LEN + 6;

    put_checksum(at, add_words(sum, packet + IPV6_LEN, udp_len));
    if (at[0] == 0 && at[1] == 0) /* would say that there is none; this is the same number */
        at[0] = at[1] = 0xFF;
}

static bool is_ipv4(const struct kdt_endpoint *e)
{
    static const uint8_t mapped[12] = {[10] = 0xFF, 0xFF};

    return memcmp(e->ip, mapped, sizeof mapped) == 0;
}

/* The whole packet. Returns its length. */
static size_t build_packet(struct kdt_recorder *r, const struct kdt_endpoint *from,
                           const struct kdt_endpoint *to, struct kd_span payload)
{
    struct kd_writer w = kd_writer_of(r->packet, sizeof r->packet);
    bool is_v4 = is_ipv4(from) && is_ipv4(to);

    if (is_v4)
        put_ipv4(&w, from, to, payload.len, r->packets++);
    else
        put_ipv6(&w, from, to, payload.len);
    put_udp(&w, from, to, payload);
    if (!is_v4)
        put_udp_checksum(r->packet, w.pos);
    return w.pos;
}

/* --- the file --- */

static void close_file(struct kdt_recorder *r)
{
    if (r->dumper)
        pcap_dump_close(r->dumper);
    r->dumper = NULL;
}

static const char *reason_of(int error)
{
    return error ? strerror(error) : "the system does not say why"; /* C alone promises no errno */
}

/* The file may end inside this packet now. Readers expect that of any capture, and say so, which is
 * the truth about it. */
static void give_up(struct kdt_recorder *r, int error)
{
    close_file(r);
    if (r->on_failed)
        r->on_failed(r->ctx, reason_of(error));
}

/* Are the bytes with the system? */
static bool flush(struct kdt_recorder *r)
{
    return pcap_dump_flush(r->dumper) == 0 && !ferror(pcap_dump_file(r->dumper));
}

static void write_packet(struct kdt_recorder *r, size_t len)
{
    struct pcap_pkthdr header = {.caplen = (bpf_u_int32)len, .len = (bpf_u_int32)len};
    struct timespec now = {0};

    timespec_get(&now, TIME_UTC);
    header.ts.tv_sec = now.tv_sec;
    header.ts.tv_usec = now.tv_nsec; /* nanoseconds, as the file says */
    errno = 0;
    pcap_dump((u_char *)r->dumper, &header, r->packet);
    if (!flush(r))
        give_up(r, errno);
}

/* What is longer than a datagram may be becomes several. */
static void record(struct kdt_recorder *r, const struct kdt_endpoint *from,
                   const struct kdt_endpoint *to, struct kd_span bytes)
{
    while (r->dumper) {
        size_t len = bytes.len < PAYLOAD_MAX ? bytes.len : PAYLOAD_MAX;

        write_packet(r, build_packet(r, from, to, (struct kd_span){bytes.data, len}));
        if (len == bytes.len)
            return;
        bytes.data += len;
        bytes.len -= len;
    }
}

void kdt_recorder_datagram(struct kdt_recorder *r, const struct kdt_endpoint *from,
                           const struct kdt_endpoint *to, struct kd_span payload)
{
    record(r, from, to, payload);
}

void kdt_recorder_bytes(struct kdt_recorder *r, bool from_host, struct kd_span bytes)
{
    if (bytes.len == 0)
        return;
    if (from_host)
        record(r, &kdt_wrapped_host, &kdt_wrapped_target, bytes);
    else
        record(r, &kdt_wrapped_target, &kdt_wrapped_host, bytes);
}

/* --- from beginning to end --- */

static enum kd_status open_file(struct kdt_recorder *r, const char *path, struct kd_diag *diag)
{
    FILE *file;

    errno = 0;
    file = fopen(path, "wb");
    if (!file)
        return kd_diag_set(diag, KD_ERR_IO, "recording to %s: %s", path, reason_of(errno));
    setvbuf(file, r->file_buffer, _IOFBF, sizeof r->file_buffer);
    r->dumper = pcap_dump_fopen(r->pcap, file); /* owns the file, whatever comes of it */
    if (!r->dumper)
        return kd_diag_set(diag, KD_ERR_IO, "recording to %s: %s", path, pcap_geterr(r->pcap));
    if (!flush(r)) /* the disk is full from the beginning: no other matter than later on */
        give_up(r, errno);
    return KD_OK;
}

enum kd_status kdt_recorder_create(const struct kdt_recorder_opts *opts, struct kd_diag *diag,
                                   struct kdt_recorder **out)
{
    struct kdt_recorder *r = calloc(1, sizeof *r);
    enum kd_status st;

    if (!r)
        return kd_diag_set(diag, KD_ERR_NO_MEMORY, "out of memory");
    r->ctx = opts->ctx;
    r->on_failed = opts->on_failed;
    r->pcap = pcap_open_dead_with_tstamp_precision(DLT_RAW, SNAPLEN, PCAP_TSTAMP_PRECISION_NANO);
    if (r->pcap)
        st = open_file(r, opts->path, diag);
    else
        st = kd_diag_set(diag, KD_ERR_NO_MEMORY, "out of memory");
    if (st != KD_OK) {
        kdt_recorder_destroy(r);
        return st;
    }
    *out = r;
    return KD_OK;
}

void kdt_recorder_destroy(struct kdt_recorder *r)
{
    if (!r)
        return;
    close_file(r); /* before its buffer goes */
    if (r->pcap)
        pcap_close(r->pcap);
    free(r);
}
