/* stream_handle.h - the handle of one connection, whichever kind of libuv's it is. */
#ifndef TRANSPORT_STREAM_HANDLE_H
#define TRANSPORT_STREAM_HANDLE_H

#include <uv.h>

union kdt_stream_handle {
    uv_handle_t handle;
    uv_stream_t stream;
    uv_pipe_t pipe;
    uv_tcp_t tcp;
};

#endif
