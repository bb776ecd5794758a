/* A file with holes: what is all zeros is not written. */
#define _XOPEN_SOURCE 700
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dump_parts.h"

/* A device or a pipe has no holes, and is not ours to remove when something fails: it is left alone. */
const char *dump_file_create(struct dump_file *f, const char *path)
{
    struct stat s;

    *f = (struct dump_file){.fd = open(path, O_WRONLY | O_CREAT | O_NONBLOCK | O_CLOEXEC, 0666)};
    if (f->fd < 0)
        return strerror(errno);
    if (fstat(f->fd, &s) != 0 || !S_ISREG(s.st_mode)) {
        close(f->fd);
        return "not a regular file";
    }
    if (ftruncate(f->fd, 0) != 0)
        f->error = errno;
    return NULL;
}

bool dump_file_finish(struct dump_file *f)
{
    if (f->error == 0 && ftruncate(f->fd, (off_t)f->len) != 0) /* it may end with a hole */
        f->error = errno;
    if (close(f->fd) != 0 && f->error == 0)
        f->error = errno;
    return f->error == 0;
}

static bool is_zeros(const uint8_t *bytes, size_t len)
{
    return len == 0 || (bytes[0] == 0 && memcmp(bytes, bytes + 1, len - 1) == 0);
}

void dump_put(struct dump_file *f, uint64_t at, const void *bytes, size_t len)
{
    const uint8_t *from = bytes;

    if (at + len > f->len)
        f->len = at + len;
    if (is_zeros(from, len))
        return;
    while (len > 0 && f->error == 0) {
        ssize_t n = pwrite(f->fd, from, len, (off_t)at);

        if (n < 0 && errno != EINTR)
            f->error = errno;
        if (n > 0)
            from += n, at += (uint64_t)n, len -= (size_t)n;
    }
}

void dump_put_u32(struct dump_file *f, uint64_t at, uint32_t value)
{
    dump_put(f, at, &value, sizeof(value));
}

void dump_put_u64(struct dump_file *f, uint64_t at, uint64_t value)
{
    dump_put(f, at, &value, sizeof(value));
}
