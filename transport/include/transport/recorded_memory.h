/* recorded_memory.h - which bytes of an address space are known, and what they are.
 *
 * Filled with what a recorded target answered; later answers replace earlier ones. Any bytes may be
 * known: pages play no part, but for refusals. A refusal is remembered for the bytes that were
 * asked for and, where nothing is known, for the rest of their page: a target maps pages. One page
 * has one refusal, which begins at the lowest byte that was ever refused, with the latest status.
 *
 * Bounds    Memory is used for distinct bytes, in blocks of KDT_RECORDED_BLOCK, and about 300 bytes
 *           for each page that anything was put into or refused in.
 * Lifetime  _create to _destroy. Bytes are copied in and out.
 * Threads   One at a time; several may read while nobody puts or refuses.
 * Errors    enum kd_status. */
#ifndef TRANSPORT_RECORDED_MEMORY_H
#define TRANSPORT_RECORDED_MEMORY_H

#include <kdproto/status.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { KDT_RECORDED_BLOCK = 64 };

struct kdt_recorded_memory;

enum kd_status kdt_recorded_memory_create(struct kdt_recorded_memory **out); /* KD_ERR_NO_MEMORY */
void kdt_recorded_memory_destroy(struct kdt_recorded_memory *m);             /* NULL is fine */

/* A range that wraps around ends at the end of the address space. KD_ERR_NO_MEMORY: the bytes from
 * some place on are as they were before. */
enum kd_status kdt_recorded_memory_put(struct kdt_recorded_memory *m, uint64_t at,
                                       const uint8_t *bytes, size_t len);
/* len bytes from `at` on were asked for, and the first could not be read: ntstatus is the target's.
 * Of the range, what lies in the page of `at` is not known any more. KD_ERR_NO_MEMORY. */
enum kd_status kdt_recorded_memory_refuse(struct kdt_recorded_memory *m, uint64_t at, size_t len,
                                          uint32_t ntstatus);

/* Copy what is known from `at` on without a gap, at most len bytes; returns how many. */
size_t kdt_recorded_memory_read(const struct kdt_recorded_memory *m, uint64_t at, uint8_t *buf,
                                size_t len);

enum kdt_recorded_gap {
    KDT_GAP_NONE,       /* the byte is known */
    KDT_GAP_UNRECORDED, /* nobody asked for it */
    KDT_GAP_REFUSED,    /* the target could not read it */
};
/* Why the byte at `at` is not known; *ntstatus with REFUSED, else untouched. *len: how many bytes
 * from there on have the same answer, at most max. Takes time for each page on the way: max should
 * be what is wanted, not all that there is. */
enum kdt_recorded_gap kdt_recorded_memory_gap(const struct kdt_recorded_memory *m, uint64_t at,
                                              size_t max, size_t *len, uint32_t *ntstatus);
/* Distinct bytes known. */
uint64_t kdt_recorded_memory_bytes(const struct kdt_recorded_memory *m);

#ifdef __cplusplus
}
#endif
#endif
