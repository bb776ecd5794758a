/* tape.h - a recorder at work in a folder of its own, and what it has written so far.
 *
 *     tape_begin(&t);
 *     ... hand t.recorder to a link, let something pass ...
 *     tape_read(&t);
 *     assert_int_equal(t.count, 2);
 *     tape_end(&t);
 *
 * Errors    None: what fails ends the running test. */
#ifndef TESTS_SUPPORT_TAPE_H
#define TESTS_SUPPORT_TAPE_H

#include "fake_target.h"
#include "temp_dir.h"

#include <transport/capture_file.h>
#include <transport/recorder.h>

enum { TAPE_STREAM_HOST = 50000, TAPE_STREAM_TARGET = 50001 }; /* the ports of a stream's ends */

struct taped {
    struct kdt_endpoint from, to;
    const uint8_t *bytes;
    size_t len;
};

struct tape {
    struct temp_dir dir;
    char path[300];
    struct kdt_recorder *recorder;

    struct taped *all; /* as of the last _read */
    size_t count;
    uint8_t *bytes; /* of all, one after the other */
    size_t len;
};

void tape_begin(struct tape *t);
void tape_end(struct tape *t);
/* What stands in the file by now; the recorder may go on. */
void tape_read(struct tape *t);

/* Who spoke from datagram `first` on: 'H' for whoever has that port, 'T' for the other; once each
 * until the other one does. Valid until the next call. */
const char *tape_turns(const struct tape *t, size_t first, uint16_t host_port);
/* What the one end heard is the beginning of what was recorded, and that the beginning of what the
 * other end said: when a session ends, something may still be under way. */
void tape_check_wire(const struct tape *t, const struct fake_wire *wire, uint16_t host_port);

#endif
