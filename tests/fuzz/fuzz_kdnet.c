/* The host's end of KDNET and the tap, under a script made of the input: pokes, data, raw bytes,
 * datagrams sealed around nonsense, time, sends, and queues that are left to fill. The primitives are
 * cheap imitations, so that a datagram of the fuzzer's making can carry the right tag.
 *
 * What must hold beside memory safety: no packet before a link, each packet is one that was sealed
 * for the session, in rising order, and the queues stay within their bounds. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <kdproto/kdnet.h>
#include <kdproto/kdnet_tap.h>

#define REQUIRE(condition)                                                                         \
    do {                                                                                           \
        if (!(condition))                                                                          \
            abort();                                                                               \
    } while (0)

/* ---- imitation primitives ---- */

static uint64_t mixed(uint64_t h, const uint8_t *at, size_t len)
{
    for (size_t i = 0; i < len; i++)
        h = (h ^ at[i]) * UINT64_C(0x100000001B3);
    return h;
}

static enum kd_status digest(uint64_t h, const struct kd_span *parts, size_t count, uint8_t *out)
{
    for (size_t i = 0; i < count; i++)
        h = mixed(h, parts[i].data, parts[i].len);
    for (size_t i = 0; i < KD_SHA256_LEN; i++)
        out[i] = (uint8_t)(h >> (8 * (i % 8)));
    return KD_OK;
}

static enum kd_status hmac_sha256(void *self, const uint8_t key[KD_KEY_LEN],
                                  const struct kd_span *parts, size_t count,
                                  uint8_t out[KD_SHA256_LEN])
{
    (void)self;
    return digest(mixed(1, key, KD_KEY_LEN), parts, count, out);
}

static enum kd_status sha256(void *self, const struct kd_span *parts, size_t count,
                             uint8_t out[KD_SHA256_LEN])
{
    (void)self;
    return digest(2, parts, count, out);
}

static enum kd_status cbc(void *self, const uint8_t key[KD_KEY_LEN], const uint8_t iv[KD_IV_LEN],
                          const uint8_t *in, uint8_t *out, size_t len)
{
    (void)self;
    (void)iv;
    for (size_t i = 0; i < len; i++)
        out[i] = in[i] ^ key[i % KD_KEY_LEN];
    return KD_OK;
}

static enum kd_status random_bytes(void *self, uint8_t *out, size_t len)
{
    uint8_t *next = self;

    for (size_t i = 0; i < len; i++)
        out[i] = (*next)++;
    return KD_OK;
}

static void wipe(void *self, void *secret, size_t len)
{
    (void)self;
    memset(secret, 0, len);
}

/* ---- the script ---- */

enum { KEYS_MAX = 4 };

struct run {
    struct kd_reader script;
    struct kd_crypto crypto;
    uint8_t next_random;
    struct kdnet_key key;
    struct kdnet *host;
    struct kdnet_tap *tap;
    uint64_t now_ms;
    bool is_linked;
    uint64_t last_sequence;
    uint8_t data_keys[KEYS_MAX][KD_KEY_LEN]; /* out of the host's responses, the newest first */
};

static void deliver(struct run *x, const uint8_t *datagram, size_t len)
{
    const struct kdnet_peer from = {{kd_rd_u8(&x->script) & 1}, 4};
    struct kdnet_datagram d;

    kdnet_tap_open(x->tap, datagram, len, &d);
    kdnet_receive(x->host, datagram, len, &from, x->now_ms);
}

static void deliver_raw(struct run *x)
{
    size_t len = kd_rd_u16(&x->script);
    struct kd_span raw;

    if (len > kd_reader_left(&x->script))
        len = kd_reader_left(&x->script);
    raw = kd_rd_span(&x->script, len);
    deliver(x, raw.data, raw.len);
}

/* Any version, flags, inner header and padding, with the tag that belongs to them. */
static void deliver_nonsense(struct run *x)
{
    uint8_t bytes[6 + 256 + 16] = {'M', 'D', 'B', 'G'};
    uint8_t mac_key[KD_KEY_LEN], mac[KD_SHA256_LEN];
    size_t len = ((size_t)kd_rd_u8(&x->script) % 16 + 1) * 16;
    const uint8_t *aes_key = x->data_keys[kd_rd_u8(&x->script) % KEYS_MAX];
    const struct kd_span part = {bytes, 6 + len};

    kd_rd_copy(&x->script, bytes + 4, 2 + len);
    bytes[6 + 8] = 0; /* says no sequence: see deliver_data */
    for (size_t i = 0; i < KD_KEY_LEN; i++)
        mac_key[i] = (uint8_t)~x->key.bytes[i];
    hmac_sha256(NULL, mac_key, &part, 1, mac);
    cbc(NULL, bytes[5] & 1 ? x->key.bytes : aes_key, mac, bytes + 6, bytes + 6, len);
    memcpy(bytes + 6 + len, mac, 16);
    deliver(x, bytes, 6 + len + 16);
}

/* Small numbers, so that counters meet: part A, sequence, boot, and whom it is connected to. */
static void deliver_poke(struct run *x)
{
    uint8_t payload[KDNET_POKE_LEN] = {1, 1};
    uint8_t bytes[KDNET_DATAGRAM_MAX];
    struct kdnet_datagram d = {.version = 5, .is_control = true};
    size_t len = 0;

    payload[2] = kd_rd_u8(&x->script);
    d.sequence = kd_rd_u8(&x->script);
    payload[10] = kd_rd_u8(&x->script) & 3;
    payload[87] = kd_rd_u8(&x->script) & 1; /* the port of the connected host */
    d.payload = (struct kd_span){payload, sizeof payload};
    REQUIRE(kdnet_seal(&x->crypto, &x->key, x->key.bytes, &d, bytes, sizeof bytes, &len) == KD_OK);
    deliver(x, bytes, len);
}

/* A packet that says its own sequence, so that what the host hands out can be judged. */
static void deliver_data(struct run *x)
{
    uint8_t payload[16] = {0};
    uint8_t bytes[KDNET_DATAGRAM_MAX];
    const uint8_t *aes_key = x->data_keys[kd_rd_u8(&x->script) % KEYS_MAX];
    struct kdnet_datagram d = {.version = 5};
    size_t len = 0;

    d.sequence = payload[0] = kd_rd_u8(&x->script);
    d.payload = (struct kd_span){payload, kd_rd_u8(&x->script) & 1 ? 12 : sizeof payload};
    REQUIRE(kdnet_seal(&x->crypto, &x->key, aes_key, &d, bytes, sizeof bytes, &len) == KD_OK);
    deliver(x, bytes, len);
}

static void take_output(struct run *x)
{
    uint8_t plain[KDNET_DATAGRAM_MAX];
    struct kdnet_datagram d;
    struct kdnet_peer to;
    struct kd_span out;

    if (!kdnet_next_output(x->host, &out, &to))
        return;
    REQUIRE(out.len >= KDNET_DATAGRAM_MIN && out.len <= KDNET_DATAGRAM_MAX);
    REQUIRE(kdnet_peek(out.data, out.len, &d) == KD_OK);
    if (!d.is_control)
        return;
    REQUIRE(kdnet_open(&x->crypto, &x->key, x->key.bytes, out.data, out.len, plain, &d) == KD_OK);
    REQUIRE(d.from_host && kdnet_is_response(d.payload.data, d.payload.len));
    memmove(x->data_keys[1], x->data_keys[0], sizeof x->data_keys - KD_KEY_LEN);
    REQUIRE(kdnet_data_key(&x->crypto, &x->key, d.payload.data, x->data_keys[0]) == KD_OK);
    REQUIRE(kdnet_tap_open(x->tap, out.data, out.len, &d) == KD_OK);
}

static bool take_event(struct run *x)
{
    struct kdnet_event ev;

    if (!kdnet_next_event(x->host, &ev))
        return false;
    switch (ev.kind) {
    case KDNET_EVENT_LINKED:
        x->is_linked = true;
        x->last_sequence = 0;
        break;
    case KDNET_EVENT_PACKET:
        REQUIRE(x->is_linked);
        REQUIRE(ev.bytes.len <= KDNET_DATAGRAM_MAX);
        if (ev.bytes.len == 16 && ev.bytes.data[0] != 0) {
            REQUIRE(ev.bytes.data[0] > x->last_sequence);
            x->last_sequence = ev.bytes.data[0];
        }
        break;
    case KDNET_EVENT_SILENT:
        x->is_linked = false;
        break;
    case KDNET_EVENT_POKED:
    case KDNET_EVENT_BAD_KEY:
    case KDNET_EVENT_NO_SESSION:
        REQUIRE(ev.bytes.len == 0);
        break;
    }
    return true;
}

static void take_events(struct run *x)
{
    size_t count = 0;

    while (take_event(x))
        count++;
    REQUIRE(count <= KDNET_QUEUE_MAX);
}

static void send_something(struct run *x)
{
    static const uint8_t payload[4096];
    size_t len = kd_rd_u8(&x->script) * (size_t)16;
    enum kd_status st = kdnet_send(x->host, payload, len, x->now_ms);

    REQUIRE(st == KD_OK || st == KD_ERR_LOST || st == KD_ERR_BUSY || st == KD_ERR_LIMIT);
    REQUIRE(st != KD_OK || len < KDNET_DATAGRAM_MAX);
}

static void step(struct run *x)
{
    switch (kd_rd_u8(&x->script) % 10) {
    case 0:
        deliver_raw(x);
        break;
    case 1:
        deliver_nonsense(x);
        break;
    case 2:
    case 3:
        deliver_poke(x);
        break;
    case 4:
    case 5:
        deliver_data(x);
        break;
    case 6:
        take_output(x);
        break;
    case 7:
        take_events(x);
        break;
    case 8:
        x->now_ms += kd_rd_u8(&x->script) * UINT64_C(100);
        kdnet_tick(x->host, x->now_ms);
        REQUIRE(kdnet_deadline_ms(x->host) > x->now_ms);
        break;
    default:
        if (kd_rd_u8(&x->script) == 0)
            kdnet_drop_session(x->host);
        else
            send_something(x);
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct run x = {.script = kd_reader_of(bytes, len), .key = {{7}}};
    struct kdnet_opts opts;

    x.crypto =
        (struct kd_crypto){&x.next_random, hmac_sha256, sha256, cbc, cbc, random_bytes, wipe};
    opts = (struct kdnet_opts){&x.crypto, x.key};
    REQUIRE(kdnet_create(&opts, &x.host) == KD_OK);
    REQUIRE(kdnet_tap_create(&x.crypto, &x.key, &x.tap) == KD_OK);
    while (kd_reader_left(&x.script) > 0)
        step(&x);
    take_events(&x);
    kdnet_tap_destroy(x.tap);
    kdnet_destroy(x.host);
    return 0;
}
