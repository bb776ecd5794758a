#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <kdproto/debug_io.h>

#include "kdproto/vectors_kd.h"
#include "support/feed.h"
#include "support/hex.h"
#include "support/vector.h"

static const char get_string[] = "31320000" /* Api */
                                 "0600"     /* ProcessorLevel */
                                 "0300"     /* Processor */
                                 "04000000" /* prompt length */
                                 "05000000" /* maximum reply length */
                                 "6b643e20" /* "kd> " */;

static enum kd_status decode(void *ctx, const uint8_t *bytes, size_t len)
{
    struct kd_debug_io io;

    (void)ctx;
    return kd_debug_io_decode(bytes, len, &io);
}

static struct kd_span span_of(const char *text)
{
    struct kd_span s = {(const uint8_t *)text, strlen(text)};

    return s;
}

static void a_print_is_decoded(void **state)
{
    struct kd_debug_io io;
    struct vector v;

    (void)state;
    vector_load(&v, V4_PRINT);
    assert_int_equal(v.packet.type, KD_PACKET_DEBUG_IO);
    assert_int_equal(v.packet.id, 0);
    assert_int_equal(v.packet.len, 46);
    assert_int_equal(kd_checksum(v.packet.data, v.packet.len), 0xbdf);

    assert_int_equal(kd_debug_io_decode(v.packet.data, v.packet.len, &io), KD_OK);
    assert_int_equal(io.kind, KD_DEBUG_IO_PRINT);
    assert_int_equal(io.processor, 0);
    assert_int_equal(io.answer_max, 0); /* noise in the packet */
    assert_int_equal(io.text.len, 30);
    assert_memory_equal(io.text.data, "BD: Boot Debugger Initialized\n", 30);
}

static void a_prompt_is_decoded(void **state)
{
    uint8_t bytes[64];
    size_t len = hex_decode(get_string, bytes, sizeof bytes);
    struct kd_debug_io io;

    (void)state;
    assert_int_equal(kd_debug_io_decode(bytes, len, &io), KD_OK);
    assert_int_equal(io.kind, KD_DEBUG_IO_GET_STRING);
    assert_int_equal(io.processor_level, 6);
    assert_int_equal(io.processor, 3);
    assert_int_equal(io.answer_max, 5);
    assert_int_equal(io.text.len, 4);
    assert_memory_equal(io.text.data, "kd> ", 4);
}

static void only_a_missing_header_is_an_error(void **state)
{
    uint8_t bytes[64];
    size_t len = hex_decode(get_string, bytes, sizeof bytes);

    (void)state;
    feed_prefixes_fail(decode, NULL, bytes, len, KD_DEBUG_IO_HEADER_LEN);
}

static void an_announced_length_is_clamped_to_what_is_there(void **state)
{
    uint8_t bytes[64];
    size_t len = hex_decode(get_string, bytes, sizeof bytes);
    struct kd_debug_io io;

    (void)state;
    memset(bytes + 8, 0xff, 4);
    assert_int_equal(kd_debug_io_decode(bytes, len, &io), KD_OK);
    assert_int_equal(io.text.len, 4);
    bytes[8] = 2;
    memset(bytes + 9, 0, 3);
    assert_int_equal(kd_debug_io_decode(bytes, len, &io), KD_OK);
    assert_int_equal(io.text.len, 2);
}

static void other_kinds_are_not_supported(void **state)
{
    uint8_t bytes[64];
    size_t len = hex_decode(get_string, bytes, sizeof bytes);
    struct kd_debug_io io = {.kind = 77};

    (void)state;
    bytes[0] = 0x32;
    assert_int_equal(kd_debug_io_decode(bytes, len, &io), KD_ERR_UNSUPPORTED);
    assert_int_equal(io.kind, 77);
}

static void an_answer_is_the_header_with_the_line_behind(void **state)
{
    static const char expected[] = "31320000 0600 0300 04000000 01000000 69";
    uint8_t bytes[64], answer[64], want[64];
    size_t len = hex_decode(get_string, bytes, sizeof bytes);
    size_t want_len = hex_decode(expected, want, sizeof want);
    struct kd_debug_io io;

    (void)state;
    assert_int_equal(kd_debug_io_decode(bytes, len, &io), KD_OK);
    assert_int_equal(kd_debug_io_answer(&io, span_of("i"), answer, want_len, &len), KD_OK);
    assert_int_equal(len, want_len);
    assert_memory_equal(answer, want, want_len);
}

static void an_answer_is_cut_to_what_the_target_takes(void **state)
{
    uint8_t bytes[64], answer[64];
    size_t len = hex_decode(get_string, bytes, sizeof bytes);
    struct kd_debug_io io;

    (void)state;
    assert_int_equal(kd_debug_io_decode(bytes, len, &io), KD_OK);
    assert_int_equal(kd_debug_io_answer(&io, span_of("ignore it"), answer, sizeof answer, &len),
                     KD_OK);
    assert_int_equal(len, 16 + 5);
    assert_int_equal(answer[12], 5);
    assert_memory_equal(answer + 16, "ignor", 5);
}

static void an_answer_that_does_not_fit_or_was_not_asked_for_is_refused(void **state)
{
    uint8_t bytes[64], answer[64];
    size_t len = hex_decode(get_string, bytes, sizeof bytes);
    struct kd_debug_io io;

    (void)state;
    assert_int_equal(kd_debug_io_decode(bytes, len, &io), KD_OK);
    len = 77;
    assert_int_equal(kd_debug_io_answer(&io, span_of("i"), answer, 16, &len), KD_ERR_LIMIT);
    assert_int_equal(kd_debug_io_answer(&io, span_of(""), answer, 15, &len), KD_ERR_LIMIT);
    io.kind = KD_DEBUG_IO_PRINT;
    assert_int_equal(kd_debug_io_answer(&io, span_of("i"), answer, 64, &len), KD_ERR_USAGE);
    assert_int_equal(len, 77);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_print_is_decoded),
        cmocka_unit_test(a_prompt_is_decoded),
        cmocka_unit_test(only_a_missing_header_is_an_error),
        cmocka_unit_test(an_announced_length_is_clamped_to_what_is_there),
        cmocka_unit_test(other_kinds_are_not_supported),
        cmocka_unit_test(an_answer_is_the_header_with_the_line_behind),
        cmocka_unit_test(an_answer_is_cut_to_what_the_target_takes),
        cmocka_unit_test(an_answer_that_does_not_fit_or_was_not_asked_for_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
