/* The table of kdnet_poke.h, row by row. The session began with poke 10 at sequence 30; like a real
 * target's, part A rises by 1 and the sequence by 3. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../kdproto/kdnet_poke.h"

static const struct kdnet_address us = {{[10] = 0xFF, 0xFF, 192, 168, 2, 1}, 50000};
static const struct kdnet_address nobody = {{[10] = 0xFF, 0xFF}, 0};

static struct kdnet_poke poke_of(uint8_t boot, uint64_t nonce_a)
{
    return (struct kdnet_poke){.nonce_a = nonce_a, .nonce_b = {boot}, .connected = us};
}

static struct kdnet_trail trail_at_10(void)
{
    struct kdnet_poke poke = poke_of(1, 10);

    return kdnet_trail_of(&poke, 30);
}

static void expect(struct kdnet_trail *t, uint64_t nonce_a, uint64_t sequence,
                   enum kdnet_poke_meaning meaning)
{
    struct kdnet_poke poke = poke_of(1, nonce_a);

    assert_int_equal(kdnet_trail_judge(t, &poke, sequence, false), meaning);
}

static void a_rising_poke_is_a_keep_alive_whatever_was_lost_between(void **state)
{
    struct kdnet_trail t = trail_at_10();

    (void)state;
    expect(&t, 11, 33, KDNET_POKE_ALIVE);
    expect(&t, 12, 36, KDNET_POKE_ALIVE);
    expect(&t, 20, 60, KDNET_POKE_ALIVE);
}

static void another_part_b_is_a_call(void **state)
{
    struct kdnet_trail t = trail_at_10();
    struct kdnet_poke poke = poke_of(2, 11);

    (void)state;
    assert_int_equal(kdnet_trail_judge(&t, &poke, 33, false), KDNET_POKE_CALL);
    assert_int_equal(kdnet_trail_judge(&t, &poke, 3, false), KDNET_POKE_CALL);
    expect(&t, 11, 33, KDNET_POKE_ALIVE);
}

static void the_last_poke_again_is_stale(void **state)
{
    struct kdnet_trail t = trail_at_10();

    (void)state;
    expect(&t, 10, 30, KDNET_POKE_STALE);
    expect(&t, 11, 33, KDNET_POKE_ALIVE);
    for (int i = 0; i < 5; i++)
        expect(&t, 11, 33, KDNET_POKE_STALE);
}

static void a_rising_poke_to_nobody_is_a_call(void **state)
{
    struct kdnet_trail t = trail_at_10();
    struct kdnet_poke poke = poke_of(1, 11);

    (void)state;
    poke.connected = nobody;
    assert_int_equal(kdnet_trail_judge(&t, &poke, 33, false), KDNET_POKE_CALL);
    poke.connected = (struct kdnet_address){{0}, 0};
    assert_int_equal(kdnet_trail_judge(&t, &poke, 33, false), KDNET_POKE_CALL);
    poke.nonce_a = 10;
    assert_int_equal(kdnet_trail_judge(&t, &poke, 30, false), KDNET_POKE_STALE);

    poke.nonce_a = 11;
    poke.connected = us;
    poke.connected.port = 0; /* half an address is somebody's */
    assert_int_equal(kdnet_trail_judge(&t, &poke, 33, false), KDNET_POKE_ALIVE);
    poke.connected = nobody;
    poke.connected.port = 50000;
    assert_int_equal(kdnet_trail_judge(&t, &poke, 36, false), KDNET_POKE_ALIVE);
}

static void going_back_with_a_part_a_never_seen_is_a_call(void **state)
{
    struct kdnet_trail t = trail_at_10();

    (void)state;
    expect(&t, 500, 3, KDNET_POKE_CALL);
    expect(&t, 9, 28, KDNET_POKE_CALL);
    expect(&t, 501, 30, KDNET_POKE_CALL);
    expect(&t, 11, 33, KDNET_POKE_ALIVE);
}

static void what_the_boot_sent_before_the_session_is_stale(void **state)
{
    struct kdnet_trail t = trail_at_10();

    (void)state;
    expect(&t, 9, 27, KDNET_POKE_STALE);
    expect(&t, 1, 3, KDNET_POKE_STALE);
    expect(&t, 13, 39, KDNET_POKE_ALIVE);
    expect(&t, 8, 24, KDNET_POKE_STALE);
}

static void going_back_to_what_was_seen_is_stale(void **state)
{
    struct kdnet_trail t = trail_at_10();

    (void)state;
    for (uint64_t i = 1; i <= 10; i++)
        expect(&t, 10 + i, 30 + 3 * i, KDNET_POKE_ALIVE);
    expect(&t, 15, 45, KDNET_POKE_STALE);
    expect(&t, 14, 42, KDNET_POKE_STALE);
    expect(&t, 13, 39, KDNET_POKE_STALE);
    expect(&t, 21, 63, KDNET_POKE_ALIVE);
    expect(&t, 13, 40, KDNET_POKE_STALE); /* also where the sequence takes other steps */
}

static void two_more_that_rise_from_there_are_a_restored_snapshot(void **state)
{
    struct kdnet_trail t = trail_at_10();

    (void)state;
    for (uint64_t i = 1; i <= 10; i++)
        expect(&t, 10 + i, 30 + 3 * i, KDNET_POKE_ALIVE);
    expect(&t, 12, 36, KDNET_POKE_STALE);
    expect(&t, 13, 39, KDNET_POKE_STALE);
    expect(&t, 13, 39, KDNET_POKE_STALE); /* the network's duplicate does not count */
    expect(&t, 14, 42, KDNET_POKE_CALL);
    expect(&t, 15, 45, KDNET_POKE_CALL); /* until the session begins anew */
}

static void a_sign_of_life_between_starts_the_count_again(void **state)
{
    struct kdnet_trail t = trail_at_10();

    (void)state;
    for (uint64_t i = 1; i <= 10; i++)
        expect(&t, 10 + i, 30 + 3 * i, KDNET_POKE_ALIVE);
    expect(&t, 12, 36, KDNET_POKE_STALE);
    expect(&t, 13, 39, KDNET_POKE_STALE);
    expect(&t, 21, 63, KDNET_POKE_ALIVE);
    expect(&t, 14, 42, KDNET_POKE_STALE);
    expect(&t, 15, 45, KDNET_POKE_STALE);
    kdnet_trail_confirm(&t);
    expect(&t, 16, 48, KDNET_POKE_STALE);
    expect(&t, 17, 51, KDNET_POKE_STALE);
    expect(&t, 18, 54, KDNET_POKE_CALL);
}

static void going_back_after_silence_is_a_restored_snapshot_at_once(void **state)
{
    struct kdnet_trail t = trail_at_10();
    struct kdnet_poke poke = poke_of(1, 11);

    (void)state;
    expect(&t, 11, 33, KDNET_POKE_ALIVE);
    expect(&t, 12, 36, KDNET_POKE_ALIVE);
    assert_int_equal(kdnet_trail_judge(&t, &poke, 33, true), KDNET_POKE_CALL);
    poke.nonce_a = 12;
    assert_int_equal(kdnet_trail_judge(&t, &poke, 36, true), KDNET_POKE_STALE);
    poke.nonce_a = 13;
    assert_int_equal(kdnet_trail_judge(&t, &poke, 39, true), KDNET_POKE_ALIVE);
}

static void part_a_may_pass_2_to_the_64th(void **state)
{
    struct kdnet_poke first = poke_of(1, UINT64_MAX - 1);
    struct kdnet_trail t = kdnet_trail_of(&first, 30);

    (void)state;
    expect(&t, UINT64_MAX, 33, KDNET_POKE_ALIVE);
    expect(&t, 0, 36, KDNET_POKE_ALIVE);
    expect(&t, 1, 39, KDNET_POKE_ALIVE);
    expect(&t, UINT64_MAX, 33, KDNET_POKE_STALE);
    expect(&t, 0, 36, KDNET_POKE_STALE);
    expect(&t, UINT64_MAX - 2, 27, KDNET_POKE_STALE);
    expect(&t, 2, 36, KDNET_POKE_CALL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rising_poke_is_a_keep_alive_whatever_was_lost_between),
        cmocka_unit_test(another_part_b_is_a_call),
        cmocka_unit_test(the_last_poke_again_is_stale),
        cmocka_unit_test(a_rising_poke_to_nobody_is_a_call),
        cmocka_unit_test(going_back_with_a_part_a_never_seen_is_a_call),
        cmocka_unit_test(what_the_boot_sent_before_the_session_is_stale),
        cmocka_unit_test(going_back_to_what_was_seen_is_stale),
        cmocka_unit_test(two_more_that_rise_from_there_are_a_restored_snapshot),
        cmocka_unit_test(a_sign_of_life_between_starts_the_count_again),
        cmocka_unit_test(going_back_after_silence_is_a_restored_snapshot_at_once),
        cmocka_unit_test(part_a_may_pass_2_to_the_64th),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
