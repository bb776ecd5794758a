#include "message.h"

#include "platform.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { FD_OUT = 1, FD_ERR = 2 };

static bool progress_shown;

bool message_has_colours(FILE *stream)
{
    const char *no_colour = getenv("NO_COLOR");
    const char *term = getenv("TERM");

    if (no_colour && no_colour[0])
        return false;
    if (!term || strcmp(term, "dumb") == 0)
        return false;
    return platform_is_terminal(stream == stderr ? FD_ERR : FD_OUT);
}

static void say(const char *kind, const char *colour, const char *fmt, va_list ap)
{
    bool coloured = message_has_colours(stderr);

    message_progress_end();
    fflush(stdout);
    fprintf(stderr, "kdwalk: %s%s%s", coloured ? colour : "", kind, coloured ? "\033[0m" : "");
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

void message_progress(const char *fmt, ...)
{
    va_list ap;

    if (!platform_is_terminal(FD_ERR))
        return;
    va_start(ap, fmt);
    fputs("\r\033[K", stderr);
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
