#include "pcapng_min.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum {
    BLOCK_ENHANCED_PACKET = 6,
    BLOCK_SECTION = 0x0A0D0D0A,
    BYTE_ORDER_MAGIC = 0x1A2B3C4D,
    ETHERTYPE_IPV4 = 0x0800,
    PROTOCOL_UDP = 17,
};

bool pcapng_min_open(struct pcapng_min *p, const char *path)
{
    FILE *f = fopen(path, "rb");
    long len;

    if (!f)
        return false;
    assert_int_equal(fseek(f, 0, SEEK_END), 0);
    len = ftell(f);
    assert_true(len > 0);
    rewind(f);
    p->at = 0;
    p->len = (size_t)len;
    p->file = malloc(p->len);
    assert_non_null(p->file);
    assert_int_equal(fread(p->file, 1, p->len, f), p->len);
    fclose(f);
    return true;
}

void pcapng_min_close(struct pcapng_min *p)
{
    free(p->file);
    p->file = NULL;
}

static bool read_frame(struct kd_span frame, struct pcapng_datagram *out)
{
    struct kd_reader r = kd_reader_of(frame.data, frame.len);
    uint16_t udp_len;
    uint8_t ihl;

    kd_rd_skip(&r, 12);
    if (kd_rd_u16be(&r) != ETHERTYPE_IPV4)
        return false;
    ihl = (uint8_t)((kd_rd_u8(&r) & 0x0F) * 4);
    kd_rd_skip(&r, 8);
    if (kd_rd_u8(&r) != PROTOCOL_UDP)
        return false;
    kd_rd_skip(&r, 2);
    kd_rd_copy(&r, out->from_ip, 4);
    kd_rd_copy(&r, out->to_ip, 4);
    kd_rd_seek(&r, 14 + (size_t)ihl);
    out->from_port = kd_rd_u16be(&r);
    out->to_port = kd_rd_u16be(&r);
    udp_len = kd_rd_u16be(&r);
    assert_true(udp_len >= 8);
    kd_rd_skip(&r, 2);
    out->payload = kd_rd_span(&r, udp_len - 8u);
    assert_true(kd_reader_ok(&r));
    return true;
}

bool pcapng_min_next(struct pcapng_min *p, struct pcapng_datagram *out)
{
    while (p->at < p->len) {
        struct kd_reader r = kd_reader_of(p->file + p->at, p->len - p->at);
        uint32_t type = kd_rd_u32(&r);
        uint32_t block_len = kd_rd_u32(&r);

        assert_true(kd_reader_ok(&r) && block_len >= 12 && block_len <= p->len - p->at);
        p->at += block_len;
        if (type == BLOCK_SECTION)
            assert_int_equal(kd_rd_u32(&r), BYTE_ORDER_MAGIC);
        if (type == BLOCK_ENHANCED_PACKET) {
            kd_rd_skip(&r, 12); /* interface, time */
            uint32_t captured = kd_rd_u32(&r);

            kd_rd_skip(&r, 4);
            if (read_frame(kd_rd_span(&r, captured), out))
                return true;
        }
    }
    return false;
}
