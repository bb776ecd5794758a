#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "decode_print.h"
#include "support/capture.h"
#include "support/made_record.h"

static void assert_line(const struct made_record *m, const char *want)
{
    struct capture out;

    capture_begin(&out, CAPTURE_OUT);
    decode_text_record(&m->record, UINT64_C(500000000), NULL);
    (void)capture_end(&out);
    assert_string_equal(out.text, want);
    capture_free(&out);
}

static void lines_have_columns(void **state)
{
    struct made_record m;

    (void)state;
    made_record(&m, KDT_RECORD_PING, false);
    assert_line(&m, "    1    0.500000 T>H ping\n");
    made_packet(&m, true, KD_PACKET_ACKNOWLEDGE, 0x80000002, NULL, 0);
    m.record.number = 123456;
    assert_line(&m, "123456    0.500000 H>T ack      80000002\n");
    made_packet(&m, false, KD_PACKET_TRACE_IO, 6, "abc", 3);
    m.record.time_ns = UINT64_C(1289000000123);
    assert_line(&m, "    1 1288.500000 T>H other           6 TRACE_IO, 3 bytes\n");
    made_record(&m, KDT_RECORD_UNVERIFIED, false);
    m.record.status = KD_ERR_AUTH;
    assert_line(&m,
                "    1    0.500000 ?   unopened          54 bytes: it is damaged, or the key is "
                "another\n");
}

static void times_before_the_first_packet_are_negative(void **state)
{
    struct made_record m;

    (void)state;
    made_record(&m, KDT_RECORD_BREAK_IN, true);
    m.record.time_ns = UINT64_C(499000000);
    assert_line(&m, "    1   -0.001000 H>T break-in\n");
}

static void the_second_conversation_is_marked(void **state)
{
    struct made_record m;

    (void)state;
    made_packet(&m, false, KD_PACKET_TRACE_IO, 6, "abc", 3);
    m.record.conversation = 1;
    assert_line(&m, "    1    0.500000 T>H other           6 [2] TRACE_IO, 3 bytes\n");
    made_record(&m, KDT_RECORD_PING, false);
    m.record.conversation = 63;
    assert_line(&m, "    1    0.500000 T>H ping              [64]\n");
}

static void assert_summary(struct decode_summary *s, const char *want)
{
    struct capture out;

    capture_begin(&out, CAPTURE_OUT);
    decode_text_summary(s);
    (void)capture_end(&out);
    assert_string_equal(out.text, want);
    capture_free(&out);
    decode_summary_clear(s);
}

static struct decode_summary stream_summary(void)
{
    struct decode_summary s = {.has_records = true};

    s.first_ns = UINT64_C(1453631771474228000);
    s.last_ns = s.first_ns + 2000000000;
    s.counts.packets = 9;
    s.counts.stream_bytes = 1234;
    s.counts.conversations = 1;
    s.conversations[0].is_stream = true;
    s.conversations[0].records = 5;
    s.sides[DECODE_FROM_HOST] = (struct decode_side){.records = 2, .wire_bytes = 100};
    s.sides[DECODE_FROM_TARGET] = (struct decode_side){.records = 3, .wire_bytes = 1134};
    s.sides[DECODE_FROM_TARGET].kinds[DESCRIBE_PRINT] = 3;
    s.sides[DECODE_FROM_HOST].kinds[DESCRIBE_ACKNOWLEDGE] = 2;
    return s;
}

static void a_small_summary_says_only_what_there_is(void **state)
{
    struct decode_summary s = stream_summary();

    (void)state;
    assert_summary(&s, "\n"
                       "9 packets in 2.000 s, from 2016-01-24T10:36:11.474228Z\n"
                       "1234 bytes of streams\n"
                       "conversation 1: stream, 5 records\n"
                       "\n"
                       "                                    from target     from host\n"
                       "records                                       3             2\n"
                       "bytes on the wire                          1134           100\n"
                       "repeated                                      -             -\n"
                       "acknowledgements                              -             2\n"
                       "prints                                        3             -\n"
                       "\n"
                       "0 round trips\n"
                       "0 freezes\n");
}

static void a_large_summary_says_it_all(void **state)
{
    struct decode_summary s = stream_summary();

    (void)state;
    s.counts.kdnet = 100;
    s.counts.verified = 90;
    s.counts.conversations = 2;
    s.conversations[1] =
        (struct decode_conversation){.host = {{[10] = 0xff, [11] = 0xff, 10, 0, 0, 1}, 50000},
                                     .target = {{[10] = 0xff, [11] = 0xff, 10, 0, 0, 2}, 50001},
                                     .version = 5,
                                     .records = 100};
    s.boots_len = 1;
    s.counts.boots = 3;
    s.boots[0] = (struct decode_boot){
        1,
        s.first_ns + 5056000,
        {.major = 0x040f, .minor = 10586, .machine = 0x8664, .kernel_base_va = 0x96f000}};
    s.sides[DECODE_FROM_HOST].kinds[DESCRIBE_REQUEST] = 44;
    s.apis[0] = (struct decode_api){44, 1, 4768};
    durations_add(&s.round_trips, 42000);
    durations_add(&s.round_trips, 15790000);
    durations_add(&s.freezes, 600000000);
    s.freezes_without_end = 2;
    s.not_opened_key = 7;
    s.not_opened_handshake = 3;
    s.counts.other = 4;
    s.counts.duplicates = 5;
    s.counts.incomplete = 6;
    s.counts.not_udp = 8;
    s.counts.cut = 2;
    assert_summary(
        &s, "\n"
            "9 packets in 2.000 s, from 2016-01-24T10:36:11.474228Z\n"
            "90 of 100 KDNET datagrams verified\n"
            "1234 bytes of streams\n"
            "conversation 1: stream, 5 records\n"
            "conversation 2: host 10.0.0.1:50000, target 10.0.0.2:50001, KDNET version 5, 100 "
            "records\n"
            "boot 1: boot debugger, build 10586, x64, base 0x96f000, seen at 0.005056, "
            "conversation 2\n"
            "2 boots more\n"
            "\n"
            "                                    from target     from host\n"
            "records                                       3             2\n"
            "bytes on the wire                          1134           100\n"
            "repeated                                      -             -\n"
            "acknowledgements                              -             2\n"
            "requests                                      -            44\n"
            "prints                                        3             -\n"
            "\n"
            "                                       requests        failed    bytes read\n"
            "ReadVirtualMemory                            44             1          4768\n"
            "\n"
            "2 round trips: median 42 us, 99 % 15.79 ms, longest 15.79 ms\n"
            "1 freeze: together 600.00 ms, median 600.00 ms, longest 600.00 ms; of 2 more the end "
            "is not in the recording\n"
            "\n"
            "unopened: damaged, or another key             7\n"
            "unopened: no handshake                        3\n"
            "captured twice                                5\n"
            "other UDP datagrams                           4\n"
            "fragments without the rest                    6\n"
            "packets without a whole datagram              8\n"
            "of these cut short when captured              2\n");
}

static void the_last_time_that_can_be_written_is_a_date(void **state)
{
    struct decode_summary s = {0};
    struct capture out;

    (void)state;
    s.first_ns = s.last_ns = UINT64_MAX;
    capture_begin(&out, CAPTURE_OUT);
    decode_text_summary(&s);
    (void)capture_end(&out);
    assert_non_null(strstr(out.text, "0 packets in 0.0 us, from 2554-07-21T23:34:33.709551Z"));
    capture_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_have_columns),
        cmocka_unit_test(times_before_the_first_packet_are_negative),
        cmocka_unit_test(the_second_conversation_is_marked),
        cmocka_unit_test(a_small_summary_says_only_what_there_is),
        cmocka_unit_test(a_large_summary_says_it_all),
        cmocka_unit_test(the_last_time_that_can_be_written_is_a_date),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
