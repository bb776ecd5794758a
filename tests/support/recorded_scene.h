/* recorded_scene.h - a capture file in memory, written by a test packet by packet, and read back as a
 * recording.
 *
 *     recorded_scene_start, recorded_scene_stop      cmocka's setup and teardown; *state is the scene
 *     is_stream = false: KDNET under the key "k.d.n.et", sealed as it is said
 *     is_stream = true:  bytes as a recorder wraps them
 *
 * A millisecond passes with each packet of the file. Ids are the test's matter. What does not fit fails
 * the running test. */
#ifndef TESTS_SUPPORT_RECORDED_SCENE_H
#define TESTS_SUPPORT_RECORDED_SCENE_H

#include <kdproto/kdnet_datagram.h>
#include <kdproto/manipulate.h>
#include <kdproto/packet.h>
#include <kdproto/state_change.h>
#include <transport/recording.h>

#include "support/test_crypto.h"

#define RECORDED_SCENE_KEY "k.d.n.et"

struct recorded_scene {
    uint8_t file[1 << 19];
    size_t len;
    uint64_t time_ns; /* of the next packet */
    struct kd_diag diag;
    struct kdt_recording *recording; /* closed at the end */

    bool is_stream;
    struct kdt_endpoint host, target; /* KDNET's */
    struct test_crypto crypto;
    struct kdnet_key key;
    struct kdnet_poke poke; /* the last one sent */
    uint64_t poke_sequence;
    uint8_t data_key[KD_KEY_LEN];
    uint64_t sequence[2]; /* of data, by the target, by the host */
};

int recorded_scene_start(void **state);
int recorded_scene_stop(void **state);

/* ---- writing ---- */

struct kdt_endpoint scene_end(uint8_t last_byte, uint16_t port); /* 10.0.0.x */
void scene_wait(struct recorded_scene *s, uint64_t ms);          /* before the next packet */
void scene_datagram(struct recorded_scene *s, const struct kdt_endpoint *from,
                    const struct kdt_endpoint *to, const void *payload, size_t len);
/* The last n packets of the file once more, a little later. */
void scene_copy_last(struct recorded_scene *s, unsigned n);

/* KDNET */
void scene_poke(struct recorded_scene *s); /* the next one */
void scene_answer_poke(struct recorded_scene *s);
void scene_link(struct recorded_scene *s); /* poke, answer, ping */
void scene_control(struct recorded_scene *s, bool from_host, uint64_t sequence, const void *payload,
                   size_t len);

/* One payload of the data channel; bytes of a stream. */
void scene_bytes(struct recorded_scene *s, bool from_host, const void *bytes, size_t len);
void scene_packet(struct recorded_scene *s, bool from_host, uint16_t type, uint32_t id,
                  const void *data, size_t len);
void scene_state(struct recorded_scene *s, uint32_t id, uint32_t kind, uint64_t pc_va);
void scene_asks(struct recorded_scene *s, uint32_t id, const struct kd_manipulate *m);
void scene_answers(struct recorded_scene *s, uint32_t id, const struct kd_manipulate *m);

/* What is asked and answered, in short. */
struct kd_manipulate scene_read(uint64_t va, uint32_t count, uint32_t actual, const void *data);
struct kd_manipulate scene_of(uint32_t api);
struct kd_manipulate scene_version(uint16_t build, uint64_t kernel_base_va);

/* ---- reading back ---- */

enum kd_status scene_try_open(struct recorded_scene *s, const struct kdnet_key *key, size_t len);
void scene_open(struct recorded_scene *s); /* the whole file, with the key */
struct kdt_record scene_next(struct recorded_scene *s, enum kdt_record_kind kind);
/* The next record that is no control packet, ping, poke or response. */
struct kdt_record scene_next_data(struct recorded_scene *s);
void scene_expect_end(struct recorded_scene *s);
struct kdt_recording_counts scene_counts(const struct recorded_scene *s);

#endif
