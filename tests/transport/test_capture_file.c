#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support/hex.h"
#include "transport/capture_stream.h"

/* A pcap file written out: raw IP (101), then packets. */
#define FILE_HEADER "d4c3b2a1 0200 0400 00000000 00000000 00000400 65000000 "
#define NANO_HEADER "4d3cb2a1 0200 0400 00000000 00000000 00000400 65000000 "
#define UDP_PACKET  "4500 0021 0001 4000 1011 0000 c0a80201 c0a80202 c350 c351 000d 0000 68656c6c6f "
#define TCP_PACKET  "4500 0021 0001 4000 1006 0000 c0a80201 c0a80202 c350 c351 000d 0000 68656c6c6f "
#define WHOLE       "21000000 21000000 "
#define AT_2_AND_7  "02000000 07000000 "

struct opened {
    uint8_t bytes[1024];
    struct kd_diag diag;
    struct kdt_capture *capture;
    enum kd_status status;
};

static void open_hex(struct opened *o, const char *hex)
{
    size_t len = hex_decode(hex, o->bytes, sizeof o->bytes);

    kd_diag_clear(&o->diag);
    o->capture = NULL;
    o->status = kdt_capture_open_stream(fmemopen(o->bytes, len, "rb"), &o->diag, &o->capture);
}

static void datagrams_come_in_order_with_number_and_time(void **state)
{
    struct opened o;
    struct kdt_datagram d;

    (void)state;
    open_hex(&o, FILE_HEADER AT_2_AND_7 WHOLE UDP_PACKET AT_2_AND_7 WHOLE TCP_PACKET
             "03000000 00000000 " WHOLE UDP_PACKET);
    assert_int_equal(o.status, KD_OK);
    assert_int_equal(kdt_capture_next(o.capture, &d), KD_OK);
    assert_int_equal(d.number, 1);
    assert_true(d.time_ns == 2000007000u);
    assert_int_equal(d.from.port, 50000);
    assert_int_equal(d.to.port, 50001);
    assert_memory_equal(d.payload.data, "hello", 5);
    assert_int_equal(kdt_capture_next(o.capture, &d), KD_OK);
    assert_int_equal(d.number, 3); /* the packet between is counted */
    assert_true(d.time_ns == 3000000000u);
    assert_int_equal(kdt_capture_next(o.capture, &d), KD_ERR_NOT_FOUND);
    assert_int_equal(kdt_capture_next(o.capture, &d), KD_ERR_NOT_FOUND);
    assert_int_equal(kdt_capture_skipped(o.capture), 1);
    kdt_capture_close(o.capture);
}

static void nanoseconds_are_kept(void **state)
{
    struct opened o;
    struct kdt_datagram d;

    (void)state;
    open_hex(&o, NANO_HEADER AT_2_AND_7 WHOLE UDP_PACKET);
    assert_int_equal(kdt_capture_next(o.capture, &d), KD_OK);
    assert_true(d.time_ns == 2000000007u);
    kdt_capture_close(o.capture);
}

static void packets_cut_by_the_recorder_are_skipped(void **state)
{
    struct opened o;
    struct kdt_datagram d;

    (void)state;
    open_hex(&o, FILE_HEADER AT_2_AND_7
             "14000000 21000000 4500 0021 0001 4000 1011 0000 c0a80201 c0a80202");
    assert_int_equal(kdt_capture_next(o.capture, &d), KD_ERR_NOT_FOUND);
    assert_int_equal(kdt_capture_skipped(o.capture), 1);
    kdt_capture_close(o.capture);
}

static void a_file_that_ends_inside_a_packet_says_so(void **state)
{
    struct opened o;
    struct kdt_datagram d;

    (void)state;
    open_hex(&o, FILE_HEADER AT_2_AND_7 WHOLE UDP_PACKET AT_2_AND_7 WHOLE "4500");
    assert_int_equal(kdt_capture_next(o.capture, &d), KD_OK);
    assert_int_equal(kdt_capture_next(o.capture, &d), KD_ERR_TRUNCATED);
    assert_non_null(strstr(o.diag.text, "after packet 1"));
    kdt_capture_close(o.capture);

    open_hex(&o, FILE_HEADER "0200");
    assert_int_equal(kdt_capture_next(o.capture, &d), KD_ERR_TRUNCATED);
    kdt_capture_close(o.capture);

    open_hex(&o, "d4c3b2a1 0200");
    assert_int_equal(o.status, KD_ERR_TRUNCATED);
}

static void hostile_lengths_are_one_clear_error(void **state)
{
    struct opened o;
    struct kdt_datagram d;

    (void)state;
    open_hex(&o, FILE_HEADER AT_2_AND_7 "ffffff7f ffffff7f 4500");
    assert_int_equal(o.status, KD_OK);
    assert_int_equal(kdt_capture_next(o.capture, &d), KD_ERR_MALFORMED);
    assert_true(strlen(o.diag.text) > 0);
    kdt_capture_close(o.capture);
}

static void what_is_no_capture_is_refused(void **state)
{
    struct opened o;

    (void)state;
    open_hex(&o, "00112233 44556677 8899aabb ccddeeff 00112233 44556677");
    assert_int_equal(o.status, KD_ERR_MALFORMED);
    assert_true(strlen(o.diag.text) > 0);
    /* a pcapng section header whose length is nonsense */
    open_hex(&o, "0a0d0d0a ffffffff 4d3c2b1a 01000000 ffffffff ffffffff");
    assert_int_not_equal(o.status, KD_OK);
    assert_true(strlen(o.diag.text) > 0);
}

static void a_link_type_without_a_decoder_is_named(void **state)
{
    struct opened o;

    (void)state;
    open_hex(&o, "d4c3b2a1 0200 0400 00000000 00000000 00000400 69000000"); /* 802.11 */
    assert_int_equal(o.status, KD_ERR_UNSUPPORTED);
    assert_non_null(strstr(o.diag.text, "802_11"));
}

static void a_file_that_is_not_there_is_named(void **state)
{
    struct kd_diag diag;
    struct kdt_capture *c = NULL;

    (void)state;
    kd_diag_clear(&diag);
    assert_int_equal(kdt_capture_open("no/such/file.pcap", &diag, &c), KD_ERR_NOT_FOUND);
    assert_memory_equal(diag.text, "no/such/file.pcap: ", 19);
    assert_int_not_equal(kdt_capture_open(".", &diag, &c), KD_OK); /* a folder */
    assert_null(c);
    kdt_capture_close(NULL);
}

/* captures/windbg-uncut.pcapng: all of it. What is in the datagrams is kdproto's to test. */
static void a_real_session_has_955_datagrams(void **state)
{
    const char *path = KDWALK_TEST_DATA "/captures/windbg-uncut.pcapng";
    static const uint8_t target[16] = {[10] = 0xFF, 0xFF, 192, 168, 2, 72};
    struct kd_diag diag;
    struct kdt_capture *c = NULL;
    struct kdt_datagram d;
    unsigned count = 0, from_target = 0;
    uint64_t last_ns = 0;
    enum kd_status st;

    (void)state;
    kd_diag_clear(&diag);
    st = kdt_capture_open(path, &diag, &c);
    if (st == KD_ERR_NOT_FOUND) {
        print_message("skipped: %s is not there\n", path);
        skip();
    }
    assert_int_equal(st, KD_OK);
    while ((st = kdt_capture_next(c, &d)) == KD_OK) {
        count++;
        from_target += memcmp(d.from.ip, target, sizeof target) == 0;
        assert_int_equal(d.from.port, 51111);
        assert_int_equal(d.to.port, 51111);
        assert_memory_equal(d.payload.data, "MDBG", 4);
        assert_true(d.time_ns >= last_ns);
        last_ns = d.time_ns;
    }
    assert_int_equal(st, KD_ERR_NOT_FOUND);
    assert_int_equal(count, 955);
    assert_int_equal(from_target, 427 + 265);
    assert_int_equal(last_ns / 1000000000u / 86400, 16824); /* 2016-01-24 */
    kdt_capture_close(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(datagrams_come_in_order_with_number_and_time),
        cmocka_unit_test(nanoseconds_are_kept),
        cmocka_unit_test(packets_cut_by_the_recorder_are_skipped),
        cmocka_unit_test(a_file_that_ends_inside_a_packet_says_so),
        cmocka_unit_test(hostile_lengths_are_one_clear_error),
        cmocka_unit_test(what_is_no_capture_is_refused),
        cmocka_unit_test(a_link_type_without_a_decoder_is_named),
        cmocka_unit_test(a_file_that_is_not_there_is_named),
        cmocka_unit_test(a_real_session_has_955_datagrams),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
