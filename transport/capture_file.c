#include "capture_stream.h"

#include "ip_fragments.h"
#include "packet_headers.h"

#include <errno.h>
#include <inttypes.h>
#include <pcap/pcap.h>
#include <stdlib.h>
#include <string.h>

/* The system's own choice of 4 KiB makes two system calls of most packets; more gains nothing. */
enum { BUFFER_LEN = 64 * 1024 };

struct kdt_capture {
    pcap_t *pcap;
    struct kd_diag *diag;
    int link_type;
    enum kd_status end; /* KD_OK: not there yet */
    uint64_t len;       /* of the file; 0: unknown */
    uint64_t packets, skipped, cut;
    struct kdt_fragments *fragments; /* NULL: none was seen so far */
    char buffer[BUFFER_LEN];         /* the stream's */
};

enum kd_status kdt_capture_open(const char *path, struct kd_diag *diag, struct kdt_capture **out)
{
    FILE *stream = fopen(path, "rb");
    enum kd_status st;

    if (!stream) {
        st = errno == ENOENT ? KD_ERR_NOT_FOUND : KD_ERR_IO;
        return kd_diag_set(diag, st, "%s: %s", path, strerror(errno));
    }
    st = kdt_capture_open_stream(stream, diag, out);
    return st == KD_OK ? KD_OK : kd_diag_add(diag, st, "%s", path);
}

/* libpcap explains in words only. What they mean to a caller, in those of version 1.10; others are
 * MALFORMED, with libpcap's text. */
static enum kd_status status_of(const char *explanation)
{
    if (strstr(explanation, "truncated"))
        return KD_ERR_TRUNCATED;
    if (strstr(explanation, "different from the type of the first interface"))
        return KD_ERR_UNSUPPORTED;
    if (strstr(explanation, "error reading"))
        return KD_ERR_IO;
    return KD_ERR_MALFORMED;
}

static enum kd_status not_readable(struct kd_diag *diag, const char *explanation)
{
    if (strstr(explanation, "unknown file format"))
        return kd_diag_set(diag, KD_ERR_MALFORMED, "this is no pcap or pcapng file");
    return kd_diag_set(diag, status_of(explanation), "%s", explanation);
}

/* Folders can be opened, and fail here. An empty file gets words of its own. */
static enum kd_status check_stream(FILE *stream, struct kd_diag *diag)
{
    int first = getc(stream);

    if (first != EOF) {
        ungetc(first, stream);
        return KD_OK;
    }
    if (ferror(stream))
        return kd_diag_set(diag, KD_ERR_IO, "%s", strerror(errno));
    return kd_diag_set(diag, KD_ERR_MALFORMED, "this is no pcap or pcapng file: it is empty");
}

/* 0: unknown. What cannot be asked for its length stays where it is. */
static uint64_t len_of(FILE *stream)
{
    long len;

    if (fseek(stream, 0, SEEK_END) != 0)
        return 0;
    len = ftell(stream);
    rewind(stream);
    return len > 0 ? (uint64_t)len : 0;
}

static enum kd_status check_link_type(const struct kdt_capture *c)
{
    const char *name = pcap_datalink_val_to_name(c->link_type);

    if (kdt_link_type_is_known(c->link_type))
        return KD_OK;
    return kd_diag_set(c->diag, KD_ERR_UNSUPPORTED,
                       "its packets are of link type %d (%s), which is not one of Ethernet, Linux "
                       "cooked, PPP, Cisco HDLC, raw IP and loopback",
                       c->link_type, name ? name : "unknown");
}

/* The stream belongs to c->pcap afterwards, unless that fails. */
static enum kd_status begin(struct kdt_capture *c, FILE *stream)
{
    char why[PCAP_ERRBUF_SIZE] = "";
    enum kd_status st;

    setvbuf(stream, c->buffer, _IOFBF, sizeof c->buffer); /* where it fails, it only gets slower */
    c->len = len_of(stream);
    st = check_stream(stream, c->diag);
    if (st != KD_OK)
        return st;
    c->pcap = pcap_fopen_offline_with_tstamp_precision(stream, PCAP_TSTAMP_PRECISION_NANO, why);
    if (!c->pcap)
        return not_readable(c->diag, why);
    c->link_type = pcap_datalink(c->pcap);
    return check_link_type(c);
}

enum kd_status kdt_capture_open_stream(FILE *stream, struct kd_diag *diag, struct kdt_capture **out)
{
    struct kdt_capture *c = calloc(1, sizeof *c);
    enum kd_status st;

    if (!c) {
        fclose(stream);
        return kd_diag_set(diag, KD_ERR_NO_MEMORY, "out of memory");
    }
    c->diag = diag;
    st = begin(c, stream);
    if (st != KD_OK) {
        if (!c->pcap)
            fclose(stream);
        kdt_capture_close(c);
        return st;
    }
    *out = c;
    return KD_OK;
}

void kdt_capture_close(struct kdt_capture *c)
{
    if (!c)
        return;
    if (c->pcap)
        pcap_close(c->pcap); /* closes the stream, too */
    kdt_fragments_destroy(c->fragments);
    free(c);
}

/* What the fragment completes, in place of it. */
static enum kd_status put_together(struct kdt_capture *c, const struct kdt_fragment *f,
                                   struct kdt_datagram *d, enum kdt_packet_kind *kind)
{
    struct kd_span whole;
    uint8_t protocol;
    enum kd_status st = c->fragments ? KD_OK : kdt_fragments_create(&c->fragments);

    if (st == KD_OK)
        st = kdt_fragments_add(c->fragments, f, d->time_ns, &protocol, &whole);
    if (st == KD_ERR_NO_MEMORY)
        return st;
    if (st == KD_ERR_MALFORMED)
        *kind = KDT_PACKET_DAMAGED;
    if (st == KD_OK)
        *kind = kdt_packet_decode_whole(protocol, whole, d);
    return KD_OK;
}

/* With nanosecond precision tv_usec counts nanoseconds. The seconds of a pcap file have 32 bits, which
 * libpcap 1.10 takes for signed: after 2038 they would lie before 1970. */
static uint64_t time_of(const struct pcap_pkthdr *header)
{
    int64_t seconds = header->ts.tv_sec;

    if (seconds < 0 && seconds >= INT32_MIN)
        seconds += INT64_C(1) << 32;
    return (uint64_t)seconds * 1000000000u + (uint64_t)header->ts.tv_usec;
}

static enum kd_status decode(struct kdt_capture *c, const struct pcap_pkthdr *header,
                             const u_char *data, struct kdt_datagram *d, enum kdt_packet_kind *kind)
{
    struct kdt_fragment f;
    enum kd_status st = KD_OK;

    d->number = ++c->packets;
    d->time_ns = time_of(header);
    *kind = kdt_packet_decode(c->link_type, (struct kd_span){data, header->caplen}, d, &f);
    if (*kind == KDT_PACKET_FRAGMENT)
        st = put_together(c, &f, d, kind);
    if (*kind == KDT_PACKET_OTHER || *kind == KDT_PACKET_DAMAGED)
        c->skipped++;
    if (*kind == KDT_PACKET_DAMAGED && header->caplen < header->len)
        c->cut++;
    return st;
}

static enum kd_status broken_off(struct kdt_capture *c, enum kd_status st, const char *why)
{
    c->end = st;
    if (c->packets == 0)
        return kd_diag_set(c->diag, st, "%s", why);
    return kd_diag_set(c->diag, st, "after packet %" PRIu64 ": %s", c->packets, why);
}

enum kd_status kdt_capture_next(struct kdt_capture *c, struct kdt_datagram *out)
{
    struct pcap_pkthdr *header;
    const u_char *data;
    int result;

    if (c->end != KD_OK)
        return c->end;
    while ((result = pcap_next_ex(c->pcap, &header, &data)) == 1) {
        struct kdt_datagram d;
        enum kdt_packet_kind kind;
        enum kd_status st = decode(c, header, data, &d, &kind);

        if (st != KD_OK)
            return broken_off(c, st, "out of memory");
        if (kind == KDT_PACKET_DATAGRAM) {
            *out = d;
            return KD_OK;
        }
    }
    if (result == PCAP_ERROR_BREAK)
        return c->end = KD_ERR_NOT_FOUND;
    return broken_off(c, status_of(pcap_geterr(c->pcap)), pcap_geterr(c->pcap));
}

uint64_t kdt_capture_packets(const struct kdt_capture *c)
{
    return c->packets;
}

uint64_t kdt_capture_skipped(const struct kdt_capture *c)
{
    return c->skipped;
}

uint64_t kdt_capture_cut(const struct kdt_capture *c)
{
    return c->cut;
}

uint64_t kdt_capture_incomplete(const struct kdt_capture *c)
{
    return c->fragments ? kdt_fragments_incomplete(c->fragments) : 0;
}

void kdt_capture_position(const struct kdt_capture *c, uint64_t *done, uint64_t *total)
{
    long at = c->len ? ftell(pcap_file(c->pcap)) : 0;

    *done = at > 0 ? (uint64_t)at : 0;
    *total = c->len;
}
