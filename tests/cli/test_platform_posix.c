#define _POSIX_C_SOURCE 200809L

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "platform.h"

static volatile sig_atomic_t wishes;

static void count(void)
{
    wishes = wishes + 1;
}

static void a_wish_to_stop_is_told_and_nothing_ends(void **state)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};

    (void)state;
    wishes = 0;
    platform_catch_signals(count);
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
        assert_int_equal(raise(signals[i]), 0);
    assert_int_equal(wishes, 3);
}

static void a_signal_that_was_ignored_stays_so(void **state)
{
    (void)state;
    wishes = 0;
    assert_true(signal(SIGHUP, SIG_IGN) != SIG_ERR);
    platform_catch_signals(count);
    assert_int_equal(raise(SIGHUP), 0);
    assert_int_equal(wishes, 0);
    assert_true(signal(SIGHUP, SIG_DFL) == SIG_IGN);
}

static void a_closed_pipe_is_an_error_of_the_write(void **state)
{
    int ends[2];

    (void)state;
    platform_catch_signals(count);
    assert_int_equal(pipe(ends), 0);
    close(ends[0]);
    assert_int_equal(write(ends[1], "x", 1), -1);
    assert_int_equal(errno, EPIPE);
    close(ends[1]);
}

static void a_file_that_may_not_grow_is_an_error_of_the_write(void **state)
{
    FILE *f = tmpfile();
    struct rlimit before, none;

    (void)state;
    assert_non_null(f);
    platform_catch_signals(count);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    none = before;
    none.rlim_cur = 0;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
    assert_int_equal(write(fileno(f), "x", 1), -1);
    assert_int_equal(errno, EFBIG);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    fclose(f);
}

static void a_pipe_is_no_terminal(void **state)
{
    int ends[2];

    (void)state;
    assert_int_equal(pipe(ends), 0);
    assert_false(platform_is_terminal(ends[1]));
    close(ends[0]);
    close(ends[1]);
}

static int release(void **state)
{
    (void)state;
    platform_release_signals();
    return 0;
}

static void released_signals_do_what_they_did(void **state)
{
    (void)state;
    assert_true(signal(SIGTERM, SIG_IGN) != SIG_ERR);
    wishes = 0;
    platform_catch_signals(count);
    platform_catch_signals(count);
    platform_release_signals();
    platform_release_signals();
    assert_true(signal(SIGTERM, SIG_DFL) == SIG_IGN);
    assert_true(signal(SIGINT, SIG_DFL) == SIG_DFL);
    assert_true(signal(SIGPIPE, SIG_DFL) == SIG_DFL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_wish_to_stop_is_told_and_nothing_ends, release),
        cmocka_unit_test_teardown(a_signal_that_was_ignored_stays_so, release),
        cmocka_unit_test_teardown(a_closed_pipe_is_an_error_of_the_write, release),
        cmocka_unit_test_teardown(a_file_that_may_not_grow_is_an_error_of_the_write, release),
        cmocka_unit_test(released_signals_do_what_they_did),
        cmocka_unit_test(a_pipe_is_no_terminal),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
