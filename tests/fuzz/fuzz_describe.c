/* Any packet data in words: one line of text that no terminal obeys, and counted once.
 *
 *     byte 0    bit 0: from the host; bit 1: repeated; bit 2: a new stop; bit 3: an answer
 *     byte 1    the packet's type
 *     rest      its data */
#include <stdlib.h>
#include <string.h>

#include "../../cli/decode_filter.h"
#include "../../cli/decode_summary.h"

#include <walker/text.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* assert, but also in builds that leave assertions out: it is all that this program is for. */
static void require(bool holds)
{
    if (!holds)
        abort();
}

static void is_harmless(const struct text *t)
{
    const uint8_t *p = (const uint8_t *)t->chars;
    size_t n;

    for (size_t left = t->len; left > 0; p += n, left -= n) {
        n = kdw_utf8_len(p, left);
        require(n > 0 && *p >= 0x20 && *p != 0x7f);
        require(n != 2 || p[0] != 0xc2 || p[1] >= 0xa0); /* C1 controls */
    }
}

/* As a recording would hand it out. */
static struct kdt_record record_of(const uint8_t *bytes, size_t len)
{
    struct kdt_record rec = {.kind = KDT_RECORD_PACKET, .number = 1, .time_ns = 1000};

    rec.is_from_host = bytes[0] & 1;
    rec.is_repeat = bytes[0] & 2;
    rec.packet.type = bytes[1];
    rec.packet.data = bytes + 2;
    rec.packet.len = len - 2;
    rec.packet.is_control =
        rec.packet.type >= KD_PACKET_ACKNOWLEDGE && rec.packet.type <= KD_PACKET_RESET;
    if (rec.packet.type == KD_PACKET_STATE_MANIPULATE)
        rec.has_manipulate = kd_manipulate_decode(rec.packet.data, rec.packet.len,
                                                  !rec.is_from_host, &rec.manipulate) == KD_OK;
    if (rec.packet.type == KD_PACKET_STATE_CHANGE64)
        rec.has_state_change =
            kd_state_change_decode(rec.packet.data, rec.packet.len, &rec.state_change) == KD_OK;
    rec.is_new_stop = rec.has_state_change && (bytes[0] & 4);
    rec.is_answer = rec.has_manipulate && !rec.is_from_host && (bytes[0] & 8);
    return rec;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct decode_filter all = {0}, damaged = {0};
    struct decode_summary sum = {0};
    struct description d;
    struct kdt_record rec;

    if (len < 2)
        return 0;
    rec = record_of(bytes, len);
    describe_record(&rec, NULL, &d);
    is_harmless(&d.meaning);
    is_harmless(&d.words);
    describe_free(&d);
    decode_summary_add(&sum, &rec);
    require(decode_summary_kind(&sum, describe_kind(&rec)) == 1);
    decode_summary_clear(&sum);
    require(decode_filter_shows(&all, &rec) && decode_filter_parse("damaged", &damaged));
    require(decode_filter_shows(&damaged, &rec) == (describe_kind(&rec) == DESCRIBE_DAMAGED));
    return 0;
}
