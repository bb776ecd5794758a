#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <pcap/pcap.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <transport/capture_file.h>
#include <transport/recorder.h>

#include "support/temp_dir.h"

enum { DATAGRAM_MAX = 65507 };

static const struct kdt_endpoint host4 = {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 10, 0, 0, 1},
                                          50000};
static const struct kdt_endpoint target4 = {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 10, 0, 0, 2},
                                            51000};
static const struct kdt_endpoint host6 = {{0xFD, [15] = 1}, 50000};
static const struct kdt_endpoint target6 = {{0xFE, 0x80, [15] = 2}, 51000};

struct scene {
    struct temp_dir dir;
    char path[300];
    struct kdt_recorder *recorder;
    unsigned failures;
    char reason[128];
    struct kd_diag diag; /* of whoever reads the file back */
};

static void on_failed(void *ctx, const char *reason)
{
    struct scene *s = ctx;

    s->failures++;
    snprintf(s->reason, sizeof s->reason, "%s", reason);
}

static enum kd_status create(struct scene *s, const char *path, struct kd_diag *diag)
{
    const struct kdt_recorder_opts opts = {.path = path, .ctx = s, .on_failed = on_failed};

    kd_diag_clear(diag);
    return kdt_recorder_create(&opts, diag, &s->recorder);
}

static void begin(struct scene *s)
{
    struct kd_diag diag;

    memset(s, 0, sizeof *s);
    temp_dir_create(&s->dir);
    snprintf(s->path, sizeof s->path, "%s", temp_dir_path(&s->dir, "r.pcap"));
    if (create(s, s->path, &diag) != KD_OK)
        fail_msg("%s", diag.text);
}

static void finish(struct scene *s)
{
    kdt_recorder_destroy(s->recorder);
    temp_dir_remove(&s->dir);
}

static struct kd_span span(const char *text)
{
    return (struct kd_span){(const uint8_t *)text, strlen(text)};
}

/* --- reading back --- */

static struct kdt_capture *reopen(struct scene *s)
{
    struct kdt_capture *c = NULL;

    if (kdt_capture_open(s->path, &s->diag, &c) != KD_OK)
        fail_msg("%s", s->diag.text);
    return c;
}

static void check_next(struct kdt_capture *c, const struct kdt_endpoint *from,
                       const struct kdt_endpoint *to, struct kd_span payload)
{
    struct kdt_datagram d;

    assert_int_equal(kdt_capture_next(c, &d), KD_OK);
    assert_memory_equal(d.from.ip, from->ip, sizeof from->ip);
    assert_memory_equal(d.to.ip, to->ip, sizeof to->ip);
    assert_int_equal(d.from.port, from->port);
    assert_int_equal(d.to.port, to->port);
    assert_int_equal(d.payload.len, payload.len);
    if (payload.len)
        assert_memory_equal(d.payload.data, payload.data, payload.len);
}

static void check_end(struct kdt_capture *c)
{
    struct kdt_datagram d;

    assert_int_equal(kdt_capture_next(c, &d), KD_ERR_NOT_FOUND);
    assert_int_equal(kdt_capture_skipped(c), 0);
    kdt_capture_close(c);
}

struct raw { /* what libpcap alone makes of the file */
    pcap_t *pcap;
    struct pcap_pkthdr *header;
    const u_char *bytes;
};

static void open_raw(struct raw *r, const struct scene *s)
{
    char why[PCAP_ERRBUF_SIZE] = "";

    r->pcap = pcap_open_offline_with_tstamp_precision(s->path, PCAP_TSTAMP_PRECISION_NANO, why);
    if (!r->pcap)
        fail_msg("%s", why);
    assert_int_equal(pcap_datalink(r->pcap), DLT_RAW);
}

static void next_raw(struct raw *r)
{
    assert_int_equal(pcap_next_ex(r->pcap, &r->header, &r->bytes), 1);
    assert_int_equal(r->header->caplen, r->header->len);
}

/* The sum of 16-bit numbers in which each carry comes back at the other end. Over what contains its
 * own right checksum it is 0xFFFF. */
static unsigned internet_sum(unsigned sum, const u_char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        sum += i % 2 ? bytes[i] : bytes[i] * 256u;
        sum = sum % 0x10000 + sum / 0x10000;
    }
    return sum;
}

/* --- packets --- */

static void a_datagram_over_ipv4_stands_in_an_ipv4_packet(void **state)
{
    struct kdt_capture *c;
    struct scene s;
    struct raw r;

    (void)state;
    begin(&s);
    kdt_recorder_datagram(s.recorder, &target4, &host4, span("poke"));
    kdt_recorder_datagram(s.recorder, &host4, &target4, span("response"));
    kdt_recorder_datagram(s.recorder, &host4, &target4, span(""));

    c = reopen(&s);
    check_next(c, &target4, &host4, span("poke"));
    check_next(c, &host4, &target4, span("response"));
    check_next(c, &host4, &target4, span(""));
    check_end(c);

    open_raw(&r, &s);
    next_raw(&r);
    assert_int_equal(r.header->len, 20 + 8 + 4);
    assert_int_equal(r.bytes[0], 0x45);
    assert_int_equal(internet_sum(0, r.bytes, 20), 0xFFFF);
    assert_int_equal(r.bytes[26] | r.bytes[27], 0); /* UDP: no checksum */
    pcap_close(r.pcap);
    finish(&s);
}

static void a_datagram_over_ipv6_has_a_right_checksum(void **state)
{
    static const char *const payloads[] = {"even", "odd", ""};
    struct kdt_capture *c;
    struct scene s;
    struct raw r;

    (void)state;
    begin(&s);
    for (size_t i = 0; i < 3; i++)
        kdt_recorder_datagram(s.recorder, &target6, &host6, span(payloads[i]));
    c = reopen(&s);
    for (size_t i = 0; i < 3; i++)
        check_next(c, &target6, &host6, span(payloads[i]));
    check_end(c);

    open_raw(&r, &s);
    for (size_t i = 0; i < 3; i++) {
        size_t udp_len = 8 + strlen(payloads[i]);

        next_raw(&r);
        assert_int_equal(r.header->len, 40 + udp_len);
        assert_int_equal(r.bytes[0], 0x60);
        assert_int_equal(internet_sum((unsigned)udp_len + 17, r.bytes + 8, 32 + udp_len), 0xFFFF);
    }
    pcap_close(r.pcap);
    finish(&s);
}

/* The one sum whose complement is 0, which would say that there is no checksum. */
static void a_checksum_that_comes_out_as_zero_is_written_as_its_other_form(void **state)
{
    struct scene s;
    struct raw r;
    uint8_t payload[2] = {0};
    unsigned sum;

    (void)state;
    begin(&s);
    kdt_recorder_datagram(s.recorder, &target6, &host6, (struct kd_span){payload, 2});
    open_raw(&r, &s);
    next_raw(&r);
    sum = r.bytes[46] * 256u + r.bytes[47]; /* what is missing to 0xFFFF */
    pcap_close(r.pcap);
    payload[0] = (uint8_t)(sum >> 8);
    payload[1] = (uint8_t)sum;
    kdt_recorder_datagram(s.recorder, &target6, &host6, (struct kd_span){payload, 2});
    open_raw(&r, &s);
    next_raw(&r);
    next_raw(&r);
    assert_int_equal(r.bytes[46], 0xFF);
    assert_int_equal(r.bytes[47], 0xFF);
    assert_int_equal(internet_sum(10 + 17, r.bytes + 8, 32 + 10), 0xFFFF);
    pcap_close(r.pcap);
    finish(&s);
}

static void ends_of_two_families_share_an_ipv6_packet(void **state)
{
    struct kdt_capture *c;
    struct scene s;

    (void)state;
    begin(&s);
    kdt_recorder_datagram(s.recorder, &target6, &host4, span("mixed"));
    c = reopen(&s);
    check_next(c, &target6, &host4, span("mixed"));
    check_end(c);
    finish(&s);
}

static void bytes_of_a_stream_show_their_direction(void **state)
{
    static const struct kdt_endpoint host = {
        {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 192, 0, 2, 1}, 50000};
    static const struct kdt_endpoint target = {
        {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 192, 0, 2, 2}, 50001};
    struct kdt_capture *c;
    struct scene s;

    (void)state;
    begin(&s);
    kdt_recorder_bytes(s.recorder, true, span("b"));
    kdt_recorder_bytes(s.recorder, false, span("0000 and more"));
    kdt_recorder_bytes(s.recorder, true, span("")); /* is nothing */
    kdt_recorder_bytes(s.recorder, true, (struct kd_span){NULL, 0});
    kdt_recorder_bytes(s.recorder, true, span("iiii"));
    c = reopen(&s);
    check_next(c, &host, &target, span("b"));
    check_next(c, &target, &host, span("0000 and more"));
    check_next(c, &host, &target, span("iiii"));
    check_end(c);
    finish(&s);
}

/* Of something said again, and captured once each, no two packets are the same. */
static void the_same_bytes_again_are_another_packet(void **state)
{
    struct scene s;
    struct raw r;
    u_char first[29];

    (void)state;
    begin(&s);
    kdt_recorder_bytes(s.recorder, true, span("b"));
    kdt_recorder_bytes(s.recorder, true, span("b"));
    open_raw(&r, &s);
    next_raw(&r);
    assert_int_equal(r.header->len, sizeof first);
    memcpy(first, r.bytes, sizeof first);
    next_raw(&r);
    assert_int_equal(r.header->len, sizeof first);
    assert_memory_not_equal(r.bytes, first, sizeof first);
    assert_int_equal(internet_sum(0, r.bytes, 20), 0xFFFF);
    pcap_close(r.pcap);
    finish(&s);
}

static void check_split(size_t len, size_t packets)
{
    static uint8_t chunk[200 * 1024], joined[200 * 1024];
    struct kdt_datagram d;
    struct kdt_capture *c;
    struct scene s;
    size_t got = 0, count = 0;

    for (size_t i = 0; i < len; i++)
        chunk[i] = (uint8_t)(i % 251);
    begin(&s);
    kdt_recorder_bytes(s.recorder, false, (struct kd_span){chunk, len});
    c = reopen(&s);
    for (; kdt_capture_next(c, &d) == KD_OK; count++) {
        assert_true(d.payload.len <= len - got);
        memcpy(joined + got, d.payload.data, d.payload.len);
        got += d.payload.len;
    }
    assert_int_equal(kdt_capture_skipped(c), 0);
    kdt_capture_close(c);
    assert_int_equal(count, packets);
    assert_int_equal(got, len);
    assert_memory_equal(joined, chunk, len);
    finish(&s);
}

static void what_is_longer_than_a_datagram_becomes_several(void **state)
{
    (void)state;
    check_split(DATAGRAM_MAX - 1, 1);
    check_split(DATAGRAM_MAX, 1);
    check_split(DATAGRAM_MAX + 1, 2);
    check_split((size_t)2 * DATAGRAM_MAX, 2);
    check_split((size_t)200 * 1024, 4);
}

static void the_longest_datagram_fits_over_ipv6_as_well(void **state)
{
    static uint8_t longest[DATAGRAM_MAX];
    struct kdt_capture *c;
    struct scene s;

    (void)state;
    memset(longest, 0xA5, sizeof longest);
    begin(&s);
    kdt_recorder_datagram(s.recorder, &host6, &target6, (struct kd_span){longest, sizeof longest});
    c = reopen(&s);
    check_next(c, &host6, &target6, (struct kd_span){longest, sizeof longest});
    check_end(c);
    finish(&s);
}

/* --- the file --- */

static uint64_t clock_ns(void)
{
    struct timespec now;

    timespec_get(&now, TIME_UTC);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void times_are_those_of_the_calls(void **state)
{
    enum { COUNT = 5 };
    struct kdt_capture *c;
    struct scene s;
    uint64_t before[COUNT], after[COUNT];

    (void)state;
    begin(&s);
    for (size_t i = 0; i < COUNT; i++) {
        before[i] = clock_ns();
        kdt_recorder_bytes(s.recorder, true, span("tick"));
        after[i] = clock_ns();
        usleep(2000);
    }
    c = reopen(&s);
    for (size_t i = 0; i < COUNT; i++) {
        struct kdt_datagram d;

        assert_int_equal(kdt_capture_next(c, &d), KD_OK);
        assert_in_range(d.time_ns, before[i], after[i]);
    }
    check_end(c);
    finish(&s);
}

/* Whoever is killed between two packets leaves what was passed so far. */
static void the_file_is_whole_after_every_packet(void **state)
{
    static const size_t lens[] = {1, 4000, 1, 60000, 16};
    static uint8_t bytes[60000];
    struct kdt_capture *c;
    struct scene s;

    (void)state;
    begin(&s);
    check_end(reopen(&s)); /* no packet is a whole file, too */
    for (size_t i = 0; i < 5; i++) {
        struct kdt_datagram d;

        kdt_recorder_bytes(s.recorder, true, (struct kd_span){bytes, lens[i]});
        c = reopen(&s);
        for (size_t k = 0; k <= i; k++) {
            assert_int_equal(kdt_capture_next(c, &d), KD_OK);
            assert_int_equal(d.payload.len, lens[k]);
        }
        check_end(c);
    }
    finish(&s);
}

static void an_older_file_is_replaced(void **state)
{
    struct kdt_capture *c;
    struct kd_diag diag;
    struct scene s;

    (void)state;
    begin(&s);
    for (unsigned i = 0; i < 3; i++)
        kdt_recorder_datagram(s.recorder, &host4, &target4, span("of yesterday"));
    kdt_recorder_destroy(s.recorder);
    assert_int_equal(create(&s, s.path, &diag), KD_OK);
    kdt_recorder_datagram(s.recorder, &host4, &target4, span("of today"));
    c = reopen(&s);
    check_next(c, &host4, &target4, span("of today"));
    check_end(c);
    finish(&s);
}

/* --- what cannot be written --- */

static void check_not_created(const char *path, const char *expected)
{
    struct scene s = {0};
    struct kd_diag diag;

    assert_int_equal(create(&s, path, &diag), KD_ERR_IO);
    assert_null(s.recorder);
    assert_int_equal(s.failures, 0); /* it is told once, and here */
    if (!strstr(diag.text, path) || !strstr(diag.text, expected))
        fail_msg("%s", diag.text);
}

static void a_file_that_cannot_be_made_is_told_with_the_reason(void **state)
{
    struct temp_dir dir;

    (void)state;
    temp_dir_create(&dir);
    check_not_created(temp_dir_path(&dir, "no/such/folder"), "No such file or directory");
    check_not_created(dir.path, "Is a directory");
    if (geteuid() != 0) { /* root may write anywhere */
        chmod(dir.path, 0500);
        check_not_created(temp_dir_path(&dir, "r.pcap"), "Permission denied");
        chmod(dir.path, 0700);
    }
    temp_dir_remove(&dir);
}

static void a_disk_that_is_full_already_ends_the_recording_at_once(void **state)
{
    struct scene s = {0};
    struct kd_diag diag;

    (void)state;
    if (access("/dev/full", W_OK) != 0) {
        print_message("skipped: this machine has no /dev/full\n");
        skip();
    }
    assert_int_equal(create(&s, "/dev/full", &diag), KD_OK);
    assert_int_equal(s.failures, 1);
    kdt_recorder_bytes(s.recorder, true, span("and nothing more"));
    assert_int_equal(s.failures, 1);
    kdt_recorder_destroy(s.recorder);
}

/* As a full disk does, it lets part of a packet through. */
static void limit_files(rlim_t len)
{
    struct rlimit limit;

    getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = len;
    setrlimit(RLIMIT_FSIZE, &limit);
}

static void a_disk_that_fills_up_ends_the_recording_and_nothing_else(void **state)
{
    enum { FITS = 4, PACKET = 16 + 20 + 8 + 200, HALF = 100 };
    static const uint8_t bytes[200];
    unsigned early, late;
    struct kdt_datagram d;
    struct kdt_capture *c;
    struct scene s;

    (void)state;
    begin(&s);
    limit_files(24 + FITS * PACKET + HALF);
    for (unsigned i = 0; i < FITS; i++)
        kdt_recorder_bytes(s.recorder, true, (struct kd_span){bytes, sizeof bytes});
    early = s.failures;
    kdt_recorder_bytes(s.recorder, true, (struct kd_span){bytes, sizeof bytes});
    late = s.failures;
    limit_files(RLIM_INFINITY); /* there is room again: the recording is over all the same */
    kdt_recorder_bytes(s.recorder, true, (struct kd_span){bytes, sizeof bytes});
    kdt_recorder_datagram(s.recorder, &host4, &target4, span("more"));
    assert_int_equal(early, 0);
    assert_int_equal(late, 1);
    assert_int_equal(s.failures, 1);
    assert_string_equal(s.reason, "File too large");

    c = reopen(&s);
    for (unsigned i = 0; i < FITS; i++)
        assert_int_equal(kdt_capture_next(c, &d), KD_OK);
    assert_int_equal(kdt_capture_next(c, &d), KD_ERR_TRUNCATED);
    kdt_capture_close(c);
    finish(&s);
}

static void nobody_needs_to_be_told(void **state)
{
    struct scene s;
    struct kd_diag diag;
    struct kdt_recorder_opts opts = {.path = s.path};

    (void)state;
    begin(&s);
    kdt_recorder_destroy(s.recorder);
    assert_int_equal(kdt_recorder_create(&opts, &diag, &s.recorder), KD_OK);
    limit_files(24 + 10);
    kdt_recorder_bytes(s.recorder, true, span("does not fit"));
    kdt_recorder_bytes(s.recorder, true, span("nor does this"));
    limit_files(RLIM_INFINITY);
    finish(&s);
    kdt_recorder_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_datagram_over_ipv4_stands_in_an_ipv4_packet),
        cmocka_unit_test(a_datagram_over_ipv6_has_a_right_checksum),
        cmocka_unit_test(a_checksum_that_comes_out_as_zero_is_written_as_its_other_form),
        cmocka_unit_test(ends_of_two_families_share_an_ipv6_packet),
        cmocka_unit_test(bytes_of_a_stream_show_their_direction),
        cmocka_unit_test(the_same_bytes_again_are_another_packet),
        cmocka_unit_test(what_is_longer_than_a_datagram_becomes_several),
        cmocka_unit_test(the_longest_datagram_fits_over_ipv6_as_well),
        cmocka_unit_test(times_are_those_of_the_calls),
        cmocka_unit_test(the_file_is_whole_after_every_packet),
        cmocka_unit_test(an_older_file_is_replaced),
        cmocka_unit_test(a_file_that_cannot_be_made_is_told_with_the_reason),
        cmocka_unit_test(a_disk_that_is_full_already_ends_the_recording_at_once),
        cmocka_unit_test(a_disk_that_fills_up_ends_the_recording_and_nothing_else),
        cmocka_unit_test(nobody_needs_to_be_told),
    };

    signal(SIGXFSZ, SIG_IGN); /* as recorder.h wants it */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
