/* test_crypto.h - real primitives for tests of KDNET, so that real datagrams open.
 *
 * Its random bytes count up from the seed, so each run repeats. It can be told to fail, and to look
 * out for one secret among the bytes that are wiped. */
#ifndef TESTS_SUPPORT_TEST_CRYPTO_H
#define TESTS_SUPPORT_TEST_CRYPTO_H

#include <kdproto/crypto.h>

struct test_crypto {
    struct kd_crypto table;
    uint8_t next_random;
    bool is_broken;        /* every primitive answers KD_ERR_IO */
    uint64_t calls;        /* of HMAC, which is one for each datagram sealed or opened */
    const uint8_t *secret; /* KD_KEY_LEN bytes, or NULL */
    unsigned secret_wiped; /* how often they were among what was wiped */
};

/* The table inside is valid as long as the object stays where it is. */
void test_crypto_init(struct test_crypto *c);

#endif
