#include <kdproto/kdnet_datagram.h>

#include <string.h>

enum {
    CLEAR_LEN = 6, /* magic, version, flags */
    INNER_LEN = 8, /* sequence, tag byte */
    BLOCK_LEN = 16,
    TAG_LEN = KD_IV_LEN,

    FLAG_CONTROL = 0x01,
    /* "I am halted", shown in clear where a load option asks for it [guess]. It says nothing that
     * the session does not learn better. */
    FLAG_HALTED = 0x02,
    /* Bit 2 would mean that 32 bytes of a machine's identity stand in clear at the end [guess].
     * Whether they belong to the payload is unknown, so such datagrams are refused. */
    FLAGS_KNOWN = FLAG_CONTROL | FLAG_HALTED,

    INNER_FROM_HOST = 0x80,
    INNER_PAD_MASK = 0x7F,

    MESSAGE_TYPE = 1,
    SUBTYPE_POKE = 1,
    SUBTYPE_RESPONSE = 2,
    VERSION_MIN = 2, /* an early version 1 had another header [doc] */
};

static const uint8_t magic[4] = {'M', 'D', 'B', 'G'};

bool kdnet_has_magic(const uint8_t *buf, size_t len)
{
    return len >= sizeof magic && memcmp(buf, magic, sizeof magic) == 0;
}

bool kdnet_version_is_known(uint8_t version)
{
    return version == 2 || version == 4 || version == 5;
}

/* The tag that belongs to a datagram whose plaintext stands behind its clear bytes, len bytes in all. */
static enum kd_status tag_of(const struct kd_crypto *crypto, const struct kdnet_key *control_key,
                             const uint8_t *bytes, size_t len, uint8_t tag[TAG_LEN])
{
    const struct kd_span whole = {bytes, len};
    uint8_t mac_key[KD_KEY_LEN];
    uint8_t mac[KD_SHA256_LEN];
    enum kd_status st;

    for (size_t i = 0; i < KD_KEY_LEN; i++)
        mac_key[i] = (uint8_t)~control_key->bytes[i];
    st = crypto->hmac_sha256(crypto->self, mac_key, &whole, 1, mac);
    crypto->wipe(crypto->self, mac_key, sizeof mac_key);
    if (st == KD_OK)
        memcpy(tag, mac, TAG_LEN);
    return st;
}

/* Takes as long whether or not and wherever they differ. */
static bool is_same_tag(const uint8_t *a, const uint8_t *b)
{
    uint8_t difference = 0;

    for (size_t i = 0; i < TAG_LEN; i++)
        difference |= (uint8_t)(a[i] ^ b[i]);
    return difference == 0;
}

static void write_inner(struct kd_writer *w, const struct kdnet_datagram *d, size_t pad)
{
    for (int shift = 48; shift >= 0; shift -= 8)
        kd_wr_u8(w, (uint8_t)(d->sequence >> shift));
    kd_wr_u8(w, (uint8_t)((d->from_host ? INNER_FROM_HOST : 0) | pad));
    kd_wr_bytes(w, d->payload.data, d->payload.len);
    kd_wr_zero(w, pad);
}

enum kd_status kdnet_seal(const struct kd_crypto *crypto, const struct kdnet_key *control_key,
                          const uint8_t aes_key[KD_KEY_LEN], const struct kdnet_datagram *d,
                          uint8_t *buf, size_t cap, size_t *len)
{
    size_t room = cap < KDNET_DATAGRAM_MAX ? cap : KDNET_DATAGRAM_MAX;
    size_t pad = (BLOCK_LEN - (INNER_LEN + d->payload.len) % BLOCK_LEN) % BLOCK_LEN;
    struct kd_writer w;
    uint8_t tag[TAG_LEN];
    uint8_t *plain;
    size_t plain_len;
    enum kd_status st;

    if (room < KDNET_DATAGRAM_MIN || d->sequence >> 56 != 0)
        return KD_ERR_LIMIT;
    w = kd_writer_of(buf, room - TAG_LEN);
    kd_wr_bytes(&w, magic, sizeof magic);
    kd_wr_u8(&w, d->version);
    kd_wr_u8(&w, d->is_control ? FLAG_CONTROL : 0);
    write_inner(&w, d, pad);
    if (!kd_writer_ok(&w))
        return KD_ERR_LIMIT;

    plain = buf + CLEAR_LEN;
    plain_len = w.pos - CLEAR_LEN;
    st = tag_of(crypto, control_key, buf, w.pos, tag);
    if (st == KD_OK)
        st = crypto->aes256_cbc_encrypt(crypto->self, aes_key, tag, plain, plain, plain_len);
    if (st != KD_OK)
        return st;
    memcpy(plain + plain_len, tag, TAG_LEN);
    *len = w.pos + TAG_LEN;
    return KD_OK;
}

enum kd_status kdnet_peek(const uint8_t *buf, size_t len, struct kdnet_datagram *out)
{
    if (len < KDNET_DATAGRAM_MIN || (len - CLEAR_LEN) % BLOCK_LEN != 0)
        return KD_ERR_TRUNCATED;
    if (len > KDNET_DATAGRAM_MAX)
        return KD_ERR_LIMIT;
    if (!kdnet_has_magic(buf, len))
        return KD_ERR_MALFORMED;
    if (buf[4] < VERSION_MIN || buf[4] > KDNET_VERSION_MAX)
        return KD_ERR_UNSUPPORTED;
    if ((buf[5] & ~FLAGS_KNOWN) != 0)
        return KD_ERR_MALFORMED;
    out->version = buf[4];
    out->is_control = (buf[5] & FLAG_CONTROL) != 0;
    return KD_OK;
}

/* The verified plaintext's own header. Padding bytes are not looked at: the HMAC covers them. */
static enum kd_status read_inner(const uint8_t *plain, size_t len, struct kdnet_datagram *d)
{
    size_t pad = plain[INNER_LEN - 1] & INNER_PAD_MASK;

    if (pad >= BLOCK_LEN || pad > len - INNER_LEN)
        return KD_ERR_MALFORMED;
    d->sequence = 0;
    for (size_t i = 0; i < INNER_LEN - 1; i++)
        d->sequence = d->sequence << 8 | plain[i];
    d->from_host = (plain[INNER_LEN - 1] & INNER_FROM_HOST) != 0;
    d->payload.data = plain + INNER_LEN;
    d->payload.len = len - INNER_LEN - pad;
    return KD_OK;
}

enum kd_status kdnet_open(const struct kd_crypto *crypto, const struct kdnet_key *control_key,
                          const uint8_t aes_key[KD_KEY_LEN], const uint8_t *buf, size_t len,
                          uint8_t *plain, struct kdnet_datagram *out)
{
    struct kdnet_datagram d = {0};
    uint8_t expected[TAG_LEN];
    const uint8_t *tag;
    uint8_t *inner;
    size_t inner_len;
    enum kd_status st = kdnet_peek(buf, len, &d);

    if (st != KD_OK)
        return st;
    tag = buf + len - TAG_LEN;
    inner = plain + CLEAR_LEN;
    inner_len = len - CLEAR_LEN - TAG_LEN;
    memcpy(plain, buf, CLEAR_LEN); /* in one piece with the rest, as the HMAC takes them */
    st = crypto->aes256_cbc_decrypt(crypto->self, aes_key, tag, buf + CLEAR_LEN, inner, inner_len);
    if (st == KD_OK)
        st = tag_of(crypto, control_key, plain, CLEAR_LEN + inner_len, expected);
    if (st != KD_OK)
        return st;
    if (!is_same_tag(tag, expected))
        return KD_ERR_AUTH;
    st = read_inner(inner, inner_len, &d);
    if (st == KD_OK)
        *out = d;
    return st;
}

static void read_address(struct kd_reader *r, struct kdnet_address *out)
{
    kd_rd_copy(r, out->ip, sizeof out->ip);
    out->port = kd_rd_u16be(r);
}

enum kd_status kdnet_poke_decode(const uint8_t *payload, size_t len, struct kdnet_poke *out)
{
    struct kd_reader r = kd_reader_of(payload, len);
    struct kdnet_poke poke = {0};

    if (len != KDNET_POKE_LEN || kd_rd_u8(&r) != MESSAGE_TYPE || kd_rd_u8(&r) != SUBTYPE_POKE)
        return KD_ERR_MALFORMED;
    kd_rd_copy(&r, poke.nonce, sizeof poke.nonce);
    kd_rd_seek(&r, 2);
    poke.nonce_a = kd_rd_u64(&r);
    kd_rd_copy(&r, poke.nonce_b, sizeof poke.nonce_b);
    read_address(&r, &poke.target);
    read_address(&r, &poke.host);
    read_address(&r, &poke.connected);
    /* 256 bytes follow, zero in every poke seen: a copy of what an earlier response ended with */
    *out = poke;
    return KD_OK;
}

bool kdnet_is_response(const uint8_t *payload, size_t len)
{
    return len == KDNET_RESPONSE_LEN && payload[0] == MESSAGE_TYPE &&
           payload[1] == SUBTYPE_RESPONSE;
}

void kdnet_response_encode(const struct kdnet_poke *poke, const uint8_t host_random[32],
                           uint8_t out[KDNET_RESPONSE_LEN])
{
    struct kd_writer w = kd_writer_of(out, KDNET_RESPONSE_LEN);

    kd_wr_u8(&w, MESSAGE_TYPE);
    kd_wr_u8(&w, SUBTYPE_RESPONSE);
    kd_wr_bytes(&w, poke->nonce, sizeof poke->nonce);
    kd_wr_bytes(&w, host_random, 32);
    kd_wr_zero(&w, 256); /* about the connection: zero in every response seen */
}

enum kd_status kdnet_data_key(const struct kd_crypto *crypto, const struct kdnet_key *control_key,
                              const uint8_t response[KDNET_RESPONSE_LEN], uint8_t out[KD_KEY_LEN])
{
    const struct kd_span parts[] = {{control_key->bytes, KD_KEY_LEN},
                                    {response, KDNET_RESPONSE_LEN}};

    return crypto->sha256(crypto->self, parts, 2, out);
}
