/* One session after the other: keep-alives, reboots, boot stages, snapshots, recordings played back,
 * second targets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/kdnet_scene.h"

static void keep_alives_are_not_answered(void **state)
{
    struct scene *s = *state;

    link_up(s);
    for (int i = 0; i < 50; i++) {
        expect_ignored(s, target_next_poke(s));
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
    target_next_poke(s);
    target_next_poke(s);
    expect_ignored(s, target_next_poke(s));
    expect_alive(s);
}

static void the_poke_that_made_the_session_is_ignored_when_it_comes_again(void **state)
{
    struct scene *s = *state;
    struct datagram first = target_poke(s);

    link_up(s);
    expect_ignored(s, first);
    expect_alive(s);
}

static void a_new_boot_is_answered_at_once_and_told_when_it_proves_itself(void **state)
{
    struct scene *s = *state;

    link_up(s);
    expect_alive(s);
    target_reboots(s);
    link_again(s, target_poke(s), true);
    assert_int_equal(counters(s)->responses, 2);
}

static void each_boot_stage_makes_its_own_session(void **state)
{
    struct scene *s = *state;

    link_up(s);
    for (int stage = 0; stage < 4; stage++) {
        s->now_ms += 500;
        target_reboots(s);
        link_again(s, target_poke(s), true);
    }
}

static void a_lost_response_to_a_new_boot_is_made_up_for_at_its_next_poke(void **state)
{
    struct scene *s = *state;

    link_up(s);
    target_reboots(s);
    host_receives(s, target_poke(s));
    expect_response(s);
    link_again(s, target_next_poke(s), true);
}

static void the_old_session_stays_in_use_until_the_new_key_proves_itself(void **state)
{
    struct scene *s = *state;
    struct target old, rebooted;
    struct datagram response;

    link_up(s);
    old = s->target;
    target_reboots(s);
    rebooted = s->target;
    host_receives(s, target_poke(s));
    response = expect_response(s);

    /* no reboot after all: the old session goes on */
    s->target = old;
    expect_alive(s);
    expect_ignored(s, target_next_poke(s));
    expect_alive(s);
    old = s->target;

    /* and now it was one: the first datagram under the new key ends the old one */
    s->target = rebooted;
    assert_true(target_takes(s, response));
    host_receives(s, target_says(s, "hello"));
    expect_linked(s, true);
    expect_packet(s, "hello");
    rebooted = s->target;
    s->target = old;
    expect_ignored(s, target_says(s, "too late"));
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
        recording[count++] = target_next_poke(s);
    recording[count++] = target_says(s, "under a key of old");
    target_reboots(s);
    for (int i = 0; i < 3; i++)
        recording[count++] = target_next_poke(s);

    target_next_poke(s);
    link_up(s);
    for (int round = 0; round < 4; round++) {
        for (size_t i = 0; i < count; i++) {
            struct datagram out;
            struct kdnet_event ev;

            host_receives(s, recording[i]);
            assert_false(kdnet_next_event(s->host, &ev));
            while (host_output(s, &out))
                assert_false(target_takes(s, out)); /* no answer to the past is taken */
            expect_alive(s);
        }
        expect_ignored(s, target_next_poke(s));
    }
}

static void this_sessions_own_pokes_played_back_are_ignored(void **state)
{
    struct scene *s = *state;
    struct datagram recording[6];

    link_up(s);
    for (int i = 0; i < 6; i++) {
        recording[i] = target_next_poke(s);
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
    expect_ignored(s, target_next_poke(s));
    snapshot = s->target;
    for (int i = 0; i < 20; i++)
        expect_ignored(s, target_next_poke(s));
    s->target = snapshot;
    s->now_ms -= 2500; /* pokes half a second apart: the session is not silent yet */
    expect_ignored(s, target_next_poke(s));
    s->now_ms -= 2500;
    expect_ignored(s, target_next_poke(s));
    s->now_ms -= 2500;
    link_again(s, target_next_poke(s), true);
}

static void a_restored_snapshot_of_a_silent_session_is_answered_at_once(void **state)
{
    struct scene *s = *state;
    struct target snapshot;

    link_up(s);
    expect_ignored(s, target_next_poke(s));
    snapshot = s->target;
    for (int i = 0; i < 20; i++)
        expect_ignored(s, target_next_poke(s));
    s->target = snapshot;
    s->now_ms += 1000;
    link_again(s, target_next_poke(s), true);
}

static void a_reboot_that_keeps_part_b_is_answered(void **state)
{
    struct scene *s = *state;

    s->target.poke_sequence = 300;
    link_up(s);
    s->target.poke.nonce_a = 5; /* never seen, and the sequence starts again */
    s->target.poke_sequence = 3;
    link_again(s, target_poke(s), true);
}

static void a_snapshot_restored_while_nobody_was_linked_is_a_new_boot(void **state)
{
    struct scene *s = *state;
    struct target snapshot;

    link_up(s);
    snapshot = s->target;
    for (int i = 0; i < 3; i++)
        expect_ignored(s, target_next_poke(s));
    kdnet_drop_session(s->host);
    s->target = snapshot;
    host_receives(s, target_next_poke(s));
    expect_event(s, KDNET_EVENT_POKED);
    assert_true(target_takes(s, expect_response(s)));
    host_receives(s, target_ping(s));
    expect_linked(s, true);
}

static void a_poke_of_a_target_that_is_connected_to_nobody_is_answered(void **state)
{
    struct scene *s = *state;

    link_up(s);
    s->target.poke.connected = scene_nobody;
    link_again(s, target_next_poke(s), false);
}

static void a_session_given_up_is_made_anew_at_the_next_poke(void **state)
{
    struct scene *s = *state;

    link_up(s);
    expect_ignored(s, target_next_poke(s));
    kdnet_drop_session(s->host);
    assert_true(kdnet_deadline_ms(s->host) == KD_NEVER);
    assert_int_equal(kdnet_send(s->host, (const uint8_t *)"b", 1, s->now_ms), KD_ERR_LOST);
    expect_ignored(s, target_says(s, "nobody listens"));
    host_receives(s, target_next_poke(s));
    assert_true(target_takes(s, expect_first_response(s)));
    host_receives(s, target_ping(s));
    expect_linked(s, false); /* the same boot: packet ids go on */
    expect_alive(s);
}

static void a_new_process_answers_a_target_that_believes_to_be_connected(void **state)
{
    struct scene *s = *state;

    s->target.poke.connected = scene_somebody;
    s->target.poke_sequence = 900;
    link_up(s);
    expect_alive(s);
}

static void a_second_target_with_our_key_is_ignored_while_the_session_lives(void **state)
{
    struct scene *s = *state;
    struct target first;

    link_up(s);
    first = s->target;
    s->target.peer.bytes[3] = 99;
    target_reboots(s);
    expect_ignored(s, target_poke(s));
    s->target = first;
    s->target.peer.bytes[5] ^= 1;
    expect_ignored(s, target_next_poke(s));
    expect_ignored(s, target_says(s, "from another port"));
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
    link_again(s, target_next_poke(s), false); /* although nobody called kdnet_tick */

    s->now_ms += KDNET_SILENCE_MS;
    kdnet_tick(s->host, s->now_ms);
    expect_event(s, KDNET_EVENT_SILENT);
    s->target.peer.bytes[3] = 42;
    host_receives(s, target_next_poke(s));
    d = expect_first_response(s);
    assert_int_equal(d.peer.bytes[3], 42);
}

static void of_two_targets_that_call_the_first_that_proves_itself_wins(void **state)
{
    struct scene *s = *state;
    struct datagram to_first, to_second;
    struct target first, second;

    host_receives(s, target_poke(s));
    to_first = expect_first_response(s);
    first = s->target;
    s->target.peer.bytes[3] = 99;
    target_reboots(s);
    host_receives(s, target_poke(s));
    to_second = expect_response(s);
    assert_int_equal(to_second.peer.bytes[3], 99);
    assert_true(target_takes(s, to_second));
    second = s->target;

    s->target = first;
    assert_true(target_takes(s, to_first));
    host_receives(s, target_ping(s));
    expect_linked(s, true);
    first = s->target;
    s->target = second;
    expect_ignored(s, target_ping(s));
    s->target = first;
    expect_alive(s);
}

static void an_answer_must_prove_itself_from_where_it_was_sent(void **state)
{
    struct scene *s = *state;
    struct datagram d;

    host_receives(s, target_poke(s));
    assert_true(target_takes(s, expect_first_response(s)));
    d = target_ping(s);
    d.peer.bytes[3] = 99;
    expect_ignored(s, d);
    assert_int_equal(counters(s)->foreign_peer, 1);
    d.peer.bytes[3] = s->target.peer.bytes[3];
    host_receives(s, d);
    expect_linked(s, true);
}

int main(void)
{
#define SCENE(test) cmocka_unit_test_setup_teardown(test, scene_start, scene_stop)
    const struct CMUnitTest tests[] = {
        SCENE(keep_alives_are_not_answered),
        SCENE(a_gap_in_the_keep_alives_is_no_call),
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
        SCENE(a_snapshot_restored_while_nobody_was_linked_is_a_new_boot),
        SCENE(a_poke_of_a_target_that_is_connected_to_nobody_is_answered),
        SCENE(a_session_given_up_is_made_anew_at_the_next_poke),
        SCENE(a_new_process_answers_a_target_that_believes_to_be_connected),
        SCENE(a_second_target_with_our_key_is_ignored_while_the_session_lives),
        SCENE(after_silence_a_target_may_call_from_another_address),
        SCENE(of_two_targets_that_call_the_first_that_proves_itself_wins),
        SCENE(an_answer_must_prove_itself_from_where_it_was_sent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
