#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/capture.h"
#include "watch_tally.h"

#define SECOND UINT64_C(1000000000)

static void tell(struct watch_tally *t, const struct watch_event *e)
{
    t->sink.tell(&t->sink, e);
}

static void tell_sample(struct watch_tally *t, uint64_t at_ns, uint64_t frozen_us, uint64_t sweep)
{
    struct watch_event e = {.kind = WATCH_SAMPLE, .when.host_ns = at_ns};

    e.u.sample = (struct watch_sample){.frozen_us = frozen_us, .requests = 3, .sweep = sweep};
    tell(t, &e);
}

static void median_and_tail_are_within_a_class(void **state)
{
    struct watch_tally t;

    (void)state;
    watch_tally_init(&t);
    assert_int_equal(watch_tally_freeze_us(&t, 500), 0);
    for (uint64_t us = 1; us <= 10000; us++)
        tell_sample(&t, us * SECOND, us, 1);
    assert_in_range(watch_tally_freeze_us(&t, 500), 5000, 5080);
    assert_in_range(watch_tally_freeze_us(&t, 990), 9900, 10000);
    assert_int_equal(watch_tally_freeze_us(&t, 1000), 10000);
    assert_int_equal(t.worst_us, 10000);
    assert_int_equal(t.requests, 30000);
}

static void short_freezes_are_exact_and_endless_ones_counted(void **state)
{
    struct watch_tally t;

    (void)state;
    watch_tally_init(&t);
    tell_sample(&t, 1, 0, 1);
    tell_sample(&t, 2, 127, 1);
    tell_sample(&t, 3, UINT64_MAX / 4, 1);
    assert_int_equal(watch_tally_freeze_us(&t, 1), 0);
    assert_int_equal(watch_tally_freeze_us(&t, 600), 127);
    assert_true(watch_tally_freeze_us(&t, 1000) == UINT64_MAX / 4);
}

static void what_sampling_cannot_see_is_said(void **state)
{
    char unseen[WATCH_UNSEEN_MAX][WATCH_UNSEEN_TEXT];
    struct watch_event lost = {.kind = WATCH_LOST, .when.host_ns = 11 * SECOND};
    struct watch_tally t;

    (void)state;
    watch_tally_init(&t);
    tell_sample(&t, 1 * SECOND, 10, 1);
    assert_int_equal(watch_tally_unseen(&t, unseen), 0); /* nothing was looked at twice */
    for (uint64_t i = 2; i <= 10; i++)
        tell_sample(&t, i * SECOND, 10, (i - 1) / 3 + 1); /* three breaks each */
    assert_int_equal(watch_tally_unseen(&t, unseen), 2);
    assert_string_equal(unseen[0], "of loggers and consumers: what came and went within 0.9 s");
    assert_string_equal(unseen[1], "of all else: what came and went within 3 s");
    assert_int_equal(t.sweeps, 4);
    tell(&t, &lost);
    assert_int_equal(watch_tally_unseen(&t, unseen), 3);
    assert_non_null(strstr(unseen[2], "silent or restarting (1 times)"));
}

static void the_figures_are_printed(void **state)
{
    struct watch_event change = {.kind = WATCH_CHANGE, .when.host_ns = 2 * SECOND};
    struct watch_tally t;
    struct capture out;

    (void)state;
    watch_tally_init(&t);
    tell_sample(&t, 1 * SECOND, 2000, 1);
    tell_sample(&t, 3 * SECOND, 2000, 2);
    change.u.change.table = KDW_TABLE_LOGGERS;
    tell(&t, &change);
    capture_begin(&out, CAPTURE_OUT);
    watch_tally_print(&t);
    (void)capture_end(&out);
    assert_non_null(strstr(out.text, "samples        2, of 2 sweeps, in 1.0 s\n"));
    assert_non_null(strstr(out.text, "frozen         median 2.0 ms, 99 % 2.0 ms, worst 2.0 ms; "
                                     "together 4.0 ms\n"));
    assert_non_null(strstr(out.text, "changes        loggers 1\n"));
    capture_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(median_and_tail_are_within_a_class),
        cmocka_unit_test(short_freezes_are_exact_and_endless_ones_counted),
        cmocka_unit_test(what_sampling_cannot_see_is_said),
        cmocka_unit_test(the_figures_are_printed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
