#include "primitives.h"

#include <openssl/evp.h>

bool primitive_sha256(const struct kd_span *parts, size_t count, uint8_t out[KD_SHA256_LEN])
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool ok = ctx && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) == 1;

    for (size_t i = 0; ok && i < count; i++)
        ok = EVP_DigestUpdate(ctx, parts[i].data, parts[i].len) == 1;
    ok = ok && EVP_DigestFinal_ex(ctx, out, NULL) == 1;
    EVP_MD_CTX_free(ctx);
    return ok;
}

bool primitive_hmac_sha256(const uint8_t key[KD_KEY_LEN], const struct kd_span *parts, size_t count,
                           uint8_t out[KD_SHA256_LEN])
{
    EVP_PKEY *pkey = EVP_PKEY_new_raw_private_key(EVP_PKEY_HMAC, NULL, key, KD_KEY_LEN);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    size_t len = KD_SHA256_LEN;
    bool ok = pkey && ctx && EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, pkey) == 1;

    for (size_t i = 0; ok && i < count; i++)
        ok = EVP_DigestSignUpdate(ctx, parts[i].data, parts[i].len) == 1;
    ok = ok && EVP_DigestSignFinal(ctx, out, &len) == 1;
    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(pkey);
    return ok;
}

bool primitive_cbc(bool is_encrypting, const uint8_t key[KD_KEY_LEN], const uint8_t iv[KD_IV_LEN],
                   const uint8_t *in, uint8_t *out, size_t len)
{
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    int done = 0;
    bool ok = ctx && EVP_CipherInit_ex(ctx, EVP_aes_256_cbc(), NULL, key, iv, is_encrypting) == 1;

    ok = ok && EVP_CIPHER_CTX_set_padding(ctx, 0) == 1;
    ok = ok && EVP_CipherUpdate(ctx, out, &done, in, (int)len) == 1 && (size_t)done == len;
    EVP_CIPHER_CTX_free(ctx);
    return ok;
}
