/* packet.h - one KD packet: the 16-byte header, its checksum, its data.
 *
 * The same packet travels inside a KDNET datagram and, with a trailing 0xAA after data packets, in
 * a byte stream (framer.h).
 *
 * Lifetime  A decoded packet borrows its data from the buffer it was decoded from.
 * Errors    enum kd_status; outputs are untouched on failure.
 * Source    Layout, types, checksum: every packet of a verified WinDbg session [seen]; meaning of
 *           the types 9 and 10: public target implementations [doc]; 11: in that session [seen]. */
#ifndef KDPROTO_PACKET_H
#define KDPROTO_PACKET_H

#include <kdproto/bytes.h>
#include <kdproto/status.h>

#ifdef __cplusplus
extern "C" {
#endif

enum kd_packet_type {
    KD_PACKET_UNUSED = 0,
    KD_PACKET_STATE_CHANGE32 = 1,
    KD_PACKET_STATE_MANIPULATE = 2,
    KD_PACKET_DEBUG_IO = 3,
    KD_PACKET_ACKNOWLEDGE = 4, /* control */
    KD_PACKET_RESEND = 5,      /* control */
    KD_PACKET_RESET = 6,       /* control */
    KD_PACKET_STATE_CHANGE64 = 7,
    KD_PACKET_POLL_BREAKIN = 8, /* never on the wire */
    KD_PACKET_TRACE_IO = 9,
    KD_PACKET_CONTROL_REQUEST = 10,
    KD_PACKET_FILE_IO = 11,
};

enum {
    KD_PACKET_HEADER_LEN = 16,
    KD_PACKET_DATA_MAX = 4096, /* the largest that any known target accepts (QEMU's stub) [doc] */
    KD_PACKET_LEN_MAX = KD_PACKET_HEADER_LEN + KD_PACKET_DATA_MAX,
    KD_TRAILER = 0xAA, /* after each data packet of a byte stream */
    KD_BREAKIN = 0x62, /* a lone byte: please halt */
};

struct kd_packet {
    bool is_control; /* leader "iiii" instead of "0000"; such packets carry no data */
    uint16_t type;   /* enum kd_packet_type, or a number newer than that */
    uint32_t id;
    const uint8_t *data;
    size_t len;
};

/* Sum of all bytes, modulo 2^32. */
uint32_t kd_checksum(const uint8_t *data, size_t len);

/* buf holds exactly one packet, no trailer. KD_ERR_TRUNCATED, KD_ERR_MALFORMED (leader, a leader
 * that contradicts the type, length, control packet with data, trailing bytes), KD_ERR_MISMATCH
 * (checksum). */
enum kd_status kd_packet_decode(const uint8_t *buf, size_t len, struct kd_packet *out);

/* Only the header, for those who must know how much to wait for: out->len is what it announces,
 * out->data is NULL. The same errors. */
enum kd_status kd_packet_peek(const uint8_t *buf, size_t len, struct kd_packet *out);

/* KD_ERR_USAGE for a control packet with data; KD_ERR_LIMIT when the data or the packet does not
 * fit cap. */
enum kd_status kd_packet_encode(const struct kd_packet *pkt, uint8_t *buf, size_t cap, size_t *len);

/* "STATE_MANIPULATE"; NULL for a number without a name. */
const char *kd_packet_type_name(uint16_t type);

#ifdef __cplusplus
}
#endif
#endif
