#include "primitives.h"

#include <windows.h>

#include <bcrypt.h>
#include <string.h>

/* SHA-256, or HMAC-SHA256 when there is a key. */
static bool hash(ULONG flags, const uint8_t *key, ULONG key_len, const struct kd_span *parts,
                 size_t count, uint8_t out[KD_SHA256_LEN])
{
    BCRYPT_ALG_HANDLE alg;
    BCRYPT_HASH_HANDLE h;
    bool ok;

    if (BCryptOpenAlgorithmProvider(&alg, BCRYPT_SHA256_ALGORITHM, NULL, flags) != 0)
        return false;
    ok = BCryptCreateHash(alg, &h, NULL, 0, (PUCHAR)(uintptr_t)key, key_len, 0) == 0;
    if (ok) {
        for (size_t i = 0; ok && i < count; i++)
            ok = BCryptHashData(h, (PUCHAR)(uintptr_t)parts[i].data, (ULONG)parts[i].len, 0) == 0;
        ok = ok && BCryptFinishHash(h, out, KD_SHA256_LEN, 0) == 0;
        BCryptDestroyHash(h);
    }
    BCryptCloseAlgorithmProvider(alg, 0);
    return ok;
}

bool primitive_sha256(const struct kd_span *parts, size_t count, uint8_t out[KD_SHA256_LEN])
{
    return hash(0, NULL, 0, parts, count, out);
}

bool primitive_hmac_sha256(const uint8_t key[KD_KEY_LEN], const struct kd_span *parts, size_t count,
                           uint8_t out[KD_SHA256_LEN])
{
    return hash(BCRYPT_ALG_HANDLE_HMAC_FLAG, key, KD_KEY_LEN, parts, count, out);
}

static bool run_cbc(BCRYPT_KEY_HANDLE key, bool is_encrypting, const uint8_t *iv, const uint8_t *in,
                    uint8_t *out, size_t len)
{
    PUCHAR from = (PUCHAR)(uintptr_t)in;
    uint8_t chain[KD_IV_LEN]; /* BCrypt leaves the next IV in it */
    ULONG done = 0;
    NTSTATUS st;

    memcpy(chain, iv, sizeof chain);
    if (is_encrypting)
        st =
            BCryptEncrypt(key, from, (ULONG)len, NULL, chain, KD_IV_LEN, out, (ULONG)len, &done, 0);
    else
        st =
            BCryptDecrypt(key, from, (ULONG)len, NULL, chain, KD_IV_LEN, out, (ULONG)len, &done, 0);
    return st == 0 && done == len;
}

bool primitive_cbc(bool is_encrypting, const uint8_t key[KD_KEY_LEN], const uint8_t iv[KD_IV_LEN],
                   const uint8_t *in, uint8_t *out, size_t len)
{
    static const wchar_t mode[] = BCRYPT_CHAIN_MODE_CBC;
    BCRYPT_ALG_HANDLE alg;
    BCRYPT_KEY_HANDLE k;
    bool ok;

    if (BCryptOpenAlgorithmProvider(&alg, BCRYPT_AES_ALGORITHM, NULL, 0) != 0)
        return false;
    ok = BCryptSetProperty(alg, BCRYPT_CHAINING_MODE, (PUCHAR)(uintptr_t)mode, sizeof mode, 0) == 0;
    ok = ok &&
         BCryptGenerateSymmetricKey(alg, &k, NULL, 0, (PUCHAR)(uintptr_t)key, KD_KEY_LEN, 0) == 0;
    if (ok) {
        ok = run_cbc(k, is_encrypting, iv, in, out, len);
        BCryptDestroyKey(k);
    }
    BCryptCloseAlgorithmProvider(alg, 0);
    return ok;
}
