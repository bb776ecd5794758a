#define _POSIX_C_SOURCE 200809L

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "platform.h"
#include "support/temp_dir.h"

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

static void who_has_caught_signals_can_be_stopped_without_one(void **state)
{
    (void)state;
    wishes = 0;
    platform_stop();
    assert_int_equal(wishes, 0);
    platform_catch_signals(count);
    platform_stop();
    assert_int_equal(wishes, 1);
}

/* What became of it stays in a child, where nothing else can be stopped by mistake. */
static void suspension_waits_until_it_is_granted(void **state)
{
    int status = 0;
    pid_t child;

    (void)state;
    child = fork();
    if (child == 0) {
        platform_hold_suspension();
        if (platform_suspension_is_due())
            _exit(1);
        raise(SIGTSTP);
        if (!platform_suspension_is_due())
            _exit(2);
        platform_suspend();
        _exit(platform_suspension_is_due() ? 3 : 0);
    }
    assert_true(child > 0);
    assert_true(waitpid(child, &status, WUNTRACED) == child);
    if (WIFSTOPPED(status)) { /* not where nobody could let it go on: then it was never stopped */
        assert_int_equal(WSTOPSIG(status), SIGTSTP);
        assert_int_equal(kill(child, SIGCONT), 0);
        assert_true(waitpid(child, &status, 0) == child);
    }
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void who_ignores_suspension_goes_on_doing_so(void **state)
{
    (void)state;
    assert_true(signal(SIGTSTP, SIG_IGN) != SIG_ERR);
    platform_hold_suspension();
    raise(SIGTSTP);
    assert_false(platform_suspension_is_due());
    platform_release_suspension();
    assert_true(signal(SIGTSTP, SIG_DFL) == SIG_IGN);
}

static void a_pipe_has_no_size(void **state)
{
    unsigned columns = 7, rows = 7;
    int ends[2];

    (void)state;
    assert_int_equal(pipe(ends), 0);
    assert_false(platform_terminal_size(ends[0], &columns, &rows));
    assert_int_equal(columns + rows, 14);
    close(ends[0]);
    close(ends[1]);
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

/* ---- where a user keeps things ---- */

static struct temp_dir dir;

static void set(const char *variable, const char *value)
{
    assert_int_equal(setenv(variable, value, 1), 0);
}

static int make_home(void **state)
{
    (void)state;
    temp_dir_create(&dir);
    set("HOME", dir.path);
    unsetenv("XDG_CACHE_HOME");
    unsetenv("VIRTUAL_ENV");
    return 0;
}

static int remove_home(void **state)
{
    (void)state;
    temp_dir_remove(&dir);
    return 0;
}

static void the_cache_folder_is_where_the_desktops_have_it(void **state)
{
    char path[512] = "as it was";

    (void)state;
    assert_true(platform_cache_folder("x", path, sizeof path));
    assert_string_equal(path, temp_dir_path(&dir, ".cache/x"));
    set("XDG_CACHE_HOME", "/elsewhere");
    assert_true(platform_cache_folder("x", path, sizeof path));
    assert_string_equal(path, "/elsewhere/x");
    set("XDG_CACHE_HOME", "relative");
    assert_true(platform_cache_folder("x", path, sizeof path));
    assert_string_equal(path, temp_dir_path(&dir, ".cache/x"));
    assert_true(platform_cache_folder("x", path, strlen(path) + 1));
}

static void without_a_home_or_room_there_is_no_cache_folder(void **state)
{
    char path[512] = "as it was";

    (void)state;
    set("XDG_CACHE_HOME", "/elsewhere");
    assert_false(platform_cache_folder("x", path, strlen("/elsewhere/x")));
    set("XDG_CACHE_HOME", "");
    set("HOME", "relative");
    assert_false(platform_cache_folder("x", path, sizeof path));
    assert_string_equal(path, "as it was");
}

/* Those of this machine itself may follow. */
static void isf_folders_are_those_that_are_there(void **state)
{
    char folders[PLATFORM_ISF_FOLDERS_MAX], expected[1024];

    (void)state;
    platform_isf_folders(folders, sizeof folders);
    assert_null(strstr(folders, dir.path));
    temp_dir_write(&dir, "cache/kdwalk/symbols/x", "", 0);
    temp_dir_write(&dir, "cache/volatility3/x", "", 0);
    temp_dir_write(&dir, "venv/lib/python3.99/site-packages/volatility3/x", "", 0);
    temp_dir_write(&dir, ".local/lib/python3.9/site-packages/volatility3/x", "", 0);
    temp_dir_write(&dir, "volatility3/volatility3/x", "", 0);
    set("XDG_CACHE_HOME", temp_dir_path(&dir, "cache"));
    set("VIRTUAL_ENV", temp_dir_path(&dir, "venv"));
    snprintf(expected, sizeof expected, "%s;%s;%s;%s;%s",
             temp_dir_path(&dir, "cache/kdwalk/symbols"), temp_dir_path(&dir, "cache/volatility3"),
             temp_dir_path(&dir, "venv/lib/python3.99/site-packages/volatility3"),
             temp_dir_path(&dir, ".local/lib/python3.9/site-packages/volatility3"),
             temp_dir_path(&dir, "volatility3/volatility3"));
    platform_isf_folders(folders, sizeof folders);
    assert_memory_equal(folders, expected, strlen(expected));
}

static void isf_folders_without_room_are_left_out(void **state)
{
    char folders[PLATFORM_ISF_FOLDERS_MAX];
    const char *first;

    (void)state;
    temp_dir_write(&dir, ".cache/kdwalk/symbols/x", "", 0);
    temp_dir_write(&dir, ".cache/volatility3/x", "", 0);
    first = temp_dir_path(&dir, ".cache/kdwalk/symbols");
    platform_isf_folders(folders, strlen(first) + 1);
    assert_string_equal(folders, first);
    temp_dir_write(&dir, "a;b/volatility3/x", "", 0); /* cannot be told in such a list */
    set("XDG_CACHE_HOME", temp_dir_path(&dir, "a;b"));
    platform_isf_folders(folders, sizeof folders);
    assert_null(strstr(folders, "a;b"));
}

static void a_folder_is_told_from_a_file(void **state)
{
    (void)state;
    temp_dir_write(&dir, "file", "", 0);
    assert_true(platform_is_folder(dir.path));
    assert_false(platform_is_folder(temp_dir_path(&dir, "file")));
    assert_false(platform_is_folder(temp_dir_path(&dir, "absent")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_wish_to_stop_is_told_and_nothing_ends, release),
        cmocka_unit_test_teardown(a_signal_that_was_ignored_stays_so, release),
        cmocka_unit_test_teardown(a_closed_pipe_is_an_error_of_the_write, release),
        cmocka_unit_test_teardown(a_file_that_may_not_grow_is_an_error_of_the_write, release),
        cmocka_unit_test(released_signals_do_what_they_did),
        cmocka_unit_test_teardown(who_has_caught_signals_can_be_stopped_without_one, release),
        cmocka_unit_test(suspension_waits_until_it_is_granted),
        cmocka_unit_test(who_ignores_suspension_goes_on_doing_so),
        cmocka_unit_test(a_pipe_has_no_size),
        cmocka_unit_test(a_pipe_is_no_terminal),
#define AT_HOME(test) cmocka_unit_test_setup_teardown(test, make_home, remove_home)
        AT_HOME(the_cache_folder_is_where_the_desktops_have_it),
        AT_HOME(without_a_home_or_room_there_is_no_cache_folder),
        AT_HOME(isf_folders_are_those_that_are_there),
        AT_HOME(isf_folders_without_room_are_left_out),
        AT_HOME(a_folder_is_told_from_a_file),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
