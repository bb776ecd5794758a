#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <uv.h>

#include "support/live_pair.h"
#include "support/tape.h"

static uint64_t since_ms(uint64_t begin_ns)
{
    return (uv_hrtime() - begin_ns) / 1000000;
}

/* Never attached, the target never heard: nothing to take leave of. */
static void opening_and_closing_take_no_time(void **state)
{
    struct live_pair_opts opts = live_pair_defaults();
    struct live_pair p;
    uint64_t begin = uv_hrtime();
    bool is_presumed = true;

    (void)state;
    opts.is_alone = true;
    live_pair_open(&p, &opts);
    assert_int_equal(kdt_live_run_state(p.live), KD_RUN_UNKNOWN);
    assert_int_equal(kdt_live_leave(p.live, &is_presumed), KD_OK);
    assert_false(is_presumed);
    live_pair_close(&p);
    kdt_live_close(NULL);
    assert_true(since_ms(begin) < 500);
}

static void a_port_in_use_is_refused(void **state)
{
    struct live_pair_opts opts = live_pair_defaults();
    struct kdt_target_spec spec = {.has_key = true, .key = {{1}}};
    struct kdt_live_opts second = {.spec = &spec, .attach_timeout_ms = 1000};
    struct kdt_live *l = NULL;
    struct kd_diag diag;
    struct live_pair p;

    (void)state;
    opts.is_alone = true;
    live_pair_open(&p, &opts);
    spec.port = p.port;
    second.diag = &diag;
    assert_int_equal(kdt_live_open(&second, &l), KD_ERR_BUSY);
    assert_non_null(strstr(diag.text, "is in use"));
    assert_null(l);
    live_pair_close(&p);
}

static void a_spec_without_a_key_is_refused(void **state)
{
    struct kdt_target_spec spec = {.port = 50000};
    struct kdt_live_opts opts = {.spec = &spec, .attach_timeout_ms = 1000};
    struct kdt_live *l = NULL;
    struct kd_diag diag;

    (void)state;
    opts.diag = &diag;
    assert_int_equal(kdt_live_open(&opts, &l), KD_ERR_USAGE);
    assert_non_null(strstr(diag.text, "key="));
    assert_null(l);
}

static void a_cancelled_session_still_lets_its_target_run(void **state)
{
    struct live_pair_opts opts = live_pair_defaults();
    struct fake_target_seen seen;
    struct live_pair p;
    uint8_t buf[8];
    size_t done;

    (void)state;
    live_pair_attach(&p, &opts);
    assert_int_equal(p.attached, KD_OK);
    kdt_live_cancel(p.live);
    assert_int_equal(kdt_live_read_virtual(p.live, FAKE_VA, buf, sizeof buf, &done),
                     KD_ERR_CANCELLED);
    seen = live_pair_close(&p);
    assert_true(seen.is_running);
}

static void cancelling_before_the_target_was_heard_is_no_harm(void **state)
{
    struct live_pair_opts opts = live_pair_defaults();
    struct live_pair p;

    (void)state;
    live_pair_open(&p, &opts);
    kdt_live_cancel(p.live);
    assert_int_equal(kdt_live_attach(p.live, &p.version, &p.stop), KD_ERR_CANCELLED);
    assert_true(live_pair_close(&p).is_running);
}

static void closing_takes_leave_where_the_caller_did_not(void **state)
{
    struct live_pair_opts opts = live_pair_defaults();
    struct fake_target_seen seen;
    struct live_pair p;

    (void)state;
    live_pair_attach(&p, &opts);
    assert_int_equal(p.attached, KD_OK);
    seen = live_pair_close(&p);
    assert_true(seen.is_running);
    assert_true(seen.continues >= 1);
}

static void nothing_can_be_asked_after_leaving(void **state)
{
    struct live_pair_opts opts = live_pair_defaults();
    struct live_pair p;
    uint8_t buf[8];
    size_t done;

    (void)state;
    live_pair_attach(&p, &opts);
    assert_int_equal(p.attached, KD_OK);
    assert_int_equal(kdt_live_leave(p.live, NULL), KD_OK);
    assert_int_equal(kdt_live_leave(p.live, NULL), KD_OK); /* twice is once */
    assert_int_equal(kdt_live_read_virtual(p.live, FAKE_VA, buf, sizeof buf, &done), KD_ERR_USAGE);
    assert_int_equal(kdt_live_attach(p.live, &p.version, &p.stop), KD_ERR_USAGE);
    assert_int_equal(kdt_live_resume(p.live, NULL), KD_ERR_USAGE);
    assert_true(live_pair_close(&p).is_running);
}

static void requests_are_counted_by_kind_and_once_each(void **state)
{
    struct live_pair_opts opts = live_pair_defaults();
    struct kdt_live_stats stats;
    struct fake_target_seen seen;
    struct live_pair p;
    uint8_t buf[3000];
    uint64_t sum = 0;
    size_t done;

    (void)state;
    live_pair_attach(&p, &opts);
    assert_int_equal(p.attached, KD_OK);
    assert_int_equal(kdt_live_read_virtual(p.live, FAKE_VA, buf, sizeof buf, &done), KD_OK);
    assert_int_equal(kdt_live_leave(p.live, NULL), KD_OK);
    kdt_live_get_stats(p.live, &stats);
    seen = live_pair_close(&p);
    assert_int_equal(stats.session.requests_by_api[KD_API_GET_VERSION - KD_API_FIRST], 1);
    assert_int_equal(stats.session.requests_by_api[KD_API_READ_VIRTUAL - KD_API_FIRST], 3);
    assert_int_equal(stats.session.requests_by_api[KD_API_CONTINUE - KD_API_FIRST], 1);
    for (size_t i = 0; i < KD_API_COUNT; i++)
        sum += stats.session.requests_by_api[i];
    assert_int_equal(sum, seen.requests);
    assert_int_equal(sum, stats.session.requests);
    assert_int_equal(stats.session.bytes_read, sizeof buf);
    assert_int_equal(stats.refused, 0);
    assert_true(stats.datagrams_sent > 8 && stats.bytes_sent > stats.datagrams_sent * 38);
    assert_true(stats.datagrams_received > 8);
}

static void what_goes_over_the_wire_is_recorded_in_order(void **state)
{
    static struct fake_wire wire;
    struct live_pair_opts opts = live_pair_defaults();
    struct live_pair p;
    struct tape t;
    uint8_t buf[3000];
    size_t done, first;

    (void)state;
    tape_begin(&t);
    opts.live.recorder = t.recorder;
    opts.target.wire = &wire;
    opts.target.poke_ms = 10000; /* no call but the first */
    live_pair_attach(&p, &opts);
    assert_int_equal(p.attached, KD_OK);
    tape_read(&t);
    first = t.count;
    assert_int_equal(t.all[0].to.port, p.port); /* the call */
    assert_int_equal(t.all[1].from.port, p.port);
    assert_int_equal(kdt_live_read_virtual(p.live, FAKE_VA, buf, sizeof buf, &done), KD_OK);
    tape_read(&t);
    assert_int_equal(t.count - first, 3 * 4); /* requests, answers, and each acknowledged */
    assert_string_equal(tape_turns(&t, first, p.port), "HTHTHTH");
    assert_int_equal(kdt_live_leave(p.live, NULL), KD_OK);
    live_pair_close(&p);
    tape_read(&t);
    tape_check_wire(&t, &wire, p.port);
    tape_end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opening_and_closing_take_no_time),
        cmocka_unit_test(a_port_in_use_is_refused),
        cmocka_unit_test(a_spec_without_a_key_is_refused),
        cmocka_unit_test(a_cancelled_session_still_lets_its_target_run),
        cmocka_unit_test(cancelling_before_the_target_was_heard_is_no_harm),
        cmocka_unit_test(closing_takes_leave_where_the_caller_did_not),
        cmocka_unit_test(nothing_can_be_asked_after_leaving),
        cmocka_unit_test(requests_are_counted_by_kind_and_once_each),
        cmocka_unit_test(what_goes_over_the_wire_is_recorded_in_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
