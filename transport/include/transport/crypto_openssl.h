/* crypto_openssl.h - kdproto's table of primitives, filled in by OpenSSL 3 (EVP).
 *
 * Lifetime  _create to _destroy; the table inside is valid between.
 * Threads   One object, one thread.
 * Errors    _create: KD_ERR_NO_MEMORY; KD_ERR_IO where this OpenSSL lacks an algorithm. */
#ifndef TRANSPORT_CRYPTO_OPENSSL_H
#define TRANSPORT_CRYPTO_OPENSSL_H

#include <kdproto/crypto.h>

#ifdef __cplusplus
extern "C" {
#endif

struct kdt_crypto;

enum kd_status kdt_crypto_create(struct kdt_crypto **out);
void kdt_crypto_destroy(struct kdt_crypto *c); /* NULL is fine */
const struct kd_crypto *kdt_crypto_table(const struct kdt_crypto *c);
void kdt_wipe(void *secret, size_t len); /* for secrets outside any session */

#ifdef __cplusplus
}
#endif
#endif
