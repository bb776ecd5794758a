#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <pcap/pcap.h>

#include "support/hex.h"
#include "transport/packet_headers.h"

/* Pieces of packets, as hex text that the preprocessor joins. */
#define ADDRESSES  "0200 0000 0001 0200 0000 0002 "
#define UDP_HELLO  "c350 c351 000d 0000 68656c6c6f " /* 50000 -> 50001, "hello" */
#define IPV4_HEAD  "4500 0021 0001 4000 1011 0000 c0a80201 c0a80202 "
#define IPV4_HELLO IPV4_HEAD UDP_HELLO
#define IPV6_FROM  "fe80 0000 0000 0000 0000 0000 0000 0001 "
#define IPV6_TO    "fe80 0000 0000 0000 0000 0000 0000 0002 "
#define IPV6_HELLO "6000 0000 000d 1140 " IPV6_FROM IPV6_TO UDP_HELLO

static const uint8_t mapped_from[16] = {[10] = 0xFF, 0xFF, 192, 168, 2, 1};
static const uint8_t mapped_to[16] = {[10] = 0xFF, 0xFF, 192, 168, 2, 2};
static const uint8_t local_from[16] = {0xFE, 0x80, [15] = 1};

/* Decoded from a block of exactly its size, so that a sanitizer sees what is read beyond. */
static bool decode(int link_type, const char *hex, struct kdt_datagram *out, uint8_t payload[64])
{
    uint8_t bytes[256];
    size_t len = hex_decode(hex, bytes, sizeof bytes);
    uint8_t *exact = test_malloc(len + !len);
    bool ok;

    memcpy(exact, bytes, len);
    memset(out, 0, sizeof *out);
    ok = kdt_packet_datagram(link_type, (struct kd_span){exact, len}, out);
    if (ok) {
        assert_true(out->payload.len <= 64);
        memcpy(payload, out->payload.data, out->payload.len);
    }
    test_free(exact);
    return ok;
}

static void check_hello(int link_type, const char *hex)
{
    struct kdt_datagram d;
    uint8_t payload[64];

    if (!decode(link_type, hex, &d, payload))
        fail_msg("no datagram in link type %d: %s", link_type, hex);
    assert_int_equal(d.from.port, 50000);
    assert_int_equal(d.to.port, 50001);
    assert_int_equal(d.payload.len, 5);
    assert_memory_equal(payload, "hello", 5);
    if (d.from.ip[0] == 0) {
        assert_memory_equal(d.from.ip, mapped_from, 16);
        assert_memory_equal(d.to.ip, mapped_to, 16);
    } else {
        assert_memory_equal(d.from.ip, local_from, 16);
        assert_int_equal(d.to.ip[15], 2);
    }
}

static void check_skipped(int link_type, const char *hex)
{
    struct kdt_datagram d;
    uint8_t payload[64];

    if (decode(link_type, hex, &d, payload))
        fail_msg("a datagram in link type %d: %s", link_type, hex);
}

static void ethernet_carries_both_families(void **state)
{
    (void)state;
    check_hello(DLT_EN10MB, ADDRESSES "0800 " IPV4_HELLO);
    check_hello(DLT_EN10MB, ADDRESSES "86dd " IPV6_HELLO);
}

static void vlan_tags_are_taken_off(void **state)
{
    (void)state;
    check_hello(DLT_EN10MB, ADDRESSES "8100 0005 0800 " IPV4_HELLO);
    check_hello(DLT_EN10MB, ADDRESSES "88a8 0005 8100 0006 86dd " IPV6_HELLO);
    check_hello(DLT_EN10MB, ADDRESSES "9100 0005 8100 0006 0800 " IPV4_HELLO);
    check_skipped(DLT_EN10MB, ADDRESSES "8100 0005 8100 0005 8100 0005 8100 0005 8100 0005 "
                                        "0800 " IPV4_HELLO);
}

static void frame_padding_is_not_payload(void **state)
{
    (void)state;
    check_hello(DLT_EN10MB, ADDRESSES "0800 " IPV4_HELLO "0000 0000 0000 0000");
    check_hello(DLT_EN10MB, ADDRESSES "86dd " IPV6_HELLO "0000 0000 0000 0000");
}

static void cooked_raw_and_loopback_headers_are_taken_off(void **state)
{
    (void)state;
    check_hello(DLT_LINUX_SLL, "0000 0001 0006 020000000001 0000 0800 " IPV4_HELLO);
    check_hello(DLT_LINUX_SLL, "0000 0001 0006 020000000001 0000 8100 0005 86dd " IPV6_HELLO);
    check_hello(276, "0800 0000 00000001 0001 00 06 0200000000010000 " IPV4_HELLO);
    check_hello(276, "86dd 0000 00000001 0001 00 06 0200000000010000 " IPV6_HELLO);
    check_hello(DLT_RAW, IPV4_HELLO);
    check_hello(DLT_RAW, IPV6_HELLO);
    check_hello(DLT_IPV4, IPV4_HELLO);
    check_hello(DLT_IPV6, IPV6_HELLO);
    check_hello(DLT_NULL, "02000000 " IPV4_HELLO);
    check_hello(DLT_NULL, "0000001e " IPV6_HELLO);
    check_hello(DLT_LOOP, "00000002 " IPV4_HELLO);
}

static void ipv4_options_are_passed_over(void **state)
{
    (void)state;
    check_hello(DLT_RAW,
                "4700 0029 0001 4000 1011 0000 c0a80201 c0a80202 01010101 01010100 " UDP_HELLO);
}

static void ipv6_extension_headers_are_passed_over(void **state)
{
    (void)state;
    check_hello(DLT_RAW, "6000 0000 001d 0040 " IPV6_FROM IPV6_TO
                         "3c00 0104 0000 0000 " /* hop by hop, then destination options */
                         "1100 0104 0000 0000 " UDP_HELLO);
    check_hello(DLT_RAW, "6000 0000 001d 2b40 " IPV6_FROM IPV6_TO
                         "1101 0000 0000 0000 0000 0000 0000 0000 " UDP_HELLO); /* routing, 16 */
    check_skipped(DLT_RAW, "6000 0000 0010 0040 " IPV6_FROM IPV6_TO
                           "00ff 0000 0000 0000 0000 0000 0000 0000"); /* longer than the packet */
}

static void fragments_are_skipped(void **state)
{
    (void)state;
    check_skipped(DLT_RAW, "4500 0021 0001 2000 1011 0000 c0a80201 c0a80202 " UDP_HELLO);
    check_skipped(DLT_RAW, "4500 0021 0001 0001 1011 0000 c0a80201 c0a80202 " UDP_HELLO);
    check_skipped(DLT_RAW,
                  "6000 0000 0015 2c40 " IPV6_FROM IPV6_TO "1100 0001 0000 0001 " UDP_HELLO);
}

static void what_is_not_udp_is_skipped(void **state)
{
    (void)state;
    check_skipped(DLT_EN10MB, ADDRESSES "0806 " IPV4_HELLO); /* ARP */
    check_skipped(DLT_EN10MB, ADDRESSES "0026 " IPV4_HELLO); /* 802.3 length */
    check_skipped(DLT_RAW, "4500 0021 0001 4000 1006 0000 c0a80201 c0a80202 " UDP_HELLO);
    check_skipped(DLT_RAW, "6000 0000 000d 3a40 " IPV6_FROM IPV6_TO UDP_HELLO);
    check_skipped(DLT_RAW, "5500 0021 0001 4000 1011 0000 c0a80201 c0a80202 " UDP_HELLO);
    check_skipped(DLT_IPV4, "");
}

static void lengths_that_contradict_each_other_are_skipped(void **state)
{
    (void)state;
    check_skipped(DLT_RAW, "4400 0021 0001 4000 1011 0000 c0a80201 c0a80202 " UDP_HELLO);
    check_skipped(DLT_RAW, "4500 0013 0001 4000 1011 0000 c0a80201 c0a80202 " UDP_HELLO);
    check_skipped(DLT_RAW, "4500 0020 0001 4000 1011 0000 c0a80201 c0a80202 " UDP_HELLO);
    check_skipped(DLT_RAW, "4f00 0021 0001 4000 1011 0000 c0a80201 c0a80202 " UDP_HELLO);
    check_skipped(DLT_RAW, IPV4_HEAD "c350 c351 0007 0000 68656c6c6f");
    check_skipped(DLT_RAW, IPV4_HEAD "c350 c351 000e 0000 68656c6c6f");
    check_skipped(DLT_RAW, "6000 0000 000c 1140 " IPV6_FROM IPV6_TO UDP_HELLO);
}

static void a_packet_cut_anywhere_is_skipped(void **state)
{
    static const struct {
        int link_type;
        const char *hex;
    } whole[] = {
        {DLT_EN10MB, ADDRESSES "8100 0005 0800 " IPV4_HELLO},
        {DLT_EN10MB, ADDRESSES "86dd " IPV6_HELLO},
        {DLT_LINUX_SLL, "0000 0001 0006 020000000001 0000 0800 " IPV4_HELLO},
        {276, "86dd 0000 00000001 0001 00 06 0200000000010000 " IPV6_HELLO},
        {DLT_NULL, "02000000 " IPV4_HELLO},
    };
    uint8_t bytes[256];

    (void)state;
    for (size_t i = 0; i < sizeof whole / sizeof *whole; i++) {
        size_t len = hex_decode(whole[i].hex, bytes, sizeof bytes);

        for (size_t cut = 0; cut < len; cut++) {
            uint8_t *exact = test_malloc(cut + !cut);
            struct kdt_datagram d;

            memcpy(exact, bytes, cut);
            assert_false(kdt_packet_datagram(whole[i].link_type, (struct kd_span){exact, cut}, &d));
            test_free(exact);
        }
    }
}

static void link_types_without_a_decoder_are_known_as_such(void **state)
{
    (void)state;
    assert_true(kdt_link_type_is_known(DLT_EN10MB));
    assert_true(kdt_link_type_is_known(276));
    assert_false(kdt_link_type_is_known(DLT_IEEE802_11));
    assert_false(kdt_link_type_is_known(-1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ethernet_carries_both_families),
        cmocka_unit_test(vlan_tags_are_taken_off),
        cmocka_unit_test(frame_padding_is_not_payload),
        cmocka_unit_test(cooked_raw_and_loopback_headers_are_taken_off),
        cmocka_unit_test(ipv4_options_are_passed_over),
        cmocka_unit_test(ipv6_extension_headers_are_passed_over),
        cmocka_unit_test(fragments_are_skipped),
        cmocka_unit_test(what_is_not_udp_is_skipped),
        cmocka_unit_test(lengths_that_contradict_each_other_are_skipped),
        cmocka_unit_test(a_packet_cut_anywhere_is_skipped),
        cmocka_unit_test(link_types_without_a_decoder_are_known_as_such),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
