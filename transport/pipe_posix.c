#include "pipe.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum kd_status kdt_pipe_check_name(const char *name, struct kd_diag *diag)
{
    static const struct sockaddr_un longest;

    if (name[0] == '\\')
        return kd_diag_set(diag, KD_ERR_USAGE,
                           "a pipe is a unix socket here: com:pipe,port=/run/vm/com1.sock");
    if (strlen(name) >= sizeof longest.sun_path)
        return kd_diag_set(diag, KD_ERR_USAGE,
                           "port= names a socket by more than the %zu characters that the system "
                           "allows: a symbolic link may shorten it",
                           sizeof longest.sun_path - 1);
    return KD_OK;
}

/* Does anybody listen there? 0, or why not. */
static int probe(const char *name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    int err = 0;

    if (fd < 0)
        return errno;
    fcntl(fd, F_SETFL, O_NONBLOCK); /* a full queue of connections is an answer as well */
    memcpy(address.sun_path, name, strlen(name) + 1);
    if (connect(fd, (const struct sockaddr *)&address, sizeof address) != 0)
        err = errno;
    close(fd);
    return err;
}

/* A socket whose process is gone refuses connections; nothing but that is ever removed. */
static enum kd_status remove_stale(const char *name, struct kd_diag *diag)
{
    struct stat about;

    if (lstat(name, &about) != 0)
        return KD_OK; /* binding tells what is wrong, if anything is */
    if (!S_ISSOCK(about.st_mode))
        return kd_diag_set(diag, KD_ERR_BUSY, "%s exists, and is no socket", name);
    if (probe(name) != ECONNREFUSED)
        return kd_diag_set(diag, KD_ERR_BUSY,
                           "another process listens on %s: to connect to it leave out server",
                           name);
    if (unlink(name) != 0)
        return kd_diag_set(diag, KD_ERR_IO, "replacing %s: %s", name, strerror(errno));
    return KD_OK;
}

enum kd_status kdt_pipe_bind(uv_pipe_t *pipe, const char *name, struct kd_diag *diag)
{
    enum kd_status st = remove_stale(name, diag);
    mode_t before;
    int err;

    if (st != KD_OK)
        return st;
    before = umask(0077); /* who can connect is the target, as far as we can tell */
    err = uv_pipe_bind(pipe, name);
    umask(before);
    if (err == UV_EACCES) /* libuv says that of both */
        return kd_diag_set(diag, KD_ERR_IO,
                           "listening on %s: no such folder, or no permission to make a socket in "
                           "it",
                           name);
    if (err)
        return kd_diag_set(diag, err == UV_EADDRINUSE ? KD_ERR_BUSY : KD_ERR_IO,
                           "listening on %s: %s", name, uv_strerror(err));
    return KD_OK;
}
