/* replay_scene.h - whole sentences for a recorded scene: what a target said, was asked and answered.
 *
 * Ids go on by themselves, nothing is acknowledged. Begin a scene with replay_scene_start. */
#ifndef TESTS_SUPPORT_REPLAY_SCENE_H
#define TESTS_SUPPORT_REPLAY_SCENE_H

#include "support/recorded_scene.h"

#define SCENE_REFUSED 0xC0000001u

/* cmocka's setup: a scene on a stream; of KDNET, linked. */
int replay_scene_start_stream(void **state);
int replay_scene_start_net(void **state);

/* ---- the target ---- */
void scene_prints(struct recorded_scene *s, const char *text);
void scene_prompts(struct recorded_scene *s, const char *text);
void scene_wants_file(struct recorded_scene *s, const char *path);
/* A breakpoint exception of processor 0 of `processors`, with an int3 at pc_va. */
void scene_breaks(struct recorded_scene *s, uint64_t pc_va, uint32_t processors);
void scene_loads(struct recorded_scene *s, uint64_t pc_va);
void scene_parts(struct recorded_scene *s); /* says farewell */

/* ---- the host ---- */
void scene_breaks_in(struct recorded_scene *s);
void scene_continues(struct recorded_scene *s);

/* ---- both: a request and its answer ---- */
void scene_exchange(struct recorded_scene *s, const struct kd_manipulate *request,
                    const struct kd_manipulate *reply);
void scene_tells_version(struct recorded_scene *s, uint16_t build, uint64_t kernel_base_va);
void scene_reads(struct recorded_scene *s, uint64_t va, const char *text);
void scene_cannot_read(struct recorded_scene *s, uint64_t va, uint32_t len);
/* A CONTEXT of fill bytes with that program counter, as a whole or in slices of at most 1024 bytes. */
void scene_gets_context(struct recorded_scene *s, uint16_t processor, uint8_t fill, uint64_t rip);
void scene_gets_slices(struct recorded_scene *s, uint16_t processor, uint8_t fill, uint64_t rip);

/* ---- requests ---- */
struct kd_manipulate request_read(uint64_t va, uint32_t count);
struct kd_manipulate request_of(uint32_t api, uint16_t processor);

#endif
