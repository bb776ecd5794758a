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
    assert_int_equal(scene_counts(s).without_handshake, 527);
    assert_int_equal(scene_counts(s).keyless, 0);
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
    assert_int_equal(scene_counts(s).keyless, why == KD_ERR_USAGE ? 955 : 0);
    assert_int_equal(scene_counts(s).without_handshake, 0);
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

/* ---- files with several conversations ---- */

static bool is_end(const struct kdt_endpoint *a, const struct kdt_endpoint *b)
{
    return a->port == b->port && memcmp(a->ip, b->ip, sizeof a->ip) == 0;
}

static void expect_ends(struct recorded_scene *s, unsigned conversation,
                        const struct kdt_endpoint *host, const struct kdt_endpoint *target)
{
    struct kdt_endpoint h, t;

    kdt_recording_ends(s->recording, conversation, &h, &t);
    assert_true(is_end(&h, host));
    assert_true(is_end(&t, target));
}

/* The other of two targets, or back. Each has its own handshake. */
static void turn_to(struct recorded_scene *s, uint8_t target)
{
    s->target = scene_end(target, 50000);
}

static void two_targets_in_one_file_are_two_conversations(void **state)
{
    struct recorded_scene *s = *state;
    uint8_t key_of_first[KD_KEY_LEN];
    struct kdt_endpoint first, second;
    struct kdt_record rec;

    turn_to(s, 2);
    scene_link(s);
    scene_state(s, 0, KD_STATE_EXCEPTION, 0x1000);
    memcpy(key_of_first, s->data_key, sizeof key_of_first);
    turn_to(s, 3);
    scene_link(s);
    scene_state(s, 0, KD_STATE_EXCEPTION, 0x1000);
    turn_to(s, 2);
    memcpy(s->data_key, key_of_first, sizeof key_of_first);
    s->sequence[0] = 10;
    scene_packet(s, false, KD_PACKET_DEBUG_IO, 2, "first again", 11);
    scene_open(s);
    rec = scene_next_data(s);
    assert_true(rec.conversation == 0 && rec.is_new_stop && rec.stop == 1);
    rec = scene_next_data(s);
    assert_true(rec.conversation == 1 && rec.is_new_stop && rec.stop == 2);
    rec = scene_next_data(s);
    assert_true(rec.conversation == 0 && rec.stop == 1);
    scene_expect_end(s);
    assert_int_equal(scene_counts(s).conversations, 2);
    assert_int_equal(scene_counts(s).verified, 9);
    first = scene_end(2, 50000);
    second = scene_end(3, 50000);
    expect_ends(s, 0, &s->host, &first);
    expect_ends(s, 1, &s->host, &second);
}

static void one_session_after_the_other_is_one_conversation(void **state)
{
    struct recorded_scene *s = *state;

    for (int i = 0; i < 6; i++) { /* more than there are keys to be tried at a time */
        scene_link(s);
        scene_packet(s, false, KD_PACKET_DEBUG_IO, 0, "hello", 5);
    }
    scene_open(s);
    for (int i = 0; i < 6; i++)
        assert_int_equal(scene_next_data(s).conversation, 0);
    scene_expect_end(s);
    assert_int_equal(scene_counts(s).verified, 24);
}

static void other_traffic_is_counted_and_passed_over(void **state)
{
    struct recorded_scene *s = *state;
    struct kdt_endpoint somebody = scene_end(9, 53);

    scene_datagram(s, &somebody, &s->host, "a question of another kind", 26);
    scene_link(s);
    scene_datagram(s, &s->target, &s->host, "MDB", 3);
    scene_datagram(s, &s->target, &s->host, "", 0);
    scene_open(s);
    assert_int_equal(scene_next(s, KDT_RECORD_POKE).number, 2);
    scene_next(s, KDT_RECORD_RESPONSE);
    scene_next(s, KDT_RECORD_PING);
    scene_expect_end(s);
    assert_int_equal(scene_counts(s).other, 3);
    assert_int_equal(scene_counts(s).packets, 6);
    assert_int_equal(scene_counts(s).conversations, 1);
}

static void a_stream_and_kdnet_may_share_a_file(void **state)
{
    struct recorded_scene *s = *state;
    uint8_t packet[KD_PACKET_HEADER_LEN + 2 + 1];
    const struct kd_packet p = {
        .type = KD_PACKET_DEBUG_IO, .id = 0x80800000, .data = (const uint8_t *)"hi", .len = 2};
    struct kdt_record rec;
    size_t len;

    assert_int_equal(kd_packet_encode(&p, packet, sizeof packet, &len), KD_OK);
    packet[len++] = KD_TRAILER;
    scene_link(s);
    s->is_stream = true;
    scene_bytes(s, false, packet, 10);
    s->is_stream = false;
    scene_packet(s, false, KD_PACKET_DEBUG_IO, 0, "between", 7);
    s->is_stream = true;
    scene_bytes(s, false, packet + 10, len - 10);
    scene_open(s);
    rec = scene_next_data(s);
    assert_true(rec.conversation == 0 && !rec.is_stream);
    rec = scene_next_data(s);
    assert_true(rec.conversation == 1 && rec.is_stream && rec.number == 6);
    scene_expect_end(s);
}

static void which_end_is_the_host_is_learnt_from_what_was_opened(void **state)
{
    struct recorded_scene *s = *state;
    struct kdt_endpoint host = s->host, target = s->target;
    uint8_t sealed_by_nobody[54] = "MDBG\x04\x01";

    scene_datagram(s, &host, &target, sealed_by_nobody, sizeof sealed_by_nobody);
    scene_control(s, true, 0, NULL, 0);
    scene_open(s);
    scene_next(s, KDT_RECORD_UNVERIFIED);
    expect_ends(s, 0, &target, &host); /* so far, who spoke first is taken for the target */
    scene_next(s, KDT_RECORD_HOST_POKE);
    expect_ends(s, 0, &host, &target);
}

static void more_pairs_of_ends_than_there_is_room_for_are_an_error(void **state)
{
    struct recorded_scene *s = *state;
    struct kdt_record rec;

    for (unsigned i = 0; i <= KDT_CONVERSATIONS_MAX; i++) {
        s->target.port = (uint16_t)(1000 + i);
        scene_poke(s);
    }
    scene_open(s);
    for (unsigned i = 0; i < KDT_CONVERSATIONS_MAX; i++)
        assert_int_equal(scene_next(s, KDT_RECORD_POKE).conversation, i);
    assert_int_equal(kdt_recording_next(s->recording, &rec), KD_ERR_LIMIT);
    assert_string_equal(s->diag.text, "after packet 64: more than 64 pairs of ends talk in it");
    assert_int_equal(kdt_recording_next(s->recording, &rec), KD_ERR_LIMIT);
}

/* ---- files that are not whole ---- */

/* A short session of the kind that the scene is set to. */
static void write_short_session(struct recorded_scene *s)
{
    const struct kd_manipulate version = scene_version(9600, 0x1000);
    const struct kd_manipulate read = scene_read(0x2000, 4, 4, "data");

    if (!s->is_stream)
        scene_link(s);
    scene_state(s, s->is_stream ? 0x80800800 : 0, KD_STATE_EXCEPTION, 0x1000);
    scene_asks(s, 0x80000000, &version);
    scene_answers(s, 2, &version);
    scene_asks(s, 0x80000002, &read);
    scene_answers(s, 4, &read);
}

/* However the file was cut, all packets that are whole in it are told, then how it ends. */
static void expect_prefixes_are_told(struct recorded_scene *s)
{
    unsigned records_before = 0;

    write_short_session(s);
    for (size_t len = 1; len <= s->len; len++) {
        struct kdt_record rec;
        unsigned records = 0;
        enum kd_status st = scene_try_open(s, &s->key, len);

        while (st == KD_OK && (st = kdt_recording_next(s->recording, &rec)) == KD_OK)
            records++;
        assert_true(st == KD_ERR_TRUNCATED || st == KD_ERR_NOT_FOUND || st == KD_ERR_MALFORMED);
        assert_true(st == KD_ERR_NOT_FOUND || s->diag.text[0]);
        assert_true(records == records_before ||
                    (st == KD_ERR_NOT_FOUND && records > records_before));
        records_before = records;
    }
    assert_int_equal(records_before, s->is_stream ? 5 : 8);
}

static void a_file_that_is_cut_anywhere_is_told_until_there(void **state)
{
    struct recorded_scene *s = *state;

    expect_prefixes_are_told(s);
}

static void a_recorded_stream_that_is_cut_anywhere_is_told_until_there(void **state)
{
    struct recorded_scene *s = *state;

    s->is_stream = true;
    expect_prefixes_are_told(s);
}

static void how_far_the_file_was_read_is_known(void **state)
{
    struct recorded_scene *s = *state;
    struct kdt_record rec;
    uint64_t done, total;

    open_real(s, "8.8.8.8");
    while (kdt_recording_next(s->recording, &rec) == KD_OK) {
        kdt_recording_position(s->recording, &done, &total);
        assert_true(done <= total);
    }
    kdt_recording_position(s->recording, &done, &total);
    assert_int_equal(total, 290892);
    assert_int_equal(done, total);
}

static void a_file_that_is_none_says_why(void **state)
{
    struct recorded_scene *s = *state;
    const struct kdt_recording_opts absent = {"/no/such/file", NULL, &s->diag};

    assert_int_equal(kdt_recording_open(&absent, &s->recording), KD_ERR_NOT_FOUND);
    assert_non_null(strstr(s->diag.text, "/no/such/file"));
    memset(s->file, 'x', 100);
    assert_int_equal(scene_try_open(s, NULL, 100), KD_ERR_MALFORMED);
    assert_true(s->diag.text[0]);
    kdt_recording_close(NULL);
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
        TEST(two_targets_in_one_file_are_two_conversations),
        TEST(one_session_after_the_other_is_one_conversation),
        TEST(other_traffic_is_counted_and_passed_over),
        TEST(a_stream_and_kdnet_may_share_a_file),
        TEST(which_end_is_the_host_is_learnt_from_what_was_opened),
        TEST(more_pairs_of_ends_than_there_is_room_for_are_an_error),
        TEST(a_file_that_is_cut_anywhere_is_told_until_there),
        TEST(a_recorded_stream_that_is_cut_anywhere_is_told_until_there),
        TEST(how_far_the_file_was_read_is_known),
        TEST(a_file_that_is_none_says_why),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
