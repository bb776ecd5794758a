/* capture_file.h - the UDP datagrams in a capture file (pcap or pcapng), one after the other.
 *
 * libpcap reads the container; Ethernet (with VLAN tags), Linux cooked, raw IP and loopback
 * headers, IPv4 and IPv6 are taken off here. What is no whole UDP datagram is counted, not shown.
 *
 * Lifetime  _open to _close; a datagram's payload is valid until the next call.
 * Threads   One at a time.
 * Errors    enum kd_status, with the file and the reason in the diag given at _open. */
#ifndef TRANSPORT_CAPTURE_FILE_H
#define TRANSPORT_CAPTURE_FILE_H

#include <kdproto/bytes.h>
#include <kdproto/diag.h>
#include <transport/endpoint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct kdt_capture;

struct kdt_datagram {
    uint64_t number;  /* of its packet in the file, from 1 */
    uint64_t time_ns; /* since 1970, UTC */
    struct kdt_endpoint from, to;
    struct kd_span payload;
};

enum kd_status kdt_capture_open(const char *path, struct kd_diag *diag, struct kdt_capture **out);
void kdt_capture_close(struct kdt_capture *c); /* NULL is fine */
/* KD_ERR_NOT_FOUND: the end. KD_ERR_TRUNCATED: the file ends inside a packet. */
enum kd_status kdt_capture_next(struct kdt_capture *c, struct kdt_datagram *out);
/* Packets so far that held no whole UDP datagram. */
uint64_t kdt_capture_skipped(const struct kdt_capture *c);

#ifdef __cplusplus
}
#endif
#endif
