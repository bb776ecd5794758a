#include "message.h"

#include "platform.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    FD_ERR = 2,
    TAKEN_MAX = 1024, /* of a line for a taker: far more than a screen shows */
};

static const struct message_taker *taker;
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

static void give(const char *kind, const char *fmt, va_list ap)
{
    char line[TAKEN_MAX];
    int len = snprintf(line, sizeof line, "%s", kind);

    /* NOLINTNEXTLINE(*valist*): the caller has initialised it */
    vsnprintf(line + len, sizeof line - (size_t)len, fmt, ap);
    taker->say(taker->ctx, line);
}

static void say(const char *kind, const char *colour, const char *fmt, va_list ap)
{
    bool coloured = message_colours(FD_ERR);

    if (taker) {
        give(kind, fmt, ap);
        return;
    }
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
    char line[TAKEN_MAX];
    va_list ap;

    if (taker) {
        va_start(ap, fmt);
        /* NOLINTNEXTLINE(*valist*): it is initialised above */
        vsnprintf(line, sizeof line, fmt, ap);
        va_end(ap);
        taker->progress(taker->ctx, line);
        return;
    }
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
    if (taker)
        taker->progress(taker->ctx, NULL);
    else if (progress_shown)
        fputs("\r\033[K", stderr);
    progress_shown = false;
}

void message_hand_to(const struct message_taker *to)
{
    if (to)
        message_progress_end();
    taker = to;
}

void message_take_back(void)
{
    if (taker)
        taker->end(taker->ctx);
}
