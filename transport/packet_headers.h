/* packet_headers.h - the UDP datagram inside one captured packet.
 *
 * Takes off what a network card or a loopback device put in front: a link header, VLAN tags, IPv4
 * or IPv6, UDP. Private to this room; capture_file.c is its only user.
 *
 * Lifetime  The payload borrows from the packet.
 * Source    Link-layer headers as the tcpdump project lists them, IPv4, IPv6 and UDP as their RFCs
 *           say [doc]. */
#ifndef TRANSPORT_PACKET_HEADERS_H
#define TRANSPORT_PACKET_HEADERS_H

#include <transport/capture_file.h>

/* Is there a decoder for this libpcap link type (DLT_...)? */
bool kdt_link_type_is_known(int link_type);

/* Fills from, to and payload. False: no whole UDP datagram (another protocol, a fragment, cut off
 * by the recorder, or damaged). */
bool kdt_packet_datagram(int link_type, struct kd_span packet, struct kdt_datagram *out);

#endif
