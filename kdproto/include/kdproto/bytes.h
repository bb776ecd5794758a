/* bytes.h - checked little-endian reading and writing of untrusted bytes.
 *
 * A reader that ran out stays failed and yields zeros, so a decoder reads the way its layout table
 * reads, checks once at the end, then publishes. The writer mirrors it and can patch a value known
 * only later.
 *
 * Lifetime  Both borrow the caller's buffer and own nothing.
 * Errors    Sticky; ask kd_reader_ok / kd_writer_ok before believing the result. */
#ifndef KDPROTO_BYTES_H
#define KDPROTO_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct kd_span { /* bytes that belong to somebody else */
    const uint8_t *data;
    size_t len;
};

struct kd_reader {
    const uint8_t *data;
    size_t len;
    size_t pos;
    bool failed;
};

struct kd_reader kd_reader_of(const void *data, size_t len);
bool kd_reader_ok(const struct kd_reader *r);     /* nothing was read past the end so far */
size_t kd_reader_left(const struct kd_reader *r); /* bytes not yet read; 0 once failed */
uint8_t kd_rd_u8(struct kd_reader *r);
uint16_t kd_rd_u16(struct kd_reader *r);
uint16_t kd_rd_u16be(struct kd_reader *r); /* KDNET writes its ports big-endian */
uint32_t kd_rd_u32(struct kd_reader *r);
uint64_t kd_rd_u64(struct kd_reader *r);
void kd_rd_skip(struct kd_reader *r, size_t n);
void kd_rd_seek(struct kd_reader *r, size_t pos);          /* absolute; beyond the end fails */
void kd_rd_copy(struct kd_reader *r, void *out, size_t n); /* zeros out[0..n) on failure */
struct kd_span kd_rd_span(struct kd_reader *r, size_t n);  /* {NULL, 0} on failure */

struct kd_writer {
    uint8_t *data;
    size_t cap;
    size_t pos; /* bytes written so far */
    bool failed;
};

struct kd_writer kd_writer_of(void *data, size_t cap);
bool kd_writer_ok(const struct kd_writer *w);
void kd_wr_u8(struct kd_writer *w, uint8_t v);
void kd_wr_u16(struct kd_writer *w, uint16_t v);
void kd_wr_u16be(struct kd_writer *w, uint16_t v);
void kd_wr_u32(struct kd_writer *w, uint32_t v);
void kd_wr_u64(struct kd_writer *w, uint64_t v);
void kd_wr_zero(struct kd_writer *w, size_t n);
void kd_wr_bytes(struct kd_writer *w, const void *data, size_t n);
void kd_wr_patch_u32(struct kd_writer *w, size_t at,
                     uint32_t v); /* inside what is already written */

#ifdef __cplusplus
}
#endif
#endif
