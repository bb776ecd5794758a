#define _POSIX_C_SOURCE 200809L /* NOLINT(*reserved-identifier): POSIX named it */

#include "platform.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

enum { WISHES = 3 };

/* Those that wish us to stop, and those that end a process for a failed write. */
static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGXFSZ};

enum { SIGNALS = sizeof signals / sizeof signals[0] };

static void (*stop)(void);
static struct sigaction before[SIGNALS];
static bool is_caught;

static void handle(int signal_number)
{
    (void)signal_number;
    stop();
}

static void catch_one(size_t i)
{
    struct sigaction action;

    /* Whoever started us with a signal ignored (nohup) wants it ignored. */
    if (sigaction(signals[i], NULL, &before[i]) == 0 && before[i].sa_handler == SIG_IGN)
        return;
    memset(&action, 0, sizeof action);
    action.sa_handler = i < WISHES ? handle : SIG_IGN;
    sigemptyset(&action.sa_mask);
    sigaction(signals[i], &action, NULL);
}

void platform_catch_signals(void (*on_stop)(void))
{
    stop = on_stop;
    for (size_t i = 0; i < SIGNALS && !is_caught; i++)
        catch_one(i);
    is_caught = true;
}

void platform_release_signals(void)
{
    for (size_t i = 0; i < SIGNALS && is_caught; i++)
        sigaction(signals[i], &before[i], NULL);
    is_caught = false;
}

bool platform_is_terminal(int fd)
{
    return isatty(fd) != 0;
}
