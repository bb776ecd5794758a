/* Files as a whole: which conversations, which counts, how they end. What packets mean is
 * test_conversation_story.c's matter. The real session is captures/windbg-uncut.pcapng, #n its n-th
 * packet; it is skipped where absent. */
#define _POSIX_C_SOURCE 200809L /* open_memstream, fmemopen */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <kdproto/debug_io.h>
#include <kdproto/file_io.h>
#include <pcap/pcap.h>

#include "support/recorded_scene.h"
#include "transport/recording_stream.h"

#define REAL KDWALK_TEST_DATA "/captures/windbg-uncut.pcapng"

static void open_real(struct recorded_scene *s, const char *key_text)
{
    struct kdnet_key key;
    const struct kdt_recording_opts opts = {REAL, key_text ? &key : NULL, &s->diag};
    FILE *f = fopen(REAL, "rb");

    if (!f) {
        print_message("no %s\n", REAL);
        skip();
    }
    fclose(f);
    if (key_text)
        assert_int_equal(kdnet_key_parse(key_text, strlen(key_text), NULL, &key), KD_OK);
    assert_int_equal(kdt_recording_open(&opts, &s->recording), KD_OK);
}

/* ---- the real session ---- */

static void each_datagram_of_the_real_session_verifies(void **state)
{
    struct recorded_scene *s = *state;
    struct kdt_recording_counts counts;
    struct kdt_record rec;
    uint64_t number = 0;

    open_real(s, "8.8.8.8");
    while (kdt_recording_next(s->recording, &rec) == KD_OK) {
        assert_int_equal(rec.number, ++number);
        assert_int_equal(rec.conversation, 0);
        assert_false(rec.is_stream);
        assert_int_equal(rec.datagram.version, 4);
        assert_int_not_equal(rec.kind, KDT_RECORD_UNVERIFIED);
    }
    scene_expect_end(s);
    counts = scene_counts(s);
    assert_int_equal(counts.packets, 955);
    assert_int_equal(counts.kdnet, 955);
    assert_int_equal(counts.verified, 955);
    assert_int_equal(counts.not_udp + counts.other + counts.incomplete + counts.duplicates, 0);
    assert_int_equal(counts.conversations, 1);
    assert_int_equal(counts.stops, 3);
    assert_int_equal(counts.boots, 1);
}

struct tally {
    unsigned reads_asked, reads_answered, reads_refused, creates, prints, changes[3];
    unsigned by_kind[KDT_RECORD_UNVERIFIED + 1];
};

static void count_manipulate(struct tally *t, const struct kdt_record *rec)
{
    if (rec->manipulate.api != KD_API_READ_VIRTUAL)
        return;
    t->reads_asked += rec->is_from_host;
    if (!rec->is_answer)
        return;
    t->reads_answered++;
    t->reads_refused += rec->manipulate.status != 0;
    assert_true(rec->asked_ns < rec->time_ns);
    assert_true(rec->time_ns - rec->asked_ns < 1000000000);
}

static void count_packet(struct tally *t, const struct kdt_record *rec)
{
    if (rec->has_manipulate)
        count_manipulate(t, rec);
    if (rec->has_state_change)
        t->changes[rec->state_change.kind - KD_STATE_EXCEPTION]++;
    t->prints += rec->packet.type == KD_PACKET_DEBUG_IO && !rec->is_repeat;
    t->creates += rec->packet.type == KD_PACKET_FILE_IO && !rec->is_from_host;
}

static void what_the_real_session_holds_is_told(void **state)
{
    struct recorded_scene *s = *state;
    struct tally t = {0};
    struct kdt_record rec;

    open_real(s, "8.8.8.8");
    while (kdt_recording_next(s->recording, &rec) == KD_OK) {
        t.by_kind[rec.kind]++;
        if (rec.kind == KDT_RECORD_PACKET)
            count_packet(&t, &rec);
    }
    assert_int_equal(t.by_kind[KDT_RECORD_POKE], 427);
    assert_int_equal(t.by_kind[KDT_RECORD_RESPONSE], 1);
    assert_int_equal(t.by_kind[KDT_RECORD_PING], 1);
    assert_int_equal(t.by_kind[KDT_RECORD_PACKET], 526);
    assert_int_equal(t.reads_asked, 44);
    assert_int_equal(t.reads_answered, 44);
    assert_int_equal(t.reads_refused, 1);
    assert_int_equal(t.creates, 33);
    assert_int_equal(t.prints, 6); /* seven, one of them twice */
    assert_int_equal(t.changes[0], 1);
    assert_int_equal(t.changes[1], 2);
}

/* The record of packet n, counted from where the recording stands. */
static struct kdt_record real_packet(struct recorded_scene *s, uint64_t n)
{
    struct kdt_record rec;

    do
        assert_int_equal(kdt_recording_next(s->recording, &rec), KD_OK);
    while (rec.number < n);
    assert_int_equal(rec.number, n);
    assert_int_equal(rec.kind, KDT_RECORD_PACKET);
    return rec;
}

static void the_real_session_begins_with_a_print_that_is_repeated(void **state)
{
    struct recorded_scene *s = *state;
    struct kdt_record rec;

    open_real(s, "8.8.8.8");
    assert_false(real_packet(s, 4).is_repeat);
    assert_true(real_packet(s, 6).is_repeat);
    rec = real_packet(s, 8);
    assert_true(rec.is_new_stop);
    assert_int_equal(rec.stop, 1);
    assert_int_equal(rec.boot, 0);
    rec = real_packet(s, 12);
    assert_true(rec.is_new_boot && rec.is_answer);
    assert_int_equal(rec.boot, 1);
    assert_int_equal(rec.manipulate.u.version.minor, 10586);
}

/* #194-206: a reply that the host did not get, the request anew, RESEND, and a RESET from each end. */
static void the_loss_in_the_real_session_is_understood(void **state)
{
    struct recorded_scene *s = *state;
    struct kdt_record rec;
    uint64_t asked_ns;

    open_real(s, "8.8.8.8");
    asked_ns = real_packet(s, 194).time_ns;
    rec = real_packet(s, 196);
    assert_true(rec.is_answer && rec.asked_ns == asked_ns);
    rec = real_packet(s, 197);
    assert_false(rec.is_repeat); /* the same request under a new id */
    asked_ns = rec.time_ns;
    assert_int_equal(real_packet(s, 198).packet.type, KD_PACKET_RESEND);
    assert_true(real_packet(s, 199).is_repeat);
    rec = real_packet(s, 201);
    assert_true(rec.is_answer && rec.asked_ns == asked_ns);
    rec = real_packet(s, 202);
    assert_true(rec.is_from_host && rec.packet.type == KD_PACKET_RESET);
    rec = real_packet(s, 203);
    assert_true(!rec.is_from_host && rec.packet.type == KD_PACKET_RESET);
    rec = real_packet(s, 204);
    assert_true(rec.is_repeat && !rec.is_answer);
    rec = real_packet(s, 206);
    assert_int_equal(rec.manipulate.api, KD_API_READ_CONTROL_SPACE);
    assert_int_equal(rec.stop, 1);
}

static void the_stops_of_the_real_session_begin_and_end(void **state)
{
    struct recorded_scene *s = *state;
    struct kdt_record rec;

    open_real(s, "8.8.8.8");
    rec = real_packet(s, 234);
    assert_true(rec.ends_stop && rec.stop == 1);
    rec = real_packet(s, 236);
    assert_int_equal(rec.packet.type, KD_PACKET_FILE_IO);
    assert_int_equal(rec.stop, 0);
    rec = real_packet(s, 378);
    assert_true(rec.is_new_stop && rec.stop == 2);
    rec = real_packet(s, 950);
    assert_true(rec.ends_stop && rec.stop == 2);
    rec = real_packet(s, 952);
    assert_true(rec.is_new_stop && rec.stop == 3);
    assert_true(kd_state_change_is_farewell(&rec.state_change));
    assert_true(real_packet(s, 954).ends_stop);
    assert_int_equal(rec.boot, 1);
}

/* A copy of the real session without one of its packets, as a recording. *bytes is the caller's. */
static void open_real_without(struct recorded_scene *s, unsigned number, char **bytes)
{
    char why[PCAP_ERRBUF_SIZE];
    struct kdnet_key key = {{8, [8] = 8, [16] = 8, [24] = 8}};
    const struct kdt_recording_opts opts = {NULL, &key, &s->diag};
    pcap_t *real = pcap_open_offline(REAL, why);
    struct pcap_pkthdr *header;
    const u_char *data;
    size_t len;
    pcap_dumper_t *copy;

    if (!real) {
        print_message("%s\n", why);
        skip();
    }
    copy = pcap_dump_fopen(real, open_memstream(bytes, &len));
    for (unsigned n = 1; pcap_next_ex(real, &header, &data) == 1; n++)
        if (n != number)
            pcap_dump((u_char *)copy, header, data);
    pcap_dump_close(copy);
    pcap_close(real);
    assert_int_equal(kdt_recording_open_stream(fmemopen(*bytes, len, "rb"), &opts, &s->recording),
                     KD_OK);
}

static void without_the_handshake_only_the_control_channel_opens(void **state)
{
    struct recorded_scene *s = *state;
    struct kdt_record rec;
    unsigned refused = 0;
    char *bytes;

    open_real_without(s, 2, &bytes);
    while (kdt_recording_next(s->recording, &rec) == KD_OK) {
        if (rec.kind == KDT_RECORD_POKE)
            continue;
        assert_int_equal(rec.kind, KDT_RECORD_UNVERIFIED);
        assert_int_equal(rec.status, KD_ERR_NOT_FOUND);
        refused++;
    }
    assert_int_equal(refused, 527);
    assert_int_equal(scene_counts(s).verified, 427);
    assert_int_equal(scene_counts(s).stops, 0);
    free(bytes);
}

static void expect_nothing_opens(struct recorded_scene *s, enum kd_status why)
{
    struct kdt_record rec;

    while (kdt_recording_next(s->recording, &rec) == KD_OK) {
        assert_int_equal(rec.kind, KDT_RECORD_UNVERIFIED);
        assert_int_equal(rec.status, why);
        assert_true(rec.wire_len > 0);
    }
    scene_expect_end(s);
    assert_int_equal(scene_counts(s).kdnet, 955);
    assert_int_equal(scene_counts(s).verified, 0);
}

static void with_the_wrong_key_nothing_opens(void **state)
{
    open_real(*state, "8.8.8.9");
    expect_nothing_opens(*state, KD_ERR_AUTH);
}

static void without_a_key_kdnet_is_known_but_not_opened(void **state)
{
    open_real(*state, NULL);
    expect_nothing_opens(*state, KD_ERR_USAGE);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, recorded_scene_start, recorded_scene_stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_datagram_of_the_real_session_verifies),
        TEST(what_the_real_session_holds_is_told),
        TEST(the_real_session_begins_with_a_print_that_is_repeated),
        TEST(the_loss_in_the_real_session_is_understood),
        TEST(the_stops_of_the_real_session_begin_and_end),
        TEST(without_the_handshake_only_the_control_channel_opens),
        TEST(with_the_wrong_key_nothing_opens),
        TEST(without_a_key_kdnet_is_known_but_not_opened),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
