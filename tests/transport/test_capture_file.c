#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <sys/stat.h>
#include <unistd.h>

#include "support/hex.h"
#include "support/temp_dir.h"
#include "transport/capture_stream.h"

/* A pcap file written out: raw IP (101), then packets. */
#define FILE_HEADER "d4c3b2a1 0200 0400 00000000 00000000 00000400 65000000 "
#define NANO_HEADER "4d3cb2a1 0200 0400 00000000 00000000 00000400 65000000 "
#define UDP_PACKET  "4500 0021 0001 4000 1011 0000 c0a80201 c0a80202 c350 c351 000d 0000 68656c6c6f "
#define TCP_PACKET  "4500 0021 0001 4000 1006 0000 c0a80201 c0a80202 c350 c351 000d 0000 68656c6c6f "
#define WHOLE       "21000000 21000000 "
#define AT_2_AND_7  "02000000 07000000 "

/* The same datagram in two fragments. */
#define FIRST_HALF  "4500 001c 0007 2000 1011 0000 c0a80201 c0a80202 c350 c351 000d 0000 "
#define SECOND_HALF "4500 0019 0007 0001 1011 0000 c0a80201 c0a80202 68656c6c6f "
#define ADDRESSES_6                                                                                \
    "fe80 0000 0000 0000 0000 0000 0000 0001 "                                                     \
    "fe80 0000 0000 0000 0000 0000 0000 0002 "
#define FIRST_IN_6  "6000 0000 0010 2c40 " ADDRESSES_6 "1100 0001 0000 0007 c350 c351 000d 0000 "
#define SECOND_IN_6 "6000 0000 000d 2c40 " ADDRESSES_6 "1100 0008 0000 0007 68656c6c6f "

/* The same as pcapng, in blocks: a section, an interface of raw IP, packets of it. */
#define SECTION    "0a0d0d0a 1c000000 4d3c2b1a 0100 0000 ffffffffffffffff 1c000000 "
#define INTERFACE  "01000000 14000000 6500 0000 00000400 14000000 "
#define ETHERNET   "01000000 14000000 0100 0000 00000400 14000000 "
#define BLOCK_HEAD "06000000 44000000 00000000 00000000 07848b00 " /* at 9.143303 s */
#define BLOCK      BLOCK_HEAD WHOLE UDP_PACKET "000000 44000000 "

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

/* To the end, which is the answer. */
static enum kd_status count_rest(struct kdt_capture *c, unsigned *count)
{
    struct kdt_datagram d;
    enum kd_status st;

    *count = 0;
    while ((st = kdt_capture_next(c, &d)) == KD_OK) {
        assert_int_equal(d.payload.len, 5);
        assert_memory_equal(d.payload.data, "hello", 5);
        (*count)++;
    }
    return st;
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
    assert_int_equal(kdt_capture_packets(o.capture), 3);
    assert_int_equal(kdt_capture_skipped(o.capture), 1);
    assert_int_equal(kdt_capture_cut(o.capture), 0);
    assert_int_equal(kdt_capture_incomplete(o.capture), 0);
    kdt_capture_close(o.capture);
}

static void pcapng_is_read_as_well(void **state)
{
    struct opened o;
    struct kdt_datagram d;
    unsigned count;

    (void)state;
    open_hex(&o, SECTION INTERFACE BLOCK BLOCK);
    assert_int_equal(o.status, KD_OK);
    assert_int_equal(kdt_capture_next(o.capture, &d), KD_OK);
    assert_int_equal(d.time_ns, 9143303000u);
    assert_int_equal(count_rest(o.capture, &count), KD_ERR_NOT_FOUND);
    assert_int_equal(count, 1);
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

static void time_goes_on_after_2038(void **state)
{
    struct opened o;
    struct kdt_datagram d;

    (void)state;
    open_hex(&o,
             NANO_HEADER "ffffff7f 00000000 " WHOLE UDP_PACKET "00000080 00000000 " WHOLE UDP_PACKET
                         "ffffffff 07000000 " WHOLE UDP_PACKET);
    assert_int_equal(kdt_capture_next(o.capture, &d), KD_OK);
    assert_true(d.time_ns == UINT64_C(2147483647000000000));
    assert_int_equal(kdt_capture_next(o.capture, &d), KD_OK);
    assert_true(d.time_ns == UINT64_C(2147483648000000000));
    assert_int_equal(kdt_capture_next(o.capture, &d), KD_OK);
    assert_true(d.time_ns == UINT64_C(4294967295000000007));
    kdt_capture_close(o.capture);
}

static void packets_cut_by_the_recorder_are_counted(void **state)
{
    struct opened o;
    struct kdt_datagram d;

    (void)state;
    open_hex(&o, FILE_HEADER AT_2_AND_7
             "14000000 21000000 4500 0021 0001 4000 1011 0000 c0a80201 c0a80202" AT_2_AND_7
             "14000000 21000000 4500 0021 0001 4000 1006 0000 c0a80201 c0a80202" AT_2_AND_7
             "14000000 14000000 4500 0021 0001 4000 1011 0000 c0a80201 c0a80202");
    assert_int_equal(kdt_capture_next(o.capture, &d), KD_ERR_NOT_FOUND);
    assert_int_equal(kdt_capture_skipped(o.capture), 3);
    assert_int_equal(kdt_capture_cut(o.capture), 1); /* not what is TCP, nor what was sent so */
    kdt_capture_close(o.capture);
}

static void fragments_are_put_together(void **state)
{
    static const char *const files[] = {
        FILE_HEADER AT_2_AND_7 "1c000000 1c000000 " FIRST_HALF "02000000 08000000 "
                               "19000000 19000000 " SECOND_HALF,
        FILE_HEADER AT_2_AND_7 "19000000 19000000 " SECOND_HALF "02000000 08000000 "
                               "1c000000 1c000000 " FIRST_HALF,
        FILE_HEADER AT_2_AND_7 "38000000 38000000 " FIRST_IN_6 "02000000 08000000 "
                               "35000000 35000000 " SECOND_IN_6,
    };

    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct opened o;
        struct kdt_datagram d;

        open_hex(&o, files[i]);
        assert_int_equal(o.status, KD_OK);
        assert_int_equal(kdt_capture_next(o.capture, &d), KD_OK);
        assert_int_equal(d.number, 2);
        assert_true(d.time_ns == 2000008000u);
        assert_int_equal(d.from.port, 50000);
        assert_int_equal(d.to.port, 50001);
        assert_int_equal(d.from.ip[0], i < 2 ? 0 : 0xFE);
        assert_int_equal(d.to.ip[15], 2);
        assert_int_equal(d.payload.len, 5);
        assert_memory_equal(d.payload.data, "hello", 5);
        assert_int_equal(kdt_capture_next(o.capture, &d), KD_ERR_NOT_FOUND);
        assert_int_equal(kdt_capture_skipped(o.capture), 0);
        assert_int_equal(kdt_capture_incomplete(o.capture), 0);
        kdt_capture_close(o.capture);
    }
}

static void fragments_whose_rest_is_missing_are_counted(void **state)
{
    struct opened o;
    unsigned count;

    (void)state;
    open_hex(&o,
             FILE_HEADER AT_2_AND_7 "1c000000 1c000000 " FIRST_HALF AT_2_AND_7 WHOLE UDP_PACKET
                 /* one that no datagram can have: more is to come after five bytes */
                 AT_2_AND_7 "19000000 19000000 "
                                    "4500 0019 0008 2001 1011 0000 c0a80201 c0a80202 68656c6c6f");
    assert_int_equal(count_rest(o.capture, &count), KD_ERR_NOT_FOUND);
    assert_int_equal(count, 1);
    assert_int_equal(kdt_capture_packets(o.capture), 3);
    assert_int_equal(kdt_capture_incomplete(o.capture), 1);
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
    assert_int_equal(kdt_capture_next(o.capture, &d), KD_ERR_TRUNCATED); /* the end stays */
    kdt_capture_close(o.capture);

    open_hex(&o, "d4c3b2a1 0200");
    assert_int_equal(o.status, KD_ERR_TRUNCATED);
    assert_true(strlen(o.diag.text) > 0);
}

/* Cut at any byte: the packets before it come out, then the end says whether something is missing.
 * `boundaries` are the lengths at which nothing is, beginning with that of the file's header. */
static void check_every_cut(const char *hex, const size_t *boundaries, size_t boundary_count)
{
    uint8_t bytes[1024];
    const size_t len = hex_decode(hex, bytes, sizeof bytes);

    for (size_t cut = 1; cut <= len; cut++) {
        struct kd_diag diag = {""};
        struct kdt_capture *c = NULL;
        enum kd_status st = kdt_capture_open_stream(fmemopen(bytes, cut, "rb"), &diag, &c);
        size_t whole = 0; /* boundaries behind us */
        unsigned count = 0;

        while (whole < boundary_count && boundaries[whole] <= cut)
            whole++;
        assert_int_equal(st == KD_OK, whole > 0);
        if (st == KD_OK) {
            const bool is_boundary = boundaries[whole - 1] == cut;

            st = count_rest(c, &count);
            assert_int_equal(count, whole - 1);
            assert_int_equal(st, is_boundary ? KD_ERR_NOT_FOUND : KD_ERR_TRUNCATED);
        }
        assert_int_equal(diag.text[0] != '\0', st != KD_ERR_NOT_FOUND);
        kdt_capture_close(c);
    }
}

static void a_file_cut_at_any_byte_is_read_that_far(void **state)
{
    const size_t pcap[] = {24, 24 + 49, 24 + 2 * 49}, pcapng[] = {48, 48 + 68, 48 + 2 * 68};

    (void)state;
    check_every_cut(FILE_HEADER AT_2_AND_7 WHOLE UDP_PACKET AT_2_AND_7 WHOLE UDP_PACKET, pcap, 3);
    check_every_cut(SECTION INTERFACE BLOCK BLOCK, pcapng, 3);
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
    assert_string_equal(o.diag.text, "this is no pcap or pcapng file");
    /* a pcapng section header whose length is nonsense */
    open_hex(&o, "0a0d0d0a ffffffff 4d3c2b1a 01000000 ffffffff ffffffff");
    assert_int_equal(o.status, KD_ERR_MALFORMED);
    assert_true(strlen(o.diag.text) > 0);
    open_hex(&o, SECTION);
    assert_int_not_equal(o.status, KD_OK);
    assert_true(strlen(o.diag.text) > 0);
}

static void packets_of_another_link_type_end_it_with_one_clear_error(void **state)
{
    struct opened o;
    unsigned count;

    (void)state;
    open_hex(&o, SECTION INTERFACE BLOCK ETHERNET BLOCK);
    assert_int_equal(o.status, KD_OK);
    assert_int_equal(count_rest(o.capture, &count), KD_ERR_UNSUPPORTED);
    assert_int_equal(count, 1);
    assert_string_equal(o.diag.text, "after packet 1: an interface has a type 1 different from the "
                                     "type of the first interface");
    kdt_capture_close(o.capture);

    open_hex(&o, SECTION INTERFACE ETHERNET BLOCK);
    assert_int_equal(count_rest(o.capture, &count), KD_ERR_UNSUPPORTED);
    assert_memory_equal(o.diag.text, "an interface has", 16); /* after no packet at all */
    kdt_capture_close(o.capture);
}

static void the_position_goes_from_nothing_to_the_whole_file(void **state)
{
    struct opened o;
    struct kdt_datagram d;
    uint64_t done, total, last = 0;

    (void)state;
    open_hex(&o, FILE_HEADER AT_2_AND_7 WHOLE UDP_PACKET AT_2_AND_7 WHOLE UDP_PACKET);
    do {
        kdt_capture_position(o.capture, &done, &total);
        assert_int_equal(total, 24 + 2 * 49);
        assert_true(done >= last && done <= total);
        last = done;
    } while (kdt_capture_next(o.capture, &d) == KD_OK);
    assert_int_equal(done, total);
    kdt_capture_close(o.capture);
}

static void a_pipe_is_read_and_has_no_length(void **state)
{
    uint8_t bytes[256];
    size_t len = hex_decode(FILE_HEADER AT_2_AND_7 WHOLE UDP_PACKET, bytes, sizeof bytes);
    struct kd_diag diag = {""};
    struct kdt_capture *c = NULL;
    uint64_t done = 1, total = 1;
    unsigned count;
    int ends[2];

    (void)state;
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], bytes, len), len);
    close(ends[1]);
    assert_int_equal(kdt_capture_open_stream(fdopen(ends[0], "rb"), &diag, &c), KD_OK);
    kdt_capture_position(c, &done, &total);
    assert_int_equal(total, 0);
    assert_int_equal(count_rest(c, &count), KD_ERR_NOT_FOUND);
    assert_int_equal(count, 1);
    kdt_capture_close(c);
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
    assert_null(c);
    kdt_capture_close(NULL);
}

static void check_open_fails(const char *path, enum kd_status st, const char *reason)
{
    struct kd_diag diag = {""};
    struct kdt_capture *c = NULL;

    assert_int_equal(kdt_capture_open(path, &diag, &c), st);
    assert_null(c);
    assert_memory_equal(diag.text, path, strlen(path));
    if (!strstr(diag.text + strlen(path), reason))
        fail_msg("%s", diag.text);
}

static void files_that_cannot_be_read_are_named_with_the_reason(void **state)
{
    struct temp_dir dir;
    const char *path;

    (void)state;
    temp_dir_create(&dir);
    temp_dir_write(&dir, "empty", "", 0);
    check_open_fails(temp_dir_path(&dir, "empty"), KD_ERR_MALFORMED,
                     ": this is no pcap or pcapng file: it is empty");
    temp_dir_write(&dir, "text", "This is a text.\n", 16);
    check_open_fails(temp_dir_path(&dir, "text"), KD_ERR_MALFORMED,
                     ": this is no pcap or pcapng file");
    temp_dir_write(&dir, "short", "ab", 2);
    check_open_fails(temp_dir_path(&dir, "short"), KD_ERR_TRUNCATED, ": truncated dump file");
    check_open_fails(dir.path, KD_ERR_IO, ": Is a directory");
    path = temp_dir_path(&dir, "text");
    assert_int_equal(chmod(path, 0), 0);
    if (access(path, R_OK) != 0) /* root may read everything */
        check_open_fails(path, KD_ERR_IO, ": Permission denied");
    temp_dir_remove(&dir);
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
        cmocka_unit_test(pcapng_is_read_as_well),
        cmocka_unit_test(nanoseconds_are_kept),
        cmocka_unit_test(time_goes_on_after_2038),
        cmocka_unit_test(packets_cut_by_the_recorder_are_counted),
        cmocka_unit_test(fragments_are_put_together),
        cmocka_unit_test(fragments_whose_rest_is_missing_are_counted),
        cmocka_unit_test(a_file_that_ends_inside_a_packet_says_so),
        cmocka_unit_test(a_file_cut_at_any_byte_is_read_that_far),
        cmocka_unit_test(hostile_lengths_are_one_clear_error),
        cmocka_unit_test(what_is_no_capture_is_refused),
        cmocka_unit_test(packets_of_another_link_type_end_it_with_one_clear_error),
        cmocka_unit_test(the_position_goes_from_nothing_to_the_whole_file),
        cmocka_unit_test(a_pipe_is_read_and_has_no_length),
        cmocka_unit_test(a_link_type_without_a_decoder_is_named),
        cmocka_unit_test(a_file_that_is_not_there_is_named),
        cmocka_unit_test(files_that_cannot_be_read_are_named_with_the_reason),
        cmocka_unit_test(a_real_session_has_955_datagrams),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
