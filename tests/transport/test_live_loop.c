#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <signal.h>
#include <sys/time.h>
#include <uv.h>

#include "support/live_pair.h"

static uint64_t since_ms(uint64_t begin_ns)
{
    return (uv_hrtime() - begin_ns) / 1000000;
}

static struct kdt_live *signalled;

static void on_alarm(int number)
{
    (void)number;
    kdt_live_cancel(signalled); /* NOLINT(bugprone-signal-handler): it says that it is safe */
}

static void a_signal_ends_a_wait_and_every_later_one(void **state)
{
    const struct itimerval soon = {.it_value = {.tv_usec = 200000}};
    struct live_pair_opts opts = live_pair_defaults();
    struct live_pair p;
    uint64_t begin = uv_hrtime();
    uint8_t buf[8];
    size_t done = 1;

    (void)state;
    opts.is_alone = true;
    live_pair_open(&p, &opts);
    signalled = p.live;
    signal(SIGALRM, on_alarm);
    setitimer(ITIMER_REAL, &soon, NULL);
    assert_int_equal(kdt_live_attach(p.live, &p.version, &p.stop), KD_ERR_CANCELLED);
    assert_true(since_ms(begin) >= 190 && since_ms(begin) < 2000);
    assert_int_equal(kdt_live_read_virtual(p.live, FAKE_VA, buf, sizeof buf, &done),
                     KD_ERR_CANCELLED);
    assert_int_equal(done, 0);
    assert_int_equal(kdt_live_attach(p.live, &p.version, &p.stop), KD_ERR_CANCELLED);
    assert_int_equal(kdt_live_leave(p.live, NULL), KD_OK);
    signal(SIGALRM, SIG_DFL);
    live_pair_close(&p);
}

static void the_deadline_of_the_session_ends_any_wait(void **state)
{
    struct live_pair_opts opts = live_pair_defaults();
    struct live_pair p;
    uint64_t begin = uv_hrtime();

    (void)state;
    opts.is_alone = true;
    opts.live.deadline_ms = 300;
    live_pair_attach(&p, &opts);
    assert_int_equal(p.attached, KD_ERR_TIMEOUT);
    assert_non_null(strstr(p.diag.text, "deadline"));
    assert_true(since_ms(begin) >= 290 && since_ms(begin) < 2000);
    live_pair_close(&p);
}

/* Ten seconds of silence are the end; ten seconds in which only we did not listen are not. Both in
 * one test, for the ten seconds' sake. */
static void silence_is_the_end_but_a_pause_of_ours_is_not(void **state)
{
    struct live_pair_opts opts = live_pair_defaults();
    struct live_pair waiting, silent;
    uint64_t begin;
    uint8_t buf[64];
    size_t done;

    (void)state;
    opts.target.poke_ms = 500;
    live_pair_attach(&waiting, &opts);
    assert_int_equal(waiting.attached, KD_OK);
    opts.target.silent_after = 2;
    opts.live.request_timeout_ms = 30000;
    live_pair_attach(&silent, &opts);
    assert_int_equal(silent.attached, KD_OK);

    assert_int_equal(kdt_live_read_virtual(silent.live, FAKE_VA, buf, 16, &done), KD_OK);
    begin = uv_hrtime();
    assert_int_equal(kdt_live_read_virtual(silent.live, FAKE_VA, buf, 16, &done), KD_ERR_LOST);
    assert_int_equal(done, 0);
    assert_non_null(strstr(silent.diag.text, "target stopped answering"));
    assert_true(since_ms(begin) < 15000);
    begin = uv_hrtime();
    assert_int_equal(kdt_live_read_virtual(silent.live, FAKE_VA, buf, 16, &done), KD_ERR_LOST);
    assert_int_not_equal(kdt_live_leave(silent.live, NULL), KD_OK);
    assert_true(since_ms(begin) < 3000);

    assert_int_equal(kdt_live_read_virtual(waiting.live, FAKE_VA, buf, sizeof buf, &done), KD_OK);
    assert_int_equal(kdt_live_leave(waiting.live, NULL), KD_OK);
    live_pair_close(&silent);
    assert_true(live_pair_close(&waiting).is_running);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_signal_ends_a_wait_and_every_later_one),
        cmocka_unit_test(the_deadline_of_the_session_ends_any_wait),
        cmocka_unit_test(silence_is_the_end_but_a_pause_of_ours_is_not),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
