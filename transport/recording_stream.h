/* recording_stream.h - a recording from a stream that is open already: memory, in tests. */
#ifndef TRANSPORT_RECORDING_STREAM_H
#define TRANSPORT_RECORDING_STREAM_H

#include <transport/recorded_stops.h>
#include <transport/recording.h>

#include <stdio.h>

/* Takes the stream over, also on failure; opts->path is not used. */
enum kd_status kdt_recording_open_stream(FILE *stream, const struct kdt_recording_opts *opts,
                                         struct kdt_recording **out);
enum kd_status kdt_recorded_stops_open_stream(FILE *stream, const struct kdt_recording_opts *opts,
                                              struct kdt_recorded_stops **out);

#endif
