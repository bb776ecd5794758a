/* endpoint.h - one end of a conversation over IP. */
#ifndef TRANSPORT_ENDPOINT_H
#define TRANSPORT_ENDPOINT_H

#include <stdint.h>

struct kdt_endpoint {
    uint8_t ip[16]; /* IPv4 as ::ffff:a.b.c.d */
    uint16_t port;
};

#endif
