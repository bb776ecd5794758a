#include "seal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#define CLEAR_LEN     6 /* "MDBG", version, flags: outside the encryption, inside the MAC */
#define INNER_LEN     8 /* 56-bit big-endian sequence, tag byte */
#define BLOCK         16
#define MAC_LEN       32
#define FLAG_CONTROL  0x01
#define TAG_FROM_HOST 0x80
#define TAG_PAD_BITS  0x7F

static const uint8_t magic[4] = {'M', 'D', 'B', 'G'};

struct lab_seal {
    uint8_t control_key[LAB_KEY_LEN];
    uint8_t data_key[LAB_KEY_LEN];
    bool is_linked;
    /* Contexts live as long as the seal: making one costs more than sealing a datagram. */
    EVP_MAC_CTX *mac;
    EVP_CIPHER_CTX *encrypt[2], *decrypt[2]; /* [0] data key, [1] control key */
    /* Clear header and plaintext of the message being opened, side by side as the MAC wants them. */
    uint8_t opened[CLEAR_LEN + LAB_DATAGRAM_MAX];
};

const char *lab_bad_text(enum lab_bad bad)
{
    static const char *const text[LAB_BAD_KINDS] = {
        [LAB_GOOD] = "good",
        [LAB_BAD_LENGTH] = "length",
        [LAB_BAD_MAGIC] = "magic",
        [LAB_BAD_FLAGS] = "flags",
        [LAB_BAD_NO_DATA_KEY] = "no_data_key",
        [LAB_BAD_MAC] = "mac",
        [LAB_BAD_PADDING] = "padding",
        [LAB_BAD_VERSION] = "version",
        [LAB_BAD_DIRECTION] = "direction",
        [LAB_BAD_REPLAY] = "replay",
        [LAB_BAD_RESPONSE] = "response",
    };
    return text[bad];
}

/* A primitive with fixed, valid arguments can fail only for want of memory or of the algorithm. */
static void must(int ok, const char *what)
{
    if (ok == 1)
        return;
    fprintf(stderr, "kdlab: cryptography failed: %s\n", what);
    abort();
}

/* ---- the key's text form ---- */

static int digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'Z') /* a target folds its load options */
        return c - 'A' + 10;
    return -1;
}

/* One word of base-36 digits. 13 digits can exceed 64 bits, hence the check. */
static bool parse_word(const char **text, uint64_t *out)
{
    uint64_t value = 0;
    int digits = 0, d;

    while ((d = digit_of(**text)) >= 0) {
        if (++digits > 13 || value > (UINT64_MAX - (uint64_t)d) / 36)
            return false;
        value = value * 36 + (uint64_t)d;
        ++*text;
    }
    *out = value;
    return digits > 0;
}

bool lab_key_parse(const char *text, uint8_t key[LAB_KEY_LEN])
{
    uint64_t words[4];

    for (int i = 0; i < 4; i++) {
        if (i > 0 && *text++ != '.')
            return false;
        if (!parse_word(&text, &words[i]))
            return false;
    }
    if (*text != '\0' || (words[0] | words[1] | words[2] | words[3]) == 0)
        return false;
    for (int i = 0; i < LAB_KEY_LEN; i++)
        key[i] = (uint8_t)(words[i / 8] >> (8 * (i % 8)));
    OPENSSL_cleanse(words, sizeof words);
    return true;
}

/* ---- keys and contexts ---- */

static EVP_CIPHER_CTX *new_cipher(const uint8_t *key, int encrypt)
{
    static const uint8_t no_iv[BLOCK];
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();

    must(ctx != NULL, "cipher context");
    must(EVP_CipherInit_ex2(ctx, EVP_aes_256_cbc(), key, no_iv, encrypt, NULL), "AES key");
    must(EVP_CIPHER_CTX_set_padding(ctx, 0), "no padding");
    return ctx;
}

static void set_key(struct lab_seal *s, bool is_control, const uint8_t *key)
{
    EVP_CIPHER_CTX_free(s->encrypt[is_control]);
    EVP_CIPHER_CTX_free(s->decrypt[is_control]);
    s->encrypt[is_control] = new_cipher(key, 1);
    s->decrypt[is_control] = new_cipher(key, 0);
}

static EVP_MAC_CTX *new_mac(const uint8_t *control_key)
{
    char digest[] = "SHA256";
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_end(),
    };
    uint8_t key[LAB_KEY_LEN];
    EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    EVP_MAC_CTX *ctx;

    must(hmac != NULL, "HMAC");
    ctx = EVP_MAC_CTX_new(hmac);
    EVP_MAC_free(hmac);
    must(ctx != NULL, "HMAC context");
    for (size_t i = 0; i < sizeof key; i++)
        key[i] = (uint8_t)~control_key[i];
    must(EVP_MAC_init(ctx, key, sizeof key, params), "HMAC key");
    OPENSSL_cleanse(key, sizeof key);
    return ctx;
}

struct lab_seal *lab_seal_create(const uint8_t control_key[LAB_KEY_LEN])
{
    struct lab_seal *s = calloc(1, sizeof *s);

    if (!s)
        return NULL;
    memcpy(s->control_key, control_key, LAB_KEY_LEN);
    s->mac = new_mac(control_key);
    set_key(s, true, control_key);
    return s;
}

void lab_seal_destroy(struct lab_seal *s)
{
    if (!s)
        return;
    EVP_MAC_CTX_free(s->mac);
    for (int i = 0; i < 2; i++) {
        EVP_CIPHER_CTX_free(s->encrypt[i]);
        EVP_CIPHER_CTX_free(s->decrypt[i]);
    }
    OPENSSL_cleanse(s, sizeof *s);
    free(s);
}

void lab_seal_link(struct lab_seal *s, const uint8_t response[LAB_RESPONSE_LEN])
{
    uint8_t both[LAB_KEY_LEN + LAB_RESPONSE_LEN], data_key[LAB_KEY_LEN];

    memcpy(both, s->control_key, LAB_KEY_LEN);
    memcpy(both + LAB_KEY_LEN, response, LAB_RESPONSE_LEN);
    must(EVP_Digest(both, sizeof both, data_key, NULL, EVP_sha256(), NULL), "SHA-256");
    lab_seal_link_key(s, data_key);
    OPENSSL_cleanse(both, sizeof both);
    OPENSSL_cleanse(data_key, sizeof data_key);
}

void lab_seal_link_key(struct lab_seal *s, const uint8_t data_key[LAB_KEY_LEN])
{
    memcpy(s->data_key, data_key, LAB_KEY_LEN);
    set_key(s, false, s->data_key);
    s->is_linked = true;
}

void lab_seal_unlink(struct lab_seal *s)
{
    OPENSSL_cleanse(s->data_key, sizeof s->data_key);
    s->is_linked = false;
}

const uint8_t *lab_seal_data_key(const struct lab_seal *s)
{
    return s->is_linked ? s->data_key : NULL;
}

/* ---- datagrams ---- */

static void mac_of(struct lab_seal *s, const uint8_t *bytes, size_t len, uint8_t mac[MAC_LEN])
{
    size_t mac_len;

    must(EVP_MAC_init(s->mac, NULL, 0, NULL), "HMAC again");
    must(EVP_MAC_update(s->mac, bytes, len), "HMAC bytes");
    must(EVP_MAC_final(s->mac, mac, &mac_len, MAC_LEN), "HMAC result");
}

/* The key schedule stays in the context; only the IV changes. */
static void cipher(EVP_CIPHER_CTX *ctx, const uint8_t *iv, const uint8_t *in, size_t len,
                   uint8_t *out)
{
    int n;

    must(EVP_CipherInit_ex2(ctx, NULL, NULL, iv, -1, NULL), "AES IV");
    must(EVP_CipherUpdate(ctx, out, &n, in, (int)len), "AES");
}

size_t lab_seal_message(struct lab_seal *s, const struct lab_message *m,
                        uint8_t out[LAB_DATAGRAM_MAX])
{
    uint8_t clear[CLEAR_LEN + INNER_LEN + LAB_PAYLOAD_MAX + BLOCK];
    uint8_t *inner = clear + CLEAR_LEN;
    size_t pad = (BLOCK - (INNER_LEN + m->len) % BLOCK) % BLOCK;
    size_t plain_len = INNER_LEN + m->len + pad;
    uint8_t mac[MAC_LEN];

    if (m->len > LAB_PAYLOAD_MAX || (!m->is_control && !s->is_linked))
        abort(); /* the target never says so much, nor anything on a channel without a key */
    memcpy(clear, magic, sizeof magic);
    clear[4] = m->version;
    clear[5] = m->is_control ? FLAG_CONTROL : 0;
    for (int i = 0; i < 7; i++)
        inner[i] = (uint8_t)(m->sequence >> (8 * (6 - i)));
    inner[7] = (uint8_t)((m->from_host ? TAG_FROM_HOST : 0) | pad);
    if (m->len > 0)
        memcpy(inner + INNER_LEN, m->payload, m->len);
    memset(inner + INNER_LEN + m->len, 0, pad);

    mac_of(s, clear, CLEAR_LEN + plain_len, mac);
    memcpy(out, clear, CLEAR_LEN);
    cipher(s->encrypt[m->is_control], mac, inner, plain_len, out + CLEAR_LEN);
    memcpy(out + CLEAR_LEN + plain_len, mac,
           BLOCK); /* the tag is the MAC's first half and the IV */
    return CLEAR_LEN + plain_len + BLOCK;
}

static enum lab_bad check_outside(const struct lab_seal *s, const uint8_t *d, size_t len)
{
    if (len < CLEAR_LEN + 2 * BLOCK || len > LAB_DATAGRAM_MAX || (len - CLEAR_LEN) % BLOCK != 0)
        return LAB_BAD_LENGTH;
    if (memcmp(d, magic, sizeof magic) != 0)
        return LAB_BAD_MAGIC;
    if (d[5] & ~FLAG_CONTROL)
        return LAB_BAD_FLAGS;
    if (!(d[5] & FLAG_CONTROL) && !s->is_linked)
        return LAB_BAD_NO_DATA_KEY;
    return LAB_GOOD;
}

enum lab_bad lab_seal_open(struct lab_seal *s, const uint8_t *datagram, size_t len,
                           struct lab_message *m)
{
    enum lab_bad bad = check_outside(s, datagram, len);
    const uint8_t *tag, *inner = s->opened + CLEAR_LEN;
    size_t plain_len, pad;
    uint8_t mac[MAC_LEN];
    bool is_control;

    if (bad != LAB_GOOD)
        return bad;
    is_control = datagram[5] & FLAG_CONTROL;
    plain_len = len - CLEAR_LEN - BLOCK;
    tag = datagram + len - BLOCK;
    memcpy(s->opened, datagram, CLEAR_LEN);
    cipher(s->decrypt[is_control], tag, datagram + CLEAR_LEN, plain_len, s->opened + CLEAR_LEN);
    mac_of(s, s->opened, CLEAR_LEN + plain_len, mac);
    if (CRYPTO_memcmp(mac, tag, BLOCK) != 0)
        return LAB_BAD_MAC;

    pad = inner[7] & TAG_PAD_BITS;
    if (pad >= BLOCK || pad > plain_len - INNER_LEN)
        return LAB_BAD_PADDING;
    *m = (struct lab_message){
        .version = datagram[4],
        .is_control = is_control,
        .from_host = inner[7] & TAG_FROM_HOST,
        .payload = inner + INNER_LEN,
        .len = plain_len - INNER_LEN - pad,
    };
    for (int i = 0; i < 7; i++)
        m->sequence = m->sequence << 8 | inner[i];
    return LAB_GOOD;
}
