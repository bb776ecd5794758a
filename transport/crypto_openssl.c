#include <transport/crypto_openssl.h>

#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { SHA256_BLOCK_LEN = 64 };

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
    uint8_t before[KD_IV_LEN]; /* decryption: the ciphertext before the next block */
};

struct hmac {
    EVP_MD_CTX *inner, *outer; /* the key is in them */
    EVP_MD_CTX *work;
    struct kept_key key;
};

struct kdt_crypto {
    struct kd_crypto table;
    struct hmac hmac;
    EVP_MD *sha256;
    EVP_MD_CTX *digest;
    EVP_CIPHER *aes;
    struct aes encrypt, decrypt;
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

/* SHA-256 over a block of the key and a filler: where both halves of an HMAC begin (RFC 2104) [doc]. */
static bool begin_half(const struct kdt_crypto *c, EVP_MD_CTX *half, const uint8_t key[KD_KEY_LEN],
                       uint8_t filler)
{
    uint8_t block[SHA256_BLOCK_LEN];
    bool is_ready;

    memset(block, filler, sizeof block);
    for (size_t i = 0; i < KD_KEY_LEN; i++)
        block[i] ^= key[i];
    is_ready =
        EVP_DigestInit_ex2(half, c->sha256, NULL) && EVP_DigestUpdate(half, block, sizeof block);
    kdt_wipe(block, sizeof block);
    return is_ready;
}

static bool set_mac_key(const struct kdt_crypto *c, struct hmac *h, const uint8_t key[KD_KEY_LEN])
{
    h->key.is_set = false;
    if (!begin_half(c, h->inner, key, 0x36) || !begin_half(c, h->outer, key, 0x5c))
        return false;
    keep(&h->key, key);
    return true;
}

/* The digest of what a half began with and of the parts. */
static bool finish_half(struct hmac *h, const EVP_MD_CTX *half, const struct kd_span *parts,
                        size_t count, uint8_t out[KD_SHA256_LEN])
{
    bool ok = EVP_MD_CTX_copy_ex(h->work, half);

    for (size_t i = 0; ok && i < count; i++)
        ok = EVP_DigestUpdate(h->work, parts[i].data, parts[i].len);
    return ok && EVP_DigestFinal_ex(h->work, out, NULL);
}

/* Out of OpenSSL's digests, for its own HMAC asks around by name for the length of each result: 55 ns
 * that a short datagram pays a quarter more for. */
static enum kd_status hmac_sha256(void *self, const uint8_t key[KD_KEY_LEN],
                                  const struct kd_span *parts, size_t count,
                                  uint8_t out[KD_SHA256_LEN])
{
    struct kdt_crypto *c = self;
    struct hmac *h = &c->hmac;
    uint8_t inner[KD_SHA256_LEN];
    const struct kd_span digest = {inner, sizeof inner};

    if (!is_kept(&h->key, key) && !set_mac_key(c, h, key))
        return failed(&h->key);
    if (!finish_half(h, h->inner, parts, count, inner) ||
        !finish_half(h, h->outer, &digest, 1, out))
        return failed(&h->key);
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

/* OpenSSL looks an algorithm up by name through locks and tables: once here, not once a datagram. */
static bool fetch(struct kdt_crypto *c)
{
    c->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    c->aes = EVP_CIPHER_fetch(NULL, "AES-256-CBC", NULL);
    c->digest = EVP_MD_CTX_new();
    c->hmac = (struct hmac){EVP_MD_CTX_new(), EVP_MD_CTX_new(), EVP_MD_CTX_new(), {0}};
    c->encrypt = (struct aes){.ctx = EVP_CIPHER_CTX_new(), .is_encryption = 1};
    c->decrypt = (struct aes){.ctx = EVP_CIPHER_CTX_new()};
    return c->sha256 && c->aes && c->digest && c->hmac.inner && c->hmac.outer && c->hmac.work &&
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
    EVP_MD_CTX_free(c->hmac.work);
    EVP_MD_CTX_free(c->hmac.outer);
    EVP_MD_CTX_free(c->hmac.inner);
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
