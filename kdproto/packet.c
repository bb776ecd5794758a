#include <kdproto/packet.h>

#include <string.h>

#define LEADER_DATA    0x30303030u /* "0000" */
#define LEADER_CONTROL 0x69696969u /* "iiii" */

/* The sum of 8 bytes at a time: four lanes of 16 bits, each of which takes two bytes. So many words and
 * no lane can overflow. The order of bytes in a word makes no difference to their sum. */
enum { WORDS_MAX = UINT16_MAX / (2 * UINT8_MAX) };
#define EVEN_BYTES UINT64_C(0x00ff00ff00ff00ff)

static uint32_t sum_words(const uint8_t *data, size_t count)
{
    uint64_t lanes = 0;

    for (size_t i = 0; i < count; i++) {
        uint64_t word;

        memcpy(&word, data + i * sizeof word, sizeof word);
        lanes += (word & EVEN_BYTES) + (word >> 8 & EVEN_BYTES);
    }
    return (uint32_t)((lanes & 0xffff) + (lanes >> 16 & 0xffff) + (lanes >> 32 & 0xffff) +
                      (lanes >> 48));
}

/* Recordings are gigabytes of packets: byte by byte this was the slowest part of reading them. */
uint32_t kd_checksum(const uint8_t *data, size_t len)
{
    size_t words = len / sizeof(uint64_t);
    uint32_t sum = 0;
    size_t done;

    for (done = 0; done < words;) {
        size_t count = words - done < WORDS_MAX ? words - done : WORDS_MAX;

        sum += sum_words(data + done * sizeof(uint64_t), count);
        done += count;
    }
    for (size_t i = words * sizeof(uint64_t); i < len; i++)
        sum += data[i];
    return sum;
}

static bool is_control_type(uint16_t type)
{
    return type == KD_PACKET_ACKNOWLEDGE || type == KD_PACKET_RESEND || type == KD_PACKET_RESET;
}

/* Does the leader fit the type? Numbers newer than ours may come under either. */
static bool is_plausible(bool is_control, uint16_t type)
{
    return type > KD_PACKET_FILE_IO || is_control_type(type) == is_control;
}

/* Reads the 16 bytes of a header; the checksum is handed out apart because only data have one. */
static enum kd_status read_header(struct kd_reader *r, struct kd_packet *pkt, uint32_t *checksum)
{
    uint32_t leader = kd_rd_u32(r);

    pkt->type = kd_rd_u16(r);
    pkt->len = kd_rd_u16(r);
    pkt->id = kd_rd_u32(r);
    *checksum = kd_rd_u32(r);
    if (!kd_reader_ok(r))
        return KD_ERR_TRUNCATED;
    if (leader != LEADER_DATA && leader != LEADER_CONTROL)
        return KD_ERR_MALFORMED;
    pkt->is_control = leader == LEADER_CONTROL;
    if (!is_plausible(pkt->is_control, pkt->type))
        return KD_ERR_MALFORMED;
    if (pkt->len > (pkt->is_control ? 0 : KD_PACKET_DATA_MAX))
        return KD_ERR_MALFORMED;
    return KD_OK;
}

enum kd_status kd_packet_peek(const uint8_t *buf, size_t len, struct kd_packet *out)
{
    struct kd_reader r = kd_reader_of(buf, len);
    struct kd_packet pkt = {0};
    uint32_t checksum;
    enum kd_status st = read_header(&r, &pkt, &checksum);

    if (st == KD_OK)
        *out = pkt;
    return st;
}

enum kd_status kd_packet_decode(const uint8_t *buf, size_t len, struct kd_packet *out)
{
    struct kd_reader r = kd_reader_of(buf, len);
    struct kd_packet pkt = {0};
    uint32_t checksum;
    enum kd_status st = read_header(&r, &pkt, &checksum);

    if (st != KD_OK)
        return st;
    pkt.data = kd_rd_span(&r, pkt.len).data;
    if (!kd_reader_ok(&r))
        return KD_ERR_TRUNCATED;
    if (kd_reader_left(&r) != 0)
        return KD_ERR_MALFORMED;
    /* A control packet's checksum is zero, but serial targets leave noise there [doc]. */
    if (!pkt.is_control && kd_checksum(pkt.data, pkt.len) != checksum)
        return KD_ERR_MISMATCH;
    *out = pkt;
    return KD_OK;
}

enum kd_status kd_packet_encode(const struct kd_packet *pkt, uint8_t *buf, size_t cap, size_t *len)
{
    struct kd_writer w = kd_writer_of(buf, cap);

    if (pkt->is_control && pkt->len != 0)
        return KD_ERR_USAGE;
    if (pkt->len > KD_PACKET_DATA_MAX || cap < KD_PACKET_HEADER_LEN + pkt->len)
        return KD_ERR_LIMIT;
    kd_wr_u32(&w, pkt->is_control ? LEADER_CONTROL : LEADER_DATA);
    kd_wr_u16(&w, pkt->type);
    kd_wr_u16(&w, (uint16_t)pkt->len);
    kd_wr_u32(&w, pkt->id);
    kd_wr_u32(&w, kd_checksum(pkt->data, pkt->len));
    kd_wr_bytes(&w, pkt->data, pkt->len);
    *len = w.pos;
    return KD_OK;
}

const char *kd_packet_type_name(uint16_t type)
{
    static const char *const names[] = {
        [KD_PACKET_UNUSED] = "UNUSED",
        [KD_PACKET_STATE_CHANGE32] = "STATE_CHANGE32",
        [KD_PACKET_STATE_MANIPULATE] = "STATE_MANIPULATE",
        [KD_PACKET_DEBUG_IO] = "DEBUG_IO",
        [KD_PACKET_ACKNOWLEDGE] = "ACKNOWLEDGE",
        [KD_PACKET_RESEND] = "RESEND",
        [KD_PACKET_RESET] = "RESET",
        [KD_PACKET_STATE_CHANGE64] = "STATE_CHANGE64",
        [KD_PACKET_POLL_BREAKIN] = "POLL_BREAKIN",
        [KD_PACKET_TRACE_IO] = "TRACE_IO",
        [KD_PACKET_CONTROL_REQUEST] = "CONTROL_REQUEST",
        [KD_PACKET_FILE_IO] = "FILE_IO",
    };

    return type < sizeof names / sizeof names[0] ? names[type] : NULL;
}
