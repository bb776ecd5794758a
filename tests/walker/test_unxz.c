#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <lzma.h>

#include "unxz.h"

/* len zeros, packed; *packed_len at most cap. */
static void pack_zeros(size_t len, uint32_t preset, uint8_t *packed, size_t cap, size_t *packed_len)
{
    static const uint8_t zeros[1 << 16];
    lzma_stream xz = LZMA_STREAM_INIT;
    lzma_ret ret = lzma_easy_encoder(&xz, preset, LZMA_CHECK_CRC32);

    xz.next_out = packed;
    xz.avail_out = cap;
    while (ret == LZMA_OK) {
        if (xz.avail_in == 0 && len > 0) {
            xz.next_in = zeros;
            xz.avail_in = len < sizeof zeros ? len : sizeof zeros;
            len -= xz.avail_in;
        }
        ret = lzma_code(&xz, len > 0 ? LZMA_RUN : LZMA_FINISH);
    }
    assert_int_equal(ret, LZMA_STREAM_END);
    *packed_len = (size_t)xz.total_out;
    lzma_end(&xz);
}

static void what_was_packed_comes_back(void **state)
{
    static const size_t lens[] = {0, 1, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 5000000};
    static uint8_t packed[65536];

    (void)state;
    for (size_t i = 0; i < sizeof lens / sizeof lens[0]; i++) {
        uint8_t *out = NULL;
        size_t packed_len, len = 7;

        pack_zeros(lens[i], 0, packed, sizeof packed, &packed_len);
        assert_true(kdw_is_xz(packed, packed_len));
        assert_int_equal(kdw_unxz(packed, packed_len, NULL, &out, &len), KD_OK);
        assert_int_equal(len, lens[i]);
        for (size_t k = 0; k < len; k++)
            assert_int_equal(out[k], 0);
        free(out);
    }
}

static void each_shorter_prefix_ends_too_early(void **state)
{
    static uint8_t packed[65536];
    struct kd_diag diag;
    size_t packed_len, len = 7;

    (void)state;
    pack_zeros(100000, 0, packed, sizeof packed, &packed_len);
    for (size_t n = 0; n < packed_len; n++) {
        uint8_t *part = malloc(n + 1), *out = NULL;

        assert_non_null(part);
        memcpy(part, packed, n);
        assert_int_equal(kdw_unxz(part, n, &diag, &out, &len), KD_ERR_TRUNCATED);
        assert_null(out);
        assert_int_equal(len, 7);
        free(part);
    }
}

static void a_changed_byte_is_noticed(void **state)
{
    static uint8_t packed[65536];
    size_t packed_len, len;

    (void)state;
    pack_zeros(100000, 0, packed, sizeof packed, &packed_len);
    for (size_t n = 0; n < packed_len; n++) {
        uint8_t *out = NULL;

        packed[n] ^= 0x55;
        assert_int_not_equal(kdw_unxz(packed, packed_len, NULL, &out, &len), KD_OK);
        assert_null(out);
        packed[n] ^= 0x55;
    }
    assert_false(kdw_is_xz(packed, 5));
}

static void a_small_file_that_unpacks_to_too_much_is_refused(void **state)
{
    static uint8_t packed[1 << 16];
    struct kd_diag diag = {""};
    size_t packed_len, len;
    uint8_t *out = NULL;

    (void)state;
    pack_zeros((size_t)KDW_UNXZ_MAX + 1, 0, packed, sizeof packed, &packed_len);
    assert_int_equal(kdw_unxz(packed, packed_len, &diag, &out, &len), KD_ERR_LIMIT);
    assert_string_equal(diag.text, "xz data of more than 256 MiB");
    assert_null(out);
}

static void a_decoder_that_wants_too_much_memory_is_refused(void **state)
{
    uint8_t packed[256];
    struct kd_diag diag = {""};
    lzma_options_lzma options;
    lzma_filter filters[] = {{LZMA_FILTER_LZMA2, &options}, {LZMA_VLI_UNKNOWN, NULL}};
    size_t packed_len = 0, len;
    uint8_t *out = NULL;

    (void)state;
    assert_false(lzma_lzma_preset(&options, 0));
    options.dict_size = 256u << 20;
    assert_int_equal(lzma_stream_buffer_encode(filters, LZMA_CHECK_CRC32, NULL,
                                               (const uint8_t *)"kernel", 6, packed, &packed_len,
                                               sizeof packed),
                     LZMA_OK);
    assert_int_equal(kdw_unxz(packed, packed_len, &diag, &out, &len), KD_ERR_LIMIT);
    assert_non_null(strstr(diag.text, "more than 128 MiB of memory"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_packed_comes_back),
        cmocka_unit_test(each_shorter_prefix_ends_too_early),
        cmocka_unit_test(a_changed_byte_is_noticed),
        cmocka_unit_test(a_small_file_that_unpacks_to_too_much_is_refused),
        cmocka_unit_test(a_decoder_that_wants_too_much_memory_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
