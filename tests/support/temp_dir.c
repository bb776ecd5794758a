#define _XOPEN_SOURCE 700

#include "support/temp_dir.h"

#include <assert.h>
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

void temp_dir_create(struct temp_dir *d)
{
    const char *base = getenv("TMPDIR");

    snprintf(d->path, sizeof d->path, "%s/kdwalk-test-XXXXXX", base ? base : "/tmp");
    if (!mkdtemp(d->path)) {
        perror(d->path);
        abort();
    }
}

static int remove_one(const char *path, const struct stat *sb, int kind, struct FTW *ftw)
{
    (void)sb;
    (void)kind;
    (void)ftw;
    return remove(path);
}

void temp_dir_remove(struct temp_dir *d)
{
    nftw(d->path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
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
        if (mkdir(path, 0777) != 0 && errno != EEXIST) {
            perror(path);
            abort();
        }
    }
    f = fopen(path, "wb");
    if (!f || (len > 0 && fwrite(data, 1, len, f) != len) || fclose(f) != 0) {
        perror(path);
        abort();
    }
}
