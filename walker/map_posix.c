#define _DEFAULT_SOURCE /* NOLINT(*reserved-identifier): for madvise */

#include "map.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static enum kd_status map_descriptor(int fd, const char *path, struct kd_diag *diag,
                                     struct kdw_map *out)
{
    struct kdw_map m = {NULL, 0};
    struct stat sb;
    void *at;

    if (fstat(fd, &sb) != 0)
        return kd_diag_set(diag, KD_ERR_IO, "%s: %s", path, strerror(errno));
    if (!S_ISREG(sb.st_mode))
        return kd_diag_set(diag, KD_ERR_IO, "%s: not a regular file", path);
    if ((uintmax_t)sb.st_size > SIZE_MAX)
        return kd_diag_set(diag, KD_ERR_IO, "%s: too large to be mapped", path);
    if (sb.st_size > 0) {
        at = mmap(NULL, (size_t)sb.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (at == MAP_FAILED)
            return kd_diag_set(diag, KD_ERR_IO, "%s: %s", path, strerror(errno));
        m.data = at;
        m.len = (size_t)sb.st_size;
    }
    *out = m;
    return KD_OK;
}

enum kd_status kdw_map_open(const char *path, struct kd_diag *diag, struct kdw_map *out)
{
    enum kd_status st;
    /* O_NONBLOCK: a FIFO that somebody put in the store must not make us wait for its writer. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0) {
        st = errno == ENOENT || errno == ENOTDIR ? KD_ERR_NOT_FOUND : KD_ERR_IO;
        return kd_diag_set(diag, st, "%s: %s", path, strerror(errno));
    }
    st = map_descriptor(fd, path, diag, out);
    close(fd); /* the mapping outlives it */
    return st;
}

void kdw_map_close(struct kdw_map *m)
{
    if (m->data)
        munmap((void *)(uintptr_t)m->data, m->len); /* NOLINT: it takes no const */
    m->data = NULL;
    m->len = 0;
}

/* ---- advice ---- */

/* madvise, for what POSIX has in its place is bound to nothing: glibc's lets nothing go. Pages of a file
 * that nobody wrote to are read from it again [doc]. */
static void advise(const struct kdw_map *m, uint64_t at, uint64_t len, int advice)
{
    uint64_t rest = at < m->len ? m->len - at : 0;

    if (rest > 0)
        (void)madvise((void *)(uintptr_t)(m->data + at), /* NOLINT: it takes no const */
                      (size_t)(len < rest ? len : rest), advice);
}

void kdw_map_read_nothing_ahead(const struct kdw_map *m)
{
    advise(m, 0, m->len, MADV_RANDOM);
}

void kdw_map_fetch(const struct kdw_map *m, uint64_t at, uint64_t len)
{
    advise(m, at, len, MADV_WILLNEED);
}

void kdw_map_let_go(const struct kdw_map *m)
{
    advise(m, 0, m->len, MADV_DONTNEED);
}
