#define _POSIX_C_SOURCE 200809L /* NOLINT(*reserved-identifier): POSIX named it */

#include "platform.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

static void (*stop)(void);

static void handle(int signal_number)
{
    (void)signal_number;
    stop();
}

void platform_catch_signals(void (*on_stop)(void))
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction action;

    stop = on_stop;
    memset(&action, 0, sizeof action);
    action.sa_handler = handle;
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        struct sigaction before;

        /* Whoever started us with a signal ignored (nohup) wants it ignored. */
        if (sigaction(signals[i], NULL, &before) == 0 && before.sa_handler == SIG_IGN)
            continue;
        sigaction(signals[i], &action, NULL);
    }
    action.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &action, NULL);
    sigaction(SIGXFSZ, &action, NULL);
}

bool platform_is_terminal(int fd)
{
    return isatty(fd) != 0;
}
