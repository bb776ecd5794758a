#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "kdproto/vectors_kdnet.h"
#include "seal.h"
#include "support/hex.h"

static struct lab_seal *seal_of(const char *key_text)
{
    uint8_t key[LAB_KEY_LEN];
    struct lab_seal *s;

    assert_true(lab_key_parse(key_text, key));
    s = lab_seal_create(key);
    assert_non_null(s);
    return s;
}

static void assert_key(const char *text, const char *hex)
{
    uint8_t key[LAB_KEY_LEN], expected[LAB_KEY_LEN];

    hex_decode(hex, expected, sizeof expected);
    assert_true(lab_key_parse(text, key));
    assert_memory_equal(key, expected, sizeof key);
}

static void keys_are_four_words_of_base_36(void **state)
{
    (void)state;
    assert_key("1.1.1.1", "0100000000000000010000000000000001000000000000000100000000000000");
    assert_key("1.2.3.4", "0100000000000000020000000000000003000000000000000400000000000000");
    assert_key("z.10.zz.3w5e11264sgsf",
               "230000000000000024000000000000000f05000000000000ffffffffffffffff");
    assert_key("Z.10.ZZ.3W5E11264SGSF",
               "230000000000000024000000000000000f05000000000000ffffffffffffffff");
    assert_key("00000000000a1.k3y.w0rd.0",
               "6901000000000000ce65000000000000d9cb1600000000000000000000000000");
}

static void what_is_no_key_is_refused(void **state)
{
    static const char *const wrong[] = {
        "3w5e11264sgsg.1.1.1",
        "zzzzzzzzzzzzz.1.1.1",
        "1.1.1",
        "1.1.1.1.1",
        "1..1.1",
        "1.1.1.-",
        "0.0.0.0",
        "",
        "1.1.1.",
        ".1.1.1",
        "1.1.1.1 ",
        " 1.1.1.1",
        "1.1.1.1.",
        "1 .1.1.1",
        "00000000000001.1.1.1",
    };
    uint8_t key[LAB_KEY_LEN];

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_false(lab_key_parse(wrong[i], key));
}

/* Link a seal to the session whose data key was published, where the response is not at hand. */
static struct lab_seal *linked_c4(void)
{
    struct lab_seal *s = seal_of(C4_KEY);
    uint8_t datagram[512], expected[LAB_KEY_LEN];
    struct lab_message m;

    assert_int_equal(lab_seal_open(s, datagram, hex_decode(v2, datagram, sizeof datagram), &m),
                     LAB_GOOD);
    assert_int_equal(m.len, LAB_RESPONSE_LEN);
    lab_seal_link(s, m.payload);
    hex_decode(C4_DATA_KEY, expected, sizeof expected);
    assert_memory_equal(lab_seal_data_key(s), expected, sizeof expected);
    return s;
}

static void the_data_key_is_made_of_the_response(void **state)
{
    (void)state;
    lab_seal_destroy(linked_c4());
}

struct expected_vector {
    const char *hex;
    bool is_control, from_host;
    uint64_t sequence;
    size_t payload_len;
    const char *begins; /* the payload's first bytes, as hex */
};

static const struct expected_vector vectors_c4[] = {
    {v1, true, false, 3, 344, "0101 c19792dfac7aa1df e007010018000b00"},
    {v2, true, true, 3, 322, "0102 c19792dfac7aa1df e007010018000b00"},
    {v3, false, false, 1, 12, "0000000000000000 0102a8c0"},
    {v5, false, true, 1, 16, "69696969 0500 0000 00000000 00000000"},
    {v6, false, true, 2, 16, "69696969 0400 0000 00000000 00000000"},
    {v7, false, false, 4, 268, "30303030 0700 fc00 02000000 4c2f0000 31300000"},
    {v8, false, true, 4, 72, "30303030 0200 3800 00000080 c0100000 46310000 ffff ffff 03010000"},
    {v9, false, false, 6, 72, "30303030 0200 3800 04000000 aa090000 46310000"},
    {v15, false, true, 99, 16, "69696969 0600 0000 60000080 00000000"},
    {v16, false, false, 102, 16, "69696969 0600 0000 62000000 00000000"},
    {v17, false, true, 115, 72, "30303030 0200 3800 6e000080"},
    {v18, false, true, 262, 72, "30303030 0200 3800 fc000080"},
};

static void assert_vector(struct lab_seal *s, const struct expected_vector *v, uint8_t version)
{
    uint8_t datagram[512], again[LAB_DATAGRAM_MAX], begins[64];
    size_t len = hex_decode(v->hex, datagram, sizeof datagram);
    size_t begins_len = hex_decode(v->begins, begins, sizeof begins);
    struct lab_message m;

    assert_int_equal(lab_seal_open(s, datagram, len, &m), LAB_GOOD);
    assert_int_equal(m.version, version);
    assert_int_equal(m.is_control, v->is_control);
    assert_int_equal(m.from_host, v->from_host);
    assert_int_equal(m.sequence, v->sequence);
    assert_int_equal(m.len, v->payload_len);
    assert_memory_equal(m.payload, begins, begins_len);
    /* Sealing is deterministic: the same message makes the same datagram. */
    assert_int_equal(lab_seal_message(s, &m, again), len);
    assert_memory_equal(again, datagram, len);
}

static void datagrams_of_the_version_4_capture_open_and_seal_again(void **state)
{
    struct lab_seal *s = linked_c4();

    (void)state;
    for (size_t i = 0; i < sizeof vectors_c4 / sizeof *vectors_c4; i++)
        assert_vector(s, &vectors_c4[i], 4);
    lab_seal_destroy(s);
}

static void the_break_in_of_the_version_2_capture_opens_and_seals_again(void **state)
{
    static const struct expected_vector c2[] = {
        {v19, false, true, 2, 1, "62"},
        {v20, false, false, 3, 256,
         "30303030 0700 f000 26090000 8e2f0000 30300000 0600 0000 01000000"},
    };
    uint8_t key[LAB_KEY_LEN];
    struct lab_seal *s = seal_of(C2_KEY);

    (void)state;
    hex_decode(C2_DATA_KEY, key, sizeof key);
    lab_seal_link_key(s, key);
    assert_vector(s, &c2[0], 2);
    assert_vector(s, &c2[1], 2);
    lab_seal_destroy(s);
}

static void no_bit_can_be_changed(void **state)
{
    struct lab_seal *s = linked_c4();
    uint8_t datagram[512];
    size_t len = hex_decode(v6, datagram, sizeof datagram);
    struct lab_message m;

    (void)state;
    for (size_t bit = 0; bit < 8 * len; bit++) {
        datagram[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_int_not_equal(lab_seal_open(s, datagram, len, &m), LAB_GOOD);
        datagram[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    lab_seal_destroy(s);
}

static void bad_datagrams_are_told_apart(void **state)
{
    struct lab_seal *s = seal_of(C4_KEY);
    uint8_t datagram[512];
    size_t len = hex_decode(v6, datagram, sizeof datagram);
    struct lab_message m;

    (void)state;
    assert_int_equal(lab_seal_open(s, datagram, 0, &m), LAB_BAD_LENGTH);
    assert_int_equal(lab_seal_open(s, datagram, 37, &m), LAB_BAD_LENGTH);
    assert_int_equal(lab_seal_open(s, datagram, len - 1, &m), LAB_BAD_LENGTH);
    assert_int_equal(lab_seal_open(s, datagram, len, &m), LAB_BAD_NO_DATA_KEY);
    datagram[5] = 1; /* a data datagram on the control channel */
    assert_int_equal(lab_seal_open(s, datagram, len, &m), LAB_BAD_MAC);
    datagram[5] = 2;
    assert_int_equal(lab_seal_open(s, datagram, len, &m), LAB_BAD_FLAGS);
    datagram[0] = 'm';
    assert_int_equal(lab_seal_open(s, datagram, len, &m), LAB_BAD_MAGIC);
    lab_seal_destroy(s);
}

static void payloads_of_every_length_survive(void **state)
{
    struct lab_seal *s = linked_c4();
    uint8_t payload[LAB_PAYLOAD_MAX], datagram[LAB_DATAGRAM_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof payload; i++)
        payload[i] = (uint8_t)(i * 7);
    for (size_t n = 0; n <= sizeof payload; n++) {
        struct lab_message in = {.version = 5,
                                 .from_host = true,
                                 .sequence = 0x00F00DBA5EBA11 + n,
                                 .payload = payload,
                                 .len = n};
        size_t len = lab_seal_message(s, &in, datagram);
        struct lab_message out;

        assert_int_equal(len, 22 + 16 * ((8 + n + 15) / 16));
        assert_int_equal(lab_seal_open(s, datagram, len, &out), LAB_GOOD);
        assert_int_equal(out.version, 5);
        assert_int_equal(out.sequence, in.sequence);
        assert_int_equal(out.len, n);
        assert_memory_equal(out.payload, payload, n);
    }
    lab_seal_destroy(s);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_four_words_of_base_36),
        cmocka_unit_test(what_is_no_key_is_refused),
        cmocka_unit_test(the_data_key_is_made_of_the_response),
        cmocka_unit_test(datagrams_of_the_version_4_capture_open_and_seal_again),
        cmocka_unit_test(the_break_in_of_the_version_2_capture_opens_and_seals_again),
        cmocka_unit_test(no_bit_can_be_changed),
        cmocka_unit_test(bad_datagrams_are_told_apart),
        cmocka_unit_test(payloads_of_every_length_survive),
    };
    return cmocka_run_group_tests_name("lab.test_seal", tests, NULL, NULL);
}
