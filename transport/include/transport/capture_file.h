/* capture_file.h - the UDP datagrams in a capture file (pcap or pcapng), one after the other.
 *
 * libpcap reads the container; Ethernet (with VLAN tags), Linux cooked, PPP (also over Ethernet),
 * Cisco HDLC, raw IP and loopback headers, IPv4 and IPv6 are taken off here, and fragments of IP
 * are put together. What is no whole UDP datagram is counted, not shown.
 *
 * Bounds    20 MiB at most, whatever the file holds; without fragments, one packet.
 * Lifetime  _open to _close; a datagram's payload is valid until the next call.
 * Threads   One at a time.
 * Errors    enum kd_status, explained in the diag given at _open: opening names the file and the
 *           reason, _next the packet and the reason. */
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
    uint64_t
        number; /* of its packet in the file, from 1; of fragments, the one that completed it */
    uint64_t time_ns; /* since 1970, UTC, of that packet */
    struct kdt_endpoint from, to;
    struct kd_span payload;
};

/* KD_ERR_NOT_FOUND, KD_ERR_IO: the file cannot be read. KD_ERR_MALFORMED: it is no capture.
 * KD_ERR_TRUNCATED: it ends inside its header. KD_ERR_UNSUPPORTED: its link type has no decoder. */
enum kd_status kdt_capture_open(const char *path, struct kd_diag *diag, struct kdt_capture **out);
void kdt_capture_close(struct kdt_capture *c); /* NULL is fine */
/* KD_ERR_NOT_FOUND: the end. KD_ERR_TRUNCATED: the file ends inside a packet. KD_ERR_MALFORMED: it
 * is damaged there. KD_ERR_UNSUPPORTED: it goes on with packets of another link type. KD_ERR_IO,
 * KD_ERR_NO_MEMORY. All of these are the end: the answer stays. */
enum kd_status kdt_capture_next(struct kdt_capture *c, struct kdt_datagram *out);

/* Packets so far. */
uint64_t kdt_capture_packets(const struct kdt_capture *c);
/* Of those, that held no whole UDP datagram and no fragment of one. */
uint64_t kdt_capture_skipped(const struct kdt_capture *c);
/* Of the skipped ones, that the recorder had cut short (its snapshot length). */
uint64_t kdt_capture_cut(const struct kdt_capture *c);
/* Fragments so far of datagrams of which not all fragments have been seen. */
uint64_t kdt_capture_incomplete(const struct kdt_capture *c);
/* How many bytes of the file were read, roughly. total 0: unknown (a pipe). Both are 0 where the
 * file is larger than C's ftell can say. */
void kdt_capture_position(const struct kdt_capture *c, uint64_t *done, uint64_t *total);

#ifdef __cplusplus
}
#endif
#endif
