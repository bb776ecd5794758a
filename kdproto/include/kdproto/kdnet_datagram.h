/* kdnet_datagram.h - one KDNET datagram: sealed for the wire, opened from it.
 *
 *     0  "MDBG"   4  version   5  flags (bit 0: control channel)
 *     6  AES-256-CBC ciphertext of: sequence (7 bytes, big-endian), tag byte (bit 7: from the host;
 *        low bits: pad length), payload, zero padding
 *   end-16  first 16 bytes of HMAC-SHA256 over the 6 clear bytes and the plaintext; also the IV
 *
 * Control datagrams use the control key, data datagrams the session's data key; the HMAC key is
 * always the bitwise complement of the control key. Equal content makes an equal datagram, so a
 * sequence number is never used twice under one key.
 *
 * Nothing of the content is interpreted before the HMAC matches.
 *
 * Lifetime  Payloads borrow from the buffer that they were opened into.
 * Errors    enum kd_status; KD_ERR_IO where a primitive failed.
 * Source    All 955 datagrams of a version 4 session and ten of version 2 [seen]; version 5:
 *           control channel [seen], data channel [guess]. */
#ifndef KDPROTO_KDNET_DATAGRAM_H
#define KDPROTO_KDNET_DATAGRAM_H

#include <kdproto/crypto.h>
#include <kdproto/kdnet_key.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    KDNET_DATAGRAM_MIN = 38,
    KDNET_DATAGRAM_MAX = 2048, /* receive buffer; the largest seen is 1334 [seen] */
    KDNET_POKE_LEN = 344,
    KDNET_RESPONSE_LEN = 322,
    KDNET_PING_LEN = 12,
    KDNET_NONCE_LEN = 32, /* part A (8 bytes) and part B (24 bytes) of a poke */
    KDNET_NONCE_B_LEN = 24,
    KDNET_VERSION_MAX = 16, /* versions up to here are tried as if they were 5 [guess] */
};

struct kdnet_datagram {
    uint8_t version;
    bool is_control;
    bool from_host;
    uint64_t sequence; /* 56 bits */
    struct kd_span payload;
};

/* Does it begin as all of them do, whatever else may be wrong with it? */
bool kdnet_has_magic(const uint8_t *buf, size_t len);

/* 2, 4 and 5 were met on the wire; others are tried all the same, but deserve a warning. */
bool kdnet_version_is_known(uint8_t version);

/* Write one datagram. aes_key: control key or data key, as is_control says. KD_ERR_LIMIT: cap or
 * KDNET_DATAGRAM_MAX is too small for it, or 56 bits for the sequence. */
enum kd_status kdnet_seal(const struct kd_crypto *crypto, const struct kdnet_key *control_key,
                          const uint8_t aes_key[KD_KEY_LEN], const struct kdnet_datagram *d,
                          uint8_t *buf, size_t cap, size_t *len);

/* What stands in clear. KD_ERR_TRUNCATED: shorter than any, or not whole cipher blocks.
 * KD_ERR_LIMIT: longer than KDNET_DATAGRAM_MAX. KD_ERR_MALFORMED: magic, flags. KD_ERR_UNSUPPORTED:
 * version. Fills version and is_control only. */
enum kd_status kdnet_peek(const uint8_t *buf, size_t len, struct kdnet_datagram *out);

/* Check and open one datagram into plain (at least len bytes; out->payload points into it).
 * KD_ERR_AUTH when the HMAC does not match; KD_ERR_MALFORMED when it does but the padding makes no
 * sense; else as kdnet_peek. */
enum kd_status kdnet_open(const struct kd_crypto *crypto, const struct kdnet_key *control_key,
                          const uint8_t aes_key[KD_KEY_LEN], const uint8_t *buf, size_t len,
                          uint8_t *plain, struct kdnet_datagram *out);

struct kdnet_address { /* as inside a poke: IPv4 is written as ::ffff:a.b.c.d */
    uint8_t ip[16];
    uint16_t port;
};

struct kdnet_poke {
    uint64_t nonce_a;                   /* counts pokes */
    uint8_t nonce_b[KDNET_NONCE_B_LEN]; /* constant for one boot stage */
    uint8_t nonce[KDNET_NONCE_LEN];     /* both, as the response echoes them */
    struct kdnet_address target, host, connected;
};

/* KD_ERR_MALFORMED: not a poke. */
enum kd_status kdnet_poke_decode(const uint8_t *payload, size_t len, struct kdnet_poke *out);
/* Is it a response: KDNET_RESPONSE_LEN bytes with type 1, subtype 2. */
bool kdnet_is_response(const uint8_t *payload, size_t len);
void kdnet_response_encode(const struct kdnet_poke *poke, const uint8_t host_random[32],
                           uint8_t out[KDNET_RESPONSE_LEN]);

/* SHA-256 of the control key and the response's payload. */
enum kd_status kdnet_data_key(const struct kd_crypto *crypto, const struct kdnet_key *control_key,
                              const uint8_t response[KDNET_RESPONSE_LEN], uint8_t out[KD_KEY_LEN]);

#ifdef __cplusplus
}
#endif
#endif
