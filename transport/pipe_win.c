/* Untested: compiled with mingw-w64, never run on Windows. */
#include "pipe.h"

#include <string.h>

/* \\.\pipe\NAME, or \\COMPUTER\pipe\NAME. */
enum kd_status kdt_pipe_check_name(const char *name, struct kd_diag *diag)
{
    const char *folder = strncmp(name, "\\\\", 2) == 0 ? strchr(name + 2, '\\') : NULL;

    if (folder && strncmp(folder, "\\pipe\\", 6) == 0 && folder[6])
        return KD_OK;
    return kd_diag_set(diag, KD_ERR_USAGE,
                       "a pipe is named like \\\\.\\pipe\\com1 here: "
                       "com:pipe,port=\\\\.\\pipe\\com1");
}

/* A pipe ends with its process, so nothing stale is left behind. Who may connect is Windows'
 * default: administrators and whoever made it. */
enum kd_status kdt_pipe_bind(uv_pipe_t *pipe, const char *name, struct kd_diag *diag)
{
    int err = uv_pipe_bind(pipe, name);

    if (err == UV_EADDRINUSE)
        return kd_diag_set(diag, KD_ERR_BUSY,
                           "another process listens on %s: to connect to it leave out server",
                           name);
    if (err)
        return kd_diag_set(diag, KD_ERR_IO, "listening on %s: %s", name, uv_strerror(err));
    return KD_OK;
}
