/* made_record.h - records as a recording would hand them out, made by a test.
 *
 * Lifetime  A record points into the storage that it was made in: do not copy that. */
#ifndef TESTS_SUPPORT_MADE_RECORD_H
#define TESTS_SUPPORT_MADE_RECORD_H

#include <transport/recording.h>

struct made_record {
    struct kdt_record record;
    uint8_t bytes[2048];
};

/* Of KDNET's data channel, packet 1 of the file, at 1 s after 1970; a test changes what it wants
 * otherwise. */
void made_record(struct made_record *m, enum kdt_record_kind kind, bool is_from_host);
/* A KD packet; data may be NULL. */
void made_packet(struct made_record *m, bool is_from_host, uint16_t type, uint32_t id,
                 const void *data, size_t len);
/* A request when it is from the host, else a reply. */
void made_manipulate(struct made_record *m, bool is_from_host, const struct kd_manipulate *what);
/* A state change of stop 1, with a tail: a path, or a command string. */
void made_state_change(struct made_record *m, const struct kd_state_change *what, const void *tail,
                       size_t tail_len);

#endif
