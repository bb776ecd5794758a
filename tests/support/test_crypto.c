#include "test_crypto.h"

#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

static enum kd_status digest(const EVP_MD *md, const struct kd_span *parts, size_t count,
                             uint8_t *out)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool ok = ctx && EVP_DigestInit_ex(ctx, md, NULL) == 1;

    for (size_t i = 0; ok && i < count; i++)
        ok = EVP_DigestUpdate(ctx, parts[i].data, parts[i].len) == 1;
    ok = ok && EVP_DigestFinal_ex(ctx, out, NULL) == 1;
    EVP_MD_CTX_free(ctx);
    return ok ? KD_OK : KD_ERR_IO;
}

static enum kd_status sha256(void *self, const struct kd_span *parts, size_t count,
                             uint8_t out[KD_SHA256_LEN])
{
    struct test_crypto *c = self;

    return c->is_broken ? KD_ERR_IO : digest(EVP_sha256(), parts, count, out);
}

static enum kd_status hmac_sha256(void *self, const uint8_t key[KD_KEY_LEN],
                                  const struct kd_span *parts, size_t count,
                                  uint8_t out[KD_SHA256_LEN])
{
    struct test_crypto *c = self;
    EVP_PKEY *pkey;
    EVP_MD_CTX *ctx;
    size_t len = KD_SHA256_LEN;
    bool ok;

    if (c->is_broken)
        return KD_ERR_IO;
    c->calls++;
    pkey = EVP_PKEY_new_raw_private_key(EVP_PKEY_HMAC, NULL, key, KD_KEY_LEN);
    ctx = EVP_MD_CTX_new();
    ok = pkey && ctx && EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, pkey) == 1;
    for (size_t i = 0; ok && i < count; i++)
        ok = EVP_DigestSignUpdate(ctx, parts[i].data, parts[i].len) == 1;
    ok = ok && EVP_DigestSignFinal(ctx, out, &len) == 1;
    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(pkey);
    return ok ? KD_OK : KD_ERR_IO;
}

static enum kd_status cbc(struct test_crypto *c, int is_encrypting, const uint8_t *key,
                          const uint8_t *iv, const uint8_t *in, uint8_t *out, size_t len)
{
    EVP_CIPHER_CTX *ctx;
    int done = 0;
    bool ok;

    if (c->is_broken)
        return KD_ERR_IO;
    ctx = EVP_CIPHER_CTX_new();
    ok = ctx && EVP_CipherInit_ex(ctx, EVP_aes_256_cbc(), NULL, key, iv, is_encrypting) == 1;
    ok = ok && EVP_CIPHER_CTX_set_padding(ctx, 0) == 1;
    ok = ok && EVP_CipherUpdate(ctx, out, &done, in, (int)len) == 1 && (size_t)done == len;
    EVP_CIPHER_CTX_free(ctx);
    return ok ? KD_OK : KD_ERR_IO;
}

static enum kd_status aes256_cbc_encrypt(void *self, const uint8_t key[KD_KEY_LEN],
                                         const uint8_t iv[KD_IV_LEN], const uint8_t *in,
                                         uint8_t *out, size_t len)
{
    return cbc(self, 1, key, iv, in, out, len);
}

static enum kd_status aes256_cbc_decrypt(void *self, const uint8_t key[KD_KEY_LEN],
                                         const uint8_t iv[KD_IV_LEN], const uint8_t *in,
                                         uint8_t *out, size_t len)
{
    return cbc(self, 0, key, iv, in, out, len);
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
    OPENSSL_cleanse(secret, len);
}

void test_crypto_init(struct test_crypto *c)
{
    *c = (struct test_crypto){.table = {c, hmac_sha256, sha256, aes256_cbc_encrypt,
                                        aes256_cbc_decrypt, counting_random, wipe}};
}
