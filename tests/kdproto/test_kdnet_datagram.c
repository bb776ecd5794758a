#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <kdproto/kdnet_datagram.h>

#include "support/feed.h"
#include "support/hex.h"
#include "support/test_crypto.h"
#include "vectors_kdnet.h"

static struct test_crypto crypto;

/* What stands around the content of each vector. Control datagrams have no data key. */
static const struct vector {
    const char *hex;
    const char *key, *data_key;
    size_t len;
    uint8_t version;
    bool from_host;
    uint64_t sequence;
    size_t payload_len;
} vectors[] = {
    {v1, C4_KEY, NULL, 374, 4, false, 3, KDNET_POKE_LEN},
    {v2, C4_KEY, NULL, 358, 4, true, 3, KDNET_RESPONSE_LEN},
    {v3, C4_KEY, C4_DATA_KEY, 54, 4, false, 1, KDNET_PING_LEN},
    {v4, C4_KEY, C4_DATA_KEY, 102, 4, false, 2, 16 + 46},
    {v5, C4_KEY, C4_DATA_KEY, 54, 4, true, 1, 16},
    {v6, C4_KEY, C4_DATA_KEY, 54, 4, true, 2, 16},
    {v7, C4_KEY, C4_DATA_KEY, 310, 4, false, 4, 16 + 252},
    {v8, C4_KEY, C4_DATA_KEY, 102, 4, true, 4, 16 + 56},
    {v9, C4_KEY, C4_DATA_KEY, 102, 4, false, 6, 16 + 56},
    {v10, C4_KEY, C4_DATA_KEY, 102, 4, true, 6, 16 + 56},
    {v11, C4_KEY, C4_DATA_KEY, 118, 4, false, 8, 16 + 72},
    {v12, C4_KEY, C4_DATA_KEY, 102, 4, false, 94, 16 + 56},
    {v13, C4_KEY, C4_DATA_KEY, 198, 4, false, 119, 16 + 144},
    {v14, C4_KEY, C4_DATA_KEY, 118, 4, true, 117, 16 + 64},
    {v15, C4_KEY, C4_DATA_KEY, 54, 4, true, 99, 16},
    {v16, C4_KEY, C4_DATA_KEY, 54, 4, false, 102, 16},
    {v17, C4_KEY, C4_DATA_KEY, 102, 4, true, 115, 16 + 56},
    {v18, C4_KEY, C4_DATA_KEY, 102, 4, true, 262, 16 + 56},
    {v19, C2_KEY, C2_DATA_KEY, 38, 2, true, 2, 1},
    {v20, C2_KEY, C2_DATA_KEY, 294, 2, false, 3, 16 + 240},
    {v21, C2_KEY, C2_DATA_KEY, 54, 2, true, 3, 16},
    {v22, C2_KEY, C2_DATA_KEY, 54, 2, false, 4, 16},
    {v23, C2_KEY, C2_DATA_KEY, 102, 2, false, 7, 16 + 56},
    {v24, C5_KEY, NULL, 374, 5, false, 0x9CC, KDNET_POKE_LEN},
};

struct sealed { /* a vector, and what it takes to open it */
    struct kdnet_key control_key;
    uint8_t aes_key[KD_KEY_LEN];
    uint8_t bytes[KDNET_DATAGRAM_MAX];
    size_t len;
};

static struct sealed sealed_of(const struct vector *v)
{
    struct sealed s;

    assert_int_equal(kdnet_key_parse(v->key, strlen(v->key), NULL, &s.control_key), KD_OK);
    memcpy(s.aes_key, s.control_key.bytes, KD_KEY_LEN);
    if (v->data_key)
        hex_decode(v->data_key, s.aes_key, sizeof s.aes_key);
    s.len = hex_decode(v->hex, s.bytes, sizeof s.bytes);
    assert_int_equal(s.len, v->len);
    return s;
}

static enum kd_status open_sealed(const struct sealed *s, uint8_t *plain, struct kdnet_datagram *d)
{
    return kdnet_open(&crypto.table, &s->control_key, s->aes_key, s->bytes, s->len, plain, d);
}

static void real_datagrams_open_and_seal_again_to_the_same_bytes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        const struct vector *v = &vectors[i];
        struct sealed s = sealed_of(v);
        uint8_t plain[KDNET_DATAGRAM_MAX], again[KDNET_DATAGRAM_MAX];
        struct kdnet_datagram d;
        size_t len = 0;

        assert_int_equal(open_sealed(&s, plain, &d), KD_OK);
        assert_int_equal(d.version, v->version);
        assert_int_equal(d.is_control, v->data_key == NULL);
        assert_int_equal(d.from_host, v->from_host);
        assert_int_equal(d.sequence, v->sequence);
        assert_int_equal(d.payload.len, v->payload_len);

        assert_int_equal(
            kdnet_seal(&crypto.table, &s.control_key, s.aes_key, &d, again, s.len, &len), KD_OK);
        assert_int_equal(len, s.len);
        assert_memory_equal(again, s.bytes, len);
    }
}

static struct kdnet_poke poke_of(const struct vector *v)
{
    struct sealed s = sealed_of(v);
    uint8_t plain[KDNET_DATAGRAM_MAX];
    struct kdnet_datagram d;
    struct kdnet_poke poke;

    assert_int_equal(open_sealed(&s, plain, &d), KD_OK);
    for (size_t i = 88; i < KDNET_POKE_LEN; i++)
        assert_int_equal(d.payload.data[i], 0);
    assert_int_equal(kdnet_poke_decode(d.payload.data, d.payload.len, &poke), KD_OK);
    return poke;
}

static void expect_address(const struct kdnet_address *a, const char *ip_hex, uint16_t port)
{
    uint8_t ip[16];

    assert_int_equal(hex_decode(ip_hex, ip, sizeof ip), sizeof ip);
    assert_memory_equal(a->ip, ip, sizeof ip);
    assert_int_equal(a->port, port);
}

static void expect_bytes(const uint8_t *at, size_t len, const char *hex)
{
    uint8_t expected[64];

    assert_int_equal(hex_decode(hex, expected, sizeof expected), len);
    assert_memory_equal(at, expected, len);
}

static void a_first_poke_says_who_calls_whom(void **state)
{
    struct kdnet_poke poke = poke_of(&vectors[0]);

    (void)state;
    assert_true(poke.nonce_a == UINT64_C(0xDFA17AACDF9297C1));
    expect_bytes(poke.nonce_b, sizeof poke.nonce_b,
                 "e007010018000b00240005000000070088f7570043a12600");
    expect_bytes(poke.nonce, sizeof poke.nonce,
                 "c19792dfac7aa1dfe007010018000b00240005000000070088f7570043a12600");
    expect_address(&poke.target, "00000000000000000000ffffc0a80248", 51111);
    expect_address(&poke.host, "00000000000000000000ffffc0a80201", 51111);
    expect_address(&poke.connected, "00000000000000000000ffff00000000", 0);
}

static void a_poke_of_version_5_may_name_a_connected_host_at_once(void **state)
{
    struct kdnet_poke poke = poke_of(&vectors[23]);

    (void)state;
    assert_true(poke.nonce_a == UINT64_C(0xF657954566EF370B));
    expect_bytes(poke.nonce_b, sizeof poke.nonce_b,
                 "e6ca41ec51a89d371c80a4ace78402d98d75c096c9328254");
    expect_address(&poke.target, "00000000000000000000ffffc0a80169", 50000);
    expect_address(&poke.host, "00000000000000000000ffffc0a80165", 50000);
    expect_address(&poke.connected, "00000000000000000000ffffc0a80165", 50000);
}

static void the_response_of_a_real_host_is_encoded_to_the_byte(void **state)
{
    struct kdnet_poke poke = poke_of(&vectors[0]);
    struct sealed s = sealed_of(&vectors[1]);
    uint8_t plain[KDNET_DATAGRAM_MAX], host_random[32], response[KDNET_RESPONSE_LEN];
    struct kdnet_datagram d;

    (void)state;
    hex_decode("41b4fa1b2ddd14ee3eeb8db987c0c7257ce62eef126ab74ef212136c100c540b", host_random,
               sizeof host_random);
    assert_int_equal(open_sealed(&s, plain, &d), KD_OK);
    assert_true(kdnet_is_response(d.payload.data, d.payload.len));
    kdnet_response_encode(&poke, host_random, response);
    assert_memory_equal(response, d.payload.data, sizeof response);
}

static void the_data_key_comes_out_of_the_response(void **state)
{
    struct sealed s = sealed_of(&vectors[1]);
    uint8_t plain[KDNET_DATAGRAM_MAX], key[KD_KEY_LEN];
    struct kdnet_datagram d;

    (void)state;
    assert_int_equal(open_sealed(&s, plain, &d), KD_OK);
    assert_int_equal(kdnet_data_key(&crypto.table, &s.control_key, d.payload.data, key), KD_OK);
    expect_bytes(key, sizeof key, C4_DATA_KEY);
}

static void pokes_and_responses_are_known_by_length_and_type(void **state)
{
    uint8_t payload[KDNET_POKE_LEN + 1] = {1, 1};
    struct kdnet_poke poke;

    (void)state;
    assert_int_equal(kdnet_poke_decode(payload, KDNET_POKE_LEN, &poke), KD_OK);
    assert_int_equal(kdnet_poke_decode(payload, KDNET_POKE_LEN - 1, &poke), KD_ERR_MALFORMED);
    assert_int_equal(kdnet_poke_decode(payload, KDNET_POKE_LEN + 1, &poke), KD_ERR_MALFORMED);
    assert_int_equal(kdnet_poke_decode(payload, 0, &poke), KD_ERR_MALFORMED);
    assert_false(kdnet_is_response(payload, KDNET_RESPONSE_LEN));
    payload[1] = 2;
    assert_int_equal(kdnet_poke_decode(payload, KDNET_POKE_LEN, &poke), KD_ERR_MALFORMED);
    assert_true(kdnet_is_response(payload, KDNET_RESPONSE_LEN));
    assert_false(kdnet_is_response(payload, KDNET_RESPONSE_LEN - 1));
    assert_false(kdnet_is_response(payload, 0));
    payload[0] = 2;
    assert_false(kdnet_is_response(payload, KDNET_RESPONSE_LEN));
}

static enum kd_status decode_for_feed(void *ctx, const uint8_t *bytes, size_t len)
{
    const struct sealed *s = ctx;
    uint8_t plain[KDNET_DATAGRAM_MAX];
    struct kdnet_datagram d;

    return kdnet_open(&crypto.table, &s->control_key, s->aes_key, bytes, len, plain, &d);
}

static void a_datagram_that_is_cut_or_grown_is_refused(void **state)
{
    struct sealed s = sealed_of(&vectors[3]);

    (void)state;
    feed_prefixes_fail(decode_for_feed, &s, s.bytes, s.len, s.len);
    feed_one_byte_too_many_fails(decode_for_feed, &s, s.bytes, s.len);
}

static void any_bit_that_changed_is_noticed_and_nothing_is_handed_out(void **state)
{
    struct sealed s = sealed_of(&vectors[3]);
    uint8_t plain[KDNET_DATAGRAM_MAX];

    (void)state;
    for (size_t bit = 0; bit < s.len * 8; bit++) {
        struct kdnet_datagram d = {.version = 77};

        s.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_not_equal(open_sealed(&s, plain, &d), KD_OK);
        assert_int_equal(d.version, 77);
        assert_null(d.payload.data);
        s.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

static void another_key_does_not_open_it(void **state)
{
    struct sealed s = sealed_of(&vectors[0]);
    uint8_t plain[KDNET_DATAGRAM_MAX];
    struct kdnet_datagram d;

    (void)state;
    s.aes_key[31] ^= 1;
    assert_int_equal(open_sealed(&s, plain, &d), KD_ERR_AUTH);
    s.aes_key[31] ^= 1;
    s.control_key.bytes[31] ^= 1;
    assert_int_equal(open_sealed(&s, plain, &d), KD_ERR_AUTH);
    s.control_key.bytes[31] ^= 1;
    assert_int_equal(open_sealed(&s, plain, &d), KD_OK);
}

static void what_stands_in_clear_is_judged_without_a_key(void **state)
{
    uint8_t bytes[KDNET_DATAGRAM_MAX + 64] = {'M', 'D', 'B', 'G', 4, 1};
    struct kdnet_datagram d = {0};

    (void)state;
    assert_int_equal(kdnet_peek(NULL, 0, &d), KD_ERR_TRUNCATED);
    assert_int_equal(kdnet_peek(bytes, KDNET_DATAGRAM_MIN - 16, &d), KD_ERR_TRUNCATED);
    assert_int_equal(kdnet_peek(bytes, KDNET_DATAGRAM_MIN + 1, &d), KD_ERR_TRUNCATED);
    assert_int_equal(kdnet_peek(bytes, 6 + 16 * 128, &d), KD_ERR_LIMIT);
    assert_int_equal(kdnet_peek(bytes, KDNET_DATAGRAM_MIN, &d), KD_OK);
    assert_int_equal(d.version, 4);
    assert_true(d.is_control);

    bytes[5] = 2; /* "halted", of no interest */
    assert_int_equal(kdnet_peek(bytes, KDNET_DATAGRAM_MIN, &d), KD_OK);
    assert_false(d.is_control);
    bytes[5] = 4;
    assert_int_equal(kdnet_peek(bytes, KDNET_DATAGRAM_MIN, &d), KD_ERR_MALFORMED);
    bytes[5] = 0x81;
    assert_int_equal(kdnet_peek(bytes, KDNET_DATAGRAM_MIN, &d), KD_ERR_MALFORMED);
    bytes[5] = 0;
    bytes[3] = 'H';
    assert_int_equal(kdnet_peek(bytes, KDNET_DATAGRAM_MIN, &d), KD_ERR_MALFORMED);
}

static void versions_nobody_met_are_tried_up_to_16(void **state)
{
    uint8_t bytes[KDNET_DATAGRAM_MIN] = {'M', 'D', 'B', 'G'};
    struct kdnet_datagram d;

    (void)state;
    for (unsigned version = 0; version < 256; version++) {
        bytes[4] = (uint8_t)version;
        assert_int_equal(kdnet_peek(bytes, sizeof bytes, &d),
                         version >= 2 && version <= 16 ? KD_OK : KD_ERR_UNSUPPORTED);
        assert_int_equal(kdnet_version_is_known((uint8_t)version),
                         version == 2 || version == 4 || version == 5);
    }
}

/* Seal with a tag byte of our choice, as no sender of ours would. */
static size_t seal_with_tag_byte(const struct kdnet_key *key, uint8_t tag_byte, size_t plain_len,
                                 uint8_t *out)
{
    uint8_t mac_key[KD_KEY_LEN], mac[KD_SHA256_LEN];
    const uint8_t clear[6] = {'M', 'D', 'B', 'G', 5, 1};
    const struct kd_span part = {out, 6 + plain_len};

    memcpy(out, clear, sizeof clear);
    memset(out + 6, 0, plain_len);
    out[6 + 7] = tag_byte;
    for (size_t i = 0; i < KD_KEY_LEN; i++)
        mac_key[i] = (uint8_t)~key->bytes[i];
    assert_int_equal(crypto.table.hmac_sha256(&crypto, mac_key, &part, 1, mac), KD_OK);
    assert_int_equal(
        crypto.table.aes256_cbc_encrypt(&crypto, key->bytes, mac, out + 6, out + 6, plain_len),
        KD_OK);
    memcpy(out + 6 + plain_len, mac, 16);
    return 6 + plain_len + 16;
}

static void padding_that_makes_no_sense_is_refused(void **state)
{
    struct kdnet_key key = {{9}};
    uint8_t bytes[64], plain[64];
    struct kdnet_datagram d;

    (void)state;
    for (unsigned tag_byte = 0; tag_byte < 256; tag_byte++) {
        unsigned pad = tag_byte & 0x7F;
        size_t len = seal_with_tag_byte(&key, (uint8_t)tag_byte, 16, bytes);
        enum kd_status st = kdnet_open(&crypto.table, &key, key.bytes, bytes, len, plain, &d);

        assert_int_equal(st, pad <= 8 ? KD_OK : KD_ERR_MALFORMED);
        if (st == KD_OK) {
            assert_int_equal(d.payload.len, 8 - pad);
            assert_int_equal(d.from_host, tag_byte >= 0x80);
        }
    }
    seal_with_tag_byte(&key, 15, 32, bytes);
    assert_int_equal(kdnet_open(&crypto.table, &key, key.bytes, bytes, 54, plain, &d), KD_OK);
    assert_int_equal(d.payload.len, 9);
    seal_with_tag_byte(&key, 16, 32, bytes);
    assert_int_equal(kdnet_open(&crypto.table, &key, key.bytes, bytes, 54, plain, &d),
                     KD_ERR_MALFORMED);
}

static void every_payload_length_survives_the_way_there_and_back(void **state)
{
    struct kdnet_key key = {{7}};
    uint8_t payload[KDNET_DATAGRAM_MAX], bytes[KDNET_DATAGRAM_MAX], plain[KDNET_DATAGRAM_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof payload; i++)
        payload[i] = (uint8_t)(i * 7);
    for (size_t n = 0; n <= 1424; n += n < 40 ? 1 : 173) {
        const struct kdnet_datagram d = {5, false, true, UINT64_C(0xFFFFFFFFFFFFFF), {payload, n}};
        size_t expected = 22 + 16 * ((8 + n + 15) / 16), len;
        struct kdnet_datagram back;

        assert_int_equal(kdnet_seal(&crypto.table, &key, key.bytes, &d, bytes, expected - 1, &len),
                         KD_ERR_LIMIT);
        assert_int_equal(kdnet_seal(&crypto.table, &key, key.bytes, &d, bytes, expected, &len),
                         KD_OK);
        assert_int_equal(len, expected);
        assert_int_equal(kdnet_open(&crypto.table, &key, key.bytes, bytes, len, plain, &back),
                         KD_OK);
        assert_true(back.sequence == d.sequence);
        assert_true(back.from_host && !back.is_control);
        assert_int_equal(back.payload.len, n);
        assert_memory_equal(back.payload.data, payload, n);
    }
}

static void what_no_receiver_would_take_is_not_sealed(void **state)
{
    static const uint8_t payload[KDNET_DATAGRAM_MAX * 2];
    uint8_t bytes[KDNET_DATAGRAM_MAX * 3];
    struct kdnet_key key = {{7}};
    struct kdnet_datagram d = {5, false, true, 1, {payload, KDNET_DATAGRAM_MAX - 22}};
    size_t len = 99;

    (void)state;
    assert_int_equal(kdnet_seal(&crypto.table, &key, key.bytes, &d, bytes, sizeof bytes, &len),
                     KD_ERR_LIMIT);
    d.payload.len = SIZE_MAX - 4;
    assert_int_equal(kdnet_seal(&crypto.table, &key, key.bytes, &d, bytes, sizeof bytes, &len),
                     KD_ERR_LIMIT);
    d.payload.len = 4;
    d.sequence = UINT64_C(1) << 56;
    assert_int_equal(kdnet_seal(&crypto.table, &key, key.bytes, &d, bytes, sizeof bytes, &len),
                     KD_ERR_LIMIT);
    d.sequence = 1;
    assert_int_equal(kdnet_seal(&crypto.table, &key, key.bytes, &d, bytes, 3, &len), KD_ERR_LIMIT);
    assert_int_equal(len, 99);
}

static void a_primitive_that_fails_is_reported(void **state)
{
    struct sealed s = sealed_of(&vectors[0]);
    uint8_t plain[KDNET_DATAGRAM_MAX];
    struct kdnet_datagram d = {0};
    size_t len;

    (void)state;
    crypto.is_broken = true;
    assert_int_equal(open_sealed(&s, plain, &d), KD_ERR_IO);
    assert_int_equal(
        kdnet_seal(&crypto.table, &s.control_key, s.aes_key, &d, plain, sizeof plain, &len),
        KD_ERR_IO);
    crypto.is_broken = false;
}

static void the_mac_key_does_not_stay_on_the_stack(void **state)
{
    struct sealed s = sealed_of(&vectors[0]);
    uint8_t plain[KDNET_DATAGRAM_MAX], mac_key[KD_KEY_LEN];
    struct kdnet_datagram d;

    (void)state;
    expect_bytes(s.control_key.bytes, KD_KEY_LEN,
                 "0800000000000000080000000000000008000000000000000800000000000000");
    hex_decode("f7fffffffffffffff7fffffffffffffff7fffffffffffffff7ffffffffffffff", mac_key,
               sizeof mac_key);
    crypto.secret = mac_key;
    crypto.secret_wiped = 0;
    assert_int_equal(open_sealed(&s, plain, &d), KD_OK);
    assert_int_equal(crypto.secret_wiped, 1);
    crypto.secret = NULL;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(real_datagrams_open_and_seal_again_to_the_same_bytes),
        cmocka_unit_test(a_first_poke_says_who_calls_whom),
        cmocka_unit_test(a_poke_of_version_5_may_name_a_connected_host_at_once),
        cmocka_unit_test(the_response_of_a_real_host_is_encoded_to_the_byte),
        cmocka_unit_test(the_data_key_comes_out_of_the_response),
        cmocka_unit_test(pokes_and_responses_are_known_by_length_and_type),
        cmocka_unit_test(a_datagram_that_is_cut_or_grown_is_refused),
        cmocka_unit_test(any_bit_that_changed_is_noticed_and_nothing_is_handed_out),
        cmocka_unit_test(another_key_does_not_open_it),
        cmocka_unit_test(what_stands_in_clear_is_judged_without_a_key),
        cmocka_unit_test(versions_nobody_met_are_tried_up_to_16),
        cmocka_unit_test(padding_that_makes_no_sense_is_refused),
        cmocka_unit_test(every_payload_length_survives_the_way_there_and_back),
        cmocka_unit_test(what_no_receiver_would_take_is_not_sealed),
        cmocka_unit_test(a_primitive_that_fails_is_reported),
        cmocka_unit_test(the_mac_key_does_not_stay_on_the_stack),
    };

    test_crypto_init(&crypto);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
