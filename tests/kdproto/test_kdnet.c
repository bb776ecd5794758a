/* The host's end of KDNET against a target that is written out here: it pokes, takes responses by
 * the rules known of real targets, and sends pings and data. Time stands still unless a test moves
 * it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <kdproto/kdnet.h>

#include "support/hex.h"
#include "support/test_crypto.h"
#include "vectors_kdnet.h"

static const struct kdnet_address somebody = {{[10] = 0xFF, 0xFF, 10, 0, 0, 1}, 50000};
static const struct kdnet_address nobody = {{[10] = 0xFF, 0xFF}, 0};

struct datagram {
    uint8_t bytes[KDNET_DATAGRAM_MAX];
    size_t len;
    struct kdnet_peer peer; /* where it came from, or goes to */
};

struct target {
    uint8_t version;
    struct kdnet_peer peer;
    struct kdnet_poke poke; /* the last one sent */
    uint64_t poke_sequence;
    uint8_t data_key[KD_KEY_LEN];
    uint64_t sent_sequence;
    uint64_t received_sequence;
};

struct scene {
    struct test_crypto crypto;
    struct kdnet_key key;
    struct kdnet *host;
    struct target target;
    uint64_t now_ms;
};

static int start(void **state)
{
    static struct scene s;
    struct kdnet_opts opts = {&s.crypto.table, {{0}}};

    memset(&s, 0, sizeof s);
    test_crypto_init(&s.crypto);
    assert_int_equal(kdnet_key_parse("k.d.n.et", 8, NULL, &s.key), KD_OK);
    opts.key = s.key;
    assert_int_equal(kdnet_create(&opts, &s.host), KD_OK);
    s.target = (struct target){.version = 4,
                               .peer = {{10, 0, 0, 2, 0xC3, 0x50}, 6},
                               .poke = {.nonce_a = 1000, .nonce_b = {0xB0, 0x07, 1}},
                               .poke_sequence = 3};
    s.target.poke.connected = nobody;
    s.now_ms = 100000;
    *state = &s;
    return 0;
}

static int stop(void **state)
{
    struct scene *s = *state;

    kdnet_destroy(s->host);
    return 0;
}

/* ---- the target ---- */

static struct datagram seal(struct scene *s, const uint8_t *aes_key, const struct kdnet_datagram *d)
{
    struct datagram out = {.peer = s->target.peer};

    assert_int_equal(
        kdnet_seal(&s->crypto.table, &s->key, aes_key, d, out.bytes, sizeof out.bytes, &out.len),
        KD_OK);
    return out;
}

static void write_address(struct kd_writer *w, const struct kdnet_address *a)
{
    kd_wr_bytes(w, a->ip, sizeof a->ip);
    kd_wr_u16be(w, a->port);
}

/* The poke that the target stands at. */
static struct datagram poke(struct scene *s)
{
    struct target *t = &s->target;
    uint8_t payload[KDNET_POKE_LEN];
    struct kd_writer w = kd_writer_of(payload, sizeof payload);
    const struct kdnet_datagram d = {
        t->version, true, false, t->poke_sequence, {payload, sizeof payload}};

    kd_wr_u8(&w, 1);
    kd_wr_u8(&w, 1);
    kd_wr_u64(&w, t->poke.nonce_a);
    kd_wr_bytes(&w, t->poke.nonce_b, sizeof t->poke.nonce_b);
    write_address(&w, &t->poke.target);
    write_address(&w, &t->poke.host);
    write_address(&w, &t->poke.connected);
    kd_wr_zero(&w, sizeof payload - w.pos);
    assert_true(kd_writer_ok(&w));
    return seal(s, s->key.bytes, &d);
}

/* Three seconds later: the next one. */
static struct datagram next_poke(struct scene *s)
{
    s->now_ms += 3000;
    s->target.poke.nonce_a++;
    s->target.poke_sequence += 3;
    return poke(s);
}

static void reboot(struct scene *s)
{
    s->target.poke.nonce_b[3]++;
    s->target.poke.nonce_a = 77;
    s->target.poke_sequence = 3;
    s->target.poke.connected = nobody;
}

/* Take a response as targets do: the sequence is the current or the previous one, part B is ours.
 * Says whether it was taken. */
static bool take_response(struct scene *s, const struct datagram *in)
{
    struct target *t = &s->target;
    uint8_t plain[KDNET_DATAGRAM_MAX];
    struct kdnet_datagram d;

    assert_int_equal(
        kdnet_open(&s->crypto.table, &s->key, s->key.bytes, in->bytes, in->len, plain, &d), KD_OK);
    assert_true(d.is_control && d.from_host);
    assert_int_equal(d.version, t->version);
    assert_true(kdnet_is_response(d.payload.data, d.payload.len));
    if (d.sequence != t->poke_sequence && d.sequence != t->poke_sequence - 3)
        return false;
    if (memcmp(d.payload.data + 10, t->poke.nonce_b, sizeof t->poke.nonce_b) != 0)
        return false;
    assert_int_equal(kdnet_data_key(&s->crypto.table, &s->key, d.payload.data, t->data_key), KD_OK);
    t->sent_sequence = t->received_sequence = 0;
    t->poke.connected = somebody;
    return true;
}

static struct datagram data(struct scene *s, const void *payload, size_t len)
{
    const struct kdnet_datagram d = {
        s->target.version, false, false, ++s->target.sent_sequence, {payload, len}};

    return seal(s, s->target.data_key, &d);
}

static struct datagram ping(struct scene *s)
{
    static const uint8_t payload[KDNET_PING_LEN] = {[8] = 1, 0, 0, 10};

    return data(s, payload, sizeof payload);
}

/* A KD packet's place is taken by this text: KDNET does not look inside. */
static struct datagram text(struct scene *s, const char *words)
{
    return data(s, words, strlen(words));
}

/* ---- what the host does ---- */

static void deliver(struct scene *s, const struct datagram *d)
{
    kdnet_receive(s->host, d->bytes, d->len, &d->peer, s->now_ms);
}

static bool next_output(struct scene *s, struct datagram *out)
{
    struct kd_span bytes;

    if (!kdnet_next_output(s->host, &bytes, &out->peer))
        return false;
    memcpy(out->bytes, bytes.data, bytes.len);
    out->len = bytes.len;
    return true;
}

static struct kdnet_event expect_event(struct scene *s, enum kdnet_event_kind kind)
{
    struct kdnet_event ev;

    assert_true(kdnet_next_event(s->host, &ev));
    assert_int_equal(ev.kind, kind);
    return ev;
}

static void expect_quiet(struct scene *s)
{
    struct kdnet_event ev;
    struct datagram out;

    assert_false(kdnet_next_event(s->host, &ev));
    assert_false(next_output(s, &out));
}

static void expect_packet(struct scene *s, const char *words)
{
    struct kdnet_event ev = expect_event(s, KDNET_EVENT_PACKET);

    assert_int_equal(ev.bytes.len, strlen(words));
    assert_memory_equal(ev.bytes.data, words, ev.bytes.len);
}

static void expect_linked(struct scene *s, bool is_new_boot)
{
    struct kdnet_event ev = expect_event(s, KDNET_EVENT_LINKED);

    assert_int_equal(ev.is_new_boot, is_new_boot);
    assert_int_equal(ev.version, s->target.version);
}

static struct datagram expect_response(struct scene *s)
{
    struct datagram out;

    assert_true(next_output(s, &out));
    assert_int_equal(out.len, 358);
    return out;
}

/* What the host sends opens under the target's key, with the next sequence. */
static void expect_sent(struct scene *s, const char *words)
{
    struct target *t = &s->target;
    uint8_t plain[KDNET_DATAGRAM_MAX];
    struct kdnet_datagram d;
    struct datagram out;

    assert_true(next_output(s, &out));
    assert_int_equal(out.peer.len, t->peer.len);
    assert_memory_equal(out.peer.bytes, t->peer.bytes, t->peer.len);
    assert_int_equal(
        kdnet_open(&s->crypto.table, &s->key, t->data_key, out.bytes, out.len, plain, &d), KD_OK);
    assert_true(d.from_host && !d.is_control);
    assert_int_equal(d.version, t->version);
    assert_true(d.sequence == t->received_sequence + 1);
    t->received_sequence = d.sequence;
    assert_int_equal(d.payload.len, strlen(words));
    assert_memory_equal(d.payload.data, words, d.payload.len);
}

static void send_text(struct scene *s, const char *words)
{
    assert_int_equal(kdnet_send(s->host, (const uint8_t *)words, strlen(words), s->now_ms), KD_OK);
}

/* The session lives: packets go both ways. */
static void expect_alive(struct scene *s)
{
    struct datagram d = text(s, "a packet");

    deliver(s, &d);
    expect_packet(s, "a packet");
    send_text(s, "a request");
    expect_sent(s, "a request");
    expect_quiet(s);
}

static void link_up(struct scene *s)
{
    struct datagram d = poke(s);

    deliver(s, &d);
    expect_event(s, KDNET_EVENT_POKED);
    d = expect_response(s);
    assert_true(take_response(s, &d));
    d = ping(s);
    deliver(s, &d);
    expect_linked(s, true);
    expect_quiet(s);
}

/* A poke that calls, its answer, and the first datagram under the new key. */
static void link_again(struct scene *s, struct datagram call, bool is_new_boot)
{
    struct datagram d;

    deliver(s, &call);
    d = expect_response(s);
    expect_quiet(s);
    assert_true(take_response(s, &d));
    d = ping(s);
    deliver(s, &d);
    expect_linked(s, is_new_boot);
    expect_alive(s);
}

static void expect_ignored(struct scene *s, struct datagram d)
{
    deliver(s, &d);
    expect_quiet(s);
}

static const struct kdnet_counters *counters(const struct scene *s)
{
    return kdnet_get_counters(s->host);
}

/* ---- handshake ---- */

static void the_first_poke_is_answered_and_the_first_datagram_links(void **state)
{
    struct scene *s = *state;
    struct datagram d = poke(s), response;
    struct kdnet_event ev;

    assert_int_equal(kdnet_send(s->host, (const uint8_t *)"b", 1, s->now_ms), KD_ERR_LOST);
    assert_true(kdnet_deadline_ms(s->host) == KD_NEVER);
    deliver(s, &d);
    ev = expect_event(s, KDNET_EVENT_POKED);
    assert_int_equal(ev.version, 4);
    response = expect_response(s);
    assert_memory_equal(response.peer.bytes, s->target.peer.bytes, sizeof response.peer.bytes);
    expect_quiet(s);
    assert_int_equal(kdnet_send(s->host, (const uint8_t *)"b", 1, s->now_ms), KD_ERR_LOST);

    assert_true(take_response(s, &response));
    d = ping(s);
    deliver(s, &d);
    expect_linked(s, true);
    expect_alive(s);
    assert_int_equal(counters(s)->pokes, 1);
    assert_int_equal(counters(s)->responses, 1);
    assert_int_equal(counters(s)->sent, 1);
    assert_int_equal(counters(s)->received, 3);
}

static void the_ping_may_be_lost(void **state)
{
    struct scene *s = *state;
    struct datagram d = poke(s);

    deliver(s, &d);
    expect_event(s, KDNET_EVENT_POKED);
    d = expect_response(s);
    take_response(s, &d);
    ping(s);
    d = text(s, "a print");
    deliver(s, &d);
    expect_linked(s, true);
    expect_packet(s, "a print");
    expect_quiet(s);
}

static void the_version_of_the_poke_is_spoken(void **state)
{
    static const uint8_t versions[] = {2, 4, 5, 9};

    for (size_t i = 0; i < sizeof versions; i++) {
        struct scene *s = *state;

        s->target.version = versions[i];
        link_up(s);
        expect_alive(s);
        assert_int_equal(counters(s)->unknown_version, versions[i] == 9);
        stop(state);
        start(state);
    }
}

static void a_real_poke_of_version_5_is_answered(void **state)
{
    struct scene *s = *state;
    struct kdnet_opts opts = {&s->crypto.table, {{0}}};
    struct datagram d = {.peer = s->target.peer};
    uint8_t plain[KDNET_DATAGRAM_MAX];
    struct kdnet_datagram response;

    kdnet_destroy(s->host);
    assert_int_equal(kdnet_key_parse(C5_KEY, strlen(C5_KEY), NULL, &opts.key), KD_OK);
    assert_int_equal(kdnet_create(&opts, &s->host), KD_OK);
    d.len = hex_decode(v24, d.bytes, sizeof d.bytes);
    deliver(s, &d);
    assert_int_equal(expect_event(s, KDNET_EVENT_POKED).version, 5);
    d = expect_response(s);
    assert_int_equal(
        kdnet_open(&s->crypto.table, &opts.key, opts.key.bytes, d.bytes, d.len, plain, &response),
        KD_OK);
    assert_int_equal(response.version, 5);
    assert_int_equal(response.sequence, 0x9CC);
    assert_int_equal(response.payload.data[2], 0x0B); /* the echo of the poke's nonce */
}

/* ---- pokes during a session (kd-protocol notes, 1.12) ---- */

static void keep_alives_are_not_answered(void **state)
{
    struct scene *s = *state;

    link_up(s);
    for (int i = 0; i < 50; i++) {
        expect_ignored(s, next_poke(s));
        kdnet_tick(s->host, s->now_ms);
    }
    expect_alive(s);
    assert_int_equal(counters(s)->responses, 1);
    assert_int_equal(counters(s)->pokes, 51);
}

static void a_gap_in_the_keep_alives_is_no_call(void **state)
{
    struct scene *s = *state;

    link_up(s);
    next_poke(s);
    next_poke(s);
    expect_ignored(s, next_poke(s));
    expect_alive(s);
}

static void a_poke_that_arrives_twice_is_answered_once(void **state)
{
    struct scene *s = *state;
    struct datagram d = poke(s);

    deliver(s, &d);
    expect_event(s, KDNET_EVENT_POKED);
    expect_response(s);
    expect_ignored(s, d);
    assert_int_equal(counters(s)->replayed, 1);
}

static void the_poke_that_made_the_session_is_ignored_when_it_comes_again(void **state)
{
    struct scene *s = *state;
    struct datagram first = poke(s);

    link_up(s);
    expect_ignored(s, first);
    expect_alive(s);
}

static void a_new_boot_is_answered_at_once_and_told_when_it_proves_itself(void **state)
{
    struct scene *s = *state;

    link_up(s);
    expect_alive(s);
    reboot(s);
    link_again(s, poke(s), true);
    assert_int_equal(counters(s)->responses, 2);
}

static void each_boot_stage_makes_its_own_session(void **state)
{
    struct scene *s = *state;

    link_up(s);
    for (int stage = 0; stage < 4; stage++) {
        s->now_ms += 500;
        reboot(s);
        link_again(s, poke(s), true);
    }
}

static void a_lost_response_to_a_new_boot_is_made_up_for_at_its_next_poke(void **state)
{
    struct scene *s = *state;
    struct datagram d;

    link_up(s);
    reboot(s);
    d = poke(s);
    deliver(s, &d);
    expect_response(s);
    link_again(s, next_poke(s), true);
}

static void the_old_session_stays_in_use_until_the_new_key_proves_itself(void **state)
{
    struct scene *s = *state;
    struct target old;
    struct datagram call, response;

    link_up(s);
    old = s->target;
    reboot(s);
    call = poke(s);
    deliver(s, &call);
    response = expect_response(s);

    /* no reboot after all: the old session goes on */
    struct target rebooted = s->target;
    s->target = old;
    expect_alive(s);
    expect_ignored(s, next_poke(s));
    expect_alive(s);
    old = s->target;

    /* and now it was one: the first datagram under the new key ends the old one */
    s->target = rebooted;
    assert_true(take_response(s, &response));
    call = text(s, "hello");
    deliver(s, &call);
    expect_linked(s, true);
    expect_packet(s, "hello");
    rebooted = s->target;
    s->target = old;
    expect_ignored(s, text(s, "too late"));
    assert_int_equal(counters(s)->bad_mac, 1);
    s->target = rebooted;
    expect_alive(s);
}

static void an_old_recording_played_back_does_not_hurt_the_session(void **state)
{
    struct scene *s = *state;
    struct datagram recording[6];
    size_t count = 0;

    /* The recording: another boot's pokes and data, then this boot's before the host came. */
    s->target.poke.nonce_b[3] = 0xEE;
    for (int i = 0; i < 2; i++)
        recording[count++] = next_poke(s);
    recording[count++] = text(s, "under a key of old");
    reboot(s);
    for (int i = 0; i < 3; i++)
        recording[count++] = next_poke(s);

    next_poke(s);
    link_up(s);
    for (int round = 0; round < 4; round++) {
        for (size_t i = 0; i < count; i++) {
            struct datagram out;
            struct kdnet_event ev;

            deliver(s, &recording[i]);
            assert_false(kdnet_next_event(s->host, &ev));
            while (next_output(s, &out))
                assert_false(take_response(s, &out)); /* no answer to the past is taken */
            expect_alive(s);
        }
        expect_ignored(s, next_poke(s));
    }
}

static void this_sessions_own_pokes_played_back_are_ignored(void **state)
{
    struct scene *s = *state;
    struct datagram recording[6];

    link_up(s);
    for (int i = 0; i < 6; i++) {
        recording[i] = next_poke(s);
        expect_ignored(s, recording[i]);
    }
    for (int i = 0; i < 6; i++) {
        s->now_ms += 100;
        expect_ignored(s, recording[(i * 5) % 6]);
        expect_alive(s);
    }
    assert_int_equal(counters(s)->responses, 1);
    assert_int_equal(counters(s)->replayed, 6);
}

static void a_restored_snapshot_is_answered_at_its_third_poke(void **state)
{
    struct scene *s = *state;
    struct target snapshot;

    link_up(s);
    expect_ignored(s, next_poke(s));
    snapshot = s->target;
    for (int i = 0; i < 20; i++)
        expect_ignored(s, next_poke(s));
    s->target = snapshot;
    s->now_ms -= 2500; /* pokes half a second apart: the session is not silent yet */
    expect_ignored(s, next_poke(s));
    s->now_ms -= 2500;
    expect_ignored(s, next_poke(s));
    s->now_ms -= 2500;
    link_again(s, next_poke(s), false);
}

static void a_restored_snapshot_of_a_silent_session_is_answered_at_once(void **state)
{
    struct scene *s = *state;
    struct target snapshot;

    link_up(s);
    expect_ignored(s, next_poke(s));
    snapshot = s->target;
    for (int i = 0; i < 20; i++)
        expect_ignored(s, next_poke(s));
    s->target = snapshot;
    s->now_ms += 1000;
    link_again(s, next_poke(s), false);
}

static void a_reboot_that_keeps_part_b_is_answered(void **state)
{
    struct scene *s = *state;

    s->target.poke_sequence = 300;
    link_up(s);
    s->target.poke.nonce_a = 5; /* never seen, and the sequence starts again */
    s->target.poke_sequence = 3;
    link_again(s, poke(s), false);
}

static void a_poke_of_a_target_that_is_connected_to_nobody_is_answered(void **state)
{
    struct scene *s = *state;

    link_up(s);
    s->target.poke.connected = nobody;
    link_again(s, next_poke(s), false);
}

static void a_session_given_up_is_made_anew_at_the_next_poke(void **state)
{
    struct scene *s = *state;
    struct datagram d;

    link_up(s);
    expect_ignored(s, next_poke(s));
    kdnet_drop_session(s->host);
    assert_true(kdnet_deadline_ms(s->host) == KD_NEVER);
    assert_int_equal(kdnet_send(s->host, (const uint8_t *)"b", 1, s->now_ms), KD_ERR_LOST);
    expect_ignored(s, text(s, "nobody listens"));
    d = next_poke(s);
    deliver(s, &d);
    expect_event(s, KDNET_EVENT_POKED);
    d = expect_response(s);
    assert_true(take_response(s, &d));
    d = ping(s);
    deliver(s, &d);
    expect_linked(s, false); /* the same boot: packet ids go on */
    expect_alive(s);
}

static void a_new_process_answers_a_target_that_believes_to_be_connected(void **state)
{
    struct scene *s = *state;

    s->target.poke.connected = somebody;
    s->target.poke_sequence = 900;
    link_up(s);
    expect_alive(s);
}

/* ---- responses that are lost or late (1.8) ---- */

static void a_lost_response_is_made_up_for_at_the_next_poke(void **state)
{
    struct scene *s = *state;
    struct datagram d = poke(s), lost, second;

    deliver(s, &d);
    expect_event(s, KDNET_EVENT_POKED);
    lost = expect_response(s);
    d = next_poke(s);
    deliver(s, &d);
    second = expect_response(s);
    expect_quiet(s);
    assert_memory_not_equal(lost.bytes, second.bytes, second.len);
    assert_true(take_response(s, &second));
    d = ping(s);
    deliver(s, &d);
    expect_linked(s, true);
    expect_alive(s);
}

static void a_late_response_works_although_a_newer_one_was_sent(void **state)
{
    struct scene *s = *state;
    struct datagram d = poke(s), late;

    deliver(s, &d);
    expect_event(s, KDNET_EVENT_POKED);
    late = expect_response(s);
    d = next_poke(s);
    deliver(s, &d);
    expect_response(s);
    assert_true(take_response(s, &late)); /* to the previous poke: still taken */
    d = ping(s);
    deliver(s, &d);
    expect_linked(s, true);
    expect_alive(s);
    expect_ignored(s, next_poke(s));
}

/* The ping after a first response was lost, so a second response is under way when the repeated
 * ping shows that the first had been taken. The target then takes the second one, too. */
static void a_newer_response_may_be_taken_after_the_older_one_linked(void **state)
{
    struct scene *s = *state;
    struct datagram d = poke(s), first, second;

    deliver(s, &d);
    expect_event(s, KDNET_EVENT_POKED);
    first = expect_response(s);
    assert_true(take_response(s, &first));
    ping(s);
    d = next_poke(s);
    deliver(s, &d);
    second = expect_response(s);
    d = ping(s);
    deliver(s, &d);
    expect_linked(s, true);
    expect_alive(s);

    assert_true(take_response(s, &second));
    d = ping(s);
    deliver(s, &d);
    expect_linked(s, false);
    expect_alive(s);
    expect_ignored(s, next_poke(s));
}

static void only_the_last_two_responses_count(void **state)
{
    struct scene *s = *state;
    struct datagram d = poke(s), oldest;

    deliver(s, &d);
    expect_event(s, KDNET_EVENT_POKED);
    oldest = expect_response(s);
    assert_true(take_response(s, &oldest));
    for (int i = 0; i < 2; i++) {
        d = next_poke(s);
        deliver(s, &d);
        expect_response(s);
    }
    expect_event(s, KDNET_EVENT_NO_SESSION);
    expect_ignored(s, text(s, "under the oldest key"));
    assert_int_equal(counters(s)->bad_mac, 1);
}

static void answers_in_vain_are_reported_once_with_the_targets_version(void **state)
{
    struct scene *s = *state;
    struct datagram d;

    s->target.version = 7;
    d = poke(s);
    deliver(s, &d);
    expect_event(s, KDNET_EVENT_POKED);
    expect_response(s);
    for (int i = 0; i < 5; i++) {
        d = next_poke(s);
        deliver(s, &d);
        if (i == 1)
            assert_int_equal(expect_event(s, KDNET_EVENT_NO_SESSION).version, 7);
        expect_response(s);
        expect_quiet(s);
    }
    assert_int_equal(counters(s)->unknown_version, 6);
}

/* ---- sequences (1.13) ---- */

static void a_datagram_that_comes_twice_counts_once(void **state)
{
    struct scene *s = *state;
    struct datagram d;

    link_up(s);
    d = text(s, "once");
    deliver(s, &d);
    expect_packet(s, "once");
    expect_ignored(s, d);
    assert_int_equal(counters(s)->replayed, 1);
    expect_alive(s);
}

static void a_datagram_that_was_overtaken_is_dropped(void **state)
{
    struct scene *s = *state;
    struct datagram first, second;

    link_up(s);
    first = text(s, "first");
    second = text(s, "second");
    deliver(s, &second);
    expect_packet(s, "second");
    expect_ignored(s, first);
    assert_int_equal(counters(s)->replayed, 1);
    expect_alive(s);
}

static void each_new_key_starts_both_sequences_at_one(void **state)
{
    struct scene *s = *state;

    link_up(s);
    for (int i = 0; i < 9; i++)
        expect_alive(s);
    reboot(s);
    link_again(s, poke(s), true); /* expect_sent checks the host's, the ping is the target's */
    assert_int_equal(s->target.received_sequence, 1);
    assert_int_equal(s->target.sent_sequence, 2);
}

static void sequence_zero_is_no_first_datagram(void **state)
{
    struct scene *s = *state;
    struct datagram d = poke(s);

    deliver(s, &d);
    expect_event(s, KDNET_EVENT_POKED);
    d = expect_response(s);
    take_response(s, &d);
    s->target.sent_sequence = UINT64_MAX; /* the next one is 0 */
    expect_ignored(s, ping(s));
    assert_int_equal(counters(s)->replayed, 1);
    d = ping(s);
    deliver(s, &d);
    expect_linked(s, true);
}

/* ---- what is dropped (1.14) ---- */

static void our_own_datagrams_reflected_are_dropped(void **state)
{
    struct scene *s = *state;
    struct datagram d = poke(s), mirror;

    deliver(s, &d);
    expect_event(s, KDNET_EVENT_POKED);
    d = expect_response(s);
    mirror = d;
    expect_ignored(s, mirror);
    take_response(s, &d);
    d = ping(s);
    deliver(s, &d);
    expect_linked(s, true);
    send_text(s, "a request");
    assert_true(next_output(s, &mirror));
    s->target.received_sequence++;
    expect_ignored(s, mirror);
    assert_int_equal(counters(s)->bad_direction, 2);
    expect_alive(s);
}

static void a_changed_bit_anywhere_changes_nothing(void **state)
{
    struct scene *s = *state;
    struct datagram d;

    link_up(s);
    d = text(s, "whole");
    for (size_t bit = 0; bit < d.len * 8; bit++) {
        d.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        expect_ignored(s, d);
        d.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    deliver(s, &d);
    expect_packet(s, "whole");
    d = next_poke(s);
    for (size_t bit = 0; bit < d.len * 8; bit += 5) {
        d.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        expect_ignored(s, d);
        d.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    expect_alive(s);
}

static void malformed_datagrams_are_counted_by_reason(void **state)
{
    struct scene *s = *state;
    struct datagram d = poke(s);
    struct datagram bad = d;

    bad.len = 0;
    expect_ignored(s, bad);
    bad.len = 37;
    expect_ignored(s, bad);
    bad.len = d.len - 1;
    expect_ignored(s, bad);
    assert_int_equal(counters(s)->bad_length, 3);
    bad = d;
    bad.bytes[0] = 'N';
    expect_ignored(s, bad);
    bad = d;
    bad.bytes[4] = 17;
    expect_ignored(s, bad);
    bad = d;
    bad.bytes[5] = 0x41;
    expect_ignored(s, bad);
    assert_int_equal(counters(s)->bad_header, 3);
    assert_int_equal(counters(s)->received, 6);
}

static void data_before_any_handshake_is_dropped(void **state)
{
    struct scene *s = *state;

    expect_ignored(s, text(s, "early"));
    assert_int_equal(counters(s)->unexpected, 1);
    link_up(s);
}

static void control_datagrams_that_are_no_poke_are_dropped(void **state)
{
    struct scene *s = *state;
    uint8_t payload[KDNET_POKE_LEN] = {1, 3};
    struct kdnet_datagram d = {4, true, false, 3, {payload, sizeof payload}};

    expect_ignored(s, seal(s, s->key.bytes, &d));
    d.payload.len = 0;
    expect_ignored(s, seal(s, s->key.bytes, &d));
    assert_int_equal(counters(s)->unexpected, 2);
    assert_int_equal(counters(s)->pokes, 0);
}

static void a_wrong_key_is_reported_after_three_datagrams(void **state)
{
    struct scene *s = *state;

    s->key.bytes[0] ^= 1; /* the target's, that is */
    for (int i = 0; i < 10; i++) {
        struct datagram d = next_poke(s);

        deliver(s, &d);
        if (i == KDNET_BAD_KEY_TRIES - 1)
            assert_int_equal(expect_event(s, KDNET_EVENT_BAD_KEY).version, 4);
        expect_quiet(s);
    }
    assert_int_equal(counters(s)->bad_mac, 10);
}

static void a_key_that_worked_once_is_not_called_wrong(void **state)
{
    struct scene *s = *state;

    link_up(s);
    s->key.bytes[0] ^= 1;
    for (int i = 0; i < 5; i++)
        expect_ignored(s, next_poke(s));
    s->key.bytes[0] ^= 1;
    expect_alive(s);
    assert_int_equal(counters(s)->bad_mac, 5);
}

/* ---- other addresses ---- */

static void a_second_target_with_our_key_is_ignored_while_the_session_lives(void **state)
{
    struct scene *s = *state;
    struct target first;

    link_up(s);
    first = s->target;
    s->target.peer.bytes[3] = 99;
    reboot(s);
    expect_ignored(s, poke(s));
    s->target = first;
    s->target.peer.bytes[5] ^= 1;
    expect_ignored(s, next_poke(s));
    expect_ignored(s, text(s, "from another port"));
    assert_int_equal(counters(s)->foreign_peer, 3);
    assert_int_equal(counters(s)->responses, 1);
    s->target = first;
    expect_alive(s);
}

static void after_silence_a_target_may_call_from_another_address(void **state)
{
    struct scene *s = *state;
    struct datagram d;

    link_up(s);
    s->now_ms += KDNET_SILENCE_MS;
    s->target.peer.bytes[3] = 99;
    link_again(s, next_poke(s), false); /* although nobody called kdnet_tick */

    s->now_ms += KDNET_SILENCE_MS;
    kdnet_tick(s->host, s->now_ms);
    expect_event(s, KDNET_EVENT_SILENT);
    s->target.peer.bytes[3] = 42;
    d = next_poke(s);
    deliver(s, &d);
    expect_event(s, KDNET_EVENT_POKED);
    d = expect_response(s);
    assert_int_equal(d.peer.bytes[3], 42);
}

static void of_two_targets_that_call_the_first_that_proves_itself_wins(void **state)
{
    struct scene *s = *state;
    struct datagram d = poke(s), to_first, to_second;
    struct target first, second;

    deliver(s, &d);
    expect_event(s, KDNET_EVENT_POKED);
    to_first = expect_response(s);
    first = s->target;
    s->target.peer.bytes[3] = 99;
    reboot(s);
    d = poke(s);
    deliver(s, &d);
    to_second = expect_response(s);
    assert_int_equal(to_second.peer.bytes[3], 99);
    assert_true(take_response(s, &to_second));
    second = s->target;

    s->target = first;
    assert_true(take_response(s, &to_first));
    d = ping(s);
    deliver(s, &d);
    expect_linked(s, true);
    first = s->target;
    s->target = second;
    expect_ignored(s, ping(s));
    s->target = first;
    expect_alive(s);
}

static void an_answer_must_prove_itself_from_where_it_was_sent(void **state)
{
    struct scene *s = *state;
    struct datagram d = poke(s);

    deliver(s, &d);
    expect_event(s, KDNET_EVENT_POKED);
    d = expect_response(s);
    assert_true(take_response(s, &d));
    d = ping(s);
    d.peer.bytes[3] = 99;
    expect_ignored(s, d);
    assert_int_equal(counters(s)->foreign_peer, 1);
    d.peer.bytes[3] = s->target.peer.bytes[3];
    deliver(s, &d);
    expect_linked(s, true);
}

/* ---- silence ---- */

static void ten_seconds_of_silence_end_the_session(void **state)
{
    struct scene *s = *state;
    uint64_t linked_ms;
    struct datagram d;

    link_up(s);
    linked_ms = s->now_ms;
    assert_true(kdnet_deadline_ms(s->host) == linked_ms + KDNET_SILENCE_MS);
    kdnet_tick(s->host, linked_ms + KDNET_SILENCE_MS - 1);
    expect_quiet(s);
    kdnet_tick(s->host, linked_ms + KDNET_SILENCE_MS);
    expect_event(s, KDNET_EVENT_SILENT);
    assert_true(kdnet_deadline_ms(s->host) == KD_NEVER);
    kdnet_tick(s->host, linked_ms + 2 * KDNET_SILENCE_MS);
    expect_quiet(s);
    assert_int_equal(kdnet_send(s->host, (const uint8_t *)"b", 1, s->now_ms), KD_ERR_LOST);

    d = next_poke(s);
    deliver(s, &d);
    expect_event(s, KDNET_EVENT_POKED);
    d = expect_response(s);
    take_response(s, &d);
    d = ping(s);
    deliver(s, &d);
    expect_linked(s, false);
    expect_alive(s);
}

static void only_the_sessions_own_signs_of_life_put_off_the_deadline(void **state)
{
    struct scene *s = *state;
    struct datagram d, old;
    uint64_t deadline_ms;

    link_up(s);
    old = poke(s);
    deadline_ms = kdnet_deadline_ms(s->host);
    s->now_ms += 1000;
    expect_ignored(s, old);
    d = next_poke(s);
    s->now_ms -= 3000;
    d.bytes[20] ^= 1;
    expect_ignored(s, d);
    send_text(s, "we speak");
    expect_sent(s, "we speak");
    assert_true(kdnet_deadline_ms(s->host) == deadline_ms);
    d.bytes[20] ^= 1;
    expect_ignored(s, d);
    assert_true(kdnet_deadline_ms(s->host) == deadline_ms + 1000);
    s->now_ms += 500;
    d = text(s, "so do they");
    deliver(s, &d);
    expect_packet(s, "so do they");
    assert_true(kdnet_deadline_ms(s->host) == deadline_ms + 1500);
}

/* ---- secrets, bounds, failures ---- */

static void keys_are_wiped_when_they_are_replaced_and_at_the_end(void **state)
{
    struct scene *s = *state;
    uint8_t old_key[KD_KEY_LEN], new_key[KD_KEY_LEN];

    link_up(s);
    memcpy(old_key, s->target.data_key, sizeof old_key);
    s->crypto.secret = old_key;
    reboot(s);
    link_again(s, poke(s), true);
    assert_true(s->crypto.secret_wiped > 0);

    memcpy(new_key, s->target.data_key, sizeof new_key);
    s->crypto.secret = new_key;
    s->crypto.secret_wiped = 0;
    kdnet_drop_session(s->host);
    assert_true(s->crypto.secret_wiped > 0);

    s->crypto.secret = old_key; /* nothing of it was left */
    s->crypto.secret_wiped = 0;
    kdnet_destroy(s->host);
    assert_int_equal(s->crypto.secret_wiped, 0);

    start(state);
    s = *state;
    s->crypto.secret = s->key.bytes;
    kdnet_destroy(s->host);
    s->host = NULL;
    assert_int_equal(s->crypto.secret_wiped, 1);
}

static void what_nobody_takes_is_bounded(void **state)
{
    struct scene *s = *state;
    unsigned events = 0, outputs = 0;
    struct kdnet_event ev;
    struct datagram d;

    link_up(s);
    for (int i = 0; i < 3 * KDNET_QUEUE_MAX; i++) {
        d = text(s, "a flood");
        deliver(s, &d);
    }
    kdnet_tick(s->host, s->now_ms + KDNET_SILENCE_MS); /* its event finds room all the same */
    while (kdnet_next_event(s->host, &ev))
        events++;
    assert_true(events <= KDNET_QUEUE_MAX);
    assert_int_equal(ev.kind, KDNET_EVENT_SILENT);
    assert_int_equal(counters(s)->overflow, 3 * KDNET_QUEUE_MAX - (events - 1));

    d = next_poke(s);
    deliver(s, &d);
    expect_event(s, KDNET_EVENT_POKED);
    d = expect_response(s);
    take_response(s, &d);
    d = ping(s);
    deliver(s, &d);
    expect_linked(s, false);
    while (kdnet_send(s->host, (const uint8_t *)"b", 1, s->now_ms) == KD_OK)
        outputs++;
    assert_true(outputs < KDNET_QUEUE_MAX);
    assert_int_equal(kdnet_send(s->host, (const uint8_t *)"b", 1, s->now_ms), KD_ERR_BUSY);
    reboot(s);
    d = poke(s);
    deliver(s, &d); /* an answer has room still */
    assert_int_equal(counters(s)->responses, 3);
    d = next_poke(s);
    deliver(s, &d);
    assert_int_equal(counters(s)->responses, 3);
    for (unsigned i = 0; i < outputs; i++)
        assert_true(next_output(s, &d));
    expect_response(s);
    expect_quiet(s);
    link_again(s, next_poke(s), true);
}

static void events_not_yet_taken_keep_their_bytes(void **state)
{
    struct scene *s = *state;
    struct datagram d = poke(s);
    char words[8] = "word ?";

    deliver(s, &d);
    expect_event(s, KDNET_EVENT_POKED);
    d = expect_response(s);
    take_response(s, &d);
    for (char c = 'a'; c < 'k'; c++) {
        words[5] = c;
        d = text(s, words);
        deliver(s, &d);
        d.bytes[30] ^= 1;
        deliver(s, &d);
    }
    expect_linked(s, true);
    for (char c = 'a'; c < 'k'; c++) {
        words[5] = c;
        expect_packet(s, words);
    }
    expect_quiet(s);
}

static void a_payload_too_large_for_a_datagram_is_refused(void **state)
{
    static const uint8_t large[KDNET_DATAGRAM_MAX];
    struct scene *s = *state;

    link_up(s);
    assert_int_equal(kdnet_send(s->host, large, sizeof large, s->now_ms), KD_ERR_LIMIT);
    assert_int_equal(kdnet_send(s->host, large, 16 + 1408, s->now_ms), KD_OK);
    assert_int_equal(counters(s)->sent, 1);
}

static void when_a_primitive_fails_the_next_poke_is_another_chance(void **state)
{
    struct scene *s = *state;
    struct datagram d = poke(s);

    s->crypto.is_broken = true;
    expect_ignored(s, d);
    assert_int_equal(counters(s)->crypto_failed, 1);
    s->crypto.is_broken = false;
    link_up(s);
    d = text(s, "lost");
    s->crypto.is_broken = true;
    expect_ignored(s, d);
    assert_int_equal(kdnet_send(s->host, (const uint8_t *)"b", 1, s->now_ms), KD_ERR_IO);
    s->crypto.is_broken = false;
    expect_alive(s);
}

static void a_datagram_of_the_session_costs_one_hmac(void **state)
{
    struct scene *s = *state;
    struct datagram d;
    uint64_t calls;

    link_up(s);
    d = text(s, "a packet");
    calls = s->crypto.calls;
    deliver(s, &d);
    assert_true(s->crypto.calls == calls + 1);
    send_text(s, "a request");
    assert_true(s->crypto.calls == calls + 2);
}

int main(void)
{
#define SCENE(test) cmocka_unit_test_setup_teardown(test, start, stop)
    const struct CMUnitTest tests[] = {
        SCENE(the_first_poke_is_answered_and_the_first_datagram_links),
        SCENE(the_ping_may_be_lost),
        SCENE(the_version_of_the_poke_is_spoken),
        SCENE(a_real_poke_of_version_5_is_answered),
        SCENE(keep_alives_are_not_answered),
        SCENE(a_gap_in_the_keep_alives_is_no_call),
        SCENE(a_poke_that_arrives_twice_is_answered_once),
        SCENE(the_poke_that_made_the_session_is_ignored_when_it_comes_again),
        SCENE(a_new_boot_is_answered_at_once_and_told_when_it_proves_itself),
        SCENE(each_boot_stage_makes_its_own_session),
        SCENE(a_lost_response_to_a_new_boot_is_made_up_for_at_its_next_poke),
        SCENE(the_old_session_stays_in_use_until_the_new_key_proves_itself),
        SCENE(an_old_recording_played_back_does_not_hurt_the_session),
        SCENE(this_sessions_own_pokes_played_back_are_ignored),
        SCENE(a_restored_snapshot_is_answered_at_its_third_poke),
        SCENE(a_restored_snapshot_of_a_silent_session_is_answered_at_once),
        SCENE(a_reboot_that_keeps_part_b_is_answered),
        SCENE(a_poke_of_a_target_that_is_connected_to_nobody_is_answered),
        SCENE(a_session_given_up_is_made_anew_at_the_next_poke),
        SCENE(a_new_process_answers_a_target_that_believes_to_be_connected),
        SCENE(a_lost_response_is_made_up_for_at_the_next_poke),
        SCENE(a_late_response_works_although_a_newer_one_was_sent),
        SCENE(a_newer_response_may_be_taken_after_the_older_one_linked),
        SCENE(only_the_last_two_responses_count),
        SCENE(answers_in_vain_are_reported_once_with_the_targets_version),
        SCENE(a_datagram_that_comes_twice_counts_once),
        SCENE(a_datagram_that_was_overtaken_is_dropped),
        SCENE(each_new_key_starts_both_sequences_at_one),
        SCENE(sequence_zero_is_no_first_datagram),
        SCENE(our_own_datagrams_reflected_are_dropped),
        SCENE(a_changed_bit_anywhere_changes_nothing),
        SCENE(malformed_datagrams_are_counted_by_reason),
        SCENE(data_before_any_handshake_is_dropped),
        SCENE(control_datagrams_that_are_no_poke_are_dropped),
        SCENE(a_wrong_key_is_reported_after_three_datagrams),
        SCENE(a_key_that_worked_once_is_not_called_wrong),
        SCENE(a_second_target_with_our_key_is_ignored_while_the_session_lives),
        SCENE(after_silence_a_target_may_call_from_another_address),
        SCENE(of_two_targets_that_call_the_first_that_proves_itself_wins),
        SCENE(an_answer_must_prove_itself_from_where_it_was_sent),
        SCENE(ten_seconds_of_silence_end_the_session),
        SCENE(only_the_sessions_own_signs_of_life_put_off_the_deadline),
        SCENE(keys_are_wiped_when_they_are_replaced_and_at_the_end),
        SCENE(what_nobody_takes_is_bounded),
        SCENE(events_not_yet_taken_keep_their_bytes),
        SCENE(a_payload_too_large_for_a_datagram_is_refused),
        SCENE(when_a_primitive_fails_the_next_poke_is_another_chance),
        SCENE(a_datagram_of_the_session_costs_one_hmac),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
