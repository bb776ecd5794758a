#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <kdproto/packet.h>

#include "support/feed.h"
#include "support/hex.h"

/* A data packet of three bytes, written out field by field. */
static const char data_packet[] = "30303030" /* leader */
                                  "0300"     /* type: debug I/O */
                                  "0300"     /* byte count */
                                  "02000080" /* id */
                                  "26010000" /* checksum: 0x61 + 0x62 + 0x63 */
                                  "616263";

static const char reset_packet[] = "69696969 0600 0000 00000000 00000000";
static const char acknowledge_packet[] = "69696969 0400 0000 00008080 00000000";

static enum kd_status decode(void *ctx, const uint8_t *bytes, size_t len)
{
    struct kd_packet pkt;

    (void)ctx;
    return kd_packet_decode(bytes, len, &pkt);
}

/* Decodes the text with one byte replaced. */
static enum kd_status decode_altered(const char *text, size_t at, uint8_t value)
{
    uint8_t bytes[64];
    size_t len = hex_decode(text, bytes, sizeof bytes);

    bytes[at] = value;
    return decode(NULL, bytes, len);
}

static void a_data_packet_is_decoded_field_by_field(void **state)
{
    uint8_t bytes[64];
    size_t len = hex_decode(data_packet, bytes, sizeof bytes);
    struct kd_packet pkt;

    (void)state;
    assert_int_equal(kd_packet_decode(bytes, len, &pkt), KD_OK);
    assert_false(pkt.is_control);
    assert_int_equal(pkt.type, KD_PACKET_DEBUG_IO);
    assert_int_equal(pkt.id, 0x80000002);
    assert_ptr_equal(pkt.data, bytes + 16);
    assert_int_equal(pkt.len, 3);
}

static void control_packets_of_a_serial_line_are_decoded(void **state)
{
    uint8_t bytes[16];
    struct kd_packet pkt;

    (void)state;
    assert_int_equal(hex_decode(reset_packet, bytes, sizeof bytes), 16);
    assert_int_equal(kd_packet_decode(bytes, 16, &pkt), KD_OK);
    assert_true(pkt.is_control);
    assert_int_equal(pkt.type, KD_PACKET_RESET);
    assert_int_equal(pkt.id, 0);
    assert_int_equal(pkt.len, 0);

    assert_int_equal(hex_decode(acknowledge_packet, bytes, sizeof bytes), 16);
    assert_int_equal(kd_packet_decode(bytes, 16, &pkt), KD_OK);
    assert_int_equal(pkt.type, KD_PACKET_ACKNOWLEDGE);
    assert_int_equal(pkt.id, 0x80800000);
}

static void a_packet_must_have_exactly_its_length(void **state)
{
    uint8_t bytes[64];
    size_t len = hex_decode(data_packet, bytes, sizeof bytes);

    (void)state;
    feed_prefixes_fail(decode, NULL, bytes, len, len);
    feed_one_byte_too_many_fails(decode, NULL, bytes, len);
    len = hex_decode(reset_packet, bytes, sizeof bytes);
    feed_prefixes_fail(decode, NULL, bytes, len, len);
    feed_one_byte_too_many_fails(decode, NULL, bytes, len);
}

static void a_wrong_checksum_is_a_mismatch(void **state)
{
    (void)state;
    assert_int_equal(decode_altered(data_packet, 12, 0x27), KD_ERR_MISMATCH);
    assert_int_equal(decode_altered(data_packet, 18, 0x64), KD_ERR_MISMATCH);
}

static void noise_in_the_checksum_of_a_control_packet_does_not_matter(void **state)
{
    (void)state;
    assert_int_equal(decode_altered(reset_packet, 12, 0x63), KD_OK);
}

static void other_leaders_are_malformed(void **state)
{
    (void)state;
    assert_int_equal(decode_altered(data_packet, 0, 0x31), KD_ERR_MALFORMED);
    assert_int_equal(decode_altered(data_packet, 3, 0x69), KD_ERR_MALFORMED);
}

static void a_leader_that_contradicts_the_type_is_malformed(void **state)
{
    (void)state;
    assert_int_equal(decode_altered(data_packet, 4, KD_PACKET_RESET), KD_ERR_MALFORMED);
    assert_int_equal(decode_altered(reset_packet, 4, KD_PACKET_FILE_IO), KD_ERR_MALFORMED);
}

static void types_newer_than_ours_are_decoded(void **state)
{
    (void)state;
    assert_int_equal(decode_altered(data_packet, 4, 12), KD_OK);
    assert_int_equal(decode_altered(reset_packet, 4, 12), KD_OK);
}

static void a_control_packet_has_no_data(void **state)
{
    (void)state;
    assert_int_equal(decode_altered(reset_packet, 6, 1), KD_ERR_MALFORMED);
}

static void data_beyond_the_maximum_are_malformed_even_before_they_arrive(void **state)
{
    (void)state;
    assert_int_equal(decode_altered(data_packet, 7, 0x10), KD_ERR_MALFORMED); /* 4096 + 3 */
    assert_int_equal(decode_altered(data_packet, 7, 0x0f), KD_ERR_TRUNCATED);
}

static void a_peek_tells_how_much_will_follow(void **state)
{
    uint8_t bytes[64];
    struct kd_packet pkt = {.len = 77};

    (void)state;
    hex_decode(data_packet, bytes, sizeof bytes);
    assert_int_equal(kd_packet_peek(bytes, 15, &pkt), KD_ERR_TRUNCATED);
    assert_int_equal(pkt.len, 77);
    assert_int_equal(kd_packet_peek(bytes, 16, &pkt), KD_OK);
    assert_int_equal(pkt.type, KD_PACKET_DEBUG_IO);
    assert_int_equal(pkt.id, 0x80000002);
    assert_int_equal(pkt.len, 3);
    assert_null(pkt.data);
}

static void encoding_gives_the_bytes_that_were_decoded(void **state)
{
    static const char *const packets[] = {data_packet, reset_packet, acknowledge_packet};

    (void)state;
    for (size_t i = 0; i < sizeof packets / sizeof packets[0]; i++) {
        uint8_t bytes[64], again[64];
        size_t len = hex_decode(packets[i], bytes, sizeof bytes);
        size_t again_len;
        struct kd_packet pkt;

        assert_int_equal(kd_packet_decode(bytes, len, &pkt), KD_OK);
        assert_int_equal(kd_packet_encode(&pkt, again, len, &again_len), KD_OK);
        assert_int_equal(again_len, len);
        assert_memory_equal(again, bytes, len);
    }
}

static void what_does_not_fit_is_not_encoded(void **state)
{
    static const uint8_t data[KD_PACKET_DATA_MAX + 1];
    static uint8_t buf[KD_PACKET_LEN_MAX + 1];
    struct kd_packet pkt = {false, KD_PACKET_FILE_IO, 1, data, KD_PACKET_DATA_MAX};
    size_t len = 77;

    (void)state;
    assert_int_equal(kd_packet_encode(&pkt, buf, KD_PACKET_LEN_MAX - 1, &len), KD_ERR_LIMIT);
    assert_int_equal(kd_packet_encode(&pkt, buf, 15, &len), KD_ERR_LIMIT);
    assert_int_equal(kd_packet_encode(&pkt, buf, KD_PACKET_LEN_MAX, &len), KD_OK);
    assert_int_equal(len, KD_PACKET_LEN_MAX);
    len = 77;
    pkt.len++;
    assert_int_equal(kd_packet_encode(&pkt, buf, sizeof buf, &len), KD_ERR_LIMIT);
    pkt = (struct kd_packet){true, KD_PACKET_RESET, 1, data, 1};
    assert_int_equal(kd_packet_encode(&pkt, buf, sizeof buf, &len), KD_ERR_USAGE);
    assert_int_equal(len, 77);
}

static void a_checksum_is_the_sum_of_all_bytes(void **state)
{
    static const uint8_t bytes[] = {0xff, 0xff, 0x02};

    (void)state;
    assert_int_equal(kd_checksum(bytes, 3), 0x200);
    assert_int_equal(kd_checksum(NULL, 0), 0);
}

/* The longest packet of the largest bytes, and all lengths in which a word or a lane may end. */
static void a_checksum_is_the_same_however_many_bytes_are_added_at_a_time(void **state)
{
    static uint8_t bytes[KD_PACKET_DATA_MAX + 1];
    uint32_t expected = 0;

    (void)state;
    memset(bytes, 0xff, sizeof bytes);
    for (size_t i = 0; i < sizeof bytes; i += 3)
        bytes[i] = (uint8_t)i;
    for (size_t len = 0; len + 1 < sizeof bytes; len++) {
        assert_int_equal(kd_checksum(bytes + 1, len), expected);
        expected += bytes[1 + len];
    }
    memset(bytes, 0xff, sizeof bytes);
    assert_int_equal(kd_checksum(bytes, sizeof bytes), sizeof bytes * 0xff);
}

static void every_type_up_to_file_io_has_a_name(void **state)
{
    (void)state;
    assert_string_equal(kd_packet_type_name(2), "STATE_MANIPULATE");
    for (unsigned type = 0; type <= KD_PACKET_FILE_IO; type++)
        assert_non_null(kd_packet_type_name((uint16_t)type));
    assert_null(kd_packet_type_name(12));
    assert_null(kd_packet_type_name(0xffff));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_data_packet_is_decoded_field_by_field),
        cmocka_unit_test(control_packets_of_a_serial_line_are_decoded),
        cmocka_unit_test(a_packet_must_have_exactly_its_length),
        cmocka_unit_test(a_wrong_checksum_is_a_mismatch),
        cmocka_unit_test(noise_in_the_checksum_of_a_control_packet_does_not_matter),
        cmocka_unit_test(other_leaders_are_malformed),
        cmocka_unit_test(a_leader_that_contradicts_the_type_is_malformed),
        cmocka_unit_test(types_newer_than_ours_are_decoded),
        cmocka_unit_test(a_control_packet_has_no_data),
        cmocka_unit_test(data_beyond_the_maximum_are_malformed_even_before_they_arrive),
        cmocka_unit_test(a_peek_tells_how_much_will_follow),
        cmocka_unit_test(encoding_gives_the_bytes_that_were_decoded),
        cmocka_unit_test(what_does_not_fit_is_not_encoded),
        cmocka_unit_test(a_checksum_is_the_sum_of_all_bytes),
        cmocka_unit_test(a_checksum_is_the_same_however_many_bytes_are_added_at_a_time),
        cmocka_unit_test(every_type_up_to_file_io_has_a_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
