#include "support/made_record.h"

#include <assert.h>
#include <string.h>

void made_record(struct made_record *m, enum kdt_record_kind kind, bool is_from_host)
{
    memset(m, 0, sizeof *m);
    m->record.kind = kind;
    m->record.number = 1;
    m->record.time_ns = 1000000000;
    m->record.is_from_host = is_from_host;
    m->record.datagram.version = 4;
    m->record.datagram.from_host = is_from_host;
    m->record.datagram.sequence = 7;
    m->record.wire_len = 54;
}

void made_packet(struct made_record *m, bool is_from_host, uint16_t type, uint32_t id,
                 const void *data, size_t len)
{
    made_record(m, KDT_RECORD_PACKET, is_from_host);
    assert(len <= sizeof m->bytes);
    if (len)
        memcpy(m->bytes, data, len);
    m->record.packet = (struct kd_packet){len == 0, type, id, m->bytes, len};
}

void made_manipulate(struct made_record *m, bool is_from_host, const struct kd_manipulate *what)
{
    uint8_t data[sizeof m->bytes];
    size_t len = 0;
    enum kd_status st = kd_manipulate_encode(what, data, sizeof data, &len);

    assert(st == KD_OK);
    (void)st;
    made_packet(m, is_from_host, KD_PACKET_STATE_MANIPULATE, is_from_host ? 0x80000002 : 6, data,
                len);
    m->record.has_manipulate = true;
    st = kd_manipulate_decode(m->bytes, len, !is_from_host, &m->record.manipulate);
    assert(st == KD_OK);
}

void made_state_change(struct made_record *m, const struct kd_state_change *what, const void *tail,
                       size_t tail_len)
{
    uint8_t data[sizeof m->bytes] = {0};

    assert(KD_STATE_CHANGE_LEN + tail_len <= sizeof data);
    if (tail_len)
        memcpy(data + KD_STATE_CHANGE_LEN, tail, tail_len);
    made_packet(m, false, KD_PACKET_STATE_CHANGE64, 2, data, KD_STATE_CHANGE_LEN + tail_len);
    m->record.has_state_change = true;
    m->record.state_change = *what;
    m->record.is_new_stop = true;
    m->record.stop = 1;
}
