#include "packet_headers.h"

#include <pcap/pcap.h>
#include <string.h>

enum {
    LINK_TYPE_SLL2 = 276, /* DLT_LINUX_SLL2, which libpcap 1.9 does not name */

    ETHERTYPE_IPV4 = 0x0800,
    ETHERTYPE_IPV6 = 0x86DD,
    ETHERTYPE_VLAN = 0x8100,
    ETHERTYPE_QINQ = 0x88A8,
    ETHERTYPE_QINQ_OLD = 0x9100,
    VLAN_TAGS_MAX = 4, /* two are in use anywhere; a packet of nothing but tags ends here */

    PROTOCOL_HOP_BY_HOP = 0,
    PROTOCOL_UDP = 17,
    PROTOCOL_ROUTING = 43,
    PROTOCOL_DESTINATION_OPTIONS = 60,

    IPV4_HEADER_LEN = 20,
    IPV4_FRAGMENT_MASK = 0x3FFF, /* more-fragments bit and offset */
    UDP_HEADER_LEN = 8,
};

/* Restrict r to the next len bytes: what a length field promises. False if they are not there,
 * because the recorder cut the packet or the field is wrong. */
static bool narrow(struct kd_reader *r, size_t len)
{
    if (!kd_reader_ok(r) || len > kd_reader_left(r))
        return false;
    r->len = r->pos + len;
    return true;
}

static bool udp(struct kd_reader *r, struct kdt_datagram *out)
{
    uint16_t from_port = kd_rd_u16be(r);
    uint16_t to_port = kd_rd_u16be(r);
    uint16_t len = kd_rd_u16be(r);

    kd_rd_skip(r, 2); /* checksum: 0 in what targets send [seen], and the recorder's card may not
                         have filled it in yet */
    if (len < UDP_HEADER_LEN || !narrow(r, len - UDP_HEADER_LEN))
        return false;
    out->from.port = from_port;
    out->to.port = to_port;
    out->payload = kd_rd_span(r, kd_reader_left(r));
    return true;
}

static void map_ipv4(struct kd_reader *r, uint8_t ip[16])
{
    memset(ip, 0, 10);
    memset(ip + 10, 0xFF, 2);
    kd_rd_copy(r, ip + 12, 4);
}

static bool ipv4(struct kd_reader *r, struct kdt_datagram *out)
{
    uint8_t first = kd_rd_u8(r);
    size_t header_len = (size_t)(first & 0x0F) * 4;
    uint16_t total_len, fragment;
    uint8_t protocol;

    kd_rd_skip(r, 1); /* type of service */
    total_len = kd_rd_u16be(r);
    kd_rd_skip(r, 2); /* identification */
    fragment = kd_rd_u16be(r);
    kd_rd_skip(r, 1); /* time to live */
    protocol = kd_rd_u8(r);
    kd_rd_skip(r, 2); /* header checksum */
    map_ipv4(r, out->from.ip);
    map_ipv4(r, out->to.ip);
    if (first >> 4 != 4 || header_len < IPV4_HEADER_LEN || total_len < header_len)
        return false;
    if (protocol != PROTOCOL_UDP || (fragment & IPV4_FRAGMENT_MASK) != 0)
        return false;
    /* Short packets are padded to the 60 bytes of an Ethernet frame: the total length counts. */
    if (!narrow(r, total_len - IPV4_HEADER_LEN))
        return false;
    kd_rd_skip(r, header_len - IPV4_HEADER_LEN); /* options */
    return udp(r, out);
}

static bool is_extension(uint8_t protocol)
{
    return protocol == PROTOCOL_HOP_BY_HOP || protocol == PROTOCOL_ROUTING ||
           protocol == PROTOCOL_DESTINATION_OPTIONS;
}

static bool ipv6(struct kd_reader *r, struct kdt_datagram *out)
{
    uint8_t first = kd_rd_u8(r);
    uint16_t payload_len;
    uint8_t protocol;

    kd_rd_skip(r, 3); /* traffic class, flow label */
    payload_len = kd_rd_u16be(r);
    protocol = kd_rd_u8(r);
    kd_rd_skip(r, 1); /* hop limit */
    kd_rd_copy(r, out->from.ip, sizeof out->from.ip);
    kd_rd_copy(r, out->to.ip, sizeof out->to.ip);
    if (first >> 4 != 6 || !narrow(r, payload_len))
        return false;
    while (is_extension(protocol) && kd_reader_ok(r)) {
        protocol = kd_rd_u8(r);
        kd_rd_skip(r, (size_t)kd_rd_u8(r) * 8 + 6); /* counted in eights beyond the first eight */
    }
    return protocol == PROTOCOL_UDP && udp(r, out);
}

/* Where the link header does not say which IP follows, or says it in the byte order and numbers of
 * the recording machine (DLT_NULL), the version in the first four bits does. */
static bool any_ip(struct kd_reader *r, struct kdt_datagram *out)
{
    struct kd_reader ahead = *r;

    switch (kd_rd_u8(&ahead) >> 4) {
    case 4:
        return ipv4(r, out);
    case 6:
        return ipv6(r, out);
    default:
        return false;
    }
}

static bool is_vlan(uint16_t ethertype)
{
    return ethertype == ETHERTYPE_VLAN || ethertype == ETHERTYPE_QINQ ||
           ethertype == ETHERTYPE_QINQ_OLD;
}

static bool by_ethertype(struct kd_reader *r, uint16_t ethertype, struct kdt_datagram *out)
{
    for (int i = 0; i < VLAN_TAGS_MAX && is_vlan(ethertype); i++) {
        kd_rd_skip(r, 2);
        ethertype = kd_rd_u16be(r);
    }
    switch (ethertype) {
    case ETHERTYPE_IPV4:
        return ipv4(r, out);
    case ETHERTYPE_IPV6:
        return ipv6(r, out);
    default:
        return false;
    }
}

bool kdt_link_type_is_known(int link_type)
{
    switch (link_type) {
    case DLT_EN10MB:
    case DLT_LINUX_SLL:
    case LINK_TYPE_SLL2:
    case DLT_RAW:
    case DLT_IPV4:
    case DLT_IPV6:
    case DLT_NULL:
    case DLT_LOOP:
        return true;
    default:
        return false;
    }
}

bool kdt_packet_datagram(int link_type, struct kd_span packet, struct kdt_datagram *out)
{
    struct kd_reader r = kd_reader_of(packet.data, packet.len);
    uint16_t ethertype;

    switch (link_type) {
    case DLT_EN10MB:
        kd_rd_skip(&r, 12); /* both addresses */
        return by_ethertype(&r, kd_rd_u16be(&r), out);
    case DLT_LINUX_SLL:
        kd_rd_skip(&r, 14); /* direction, device, address */
        return by_ethertype(&r, kd_rd_u16be(&r), out);
    case LINK_TYPE_SLL2:
        ethertype = kd_rd_u16be(&r);
        kd_rd_skip(&r, 18); /* interface, device, direction, address */
        return by_ethertype(&r, ethertype, out);
    case DLT_NULL:
    case DLT_LOOP:
        kd_rd_skip(&r, 4); /* address family */
        return any_ip(&r, out);
    default:
        return any_ip(&r, out);
    }
}
