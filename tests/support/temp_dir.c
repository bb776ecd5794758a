#define _XOPEN_SOURCE 700

#include "support/temp_dir.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* mingw has all the other calls of this file. */
#ifdef _WIN32
#include <windows.h>

static bool make_folder(const char *path)
{
    return mkdir(path) == 0;
}

static const char *base_folder(void)
{
    static char path[MAX_PATH + 1];
    DWORD len = GetTempPathA(sizeof path, path);

    if (len > 0 && len < sizeof path)
        path[len - 1] = '\0'; /* it ends in a backslash */
    return path;
}
#else
static bool make_folder(const char *path)
{
    return mkdir(path, 0700) == 0;
}

static const char *base_folder(void)
{
    const char *base = getenv("TMPDIR");

    return base ? base : "/tmp";
}
#endif

static void give_up(const char *path)
{
    perror(path);
    abort();
}

void temp_dir_create(struct temp_dir *d)
{
    unsigned n = 0;

    do
        snprintf(d->path, sizeof d->path, "%s/kdwalk-test-%ld-%u", base_folder(), (long)getpid(),
                 n++);
    while (!make_folder(d->path) && errno == EEXIST);
    if (access(d->path, W_OK) != 0)
        give_up(d->path);
}

static void remove_tree(const char *path)
{
    char below[1024];
    const struct dirent *e;
    DIR *entries;

    if (remove(path) == 0) /* a file, an empty folder, or a link, which is not followed */
        return;
    entries = opendir(path);
    while (entries && (e = readdir(entries)) != NULL) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        snprintf(below, sizeof below, "%s/%s", path, e->d_name);
        remove_tree(below);
    }
    if (entries)
        closedir(entries);
    rmdir(path);
}

void temp_dir_remove(struct temp_dir *d)
{
    remove_tree(d->path);
}

const char *temp_dir_path(const struct temp_dir *d, const char *name)
{
    static char paths[8][1024];
    static size_t next;
    char *path = paths[next++ % 8];

    snprintf(path, sizeof paths[0], "%s/%s", d->path, name);
    return path;
}

void temp_dir_write(const struct temp_dir *d, const char *name, const void *data, size_t len)
{
    char path[1024];
    FILE *f;

    snprintf(path, sizeof path, "%s/%s", d->path, name);
    for (char *p = path + strlen(d->path) + 1; (p = strchr(p, '/')) != NULL; *p++ = '/') {
        *p = '\0';
        if (!make_folder(path) && errno != EEXIST)
            give_up(path);
    }
    f = fopen(path, "wb");
    if (!f || (len > 0 && fwrite(data, 1, len, f) != len) || fclose(f) != 0)
        give_up(path);
}
