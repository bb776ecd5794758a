#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <kdproto/kdnet_tap.h>

#include "support/hex.h"
#include "support/pcapng_min.h"
#include "support/test_crypto.h"
#include "vectors_kdnet.h"

static struct test_crypto crypto;

static struct kdnet_key key_of(const char *text)
{
    struct kdnet_key key;

    assert_int_equal(kdnet_key_parse(text, strlen(text), NULL, &key), KD_OK);
    return key;
}

static struct kdnet_tap *tap_of(const char *text)
{
    struct kdnet_key key = key_of(text);
    struct kdnet_tap *tap;

    assert_int_equal(kdnet_tap_create(&crypto.table, &key, &tap), KD_OK);
    return tap;
}

static enum kd_status open_hex(struct kdnet_tap *tap, const char *hex, struct kdnet_datagram *d)
{
    uint8_t bytes[KDNET_DATAGRAM_MAX];

    return kdnet_tap_open(tap, bytes, hex_decode(hex, bytes, sizeof bytes), d);
}

static void data_opens_after_the_response_that_made_its_key(void **state)
{
    struct kdnet_tap *tap = tap_of(C4_KEY);
    struct kdnet_datagram d;

    (void)state;
    assert_int_equal(open_hex(tap, v3, &d), KD_ERR_NOT_FOUND);
    assert_int_equal(open_hex(tap, v1, &d), KD_OK);
    assert_int_equal(open_hex(tap, v3, &d), KD_ERR_NOT_FOUND);
    assert_int_equal(open_hex(tap, v2, &d), KD_OK);
    assert_true(d.is_control && d.from_host);
    assert_int_equal(open_hex(tap, v3, &d), KD_OK);
    assert_int_equal(d.payload.len, KDNET_PING_LEN);
    assert_int_equal(open_hex(tap, v5, &d), KD_OK);
    assert_true(d.from_host);
    assert_int_equal(open_hex(tap, v20, &d), KD_ERR_AUTH); /* of another session */
    kdnet_tap_destroy(tap);
}

static void the_wrong_key_opens_nothing(void **state)
{
    struct kdnet_tap *tap = tap_of(C2_KEY);
    struct kdnet_datagram d;

    (void)state;
    assert_int_equal(open_hex(tap, v1, &d), KD_ERR_AUTH);
    assert_int_equal(open_hex(tap, v2, &d), KD_ERR_AUTH);
    assert_int_equal(open_hex(tap, v3, &d), KD_ERR_AUTH);
    assert_int_equal(open_hex(tap, "4d44424704", &d), KD_ERR_TRUNCATED);
    kdnet_tap_destroy(tap);
}

/* A session of our own: response number n, and a data datagram under the key it makes. */
struct session {
    uint8_t response[KDNET_DATAGRAM_MAX], data[KDNET_DATAGRAM_MAX];
    size_t response_len, data_len;
    uint8_t data_key[KD_KEY_LEN];
};

static struct session session_of(const struct kdnet_key *key, uint8_t n)
{
    static const uint8_t text[] = "sixteen bytes or";
    const struct kdnet_poke poke = {.nonce_a = n, .nonce = {n}};
    const uint8_t host_random[32] = {n};
    uint8_t payload[KDNET_RESPONSE_LEN];
    struct kdnet_datagram d = {4, true, true, n, {payload, sizeof payload}};
    struct session s;

    kdnet_response_encode(&poke, host_random, payload);
    assert_int_equal(kdnet_data_key(&crypto.table, key, payload, s.data_key), KD_OK);
    assert_int_equal(kdnet_seal(&crypto.table, key, key->bytes, &d, s.response, sizeof s.response,
                                &s.response_len),
                     KD_OK);
    d = (struct kdnet_datagram){4, false, false, 1, {text, 16}};
    assert_int_equal(
        kdnet_seal(&crypto.table, key, s.data_key, &d, s.data, sizeof s.data, &s.data_len), KD_OK);
    return s;
}

static void answers_that_cross_pokes_leave_every_key_usable(void **state)
{
    struct kdnet_key key = key_of("a.b.c.d");
    struct kdnet_tap *tap = tap_of("a.b.c.d");
    struct session s[5];
    struct kdnet_datagram d;

    (void)state;
    for (uint8_t n = 0; n < 5; n++)
        s[n] = session_of(&key, n);
    for (size_t n = 0; n < 4; n++)
        assert_int_equal(kdnet_tap_open(tap, s[n].response, s[n].response_len, &d), KD_OK);
    for (size_t round = 0; round < 3; round++)
        for (size_t n = 0; n < 4; n++)
            assert_int_equal(kdnet_tap_open(tap, s[n].data, s[n].data_len, &d), KD_OK);
    /* A response that is repeated takes no room, and the fifth pushes out what was idle longest. */
    for (size_t round = 0; round < 9; round++)
        assert_int_equal(kdnet_tap_open(tap, s[0].response, s[0].response_len, &d), KD_OK);
    assert_int_equal(kdnet_tap_open(tap, s[1].data, s[1].data_len, &d), KD_OK);
    assert_int_equal(kdnet_tap_open(tap, s[4].response, s[4].response_len, &d), KD_OK);
    assert_int_equal(kdnet_tap_open(tap, s[2].data, s[2].data_len, &d), KD_ERR_AUTH);
    assert_int_equal(kdnet_tap_open(tap, s[4].data, s[4].data_len, &d), KD_OK);
    assert_int_equal(kdnet_tap_open(tap, s[3].data, s[3].data_len, &d), KD_OK);
    assert_int_equal(kdnet_tap_open(tap, s[1].data, s[1].data_len, &d), KD_OK);
    assert_int_equal(kdnet_tap_open(tap, s[0].data, s[0].data_len, &d), KD_OK);
    kdnet_tap_destroy(tap);
}

static void only_the_hosts_response_makes_a_key(void **state)
{
    struct kdnet_key key = key_of("a.b.c.d");
    struct kdnet_tap *tap = tap_of("a.b.c.d");
    struct session s = session_of(&key, 1);
    uint8_t plain[KDNET_DATAGRAM_MAX], forged[KDNET_DATAGRAM_MAX];
    struct kdnet_datagram d;
    size_t len;

    (void)state;
    assert_int_equal(
        kdnet_open(&crypto.table, &key, key.bytes, s.response, s.response_len, plain, &d), KD_OK);
    d.from_host = false;
    assert_int_equal(kdnet_seal(&crypto.table, &key, key.bytes, &d, forged, sizeof forged, &len),
                     KD_OK);
    assert_int_equal(kdnet_tap_open(tap, forged, len, &d), KD_OK);
    assert_int_equal(kdnet_tap_open(tap, s.data, s.data_len, &d), KD_ERR_NOT_FOUND);
    kdnet_tap_destroy(tap);
}

static void its_keys_are_wiped_with_it(void **state)
{
    struct kdnet_key key = key_of("a.b.c.d");
    struct kdnet_tap *tap = tap_of("a.b.c.d");
    struct session s = session_of(&key, 1);
    struct kdnet_datagram d;

    (void)state;
    assert_int_equal(kdnet_tap_open(tap, s.response, s.response_len, &d), KD_OK);
    crypto.secret = s.data_key;
    crypto.secret_wiped = 0;
    kdnet_tap_destroy(tap);
    assert_int_equal(crypto.secret_wiped, 1);
    crypto.secret = NULL;
    kdnet_tap_destroy(NULL);
}

/* captures/windbg-uncut.pcapng: the counts are those of the corpus's README. */
static void a_whole_real_session_verifies(void **state)
{
    static const char path[] = KDWALK_TEST_DATA "/captures/windbg-uncut.pcapng";
    struct kdnet_tap *tap;
    struct pcapng_min capture;
    struct pcapng_datagram raw;
    unsigned pokes = 0, responses = 0, from_target = 0, from_host = 0;

    (void)state;
    if (!pcapng_min_open(&capture, path)) {
        print_message("no %s\n", path);
        skip();
    }
    tap = tap_of(C4_KEY);
    while (pcapng_min_next(&capture, &raw)) {
        struct kdnet_datagram d;
        struct kdnet_poke poke;
        unsigned *count;

        assert_int_equal(kdnet_tap_open(tap, raw.payload.data, raw.payload.len, &d), KD_OK);
        assert_int_equal(d.version, 4);
        assert_int_equal(d.from_host, raw.to_ip[3] == 72); /* the target is 192.168.2.72 */
        if (d.is_control && !d.from_host) {
            count = &pokes;
            assert_int_equal(kdnet_poke_decode(d.payload.data, d.payload.len, &poke), KD_OK);
            assert_int_equal(d.sequence, 3 * (pokes + 1));
            assert_true(poke.nonce_a == UINT64_C(0xDFA17AACDF9297C1) + pokes);
        } else if (d.is_control) {
            count = &responses;
            assert_true(kdnet_is_response(d.payload.data, d.payload.len));
        } else {
            count = d.from_host ? &from_host : &from_target;
            assert_int_equal(d.sequence, *count + 1);
        }
        ++*count;
    }
    assert_int_equal(pokes, 427);
    assert_int_equal(responses, 1);
    assert_int_equal(from_target, 265);
    assert_int_equal(from_host, 262);
    kdnet_tap_destroy(tap);
    pcapng_min_close(&capture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(data_opens_after_the_response_that_made_its_key),
        cmocka_unit_test(the_wrong_key_opens_nothing),
        cmocka_unit_test(answers_that_cross_pokes_leave_every_key_usable),
        cmocka_unit_test(only_the_hosts_response_makes_a_key),
        cmocka_unit_test(its_keys_are_wiped_with_it),
        cmocka_unit_test(a_whole_real_session_verifies),
    };

    test_crypto_init(&crypto);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
