/* bytes.h - checked little-endian reading and writing of untrusted bytes.
 *
 * A reader that ran out stays failed and yields zeros, so a decoder reads the way its layout table
 * reads, checks once at the end, then publishes. The writer mirrors it and can patch a value known
 * only later. The reader's small steps stand here whole: headers are read millions of times in a
 * recording, and calls were half of what that cost.
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

static inline struct kd_reader kd_reader_of(const void *data, size_t len)
{
    struct kd_reader r = {(const uint8_t *)data, len, 0, false};

    return r;
}

/* Nothing was read past the end so far. */
static inline bool kd_reader_ok(const struct kd_reader *r)
{
    return !r->failed;
}

/* Bytes not yet read; 0 once failed. */
static inline size_t kd_reader_left(const struct kd_reader *r)
{
    return r->failed ? 0 : r->len - r->pos;
}

/* The one place that moves forward: n bytes from here, or NULL and failed for good. NULL as well for
 * nothing of nothing. */
static inline const uint8_t *kd_rd_take(struct kd_reader *r, size_t n)
{
    const uint8_t *at;

    if (r->failed || n > r->len - r->pos) {
        r->failed = true;
        return NULL;
    }
    if (!r->data)
        return NULL; /* NULL + 0 is undefined */
    at = r->data + r->pos;
    r->pos += n;
    return at;
}

static inline uint8_t kd_rd_u8(struct kd_reader *r)
{
    const uint8_t *at = kd_rd_take(r, 1);

    return at ? at[0] : 0;
}

static inline uint16_t kd_rd_u16(struct kd_reader *r)
{
    const uint8_t *at = kd_rd_take(r, 2);

    return at ? (uint16_t)(at[0] | at[1] << 8) : 0;
}

/* KDNET writes its ports big-endian, and so does IP. */
static inline uint16_t kd_rd_u16be(struct kd_reader *r)
{
    const uint8_t *at = kd_rd_take(r, 2);

    return at ? (uint16_t)(at[0] << 8 | at[1]) : 0;
}

static inline uint32_t kd_rd_u32(struct kd_reader *r)
{
    const uint8_t *at = kd_rd_take(r, 4);

    if (!at)
        return 0;
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static inline uint64_t kd_rd_u64(struct kd_reader *r)
{
    const uint8_t *at = kd_rd_take(r, 8);

    if (!at)
        return 0;
    return (uint64_t)at[0] | (uint64_t)at[1] << 8 | (uint64_t)at[2] << 16 | (uint64_t)at[3] << 24 |
           (uint64_t)at[4] << 32 | (uint64_t)at[5] << 40 | (uint64_t)at[6] << 48 |
           (uint64_t)at[7] << 56;
}

static inline void kd_rd_skip(struct kd_reader *r, size_t n)
{
    (void)kd_rd_take(r, n);
}

/* {NULL, 0} on failure. */
static inline struct kd_span kd_rd_span(struct kd_reader *r, size_t n)
{
    const uint8_t *at = kd_rd_take(r, n);
    struct kd_span s = {at, at ? n : 0};

    return s;
}

void kd_rd_seek(struct kd_reader *r, size_t pos);          /* absolute; beyond the end fails */
void kd_rd_copy(struct kd_reader *r, void *out, size_t n); /* zeros out[0..n) on failure */

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
