/* vector.h - a KD packet written as hex, decoded for a test that looks at its data. */
#ifndef TESTS_SUPPORT_VECTOR_H
#define TESTS_SUPPORT_VECTOR_H

#include <kdproto/packet.h>

struct vector {
    uint8_t bytes[1024];
    size_t len;
    struct kd_packet packet; /* its data lie in bytes */
};

/* Text that is no packet with a correct checksum fails the running test. */
void vector_load(struct vector *v, const char *hex);

#endif
