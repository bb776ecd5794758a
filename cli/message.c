#include "message.h"

#include "platform.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FD_ERR = 2 };

static bool progress_shown;
static bool output_failed;

static bool is_dumb(const char *term)
{
    return term && strcmp(term, "dumb") == 0;
}

bool message_colours(int fd)
{
    const char *no_colour = getenv("NO_COLOR");
    const char *term = getenv("TERM");

    if (no_colour && no_colour[0])
        return false;
    return term && !is_dumb(term) && platform_is_terminal(fd);
}

static void say(const char *kind, const char *colour, const char *fmt, va_list ap)
{
    bool coloured = message_colours(FD_ERR);

    message_progress_end();
    fflush(stdout);
    fprintf(stderr, "kdwalk: %s%s%s", coloured ? colour : "", kind, coloured ? "\033[0m" : "");
    /* NOLINTNEXTLINE(*valist*): the caller has initialised it */
    vfprintf(stderr, fmt, ap);
    fputc('\n', stderr);
}

void message_error(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    say("error: ", "\033[1;31m", fmt, ap);
    va_end(ap);
}

void message_warning(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    say("warning: ", "\033[1;33m", fmt, ap);
    va_end(ap);
}

void message_note(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    say("", "", fmt, ap);
    va_end(ap);
}

void message_output_failed(const char *why)
{
    if (!output_failed)
        message_error("the output could not be written: %s", why);
    output_failed = true;
}

bool message_output_has_failed(void)
{
    return output_failed;
}

void message_progress(const char *fmt, ...)
{
    va_list ap;

    if (is_dumb(getenv("TERM")) || !platform_is_terminal(FD_ERR))
        return; /* it could not take a line back */
    va_start(ap, fmt);
    fputs("\r\033[K", stderr);
    /* NOLINTNEXTLINE(*valist*): it is initialised above */
    vfprintf(stderr, fmt, ap);
    fflush(stderr);
    va_end(ap);
    progress_shown = true;
}

void message_progress_end(void)
{
    if (progress_shown)
        fputs("\r\033[K", stderr);
    progress_shown = false;
}
