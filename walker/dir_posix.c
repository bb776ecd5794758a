#define _POSIX_C_SOURCE 200809L /* NOLINT(*reserved-identifier): POSIX named it */

#include "dir.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* strcasecmp would ask the locale, and a store's names do not depend on it. */
static bool same_but_for_case(const char *a, const char *b)
{
    while (*a != '\0' && lower(*a) == lower(*b)) {
        a++;
        b++;
    }
    return *a == *b;
}

enum kdw_path_kind kdw_path_kind(const char *path)
{
    struct stat sb;

    if (stat(path, &sb) != 0)
        return KDW_PATH_ABSENT;
    if (S_ISREG(sb.st_mode))
        return KDW_PATH_FILE;
    return S_ISDIR(sb.st_mode) ? KDW_PATH_FOLDER : KDW_PATH_OTHER;
}

bool kdw_dir_make(const char *path)
{
    char *part = strdup(path);

    if (!part)
        return false;
    for (char *slash = part; (slash = strchr(slash + 1, '/')) != NULL; *slash = '/') {
        *slash = '\0';
        (void)mkdir(part, 0777); /* what is there already stays; what fails shows below */
    }
    (void)mkdir(part, 0777);
    free(part);
    return kdw_path_kind(path) == KDW_PATH_FOLDER &&
           faccessat(AT_FDCWD, path, W_OK | X_OK, AT_EACCESS) == 0;
}

bool kdw_dir_may_search(const char *dir)
{
    return faccessat(AT_FDCWD, dir, X_OK, AT_EACCESS) == 0;
}

bool kdw_path_is_foreign(const char *path)
{
    char first = lower(path[0]);

    if (path[0] == '\\' && path[1] == '\\')
        return true;
    return first >= 'a' && first <= 'z' && path[1] == ':' &&
           (path[2] == '\\' || path[2] == '/' || path[2] == '\0');
}

bool kdw_path_is_absolute(const char *path)
{
    return path[0] == '/';
}

void kdw_dir_each(const char *dir, void *ctx, void (*on_name)(void *ctx, const char *name))
{
    DIR *d = opendir(dir);
    const struct dirent *e;

    if (!d)
        return;
    while ((e = readdir(d)) != NULL)
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
            on_name(ctx, e->d_name);
    closedir(d);
}

bool kdw_dir_find(const char *dir, const char *name, char *found, size_t cap)
{
    DIR *d = opendir(dir);
    bool hit = false;

    if (!d)
        return false;
    while (!hit) {
        const struct dirent *e = readdir(d);
        size_t n;

        if (!e)
            break;
        n = strlen(e->d_name);
        if (n < cap && same_but_for_case(e->d_name, name)) {
            memcpy(found, e->d_name, n + 1);
            hit = true;
        }
    }
    closedir(d);
    return hit;
}
