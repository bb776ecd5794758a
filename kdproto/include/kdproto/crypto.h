/* crypto.h - the primitives that KDNET needs, as a table of functions.
 *
 * kdproto names them, somebody else supplies them: OpenSSL in transport/crypto_openssl.c. Nothing
 * here implements cryptography.
 *
 * Lifetime  The table and what self points to must outlive whoever was given it.
 * Threads   One table, one thread at a time.
 * Errors    KD_OK or KD_ERR_IO (the library failed, or the random source did). */
#ifndef KDPROTO_CRYPTO_H
#define KDPROTO_CRYPTO_H

#include <kdproto/bytes.h>
#include <kdproto/status.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { KD_KEY_LEN = 32, KD_IV_LEN = 16, KD_SHA256_LEN = 32 };

struct kd_crypto {
    void *self; /* handed back as the first argument */

    /* HMAC-SHA256 and SHA-256 over the concatenation of count parts. */
    enum kd_status (*hmac_sha256)(void *self, const uint8_t key[KD_KEY_LEN],
                                  const struct kd_span *parts, size_t count,
                                  uint8_t out[KD_SHA256_LEN]);
    enum kd_status (*sha256)(void *self, const struct kd_span *parts, size_t count,
                             uint8_t out[KD_SHA256_LEN]);

    /* AES-256-CBC without padding; len is a multiple of 16; in and out may be the same buffer. */
    enum kd_status (*aes256_cbc_encrypt)(void *self, const uint8_t key[KD_KEY_LEN],
                                         const uint8_t iv[KD_IV_LEN], const uint8_t *in,
                                         uint8_t *out, size_t len);
    enum kd_status (*aes256_cbc_decrypt)(void *self, const uint8_t key[KD_KEY_LEN],
                                         const uint8_t iv[KD_IV_LEN], const uint8_t *in,
                                         uint8_t *out, size_t len);

    /* Unpredictable bytes from the operating system's generator. */
    enum kd_status (*random)(void *self, uint8_t *out, size_t len);

    /* Overwrite a secret so that the compiler cannot leave it out. */
    void (*wipe)(void *self, void *secret, size_t len);
};

#ifdef __cplusplus
}
#endif
#endif
