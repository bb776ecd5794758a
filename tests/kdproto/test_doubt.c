#include "../../kdproto/doubt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct kd_packet packet(uint16_t type, uint32_t id, const char *data, size_t len)
{
    return (struct kd_packet){.type = type, .id = id, .data = (const uint8_t *)data, .len = len};
}

static void data_begin_as_those_of_their_type_do(void **state)
{
    static const struct {
        uint16_t type;
        const char *data;
        bool fits;
    } rows[] = {
        {KD_PACKET_STATE_CHANGE64, "\x30\x30\x00\x00", true},
        {KD_PACKET_STATE_CHANGE64, "\x31\x30\x01\x00", true}, /* the alternate form */
        {KD_PACKET_STATE_CHANGE64, "\x30\x31\x00\x00", false},
        {KD_PACKET_STATE_CHANGE32, "\x30\x30\x00\x00", true},
        {KD_PACKET_STATE_CHANGE32, "\x30\x32\x00\x00", false},
        {KD_PACKET_STATE_MANIPULATE, "\x46\x31\x00\x00", true},
        {KD_PACKET_STATE_MANIPULATE, "\x30\x32\x00\x00", false},
        {KD_PACKET_DEBUG_IO, "\x30\x32\x00\x00", true},
        {KD_PACKET_DEBUG_IO, "\x30\x34\x00\x00", false},
        {KD_PACKET_FILE_IO, "\x30\x34\x00\x00", true},
        {KD_PACKET_FILE_IO, "\x30\x32\x00\x00", false},
        {KD_PACKET_TRACE_IO, "\x30\x33\x00\x00", true},
        {KD_PACKET_CONTROL_REQUEST, "\x46\x31\x00\x00", false},
        {KD_PACKET_CONTROL_REQUEST, "\x00\x43\x00\x00", true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct kd_packet pkt = packet(rows[i].type, 1, rows[i].data, 4);

        assert_int_equal(kd_doubt_fits_type(&pkt), rows[i].fits);
    }
}

static void what_is_too_short_for_its_type_does_not_fit(void **state)
{
    struct kd_packet reply = packet(KD_PACKET_STATE_MANIPULATE, 1, "\x46\x31", 2);
    struct kd_packet trace = packet(KD_PACKET_TRACE_IO, 1, "\x46", 1);

    (void)state;
    assert_false(kd_doubt_fits_type(&reply));
    assert_true(kd_doubt_fits_type(&trace));
}

static void a_packet_is_believed_when_it_comes_again_later(void **state)
{
    struct kd_packet a = packet(KD_PACKET_DEBUG_IO, 7, "\x30\x32\x00\x00", 4);
    struct kd_packet b = packet(KD_PACKET_DEBUG_IO, 8, "\x30\x32\x00\x00", 4);
    struct kd_doubt d = {0};

    (void)state;
    assert_int_equal(kd_doubt_take(&d, &a, 100), KD_DOUBTED);
    assert_int_equal(kd_doubt_until_ms(&d), 110);
    assert_int_equal(kd_doubt_take(&d, &a, 109), KD_TOO_SOON); /* a copy */
    assert_int_equal(kd_doubt_take(&d, &a, 110), KD_BELIEVED);
    assert_int_equal(kd_doubt_take(&d, &b, 120), KD_DOUBTED); /* another one */
    assert_int_equal(kd_doubt_take(&d, &a, 130), KD_DOUBTED);
    assert_int_equal(kd_doubt_take(&d, &a, 140), KD_BELIEVED);
}

static void a_sight_knows_its_packet_by_all_that_it_has(void **state)
{
    struct kd_packet a = packet(KD_PACKET_DEBUG_IO, 7, "\x30\x32\x00\x01", 4), other;
    struct kd_sight s = {0};

    (void)state;
    assert_false(kd_sight_is(&s, &a));
    kd_sight_take(&s, &a);
    assert_true(kd_sight_is(&s, &a));
    other = a;
    other.id = 8;
    assert_false(kd_sight_is(&s, &other));
    other = a;
    other.type = KD_PACKET_FILE_IO;
    assert_false(kd_sight_is(&s, &other));
    other = packet(KD_PACKET_DEBUG_IO, 7, "\x30\x32\x00\x02", 4);
    assert_false(kd_sight_is(&s, &other));
    other.len = 3;
    assert_false(kd_sight_is(&s, &other));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(data_begin_as_those_of_their_type_do),
        cmocka_unit_test(what_is_too_short_for_its_type_does_not_fit),
        cmocka_unit_test(a_packet_is_believed_when_it_comes_again_later),
        cmocka_unit_test(a_sight_knows_its_packet_by_all_that_it_has),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
