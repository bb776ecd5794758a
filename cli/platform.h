/* platform.h - what the host's operating system gives a command-line program: signals and
 * terminals. One file per system; platform_posix.c is the one that is built and tested so far. */
#ifndef CLI_PLATFORM_H
#define CLI_PLATFORM_H

#include <stdbool.h>

/* From now on a wish to stop (SIGINT, SIGTERM, SIGHUP) calls on_stop in the signal handler, instead
 * of ending the process; a closed pipe, and a file that may not grow, are errors of the write that
 * meets them. */
void platform_catch_signals(void (*on_stop)(void));
void platform_release_signals(void); /* they do what they did before */
bool platform_is_terminal(int fd);

#endif
