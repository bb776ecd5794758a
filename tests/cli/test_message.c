#define _XOPEN_SOURCE 600

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <unistd.h>

#include "message.h"
#include "support/capture.h"

#define END_MARK "<end>"

enum { SHOWN_MAX = 4096 };

/* A terminal in the place of stderr. */
struct terminal {
    int master, saved;
};

static void open_terminal(struct terminal *t)
{
    int slave = -1;

    t->master = posix_openpt(O_RDWR | O_NOCTTY);
    if (t->master >= 0 && grantpt(t->master) == 0 && unlockpt(t->master) == 0)
        slave = open(ptsname(t->master), O_RDWR | O_NOCTTY);
    if (slave < 0) {
        print_message("no pseudo terminals here\n");
        skip();
    }
    fflush(stderr);
    t->saved = dup(STDERR_FILENO);
    assert_true(t->saved >= 0);
    assert_true(dup2(slave, STDERR_FILENO) >= 0);
    close(slave);
}

static void close_terminal(struct terminal *t, char shown[SHOWN_MAX])
{
    size_t len = 0;
    ssize_t n = 1;
    char *end = NULL;

    /* What was written comes in pieces, the mark last. */
    fputs(END_MARK, stderr);
    fflush(stderr);
    while (!end && n > 0 && len < SHOWN_MAX - 1) {
        n = read(t->master, shown + len, SHOWN_MAX - 1 - len);
        len += n > 0 ? (size_t)n : 0;
        shown[len] = '\0';
        end = strstr(shown, END_MARK);
    }
    if (end)
        *end = '\0';
    dup2(t->saved, STDERR_FILENO);
    close(t->saved);
    close(t->master);
}

/* An error as it appears on a terminal of that kind. */
static void assert_shown(const char *term, const char *no_color, const char *want)
{
    struct terminal t;
    char shown[SHOWN_MAX];

    if (term)
        setenv("TERM", term, 1);
    else
        unsetenv("TERM");
    if (no_color)
        setenv("NO_COLOR", no_color, 1);
    else
        unsetenv("NO_COLOR");
    open_terminal(&t);
    message_error("it is %d", 7);
    close_terminal(&t, shown);
    assert_string_equal(shown, want);
}

static void colours_are_for_terminals_that_have_them(void **state)
{
    (void)state;
    assert_shown("xterm", NULL, "kdwalk: \033[1;31merror: \033[0mit is 7\r\n");
    assert_shown("xterm", "", "kdwalk: \033[1;31merror: \033[0mit is 7\r\n");
    assert_shown("xterm", "1", "kdwalk: error: it is 7\r\n");
    assert_shown("dumb", NULL, "kdwalk: error: it is 7\r\n");
    assert_shown(NULL, NULL, "kdwalk: error: it is 7\r\n");
}

static void errors_and_warnings_are_plain_lines_elsewhere(void **state)
{
    struct capture err;

    (void)state;
    setenv("TERM", "xterm", 1);
    capture_begin(&err, CAPTURE_ERR);
    message_error("one %s", "two");
    message_warning("three");
    message_note("four %s", "five");
    message_progress("no terminal, no progress");
    message_progress_end();
    assert_string_equal(capture_end(&err), "kdwalk: error: one two\nkdwalk: warning: three\n"
                                           "kdwalk: four five\n");
    capture_free(&err);
}

static void progress_replaces_itself_and_makes_way_for_an_error(void **state)
{
    struct terminal t;
    char shown[SHOWN_MAX];

    (void)state;
    setenv("TERM", "xterm", 1);
    setenv("NO_COLOR", "1", 1);
    open_terminal(&t);
    message_progress("1 of 30");
    message_progress("2 of 30");
    message_error("no");
    message_progress_end(); /* nothing is left to remove */
    close_terminal(&t, shown);
    assert_string_equal(shown, "\r\033[K1 of 30\r\033[K2 of 30\r\033[Kkdwalk: error: no\r\n");
}

static void a_dumb_terminal_sees_no_progress(void **state)
{
    struct terminal t;
    char shown[SHOWN_MAX];

    (void)state;
    setenv("TERM", "dumb", 1);
    open_terminal(&t);
    message_progress("1 of 30");
    message_progress_end();
    close_terminal(&t, shown);
    assert_string_equal(shown, "");
}

struct heard {
    char chars[256];
};

static void hear(void *ctx, const char *line)
{
    struct heard *h = ctx;

    snprintf(h->chars + strlen(h->chars), sizeof h->chars - strlen(h->chars), "%s|",
             line ? line : "(end)");
}

static void hand_back(void *ctx)
{
    hear(ctx, "back");
    message_hand_to(NULL);
}

static void who_has_the_terminal_gets_it_all(void **state)
{
    struct heard h = {""};
    const struct message_taker taker = {&h, hear, hear, hand_back};
    struct capture err;

    (void)state;
    setenv("TERM", "xterm", 1);
    capture_begin(&err, CAPTURE_ERR);
    message_hand_to(&taker);
    message_error("no %s", "room");
    message_progress("%u of 3", 1u); /* though it is no terminal */
    message_progress_end();
    message_note("well");
    message_take_back();
    message_take_back(); /* nobody has it any more */
    message_warning("and now");
    assert_string_equal(capture_end(&err), "kdwalk: warning: and now\n");
    assert_string_equal(h.chars, "error: no room|1 of 3|(end)|well|back|");
    capture_free(&err);
}

static void lost_output_is_said_once(void **state)
{
    struct capture err;

    (void)state;
    assert_false(message_output_has_failed());
    capture_begin(&err, CAPTURE_ERR);
    message_output_failed("disk full");
    message_output_failed("disk full");
    (void)capture_end(&err);
    assert_string_equal(err.text, "kdwalk: error: the output could not be written: disk full\n");
    assert_true(message_output_has_failed());
    capture_free(&err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(colours_are_for_terminals_that_have_them),
        cmocka_unit_test(errors_and_warnings_are_plain_lines_elsewhere),
        cmocka_unit_test(progress_replaces_itself_and_makes_way_for_an_error),
        cmocka_unit_test(a_dumb_terminal_sees_no_progress),
        cmocka_unit_test(who_has_the_terminal_gets_it_all),
        cmocka_unit_test(lost_output_is_said_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
