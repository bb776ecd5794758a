/* capture_stream.h - a capture from a stream that is open already: memory, in tests. */
#ifndef TRANSPORT_CAPTURE_STREAM_H
#define TRANSPORT_CAPTURE_STREAM_H

#include <transport/capture_file.h>

#include <stdio.h>

/* Takes the stream over, also on failure. */
enum kd_status kdt_capture_open_stream(FILE *stream, struct kd_diag *diag,
                                       struct kdt_capture **out);

#endif
