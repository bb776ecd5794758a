#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "describe.h"

#include <kdproto/manipulate.h>

struct payload {
    uint8_t bytes[512];
    size_t len;
};

static struct payload packet(uint16_t type, uint32_t id, const void *data, size_t len)
{
    struct kd_packet p = {.type = type, .id = id, .data = data, .len = len};
    struct payload out;

    p.is_control = len == 0;
    assert_int_equal(kd_packet_encode(&p, out.bytes, sizeof out.bytes, &out.len), KD_OK);
    return out;
}

static void assert_described(bool from_host, bool is_control, const void *payload, size_t len,
                             enum describe_kind kind, const char *want)
{
    struct kdnet_datagram d = {
        .version = 4, .is_control = is_control, .from_host = from_host, .payload = {payload, len}};
    struct description what;
    char *text;

    describe_datagram(&d, &what);
    text = text_take(&what.text);
    assert_string_equal(text, want);
    assert_int_equal(what.kind, kind);
    free(text);
}

static void a_read_request_names_its_address(void **state)
{
    struct kd_manipulate m = {.api = KD_API_READ_VIRTUAL};
    uint8_t data[64];
    size_t len;
    struct payload p;

    (void)state;
    m.u.memory.va = 0xad5e60;
    m.u.memory.count = 16;
    assert_int_equal(kd_manipulate_encode(&m, data, sizeof data, &len), KD_OK);
    p = packet(KD_PACKET_STATE_MANIPULATE, 0x80000002, data, len);
    assert_described(true, false, p.bytes, p.len, DESCRIBE_REQUEST,
                     "STATE_MANIPULATE id 80000002 request ReadVirtualMemory 0xad5e60, 16 bytes");
}

static void a_failed_reply_shows_its_status(void **state)
{
    struct kd_manipulate m = {.api = KD_API_READ_VIRTUAL, .status = 0xc0000001};
    uint8_t data[64];
    size_t len;
    struct payload p;

    (void)state;
    m.u.memory.va = 0x1000;
    m.u.memory.count = 816;
    assert_int_equal(kd_manipulate_encode(&m, data, sizeof data, &len), KD_OK);
    p = packet(KD_PACKET_STATE_MANIPULATE, 0x5e, data, len);
    assert_described(false, false, p.bytes, p.len, DESCRIBE_REPLY,
                     "STATE_MANIPULATE id 5e reply ReadVirtualMemory 0x1000, 816 bytes, 0 done, "
                     "status 0xc0000001");
}

static void a_print_cannot_move_the_cursor(void **state)
{
    /* api, processor level and number, length, noise, text: section 3.10 */
    static const uint8_t print[] = {0x30, 0x32, 0, 0, 0, 0,   0,   0,    5,   0,   0,
                                    0,    0,    0, 0, 0, 'h', 'i', 0x1b, 'c', '\n'};
    struct payload p = packet(KD_PACKET_DEBUG_IO, 0, print, sizeof print);

    (void)state;
    assert_described(false, false, p.bytes, p.len, DESCRIBE_PRINT,
                     "DEBUG_IO id 0 print \"hi\\x1bc\\n\"");
}

static void control_packets_and_bytes_have_names(void **state)
{
    struct payload reset = packet(KD_PACKET_RESET, 0x80000060, NULL, 0);
    static const uint8_t ping[12] = {0};

    (void)state;
    assert_described(true, false, reset.bytes, reset.len, DESCRIBE_RESET, "RESET id 80000060");
    assert_described(true, false, "b", 1, DESCRIBE_BREAK_IN, "break-in");
    assert_described(false, false, ping, sizeof ping, DESCRIBE_PING, "ping");
    assert_described(true, true, "", 0, DESCRIBE_HOST_POKE, "host poke");
}

static void damage_is_described_by_its_length(void **state)
{
    (void)state;
    assert_described(false, false, "0000", 4, DESCRIBE_DAMAGED,
                     "damaged packet of 4 bytes: truncated");
    assert_described(false, true, "xyz", 3, DESCRIBE_DAMAGED, "unknown control payload of 3 bytes");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_read_request_names_its_address),
        cmocka_unit_test(a_failed_reply_shows_its_status),
        cmocka_unit_test(a_print_cannot_move_the_cursor),
        cmocka_unit_test(control_packets_and_bytes_have_names),
        cmocka_unit_test(damage_is_described_by_its_length),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
