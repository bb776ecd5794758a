/* stretch.h - a stretch of target memory of which a part may be missing.
 *
 * A structure is copied in one read. Where that meets a hole, what stands before it is known. What
 * lies behind is as missing as the hole where the target itself said so, for it maps pages. A hole in
 * a recording is what nobody asked for, in a dump what its writer did not want, of any size and next
 * to anything: what lies behind such a one is read by itself, where it is wanted.
 *
 * Lifetime  The bytes stay the caller's, and must outlive the stretch, as the source must. */
#ifndef WALKER_STRETCH_H
#define WALKER_STRETCH_H

#include <walker/mem.h>

#ifdef __cplusplus
extern "C" {
#endif

struct kdw_stretch {
    struct kdw_mem *mem;
    uint64_t va;
    uint8_t *bytes;
    size_t len, got;       /* how many of len hold, from the first on */
    enum kd_status status; /* why not all of them */
    uint64_t fault_va;
};

/* Fails with what ends a walk only; a hole is no failure. */
enum kd_status kdw_stretch_read(struct kdw_mem *mem, uint64_t va, uint8_t *bytes, size_t len,
                                struct kdw_stretch *out);
/* The bytes [offset, offset + len), which must lie inside: *at points to them. Else why they are not
 * known, and *fault_va which of them; these two are untouched by success. */
enum kd_status kdw_stretch_part(const struct kdw_stretch *s, size_t offset, size_t len,
                                const uint8_t **at, uint64_t *fault_va);

#ifdef __cplusplus
}
#endif
#endif
