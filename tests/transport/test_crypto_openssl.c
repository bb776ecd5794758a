#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <transport/crypto_openssl.h>

static const uint8_t jefe[KD_KEY_LEN] = "Jefe"; /* HMAC pads short keys with zeros itself */
static const uint8_t elevens[KD_KEY_LEN] = {11, 11, 11, 11, 11, 11, 11, 11, 11, 11,
                                            11, 11, 11, 11, 11, 11, 11, 11, 11, 11};

/* RFC 4231, test cases 2 and 1 */
static const uint8_t mac_of_jefe[] = {
    0x5b, 0xdc, 0xc1, 0x46, 0xbf, 0x60, 0x75, 0x4e, 0x6a, 0x04, 0x24, 0x26, 0x08, 0x95, 0x75, 0xc7,
    0x5a, 0x00, 0x3f, 0x08, 0x9d, 0x27, 0x39, 0x83, 0x9d, 0xec, 0x58, 0xb9, 0x64, 0xec, 0x38, 0x43};
static const uint8_t mac_of_elevens[] = {
    0xb0, 0x34, 0x4c, 0x61, 0xd8, 0xdb, 0x38, 0x53, 0x5c, 0xa8, 0xaf, 0xce, 0xaf, 0x0b, 0xf1, 0x2b,
    0x88, 0x1d, 0xc2, 0x00, 0xc9, 0x83, 0x3d, 0xa7, 0x26, 0xe9, 0x37, 0x6c, 0x2e, 0x32, 0xcf, 0xf7};

/* NIST SP 800-38A, F.2.5, first two blocks */
static const uint8_t aes_key[KD_KEY_LEN] = {
    0x60, 0x3d, 0xeb, 0x10, 0x15, 0xca, 0x71, 0xbe, 0x2b, 0x73, 0xae, 0xf0, 0x85, 0x7d, 0x77, 0x81,
    0x1f, 0x35, 0x2c, 0x07, 0x3b, 0x61, 0x08, 0xd7, 0x2d, 0x98, 0x10, 0xa3, 0x09, 0x14, 0xdf, 0xf4};
static const uint8_t aes_iv[KD_IV_LEN] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
static const uint8_t aes_plain[] = {
    0x6b, 0xc1, 0xbe, 0xe2, 0x2e, 0x40, 0x9f, 0x96, 0xe9, 0x3d, 0x7e, 0x11, 0x73, 0x93, 0x17, 0x2a,
    0xae, 0x2d, 0x8a, 0x57, 0x1e, 0x03, 0xac, 0x9c, 0x9e, 0xb7, 0x6f, 0xac, 0x45, 0xaf, 0x8e, 0x51};
static const uint8_t aes_cipher[] = {
    0xf5, 0x8c, 0x4c, 0x04, 0xd6, 0xe5, 0xf1, 0xba, 0x77, 0x9e, 0xab, 0xfb, 0x5f, 0x7b, 0xfb, 0xd6,
    0x9c, 0xfc, 0x4e, 0x96, 0x7e, 0xdb, 0x80, 0x8d, 0x67, 0x9f, 0x77, 0x7b, 0xc6, 0x70, 0x2c, 0x7d};

static const struct kd_crypto *table(void **state)
{
    return kdt_crypto_table(*state);
}

static struct kd_span span(const char *text)
{
    return (struct kd_span){(const uint8_t *)text, strlen(text)};
}

static void check_mac(const struct kd_crypto *t, const uint8_t *key, const char *text,
                      const uint8_t *expected)
{
    struct kd_span part = span(text);
    uint8_t out[KD_SHA256_LEN];

    assert_int_equal(t->hmac_sha256(t->self, key, &part, 1, out), KD_OK);
    assert_memory_equal(out, expected, sizeof out);
}

static void hmac_agrees_with_rfc_4231_whichever_key_was_used_before(void **state)
{
    for (int i = 0; i < 3; i++) {
        check_mac(table(state), jefe, "what do ya want for nothing?", mac_of_jefe);
        check_mac(table(state), jefe, "what do ya want for nothing?", mac_of_jefe);
        check_mac(table(state), elevens, "Hi There", mac_of_elevens);
    }
}

static void parts_are_hashed_as_if_they_were_one(void **state)
{
    static const uint8_t sha256_of_abc[] = {0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea,
                                            0x41, 0x41, 0x40, 0xde, 0x5d, 0xae, 0x22, 0x23,
                                            0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17, 0x7a, 0x9c,
                                            0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad};
    const struct kd_crypto *t = table(state);
    struct kd_span abc[] = {span("a"), span(""), span("bc")};
    struct kd_span want[] = {span("what do ya "), span("want for nothing?")};
    uint8_t out[KD_SHA256_LEN];

    for (int i = 0; i < 2; i++) {
        assert_int_equal(t->sha256(t->self, abc, 3, out), KD_OK);
        assert_memory_equal(out, sha256_of_abc, sizeof out);
    }
    assert_int_equal(t->hmac_sha256(t->self, jefe, want, 2, out), KD_OK);
    assert_memory_equal(out, mac_of_jefe, sizeof out);
}

static void cbc_agrees_with_sp_800_38a_whichever_key_was_used_before(void **state)
{
    const struct kd_crypto *t = table(state);
    uint8_t out[sizeof aes_plain];

    for (int i = 0; i < 4; i++) {
        assert_int_equal(
            t->aes256_cbc_encrypt(t->self, aes_key, aes_iv, aes_plain, out, sizeof out), KD_OK);
        assert_memory_equal(out, aes_cipher, sizeof out);
        assert_int_equal(
            t->aes256_cbc_decrypt(t->self, aes_key, aes_iv, aes_cipher, out, sizeof out), KD_OK);
        assert_memory_equal(out, aes_plain, sizeof out);
        if (i == 1) /* another key in between */
            for (int k = 0; k < 2; k++) {
                t->aes256_cbc_encrypt(t->self, jefe, aes_iv, aes_plain, out, sizeof out);
                t->aes256_cbc_decrypt(t->self, jefe, aes_iv, out, out, sizeof out);
                assert_memory_equal(out, aes_plain, sizeof out);
            }
    }
}

/* What was decrypted before must leave no trace in the next call. */
static void each_decryption_begins_with_its_own_iv(void **state)
{
    const struct kd_crypto *t = table(state);
    uint8_t other[KD_IV_LEN], out[sizeof aes_plain];

    assert_int_equal(t->aes256_cbc_decrypt(t->self, aes_key, aes_iv, aes_cipher, out, sizeof out),
                     KD_OK);
    for (size_t i = 0; i < sizeof other; i++)
        other[i] = aes_iv[i] ^ 0x5a;
    assert_int_equal(t->aes256_cbc_decrypt(t->self, aes_key, other, aes_cipher, out, sizeof out),
                     KD_OK);
    for (size_t i = 0; i < sizeof other; i++)
        assert_int_equal(out[i], aes_plain[i] ^ 0x5a);
    assert_memory_equal(out + KD_IV_LEN, aes_plain + KD_IV_LEN, sizeof out - KD_IV_LEN);
    assert_int_equal(t->aes256_cbc_decrypt(t->self, aes_key, aes_iv, aes_cipher, out, 0), KD_OK);
    assert_int_equal(t->aes256_cbc_decrypt(t->self, aes_key, aes_iv, aes_cipher, out, sizeof out),
                     KD_OK);
    assert_memory_equal(out, aes_plain, sizeof out);
}

static void encryption_works_in_place(void **state)
{
    const struct kd_crypto *t = table(state);
    uint8_t buf[sizeof aes_plain];

    memcpy(buf, aes_plain, sizeof buf);
    assert_int_equal(t->aes256_cbc_encrypt(t->self, aes_key, aes_iv, buf, buf, sizeof buf), KD_OK);
    assert_memory_equal(buf, aes_cipher, sizeof buf);
    assert_int_equal(t->aes256_cbc_decrypt(t->self, aes_key, aes_iv, buf, buf, sizeof buf), KD_OK);
    assert_memory_equal(buf, aes_plain, sizeof buf);
}

static void a_length_that_is_no_multiple_of_the_block_is_refused(void **state)
{
    const struct kd_crypto *t = table(state);
    uint8_t out[sizeof aes_plain];

    assert_int_equal(t->aes256_cbc_encrypt(t->self, aes_key, aes_iv, aes_plain, out, 17),
                     KD_ERR_IO);
    assert_int_equal(t->aes256_cbc_decrypt(t->self, aes_key, aes_iv, aes_plain, out, 15),
                     KD_ERR_IO);
    /* and nothing of it is left over for the next call */
    assert_int_equal(t->aes256_cbc_encrypt(t->self, aes_key, aes_iv, aes_plain, out, sizeof out),
                     KD_OK);
    assert_memory_equal(out, aes_cipher, sizeof out);
}

static void random_bytes_differ_from_call_to_call(void **state)
{
    const struct kd_crypto *t = table(state);
    uint8_t a[32] = {0}, b[32] = {0}, zero[32] = {0};

    assert_int_equal(t->random(t->self, a, sizeof a), KD_OK);
    assert_int_equal(t->random(t->self, b, sizeof b), KD_OK);
    assert_memory_not_equal(a, b, sizeof a);
    assert_memory_not_equal(a, zero, sizeof a);
}

static void wiped_secrets_are_gone(void **state)
{
    const struct kd_crypto *t = table(state);
    uint8_t secret[8] = "secret", zero[8] = {0};

    t->wipe(t->self, secret, sizeof secret);
    assert_memory_equal(secret, zero, sizeof secret);
}

static int set_up(void **state)
{
    struct kdt_crypto *c = NULL;

    if (kdt_crypto_create(&c) != KD_OK)
        return -1;
    *state = c;
    return 0;
}

static int tear_down(void **state)
{
    kdt_crypto_destroy(*state);
    kdt_crypto_destroy(NULL);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hmac_agrees_with_rfc_4231_whichever_key_was_used_before),
        cmocka_unit_test(parts_are_hashed_as_if_they_were_one),
        cmocka_unit_test(cbc_agrees_with_sp_800_38a_whichever_key_was_used_before),
        cmocka_unit_test(each_decryption_begins_with_its_own_iv),
        cmocka_unit_test(encryption_works_in_place),
        cmocka_unit_test(a_length_that_is_no_multiple_of_the_block_is_refused),
        cmocka_unit_test(random_bytes_differ_from_call_to_call),
        cmocka_unit_test(wiped_secrets_are_gone),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
