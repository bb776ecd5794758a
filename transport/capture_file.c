#include "capture_stream.h"

#include "packet_headers.h"

#include <errno.h>
#include <inttypes.h>
#include <pcap/pcap.h>
#include <stdlib.h>
#include <string.h>

struct kdt_capture {
    pcap_t *pcap;
    struct kd_diag *diag;
    int link_type;
    uint64_t packets, skipped;
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

/* libpcap explains in words only; the one thing that callers treat differently is a file that ends
 * too early. */
static enum kd_status status_of(const char *explanation)
{
    return strstr(explanation, "truncated") ? KD_ERR_TRUNCATED : KD_ERR_MALFORMED;
}

enum kd_status kdt_capture_open_stream(FILE *stream, struct kd_diag *diag, struct kdt_capture **out)
{
    char why[PCAP_ERRBUF_SIZE] = "";
    struct kdt_capture *c = calloc(1, sizeof *c);
    int link_type;

    if (!c) {
        fclose(stream);
        return kd_diag_set(diag, KD_ERR_NO_MEMORY, "out of memory");
    }
    c->diag = diag;
    c->pcap = pcap_fopen_offline_with_tstamp_precision(stream, PCAP_TSTAMP_PRECISION_NANO, why);
    if (!c->pcap) {
        fclose(stream);
        free(c);
        return kd_diag_set(diag, status_of(why), "%s", why);
    }
    link_type = pcap_datalink(c->pcap);
    if (!kdt_link_type_is_known(link_type)) {
        const char *name = pcap_datalink_val_to_name(link_type);

        kdt_capture_close(c);
        return kd_diag_set(diag, KD_ERR_UNSUPPORTED,
                           "its packets are of link type %d (%s), which is not one of Ethernet, "
                           "Linux cooked, raw IP and loopback",
                           link_type, name ? name : "unknown");
    }
    c->link_type = link_type;
    *out = c;
    return KD_OK;
}

void kdt_capture_close(struct kdt_capture *c)
{
    if (!c)
        return;
    pcap_close(c->pcap); /* closes the stream, too */
    free(c);
}

enum kd_status kdt_capture_next(struct kdt_capture *c, struct kdt_datagram *out)
{
    struct pcap_pkthdr *header;
    const u_char *data;
    int result;

    while ((result = pcap_next_ex(c->pcap, &header, &data)) == 1) {
        struct kdt_datagram d = {
            .number = ++c->packets,
            /* With nanosecond precision tv_usec counts nanoseconds. */
            .time_ns = (uint64_t)header->ts.tv_sec * 1000000000u + (uint64_t)header->ts.tv_usec,
        };

        if (kdt_packet_datagram(c->link_type, (struct kd_span){data, header->caplen}, &d)) {
            *out = d;
            return KD_OK;
        }
        c->skipped++;
    }
    if (result == PCAP_ERROR_BREAK)
        return KD_ERR_NOT_FOUND;
    return kd_diag_set(c->diag, status_of(pcap_geterr(c->pcap)), "after packet %" PRIu64 ": %s",
                       c->packets, pcap_geterr(c->pcap));
}

uint64_t kdt_capture_skipped(const struct kdt_capture *c)
{
    return c->skipped;
}
