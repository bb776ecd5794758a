#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <kdproto/file_io.h>

#include "kdproto/vectors_kd.h"
#include "support/feed.h"
#include "support/hex.h"
#include "support/vector.h"

/* Read and write: handle, offset and length at 8, 16 and 24. */
static const char transfer[] = "31340000 00000000"         /* Api, Status */
                               "8877665544332211"          /* Handle */
                               "0010000000000000"          /* Offset */
                               "03000000"                  /* Length */
                               "00000000 0000000000000000" /* not used */
                               "0000000000000000"          /* not used */
                               "deadbeefdeadbeef 0102030405060708"
                               "aabbcc"; /* data */

static enum kd_status decode(void *ctx, const uint8_t *bytes, size_t len)
{
    struct kd_file_io io;

    (void)ctx;
    return kd_file_io_decode(bytes, len, &io);
}

static struct kd_file_io decoded(const uint8_t *bytes, size_t len)
{
    struct kd_file_io io;

    assert_int_equal(kd_file_io_decode(bytes, len, &io), KD_OK);
    return io;
}

/* Is this UTF-16LE what that ASCII text says? */
static void assert_path(struct kd_span path, const char *text)
{
    assert_int_equal(path.len, 2 * strlen(text));
    for (size_t i = 0; text[i]; i++) {
        assert_int_equal(path.data[2 * i], text[i]);
        assert_int_equal(path.data[2 * i + 1], 0);
    }
}

static void a_create_is_decoded(void **state)
{
    struct kd_file_io io;
    struct vector v;

    (void)state;
    vector_load(&v, V13_CREATE);
    assert_int_equal(v.packet.type, KD_PACKET_FILE_IO);
    assert_int_equal(v.packet.id, 0x72);
    assert_int_equal(v.packet.len, 144);
    assert_int_equal(kd_checksum(v.packet.data, v.packet.len), 0x178a);

    io = decoded(v.packet.data, v.packet.len);
    assert_int_equal(io.kind, KD_FILE_IO_CREATE);
    assert_int_equal(io.access, 0x120089);
    assert_int_equal(io.attributes, 0x80);
    assert_int_equal(io.share, 1);
    assert_int_equal(io.disposition, 1);
    assert_int_equal(io.options, 0);
    assert_path(io.path, "\\Windows\\system32\\en-GB\\winload.efi.MUI");
    assert_true(io.handle == 0);
    assert_int_equal(io.data.len, 0);
}

static void a_create_is_refused_byte_by_byte_as_windbg_does(void **state)
{
    struct vector request, answer;
    uint8_t out[KD_FILE_IO_HEADER_LEN];
    struct kd_file_io io;

    (void)state;
    vector_load(&request, V13_CREATE);
    vector_load(&answer, V14_CREATE_REFUSED);
    assert_int_equal(answer.packet.type, KD_PACKET_FILE_IO);
    assert_int_equal(answer.packet.id, 0x80000070);
    assert_int_equal(answer.packet.len, sizeof out);
    assert_int_equal(kd_checksum(answer.packet.data, answer.packet.len), 0xa02);

    io = decoded(request.packet.data, request.packet.len);
    kd_file_io_refuse(&io, out);
    assert_memory_equal(out, answer.packet.data, sizeof out);
}

static void reads_and_writes_are_decoded(void **state)
{
    uint8_t bytes[128];
    size_t len = hex_decode(transfer, bytes, sizeof bytes);
    struct kd_file_io io;

    (void)state;
    assert_int_equal(len, 67);
    io = decoded(bytes, len);
    assert_int_equal(io.kind, KD_FILE_IO_READ);
    assert_true(io.handle == 0x1122334455667788);
    assert_true(io.offset == 0x1000);
    assert_int_equal(io.len, 3);
    assert_int_equal(io.data.len, 0);
    assert_int_equal(io.path.len, 0);

    bytes[0] = 0x32;
    io = decoded(bytes, len);
    assert_int_equal(io.kind, KD_FILE_IO_WRITE);
    assert_true(io.handle == 0x1122334455667788);
    assert_ptr_equal(io.data.data, bytes + 64);
    assert_int_equal(io.data.len, 3);
}

static void a_close_has_a_handle_and_no_more(void **state)
{
    uint8_t bytes[128];
    struct kd_file_io io;

    (void)state;
    hex_decode(transfer, bytes, sizeof bytes);
    bytes[0] = 0x33;
    io = decoded(bytes, 64);
    assert_int_equal(io.kind, KD_FILE_IO_CLOSE);
    assert_true(io.handle == 0x1122334455667788);
    assert_true(io.offset == 0);
    assert_int_equal(io.len, 0);
}

static void only_a_missing_header_is_an_error(void **state)
{
    uint8_t bytes[128];
    size_t len = hex_decode(transfer, bytes, sizeof bytes);
    struct vector v;

    (void)state;
    feed_prefixes_fail(decode, NULL, bytes, len, KD_FILE_IO_HEADER_LEN);
    bytes[0] = 0x32;
    feed_prefixes_fail(decode, NULL, bytes, len, KD_FILE_IO_HEADER_LEN);
    vector_load(&v, V13_CREATE);
    feed_prefixes_fail(decode, NULL, v.packet.data, v.packet.len, KD_FILE_IO_HEADER_LEN);
}

static void written_data_are_clamped_to_what_is_there(void **state)
{
    uint8_t bytes[128];
    size_t len = hex_decode(transfer, bytes, sizeof bytes);

    (void)state;
    bytes[0] = 0x32;
    memset(bytes + 24, 0xff, 4);
    assert_int_equal(decoded(bytes, len).data.len, 3);
    assert_int_equal(decoded(bytes, len).len, 0xffffffff);
    memset(bytes + 24, 0, 4);
    assert_int_equal(decoded(bytes, len).data.len, 0);
}

static void a_path_ends_at_its_nul_or_with_the_last_whole_unit(void **state)
{
    uint8_t bytes[64 + 9] = {0x30, 0x34};

    (void)state;
    /* NOLINTNEXTLINE(bugprone-not-null-terminated-result): bytes, no text */
    memcpy(bytes + 64, "\\\0a\0\0\0b\0", 8); /* NUL in the middle */
    assert_path(decoded(bytes, 72).path, "\\a");
    /* NOLINTNEXTLINE(bugprone-not-null-terminated-result): bytes, no text */
    memcpy(bytes + 64, "a\0\0\1b\0c", 7); /* a unit with one zero byte does not end it */
    assert_int_equal(decoded(bytes, 70).path.len, 6);
    assert_int_equal(decoded(bytes, 71).path.len, 6); /* half a unit is left out */
    assert_int_equal(decoded(bytes, 65).path.len, 0);
    assert_int_equal(decoded(bytes, 64).path.len, 0);
}

static void requests_that_need_a_handle_are_refused_for_the_want_of_one(void **state)
{
    static const uint8_t kinds[] = {0x31, 0x32, 0x33, 0x37 /* newer than ours */};
    uint8_t bytes[128], out[KD_FILE_IO_HEADER_LEN], want[KD_FILE_IO_HEADER_LEN];
    size_t len = hex_decode(transfer, bytes, sizeof bytes);
    struct kd_file_io io;

    (void)state;
    for (size_t i = 0; i < sizeof kinds; i++) {
        bytes[0] = kinds[i];
        io = decoded(bytes, len);
        kd_file_io_refuse(&io, out);
        memcpy(want, bytes, sizeof want);
        /* NOLINTNEXTLINE(bugprone-not-null-terminated-result): bytes, no text */
        memcpy(want + 4, "\x08\x00\x00\xc0", 4); /* C0000008, low byte first */
        assert_memory_equal(out, want, sizeof want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_create_is_decoded),
        cmocka_unit_test(a_create_is_refused_byte_by_byte_as_windbg_does),
        cmocka_unit_test(reads_and_writes_are_decoded),
        cmocka_unit_test(a_close_has_a_handle_and_no_more),
        cmocka_unit_test(only_a_missing_header_is_an_error),
        cmocka_unit_test(written_data_are_clamped_to_what_is_there),
        cmocka_unit_test(a_path_ends_at_its_nul_or_with_the_last_whole_unit),
        cmocka_unit_test(requests_that_need_a_handle_are_refused_for_the_want_of_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
