/* platform.h - what the host's operating system gives a command-line program: signals, terminals,
 * and where a user keeps things. One file per system; platform_posix.c is the one that is built and
 * tested so far. */
#ifndef CLI_PLATFORM_H
#define CLI_PLATFORM_H

#include <stdbool.h>
#include <stddef.h>

enum { PLATFORM_ISF_FOLDERS_MAX = 4096 };

/* From now on a wish to stop (SIGINT, SIGTERM, SIGHUP) calls on_stop in the signal handler, instead
 * of ending the process; a closed pipe, and a file that may not grow, are errors of the write that
 * meets them. */
void platform_catch_signals(void (*on_stop)(void));
void platform_release_signals(void); /* they do what they did before */
/* As if such a signal had come; before they are caught nothing happens. */
void platform_stop(void);
bool platform_is_terminal(int fd);
/* False: it does not say. */
bool platform_terminal_size(int fd, unsigned *columns, unsigned *rows);

/* From now on a wish to suspend the process (SIGTSTP: Ctrl-Z) waits until it is asked for and granted: a target
 * that stands still must be let go first. */
void platform_hold_suspension(void);
bool platform_suspension_is_due(void);
void platform_suspend(void); /* comes back when somebody lets the process go on */
void platform_release_suspension(void);

bool platform_is_folder(const char *path);
/* A folder in the user's cache folder; it need not be there. False, and nothing is written: the user
 * has none, or there is no room for its name. */
bool platform_cache_folder(const char *name, char *path, size_t size);
/* Where ISF files are usually kept, separated by ';', of what is there: kdwalk's own store,
 * Volatility 3's cache folder, and the packages of Volatility 3 that are installed where such packages
 * are. Those for which there is no room are left out. */
void platform_isf_folders(char *folders, size_t size);

#endif
