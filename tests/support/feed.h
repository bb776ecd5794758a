/* feed.h - what every decoder must stand, in three checks.
 *
 * Decoders get their input in a block of exactly its size, so that a sanitizer sees the first byte
 * read beyond it. A check that does not hold fails the running test and says where. */
#ifndef TESTS_SUPPORT_FEED_H
#define TESTS_SUPPORT_FEED_H

#include <kdproto/bytes.h>
#include <kdproto/diag.h>

/* Runs the decoder under test over one input; ctx is whatever it needs beside. */
typedef enum kd_status (*feed_decode)(void *ctx, const uint8_t *bytes, size_t len);

/* The whole input is accepted, and each prefix shorter than least is refused. least is len itself
 * for a structure of fixed size; a decoder that clamps what follows its header gives the header's
 * length, and the longer prefixes need only do no harm. */
void feed_prefixes_fail(feed_decode decode, void *ctx, const uint8_t *bytes, size_t len,
                        size_t least);

/* The input with one more byte behind it is refused. */
void feed_one_byte_too_many_fails(feed_decode decode, void *ctx, const uint8_t *bytes, size_t len);

/* What came out of a stream decoder, as text: two runs agree when their texts do. */
struct feed_log {
    char text[8192];
    size_t len;
};

void feed_say(struct feed_log *log, const char *fmt, ...) KD_PRINTF(2, 3);

/* Runs the stream decoder under test, from its beginning, over the parts in their order. */
typedef void (*feed_stream)(void *ctx, const struct kd_span *parts, size_t count,
                            struct feed_log *log);

/* The bytes in one piece, in two pieces split at each point, and one by one: always the same. */
void feed_splits_agree(feed_stream run, void *ctx, const uint8_t *bytes, size_t len);

#endif
