#include <transport/part_file.h>

#include <uv.h>

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    DIGITS = 16,      /* of the number in a part's name */
    LEFT_S = 60 * 60, /* not grown for so long: nobody writes to it any more */

    MODE_KIND = 0170000, /* st_mode: POSIX's numbers, libuv's on every system [doc] */
    MODE_FOLDER = 0040000,
    MODE_FILE = 0100000,
};

static const char ending[] = ".part";

enum kd_status kdt_part_file_failed(const struct kdt_part_file *p, const char *what)
{
    return kd_diag_set(p->diag, KD_ERR_IO, "%s: %s: %s", p->path, what, strerror(errno));
}

static const char *base_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

/* The folder of path, and in it a part's name with this number. NULL: no memory. */
static char *part_path(const char *path, uint64_t number)
{
    const char *base = base_of(path);
    size_t size = strlen(path) + sizeof ".." + DIGITS + sizeof ending;
    char *part = malloc(size);

    if (part)
        snprintf(part, size, "%.*s.%s.%016" PRIx64 "%s", (int)(base - path), path, base, number,
                 ending);
    return part;
}

/* ---- what others left ---- */

static bool is_part_of(const char *name, const char *base)
{
    size_t len = strlen(base);
    const char *digits = name + 1 + len + 1;

    return strlen(name) == len + 2 + DIGITS + strlen(ending) && name[0] == '.' &&
           strncmp(name + 1, base, len) == 0 && name[1 + len] == '.' &&
           strspn(digits, "0123456789abcdef") == DIGITS && strcmp(digits + DIGITS, ending) == 0;
}

/* 0: nobody knows. */
static int64_t time_of(const char *path)
{
    uv_fs_t req;
    int64_t s = uv_fs_stat(NULL, &req, path, NULL) == 0 ? (int64_t)req.statbuf.st_mtim.tv_sec : 0;

    uv_fs_req_cleanup(&req);
    return s;
}

static void remove_if_left(const struct kdt_part_file *p, const char *name, int64_t now_s)
{
    uint64_t number = strtoull(name + 1 + strlen(base_of(p->path)) + 1, NULL, 16);
    char *path = part_path(p->path, number);
    int64_t s = path ? time_of(path) : 0;

    if (s != 0 && now_s - s > LEFT_S)
        remove(path);
    free(path);
}

/* A folder that cannot be listed keeps what is in it. What time it is, says the file that was just
 * made: a file server's clock may be another one than ours. */
static void sweep(const struct kdt_part_file *p)
{
    int64_t now_s = time_of(p->part);
    const char *base = base_of(p->path);
    char *folder = malloc((size_t)(base - p->path) + 2);
    uv_dirent_t entry;
    uv_fs_t req;

    if (!folder)
        return;
    snprintf(folder, (size_t)(base - p->path) + 2, "%.*s", (int)(base - p->path), p->path);
    if (base == p->path)
        memcpy(folder, ".", 2);
    if (uv_fs_scandir(NULL, &req, folder, 0, NULL) >= 0)
        while (uv_fs_scandir_next(&req, &entry) == 0)
            if (is_part_of(entry.name, base))
                remove_if_left(p, entry.name, now_s);
    uv_fs_req_cleanup(&req);
    free(folder);
}

/* ---- one's own ---- */

enum kd_status kdt_part_file_create(const char *path, struct kd_diag *diag,
                                    struct kdt_part_file *out)
{
    struct kdt_part_file p = {.path = path, .diag = diag};
    uint64_t number;

    if (uv_random(NULL, NULL, &number, sizeof number, 0, NULL) != 0)
        number = uv_hrtime(); /* a name that is taken is an error, no more */
    p.part = part_path(path, number);
    if (!p.part)
        return kd_diag_set(diag, KD_ERR_NO_MEMORY, "out of memory");
    p.file = fopen(p.part, "wbx");
    if (!p.file) {
        free(p.part); /* not ours, should somebody have it */
        return kdt_part_file_failed(&p, "cannot be written");
    }
    setvbuf(p.file, NULL, _IONBF, 0);
    sweep(&p);
    *out = p;
    return KD_OK;
}

/* A device or a pipe is written to as it is: a name put in its place would do away with it. */
static bool takes_bytes_only(const char *path)
{
    uv_fs_t req;
    int st = uv_fs_stat(NULL, &req, path, NULL);
    uint64_t kind = st == 0 ? req.statbuf.st_mode & MODE_KIND : 0;

    uv_fs_req_cleanup(&req);
    return st == 0 && kind != MODE_FILE && kind != MODE_FOLDER;
}

enum kd_status kdt_part_file_output(const char *path, struct kd_diag *diag,
                                    struct kdt_part_file *out)
{
    struct kdt_part_file p = {.path = path, .diag = diag};

    if (!takes_bytes_only(path))
        return kdt_part_file_create(path, diag, out);
    p.file = fopen(path, "wb");
    if (!p.file)
        return kdt_part_file_failed(&p, "cannot be written");
    *out = p;
    return KD_OK;
}

enum kd_status kdt_part_file_restart(struct kdt_part_file *p)
{
    p->file = freopen(p->part ? p->part : p->path, "wb", p->file);
    if (!p->file)
        return kdt_part_file_failed(p, "cannot be written");
    setvbuf(p->file, NULL, _IONBF, 0);
    return KD_OK;
}

enum kd_status kdt_part_file_close(struct kdt_part_file *p)
{
    FILE *file = p->file;

    p->file = NULL;
    if (file && fclose(file) != 0)
        return kdt_part_file_failed(p, "cannot be written");
    return KD_OK;
}

enum kd_status kdt_part_file_publish(struct kdt_part_file *p)
{
    enum kd_status st = kdt_part_file_close(p);

    if (st != KD_OK)
        return st;
    if (p->part && rename(p->part, p->path) != 0)
        return kdt_part_file_failed(p, "cannot be put in place");
    free(p->part);
    p->part = NULL;
    return KD_OK;
}

void kdt_part_file_discard(struct kdt_part_file *p)
{
    if (p->file)
        (void)fclose(p->file); /* it does not matter any more */
    p->file = NULL;
    if (p->part)
        remove(p->part);
    free(p->part);
    p->part = NULL;
}
