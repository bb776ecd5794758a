/* primitives.h - the cryptography behind test_crypto, from whatever library the system has:
 * primitives_openssl.c, or on Windows primitives_win.c.
 *
 * Arguments as in <kdproto/crypto.h>. False when the library refuses. */
#ifndef TESTS_SUPPORT_PRIMITIVES_H
#define TESTS_SUPPORT_PRIMITIVES_H

#include <kdproto/crypto.h>

#include <stdbool.h>

bool primitive_sha256(const struct kd_span *parts, size_t count, uint8_t out[KD_SHA256_LEN]);
bool primitive_hmac_sha256(const uint8_t key[KD_KEY_LEN], const struct kd_span *parts, size_t count,
                           uint8_t out[KD_SHA256_LEN]);
bool primitive_cbc(bool is_encrypting, const uint8_t key[KD_KEY_LEN], const uint8_t iv[KD_IV_LEN],
                   const uint8_t *in, uint8_t *out, size_t len);

#endif
