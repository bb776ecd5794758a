#define _POSIX_C_SOURCE 200809L /* NOLINT(*reserved-identifier): POSIX named it */
#define _DEFAULT_SOURCE 1       /* NOLINT(*reserved-identifier): the C library did; TIOCGWINSZ */

#include "platform.h"

#include <glob.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
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

void platform_stop(void)
{
    if (is_caught)
        stop();
}

/* ---- suspension ---- */

static struct sigaction before_suspension;
static volatile sig_atomic_t suspension_is_due;

static void note_suspension(int signal_number)
{
    (void)signal_number;
    suspension_is_due = 1;
}

void platform_hold_suspension(void)
{
    struct sigaction action;

    if (sigaction(SIGTSTP, NULL, &before_suspension) == 0 &&
        before_suspension.sa_handler == SIG_IGN)
        return;
    memset(&action, 0, sizeof action);
    action.sa_handler = note_suspension;
    sigemptyset(&action.sa_mask);
    sigaction(SIGTSTP, &action, NULL);
}

bool platform_suspension_is_due(void)
{
    return suspension_is_due != 0;
}

void platform_suspend(void)
{
    suspension_is_due = 0;
    platform_release_suspension();
    raise(SIGTSTP);
    platform_hold_suspension();
}

void platform_release_suspension(void)
{
    sigaction(SIGTSTP, &before_suspension, NULL);
}

/* ---- terminals, folders ---- */

bool platform_is_terminal(int fd)
{
    return isatty(fd) != 0;
}

bool platform_terminal_size(int fd, unsigned *columns, unsigned *rows)
{
    struct winsize size;

    if (ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0)
        return false;
    *columns = size.ws_col;
    *rows = size.ws_row;
    return true;
}

bool platform_is_folder(const char *path)
{
    struct stat sb;

    return stat(path, &sb) == 0 && S_ISDIR(sb.st_mode);
}

/* ---- where a user keeps things ---- */

/* A variable that names a folder, as the desktops have agreed: a relative one counts for nothing
 * [doc]. */
static const char *folder_of(const char *variable)
{
    const char *folder = getenv(variable);

    return folder && folder[0] == '/' ? folder : NULL;
}

bool platform_cache_folder(const char *name, char *path, size_t size)
{
    const char *cache = folder_of("XDG_CACHE_HOME");
    const char *home = folder_of("HOME");
    char text[PLATFORM_ISF_FOLDERS_MAX];
    int len;

    if (!cache && !home)
        return false;
    len = cache ? snprintf(text, sizeof text, "%s/%s", cache, name)
                : snprintf(text, sizeof text, "%s/.cache/%s", home, name);
    if (len < 0 || (size_t)len >= sizeof text || (size_t)len >= size)
        return false;
    memcpy(path, text, (size_t)len + 1);
    return true;
}

/* One with a ';' in its name cannot be told in such a list. */
static void add_folder(char *folders, size_t size, const char *folder)
{
    size_t have = strlen(folders), len = strlen(folder);

    if (strchr(folder, ';') || have + (have > 0) + len >= size)
        return;
    snprintf(folders + have, size - have, "%s%s", have > 0 ? ";" : "", folder);
}

static void add_matches(char *folders, size_t size, const char *pattern)
{
    glob_t found;

    if (glob(pattern, 0, NULL, &found) != 0)
        return;
    for (size_t i = 0; i < found.gl_pathc; i++)
        add_folder(folders, size, found.gl_pathv[i]);
    globfree(&found);
}

static void add_cache_folder(char *folders, size_t size, const char *name)
{
    char path[PLATFORM_ISF_FOLDERS_MAX];

    if (platform_cache_folder(name, path, sizeof path) && access(path, F_OK) == 0)
        add_folder(folders, size, path);
}

/* Volatility 3 keeps what it converts in its own package, below symbols/windows, and the rest of what
 * it caches in its cache folder [doc]. */
void platform_isf_folders(char *folders, size_t size)
{
    static const struct {
        const char *below; /* the variable that names the folder; NULL: none */
        const char *pattern;
    } packages[] = {
        {"VIRTUAL_ENV", "/lib/python3*/site-packages/volatility3"},
        {"HOME", "/.local/lib/python3*/site-packages/volatility3"},
        {"HOME", "/.local/share/pipx/venvs/volatility3/lib/python3*/site-packages/volatility3"},
        {"HOME", "/volatility3/volatility3"}, /* a checkout */
        {NULL, "/usr/local/lib/python3*/*-packages/volatility3"},
        {NULL, "/usr/lib/python3/dist-packages/volatility3"},
    };

    folders[0] = '\0';
    add_cache_folder(folders, size, "kdwalk/symbols");
    add_cache_folder(folders, size, "volatility3");
    for (size_t i = 0; i < sizeof packages / sizeof packages[0]; i++) {
        const char *root = packages[i].below ? folder_of(packages[i].below) : "";
        char pattern[PLATFORM_ISF_FOLDERS_MAX];
        int len = root ? snprintf(pattern, sizeof pattern, "%s%s", root, packages[i].pattern) : -1;

        if (len > 0 && (size_t)len < sizeof pattern)
            add_matches(folders, size, pattern);
    }
}
