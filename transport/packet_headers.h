/* packet_headers.h - what one captured packet holds: a UDP datagram, a fragment of one, or neither.
 *
 * Takes off what a network card or a loopback device put in front: a link header, VLAN tags,
 * PPPoE and PPP, IPv4 or IPv6, UDP. Private to this room; capture_file.c is its only user.
 *
 * Lifetime  Payload and fragment borrow from the packet.
 * Source    Link-layer headers as the tcpdump project lists them; PPP: RFC 1661 and 1662; PPPoE:
 *           RFC 2516; IPv4, IPv6 and UDP as their RFCs say [doc]. */
#ifndef TRANSPORT_PACKET_HEADERS_H
#define TRANSPORT_PACKET_HEADERS_H

#include <transport/capture_file.h>

#include "ip_fragments.h"

enum kdt_packet_kind {
    KDT_PACKET_OTHER,    /* another protocol */
    KDT_PACKET_DAMAGED,  /* shorter than its headers say: cut off by the recorder, or wrong */
    KDT_PACKET_DATAGRAM, /* from, to and payload of the datagram are filled in */
    KDT_PACKET_FRAGMENT, /* of UDP; the datagram's addresses and the fragment are filled in */
};

/* Is there a decoder for this libpcap link type (DLT_...)? */
bool kdt_link_type_is_known(int link_type);

enum kdt_packet_kind kdt_packet_decode(int link_type, struct kd_span packet,
                                       struct kdt_datagram *datagram,
                                       struct kdt_fragment *fragment);
/* The same for what was put together from fragments: ports and payload are filled in. */
enum kdt_packet_kind kdt_packet_decode_whole(uint8_t protocol, struct kd_span bytes,
                                             struct kdt_datagram *datagram);

#endif
