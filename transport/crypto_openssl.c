#include <transport/crypto_openssl.h>

#include <limits.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* A key set up in an OpenSSL context. Datagram after datagram uses the same three keys, and setting
 * one up costs as much as a short message itself, so a context keeps its key until another comes.
 */
struct kept_key {
    bool is_set;
    uint8_t bytes[KD_KEY_LEN];
};

struct aes { /* one direction */
    EVP_CIPHER_CTX *ctx;
    int is_encryption;
    struct kept_key key;
    uint8_t
        before[KD_IV_LEN]; /* decryption: the ciphertext that the next first block is mixed with */
};

struct kdt_crypto {
    struct kd_crypto table;
    EVP_MAC_CTX *hmac;
    EVP_MD *sha256;
    EVP_MD_CTX *digest;
    EVP_CIPHER *aes;
    struct aes encrypt, decrypt;
    struct kept_key hmac_key;
};

/* Takes as long whether or not and wherever they differ; OpenSSL's own way of that goes byte by byte. */
static bool is_kept(const struct kept_key *kept, const uint8_t key[KD_KEY_LEN])
{
    uint8_t difference = 0;

    for (size_t i = 0; i < KD_KEY_LEN; i++)
        difference |= (uint8_t)(kept->bytes[i] ^ key[i]);
    return kept->is_set && difference == 0;
}

static void keep(struct kept_key *kept, const uint8_t key[KD_KEY_LEN])
{
    memcpy(kept->bytes, key, KD_KEY_LEN);
    kept->is_set = true;
}

/* After any failure the context's state is anybody's guess: the next call sets the key anew. */
static enum kd_status failed(struct kept_key *kept)
{
    kept->is_set = false;
    return KD_ERR_IO;
}

static enum kd_status hmac_sha256(void *self, const uint8_t key[KD_KEY_LEN],
                                  const struct kd_span *parts, size_t count,
                                  uint8_t out[KD_SHA256_LEN])
{
    struct kdt_crypto *c = self;
    bool is_same = is_kept(&c->hmac_key, key);
    size_t len = 0;

    if (!EVP_MAC_init(c->hmac, is_same ? NULL : key, is_same ? 0 : KD_KEY_LEN, NULL))
        return failed(&c->hmac_key);
    for (size_t i = 0; i < count; i++)
        if (!EVP_MAC_update(c->hmac, parts[i].data, parts[i].len))
            return failed(&c->hmac_key);
    if (!EVP_MAC_final(c->hmac, out, &len, KD_SHA256_LEN) || len != KD_SHA256_LEN)
        return failed(&c->hmac_key);
    if (!is_same)
        keep(&c->hmac_key, key);
    return KD_OK;
}

static enum kd_status sha256(void *self, const struct kd_span *parts, size_t count,
                             uint8_t out[KD_SHA256_LEN])
{
    struct kdt_crypto *c = self;

    if (!EVP_DigestInit_ex2(c->digest, c->sha256, NULL))
        return KD_ERR_IO;
    for (size_t i = 0; i < count; i++)
        if (!EVP_DigestUpdate(c->digest, parts[i].data, parts[i].len))
            return KD_ERR_IO;
    return EVP_DigestFinal_ex(c->digest, out, NULL) ? KD_OK : KD_ERR_IO;
}

static bool is_whole_blocks(size_t len)
{
    return len <= INT_MAX && len % KD_IV_LEN == 0;
}

/* With nothing padded. */
static bool set_key(const struct kdt_crypto *c, struct aes *a, const uint8_t *key,
                    const uint8_t *iv)
{
    a->key.is_set = false;
    if (EVP_CipherInit_ex2(a->ctx, c->aes, key, iv, a->is_encryption, NULL) != 1 ||
        EVP_CIPHER_CTX_set_padding(a->ctx, 0) != 1)
        return false;
    keep(&a->key, key);
    return true;
}

static bool update(struct aes *a, const uint8_t *in, uint8_t *out, size_t len)
{
    int written = 0;

    return EVP_CipherUpdate(a->ctx, out, &written, in, (int)len) == 1 && written == (int)len;
}

static enum kd_status aes256_cbc_encrypt(void *self, const uint8_t key[KD_KEY_LEN],
                                         const uint8_t iv[KD_IV_LEN], const uint8_t *in,
                                         uint8_t *out, size_t len)
{
    struct kdt_crypto *c = self;
    struct aes *a = &c->encrypt;
    bool is_ready;

    if (!is_whole_blocks(len))
        return KD_ERR_IO;
    if (is_kept(&a->key, key))
        is_ready = EVP_CipherInit_ex2(a->ctx, NULL, NULL, iv, a->is_encryption, NULL) == 1;
    else
        is_ready = set_key(c, a, key, iv);
    return is_ready && update(a, in, out, len) ? KD_OK : failed(&a->key);
}

static void mix_in(uint8_t *block, const uint8_t *other)
{
    for (size_t i = 0; i < KD_IV_LEN; i++)
        block[i] ^= other[i];
}

/* CBC mixes into each block the ciphertext before it, and into the first the IV. Telling OpenSSL an IV
 * costs more than decrypting a short datagram, for it looks parameters up by name. So it is told one
 * with the key only, and goes on from the ciphertext of the call before; what that mixed into the first
 * block is taken out here, and the IV put in. */
static enum kd_status aes256_cbc_decrypt(void *self, const uint8_t key[KD_KEY_LEN],
                                         const uint8_t iv[KD_IV_LEN], const uint8_t *in,
                                         uint8_t *out, size_t len)
{
    struct kdt_crypto *c = self;
    struct aes *a = &c->decrypt;
    uint8_t last[KD_IV_LEN];

    if (!is_whole_blocks(len))
        return KD_ERR_IO;
    if (!is_kept(&a->key, key)) {
        if (!set_key(c, a, key, iv))
            return failed(&a->key);
        memcpy(a->before, iv, KD_IV_LEN);
    }
    if (len == 0)
        return KD_OK;
    memcpy(last, in + len - KD_IV_LEN, KD_IV_LEN); /* out may be in */
    mix_in(a->before, iv);                         /* out may be in front of iv */
    if (!update(a, in, out, len))
        return failed(&a->key);
    mix_in(out, a->before);
    memcpy(a->before, last, KD_IV_LEN);
    return KD_OK;
}

static enum kd_status random_bytes(void *self, uint8_t *out, size_t len)
{
    (void)self;
    if (len > INT_MAX)
        return KD_ERR_IO;
    return RAND_bytes(out, (int)len) == 1 ? KD_OK : KD_ERR_IO;
}

static void wipe(void *self, void *secret, size_t len)
{
    (void)self;
    kdt_wipe(secret, len);
}

/* OpenSSL looks an algorithm up by name through locks and tables: once here, not once a datagram.
 * The HMAC context takes its digest now; EVP_MAC_init with a key then leaves it alone. */
static bool fetch(struct kdt_crypto *c)
{
    char digest[] = "SHA256";
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_end(),
    };
    EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);

    c->hmac = EVP_MAC_CTX_new(mac);
    EVP_MAC_free(mac); /* the context holds its own reference */
    c->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    c->aes = EVP_CIPHER_fetch(NULL, "AES-256-CBC", NULL);
    c->digest = EVP_MD_CTX_new();
    c->encrypt = (struct aes){.ctx = EVP_CIPHER_CTX_new(), .is_encryption = 1};
    c->decrypt = (struct aes){.ctx = EVP_CIPHER_CTX_new()};
    return c->hmac && EVP_MAC_CTX_set_params(c->hmac, params) && c->sha256 && c->aes && c->digest &&
           c->encrypt.ctx && c->decrypt.ctx;
}

enum kd_status kdt_crypto_create(struct kdt_crypto **out)
{
    struct kdt_crypto *c = calloc(1, sizeof *c);

    if (!c)
        return KD_ERR_NO_MEMORY;
    c->table = (struct kd_crypto){
        .self = c,
        .hmac_sha256 = hmac_sha256,
        .sha256 = sha256,
        .aes256_cbc_encrypt = aes256_cbc_encrypt,
        .aes256_cbc_decrypt = aes256_cbc_decrypt,
        .random = random_bytes,
        .wipe = wipe,
    };
    if (!fetch(c)) {
        kdt_crypto_destroy(c);
        return KD_ERR_IO;
    }
    *out = c;
    return KD_OK;
}

void kdt_crypto_destroy(struct kdt_crypto *c)
{
    if (!c)
        return;
    EVP_CIPHER_CTX_free(c->decrypt.ctx); /* these wipe the key schedules that they hold */
    EVP_CIPHER_CTX_free(c->encrypt.ctx);
    EVP_MD_CTX_free(c->digest);
    EVP_CIPHER_free(c->aes);
    EVP_MD_free(c->sha256);
    EVP_MAC_CTX_free(c->hmac);
    kdt_wipe(c, sizeof *c);
    free(c);
}

const struct kd_crypto *kdt_crypto_table(const struct kdt_crypto *c)
{
    return &c->table;
}

void kdt_wipe(void *secret, size_t len)
{
    OPENSSL_cleanse(secret, len);
}
