/* recorder.h - what passes over a link, written to a capture file while it passes.
 *
 * A pcap file of raw IP packets with times in nanoseconds, as libpcap writes it: Wireshark opens
 * it, kdt_recording (recording.h) walks it. KDNET's datagrams stand in it sealed, as they were on
 * the wire: no key is ever written. Bytes of a stream have no packets around them, so they are
 * wrapped in UDP between two addresses reserved for documentation, 192.0.2.1 (the host) and
 * 192.0.2.2 (the target), which shows their direction; how they were split is how the system handed
 * them over. Of the IP and UDP headers only addresses, ports and lengths are of the wire; an IPv4
 * packet's identification is its number, so that what was said twice does not look like one packet
 * captured twice.
 *
 * Each packet is in the operating system's hands when its call returns, so what ends the program
 * leaves a whole file. Where the disk is full, the recording ends, perhaps inside a packet, and the
 * session goes on (a program whose files are limited in size ignores SIGXFSZ).
 *
 * Lifetime  _create to _destroy; outlives the live session that is given it.
 * Threads   One at a time.
 * Errors    Creating explains in diag. Recording does not fail: on_failed is called once, and
 *           nothing more is written then.
 * Source    IPv4, IPv6 and UDP as RFC 791, RFC 8200 and RFC 768 say [doc]. */
#ifndef TRANSPORT_RECORDER_H
#define TRANSPORT_RECORDER_H

#include <kdproto/bytes.h>
#include <kdproto/diag.h>
#include <transport/endpoint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct kdt_recorder;

struct kdt_recorder_opts {
    const char *path; /* borrowed during _create only; an existing file is replaced */
    void *ctx;
    /* From within the call that could not write; may be NULL. */
    void (*on_failed)(void *ctx, const char *reason);
};

/* KD_ERR_IO: the file cannot be made; KD_ERR_NO_MEMORY. A disk that is full already is no failure of
 * this call: on_failed. */
enum kd_status kdt_recorder_create(const struct kdt_recorder_opts *opts, struct kd_diag *diag,
                                   struct kdt_recorder **out);
void kdt_recorder_destroy(struct kdt_recorder *r); /* NULL is fine */

/* One datagram of KDNET, which passed just now. */
void kdt_recorder_datagram(struct kdt_recorder *r, const struct kdt_endpoint *from,
                           const struct kdt_endpoint *to, struct kd_span payload);
/* Bytes of a stream, likewise; any number. */
void kdt_recorder_bytes(struct kdt_recorder *r, bool from_host, struct kd_span bytes);

#ifdef __cplusplus
}
#endif
#endif
