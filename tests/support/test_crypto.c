#include "test_crypto.h"

#include <string.h>

#include "primitives.h"

static enum kd_status sha256(void *self, const struct kd_span *parts, size_t count,
                             uint8_t out[KD_SHA256_LEN])
{
    struct test_crypto *c = self;

    return !c->is_broken && primitive_sha256(parts, count, out) ? KD_OK : KD_ERR_IO;
}

static enum kd_status hmac_sha256(void *self, const uint8_t key[KD_KEY_LEN],
                                  const struct kd_span *parts, size_t count,
                                  uint8_t out[KD_SHA256_LEN])
{
    struct test_crypto *c = self;

    if (c->is_broken)
        return KD_ERR_IO;
    c->calls++;
    return primitive_hmac_sha256(key, parts, count, out) ? KD_OK : KD_ERR_IO;
}

static enum kd_status aes256_cbc_encrypt(void *self, const uint8_t key[KD_KEY_LEN],
                                         const uint8_t iv[KD_IV_LEN], const uint8_t *in,
                                         uint8_t *out, size_t len)
{
    struct test_crypto *c = self;

    return !c->is_broken && primitive_cbc(true, key, iv, in, out, len) ? KD_OK : KD_ERR_IO;
}

static enum kd_status aes256_cbc_decrypt(void *self, const uint8_t key[KD_KEY_LEN],
                                         const uint8_t iv[KD_IV_LEN], const uint8_t *in,
                                         uint8_t *out, size_t len)
{
    struct test_crypto *c = self;

    return !c->is_broken && primitive_cbc(false, key, iv, in, out, len) ? KD_OK : KD_ERR_IO;
}

static enum kd_status counting_random(void *self, uint8_t *out, size_t len)
{
    struct test_crypto *c = self;

    if (c->is_broken)
        return KD_ERR_IO;
    for (size_t i = 0; i < len; i++)
        out[i] = c->next_random++;
    return KD_OK;
}

static void wipe(void *self, void *secret, size_t len)
{
    struct test_crypto *c = self;
    const uint8_t *at = secret;

    for (size_t i = 0; c->secret && len >= KD_KEY_LEN && i <= len - KD_KEY_LEN; i++)
        if (memcmp(at + i, c->secret, KD_KEY_LEN) == 0)
            c->secret_wiped++;
    memset(secret, 0, len);
}

void test_crypto_init(struct test_crypto *c)
{
    *c = (struct test_crypto){.table = {c, hmac_sha256, sha256, aes256_cbc_encrypt,
                                        aes256_cbc_decrypt, counting_random, wipe}};
}
