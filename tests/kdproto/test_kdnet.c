/* Handshake, packets, what is dropped, silence, bounds. Whom a poke in the middle of a session comes
 * from and what it asks for is in test_kdnet_sessions.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/hex.h"
#include "support/kdnet_scene.h"
#include "vectors_kdnet.h"

static void the_first_poke_is_answered_and_the_first_datagram_links(void **state)
{
    struct scene *s = *state;
    struct datagram response;

    assert_int_equal(kdnet_send(s->host, (const uint8_t *)"b", 1, s->now_ms), KD_ERR_LOST);
    assert_true(kdnet_deadline_ms(s->host) == KD_NEVER);
    host_receives(s, target_poke(s));
    assert_int_equal(expect_event(s, KDNET_EVENT_POKED).version, 4);
    response = expect_response(s);
    assert_memory_equal(response.peer.bytes, s->target.peer.bytes, sizeof response.peer.bytes);
    expect_quiet(s);
    assert_int_equal(kdnet_send(s->host, (const uint8_t *)"b", 1, s->now_ms), KD_ERR_LOST);

    assert_true(target_takes(s, response));
    host_receives(s, target_ping(s));
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

    host_receives(s, target_poke(s));
    assert_true(target_takes(s, expect_first_response(s)));
    target_ping(s);
    host_receives(s, target_says(s, "a print"));
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
        scene_stop(state);
        scene_start(state);
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
    host_receives(s, d);
    assert_int_equal(expect_event(s, KDNET_EVENT_POKED).version, 5);
    d = expect_response(s);
    assert_int_equal(
        kdnet_open(&s->crypto.table, &opts.key, opts.key.bytes, d.bytes, d.len, plain, &response),
        KD_OK);
    assert_int_equal(response.version, 5);
    assert_int_equal(response.sequence, 0x9CC);
    assert_int_equal(response.payload.data[2], 0x0B); /* the echo of the poke's nonce */
}

static void a_poke_that_arrives_twice_is_answered_once(void **state)
{
    struct scene *s = *state;
    struct datagram d = target_poke(s);

    host_receives(s, d);
    expect_first_response(s);
    expect_ignored(s, d);
    assert_int_equal(counters(s)->replayed, 1);
}

static void a_lost_response_is_made_up_for_at_the_next_poke(void **state)
{
    struct scene *s = *state;
    struct datagram lost, second;

    host_receives(s, target_poke(s));
    lost = expect_first_response(s);
    host_receives(s, target_next_poke(s));
    second = expect_response(s);
    expect_quiet(s);
    assert_memory_not_equal(lost.bytes, second.bytes, second.len);
    assert_true(target_takes(s, second));
    host_receives(s, target_ping(s));
    expect_linked(s, true);
    expect_alive(s);
}

static void a_late_response_works_although_a_newer_one_was_sent(void **state)
{
    struct scene *s = *state;
    struct datagram late;

    host_receives(s, target_poke(s));
    late = expect_first_response(s);
    host_receives(s, target_next_poke(s));
    expect_response(s);
    assert_true(target_takes(s, late)); /* to the previous poke: still taken */
    host_receives(s, target_ping(s));
    expect_linked(s, true);
    expect_alive(s);
    expect_ignored(s, target_next_poke(s));
}

/* The ping after a first response was lost, so a second response is under way when the repeated
 * ping shows that the first had been taken. The target then takes the second one, too. */
static void a_newer_response_may_be_taken_after_the_older_one_linked(void **state)
{
    struct scene *s = *state;
    struct datagram second;

    host_receives(s, target_poke(s));
    assert_true(target_takes(s, expect_first_response(s)));
    target_ping(s);
    host_receives(s, target_next_poke(s));
    second = expect_response(s);
    host_receives(s, target_ping(s));
    expect_linked(s, true);
    expect_alive(s);

    assert_true(target_takes(s, second));
    host_receives(s, target_ping(s));
    expect_linked(s, false);
    expect_alive(s);
    expect_ignored(s, target_next_poke(s));
}

static void only_the_last_two_responses_count(void **state)
{
    struct scene *s = *state;

    host_receives(s, target_poke(s));
    assert_true(target_takes(s, expect_first_response(s)));
    for (int i = 0; i < 2; i++) {
        host_receives(s, target_next_poke(s));
        expect_response(s);
    }
    expect_event(s, KDNET_EVENT_NO_SESSION);
    expect_ignored(s, target_says(s, "under the oldest key"));
    assert_int_equal(counters(s)->bad_mac, 1);
}

static void answers_in_vain_are_reported_once_with_the_targets_version(void **state)
{
    struct scene *s = *state;

    s->target.version = 7;
    host_receives(s, target_poke(s));
    expect_first_response(s);
    for (int i = 0; i < 5; i++) {
        host_receives(s, target_next_poke(s));
        if (i == 1)
            assert_int_equal(expect_event(s, KDNET_EVENT_NO_SESSION).version, 7);
        expect_response(s);
        expect_quiet(s);
    }
    assert_int_equal(counters(s)->unknown_version, 6);
}

static void a_datagram_that_comes_twice_counts_once(void **state)
{
    struct scene *s = *state;
    struct datagram d;

    link_up(s);
    d = target_says(s, "once");
    host_receives(s, d);
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
    first = target_says(s, "first");
    second = target_says(s, "second");
    host_receives(s, second);
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
    target_reboots(s);
    link_again(s, target_poke(s), true); /* checks the host's */
    assert_int_equal(s->target.received_sequence, 1);
    assert_int_equal(s->target.sent_sequence, 2);
}

static void sequence_zero_is_no_first_datagram(void **state)
{
    struct scene *s = *state;

    host_receives(s, target_poke(s));
    assert_true(target_takes(s, expect_first_response(s)));
    s->target.sent_sequence = UINT64_MAX; /* the next one is 0 */
    expect_ignored(s, target_ping(s));
    assert_int_equal(counters(s)->replayed, 1);
    host_receives(s, target_ping(s));
    expect_linked(s, true);
}

static void our_own_datagrams_reflected_are_dropped(void **state)
{
    struct scene *s = *state;
    struct datagram mirror;

    host_receives(s, target_poke(s));
    mirror = expect_first_response(s);
    expect_ignored(s, mirror);
    assert_true(target_takes(s, mirror));
    host_receives(s, target_ping(s));
    expect_linked(s, true);
    host_says(s, "a request");
    assert_true(host_output(s, &mirror));
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
    d = target_says(s, "whole");
    for (size_t bit = 0; bit < d.len * 8; bit++) {
        d.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        expect_ignored(s, d);
        d.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    host_receives(s, d);
    expect_packet(s, "whole");
    d = target_next_poke(s);
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
    struct datagram d = target_poke(s);
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

    expect_ignored(s, target_says(s, "early"));
    assert_int_equal(counters(s)->unexpected, 1);
    link_up(s);
}

static void control_datagrams_that_are_no_poke_are_dropped(void **state)
{
    struct scene *s = *state;
    uint8_t payload[KDNET_POKE_LEN] = {1, 3};
    struct kdnet_datagram d = {4, true, false, 3, {payload, sizeof payload}};

    expect_ignored(s, target_seals(s, s->key.bytes, &d));
    d.payload.len = 0;
    expect_ignored(s, target_seals(s, s->key.bytes, &d));
    assert_int_equal(counters(s)->unexpected, 2);
    assert_int_equal(counters(s)->pokes, 0);
}

static void a_wrong_key_is_reported_after_three_datagrams(void **state)
{
    struct scene *s = *state;

    s->key.bytes[0] ^= 1; /* the target's, that is */
    for (int i = 0; i < 10; i++) {
        host_receives(s, target_next_poke(s));
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
        expect_ignored(s, target_next_poke(s));
    s->key.bytes[0] ^= 1;
    expect_alive(s);
    assert_int_equal(counters(s)->bad_mac, 5);
}

static void ten_seconds_of_silence_end_the_session(void **state)
{
    struct scene *s = *state;
    uint64_t linked_ms;

    link_up(s);
    linked_ms = s->now_ms;
    assert_true(kdnet_deadline_ms(s->host) == linked_ms + KDNET_SILENCE_MS);
    kdnet_tick(s->host, linked_ms + KDNET_SILENCE_MS - 1);
    expect_quiet(s);
    kdnet_tick(s->host, linked_ms + KDNET_SILENCE_MS);
    expect_event(s, KDNET_EVENT_SILENT);
    assert_true(kdnet_deadline_ms(s->host) == KD_NEVER);
    kdnet_tick(s->host, linked_ms + UINT64_C(2) * KDNET_SILENCE_MS);
    expect_quiet(s);
    assert_int_equal(kdnet_send(s->host, (const uint8_t *)"b", 1, s->now_ms), KD_ERR_LOST);

    host_receives(s, target_next_poke(s));
    assert_true(target_takes(s, expect_first_response(s)));
    host_receives(s, target_ping(s));
    expect_linked(s, false);
    expect_alive(s);
}

static void only_the_sessions_own_signs_of_life_put_off_the_deadline(void **state)
{
    struct scene *s = *state;
    struct datagram d, old;
    uint64_t deadline_ms;

    link_up(s);
    old = target_poke(s);
    deadline_ms = kdnet_deadline_ms(s->host);
    s->now_ms += 1000;
    expect_ignored(s, old);
    d = target_next_poke(s);
    s->now_ms -= 3000;
    d.bytes[20] ^= 1;
    expect_ignored(s, d);
    host_says(s, "we speak");
    expect_sent(s, "we speak");
    assert_true(kdnet_deadline_ms(s->host) == deadline_ms);
    d.bytes[20] ^= 1;
    expect_ignored(s, d);
    assert_true(kdnet_deadline_ms(s->host) == deadline_ms + 1000);
    s->now_ms += 500;
    host_receives(s, target_says(s, "so do they"));
    expect_packet(s, "so do they");
    assert_true(kdnet_deadline_ms(s->host) == deadline_ms + 1500);
}

static void keys_are_wiped_when_they_are_replaced_and_at_the_end(void **state)
{
    struct scene *s = *state;
    uint8_t old_key[KD_KEY_LEN], new_key[KD_KEY_LEN];

    link_up(s);
    memcpy(old_key, s->target.data_key, sizeof old_key);
    s->crypto.secret = old_key;
    target_reboots(s);
    link_again(s, target_poke(s), true);
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

    scene_start(state);
    s = *state;
    s->crypto.secret = s->key.bytes;
    kdnet_destroy(s->host);
    s->host = NULL;
    assert_int_equal(s->crypto.secret_wiped, 1);
}

/* The scene repeats exactly, so the key and what it is made of are known before they are made. */
static void no_copy_of_a_secret_stays_on_the_stack(void **state)
{
    struct scene *s = *state;
    uint8_t host_random[32], data_key[KD_KEY_LEN];

    link_up(s);
    memcpy(data_key, s->target.data_key, sizeof data_key);
    for (size_t i = 0; i < sizeof host_random; i++)
        host_random[i] = (uint8_t)i;

    scene_stop(state);
    scene_start(state);
    s->crypto.secret = host_random;
    host_receives(s, target_poke(s));
    assert_int_equal(s->crypto.secret_wiped, 2); /* alone, and in the response */

    scene_stop(state);
    scene_start(state);
    s->crypto.secret = data_key;
    host_receives(s, target_poke(s));
    assert_int_equal(s->crypto.secret_wiped, 1); /* the offer is kept elsewhere */
    assert_true(target_takes(s, expect_first_response(s)));
    host_receives(s, target_ping(s));
    expect_linked(s, true);
    assert_int_equal(s->crypto.secret_wiped, 2); /* the offer has become the session */
}

static void what_nobody_takes_is_bounded(void **state)
{
    struct scene *s = *state;
    unsigned events = 0, outputs = 0;
    struct kdnet_event ev;
    struct datagram d;

    link_up(s);
    for (int i = 0; i < 3 * KDNET_QUEUE_MAX; i++)
        host_receives(s, target_says(s, "a flood"));
    kdnet_tick(s->host, s->now_ms + KDNET_SILENCE_MS); /* its event finds room all the same */
    while (kdnet_next_event(s->host, &ev))
        events++;
    assert_true(events <= KDNET_QUEUE_MAX);
    assert_int_equal(ev.kind, KDNET_EVENT_SILENT);
    assert_int_equal(counters(s)->overflow, 3 * KDNET_QUEUE_MAX - (events - 1));

    host_receives(s, target_next_poke(s));
    assert_true(target_takes(s, expect_first_response(s)));
    host_receives(s, target_ping(s));
    expect_linked(s, false);
    while (kdnet_send(s->host, (const uint8_t *)"b", 1, s->now_ms) == KD_OK)
        outputs++;
    assert_true(outputs < KDNET_QUEUE_MAX);
    assert_int_equal(kdnet_send(s->host, (const uint8_t *)"b", 1, s->now_ms), KD_ERR_BUSY);
    target_reboots(s);
    host_receives(s, target_poke(s)); /* an answer has room still */
    assert_int_equal(counters(s)->responses, 3);
    host_receives(s, target_next_poke(s));
    assert_int_equal(counters(s)->responses, 3);
    for (unsigned i = 0; i < outputs; i++)
        assert_true(host_output(s, &d));
    expect_response(s);
    expect_quiet(s);
    link_again(s, target_next_poke(s), true);
}

static void events_not_yet_taken_keep_their_bytes(void **state)
{
    struct scene *s = *state;
    struct datagram d;
    char words[8] = "word ?";

    host_receives(s, target_poke(s));
    assert_true(target_takes(s, expect_first_response(s)));
    for (int c = 'a'; c < 'k'; c++) {
        words[5] = (char)c;
        d = target_says(s, words);
        host_receives(s, d);
        d.bytes[30] ^= 1;
        host_receives(s, d);
    }
    expect_linked(s, true);
    for (int c = 'a'; c < 'k'; c++) {
        words[5] = (char)c;
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
    struct datagram d = target_poke(s);

    s->crypto.is_broken = true;
    expect_ignored(s, d);
    assert_int_equal(counters(s)->crypto_failed, 1);
    s->crypto.is_broken = false;
    link_up(s);
    d = target_says(s, "lost");
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
    d = target_says(s, "a packet");
    calls = s->crypto.calls;
    host_receives(s, d);
    assert_true(s->crypto.calls == calls + 1);
    host_says(s, "a request");
    assert_true(s->crypto.calls == calls + 2);
}

int main(void)
{
#define SCENE(test) cmocka_unit_test_setup_teardown(test, scene_start, scene_stop)
    const struct CMUnitTest tests[] = {
        SCENE(the_first_poke_is_answered_and_the_first_datagram_links),
        SCENE(the_ping_may_be_lost),
        SCENE(the_version_of_the_poke_is_spoken),
        SCENE(a_real_poke_of_version_5_is_answered),
        SCENE(a_poke_that_arrives_twice_is_answered_once),
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
        SCENE(ten_seconds_of_silence_end_the_session),
        SCENE(only_the_sessions_own_signs_of_life_put_off_the_deadline),
        SCENE(keys_are_wiped_when_they_are_replaced_and_at_the_end),
        SCENE(no_copy_of_a_secret_stays_on_the_stack),
        SCENE(what_nobody_takes_is_bounded),
        SCENE(events_not_yet_taken_keep_their_bytes),
        SCENE(a_payload_too_large_for_a_datagram_is_refused),
        SCENE(when_a_primitive_fails_the_next_poke_is_another_chance),
        SCENE(a_datagram_of_the_session_costs_one_hmac),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
