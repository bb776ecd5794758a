/* pcapng_min.h - just enough of pcapng to take the UDP datagrams out of a little-endian capture of
 * Ethernet and IPv4 without fragments. The product reads captures with libpcap; tests of layers
 * that must not know libpcap use this. */
#ifndef TESTS_SUPPORT_PCAPNG_MIN_H
#define TESTS_SUPPORT_PCAPNG_MIN_H

#include <kdproto/bytes.h>

struct pcapng_min {
    uint8_t *file;
    size_t len;
    size_t at;
};

struct pcapng_datagram {
    uint8_t from_ip[4], to_ip[4];
    uint16_t from_port, to_port;
    struct kd_span payload;
};

/* false: there is no such file. */
bool pcapng_min_open(struct pcapng_min *p, const char *path);
void pcapng_min_close(struct pcapng_min *p);
/* false: the end. A file that is not what the reader understands fails the running test. */
bool pcapng_min_next(struct pcapng_min *p, struct pcapng_datagram *out);

#endif
