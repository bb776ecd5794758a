/* stream_wrap.h - between which ends the bytes of a stream stand in a recording. Private to this room:
 * recorder.c writes it, recording.c knows it again.
 *
 * Source  192.0.2.0/24 is reserved for documentation: no network carries it (RFC 5737) [doc]. The ports
 *         are of this project. */
#ifndef TRANSPORT_STREAM_WRAP_H
#define TRANSPORT_STREAM_WRAP_H

#include <transport/endpoint.h>

static const struct kdt_endpoint kdt_wrapped_host = {
    {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1}, 50000};
static const struct kdt_endpoint kdt_wrapped_target = {
    {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 2}, 50001};

#endif
