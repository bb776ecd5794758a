/* pipe.h - what unix sockets and Windows' named pipes do not have in common. Private to this room.
 *
 * One file per system: pipe_posix.c, pipe_win.c. Connecting and reading are libuv's, on both. */
#ifndef TRANSPORT_PIPE_H
#define TRANSPORT_PIPE_H

#include <kdproto/diag.h>

#include <uv.h>

/* Could it name a pipe of this system? Looks at the text alone. KD_ERR_USAGE, with advice. */
enum kd_status kdt_pipe_check_name(const char *name, struct kd_diag *diag);

/* Give an initialised pipe its name, for this user alone, to listen on. What a process that ended
 * badly left there is replaced; KD_ERR_BUSY: somebody listens there, or it is something else. */
enum kd_status kdt_pipe_bind(uv_pipe_t *pipe, const char *name, struct kd_diag *diag);

#endif
