/* Every decoder of packet data, over any bytes: as one packet whose data go where its type says, and
 * as bare data to each of them. What is decoded and encoded again must come out the same. */
#include <stdlib.h>
#include <string.h>

#include <kdproto/context_x64.h>
#include <kdproto/debug_io.h>
#include <kdproto/file_io.h>
#include <kdproto/manipulate.h>
#include <kdproto/packet.h>
#include <kdproto/state_change.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* assert, but also in builds that leave assertions out: it is all that this program is for. */
static void require(bool holds)
{
    if (!holds)
        abort();
}

/* Reads each byte of a span, so that a sanitizer sees one that reaches outside. */
static void touch(struct kd_span s)
{
    volatile uint32_t sum = kd_checksum(s.data, s.len);

    (void)sum;
}

static void manipulate(const uint8_t *bytes, size_t len, bool is_reply)
{
    static uint8_t first[KD_PACKET_LEN_MAX], second[KD_PACKET_LEN_MAX];
    struct kd_manipulate m, again;
    size_t first_len, second_len;

    if (kd_manipulate_decode(bytes, len, is_reply, &m) != KD_OK)
        return;
    touch(m.data);
    require(kd_manipulate_read_data(&m, 1024).len <= m.data.len);
    (void)kd_api_name(m.api);
    if (kd_manipulate_encode(&m, first, sizeof first, &first_len) != KD_OK)
        return;
    require(kd_manipulate_decode(first, first_len, true, &again) == KD_OK);
    require(kd_manipulate_answers(&again, &m));
    require(kd_manipulate_encode(&again, second, sizeof second, &second_len) == KD_OK);
    require(first_len == second_len && memcmp(first, second, first_len) == 0);
}

static void state_change(const uint8_t *bytes, size_t len)
{
    struct kd_state_change sc;

    if (kd_state_change_decode(bytes, len, &sc) != KD_OK)
        return;
    touch(sc.path);
    require(sc.code_len <= sizeof sc.code);
    require(sc.parameter_count <= KD_EXCEPTION_PARAMETERS_MAX);
}

static void debug_io(const uint8_t *bytes, size_t len)
{
    uint8_t answer[KD_DEBUG_IO_HEADER_LEN + 8];
    struct kd_span line = {(const uint8_t *)"whatever", 8};
    struct kd_debug_io io;
    size_t answer_len;

    if (kd_debug_io_decode(bytes, len, &io) != KD_OK)
        return;
    touch(io.text);
    if (io.kind == KD_DEBUG_IO_GET_STRING)
        require(kd_debug_io_answer(&io, line, answer, sizeof answer, &answer_len) == KD_OK);
}

static void file_io(const uint8_t *bytes, size_t len)
{
    uint8_t answer[KD_FILE_IO_HEADER_LEN];
    struct kd_file_io io;

    if (kd_file_io_decode(bytes, len, &io) != KD_OK)
        return;
    touch(io.path);
    touch(io.data);
    require(io.path.len % 2 == 0);
    kd_file_io_refuse(&io, answer);
}

static void special_registers(const uint8_t *bytes, size_t len)
{
    struct kd_x64_special s;

    if (kd_x64_special_decode(bytes, len, &s) == KD_OK)
        require(kd_dtb_of_cr3(s.cr3) % 4096 == 0);
}

static void packet_data(uint16_t type, const uint8_t *bytes, size_t len)
{
    switch (type) {
    case KD_PACKET_STATE_MANIPULATE:
        manipulate(bytes, len, false);
        manipulate(bytes, len, true);
        break;
    case KD_PACKET_STATE_CHANGE64:
        state_change(bytes, len);
        break;
    case KD_PACKET_DEBUG_IO:
        debug_io(bytes, len);
        break;
    case KD_PACKET_FILE_IO:
        file_io(bytes, len);
        break;
    default:
        break;
    }
}

static void packet(const uint8_t *bytes, size_t len)
{
    static uint8_t buf[KD_PACKET_LEN_MAX];
    struct kd_packet pkt;
    size_t buf_len;

    if (kd_packet_decode(bytes, len, &pkt) != KD_OK)
        return;
    require(kd_packet_encode(&pkt, buf, sizeof buf, &buf_len) == KD_OK);
    require(buf_len == len && memcmp(buf, bytes, 12) == 0); /* all but a control checksum */
    packet_data(pkt.type, pkt.data, pkt.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    packet(bytes, len);
    packet_data(KD_PACKET_STATE_MANIPULATE, bytes, len);
    packet_data(KD_PACKET_STATE_CHANGE64, bytes, len);
    packet_data(KD_PACKET_DEBUG_IO, bytes, len);
    packet_data(KD_PACKET_FILE_IO, bytes, len);
    special_registers(bytes, len);
    return 0;
}
