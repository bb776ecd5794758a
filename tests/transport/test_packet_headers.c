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

struct decoded {
    enum kdt_packet_kind kind;
    struct kdt_datagram datagram;
    struct kdt_fragment fragment;
    uint8_t bytes[64]; /* of the payload or the fragment */
};

static void keep(struct decoded *d, struct kd_span bytes)
{
    assert_true(bytes.len <= sizeof d->bytes);
    memcpy(d->bytes, bytes.data, bytes.len);
}

/* Decoded from a block of exactly its size, so that a sanitizer sees what is read beyond. */
static struct decoded decode_bytes(int link_type, const uint8_t *bytes, size_t len)
{
    uint8_t *exact = test_malloc(len + !len);
    struct decoded d = {.kind = KDT_PACKET_OTHER};

    memcpy(exact, bytes, len);
    d.kind = kdt_packet_decode(link_type, (struct kd_span){exact, len}, &d.datagram, &d.fragment);
    if (d.kind == KDT_PACKET_DATAGRAM)
        keep(&d, d.datagram.payload);
    if (d.kind == KDT_PACKET_FRAGMENT)
        keep(&d, d.fragment.bytes);
    test_free(exact);
    return d;
}

static struct decoded decode(int link_type, const char *hex)
{
    uint8_t bytes[256];

    return decode_bytes(link_type, bytes, hex_decode(hex, bytes, sizeof bytes));
}

static void check_ends(const uint8_t from[16], const uint8_t to[16])
{
    if (from[0] == 0) {
        assert_memory_equal(from, mapped_from, 16);
        assert_memory_equal(to, mapped_to, 16);
    } else {
        assert_memory_equal(from, local_from, 16);
        assert_int_equal(to[15], 2);
    }
}

static void check_hello(int link_type, const char *hex)
{
    struct decoded d = decode(link_type, hex);

    if (d.kind != KDT_PACKET_DATAGRAM)
        fail_msg("no datagram in link type %d: %s", link_type, hex);
    assert_int_equal(d.datagram.from.port, 50000);
    assert_int_equal(d.datagram.to.port, 50001);
    assert_int_equal(d.datagram.payload.len, 5);
    assert_memory_equal(d.bytes, "hello", 5);
    check_ends(d.datagram.from.ip, d.datagram.to.ip);
}

static void check_kind(int link_type, enum kdt_packet_kind kind, const char *hex)
{
    struct decoded d = decode(link_type, hex);

    if (d.kind != kind)
        fail_msg("kind %d, not %d, in link type %d: %s", d.kind, kind, link_type, hex);
}

static void check_other(int link_type, const char *hex)
{
    check_kind(link_type, KDT_PACKET_OTHER, hex);
}

static void check_damaged(int link_type, const char *hex)
{
    check_kind(link_type, KDT_PACKET_DAMAGED, hex);
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
    check_other(DLT_EN10MB, ADDRESSES "8100 0005 8100 0005 8100 0005 8100 0005 8100 0005 "
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

static void ppp_is_taken_off_with_and_without_its_frame(void **state)
{
    (void)state;
    check_hello(DLT_PPP, "0021 " IPV4_HELLO);
    check_hello(DLT_PPP, "0057 " IPV6_HELLO);
    check_hello(DLT_PPP, "21 " IPV4_HELLO); /* the protocol's first byte left out */
    check_hello(DLT_PPP, "ff03 0021 " IPV4_HELLO);
    check_hello(DLT_PPP, "ff03 57 " IPV6_HELLO);
    check_hello(DLT_PPP_SERIAL, "ff03 0021 " IPV4_HELLO);
    check_hello(DLT_PPP_SERIAL, "0f00 0800 " IPV4_HELLO); /* Cisco's way of using the line */
    check_hello(DLT_PPP_SERIAL, "8f00 86dd " IPV6_HELLO);
    check_hello(DLT_C_HDLC, "0f00 0800 " IPV4_HELLO);
    check_other(DLT_PPP, "ff03 c021 0101 0004"); /* LCP */
    check_other(DLT_C_HDLC, "8f00 8035 0000 0002");
}

static void ppp_over_ethernet_is_taken_off(void **state)
{
    (void)state;
    check_hello(DLT_EN10MB, ADDRESSES "8864 1100 0001 0023 0021 " IPV4_HELLO);
    check_hello(DLT_EN10MB, ADDRESSES "8100 0007 8864 1100 0001 0037 0057 " IPV6_HELLO "0000");
    check_hello(DLT_PPP_ETHER, "1100 0001 0023 0021 " IPV4_HELLO);
    check_other(DLT_EN10MB, ADDRESSES "8863 1109 0000 0004 0101 0000"); /* discovery */
    check_other(DLT_PPP_ETHER, "11a7 0001 0000 ");                      /* terminate */
    check_damaged(DLT_PPP_ETHER, "1100 0001 0024 0021 " IPV4_HELLO);
    check_damaged(DLT_PPP_ETHER, "1100 0001 0022 0021 " IPV4_HELLO);
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
    check_damaged(DLT_RAW, "6000 0000 0010 0040 " IPV6_FROM IPV6_TO
                           "00ff 0000 0000 0000 0000 0000 0000 0000"); /* longer than the packet */
}

static void check_fragment(const char *hex, uint32_t id, uint32_t offset, bool is_last,
                           const char *text)
{
    struct decoded d = decode(DLT_RAW, hex);

    assert_int_equal(d.kind, KDT_PACKET_FRAGMENT);
    assert_int_equal(d.fragment.id, id);
    assert_int_equal(d.fragment.offset, offset);
    assert_int_equal(d.fragment.is_last, is_last);
    assert_int_equal(d.fragment.protocol, 17);
    assert_int_equal(d.fragment.bytes.len, strlen(text));
    assert_memory_equal(d.bytes, text, strlen(text));
    check_ends(d.fragment.from, d.fragment.to);
    check_ends(d.datagram.from.ip, d.datagram.to.ip);
}

static void fragments_say_where_they_belong(void **state)
{
    (void)state;
    check_fragment("4500 001c abcd 2000 1011 0000 c0a80201 c0a80202 " /* the first of several */
                   "6162 6364 6566 6768",
                   0xABCD, 0, false, "abcdefgh");
    check_fragment("4500 001c 0001 3fff 1011 0000 c0a80201 c0a80202 6162 6364 6566 6768", 1, 65528,
                   false, "abcdefgh");
    check_fragment("4600 001b 0001 0002 1011 0000 c0a80201 c0a80202 01010100 616263 0000", 1, 16,
                   true, "abc"); /* options before, padding behind */
    check_fragment("6000 0000 0010 2c40 " IPV6_FROM IPV6_TO
                   "1100 0011 abcd 1234 6162 6364 6566 6768",
                   0xABCD1234, 16, false, "abcdefgh");
    check_fragment("6000 0000 0013 0040 " IPV6_FROM IPV6_TO
                   "2c00 0104 0000 0000 1100 fff8 0000 0007 616263", /* hop by hop before */
                   7, 65528, true, "abc");
}

static void a_fragment_header_on_a_whole_datagram_is_passed_over(void **state)
{
    (void)state;
    check_hello(DLT_RAW, "6000 0000 0015 2c40 " IPV6_FROM IPV6_TO "1100 0000 0000 0001 " UDP_HELLO);
    check_hello(DLT_RAW, "6000 0000 001d 2c40 " IPV6_FROM IPV6_TO
                         "3c00 0000 0000 0001 1100 0104 0000 0000 " UDP_HELLO);
}

static void fragments_of_other_protocols_are_none_of_ours(void **state)
{
    (void)state;
    check_other(DLT_RAW, "4500 0021 0001 2000 1006 0000 c0a80201 c0a80202 " UDP_HELLO);
    check_other(DLT_RAW, "6000 0000 0015 2c40 " IPV6_FROM IPV6_TO "0600 0001 0000 0001 " UDP_HELLO);
}

static void what_was_put_together_is_decoded_as_if_it_had_been_whole(void **state)
{
    static const struct {
        uint8_t protocol;
        enum kdt_packet_kind kind;
        const char *hex;
    } cases[] = {
        {17, KDT_PACKET_DATAGRAM, UDP_HELLO},
        {17, KDT_PACKET_DATAGRAM, UDP_HELLO "0000"},
        {60, KDT_PACKET_DATAGRAM, "1100 0104 0000 0000 " UDP_HELLO},
        {17, KDT_PACKET_DAMAGED, "c350 c351 000e 0000 68656c6c6f"},
        {60, KDT_PACKET_OTHER, "0600 0104 0000 0000 " UDP_HELLO},
        {44, KDT_PACKET_OTHER, "1100 0001 0000 0001 " UDP_HELLO}, /* a fragment again */
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t bytes[64];
        size_t len = hex_decode(cases[i].hex, bytes, sizeof bytes);
        struct kdt_datagram d = {0};

        assert_int_equal(
            kdt_packet_decode_whole(cases[i].protocol, (struct kd_span){bytes, len}, &d),
            cases[i].kind);
        if (cases[i].kind != KDT_PACKET_DATAGRAM)
            continue;
        assert_int_equal(d.from.port, 50000);
        assert_int_equal(d.payload.len, 5);
        assert_memory_equal(d.payload.data, "hello", 5);
    }
}

static void what_is_not_udp_is_told_from_what_is_damaged(void **state)
{
    (void)state;
    check_other(DLT_EN10MB, ADDRESSES "0806 " IPV4_HELLO); /* ARP */
    check_other(DLT_EN10MB, ADDRESSES "0026 " IPV4_HELLO); /* 802.3 length */
    check_other(DLT_RAW, "4500 0021 0001 4000 1006 0000 c0a80201 c0a80202 " UDP_HELLO);
    check_other(DLT_RAW, "4500 1021 0001 4000 1006 0000 c0a80201 c0a80202 " UDP_HELLO); /* cut */
    check_other(DLT_RAW, "6000 0000 000d 3a40 " IPV6_FROM IPV6_TO UDP_HELLO);
    check_other(DLT_RAW, "6000 0000 100d 3a40 " IPV6_FROM IPV6_TO UDP_HELLO); /* cut */
    check_other(DLT_RAW, "5500 0021 0001 4000 1011 0000 c0a80201 c0a80202 " UDP_HELLO);
    check_damaged(DLT_EN10MB, ADDRESSES "0800 " IPV6_HELLO);
    check_damaged(DLT_EN10MB, ADDRESSES "86dd " IPV4_HELLO);
    check_damaged(DLT_IPV4, "");
}

static void lengths_that_contradict_each_other_are_damage(void **state)
{
    (void)state;
    check_damaged(DLT_RAW, "4400 0021 0001 4000 1011 0000 c0a80201 c0a80202 " UDP_HELLO);
    check_damaged(DLT_RAW, "4500 0013 0001 4000 1011 0000 c0a80201 c0a80202 " UDP_HELLO);
    check_damaged(DLT_RAW, "4500 0020 0001 4000 1011 0000 c0a80201 c0a80202 " UDP_HELLO);
    check_damaged(DLT_RAW, "4f00 0021 0001 4000 1011 0000 c0a80201 c0a80202 " UDP_HELLO);
    check_damaged(DLT_RAW, IPV4_HEAD "c350 c351 0007 0000 68656c6c6f");
    check_damaged(DLT_RAW, IPV4_HEAD "c350 c351 000e 0000 68656c6c6f");
    check_damaged(DLT_RAW, "6000 0000 000c 1140 " IPV6_FROM IPV6_TO UDP_HELLO);
}

static void a_packet_cut_anywhere_is_damaged(void **state)
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
        {DLT_EN10MB, ADDRESSES "8864 1100 0001 0023 0021 " IPV4_HELLO},
        {DLT_PPP, "ff03 0021 " IPV4_HELLO},
        {DLT_C_HDLC, "0f00 0800 " IPV4_HELLO},
        {DLT_RAW, "4500 0021 0001 2000 1011 0000 c0a80201 c0a80202 " UDP_HELLO},
        {DLT_RAW, "6000 0000 0015 2c40 " IPV6_FROM IPV6_TO "1100 0001 0000 0001 " UDP_HELLO},
    };
    uint8_t bytes[256];

    (void)state;
    for (size_t i = 0; i < sizeof whole / sizeof *whole; i++) {
        size_t len = hex_decode(whole[i].hex, bytes, sizeof bytes);

        for (size_t cut = 0; cut < len; cut++)
            assert_int_equal(decode_bytes(whole[i].link_type, bytes, cut).kind, KDT_PACKET_DAMAGED);
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
        cmocka_unit_test(ppp_is_taken_off_with_and_without_its_frame),
        cmocka_unit_test(ppp_over_ethernet_is_taken_off),
        cmocka_unit_test(ipv4_options_are_passed_over),
        cmocka_unit_test(ipv6_extension_headers_are_passed_over),
        cmocka_unit_test(fragments_say_where_they_belong),
        cmocka_unit_test(a_fragment_header_on_a_whole_datagram_is_passed_over),
        cmocka_unit_test(fragments_of_other_protocols_are_none_of_ours),
        cmocka_unit_test(what_was_put_together_is_decoded_as_if_it_had_been_whole),
        cmocka_unit_test(what_is_not_udp_is_told_from_what_is_damaged),
        cmocka_unit_test(lengths_that_contradict_each_other_are_damage),
        cmocka_unit_test(a_packet_cut_anywhere_is_damaged),
        cmocka_unit_test(link_types_without_a_decoder_are_known_as_such),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
