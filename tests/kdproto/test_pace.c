#include "../../kdproto/pace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct kd_pace pace_of(enum kd_dialect dialect, uint32_t bytes_per_second)
{
    const struct kd_session_opts opts = {.dialect = dialect, .bytes_per_second = bytes_per_second};
    struct kd_pace p;

    kd_pace_init(&p, &opts);
    return p;
}

static void an_unknown_link_gets_the_bounds_of_the_protocol_notes(void **state)
{
    struct kd_pace net = pace_of(KD_DIALECT_KDNET, 0), stream = pace_of(KD_DIALECT_STREAM, 0);

    (void)state;
    assert_int_equal(kd_pace_ack_ms(&net, 0, 73), 300);
    assert_int_equal(kd_pace_ack_ms(&net, 1, 73), 500);
    assert_int_equal(kd_pace_reply_ms(&net, 0, 1100, false), 1000);
    assert_int_equal(kd_pace_ack_ms(&stream, 0, 73), 1000);
    assert_int_equal(kd_pace_reply_ms(&stream, 0, 1100, false), 3000);
    assert_int_equal(kd_pace_reset_ms(&stream), 300);
}

static void four_round_trips_doubling_up_to_the_bound(void **state)
{
    struct kd_pace p = pace_of(KD_DIALECT_STREAM, 0);

    (void)state;
    kd_pace_round_trip(&p, 50);
    assert_int_equal(kd_pace_ack_ms(&p, 0, 73), 200);
    assert_int_equal(kd_pace_ack_ms(&p, 1, 73), 400);
    assert_int_equal(kd_pace_ack_ms(&p, 3, 73), 1000);
    assert_int_equal(kd_pace_ack_ms(&p, 99, 73), 1000);
    assert_int_equal(kd_pace_reset_ms(&p), 400);
    kd_pace_forget(&p);
    assert_int_equal(kd_pace_ack_ms(&p, 0, 73), 1000);
}

static void no_wait_is_shorter_than_20_ms(void **state)
{
    struct kd_pace p = pace_of(KD_DIALECT_KDNET, 0);

    (void)state;
    kd_pace_round_trip(&p, 0);
    assert_int_equal(kd_pace_ack_ms(&p, 0, 73), 20);
    assert_int_equal(kd_pace_reset_ms(&p), 300);
}

static void one_slow_round_trip_among_many_changes_little(void **state)
{
    struct kd_pace p = pace_of(KD_DIALECT_KDNET, 0);

    (void)state;
    for (int i = 0; i < 20; i++)
        kd_pace_round_trip(&p, 10);
    kd_pace_round_trip(&p, 90);
    assert_int_equal(kd_pace_ack_ms(&p, 0, 73), 80);
}

static void bytes_take_their_time_on_a_line_of_known_speed(void **state)
{
    struct kd_pace p = pace_of(KD_DIALECT_STREAM, 11520);

    (void)state;
    assert_int_equal(kd_pace_transfer_ms(&p, 1152), 100);
    kd_pace_round_trip(&p, 10);
    assert_int_equal(kd_pace_ack_ms(&p, 0, 1152), 40 + 200);
    p.cap_ms = 30; /* leaving: but bytes go no faster for that */
    assert_int_equal(kd_pace_ack_ms(&p, 0, 1152), 30 + 200);
    kd_pace_arrived(&p, 100000, 1);
    assert_int_equal(kd_pace_transfer_ms(&p, 1152), 100);
}

static void the_fastest_reply_tells_the_speed_of_an_unknown_line(void **state)
{
    struct kd_pace p = pace_of(KD_DIALECT_STREAM, 0), net = pace_of(KD_DIALECT_KDNET, 0);

    (void)state;
    assert_int_equal(kd_pace_transfer_ms(&p, 4000), 0);
    kd_pace_arrived(&p, 1000, 60000); /* no line is that slow */
    assert_int_equal(kd_pace_transfer_ms(&p, 4000), 0);
    kd_pace_arrived(&p, 1000, 100);
    assert_int_equal(kd_pace_transfer_ms(&p, 4000), 400);
    kd_pace_arrived(&p, 1000, 500); /* it was thought about */
    assert_int_equal(kd_pace_transfer_ms(&p, 4000), 400);
    kd_pace_arrived(&p, 1000, 50);
    assert_int_equal(kd_pace_transfer_ms(&p, 4000), 200);
    kd_pace_arrived(&p, 1000, 0);
    assert_int_equal(kd_pace_transfer_ms(&p, 4000), 4);
    kd_pace_arrived(&net, 1000, 100);
    assert_int_equal(kd_pace_transfer_ms(&net, 4000), 0);
}

static void what_takes_computing_gets_the_whole_bound(void **state)
{
    struct kd_pace p = pace_of(KD_DIALECT_KDNET, 0);

    (void)state;
    kd_pace_round_trip(&p, 10);
    assert_int_equal(kd_pace_reply_ms(&p, 0, 73, false), 40);
    assert_int_equal(kd_pace_reply_ms(&p, 0, 73, true), 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_unknown_link_gets_the_bounds_of_the_protocol_notes),
        cmocka_unit_test(four_round_trips_doubling_up_to_the_bound),
        cmocka_unit_test(no_wait_is_shorter_than_20_ms),
        cmocka_unit_test(one_slow_round_trip_among_many_changes_little),
        cmocka_unit_test(bytes_take_their_time_on_a_line_of_known_speed),
        cmocka_unit_test(the_fastest_reply_tells_the_speed_of_an_unknown_line),
        cmocka_unit_test(what_takes_computing_gets_the_whole_bound),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
