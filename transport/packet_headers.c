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
    ETHERTYPE_PPPOE_SESSION = 0x8864,
    VLAN_TAGS_MAX = 4, /* two are in use anywhere; a packet of nothing but tags ends here */

    PPPOE_DATA = 0, /* the code of a packet that is not about the session itself */
    HDLC_ALL_STATIONS = 0xFF,
    HDLC_CISCO_UNICAST = 0x0F,
    HDLC_CISCO_MULTICAST = 0x8F,
    PPP_IPV4 = 0x0021,
    PPP_IPV6 = 0x0057,

    PROTOCOL_HOP_BY_HOP = 0,
    PROTOCOL_UDP = 17,
    PROTOCOL_ROUTING = 43,
    PROTOCOL_FRAGMENT = 44,
    PROTOCOL_DESTINATION_OPTIONS = 60,

    IPV4_HEADER_LEN = 20,
    IPV4_MORE_FRAGMENTS = 0x2000,
    IPV4_OFFSET_MASK = 0x1FFF, /* in eights */
    IPV6_MORE_FRAGMENTS = 1,
    IPV6_OFFSET_MASK = 0xFFF8, /* in eights, which stand so that it reads as bytes */
    UDP_HEADER_LEN = 8,
};

/* What is filled in on the way through the headers. */
struct found {
    struct kdt_datagram *datagram;
    struct kdt_fragment *fragment;
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

static struct kd_span rest(struct kd_reader *r)
{
    return kd_rd_span(r, kd_reader_left(r));
}

static enum kdt_packet_kind udp(struct kd_reader *r, struct kdt_datagram *out)
{
    uint16_t from_port = kd_rd_u16be(r);
    uint16_t to_port = kd_rd_u16be(r);
    uint16_t len = kd_rd_u16be(r);

    kd_rd_skip(r, 2); /* checksum: 0 in what targets send [seen], and the recorder's card may not
                         have filled it in yet */
    if (len < UDP_HEADER_LEN || !narrow(r, len - UDP_HEADER_LEN))
        return KDT_PACKET_DAMAGED;
    out->from.port = from_port;
    out->to.port = to_port;
    out->payload = rest(r);
    return KDT_PACKET_DATAGRAM;
}

static enum kdt_packet_kind fragment(struct kd_reader *r, const struct found *out)
{
    struct kdt_fragment *f = out->fragment;

    memcpy(f->from, out->datagram->from.ip, sizeof f->from);
    memcpy(f->to, out->datagram->to.ip, sizeof f->to);
    f->bytes = rest(r);
    return KDT_PACKET_FRAGMENT;
}

static void map_ipv4(struct kd_reader *r, uint8_t ip[16])
{
    memset(ip, 0, 10);
    memset(ip + 10, 0xFF, 2);
    kd_rd_copy(r, ip + 12, 4);
}

static enum kdt_packet_kind ipv4(struct kd_reader *r, const struct found *out)
{
    uint8_t first = kd_rd_u8(r);
    size_t header_len = (size_t)(first & 0x0F) * 4;
    uint16_t total_len, flags;
    struct kdt_fragment f = {0};

    kd_rd_skip(r, 1); /* type of service */
    total_len = kd_rd_u16be(r);
    f.id = kd_rd_u16be(r);
    flags = kd_rd_u16be(r);
    kd_rd_skip(r, 1); /* time to live */
    f.protocol = kd_rd_u8(r);
    kd_rd_skip(r, 2); /* header checksum */
    map_ipv4(r, out->datagram->from.ip);
    map_ipv4(r, out->datagram->to.ip);
    if (!kd_reader_ok(r) || first >> 4 != 4 || header_len < IPV4_HEADER_LEN ||
        total_len < header_len)
        return KDT_PACKET_DAMAGED;
    if (f.protocol != PROTOCOL_UDP)
        return KDT_PACKET_OTHER;
    /* Short packets are padded to the 60 bytes of an Ethernet frame: the total length counts. */
    if (!narrow(r, total_len - IPV4_HEADER_LEN))
        return KDT_PACKET_DAMAGED;
    kd_rd_skip(r, header_len - IPV4_HEADER_LEN); /* options */
    f.offset = (flags & IPV4_OFFSET_MASK) * 8u;
    f.is_last = !(flags & IPV4_MORE_FRAGMENTS);
    if (f.offset == 0 && f.is_last)
        return udp(r, out->datagram);
    *out->fragment = f;
    return fragment(r, out);
}

static bool is_extension(uint8_t protocol)
{
    return protocol == PROTOCOL_HOP_BY_HOP || protocol == PROTOCOL_ROUTING ||
           protocol == PROTOCOL_DESTINATION_OPTIONS;
}

/* A fragment header. A whole datagram may have one, too: then the headers go on behind it. */
static bool is_whole(struct kd_reader *r, uint8_t *protocol, struct kdt_fragment *f)
{
    uint16_t flags, id_high;

    *f = (struct kdt_fragment){.protocol = kd_rd_u8(r)};
    kd_rd_skip(r, 1);
    flags = kd_rd_u16be(r);
    id_high = kd_rd_u16be(r);
    f->id = (uint32_t)id_high << 16 | kd_rd_u16be(r);
    f->offset = flags & IPV6_OFFSET_MASK;
    f->is_last = !(flags & IPV6_MORE_FRAGMENTS);
    *protocol = f->protocol;
    return f->offset == 0 && f->is_last;
}

static bool may_hold_udp(uint8_t protocol)
{
    return protocol == PROTOCOL_UDP || protocol == PROTOCOL_FRAGMENT || is_extension(protocol);
}

/* Behind IPv6's header: each header says what the next one is. */
static enum kdt_packet_kind headers(struct kd_reader *r, uint8_t protocol, const struct found *out)
{
    bool is_fragment = false;

    while (kd_reader_ok(r) && !is_fragment && may_hold_udp(protocol)) {
        if (protocol == PROTOCOL_UDP)
            return udp(r, out->datagram);
        if (protocol == PROTOCOL_FRAGMENT) {
            is_fragment = !is_whole(r, &protocol, out->fragment);
        } else {
            protocol = kd_rd_u8(r);
            kd_rd_skip(r, (size_t)kd_rd_u8(r) * 8 + 6); /* in eights beyond the first eight */
        }
    }
    if (!kd_reader_ok(r))
        return KDT_PACKET_DAMAGED;
    return is_fragment && may_hold_udp(protocol) ? fragment(r, out) : KDT_PACKET_OTHER;
}

static enum kdt_packet_kind ipv6(struct kd_reader *r, const struct found *out)
{
    uint8_t first = kd_rd_u8(r);
    uint16_t payload_len;
    uint8_t protocol;

    kd_rd_skip(r, 3); /* traffic class, flow label */
    payload_len = kd_rd_u16be(r);
    protocol = kd_rd_u8(r);
    kd_rd_skip(r, 1); /* hop limit */
    kd_rd_copy(r, out->datagram->from.ip, sizeof out->datagram->from.ip);
    kd_rd_copy(r, out->datagram->to.ip, sizeof out->datagram->to.ip);
    if (!kd_reader_ok(r) || first >> 4 != 6)
        return KDT_PACKET_DAMAGED;
    if (!may_hold_udp(protocol))
        return KDT_PACKET_OTHER;
    if (!narrow(r, payload_len))
        return KDT_PACKET_DAMAGED;
    return headers(r, protocol, out);
}

/* Where the link header does not say which IP follows, or says it in the byte order and numbers of
 * the recording machine (DLT_NULL), the version in the first four bits does. */
static enum kdt_packet_kind any_ip(struct kd_reader *r, const struct found *out)
{
    struct kd_reader ahead = *r;
    uint8_t version = kd_rd_u8(&ahead) >> 4;

    if (!kd_reader_ok(&ahead))
        return KDT_PACKET_DAMAGED;
    switch (version) {
    case 4:
        return ipv4(r, out);
    case 6:
        return ipv6(r, out);
    default:
        return KDT_PACKET_OTHER;
    }
}

/* With or without the two bytes of HDLC in front, and with the protocol's first byte left out where
 * it is zero: the lowest bit says that it ends. */
static enum kdt_packet_kind ppp(struct kd_reader *r, const struct found *out)
{
    uint16_t protocol = kd_rd_u8(r);

    if (protocol == HDLC_ALL_STATIONS) {
        kd_rd_skip(r, 1); /* control */
        protocol = kd_rd_u8(r);
    }
    if (!(protocol & 1))
        protocol = (uint16_t)(protocol << 8 | kd_rd_u8(r));
    switch (protocol) {
    case PPP_IPV4:
        return ipv4(r, out);
    case PPP_IPV6:
        return ipv6(r, out);
    default:
        return kd_reader_ok(r) ? KDT_PACKET_OTHER : KDT_PACKET_DAMAGED;
    }
}

static enum kdt_packet_kind pppoe(struct kd_reader *r, const struct found *out)
{
    uint8_t code;

    kd_rd_skip(r, 1); /* version, type */
    code = kd_rd_u8(r);
    kd_rd_skip(r, 2); /* session */
    if (!narrow(r, kd_rd_u16be(r)))
        return KDT_PACKET_DAMAGED;
    return code == PPPOE_DATA ? ppp(r, out) : KDT_PACKET_OTHER;
}

static bool is_vlan(uint16_t ethertype)
{
    return ethertype == ETHERTYPE_VLAN || ethertype == ETHERTYPE_QINQ ||
           ethertype == ETHERTYPE_QINQ_OLD;
}

static enum kdt_packet_kind by_ethertype(struct kd_reader *r, uint16_t ethertype,
                                         const struct found *out)
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
    case ETHERTYPE_PPPOE_SESSION:
        return pppoe(r, out);
    default:
        return kd_reader_ok(r) ? KDT_PACKET_OTHER : KDT_PACKET_DAMAGED;
    }
}

static enum kdt_packet_kind cisco_hdlc(struct kd_reader *r, const struct found *out)
{
    kd_rd_skip(r, 2); /* address, control */
    return by_ethertype(r, kd_rd_u16be(r), out);
}

/* A serial line: the address in the first byte tells the two ways of its use apart. */
static enum kdt_packet_kind ppp_or_cisco(struct kd_reader *r, const struct found *out)
{
    struct kd_reader ahead = *r;
    uint8_t address = kd_rd_u8(&ahead);

    if (address == HDLC_CISCO_UNICAST || address == HDLC_CISCO_MULTICAST)
        return cisco_hdlc(r, out);
    return ppp(r, out);
}

bool kdt_link_type_is_known(int link_type)
{
    switch (link_type) {
    case DLT_EN10MB:
    case DLT_LINUX_SLL:
    case LINK_TYPE_SLL2:
    case DLT_PPP:
    case DLT_PPP_SERIAL:
    case DLT_PPP_ETHER:
    case DLT_C_HDLC:
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

enum kdt_packet_kind kdt_packet_decode(int link_type, struct kd_span packet,
                                       struct kdt_datagram *datagram, struct kdt_fragment *fragment)
{
    const struct found out = {datagram, fragment};
    struct kd_reader r = kd_reader_of(packet.data, packet.len);
    uint16_t ethertype;

    switch (link_type) {
    case DLT_EN10MB:
        kd_rd_skip(&r, 12); /* both addresses */
        return by_ethertype(&r, kd_rd_u16be(&r), &out);
    case DLT_LINUX_SLL:
        kd_rd_skip(&r, 14); /* direction, device, address */
        return by_ethertype(&r, kd_rd_u16be(&r), &out);
    case LINK_TYPE_SLL2:
        ethertype = kd_rd_u16be(&r);
        kd_rd_skip(&r, 18); /* interface, device, direction, address */
        return by_ethertype(&r, ethertype, &out);
    case DLT_PPP:
    case DLT_PPP_SERIAL:
        return ppp_or_cisco(&r, &out);
    case DLT_PPP_ETHER:
        return pppoe(&r, &out);
    case DLT_C_HDLC:
        return cisco_hdlc(&r, &out);
    case DLT_NULL:
    case DLT_LOOP:
        kd_rd_skip(&r, 4); /* address family */
        return any_ip(&r, &out);
    default:
        return any_ip(&r, &out);
    }
}

enum kdt_packet_kind kdt_packet_decode_whole(uint8_t protocol, struct kd_span bytes,
                                             struct kdt_datagram *datagram)
{
    struct kdt_fragment inner; /* fragments of fragments: nobody sends them */
    const struct found out = {datagram, &inner};
    struct kd_reader r = kd_reader_of(bytes.data, bytes.len);
    enum kdt_packet_kind kind = headers(&r, protocol, &out);

    return kind == KDT_PACKET_FRAGMENT ? KDT_PACKET_OTHER : kind;
}
